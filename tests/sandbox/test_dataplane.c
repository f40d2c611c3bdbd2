#include "config.h"

#include "testing.h"
#include "fixture.h"

#define V     "2024-04-01"
#define NODES "{\"properties\":{\"clusterNodes\":[\"node1\",\"node2\"]}}"

static char where[200]; /* /dataplane/eastus/clusters/ID */

static void ready(void)
{
    fx_open(NULL, true);
    fx_cluster();
    fx_machine("node2");
    fx_machine("stranger");
    assert_int_equal(
        fx_call("POST", FX_CLUSTER "/arcSettings/default/reconcile", "2025-09-15-preview", NODES),
        200);
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    snprintf(where, sizeof where, "/dataplane/eastus/clusters/%s", fx_str("properties.cloudId"));
}

static int post(const char *verb, const char *node, const char *body)
{
    char path[300], machine[200], *token;
    int status;

    snprintf(path, sizeof path, "%s/%s", where, verb);
    snprintf(machine, sizeof machine, "%s%s", FX_MACHINE, node);
    token = fx_machine_token(machine);
    status = fx_raw("POST", path, NULL, body, token, -1);
    free(token);
    return status;
}

#define REGISTER                                                                                   \
    "{\"resourceId\":\"" FX_CLUSTER                                                                \
    "\",\"clusterName\":\"c1\",\"clusterId\":\"44444444-0000-4000-8000-000000000000\","            \
    "\"nodes\":[{\"name\":\"node1\",\"id\":1,\"osName\":\"Debian\",\"osVersion\":\"12\","          \
    "\"manufacturer\":\"ACME\","                                                                   \
    "\"model\":\"X\",\"coreCount\":8,\"memoryInGiB\":32,\"serialNumber\":\"s1\"}]}"
#define SYNC(node)                                                                                 \
    "{\"node\":\"" node                                                                            \
    "\",\"clusterId\":\"44444444-0000-4000-8000-000000000000\",\"census\":{\"name\":\"" node       \
    "\",\"coreCount\":4},\"diagnosticLevel\":\"Basic\"}"

static void health_needs_no_token(void **state)
{
    (void)state;
    fx_open(NULL, true);
    assert_int_equal(fx_raw("GET", "/dataplane/eastus/health", NULL, NULL, NULL, -1), 200);
    assert_string_equal(fx_str("status"), "Healthy");
    fx_close();
}

static void a_registration_shows_in_the_cluster(void **state)
{
    int64_t seconds = 0, at;

    (void)state;
    ready();
    assert_int_equal(post("sync", "node1", SYNC("node1")), 409);
    assert_string_equal(fx_str("error.code"), "NotRegistered");
    assert_int_equal(post("register", "node1", REGISTER), 200);
    assert_true(json_int(fx_json(), "syncIntervalSeconds", &seconds));
    assert_int_equal(seconds, 43200);
    assert_true(time_parse(fx_str("registrationDate"), &at));
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    assert_string_equal(fx_str("properties.status"), "ConnectedRecently");
    assert_string_equal(fx_str("properties.connectivityStatus"), "Connected");
    assert_string_equal(fx_str("properties.reportedProperties.clusterName"), "c1");
    assert_string_equal(fx_str("properties.reportedProperties.nodes.0.name"), "node1");
    assert_true(time_parse(fx_str("properties.registrationTimestamp"), &at));
    assert_int_equal(fx_call("GET", FX_MACHINE "node2", "2022-03-10", NULL), 200);
    assert_true(str_ends(fx_str("properties.parentClusterResourceId"), "/clusters/c1"));
    assert_int_equal(fx_call("GET", FX_MACHINE "stranger", "2022-03-10", NULL), 200);
    assert_string_equal(fx_str("properties.parentClusterResourceId"), "");
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, V, NULL), 200);
    assert_int_equal(fx_call("GET", FX_MACHINE "node2", "2022-03-10", NULL), 200);
    assert_string_equal(fx_str("properties.parentClusterResourceId"), "");
    fx_close();
}

