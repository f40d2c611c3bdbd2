/* The native node whole: verbs against a replayed agent and service, on a clock that the test sets.
 */
#include "config.h"

#include "testing.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "contract.h"
#include "net/http.h"
#include "node/node.h"
#include "store/store.h"

int test_node_node_local(void);

#define T0       INT64_C(1795254082000) /* 2026-11-21T09:41:22Z */
#define HOUR     INT64_C(3600000)
#define DAY      (24 * HOUR)
#define CLOUD_ID "11111111-2222-3333-4444-555555555555"
#define AGENT                                                                                      \
    "http://127.0.0.1:40342/metadata/identity/oauth2/"                                             \
    "token?resource=https%3A%2F%2Fdp.example%2Fusage&api-version=2020-06-01"
#define SERVICE "https://dp.example/eastus"
#define URI     "/Subscriptions/s/resourceGroups/g/providers/Microsoft.AzureStackHCI/clusters/c1"

struct rig {
    struct loop *loop;
    struct http *http;
    struct store *store;
    struct clock clock;
    struct node *node, *node2;
    char dir[200], tokens[300];
    int answers;
    struct json *answer;
    struct err err;
};

static struct node *new_node(struct rig *g, const char *name)
{
    struct err e = { 0 };
    char dir[300];
    struct node_local_config cfg = { .name = name,
                                     .dir = dir,
                                     .store = g->store,
                                     .http = g->http,
                                     .clock = &g->clock,
                                     .himds_endpoint = "http://127.0.0.1:40342",
                                     .azcmagent = "/nonexistent/azcmagent",
                                     .tokens_dir = g->tokens };
    struct node *n;

    str_fmt(dir, sizeof(dir), "%s/%s", g->dir, name);
    n = node_local_new(g->loop, &cfg, &e);
    assert_non_null(n);
    assert_true(n->native);
    assert_string_equal(n->name, name);
    return n;
}

static void rig_start(struct rig *g, const char *script)
{
    static int count;
    struct err e = { 0 };
    char path[400];

    memset(g, 0, sizeof(*g));
    str_fmt(g->dir, sizeof(g->dir), "%s/local%d", test_dir(), count++);
    str_fmt(g->tokens, sizeof(g->tokens), "%s/tokens", g->dir);
    assert_int_equal(file_mkdirs(g->tokens, &e), 0);
    str_fmt(path, sizeof(path), "%s/a.key", g->tokens);
    assert_int_equal(file_replace(path, "k3y", 3, &e), 0);
    g->loop = loop_new(&e);
    g->http = http_replay_new(g->loop, script, &e);
    assert_non_null(g->http);
    g->http->ops->allow(g->http, "dp.example");
    g->store = store_file_open(g->dir, &e);
    assert_non_null(g->store);
    clock_init_at(&g->clock, 1, T0);
    g->node = new_node(g, "node1");
    g->node2 = new_node(g, "node2");
}

static void rig_stop(struct rig *g)
{
    assert_null(http_replay_problem(g->http));
    json_free(g->answer);
    g->node->ops->close(g->node);
    g->node2->ops->close(g->node2);
    g->store->ops->close(g->store);
    g->http->ops->close(g->http);
    loop_free(g->loop);
}

static void on_done(void *payload, const struct node_reply *r)
{
    struct rig *g = payload;

    g->answers++;
    json_free(g->answer);
    g->answer = r->json ? json_copy(r->json) : NULL;
    g->err = r->err;
}

static void call(struct rig *g, struct node *n, enum node_verb v, const char *args)
{
    struct err e = { 0 };
    struct json *j = json_parse(args, strlen(args), 0, &e);

    assert_non_null(j);
    g->answers = 0;
    node_call(n, v, j, NULL, on_done, g);
    json_free(j);
    assert_int_equal(g->answers, 0); /* never from inside */
    for (int i = 0; i < 50 && !g->answers; i++)
        loop_turn(g->loop, 50);
    assert_int_equal(g->answers, 1);
}

static void at(struct rig *g, int64_t now)
{
    clock_init_at(&g->clock, 1, now);
}

