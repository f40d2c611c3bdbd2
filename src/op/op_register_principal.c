/* op_register_principal.c - does the operator's own service principal, by which the nodes come to
 * Azure Arc, hold its two roles? Told before anything is written.
 *
 * register-flow.md 2.8 step 5 and R19; azure-wire.md 2.10.4, 4.3. The module looks for the roles at
 * any scope; here they count on the machines' group or above, because elsewhere they do not help
 * (7.29). Whom Microsoft Graph does not show is not judged: neither does the module. assignedTo()
 * also finds what the principal holds by a group (azure-wire.md marks that as not read in a
 * contract; without it a role is given once more, or asked for).
 */
#include "config.h"

#include "op/op_register.h"

#include <string.h>
#include <strings.h>

#include "azure/hci.h"
#include "base/i18n.h"

static const struct role {
    const char *guid, *name, *fact;
} roles[] = {
    { HCI_ROLE_ONBOARDING, "Azure Connected Machine Onboarding", "principal.onboarding" },
    { HCI_ROLE_RESOURCE_ADMIN, "Azure Connected Machine Resource Administrator",
      "principal.admin" },
};

bool reg_arc_given(const struct op_view *v)
{
    return reg_arc_by_cluster(v) && str_eq(op_fact(v, "path.arc"), "given");
}

bool reg_principal_holds(const struct op_view *v, const char *role)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (str_ieq(roles[i].guid, role))
            return str_eq(op_fact(v, roles[i].fact), "held");
    return false;
}

/* ---- who it is: Graph ---- */

REG_ASK(principal)
{
    need->kind = OP_NEED_ARM;
    need->method = "GET";
    need->arm_flags = ARM_GRAPH;
    str_add(&need->path, "/v1.0/servicePrincipals");
    str_add(&need->query, "$filter=appId%20eq%20%27");
    str_add_url(&need->query, op_input(v, "arcAppId"));
    str_add(&need->query, "%27&$select=id,displayName");
}

static enum op_verdict unseen(struct op_view *v, const char *why)
{
    op_set_fact(v, "path.roles", "unseen");
    op_note(v, _("Whether %s holds its roles is not checked: %s"), op_input(v, "arcAppId"), why);
    return OP_SKIP;
}

REG_READ(principal)
{
    const struct json *one = json_first(json_member(a->json, "value"));
    const char *id = json_str(one, "id"), *name = json_str(one, "displayName");

    (void)e;
    if (!reg_good(a))
        return unseen(v, a->err.message[0] ? a->err.message : _("Microsoft Graph refused."));
    if (!id || !guid_is(id))
        return unseen(v, _("Microsoft Entra shows no service principal of this application."));
    op_set_fact(v, "principal.id", id);
    op_set_fact(v, "principal.name", name && *name ? name : id);
    op_set_fact(v, "path.roles", "give");
    op_note(v, "%s (%s)", op_fact(v, "principal.name"), id);
    return OP_DONE;
}

/* ---- what it holds ---- */

static bool group_there(const struct op_view *v)
{
    const char *arc = op_fact(v, "arc-group.state");

    return !str_eq(str_eq(arc, "same") ? op_fact(v, "group.state") : arc, "absent");
}

static void add_scope(const struct op_view *v, struct str *s, bool group)
{
    arm_path(s, "/subscriptions/%s", op_input(v, "subscriptionId"));
    if (group)
        arm_path(s, "/resourceGroups/%s", op_fact(v, "arcGroup"));
}

REG_ASK(principal_roles)
{
    if (!*op_fact(v, "principal.id"))
        return;
    reg_arm(need, "GET", API_ROLES, ARM_PAGES);
    add_scope(v, &need->path, group_there(v));
    str_add(&need->path, "/providers/Microsoft.Authorization/roleAssignments");
    str_add(&need->query, "$filter=assignedTo(%27");
    str_add_url(&need->query, op_fact(v, "principal.id"));
    str_add(&need->query, "%27)");
}

/* Management groups and the root lie above every subscription whose list names them. */
static bool covers(const char *scope, const char *group)
{
    size_t n = scope ? strlen(scope) : 0;

    if (n && scope[n - 1] == '/')
        n--;
    if (!scope || !str_istarts(scope, "/subscriptions/"))
        return scope != NULL;
    return strncasecmp(scope, group, n) == 0 && (!group[n] || group[n] == '/');
}

static bool holds(const struct op_view *v, const struct json *list, const char *role)
{
    struct str group = STR_INIT;
    bool found = false;

    add_scope(v, &group, true);
    JSON_EACH (one, json_member(list, "value")) {
        const char *id = json_str(one, "properties.roleDefinitionId");

        found |=
            id && str_ifind(id, role) && covers(json_str(one, "properties.scope"), str_p(&group));
    }
    str_free(&group);
    return found;
}

/* Whoever may give them gives them: steps arc-role-onboarding and arc-role-admin. */
static enum op_verdict missing(struct op_view *v, const char *names, bool both, struct err *e)
{
    struct str group = STR_INIT;

    op_note(v, _("%s lacks: %s"), op_fact(v, "principal.name"), names);
    if (!reg_may_not_give_roles(v) || reg_all_enabled(v))
        return OP_DONE;
    add_scope(v, &group, true);
    err_set(e, ERR_OP, ERR_C_ROLES,
            both ? _("The service principal %s (application %s) lacks the roles %s over %s, and "
                     "your account may not give them.")
                 : _("The service principal %s (application %s) lacks the role %s over %s, and "
                     "your account may not give it."),
            op_fact(v, "principal.name"), op_input(v, "arcAppId"), names, str_p(&group));
    str_free(&group);
    return OP_FAILED;
}

REG_READ(principal_roles)
{
    struct str names = STR_INIT;
    enum op_verdict vd = OP_DONE;
    size_t n = 0;

    if (!*op_fact(v, "principal.id"))
        return OP_SKIP;
    if (!reg_good(a))
        return unseen(v, a->err.message[0] ? a->err.message : "404");
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        bool held = holds(v, a->json, roles[i].guid);

        op_set_fact(v, roles[i].fact, held ? "held" : "missing");
        if (!held)
            str_addf(&names, "%s%s", n++ ? ", " : "", roles[i].name);
    }
    if (n)
        vd = missing(v, str_p(&names), n > 1, e);
    else
        op_note(v, "%s", _("The principal holds both roles."));
    str_free(&names);
    return vd;
}
