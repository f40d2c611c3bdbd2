/* What is already there, and what is asked: register-flow.md 2.3, and each code of 3.3 that can be
 * reached before anything is changed. */
#include "config.h"

#include "op/steps.h"

#include "testing.h"

#define C OP_A_CHECK

/* Facts of what was found -> the way. op_input cannot be set by these rows: see the runs below. */
static void found(void **state)
{
    static const struct told rows[] = {
        { "ready", C, "cluster.state=absent;settings.state=absent", 0, NULL, OP_DONE, 0,
          "way=make" },
        { "ready", C, "stored.uri=x;cluster.state=present;settings.state=present", 0, NULL, OP_DONE,
          0, "way=make" },
        { "ready", C, "stored.uri=x;cluster.state=absent;settings.state=absent", 0, NULL, OP_DONE,
          0, "way=make" },
        { "ready", C,
          "stored.uri=x;stored.status=Registered;cluster.state=present;settings.state=present", 0,
          NULL, OP_DONE, 0, "way=look" },
        { "ready", C,
          "stored.uri=x;stored.status=Registered;cluster.state=present;settings.state=absent", 0,
          NULL, OP_DONE, 0, "way=make" },
        { "ready", C,
          "stored.uri=x;stored.status=Registered;cluster.state=absent;settings.state=absent", 0,
          NULL, OP_FAILED, 9106, "way=" },
        { "ready", C, "stored.status=Registered;cluster.state=present;settings.state=present", 0,
          NULL, OP_FAILED, 9107, "way=" },
        { "ready", C, "cluster.state=absent;provider-hci.locations=Japan East", 0, NULL, OP_FAILED,
          9108, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

/* ---- whole runs ---- */

static struct op_run *run_with(struct fx *fx, const char *inputs, enum op_run_state expected)
{
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;
    enum op_run_state s;

    if (str_ifind(inputs, "repair"))
        json_set_str(in, "repair", "1");
    if (str_ifind(inputs, "recreate"))
        json_set_str(in, "recreate", "1");
    r = op_run_start(&fx->ports, &op_register, in, 0, NULL, NULL, &e);
    assert_non_null(r);
    fx_follow(fx, r);
    s = fx_run(fx, r, 8000);
    if (s != expected)
        print_message("%s: state %d: %s (%s)\n", inputs, (int)s, op_run_error(r)->message,
                      op_run_error(r)->context);
    assert_int_equal(s, expected);
    json_free(in);
    return r;
}

/* A registered cluster of n nodes with a log of its own from here. */
static struct fx *registered(int n)
{
    struct fx *fx = fx_new(n);

    op_run_free(run_with(fx, "", OP_R_DONE));
    fx_forget(fx);
    fx->made_twice = 0;
    return fx;
}

static void ends(struct fx *fx, const char *inputs, int code)
{
    struct op_run *r = run_with(fx, inputs, OP_R_FAILED);

    assert_int_equal(op_run_error(r)->code, code);
    assert_int_equal(op_run_error(r)->domain, ERR_OP);
    assert_int_equal(fx_writes(fx), 0);
    op_run_free(r);
    fx_free(fx);
}

static void nothing_to_repair(void **state)
{
    (void)state;
    ends(fx_new(2), "repair", 9101);
    ends(fx_new(2), "repair recreate", 9101);
}

static void a_vanished_resource_comes_back_only_when_asked(void **state)
{
    struct fx *fx = registered(2);

    (void)state;
    fx_delete(fx, FX_CLUSTER);
    ends(fx, "", 9106);
    fx = registered(2);
    fx_delete(fx, FX_CLUSTER);
    ends(fx, "repair", 9106);
    for (int repair = 0; repair < 2; repair++) {
        struct op_run *r;

        fx = registered(2);
        fx_delete(fx, FX_CLUSTER);
        r = run_with(fx, repair ? "repair recreate" : "recreate", OP_R_DONE);
        assert_true(fx_has(fx, FX_CLUSTER) && fx_has(fx, FX_SETTINGS));
        assert_int_equal(fx->nodes[0].calls[NODE_REGISTER], 2);
        assert_int_equal(fx_count(fx, "POST", "/reconcile"), 1);
        op_run_free(r);
        fx_free(fx);
    }
}

static void looking_changes_nothing(void **state)
{
    struct fx *fx = registered(2);
    struct op_run *r;

    (void)state;
    fx_delete(fx, FX_MACHINES "/node2"); /* whatever is missing */
    fx->nodes[1].agent_name[0] = '\0';
    r = run_with(fx, "", OP_R_DONE);
    assert_int_equal(fx_writes(fx), 0);
    assert_int_equal(fx->nodes[1].calls[NODE_AGENT_CONNECT], 1);
    assert_int_equal(fx->nodes[0].calls[NODE_REGISTER], 1);
    assert_int_equal(fx_state(r, "agent"), OP_S_SKIPPED);
    {
        struct op_step_view v[40];
        size_t n = op_run_steps(r, v, 40);

        for (size_t i = 0; i < n; i++) /* a step that was never asked took no time */
            assert_in_range(v[i].ended_at - v[i].started_at, 0, 1000);
    }
    assert_int_equal(fx_state(r, "links"), OP_S_FAILED);
    op_run_free(r);
    fx_free(fx);
}

static void repair_renews(void **state)
{
    struct fx *fx = registered(2);
    struct op_run *r;

    (void)state;
    fx_delete(fx, FX_MACHINES "/node2");
    fx->nodes[1].agent_name[0] = '\0';
    r = run_with(fx, "repair", OP_R_DONE);
    assert_int_equal(fx->nodes[1].calls[NODE_AGENT_CONNECT], 2);
    assert_int_equal(fx->nodes[0].calls[NODE_AGENT_CONNECT], 1);
    assert_int_equal(fx->nodes[0].calls[NODE_REGISTER], 2);
    assert_int_equal(fx_count(fx, "POST", "/reconcile"), 1);
    assert_int_equal(fx_count(fx, "PUT", ""), 0);
    assert_int_equal(fx->made_twice, 0);
    assert_int_equal(fx_state(r, "links"), OP_S_FOUND);
    op_run_free(r);
    fx_free(fx);
}

/* The registration was there before: undoing a repair must not take it back. */
static void undo_of_a_repair_keeps_the_registration(void **state)
{
    struct fx *fx = registered(2);
    struct op_run *r;
    struct err e = { 0 };

    (void)state;
    fx->nodes[1].connected = false;
    fx->nodes[1].fail[NODE_SYNC] = 99;
    r = run_with(fx, "repair", OP_R_FAILED);
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
    assert_int_equal(fx->nodes[0].calls[NODE_UNREGISTER], 0);
    assert_true(fx->nodes[0].registered);
    assert_true(fx_has(fx, FX_CLUSTER) && fx_has(fx, FX_SETTINGS));
    op_run_free(r);
    fx_free(fx);
}

static void arc_later_leaves_the_registration(void **state)
{
    struct fx *fx = registered(2);
    struct op_run *r;

    (void)state;
    fx_delete(fx, FX_SETTINGS);
    r = run_with(fx, "", OP_R_DONE);
    assert_true(fx_has(fx, FX_SETTINGS));
    assert_int_equal(fx_count(fx, "PUT", "/clusters/hci/arcSettings"), 1);
    assert_int_equal(fx_count(fx, "PUT", ""), 1);
    assert_int_equal(fx_count(fx, "POST", "/reconcile"), 1);
    assert_int_equal(fx->nodes[0].calls[NODE_REGISTER], 1);
    op_run_free(r);
    fx_free(fx);
}

/* The node was registered before: only that it has registered since tells what became of a lost
 * answer. */
static void a_lost_answer_in_a_repair(void **state)
{
    (void)state;
    for (int arrived = 0; arrived < 2; arrived++) {
        struct fx *fx = registered(2);
        struct op_run *r;

        fx->nodes[0].fail[NODE_REGISTER] = 1;
        fx->nodes[0].fail_unsure = true;
        fx->nodes[0].fail_effect = arrived;
        r = run_with(fx, "repair", OP_R_DONE);
        assert_int_equal(fx->nodes[0].registrations, 2);
        assert_int_equal(fx->nodes[0].calls[NODE_REGISTER], 1 + (arrived ? 1 : 2));
        op_run_free(r);
        fx_free(fx);
    }
}

static size_t cut(size_t line, bool at_send)
{
    struct fx *fx = registered(2);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;
    size_t lines;
    char id[80];

    json_set_str(in, "repair", "1");
    json_set_str(in, "recreate", "1");
    fx_delete(fx, FX_CLUSTER);
    fx->effect_at_send = at_send;
    fx->cut = line;
    r = op_run_start(&fx->ports, &op_register, in, 0, NULL, NULL, &e);
    fx_follow(fx, r);
    if (line) {
        fx_run(fx, r, 8000);
        assert_true(fx->dead);
        fx_power_on(fx);
        STR_SET(id, op_run_id(r));
        op_run_free(r);
        r = op_run_resume(&fx->ports, id, NULL, NULL, &e);
        assert_non_null(r);
    }
    assert_int_equal(fx_run(fx, r, 8000), OP_R_DONE);
    assert_int_equal(fx->made_twice, 0);
    assert_true(fx_has(fx, FX_CLUSTER) && fx_has(fx, FX_SETTINGS));
    assert_in_range(fx->nodes[0].registrations, 2, 3); /* a repeat is harmless, none is not */
    assert_true(fx->nodes[0].connected && fx->nodes[1].connected);
    lines = fx_lines(fx->journal);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
    return lines;
}

static void power_cut_in_a_repair(void **state)
{
    (void)state;
    for (int at_send = 0; at_send < 2; at_send++) {
        size_t n = cut(0, at_send);

        assert_true(n > 20);
        for (size_t line = 1; line < n; line++)
            cut(line, at_send);
    }
}

/* register-flow.md 2.11: a minute of looks, then ten times a sync and a minute. */
static void a_node_that_never_connects(void **state)
{
    struct fx *fx = fx_new(1);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    int64_t began = mono_ms();
    struct op_run *r;

    (void)state;
    fx->never_connected = true;
    r = op_run_start(&fx->ports, &op_register, in, 0, NULL, NULL, &e);
    assert_int_equal(fx_run(fx, r, 3600000), OP_R_DONE);
    assert_int_equal(fx_state(r, "arc-state"), OP_S_FAILED);
    assert_int_equal(fx_state(r, "arc-node"), OP_S_FAILED);
    assert_int_equal(fx->nodes[0].calls[NODE_SYNC], 10);
    assert_in_range(mono_ms() - began, 10 * 60000, 12 * 60000);
    json_free(in);
    op_run_free(r);
    fx_free(fx);
}

/* Nobody who gives no group is told that his is the wrong one. */
static void the_arc_group_is_that_of_the_settings(void **state)
{
    struct fx *fx = fx_new(2);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;

    (void)state;
    for (int given = 0; given < 2; given++) {
        for (int i = 0; i < 2; i++) {
            STR_SET(fx->nodes[i].uri, FX_CLUSTER);
            fx->nodes[i].registered = true;
        }
        fx_put(fx, FX_CLUSTER, "{\"id\":\"" FX_CLUSTER "\",\"location\":\"eastus\"}");
        fx_put(fx, FX_SETTINGS,
               "{\"id\":\"x\",\"properties\":{\"arcInstanceResourceGroup\":\"machines\"}}");
        if (given)
            json_set_str(in, "arcGroup", "others");
        r = op_check_start(&fx->ports, &op_register, in, NULL, NULL, &e);
        assert_int_equal(fx_run(fx, r, 3000), given ? OP_R_FAILED : OP_R_DONE);
        assert_string_equal(op_run_fact(r, "arcGroup"), given ? "others" : "machines");
        assert_int_equal(op_run_error(r)->code, given ? 9129 : 0);
        assert_int_equal(
            fx_count(fx, "GET", "/resourceGroups/machines/providers/Microsoft.HybridCompute"), 1);
        op_run_free(r);
    }
    json_free(in);
    fx_free(fx);
}

/* A run that is taken up again after it registered the cluster must not think that it only looks.
 */
static void a_run_goes_on_the_way_it_began(void **state)
{
    (void)state;
    for (int repair = 0; repair < 2; repair++) {
        struct fx *fx = repair ? registered(2) : fx_new(2);
        struct err e = { 0 };
        struct op_run *r;
        char id[80];

        fx->nodes[0].connected = fx->nodes[1].connected = false;
        fx->nodes[1].fail[NODE_SYNC] = 1;
        fx->nodes[0].fail[NODE_SYNC] = 1;
        r = run_with(fx, repair ? "repair" : "", OP_R_FAILED);
        STR_SET(id, op_run_id(r));
        op_run_free(r);
        r = op_run_resume(&fx->ports, id, NULL, NULL, &e);
        assert_non_null(r);
        assert_int_equal(fx_run(fx, r, 8000), OP_R_DONE);
        assert_string_equal(op_run_fact(r, "way"), repair ? "renew" : "make");
        assert_int_equal(fx_state(r, "register"), OP_S_DONE);
        assert_int_equal(fx->nodes[0].calls[NODE_REGISTER], 1 + repair);
        op_run_free(r);
        fx_free(fx);
    }
}

static const char *detail_of_ready(struct op_run *r)
{
    static struct op_step_view v[80];
    size_t n = op_run_steps(r, v, ARRAY_LEN(v));

    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].step->id, "ready"))
            return v[i].detail;
    return "";
}

