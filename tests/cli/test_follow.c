#include "config.h"

#include "testing.h"

#include "cli/bed.h"
#include "console/cli/follow.h"
#include "console/face/outcome.h"

#define RUN "20261121T094122Z-register"

static struct sec_run *a_run(const char *state, const char *result)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));

    STR_SET(r->id, RUN);
    STR_SET(r->plan, "register");
    STR_SET(r->state, state);
    STR_SET(r->result, result);
    r->started_at = 1795283271000;
    r->ended_at = 1795283334000;
    r->n = 2;
    STR_SET(r->steps[0].id, "register");
    STR_SET(r->steps[0].title, "Register the cluster");
    STR_SET(r->steps[0].state, "done");
    r->steps[0].started_at = 1795283271000;
    r->steps[0].ended_at = 1795283275000;
    STR_SET(r->steps[1].id, "sync");
    STR_SET(r->steps[1].title, "Sync every node");
    STR_SET(r->steps[1].state, str_eq(result, "Success") ? "done" : "failed");
    r->steps[1].started_at = r->steps[1].ended_at = 1795283334000;
    return r;
}

static int follow(struct bed *b, const char *line, struct sec_run *run_owned)
{
    int code;

    bed_start(b, line, 1u << SEC_RUN | 1u << SEC_SIGNIN);
    fake_set(b->core, SEC_RUN, run_owned);
    bed_capture();
    code = cli_follow(&b->c, RUN);
    bed_captured(b);
    free(run_owned);
    return code;
}

static void to_its_end(void **state)
{
    struct bed b;

    (void)state;
    assert_int_equal(follow(&b, "status", a_run("done", "Success")), EXIT_DONE);
    assert_non_null(strstr(b.out.p, "Register the cluster  0:04"));
    assert_non_null(strstr(b.out.p, "Done in 1:03."));
    assert_null(strstr(b.out.p, "see above"));
    bed_stop(&b);
}

/* Exit 6: the registration is there, something after it is not; whether that failed the run or
 * not. */
static void done_in_part(void **state)
{
    static const char *const states[] = { "done", "failed" };
    struct bed b;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct sec_run *r = a_run(states[i], "RegisterSucceededButArcFailed");

        if (i == 1)
            err_set(&r->error, ERR_NODE, 0, "%s", "no sync");
        assert_int_equal(follow(&b, "status", r), EXIT_IN_PART);
        assert_non_null(strstr(b.out.p, "FAILED     Sync every node"));
        assert_non_null(strstr(b.out.p, "The cluster is registered, but"));
        assert_int_equal(strstr(str_p(&b.err), "no sync") != NULL, i == 1);
        bed_stop(&b);
        r = a_run(states[i], "RegisterSucceededButArcFailed");
        assert_int_equal(follow(&b, "status --output json", r), EXIT_IN_PART);
        bed_stop(&b);
    }
}

/* The names of the module's object: "output" of the JSON, a line each as text; only what has a
 * value, and nothing of a run that is not over. */
static void names_of_the_result(void **state)
{
    static const char *const lines[] = {
        "Result                 : RegisterSucceededButArcFailed\n",
        "AzureResourceId        : /subscriptions/s/x\n",
        "Details                : not all of it\n",
        "ErrorDetail            : ArcIntegrationFailedOnNodes\n",
    };
    struct sec_run *r = a_run("done", "RegisterSucceededButArcFailed");
    struct err e = { 0 };
    struct json *j, *o;
    struct bed b;

    (void)state;
    STR_SET(r->resource_id, "/subscriptions/s/x");
    STR_SET(r->details, "not all of it");
    STR_SET(r->error_detail, "ArcIntegrationFailedOnNodes");
    j = outcome_json(r);
    o = json_edit(json_member(j, "output"));
    assert_int_equal(json_len(o), 4);
    assert_string_equal(json_str(o, "Result"), "RegisterSucceededButArcFailed");
    assert_string_equal(json_str(o, "AzureResourceId"), "/subscriptions/s/x");
    assert_string_equal(json_str(o, "Details"), "not all of it");
    assert_string_equal(json_str(o, "ErrorDetail"), "ArcIntegrationFailedOnNodes");
    assert_string_equal(json_str(j, "result"), "RegisterSucceededButArcFailed");
    json_free(j);
    assert_int_equal(follow(&b, "status", r), EXIT_IN_PART);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_non_null(strstr(b.out.p, lines[i]));
    assert_null(strstr(b.out.p, "AzurePortalResourceURL"));
    bed_stop(&b);
    r = a_run("done", "Success");
    assert_int_equal(follow(&b, "status --output json", r), EXIT_DONE);
    j = json_parse(b.out.p, b.out.len, 0, &e);
    assert_string_equal(json_str(j, "output.Result"), "Success");
    json_free(j);
    bed_stop(&b);
    r = a_run("running", "");
    j = outcome_json(r);
    assert_null(json_member(j, "output"));
    json_free(j);
    free(r);
}

static void failed_for_a_reason(void **state)
{
    struct sec_run *r = a_run("failed", "Failed");
    struct bed b;

    (void)state;
    err_set(&r->error, ERR_ARM, 0, "%s", "no right");
    r->error.http = 403;
    assert_int_equal(follow(&b, "status", r), EXIT_REFUSED);
    assert_non_null(strstr(b.err.p, "no right"));
    assert_null(strstr(b.out.p, "The cluster is registered, but"));
    bed_stop(&b);
}

#define PAGE "https://portal.azure.com/#blade/x/appId/1/isMSAApp/"

