/* app_chain.c - two runs as one operation: a run whose inputs carry `then` is followed by another
 * when it is done.
 *
 * In the first journal's `open`: inputs.then = {"plan", "inputs", "whole"}; in the second's:
 * inputs.after = {"run": the first one's id, "whole", "began", "steps"}. whole: what both are
 * together ("move"). The second is begun from the first one's journal alone, so that a core which
 * died between the two is no different: a first run that is done and that no journal names is due.
 * Secrets of the second are in memory only (op_run_secret of the first) and go over by hand. */
#include "config.h"

#include <stdlib.h>

#include "base/i18n.h"
#include "base/log.h"
#include "core/app_int.h"
#include "store/journal.h"

struct head {
    struct json *inputs;
    char plan[32];
    int64_t uid, opened_at;
};

static bool on_head(const struct journal_rec *r, void *payload)
{
    struct head *h = payload;

    if (!str_eq(r->event, "open"))
        return true;
    h->inputs = json_copy(json_member(r->facts, "inputs"));
    STR_SET(h->plan, json_str(r->facts, "plan"));
    json_int(r->facts, "uid", &h->uid);
    h->opened_at = r->at_ms;
    return false;
}

/* Of its first line only. */
static int read_head(struct head *h, const char *runs_dir, const char *id, struct err *e)
{
    *h = (struct head){ 0 };
    return journal_read(runs_dir, id, on_head, h, e);
}

/* The run that names this one; "" none. The newest are looked at first. */
static void find_next(char out[64], const char *runs_dir, const char *id)
{
    struct err e = { 0 };
    struct json *ids = journal_list(runs_dir, &e);

    out[0] = '\0';
    JSON_EACH (j, ids) {
        struct err unreadable = { 0 };
        struct head h;

        if (out[0])
            break;
        if (read_head(&h, runs_dir, json_value_str(j), &unreadable) == 0 &&
            str_eq(json_str(h.inputs, "after.run"), id))
            str_copy(out, 64, json_value_str(j));
        json_free(h.inputs);
    }
    json_free(ids);
}

void chain_tell(struct sec_run *out, const struct json *inputs)
{
    const struct json *then = json_member(inputs, "then"), *after = json_member(inputs, "after");
    const struct json *mine = after ? after : then;
    char title[120];

    if (!mine)
        return;
    out->part = after ? 2 : 1;
    out->parts = 2;
    STR_SET(out->whole, json_str(mine, "whole"));
    STR_SET(out->before, json_str(after, "run"));
    str_fmt(title, sizeof(title), _("Part %d of %d: %s"), (int)out->part, (int)out->parts,
            out->title);
    STR_SET(out->title, title);
    if (after)
        json_int(after, "began", &out->started_at);
}

/* Where the first part stands the second's steps are not known yet: those of its usual way. */
static int64_t steps_of(const struct op_plan *plan)
{
    int64_t n = 0;

    for (size_t i = 0; plan && i < plan->n; i++)
        n += !op_step_off_way(plan, &plan->steps[i], 0);
    return n;
}

void chain_count(struct sec_run *out, const struct json *inputs)
{
    int64_t before = 0;

    if (out->part == 1)
        out->step_count += steps_of(op_plan_find(json_str(inputs, "then.plan")));
    json_int(inputs, "after.steps", &before);
    out->step_no += before;
    out->step_count += before;
}

void chain_find_next(struct sec_run *out, const char *runs_dir)
{
    if (out->part == 1 && str_eq(out->state, "done"))
        find_next(out->next, runs_dir, out->id);
}

bool chain_settle(struct sec_run *out)
{
    if (out->part != 1 || !str_eq(out->state, "done") || out->next[0])
        return false;
    STR_SET(out->state, "stopped");
    return true;
}

static const char *value_of(const struct json *inputs, const char *name)
{
    const char *s = json_value_str(json_member(inputs, name));

    return s ? s : "";
}

static void say_moved(struct str *s, const struct json *in)
{
    const struct json *values = json_member(in, "then") ? json_get(in, "then.inputs") : in;

    str_addf(s,
             _("The cluster is not registered now: its old registration is gone. The new one was "
               "to be %s in the resource group %s, region %s, subscription %s."),
             value_of(values, "resourceName"), value_of(values, "resourceGroupName"),
             value_of(values, "region"), value_of(values, "subscriptionId"));
}

void chain_explain(struct sec_run *out, const struct json *inputs, bool between)
{
    struct str s = STR_INIT;
    char details[sizeof(out->details)];

    if (out->part == 2 && str_eq(out->whole, "move") && str_eq(out->state, "done") &&
        str_eq(out->result, "Success"))
        str_fmt(out->details, sizeof(out->details),
                _("The cluster was moved: it is registered with Azure as %s in the resource group "
                  "%s, region %s."),
                value_of(inputs, "resourceName"), value_of(inputs, "resourceGroupName"),
                value_of(inputs, "region"));
    if (!between &&
        (out->part != 2 || (!str_eq(out->state, "failed") && !str_eq(out->state, "stopped")) ||
         str_eq(out->result, "RegisterSucceededButArcFailed")))
        return;
    if (between)
        str_add(&s, _("The first part is done, the second has not begun."));
    if (str_eq(out->whole, "move")) {
        str_addf(&s, "%s", between ? " " : "");
        say_moved(&s, inputs);
    }
    str_addf(&s, "%s", s.len ? " " : "");
    str_addf(&s,
             _("\"azloconf operations resume %s\" goes on with it; whoever gives up leaves "
               "everything as it is now and can begin anew with other values."),
             out->id);
    if (between)
        STR_SET(details, str_p(&s));
    else
        str_fmt(details, sizeof(details), "%s %s", out->details, str_p(&s));
    STR_SET(out->details, details);
    if (err_is(&out->error)) {
        char detail[sizeof(out->error.detail)];

        str_fmt(detail, sizeof(detail), "%s%s%s", str_p(&s), out->error.detail[0] ? " " : "",
                out->error.detail);
        STR_SET(out->error.detail, detail);
    }
    str_free(&s);
}

