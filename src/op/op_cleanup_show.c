/* What a clean-up shows: each thing that could be a leftover, with its evidence, or with the reason
 * why it stays. */
#include "config.h"

#include "op/op_cleanup_found.h"

#include <string.h>

#include "azure/rights.h"
#include "base/i18n.h"
#include "base/text.h"

#define HERE N_("it belongs to the cluster that is registered here")

struct show {
    const struct json *found;
    int64_t now;
    struct json *items;
};

static const struct {
    const char *id, *what, *right, *ends;
    bool not_billed; /* the facts say so; of the others they say nothing */
} kinds[CL_KINDS] = {
    [CL_SETTINGS] = { "arc-settings", N_("Arc settings"),
                      "Microsoft.AzureStackHCI/clusters/arcSettings/delete",
                      N_("If a cluster still used them, its extensions through Azure Arc would "
                         "end."),
                      true },
    [CL_CLUSTER] = { "cluster", N_("cluster resource"), "Microsoft.AzureStackHCI/clusters/delete",
                     N_("If a cluster still used it, Azure's monitoring, support and billing of "
                        "that cluster would end, and it would have to be registered anew."),
                     true },
    [CL_MACHINE] = { "machine", N_("Arc-connected machine"),
                     "Microsoft.HybridCompute/machines/delete",
                     N_("If a machine still used it, all that Azure does on it would end, and its "
                        "agent would have to be connected anew."),
                     false },
    [CL_ROLE] = { "role", N_("role assignment"), "Microsoft.Authorization/roleAssignments/delete",
                  N_("If a cluster still used the group, the service could not manage that "
                     "cluster's machines any more."),
                  false },
    [CL_APP] = { "application", N_("application in Microsoft Entra"), "",
                 N_("If a cluster still signed in with it, that cluster would be without Azure "
                    "until its registration is repaired. Microsoft Entra can bring it back for 30 "
                    "days."),
                 true },
    [CL_GROUP] = { "group", N_("resource group"),
                   "Microsoft.Resources/subscriptions/resourceGroups/delete",
                   N_("It is deleted only while it is empty: nothing ends with it."), true },
};

const char *cl_what(enum cl_kind kind)
{
    return _(kinds[kind].what);
}

const char *cl_right(enum cl_kind kind)
{
    return kinds[kind].right;
}

/* ---- what the account may ---- */

static bool permits(const struct show *s, const char *scope, const char *action)
{
    const struct json *list = cl_body(s->found, scope, CL_PERMISSIONS);
    struct err ignored = { 0 };

    return list && rights_check(list, &ignored) == 0 && rights_permit(list, action);
}

/* Does a list of the subscription hold all there is? A list is cut to what the caller may read. */
static bool sees_all(const struct show *s, const char *sub, const char *action)
{
    char scope[64];

    str_fmt(scope, sizeof scope, "/subscriptions/%s", sub);
    return permits(s, scope, action);
}

static bool sees_machines(const struct show *s, const char *sub)
{
    return sees_all(s, sub, "Microsoft.HybridCompute/machines/read") &&
           cl_list(s->found, sub, CL_MACHINES);
}

static bool sees_clusters(const struct show *s)
{
    JSON_EACH (sub, json_member(s->found, "subscriptions"))
        if (!sees_all(s, json_value_str(sub), "Microsoft.AzureStackHCI/clusters/read") ||
            !cl_list(s->found, json_value_str(sub), CL_CLUSTERS))
            return false;
    return true;
}

static bool may_delete(const struct show *s, enum cl_kind kind, const char *id)
{
    struct str group = STR_INIT;
    char sub[40];
    bool may;

    cl_sub_of(sub, id);
    cl_group_of(&group, id);
    may = !*kinds[kind].right || sees_all(s, sub, kinds[kind].right) ||
          (group.len && permits(s, str_p(&group), kinds[kind].right));
    str_free(&group);
    return may;
}

/* ---- locks ---- */

