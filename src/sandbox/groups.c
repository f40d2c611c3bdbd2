/* Sources: Microsoft.Resources 2021-04-01 resources.json ResourceGroups_*, Resources_List*;
 * azure-wire.md 2.4. */
#include "config.h"

#include "sandbox/arm.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_TYPE  "Microsoft.Resources/resourceGroups"
#define CUSTOM_TYPE "Microsoft.ExtendedLocation/customLocations"
#define DELETE_MS   1000

static const struct shape_row state_rows[] = {
    { "provisioningState", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
};
static const struct shape state_shape = SHAPE("ResourceGroupProperties", state_rows);
static const struct shape_row group_rows[] = {
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "name", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "location", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "managedBy", SHAPE_STR, 0, NULL, NULL, NULL },
    { "tags", SHAPE_MAP, 0, NULL, NULL, NULL },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &state_shape },
};
static const struct shape group_shape = SHAPE("ResourceGroup", group_rows);
static const struct shape_row patch_rows[] = {
    { "name", SHAPE_STR, 0, NULL, NULL, NULL },
    { "managedBy", SHAPE_STR, 0, NULL, NULL, NULL },
    { "tags", SHAPE_MAP, 0, NULL, NULL, NULL },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &state_shape },
};
static const struct shape patch_shape = SHAPE("ResourceGroupPatchable", patch_rows);
static const struct shape_row identity_rows[] = {
    { "type", SHAPE_STR, 0, NULL, NULL, NULL },
    { "principalId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "tenantId", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape identity_shape = SHAPE("Identity", identity_rows);
static const struct shape_row place_rows[] = {
    { "type", SHAPE_STR, 0, NULL, NULL, NULL },
    { "name", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape place_shape = SHAPE("ExtendedLocation", place_rows);
static const struct shape_row listed_rows[] = {
    { "id", SHAPE_STR, 0, NULL, NULL, NULL },
    { "name", SHAPE_STR, 0, NULL, NULL, NULL },
    { "type", SHAPE_STR, 0, NULL, NULL, NULL },
    { "location", SHAPE_STR, 0, NULL, NULL, NULL },
    { "tags", SHAPE_MAP, 0, NULL, NULL, NULL },
    { "identity", SHAPE_OBJ, 0, NULL, NULL, &identity_shape },
    { "kind", SHAPE_STR, 0, NULL, NULL, NULL },
    { "managedBy", SHAPE_STR, 0, NULL, NULL, NULL },
    { "extendedLocation", SHAPE_OBJ, 0, NULL, NULL, &place_shape },
    { "createdTime", SHAPE_TIME, 0, NULL, NULL, NULL },
    { "changedTime", SHAPE_TIME, 0, NULL, NULL, NULL },
    { "provisioningState", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape listed_shape = SHAPE("GenericResourceExpanded", listed_rows);

static struct json *form(struct sb_req *q, const struct json *group)
{
    return shape_cut(&group_shape, group, q->api_version);
}

static bool name_ok(struct sb_reply *r, const char *name)
{
    size_t n = strlen(name);
    bool ok = n > 0 && n <= 90 && name[n - 1] != '.';

    for (const char *p = name; ok && *p; p++)
        ok = isalnum((unsigned char)*p) || strchr("-_.()", *p) || (unsigned char)*p >= 0x80;
    if (!ok)
        sb_arm_error(r, 400, "InvalidResourceGroup",
                     "The provided resource group name '%.100s' is invalid. The name can be up to "
                     "90 characters, only "
                     "letters, digits, '-', '.', '(', ')' and '_', and cannot end with '.'.",
                     name);
    return ok;
}

static void put(struct sb_req *q, struct sb_reply *r, const char *id, struct json *old)
{
    const struct json *body = res_body(q, r, &group_shape);
    const char *location = json_str(body, "location");
    struct json *g;
    char region[64];

    if (!body || !name_ok(r, sb_var(q, "rg")) ||
        !res_location_ok(q, r, location, GROUP_TYPE, false))
        return;
    str_region(region, sizeof region, location);
    if (old && !str_ieq(json_str(old, "location"), region)) {
        sb_arm_error(r, 409, "InvalidResourceGroupLocation",
                     "Invalid resource group location '%s'. The Resource group already exists in "
                     "location '%s'.",
                     region, json_str(old, "location"));
        return;
    }
    g = res_new(id, GROUP_TYPE);
    json_set_str(g, "location", region);
    if (json_is_object(json_member(body, "tags")))
        json_set(g, "tags", json_copy(json_member(body, "tags")));
    if (json_str(body, "managedBy"))
        json_set_str(g, "managedBy", json_str(body, "managedBy"));
    json_set_str(res_props(g), "provisioningState", "Succeeded");
    sb_reply_json(r, old ? 200 : 201, form(q, g));
    world_put(q->world, id, g);
}

static void patch(struct sb_req *q, struct sb_reply *r, struct json *old)
{
    const struct json *body = res_body(q, r, &patch_shape);

    if (!body)
        return;
    if (json_is_object(json_member(body, "tags")))
        json_set(old, "tags", json_copy(json_member(body, "tags")));
    world_touch(q->world);
    sb_reply_json(r, 200, form(q, old));
}

static void drop(struct sb_req *q, struct sb_reply *r, const char *id, struct json *old)
{
    const struct lro o = { NULL, NULL, "delete", id, NULL, DELETE_MS, false };

    json_set_str(res_props(old), "provisioningState", "Deleting");
    if (lro_start(q, r, &o))
        r->status = 200;
}

static struct res_need need_of(const char *method)
{
    struct res_need need = { "Microsoft.Resources/subscriptions/resourceGroups/read", NULL, false,
                             false };

    if (str_eq(method, "PUT") || str_eq(method, "PATCH")) {
        need.action = "Microsoft.Resources/subscriptions/resourceGroups/write";
        need.write = true;
    } else if (str_eq(method, "DELETE")) {
        need.action = "Microsoft.Resources/subscriptions/resourceGroups/delete";
        need.write = true;
    }
    need.group = !str_eq(method, "PUT") && !str_eq(method, "HEAD");
    return need;
}

void groups_one(struct sb_req *q, struct sb_reply *r)
{
    struct res_need need = need_of(q->method);
    struct str id = STR_INIT;
    struct json *old;

    if (!res_allow(q, r, &need))
        return;
    res_group_id(&id, q);
    old = world_resource(q->world, str_p(&id));
    if (str_eq(q->method, "HEAD"))
        r->status = old ? 204 : 404;
    else if (str_eq(q->method, "PUT"))
        put(q, r, str_p(&id), old);
    else if (str_eq(q->method, "PATCH"))
        patch(q, r, old);
    else if (str_eq(q->method, "DELETE"))
        drop(q, r, str_p(&id), old);
    else
        sb_reply_json(r, 200, form(q, old));
    str_free(&id);
}

void groups_list(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { "Microsoft.Resources/subscriptions/resourceGroups/read",
                                          NULL, false, false };
    char prefix[128];

    if (!res_allow(q, r, &need))
        return;
    str_fmt(prefix, sizeof prefix, "/subscriptions/%s/resourceGroups/", sb_var(q, "sub"));
    res_list(q, r, prefix, GROUP_TYPE, form);
}

/* "name eq 'value'" anywhere in the filter; false if absent. */
static bool filter_value(const char *filter, const char *name, char *out, size_t size)
{
    const char *p = filter ? str_ifind(filter, name) : NULL, *end;

    if (!p)
        return false;
    p += strlen(name);
    p += strspn(p, " ");
    if (strncasecmp(p, "eq ", 3))
        return false;
    p = strchr(p, '\'');
    end = p ? strchr(p + 1, '\'') : NULL;
    return end && str_fmt(out, size, "%.*s", (int)(end - p - 1), p + 1);
}

struct generic {
    struct sb_req *q;
    struct json *value;
    char type[128], group[128], name[128];
};

/* The three members that a list shows only when $expand names them. */
static struct json *listed(const struct json *resource, const struct generic *g)
{
    static const struct {
        const char *name, *from;
    } more[] = { { "createdTime", "systemData.createdAt" },
                 { "changedTime", "systemData.lastModifiedAt" },
                 { "provisioningState", "properties.provisioningState" } };
    struct json *out = shape_cut(&listed_shape, resource, g->q->api_version);
    const char *expand = sb_query(g->q, "$expand");

    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        if (expand && str_ifind(expand, more[i].name) && json_str(resource, more[i].from))
            json_set_str(out, more[i].name, json_str(resource, more[i].from));
    return out;
}

static void list_generic(const char *id, struct json *resource, void *payload)
{
    struct generic *g = payload;
    const char *in_group = str_ifind(id, "/resourceGroups/");
    char group[128] = "";

    if (!json_str(resource, "location") || str_ieq(json_str(resource, "type"), GROUP_TYPE))
        return;
    if (in_group) {
        in_group += strlen("/resourceGroups/");
        str_fmt(group, sizeof group, "%.*s", (int)strcspn(in_group, "/"), in_group);
    }
    if ((g->type[0] && !str_ieq(g->type, json_str(resource, "type"))) ||
        (g->group[0] && !str_ieq(g->group, group)) ||
        (g->name[0] && !str_ieq(g->name, json_str(resource, "name"))))
        return;
    json_push(g->value, listed(resource, g));
}

void groups_resources(struct sb_req *q, struct sb_reply *r)
{
    struct res_need need = { "Microsoft.Resources/subscriptions/resources/read", NULL, false,
                             false };
    struct generic g = { q, NULL, "", "", "" };
    const char *filter = sb_query(q, "$filter");
    struct str prefix = STR_INIT;
    struct json *body;

    need.group = sb_var(q, "rg")[0] != 0;
    if (!res_allow(q, r, &need))
        return;
    filter_value(filter, "resourceType", g.type, sizeof g.type);
    filter_value(filter, "resourceGroup", g.group, sizeof g.group);
    filter_value(filter, "name", g.name, sizeof g.name);
    if (need.group)
        res_group_id(&prefix, q);
    else
        str_addf(&prefix, "/subscriptions/%s", sb_var(q, "sub"));
    str_addc(&prefix, '/');
    g.value = json_array();
    world_each(q->world, str_p(&prefix), list_generic, &g);
    str_free(&prefix);
    body = json_object();
    json_set(body, "value", g.value);
    sb_reply_json(r, 200, body);
}

/* Microsoft.ExtendedLocation 2021-08-15 customLocations: what a test or a seed put there, with
 * hostResourceId. Not in the contract folder; the form is public, cut to what the client may need.
 */
static struct json *custom_form(struct sb_req *q, const struct json *resource)
{
    (void)q;
    return json_copy(resource);
}

void groups_custom_locations(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { CUSTOM_TYPE "/read", NULL, false, false };

    res_list_scope(q, r, &need, CUSTOM_TYPE, custom_form);
}
