#include "config.h"

#include "testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "net/http.h"
#include "node/dataplane.h"

int test_node_dataplane(void);

#define CLOUD_ID "11111111-2222-3333-4444-555555555555"
#define SCOPE    "https://azurestackhci-usage.trafficmanager.net/.default"
#define AGENT                                                                                      \
    "http://127.0.0.1:40342/metadata/identity/oauth2/"                                             \
    "token?resource=https%3A%2F%2Fazurestackhci-usage.trafficmanager.net&api-version=2020-06-01"
#define SERVICE "https://dp.example/eastus"
#define POST    SERVICE "/clusters/" CLOUD_ID "/sync"

static char tokens[200], keys[300];

static const char *at(const char *name)
{
    str_fmt(keys, sizeof(keys), "%s/%s", tokens, name);
    return keys;
}

static void prepare(void)
{
    struct err e = { 0 };

    str_fmt(tokens, sizeof(tokens), "%s/tokens", test_dir());
    assert_int_equal(file_mkdirs(tokens, &e), 0);
    assert_int_equal(file_replace(at("a.key"), "k3y-content\n", 12, &e), 0);
}

/* ---- the key file ---- */

static int key_of(const char *challenge, struct secret *key, struct err *e)
{
    secret_clear(key);
    return dataplane_key(challenge, tokens, key, e);
}

static void test_key(void **state)
{
    struct secret key = { 0 };
    struct err e = { 0 };
    char text[400];

    (void)state;
    prepare();
    str_fmt(text, sizeof(text), "Basic realm=%s", at("a.key"));
    assert_int_equal(key_of(text, &key, &e), 0);
    assert_true(secret_eq(&key, "k3y-content", 11));
    str_fmt(text, sizeof(text), "basic Realm=\"%s\"", at("a.key"));
    assert_int_equal(key_of(text, &key, &e), 0);
    str_fmt(text, sizeof(text), "Basic realm=%s/../tokens/a.key", tokens); /* resolves to inside */
    assert_int_equal(key_of(text, &key, &e), 0);
    secret_clear(&key);
}

static void refuse(const char *fmt, const char *path)
{
    struct secret key = { 0 };
    struct err e = { 0 };
    char text[800];

    str_fmt(text, sizeof(text), "%s%s", fmt, path);
    assert_int_equal(key_of(text, &key, &e), -1);
    assert_true(err_is(&e));
    assert_false(secret_is(&key));
    assert_null(strstr(e.message, "root:")); /* nothing of a foreign file in the message */
}

static void test_hostile_realms(void **state)
{
    char path[500], big[5000];
    struct err e = { 0 };

    (void)state;
    prepare();
    refuse("Basic realm=", "/etc/passwd");
    refuse("Basic realm=", "");
    refuse("Basic realm=", "a.key");
    refuse("Basic realm=", "../a.key");
    refuse("Bearer realm=", at("a.key"));
    refuse("Basic ", at("a.key"));
    refuse("Negotiate", "");
    refuse("Basic realm=", at("absent.key"));
    refuse("Basic realm=", tokens); /* the folder itself */
    refuse("Basic realm=", at("../../../../../../etc/passwd"));
    refuse("Basic realm=", at("a.key\x1b[31m"));
    /* a neighbour whose name begins the same */
    str_fmt(path, sizeof(path), "%s-evil", tokens);
    assert_int_equal(file_mkdirs(path, &e), 0);
    str_fmt(path, sizeof(path), "%s-evil/a.key", tokens);
    assert_int_equal(file_replace(path, "x", 1, &e), 0);
    refuse("Basic realm=", path);
    /* links that lead out */
    unlink(at("out.key"));
    assert_int_equal(symlink("/etc/passwd", at("out.key")), 0);
    refuse("Basic realm=", at("out.key"));
    unlink(at("etc"));
    assert_int_equal(symlink("/etc", at("etc")), 0);
    refuse("Basic realm=", at("etc/passwd"));
    /* no key in it, or none that a header can hold */
    memset(big, 'k', sizeof(big));
    assert_int_equal(file_replace(at("big.key"), big, sizeof(big), &e), 0);
    refuse("Basic realm=", at("big.key"));
    assert_int_equal(file_replace(at("empty.key"), " \n", 2, &e), 0);
    refuse("Basic realm=", at("empty.key"));
    assert_int_equal(file_replace(at("lf.key"), "a\r\nX-Evil: 1", 12, &e), 0);
    refuse("Basic realm=", at("lf.key"));
    mkdir(at("dir.key"), 0700);
    refuse("Basic realm=", at("dir.key"));
    mkfifo(at("fifo.key"), 0600);
    refuse("Basic realm=", at("fifo.key")); /* and does not hang */
    {
        struct secret key = { 0 };

        assert_int_equal(dataplane_key(NULL, tokens, &key, &e), -1);
        str_fmt(path, sizeof(path), "Basic realm=%s", at("a.key"));
        assert_int_equal(dataplane_key(path, "/nonexistent", &key, &e), -1);
    }
}

