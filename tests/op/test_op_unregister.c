#include "config.h"

#include "op/steps.h"

#include "testing.h"

#define C           OP_A_CHECK
#define A           OP_A_APPLY
#define STORED(uri) "{\"AzureResourceUri\":\"" uri "\",\"cloudId\":\"c1\"}"
#define OTHER(sub, group, name)                                                                    \
    STORED("/subscriptions/" sub "/resourceGroups/" group                                          \
           "/providers/Microsoft.AzureStackHCI/clusters/" name)
#define HERE  "local=1;@agent=here;@agent.name=node1;@agent.group=hci-rg;arcGroup=hci-rg"
#define THERE "settings.state=present"
#define LOCKS "/subscriptions/" FX_SUB "/providers/Microsoft.Authorization/locks"
#define LOCK_AT(scope)                                                                             \
    "{\"value\":[{\"id\":\"" scope                                                                 \
    "/providers/Microsoft.Authorization/locks/l\",\"properties\":{\"level\":\"CanNotDelete\"}}]}"
#define AGENT(name, sub, cloud)                                                                    \
    "{\"resourceName\":\"" name "\",\"subscriptionId\":\"" sub                                     \
    "\",\"resourceGroup\":\"hci-rg\",\"cloud\":\"" cloud "\"}"
#define MACHINE(name, parent)                                                                      \
    "{\"name\":\"" name "\",\"properties\":{\"parentClusterResourceId\":\"" parent "\"}}"
#define EXTENSION(name, by) "{\"name\":\"" name "\",\"properties\":{\"managedBy\":\"" by "\"}}"
#define UNUSED(id, which, is, number)                                                              \
    {                                                                                              \
        .step = id, .act = which, .facts = "extensions.user=one;@msi=0", .http = 409,              \
        .body = "{\"error\":{\"code\":\"MissingSubscriptionRegistration\"}}", .verdict = is,       \
        .code = number                                                                             \
    }
