/* What the caller may delete: told before anything goes. The table follows the requests of
 * op_unregister's steps. An action that the goal needs (the cluster resource gone) and that the
 * caller lacks is refused; what else may not be deleted stays and is named with its action: the
 * service's role, machines, tagged groups. Microsoft's published role has
 * roleAssignments/write and /read and not /delete, and no machines (docs-facts.md 7.1).
 *
 * A list of a group's resources is cut to what the caller may read. Only who has a role that reads
 * any resource (an action of no provider, which "*" and "*" "/read" alone give) sees a group to be
 * empty; without such a list of permissions a group is never called empty and stays. */
#include "config.h"

#include "op/op_unregister.h"

#include "azure/rights.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

#define RG       "Microsoft.Resources/subscriptions/resourceGroups"
#define CL       "Microsoft.AzureStackHCI/clusters"
#define ARC      CL "/arcSettings"
#define ROLE     "Microsoft.Authorization/roleAssignments"
#define VM       "Microsoft.HybridCompute/machines"
#define ANY_READ "Microsoft.AnyProvider/anything/read"

#define UNREADABLE "?"
#define NO_GROUP   "-"

enum place { AT_GROUP, AT_ARC_GROUP };

struct right {
    const char *action;
    enum place place;
    const char *step;      /* whose object stays without it; NULL: the goal needs it */
    const char *fact, *is; /* needed when this fact is that; NULL: always; is "": when not empty */
};

static const struct right rights[] = {
    { CL "/read", AT_GROUP, NULL, NULL, NULL },
    { CL "/delete", AT_GROUP, NULL, "cluster.state", "present" },
    { ARC "/read", AT_GROUP, NULL, NULL, NULL },
    { ARC "/delete", AT_GROUP, NULL, "settings.state", "present" },
    { ARC "/initializeDisableProcess/action", AT_GROUP, NULL, "disables", "1" },
    { ARC "/extensions/read", AT_GROUP, NULL, "settings.state", "present" },
    { ARC "/extensions/delete", AT_GROUP, NULL, "extensions.user", "" },
    { ROLE "/delete", AT_ARC_GROUP, "role", "role.state", "present" },
    { VM "/read", AT_ARC_GROUP, "role", "role.state", "present" },
    { ROLE "/delete", AT_ARC_GROUP, "arc-role-onboarding", "arc-role-onboarding.state", "present" },
    { ROLE "/delete", AT_ARC_GROUP, "arc-role-admin", "arc-role-admin.state", "present" },
    { VM "/delete", AT_ARC_GROUP, "leave", "leaving", "" },
    { RG "/delete", AT_ARC_GROUP, "arc-group", "arc-group.state", "tagged" },
    { RG "/resources/read", AT_ARC_GROUP, "arc-group", "arc-group.state", "tagged" },
    { ANY_READ, AT_ARC_GROUP, "arc-group", "arc-group.state", "tagged" },
    { RG "/delete", AT_GROUP, "group", "group.state", "tagged" },
    { RG "/resources/read", AT_GROUP, "group", "group.state", "tagged" },
    { ANY_READ, AT_GROUP, "group", "group.state", "tagged" },
};

/* ---- the lists ---- */

static bool one_group(const struct op_view *v)
{
    return str_ieq(op_fact(v, "arcGroup"), op_fact(v, "group"));
}

static const char *list_of(const struct op_view *v, enum place place)
{
    return op_fact(v, place == AT_ARC_GROUP && !one_group(v) ? "rights.arcGroup" : "rights.group");
}

static bool asks_arc(const struct op_view *v)
{
    return str_eq(op_step_id(v), "rights-arc-group");
}

static const char *group_of(const struct op_view *v, enum place place)
{
    return op_fact(v, place == AT_ARC_GROUP ? "arcGroup" : "group");
}

UNR_ASK(rights)
{
    if (asks_arc(v) && one_group(v))
        return;
    reg_arm(need, "GET", API_ROLES, ARM_PAGES);
    arm_path(&need->path,
             "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Authorization/permissions",
             op_input(v, "subscriptionId"), group_of(v, asks_arc(v) ? AT_ARC_GROUP : AT_GROUP));
}

