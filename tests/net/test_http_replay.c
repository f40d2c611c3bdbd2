#include "config.h"

#include "testing.h"

#include "beds.h"
#include "net/http.h"

int test_net_http_replay(void);

struct rig {
    struct loop *loop;
    struct http *http;
    int replies, status;
    struct err err;
    char body[200], type[64];
};

static void rig_start(struct rig *g, const char *script)
{
    struct err e = { 0 };

    memset(g, 0, sizeof(*g));
    g->loop = loop_new(&e);
    g->http = http_replay_new(g->loop, script, &e);
    assert_non_null(g->http);
}

static void rig_stop(struct rig *g)
{
    g->http->ops->close(g->http);
    loop_free(g->loop);
}

static void on_reply(void *payload, const struct http_reply *r)
{
    struct rig *g = payload;

    g->replies++;
    g->status = r->status;
    g->err = r->err;
    STR_SET(g->body, r->body);
    STR_SET(g->type, http_header(r, "Content-Type"));
}

static void exchange(struct rig *g, const char *method, const char *url, const char *body)
{
    struct http_req q = { .method = method, .url = url, .body = body };

    q.body_len = body ? strlen(body) : 0;
    g->replies = 0;
    http_send(g->http, &q, on_reply, g);
    assert_int_equal(g->replies, 0);
    for (int i = 0; i < 5 && !g->replies; i++)
        loop_turn(g->loop, 100);
    assert_int_equal(g->replies, 1);
}

static void test_plays(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[{\"method\":\"GET\",\"url\":\"https://a/x\",\"status\":201,\"body\":{\"n\":1}},"
                  "{\"method\":\"PUT\",\"url\":\"https://a/guid*\",\"request\":{\"b\":2,\"c\":3},"
                  "\"headers\":{\"Content-Type\":\"text/plain\"},\"body\":\"hi\"}]");
    assert_non_null(strstr(http_replay_problem(g.http), "2 exchanges left"));
    exchange(&g, "GET", "https://a/x", NULL);
    assert_int_equal(g.status, 201);
    assert_string_equal(g.body, "{\"n\":1}");
    assert_true(str_starts(g.type, "application/json"));
    exchange(&g, "PUT", "https://a/guid/1234", "{\"c\":3,\"b\":2}");
    assert_int_equal(g.status, 200);
    assert_string_equal(g.body, "hi");
    assert_null(http_replay_problem(g.http));
    assert_int_equal(http_requests(g.http), 2);
    rig_stop(&g);
}

static void test_mismatch(void **state)
{
    static const char script[] =
        "[{\"method\":\"PUT\",\"url\":\"https://a/x\",\"request\":{\"b\":2}}]";
    struct rig g;

    (void)state;
    rig_start(&g, script);
    exchange(&g, "PUT", "https://a/other", "{\"b\":2}");
    assert_int_equal(g.status, 0);
    assert_false(g.err.unsure);
    assert_non_null(strstr(http_replay_problem(g.http), "https://a/other"));
    rig_stop(&g);
    rig_start(&g, script);
    exchange(&g, "PUT", "https://a/x", "{\"b\":3}");
    assert_int_equal(g.status, 0);
    assert_non_null(strstr(http_replay_problem(g.http), "body"));
    rig_stop(&g);
    rig_start(&g, "[]");
    assert_null(http_replay_problem(g.http));
    exchange(&g, "GET", "https://a/x", NULL);
    assert_int_equal(g.status, 0);
    assert_non_null(http_replay_problem(g.http));
    rig_stop(&g);
}

static void test_errors(void **state)
{
    struct rig g;

    (void)state;
    rig_start(&g, "[{\"method\":\"GET\",\"url\":\"https://a/1\",\"error\":\"reset\"},"
                  "{\"method\":\"GET\",\"url\":\"https://a/2\",\"error\":\"timeout\"},"
                  "{\"method\":\"GET\",\"url\":\"https://a/3\",\"error\":\"refused\"},"
                  "{\"method\":\"GET\",\"url\":\"https://a/4\",\"body\":\"{\","
                  "\"headers\":{\"Content-Type\":\"application/json\"}}]");
    exchange(&g, "GET", "https://a/1", NULL);
    assert_true(g.err.unsure);
    assert_int_equal(g.err.code, 56);
    exchange(&g, "GET", "https://a/2", NULL);
    assert_int_equal(g.err.code, 28);
    exchange(&g, "GET", "https://a/3", NULL);
    assert_false(g.err.unsure);
    assert_true(g.err.retryable);
    exchange(&g, "GET", "https://a/4", NULL);
    assert_int_equal(g.status, 0);
    assert_true(g.err.unsure);
    assert_null(http_replay_problem(g.http));
    rig_stop(&g);
}

static void test_policy_and_cancel(void **state)
{
    struct secret token = { 0 };
    struct http_req q = { .method = "GET", .url = "https://a/x", .bearer = &token };
    struct rig g;

    (void)state;
    secret_set(&token, "abc", 3);
    rig_start(&g, "[{\"method\":\"GET\",\"url\":\"https://a/x\"}]");
    http_send(g.http, &q, on_reply, &g);
    loop_turn(g.loop, 100);
    assert_string_equal(g.err.message, "refused to send the token to a");
    assert_int_equal(http_requests(g.http), 0);
    g.http->ops->allow(g.http, "a");
    http_cancel(g.http, http_send(g.http, &q, on_reply, &g));
    loop_turn(g.loop, 20);
    assert_int_equal(g.replies, 1);
    secret_clear(&token);
    rig_stop(&g);
}

static void test_sends(void **state)
{
    static const char script[] = "[{\"method\":\"GET\",\"url\":\"https://a/x\","
                                 "\"sends\":{\"X-A\":\"1\",\"Authorization\":\"Bearer abc\"}}]";
    struct secret token = { 0 };
    struct http_req q = { .method = "GET", .url = "https://a/x", .bearer = &token };
    struct rig g;

    (void)state;
    secret_set(&token, "abc", 3);
    for (int i = 0; i < 4; i++) { /* all there; no header; another token; no token */
        rig_start(&g, script);
        g.http->ops->allow(g.http, "a");
        q.headers[0] = (struct http_header){ i == 1 ? NULL : "X-A", "1" };
        secret_set(&token, i == 2 ? "xyz" : "abc", 3);
        q.bearer = i == 3 ? NULL : &token;
        http_send(g.http, &q, on_reply, &g);
        loop_turn(g.loop, 100);
        assert_int_equal(g.status, i == 0 ? 200 : 0);
        assert_int_equal(http_replay_problem(g.http) == NULL, i == 0);
        rig_stop(&g);
    }
    secret_clear(&token);
}

static void test_bad_script(void **state)
{
    struct err e = { 0 };
    struct loop *l = loop_new(&e);

    (void)state;
    assert_null(http_replay_new(l, "[", &e));
    assert_null(http_replay_new(l, "{}", &e));
    loop_free(l);
}

static void test_contract(void **state)
{
    (void)state;
    http_contract(&replay_backend);
}

int test_net_http_replay(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract),          cmocka_unit_test(test_plays),
        cmocka_unit_test(test_mismatch),          cmocka_unit_test(test_errors),
        cmocka_unit_test(test_policy_and_cancel), cmocka_unit_test(test_sends),
        cmocka_unit_test(test_bad_script),
    };

    return TEST_GROUP("net/http_replay", tests);
}
