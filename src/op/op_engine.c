#include "config.h"

#include "op/op_engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "op/op_events.h"

enum { IDS_AHEAD = 3600 }; /* ids run ahead of the clock when many runs begin in one second */

static void on_pump(void *payload);

/* ---- building a run ---- */

/* What ties a run to the one before or behind it (op.h). */
static bool is_chain(const struct json *c)
{
    return json_is_object(c) && (str_eq(json_name(c), "then") || str_eq(json_name(c), "after"));
}

static int check_inputs(const struct op_plan *plan, const struct json *inputs, struct err *e)
{
    JSON_EACH (c, inputs)
        if (!json_is_string(c) && !is_chain(c))
            return err_set(e, ERR_USAGE, 0, _("The value of %s is not text."), json_name(c));
    for (const char *const *name = plan->inputs; name && *name; name++) {
        const char *s = json_value_str(json_member(inputs, *name));

        if (!s || !*s)
            return err_set(e, ERR_USAGE, 0, _("A value for %s is needed."), *name);
    }
    return 0;
}

static struct node *node_named(const struct op_ports *p, const char *name)
{
    for (size_t i = 0; name && i < p->n_nodes; i++)
        if (str_ieq(p->nodes[i]->name, name))
            return p->nodes[i];
    return NULL;
}

static int take_nodes(struct op_run *r, const struct json *names, struct err *e)
{
    size_t n = names ? json_len(names) : r->ports.n_nodes, i = 0;

    r->nodes = xcalloc(n + 1, sizeof *r->nodes);
    r->node_facts = xcalloc(n + 1, sizeof *r->node_facts);
    if (!names)
        for (; i < n; i++)
            r->nodes[i] = r->ports.nodes[i];
    else
        JSON_EACH (c, names) {
            const char *name = json_value_str(c);

            r->nodes[i] = node_named(&r->ports, name);
            if (!r->nodes[i++])
                return err_set(e, ERR_OP, ERR_C_NOT_FOUND,
                               _("The node %s of this operation is not known any more."),
                               name ? name : "?");
        }
    r->n_nodes = n;
    for (i = 0; i < n; i++)
        r->node_facts[i] = json_object();
    return 0;
}

static size_t cells_of(const struct op_run *r, const struct op_step *s)
{
    return s->scope == OP_EACH_NODE ? r->n_nodes : s->scope == OP_ONE_NODE ? r->n_nodes > 0 : 1;
}

static void make_cells(struct op_run *r)
{
    size_t n = r->plan->n, k = 0;

    r->first = xcalloc(n + 1, sizeof *r->first);
    for (size_t i = 0; i < n; i++) {
        r->first[i] = r->n_cells;
        r->n_cells += cells_of(r, &r->plan->steps[i]);
    }
    r->first[n] = r->n_cells;
    r->cells = xcalloc(r->n_cells + 1, sizeof *r->cells);
    for (size_t i = 0; i < n; i++)
        for (; k < r->first[i + 1]; k++)
            r->cells[k] = (struct op_cell){ .run = r,
                                            .step = &r->plan->steps[i],
                                            .step_no = i,
                                            .node = r->plan->steps[i].scope == OP_ONCE
                                                        ? -1
                                                        : (int)(k - r->first[i]) };
}

/* Of a plan that is of single machines: the input `machines` names them. NULL: all nodes. */
static struct json *machines_of(const struct json *inputs)
{
    const char *p = json_str(inputs, "machines");
    struct json *names = NULL;
    char name[80];

    while (p && (p = op_next_word(p, name, sizeof name))) {
        names = names ? names : json_array();
        json_push(names, json_string(name));
    }
    return names;
}

struct op_run *op_run_make(const struct op_ports *p, const struct op_plan *plan,
                           const struct json *inputs, const struct json *names, struct err *e)
{
    struct json *machines;
    struct op_run *r;
    char guid[GUID_SIZE];
    int rc;

    if (check_inputs(plan, inputs, e))
        return NULL;
    machines = machines_of(inputs);
    r = xcalloc(1, sizeof *r);
    r->ports = *p;
    r->plan = plan;
    r->inputs = json_copy(inputs);
    r->facts = json_object();
    guid_random(guid);
    json_set_str(r->facts, "run.correlation", guid);
    r->started_at = wall_ms();
    rc = take_nodes(r, names ? names : machines, e);
    json_free(machines);
    if (rc) {
        op_run_free(r);
        return NULL;
    }
    make_cells(r);
    return r;
}

