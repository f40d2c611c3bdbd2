/* op_reset.h - the acts of the plan `reset`: ask/read pairs, put together in the table of
 * op_reset.c.
 *
 * A reset is of machines, not of a cluster (seed 003; docs-facts.md 5.4). Each machine does it by
 * itself (verbs reset and reset-status, node.h); the plan looks at everything first, begins it,
 * and then watches its phases, one step each. Departures, on the safe side:
 * - a machine whose cluster is registered with Azure is refused, Connected or not: the cluster's
 *   resource would stay in Azure without the machine whose identity it bills and syncs through.
 *   The same where Azure says that the machine's parent cluster is there. No source says what
 *   Start-ArcBootstrapReset does with such a machine.
 * - what a machine must have (seed 003: Azure Local 2508, PowerShell 7, the module AzStackHCI; an
 *   administrator) is judged by the fact that the machine tells; one that does not tell it is not
 *   held up by it, but for the version.
 * - the account's rights are looked at before anything: what the machine deletes with its token
 *   (extensions, its own resource). A list of permissions that may not be read holds nothing up.
 *
 * Inputs: id (of this operation, for the machine) machines ("node1 node2") tenantId. Facts of a
 * node: agent.id .name .tenant parent machine (present, absent) extensions ("a b") state state.id
 * gateway bootstrap ("1", "0").
 */
#ifndef AZL_OP_OP_RESET_H
#define AZL_OP_OP_RESET_H

#include "op/op_register.h"

#define RST_ASK(n) void rst_##n##_ask(const struct op_view *v, struct op_need *need)
#define RST_READ(n)                                                                                \
    enum op_verdict rst_##n##_read(struct op_view *v, const struct op_answer *a, struct err *e)

RST_ASK(needs);
RST_READ(needs);
RST_ASK(stored);
RST_READ(stored);
RST_ASK(agent);
RST_READ(agent);
RST_ASK(state);
RST_READ(state);
RST_ASK(machine);
RST_READ(machine);
RST_ASK(cluster);
RST_READ(cluster);
RST_ASK(extensions);
RST_READ(extensions);
RST_ASK(locks);
RST_READ(locks);
RST_ASK(rights);
RST_READ(rights);
RST_READ(ready);
RST_ASK(reset_check);
RST_READ(reset_check);
RST_ASK(reset_apply);
RST_READ(reset_apply);
RST_ASK(phase);
RST_READ(phase);
RST_READ(phase_begin);

/* By the step's id: "extension-cleanup" is "ExtensionCleanup". NULL: it is none. */
const char *rst_phase_of(const char *step);

#endif
