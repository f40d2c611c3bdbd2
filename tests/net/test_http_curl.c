/* The transport against a tiny server in the same loop: each answer is given byte by byte. */
#include "config.h"

#include "testing.h"

#include "beds.h"
#include "net/http.h"
#include "server.h"

int test_net_http_curl(void);

/* ---- a rig: loop, server, transport, the newest reply ---- */

struct rig {
    struct loop *loop;
    struct server server;
    struct http *http;
    int replies;
    int status;
    char body[256], retry[32], type[64];
    int64_t retry_after_ms;
    struct err err;
};

static void rig_start(struct rig *g, const struct answer *a, size_t n, int max_per_host)
{
    struct http_curl_config cfg = { .proxy = "", .max_per_host = max_per_host };
    struct err e = { 0 };

    memset(g, 0, sizeof(*g));
    g->loop = loop_new(&e);
    assert_non_null(g->loop);
    server_start(&g->server, g->loop, a, n);
    g->http = http_curl_new(g->loop, &cfg, &e);
    assert_non_null(g->http);
}

static void rig_stop(struct rig *g)
{
    g->http->ops->close(g->http);
    server_stop(&g->server);
    loop_free(g->loop);
}

static void on_reply(void *payload, const struct http_reply *r)
{
    struct rig *g = payload;

    g->replies++;
    g->status = r->status;
    g->err = r->err;
    g->retry_after_ms = r->retry_after_ms;
    STR_SET(g->body, r->body);
    STR_SET(g->type, http_header(r, "content-type"));
}

static void turn_until(struct rig *g, int replies)
{
    int64_t end = mono_ms() + 5000;

    while (g->replies < replies && mono_ms() < end)
        loop_turn(g->loop, 100);
    assert_int_equal(g->replies, replies);
}

static struct http_call *ask(struct rig *g, const struct http_req *what)
{
    struct http_req q = *what;
    char url[200];

    str_fmt(url, sizeof(url), "http://127.0.0.1:%d%s", g->server.port,
            what->url ? what->url : "/x");
    q.url = url;
    q.method = q.method ? q.method : "GET";
    q.flags |= HTTP_PLAIN_LOOPBACK;
    return http_send(g->http, &q, on_reply, g);
}

static void exchange(struct rig *g, const struct http_req *what)
{
    int before = g->replies;

    ask(g, what);
    assert_int_equal(g->replies, before); /* never from inside send */
    turn_until(g, before + 1);
}

#define OK_JSON                                                                                    \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
#define RIG(g, limit, ...)                                                                         \
    static const struct answer answers[] = { __VA_ARGS__ };                                        \
    struct rig g;                                                                                  \
    (void)state;                                                                                   \
    rig_start(&g, answers, ARRAY_LEN(answers), limit)

/* ---- whole answers ---- */

static void test_get_and_reuse(void **state)
{
    RIG(g, 0, { OK_JSON, KEEP });

    exchange(&g, &(struct http_req){ .url = "/subscriptions?api-version=1" });
    assert_int_equal(g.status, 200);
    assert_string_equal(g.body, "{\"a\":1}");
    assert_string_equal(g.type, "application/json");
    assert_int_equal(g.retry_after_ms, -1);
    assert_true(str_starts(g.server.last.p, "GET /subscriptions?api-version=1 HTTP/1.1\r\n"));
    assert_non_null(str_ifind(g.server.last.p, "\r\nAccept: application/json\r\n"));
    assert_null(str_ifind(g.server.last.p, "\r\nContent-Type"));
    exchange(&g, &(struct http_req){ 0 });
    assert_int_equal(g.server.opened, 1);
    assert_int_equal(http_requests(g.http), 2);
    rig_stop(&g);
}

