#include "config.h"

#include "testing.h"

#include "base/log.h"

int test_base_log_redact(void);

static void masks(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "grant_type=x&client_secret=HUSH%20&scope=y", "grant_type=x&client_secret=***&scope=y" },
        { "device_code=HUSH", "device_code=***" },
        { "refresh_token=&x=1", "refresh_token=&x=1" },
        { "Authorization: Bearer HUSH.a.b\r\nHost: h", "Authorization: ***\r\nHost: h" },
        { "authorization:HUSH", "authorization:***" },
        { "{\"access_token\":\"HU\\\"SH\",\"expires_in\":\"900\"}",
          "{\"access_token\":\"***\",\"expires_in\":\"900\"}" },
        { "{\"id_token\" : \"HUSH\" }", "{\"id_token\" : \"***\" }" },
        { "{\"secretText\":null,\"a\":1}", "{\"secretText\":\"***\",\"a\":1}" },
        { "{\"protectedSettings\":{\"k\":\"HUSH}\",\"l\":[\"HUSH\"]},\"settings\":{}}",
          "{\"protectedSettings\":\"***\",\"settings\":{}}" },
        { "{\"body\":\"{\\\"refresh_token\\\":\\\"HUSH\\\",\\\"x\\\":1}\"}",
          "{\"body\":\"{\\\"refresh_token\\\":\\\"***\\\",\\\"x\\\":1}\"}" },
        { "{\"accessToken\":\"HUSH", "{\"accessToken\":\"***" },
        { "{\"proof\":\"HUSH\\\\\",\"a\":\"b\"}", "{\"proof\":\"***\",\"a\":\"b\"}" },
        { "{\\\"proof\\\":\\\"HU\\\\\\\"SH\\\\\\\\\\\",\\\"a\\\":1}",
          "{\\\"proof\\\":\\\"***\\\",\\\"a\\\":1}" },
        { "Register -ArmAccessToken HUSH -Name c", "Register -ArmAccessToken *** -Name c" },
        { "Register -ArmAccessToken \"HU SH\" -Name c",
          "Register -ArmAccessToken \"***\" -Name c" },
        { "sent Bearer HUSHHUSHHUSHHUSH.HUSH, ok", "sent Bearer ***, ok" },
        { "client_assertion_type=urn&client_assertion=HUSH",
          "client_assertion_type=urn&client_assertion=***" },
        { "proof of work, token_type=Bearer, a bearer of news",
          "proof of work, token_type=Bearer, a bearer of news" },
        { "{\"user_code\":\"ABC\",\"message\":\"m\"}",
          "{\"user_code\":\"ABC\",\"message\":\"m\"}" },
        { "", "" },
    };
    struct str s = STR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        str_reset(&s);
        str_addn(&s, "", 0);
        log_redact(&s, rows[i].in, strlen(rows[i].in));
        assert_string_equal(str_p(&s), rows[i].out);
        assert_null(strstr(str_p(&s), "HUSH"));
    }
    str_free(&s);
}

static void every_cut_of_a_body_stays_masked(void **state)
{
    static const char body[] =
        "{\"refresh_token\":\"HUSH\\\\\\\"HUSH\",\"x\":{\"device_code\":\"HUSH\"}}";
    struct str s = STR_INIT;

    (void)state;
    for (size_t n = 0; n < sizeof(body); n++) {
        char *copy = xmalloc(n);

        memcpy(copy, body, n);
        str_reset(&s);
        log_redact(&s, copy, n);
        assert_null(strstr(str_p(&s), "HU"));
        free(copy);
    }
    str_free(&s);
}

static void knows_the_names(void **state)
{
    (void)state;
    assert_true(log_is_secret_name("Authorization"));
    assert_true(log_is_secret_name("CLIENT_SECRET"));
    assert_true(log_is_secret_name("accessToken"));
    assert_false(log_is_secret_name("token_type"));
    assert_false(log_is_secret_name("user_code"));
    assert_false(log_is_secret_name(""));
    assert_false(log_is_secret_name(NULL));
}

int test_base_log_redact(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks),
        cmocka_unit_test(every_cut_of_a_body_stays_masked),
        cmocka_unit_test(knows_the_names),
    };

    return TEST_GROUP("base/log_redact", tests);
}
