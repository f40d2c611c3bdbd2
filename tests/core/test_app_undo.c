#include "config.h"

#include "testing.h"

#include <string.h>
#include <unistd.h>

#include "core/app_bed.h"
#include "store/journal.h"

#define FIRST  "20261121T094122Z-register"
#define SECOND "20261121T104122Z-unregister"

int test_core_app_undo(void);

static void add(struct journal *j, const char *event, const char *step, const char *facts)
{
    struct journal_rec rec = { 0 };
    struct err e = { 0 };

    STR_SET(rec.event, event);
    STR_SET(rec.step, step);
    rec.facts = facts ? json_parse(facts, strlen(facts), 0, &e) : NULL;
    assert_int_equal(journal_add(j, &rec, &e), 0);
    journal_rec_clear(&rec);
}

/* An operation of this user's, or of another's, that made a step and ended so. */
static void past(const char *id, const char *plan, const char *made, const char *end, int64_t uid)
{
    struct err e = { 0 };
    struct journal *j = journal_create(bed.runs, id, &e);
    char open[700];

    str_fmt(open, sizeof open,
            "{\"plan\":\"%s\",\"uid\":%lld,\"nodes\":[\"node1\",\"node2\"],\"inputs\":{"
            "\"subscriptionId\":\"" BED_SUB "\",\"tenantId\":\"" BED_TENANT
            "\",\"region\":\"eastus\",\"resourceName\":\"clu\",\"resourceGroupName\":\"rg\"%s}}",
            plan, (long long)uid, str_eq(plan, "arc-disable") ? ",\"arcOnly\":\"1\"" : "");
    add(j, "open", "", open);
    add(j, "begin", made, NULL);
    add(j, "made", made,
        "{\"name\":\"clu\",\"group\":\"rg\",\"cluster.id\":\"/subscriptions/" BED_SUB
        "/resourceGroups/rg/providers/Microsoft.AzureStackHCI/clusters/clu\"}");
    add(j, end, "", NULL);
    journal_close(j);
}

static void refuses(const char *args, int code, const char *words)
{
    const char *const intents[] = { "run-undo-check", "run-undo" };

    for (size_t i = 0; i < ARRAY_LEN(intents); i++) {
        assert_null(bed_ask(intents[i], args));
        assert_int_equal(bed_err.code, code);
        assert_non_null(strstr(bed_err.message, words));
        assert_true(bed_err.advice[0] || code == 0 || code == ERR_C_NOT_FOUND);
    }
}

static void what_is_over_is_refused(void **s)
{
    (void)s;
    refuses("{}", ERR_C_NOT_FOUND, "nothing to undo");
    refuses("{\"id\":\"../x\"}", 0, "no operation's id");
    refuses("{\"id\":\"none\"}", ERR_C_NOT_FOUND, "none");
    past(FIRST, "register", "cluster", "done", getuid());
    refuses("{}", ERR_C_IS_OVER, "azloconf unregister");
    past(SECOND, "unregister", "cluster", "undone", getuid());
    refuses("{\"id\":\"" SECOND "\"}", ERR_C_IS_OVER, "taken back already");
}

static void what_another_stands_on_or_owns_is_refused(void **s)
{
    (void)s;
    past(FIRST, "register", "cluster", "failed", getuid());
    past(SECOND, "unregister", "disable", "failed", getuid());
    refuses("{\"id\":\"" FIRST "\"}", ERR_C_BUILT_ON, SECOND);
    past("20261121T114122Z-register", "register", "cluster", "failed", (int64_t)getuid() + 7);
    if (getuid() != 0) /* root may */
        refuses("{}", ERR_C_NOT_ALLOWED, "belongs to");
}

