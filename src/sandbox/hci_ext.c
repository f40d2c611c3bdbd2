/* Extensions of arcSettings. Sources: Microsoft.AzureStackHCI 2021-09-01 .. 2024-04-01
 * extensions.json; azure-wire.md 3.3.9. What is installed nowhere is shown as installed: the
 * sandbox's machines have no extension manager. protectedSettings are taken and never kept. */
#include "config.h"

#include "sandbox/hci.h"

#include <string.h>

#define INSTALL_MS 1000

static void extension_id(struct str *out, const struct json *settings, const char *name)
{
    str_addf(out, "%s/extensions/%s", json_str(settings, "id"), name);
}

static struct json *create(const char *id)
{
    struct json *e = res_new(id, EXTENSION_TYPE), *p = res_props(e);

    json_set_str(p, "managedBy", "User");
    json_set(p, "perNodeExtensionDetails", json_array());
    return e;
}

/* The arcSetting that an extension's id hangs from. */
static const struct json *owner(struct world *w, const char *id)
{
    const char *cut = str_ifind(id, "/extensions/");
    struct str parent = STR_INIT;
    const struct json *settings;

    str_addn(&parent, id, cut ? (size_t)(cut - id) : strlen(id));
    settings = world_resource(w, str_p(&parent));
    str_free(&parent);
    return settings;
}

void hci_extension_done(struct world *w, const char *id)
{
    struct json *e = world_resource(w, id), *p, *list = json_array();
    const char *version;

    if (!e) {
        json_free(list);
        return;
    }
    p = res_props(e);
    version = json_str(p, "extensionParameters.typeHandlerVersion");
    JSON_EACH (n, json_get(owner(w, id), "properties.perNodeDetails")) {
        struct json *item = json_object();
        struct str machine = STR_INIT;

        str_addf(&machine, "%s/extensions/%s", json_str(n, "arcInstance"), json_str(e, "name"));
        json_set_str(item, "name", json_str(n, "name"));
        json_set_str(item, "extension", str_p(&machine));
        json_set_str(item, "state", "Succeeded");
        if (version)
            json_set_str(item, "typeHandlerVersion", version);
        json_push(list, item);
        str_free(&machine);
    }
    json_set(p, "perNodeExtensionDetails", list);
    json_set_str(p, "provisioningState", "Succeeded");
    json_set_str(p, "aggregateState", "Succeeded");
    world_touch(w);
}

static void write_extension(struct sb_req *q, struct sb_reply *r, const struct json *cluster,
                            const char *id)
{
    bool put = str_eq(q->method, "PUT");
    const struct shape *shape = put || !shape_has(q->api_version, "2024-01-01")
                                    ? &hci_extension_shape
                                    : &hci_extension_patch_shape;
    const struct json *body = res_body(q, r, shape);
    struct json *e = world_resource(q->world, id);
    const struct lro o = { .provider = NS_HCI,
                           .location = json_str(cluster, "location"),
                           .kind = "extension",
                           .target = id,
                           .result = id,
                           .ms = INSTALL_MS };
    bool fresh = !e;

    if (!body || !hci_steady(r, e) || (fresh && !put && !res_find(q, r, id)))
        return;
    if (fresh) {
        world_put(q->world, id, create(id));
        e = world_resource(q->world, id);
    }
    shape_merge(shape, e, body);
    json_set_str(res_props(e), "provisioningState", fresh ? "Creating" : "Updating");
    json_set_str(res_props(e), "aggregateState", "InProgress");
    res_stamp(q, e);
    if (lro_start(q, r, &o))
        sb_reply_json(r, 200, hci_form(q, e));
    else if (put || !shape_has(q->api_version, "2022-05-01"))
        sb_reply_json(r, 201, hci_form(q, e));
}

void hci_extension_one(struct sb_req *q, struct sb_reply *r)
{
    struct res_need need = { EXTENSION_TYPE "/read", NS_HCI, !str_eq(q->method, "GET"), true };
    const struct json *cluster, *settings, *e;
    struct str id = STR_INIT;

    if (need.write)
        need.action =
            str_eq(q->method, "DELETE") ? EXTENSION_TYPE "/delete" : EXTENSION_TYPE "/write";
    if (!res_allow(q, r, &need) || !(cluster = hci_cluster_of(q, r)))
        return;
    if (!(settings = hci_settings_of(q, r, cluster)))
        return;
    extension_id(&id, settings, sb_var(q, "extension"));
    if (str_eq(q->method, "DELETE"))
        lro_drop(q, r, NS_HCI, json_str(cluster, "location"), str_p(&id), INSTALL_MS);
    else if (need.write && hci_steady(r, cluster) && hci_steady(r, settings))
        write_extension(q, r, cluster, str_p(&id));
    else if (!need.write && (e = res_find(q, r, str_p(&id))))
        sb_reply_json(r, 200, hci_form(q, e));
    str_free(&id);
}

void hci_extensions(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { EXTENSION_TYPE "/read", NS_HCI, false, true };
    const struct json *cluster, *settings;
    struct str prefix = STR_INIT;

    if (!res_allow(q, r, &need) || !(cluster = hci_cluster_of(q, r)) ||
        !(settings = hci_settings_of(q, r, cluster)))
        return;
    extension_id(&prefix, settings, "");
    res_list(q, r, str_p(&prefix), EXTENSION_TYPE, hci_form);
    str_free(&prefix);
}
