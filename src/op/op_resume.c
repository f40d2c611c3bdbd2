#include "config.h"

#include "op/op_engine.h"

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "op/op_events.h"
#include "op/plans.h"

enum { LINE_FULL = 100 }; /* of parameters */

/* ---- writing ---- */

static int add(struct op_run *r, struct journal_rec *rec)
{
    struct err e = { 0 };
    int rc = journal_add(r->journal, rec, &e);

    journal_rec_clear(rec);
    if (rc == 0)
        return 0;
    err_wrap(&e, "%s", _("writing the journal of the operation"));
    log_err("journal of %s: %s", r->id, e.message);
    journal_close(r->journal);
    r->journal = NULL; /* nothing more may follow a line that is missing */
    r->err = e;
    r->told = NULL;
    r->halting = true;
    op_wake(r);
    return -1;
}

int op_journal(struct op_run *r, struct op_cell *c, const char *event, const struct err *e)
{
    bool silent = r->check_only || r->ports.runs_dir == NULL;
    struct journal_rec rec = { .number = silent ? 0 : op_event_of(r, c, event, e) };
    int number = (int)rec.number;

    if (silent)
        op_event_tell(r, c, event, 0, e);
    if (silent)
        return 0;
    if (!r->journal)
        return -1;
    STR_SET(rec.event, event);
    if (c) {
        STR_SET(rec.step, c->step->id);
        STR_SET(rec.node, c->node < 0 ? "" : r->nodes[c->node]->name);
        rec.attempt = c->attempt;
        rec.facts = c->facts ? json_copy(c->facts) : NULL;
        c->news = false;
    }
    if (e)
        rec.err = *e;
    if (add(r, &rec))
        return -1;
    op_event_tell(r, c, event, number, e);
    return 0;
}

/* The parameters as the log may have them; `open` has what a resume needs. The log has them in
 * several lines where one would be cut. */
static int add_parameters(struct op_run *r)
{
    struct journal_rec rec = { .number = r->plan->parameters };
    struct json *p = op_event_parameters(r->inputs);
    struct str text = STR_INIT, line = STR_INIT;

    STR_SET(rec.event, "note");
    JSON_EACH (c, p) {
        str_addf(&text, "%s%s=%s", text.len ? ", " : "", json_name(c), json_value_str(c));
        str_addf(&line, "%s%s=%s", line.len ? ", " : "", json_name(c), json_value_str(c));
        if (line.len < LINE_FULL && json_next(c))
            continue;
        log_event(r->plan->parameters, LOG_INF, "parameters: %s", str_p(&line));
        str_reset(&line);
    }
    rec.facts = json_object();
    json_set_str(rec.facts, "parameters", str_p(&text));
    str_free(&text);
    str_free(&line);
    json_free(p);
    return add(r, &rec);
}

int op_journal_open(struct op_run *r, struct err *e)
{
    struct journal_rec rec = { 0 };
    struct json *nodes = json_array();

    STR_SET(rec.event, "open");
    rec.number = r->plan->told.begin;
    for (size_t i = 0; i < r->n_nodes; i++)
        json_push(nodes, json_string(r->nodes[i]->name));
    rec.facts = json_object();
    json_set_str(rec.facts, "plan", r->plan->id);
    json_set(rec.facts, "inputs", json_copy(r->inputs));
    json_set(rec.facts, "nodes", nodes);
    json_set_int(rec.facts, "uid", r->uid);
    /* who shows the run later may know another cloud by then, or none yet */
    if (r->ports.cloud)
        json_set_str(rec.facts, "portal", r->ports.cloud->portal);
    if (add(r, &rec) == 0) {
        if (r->plan->told.begin)
            op_event_tell(r, NULL, "open", r->plan->told.begin, NULL);
        if (!r->plan->parameters || add_parameters(r) == 0)
            return 0;
    }
    *e = r->err;
    return -1;
}

/* ---- reading ---- */

struct reader {
    struct op_run *r;
    struct json *open;
    int64_t opened_at, last_at;
    char state[16];
    struct err err;
    bool at_rest;      /* the steps' states, too: nobody checks them anew */
    struct json *left; /* {"step node": true}: failed in the last life, and not done after it */
};

