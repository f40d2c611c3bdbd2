/* What registration made beside the cluster resource: roles, the application of the first
 * generation, resource groups. */
#include "config.h"

#include "op/op_unregister.h"

#include <string.h>

#include "azure/hci.h"
#include "azure/roles.h"
#include "base/i18n.h"

#define NO_APP         "00000000-0000-0000-0000-000000000000"
#define RESOURCES_READ "Microsoft.Resources/subscriptions/resourceGroups/resources/read"
#define MAX_HOLDS      3000 /* of a fact's text */

/* ---- roles on the machines' group ---- */

static const struct role_row {
    const char *step, *role;
} role_rows[] = {
    { "role", HCI_ROLE_RESOURCE_MANAGER },
    { "arc-role-onboarding", HCI_ROLE_ONBOARDING },
    { "arc-role-admin", HCI_ROLE_RESOURCE_ADMIN },
};

static const struct role_row *row_of(const struct op_view *v)
{
    for (size_t i = 1; i < ARRAY_LEN(role_rows); i++)
        if (str_eq(role_rows[i].step, op_step_id(v)))
            return &role_rows[i];
    return &role_rows[0];
}

/* The service's own, or the identity by which nodes came to Arc (op_register_aad.c): the operator's
 * own principal, the generated one, or the cluster's. */
static const char *principal_of(const struct op_view *v)
{
    const char *generated = unr_fact(v, "settings.spObjectId"),
               *given = op_input(v, "arcPrincipalId");

    if (row_of(v) == &role_rows[0])
        return unr_fact(v, "cluster.rpObjectId");
    if (*given)
        return given;
    return *generated ? generated : unr_fact(v, "cluster.principalId");
}

/* Another cluster of the group needs the service's role (register-flow.md 7.28), and may have come
 * to Arc by the same principal of the operator's; a generated one, and the cluster's, are its own.
 * A machine that still names this cluster does not: the cluster goes next. */
bool unr_role_free(const struct op_view *v)
{
    bool shared = row_of(v) == &role_rows[0] || *op_input(v, "arcPrincipalId");

    return !shared || (!*op_fact(v, "machines.foreign") && !*op_fact(v, "machines.hidden"));
}

static void ask_role(const struct op_view *v, struct op_need *need, const char *method)
{
    struct str scope = STR_INIT;
    char name[GUID_SIZE];

    reg_arm(need, method, API_ROLES, 0);
    arm_path(&scope, "/subscriptions/%s/resourceGroups/%s", op_input(v, "subscriptionId"),
             op_fact(v, "arcGroup"));
    role_assignment_name(name, str_p(&scope), principal_of(v), row_of(v)->role);
    str_addf(&need->path, "%s/providers/Microsoft.Authorization/roleAssignments/%s", str_p(&scope),
             name);
    str_free(&scope);
}

static enum op_verdict role_is(struct op_view *v, const char *state, enum op_verdict vd)
{
    char fact[80];

    str_fmt(fact, sizeof fact, "%s.state", row_of(v)->step);
    op_set_fact(v, fact, state);
    if (row_of(v) != &role_rows[0])
        op_set_fact(v, "arc-roles.given", *op_input(v, "arcPrincipalId") ? "1" : "");
    return vd;
}

UNR_ASK(role_check)
{
    if (*principal_of(v))
        ask_role(v, need, "GET");
}

UNR_READ(role_check)
{
    if (!a->http && reg_ok(a))
        return role_is(v, "absent", OP_DONE);
    if (a->http == 403) {
        op_note(v, "%s", _("Your account may not see the roles: they stay."));
        return role_is(v, "unseen", OP_SKIP);
    }
    if (reg_absent(a))
        return role_is(v, "absent", OP_DONE);
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking at the roles on the Arc resource group"));
    return role_is(v, "present", OP_ABSENT);
}

UNR_ASK(role_apply)
{
    if (!*unr_lacks(v, row_of(v)->step))
        ask_role(v, need, "DELETE");
}

