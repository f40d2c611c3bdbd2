/* rights.c - actions of requests, and their judgement. */
#include "config.h"

#include "sandbox/rights.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/resource.h"
#include "sandbox/roles.h"

/* ---- what a request is ---- */

#define SUB    "/subscriptions/{}"
#define GROUP  SUB "/resourcegroups/{}"
#define CORE   "Microsoft.Resources/subscriptions"
#define GROUPS CORE "/resourceGroups"

/* The Resource Manager's own paths; everything else follows the rule of act_of_type. "" needs no
 * right: such lists are cut afterwards, such resources are everybody's. */
static const struct {
    const char *method, *pattern, *action;
    bool list;
} acts[] = {
    { "GET", "/tenants", "", false },
    { "GET", "/subscriptions", "", true },
    { "GET", "/providers/Microsoft.Authorization/roleDefinitions/{}", "", false },
    { "GET", "/providers/{}/operations", "", false },
    { "GET", SUB, CORE "/read", false },
    { "GET", SUB "/locations", CORE "/locations/read", false },
    { "GET", SUB "/resources", CORE "/resources/read", true },
    { "GET", SUB "/resourcegroups", GROUPS "/read", true },
    { "GET", GROUP, GROUPS "/read", false },
    { "HEAD", GROUP, GROUPS "/read", false },
    { "PUT", GROUP, GROUPS "/write", false },
    { "PATCH", GROUP, GROUPS "/write", false },
    { "DELETE", GROUP, GROUPS "/delete", false },
    { "GET", GROUP "/resources", GROUPS "/resources/read", true },
    { "GET", SUB "/operationresults/{}", CORE "/operationresults/read", false },
    { "GET", SUB "/providers", CORE "/providers/read", false },
    { "GET", SUB "/providers/{}", CORE "/providers/read", false },
};

/* Segment by segment, without case; "{}" is any one. */
static bool path_is(const char *pattern, const char *path)
{
    for (;;) {
        pattern += strspn(pattern, "/");
        path += strspn(path, "/");
        if (!*pattern || !*path)
            return !*pattern && !*path;
        size_t a = strcspn(pattern, "/"), b = strcspn(path, "/");
        if (strncmp(pattern, "{}", a) != 0 && (a != b || strncasecmp(pattern, path, a) != 0))
            return false;
        pattern += a;
        path += b;
    }
}

/* Length of the first n segments: of a subscription two, of a resource group four. */
static size_t leading(const char *path, int n)
{
    const char *p = path;
    while (n-- > 0 && *p)
        p += 1 + strcspn(p + 1, "/");
    return (size_t)(p - path);
}

static const char *last_provider(const char *path)
{
    const char *mark = NULL;
    for (const char *p = path; (p = str_ifind(p, "/providers/")) != NULL; p++)
        mark = p;
    return mark;
}

static const char *verb_of(const char *method)
{
    if (str_eq(method, "GET") || str_eq(method, "HEAD"))
        return "read";
    return str_eq(method, "DELETE") ? "delete" : "write";
}

/* /providers/NS/type/name/type/name: an even number of segments behind NS is a resource; an odd one
 * ends in a type (a list) or in the name of an action (POST). */
static void act_of_type(const char *method, const char *path, const char *mark,
                        struct rights_act *out)
{
    struct str type = STR_INIT;
    const char *p = mark + strlen("/providers/"), *last = mark;
    size_t n = strcspn(p, "/"), i = 0;
    bool post = str_eq(method, "POST");
    str_addn(&type, p, n);
    for (p += n; *p; i++) {
        last = p;
        n = strcspn(++p, "/");
        if (i % 2 == 0 && !(post && !p[n])) {
            str_addc(&type, '/');
            str_addn(&type, p, n);
        }
        p += n;
    }
    out->list = i % 2 == 1 && str_eq(method, "GET") && !str_istarts(str_p(&type), NS_AUTH);
    if (post)
        str_fmt(out->action, sizeof(out->action), "%s%s/action", str_p(&type), last);
    else
        str_fmt(out->action, sizeof(out->action), "%s/%s", str_p(&type), verb_of(method));
    /* a list and an action belong to what stands before them */
    const char *end = i % 2 == 0 ? path + strlen(path) : i == 1 ? mark : last;
    str_addn(&out->scope, path, (size_t)(end - path));
    str_free(&type);
}

