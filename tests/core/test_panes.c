#include "config.h"

#include "testing.h"

#include "base/loop.h"
#include "core/panes.h"

int test_core_panes(void);

#define NOW INT64_C(1795262400000) /* 2026-11-21T12:00:00Z */

static struct panes_node nodes[3];
static struct panes_in in;
static struct sec_cluster c;
static struct sec_nodes rows;

static struct json *parse(const char *text)
{
    struct err e = { 0 };
    struct json *j = json_parse(text, strlen(text), 0, &e);

    assert_non_null(j);
    return j;
}

static void begin(size_t n)
{
    static const char *const names[] = { "node1", "node2", "node3" };

    memset(nodes, 0, sizeof(nodes));
    memset(&in, 0, sizeof(in));
    in.nodes = nodes;
    in.n = n;
    in.policy_now = NOW;
    in.tenant = "";
    for (size_t i = 0; i < n; i++)
        nodes[i].name = names[i];
}

static void says(size_t i, const char *text)
{
    nodes[i].status = parse(text);
    nodes[i].asked = true;
    nodes[i].checked_at = NOW - 3000;
}

static void build(void)
{
    panes_cluster(&c, &in);
    panes_nodes(&rows, &in);
    for (size_t i = 0; i < in.n; i++)
        json_free(json_edit(nodes[i].status));
}

#define REGISTERED                                                                                 \
    "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\",\"ConnectionStatus\":" \
    "\"Connected\",\"LastConnected\":\"2026-11-21T11:00:00Z\"}"
#define REPAIR "azloconf register --repair-registration"

static void agent_says(const char *first, const char *second)
{
    begin(2);
    says(0, REGISTERED);
    says(1, REGISTERED);
    nodes[0].agent = parse(first);
    nodes[1].agent = second ? parse(second) : NULL;
}

static void built_with_agents(void)
{
    build();
    json_free(json_edit(nodes[0].agent));
    json_free(json_edit(nodes[1].agent));
}

static void a_node_without_arc_is_offered_a_repair(void **s)
{
    (void)s;
    agent_says("{\"status\":\"Connected\"}", "{\"status\":\"Connected\"}");
    built_with_agents();
    assert_string_equal(c.registration.level, "ok");
    assert_string_equal(c.registration.next, "");
    agent_says("{\"status\":\"Connected\"}", NULL); /* it has not answered yet */
    built_with_agents();
    assert_string_equal(c.registration.next, "");
    agent_says("{\"status\":\"Connected\"}", "{\"status\":\"Disconnected\"}");
    built_with_agents();
    assert_string_equal(c.registration.word, "Registered");
    assert_string_equal(c.registration.level, "warn");
    assert_string_equal(c.registration.reason, "node2 is not connected to Azure Arc");
    assert_string_equal(c.registration.next, REPAIR);
    assert_string_equal(rows.items[0].next, "");
    assert_string_equal(rows.items[1].next, REPAIR);
    assert_string_equal(rows.items[1].level, "warn");
    agent_says("{\"status\":\"Connected\"}",
               "{\"installed\":false}"); /* 20H2: nothing is missing */
    json_free(json_edit(nodes[1].status));
    says(1, "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\","
            "\"ConnectionStatus\":\"Connected\",\"LastConnected\":\"2026-11-21T11:00:00Z\","
            "\"arcCommands\":false}");
    built_with_agents();
    assert_string_equal(c.registration.level, "ok");
    assert_string_equal(rows.items[1].next, "");
    agent_says("{\"installed\":false}", "{\"status\":\"Connected\"}");
    built_with_agents();
    assert_string_equal(c.registration.reason, "node1 is not connected to Azure Arc");
    agent_says("{\"status\":\"Connected\"}", "{\"status\":\"Connected\"}");
    in.gap = "node2 is missing in the cluster's Arc settings.";
    built_with_agents();
    assert_string_equal(c.registration.reason, in.gap);
    assert_string_equal(c.registration.next, REPAIR);
    begin(1); /* nothing of all this before it is registered */
    says(0, "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"NotYet\"}");
    nodes[0].agent = parse("{\"status\":\"Disconnected\"}");
    in.gap = "x";
    build();
    json_free(json_edit(nodes[0].agent));
    assert_string_equal(c.registration.next, "Register this cluster (1)");
}

