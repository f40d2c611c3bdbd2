/* The transport that plays a recorded list: for tests of everything above it. It keeps the policy
 * of http.h. */
#include "config.h"

#include "net/http_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/json.h"

struct replay_http {
    struct http_base base;
    struct loop *loop;
    struct json *script;
    const struct json *next;
    size_t left;
    struct http_call *calls;
    struct http_allowed allowed;
    char problem[600], count_problem[64];
};

struct http_call {
    struct replay_http *h;
    struct http_call *prev, *next;
    struct loop_timer *timer;
    http_done_fn *fn;
    void *payload;
    struct http_reply reply;
    struct http_headers headers;
    struct str body;
    bool ending; /* its callback runs: a cancel from there finds it over */
};

static void problem(struct replay_http *h, const struct http_req *q, const char *why,
                    const char *detail)
{
    if (!h->problem[0])
        str_fmt(h->problem, sizeof(h->problem), "%s %s: %s %s", q->method, q->url, why, detail);
}

/* A '*' at the end of the script's URL stands for any rest. */
static bool url_matches(const char *pattern, const char *url)
{
    size_t n = strlen(pattern);

    if (n > 0 && pattern[n - 1] == '*')
        return strncmp(pattern, url, n - 1) == 0;
    return str_eq(pattern, url);
}

/* "request", where given, is the body that must be sent: JSON is compared as JSON, a string as
 * text. */
static bool body_matches(const struct json *want, const struct http_req *q)
{
    struct err ignored = { 0 };
    struct json *sent;
    bool same;

    if (!want)
        return true;
    if (json_is_string(want))
        return strlen(json_value_str(want)) == q->body_len &&
               (q->body_len == 0 || memcmp(json_value_str(want), q->body, q->body_len) == 0);
    sent = q->body ? json_parse(q->body, q->body_len, 0, &ignored) : NULL;
    same = sent && json_equal(want, sent);
    json_free(sent);
    return same;
}

static bool auth_matches(const char *want, const struct http_req *q)
{
    const struct secret *s = q->bearer ? q->bearer : q->basic;
    const char *scheme = q->bearer ? "Bearer " : "Basic ";

    return s && str_starts(want, scheme) &&
           secret_eq(s, want + strlen(scheme), strlen(want) - strlen(scheme));
}

/* "sends", where given, are header lines that must be among those sent, the token's or key's
 * included. */
static bool headers_match(const struct json *want, const struct http_req *q)
{
    JSON_EACH (f, want) {
        const char *value = json_value_str(f);

        if (str_ieq(json_name(f), "Authorization")
                ? !auth_matches(value, q)
                : !str_eq(http_req_header(q, json_name(f)), value))
            return false;
    }
    return true;
}

static bool matches(struct replay_http *h, const struct json *x, const struct http_req *q)
{
    const char *method = json_str(x, "method"), *url = json_str(x, "url");

    if (!x) {
        problem(h, q, "no exchange is left", "");
        return false;
    }
    if (!str_eq(method, q->method) || !url || !url_matches(url, q->url)) {
        problem(h, q, "the next exchange is for", url ? url : "(no url)");
        return false;
    }
    if (!headers_match(json_member(x, "sends"), q)) {
        problem(h, q, "other headers were expected", "");
        return false;
    }
    if (!body_matches(json_member(x, "request"), q)) {
        problem(h, q, "another body was expected, not", q->body ? q->body : "(none)");
        return false;
    }
    return true;
}

static void answer_error(struct http_call *c, const char *error, const char *host)
{
    static const struct {
        const char *name;
        int code;
        bool unsure;
    } rows[] = { { "reset", 56, true }, { "timeout", 28, true }, { "refused", 7, false } };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!str_eq(rows[i].name, error))
            continue;
        http_lost(&c->reply, rows[i].code, rows[i].unsure, true, host,
                  _("The connection broke while the answer was awaited."));
        return;
    }
    http_lost(&c->reply, 0, false, false, host, _("The request failed."));
}

