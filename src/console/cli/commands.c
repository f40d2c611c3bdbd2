#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/cli.h"
#include "wire/params.h"

const struct cli_option cli_common[] = {
    { "sandbox", NULL, N_("run against an Azure that runs on this machine"), false, false },
    { "nodes", "N", N_("with --sandbox: how many nodes (1 to 64)"), false, false },
    { "fresh", NULL, N_("with --sandbox: forget its earlier state"), false, false },
    { "state-dir", "DIR", N_("keep state in DIR"), false, false },
    { "environment-name", "NAME",
      N_("the Azure cloud: AzureCloud, AzureChinaCloud, AzureUSGovernment or Azure.local"), false,
      false },
    { "cloud-endpoint", "URL", N_("add the cloud whose Resource Manager answers at URL"), false,
      false },
    { "ca-file", "FILE", N_("trust the certificates in FILE for that cloud"), false, false },
    { "himds-endpoint", "[NODE=]URL", N_("token address of a node's Arc agent"), true, true },
    { "azcmagent", "[NODE=]PATH", N_("command of a node's Arc agent"), true, true },
    { "tokens-dir", "[NODE=]DIR", N_("folder of a node's Arc agent's key files"), true, true },
    { "agent-proxy", "URL", N_("proxy for the nodes' Arc agents, or none"), true, false },
    { "clock-rate", "N", N_("let the policy clock run N times as fast (rehearsals)"), true, false },
    { "certificates-dir", "[NODE=]DIR", N_("where a node looks for certificates of its users"),
      true, true },
    { "node-build", "N", N_("let the nodes play Windows build N (rehearsals)"), true, false },
    { "node-uptime", "HOURS",
      N_("let the nodes say that they were started so long ago (rehearsals)"), true, false },
    { "sandbox-arg", "ARG", N_("with --sandbox: a further argument for azlosandbox"), true, true },
    { "output", "table|json", N_("form of the output"), false, false },
    { "plain", NULL, N_("the console as lines of text, for any terminal, screen reader or pipe"),
      false, false },
    { "getty", NULL, N_("the console was started instead of a login shell"), false, false },
    { "help", NULL, N_("print this help"), false, false },
    { "version", NULL, N_("print the version"), false, false },
    { "completion", "bash", N_("print the completion of commands and options for this shell"),
      false, false },
};
const size_t cli_common_count = ARRAY_LEN(cli_common);

static const struct cli_option status_options[] = {
    { "watch", NULL, N_("print again whenever something changes"), false, false },
};
static const struct cli_option sign_in_options[] = {
    { "tenant-id", "GUID or DOMAIN", N_("tenant to sign in to"), false, false },
    { "service-principal", NULL, N_("as an application, with a secret or a certificate"), false,
      false },
    { "client-id", "GUID", N_("the application's id"), false, false },
    { "client-secret-file", "FILE", N_("its secret; without any of these it is asked for"), false,
      false },
    { "client-secret-fd", "N", N_("its secret, from an open descriptor"), false, false },
    { "client-certificate", "FILE", N_("its certificate and key, PEM or PKCS #12"), false, false },
    { "client-certificate-password-file", "FILE", N_("password of that key"), false, false },
    { "client-certificate-password-fd", "N", N_("the same, from an open descriptor"), false,
      false },
    { "access-token-file", "FILE", N_("a ready token for Azure Resource Manager"), false, false },
    { "access-token-fd", "N", N_("the same, from an open descriptor"), false, false },
    { "account-id", "ID", N_("whose token it is"), false, false },
    { "azure-cli", NULL, N_("with the Azure CLI's current token"), false, false },
    { "browser", NULL, N_("with a browser on this machine, or behind ssh -L"), false, false },
    { "port", "N", N_("with --browser: the port to listen on"), false, false },
    { "environment", NULL, N_("with what the variables AZURE_... say"), false, false },
};
#define ARC_SECRET                                                                                 \
    { "arc-spn-secret-file", "FILE",                                                               \
      N_("secret of the application of --arc-spn-app-id; else it is asked for"), false, false },   \
    {                                                                                              \
        "arc-spn-secret-fd", "N", N_("the same, from an open descriptor"), false, false            \
    }
