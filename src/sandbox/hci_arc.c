/* arcSettings and reconcile. Sources: Microsoft.AzureStackHCI arcSettings.json ArcSettings_*;
 * azure-wire.md 3.3; register-flow.md 2.5 M5, M6 and surprise 5 (bare node names or machine ids).
 */
#include "config.h"

#include "sandbox/hci.h"

#include <stdlib.h>
#include <string.h>

#define RECONCILE_MS 2000
#define DELETE_MS    1000

static void settings_id(struct str *out, const struct json *cluster, const char *name)
{
    str_addf(out, "%s/arcSettings/%s", json_str(cluster, "id"), name);
}

static struct json *create(struct sb_req *q, const char *id)
{
    struct json *s = res_new(id, SETTINGS_TYPE), *p = res_props(s), *c = json_object();

    json_set_str(p, "provisioningState", "Succeeded");
    json_set_str(p, "arcInstanceResourceGroup", sb_var(q, "rg"));
    json_set_str(p, "aggregateState", "NotSpecified");
    json_set(p, "perNodeDetails", json_array());
    json_set_bool(c, "enabled", false);
    json_set(p, "connectivityProperties", c);
    json_set(p, "defaultExtensions", json_array());
    return s;
}

static void write_settings(struct sb_req *q, struct sb_reply *r, const char *id)
{
    bool put = str_eq(q->method, "PUT");
    const struct shape *shape = put ? &hci_settings_shape : &hci_settings_patch_shape;
    const struct json *body = res_body(q, r, shape);
    struct json *s = world_resource(q->world, id);

    if (!body || !hci_steady(r, s))
        return;
    if (!s && !put) {
        res_find(q, r, id);
        return;
    }
    if (!s) {
        world_put(q->world, id, create(q, id));
        s = world_resource(q->world, id);
    }
    shape_merge(shape, s, body);
    res_stamp(q, s);
    sb_reply_json(r, 200, hci_form(q, s));
}

void hci_settings_one(struct sb_req *q, struct sb_reply *r)
{
    struct res_need need = { SETTINGS_TYPE "/read", NS_HCI, false, true };
    const struct json *cluster;
    struct str id = STR_INIT;
    struct json *s;

    if (str_eq(q->method, "DELETE"))
        need.action = SETTINGS_TYPE "/delete";
    else if (!str_eq(q->method, "GET"))
        need.action = SETTINGS_TYPE "/write";
    need.write = !str_eq(q->method, "GET");
    if (!res_allow(q, r, &need) || !(cluster = hci_cluster_of(q, r)))
        return;
    settings_id(&id, cluster, sb_var(q, "setting"));
    if (str_eq(q->method, "DELETE"))
        lro_drop(q, r, NS_HCI, json_str(cluster, "location"), str_p(&id), DELETE_MS);
    else if (need.write && hci_steady(r, cluster))
        write_settings(q, r, str_p(&id));
    else if (!need.write && (s = res_find(q, r, str_p(&id))))
        sb_reply_json(r, 200, hci_form(q, s));
    str_free(&id);
}

void hci_settings_list(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { SETTINGS_TYPE "/read", NS_HCI, false, true };
    const struct json *cluster;
    struct str prefix = STR_INIT;

    if (!res_allow(q, r, &need) || !(cluster = hci_cluster_of(q, r)))
        return;
    settings_id(&prefix, cluster, "");
    res_list(q, r, str_p(&prefix), SETTINGS_TYPE, hci_form);
    str_free(&prefix);
}

struct json *hci_settings_of(struct sb_req *q, struct sb_reply *r, const struct json *cluster)
{
    struct str id = STR_INIT;
    struct json *s;

    settings_id(&id, cluster, sb_var(q, "setting"));
    s = res_find(q, r, str_p(&id));
    str_free(&id);
    return s;
}

/* ---- reconcile ---- */

static void arc_group_id(struct str *out, const char *sub, const struct json *settings)
{
    str_addf(out, "/subscriptions/%s/resourceGroups/%s", sub,
             json_str(settings, "properties.arcInstanceResourceGroup"));
}

static bool role_ok(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                    const char *group)
{
    const char *rp = json_str(cluster, "properties.resourceProviderObjectId");

    if (rp && roles_has(q->world, group, rp, ROLE_RESOURCE_MANAGER))
        return true;
    sb_arm_error(r, 409, "MissingRoleAssignment",
                 "The service principal '%s' of resource provider 'Microsoft.AzureStackHCI' does "
                 "not have the role "
                 "'Azure Connected Machine Resource Manager' (%s) over scope '%s'.",
                 rp ? rp : "", ROLE_RESOURCE_MANAGER, group);
    return false;
}

