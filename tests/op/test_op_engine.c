#include "config.h"

#include "op/toy.h"

#include "testing.h"

/* ---- the walk ---- */

static void walks_to_the_end(void **state)
{
    struct fx *fx = toy_fx(2);
    struct op_run *r = fx_start(fx, &toy);
    struct op_node_view nodes[4];
    struct op_step_view steps[10];

    (void)state;
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    toy_assert_all_there(fx, 2);
    assert_int_equal(fx_state(r, "a"), OP_S_DONE);
    assert_int_equal(fx_state(r, "pre"), OP_S_FOUND);
    assert_int_equal(fx_state(r, "n"), OP_S_DONE);
    assert_int_equal(fx_state(r, "no"), OP_S_SKIPPED);
    assert_int_equal(fx_state(r, "soft"), OP_S_FAILED);
    assert_false(err_is(op_run_error(r)));
    assert_string_equal(op_run_fact(r, "quick"), "done");
    assert_string_equal(op_run_input(r, "region"), "East US");
    assert_true(op_run_ended(r) >= op_run_started(r));
    assert_int_equal(op_run_nodes(r, nodes, 4), 2);
    assert_string_equal(nodes[1].name, "node2");
    assert_string_equal(nodes[1].step->id, "n");
    assert_int_equal(nodes[1].state, OP_S_DONE);
    assert_int_equal(op_run_steps(r, steps, 10), toy.n);
    assert_int_equal(steps[3].nodes_done, 2);
    assert_int_equal(steps[3].nodes_total, 2);
    assert_true(steps[0].started_at && steps[0].ended_at >= steps[0].started_at);
    assert_int_equal(steps[0].tries, 1);
    assert_true(fx->changes > 0);
    assert_int_equal(fx_journal_count(fx, "open", NULL), 1);
    assert_int_equal(fx_journal_count(fx, "begin", "n"), 2);
    assert_int_equal(fx_journal_count(fx, "made", "n"), 2);
    assert_int_equal(fx_journal_count(fx, "found", "pre"), 1);
    assert_int_equal(fx_journal_count(fx, "done", ""), 1);
    op_run_free(r);
    fx_free(fx);
}

static void second_run_changes_nothing(void **state)
{
    struct fx *fx = toy_fx(2);
    struct op_run *r = fx_start(fx, &toy);

    (void)state;
    fx_run(fx, r, 3000);
    op_run_free(r);
    fx_forget(fx);
    r = fx_start(fx, &toy);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    assert_int_equal(fx_writes(fx), 0);
    assert_int_equal(fx->nodes[0].calls[NODE_AGENT_CONNECT], 1);
    assert_int_equal(fx_state(r, "a"), OP_S_FOUND);
    op_run_free(r);
    fx_free(fx);
}

static void changes_are_told_once_a_turn(void **state)
{
    struct fx *fx = toy_fx(16);
    struct op_run *r = fx_start(fx, &toy);
    int before, worst = 0;

    (void)state;
    while (op_run_state(r) == OP_R_RUNNING) {
        before = fx->changes;
        loop_turn(fx->loop, 20);
        if (fx->changes - before > worst)
            worst = fx->changes - before;
    }
    assert_int_equal(worst, 1);
    op_run_free(r);
    fx_free(fx);
}

static void waiting_costs_no_turns(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;
    uint64_t before;

    (void)state;
    fx->latency_ms = 200;
    r = fx_start(fx, &toy);
    loop_turn(fx->loop, 0);
    loop_turn(fx->loop, 0);
    loop_turn(fx->loop, 0);
    before = loop_wakeups(fx->loop);
    for (int64_t end = mono_ms() + 100; mono_ms() < end;)
        loop_turn(fx->loop, end - mono_ms());
    assert_true(loop_wakeups(fx->loop) - before <= 3);
    op_run_free(r);
    fx_free(fx);
}