/* Who may not delete it leaves it and is told (azure-wire.md 2.10.17: best effort). */
UNR_READ(role_apply)
{
    if (*unr_lacks(v, row_of(v)->step))
        return unr_stays(v, unr_lacks(v, row_of(v)->step));
    if (a->http == 403)
        return unr_stays(v, "Microsoft.Authorization/roleAssignments/delete");
    if (unr_gone(a))
        return OP_DONE;
    return reg_fail(a, e, 0, _("taking the role on the Arc resource group away"));
}

/* ---- the application that the client made (register-flow.md 2.12, 4.2 U12) ---- */

/* Service-made ones have an object id on the cluster resource and go with it. */
static const char *client_made(const struct op_view *v)
{
    const char *app = unr_fact(v, "cluster.appId");

    return *unr_fact(v, "cluster.appObjectId") || str_eq(app, NO_APP) ? "" : app;
}

UNR_ASK(application_check)
{
    const char *app = client_made(v);

    if (!*app)
        return;
    reg_graph(need, "GET", 0);
    arm_path(&need->path, "/applications(appId='%s')", app);
    str_add(&need->query, "$select=id,appId,displayName");
}

UNR_READ(application_check)
{
    const char *id = json_str(a->json, "id"), *name = json_str(a->json, "displayName");

    if (!a->http && reg_ok(a))
        return OP_SKIP;
    if (a->http == 404)
        return OP_DONE;
    if (a->http == 403) {
        op_note(v, "%s", _("Your account may not see the cluster's application: it stays."));
        return OP_SKIP;
    }
    if (!reg_good(a) || !id)
        return reg_fail(a, e, 9010, _("looking at the cluster's application"));
    if (!str_ieq(name, op_fact(v, "name"))) {
        op_note(v, _("stays: it is called %s, registration calls it like the cluster"),
                name ? name : "--");
        return OP_SKIP;
    }
    op_set_fact(v, "application.id", id);
    return OP_ABSENT;
}

UNR_ASK(application_apply)
{
    reg_graph(need, "DELETE", 0);
    arm_path(&need->path, "/applications/%s", op_fact(v, "application.id"));
}

UNR_READ(application_apply)
{
    (void)v;
    if (a->http == 404 || reg_good(a))
        return OP_DONE;
    return reg_fail(a, e, 9010, _("deleting the cluster's application"));
}

/* ---- resource groups: azure-wire.md 2.4.4 ---- */

static bool is_arc(const struct op_view *v)
{
    return strncmp(op_step_id(v), "arc-", 4) == 0;
}

static bool same_group(const struct op_view *v)
{
    return is_arc(v) && str_ieq(op_fact(v, "arcGroup"), op_fact(v, "group"));
}

static void ask_group(const struct op_view *v, struct op_need *need, const char *method,
                      unsigned flags)
{
    reg_arm(need, method, API_RESOURCES, flags);
    arm_path(&need->path, "/subscriptions/%s/resourcegroups/%s", op_input(v, "subscriptionId"),
             op_fact(v, is_arc(v) ? "arcGroup" : "group"));
}

static void set_group(struct op_view *v, const char *what, const char *value)
{
    char fact[48];

    str_fmt(fact, sizeof fact, "%s.%s", is_arc(v) ? "arc-group" : "group", what);
    op_set_fact(v, fact, value);
}

/* What it holds beside the cluster and the machines that go. */
UNR_ASK(holds)
{
    if (same_group(v))
        return;
    ask_group(v, need, "GET", ARM_PAGES);
    str_add(&need->path, "/resources");
}

static bool goes(const struct op_view *v, const struct json *resource)
{
    const char *id = json_str(resource, "id"), *name = json_str(resource, "name");

    if (id && arm_id_equal(id, op_fact(v, "cluster.id")))
        return true;
    if (!name || !str_ieq(json_str(resource, "type"), "Microsoft.HybridCompute/machines"))
        return false;
    for (size_t i = 0; i < op_node_count(v); i++) {
        const char *node = op_node_at(v, i);

        if (unr_leaves(v, node) && str_ieq(op_node_fact(v, node, "agent.name"), name))
            return true;
    }
    return false;
}

