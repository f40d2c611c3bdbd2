#include "config.h"

#include "testing.h"
#include "fixture.h"

#define V       "2024-04-01"
#define PREVIEW "2025-09-15-preview"
#define BODY                                                                                       \
    "{\"location\":\"eastus\",\"identity\":{\"type\":\"SystemAssigned\"},\"tags\":{\"k\":\"v\"}}"
#define NODES "{\"properties\":{\"clusterNodes\":[\"node1\"]}}"

static void a_cluster_gets_what_the_server_writes(void **state)
{
    char cloud_id[64], principal[64];

    (void)state;
    fx_open(NULL, true);
    fx_ready();
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, BODY), 200);
    STR_SET(cloud_id, fx_str("properties.cloudId"));
    STR_SET(principal, fx_str("identity.principalId"));
    assert_true(guid_is(cloud_id));
    assert_true(guid_is(principal));
    assert_true(guid_is(fx_str("properties.resourceProviderObjectId")));
    assert_string_equal(fx_str("identity.tenantId"), world_tenant(fx_world));
    assert_string_equal(fx_str("properties.serviceEndpoint"),
                        "https://127.0.0.1:4000/dataplane/eastus");
    assert_string_equal(fx_str("properties.status"), "NotYetRegistered");
    assert_string_equal(fx_str("properties.connectivityStatus"), "NotYetRegistered");
    assert_string_equal(fx_str("systemData.createdBy"), "anna@contoso.onmicrosoft.com");
    assert_string_equal(fx_str("tags.k"), "v");
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, BODY), 200);
    assert_string_equal(fx_str("properties.cloudId"), cloud_id);
    assert_string_equal(fx_str("identity.principalId"), principal);
    fx_close();
}

static void older_versions_show_less(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_ready();
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, BODY), 200);
    assert_int_equal(fx_call("GET", FX_CLUSTER, "2023-03-01", NULL), 200);
    assert_null(json_get(fx_json(), "properties.connectivityStatus"));
    assert_non_null(json_get(fx_json(), "properties.serviceEndpoint"));
    assert_int_equal(fx_call("GET", FX_CLUSTER, "2021-09-01", NULL), 200);
    assert_null(json_get(fx_json(), "properties.serviceEndpoint"));
    assert_string_equal(fx_str("properties.aadTenantId"), world_tenant(fx_world));
    assert_true(guid_is(fx_str("properties.aadClientId")));
    assert_null(json_get(fx_json(), "properties.resourceProviderObjectId"));
    assert_null(json_get(fx_json(), "identity"));
    assert_int_equal(fx_call("GET", FX_CLUSTER, "2022-12-01", NULL), 200);
    assert_null(json_get(fx_json(), "properties.aadClientId"));
    assert_int_equal(fx_call("GET", FX_CLUSTER, "1999-01-01", NULL), 400);
    assert_int_equal(fx_call("GET", FX_CLUSTER, "", NULL), 400);
    assert_string_equal(fx_str("error.code"), "MissingApiVersionParameter");
    fx_close();
}

static void bad_clusters_are_refused(void **state)
{
    static const struct {
        int status;
        const char *body, *code;
    } rows[] = {
        { 400, "{\"location\":\"westus\"}", "LocationNotAvailableForResourceType" },
        { 400, "{\"location\":\"eastus\",\"identity\":{\"type\":\"Maybe\"}}",
          "InvalidRequestContent" },
        { 400, "{\"location\":\"eastus\",\"identity\":{}}", "InvalidRequestContent" },
        { 400, "{\"location\":\"eastus\",\"sku\":{}}", "InvalidRequestContent" },
        { 400,
          "{\"location\":\"eastus\",\"properties\":{\"desiredProperties\":{\"diagnosticLevel\":"
          "\"Loud\"}}}",
          "InvalidRequestContent" },
        { 400, "{\"properties\":{}}", "InvalidRequestContent" },
    };

    (void)state;
    fx_open(NULL, true);
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, BODY), 404);
    assert_string_equal(fx_str("error.code"), "ResourceGroupNotFound");
    assert_int_equal(fx_call("PUT", FX_RG, "2021-04-01", "{\"location\":\"eastus\"}"), 201);
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, BODY), 409);
    assert_string_equal(fx_str("error.code"), "MissingSubscriptionRegistration");
    assert_non_null(strstr(fx_str("error.message"), "namespace 'Microsoft.AzureStackHCI'"));
    assert_int_equal(fx_call("POST", "/subscriptions/@S/providers/Microsoft.AzureStackHCI/register",
                             "2016-02-01", NULL),
                     200);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(fx_call("PUT", FX_CLUSTER, V, rows[i].body), rows[i].status);
        assert_string_equal(fx_str("error.code"), rows[i].code);
    }
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 404);
    assert_string_equal(fx_str("error.code"), "ResourceNotFound");
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, BODY), 200);
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, "{\"location\":\"West Europe\"}"), 409);
    assert_string_equal(fx_str("error.code"), "InvalidResourceLocation");
    fx_close();
}

