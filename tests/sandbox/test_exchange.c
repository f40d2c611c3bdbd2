/* What the exchange log leaves out. */
#include "config.h"

#include "testing.h"

#include "sandbox/exchange.h"
#include "base/str.h"

int test_sandbox_exchange(void);

static void expect_body(struct json *owned, const char *want)
{
    struct str s = STR_INIT;
    struct json *masked = exchange_mask_body(owned);
    json_write(&s, masked);
    assert_string_equal(str_p(&s), want);
    json_free(masked);
    str_free(&s);
}

static struct json *parse(const char *text)
{
    struct err e = { 0 };
    struct json *j = json_parse(text, strlen(text), 0, &e);
    assert_non_null(j);
    return j;
}

static void forms_lose_their_secrets(void **state)
{
    (void)state;
    expect_body(json_string("grant_type=client_credentials&client_id=a&client_secret=s%2B&scope=b"),
                "\"grant_type=client_credentials&client_id=a&client_secret=***&scope=b\"");
    expect_body(json_string("client_assertion_type=t&client_assertion=x.y.z"),
                "\"client_assertion_type=t&client_assertion=***\"");
    expect_body(json_string("refresh_token=r&device_code=d&code=d&user_code=ABC"),
                "\"refresh_token=***&device_code=***&code=***&user_code=ABC\"");
    expect_body(json_string("no form at all"), "\"no form at all\"");
}

static void documents_lose_their_secrets(void **state)
{
    (void)state;
    expect_body(parse("{\"access_token\":\"a\",\"expires_in\":1,\"id_token\":\"i\"}"),
                "{\"access_token\":\"***\",\"expires_in\":1,\"id_token\":\"***\"}");
    expect_body(parse("{\"a\":[{\"secretText\":\"s\",\"keyId\":\"k\"},{\"secretText\":null}]}"),
                "{\"a\":[{\"secretText\":\"***\",\"keyId\":\"k\"},{\"secretText\":null}]}");
    expect_body(parse("{\"error\":{\"code\":\"NotFound\"},\"tags\":{\"key\":\"v\"}}"),
                "{\"error\":{\"code\":\"NotFound\"},\"tags\":{\"key\":\"v\"}}");
    expect_body(json_null(), "null");
}

static void headers_keep_the_scheme(void **state)
{
    struct json *h = parse("{\"authorization\":\"Bearer eyJ\",\"accept\":\"*\"}");
    (void)state;
    exchange_mask_headers(h);
    assert_string_equal(json_str(h, "authorization"), "Bearer ***");
    assert_string_equal(json_str(h, "accept"), "*");
    json_set_str(h, "authorization", "secret");
    exchange_mask_headers(h);
    assert_string_equal(json_str(h, "authorization"), "***");
    json_free(h);
}

/* Every grant that Entra knows (azure-wire.md 1.3 to 1.5, RFC 6749, 7523, 8628, 8693), with
 * everything in it that would let somebody else in. */
static void no_secret_of_any_grant_passes(void **state)
{
    static const char *const forms[] = {
        "grant_type=authorization_code&code=SECRET&redirect_uri=http%3A%2F%2Flocalhost%3A1&"
        "code_verifier=SECRET",
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=a&device_code=SECRET",
        "grant_type=refresh_token&refresh_token=SECRET&scope=a",
        "grant_type=client_credentials&client_secret=SECRET",
        "grant_type=client_credentials&client_assertion_type=urn:x&client_assertion=SECRET",
        "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&requested_token_use=on_behalf_of&"
        "assertion=SECRET",
        "grant_type=password&username=anna&password=SECRET",
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=SECRET&"
        "actor_token=SECRET",
        "Client_Secret=SECRET",
        "client%5Fsecret=SECRET&%63ode=SECRET",
        "id=SECRET&answer=approve",
        "token=SECRET",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct json *masked = exchange_mask_body(json_string(forms[i]));
        const char *text = json_value_str(masked);

        if (strstr(text, "SECRET") || !strstr(text, "***"))
            fail_msg("%s", text);
        if (strchr(forms[i], '_') && strstr(forms[i], "grant_type=") &&
            !strstr(text, "grant_type="))
            fail_msg("what is no secret is gone, too: %s", text);
        json_free(masked);
    }
}

