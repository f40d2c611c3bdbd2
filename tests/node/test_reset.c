/* The verbs reset and reset-status: the agent is a script, Resource Manager a replay. */
#include "config.h"

#include "testing.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "net/http.h"
#include "node/node.h"
#include "store/store.h"

int test_node_reset(void);

#define ID       "33333333-2222-3333-4444-555555555555"
#define OTHER    "44444444-2222-3333-4444-555555555555"
#define MACHINE  "/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines/node1"
#define AT       "https://arm.example" MACHINE
#define V        "?api-version=2022-03-10"
#define TOKEN    "eyJhbGciOi.MARKED-SECRET_0123456789"
#define ASYNC    "https://arm.example/status/1"
#define ARGS(id) "{\"id\":\"" id "\",\"arm\":\"https://arm.example/\"}"
#define SAYS(method, url, status, rest)                                                            \
    "{\"method\":\"" method "\",\"url\":\"" url "\",\"status\":" status rest "}"
#define LISTS(items)                                                                               \
    SAYS("GET", AT "/extensions" V, "200", ",\"body\":\"{\\\"value\\\":[" items "]}\"")
#define EXTENSION "{\\\"id\\\":\\\"" MACHINE "/extensions/a\\\",\\\"name\\\":\\\"a\\\"}"
#define ERROR(code)                                                                                \
    ",\"body\":\"{\\\"error\\\":{\\\"code\\\":\\\"" code "\\\",\\\"message\\\":\\\"no.\\\"}}\""
#define DELETES                                                                                    \
    SAYS("DELETE", AT "/extensions/a" V, "202",                                                    \
         ",\"headers\":{\"Azure-AsyncOperation\":\"" ASYNC "\"}")
#define DONE          SAYS("GET", ASYNC, "200", ",\"body\":\"{\\\"status\\\":\\\"Succeeded\\\"}\"")
#define LOST(tail)    "{\"method\":\"DELETE\",\"url\":\"" AT tail V "\",\"error\":\"reset\"}"
#define DELETING      ",\"body\":\"{\\\"properties\\\":{\\\"provisioningState\\\":\\\"Deleting\\\"}}\""
#define MACHINE_THERE SAYS("GET", AT V, "200", ",\"body\":\"{}\"")
#define GONE          SAYS("GET", AT V, "404", "")

struct rig {
    struct loop *loop;
    struct http *http;
    struct store *store;
    struct clock clock;
    struct node *node;
    char dir[200], agent[300];
    int answers;
    struct json *answer;
    struct err err;
};

static void put(struct rig *g, const char *name, const char *text)
{
    struct err e = { 0 };
    char path[400];

    str_fmt(path, sizeof(path), "%s/%s", g->dir, name);
    assert_int_equal(file_replace(path, text, strlen(text), &e), 0);
}

static bool there(struct rig *g, const char *name)
{
    char path[400];

    str_fmt(path, sizeof(path), "%s/%s", g->dir, name);
    return access(path, F_OK) == 0;
}

/* show prints DIR/show; disconnect forgets it; the setting stands in DIR/setting. */
static void make_agent(struct rig *g)
{
    char text[1500];

    str_fmt(text, sizeof(text),
            "#!/bin/sh\ncd '%s'\ncase \"$1 $2\" in\n"
            "show*) cat show ;;\n"
            "disconnect*) [ -e busy ] && { rm busy; echo AZCM0004 later >&2; exit 4; };\n"
            "[ -e stuck ] && { echo AZCM0043 no; exit 43; }; printf "
            "'{\"status\":\"Disconnected\",\"resourceName\":\"\"}' >show ;;\n"
            "'config get') cat setting ;;\n"
            "'config set') echo \"$4\" >setting ;;\n"
            "esac\n",
            g->dir);
    put(g, "azcmagent", text);
    assert_int_equal(chmod(g->agent, 0700), 0);
    put(g, "setting", "gateway\n");
    put(g, "show",
        "{\"status\":\"Connected\",\"resourceName\":\"node1\",\"resourceId\":\"" MACHINE "\"}");
}

static void open_node(struct rig *g)
{
    struct err e = { 0 };
    char dir[300];
    struct node_local_config cfg = { .name = "node1",
                                     .dir = dir,
                                     .store = g->store,
                                     .http = g->http,
                                     .clock = &g->clock,
                                     .himds_endpoint = "http://127.0.0.1:40342",
                                     .azcmagent = g->agent,
                                     .tokens_dir = g->dir };

    str_fmt(dir, sizeof(dir), "%s/node1", g->dir);
    g->node = node_local_new(g->loop, &cfg, &e);
    assert_non_null(g->node);
}

