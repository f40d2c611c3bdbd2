/* agent.h - between himds.c (token address, metadata, routes, nodes) and agent.c (connect,
 * disconnect, show). */
#ifndef AZL_SANDBOX_AGENT_H
#define AZL_SANDBOX_AGENT_H

#include "sandbox/resource.h"

const char *agent_node(const struct sb_req *q); /* name of the node whose agent was called */
struct json *agent_state(struct sb_req *q);     /* what it remembers of its connection, or NULL */
/* The machine behind a connected agent, NULL when not connected or when Azure has it no more. */
struct json *agent_machine(struct sb_req *q);
void agent_connect(struct sb_req *q, struct sb_reply *r);
void agent_disconnect(struct sb_req *q, struct sb_reply *r);
void agent_show(struct sb_req *q, struct sb_reply *r);

#endif
