/* agent.h - the Azure Arc agent's command on this host, as a child of the loop.
 *
 * Sources: azure-wire.md 5.3 to 5.9 (flags, keys of `show -j` without case, exit codes). The
 * operator's token reaches the command as a sealed memfd named by --config /proc/self/fd/N: never
 * in argv, environment or a file. Each function answers once, from the loop; the call is dead then,
 * or when it is cancelled (its child is killed).
 */
#ifndef AZL_NODE_AGENT_H
#define AZL_NODE_AGENT_H

#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/secret.h"

struct agent {
    struct loop *loop;
    const char *path; /* of azcmagent; the caller's */
    /* "" or NULL none; set before the agent is connected (azure-wire.md 5.10). It stands in a
     * command line and in sentences: without name and password (settings_agent_proxy) */
    const char *proxy;
};
struct agent_call;
typedef void agent_done_fn(void *payload, const struct json *answer, const struct err *e);

/* installed, status, resourceName, resourceGroup, subscriptionId, tenantId, location, cloud, vmId,
 * agentVersion, resourceId. An agent that is not there is no error: installed is false. */
struct agent_call *agent_show(struct agent *a, agent_done_fn *fn, void *payload);
/* args and answer as node.h, agent-connect; with servicePrincipalId the token is that application's
 * secret. Shows first: connected there already is done, connected
 * elsewhere is refused (ERR_OP, ERR_C_ELSEWHERE). The answer is that of show, with "already". */
struct agent_call *agent_connect(struct agent *a, const struct json *args,
                                 const struct secret *token, agent_done_fn *fn, void *payload);
/* {"local": true}: the resource in Azure stays. Not connected: done. */
struct agent_call *agent_disconnect(struct agent *a, const struct json *args,
                                    const struct secret *token, agent_done_fn *fn, void *payload);
/* The agent's own setting `key`, as "value" ("" when it is not set, or no agent is installed). */
struct agent_call *agent_config_get(struct agent *a, const char *key, agent_done_fn *fn,
                                    void *payload);
struct agent_call *agent_config_set(struct agent *a, const char *key, const char *value,
                                    agent_done_fn *fn, void *payload);
void agent_cancel(struct agent_call *c); /* NULL is fine */

/* For its test: the output of show -j. */
struct json *agent_parse_show(const char *text, size_t len, struct err *e);

#endif
