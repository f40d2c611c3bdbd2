#include "config.h"

#include "testing.h"

#include "base/file.h"
#include "core/app_bed.h"
#include "store/journal.h"

int test_core_app(void);

static const struct sec_signin *signin(void)
{
    return state_get(bed.state, SEC_SIGNIN);
}

static const struct sec_choices *choices(void)
{
    return state_get(bed.state, SEC_CHOICES);
}

static void the_table(void **s)
{
    (void)s;
    for (size_t i = 0; i < app_intent_count; i++) {
        assert_non_null(app_intents[i].fn);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(app_intents[i].name, app_intents[k].name);
    }
    assert_null(bed_ask("nonsense", "{}"));
    assert_int_equal(bed_err.domain, ERR_WIRE);
    assert_non_null(strstr(bed_err.message, "nonsense"));
}

/* Asked before the nodes are there: answered when they are. */
static void an_early_intent_waits(void **s)
{
    struct json *j;

    (void)s;
    peer_say(&bed.peer, "{\"intent\":{\"id\":1,\"name\":\"status\",\"args\":{}}}");
    assert_true(peer_quiet(&bed.peer));
    bed_attach_nodes();
    j = peer_next(&bed.peer);
    assert_non_null(json_get(j, "answer.result"));
    json_free(j);
    assert_int_equal(((const struct sec_cluster *)state_get(bed.state, SEC_CLUSTER))->nodes_up, 2);
}

/* What a registration depends on is what the nodes say: a core that began just now does not call
 * their silence a missing cluster. */
static void a_registration_waits_for_the_nodes(void **s)
{
    struct json *j;

    (void)s;
    bed.nodes[0].slow_ms = bed.nodes[1].slow_ms = 100;
    bed_attach_nodes();
    bed_attach_cloud();
    j = bed_ask("register-check", "{}");
    assert_false(err_is(&bed_err));
    assert_true(json_len(json_get(j, "fields")) > 0);
    json_free(j);
    assert_int_equal(bed.nodes[0].asked[NODE_STATUS], 1);
}

/* A core can end right behind the last line of a journal, before it told anybody. */
static void the_end_of_a_run_of_the_core_before(void **s)
{
    const struct sec_run *r = state_get(bed.state, SEC_RUN);
    struct journal_rec open = { .event = "open" }, done = { .event = "done" };
    struct err e = { 0 };
    struct journal *j = journal_create(bed.runs, "20261121T094122Z-register", &e);
    struct json *inputs = json_object(), *found;

    (void)s;
    assert_string_equal(r->state, "none");
    json_set_str(inputs, "tenantId", BED_TENANT);
    open.facts = json_object();
    json_set_str(open.facts, "plan", "register");
    json_set_str(open.facts, "cluster.id", "/subscriptions/s/x");
    json_set(open.facts, "inputs", inputs);
    assert_int_equal(journal_add(j, &open, &e), 0);
    bed_attach_nodes();
    assert_string_equal(r->state, "none"); /* not at its end */
    assert_int_equal(journal_add(j, &done, &e), 0);
    journal_close(j);
    bed_attach_cloud();
    r = state_get(bed.state, SEC_RUN);
    assert_string_equal(r->id, "20261121T094122Z-register");
    assert_string_equal(r->state, "done");
    assert_non_null(strstr(r->portal_url, BED_TENANT));
    found = bed_ask("runs", "{}");
    assert_string_equal(json_str(found, "runs.0.state"), "done");
    json_free(found);
    journal_rec_clear(&open);
}

static void trouble_ends_the_waiting(void **s)
{
    struct json *j;
    struct err e = { 0 };

    (void)s;
    peer_say(&bed.peer, "{\"intent\":{\"id\":1,\"name\":\"sign-in\",\"args\":{}}}");
    assert_true(peer_quiet(&bed.peer));
    err_set(&e, ERR_SYSTEM, 28, "the disk is full");
    app_trouble(bed.app, APP_BACKENDS, &e);
    j = peer_next(&bed.peer);
    assert_string_equal(json_str(j, "answer.error.message"), "the disk is full");
    assert_non_null(json_str(j, "answer.error.advice"));
    json_free(j);
    assert_non_null(
        strstr(((const struct sec_core *)state_get(bed.state, SEC_CORE))->problem, "full"));
    app_trouble(bed.app, APP_BACKENDS, NULL);
    assert_string_equal(((const struct sec_core *)state_get(bed.state, SEC_CORE))->problem, "");
}

