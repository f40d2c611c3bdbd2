#include "config.h"

#include "op/op_engine.h"

#include <stdlib.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

static void fail(struct op_cell *c, const struct err *e)
{
    struct err why = *e;

    if (!err_is(&why))
        err_set(&why, ERR_OP, ERR_C_DEADLINE, _("The step did not reach its end."));
    err_wrap(&why, _("undoing: %s"), _(c->step->title));
    c->phase = OP_P_END;
    TEXT_SET(c->detail, why.message);
    log_wrn("undo of step %s failed: %s", c->step->id, why.message);
    op_halt(c->run, c, &why);
}

static void undone(struct op_cell *c)
{
    c->phase = OP_P_END;
    c->state = OP_S_UNDONE;
    c->ended_at = wall_ms();
    c->undo = c->begun = c->made = false;
    op_journal(c->run, c, "undone", NULL);
    op_changed(c->run);
}

static void left(struct op_cell *c)
{
    c->phase = OP_P_END;
    c->undo = c->begun = false;
    op_changed(c->run);
}

static void again(struct op_cell *c, int64_t ms, const struct err *e)
{
    if (++c->undo_asks >= OP_UNDO_ASKS)
        fail(c, e);
    else if (ms > 0)
        op_cell_wait(c, ms, OP_P_IDLE);
    else
        c->phase = OP_P_IDLE;
}

/* A `begin` without an end: is it there? */
static void judge_look(struct op_cell *c, enum op_verdict vd, const struct err *e, int64_t pause)
{
    if (vd == OP_RUNNING || (vd == OP_FAILED && e->retryable)) {
        again(c, pause, e);
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
    case OP_ABSENT:
        again(c, 0, e);
        break;
    case OP_RUNNING:
        again(c, pause, e);
        break;
    case OP_FAILED:
        if (e->retryable || e->unsure)
            again(c, pause, e);
        else
            fail(c, e);
        break;
    }
}

static void start(struct op_cell *c)
{
    c->since = mono_ms();
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

/* What the journal knew and this run has not learnt. */
static void recall_facts(struct op_run *r)
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
    recall_facts(r);
    for (size_t i = 0; i < r->n_cells; i++) {
        struct op_cell *c = &r->cells[i];

        c->undo = (c->made || c->begun) && c->step->undo.read;
        c->phase = c->undo ? OP_P_IDLE : OP_P_END;
        c->undo_asks = 0;
    }
    if (op_journal(r, NULL, "undoing", NULL)) {
        *e = r->err;
        return -1;
    }
    op_wake(r);
    op_changed(r);
    return 0;
}
