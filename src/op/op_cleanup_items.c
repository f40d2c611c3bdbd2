/* Deleting what was ticked, one after another: each thing is proven to be a leftover once more,
 * from what Azure says now, right before its DELETE. What is none any more stays, what fails is
 * told, and the next one's turn comes. */
#include "config.h"

#include "op/op_cleanup_found.h"
#include "op/op_engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"

#define ITEM_TRIES   5
#define PAUSE_MS     2000
#define WAITS        450 /* PAUSE_MS each: a quarter of an hour */
#define TOLD_MAX     3000
#define SETTINGS_END "/arcSettings/"

struct item {
    char id[700], name[160], parent[700], sub[40];
};

/* ---- kinds ---- */

static const struct {
    const char *step, *type, *api;
    unsigned flags;
} rows[CL_KINDS] = {
    [CL_SETTINGS] = { "arc-settings", SETTINGS_END, API_ARC_SETTINGS, ARM_LRO },
    [CL_CLUSTER] = { "clusters", CL_CLUSTERS "/", API_CLUSTERS, ARM_LRO },
    [CL_MACHINE] = { "machines", CL_MACHINES "/", API_MACHINES, 0 },
    [CL_ROLE] = { "roles", CL_ROLES "/", API_ROLES, 0 },
    [CL_APP] = { "applications", CL_APPLICATION, NULL, ARM_GRAPH },
    [CL_GROUP] = { "groups", "/resourceGroups/", API_RESOURCES, ARM_LRO },
};

/* The last mark of the id says what it is, and one name stands behind it. */
int cl_kind_of(const char *id)
{
    for (int k = 0; k < CL_KINDS; k++) {
        const char *mark = str_ifind(id, rows[k].type), *name;

        name = mark ? mark + strlen(rows[k].type) : NULL;
        if (name && *name && !strchr(name, '/') &&
            (k == CL_APP ? mark == id && guid_is(name) : cl_is_id(id)))
            return k;
    }
    return -1;
}

static enum cl_kind kind_of_step(const struct op_view *v)
{
    for (int k = 0; k < CL_KINDS; k++)
        if (str_eq(rows[k].step, op_step_id(v)))
            return (enum cl_kind)k;
    return CL_CLUSTER;
}

/* ---- how far it is: facts STEP.at, .phase, .tries, .kept... ---- */

static long number(const struct op_view *v, const char *what)
{
    char fact[64];

    str_fmt(fact, sizeof fact, "%s.%s", op_step_id(v), what);
    return strtol(op_fact(v, fact), NULL, 10);
}

static void set_number(struct op_view *v, const char *what, long n)
{
    char fact[64], value[24];

    str_fmt(fact, sizeof fact, "%s.%s", op_step_id(v), what);
    str_fmt(value, sizeof value, "%ld", n);
    op_set_fact(v, fact, value);
}

static const char *kept_fact(const struct op_view *v, const char *what)
{
    char fact[64];

    str_fmt(fact, sizeof fact, "%s.%s", op_step_id(v), what);
    return op_fact(v, fact);
}

static void keep_fact(struct op_view *v, const char *what, const char *value)
{
    char fact[64];

    str_fmt(fact, sizeof fact, "%s.%s", op_step_id(v), what);
    op_set_fact(v, fact, value);
}

static bool nth(const struct op_view *v, long at, struct item *out)
{
    const char *text = op_input(v, "items");
    struct err ignored = { 0 };
    struct json *all = json_parse(text, strlen(text), 0, &ignored);
    enum cl_kind kind = kind_of_step(v);
    bool found = false;

    JSON_EACH (i, all) {
        if (found || cl_kind_of(cl_text(i, "id")) != (int)kind || at-- > 0)
            continue;
        STR_SET(out->id, cl_text(i, "id"));
        STR_SET(out->name, cl_text(i, "name"));
        STR_SET(out->parent, cl_text(i, "parent"));
        cl_sub_of(out->sub, out->id);
        found = true;
    }
    json_free(all);
    return found;
}

bool cl_has(const struct op_view *v)
{
    struct item it;

    return nth(v, 0, &it);
}

