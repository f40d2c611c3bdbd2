#include "config.h"

#include "op/op_register.h"

#include "azure/hci.h"
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

/* A cluster that is only looked at: nothing of all that comes to be. */
static bool only_looks(const struct json *facts)
{
    return str_eq(fact(facts, "way"), REG_LOOK);
}

static void will_providers(const struct json *facts, struct json *out)
{
    static const char *const rows[][2] = {
        { "provider-hci.state", "Microsoft.AzureStackHCI" },
        { "provider-compute.state", "Microsoft.HybridCompute" },
        { "provider-guest.state", "Microsoft.GuestConfiguration" },
        { "provider-connectivity.state", "Microsoft.HybridConnectivity" }
    };

    size_t n = str_eq(fact(facts, "path"), REG_FIRST_GENERATION) ? 1 : ARRAY_LEN(rows);

    for (size_t i = 0; i < n; i++)
        if (json_member(json_member(facts, "run"), rows[i][0]))
            will(out, _("Resource provider"), rows[i][1],
                 str_ieq(fact(facts, rows[i][0]), "Registered") || only_looks(facts) ? "keep"
                                                                                     : "register");
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
             str_eq(agent, "here") ? "keep"
             : only_looks(facts)   ? "repair"
                                   : "connect");
    }
}

/* The first generation: Arc is left out. */
static void will_application(const struct json *facts, struct json *out)
{
    bool looks = only_looks(facts);

    will(out, _("Application in Microsoft Entra, with four permissions"), fact(facts, "name"),
         looks || *fact(facts, "cluster.appId") ? "keep" : "create");
    JSON_EACH (n, json_member(facts, "nodes"))
        will(out, _("Certificate of the node"), json_str(n, "name"),
             looks                                   ? "keep"
             : str_eq(fact(facts, "way"), REG_RENEW) ? "renew"
                                                     : "create");
}

static void will_arc(const struct json *facts, struct json *out)
{
    bool looks = only_looks(facts);

    will(out, _("Role of the service on the machines' group"),
         "Azure Connected Machine Resource Manager",
         looks || str_eq(fact(facts, "role.state"), "present") ? "keep" : "assign");
    will(out, _("Arc settings"), "default", made_unless(fact(facts, "settings.state")));
    will(out, _("Mandatory extensions"), HCI_MANDATORY_EXTENSIONS,
         looks || *fact(facts, "settings.consent") ? "keep" : "consent");
    will_nodes(facts, out);
}

