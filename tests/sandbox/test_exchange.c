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

int test_sandbox_exchange(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_lose_their_secrets),
        cmocka_unit_test(documents_lose_their_secrets),
        cmocka_unit_test(headers_keep_the_scheme),
    };
    return TEST_GROUP("sandbox/exchange", tests);
}
