/* front_relay.c - one client's requests in turn: to libmicrohttpd and back, with the fault that was
 * ordered.
 *
 * Only `reset` and status faults keep the request away from the handlers; all others spoil the
 * answer of a request that has had its effect. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/front.h"

enum { SLOW_PIECES = 8, EXTRA_LENGTH = 7 };

struct relay {
    struct conn *client;
    struct conn inner;
    int inner_port;
    char method[16];
    struct str path; /* without the query */
    int64_t started_at;
    struct str url;
};

static void nap_ms(int ms)
{
    struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000L };
    while (ms > 0 && nanosleep(&t, &t) < 0)
        ;
}

/* Value of a header in a head, trimmed; "" if absent. */
static void head_value(const struct str *head, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);
    out[0] = '\0';
    for (const char *line = head->p; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            char text[1024];
            str_fmt(text, sizeof(text), "%.*s", (int)strcspn(line + n + 1, "\r\n"), line + n + 1);
            str_copy(out, size, str_trim(text));
            return;
        }
    }
}

static void read_target(struct relay *r, const struct msg *q)
{
    char host[300];
    const char *head = str_p(&q->head), *target = strchr(head, ' ');
    str_fmt(r->method, sizeof(r->method), "%.*s", (int)strcspn(head, " \r"), head);
    head_value(&q->head, "host", host, sizeof(host));
    str_reset(&r->path);
    str_reset(&r->url);
    if (!target)
        return;
    target++;
    size_t n = strcspn(target, " \r\n");
    str_addn(&r->path, target, strcspn(target, "? \r\n"));
    str_addf(&r->url, "%s://%s%.*s", r->client->ssl ? "https" : "http", host, (int)n, target);
}

/* ---- the inner side ---- */

static void inner_close(struct relay *r)
{
    if (r->inner.fd >= 0)
        close(r->inner.fd);
    r->inner.fd = -1;
    str_reset(&r->inner.in);
}

static bool inner_open(struct relay *r)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)r->inner_port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1;
    r->inner.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->inner.fd < 0)
        return false;
    setsockopt(r->inner.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(r->inner.fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return true;
    inner_close(r);
    return false;
}

static bool inner_ask(struct relay *r, const struct msg *q, struct msg *reply)
{
    struct str all = STR_INIT;
    bool whole = false, head_only = str_eq(r->method, "HEAD");
    str_addn(&all, q->head.p, q->head.len);
    if (q->body.len)
        str_addn(&all, q->body.p, q->body.len);
    if (r->inner.fd >= 0 || inner_open(r))
        whole = conn_send(&r->inner, all.p, all.len) == 0 &&
                msg_read(&r->inner, reply, false, !head_only) == MSG_OK;
    if (!whole || reply->close)
        inner_close(r);
    str_free(&all);
    return whole;
}

/* ---- answers of our own ---- */

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = { { 400, "Bad Request" },       { 401, "Unauthorized" },
                 { 408, "Request Timeout" },   { 413, "Payload Too Large" },
                 { 429, "Too Many Requests" }, { 500, "Internal Server Error" },
                 { 502, "Bad Gateway" },       { 503, "Service Unavailable" },
                 { 504, "Gateway Timeout" } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].status == status)
            return rows[i].text;
    return "Fault";
}

static struct json *error_body(const struct relay *r, int status)
{
    struct json *doc = json_object();
    if (str_ifind(
            str_p(&r->path),
            "/oauth2/")) { /* azure-wire.md 1.8: 90033 is Entra's own word for a transient error */
        struct json *codes = json_array();
        json_push(codes, json_number(90033));
        json_set_str(doc, "error", "temporarily_unavailable");
        json_set_str(doc, "error_description",
                     "AADSTS90033: A transient error has occurred. Please try again.");
        json_set(doc, "error_codes", codes);
        return doc;
    }
    struct json *error = json_object();
    json_set_str(error, "code",
                 status == 401   ? "InvalidAuthenticationToken"
                 : status == 429 ? "TooManyRequests"
                 : status == 503 ? "ServiceUnavailable"
                                 : "InternalServerError");
    json_set_str(error, "message", "The sandbox was asked to answer this request with a fault.");
    json_set(doc, "error", error);
    return doc;
}

