/* arm.h - one call to Azure Resource Manager: address, token, error form, long-running polling,
 * paging.
 *
 * Sources: azure-wire.md 2.1, 2.6, 2.8, 2.9. A call is answered once by callback. Reads (GET, HEAD)
 * are repeated below (net/http_retry); a write is sent once, except once more after 401 with a
 * fresh token: what to do after a lost answer is the operation engine's matter (err.unsure).
 * Azure-AsyncOperation / Location are followed only on the cloud's own ARM host; unknown states are
 * running; a status read that fails is tried again.
 */
#ifndef AZL_AZURE_ARM_H
#define AZL_AZURE_ARM_H

#include "azure/auth.h"

struct arm;
struct arm *arm_new(struct loop *l, struct http *reads, struct http *writes, struct auth *a,
                    const struct cloud *c);
void arm_free(struct arm *a);

enum {
    ARM_LRO = 1 /* follow a long-running operation to its end */,
    ARM_PAGES = 2 /* collect value[] over nextLink */,
    ARM_NO_TOKEN = 4,
    ARM_GRAPH = 8 /* of Microsoft Graph (azure-wire.md 4): path "/v1.0/...", its host and token, no
                     api-version. A 401 there does not end the sign-in */
};
struct arm_req {
    const char *method;
    const char *path;  /* "/subscriptions/...": segments already URL-safe (arm_path), no query */
    const char *query; /* "$filter=..." already encoded, or NULL */
    const char *api;   /* api-version; NULL with ARM_GRAPH */
    const struct json *body; /* or NULL */
    const char *tenant;      /* token of this tenant; NULL: the signed-in one */
    unsigned flags;
    int64_t deadline_ms;     /* of the whole call with its polling; 0: 60 s, with ARM_LRO 15 min */
    const char *correlation; /* x-ms-correlation-request-id, or NULL */
};
struct arm_reply {
    int http;                /* status of the first answer; 0: none came */
    const struct json *json; /* body (of the final answer with ARM_LRO; {"value":[...]} whole with
                                ARM_PAGES), NULL if none */
    struct err err;          /* set when http is 0 or >= 400 or the operation failed: ERR_ARM with
                                remote_code, request_id, or ERR_NET */
    char www_authenticate[400];
};
typedef void arm_done_fn(void *payload, const struct arm_reply *r);
struct arm_call;
struct arm_call *arm_send(struct arm *a, const struct arm_req *q, arm_done_fn *fn, void *payload);
void arm_cancel(struct arm_call *c);

/* "/subscriptions/%s/resourcegroups/%s": each argument is URL-encoded as one segment. */
void arm_path(struct str *out, const char *fmt, ...);
/* {error:{code,message,details...}}, bare {code,message}, JSON in message, HTML: unwraps twice at
 * most; policy violations name policy and assignment. */
void arm_error(struct err *e, int http, const char *body, size_t len, const char *request_id,
               const char *correlation_id);
/* Parts of a resource id, without case; false if it is none of that form. */
struct arm_id {
    char subscription[40], group[96], provider[80], type[80], name[96];
};
bool arm_id_parse(struct arm_id *out, const char *id);
bool arm_id_equal(const char *a, const char *b);

#endif