static void test_bodies(void **state)
{
    char big[3000];
    RIG(g, 0, { OK_JSON, KEEP });

    exchange(&g, &(struct http_req){ .method = "POST" });
    assert_true(str_starts(g.server.last.p, "POST /x "));
    assert_non_null(str_ifind(g.server.last.p, "\r\nContent-Length: 0\r\n"));
    assert_null(str_ifind(g.server.last.p, "\r\nContent-Type"));
    memset(big, 'x', sizeof(big));
    exchange(&g, &(struct http_req){ .method = "PUT", .body = big, .body_len = sizeof(big) });
    assert_non_null(str_ifind(g.server.last.p, "\r\nContent-Length: 3000\r\n"));
    assert_non_null(str_ifind(g.server.last.p, "\r\nContent-Type: application/json\r\n"));
    assert_null(str_ifind(g.server.last.p, "\r\nExpect"));
    exchange(&g, &(struct http_req){ .method = "PATCH", .body = "{}", .body_len = 2 });
    assert_true(str_starts(g.server.last.p, "PATCH /x "));
    assert_true(str_ends(g.server.last.p, "\r\n\r\n{}"));
    exchange(&g, &(struct http_req){ .method = "DELETE" });
    assert_true(str_starts(g.server.last.p, "DELETE /x "));
    assert_null(str_ifind(g.server.last.p, "\r\nContent-Length"));
    exchange(&g, &(struct http_req){ .headers = { { "x-ms-client-request-id", "7" } } });
    assert_non_null(str_ifind(g.server.last.p, "\r\nx-ms-client-request-id: 7\r\n"));
    rig_stop(&g);
}

