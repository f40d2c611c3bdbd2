#include "config.h"

#include "testing.h"

#include "core/sandbox.h"

int test_core_sandbox(void);

static struct settings c;

static int fill(const char *text)
{
    struct err e = { 0 };
    struct json *j = json_parse(text, strlen(text), 0, &e);
    int rc;

    assert_non_null(j);
    settings_init(&c);
    rc = sandbox_fill(&c, j, &e);
    assert_int_equal(rc < 0, err_is(&e));
    json_free(j);
    return rc;
}

/* The ready line gives what the options would have given. */
static void the_same_as_the_options(void **s)
{
    static struct settings by_hand;
    char *argv[] = { (char *)(uintptr_t) "azloconfd",
                     (char *)(uintptr_t) "--private",
                     (char *)(uintptr_t) "--cloud-endpoint=https://127.0.0.1:44",
                     (char *)(uintptr_t) "--ca-file=/ca.pem",
                     (char *)(uintptr_t) "--proxy=none",
                     (char *)(uintptr_t) "--himds-endpoint=node1=http://127.0.0.1:5",
                     (char *)(uintptr_t) "--azcmagent=node1=/d/az",
                     (char *)(uintptr_t) "--tokens-dir=node1=/d/t",
                     NULL };
    struct err e = { 0 };

    (void)s;
    assert_int_equal(
        fill("{\"base\":\"https://127.0.0.1:44\",\"ca\":\"/ca.pem\",\"nodes\":[{\"name\":\"node1\","
             "\"himds\":\"http://127.0.0.1:5\",\"azcmagent\":\"/d/az\",\"tokensDir\":\"/d/t\"}]}"),
        0);
    settings_init(&by_hand);
    assert_int_equal(settings_args(&by_hand, 8, argv, &e), 0);
    STR_SET(by_hand.sandbox_base, "https://127.0.0.1:44");
    by_hand.private_core = false;
    assert_memory_equal(&c, &by_hand, sizeof(c));
}

/* A cloud that is played is reached at its own names, through the sandbox's proxy. */
static void a_cloud_is_played(void **s)
{
    (void)s;
    assert_int_equal(fill("{\"base\":\"https://127.0.0.1:44\",\"ca\":\"/ca.pem\",\"cloud\":"
                          "\"AzureChinaCloud\",\"proxy\":\"http://127.0.0.1:45\"}"),
                     0);
    assert_string_equal(c.cloud, "AzureChinaCloud");
    assert_string_equal(c.cloud_endpoint, "");
    assert_string_equal(c.proxy, "http://127.0.0.1:45");
    assert_string_equal(c.sandbox_base, "https://127.0.0.1:44");
    assert_int_equal(fill("{\"base\":\"https://127.0.0.1:44\",\"ca\":\"/ca.pem\",\"cloud\":"
                          "\"Mars\",\"proxy\":\"http://127.0.0.1:45\"}"),
                     -1);
    assert_int_equal(fill("{\"base\":\"https://127.0.0.1:44\",\"ca\":\"/ca.pem\",\"cloud\":"
                          "\"AzureChinaCloud\"}"),
                     -1);
}

static void broken_ready_lines(void **s)
{
    (void)s;
    assert_int_equal(fill("{}"), -1);
    assert_int_equal(fill("{\"base\":\"http://127.0.0.1:44\",\"ca\":\"/ca\"}"), -1);
    assert_int_equal(fill("{\"base\":\"https://127.0.0.1:44\"}"), -1);
    assert_int_equal(
        fill("{\"base\":\"https://127.0.0.1:44\",\"ca\":\"/ca\",\"nodes\":[{\"name\":\"node1\"}]}"),
        -1);
}

int test_core_sandbox(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_as_the_options),
        cmocka_unit_test(a_cloud_is_played),
        cmocka_unit_test(broken_ready_lines),
    };

    return TEST_GROUP("core/sandbox", tests);
}