/* Surprises 2 and 34. */
static void what_has_no_effect_is_said(void **state)
{
    struct fx *fx = fx_new(2);
    struct json *in = fx_inputs();
    struct err e = { 0 };

    (void)state;
    json_set_str(in, "stableAgent", "1");
    json_set_str(in, "certificateThumbprint", "0123456789012345678901234567890123456789");
    json_set_str(in, "arcAppId", "b7a1f9d6-0000-4000-8000-000000000001");
    for (int other = 0; other < 2; other++) {
        struct op_run *r;

        fx->nodes[0].no_msi = fx->nodes[0].certificate = other;
        fx->nodes[1].certificate = other;
        r = op_check_start(&fx->ports, &op_register, in, NULL, NULL, &e);
        assert_non_null(r);
        if (other) {
            struct secret s = { 0 };

            secret_set(&s, "s", 1);
            op_run_secret(r, &s);
            secret_clear(&s);
        }
        assert_int_equal(fx_run(fx, r, 60000), OP_R_DONE);
        assert_string_equal(op_run_fact(r, "path"), other ? "application" : "identity");
        assert_string_equal(detail_of_ready(r),
                            other ? "UseStableAgentVersion: not used by these nodes"
                                  : "CertificateThumbprint, ArcSpnCredential, "
                                    "UseStableAgentVersion: not used by these nodes");
        op_run_free(r);
    }
    json_free(in);
    fx_free(fx);
}

int test_op_op_register_decide(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found),
        cmocka_unit_test(nothing_to_repair),
        cmocka_unit_test(a_vanished_resource_comes_back_only_when_asked),
        cmocka_unit_test(looking_changes_nothing),
        cmocka_unit_test(repair_renews),
        cmocka_unit_test(what_has_no_effect_is_said),
        cmocka_unit_test(undo_of_a_repair_keeps_the_registration),
        cmocka_unit_test(arc_later_leaves_the_registration),
        cmocka_unit_test(a_lost_answer_in_a_repair),
        cmocka_unit_test(power_cut_in_a_repair),
        cmocka_unit_test(a_node_that_never_connects),
        cmocka_unit_test(the_arc_group_is_that_of_the_settings),
        cmocka_unit_test(a_run_goes_on_the_way_it_began),
    };

    return TEST_GROUP("op_register_decide", tests);
}