static void own_reply(const struct relay *r, struct msg *reply, int status, int retry_after)
{
    struct json *doc = error_body(r, status);
    char id[GUID_SIZE];
    guid_random(id);
    json_write(&reply->body, doc);
    json_free(doc);
    str_addf(&reply->head, "HTTP/1.1 %d %s\r\nContent-Type: application/json; charset=utf-8\r\n",
             status, reason(status));
    str_addf(&reply->head, "x-ms-request-id: %s\r\n", id);
    if (retry_after >= 0)
        str_addf(&reply->head, "Retry-After: %d\r\n", retry_after);
    str_addf(&reply->head, "Content-Length: %zu\r\n\r\n", reply->body.len);
    if (str_eq(r->method, "HEAD"))
        str_reset(&reply->body);
}

/* ---- sending ---- */

static void send_whole(struct relay *r, const struct msg *reply)
{
    struct str all = STR_INIT;
    str_addn(&all, reply->head.p, reply->head.len);
    if (reply->body.len)
        str_addn(&all, reply->body.p, reply->body.len);
    conn_send(r->client, all.p, all.len);
    str_free(&all);
}

static void send_slowly(struct relay *r, const struct msg *reply, int ms)
{
    struct str all = STR_INIT;
    str_addn(&all, reply->head.p, reply->head.len);
    if (reply->body.len)
        str_addn(&all, reply->body.p, reply->body.len);
    size_t at = 0, piece = all.len / SLOW_PIECES + 1;
    while (at < all.len) {
        size_t n = all.len - at < piece ? all.len - at : piece;
        nap_ms(ms / SLOW_PIECES);
        if (conn_send(r->client, all.p + at, n) < 0)
            break;
        at += n;
    }
    str_free(&all);
}

static void send_half_header(struct relay *r, const struct msg *reply)
{
    conn_send(r->client, reply->head.p, reply->head.len / 2);
    conn_cut(r->client);
}

static void send_truncated(struct relay *r, const struct msg *reply)
{
    if (reply->body.len < 2) {
        send_half_header(r, reply);
        return;
    }
    conn_send(r->client, reply->head.p, reply->head.len);
    conn_send(r->client, reply->body.p, reply->body.len / 2);
}

/* The body is whole, its announced length is not. */
static void send_bad_length(struct relay *r, const struct msg *reply)
{
    struct str head = STR_INIT;
    if (reply->body.len == 0) {
        send_half_header(r, reply);
        return;
    }
    for (const char *line = str_p(&reply->head); *line && *line != '\r';) {
        size_t n = strcspn(line, "\n") + 1;
        if (strncasecmp(line, "content-length:", 15) != 0)
            str_addn(&head, line, n);
        line += n;
    }
    str_addf(&head, "Content-Length: %zu\r\n\r\n", reply->body.len + EXTRA_LENGTH);
    str_addn(&head, reply->body.p, reply->body.len);
    conn_send(r->client, head.p, head.len);
    str_free(&head);
}

/* Bytes that are neither TLS nor HTTP, past the TLS layer. */
static void send_garbage(struct relay *r)
{
    static const char junk[] = "\x81\x93 not an answer \xff\xfe\x00\x17 at all \x9c\x9d\x9e";
    struct conn raw = { .fd = r->client->fd };
    conn_send(&raw, junk, sizeof(junk) - 1);
    conn_cut(r->client);
}

/* ---- one exchange ---- */