static void only_who_may_act_acts(void **s)
{
    struct serve_ask ask = { .serve = bed.serve, .client = 1, .id = 99, .may_act = false };
    struct json *none = json_object(), *j;

    (void)s;
    app_intent(bed.app, &ask, "cluster-create", none);
    j = peer_next(&bed.peer);
    assert_string_equal(json_str(j, "answer.error.domain"), "op");
    json_free(j);
    assert_int_equal(bed.nodes[0].asked[NODE_CLUSTER_CREATE], 0);
    app_intent(bed.app, &ask, "log", none); /* watching is for everybody */
    j = peer_next(&bed.peer);
    assert_non_null(json_get(j, "answer.result"));
    json_free(j);
    json_free(none);
}

static void cluster_create(void **s)
{
    (void)s;
    assert_null(bed_ask("cluster-create", "{\"name\":\"\"}"));
    assert_null(bed_ask("cluster-create", "{\"name\":\"a b\"}"));
    assert_null(bed_ask("cluster-create", "{\"name\":\"clu\",\"nodes\":[\"node9\"]}"));
    assert_non_null(strstr(bed_err.message, "node9"));
    assert_non_null(strstr(bed_err.message, "node1, node2"));
    assert_null(bed_ask("cluster-create", "{\"name\":\"clu\",\"nodes\":[\"node1\",\"NODE1\"]}"));
    assert_null(bed_ask("cluster-create", "{\"name\":\"clu\",\"nodes\":\"node1\"}"));
    assert_null(bed_ask("cluster-create", "{\"name\":\"clu\",\"nodes\":[5]}"));
    assert_int_equal(bed.nodes[0].asked[NODE_CLUSTER_CREATE], 0);
    json_free(bed_ask("cluster-create", "{\"name\":\"clu\",\"nodes\":[\"NODE2\"]}"));
    assert_false(err_is(&bed_err));
    assert_int_equal(bed.nodes[1].asked[NODE_CLUSTER_CREATE], 1);
    assert_string_equal(json_str(bed.nodes[1].last_args[NODE_CLUSTER_CREATE], "nodes.0"), "node2");
    json_free(bed_ask("cluster-create", "{\"name\":\"clu\"}"));
    assert_int_equal(json_len(json_get(bed.nodes[0].last_args[NODE_CLUSTER_CREATE], "nodes")), 2);
    fake_node_fail(&bed.nodes[0], NODE_CLUSTER_CREATE, "there is one already");
    assert_null(bed_ask("cluster-create", "{\"name\":\"clu\"}"));
    assert_string_equal(bed_err.message, "there is one already");
}

static void sign_in_and_choices(void **s)
{
    (void)s;
    assert_string_equal(signin()->state, "out");
    assert_true(choices()->n_regions > 0); /* the dated list, before anybody asks Azure */
    assert_null(bed_ask("sign-in", "{\"tenant\":\"no tenant\"}"));
    assert_null(bed_ask("choices", "{}"));
    assert_int_equal(bed_err.code, ERR_C_NOT_SIGNED_IN);
    bed_sign_in();
    assert_string_equal(signin()->state, "in");
    assert_string_equal(signin()->account, "anna@contoso.com");
    assert_string_equal(signin()->tenant_name, "Contoso (contoso.com)");
    assert_int_equal(signin()->owner_uid, bed.app->signin_uid);
    assert_int_equal(choices()->n_tenants, 2);
    assert_string_equal(choices()->tenants[0].id,
                        BED_TENANT); /* the home tenant's sighting counts */
    assert_int_equal(choices()->n_subs, 3);
    assert_string_equal(choices()->subs[0].parent, BED_TENANT);
    assert_string_equal(choices()->regions_of, BED_SUB); /* the only enabled one */
    assert_int_equal(choices()->n_regions, 2);
    assert_string_equal(choices()->regions[1].id, "westeurope");
    assert_null(bed_ask("choices", "{\"subscription\":\"x\"}"));
    json_free(bed_ask("choices", "{\"subscription\":\"" BED_SUB2 "\"}"));
    assert_string_equal(choices()->regions_of, BED_SUB2);
    json_free(bed_ask("sign-out", "{}"));
    assert_string_equal(signin()->state, "out");
    assert_int_equal(choices()->n_subs, 0);
    assert_int_equal(signin()->owner_uid, -1);
}

