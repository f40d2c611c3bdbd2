/* One call: its address, its token, its request, and what its answer means. */
#include "config.h"

#include "azure/arm_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

#define CALL_MS     60000
#define LRO_MS      (15 * 60000)
#define EXCHANGE_MS 60000
#define GRACE_MS    500 /* the transport's own word about a lost answer is better than ours */

static void on_token(void *payload, const struct secret *token, const struct err *e);

/* ---- the end of a call ---- */

static void stop(struct arm_call *c)
{
    if (c->wait)
        auth_token_cancel(c->wait);
    if (c->http)
        http_cancel(c->through, c->http);
    loop_timer_del(c->timer);
    loop_timer_del(c->end);
    c->wait = NULL;
    c->http = NULL;
    c->timer = c->end = NULL;
}

static void unlink_call(struct arm_call *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        c->arm->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
}

static void free_call(struct arm_call *c)
{
    str_free(&c->url);
    str_free(&c->body);
    str_free(&c->tenant);
    str_free(&c->target);
    str_free(&c->seen);
    json_free(c->list);
    free(c);
}

void arm_finish(struct arm_call *c, int http, const struct json *json, const struct err *err)
{
    struct arm_reply reply = { .http = http, .json = json };

    if (err)
        reply.err = *err;
    STR_SET(reply.www_authenticate, c->www_authenticate);
    stop(c);
    unlink_call(c);
    c->fn(c->payload, &reply);
    free_call(c);
}

static void on_end(void *payload)
{
    struct arm_call *c = payload;
    struct err e = { 0 };

    c->end = NULL;
    err_set(&e, ERR_NET, ERR_C_DEADLINE, _("Azure did not answer in time."));
    if (c->phase == ARM_POLL)
        err_set(&e, ERR_ARM, ERR_C_DEADLINE, _("Azure's operation did not end in time."));
    e.retryable = true;
    e.unsure = arm_is_write(c) && (c->http || c->phase == ARM_POLL);
    e.retry_after_ms = -1;
    arm_finish(c, c->first_http, NULL, &e);
}

bool arm_is_write(const struct arm_call *c)
{
    return !str_eq(c->method, "GET") && !str_eq(c->method, "HEAD");
}

/* ---- an answer ---- */

static void read_answer(struct arm_call *c, const struct http_reply *r, struct arm_answer *a)
{
    struct err ignored;

    a->r = r;
    if (r->status == 0) {
        a->err = r->err;
        return;
    }
    a->json = r->body_len ? json_parse(r->body, r->body_len, ARM_MAX_REPLY, &ignored) : NULL;
    if (r->status >= 300) {
        arm_error(&a->err, r->status, r->body, r->body_len,
                  http_header(r, c->flags & ARM_GRAPH ? "request-id" : "x-ms-request-id"),
                  http_header(r, "x-ms-correlation-request-id"));
        a->err.retry_after_ms = r->retry_after_ms;
        a->err.unsure =
            c->phase == ARM_FIRST && arm_is_write(c) && (r->status >= 500 || r->status == 408);
    } else if (r->body_len && !a->json) {
        err_set(&a->err, ERR_NET, 0, _("Azure's answer is not readable as JSON."));
        a->err.http = r->status;
        a->err.retryable = true;
        a->err.unsure = c->phase == ARM_FIRST && arm_is_write(c);
    }
}

static bool wants_claims(const struct http_reply *r)
{
    const char *www = http_header(r, "WWW-Authenticate");

    return www && str_ifind(www, "insufficient_claims");
}

static enum auth_for audience_of(const struct arm_call *c)
{
    return c->flags & ARM_GRAPH ? AUTH_FOR_GRAPH : AUTH_FOR_ARM;
}

/* true: the same request goes out once more with a fresh token. */
static bool renew(struct arm_call *c, struct arm_answer *a)
{
    if (a->r->status != 401 || (c->flags & ARM_NO_TOKEN))
        return false;
    if (wants_claims(a->r)) {
        STR_SET(a->err.remote_code, "insufficient_claims");
        str_fmt(a->err.message, sizeof(a->err.message),
                _("Azure asks for a stronger sign-in: a Conditional Access policy is not met by "
                  "this one."));
        return false;
    }
    if (str_ieq(a->err.remote_code, "InvalidAuthenticationTokenTenant"))
        return false;
    if (c->renewed && (c->flags & ARM_GRAPH))
        return false;
    if (c->renewed) {
        auth_refused(c->arm->auth, c->signins, &a->err);
        return false;
    }
    log_inf("401 %s: once more with a fresh token", a->err.remote_code);
    c->renewed = true;
    auth_token_reject_for(c->arm->auth, audience_of(c), c->tenant.len ? c->tenant.p : NULL);
    arm_go(c);
    return true;
}