static void no_secret_of_any_document_passes(void **state)
{
    static const char *const texts[] = {
        "{\"token_type\":\"Bearer\",\"access_token\":\"SECRET\",\"refresh_token\":\"SECRET\","
        "\"id_token\":\"SECRET\"}",
        "{\"device_code\":\"SECRET\",\"user_code\":\"ABC\"}",
        /* generatePassword of the Arc settings, and Graph's addPassword, addKey */
        "{\"endDateTime\":\"2027\",\"keyId\":\"k\",\"secretText\":\"SECRET\",\"tenantId\":\"t\"}",
        "{\"keyCredential\":{\"type\":\"X509CertAndPassword\",\"key\":\"SECRET\"},\"proof\":"
        "\"SECRET\","
        "\"passwordCredential\":{\"secretText\":\"SECRET\"}}",
        "{\"keyCredentials\":[{\"key\":\"SECRET\",\"usage\":\"Verify\"}]}",
        "{\"properties\":{\"protectedSettings\":{\"a\":\"SECRET\"},\"password\":\"SECRET\"}}",
        "[[{\"AccessToken\":[\"SECRET\"]}],{\"privateKey\":\"SECRET\"}]",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct str s = STR_INIT;
        struct json *masked = exchange_mask_body(parse(texts[i]));

        json_write(&s, masked);
        if (strstr(str_p(&s), "SECRET") || !strstr(str_p(&s), "***"))
            fail_msg("%s", str_p(&s));
        json_free(masked);
        str_free(&s);
    }
}

#define RUN50 "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKl"
#define LONG  RUN50 RUN50 RUN50

/* A body that breaks off is no JSON; a page hands a handle on; a token may stand anywhere. */
static void what_looks_like_a_secret_passes_nowhere(void **state)
{
    struct str s = STR_INIT;
    struct json *h;

    (void)state;
    expect_body(json_string("{\"expires_in\":1,\"refresh_token\" : \"half of it"),
                "\"{\\\"expires_in\\\":1,\\\"refresh_token\\\" : \\\"***\"");
    expect_body(json_string("{\"a\":\"x eyJhbGciOiJ9.eyJhIjoxfQ.c2ln y\",\"b"),
                "\"{\\\"a\\\":\\\"x *** y\\\",\\\"b\"");
    expect_body(json_string("<input name=\"id\" value=\"" LONG "\"><a href=\"/s?id=" LONG "\">"),
                "\"<input name=\\\"id\\\" value=\\\"***\\\"><a href=\\\"/s?id=***\\\">\"");
    expect_body(parse("{\"error\":[\"no: eyJhbGciOiJ9.eyJhIjoxfQ.c2ln\"]}"),
                "{\"error\":[\"no: ***\"]}");
    expect_body(parse("{\"tags\":{\"password\":\"mine\"},\"password\":\"x\"}"),
                "{\"tags\":{\"password\":\"mine\"},\"password\":\"***\"}");
    expect_body(parse("{\"certificates\":[\"" LONG "\"]}"), "{\"certificates\":[\"" LONG "\"]}");
    h = parse("{\"location\":\"http://localhost:1?session=a&code=" LONG
              "&state=b\",\"Cookie\":\"a=b\","
              "\"x-ms-authorization-auxiliary\":\"Bearer opaque\",\"x-other\":\"eyJh.eyJi.c\"}");
    exchange_mask_headers(h);
    json_write(&s, h);
    assert_string_equal(
        str_p(&s),
        "{\"location\":\"http://localhost:1?session=a&code=***&state=b\",\"Cookie\":\"***\","
        "\"x-ms-authorization-auxiliary\":\"Bearer ***\",\"x-other\":\"***\"}");
    json_free(h);
    str_reset(&s);
    exchange_mask_url(&s, "https://h/login/session?id=short&x=1");
    assert_string_equal(str_p(&s), "https://h/login/session?id=***&x=1");
    str_reset(&s);
    exchange_mask_url(&s, "https://h/subscriptions/a?api-version=1&$filter=a eq 'b'");
    assert_string_equal(str_p(&s), "https://h/subscriptions/a?api-version=1&$filter=a eq 'b'");
    str_free(&s);
}

int test_sandbox_exchange(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_lose_their_secrets),
        cmocka_unit_test(documents_lose_their_secrets),
        cmocka_unit_test(headers_keep_the_scheme),
        cmocka_unit_test(no_secret_of_any_grant_passes),
        cmocka_unit_test(no_secret_of_any_document_passes),
        cmocka_unit_test(what_looks_like_a_secret_passes_nowhere),
    };
    return TEST_GROUP("sandbox/exchange", tests);
}
