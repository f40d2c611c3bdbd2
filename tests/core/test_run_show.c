#include "config.h"

#include "testing.h"

#include "base/file.h"
#include "core/app_int.h"

int test_core_run_show(void);

#define ID "20261121T094122Z-register"

static char dir[200];
static struct journal *journal;
static const char *repair; /* the input of this name, or NULL */

static void add(const char *event, const char *step, const char *error)
{
    struct journal_rec r = { .attempt = 1 };
    struct err e = { 0 };

    STR_SET(r.event, event);
    STR_SET(r.step, step);
    if (error)
        err_set(&r.err, ERR_ARM, 0, "%s", error);
    if (str_eq(event, "open")) {
        struct json *inputs = json_object();

        r.facts = json_object();
        json_set_str(inputs, "tenantId", "t");
        if (repair)
            json_set_str(inputs, "repair", repair);
        json_set_str(r.facts, "plan", "register");
        json_set_int(r.facts, "uid", 1000);
        json_set(r.facts, "nodes", json_array());
        json_set(r.facts, "inputs", inputs);
    }
    if (str_eq(step, "inputs")) {
        r.facts = json_object();
        json_set_str(r.facts, "cluster.id", "/subscriptions/s/x");
    }
    assert_int_equal(journal_add(journal, &r, &e), 0);
    journal_rec_clear(&r);
}

static void begin(void)
{
    static int n;
    struct err e = { 0 };

    str_fmt(dir, sizeof(dir), "%s/show%d", test_dir(), n++);
    assert_int_equal(file_mkdirs(dir, &e), 0);
    journal = journal_create(dir, ID, &e);
    assert_non_null(journal);
    add("open", "", NULL);
    add("found", "inputs", NULL);
    add("begin", "group", NULL);
}

static const struct sec_step *step(const struct sec_run *r, const char *id)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->steps[i].id, id))
            return &r->steps[i];
    fail();
    return NULL;
}

/* Steps that a run shows; those of the other way do not count. */
static size_t of_way(bool other)
{
    size_t n = 0;

    for (size_t i = 0; i < op_register.n; i++)
        n += !op_step_off_way(&op_register, &op_register.steps[i], other ? OP_OTHER_WAY : 0);
    return n;
}

static void a_run_of_the_other_way(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    begin();
    add("made", "app-identity", NULL);
    add("failed", "arc-enable", "no right");
    journal_close(journal);
    assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
    assert_int_equal(r->n, of_way(true));
    assert_string_equal(step(r, "arc-enable")->state, "failed");
    for (size_t i = 0; i < r->n; i++)
        assert_string_not_equal(r->steps[i].id, "reconcile");
    free(r);
}

static void a_failed_run(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    begin();
    add("failed", "group", "no right");
    journal_close(journal);
    assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
    assert_string_equal(r->id, ID);
    assert_string_equal(r->plan, "register");
    assert_int_equal(r->owner_uid, 1000);
    assert_int_equal(r->n, of_way(false));
    assert_string_equal(step(r, "inputs")->state, "found");
    assert_string_equal(step(r, "group")->state, "failed");
    assert_string_equal(step(r, "group")->detail, "no right");
    assert_string_equal(step(r, "cluster")->state, "waiting");
    assert_true(step(r, "provider-hci")->no_return);
    assert_int_equal(r->step_no, 2);
    assert_string_equal(r->resource_id, ""); /* only what is done is there */
    free(r);
}

/* Each time that a run is taken up its journal is opened again; its steps are there once. */
static void a_run_taken_up_twice(void **s)
{
    struct sec_run *once = xcalloc(1, sizeof(*once)), *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    begin();
    assert_int_equal(run_from_journal(once, dir, ID, &cloud_rows[0], &e), 0);
    add("open", "", NULL);
    add("made", "group", NULL);
    add("open", "", NULL);
    journal_close(journal);
    assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
    assert_int_equal(r->n, once->n);
    assert_string_equal(step(r, "group")->state, "done");
    free(once);
    free(r);
}

