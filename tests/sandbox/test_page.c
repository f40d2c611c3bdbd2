/* Lists in pages, and applications that somebody made. */
#include "config.h"

#include "testing.h"

#include "fixture.h"

int test_sandbox_page(void);

#define MACHINES "/subscriptions/@S/providers/Microsoft.HybridCompute/machines"
#define V        "2022-03-10"

static int open_bed(void **s)
{
    (void)s;
    fx_open(NULL, true);
    fx_ready();
    fx_machine("n1");
    fx_machine("n2");
    fx_machine("n3");
    return 0;
}

static int close_bed(void **s)
{
    (void)s;
    fx_close();
    return 0;
}

static size_t seen(void)
{
    return json_len(json_get(fx_json(), "value"));
}

static void a_list_is_cut_and_goes_on(void **s)
{
    (void)s;
    assert_int_equal(fx_call("GET", MACHINES, V, NULL), 200);
    assert_int_equal(seen(), 3);
    assert_string_equal(fx_str("nextLink"), "");
    assert_int_equal(fx_raw("POST", "/sandbox/resources", NULL, "{\"pageSize\":2}", NULL, -1), 200);
    assert_int_equal(fx_call("GET", MACHINES, V, NULL), 200);
    assert_int_equal(seen(), 2);
    assert_non_null(strstr(fx_str("nextLink"), "/machines?"));
    assert_non_null(strstr(fx_str("nextLink"), "$skipToken=2"));
    assert_int_equal(fx_query(MACHINES, V, "$skipToken", "2"), 200);
    assert_int_equal(seen(), 1);
    assert_string_equal(fx_str("value.0.name"), "n3");
    assert_string_equal(fx_str("nextLink"), "");
    assert_int_equal(fx_query(MACHINES, V, "$skipToken", "9"), 200);
    assert_int_equal(seen(), 0);
    assert_int_equal(fx_query(MACHINES, V, "$skipToken", "soon"), 400);
    assert_int_equal(fx_query(MACHINES, V, "$skipToken", "-1"), 400);
}

static void what_is_no_list_is_whole(void **s)
{
    (void)s;
    assert_int_equal(fx_raw("POST", "/sandbox/resources", NULL, "{\"pageSize\":1}", NULL, -1), 200);
    assert_int_equal(fx_call("GET", FX_MACHINE "n1", V, NULL), 200);
    assert_string_equal(fx_str("name"), "n1");
    assert_string_equal(fx_str("nextLink"), "");
}

static void an_application_of_somebody(void **s)
{
    (void)s;
    assert_int_equal(fx_raw("POST", "/sandbox/resources", NULL, "{\"application\":{}}", NULL, -1),
                     400);
    assert_int_equal(fx_raw("POST", "/sandbox/resources", NULL,
                            "{\"application\":{\"displayName\":\"OLD.arc\",\"createdDateTime\":"
                            "\"2020-01-01T00:00:00Z\"}}",
                            NULL, -1),
                     200);
    assert_int_equal(strlen(fx_str("appId")), GUID_SIZE - 1);
}

int test_sandbox_page(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_is_cut_and_goes_on, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(what_is_no_list_is_whole, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(an_application_of_somebody, open_bed, close_bed),
    };
    return TEST_GROUP("sandbox/page", tests);
}
