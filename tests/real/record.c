#include "config.h"

#include "real/record.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define HTTP_RECORD_MAX (8u * 1024 * 1024)

struct record {
    struct http http; /* first: it is what others hold */
    struct http *inner;
    struct mask *mask;
    int fd;
    unsigned count;
    bool torn;
    char step[80];
    struct str first; /* method and address of the step's first request */
};

struct http_call {
    struct record *r;
    struct http_call *under;
    http_done_fn *fn;
    void *payload;
    int64_t started;
    char step[96];
    struct json *line;
    char grant[24];
};

/* What the client reads, and what support asks for. */
static const char *const reply_headers[] = {
    "content-type",           "retry-after",          "retry-after-ms",
    "x-ms-retry-after-ms",    "azure-asyncoperation", "location",
    "www-authenticate",       "x-ms-request-id",      "x-ms-correlation-request-id",
    "x-ms-client-request-id", "x-ms-error-code",      "date",
};

/* ---- the request ---- */

static void add_header(struct record *r, struct json *out, const char *step, const char *name,
                       const char *value)
{
    static const char *const kept[] = { "accept",      "content-type", "accept-language", "date",
                                        "retry-after", "x-client-sku", "x-client-ver" };
    struct str s = STR_INIT, lower = STR_INIT;
    bool plain = false;

    str_add(&lower, name);
    str_lower(lower.p);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        plain = plain || str_eq(kept[i], lower.p);
    if (plain)
        str_add(&s, value);
    else
        mask_value(r->mask, &s, step, lower.p, value);
    json_set_str(out, lower.p, str_p(&s));
    str_free(&s);
    str_free(&lower);
}

static void form_part(struct str *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '%' && i + 2 < n) {
            char two[3] = { s[i + 1], s[i + 2], '\0' };

            str_addc(out, (char)strtol(two, NULL, 16));
            i += 2;
        } else {
            str_addc(out, s[i] == '+' ? ' ' : s[i]);
        }
    }
}

static struct json *form_body(struct http_call *c, const struct http_req *q)
{
    struct json *out = json_object();
    size_t at = 0;

    while (at < q->body_len) {
        const char *p = q->body + at, *amp = memchr(p, '&', q->body_len - at);
        size_t n = amp ? (size_t)(amp - p) : q->body_len - at;
        const char *eq = memchr(p, '=', n);
        struct str name = STR_INIT, value = STR_INIT, masked = STR_INIT;

        form_part(&name, p, eq ? (size_t)(eq - p) : n);
        if (eq)
            form_part(&value, eq + 1, n - (size_t)(eq - p) - 1);
        if (str_eq(str_p(&name), "grant_type"))
            STR_SET(c->grant, str_ends(str_p(&value), "device_code") ? "device" : str_p(&value));
        mask_value(c->r->mask, &masked, c->step, str_p(&name), str_p(&value));
        json_set_str(out, str_p(&name), str_p(&masked));
        if (value.p)
            explicit_bzero(value.p, value.len);
        str_free(&name);
        str_free(&value);
        str_free(&masked);
        at += n + 1;
    }
    return out;
}

static struct json *masked_body(struct http_call *c, const char *body, size_t len)
{
    struct err ignored = { 0 };
    struct json *j, *out;

    if (!body || !len)
        return json_null();
    j = json_parse(body, len, HTTP_RECORD_MAX, &ignored);
    if (!j)
        return json_string(MASK_GONE " (not JSON)");
    out = mask_json(c->r->mask, c->step, j);
    json_free(j);
    return out;
}

static void name_step(struct http_call *c, const struct http_req *q)
{
    struct record *r = c->r;
    struct str now = STR_INIT;

    str_addf(&now, "%s %s", q->method, q->url);
    if (!r->first.len && !str_ends(q->url, "/oauth2/v2.0/token"))
        str_add(&r->first, now.p);
    str_fmt(c->step, sizeof(c->step), "%s%s", r->step,
            str_eq(str_p(&r->first), now.p) ? "" : ".next");
    str_free(&now);
}