static void a_sync_adds_its_node(void **state)
{
    char first[64];

    (void)state;
    ready();
    assert_int_equal(post("register", "node1", REGISTER), 200);
    STR_SET(first, fx_str("registrationDate"));
    assert_int_equal(post("sync", "node2", SYNC("node2")), 200);
    assert_string_equal(fx_str("diagnosticLevel"), "Basic");
    assert_string_equal(fx_str("windowsServerSubscription"), "Disabled");
    assert_true(json_flag(fx_json(), "arcSettings", false));
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "properties.reportedProperties.nodes")), 2);
    assert_string_equal(fx_str("properties.registrationTimestamp"), first);
    assert_int_equal(post("register", "node1", REGISTER), 200);
    assert_string_equal(fx_str("registrationDate"), first);
    assert_int_equal(fx_call("GET", FX_CLUSTER "/arcSettings/default", V, NULL), 200);
    assert_string_equal(fx_str("properties.aggregateState"), "Connected");
    fx_close();
}

#define CENSUS(node, names)                                                                        \
    "{\"node\":\"" node "\",\"clusterId\":\"44444444-0000-4000-8000-000000000000\","               \
    "\"clusterNodes\":[" names "]}"

static void a_census_without_a_node_takes_its_machine(void **state)
{
    (void)state;
    ready();
    assert_int_equal(post("register", "node1", REGISTER), 200);
    assert_int_equal(post("sync", "node1", CENSUS("node1", "\"node1\"")), 200);
    assert_int_equal(fx_call("GET", FX_MACHINE "node2", "2022-03-10", NULL),
                     200); /* it never synced: nobody knows that it is node2's */
    assert_int_equal(post("sync", "node2", CENSUS("node2", "\"node1\",\"node2\"")), 200);
    assert_int_equal(post("sync", "node1", SYNC("node1")), 200);
    assert_int_equal(fx_call("GET", FX_MACHINE "node2", "2022-03-10", NULL), 200);
    assert_int_equal(post("sync", "node1", CENSUS("node1", "\"NODE1\"")), 200);
    assert_int_equal(fx_call("GET", FX_MACHINE "node2", "2022-03-10", NULL), 404);
    assert_int_equal(fx_call("GET", FX_MACHINE "node1", "2022-03-10", NULL), 200);
    assert_int_equal(fx_call("GET", FX_MACHINE "stranger", "2022-03-10", NULL), 200);
    assert_int_equal(fx_call("GET", FX_CLUSTER "/arcSettings/default", V, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "properties.perNodeDetails")), 1);
    fx_close();
}

static size_t with_roles; /* so many of the four permissions stand in the token */

/* A token as Entra gives it to an application; proof "2": by certificate. */
static int post_as(const char *verb, const char *app, const char *proof, const char *body)
{
    static const char *const names[] = { "AzureStackHCI.Cluster.Read",
                                         "AzureStackHCI.Cluster.ReadWrite",
                                         "AzureStackHCI.ClusterNode.Read",
                                         "AzureStackHCI.ClusterNode.ReadWrite" };
    struct json *c = json_object(), *roles = json_array();
    char path[300], *token;
    int status;

    for (size_t i = 0; i < with_roles; i++)
        json_push(roles, json_string(names[i]));
    json_set(c, "roles", roles);
    snprintf(path, sizeof path, "%s/%s", where, verb);
    json_set_str(c, "aud", "https://127.0.0.1:4000/usage");
    json_set_str(c, "tid", world_tenant(fx_world));
    json_set_str(c, "oid", app);
    json_set_str(c, "appid", app);
    json_set_str(c, "appidacr", proof);
    json_set_str(c, "idtyp", "app");
    token = jwt_sign("https://sts.windows.net/x/", c, 3599);
    status = fx_raw("POST", path, NULL, body, token, -1);
    free(token);
    return status;
}