int op_register_preview(const struct json *inputs, const struct json *facts, struct json **out,
                        struct err *e)
{
    if (!*fact(facts, "cluster.id"))
        return err_set(e, ERR_USAGE, 0, _("The values have not been checked yet."));
    *out = json_array();
    will_providers(facts, *out);
    will(*out, _("Resource group"), fact(facts, "group"), made_unless(fact(facts, "group.state")));
    if (!str_eq(fact(facts, "arc-group.state"), "same") &&
        !str_eq(fact(facts, "path"), REG_FIRST_GENERATION))
        will(*out, _("Resource group of the machines"), fact(facts, "arcGroup"),
             made_unless(fact(facts, "arc-group.state")));
    will(*out, _("Cluster resource"), fact(facts, "name"),
         made_unless(fact(facts, "cluster.state")));
    if (str_eq(fact(facts, "path"), REG_FIRST_GENERATION))
        will_application(facts, *out);
    else
        will_arc(facts, *out);
    will(*out, _("Registration of the cluster"), json_value_str(json_member(inputs, "clusterName")),
         str_eq(fact(facts, "way"), REG_RENEW)                ? "renew"
         : str_eq(fact(facts, "stored.status"), "Registered") ? "keep"
                                                              : "register");
    if (!*fact(facts, "rights.state") && *fact(facts, "rights.subscription"))
        return 0; /* something else stopped it before they were judged */
    will(*out, _("Your rights in the subscription"), fact(facts, "subscription.name"),
         str_eq(fact(facts, "rights.state"), "enough")    ? "enough"
         : str_eq(fact(facts, "rights.state"), "missing") ? "lacking"
                                                          : "unseen");
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
/* the module's words for what a failure of a step is: register-flow.md 2.5 and 2.8 */
#define PERMISSIONS .result = "ArcFailed", .detail = "ArcPermissionsMissing"
#define NODES       .detail = "ArcIntegrationFailedOnNodes"
#define PROVIDER_STEP(step, ns, wanted)                                                            \
    {                                                                                              \
        .id = step, .title = ns, .after = "ready", .check_needs = VALUES, .when = wanted,          \
        .check = ACT(provider_check), .apply = ACT(provider_apply), .delay_ms = 3000,              \
        .flags = OP_NO_RETURN                                                                      \
    }

#define ARC_ROLE_STEP(step, what)                                                                  \
    {                                                                                              \
        .id = step, .title = what, .after = "ready register-app arc-group arc-app",                \
        .check_needs = "@after", .when = reg_changes, .when_path = reg_arc_roles,                  \
        .path_needs = "path path.roles", .check = ACT(role_check), .apply = ACT(role_apply),       \
        .undo = ACT(role_undo), .tries = 24, .delay_ms = 5000,                                     \
        .flags = OP_OTHER_WAY | OP_SERVICE_APP, .told = {                                          \
            .detail = "ArcPermissionsMissing"                                                      \
        }                                                                                          \
    }
#define ENTRA                                                                                      \
    .when = reg_changes, .when_path = reg_by_first_generation, .path_needs = "path",               \
    .flags = OP_OTHER_WAY | OP_CLIENT_APP
#define GRANT_STEP(step, what)                                                                     \
    {                                                                                              \
        ENTRA, .id = step, .title = what, .after = "ready entra-given entra-bind",                 \
               .check_needs = "@after", .check = ACT(entra_grant_check),                           \
               .apply = ACT(entra_grant_apply), .tries = 12, .delay_ms = 5000                      \
    }
#define RIGHTS_STEP(step, what, needs)                                                             \
    {                                                                                              \
        .id = step, .title = what, .check_needs = needs, .check = ACT(rights)                      \
    }

/* Whatever changes something comes after `ready`, directly: a found step is complete long before
 * the gate. */
static const struct op_step steps[] = {
    { .id = "inputs", .title = N_("Check the values"), .check = JUDGE(inputs) },
    { .id = "facts",
      .title = N_("Ask the nodes what they are"),
      .scope = OP_EACH_NODE,
      .check_needs = VALUES,
      .check = ACT(facts) },
    { .id = "stored",
      .title = N_("Look at the stored registration"),
      .scope = OP_EACH_NODE,
      .check_needs = VALUES,
      .check = ACT(stored) },
    { .id = "agent-place",
      .title = N_("Look where the Arc agents are connected"),
      .scope = OP_EACH_NODE,
      .check_needs = VALUES " arcGroup first",
      .check = ACT(agent_place) },
    { .id = "subscription",
      .title = N_("Look at the subscription"),
      .check_needs = VALUES,
      .check = ACT(subscription) },
    { .id = "machine-place",
      .title = N_("Look for machines of these names"),
      .check_needs = VALUES " arcGroup",
      .check = ACT(machine_place) },
    { .id = "path",
      .title = N_("Choose the way of the registration"),
      .after = "facts",
      .check_needs = "@after",
      .check = JUDGE(path) },
    { .id = "certificate-user",
      .title = N_("Look for the certificate on every node"),
      .scope = OP_EACH_NODE,
      .after = "path",
      .check_needs = VALUES,
      .when_path = reg_user_certificate,
      .path_needs = "path",
      .check = ACT(certificate_check),
      .flags = OP_OTHER_WAY,
      .told = { .failed = 9109 } },
    { .id = "arc-status",
      .title = N_("Ask the nodes how they stand with Azure Arc"),
      .scope = OP_EACH_NODE,
      .check_needs = VALUES,
      .when_path = reg_arc_by_cluster,
      .path_needs = "path",
      .check = ACT(arc_status),
      .flags = OP_OTHER_WAY | OP_SOFT | OP_SERVICE_APP, /* arc-way names all that do not answer */
      .told = { .failed = 9112 } },
    { .id = "arc-way",
      .title = N_("Choose how the nodes come to Azure Arc"),
      .after = "arc-status",
      .check_needs = "@after",
      .when_path = reg_arc_by_cluster,
      .path_needs = "path",
      .check = JUDGE(arc_way),
      .flags = OP_OTHER_WAY | OP_SERVICE_APP },
    { .id = "arc-principal",
      .title = N_("Look for the service principal that connects the nodes"),
      .after = "arc-way",
      .check_needs = "@after",
      .when_path = reg_arc_given,
      .path_needs = "path path.arc",
      .check = ACT(principal),
      .flags = OP_OTHER_WAY | OP_SERVICE_APP },
    { .id = "entra-reach",
      .title = N_("Look whether you reach Microsoft Graph"),
      .after = "facts stored path",
      .check_needs = "@after cluster.state settings.state",
      .when_path = reg_by_first_generation,
      .path_needs = "path",
      .check = ACT(entra_reach),
      .flags = OP_OTHER_WAY | OP_CLIENT_APP },
    RIGHTS_STEP("rights", N_("Look at your rights in the subscription"), VALUES),
    RIGHTS_STEP("rights-group", N_("Look at your rights in the resource group"), VALUES),
    RIGHTS_STEP("rights-arc-group", N_("Look at your rights in the machines' group"),
                VALUES " arcGroup"),
    { .id = "rights-role",
      .title = N_("Look who has roles on the machines' group"),
      .after = "rights rights-group rights-arc-group",
      .check_needs = "@after",
      .check = ACT(rights_role) },
    { .id = "rights-machine",
      .title = N_("Look whether you may see the machines"),
      .after = "facts path rights rights-group rights-arc-group",
      .check_needs = "@after",
      .check = ACT(rights_machine) },
    { .id = "arc-principal-roles",
      .title = N_("Look whether it holds its roles"),
      .after = "arc-principal rights rights-group rights-arc-group",
      .check_needs = "@after arcGroup group.state arc-group.state",
      .when_path = reg_arc_given,
      .path_needs = "path path.arc",
      .check = ACT(principal_roles),
      .flags = OP_OTHER_WAY,
      .told = { PERMISSIONS } },
    { .id = "ready",
      .title = N_("Look whether anything stands in the way"),
      .after = "inputs facts stored agent-place subscription machine-place path certificate-user "
               "arc-way arc-principal-roles entra-reach rights-role rights-machine",
      .check_needs = "@after group.state arc-group.state cluster.state settings.state "
                     "provider-hci.state",
      .check = JUDGE(ready),
      .flags = OP_GATE },
    { .id = "arc-mark", /* before all that ends the nodes' mark */
      .title = N_("Have the nodes show Azure Arc again"),
      .scope = OP_EACH_NODE,
      .plan = "arc-enable",
      .after = "ready",
      .check_needs = "@after",
      .when = reg_changes,
      .check = JUDGE(arc_mark_check),
      .apply = ACT(arc_mark_apply),
      .undo = ACT(arc_mark_undo) },

    PROVIDER_STEP("provider-hci", N_("Register the provider Microsoft.AzureStackHCI"), reg_changes),
    PROVIDER_STEP("provider-compute", N_("Register the provider Microsoft.HybridCompute"),
                  reg_changes_arc),
    PROVIDER_STEP("provider-guest", N_("Register the provider Microsoft.GuestConfiguration"),
                  reg_changes_arc),
    PROVIDER_STEP("provider-connectivity", N_("Register the provider Microsoft.HybridConnectivity"),
                  reg_changes_arc),
    { .id = "region",
      .title = N_("Check that the region is offered"),
      .after = "provider-hci",
      .check_needs = "@after provider-hci.locations",
      .when = reg_changes,
      .check = JUDGE(region) },

    { ENTRA, .id = "entra-usage",
      .title = N_("Look for the service's principal in Microsoft Entra"), .after = "ready region",
      .check_needs = "@after", .check = ACT(entra_usage), .delay_ms = 10000,
      .deadline_ms = 180000 /* the module: 153 s */ },
    { ENTRA, .id = "entra-app", .title = N_("Create the cluster's application in Microsoft Entra"),
      .after = "ready region entra-usage", .check_needs = "cluster.state",
      .check = ACT(entra_app_check), .apply = ACT(entra_app_apply), .undo = ACT(entra_app_undo),
      .delay_ms = 5000 },
    { ENTRA, .id = "entra-principal",
      .title = N_("Create the application's principal in Microsoft Entra"),
      .after = "ready entra-app", .check_needs = "@after entra.appId",
      .check = ACT(entra_principal_check), .apply = ACT(entra_principal_apply),
      .undo = ACT(entra_principal_undo), .tries = 12, .delay_ms = 5000 },
    { ENTRA, .id = "entra-given", .title = N_("Look which permissions the application was given"),
      .after = "ready entra-usage entra-principal", .check_needs = "@after",
      .check = ACT(entra_given), .tries = 12, .delay_ms = 5000 },

    { .id = "group",
      .title = N_("Create the resource group"),
      .after = "ready region",
      .check_needs = VALUES,
      .when = reg_changes,
      .check = ACT(group_check),
      .apply = ACT(group_apply),
      .undo = ACT(group_undo),
      .delay_ms = 5000 },
    { .id = "arc-group",
      .title = N_("Create the resource group of the machines"),
      .after = "ready region",
      .check_needs = VALUES " arcGroup",
      .when = reg_changes_arc,
      .check = ACT(group_check),
      .apply = ACT(group_apply),
      .undo = ACT(group_undo),
      .delay_ms = 5000 },
    { .id = "cluster",
      .title = N_("Create the cluster resource"),
      .after = "ready region group entra-app entra-principal",
      .check_needs = VALUES,
      .when = reg_changes,
      .check = ACT(cluster_check),
      .apply = ACT(cluster_apply),
      .undo = ACT(cluster_undo),
      .tries = 10 },
    { ENTRA, .id = "entra-bind", .title = N_("Tell the cluster resource its application"),
      .after = "ready cluster entra-app", .check_needs = "@after", .check = ACT(entra_bind_check),
      .apply = ACT(entra_bind_apply) },
    GRANT_STEP("entra-cluster-read", N_("Give the permission AzureStackHCI.Cluster.Read")),
    GRANT_STEP("entra-cluster-write", N_("Give the permission AzureStackHCI.Cluster.ReadWrite")),
    GRANT_STEP("entra-node-read", N_("Give the permission AzureStackHCI.ClusterNode.Read")),
    GRANT_STEP("entra-node-write", N_("Give the permission AzureStackHCI.ClusterNode.ReadWrite")),
    { ENTRA, .id = "entra-consent",
      .title = N_("Wait for the consent to the application's permissions"),
      .after = "ready entra-cluster-read entra-cluster-write entra-node-read entra-node-write",
      .check_needs = "@after", .check = ACT(entra_consent), .delay_ms = 10000,
      .told = { .result = "PendingForAdminConsent", .detail = "PendingForAdminConsent" } },
    { .id = "entra-deprecated",
      .title = N_("Take away permissions of old"),
      .after = "ready entra-consent",
      .check_needs = "@after",
      .when = reg_prunes,
      .when_path = reg_by_first_generation,
      .path_needs = "path",
      .flags = OP_OTHER_WAY | OP_CLIENT_APP,
      .check = ACT(entra_deprecated_check),
      .apply = ACT(entra_deprecated_apply) },
    { .id = "identity",
      .title = N_("Give the cluster resource its identity"),
      .after = "ready cluster",
      .check_needs = "cluster.identity",
      .when = reg_changes_arc,
      .check = ACT(identity_check),
      .apply = ACT(identity_apply) },
    { .id = "rp-object",
      .title = N_("Learn the service's object id"),
      .after = "ready cluster identity",
      .check_needs = "@after",
      .when = reg_changes_arc,
      .check = ACT(rp_check),
      .apply = ACT(rp_apply),
      .told = { .failed = 9131, PERMISSIONS } },
    { .id = "agent",
      .title = N_("Connect the nodes to Azure Arc"),
      .scope = OP_EACH_NODE,
      .after = "ready group arc-group provider-compute provider-guest provider-connectivity",
      .check_needs = "@after",
      .when_path = reg_by_identity,
      .path_needs = "path",
      .when = reg_changes,
      .check = ACT(agent_check),
      .apply = ACT(agent_apply),
      .undo = ACT(agent_undo),
      .told = { .made = 9151, .failed = 9150 } },
    { .id = "role",
      .title = N_("Give the service its role on the machines' group"),
      .after = "ready group arc-group",
      .check_needs = "@after cluster.rpObjectId",
      .when = reg_changes_arc,
      .check = ACT(role_check),
      .apply = ACT(role_apply),
      .undo = ACT(role_undo),
      .tries = 24, /* a new principal takes its time: azure-wire.md 2.10.10 */
      .delay_ms = 5000,
      .told = { .failed = 9132, PERMISSIONS } },
    { .id = "arc-settings",
      .title = N_("Create the Arc settings"),
      .after = "ready cluster arc-group",
      .check_needs = VALUES,
      .when = reg_changes_arc,
      .check = ACT(settings_check),
      .apply = ACT(settings_apply),
      .undo = ACT(settings_undo) },
    { .id = "reconcile",
      .title = N_("Tie the nodes to the cluster"),
      .after = "ready agent role arc-settings",
      .check_needs = "@after",
      .when_path = reg_by_identity,
      .path_needs = "path",
      .when = reg_changes,
      .check = ACT(reconcile_check),
      .apply = ACT(reconcile_apply),
      .told = { .begin = 9133, .made = 9133, .failed = 9142 } },
    { .id = "register",
      .title = N_("Register the cluster"),
      .scope = OP_ONE_NODE,
      .after = "ready reconcile rp-object",
      .check_needs = "@after",
      .when_path = reg_by_identity,
      .path_needs = "path",
      .when = reg_changes,
      .check = ACT(register_check),
      .apply = ACT(register_apply),
      .undo = ACT(register_undo),
      .flags = OP_GOAL,
      .told = { .begin = 9134, .made = 9135, .failed = 9145 } },

    { .id = "app-identity",
      .title = N_("Create the cluster's application"),
      .after = "ready cluster identity",
      .check_needs = "cluster.identity",
      .when = reg_changes,
      .when_path = reg_by_app,
      .path_needs = "path",
      .check = ACT(app_check),
      .apply = ACT(app_apply),
      .flags = OP_OTHER_WAY | OP_SERVICE_APP },
    { .id = "certificate",
      .title = N_("Make a certificate on every node"),
      .scope = OP_EACH_NODE,
      .after = "ready entra-consent",
      .check_needs = "@after", /* a repair renews it, and `ready` says whether this is one */
      .when = reg_changes,
      .when_path = reg_own_certificate,
      .path_needs = "path",
      .check = ACT(certificate_check),
      .apply = ACT(certificate_apply),
      .undo = ACT(certificate_undo),
      .flags = OP_OTHER_WAY | OP_SOFT,
      .told = { .failed = 9110 } },
    { .id = "certificates-made",
      .title = N_("Check that every node has a certificate"),
      .after = "certificate",
      .check_needs = "@after",
      .when = reg_changes,
      .when_path = reg_own_certificate,
      .path_needs = "path",
      .check = JUDGE(certificates_made),
      .flags = OP_OTHER_WAY },
    { .id = "upload",
      .title = N_("Upload the certificates"),
      .after = "ready app-identity certificates-made certificate-user rp-object",
      .check_needs = "@after",
      .when = reg_changes,
      .when_path = reg_by_app,
      .path_needs = "path",
      .check = ACT(upload_check),
      .apply = ACT(upload_apply),
      .flags = OP_OTHER_WAY | OP_SERVICE_APP,
      .told = { .failed = 9110 } },
    { ENTRA, .id = "entra-keys", .title = N_("Put the certificates on the application"),
      .after = "ready entra-consent certificates-made certificate-user", .check_needs = "@after",
      .check = ACT(entra_keys_check), .apply = ACT(entra_keys_apply), .tries = 8,
      .deadline_ms = 300000, .told = { .failed = 9110 } },
    { .id = "certificate-set",
      .title = N_("Have Azure test every node's certificate"),
      .scope = OP_EACH_NODE,
      .after = "ready upload entra-keys",
      .check_needs = "@after",
      .when = reg_changes,
      .when_path = reg_by_certificate,
      .path_needs = "path",
      .check = ACT(certificate_set_check),
      .apply = ACT(certificate_set_apply),
      .tries = 12, /* a new key takes its time in Entra */
      .delay_ms = 5000,
      .flags = OP_OTHER_WAY | OP_SOFT,
      .told = { .failed = 9110 } },
    { .id = "certificates",
      .title = N_("Check that all certificates were accepted"),
      .after = "certificate-set",
      .check_needs = "@after",
      .when = reg_changes,
      .when_path = reg_by_certificate,
      .path_needs = "path",
      .check = JUDGE(certificates),
      .flags = OP_OTHER_WAY },
    { .id = "register-app",
      .title = N_("Register the cluster"),
      .scope = OP_ONE_NODE,
      .after = "ready certificates role rp-object",
      .check_needs = "@after",
      .when = reg_changes,
      .when_path = reg_by_certificate,
      .path_needs = "path",
      .check = ACT(register_check),
      .apply = ACT(register_apply),
      .undo = ACT(register_undo),
      .flags = OP_GOAL | OP_OTHER_WAY },
    { .id = "consent",
      .title = N_("Record the consent to the mandatory extensions"),
      .after = "ready register register-app",
      .check_needs = "@after",
      .when = reg_consents,
      .check = ACT(consent_check),
      .apply = ACT(consent_apply),
      .flags = OP_NO_RETURN },
    { .id = "sync",
      .title = N_("Sync every node"),
      .scope = OP_EACH_NODE,
      .after = "ready register register-app arc-mark",
      .check_needs = "@after",
      .check = ACT(sync_check),
      .apply = ACT(sync_apply),
      .told = { NODES } },

    { .id = "arc-app",
      .title = N_("Create the application of the Arc settings"),
      .after = "ready register-app arc-settings",
      .check_needs = "@after",
      .when = reg_changes,
      .when_path = reg_arc_generated,
      .path_needs = "path path.arc",
      .check = ACT(arc_app_check),
      .apply = ACT(arc_app_apply),
      .flags = OP_OTHER_WAY | OP_SERVICE_APP },
    ARC_ROLE_STEP("arc-role-onboarding", N_("Give the role Azure Connected Machine Onboarding")),
    ARC_ROLE_STEP("arc-role-admin",
                  N_("Give the role Azure Connected Machine Resource Administrator")),
    { .id = "arc-secret",
      .title = N_("Generate the secret of the Arc settings"),
      .after = "ready sync arc-app arc-role-onboarding arc-role-admin",
      .check_needs = "@after",
      .when = reg_changes,
      .when_path = reg_arc_generated,
      .path_needs = "path path.arc",
      .check = JUDGE(arc_secret_check),
      .apply = ACT(arc_secret_apply),
      .flags = OP_OTHER_WAY | OP_SERVICE_APP },
    { .id = "arc-init",
      .title = N_("Tell the cluster how its nodes come to Azure Arc"),
      .scope = OP_ONE_NODE,
      .after = "ready sync arc-app arc-secret arc-role-onboarding arc-role-admin arc-mark",
      .check_needs = "@after",
      .when = reg_changes,
      .when_path = reg_arc_by_cluster,
      .path_needs = "path",
      .check = ACT(arc_init_check),
      .apply = ACT(arc_init_apply),
      .flags = OP_OTHER_WAY | OP_SERVICE_APP,
      .told = { NODES } },
    { .id = "arc-enable",
      .title = N_("Connect the nodes to Azure Arc"),
      .scope = OP_EACH_NODE,
      .after = "ready arc-init arc-settings provider-compute provider-guest provider-connectivity",
      .check_needs = "@after",
      .when = reg_changes,
      .when_path = reg_arc_by_cluster,
      .path_needs = "path",
      .check = ACT(arc_enable_check),
      .apply = ACT(arc_enable_apply),
      .undo = ACT(agent_undo),
      .tries = 12, /* a new role takes its time: azure-wire.md 2.10.10 */
      .delay_ms = 10000,
      .flags = OP_OTHER_WAY | OP_SERVICE_APP,
      .told = { .begin = 9002, .made = 9003, .failed = 9006, NODES } },

    { ENTRA, .id = "entra-no-arc", .title = N_("Azure Arc"), .after = "sync",
      .check_needs = "@after", .check = JUDGE(entra_no_arc) },
    { .id = "links",
      .title = N_("Check that the machines name the cluster"),
      .after = "sync arc-enable",
      .check_needs = "@after",
      .when = reg_arc_verified,
      .check = ACT(links),
      .delay_ms = 5000,
      .deadline_ms = 180000,
      .flags = OP_SOFT,
      .told = { .failed = 9123, NODES } },
    { .id = "arc-state",
      .title = N_("Check that the Arc settings are connected"),
      .scope = OP_ONE_NODE,
      .after = "ready sync arc-enable",
      .check_needs = "@after",
      .when = reg_arc_verified,
      .check = ACT(arc_state),
      .apply = ACT(arc_poke),
      .tries = 10,
      .delay_ms = 15000,
      .flags = OP_SOFT | OP_NO_RETURN,
      .told = { .failed = 9123, NODES } },
    { .id = "arc-node",
      .title = N_("Each node's state in Azure Arc"),
      .scope = OP_EACH_NODE,
      .after = "links arc-state consent",
      .check_needs = "@after",
      .when = reg_arc_verified,
      .check = ACT(arc_node),
      .flags = OP_SOFT,
      .told = { .failed = 9123, NODES } },
};

static const char *const inputs_needed[] = { "subscriptionId", "tenantId", "region", NULL };

const struct op_plan op_register = { .id = "register",
                                     .title = N_("Register with Azure"),
                                     .steps = steps,
                                     .n = ARRAY_LEN(steps),
                                     .inputs = inputs_needed,
                                     .told = { .begin = 9001, .made = 9004, .failed = 9114 },
                                     .parameters = 9009,
                                     .things = reg_things };

/* A registered cluster gets Azure Arc (again): what of a registration is there is found, and only
 * what Arc needs is missing. The gate refuses where no registration is (op_register_decide.c). */
const struct op_plan op_arc_enable = { .id = "arc-enable",
                                       .title = N_("Enable Azure Arc"),
                                       .steps = steps,
                                       .n = ARRAY_LEN(steps),
                                       .inputs = inputs_needed,
                                       .told = { .failed = 9116 },
                                       .parameters = 9009,
                                       .things = reg_things };
