#include "config.h"

#include "testing.h"

#include "core/app_bed.h"
#include "op/plans.h"
#include "store/journal.h"

#include <unistd.h>

int test_core_app_chain(void);

#define FIRST "20261121T094122Z-unregister"

/* A first part whose journal ends with this event. */
static void write_first(const char *event, const char *plan)
{
    static const char first[] = "{\"subscriptionId\":\"" BED_SUB "\",\"tenantId\":\"" BED_TENANT
                                "\",\"resourceName\":\"old\",\"resourceGroupName\":\"old-rg\"}";
    static const char second[] =
        "{\"whole\":\"move\",\"inputs\":{\"subscriptionId\":\"" BED_SUB
        "\",\"tenantId\":\"" BED_TENANT "\",\"region\":\"westeurope\",\"resourceName\":\"new\","
        "\"resourceGroupName\":\"new-rg\",\"cloud\":\"AzureCloud\",\"arcAppId\":\"" BED_SUB2 "\"}}";
    struct journal_rec open = { .event = "open" }, end = { 0 };
    struct err e = { 0 };
    struct journal *j = journal_create(bed.runs, FIRST, &e);
    struct json *inputs, *then;

    assert_non_null(j);
    inputs = json_parse(first, sizeof(first) - 1, 0, &e);
    then = json_parse(second, sizeof(second) - 1, 0, &e);
    assert_non_null(inputs);
    assert_non_null(then);
    json_set_str(then, "plan", plan);
    json_set(inputs, "then", then);
    open.facts = json_object();
    json_set_str(open.facts, "plan", "unregister");
    json_set_int(open.facts, "uid", (int64_t)getuid());
    json_set(open.facts, "nodes", json_array());
    json_set(open.facts, "inputs", inputs);
    STR_SET(end.event, event);
    assert_int_equal(journal_add(j, &open, &e), 0);
    assert_int_equal(journal_add(j, &end, &e), 0);
    journal_close(j);
    journal_rec_clear(&open);
}

static const struct sec_run *run(void)
{
    return state_get(bed.state, SEC_RUN);
}

static bool waits(void *arg)
{
    (void)arg;
    return str_eq(run()->state, "waiting-sign-in");
}

static size_t journals(void)
{
    struct err e = { 0 };
    struct json *ids = journal_list(bed.runs, &e);
    size_t n = json_len(ids);

    json_free(ids);
    return n;
}

static void a_core_that_died_between(void **s)
{
    struct json *j;
    char second[64];

    (void)s;
    write_first("done", "register");
    app_publish_run(bed.app);
    assert_string_equal(run()->state, "none"); /* nobody is told that it was over */
    bed_attach_nodes();
    bed_attach_cloud();
    assert_true(spin_until(bed.loop, waits, NULL));
    assert_string_equal(run()->plan, "register");
    assert_string_equal(run()->whole, "move");
    assert_string_equal(run()->before, FIRST);
    assert_string_equal(run()->title, "Part 2 of 2: Register with Azure");
    assert_int_equal(run()->part, 2);
    assert_int_equal(run()->owner_uid, getuid());
    assert_true(run()->step_count > (int64_t)run()->n); /* with those of the first part */
    assert_true(run()->step_no > (int64_t)op_unregister.n / 2);
    STR_SET(second, run()->id);
    assert_string_equal(op_run_input(bed.app->run, "region"), "westeurope");
    assert_false(app_chain_due(bed.app, FIRST)); /* once is enough */
    app_run_take_up(bed.app);
    assert_int_equal(journals(), 2);

    j = bed_ask("runs", "{}");
    assert_string_equal(json_str(j, "runs.0.id"), second);
    assert_string_equal(json_str(j, "runs.0.before"), FIRST);
    assert_string_equal(json_str(j, "runs.1.next"), second);
    assert_string_equal(json_str(j, "runs.1.state"), "done");
    json_free(j);
    j = bed_ask("run-show", "{\"id\":\"" FIRST "\"}");
    assert_string_equal(json_str(j, "next"), second);
    assert_string_equal(json_str(j, "title"), "Part 1 of 2: Unregister from Azure");
    json_free(j);
    /* the whole is stopped and resumed by either name */
    j = bed_ask("run-stop", "{\"id\":\"" FIRST "\"}");
    assert_non_null(j);
    json_free(j);
    spin(bed.loop, 50);
    assert_string_equal(run()->state, "stopped");
    assert_non_null(strstr(run()->details, "The new one was to be new in the resource group "
                                           "new-rg, region westeurope"));
    assert_non_null(strstr(run()->details, "not registered now"));
    j = bed_ask("run-resume", "{\"id\":\"" FIRST "\"}");
    assert_string_equal(json_str(j, "id"), second);
    json_free(j);
}

static void what_cannot_begin(void **s)
{
    struct json *j;

    (void)s;
    write_first("done", "nonsense");
    bed_attach_nodes();
    bed_attach_cloud();
    spin(bed.loop, 50);
    assert_int_equal(journals(), 1);
    assert_string_equal(run()->id, FIRST);
    assert_string_equal(run()->state, "failed");
    assert_non_null(strstr(run()->error.message, "no plan"));
    assert_non_null(strstr(run()->error.detail, "operations resume " FIRST));
    j = bed_ask("runs", "{}");
    assert_string_equal(json_str(j, "runs.0.state"), "stopped");
    json_free(j);
    assert_null(bed_ask("run-undo", "{}"));
    assert_int_equal(bed_err.code, ERR_C_IS_OVER);
    assert_non_null(strstr(bed_err.message, "the second has not begun"));
    assert_null(bed_ask("run-resume", "{\"id\":\"" FIRST "\"}"));
    assert_non_null(strstr(bed_err.message, "no plan"));
}

/* Its own secret would be asked for too late: it is, when the first part goes on. */
static void a_first_part_that_failed(void **s)
{
    (void)s;
    write_first("stopped", "register");
    bed_attach_nodes();
    bed_attach_cloud();
    spin(bed.loop, 50);
    assert_int_equal(journals(), 1);
    assert_string_equal(run()->state, "stopped");
    assert_string_equal(run()->title, "Part 1 of 2: Unregister from Azure");
    assert_string_equal(run()->secret_for, BED_SUB2);
    assert_string_equal(run()->next, "");
    assert_true(run()->step_count > (int64_t)run()->n + 20); /* a registration has more */
}

int test_core_app_chain(void)
{
#define T(f, open) cmocka_unit_test_setup_teardown(f, open, bed_close)
    const struct CMUnitTest tests[] = {
        T(a_core_that_died_between, bed_open),
        T(what_cannot_begin, bed_open),
        T(a_first_part_that_failed, bed_open),
    };

    return TEST_GROUP("core/app_chain", tests);
}
