#include "config.h"

#include "node/engine.h"

#include <string.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/name.h"

#define RECORD_MAX (64u * 1024)
#define FORM       1 /* of both documents */

static const struct json_field record_fields[] = {
    JSON_INT(struct engine_record, version, "version", JSON_REQUIRED),
    JSON_STR(struct engine_record, install_date, "installDate", JSON_REQUIRED),
    JSON_STR(struct engine_record, last_connected, "lastConnected", 0),
    JSON_STR(struct engine_record, next_sync, "nextSync", 0),
    JSON_STR(struct engine_record, last_error, "lastError", 0),
    JSON_STR(struct engine_record, diagnostic_level, "diagnosticLevel", JSON_SKIP_EMPTY),
    JSON_STR(struct engine_record, cert_thumbprint, "certificateThumbprint", JSON_SKIP_EMPTY),
    JSON_STR(struct engine_record, cert_not_after, "certificateNotAfter", JSON_SKIP_EMPTY),
    JSON_STR(struct engine_record, cert_app, "certificateAppId", JSON_SKIP_EMPTY),
    JSON_STR(struct engine_record, arc_enabled, "arcEnabled", JSON_SKIP_EMPTY),
    JSON_STR(struct engine_record, arc_disabled, "arcDisabled", JSON_SKIP_EMPTY),
};
static const struct json_type record_json =
    JSON_TYPE("node record", struct engine_record, record_fields);

#define REG struct engine_registration
static const struct json_field registration_fields[] = {
    JSON_STR(REG, service_endpoint, "serviceEndpoint", JSON_REQUIRED),
    JSON_STR(REG, billing_scope, "billingServiceApiScope", JSON_REQUIRED),
    JSON_STR(REG, cloud_id, "cloudId", JSON_REQUIRED),
    JSON_STR(REG, subscription_id, "subscriptionId", JSON_REQUIRED),
    JSON_STR(REG, tenant_id, "tenantId", JSON_SKIP_EMPTY),
    JSON_STR(REG, resource_name, "resourceName", JSON_REQUIRED),
    JSON_STR(REG, provider_namespace, "providerNamespace", JSON_SKIP_EMPTY),
    JSON_STR(REG, resource_id, "resourceArmId", JSON_REQUIRED),
    JSON_STR(REG, region, "region", JSON_SKIP_EMPTY),
    JSON_STR(REG, registration_date, "registrationDate", JSON_SKIP_EMPTY),
    JSON_STR(REG, registered_at, "registeredAt", JSON_SKIP_EMPTY),
    JSON_STR(REG, app_id, "appId", JSON_SKIP_EMPTY),
    JSON_STR(REG, object_id, "objectId", JSON_SKIP_EMPTY),
    JSON_STR(REG, authority, "aadAuthority", JSON_SKIP_EMPTY),
    JSON_STR(REG, service_principal, "servicePrincipalClientId", JSON_SKIP_EMPTY),
};
const struct json_type engine_registration_json =
    JSON_TYPE("registration", REG, registration_fields);

#define ARC struct engine_arc
static const struct json_field arc_fields[] = {
    JSON_STR(ARC, subscription_id, "subscriptionId", JSON_REQUIRED | JSON_SKIP_EMPTY),
    JSON_STR(ARC, tenant_id, "tenantId", JSON_REQUIRED | JSON_SKIP_EMPTY),
    JSON_STR(ARC, resource_group, "resourceGroup", JSON_REQUIRED | JSON_SKIP_EMPTY),
    JSON_STR(ARC, region, "region", JSON_REQUIRED | JSON_SKIP_EMPTY),
    JSON_STR(ARC, cloud, "cloud", JSON_SKIP_EMPTY),
    JSON_STR(ARC, app_id, "appId", JSON_SKIP_EMPTY),
    JSON_STR(ARC, secret_ends, "secretNotAfter", JSON_SKIP_EMPTY),
};
const struct json_type engine_arc_json = JSON_TYPE("Arc integration", ARC, arc_fields);

