/* Clusters. Sources: Microsoft.AzureStackHCI clusters.json Clusters_*; azure-wire.md 3.1, 3.2;
 * register-flow.md 2.10. */
#include "config.h"

#include "sandbox/clouds.h"
#include "sandbox/hci.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/arm.h"

#define DELETE_MS  1000
#define DAY_MS     (24 * 3600 * 1000LL)
#define TRIAL_DAYS 60 /* docs-facts.md: free trial after registering */

bool hci_recent(struct world *w, const struct json *cluster)
{
    int64_t at;

    return time_parse(json_str(cluster, "properties.lastSyncTimestamp"), &at) &&
           world_now(w) - at <= DAY_MS;
}

static void age(struct sb_req *q, struct json *props, const struct json *cluster)
{
    int64_t registered;

    if (!json_str(props, "lastSyncTimestamp"))
        return;
    if (!hci_recent(q->world, cluster)) {
        json_set_str(props, "status", "NotConnectedRecently");
        json_set_str(props, "connectivityStatus", "NotConnectedRecently");
    }
    if (time_parse(json_str(props, "registrationTimestamp"), &registered)) {
        int64_t left = TRIAL_DAYS - (world_now(q->world) - registered) / DAY_MS;

        json_set_int(props, "trialDaysRemaining", left > 0 ? left : 0);
    }
}

/* 2021-09-01 requires both ids in every answer, also of a cluster that a newer version made without
 * them. Inferred: no source tells what Azure puts there; oav insists on something. */
static void fill_legacy_ids(struct sb_req *q, struct json *props)
{
    const char *tenant = json_str(res_subscription(q->world, sb_var(q, "sub")), "tenantId");

    if (shape_has(q->api_version, "2022-05-01"))
        return;
    if (!json_str(props, "aadClientId"))
        json_set_str(props, "aadClientId", "00000000-0000-0000-0000-000000000000");
    if (!json_str(props, "aadTenantId") && tenant)
        json_set_str(props, "aadTenantId", tenant);
}

struct json *hci_form(struct sb_req *q, const struct json *resource)
{
    struct json *whole, *cut, *props;
    struct str endpoint = STR_INIT;
    char region[64], base[300];

    if (str_ieq(json_str(resource, "type"), EXTENSION_TYPE))
        return shape_cut(&hci_extension_shape, resource, q->api_version);
    if (!str_ieq(json_str(resource, "type"), CLUSTER_TYPE))
        return shape_cut(&hci_settings_shape, resource, q->api_version);
    whole = json_copy(resource);
    props = res_props(whole);
    str_region(region, sizeof region, json_str(resource, "location"));
    sb_cloud_base(base, q, SB_DATAPLANE);
    str_addf(&endpoint, "%s/dataplane/%s", base,
             region); /* never stored: the port may change with a restart */
    json_set_str(props, "serviceEndpoint", str_p(&endpoint));
    str_free(&endpoint);
    age(q, props, resource);
    fill_legacy_ids(q, props);
    cut = shape_cut(&hci_cluster_shape, whole, q->api_version);
    json_free(whole);
    return cut;
}

struct json *hci_cluster_of(struct sb_req *q, struct sb_reply *r)
{
    struct str id = STR_INIT;
    struct json *c;

    res_id(&id, q, CLUSTER_TYPE, sb_var(q, "cluster"));
    c = res_find(q, r, str_p(&id));
    str_free(&id);
    return c;
}

bool hci_steady(struct sb_reply *r, const struct json *resource)
{
    if (!str_eq(json_str(resource, "properties.provisioningState"), "Deleting"))
        return true;
    sb_arm_error(r, 409, "AnotherOperationInProgress",
                 "The resource '%s' is being deleted and cannot perform this operation.",
                 json_str(resource, "id"));
    return false;
}

static void fill_provider(struct sb_req *q, struct json *props)
{
    const char *tenant = json_str(res_subscription(q->world, sb_var(q, "sub")), "tenantId");

    if (!json_str(props, "resourceProviderObjectId") &&
        !json_flag(world_section(q->world, "options"), "resourceProviderObjectIdNever", false))
        json_set_str(props, "resourceProviderObjectId",
                     res_rp_object_id(q->world, tenant ? tenant : ""));
}

