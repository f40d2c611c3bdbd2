/* op_arc_disable.c - the plan `arc-disable`: Azure Arc for servers goes, the registration stays.
 *
 * By certificates it is the Windows module's DisableOnlyAzureArcServer (register-flow.md 4.2, U1 to
 * U10). By the nodes' identity the module ignores that switch and removes the whole registration
 * (register-flow.md 7.24); here its Arc part alone is done (4.3, V1 to V5). There the machines stay
 * on purpose: the nodes sign in to the service by their machines' identity, so a node whose agent
 * left could not sync any more. That the service goes on taking them without Arc settings is
 * inferred from V5, which leaves the agents connected. The first generation has no Arc.
 *
 * Departures from the module, all shared with `unregister` (op_unregister.h): what goes is proven
 * first, machines that registration did not connect stay, a role goes only under the name that
 * registration derives, and only while no machine of the group belongs to another cluster. The
 * nodes' local mark comes last (the module: U8, V3), so that a node that shows Arc as disabled has
 * nothing of it left in Azure.
 *
 * Facts beside op_unregister.h's: carried ("1": machines stay because they carry the registration);
 * of a node: arc.cleared ("1": it shows Arc as disabled).
 */
#include "config.h"

#include "op/op_unregister_steps.h"

/* ---- the cluster resource stays ---- */

static enum op_verdict cluster_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    enum op_verdict vd = unr_cluster_check_read(v, a, e);

    return vd == OP_ABSENT ? OP_DONE : vd; /* absent: the gate has the word */
}

/* ---- the gate ---- */

static bool first_generation(const struct op_view *v)
{
    for (size_t i = 0; i < op_node_count(v); i++)
        if (str_eq(op_node_fact(v, op_node_at(v, i), "first"), "1"))
            return true;
    return false;
}

static enum op_verdict ready_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    if (!unr_local(v))
        err_set(e, ERR_OP, ERR_C_ARC_NEEDS_REGISTRATION, "%s",
                _("These nodes are not registered with it: there is no Azure Arc to be disabled "
                  "or enabled. Nothing was changed."));
    else if (first_generation(v))
        err_set(e, ERR_OP, ERR_C_ARC_NOT_THERE, "%s",
                _("Nodes of this Windows build have no Azure Arc: their registration was made "
                  "without it, and there is nothing to disable or enable."));
    else if (str_eq(op_fact(v, "cluster.state"), "absent"))
        err_set(e, ERR_OP, 9106,
                _("The cluster is registered, but its resource %s is gone from Azure, and Azure "
                  "Arc with it. Nothing was changed."),
                op_fact(v, "name"));
    if (err_is(e))
        return OP_FAILED;
    op_set_fact(v, "carried", unr_by_certificate(v) ? "0" : "1");
    return unr_ready_read(v, a, e);
}

/* ---- the application that the Arc settings made (register-flow.md 4.2 U7, R30) ---- */

static void application_ask(const struct op_view *v, struct op_need *need)
{
    const char *app = unr_fact(v, "settings.appId");

    if (!*app)
        return;
    reg_graph(need, "GET", 0);
    arm_path(&need->path, "/applications(appId='%s')", app);
    str_add(&need->query, "$select=id,appId,displayName");
}

/* The settings named it, so registration made it: the operator's own stands in no settings. */
static enum op_verdict application_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    const char *id = json_str(a->json, "id");

    if (!a->http && reg_ok(a))
        return OP_SKIP;
    if (a->http == 404)
        return OP_DONE;
    if (a->http == 403) {
        op_note(v, "%s", _("Your account may not see the application of the Arc settings."));
        return OP_SKIP;
    }
    if (!reg_good(a) || !id)
        return reg_fail(a, e, 9011, _("looking at the application of the Arc settings"));
    op_set_fact(v, "arc-application.id", id);
    return OP_ABSENT;
}

