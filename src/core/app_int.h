/* app_int.h - the inside of the application, shared by app*.c only. */
#ifndef AZL_CORE_APP_INT_H
#define AZL_CORE_APP_INT_H

#include "core/app.h"
#include "core/refresh.h"
#include "op/plans.h"

#define APP_MAX_ASKS 16
#define APP_MAX_HELD 64

struct app_tenant_ask {
    struct app *app;
    size_t at; /* in the section's tenants */
};

/* Tenants, subscriptions and regions being asked for. */
struct app_choices {
    struct sec_choices sec;
    struct arm_call *call;                  /* tenants or regions */
    struct arm_call *groups;                /* beside the regions */
    struct arm_call *subs[SEC_MAX_TENANTS]; /* one a tenant */
    struct app_tenant_ask tenant_asks[SEC_MAX_TENANTS];
    struct json *lists[SEC_MAX_TENANTS];
    struct err errs[SEC_MAX_TENANTS];
    size_t subs_open;
    struct err regions_err;
    bool busy;
    char subscription[40]; /* whose regions are wanted, "" none in particular */
    struct serve_ask asks[APP_MAX_ASKS];
    size_t n_asks;
};

struct app_job;
typedef void app_checked_fn(struct app_job *j);

/* An intent that waits for a node, a refresh or a check. */
struct app_job {
    struct app *app;
    struct serve_ask ask;
    struct node *node;
    struct node_call *call;
    struct op_run *check;
    struct arm_call *arm;
    struct app_scan *scan;
    struct json *values;
    const struct app_proven *proven;
    app_checked_fn *checked; /* of the check run */
    struct loop_timer *timer;
    struct app_job *next;
};

/* An intent that came while the core was still starting. */
struct app_held {
    struct serve_ask ask;
    const struct app_intent_row *row;
    struct json *args;
};

struct app {
    struct app_config c;
    struct serve *serve;
    struct store *store;
    struct node **nodes;
    size_t n_nodes;
    bool has_nodes, has_status, has_cloud, stopping;
    struct refresh *refresh;
    struct cloud cloud;
    struct auth *auth;
    struct arm *arm;
    struct err trouble[APP_PARTS];
    struct sec_core core;
    size_t clients, watching;
    struct loop_timer *idle_timer, *log_timer, *run_timer;
    int64_t log_shown, log_shown_mono;
    int64_t signin_uid; /* -1: nobody */
    int64_t run_by;     /* who began the run here, or took it up: its owner, or root */
    enum auth_state signin_was;
    int64_t mono_to_wall; /* offset used for the section's times */
    struct app_choices choices;
    struct op_run *run;
    bool run_noted;          /* its end was handled */
    struct err chain_err;    /* why the second part of an operation did not begin */
    struct run_log *run_log; /* LogsDirectory; NULL: none */
    struct app_job *jobs;
    struct app_job *undo_job; /* an undo that waits until the run has stopped */
    struct app_held held[APP_MAX_HELD];
    size_t n_held;
};

struct app_job *app_job_new(struct app *a, const struct serve_ask *ask);
void app_job_free(struct app_job *j);