/* Node name or machine id -> perNodeDetails item; NULL when there is no such machine. */
static struct json *node_item(struct world *w, const char *group, const char *node)
{
    struct str id = STR_INIT;
    struct json *item = NULL;
    const struct json *m;

    if (node[0] == '/')
        str_add(&id, node);
    else
        str_addf(&id, "%s/providers/Microsoft.HybridCompute/machines/%s", group, node);
    m = res_within(str_p(&id), group) ? world_resource(w, str_p(&id)) : NULL;
    if (m) {
        item = json_object();
        json_set_str(item, "name", json_str(m, "name"));
        json_set_str(item, "arcInstance", json_str(m, "id"));
        if (json_str(m, "identity.principalId"))
            json_set_str(item, "arcNodeServicePrincipalObjectId",
                         json_str(m, "identity.principalId"));
        json_set_str(item, "state", "Creating");
    }
    str_free(&id);
    return item;
}

static struct json *node_items(struct sb_req *q, struct sb_reply *r, const char *group)
{
    struct json *items = json_array();

    JSON_EACH (n, json_get(q->json, "properties.clusterNodes")) {
        struct json *item = node_item(q->world, group, json_value_str(n));

        if (!item) {
            sb_arm_error(r, 400, "ArcMachineNotFound",
                         "There is no Arc machine '%s' in resource group '%s'.", json_value_str(n),
                         res_last(group));
            json_free(items);
            return NULL;
        }
        json_push(items, item);
    }
    return items;
}

bool hci_disabling(const struct json *settings)
{
    return str_eq(json_str(settings, "properties.aggregateState"), "DisableInProgress");
}

void hci_aggregate(struct json *settings)
{
    struct json *p = res_props(settings);
    size_t connected = 0, all = 0;

    if (hci_disabling(settings))
        return;
    JSON_EACH (n, json_get(p, "perNodeDetails")) {
        all++;
        connected += str_eq(json_str(n, "state"), "Connected");
    }
    json_set_str(p, "aggregateState",
                 !all               ? "NotSpecified"
                 : connected == all ? "Connected"
                 : connected > 0    ? "PartiallyConnected"
                                    : "Disconnected");
}

void hci_reconcile_done(struct world *w, const char *id)
{
    struct json *s = world_resource(w, id);

    if (!s)
        return;
    JSON_EACH (n, json_get(s, "properties.perNodeDetails")) {
        const struct json *m = world_resource(w, json_str(n, "arcInstance"));
        bool connected = str_eq(json_str(m, "properties.status"), "Connected");

        json_set_str(json_edit(n), "state", connected ? "Connected" : "Disconnected");
    }
    json_set_str(res_props(s), "provisioningState", "Succeeded");
    hci_aggregate(s);
    world_touch(w);
}

static void start_reconcile(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                            struct json *s, struct json *items)
{
    const char *id = json_str(s, "id");
    const struct lro o = { NS_HCI, json_str(cluster, "location"), "reconcile", id, id, RECONCILE_MS,
                           false };

    json_set(res_props(s), "perNodeDetails", items);
    json_set_str(res_props(s), "provisioningState", "Updating");
    json_set_str(res_props(s), "aggregateState", "InProgress");
    res_stamp(q, s);
    if (lro_start(q, r, &o))
        sb_reply_json(r, 200, hci_form(q, s));
}

/* initializeDisableProcess has no way back but the deletion of the settings (the contract has
 * none). That reconcile is refused until then is inferred: the module stops there (9113). */
static bool enabled(struct sb_reply *r, const struct json *s)
{
    if (!hci_disabling(s))
        return true;
    sb_arm_error(r, 409, "DisableInProgress",
                 "Azure Arc is being disabled for '%s'; delete the ArcSetting first.",
                 json_str(s, "id"));
    return false;
}

void hci_reconcile(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { SETTINGS_TYPE "/reconcile/action", NS_HCI, true, true };
    const struct json *cluster;
    struct json *s, *items = NULL;
    struct str group = STR_INIT;

    if (!res_allow(q, r, &need) || !(cluster = hci_cluster_of(q, r)) ||
        !(s = hci_settings_of(q, r, cluster)) || !res_body(q, r, &hci_reconcile_shape))
        return;
    if (!hci_steady(r, cluster) || !hci_steady(r, s) || !enabled(r, s))
        return;
    arc_group_id(&group, sb_var(q, "sub"), s);
    if (role_ok(q, r, cluster, str_p(&group)))
        items = node_items(q, r, str_p(&group));
    if (items)
        start_reconcile(q, r, cluster, s, items);
    str_free(&group);
}