static const struct json_field cluster_fields[] = {
    JSON_INT(struct engine_cluster, version, "version", JSON_REQUIRED),
    JSON_STR(struct engine_cluster, name, "name", JSON_REQUIRED),
    JSON_STR(struct engine_cluster, id, "id", JSON_REQUIRED),
    JSON_STR(struct engine_cluster, created, "created", 0),
    JSON_LIST(struct engine_cluster, nodes, n_nodes, "nodes", JSON_REQUIRED, NULL),
    JSON_OBJ(struct engine_cluster, registration, "registration", JSON_SKIP_EMPTY,
             &engine_registration_json),
    JSON_OBJ(struct engine_cluster, arc, "arc", JSON_SKIP_EMPTY, &engine_arc_json),
};
static const struct json_type cluster_json =
    JSON_TYPE("cluster record", struct engine_cluster, cluster_fields);

/* ---- the node's record ---- */

static bool time_or_empty(const char *s)
{
    int64_t ms;

    return !*s || time_parse(s, &ms);
}

static int judge_record(const struct engine_record *r, struct err *e)
{
    if (r->version != FORM)
        return err_set(e, ERR_NODE, ERR_C_CORRUPT, "version %lld", (long long)r->version);
    if (!*r->install_date || !time_or_empty(r->install_date) || !time_or_empty(r->last_connected) ||
        !time_or_empty(r->next_sync))
        return err_set(e, ERR_NODE, ERR_C_CORRUPT, "a time is not ISO 8601");
    return 0;
}

int engine_record_load(const char *path, struct engine_record *r, struct err *e)
{
    struct str text = STR_INIT;
    struct err inner = { 0 };
    struct json *j = NULL;
    int rc = file_read(path, RECORD_MAX, &text, e);

    if (rc == 0) {
        j = json_parse(str_p(&text), text.len, 0, &inner);
        if (!j || json_decode(j, &record_json, r, &inner) != 0 || judge_record(r, &inner) != 0)
            rc =
                err_set(e, ERR_NODE, ERR_C_CORRUPT,
                        _("The node's record %s is damaged (%s). It was left as it is: mend it, or "
                          "move it away to start a new one."),
                        path, inner.message);
    }
    json_free(j);
    str_free(&text);
    return rc;
}

int engine_record_save(const char *path, const struct engine_record *r, struct err *e)
{
    struct json *j = json_encode(&record_json, r);
    struct str text = STR_INIT;
    int rc;

    json_write_pretty(&text, j);
    rc = file_replace(path, str_p(&text), text.len, e);
    str_free(&text);
    json_free(j);
    return rc;
}

int engine_record_init(const char *path, int64_t now, struct err *e)
{
    struct engine_record r = { .version = FORM };
    struct str text = STR_INIT;
    struct err inner = { 0 };
    int rc = file_read(path, RECORD_MAX, &text, &inner);

    str_free(&text);
    if (rc == 0 || inner.domain != ERR_STORE || inner.code != ERR_C_NOT_FOUND)
        return 0; /* whatever is wrong with it, each verb will say so */
    time_iso(r.install_date, now);
    return engine_record_save(path, &r, e);
}

void engine_synced(struct engine_record *r, int64_t now)
{
    time_iso(r->last_connected, now);
    time_iso(r->next_sync, now + ENGINE_SYNC_MS);
    r->last_error[0] = '\0';
}

void engine_sync_failed(struct engine_record *r, int64_t now, const char *why)
{
    time_iso(r->next_sync, now + ENGINE_RETRY_MS);
    STR_SET(r->last_error, why);
}

void engine_unregistered(struct engine_record *r)
{
    r->last_connected[0] = r->next_sync[0] = r->last_error[0] = r->arc_enabled[0] = '\0';
    r->arc_disabled[0] = '\0';
}

/* ---- the cluster's record ---- */