static void a_done_run(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    begin();
    add("made", "group", NULL);
    add("done", "", NULL);
    journal_close(journal);
    assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
    assert_string_equal(r->state, "done");
    assert_string_equal(r->result, "Success");
    assert_string_equal(r->resource_id, "/subscriptions/s/x");
    assert_non_null(strstr(r->portal_url, "portal.azure.com"));
    free(r);
}

/* Exit code 6 hangs on it: the registration is there, its first sync is not. */
static void a_run_done_in_part(void **s)
{
    static const struct {
        const char *registered, *result;
    } rows[] = { { "made", "RegisterSucceededButArcFailed" },
                 { "found", "Failed" },
                 { "failed", "Failed" } };
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin();
        add("made", "group", NULL);
        add(rows[i].registered, "register", NULL);
        add("failed", "sync", "no sync");
        add("failed", "", "no sync");
        journal_close(journal);
        assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
        assert_string_equal(r->state, "failed");
        assert_string_equal(r->result, rows[i].result);
    }
    free(r);
}

/* What is left is tried again by a resume, whichever way the run ended. */
static void what_is_left_is_resumed(void **s)
{
    static const char *const ends[] = { "done", "failed" };
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        begin();
        add("made", "register", NULL);
        add("failed", "sync", "no sync");
        add(ends[i], "", i ? "no sync" : NULL);
        journal_close(journal);
        assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
        assert_string_equal(r->state, ends[i]);
        assert_non_null(strstr(r->error.advice, "azloconf operations resume"));
        assert_null(strstr(r->error.advice, "once more"));
    }
    free(r);
}

/* The first line of the journal's end is the step's, with Azure's status. */
static void failed_by(const char *step, int http, int code)
{
    struct journal_rec r = { .attempt = 1 };
    struct err e = { 0 };

    err_set(&r.err, code ? ERR_OP : ERR_ARM, code, "no");
    r.err.http = http;
    STR_SET(r.event, "failed");
    STR_SET(r.step, step);
    assert_int_equal(journal_add(journal, &r, &e), 0);
}

static void failed_at(const char *step, int http)
{
    failed_by(step, http, 0);
}

/* 9131, register-flow.md 2.5 M4: the module's words where Azure does not name the service's object
 * id; what broke off is another thing, and a resource without its cloud id is no trouble of Arc. */
static void the_result_of_a_service_without_an_id(void **s)
{
    static const struct {
        int code, http;
        const char *result, *detail;
    } rows[] = {
        { 9131, 0, "ArcFailed", "ArcPermissionsMissing" },
        { 9131, 403, "ArcFailed", "ArcPermissionsMissing" },
        { 9131, 503, "ArcFailed", "ArcFailed" },
        { 9130, 200, "Failed", "" },
    };
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin();
        failed_by("rp-object", rows[i].http, rows[i].code);
        failed_by("", rows[i].http, rows[i].code);
        journal_close(journal);
        assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
        assert_string_equal(r->result, rows[i].result);
        assert_string_equal(r->error_detail, rows[i].detail);
    }
    free(r);
}

static void results_say_what_is_so(void **s)
{
    static const struct {
        const char *goal, *step, *result, *detail;
        int http;
        bool ends; /* in `done`: the step only warns */
    } rows[] = {
        { "begin", "role", "ArcFailed", "ArcPermissionsMissing", 403, false },
        { "begin", "role", "ArcFailed", "ArcFailed", 503, false },
        { "begin", "rp-object", "ArcFailed", "ArcFailed", 0, false },
        { "begin", "group", "Failed", "", 403, false },
        { "begin", "agent", "Failed", "", 0, false },
        { "made", "sync", "RegisterSucceededButArcFailed", "ArcIntegrationFailedOnNodes", 0,
          false },
        { "made", "links", "RegisterSucceededButArcFailed", "ArcIntegrationFailedOnNodes", 0,
          true },
        { "made", "arc-state", "RegisterSucceededButArcFailed", "ArcIntegrationFailedOnNodes", 0,
          true },
    };
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool part = str_eq(rows[i].goal, "made");

        begin();
        add(rows[i].goal, "register", NULL);
        failed_at(rows[i].step, rows[i].http);
        if (rows[i].ends)
            add("done", "", NULL);
        else
            failed_at("", rows[i].http);
        journal_close(journal);
        assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
        assert_string_equal(r->result, rows[i].result);
        assert_string_equal(r->error_detail, rows[i].detail);
        assert_int_equal(r->resource_id[0] != 0, part); /* it is registered, so it has an id */
        assert_int_equal(r->portal_url[0] != 0, part);
        assert_int_equal(strstr(r->details, "is registered") != NULL, part);
        assert_null(strstr(r->details, "The cluster is registered with Azure.")); /* no success */
        assert_true(part ? strstr(r->details, step(r, rows[i].step)->title) != NULL
                         : str_eq(r->details, "no"));
    }
    free(r);
}

