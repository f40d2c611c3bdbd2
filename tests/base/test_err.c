#include "config.h"

#include "testing.h"

#include <errno.h>

#include "base/err.h"
#include "base/json.h"

int test_base_err(void);

static void is_filled_and_clean(void **state)
{
    struct err e = { 0 };

    (void)state;
    assert_false(err_is(&e));
    assert_int_equal(err_set(&e, ERR_ARM, 9101, "No %s\x1b[2J\nhere.", "way"), -1);
    assert_true(err_is(&e));
    assert_string_equal(e.message, "No way\\x1b[2J here.");
    assert_int_equal(e.code, 9101);
    assert_true(e.retry_after_ms == -1);
    e.http = 500;
    err_set(&e, ERR_OP, 1, "again: %s", e.message);
    assert_string_equal(e.message, "again: No way\\x1b[2J here.");
    assert_int_equal(e.http, 0);
    err_clear(&e);
    assert_false(err_is(&e));
    assert_int_equal(err_set(NULL, ERR_OP, 1, "x"), -1);
}

static void keeps_the_deeper_context(void **state)
{
    struct err e = { 0 };

    (void)state;
    err_sys(&e, ENOSPC, "The file %s cannot be written", "a");
    assert_int_equal(e.domain, ERR_SYSTEM);
    assert_int_equal(e.code, ENOSPC);
    assert_string_equal(e.message, "The file a cannot be written: No space left on device");
    assert_int_equal(err_wrap(&e, "saving %d", 1), -1);
    err_wrap(&e, "outer");
    assert_string_equal(e.context, "saving 1");
}

static void names_go_both_ways(void **state)
{
    (void)state;
    for (int d = 0; d < ERR_DOMAINS; d++)
        assert_int_equal(err_domain_of(err_domain_name((enum err_domain)d)), d);
    assert_string_equal(err_domain_name(ERR_ARM), "arm");
    assert_string_equal(err_domain_name((enum err_domain)99), "");
    assert_int_equal(err_domain_of("nonsense"), ERR_NONE);
    assert_int_equal(err_domain_of(NULL), ERR_NONE);
}

static void survives_json(void **state)
{
    struct err e = { 0 }, back, bad = { 0 };
    struct json *j;

    (void)state;
    err_set(&e, ERR_AUTH, 70016, "Wait.");
    e.http = 400;
    e.retryable = true;
    e.retry_after_ms = 5000;
    STR_SET(e.remote_code, "AADSTS70016");
    STR_SET(e.request_id, "r-1");
    j = json_encode(&err_json, &e);
    assert_string_equal(json_str(j, "domain"), "auth");
    assert_int_equal(json_decode(j, &err_json, &back, &bad), 0);
    assert_int_equal(back.domain, ERR_AUTH);
    assert_int_equal(back.code, 70016);
    assert_int_equal(back.http, 400);
    assert_true(back.retryable && !back.unsure);
    assert_true(back.retry_after_ms == 5000);
    assert_string_equal(back.remote_code, "AADSTS70016");
    assert_string_equal(back.message, "Wait.");
    json_set_str(j, "domain", "unheard");
    assert_int_equal(json_decode(j, &err_json, &back, &bad), -1);
    json_free(j);
}

int test_base_err(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_filled_and_clean),
        cmocka_unit_test(keeps_the_deeper_context),
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(survives_json),
    };

    return TEST_GROUP("base/err", tests);
}
