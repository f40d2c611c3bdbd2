#include "config.h"

#include "testing.h"

#include "azure/hci.h"
#include "azure/roles.h"

#define SCOPE     "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/Arc-RG"
#define PRINCIPAL "11111111-2222-3333-4444-555555555555"

static void name_is_uuid5(void **state)
{
    char a[GUID_SIZE], b[GUID_SIZE];

    (void)state;
    role_assignment_name(a, SCOPE, PRINCIPAL, HCI_ROLE_RESOURCE_MANAGER);
    /* computed with another implementation of UUIDv5 */
    assert_string_equal(a, "aa9bd862-bb7d-5ba6-a28f-ef43e5c433f1");
    role_assignment_name(
        b, "/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000001/resourcegroups/arc-rg/", PRINCIPAL,
        "/providers/Microsoft.Authorization/roleDefinitions/F5819B54-E033-4D82-AC66-4FEC3CBF3F4C");
    assert_string_equal(a, b);
}

static void name_depends_on_each_part(void **state)
{
    char a[GUID_SIZE], b[GUID_SIZE];

    (void)state;
    role_assignment_name(a, SCOPE, PRINCIPAL, HCI_ROLE_RESOURCE_MANAGER);
    role_assignment_name(b, SCOPE "2", PRINCIPAL, HCI_ROLE_RESOURCE_MANAGER);
    assert_string_not_equal(a, b);
    role_assignment_name(b, SCOPE, "11111111-2222-3333-4444-555555555556",
                         HCI_ROLE_RESOURCE_MANAGER);
    assert_string_not_equal(a, b);
    role_assignment_name(b, SCOPE, PRINCIPAL, "b64e21ea-ac4e-4cdf-9dc9-5b892992bee7");
    assert_string_not_equal(a, b);
}

static void body(void **state)
{
    struct json *j =
        role_assignment_body("SUB", PRINCIPAL, HCI_ROLE_RESOURCE_MANAGER, "ServicePrincipal");
    struct str s = STR_INIT;

    (void)state;
    json_write(&s, j);
    assert_string_equal(s.p, "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/SUB/providers/"
                             "Microsoft.Authorization/"
                             "roleDefinitions/" HCI_ROLE_RESOURCE_MANAGER
                             "\",\"principalId\":\"" PRINCIPAL
                             "\",\"principalType\":\"ServicePrincipal\"}}");
    str_free(&s);
    json_free(j);
}

static bool in_list(const char *text, const char *scope)
{
    struct err e = { 0 };
    struct json *j = json_parse(text, strlen(text), 0, &e);
    bool found;

    assert_non_null(j);
    found = role_assignment_in(j, scope, PRINCIPAL, HCI_ROLE_RESOURCE_MANAGER);
    json_free(j);
    return found;
}

#define ITEM(scope, principal, role)                                                               \
    "{\"properties\":{\"scope\":\"" scope "\",\"principalId\":\"" principal                        \
    "\",\"roleDefinitionId\":\"" role "\"}}"

static void found_in_list(void **state)
{
    (void)state;
    assert_true(in_list(
        "{\"value\":[{},7," ITEM(
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/ARC-rg", PRINCIPAL,
            "/providers/x/roleDefinitions/F5819B54-E033-4D82-AC66-4FEC3CBF3F4C") "]}",
        SCOPE));
    assert_true(
        in_list("[" ITEM(SCOPE "/", PRINCIPAL, "/r/" HCI_ROLE_RESOURCE_MANAGER) "]", SCOPE));
}

static void not_found_in_list(void **state)
{
    (void)state;
    assert_false(in_list("{\"value\":[]}", SCOPE));
    assert_false(in_list("{\"value\":\"x\"}", SCOPE));
    assert_false(in_list("null", SCOPE));
    /* the whole subscription is not exactly this scope, and a longer name is another group */
    assert_false(in_list("[" ITEM("/subscriptions/00000000-0000-0000-0000-000000000001", PRINCIPAL,
                                  HCI_ROLE_RESOURCE_MANAGER) "]",
                         SCOPE));
    assert_false(in_list("[" ITEM(SCOPE "2", PRINCIPAL, HCI_ROLE_RESOURCE_MANAGER) "]", SCOPE));
    assert_false(in_list(
        "[" ITEM(SCOPE, "11111111-2222-3333-4444-555555555556", HCI_ROLE_RESOURCE_MANAGER) "]",
        SCOPE));
    assert_false(
        in_list("[" ITEM(SCOPE, PRINCIPAL, "b64e21ea-ac4e-4cdf-9dc9-5b892992bee7") "]", SCOPE));
    assert_false(in_list(
        "[{\"properties\":{\"scope\":1,\"principalId\":null,\"roleDefinitionId\":[]}}]", SCOPE));
}

int test_azure_roles(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_is_uuid5),
        cmocka_unit_test(name_depends_on_each_part),
        cmocka_unit_test(body),
        cmocka_unit_test(found_in_list),
        cmocka_unit_test(not_found_in_list),
    };

    return TEST_GROUP("azure/roles", tests);
}