/* What was deleted is not brought back: said in the review, refused as an act, and what to do. */
static void no_way_back(void **s)
{
    struct json *j;
    int64_t code = 0;

    (void)s;
    past(SECOND, "unregister", "disable", "stopped", getuid());
    j = bed_ask("run-undo-check", "{}");
    assert_non_null(j);
    assert_int_equal(json_len(json_get(j, "will")), 1);
    assert_string_equal(json_str(j, "will.0.how"), "keep");
    json_int(j, "error.code", &code);
    assert_int_equal(code, ERR_C_NO_WAY_BACK);
    assert_non_null(strstr(json_str(j, "error.advice"), "operations resume"));
    json_free(j);
    assert_null(bed_ask("run-undo", "{}"));
    assert_int_equal(bed_err.code, ERR_C_NO_WAY_BACK);
    assert_non_null(strstr(bed_err.advice, "azloconf register registers the cluster anew"));
    past("20261121T114122Z-arc-disable", "arc-disable", "disable", "failed", getuid());
    assert_null(bed_ask("run-undo", "{}"));
    assert_int_equal(bed_err.code, ERR_C_NO_WAY_BACK);
    assert_non_null(strstr(bed_err.advice, "operations resume"));
    assert_non_null(strstr(bed_err.advice, "azloconf arc enable brings Azure Arc back"));
}

/* What was taken away here, and not yet in Azure: who begins anew is told what goes on with it. */
static void half_an_unregistration_is_told(void **s)
{
    (void)s;
    past(SECOND, "unregister", "disable", "failed", getuid());
    bed_sign_in();
    assert_null(bed_ask("unregister-check", "{}"));
    assert_int_equal(bed_err.code, 9115);
    assert_non_null(strstr(bed_err.message, "the operation " SECOND " did not come to its end"));
    assert_null(bed_ask("unregister", "{\"confirm\":\"clu\"}"));
    assert_non_null(strstr(bed_err.message, "azloconf operations resume"));
}

static bool run_is(void *state)
{
    return str_eq(((const struct sec_run *)state_get(bed.state, SEC_RUN))->state, state);
}

/* Without a sign-in it waits for one; then it goes on, and who asks again meets the same one. */
static void it_waits_for_a_sign_in(void **s)
{
    const struct sec_run *r;
    struct json *j;

    (void)s;
    past(FIRST, "register", "cluster", "failed", getuid());
    j = bed_ask("run-undo-check", "{}");
    assert_string_equal(json_str(j, "id"), FIRST);
    assert_string_equal(json_str(j, "will.0.name"), "clu");
    json_free(j);
    assert_true(run_is("none") || run_is("failed"));
    j = bed_ask("run-undo", "{}");
    assert_string_equal(json_str(j, "id"), FIRST);
    json_free(j);
    assert_true(spin_until(bed.loop, run_is, "waiting-sign-in"));
    r = state_get(bed.state, SEC_RUN);
    assert_true(r->undo);
    j = bed_ask("run-undo-check", "{}");
    assert_true(json_flag(j, "undoing", false));
    json_free(j);
    j = bed_ask("run-undo", "{\"id\":\"" FIRST "\"}");
    assert_non_null(j);
    json_free(j);
    fake_http_rule(&bed.web, "DELETE", "/clusters/clu", 204, "");
    bed_sign_in();
    assert_true(spin_until(bed.loop, run_is, "undone"));
    j = bed_ask("runs", "{}");
    assert_string_equal(json_str(j, "runs.0.state"), "undone");
    json_free(j);
}

/* As the user `uid`, of the core's group or not; the answer's error is in bed_err. */
static struct json *ask_as(uid_t uid, bool member, const char *intent, const char *args)
{
    struct serve_ask ask = {
        .serve = bed.serve, .client = 1, .id = ++bed.last_id, .uid = uid, .may_act = member
    };
    struct json *a = json_parse(args, strlen(args), 0, &bed_err), *j, *result = NULL;
    int64_t to = 0;

