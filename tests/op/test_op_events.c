#include "config.h"

#include "op/fixture.h"

#include "testing.h"

#include "op/op_events.h"

static struct op_run *run(struct fx *fx, enum op_run_state end)
{
    struct op_run *r = fx_start(fx, &op_register);

    assert_int_equal(fx_run(fx, r, 600000), end);
    return r;
}

struct told {
    char words[1000]; /* "9001 open, 9133 begin reconcile, " */
    char parameters[500];
};

static bool see(const struct journal_rec *rec, void *payload)
{
    struct told *t = payload;
    size_t n = strlen(t->words);

    if (rec->number)
        str_fmt(t->words + n, sizeof t->words - n, "%d %s%s%s, ", (int)rec->number, rec->event,
                rec->step[0] ? " " : "", rec->step);
    if (str_eq(rec->event, "note"))
        STR_SET(t->parameters, json_str(rec->facts, "parameters"));
    return true;
}

static struct told journal_of(struct fx *fx)
{
    struct told t = { 0 };
    struct err e = { 0 };
    char id[80];

    STR_SET(id, strrchr(fx->journal, '/') + 1);
    id[strlen(id) - strlen(".jsonl")] = '\0';
    assert_int_equal(journal_read(fx->runs, id, see, &t, &e), 0);
    return t;
}

/* The same numbers, in the same order, as "9001 9009 ". */
static void log_of(int64_t after, char *out, size_t size, enum log_level *worst)
{
    struct log_line *lines = xcalloc(LOG_RING, sizeof *lines);
    size_t n = log_read(after, lines, LOG_RING);
    char head[40];

    out[0] = '\0';
    *worst = LOG_DBG;
    for (size_t i = 0; i < n; i++) {
        if (!lines[i].event)
            continue;
        assert_int_equal(lines[i].level, op_event_find(lines[i].event)->level);
        str_fmt(head, sizeof head, "event %d: ", lines[i].event);
        assert_memory_equal(lines[i].text, head, strlen(head));
        if (lines[i].event == 9009 && str_ends(out, "9009 "))
            continue; /* parameters may take several lines */
        str_fmt(out + strlen(out), size - strlen(out), "%d ", lines[i].event);
        *worst = lines[i].level > *worst ? lines[i].level : *worst;
    }
    free(lines);
}

static void a_registration_tells_its_numbers(void **state)
{
    struct fx *fx = fx_new(3);
    int64_t before = log_head();
    struct op_run *r = run(fx, OP_R_DONE);
    struct told t = journal_of(fx);
    enum log_level worst;
    char logged[400];

    (void)state;
    assert_string_equal(t.words, "9001 open, 9009 note, 9151 made agent, 9133 begin reconcile, "
                                 "9133 made reconcile, 9134 begin register, 9135 made register, "
                                 "9004 done, ");
    log_of(before, logged, sizeof logged, &worst);
    assert_string_equal(logged, "9001 9009 9151 9133 9133 9134 9135 9004 ");
    assert_int_equal(worst, LOG_INF);
    op_run_free(r);
    /* what is only found is no event */
    r = run(fx, OP_R_DONE);
    t = journal_of(fx);
    assert_string_equal(t.words, "9001 open, 9009 note, 9004 done, ");
    op_run_free(r);
    fx_free(fx);
}

static void certificates(struct fx *fx)
{
    for (size_t i = 0; i < fx->ports.n_nodes; i++)
        fx->nodes[i].no_msi = true;
}

/* By certificates: the Arc task's numbers, on each node as it begins, and once all are there. */
static void the_other_path_tells_its_numbers(void **state)
{
    struct fx *fx = fx_new(2);
    struct op_run *r;
    struct told t;

    (void)state;
    certificates(fx);
    r = run(fx, OP_R_DONE);
    t = journal_of(fx);
    assert_string_equal(t.words, "9001 open, 9009 note, 9002 begin arc-enable, 9002 begin "
                                 "arc-enable, 9003 made arc-enable, 9004 done, ");
    op_run_free(r);
    fx_free(fx);
}

static size_t words_in(const char *told)
{
    size_t n = 0;

    for (; (told = strchr(told, ',')); told++)
        n++;
    return n;
}