UNR_READ(holds)
{
    struct str names = STR_INIT;

    set_group(v, "hidden", a->http == 403 ? "1" : "");
    if (same_group(v) || reg_absent(a) || a->http == 403) {
        set_group(v, "holds", "");
        return OP_SKIP;
    }
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking what the resource group holds"));
    JSON_EACH (r, json_member(a->json, "value")) {
        unr_keep_holder(v, is_arc(v) ? "arc-group" : "group", r);
        if (!goes(v, r) && names.len < MAX_HOLDS)
            str_addf(&names, "%s%s/%s", names.len ? " " : "",
                     json_str(r, "type") ? json_str(r, "type") : "",
                     json_str(r, "name") ? json_str(r, "name") : "");
    }
    set_group(v, "holds", str_p(&names));
    str_free(&names);
    return OP_DONE;
}

/* A machine that may not be deleted stays in its group. */
void unr_keep_machines(struct op_view *v)
{
    const char *fact =
        str_ieq(op_fact(v, "arcGroup"), op_fact(v, "group")) ? "group.holds" : "arc-group.holds";
    struct str s = STR_INIT;

    str_add(&s, op_fact(v, fact));
    for (size_t i = 0; i < op_node_count(v); i++)
        if (unr_leaves(v, op_node_at(v, i)) && s.len < MAX_HOLDS)
            str_addf(&s, "%sMicrosoft.HybridCompute/machines/%s", s.len ? " " : "",
                     op_node_fact(v, op_node_at(v, i), "agent.name"));
    op_set_fact(v, fact, str_p(&s));
    str_free(&s);
}

UNR_ASK(group_check)
{
    if (!same_group(v))
        ask_group(v, need, "GET", 0);
}

static enum op_verdict keeps(struct op_view *v, const char *state, const char *why)
{
    set_group(v, "state", state);
    op_note(v, "%s: %s", op_fact(v, is_arc(v) ? "arcGroup" : "group"), why);
    return OP_SKIP;
}

UNR_READ(group_check)
{
    const char *mark = json_value_str(json_imember(json_member(a->json, "tags"), "CreatedBy"));

    if (same_group(v)) {
        set_group(v, "state", "same");
        return OP_SKIP;
    }
    if (a->http == 404) {
        set_group(v, "state", "absent");
        return OP_DONE;
    }
    if (a->http == 403)
        return keeps(v, "foreign", _("stays: your account may not see it"));
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking at the resource group"));
    if (!str_ieq(mark, HCI_CREATED_BY))
        return keeps(v, "foreign", _("stays: registration did not make it"));
    set_group(v, "state", "tagged");
    return str_ieq(json_str(a->json, "properties.provisioningState"), "Deleting") && op_tries(v)
               ? OP_RUNNING
               : OP_ABSENT;
}

static const char *empty(const struct op_view *v)
{
    return op_fact(v, is_arc(v) ? "arc-group.empty" : "group.empty");
}

/* The action for want of which the group stays. */
static const char *group_lacks(const struct op_view *v)
{
    if (*op_fact(v, is_arc(v) ? "arc-group.hidden" : "group.hidden"))
        return RESOURCES_READ;
    return unr_lacks(v, op_step_id(v));
}

/* First the question, then the deed; only what was empty a moment ago is deleted, and only for who
 * would see what is in it. */
UNR_ASK(group_apply)
{
    bool now = str_eq(empty(v), "yes");

    if (*group_lacks(v))
        return;
    ask_group(v, need, now ? "DELETE" : "GET", now ? ARM_LRO : ARM_PAGES);
    if (!now)
        str_add(&need->path, "/resources");
}

UNR_READ(group_apply)
{
    bool asked = !str_eq(empty(v), "yes");

    if (*group_lacks(v))
        return unr_stays(v, group_lacks(v));
    if (a->http == 404 || (!asked && reg_good(a)))
        return OP_DONE;
    if (a->http == 403)
        return unr_stays(v, asked ? RESOURCES_READ
                                  : "Microsoft.Resources/subscriptions/resourceGroups/delete");
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("deleting the resource group"));
    if (json_len(json_get(a->json, "value")))
        return keeps(v, "tagged", _("stays: it holds other resources"));
    set_group(v, "empty", "yes");
    return OP_ABSENT;
}