#define NODE1 "{\"node\":\"node1\"}"

static void the_cluster_s_application_speaks_for_its_nodes(void **state)
{
    char app[GUID_SIZE];

    (void)state;
    ready();
    assert_int_equal(fx_call("POST", FX_CLUSTER "/createClusterIdentity", V, NULL), 200);
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    STR_SET(app, fx_str("properties.aadClientId"));
    assert_int_equal(post_as("certificate", app, "1", NODE1), 403); /* a secret proves nothing */
    assert_int_equal(post_as("certificate", "99999999-0000-4000-8000-000000000000", "2", NODE1),
                     403);
    assert_string_equal(fx_str("error.code"), "ApplicationNotOfCluster");
    assert_int_equal(post("certificate", "node1", NODE1),
                     403); /* a machine proves no certificate */
    assert_int_equal(post_as("certificate", app, "2", NODE1), 200);
    assert_string_equal(fx_str("status"), "Accepted");
    assert_int_equal(post_as("sync", app, "2", SYNC("stranger")), 409); /* not registered yet */
    assert_int_equal(post_as("register", app, "2", REGISTER), 200);
    assert_int_equal(post_as("sync", app, "2", SYNC("elsewhere")), 200); /* not in Arc yet */
    assert_int_equal(fx_call("GET", FX_CLUSTER "/arcSettings/default", V, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "properties.perNodeDetails")), 2);
    assert_int_equal(post_as("sync", app, "2", SYNC("stranger")), 200); /* its machine joins */
    assert_int_equal(fx_call("GET", FX_CLUSTER "/arcSettings/default", V, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "properties.perNodeDetails")), 3);
    assert_string_equal(fx_str("properties.perNodeDetails.2.name"), "stranger");
    assert_string_equal(fx_str("properties.perNodeDetails.2.state"), "Connected");
    assert_int_equal(fx_call("GET", FX_MACHINE "stranger", "2022-03-10", NULL), 200);
    assert_true(str_ends(fx_str("properties.parentClusterResourceId"), "/clusters/c1"));
    assert_int_equal(post_as("identity", app, "2", NODE1), 200);
    assert_true(str_starts(fx_str("access_token"), "eyJ"));
    assert_int_equal(post("identity", "node1", NODE1), 403);
    fx_close();
}

/* register-flow.md 2.12; by the regional address, and by those of the table of clouds. */
static void a_client_s_application_needs_its_permissions(void **state)
{
    static const char app[] = "99999999-0000-4000-8000-000000000000";
    static const char *const bases[] = { "/dataplane/eastus", "/dataplane", "" };
    char id[GUID_SIZE];

    (void)state;
    ready();
    assert_int_equal(fx_call("PATCH", FX_CLUSTER, V,
                             "{\"properties\":{\"aadClientId\":"
                             "\"99999999-0000-4000-8000-000000000000\"}}"),
                     200);
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    STR_SET(id, fx_str("properties.cloudId"));
    for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
        snprintf(where, sizeof where, "%s/clusters/%s", bases[i], id);
        for (with_roles = 0; with_roles < 4; with_roles++) {
            assert_int_equal(post_as("certificate", app, "2", NODE1), 403);
            assert_string_equal(fx_str("error.code"), "AppRoleMissing");
        }
        assert_int_equal(post_as("certificate", app, "2", NODE1), 200);
        assert_int_equal(post_as("certificate", app, "1", NODE1), 403);
    }
    with_roles = 0;
    fx_close();
}

