/* What leaving meets: the disable process, extensions that stay, who goes with whom, what a node is
 * told afterwards. */
#include "config.h"

#include <stdlib.h>

#include "testing.h"

#include "fixture.h"
#include "sandbox/directory.h"
#include "sandbox/rights.h"

int test_sandbox_leave(void);

#define ARM           "2021-04-01"
#define HCI           "2024-04-01"
#define PREVIEW       "2025-09-15-preview"
#define ARC           "2022-03-10"
#define SUB           "/subscriptions/@S"
#define SETTINGS      FX_CLUSTER "/arcSettings/default"
#define EXT           SETTINGS "/extensions/"
#define NODES         "{\"properties\":{\"clusterNodes\":[\"node1\"]}}"
#define STEER(body)   fx_raw("POST", "/sandbox/resources", NULL, body, NULL, -1)
#define MARK(id, how) STEER("{\"id\":\"" id "\",\"set\":{\"_delete\":\"" how "\"}}")
#define EXTENSION(name, by)                                                                        \
    "{\"put\":{\"id\":\"" EXT name                                                                 \
    "\",\"type\":\"Microsoft.AzureStackHCI/clusters/arcSettings/extensions\",\"properties\":{"     \
    "\"managedBy\":\"" by "\",\"provisioningState\":\"Succeeded\"}}}"

static char status_path[400];

/* Of the long-running operation that the last answer started. */
static const char *poll(const char *version)
{
    assert_int_equal(fx_call("GET", status_path, version, NULL), 200);
    return fx_str("status");
}

static void note_operation(const char *header)
{
    const char *p = strstr(fx_header(header), "/subscriptions/");

    assert_non_null(p);
    str_fmt(status_path, sizeof status_path, "%.*s", (int)strcspn(p, "?"), p);
}

static void hurry(void)
{
    JSON_EACH (o, world_section(fx_world, "operations"))
        json_set_int(json_edit(o), "readyAt", 1);
}

static void the_disable_process_has_no_way_back(void **state)
{
    (void)state;
    fx_open(NULL, false);
    fx_cluster();
    assert_int_equal(fx_call("POST", SETTINGS "/InitializeDisableProcess", "2022-12-01", NULL),
                     404);
    assert_int_equal(fx_call("POST", SETTINGS "/InitializeDisableProcess", HCI, NULL), 202);
    note_operation("Azure-AsyncOperation");
    assert_string_equal(poll(HCI), "InProgress");
    hurry();
    assert_string_equal(poll(HCI), "Succeeded");
    assert_int_equal(fx_call("POST", SETTINGS "/initializeDisableProcess", HCI, NULL), 202);
    assert_int_equal(fx_call("POST", SETTINGS "/reconcile", PREVIEW, NODES), 409);
    assert_string_equal(fx_str("error.code"), "DisableInProgress");
    assert_int_equal(fx_call("GET", SETTINGS, HCI, NULL), 200);
    assert_string_equal(fx_str("properties.aggregateState"), "DisableInProgress");
    assert_int_equal(fx_call("DELETE", SETTINGS, HCI, NULL), 202);
    assert_int_equal(fx_call("PUT", SETTINGS, HCI, "{}"), 409);
    assert_string_equal(fx_str("error.code"), "AnotherOperationInProgress");
    hurry();
    assert_int_equal(fx_call("PUT", SETTINGS, HCI, "{}"), 200);
    assert_string_equal(fx_str("properties.aggregateState"), "NotSpecified");
    assert_int_equal(fx_call("POST", SETTINGS "/reconcile", PREVIEW, NODES), 202);
    fx_close();
}

