#include "config.h"

#include "testing.h"

#include <openssl/sha.h>

#include "rig.h"
#include "sandbox/access.h"
#include "sandbox/signin.h"

int test_sandbox_authorize(void);

#define PAGE     "/organizations/oauth2/v2.0/authorize"
#define TOKEN    "/organizations/oauth2/v2.0/token"
#define HOME     "http://localhost:8400"
#define VERIFIER "0123456789012345678901234567890123456789012"
#define SCOPE    "https://management.azure.com/.default offline_access openid"

static void challenge(char out[64])
{
    unsigned char sum[32];
    struct str s = STR_INIT;

    SHA256((const unsigned char *)VERIFIER, strlen(VERIFIER), sum);
    str_add_b64url(&s, sum, sizeof(sum));
    str_copy(out, 64, s.p);
    str_free(&s);
}

static struct rig_answer ask_page(const char *redirect, const char *more)
{
    char query[900], print[64];

    challenge(print);
    str_fmt(query, sizeof(query),
            "client_id=" RIG_CLIENT "&response_type=code&redirect_uri=%s&scope=%s&state=S1&"
            "code_challenge=%s&code_challenge_method=S256%s",
            redirect, SCOPE, print, more);
    return rig_ask("GET", PAGE, query, NULL, NULL);
}

static void handle_of(const struct rig_answer *a, char out[600])
{
    const char *p = strstr(a->text, "name=\"id\" value=\"");

    assert_non_null(p);
    p += strlen("name=\"id\" value=\"");
    str_fmt(out, 600, "%.*s", (int)strcspn(p, "\""), p);
}

/* Approved by hand; the code that the browser brings back. */
static void get_code(char out[600])
{
    char handle[600], query[700];
    struct rig_answer a = ask_page(HOME, "");
    const char *to;

    assert_int_equal(a.status, 200);
    handle_of(&a, handle);
    rig_free(&a);
    a = rig_ask("POST", "/sandbox/approve", NULL, "{\"user_code\":\"*\"}", NULL);
    assert_int_equal(a.status, 200);
    rig_free(&a);
    str_fmt(query, sizeof(query), "id=%s", handle);
    a = rig_ask("GET", "/login/session", query, NULL, NULL);
    assert_int_equal(a.status, 302);
    to = json_str(a.headers, "Location");
    assert_true(str_starts(to, HOME "?code="));
    assert_true(str_ends(to, "&state=S1"));
    str_fmt(out, 600, "%.*s", (int)strcspn(to + strlen(HOME "?code="), "&"),
            to + strlen(HOME "?code="));
    rig_free(&a);
}

static struct rig_answer redeem(const char *code, const char *redirect, const char *verifier)
{
    char body[1200];

    str_fmt(body, sizeof(body),
            "grant_type=authorization_code&client_id=" RIG_CLIENT
            "&code=%s&redirect_uri=%s&code_verifier=%s",
            code, redirect, verifier);
    return rig_ask("POST", TOKEN, NULL, body, NULL);
}

static void expect(struct rig_answer a, const char *error, int aadsts)
{
    int64_t n = 0;

    json_int(a.json, "error_codes.0", &n);
    assert_int_equal(n, aadsts);
    assert_string_equal(json_str(a.json, "error"), error);
    rig_free(&a);
}

static void a_code(void **state)
{
    char code[600];
    struct rig_answer a;

    (void)state;
    rig_world();
    get_code(code);
    expect(redeem(code, HOME, "1" VERIFIER), "invalid_grant", 501481);
    expect(redeem(code, HOME, ""), "invalid_grant", 501481);
    expect(redeem(code, "http://localhost:1", VERIFIER), "invalid_client", 500112);
    expect(redeem("1.other", HOME, VERIFIER), "invalid_grant", 70008);
    a = redeem(code, HOME, VERIFIER);
    assert_int_equal(a.status, 200);
    assert_non_null(json_str(a.json, "access_token"));
    assert_non_null(json_str(a.json, "refresh_token"));
    rig_free(&a);
    expect(redeem(code, HOME, VERIFIER), "invalid_grant", 54005);
}

static void where_it_may_go_back_to(void **state)
{
    static const char *const good[] = { "http://localhost", "http://localhost/",
                                        "http://localhost:1/", "http://127.0.0.1:99" };
    static const char *const bad[] = {
        "http://localhost.evil.example", "http://localhost:80@evil.example",
        "https://localhost:8400",        "http://evil.example",
        "http://localhost:8400/x",       "javascript:1"
    };

    (void)state;
    rig_world();
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct rig_answer a = ask_page(good[i], "");
        assert_int_equal(a.status, 200);
        rig_free(&a);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct rig_answer a = ask_page(bad[i], "");
        if (a.status != 400 || !strstr(a.text, "AADSTS50011") ||
            (a.headers && json_str(a.headers, "Location")))
            fail_msg("%s: %d", bad[i], a.status);
        rig_free(&a);
    }
}

/* The handle of a browser's sign-in is no device code, and the other way round. */
static void handles_are_not_device_codes(void **state)
{
    char handle[600], body[900];
    struct rig_answer a;

    (void)state;
    rig_world();
    a = ask_page(HOME, "");
    handle_of(&a, handle);
    rig_free(&a);
    str_fmt(body, sizeof(body),
            "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=" RIG_CLIENT
            "&device_code=%s",
            handle);
    expect(rig_ask("POST", TOKEN, NULL, body, NULL), "bad_verification_code", 70018);
}

static void declined(void **state)
{
    char handle[600], body[700];
    struct rig_answer a;

    (void)state;
    rig_world();
    a = ask_page(HOME, "");
    handle_of(&a, handle);
    rig_free(&a);
    str_fmt(body, sizeof(body), "id=%s&answer=decline", handle);
    a = rig_ask("POST", "/login/session", NULL, body, NULL);
    assert_int_equal(a.status, 302);
    assert_true(str_starts(json_str(a.headers, "Location"), HOME "?error=access_denied&"));
    rig_free(&a);
}

static void rules_are_checked(void **state)
{
    struct world *w = rig_world();
    static const char *const bad[] = { "7", "{\"tenant\":\"x\"}", "{\"deviceCode\":-1}",
                                       "{\"signIn\":-1}", "{\"mfa\":-1}" };

    (void)state;
    (void)w;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct rig_answer a = rig_ask("POST", "/sandbox/access", NULL, bad[i], NULL);
        assert_int_equal(a.status, 400);
        rig_free(&a);
    }
}

int test_sandbox_authorize(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code),
        cmocka_unit_test(where_it_may_go_back_to),
        cmocka_unit_test(handles_are_not_device_codes),
        cmocka_unit_test(declined),
        cmocka_unit_test(rules_are_checked),
    };

    return TEST_GROUP("sandbox/authorize", tests);
}
