/* The policy clock: exact words at exact times. */
#include "config.h"

#include "testing.h"

#include <unistd.h>

#include "base/file.h"
#include "node/engine.h"

int test_node_engine(void);

#define T0  INT64_C(1795254082000) /* 2026-11-21T09:41:22Z */
#define DAY (24 * ENGINE_HOUR_MS)

static struct engine_record installed(void)
{
    struct engine_record r = { .version = 1 };

    time_iso(r.install_date, T0);
    return r;
}

static struct engine_cluster clustered(int64_t now)
{
    struct engine_cluster c;
    struct err e = { 0 };

    assert_int_equal(engine_cluster_make(&c, "cluster1", NULL, "node1", now, &e), 0);
    return c;
}

static struct engine_cluster registered(int64_t now)
{
    struct engine_cluster c = clustered(now);

    STR_SET(c.registration.resource_id,
            "/Subscriptions/s/resourceGroups/g/providers/Microsoft.AzureStackHCI/clusters/c");
    STR_SET(c.registration.resource_name, "c");
    STR_SET(c.registration.region, "eastus");
    time_iso(c.registration.registration_date, now);
    time_iso(c.registration.registered_at, now);
    return c;
}

/* The three words in a row; "-" for blank. */
static void expect(const struct engine_record *r, const struct engine_cluster *c, int64_t now,
                   const char *words)
{
    struct json *j = engine_status(r, c, "node1", now);
    const char *connection = json_str(j, "ConnectionStatus");
    char got[100];

    str_fmt(got, sizeof(got), "%s %s %s", json_str(j, "ClusterStatus"),
            json_str(j, "RegistrationStatus"), connection ? connection : "-");
    assert_string_equal(got, words);
    assert_non_null(json_str(j, "reason"));
    json_free(j);
}

static void expect_time(const struct engine_record *r, const struct engine_cluster *c, int64_t now,
                        const char *member, int64_t ms)
{
    struct json *j = engine_status(r, c, "node1", now);
    char iso[TIME_SIZE];

    assert_non_null(json_member(j, member));
    if (ms) {
        time_iso(iso, ms);
        assert_string_equal(json_str(j, member), iso);
    } else {
        assert_true(json_is_null(json_member(j, member)));
    }
    json_free(j);
}

static void test_before_cluster(void **state)
{
    struct engine_record r = installed();

    (void)state;
    expect(&r, NULL, T0, "NotYet NotYet -");
    expect(&r, NULL, T0 - DAY, "NotYet NotYet -"); /* a clock that went back */
    expect(&r, NULL, T0 + 30 * DAY - 1, "NotYet NotYet -");
    expect_time(&r, NULL, T0 + 30 * DAY - 1, "policyDeadline", T0 + 30 * DAY);
    expect(&r, NULL, T0 + 30 * DAY, "OutOfPolicy OutOfPolicy -");
    expect_time(&r, NULL, T0 + 30 * DAY, "policyDeadline", 0);
}

static void test_before_registration(void **state)
{
    struct engine_record r = installed();
    struct engine_cluster c = clustered(T0);

    (void)state;
    expect(&r, &c, T0 + DAY, "Clustered NotYet -");
    expect(&r, &c, T0 + 30 * DAY - 1, "Clustered NotYet -");
    expect(&r, &c, T0 + 30 * DAY, "Clustered OutOfPolicy -");
    /* A cluster made late: that field is good again at once. */
    expect(&r, &c, T0 + 90 * DAY, "Clustered OutOfPolicy -");
    expect_time(&r, &c, T0 + DAY, "NextSync", 0);
    expect_time(&r, &c, T0 + DAY, "LastConnected", 0);
    expect_time(&r, &c, T0 + DAY, "RegistrationDate", 0);
}

static void test_registered(void **state)
{
    struct engine_record r = installed();
    int64_t at = T0 + 40 * DAY; /* after both windows: registering mends RegistrationStatus */
    struct engine_cluster c = registered(at);

    (void)state;
    expect(&r, &c, at, "Clustered Registered -"); /* nothing is Connected that has not synced */
    expect_time(&r, &c, at, "NextSync", at + ENGINE_HOUR_MS);
    engine_synced(&r, at);
    expect(&r, &c, at, "Clustered Registered Connected");
    expect_time(&r, &c, at, "LastConnected", at);
    expect_time(&r, &c, at, "NextSync", at + 12 * ENGINE_HOUR_MS);
    expect_time(&r, &c, at, "policyDeadline", at + 30 * DAY);
    expect_time(&r, &c, at, "RegistrationDate", at);
    expect(&r, &c, at + 2 * DAY,
           "Clustered Registered Connected"); /* older than a day: a warning of the core */
    expect(&r, &c, at + 30 * DAY - 1, "Clustered Registered Connected");
    expect(&r, &c, at + 30 * DAY, "Clustered Registered OutOfPolicy");
    expect_time(&r, &c, at + 30 * DAY, "policyDeadline", 0);
}