/* ---- what is asked of an item, one question a phase ---- */

static void add_id(struct op_need *need, const char *id)
{
    for (; *id; id++) {
        char one[2] = { *id, '\0' };

        if (*id == '/')
            str_addc(&need->path, '/');
        else
            str_add_url(&need->path, one);
    }
}

static void ask_list(struct op_need *need, const char *scope, const char *list, const char *api)
{
    reg_arm(need, "GET", api, ARM_PAGES);
    add_id(need, scope);
    str_add(&need->path, list);
}

static void ask_self(enum cl_kind kind, const struct item *it, struct op_need *need,
                     const char *method, unsigned flags)
{
    if (kind == CL_APP) {
        reg_graph(need, method, 0);
        str_add(&need->path, "/applications/");
        add_id(need, it->id + strlen(CL_APPLICATION));
        if (str_eq(method, "GET"))
            str_add(&need->query, CL_APP_SELECT);
        return;
    }
    reg_arm(need, method, rows[kind].api, flags);
    add_id(need, it->id);
}

/* Arc settings' cluster is what stands before them. */
static void parent_of(const struct op_view *v, enum cl_kind kind, const struct item *it,
                      struct str *out)
{
    const char *now = kept_fact(v, "parent");

    if (kind == CL_SETTINGS)
        str_addn(out, it->id, (size_t)(str_ifind(it->id, SETTINGS_END) - it->id));
    else
        str_add(out, *now ? now : it->parent);
}

static void ask_parent(const struct op_view *v, enum cl_kind kind, const struct item *it,
                       struct op_need *need)
{
    struct str parent = STR_INIT;

    parent_of(v, kind, it, &parent);
    if (parent.len) {
        reg_arm(need, "GET", API_CLUSTERS, 0);
        add_id(need, str_p(&parent));
    }
    str_free(&parent);
}

static bool nth_sub(const struct op_view *v, long at, char out[64])
{
    char one[40];
    const char *p = op_input(v, "subscriptions");

    while ((p = op_next_word(p, one, sizeof one)))
        if (at-- == 0)
            return str_fmt(out, 64, "/subscriptions/%s", one);
    return false;
}

static void ask_more(const struct op_view *v, const struct item *it, long phase,
                     struct op_need *need)
{
    enum cl_kind kind = kind_of_step(v);
    struct str group = STR_INIT;
    char scope[64];

    str_fmt(scope, sizeof scope, "/subscriptions/%s", it->sub);
    cl_group_of(&group, it->id);
    if ((kind == CL_SETTINGS || kind == CL_MACHINE) && phase == 1)
        ask_parent(v, kind, it, need);
    else if (kind == CL_SETTINGS || kind == CL_CLUSTER)
        ask_list(need, scope, CL_MACHINES, API_MACHINES);
    else if (kind == CL_ROLE)
        ask_list(need, str_p(&group), CL_MACHINES, API_MACHINES);
    else if (kind == CL_GROUP)
        ask_list(need, it->id, CL_RESOURCES_TAIL, API_RESOURCES);
    else if (kind == CL_APP && nth_sub(v, phase - 1, scope))
        ask_list(need, scope, CL_CLUSTERS, API_CLUSTERS);
    str_free(&group);
}

void cl_item_check_ask(const struct op_view *v, struct op_need *need)
{
    struct item it;

    if (!nth(v, number(v, "at"), &it))
        return;
    if (number(v, "phase") == 0)
        ask_self(kind_of_step(v), &it, need, "GET", 0);
    else
        ask_more(v, &it, number(v, "phase"), need);
}

/* ---- what the answers say ---- */

enum said { GOES_ON, PROVEN, GONE, STAYS };

static enum said left_or_stays(const struct cl_word *w, enum said if_left)
{
    return w->left ? if_left : STAYS;
}

static enum said judge_self(struct op_view *v, const struct op_answer *a, struct cl_word *w)
{
    const struct json *j = a->json;
    int64_t now = wall_ms();