void rights_act(const char *method, const char *path, struct rights_act *out)
{
    const char *mark = last_provider(path);
    *out = (struct rights_act){ .list = false };
    for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
        if (!str_eq(acts[i].method, method) || !path_is(acts[i].pattern, path))
            continue;
        STR_SET(out->action, acts[i].action);
        out->list = acts[i].list;
        str_addn(&out->scope, path, leading(path, str_starts(acts[i].pattern, GROUP) ? 4 : 2));
        return;
    }
    if (mark)
        act_of_type(method, path, mark, out);
    else
        str_add(&out->scope, path);
}

/* ---- who the caller is ---- */

static const struct json *user_of(struct sb_req *q)
{
    JSON_EACH (u, world_section(q->world, "users"))
        if (str_ieq(json_str(u, "oid"), json_str(q->claims, "oid")))
            return u;
    return NULL;
}

bool rights_is_caller(struct sb_req *q, const char *principal)
{
    if (str_ieq(principal, json_str(q->claims, "oid")))
        return true;
    JSON_EACH (g, json_member(user_of(q), "groups"))
        if (str_ieq(json_value_str(g), principal))
            return true;
    return false;
}

/* ---- permissions ---- */

static bool any_match(const struct json *patterns, const char *action)
{
    JSON_EACH (p, patterns)
        if (json_value_str(p) && sb_glob(json_value_str(p), action))
            return true;
    return false;
}

bool rights_match(const struct json *permissions, const char *action)
{
    JSON_EACH (p, permissions)
        if (any_match(json_member(p, "actions"), action) &&
            !any_match(json_member(p, "notActions"), action))
            return true;
    return false;
}

/* ---- walking the assignments ---- */

struct walk {
    struct sb_req *q;
    const char *action, *scope;
    bool allowed, below;
    const struct json *denied; /* the deny assignment */
    struct json *permissions;  /* collected, or NULL */
};

static bool reaches(const char *assigned, const char *scope)
{
    return assigned && (!assigned[strspn(assigned, "/")] || res_within(scope, assigned));
}

static void look_at_role(struct walk *w, const struct json *a)
{
    const char *scope = json_str(a, "properties.scope");
    struct json *permissions;
    if (!scope || !rights_is_caller(w->q, json_str(a, "properties.principalId")))
        return;
    w->below = w->below || reaches(scope, w->scope) || res_within(scope, w->scope);
    if (!reaches(scope, w->scope))
        return;
    permissions = role_def_permissions(w->q->world, json_str(a, "properties.roleDefinitionId"));
    w->allowed = w->allowed || (w->action && rights_match(permissions, w->action));
    if (w->permissions)
        JSON_EACH (p, permissions)
            json_push(w->permissions, json_copy(p));
    json_free(permissions);
}

static bool names_caller(struct sb_req *q, const struct json *principals)
{
    JSON_EACH (p, principals)
        if (str_eq(json_str(p, "id"), RIGHTS_EVERYBODY) || rights_is_caller(q, json_str(p, "id")))
            return true;
    return false;
}

static void look_at_deny(struct walk *w, const struct json *a)
{
    const struct json *p = json_member(a, "properties");
    const char *scope = json_str(p, "scope");
    bool here =
        scope && (json_flag(p, "doNotApplyToChildScopes", false) ? str_ieq(scope, w->scope)
                                                                 : reaches(scope, w->scope));
    if (here && w->action && names_caller(w->q, json_member(p, "principals")) &&
        !names_caller(w->q, json_member(p, "excludePrincipals")) &&
        rights_match(json_member(p, "permissions"), w->action))
        w->denied = a;
}

static void look_at(const char *id, struct json *resource, void *payload)
{
    const char *type = json_str(resource, "type");
    (void)id;
    if (str_ieq(type, RIGHTS_ASSIGNMENT))
        look_at_role(payload, resource);
    else if (str_ieq(type, RIGHTS_DENY))
        look_at_deny(payload, resource);
}

/* The seed's "denyActions" are taken from everybody. */
static bool seed_denies(struct sb_req *q, const char *action)
{
    return any_match(json_member(world_section(q->world, "options"), "denyActions"), action);
}

