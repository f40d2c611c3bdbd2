#include "config.h"

#include "testing.h"

#include "beds.h"
#include "net/http.h"

int test_net_http_retry(void);

struct rig {
    struct loop *loop;
    struct http *inner, *http;
    int replies, status;
    struct err err;
};

static void rig_start(struct rig *g, const char *script)
{
    struct err e = { 0 };

    memset(g, 0, sizeof(*g));
    g->loop = loop_new(&e);
    g->inner = http_replay_new(g->loop, script, &e);
    assert_non_null(g->inner);
    g->http = http_retry_new(g->loop, g->inner);
}

static void rig_stop(struct rig *g)
{
    g->http->ops->close(g->http);
    g->inner->ops->close(g->inner);
    loop_free(g->loop);
}

static void on_reply(void *payload, const struct http_reply *r)
{
    struct rig *g = payload;

    g->replies++;
    g->status = r->status;
    g->err = r->err;
}

static int64_t exchange(struct rig *g, const struct http_req *q)
{
    int64_t from = mono_ms();

    g->replies = 0;
    http_send(g->http, q, on_reply, g);
    while (!g->replies && mono_ms() - from < 8000)
        loop_turn(g->loop, 200);
    assert_int_equal(g->replies, 1);
    return mono_ms() - from;
}

#define X(method, more) "{\"method\":\"" method "\",\"url\":\"https://a/\"," more "}"
#define SOON            "\"headers\":{\"retry-after-ms\":\"5\"}"
#define GET_A                                                                                      \
    {                                                                                              \
        .method = "GET", .url = "https://a/"                                                       \
    }

static void test_repeats_reads(void **state)
{
    static const int statuses[] = { 408, 429, 500, 502, 503, 504 };
    struct http_req q = GET_A;
    char script[400];
    struct rig g;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        str_fmt(script, sizeof(script),
                "[" X("GET", "\"status\":%d," SOON) "," X("GET", "\"status\":200") "]",
                statuses[i]);
        rig_start(&g, script);
        assert_in_range(exchange(&g, &q), 4, 700);
        assert_int_equal(g.status, 200);
        assert_null(http_replay_problem(g.inner));
        assert_int_equal(http_requests(g.http), 2);
        rig_stop(&g);
    }
}

static void test_four_tries(void **state)
{
    struct http_req q = GET_A;
    struct rig g;

    (void)state;
    rig_start(&g, "[" X("GET", "\"status\":503," SOON) "," X("GET", "\"status\":503," SOON) "," X(
                      "GET", "\"status\":503," SOON) "," X("GET", "\"status\":503," SOON) "]");
    exchange(&g, &q);
    assert_int_equal(g.status, 503);
    assert_null(http_replay_problem(g.inner));
    rig_stop(&g);
}

static void test_lost_answer(void **state)
{
    struct http_req q = GET_A;
    struct rig g;
    int64_t ms;

    (void)state;
    rig_start(&g, "[" X("GET", "\"error\":\"reset\"") "," X("GET", "\"status\":200") "]");
    ms = exchange(&g, &q);
    assert_int_equal(g.status, 200);
    assert_in_range(ms, 630, 1200); /* 0.8 s and 20 % either way */
    rig_stop(&g);
}

static void test_not_repeated(void **state)
{
    static const int statuses[] = { 200, 400, 401, 403, 404, 409 };
    struct http_req q = GET_A;
    char script[200];
    struct rig g;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        str_fmt(script, sizeof(script), "[" X("GET", "\"status\":%d," SOON) "]", statuses[i]);
        rig_start(&g, script);
        exchange(&g, &q);
        assert_int_equal(g.status, statuses[i]);
        assert_null(http_replay_problem(g.inner));
        rig_stop(&g);
    }
}

static void test_writes_pass(void **state)
{
    static const char *const methods[] = { "PUT", "POST", "PATCH", "DELETE" };
    char script[200];
    struct rig g;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        struct http_req q = { .method = methods[i], .url = "https://a/" };

        str_fmt(script, sizeof(script),
                "[{\"method\":\"%s\",\"url\":\"https://a/\",\"status\":503," SOON "}]", methods[i]);
        rig_start(&g, script);
        exchange(&g, &q);
        assert_int_equal(g.status, 503);
        rig_stop(&g);
    }
}

static void test_deadline(void **state)
{
    struct http_req q = { .method = "GET", .url = "https://a/", .deadline_ms = 3000 };
    struct rig g;

    (void)state;
    rig_start(&g, "[" X("GET", "\"status\":429,\"headers\":{\"Retry-After\":\"30\"}") "]");
    assert_true(exchange(&g, &q) < 1000); /* the wait would not fit: the answer is given at once */
    assert_int_equal(g.status, 429);
    rig_stop(&g);
}

static void test_copies_and_cancel(void **state)
{
    struct secret token = { 0 };
    char url[] = "https://a/", value[] = "v";
    struct http_req q = {
        .method = "GET", .url = url, .headers = { { "x", value } }, .bearer = &token
    };
    struct http_call *c;
    struct rig g;

    (void)state;
    rig_start(&g, "[" X("GET", "\"status\":503," SOON) "," X("GET", "\"status\":200") "]");
    g.http->ops->allow(g.http, "a"); /* reaches the transport below */
    secret_set(&token, "abc", 3);
    c = http_send(g.http, &q, on_reply, &g);
    assert_non_null(c);
    url[8] = 'b';
    value[0] = 0;
    secret_clear(&token);
    for (int i = 0; i < 50 && !g.replies; i++)
        loop_turn(g.loop, 20);
    assert_int_equal(g.status, 200);
    rig_stop(&g);

    url[8] = 'a';
    rig_start(&g, "[" X("GET", "\"status\":503,\"headers\":{\"retry-after-ms\":\"50\"}") "]");
    c = http_send(g.http, &q, on_reply, &g);
    loop_turn(g.loop, 20); /* it waits for its second try now */
    http_cancel(g.http, c);
    loop_turn(g.loop, 80);
    assert_int_equal(g.replies, 0);
    rig_stop(&g);
}

static void test_contract(void **state)
{
    (void)state;
    http_contract(&retry_curl_backend);
    http_contract(&retry_replay_backend);
}

int test_net_http_retry(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract),     cmocka_unit_test(test_repeats_reads),
        cmocka_unit_test(test_four_tries),   cmocka_unit_test(test_lost_answer),
        cmocka_unit_test(test_not_repeated), cmocka_unit_test(test_writes_pass),
        cmocka_unit_test(test_deadline),     cmocka_unit_test(test_copies_and_cancel),
    };

    return TEST_GROUP("net/http_retry", tests);
}
