/* The agent's command is a shell script here: it writes down how it was called and plays an answer.
 */
#include "config.h"

#include "testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "node/agent.h"

int test_node_agent(void);

#define TOKEN "eyJhbGciOi.MARKED-SECRET_0123456789"
#define CONNECTED                                                                                  \
    "{\"Status\":\"Connected\",\"ResourceName\":\"n1\",\"resourcegroup\":\"rg1\","                 \
    "\"subscriptionId\":"                                                                          \
    "\"S-1\",\"TENANTID\":\"T-1\",\"vmId\":\"v\",\"location\":\"eastus\",\"agentVersion\":\"1."    \
    "64\"}"
#define FREE_ONE "{\"status\":\"Disconnected\",\"resourceName\":\"\"}"

struct rig {
    struct loop *loop;
    struct agent agent;
    char dir[200], path[300];
    int answers;
    struct json *answer;
    struct err err;
};

static const char *in(struct rig *g, const char *name)
{
    static char path[400];

    str_fmt(path, sizeof(path), "%s/%s", g->dir, name);
    return path;
}

static void put(struct rig *g, const char *name, const char *text)
{
    struct err e = { 0 };

    assert_int_equal(file_replace(in(g, name), text, strlen(text), &e), 0);
}

static char *content(struct rig *g, const char *name)
{
    struct str s = STR_INIT;
    struct err e = { 0 };

    file_read(in(g, name), 65536, &s, &e);
    return str_take(&s);
}

/* show prints DIR/show; connect and disconnect write their arguments, /proc/self's cmdline and
 * environ, and the config to DIR, then run DIR/act. */
static void rig_start(struct rig *g, const char *shown, const char *act)
{
    static int n;
    struct err e = { 0 };
    char script[1200];

    memset(g, 0, sizeof(*g));
    g->loop = loop_new(&e);
    str_fmt(g->dir, sizeof(g->dir), "%s/agent%d", test_dir(), n++);
    assert_int_equal(file_mkdirs(g->dir, &e), 0);
    str_fmt(script, sizeof(script),
            "#!/bin/sh\ncd %s || exit 99\n[ \"$1\" = config ] && { echo \"$@\" >set; "
            "exit $(cat setcode 2>/dev/null || echo 0); }\nif [ \"$1\" = show ]; then cat show; "
            "exit $(cat showcode "
            "2>/dev/null || echo 0); fi\n"
            "echo \"$@\" >args\ncp /proc/$$/cmdline cmdline\ncp /proc/$$/environ environ\n"
            "while [ $# -gt 0 ]; do [ \"$1\" = --config ] && cat \"$2\" >config; shift; done\n. "
            "./act\n",
            g->dir);
    put(g, "azcmagent", script);
    put(g, "show", shown);
    put(g, "act", act);
    str_fmt(g->path, sizeof(g->path), "%s/azcmagent", g->dir);
    assert_int_equal(chmod(g->path, 0700), 0);
    g->agent = (struct agent){ .loop = g->loop, .path = g->path };
}

static void rig_stop(struct rig *g)
{
    json_free(g->answer);
    loop_free(g->loop);
}

static void on_done(void *payload, const struct json *answer, const struct err *e)
{
    struct rig *g = payload;

    g->answers++;
    json_free(g->answer);
    g->answer = answer ? json_copy(answer) : NULL;
    g->err = e ? *e : (struct err){ 0 };
}

static void wait_answer(struct rig *g)
{
    int64_t end = mono_ms() + 5000;

    assert_int_equal(g->answers, 0);
    while (!g->answers && mono_ms() < end)
        loop_turn(g->loop, 100);
    assert_int_equal(g->answers, 1);
    g->answers = 0;
}

static void show(struct rig *g)
{
    agent_show(&g->agent, on_done, g);
    wait_answer(g);
}

static void change(struct rig *g, bool connect, const char *args)
{
    struct secret token = { 0 };
    struct err e = { 0 };
    struct json *j = json_parse(args, strlen(args), 0, &e);

    secret_set(&token, TOKEN, strlen(TOKEN));
    if (connect)
        agent_connect(&g->agent, j, &token, on_done, g);
    else
        agent_disconnect(&g->agent, j, &token, on_done, g);
    json_free(j);
    secret_clear(&token);
    wait_answer(g);
}