/* `arc disable` was here: nothing is missing, whatever became of the agent. */
static void arc_disabled_on_purpose_is_no_gap(void **s)
{
    static const char disabled[] =
        "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\","
        "\"ConnectionStatus\":\"Connected\",\"LastConnected\":\"2026-11-21T11:00:00Z\","
        "\"arcStatus\":\"Disabled\"}";

    (void)s;
    begin(2);
    says(0, disabled);
    says(1, disabled);
    nodes[0].agent = parse("{\"status\":\"Connected\"}");
    nodes[1].agent = parse("{\"status\":\"Disconnected\"}");
    built_with_agents();
    assert_string_equal(c.registration.level, "ok");
    assert_string_equal(c.registration.next, "");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(rows.items[i].arc, "Disabled");
        assert_string_equal(rows.items[i].next, "");
    }
}

static void before_the_first_answer(void **s)
{
    (void)s;
    begin(2);
    build();
    assert_string_equal(c.cluster.word, "");
    assert_string_equal(c.cluster.level, "unknown");
    assert_false(c.stale);
    assert_string_equal(rows.items[0].state, "Unknown");
    assert_int_equal(rows.n, 2);
}

static void between_the_parts_of_a_move(void **s)
{
    (void)s;
    for (int stopped = 0; stopped < 2; stopped++) {
        begin(1);
        says(0, "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"NotYet\"}");
        in.move = "ID";
        in.move_stopped = stopped;
        build();
        assert_string_equal(c.registration.word, "NotYet");
        assert_string_equal(c.registration.reason,
                            stopped ? "being moved: the old registration is gone, the new one has "
                                      "not come about"
                                    : "being moved");
        assert_string_equal(c.registration.next,
                            stopped ? "azloconf operations resume ID" : "See the operation (1)");
    }
    begin(1);
    says(0, REGISTERED);
    in.move = "ID"; /* the first part has not got so far */
    build();
    assert_string_equal(c.registration.reason, "");
}

static void an_unregistration_that_broke_off(void **s)
{
    (void)s;
    for (int left = 0; left < 2; left++) {
        begin(1);
        says(0, "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"NotYet\"}");
        in.leave = left ? "ID" : "";
        build();
        assert_string_equal(c.registration.reason,
                            left ? "being unregistered: not all of it is gone from Azure yet"
                                 : "not registered with Azure yet");
        assert_string_equal(c.registration.next,
                            left ? "azloconf operations resume ID" : "Register this cluster (1)");
    }
}

/* The nodes' registration goes late: a repair is no way on. */
static void an_unregistration_that_broke_off_early(void **s)
{
    (void)s;
    begin(1);
    says(0, REGISTERED);
    in.gap = "node1 is missing in the cluster's Arc settings";
    in.leave = "ID";
    build();
    assert_string_equal(c.registration.level, "warn");
    assert_string_equal(c.registration.reason,
                        "being unregistered: not all of it is gone from Azure yet");
    assert_string_equal(c.registration.next, "azloconf operations resume ID");
}

static void fresh_node(void **s)
{
    (void)s;
    begin(1);
    says(
        0,
        "{\"ClusterStatus\":\"NotYet\",\"RegistrationStatus\":\"NotYet\",\"ConnectionStatus\":null,"
        "\"policyDeadline\":\"2026-12-18T12:00:00Z\",\"DiagnosticLevel\":\"Basic\"}");
    build();
    assert_string_equal(c.cluster.word, "NotYet");
    assert_string_equal(c.cluster.level, "warn");
    assert_true(c.cluster.next[0] != 0);
    assert_string_equal(c.registration.evidence, "due 2026-12-18, 27 days");
    assert_string_equal(c.connection.word, ""); /* blank until registered */
    assert_string_equal(c.connection.level, "");
    assert_string_equal(c.connection.evidence, ""); /* it may have been unregistered */
    assert_false(c.exists);
    assert_int_equal(c.due_at, NOW + 27 * PANES_DAY_MS);
    assert_int_equal(c.registration.checked_at, NOW - 3000);
}

#define REGISTERED_AT(last)                                                                        \
    "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\",\"ConnectionStatus\":" \
    "\"Connected\","                                                                               \
    "\"clusterName\":\"clu\",\"RegistrationDate\":\"2026-11-01T00:00:00Z\",\"AzureResourceName\":" \
    "\"clu\","                                                                                     \
    "\"AzureResourceUri\":\"/subscriptions/s/resourceGroups/g/providers/Microsoft.AzureStackHCI/"  \
    "clusters/clu\","                                                                              \
    "\"LastConnected\":\"" last "\",\"NextSync\":\"2026-11-21T23:00:00Z\",\"Region\":\"eastus\"}"

