/* Role assignments, role definitions, the caller's permissions. Sources: Microsoft.Authorization 2022-04-01
 * authorization-RoleAssignmentsCalls.json, authorization-RoleDefinitionsCalls.json; azure-wire.md 2.10 (GUIDs of built-in roles: 2.10.14). */
#include "config.h"

#include "sandbox/resource.h"

#include <stdlib.h>
#include <string.h>

#define ASSIGNMENT_TYPE "Microsoft.Authorization/roleAssignments"
#define DEFINITION_TYPE "Microsoft.Authorization/roleDefinitions"
#define MARK            "/providers/Microsoft.Authorization/"

static const struct {
    const char *guid, *name, *description, *actions;
} roles[] = {
    { "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner",
      "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.", "*" },
    { "b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor",
      "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC.", "*" },
    { "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader",
      "View all resources, but does not allow you to make any changes.", "*/read" },
    { "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator",
      "Lets you manage user access to Azure resources.", "*/read Microsoft.Authorization/*" },
    { "b64e21ea-ac4e-4cdf-9dc9-5b892992bee7", "Azure Connected Machine Onboarding",
      "Can onboard Azure Connected Machines.",
      "Microsoft.HybridCompute/machines/read Microsoft.HybridCompute/machines/write "
      "Microsoft.HybridCompute/privateLinkScopes/read "
      "Microsoft.GuestConfiguration/guestConfigurationAssignments/read" },
    { "cd570a14-e51a-42ad-bac8-bafd67325302", "Azure Connected Machine Resource Administrator",
      "Can read, write, delete and re-onboard Azure Connected Machines.",
      "Microsoft.HybridCompute/machines/read Microsoft.HybridCompute/machines/write "
      "Microsoft.HybridCompute/machines/delete Microsoft.HybridCompute/machines/extensions/*" },
    { "f5819b54-e033-4d82-ac66-4fec3cbf3f4c", "Azure Connected Machine Resource Manager",
      "Custom Role for AzureStackHCI RP to manage hybrid compute machines and hybrid connectivity endpoints in a "
      "resource group",
      "Microsoft.HybridConnectivity/endpoints/read Microsoft.HybridConnectivity/endpoints/write "
      "Microsoft.HybridCompute/machines/read Microsoft.HybridCompute/machines/write "
      "Microsoft.HybridCompute/machines/delete Microsoft.HybridCompute/machines/extensions/read "
      "Microsoft.HybridCompute/machines/extensions/write Microsoft.HybridCompute/machines/extensions/delete" },
    { "bda0d508-adf1-4af0-9c28-88919fc3ae06", "Azure Stack HCI Administrator",
      "Grants full access to the cluster and its resources, including the ability to register Azure Stack HCI and "
      "assign others as Azure Arc HCI VM Contributor and/or Azure Arc HCI VM Reader",
      "Microsoft.AzureStackHCI/register/action Microsoft.AzureStackHCI/Unregister/Action "
      "Microsoft.AzureStackHCI/clusters/*" },
};

