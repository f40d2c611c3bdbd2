/* Role definitions, built-in and custom, and the caller's permissions. Sources:
 * Microsoft.Authorization 2022-04-01 authorization-RoleDefinitionsCalls.json; azure-wire.md 2.10.13
 * to 2.10.16 (GUIDs, actions; of the larger roles only what this Azure has). */
#include "config.h"

#include "sandbox/roles.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/rights.h"

#define DEFINITION_TYPE RIGHTS_DEFINITION

static const struct {
    const char *guid, *name, *description, *actions, *not_actions;
} roles[] = {
    { "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner",
      "Grants full access to manage all resources, including the ability to assign roles in Azure "
      "RBAC.",
      "*", "" },
    { "b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor",
      "Grants full access to manage all resources, but does not allow you to assign roles in Azure "
      "RBAC.",
      "*",
      "Microsoft.Authorization/*/Delete Microsoft.Authorization/*/Write "
      "Microsoft.Authorization/elevateAccess/Action" },
    { "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader",
      "View all resources, but does not allow you to make any changes.", "*/read", "" },
    { "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator",
      "Lets you manage user access to Azure resources.", "*/read Microsoft.Authorization/*", "" },
    { "f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator",
      "Manage access to Azure resources by assigning roles using Azure RBAC.",
      "Microsoft.Authorization/roleAssignments/write "
      "Microsoft.Authorization/roleAssignments/delete */read",
      "" },
    { "b64e21ea-ac4e-4cdf-9dc9-5b892992bee7", "Azure Connected Machine Onboarding",
      "Can onboard Azure Connected Machines.",
      "Microsoft.HybridCompute/machines/read Microsoft.HybridCompute/machines/write "
      "Microsoft.HybridCompute/privateLinkScopes/read "
      "Microsoft.GuestConfiguration/guestConfigurationAssignments/read",
      "" },
    { "cd570a14-e51a-42ad-bac8-bafd67325302", "Azure Connected Machine Resource Administrator",
      "Can read, write, delete and re-onboard Azure Connected Machines.",
      "Microsoft.HybridCompute/machines/read Microsoft.HybridCompute/machines/write "
      "Microsoft.HybridCompute/machines/delete Microsoft.HybridCompute/machines/extensions/*",
      "" },
    { "f5819b54-e033-4d82-ac66-4fec3cbf3f4c", "Azure Connected Machine Resource Manager",
      "Custom Role for AzureStackHCI RP to manage hybrid compute machines and hybrid connectivity "
      "endpoints in a "
      "resource group",
      "Microsoft.HybridConnectivity/endpoints/read Microsoft.HybridConnectivity/endpoints/write "
      "Microsoft.HybridCompute/machines/read Microsoft.HybridCompute/machines/write "
      "Microsoft.HybridCompute/machines/delete Microsoft.HybridCompute/machines/extensions/read "
      "Microsoft.HybridCompute/machines/extensions/write "
      "Microsoft.HybridCompute/machines/extensions/delete",
      "" },
    { "bda0d508-adf1-4af0-9c28-88919fc3ae06", "Azure Stack HCI Administrator",
      "Grants full access to the cluster and its resources, including the ability to register "
      "Azure Stack HCI and "
      "assign others as Azure Arc HCI VM Contributor and/or Azure Arc HCI VM Reader",
      "Microsoft.AzureStackHCI/register/action Microsoft.AzureStackHCI/Unregister/Action "
      "Microsoft.AzureStackHCI/clusters/*",
      "" },
};

static struct json *words(const char *text)
{
    struct json *list = json_array();

    while (*text) {
        char one[160];
        size_t n = strcspn(text, " ");

        str_fmt(one, sizeof one, "%.*s", (int)n, text);
        json_push(list, json_string(one));
        text += n;
        text += strspn(text, " ");
    }
    return list;
}

static struct json *permission(const char *actions, const char *not_actions)
{
    struct json *p = json_object();

    json_set(p, "actions", words(actions));
    json_set(p, "notActions", words(not_actions));
    json_set(p, "dataActions", json_array());
    json_set(p, "notDataActions", json_array());
    return p;
}

static struct json *builtin_permissions(size_t i)
{
    struct json *list = json_array();

    json_push(list, permission(roles[i].actions, roles[i].not_actions));
    return list;
}

/* ---- finding ---- */