static void first_answer(struct arm_call *c, const struct arm_answer *a)
{
    const char *www = http_header(a->r, "WWW-Authenticate");

    c->first_http = a->r->status;
    if (www)
        text_set(c->www_authenticate, sizeof(c->www_authenticate), www);
    if (err_is(&a->err))
        arm_finish(c, a->r->status, a->json, &a->err);
    else if (c->flags & ARM_PAGES)
        arm_page_answer(c, a);
    else if (!(c->flags & ARM_LRO) || !arm_lro_begin(c, a))
        arm_finish(c, a->r->status, a->json, NULL);
}

static void on_reply(void *payload, const struct http_reply *r)
{
    struct arm_call *c = payload;
    struct arm_answer a = { 0 };

    c->http = NULL;
    read_answer(c, r, &a);
    if (!renew(c, &a)) {
        if (r->status && r->status != 401)
            c->renewed = false;
        switch (c->phase) {
        case ARM_FIRST:
            first_answer(c, &a);
            break;
        case ARM_PAGE:
            arm_page_answer(c, &a);
            break;
        case ARM_POLL:
            arm_lro_answer(c, &a);
            break;
        }
    }
    json_free(a.json);
}

/* ---- a request ---- */

static bool own_host(const struct arm_call *c, const char *url)
{
    char host[300];

    return http_url_is_https(url) && http_url_host(url, host, sizeof(host)) &&
           str_eq(host, c->flags & ARM_GRAPH ? c->arm->graph_host : c->arm->host);
}

static void send_now(struct arm_call *c, const struct secret *token)
{
    bool first = c->phase == ARM_FIRST;
    char id[GUID_SIZE];
    int64_t left = c->deadline - mono_ms();
    size_t n = 2;
    struct http_req q = { .method = first ? c->method : "GET",
                          .url = str_p(&c->target),
                          .headers = { { "Accept", "application/json" },
                                       { "Accept-Language", "en-US" } },
                          .bearer = token,
                          .max_reply = ARM_MAX_REPLY };

    guid_random(id);
    q.headers[n++] = (struct http_header){ "x-ms-client-request-id", id };
    if (c->correlation[0])
        q.headers[n++] = (struct http_header){ "x-ms-correlation-request-id", c->correlation };
    if (first && c->body.len) {
        q.headers[n++] = (struct http_header){ "Content-Type", "application/json" };
        q.body = c->body.p;
        q.body_len = c->body.len;
    }
    q.deadline_ms = left > EXCHANGE_MS ? EXCHANGE_MS : left > 1 ? left : 1;
    c->through = first && arm_is_write(c) ? c->arm->writes : c->arm->reads;
    c->http = http_send(c->through, &q, on_reply, c);
}

static void on_token(void *payload, const struct secret *token, const struct err *e)
{
    struct arm_call *c = payload;
    struct err copy;

    c->wait = NULL;
    if (token) {
        c->signins = auth_signins(c->arm->auth);
        send_now(c, token);
        return;
    }
    copy = *e;
    copy.unsure = c->phase == ARM_POLL;
    arm_finish(c, c->first_http, NULL, &copy);
}

void arm_go(struct arm_call *c)
{
    struct err e = { 0 };

    if (!own_host(c, str_p(&c->target))) {
        err_set(&e, ERR_ARM, 0, _("The address %s is not one of Azure Resource Manager."),
                str_p(&c->target));
        arm_finish(c, c->first_http, NULL, &e);
    } else if (c->flags & ARM_NO_TOKEN) {
        send_now(c, NULL);
    } else {
        c->wait = auth_token_for(c->arm->auth, audience_of(c), c->tenant.len ? c->tenant.p : NULL,
                                 on_token, c);
    }
}

static void on_timer(void *payload)
{
    struct arm_call *c = payload;

    c->timer = NULL;
    if (err_is(&c->refused))
        arm_finish(c, 0, NULL, &c->refused);
    else
        arm_go(c);
}

void arm_go_after(struct arm_call *c, int64_t ms)
{
    c->timer = loop_after(c->arm->loop, ms, on_timer, c);
}

bool arm_follow(struct arm_call *c, const char *url, struct err *e)
{
    char host[300] = "", shown[200];

    if (own_host(c, url)) {
        struct str copy = STR_INIT;

        str_add(&copy, url);
        str_free(&c->target);
        c->target = copy;
        return true;
    }
    http_url_host(url, host, sizeof(host));
    text_set(shown, sizeof(shown), host[0] ? host : url);
    err_set(e, ERR_ARM, 0,
            _("Azure named an address on another host (%s) to go on; no token is sent there."),
            shown);
    return false;
}

/* What a path may not hold is encoded; its '%' are left, so that both plain ids and arm_path's work
 * go in. */
static void add_path(struct str *url, const char *path)
{
    for (; *path; path++) {
        unsigned char b = (unsigned char)*path;

        if (b <= ' ' || b >= 0x7f || strchr("\"<>\\^`{|}#?", b))
            str_addf(url, "%%%02X", b);
        else
            str_addc(url, *path);
    }
}

