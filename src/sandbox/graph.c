/* graph.c - Microsoft Graph: who asks and may, the signed-in user, the organization, users, and
 * objects by id. Sources: graph.h. */
#include "config.h"

#include "sandbox/graph.h"

#include <stdarg.h>
#include <string.h>

#include "sandbox/access.h"
#include "sandbox/signin.h"

/* ---- who asks ---- */

const char *graph_tid(const struct sb_req *q)
{
    const char *tid = json_str(q->claims, "tid");
    return tid ? tid : "";
}

static bool is_app(const struct sb_req *q)
{
    return str_eq(json_str(q->claims, "idtyp"), "app");
}

bool graph_is_admin(struct sb_req *q)
{
    return !is_app(q) && access_graph(q->world, graph_tid(q)) == ACCESS_ADMIN &&
           str_ieq(json_str(q->claims, "oid"),
                   json_str(json_first(world_section(q->world, "users")), "oid"));
}

static bool has_role(const struct sb_req *q, const char *const *roles)
{
    for (; *roles; roles++)
        JSON_EACH (have, json_member(q->claims, "roles"))
            if (str_eq(json_value_str(have), *roles))
                return true;
    return false;
}

static bool owns(const struct sb_req *q, const struct json *o)
{
    JSON_EACH (owner, json_member(o, "_owners"))
        if (str_ieq(json_value_str(owner), json_str(q->claims, "oid")))
            return true;
    return false;
}

static bool app_may(const struct sb_req *q, enum graph_right right, const struct json *owned)
{
    static const char *const read[] = {
        "Directory.Read.All",        "Directory.ReadWrite.All",       "Application.Read.All",
        "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", NULL
    };
    static const char *const change[] = { "Application.ReadWrite.All", "Directory.ReadWrite.All",
                                          NULL };
    static const char *const own[] = { "Application.ReadWrite.OwnedBy", NULL };
    static const char *const grant[] = { "AppRoleAssignment.ReadWrite.All", NULL };
    switch (right) {
    case GRAPH_READ:
        return has_role(q, read);
    case GRAPH_GRANT:
        return has_role(q, grant);
    case GRAPH_CREATE:
        return has_role(q, change) || has_role(q, own);
    default:
        return has_role(q, change) || (has_role(q, own) && owns(q, owned));
    }
}

bool graph_may(struct sb_req *q, struct sb_reply *r, enum graph_right right,
               const struct json *owned)
{
    bool makes = access_graph(q->world, graph_tid(q)) != ACCESS_NONE;
    bool user_may = right == GRAPH_READ || (right == GRAPH_CREATE && makes) ||
                    (right == GRAPH_CHANGE && owns(q, owned));
    if (is_app(q) ? app_may(q, right, owned) : user_may || graph_is_admin(q))
        return true;
    sb_graph_error(q, r, 403, "Authorization_RequestDenied",
                   "Insufficient privileges to complete the operation.");
    return false;
}

/* ---- answers ---- */

void graph_absent(const struct sb_req *q, struct sb_reply *r, const char *id)
{
    sb_graph_error(q, r, 404, "Request_ResourceNotFound",
                   "Resource '%.100s' does not exist or one of its queried reference-property "
                   "objects are not present.",
                   id);
}

void graph_bad(const struct sb_req *q, struct sb_reply *r, const char *fmt, ...)
{
    char text[500];
    va_list ap;
    struct str s = STR_INIT;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    STR_SET(text, str_p(&s));
    str_free(&s);
    sb_graph_error(q, r, 400, "Request_BadRequest", "%s", text);
}

/* "@odata.type" and its like say nothing that the shapes do not know. */
static void drop_annotations(struct json *j)
{
    const struct json *c = json_first(j);
    while (c) {
        const struct json *next = json_next(c);
        char name[128];
        if (json_name(c) && strchr(json_name(c), '@') && STR_SET(name, json_name(c)))
            json_unset(j, name);
        else
            drop_annotations(json_edit(c));
        c = next;
    }
}

const struct json *graph_body(struct sb_req *q, struct sb_reply *r, const struct shape *s)
{
    char why[300];
    if (q->json)
        drop_annotations(json_edit(q->json));
    if (!q->json)
        graph_bad(q, r, "A body of type '%s' is required.", s->type);
    else if (!shape_check(s, q->json, "", why, sizeof(why)))
        graph_bad(q, r, "%s", why);
    else
        return q->json;
    return NULL;
}

