#include "config.h"

#include "fake.h"

#include "net/http_impl.h" /* replies carry the headers in the transports' own form */

struct fake_script {
    struct fake_script *next;
    char method[8], url_part[300];
    int status;
    char *headers, *body;
};

struct http_call {
    struct http_call *prev, *next;
    struct fake *fake;
    http_done_fn *fn;
    void *payload;
    struct loop_timer *timer;
    struct fake_script *script; /* NULL: a stray */
};

static void free_script(struct fake_script *s)
{
    if (!s)
        return;
    free(s->headers);
    free(s->body);
    free(s);
}

static void free_call(struct http_call *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        c->fake->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
    loop_timer_del(c->timer);
    free_script(c->script);
    free(c);
}

static void fill(struct http_reply *r, struct http_headers *h, const struct fake_script *s)
{
    char *lines = xstrdup(s && s->headers ? s->headers : ""), *p = lines, *line;
    const char *ms;
    int64_t v;

    while ((line = strsep(&p, "\n")))
        http_headers_line(h, line, strlen(line));
    free(lines);
    r->headers = h;
    r->status = s ? s->status : 0;
    r->body = s && s->body ? s->body : "";
    r->body_len = strlen(r->body);
    r->retry_after_ms = -1;
    ms = http_header(r, "Retry-After-ms");
    if (ms && str_to_int(ms, &v))
        r->retry_after_ms = v;
    if (r->status == 0) {
        err_set(&r->err, ERR_NET, 0, "%s",
                s ? "the answer got lost" : "no such request in the script");
        r->err.retryable = r->err.unsure = s != NULL;
    }
}

static void deliver(void *payload)
{
    struct http_call *c = payload;
    struct fake_script *s = c->script;
    struct http_headers h = { NULL, 0, 0 };
    struct http_reply r = { 0 };
    http_done_fn *fn = c->fn;
    void *to = c->payload;

    c->timer = NULL;
    c->script = NULL;
    free_call(c);
    fill(&r, &h, s);
    fn(to, &r);
    http_headers_clear(&h);
    free_script(s);
}

static void note(struct fake *f, const struct http_req *q)
{
    struct fake_seen *seen;

    assert_true(f->n < sizeof(f->seen) / sizeof(f->seen[0]));
    seen = &f->seen[f->n++];
    STR_SET(seen->method, q->method);
    STR_SET(seen->url, q->url);
    str_fmt(seen->body, sizeof(seen->body), "%.*s", (int)q->body_len, q->body ? q->body : "");
    STR_SET(seen->bearer, q->bearer ? q->bearer->p : "");
    for (size_t i = 0; i < HTTP_MAX_HEADERS && q->headers[i].name; i++) {
        size_t n = strlen(seen->headers);

        str_fmt(seen->headers + n, sizeof(seen->headers) - n, "%s: %s\n", q->headers[i].name,
                q->headers[i].value);
    }
    seen->at = mono_ms();
    seen->max_reply = q->max_reply;
}

static struct http_call *fake_send(struct http *h, const struct http_req *q, http_done_fn *fn,
                                   void *payload)
{
    struct fake *f = (struct fake *)h;
    struct fake_script *s = f->script;
    struct http_call *c = xcalloc(1, sizeof(*c));

    note(f, q);
    c->fake = f;
    c->fn = fn;
    c->payload = payload;
    c->next = f->calls;
    if (c->next)
        c->next->prev = c;
    f->calls = c;
    if (s && str_eq(s->method, q->method) && strstr(q->url, s->url_part)) {
        f->script = s->next;
        c->script = s;
    } else {
        print_message("stray request: %s %s (expected %s %s)\n", q->method, q->url,
                      s ? s->method : "none", s ? s->url_part : "");
        f->strays++;
    }
    if (!c->script || c->script->status != FAKE_HOLD)
        c->timer = loop_after(f->loop, 0, deliver, c);
    return c;
}

static void fake_cancel(struct http_call *c)
{
    free_call(c);
}

static void fake_close(struct http *h)
{
    fake_free((struct fake *)h);
}

static void fake_allow(struct http *h, const char *host_port)
{
    struct fake *f = (struct fake *)h;

    if (host_port && f->n_allowed < 8)
        STR_SET(f->allowed[f->n_allowed++], host_port);
}

static const struct http_ops ops = { fake_send, fake_cancel, fake_close, fake_allow };

struct fake *fake_new(void)
{
    struct fake *f = xcalloc(1, sizeof(*f));
    struct err e = { 0 };

    f->http.ops = &ops;
    f->loop = loop_new(&e);
    assert_non_null(f->loop);
    return f;
}

void fake_free(struct fake *f)
{
    while (f->calls)
        free_call(f->calls);
    while (f->script) {
        struct fake_script *s = f->script;

        f->script = s->next;
        free_script(s);
    }
    loop_free(f->loop);
    free(f);
}

void fake_expect(struct fake *f, const char *method, const char *url_part, int status,
                 const char *headers, const char *body)
{
    struct fake_script *s = xcalloc(1, sizeof(*s)), **p = &f->script;

    STR_SET(s->method, method);
    STR_SET(s->url_part, url_part);
    s->status = status;
    s->headers = headers ? xstrdup(headers) : NULL;
    s->body = body ? xstrdup(body) : NULL;
    while (*p)
        p = &(*p)->next;
    *p = s;
}

size_t fake_left(const struct fake *f)
{
    size_t n = 0;

    for (const struct fake_script *s = f->script; s; s = s->next)
        n++;
    return n;
}

const struct fake_seen *fake_last(const struct fake *f)
{
    assert_true(f->n > 0);
    return &f->seen[f->n - 1];
}

bool fake_run(struct fake *f, const bool *flag, int64_t ms)
{
    int64_t end = mono_ms() + ms;

    while (!*flag && mono_ms() < end)
        loop_turn(f->loop, 5);
    return *flag;
}

void fake_turns(struct fake *f, int64_t ms)
{
    bool never = false;

    fake_run(f, &never, ms);
}