static void note_left(struct reader *rd, const struct journal_rec *rec)
{
    char name[160];

    if (!rd->left || (!rec->step[0] && str_eq(rec->event, "open"))) {
        json_free(rd->left);
        rd->left = json_object();
    }
    if (!rec->step[0])
        return;
    str_fmt(name, sizeof name, "%s %s", rec->step, rec->node);
    json_unset(rd->left, name);
    if (str_eq(rec->event, "failed"))
        json_set_bool(rd->left, name, true);
}

static void read_run_event(struct reader *rd, const struct journal_rec *rec)
{
    static const struct {
        const char *event, *state;
    } words[] = { { "open", "unfinished" }, { "signin", "unfinished" }, { "undoing", "undoing" },
                  { "undone", "undone" },   { "stopped", "stopped" },   { "failed", "failed" },
                  { "done", "done" } };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(rec->event, words[i].event) && !(str_eq(rec->event, "signin") && rd->state[0]))
            STR_SET(rd->state, words[i].state);
    if (str_eq(rec->event, "open") && !rd->open) {
        rd->open = json_copy(rec->facts);
        rd->opened_at = rec->at_ms;
    }
}

static bool read_head(const struct journal_rec *rec, void *payload)
{
    struct reader *rd = payload;

    rd->last_at = rec->at_ms;
    note_left(rd, rec);
    if (!rec->step[0])
        read_run_event(rd, rec);
    if (str_eq(rec->event, "failed"))
        rd->err = rec->err;
    return true;
}

/* What the steps are, for a run that is not walked anew. */
static void read_state(struct op_cell *c, const struct journal_rec *rec)
{
    static const struct {
        const char *event;
        enum op_step_state state;
    } states[] = {
        { "begin", OP_S_WAITING },   { "made", OP_S_DONE },     { "found", OP_S_FOUND },
        { "skipped", OP_S_SKIPPED }, { "undone", OP_S_UNDONE }, { "failed", OP_S_FAILED }
    };

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (str_eq(rec->event, states[i].event))
            c->state = states[i].state;
    if (!c->started_at)
        c->started_at = rec->at_ms;
    c->ended_at = rec->at_ms;
    if (err_is(&rec->err))
        TEXT_SET(c->detail, rec->err.message);
    c->phase = OP_P_END;
}

static bool read_cell(const struct journal_rec *rec, void *payload)
{
    struct reader *rd = payload;
    struct op_cell *c = NULL;

    for (size_t i = 0; i < rd->r->n_cells; i++) {
        struct op_cell *k = &rd->r->cells[i];

        if (str_eq(k->step->id, rec->step) &&
            str_eq(k->node < 0 ? "" : rd->r->nodes[k->node]->name, rec->node))
            c = k;
    }
    if (!c)
        return true;
    c->attempt = rec->attempt > c->attempt ? rec->attempt : c->attempt;
    if (rd->at_rest)
        read_state(c, rec);
    if (str_eq(rec->event, "begin")) {
        c->begun = true;
    } else if (str_eq(rec->event, "made")) {
        c->made = true;
        c->begun = false;
    } else if (str_eq(rec->event, "found") || str_eq(rec->event, "undone") ||
               str_eq(rec->event, "skipped")) {
        c->made = c->begun = false;
    }
    if (rec->facts) {
        struct json *old = json_object();

        json_set_str(old, "node", rec->node);
        json_set(old, "facts", json_copy(rec->facts));
        json_push(rd->r->old_facts, old);
    }
    /* no check will tell these facts again */
    if (c->made && !c->step->check.read) {
        struct op_view v = { rd->r, c };

        JSON_EACH (f, rec->facts) {
            if (json_name(f)[0] == '@')
                op_set_node_fact(&v, json_name(f) + 1, json_value_str(f));
            else
                op_set_fact(&v, json_name(f), json_value_str(f));
        }
    }
    return true;
}

static struct op_run *run_from_open(const struct op_ports *p, const struct op_plan *plan,
                                    const char *id, struct reader *rd, struct err *e)
{
    bool left = str_eq(rd->state, "done") && json_len(rd->left) && !rd->at_rest;
    struct op_run *r;

    if ((str_eq(rd->state, "done") && !left) || str_eq(rd->state, "undone")) {
        err_set(e, ERR_USAGE, 0, _("The operation %s has ended; there is nothing to go on with."),
                id);
        return NULL;
    }
    if (!plan) {
        err_set(e, ERR_STORE, ERR_C_CORRUPT,
                _("The journal of %s names no plan that this program knows."), id);
        return NULL;
    }
    r = op_run_make(p, plan, json_member(rd->open, "inputs"), json_member(rd->open, "nodes"), e);
    if (!r)
        return NULL;
    json_int(rd->open, "uid", &r->uid);
    r->started_at = rd->opened_at;
    STR_SET(r->id, id);
    r->old_facts = json_array();
    rd->r = r;
    return r;
}

