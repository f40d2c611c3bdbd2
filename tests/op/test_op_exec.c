#include "config.h"

#include "op/toy.h"

#include "azure/arm_int.h"
#include "azure/auth_int.h"

#include "testing.h"

/* ---- refusals, lost answers, waiting ---- */

static void throttled_waits_and_repeats(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;
    struct fx_rule *rule = fx_rule(fx, "PUT", "/toy/a", 429, "{}");
    struct op_step_view v[10];
    int64_t start = mono_ms();

    (void)state;
    rule->count = 2;
    rule->retry_after_ms = 60;
    r = fx_start(fx, &toy);
    while (!strstr((op_run_steps(r, v, 10), v[0].detail), "429") && mono_ms() < start + 2000)
        loop_turn(fx->loop, 20);
    assert_string_equal(v[0].detail, "HTTP 429 from Azure; try 2 of 5 in 1 s");
    assert_int_equal(v[0].state, OP_S_RUNNING);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    assert_true(mono_ms() - start >= 120);
    assert_int_equal(fx_count(fx, "PUT", "/toy/a"), 3);
    assert_int_equal(fx_count(fx, "GET", "/toy/a"), 1);
    op_run_free(r);
    fx_free(fx);
}

static void tries_come_to_an_end(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;

    (void)state;
    fx_rule(fx, "PUT", "/toy/a", 429, "{}")->count = 99;
    r = fx_start(fx, &toy);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
    assert_int_equal(fx_count(fx, "PUT", "/toy/a"), OP_TRIES);
    assert_int_equal(op_run_error(r)->http, 429);
    assert_string_equal(op_run_error(r)->context, "a");
    op_run_free(r);
    fx_free(fx);
}

static void server_fault_is_looked_at_first(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;

    (void)state;
    fx_rule(fx, "POST", "/toy/b", 503, "{}");
    r = fx_start(fx, &toy);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    assert_int_equal(fx_count(fx, "GET", "/toy/b"), 2);
    assert_int_equal(fx_count(fx, "POST", "/toy/b"), 2);
    toy_assert_all_there(fx, 1);
    op_run_free(r);
    fx_free(fx);
}

static void permanent_refusal_stops_at_once(void **state)
{
    static const int codes[] = { 400, 403, 404, 409 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        struct fx *fx = toy_fx(2);
        struct op_run *r;

        fx_rule(fx, "POST", "/toy/b", codes[i],
                "{\"error\":{\"code\":\"Nope\",\"message\":\"no\"}}");
        fx->latency_ms = 5;
        r = fx_start(fx, &toy);
        assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
        assert_int_equal(fx_count(fx, "POST", "/toy/b"), 1);
        assert_string_equal(op_run_error(r)->remote_code, "Nope");
        assert_int_equal(fx_state(r, "n"), OP_S_DONE); /* was under way: let finish */
        assert_int_equal(fx_count(fx, "PUT", "/toy/c"), 0);
        op_run_free(r);
        fx_free(fx);
    }
}

static void lost_answer(bool had_effect)
{
    struct fx *fx = toy_fx(1);
    struct fx_rule *rule = fx_rule(fx, "POST", "/toy/b", 0, NULL);
    struct op_run *r;

    rule->lost = true;
    rule->no_effect = !had_effect;
    r = fx_start(fx, &toy);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    assert_int_equal(fx_count(fx, "POST", "/toy/b"), had_effect ? 1 : 2);
    assert_int_equal(fx_count(fx, "GET", "/toy/b"), 2);
    assert_int_equal(fx_state(r, "b"), OP_S_DONE);
    assert_int_equal(fx_journal_count(fx, "made", "b"), 1);
    toy_assert_all_there(fx, 1);
    op_run_free(r);
    fx_free(fx);
}

static void lost_answers(void **state)
{
    (void)state;
    lost_answer(true);
    lost_answer(false);
}

/* 503 to the last try: no further one is told of, it is looked whether the last one worked. */
static void the_last_try_is_followed_by_a_look(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_step_view v[16];
    struct op_run *r;
    bool looked = false;

    (void)state;
    fx_rule(fx, "POST", "/toy/b", 503, "{}")->count = 100;
    r = fx_start(fx, &toy);
    while (op_run_state(r) == OP_R_RUNNING) {
        loop_turn(fx->loop, 20);
        for (size_t i = 0, n = op_run_steps(r, v, ARRAY_LEN(v)); i < n; i++) {
            assert_null(strstr(v[i].detail, "try 6 of 5"));
            looked = looked || str_starts(v[i].detail, "The last try failed; looking");
        }
    }
    assert_int_equal(op_run_state(r), OP_R_FAILED);
    assert_true(looked);
    op_run_free(r);
    fx_free(fx);
}