static void test_failed_syncs_and_back(void **state)
{
    struct engine_record r = installed();
    struct engine_cluster c = registered(T0);

    (void)state;
    engine_synced(&r, T0);
    for (int64_t t = T0; t < T0 + 31 * DAY; t += DAY)
        engine_sync_failed(&r, t, "no network");
    expect(&r, &c, T0 + 29 * DAY, "Clustered Registered Connected");
    expect(&r, &c, T0 + 31 * DAY, "Clustered Registered OutOfPolicy");
    expect_time(&r, &c, T0 + 31 * DAY, "NextSync", T0 + 30 * DAY + ENGINE_HOUR_MS);
    expect_time(&r, &c, T0 + 31 * DAY, "LastConnected", T0);
    engine_synced(&r, T0 + 31 * DAY);
    expect(&r, &c, T0 + 31 * DAY, "Clustered Registered Connected");
    assert_string_equal(r.last_error, "");
}

static void test_never_synced(void **state)
{
    struct engine_record r = installed();
    struct engine_cluster c = registered(T0 + DAY);

    (void)state;
    engine_sync_failed(&r, T0 + 2 * DAY, "no network");
    expect(&r, &c, T0 + 3 * DAY, "Clustered Registered -");
    expect_time(&r, &c, T0 + 3 * DAY, "NextSync", T0 + 2 * DAY + ENGINE_HOUR_MS);
    expect(&r, &c, T0 + 31 * DAY - 1, "Clustered Registered -");
    expect(&r, &c, T0 + 31 * DAY, "Clustered Registered OutOfPolicy");
}

static void test_other_registration(void **state)
{
    struct engine_record r = installed();
    struct engine_cluster c = registered(T0 + 10 * DAY);

    (void)state;
    engine_synced(&r, T0 + 5 * DAY); /* of a registration that is gone */
    expect(&r, &c, T0 + 11 * DAY, "Clustered Registered -");
    expect_time(&r, &c, T0 + 11 * DAY, "NextSync", T0 + 10 * DAY + ENGINE_HOUR_MS);
    expect_time(&r, &c, T0 + 11 * DAY, "LastConnected", 0);
    engine_unregistered(&r);
    assert_string_equal(r.last_connected, "");
}

static void test_not_a_member(void **state)
{
    struct engine_record r = installed();
    struct engine_cluster c = registered(T0);
    struct json *j = engine_status(&r, &c, "node9", T0);

    (void)state;
    assert_string_equal(json_str(j, "ClusterStatus"), "NotYet");
    assert_string_equal(json_str(j, "RegistrationStatus"), "NotYet");
    assert_true(json_is_null(json_member(j, "AzureResourceUri")));
    json_free(j);
    j = engine_status(&r, &c, "NODE1", T0); /* names have no case */
    assert_string_equal(json_str(j, "ClusterStatus"), "Clustered");
    assert_string_equal(json_str(j, "clusterNodes.0"), "node1");
    assert_string_equal(json_str(j, "Region"), "eastus");
    assert_string_equal(json_str(j, "DiagnosticLevel"), "Basic");
    assert_string_equal(json_str(j, "AzureResourceName"), "c");
    json_free(j);
}

static void test_scaled_clock(void **state)
{
    struct engine_record r = installed();
    struct clock clock;
    int64_t from = mono_ms();

    (void)state;
    clock_init_at(&clock, INT64_C(30) * 24 * 3600 * 10, T0); /* 30 days in a tenth of a second */
    expect(&r, NULL, clock_now(&clock), "NotYet NotYet -");
    while (clock_now(&clock) < T0 + 30 * DAY)
        assert_true(mono_ms() - from < 2000);
    expect(&r, NULL, clock_now(&clock), "OutOfPolicy OutOfPolicy -");
}

static void test_record_file(void **state)
{
    static const char *const damaged[] = {
        "",
        "{}",
        "[]",
        "{\"version\":2,\"installDate\":\"2026-11-21T09:41:22Z\"}",
        "{\"version\":1,\"installDate\":\"yesterday\"}",
        "{\"version\":1,\"installDate\":\"\"}",
        "{\"version\":1,\"installDate\":\"2026-11-21T09:41:22Z\",\"nextSync\":\"soon\"}",
        "{\"version\":1,\"installDate\":\"2026-11-21T09:41:22Z\"} x",
    };
    struct engine_record r = { 0 };
    struct str text = STR_INIT;
    struct err e = { 0 };
    char path[300];

    (void)state;
    str_fmt(path, sizeof(path), "%s/node.json", test_dir());
    assert_int_equal(engine_record_load(path, &r, &e), -1);
    assert_int_equal(e.code, ERR_C_NOT_FOUND);
    assert_int_equal(engine_record_init(path, T0, &e), 0);
    assert_int_equal(engine_record_init(path, T0 + DAY, &e), 0); /* the install date stays */
    assert_int_equal(engine_record_load(path, &r, &e), 0);
    assert_string_equal(r.install_date, "2026-11-21T09:41:22Z");
    engine_synced(&r, T0 + DAY);
    engine_sync_failed(&r, T0 + 2 * DAY, "no network");
    assert_int_equal(engine_record_save(path, &r, &e), 0);
    memset(&r, 0, sizeof(r));
    assert_int_equal(engine_record_load(path, &r, &e), 0);
    assert_string_equal(r.last_connected, "2026-11-22T09:41:22Z");
    assert_string_equal(r.last_error, "no network");
    for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
        assert_int_equal(file_replace(path, damaged[i], strlen(damaged[i]), &e), 0);
        assert_int_equal(engine_record_load(path, &r, &e), -1);
        assert_int_equal(e.domain, ERR_NODE);
        assert_int_equal(e.code, ERR_C_CORRUPT);
        assert_non_null(strstr(e.message, path));
        assert_int_equal(engine_record_init(path, T0, &e), 0);
        str_reset(&text);
        assert_int_equal(file_read(path, 4096, &text, &e), 0);
        assert_string_equal(str_p(&text), damaged[i]); /* left as it was */
    }
    str_free(&text);
    unlink(path);
}

