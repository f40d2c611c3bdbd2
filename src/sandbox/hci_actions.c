/* POST actions of clusters and arcSettings. Sources: Microsoft.AzureStackHCI 2022-12-01 ..
 * 2024-04-01 clusters.json, arcSettings.json; azure-wire.md 3.1, 3.3. The two identity actions,
 * generatePassword and uploadCertificate are in npm's @azure/arm-azurestackhci 3.1.0 (2022-05-01)
 * already. Inferred: what generatePassword and uploadCertificate answer before there is an identity
 * (no source tells),
 * and that a second create...Identity gives the same ids (azure-wire.md 2.7.5 calls that unproven).
 */
#include "config.h"

#include "sandbox/hci.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/directory.h"

#define IDENTITY_MS    1000
#define CERTIFICATE_MS 1000
#define DISABLE_MS     1000
#define ASSURANCE_MS   1000
#define CERTIFICATES   16 /* of all nodes: one each, sixteen nodes at most */

/* ---- identities that the service makes ---- */

static const char *const cluster_ids[] = { "aadClientId", "aadTenantId", "aadApplicationObjectId",
                                           "aadServicePrincipalObjectId" };
static const char *const arc_ids[] = { "arcApplicationClientId", "arcApplicationTenantId",
                                       "arcApplicationObjectId", "arcServicePrincipalObjectId" };

static const char *const *names_of(const struct json *resource)
{
    return str_ieq(json_str(resource, "type"), CLUSTER_TYPE) ? cluster_ids : arc_ids;
}

/* The application and its principal are there at once; their ids wait under "_identity" until the
 * operation is over. */
static void mint(struct sb_req *q, struct json *resource)
{
    const char *const *names = names_of(resource);
    const char *tenant = json_str(res_subscription(q->world, sb_var(q, "sub")), "tenantId");
    struct json *ids, *app, *sp;

    if (json_member(resource, "_identity") || !tenant)
        return;
    app = dir_app_new(q->world, tenant, json_str(resource, "name"));
    sp = dir_sp_new(q->world, app);
    ids = json_object();
    json_set_str(ids, names[0], json_str(app, "appId"));
    json_set_str(ids, names[1], tenant);
    json_set_str(ids, names[2], json_str(app, "id"));
    json_set_str(ids, names[3], json_str(sp, "id"));
    json_set(resource, "_identity", ids);
    world_touch(q->world);
}

void hci_identity_drop(struct world *w, const struct json *resource)
{
    const struct json *ids = json_member(resource, "_identity");
    const char *const *names = names_of(resource);
    const struct json *app =
        ids ? dir_app_by_id(w, json_str(ids, names[1]), json_str(ids, names[2])) : NULL;

    if (app)
        dir_app_remove(w, app);
}

void hci_identity_done(struct world *w, const char *id)
{
    struct json *resource = world_resource(w, id);

    JSON_EACH (v, json_member(resource, "_identity"))
        json_set(res_props(resource), json_name(v), json_copy(v));
    world_touch(w);
}

struct json *hci_identity_shown(struct world *w, const char *id)
{
    return json_copy(json_member(world_resource(w, id), "_identity"));
}

static void create_identity(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                            struct json *resource)
{
    const char *id = json_str(resource, "id");
    const struct lro o = { .provider = NS_HCI,
                           .location = json_str(cluster, "location"),
                           .kind = "identity",
                           .target = id,
                           .ms = IDENTITY_MS };
    struct json *body;

    mint(q, resource);
    if (!lro_start(q, r, &o))
        return;
    body = json_object();
    json_set(body, "properties", hci_identity_shown(q->world, id));
    sb_reply_json(r, 200, body);
}

/* ---- clusters ---- */

/* As a key credential of the cluster's application; NULL: no certificate with an RSA key. */
static struct json *credential(const char *base64)
{
    struct str der = STR_INIT;
    struct json *k = NULL;

    if (base64 && str_b64_decode(&der, base64) && der.len)
        k = dir_key_credential(der.p, der.len, "uploaded");
    str_free(&der);
    return k;
}