static void test_audience(void **state)
{
    struct err e = { 0 };
    char out[200], tiny[10];

    (void)state;
    assert_int_equal(dataplane_audience("https://a/usage/.default", out, sizeof(out), &e), 0);
    assert_string_equal(out, "https://a/usage");
    assert_int_equal(dataplane_audience("guid/.default", out, sizeof(out), &e), 0);
    assert_string_equal(out, "guid");
    assert_int_equal(dataplane_audience("https://a//.default", out, sizeof(out), &e), 0);
    assert_string_equal(out, "https://a/"); /* only what was added comes off */
    assert_int_equal(dataplane_audience("https://a/usage", out, sizeof(out), &e), -1);
    assert_int_equal(dataplane_audience("/.default", out, sizeof(out), &e), -1);
    assert_int_equal(dataplane_audience(NULL, out, sizeof(out), &e), -1);
    assert_int_equal(dataplane_audience("https://a/usage/.default", tiny, sizeof(tiny), &e), -1);
}

/* ---- whole calls ---- */

struct rig {
    struct loop *loop;
    struct http *http;
    struct dataplane plane;
    int answers;
    bool good;
    char last[64];
    struct err err;
};

static void rig_start(struct rig *g, const char *script)
{
    struct err e = { 0 };

    memset(g, 0, sizeof(*g));
    prepare();
    g->loop = loop_new(&e);
    g->http = http_replay_new(g->loop, script, &e);
    assert_non_null(g->http);
    g->http->ops->allow(g->http, "dp.example");
    dataplane_init(&g->plane, g->loop, g->http, "http://127.0.0.1:40342", tokens);
}

static void rig_stop(struct rig *g)
{
    assert_null(http_replay_problem(g->http));
    dataplane_clear(&g->plane);
    g->http->ops->close(g->http);
    loop_free(g->loop);
}

static void on_done(void *payload, const struct json *answer, const struct err *e)
{
    struct rig *g = payload;

    g->answers++;
    g->good = answer != NULL;
    STR_SET(g->last, json_str(answer, "lastSync"));
    if (e)
        g->err = *e;
}

static void sync_to(struct rig *g, const char *endpoint, const char *cloud_id, const char *scope)
{
    struct json *body = json_object();

    json_set_str(body, "node", "node1");
    g->answers = 0;
    g->err = (struct err){ 0 };
    dataplane_post(&g->plane, endpoint, cloud_id, scope, "sync", body, on_done, g);
    assert_int_equal(g->answers, 0);
    for (int i = 0; i < 30 && !g->answers; i++)
        loop_turn(g->loop, 50);
    assert_int_equal(g->answers, 1);
}

static void sync_now(struct rig *g)
{
    sync_to(g, SERVICE "/", CLOUD_ID, SCOPE);
}

