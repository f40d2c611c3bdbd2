/* resource.h - what every resource family of the sandbox does the same way: who may, which group,
 * which body, which form, long work.
 *
 * Order in a handler: res_allow (right, subscription state, provider, group), res_body (shape),
 * then the change, then the reply. Long work is an entry of the section "operations" with a time;
 * its effect happens when somebody looks after that time (lro_settle, called by res_allow and by
 * the status routes). Sources: azure-wire.md 2.3.2, 2.4, 2.5.6, 2.6, 2.8; messages after Azure's
 * own.
 */
#ifndef AZL_SANDBOX_RESOURCE_H
#define AZL_SANDBOX_RESOURCE_H

#include "sandbox/sandbox.h"
#include "sandbox/shape.h"

#define NS_HCI  "Microsoft.AzureStackHCI"
#define NS_ARC  "Microsoft.HybridCompute"
#define NS_AUTH "Microsoft.Authorization"

struct res_need {
    const char *action;   /* "Microsoft.AzureStackHCI/clusters/write": judged here only where the
                             dispatcher did not (rights.h) */
    const char *provider; /* writes: must be Registered; NULL none */
    bool write;
    bool group; /* {rg} must exist */
};
/* False: r holds the refusal. */
bool res_allow(struct sb_req *q, struct sb_reply *r, const struct res_need *need);
const struct json *res_subscription(struct world *w, const char *sub);
/* Ids with the server's spelling of subscription and group. */
void res_group_id(struct str *out, struct sb_req *q);
/* {group}/providers/{type}/{name}; type "Microsoft.AzureStackHCI/clusters" */
void res_id(struct str *out, struct sb_req *q, const char *type, const char *name);
struct json *res_find(struct sb_req *q, struct sb_reply *r,
                      const char *id); /* NULL: r is 404 ResourceNotFound */
const struct json *res_body(struct sb_req *q, struct sb_reply *r,
                            const struct shape *s); /* NULL: r is 400 */
bool res_name_ok(struct sb_reply *r, const char *name, size_t max);
/* location is one of the section's ("regions": display names of clusters; "locations": all), else
 * 400. */
bool res_location_ok(struct sb_req *q, struct sb_reply *r, const char *location, const char *type,
                     bool hci);
/* A resource with id, name, type, empty properties. */
struct json *res_new(const char *id, const char *type);
struct json *res_props(struct json *resource); /* its properties, made when absent */
void res_stamp(
    struct sb_req *q,
    struct json *resource); /* systemData, on the sandbox's clock; marks the world changed */
/* SystemAssigned asked for: principalId and tenantId are given once. */
void res_identity(struct sb_req *q, struct json *resource, const struct json *asked);
/* {"value":[each resource of `type` under prefix, cut to shape]} */
/* What stands in {rg} where the route has one, else in {sub}: allowed by need, listed. */
void res_list_scope(struct sb_req *q, struct sb_reply *r, const struct res_need *need,
                    const char *type,
                    struct json *(*form)(struct sb_req *q, const struct json *resource));
void res_list(struct sb_req *q, struct sb_reply *r, const char *prefix, const char *type,
              struct json *(*form)(struct sb_req *q, const struct json *resource));
/* Last segment of an id ("" if none); is `id` inside `scope` (equal or below)? Without case. */
const char *res_last(const char *id);
bool res_within(const char *id, const char *scope);
/* The name by which messages speak of the caller: upn, else application id. */
const char *res_caller(const struct sb_req *q);
/* The https base that clients use, remembered from the newest request that came from outside
 * by one of this machine's names. */
void res_note_base(struct sb_req *q);
const char *res_base(struct world *w);
bool res_registered(struct world *w, const char *sub,
                    const char *ns); /* settles a registration whose time has come */
const char *res_rp_object_id(
    struct world *w,
    const char *tenant); /* the HCI provider's service principal, made when first asked */

/* ---- long-running operations ---- */

struct lro {
    const char *provider; /* NS_HCI; NULL: resource groups */
    const char *location;
    const char *kind; /* "delete" target and all below it, "reconcile" target, ...: a row of effects
                         in lro.c, or a name without effect */
    const char *target;
    const char *result; /* resource shown by the Location address at the end, or NULL */
    int ms;             /* on the sandbox's clock; 0 with --instant */
    bool only_202;      /* the contract knows no other answer, not even with --instant */
};
/* A resource marked "_delete": "never" or "fails" is not deleted (stuck extensions; seed, or POST
 * /sandbox/resources). True: it was done at once (the caller replies); false: r is 202 with
 * Azure-AsyncOperation, Location, Retry-After. */
bool lro_start(struct sb_req *q, struct sb_reply *r, const struct lro *o);
/* Deletes `id`, which then takes no write: 202, 200 where it was done at once, 204 where it is not.
 */
void lro_drop(struct sb_req *q, struct sb_reply *r, const char *provider, const char *location,
              const char *id, int ms);
void lro_settle(struct world *w);
void lro_delete(struct world *w, const char *target);  /* at once, with all below it */
void lro_status(struct sb_req *q, struct sb_reply *r); /* handlers */
void lro_result(struct sb_req *q, struct sb_reply *r);

void world_close(struct world *w); /* tests; a sandbox keeps its world to the end */

/* Forms and effects of hci.c and arc.c that others need. */
struct json *hci_form(struct sb_req *q, const struct json *resource);
void hci_reconcile_done(struct world *w, const char *id);
void hci_identity_done(struct world *w, const char *id);
void hci_certificates_done(struct world *w, const char *id);
/* Applications that the service made go with their resource (azure-wire.md 3.6). */
void hci_identity_drop(struct world *w, const struct json *resource);
struct json *hci_identity_shown(struct world *w, const char *id); /* the answer's "properties" */
void hci_assurance_done(struct world *w, const char *id);
void hci_extension_done(struct world *w, const char *id);
void hci_aggregate(struct json *arc_setting); /* aggregateState from perNodeDetails */
void arc_machine_put(struct sb_req *q,
                     struct sb_reply *r); /* also called for the agent's connect and disconnect */
void arc_machine_delete(struct sb_req *q, struct sb_reply *r);
bool roles_has(struct world *w, const char *scope, const char *principal, const char *role_guid);

#endif