static void application_apply_ask(const struct op_view *v, struct op_need *need)
{
    reg_graph(need, "DELETE", 0);
    arm_path(&need->path, "/applications/%s", op_fact(v, "arc-application.id"));
}

static enum op_verdict application_apply_read(struct op_view *v, const struct op_answer *a,
                                              struct err *e)
{
    (void)v;
    if (a->http == 404 || reg_good(a))
        return OP_DONE;
    return reg_fail(a, e, 9011, _("deleting the application of the Arc settings"));
}

/* ---- the nodes' own mark ---- */

static bool by_identity(const struct op_view *v)
{
    return !unr_by_certificate(v);
}

static void clear_ask(const struct op_view *v, struct op_need *need)
{
    (void)v;
    reg_verb(need, NODE_ARC_STATUS);
}

static enum op_verdict clear_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    const char *integration = json_str(a->json, "clusterArcStatus");

    (void)v;
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node how it stands with Azure Arc"));
    return json_flag(a->json, "cleared", false) && !str_ieq(integration, "Enabled") ? OP_DONE
                                                                                    : OP_ABSENT;
}

static void clear_apply_ask(const struct op_view *v, struct op_need *need)
{
    (void)v;
    reg_verb(need, NODE_ARC_CLEAR);
}

static enum op_verdict clear_apply_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    return reg_ok(a) ? OP_DONE
                     : reg_fail(a, e, unr_by_certificate(v) ? 9117 : 9140,
                                _("having the node forget Azure Arc"));
}

/* ---- the plan ---- */

#define CLEAR_STEP(step, wanted, event)                                                            \
    {                                                                                              \
        .id = step, .title = N_("Have the nodes forget Azure Arc"), .scope = OP_EACH_NODE,         \
        .after = "ready leave arc-settings role arc-role-onboarding arc-role-admin "               \
                 "arc-application arc-group",                                                      \
        .check_needs = "@after", .when = wanted, .check = { clear_ask, clear_read },               \
        .apply = { clear_apply_ask, clear_apply_read }, .flags = OP_NO_RETURN, .told = {           \
            .made = event                                                                          \
        }                                                                                          \
    }

static const struct op_step steps[] = {
    UNR_LOOK_PROOF(N_("Prove whose Azure Arc is to be disabled")),
    { .id = "cluster",
      .title = N_("Look at the cluster resource"),
      .check_needs = "cluster.id",
      .check = { unr_cluster_check_ask, cluster_read } },
    UNR_LOOK_ARC,
    UNR_LOOK_ARC_GROUP,
    UNR_LOOK_RIGHTS,
    UNR_READY("subscription cluster machines locks arc-group-holds rights-group rights-arc-group",
              "", ready_read, 0),

    UNR_ARC_GOES(0),
    { .id = "arc-application",
      .title = N_("Delete the application of the Arc settings in Microsoft Entra"),
      .after = "ready arc-settings",
      .check_needs = "@after",
      .check = { application_ask, application_read },
      .apply = { application_apply_ask, application_apply_read },
      .flags = OP_NO_RETURN | OP_SOFT,
      .told = { .failed = 9011 } },
    GOES("arc-group", N_("Delete the resource group of the machines"),
         "ready leave arc-settings role arc-role-onboarding arc-role-admin", SETTINGS, NULL, group,
         0),
    /* the module's two numbers for "the Arc part is done": 4.2 U10, 4.3 V5 */
    CLEAR_STEP("arc-clear", unr_by_certificate, 9008),
    CLEAR_STEP("arc-clear-identity", by_identity, 9147),
};

static const char *const inputs_needed[] = { "subscriptionId",    "tenantId", "resourceName",
                                             "resourceGroupName", "arcOnly",  NULL };

const struct op_plan op_arc_disable = { .id = "arc-disable",
                                        .title = N_("Disable Azure Arc"),
                                        .steps = steps,
                                        .n = ARRAY_LEN(steps),
                                        .inputs = inputs_needed,
                                        .told = { .begin = 9005, .failed = 9117 },
                                        .parameters = 9009 };
