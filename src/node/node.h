/* node.h - what can be asked of a cluster node: verbs as a table, answered by callback.
 *
 * Backends: node_local (this POSIX host: azloconf's own node engine and the Arc agent), later ssh
 * with a PowerShell or POSIX dialect. A verb takes a JSON object and answers a JSON object, or an
 * error. No answer carries a token: a node uses its tokens where they are. An operator's ARM token
 * goes to a node only as a struct secret (agent-connect), never inside args.
 *
 * Verbs and what they stand for on Azure Local (the Windows module's node cmdlets and azcmagent):
 * - status: Get-AzureStackHCI of this node. ClusterStatus, RegistrationStatus, ConnectionStatus,
 *   RegistrationDate, AzureResourceName, AzureResourceUri, LastConnected, NextSync,
 *   DiagnosticLevel, Region (times ISO 8601 UTC, absent = null); installDate, clusterName,
 *   clusterId, clusterNodes[], registeredAt and cloudId (of a registration; other nodes than ours
 * may not know them), policyDeadline (ISO, of what falls due next, or null), reason; of a
 * registration by application: certificateThumbprint, certificateNotAfter; arcCommands (bool,
 * absent = true): whether its Windows can be brought to Azure Arc at all; arcStatus ("Disabled"
 *   after arc-clear, else absent); uptime: seconds since its operating system was started
 *   (Win32_OperatingSystem has the time), absent = not known
 * - facts: os name and version, manufacturer, model, cores, memoryInGiB, serial; osBuild (the
 *   number of the Windows build that the node stands for) and msiCapable (it can be registered by
 *   its own identity). What counts on Windows is whether the cmdlet
 * Set-AzureStackHCIRegistrationMsi is there (register-flow.md 7.2); no public source says since
 * which build, so a native node that plays an older one (os_build) takes 25398 (23H2) for the
 * bound: inferred
 *   solutionVersion (of Azure Local, "12.2510"; "" where the Windows is none), powershell ("7.5";
 *   "" where there is none), azStackHciModule, administrator (bools): what a reset needs; absent is
 *   not known. A native node plays them: the file DIR/plays.json of its folder has them by these
 *   names, absent: a machine that has all of it.
 * - certificate-find: {certificateThumbprint: "" the node's own, else a user's}. found (bool),
 *   certificateThumbprint, notAfter, daysLeft, certificate (base64 of the DER bytes, public),
 *   appId (of the application that it was accepted for, "" none). A user's certificate that is not
 *   there or ends within 60 days is error 9109
 * - certificate-new: New-AzureStackHCIRegistrationCertificate. {renew: bool}. Makes the node's own
 *   self-signed certificate, answers as certificate-find. One that is there and good for 60 days
 *   is answered instead, unless it is to be renewed
 * - certificate-set: Set-AzureStackHCIRegistrationCertificate. {serviceEndpoint,
 *   billingServiceApiScope, aadAuthority, appId, tenantId, cloudId, certificateThumbprint}. Signs
 *   in with the certificate, has the service test it, and only then keeps it as the node's own
 * - certificate-remove: Remove-AzureStackHCIRegistrationCertificate
 * - register-app: Set-AzureStackHCIRegistration. As register, and {appId, objectId, aadAuthority,
 *   servicePrincipalClientId (an object id)}; the node's certificate must have been set
 * - arc-status: Get-AzureStackHCIArcIntegration and azcmagent show. clusterArcStatus and
 *   nodeArcStatus ("Enabled", "Disabled"), applicationId, clusterIdentity (bool: Arc can be enabled
 *   by the cluster's own identity), subscriptionId, resourceGroup, tenantId, secretNotAfter of the
 *   integration; cleared (bool): arc-clear was here last
 * - arc-init: Initialize-AzureStackHCIArcIntegration. {tenantId, subscriptionId, region,
 *   resourceGroup, cloud, appId: "" by the cluster's own identity, secretNotAfter: the end of the
 *   secret that was generated for it, "" unknown; ours: the cmdlet's parameter list has none}
 * - arc-enable: Enable-AzureStackHCIArcIntegration. {correlationId, resourceName} and, where the
 *   integration names an application, its secret. The secret is kept nowhere. Syncs at its end
 * - arc-clear: Clear-AzureStackHCIArcIntegration (register-flow.md 4.2 U8, 4.3 V3), for a cluster
 *   that stays registered: the cluster forgets how its nodes come to Arc, and this node shows Arc
 *   as disabled until a sync meets Arc settings again. Does not touch the agent
 * - agent-show: azcmagent show -j. installed (bool), status, resourceName, resourceGroup,
 *   subscriptionId, tenantId, location, cloud, vmId, agentVersion, resourceId
 * - agent-connect: {subscriptionId, resourceGroup, tenantId, location, cloud, correlationId,
 *   resourceName} and the token. Already connected there: done.
 * - agent-disconnect: {} and the token, or {"local": true}
 * - register: Set-AzureStackHCIRegistrationMsi. {serviceEndpoint, billingServiceApiScope, cloudId,
 *   subscriptionId, tenantId, resourceName, providerNamespace, resourceArmId, region,
 *   clusterNodes[]}. The node fetches the bootstrap token from its own Arc agent (challenge, key
 *   file), registers on the data plane, stores the registration in the cluster's record, syncs
 *   once; the same registration again only syncs, unless "again" is true. An error of that sync is
 * unsure: the registration stands
 * - unregister: Remove-AzureStackHCIRegistration
 * - sync: Sync-AzureStackHCI: billing, licensing and the census, which names the cluster's nodes.
 *   lastSync, nextSync
 * - reset: Start-ArcBootstrapReset of this machine (docs-facts.md 5.4). {id: of this operation,
 * arm: Resource Manager's address} and the token. Begins and answers at once, as reset-status; the
 *   work goes on in the node, also when nobody asks any more. One that is under way under this id
 *   goes on where it stood; under another id it begins anew, and finds what is left
 * - reset-status: Get-ArcBootstrapResetStatus. {look: true: also ask the agent for its gateway}.
 *   status (NotStarted, InProgress, Succeeded, Failed), active (bool: somebody is at it now), id,
 *   machine (resource id), startTime, endTime, elapsedMs, phases[] (name, status, also
 *   NotApplicable, startTime, endTime, elapsedMs of the last try, error), bootstrap (bool: there
 *   is state of the bootstrap), gateway (bool, with look). The fields of Windows' answer are not
 *   published: ours follow Get-ArcBootstrapStatus' (5.3), the phases' names are the documented ones
 * - cluster-create: {name, nodes[]}, the cluster's record (native clusters only)
 */
