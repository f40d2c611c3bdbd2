#include "config.h"

#include "core/advice.h"

#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"

#define AADSTS(number, text)                                                                       \
    {                                                                                              \
        ERR_AUTH, number, NULL, 0, text                                                            \
    }
#define OP(number, text)                                                                           \
    {                                                                                              \
        ERR_OP, number, NULL, 0, text                                                              \
    }
#define ARM(remote, text)                                                                          \
    {                                                                                              \
        ERR_ARM, 0, remote, 0, text                                                                \
    }
#define OURS(code, text)                                                                           \
    {                                                                                              \
        ERR_NONE, code, NULL, 0, text                                                              \
    }

#define MFA                                                                                        \
    N_("The tenant wants more proof of who you are: sign in again and give the tenant "            \
       "explicitly.")
#define DEVICE                                                                                     \
    N_("Finish the sign-in in the browser of a managed, compliant device, or ask your "            \
       "administrator.")
#define POLICY                                                                                     \
    N_("A Conditional Access policy blocks this sign-in: ask your administrator, who finds it in " \
       "the sign-in log by the correlation id.")
#define AGAIN   N_("Sign in again.")
#define TENANT  N_("Check the tenant: the portal shows its id under Microsoft Entra ID, Overview.")
#define CONSENT N_("An administrator of the tenant must give consent.")
#define LATER   N_("Azure is busy or in trouble: try again in a few minutes.")
#define APP                                                                                        \
    N_("The client id is unknown or disabled in this tenant: check the setting client-id and the " \
       "cloud.")
#define STORED                                                                                     \
    N_("This cluster is registered with other values: leave them out, or unregister first.")
#define OLD_TOKEN N_("The sign-in was too old for the Arc agent: sign in again, then resume.")
#define SPACE     N_("Make room on the file system of the state folder; azloconf goes on by itself.")

