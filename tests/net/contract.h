/* contract.h - what every transport must do. A back end's test calls http_contract with the way to
 * open it against a server that gives the answers named by the suite.
 *
 * open: fills b->loop, b->origin ("http://127.0.0.1:4711") and b->http; the server answers each of
 * x[0..n) once, in any order if it can tell them apart, else in this one. close: ends the transport
 * if b->http is still there, then the server and the loop. complaint: NULL when each request that
 * was to come came as x says, else what was wrong. Strings of x stay alive until close.
 */
#ifndef AZL_TESTS_NET_CONTRACT_H
#define AZL_TESTS_NET_CONTRACT_H

#include "net/http.h"

enum http_fate {
    FATE_ANSWER,
    FATE_LOST,   /* the request arrives, the connection breaks */
    FATE_SILENT, /* the request arrives, no answer comes */
    FATE_DEAF    /* nobody listens; of all exchanges or none */
};
struct http_exchange {
    const char *method, *path; /* what is to be asked */
    const char *sent, *bearer; /* and with what body and token; NULL: not looked at */
    int status;
    const char *name, *value; /* one header of the answer, or NULL */
    const char *body;         /* of the answer; NULL: none */
    enum http_fate fate;
};
struct http_bed {
    struct loop *loop;
    struct http *http;
    char origin[64];
    void *own; /* the back end's */
};
struct http_backend {
    void (*open)(struct http_bed *b, const struct http_exchange *x, size_t n);
    void (*close)(struct http_bed *b);
    const char *(*complaint)(struct http_bed *b);
};
void http_contract(const struct http_backend *backend);

#endif