static void expect(struct rig *g, struct node *n, const char *words)
{
    const char *connection;
    char got[100];

    call(g, n, NODE_STATUS, "{}");
    assert_non_null(g->answer);
    connection = json_str(g->answer, "ConnectionStatus");
    str_fmt(got, sizeof(got), "%s %s %s", json_str(g->answer, "ClusterStatus"),
            json_str(g->answer, "RegistrationStatus"), connection ? connection : "-");
    assert_string_equal(got, words);
}

#define CREATE "{\"name\":\"cluster1\",\"nodes\":[\"node1\",\"node2\"]}"
#define ARGS(uri)                                                                                  \
    "{\"serviceEndpoint\":\"" SERVICE                                                              \
    "\",\"billingServiceApiScope\":\"https://dp.example/usage/.default\","                         \
    "\"cloudId\":\"" CLOUD_ID "\",\"subscriptionId\":\"" CLOUD_ID "\",\"tenantId\":\"" CLOUD_ID    \
    "\","                                                                                          \
    "\"resourceName\":\"c1\",\"providerNamespace\":\"Microsoft.AzureStackHCI\",\"resourceArmId\":" \
    "\"" uri "\","                                                                                 \
    "\"region\":\"eastus\",\"clusterNodes\":[\"node1\",\"node2\"]}"

/* The challenge names a key file, so scripts are made when the folder is known: '@' stands for it.
 */
static void set_script(struct rig *g, const char *script)
{
    struct str s = STR_INIT;
    struct err e = { 0 };

    for (const char *p = script; *p; p++)
        *p == '@' ? str_add(&s, g->tokens) : str_addc(&s, *p);
    assert_null(http_replay_problem(g->http));
    g->node->ops->close(g->node);
    g->node2->ops->close(g->node2);
    g->http->ops->close(g->http);
    g->http = http_replay_new(g->loop, s.p, &e);
    assert_non_null(g->http);
    g->http->ops->allow(g->http, "dp.example");
    g->node = new_node(g, "node1");
    g->node2 = new_node(g, "node2");
    str_free(&s);
}

#define TOKEN                                                                                      \
    "{\"method\":\"GET\",\"url\":\"" AGENT "\",\"status\":401,\"headers\":{\"WWW-Authenticate\":"  \
    "\"Basic realm=@/a.key\"}},{\"method\":\"GET\",\"url\":\"" AGENT                               \
    "\",\"sends\":{\"Authorization\":\"Basic k3y\"},"                                              \
    "\"body\":{\"access_token\":\"tok\",\"expires_in\":3599}}"
#define REGISTER(rest)                                                                             \
    "{\"method\":\"POST\",\"url\":\"" SERVICE "/clusters/" CLOUD_ID "/register\"," rest "}"
#define SYNC(rest)                                                                                 \
    "{\"method\":\"POST\",\"url\":\"" SERVICE "/clusters/" CLOUD_ID "/sync\"," rest "}"
#define REGISTERED                                                                                 \
    REGISTER("\"body\":{\"registrationDate\":\"2026-11-21T09:00:00.1234567Z\","                    \
             "\"syncIntervalSeconds\":43200}")
#define SYNCED                                                                                     \
    SYNC("\"body\":{\"lastSync\":\"2026-11-21T09:00:00Z\",\"diagnosticLevel\":\"Enhanced\","       \
         "\"windowsServerSubscription\":\"Disabled\"}")

static void test_verb_table(void **state)
{
    (void)state;
    for (int v = 0; v < NODE_VERBS; v++) {
        assert_int_equal(node_verbs[v].verb, v);
        assert_true(node_verbs[v].deadline_ms > 0);
        assert_string_equal(node_verb_name((enum node_verb)v), node_verbs[v].name);
        assert_int_equal(node_verbs[v].changes, v != NODE_STATUS && v != NODE_FACTS &&
                                                    v != NODE_AGENT_SHOW &&
                                                    v != NODE_CERTIFICATE_FIND &&
                                                    v != NODE_ARC_STATUS && v != NODE_RESET_STATUS);
    }
    assert_string_equal(node_verb_name(NODE_VERBS), "");
}