static const char *script_of(const char *const *parts)
{
    static char text[8000];
    struct str s = STR_INIT;

    for (size_t i = 0; parts[i]; i++)
        str_addf(&s, "%s%s", i ? "," : "[", parts[i]);
    str_addc(&s, ']');
    /* @KEY@ stands for the key file's path. */
    text[0] = '\0';
    for (const char *p = s.p, *k; *p; p = k ? k + 5 : p + strlen(p)) {
        k = strstr(p, "@KEY@");
        str_fmt(text + strlen(text), sizeof(text) - strlen(text), "%.*s%s/%s",
                k ? (int)(k - p) : (int)strlen(p), p, k ? tokens : "", k ? "a.key" : "");
    }
    text[strlen(text) - 1] = '\0'; /* the '/' after the last part */
    str_free(&s);
    return text;
}

#define CHALLENGE                                                                                  \
    "{\"method\":\"GET\",\"url\":\"" AGENT "\",\"sends\":{\"Metadata\":\"true\"},\"status\":401,"  \
    "\"headers\":{\"WWW-Authenticate\":\"Basic realm=@KEY@\"}}"
#define TOKEN(t, life)                                                                             \
    "{\"method\":\"GET\",\"url\":\"" AGENT                                                         \
    "\",\"sends\":{\"Metadata\":\"true\",\"Authorization\":"                                       \
    "\"Basic k3y-content\"},\"body\":{\"access_token\":\"" t "\",\"expires_in\":" life             \
    ",\"token_type\":\"Bearer\"}}"
#define POSTED(t, answer)                                                                          \
    "{\"method\":\"POST\",\"url\":\"" POST                                                         \
    "\",\"request\":{\"node\":\"node1\"},\"sends\":{\"Authorization\":"                            \
    "\"Bearer " t "\"}," answer "}"
#define GOOD        "\"body\":{\"lastSync\":\"2026-11-21T00:00:00Z\"}"
#define SCRIPT(...) script_of((const char *const[]){ __VA_ARGS__, NULL })

static void test_whole(void **state)
{
    struct rig g;

    (void)state;
    prepare();
    rig_start(&g, SCRIPT(CHALLENGE, TOKEN("tok1", "\"3599\""), POSTED("tok1", GOOD),
                         POSTED("tok1", GOOD)));
    sync_now(&g);
    assert_true(g.good);
    assert_string_equal(g.last, "2026-11-21T00:00:00Z");
    sync_now(&g); /* the token is kept */
    assert_true(g.good);
    rig_stop(&g);
}

static void test_short_token_not_kept(void **state)
{
    struct rig g;

    (void)state;
    prepare();
    rig_start(&g, SCRIPT(CHALLENGE, TOKEN("tok1", "299"), POSTED("tok1", GOOD), CHALLENGE,
                         TOKEN("tok2", "299"), POSTED("tok2", GOOD)));
    sync_now(&g);
    sync_now(&g);
    assert_true(g.good);
    rig_stop(&g);
}

static void test_kept_token_refused(void **state)
{
    struct rig g;

    (void)state;
    prepare();
    rig_start(&g, SCRIPT(CHALLENGE, TOKEN("tok1", "3599"), POSTED("tok1", GOOD),
                         POSTED("tok1", "\"status\":401"), CHALLENGE, TOKEN("tok2", "3599"),
                         POSTED("tok2", GOOD)));
    sync_now(&g);
    sync_now(&g); /* asks for a new one, once */
    assert_true(g.good);
    rig_stop(&g);

    rig_start(
        &g,
        SCRIPT(CHALLENGE, TOKEN("tok1", "3599"),
               POSTED("tok1",
                      "\"status\":401,\"body\":{\"error\":{\"code\":\"InvalidAuthenticationToken\","
                      "\"message\":\"no\"}}")));
    sync_now(&g);
    assert_false(g.good);
    assert_int_equal(g.err.http, 401);
    assert_string_equal(g.err.remote_code, "InvalidAuthenticationToken");
    assert_false(g.err.retryable);
    rig_stop(&g);
}