static void test_cluster_record(void **state)
{
    struct engine_cluster c = registered(T0), back;
    struct json *j = engine_cluster_encode(&c);
    struct err e = { 0 };

    (void)state;
    STR_SET(c.registration.service_endpoint, "https://a/dataplane/eastus");
    STR_SET(c.registration.billing_scope, "https://a/usage/.default");
    STR_SET(c.registration.cloud_id, "11111111-2222-3333-4444-555555555555");
    STR_SET(c.registration.subscription_id, "11111111-2222-3333-4444-555555555555");
    json_free(j);
    j = engine_cluster_encode(&c);
    assert_int_equal(engine_cluster_decode(j, &back, &e), 0);
    assert_true(engine_is_registered(&back));
    assert_string_equal(back.registration.service_endpoint, c.registration.service_endpoint);
    assert_string_equal(back.id, c.id);
    json_unset(j, "registration");
    assert_int_equal(engine_cluster_decode(j, &back, &e), 0);
    assert_false(engine_is_registered(&back));
    json_set_str(j, "id", "no guid");
    assert_int_equal(engine_cluster_decode(j, &back, &e), -1);
    assert_int_equal(e.code, ERR_C_CORRUPT);
    json_set_str(j, "id", c.id);
    json_set_str(j, "nodes", "node1");
    assert_int_equal(engine_cluster_decode(j, &back, &e), -1);
    json_set(j, "nodes", json_array());
    assert_int_equal(engine_cluster_decode(j, &back, &e), -1);
    json_free(j);
    assert_false(engine_is_registered(NULL));
}

static void test_cluster_names(void **state)
{
    static const char *const good[] = { "c", "Cluster-1", "123" };
    static const char *const bad[] = {
        NULL,  "",    "-a",       "a-",       "a_b",
        "a b", "a/b", "\x1b[31m", "\xc3\xa4", "01234567890123456789012345678901234567890"
    };
    static const char *const bad_nodes[] = { "[\"\"]", "[\"a b\"]", "[5]", "[\"..\"]", "[\"-x\"]" };
    struct engine_cluster c;
    struct err e = { 0 };
    struct json *nodes;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_int_equal(engine_cluster_make(&c, good[i], NULL, "n1", T0, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(engine_cluster_make(&c, bad[i], NULL, "n1", T0, &e), -1);
        assert_int_equal(e.domain, ERR_USAGE);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad_nodes); i++) {
        nodes = json_parse(bad_nodes[i], strlen(bad_nodes[i]), 0, &e);
        assert_int_equal(engine_cluster_make(&c, "c", nodes, "n1", T0, &e), -1);
        assert_int_equal(e.domain, ERR_USAGE);
        json_free(nodes);
    }
    nodes = json_parse("[\"n2\",\"N1\",\"n2\"]", 16, 0, &e);
    assert_int_equal(engine_cluster_make(&c, "c", nodes, "n1", T0, &e), 0);
    assert_int_equal(c.n_nodes, 2);
    json_free(nodes);
    nodes = json_array();
    for (int i = 0; i < ENGINE_NODES; i++) {
        char name[16];

        str_fmt(name, sizeof(name), "x%d", i);
        json_push(nodes, json_string(name));
    }
    assert_int_equal(engine_cluster_make(&c, "c", nodes, "x5", T0, &e), 0);
    assert_int_equal(c.n_nodes, ENGINE_NODES);
    assert_int_equal(engine_cluster_make(&c, "c", nodes, "n1", T0, &e), -1);
    json_free(nodes);
}

int test_node_engine(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before_cluster), cmocka_unit_test(test_before_registration),
        cmocka_unit_test(test_registered),     cmocka_unit_test(test_failed_syncs_and_back),
        cmocka_unit_test(test_never_synced),   cmocka_unit_test(test_other_registration),
        cmocka_unit_test(test_not_a_member),   cmocka_unit_test(test_scaled_clock),
        cmocka_unit_test(test_record_file),    cmocka_unit_test(test_cluster_record),
        cmocka_unit_test(test_cluster_names),
    };

    return TEST_GROUP("node/engine", tests);
}
