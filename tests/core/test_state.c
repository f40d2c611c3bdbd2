#include "config.h"

#include "testing.h"

#include "core/state.h"

int test_core_state(void);

static int told;

static void on_change(void *payload, enum section_id id)
{
    *(int *)payload = (int)id;
    told++;
}

static void only_news_is_published(void **s)
{
    struct state *st = state_new();
    struct sec_nodes *n = xcalloc(1, sizeof(*n));
    int id = -1;

    (void)s;
    told = 0;
    state_listen(st, on_change, &id);
    assert_int_equal(state_version(st, SEC_NODES), 0);
    assert_true(state_publish(st, SEC_NODES, n));
    assert_int_equal(id, SEC_NODES);
    assert_false(state_publish(st, SEC_NODES, n));
    n->n = 1;
    STR_SET(n->items[0].name, "node1");
    /* Bytes behind the count are no part of the section. */
    STR_SET(n->items[5].name, "ghost");
    assert_true(state_publish(st, SEC_NODES, n));
    n->items[5].name[0] = 'G';
    assert_false(state_publish(st, SEC_NODES, n));
    assert_int_equal(state_version(st, SEC_NODES), 2);
    assert_int_equal(state_version(st, SEC_RUN), 0);
    assert_int_equal(told, 2);
    assert_string_equal(((const struct sec_nodes *)state_get(st, SEC_NODES))->items[0].name,
                        "node1");
    free(n);
    state_free(st);
}

static void the_clock_is_no_news(void **s)
{
    struct state *st = state_new();
    struct sec_core c = { .pid = 1, .now = 1000, .policy_now = 2000 };

    (void)s;
    assert_true(state_publish(st, SEC_CORE, &c));
    c.now = 5000;
    c.policy_now = 6000;
    assert_false(state_publish(st, SEC_CORE, &c));
    assert_int_equal(((const struct sec_core *)state_get(st, SEC_CORE))->now, 1000);
    STR_SET(c.problem, "disk full");
    assert_true(state_publish(st, SEC_CORE, &c));
    assert_int_equal(((const struct sec_core *)state_get(st, SEC_CORE))->now, 5000);
    state_free(st);
}

static void yours_is_per_uid(void **s)
{
    struct state *st = state_new();
    struct sec_signin in = { .owner_uid = 1000, .yours = true };
    struct str a = STR_INIT, b = STR_INIT;

    (void)s;
    STR_SET(in.state, "in");
    state_publish(st, SEC_SIGNIN, &in);
    state_add(st, SEC_SIGNIN, 1000, &a);
    state_add(st, SEC_SIGNIN, 1001, &b);
    assert_non_null(strstr(a.p, "\"yours\":true"));
    assert_non_null(strstr(b.p, "\"yours\":false"));
    in.yours = false; /* not part of what is stored */
    assert_false(state_publish(st, SEC_SIGNIN, &in));
    str_free(&a);
    str_free(&b);
    state_free(st);
}

static void errors_get_advice(void **s)
{
    struct state *st = state_new();
    struct sec_run *r = xcalloc(1, sizeof(*r));
    const struct sec_run *got;

    (void)s;
    err_set(&r->error, ERR_ARM, 0, "no");
    STR_SET(r->error.remote_code, "AuthorizationFailed");
    state_publish(st, SEC_RUN, r);
    got = state_get(st, SEC_RUN);
    assert_true(got->error.advice[0] != 0);
    assert_true(r->error.advice[0] == 0);
    assert_false(state_publish(st, SEC_RUN, r));
    free(r);
    state_free(st);
}

static void never_published_is_an_empty_section(void **s)
{
    struct state *st = state_new();
    struct str a = STR_INIT;
    struct err e = { 0 };
    struct json *j;

    (void)s;
    state_add(st, SEC_CLUSTER, 0, &a);
    j = json_parse(a.p, a.len, 0, &e);
    assert_non_null(j);
    json_free(j);
    str_free(&a);
    state_free(st);
}

int test_core_state(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_news_is_published),
        cmocka_unit_test(the_clock_is_no_news),
        cmocka_unit_test(yours_is_per_uid),
        cmocka_unit_test(errors_get_advice),
        cmocka_unit_test(never_published_is_an_empty_section),
    };

    return TEST_GROUP("core/state", tests);
}
