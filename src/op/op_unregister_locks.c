/* Management locks on what is to go: contract Microsoft.Authorization 2020-05-01 (the list at a
 * subscription has all below it, too), azure-wire.md 2.4.5, 2.11.7. Both levels keep a deletion.
 * Roles with Microsoft.Authorization/locks/delete: Owner and User Access Administrator. */
#include "config.h"

#include "op/op_unregister.h"

#include <string.h>
#include <strings.h>

#include "azure/hci.h"
#include "base/i18n.h"
#include "base/text.h"

#define MARK "/providers/Microsoft.Authorization/locks/"

UNR_ASK(locks)
{
    reg_arm(need, "GET", API_LOCKS, ARM_PAGES);
    arm_path(&need->path, "/subscriptions/%s/providers/Microsoft.Authorization/locks",
             op_input(v, "subscriptionId"));
}

/* Is `id` the scope itself, or below it? */
static bool below(const char *id, const char *scope, size_t n)
{
    return strncasecmp(id, scope, n) == 0 && (!id[n] || id[n] == '/') && strlen(id) >= n;
}

static bool holds(const struct op_view *v, const char *scope, size_t n)
{
    struct str own = STR_INIT, arc = STR_INIT;
    const char *cluster = op_fact(v, "cluster.id");
    bool held;

    str_addn(&own, scope, n);
    arm_path(&arc, "/subscriptions/%s/resourceGroups/%s", op_input(v, "subscriptionId"),
             op_fact(v, "arcGroup"));
    held = below(cluster, scope, n) || below(str_p(&own), cluster, strlen(cluster)) ||
           below(str_p(&arc), scope, n);
    for (size_t i = 0; i < op_node_count(v) && !held; i++) {
        struct str machine = STR_INIT;

        str_addf(&machine, "%s/providers/Microsoft.HybridCompute/machines/%s", str_p(&arc),
                 op_node_fact(v, op_node_at(v, i), "agent.name"));
        held = unr_leaves(v, op_node_at(v, i)) &&
               below(str_p(&own), str_p(&machine), strlen(str_p(&machine)));
        str_free(&machine);
    }
    str_free(&own);
    str_free(&arc);
    return held;
}

/* Number of segments: a subscription has two, a group four. */
static int depth(const char *scope, size_t n)
{
    int d = 0;

    for (size_t i = 0; i < n; i++)
        d += scope[i] == '/';
    return d;
}

/* "CanNotDelete on the resource group CLUSTER-A-rg (lock keep)" */
static void add_lock(struct str *s, const char *level, const char *id, size_t n)
{
    const char *last = id + n, *name = id + n + strlen(MARK);
    int d = depth(id, n);

    while (last > id && last[-1] != '/')
        last--;
    str_add(s, s->len ? "; " : "");
    str_addf(s,
             d == 2   ? _("%s, inherited from the subscription %.*s (lock %s)")
             : d == 4 ? _("%s on the resource group %.*s (lock %s)")
                      : _("%s on the resource %.*s (lock %s)"),
             level, (int)(id + n - last), last, name);
}

static void all_locks(struct op_view *v, const struct json *list, struct str *people,
                      struct str *ids)
{
    JSON_EACH (l, list) {
        const char *id = json_str(l, "id"), *level = json_str(l, "properties.level");
        const char *cut = id ? str_ifind(id, MARK) : NULL;

        if (!cut || str_ieq(level, "NotSpecified") || !holds(v, id, (size_t)(cut - id)))
            continue;
        add_lock(people, level ? level : "--", id, (size_t)(cut - id));
        str_addf(ids, "%s%s", ids->len ? "; " : "", id);
    }
}

UNR_READ(locks)
{
    struct str people = STR_INIT, ids = STR_INIT;
    enum op_verdict vd = OP_DONE;
    char brief[220];

    if (a->http == 403) {
        op_set_fact(v, "locks.state", "unseen");
        op_note(v, "%s", _("Your account may not see the locks."));
        return OP_SKIP;
    }
    if (!reg_good(a) && !reg_absent(a))
        return reg_fail(a, e, 0, _("looking for locks"));
    op_set_fact(v, "locks.state", "none");
    all_locks(v, json_member(reg_good(a) ? a->json : NULL, "value"), &people, &ids);
    if (people.len) {
        if (!str_copy(brief, sizeof brief - 5, str_p(&people)))
            str_copy(brief + strlen(brief), 5, ", ..");
        err_set(e, ERR_OP, ERR_C_LOCKED,
                _("Locks keep what is to be deleted: %s. An Owner or User Access Administrator of "
                  "that scope may lift them; nothing was changed."),
                brief);
        TEXT_SET(e->detail, str_p(&ids));
        vd = OP_FAILED;
    }
    str_free(&people);
    str_free(&ids);
    return vd;
}