static const struct cli_option operations_options[] = {
    ARC_SECRET,
    { "what-if", NULL, N_("with undo: show what is taken back and what stays, and change nothing"),
      false, false },
    { "yes", NULL, N_("with undo: do not ask"), false, false },
};
static const struct cli_option register_options[] = {
    ARC_SECRET,
    { "answers", "FILE", N_("take values from FILE (JSON); options on this line win"), false,
      false },
    { "save-answers", "FILE", N_("write the values into FILE, for --answers"), false, false },
    { "yes", NULL, N_("do not ask"), false, false },
};
static const enum param_no register_params[] = {
    PAR_SUBSCRIPTION, PAR_TENANT,     PAR_REGION,   PAR_NAME,       PAR_GROUP,      PAR_ARC_GROUP,
    PAR_TAG,          PAR_GROUP_TAGS, PAR_REPAIR,   PAR_RECREATE,   PAR_THUMBPRINT, PAR_ARC_SPN,
    PAR_STABLE_AGENT, PAR_LOGS,       PAR_COMPUTER, PAR_CREDENTIAL, PAR_WHAT_IF
};
static const struct cli_option move_options[] = {
    { "old-resource-name", "NAME", N_("the cluster resource that goes; --yes needs it"), false,
      false },
    ARC_SECRET,
    { "what-if", NULL, N_("show what goes, what stays and what is made, and change nothing"), false,
      false },
    { "yes", NULL, N_("do not ask; --old-resource-name must name the cluster"), false, false },
};
/* A registration's, without those that mend one. */
static const enum param_no move_params[] = { PAR_SUBSCRIPTION, PAR_TENANT,       PAR_REGION,
                                             PAR_NAME,         PAR_GROUP,        PAR_ARC_GROUP,
                                             PAR_TAG,          PAR_GROUP_TAGS,   PAR_THUMBPRINT,
                                             PAR_ARC_SPN,      PAR_STABLE_AGENT, PAR_LOGS };
static const struct cli_option unregister_options[] = {
    { "resource-name", "NAME", N_("the cluster resource that goes; --yes needs it"), false, false },
    { "resource-group-name", "NAME", N_("its resource group, where nothing is registered here"),
      false, false },
    { "subscription-id", "GUID", N_("its subscription, where nothing is registered here"), false,
      false },
    { "tenant-id", "GUID", N_("the tenant to sign in to"), false, false },
    { "force", NULL, N_("go on past extensions that cannot be deleted; nothing else"), false,
      false },
    { "what-if", NULL, N_("show what goes and what stays, and change nothing"), false, false },
    { "yes", NULL, N_("do not ask; --resource-name must name the cluster"), false, false },
};
static const struct cli_option arc_options[] = {
    { "resource-name", "NAME", N_("the registered cluster resource; disable --yes needs it"), false,
      false },
    { "tenant-id", "GUID", N_("the tenant to sign in to"), false, false },
    { "force", NULL, N_("disable: go on past extensions that cannot be deleted; nothing else"),
      false, false },
    { "arc-server-resource-group-name", "NAME",
      N_("enable: resource group of the machines; known from the time before"), false, false },
    { "arc-spn-app-id", "GUID",
      N_("enable: connect the nodes by an application of your own, by certificates only"), false,
      false },
    ARC_SECRET,
    { "what-if", NULL, N_("show what goes and what stays, and change nothing"), false, false },
    { "yes", NULL, N_("do not ask; disable wants --resource-name, too"), false, false },
};
#define ACT_OPTIONS                                                                                \
    { "tenant-id", "GUID", N_("the tenant to sign in to"), false, false },                         \
        { "what-if", NULL, N_("show what would be done, and change nothing"), false, false },      \
    {                                                                                              \
        "yes", NULL, N_("do not ask"), false, false                                                \
    }
static const struct cli_option sync_options[] = { ACT_OPTIONS };
static const struct cli_option repair_options[] = {
    { "recreate-resource", NULL, N_("make the cluster resource again where it is gone from Azure"),
      false, false },
    ARC_SECRET,
    ACT_OPTIONS
};
static const struct cli_option cleanup_options[] = {
    { "delete", "NAME", N_("what is to go: a name or an id of the list; may be given again"), false,
      true },
    { "subscription-id", "GUID", N_("look through this subscription only"), false, false },
    { "tenant-id", "GUID", N_("the tenant to sign in to"), false, false },
    { "what-if", NULL, N_("show what goes and what stays, and change nothing"), false, false },
    { "yes", NULL, N_("do not ask for the names once more; --delete must name what goes"), false,
      false },
};
static const struct cli_option reset_options[] = {
    { "node", "NODE", N_("the machine that is reset, or all; without it this one"), false, false },
    { "register", NULL, N_("then register the cluster, with the values named here"), false, false },
    { "wait", NULL, N_("stay until it is done"), false, false },
    { "what-if", NULL, N_("show what goes and what stays, and change nothing"), false, false },
    { "yes", NULL, N_("do not ask; --node must name the machine"), false, false },
};
static const enum param_no reset_params[] = { PAR_TENANT, PAR_SUBSCRIPTION, PAR_REGION, PAR_NAME,
                                              PAR_GROUP,  PAR_ARC_GROUP,    PAR_LOGS };
static const struct cli_option cluster_options[] = {
    { "node", "NODE", N_("a node of the new cluster"), false, true },
};
static const struct cli_option log_options[] = {
    { "lines", "N", N_("how many of the newest lines (100)"), false, false },
};

