/* dataplane.h - how a native node talks to the registration's service: a token of its own Arc
 * machine, then one POST.
 *
 * The token never leaves this module: it is asked from the Arc agent on this machine, kept in a
 * struct secret until a few minutes before it ends, and sent as the bearer of the POST. The
 * transport sends it only to hosts that its owner allowed. Challenge (register-flow.md 2.5 M7,
 * azure-wire.md 5.12): the first GET must be refused with 401 and the path of a key file; an agent
 * that answers without that is not believed. The key file must lie in the configured folder after
 * all links are resolved. A cluster that is registered by an application and certificates has no
 * machine's token: there the node signs in as that application, with an assertion that its
 * certificate signed (azure-wire.md 1.4). The POST is this project's own small contract, documented
 * in docs/dataplane.md: {serviceEndpoint}/clusters/{cloudId}/register, /sync and more. What Windows
 * nodes send there is not public (register-flow.md 8). Order: dataplane_init; dataplane_post as
 * often as wanted, each answered once from the loop; dataplane_clear after the last one.
 */
#ifndef AZL_NODE_DATAPLANE_H
#define AZL_NODE_DATAPLANE_H

#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/secret.h"
#include "base/str.h"

struct http;

struct dataplane {
    struct loop *loop;
    struct http *http;
    const char *himds; /* "http://127.0.0.1:40342" */
    const char *tokens_dir;
    struct secret token;
    char resource[320];  /* that the token is for, and whose it is */
    int64_t token_until; /* monotonic ms */
};

/* Strings stay the caller's. */
void dataplane_init(struct dataplane *d, struct loop *l, struct http *h, const char *himds,
                    const char *tokens_dir);
void dataplane_clear(struct dataplane *d);

/* Whose application the node is, and what proves it. */
struct dataplane_app {
    char login[200], tenant[GUID_SIZE], id[GUID_SIZE];
    char certificate[800]; /* path of certificate.h's file */
    bool fresh;            /* prove it now: a token of an earlier call will not do */
};

struct dataplane_call;
typedef void dataplane_done_fn(void *payload, const struct json *answer, const struct err *e);
/* body is taken over. scope is the billing scope with its "/.default". act: "register" or "sync".
 * answer is NULL on error. */
struct dataplane_call *dataplane_post(struct dataplane *d, const char *endpoint,
                                      const char *cloud_id, const char *scope, const char *act,
                                      struct json *body, dataplane_done_fn *fn, void *payload);
/* The same as that application; app NULL: as the machine. app is copied. */
struct dataplane_call *dataplane_post_as(struct dataplane *d, const struct dataplane_app *app,
                                         const char *endpoint, const char *cloud_id,
                                         const char *scope, const char *act, struct json *body,
                                         dataplane_done_fn *fn, void *payload);
void dataplane_cancel(struct dataplane_call *c); /* NULL is fine */

/* For its test. The audience of a scope: "/.default" taken off once. */
int dataplane_audience(const char *scope, char *out, size_t size, struct err *e);
/* Reads the key file that a challenge names. */
int dataplane_key(const char *challenge, const char *tokens_dir, struct secret *key, struct err *e);

#endif