/* app.c */
void app_publish_core(struct app *a);
void app_idle_check(struct app *a);
const char *app_user(char *out, size_t size, int64_t uid);
bool app_signed_in(const struct app *a, const struct serve_ask *ask, struct err *e);
/* app_signin.c */
void app_signin(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_signin_cancel(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_signout(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_publish_signin(struct app *a);
/* app_choices.c */
void app_choices(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_choices_ask(struct app *a, const char *subscription);
void app_choices_reset(struct app *a);
void app_choices_free(struct app *a);
const struct sec_choice *app_choice(const struct sec_choice *items, size_t n, const char *id);
/* app_cluster.c */
void app_status(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_cluster_create(struct app *a, const struct serve_ask *ask, const struct json *args);
/* app_register.c */
void app_register(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_register_check(struct app *a, const struct serve_ask *ask, const struct json *args);
/* The plan's inputs of these values; NULL and *e: the first that is wrong or missing. */
struct json *app_register_inputs(const struct app *a, const struct json *args, struct err *e);
/* app_move.c, move_view.c */
void app_move(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_move_check(struct app *a, const struct serve_ask *ask, const struct json *args);
/* What is gone when an unregistration with these values is done, from the facts of its check. */
struct json *move_view(const struct json *inputs, const struct json *facts);
/* The same of a reset of these machines ("node1 node2"), from the facts of its check. */
struct json *reset_view(const char *machines, const struct json *facts);
op_veil_fn move_veil; /* payload: that view */
/* app_reset.c */
void app_reset(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_reset_check(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_reset_status(struct app *a, const struct serve_ask *ask, const struct json *args);
/* app_act.c: the shape in which all operations but `register` answer their -check
 * (console/face/acts.h has it), and the word that they want typed. */
struct json *app_act_review(const struct op_plan *plan, const struct json *inputs);
/* Adds the preview of a check run to the review's steps. */
void app_act_steps(struct json *review, struct op_run *check);
void app_act_error(struct json *review, const struct err *e);
/* Says which part of an operation of two it was, before the step that *e names. */
void app_act_within(struct err *e, const char *part);
void app_act_confirm(struct json *review, const char *word, const char *ask);
/* The intent's `confirm` against that word, without case. */
int app_act_confirmed(const struct json *args, const char *word, struct err *e);
/* An operation whose values are proven, not asked. `inputs` builds the plan's inputs (NULL and *e:
 * what is missing or contradicts); `review` fills what a finished check run has to say. */
struct app_proven {
    const struct op_plan *plan;
    bool word; /* the cluster resource's name must be typed */
    struct json *(*inputs)(struct app *a, const struct json *args, struct err *e);
    void (*review)(struct app_job *j, struct json *review, const struct json *facts);
};
/* values: "inputs", which it takes, and "check". */
struct app_job *app_act_job(struct app *a, const struct serve_ask *ask,
                            const struct app_proven *what, struct json *inputs_owned, bool check);
/* Begins the run, or answers the review when its check run is at its end; frees the job. */
void app_act_go(struct app_job *j);
/* The end of a job of two parts (values.review, values.check): answers the review with *why, if
 * anything stands in the way, or the error, or begins the run; frees the job. */
typedef int app_begin_fn(struct app_job *j, struct err *e);
void app_act_end(struct app_job *j, app_begin_fn *begin, struct err *why);
/* A check run of the job's (instead of the one that it has): at its end fn, in a turn of its own.
 * ports NULL: the app's. The secret that came with the intent goes along. */
int app_act_check(struct app_job *j, const struct op_ports *ports, const struct op_plan *plan,
                  const struct json *inputs, app_checked_fn *fn, struct err *e);
/* app_prove.c: inputs without the tenant, which Azure's challenge for the subscription gives; then
 * app_act_go. */
void app_prove(struct app *a, const struct serve_ask *ask, const struct json *args,
               const struct app_proven *what, bool check);
void app_ask_tenant(struct app_job *j, arm_done_fn *fn);
/* The tenant, from the answer, into values.inputs. */
int app_set_tenant(struct json *values, const struct arm_reply *r, struct err *e);
/* app_unregister.c */
void app_unregister(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_unregister_check(struct app *a, const struct serve_ask *ask, const struct json *args);
/* Of the stored record, with the machines that registration connected; -1 and *e. */
struct json *app_stored_inputs(struct app *a, const struct json *args, struct err *e);
/* app_arc.c */
void app_arc_disable(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_arc_disable_check(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_arc_enable(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_arc_enable_check(struct app *a, const struct serve_ask *ask, const struct json *args);
/* app_repair.c */
void app_repair(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_repair_check(struct app *a, const struct serve_ask *ask, const struct json *args);
/* app_sync.c */
/* Subscription, group and name of the stored record, and the cloud; NULL and *e: nothing is
 * registered. args are not looked at. */
struct json *app_registered(struct app *a, const struct json *args, struct err *e);
void app_sync(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_sync_check(struct app *a, const struct serve_ask *ask, const struct json *args);
/* app_cleanup.c */
void app_cleanup(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_cleanup_check(struct app *a, const struct serve_ask *ask, const struct json *args);
/* app_run.c */
void app_explain(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_runs(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_run_show(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_run_stop(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_run_resume(struct app *a, const struct serve_ask *ask, const struct json *args);
int app_run_begin(struct app *a, const struct op_plan *plan, const struct json *inputs, int64_t uid,
                  struct err *e);
/* The same for an intent, with its secret: answers with the id. -1 and *e: nothing was answered. */
int app_run_start(struct app *a, const struct serve_ask *ask, const struct op_plan *plan,
                  const struct json *inputs, struct err *e);
void app_run_answer(const struct serve_ask *ask, const struct err *e, const char *id);
bool app_run_owns(const struct serve_ask *ask, int64_t uid, struct err *e);
bool app_run_is_current(const struct app *a, const char *id); /* "": the newest */
bool app_run_good_id(const char *id);
void app_run_no_such(struct err *e, const char *id);
bool app_run_over(const struct app *a); /* none is under way */
int app_run_undo(struct app *a, const char *id, struct err *e);
void app_run_secret(struct op_run *run, const struct serve_ask *ask);
void app_run_take_up(struct app *a);
void app_run_signed_in(struct app *a);
bool app_run_active(const struct app *a);
void app_run_free(struct app *a);
void app_publish_run(struct app *a);
void app_ports(const struct app *a, struct op_ports *p);
/* app_chain.c: two runs as one operation (a run with the input `then`) */
void chain_tell(struct sec_run *out, const struct json *inputs);  /* which part it is */
void chain_count(struct sec_run *out, const struct json *inputs); /* steps over both parts */
/* A first part that is done and not followed yet: true, and the operation is stopped. */
bool chain_settle(struct sec_run *out);
/* Where the operation stands if its second part did not come to its end (or never began). */
void chain_explain(struct sec_run *out, const struct json *inputs, bool between);
void chain_failed(struct sec_run *out, const struct err *e); /* the second part did not begin */
void chain_find_next(struct sec_run *out, const char *runs_dir);
bool app_chain_due(const struct app *a, const char *id); /* done, and what follows never began */
int app_chain_begin(struct app *a, const char *id, struct err *e); /* what follows this run */
bool app_chain_go_on(struct app *a); /* a->run is over: true if it is followed by another */
/* A row of the intent `runs`: which part it is of what. True: its second part is due. */
bool app_chain_row(const struct app *a, struct json *row, const char *id);
/* The part of this operation that is the newest: id itself, or the run that followed it. */
void app_chain_current(const struct app *a, const char *id, char out[64]);
/* app_undo.c */
void app_undo(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_undo_check(struct app *a, const struct serve_ask *ask, const struct json *args);
void app_undo_go_on(struct app *a); /* the run's state has changed */
/* run_show.c */
/* A run of plan register that mends one; and what a run is called. */
bool run_repairs(const char *plan, const struct json *inputs);
const char *run_title(const struct op_plan *plan, bool repairs);
void run_section(struct sec_run *out, const struct op_run *r, const struct cloud *cloud);
int run_from_journal(struct sec_run *out, const char *runs_dir, const char *id,
                     const struct cloud *cloud, struct err *e);

#endif
