#include "config.h"

#include "testing.h"

#include "rig.h"

int test_sandbox_jwt(void);

static void a_signed_token_comes_back(void **state)
{
    bool expired = true;
    int64_t exp = 0, iat = 0;
    (void)state;
    rig_world();
    struct json *c = json_object();
    json_set_str(c, "aud", "https://management.azure.com");
    char *token = jwt_sign("https://issuer/", c, 3599);
    struct json *back = jwt_verify(token, &expired);
    assert_non_null(back);
    assert_false(expired);
    assert_string_equal(json_str(back, "aud"), "https://management.azure.com");
    assert_string_equal(json_str(back, "iss"), "https://issuer/");
    assert_true(json_int(back, "exp", &exp) && json_int(back, "iat", &iat));
    assert_int_equal(exp - iat, 3599);
    json_free(back);
    free(token);
}

static void a_changed_token_is_refused(void **state)
{
    bool expired = true;
    (void)state;
    rig_world();
    char *token = rig_token("https://management.azure.com", "t", 60);
    char *claims = strchr(token, '.') + 1;
    for (char *p = claims; *p; p += 7) {
        char was = *p;
        *p = was == 'A' ? 'B' : 'A';
        if (*p != was && was != '.') {
            struct json *c = jwt_verify(token, &expired);
            /* the last character of a part may hold unused bits only */
            assert_true(c == NULL || p[1] == '.' || p[1] == '\0');
            json_free(c);
        }
        *p = was;
        if (strlen(p) < 7)
            break;
    }
    free(token);
}

static void an_expired_token_says_so(void **state)
{
    bool expired = false;
    (void)state;
    rig_world();
    char *token = rig_token("https://management.azure.com", "t", -1);
    assert_null(jwt_verify(token, &expired));
    assert_true(expired);
    free(token);
}

static void other_forms_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        /* {"alg":"none"} */
        "eyJhbGciOiJub25lIn0.e30.",
    };
    (void)state;
    rig_world();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bool expired = true;
        assert_null(jwt_verify(bad[i], &expired));
        assert_false(expired);
    }
}

static void the_key_is_kept_and_shown(void **state)
{
    struct err e = { 0 };
    bool expired;
    (void)state;
    rig_world();
    struct json *before = jwt_jwks();
    char *token = rig_token("x", "t", 60);
    assert_int_equal(jwt_init(sb_options.dir, &e), 0);
    struct json *after = jwt_jwks(), *c = jwt_verify(token, &expired);
    assert_true(json_equal(before, after));
    assert_non_null(c);
    assert_string_equal(json_str(after, "keys.0.kty"), "RSA");
    assert_string_equal(json_str(after, "keys.0.e"), "AQAB");
    json_free(before);
    json_free(after);
    json_free(c);
    free(token);
}

int test_sandbox_jwt(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_token_comes_back), cmocka_unit_test(a_changed_token_is_refused),
        cmocka_unit_test(an_expired_token_says_so),  cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(the_key_is_kept_and_shown),
    };
    return TEST_GROUP("sandbox/jwt", tests);
}