    switch (kind_of_step(v)) {
    case CL_SETTINGS:
        w->left = true;
        return GOES_ON;
    case CL_CLUSTER:
        cl_cluster(j, now, w);
        break;
    case CL_MACHINE:
        cl_machine(j, now, w);
        keep_fact(v, "parent", cl_text(j, "properties.parentClusterResourceId"));
        break;
    case CL_ROLE:
        cl_role(j, now, w);
        break;
    case CL_APP:
        cl_application(j, *op_input(v, "whole"), now, w);
        keep_fact(v, "app", cl_text(j, "appId"));
        keep_fact(v, "display", cl_text(j, "displayName"));
        break;
    default:
        cl_group(j, w);
        break;
    }
    return left_or_stays(w, GOES_ON);
}

static enum said stays(struct cl_word *w, const char *why)
{
    w->left = false;
    STR_SET(w->why, why);
    return STAYS;
}

/* A machine's cluster must be gone; that of Arc settings may be there, as a leftover. */
static enum said judge_parent(const struct op_view *v, const struct op_answer *a, struct cl_word *w)
{
    if (a->http == 404 && !str_ieq(a->err.remote_code, "SubscriptionNotFound"))
        return kind_of_step(v) == CL_MACHINE ? PROVEN : GOES_ON;
    if (kind_of_step(v) == CL_MACHINE || !reg_good(a))
        return stays(w, reg_good(a) ? _("its cluster is still there")
                                    : _("whether its cluster is still there is not known"));
    cl_cluster(a->json, wall_ms(), w);
    return left_or_stays(w, GOES_ON);
}

static enum said judge_machines(const struct op_view *v, const struct item *it,
                                const struct json *list, struct cl_word *w)
{
    struct str parent = STR_INIT;
    bool silent;

    if (kind_of_step(v) == CL_ROLE) {
        JSON_EACH (m, list)
            if (*cl_text(m, "properties.parentClusterResourceId"))
                return stays(w, _("a machine of the group belongs to a cluster"));
        return PROVEN;
    }
    if (kind_of_step(v) == CL_SETTINGS)
        parent_of(v, CL_SETTINGS, it, &parent);
    else
        str_add(&parent, it->id);
    silent = cl_machines_silent(list, str_p(&parent), wall_ms(), w);
    str_free(&parent);
    return silent ? PROVEN : STAYS;
}

static enum said judge_clusters(struct op_view *v, const struct json *list, struct cl_word *w)
{
    char base[128], scope[64];

    cl_base_name(base, sizeof base, kept_fact(v, "display"));
    if (cl_cluster_uses(list, kept_fact(v, "app"), base))
        return stays(w, _("a cluster that stays bears its name, or uses it"));
    return nth_sub(v, number(v, "phase"), scope) ? GOES_ON : PROVEN;
}

static enum said judge(struct op_view *v, const struct item *it, const struct op_answer *a,
                       struct cl_word *w)
{
    enum cl_kind kind = kind_of_step(v);
    const struct json *list = json_get(a->json, "value");
    long phase = number(v, "phase");
    const char *here = op_fact(v, "here");

    memset(w, 0, sizeof *w);
    if (*here && (cl_within(it->id, here) || cl_within(here, it->id)))
        return stays(w, _("it belongs to the cluster that is registered here"));
    if (phase == 0)
        return a->http == 404 ? GONE : judge_self(v, a, w);
    if ((kind == CL_SETTINGS || kind == CL_MACHINE) && phase == 1)
        return judge_parent(v, a, w);
    if (!json_is_array(list))
        return stays(w, _("what it stands by could not be seen any more"));
    if (kind == CL_APP)
        return judge_clusters(v, list, w);
    if (kind == CL_GROUP)
        return json_len(list) ? stays(w, _("it holds other resources")) : PROVEN;
    return judge_machines(v, it, list, w);
}

/* ---- the end of an item, and of all ---- */

static void tell(struct op_view *v, const char *what, const char *name, const char *why)
{
    struct str all = STR_INIT;

    set_number(v, what, number(v, what) + 1);
    str_add(&all, op_fact(v, "cleanup.told"));
    if (*why && all.len < TOLD_MAX)
        str_addf(&all, "%s%s: %s", all.len ? "; " : "", name, why);
    op_set_fact(v, "cleanup.told", str_p(&all));
    str_free(&all);
    if (*why)
        op_note(v, "%s: %s", name, why);
    else
        op_note(v, "%s", name);
}