#define BIT(x)           (1u << (x))
#define OPTIONS(a)       a, ARRAY_LEN(a), NULL, 0
#define PARAMS_AND(p, a) a, ARRAY_LEN(a), p, ARRAY_LEN(p)
const struct cli_command cli_commands[] = {
    { "status", NULL, N_("show ClusterStatus, RegistrationStatus and ConnectionStatus"),
      OPTIONS(status_options), BIT(SEC_CORE) | BIT(SEC_CLUSTER) | BIT(SEC_NODES), cmd_status },
    { "register", NULL, N_("register this cluster with Azure"),
      PARAMS_AND(register_params, register_options),
      BIT(SEC_CORE) | BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN) | BIT(SEC_CHOICES),
      cmd_register },
    { "unregister", NULL, N_("take this cluster's registration back, in Azure and on its nodes"),
      OPTIONS(unregister_options), BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN), cmd_act },
    { "arc", "disable | enable",
      N_("take Azure Arc away from the nodes, or give it back; the registration stays"),
      OPTIONS(arc_options), BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN), cmd_act },
    { "repair", NULL, N_("renew this cluster's registration and make what is missing of it"),
      OPTIONS(repair_options), BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN), cmd_act },
    { "sync", NULL, N_("have every node sync with Azure now: billing, licensing, census"),
      OPTIONS(sync_options), BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN), cmd_act },
    { "move", NULL, N_("unregister this cluster and register it with new values, in one operation"),
      PARAMS_AND(move_params, move_options), BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN),
      cmd_act },
    { "cleanup", NULL,
      N_("list, or delete, what clusters that were never unregistered left behind"),
      OPTIONS(cleanup_options), BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN), cmd_cleanup },
    { "reset", "[status]", N_("take machines out of Azure, so that they can be registered as new"),
      PARAMS_AND(reset_params, reset_options), BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN),
      cmd_reset },
    { "sign-in", NULL, N_("sign in to Azure"), OPTIONS(sign_in_options), BIT(SEC_SIGNIN),
      cmd_sign_in },
    { "sign-out", NULL, N_("forget the sign-in and its tokens"), NULL, 0, NULL, 0, BIT(SEC_SIGNIN),
      cmd_sign_out },
    { "operations", "[show ID | resume [ID] | undo [ID]]",
      N_("list operations, show one, go on with an unfinished one, or take it back"),
      OPTIONS(operations_options), BIT(SEC_SIGNIN) | BIT(SEC_RUN), cmd_operations },
    { "cluster", "create NAME | show", N_("create a cluster of native nodes, or show it"),
      OPTIONS(cluster_options), BIT(SEC_CLUSTER) | BIT(SEC_NODES), cmd_cluster },
    { "log", NULL, N_("print the newest lines of the core's log"), OPTIONS(log_options), 0,
      cmd_log },
    { "explain", "CODE | TEXT", N_("say what a code or the words of an error mean, and what to do"),
      NULL, 0, NULL, 0, 0, cmd_explain },
};
const size_t cli_command_count = ARRAY_LEN(cli_commands);

size_t cli_options(const struct cli_command *k)
{
    return k->n_params + k->n_own;
}

struct cli_option cli_option_at(const struct cli_command *k, size_t i)
{
    const struct param *p;

    if (i >= k->n_params)
        return k->own[i - k->n_params];
    p = &params[k->params[i]];
    return (struct cli_option){
        .name = p->option, .arg = p->arg, .help = p->brief, .many = p->kind == PARAM_TAGS
    };
}

bool cli_takes(const struct cli_command *k, const char *name)
{
    for (size_t i = 0; i < cli_options(k); i++)
        if (str_eq(cli_option_at(k, i).name, name))
            return true;
    return false;
}

static void print_option(const struct cli_option *o)
{
    char head[64];

    str_fmt(head, sizeof head, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    printf("  %-30s %s\n", head, _(o->help));
}

static void print_common(void)
{
    for (size_t i = 0; i < cli_common_count; i++)
        print_option(&cli_common[i]);
}

void cli_help(const struct cli_command *k)
{
    if (k) {
        printf(_("Usage: azloconf %s%s%s [OPTION]...\n"), k->name, k->words ? " " : "",
               k->words ? k->words : "");
        printf("%s\n\n", _(k->help));
        for (size_t i = 0; i < cli_options(k); i++) {
            struct cli_option o = cli_option_at(k, i);

            print_option(&o);
        }
        puts(_("\nOptions of all commands:"));
        print_common();
        return;
    }
    puts(_("Usage: azloconf [COMMAND] [OPTION]...\n"
           "Registers an Azure Stack HCI / Azure Local cluster with Azure. Without a command: the "
           "console.\n"
           "Not a Microsoft product.\n\nCommands:"));
    for (size_t i = 0; i < cli_command_count; i++)
        printf("  %-30s %s\n", cli_commands[i].name, _(cli_commands[i].help));
    puts(_("\nOptions:"));
    print_common();
    puts(_("\nExit codes: 0 done, 1 failed, 2 usage, 3 left by the user, 4 not signed in or code "
           "expired,\n"
           "5 refused by Azure, 6 done in part, 7 out of policy, 75 another operation holds the "
           "lock."));
}
