#include "config.h"

#include "testing.h"

#include "contract.h"

#define QUIET_MS 60 /* long enough for what must not happen */

struct log {
    struct http_bed bed;
    int replies;
    int status;
    char body[200], header[64];
    size_t body_len;
    int64_t retry_after_ms;
    bool absent, whole; /* no such header; NUL where body_len says */
    struct err err;
};

static void on_reply(void *payload, const struct http_reply *r)
{
    struct log *g = payload;

    g->replies++;
    g->status = r->status;
    g->err = r->err;
    g->body_len = r->body_len;
    g->retry_after_ms = r->retry_after_ms;
    g->whole = r->body && strlen(r->body) == r->body_len;
    STR_SET(g->body, r->body);
    STR_SET(g->header, http_header(r, "x-MS-test"));
    g->absent = http_header(r, "x-ms-tes") == NULL && http_header(r, "x-ms-test2") == NULL;
}

static void turn(struct http_bed *b, int64_t ms)
{
    int64_t end = mono_ms() + ms;

    while (mono_ms() < end)
        loop_turn(b->loop, end - mono_ms());
}

static void turn_until(struct http_bed *b, const int *count, int want)
{
    int64_t end = mono_ms() + 5000;

    while (*count < want && mono_ms() < end)
        loop_turn(b->loop, 50);
    assert_int_equal(*count, want);
}

static struct http_call *ask(struct http_bed *b, const struct http_req *what, const char *path,
                             http_done_fn *fn, void *payload)
{
    struct http_req q = *what;
    struct http_call *c;
    char url[200];

    str_fmt(url, sizeof(url), "%s%s", b->origin, path);
    q.url = url;
    q.flags |= HTTP_PLAIN_LOOPBACK;
    c = http_send(b->http, &q, fn, payload);
    memset(url, 'z', sizeof(url) - 1); /* it is the caller's again */
    return c;
}

/* One exchange whole: never from inside send, once, and no second time. */
static void exchange(struct log *g, const struct http_req *q, const char *path)
{
    g->replies = 0;
    ask(&g->bed, q, path, on_reply, g);
    assert_int_equal(g->replies, 0);
    turn_until(&g->bed, &g->replies, 1);
    turn(&g->bed, 5);
    assert_int_equal(g->replies, 1);
}

static void end(const struct http_backend *k, struct log *g)
{
    const char *complaint = k->complaint(&g->bed);

    if (complaint)
        fail_msg("%s", complaint);
    k->close(&g->bed);
}

/* ---- answers ---- */

static void answers(const struct http_backend *k)
{
    static const struct http_exchange rows[] = {
        { .method = "GET",
          .path = "/a?x=1",
          .status = 200,
          .name = "X-Ms-Test",
          .value = "Some Value",
          .body = "text" },
        { .method = "POST", .path = "/b", .sent = "", .status = 204 },
        { .method = "PUT", .path = "/c", .sent = "{}", .status = 404, .body = "{\"a\":1}" },
        { .method = "DELETE",
          .path = "/d",
          .status = 307, /* not followed */
          .name = "Location",
          .value = "/a?x=1" },
        { .method = "PATCH",
          .path = "/e",
          .sent = "{}",
          .status = 429,
          .name = "Retry-After",
          .value = "3" },
        { .method = "POST",
          .path = "/f",
          .status = 503,
          .name = "x-ms-retry-after-ms",
          .value = "40" },
        { .method = "POST", .path = "/g", .status = 500, .name = "retry-after-ms", .value = "7" },
    };
    static const int64_t after[] = { -1, -1, -1, -1, 3000, 40, 7 };
    struct log g = { 0 };

    k->open(&g.bed, rows, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_req q = { .method = rows[i].method, .body = rows[i].sent };
        const char *body = rows[i].body ? rows[i].body : "";

        q.body_len = q.body ? strlen(q.body) : 0;
        exchange(&g, &q, rows[i].path);
        assert_int_equal(g.status, rows[i].status);
        assert_string_equal(g.body, body);
        assert_int_equal(g.body_len, strlen(body));
        assert_true(g.whole);
        assert_false(err_is(&g.err));
        assert_true(g.absent);
        assert_string_equal(g.header, i == 0 ? "Some Value" : "");
        assert_int_equal(g.retry_after_ms, after[i]);
        assert_int_equal(http_requests(g.bed.http), i + 1);
    }
    end(k, &g);
}

