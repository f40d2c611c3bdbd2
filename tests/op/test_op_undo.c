#include "config.h"

#include "op/toy.h"

#include "testing.h"

/* ---- undo ---- */

static void undo_leaves_what_was_found(void **state)
{
    struct fx *fx = toy_fx(2);
    struct op_summary sum;
    struct op_run *r;
    struct err e = { 0 };

    (void)state;
    fx_rule(fx, "PUT", "/toy/c", 403, "{}");
    r = fx_start(fx, &toy);
    assert_int_equal(op_run_undo(r, &e), -1);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
    assert_int_equal(op_summary(fx->runs, op_run_id(r), &sum, &e), 0);
    assert_string_equal(sum.state, "failed");
    assert_int_equal(sum.err.http, 403);
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
    toy_assert_only_pre(fx, 2);
    assert_int_equal(fx_count(fx, "DELETE", "/toy/pre"), 0);
    assert_int_equal(fx_state(r, "a"), OP_S_UNDONE);
    assert_int_equal(fx_state(r, "pre"), OP_S_FOUND);
    assert_int_equal(op_summary(fx->runs, op_run_id(r), &sum, &e), 0);
    assert_string_equal(sum.state, "undone");
    op_run_free(r);
    assert_null(toy_resume(fx, &e));
    assert_int_equal(e.domain, ERR_USAGE);
    fx_free(fx);
}

static void undo_repeats_and_fails(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;
    struct err e = { 0 };

    (void)state;
    fx_rule(fx, "PUT", "/toy/c", 403, "{}");
    fx_rule(fx, "DELETE", "/toy/b", 503, "{}");
    fx_rule(fx, "DELETE", "/toy/a", 403, "{}");
    r = fx_start(fx, &toy);
    fx_run(fx, r, 3000);
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
    assert_false(fx_has(fx, "/toy/b"));
    assert_true(fx_has(fx, "/toy/a"));
    assert_int_equal(op_run_error(r)->http, 403);
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
    toy_assert_only_pre(fx, 1);
    op_run_free(r);
    fx_free(fx);
}

static void undo_waits_for_sign_in(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;
    struct err e = { 0 };

    (void)state;
    fx_rule(fx, "PUT", "/toy/c", 403, "{}");
    r = fx_start(fx, &toy);
    fx_run(fx, r, 3000);
    fx->signed_out = true;
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_WAIT_SIGN_IN);
    fx->signed_out = false;
    fx_sign_in(fx);
    op_run_poke(r);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
    toy_assert_only_pre(fx, 1);
    op_run_free(r);
    fx_free(fx);
}

static void power_cut_in_the_undo(void **state)
{
    (void)state;
    for (size_t more = 1; more < 6; more++) {
        struct fx *fx = toy_fx(2);
        struct op_run *r;
        struct err e = { 0 };

        fx_rule(fx, "PUT", "/toy/c", 403, "{}");
        r = fx_start(fx, &toy);
        assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
        assert_int_equal(op_run_undo(r, &e), 0);
        fx->cut = fx_lines(fx->journal) + more - 1;
        fx_run(fx, r, 3000);
        op_run_free(r);
        if (!fx->dead) {
            toy_assert_only_pre(fx, 2);
        } else {
            fx_power_on(fx);
            r = toy_resume(fx, &e);
            assert_non_null(r);
            assert_int_equal(op_run_state(r), OP_R_UNDOING);
            assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
            toy_assert_only_pre(fx, 2);
            op_run_free(r);
        }
        fx_free(fx);
    }
}

int test_op_op_undo(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undo_leaves_what_was_found),
        cmocka_unit_test(undo_repeats_and_fails),
        cmocka_unit_test(undo_waits_for_sign_in),
        cmocka_unit_test(power_cut_in_the_undo),
    };

    return TEST_GROUP("op_undo", tests);
}