static void rig_start(struct rig *g, const char *script)
{
    static int count;
    struct err e = { 0 };

    memset(g, 0, sizeof(*g));
    str_fmt(g->dir, sizeof(g->dir), "%s/reset%d", test_dir(), count++);
    str_fmt(g->agent, sizeof(g->agent), "%s/azcmagent", g->dir);
    assert_int_equal(file_mkdirs(g->dir, &e), 0);
    g->loop = loop_new(&e);
    g->http = http_replay_new(g->loop, script, &e);
    assert_non_null(g->http);
    g->http->ops->allow(g->http, "arm.example");
    g->store = store_file_open(g->dir, &e);
    clock_init_at(&g->clock, 1, INT64_C(1795254082000));
    make_agent(g);
    open_node(g);
}

static void rig_stop(struct rig *g)
{
    assert_null(http_replay_problem(g->http));
    json_free(g->answer);
    g->node->ops->close(g->node);
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

static void call(struct rig *g, enum node_verb v, const char *args, bool token)
{
    struct err e = { 0 };
    struct json *j = json_parse(args, strlen(args), 0, &e);
    struct secret s = { 0 };

    if (token)
        secret_set(&s, TOKEN, strlen(TOKEN));
    g->answers = 0;
    node_call(g->node, v, j, token ? &s : NULL, on_done, g);
    secret_clear(&s);
    json_free(j);
    for (int i = 0; i < 200 && !g->answers; i++)
        loop_turn(g->loop, 50);
    assert_int_equal(g->answers, 1);
}

/* Status and the phases' states, shortened: "Succeeded S S S N". */
static const char *stands(struct rig *g)
{
    static char text[100];
    struct str s = STR_INIT;

    call(g, NODE_RESET_STATUS, "{}", false);
    assert_non_null(g->answer);
    str_add(&s, json_str(g->answer, "status"));
    JSON_EACH (p, json_member(g->answer, "phases"))
        str_addf(&s, " %.4s", json_str(p, "status"));
    STR_SET(text, str_p(&s));
    str_free(&s);
    return text;
}

static void to_its_end(struct rig *g)
{
    for (int i = 0; i < 400; i++) {
        stands(g);
        if (!json_flag(g->answer, "active", false))
            return;
        loop_turn(g->loop, 20);
    }
    fail_msg("the reset does not end");
}

/* No token, no reset; an id and an address are needed, too; a second one begins nothing. */
static void all_four_phases(void **state)
{
    struct rig g;
    struct str text = STR_INIT;
    struct err e = { 0 };
    char path[400];

    (void)state;
    rig_start(&g, "[" LISTS(EXTENSION) "," DELETES "," DONE "," LISTS("") "," GONE "]");
    str_fmt(path, sizeof(path), "%s/node1/bootstrap", g.dir);
    assert_int_equal(file_mkdirs(path, &e), 0);
    put(&g, "node1/bootstrap/bootstrap.json", "{}");
    assert_string_equal(stands(&g), "NotStarted NotS NotS NotS NotS");
    assert_true(json_flag(g.answer, "bootstrap", false));
    call(&g, NODE_RESET, ARGS(ID), false);
    assert_null(g.answer);
    call(&g, NODE_RESET, "{\"id\":\"x\",\"arm\":\"https://arm.example\"}", true);
    assert_null(g.answer);
    call(&g, NODE_RESET_STATUS, "{\"look\":true}", false);
    assert_true(json_flag(g.answer, "gateway", false));
    call(&g, NODE_RESET, ARGS(ID), true);
    assert_true(json_flag(g.answer, "active", false));
    call(&g, NODE_RESET, ARGS(ID), true); /* the same: it is under way */
    assert_non_null(g.answer);
    call(&g, NODE_RESET, ARGS(OTHER), true);
    assert_int_equal(g.err.code, ERR_C_BUSY);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Succeeded Succ Succ Succ Succ");
    assert_string_equal(json_str(g.answer, "machine"), MACHINE);
    assert_non_null(json_str(g.answer, "phases.0.endTime"));
    assert_false(there(&g, "node1/bootstrap"));
    str_fmt(path, sizeof(path), "%s/node1/reset.json", g.dir);
    assert_int_equal(file_read(path, 65536, &text, &e), 0);
    assert_null(strstr(str_p(&text), "MARKED-SECRET"));
    str_free(&text);
    call(&g, NODE_RESET_STATUS, "{\"look\":true}", false);
    assert_false(json_flag(g.answer, "gateway", true));
    rig_stop(&g);
}

/* What is done stays done for the same operation, also for a node that was opened anew. */
static void a_failure_and_going_on(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[" LISTS(EXTENSION) "," SAYS("DELETE", AT "/extensions/a" V, "409",
                                                ERROR("ScopeLocked")) "," LISTS("") "," GONE "]");
    call(&g, NODE_RESET, ARGS(ID), true);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Failed Fail NotS NotS NotS");
    assert_string_equal(json_str(g.answer, "phases.0.error.remoteCode"), "ScopeLocked");
    assert_non_null(strstr(json_str(g.answer, "phases.0.error.message"), "extension a"));
    g.node->ops->close(g.node);
    open_node(&g);
    assert_string_equal(stands(&g), "Failed Fail NotS NotS NotS");
    call(&g, NODE_RESET, ARGS(ID), true);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Succeeded NotA Succ Succ NotA");
    rig_stop(&g);
}