static const char *const fault_names[] = {
    [FAULT_NONE] = NULL,
    [FAULT_STATUS] = "status",
    [FAULT_RESET] = "reset",
    [FAULT_REPLY_LOST] = "reply-lost",
    [FAULT_TRUNCATE] = "truncate",
    [FAULT_GARBAGE] = "garbage",
    [FAULT_BAD_LENGTH] = "bad-length",
    [FAULT_HALF_HEADER] = "half-header",
    [FAULT_SLOW] = "slow",
    [FAULT_OAUTH] = NULL,
};

/* The log shows what the handlers answered, and a header of ours tells that the client saw it
 * otherwise. */
static void write_log(const struct relay *r, const struct msg *q, const struct msg *reply,
                      enum fault_kind kind)
{
    struct str asked = STR_INIT, told = STR_INIT;
    str_addn(&asked, q->head.p, q->head.len);
    if (q->body.len)
        str_addn(&asked, q->body.p, q->body.len);
    if (reply->head.len >= 2) {
        str_addn(&told, reply->head.p, reply->head.len - 2);
        if (fault_names[kind])
            str_addf(&told, "x-azlosandbox-fault: %s\r\n", fault_names[kind]);
        str_add(&told, "\r\n");
        if (reply->body.len)
            str_addn(&told, reply->body.p, reply->body.len);
    }
    int64_t spent = wall_ms() - r->started_at + (r->client->ssl ? sb_options.latency_ms : 0);
    exchange_write(str_p(&r->url), r->started_at, r->started_at + spent, str_p(&asked), asked.len,
                   str_p(&told), told.len);
    str_free(&asked);
    str_free(&told);
}

/* True: the connection goes on. */
static bool send_reply(struct relay *r, const struct msg *reply, const struct fault *f)
{
    switch (f->kind) {
    case FAULT_REPLY_LOST:
        return false;
    case FAULT_TRUNCATE:
        send_truncated(r, reply);
        return false;
    case FAULT_GARBAGE:
        send_garbage(r);
        return false;
    case FAULT_BAD_LENGTH:
        send_bad_length(r, reply);
        return false;
    case FAULT_HALF_HEADER:
        send_half_header(r, reply);
        return false;
    case FAULT_SLOW:
        send_slowly(r, reply, f->value);
        return true;
    default:
        send_whole(r, reply);
        return true;
    }
}

static bool exchange(struct relay *r, const struct msg *q)
{
    struct msg reply = { 0 };
    struct fault f = { .kind = FAULT_NONE };
    bool go_on = !q->close;
    r->started_at = wall_ms();
    read_target(r, q);
    if (!str_istarts(str_p(&r->path), "/sandbox/")) /* the steering wheel never breaks */
        fault_take_bytes(r->method, str_p(&r->path), &f);
    if (f.kind == FAULT_STATUS) {
        own_reply(r, &reply, f.status, f.value);
    } else if (f.kind != FAULT_RESET && !inner_ask(r, q, &reply)) {
        msg_free(&reply);
        own_reply(r, &reply, 502, -1);
    }
    write_log(r, q, &reply, f.kind);
    if (r->client->ssl)
        nap_ms(sb_options.latency_ms);
    if (f.kind == FAULT_RESET) {
        conn_reset(r->client);
        go_on = false;
    } else {
        go_on = send_reply(r, &reply, &f) && go_on;
    }
    msg_free(&reply);
    return go_on;
}

void relay_run(struct conn *client, int inner_port)
{
    struct relay r = { .client = client, .inner = { .fd = -1 }, .inner_port = inner_port };
    bool go_on = true;
    while (go_on) {
        struct msg q = { 0 };
        enum msg_result rc = msg_read(client, &q, true, true);
        go_on = rc == MSG_OK && exchange(&r, &q);
        if (rc == MSG_BROKEN || rc == MSG_TOO_BIG) {
            struct msg reply = { 0 };
            own_reply(&r, &reply, rc == MSG_TOO_BIG ? 413 : 400, -1);
            send_whole(&r, &reply);
            msg_free(&reply);
        }
        msg_free(&q);
    }
    inner_close(&r);
    str_free(&r.inner.in);
    str_free(&r.path);
    str_free(&r.url);
}