static struct sec_run *without_consent(const char *state, const char *result)
{
    struct sec_run *r = a_run(state, result);

    STR_SET(r->consent_url, PAGE);
    r->n_roles = 1;
    STR_SET(r->roles[0].name, "AzureStackHCI.Cluster.Read");
    STR_SET(r->roles[0].address, "https://usage/AzureStackHCI.Cluster.Read");
    return r;
}

static size_t times(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
        n++;
    return n;
}

/* Exit 5: the directory's administrator has not allowed it. */
static void no_consent(void **state)
{
    struct sec_run *r = without_consent("failed", "PendingForAdminConsent");
    struct err e = { 0 };
    struct json *j;
    struct bed b;

    (void)state;
    err_set(&r->error, ERR_OP, 0, "%s", "no consent");
    j = outcome_json(r);
    assert_string_equal(json_str(j, "output.Result"), "PendingForAdminConsent");
    assert_string_equal(json_str(j, "output.AzurePortalAADAppPermissionsURL"), PAGE);
    assert_string_equal(json_str(j, "consentUrl"), PAGE);
    assert_string_equal(json_str(j, "consentRoles.0.name"), "AzureStackHCI.Cluster.Read");
    json_free(j);
    assert_int_equal(follow(&b, "status", r), EXIT_REFUSED);
    assert_non_null(strstr(b.out.p, "Result                          : PendingForAdminConsent\n"));
    assert_non_null(strstr(b.out.p, "AzurePortalAADAppPermissionsURL : " PAGE "\n"));
    bed_stop(&b);
    r = without_consent("failed", "PendingForAdminConsent");
    err_set(&r->error, ERR_OP, 0, "%s", "no consent");
    assert_int_equal(follow(&b, "status --output json", r), EXIT_REFUSED);
    j = json_parse(b.out.p, b.out.len, 0, &e);
    assert_non_null(j);
    json_free(j);
    bed_stop(&b);
}

/* News of the run come one after the other, the last one is its end. */
static struct {
    struct bed *b;
    int left;
} waiting;

static void next(void *payload)
{
    struct sec_run *r = waiting.left ? without_consent("running", "") : a_run("done", "Success");

    (void)payload;
    if (waiting.left-- == 0)
        waiting.left = -1;
    else
        loop_after(waiting.b->c.loop, 20, next, NULL);
    fake_set(waiting.b->core, SEC_RUN, r);
    free(r);
}

static void consent_is_printed_once(void **state)
{
    static const char *const lines[] = { "status", "status --output json" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sec_run *r = a_run("running", "");
        struct bed b;

        bed_start(&b, lines[i], 1u << SEC_RUN | 1u << SEC_SIGNIN);
        fake_set(b.core, SEC_RUN, r);
        free(r);
        waiting.b = &b;
        waiting.left = 2;
        loop_after(b.c.loop, 20, next, NULL);
        bed_capture();
        assert_int_equal(cli_follow(&b.c, RUN), EXIT_DONE);
        bed_captured(&b);
        assert_int_equal(times(i ? b.err.p : b.out.p, PAGE "\n"), 1);
        assert_int_equal(times(i ? b.err.p : b.out.p, "  AzureStackHCI.Cluster.Read\n"), 1);
        assert_null(strstr(i ? b.out.p : str_p(&b.err), "AzureStackHCI.Cluster.Read"));
        bed_stop(&b);
    }
}

static void stopped(void **state)
{
    struct bed b;

    (void)state;
    assert_int_equal(follow(&b, "status", a_run("stopped", "Cancelled")), EXIT_FAILED);
    assert_non_null(strstr(b.out.p, "operations resume " RUN));
    bed_stop(&b);
}

/* The core shows one run: if that is another by now, ours is asked for by its id. */
static void another_run_took_its_place(void **state)
{
    struct sec_run *other = a_run("running", ""), *ours = a_run("done", "Success");
    struct bed b;
    int code;

    (void)state;
    STR_SET(other->id, "20261121T101500Z-register");
    bed_start(&b, "status", 1u << SEC_RUN | 1u << SEC_SIGNIN);
    fake_reply(b.core, "run-show", json_encode(&sec_run_type, ours));
    fake_set(b.core, SEC_RUN, other);
    bed_capture();
    code = cli_follow(&b.c, RUN);
    bed_captured(&b);
    assert_int_equal(code, EXIT_DONE);
    assert_string_equal(json_str(fake_args(b.core, "run-show"), "id"), RUN);
    assert_non_null(strstr(b.out.p, "Done in 1:03."));
    bed_stop(&b);
    free(other);
    free(ours);
}

/* Ctrl-C leaves the console, not the work. */
static void left_by_the_user(void **state)
{
    struct bed b;
    int code;

    (void)state;
    bed_start(&b, "status", 1u << SEC_RUN);
    b.c.left = true;
    bed_capture();
    code = cli_follow(&b.c, RUN);
    bed_captured(&b);
    assert_int_equal(code, EXIT_LEFT);
    assert_non_null(strstr(b.err.p, "The work goes on without you."));
    assert_int_equal(fake_count(b.core, "stop"), 0);
    bed_stop(&b);
}

int test_cli_follow(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_its_end),
        cmocka_unit_test(done_in_part),
        cmocka_unit_test(names_of_the_result),
        cmocka_unit_test(failed_for_a_reason),
        cmocka_unit_test(no_consent),
        cmocka_unit_test(consent_is_printed_once),
        cmocka_unit_test(stopped),
        cmocka_unit_test(another_run_took_its_place),
        cmocka_unit_test(left_by_the_user),
    };

    return TEST_GROUP("cli/follow", tests);
}