/* A client that sends the whole object back means no harm by read-only members. */
static void read_only_members_are_ignored(void **state)
{
    struct str whole = STR_INIT;
    char cloud_id[64];

    (void)state;
    fx_open(NULL, true);
    fx_ready();
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, BODY), 200);
    STR_SET(cloud_id, fx_str("properties.cloudId"));
    json_write(&whole, fx_json());
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, str_p(&whole)), 200);
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V,
                             "{\"location\":\"eastus\",\"properties\":{\"cloudId\":\"mine\"}}"),
                     200);
    assert_string_equal(fx_str("properties.cloudId"), cloud_id);
    str_free(&whole);
    fx_close();
}

static void a_patch_fills_the_provider_s_object_id(void **state)
{
    (void)state;
    fx_open("{\"resourceProviderObjectIdNull\":true}", true);
    fx_ready();
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, "{\"location\":\"eastus\"}"), 200);
    assert_string_equal(fx_str("properties.resourceProviderObjectId"), "");
    assert_int_equal(fx_call("PATCH", FX_CLUSTER, V, "{}"), 200);
    assert_true(guid_is(fx_str("properties.resourceProviderObjectId")));
    assert_string_equal(fx_str("identity.principalId"), "");
    assert_int_equal(
        fx_call("PATCH", FX_CLUSTER, V, "{\"identity\":{\"type\":\"SystemAssigned\"}}"), 200);
    assert_true(guid_is(fx_str("identity.principalId")));
    assert_int_equal(fx_call("PATCH", FX_CLUSTER, V, "{\"properties\":{\"cloudId\":\"x\"}}"), 400);
    fx_close();
}

static void an_object_id_that_never_comes(void **state)
{
    (void)state;
    fx_open("{\"resourceProviderObjectIdNever\":true}", true);
    fx_ready();
    assert_int_equal(fx_call("PUT", FX_CLUSTER, V, "{\"location\":\"eastus\"}"), 200);
    assert_int_equal(fx_call("PATCH", FX_CLUSTER, V, "{}"), 200);
    assert_string_equal(fx_str("properties.resourceProviderObjectId"), "");
    fx_close();
}

static void clusters_are_listed_and_deleted(void **state)
{
    char status[400];
    char *path;

    (void)state;
    fx_open(NULL, false);
    fx_cluster();
    assert_int_equal(
        fx_call("GET", "/subscriptions/@S/providers/Microsoft.AzureStackHCI/clusters", V, NULL),
        200);
    assert_string_equal(fx_str("value.0.name"), "c1");
    assert_int_equal(fx_call("GET", FX_RG "/providers/Microsoft.AzureStackHCI/clusters", V, NULL),
                     200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_query(FX_RG "/resources", "2021-04-01", "$filter",
                              "resourceType eq 'Microsoft.AzureStackHCI/clusters'"),
                     200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, V, NULL), 202);
    STR_SET(status, fx_header("Azure-AsyncOperation"));
    assert_non_null(strstr(fx_header("Location"), "/operationResults/"));
    path = strstr(status, "/subscriptions/");
    *strchr(path, '?') = 0;
    assert_int_equal(fx_call("GET", path, V, NULL), 200);
    assert_string_equal(fx_str("status"), "InProgress");
    JSON_EACH (o, world_section(fx_world, "operations"))
        json_set_int(json_edit(o), "readyAt", 1);
    assert_int_equal(fx_call("GET", path, V, NULL), 200);
    assert_string_equal(fx_str("status"), "Succeeded");
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 404);
    assert_int_equal(fx_call("GET", FX_CLUSTER "/arcSettings/default", V, NULL), 404);
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, V, NULL), 204);
    fx_close();
}

