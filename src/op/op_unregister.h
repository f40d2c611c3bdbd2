/* op_unregister.h - the acts of the plan `unregister`: ask/read pairs, put together in the table of
 * op_unregister.c.
 *
 * Order and rules: register-flow.md 4.2 to 4.4 and 7 (24 to 28), azure-wire.md 3.6. What is proven
 * before anything goes: subscription, group and name by the nodes' stored record, the tenant by the
 * subscription (Azure refuses another tenant's token), the cloud by the subscription, the agents
 * and the stored cloud id.
 *
 * Where it departs from the Windows module, on purpose (issue: what registration did not make is
 * not touched): a role assignment goes only under the name that registration derives for it; one
 * under another name stays. On the identity path the module leaves agents and machines; here those
 * that registration itself connected (input `connected`) leave Azure Arc, all others stay. Groups
 * follow one rule on both paths: tagged by registration and empty. On the identity path the module
 * deletes no groups; that it may is inferred from their tag.
 *
 * What stands in the way is told before anything goes, by the gate `ready`: contradictions (nodes
 * that do not agree, another cloud id), rights that the goal needs, locks, others that live on the
 * cluster. What the operator's role may not delete beside the goal (service's role, machines,
 * groups) stays and is named with the right that is missing: op_unregister_rights.c. A group is
 * never called empty by who may not read all that is in it.
 *
 * Where sources differ: register-flow.md 4.3 V6 deletes the cluster resource only if the node is
 * Registered, and it does so after the node's record is gone, as here; issue 5 wants both paths to
 * end with Azure as it was, so the resource goes by name, too. Force covers extensions alone
 * (7.27): one that Azure refuses to delete or whose deletion does not end. Event 9011 (the Arc
 * application's deletion) has no place here: the service makes that application, and it goes with
 * the Arc settings (azure-wire.md 3.6).
 *
 * Inputs: subscriptionId tenantId resourceName resourceGroupName connected ("node1 node2") force
 * connectedBefore (their agents were connected before registration brought them to Arc)
 * arcGroupBefore (where the machines were, if no Arc settings tell it) arcPrincipalId (the
 * operator's own principal, to which registration gave the roles of Arc) arcOnly
 * ("1": of the plan arc-disable, op_arc_disable.c).
 * Facts of the run: name group cluster.id settings.id local ("1": these nodes are registered with
 * it) arcGroup; cluster.state settings.state (present, absent); extensions.user .azure .stuck
 * (names); machines.held (with a parent) machines.foreign (of another cluster); role.state
 * arc-role-onboarding.state arc-role-admin.state (present, absent, unseen); group.state
 * arc-group.state (absent, tagged, foreign, same) group.holds arc-group.holds (what is not the
 * cluster's) group.hidden arc-group.hidden ("1": may not be listed); application.id; locks.state
 * (none, unseen); leaving (nodes that should go out of Arc) leaves (that may). Facts of a node: uri
 * msi first agent (here, elsewhere, none) agent.name arc (Enabled, Disabled).
 */
#ifndef AZL_OP_OP_UNREGISTER_H
#define AZL_OP_OP_UNREGISTER_H

#include "op/op_register.h"

#define UNR_ASK(n) void unr_##n##_ask(const struct op_view *v, struct op_need *need)
#define UNR_READ(n)                                                                                \
    enum op_verdict unr_##n##_read(struct op_view *v, const struct op_answer *a, struct err *e)

/* op_unregister_proof.c */
UNR_ASK(stored);
UNR_READ(stored);
UNR_READ(proof);
UNR_ASK(agent);
UNR_READ(agent);
UNR_ASK(arc_status);
UNR_READ(arc_status);
UNR_READ(ready);
bool unr_local(const struct op_view *v); /* `when`: these nodes are registered with it */

/* op_unregister_rights.c: what the caller lacks. Facts: rights.group, rights.arcGroup (the actions
 * of the table that the list lacks), and STEP.lacks of role, arc-role-onboarding, arc-role-admin,
 * leave, arc-group, group: the action for want of which its object stays, "?" where no list can be
 * read and nothing else proves that it may go. */
UNR_ASK(rights);
UNR_READ(rights);
int unr_rights(struct op_view *v,
               struct err *e); /* for `ready`; -1: what the goal needs is lacking */
const char *unr_lacks(const struct op_view *v, const char *step);
enum op_verdict unr_stays(struct op_view *v, const char *lacking); /* skips, with that reason */

/* op_unregister_locks.c */
UNR_ASK(locks);
UNR_READ(locks);

/* op_unregister_holders.c: what others run on this cluster. Facts: group.holders,
 * arc-group.holders, others.holders ("one|two|"), group.vms, arc-group.vms (machines of kind HCI
 * that are no nodes), customs, bridges (ids at home), then holders (all, for people). */
void unr_keep_holder(struct op_view *v, const char *which, const struct json *resource);
bool unr_bridged(const struct op_view *v); /* `when`: a resource bridge is at home */
UNR_ASK(custom);
UNR_READ(custom);
bool unr_has_customs(const struct op_view *v); /* `when` */
UNR_ASK(custom_holds);
UNR_READ(custom_holds);
int unr_holders(struct op_view *v, struct err *e); /* for `ready`; -1: there are some */

/* op_unregister_azure.c */
UNR_ASK(settings_check);
UNR_READ(settings_check);
UNR_ASK(settings_apply);
UNR_READ(settings_apply);
UNR_ASK(extensions_check);
UNR_READ(extensions_check);
UNR_ASK(extensions_apply);
UNR_READ(extensions_apply);
bool unr_disables(const struct op_view *v); /* `when` */
UNR_ASK(disable_check);
UNR_READ(disable_check);
UNR_ASK(disable_apply);
UNR_READ(disable_apply);
UNR_ASK(machines);
UNR_READ(machines);
UNR_ASK(machines_free);
UNR_READ(machines_free);
UNR_ASK(cluster_check);
UNR_READ(cluster_check);
UNR_ASK(cluster_apply);
UNR_READ(cluster_apply);

/* op_unregister_groups.c: roles, the application, the groups */
bool unr_role_free(const struct op_view *v); /* `when`: no machine has a parent any more */
UNR_ASK(role_check);
UNR_READ(role_check);
UNR_ASK(role_apply);
UNR_READ(role_apply);
UNR_ASK(application_check);
UNR_READ(application_check);
UNR_ASK(application_apply);
UNR_READ(application_apply);
UNR_ASK(holds);
UNR_READ(holds);
void unr_keep_machines(struct op_view *v); /* for `ready`: none of them may be deleted */
UNR_ASK(group_check);
UNR_READ(group_check);
UNR_ASK(group_apply);
UNR_READ(group_apply);

/* op_unregister_nodes.c */
UNR_ASK(leave_check);
UNR_READ(leave_check);
UNR_ASK(leave_apply);
UNR_READ(leave_apply);
UNR_ASK(node_check);
UNR_READ(node_check);
UNR_ASK(node_apply);
UNR_READ(node_apply);
UNR_ASK(certificate_check);
UNR_READ(certificate_check);
UNR_ASK(certificate_apply);
UNR_READ(certificate_apply);

/* A fact, or what an earlier sitting of this run wrote down last. */
const char *unr_fact(const struct op_view *v, const char *name);
bool unr_word(const char *words, const char *word); /* among blank-separated ones, without case */
bool unr_gone(const struct op_answer *a);           /* of a write that takes away: done, or 404 */
bool unr_by_certificate(const struct op_view *v);   /* a node has no identity of its own */
bool unr_leaves(const struct op_view *v, const char *node); /* this node leaves Azure Arc */

#endif
