/* Arc machines. Sources: Microsoft.HybridCompute 2022-03-10 HybridCompute.json Machines_*;
 * azure-wire.md 3.7. */
#include "config.h"

#include "sandbox/resource.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/locks.h"

#define MACHINE_TYPE "Microsoft.HybridCompute/machines"

static const struct shape_row place_rows[] = {
    { "name", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "city", SHAPE_STR, 0, NULL, NULL, NULL },
    { "district", SHAPE_STR, 0, NULL, NULL, NULL },
    { "countryOrRegion", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape place_shape = SHAPE("LocationData", place_rows);
static const struct shape nothing_shape = { "object", NULL, 0 };
static const struct shape_row error_rows[] = {
    { "code", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "message", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "target", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
};
static const struct shape error_shape = SHAPE("ErrorDetail", error_rows);
static const struct shape_row identity_rows[] = {
    { "type", SHAPE_STR, 0, "SystemAssigned", NULL, NULL },
    { "principalId", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "tenantId", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
};
static const struct shape identity_shape = SHAPE("Identity", identity_rows);
static const struct shape_row properties_rows[] = {
    { "locationData", SHAPE_OBJ, 0, NULL, NULL, &place_shape },
    { "agentConfiguration", SHAPE_OBJ, SHAPE_IGNORED, NULL, NULL, &nothing_shape },
    { "serviceStatuses", SHAPE_OBJ, SHAPE_IGNORED, NULL, NULL, &nothing_shape },
    { "cloudMetadata", SHAPE_OBJ, SHAPE_IGNORED, NULL, NULL, &nothing_shape },
    { "osProfile", SHAPE_OBJ, SHAPE_IGNORED, NULL, NULL, &nothing_shape },
    { "provisioningState", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "status", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "lastStatusChange", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
    { "errorDetails", SHAPE_LIST, SHAPE_RO, NULL, NULL, &error_shape },
    { "agentVersion", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "vmId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "displayName", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "machineFqdn", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "clientPublicKey", SHAPE_STR, 0, NULL, NULL, NULL },
    { "osName", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "osVersion", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "osType", SHAPE_STR, 0, NULL, NULL, NULL },
    { "vmUuid", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "osSku", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "domainName", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "adFqdn", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "dnsFqdn", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "privateLinkScopeResourceId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "parentClusterResourceId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "mssqlDiscovered", SHAPE_STR, 0, NULL, NULL, NULL },
    { "detectedProperties", SHAPE_MAP, SHAPE_RO, NULL, NULL, NULL },
};
static const struct shape properties_shape = SHAPE("MachineProperties", properties_rows);
static const struct shape_row machine_rows[] = {
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "name", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "tags", SHAPE_MAP, 0, NULL, NULL, NULL },
    { "location", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "identity", SHAPE_OBJ, 0, NULL, NULL, &identity_shape },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &properties_shape },
    { "systemData", SHAPE_OBJ, SHAPE_RO, NULL, NULL, &shape_system_data },
};
static const struct shape machine_shape = SHAPE("Machine", machine_rows);
static const struct shape_row patch_properties_rows[] = {
    { "locationData", SHAPE_OBJ, 0, NULL, NULL, &place_shape },
    { "osProfile", SHAPE_OBJ, SHAPE_IGNORED, NULL, NULL, &nothing_shape },
    { "cloudMetadata", SHAPE_OBJ, SHAPE_IGNORED, NULL, NULL, &nothing_shape },
    { "parentClusterResourceId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "privateLinkScopeResourceId", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape patch_properties_shape =
    SHAPE("MachineUpdateProperties", patch_properties_rows);
static const struct shape_row patch_rows[] = {
    { "tags", SHAPE_MAP, 0, NULL, NULL, NULL },
    { "identity", SHAPE_OBJ, 0, NULL, NULL, &identity_shape },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &patch_properties_shape },
};
static const struct shape patch_shape = SHAPE("MachineUpdate", patch_rows);

static struct json *form(struct sb_req *q, const struct json *machine)
{
    return shape_cut(&machine_shape, machine, q->api_version);
}

static bool name_ok(struct sb_reply *r, const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t n = strlen(name);

    if (n && n <= 54 && strspn(name, good) == n)
        return true;
    sb_arm_error(r, 400, "InvalidResourceName",
                 "Machine name '%.100s' does not match ^[a-zA-Z0-9-_\\.]{1,54}$.", name);
    return false;
}

static void machine_id(struct str *out, struct sb_req *q)
{
    res_id(out, q, MACHINE_TYPE, sb_var(q, "machine"));
}

void arc_machine_put(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { MACHINE_TYPE "/write", NS_ARC, true, true };
    const struct json *body;
    struct str id = STR_INIT;
    struct json *m;

    if (!res_allow(q, r, &need) || !(body = res_body(q, r, &machine_shape)) ||
        !name_ok(r, sb_var(q, "machine")) ||
        !res_location_ok(q, r, json_str(body, "location"), MACHINE_TYPE, false))
        return;
    machine_id(&id, q);
    if (!q->action[0] && !locks_allow_at(q, r, "PUT", str_p(&id))) {
        str_free(&id);
        return;
    }
    m = world_resource(q->world, str_p(&id));
    if (!m) {
        world_put(q->world, str_p(&id), res_new(str_p(&id), MACHINE_TYPE));
        m = world_resource(q->world, str_p(&id));
        json_set_str(res_props(m), "status",
                     "Disconnected"); /* a shell, until its agent speaks: azure-wire.md 3.7.3 */
        json_set_str(res_props(m), "displayName", sb_var(q, "machine"));
    }
    shape_merge(&machine_shape, m, body);
    json_set_str(res_props(m), "provisioningState", "Succeeded");
    res_identity(q, m, json_member(body, "identity"));
    res_stamp(q, m);
    sb_reply_json(r, 200, form(q, m));
    str_free(&id);
}

static void patch(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { MACHINE_TYPE "/write", NS_ARC, true, true };
    const struct json *body;
    struct str id = STR_INIT;
    struct json *m;

    if (!res_allow(q, r, &need) || !(body = res_body(q, r, &patch_shape)))
        return;
    machine_id(&id, q);
    m = res_find(q, r, str_p(&id));
    str_free(&id);
    if (!m)
        return;
    shape_merge(&patch_shape, m, body);
    res_identity(q, m, json_member(body, "identity"));
    res_stamp(q, m);
    sb_reply_json(r, 200, form(q, m));
}

void arc_machine_delete(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { MACHINE_TYPE "/delete", NS_ARC, true, true };
    struct str id = STR_INIT;

    if (!res_allow(q, r, &need))
        return;
    machine_id(&id, q);
    if (q->action[0] || locks_allow_at(q, r, "DELETE", str_p(&id))) {
        r->status = world_resource(q->world, str_p(&id)) ? 200 : 204;
        lro_delete(q->world, str_p(&id)); /* its extensions, too */
    }
    str_free(&id);
}

static void machine(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { MACHINE_TYPE "/read", NS_ARC, false, true };
    struct str id = STR_INIT;
    const struct json *m;

    if (str_eq(q->method, "PUT")) {
        arc_machine_put(q, r);
    } else if (str_eq(q->method, "PATCH")) {
        patch(q, r);
    } else if (str_eq(q->method, "DELETE")) {
        arc_machine_delete(q, r);
    } else if (res_allow(q, r, &need)) {
        machine_id(&id, q);
        if ((m = res_find(q, r, str_p(&id))))
            sb_reply_json(r, 200, form(q, m));
        str_free(&id);
    }
}

static void machines(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { MACHINE_TYPE "/read", NS_ARC, false, false };

    res_list_scope(q, r, &need, MACHINE_TYPE, form);
}

#define MACHINES "/providers/Microsoft.HybridCompute/machines"
#define FROM     "Microsoft.HybridCompute 2022-03-10 HybridCompute.json "
static const struct sb_route rows[] = {
    { "GET", "/subscriptions/{sub}" MACHINES, SB_ARM, ARC_VERSIONS, machines,
      FROM "Machines_ListBySubscription" },
    { "GET", "/subscriptions/{sub}/resourceGroups/{rg}" MACHINES, SB_ARM, ARC_VERSIONS, machines,
      FROM "Machines_ListByResourceGroup" },
    { "GET PUT PATCH DELETE", "/subscriptions/{sub}/resourceGroups/{rg}" MACHINES "/{machine}",
      SB_ARM, ARC_VERSIONS, machine, FROM "Machines_*" },
};
const struct sb_routes arc_routes = { rows, ARRAY_LEN(rows) };