static void arc_settings_follow_the_contract(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_cluster();
    assert_int_equal(fx_call("GET", FX_CLUSTER "/arcSettings/default", V, NULL), 200);
    assert_string_equal(fx_str("properties.arcInstanceResourceGroup"), FX_GROUP);
    assert_string_equal(fx_str("properties.aggregateState"), "NotSpecified");
    assert_int_equal(fx_call("GET", FX_CLUSTER "/arcSettings/DEFAULT/Extensions", V, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 0);
    assert_int_equal(fx_call("PUT", FX_CLUSTER "/arcSettings/default", V, "{\"what\":1}"), 400);
    assert_int_equal(fx_call("PATCH", FX_CLUSTER "/arcSettings/default", V,
                             "{\"properties\":{\"connectivityProperties\":{\"enabled\":true}}}"),
                     200);
    assert_true(json_flag(fx_json(), "properties.connectivityProperties.enabled", false));
    assert_int_equal(fx_call("GET", FX_CLUSTER "/arcSettings", V, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_call("DELETE", FX_CLUSTER "/arcSettings/default", V, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_CLUSTER "/arcSettings/default", V, NULL), 204);
    assert_int_equal(
        fx_call("PUT", FX_RG "/providers/Microsoft.AzureStackHCI/clusters/none/arcSettings/default",
                V, "{}"),
        404);
    fx_close();
}

static void reconcile_wants_the_role_and_the_machines(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_cluster();
    assert_int_equal(fx_call("POST", FX_CLUSTER "/arcSettings/default/reconcile", V, NODES), 400);
    assert_string_equal(fx_str("error.code"), "InvalidApiVersionParameter");
    assert_int_equal(fx_call("POST", FX_CLUSTER "/arcSettings/default/reconcile", PREVIEW,
                             "{\"properties\":{\"clusterNodes\":[\"node9\"]}}"),
                     400);
    assert_string_equal(fx_str("error.code"), "ArcMachineNotFound");
    assert_int_equal(fx_call("POST", FX_CLUSTER "/arcSettings/default/reconcile", PREVIEW, NODES),
                     200);
    assert_string_equal(fx_str("properties.aggregateState"), "Connected");
    assert_string_equal(fx_str("properties.perNodeDetails.0.name"), "node1");
    assert_int_equal(fx_call("POST", FX_CLUSTER "/arcSettings/default/reconcile", PREVIEW,
                             "{\"properties\":{\"clusterNodes\":[\"" FX_MACHINE "node1\"]}}"),
                     200);
    assert_string_equal(fx_str("properties.perNodeDetails.0.state"), "Connected");
    assert_int_equal(fx_call("DELETE",
                             FX_RG "/providers/Microsoft.Authorization/roleAssignments/"
                                   "11111111-2222-4333-8444-555555555555",
                             "2022-04-01", NULL),
                     200);
    assert_int_equal(fx_call("POST", FX_CLUSTER "/arcSettings/default/reconcile", PREVIEW, NODES),
                     409);
    assert_string_equal(fx_str("error.code"), "MissingRoleAssignment");
    fx_close();
}

static void reconcile_takes_its_time(void **state)
{
    char result[400];
    char *path;

    (void)state;
    fx_open(NULL, false);
    fx_cluster();
    assert_int_equal(fx_call("POST", FX_CLUSTER "/arcSettings/default/reconcile", PREVIEW, NODES),
                     202);
    assert_non_null(
        strstr(fx_header("Azure-AsyncOperation"), "/locations/eastus/operationStatuses/"));
    STR_SET(result, fx_header("Location"));
    path = strstr(result, "/subscriptions/");
    *strchr(path, '?') = 0;
    assert_int_equal(fx_call("GET", path, PREVIEW, NULL), 202);
    assert_int_equal(fx_call("GET", FX_CLUSTER "/arcSettings/default", V, NULL), 200);
    assert_string_equal(fx_str("properties.aggregateState"), "InProgress");
    JSON_EACH (o, world_section(fx_world, "operations"))
        json_set_int(json_edit(o), "readyAt", 1);
    assert_int_equal(fx_call("GET", path, PREVIEW, NULL), 200);
    assert_string_equal(fx_str("properties.aggregateState"), "Connected");
    fx_close();
}

int test_sandbox_hci(void);
int test_sandbox_hci(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_gets_what_the_server_writes),
        cmocka_unit_test(older_versions_show_less),
        cmocka_unit_test(bad_clusters_are_refused),
        cmocka_unit_test(read_only_members_are_ignored),
        cmocka_unit_test(a_patch_fills_the_provider_s_object_id),
        cmocka_unit_test(an_object_id_that_never_comes),
        cmocka_unit_test(clusters_are_listed_and_deleted),
        cmocka_unit_test(arc_settings_follow_the_contract),
        cmocka_unit_test(reconcile_wants_the_role_and_the_machines),
        cmocka_unit_test(reconcile_takes_its_time),
    };

    return TEST_GROUP("sandbox/hci", tests);
}
