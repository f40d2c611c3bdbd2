#include "config.h"

#include "op/op_engine.h"

#include <stdlib.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

const struct op_thing *op_thing_of(const struct op_run *r, const struct op_step *s)
{
    const struct op_thing *t = r->plan->things;

    while (t && t->step && !str_eq(t->step, s->id))
        t++;
    return t && t->step ? t : NULL;
}

bool op_undoable(struct op_cell *c)
{
    const struct op_thing *t = op_thing_of(c->run, c->step);
    struct op_view v = { c->run, c };

    return (c->made || c->begun) && c->step->undo.read && !(t && t->stays && t->stays(&v));
}

const struct op_cell *op_goes_with(struct op_cell *c)
{
    struct op_run *r = c->run;
    const struct op_thing *t = op_thing_of(r, c->step);

    for (size_t i = 0; t && t->with && i < r->n_cells; i++) {
        struct op_cell *k = &r->cells[i];

        if (k != c && op_has_word(t->with, k->step->id) && op_undoable(k) &&
            (k->node < 0 || c->node < 0 || k->node == c->node))
            return k;
    }
    return NULL;
}

/* Begun, and it stays if it came to be: whether it did is worth a look, so that it can be told. */
static bool worth_a_look(struct op_cell *c)
{
    const struct op_step *s = c->step;

    return c->begun && !c->made && s->check.read && s->apply.read && !s->undo.read &&
           !op_goes_with(c);
}

static void fail(struct op_cell *c, const struct err *e)
{
    struct err why = *e;

    if (!err_is(&why))
        err_set(&why, ERR_OP, ERR_C_DEADLINE, _("The step did not reach its end."));
    why.context[0] = '\0'; /* which step it was says more than what it asked */
    if (c->node >= 0)
        err_wrap(&why, _("undoing on %s: %s"), c->run->nodes[c->node]->name, _(c->step->title));
    else
        err_wrap(&why, _("undoing: %s"), _(c->step->title));
    c->phase = OP_P_END;
    c->state = OP_S_FAILED;
    c->undo_begun = false;
    TEXT_SET(c->detail, why.message);
    log_wrn("undo of step %s failed: %s", c->step->id, why.message);
    op_halt(c->run, c, &why);
}

/* What is a part of it, or of what it is in, has gone with it. */
static void gone_with(struct op_cell *c)
{
    struct op_run *r = c->run;

    for (size_t i = 0; i < r->n_cells; i++) {
        struct op_cell *k = &r->cells[i];
        const struct op_thing *t = op_thing_of(r, k->step);

        if (!(k->made || k->begun) || k->undo || !t || !op_has_word(t->with, c->step->id))
            continue;
        if (k->node >= 0 && c->node >= 0 && k->node != c->node)
            continue;
        k->made = k->begun = false;
        k->state = OP_S_UNDONE;
        op_journal(r, k, "undone", NULL);
    }
}

void op_undo_parts(struct op_run *r)
{
    for (size_t i = 0; i < r->n_cells; i++)
        if (r->cells[i].state == OP_S_UNDONE && r->cells[i].step->undo.read)
            gone_with(&r->cells[i]);
}

static void undone(struct op_cell *c)
{
    c->phase = OP_P_END;
    c->state = OP_S_UNDONE;
    c->ended_at = wall_ms();
    c->undo = c->begun = c->made = c->undo_begun = false;
    c->detail[0] = '\0';
    op_journal(c->run, c, "undone", NULL);
    gone_with(c);
    op_changed(c->run);
}

static void left(struct op_cell *c)
{
    c->phase = OP_P_END;
    c->state = c->before;
    c->undo = c->begun = c->undo_begun = false;
    op_changed(c->run);
}

/* Not yet: a try that failed counts; somebody at it has the step's time. */
static void again(struct op_cell *c, int64_t ms, bool counts, const struct err *e)
{
    int64_t all = c->step->deadline_ms ? c->step->deadline_ms : OP_DEADLINE_MS;

    if (counts ? ++c->undo_asks >= OP_UNDO_ASKS : c->since + all - mono_ms() < ms)
        fail(c, e);
    else if (ms > 0)
        op_cell_wait(c, ms, OP_P_IDLE);
    else
        c->phase = OP_P_IDLE;
}

static void stays(struct op_cell *c, bool came_to_be)
{
    c->before = came_to_be ? OP_S_DONE : c->before;
    c->made = came_to_be;
    left(c);
    if (came_to_be)
        op_journal(c->run, c, "made", NULL);
}

/* A `begin` without an end: is it there? */
static void judge_look(struct op_cell *c, enum op_verdict vd, const struct err *e, int64_t pause)
{
    if (vd == OP_RUNNING || (vd == OP_FAILED && e->retryable)) {
        again(c, pause, vd == OP_FAILED, e);
    } else if (!c->step->undo.read) {
        stays(c, vd == OP_DONE);
    } else if (vd == OP_DONE) {
        c->made = true;
        c->begun = false;
        c->phase = OP_P_IDLE;
    } else if (vd == OP_FAILED) {
        fail(c, e);
    } else {
        left(c); /* never came to be */
    }
}