static void test_agent_refusals(void **state)
{
    static const struct {
        const char *exchange, *says;
        bool retryable;
    } rows[] = {
        { "{\"method\":\"GET\",\"url\":\"" AGENT
          "\",\"status\":200,\"body\":{\"access_token\":\"gift\"}}",
          "without a challenge", false },
        { "{\"method\":\"GET\",\"url\":\"" AGENT "\",\"status\":401}", "names no key file", false },
        { "{\"method\":\"GET\",\"url\":\"" AGENT
          "\",\"status\":401,\"headers\":{\"WWW-Authenticate\":"
          "\"Basic realm=/etc/passwd\"}}",
          "outside its tokens folder", false },
        { "{\"method\":\"GET\",\"url\":\"" AGENT
          "\",\"status\":404,\"body\":{\"error\":\"not_connected\","
          "\"error_description\":\"this machine is\\u001b not connected\"}}",
          "this machine is", false },
        { "{\"method\":\"GET\",\"url\":\"" AGENT "\",\"status\":500}", "HTTP 500", true },
        { "{\"method\":\"GET\",\"url\":\"" AGENT "\",\"error\":\"refused\"}", "127.0.0.1:40342",
          true },
    };
    struct rig g;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        prepare();
        rig_start(&g, SCRIPT(rows[i].exchange));
        sync_now(&g);
        assert_false(g.good);
        if (!strstr(g.err.message, rows[i].says))
            fail_msg("row %zu: %s", i, g.err.message);
        assert_int_equal(g.err.retryable, rows[i].retryable);
        assert_null(strchr(g.err.message, '\x1b'));
        rig_stop(&g);
    }
}

/* A key is good for one answer; a second challenge follows once. */
static void test_used_key(void **state)
{
    static const char used[] = "{\"method\":\"GET\",\"url\":\"" AGENT
                               "\",\"status\":403,\"body\":{\"error\":\"unauthorized\"}}";
    struct rig g;

    (void)state;
    prepare();
    rig_start(&g, SCRIPT(CHALLENGE, used, CHALLENGE, TOKEN("tok1", "3599"), POSTED("tok1", GOOD)));
    sync_now(&g);
    assert_true(g.good);
    rig_stop(&g);
    rig_start(&g, SCRIPT(CHALLENGE, used, CHALLENGE, used));
    sync_now(&g);
    assert_false(g.good);
    assert_int_equal(g.err.http, 403);
    rig_stop(&g);
}

static void test_no_token(void **state)
{
    static const char *const bodies[] = { "{}",
                                          "[]",
                                          "{\"access_token\":5}",
                                          "{\"access_token\":\"\"}",
                                          "{\"access_token\":\"a\\r\\nX: 1\"}",
                                          "\"plain\"" };
    char exchange[500];
    struct rig g;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        prepare();
        str_fmt(exchange, sizeof(exchange), "{\"method\":\"GET\",\"url\":\"%s\",\"body\":%s}",
                AGENT, bodies[i]);
        rig_start(&g, SCRIPT(CHALLENGE, exchange));
        sync_now(&g);
        assert_false(g.good);
        assert_int_equal(g.err.code, 9143);
        rig_stop(&g);
    }
}

