#include "config.h"

#include "testing.h"

#include "sandbox/sandbox.h"

int test_sandbox_faults(void);

static void add(const char *spec)
{
    struct err e = { 0 };
    if (fault_add(spec, &e) < 0)
        fail_msg("%s: %s", spec, e.message);
}

static void every_kind_is_read(void **state)
{
    static const struct {
        const char *spec;
        enum fault_kind kind;
        int status, value;
    } rows[] = {
        { "429:retry-after=7", FAULT_STATUS, 429, 7 },
        { "429", FAULT_STATUS, 429, -1 },
        { "500", FAULT_STATUS, 500, -1 },
        { "503", FAULT_STATUS, 503, -1 },
        { "reset", FAULT_RESET, 0, -1 },
        { "reply-lost", FAULT_REPLY_LOST, 0, -1 },
        { "truncate", FAULT_TRUNCATE, 0, -1 },
        { "garbage", FAULT_GARBAGE, 0, -1 },
        { "bad-length", FAULT_BAD_LENGTH, 0, -1 },
        { "half-header", FAULT_HALF_HEADER, 0, -1 },
        { "slow=250", FAULT_SLOW, 0, 250 },
    };
    struct fault f;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        fault_clear();
        add(rows[i].spec);
        assert_false(fault_take_oauth("POST", "/x", &f));
        assert_true(fault_take_bytes("GET", "/x", &f));
        assert_int_equal(f.kind, rows[i].kind);
        assert_int_equal(f.status, rows[i].status);
        assert_int_equal(f.value, rows[i].value);
        assert_false(fault_take_bytes("GET", "/x", &f));
    }
}

static void oauth_kinds_are_of_their_own(void **state)
{
    static const char *const rows[][2] = { { "slow_down", "slow_down" },
                                           { "expired_token", "expired_token" },
                                           { "declinedx1", "authorization_declined" } };
    struct fault f;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        fault_clear();
        add(rows[i][0]);
        assert_false(fault_take_bytes("POST", "/x", &f));
        assert_true(fault_take_oauth("POST", "/x", &f));
        assert_string_equal(f.oauth, rows[i][1]);
    }
}

static void patterns_choose(void **state)
{
    struct fault f;
    (void)state;
    fault_clear();
    add("500@PUT /subscriptions/*/resourcegroups/*");
    assert_false(fault_take_bytes("GET", "/subscriptions/1/resourceGroups/a", &f));
    assert_false(fault_take_bytes("PUT", "/subscriptions/1/providers", &f));
    assert_true(fault_take_bytes("PUT", "/Subscriptions/1/resourceGroups/a/b/c", &f));
    add("503@/tenants");
    assert_false(fault_take_bytes("GET", "/tenants/x", &f));
    assert_true(fault_take_bytes("DELETE", "/tenants", &f));
    add("reset@POST");
    assert_false(fault_take_bytes("GET", "/a", &f));
    assert_true(fault_take_bytes("POST", "/a", &f));
    assert_int_equal(f.kind, FAULT_RESET);
    add("500@* /a?c");
    assert_true(fault_take_bytes("PATCH", "/abc", &f));
}

static void the_first_ones_go_by(void **state)
{
    struct fault f;
    struct err e = { 0 };
    (void)state;
    fault_clear();
    add("500@GET /a/*x2 after 3");
    assert_false(fault_take_bytes("GET", "/b", &f));
    for (int i = 0; i < 3; i++)
        assert_false(fault_take_bytes("GET", "/a/b", &f));
    for (int i = 0; i < 2; i++)
        assert_true(fault_take_bytes("GET", "/a/b", &f));
    assert_false(fault_take_bytes("GET", "/a/b", &f));
    add("reset after 0");
    assert_true(fault_take_bytes("GET", "/a/b", &f));
    assert_int_equal(f.kind, FAULT_RESET);
    assert_int_equal(fault_add("500@GET /a after x", &e), -1);
    assert_int_equal(fault_add("500@GET /a after -1", &e), -1);
}

static void counts_run_down(void **state)
{
    struct fault f;
    (void)state;
    fault_clear();
    add("500@GET /a/*x3");
    for (int i = 0; i < 3; i++)
        assert_true(fault_take_bytes("GET", "/a/b", &f));
    assert_false(fault_take_bytes("GET", "/a/b", &f));
    fault_clear();
    add("resetx*");
    for (int i = 0; i < 100; i++)
        assert_true(fault_take_bytes("GET", "/a", &f));
    struct json *list = fault_list();
    int64_t taken = 0;
    assert_string_equal(json_str(list, "0.left"), "*");
    assert_true(json_int(list, "0.taken", &taken));
    assert_int_equal(taken, 100);
    json_free(list);
}

static void the_first_that_fits_is_taken(void **state)
{
    struct fault f;
    (void)state;
    fault_clear();
    add("500");
    add("503");
    assert_true(fault_take_bytes("GET", "/", &f));
    assert_int_equal(f.status, 500);
    assert_true(fault_take_bytes("GET", "/", &f));
    assert_int_equal(f.status, 503);
}

static void nonsense_is_refused(void **state)
{
    static const char *const bad[] = {
        "",         "nonsense", "200",     "429:retry=3",      "slow",
        "slow=abc", "slow=-1",  "resetx0", "500:retry-after=", "reset=1"
    };
    (void)state;
    fault_clear();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = { 0 };
        assert_int_equal(fault_add(bad[i], &e), -1);
        assert_int_equal(e.domain, ERR_USAGE);
    }
    struct json *list = fault_list();
    assert_int_equal(json_len(list), 0);
    json_free(list);
}

int test_sandbox_faults(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),  cmocka_unit_test(oauth_kinds_are_of_their_own),
        cmocka_unit_test(patterns_choose),     cmocka_unit_test(the_first_ones_go_by),
        cmocka_unit_test(counts_run_down),     cmocka_unit_test(the_first_that_fits_is_taken),
        cmocka_unit_test(nonsense_is_refused),
    };
    return TEST_GROUP("sandbox/faults", tests);
}
