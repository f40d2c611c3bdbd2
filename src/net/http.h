/* http.h - one HTTP request and its reply; the transport's vtable.
 *
 * A request is described, sent, and answered once by callback in the loop (never from inside send).
 * The transport copies what it needs from the request during send; the reply is valid during the
 * callback only. Sources: azure-wire.md 2.1, 6.2; backends.md 5.3. Policy of every transport: https
 * only, except plain http to loopback addresses when HTTP_PLAIN_LOOPBACK is set (the Arc agent);
 * redirects are not followed; TLS verified always; a bearer token goes only to hosts that
 * http_allow named; replies are capped.
 */
#ifndef AZL_NET_HTTP_H
#define AZL_NET_HTTP_H

#include "base/err.h"
#include "base/loop.h"
#include "base/secret.h"
#include "base/str.h"

enum { HTTP_PLAIN_LOOPBACK = 1, HTTP_NO_PROXY = 2 };

struct http_header {
    const char *name, *value;
};
#define HTTP_MAX_HEADERS 12

struct http_req {
    const char *method;
    const char *url;
    struct http_header
        headers[HTTP_MAX_HEADERS]; /* up to the first NULL name; Accept, Content-Type, x-ms-* */
    const char *body; /* NULL: none (POST, PUT and PATCH then send Content-Length: 0) */
    size_t body_len;
    const struct secret *bearer; /* sent as Authorization: Bearer, or NULL */
    const struct secret *basic;  /* sent as Authorization: Basic <as it is> (Arc agent), or NULL */
    unsigned flags;
    int64_t deadline_ms; /* whole exchange; 0: 60 s */
    size_t max_reply;    /* 0: 8 MiB */
};

struct http_reply {
    int status;       /* 0: no answer, err says why */
    const char *body; /* NUL-terminated, whole */
    size_t body_len;
    int64_t retry_after_ms; /* Retry-After, retry-after-ms, x-ms-retry-after-ms; -1: none */
    struct err err; /* set when status is 0: ERR_NET, err.unsure tells whether the request may have
                       arrived */
    void *headers;  /* for http_header */
};
/* A header of the final answer, name without case; NULL if absent. */
const char *http_header(const struct http_reply *r, const char *name);

typedef void http_done_fn(void *payload, const struct http_reply *r);
struct http;      /* a transport */
struct http_call; /* a request under way */

struct http_ops {
    struct http_call *(*send)(struct http *h, const struct http_req *q, http_done_fn *fn,
                              void *payload);
    void (*cancel)(struct http_call *c); /* fn is not called any more */
    void (*close)(struct http *h);
    void (*allow)(struct http *h,
                  const char *host_port); /* bearer may go there: "management.azure.com",
                                             "127.0.0.1:4711"; NULL forgets all */
};
struct http {
    const struct http_ops *ops;
};
static inline struct http_call *http_send(struct http *h, const struct http_req *q,
                                          http_done_fn *fn, void *payload)
{
    return h->ops->send(h, q, fn, payload);
}
static inline void http_cancel(struct http *h, struct http_call *c)
{
    if (c)
        h->ops->cancel(c);
}

/* host[:port] of a URL, lower case, default port left out; false if it is no http(s) URL. */
bool http_url_host(const char *url, char *out, size_t size);
bool http_url_is_https(const char *url);
bool http_url_is_loopback(const char *url); /* http(s) to 127.0.0.0/8, [::1] or localhost */

/* ---- backends ---- */
struct http_curl_config {
    const char *ca_file; /* added trust: only this CA is trusted when given; NULL: the system's */
    const char *proxy;   /* NULL: from the environment; "" none */
    const char *user_agent;
    int max_per_host; /* requests at once to one host; 0: 16 */
};
struct http *http_curl_new(struct loop *l, const struct http_curl_config *c, struct err *e);
/* Plays a JSON array of {method, url, status, headers, body, [error: "reset"|"timeout"]} in order;
 * fails what does not match. */
struct http *http_replay_new(struct loop *l, const char *json_text, struct err *e);
const char *
http_replay_problem(struct http *h);    /* NULL, or the first mismatch, or "n exchanges left" */
uint64_t http_requests(struct http *h); /* sent so far: a figure for tests and bench */

/* ---- http_retry.h's policy is part of the transport interface: reads are repeated, writes are the
 * caller's matter ---- */
/* A transport over another one: GET and HEAD are repeated after 408, 429, 500, 502, 503, 504 and
 * lost answers (up to 4 tries, delay Retry-After, else 0.8 s * 2^(n-1) with +-20 % jitter, cap 30
 * s, within the request's deadline); all others pass through. `inner` stays the caller's. */
/* 408, 429, 500, 502, 503, 504: the same request may pass later. */
bool http_status_passes(int status);
struct http *http_retry_new(struct loop *l, struct http *inner);

#endif