/* An answer to a DELETE is lost: it is looked what became of it, and deleted again only what is
 * still there and nobody is at. */
static void a_lost_deletion(void **state)
{
    static const char *const seen[] = {
        SAYS("GET", AT "/extensions/a" V, "404", ""),
        SAYS("GET", AT "/extensions/a" V, "200", DELETING) "," SAYS("GET", AT "/extensions/a" V,
                                                                    "404", ""),
        SAYS("GET", AT "/extensions/a" V, "200", ",\"body\":\"{}\"") "," DELETES "," DONE,
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        struct rig g;
        char script[3000];

        assert_true(str_fmt(script, sizeof(script), "[%s,%s,%s,%s,%s,%s,%s]", LISTS(EXTENSION),
                            LOST("/extensions/a"), seen[i], LISTS(""), MACHINE_THERE, LOST(""),
                            GONE));
        rig_start(&g, script);
        call(&g, NODE_RESET, ARGS(ID), true);
        to_its_end(&g);
        assert_string_equal(stands(&g), "Succeeded Succ Succ Succ NotA");
        rig_stop(&g);
    }
}

/* The agent's service was busy for once: its command is given again, after a look. */
static void a_busy_agent(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[" LISTS("") "," GONE "]");
    put(&g, "busy", "");
    call(&g, NODE_RESET, ARGS(ID), true);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Succeeded NotA Succ Succ NotA");
    assert_false(there(&g, "busy"));
    rig_stop(&g);
}

/* A later phase fails: what came before is not done again, but by another operation. */
static void what_is_done_counts_for_its_operation(void **state)
{
    struct rig g;
    char path[400];

    (void)state;
    rig_start(&g, "[" LISTS("") "," LISTS("") "," GONE "]");
    put(&g, "stuck", "");
    call(&g, NODE_RESET, ARGS(ID), true);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Failed NotA Succ Fail NotS");
    assert_string_equal(json_str(g.answer, "phases.2.error.remoteCode"), "AZCM0043");
    call(&g, NODE_RESET, ARGS(ID), true);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Failed NotA Succ Fail NotS"); /* no list was asked for */
    str_fmt(path, sizeof(path), "%s/stuck", g.dir);
    unlink(path);
    call(&g, NODE_RESET, ARGS(OTHER), true);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Succeeded NotA NotA Succ NotA");
    rig_stop(&g);
}

/* One that was cut off says so; nothing is done to a foreign extension, or over a damaged record.
 */
static void cut_off_foreign_and_damaged(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[" LISTS("{\\\"id\\\":\\\"/subscriptions/s/x\\\",\\\"name\\\":\\\"x\\\"}") "]");
    call(&g, NODE_RESET, ARGS(ID), true);
    g.node->ops->close(g.node);
    open_node(&g);
    assert_string_equal(stands(&g), "InProgress NotS NotS NotS NotS");
    assert_false(json_flag(g.answer, "active", true));
    call(&g, NODE_RESET, ARGS(ID), true);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Failed Fail NotS NotS NotS");
    put(&g, "node1/reset.json", "{\"version\":1,");
    call(&g, NODE_RESET_STATUS, "{}", false);
    assert_int_equal(g.err.code, ERR_C_CORRUPT);
    call(&g, NODE_RESET, ARGS(ID), true);
    assert_int_equal(g.err.code, ERR_C_CORRUPT);
    rig_stop(&g);
}

/* What Azure or the agent names is judged before it is deleted: an extension of another machine,
 * the machine itself, and what is no machine stay; a record that names such a thing is damaged. */
