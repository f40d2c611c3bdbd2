#include "config.h"

#include "testing.h"

#include "base/json.h"
#include "beds.h"
#include "server.h"

#define MOST 8

struct own {
    struct server server;
    struct answer answers[MOST];
    char *bytes[MOST], *paths[MOST];
    const struct http_exchange *x;
    size_t n;
    struct http *inner; /* under the repeating layer, or NULL */
    char complaint[200];
};

static struct own *own_new(struct http_bed *b, const struct http_exchange *x, size_t n)
{
    struct own *o = xcalloc(1, sizeof(*o));
    struct err e = { 0 };

    assert_true(n <= MOST);
    *b = (struct http_bed){ .loop = loop_new(&e), .own = o };
    assert_non_null(b->loop);
    o->x = x;
    o->n = n;
    return o;
}

/* The layer ends first, what it stands on after it. */
static void transports_close(struct http_bed *b)
{
    struct own *o = b->own;

    if (b->http)
        b->http->ops->close(b->http);
    if (o->inner)
        o->inner->ops->close(o->inner);
}

static void put_layer(struct http_bed *b)
{
    struct own *o = b->own;

    o->inner = b->http;
    b->http = http_retry_new(b->loop, o->inner);
}

/* ---- libcurl ---- */

static char *answer_bytes(const struct http_exchange *x)
{
    struct str s = STR_INIT;

    if (x->fate == FATE_ANSWER) {
        str_addf(&s, "HTTP/1.1 %d Said\r\n", x->status);
        if (x->name)
            str_addf(&s, "%s: %s\r\n", x->name, x->value);
        if (x->status != 204)
            str_addf(&s, "Content-Length: %zu\r\n", x->body ? strlen(x->body) : 0);
        str_addf(&s, "\r\n%s", x->body ? x->body : "");
    }
    return s.p ? str_take(&s) : xstrdup("");
}

static void curl_open(struct http_bed *b, const struct http_exchange *x, size_t n)
{
    static const enum act acts[] = { KEEP, RESET, HANG, KEEP };
    struct own *o = own_new(b, x, n);
    struct http_curl_config cfg = { .proxy = "" };
    struct err e = { 0 };
    struct str path = STR_INIT;

    for (size_t i = 0; i < n; i++) {
        str_addf(&path, "%s %s ", x[i].method, x[i].path);
        o->paths[i] = str_take(&path);
        o->bytes[i] = answer_bytes(&x[i]);
        o->answers[i] = (struct answer){ o->bytes[i], acts[x[i].fate] };
    }
    server_start(&o->server, b->loop, o->answers, n);
    o->server.paths = o->paths;
    str_fmt(b->origin, sizeof(b->origin), "http://127.0.0.1:%d", o->server.port);
    if (n > 0 && x[0].fate == FATE_DEAF)
        server_deaf(&o->server);
    b->http = http_curl_new(b->loop, &cfg, &e);
    assert_non_null(b->http);
}

static void curl_close(struct http_bed *b)
{
    struct own *o = b->own;

    transports_close(b);
    server_stop(&o->server);
    loop_free(b->loop);
    for (size_t i = 0; i < o->n; i++) {
        free(o->bytes[i]);
        free(o->paths[i]);
    }
    free(o);
}

static const char *curl_complaint(struct http_bed *b)
{
    struct own *o = b->own;
    const struct http_exchange *x = o->n ? &o->x[o->n - 1] : NULL;
    size_t want = x && x->fate == FATE_DEAF ? 0 : o->n;
    char line[100];

    if ((size_t)o->server.requests != want) {
        str_fmt(o->complaint, sizeof(o->complaint), "%d requests came, not %zu", o->server.requests,
                want);
        return o->complaint;
    }
    if (want == 0)
        return NULL;
    if (x->sent && !str_ends(o->server.last.p, x->sent))
        return "the newest request has another body";
    str_fmt(line, sizeof(line), "\r\nAuthorization: Bearer %s\r\n", x->bearer ? x->bearer : "");
    if (x->bearer && !strstr(o->server.last.p, line))
        return "the newest request has another token";
    return NULL;
}

/* ---- the replay ---- */

static struct json *script_row(const struct http_bed *b, const struct http_exchange *x)
{
    static const char *const errors[] = { NULL, "reset", "timeout", "refused" };
    struct json *row = json_object(), *object;
    char text[300];

    str_fmt(text, sizeof(text), "%s%s", b->origin, x->path);
    json_set_str(row, "method", x->method);
    json_set_str(row, "url", text);
    if (x->sent)
        json_set_str(row, "request", x->sent);
    if (x->bearer) {
        object = json_object();
        str_fmt(text, sizeof(text), "Bearer %s", x->bearer);
        json_set_str(object, "Authorization", text);
        json_set(row, "sends", object);
    }
    if (errors[x->fate])
        json_set_str(row, "error", errors[x->fate]);
    json_set_int(row, "status", x->status);
    object = json_object();
    if (x->name)
        json_set_str(object, x->name, x->value);
    json_set(row, "headers", object);
    if (x->body)
        json_set_str(row, "body", x->body);
    return row;
}

static void replay_open(struct http_bed *b, const struct http_exchange *x, size_t n)
{
    struct json *script = json_array();
    struct str text = STR_INIT;
    struct err e = { 0 };

    own_new(b, x, n);
    STR_SET(b->origin, "http://127.0.0.1:4711");
    for (size_t i = 0; i < n; i++)
        json_push(script, script_row(b, &x[i]));
    json_write(&text, script);
    b->http = http_replay_new(b->loop, text.p, &e);
    assert_non_null(b->http);
    json_free(script);
    str_free(&text);
}

static void replay_close(struct http_bed *b)
{
    transports_close(b);
    loop_free(b->loop);
    free(b->own);
}

static const char *replay_complaint(struct http_bed *b)
{
    struct own *o = b->own;

    return http_replay_problem(o->inner ? o->inner : b->http);
}

/* ---- the layer over each ---- */

static void retry_curl_open(struct http_bed *b, const struct http_exchange *x, size_t n)
{
    curl_open(b, x, n);
    put_layer(b);
}

static void retry_replay_open(struct http_bed *b, const struct http_exchange *x, size_t n)
{
    replay_open(b, x, n);
    put_layer(b);
}

const struct http_backend curl_backend = { curl_open, curl_close, curl_complaint };
const struct http_backend replay_backend = { replay_open, replay_close, replay_complaint };
const struct http_backend retry_curl_backend = { retry_curl_open, curl_close, curl_complaint };
const struct http_backend retry_replay_backend = { retry_replay_open, replay_close,
                                                   replay_complaint };
