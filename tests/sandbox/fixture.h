/* fixture.h - a world of one's own and requests by hand, through route_dispatch with real tokens.
 */
#ifndef AZL_TESTS_SANDBOX_FIXTURE_H
#define AZL_TESTS_SANDBOX_FIXTURE_H

#include "sandbox/sandbox.h"

#define FX_GROUP "arc-rg"

extern struct world *fx_world;
extern const char *fx_host; /* the Host header of requests: "127.0.0.1:4000" */

/* A fresh world; seed: JSON text or NULL. instant as with --instant. */
void fx_open(const char *seed, bool instant);
void fx_close(void);
const char *fx_sub(void); /* first enabled subscription */
const char *fx_oid(void); /* the first user's object id */
/* Sends a request as the first user; path without query; answer in fx_reply until the next call.
 * Returns the status. "@S" in path and body stands for the subscription. query: "$filter=..." or
 * NULL. */
int fx_call(const char *method, const char *path, const char *version, const char *body);
int fx_query(const char *path, const char *version, const char *name, const char *value);
/* With a token of one's own making (NULL: none); local >= 0: the Arc agent of that node. */
int fx_raw(const char *method, const char *path, const char *version, const char *body,
           const char *token, int local);
const struct json *fx_json(void);
const char *fx_str(const char *path);    /* of the answer, "" if absent */
const char *fx_header(const char *name); /* "" if absent */
char *fx_user_token(const char *aud, const char *tid);
char *fx_machine_token(const char *machine_id);
/* Group FX_GROUP in East US, all providers registered. */
void fx_ready(void);
/* Cluster "c1" and arcSettings default in FX_GROUP, machine node1 connected, role given: all that
 * reconcile wants. */
void fx_cluster(void);
void fx_give_role(void);
void fx_machine(const char *name);
/* The base64 form of a fresh self-signed certificate, appended; kind: "RSA" or another key. */
void fx_certificate(struct str *b64, const char *kind);
#define FX_RG      "/subscriptions/@S/resourceGroups/" FX_GROUP
#define FX_CLUSTER FX_RG "/providers/Microsoft.AzureStackHCI/clusters/c1"
#define FX_MACHINE FX_RG "/providers/Microsoft.HybridCompute/machines/"

#endif
