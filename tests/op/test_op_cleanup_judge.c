#include "config.h"

#include "op/op_cleanup_found.h"

#include "azure/hci.h"
#include "base/text.h"
#include "testing.h"

#define DAY (24 * 3600 * 1000LL)
#define NOW (1795000000000LL) /* 2026-11-18 */
#define RG  "/subscriptions/s/resourceGroups/g"

static struct json *parse(const char *text)
{
    struct err e = { 0 };
    struct json *j = json_parse(text, strlen(text), 0, &e);

    if (!j)
        fail_msg("%s: %s", e.message, text);
    return j;
}

/* ---- the service's role ---- */

static struct json *role(const char *definition, const char *scope, const char *made)
{
    struct json *j = parse("{\"properties\":{}}"), *p = json_edit(json_member(j, "properties"));
    struct str id = STR_INIT;

    str_addf(&id, "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/%s",
             definition);
    json_set_str(p, "roleDefinitionId", str_p(&id));
    json_set_str(p, "scope", scope);
    if (made)
        json_set_str(p, "createdOn", made);
    str_free(&id);
    return j;
}

/* Only that role, and only on a group: nothing wider, nothing narrower is offered for deletion. */
static void which_role_is_meant(void **state)
{
    static const struct {
        const char *definition, *scope;
        bool is;
    } rows[] = {
        { HCI_ROLE_RESOURCE_MANAGER, RG, true },
        { HCI_ROLE_RESOURCE_MANAGER, "/subscriptions/s", false },
        { HCI_ROLE_RESOURCE_MANAGER, "/", false },
        { HCI_ROLE_RESOURCE_MANAGER, "", false },
        { HCI_ROLE_RESOURCE_MANAGER, RG "/providers/Microsoft.HybridCompute/machines/m", false },
        { "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", RG, false }, /* Owner */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json *j = role(rows[i].definition, rows[i].scope, NULL);

        if (cl_role_is(j) != rows[i].is)
            fail_msg("%s at %s", rows[i].definition, rows[i].scope);
        json_free(j);
    }
}

static void how_old_a_role_is(void **state)
{
    static const struct {
        int days;
        bool left;
        const char *why;
    } rows[] = {
        { 31, true, "no machine belongs to a cluster" },
        { 29, false, "within the last 30 days" },
        { -1, false, "within the last 30 days" },
    };
    struct json *j = role(HCI_ROLE_RESOURCE_MANAGER, RG, NULL);
    struct cl_word w;

    (void)state;
    cl_role(j, NOW, &w);
    assert_false(w.left);
    assert_non_null(strstr(w.why, "does not say when"));
    json_free(j);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char at[TIME_SIZE];

        time_iso(at, NOW - rows[i].days * DAY);
        j = role(HCI_ROLE_RESOURCE_MANAGER, RG, at);
        cl_role(j, NOW, &w);
        assert_int_equal(w.left, rows[i].left);
        assert_non_null(strstr(w.why, rows[i].why));
        json_free(j);
    }
}

/* ---- applications ---- */

/* An application stays while any cluster bears its name or signs in with it. */
static void a_cluster_uses_an_application(void **state)
{
    struct json *list = parse("[{\"name\":\"A\",\"properties\":{\"aadClientId\":\"id-a\"}},"
                              "{\"name\":\"B\"}]");

    (void)state;
    assert_true(cl_cluster_uses(list, "id-x", "a"));
    assert_true(cl_cluster_uses(list, "ID-A", "other"));
    assert_true(cl_cluster_uses(list, "id-x", "B"));
    assert_false(cl_cluster_uses(list, "id-x", "other"));
    assert_false(cl_cluster_uses(list, "", "other")); /* no id is nobody's */
    assert_false(cl_cluster_uses(NULL, "id-a", "A"));
    json_free(list);
}

int test_op_op_cleanup_judge(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_role_is_meant),
        cmocka_unit_test(how_old_a_role_is),
        cmocka_unit_test(a_cluster_uses_an_application),
    };

    return TEST_GROUP("op/cleanup_judge", tests);
}