#define ARGS                                                                                       \
    "{\"subscriptionId\":\"s-1\",\"resourceGroup\":\"RG1\",\"tenantId\":\"t-1\",\"location\":"     \
    "\"eastus\","                                                                                  \
    "\"cloud\":\"AzureCloud\",\"correlationId\":\"c-1\",\"resourceName\":\"n1\"}"

static void test_parse(void **state)
{
    static const char *const garbage[] = { "",     "hello",   "[]", "{",       "5",
                                           "null", "{\"a\":", "}{", "\xff\xfe" };
    struct err e = { 0 };
    char text[500];
    struct json *j;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
        assert_null(agent_parse_show(garbage[i], strlen(garbage[i]), &e));
        assert_int_equal(e.domain, ERR_NODE);
    }
    j = agent_parse_show(CONNECTED, strlen(CONNECTED), &e);
    assert_true(json_flag(j, "installed", false));
    assert_string_equal(json_str(j, "status"), "Connected");
    assert_string_equal(json_str(j, "resourceGroup"), "rg1");
    assert_string_equal(json_str(j, "tenantId"), "T-1");
    assert_string_equal(json_str(j, "cloud"), "");
    assert_string_equal(
        json_str(j, "resourceId"),
        "/subscriptions/S-1/resourceGroups/rg1/providers/Microsoft.HybridCompute/machines/n1");
    json_free(j);
    j = agent_parse_show(
        "level=info\n{\"status\":7,\"id\":\"/x\",\"resourceName\":\"a\\u001b[31m\"}\nbye", 62, &e);
    assert_string_equal(json_str(j, "status"), "");
    assert_string_equal(json_str(j, "resourceId"), "/x");
    assert_null(strchr(json_str(j, "resourceName"), '\x1b'));
    json_free(j);
    snprintf(text, sizeof text,
             "{\"subscriptionId\":\"s\",\"resourceGroup\":\"%0390d\",\"resourceName\":\"n\"}", 0);
    j = agent_parse_show(text, strlen(text), &e);
    assert_string_equal(json_str(j, "resourceId"), ""); /* no half id */
    json_free(j);
}

/* It is told before the agent is connected, never to one that is, and named when it fails. */
static void test_proxy(void **state)
{
    struct rig g;
    char *set;

    (void)state;
    rig_start(&g, FREE_ONE, "echo 'proxyconnect tcp: refused'; exit 42");
    g.agent.proxy = "http://proxy:8080";
    change(&g, true, ARGS);
    set = content(&g, "set");
    assert_string_equal(set, "config set proxy.url http://proxy:8080\n");
    free(set);
    assert_int_equal(g.err.code, 42);
    assert_non_null(strstr(g.err.message, "goes through the proxy http://proxy:8080."));
    put(&g, "setcode", "69");
    put(&g, "act", "touch connected");
    change(&g, true, ARGS);
    assert_int_equal(g.err.code, 69);
    assert_int_not_equal(access(in(&g, "connected"), F_OK), 0);
    unlink(in(&g, "set"));
    put(&g, "show", CONNECTED);
    change(&g, true, "{}");
    assert_non_null(g.answer);
    assert_int_not_equal(access(in(&g, "set"), F_OK), 0);
    rig_stop(&g);
}

static void test_show(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, CONNECTED, "");
    show(&g);
    assert_string_equal(json_str(g.answer, "resourceName"), "n1");
    put(&g, "show", "this is no JSON");
    show(&g);
    assert_null(g.answer);
    assert_non_null(strstr(g.err.message, "cannot be read"));
    put(&g, "show", "level=error msg=\"himds does not answer\"");
    put(&g, "showcode", "66");
    show(&g);
    assert_null(g.answer);
    assert_int_equal(g.err.code, 66);
    assert_string_equal(g.err.remote_code, "AZCM0066");
    assert_true(g.err.retryable);
    assert_false(g.err.unsure);
    assert_non_null(strstr(g.err.message, "himds does not answer"));
    g.agent.path = "/nonexistent/azcmagent";
    show(&g);
    assert_non_null(g.answer);
    assert_false(json_flag(g.answer, "installed", true));
    assert_string_equal(json_str(g.answer, "status"), "");
    rig_stop(&g);
}