/* At it, above it, or below it: what is below goes, too. */
static bool locked(const struct show *s, const char *id, char *why, size_t size)
{
    char sub[40];

    cl_sub_of(sub, id);
    JSON_EACH (l, *sub ? cl_list(s->found, sub, CL_LOCKS) : NULL) {
        const char *lock = cl_text(l, "id"), *cut = str_ifind(lock, CL_LOCKS "/");
        struct str scope = STR_INIT;
        bool holds;

        if (!cut)
            continue;
        str_addn(&scope, lock, (size_t)(cut - lock));
        holds = cl_within(id, str_p(&scope)) || cl_within(str_p(&scope), id);
        str_free(&scope);
        if (holds) {
            str_fmt(why, size, _("a lock keeps it: %s (%s)"), cl_text(l, "name"),
                    cl_text(l, "properties.level"));
            return true;
        }
    }
    return false;
}

/* ---- one row ---- */

static bool is_here(const struct show *s, const char *id)
{
    const char *here = cl_text(s->found, "here");

    return *here && (cl_within(id, here) || cl_within(here, id));
}

static void set_group(struct json *row, const char *id)
{
    struct str group = STR_INIT;
    const char *slash;

    cl_group_of(&group, id);
    slash = strrchr(str_p(&group), '/');
    if (slash)
        json_set_str(row, "group", slash + 1);
    str_free(&group);
}

/* Whatever was judged, what is registered here and what is locked stays. NULL: nothing of this kind
 * here has such an id, it has no name to type, it is listed already, or there are too many. */
static struct json *push(struct show *s, enum cl_kind kind, const char *id, const char *named,
                         const struct cl_word *word)
{
    struct json *row;
    bool may = may_delete(s, kind, id);
    char name[200], why[400], reason[400];

    TEXT_SET(name, named);
    TEXT_SET(why, word->why);
    if (cl_kind_of(id) != (int)kind || (kind != CL_APP && !cl_scanned(s->found, id)) ||
        cl_find(s->items, id) || !*name || json_len(s->items) >= OP_CLEANUP_MAX)
        return NULL;
    row = json_object();
    json_set_str(row, "id", id);
    json_set_str(row, "kind", kinds[kind].id);
    json_set_str(row, "what", _(kinds[kind].what));
    json_set_str(row, "name", name);
    set_group(row, id);
    json_set_str(row, "why", word->left ? why : "");
    json_set_str(row, "age", word->age);
    if (kinds[kind].not_billed) {
        json_set_bool(row, "billed", false);
        json_set_str(row, "harmless", _("harmless, not billed"));
    }
    json_set_str(row, "ends", _(kinds[kind].ends));
    json_set_bool(row, "may", may);
    if (!may)
        json_set_str(row, "missing", kinds[kind].right);
    if (is_here(s, id))
        json_set_str(row, "kept", _(HERE));
    else if (!word->left)
        json_set_str(row, "kept", why);
    else if (locked(s, id, reason, sizeof reason)) {
        TEXT_SET(why, reason);
        json_set_str(row, "kept", why);
    }
    json_set_str(row, "word", name);
    json_push(s->items, row);
    return row;
}

static const struct json *item(const struct json *items, const char *id)
{
    return cl_find(items, id);
}

/* Is it offered here? */
static bool offered(const struct show *s, const char *id)
{
    const struct json *i = item(s->items, id);

    return i && !json_member(i, "kept");
}

static void keep(struct cl_word *w, const char *why)
{
    w->left = false;
    STR_SET(w->why, why);
}

static void also(struct cl_word *w, const char *more)
{
    char before[sizeof w->why];

    STR_SET(before, w->why);
    str_fmt(w->why, sizeof w->why, "%s; %s", before, more);
}

/* ---- clusters and their Arc settings ---- */

static bool silent_everywhere(const struct show *s, const char *cluster, struct cl_word *w)
{
    JSON_EACH (sub, json_member(s->found, "subscriptions"))
        if (!cl_machines_silent(cl_list(s->found, json_value_str(sub), CL_MACHINES), cluster,
                                s->now, w))
            return false;
    return true;
}

