/* op_unregister_steps.h - the rows that the plans `unregister` and `arc-disable` have in common:
 * both look at the same things first, and take Azure Arc away in the same order. UNR_LOOK_* and
 * UNR_ARC_GOES are runs of rows; op_unregister.c and op_arc_disable.c put their own in between.
 *
 * The order keeps the rest reachable: the service's role is found by the cluster resource and is
 * free once the Arc settings are gone (register-flow.md 7.28).
 */
#ifndef AZL_OP_OP_UNREGISTER_STEPS_H
#define AZL_OP_OP_UNREGISTER_STEPS_H

#include "base/i18n.h"
#include "op/op_unregister.h"

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

/* ---- rows that look ---- */

#define LOOK(step, what, before, needs, act)                                                       \
    {                                                                                              \
        .id = step, .title = what, .after = before, .check_needs = needs, .check = act             \
    }
#define LOOK_AT_NODES(step, what, before, needs, act)                                              \
    {                                                                                              \
        .id = step, .title = what, .scope = OP_EACH_NODE, .after = before, .check_needs = needs,   \
        .check = act                                                                               \
    }
#define UNR_LOOK_PROOF(what)                                                                       \
    LOOK_AT_NODES("facts", N_("Ask the nodes what they are"), NULL, NULL, REG(facts)),             \
        LOOK_AT_NODES("stored", N_("Look at the stored registration"), NULL, NULL, ACT(stored)),   \
        LOOK("proof", what, "facts stored", "@after", JUDGE(proof)),                               \
        LOOK("subscription", N_("Look at the subscription"), "proof", "@after", REG(subscription))
#define UNR_LOOK_ARC                                                                               \
    LOOK_AT_NODES("agent-place", N_("Look where the Arc agents are connected"), "proof", "@after", \
                  ACT(agent)),                                                                     \
        LOOK_AT_NODES("arc-status", N_("Ask the nodes how they stand with Azure Arc"), "proof",    \
                      "@after", ACT(arc_status)),                                                  \
        LOOK("machines", N_("Look at the machines in Azure"), "proof", "@after " SETTINGS,         \
             ACT(machines)),                                                                       \
        LOOK("locks", N_("Look for locks"), "agent-place arc-status", "@after " SETTINGS,          \
             ACT(locks))
#define UNR_LOOK_ARC_GROUP                                                                         \
    LOOK("arc-group-holds", N_("Look what the machines' group holds"), "agent-place arc-status",   \
         "@after " SETTINGS, ACT(holds))
#define UNR_LOOK_RIGHTS                                                                            \
    LOOK("rights-group", N_("Look at your rights in the resource group"), "proof", "@after",       \
         ACT(rights)),                                                                             \
        LOOK("rights-arc-group", N_("Look at your rights in the machines' group"), "proof",        \
             "@after " SETTINGS, ACT(rights))

/* The gate: whatever takes something away comes after it. */
#define UNR_READY(before, more, reads, event)                                                      \
    {                                                                                              \
        .id = "ready", .title = N_("Look whether anything stands in the way"), .after = before,    \
        .check_needs = "@after " SETTINGS " extensions.user role.state arc-role-onboarding.state " \
                       "arc-role-admin.state arc-group.state" more,                                \
        .check = { NULL, reads }, .told = {                                                        \
            .found = event                                                                         \
        }                                                                                          \
    }

/* ---- rows that take away ---- */

#define GOES(step, what, before, needs, wanted, act, event)                                        \
    {                                                                                              \
        .id = step, .title = what, .after = before, .check_needs = needs, .when = wanted,          \
        .check = ACT(act##_check), .apply = ACT(act##_apply), .flags = OP_NO_RETURN, .told = {     \
            .made = event                                                                          \
        }                                                                                          \
    }
#define UNR_EXTENSIONS_GO                                                                          \
    {                                                                                              \
        .id = "extensions", .title = N_("Delete the extensions"), .after = "ready disable",        \
        .check_needs = SETTINGS, .check = ACT(extensions_check), .apply = ACT(extensions_apply),   \
        .tries = 64, .deadline_ms = 4 * 3600 * 1000, /* of all; each has the time of a step */     \
            .flags = OP_NO_RETURN                                                                  \
    }
#define UNR_NODES_LEAVE                                                                            \
    {                                                                                              \
        .id = "leave", .title = N_("Take the nodes out of Azure Arc"), .scope = OP_EACH_NODE,      \
        .after = "ready extensions", .check_needs = "@after", .check = ACT(leave_check),           \
        .apply = ACT(leave_apply), .flags = OP_NO_RETURN                                           \
    }
#define UNR_ARC_GOES(settings_event)                                                               \
    GOES("disable", N_("Tell Azure that Arc is being disabled"), "ready", SETTINGS, unr_disables,  \
         disable, 0),                                                                              \
        UNR_EXTENSIONS_GO, UNR_NODES_LEAVE,                                                        \
        GOES("arc-settings", N_("Delete the Arc settings"), "ready extensions leave",              \
             "cluster.id", NULL, settings, settings_event),                                        \
        LOOK("machines-free", N_("Look whether machines still belong to a cluster"),               \
             "arc-settings", "@after", ACT(machines_free)),                                        \
        GOES("role", N_("Take the service's role on the machines' group away"),                    \
             "ready machines-free", SETTINGS, unr_role_free, role, 0),                             \
        GOES("arc-role-onboarding", N_("Take the role Azure Connected Machine Onboarding away"),   \
             "ready leave machines-free", SETTINGS, unr_role_free, role, 0),                       \
        GOES("arc-role-admin",                                                                     \
             N_("Take the role Azure Connected Machine Resource Administrator away"),              \
             "ready leave machines-free", SETTINGS, unr_role_free, role, 0)

#endif