struct op_cell *op_cell_of(struct op_run *r, const char *step, int node)
{
    for (size_t i = 0; i < r->n_cells; i++)
        if (str_eq(r->cells[i].step->id, step) && r->cells[i].node == node)
            return &r->cells[i];
    return NULL;
}

bool op_step_complete(const struct op_run *r, size_t step_no)
{
    for (size_t k = r->first[step_no]; k < r->first[step_no + 1]; k++)
        if (r->cells[k].phase != OP_P_END ||
            (r->cells[k].state == OP_S_FAILED && !(r->cells[k].step->flags & OP_SOFT)))
            return false;
    return true;
}

/* ---- telling and waking ---- */

static void on_notify(void *payload)
{
    struct op_run *r = payload;

    r->notify = NULL;
    if (r->fn)
        r->fn(r->payload, r); /* may free r */
}

void op_changed(struct op_run *r)
{
    if (!r->notify && r->ports.loop)
        r->notify = loop_after(r->ports.loop, 0, on_notify, r);
}

void op_wake(struct op_run *r)
{
    if (!r->pump && r->ports.loop)
        r->pump = loop_after(r->ports.loop, 0, on_pump, r);
}

static void end_waits(struct op_run *r)
{
    for (size_t i = 0; i < r->n_cells; i++)
        if (r->cells[i].phase == OP_P_WAIT) {
            loop_timer_del(r->cells[i].timer);
            r->cells[i].timer = NULL;
            r->cells[i].phase = r->cells[i].next;
        }
}

/* Which of two failures is told, whichever came first: what was found to be in the way (it has a
 * number) before a look that failed, then what stands first in the table. */
static bool tells_more(const struct op_cell *c, const struct err *e, const struct op_run *r)
{
    bool found = e->domain == ERR_OP && op_event_find(e->code),
         found_before = r->err.domain == ERR_OP && op_event_find(r->err.code);

    return found == found_before ? c < r->told : found;
}

void op_halt(struct op_run *r, const struct op_cell *c, const struct err *e)
{
    bool own = r->halting && !r->told; /* the journal cannot be written */

    if (!err_is(&r->err) || (r->told ? tells_more(c, e, r) : !own)) {
        r->err = *e;
        r->told = c;
    }
    if (r->check_only)
        return; /* the other checks still say what they find */
    r->halting = true;
    end_waits(r);
    op_wake(r);
}

int op_lock(struct op_run *r, struct err *e)
{
    if (r->lock || !r->ports.store)
        return 0;
    r->lock = r->ports.store->ops->lock(r->ports.store, "operation", e);
    return r->lock ? 0 : -1;
}

static void unlock(struct op_run *r)
{
    if (r->lock)
        r->ports.store->ops->unlock(r->lock);
    r->lock = NULL;
}

void op_finish(struct op_run *r, enum op_run_state state)
{
    static const char *const events[] = { [OP_R_STOPPED] = "stopped",
                                          [OP_R_FAILED] = "failed",
                                          [OP_R_DONE] = "done",
                                          [OP_R_UNDONE] = "undone" };

    end_waits(r);
    if (op_journal(r, NULL, events[state], state == OP_R_FAILED ? &r->err : NULL)) {
        state = OP_R_FAILED;
        log_err("run %s: %s", r->id, events[state]);
    }
    r->state = state;
    r->ended_at = wall_ms();
    r->halting = false;
    unlock(r);
    op_changed(r);
}

/* ---- the walk ---- */

static bool try_check(struct op_cell *c)
{
    const struct op_step *s = c->step;

    if (c->phase != OP_P_IDLE)
        return false;
    if (op_path_open(c))
        return false; /* whose path it is not shall not even ask */
    if (!c->begun && (op_off_path(c) || (s->when && op_after_complete(c) && !op_wanted(c)))) {
        op_cell_end(c, OP_S_SKIPPED);
        return true;
    }
    if (!s->check.read) {
        if (c->made)
            op_cell_end(c, OP_S_DONE);
        else
            c->phase = OP_P_READY;
        return true;
    }
    if (!op_facts_known(c))
        return false;
    if (c->state != OP_S_CHECKING && !c->tries)
        c->since = mono_ms();
    if (!c->started_at)
        c->started_at = wall_ms();
    c->state = c->tries ? OP_S_RUNNING : OP_S_CHECKING;
    op_exec(c, OP_A_CHECK);
    return true;
}