#define PAGE  "https://portal.azure.com/#blade/x/appId/1/isMSAApp/"
#define ROLES "Cluster.Read https://usage/Cluster.Read\tNode.Read  https://usage/Node.Read"

static void add_facts(const char *event, const char *step, const char *url, const char *roles)
{
    struct journal_rec r = { .attempt = 1, .facts = json_object() };
    struct err e = { 0 };

    STR_SET(r.event, event);
    STR_SET(r.step, step);
    if (str_eq(event, "failed"))
        err_set(&r.err, ERR_OP, 0, "no consent");
    json_set_str(r.facts, "consent.url", url);
    json_set_str(r.facts, "consent.roles", roles);
    assert_int_equal(journal_add(journal, &r, &e), 0);
    journal_rec_clear(&r);
}

/* The facts of the newest line count; of a run that is done nothing is missing. */
static void a_consent_is_missing(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    for (int given = 0; given < 3; given++) {
        begin();
        add_facts("made", "group", PAGE, ROLES);
        if (given == 1)
            add_facts("made", "cluster", "", "");
        add(given == 2 ? "done" : "stopped", "", NULL);
        journal_close(journal);
        assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
        assert_string_equal(r->consent_url, given ? "" : PAGE);
        assert_int_equal(r->n_roles, given ? 0 : 2);
    }
    begin();
    add_facts("made", "group", PAGE, ROLES);
    journal_close(journal);
    assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
    assert_string_equal(r->roles[0].name, "Cluster.Read");
    assert_string_equal(r->roles[0].address, "https://usage/Cluster.Read");
    assert_string_equal(r->roles[1].name, "Node.Read");
    assert_string_equal(r->roles[1].address, "https://usage/Node.Read");
    free(r);
}

/* The core was killed while its run waited: the line of a look has the words. */
static void a_consent_that_a_killed_core_waited_for(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    begin();
    add_facts("note", "entra-consent", PAGE, ROLES);
    journal_close(journal);
    assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
    assert_string_equal(r->state, "unfinished");
    assert_string_equal(step(r, "entra-consent")->state, "running");
    assert_string_equal(r->consent_url, PAGE);
    assert_int_equal(r->n_roles, 2);
    free(r);
}

/* Words beyond what fits, a name without an address: nothing is written past its end. */
static void odd_roles(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct str many = STR_INIT;
    struct err e = { 0 };

    (void)s;
    for (int i = 0; i < 20; i++)
        str_addf(&many, "role%d https://usage/%d ", i, i);
    begin();
    add_facts("made", "group", PAGE, str_p(&many));
    journal_close(journal);
    assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
    assert_int_equal(r->n_roles, SEC_MAX_ROLES);
    assert_string_equal(r->roles[SEC_MAX_ROLES - 1].address, "https://usage/7");
    begin();
    add_facts("made", "group", PAGE, "  alone ");
    journal_close(journal);
    assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
    assert_int_equal(r->n_roles, 1);
    assert_string_equal(r->roles[0].address, "");
    str_free(&many);
    free(r);
}