static const struct shape_row properties_rows[] = {
    { "scope", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "roleDefinitionId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "principalId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "principalType", SHAPE_STR, 0, "User|Group|ServicePrincipal|ForeignGroup|Device", NULL, NULL },
    { "description", SHAPE_STR, 0, NULL, NULL, NULL },
    { "condition", SHAPE_STR, 0, NULL, NULL, NULL },
    { "conditionVersion", SHAPE_STR, 0, NULL, NULL, NULL },
    { "createdOn", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
    { "updatedOn", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
    { "createdBy", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "updatedBy", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "delegatedManagedIdentityResourceId", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape properties_shape = SHAPE("RoleAssignmentProperties", properties_rows);
static const struct shape_row assignment_rows[] = {
    { "properties", SHAPE_OBJ, SHAPE_REQUIRED, NULL, NULL, &properties_shape },
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "name", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
};
static const struct shape assignment_shape = SHAPE("RoleAssignment", assignment_rows);

/* Path up to /providers/Microsoft.Authorization/, with the spelling under which the resource is stored. */
static void scope_of(struct str *out, struct sb_req *q)
{
    const char *mark = str_ifind(q->path, MARK);
    struct str raw = STR_INIT;
    const struct json *known;

    str_addn(&raw, q->path, mark ? (size_t)(mark - q->path) : strlen(q->path));
    known = world_resource(q->world, str_p(&raw));
    str_add(out, json_str(known, "id") ? json_str(known, "id") : str_p(&raw));
    str_free(&raw);
}

/* res_allow asks for {sub} and {rg}; a scope is one variable here. */
static bool allow(struct sb_req *q, struct sb_reply *r, const char *action, bool write)
{
    struct sb_req *inner = xcalloc(1, sizeof *inner);
    struct res_need need = { action, NULL, write, false };
    const char *p = str_ifind(q->path, "/subscriptions/"), *g = str_ifind(q->path, "/resourceGroups/");
    bool ok;

    *inner = *q;
    memset(inner->vars, 0, sizeof inner->vars);
    inner->vars[0].name = "sub";
    inner->vars[1].name = "rg";
    if (p) {
        p += strlen("/subscriptions/");
        str_fmt(inner->vars[0].value, sizeof inner->vars[0].value, "%.*s", (int)strcspn(p, "/"), p);
    }
    if (g) {
        g += strlen("/resourceGroups/");
        str_fmt(inner->vars[1].value, sizeof inner->vars[1].value, "%.*s", (int)strcspn(g, "/"), g);
        need.group = true;
    }
    ok = res_allow(inner, r, &need);
    free(inner);
    return ok;
}

static struct json *form(struct sb_req *q, const struct json *assignment)
{
    return shape_cut(&assignment_shape, assignment, q->api_version);
}

/* ---- who exists ---- */

struct find_principal {
    const char *oid;
    bool found;
};

static void look_at(const char *id, struct json *resource, void *payload)
{
    struct find_principal *f = payload;

    (void)id;
    f->found = f->found || str_ieq(json_str(resource, "identity.principalId"), f->oid);
}

static bool principal_known(struct world *w, const char *oid)
{
    struct find_principal f = { oid, false };

    JSON_EACH (u, world_section(w, "users"))
        f.found = f.found || str_ieq(json_str(u, "oid"), oid);
    JSON_EACH (rp, world_section(w, "rpObjectIds"))
        f.found = f.found || str_ieq(json_value_str(rp), oid);
    world_each(w, "/subscriptions/", look_at, &f);
    return f.found;
}

/* ---- assignments ---- */

struct find_assignment {
    const char *scope, *principal, *role;
    const struct json *found;
    bool inherit;
};

static void compare(const char *id, struct json *a, void *payload)
{
    struct find_assignment *f = payload;
    const char *scope = json_str(a, "properties.scope"), *role = json_str(a, "properties.roleDefinitionId");

    (void)id;
    if (f->found || !str_ieq(json_str(a, "type"), ASSIGNMENT_TYPE) || !scope || !role)
        return;
    if (str_ieq(json_str(a, "properties.principalId"), f->principal) && str_ieq(res_last(role), f->role) &&
        (str_ieq(scope, f->scope) || (f->inherit && res_within(f->scope, scope))))
        f->found = a;
}

bool roles_has(struct world *w, const char *scope, const char *principal, const char *role_guid)
{
    struct find_assignment f = { scope, principal, role_guid, NULL, true };

    world_each(w, "/subscriptions/", compare, &f);
    return f.found != NULL;
}

static bool role_known(const char *definition_id)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (str_ieq(roles[i].guid, res_last(definition_id)))
            return true;
    return false;
}

static bool request_ok(struct sb_req *q, struct sb_reply *r)
{
    const char *role = json_str(q->json, "properties.roleDefinitionId");
    const char *principal = json_str(q->json, "properties.principalId");

    if (!guid_is(sb_var(q, "name"))) {
        sb_arm_error(r, 400, "InvalidRoleAssignmentId",
                     "The role assignment ID '%.100s' is not valid. The role assignment ID must be a GUID.",
                     sb_var(q, "name"));
        return false;
    }
    if (!guid_is(principal)) {
        sb_arm_error(r, 400, "InvalidPrincipalId", "A valid principal ID must be provided for role assignment.");
        return false;
    }
    if (!role_known(role)) {
        sb_arm_error(r, 400, "RoleDefinitionDoesNotExist",
                     "The specified role definition with ID '%.100s' does not exist.", res_last(role));
        return false;
    }
    if (!principal_known(q->world, principal)) {
        sb_arm_error(r, 400, "PrincipalNotFound",
                     "Principal %s does not exist in the directory %s. Check that you have the correct principal ID. "
                     "If you are creating this principal and then immediately assigning a role, this error might be "
                     "related to a replication delay.",
                     principal, json_str(q->claims, "tid") ? json_str(q->claims, "tid") : "");
        return false;
    }
    return true;
}

static void undashed(char out[GUID_SIZE], const char *guid)
{
    for (; *guid; guid++)
        if (*guid != '-')
            *out++ = *guid;
    *out = 0;
}

/* Another assignment of the same kind or another one under this name: true when r is filled. */
static bool conflicts(struct sb_req *q, struct sb_reply *r, const char *scope, const struct json *old)
{
    const char *role = res_last(json_str(q->json, "properties.roleDefinitionId"));
    const char *principal = json_str(q->json, "properties.principalId");
    struct find_assignment f = { scope, principal, role, NULL, false };
    char plain[GUID_SIZE];

    if (old) {
        if (str_ieq(json_str(old, "properties.principalId"), principal) &&
            str_ieq(res_last(json_str(old, "properties.roleDefinitionId")), role))
            return false;
        sb_arm_error(r, 400, "RoleAssignmentUpdateNotPermitted",
                     "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.");
        return true;
    }
    world_each(q->world, "/", compare, &f);
    if (!f.found)
        return false;
    undashed(plain, json_str(f.found, "name"));
    sb_arm_error(r, 409, "RoleAssignmentExists",
                 "The role assignment already exists. The ID of the conflicting role assignment is %s.", plain);
    return true;
}

static struct json *make(struct sb_req *q, const char *id, const char *scope)
{
    struct json *a = res_new(id, ASSIGNMENT_TYPE), *p = res_props(a);
    const char *oid = json_str(q->claims, "oid");
    char now[TIME_SIZE];

    shape_merge(&assignment_shape, a, q->json);
    p = res_props(a);
    if (!json_str(p, "principalType"))
        json_set_str(p, "principalType", "User"); /* the contract's default */
    json_set_str(p, "scope", scope);
    time_iso7(now, world_now(q->world));
    json_set_str(p, "createdOn", now);
    json_set_str(p, "updatedOn", now);
    json_set_str(p, "createdBy", oid ? oid : "");
    json_set_str(p, "updatedBy", oid ? oid : "");
    return a;
}

static void put(struct sb_req *q, struct sb_reply *r, const char *id, const char *scope)
{
    struct json *old = world_resource(q->world, id), *a;

    if (!res_body(q, r, &assignment_shape) || !request_ok(q, r) || conflicts(q, r, scope, old))
        return;
    if (old) {
        sb_reply_json(r, 200, form(q, old));
        return;
    }
    a = make(q, id, scope);
    sb_reply_json(r, 201, form(q, a));
    world_put(q->world, id, a);
}

static void assignment(struct sb_req *q, struct sb_reply *r)
{
    bool read = str_eq(q->method, "GET");
    const char *action = read                        ? ASSIGNMENT_TYPE "/read"
                         : str_eq(q->method, "PUT")  ? ASSIGNMENT_TYPE "/write"
                                                     : ASSIGNMENT_TYPE "/delete";
    struct str scope = STR_INIT, id = STR_INIT;
    struct json *old;

    if (!allow(q, r, action, !read))
        return;
    scope_of(&scope, q);
    str_addf(&id, "%s/providers/" ASSIGNMENT_TYPE "/%s", str_p(&scope), sb_var(q, "name"));
    old = world_resource(q->world, str_p(&id));
    if (str_eq(q->method, "PUT")) {
        put(q, r, str_p(&id), str_p(&scope));
    } else if (str_eq(q->method, "DELETE")) {
        if (old) {
            sb_reply_json(r, 200, form(q, old));
            world_remove(q->world, str_p(&id));
        } else {
            r->status = 204;
        }
    } else if (old) {
        sb_reply_json(r, 200, form(q, old));
    } else {
        sb_arm_error(r, 404, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", sb_var(q, "name"));
    }
    str_free(&scope);
    str_free(&id);
}

struct list_filter {
    struct sb_req *q;
    const char *scope;
    char principal[64];
    bool below; /* no atScope() */
    struct json *value;
};

static void list_one(const char *id, struct json *a, void *payload)
{
    struct list_filter *f = payload;
    const char *scope = json_str(a, "properties.scope");

    (void)id;
    if (!str_ieq(json_str(a, "type"), ASSIGNMENT_TYPE) || !scope)
        return;
    if (!res_within(f->scope, scope) && !(f->below && res_within(scope, f->scope)))
        return;
    if (f->principal[0] && !str_ieq(json_str(a, "properties.principalId"), f->principal))
        return;
    json_push(f->value, form(f->q, a));
}

/* Text in quotes after `word`, if it stands in the filter. */
static void quoted_after(const char *filter, const char *word, char *out, size_t size)
{
    const char *p = str_ifind(filter, word), *end;

    p = p ? strchr(p, '\'') : NULL;
    end = p ? strchr(p + 1, '\'') : NULL;
    if (end)
        str_fmt(out, size, "%.*s", (int)(end - p - 1), p + 1);
}

static void assignments(struct sb_req *q, struct sb_reply *r)
{
    const char *filter = sb_query(q, "$filter");
    struct str scope = STR_INIT;
    struct list_filter f = { q, NULL, "", true, NULL };
    struct json *body;

    if (!allow(q, r, ASSIGNMENT_TYPE "/read", false))
        return;
    scope_of(&scope, q);
    f.scope = str_p(&scope);
    if (filter) {
        f.below = !str_ifind(filter, "atScope()");
        quoted_after(filter, "principalId eq", f.principal, sizeof f.principal);
        quoted_after(filter, "assignedTo(", f.principal, sizeof f.principal);
    }
    f.value = json_array();
    world_each(q->world, "/", list_one, &f);
    body = json_object();
    json_set(body, "value", f.value);
    sb_reply_json(r, 200, body);
    str_free(&scope);
}

/* ---- definitions ---- */

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

static struct json *definition_form(const char *sub_scope, size_t i)
{
    struct json *d = json_object(), *p = json_object(), *list = json_array(), *scopes = json_array();
    bool contributor = str_eq(roles[i].name, "Contributor");
    struct str id = STR_INIT;

    str_addf(&id, "%s/providers/" DEFINITION_TYPE "/%s", sub_scope, roles[i].guid);
    json_set_str(d, "id", str_p(&id));
    str_free(&id);
    json_set_str(d, "name", roles[i].guid);
    json_set_str(d, "type", DEFINITION_TYPE);
    json_set_str(p, "roleName", roles[i].name);
    json_set_str(p, "type", "BuiltInRole");
    json_set_str(p, "description", roles[i].description);
    json_push(scopes, json_string("/"));
    json_set(p, "assignableScopes", scopes);
    json_push(list, permission(roles[i].actions, contributor ? "Microsoft.Authorization/*/Delete "
                                                               "Microsoft.Authorization/*/Write"
                                                             : ""));
    json_set(p, "permissions", list);
    json_set(d, "properties", p);
    return d;
}

/* "/subscriptions/x" of a longer scope; "" for the root. */
static void subscription_scope(struct str *out, struct sb_req *q)
{
    const char *p = str_ifind(q->path, "/subscriptions/");

    if (p)
        str_addf(out, "/subscriptions/%.*s", (int)strcspn(p + 15, "/"), p + 15);
}

static void definitions(struct sb_req *q, struct sb_reply *r)
{
    const char *filter = sb_query(q, "$filter");
    struct json *body = json_object(), *value = json_array();
    struct str scope = STR_INIT;
    char name[128] = "";

    if (filter)
        quoted_after(filter, "roleName eq", name, sizeof name);
    subscription_scope(&scope, q);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (!name[0] || str_ieq(name, roles[i].name))
            json_push(value, definition_form(str_p(&scope), i));
    json_set(body, "value", value);
    sb_reply_json(r, 200, body);
    str_free(&scope);
}

static void definition(struct sb_req *q, struct sb_reply *r)
{
    struct str scope = STR_INIT;

    subscription_scope(&scope, q);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (str_ieq(roles[i].guid, sb_var(q, "name")))
            sb_reply_json(r, 200, definition_form(str_p(&scope), i));
    if (!r->status)
        sb_arm_error(r, 404, "RoleDefinitionDoesNotExist",
                     "The specified role definition with ID '%.100s' does not exist.", sb_var(q, "name"));
    str_free(&scope);
}

/* Owner's permissions less what the seed denies. */
static void permissions(struct sb_req *q, struct sb_reply *r)
{
    struct json *body, *value, *p, *denied;

    if (!allow(q, r, "Microsoft.Authorization/permissions/read", false))
        return;
    body = json_object();
    value = json_array();
    p = permission("*", "");
    denied = json_array();
    JSON_EACH (d, json_member(world_section(q->world, "options"), "denyActions"))
        json_push(denied, json_copy(d));
    json_set(p, "notActions", denied);
    json_push(value, p);
    json_set(body, "value", value);
    sb_reply_json(r, 200, body);
}

#define VERSIONS "2015-07-01 2018-01-01-preview 2018-09-01-preview 2020-04-01-preview 2022-04-01"
#define AT       "/{scope+}/providers/Microsoft.Authorization"
#define CALLS    "Microsoft.Authorization 2022-04-01 authorization-"
static const struct sb_route rows[] = {
    { "GET", AT "/roleAssignments", SB_ARM, VERSIONS, assignments,
      CALLS "RoleAssignmentsCalls.json RoleAssignments_ListForScope" },
    { "GET PUT DELETE", AT "/roleAssignments/{name}", SB_ARM, VERSIONS, assignment,
      CALLS "RoleAssignmentsCalls.json RoleAssignments_*" },
    { "GET", AT "/roleDefinitions", SB_ARM, VERSIONS, definitions,
      CALLS "RoleDefinitionsCalls.json RoleDefinitions_List" },
    { "GET", AT "/roleDefinitions/{name}", SB_ARM, VERSIONS, definition,
      CALLS "RoleDefinitionsCalls.json RoleDefinitions_Get" },
    { "GET", "/providers/Microsoft.Authorization/roleDefinitions/{name}", SB_ARM, VERSIONS, definition,
      CALLS "RoleDefinitionsCalls.json RoleDefinitions_Get" },
    { "GET", AT "/permissions", SB_ARM, VERSIONS, permissions,
      CALLS "RoleDefinitionsCalls.json Permissions_ListForResourceGroup" },
};
const struct sb_routes roles_routes = { rows, ARRAY_LEN(rows) };