static void show_cluster(struct show *s, const char *sub, const struct json *cluster)
{
    const char *id = cl_text(cluster, "id");
    const struct json *settings = cl_body(s->found, id, CL_SETTINGS_TAIL);
    struct cl_word w;
    char name[200];

    cl_cluster(cluster, s->now, &w);
    if (w.left && !sees_machines(s, sub))
        keep(&w, _("your account does not see all machines of the subscription: one of them may "
                   "be this cluster's"));
    else if (w.left && silent_everywhere(s, id, &w))
        also(&w, _("none of its machines is connected"));
    push(s, CL_CLUSTER, id, cl_text(cluster, "name"), &w);
    if (!settings || !offered(s, id) || !cl_within(cl_text(settings, "id"), id))
        return;
    STR_SET(w.why, _("its cluster is a leftover, and nothing is connected"));
    str_fmt(name, sizeof name, "%s/%s", cl_text(cluster, "name"), cl_text(settings, "name"));
    push(s, CL_SETTINGS, cl_text(settings, "id"), name, &w);
}

/* ---- machines ---- */

enum parent { LIVES, GONE, LEFTOVER, UNKNOWN, ELSEWHERE };

static enum parent parent_is(const struct show *s, const char *parent)
{
    char sub[40];
    int http;

    cl_sub_of(sub, parent);
    if (!*sub || !cl_scanned(s->found, parent))
        return ELSEWHERE;
    if (cl_find(cl_list(s->found, sub, CL_CLUSTERS), parent))
        return offered(s, parent) ? LEFTOVER : LIVES;
    http = cl_http(s->found, parent);
    if (http == 200)
        return LIVES;
    return http == 404 &&
                   !str_ieq(cl_text(cl_answer(s->found, parent), "code"), "SubscriptionNotFound")
               ? GONE
               : UNKNOWN;
}

static const char *last(const char *id)
{
    const char *slash = strrchr(id, '/');

    return slash ? slash + 1 : id;
}

static bool is_node(const struct show *s, const char *name)
{
    JSON_EACH (n, json_member(s->found, "nodes"))
        if (str_ieq(json_value_str(n), name))
            return true;
    return false;
}

static const char *of_cluster(char *out, size_t size, const char *parent, bool gone)
{
    if (gone)
        str_fmt(out, size, _("its cluster %s is gone"), last(parent));
    else
        str_fmt(out, size, _("its cluster %s is a leftover: both go, or the cluster first"),
                last(parent));
    return out;
}

static void show_machine(struct show *s, const struct json *machine)
{
    const char *parent = cl_text(machine, "properties.parentClusterResourceId");
    const char *name = cl_text(machine, "name");
    enum parent is = *parent ? parent_is(s, parent) : LIVES;
    struct json *row;
    struct cl_word w;
    char why[200];

    if (is == LIVES)
        return;
    cl_machine(machine, s->now, &w);
    if (is_node(s, name))
        keep(&w, _("a node of this cluster bears its name"));
    else if (w.left && (is == GONE || is == LEFTOVER))
        also(&w, of_cluster(why, sizeof why, parent, is == GONE));
    else if (w.left)
        keep(&w, is == ELSEWHERE ? _("its cluster is in a subscription that was not looked at")
                                 : _("whether its cluster is still there is not known"));
    row = push(s, CL_MACHINE, cl_text(machine, "id"), name, &w);
    if (row && cl_is_id(parent))
        json_set_str(row, "parent", parent);
}

/* ---- groups ---- */

/* Is the group needed by a cluster that stays: it stands there, or its machines do? */
static const char *needed_by(const struct show *s, const char *group)
{
    JSON_EACH (sub, json_member(s->found, "subscriptions"))
        JSON_EACH (c, cl_list(s->found, json_value_str(sub), CL_CLUSTERS)) {
            const char *id = cl_text(c, "id");
            const char *arc = cl_text(cl_body(s->found, id, CL_SETTINGS_TAIL),
                                      "properties.arcInstanceResourceGroup");
            char of[40];

            cl_sub_of(of, id);
            if (!offered(s, id) &&
                (cl_within(id, group) ||
                 (str_ieq(arc, last(group)) && cl_scanned(s->found, id) && str_ifind(group, of))))
                return cl_text(c, "name");
        }
    return NULL;
}

static void holds(const struct show *s, const struct json *resources, struct cl_word *w)
{
    struct str others = STR_INIT;
    size_t leftovers = 0;

    JSON_EACH (r, resources) {
        bool goes = false;

        JSON_EACH (i, s->items)
            goes =
                goes || (!json_member(i, "kept") && cl_within(cl_text(r, "id"), cl_text(i, "id")));
        leftovers += goes;
        if (!goes && others.len < 200)
            str_addf(&others, "%s%s", others.len ? " " : "", cl_text(r, "name"));
    }
    if (others.len) {
        w->left = false;
        str_fmt(w->why, sizeof w->why, _("it holds other resources: %s"), str_p(&others));
    } else if (leftovers) {
        STR_SET(w->why,
                _("registration made it, and it holds leftovers alone: it goes if they do"));
    }
    str_free(&others);
}