static void extensions_say_who_manages_them(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_cluster();
    assert_int_equal(STEER(EXTENSION("Mandatory", "Azure")), 200);
    assert_int_equal(fx_call("PUT", EXT "Mine", HCI,
                             "{\"properties\":{\"extensionParameters\":{\"publisher\":\"p\"}}}"),
                     200);
    assert_int_equal(fx_call("GET", SETTINGS "/extensions", HCI, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 2);
    JSON_EACH (e, json_get(fx_json(), "value"))
        assert_string_equal(json_str(e, "properties.managedBy"),
                            str_eq(json_str(e, "name"), "Mine") ? "User" : "Azure");
    assert_int_equal(fx_call("GET", EXT "Mandatory", "2023-03-01", NULL), 200);
    assert_string_equal(fx_str("properties.managedBy"), "Azure");
    assert_int_equal(fx_call("GET", EXT "Mandatory", "2022-12-01", NULL), 200);
    assert_string_equal(fx_str("properties.managedBy"), "");
    assert_int_equal(fx_call("DELETE", EXT "Mine", HCI, NULL), 200);
    assert_int_equal(fx_call("DELETE", SETTINGS, HCI, NULL), 200); /* with the other one */
    assert_int_equal(fx_call("PUT", SETTINGS, HCI, "{}"), 200);
    assert_int_equal(fx_call("GET", EXT "Mandatory", HCI, NULL), 404);
    fx_close();
}

static void a_stuck_extension_is_not_deleted(void **state)
{
    (void)state;
    for (int instant = 0; instant < 2; instant++) {
        fx_open(NULL, instant);
        fx_cluster();
        assert_int_equal(STEER(EXTENSION("Stuck", "User")), 200);
        assert_int_equal(MARK(EXT "Stuck", "never"), 200);
        assert_int_equal(fx_call("DELETE", EXT "Stuck", HCI, NULL), 202);
        note_operation("Azure-AsyncOperation");
        hurry();
        assert_string_equal(poll(HCI), "InProgress");
        assert_int_equal(fx_call("GET", EXT "Stuck", HCI, NULL), 200);
        assert_string_equal(fx_str("properties.provisioningState"), "Deleting");
        assert_int_equal(MARK(EXT "Stuck", "fails"), 200);
        assert_string_equal(poll(HCI), "Failed");
        assert_string_equal(fx_str("error.code"), "ResourceDeletionFailed");
        assert_int_equal(fx_call("GET", EXT "Stuck", HCI, NULL), 200);
        assert_string_equal(fx_str("properties.provisioningState"), "Failed");
        assert_null(json_get(fx_json(), "_delete"));
        assert_int_equal(MARK(EXT "Stuck", ""), 200);
        assert_int_equal(fx_call("DELETE", EXT "Stuck", HCI, NULL), instant ? 200 : 202);
        hurry();
        assert_int_equal(fx_call("GET", EXT "Stuck", HCI, NULL), 404);
        fx_close();
    }
}

/* By Location alone a failure is the answer's status. */
static void a_group_may_fail_to_go(void **state)
{
    (void)state;
    fx_open(NULL, false);
    fx_ready();
    assert_int_equal(MARK(FX_RG, "fails"), 200);
    assert_int_equal(fx_call("DELETE", FX_RG, ARM, NULL), 202);
    note_operation("Location");
    assert_int_equal(fx_call("GET", status_path, ARM, NULL), 202);
    hurry();
    assert_int_equal(fx_call("GET", status_path, ARM, NULL), 409);
    assert_string_equal(fx_str("error.code"), "ResourceDeletionFailed");
    assert_int_equal(fx_call("GET", FX_RG, ARM, NULL), 200);
    assert_string_equal(fx_str("properties.provisioningState"), "Failed");
    fx_close();
}

static const char *parent_of_node1(void)
{
    assert_int_equal(fx_call("GET", FX_MACHINE "node1", ARC, NULL), 200);
    return fx_str("properties.parentClusterResourceId");
}

static int as_node1(const char *verb, const char *body)
{
    char path[300], *token;
    int status;

    assert_int_equal(fx_call("GET", FX_CLUSTER, HCI, NULL), 200);
    str_fmt(path, sizeof path, "/dataplane/eastus/clusters/%s/%s", fx_str("properties.cloudId"),
            verb);
    token = fx_machine_token(FX_MACHINE "node1");
    status = fx_raw("POST", path, NULL, body, token, -1);
    free(token);
    return status;
}

#define REGISTER                                                                                   \
    "{\"resourceId\":\"" FX_CLUSTER                                                                \
    "\",\"clusterName\":\"c1\",\"clusterId\":\"44444444-0000-4000-8000-000000000000\","            \
    "\"nodes\":[{\"name\":\"node1\"}]}"
#define SYNC "{\"node\":\"node1\",\"clusterId\":\"44444444-0000-4000-8000-000000000000\"}"

static void registered(void)
{
    fx_open(NULL, true);
    fx_cluster();
    assert_int_equal(fx_call("POST", SETTINGS "/reconcile", PREVIEW, NODES), 200);
    assert_int_equal(as_node1("register", REGISTER), 200);
    assert_true(str_ends(parent_of_node1(), "/clusters/c1"));
}

/* Arc alone goes: machines are free, the registration stays and goes on. */
static void without_arc_the_registration_goes_on(void **state)
{
    (void)state;
    registered();
    assert_int_equal(fx_call("POST", SETTINGS "/initializeDisableProcess", HCI, NULL), 200);
    assert_int_equal(as_node1("sync", SYNC), 200);
    assert_int_equal(fx_call("GET", SETTINGS, HCI, NULL), 200);
    assert_string_equal(fx_str("properties.aggregateState"), "DisableInProgress");
    assert_int_equal(fx_call("DELETE", SETTINGS, HCI, NULL), 200);
    assert_string_equal(parent_of_node1(), "");
    assert_int_equal(as_node1("sync", SYNC), 200);
    assert_string_equal(parent_of_node1(), "");
    assert_int_equal(fx_call("PUT", SETTINGS, HCI,
                             "{\"properties\":{\"arcInstanceResourceGroup\":\"" FX_GROUP "\"}}"),
                     200);
    assert_int_equal(as_node1("sync", SYNC), 200);
    assert_string_equal(parent_of_node1(), "");
    assert_int_equal(fx_call("POST", SETTINGS "/reconcile", PREVIEW, NODES), 200);
    assert_string_equal(parent_of_node1(), ""); /* a node's sync links it: azure-wire.md 3.7.8 */
    assert_int_equal(as_node1("sync", SYNC), 200);
    assert_true(str_ends(parent_of_node1(), "/clusters/c1"));
    fx_machine("node2"); /* named by a later reconcile instead of node1 */
    assert_int_equal(fx_call("POST", SETTINGS "/reconcile", PREVIEW,
                             "{\"properties\":{\"clusterNodes\":[\"node2\"]}}"),
                     200);
    assert_int_equal(as_node1("sync", SYNC), 403);
    fx_close();
}

/* With the cluster go its settings, its applications and its identity, but no machine, no role. */
static void a_cluster_takes_its_own_along(void **state)
{
    char app[64], arc_app[64], where[200], *token;

    (void)state;
    registered();
    assert_int_equal(fx_call("POST", FX_CLUSTER "/createClusterIdentity", HCI, NULL), 200);
    STR_SET(app, fx_str("properties.aadClientId"));
    assert_int_equal(fx_call("POST", SETTINGS "/createArcIdentity", HCI, NULL), 200);
    STR_SET(arc_app, fx_str("properties.arcApplicationClientId"));
    assert_non_null(dir_app(fx_world, "", app));
    assert_non_null(dir_app(fx_world, "", arc_app));
    assert_int_equal(fx_call("GET", FX_CLUSTER, HCI, NULL), 200);
    str_fmt(where, sizeof where, "/dataplane/eastus/clusters/%s/sync",
            fx_str("properties.cloudId"));
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, HCI, NULL), 200);
    assert_int_equal(fx_call("GET", SETTINGS, HCI, NULL), 404);
    assert_null(dir_app(fx_world, "", app));
    assert_null(dir_app(fx_world, "", arc_app));
    assert_string_equal(parent_of_node1(), "");
    assert_int_equal(fx_call("GET",
                             FX_RG "/providers/Microsoft.Authorization/roleAssignments/"
                                   "11111111-2222-4333-8444-555555555555",
                             "2022-04-01", NULL),
                     200);
    token = fx_machine_token(FX_MACHINE "node1");
    assert_int_equal(fx_raw("POST", where, NULL, SYNC, token, -1), 404);
    assert_string_equal(fx_str("error.code"), "ClusterNotFound");
    assert_int_equal(fx_call("DELETE", FX_MACHINE "node1", ARC, NULL), 200);
    assert_int_equal(fx_raw("POST", where, NULL, SYNC, token, -1), 404);
    free(token);
    fx_close();
}

