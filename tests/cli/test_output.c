#include "config.h"

#include "testing.h"

#include <locale.h>

#include "cli/bed.h"
#include "console/cli/output.h"

static void a_table(void **state)
{
    static const struct out_column columns[] = { { "NAME", 6 }, { "STATE", 0 } };
    static const char *const cells[] = { "node1", "up", "a-long-name", "", "\xc3\xa4\xc3\xb6",
                                         "down" };
    struct bed b = { 0 };

    (void)state;
    setlocale(LC_CTYPE, "C.UTF-8");
    bed_capture();
    out_table(columns, 2, cells, 3);
    bed_captured(&b);
    assert_string_equal(b.out.p, "NAME    STATE\n"
                                 "node1   up\n"
                                 "a-long  --\n"
                                 "\xc3\xa4\xc3\xb6      down\n");
    str_free(&b.out);
    str_free(&b.err);
}

/* A cell is cut before a wide character that has no room, and the next column stays where it is. */
static void a_table_of_wide_characters(void **state)
{
    static const struct out_column columns[] = { { "\u8282\u70b9", 7 }, { "\u72b6\u6001", 0 } };
    static const char *const cells[] = { "\u8282\u70b9\u8282\u70b9", "Up", "node1", "Down" };
    struct bed b = { 0 };

    (void)state;
    setlocale(LC_CTYPE, "C.UTF-8");
    bed_capture();
    out_table(columns, 2, cells, 2);
    out_pair("\u5728\u7ebf\u8282\u70b9", "3/3");
    bed_captured(&b);
    assert_string_equal(b.out.p, "\u8282\u70b9     \u72b6\u6001\n"
                                 "\u8282\u70b9\u8282   Up\n"
                                 "node1    Down\n"
                                 "\u5728\u7ebf\u8282\u70b9           : 3/3\n");
    str_free(&b.out);
    str_free(&b.err);
}

static void a_pair(void **state)
{
    struct bed b = { 0 };

    (void)state;
    bed_capture();
    out_pair("ClusterStatus", "Clustered");
    out_pair("Region", "");
    out_pair("Region", NULL);
    bed_captured(&b);
    assert_string_equal(b.out.p, "ClusterStatus      : Clustered\n"
                                 "Region             : --\n"
                                 "Region             : --\n");
    str_free(&b.out);
    str_free(&b.err);
}

/* Scripts want times as ISO 8601 and no error where there is none. */
static void json_for_scripts(void **state)
{
    struct json *j = json_object(), *inner = json_object(), *list = json_array();
    struct bed b = { 0 };
    struct err e = { 0 };

    (void)state;
    json_set_int(j, "started", 1795283271755);
    json_set_int(j, "ended", 0);
    json_set_int(j, "steps", 7);
    json_set(j, "error", json_encode(&err_json, &e));
    json_set_int(inner, "checkedAt", 1795283271000);
    json_push(list, inner);
    json_set(j, "nodes", list);
    bed_capture();
    out_json(j);
    bed_captured(&b);
    j = json_parse(b.out.p, b.out.len, 0, &e);
    assert_non_null(j);
    assert_string_equal(json_str(j, "started"), "2026-11-21T17:47:51.755Z");
    assert_true(json_is_null(json_member(j, "ended")));
    assert_true(json_is_number(json_member(j, "steps")));
    assert_null(json_member(j, "error"));
    assert_string_equal(json_str(j, "nodes.0.checkedAt"), "2026-11-21T17:47:51.000Z");
    json_free(j);
    str_free(&b.out);
    str_free(&b.err);
}

static void an_error_in_full(void **state)
{
    struct bed b = { 0 };
    struct err e = { 0 };
    struct cli c = { 0 };
    struct json *j;

    (void)state;
    err_set(&e, ERR_OP, 9125, "%s", "It is registered elsewhere.");
    STR_SET(e.context, "looking at the record");
    STR_SET(e.advice, "Unregister first.");
    STR_SET(e.remote_code, "Conflict");
    STR_SET(e.request_id, "r-1");
    STR_SET(e.correlation_id, "c-1");
    bed_capture();
    assert_int_equal(cli_fail(&c, &e), EXIT_FAILED);
    bed_captured(&b);
    assert_string_equal(str_p(&b.out), "");
    assert_string_equal(b.err.p, "azloconf: looking at the record: It is registered elsewhere.\n"
                                 "What to do: Unregister first.\n"
                                 "Code: 9125\n"
                                 "Azure's code: Conflict\n"
                                 "Request id for support: r-1\n"
                                 "Correlation id for support: c-1\n");
    c.json = true;
    bed_capture();
    cli_fail(&c, &e);
    bed_captured(&b);
    assert_string_equal(str_p(&b.err), "");
    j = json_parse(b.out.p, b.out.len, 0, &e);
    assert_string_equal(json_str(j, "error.message"), "It is registered elsewhere.");
    json_free(j);
    str_free(&b.out);
    str_free(&b.err);
}

static void spans_and_times(void **state)
{
    char buf[40];

    (void)state;
    assert_string_equal(out_span(buf, 0), "0:00");
    assert_string_equal(out_span(buf, 59999), "0:59");
    assert_string_equal(out_span(buf, 3723000), "62:03");
    assert_string_equal(out_time(buf, 0), "--");
    assert_int_equal(strlen(out_time(buf, 1795283271755)), 19);
}

int test_cli_output(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table),          cmocka_unit_test(a_table_of_wide_characters),
        cmocka_unit_test(a_pair),           cmocka_unit_test(json_for_scripts),
        cmocka_unit_test(an_error_in_full), cmocka_unit_test(spans_and_times),
    };

    return TEST_GROUP("cli/output", tests);
}