static void note_request(struct http_call *c, const struct http_req *q)
{
    struct json *headers = json_object();
    struct str url = STR_INIT;
    bool form = false;

    mask_url(c->r->mask, &url, q->url);
    json_set_str(c->line, "method", q->method);
    json_set_str(c->line, "url", str_p(&url));
    str_free(&url);
    for (size_t i = 0; i < HTTP_MAX_HEADERS && q->headers[i].name; i++) {
        add_header(c->r, headers, c->step, q->headers[i].name, q->headers[i].value);
        form = form || str_starts(q->headers[i].value, "application/x-www-form");
    }
    if (q->bearer)
        json_set_str(headers, "authorization", "Bearer " MASK_GONE);
    json_set(c->line, "reqHeaders", headers);
    json_set(c->line, "reqBody", form ? form_body(c, q) : masked_body(c, q->body, q->body_len));
}

/* ---- the answer ---- */

/* The sign-in's own requests come when auth wants them, in whatever step: they are named after
 * themselves. */
static void rename_token(struct http_call *c, const struct http_reply *r)
{
    if (str_eq(c->grant, "device"))
        STR_SET(c->step, r->status == 400 ? "signin.pending" : "signin.token");
    else if (c->grant[0])
        str_fmt(c->step, sizeof(c->step), "signin.%s", c->grant);
}

static void write_line(struct record *r, const struct json *line)
{
    struct str s = STR_INIT;
    struct err e = { 0 };

    json_write(&s, line);
    if (r->fd >= 0 && file_append_line(r->fd, s.p, s.len, &e) < 0) {
        close(r->fd); /* a full disk ends the record, not the deletion of what was made */
        r->fd = -1;
        r->torn = true;
    }
    r->count += r->fd >= 0;
    str_free(&s);
}

static void on_reply(void *payload, const struct http_reply *reply)
{
    struct http_call *c = payload;
    struct json *headers = json_object();

    c->under = NULL;
    rename_token(c, reply);
    json_set_str(c->line, "step", c->step);
    json_set_int(c->line, "startedAt", c->started);
    json_set_int(c->line, "endedAt", wall_ms());
    json_set_int(c->line, "status", reply->status);
    for (size_t i = 0; reply->status && i < ARRAY_LEN(reply_headers); i++) {
        const char *v = http_header(reply, reply_headers[i]);

        if (v)
            add_header(c->r, headers, c->step, reply_headers[i], v);
    }
    json_set(c->line, "resHeaders", headers);
    json_set(c->line, "resBody", masked_body(c, reply->body, reply->status ? reply->body_len : 0));
    if (!reply->status)
        json_set_str(c->line, "lost",
                     reply->err.unsure ? "it may have arrived" : "it was not sent");
    write_line(c->r, c->line);
    c->fn(c->payload, reply);
    json_free(c->line);
    free(c);
}

/* ---- the transport ---- */

static struct http_call *record_send(struct http *h, const struct http_req *q, http_done_fn *fn,
                                     void *payload)
{
    struct record *r = (struct record *)h;
    struct http_call *c = xcalloc(1, sizeof(*c));

    c->r = r;
    c->fn = fn;
    c->payload = payload;
    c->started = wall_ms();
    c->line = json_object();
    json_set_str(c->line, "step", ""); /* it stands first in the line */
    name_step(c, q);
    note_request(c, q);
    c->under = http_send(r->inner, q, on_reply, c);
    return c;
}

static void record_cancel(struct http_call *c)
{
    http_cancel(c->r->inner, c->under);
    json_free(c->line);
    free(c);
}

static void record_close(struct http *h)
{
    struct record *r = (struct record *)h;

    if (r->fd >= 0)
        close(r->fd);
    str_free(&r->first);
    free(r);
}

static void record_allow(struct http *h, const char *host_port)
{
    struct record *r = (struct record *)h;

    r->inner->ops->allow(r->inner, host_port);
}

static const struct http_ops ops = { record_send, record_cancel, record_close, record_allow };

struct http *record_new(struct http *inner, struct mask *m, const char *path, struct err *e)
{
    struct record *r = xcalloc(1, sizeof(*r));

    r->http.ops = &ops;
    r->inner = inner;
    r->mask = m;
    r->fd = file_append_open(path, e);
    if (r->fd < 0) {
        free(r);
        return NULL;
    }
    return &r->http;
}

void record_step(struct http *h, const char *id)
{
    struct record *r = (struct record *)h;

    STR_SET(r->step, id);
    str_reset(&r->first);
}

unsigned record_count(const struct http *h)
{
    return ((const struct record *)h)->count;
}

bool record_whole(const struct http *h)
{
    return !((const struct record *)h)->torn;
}
