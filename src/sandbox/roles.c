/* Role assignments. Sources: Microsoft.Authorization 2022-04-01
 * authorization-RoleAssignmentsCalls.json; azure-wire.md 2.10. */
#include "config.h"

#include "sandbox/roles.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/directory.h"
#include "sandbox/rights.h"

#define ASSIGNMENT_TYPE RIGHTS_ASSIGNMENT
#define MARK            "/providers/Microsoft.Authorization/"

static const struct shape_row properties_rows[] = {
    { "scope", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "roleDefinitionId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "principalId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "principalType", SHAPE_STR, 0, "User|Group|ServicePrincipal|ForeignGroup|Device", NULL,
      NULL },
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

void roles_scope(struct str *out, struct sb_req *q)
{
    const char *mark = str_ifind(q->path, MARK);
    struct str raw = STR_INIT;
    const struct json *known;

    str_addn(&raw, q->path, mark ? (size_t)(mark - q->path) : strlen(q->path));
    known = world_resource(q->world, str_p(&raw));
    str_add(out, json_str(known, "id") ? json_str(known, "id") : str_p(&raw));
    str_free(&raw);
}

/* res_allow asks for {sub} and {rg}. */
bool roles_allow(struct sb_req *q, struct sb_reply *r, const char *action, bool write)
{
    struct sb_req *inner = xcalloc(1, sizeof *inner);
    struct res_need need = { action, NULL, write, false };
    const char *p = str_ifind(q->path, "/subscriptions/"),
               *g = str_ifind(q->path, "/resourceGroups/");
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

static bool principal_known(struct world *w, const char *oid)
{
    JSON_EACH (u, world_section(w, "users"))
        if (str_ieq(json_str(u, "oid"), oid))
            return true;
    JSON_EACH (rp, world_section(w, "rpObjectIds"))
        if (str_ieq(json_value_str(rp), oid))
            return true;
    dir_sync(w);
    return dir_sp_by_id(w, NULL, oid) != NULL;
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
    const char *scope = json_str(a, "properties.scope"),
               *role = json_str(a, "properties.roleDefinitionId");

    (void)id;
    if (f->found || !str_ieq(json_str(a, "type"), ASSIGNMENT_TYPE) || !scope || !role)
        return;
    if (str_ieq(json_str(a, "properties.principalId"), f->principal) &&
        str_ieq(res_last(role), f->role) &&
        (str_ieq(scope, f->scope) || (f->inherit && res_within(f->scope, scope))))
        f->found = a;
}

bool roles_has(struct world *w, const char *scope, const char *principal, const char *role_guid)
{
    struct find_assignment f = { scope, principal, role_guid, NULL, true };

    world_each(w, "/subscriptions/", compare, &f);
    return f.found != NULL;
}

void roles_grant(struct world *w, const char *scope, const char *principal, const char *type,
                 const char *role_guid)
{
    struct str id = STR_INIT, role = STR_INIT;
    char name[GUID_SIZE], now[TIME_SIZE];
    struct json *a, *p;

    guid_random(name);
    time_iso7(now, world_now(w));
    str_addf(&id, "%s/providers/" ASSIGNMENT_TYPE "/%s", scope, name);
    str_addf(&role, "%.*s/providers/Microsoft.Authorization/roleDefinitions/%s",
             (int)(strcspn(scope + 15, "/") + 15), scope, role_guid);
    a = res_new(str_p(&id), ASSIGNMENT_TYPE);
    p = res_props(a);
    json_set_str(p, "roleDefinitionId", str_p(&role));
    json_set_str(p, "principalId", principal);
    json_set_str(p, "principalType", type);
    json_set_str(p, "scope", scope);
    json_set_str(p, "createdOn", now);
    json_set_str(p, "updatedOn", now);
    world_put(w, str_p(&id), a);
    str_free(&id);
    str_free(&role);
}

static bool request_ok(struct sb_req *q, struct sb_reply *r)
{
    const char *role = json_str(q->json, "properties.roleDefinitionId");
    const char *principal = json_str(q->json, "properties.principalId");

    if (!guid_is(sb_var(q, "name"))) {
        sb_arm_error(
            r, 400, "InvalidRoleAssignmentId",
            "The role assignment ID '%.100s' is not valid. The role assignment ID must be a GUID.",
            sb_var(q, "name"));
        return false;
    }
    if (!guid_is(principal)) {
        sb_arm_error(r, 400, "InvalidPrincipalId",
                     "A valid principal ID must be provided for role assignment.");
        return false;
    }
    if (!role_def_known(q->world, role)) {
        sb_arm_error(r, 400, "RoleDefinitionDoesNotExist",
                     "The specified role definition with ID '%.100s' does not exist.",
                     res_last(role));
        return false;
    }
    if (!principal_known(q->world, principal)) {
        sb_arm_error(r, 400, "PrincipalNotFound",
                     "Principal %s does not exist in the directory %s. Check that you have the "
                     "correct principal ID. "
                     "If you are creating this principal and then immediately assigning a role, "
                     "this error might be "
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
static bool conflicts(struct sb_req *q, struct sb_reply *r, const char *scope,
                      const struct json *old)
{
    const char *role = res_last(json_str(q->json, "properties.roleDefinitionId"));
    const char *principal = json_str(q->json, "properties.principalId");
    struct find_assignment f = { scope, principal, role, NULL, false };
    char plain[GUID_SIZE];

    if (old) {
        if (str_ieq(json_str(old, "properties.principalId"), principal) &&
            str_ieq(res_last(json_str(old, "properties.roleDefinitionId")), role))
            return false;
        sb_arm_error(
            r, 400, "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.");
        return true;
    }
    world_each(q->world, "/", compare, &f);
    if (!f.found)
        return false;
    undashed(plain, json_str(f.found, "name"));
    sb_arm_error(
        r, 409, "RoleAssignmentExists",
        "The role assignment already exists. The ID of the conflicting role assignment is %s.",
        plain);
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
    const char *action = read                       ? ASSIGNMENT_TYPE "/read"
                         : str_eq(q->method, "PUT") ? ASSIGNMENT_TYPE "/write"
                                                    : ASSIGNMENT_TYPE "/delete";
    struct str scope = STR_INIT, id = STR_INIT;
    struct json *old;

    if (!roles_allow(q, r, action, !read))
        return;
    roles_scope(&scope, q);
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
        sb_arm_error(r, 404, "RoleAssignmentNotFound", "The role assignment '%s' is not found.",
                     sb_var(q, "name"));
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

void roles_quoted_after(const char *filter, const char *word, char *out, size_t size)
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

    if (!roles_allow(q, r, ASSIGNMENT_TYPE "/read", false))
        return;
    roles_scope(&scope, q);
    f.scope = str_p(&scope);
    if (filter) {
        f.below = !str_ifind(filter, "atScope()");
        roles_quoted_after(filter, "principalId eq", f.principal, sizeof f.principal);
        roles_quoted_after(filter, "assignedTo(", f.principal, sizeof f.principal);
    }
    f.value = json_array();
    world_each(q->world, "/", list_one, &f);
    body = json_object();
    json_set(body, "value", f.value);
    sb_reply_json(r, 200, body);
    str_free(&scope);
}

#define VERSIONS      "2015-07-01 2018-01-01-preview 2018-09-01-preview 2020-04-01-preview 2022-04-01"
#define DENY_VERSIONS "2018-07-01-preview 2022-04-01"
#define AT            "/{scope+}/providers/Microsoft.Authorization"
#define CALLS         "Microsoft.Authorization 2022-04-01 authorization-"
static const struct sb_route rows[] = {
    { "GET", AT "/roleAssignments", SB_ARM, VERSIONS, assignments,
      CALLS "RoleAssignmentsCalls.json RoleAssignments_ListForScope" },
    { "GET PUT DELETE", AT "/roleAssignments/{name}", SB_ARM, VERSIONS, assignment,
      CALLS "RoleAssignmentsCalls.json RoleAssignments_*" },
    { "GET", AT "/roleDefinitions", SB_ARM, VERSIONS, role_defs_list,
      CALLS "RoleDefinitionsCalls.json RoleDefinitions_List" },
    { "GET PUT DELETE", AT "/roleDefinitions/{name}", SB_ARM, VERSIONS, role_defs_one,
      CALLS "RoleDefinitionsCalls.json RoleDefinitions_*" },
    { "GET", "/providers/Microsoft.Authorization/roleDefinitions/{name}", SB_ARM, VERSIONS,
      role_defs_one, CALLS "RoleDefinitionsCalls.json RoleDefinitions_Get" },
    { "GET", AT "/denyAssignments", SB_ARM, DENY_VERSIONS, deny_list,
      CALLS "DenyAssignmentCalls.json DenyAssignments_ListForScope" },
    { "GET", AT "/denyAssignments/{name}", SB_ARM, DENY_VERSIONS, deny_one,
      CALLS "DenyAssignmentCalls.json DenyAssignments_Get" },
    { "GET", AT "/permissions", SB_ARM, VERSIONS, role_defs_permissions,
      CALLS "RoleDefinitionsCalls.json Permissions_ListForResourceGroup" },
};
const struct sb_routes roles_routes = { rows, ARRAY_LEN(rows) };
