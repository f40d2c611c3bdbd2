/* op.h - a long operation is a table of steps; the engine runs any plan.
 *
 * A step has three acts: check (is it so already?), apply (make it so), undo. Each act is an
 * ask/read pair: `ask` fills a need from what is known (inputs, facts), `read` turns the answer
 * into a verdict and new facts. A step does no I/O, so its test is "this reply, that request". The
 * engine does waiting, retry, long-running polling, parallel steps and nodes, journal, cancel,
 * resume and undo.
 *
 * Walk: every check whose `check_needs` facts are known is sent at once. A step is applied when its
 * check said ABSENT and all steps in `after` are complete. Steps that do not depend on each other
 * run at the same time; OP_EACH_NODE steps run for all nodes at the same time. Journal: `open`
 * first; `begin` is on disk before an effect is sent, `made` (or `found`) after it with the step's
 * new facts; `done` at the end. An apply whose outcome is not known (err.unsure) is checked again
 * before it is applied again. Retryable refusals (429, 5xx) wait Retry-After or delay_ms and repeat
 * up to `tries`; permanent ones (400, 401 after refresh, 403, 404, 409 unless the step reads it
 * otherwise) stop the run at once; other steps under way are let finish, and before any change the
 * checks that were not asked yet still are. Of several failures one is told, whichever answer came
 * first: one with a number (op_events.h: something found in the way) before a look that failed,
 * then the one that stands first in the table. Not signed in: the run is "waiting for sign-in" and
 * goes on by op_run_poke. Resume: the same walk from the top with the checks; a `begin` without an
 * end that checks as DONE becomes `made`. Undo walks back over what was `made`, never over what was
 * `found`.
 */
#ifndef AZL_OP_OP_H
#define AZL_OP_OP_H

#include "azure/arm.h"
#include "azure/cloud.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/secret.h"
#include "node/node.h"
#include "store/journal.h"
#include "store/store.h"

enum op_scope { OP_ONCE, OP_ONE_NODE /* the first node */, OP_EACH_NODE };
enum op_verdict {
    OP_DONE,    /* check: it is so. apply, undo: done */
    OP_ABSENT,  /* check: not so. apply: not yet, check again */
    OP_RUNNING, /* somebody is at it: ask again after delay_ms */
    OP_SKIP,    /* check: not needed here */
    OP_FAILED   /* *e is set; e->retryable decides whether it is tried again */
};
enum op_need_kind {
    OP_NEED_NONE /* answered at once with an empty answer */,
    OP_NEED_ARM,
    OP_NEED_NODE
};

struct op_need {
    enum op_need_kind kind;
    /* ARM */
    const char *method, *api;
    struct str path, query; /* query: encoded, without api-version */
    struct json *body;      /* owned by the need */
    unsigned arm_flags;
    /* node: the step's node */
    enum node_verb verb;
    struct json *args; /* owned by the need */
    bool with_token;   /* hand the operator's ARM token to the verb */
    bool with_secret;  /* hand the run's secret to it; without one the act fails */
};
struct op_answer {
    int http; /* ARM: status; 404 reaches read like any other */
    const struct json *json;
    struct err err; /* as arm_reply.err or node_reply.err */
};

/* What a step sees. Facts of a run are strings: "cluster.cloudId"; facts of a node belong to it. */
struct op_view;
const char *op_input(const struct op_view *v,
                     const char *name); /* "" if absent: subscriptionId tenantId region resourceName
                                           resourceGroupName arcGroup cloud clusterName */
const char *op_fact(const struct op_view *v, const char *name); /* "" if unknown */
bool op_is_hole(const char *fact); /* "{cloudId}": in a preview a fact that is not known yet */
const char *op_node_name(const struct op_view *v); /* "" for OP_ONCE */
const char *op_node_fact(const struct op_view *v, const char *node, const char *name);
enum { OP_FACT_MAX = 16383 }; /* bytes of a fact's text; what is longer is cut */
void op_set_fact(struct op_view *v, const char *name, const char *value); /* read only */
void op_set_node_fact(struct op_view *v, const char *name,
                      const char *value); /* of the step's node */
