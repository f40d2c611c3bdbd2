#include "config.h"

#include "op/steps.h"

#include "testing.h"

#define C OP_A_CHECK
#define A OP_A_APPLY
#define U OP_A_UNDO
#define AGENT(sub, group, tenant, status)                                                          \
    "{\"installed\":true,\"resourceName\":\"node1\",\"subscriptionId\":\"" sub                     \
    "\",\"ResourceGroup\":\"" group "\",\"tenantId\":\"" tenant "\",\"status\":\"" status "\"}"
#define IN(cloud) "Connected\",\"cloud\":\"" cloud
#define STATUS(reg, con, uri)                                                                      \
    "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"" reg                               \
    "\",\"ConnectionStatus\":\"" con "\",\"AzureResourceUri\":\"" uri "\"}"
#define MACHINE(name, parent)                                                                      \
    "{\"name\":\"" name "\",\"properties\":{\"parentClusterResourceId\":\"" parent "\"}}"
#define OURS "@uri=" FX_CLUSTER ";@registration=Registered"
/* registered and Connected before this run, which brings the Arc settings */
#define LATER OURS ";@connection=Connected;stored.status=Registered;path=identity"

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "inputs", .act = C },
        { .step = "facts", .act = C, .verb = "facts" },
        { .step = "stored", .act = C, .verb = "status" },
        { .step = "agent-place", .act = C, .verb = "agent-show" },
        { .step = "machine-place",
          .act = C,
          .method = "GET",
          .path = FX_MACHINES,
          .api = API_MACHINES },
        { .step = "ready", .act = C },
        { .step = "agent", .act = C },
        { .step = "agent", .act = C, .facts = "!tries", .verb = "agent-show" },
        { .step = "agent",
          .act = A,
          .facts = "run.correlation=g",
          .verb = "agent-connect",
          .body = "{\"subscriptionId\":\"" FX_SUB
                  "\",\"resourceGroup\":\"hci-rg\",\"tenantId\":\"" FX_TENANT
                  "\",\"location\":\"eastus\",\"cloud\":\"TestCloud\",\"correlationId\":\"g\","
                  "\"resourceName\":\"node1\"}" },
        { .step = "agent", .act = U, .verb = "agent-disconnect" },
        { .step = "register", .act = C },
        { .step = "register", .act = C, .facts = "!tries", .verb = "status" },
        { .step = "register",
          .act = A,
          .facts = "cluster.serviceEndpoint=https://dp;cluster.cloudId=c",
          .verb = "register",
          .body = "{\"serviceEndpoint\":\"https://dp\",\"billingServiceApiScope\":\"https://"
                  "usage.test/.default\",\"cloudId\":\"c\","
                  "\"subscriptionId\":\"" FX_SUB "\",\"tenantId\":\"" FX_TENANT
                  "\",\"resourceName\":\"hci\",\"providerNamespace\":\"Microsoft.AzureStackHCI\","
                  "\"resourceArmId\":\"" FX_CLUSTER
                  "\",\"region\":\"eastus\",\"clusterNodes\":[\"node1\",\"node2\"]}" },
        { .step = "register", .act = U, .verb = "unregister" },
        { .step = "sync", .act = C, .verb = "status" },
        { .step = "sync", .act = C, .facts = OURS ";@connection=Connected" },
        { .step = "sync", .act = A, .verb = "sync" },
        { .step = "links", .act = C, .method = "GET", .path = FX_MACHINES, .api = API_MACHINES },
        { .step = "links",
          .act = C,
          .facts = "parent.node1=" FX_CLUSTER ";parent.node2=" FX_CLUSTER },
    };

    (void)state;
    steps_asked(rows, ARRAY_LEN(rows));
}