static void lost_node_answer(void **state)
{
    struct fx *fx = toy_fx(2);
    struct op_run *r;

    (void)state;
    fx->nodes[1].fail[NODE_AGENT_CONNECT] = 1;
    fx->nodes[1].fail_unsure = fx->nodes[1].fail_effect = true;
    r = fx_start(fx, &toy);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    assert_int_equal(fx->nodes[1].calls[NODE_AGENT_CONNECT], 1);
    assert_int_equal(fx->nodes[1].calls[NODE_AGENT_SHOW], 2);
    assert_int_equal(fx_journal_count(fx, "made", "n"), 2);
    op_run_free(r);
    fx_free(fx);
}

static void node_failure_names_the_node(void **state)
{
    struct fx *fx = toy_fx(2);
    struct op_run *r;

    (void)state;
    fx->nodes[1].fail[NODE_AGENT_CONNECT] = 1;
    r = fx_start(fx, &toy);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
    assert_int_equal(op_run_error(r)->domain, ERR_NODE);
    assert_int_equal(op_run_error(r)->code, 42);
    assert_non_null(strstr(op_run_error(r)->context, "node2"));
    op_run_free(r);
    fx_free(fx);
}

/* A step that says itself what it did names the node all the same. */
static void node_failure_with_own_words_names_the_node(void **state)
{
    struct fx *fx = toy_fx(2);
    struct op_run *r;

    (void)state;
    fx->nodes[1].fail[NODE_AGENT_SHOW] = 100;
    r = fx_start(fx, &op_register);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
    assert_string_equal(op_run_error(r)->context, "node2: asking the node's Arc agent");
    op_run_free(r);
    fx_free(fx);
}

static void waits_for_sign_in(void **state)
{
    struct fx *fx = toy_fx(2);
    struct op_run *r;

    (void)state;
    fx->latency_ms = 5;
    r = fx_start(fx, &toy);
    while (!fx_has(fx, "/toy/a"))
        loop_turn(fx->loop, 20);
    fx->signed_out = true;
    assert_int_equal(fx_run(fx, r, 3000), OP_R_WAIT_SIGN_IN);
    assert_int_equal(op_run_error(r)->http, 401);
    for (int i = 0; i < 5; i++)
        loop_turn(fx->loop, 10);
    assert_int_equal(op_run_state(r), OP_R_WAIT_SIGN_IN);
    assert_int_equal(auth_view(fx->auth)->state, AUTH_FAILED); /* whoever looks sees why */
    fx->signed_out = false;
    fx_sign_in(fx);
    op_run_poke(r);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    assert_false(err_is(op_run_error(r)));
    toy_assert_all_there(fx, 2);
    assert_true(fx_journal_count(fx, "signin", "") >= 1);
    op_run_free(r);
    fx_free(fx);
}

/* An Arc agent's challenge is a 401; when it breaks off, nobody has to sign in for that. */
static void a_node_that_says_401_is_no_lost_sign_in(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;

    (void)state;
    fx->nodes[0].fail[NODE_AGENT_SHOW] = 1;
    fx->nodes[0].fail_http = 401;
    r = fx_start(fx, &op_register);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
    assert_int_equal(op_run_error(r)->domain, ERR_NODE);
    op_run_free(r);
    fx_free(fx);
}

static void signed_out_from_the_start(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;

    (void)state;
    auth_sign_out(fx->auth);
    r = fx_start(fx, &toy);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_WAIT_SIGN_IN);
    assert_int_equal(op_run_error(r)->code, ERR_C_NOT_SIGNED_IN);
    assert_int_equal(fx->n_log, 0);
    op_run_stop(r);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_STOPPED);
    op_run_free(r);
    fx_free(fx);
}

/* Has each request that is under way been refused once? */
static bool all_renewed(const struct op_run *r)
{
    for (size_t i = 0; i < r->n_cells; i++)
        if (r->cells[i].arm && !(r->cells[i].arm->renewed && r->cells[i].arm->http))
            return false;
    return true;
}

/* Somebody signs in while requests with the old token are still under way: their 401 must not make
 * the run wait again. */
static void late_refusals_do_not_count(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;
    struct op_cell *late;

    (void)state;
    fx->latency_ms = 60;
    r = fx_start(fx, &toy);
    while (fx->in_flight < 2)
        loop_turn(fx->loop, 20);
    late = op_cell_of(r, "pre", -1);
    assert_int_equal(late->phase, OP_P_FLIGHT);
    r->held = OP_R_RUNNING;
    r->state = OP_R_WAIT_SIGN_IN;
    op_run_poke(r);
    fx->signed_out = true;
    while (!all_renewed(r))
        loop_turn(fx->loop, 20);
    fx->auth->signins++;
    while (late->phase == OP_P_FLIGHT && late->epoch == 0)
        loop_turn(fx->loop, 20);
    assert_true(late->epoch == 1 || late->phase == OP_P_IDLE);
    assert_int_not_equal(op_run_state(r), OP_R_WAIT_SIGN_IN);
    fx->signed_out = false;
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    op_run_free(r);
    fx_free(fx);
}