static void test_create(void **state)
{
    struct rig g;
    char id[GUID_SIZE];

    (void)state;
    rig_start(&g, "[]");
    expect(&g, g.node, "NotYet NotYet -");
    assert_string_equal(json_str(g.answer, "installDate"), "2026-11-21T09:41:22Z");
    call(&g, g.node, NODE_CLUSTER_CREATE, CREATE);
    assert_true(json_flag(g.answer, "created", false));
    STR_SET(id, json_str(g.answer, "clusterId"));
    assert_true(guid_is(id));
    expect(&g, g.node, "Clustered NotYet -");
    expect(&g, g.node2, "Clustered NotYet -"); /* the record is shared */
    assert_string_equal(json_str(g.answer, "clusterNodes.1"), "node2");
    call(&g, g.node2, NODE_CLUSTER_CREATE,
         "{\"name\":\"CLUSTER1\",\"nodes\":[\"node2\",\"node1\"]}");
    assert_false(json_flag(g.answer, "created", true)); /* found */
    assert_string_equal(json_str(g.answer, "clusterId"), id);
    call(&g, g.node, NODE_CLUSTER_CREATE, "{\"name\":\"other\",\"nodes\":[\"node1\",\"node2\"]}");
    assert_null(g.answer);
    assert_int_equal(g.err.code, ERR_C_CONFLICT);
    call(&g, g.node, NODE_CLUSTER_CREATE, "{\"name\":\"a b\"}");
    assert_int_equal(g.err.domain, ERR_USAGE);
    expect(&g, g.node, "Clustered NotYet -");
    at(&g, T0 + 30 * DAY);
    expect(&g, g.node, "Clustered OutOfPolicy -");
    rig_stop(&g);
}

static void test_register(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, g.node, NODE_CLUSTER_CREATE, CREATE);
    set_script(&g, "[" TOKEN "," REGISTERED "," SYNCED "]");
    at(&g, T0 + HOUR);
    call(&g, g.node, NODE_REGISTER, ARGS(URI));
    assert_non_null(g.answer);
    assert_string_equal(json_str(g.answer, "registrationDate"), "2026-11-21T09:00:00Z");
    assert_string_equal(json_str(g.answer, "lastSync"), "2026-11-21T10:41:22Z");
    assert_string_equal(json_str(g.answer, "nextSync"), "2026-11-21T22:41:22Z");
    assert_string_equal(json_str(g.answer, "windowsServerSubscription"), "Disabled");
    expect(&g, g.node, "Clustered Registered Connected");
    assert_string_equal(json_str(g.answer, "AzureResourceUri"), URI);
    assert_string_equal(json_str(g.answer, "AzureResourceName"), "c1");
    assert_string_equal(json_str(g.answer, "RegistrationDate"), "2026-11-21T09:00:00Z");
    assert_string_equal(json_str(g.answer, "LastConnected"), "2026-11-21T10:41:22Z");
    assert_string_equal(json_str(g.answer, "DiagnosticLevel"), "Enhanced");
    assert_string_equal(json_str(g.answer, "Region"), "eastus");
    /* The other node is registered with it, and Connected after its own sync only. */
    expect(&g, g.node2, "Clustered Registered -");
    set_script(&g, "[" TOKEN "," SYNCED "]");
    call(&g, g.node2, NODE_SYNC, "{}");
    assert_non_null(g.answer);
    expect(&g, g.node2, "Clustered Registered Connected");
    /* 30 days without a connection, and back. */
    at(&g, T0 + HOUR + 30 * DAY);
    expect(&g, g.node, "Clustered Registered OutOfPolicy");
    set_script(&g, "[" TOKEN "," SYNCED "]");
    call(&g, g.node, NODE_SYNC, "{}");
    expect(&g, g.node, "Clustered Registered Connected");
    expect(&g, g.node2, "Clustered Registered OutOfPolicy");
    rig_stop(&g);
}

static void test_register_bodies(void **state)
{
    static const char script[] =
        "[" TOKEN ",{\"method\":\"POST\",\"url\":\"" SERVICE "/clusters/" CLOUD_ID
        "/register\",\"sends\":{\"Authorization\":\"Bearer "
        "tok\"},\"status\":403,\"body\":{\"error\":{\"code\":\"No\",\"message\":\"no\"}}}]";
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, g.node, NODE_CLUSTER_CREATE, CREATE);
    set_script(&g, script);
    call(&g, g.node, NODE_REGISTER, ARGS(URI));
    assert_null(g.answer);
    assert_int_equal(g.err.http, 403);
    assert_string_equal(g.err.remote_code, "No");
    expect(&g, g.node, "Clustered NotYet -"); /* nothing was stored */
    rig_stop(&g);
}

