/* rights_seed.c - role and deny assignments that nobody makes by the Resource Manager: from a seed,
 * and from whoever steers the sandbox. */
#include "config.h"

#include "sandbox/rights.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "sandbox/directory.h"
#include "sandbox/roles.h"

struct principal {
    const char *oid, *type, *tid;
};

static bool has_group(const struct json *user, const char *name)
{
    JSON_EACH (g, json_member(user, "groups"))
        if (str_ieq(json_value_str(g), name))
            return true;
    return false;
}

/* By user name, object id, client id, display name of an application, or a user's group. */
static bool find_principal(struct world *w, const char *name, struct principal *p)
{
    JSON_EACH (u, world_section(w, "users")) {
        bool group = has_group(u, name);
        *p = (struct principal){ group ? name : json_str(u, "oid"), group ? "Group" : "User",
                                 json_str(u, "tid") };
        if (group || str_ieq(json_str(u, "upn"), name) || str_ieq(json_str(u, "oid"), name))
            return true;
    }
    dir_sync(w);
    JSON_EACH (s, world_section(w, "servicePrincipals")) {
        *p = (struct principal){ json_str(s, "id"), "ServicePrincipal", json_str(s, "_tid") };
        if (str_ieq(json_str(s, "id"), name) || str_ieq(json_str(s, "appId"), name) ||
            str_ieq(json_str(s, "displayName"), name))
            return true;
    }
    return false;
}

/* ---- taking away ---- */

struct sweep {
    struct world *w;
    const char *type, *oid; /* oid NULL: all of the type */
};

static void sweep_one(const char *id, struct json *a, void *payload)
{
    struct sweep *s = payload;
    struct str key = STR_INIT;
    if (!str_ieq(json_str(a, "type"), s->type) ||
        (s->oid && !str_ieq(json_str(a, "properties.principalId"), s->oid)))
        return;
    str_add(&key, id); /* it goes with the resource */
    world_remove(s->w, str_p(&key));
    str_free(&key);
}

static void sweep(struct world *w, const char *type, const char *oid)
{
    struct sweep s = { w, type, oid };
    world_each(w, "/", sweep_one, &s);
}

/* ---- roles ---- */

static void grant(struct world *w, const struct principal *p, const char *role, const char *scope)
{
    char whole[128];
    if (scope) {
        roles_grant(w, scope, p->oid, p->type, role);
        return;
    }
    JSON_EACH (sub, world_section(w, "subscriptions")) {
        if (!str_ieq(json_str(sub, "tenantId"), p->tid))
            continue;
        str_fmt(whole, sizeof(whole), "/subscriptions/%s", json_str(sub, "subscriptionId"));
        roles_grant(w, whole, p->oid, p->type, role);
    }
}

static int read_role(struct world *w, const struct json *row, struct principal *p,
                     const char **guid, struct err *e)
{
    const char *name = json_str(row, "principal"), *role = json_str(row, "role");
    const char *scope = json_str(row, "scope");
    *guid = role ? role_def_guid(w, role) : NULL;
    if (!name || !find_principal(w, name, p))
        return err_set(e, ERR_USAGE, 0, _("There is no principal \"%s\"."), name ? name : "");
    if (role && !*guid)
        return err_set(e, ERR_USAGE, 0, _("There is no role \"%s\"."), role);
    if (scope && !str_istarts(scope, "/subscriptions/"))
        return err_set(e, ERR_USAGE, 0, _("The scope \"%s\" does not begin with a subscription."),
                       scope);
    return 0;
}

/* What a named principal had goes; a row without a role only takes away. */
static int set_roles(struct world *w, const struct json *rows, struct err *e)
{
    struct principal p;
    const char *guid;
    JSON_EACH (row, rows)
        if (read_role(w, row, &p, &guid, e) < 0)
            return -1;
    JSON_EACH (row, rows)
        if (read_role(w, row, &p, &guid, e) == 0)
            sweep(w, RIGHTS_ASSIGNMENT, p.oid);
    JSON_EACH (row, rows)
        if (read_role(w, row, &p, &guid, e) == 0 && guid)
            grant(w, &p, guid, json_str(row, "scope"));
    return 0;
}