static void answer(struct http_call *c, const struct json *x, const struct http_req *q,
                   const char *host)
{
    const struct json *body = json_member(x, "body");
    int64_t status = 200;

    JSON_EACH (f, json_member(x, "headers"))
        http_headers_add(&c->headers, json_name(f), json_value_str(f) ? json_value_str(f) : "");
    c->reply.headers = &c->headers;
    if (json_is_string(body))
        str_add(&c->body, json_value_str(body));
    else if (body)
        json_write(&c->body, body);
    if (body && !json_is_string(body) && !http_header(&c->reply, "Content-Type"))
        http_headers_add(&c->headers, "Content-Type", "application/json; charset=utf-8");
    json_int(x, "status", &status);
    c->reply.status = (int)status;
    c->reply.body = str_p(&c->body);
    c->reply.body_len = c->body.len;
    if (c->body.len > (q->max_reply ? q->max_reply : HTTP_MAX_REPLY))
        http_lost(&c->reply, 63, true, false, host,
                  _("The answer is larger than any answer expected here."));
    else
        http_judge(&c->reply, q, host, true);
}

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
    http_headers_clear(&c->headers);
    str_free(&c->body);
    free(c);
}

static void on_answer(void *payload)
{
    struct http_call *c = payload;

    c->timer = NULL;
    c->ending = true;
    call_unlink(c);
    c->fn(c->payload, &c->reply);
    call_free(c);
}

static struct http_call *replay_send(struct http *http, const struct http_req *q, http_done_fn *fn,
                                     void *payload)
{
    struct replay_http *h = (struct replay_http *)http;
    struct http_call *c = xcalloc(1, sizeof(*c));
    char host[HTTP_MAX_HOST];

    c->h = h;
    c->fn = fn;
    c->payload = payload;
    c->reply = (struct http_reply){ .body = "", .retry_after_ms = -1 };
    c->next = h->calls;
    if (c->next)
        c->next->prev = c;
    h->calls = c;
    c->timer = loop_after(h->loop, 0, on_answer, c);
    if (http_check(q, &h->allowed, host, &c->reply.err) != 0)
        return c;
    h->base.requests++;
    if (!matches(h, h->next, q)) {
        http_lost(&c->reply, 0, false, false, host, h->problem);
        return c;
    }
    if (json_str(h->next, "error"))
        answer_error(c, json_str(h->next, "error"), host);
    else
        answer(c, h->next, q, host);
    h->next = json_next(h->next);
    h->left--;
    return c;
}

static void replay_cancel(struct http_call *c)
{
    if (c->ending)
        return;
    call_unlink(c);
    call_free(c);
}

static void replay_close(struct http *http)
{
    struct replay_http *h = (struct replay_http *)http;

    while (h->calls)
        replay_cancel(h->calls);
    http_allowed_add(&h->allowed, NULL);
    json_free(h->script);
    free(h);
}

static void replay_allow(struct http *http, const char *host_port)
{
    http_allowed_add(&((struct replay_http *)http)->allowed, host_port);
}

static const struct http_ops replay_ops = { replay_send, replay_cancel, replay_close,
                                            replay_allow };

const char *http_replay_problem(struct http *http)
{
    struct replay_http *h = (struct replay_http *)http;

    if (h->problem[0])
        return h->problem;
    if (h->left == 0)
        return NULL;
    str_fmt(h->count_problem, sizeof(h->count_problem), "%zu exchanges left", h->left);
    return h->count_problem;
}

struct http *http_replay_new(struct loop *l, const char *json_text, struct err *e)
{
    struct json *script = json_parse(json_text, strlen(json_text), 0, e);
    struct replay_http *h;

    if (!script)
        return NULL;
    if (!json_is_array(script)) {
        json_free(script);
        err_set(e, ERR_USAGE, 0, "a replay is a JSON array of exchanges");
        return NULL;
    }
    h = xcalloc(1, sizeof(*h));
    h->base.http.ops = &replay_ops;
    h->loop = l;
    h->script = script;
    h->next = json_first(script);
    h->left = json_len(script);
    return &h->base.http;
}