/* The step whose row says so; the address stands in Details, once. */
static void the_result_of_a_missing_consent(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    const char *step = NULL;
    struct err e = { 0 };

    (void)s;
    for (size_t i = 0; i < op_register.n; i++)
        if (str_eq(op_register.steps[i].told.result, "PendingForAdminConsent"))
            step = op_register.steps[i].id;
    if (!step) {
        free(r);
        test_skip("the plan has no step yet that waits for an administrator's consent");
    }
    for (int came = 0; came < 2; came++) {
        begin();
        add_facts("failed", step, PAGE, ROLES);
        if (came) { /* a check of the next sitting; its words of before still stand there */
            add("found", step, NULL);
            add("failed", "cluster", "no right");
        }
        add("failed", "", "no consent");
        journal_close(journal);
        assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
        assert_string_equal(r->result, came ? "Failed" : "PendingForAdminConsent");
        assert_string_equal(r->consent_url, came ? "" : PAGE);
        assert_string_equal(r->details, came ? "no consent" : "no consent " PAGE);
        assert_string_equal(r->resource_id, "");
    }
    free(r);
}

static void a_stopped_run(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    begin();
    add("stopped", "", NULL);
    journal_close(journal);
    assert_int_equal(run_from_journal(r, dir, ID, &cloud_rows[0], &e), 0);
    assert_string_equal(r->result, "Cancelled");
    assert_non_null(strstr(r->details, "stopped"));
    assert_string_equal(r->error_detail, "");
    assert_string_equal(r->resource_id, "");
    free(r);
}

/* The cloud of a core that has just begun is not known yet: the journal has the run's portal. */
static void portal_of_the_runs_cloud(void **s)
{
    struct journal_rec open = { .event = "open" };
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    begin();
    journal_close(journal);
    str_fmt(dir, sizeof(dir), "%s/portal", test_dir());
    assert_int_equal(file_mkdirs(dir, &e), 0);
    journal = journal_create(dir, ID, &e);
    open.facts = json_object();
    json_set_str(open.facts, "plan", "register");
    json_set_str(open.facts, "portal", "https://portal.azure.cn/");
    json_set(open.facts, "inputs", json_object());
    json_set_str(json_edit(json_member(open.facts, "inputs")), "tenantId", "t");
    assert_int_equal(journal_add(journal, &open, &e), 0);
    journal_rec_clear(&open);
    add("found", "inputs", NULL);
    add("done", "", NULL);
    journal_close(journal);
    for (int known = 0; known < 2; known++) {
        assert_int_equal(run_from_journal(r, dir, ID, known ? &cloud_rows[0] : NULL, &e), 0);
        assert_string_equal(r->portal_url,
                            "https://portal.azure.cn/#@t/resource/subscriptions/s/x/overview");
    }
    free(r);
}

static void a_repair_is_called_one(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    for (int on = 0; on < 2; on++) {
        repair = on ? "1" : NULL;
        begin();
        journal_close(journal);
        assert_int_equal(run_from_journal(r, dir, ID, NULL, &e), 0);
        assert_string_equal(r->plan, "register");
        assert_string_equal(r->title, on ? "Repair the registration" : "Register with Azure");
        assert_string_equal(r->whole, on ? "repair" : "");
        assert_int_equal(r->part, 0);
    }
    repair = NULL;
    free(r);
}

static void no_such_run(void **s)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));
    struct err e = { 0 };

    (void)s;
    assert_int_equal(run_from_journal(r, test_dir(), "20200101T000000Z-register", NULL, &e), -1);
    assert_true(err_is(&e));
    free(r);
}

int test_core_run_show(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_of_the_other_way),
        cmocka_unit_test(a_failed_run),
        cmocka_unit_test(a_run_taken_up_twice),
        cmocka_unit_test(a_done_run),
        cmocka_unit_test(a_run_done_in_part),
        cmocka_unit_test(what_is_left_is_resumed),
        cmocka_unit_test(results_say_what_is_so),
        cmocka_unit_test(the_result_of_a_service_without_an_id),
        cmocka_unit_test(a_consent_is_missing),
        cmocka_unit_test(a_consent_that_a_killed_core_waited_for),
        cmocka_unit_test(odd_roles),
        cmocka_unit_test(the_result_of_a_missing_consent),
        cmocka_unit_test(a_stopped_run),
        cmocka_unit_test(portal_of_the_runs_cloud),
        cmocka_unit_test(a_repair_is_called_one),
        cmocka_unit_test(no_such_run),
    };

    return TEST_GROUP("core/run_show", tests);
}
