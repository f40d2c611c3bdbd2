/* engine.h - the native node's engine: what it remembers, and the policy clock that turns that into
 * three statuses.
 *
 * Two documents. The node's own record (DIR/node.json): install date, last connection, next sync.
 * The cluster's record (store key "cluster", shared by its nodes): name, id, nodes, and the
 * registration once there is one. All functions are plain computation over them, but for load, save
 * and init, which touch node.json; a damaged record is an error and is never written over. Times in
 * the records are ISO 8601 UTC on the policy clock (struct clock, scaled in tests); `now` is Unix
 * ms on it. Rules, docs-facts.md 1.3 to 1.5: without a cluster 30 days after installation
 * ClusterStatus is OutOfPolicy, without registration RegistrationStatus is; ConnectionStatus is
 * blank until registered (and until this node has synced: nothing is called Connected that never
 * was), Connected after a good sync, OutOfPolicy 30 days after the last one, and Connected again
 * with the next good one. Sync is due every 12 hours; after a failed one it is due again in an
 * hour.
 */
#ifndef AZL_NODE_ENGINE_H
#define AZL_NODE_ENGINE_H

#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/str.h"

#define ENGINE_HOUR_MS   (INT64_C(3600) * 1000)
#define ENGINE_WINDOW_MS (30 * 24 * ENGINE_HOUR_MS)
#define ENGINE_SYNC_MS   (12 * ENGINE_HOUR_MS)
#define ENGINE_RETRY_MS  ENGINE_HOUR_MS
#define ENGINE_NODES     64

struct engine_record {
    int64_t version; /* of the document's form: 1 */
    char install_date[TIME_SIZE];
    char last_connected[TIME_SIZE], next_sync[TIME_SIZE]; /* "" never */
    char last_error[200];                                 /* of the last sync, "" if it was good */
    char diagnostic_level[16];                            /* "" is Basic */
    /* The accepted certificate, and of which application; "" none. */
    char cert_thumbprint[48], cert_not_after[TIME_SIZE], cert_app[GUID_SIZE];
    char arc_enabled[TIME_SIZE];  /* when this node was brought to Arc by the cluster; "" not */
    char arc_disabled[TIME_SIZE]; /* since when Arc is disabled and the registration goes on; "" is
                                     it not. The next sync that meets Arc settings ends it */
};

/* Members named as the arguments of the verb `register`. */
struct engine_registration {
    char service_endpoint[400], billing_scope[200], cloud_id[GUID_SIZE];
    char subscription_id[GUID_SIZE], tenant_id[GUID_SIZE];
    char resource_name[128], provider_namespace[64], resource_id[600], region[64];
    char registration_date[TIME_SIZE]; /* as the data plane said it */
    char registered_at[TIME_SIZE];     /* the same moment on the policy clock */
    /* of a registration by application and certificates; app_id is "" otherwise */
    char app_id[GUID_SIZE], object_id[GUID_SIZE], authority[200];
    char service_principal[GUID_SIZE]; /* an object id, whatever the parameter's name says */
};
extern const struct json_type engine_registration_json;

/* How nodes are brought to Arc (Initialize-AzureStackHCIArcIntegration); region is "" when nobody
 * said. app_id "": by the cluster's own identity. */
struct engine_arc {
    char subscription_id[GUID_SIZE], tenant_id[GUID_SIZE], app_id[GUID_SIZE];
    char resource_group[96], region[64], cloud[48];
    char secret_ends[TIME_SIZE]; /* of the secret generated for app_id; "" unknown, or none */
};
extern const struct json_type engine_arc_json;

struct engine_cluster {
    int64_t version;
    char name[64], id[GUID_SIZE], created[TIME_SIZE];
    char nodes[ENGINE_NODES][64];
    size_t n_nodes;
    struct engine_registration registration; /* resource_id is "" when there is none */
    struct engine_arc arc;
};

/* ---- the node's record ---- */
int engine_record_init(const char *path, int64_t now,
                       struct err *e); /* makes it if there is none */
int engine_record_load(const char *path, struct engine_record *r, struct err *e);
int engine_record_save(const char *path, const struct engine_record *r, struct err *e);
void engine_synced(struct engine_record *r, int64_t now);
void engine_sync_failed(struct engine_record *r, int64_t now, const char *why);
void engine_unregistered(struct engine_record *r);

/* ---- the cluster's record ---- */
int engine_cluster_decode(const struct json *j, struct engine_cluster *c, struct err *e);
struct json *engine_cluster_encode(const struct engine_cluster *c);
/* A new one; node is put in if nodes (an array of names, may be NULL) lacks it. Names are checked.
 */
int engine_cluster_make(struct engine_cluster *c, const char *name, const struct json *nodes,
                        const char *node, int64_t now, struct err *e);
bool engine_cluster_has(const struct engine_cluster *c, const char *node);
bool engine_is_registered(const struct engine_cluster *c); /* NULL: false */

/* The answer of the verb `status`; c NULL: there is no cluster. */
struct json *engine_status(const struct engine_record *r, const struct engine_cluster *c,
                           const char *node, int64_t now);

#endif
