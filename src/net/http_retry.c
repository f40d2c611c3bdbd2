/* The transport that repeats reads: a layer over another one. Source: azure-wire.md 2.7. */
#include "config.h"

#include "net/http_impl.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"

#define TRIES    4
#define FIRST_MS 800
#define CAP_MS   30000

struct retry_http {
    struct http_base base;
    struct loop *loop;
    struct http_call *calls;
};

struct http_call {
    struct retry_http *h;
    struct http_call *prev, *next;
    struct http_call *under; /* the inner transport's call */
    struct loop_timer *timer;
    http_done_fn *fn;
    void *payload;
    bool repeats, ending;
    int tries;
    int64_t deadline;
    struct http_req q; /* own copies of all it points to, for reads only */
    struct secret bearer, basic;
};

static void call_try(void *payload);

static void call_unlink(struct http_call *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        c->h->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
}

static void call_free(struct http_call *c)
{
    loop_timer_del(c->timer);
    if (c->repeats) {
        free((char *)c->q.method);
        free((char *)c->q.url);
        free((char *)c->q.body);
        for (size_t i = 0; i < HTTP_MAX_HEADERS; i++) {
            free((char *)c->q.headers[i].name);
            free((char *)c->q.headers[i].value);
        }
        secret_clear(&c->bearer);
        secret_clear(&c->basic);
    }
    free(c);
}

static void copy_request(struct http_call *c, const struct http_req *q)
{
    struct str body = STR_INIT;

    c->q = (struct http_req){ .flags = q->flags, .max_reply = q->max_reply };
    c->q.method = xstrdup(q->method);
    c->q.url = xstrdup(q->url);
    if (q->body) {
        str_addn(&body, q->body, q->body_len);
        c->q.body = str_take(&body);
        c->q.body_len = q->body_len;
    }
    for (size_t i = 0; i < HTTP_MAX_HEADERS && q->headers[i].name; i++) {
        c->q.headers[i].name = xstrdup(q->headers[i].name);
        c->q.headers[i].value = xstrdup(q->headers[i].value);
    }
    if (q->bearer) {
        secret_copy(&c->bearer, q->bearer);
        c->q.bearer = &c->bearer;
    }
    if (q->basic) {
        secret_copy(&c->basic, q->basic);
        c->q.basic = &c->basic;
    }
}

bool http_status_passes(int status)
{
    return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

static bool worth_repeating(const struct http_reply *r)
{
    return r->status ? http_status_passes(r->status) : r->err.retryable;
}

static int64_t delay_ms(const struct http_call *c, const struct http_reply *r)
{
    int64_t ms = FIRST_MS * (INT64_C(1) << (c->tries - 1));
    uint32_t dice = 0;

    if (r->retry_after_ms >= 0)
        return r->retry_after_ms;
    if (ms > CAP_MS)
        ms = CAP_MS;
    if (getrandom(&dice, sizeof(dice), 0) != (ssize_t)sizeof(dice))
        dice = UINT32_MAX / 2;
    ms = ms * 4 / 5 + (int64_t)((double)ms * 0.4 * ((double)dice / (double)UINT32_MAX));
    return ms < CAP_MS ? ms : CAP_MS;
}

static void call_end(struct http_call *c, const struct http_reply *r)
{
    c->ending = true;
    call_unlink(c);
    c->fn(c->payload, r);
    call_free(c);
}

static void on_answer(void *payload, const struct http_reply *r)
{
    struct http_call *c = payload;
    int64_t ms;

    c->under = NULL;
    if (!c->repeats || c->tries >= TRIES || !worth_repeating(r)) {
        call_end(c, r);
        return;
    }
    ms = delay_ms(c, r);
    if (mono_ms() + ms >= c->deadline) {
        call_end(c, r);
        return;
    }
    log_dbg("%s is repeated in %lld ms (try %d of %d)", c->q.method, (long long)ms, c->tries + 1,
            TRIES);
    c->timer = loop_after(c->h->loop, ms, call_try, c);
}

static void call_try(void *payload)
{
    struct http_call *c = payload;
    int64_t left = c->deadline - mono_ms();

    c->timer = NULL;
    c->tries++;
    c->q.deadline_ms = left > 1 ? left : 1;
    c->under = http_send(c->h->base.inner, &c->q, on_answer, c);
}

static struct http_call *retry_send(struct http *http, const struct http_req *q, http_done_fn *fn,
                                    void *payload)
{
    struct retry_http *h = (struct retry_http *)http;
    struct http_call *c = xcalloc(1, sizeof(*c));

    c->h = h;
    c->fn = fn;
    c->payload = payload;
    c->repeats = str_eq(q->method, "GET") || str_eq(q->method, "HEAD");
    c->deadline = mono_ms() + (q->deadline_ms > 0 ? q->deadline_ms : HTTP_DEADLINE_MS);
    c->next = h->calls;
    if (c->next)
        c->next->prev = c;
    h->calls = c;
    if (c->repeats) {
        copy_request(c, q);
        call_try(c);
    } else {
        c->under = http_send(h->base.inner, q, on_answer, c);
    }
    return c;
}

static void retry_cancel(struct http_call *c)
{
    if (c->ending)
        return;
    http_cancel(c->h->base.inner, c->under);
    call_unlink(c);
    call_free(c);
}

static void retry_close(struct http *http)
{
    struct retry_http *h = (struct retry_http *)http;

    while (h->calls)
        retry_cancel(h->calls);
    free(h);
}

static void retry_allow(struct http *http, const char *host_port)
{
    struct http *inner = ((struct retry_http *)http)->base.inner;

    inner->ops->allow(inner, host_port);
}

static const struct http_ops retry_ops = { retry_send, retry_cancel, retry_close, retry_allow };

struct http *http_retry_new(struct loop *l, struct http *inner)
{
    struct retry_http *h = xcalloc(1, sizeof(*h));

    h->base.http.ops = &retry_ops;
    h->base.inner = inner;
    h->loop = l;
    return &h->base.http;
}