/* ---- people ---- */

struct json *graph_user(const struct json *user)
{
    static const char *const nulls[] = { "givenName",   "surname",        "jobTitle",
                                         "mobilePhone", "officeLocation", "preferredLanguage",
                                         NULL };
    struct json *out = json_object();
    json_set(out, "businessPhones", json_array());
    json_set_str(out, "displayName", json_str(user, "name"));
    for (const char *const *n = nulls; *n; n++)
        json_set(out, *n, json_null());
    json_set_str(out, "mail", json_str(user, "upn"));
    json_set_str(out, "userPrincipalName", json_str(user, "upn"));
    json_set_str(out, "id", json_str(user, "oid"));
    json_set_str(out, "_tid", json_str(user, "tid"));
    return out;
}

static const struct json *find_user(struct world *w, const char *tid, const char *id)
{
    JSON_EACH (u, world_section(w, "users"))
        if (str_ieq(json_str(u, "tid"), tid) &&
            (str_ieq(json_str(u, "oid"), id) || str_ieq(json_str(u, "upn"), id)))
            return u;
    return NULL;
}

static void send_user(struct sb_req *q, struct sb_reply *r, const struct json *user)
{
    struct json *form = graph_user(user);
    graph_one(q, r, 200, "users", form);
    json_free(form);
}

/* The caller among the users, or NULL: r says that an application is nobody's "me". */
static const struct json *me_of(struct sb_req *q, struct sb_reply *r)
{
    if (is_app(q)) {
        sb_graph_error(q, r, 400, "BadRequest",
                       "/me request is only valid with delegated authentication flow.");
        return NULL;
    }
    JSON_EACH (u, world_section(q->world, "users"))
        if (str_ieq(json_str(u, "oid"), json_str(q->claims, "oid")))
            return u;
    graph_absent(q, r, json_str(q->claims, "oid") ? json_str(q->claims, "oid") : "");
    return NULL;
}

static void me(struct sb_req *q, struct sb_reply *r)
{
    const struct json *user = me_of(q, r);
    if (user)
        send_user(q, r, user);
}

/* The first user is the tenant's administrator (template id: azure-wire.md 4.5.3). */
static void my_roles(struct sb_req *q, struct sb_reply *r)
{
    if (!me_of(q, r))
        return;
    struct json *list = json_array(), *role = json_object();
    if (graph_is_admin(q)) {
        json_set_str(role, "@odata.type", "#microsoft.graph.directoryRole");
        json_set_str(role, "id", "62e90394-69f5-4237-9190-012177145e10");
        json_set_str(role, "displayName", "Global Administrator");
        json_set_str(role, "roleTemplateId", "62e90394-69f5-4237-9190-012177145e10");
        json_push(list, role);
    } else {
        json_free(role);
    }
    graph_list(q, r, "directoryObjects", list);
    json_free(list);
}

static void users(struct sb_req *q, struct sb_reply *r)
{
    if (!graph_may(q, r, GRAPH_READ, NULL))
        return;
    struct json *list = json_array();
    JSON_EACH (u, world_section(q->world, "users"))
        json_push(list, graph_user(u));
    graph_list(q, r, "users", list);
    json_free(list);
}

static void user(struct sb_req *q, struct sb_reply *r)
{
    if (!graph_may(q, r, GRAPH_READ, NULL))
        return;
    const struct json *u = find_user(q->world, graph_tid(q), sb_var(q, "id"));
    if (u)
        send_user(q, r, u);
    else
        graph_absent(q, r, sb_var(q, "id"));
}

/* ---- the organization ---- */

static struct json *organization_form(const struct json *tenant)
{
    struct json *o = json_object(), *list = json_array();
    json_set_str(o, "id", json_str(tenant, "tenantId"));
    json_set_str(o, "displayName", json_str(tenant, "displayName"));
    json_set_str(o, "countryLetterCode", json_str(tenant, "countryCode"));
    json_set_str(o, "tenantType", "AAD");
    JSON_EACH (d, json_member(tenant, "domains")) {
        struct json *v = json_object();
        json_set_str(v, "capabilities", "Email, OfficeCommunicationsOnline");
        json_set_bool(v, "isDefault",
                      str_ieq(json_value_str(d), json_str(tenant, "defaultDomain")));
        json_set_bool(v, "isInitial", str_ends(json_value_str(d), ".onmicrosoft.com"));
        json_set_str(v, "name", json_value_str(d));
        json_set_str(v, "type", "Managed");
        json_push(list, v);
    }
    json_set(o, "verifiedDomains", list);
    return o;
}