static void inputs_must_be_given(void **state)
{
    struct fx *fx = toy_fx(1);
    struct json *in = json_object();
    struct err e = { 0 };

    (void)state;
    assert_null(op_run_start(&fx->ports, &toy, in, 0, NULL, NULL, &e));
    assert_int_equal(e.domain, ERR_USAGE);
    json_set_int(in, "region", 3);
    assert_null(op_run_start(&fx->ports, &toy, in, 0, NULL, NULL, &e));
    assert_int_equal(e.domain, ERR_USAGE);
    json_free(in);
    fx_free(fx);
}

static void two_runs_at_once(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r = fx_start(fx, &toy), *second;
    struct json *in = fx_inputs();
    struct err e = { 0 };

    (void)state;
    assert_null(op_run_start(&fx->ports, &toy, in, 0, NULL, NULL, &e));
    assert_int_equal(e.code, ERR_C_BUSY);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    second = op_run_start(&fx->ports, &toy, in, 0, NULL, NULL, &e);
    assert_non_null(second);
    op_run_free(second);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

/* An id has whole seconds; a script may start many runs within one. */
static void many_runs_in_a_second(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;
    char last[64] = "";

    (void)state;
    for (int i = 0; i < 8; i++) {
        r = fx_start(fx, &toy);
        assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
        assert_true(strcmp(op_run_id(r), last) > 0); /* the newest sorts last */
        STR_SET(last, op_run_id(r));
        op_run_free(r);
    }
    fx_free(fx);
}

/* ---- checks alone ---- */

static void check_mode_writes_nothing(void **state)
{
    struct fx *fx = toy_fx(2);
    struct json *in = fx_inputs(), *runs;
    struct err e = { 0 };
    struct op_run *busy = fx_start(fx, &toy), *r;

    (void)state;
    r = op_check_start(&fx->ports, &toy, in, NULL, NULL, &e); /* needs no lock */
    assert_non_null(r);
    op_run_free(busy);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    assert_int_equal(fx_writes(fx), 0);
    assert_int_equal(fx->nodes[0].calls[NODE_AGENT_CONNECT], 0);
    assert_int_equal(fx_state(r, "a"), OP_S_WAITING);
    assert_int_equal(fx_state(r, "pre"), OP_S_FOUND);
    assert_int_equal(fx_state(r, "c"), OP_S_WAITING);
    op_run_free(r);
    runs = journal_list(fx->runs, &e);
    assert_int_equal(json_len(runs), 1);
    json_free(runs);
    json_free(in);
    fx_free(fx);
}

static void check_mode_tells_every_failure(void **state)
{
    struct fx *fx = toy_fx(2);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;

    (void)state;
    fx_rule(fx, "GET", "/toy/a", 403, "{}");
    fx_rule(fx, "GET", "/toy/b", 403, "{}");
    r = op_check_start(&fx->ports, &toy, in, NULL, NULL, &e);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
    assert_int_equal(fx_state(r, "a"), OP_S_FAILED);
    assert_int_equal(fx_state(r, "b"), OP_S_FAILED);
    assert_int_equal(op_run_error(r)->http, 403);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

/* ---- several failures ---- */

static enum op_verdict read_found(struct op_view *v, const struct op_answer *a, struct err *e)
{
    (void)v;
    (void)a;
    err_set(e, ERR_OP, 9104, "in the way");
    return OP_FAILED;
}

static void told(const struct op_step *steps, size_t n, const char *words)
{
    const struct op_plan plan = { .id = "told", .title = "told", .steps = steps, .n = n };
    struct fx *fx = toy_fx(1);
    struct op_run *r;

    fx_put(fx, "/toy/third", "{}");
    fx_rule(fx, "GET", "/toy/first", 403, "{}");
    fx_rule(fx, "GET", "/toy/second", 403, "{}");
    r = fx_start(fx, &plan);
    assert_int_equal(fx_run(fx, r, 2000), OP_R_FAILED);
    assert_non_null(strstr(op_run_error(r)->context, words));
    assert_int_equal(fx_writes(fx), 0);
    op_run_free(r);
    fx_free(fx);
}

static void one_of_several_failures_is_told(void **state)
{
    /* the second has failed before the first can be asked */
    static const struct op_step later[] = {
        { .id = "first", .title = "the first", .check_needs = "third.seen", THING },
        { .id = "second", .title = "the second", THING },
        { .id = "third", .title = "the third", THING },
    };
    static const struct op_step together[] = {
        { .id = "second", .title = "the second", THING },
        { .id = "first", .title = "the first", THING },
    };
    static const struct op_step found[] = {
        { .id = "first", .title = "the first", THING },
        { .id = "way", .title = "the finding", .check = { toy_ask_get, read_found } },
        { .id = "second", .title = "the second", THING },
    };
    static const struct op_step found_later[] = {
        { .id = "first", .title = "the first", THING },
        { .id = "third", .title = "the third", THING },
        { .id = "way",
          .title = "the finding",
          .check_needs = "third.seen",
          .check = { toy_ask_get, read_found } },
    };

    (void)state;
    told(later, ARRAY_LEN(later), "the first");
    told(together, ARRAY_LEN(together), "the second");
    told(found, ARRAY_LEN(found), "the finding");
    told(found_later, ARRAY_LEN(found_later), "the finding");
}

/* ---- parallel, deadlines, faults of our own ---- */

static int64_t timed(int nodes)
{
    struct fx *fx = toy_fx(nodes);
    struct op_run *r;
    int64_t t;

    fx->latency_ms = 40;
    r = fx_start(fx, &toy);
    t = mono_ms();
    assert_int_equal(fx_run(fx, r, 5000), OP_R_DONE);
    t = mono_ms() - t;
    assert_int_equal(fx->most_nodes_in_flight, nodes);
    op_run_free(r);
    fx_free(fx);
    return t;
}

static void nodes_run_together(void **state)
{
    (void)state;
    /* check, a, (b | n), check of c, c, check of soft: six dependent answers, however many nodes */
    assert_int_equal(timed(1), 6 * 40);
    assert_int_equal(timed(16), 6 * 40);
}

static enum op_verdict read_running(struct op_view *v, const struct op_answer *a, struct err *e)
{
    (void)v;
    (void)a;
    (void)e;
    return OP_RUNNING;
}

static enum op_verdict read_done(struct op_view *v, const struct op_answer *a, struct err *e)
{
    (void)a;
    (void)e;
    op_set_fact(v, v->cell->step->id, "asked");
    return OP_DONE;
}

/* Two plans share their steps: what the other one has is not asked, not journaled, not shown, and
 * what waits for it goes on. */
static void a_step_of_the_other_plan(void **state)
{
    static const struct op_step steps[] = {
        { .id = "theirs", .title = "theirs", .plan = "two", .check = { NULL, read_done } },
        { .id = "both",
          .title = "both",
          .after = "theirs",
          .check_needs = "@after",
          .check = { NULL, read_done } }
    };
    static const struct op_plan plans[] = {
        { .id = "one", .title = "one", .steps = steps, .n = 2 },
        { .id = "two", .title = "two", .steps = steps, .n = 2 },
    };

    (void)state;
    for (int has = 0; has < 2; has++) {
        struct fx *fx = fx_new(1);
        struct op_run *r = fx_start(fx, &plans[has]);
        struct op_step_view view[2];

        assert_int_equal(fx_run(fx, r, 2000), OP_R_DONE);
        assert_string_equal(op_run_fact(r, "theirs"), has ? "asked" : "");
        assert_string_equal(op_run_fact(r, "both"), "asked");
        assert_int_equal(fx_journal_count(fx, "found", "both"), 1);
        assert_int_equal(fx_journal_count(fx, "found", "theirs"), has);
        assert_int_equal(fx_journal_count(fx, "skipped", "theirs"), 0);
        assert_int_equal(op_run_steps(r, view, 2), 1 + has);
        assert_string_equal(view[0].step->id, has ? "theirs" : "both");
        assert_int_equal(op_step_off_way(&plans[has], &steps[0], 0), !has);
        assert_false(op_step_off_way(&plans[has], &steps[1], 0));
        op_run_free(r);
        fx_free(fx);
    }
}

static void deadline_ends_a_step(void **state)
{
    static const struct op_step steps[] = { { .id = "slow",
                                              .title = "slow",
                                              .check = { NULL, read_running },
                                              .delay_ms = 10,
                                              .deadline_ms = 60 } };
    static const struct op_plan plan = { .id = "slow", .title = "slow", .steps = steps, .n = 1 };
    struct fx *fx = fx_new(1);
    struct op_run *r = fx_start(fx, &plan);

    (void)state;
    assert_int_equal(fx_run(fx, r, 2000), OP_R_FAILED);
    assert_int_equal(op_run_error(r)->code, ERR_C_DEADLINE);
    op_run_free(r);
    fx_free(fx);
}

static void checks_do_not_wait_for_others(void **state)
{
    static const struct op_step steps[] = {
        { .id = "slow", .title = "slow", .check = { NULL, read_running }, .deadline_ms = 60000 }
    };
    static const struct op_plan plan = { .id = "slow", .title = "slow", .steps = steps, .n = 1 };
    struct fx *fx = fx_new(1);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r = op_check_start(&fx->ports, &plan, in, NULL, NULL, &e);

    (void)state;
    assert_int_equal(fx_run(fx, r, 500), OP_R_DONE);
    assert_int_equal(fx_state(r, "slow"), OP_S_WAITING);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

static void a_stuck_plan_fails(void **state)
{
    static const struct op_step steps[] = {
        { .id = "stuck", .title = "stuck", .check_needs = "never.known", THING }
    };
    static const struct op_plan plan = { .id = "stuck", .title = "stuck", .steps = steps, .n = 1 };
    struct fx *fx = fx_new(1);
    struct op_run *r = fx_start(fx, &plan);

    (void)state;
    assert_int_equal(fx_run(fx, r, 2000), OP_R_FAILED);
    assert_non_null(strstr(op_run_error(r)->message, "stuck"));
    op_run_free(r);
    fx_free(fx);
}

static void freed_in_the_middle(void **state)
{
    (void)state;
    for (int turns = 0; turns < 12; turns++) {
        struct fx *fx = toy_fx(3);
        struct op_run *r;

        fx->latency_ms = turns % 3;
        r = fx_start(fx, &toy);
        for (int i = 0; i < turns; i++)
            loop_turn(fx->loop, 20);
        op_run_free(r);
        for (int i = 0; i < 3; i++)
            loop_turn(fx->loop, 0);
        assert_int_equal(fx->in_flight, 0);
        assert_int_equal(fx->nodes_in_flight, 0);
        fx_free(fx);
    }
}

int test_op_op_engine(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_to_the_end),
        cmocka_unit_test(second_run_changes_nothing),
        cmocka_unit_test(changes_are_told_once_a_turn),
        cmocka_unit_test(waiting_costs_no_turns),
        cmocka_unit_test(inputs_must_be_given),
        cmocka_unit_test(two_runs_at_once),
        cmocka_unit_test(many_runs_in_a_second),
        cmocka_unit_test(check_mode_writes_nothing),
        cmocka_unit_test(check_mode_tells_every_failure),
        cmocka_unit_test(one_of_several_failures_is_told),
        cmocka_unit_test(nodes_run_together),
        cmocka_unit_test(a_step_of_the_other_plan),
        cmocka_unit_test(deadline_ends_a_step),
        cmocka_unit_test(checks_do_not_wait_for_others),
        cmocka_unit_test(a_stuck_plan_fails),
        cmocka_unit_test(freed_in_the_middle),
    };

    return TEST_GROUP("op_engine", tests);
}