void op_undo_look_first(struct op_cell *c)
{
    bool deletes = c->act == OP_A_UNDO && c->need.kind == OP_NEED_ARM && !c->need.body &&
                   str_eq(c->need.method, "DELETE");

    c->looking = deletes && !c->looked;
    if (c->looking) {
        c->need.method = "GET";
        c->need.arm_flags &= ~(unsigned)ARM_LRO;
    }
    if (deletes)
        c->looked = false; /* the next one is looked for again */
}

/* Who may not look may delete; an answer that says nothing is asked for again. */
enum op_verdict op_undo_saw(const struct op_answer *a, struct err *e)
{
    if (a->http == 404)
        return OP_DONE;
    if (err_is(&a->err) && (a->err.retryable || a->err.unsure)) {
        *e = a->err;
        e->retryable = true;
        return OP_FAILED;
    }
    if (!err_is(&a->err) && str_ieq(json_str(a->json, "properties.provisioningState"), "Deleting"))
        return OP_RUNNING;
    return OP_ABSENT;
}

void op_undo_judge(struct op_cell *c, enum op_verdict vd, const struct err *e)
{
    int64_t delay = c->step->delay_ms ? c->step->delay_ms : OP_DELAY_MS;
    int64_t pause = e->retry_after_ms > 0 ? e->retry_after_ms : delay;

    c->last = *e;
    if (c->act == OP_A_CHECK) {
        judge_look(c, vd, e, pause);
        return;
    }
    switch (vd) {
    case OP_DONE:
        undone(c);
        break;
    case OP_SKIP:
        left(c);
        break;
    case OP_ABSENT: /* it is there, or its undo has another question */
        c->looked = true;
        again(c, 0, !c->looking, e);
        break;
    case OP_RUNNING:
        again(c, pause, false, e);
        break;
    case OP_FAILED:
        if (e->retryable || e->unsure)
            again(c, pause, true, e);
        else
            fail(c, e);
        break;
    }
}

static void start(struct op_cell *c)
{
    if (!c->undo_begun)
        c->since = mono_ms();
    c->undo_begun = true;
    c->state = OP_S_RUNNING;
    if (c->begun && !c->made && c->step->check.read) {
        c->tries += !c->tries;
        op_exec(c, OP_A_CHECK);
    } else {
        op_exec(c, OP_A_UNDO);
    }
}

/* One step at a time, from the last to the first; its nodes together. */
void op_undo_pump(struct op_run *r)
{
    bool busy = r->flights > 0;

    for (size_t s = r->plan->n; s-- > 0 && !busy && !r->halting && r->state == OP_R_UNDOING;)
        for (size_t k = r->first[s]; k < r->first[s + 1] && !r->halting; k++) {
            struct op_cell *c = &r->cells[k];

            while (c->undo && c->phase == OP_P_IDLE && r->state == OP_R_UNDOING)
                start(c);
            busy |= c->undo && (c->phase == OP_P_FLIGHT || c->phase == OP_P_WAIT);
        }
    if (r->flights)
        return;
    if (r->halting)
        op_finish(r, OP_R_FAILED);
    else if (r->state == OP_R_STOPPING)
        op_finish(r, OP_R_STOPPED);
    else if (r->state == OP_R_UNDOING && !busy)
        op_finish(r, OP_R_UNDONE);
}

void op_recall_facts(struct op_run *r)
{
    JSON_EACH (rec, r->old_facts) {
        const char *node = json_str(rec, "node");

        JSON_EACH (f, json_member(rec, "facts")) {
            const char *name = json_name(f), *value = json_value_str(f);
            struct json *into = name[0] == '@' ? NULL : r->facts;

            for (size_t i = 0; i < r->n_nodes && name[0] == '@'; i++)
                if (str_ieq(r->nodes[i]->name, node))
                    into = r->node_facts[i];
            name += name[0] == '@';
            if (into && !json_member(into, name))
                json_set_str(into, name, value);
        }
    }
}

int op_run_undo(struct op_run *r, struct err *e)
{
    if (r->check_only || (r->state != OP_R_STOPPED && r->state != OP_R_FAILED))
        return err_set(e, ERR_USAGE, 0, _("Only a stopped or failed operation can be undone."));
    if (op_lock(r, e))
        return -1;
    r->undoing = true;
    r->state = OP_R_UNDOING;
    err_clear(&r->err);
    r->told = NULL;
    r->ended_at = 0;
    op_recall_facts(r);
    if (op_journal(r, NULL, "undoing", NULL)) {
        *e = r->err;
        return -1;
    }
    op_undo_parts(r);
    for (size_t i = 0; i < r->n_cells; i++) {
        struct op_cell *c = &r->cells[i];

        c->undo = op_undoable(c) || worth_a_look(c);
        c->undo_begun = c->looked = false;
        c->before = c->made ? OP_S_DONE : c->state;
        c->phase = c->undo ? OP_P_IDLE : OP_P_END;
        c->undo_asks = 0;
    }
    op_wake(r);
    op_changed(r);
    return 0;
}