static void organization(struct sb_req *q, struct sb_reply *r)
{
    struct json *list = json_array();
    JSON_EACH (t, world_section(q->world, "tenants"))
        if (str_ieq(json_str(t, "tenantId"), graph_tid(q)))
            json_push(list, organization_form(t));
    graph_list(q, r, "organization", list);
    json_free(list);
}

/* ---- objects by id ---- */

/* Its form with "@odata.type", or NULL. Owned. */
static struct json *object_form(struct sb_req *q, const char *id)
{
    const struct json *o = find_user(q->world, graph_tid(q), id);
    if (o && guid_is(id)) {
        struct json *u = graph_user(o), *form = graph_form(q, u, "#microsoft.graph.user");
        json_free(u);
        return form;
    }
    o = dir_sp_by_id(q->world, graph_tid(q), id);
    if (o)
        return graph_form(q, o, "#microsoft.graph.servicePrincipal");
    o = dir_app_by_id(q->world, graph_tid(q), id);
    return o ? graph_form(q, o, "#microsoft.graph.application") : NULL;
}

/* types: "user", "servicePrincipal", ...; absent: all. */
static bool wanted_type(const struct json *types, const struct json *form)
{
    const char *type = json_value_str(json_member(form, "@odata.type"));
    if (!json_len(types))
        return true;
    JSON_EACH (t, types)
        if (str_ieq(json_value_str(t), "directoryObject") ||
            (json_value_str(t) && str_ieq(type + strlen("#microsoft.graph."), json_value_str(t))))
            return true;
    return false;
}

static void get_by_ids(struct sb_req *q, struct sb_reply *r)
{
    const struct json *ids = json_member(q->json, "ids");
    if (!graph_may(q, r, GRAPH_READ, NULL))
        return;
    if (!json_is_array(ids) || json_len(ids) > 1000) {
        graph_bad(q, r, "The parameter 'ids' must hold up to 1000 object ids.");
        return;
    }
    dir_sync(q->world);
    struct json *list = json_array(), *doc = json_object();
    JSON_EACH (id, ids) {
        struct json *form = json_value_str(id) ? object_form(q, json_value_str(id)) : NULL;
        if (form && wanted_type(json_member(q->json, "types"), form))
            json_push(list, form);
        else
            json_free(form);
    }
    struct str context = STR_INIT;
    str_addf(&context, "%s" GRAPH "/$metadata#directoryObjects", q->base);
    json_set_str(doc, "@odata.context", str_p(&context));
    json_set(doc, "value", list);
    str_free(&context);
    sb_reply_json(r, 200, doc);
}

static void object(struct sb_req *q, struct sb_reply *r)
{
    if (!graph_may(q, r, GRAPH_READ, NULL))
        return;
    dir_sync(q->world);
    struct json *form = object_form(q, sb_var(q, "id"));
    if (form)
        sb_reply_json(r, 200, form);
    else
        graph_absent(q, r, sb_var(q, "id"));
}

#define FACTS "azure-wire.md 4.3"
static const struct sb_route rows[] = {
    { "GET", GRAPH "/me", SB_GRAPH, NULL, me, FACTS },
    { "GET", GRAPH "/me/memberOf", SB_GRAPH, NULL, my_roles, FACTS },
    { "GET", GRAPH "/me/memberOf/microsoft.graph.directoryRole", SB_GRAPH, NULL, my_roles, FACTS },
    { "GET", GRAPH "/organization", SB_GRAPH, NULL, organization, FACTS },
    { "GET", GRAPH "/users", SB_GRAPH, NULL, users, FACTS },
    { "GET", GRAPH "/users/{id}", SB_GRAPH, NULL, user, FACTS },
    { "POST", GRAPH "/directoryObjects/getByIds", SB_GRAPH, NULL, get_by_ids,
      "real-clients.md 2.4" },
    { "GET", GRAPH "/directoryObjects/{id}", SB_GRAPH, NULL, object, FACTS },
};
const struct sb_routes graph_routes = { rows, ARRAY_LEN(rows) };