static void test_head(void **state)
{
    RIG(g, 0,
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n", KEEP });

    exchange(&g, &(struct http_req){ .method = "HEAD" });
    assert_int_equal(g.status, 200);
    assert_string_equal(g.body, "");
    rig_stop(&g);
}

static void test_last_block_and_redirect(void **state)
{
    RIG(g, 0,
        { "HTTP/1.1 103 Early\r\nContent-Type: text/html\r\nRetry-After: 9\r\n\r\n" OK_JSON, KEEP },
        { "HTTP/1.1 307 Go\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n", KEEP });

    exchange(&g, &(struct http_req){ 0 });
    assert_int_equal(g.status, 200);
    assert_string_equal(g.type, "application/json");
    assert_int_equal(g.retry_after_ms, -1);
    exchange(&g, &(struct http_req){ 0 });
    assert_int_equal(g.status, 307);
    assert_int_equal(g.server.requests, 2);
    rig_stop(&g);
}

static void test_retry_after(void **state)
{
    RIG(g, 0, { "HTTP/1.1 429 No\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n", KEEP },
        { "HTTP/1.1 503 No\r\nx-ms-retry-after-ms: 40\r\nContent-Length: 0\r\n\r\n", KEEP },
        { "HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: "
          "0\r\n\r\n",
          KEEP });

    exchange(&g, &(struct http_req){ 0 });
    assert_int_equal(g.status, 429);
    assert_int_equal(g.retry_after_ms, 3000);
    exchange(&g, &(struct http_req){ 0 });
    assert_int_equal(g.retry_after_ms, 40);
    exchange(&g, &(struct http_req){ 0 });
    assert_int_equal(g.retry_after_ms, 0);
    rig_stop(&g);
}

/* ---- secrets ---- */

static void test_bearer(void **state)
{
    struct secret token = { 0 };
    struct http_req q = { .bearer = &token };
    char host[64], want[100];
    RIG(g, 0, { OK_JSON, KEEP });

    secret_set(&token, "eyJ.abc-_~", 10);
    exchange(&g, &q);
    assert_int_equal(g.status, 0);
    str_fmt(want, sizeof(want), "refused to send the token to 127.0.0.1:%d", g.server.port);
    assert_string_equal(g.err.message, want);
    assert_int_equal(g.err.domain, ERR_NET);
    assert_false(g.err.unsure);
    assert_false(g.err.retryable);
    assert_int_equal(g.server.opened, 0);
    assert_int_equal(http_requests(g.http), 0);

    str_fmt(host, sizeof(host), "127.0.0.1:%d", g.server.port);
    g.http->ops->allow(g.http, host);
    exchange(&g, &q);
    assert_int_equal(g.status, 200);
    assert_non_null(strstr(g.server.last.p, "\r\nAuthorization: Bearer eyJ.abc-_~\r\n"));

    g.http->ops->allow(g.http, NULL);
    exchange(&g, &q);
    assert_int_equal(g.status, 0);
    assert_int_equal(g.server.requests, 1);
    secret_clear(&token);
    rig_stop(&g);
}

static void test_basic(void **state)
{
    struct secret key = { 0 };
    RIG(g, 0, { OK_JSON, KEEP });

    secret_set(&key, "s3cr3t", 6);
    exchange(&g, &(struct http_req){ .basic = &key });
    assert_non_null(strstr(g.server.last.p, "\r\nAuthorization: Basic s3cr3t\r\n"));
    secret_clear(&key);
    rig_stop(&g);
}

static void test_plain_refused(void **state)
{
    struct http_req q = { .method = "GET",
                          .url = "http://192.0.2.1/",
                          .flags = HTTP_PLAIN_LOOPBACK };
    RIG(g, 0, { OK_JSON, KEEP });

    http_send(g.http, &q, on_reply, &g);
    turn_until(&g, 1);
    assert_int_equal(g.status, 0);
    assert_string_equal(g.err.message, "refused to talk to 192.0.2.1 without encryption");
    rig_stop(&g);
}

/* ---- lost answers ---- */

static void test_lost(void **state)
{
    static const struct {
        struct answer answer;
        const char *says;
    } rows[] = {
        { { "", RESET }, "broke" },
        { { "", CLOSE }, "closed without an answer" },
        { { "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc", CLOSE }, "cut off" },
        { { "\x16\x03\x01garbage garbage\r\n", CLOSE }, "no HTTP answer" },
        { { "HTTP/1.1 200 OK\r\nContent-Ty", CLOSE }, "answer" },
        { { "HTTP/220000\r\n\r\n", CLOSE }, "no HTTP answer" },
        { { "HTTP/22\r\n\r\n", CLOSE }, "no HTTP answer" },
        { { "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\n{}", KEEP }, "no HTTP answer" },
        { { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"a\":",
            CLOSE },
          "whole" },
        { { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{\"a\":",
            KEEP },
          "whole" },
        { { "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", KEEP },
          "web page" },
        { { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", CLOSE }, "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rig g;

        rig_start(&g, &rows[i].answer, 1, 0);
        exchange(&g, &(struct http_req){ .method = "PUT", .body = "{}", .body_len = 2 });
        assert_int_equal(g.status, 0);
        assert_int_equal(g.err.domain, ERR_NET);
        assert_true(g.err.unsure);
        if (!strstr(g.err.message, rows[i].says))
            fail_msg("row %zu: %s", i, g.err.message);
        assert_int_equal(g.server.requests, 1);
        rig_stop(&g);
    }
}

static void test_too_big(void **state)
{
    static char bytes[2200];
    static struct answer answers[] = { { bytes, CLOSE } };
    struct rig g;

    (void)state;
    str_copy(bytes, sizeof(bytes), "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n");
    memset(bytes + strlen(bytes), 'y', 2000);
    rig_start(&g, answers, 1, 0);
    exchange(&g, &(struct http_req){ .max_reply = 1999 });
    assert_int_equal(g.status, 0);
    assert_true(g.err.unsure);
    assert_non_null(strstr(g.err.message, "larger"));
    exchange(&g, &(struct http_req){ .max_reply = 2000 });
    assert_int_equal(g.status, 200);
    rig_stop(&g);
}

static void test_timeout(void **state)
{
    RIG(g, 0, { "", HANG });

    exchange(&g, &(struct http_req){ .method = "POST", .deadline_ms = 150 });
    assert_int_equal(g.status, 0);
    assert_int_equal(g.err.code, 28);
    assert_true(g.err.unsure);
    assert_true(g.err.retryable);
    rig_stop(&g);
}

static void test_nothing_sent(void **state)
{
    struct http_req q = { .method = "PUT", .body = "{}", .body_len = 2 };
    char url[64];
    struct rig g;
    static const struct answer answers[] = { { "no TLS here\r\n", CLOSE } };

    (void)state;
    rig_start(&g, answers, 1, 0);
    /* TLS against a server that has none */
    str_fmt(url, sizeof(url), "https://127.0.0.1:%d/", g.server.port);
    q.url = url;
    q.deadline_ms = 2000;
    http_send(g.http, &q, on_reply, &g);
    turn_until(&g, 0);
    while (g.server.open_now == 0)
        loop_turn(g.loop, 100);
    server_answer(&g.server.c[0]);
    turn_until(&g, 1);
    assert_int_equal(g.status, 0);
    assert_false(g.err.unsure);
    assert_true(g.err.retryable);
    /* nobody listens */
    server_deaf(&g.server);
    http_send(g.http, &q, on_reply, &g);
    turn_until(&g, 2);
    assert_int_equal(g.err.code, 7);
    assert_false(g.err.unsure);
    assert_non_null(strstr(g.err.message, "refused"));
    rig_stop(&g);
}

/* libcurl by itself would send the write again when a reused connection is closed without an
 * answer. */
static void test_write_not_repeated(void **state)
{
    RIG(g, 0, { OK_JSON, KEEP }, { "", CLOSE }, { OK_JSON, KEEP });

    exchange(&g, &(struct http_req){ 0 });
    exchange(&g, &(struct http_req){ .method = "POST", .body = "{}", .body_len = 2 });
    assert_int_equal(g.status, 0);
    assert_true(g.err.unsure);
    assert_true(g.err.retryable);
    assert_int_equal(g.server.requests, 2);
    rig_stop(&g);
}

static void test_empty_write_not_repeated(void **state)
{
    RIG(g, 0, { OK_JSON, KEEP }, { "", CLOSE }, { OK_JSON, KEEP });

    exchange(&g, &(struct http_req){ 0 });
    exchange(&g, &(struct http_req){ .method = "DELETE" });
    assert_int_equal(g.status, 0);
    assert_true(g.err.unsure);
    assert_int_equal(g.server.requests, 2);
    rig_stop(&g);
}

/* ---- many at once ---- */

static void test_queue(void **state)
{
    RIG(g, 2, { OK_JSON, KEEP });

    for (int i = 0; i < 8; i++)
        ask(&g, &(struct http_req){ 0 });
    assert_int_equal(http_requests(g.http), 2);
    turn_until(&g, 8);
    assert_int_equal(g.server.requests, 8);
    assert_true(g.server.most_open <= 2);
    rig_stop(&g);
}

static void test_queue_deadline(void **state)
{
    RIG(g, 1, { "", HANG });

    ask(&g, &(struct http_req){ .method = "POST", .deadline_ms = 3000 });
    ask(&g, &(struct http_req){ .method = "POST", .deadline_ms = 60 });
    turn_until(&g, 1);
    assert_int_equal(g.err.code, 28);
    assert_false(g.err.unsure); /* it never left the queue */
    rig_stop(&g);
}

static void test_cancel(void **state)
{
    struct http_call *a, *b;
    RIG(g, 1, { OK_JSON, KEEP });

    a = ask(&g, &(struct http_req){ 0 });
    b = ask(&g, &(struct http_req){ 0 });
    ask(&g, &(struct http_req){ .url = "/third" });
    http_cancel(g.http, b);
    http_cancel(g.http, a);
    turn_until(&g, 1);
    assert_non_null(strstr(g.server.last.p, "GET /third "));
    for (int i = 0; i < 3; i++)
        loop_turn(g.loop, 20);
    assert_int_equal(g.replies, 1);
    ask(&g, &(struct http_req){ 0 }); /* close with one under way: no callback */
    rig_stop(&g);
    assert_int_equal(g.replies, 1);
}

struct chain {
    struct rig *g;
    int left;
};

static void on_chain(void *payload, const struct http_reply *r)
{
    struct chain *c = payload;
    char url[64];
    struct http_req q = { .method = "GET", .url = url, .flags = HTTP_PLAIN_LOOPBACK };

    on_reply(c->g, r);
    str_fmt(url, sizeof(url), "http://127.0.0.1:%d/", c->g->server.port);
    if (c->left-- > 0)
        http_send(c->g->http, &q, on_chain, c);
}

static void test_send_from_callback(void **state)
{
    struct http_reply none = { .body = "" };
    struct chain c;
    RIG(g, 1, { OK_JSON, KEEP });

    c = (struct chain){ &g, 3 };
    on_chain(&c, &none);
    turn_until(&g, 4);
    assert_int_equal(g.server.requests, 3);
    rig_stop(&g);
}

static void test_bad_ca(void **state)
{
    struct http_curl_config cfg = { .ca_file = "/nonexistent/ca.pem" };
    struct err e = { 0 };
    struct loop *l = loop_new(&e);

    (void)state;
    assert_null(http_curl_new(l, &cfg, &e));
    assert_int_equal(e.domain, ERR_SYSTEM);
    loop_free(l);
}

static void test_contract(void **state)
{
    (void)state;
    http_contract(&curl_backend);
}

int test_net_http_curl(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_get_and_reuse),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_last_block_and_redirect),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_basic),
        cmocka_unit_test(test_plain_refused),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_too_big),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_nothing_sent),
        cmocka_unit_test(test_write_not_repeated),
        cmocka_unit_test(test_empty_write_not_repeated),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_queue_deadline),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_send_from_callback),
        cmocka_unit_test(test_bad_ca),
    };

    return TEST_GROUP("net/http_curl", tests);
}
