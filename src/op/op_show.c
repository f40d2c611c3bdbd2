#include "config.h"

#include "op/op_engine.h"

enum op_run_state op_run_state(const struct op_run *r)
{
    return r->state;
}

const char *op_run_id(const struct op_run *r)
{
    return r->id;
}

bool op_run_undoing(const struct op_run *r)
{
    return r->undoing;
}

const struct op_plan *op_run_plan(const struct op_run *r)
{
    return r->plan;
}

int64_t op_run_uid(const struct op_run *r)
{
    return r->uid;
}

int64_t op_run_started(const struct op_run *r)
{
    return r->started_at;
}

int64_t op_run_ended(const struct op_run *r)
{
    return r->ended_at;
}

const struct err *op_run_error(const struct op_run *r)
{
    return &r->err;
}

const struct err *op_run_warning(const struct op_run *r)
{
    for (size_t k = 0; r->state == OP_R_DONE && k < r->n_cells; k++)
        if (r->cells[k].state == OP_S_FAILED)
            return &r->cells[k].last;
    return NULL;
}

const char *op_run_fact(const struct op_run *r, const char *name)
{
    const char *s = json_value_str(json_member(r->facts, name));

    return s ? s : "";
}

const char *op_run_told(const struct op_run *r, const char *name)
{
    const char *told = json_value_str(json_member(r->facts, name));

    if (told)
        return told;
    JSON_EACH (rec, r->old_facts) {
        const char *s = json_value_str(json_member(json_member(rec, "facts"), name));

        told = s ? s : told;
    }
    return told ? told : "";
}

const struct json *op_run_inputs(const struct op_run *r)
{
    return r->inputs;
}

const struct secret *op_run_has_secret(const struct op_run *r)
{
    return &r->secret;
}

const char *op_run_input(const struct op_run *r, const char *name)
{
    const char *s = json_value_str(json_member(r->inputs, name));

    return s ? s : "";
}

struct json *op_run_facts(const struct op_run *r)
{
    struct json *out = json_object(), *nodes = json_array();

    for (size_t i = 0; i < r->n_nodes; i++) {
        struct json *n = json_object();

        json_set_str(n, "name", r->nodes[i]->name);
        json_set(n, "facts", json_copy(r->node_facts[i]));
        json_push(nodes, n);
    }
    json_set(out, "run", json_copy(r->facts));
    json_set(out, "nodes", nodes);
    return out;
}

/* The state of all nodes of a step together: the most telling one wins. */
static enum op_step_state joined(const size_t count[], size_t total)
{
    static const enum op_step_state order[] = { OP_S_FAILED, OP_S_RUNNING, OP_S_CHECKING };
    size_t ended = count[OP_S_DONE] + count[OP_S_FOUND] + count[OP_S_SKIPPED] + count[OP_S_UNDONE];

    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        if (count[order[i]])
            return order[i];
    if (ended < total)
        return OP_S_WAITING;
    if (count[OP_S_DONE])
        return OP_S_DONE;
    if (count[OP_S_UNDONE])
        return OP_S_UNDONE;
    return count[OP_S_FOUND] ? OP_S_FOUND : OP_S_SKIPPED;
}

/* The node that failed, else the newest. */
static bool tells_more(const struct op_cell *c, const struct op_cell *than)
{
    if (!than || (c->state == OP_S_FAILED) != (than->state == OP_S_FAILED))
        return !than || c->state == OP_S_FAILED;
    return c->touched > than->touched;
}

static void show_step(const struct op_run *r, size_t s, struct op_step_view *out)
{
    size_t count[OP_S_UNDONE + 1] = { 0 }, total = r->first[s + 1] - r->first[s];
    const struct op_cell *told = NULL;

    *out = (struct op_step_view){ .step = &r->plan->steps[s] };
    for (size_t k = r->first[s]; k < r->first[s + 1]; k++) {
        const struct op_cell *c = &r->cells[k];

        count[c->state]++;
        if (c->started_at && (!out->started_at || c->started_at < out->started_at))
            out->started_at = c->started_at;
        if (c->ended_at > out->ended_at)
            out->ended_at = c->ended_at;
        if (c->tries > out->tries)
            out->tries = c->tries;
        if (c->detail[0] && tells_more(c, told))
            told = c;
        out->nodes_done += c->phase == OP_P_END && c->state != OP_S_FAILED;
    }
    out->state = total ? joined(count, total) : OP_S_SKIPPED;
    if (out->state <= OP_S_RUNNING)
        out->ended_at = 0;
    if (told)
        STR_SET(out->detail, told->detail);
    if (r->plan->steps[s].scope == OP_EACH_NODE)
        out->nodes_total = total;
    else
        out->nodes_done = 0;
}

bool op_step_of(const struct op_plan *plan, const struct op_step *step)
{
    return !step->plan || str_eq(step->plan, plan->id);
}

bool op_step_off_way(const struct op_plan *plan, const struct op_step *step, unsigned reached)
{
    bool other = (step->flags & OP_OTHER_WAY) != 0, took_other = (reached & OP_OTHER_WAY) != 0;

    if (!op_step_of(plan, step))
        return true;
    if (!step->when_path)
        return false;
    if (other != took_other)
        return true;
    return other &&
           (reached & OP_CLIENT_APP ? step->flags & OP_SERVICE_APP : step->flags & OP_CLIENT_APP);
}

size_t op_run_steps(const struct op_run *r, struct op_step_view *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < r->plan->n && n < max; i++)
        if (r->first[i] == r->first[i + 1] || !op_off_path(&r->cells[r->first[i]]))
            show_step(r, i, &out[n++]);
    return n;
}

size_t op_run_nodes(const struct op_run *r, struct op_node_view *out, size_t max)
{
    size_t n = r->n_nodes < max ? r->n_nodes : max;

    for (size_t i = 0; i < n; i++) {
        const struct op_cell *newest = NULL;

        for (size_t k = 0; k < r->n_cells; k++)
            if (r->cells[k].node == (int)i && r->cells[k].touched &&
                (!newest || r->cells[k].touched > newest->touched))
                newest = &r->cells[k];
        out[i] = (struct op_node_view){ .name = r->nodes[i]->name };
        if (!newest)
            continue;
        out[i].step = newest->step;
        out[i].state = newest->state;
        STR_SET(out[i].detail, newest->detail);
    }
    return n;
}