static bool builtin(const char *guid, size_t *i)
{
    for (*i = 0; *i < ARRAY_LEN(roles); ++*i)
        if (str_ieq(roles[*i].guid, guid))
            return true;
    return false;
}

struct find {
    const char *guid, *name; /* one of them */
    const struct json *found;
};

static void compare(const char *id, struct json *d, void *payload)
{
    struct find *f = payload;

    (void)id;
    if (str_ieq(json_str(d, "type"), DEFINITION_TYPE) &&
        (f->guid ? str_ieq(json_str(d, "name"), f->guid)
                 : str_ieq(json_str(d, "properties.roleName"), f->name)))
        f->found = d;
}

static const struct json *custom(struct world *w, const char *guid)
{
    struct find f = { guid, NULL, NULL };

    world_each(w, "/", compare, &f);
    return f.found;
}

bool role_def_known(struct world *w, const char *definition_id)
{
    size_t i;

    return definition_id &&
           (builtin(res_last(definition_id), &i) || custom(w, res_last(definition_id)));
}

const char *role_def_guid(struct world *w, const char *name_or_guid)
{
    struct find f = { NULL, name_or_guid, NULL };

    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (str_ieq(roles[i].name, name_or_guid) || str_ieq(roles[i].guid, name_or_guid))
            return roles[i].guid;
    world_each(w, "/", compare, &f);
    if (!f.found)
        f.found = custom(w, name_or_guid);
    return json_str(f.found, "name");
}

struct json *role_def_permissions(struct world *w, const char *definition_id)
{
    const struct json *d;
    size_t i;

    if (definition_id && builtin(res_last(definition_id), &i))
        return builtin_permissions(i);
    d = definition_id ? custom(w, res_last(definition_id)) : NULL;
    return d ? json_copy(json_get(d, "properties.permissions")) : json_array();
}

/* ---- forms ---- */