static void test_connect(void **state)
{
    struct rig g;
    char *text;

    (void)state;
    rig_start(&g, FREE_ONE, "echo '" CONNECTED "' >show");
    change(&g, true, ARGS);
    assert_non_null(g.answer);
    assert_false(json_flag(g.answer, "already", true));
    assert_string_equal(json_str(g.answer, "status"), "Connected");
    text = content(&g, "args");
    assert_true(str_starts(
        text,
        "connect --subscription-id s-1 --resource-group RG1 --tenant-id t-1 --location eastus "
        "--cloud AzureCloud --correlation-id c-1 --resource-name n1 --config /proc/self/fd/"));
    free(text);
    text = content(&g, "config");
    assert_string_equal(text, "{\"access-token\":\"" TOKEN "\"}");
    free(text);
    rig_stop(&g);
}

/* Of an application: both halves go the token's way, neither into the arguments. */
static void test_connect_as_application(void **state)
{
    struct rig g;
    char *text;

    (void)state;
    rig_start(&g, FREE_ONE, "echo '" CONNECTED "' >show");
    change(&g, true,
           "{\"subscriptionId\":\"s-1\",\"resourceGroup\":\"RG1\",\"tenantId\":\"t-1\","
           "\"servicePrincipalId\":\"11111111-2222-3333-4444-555555555555\"}");
    assert_non_null(g.answer);
    text = content(&g, "args");
    assert_true(str_starts(text,
                           "connect --subscription-id s-1 --resource-group RG1 --tenant-id t-1 "
                           "--config /proc/self/fd/"));
    free(text);
    text = content(&g, "config");
    assert_string_equal(text, "{\"service-principal-id\":\"11111111-2222-3333-4444-555555555555\","
                              "\"service-principal-secret\":\"" TOKEN "\"}");
    free(text);
    rig_stop(&g);
    rig_start(&g, FREE_ONE, "echo '" CONNECTED "' >show");
    change(&g, true, "{\"servicePrincipalId\":\"x\\\",\\\"a\\\":\\\"\"}");
    assert_null(g.answer);
    assert_non_null(strstr(g.err.message, "is no id of an application"));
    rig_stop(&g);
}

/* The token is in no place that another user, or a later reader of the disk, could look into. */
static void test_token_hidden(void **state)
{
    static const char *const files[] = { "args", "cmdline", "environ" };
    struct rig g;

    (void)state;
    rig_start(&g, FREE_ONE, "echo '" CONNECTED "' >show");
    change(&g, true, ARGS);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct str s = STR_INIT;
        struct err e = { 0 };

        assert_int_equal(file_read(in(&g, files[i]), 65536, &s, &e), 0);
        assert_true(s.len > 0);
        assert_null(memmem(s.p, s.len, "MARKED-SECRET", 13));
        str_free(&s);
    }
    rig_stop(&g);
}

static void test_already(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, CONNECTED, "exit 9");
    change(&g, true, ARGS); /* ids have no case */
    assert_non_null(g.answer);
    assert_true(json_flag(g.answer, "already", false));
    assert_int_equal(access(in(&g, "args"), F_OK), -1); /* nothing was run */
    rig_stop(&g);
}

static void test_elsewhere(void **state)
{
    static const char *const args[] = {
        "{\"subscriptionId\":\"s-2\",\"resourceGroup\":\"rg1\",\"tenantId\":\"t-1\"}",
        "{\"subscriptionId\":\"s-1\",\"resourceGroup\":\"rg2\",\"tenantId\":\"t-1\"}",
        "{\"subscriptionId\":\"s-1\",\"resourceGroup\":\"rg1\",\"tenantId\":\"t-2\"}",
    };
    struct rig g;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(args); i++) {
        rig_start(&g, CONNECTED, "exit 9");
        change(&g, true, args[i]);
        assert_null(g.answer);
        assert_int_equal(g.err.domain, ERR_OP);
        assert_int_equal(g.err.code, ERR_C_ELSEWHERE);
        assert_false(g.err.retryable);
        assert_int_equal(access(in(&g, "args"), F_OK), -1);
        rig_stop(&g);
    }
}

