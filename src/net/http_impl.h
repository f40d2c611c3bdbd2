/* http_impl.h - what the transports of this folder share; nobody outside net includes it.
 *
 * Every transport begins with a struct http_base, so that http_requests works on any of them (a
 * layer over another transport names it in `inner`). http_check is the policy that http.h states
 * for all transports; http_judge decides whether a reply that arrived is a whole one. Sources:
 * azure-wire.md 2.7.2 (three spellings of Retry-After), backends.md 5.1 (cut JSON with a good
 * return code).
 */
#ifndef AZL_NET_HTTP_IMPL_H
#define AZL_NET_HTTP_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "net/http.h"

#define HTTP_DEADLINE_MS 60000
#define HTTP_MAX_REPLY   (8u * 1024 * 1024)
#define HTTP_MAX_HEAD    (64u * 1024) /* of an answer, all its header lines together */
#define HTTP_MAX_HOST    280

struct http_base {
    struct http http;
    struct http *inner;
    uint64_t requests;
};

struct http_pair {
    char *name, *value;
};
struct http_headers {
    struct http_pair *v;
    size_t n, bytes;
};
/* Takes a line "Name: value" (or any other, which is left out); false beyond HTTP_MAX_HEAD. */
bool http_headers_line(struct http_headers *h, const char *line, size_t n);
void http_headers_add(struct http_headers *h, const char *name, const char *value);
void http_headers_clear(struct http_headers *h);

struct http_allowed {
    char (*v)[HTTP_MAX_HOST];
    size_t n;
};
void http_allowed_add(struct http_allowed *a, const char *host_port); /* NULL forgets all */

/* May this request be sent at all: scheme, loopback rule, bearer and basic rule. host gets its
 * host[:port]. */
int http_check(const struct http_req *q, const struct http_allowed *a, char host[HTTP_MAX_HOST],
               struct err *e);
/* A reply with a status: fills retry_after_ms, and turns what is no whole answer into status 0 with
 * r->err. `framed`: the protocol itself says where the body ends (Content-Length, chunks, HTTP/2).
 */
void http_judge(struct http_reply *r, const struct http_req *q, const char *host, bool framed);
const char *http_req_header(const struct http_req *q, const char *name);

/* Turns r into "no answer": code as CURLcode, 0 ours. */
void http_lost(struct http_reply *r, int code, bool unsure, bool retryable, const char *host,
               const char *sentence);

#endif