static void try_apply(struct op_cell *c)
{
    if (c->phase != OP_P_READY || !op_after_complete(c))
        return;
    if (!c->begun && !op_wanted(c)) {
        op_cell_end(c, OP_S_SKIPPED);
        op_wake(c->run);
        return;
    }
    if (!c->tries) {
        c->since = mono_ms();
        c->started_at = wall_ms();
    }
    c->attempt++;
    if (op_journal(c->run, c, "begin", NULL))
        return;
    c->begun = true;
    c->tries++;
    c->paused = false;
    c->state = OP_S_RUNNING;
    op_exec(c, OP_A_APPLY);
}

static bool waiting(const struct op_run *r)
{
    for (size_t i = 0; i < r->n_cells; i++)
        if (r->cells[i].phase == OP_P_WAIT)
            return true;
    return false;
}

static bool all_ended(const struct op_run *r)
{
    for (size_t i = 0; i < r->n_cells; i++)
        if (r->cells[i].phase != OP_P_END)
            return false;
    return true;
}

static const char *first_stuck(const struct op_run *r)
{
    for (size_t i = 0; i < r->n_cells; i++)
        if (r->cells[i].phase != OP_P_END)
            return r->cells[i].step->id;
    return "";
}

static void judge_refusal(struct op_run *r)
{
    for (size_t i = 0; i < r->n_cells && r->err.http == 403; i++) {
        struct op_view v = { r, &r->cells[i] };
        struct op_answer none = { .err = { .retry_after_ms = -1 } };
        struct err e = { .retry_after_ms = -1 };

        if ((r->cells[i].step->flags & OP_GATE) && r->cells[i].phase == OP_P_IDLE &&
            r->cells[i].step->check.read(&v, &none, &e) == OP_FAILED) {
            err_wrap(&e, "%s", _(r->cells[i].step->title));
            r->err = e;
        }
    }
}

/* Nothing is under way. */
static void settle(struct op_run *r)
{
    if (r->halting || r->check_only)
        judge_refusal(r);
    if (r->halting) {
        op_finish(r, OP_R_FAILED);
    } else if (r->state == OP_R_STOPPING) {
        op_finish(r, all_ended(r) ? OP_R_DONE : OP_R_STOPPED);
    } else if (r->state != OP_R_RUNNING || waiting(r) || r->pump) {
        return;
    } else if (r->check_only || all_ended(r)) {
        op_finish(r, err_is(&r->err) ? OP_R_FAILED : OP_R_DONE);
    } else {
        err_set(&r->err, ERR_OP, ERR_C_CORRUPT,
                _("The step %s cannot go on: what it needs is not known."), first_stuck(r));
        op_finish(r, OP_R_FAILED);
    }
}

/* It has failed, but has changed nothing yet: what was not asked so far still is, so that what is
 * told does not hang on which answer came first. */
static void look_on(struct op_run *r)
{
    bool moved = true;

    for (size_t i = 0; i < r->n_cells; i++)
        if (r->cells[i].tries || r->cells[i].begun || r->cells[i].made)
            return;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < r->n_cells; i++)
            moved |= !r->cells[i].touched && try_check(&r->cells[i]);
    }
}

/* All checks that can be asked first, so that what they find at once (a conflict, a wrong region)
 * comes before any change. */
static void walk(struct op_run *r)
{
    bool moved = true;

    while (moved && !r->halting && r->state == OP_R_RUNNING) {
        moved = false;
        for (size_t i = 0; i < r->n_cells && !r->halting && r->state == OP_R_RUNNING; i++)
            moved |= try_check(&r->cells[i]);
    }
    for (size_t i = 0; i < r->n_cells && !r->check_only; i++)
        if (!r->halting && r->state == OP_R_RUNNING)
            try_apply(&r->cells[i]);
}

static void on_pump(void *payload)
{
    struct op_run *r = payload;

    r->pump = NULL;
    if (r->undoing) {
        op_undo_pump(r);
        return;
    }
    if (r->state == OP_R_RUNNING && !r->halting)
        walk(r);
    if (r->state == OP_R_RUNNING && r->halting && r->told)
        look_on(r);
    if (!r->flights && (r->state == OP_R_RUNNING || r->state == OP_R_STOPPING || r->halting))
        settle(r);
}