/* What the caller gave may be gone when send returns. */
static void copies(const struct http_backend *k)
{
    static const struct http_exchange row = {
        .method = "PUT", .path = "/copy", .sent = "the body", .bearer = "t0ken", .status = 201
    };
    char method[] = "PUT", body[] = "the body", name[] = "x-ms-client-request-id", value[] = "v";
    struct secret token = { 0 };
    struct http_req q = { .method = method,
                          .headers = { { name, value } },
                          .body = body,
                          .body_len = strlen(body),
                          .bearer = &token };
    struct log g = { 0 };

    k->open(&g.bed, &row, 1);
    g.bed.http->ops->allow(g.bed.http, g.bed.origin + strlen("http://"));
    secret_set(&token, "t0ken", 5);
    ask(&g.bed, &q, "/copy", on_reply, &g);
    secret_clear(&token);
    memset(method, 'X', strlen(method));
    memset(body, 'X', strlen(body));
    memset(name, 'X', strlen(name));
    memset(value, 'X', strlen(value));
    memset(&q, 0x5a, sizeof(q));
    turn_until(&g.bed, &g.replies, 1);
    assert_int_equal(g.status, 201);
    end(k, &g);
}

static void size_limit(const struct http_backend *k)
{
    static const struct http_exchange rows[] = {
        { .method = "GET", .path = "/fits", .status = 200, .body = "0123456789" },
        { .method = "GET", .path = "/large", .status = 200, .body = "0123456789" },
    };
    struct log g = { 0 };

    k->open(&g.bed, rows, ARRAY_LEN(rows));
    exchange(&g, &(struct http_req){ .method = "GET", .max_reply = 10 }, "/fits");
    assert_int_equal(g.status, 200);
    assert_string_equal(g.body, "0123456789");
    exchange(&g, &(struct http_req){ .method = "GET", .max_reply = 9 }, "/large");
    assert_int_equal(g.status, 0);
    assert_int_equal(g.err.domain, ERR_NET);
    assert_true(g.err.unsure);
    assert_string_equal(g.body, "");
    end(k, &g);
}

/* ---- no answer ---- */

static void no_answer(const struct log *g, bool unsure)
{
    assert_int_equal(g->status, 0);
    assert_string_equal(g->body, "");
    assert_int_equal(g->body_len, 0);
    assert_true(g->whole);
    assert_int_equal(g->err.domain, ERR_NET);
    assert_int_equal(g->err.unsure, unsure);
    assert_true(g->err.message[0] != '\0');
}

/* The complaint at the end also says that a write was sent once only. */
static void lost(const struct http_backend *k)
{
    static const struct http_exchange rows[] = {
        { .method = "PUT", .path = "/broken", .sent = "{}", .fate = FATE_LOST },
        { .method = "POST", .path = "/silent", .sent = "{}", .fate = FATE_SILENT },
        { .method = "DELETE", .path = "/none", .fate = FATE_LOST },
        { .method = "PATCH",
          .path = "/cut",
          .sent = "{}",
          .status = 200,
          .name = "Content-Type",
          .value = "application/json",
          .body = "{\"a\":" },
    };
    struct log g = { 0 };

    k->open(&g.bed, rows, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_req q = { .method = rows[i].method,
                              .body = rows[i].sent,
                              .body_len = rows[i].sent ? strlen(rows[i].sent) : 0,
                              .deadline_ms = rows[i].fate == FATE_SILENT ? 120 : 5000 };

        exchange(&g, &q, rows[i].path);
        no_answer(&g, true);
        assert_true(g.err.retryable);
    }
    end(k, &g);
}