static void show_group(struct show *s, const char *sub, const struct json *group)
{
    const char *id = cl_text(group, "id"), *needs = needed_by(s, id);
    const struct json *inside = cl_body(s->found, id, CL_RESOURCES_TAIL);
    struct cl_word w;

    cl_group(group, &w);
    if (w.left && !needs && !sees_clusters(s)) {
        keep(&w, _("your account does not see all clusters: one of them may need it"));
    } else if (w.left && needs) {
        w.left = false;
        str_fmt(w.why, sizeof w.why, _("the cluster %s needs it"), needs);
    } else if (w.left &&
               (!inside || !sees_all(s, sub,
                                     "Microsoft.Resources/subscriptions/resourceGroups/resources/"
                                     "read"))) {
        keep(&w, _("your account does not see all that it holds"));
    } else if (w.left) {
        holds(s, json_get(inside, "value"), &w);
    }
    push(s, CL_GROUP, id, cl_text(group, "name"), &w);
}

/* ---- roles: register-flow.md 4.2 U9 ---- */

/* Held by the service, as a cluster names its principal. */
static bool by_service(const struct show *s, const char *principal)
{
    JSON_EACH (sub, json_member(s->found, "subscriptions"))
        JSON_EACH (c, cl_list(s->found, json_value_str(sub), CL_CLUSTERS))
            if (*principal && str_ieq(cl_text(c, "properties.resourceProviderObjectId"), principal))
                return true;
    return false;
}

static bool machines_need(const struct show *s, const char *sub, const char *group)
{
    JSON_EACH (m, cl_list(s->found, sub, CL_MACHINES))
        if (cl_within(cl_text(m, "id"), group) &&
            *cl_text(m, "properties.parentClusterResourceId") && !offered(s, cl_text(m, "id")))
            return true;
    return false;
}

static void show_role(struct show *s, const char *sub, const struct json *role)
{
    const char *scope = cl_text(role, "properties.scope");
    struct cl_word w;

    if (!cl_role_is(role) || !by_service(s, cl_text(role, "properties.principalId")) ||
        needed_by(s, scope) || machines_need(s, sub, scope))
        return;
    cl_role(role, s->now, &w);
    if (w.left && !sees_machines(s, sub))
        keep(&w, _("your account does not see all machines of the subscription"));
    push(s, CL_ROLE, cl_text(role, "id"), "Azure Connected Machine Resource Manager", &w);
}

/* ---- applications ---- */

static void add_name(struct json *names, const char *name)
{
    JSON_EACH (n, names)
        if (str_ieq(json_value_str(n), name))
            return;
    if (*name)
        json_push(names, json_string(name));
}

/* Of what is offered: a cluster, a machine's cluster, a group called `<cluster>-rg`. */
static struct json *names_of(const struct show *s)
{
    struct json *names = json_array();
    char name[128];

    JSON_EACH (i, s->items) {
        const char *kind = cl_text(i, "kind"), *own = cl_text(i, "name");
        size_t n = strlen(own);

        if (json_member(i, "kept"))
            continue;
        if (str_eq(kind, "cluster"))
            add_name(names, own);
        else if (str_eq(kind, "machine"))
            add_name(names, last(cl_text(i, "parent")));
        else if (str_eq(kind, "group") && str_ends(own, "-rg") && n > 3 &&
                 str_fmt(name, sizeof name, "%.*s", (int)n - 3, own))
            add_name(names, name);
    }
    return names;
}

/* By a cluster that stays; its own name stays its own. */
static bool used(const struct show *s, const struct json *app, const char *base)
{
    const char *id = cl_text(app, "appId");

    JSON_EACH (sub, json_member(s->found, "subscriptions"))
        JSON_EACH (c, cl_list(s->found, json_value_str(sub), CL_CLUSTERS)) {
            const struct json *arc = cl_body(s->found, cl_text(c, "id"), CL_SETTINGS_TAIL);

            if (!offered(s, cl_text(c, "id")) &&
                (str_ieq(cl_text(c, "name"), base) ||
                 str_ieq(cl_text(c, "properties.aadClientId"), id) ||
                 str_ieq(cl_text(arc, "properties.arcApplicationClientId"), id)))
                return true;
        }
    return false;
}