static struct json *create(struct sb_req *q, const char *id)
{
    struct json *c = res_new(id, CLUSTER_TYPE), *p = res_props(c), *desired = json_object();
    char cloud_id[GUID_SIZE];

    guid_random(cloud_id);
    json_set_str(p, "provisioningState", "Succeeded");
    json_set_str(p, "status", "NotYetRegistered");
    json_set_str(p, "connectivityStatus", "NotYetRegistered");
    json_set_str(p, "cloudId", cloud_id);
    json_set_str(desired, "windowsServerSubscription", "Disabled");
    json_set_str(desired, "diagnosticLevel", "Basic");
    json_set(p, "desiredProperties", desired);
    json_set(p, "reportedProperties", json_object());
    json_set_int(p, "trialDaysRemaining", TRIAL_DAYS);
    json_set_str(p, "billingModel", "Trial");
    json_set(c, "tags", json_object());
    if (!json_flag(world_section(q->world, "options"), "resourceProviderObjectIdNull", false))
        fill_provider(q, p);
    return c;
}

static bool same_region(const char *a, const char *b)
{
    char x[64], y[64];

    str_region(x, sizeof x, a);
    str_region(y, sizeof y, b);
    return str_eq(x, y);
}

/* 2021-09-01 had no service-made identity: both ids were the client's to send. */
static bool legacy_ids_ok(struct sb_req *q, struct sb_reply *r)
{
    if (shape_has(q->api_version, "2022-05-01") || (json_str(q->json, "properties.aadClientId") &&
                                                    json_str(q->json, "properties.aadTenantId")))
        return true;
    sb_arm_error(r, 400, "InvalidRequestContent",
                 "The request content was invalid and could not be deserialized: 'Required "
                 "properties 'aadClientId' "
                 "and 'aadTenantId' not found in JSON. Path 'properties'.'.");
    return false;
}

static void put(struct sb_req *q, struct sb_reply *r, const char *id)
{
    const struct json *body = res_body(q, r, &hci_cluster_shape);
    struct json *c = world_resource(q->world, id);

    if (!body || !hci_steady(r, c) || !res_name_ok(r, sb_var(q, "cluster"), 260) ||
        !legacy_ids_ok(q, r) ||
        !res_location_ok(q, r, json_str(body, "location"), CLUSTER_TYPE, true))
        return;
    if (c && !same_region(json_str(c, "location"), json_str(body, "location"))) {
        sb_arm_error(
            r, 409, "InvalidResourceLocation",
            "The resource '%s' already exists in location '%s' in resource group '%s'. A resource "
            "with the "
            "same name cannot be created in location '%s'. Please select a new resource name.",
            sb_var(q, "cluster"), json_str(c, "location"), sb_var(q, "rg"),
            json_str(body, "location"));
        return;
    }
    if (!c) {
        world_put(q->world, id, create(q, id));
        c = world_resource(q->world, id);
    }
    shape_merge(&hci_cluster_shape, c, body);
    res_identity(q, c, json_member(body, "identity"));
    res_stamp(q, c);
    sb_reply_json(r, 200, hci_form(q, c));
}

static void patch(struct sb_req *q, struct sb_reply *r, const char *id)
{
    const struct json *body = res_body(q, r, &hci_cluster_patch_shape);
    struct json *c = body ? res_find(q, r, id) : NULL;

    if (!c || !hci_steady(r, c))
        return;
    shape_merge(&hci_cluster_patch_shape, c, body);
    res_identity(q, c, json_member(body, "identity"));
    fill_provider(
        q, res_props(c)); /* a PATCH makes the provider look again: register-flow.md 2.5 M4 */
    res_stamp(q, c);
    sb_reply_json(r, 200, hci_form(q, c));
}