static void what_is_being_deleted_takes_no_write(void **state)
{
    (void)state;
    fx_open(NULL, false);
    fx_cluster();
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, HCI, NULL), 202);
    assert_int_equal(fx_call("PUT", FX_CLUSTER, HCI, "{\"location\":\"eastus\"}"), 409);
    assert_string_equal(fx_str("error.code"), "AnotherOperationInProgress");
    assert_int_equal(fx_call("PATCH", FX_CLUSTER, HCI, "{}"), 409);
    assert_int_equal(fx_call("PUT", SETTINGS, HCI, "{}"), 409);
    assert_int_equal(fx_call("POST", FX_CLUSTER "/createClusterIdentity", HCI, NULL), 409);
    assert_int_equal(fx_call("GET", FX_CLUSTER, HCI, NULL), 200);
    assert_string_equal(fx_str("properties.provisioningState"), "Deleting");
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, HCI, NULL), 202);
    hurry();
    assert_int_equal(fx_call("PUT", FX_CLUSTER, HCI, "{\"location\":\"eastus\"}"), 200);
    fx_close();
}

/* The rule "tagged and empty" sees what others put there; children and locks are no resources. */
static void a_group_lists_what_is_in_it(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_cluster();
    assert_int_equal(
        STEER("{\"put\":{\"id\":\"" FX_RG "/providers/Microsoft.Storage/storageAccounts/"
              "theirs\",\"type\":\"Microsoft.Storage/storageAccounts\",\"location\":\"eastus\"}}"),
        200);
    assert_int_equal(fx_call("GET", FX_RG "/resources", ARM, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 3);
    assert_int_equal(fx_query(FX_RG "/resources", ARM, "$filter",
                              "resourceType eq 'Microsoft.Storage/storageAccounts'"),
                     200);
    assert_string_equal(fx_str("value.0.name"), "theirs");
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, HCI, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_MACHINE "node1", ARC, NULL), 200);
    assert_int_equal(fx_call("GET", FX_RG "/resources", ARM, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_call("DELETE", FX_RG, ARM, NULL), 200);
    assert_int_equal(fx_call("GET", FX_RG, ARM, NULL), 404);
    assert_int_equal(STEER("{\"put\":{\"id\":\"x\",\"type\":\"y\"}}"), 400);
    assert_int_equal(STEER("{\"put\":{\"id\":\"/x\"}}"), 400);
    fx_close();
}

