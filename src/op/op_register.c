#include "config.h"

#include "op/op_register.h"

#include "base/i18n.h"

/* ---- the review page ---- */

static const char *fact(const struct json *facts, const char *name)
{
    const char *s = json_value_str(json_member(json_member(facts, "run"), name));

    return s ? s : "";
}

static void will(struct json *out, const char *what, const char *name, const char *how)
{
    struct json *row = json_object();

    json_set_str(row, "what", what);
    json_set_str(row, "name", name);
    json_set_str(row, "how", how);
    json_push(out, row);
}

static void will_providers(const struct json *facts, struct json *out)
{
    static const char *const rows[][2] = {
        { "provider-hci.state", "Microsoft.AzureStackHCI" },
        { "provider-compute.state", "Microsoft.HybridCompute" },
        { "provider-guest.state", "Microsoft.GuestConfiguration" },
        { "provider-connectivity.state", "Microsoft.HybridConnectivity" }
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (json_member(json_member(facts, "run"), rows[i][0]))
            will(out, _("Resource provider"), rows[i][1],
                 str_ieq(fact(facts, rows[i][0]), "Registered") ? "keep" : "register");
}

static const char *made_unless(const char *state)
{
    return str_eq(state, "present") ? "keep" : "create";
}

static void will_nodes(const struct json *facts, struct json *out)
{
    JSON_EACH (n, json_member(facts, "nodes")) {
        const char *agent = json_value_str(json_member(json_member(n, "facts"), "agent"));

        will(out, _("Arc-connected machine"), json_str(n, "name"),
             str_eq(agent, "here") ? "keep" : "connect");
    }
}

int op_register_preview(const struct json *inputs, const struct json *facts, struct json **out,
                        struct err *e)
{
    if (!*fact(facts, "cluster.id"))
        return err_set(e, ERR_USAGE, 0, _("The values have not been checked yet."));
    *out = json_array();
    will_providers(facts, *out);
    will(*out, _("Resource group"), fact(facts, "group"), made_unless(fact(facts, "group.state")));
    if (!str_eq(fact(facts, "arc-group.state"), "same"))
        will(*out, _("Resource group of the machines"), fact(facts, "arcGroup"),
             made_unless(fact(facts, "arc-group.state")));
    will(*out, _("Cluster resource"), fact(facts, "name"),
         made_unless(fact(facts, "cluster.state")));
    will(*out, _("Role of the service on the machines' group"),
         "Azure Connected Machine Resource Manager",
         str_eq(fact(facts, "role.state"), "present") ? "keep" : "assign");
    will(*out, _("Arc settings"), "default", made_unless(fact(facts, "settings.state")));
    will_nodes(facts, *out);
    will(*out, _("Registration of the cluster"), json_value_str(json_member(inputs, "clusterName")),
         str_eq(fact(facts, "stored.status"), "Registered") ? "keep" : "register");
    return 0;
}

/* ---- the plan ---- */

#define ACT(n)                                                                                     \
    {                                                                                              \
        reg_##n##_ask, reg_##n##_read                                                              \
    }
#define JUDGE(n)                                                                                   \
    {                                                                                              \
        NULL, reg_##n##_read                                                                       \
    } /* asks nobody: facts only */
#define VALUES "cluster.id"
#define PROVIDER_STEP(step, ns)                                                                    \
    {                                                                                              \
        .id = step, .title = ns, .after = "ready", .check_needs = VALUES,                          \
        .check = ACT(provider_check), .apply = ACT(provider_apply), .delay_ms = 3000,              \
        .percent = 40, .flags = OP_NO_RETURN                                                       \
    }

#define ARC_ROLE_STEP(step, what)                                                                  \
    {                                                                                              \
        .id = step, .title = what, .after = "ready register-app arc-group arc-app",                \
        .check_needs = "@after", .when = reg_arc_roles, .when_needs = "path arc.way",              \
        .check = ACT(role_check), .apply = ACT(role_apply), .undo = ACT(role_undo), .tries = 24,   \
        .delay_ms = 5000, .percent = 84, .flags = OP_OTHER_WAY                                     \
    }

/* Whatever changes something comes after `ready`, directly: a found step is complete long before
 * the gate. */
static const struct op_step steps[] = {
    { .id = "inputs", .title = N_("Check the values"), .check = JUDGE(inputs), .percent = 1 },
    { .id = "facts",
      .title = N_("Ask the nodes what they are"),
      .scope = OP_EACH_NODE,
      .check_needs = VALUES,
      .check = ACT(facts),
      .percent = 2 },
    { .id = "stored",
      .title = N_("Look at the stored registration"),
      .scope = OP_EACH_NODE,
      .check_needs = VALUES,
      .check = ACT(stored),
      .percent = 4 },
    { .id = "agent-place",
      .title = N_("Look where the Arc agents are connected"),
      .scope = OP_EACH_NODE,
      .check_needs = VALUES,
      .check = ACT(agent_place),
      .percent = 8 },
    { .id = "subscription",
      .title = N_("Look at the subscription"),
      .check_needs = VALUES,
      .check = ACT(subscription),
      .percent = 10 },
    { .id = "machine-place",
      .title = N_("Look for machines of these names"),
      .check_needs = VALUES,
      .check = ACT(machine_place),
      .percent = 20 },
    { .id = "path",
      .title = N_("Choose the way of the registration"),
      .after = "facts",
      .check_needs = "@after",
      .check = JUDGE(path),
      .percent = 22 },
    { .id = "certificate-user",
      .title = N_("Look for the certificate on every node"),
      .scope = OP_EACH_NODE,
      .after = "path",
      .check_needs = VALUES,
      .when = reg_user_certificate,
      .when_needs = "path",
      .check = ACT(certificate_check),
      .percent = 22,
      .flags = OP_OTHER_WAY },
    { .id = "arc-status",
      .title = N_("Ask the nodes how they stand with Azure Arc"),
      .scope = OP_EACH_NODE,
      .check_needs = VALUES,
      .when = reg_arc_by_cluster,
      .when_needs = "path",
      .check = ACT(arc_status),
      .percent = 22,
      .flags = OP_OTHER_WAY },
    { .id = "arc-way",
      .title = N_("Choose how the nodes come to Azure Arc"),
      .after = "arc-status",
      .check_needs = "@after",
      .when = reg_arc_by_cluster,
      .when_needs = "path",
      .check = JUDGE(arc_way),
      .percent = 22,
      .flags = OP_OTHER_WAY },
    { .id = "ready",
      .title = N_("Nothing stands in the way"),
      .after = "inputs facts stored agent-place subscription machine-place path certificate-user "
               "arc-way",
      .check_needs = "@after group.state arc-group.state cluster.state settings.state "
                     "provider-hci.state",
      .check = JUDGE(ready),
      .percent = 30 },

    PROVIDER_STEP("provider-hci", N_("Register the provider Microsoft.AzureStackHCI")),
    PROVIDER_STEP("provider-compute", N_("Register the provider Microsoft.HybridCompute")),
    PROVIDER_STEP("provider-guest", N_("Register the provider Microsoft.GuestConfiguration")),
    PROVIDER_STEP("provider-connectivity",
                  N_("Register the provider Microsoft.HybridConnectivity")),
    { .id = "region",
      .title = N_("Check that the region is offered"),
      .after = "provider-hci",
      .check_needs = "@after provider-hci.locations",
      .check = JUDGE(region),
      .percent = 45 },

    { .id = "group",
      .title = N_("Create the resource group"),
      .after = "ready region",
      .check_needs = VALUES,
      .check = ACT(group_check),
      .apply = ACT(group_apply),
      .undo = ACT(group_undo),
      .percent = 55 },
    { .id = "arc-group",
      .title = N_("Create the resource group of the machines"),
      .after = "ready region",
      .check_needs = VALUES,
      .check = ACT(group_check),
      .apply = ACT(group_apply),
      .undo = ACT(group_undo),
      .percent = 55 },
    { .id = "cluster",
      .title = N_("Create the cluster resource"),
      .after = "ready region group",
      .check_needs = VALUES,
      .check = ACT(cluster_check),
      .apply = ACT(cluster_apply),
      .undo = ACT(cluster_undo),
      .tries = 10,
      .percent = 60 },
    { .id = "identity",
      .title = N_("Give the cluster resource its identity"),
      .after = "ready cluster",
      .check_needs = "cluster.identity",
      .check = ACT(identity_check),
      .apply = ACT(identity_apply),
      .percent = 62 },
    { .id = "rp-object",
      .title = N_("Learn the service's object id"),
      .after = "ready cluster identity",
      .check_needs = "@after",
      .check = ACT(rp_check),
      .apply = ACT(rp_apply),
      .percent = 64 },
    { .id = "agent",
      .title = N_("Connect the nodes to Azure Arc"),
      .scope = OP_EACH_NODE,
      .after = "ready group arc-group provider-compute provider-guest provider-connectivity",
      .check_needs = "@after",
      .when = reg_by_identity,
      .when_needs = "path",
      .check = ACT(agent_check),
      .apply = ACT(agent_apply),
      .undo = ACT(agent_undo),
      .percent = 70 },
    { .id = "role",
      .title = N_("Give the service its role on the machines' group"),
      .after = "ready group arc-group",
      .check_needs = "cluster.rpObjectId",
      .check = ACT(role_check),
      .apply = ACT(role_apply),
      .undo = ACT(role_undo),
      .tries = 24, /* a new principal takes its time: azure-wire.md 2.10.10 */
      .delay_ms = 5000,
      .percent = 74 },
    { .id = "arc-settings",
      .title = N_("Create the Arc settings"),
      .after = "ready cluster arc-group",
      .check_needs = VALUES,
      .check = ACT(settings_check),
      .apply = ACT(settings_apply),
      .undo = ACT(settings_undo),
      .percent = 78 },
    { .id = "reconcile",
      .title = N_("Tie the nodes to the cluster"),
      .after = "ready agent role arc-settings",
      .check_needs = "@after",
      .when = reg_by_identity,
      .when_needs = "path",
      .check = ACT(reconcile_check),
      .apply = ACT(reconcile_apply),
      .percent = 84 },
    { .id = "register",
      .title = N_("Register the cluster"),
      .scope = OP_ONE_NODE,
      .after = "ready reconcile rp-object",
      .check_needs = "@after",
      .when = reg_by_identity,
      .when_needs = "path",
      .check = ACT(register_check),
      .apply = ACT(register_apply),
      .undo = ACT(register_undo),
      .percent = 90,
      .flags = OP_GOAL },

    { .id = "app-identity",
      .title = N_("Create the cluster's application"),
      .after = "ready cluster identity",
      .check_needs = "cluster.identity",
      .when = reg_by_app,
      .when_needs = "path",
      .check = ACT(app_check),
      .apply = ACT(app_apply),
      .percent = 66,
      .flags = OP_OTHER_WAY },
    { .id = "certificate",
      .title = N_("Make a certificate on every node"),
      .scope = OP_EACH_NODE,
      .after = "ready",
      .check_needs = VALUES,
      .when = reg_own_certificate,
      .when_needs = "path",
      .check = ACT(certificate_check),
      .apply = ACT(certificate_apply),
      .undo = ACT(certificate_undo),
      .percent = 68,
      .flags = OP_OTHER_WAY },
    { .id = "upload",
      .title = N_("Upload the certificates"),
      .after = "ready app-identity certificate certificate-user rp-object",
      .check_needs = "@after",
      .when = reg_by_app,
      .when_needs = "path",
      .check = ACT(upload_check),
      .apply = ACT(upload_apply),
      .percent = 72,
      .flags = OP_OTHER_WAY },
    { .id = "certificate-set",
      .title = N_("Have Azure test every node's certificate"),
      .scope = OP_EACH_NODE,
      .after = "ready upload",
      .check_needs = "@after",
      .when = reg_by_app,
      .when_needs = "path",
      .check = ACT(certificate_set_check),
      .apply = ACT(certificate_set_apply),
      .tries = 12, /* a new key takes its time in Entra */
      .delay_ms = 5000,
      .percent = 76,
      .flags = OP_OTHER_WAY | OP_SOFT },
    { .id = "certificates",
      .title = N_("Check that all certificates were accepted"),
      .after = "certificate-set",
      .check_needs = "@after",
      .when = reg_by_app,
      .when_needs = "path",
      .check = JUDGE(certificates),
      .percent = 77,
      .flags = OP_OTHER_WAY },
    { .id = "register-app",
      .title = N_("Register the cluster"),
      .scope = OP_ONE_NODE,
      .after = "ready certificates role rp-object",
      .check_needs = "@after",
      .when = reg_by_app,
      .when_needs = "path",
      .check = ACT(register_check),
      .apply = ACT(register_apply),
      .undo = ACT(register_undo),
      .percent = 80,
      .flags = OP_GOAL | OP_OTHER_WAY },
    { .id = "sync",
      .title = N_("Sync every node"),
      .scope = OP_EACH_NODE,
      .after = "ready register register-app",
      .check_needs = "@after",
      .check = ACT(sync_check),
      .apply = ACT(sync_apply),
      .percent = 96 },

    { .id = "arc-app",
      .title = N_("Create the application of the Arc settings"),
      .after = "ready register-app arc-settings",
      .check_needs = "@after",
      .when = reg_arc_generated,
      .when_needs = "path arc.way",
      .check = ACT(arc_app_check),
      .apply = ACT(arc_app_apply),
      .percent = 82,
      .flags = OP_OTHER_WAY },
    ARC_ROLE_STEP("arc-role-onboarding", N_("Give the role Azure Connected Machine Onboarding")),
    ARC_ROLE_STEP("arc-role-admin",
                  N_("Give the role Azure Connected Machine Resource Administrator")),
    { .id = "arc-secret",
      .title = N_("Generate the secret of the Arc settings"),
      .after = "ready sync arc-app arc-role-onboarding arc-role-admin",
      .check_needs = "@after",
      .when = reg_arc_generated,
      .when_needs = "path arc.way",
      .check = JUDGE(arc_secret_check),
      .apply = ACT(arc_secret_apply),
      .percent = 86,
      .flags = OP_OTHER_WAY },
    { .id = "arc-init",
      .title = N_("Tell the cluster how its nodes come to Azure Arc"),
      .scope = OP_ONE_NODE,
      .after = "ready sync arc-app arc-secret arc-role-onboarding arc-role-admin",
      .check_needs = "@after",
      .when = reg_arc_by_cluster,
      .when_needs = "path",
      .check = ACT(arc_init_check),
      .apply = ACT(arc_init_apply),
      .percent = 88,
      .flags = OP_OTHER_WAY },
    { .id = "arc-enable",
      .title = N_("Connect the nodes to Azure Arc"),
      .scope = OP_EACH_NODE,
      .after = "ready arc-init arc-settings provider-compute provider-guest provider-connectivity",
      .check_needs = "@after",
      .when = reg_arc_by_cluster,
      .when_needs = "path",
      .check = ACT(arc_enable_check),
      .apply = ACT(arc_enable_apply),
      .undo = ACT(agent_undo),
      .tries = 12, /* a new role takes its time: azure-wire.md 2.10.10 */
      .delay_ms = 10000,
      .percent = 94,
      .flags = OP_OTHER_WAY },

    { .id = "links",
      .title = N_("Check that the machines name the cluster"),
      .after = "sync arc-enable",
      .check_needs = "@after",
      .when = reg_arc_verified,
      .check = ACT(links),
      .deadline_ms = 150000,
      .percent = 98,
      .flags = OP_SOFT },
    { .id = "arc-state",
      .title = N_("Check that the Arc settings are connected"),
      .after = "sync arc-enable",
      .check_needs = "@after",
      .when = reg_arc_verified,
      .check = ACT(arc_state),
      .deadline_ms = 150000,
      .percent = 100,
      .flags = OP_SOFT },
};

static const char *const inputs_needed[] = { "subscriptionId", "tenantId", "region", NULL };

const struct op_plan op_register = { "register", N_("Register with Azure"), steps, ARRAY_LEN(steps),
                                     inputs_needed };