#define SYNCED_ARC(yes)                                                                            \
    SYNC("\"body\":{\"lastSync\":\"2026-11-21T09:00:00Z\",\"arcSettings\":" yes "}")

/* Arc is forgotten, the registration stays; a sync that meets Arc settings brings it back, none
 * before. An unregistration ends the mark, too. */
static void test_arc_clear(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, g.node, NODE_CLUSTER_CREATE, CREATE);
    set_script(&g, "[" TOKEN "," REGISTERED "," SYNCED "]");
    call(&g, g.node, NODE_REGISTER, ARGS(URI));
    call(&g, g.node, NODE_STATUS, "{}");
    assert_null(json_member(g.answer, "arcStatus"));
    call(&g, g.node, NODE_ARC_CLEAR, "{}");
    assert_non_null(g.answer);
    for (int i = 0; i < 2; i++) {
        expect(&g, g.node, "Clustered Registered Connected");
        assert_string_equal(json_str(g.answer, "arcStatus"), "Disabled");
        set_script(&g, i ? "[" TOKEN "," SYNCED_ARC("true") "]"
                         : "[" TOKEN "," SYNCED_ARC("false") "]");
        call(&g, g.node, NODE_SYNC, "{}");
        assert_non_null(g.answer);
    }
    call(&g, g.node, NODE_STATUS, "{}");
    assert_null(json_member(g.answer, "arcStatus"));
    call(&g, g.node2, NODE_STATUS, "{}");
    assert_null(json_member(g.answer, "arcStatus")); /* each node by itself */
    call(&g, g.node, NODE_ARC_CLEAR, "{}");
    call(&g, g.node, NODE_UNREGISTER, "{}");
    set_script(&g, "[" TOKEN "," REGISTERED "," SYNCED "]");
    call(&g, g.node, NODE_REGISTER, ARGS(URI));
    call(&g, g.node, NODE_STATUS, "{}");
    assert_null(json_member(g.answer, "arcStatus"));
    rig_stop(&g);
}

/* Registered, but the first sync is lost: the registration stays, the same verb again syncs alone
 * and ends well. */
static void test_register_again(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, g.node, NODE_CLUSTER_CREATE, CREATE);
    set_script(&g, "[" TOKEN "," REGISTERED "," SYNC("\"error\":\"reset\"") "]");
    call(&g, g.node, NODE_REGISTER, ARGS(URI));
    assert_null(g.answer);
    assert_true(g.err.unsure);
    expect(&g, g.node, "Clustered Registered -");
    assert_non_null(json_str(g.answer, "lastError"));
    assert_string_equal(json_str(g.answer, "NextSync"), "2026-11-21T10:41:22Z");
    /* refused for good, it stands all the same: whoever asked looks before calling it failed */
    set_script(&g,
               "[" TOKEN "," SYNC(
                   "\"status\":400,\"body\":{\"error\":{\"code\":\"No\",\"message\":\"no\"}}") "]");
    call(&g, g.node, NODE_REGISTER, ARGS(URI));
    assert_null(g.answer);
    assert_true(g.err.unsure);
    assert_int_equal(g.err.http, 400);
    set_script(&g, "[" TOKEN "," SYNCED "]");
    call(&g, g.node, NODE_REGISTER,
         ARGS("/subscriptions/s/resourcegroups/g/providers/Microsoft.AzureStackHCI/clusters/C1"));
    assert_non_null(g.answer);
    assert_string_equal(json_str(g.answer, "registrationDate"), "2026-11-21T09:00:00Z");
    expect(&g, g.node, "Clustered Registered Connected");
    assert_true(json_is_null(json_member(g.answer, "lastError")));
    /* Another resource is refused before anything is sent. */
    call(&g, g.node, NODE_REGISTER,
         ARGS("/subscriptions/s/resourceGroups/g/providers/Microsoft.AzureStackHCI/clusters/c2"));
    assert_null(g.answer);
    assert_int_equal(g.err.code, ERR_C_CONFLICT);
    assert_non_null(strstr(g.err.message, "registered already"));
    rig_stop(&g);
}

