/* plans.h - the plans that there are, and what people are told before one runs: its review, from
 * the facts of a finished check run (op_run_facts). All of it is pure; what is returned is the
 * caller's. How the engine runs a plan: op.h. */
#ifndef AZL_OP_PLANS_H
#define AZL_OP_PLANS_H

#include "op/op.h"

extern const struct op_plan *const op_plans[]; /* NULL-terminated */
const struct op_plan *op_plan_find(const char *id);
extern const struct op_plan op_register, op_unregister, op_arc_disable, op_arc_enable;
extern const struct op_plan op_sync, op_cleanup, op_reset;

/* Of a registration. *out: an array of {"what","name","how"}: what (resource group, Arc-connected
 * machine...; translated), its name, how: "create" "register" "connect" "assign" "keep"; of the
 * operator's rights "enough" (as far as roles go), "lacking" or "unseen". */
int op_register_preview(const struct json *inputs, const struct json *facts, struct json **out,
                        struct err *e);

/* What a reset takes off its machines, and what stays; empty: there is nothing to do. As
 * op_unregister_preview. */
struct json *op_reset_preview(const struct json *facts);
struct json *op_reset_stays(const struct json *facts); /* of a run at its end: what it left */

/* What an unregistration takes away and what stays, an array of {"what","name","how",
 * "why"}; how: "delete" or "keep". */
struct json *op_unregister_preview(const struct json *facts);
struct json *op_unregister_stays(const struct json *facts); /* of a run at its end: what it left */
struct json *op_arc_disable_preview(const struct json *facts); /* the same of arc-disable */
/* What could not be found out, an array of sentences. */
struct json *op_unregister_warnings(const struct json *facts);

/* What each node's sync does, when it synced last and when it does so by itself. now: Unix ms on
 * the policy clock. To warn sentences are added: how recent that is, who is missing from the
 * census. */
struct json *op_sync_preview(const struct json *facts, int64_t now, struct json *warn);

/* What a repair renews, makes or leaves, and what speaks for it, of a check run of op_register with
 * the input `repair`. now: Unix ms on the policy clock. *needed: something calls for it. */
struct json *op_repair_preview(const struct json *inputs, const struct json *facts, int64_t now,
                               bool *needed);

/* The clean-up (op_cleanup.h has the rules, and the form of `found`). now: Unix ms.
 * op_cleanup_asks: what is still to be asked, [{"key","path","query"?,"api"?,"flags"}]; the answers
 * go into found's "answers" under their keys. op_cleanup_items: what was found,
 * [{"id","kind","what","name","group","why","age","billed"?,"harmless"?,"ends","may","missing"?,
 * "kept"?}]: kept says why it stays and is not offered; billed is absent where no fact tells.
 * op_cleanup_warnings: sentences about what could not be seen. */
enum { OP_CLEANUP_MAX = 500 }; /* items; what is beyond is not looked at */
struct json *op_cleanup_asks(const struct json *found, int64_t now);
struct json *op_cleanup_items(const struct json *found, int64_t now);
struct json *op_cleanup_warnings(const struct json *found);
struct json *op_cleanup_preview(const struct json *items); /* as op_preview, of chosen items */

#endif