static void test_service_answers(void **state)
{
    static const struct {
        const char *answer, *code;
        int http;
        bool retryable, unsure;
    } rows[] = {
        { "\"status\":404,\"body\":{\"error\":{\"code\":\"ClusterNotFound\",\"message\":\"gone\"}}",
          "ClusterNotFound", 404, false, false },
        { "\"status\":403,\"body\":{\"error\":{\"code\":\"Forbidden\",\"message\":\"no\"}}",
          "Forbidden", 403, false, false },
        { "\"status\":429,\"headers\":{\"Retry-After\":\"2\"}", "", 429, true, false },
        { "\"status\":503", "", 503, true, true },
        { "\"error\":\"reset\"", "", 0, true, true },
        { "\"body\":\"{\\\"lastSync\\\":\",\"headers\":{\"Content-Type\":\"application/json\"}", "",
          200, true, true },
        { "\"body\":[1]", "", 0, true, true },
    };
    struct rig g;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char posted[500];

        prepare();
        str_fmt(posted, sizeof(posted), "{\"method\":\"POST\",\"url\":\"%s\",%s}", POST,
                rows[i].answer);
        rig_start(&g, SCRIPT(CHALLENGE, TOKEN("tok1", "3599"), posted));
        sync_now(&g);
        assert_false(g.good);
        assert_string_equal(g.err.remote_code, rows[i].code);
        assert_int_equal(g.err.http, rows[i].http);
        assert_int_equal(g.err.retryable, rows[i].retryable);
        assert_int_equal(g.err.unsure, rows[i].unsure);
        if (rows[i].http == 429)
            assert_int_equal(g.err.retry_after_ms, 2000);
        rig_stop(&g);
    }
}

static void test_nothing_sent(void **state)
{
    struct rig g;

    (void)state;
    prepare();
    rig_start(&g, "[]");
    sync_to(&g, "http://dp.example/eastus", CLOUD_ID, SCOPE);
    assert_non_null(strstr(g.err.message, "no https address"));
    sync_to(&g, SERVICE, "../../x", SCOPE);
    assert_non_null(strstr(g.err.message, "no cloud id"));
    sync_to(&g, SERVICE, CLOUD_ID, "https://a/usage");
    assert_non_null(strstr(g.err.message, "no scope"));
    g.plane.himds = "http://192.0.2.1:40342";
    sync_to(&g, SERVICE, CLOUD_ID, SCOPE);
    assert_non_null(strstr(g.err.message, "no address of an Arc agent"));
    assert_int_equal(http_requests(g.http), 0);
    rig_stop(&g);
}

/* The service's host is not one of the cloud's: the machine's token stays here. */
static void test_foreign_service(void **state)
{
    struct rig g;

    (void)state;
    prepare();
    rig_start(&g, SCRIPT(CHALLENGE, TOKEN("tok1", "3599")));
    sync_to(&g, "https://evil.example/x", CLOUD_ID, SCOPE);
    assert_false(g.good);
    assert_string_equal(g.err.message, "refused to send the token to evil.example");
    rig_stop(&g);
}

static void test_cancel(void **state)
{
    struct dataplane_call *c;
    struct rig g;

    (void)state;
    prepare();
    rig_start(&g, SCRIPT(CHALLENGE));
    c = dataplane_post(&g.plane, SERVICE, CLOUD_ID, SCOPE, "sync", json_object(), on_done, &g);
    loop_turn(g.loop, 50); /* the challenge is asked */
    dataplane_cancel(c);
    dataplane_cancel(
        dataplane_post(&g.plane, SERVICE, CLOUD_ID, SCOPE, "sync", json_object(), on_done, &g));
    dataplane_cancel(NULL);
    loop_turn(g.loop, 20);
    assert_int_equal(g.answers, 0);
    rig_stop(&g);
}

int test_node_dataplane(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_hostile_realms),
        cmocka_unit_test(test_audience),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_short_token_not_kept),
        cmocka_unit_test(test_kept_token_refused),
        cmocka_unit_test(test_agent_refusals),
        cmocka_unit_test(test_used_key),
        cmocka_unit_test(test_no_token),
        cmocka_unit_test(test_service_answers),
        cmocka_unit_test(test_nothing_sent),
        cmocka_unit_test(test_foreign_service),
        cmocka_unit_test(test_cancel),
    };

    return TEST_GROUP("node/dataplane", tests);
}