static void only_its_own_is_deleted(void **state)
{
    static const char *const lists[] = {
        "[" LISTS("{\\\"id\\\":\\\"" MACHINE "0/extensions/a\\\"}") "]",
        "[" LISTS("{\\\"id\\\":\\\"" MACHINE "\\\"}") "]",
        "[" LISTS("{\\\"id\\\":\\\"" MACHINE "/extensions/\\\"}") "]",
        "[" LISTS("{\\\"id\\\":\\\"" MACHINE "/extensions/..\\\"}") "]",
        "[" LISTS("{\\\"id\\\":\\\"" MACHINE "/extensions/a?x=1\\\"}") "]",
    };
    struct rig g;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        rig_start(&g, lists[i]);
        call(&g, NODE_RESET, ARGS(ID), true);
        to_its_end(&g);
        assert_string_equal(stands(&g), "Failed Fail NotS NotS NotS");
        assert_non_null(strstr(json_str(g.answer, "phases.0.error.message"), "not this machine's"));
        rig_stop(&g);
    }
    rig_start(&g, "[]");
    put(&g, "show",
        "{\"status\":\"Connected\",\"resourceId\":\"/subscriptions/s/resourceGroups/g\"}");
    call(&g, NODE_RESET, ARGS(ID), true);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Failed Fail NotS NotS NotS");
    put(&g, "node1/reset.json",
        "{\"version\":1,\"id\":\"" ID "\",\"status\":\"Failed\",\"machine\":"
        "\"/subscriptions/s/resourceGroups/g\",\"phases\":["
        "{\"name\":\"ExtensionCleanup\",\"status\":\"Succeeded\"},"
        "{\"name\":\"GatewayCleanup\",\"status\":\"Succeeded\"},"
        "{\"name\":\"AzcmAgentCleanup\",\"status\":\"Failed\"},"
        "{\"name\":\"BootstrapCleanup\",\"status\":\"NotStarted\"}]}");
    call(&g, NODE_RESET, ARGS(ID), true);
    assert_int_equal(g.err.code, ERR_C_CORRUPT);
    rig_stop(&g);
}

/* Azure calls it deleted and lists it all the same: that comes to an end. */
static void a_list_that_never_ends(void **state)
{
#define ROUND LISTS(EXTENSION) "," SAYS("DELETE", AT "/extensions/a" V, "204", "")
    struct rig g;

    (void)state;
    rig_start(&g, "[" ROUND "," ROUND "," ROUND "," ROUND "," LISTS(EXTENSION) "]");
    call(&g, NODE_RESET, ARGS(ID), true);
    to_its_end(&g);
    assert_string_equal(stands(&g), "Failed Fail NotS NotS NotS");
    assert_non_null(strstr(json_str(g.answer, "phases.0.error.message"), "still lists extensions"));
    rig_stop(&g);
}

/* What the machine has of what a reset needs; it may play another. */
static void the_facts(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[]");
    call(&g, NODE_FACTS, "{}", false);
    assert_string_equal(json_str(g.answer, "solutionVersion"), "12.2510");
    assert_true(json_flag(g.answer, "azStackHciModule", false));
    put(&g, "node1/plays.json", "{\"solutionVersion\":\"2507\",\"administrator\":false}");
    call(&g, NODE_FACTS, "{}", false);
    assert_string_equal(json_str(g.answer, "solutionVersion"), "2507");
    assert_false(json_flag(g.answer, "administrator", true));
    put(&g, "node1/plays.json", "{\"solutionVersion\":7,\"name\":\"x\",\"administrator\":\"no\"}");
    call(&g, NODE_FACTS, "{}", false);
    assert_string_equal(json_str(g.answer, "solutionVersion"), "12.2510");
    assert_true(json_flag(g.answer, "administrator", false));
    assert_string_not_equal(json_str(g.answer, "name") ? json_str(g.answer, "name") : "", "x");
    rig_stop(&g);
}

int test_node_reset(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_four_phases),
        cmocka_unit_test(a_failure_and_going_on),
        cmocka_unit_test(a_lost_deletion),
        cmocka_unit_test(a_busy_agent),
        cmocka_unit_test(what_is_done_counts_for_its_operation),
        cmocka_unit_test(cut_off_foreign_and_damaged),
        cmocka_unit_test(only_its_own_is_deleted),
        cmocka_unit_test(a_list_that_never_ends),
        cmocka_unit_test(the_facts),
    };

    return TEST_GROUP("node/reset", tests);
}
