#include "config.h"

#include "op/toy.h"
#include "store/journal.h"

#include <string.h>

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

/* A DELETE whose answer was lost is not sent again when the thing is gone, one under way neither;
 * who may not look deletes all the same. */
static void undo_looks_before_it_deletes(void **state)
{
    struct fx *fx = toy_fx(1);
    struct op_run *r;
    struct err e = { 0 };
    int gets;

    (void)state;
    fx_rule(fx, "PUT", "/toy/c", 403, "{}");
    fx_rule(fx, "DELETE", "/toy/b", 0, "{}")->lost = true;
    r = fx_start(fx, &toy);
    fx_run(fx, r, 3000);
    gets = fx_count(fx, "GET", "/toy/b");
    fx_rule(fx, "GET", "/toy/b", 200, "{\"properties\":{\"provisioningState\":\"Deleting\"}}");
    fx_rule(fx, "GET", "/toy/a", 403, "{}");
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
    toy_assert_only_pre(fx, 1);
    assert_int_equal(fx_count(fx, "GET", "/toy/b"), gets + 3); /* Deleting, there, gone */
    assert_int_equal(fx_count(fx, "DELETE", "/toy/b"), 1);
    assert_int_equal(fx_count(fx, "DELETE", "/toy/a"), 1);
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

/* ---- from the journal alone ---- */

/* A registration that stopped where the nodes are tied to the cluster, and its core is gone. */
static void stopped_registration(struct fx *fx, char id[80])
{
    struct op_run *r;

    fx_rule(fx, "POST", "/reconcile", 400, "{}");
    r = fx_start(fx, &op_register);
    assert_int_equal(fx_run(fx, r, 5000), OP_R_FAILED);
    str_copy(id, 80, op_run_id(r));
    op_run_free(r);
}

static const char *how_of(const struct json *told, const char *step, const char **why)
{
    JSON_EACH (w, json_member(told, "will"))
        if (str_eq(json_str(w, "step"), step)) {
            *why = json_str(w, "why");
            return json_str(w, "how");
        }
    return "";
}

static void what_goes_and_what_stays_is_told(void **state)
{
    static const struct {
        const char *step, *how, *why;
    } rows[] = {
        { "group", "delete", "only if nothing else is in it" },
        { "cluster", "delete", "" },
        { "arc-settings", "delete", "" },
        { "role", "delete", "" },
        { "agent", "delete", "" },
        { "reconcile", "delete", "looked first" },
        { "provider-hci", "keep", "not taken back" },
        { "register", "", "" },
        { "rp-object", "", "" },
    };
    struct fx *fx = fx_new(2);
    struct err e = { 0 };
    struct json *told;
    int64_t made = 0, back = 0, lost = 1;
    char id[80];

    (void)state;
    stopped_registration(fx, id);
    told = op_undo_preview(&fx->ports, id, &e);
    assert_non_null(told);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *why = "";

        assert_string_equal(how_of(told, rows[i].step, &why), rows[i].how);
        assert_non_null(strstr(why, rows[i].why));
    }
    json_int(told, "made", &made);
    json_int(told, "back", &back);
    json_int(told, "lost", &lost);
    assert_true(made > back && back >= 7); /* the agents of both nodes are two */
    assert_int_equal(lost, 0);
    json_free(told);
    fx_free(fx);
}

/* Cut off between what goes and its parts: these have gone with it, and are not looked for. */
static void parts_of_what_an_earlier_undo_took(void **state)
{
    struct fx *fx = fx_new(2);
    struct err e = { 0 };
    struct journal *j;
    struct op_run *r;
    struct json *told;
    const char *why;
    char id[80];

    (void)state;
    stopped_registration(fx, id);
    j = journal_open(fx->runs, id, &e);
    for (int i = 0; i < 3; i++) {
        struct journal_rec rec = { 0 };

        STR_SET(rec.event, i ? "undone" : "undoing");
        STR_SET(rec.step, i == 0 ? "" : i == 1 ? "arc-settings" : "cluster");
        assert_int_equal(journal_add(j, &rec, &e), 0);
    }
    journal_close(j);
    told = op_undo_preview(&fx->ports, id, &e);
    assert_string_equal(how_of(told, "reconcile", &why), "");
    json_free(told);
    r = op_undo_start(&fx->ports, id, NULL, NULL, &e);
    assert_non_null(r);
    assert_int_equal(fx_state(r, "reconcile"), OP_S_UNDONE);
    assert_int_equal(fx_run(fx, r, 5000), OP_R_UNDONE);
    assert_int_equal(fx_journal_count(fx, "undone", "reconcile"), 1);
    op_run_free(r);
    fx_free(fx);
}

static void undo_from_the_journal(void **state)
{
    struct fx *fx = fx_new(2);
    struct err e = { 0 };
    struct op_run *r;
    char id[80];

    (void)state;
    stopped_registration(fx, id);
    r = op_undo_start(&fx->ports, id, NULL, NULL, &e);
    assert_non_null(r);
    assert_true(op_run_undoing(r));
    assert_int_equal(fx_state(r, "cluster"), OP_S_DONE); /* as the journal tells it */
    assert_int_equal(fx_state(r, "ready"), OP_S_FOUND);
    assert_int_equal(fx_run(fx, r, 5000), OP_R_UNDONE);
    assert_false(fx_has(fx, FX_GROUP) || fx_has(fx, FX_CLUSTER) || fx_has(fx, FX_SETTINGS));
    assert_string_equal(fx->nodes[1].agent_name, "");
    assert_int_equal(fx_state(r, "reconcile"), OP_S_UNDONE); /* with the Arc settings */
    assert_int_equal(fx_journal_count(fx, "undone", "agent"), 2);
    op_run_free(r);
    assert_null(op_undo_start(&fx->ports, id, NULL, NULL, &e));
    assert_null(op_undo_preview(&fx->ports, id, &e));
    fx_free(fx);
}

/* It was empty when the deletion was refused; by the next undo somebody has put something in. */
static void a_group_is_looked_at_before_each_try(void **state)
{
    struct fx *fx = fx_new(1);
    struct err e = { 0 };
    struct op_run *r;
    char id[80];

    (void)state;
    stopped_registration(fx, id);
    fx_rule(fx, "DELETE", "/resourcegroups/hci-rg$", 403, "{}");
    r = op_undo_start(&fx->ports, id, NULL, NULL, &e);
    assert_int_equal(fx_run(fx, r, 5000), OP_R_FAILED);
    assert_int_equal(op_run_error(r)->http, 403);
    fx_put(fx, FX_GROUP "/providers/microsoft.storage/storageaccounts/x", "{\"id\":\"x\"}");
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 5000), OP_R_UNDONE);
    assert_true(fx_has(fx, FX_GROUP));
    op_run_free(r);
    fx_free(fx);
}

int test_op_op_undo(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undo_leaves_what_was_found),
        cmocka_unit_test(undo_repeats_and_fails),
        cmocka_unit_test(undo_looks_before_it_deletes),
        cmocka_unit_test(undo_waits_for_sign_in),
        cmocka_unit_test(power_cut_in_the_undo),
        cmocka_unit_test(what_goes_and_what_stays_is_told),
        cmocka_unit_test(undo_from_the_journal),
        cmocka_unit_test(parts_of_what_an_earlier_undo_took),
        cmocka_unit_test(a_group_is_looked_at_before_each_try),
    };

    return TEST_GROUP("op_undo", tests);
}