static void not_sent(const struct http_backend *k)
{
    static const struct http_exchange row = { .method = "PUT", .path = "/x", .fate = FATE_DEAF };
    struct log g = { 0 };

    k->open(&g.bed, &row, 1);
    exchange(&g, &(struct http_req){ .method = "PUT", .body = "{}", .body_len = 2 }, "/x");
    no_answer(&g, false);
    assert_true(g.err.retryable);
    end(k, &g);
}

static void refuse(struct log *g, const struct http_req *q)
{
    g->replies = 0;
    http_send(g->bed.http, q, on_reply, g);
    assert_int_equal(g->replies, 0);
    turn_until(&g->bed, &g->replies, 1);
    no_answer(g, false);
    assert_false(g->err.retryable);
    assert_int_equal(http_requests(g->bed.http), 0);
}

static void refusals(const struct http_backend *k)
{
    static const char *const bad[] = { "http://192.0.2.1/",
                                       "http://example.com/",
                                       "ftp://127.0.0.1/",
                                       "file:///etc/passwd",
                                       "https://",
                                       "",
                                       "https://a@127.0.0.1/",
                                       "http://127.0.0.1.example.com/" };
    struct secret token = { 0 };
    struct log g = { 0 };
    char url[100];

    k->open(&g.bed, NULL, 0);
    secret_set(&token, "t0ken", 5);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        refuse(&g,
               &(struct http_req){ .method = "GET", .url = bad[i], .flags = HTTP_PLAIN_LOOPBACK });
    str_fmt(url, sizeof(url), "%s/x", g.bed.origin);
    refuse(&g, &(struct http_req){ .method = "GET", .url = url }); /* the flag is not there */
    refuse(&g, &(struct http_req){ .method = "GET", .url = "https://192.0.2.1/", .basic = &token });
    refuse(&g, &(struct http_req){
                   .method = "PUT", .url = url, .bearer = &token, .flags = HTTP_PLAIN_LOOPBACK });
    secret_clear(&token);
    end(k, &g);
}

/* A token goes to named hosts only, and to none any more after allow(NULL). */
static void bearer(const struct http_backend *k)
{
    static const struct http_exchange row = {
        .method = "GET", .path = "/t", .bearer = "t0ken", .status = 200
    };
    struct secret token = { 0 };
    struct http_req q = { .method = "GET", .bearer = &token };
    struct log g = { 0 };

    k->open(&g.bed, &row, 1);
    secret_set(&token, "t0ken", 5);
    g.bed.http->ops->allow(g.bed.http, "management.example");
    exchange(&g, &q, "/t");
    no_answer(&g, false);
    assert_int_equal(http_requests(g.bed.http), 0);
    g.bed.http->ops->allow(g.bed.http, g.bed.origin + strlen("http://"));
    exchange(&g, &q, "/t");
    assert_int_equal(g.status, 200);
    g.bed.http->ops->allow(g.bed.http, NULL);
    exchange(&g, &q, "/t");
    no_answer(&g, false);
    assert_int_equal(http_requests(g.bed.http), 1);
    secret_clear(&token);
    end(k, &g);
}

/* ---- several at once ---- */

static const struct http_exchange five[] = {
    { .method = "PUT", .path = "/0", .sent = "0", .status = 200, .body = "zero" },
    { .method = "GET", .path = "/1", .status = 200, .body = "one" },
    { .method = "POST", .path = "/2", .sent = "2", .status = 200, .body = "two" },
    { .method = "GET", .path = "/3", .status = 200, .body = "three" },
    { .method = "PUT", .path = "/4", .sent = "4", .status = 200, .body = "four" },
};

struct many {
    struct http_bed bed;
    int replies;
    struct one {
        struct many *all;
        struct http_call *call;
        int replies, index;
        struct one *cancels; /* from its callback */
    } one[5];
};

static void on_one(void *payload, const struct http_reply *r)
{
    struct one *o = payload;

    o->replies++;
    o->all->replies++;
    assert_int_equal(r->status, 200);
    assert_string_equal(r->body, five[o->index].body);
    if (o->cancels)
        http_cancel(o->all->bed.http, o->cancels->call);
}