/* The run's one secret, of the application by which nodes come to Arc: in memory only, gone with
 * the run. A step that needs it makes it anew, or says that it must be given again. */
void op_set_secret(struct op_view *v, const char *text);
bool op_has_secret(const struct op_view *v);
size_t op_node_count(const struct op_view *v);
const char *op_node_at(const struct op_view *v, size_t i);
const struct cloud *op_cloud(const struct op_view *v);
bool op_node_native(const struct op_view *v); /* are the nodes native ones */
const char *op_step_id(const struct op_view *v);
bool op_made(const struct op_view *v); /* this run made it, before it was taken up again */
const char *op_old_fact(const struct op_view *v, const char *name); /* what an earlier sitting of
                                      this run wrote down last; "" if nothing */
bool op_perhaps(const struct op_view *v); /* undo: begun, and nobody knows whether it came to be */
int op_tries(const struct op_view *v); /* applies of this step (on this node) sent so far; > 0: the
                                          check is a second look and must really ask */
void op_note(struct op_view *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* the step's detail line; already translated */

typedef bool
op_when_fn(const struct op_view *v); /* over inputs and facts; false: the step is skipped */
typedef void op_ask_fn(const struct op_view *v, struct op_need *need);
typedef enum op_verdict op_read_fn(struct op_view *v, const struct op_answer *a, struct err *e);
struct op_act {
    op_ask_fn *ask;
    op_read_fn *read;
};
enum {
    OP_NO_RETURN = 1 /* cannot be undone */,
    OP_SOFT = 2 /* a failure warns, never fails the run */,
    OP_GOAL =
        4 /* what the operation is for: a run that made it and failed later is done in part */,
    OP_OTHER_WAY = 8 /* of the plan's rarer path: not shown before that is known to be taken */,
    OP_SERVICE_APP = 32 /* only of the path on which the service makes the application */,
    OP_CLIENT_APP = 64 /* only of the path on which the client makes it */,
    OP_GATE = 16 /* judges what the other checks found: also when one of them was refused (403) and
                    nothing is under way any more. Its failure then says more than the refusal */
};
/* What is told of a step or a plan by the Windows module's numbers (op_events.h; 0: none): when it
 * begins, when it was made, when it failed by an error without a number. And what its failure
 * makes of the operation's result (register-flow.md 3.1; NULL: see run_show.c). */
struct op_told {
    int begin, made, failed;
    int found; /* of a step that only looks: when it is through */
    const char *result, *detail;
};
struct op_step {
    const char *id;    /* never renamed */
    const char *title; /* N_() */
    enum op_scope scope;
    const char *plan;  /* of two plans that share their steps only this one has it, by its id: in
                          the other it is neither asked, journaled nor shown; NULL: both */
    const char *after; /* blank-separated ids that must be complete before apply; "" or NULL none;
                          also before check if check_needs says so */
    const char *check_needs; /* blank-separated facts without which the check cannot be asked ("" or
                                NULL none; "@after": not before `after` is complete) */
    op_when_fn
        *when; /* NULL: always. Judged when `after` is complete (or the check's answer is in) */
    op_when_fn *when_path; /* NULL: of every path of the plan. Judged as soon as the facts of
                              path_needs (blank-separated) are known; a step that is not of the path
                              that the run takes is neither asked, journaled nor shown */
    const char *path_needs;
    struct op_act check, apply,
        undo;  /* check NULL: straight to apply; apply NULL: the check must say DONE */
    int tries; /* of apply; 0: 5 */
    int64_t delay_ms, deadline_ms; /* between tries and OP_RUNNING polls (0: 2 s); of the whole step
                                      (0: 15 min) */
    unsigned flags;
    struct op_told told;
};
/* What a step makes, for those who are told what an undo takes back and what stays. A step that has
 * no such row is told by its title. */
struct op_thing {
    const char *step;  /* its id */
    const char *what;  /* N_(); "": nothing that anybody would miss, not told */
    const char *name;  /* the fact that has its name, "=text": that; NULL: the node's */
    const char *with;  /* blank-separated ids: it goes with what one of these steps made */
    const char *why;   /* N_(): why it stays */
    op_when_fn *stays; /* it stays although its step has an undo: it was there before */
    const char *only;  /* N_(): under which condition it is taken back; NULL: none */
};
struct op_plan {
    const char *id, *title;
    const struct op_step *steps;
    size_t n;
    const char *const *inputs; /* names that must be given, NULL-terminated */
    struct op_told told;
    int parameters; /* the event that has the inputs, masked */
    /* What this way of the plan calls the event of that number (0: nothing); NULL: all are as they
     * stand in the rows. */
    int (*number)(const struct op_view *v, int number);
    const struct op_thing *things; /* ends with a row without a step; NULL: none */
};

/* ---- the engine ---- */

/* A check run may be shown the world as it will be, not as it is: each answer passes here before a
 * step reads it. Returns what *a then points to, which the engine frees, or NULL. */
typedef struct json *op_veil_fn(void *payload, const struct op_need *need, const char *node,
                                struct op_answer *a);
struct op_ports { /* what the engine uses; all stay the caller's */
    struct loop *loop;
    struct arm *arm;
    struct auth *auth;
    const struct cloud *cloud;
    struct node **nodes;
    size_t n_nodes;
    struct store *store;  /* for the lock "operation" */
    const char *runs_dir; /* journals */
    op_veil_fn *veil;     /* of a check run; NULL: none */
    void *veil_payload;
};
enum op_step_state {
    OP_S_WAITING,
    OP_S_CHECKING,
    OP_S_RUNNING,
    OP_S_DONE /* made now */,
    OP_S_FOUND,
    OP_S_SKIPPED,
    OP_S_FAILED,
    OP_S_UNDONE
};
struct op_step_view {
    const struct op_step *step;
    enum op_step_state state;     /* of all its nodes together */
    int64_t started_at, ended_at; /* real Unix ms */
    int tries;
    char detail[200];
    size_t nodes_done, nodes_total;
};
struct op_node_view {
    const char *name;
    const struct op_step *step; /* the newest one touched, or NULL */
    enum op_step_state state;
    char detail[200];
};
enum op_run_state {
    OP_R_RUNNING,
    OP_R_WAIT_SIGN_IN,
    OP_R_STOPPING,
    OP_R_STOPPED,
    OP_R_FAILED,
    OP_R_DONE,
    OP_R_UNDOING,
    OP_R_UNDONE
};

struct op_run;
typedef void op_change_fn(void *payload, struct op_run *r);
/* New run: inputs (object of strings; journaled; the objects `then` and `after` tie it to another
 * run, see core/app_chain.c) checked against plan->inputs; the input `machines`
 * ("node1 node2") has it work on these nodes alone. NULL: ERR_C_BUSY
 * when the lock is held, ERR_USAGE, ERR_STORE. Starts working in the next loop turn. */
struct op_run *op_run_start(const struct op_ports *p, const struct op_plan *plan,
                            const struct json *inputs, int64_t uid, op_change_fn *fn, void *payload,
                            struct err *e);
/* An unfinished run from its journal (plan, inputs and nodes come from `open`). */
struct op_run *op_run_resume(const struct op_ports *p, const char *id, op_change_fn *fn,
                             void *payload, struct err *e);
/* Checks only: no journal, no lock, nothing is written anywhere. Ends OP_R_DONE, or OP_R_FAILED
 * (op_run_error: the first failure; not signed in is one) when all checks that can be asked have
 * answered. Steps then are OP_S_FOUND, OP_S_SKIPPED, OP_S_FAILED, or OP_S_WAITING: it would be
 * made. */
struct op_run *op_check_start(const struct op_ports *p, const struct op_plan *plan,
                              const struct json *inputs, op_change_fn *fn, void *payload,
                              struct err *e);
int op_run_undo(struct op_run *r,
                struct err *e); /* of a stopped or failed run; for one from a journal:
                                   op_run_resume, op_run_stop, then this */
/* An unfinished run from its journal, backwards at once. NULL: as op_run_resume. */
struct op_run *op_undo_start(const struct op_ports *p, const char *id, op_change_fn *fn,
                             void *payload, struct err *e);
/* What that would do, from the journal alone: no lock, nothing is asked. In the order in which it
 * goes: {"will":[{"step","what","name","how","why"}], "made":n, "back":n, "lost":n}. how: "delete"
 * or "keep". made: how many things the run has made, or may have (begun, its outcome unknown);
 * back: how many of them are taken back, by themselves or with another one; lost: how many cannot
 * come back. NULL and *e. */
struct json *op_undo_preview(const struct op_ports *p, const char *id, struct err *e);
/* Of which tenant it is, from its journal; "" not known. */
int op_undo_tenant(const struct op_ports *p, const char *id, char out[40], struct err *e);
bool op_run_undoing(const struct op_run *r); /* it goes backwards, or did so last */
void op_run_stop(struct op_run *r);          /* after what is under way */
void op_run_poke(struct op_run *r);          /* signed in: go on */
/* A secret that the operator gave, copied; for the steps that ask with_secret. */
void op_run_secret(struct op_run *r, const struct secret *s);
void op_run_free(struct op_run *r); /* stops without a word: the journal makes it safe */
enum op_run_state op_run_state(const struct op_run *r);
const char *op_run_id(const struct op_run *r);
const struct op_plan *op_run_plan(const struct op_run *r);
int64_t op_run_uid(const struct op_run *r);
int64_t op_run_started(const struct op_run *r), op_run_ended(const struct op_run *r);
const struct err *op_run_error(const struct op_run *r);
/* Of a run that is done all the same: why the first step failed that only warns; NULL: none. */
const struct err *op_run_warning(const struct op_run *r);
size_t op_run_steps(const struct op_run *r, struct op_step_view *out, size_t max);
size_t op_run_nodes(const struct op_run *r, struct op_node_view *out, size_t max);
const char *op_run_fact(const struct op_run *r, const char *name);
/* The run's fact, or, until this sitting tells it anew, what an earlier one wrote down last. */
const char *op_run_told(const struct op_run *r, const char *name);
const char *op_run_input(const struct op_run *r, const char *name);
const struct json *op_run_inputs(const struct op_run *r);
/* The run's secret, empty without one; for the run that follows it. */
const struct secret *op_run_has_secret(const struct op_run *r);
struct json *op_run_facts(
    const struct op_run *r); /* {"run":{name:value}, "nodes":[{"name","facts":{}}]}: the caller's */
/* Is this step of a way that the run does not walk? reached: the flags of all steps that were. For
 * whoever shows a run from its journal; op_run_steps leaves such steps out by itself. */
bool op_step_off_way(const struct op_plan *plan, const struct op_step *step, unsigned reached);
/* Of a journal without running it: plan, state word ("done", "failed", "stopped", "unfinished",
 * "undone"), times, last error. */
struct op_summary {
    char id[64], plan[32], state[16];
    int64_t started_at, ended_at, uid;
    struct err err;
    bool left; /* done, but a step that only warns failed: a resume does it again */
};
int op_summary(const char *runs_dir, const char *id, struct op_summary *out, struct err *e);

/* The preview: every step of a finished check run with what it would ask and do. An array of
 * {"id", "title", "state", "requests": [{"kind", "method", "address", "node"?}]}, the caller's.
 * state: "ok" (looked at, fine) "there" (found) "make" "perhaps" (looked at then, made if a step
 * before has not done it) "later" (looked at then) "not" (not needed) "stop" (would fail). kind:
 * "look" or "write". method: an HTTP method, or "node" for a node's verb. Addresses show facts that
 * nobody knows yet as {cloudId}. Sends nothing. */
struct json *op_preview(struct op_run *r);

#endif
