/* op_cleanup.h - inside of the clean-up: what is taken for a leftover of a cluster that was never
 * unregistered, and the plan that deletes what was ticked.
 *
 * Sources: seed 001 "Clean up after a cluster that was not properly unregistered" (cluster
 * resource, application and resource group are harmless and not billed; of Arc machines it says
 * nothing); register-flow.md 1.2 (tag), 4.2 U9 and 7.28 (the service's role), 4.4 (groups);
 * docs-facts.md 1.4 (a cluster may be without Azure for 30 days), 3.1 (applications `<cluster>` and
 * `<cluster>.arc`); azure-wire.md 3.2 (status words, times), 3.7.4 to 3.7.6 (machines). That 30
 * days tell a machine from one that is only switched off is ours, taken from the cluster's 30; a
 * machine that Azure calls Expired has been away for 45.
 *
 * The rule: what is not proven stays. A leftover is what Azure itself calls disconnected AND what
 * was last heard of more than 30 days ago; a state that is not known, or that only the clock of
 * this machine speaks for, is none. Lists prove something only if the account may read all of the
 * subscription. Arc settings without a cluster cannot be: Azure lists them under their cluster
 * alone; they are leftovers with it.
 *
 * found (plans.h, op_cleanup_asks): {"here": id or "", "nodes": [names], "subscriptions": [ids],
 * "names": {id: the subscription's name}, "whole": bool (all that the sign-in sees in the tenant),
 * "answers": {key: {"http", "code", "json"}}, "none": []}; a key is path[?query].
 */
#ifndef AZL_OP_OP_CLEANUP_H
#define AZL_OP_OP_CLEANUP_H

#include "op/op_register.h"

enum { CL_DAYS = 30, CL_RUN_MAX = 100, CL_NAMES_A_QUERY = 7 };
#define CL_APPLICATION "application:"

/* why: the evidence, or why it stays; age: when it was last heard of, or made. Translated. */
struct cl_word {
    bool left;
    char why[400], age[160];
};

/* op_cleanup_judge.c: one object, as Azure shows it. now: Unix ms. */
void cl_cluster(const struct json *cluster, int64_t now, struct cl_word *out);
void cl_machine(const struct json *machine, int64_t now, struct cl_word *out);
/* Of the machines in list those of this cluster: false and *out if one speaks for it. */
bool cl_machines_silent(const struct json *list, const char *cluster, int64_t now,
                        struct cl_word *out);
/* whole: every subscription was looked at; else a credential that is still good keeps it. */
void cl_application(const struct json *app, bool whole, int64_t now, struct cl_word *out);
void cl_group(const struct json *group, struct cl_word *out);
void cl_role(const struct json *assignment, int64_t now, struct cl_word *out);
bool cl_tagged(const struct json *group);
/* Does a cluster of the list bear this name, or use this application? */
bool cl_cluster_uses(const struct json *clusters, const char *app_id, const char *name);
bool cl_role_is(const struct json *assignment); /* of the service's role, at a group */
bool cl_within(const char *id, const char *scope);
void cl_group_of(struct str *out, const char *id); /* ".../resourceGroups/NAME" of an id */
/* The cluster that an application is named after: "hci" of "hci" and of "hci.arc". */
void cl_base_name(char *out, size_t size, const char *display);

/* op_cleanup_items.c: the kinds. */
enum cl_kind { CL_SETTINGS, CL_CLUSTER, CL_MACHINE, CL_ROLE, CL_APP, CL_GROUP, CL_KINDS };
int cl_kind_of(const char *id);       /* -1: none */
bool cl_has(const struct op_view *v); /* `when`: something of this step's kind was ticked */
void cl_item_check_ask(const struct op_view *v, struct op_need *need);
enum op_verdict cl_item_check_read(struct op_view *v, const struct op_answer *a, struct err *e);
void cl_item_apply_ask(const struct op_view *v, struct op_need *need);
enum op_verdict cl_item_apply_read(struct op_view *v, const struct op_answer *a, struct err *e);

/* op_cleanup_show.c */
const char *cl_what(enum cl_kind kind);
const char *cl_right(enum cl_kind kind); /* the action that deletes it; "" none of Azure's */

#endif
