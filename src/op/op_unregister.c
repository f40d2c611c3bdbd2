#include "config.h"

#include "op/op_unregister.h"

#include "base/i18n.h"

#define ACT(n)                                                                                     \
    {                                                                                              \
        unr_##n##_ask, unr_##n##_read                                                              \
    }
#define REG(n)                                                                                     \
    {                                                                                              \
        reg_##n##_ask, reg_##n##_read                                                              \
    }
#define JUDGE(n)                                                                                   \
    {                                                                                              \
        NULL, unr_##n##_read                                                                       \
    }
#define SETTINGS "cluster.state settings.state arcGroup"
#define ROLE_STEP(step, what, before, wanted)                                                      \
    {                                                                                              \
        .id = step, .title = what, .after = before, .check_needs = SETTINGS, .when = wanted,       \
        .check = ACT(role_check), .apply = ACT(role_apply), .percent = 60, .flags = OP_NO_RETURN   \
    }

/* Whatever takes something away comes after `ready`. The order keeps the rest reachable: the
 * service's role is found by the cluster resource and is free once the Arc settings are gone
 * (register-flow.md 7.28); the nodes are told before the resource goes, so that none is left that
 * bills to nothing. */
static const struct op_step steps[] = {
    { .id = "facts",
      .title = N_("Ask the nodes what they are"),
      .scope = OP_EACH_NODE,
      .check = REG(facts),
      .percent = 2 },
    { .id = "stored",
      .title = N_("Look at the stored registration"),
      .scope = OP_EACH_NODE,
      .check = ACT(stored),
      .percent = 4 },
    { .id = "proof",
      .title = N_("Prove what is to be unregistered"),
      .after = "facts stored",
      .check_needs = "@after",
      .check = JUDGE(proof),
      .percent = 6 },
    { .id = "subscription",
      .title = N_("Look at the subscription"),
      .after = "proof",
      .check_needs = "@after",
      .check = REG(subscription),
      .percent = 8 },
    { .id = "agent-place",
      .title = N_("Look where the Arc agents are connected"),
      .scope = OP_EACH_NODE,
      .after = "proof",
      .check_needs = "@after",
      .check = ACT(agent),
      .percent = 10 },
    { .id = "arc-status",
      .title = N_("Ask the nodes how they stand with Azure Arc"),
      .scope = OP_EACH_NODE,
      .after = "proof",
      .check_needs = "@after",
      .check = ACT(arc_status),
      .percent = 10 },
    { .id = "machines",
      .title = N_("Look at the machines in Azure"),
      .after = "proof",
      .check_needs = "@after " SETTINGS,
      .check = ACT(machines),
      .percent = 14 },
    { .id = "locks",
      .title = N_("Look for locks"),
      .after = "agent-place arc-status",
      .check_needs = "@after " SETTINGS,
      .check = ACT(locks),
      .percent = 14 },
    { .id = "group-holds",
      .title = N_("Look what the resource group holds"),
      .after = "agent-place arc-status",
      .check_needs = "@after",
      .check = ACT(holds),
      .percent = 16 },
    { .id = "arc-group-holds",
      .title = N_("Look what the machines' group holds"),
      .after = "agent-place arc-status",
      .check_needs = "@after " SETTINGS,
      .check = ACT(holds),
      .percent = 16 },
    { .id = "custom-locations",
      .title = N_("Look for custom locations on its resource bridge"),
      .after = "group-holds arc-group-holds",
      .check_needs = "@after",
      .when = unr_bridged,
      .check = ACT(custom),
      .percent = 17 },
    { .id = "custom-location-holds",
      .title = N_("Look what lives on its custom locations"),
      .after = "custom-locations",
      .check_needs = "@after",
      .when = unr_has_customs,
      .check = ACT(custom_holds),
      .percent = 18 },
    { .id = "rights-group",
      .title = N_("Look at your rights in the resource group"),
      .after = "proof",
      .check_needs = "@after",
      .check = ACT(rights),
      .percent = 18 },
    { .id = "rights-arc-group",
      .title = N_("Look at your rights in the machines' group"),
      .after = "proof",
      .check_needs = "@after " SETTINGS,
      .check = ACT(rights),
      .percent = 18 },
    { .id = "ready",
      .title = N_("Look whether anything stands in the way"),
      .after = "subscription machines locks custom-location-holds rights-group rights-arc-group",
      .check_needs = "@after " SETTINGS " extensions.user role.state arc-role-onboarding.state "
                     "arc-role-admin.state group.state arc-group.state",
      .check = JUDGE(ready),
      .percent = 20,
      .told = { .found = 9146 } },

    { .id = "disable",
      .title = N_("Tell Azure that Arc is being disabled"),
      .after = "ready",
      .check_needs = SETTINGS,
      .when = unr_disables,
      .check = ACT(disable_check),
      .apply = ACT(disable_apply),
      .percent = 24,
      .flags = OP_NO_RETURN },
    { .id = "extensions",
      .title = N_("Delete the extensions"),
      .after = "ready disable",
      .check_needs = SETTINGS,
      .check = ACT(extensions_check),
      .apply = ACT(extensions_apply),
      .tries = 64,
      .deadline_ms = 4 * 3600 * 1000, /* of all; each has the time of a step */
      .percent = 30,
      .flags = OP_NO_RETURN },
    { .id = "leave",
      .title = N_("Take the nodes out of Azure Arc"),
      .scope = OP_EACH_NODE,
      .after = "ready extensions",
      .check_needs = "@after",
      .check = ACT(leave_check),
      .apply = ACT(leave_apply),
      .percent = 40,
      .flags = OP_NO_RETURN },
    { .id = "arc-settings",
      .title = N_("Delete the Arc settings"),
      .after = "ready extensions leave",
      .check_needs = "cluster.id",
      .check = ACT(settings_check),
      .apply = ACT(settings_apply),
      .percent = 50,
      .flags = OP_NO_RETURN,
      .told = { .made = 9008 } },
    { .id = "machines-free",
      .title = N_("Look whether machines still belong to a cluster"),
      .after = "arc-settings",
      .check_needs = "@after",
      .check = ACT(machines_free),
      .percent = 55 },
    ROLE_STEP("role", N_("Take the service's role on the machines' group away"),
              "ready machines-free", unr_role_free),
    ROLE_STEP("arc-role-onboarding", N_("Take the role Azure Connected Machine Onboarding away"),
              "ready leave arc-settings", NULL),
    ROLE_STEP("arc-role-admin",
              N_("Take the role Azure Connected Machine Resource Administrator away"),
              "ready leave arc-settings", NULL),
    { .id = "unregister",
      .title = N_("Take the registration off the nodes"),
      .scope = OP_ONE_NODE,
      .after = "ready role arc-role-onboarding arc-role-admin",
      .check_needs = "@after",
      .when = unr_local,
      .check = ACT(node_check),
      .apply = ACT(node_apply),
      .percent = 70,
      .flags = OP_NO_RETURN,
      .told = { .failed = 9148 } },
    { .id = "certificates",
      .title = N_("Remove the nodes' certificates"),
      .scope = OP_EACH_NODE,
      .after = "ready unregister",
      .check_needs = "@after",
      .when = unr_local,
      .check = ACT(certificate_check),
      .apply = ACT(certificate_apply),
      .percent = 76,
      .flags = OP_NO_RETURN | OP_SOFT },
    { .id = "cluster",
      .title = N_("Delete the cluster resource"),
      .after = "ready unregister certificates",
      .check_needs = "cluster.id",
      .check = ACT(cluster_check),
      .apply = ACT(cluster_apply),
      .percent = 85,
      .flags = OP_NO_RETURN },
    { .id = "application",
      .title = N_("Delete the cluster's application in Microsoft Entra"),
      .after = "ready cluster",
      .check_needs = "cluster.state",
      .check = ACT(application_check),
      .apply = ACT(application_apply),
      .percent = 90,
      .flags = OP_NO_RETURN | OP_SOFT,
      .told = { .failed = 9010 } },
    { .id = "arc-group",
      .title = N_("Delete the resource group of the machines"),
      .after = "ready cluster leave role arc-role-onboarding arc-role-admin",
      .check_needs = SETTINGS,
      .check = ACT(group_check),
      .apply = ACT(group_apply),
      .percent = 95,
      .flags = OP_NO_RETURN },
    { .id = "group",
      .title = N_("Delete the resource group"),
      .after = "ready cluster application leave role",
      .check_needs = "cluster.id",
      .check = ACT(group_check),
      .apply = ACT(group_apply),
      .percent = 100,
      .flags = OP_NO_RETURN },
};

/* Events of the path by identity (register-flow.md 4.3): it begins with 9146, its Arc part ends
 * with 9147 instead of 9008, it fails with 9149 instead of 9118. */
static int number(const struct op_view *v, int number)
{
    bool by_identity = !unr_by_certificate(v) && op_node_count(v);

    if (number == 9146)
        return by_identity && unr_local(v) ? 9146 : 0;
    if (!by_identity || !unr_local(v))
        return number;
    return number == 9008 ? 9147 : number == 9118 ? 9149 : number;
}

static const char *const inputs_needed[] = { "subscriptionId", "tenantId", "resourceName",
                                             "resourceGroupName", NULL };

const struct op_plan op_unregister = { .id = "unregister",
                                       .title = N_("Unregister from Azure"),
                                       .steps = steps,
                                       .n = ARRAY_LEN(steps),
                                       .inputs = inputs_needed,
                                       .told = { .begin = 9005, .made = 9007, .failed = 9118 },
                                       .parameters = 9009,
                                       .number = number };