static void test_exit_codes(void **state)
{
    static const struct {
        const char *act;
        int code, http;
        bool retryable, unsure;
        const char *remote, *says;
    } rows[] = {
        { "echo 'level=error msg=\"AZCM0042: create failed: AuthorizationFailed\"'; exit 42", 42,
          403, false, false, "AZCM0042", "AuthorizationFailed" },
        { "echo 'error: 429 TooManyRequests' >&2; exit 42", 42, 0, true, false, "AZCM0042",
          "TooManyRequests" },
        { "echo working; echo 'error: bad region'; echo bye; exit 20", 20, 0, false, false,
          "AZCM0020", "bad region" },
        { "exit 26", 26, 0, true, true, "AZCM0026", "code 26" },
        { "exit 62", 62, 0, false, true, "AZCM0062", "code 62" },
        { "kill -9 $$", 0, 0, true, true, "", "did not end" },
        { "printf 'error \\033[31mred\\n'; exit 1", 1, 0, false, false, "AZCM0001", "red" },
    };
    struct rig g;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rig_start(&g, FREE_ONE, rows[i].act);
        change(&g, true, ARGS);
        assert_null(g.answer);
        assert_int_equal(g.err.domain, ERR_NODE);
        assert_int_equal(g.err.code, rows[i].code);
        assert_int_equal(g.err.http, rows[i].http);
        assert_int_equal(g.err.retryable, rows[i].retryable);
        assert_int_equal(g.err.unsure, rows[i].unsure);
        assert_string_equal(g.err.remote_code, rows[i].remote);
        if (!strstr(g.err.message, rows[i].says))
            fail_msg("row %zu: %s", i, g.err.message);
        assert_null(strchr(g.err.message, '\x1b'));
        rig_stop(&g);
    }
}

static void test_already_connected_code(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, FREE_ONE, "echo '" CONNECTED "' >show; exit 67");
    change(&g, true, ARGS);
    assert_non_null(g.answer);
    rig_stop(&g);
    rig_start(&g, FREE_ONE, "exit 0"); /* says well done, and is not */
    change(&g, true, ARGS);
    assert_null(g.answer);
    assert_true(g.err.unsure);
    rig_stop(&g);
}

static void test_needs(void **state)
{
    struct secret empty = { 0 };
    struct json *args = json_object();
    struct rig g;

    (void)state;
    rig_start(&g, FREE_ONE, "exit 0");
    agent_connect(&g.agent, args, &empty, on_done, &g);
    wait_answer(&g);
    assert_null(g.answer);
    assert_non_null(strstr(g.err.message, "token"));
    g.agent.path = "/nonexistent/azcmagent";
    change(&g, true, ARGS);
    assert_null(g.answer);
    assert_non_null(strstr(g.err.message, "not installed"));
    json_free(args);
    rig_stop(&g);
}

static void test_disconnect(void **state)
{
    struct rig g;
    char *text;

    (void)state;
    rig_start(&g, CONNECTED, "echo '" FREE_ONE "' >show");
    change(&g, false, "{}");
    assert_non_null(g.answer);
    text = content(&g, "args");
    assert_true(str_starts(text, "disconnect --config /proc/self/fd/"));
    free(text);
    put(&g, "show", CONNECTED);
    change(&g, false, "{\"local\":true}");
    assert_non_null(g.answer);
    text = content(&g, "args");
    assert_string_equal(text, "disconnect --force-local-only\n");
    free(text);
    unlink(in(&g, "args"));
    change(&g, false, "{}"); /* not connected any more: done */
    assert_non_null(g.answer);
    assert_int_equal(access(in(&g, "args"), F_OK), -1);
    rig_stop(&g);
}

static void test_cancel(void **state)
{
    struct agent_call *c;
    struct rig g;

    (void)state;
    rig_start(&g, CONNECTED, "");
    agent_cancel(agent_show(&g.agent, on_done, &g));
    c = agent_show(&g.agent, on_done, &g);
    loop_turn(g.loop, 50); /* the child runs */
    agent_cancel(c);
    agent_cancel(NULL);
    for (int i = 0; i < 3; i++)
        loop_turn(g.loop, 30);
    assert_int_equal(g.answers, 0);
    rig_stop(&g);
}

int test_node_agent(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_connect),
        cmocka_unit_test(test_connect_as_application),
        cmocka_unit_test(test_token_hidden),
        cmocka_unit_test(test_already),
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_already_connected_code),
        cmocka_unit_test(test_proxy),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_disconnect),
        cmocka_unit_test(test_cancel),
    };

    return TEST_GROUP("node/agent", tests);
}