int engine_cluster_decode(const struct json *j, struct engine_cluster *c, struct err *e)
{
    struct err inner = { 0 };

    if (json_decode(j, &cluster_json, c, &inner) == 0 && c->version == FORM && guid_is(c->id) &&
        c->n_nodes > 0 && time_or_empty(c->registration.registered_at))
        return 0;
    return err_set(e, ERR_NODE, ERR_C_CORRUPT,
                   _("The cluster's record is damaged (%s). It was left as it is."),
                   err_is(&inner) ? inner.message : "version, id, nodes");
}

struct json *engine_cluster_encode(const struct engine_cluster *c)
{
    return json_encode(&cluster_json, c);
}

static int cluster_add(struct engine_cluster *c, const char *node, struct err *e)
{
    const char *why = name_bad_node(node);

    if (why)
        return err_set(e, ERR_USAGE, 0, "%s", why);
    if (engine_cluster_has(c, node))
        return 0;
    if (c->n_nodes == ENGINE_NODES)
        return err_set(e, ERR_USAGE, 0, _("A cluster has at most %d nodes."), ENGINE_NODES);
    STR_SET(c->nodes[c->n_nodes], node);
    c->n_nodes++;
    return 0;
}

int engine_cluster_make(struct engine_cluster *c, const char *name, const struct json *nodes,
                        const char *node, int64_t now, struct err *e)
{
    const char *why = name_bad_cluster(name);

    *c = (struct engine_cluster){ .version = FORM };
    if (why)
        return err_set(e, ERR_USAGE, 0, "%s", why);
    STR_SET(c->name, name);
    guid_random(c->id);
    time_iso(c->created, now);
    JSON_EACH (n, nodes) {
        if (cluster_add(c, json_value_str(n), e) != 0)
            return -1;
    }
    return cluster_add(c, node, e);
}

bool engine_cluster_has(const struct engine_cluster *c, const char *node)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        if (str_ieq(c->nodes[i], node))
            return true;
    return false;
}

bool engine_is_registered(const struct engine_cluster *c)
{
    return c && c->registration.resource_id[0];
}

/* ---- the policy clock ---- */

/* What was decided, and what falls due. */
struct judgement {
    const char *cluster, *registration, *connection; /* connection NULL: blank */
    const char *reason;                              /* N_() */
    int64_t deadline;                                /* 0: nothing falls due */
};

static int64_t time_ms(const char *iso)
{
    int64_t ms = 0;

    return *iso && time_parse(iso, &ms) ? ms : 0;
}

/* A last connection from before this registration belongs to an earlier one. */
static int64_t connected_ms(const struct engine_record *r, const struct engine_cluster *c)
{
    int64_t last = time_ms(r->last_connected);

    return last >= time_ms(c->registration.registered_at) ? last : 0;
}

static void judge_connection(struct judgement *j, const struct engine_record *r,
                             const struct engine_cluster *c, int64_t now)
{
    int64_t last = connected_ms(r, c);
    int64_t since = last ? last : time_ms(c->registration.registered_at);

    j->deadline = since + ENGINE_WINDOW_MS;
    if (now >= j->deadline) {
        j->connection = "OutOfPolicy";
        j->deadline = 0;
        j->reason = N_("This node has not connected to Azure for 30 days.");
    } else if (last) {
        j->connection = "Connected";
        j->reason = r->last_error[0]
                        ? N_("The last sync failed; the node may stay offline for 30 days.")
                        : N_("The last sync with Azure was good.");
    } else {
        j->reason = r->last_error[0]
                        ? N_("Registered, but the first sync of this node failed.")
                        : N_("Registered, but this node has not synced with Azure yet.");
    }
}

