/* Every number that the Windows module knows between 9101 and 9132 (register-flow.md 3.3): how a
 * registration comes to it here, with which sentence; or why it cannot. */
#include "config.h"

#include "op/fixture.h"

#include "testing.h"

#define ID(sub, group, name)                                                                       \
    "/Subscriptions/" sub "/resourceGroups/" group                                                 \
    "/providers/Microsoft.AzureStackHCI/clusters/" name
#define OTHER_SUB "22222222-2222-3333-4444-555555555555"
#define DENIED    "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}"

typedef void bring_fn(struct fx *fx, struct json *inputs);

static void stored(struct fx *fx, const char *uri)
{
    for (size_t i = 0; i < fx->ports.n_nodes; i++) {
        fx->nodes[i].registered = true;
        STR_SET(fx->nodes[i].uri, uri);
    }
}

static void repair_of_nothing(struct fx *fx, struct json *in)
{
    (void)fx;
    json_set_str(in, "repair", "1");
}

static void no_cluster(struct fx *fx, struct json *in)
{
    (void)fx;
    json_unset(in, "clusterName");
}

static void other_region(struct fx *fx, struct json *in)
{
    (void)in;
    fx_put(fx, FX_CLUSTER, "{\"id\":\"" FX_CLUSTER "\",\"location\":\"westeurope\"}");
}

static void machine_of_another(struct fx *fx, struct json *in)
{
    (void)in;
    fx_put(fx, FX_MACHINES "/node2",
           "{\"id\":\"m\",\"name\":\"node2\",\"properties\":{\"parentClusterResourceId\":\"" ID(
               FX_SUB, "hci-rg", "zzz") "\"}}");
}

static void resource_gone(struct fx *fx, struct json *in)
{
    (void)in;
    stored(fx, FX_CLUSTER);
}

static void registered_as_something(struct fx *fx, struct json *in)
{
    (void)in;
    stored(fx, "/nonsense");
}

static void not_offered(struct fx *fx, struct json *in)
{
    (void)fx;
    json_set_str(in, "region", "japaneast");
}

static void arc_being_disabled(struct fx *fx, struct json *in)
{
    (void)in;
    fx_put(fx, FX_SETTINGS,
           "{\"id\":\"x\",\"properties\":{\"aggregateState\":\"DisableInProgress\"}}");
}

static void never_connected(struct fx *fx, struct json *in)
{
    (void)in;
    fx->never_connected = true;
}

static void other_group(struct fx *fx, struct json *in)
{
    (void)in;
    stored(fx, ID(FX_SUB, "other", "hci"));
}

static void other_name(struct fx *fx, struct json *in)
{
    (void)in;
    stored(fx, ID(FX_SUB, "hci-rg", "other"));
}

static void other_subscription(struct fx *fx, struct json *in)
{
    (void)in;
    stored(fx, ID(OTHER_SUB, "hci-rg", "hci"));
}

static void other_arc_group(struct fx *fx, struct json *in)
{
    json_set_str(in, "arcGroup", "hci-rg");
    fx_put(fx, FX_SETTINGS,
           "{\"id\":\"x\",\"properties\":{\"arcInstanceResourceGroup\":\"machines\"}}");
}

static void no_right_to_the_cluster(struct fx *fx, struct json *in)
{
    (void)in;
    fx_rule(fx, "PUT", "/clusters/hci", 403, DENIED);
}

static void no_object_id(struct fx *fx, struct json *in)
{
    (void)in;
    fx->no_rp_object = true;
    fx_rule(fx, "PATCH", "/clusters/hci", 200, "{\"id\":\"" FX_CLUSTER "\"}")->count = 99;
}

static void no_right_to_roles(struct fx *fx, struct json *in)
{
    (void)in;
    fx_rule(fx, "PUT", "/roleAssignments/", 403, DENIED);
}

/* Nodes of the path by application and certificates. */
static void by_certificates(struct fx *fx)
{
    for (size_t i = 0; i < fx->ports.n_nodes; i++)
        fx->nodes[i].no_msi = true;
}

static void fails_on_both(struct fx *fx, enum node_verb verb, int code)
{
    by_certificates(fx);
    for (size_t i = 0; i < fx->ports.n_nodes; i++) {
        fx->nodes[i].fail[verb] = 99;
        fx->nodes[i].fail_code = code;
    }
}

static void certificate_not_there(struct fx *fx, struct json *in)
{
    json_set_str(in, "certificateThumbprint", "0123456789012345678901234567890123456789");
    fails_on_both(fx, NODE_CERTIFICATE_FIND, 9109); /* the node says it: node_aad.c */
}

static void no_certificates(struct fx *fx, struct json *in)
{
    (void)in;
    fails_on_both(fx, NODE_CERTIFICATE_NEW, 0);
}

