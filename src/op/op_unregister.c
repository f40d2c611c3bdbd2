#include "config.h"

#include "op/op_unregister_steps.h"

/* Whatever takes something away comes after `ready`. The order keeps the rest reachable: the
 * service's role is found by the cluster resource and is free once the Arc settings are gone
 * (register-flow.md 7.28); the nodes are told before the resource goes, so that none is left that
 * bills to nothing. */
static const struct op_step steps[] = {
    UNR_LOOK_PROOF(N_("Prove what is to be unregistered")),
    UNR_LOOK_ARC,
    LOOK("group-holds", N_("Look what the resource group holds"), "agent-place arc-status",
         "@after " SETTINGS, ACT(holds)),
    UNR_LOOK_ARC_GROUP,
    { .id = "custom-locations",
      .title = N_("Look for custom locations on its resource bridge"),
      .after = "group-holds arc-group-holds",
      .check_needs = "@after",
      .when = unr_bridged,
      .check = ACT(custom) },
    { .id = "custom-location-holds",
      .title = N_("Look what lives on its custom locations"),
      .after = "custom-locations",
      .check_needs = "@after",
      .when = unr_has_customs,
      .check = ACT(custom_holds) },
    UNR_LOOK_RIGHTS,
    UNR_READY("subscription machines locks custom-location-holds rights-group rights-arc-group",
              " group.state", unr_ready_read, 9146),

    UNR_ARC_GOES(9008),
    { .id = "unregister",
      .title = N_("Take the registration off the nodes"),
      .scope = OP_ONE_NODE,
      .after = "ready role arc-role-onboarding arc-role-admin",
      .check_needs = "@after",
      .when = unr_local,
      .check = ACT(node_check),
      .apply = ACT(node_apply),
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
      .flags = OP_NO_RETURN | OP_SOFT },
    GOES("cluster", N_("Delete the cluster resource"), "ready unregister certificates",
         "cluster.id", NULL, cluster, 0),
    { .id = "application",
      .title = N_("Delete the cluster's application in Microsoft Entra"),
      .after = "ready cluster",
      .check_needs = "cluster.state",
      .check = ACT(application_check),
      .apply = ACT(application_apply),
      .flags = OP_NO_RETURN | OP_SOFT,
      .told = { .failed = 9010 } },
    GOES("arc-group", N_("Delete the resource group of the machines"),
         "ready cluster leave role arc-role-onboarding arc-role-admin", SETTINGS, NULL, group, 0),
    GOES("group", N_("Delete the resource group"), "ready cluster application leave role",
         "cluster.id", NULL, group, 0),
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
