/* Extensions of Arc machines. Source: Microsoft.HybridCompute 2022-03-10 HybridCompute.json
 * MachineExtensions_*. What is installed nowhere is shown as installed: the sandbox's machines have
 * no extension manager. protectedSettings are taken and never kept. A deletion is a long-running
 * operation; one marked "_delete" (resource.h) stays or fails. */
#include "config.h"

#include "sandbox/resource.h"

#include "sandbox/arm.h"

#define MACHINE_TYPE   "Microsoft.HybridCompute/machines"
#define EXTENSION_TYPE MACHINE_TYPE "/extensions"
#define DELETE_MS      1000

static const struct shape_row properties_rows[] = {
    { "forceUpdateTag", SHAPE_STR, 0, NULL, NULL, NULL },
    { "publisher", SHAPE_STR, 0, NULL, NULL, NULL },
    { "type", SHAPE_STR, 0, NULL, NULL, NULL },
    { "typeHandlerVersion", SHAPE_STR, 0, NULL, NULL, NULL },
    { "enableAutomaticUpgrade", SHAPE_BOOL, 0, NULL, NULL, NULL },
    { "autoUpgradeMinorVersion", SHAPE_BOOL, 0, NULL, NULL, NULL },
    { "settings", SHAPE_ANY, 0, NULL, NULL, NULL },
    { "protectedSettings", SHAPE_ANY, SHAPE_IGNORED, NULL, NULL, NULL },
    { "provisioningState", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
};
static const struct shape properties_shape = SHAPE("MachineExtensionProperties", properties_rows);
static const struct shape_row extension_rows[] = {
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "name", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "tags", SHAPE_MAP, 0, NULL, NULL, NULL },
    { "location", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &properties_shape },
    { "systemData", SHAPE_OBJ, SHAPE_RO, NULL, NULL, &shape_system_data },
};
static const struct shape extension_shape = SHAPE("MachineExtension", extension_rows);

static struct json *form(struct sb_req *q, const struct json *extension)
{
    return shape_cut(&extension_shape, extension, q->api_version);
}

/* The machine, or NULL and r is 404. */
static const struct json *machine_of(struct sb_req *q, struct sb_reply *r)
{
    struct str id = STR_INIT;
    const struct json *m;

    res_id(&id, q, MACHINE_TYPE, sb_var(q, "machine"));
    m = res_find(q, r, str_p(&id));
    str_free(&id);
    return m;
}

static void put(struct sb_req *q, struct sb_reply *r, const char *id)
{
    const struct json *body = res_body(q, r, &extension_shape);
    struct json *e = world_resource(q->world, id);

    if (!body)
        return;
    if (!e) {
        world_put(q->world, id, res_new(id, EXTENSION_TYPE));
        e = world_resource(q->world, id);
    }
    shape_merge(&extension_shape, e, body);
    json_set_str(res_props(e), "provisioningState", "Succeeded");
    res_stamp(q, e);
    sb_reply_json(r, 200, form(q, e));
}

static void extension(struct sb_req *q, struct sb_reply *r)
{
    struct res_need need = { EXTENSION_TYPE "/read", NS_ARC, !str_eq(q->method, "GET"), true };
    const struct json *machine, *e;
    struct str id = STR_INIT;

    if (need.write)
        need.action =
            str_eq(q->method, "DELETE") ? EXTENSION_TYPE "/delete" : EXTENSION_TYPE "/write";
    if (!res_allow(q, r, &need) || !(machine = machine_of(q, r)))
        return;
    str_addf(&id, "%s/extensions/%s", json_str(machine, "id"), sb_var(q, "extension"));
    if (str_eq(q->method, "DELETE"))
        lro_drop(q, r, NS_ARC, json_str(machine, "location"), str_p(&id), DELETE_MS);
    else if (need.write)
        put(q, r, str_p(&id));
    else if ((e = res_find(q, r, str_p(&id))))
        sb_reply_json(r, 200, form(q, e));
    str_free(&id);
}

static void extensions(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { EXTENSION_TYPE "/read", NS_ARC, false, true };
    const struct json *machine;
    struct str prefix = STR_INIT;

    if (!res_allow(q, r, &need) || !(machine = machine_of(q, r)))
        return;
    str_addf(&prefix, "%s/extensions/", json_str(machine, "id"));
    res_list(q, r, str_p(&prefix), EXTENSION_TYPE, form);
    str_free(&prefix);
}

#define MACHINE                                                                                    \
    "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.HybridCompute/machines/"         \
    "{machine}"
#define FROM "Microsoft.HybridCompute 2022-03-10 HybridCompute.json "
static const struct sb_route rows[] = {
    { "GET", MACHINE "/extensions", SB_ARM, ARC_VERSIONS, extensions,
      FROM "MachineExtensions_List" },
    { "GET PUT DELETE", MACHINE "/extensions/{extension}", SB_ARM, ARC_VERSIONS, extension,
      FROM "MachineExtensions_*" },
};
const struct sb_routes arc_ext_routes = { rows, ARRAY_LEN(rows) };