static void send_five(const struct http_backend *k, struct many *m)
{
    memset(m, 0, sizeof(*m));
    k->open(&m->bed, five, ARRAY_LEN(five));
    for (int i = 0; i < 5; i++) {
        struct http_req q = { .method = five[i].method,
                              .body = five[i].sent,
                              .body_len = five[i].sent ? 1 : 0 };

        m->one[i] = (struct one){ .all = m, .index = i };
        m->one[i].call = ask(&m->bed, &q, five[i].path, on_one, &m->one[i]);
    }
    assert_int_equal(m->replies, 0);
}

static void several(const struct http_backend *k)
{
    struct many m;

    send_five(k, &m);
    turn_until(&m.bed, &m.replies, 5);
    turn(&m.bed, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(m.one[i].replies, 1);
    k->close(&m.bed);
}

static void cancelling(const struct http_backend *k)
{
    struct many m;

    send_five(k, &m);
    http_cancel(m.bed.http, NULL);
    http_cancel(m.bed.http, m.one[3].call);
    http_cancel(m.bed.http, m.one[0].call);
    turn_until(&m.bed, &m.replies, 3);
    turn(&m.bed, QUIET_MS);
    for (int i = 0; i < 5; i++)
        assert_int_equal(m.one[i].replies, i != 0 && i != 3);
    k->close(&m.bed);
}

/* A callback may cancel its own call, which is over, and any other. */
static void cancelling_inside(const struct http_backend *k)
{
    struct many m;

    send_five(k, &m);
    for (int i = 0; i < 5; i++)
        m.one[i].cancels = &m.one[i];
    turn_until(&m.bed, &m.replies, 5);
    k->close(&m.bed);

    send_five(k, &m);
    for (int i = 2; i < 5; i++)
        http_cancel(m.bed.http, m.one[i].call);
    m.one[0].cancels = &m.one[1]; /* whoever comes first is alone */
    m.one[1].cancels = &m.one[0];
    turn_until(&m.bed, &m.replies, 1);
    turn(&m.bed, QUIET_MS);
    assert_int_equal(m.replies, 1);
    k->close(&m.bed);
}

static void on_next(void *payload, const struct http_reply *r)
{
    struct log *g = payload;
    char path[8];

    on_reply(g, r);
    str_fmt(path, sizeof(path), "/%d", g->replies);
    if (g->replies < 3)
        ask(&g->bed, &(struct http_req){ .method = "POST" }, path, on_next, g);
    assert_string_equal(r->body, g->body); /* the reply lives through the callback */
}

static void sending_inside(const struct http_backend *k)
{
    static const struct http_exchange rows[] = {
        { .method = "POST", .path = "/0", .status = 200, .body = "zero" },
        { .method = "POST", .path = "/1", .status = 200, .body = "one" },
        { .method = "POST", .path = "/2", .status = 200, .body = "two" },
    };
    struct log g = { 0 };

    k->open(&g.bed, rows, ARRAY_LEN(rows));
    ask(&g.bed, &(struct http_req){ .method = "POST" }, "/0", on_next, &g);
    turn_until(&g.bed, &g.replies, 3);
    assert_int_equal(g.status, 200);
    assert_string_equal(g.body, "two");
    end(k, &g);
}

/* Neither what is just sent nor what waits for its answer is heard of after close. */
static void closing(const struct http_backend *k)
{
    struct many m;

    for (int turns = 0; turns < 3; turns++) {
        int before;

        send_five(k, &m);
        for (int i = 0; i < turns; i++)
            loop_turn(m.bed.loop, 50);
        before = m.replies;
        m.bed.http->ops->close(m.bed.http);
        m.bed.http = NULL;
        turn(&m.bed, QUIET_MS);
        assert_int_equal(m.replies, before);
        k->close(&m.bed);
    }
}

void http_contract(const struct http_backend *k)
{
    answers(k);
    copies(k);
    size_limit(k);
    lost(k);
    not_sent(k);
    refusals(k);
    bearer(k);
    several(k);
    cancelling(k);
    cancelling_inside(k);
    sending_inside(k);
    closing(k);
}
