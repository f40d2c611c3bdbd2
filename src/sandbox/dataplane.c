/* The sandbox's data plane, docs/dataplane.md: what a native node says once registered. Microsoft's
 * own is not documented. */
#include "config.h"

#include "sandbox/hci.h"

#include <stdlib.h>
#include <string.h>

#define SYNC_SECONDS  43200 /* twelve hours, docs-facts.md */
#define TOKEN_SECONDS 3599

static const struct shape_row node_rows[] = {
    { "name", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "id", SHAPE_NUM, 0, NULL, NULL, NULL },
    { "osName", SHAPE_STR, 0, NULL, NULL, NULL },
    { "osVersion", SHAPE_STR, 0, NULL, NULL, NULL },
    { "manufacturer", SHAPE_STR, 0, NULL, NULL, NULL },
    { "model", SHAPE_STR, 0, NULL, NULL, NULL },
    { "coreCount", SHAPE_NUM, 0, NULL, NULL, NULL },
    { "memoryInGiB", SHAPE_NUM, 0, NULL, NULL, NULL },
    { "serialNumber", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape node_shape = SHAPE("Node", node_rows);
static const struct shape_row register_rows[] = {
    { "resourceId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "clusterName", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "clusterId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "nodes", SHAPE_LIST, SHAPE_REQUIRED, NULL, NULL, &node_shape },
};
static const struct shape register_shape = SHAPE("Registration", register_rows);
static const struct shape_row sync_rows[] = {
    { "node", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "clusterId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "census", SHAPE_OBJ, 0, NULL, NULL, &node_shape },
    { "clusterNodes", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "diagnosticLevel", SHAPE_STR, 0, "Off|Basic|Enhanced", NULL, NULL },
};
static const struct shape sync_shape = SHAPE("Sync", sync_rows);

static const struct shape_row only_node_rows[] = {
    { "node", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
};
static const struct shape only_node_shape = SHAPE("Node", only_node_rows);

static void health(struct sb_req *q, struct sb_reply *r)
{
    struct json *body = json_object();

    (void)q;
    json_set_str(body, "status", "Healthy");
    sb_reply_json(r, 200, body);
}

/* ---- whose call it is ---- */

struct call {
    struct json *cluster, *settings, *machine, *node; /* node: the machine's perNodeDetails item */
    bool app; /* by the cluster's application; machine and node may be missing then */
};

struct by_cloud_id {
    const char *cloud_id;
    struct json *found;
};

static void match_cluster(const char *id, struct json *resource, void *payload)
{
    struct by_cloud_id *f = payload;

    (void)id;
    if (str_ieq(json_str(resource, "type"), CLUSTER_TYPE) &&
        str_ieq(json_str(resource, "properties.cloudId"), f->cloud_id))
        f->found = resource;
}

static struct json *node_of(struct json *settings, const char *machine_id)
{
    JSON_EACH (n, json_get(settings, "properties.perNodeDetails"))
        if (str_ieq(json_str(n, "arcInstance"), machine_id))
            return json_edit(n);
    return NULL;
}

/* Without Arc for servers the registration goes on: a machine that spoke for the cluster before its
 * arcSettings went still does, as long as no reconcile has named others. */
static bool spoke_before(const struct call *c)
{
    if (json_len(json_get(c->settings, "properties.perNodeDetails")) > 0)
        return false;
    JSON_EACH (id, json_member(c->cluster, "_machines"))
        if (str_ieq(json_value_str(id), json_str(c->machine, "id")))
            return true;
    return false;
}

static void note_machine(struct json *cluster, const char *id)
{
    JSON_EACH (have, json_member(cluster, "_machines"))
        if (str_ieq(json_value_str(have), id))
            return;
    if (!json_member(cluster, "_machines"))
        json_set(cluster, "_machines", json_array());
    json_push(json_edit(json_member(cluster, "_machines")), json_string(id));
}

static bool identify_machine(struct sb_req *q, struct sb_reply *r, struct call *c)
{
    const char *machine_id = json_str(q->claims, "xms_mirid");

    c->machine = machine_id ? world_resource(q->world, machine_id) : NULL;
    if (!c->machine ||
        !str_ieq(json_str(c->machine, "identity.principalId"), json_str(q->claims, "oid"))) {
        sb_arm_error(r, 401, "MachineNotFound",
                     "The machine of this token does not exist any more.");
        return false;
    }
    c->node = c->settings ? node_of(c->settings, json_str(c->machine, "id")) : NULL;
    if (!c->node && !spoke_before(c)) {
        sb_arm_error(r, 403, "MachineNotInCluster", "Machine '%s' is not a node of cluster '%s'.",
                     json_str(c->machine, "name"), json_str(c->cluster, "name"));
        return false;
    }
    return true;
}

static bool has_role(const struct sb_req *q, const char *role)
{
    JSON_EACH (have, json_member(q->claims, "roles"))
        if (str_eq(json_value_str(have), role))
            return true;
    return false;
}

/* An application that the client made (register-flow.md 2.12) needs its four permissions; one that
 * the service made for the cluster ("_identity") has what it needs. That the service itself refuses
 * the first without them is inferred: nothing else would they be for. */
static bool has_permissions(struct sb_req *q, struct sb_reply *r, const struct json *cluster)
{
    static const char *const roles[] = { "AzureStackHCI.Cluster.Read",
                                         "AzureStackHCI.Cluster.ReadWrite",
                                         "AzureStackHCI.ClusterNode.Read",
                                         "AzureStackHCI.ClusterNode.ReadWrite" };
    if (json_member(cluster, "_identity"))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (has_role(q, roles[i]))
            continue;
        sb_arm_error(r, 403, "AppRoleMissing", "Application '%s' lacks the app role '%s'.",
                     json_str(q->claims, "appid"), roles[i]);
        return false;
    }
    return true;
}

/* The token proves the certificate: Entra gave it for an assertion that a key credential of the
 * application verified (routes.c lets no other application in). */
static bool identify_app(struct sb_req *q, struct sb_reply *r, struct call *c)
{
    c->app = true;
    if (str_ieq(json_str(c->cluster, "properties.aadClientId"), json_str(q->claims, "appid")))
        return has_permissions(q, r, c->cluster);
    sb_arm_error(r, 403, "ApplicationNotOfCluster", "Application '%s' is not that of cluster '%s'.",
                 json_str(q->claims, "appid"), json_str(c->cluster, "name"));
    return false;
}

static bool identify(struct sb_req *q, struct sb_reply *r, struct call *c)
{
    struct by_cloud_id f = { sb_var(q, "cloudId"), NULL };
    struct str settings = STR_INIT;

    *c = (struct call){ .cluster = NULL };
    lro_settle(q->world);
    world_each(q->world, "/subscriptions/", match_cluster, &f);
    c->cluster = f.found;
    if (!c->cluster) {
        sb_arm_error(r, 404, "ClusterNotFound", "There is no cluster with the id '%s'.",
                     sb_var(q, "cloudId"));
        return false;
    }
    str_addf(&settings, "%s/arcSettings/default", json_str(c->cluster, "id"));
    c->settings = world_resource(q->world, str_p(&settings));
    str_free(&settings);
    return json_str(q->claims, "xms_mirid") ? identify_machine(q, r, c) : identify_app(q, r, c);
}

static bool claim_machine(struct sb_reply *r, struct json *machine, const struct json *cluster)
{
    const char *parent = json_str(machine, "properties.parentClusterResourceId"),
               *id = json_str(cluster, "id");

    if (parent && parent[0] && !str_ieq(parent, id)) {
        sb_arm_error(r, 409, "MachineInAnotherCluster", "Machine '%s' belongs to cluster '%s'.",
                     json_str(machine, "name"), parent);
        return false;
    }
    json_set_str(res_props(machine), "parentClusterResourceId", id);
    return true;
}

/* ---- effects ---- */

static struct json *reported(struct json *cluster)
{
    struct json *p = res_props(cluster);

    if (!json_is_object(json_member(p, "reportedProperties")))
        json_set(p, "reportedProperties", json_object());
    return json_edit(json_member(p, "reportedProperties"));
}

static void put_census(struct json *cluster, const struct json *census)
{
    struct json *rep = reported(cluster), *nodes = json_array(), *one;
    const struct json *old = json_member(rep, "nodes");
    int64_t id = 0, highest = 0;
    bool known = false;

    JSON_EACH (n, old) {
        bool same = str_ieq(json_str(n, "name"), json_str(census, "name"));

        json_int(n, "id", &id);
        highest = id > highest ? id : highest;
        one = json_copy(same ? census : n);
        if (same && !json_member(one, "id"))
            json_set_int(one, "id", id);
        json_push(nodes, one);
        known = known || same;
    }
    if (!known && json_str(census, "name")) {
        one = json_copy(census);
        if (!json_member(one, "id"))
            json_set_int(one, "id", highest + 1);
        json_push(nodes, one);
    }
    JSON_EACH (n, nodes)
        json_set_str(json_edit(n), "windowsServerSubscription",
                     json_str(cluster, "properties.desiredProperties.windowsServerSubscription"));
    json_set(rep, "nodes", nodes);
}

static void mark_synced(struct sb_req *q, struct call *c, int64_t now)
{
    struct json *p = res_props(c->cluster), *rep = reported(c->cluster);
    const char *level = json_str(c->cluster, "properties.desiredProperties.diagnosticLevel");
    char at[TIME_SIZE];

    time_iso7(at, now);
    json_set_str(p, "status", "ConnectedRecently");
    json_set_str(p, "connectivityStatus", "Connected");
    if (!json_str(p, "registrationTimestamp"))
        json_set_str(p, "registrationTimestamp", at);
    json_set_str(p, "lastSyncTimestamp", at);
    json_set_str(rep, "lastUpdated", at);
    json_set_str(rep, "imdsAttestation", "Disabled");
    json_set_str(rep, "diagnosticLevel", level ? level : "Basic");
    json_set_str(rep, "clusterType", "ThirdParty");
    if (c->node) {
        note_machine(c->cluster, json_str(c->machine, "id"));
        json_set_str(c->node, "state", "Connected");
        hci_aggregate(c->settings);
        json_set_str(res_props(c->machine), "status", "Connected");
    }
    world_touch(q->world);
}

/* Of a node that the cluster itself brought to Arc: no reconcile names it, its sync does. */
static void join_arc(struct sb_req *q, struct call *c, const char *node)
{
    const char *group = json_str(c->settings, "properties.arcInstanceResourceGroup");
    struct json *list = json_edit(json_get(c->settings, "properties.perNodeDetails")), *item;
    const char *cluster = json_str(c->cluster, "id"),
               *rest = str_ifind(cluster, "/resourceGroups/");
    struct str id = STR_INIT;

    if (!group || !list || !node || !rest)
        return;
    str_addf(&id, "%.*s/resourceGroups/%s/providers/Microsoft.HybridCompute/machines/%s",
             (int)(rest - cluster), cluster, group, node);
    c->machine = world_resource(q->world, str_p(&id));
    str_free(&id);
    c->node = c->machine ? node_of(c->settings, json_str(c->machine, "id")) : NULL;
    if (!c->machine || c->node)
        return;
    item = json_object();
    json_set_str(item, "name", json_str(c->machine, "name"));
    json_set_str(item, "arcInstance", json_str(c->machine, "id"));
    if (json_str(c->machine, "identity.principalId"))
        json_set_str(item, "arcNodeServicePrincipalObjectId",
                     json_str(c->machine, "identity.principalId"));
    json_push(list, item);
    c->node = item;
}

/* A registration speaks for all nodes of the cluster: each machine learns its parent. */
static bool claim_all(struct sb_req *q, struct sb_reply *r, struct call *c)
{
    JSON_EACH (n, json_get(c->settings, "properties.perNodeDetails")) {
        struct json *m = world_resource(q->world, json_str(n, "arcInstance"));

        if (m && !claim_machine(r, m, c->cluster))
            return false;
        if (m)
            note_machine(c->cluster, json_str(m, "id"));
    }
    return true;
}

static void do_register(struct sb_req *q, struct sb_reply *r)
{
    const struct json *body = res_body(q, r, &register_shape);
    int64_t now = world_now(q->world);
    struct json *answer, *rep;
    struct call c;
    char at[TIME_SIZE];

    if (!body || !identify(q, r, &c))
        return;
    if (!str_ieq(json_str(body, "resourceId"), json_str(c.cluster, "id"))) {
        sb_arm_error(r, 409, "ClusterMismatch", "Cluster '%s' is resource '%s'.",
                     sb_var(q, "cloudId"), json_str(c.cluster, "id"));
        return;
    }
    if (!claim_all(q, r, &c))
        return;
    rep = reported(c.cluster);
    json_set_str(rep, "clusterName", json_str(body, "clusterName"));
    json_set_str(rep, "clusterId", json_str(body, "clusterId"));
    JSON_EACH (n, json_get(body, "nodes"))
        put_census(c.cluster, n);
    mark_synced(q, &c, now);
    answer = json_object();
    json_set_str(answer, "registrationDate",
                 json_str(c.cluster, "properties.registrationTimestamp"));
    time_iso7(at, now);
    json_set_str(answer, "serverTime", at);
    json_set_int(answer, "syncIntervalSeconds", SYNC_SECONDS);
    sb_reply_json(r, 200, answer);
}

static bool census_names(const struct json *names, const char *node)
{
    JSON_EACH (n, names)
        if (str_ieq(json_value_str(n), node))
            return true;
    return false;
}

/* A node that the census does not name loses its Arc machine (docs-facts.md 1.6 and 3.1: a sync
 * straight after a restart, and the node is "Not installed"). Which machine is a node's is known
 * once it has synced. What else Azure takes of it is not known: nothing here. */
static void drop_missing(struct sb_req *q, struct call *c, const struct json *names)
{
    struct json *left = json_array();
    const char *node;

    JSON_EACH (n, json_get(c->settings, "properties.perNodeDetails")) {
        struct json *m = world_resource(q->world, json_str(n, "arcInstance"));

        node = m ? json_str(m, "_node") : NULL;
        if (!node || census_names(names, node))
            json_push(left, json_copy(n));
        else
            lro_delete(q->world, json_str(n, "arcInstance"));
    }
    json_set(res_props(c->settings), "perNodeDetails", left);
    hci_aggregate(c->settings);
}

static void do_sync(struct sb_req *q, struct sb_reply *r)
{
    const struct json *body = res_body(q, r, &sync_shape);
    int64_t now = world_now(q->world);
    struct json *answer;
    struct call c;
    char at[TIME_SIZE];

    if (!body || !identify(q, r, &c))
        return;
    if (!json_str(c.cluster, "properties.registrationTimestamp")) {
        sb_arm_error(r, 409, "NotRegistered", "Cluster '%s' is not registered yet.",
                     json_str(c.cluster, "name"));
        return;
    }
    if (c.app)
        join_arc(q, &c, json_str(body, "node"));
    if (c.node && !claim_machine(r, c.machine, c.cluster))
        return;
    if (json_str(body, "census.name"))
        put_census(c.cluster, json_get(body, "census"));
    mark_synced(q, &c, now);
    if (c.node)
        json_set_str(c.machine, "_node", json_str(body, "node"));
    if (c.settings && json_member(body, "clusterNodes"))
        drop_missing(q, &c, json_member(body, "clusterNodes"));
    answer = json_object();
    time_iso7(at, now);
    json_set_str(answer, "lastSync", at);
    json_set_str(answer, "serverTime", at);
    time_iso7(at, now + SYNC_SECONDS * 1000LL);
    json_set_str(answer, "nextSync", at);
    json_set_str(answer, "diagnosticLevel",
                 json_str(c.cluster, "properties.desiredProperties.diagnosticLevel"));
    json_set_str(answer, "windowsServerSubscription",
                 json_str(c.cluster, "properties.desiredProperties.windowsServerSubscription"));
    json_set_bool(answer, "arcSettings", c.settings != NULL);
    sb_reply_json(r, 200, answer);
}

static bool only_app(struct sb_req *q, struct sb_reply *r, struct call *c)
{
    if (!identify(q, r, c))
        return false;
    if (c->app)
        return true;
    sb_arm_error(r, 403, "Forbidden", "Only the cluster's application may do this.");
    return false;
}

/* That the caller came this far is the test. */
static void do_certificate(struct sb_req *q, struct sb_reply *r)
{
    struct json *answer;
    struct call c;
    char at[TIME_SIZE];

    if (!res_body(q, r, &only_node_shape) || !only_app(q, r, &c))
        return;
    answer = json_object();
    json_set_str(answer, "status", "Accepted");
    time_iso7(at, world_now(q->world));
    json_set_str(answer, "serverTime", at);
    sb_reply_json(r, 200, answer);
}

static char *identity_token(const struct json *cluster, const char *audience)
{
    const char *tid = json_str(cluster, "identity.tenantId"),
               *oid = json_str(cluster, "identity.principalId");
    struct json *claims = json_object();
    char issuer[128];

    str_fmt(issuer, sizeof issuer, "https://sts.windows.net/%s/", tid ? tid : "");
    json_set_str(claims, "aud", audience);
    json_set_str(claims, "tid", tid);
    json_set_str(claims, "oid", oid);
    json_set_str(claims, "sub", oid);
    json_set_str(claims, "appid", oid);
    json_set_str(claims, "idtyp", "app");
    json_set_str(claims, "ver", "1.0");
    json_set_str(claims, "xms_mirid", json_str(cluster, "id"));
    return jwt_sign(issuer, claims, TOKEN_SECONDS);
}

/* What HCI IMDS gives a node of Azure Local (register-flow.md 1.8, port 42542). */
static void do_identity(struct sb_req *q, struct sb_reply *r)
{
    struct json *answer;
    struct call c;
    char *token;

    if (!res_body(q, r, &only_node_shape) || !only_app(q, r, &c))
        return;
    if (!json_str(c.cluster, "identity.principalId")) {
        sb_arm_error(r, 409, "IdentityNotFound", "Cluster '%s' has no identity.",
                     json_str(c.cluster, "name"));
        return;
    }
    token = identity_token(c.cluster, "https://management.azure.com");
    answer = json_object();
    json_set_str(answer, "access_token", token);
    json_set_str(answer, "token_type", "Bearer");
    json_set_int(answer, "expires_in", TOKEN_SECONDS);
    free(token);
    sb_reply_json(r, 200, answer);
}

#define EACH(what, handler)                                                                        \
    { "POST",       "/dataplane/{region}/clusters/{cloudId}/" what,                                \
      SB_DATAPLANE, NULL,                                                                          \
      handler,      "docs/dataplane.md" },                                                         \
        { "POST",       "/dataplane/clusters/{cloudId}/" what,                                     \
          SB_DATAPLANE, NULL,                                                                      \
          handler,      "docs/dataplane.md" },                                                     \
    {                                                                                              \
        "POST", "/clusters/{cloudId}/" what, SB_DATAPLANE, NULL, handler, "docs/dataplane.md"      \
    }
static const struct sb_route rows[] = {
    { "GET", "/dataplane/health", SB_ANYONE, NULL, health, "docs/dataplane.md" },
    { "GET", "/dataplane/{region}/health", SB_ANYONE, NULL, health, "docs/dataplane.md" },
    /* by the address that Azure tells, and by the one that stands in the table of clouds */
    EACH("register", do_register),
    EACH("sync", do_sync),
    EACH("certificate", do_certificate),
    EACH("identity", do_identity),
};
const struct sb_routes dataplane_routes = { rows, ARRAY_LEN(rows) };