static void answers_before(void **state)
{
    static const struct told rows[] = {
        { "inputs", C, NULL, 0, NULL, OP_DONE, 0,
          "region=eastus;name=hci;group=hci-rg;cluster.id=" FX_CLUSTER
          ";settings.id=" FX_SETTINGS },
        { "facts", C, NULL, 0, "{\"msiCapable\":true}", OP_DONE, 0, "@msi=1;@old=0" },
        { "facts", C, NULL, 0, "{\"msiCapable\":false,\"osBuild\":17784}", OP_DONE, 0,
          "@msi=0;@old=0" },
        { "facts", C, NULL, 0, "{\"msiCapable\":false,\"osBuild\":17783}", OP_DONE, 0,
          "@msi=0;@old=1" },
        { "facts", C, NULL, 0, "{}", OP_DONE, 0, "@msi=0;@old=0" },
        { "facts", C, NULL, -1, NULL, OP_FAILED, 0, NULL },
        { "stored", C, NULL, 0, "{\"ClusterStatus\":\"NotYet\"}", OP_FAILED, 9102, NULL },
        { "stored", C, NULL, 0,
          "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"NotYet\",\"AzureResourceUri\":"
          "null}",
          OP_DONE, 0, "@registration=NotYet;@uri=;stored.status=" },
        { "stored", C, NULL, 0,
          STATUS("Registered", "Connected",
                 "/SUBSCRIPTIONS/" FX_SUB
                 "/resourcegroups/HCI-RG/providers/microsoft.azurestackhci/Clusters/HCI"),
          OP_DONE, 0, "stored.status=Registered;@connection=Connected" },
        { "stored", C, NULL, 0, STATUS("OutOfPolicy", "", FX_CLUSTER), OP_DONE, 0,
          "stored.status=" },
        { "stored", C, NULL, 0,
          STATUS("Registered", "",
                 "/subscriptions/" FX_SUB
                 "/resourceGroups/hci-rg/providers/Microsoft.Compute/virtualMachines/hci"),
          OP_FAILED, 9107, NULL },
        { "stored", C, NULL, 0, "{\"ClusterStatus\":\"OutOfPolicy\"}", OP_FAILED, 9102, NULL },
        { "stored", C, NULL, -1, NULL, OP_FAILED, 0, NULL },
        { "agent-place", C, NULL, 0, "{\"installed\":false}", OP_FAILED, ERR_C_NOT_FOUND, NULL },
        { "agent-place", C, NULL, 0, "{\"installed\":true,\"status\":\"Disconnected\"}", OP_DONE, 0,
          "@agent=none" },
        { "agent-place", C, NULL, 0, AGENT(FX_SUB, "HCI-RG", FX_TENANT, "Connected"), OP_DONE, 0,
          "@agent=here;@agent.name=node1" },
        { "agent-place", C, NULL, 0, AGENT(FX_SUB, "HCI-RG", "", "Connected"), OP_DONE, 0,
          "@agent=here" },
        { "agent-place", C, NULL, 0, AGENT(FX_SUB, "hci-rg", FX_TENANT, "Expired"), OP_DONE, 0,
          "@agent=none" },
        { "agent-place", C, NULL, 0, AGENT(FX_SUB, "other", FX_TENANT, "Disconnected"), OP_FAILED,
          ERR_C_ELSEWHERE, NULL },
        { "agent-place", C, NULL, 0, AGENT(FX_SUB, "hci-rg", FX_TENANT, IN("AzureChinaCloud")),
          OP_FAILED, ERR_C_OTHER_CLOUD, NULL },
        { "agent-place", C, NULL, 0, AGENT(FX_SUB, "hci-rg", FX_TENANT, IN("testcloud")), OP_DONE,
          0, "@agent=here" },
        { "machine-place", C, NULL, 404, "{}", OP_DONE, 0, "parent.node1=" },
        { "machine-place", C, NULL, 200, "{\"value\":[]}", OP_DONE, 0, "parent.node1=" },
        { "machine-place", C, NULL, 200, "{\"value\":[" MACHINE("NODE1", FX_CLUSTER) "]}", OP_DONE,
          0, "parent.node1=" FX_CLUSTER ";parent.node2=" },
        { "machine-place", C, NULL, 200,
          "{\"value\":[" MACHINE("node2", "/subscriptions/x/other") "]}", OP_FAILED, 9105, NULL },
        { "machine-place", C, NULL, 200, /* each node counts, not only the last */
          "{\"value\":[" MACHINE("node1", "/subscriptions/x/other") "," MACHINE("node2", "") "]}",
          OP_FAILED, 9105, NULL },
        { "machine-place", C, NULL, 200,
          "{\"value\":[" MACHINE("node20", "/subscriptions/x/other") "]}", OP_DONE, 0, NULL },
        { "machine-place", C, NULL, 403, "{}", OP_FAILED, 0, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

static void answers_after(void **state)
{
    static const struct told rows[] = {
        { "agent", C, "@agent=here", 0, NULL, OP_DONE, 0, NULL },
        { "agent", C, "@agent=none", 0, NULL, OP_ABSENT, 0, NULL },
        { "agent", C, "!tries", 0, AGENT(FX_SUB, "hci-rg", FX_TENANT, "Connected"), OP_DONE, 0,
          "@agent=here" },
        { "agent", C, "!tries", 0, AGENT(FX_SUB, "other", FX_TENANT, "Connected"), OP_FAILED,
          ERR_C_ELSEWHERE, NULL },
        { "agent", A, NULL, 0, "{}", OP_DONE, 0, "@agent=here;@agent.name=node1" },
        { "agent", A, NULL, -1, NULL, OP_FAILED, 42, NULL },
        { "agent", U, NULL, 0, "{}", OP_DONE, 0, NULL },
        { "agent", U, NULL, -1, NULL, OP_FAILED, 0, NULL },
        { "register", C, NULL, 0, NULL, OP_ABSENT, 0, NULL },
        { "register", C, OURS, 0, NULL, OP_DONE, 0, NULL },
        { "register", C, "!tries", 0, STATUS("Registered", "", FX_CLUSTER), OP_DONE, 0, NULL },
        { "register", C, "!tries", 0, STATUS("NotYet", "", ""), OP_ABSENT, 0, NULL },
        { "register", A, NULL, 0, "{}", OP_DONE, 0, "@registration=Registered;@uri=" FX_CLUSTER },
        { "register", A, NULL, -1, NULL, OP_FAILED, 9144, NULL },
        { "register", U, NULL, 0, "{}", OP_DONE, 0, NULL },
        { "sync", C, NULL, 0, STATUS("Registered", "Connected", FX_CLUSTER), OP_DONE, 0, NULL },
        { "sync", C, NULL, 0, STATUS("Registered", "", FX_CLUSTER), OP_ABSENT, 9123, NULL },
        { "sync", C, LATER, 0, NULL, OP_ABSENT, 0, NULL },
        { "sync", C, LATER ";@registeredAt=now", 0, NULL, OP_DONE, 0, NULL },
        { "sync", C, LATER ";parent.node1=" FX_CLUSTER, 0, NULL, OP_DONE, 0, NULL },
        { "sync", C, LATER ";machines.hidden=1", 0, NULL, OP_DONE, 0, NULL },
        /* tried is not done: a sync that failed is owed still */
        { "sync", C, LATER ";!tries", 0, STATUS("Registered", "Connected", FX_CLUSTER), OP_ABSENT,
          0, NULL },
        { "sync", C, LATER ";!tries;@synced=1", 0, STATUS("Registered", "Connected", FX_CLUSTER),
          OP_DONE, 0, NULL },
        { "sync", A, NULL, 0, "{\"lastSync\":\"2026-11-21T09:00:00Z\"}", OP_ABSENT, 0,
          "@synced=1" },
        { "sync", A, NULL, -1, NULL, OP_FAILED, 0, NULL },
        { "links", C, NULL, 200,
          "{\"value\":[" MACHINE("node1", FX_CLUSTER) "," MACHINE("NODE2", FX_CLUSTER) "]}",
          OP_DONE, 0, NULL },
        { "links", C, "@agent.name=other", 200,
          "{\"value\":[" MACHINE("other", FX_CLUSTER) "," MACHINE("NODE2", FX_CLUSTER) "]}",
          OP_RUNNING, 0, NULL },
        { "links", C, NULL, 200, "{\"value\":[" MACHINE("node1", FX_CLUSTER) "]}", OP_RUNNING, 9123,
          NULL },
        { "links", C, NULL, 404, "{}", OP_RUNNING, 9123, NULL },
        { "links", C, "machines.hidden=no machines", 0, NULL, OP_SKIP, 0, NULL },
        { "links", C, "rights.subscription= Microsoft.HybridCompute/machines/read ;rights.group=-",
          0, NULL, OP_SKIP, 0, NULL },
        { "links", C, NULL, 403, "{}", OP_FAILED, 0, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

/* Surprise 33: a full name is one already, and nothing is appended to a short one. */
static void names_stay_as_they_are(void **state)
{
    static const char *const names[] = { "node1.corp.example", "node2" };
    struct fx *fx = fx_new(2);
    struct op_run *r;

    (void)state;
    STR_SET(fx->nodes[0].base.name, names[0]);
    r = fx_start(fx, &op_register);
    assert_int_equal(fx_run(fx, r, 600000), OP_R_DONE);
    for (int i = 0; i < 2; i++) {
        char path[400];

        assert_string_equal(fx->nodes[i].agent_name, names[i]);
        str_fmt(path, sizeof path, FX_MACHINES "/%s", names[i]);
        assert_true(fx_has(fx, path));
    }
    op_run_free(r);
    fx_free(fx);
}

int test_op_op_register_nodes(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(answers_before),
        cmocka_unit_test(answers_after),
        cmocka_unit_test(names_stay_as_they_are),
    };

    return TEST_GROUP("op_register_nodes", tests);
}
