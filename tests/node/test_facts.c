#include "config.h"

#include "testing.h"

#include "node/facts.h"

int test_node_facts(void);

static void test_facts(void **state)
{
    struct json *f = facts_read(0);
    int64_t n = 0;

    (void)state;
    assert_true(json_int(f, "cores", &n) && n >= 1);
    assert_true(json_int(f, "memoryInGiB", &n) && n >= 0);
    assert_true(json_flag(f, "msiCapable", false));
    json_free(f);
}

static void test_census(void **state)
{
    struct json *f = json_object(), *c;
    int64_t n = 0;

    (void)state;
    json_set_str(f, "osName", "Debian");
    json_set_int(f, "cores", 8);
    json_set_bool(f, "msiCapable", true);
    c = facts_census("node1", 2, f);
    assert_string_equal(json_str(c, "name"), "node1");
    assert_true(json_int(c, "id", &n) && n == 2);
    assert_string_equal(json_str(c, "osName"), "Debian");
    assert_true(json_int(c, "coreCount", &n) && n == 8);
    assert_null(json_member(c, "msiCapable"));
    assert_null(json_member(c, "serialNumber"));
    json_free(c);
    c = facts_census("node2", 1, NULL);
    assert_int_equal(json_len(c), 2);
    json_free(c);
    json_free(f);
}

int test_node_facts(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_facts),
                                               cmocka_unit_test(test_census) };

    return TEST_GROUP("node/facts", tests);
}