static void next_item(struct op_view *v)
{
    set_number(v, "at", number(v, "at") + 1);
    set_number(v, "phase", 0);
    set_number(v, "tries", 0);
    set_number(v, "waits", 0);
    keep_fact(v, "parent", "");
}

/* It is passed over, and told; the others are not kept waiting for it. */
static void give_up(struct op_view *v, const struct item *it, const struct err *e)
{
    char why[600];

    str_fmt(why, sizeof why, "%s%s%s", e->remote_code, e->remote_code[0] ? ": " : "", e->message);
    tell(v, "failed", it->name, why);
    next_item(v);
}

/* Worth another try? Then *e is set for the engine. */
static bool again(struct op_view *v, const struct op_answer *a, struct err *e, const char *doing)
{
    reg_fail(a, e, 0, doing);
    if ((!e->retryable && !e->unsure) || number(v, "tries") >= ITEM_TRIES)
        return false;
    set_number(v, "tries", number(v, "tries") + 1);
    if (e->retry_after_ms <= 0)
        e->retry_after_ms = PAUSE_MS;
    return true;
}

static enum op_verdict finished(const struct op_view *v)
{
    return number(v, "deleted") || number(v, "gone") ? OP_DONE : OP_SKIP;
}

/* A DELETE whose answer was lost, or whose core died, is at work in Azure. */
static bool going(struct op_view *v, const struct op_answer *a, const struct item *it)
{
    long waits = number(v, "waits");

    if (number(v, "phase") != 0 || !(rows[kind_of_step(v)].flags & ARM_LRO) || waits >= WAITS ||
        !str_ieq(cl_text(a->json, "properties.provisioningState"), "Deleting"))
        return false;
    set_number(v, "waits", waits + 1);
    op_note(v, _("%s is being deleted; waiting until it is gone"), it->name);
    return true;
}

enum op_verdict cl_item_check_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    struct cl_word w;
    struct item it;

    if (!nth(v, number(v, "at"), &it))
        return finished(v);
    if (err_is(&a->err) && a->http != 404) {
        if (again(v, a, e, _("looking at it once more")))
            return OP_FAILED;
        give_up(v, &it, e);
        err_clear(e);
        return OP_RUNNING;
    }
    if (going(v, a, &it)) {
        e->retry_after_ms = PAUSE_MS;
        return OP_RUNNING;
    }
    switch (judge(v, &it, a, &w)) {
    case PROVEN:
        op_note(v, "%s", it.name);
        return OP_ABSENT;
    case GOES_ON:
        set_number(v, "phase", number(v, "phase") + 1);
        return OP_RUNNING;
    case GONE:
        tell(v, number(v, "tries") ? "deleted" : "gone", it.name, "");
        break;
    case STAYS:
        tell(v, "kept", it.name, w.why);
        break;
    }
    next_item(v);
    return OP_RUNNING;
}

void cl_item_apply_ask(const struct op_view *v, struct op_need *need)
{
    enum cl_kind kind = kind_of_step(v);
    struct item it;

    if (nth(v, number(v, "at"), &it))
        ask_self(kind, &it, need, "DELETE", rows[kind].flags & ARM_LRO);
}

/* After an answer that was lost the check looks: what is gone then went by this. Only 404 is gone:
 * a provider that is not registered (409) deletes nothing. */
enum op_verdict cl_item_apply_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    struct item it;

    if (!nth(v, number(v, "at"), &it))
        return OP_DONE;
    if (reg_good(a) || a->http == 404) {
        tell(v, "deleted", it.name, "");
        next_item(v);
        return OP_ABSENT;
    }
    if (again(v, a, e, _("deleting it"))) {
        set_number(v, "phase", 0);
        return OP_FAILED;
    }
    give_up(v, &it, e);
    err_clear(e);
    return OP_ABSENT;
}