#define ELSEWHERE "22222222-2222-3333-4444-555555555555"

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "stored", .act = C, .verb = "status" },
        { .step = "proof", .act = C },
        { .step = "agent-place", .act = C, .facts = "local=1", .verb = "agent-show" },
        { .step = "agent-place", .act = C, .facts = "local=0" },
        { .step = "agent-place", .act = C, .facts = "local=1;@first=1" },
        { .step = "arc-status", .act = C, .facts = "local=1;@msi=0", .verb = "arc-status" },
        { .step = "arc-status", .act = C, .facts = "local=1;@msi=1" },
        { .step = "locks", .act = C, .method = "GET", .path = LOCKS, .api = API_LOCKS },
        { .step = "machines", .act = C, .method = "GET", .path = FX_MACHINES, .api = API_MACHINES },
        { .step = "arc-settings",
          .act = A,
          .method = "DELETE",
          .path = FX_SETTINGS,
          .api = API_ARC_SETTINGS },
        { .step = "disable", .act = C },
        { .step = "disable",
          .act = C,
          .facts = "!tries",
          .method = "GET",
          .path = FX_SETTINGS,
          .api = API_ARC_SETTINGS },
        { .step = "disable",
          .act = A,
          .method = "POST",
          .path = FX_SETTINGS "/initializeDisableProcess",
          .api = API_ARC_SETTINGS },
        { .step = "extensions", .act = C },
        { .step = "extensions",
          .act = C,
          .facts = THERE,
          .method = "GET",
          .path = FX_SETTINGS "/extensions",
          .api = API_ARC_SETTINGS },
        { .step = "extensions",
          .act = A,
          .facts = "extensions.user=one two",
          .method = "DELETE",
          .path = FX_SETTINGS "/extensions/one",
          .api = API_ARC_SETTINGS },
        { .step = "leave", .act = C },
        { .step = "leave", .act = C, .facts = "!tries", .verb = "agent-show" },
        { .step = "leave", .act = A, .verb = "agent-disconnect" },
        { .step = "unregister", .act = A, .verb = "unregister" },
        { .step = "certificates", .act = C, .facts = "@msi=1" },
        { .step = "certificates", .act = C, .facts = "@msi=0", .verb = "certificate-find" },
        { .step = "certificates", .act = A, .verb = "certificate-remove" },
        { .step = "cluster",
          .act = A,
          .method = "DELETE",
          .path = FX_CLUSTER,
          .api = API_CLUSTERS },
        { .step = "role", .act = C },
        { .step = "application", .act = C },
        { .step = "application",
          .act = C,
          .facts = "cluster.appId=" FX_APP,
          .method = "GET",
          .path = "/v1.0/applications(appId='" FX_APP "')",
          .query = "$select=id,appId,displayName" },
        { .step = "application",
          .act = C,
          .facts = "cluster.appId=" FX_APP ";cluster.appObjectId=o" },
        { .step = "application",
          .act = A,
          .facts = "application.id=o1",
          .method = "DELETE",
          .path = "/v1.0/applications/o1" },
        { .step = "arc-group", .act = C },
        { .step = "group", .act = C, .method = "GET", .path = FX_GROUP, .api = API_RESOURCES },
        { .step = "group",
          .act = A,
          .method = "GET",
          .path = FX_GROUP "/resources",
          .api = API_RESOURCES },
        { .step = "group",
          .act = A,
          .facts = "group.empty=yes",
          .method = "DELETE",
          .path = FX_GROUP,
          .api = API_RESOURCES },
    };

    (void)state;
    steps_plan = &op_unregister;
    steps_asked(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static void refusals(void **state)
{
    static const struct told rows[] = {
        { .step = "stored",
          .act = C,
          .http = 0,
          .body = STORED(FX_CLUSTER),
          .verdict = OP_DONE,
          .after = "stored.uri=" FX_CLUSTER },
        { .step = "stored",
          .act = C,
          .body = STORED(""),
          .verdict = OP_DONE,
          .after = "stored.uri=" },
        { .step = "stored",
          .act = C,
          .body = OTHER(ELSEWHERE, "hci-rg", "hci"),
          .verdict = OP_FAILED,
          .code = 9128 },
        { .step = "stored",
          .act = C,
          .body = OTHER(FX_SUB, "hci-rg", "x"),
          .verdict = OP_FAILED,
          .code = 9127 },
        { .step = "stored",
          .act = C,
          .body = OTHER(FX_SUB, "x", "hci"),
          .verdict = OP_FAILED,
          .code = 9125 },
        { .step = "stored",
          .act = C,
          .body = STORED("nonsense"),
          .verdict = OP_FAILED,
          .code = ERR_C_CORRUPT },
        { .step = "agent-place",
          .act = C,
          .body = AGENT("node1", FX_SUB, "TestCloud"),
          .verdict = OP_DONE,
          .after = "@agent=here" },
        { .step = "agent-place",
          .act = C,
          .body = AGENT("node1", ELSEWHERE, "TestCloud"),
          .verdict = OP_DONE,
          .after = "@agent=elsewhere" },
        { .step = "agent-place",
          .act = C,
          .body = AGENT("", "", ""),
          .verdict = OP_DONE,
          .after = "@agent=none" },
        { .step = "agent-place",
          .act = C,
          .body = AGENT("node1", FX_SUB, "AzureChinaCloud"),
          .verdict = OP_FAILED,
          .code = ERR_C_OTHER_CLOUD },
        { .step = "locks", .act = C, .http = 200, .body = "{\"value\":[]}", .verdict = OP_DONE },
        { .step = "locks", .act = C, .http = 403, .verdict = OP_SKIP },
        { .step = "locks",
          .act = C,
          .http = 200,
          .body = LOCK_AT("/subscriptions/" FX_SUB),
          .verdict = OP_FAILED,
          .code = ERR_C_LOCKED },
        { .step = "locks",
          .act = C,
          .http = 200,
          .body = LOCK_AT(FX_GROUP),
          .verdict = OP_FAILED,
          .code = ERR_C_LOCKED },
        { .step = "locks",
          .act = C,
          .http = 200,
          .body = LOCK_AT(FX_SETTINGS),
          .verdict = OP_FAILED,
          .code = ERR_C_LOCKED },
        { .step = "locks",
          .act = C,
          .http = 200,
          .body = LOCK_AT(FX_GROUP "2"),
          .verdict = OP_DONE },
        { .step = "locks",
          .act = C,
          .http = 200,
          .body = LOCK_AT(FX_MACHINES "/other"),
          .verdict = OP_DONE },
        { .step = "ready", .act = C, .facts = "local=1;cluster.state=absent", .verdict = OP_DONE },
        { .step = "ready",
          .act = C,
          .facts = "local=0;cluster.state=absent",
          .verdict = OP_FAILED,
          .code = ERR_C_NOT_FOUND },
        { .step = "ready",
          .act = C,
          .facts = "local=1;cluster.state=present;stored.cloudId=a;cluster.cloudId=b",
          .verdict = OP_FAILED,
          .code = ERR_C_OTHER_RESOURCE },
    };

    (void)state;
    steps_plan = &op_unregister;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static void answers(void **state)
{
    static const struct told rows[] = {
        { .step = "arc-settings",
          .act = C,
          .http = 404,
          .verdict = OP_DONE,
          .after = "settings.state=absent" },
        { .step = "arc-settings", .act = A, .http = 204, .verdict = OP_DONE },
        { .step = "arc-settings", .act = A, .http = 404, .verdict = OP_DONE },
        { .step = "arc-settings",
          .act = A,
          .facts = "@msi=0",
          .http = 403,
          .verdict = OP_FAILED,
          .code = 9117 },
        { .step = "extensions",
          .act = C,
          .facts = THERE,
          .http = 200,
          .body = "{\"value\":[" EXTENSION("one", "User") "," EXTENSION("two", "Azure") "]}",
          .verdict = OP_ABSENT,
          .after = "extensions.user=one;extensions.azure=two" },
        { .step = "extensions",
          .act = C,
          .facts = THERE,
          .http = 200,
          .body = "{\"value\":[" EXTENSION("two", "Azure") "]}",
          .verdict = OP_DONE },
        { .step = "extensions",
          .act = C,
          .facts = THERE ";extensions.stuck=one",
          .http = 200,
          .body = "{\"value\":[" EXTENSION("one", "User") "]}",
          .verdict = OP_DONE },
        { .step = "extensions", .act = C, .facts = THERE, .http = -1, .verdict = OP_FAILED },
        { .step = "disable",
          .act = C,
          .facts = "!tries",
          .http = 200,
          .body = "{\"properties\":{\"aggregateState\":\"DisableInProgress\"}}",
          .verdict = OP_DONE },
        { .step = "disable",
          .act = C,
          .facts = "!tries",
          .http = 200,
          .body = "{}",
          .verdict = OP_ABSENT },
        { .step = "arc-settings",
          .act = C,
          .facts = "!tries",
          .http = 200,
          .body =
              "{\"id\":\"" FX_SETTINGS "\",\"properties\":{\"provisioningState\":\"Deleting\"}}",
          .verdict = OP_RUNNING },
        { .step = "extensions",
          .act = A,
          .facts = "extensions.user=one",
          .http = 200,
          .verdict = OP_ABSENT },
        { .step = "extensions",
          .act = A,
          .facts = "extensions.user=one;@msi=0",
          .http = 409,
          .verdict = OP_FAILED,
          .code = 9117 },
        UNUSED("arc-settings", A, OP_FAILED, 9117), /* refused, so nothing went */
        UNUSED("disable", A, OP_FAILED, 9117),
        UNUSED("extensions", A, OP_FAILED, 9117),
        UNUSED("cluster", A, OP_FAILED, 9118),
        UNUSED("role", A, OP_FAILED, 0),
        UNUSED("cluster", C, OP_DONE, 0), /* a namespace that is not in use has no resources */
        { .step = "machines",
          .act = C,
          .http = 200,
          .body =
              "{\"value\":[" MACHINE("node1", FX_CLUSTER) "," MACHINE("n9", FX_CLUSTER "2") "]}",
          .verdict = OP_DONE,
          .after = "machines.held=node1 n9;machines.foreign=n9" },
        { .step = "machines-free",
          .act = C,
          .http = 200,
          .body = "{\"value\":[" MACHINE("node1", FX_CLUSTER) "]}",
          .verdict = OP_RUNNING },
        { .step = "machines-free",
          .act = C,
          .facts = "machines.looks=...",
          .http = 200,
          .body = "{\"value\":[" MACHINE("node1", FX_CLUSTER) "]}",
          .verdict = OP_DONE },
        { .step = "leave", .act = C, .facts = HERE ";@msi=1", .verdict = OP_SKIP },
        { .step = "leave", .act = C, .facts = HERE ";@msi=0;@arc=Enabled", .verdict = OP_ABSENT },
        { .step = "leave", .act = C, .facts = HERE ";@msi=0;@arc=Disabled", .verdict = OP_SKIP },
        { .step = "leave",
          .act = C,
          .facts = "!tries",
          .body = AGENT("", "", ""),
          .verdict = OP_DONE },
        { .step = "role", .act = C, .verdict = OP_DONE, .after = "role.state=absent" },
        { .step = "role", .act = C, .http = 404, .verdict = OP_DONE },
        { .step = "role",
          .act = C,
          .http = 200,
          .body = "{}",
          .verdict = OP_ABSENT,
          .after = "role.state=present" },
        { .step = "role", .act = C, .http = 403, .verdict = OP_SKIP, .after = "role.state=unseen" },
        { .step = "role", .act = A, .http = 204, .verdict = OP_DONE },
        { .step = "role", .act = A, .http = 403, .verdict = OP_SKIP },
        { .step = "unregister", .act = C, .facts = "@uri=u", .verdict = OP_ABSENT },
        { .step = "unregister",
          .act = C,
          .facts = "@uri=u",
          .body = STORED(""),
          .verdict = OP_DONE },
        { .step = "leave", .act = A, .facts = "@msi=0", .body = "{}", .verdict = OP_DONE },
        { .step = "leave",
          .act = A,
          .facts = "@msi=0",
          .http = -1,
          .verdict = OP_FAILED,
          .code = 9117 },
        { .step = "leave",
          .act = A,
          .facts = "*msi=1",
          .http = -1,
          .verdict = OP_FAILED,
          .code = 9140 },
        { .step = "arc-status",
          .act = C,
          .body = "{\"nodeArcStatus\":\"Enabled\"}",
          .verdict = OP_DONE,
          .after = "@arc=Enabled" },
        { .step = "arc-status", .act = C, .verdict = OP_SKIP },
        { .step = "arc-status", .act = C, .http = -1, .verdict = OP_FAILED, .code = 9117 },
        { .step = "unregister", .act = A, .body = "{}", .verdict = OP_DONE },
        { .step = "unregister", .act = A, .http = -1, .verdict = OP_FAILED, .code = 9148 },
        { .step = "certificates", .act = A, .body = "{}", .verdict = OP_DONE },
        { .step = "certificates", .act = A, .http = -1, .verdict = OP_FAILED },
        { .step = "certificates", .act = C, .body = "{\"found\":true}", .verdict = OP_ABSENT },
        { .step = "certificates", .act = C, .body = "{\"found\":false}", .verdict = OP_DONE },
        { .step = "cluster",
          .act = C,
          .http = 404,
          .verdict = OP_DONE,
          .after = "cluster.state=absent" },
        { .step = "cluster", .act = A, .http = 404, .verdict = OP_DONE },
        { .step = "cluster", .act = A, .http = 409, .verdict = OP_FAILED, .code = 9118 },
        { .step = "application", .act = C, .http = 404, .verdict = OP_DONE },
        { .step = "application",
          .act = C,
          .http = 200,
          .body = "{\"id\":\"o1\",\"displayName\":\"hci\"}",
          .verdict = OP_ABSENT,
          .after = "application.id=o1" },
        { .step = "application",
          .act = C,
          .http = 200,
          .body = "{\"id\":\"o1\",\"displayName\":\"payroll\"}",
          .verdict = OP_SKIP },
        { .step = "application", .act = A, .http = 403, .verdict = OP_FAILED, .code = 9010 },
        { .step = "group",
          .act = C,
          .http = 200,
          .body = "{\"tags\":{}}",
          .verdict = OP_SKIP,
          .after = "group.state=foreign" },
        { .step = "group",
          .act = C,
          .http = 200,
          .body = "{\"tags\":{\"createdby\":\"4c02703c-f5d0-44b0-adc3-4ed5c2839e61\"}}",
          .verdict = OP_ABSENT,
          .after = "group.state=tagged" },
        { .step = "group", .act = A, .http = 200, .body = "{\"value\":[{}]}", .verdict = OP_SKIP },
        { .step = "group",
          .act = A,
          .http = 200,
          .body = "{\"value\":[]}",
          .verdict = OP_ABSENT,
          .after = "group.empty=yes" },
        { .step = "group", .act = A, .facts = "group.empty=yes", .http = 200, .verdict = OP_DONE },
    };

    (void)state;
    steps_plan = &op_unregister;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

/* Another cluster's machine in the group keeps the service's role; ours does not. */
static void who_needs_the_role(void **state)
{
    struct fx *fx = fx_new(1);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;
    struct op_view v;

    (void)state;
    fx->ports.runs_dir = NULL;
    json_set_str(in, "resourceName", "hci");
    json_set_str(in, "resourceGroupName", "hci-rg");
    r = op_run_make(&fx->ports, &op_unregister, in, NULL, &e);
    assert_non_null(r);
    v = (struct op_view){ r, op_cell_of(r, "role", -1) };
    op_set_fact(&v, "machines.foreign", "");
    assert_true(v.cell->step->when(&v));
    op_set_fact(&v, "machines.foreign", "n9");
    assert_false(v.cell->step->when(&v));
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

/* All that takes something away cannot be undone, and comes after the gate. */
static void all_is_for_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_unregister.n; i++) {
        const struct op_step *s = &op_unregister.steps[i];

        assert_null(s->undo.read);
        if (!s->apply.read)
            continue;
        assert_true(s->flags & OP_NO_RETURN);
        assert_int_equal(strncmp(s->after, "ready", 5), 0);
    }
}

int test_op_op_unregister(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),        cmocka_unit_test(refusals),
        cmocka_unit_test(answers),         cmocka_unit_test(who_needs_the_role),
        cmocka_unit_test(all_is_for_good),
    };

    return TEST_GROUP("op_unregister", tests);
}