/* Made by the service, it goes with the resource that is deleted (azure-wire.md 3.6). */
static bool goes_along(const struct show *s, const struct json *app)
{
    const char *id = cl_text(app, "id");

    JSON_EACH (sub, json_member(s->found, "subscriptions"))
        JSON_EACH (c, cl_list(s->found, json_value_str(sub), CL_CLUSTERS)) {
            const struct json *arc = cl_body(s->found, cl_text(c, "id"), CL_SETTINGS_TAIL);

            if (str_ieq(cl_text(c, "properties.aadApplicationObjectId"), id) ||
                str_ieq(cl_text(arc, "properties.arcApplicationObjectId"), id))
                return true;
        }
    return false;
}

static void show_application(struct show *s, const struct json *app)
{
    const char *name = cl_text(app, "displayName");
    char id[80], base[128];
    struct cl_word w;

    cl_base_name(base, sizeof base, name);
    str_fmt(id, sizeof id, CL_APPLICATION "%s", cl_text(app, "id"));
    if (item(s->items, id) || goes_along(s, app))
        return;
    cl_application(app, json_flag(s->found, "whole", false), s->now, &w);
    if (w.left && used(s, app, base))
        keep(&w, _("a cluster that stays bears its name, or uses it"));
    else if (w.left && !sees_clusters(s))
        keep(&w, _("your account does not see all clusters: one of them may use it"));
    push(s, CL_APP, id, name, &w);
}

/* ---- all ---- */

static void show_sub(struct show *s, const char *sub, enum cl_kind kind)
{
    static const char *const lists[CL_KINDS] = { [CL_CLUSTER] = CL_CLUSTERS,
                                                 [CL_MACHINE] = CL_MACHINES,
                                                 [CL_ROLE] = CL_ROLES,
                                                 [CL_GROUP] = CL_GROUPS };

    JSON_EACH (x, cl_list(s->found, sub, lists[kind])) {
        if (kind == CL_CLUSTER)
            show_cluster(s, sub, x);
        else if (kind == CL_MACHINE)
            show_machine(s, x);
        else if (kind == CL_ROLE)
            show_role(s, sub, x);
        else if (cl_tagged(x))
            show_group(s, sub, x);
    }
}

static void show_resources(struct show *s)
{
    static const enum cl_kind order[] = { CL_CLUSTER, CL_MACHINE, CL_ROLE, CL_GROUP };

    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        JSON_EACH (sub, json_member(s->found, "subscriptions"))
            show_sub(s, json_value_str(sub), order[i]);
}

struct json *cl_names(const struct json *found, int64_t now)
{
    struct show s = { found, now, json_array() };
    struct json *names;

    show_resources(&s);
    names = names_of(&s);
    json_free(s.items);
    return names;
}

/* ---- of two things with one name ---- */

static const char *subscription_of(const struct show *s, const struct json *i, char id[40])
{
    const char *name;

    cl_sub_of(id, cl_text(i, "id"));
    name = json_value_str(json_member(json_member(s->found, "names"), id));
    return name && *name ? name : id;
}

static bool twins(const struct json *a, const struct json *b)
{
    return a != b && str_eq(cl_text(a, "kind"), cl_text(b, "kind")) &&
           str_ieq(cl_text(a, "name"), cl_text(b, "name"));
}

/* What tells it from the others of its kind and name: the group; where that is called the same,
 * too, the subscription; applications have neither. "" if its name is its own. */