static void test_refusals(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, g.node, NODE_REGISTER, ARGS(URI));
    assert_int_equal(g.err.code, ERR_C_NO_CLUSTER);
    call(&g, g.node, NODE_SYNC, "{}");
    assert_int_equal(g.err.code, ERR_C_NO_CLUSTER);
    call(&g, g.node, NODE_CLUSTER_CREATE, "{\"name\":\"solo\",\"nodes\":[\"node1\"]}");
    call(&g, g.node, NODE_SYNC, "{}");
    assert_null(g.answer);
    assert_non_null(strstr(g.err.message, "not registered"));
    call(&g, g.node2, NODE_SYNC, "{}");
    assert_int_equal(g.err.code, ERR_C_NO_CLUSTER);
    call(&g, g.node, NODE_REGISTER, "{\"serviceEndpoint\":\"https://a/\"}");
    assert_null(g.answer);
    assert_non_null(strstr(g.err.message, "missing"));
    rig_stop(&g);
}

static void test_failed_sync(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, g.node, NODE_CLUSTER_CREATE, CREATE);
    set_script(&g, "[" TOKEN "," REGISTERED "," SYNCED
                   "," SYNC("\"status\":404,\"body\":{\"error\":{\"code\":\"ClusterNotFound\","
                            "\"message\":\"gone\"}}") "]");
    call(&g, g.node, NODE_REGISTER, ARGS(URI));
    at(&g, T0 + 12 * HOUR);
    call(&g, g.node, NODE_SYNC, "{}");
    assert_null(g.answer);
    assert_string_equal(g.err.remote_code, "ClusterNotFound");
    expect(&g, g.node,
           "Clustered Registered Connected"); /* the cloud lost it; the node's own word stays */
    assert_string_equal(json_str(g.answer, "NextSync"), "2026-11-21T22:41:22Z");
    assert_string_equal(json_str(g.answer, "LastConnected"), "2026-11-21T09:41:22Z");
    rig_stop(&g);
}

static void test_unregister(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, g.node, NODE_CLUSTER_CREATE, CREATE);
    set_script(&g, "[" TOKEN "," REGISTERED "," SYNCED "]");
    call(&g, g.node, NODE_REGISTER, ARGS(URI));
    call(&g, g.node, NODE_UNREGISTER, "{}");
    assert_non_null(g.answer);
    expect(&g, g.node, "Clustered NotYet -");
    assert_true(json_is_null(json_member(g.answer, "AzureResourceUri")));
    expect(&g, g.node2, "Clustered NotYet -");
    call(&g, g.node, NODE_UNREGISTER, "{}");
    assert_non_null(g.answer);
    rig_stop(&g);
}

static void damage(struct rig *g, const char *name, const char *text)
{
    struct err e = { 0 };
    char path[400];

    str_fmt(path, sizeof(path), "%s/%s", g->dir, name);
    assert_int_equal(file_replace(path, text, strlen(text), &e), 0);
}

static void expect_kept(struct rig *g, const char *name, const char *text)
{
    struct str s = STR_INIT;
    struct err e = { 0 };
    char path[400];

    str_fmt(path, sizeof(path), "%s/%s", g->dir, name);
    assert_int_equal(file_read(path, 65536, &s, &e), 0);
    assert_string_equal(str_p(&s), text);
    str_free(&s);
}