#ifndef AZL_NODE_NODE_H
#define AZL_NODE_NODE_H

#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/secret.h"

enum node_verb {
    NODE_STATUS,
    NODE_FACTS,
    NODE_AGENT_SHOW,
    NODE_AGENT_CONNECT,
    NODE_AGENT_DISCONNECT,
    NODE_REGISTER,
    NODE_UNREGISTER,
    NODE_SYNC,
    NODE_CLUSTER_CREATE,
    NODE_CERTIFICATE_FIND,
    NODE_CERTIFICATE_NEW,
    NODE_CERTIFICATE_SET,
    NODE_CERTIFICATE_REMOVE,
    NODE_REGISTER_APP,
    NODE_ARC_STATUS,
    NODE_ARC_INIT,
    NODE_ARC_ENABLE,
    NODE_ARC_CLEAR,
    NODE_RESET,
    NODE_RESET_STATUS,
    NODE_VERBS
};
struct node_verb_row {
    enum node_verb verb;
    const char *name;
    bool changes; /* false: may be repeated freely */
    bool takes_token;
    int64_t deadline_ms;
};
extern const struct node_verb_row node_verbs[NODE_VERBS];
const char *node_verb_name(enum node_verb v);

struct node_reply {
    const struct json *json; /* the answer, valid during the callback; NULL on error */
    struct err err; /* ERR_NODE; code = the agent's exit number, remote_code "AZCM0042"; unsure as
                       in err.h */
};
typedef void node_done_fn(void *payload, const struct node_reply *r);

struct node;      /* one node */
struct node_call; /* a verb under way */
struct node_ops {
    struct node_call *(*call)(struct node *n, enum node_verb v, const struct json *args,
                              const struct secret *token, node_done_fn *fn, void *payload);
    void (*cancel)(struct node_call *c); /* fn is not called any more */
    void (*close)(struct node *n);
};
struct node {
    const struct node_ops *ops;
    char name[64];
    bool native; /* speaks our own data plane; never against a real cloud */
};
static inline struct node_call *node_call(struct node *n, enum node_verb v, const struct json *args,
                                          const struct secret *token, node_done_fn *fn,
                                          void *payload)
{
    return n->ops->call(n, v, args, token, fn, payload);
}

/* ---- backend: this POSIX host ---- */
struct http;
struct store;
struct node_local_config {
    const char *name;
    const char
        *dir; /* the node's own folder (made 0700): node.json with the install date and last sync */
    struct store
        *store; /* the cluster's shared store: key "cluster" (name, id, nodes, registration) */
    struct http *http;            /* for the agent's loopback address and the data plane */
    const char *himds_endpoint;   /* "http://127.0.0.1:40342": token address of the Arc agent */
    const char *azcmagent;        /* path of the agent's command */
    const char *tokens_dir;       /* key files of the agent must lie here */
    const char *certificates_dir; /* where users put certificates: *.pem, certificate and key */
    const char *agent_proxy;      /* "" or NULL none; see agent.h */
    int64_t os_build;             /* the Windows build that the node plays; 0: 26100 */
    int64_t uptime_ms;            /* since the node was started; 0: as this machine */
    const struct clock *clock;    /* the policy clock */
};
struct node *node_local_new(struct loop *l, const struct node_local_config *c, struct err *e);

#endif