static void judge(struct judgement *j, const struct engine_record *r,
                  const struct engine_cluster *c, int64_t now)
{
    bool late = now >= time_ms(r->install_date) + ENGINE_WINDOW_MS;

    *j = (struct judgement){ .cluster = "Clustered", .registration = "Registered" };
    if (engine_is_registered(c)) {
        judge_connection(j, r, c, now);
        return;
    }
    j->registration = late ? "OutOfPolicy" : "NotYet";
    j->deadline = late ? 0 : time_ms(r->install_date) + ENGINE_WINDOW_MS;
    if (c) {
        j->reason =
            late ? N_("The cluster was not registered with Azure within 30 days of installation.")
                 : N_("The cluster is not registered with Azure yet.");
        return;
    }
    j->cluster = j->registration;
    j->reason = late ? N_("No cluster was created or joined within 30 days of installation.")
                     : N_("No cluster has been created or joined on this node yet.");
}

static void set_time(struct json *j, const char *name, const char *iso)
{
    json_set_str(j, name, *iso ? iso : NULL);
}

static void set_ms(struct json *j, const char *name, int64_t ms)
{
    char iso[TIME_SIZE];

    time_iso(iso, ms);
    set_time(j, name, iso);
}

static void set_cluster(struct json *j, const struct engine_cluster *c)
{
    struct json *nodes = json_array();

    for (size_t i = 0; c && i < c->n_nodes; i++)
        json_push(nodes, json_string(c->nodes[i]));
    json_set_str(j, "clusterName", c ? c->name : NULL);
    json_set_str(j, "clusterId", c ? c->id : NULL);
    json_set(j, "clusterNodes", nodes);
}

/* A registered node is synced by whoever registers it; where that did not happen, within the hour.
 */
static int64_t next_sync_ms(const struct engine_record *r, const struct engine_cluster *c)
{
    if (!engine_is_registered(c))
        return 0;
    if (*r->next_sync && (connected_ms(r, c) || r->last_error[0]))
        return time_ms(r->next_sync);
    return time_ms(c->registration.registered_at) + ENGINE_RETRY_MS;
}

/* What only some registrations have. */
static void set_registered(struct json *out, const struct engine_record *r,
                           const struct engine_cluster *c)
{
    const struct engine_registration *g = &c->registration;

    if (g->app_id[0] && str_ieq(r->cert_app, g->app_id)) {
        json_set_str(out, "certificateThumbprint", r->cert_thumbprint);
        json_set_str(out, "certificateNotAfter", r->cert_not_after);
    }
    if (r->arc_disabled[0])
        json_set_str(out, "arcStatus", "Disabled");
    if (c->arc.secret_ends[0])
        json_set_str(out, "arcSecretNotAfter", c->arc.secret_ends);
}

struct json *engine_status(const struct engine_record *r, const struct engine_cluster *c,
                           const char *node, int64_t now)
{
    const struct engine_registration *g;
    struct json *out = json_object();
    struct judgement j;

    if (c && !engine_cluster_has(c, node))
        c = NULL;
    judge(&j, r, c, now);
    g = engine_is_registered(c) ? &c->registration : NULL;
    json_set_str(out, "ClusterStatus", j.cluster);
    json_set_str(out, "RegistrationStatus", j.registration);
    set_time(out, "RegistrationDate", g ? g->registration_date : "");
    json_set_str(out, "AzureResourceName", g ? g->resource_name : NULL);
    json_set_str(out, "AzureResourceUri", g ? g->resource_id : NULL);
    json_set_str(out, "ConnectionStatus", j.connection);
    set_ms(out, "LastConnected", g ? connected_ms(r, c) : 0);
    set_ms(out, "NextSync", next_sync_ms(r, c));
    json_set_str(out, "DiagnosticLevel", r->diagnostic_level[0] ? r->diagnostic_level : "Basic");
    json_set_str(out, "Region", g && g->region[0] ? g->region : NULL);
    json_set_str(out, "cloudId", g ? g->cloud_id : NULL);
    set_time(out, "registeredAt", g ? g->registered_at : "");
    set_time(out, "installDate", r->install_date);
    set_cluster(out, c);
    set_ms(out, "policyDeadline", j.deadline);
    json_set_str(out, "reason", _(j.reason));
    json_set_str(out, "lastError", r->last_error[0] ? r->last_error : NULL);
    if (g)
        set_registered(out, r, c);
    return out;
}