static void too_old(struct fx *fx, struct json *in)
{
    (void)in;
    by_certificates(fx);
    fx->nodes[0].old = fx->nodes[1].old = true;
}

static void no_arc_commands(struct fx *fx, struct json *in)
{
    (void)in;
    fails_on_both(fx, NODE_ARC_STATUS, 0);
}

static void arc_breaks_off(struct fx *fx, struct json *in)
{
    (void)in;
    fails_on_both(fx, NODE_ARC_ENABLE, -1);
}

static const char other_plan[] = "of an unregistration", none[] = "no such code",
                  cloud_management[] =
                      "of the cloud management service and its failover group: the "
                      "module makes them on Windows nodes that have its program. "
                      "No verb of a node asks for it, native nodes have neither";

static const struct row {
    int code;
    bring_fn *bring; /* NULL: `words` says why not here */
    const char *words;
} rows[] = {
    { 9101, repair_of_nothing, "There is nothing to repair" },
    { 9102, no_cluster, "not part of a cluster yet" },
    { 9103, NULL, none },
    { 9104, other_region, "exists already, in the region westeurope instead of eastus" },
    { 9105, machine_of_another, "belongs to another cluster already" },
    { 9106, resource_gone, "is gone from Azure" },
    { 9107, registered_as_something, "is registered as /nonsense. Unregister it first" },
    { 9108, not_offered, "is not offered in the region japaneast. Offered: East US, West Europe" },
    { 9109, certificate_not_there, "the agent failed" },
    { 9110, no_certificates, "No certificate was made on these nodes: node1, node2. the agent" },
    { 9111, too_old, "is too old to be registered (build 17784 is needed): node1, node2" },
    { 9112, no_arc_commands,
      "These nodes have no commands for Azure Arc, or did not answer: node1, node2. the agent" },
    { 9113, arc_being_disabled, "Finish unregistering it first" },
    { 9114, NULL,
      "whatever is not foreseen: here every error keeps its own number, and the event of "
      "the run is 9114 (test_op_events.c)" },
    { 9115, NULL, other_plan },
    { 9116, arc_breaks_off, "the agent failed" },
    { 9117, NULL, other_plan },
    { 9118, NULL, other_plan },
    { 9119, NULL, cloud_management },
    { 9120, NULL, cloud_management },
    { 9121, NULL, cloud_management },
    { 9122, NULL, none },
    { 9123, never_connected, "node1 is Creating in the cluster's Arc settings, not Connected" },
    { 9124, NULL, none },
    { 9125, other_group, "names the resource group other, not hci-rg" },
    { 9126, NULL, none },
    { 9127, other_name, "names the resource other, not hci" },
    { 9128, other_subscription, "names the subscription " OTHER_SUB ", not " FX_SUB },
    { 9129, other_arc_group, "name the resource group machines, not hci-rg" },
    { 9130, no_right_to_the_cluster, "no" },
    { 9131, no_object_id, "has not named the service principal" },
    { 9132, no_right_to_roles, "no" },
};

/* A run whose soft step failed is done: the step has the words. */
static const char *words_of(struct op_run *r, const char *step)
{
    static struct op_step_view v[60];
    size_t n = op_run_steps(r, v, 60);

    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].step->id, step))
            return v[i].detail;
    return "";
}

static void reach(const struct row *row)
{
    struct fx *fx = fx_new(2);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;
    const char *words;
    enum op_run_state state;

    row->bring(fx, in);
    r = op_run_start(&fx->ports, &op_register, in, 0, NULL, NULL, &e);
    assert_non_null(r);
    state = fx_run(fx, r, 3600000);
    words = state == OP_R_DONE ? words_of(r, "arc-state") : op_run_error(r)->message;
    if (!strstr(words, row->words) || (state == OP_R_FAILED && op_run_error(r)->code != row->code))
        print_message("%d: state %d code %d: %s\n", row->code, (int)state, op_run_error(r)->code,
                      words);
    assert_non_null(strstr(words, row->words));
    if (state == OP_R_FAILED)
        assert_int_equal(op_run_error(r)->code, row->code);
    else
        assert_int_equal(row->code, 9123);
    /* told before anything is made */
    if (row->code < 9130 && row->code != 9108 && row->code != 9110 && row->code != 9116 &&
        row->code != 9123)
        assert_int_equal(fx_writes(fx), 0);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

static void every_code(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LEN(rows), 9132 - 9101 + 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(rows[i].code, 9101 + (int)i);
        if (rows[i].bring)
            reach(&rows[i]);
    }
}

int test_op_op_register_codes(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code),
    };

    return TEST_GROUP("op_register_codes", tests);
}