/* azure-wire.md 1.2.5: the tenant without a sign-in; of no subscription, none. */
static void the_challenge_tells_a_subscription_s_tenant(void **state)
{
    (void)state;
    fx_open(NULL, true);
    JSON_EACH (s, world_section(fx_world, "subscriptions")) {
        char path[200], want[200];

        str_fmt(path, sizeof path, "/subscriptions/%s", json_str(s, "subscriptionId"));
        str_fmt(want, sizeof want, "authorization_uri=\"https://127.0.0.1:4000/%s\"",
                json_str(s, "tenantId"));
        assert_int_equal(fx_raw("GET", path, "2022-12-01", NULL, NULL, -1), 401);
        assert_non_null(strstr(fx_header("WWW-Authenticate"), want));
    }
    assert_int_equal(fx_raw("GET", "/subscriptions/00000000-0000-0000-0000-000000000009",
                            "2022-12-01", NULL, NULL, -1),
                     404);
    assert_string_equal(fx_str("error.code"), "SubscriptionNotFound");
    assert_string_equal(fx_header("WWW-Authenticate"), "");
    fx_close();
}

/* Names of the rights as the provider's list of operations and the built-in roles have them. */
static void every_deletion_has_its_right(void **state)
{
    static const struct {
        const char *method, *path, *action;
    } rows[] = {
        { "POST", SETTINGS "/InitializeDisableProcess",
          "Microsoft.AzureStackHCI/clusters/arcSettings/InitializeDisableProcess/action" },
        { "DELETE", EXT "e", "Microsoft.AzureStackHCI/clusters/arcSettings/extensions/delete" },
        { "DELETE", SETTINGS, "Microsoft.AzureStackHCI/clusters/arcSettings/delete" },
        { "DELETE", FX_CLUSTER, "Microsoft.AzureStackHCI/clusters/delete" },
        { "DELETE", FX_MACHINE "node1", "Microsoft.HybridCompute/machines/delete" },
        { "DELETE", FX_RG, "Microsoft.Resources/subscriptions/resourceGroups/delete" },
        { "GET", FX_RG "/resources",
          "Microsoft.Resources/subscriptions/resourceGroups/resources/read" },
        { "DELETE", FX_RG "/providers/Microsoft.Authorization/roleAssignments/x",
          "Microsoft.Authorization/roleAssignments/delete" },
        { "GET", FX_CLUSTER "/providers/Microsoft.Authorization/locks",
          "Microsoft.Authorization/locks/read" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rights_act act;

        rights_act(rows[i].method, rows[i].path, &act);
        assert_string_equal(act.action, rows[i].action);
        str_free(&act.scope);
    }
}

int test_sandbox_leave(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_disable_process_has_no_way_back),
        cmocka_unit_test(extensions_say_who_manages_them),
        cmocka_unit_test(a_stuck_extension_is_not_deleted),
        cmocka_unit_test(a_group_may_fail_to_go),
        cmocka_unit_test(without_arc_the_registration_goes_on),
        cmocka_unit_test(a_cluster_takes_its_own_along),
        cmocka_unit_test(what_is_being_deleted_takes_no_write),
        cmocka_unit_test(a_group_lists_what_is_in_it),
        cmocka_unit_test(every_deletion_has_its_right),
        cmocka_unit_test(the_challenge_tells_a_subscription_s_tenant),
    };
    return TEST_GROUP("sandbox/leave", tests);
}