static void drop(struct sb_req *q, struct sb_reply *r, const char *id)
{
    struct json *c = world_resource(q->world, id);
    struct lro o = { NS_HCI, NULL, "delete", id, NULL, DELETE_MS, false };

    if (!c) {
        r->status = 204;
        return;
    }
    o.location = json_str(c, "location");
    json_set_str(res_props(c), "provisioningState", "Deleting");
    if (!shape_has(q->api_version, "2022-05-01")) { /* 2021-09-01 deletes at once */
        lro_delete(q->world, id);
        r->status = 200;
        return;
    }
    if (lro_start(q, r, &o))
        r->status = 200;
}

static void cluster(struct sb_req *q, struct sb_reply *r)
{
    struct res_need need = { CLUSTER_TYPE "/read", NS_HCI, false, true };
    struct str id = STR_INIT;
    struct json *c;

    if (str_eq(q->method, "DELETE"))
        need.action = CLUSTER_TYPE "/delete";
    else if (!str_eq(q->method, "GET"))
        need.action = CLUSTER_TYPE "/write";
    need.write = !str_eq(q->method, "GET");
    if (!res_allow(q, r, &need))
        return;
    res_id(&id, q, CLUSTER_TYPE, sb_var(q, "cluster"));
    if (str_eq(q->method, "PUT"))
        put(q, r, str_p(&id));
    else if (str_eq(q->method, "PATCH"))
        patch(q, r, str_p(&id));
    else if (str_eq(q->method, "DELETE"))
        drop(q, r, str_p(&id));
    else if ((c = res_find(q, r, str_p(&id))))
        sb_reply_json(r, 200, hci_form(q, c));
    str_free(&id);
}

static void clusters(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { CLUSTER_TYPE "/read", NS_HCI, false, false };

    res_list_scope(q, r, &need, CLUSTER_TYPE, hci_form);
}

#define SUB      "/subscriptions/{sub}"
#define CLUSTERS "/providers/Microsoft.AzureStackHCI/clusters"
#define SETTINGS SUB "/resourceGroups/{rg}" CLUSTERS "/{cluster}/arcSettings"
#define FROM     "Microsoft.AzureStackHCI 2024-04-01 "
static const struct sb_route rows[] = {
    { "GET", SUB CLUSTERS, SB_ARM, HCI_VERSIONS, clusters,
      FROM "clusters.json Clusters_ListBySubscription" },
    { "GET", SUB "/resourceGroups/{rg}" CLUSTERS, SB_ARM, HCI_VERSIONS, clusters,
      FROM "clusters.json Clusters_ListByResourceGroup" },
    { "GET PUT PATCH DELETE", SUB "/resourceGroups/{rg}" CLUSTERS "/{cluster}", SB_ARM,
      HCI_VERSIONS, cluster, FROM "clusters.json Clusters_*" },
    { "POST", SUB "/resourceGroups/{rg}" CLUSTERS "/{cluster}/{action}", SB_ARM, HCI_VERSIONS,
      hci_action, FROM "clusters.json Clusters_CreateIdentity and others" },
    { "GET", SETTINGS, SB_ARM, HCI_VERSIONS, hci_settings_list,
      FROM "arcSettings.json ArcSettings_ListByCluster" },
    { "GET PUT PATCH DELETE", SETTINGS "/{setting}", SB_ARM, HCI_VERSIONS, hci_settings_one,
      FROM "arcSettings.json ArcSettings_*" },
    { "GET", SETTINGS "/{setting}/extensions", SB_ARM, HCI_VERSIONS, hci_extensions,
      FROM "extensions.json Extensions_ListByArcSetting" },
    { "GET PUT PATCH DELETE", SETTINGS "/{setting}/extensions/{extension}", SB_ARM, HCI_VERSIONS,
      hci_extension_one, FROM "extensions.json Extensions_*" },
    { "POST", SETTINGS "/{setting}/{action}", SB_ARM, HCI_VERSIONS, hci_action,
      FROM "arcSettings.json ArcSettings_GeneratePassword and others" },
    { "POST", SETTINGS "/{setting}/reconcile", SB_ARM, HCI_RECONCILE_VERSIONS, hci_reconcile,
      "register-flow.md 2.10 R15, 1.1" },
};
const struct sb_routes hci_routes = { rows, ARRAY_LEN(rows) };
