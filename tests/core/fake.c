#include "config.h"

#include "testing.h"

#include "core/fake.h"

#include <sys/socket.h>
#include <unistd.h>

/* ---- nodes ---- */

struct node_call {
    struct fake_node *n;
    enum node_verb verb;
    node_done_fn *fn;
    void *payload;
    struct loop_timer *timer;
};

static void answer(void *payload)
{
    struct node_call *c = payload;
    struct node_reply r = { .err = c->n->errs[c->verb] };
    struct json *none = json_object();

    if (!err_is(&r.err))
        r.json = c->n->answers[c->verb] ? c->n->answers[c->verb] : none;
    c->fn(c->payload, &r);
    json_free(none);
    free(c);
}

static struct node_call *fake_call(struct node *node, enum node_verb v, const struct json *args,
                                   const struct secret *token, node_done_fn *fn, void *payload)
{
    struct fake_node *n = (struct fake_node *)node;
    struct node_call *c = xcalloc(1, sizeof(*c));

    (void)token;
    n->asked[v]++;
    json_free(n->last_args[v]);
    n->last_args[v] = args ? json_copy(args) : NULL;
    c->n = n;
    c->verb = v;
    c->fn = fn;
    c->payload = payload;
    if (!n->mute)
        c->timer = loop_after(n->loop, n->slow_ms, answer, c);
    return c;
}

static void fake_cancel(struct node_call *c)
{
    c->n->cancelled++;
    loop_timer_del(c->timer);
    free(c);
}

static void fake_close(struct node *n)
{
    (void)n;
}

static const struct node_ops fake_ops = { fake_call, fake_cancel, fake_close };

void fake_node_init(struct fake_node *n, struct loop *l, const char *name)
{
    memset(n, 0, sizeof(*n));
    n->node.ops = &fake_ops;
    n->node.native = true;
    STR_SET(n->node.name, name);
    n->loop = l;
}

void fake_node_clear(struct fake_node *n)
{
    for (int i = 0; i < NODE_VERBS; i++) {
        json_free(n->answers[i]);
        json_free(n->last_args[i]);
    }
    memset(n, 0, sizeof(*n));
}

void fake_node_say(struct fake_node *n, enum node_verb v, const char *json_text)
{
    struct err e = { 0 };

    json_free(n->answers[v]);
    n->answers[v] = json_parse(json_text, strlen(json_text), 0, &e);
    assert_non_null(n->answers[v]);
}

void fake_node_fail(struct fake_node *n, enum node_verb v, const char *message)
{
    err_clear(&n->errs[v]);
    if (message)
        err_set(&n->errs[v], ERR_NODE, 0, "%s", message);
}

/* ---- transport ---- */

struct http_call {
    struct fake_http *h;
    const struct fake_rule *rule;
    http_done_fn *fn;
    void *payload;
    struct loop_timer *timer;
};

static void http_answer(void *payload)
{
    struct http_call *c = payload;
    struct http_reply r = { .retry_after_ms = -1 };

    if (c->rule) {
        r.status = c->rule->status;
        r.body = c->rule->body;
        r.body_len = strlen(c->rule->body);
    } else {
        err_set(&r.err, ERR_NET, 7, "no rule");
    }
    c->fn(c->payload, &r);
    free(c);
}

static struct http_call *http_take(struct http *http, const struct http_req *q, http_done_fn *fn,
                                   void *payload)
{
    struct fake_http *h = (struct fake_http *)http;
    struct http_call *c = xcalloc(1, sizeof(*c));

    h->requests++;
    h->with_bearer += q->bearer != NULL;
    str_addf(&h->log, "%s %s\n", q->method, q->url);
    for (size_t i = h->n_rules; i-- > 0 && !c->rule;)
        if (str_eq(h->rules[i].method, q->method) && strstr(q->url, h->rules[i].part))
            c->rule = &h->rules[i];
    c->h = h;
    c->fn = fn;
    c->payload = payload;
    c->timer = loop_after(h->loop, 0, http_answer, c);
    return c;
}

