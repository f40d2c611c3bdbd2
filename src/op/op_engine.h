/* op_engine.h - inside of the engine: the run, its cells, and who calls whom.
 *
 * A cell is one step on one node (or once). Its way: IDLE -> (check) -> READY -> (apply) -> END;
 * FLIGHT while an act is under way, WAIT while a timer runs. op_engine.c walks (which cell may
 * start), op_exec.c performs one act and judges its answer, op_undo.c walks back, op_resume.c
 * writes and reads the journal, op_facts.c is what steps see, op_show.c is what screens see.
 * Everything runs in the loop's turns: callbacks judge their own cell and ask for op_pump, which
 * runs once a turn.
 */
#ifndef AZL_OP_OP_ENGINE_H
#define AZL_OP_OP_ENGINE_H

#include "op/op.h"

#define OP_TRIES       5
#define OP_DELAY_MS    2000
#define OP_DEADLINE_MS (15 * 60 * 1000)
#define OP_UNDO_ASKS   8 /* questions of one undo, its own look-before included */

enum op_phase { OP_P_IDLE, OP_P_READY, OP_P_FLIGHT, OP_P_WAIT, OP_P_END };
enum op_act_kind { OP_A_CHECK, OP_A_APPLY, OP_A_UNDO };

struct op_cell {
    struct op_run *run;
    const struct op_step *step;
    size_t step_no;
    int node;                  /* index, -1: once */
    enum op_phase phase, next; /* next: the phase after OP_P_WAIT */
    enum op_act_kind act;      /* of OP_P_FLIGHT */
    enum op_step_state state;
    bool begun;           /* `begin` is in the journal and its outcome is not */
    bool made;            /* the journal says that we made it */
    bool undo;            /* to be undone */
    bool news;            /* a fact was set or has changed since the journal had them */
    bool paused;          /* the pause before the next apply is over already */
    bool undo_begun;      /* its undo is under way */
    bool looking, looked; /* its undo's DELETE: whether the thing is there is asked, was seen */
    enum op_step_state before; /* its undo: what it is if it stays */
    int tries, check_tries, undo_asks;
    int64_t attempt; /* as journaled, counts over resumes */
    int64_t started_at, ended_at, touched;
    int64_t since; /* monotonic: the deadline counts from here */
    uint64_t epoch;
    char detail[200];
    struct json
        *facts; /* set by this cell's reads: goes into the journal; node facts start with '@' */
    struct err last; /* why it is not so yet */
    struct op_need need;
    struct arm_call *arm;
    struct node_call *call;
    struct auth_wait *token;
    struct loop_timer *timer;
};

struct op_run {
    struct op_ports ports;
    const struct op_plan *plan;
    char id[64];
    struct json *inputs, *facts,
        *old_facts; /* old_facts: of the journal, array of {node, facts}: for undo */
    struct node **nodes;
    struct json **node_facts;
    size_t n_nodes;
    struct op_cell *cells;
    size_t n_cells;
    size_t *first; /* first[i]: the first cell of step i; first[n] == n_cells */
    struct journal *journal;
    struct store_lock *lock;
    enum op_run_state state, held; /* held: the state after sign-in */
    bool check_only, halting;      /* halting: failed, waiting for what is under way */
    bool undoing;
    struct json *holes; /* of a preview: what stands for facts that are not known yet */
    size_t flights;
    uint64_t epoch; /* one more at each op_run_poke: older "not signed in" answers count no more */
    int64_t uid, started_at, ended_at, ticks;
    struct err err;
    const struct op_cell *told; /* whose failure err is; NULL: of the run itself */
    struct secret secret;       /* op.h, op_set_secret */
    struct loop_timer *pump, *notify;
    op_change_fn *fn;
    void *payload;
};

struct op_view {
    struct op_run *run;
    struct op_cell *cell;
};

/* op_undo.c: an undo's DELETE is asked as a GET first, so that what went with a lost answer, or
 * with a core that died, is not deleted twice; what the GET says. */
void op_undo_look_first(struct op_cell *c);
enum op_verdict op_undo_saw(const struct op_answer *a, struct err *e);

/* op_engine.c */
/* A run without journal and lock, at rest: tests of steps use it too. nodes: names (JSON strings)
 * or NULL for all of p. */
struct op_run *op_run_make(const struct op_ports *p, const struct op_plan *plan,
                           const struct json *inputs, const struct json *names, struct err *e);
struct op_cell *op_cell_of(struct op_run *r, const char *step,
                           int node); /* NULL if there is none */
void op_wake(struct op_run *r);       /* op_pump in the next turn */
void op_changed(struct op_run *r);    /* tells the owner, once a turn */
void op_halt(struct op_run *r, const struct op_cell *c, const struct err *e);
void op_finish(struct op_run *r, enum op_run_state state);
int op_lock(struct op_run *r, struct err *e);
void op_begin(struct op_run *r); /* state RUNNING, woken */
bool op_step_complete(const struct op_run *r, size_t step_no);

/* op_exec.c */
void op_exec(struct op_cell *c, enum op_act_kind act);
void op_need_clear(struct op_need *n);
void op_cell_cancel(struct op_cell *c);
void op_cell_wait(struct op_cell *c, int64_t ms, enum op_phase next);
void op_cell_fail(struct op_cell *c, const struct err *e);
void op_cell_end(struct op_cell *c, enum op_step_state state);

/* op_facts.c */
bool op_facts_known(const struct op_cell *c); /* check_needs */
bool op_after_complete(const struct op_cell *c);
bool op_wanted(const struct op_cell *c);    /* `when_path` and `when` */
bool op_path_open(const struct op_cell *c); /* whether it is on the run's path is not known yet */
bool op_off_path(const struct op_cell *c);  /* it is not, or as long as that is open, hardly */
bool op_has_word(const char *words, const char *word);
const char *op_next_word(const char *words, char *out, size_t size); /* rest, or NULL at the end */

/* op_show.c */
bool op_step_of(const struct op_plan *plan, const struct op_step *step);

/* op_undo.c */
const struct op_thing *op_thing_of(const struct op_run *r, const struct op_step *s); /* or NULL */
bool op_undoable(struct op_cell *c); /* made or perhaps made, and its undo takes it back */
const struct op_cell *op_goes_with(struct op_cell *c); /* what takes it along, or NULL */
void op_recall_facts(struct op_run *r); /* what the journal knew and this run has not learnt */
void op_undo_pump(struct op_run *r);
/* Parts of what an undo took back before it was cut off: they have gone with it, though the journal
 * does not say so yet. */
void op_undo_parts(struct op_run *r);
void op_undo_judge(struct op_cell *c, enum op_verdict vd, const struct err *e);

/* op_resume.c */
int op_journal(struct op_run *r, struct op_cell *c, const char *event, const struct err *e);
/* plan NULL: the one that the journal names. */
struct op_run *op_run_resume_as(const struct op_ports *p, const struct op_plan *plan,
                                const char *id, op_change_fn *fn, void *payload, struct err *e);
int op_journal_open(struct op_run *r, struct err *e); /* the `open` record */
/* At rest, OP_R_STOPPED, its steps as the journal tells them; no lock, no journal open. */
struct op_run *op_run_load(const struct op_ports *p, const struct op_plan *plan, const char *id,
                           struct err *e);

#endif
