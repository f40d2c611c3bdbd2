/* advice_words.c - troubles known by their words, which their finder types in:
 * docs-facts.md 3.1, 3.2; seed 001 (the virtual machine that cannot be made). They never judge an
 * error of ours. */
#include "config.h"

#include "core/advice.h"

#include "base/i18n.h"
#include "base/str.h"

/* Seed 001: one trouble, in three sentences of which people find one or the other. */
#define NO_MACHINE(sentence)                                                                       \
    {                                                                                              \
        .words = (sentence), .what = N_("A virtual machine could not be made or started."),        \
        .why = N_("The cluster is not registered, or has been without Azure for more than 30 "     \
                  "days: then it takes no new machines. The words about connections mislead."),    \
        .text = N_("Register the cluster, or mend its way to Azure and sync; then make the "       \
                   "machine again.")                                                               \
    }

static const struct advice_row rows[] = {
    NO_MACHINE("*licensed for a particular number of connections*"),
    NO_MACHINE("*failure configuring the virtual machine role for*"),
    NO_MACHINE("*as many connections as the service can accept*"),
    { .words = "*RegisterSucceededButArcFailed*",
      .what = N_("The cluster is registered, Arc is not."),
      .text = N_("Read the error of the Arc step, mend that, then register again: what is there is "
                 "found again.") },
    { .words = "*ArcPermissionsMissing*",
      .what = N_("The roles for Arc could not be given."),
      .why = N_("Your account lacks Microsoft.Authorization/roleAssignments/write."),
      .text = N_("Ask for a role that may assign roles (Owner or User Access Administrator), then "
                 "resume.") },
    { .words = "*ArcIntegrationFailedOnNodes*",
      .what = N_("Some nodes are not Connected in Arc."),
      .why = N_("An agent is not running, or has no way to Azure."),
      .text = N_("Look at the Arc agent of the named nodes (azcmagent show), then resume.") },
    { .words = "*ArcFailed*",
      .what = N_("The cluster is registered, Arc is not."),
      .text = N_("Read the error of the Arc step, mend that, then register again: what is there is "
                 "found again.") },
    { .words = "*generate self-signed certificate*",
      .what = N_("A node could not make its certificate."),
      .why = N_("The node is down, or its service hcisvc stands still."),
      .text = N_("On the node: sc.exe query hcisvc, start it; then register again.") },
    { .words = "*set and verify registration certificate*",
      .what = N_("Azure did not accept a node's certificate."),
      .why = N_("The node cannot reach the Azure Stack HCI service."),
      .text = N_("Open the firewall for the node and read the debug log of hcisvc; then register "
                 "again.") },
    { .words = "*AADTokenFetch failed with retryable error*",
      .what = N_("The node tries again to get a token."),
      .why = N_("A few times that is usual."),
      .text = N_("Act only when the log says that it failed after all retries.") },
    { .words = "*failed after all retries*",
      .what = N_("The node got no token."),
      .text = N_("Check the node's clock and its way to the sign-in address; then repair the "
                 "registration.") },
    { .words = "*disable Azure Arc integration on Node*",
      .what = N_("A node could not be taken out of Arc."),
      .why = N_("The node is broken, or the application was deleted."),
      .text = N_("Run Disable-AzureStackHCIArcIntegration on the node, or evict it from the "
                 "cluster; then unregister again.") },
    { .words = "*Application with identifier*was not found in the directory*",
      .what = N_("The cluster's application in Entra ID is gone."),
      .why = N_("Somebody deleted it."),
      .text = N_("Repair the registration.") },
    { .words = "*RotateRegistrationCertificate failed: Invalid Audience*",
      .what = N_("The certificate could not be renewed."),
      .why = N_("It happens in the clouds of China and the US government."),
      .text = N_("Repair the registration.") },
    { .words = "*OutOfPolicy*",
      .what = N_("The cluster or a node is out of policy."),
      .why = N_("30 days without Azure; or Secure Boot, TPM or clock changed; or nodes differ in "
                "their firmware."),
      .text = N_("Mend the way to Azure and sync. After a change of firmware look at events 585, "
                 "591, 592 and 594.") },
    { .words = "*RepairRegistrationRequired*",
      .what = N_("The registration must be repaired."),
      .why = N_("Firmware, Secure Boot or TPM keys have changed."),
      .text = N_("Repair the registration.") },
    { .words = "*Subscription Status not in expected status*",
      .what = N_("An update wants a cluster that is connected."),
      .why = N_("Firmware, Secure Boot or TPM keys have changed."),
      .text = N_("Repair the registration.") },
    { .words = "*Unable to acquire token for tenant*",
      .what = N_("There is no token for the tenant."),
      .why = N_("Your account is in several tenants, and this one wants its own proof."),
      .text = N_("The tenant wants more proof of who you are: sign in again and give the tenant "
                 "explicitly.") },
    { .words = "*exitcode: 42*",
      .what = N_("The Arc agent could not make the machine."),
      .why = N_("The token was older than an hour, or of a wrong form (Az.Accounts 5)."),
      .text = N_("The sign-in was too old for the Arc agent: sign in again, then resume.") },
    { .words = "*does not have access to subscription*",
      .what = N_("A node's identity may not see the subscription."),
      .why = N_("Its roles are missing, or not everywhere in Azure yet."),
      .text = N_("Assign the roles, wait some minutes, then try again.") },
    { .words = "*requires Az.Accounts*",
      .what = N_("PowerShell modules of different versions are mixed."),
      .text = N_("In a new PowerShell install the versions that belong together; azloconf needs "
                 "none of them.") },
    { .words = "*DiagnosticsTestFailedException*",
      .what = N_("The image of a node is not ready."),
      .why = N_("The task ImageCustomizationScheduledTask has not run."),
      .text = N_("Start that task, wait until it is Disabled, then try again.") },
    { .words = "*AzureEdgeLifecycleManager*",
      .what = N_("An extension did not come in time."),
      .why = N_("Lists of revoked certificates at port 80 are blocked."),
      .text =
          N_("Open port 80 to the addresses of the revocation lists (digicert), then try again.") },
    { .words = "*Failed to assign required roles*",
      .what = N_("The roles for Arc could not be given."),
      .why = N_("Your account lacks Microsoft.Authorization/roleAssignments/write."),
      .text = N_("Ask for a role that may assign roles (Owner or User Access Administrator), then "
                 "resume.") },
    { .words = "*couldn't be Arc-enabled right now*",
      .what = N_("Some nodes are not in Arc yet."),
      .why = N_("The scheduled task tries again each hour."),
      .text = N_("Wait an hour, or look at the log of ArcRegistrationTask on these nodes.") },
    { .words = "*Disconnect Arc agent on these nodes*",
      .what = N_("A node's Arc agent belongs to another resource."),
      .why = N_("It was brought to Arc earlier, by somebody else."),
      .text = N_("Disconnect the agent there first (azcmagent disconnect), then resume.") },
    { .words = "*delete Arc extension*",
      .what = N_("An extension could not be deleted."),
      .text = N_("Delete it in the portal, or unregister again with -Force.") },
    { .words = "*localhost:9098*",
      .what = N_("The node's bootstrap service does not answer yet."),
      .why = N_("It starts some minutes after the system."),
      .text = N_("Wait, then try again.") },
    { .words = "*Environment Validator failed*",
      .what = N_("A prerequisite is not met."),
      .text = N_("Mend what the validator names, then try again.") },
    { .words = "*Microsoft-Hyper-V*",
      .what = N_("A Windows feature is missing."),
      .text = N_("Enable Hyper-V on the node and restart it.") },
    { .words = "*Not installed*",
      .what = N_("A node shows Arc as not installed."),
      .why = N_("The provider's role on the Arc group is gone, the agent has no proxy, or the node "
                "was absent when the cluster was counted."),
      .text = N_("Wait 12 hours; then set the agent's proxy if there is one, run azcmagent "
                 "disconnect --force-local-only on the node, and repair the registration.") },
    { .words = "*Cloud Management*",
      .what = N_("The cluster group Cloud Management is missing or has failed."),
      .why = N_("The registration is older than the cluster's own identity."),
      .text = N_("Be connected first; then repair the registration, and start the cluster group "
                 "Cloud Management.") },
    { .words = "*resource*deleted in*portal*",
      .what = N_("The resource is gone, the cluster believes that it is registered."),
      .text = N_("Unregister; delete the applications NAME and NAME.arc in Entra ID; on each node "
                 "azcmagent disconnect --force-local-only; then register.") },
    { .words = "*status*NotYet*",
      .what = N_("Azure has resources, the cluster says NotYet."),
      .why = N_("It was unregistered with a wrong cloud or subscription."),
      .text = N_("Delete the resources and applications in the portal, then register again.") },
    { .words = "*unregister*fails*",
      .what = N_("An unregistration fails without a reason."),
      .why = N_("The application NAME.arc in Entra ID was deleted."),
      .text = N_("Unregister; delete the applications NAME and NAME.arc in Entra ID; on each node "
                 "azcmagent disconnect --force-local-only; then register.") },
    { .words = "*Arc agent log*",
      .what = N_("The Arc agent reports an error in its log."),
      .why = N_("Most often it has no proxy."),
      .text = N_("On the node: azcmagent check; set the agent's proxy (azcmagent config set "
                 "proxy.url), then resume.") },
    { .words = "*warning during Regist*",
      .what = N_("A registration ended with a warning about Arc."),
      .why = N_("Most often it passes."),
      .text = N_("Wait 12 hours; the nodes try again by themselves.") },
    { .words = "*cert*expired*",
      .what = N_("A node's certificates have expired."),
      .why = N_("It was without Azure for long."),
      .text = N_("On the node: Disable-AzureStackHCIArcIntegration; delete its machine in Azure; "
                 "Enable-AzureStackHCIArcIntegration; then sync.") },
    { .words = "*module <= 1.4*",
      .what = N_("Cluster and machines are in groups that were made by an old module."),
      .text = N_("Unregister, then register and name both groups.") },
    { .words = "*missing provider*",
      .what = N_("A resource provider is not registered in the subscription."),
      .text = N_("Register the named resource provider in the subscription, then resume.") },
};
const struct advice_part advice_words = { rows, ARRAY_LEN(rows) };
