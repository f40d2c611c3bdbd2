/* graph_grants.c - what applications were granted: app roles and delegated permissions. Sources:
 * graph.h; azure-wire.md 4.3 (both sides of appRoleAssignment, the duplicate's answer). */
#include "config.h"

#include "sandbox/graph.h"

#include <string.h>

#define ROLES  "appRoleAssignments"
#define GRANTS "oauth2PermissionGrants"

static const struct shape_row role_rows[] = {
    { "principalId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "resourceId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "appRoleId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "principalType", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
};
static const struct shape role_shape = SHAPE("appRoleAssignment", role_rows);
static const struct shape_row grant_rows[] = {
    { "clientId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "consentType", SHAPE_STR, SHAPE_REQUIRED, "AllPrincipals|Principal", NULL, NULL },
    { "principalId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "resourceId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "scope", SHAPE_STR, 0, NULL, NULL, NULL },
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "startTime", SHAPE_ANY, SHAPE_IGNORED, NULL, NULL, NULL },
    { "expiryTime", SHAPE_ANY, SHAPE_IGNORED, NULL, NULL, NULL },
};
static const struct shape grant_shape = SHAPE("oAuth2PermissionGrant", grant_rows);
static const struct shape_row scope_rows[] = {
    { "scope", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
};
static const struct shape scope_shape = SHAPE("oAuth2PermissionGrant", scope_rows);

static void list_where(struct sb_req *q, struct sb_reply *r, const char *section,
                       const char *member, const char *value)
{
    struct json *list = json_array();
    JSON_EACH (a, world_section(q->world, section))
        if (str_ieq(json_str(a, member), value))
            json_push(list, json_copy(a));
    graph_list(q, r, section, list);
    json_free(list);
}

/* An id in Graph's look, kept with its tenant. */
static struct json *keep(struct sb_req *q, const char *section, struct json *owned)
{
    unsigned char bytes[GUID_SIZE];
    char guid[GUID_SIZE];
    struct str id = STR_INIT;
    guid_random(guid);
    memcpy(bytes, guid, sizeof(bytes));
    str_add_b64url(&id, bytes, GUID_SIZE - 1);
    json_set_str(owned, "id", str_p(&id));
    json_set_str(owned, "_tid", graph_tid(q));
    json_set(world_section(q->world, section), str_p(&id), owned);
    world_touch(q->world);
    str_free(&id);
    return owned;
}

/* Of the section, in the caller's tenant; NULL: r is 404. */
static struct json *find(struct sb_req *q, struct sb_reply *r, const char *section, const char *id)
{
    const struct json *a = json_member(world_section(q->world, section), id);
    if (a && str_ieq(json_str(a, "_tid"), graph_tid(q)))
        return json_edit(a);
    graph_absent(q, r, id);
    return NULL;
}

static void drop(struct sb_req *q, struct sb_reply *r, const char *section, const char *id)
{
    if (!find(q, r, section, id))
        return;
    json_unset(world_section(q->world, section), id);
    world_touch(q->world);
    r->status = 204;
}

/* ---- app roles ---- */

static bool has_role(const struct json *sp, const char *role_id)
{
    JSON_EACH (role, json_member(sp, "appRoles"))
        if (str_ieq(json_str(role, "id"), role_id))
            return true;
    return str_eq(role_id, "00000000-0000-0000-0000-000000000000"); /* no role in particular */
}

static bool role_there(struct world *w, const char *principal, const char *resource,
                       const char *role_id)
{
    JSON_EACH (a, world_section(w, ROLES))
        if (str_ieq(json_str(a, "principalId"), principal) &&
            str_ieq(json_str(a, "resourceId"), resource) &&
            str_ieq(json_str(a, "appRoleId"), role_id))
            return true;
    return false;
}

struct json *dir_grant_role(struct world *w, const struct json *sp, const struct json *resource,
                            const char *role_id)
{
    struct sb_req q = { .world = w };
    struct json *claims = json_object(), *a = json_object();
    char now[TIME_SIZE];
    json_set_str(claims, "tid", json_str(sp, "_tid"));
    q.claims = claims;
    time_iso(now, world_now(w));
    json_set_str(a, "appRoleId", role_id);
    json_set_str(a, "createdDateTime", now);
    json_set_str(a, "principalDisplayName", json_str(sp, "displayName"));
    json_set_str(a, "principalId", json_str(sp, "id"));
    json_set_str(a, "principalType", "ServicePrincipal");
    json_set_str(a, "resourceDisplayName", json_str(resource, "displayName"));
    json_set_str(a, "resourceId", json_str(resource, "id"));
    keep(&q, ROLES, a);
    json_free(claims);
    return a;
}

int dir_grant_role_once(struct world *w, const struct json *sp, const char *resource_app,
                        const char *role_id)
{
    const struct json *resource =
        resource_app ? dir_sp(w, json_str(sp, "_tid"), resource_app) : NULL;
    if (!resource || !role_id ||
        role_there(w, json_str(sp, "id"), json_str(resource, "id"), role_id))
        return 0;
    dir_grant_role(w, sp, resource, role_id);
    return 1;
}

static void role_add(struct sb_req *q, struct sb_reply *r)
{
    const struct json *body = graph_body(q, r, &role_shape), *principal, *resource;
    if (!body)
        return;
    principal = dir_sp_by_id(q->world, graph_tid(q), json_str(body, "principalId"));
    resource = dir_sp_by_id(q->world, graph_tid(q), json_str(body, "resourceId"));
    if (!principal || !resource)
        graph_absent(q, r, json_str(body, principal ? "resourceId" : "principalId"));
    else if (!has_role(resource, json_str(body, "appRoleId")))
        graph_bad(q, r, "Permission being assigned was not found on application '%s'.",
                  json_str(resource, "appId"));
    else if (role_there(q->world, json_str(body, "principalId"), json_str(body, "resourceId"),
                        json_str(body, "appRoleId")))
        graph_bad(q, r, "Permission being assigned already exists on the object");
    else
        graph_one(q, r, 201, ROLES,
                  dir_grant_role(q->world, principal, resource, json_str(body, "appRoleId")));
}

/* One table seen from its two ends: what a principal has, who has what a service offers. */
static void roles(struct sb_req *q, struct sb_reply *r)
{
    bool mine = str_ends(q->path, "/appRoleAssignments"), get = str_eq(q->method, "GET");
    const struct json *sp = graph_find(q, r, get ? GRAPH_READ : GRAPH_GRANT);
    if (!sp)
        return;
    if (get)
        list_where(q, r, ROLES, mine ? "principalId" : "resourceId", json_str(sp, "id"));
    else
        role_add(q, r);
}

static void role(struct sb_req *q, struct sb_reply *r)
{
    if (graph_find(q, r, GRAPH_GRANT))
        drop(q, r, ROLES, sb_var(q, "assignment"));
}

/* ---- delegated permissions ---- */

static void grant_add(struct sb_req *q, struct sb_reply *r)
{
    const struct json *body = graph_body(q, r, &grant_shape);
    bool all = str_ieq(json_str(body, "consentType"), "AllPrincipals");
    if (!body)
        return;
    if (!dir_sp_by_id(q->world, graph_tid(q), json_str(body, "clientId"))) {
        graph_absent(q, r, json_str(body, "clientId"));
        return;
    }
    if (all == (json_str(body, "principalId") != NULL)) {
        graph_bad(q, r, "The property 'principalId' belongs to consentType 'Principal'.");
        return;
    }
    JSON_EACH (g, world_section(q->world, GRANTS)) {
        if (str_ieq(json_str(g, "clientId"), json_str(body, "clientId")) &&
            str_ieq(json_str(g, "resourceId"), json_str(body, "resourceId")) &&
            (all ? !json_str(g, "principalId")
                 : str_ieq(json_str(g, "principalId"), json_str(body, "principalId")))) {
            sb_graph_error(q, r, 409, "Request_MultipleObjectsWithSameKeyValue",
                           "Permission entry already exists.");
            return;
        }
    }
    struct json *g = json_object();
    shape_merge(&grant_shape, g, body);
    graph_one(q, r, 201, GRANTS, keep(q, GRANTS, g));
}

static void grants(struct sb_req *q, struct sb_reply *r)
{
    bool get = str_eq(q->method, "GET");
    if (!graph_may(q, r, get ? GRAPH_READ : GRAPH_GRANT, NULL))
        return;
    dir_sync(q->world);
    if (get)
        graph_list(q, r, GRANTS, world_section(q->world, GRANTS));
    else
        grant_add(q, r);
}

static void grants_of(struct sb_req *q, struct sb_reply *r)
{
    const struct json *sp = graph_find(q, r, GRAPH_READ);
    if (sp)
        list_where(q, r, GRANTS, "clientId", json_str(sp, "id"));
}

static void grant(struct sb_req *q, struct sb_reply *r)
{
    bool get = str_eq(q->method, "GET");
    struct json *g;
    if (!graph_may(q, r, get ? GRAPH_READ : GRAPH_GRANT, NULL))
        return;
    if (str_eq(q->method, "DELETE")) {
        drop(q, r, GRANTS, sb_var(q, "grant"));
        return;
    }
    g = find(q, r, GRANTS, sb_var(q, "grant"));
    if (!g)
        return;
    if (get) {
        graph_one(q, r, 200, GRANTS, g);
    } else if (graph_body(q, r, &scope_shape)) {
        shape_merge(&scope_shape, g, q->json);
        world_touch(q->world);
        r->status = 204;
    }
}

#define FACTS "azure-wire.md 4.3"
#define SP    GRAPH "/servicePrincipals/{id}"
#define SPA   GRAPH "/servicePrincipals(appId='{appid}')"
static const struct sb_route rows[] = {
    { "GET POST", SP "/appRoleAssignments", SB_GRAPH, NULL, roles, FACTS },
    { "GET POST", SPA "/appRoleAssignments", SB_GRAPH, NULL, roles, FACTS },
    { "GET POST", SP "/appRoleAssignedTo", SB_GRAPH, NULL, roles, FACTS },
    { "GET POST", SPA "/appRoleAssignedTo", SB_GRAPH, NULL, roles, FACTS },
    { "DELETE", SP "/appRoleAssignments/{assignment}", SB_GRAPH, NULL, role, FACTS },
    { "DELETE", SP "/appRoleAssignedTo/{assignment}", SB_GRAPH, NULL, role, FACTS },
    { "GET", SP "/oauth2PermissionGrants", SB_GRAPH, NULL, grants_of, FACTS },
    { "GET POST", GRAPH "/oauth2PermissionGrants", SB_GRAPH, NULL, grants, FACTS },
    { "GET PATCH DELETE", GRAPH "/oauth2PermissionGrants/{grant}", SB_GRAPH, NULL, grant, FACTS },
};
const struct sb_routes graph_grants_routes = { rows, ARRAY_LEN(rows) };