UNR_READ(rights)
{
    const char *fact = asks_arc(v) ? "rights.arcGroup" : "rights.group";
    struct err ignored = { 0 };
    struct str s = STR_INIT;

    if ((!a->http && !err_is(&a->err)) || a->http == 404) {
        op_set_fact(v, fact, NO_GROUP);
        return OP_SKIP;
    }
    if (a->http != 403 && !reg_good(a))
        return reg_fail(a, e, 0, _("looking at your rights"));
    if (a->http == 403 || rights_check(a->json, &ignored)) {
        op_set_fact(v, fact, UNREADABLE);
        op_note(v, "%s", _("Your rights cannot be read here."));
        return OP_SKIP;
    }
    str_addc(&s, ' ');
    for (size_t i = 0; i < ARRAY_LEN(rights); i++)
        if (!rights_permit(a->json, rights[i].action))
            str_addf(&s, "%s ", rights[i].action);
    op_set_fact(v, fact, str_p(&s));
    str_free(&s);
    return OP_DONE;
}

/* ---- judging ---- */

static bool lacks(const struct op_view *v, const struct right *r)
{
    const char *list = list_of(v, r->place);
    char word[120];

    str_fmt(word, sizeof word, " %s ", r->action);
    return list[0] == ' ' && str_ifind(list, word);
}

static bool wanted(const struct op_view *v, const struct right *r)
{
    const char *is = r->fact ? op_fact(v, r->fact) : "";

    if (*op_input(v, "arcOnly") && str_eq(r->action, CL "/delete"))
        return false; /* of the plan arc-disable: the cluster resource stays */
    return !r->fact || (*r->is ? str_eq(is, r->is) : *is != '\0');
}

static void keep_needs(struct op_view *v)
{
    struct str names = STR_INIT;

    for (size_t i = 0; i < op_node_count(v); i++)
        if (unr_leaves(v, op_node_at(v, i)))
            str_addf(&names, "%s%s", names.len ? " " : "", op_node_at(v, i));
    op_set_fact(v, "leaving", str_p(&names));
    str_free(&names);
    op_set_fact(v, "disables", unr_disables(v) ? "1" : "");
}

/* STEP.lacks: the first action that is missing, as people read it. */
static void stays(struct op_view *v, const struct right *r)
{
    char fact[48];

    str_fmt(fact, sizeof fact, "%s.lacks", r->step);
    if (!*op_fact(v, fact))
        op_set_fact(v, fact, str_eq(r->action, ANY_READ) ? "*/read" : r->action);
}

/* What only a readable list could prove: that a group is empty, that no other cluster's machine
 * needs the service's role. */
static void unproven(struct op_view *v)
{
    static const struct {
        const char *fact, *is, *lacks;
        enum place place;
    } rows[] = {
        { "group.state", "tagged", "group.lacks", AT_GROUP },
        { "arc-group.state", "tagged", "arc-group.lacks", AT_ARC_GROUP },
        { "role.state", "present", "role.lacks", AT_ARC_GROUP },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq(op_fact(v, rows[i].fact), rows[i].is) && !*op_fact(v, rows[i].lacks) &&
            str_eq(list_of(v, rows[i].place), UNREADABLE))
            op_set_fact(v, rows[i].lacks, UNREADABLE);
}

int unr_rights(struct op_view *v, struct err *e)
{
    struct str goal = STR_INIT;
    int bad = 0;

    keep_needs(v);
    for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
        const struct right *r = &rights[i];

        if (!lacks(v, r) || !wanted(v, r))
            continue;
        if (r->step)
            stays(v, r);
        else
            str_addf(&goal, "%s%s", goal.len ? ", " : "", r->action);
    }
    unproven(v);
    if (goal.len) {
        bad = err_set(e, ERR_OP, ERR_C_RIGHTS,
                      _("Your account lacks rights over /subscriptions/%s/resourceGroups/%s: %s. "
                        "Nothing was changed."),
                      op_input(v, "subscriptionId"), op_fact(v, "group"), str_p(&goal));
        TEXT_SET(e->detail, str_p(&goal));
        log_wrn("rights: lacking %s", str_p(&goal));
    }
    str_free(&goal);
    return bad;
}

const char *unr_lacks(const struct op_view *v, const char *step)
{
    char fact[48];

    str_fmt(fact, sizeof fact, "%s.lacks", step);
    return op_fact(v, fact);
}

enum op_verdict unr_stays(struct op_view *v, const char *lacking)
{
    if (str_eq(lacking, UNREADABLE))
        op_note(v, "%s", _("stays: your rights cannot be read, so nothing proves that it is free"));
    else
        op_note(v, _("stays: your account lacks %s"), lacking);
    return OP_SKIP;
}
