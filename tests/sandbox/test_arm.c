#include "config.h"

#include "testing.h"
#include "fixture.h"

#define RES "2021-04-01"
#define SUB "/subscriptions/@S"

static void metadata_names_the_cloud_and_its_data_plane(void **state)
{
    (void)state;
    fx_open(NULL, true);
    assert_int_equal(fx_raw("GET", "/metadata/endpoints", "2022-09-01", NULL, NULL, -1), 200);
    assert_string_equal(fx_str("name"), "azlosandbox");
    assert_string_equal(fx_str("resourceManager"), "https://127.0.0.1:4000");
    assert_string_equal(fx_str("azloconf.usageScope"), "https://127.0.0.1:4000/usage/.default");
    assert_string_equal(fx_str("azloconf.verificationHosts.0"), "127.0.0.1");
    assert_int_equal(fx_raw("GET", "/metadata/endpoints", "2019-05-01", NULL, NULL, -1), 200);
    assert_true(json_is_array(fx_json()));
    assert_int_equal(fx_raw("GET", "/metadata/endpoints", "2015-01-01", NULL, NULL, -1), 200);
    assert_string_equal(fx_str("galleryEndpoint"), "https://127.0.0.1:4000/");
    fx_close();
}

static void a_tenant_sees_its_subscriptions_only(void **state)
{
    const char *second;
    char *token;

    (void)state;
    fx_open(NULL, true);
    second = json_str(world_section(fx_world, "tenants"), "1.tenantId");
    assert_int_equal(fx_call("GET", "/tenants", "2022-12-01", NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 2);
    assert_string_equal(fx_str("nextLink"), "");
    assert_non_null(json_get(fx_json(), "nextLink"));
    assert_int_equal(fx_call("GET", "/subscriptions", "2022-12-01", NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 3);
    token = fx_user_token("https://management.azure.com/", second);
    assert_int_equal(fx_raw("GET", "/subscriptions", "2022-12-01", NULL, token, -1), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_raw("GET", SUB, "2022-12-01", NULL, token, -1), 401);
    assert_string_equal(fx_str("error.code"), "InvalidAuthenticationTokenTenant");
    free(token);
    fx_close();
}

static void groups_are_made_and_found_and_not_moved(void **state)
{
    (void)state;
    fx_open(NULL, true);
    assert_int_equal(fx_call("HEAD", SUB "/resourcegroups/g1", RES, NULL), 404);
    assert_int_equal(fx_call("GET", SUB "/resourcegroups/g1", RES, NULL), 404);
    assert_string_equal(fx_str("error.code"), "ResourceGroupNotFound");
    assert_int_equal(fx_call("PUT", SUB "/resourcegroups/g1", RES,
                             "{\"location\":\"East US\",\"tags\":{\"a\":\"b\"}}"),
                     201);
    assert_string_equal(fx_str("location"), "eastus");
    assert_string_equal(fx_str("tags.a"), "b");
    assert_string_equal(fx_str("properties.provisioningState"), "Succeeded");
    assert_int_equal(fx_call("PUT", SUB "/resourceGroups/G1", RES, "{\"location\":\"eastus\"}"),
                     200);
    assert_string_equal(fx_str("name"), "g1");
    assert_null(json_get(fx_json(), "tags"));
    assert_int_equal(fx_call("PUT", SUB "/resourcegroups/g1", RES, "{\"location\":\"westus\"}"),
                     409);
    assert_string_equal(fx_str("error.code"), "InvalidResourceGroupLocation");
    assert_int_equal(fx_call("PATCH", SUB "/resourcegroups/g1", RES, "{\"tags\":{\"c\":\"d\"}}"),
                     200);
    assert_string_equal(fx_str("tags.c"), "d");
    assert_int_equal(fx_call("HEAD", SUB "/resourcegroups/G1", RES, NULL), 204);
    assert_int_equal(fx_call("GET", SUB "/resourcegroups", RES, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_call("DELETE", SUB "/resourcegroups/g1", RES, NULL), 200);
    assert_int_equal(fx_call("HEAD", SUB "/resourcegroups/g1", RES, NULL), 404);
    fx_close();
}

static void bad_groups_are_refused(void **state)
{
    static const struct {
        const char *name, *body, *code;
    } rows[] = {
        { "g.", "{\"location\":\"eastus\"}", "InvalidResourceGroup" },
        { "g%20$", "{\"location\":\"eastus\"}", "InvalidResourceGroup" },
        { "g", "{\"location\":\"nowhere\"}", "LocationNotAvailableForResourceType" },
        { "g", "{}", "InvalidRequestContent" },
        { "g", "{\"location\":5}", "InvalidRequestContent" },
        { "g", "{\"location\":\"eastus\",\"colour\":\"red\"}", "InvalidRequestContent" },
        { "g", "{\"location\":\"eastus\",\"tags\":{\"a\":1}}", "InvalidRequestContent" },
        { "g", "[]", "InvalidRequestContent" },
        { "g", NULL, "InvalidRequestContent" },
    };

    (void)state;
    fx_open(NULL, true);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char path[200];

        snprintf(path, sizeof path, SUB "/resourcegroups/%s", rows[i].name);
        assert_int_equal(fx_call("PUT", path, RES, rows[i].body), 400);
        assert_string_equal(fx_str("error.code"), rows[i].code);
    }
    fx_close();
}

static void a_group_goes_with_all_that_is_in_it(void **state)
{
    char location[400];
    const char *path;

    (void)state;
    fx_open(NULL, false);
    fx_ready();
    fx_machine("node1");
    assert_int_equal(fx_call("DELETE", FX_RG, RES, NULL), 202);
    assert_string_equal(fx_header("Retry-After"), "1");
    STR_SET(location, fx_header("Location"));
    path = strstr(location, "/subscriptions/");
    assert_non_null(path);
    *strchr(location, '?') = 0;
    assert_int_equal(fx_call("GET", path, RES, NULL), 202);
    assert_int_equal(fx_call("PUT", FX_MACHINE "node2", "2022-03-10", "{\"location\":\"eastus\"}"),
                     409);
    assert_string_equal(fx_str("error.code"), "ResourceGroupBeingDeleted");
    JSON_EACH (o, world_section(fx_world, "operations"))
        json_set_int(json_edit(o), "readyAt", 1);
    assert_int_equal(fx_call("GET", path, RES, NULL), 200);
    assert_int_equal(fx_call("HEAD", FX_RG, RES, NULL), 404);
    assert_int_equal(fx_query(SUB "/resources", RES, "$filter",
                              "resourceType eq 'Microsoft.HybridCompute/machines'"),
                     200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 0);
    fx_close();
}

/* az resource list asks so; without $expand the contract shows none of the three. */
static void a_list_shows_more_when_it_is_asked_to(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_cluster();
    assert_int_equal(fx_call("GET", SUB "/resources", RES, NULL), 200);
    assert_non_null(json_get(fx_json(), "value.0.id"));
    assert_null(json_get(fx_json(), "value.0.provisioningState"));
    assert_null(json_get(fx_json(), "value.0.createdTime"));
    assert_int_equal(fx_query(SUB "/resources", RES, "$expand", "createdTime,provisioningState"),
                     200);
    assert_string_equal(fx_str("value.0.provisioningState"), "Succeeded");
    assert_int_equal(fx_str("value.0.createdTime")[10], 'T');
    assert_null(json_get(fx_json(), "value.0.changedTime"));
    fx_close();
}

static void a_provider_registers_after_a_while(void **state)
{
    (void)state;
    fx_open(NULL, false);
    assert_int_equal(fx_call("GET", SUB "/providers/microsoft.azurestackhci", RES, NULL), 200);
    assert_string_equal(fx_str("namespace"), "Microsoft.AzureStackHCI");
    assert_string_equal(fx_str("registrationState"), "NotRegistered");
    assert_int_equal(fx_call("POST", SUB "/providers/Microsoft.AzureStackHCI/register", RES, NULL),
                     200);
    assert_string_equal(fx_str("registrationState"), "Registering");
    JSON_EACH (p, world_section(fx_world, "providers"))
        json_set_int(json_edit(p), "readyAt", 1);
    assert_int_equal(fx_call("GET", SUB "/providers/Microsoft.AzureStackHCI", RES, NULL), 200);
    assert_string_equal(fx_str("registrationState"), "Registered");
    assert_int_equal(fx_call("POST", SUB "/providers/Microsoft.AzureStackHCI/register", RES, NULL),
                     200);
    assert_string_equal(fx_str("registrationState"), "Registered");
    assert_int_equal(fx_call("GET", SUB "/providers/Contoso.Shoes", RES, NULL), 404);
    assert_int_equal(fx_call("GET", SUB "/providers", RES, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 6);
    fx_close();
}

static void a_disabled_subscription_is_read_only(void **state)
{
    const char *sub = NULL;
    char path[200];

    (void)state;
    fx_open(NULL, true);
    JSON_EACH (s, world_section(fx_world, "subscriptions"))
        if (str_eq(json_str(s, "state"), "Disabled"))
            sub = json_str(s, "subscriptionId");
    snprintf(path, sizeof path, "/subscriptions/%s/resourcegroups/g", sub);
    assert_int_equal(fx_call("HEAD", path, RES, NULL), 404);
    assert_int_equal(fx_call("PUT", path, RES, "{\"location\":\"eastus\"}"), 409);
    assert_string_equal(fx_str("error.code"), "ReadOnlyDisabledSubscription");
    fx_close();
}

static void denied_actions_are_refused_by_name(void **state)
{
    (void)state;
    fx_open("{\"denyActions\":[\"Microsoft.Resources/subscriptions/resourceGroups/"
            "write\",\"Microsoft.AzureStackHCI/*\"]}",
            true);
    assert_int_equal(fx_call("PUT", SUB "/resourcegroups/g", RES, "{\"location\":\"eastus\"}"),
                     403);
    assert_string_equal(fx_str("error.code"), "AuthorizationFailed");
    assert_non_null(strstr(fx_str("error.message"),
                           "'Microsoft.Resources/subscriptions/resourceGroups/write'"));
    assert_non_null(strstr(fx_str("error.message"), fx_oid()));
    assert_int_equal(fx_call("POST", SUB "/providers/Microsoft.AzureStackHCI/register", RES, NULL),
                     403);
    assert_int_equal(fx_call("POST", SUB "/providers/Microsoft.HybridCompute/register", RES, NULL),
                     200);
    fx_close();
}

static void role_assignments_are_made_once(void **state)
{
    static const char id[] = FX_RG
        "/providers/Microsoft.Authorization/roleAssignments/11111111-2222-4333-8444-555555555555";
    static const char other[] = FX_RG
        "/providers/Microsoft.Authorization/roleAssignments/99999999-2222-4333-8444-555555555555";
    char body[500], filter[120];

    (void)state;
    fx_open(NULL, true);
    fx_ready();
    assert_int_equal(fx_call("PUT", FX_CLUSTER, "2024-04-01", "{\"location\":\"eastus\"}"), 200);
    snprintf(filter, sizeof filter, "principalId eq '%s'",
             fx_str("properties.resourceProviderObjectId"));
    snprintf(body, sizeof body,
             "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/@S/providers/"
             "Microsoft.Authorization/roleDefinitions/"
             "F5819B54-e033-4d82-ac66-4fec3cbf3f4c\",\"principalId\":\"%s\",\"principalType\":"
             "\"ServicePrincipal\"}}",
             fx_str("properties.resourceProviderObjectId"));
    fx_give_role();
    assert_string_equal(fx_str("type"), "Microsoft.Authorization/roleAssignments");
    assert_int_equal(fx_call("PUT", id, "2022-04-01", body), 200);
    assert_int_equal(fx_call("PUT", other, "2022-04-01", body), 409);
    assert_string_equal(fx_str("error.code"), "RoleAssignmentExists");
    snprintf(body, sizeof body,
             "{\"properties\":{\"roleDefinitionId\":\"/providers/Microsoft.Authorization/"
             "roleDefinitions/"
             "acdd72a7-3385-48ef-bd42-f606fba81ae7\",\"principalId\":\"%s\"}}",
             fx_oid());
    assert_int_equal(fx_call("PUT", id, "2022-04-01", body), 400);
    assert_string_equal(fx_str("error.code"), "RoleAssignmentUpdateNotPermitted");
    assert_int_equal(fx_query(FX_RG "/providers/Microsoft.Authorization/roleAssignments",
                              "2022-04-01", "$filter", filter),
                     200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_query(FX_RG "/providers/Microsoft.Authorization/roleAssignments",
                              "2022-04-01", "$filter", "atScope()"),
                     200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 2); /* with the owner's, from above */
    assert_int_equal(fx_query(SUB "/providers/Microsoft.Authorization/roleAssignments",
                              "2022-04-01", "$filter", "atScope()"),
                     200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_call("DELETE", id, "2022-04-01", NULL), 200);
    assert_int_equal(fx_call("DELETE", id, "2022-04-01", NULL), 204);
    fx_close();
}

static void bad_role_assignments_are_refused(void **state)
{
    static const char at[] = FX_RG
        "/providers/Microsoft.Authorization/roleAssignments/11111111-2222-4333-8444-555555555555";
    static const char role[] =
        "/providers/Microsoft.Authorization/roleDefinitions/f5819b54-e033-4d82-ac66-4fec3cbf3f4c";
    char body[400];

    (void)state;
    fx_open(NULL, true);
    fx_ready();
    snprintf(body, sizeof body,
             "{\"properties\":{\"roleDefinitionId\":\"%s\",\"principalId\":\"dddddddd-0000-4000-"
             "8000-000000000009\"}}",
             role);
    assert_int_equal(fx_call("PUT", at, "2022-04-01", body), 400);
    assert_string_equal(fx_str("error.code"), "PrincipalNotFound");
    snprintf(body, sizeof body,
             "{\"properties\":{\"roleDefinitionId\":\"%s\",\"principalId\":\"%s\","
             "\"principalType\":\"Cat\"}}",
             role, fx_oid());
    assert_int_equal(fx_call("PUT", at, "2022-04-01", body), 400);
    assert_string_equal(fx_str("error.code"), "InvalidRequestContent");
    assert_int_equal(fx_call("PUT", at, "2022-04-01", "{\"properties\":{}}"), 400);
    assert_int_equal(fx_query(SUB "/providers/Microsoft.Authorization/roleDefinitions",
                              "2022-04-01", "$filter",
                              "roleName eq 'Azure Connected Machine Resource Manager'"),
                     200);
    assert_string_equal(fx_str("value.0.name"), "f5819b54-e033-4d82-ac66-4fec3cbf3f4c");
    fx_close();
}

int test_sandbox_arm(void);
int test_sandbox_arm(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_names_the_cloud_and_its_data_plane),
        cmocka_unit_test(a_tenant_sees_its_subscriptions_only),
        cmocka_unit_test(groups_are_made_and_found_and_not_moved),
        cmocka_unit_test(bad_groups_are_refused),
        cmocka_unit_test(a_group_goes_with_all_that_is_in_it),
        cmocka_unit_test(a_list_shows_more_when_it_is_asked_to),
        cmocka_unit_test(a_provider_registers_after_a_while),
        cmocka_unit_test(a_disabled_subscription_is_read_only),
        cmocka_unit_test(denied_actions_are_refused_by_name),
        cmocka_unit_test(role_assignments_are_made_once),
        cmocka_unit_test(bad_role_assignments_are_refused),
    };

    return TEST_GROUP("sandbox/arm", tests);
}