static const struct shape_row permission_rows[] = {
    { "actions", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "notActions", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "dataActions", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "notDataActions", SHAPE_WORDS, 0, NULL, NULL, NULL },
};
static const struct shape permission_shape = SHAPE("Permission", permission_rows);
static const struct shape_row property_rows[] = {
    { "roleName", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "type", SHAPE_STR, 0, "CustomRole", NULL, NULL },
    { "description", SHAPE_STR, 0, NULL, NULL, NULL },
    { "permissions", SHAPE_LIST, SHAPE_REQUIRED, NULL, NULL, &permission_shape },
    { "assignableScopes", SHAPE_WORDS, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "createdOn", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
    { "updatedOn", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
    { "createdBy", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "updatedBy", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
};
static const struct shape property_shape = SHAPE("RoleDefinitionProperties", property_rows);
static const struct shape_row definition_rows[] = {
    { "properties", SHAPE_OBJ, SHAPE_REQUIRED, NULL, NULL, &property_shape },
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "name", SHAPE_STR, SHAPE_IGNORED, NULL, NULL, NULL },
};
static const struct shape definition_shape = SHAPE("RoleDefinition", definition_rows);

static struct json *definition(const char *sub_scope, const char *guid)
{
    struct json *d = json_object();
    struct str id = STR_INIT;

    str_addf(&id, "%s/providers/" DEFINITION_TYPE "/%s", sub_scope, guid);
    json_set_str(d, "id", str_p(&id));
    json_set_str(d, "name", guid);
    json_set_str(d, "type", DEFINITION_TYPE);
    str_free(&id);
    return d;
}

static struct json *builtin_form(const char *sub_scope, size_t i)
{
    struct json *d = definition(sub_scope, roles[i].guid), *p = json_object(),
                *scopes = json_array();

    json_set_str(p, "roleName", roles[i].name);
    json_set_str(p, "type", "BuiltInRole");
    json_set_str(p, "description", roles[i].description);
    json_push(scopes, json_string("/"));
    json_set(p, "assignableScopes", scopes);
    json_set(p, "permissions", builtin_permissions(i));
    json_set(d, "properties", p);
    return d;
}

static struct json *custom_form(const char *sub_scope, const struct json *stored)
{
    struct json *d = definition(sub_scope, json_str(stored, "name"));

    json_set(d, "properties", json_copy(json_member(stored, "properties")));
    return d;
}

/* "/subscriptions/x" of a longer scope; "" for the root. */
static void subscription_scope(struct str *out, struct sb_req *q)
{
    const char *p = str_ifind(q->path, "/subscriptions/");

    if (p)
        str_addf(out, "/subscriptions/%.*s", (int)strcspn(p + 15, "/"), p + 15);
}

/* ---- lists ---- */

struct list {
    struct sb_req *q;
    struct str sub, scope;
    char name[128], type[64];
    struct json *value;
};

/* Assignable at the asked scope: at it, above it, or (asked at a subscription) below it. */
static bool assignable(const struct json *d, const struct list *l)
{
    JSON_EACH (s, json_get(d, "properties.assignableScopes"))
        if (json_value_str(s) && (res_within(str_p(&l->scope), json_value_str(s)) ||
                                  res_within(json_value_str(s), str_p(&l->scope))))
            return true;
    return false;
}

static void add_custom(const char *id, struct json *d, void *payload)
{
    struct list *l = payload;

    (void)id;
    if (str_ieq(json_str(d, "type"), DEFINITION_TYPE) &&
        (!l->name[0] || str_ieq(l->name, json_str(d, "properties.roleName"))) && assignable(d, l))
        json_push(l->value, custom_form(str_p(&l->sub), d));
}

void role_defs_list(struct sb_req *q, struct sb_reply *r)
{
    const char *filter = sb_query(q, "$filter");
    struct list l = { .q = q, .value = json_array() };
    struct json *body = json_object();

    if (filter) {
        roles_quoted_after(filter, "roleName eq", l.name, sizeof l.name);
        roles_quoted_after(filter, "type eq", l.type, sizeof l.type);
    }
    subscription_scope(&l.sub, q);
    roles_scope(&l.scope, q);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if ((!l.name[0] || str_ieq(l.name, roles[i].name)) &&
            (!l.type[0] || str_ieq(l.type, "BuiltInRole")))
            json_push(l.value, builtin_form(str_p(&l.sub), i));
    if (!l.type[0] || str_ieq(l.type, "CustomRole"))
        world_each(q->world, "/", add_custom, &l);
    json_set(body, "value", l.value);
    sb_reply_json(r, 200, body);
    str_free(&l.sub);
    str_free(&l.scope);
}

/* ---- one ---- */

static void absent(struct sb_req *q, struct sb_reply *r)
{
    sb_arm_error(r, 404, "RoleDefinitionDoesNotExist",
                 "The specified role definition with ID '%.100s' does not exist.",
                 sb_var(q, "name"));
}

static void get(struct sb_req *q, struct sb_reply *r, const char *sub_scope)
{
    const struct json *d = custom(q->world, sb_var(q, "name"));
    size_t i;

    if (builtin(sb_var(q, "name"), &i))
        sb_reply_json(r, 200, builtin_form(sub_scope, i));
    else if (d)
        sb_reply_json(r, 200, custom_form(sub_scope, d));
    else
        absent(q, r);
}

static bool name_taken(struct sb_req *q, const char *name)
{
    struct find f = { NULL, name, NULL };

    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (str_ieq(roles[i].name, name))
            return true;
    world_each(q->world, "/", compare, &f);
    return f.found && !str_ieq(json_str(f.found, "name"), sb_var(q, "name"));
}

/* The right is needed at every scope where the role may be given. */
static bool scopes_ok(struct sb_req *q, struct sb_reply *r)
{
    const struct json *scopes = json_get(q->json, "properties.assignableScopes");

    JSON_EACH (s, scopes) {
        const char *scope = json_value_str(s);

        if (!str_istarts(scope, "/subscriptions/")) {
            sb_arm_error(r, 400, "InvalidAssignableScope",
                         "The assignable scope '%.200s' is not valid for a custom role.", scope);
            return false;
        }
        if (!rights_allow(q, r, DEFINITION_TYPE "/write", scope))
            return false;
    }
    if (json_len(scopes) == 0)
        sb_arm_error(r, 400, "MissingAssignableScopes",
                     "The role definition must have at least one assignable scope.");
    return json_len(scopes) > 0;
}

static bool put_ok(struct sb_req *q, struct sb_reply *r)
{
    const char *name = json_str(q->json, "properties.roleName");
    size_t i;

    if (!res_body(q, r, &definition_shape))
        return false;
    if (!guid_is(sb_var(q, "name"))) {
        sb_arm_error(r, 400, "InvalidRoleDefinitionId",
                     "The role definition ID '%.100s' is not valid. It must be a GUID.",
                     sb_var(q, "name"));
        return false;
    }
    if (builtin(sb_var(q, "name"), &i)) {
        sb_arm_error(r, 400, "RoleDefinitionUpdateNotPermitted",
                     "The built-in role '%s' cannot be changed.", roles[i].name);
        return false;
    }
    if (name_taken(q, name)) {
        sb_arm_error(r, 409, "RoleDefinitionWithSameNameExists",
                     "A custom role with the same name '%.100s' already exists in this directory. "
                     "Use a different name.",
                     name);
        return false;
    }
    return scopes_ok(q, r);
}

static void put(struct sb_req *q, struct sb_reply *r, const char *sub_scope)
{
    const struct json *old = custom(q->world, sb_var(q, "name"));
    const char *oid = json_str(q->claims, "oid");
    char now[TIME_SIZE];
    struct str id = STR_INIT;
    struct json *d, *p;

    if (!put_ok(q, r))
        return;
    str_addf(&id, "%s/providers/" DEFINITION_TYPE "/%s", sub_scope, sb_var(q, "name"));
    time_iso7(now, world_now(q->world));
    d = res_new(old ? json_str(old, "id") : str_p(&id), DEFINITION_TYPE);
    shape_merge(&definition_shape, d, q->json);
    p = res_props(d);
    json_set_str(p, "type", "CustomRole");
    JSON_EACH (one, json_member(p, "permissions"))
        for (size_t i = 0; i < ARRAY_LEN(permission_rows); i++)
            if (!json_is_array(json_member(one, permission_rows[i].name)))
                json_set(json_edit(one), permission_rows[i].name, json_array());
    json_set_str(p, "createdOn",
                 json_str(old, "properties.createdOn") ? json_str(old, "properties.createdOn")
                                                       : now);
    json_set_str(p, "updatedOn", now);
    json_set_str(p, "createdBy", oid);
    json_set_str(p, "updatedBy", oid);
    sb_reply_json(r, 201, custom_form(sub_scope, d));
    str_reset(&id);
    str_add(&id, json_str(d, "id"));
    world_put(q->world, str_p(&id), d);
    str_free(&id);
}

static void find_use(const char *id, struct json *a, void *payload)
{
    struct find *f = payload;
    const char *role = json_str(a, "properties.roleDefinitionId");

    (void)id;
    if (str_ieq(json_str(a, "type"), RIGHTS_ASSIGNMENT) && role && str_ieq(res_last(role), f->guid))
        f->found = a;
}

static void delete (struct sb_req *q, struct sb_reply *r, const char *sub_scope)
{
    const struct json *d = custom(q->world, sb_var(q, "name"));
    struct find use = { sb_var(q, "name"), NULL, NULL };
    size_t i;

    world_each(q->world, "/", find_use, &use);
    if (builtin(sb_var(q, "name"), &i)) {
        sb_arm_error(r, 400, "RoleDefinitionUpdateNotPermitted",
                     "The built-in role '%s' cannot be changed.", roles[i].name);
    } else if (!d) {
        r->status = 204;
    } else if (use.found) {
        sb_arm_error(r, 400, "RoleDefinitionHasAssignments",
                     "There are existing role assignments referencing role (code: %s). Before "
                     "deleting the role, remove all assignments.",
                     sb_var(q, "name"));
    } else {
        sb_reply_json(r, 200, custom_form(sub_scope, d));
        world_remove(q->world, json_str(d, "id"));
    }
}

void role_defs_one(struct sb_req *q, struct sb_reply *r)
{
    struct str scope = STR_INIT;

    subscription_scope(&scope, q);
    if (str_eq(q->method, "PUT"))
        put(q, r, str_p(&scope));
    else if (str_eq(q->method, "DELETE"))
        delete (q, r, str_p(&scope));
    else
        get(q, r, str_p(&scope));
    str_free(&scope);
}

void role_defs_permissions(struct sb_req *q, struct sb_reply *r)
{
    struct str scope = STR_INIT;
    struct json *body;

    if (!roles_allow(q, r, "Microsoft.Authorization/permissions/read", false))
        return;
    roles_scope(&scope, q);
    body = json_object();
    json_set(body, "value", rights_permissions(q, str_p(&scope)));
    sb_reply_json(r, 200, body);
    str_free(&scope);
}
