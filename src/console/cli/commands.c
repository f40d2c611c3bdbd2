#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/cli.h"

const struct cli_option cli_common[] = {
    { "sandbox", NULL, N_("run against an Azure that runs on this machine"), false, false },
    { "nodes", "N", N_("with --sandbox: how many nodes (1 to 64)"), false, false },
    { "fresh", NULL, N_("with --sandbox: forget its earlier state"), false, false },
    { "state-dir", "DIR", N_("keep state in DIR"), false, false },
    { "cloud-endpoint", "URL", N_("add the cloud whose Resource Manager answers at URL"), false,
      false },
    { "ca-file", "FILE", N_("trust the certificates in FILE for that cloud"), false, false },
    { "himds-endpoint", "[NODE=]URL", N_("token address of a node's Arc agent"), true, true },
    { "azcmagent", "[NODE=]PATH", N_("command of a node's Arc agent"), true, true },
    { "tokens-dir", "[NODE=]DIR", N_("folder of a node's Arc agent's key files"), true, true },
    { "clock-rate", "N", N_("let the policy clock run N times as fast (rehearsals)"), true, false },
    { "certificates-dir", "[NODE=]DIR", N_("where a node looks for certificates of its users"),
      true, true },
    { "node-build", "N", N_("let the nodes play Windows build N (rehearsals)"), true, false },
    { "sandbox-arg", "ARG", N_("with --sandbox: a further argument for azlosandbox"), true, true },
    { "output", "table|json", N_("form of the output"), false, false },
    { "plain", NULL, N_("the console as lines of text, for any terminal, screen reader or pipe"),
      false, false },
    { "getty", NULL, N_("the console was started instead of a login shell"), false, false },
    { "help", NULL, N_("print this help"), false, false },
    { "version", NULL, N_("print the version"), false, false },
};
const size_t cli_common_count = ARRAY_LEN(cli_common);

static const struct cli_option status_options[] = {
    { "watch", NULL, N_("print again whenever something changes"), false, false },
};
static const struct cli_option sign_in_options[] = {
    { "tenant-id", "GUID", N_("tenant to sign in to"), false, false },
};
static const struct cli_option register_options[] = {
    { "subscription-id", "GUID", N_("subscription that will hold the cluster's resource"), false,
      false },
    { "tenant-id", "GUID", N_("tenant of that subscription"), false, false },
    { "region", "REGION", N_("Azure region of the resource, for example eastus"), false, false },
    { "resource-name", "NAME", N_("name of the resource (the cluster's name)"), false, false },
    { "resource-group-name", "NAME", N_("resource group (NAME-rg)"), false, false },
    { "yes", NULL, N_("do not ask"), false, false },
};
static const struct cli_option cluster_options[] = {
    { "node", "NODE", N_("a node of the new cluster"), false, true },
};
static const struct cli_option log_options[] = {
    { "lines", "N", N_("how many of the newest lines (100)"), false, false },
};

#define BIT(x)     (1u << (x))
#define OPTIONS(a) a, ARRAY_LEN(a)
const struct cli_command cli_commands[] = {
    { "status", NULL, N_("show ClusterStatus, RegistrationStatus and ConnectionStatus"),
      OPTIONS(status_options), BIT(SEC_CORE) | BIT(SEC_CLUSTER) | BIT(SEC_NODES), cmd_status },
    { "register", NULL, N_("register this cluster with Azure"), OPTIONS(register_options),
      BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN), cmd_register },
    { "sign-in", NULL, N_("sign in to Azure with a device code"), OPTIONS(sign_in_options),
      BIT(SEC_SIGNIN), cmd_sign_in },
    { "sign-out", NULL, N_("forget the sign-in and its tokens"), NULL, 0, BIT(SEC_SIGNIN),
      cmd_sign_out },
    { "operations", "[show ID | resume ID]",
      N_("list operations, show one, or go on with an unfinished one"), NULL, 0,
      BIT(SEC_SIGNIN) | BIT(SEC_RUN), cmd_operations },
    { "cluster", "create NAME | show", N_("create a cluster of native nodes, or show it"),
      OPTIONS(cluster_options), BIT(SEC_CLUSTER) | BIT(SEC_NODES), cmd_cluster },
    { "log", NULL, N_("print the newest lines of the core's log"), OPTIONS(log_options), 0,
      cmd_log },
};
const size_t cli_command_count = ARRAY_LEN(cli_commands);

static void print_options(const struct cli_option *o, size_t n)
{
    char head[64];

    for (size_t i = 0; i < n; i++) {
        str_fmt(head, sizeof head, "--%s%s%s", o[i].name, o[i].arg ? " " : "",
                o[i].arg ? o[i].arg : "");
        printf("  %-30s %s\n", head, _(o[i].help));
    }
}

void cli_help(const struct cli_command *k)
{
    if (k) {
        printf(_("Usage: azloconf %s%s%s [OPTION]...\n"), k->name, k->words ? " " : "",
               k->words ? k->words : "");
        printf("%s\n\n", _(k->help));
        print_options(k->options, k->n_options);
        puts(_("\nOptions of all commands:"));
        print_options(cli_common, cli_common_count);
        return;
    }
    puts(_("Usage: azloconf [COMMAND] [OPTION]...\n"
           "Registers an Azure Stack HCI / Azure Local cluster with Azure. Without a command: the "
           "console.\n"
           "Not a Microsoft product.\n\nCommands:"));
    for (size_t i = 0; i < cli_command_count; i++)
        printf("  %-30s %s\n", cli_commands[i].name, _(cli_commands[i].help));
    puts(_("\nOptions:"));
    print_options(cli_common, cli_common_count);
    puts(_("\nExit codes: 0 done, 1 failed, 2 usage, 3 left by the user, 4 not signed in or code "
           "expired,\n"
           "5 refused by Azure, 6 done in part, 7 out of policy, 75 another operation holds the "
           "lock."));
}