/* Opened: its head is known, its steps are not. */
static struct op_run *open_run(const struct op_ports *p, const struct op_plan *plan, const char *id,
                               struct reader *rd, struct err *e)
{
    struct op_run *r = NULL;

    if (journal_read(p->runs_dir, id, read_head, rd, e) == 0)
        r = run_from_open(p, plan ? plan : op_plan_find(json_str(rd->open, "plan")), id, rd, e);
    json_free(rd->left);
    json_free(rd->open);
    rd->left = rd->open = NULL;
    return r;
}

struct op_run *op_run_load(const struct op_ports *p, const struct op_plan *plan, const char *id,
                           struct err *e)
{
    struct reader rd = { .at_rest = true };
    struct op_run *r = open_run(p, plan, id, &rd, e);

    if (r && journal_read(p->runs_dir, id, read_cell, &rd, e)) {
        op_run_free(r);
        return NULL;
    }
    if (r)
        r->state = OP_R_STOPPED;
    return r;
}

/* Backwards, where an undo was cut off; forwards else. */
static struct op_run *go_on(const struct op_ports *p, const struct op_plan *plan, const char *id,
                            struct reader *rd, struct err *e)
{
    struct op_run *r = open_run(p, plan, id, rd, e);

    if (!r)
        return NULL;
    rd->at_rest = rd->at_rest || str_eq(rd->state, "undoing");
    if (op_lock(r, e) || journal_read(p->runs_dir, id, read_cell, rd, e) ||
        !(r->journal = journal_open(p->runs_dir, id, e)) ||
        (!rd->at_rest && op_journal_open(r, e))) {
        op_run_free(r);
        return NULL;
    }
    return r;
}

static struct op_run *resume(const struct op_ports *p, const struct op_plan *plan, const char *id,
                             bool undo, op_change_fn *fn, void *payload, struct err *e)
{
    struct reader rd = { .at_rest = undo };
    struct op_run *r = go_on(p, plan, id, &rd, e);

    if (!r)
        return NULL;
    r->fn = fn;
    r->payload = payload;
    if (!rd.at_rest) {
        op_begin(r);
        return r;
    }
    r->state = OP_R_STOPPED;
    if (op_run_undo(r, e)) {
        op_run_free(r);
        return NULL;
    }
    return r;
}

struct op_run *op_run_resume_as(const struct op_ports *p, const struct op_plan *plan,
                                const char *id, op_change_fn *fn, void *payload, struct err *e)
{
    return resume(p, plan, id, false, fn, payload, e);
}

struct op_run *op_undo_start(const struct op_ports *p, const char *id, op_change_fn *fn,
                             void *payload, struct err *e)
{
    return resume(p, NULL, id, true, fn, payload, e);
}

struct op_run *op_run_resume(const struct op_ports *p, const char *id, op_change_fn *fn,
                             void *payload, struct err *e)
{
    return op_run_resume_as(p, NULL, id, fn, payload, e);
}

int op_summary(const char *runs_dir, const char *id, struct op_summary *out, struct err *e)
{
    struct reader rd = { 0 };

    *out = (struct op_summary){ 0 };
    if (journal_read(runs_dir, id, read_head, &rd, e)) {
        json_free(rd.left);
        json_free(rd.open);
        return -1;
    }
    out->left = str_eq(rd.state, "done") && json_len(rd.left);
    json_free(rd.left);
    STR_SET(out->id, id);
    STR_SET(out->plan, json_str(rd.open, "plan"));
    STR_SET(out->state, rd.state[0] && !str_eq(rd.state, "undoing") ? rd.state : "unfinished");
    json_int(rd.open, "uid", &out->uid);
    out->started_at = rd.opened_at;
    out->ended_at = str_eq(out->state, "unfinished") ? 0 : rd.last_at;
    if (str_eq(out->state, "failed"))
        out->err = rd.err;
    json_free(rd.open);
    return 0;
}