void chain_failed(struct sec_run *out, const struct err *e)
{
    out->error = *e;
    STR_SET(out->error.detail, out->details);
    STR_SET(out->state, "failed");
    STR_SET(out->result, "Failed");
}

bool app_chain_due(const struct app *a, const char *id)
{
    struct err e = { 0 };
    struct op_summary sum;
    struct head h;
    char next[64] = "";
    bool due;

    if (op_summary(a->c.runs_dir, id, &sum, &e) < 0 || !str_eq(sum.state, "done"))
        return false;
    due = read_head(&h, a->c.runs_dir, id, &e) == 0 && json_member(h.inputs, "then");
    json_free(h.inputs);
    if (due)
        find_next(next, a->c.runs_dir, id);
    return due && !next[0];
}

bool app_chain_row(const struct app *a, struct json *row, const char *id)
{
    struct err e = { 0 };
    struct sec_run *s;
    struct head h;
    bool due;

    if (read_head(&h, a->c.runs_dir, id, &e) < 0 ||
        (!json_member(h.inputs, "then") && !json_member(h.inputs, "after"))) {
        if (run_repairs(json_str(row, "plan"), h.inputs))
            json_set_str(row, "whole", "repair");
        json_free(h.inputs);
        return false;
    }
    s = xcalloc(1, sizeof(*s));
    STR_SET(s->id, id);
    STR_SET(s->state, json_str(row, "state"));
    chain_tell(s, h.inputs);
    chain_find_next(s, a->c.runs_dir);
    json_set_str(row, "whole", s->whole);
    json_set_int(row, "part", s->part);
    json_set_int(row, "parts", s->parts);
    if (s->before[0])
        json_set_str(row, "before", s->before);
    if (s->next[0])
        json_set_str(row, "next", s->next);
    due = chain_settle(s);
    free(s);
    json_free(h.inputs);
    return due;
}

static struct json *inputs_of(const struct app *a, const struct head *h, const char *id)
{
    struct json *in = json_copy(json_get(h->inputs, "then.inputs")), *after = json_object();
    struct sec_run *first = xcalloc(1, sizeof(*first));
    struct err e = { 0 };

    if (run_from_journal(first, a->c.runs_dir, id, NULL, &e) < 0)
        log_wrn("%s: %s", id, e.message);
    json_set_str(after, "run", id);
    json_set_str(after, "whole", json_str(h->inputs, "then.whole"));
    json_set_int(after, "began", h->opened_at);
    json_set_int(after, "steps", (int64_t)first->n);
    json_set(in, "after", after);
    free(first);
    return in;
}

int app_chain_begin(struct app *a, const char *id, struct err *e)
{
    const struct op_plan *plan;
    struct secret secret = { 0 };
    struct json *in = NULL;
    struct head h;
    char first[64];
    int r = -1;

    STR_SET(first, id); /* it may be the run's own, which goes */
    if (a->run && str_eq(op_run_id(a->run), first)) {
        if (secret_is(op_run_has_secret(a->run)))
            secret_copy(&secret, op_run_has_secret(a->run));
        app_run_free(a);
    }
    if (read_head(&h, a->c.runs_dir, first, e) < 0) {
        secret_clear(&secret);
        return -1;
    }
    plan = op_plan_find(json_str(h.inputs, "then.plan"));
    if (!plan || !json_is_object(json_get(h.inputs, "then.inputs"))) {
        err_set(e, ERR_STORE, ERR_C_CORRUPT,
                _("The journal of %s names no plan that this program knows."), first);
    } else {
        in = inputs_of(a, &h, first);
        r = app_run_begin(a, plan, in, h.uid, e);
    }
    if (r == 0 && secret_is(&secret))
        op_run_secret(a->run, &secret);
    if (r == 0)
        log_inf("%s is followed by %s", first, op_run_id(a->run));
    else
        log_err("%s is done, but what follows it does not begin: %s", first, e->message);
    secret_clear(&secret);
    json_free(h.inputs);
    json_free(in);
    return r;
}

bool app_chain_go_on(struct app *a)
{
    struct err e = { 0 };

    if (op_run_state(a->run) != OP_R_DONE || !json_member(op_run_inputs(a->run), "then"))
        return false;
    if (app_chain_begin(a, op_run_id(a->run), &e) < 0) {
        a->chain_err = e;
        app_publish_run(a);
    }
    return true;
}

void app_chain_current(const struct app *a, const char *id, char out[64])
{
    struct err e = { 0 };
    struct head h;
    char next[64] = "";

    if (read_head(&h, a->c.runs_dir, id, &e) == 0 && json_member(h.inputs, "then"))
        find_next(next, a->c.runs_dir, id);
    json_free(h.inputs);
    str_copy(out, 64, next[0] ? next : id);
}