static void connected_and_old(void **s)
{
    struct cloud cloud = cloud_rows[0];

    (void)s;
    begin(1);
    in.cloud = &cloud;
    in.tenant = "t";
    says(0, REGISTERED_AT("2026-11-21T11:00:00Z"));
    build();
    assert_string_equal(c.connection.level, "ok");
    assert_string_equal(c.registration.evidence, "registered 2026-11-01");
    assert_true(c.exists);
    assert_string_equal(c.region, "eastus");
    assert_non_null(strstr(c.portal_url, "/resource/subscriptions/s/"));
    begin(1);
    says(0, REGISTERED_AT(""));
    build();
    assert_string_equal(c.connection.evidence, "never connected");
    begin(1);
    says(0, REGISTERED_AT("2026-11-20T11:00:00Z")); /* 25 hours */
    build();
    assert_string_equal(c.connection.word, "Connected");
    assert_string_equal(c.connection.level, "warn");
    assert_non_null(strstr(c.connection.reason, "1 day"));
    assert_true(c.connection.next[0] != 0);
    assert_string_equal(c.portal_url, "");
}

static void the_worst_node_stands_for_all(void **s)
{
    (void)s;
    begin(2);
    says(0, REGISTERED_AT("2026-11-21T11:00:00Z"));
    says(1, "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\","
            "\"ConnectionStatus\":\"OutOfPolicy\","
            "\"clusterName\":\"clu\"}");
    build();
    assert_string_equal(c.connection.word, "OutOfPolicy");
    assert_string_equal(c.connection.level, "fail");
    assert_non_null(strstr(c.connection.reason, "node2"));
    assert_string_equal(c.azure_resource_name, "clu"); /* of the first that is registered */
    assert_string_equal(rows.items[0].level, "ok");
    assert_string_equal(rows.items[1].level, "fail");
}

static void unknown_words_are_shown_as_they_came(void **s)
{
    (void)s;
    begin(1);
    says(0, "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Half\\u001bway\","
            "\"ConnectionStatus\":\"Odd\"}");
    build();
    assert_string_equal(c.connection.word, "Odd");
    assert_string_equal(c.connection.level, "unknown");
    assert_null(strchr(c.registration.word, '\033'));
}

static void one_of_two_is_down(void **s)
{
    (void)s;
    begin(2);
    says(0, REGISTERED_AT("2026-11-21T11:00:00Z"));
    says(1, REGISTERED_AT("2026-11-21T11:00:00Z"));
    err_set(&nodes[1].err, ERR_NODE, 0, "no route");
    build();
    assert_int_equal(c.nodes_up, 1);
    assert_false(c.stale);
    assert_string_equal(c.cluster.level, "warn");
    assert_string_equal(c.cluster.evidence, "1 of 2 nodes up");
    assert_string_equal(c.error.message, "no route");
    assert_non_null(strstr(c.error.context, "node2"));
    assert_string_equal(rows.items[1].state, "Down");
    assert_true(rows.items[1].stale);
    assert_string_equal(rows.items[1].connection,
                        "Connected"); /* what it said before, called stale */
}

static void all_down_is_stale(void **s)
{
    (void)s;
    begin(1);
    says(0, REGISTERED_AT("2026-11-21T11:00:00Z"));
    err_set(&nodes[0].err, ERR_NODE, 0, "gone");
    build();
    assert_true(c.stale);
    assert_string_equal(c.connection.word, "Connected");
    begin(1);
    nodes[0].asked = true;
    err_set(&nodes[0].err, ERR_NODE, 0, "gone");
    build();
    assert_string_equal(c.connection.word, "");
    assert_string_equal(c.connection.reason, "gone");
}

static void registered_and_never_synced_is_not_connected(void **s)
{
    (void)s;
    begin(1);
    says(0, "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\","
            "\"clusterName\":\"clu\",\"reason\":\"the first sync failed\"}");
    build();
    assert_string_equal(c.connection.word, "");
    assert_string_equal(c.connection.level, "warn");
    assert_string_equal(c.connection.reason, "the first sync failed");
}

#define WITH_CERTIFICATE(end)                                                                      \
    "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\",\"ConnectionStatus\":" \
    "\"Connected\",\"LastConnected\":\"2026-11-21T09:00:00Z\",\"reason\":\"fine\","                \
    "\"certificateNotAfter\":\"" end "\"}"