const struct advice_row advice_rows[] = {
    /* Microsoft Entra: azure-wire.md 1.8 */
    AADSTS(54005, N_("The code was used already, or the answer that held the sign-in was lost on "
                     "the way. Sign in again: you get a new code.")),
    AADSTS(50020, N_("Sign in with a work account of this tenant, or get invited to it.")),
    AADSTS(16000, N_("Sign in with a work account of this tenant, or get invited to it.")),
    AADSTS(50034, TENANT),
    AADSTS(51004, TENANT),
    AADSTS(50053, N_("The account is locked: wait, or ask an administrator to unlock it.")),
    AADSTS(50055, N_("Change the password in a browser first.")),
    AADSTS(50126, N_("Change the password in a browser first.")),
    AADSTS(50144, N_("Change the password in a browser first.")),
    AADSTS(50057, N_("The account is disabled: an administrator must enable it.")),
    AADSTS(50059, TENANT),
    AADSTS(90019, TENANT),
    AADSTS(50072, MFA),
    AADSTS(50074, MFA),
    AADSTS(50076, MFA),
    AADSTS(50078, MFA),
    AADSTS(50079, MFA),
    AADSTS(53004, MFA),
    AADSTS(50005, DEVICE),
    AADSTS(50097, DEVICE),
    AADSTS(50129, DEVICE),
    AADSTS(53000, DEVICE),
    AADSTS(53001, DEVICE),
    AADSTS(50105, N_("An administrator must assign your account to the application.")),
    AADSTS(50131, POLICY),
    AADSTS(53003, POLICY),
    AADSTS(530032, POLICY),
    AADSTS(530035, POLICY),
    AADSTS(530036, N_("A policy forbids sessions that began with a device code: ask your "
                      "administrator for an exception.")),
    AADSTS(50173, AGAIN),
    AADSTS(70008, AGAIN),
    AADSTS(700082, AGAIN),
    AADSTS(70043, AGAIN),
    AADSTS(50089, AGAIN),
    AADSTS(50132, AGAIN),
    AADSTS(50133, AGAIN),
    AADSTS(50058, AGAIN),
    AADSTS(50134, N_("You and your device reached different data centres: ask for a new code.")),
    AADSTS(50194, TENANT),
    AADSTS(90002, TENANT),
    AADSTS(90038, TENANT),
    AADSTS(500011, N_("The tenant does not know this service: check the cloud.")),
    AADSTS(500021, N_("Your network restricts tenants: ask your administrator to allow this one.")),
    AADSTS(500212,
           N_("Your organisation's cross-tenant policy forbids this: ask your administrator.")),
    AADSTS(500213,
           N_("Your organisation's cross-tenant policy forbids this: ask your administrator.")),
    AADSTS(65001, CONSENT),
    AADSTS(65004, CONSENT),
    AADSTS(90094, CONSENT),
    AADSTS(90095, CONSENT),
    AADSTS(700011, APP),
    AADSTS(700016, APP),
    AADSTS(7000112, APP),
    AADSTS(7000218, APP),
    AADSTS(500133, N_("Set this machine's clock right, then sign in again.")),
    AADSTS(700024, N_("Set this machine's clock right, then sign in again.")),
    AADSTS(70018, N_("Ask for a new code.")),
    AADSTS(70019, N_("Ask for a new code and type it within its time.")),
    AADSTS(70020, N_("Ask for a new code and type it within its time.")),
    AADSTS(90033, LATER),
    AADSTS(90055, LATER),
    AADSTS(53011, N_("The account is blocked as risky: an administrator must clear it.")),

    /* Azure Resource Manager: azure-wire.md 2.6 */
    ARM("AuthorizationFailed",
        N_("Ask for the role Owner, or User Access Administrator and Azure Stack HCI "
           "Administrator, on the subscription; a new role takes minutes to count.")),
    ARM("LinkedAuthorizationFailed", N_("You lack rights on a resource that this one refers to: "
                                        "ask an Owner of the subscription.")),
    ARM("DenyAssignmentAuthorizationFailed",
        N_("A deny assignment forbids this: ask an Owner of the subscription.")),
    ARM("RequestDisallowedByPolicy",
        N_("Do as the policy says: choose another region, name or group, or give the tags it wants "
           "(--resource-group-tags); or ask its owner for an exemption.")),
    ARM("InvalidAuthenticationTokenTenant",
        N_("The subscription belongs to another tenant: sign in to that one.")),
    ARM("InvalidAuthenticationToken", AGAIN),
    ARM("ExpiredAuthenticationToken", AGAIN),
    ARM("AuthenticationFailed", AGAIN),
    ARM("SubscriptionNotFound",
        N_("Check the subscription id, and that your account may see it in this tenant.")),
    ARM("InvalidSubscriptionId",
        N_("Check the subscription id: the portal shows it under Subscriptions.")),
    ARM("ReadOnlyDisabledSubscription", N_("The subscription is disabled: its account owner must "
                                           "enable it, or choose another one.")),
    ARM("MissingSubscriptionRegistration",
        N_("Register the named resource provider in the subscription, then resume.")),
    ARM("MissingRegistrationForLocation", N_("Choose another region.")),
    ARM("LocationNotAvailable*", N_("Choose another region.")),
    ARM("NoRegisteredProviderFound",
        N_("Choose another region, or register the resource provider again.")),
    ARM("InvalidResourceLocation",
        N_("The resource exists in another region: use that region, or another name.")),
    ARM("InvalidResourceGroupLocation",
        N_("The resource group exists in another region: use another group.")),
    ARM("ResourceGroupBeingDeleted",
        N_("The resource group is being deleted: wait until it is gone, then resume.")),
    ARM("ScopeLocked", N_("A lock forbids this: remove the lock in the portal, then resume.")),
    ARM("AnotherOperationInProgress",
        N_("Another operation works on the same resource: wait, then resume.")),
    ARM("RoleAssignmentLimitExceeded",
        N_("Remove role assignments that are not needed from the subscription.")),
    ARM("TooManyRequests", LATER),
    ARM("SubscriptionRequestsThrottled", LATER),
    { ERR_ARM, 0, NULL, 401, AGAIN },
    { ERR_ARM, 0, NULL, 403,
      N_("Your account lacks a right that Azure names above: ask an Owner of the subscription.") },
    { ERR_ARM, 0, NULL, 429, LATER },
    { ERR_ARM, 0, NULL, 500, LATER },
    { ERR_ARM, 0, NULL, 502, LATER },
    { ERR_ARM, 0, NULL, 503, LATER },
    { ERR_ARM, 0, NULL, 504, LATER },
    { ERR_ARM, ERR_C_CORRUPT, NULL, 0,
      N_("Check whether a proxy changes Azure's answers; if none does, try again later and give "
         "support the ids.") },

    /* the Windows module's numbers: register-flow.md 3.3 */
    OP(9101, N_("Register the cluster first.")),
    OP(9104, N_("Use the region that the resource is in, or another name.")),
    OP(9105, N_("Remove the old Arc machine from the group, or choose another group.")),
    OP(9106, N_("The resource is gone from Azure: unregister, then register again.")),
    OP(9107, N_("Unregister first, then register again.")),
    OP(9108, N_("Choose one of the offered regions.")),
    OP(9113, N_("Finish the unregistration that was begun, then register again.")),
    OP(9123, N_("Look at the Arc agent of the named nodes (azcmagent show), then resume.")),
    OP(9125, STORED),
    OP(9127, STORED),
    OP(9128, STORED),
    OP(9129, N_("Use the group that the Arc machines are in already.")),
    OP(9130, N_("Look at the cluster resource in the portal, then resume.")),
    OP(9131, N_("Resume in a few minutes: Azure fills in this id after a while.")),
    OP(9132, N_("Ask for a role that may assign roles (Owner or User Access Administrator), then "
                "resume.")),
    OP(9143, N_("Look at the Arc agent of the named nodes (azcmagent show), then resume.")),
    OP(9144, N_("Azure holds everything but the node's registration: resume in a few minutes.")),
    OP(9151, N_("Look at the Arc agent of the named nodes (azcmagent show), then resume.")),

    /* nodes and their Arc agents */
    /* azcmagent's codes: azure-wire.md 5.9 */
    { ERR_NODE, 0, "AZCM0012", 0, OLD_TOKEN },
    { ERR_NODE, 0, "AZCM0041", 0, OLD_TOKEN },
    { ERR_NODE, 0, "AZCM0042", 0,
      N_("Azure did not create the machine, for the reason given: mend that, then resume.") },
    { ERR_NODE, ERR_C_NOT_FOUND, NULL, 0,
      N_("Install the Azure Connected Machine agent on the named node, then resume.") },
    { ERR_NODE, 0, "AZCM*", 0,
      N_("Look at the Arc agent of this node (azcmagent show), then resume.") },
    { ERR_NODE, 0, NULL, 429, LATER },
    { ERR_NODE, 0, NULL, 500, LATER },
    { ERR_NODE, 0, NULL, 502, LATER },
    { ERR_NODE, 0, NULL, 503, LATER },
    { ERR_NODE, 0, NULL, 504, LATER },

    /* ours, whatever the domain */
    OURS(ERR_C_NOT_SIGNED_IN, N_("Sign in (menu item 2, or azloconf sign-in).")),
    OURS(ERR_C_NOT_ALLOWED,
         N_("Ask root to add you to group azloconf, or use the account that this belongs to.")),
    OURS(ERR_C_RIGHTS,
         N_("Ask an Owner of the subscription for a role with these actions, for example Owner, or "
            "Contributor with User Access Administrator. Microsoft's custom role \"Azure Stack HCI "
            "registration role\" lacks Microsoft.HybridCompute/machines/read and /write, which "
            "Arc by your account needs.")),
    OURS(ERR_C_BUSY,
         N_("Wait until the other operation ends, or look at it: azloconf operations.")),
    OURS(ERR_C_NO_CLUSTER, N_("Create a cluster first: azloconf cluster create NAME.")),
    OURS(ERR_C_DATAPLANE,
         N_("Use azloconf --sandbox to rehearse, or register from Azure Local nodes.")),
    OURS(ERR_C_PROTOCOL,
         N_("Console and core are of different versions: end the older one and start again.")),
    OURS(ERR_C_EXPIRED, N_("Ask for a new code and type it within its time.")),
    OURS(ERR_C_ANSWER_LOST, N_("Sign in again: you get a new code.")),
    OURS(ERR_C_DECLINED,
         N_("Ask for a new code, and choose Continue on the page that asks who signs in.")),
    OURS(ERR_C_SUBSCRIPTION,
         N_("Choose a subscription that is Enabled, or have its owner enable this one.")),
    OURS(ERR_C_DEADLINE, N_("Resume: what was made stays and is found again.")),
    OURS(ERR_C_ELSEWHERE,
         N_("Disconnect the agent there first (azcmagent disconnect), then resume.")),
    { ERR_STORE, ERR_C_CORRUPT, NULL, 0,
      N_("Move the named file away and keep it for support; azloconf then starts without it.") },

    /* this machine */
    { ERR_SYSTEM, ENOSPC, NULL, 0, SPACE },
    { ERR_SYSTEM, EDQUOT, NULL, 0, SPACE },
    { ERR_STORE, ENOSPC, NULL, 0, SPACE },
    { ERR_SYSTEM, EROFS, NULL, 0,
      N_("Make the state folder writable, or choose another one with --state-dir.") },
    { ERR_STORE, EROFS, NULL, 0,
      N_("Make the state folder writable, or choose another one with --state-dir.") },
    { ERR_SYSTEM, EACCES, NULL, 0, N_("Give this user access to the named file or folder.") },
    { ERR_SYSTEM, EADDRINUSE, NULL, 0,
      N_("Another program listens there: end it, or choose another path.") },

    /* the network; CURLcode numbers */
    { ERR_NET, 5, NULL, 0, N_("Check the name of the proxy.") },
    { ERR_NET, 6, NULL, 0, N_("Check DNS and the host name.") },
    { ERR_NET, 7, NULL, 0,
      N_("Check that the host can be reached: cable, route, firewall, proxy.") },
    { ERR_NET, 28, NULL, 0,
      N_("Check that the host can be reached: firewall, proxy; then try again.") },
    { ERR_NET, 35, NULL, 0, N_("Check whether a proxy or firewall breaks TLS open.") },
    { ERR_NET, 60, NULL, 0,
      N_("The server's certificate is not trusted: if your proxy signs anew, name its CA with "
         "--ca-file; otherwise do not go on.") },
    { ERR_NET, 77, NULL, 0, N_("The CA file cannot be read: check --ca-file.") },
    { ERR_NET, 0, NULL, 0, N_("Check the network and the proxy, then try again.") },
};
const unsigned advice_count = ARRAY_LEN(advice_rows);

static bool remote_fits(const char *pattern, const char *remote)
{
    size_t n = strlen(pattern);
    char head[sizeof(((struct err *)0)->remote_code)];

    if (!n || pattern[n - 1] != '*')
        return str_ieq(pattern, remote);
    STR_SET(head, pattern);
    head[n - 1] = 0;
    return str_istarts(remote, head);
}

/* Our codes have the same numbers as some errno and CURLcode values. */
static bool domain_fits(const struct advice_row *r, const struct err *e)
{
    if (r->domain)
        return r->domain == e->domain;
    return e->domain != ERR_SYSTEM && e->domain != ERR_NET;
}

static bool fits(const struct advice_row *r, const struct err *e)
{
    return domain_fits(r, e) && (!r->code || r->code == e->code) &&
           (!r->remote || remote_fits(r->remote, e->remote_code)) &&
           (!r->http || r->http == e->http);
}

const char *advice_find(const struct err *e)
{
    if (!err_is(e))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(advice_rows); i++)
        if (fits(&advice_rows[i], e))
            return _(advice_rows[i].text);
    return NULL;
}

void advice_fill(struct err *e)
{
    const char *text = e->advice[0] ? NULL : advice_find(e);

    if (text)
        STR_SET(e->advice, text);
}
