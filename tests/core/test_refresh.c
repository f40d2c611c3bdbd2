#include "config.h"

#include "testing.h"

#include "core/fake.h"
#include "core/refresh.h"

int test_core_refresh(void);

static struct loop *loop;
static struct state *state;
static struct fake_node fakes[3];
static struct node *nodes[3];
static struct clock policy;
static struct refresh *r;

#define FRESH "{\"ClusterStatus\":\"NotYet\",\"RegistrationStatus\":\"NotYet\"}"

static int open_bed(void **s)
{
    struct err e = { 0 };
    static const char *const names[] = { "node1", "node2", "node3" };

    (void)s;
    loop = loop_new(&e);
    state = state_new();
    clock_init(&policy, 1);
    for (int i = 0; i < 3; i++) {
        fake_node_init(&fakes[i], loop, names[i]);
        fake_node_say(&fakes[i], NODE_STATUS, FRESH);
        nodes[i] = &fakes[i].node;
    }
    return 0;
}

static int close_bed(void **s)
{
    (void)s;
    refresh_free(r);
    r = NULL;
    for (int i = 0; i < 3; i++)
        fake_node_clear(&fakes[i]);
    state_free(state);
    loop_free(loop);
    return 0;
}

static void go(size_t n)
{
    struct refresh_config c = {
        .loop = loop, .state = state, .nodes = nodes, .n = n, .clock = &policy
    };

    r = refresh_new(&c);
}

static bool published(void *arg)
{
    (void)arg;
    return state_version(state, SEC_CLUSTER) > 0;
}

static const struct sec_cluster *cluster(void)
{
    return state_get(state, SEC_CLUSTER);
}

static void count(void *payload)
{
    ++*(int *)payload;
}

static bool counted(void *payload)
{
    return *(int *)payload > 0;
}

static void all_nodes_at_the_start(void **s)
{
    (void)s;
    go(3);
    for (int i = 0; i < 3; i++) { /* in parallel: all are asked before one has answered */
        assert_int_equal(fakes[i].asked[NODE_STATUS], 1);
        assert_int_equal(fakes[i].asked[NODE_AGENT_SHOW], 1);
    }
    assert_true(spin_until(loop, published, NULL));
    assert_int_equal(cluster()->nodes_up, 3);
    assert_string_equal(cluster()->cluster.word, "NotYet");
}

/* Somebody who asks while a round is under way gets the answers of the next one. */
static void asking_joins_no_older_round(void **s)
{
    int done = 0;

    (void)s;
    go(1);
    refresh_now(r, count, &done);
    assert_int_equal(fakes[0].asked[NODE_STATUS], 1);
    fake_node_say(&fakes[0], NODE_STATUS,
                  "{\"ClusterStatus\":\"Clustered\",\"clusterName\":\"clu\"}");
    assert_true(spin_until(loop, counted, &done));
    assert_int_equal(done, 1);
    assert_int_equal(fakes[0].asked[NODE_STATUS], 2);
    assert_true(cluster()->exists);
}

static void a_failure_is_stale_and_recovers(void **s)
{
    int done = 0;

    (void)s;
    go(1);
    assert_true(spin_until(loop, published, NULL));
    fake_node_fail(&fakes[0], NODE_STATUS, "unreachable");
    refresh_now(r, count, &done);
    assert_true(spin_until(loop, counted, &done));
    assert_true(cluster()->stale);
    assert_string_equal(cluster()->cluster.word, "NotYet");
    assert_string_equal(cluster()->error.message, "unreachable");
    done = 0;
    fake_node_fail(&fakes[0], NODE_STATUS, NULL);
    refresh_now(r, count, &done);
    assert_true(spin_until(loop, counted, &done));
    assert_false(cluster()->stale);
    assert_false(err_is(&cluster()->error));
}

/* A node that never answers keeps the rest from nothing. */
static void a_mute_node_delays_nobody(void **s)
{
    (void)s;
    fakes[1].mute = true;
    go(3);
    assert_true(spin_until(loop, published, NULL));
    assert_int_equal(cluster()->nodes_up, 2);
    assert_string_equal(((const struct sec_nodes *)state_get(state, SEC_NODES))->items[1].state,
                        "Unknown");
    refresh_free(r);
    r = NULL;
    assert_int_equal(fakes[1].cancelled, 2);
}

static void quiet_while_nothing_is_due(void **s)
{
    (void)s;
    go(1);
    spin(loop, 400);
    refresh_watched(r, true);
    spin(loop, 200);
    assert_int_equal(fakes[0].asked[NODE_STATUS], 1);
}

static bool synced(void *arg)
{
    (void)arg;
    return fakes[0].asked[NODE_SYNC] > 0;
}

static void next_sync_in(int64_t policy_ms)
{
    char text[200], at[TIME_SIZE];

    time_iso(at, clock_now(&policy) + policy_ms);
    str_fmt(text, sizeof(text), "{\"RegistrationStatus\":\"Registered\",\"NextSync\":\"%s\"}", at);
    fake_node_say(&fakes[0], NODE_STATUS, text);
}

/* 12 hours of the policy clock at a rate of 216000 are 200 ms. */
static void sync_when_it_is_due(void **s)
{
    int64_t begin = mono_ms();

    (void)s;
    clock_init(&policy, 216000);
    next_sync_in(INT64_C(12) * 3600 * 1000);
    go(1);
    assert_true(spin_until(loop, published, NULL));
    assert_int_equal(fakes[0].asked[NODE_SYNC], 0);
    next_sync_in(INT64_C(400) * 24 * 3600 * 1000);
    assert_true(spin_until(loop, synced, NULL));
    assert_true(mono_ms() - begin >= 150);
    spin(loop, 300);
    assert_int_equal(fakes[0].asked[NODE_SYNC], 1); /* and the new date was read */
}

/* A failing sync comes again, but not at once, however fast the policy clock runs. */
static void a_failed_sync_waits(void **s)
{
    (void)s;
    clock_init(&policy, 10000000);
    next_sync_in(-1000);
    fake_node_fail(&fakes[0], NODE_SYNC, "offline");
    go(1);
    assert_true(spin_until(loop, synced, NULL));
    spin(loop, 500);
    assert_int_equal(fakes[0].asked[NODE_SYNC], 1);
    spin(loop, 800);
    assert_int_equal(fakes[0].asked[NODE_SYNC], 2);
}

static void without_nodes(void **s)
{
    int done = 0;

    (void)s;
    go(0);
    refresh_now(r, count, &done);
    assert_int_equal(done, 1);
    assert_true(published(NULL));
}

int test_core_refresh(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_nodes_at_the_start, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(asking_joins_no_older_round, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(a_failure_is_stale_and_recovers, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(a_mute_node_delays_nobody, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(quiet_while_nothing_is_due, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(sync_when_it_is_due, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(a_failed_sync_waits, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(without_nodes, open_bed, close_bed),
    };

    return TEST_GROUP("core/refresh", tests);
}