static void the_end_of_a_certificate_is_told_ahead(void **s)
{
    static const struct {
        const char *end, *level, *reason;
    } cases[] = {
        { WITH_CERTIFICATE("2027-01-20T12:00:00Z"), "ok", "" }, /* 60 days */
        { WITH_CERTIFICATE("2027-01-20T11:59:59Z"), "warn",
          "the certificate of node2 ends on 2027-01-20, in 59 days" },
        { WITH_CERTIFICATE("2026-12-05T12:00:00Z"), "warn",
          "the certificate of node2 ends on 2026-12-05, in 14 days" },
        { WITH_CERTIFICATE("2026-12-05T11:59:59Z"), "fail",
          "the certificate of node2 ends on 2026-12-05, in 13 days" },
        { WITH_CERTIFICATE("2026-11-21T11:00:00Z"), "fail",
          "the certificate of node2 has ended on 2026-11-21" },
    };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        begin(3); /* the third is registered by its identity: it has none */
        says(0, WITH_CERTIFICATE("2028-11-20T12:00:00Z"));
        says(1, cases[i].end);
        says(2, "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\","
                "\"ConnectionStatus\":\"Connected\"}");
        build();
        assert_string_equal(c.registration.level, cases[i].level);
        assert_string_equal(c.registration.reason, cases[i].reason);
        assert_string_equal(c.registration.next, i ? "Repair the registration (1)" : "");
        assert_string_equal(rows.items[0].level, "ok");
        assert_string_equal(rows.items[1].level, cases[i].level);
        assert_string_equal(rows.items[1].reason, i ? cases[i].reason : "fine");
        assert_memory_equal(c.certificate_ends, i < 2 ? "2027" : "2026", 4);
    }
}

#define WITH_SECRET(end)                                                                           \
    "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\",\"ConnectionStatus\":" \
    "\"Connected\",\"LastConnected\":\"2026-11-21T09:00:00Z\",\"reason\":\"fine\","                \
    "\"certificateNotAfter\":\"2027-01-19T12:00:00Z\",\"arcSecretNotAfter\":\"" end "\"}"

/* The cluster's, not a node's; the worse of it and of the certificates is told, which end in 59
 * days here. */
static void the_end_of_the_arc_secret_is_told_ahead(void **s)
{
    static const struct {
        const char *end, *level, *reason;
    } cases[] = {
        { WITH_SECRET("2028-11-20T12:00:00Z"), "warn",
          "the certificate of node1 ends on 2027-01-19, in 59 days" },
        { WITH_SECRET("2027-01-10T12:00:00Z"), "warn",
          "the secret for Azure Arc ends on 2027-01-10, in 50 days" },
        { WITH_SECRET("2026-12-05T11:59:59Z"), "fail",
          "the secret for Azure Arc ends on 2026-12-05, in 13 days" },
        { WITH_SECRET("2026-11-21T11:00:00Z"), "fail",
          "the secret for Azure Arc has ended on 2026-11-21" },
        { WITH_SECRET("soon"), "warn", "the certificate of node1 ends on 2027-01-19, in 59 days" },
    };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        begin(2);
        says(0, cases[i].end);
        says(1, cases[i].end);
        build();
        assert_string_equal(c.registration.level, cases[i].level);
        assert_string_equal(c.registration.reason, cases[i].reason);
        assert_string_equal(c.registration.next, "Repair the registration (1)");
        assert_memory_equal(c.arc_secret_ends, cases[i].end + strlen(cases[i].end) - 22,
                            i < 4 ? 20 : 0);
        assert_string_equal(rows.items[1].level, "warn");
        assert_non_null(strstr(rows.items[1].reason, "certificate"));
    }
}

int test_core_panes(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_answer),
        cmocka_unit_test(a_node_without_arc_is_offered_a_repair),
        cmocka_unit_test(arc_disabled_on_purpose_is_no_gap),
        cmocka_unit_test(between_the_parts_of_a_move),
        cmocka_unit_test(an_unregistration_that_broke_off),
        cmocka_unit_test(an_unregistration_that_broke_off_early),
        cmocka_unit_test(fresh_node),
        cmocka_unit_test(connected_and_old),
        cmocka_unit_test(the_worst_node_stands_for_all),
        cmocka_unit_test(unknown_words_are_shown_as_they_came),
        cmocka_unit_test(one_of_two_is_down),
        cmocka_unit_test(all_down_is_stale),
        cmocka_unit_test(registered_and_never_synced_is_not_connected),
        cmocka_unit_test(the_end_of_a_certificate_is_told_ahead),
        cmocka_unit_test(the_end_of_the_arc_secret_is_told_ahead),
    };

    return TEST_GROUP("core/panes", tests);
}
