/* What is found out before the first deletion: rights, others on the cluster, nodes that do not
 * agree, locks by their names. */
#include "config.h"

#include "op/op_unregister.h"
#include "op/steps.h"

#include "testing.h"

#define C          OP_A_CHECK
#define A          OP_A_APPLY
#define SUB        "/subscriptions/" FX_SUB
#define RIGHTS     SUB "/resourceGroups/hci-rg/providers/Microsoft.Authorization/permissions"
#define CUSTOM     "/providers/Microsoft.ExtendedLocation/customLocations"
#define THERE      SUB "/resourceGroups/there" CUSTOM "/cl"
#define HERE       FX_GROUP CUSTOM "/cl"
#define BRIDGE     FX_GROUP "/providers/Microsoft.ResourceConnector/appliances/b"
#define ALLOWED(s) "{\"value\":[{\"actions\":[" s "],\"notActions\":[]}]}"
#define RESOURCE(group, type, name, more)                                                          \
    "{\"id\":\"" group "/providers/" type "/" name "\",\"type\":\"" type "\",\"name\":\"" name     \
    "\"" more "}"
#define ON(place) ",\"extendedLocation\":{\"type\":\"CustomLocation\",\"name\":\"" place "\"}"
#define LIST(s)   "{\"value\":[" s "]}"
#define NIC       "Microsoft.AzureStackHCI/networkInterfaces"
#define LACKS_CL  "rights.group= Microsoft.AzureStackHCI/clusters/delete "

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "rights-group", .act = C, .method = "GET", .path = RIGHTS, .api = API_ROLES },
        { .step = "rights-arc-group", .act = C, .facts = "group=hci-rg" },
        { .step = "custom-locations",
          .act = C,
          .method = "GET",
          .path = SUB CUSTOM,
          .api = "2021-08-15" },
        { .step = "custom-location-holds",
          .act = C,
          .method = "GET",
          .path = SUB "/resources",
          .api = API_RESOURCES },
        /* what may not be deleted is not tried */
        { .step = "role", .act = A, .facts = "role.lacks=x" },
        { .step = "group", .act = A, .facts = "group.lacks=x;group.empty=yes" },
    };

    (void)state;
    steps_plan = &op_unregister;
    steps_asked(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static void rights(void **state)
{
    static const struct told rows[] = {
        { .step = "rights-group",
          .act = C,
          .http = 403,
          .verdict = OP_SKIP,
          .after = "rights.group=?" },
        { .step = "rights-group",
          .act = C,
          .http = 404,
          .verdict = OP_SKIP,
          .after = "rights.group=-" },
        { .step = "rights-group",
          .act = C,
          .http = 200,
          .body = "{}",
          .verdict = OP_SKIP,
          .after = "rights.group=?" },
        { .step = "rights-group", .act = C, .http = 503, .verdict = OP_FAILED },
        { .step = "rights-group",
          .act = C,
          .http = 200,
          .body = ALLOWED("\"*\""),
          .verdict = OP_DONE,
          .after = "rights.group= " },
        { .step = "ready",
          .act = C,
          .facts = "local=1;cluster.state=present;" LACKS_CL,
          .verdict = OP_FAILED,
          .code = ERR_C_RIGHTS },
        { .step = "ready",
          .act = C,
          .facts = "local=1;cluster.state=absent;" LACKS_CL,
          .verdict = OP_DONE },
        /* a group is never called empty by who may not see all that is in it */
        { .step = "ready",
          .act = C,
          .facts = "local=1;group.state=tagged;rights.group=?",
          .verdict = OP_DONE,
          .after = "group.lacks=?" },
        { .step = "ready",
          .act = C,
          .facts = "local=1;group.state=tagged;rights.group= Microsoft.AnyProvider/anything/read ",
          .verdict = OP_DONE,
          .after = "group.lacks=*/read" },
        { .step = "ready",
          .act = C,
          .facts = "local=1;role.state=present;rights.group=?",
          .verdict = OP_DONE,
          .after = "role.lacks=?" },
        { .step = "group", .act = A, .facts = "group.lacks=?", .verdict = OP_SKIP },
        { .step = "role", .act = A, .facts = "role.lacks=?", .verdict = OP_SKIP },
    };

    (void)state;
    steps_plan = &op_unregister;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static void others(void **state)
{
    static const struct told rows[] = {
        { .step = "group-holds",
          .act = C,
          .http = 200,
          .body = LIST(RESOURCE(FX_GROUP, NIC, "n1", "")),
          .verdict = OP_DONE,
          .after = "group.holders=network interface of Arc VMs n1|" },
        { .step = "group-holds",
          .act = C,
          .http = 200,
          .body =
              LIST(RESOURCE(FX_GROUP, NIC, "n1", ON(HERE)) "," RESOURCE(FX_GROUP, NIC, "n2", "")),
          .verdict = OP_DONE,
          .after = "group.holders=network interface of Arc VMs n1|network interface of Arc VMs "
                   "n2|" },
        { .step = "group-holds", /* it lives on another cluster */
          .act = C,
          .http = 200,
          .body = LIST(RESOURCE(FX_GROUP, NIC, "n1", ON(THERE))),
          .verdict = OP_DONE,
          .after = "group.holders=;group.holds=" NIC "/n1" },
        { .step = "group-holds",
          .act = C,
          .http = 200,
          .body = LIST(RESOURCE(FX_GROUP, "microsoft.resourceconnector/appliances", "b", "")),
          .verdict = OP_DONE,
          .after = "group.holders=resource bridge b|" },
        { .step = "group-holds",
          .act = C,
          .http = 200,
          .body = LIST(RESOURCE(FX_GROUP, "Microsoft.Storage/storageAccounts", "s", "")),
          .verdict = OP_DONE,
          .after = "group.holders=" },
        { .step = "group-holds",
          .act = C,
          .http = 403,
          .verdict = OP_SKIP,
          .after = "group.hidden=1" },
        { .step = "custom-locations",
          .act = C,
          .facts = "bridges=" BRIDGE "|",
          .http = 200,
          .body = LIST("{\"id\":\"" THERE "\",\"name\":\"cl\",\"properties\":{\"hostResourceId\":"
                       "\"" BRIDGE "\"}},{\"id\":\"" THERE "2\",\"name\":\"cl2\",\"properties\":{"
                       "\"hostResourceId\":\"" BRIDGE "2\"}}"),
          .verdict = OP_DONE,
          .after = "customs=" THERE "|;others.holders=custom location cl (" THERE ")|" },
        { .step = "custom-locations", .act = C, .http = 403, .verdict = OP_SKIP },
        { .step = "custom-location-holds",
          .act = C,
          .facts = "customs=" THERE "|",
          .http = 200,
          .body = LIST(RESOURCE(SUB "/resourceGroups/third", NIC, "n", ON(THERE)) "," RESOURCE(
              SUB "/resourceGroups/third", NIC, "o", ON(THERE "2"))),
          .verdict = OP_DONE,
          .after = "others.holders=network interface of Arc VMs n (" SUB
                   "/resourceGroups/third/providers/" NIC "/n)|" },
        { .step = "ready",
          .act = C,
          .facts = "local=1;cluster.state=present;group.holders=resource bridge b|",
          .verdict = OP_FAILED,
          .code = ERR_C_HOLDERS },
        { .step = "ready", /* a machine with a parent is a node */
          .act = C,
          .facts = "local=1;group.vms=n9|;machines.held=n9",
          .verdict = OP_DONE },
        { .step = "ready",
          .act = C,
          .facts = "local=1;group.vms=vm1|;machines.held=n9",
          .verdict = OP_FAILED,
          .code = ERR_C_HOLDERS },
    };

    (void)state;
    steps_plan = &op_unregister;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

/* A machine of kind HCI is an Arc VM unless it is one of the nodes, by its name or its agent's. */
static void which_machines_are_nodes(void **state)
{
#define VM(name) RESOURCE(FX_GROUP, "Microsoft.HybridCompute/machines", name, ",\"kind\":\"HCI\"")
    static const struct told rows[] = {
        { .step = "group-holds",
          .act = C,
          .facts = "*agent.name=called",
          .http = 200,
          .body = LIST(VM("NODE1") "," VM("Called") "," VM("vm1")),
          .verdict = OP_DONE,
          .after = "group.vms=vm1|" },
        { .step = "group-holds", /* of another kind: no VM of this cluster's */
          .act = C,
          .http = 200,
          .body = LIST(RESOURCE(FX_GROUP, "Microsoft.HybridCompute/machines", "server", "")),
          .verdict = OP_DONE,
          .after = "group.vms=;group.holds=Microsoft.HybridCompute/machines/server" },
        { .step = "ready", /* who may not list the machines cannot tell the two apart */
          .act = C,
          .facts = "local=1;group.vms=vm1|;machines.hidden=1",
          .verdict = OP_DONE },
    };

    (void)state;
    steps_plan = &op_unregister;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

/* A machine that may not be deleted stays, and so does the group that it stands in. */
static void machines_that_may_not_go(void **state)
{
#define LEAVING                                                                                    \
    "local=1;cluster.state=present;leaving=node1 node2;*agent=here;*agent.name=m;*msi=0;"          \
    "*arc=Enabled;settings.state=absent;"
    static const struct told rows[] = {
        { .step = "ready",
          .act = C,
          .facts = LEAVING "rights.group= ",
          .verdict = OP_DONE,
          .after = "leaves=node1 node2;group.holds=" },
        { .step = "ready",
          .act = C,
          .facts = LEAVING "rights.group= Microsoft.HybridCompute/machines/delete ",
          .verdict = OP_DONE,
          .after = "leaves=;leave.lacks=Microsoft.HybridCompute/machines/delete;group.holds="
                   "Microsoft.HybridCompute/machines/m Microsoft.HybridCompute/machines/m" },
    };

    (void)state;
    steps_plan = &op_unregister;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

/* ---- what runs under a condition ---- */

static bool when_given(const char *step, const char *name, const char *value, const char *principal)
{
    struct fx *fx = fx_new(2);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;
    struct op_view v;
    bool is;

    fx->ports.runs_dir = NULL;
    json_set_str(in, "resourceName", "hci");
    json_set_str(in, "resourceGroupName", "hci-rg");
    json_set_str(in, "arcPrincipalId", principal);
    r = op_run_make(&fx->ports, &op_unregister, in, NULL, &e);
    assert_non_null(r);
    v = (struct op_view){ r, op_cell_of(r, step, -1) };
    assert_non_null(v.cell);
    op_set_fact(&v, name, value);
    is = v.cell->step->when(&v);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
    return is;
}

static bool when(const char *step, const char *name, const char *value)
{
    return when_given(step, name, value, "");
}

/* The service's role stays while a machine of the group belongs to another cluster, or may; so do
 * those of the operator's own principal, by which that one may have come to Arc. */
static void conditions(void **state)
{
    (void)state;
    assert_true(when("role", "machines.foreign", ""));
    assert_false(when("role", "machines.foreign", "n9"));
    assert_false(when("role", "machines.hidden", "1"));
    assert_true(when("arc-role-admin", "machines.foreign", "n9"));
    assert_true(when_given("arc-role-admin", "machines.foreign", "", FX_RP));
    assert_false(when_given("arc-role-admin", "machines.foreign", "n9", FX_RP));
    assert_false(when_given("arc-role-onboarding", "machines.hidden", "1", FX_RP));
    assert_false(when("custom-locations", "bridges", ""));
    assert_true(when("custom-locations", "bridges", BRIDGE "|"));
    assert_false(when("custom-location-holds", "customs", ""));
    assert_true(when("custom-location-holds", "customs", HERE "|"));
}

/* Out of Azure Arc goes whom registration connected; never who was there before, and never whose
 * agent is connected elsewhere, in another group, under another name. By certificates Arc that is
 * enabled says the same as a journal. */
static void who_leaves(void **state)
{
    static const struct {
        const char *agent, *msi, *arc, *connected, *before;
        bool leaves;
        const char *group, *name, *settings; /* NULL: the usual */
    } rows[] = {
        { "here", "1", "", "node1", "", true, NULL, NULL, NULL },
        { "here", "1", "", "node1", "node1", false, NULL, NULL, NULL },
        { "here", "1", "", "", "", false, NULL, NULL, NULL },
        { "elsewhere", "1", "", "node1", "", false, NULL, NULL, NULL },
        { "none", "1", "", "node1", "", false, NULL, NULL, NULL },
        { "here", "0", "Enabled", "", "", true, NULL, NULL, NULL },
        { "here", "0", "Enabled", "", "node1", false, NULL, NULL, NULL },
        { "here", "0", "Disabled", "", "", false, NULL, NULL, NULL },
        { "elsewhere", "0", "Enabled", "", "", false, NULL, NULL, NULL },
        { "here", "1", "", "node1", "", true, "HCI-RG", "NODE1", NULL },
        { "here", "1", "", "node1", "", false, "mine-rg", NULL, NULL },
        { "here", "1", "", "node1", "", false, NULL, "mine", NULL },
        { "here", "0", "Disabled", "node1", "", false, "mine-rg", NULL, "absent" },
        { "here", "0", "Enabled", "", "", false, "mine-rg", NULL, "present" },
        { "here", "0", "Enabled", "", "", true, "mine-rg", NULL, "absent" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fx *fx = fx_new(2);
        struct json *in = fx_inputs();
        struct err e = { 0 };
        struct op_run *r;
        struct op_view v;

        fx->ports.runs_dir = NULL;
        json_set_str(in, "resourceName", "hci");
        json_set_str(in, "resourceGroupName", "hci-rg");
        json_set_str(in, "connected", rows[i].connected);
        json_set_str(in, "connectedBefore", rows[i].before);
        r = op_run_make(&fx->ports, &op_unregister, in, NULL, &e);
        assert_non_null(r);
        v = (struct op_view){ r, op_cell_of(r, "leave", 0) };
        op_set_fact(&v, "local", "1");
        op_set_node_fact(&v, "agent", rows[i].agent);
        op_set_node_fact(&v, "msi", rows[i].msi);
        op_set_node_fact(&v, "arc", rows[i].arc);
        op_set_fact(&v, "arcGroup", "hci-rg");
        op_set_fact(&v, "settings.state", rows[i].settings);
        op_set_node_fact(&v, "agent.group", rows[i].group ? rows[i].group : "hci-rg");
        op_set_node_fact(&v, "agent.name", rows[i].name ? rows[i].name : "node1");
        if (unr_leaves(&v, "node1") != rows[i].leaves)
            fail_msg("row %zu", i);
        op_set_fact(&v, "local", "0"); /* registered elsewhere: its agent is nobody's business */
        assert_false(unr_leaves(&v, "node1"));
        op_run_free(r);
        json_free(in);
        fx_free(fx);
    }
}

/* What two nodes have stored, and the verdict; old: an earlier sitting had begun. */
static void agree(const char *uri, const char *id, bool old, int code)
{
    struct fx *fx = fx_new(2);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_answer none = { 0 };
    struct op_run *r;
    struct op_view v, one, two;

    fx->ports.runs_dir = NULL;
    json_set_str(in, "resourceName", "hci");
    json_set_str(in, "resourceGroupName", "hci-rg");
    r = op_run_make(&fx->ports, &op_unregister, in, NULL, &e);
    assert_non_null(r);
    if (old) {
        struct json *facts = json_object(), *rec = json_object();

        json_set_str(facts, "local", "1");
        json_set(rec, "facts", facts);
        json_free(r->old_facts);
        r->old_facts = json_array();
        json_push(r->old_facts, rec);
    }
    one = (struct op_view){ r, op_cell_of(r, "stored", 0) };
    two = (struct op_view){ r, op_cell_of(r, "stored", 1) };
    v = (struct op_view){ r, op_cell_of(r, "proof", -1) };
    op_set_node_fact(&one, "uri", FX_CLUSTER);
    op_set_node_fact(&one, "cloudId", "c1");
    op_set_node_fact(&two, "uri", uri);
    op_set_node_fact(&two, "cloudId", id);
    assert_int_equal(v.cell->step->check.read(&v, &none, &e), code ? OP_FAILED : OP_DONE);
    assert_int_equal(e.code, code);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

static void nodes_that_do_not_agree(void **state)
{
    (void)state;
    agree(FX_CLUSTER, "c1", false, 0);
    agree(FX_CLUSTER, "C1", false, 0);
    agree(FX_CLUSTER, "c2", false, ERR_C_DISAGREE);
    agree("", "", false, ERR_C_DISAGREE);
    agree("", "", true, 0); /* this run took it off that node */
}

/* The core gives GUIDs; a run that is taken up has what its journal says. */
static void values_that_are_none(void **state)
{
    static const char *const rows[][3] = {
        { "subscriptionId", "prod", "The subscription id is no GUID: prod" },
        { "tenantId", "contoso", "The tenant id is no GUID: contoso" },
        { "resourceName", "a/b", "" },
        { "resourceGroupName", "a/b", "" },
    };
    struct fx *fx = fx_new(1);

    (void)state;
    fx->ports.runs_dir = NULL;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json *in = fx_inputs();
        struct op_answer none = { 0 };
        struct err e = { 0 };
        struct op_run *r;
        struct op_view v;

        json_set_str(in, "resourceName", "hci");
        json_set_str(in, "resourceGroupName", "hci-rg");
        json_set_str(in, rows[i][0], rows[i][1]);
        r = op_run_make(&fx->ports, &op_unregister, in, NULL, &e);
        assert_non_null(r);
        v = (struct op_view){ r, op_cell_of(r, "proof", -1) };
        assert_int_equal(v.cell->step->check.read(&v, &none, &e), OP_FAILED);
        assert_int_equal(e.domain, ERR_USAGE);
        if (rows[i][2][0])
            assert_string_equal(e.message, rows[i][2]);
        op_run_free(r);
        json_free(in);
    }
    fx_free(fx);
}

int test_op_op_unregister_gate(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_are_none),
        cmocka_unit_test(requests),
        cmocka_unit_test(rights),
        cmocka_unit_test(others),
        cmocka_unit_test(which_machines_are_nodes),
        cmocka_unit_test(machines_that_may_not_go),
        cmocka_unit_test(conditions),
        cmocka_unit_test(who_leaves),
        cmocka_unit_test(nodes_that_do_not_agree),
    };

    return TEST_GROUP("op_unregister_gate", tests);
}
