#include "config.h"

#include "testing.h"

#include <string.h>

#include "azure/rights.h"

static bool permits(const char *list, const char *action)
{
    struct err e = { 0 };
    struct json *j = json_parse(list, strlen(list), 0, &e);
    bool yes;

    assert_non_null(j);
    yes = rights_permit(j, action);
    json_free(j);
    return yes;
}

#define PERMISSION(actions, not_actions)                                                           \
    "{\"actions\":[" actions "],\"notActions\":[" not_actions                                      \
    "],\"dataActions\":[\"*\"],\"notDataActions\":[]}"
#define VALUE(items)  "{\"value\":[" items "]}"
#define CLUSTER_WRITE "Microsoft.AzureStackHCI/clusters/write"

static void permitted(void **state)
{
    (void)state;
    assert_true(permits(VALUE(PERMISSION("\"*\"", "")), CLUSTER_WRITE));
    assert_true(permits("[" PERMISSION("\"" CLUSTER_WRITE "\"", "") "]", CLUSTER_WRITE));
    assert_true(
        permits(VALUE(PERMISSION("\"microsoft.azurestackhci/CLUSTERS/*\"", "")), CLUSTER_WRITE));
    assert_true(permits(VALUE(PERMISSION("\"*/write\"", "")), CLUSTER_WRITE));
    assert_true(permits(VALUE(PERMISSION("\"Microsoft.*/clusters/*\"", "")), CLUSTER_WRITE));
    /* the refusal of one role does not take what another one gives */
    assert_true(permits(VALUE(PERMISSION("\"*\"", "\"" CLUSTER_WRITE "\"") "," PERMISSION(
                            "\"Microsoft.AzureStackHCI/*\"", "")),
                        CLUSTER_WRITE));
}

static void not_permitted(void **state)
{
    (void)state;
    assert_false(permits(VALUE(""), CLUSTER_WRITE));
    assert_false(permits("null", CLUSTER_WRITE));
    assert_false(permits("{\"value\":[7,{\"actions\":\"*\"},{\"actions\":[7]}]}", CLUSTER_WRITE));
    assert_false(permits(VALUE(PERMISSION("\"*/read\"", "")), CLUSTER_WRITE));
    assert_false(permits(VALUE(PERMISSION("\"" CLUSTER_WRITE "s\"", "")), CLUSTER_WRITE));
    assert_false(permits(VALUE(PERMISSION("\"Microsoft.AzureStackHCI\"", "")), CLUSTER_WRITE));
    assert_false(permits(VALUE(PERMISSION("\"\"", "")), CLUSTER_WRITE));
    assert_false(permits(VALUE(PERMISSION("\"*\"", "\"*/WRITE\"")), CLUSTER_WRITE));
}

static int checked(const char *list)
{
    struct err e = { 0 };
    struct json *j = json_parse(list, strlen(list), 0, &e);
    int rc = rights_check(j, &e);

    assert_int_equal(err_is(&e), rc != 0);
    json_free(j);
    return rc;
}

/* What is no list must not be read as "no rights at all". */
static void what_is_a_list(void **state)
{
    (void)state;
    assert_int_equal(checked(VALUE("")), 0);
    assert_int_equal(checked(VALUE(PERMISSION("\"*\"", ""))), 0);
    assert_int_equal(checked("[" PERMISSION("\"*\"", "") "]"), 0);
    assert_int_equal(checked("{\"value\":[{\"actions\":[]}]}"), 0);
    assert_int_equal(checked("{}"), -1);
    assert_int_equal(checked("{\"value\":null}"), -1);
    assert_int_equal(checked("{\"value\":[7]}"), -1);
    assert_int_equal(checked("{\"value\":[{\"actions\":\"*\"}]}"), -1);
    assert_int_equal(checked("{\"error\":{\"code\":\"x\"}}"), -1);
}

int test_azure_rights(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permitted),
        cmocka_unit_test(not_permitted),
        cmocka_unit_test(what_is_a_list),
    };

    return TEST_GROUP("azure/rights", tests);
}