static void set_address(struct arm_call *c, const struct arm_req *q)
{
    str_add(&c->url, c->flags & ARM_GRAPH ? c->arm->cloud.graph : c->arm->cloud.arm);
    add_path(&c->url, q->path);
    if (q->query && q->query[0])
        str_addf(&c->url, "?%s", q->query);
    if (q->api)
        str_addf(&c->url, "%sapi-version=%s", q->query && q->query[0] ? "&" : "?", q->api);
    str_add(&c->target, str_p(&c->url));
}

/* ---- what others call ---- */

struct arm *arm_new(struct loop *l, struct http *reads, struct http *writes, struct auth *a,
                    const struct cloud *c)
{
    struct arm *arm = xcalloc(1, sizeof(*arm));

    arm->loop = l;
    arm->reads = reads;
    arm->writes = writes;
    arm->auth = a;
    arm->cloud = *c;
    arm->second_ms = 1000;
    if (http_url_host(c->arm, arm->host, sizeof(arm->host))) {
        reads->ops->allow(reads, arm->host);
        writes->ops->allow(writes, arm->host);
    }
    if (http_url_host(c->graph, arm->graph_host, sizeof(arm->graph_host))) {
        reads->ops->allow(reads, arm->graph_host);
        writes->ops->allow(writes, arm->graph_host);
    }
    return arm;
}

void arm_free(struct arm *a)
{
    if (!a)
        return;
    while (a->calls)
        arm_cancel(a->calls);
    free(a);
}

struct arm_call *arm_send(struct arm *a, const struct arm_req *q, arm_done_fn *fn, void *payload)
{
    struct arm_call *c = xcalloc(1, sizeof(*c));
    int64_t ms = q->deadline_ms > 0 ? q->deadline_ms : q->flags & ARM_LRO ? LRO_MS : CALL_MS;

    c->arm = a;
    c->fn = fn;
    c->payload = payload;
    c->flags = q->flags;
    c->next = a->calls;
    if (c->next)
        c->next->prev = c;
    a->calls = c;
    STR_SET(c->correlation, q->correlation);
    str_add(&c->tenant, q->tenant ? q->tenant : "");
    if (q->body)
        json_write(&c->body, q->body);
    c->deadline = mono_ms() + ms;
    c->end = loop_after(a->loop, ms + GRACE_MS, on_end, c);
    if (!STR_SET(c->method, q->method) || !q->path || q->path[0] != '/') {
        err_set(&c->refused, ERR_USAGE, 0, _("This is no request for Azure Resource Manager."));
    } else {
        set_address(c, q);
        if (!own_host(c, str_p(&c->url)))
            err_set(&c->refused, ERR_USAGE, 0,
                    _("The cloud's Resource Manager has no usable https address."));
    }
    if (err_is(&c->refused))
        arm_go_after(c, 0);
    else
        arm_go(c);
    return c;
}

void arm_cancel(struct arm_call *c)
{
    if (!c)
        return;
    stop(c);
    unlink_call(c);
    free_call(c);
}

/* ---- addresses ---- */

void arm_path(struct str *out, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    for (; *fmt; fmt++) {
        if (fmt[0] == '%' && fmt[1] == 's') {
            str_add_url(out, va_arg(ap, const char *));
            fmt++;
        } else {
            str_addc(out, *fmt);
        }
    }
    va_end(ap);
}

/* The next segment, "/" left out; *p moves behind it. */
static bool segment(const char **p, char *dst, size_t size)
{
    size_t n;

    if (**p != '/')
        return false;
    n = strcspn(*p + 1, "/");
    if (n == 0 || n >= size)
        return false;
    memcpy(dst, *p + 1, n);
    dst[n] = '\0';
    *p += n + 1;
    return true;
}

static bool word(const char **p, const char *expected)
{
    char got[40];

    return segment(p, got, sizeof(got)) && str_ieq(got, expected);
}

bool arm_id_parse(struct arm_id *out, const char *id)
{
    const char *p = id ? id : "";
    char part[80];
    size_t n;

    memset(out, 0, sizeof(*out));
    if (!word(&p, "subscriptions") || !segment(&p, out->subscription, sizeof(out->subscription)) ||
        !word(&p, "resourceGroups") || !segment(&p, out->group, sizeof(out->group)) ||
        !word(&p, "providers") || !segment(&p, out->provider, sizeof(out->provider)))
        return false;
    do {
        n = strlen(out->type);
        if (!segment(&p, part, sizeof(part)) || !segment(&p, out->name, sizeof(out->name)) ||
            !str_fmt(out->type + n, sizeof(out->type) - n, "%s%s", n ? "/" : "", part))
            return false;
    } while (*p && !str_eq(p, "/"));
    return true;
}

bool arm_id_equal(const char *a, const char *b)
{
    size_t n = a ? strlen(a) : 0, m = b ? strlen(b) : 0;

    n -= n > 0 && a[n - 1] == '/';
    m -= m > 0 && b[m - 1] == '/';
    return n > 0 && n == m && strncasecmp(a, b, n) == 0;
}