void op_begin(struct op_run *r)
{
    r->state = OP_R_RUNNING;
    op_wake(r);
    op_changed(r);
}

/* ---- public ---- */

/* Ids have whole seconds, and behind them the plan's name: of two runs that begin in one second
 * the second one's must still sort as the newer. */
static struct journal *new_journal(struct op_run *r, struct err *e)
{
    struct journal *j = NULL;
    struct json *there;
    const char *newest;
    int64_t now = wall_ms(), i = 0;

    if (file_mkdirs(r->ports.runs_dir, e) || !(there = journal_list(r->ports.runs_dir, e)))
        return NULL;
    newest = json_value_str(json_first(there));
    do
        journal_new_id(r->id, r->plan->id, now + i * 1000);
    while (newest && strcmp(r->id, newest) <= 0 && ++i < IDS_AHEAD);
    if (i == IDS_AHEAD) /* the clock was set back */
        i = 0;
    json_free(there);
    for (int64_t last = i + IDS_AHEAD; i < last && !j; i++) {
        journal_new_id(r->id, r->plan->id, now + i * 1000);
        err_clear(e);
        j = journal_create(r->ports.runs_dir, r->id, e);
        if (!j && e->code != ERR_C_CONFLICT)
            return NULL;
    }
    return j;
}

struct op_run *op_run_start(const struct op_ports *p, const struct op_plan *plan,
                            const struct json *inputs, int64_t uid, op_change_fn *fn, void *payload,
                            struct err *e)
{
    struct op_run *r = op_run_make(p, plan, inputs, NULL, e);

    if (!r)
        return NULL;
    r->uid = uid;
    r->fn = fn;
    r->payload = payload;
    if (op_lock(r, e) || !(r->journal = new_journal(r, e)) || op_journal_open(r, e)) {
        op_run_free(r);
        return NULL;
    }
    op_begin(r);
    return r;
}

struct op_run *op_check_start(const struct op_ports *p, const struct op_plan *plan,
                              const struct json *inputs, op_change_fn *fn, void *payload,
                              struct err *e)
{
    struct op_run *r = op_run_make(p, plan, inputs, NULL, e);

    if (!r)
        return NULL;
    str_fmt(r->id, sizeof r->id, "check-%s", plan->id);
    r->fn = fn;
    r->payload = payload;
    r->check_only = true;
    op_begin(r);
    return r;
}

void op_run_stop(struct op_run *r)
{
    if (r->state != OP_R_RUNNING && r->state != OP_R_WAIT_SIGN_IN && r->state != OP_R_UNDOING)
        return;
    if (r->state == OP_R_WAIT_SIGN_IN)
        err_clear(&r->err);
    r->state = OP_R_STOPPING;
    end_waits(r);
    op_wake(r);
    op_changed(r);
}

void op_run_poke(struct op_run *r)
{
    if (r->state != OP_R_WAIT_SIGN_IN)
        return;
    r->epoch++;
    r->state = r->held;
    if (!r->check_only || r->err.code == ERR_C_NOT_SIGNED_IN || r->err.http == 401)
        err_clear(&r->err);
    for (size_t i = 0; i < r->n_cells; i++) {
        r->cells[i].since = mono_ms();
        r->cells[i].check_tries = 0;
    }
    op_wake(r);
    op_changed(r);
}

void op_run_secret(struct op_run *r, const struct secret *s)
{
    secret_copy(&r->secret, s);
}

void op_run_free(struct op_run *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_cells; i++) {
        op_cell_cancel(&r->cells[i]);
        json_free(r->cells[i].facts);
    }
    for (size_t i = 0; i < r->n_nodes; i++)
        json_free(r->node_facts[i]);
    loop_timer_del(r->pump);
    loop_timer_del(r->notify);
    if (r->journal)
        journal_close(r->journal);
    unlock(r);
    secret_clear(&r->secret);
    json_free(r->inputs);
    json_free(r->facts);
    json_free(r->old_facts);
    json_free(r->holes);
    free(r->nodes);
    free(r->node_facts);
    free(r->first);
    free(r->cells);
    free(r);
}