static void checks_do_not_wait_for_sign_in(void **state)
{
    struct fx *fx = toy_fx(1);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;

    (void)state;
    auth_sign_out(fx->auth);
    r = op_check_start(&fx->ports, &toy, in, NULL, NULL, &e);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
    assert_int_equal(op_run_error(r)->code, ERR_C_NOT_SIGNED_IN);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

static void stops_after_what_is_under_way(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_summary sum;
    struct op_run *r;
    struct err e = { 0 };

    (void)state;
    fx->latency_ms = 5;
    r = fx_start(fx, &toy);
    while (!fx_count(fx, "PUT", "/toy/a"))
        loop_turn(fx->loop, 20);
    op_run_stop(r);
    assert_int_equal(op_run_state(r), OP_R_STOPPING);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_STOPPED);
    assert_true(fx_has(fx, "/toy/a"));
    assert_int_equal(fx_state(r, "a"), OP_S_DONE);
    assert_int_equal(fx_count(fx, "POST", "/toy/b"), 0);
    assert_int_equal(op_summary(fx->runs, op_run_id(r), &sum, &e), 0);
    assert_string_equal(sum.state, "stopped");
    op_run_free(r);
    r = toy_resume(fx, &e);
    assert_non_null(r);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    toy_assert_all_there(fx, 1);
    op_run_free(r);
    fx_free(fx);
}

/* ---- a step that only looks, and waits for others ---- */

static int looks;

static void ask_nobody(const struct op_view *v, struct op_need *n)
{
    (void)v;
    (void)n;
}

/* Its address is known at the first look, changes at the fourth, and goes with the seventh. */
static enum op_verdict read_waiting(struct op_view *v, const struct op_answer *a, struct err *e)
{
    (void)a;
    (void)e;
    looks++;
    op_set_fact(v, "page", looks < 4 ? "one" : looks < 7 ? "two" : "");
    return looks < 7 ? OP_RUNNING : OP_DONE;
}

static bool note_page(const struct journal_rec *rec, void *payload)
{
    struct str *out = payload;
    const char *page = json_value_str(json_member(rec->facts, "page"));

    if (str_eq(rec->step, "wait") && page)
        str_addf(out, "%s=%s ", rec->event, page);
    return true;
}

/* Who reads the journal of a core that was killed learns what it waited for, and each look is no
 * line of its own. */
static void what_is_waited_for_is_journaled(void **state)
{
    static const struct op_step steps[] = {
        { .id = "wait", .title = "wait", .check = { ask_nobody, read_waiting }, .delay_ms = 1 }
    };
    static const struct op_plan waiting = {
        .id = "toy", .title = "toy", .steps = steps, .n = ARRAY_LEN(steps)
    };
    struct fx *fx = toy_fx(1);
    struct str seen = STR_INIT;
    struct err e = { 0 };
    struct op_run *r;

    (void)state;
    looks = 0;
    r = fx_start(fx, &waiting);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    assert_int_equal(journal_read(fx->runs, op_run_id(r), note_page, &seen, &e), 0);
    assert_string_equal(str_p(&seen), "note=one note=two found= ");
    str_free(&seen);
    op_run_free(r);
    fx_free(fx);
}

int test_op_op_exec(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(throttled_waits_and_repeats),
        cmocka_unit_test(tries_come_to_an_end),
        cmocka_unit_test(server_fault_is_looked_at_first),
        cmocka_unit_test(permanent_refusal_stops_at_once),
        cmocka_unit_test(lost_answers),
        cmocka_unit_test(the_last_try_is_followed_by_a_look),
        cmocka_unit_test(lost_node_answer),
        cmocka_unit_test(node_failure_names_the_node),
        cmocka_unit_test(node_failure_with_own_words_names_the_node),
        cmocka_unit_test(waits_for_sign_in),
        cmocka_unit_test(a_node_that_says_401_is_no_lost_sign_in),
        cmocka_unit_test(signed_out_from_the_start),
        cmocka_unit_test(late_refusals_do_not_count),
        cmocka_unit_test(checks_do_not_wait_for_sign_in),
        cmocka_unit_test(stops_after_what_is_under_way),
        cmocka_unit_test(what_is_waited_for_is_journaled),
    };

    return TEST_GROUP("op_exec", tests);
}
