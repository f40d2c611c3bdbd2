#include "config.h"

#include "op/op_unregister.h"
#include "op/steps.h"

#include "testing.h"

#define C    OP_A_CHECK
#define A    OP_A_APPLY
#define HERE "local=1;@agent=here;@agent.name=node1;@agent.group=hci-rg;arcGroup=hci-rg"
#define APP  "settings.appId=" FX_APP

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "cluster", .act = C, .method = "GET", .path = FX_CLUSTER, .api = API_CLUSTERS },
        { .step = "arc-application", .act = C },
        { .step = "arc-application",
          .act = C,
          .facts = APP,
          .method = "GET",
          .path = "/v1.0/applications(appId='" FX_APP "')",
          .query = "$select=id,appId,displayName" },
        { .step = "arc-application",
          .act = A,
          .facts = "arc-application.id=o1",
          .method = "DELETE",
          .path = "/v1.0/applications/o1" },
        { .step = "arc-clear", .act = C, .verb = "arc-status" },
        { .step = "arc-clear", .act = A, .verb = "arc-clear" },
        { .step = "arc-clear-identity", .act = A, .verb = "arc-clear" },
    };

    (void)state;
    steps_plan = &op_arc_disable;
    steps_asked(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static void answers(void **state)
{
    static const struct told rows[] = {
        { .step = "ready",
          .act = C,
          .facts = "local=0;cluster.state=present",
          .verdict = OP_FAILED,
          .code = ERR_C_ARC_NEEDS_REGISTRATION },
        { .step = "ready",
          .act = C,
          .facts = "local=1;cluster.state=absent",
          .verdict = OP_FAILED,
          .code = 9106 },
        { .step = "ready",
          .act = C,
          .facts = "local=1;cluster.state=present;stored.cloudId=a;cluster.cloudId=b",
          .verdict = OP_FAILED,
          .code = ERR_C_OTHER_RESOURCE },
        { .step = "ready",
          .act = C,
          .facts = "local=1;cluster.state=present",
          .verdict = OP_DONE,
          .after = "carried=0" },
        { .step = "cluster",
          .act = C,
          .http = 404,
          .verdict = OP_DONE,
          .after = "cluster.state=absent" },
        { .step = "cluster", .act = C, .http = 403, .verdict = OP_FAILED },
        /* the application of the Arc settings: best effort */
        { .step = "arc-application", .act = C, .verdict = OP_SKIP },
        { .step = "arc-application", .act = C, .facts = APP, .http = 404, .verdict = OP_DONE },
        { .step = "arc-application", .act = C, .facts = APP, .http = 403, .verdict = OP_SKIP },
        { .step = "arc-application",
          .act = C,
          .facts = APP,
          .http = 200,
          .body = "{\"id\":\"o1\"}",
          .verdict = OP_ABSENT,
          .after = "arc-application.id=o1" },
        { .step = "arc-application",
          .act = C,
          .facts = APP,
          .http = 500,
          .verdict = OP_FAILED,
          .code = 9011 },
        { .step = "arc-application", .act = A, .http = 204, .verdict = OP_DONE },
        { .step = "arc-application", .act = A, .http = 404, .verdict = OP_DONE },
        { .step = "arc-application", .act = A, .http = 403, .verdict = OP_FAILED, .code = 9011 },
        /* a node whose cluster still knows how nodes come to Arc has not forgotten it */
        { .step = "arc-clear",
          .act = C,
          .body = "{\"cleared\":true,\"clusterArcStatus\":\"Enabled\"}",
          .verdict = OP_ABSENT },
        { .step = "arc-clear",
          .act = C,
          .body = "{\"cleared\":false,\"clusterArcStatus\":\"Disabled\"}",
          .verdict = OP_ABSENT },
        { .step = "arc-clear",
          .act = C,
          .body = "{\"cleared\":true,\"clusterArcStatus\":\"Disabled\"}",
          .verdict = OP_DONE },
        { .step = "arc-clear", .act = C, .http = -1, .verdict = OP_FAILED },
        { .step = "arc-clear",
          .act = A,
          .facts = "@msi=0",
          .http = -1,
          .verdict = OP_FAILED,
          .code = 9117 },
    };

    (void)state;
    steps_plan = &op_arc_disable;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

struct rig {
    struct fx *fx;
    struct json *in;
    struct op_run *r;
};

static void rig_start(struct rig *g, size_t nodes)
{
    struct err e = { 0 };

    g->fx = fx_new(nodes);
    g->in = fx_inputs();
    json_set_str(g->in, "resourceName", "hci");
    json_set_str(g->in, "resourceGroupName", "hci-rg");
    json_set_str(g->in, "arcOnly", "1");
    json_set_str(g->in, "connected", "node1 node2");
    g->fx->ports.runs_dir = NULL;
    g->r = op_run_make(&g->fx->ports, &op_arc_disable, g->in, NULL, &e);
    assert_non_null(g->r);
}

static void rig_stop(struct rig *g)
{
    op_run_free(g->r);
    json_free(g->in);
    fx_free(g->fx);
}

static struct op_view at(struct rig *g, const char *step, int node)
{
    struct op_view v = { g->r, op_cell_of(g->r, step, node) };

    assert_non_null(v.cell);
    return v;
}

static bool leaves(struct rig *g, const char *msi, const char *arc)
{
    for (int i = 0; i < 2; i++) {
        struct op_view v = at(g, "leave", i);

        op_set_node_fact(&v, "agent", "here");
        op_set_node_fact(&v, "agent.name", op_node_name(&v));
        op_set_node_fact(&v, "agent.group", "hci-rg");
        op_set_fact(&v, "arcGroup", "hci-rg");
        op_set_node_fact(&v, "msi", msi);
        op_set_node_fact(&v, "arc", arc);
        op_set_fact(&v, "local", "1");
    }
    return unr_leaves(&(struct op_view){ g->r, op_cell_of(g->r, "leave", 0) }, "node1");
}

/* By certificates the machines go; by identity they carry the registration and stay, whoever
 * connected them. */
static void machines_that_carry_the_registration_stay(void **state)
{
    struct rig g;
    struct op_view v;

    (void)state;
    rig_start(&g, 2);
    assert_true(leaves(&g, "0", "Enabled"));
    v = at(&g, "arc-clear", 0);
    assert_true(v.cell->step->when(&v));
    assert_false(leaves(&g, "1", ""));
    assert_false(leaves(&g, "1", "Enabled"));
    v = at(&g, "arc-clear", 0);
    assert_false(v.cell->step->when(&v));
    v = at(&g, "arc-clear-identity", 0);
    assert_true(v.cell->step->when(&v));
    rig_stop(&g);
}

static void nodes_of_the_first_generation_have_no_arc(void **state)
{
    struct op_answer none = { 0 };
    struct err e = { 0 };
    struct rig g;
    struct op_view v;

    (void)state;
    rig_start(&g, 2);
    v = at(&g, "stored", 1);
    op_set_node_fact(&v, "first", "1");
    op_set_fact(&v, "local", "1");
    op_set_fact(&v, "cluster.state", "present");
    v = at(&g, "ready", -1);
    assert_int_equal(v.cell->step->check.read(&v, &none, &e), OP_FAILED);
    assert_int_equal(e.code, ERR_C_ARC_NOT_THERE);
    rig_stop(&g);
}

/* All that takes something away cannot be undone, and comes after the gate; the registration, the
 * certificates and the cluster resource are no step's to take. */
static void only_arc_goes(void **state)
{
    static const char *const never[] = { "unregister", "certificates", "cluster", "application",
                                         "group" };

    (void)state;
    for (size_t i = 0; i < op_arc_disable.n; i++) {
        const struct op_step *s = &op_arc_disable.steps[i];

        assert_null(s->undo.read);
        if (!s->apply.read)
            continue;
        assert_true(s->flags & OP_NO_RETURN);
        assert_int_equal(strncmp(s->after, "ready", 5), 0);
        for (size_t k = 0; k < ARRAY_LEN(never); k++)
            assert_string_not_equal(s->id, never[k]);
    }
}

/* arc-enable is the table of the registration; it refuses to register. */
static void enabling_registers_nothing(void **state)
{
    static const struct told rows[] = {
        { .step = "ready",
          .act = C,
          .facts = "path=identity;cluster.state=present;settings.state=absent",
          .verdict = OP_FAILED,
          .code = ERR_C_ARC_NEEDS_REGISTRATION },
        { .step = "ready",
          .act = C,
          .facts = "path=first-generation;cluster.state=present;stored.uri=u;stored.status="
                   "Registered;settings.state=absent",
          .verdict = OP_FAILED,
          .code = ERR_C_ARC_NOT_THERE },
        { .step = "ready",
          .act = C,
          .facts = "path=identity;cluster.state=absent;stored.uri=u;stored.status=Registered",
          .verdict = OP_FAILED,
          .code = 9106 },
        { .step = "ready",
          .act = C,
          .facts = "path=identity;cluster.state=present;stored.uri=u;stored.status=Registered;"
                   "settings.state=absent",
          .verdict = OP_DONE,
          .after = "way=make" },
        { .step = "ready",
          .act = C,
          .facts = "path=identity;cluster.state=present;stored.uri=u;stored.status=Registered;"
                   "settings.state=present",
          .verdict = OP_DONE,
          .after = "way=look" },
    };

    static const struct asked back[] = {
        { .step = "arc-mark", .act = C },
        { .step = "arc-mark", .act = A },
        { .step = "arc-mark", .act = OP_A_UNDO, .verb = "arc-clear" },
    };

    (void)state;
    assert_ptr_equal(op_arc_enable.steps, op_register.steps);
    assert_int_equal(op_arc_enable.n, op_register.n);
    for (size_t i = 0; i < op_register.n; i++)
        assert_int_equal(op_register.steps[i].plan != NULL,
                         str_eq(op_register.steps[i].id, "arc-mark"));
    assert_non_null(op_plan_find("arc-enable"));
    steps_plan = &op_arc_enable;
    steps_asked(back, ARRAY_LEN(back));
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static const struct op_step *row_of(const struct op_plan *plan, const char *id)
{
    for (size_t i = 0; i < plan->n; i++)
        if (str_eq(plan->steps[i].id, id))
            return &plan->steps[i];
    fail_msg("%s has no step %s", plan->id, id);
    return NULL;
}

/* An extension whose deletion does not end takes a quarter of an hour and is passed over (--force):
 * the step must have time for more than that one, in both plans. */
static void extensions_have_time(void **state)
{
    (void)state;
    assert_true(row_of(&op_arc_disable, "extensions")->deadline_ms > 2 * 15 * 60 * 1000);
    assert_true(row_of(&op_unregister, "extensions")->deadline_ms > 2 * 15 * 60 * 1000);
}

int test_op_op_arc_disable(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(answers),
        cmocka_unit_test(machines_that_carry_the_registration_stay),
        cmocka_unit_test(nodes_of_the_first_generation_have_no_arc),
        cmocka_unit_test(only_arc_goes),
        cmocka_unit_test(enabling_registers_nothing),
        cmocka_unit_test(extensions_have_time),
    };

    return TEST_GROUP("op_arc_disable", tests);
}
