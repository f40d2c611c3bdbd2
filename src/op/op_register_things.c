/* op_register_things.c - what the steps of a registration make, in the words of an undo: its name,
 * what it is a part of, and why it stays where it does. Microsoft Entra deletes an application's
 * service principal, its credentials and its permissions with it (register-flow.md 4.2 U12), Azure
 * a cluster resource's identity and service-made application with the resource, the Arc settings'
 * with these (azure-wire.md 3.7; the last two are inferred from what each is a property of). */
#include "config.h"

#include "op/op_register.h"

#include "base/i18n.h"

static bool not_this_runs_app(const struct op_view *v)
{
    return !op_perhaps(v) && !str_eq(op_fact(v, "entra.state"), "made");
}

static bool goes_with_app(const struct op_view *v)
{
    return str_eq(op_fact(v, "entra.state"), "made");
}

#define EMPTY  N_("only if nothing else is in it")
#define BEFORE N_("it was there before this operation")
#define PROVIDER(step, name)                                                                       \
    {                                                                                              \
        step, N_("Resource provider"), "=" name, NULL,                                             \
            N_("a provider that is registered is not taken back: others may use it; it costs "     \
               "nothing"),                                                                         \
            NULL, NULL                                                                             \
    }
#define PERMISSION(step, name)                                                                     \
    {                                                                                              \
        step, N_("Permission of the application"), "=" name, "entra-principal entra-app",          \
            N_("the application was there before this operation; it keeps what it was given"),     \
            NULL, NULL                                                                             \
    }
#define ROLE(step, name)                                                                           \
    {                                                                                              \
        step, N_("Role on the machines' group"), "=" name, NULL, BEFORE, NULL, NULL                \
    }
#define PART(step, with, why)                                                                      \
    {                                                                                              \
        step, "", NULL, with, why, NULL, NULL                                                      \
    }

const struct op_thing reg_things[] = {
    PROVIDER("provider-hci", "Microsoft.AzureStackHCI"),
    PROVIDER("provider-compute", "Microsoft.HybridCompute"),
    PROVIDER("provider-guest", "Microsoft.GuestConfiguration"),
    PROVIDER("provider-connectivity", "Microsoft.HybridConnectivity"),
    { "entra-app", N_("Application in Microsoft Entra"), "entra.appId", NULL,
      N_("it was there before this operation; permissions that were added to it stay"),
      not_this_runs_app, NULL },
    { "entra-principal", N_("The application's principal in Microsoft Entra"), "entra.principalId",
      "entra-app", BEFORE, goes_with_app, NULL },
    { "group", N_("Resource group"), "group", NULL, BEFORE, NULL, EMPTY },
    { "arc-group", N_("Resource group of the machines"), "arcGroup", NULL, BEFORE, NULL, EMPTY },
    { "cluster", N_("Cluster resource"), "name", NULL, BEFORE, NULL, NULL },
    { "entra-bind", N_("Application of the cluster resource"), "entra.appId", "cluster",
      N_("the cluster resource was there before this operation; it keeps its application"), NULL,
      NULL },
    PERMISSION("entra-cluster-read", "AzureStackHCI.Cluster.Read"),
    PERMISSION("entra-cluster-write", "AzureStackHCI.Cluster.ReadWrite"),
    PERMISSION("entra-node-read", "AzureStackHCI.ClusterNode.Read"),
    PERMISSION("entra-node-write", "AzureStackHCI.ClusterNode.ReadWrite"),
    { "entra-deprecated", N_("Permissions of old"), "entra.appId", NULL,
      N_("they were taken away, and nothing needs them any more"), NULL, NULL },
    { "identity", N_("Identity of the cluster resource"), "name", "cluster",
      N_("the cluster resource was there before this operation; it keeps its identity"), NULL,
      NULL },
    PART("rp-object", "cluster", NULL),
    { "agent", N_("Arc-connected machine"), NULL, NULL, BEFORE, NULL, NULL },
    ROLE("role", "Azure Connected Machine Resource Manager"),
    { "arc-settings", N_("Arc settings"), "=default", NULL, BEFORE, NULL, NULL },
    { "reconcile", N_("Tie of the nodes to the cluster"), "name", "arc-settings cluster",
      N_("the Arc settings were there before this operation; they keep the nodes"), NULL, NULL },
    { "register", N_("Registration of the cluster"), "name", NULL, BEFORE, reg_renews, NULL },
    { "app-identity", N_("Application in Microsoft Entra"), "cluster.appId", "cluster",
      N_("the cluster resource was there before this operation; it keeps its application"), NULL,
      NULL },
    { "certificate", N_("Certificate of the node"), NULL, NULL,
      N_("the registration that was there before this operation uses it now"), reg_renews, NULL },
    PART("upload", "cluster",
         N_("the certificates stay on the cluster's application, which was there before")),
    PART("entra-keys", "entra-app cluster",
         N_("the certificates stay on the cluster's application, which was there before")),
    PART("certificate-set", "certificate register-app", NULL),
    { "register-app", N_("Registration of the cluster"), "name", NULL, BEFORE, reg_renews, NULL },
    { "consent", N_("Consent to the mandatory extensions"), "=default", "arc-settings",
      N_("a consent that was given cannot be taken back"), NULL, NULL },
    PART("sync", "register register-app", NULL),
    { "arc-app", N_("Application of the Arc settings"), "settings.appId", "arc-settings cluster",
      N_("the Arc settings were there before this operation; they keep it"), NULL, NULL },
    ROLE("arc-role-onboarding", "Azure Connected Machine Onboarding"),
    ROLE("arc-role-admin", "Azure Connected Machine Resource Administrator"),
    PART("arc-secret", "arc-settings cluster",
         N_("the secret stays on the Arc settings' application until it ends; nobody has it")),
    PART("arc-init", "register-app", NULL),
    { "arc-enable", N_("Arc-connected machine"), NULL, NULL, BEFORE, NULL, NULL },
    PART("arc-state", "register register-app", NULL),
    { NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};