static void test_damaged_records(void **state)
{
    static const enum node_verb verbs[] = { NODE_STATUS, NODE_SYNC, NODE_UNREGISTER };
    static const char *const clusters[] = {
        "{", "{\"rev\":1,\"doc\":{\"version\":1}}", "{\"rev\":1,\"doc\":[]}",
        "{\"rev\":1,\"doc\":{\"version\":1,\"name\":5,\"id\":\"x\",\"nodes\":[]}}"
    };
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    for (size_t i = 0; i < ARRAY_LEN(clusters); i++) {
        damage(&g, "cluster.json", clusters[i]);
        for (size_t v = 0; v < ARRAY_LEN(verbs); v++) {
            call(&g, g.node, verbs[v], "{}");
            assert_null(g.answer);
            assert_int_equal(g.err.code, ERR_C_CORRUPT);
        }
        call(&g, g.node, NODE_CLUSTER_CREATE, CREATE);
        assert_null(g.answer);
        expect_kept(&g, "cluster.json", clusters[i]);
    }
    damage(&g, "node1/node.json", "not a record");
    call(&g, g.node, NODE_STATUS, "{}");
    assert_int_equal(g.err.code, ERR_C_CORRUPT);
    assert_non_null(strstr(g.err.message, "node1/node.json"));
    expect_kept(&g, "node1/node.json", "not a record");
    g.node->ops->close(g.node);
    g.node = new_node(&g, "node1"); /* a start leaves it alone, too */
    expect_kept(&g, "node1/node.json", "not a record");
    rig_stop(&g);
}

static void test_facts_and_agent(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, g.node, NODE_FACTS, "{}");
    assert_true(json_flag(g.answer, "msiCapable", false));
    call(&g, g.node, NODE_AGENT_SHOW, "{}");
    assert_false(json_flag(g.answer, "installed", true));
    call(&g, g.node, NODE_AGENT_CONNECT, "{\"subscriptionId\":\"s\"}");
    assert_null(g.answer);
    assert_non_null(strstr(g.err.message, "not installed"));
    call(&g, g.node, NODE_AGENT_DISCONNECT, "{\"local\":true}");
    assert_non_null(g.answer);
    rig_stop(&g);
}

static void test_cancel(void **state)
{
    struct node_call *c;
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, g.node, NODE_CLUSTER_CREATE, CREATE);
    set_script(&g, "[" TOKEN "]");
    g.answers = 0;
    g.node->ops->cancel(node_call(g.node, NODE_STATUS, NULL, NULL, on_done, &g));
    {
        struct err e = { 0 };
        struct json *args = json_parse(ARGS(URI), strlen(ARGS(URI)), 0, &e);

        c = node_call(g.node, NODE_REGISTER, args, NULL, on_done, &g);
        json_free(args);
    }
    for (int i = 0; i < 40 && http_requests(g.http) < 2; i++)
        loop_turn(g.loop, 10);
    g.node->ops->cancel(c); /* between token and POST, or at the POST */
    node_call(g.node, NODE_STATUS, NULL, NULL, on_done, &g); /* close with one under way */
    rig_stop(&g);
    assert_int_equal(g.answers, 0);
}

/* ---- the contract of every node ---- */

static void bed_open(struct node_bed *b, bool lost)
{
    struct rig *g = xcalloc(1, sizeof(*g));

    rig_start(g, "[]");
    call(g, g->node, NODE_CLUSTER_CREATE, CREATE);
    set_script(g, lost ? "[" TOKEN "," REGISTER("\"error\":\"reset\"") "]"
                       : "[" TOKEN "," REGISTERED "," SYNCED "," SYNCED "]");
    clock_init_at(&g->clock, 100, T0); /* its seconds go on while a test looks */
    *b = (struct node_bed){ .loop = g->loop, .node = g->node, .own = g };
}

/* Most behaviours leave a part of the script unplayed. */
static void bed_close(struct node_bed *b)
{
    struct rig *g = b->own;

    json_free(g->answer);
    if (b->node)
        b->node->ops->close(b->node);
    g->node2->ops->close(g->node2);
    g->store->ops->close(g->store);
    g->http->ops->close(g->http);
    loop_free(g->loop);
    free(g);
}

static void test_contract(void **state)
{
    static const struct node_backend backend = { bed_open, bed_close, false };

    (void)state;
    node_contract(&backend);
}

int test_node_node_local(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verb_table),      cmocka_unit_test(test_create),
        cmocka_unit_test(test_register),        cmocka_unit_test(test_register_bodies),
        cmocka_unit_test(test_arc_clear),       cmocka_unit_test(test_register_again),
        cmocka_unit_test(test_refusals),        cmocka_unit_test(test_failed_sync),
        cmocka_unit_test(test_unregister),      cmocka_unit_test(test_damaged_records),
        cmocka_unit_test(test_facts_and_agent), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_contract),
    };

    return TEST_GROUP("node/node_local", tests);
}