/* One tenant refuses (it wants its own second factor): the other's subscriptions are listed all the
 * same; when all refuse, it is an error. */
static void a_tenant_that_refuses(void **s)
{
    (void)s;
    bed_sign_in();
    fake_http_rule(&bed.web, "GET", "/subscriptions?", 403,
                   "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}");
    assert_null(bed_ask("choices", "{\"subscription\":\"\"}"));
    assert_string_equal(bed_err.remote_code, "AuthorizationFailed");
    assert_true(bed_err.advice[0] != 0);
    assert_string_equal(choices()->state, "failed");
}

static void the_sign_in_of_somebody_else(void **s)
{
    (void)s;
    bed_sign_in();
    bed.app->signin_uid = 4242;
    assert_null(bed_ask("sign-in", "{}"));
    assert_int_equal(bed_err.code, ERR_C_NOT_ALLOWED);
    assert_non_null(strstr(bed_err.message, "4242"));
    assert_null(bed_ask("choices", "{}"));
    assert_int_equal(bed_err.code, ERR_C_NOT_ALLOWED);
    assert_null(bed_ask("register", "{\"subscriptionId\":\"" BED_SUB "\",\"tenantId\":\"" BED_TENANT
                                    "\",\"region\":\"eastus\"}"));
    assert_int_equal(bed_err.code, ERR_C_NOT_ALLOWED);
}

static void runs_and_ids(void **s)
{
    struct json *j = bed_ask("runs", "{}");

    (void)s;
    assert_int_equal(json_len(json_get(j, "runs")), 0);
    json_free(j);
    assert_null(bed_ask("run-show", "{\"id\":\"../../etc/passwd\"}"));
    assert_null(bed_ask("run-show", "{\"id\":\"20200101T000000Z-register\"}"));
    assert_null(bed_ask("run-resume", "{\"id\":\"/x\"}"));
    assert_null(bed_ask("run-stop", "{\"id\":\"x\"}"));
    assert_int_equal(bed_err.code, ERR_C_NOT_FOUND);
}

static void the_log(void **s)
{
    struct json *j;

    (void)s;
    json_free(bed_ask("core-stop", "{}")); /* leaves a line */
    assert_int_equal(bed.stopped, 1);
    app_turn(bed.app);
    assert_true(state_version(bed.state, SEC_LOG) > 0);
    j = bed_ask("log", "{\"after\":0,\"max\":1}");
    assert_int_equal(json_len(json_get(j, "lines")), 1);
    assert_non_null(strstr(json_str(j, "lines.0.text"), "ending"));
    json_free(j);
}

static bool is_stopped(void *arg)
{
    (void)arg;
    return bed.stopped > 0;
}

static void ends_when_nobody_is_there(void **s)
{
    (void)s;
    spin(bed.loop, 200);
    assert_int_equal(bed.stopped, 0); /* a console is there */
    peer_close(&bed.peer);
    assert_true(spin_until(bed.loop, is_stopped, NULL));
}

static void a_newer_console_ends_an_idle_core(void **s)
{
    (void)s;
    app_newer(bed.app);
    assert_int_equal(bed.stopped, 1);
}

int test_core_app(void)
{
#define T(f, open) cmocka_unit_test_setup_teardown(f, open, bed_close)
    const struct CMUnitTest tests[] = {
        T(the_table, bed_open),
        T(an_early_intent_waits, bed_open),
        T(a_registration_waits_for_the_nodes, bed_open),
        T(the_end_of_a_run_of_the_core_before, bed_open),
        T(trouble_ends_the_waiting, bed_open),
        T(only_who_may_act_acts, bed_open_all),
        T(cluster_create, bed_open_all),
        T(sign_in_and_choices, bed_open_all),
        T(a_tenant_that_refuses, bed_open_all),
        T(the_sign_in_of_somebody_else, bed_open_all),
        T(runs_and_ids, bed_open_all),
        T(the_log, bed_open),
        T(ends_when_nobody_is_there, bed_open_private),
        T(a_newer_console_ends_an_idle_core, bed_open),
    };

    return TEST_GROUP("core/app", tests);
}