/* ---- denials ---- */

static struct json *list_of(const struct json *row, const char *name)
{
    const struct json *given = json_member(row, name);
    return json_is_array(given) ? json_copy(given) : json_array();
}

static struct json *one_principal(const char *id, const char *type)
{
    struct json *j = json_object();
    json_set_str(j, "id", id);
    json_set_str(j, "type", type);
    return j;
}

/* Names become {id, type}; without names, and if it must name somebody, everybody. */
static struct json *principals(struct world *w, const struct json *names, bool everybody,
                               struct err *e)
{
    struct json *list = json_array();
    struct principal p;
    JSON_EACH (n, names) {
        if (!json_value_str(n) || !find_principal(w, json_value_str(n), &p)) {
            err_set(e, ERR_USAGE, 0, _("There is no principal \"%s\"."),
                    json_value_str(n) ? json_value_str(n) : "");
            json_free(list);
            return NULL;
        }
        json_push(list, one_principal(p.oid, p.type));
    }
    if (everybody && json_len(list) == 0)
        json_push(list, one_principal(RIGHTS_EVERYBODY, "SystemDefined"));
    return list;
}

static struct json *permissions_of(const struct json *row)
{
    static const char *const names[] = { "actions", "notActions", "dataActions", "notDataActions" };
    struct json *list = json_array(), *p = json_object();
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        json_set(p, names[i], list_of(row, names[i]));
    json_push(list, p);
    return list;
}

static void put_deny(struct world *w, const struct json *row, const char *scope,
                     const struct json *who, const struct json *but)
{
    struct str id = STR_INIT;
    char guid[GUID_SIZE], now[TIME_SIZE];
    const char *name = json_str(row, "name");
    struct json *a, *p;
    guid_random(guid);
    time_iso7(now, world_now(w));
    str_addf(&id, "%s/providers/" RIGHTS_DENY "/%s", scope, guid);
    a = res_new(str_p(&id), RIGHTS_DENY);
    p = res_props(a);
    json_set_str(p, "denyAssignmentName", name ? name : "Deny assignment of the sandbox");
    json_set_str(p, "description", "");
    json_set(p, "permissions", permissions_of(row));
    json_set_str(p, "scope", scope);
    json_set_bool(p, "doNotApplyToChildScopes", json_flag(row, "doNotApplyToChildScopes", false));
    json_set(p, "principals", json_copy(who));
    json_set(p, "excludePrincipals", json_copy(but));
    json_set_bool(p, "isSystemProtected", true);
    json_set_str(p, "createdOn", now);
    json_set_str(p, "updatedOn", now);
    world_put(w, str_p(&id), a);
    str_free(&id);
}

static void put_denies(struct world *w, const struct json *row, const struct json *who,
                       const struct json *but)
{
    const char *scope = json_str(row, "scope");
    char whole[128];
    if (scope) {
        put_deny(w, row, scope, who, but);
        return;
    }
    JSON_EACH (sub, world_section(w, "subscriptions")) {
        str_fmt(whole, sizeof(whole), "/subscriptions/%s", json_str(sub, "subscriptionId"));
        put_deny(w, row, whole, who, but);
    }
}

/* All that were there go. */
static int set_denies(struct world *w, const struct json *rows, struct err *e)
{
    sweep(w, RIGHTS_DENY, NULL);
    JSON_EACH (row, rows) {
        struct json *who = principals(w, json_member(row, "principals"), true, e);
        struct json *but =
            who ? principals(w, json_member(row, "excludePrincipals"), false, e) : NULL;
        if (but)
            put_denies(w, row, who, but);
        json_free(who);
        json_free(but);
        if (!but)
            return -1;
    }
    return 0;
}

int rights_set(struct world *w, const struct json *doc, struct err *e)
{
    const struct json *denies = json_member(doc, "denyAssignments");
    if (set_roles(w, json_member(doc, "roleAssignments"), e) < 0)
        return -1;
    world_touch(w);
    return denies ? set_denies(w, denies, e) : 0;
}
