/* op_sync.h - the plan `sync`: every node syncs now.
 *
 * A sync is billing, licensing and census (docs-facts.md 1.6), done by itself every 12 hours. A
 * node that is missing from the census loses its Arc machine; that happens in the hours after a
 * start of a node. How many hours no source says: 12 are taken, the time that Microsoft has people
 * wait before they act on a node that Arc shows as not installed (docs-facts.md 1.4), and a node
 * whose start is not known counts as just started. What Azure's census holds is
 * reportedProperties.nodes of the cluster resource (azure-wire.md 3.2); that what is missing there
 * is what a sync would delete is inferred, and the safe side.
 *
 * Inputs: subscriptionId resourceName resourceGroupName (of the stored record). Facts of the run:
 * cluster.id cluster.state (present, absent) census (" node1 node2 ") missing. Facts of a node:
 * registration uri connection last next (ISO) uptime (seconds) members (" a b ", the cluster's
 * nodes).
 */
#ifndef AZL_OP_OP_SYNC_H
#define AZL_OP_OP_SYNC_H

#include "op/op_register.h"

#define SYNC_RECENT_HOURS 12 /* of the last sync, and of a node's start */

/* "3 hours 20 minutes", translated. */
void op_sync_span(char *out, size_t size, int64_t ms);

#endif
