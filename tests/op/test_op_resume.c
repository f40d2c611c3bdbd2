#include "config.h"

#include "op/toy.h"

#include <signal.h>
#include <sys/resource.h>

#include "testing.h"

/* ---- the power goes at every line of the journal ---- */

static size_t full_length(bool at_send)
{
    struct fx *fx = toy_fx(2);
    struct op_run *r;
    size_t n;

    fx->effect_at_send = at_send;
    r = fx_start(fx, &toy);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    n = fx_lines(fx->journal);
    op_run_free(r);
    fx_free(fx);
    return n;
}

static struct fx *cut_at(size_t line, bool at_send)
{
    struct fx *fx = toy_fx(2);
    struct op_run *r;

    fx->effect_at_send = at_send;
    fx->cut = line;
    r = fx_start(fx, &toy);
    fx_run(fx, r, 3000);
    op_run_free(r);
    fx_power_on(fx);
    return fx;
}

static void cut_and_go_on(size_t line, bool at_send)
{
    struct fx *fx = cut_at(line, at_send);
    struct err e = { 0 };
    struct op_run *r = toy_resume(fx, &e);

    assert_non_null(r);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    toy_assert_all_there(fx, 2);
    assert_int_equal(fx_journal_count(fx, "made", "a"), 1);
    assert_int_equal(fx_journal_count(fx, "made", "b"), 1);
    assert_int_equal(fx_journal_count(fx, "made", "n"), 2);
    assert_int_equal(fx_journal_count(fx, "made", "pre"), 0);
    assert_string_equal(op_run_fact(r, "quick"), "done");
    op_run_free(r);
    fx_free(fx);
}

static void cut_and_undo(size_t line, bool at_send)
{
    struct fx *fx = cut_at(line, at_send);
    struct err e = { 0 };
    struct op_run *r = toy_resume(fx, &e);

    assert_non_null(r);
    op_run_stop(r);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_STOPPED);
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
    toy_assert_only_pre(fx, 2);
    assert_int_equal(fx->made_twice, 0);
    op_run_free(r);
    fx_free(fx);
}

static void power_cut_at_every_line(void **state)
{
    (void)state;
    for (int at_send = 0; at_send < 2; at_send++) {
        size_t n = full_length(at_send);

        assert_true(n > 14);
        for (size_t line = 1; line < n; line++)
            cut_and_go_on(line, at_send);
    }
}

static void power_cut_then_undo(void **state)
{
    (void)state;
    for (int at_send = 0; at_send < 2; at_send++) {
        size_t n = full_length(at_send);

        for (size_t line = 1; line < n; line++)
            cut_and_undo(line, at_send);
    }
}

static void full_disk_sends_nothing_more(void **state)
{
    struct fx *fx = toy_fx(1);
    struct rlimit old, small;
    struct op_run *r;
    size_t writes;

    (void)state;
    fx->latency_ms = 5;
    r = fx_start(fx, &toy);
    while (!fx_has(fx, "/toy/a"))
        loop_turn(fx->loop, 20);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 1;
    setrlimit(RLIMIT_FSIZE, &small);
    writes = fx_writes(fx);
    fx_run(fx, r, 2000);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(op_run_state(r), OP_R_FAILED);
    assert_true(op_run_error(r)->domain == ERR_SYSTEM || op_run_error(r)->domain == ERR_STORE);
    assert_int_equal(fx_writes(fx), writes);
    op_run_free(r);
    {
        struct err e = { 0 };

        r = toy_resume(fx, &e);
        assert_non_null(r);
        assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
        toy_assert_all_there(fx, 1);
        op_run_free(r);
    }
    fx_free(fx);
}

static void nodes_that_went_away(void **state)
{
    struct fx *fx = cut_at(4, false);
    struct err e = { 0 };

    struct op_summary sum;
    char id[80];

    (void)state;
    STR_SET(id, strrchr(fx->journal, '/') + 1);
    id[strlen(id) - strlen(".jsonl")] = '\0';
    assert_int_equal(op_summary(fx->runs, id, &sum, &e), 0);
    assert_string_equal(sum.state, "unfinished");
    assert_string_equal(sum.plan, "toy");
    assert_true(sum.started_at > 0 && sum.ended_at == 0 && sum.uid == 1000);
    fx->ports.n_nodes = 1;
    assert_null(toy_resume(fx, &e));
    assert_int_equal(e.code, ERR_C_NOT_FOUND);
    fx_free(fx);
}

int test_op_op_resume(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_cut_at_every_line),
        cmocka_unit_test(power_cut_then_undo),
        cmocka_unit_test(full_disk_sends_nothing_more),
        cmocka_unit_test(nodes_that_went_away),
    };

    return TEST_GROUP("op_resume", tests);
}