static void place(const struct show *s, const struct json *i, char *out, size_t size)
{
    const char *group = str_eq(cl_text(i, "kind"), "group") ? "" : cl_text(i, "group"), *sub;
    char id[40], other[40], clean[200];
    bool twin = false, same = false, named = true;

    sub = subscription_of(s, i, id);
    JSON_EACH (o, s->items) {
        bool near = twins(o, i) && str_ieq(cl_text(o, "group"), cl_text(i, "group"));

        twin = twin || twins(o, i);
        same = same || near;
        if (near && str_ieq(subscription_of(s, o, other), sub))
            named = false;
    }
    str_copy(out, size, "");
    TEXT_SET(clean, named ? sub : id);
    if (twin && !*id)
        str_copy(out, size, cl_text(i, "id") + strcspn(cl_text(i, "id"), ":") + 1);
    else if (same)
        str_fmt(out, size, "%s%s%s", clean, *group ? ", " : "", group); /* a column may cut it */
    else if (twin)
        str_copy(out, size, group);
}

static void set_places(const struct show *s)
{
    JSON_EACH (i, s->items) {
        struct json *row = json_edit(i);
        char where[400], named[700], ask[900];

        place(s, i, where, sizeof where);
        if (*where)
            json_set_str(row, "place", where);
        str_fmt(named, sizeof named, "%s%s%s%s", cl_text(i, "name"), *where ? " (" : "", where,
                *where ? ")" : "");
        str_fmt(ask, sizeof ask, _("Type the name %s to delete this: %s %s"), cl_text(i, "name"),
                cl_text(i, "what"), named);
        json_set_str(row, "ask", ask);
    }
}

struct json *op_cleanup_items(const struct json *found, int64_t now)
{
    struct show s = { found, now, json_array() };

    show_resources(&s);
    JSON_EACH (a, json_member(found, "answers"))
        if (str_starts(json_name(a), CL_APPLICATIONS "?"))
            JSON_EACH (app, json_get(json_member(a, "json"), "value"))
                show_application(&s, app);
    set_places(&s);
    return s.items;
}

/* ---- what would be sent ---- */

struct json *op_cleanup_preview(const struct json *items)
{
    struct json *out = json_array();

    for (int k = 0; k < CL_KINDS; k++)
        JSON_EACH (i, items) {
            struct json *step, *request, *requests;

            if (cl_kind_of(cl_text(i, "id")) != k)
                continue;
            step = json_object();
            request = json_object();
            requests = json_array();
            json_set_str(request, "kind", "write");
            json_set_str(request, "method", "DELETE");
            json_set_str(request, "address", cl_text(i, "id"));
            json_push(requests, request);
            json_set_str(step, "id", kinds[k].id);
            json_set_str(step, "title", _(kinds[k].what));
            json_set_str(step, "state", "make");
            json_set(step, "requests", requests);
            json_push(out, step);
        }
    return out;
}

/* ---- what could not be seen ---- */

static void warn(struct json *out, const char *text)
{
    JSON_EACH (w, out)
        if (str_eq(json_value_str(w), text))
            return;
    json_push(out, json_string(text));
}

static void warn_sub(const struct show *s, struct json *out, const char *sub)
{
    static const char *const needed[] = {
        "Microsoft.AzureStackHCI/clusters/read", "Microsoft.HybridCompute/machines/read",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Resources/subscriptions/resourceGroups/resources/read"
    };
    char text[500];

    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (!sees_all(s, sub, needed[i])) {
            str_fmt(text, sizeof text,
                    _("Of the subscription %s your account sees a part only (it lacks %s there): "
                      "what was not seen may be needed, so that nothing is proven by it."),
                    sub, needed[i]);
            warn(out, text);
            break;
        }
    if (!cl_list(s->found, sub, CL_LOCKS)) {
        str_fmt(text, sizeof text,
                _("Your account may not see the locks of the subscription %s: Azure refuses what "
                  "one of them keeps."),
                sub);
        warn(out, text);
    }
}

struct json *op_cleanup_warnings(const struct json *found)
{
    struct show s = { found, 0, NULL };
    struct json *out = json_array();

    JSON_EACH (sub, json_member(found, "subscriptions"))
        warn_sub(&s, out, json_value_str(sub));
    JSON_EACH (a, json_member(found, "answers")) {
        int64_t http = 0;

        json_int(a, "http", &http);
        if (str_starts(json_name(a), CL_APPLICATIONS "?") && http != 200)
            warn(out, _("Applications could not be looked for: this sign-in may not read them in "
                        "Microsoft Graph. They stay."));
    }
    if (!json_flag(found, "whole", false))
        warn(out, _("Only a part of the subscriptions was looked at."));
    return out;
}
