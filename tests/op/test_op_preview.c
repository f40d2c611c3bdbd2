#include "config.h"

#include "testing.h"

#include "base/str.h"
#include "op/fixture.h"

static int set_up(void **state)
{
    *state = fx_new(2);
    fx_sign_in(*state);
    return 0;
}

static int tear_down(void **state)
{
    fx_free(*state);
    return 0;
}

static const struct json *step(const struct json *told, const char *id)
{
    JSON_EACH (s, told)
        if (str_eq(json_str(s, "id"), id))
            return s;
    fail_msg("no step %s", id);
    return NULL;
}

/* The first write of a step: "PUT https://...". */
static const char *write_of(const struct json *told, const char *id)
{
    static char out[700];

    out[0] = '\0';
    JSON_EACH (q, json_get(step(told, id), "requests"))
        if (!out[0] && str_eq(json_str(q, "kind"), "write"))
            str_fmt(out, sizeof out, "%s %s", json_str(q, "method"), json_str(q, "address"));
    return out;
}

static struct json *told_of(struct fx *fx, enum op_run_state *end)
{
    struct json *in = fx_inputs(), *told;
    struct err e = { 0 };
    struct op_run *r = op_check_start(&fx->ports, &op_register, in, NULL, NULL, &e);
    size_t sent;

    json_free(in);
    assert_non_null(r);
    *end = fx_run(fx, r, 20000);
    sent = fx->n_log;
    told = op_preview(r);
    assert_int_equal(fx->n_log, sent); /* it sends nothing, */
    assert_int_equal(fx_writes(fx), 0);
    assert_string_equal(op_run_fact(r, "cluster.cloudId"), ""); /* and leaves no trace in the run */
    op_run_free(r);
    return told;
}

static void a_fresh_cluster(void **state)
{
    struct fx *fx = *state;
    enum op_run_state end;
    struct json *told = told_of(fx, &end);
    char put[500];

    assert_int_equal(end, OP_R_DONE);
    assert_string_equal(json_str(step(told, "inputs"), "state"), "ok");
    assert_string_equal(json_str(step(told, "group"), "state"), "make");
    assert_string_equal(json_str(step(told, "arc-group"), "state"), "not");
    assert_string_equal(json_str(step(told, "cluster"), "state"), "make");
    assert_string_equal(json_str(step(told, "identity"), "state"), "perhaps");
    assert_string_equal(json_str(step(told, "links"), "state"), "later");
    str_fmt(put, sizeof put, "PUT %s" FX_CLUSTER "?api-version=2024-04-01", fx->cloud.arm);
    assert_string_equal(write_of(told, "cluster"), put);
    str_fmt(put, sizeof put, "PUT %s" FX_GROUP "?api-version=2021-04-01", fx->cloud.arm);
    assert_string_equal(write_of(told, "group"), put);
    assert_string_equal(write_of(told, "inputs"), "");
    json_free(told);
}

/* What Azure or a node gives on the way stands as {name}; a name derived from it is no false one.
 */
static void what_nobody_knows_yet(void **state)
{
    struct fx *fx = *state;
    enum op_run_state end;
    struct json *told = told_of(fx, &end);

    assert_string_equal(write_of(told, "register"), "node register {serviceEndpoint}");
    assert_true(str_ends(write_of(told, "role"),
                         "/roleAssignments/{roleAssignmentName}?api-version=2022-04-01"));
    assert_null(strstr(write_of(told, "role"), "%7B"));
    assert_int_equal(json_len(json_get(step(told, "agent"), "requests")), 2); /* one a node */
    assert_string_equal(json_str(step(told, "agent"), "requests.1.node"), fx->nodes[1].base.name);
    json_free(told);
}

static void a_conflict_stops(void **state)
{
    struct fx *fx = *state;
    enum op_run_state end;
    struct json *told;

    fx_rule(fx, "GET", FX_CLUSTER, 403, "{\"error\":{\"code\":\"AuthorizationFailed\"}}");
    told = told_of(fx, &end);
    assert_int_equal(end, OP_R_FAILED);
    assert_string_equal(json_str(step(told, "cluster"), "state"), "stop");
    assert_string_equal(write_of(told, "cluster"), "");
    json_free(told);
}

int test_op_op_preview(void)
{
#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_fresh_cluster),
        T(what_nobody_knows_yet),
        T(a_conflict_stops),
    };

    return TEST_GROUP("op/op_preview", tests);
}