static void a_failure_has_its_number(void **state)
{
    static const struct {
        const char *method, *path;
        enum node_verb fails;
        const char *step, *end; /* of the journal */
        bool certificates;
    } rows[] = {
        { "PUT", "/clusters/hci", NODE_VERBS, "9130 failed cluster, ", "9130 failed, ", false },
        { "PUT", "/roleAssignments/", NODE_VERBS, "9132 failed role, ", "9132 failed, ", false },
        { "PUT", "/resourcegroups/", NODE_VERBS, "9009 note, ", "9114 failed, ", false },
        /* 9144 is no event: the identity path failed, and so did the registration */
        { NULL, NULL, NODE_REGISTER, "9145 failed register, ", "9114 failed, ", false },
        { NULL, NULL, NODE_AGENT_CONNECT, "9150 failed agent, ", "9114 failed, ", false },
        { NULL, NULL, NODE_CERTIFICATE_NEW,
          "9110 failed certificate, 9110 failed certificates-made, ", "9110 failed, ", true },
        { "POST", "/uploadCertificate", NODE_VERBS, "9110 failed upload, ", "9110 failed, ", true },
        { NULL, NULL, NODE_CERTIFICATE_SET,
          "9110 failed certificate-set, 9110 failed certificates, ", "9110 failed, ", true },
        { NULL, NULL, NODE_ARC_STATUS, "9112 failed arc-status, 9112 failed arc-way, ",
          "9112 failed, ", true },
        { NULL, NULL, NODE_ARC_ENABLE, "9006 failed arc-enable, ", "9114 failed, ", true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fx *fx = fx_new(1);
        int64_t before = log_head();
        struct op_run *r;
        struct told t;
        enum log_level worst;
        char logged[400];

        if (rows[i].path)
            fx_rule(fx, rows[i].method, rows[i].path, 403,
                    "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}");
        else
            fx->nodes[0].fail[rows[i].fails] = 1;
        if (rows[i].certificates)
            certificates(fx);
        r = run(fx, OP_R_FAILED);
        t = journal_of(fx);
        log_of(before, logged, sizeof logged, &worst);
        assert_non_null(strstr(t.words, rows[i].step));
        assert_string_equal(strstr(t.words, rows[i].end), rows[i].end); /* the last word */
        assert_memory_equal(logged + strlen(logged) - 5, rows[i].end, 5);
        assert_true(strlen(logged) == 5 * words_in(t.words)); /* as many as in the journal */
        assert_int_equal(worst, LOG_ERR);
        op_run_free(r);
        fx_free(fx);
    }
}

/* A look beforehand writes nothing anywhere, so it is no event either. */
static void a_check_tells_no_number(void **state)
{
    struct fx *fx = fx_new(1);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    int64_t before = log_head();
    struct op_run *r;
    enum log_level worst;
    char logged[400];

    (void)state;
    fx_rule(fx, "GET", "/clusters/hci", 403, "{\"error\":{\"code\":\"x\",\"message\":\"no\"}}");
    r = op_check_start(&fx->ports, &op_register, in, NULL, NULL, &e);
    assert_non_null(r);
    assert_int_equal(fx_run(fx, r, 60000), OP_R_FAILED);
    log_of(before, logged, sizeof logged, &worst);
    assert_string_equal(logged, "");
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

static void parameters_are_masked(void **state)
{
    struct json *in = json_object(), *p;

    (void)state;
    json_set_str(in, "subscriptionId", "s");
    json_set_str(in, "region", "eastus");
    json_set_str(in, "resourceGroupName", "");
    json_set_str(in, "arcAppId", "app");
    json_set_str(in, "accountId", "a@b");
    json_set_str(in, "armAccessToken", "t");
    json_set_str(in, "somethingNew", "who knows");
    p = op_event_parameters(in);
    assert_string_equal(json_str(p, "SubscriptionId"), "s");
    assert_string_equal(json_str(p, "Region"), "eastus");
    assert_null(json_member(p, "ResourceGroupName"));
    assert_string_equal(json_str(p, "ArcSpnCredential"), "***");
    assert_string_equal(json_str(p, "AccountId"), "***");
    assert_string_equal(json_str(p, "armAccessToken"), "***");
    assert_string_equal(json_str(p, "somethingNew"), "***");
    json_free(p);
    json_free(in);
}

/* The name ArcSpnCredential is a secret's, and the journal refuses facts by such names: the line
 * of the parameters must come all the same. */
static void the_journal_has_the_parameters(void **state)
{
    struct fx *fx = fx_new(1);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;
    struct told t;

    (void)state;
    json_set_str(in, "arcAppId", "b7a1f9d6-0000-4000-8000-000000000001");
    r = op_run_start(&fx->ports, &op_register, in, 0, NULL, NULL, &e);
    assert_non_null(r);
    fx_follow(fx, r);
    assert_int_equal(fx_run(fx, r, 600000), OP_R_DONE);
    t = journal_of(fx);
    assert_non_null(strstr(t.parameters, "Region=East US"));
    assert_non_null(strstr(t.parameters, "SubscriptionId=" FX_SUB));
    assert_non_null(strstr(t.parameters, "ArcSpnCredential=***"));
    assert_null(strstr(t.parameters, "b7a1f9d6"));
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

static void is_event(int number)
{
    if (number && !op_event_find(number))
        fail_msg("the number %d of a row is no event", number);
}

static void tables_fit(void **state)
{
    const struct op_event *before = NULL;

    (void)state;
    for (size_t i = 0; op_event_at(i); i++) {
        const struct op_event *ev = op_event_at(i);

        assert_true(ev->number >= 9001 && ev->number <= 9151);
        assert_true(!before || before->number < ev->number);
        assert_true(ev->meaning[0] && ev->level >= LOG_INF);
        before = ev;
    }
    assert_null(op_event_find(9144)); /* Windows Admin Center's alone */
    assert_null(op_event_find(3));
    for (size_t k = 0; op_plans[k]; k++) {
        const struct op_plan *p = op_plans[k];

        is_event(p->parameters);
        is_event(p->told.begin);
        is_event(p->told.made);
        is_event(p->told.failed);
        for (size_t i = 0; i < p->n; i++) {
            is_event(p->steps[i].told.begin);
            is_event(p->steps[i].told.made);
            is_event(p->steps[i].told.failed);
        }
    }
}

int test_op_op_events(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registration_tells_its_numbers),
        cmocka_unit_test(the_other_path_tells_its_numbers),
        cmocka_unit_test(a_failure_has_its_number),
        cmocka_unit_test(a_check_tells_no_number),
        cmocka_unit_test(parameters_are_masked),
        cmocka_unit_test(the_journal_has_the_parameters),
        cmocka_unit_test(tables_fit),
    };

    return TEST_GROUP("op_events", tests);
}