static struct json *cluster_app(struct world *w, const struct json *cluster)
{
    const char *id = json_str(cluster, "properties.aadApplicationObjectId"),
               *tenant = json_str(cluster, "properties.aadTenantId");

    return id && tenant ? dir_app_by_id(w, tenant, id) : NULL;
}

static bool has_key(const struct json *app, const char *key)
{
    JSON_EACH (k, json_member(app, "keyCredentials"))
        if (str_eq(json_str(k, "key"), key))
            return true;
    return false;
}

/* The same certificate again changes nothing; one that was there stays (register-flow.md 7.15). */
void hci_certificates_done(struct world *w, const char *id)
{
    const struct json *cluster = world_resource(w, id);
    struct json *app = cluster_app(w, cluster);

    JSON_EACH (c, json_member(cluster, "_certificates")) {
        struct json *k = app ? credential(json_value_str(c)) : NULL;

        if (k && !has_key(app, json_str(k, "key")))
            json_push(json_edit(json_member(app, "keyCredentials")), k);
        else
            json_free(k);
    }
    world_touch(w);
}

static void upload(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                   struct json *resource)
{
    const struct json *body = res_body(q, r, &hci_upload_shape), *list;
    const struct lro o = { .provider = NS_HCI,
                           .location = json_str(cluster, "location"),
                           .kind = "certificate",
                           .target = json_str(resource, "id"),
                           .ms = CERTIFICATE_MS,
                           .only_202 = true };

    if (!body)
        return;
    list = json_get(body, "properties.certificates");
    JSON_EACH (c, list) {
        struct json *k = credential(json_value_str(c));

        json_free(k);
        if (k)
            continue;
        sb_arm_error(r, 400, "InvalidCertificate",
                     "A certificate of the request is not the base64 form of the DER bytes of an "
                     "X.509 certificate with an RSA key.");
        return;
    }
    if (!cluster_app(q->world, resource)) {
        sb_arm_error(r, 409, "ClusterIdentityNotFound",
                     "The cluster has no identity yet; call createClusterIdentity first.");
        return;
    }
    if (!json_len(list) || json_len(list) > CERTIFICATES) {
        sb_arm_error(r, 400, "InvalidCertificate", "The request must hold 1 to %d certificates.",
                     CERTIFICATES);
        return;
    }
    json_set(resource, "_certificates", json_copy(list));
    world_touch(q->world);
    lro_start(q, r, &o);
}

void hci_assurance_done(struct world *w, const char *id)
{
    struct json *p = res_props(world_resource(w, id));
    struct json *a = json_edit(json_member(p, "softwareAssuranceProperties"));
    char now[TIME_SIZE];

    time_iso7(now, world_now(w));
    json_set_str(a, "softwareAssuranceStatus",
                 str_eq(json_str(a, "softwareAssuranceIntent"), "Enable") ? "Enabled" : "Disabled");
    json_set_str(a, "lastUpdated", now);
    world_touch(w);
}

static void assurance(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                      struct json *resource)
{
    const struct json *body = res_body(q, r, &hci_assurance_shape);
    const char *id = json_str(resource, "id"), *intent;
    const struct lro o = { .provider = NS_HCI,
                           .location = json_str(cluster, "location"),
                           .kind = "assurance",
                           .target = id,
                           .result = id,
                           .ms = ASSURANCE_MS };
    struct json *p = res_props(resource);

    if (!body)
        return;
    if (!json_is_object(json_member(p, "softwareAssuranceProperties")))
        json_set(p, "softwareAssuranceProperties", json_object());
    intent = json_str(body, "properties.softwareAssuranceIntent");
    json_set_str(json_edit(json_member(p, "softwareAssuranceProperties")),
                 "softwareAssuranceIntent", intent ? intent : "Disable");
    res_stamp(q, resource);
    if (lro_start(q, r, &o))
        sb_reply_json(r, 200, hci_form(q, resource));
}

/* ---- arcSettings ---- */