static struct walk judge(struct sb_req *q, const char *action, const char *scope)
{
    struct walk w = { .q = q, .action = action, .scope = scope };
    world_each(q->world, "/", look_at, &w);
    w.allowed = w.allowed && !seed_denies(q, action);
    return w;
}

static bool may(struct sb_req *q, const char *action, const char *scope)
{
    struct walk w = judge(q, action, scope);
    return w.allowed && !w.denied;
}

bool rights_any(struct sb_req *q, const char *scope)
{
    struct walk w = { .q = q, .scope = scope };
    world_each(q->world, "/", look_at, &w);
    return w.below;
}

struct json *rights_permissions(struct sb_req *q, const char *scope)
{
    struct walk w = { .q = q, .scope = scope, .permissions = json_array() };
    world_each(q->world, "/", look_at, &w);
    JSON_EACH (p, w.permissions)
        JSON_EACH (d, json_member(world_section(q->world, "options"), "denyActions"))
            json_push(json_edit(json_member(p, "notActions")), json_copy(d));
    return w.permissions;
}

/* ---- refusals ---- */

static void refuse(struct sb_req *q, struct sb_reply *r, const struct walk *w)
{
    const char *oid = json_str(q->claims, "oid");
    if (w->allowed)
        sb_arm_error(r, 403, "DenyAssignmentAuthorizationFailed",
                     "The client '%s' with object id '%s' has permission to perform action '%s' "
                     "on scope '%s'; however, the access is denied because of the deny assignment "
                     "with name '%s' and Id '%s' at scope '%s'.",
                     res_caller(q), oid ? oid : "", w->action, w->scope,
                     json_str(w->denied, "properties.denyAssignmentName"),
                     json_str(w->denied, "name"), json_str(w->denied, "properties.scope"));
    else
        sb_arm_error(r, 403, "AuthorizationFailed",
                     "The client '%s' with object id '%s' does not have authorization to perform "
                     "action '%s' over scope '%s' or the scope is invalid. If access was recently "
                     "granted, please refresh your credentials.",
                     res_caller(q), oid ? oid : "", w->action, w->scope);
}

bool rights_allow(struct sb_req *q, struct sb_reply *r, const char *action, const char *scope)
{
    struct walk w = judge(q, action, scope);
    if (w.allowed && !w.denied)
        return true;
    refuse(q, r, &w);
    return false;
}

/* Without any right in it a subscription is as if it were not there (azure-wire.md 2.3.4). */
static bool enter_subscription(struct sb_req *q, struct sb_reply *r, const struct rights_act *act)
{
    const char *scope = str_p(&act->scope);
    if (rights_any(q, scope))
        return !seed_denies(q, act->action) || rights_allow(q, r, act->action, scope);
    sb_arm_error(r, 404, "SubscriptionNotFound", "The subscription '%s' could not be found.",
                 res_last(scope));
    return false;
}

bool rights_enter(struct sb_req *q, struct sb_reply *r)
{
    struct rights_act act;
    bool ok = true;
    rights_act(q->method, q->path, &act);
    STR_SET(q->action, act.action[0] ? act.action : "-");
    if (!act.action[0]) {
        q->partial = act.list;
    } else if (str_eq(act.action, CORE "/read")) {
        ok = enter_subscription(q, r, &act);
    } else if (act.list && !may(q, act.action, str_p(&act.scope)) && !seed_denies(q, act.action) &&
               rights_any(q, str_p(&act.scope))) {
        q->partial = true;
    } else {
        ok = rights_allow(q, r, act.action, str_p(&act.scope));
    }
    str_free(&act.scope);
    return ok;
}

static bool may_see(struct sb_req *q, const char *id)
{
    struct rights_act act;
    rights_act("GET", id, &act);
    bool ok = str_eq(act.action, CORE "/read") ? rights_any(q, id)
                                               : may(q, act.action, str_p(&act.scope));
    str_free(&act.scope);
    return ok;
}

void rights_leave(struct sb_req *q, struct sb_reply *r)
{
    const struct json *all = json_member(r->json, "value");
    struct json *seen;
    if (!q->partial || r->status != 200 || !json_is_array(all))
        return;
    seen = json_array();
    JSON_EACH (item, all)
        if (json_str(item, "id") && may_see(q, json_str(item, "id")))
            json_push(seen, json_copy(item));
    json_set(r->json, "value", seen);
}