    err_clear(&bed_err);
    app_intent(bed.app, &ask, intent, a);
    json_free(a);
    while ((j = peer_next(&bed.peer)) != NULL) {
        const struct json *answer = json_member(j, "answer");

        if (json_int(answer, "to", &to) && to == ask.id)
            break;
        json_free(j);
    }
    assert_non_null(j);
    if (json_get(j, "answer.error"))
        json_decode(json_get(j, "answer.error"), &err_json, &bed_err, &bed_err);
    else
        result = json_copy(json_get(j, "answer.result"));
    json_free(j);
    return result;
}

/* Of the group: their own alone, and told whose it is. Not of it: nothing. */
static void another_user_may_not(void **s)
{
    (void)s;
    past(FIRST, "register", "cluster", "failed", 4242);
    for (int member = 0; member < 2; member++) {
        assert_null(ask_as(4343, member, "run-undo-check", "{}"));
        assert_int_equal(bed_err.code, ERR_C_NOT_ALLOWED);
        assert_non_null(
            strstr(bed_err.message, member ? "belongs to uid 4242" : "members of group"));
        assert_null(ask_as(4343, member, "run-undo", "{}"));
        assert_int_equal(bed_err.code, ERR_C_NOT_ALLOWED);
    }
    json_free(ask_as(4242, true, "run-undo-check", "{}"));
    assert_false(err_is(&bed_err));
}

/* It waits for the sign-in of who undoes it, which is not the one who began it. */
static void root_may_and_signs_in_for_it(void **s)
{
    const struct sec_run *r;

    (void)s;
    if (getuid() != 0) {
        print_message("SKIPPED: only root undoes what another user began\n");
        skip();
    }
    past(FIRST, "register", "cluster", "failed", 4242);
    json_free(bed_ask("run-undo", "{}"));
    assert_true(spin_until(bed.loop, run_is, "waiting-sign-in"));
    r = state_get(bed.state, SEC_RUN);
    assert_int_equal(r->owner_uid, 4242);
    fake_http_rule(&bed.web, "DELETE", "/clusters/clu", 204, "");
    bed_sign_in();
    assert_true(spin_until(bed.loop, run_is, "undone"));
}

/* Where a reset stands is told to who may change nothing, whoever began it. */
static void anybody_sees_where_a_reset_stands(void **s)
{
    struct json *j;

    (void)s;
    past("20261121T104122Z-reset", "reset", "reset", "stopped", 4242);
    for (int i = 0; i < 2; i++)
        fake_node_say(&bed.nodes[i], NODE_RESET_STATUS,
                      "{\"status\":\"InProgress\",\"active\":false,\"phases\":[]}");
    j = ask_as(4343, false, "reset-status", "{}");
    assert_string_equal(json_str(j, "nodes.1.node"), "node2");
    assert_string_equal(json_str(j, "nodes.1.status"), "InProgress");
    json_free(j);
    assert_null(ask_as(4343, false, "reset", "{\"node\":\"all\",\"confirm\":\"node1 node2\"}"));
    assert_int_equal(bed_err.code, ERR_C_NOT_ALLOWED);
    assert_null(ask_as(4343, true, "run-undo", "{}"));
    assert_int_equal(bed_err.code, ERR_C_NOT_ALLOWED);
}

int test_core_app_undo(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_over_is_refused, bed_open_all, bed_close),
        cmocka_unit_test_setup_teardown(what_another_stands_on_or_owns_is_refused, bed_open_all,
                                        bed_close),
        cmocka_unit_test_setup_teardown(no_way_back, bed_open_all, bed_close),
        cmocka_unit_test_setup_teardown(half_an_unregistration_is_told, bed_open_all, bed_close),
        cmocka_unit_test_setup_teardown(it_waits_for_a_sign_in, bed_open_all, bed_close),
        cmocka_unit_test_setup_teardown(another_user_may_not, bed_open_all, bed_close),
        cmocka_unit_test_setup_teardown(root_may_and_signs_in_for_it, bed_open_all, bed_close),
        cmocka_unit_test_setup_teardown(anybody_sees_where_a_reset_stands, bed_open_all, bed_close),
    };

    return TEST_GROUP("core/app_undo", tests);
}