static void generate_password(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                              struct json *settings)
{
    const char *id = json_str(settings, "properties.arcApplicationObjectId"),
               *tenant = json_str(settings, "properties.arcApplicationTenantId");
    struct json *app = id && tenant ? dir_app_by_id(q->world, tenant, id) : NULL, *body;
    const struct json *credential;
    struct str secret = STR_INIT;

    (void)cluster;
    if (!app) {
        sb_arm_error(r, 409, "ArcIdentityNotFound",
                     "The ArcSetting has no identity yet; call createArcIdentity first.");
        return;
    }
    credential = dir_add_password(q->world, app, "generated", "", &secret);
    body = json_object();
    json_set_str(body, "secretText", str_p(&secret));
    json_set_str(body, "keyId", json_str(credential, "keyId"));
    json_set_str(body, "startDateTime", json_str(credential, "startDateTime"));
    json_set_str(body, "endDateTime", json_str(credential, "endDateTime"));
    str_free(&secret);
    sb_reply_json(r, 200, body);
}

static void consent(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                    struct json *settings)
{
    static const char *const categories[] = { "Telemetry", "Supportability" };
    struct json *list = json_array();
    char now[TIME_SIZE];

    (void)cluster;
    time_iso7(now, world_now(q->world));
    for (size_t i = 0; i < ARRAY_LEN(categories); i++) {
        struct json *e = json_object();

        json_set_str(e, "category", categories[i]);
        json_set_str(e, "consentTime", now);
        json_push(list, e);
    }
    json_set(res_props(settings), "defaultExtensions", list);
    res_stamp(q, settings);
    sb_reply_json(r, 200, hci_form(q, settings));
}

static void disable(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                    struct json *settings)
{
    const struct lro o = { .provider = NS_HCI,
                           .location = json_str(cluster, "location"),
                           .kind = "disable",
                           .target = json_str(settings, "id"),
                           .ms = DISABLE_MS };

    json_set_str(res_props(settings), "aggregateState", "DisableInProgress");
    res_stamp(q, settings);
    if (lro_start(q, r, &o))
        r->status = 200;
}

/* ---- the table ---- */

struct action {
    const char *name;  /* as the path and the right have it */
    const char *since; /* first api-version */
    bool settings;     /* of arcSettings, else of the cluster */
    void (*run)(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                struct json *resource);
};
static const struct action actions[] = {
    { "createClusterIdentity", "2022-05-01", false, create_identity },
    { "uploadCertificate", "2022-05-01", false, upload },
    { "extendSoftwareAssuranceBenefit", "2022-12-01", false, assurance },
    { "createArcIdentity", "2022-05-01", true, create_identity },
    { "generatePassword", "2022-05-01", true, generate_password },
    { "consentAndInstallDefaultExtensions", "2023-03-01", true, consent },
    { "initializeDisableProcess", "2023-03-01", true, disable },
};

static const struct action *find(struct sb_req *q, bool settings)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (actions[i].settings == settings && str_ieq(actions[i].name, sb_var(q, "action")) &&
            shape_has(q->api_version, actions[i].since))
            return &actions[i];
    return NULL;
}

void hci_action(struct sb_req *q, struct sb_reply *r)
{
    bool settings = sb_var(q, "setting")[0] != 0;
    const struct action *a = find(q, settings);
    struct res_need need = { NULL, NS_HCI, true, true };
    const struct json *cluster;
    struct json *resource;
    char right[160];

    if (!a) {
        sb_arm_error(r, 404, "InvalidResourceType",
                     "The resource type could not be found for '%s' and api version '%s'.", q->path,
                     q->api_version);
        return;
    }
    str_fmt(right, sizeof right, "%s/%s/action", settings ? SETTINGS_TYPE : CLUSTER_TYPE, a->name);
    need.action = right;
    if (!res_allow(q, r, &need) || !(cluster = hci_cluster_of(q, r)))
        return;
    resource = settings ? hci_settings_of(q, r, cluster) : json_edit(cluster);
    if (resource && hci_steady(r, cluster) && hci_steady(r, resource))
        a->run(q, r, cluster, resource);
}