static void only_the_cluster_s_machines_may_speak(void **state)
{
    char path[300], *token;

    (void)state;
    ready();
    snprintf(path, sizeof path, "%s/sync", where);
    assert_int_equal(fx_raw("POST", path, NULL, SYNC("node1"), NULL, -1), 401);
    token = fx_user_token("https://127.0.0.1:4000/usage", world_tenant(fx_world));
    assert_int_equal(fx_raw("POST", path, NULL, SYNC("node1"), token, -1), 403);
    free(token);
    token = fx_user_token("https://management.azure.com/", world_tenant(fx_world));
    assert_int_equal(fx_raw("POST", path, NULL, SYNC("node1"), token, -1), 401);
    free(token);
    assert_int_equal(post("register", "stranger", REGISTER), 403);
    assert_string_equal(fx_str("error.code"), "MachineNotInCluster");
    token = fx_machine_token(FX_MACHINE "node1");
    assert_int_equal(fx_call("DELETE", FX_MACHINE "node1", "2022-03-10", NULL), 200);
    assert_int_equal(fx_raw("POST", path, NULL, SYNC("node1"), token, -1), 401);
    free(token);
    fx_close();
}

static void bad_calls_change_nothing(void **state)
{
    (void)state;
    ready();
    assert_int_equal(post("register", "node1", "{}"), 400);
    assert_int_equal(
        post("register", "node1",
             "{\"resourceId\":\"/x\",\"clusterName\":\"c\",\"clusterId\":\"i\",\"nodes\":[{}]}"),
        400);
    assert_int_equal(
        post("register", "node1",
             "{\"resourceId\":\"/x\",\"clusterName\":\"c\",\"clusterId\":\"i\",\"nodes\":[]}"),
        409);
    assert_string_equal(fx_str("error.code"), "ClusterMismatch");
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    assert_string_equal(fx_str("properties.status"), "NotYetRegistered");
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, V, NULL), 200);
    assert_int_equal(post("sync", "node1", SYNC("node1")), 404);
    assert_string_equal(fx_str("error.code"), "ClusterNotFound");
    fx_close();
}

static void a_machine_of_another_cluster_is_refused(void **state)
{
    (void)state;
    ready();
    assert_int_equal(
        fx_call("PATCH", FX_MACHINE "node2", "2022-03-10",
                "{\"properties\":{\"parentClusterResourceId\":\"/subscriptions/other\"}}"),
        200);
    assert_int_equal(post("register", "node1", REGISTER), 409);
    assert_string_equal(fx_str("error.code"), "MachineInAnotherCluster");
    fx_close();
}

static void age_cluster(const char *id, struct json *resource, void *payload)
{
    char at[TIME_SIZE];

    (void)id;
    (void)payload;
    time_iso7(at, wall_ms() - 25 * 3600 * 1000LL);
    if (json_get(resource, "properties.cloudId"))
        json_set_str(json_edit(json_get(resource, "properties")), "lastSyncTimestamp", at);
}

static void a_day_without_sync_shows(void **state)
{
    (void)state;
    ready();
    assert_int_equal(post("register", "node1", REGISTER), 200);
    world_each(fx_world, "/", age_cluster, NULL);
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    assert_string_equal(fx_str("properties.status"), "NotConnectedRecently");
    assert_int_equal(post("sync", "node1", SYNC("node1")), 200);
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    assert_string_equal(fx_str("properties.status"), "ConnectedRecently");
    fx_close();
}

int test_sandbox_dataplane(void);
int test_sandbox_dataplane(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_needs_no_token),
        cmocka_unit_test(a_registration_shows_in_the_cluster),
        cmocka_unit_test(a_sync_adds_its_node),
        cmocka_unit_test(a_census_without_a_node_takes_its_machine),
        cmocka_unit_test(only_the_cluster_s_machines_may_speak),
        cmocka_unit_test(the_cluster_s_application_speaks_for_its_nodes),
        cmocka_unit_test(a_client_s_application_needs_its_permissions),
        cmocka_unit_test(bad_calls_change_nothing),
        cmocka_unit_test(a_machine_of_another_cluster_is_refused),
        cmocka_unit_test(a_day_without_sync_shows),
    };

    return TEST_GROUP("sandbox/dataplane", tests);
}