static void http_drop(struct http_call *c)
{
    loop_timer_del(c->timer);
    free(c);
}

static void http_nothing(struct http *h)
{
    (void)h;
}

static void http_allow(struct http *h, const char *host)
{
    (void)h;
    (void)host;
}

static const struct http_ops fake_http_ops = { http_take, http_drop, http_nothing, http_allow };

void fake_http_init(struct fake_http *h, struct loop *l)
{
    memset(h, 0, sizeof(*h));
    h->http.ops = &fake_http_ops;
    h->loop = l;
}

void fake_http_clear(struct fake_http *h)
{
    str_free(&h->log);
}

void fake_http_rule(struct fake_http *h, const char *method, const char *part, int status,
                    const char *body)
{
    assert_true(h->n_rules < ARRAY_LEN(h->rules));
    h->rules[h->n_rules++] = (struct fake_rule){ method, part, status, body };
}

/* ---- time ---- */

void spin(struct loop *l, int ms)
{
    int64_t end = mono_ms() + ms;

    for (int64_t left; (left = end - mono_ms()) > 0;)
        loop_turn(l, left);
}

bool spin_until(struct loop *l, bool (*is)(void *), void *arg)
{
    int64_t end = mono_ms() + 2000;

    while (!is(arg)) {
        if (mono_ms() >= end)
            return false;
        loop_turn(l, 10);
    }
    return true;
}

/* ---- peers ---- */

void peer_open(struct peer *p, struct loop *l, struct serve *s)
{
    int fds[2];

    memset(p, 0, sizeof(*p));
    p->loop = l;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    p->fd = fds[0];
    serve_adopt(s, fds[1]);
}

void peer_close(struct peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    str_free(&p->in);
}

void peer_say(struct peer *p, const char *line)
{
    assert_int_equal(send(p->fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
    assert_int_equal(send(p->fd, "\n", 1, MSG_NOSIGNAL), 1);
}

void peer_hello(struct peer *p, int protocol)
{
    char line[120];

    str_fmt(line, sizeof(line),
            "{\"hello\":{\"protocol\":%d,\"program\":\"test\",\"version\":\"9\"}}", protocol);
    peer_say(p, line);
}

static void fill(struct peer *p)
{
    char chunk[65536];
    ssize_t n = recv(p->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

    if (n > 0)
        str_addn(&p->in, chunk, (size_t)n);
    p->closed = p->closed || n == 0;
}

static struct json *take(struct peer *p)
{
    char *nl = p->in.len ? memchr(p->in.p, '\n', p->in.len) : NULL;
    struct err e = { 0 };
    struct json *j;
    size_t n;

    if (!nl)
        return NULL;
    n = (size_t)(nl - p->in.p);
    j = json_parse(p->in.p, n, 0, &e);
    assert_non_null(j);
    memmove(p->in.p, nl + 1, p->in.len - n - 1);
    p->in.len -= n + 1;
    return j;
}

struct json *peer_next(struct peer *p)
{
    int64_t end = mono_ms() + 2000;
    struct json *j;

    while (!(j = take(p))) {
        if (p->closed || mono_ms() > end)
            return NULL;
        loop_turn(p->loop, 5);
        fill(p);
    }
    return j;
}

struct json *peer_ask(struct peer *p, int id, const char *name, const char *args)
{
    struct str line = STR_INIT;
    struct json *j;
    int64_t to = 0;

    str_addf(&line, "{\"intent\":{\"id\":%d,\"name\":\"%s\",\"args\":%s}}", id, name, args);
    peer_say(p, line.p);
    str_free(&line);
    while ((j = peer_next(p)) != NULL) {
        struct json *a = json_copy(json_member(j, "answer"));

        json_free(j);
        if (json_int(a, "to", &to) && to == id)
            return a;
        json_free(a);
    }
    return NULL;
}

bool peer_quiet(struct peer *p)
{
    spin(p->loop, 60);
    fill(p);
    return p->in.len == 0;
}
