/* app_undo.c - an unfinished operation is taken back: what that would do (from its journal), and
 * the undo itself. One that is under way is stopped first.
 *
 * Refused: what has come to its end, what was taken back already, what a later operation has built
 * on, what somebody else began, a sign-in of another tenant than the operation's, and an operation
 * of which nothing can be taken back. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "core/advice.h"
#include "core/app_int.h"
#include "store/journal.h"

/* What to use instead of the undo of an operation that is done; ERR_C_IS_OVER has the words. */
static const struct {
    const char *plan, *text;
} instead[] = {
    { "register", N_("azloconf unregister takes a registration back.") },
    { "unregister", N_("azloconf register registers the cluster anew.") },
    { "move", N_("azloconf move goes back the same way.") },
    { "arc-disable", N_("azloconf arc enable brings Arc back.") },
    { "arc-enable", N_("azloconf arc disable takes Arc away again.") },
    { "reset", N_("What a reset deleted does not come back: azloconf register registers anew.") },
    { "cleanup", N_("What was deleted does not come back.") },
    { "sync", N_("A sync has nothing to take back.") },
};

/* Of a move, both parts are the move. */
static int is_done(const struct app *a, const struct op_summary *sum, struct err *e)
{
    const char *text = N_("Only one that did not come to its end is undone.");
    struct json *row = json_object();
    const char *plan;
    bool due;

    json_set_str(row, "state", sum->state);
    due = app_chain_row(a, row, sum->id);
    plan = str_eq(json_str(row, "whole"), "move") ? "move" : sum->plan;
    for (size_t i = 0; i < ARRAY_LEN(instead); i++)
        if (str_eq(instead[i].plan, plan))
            text = instead[i].text;
    if (due)
        err_set(e, ERR_OP, ERR_C_IS_OVER,
                _("The first part of %s is done, the second has not begun. azloconf operations "
                  "resume begins it."),
                sum->id);
    else
        err_set(e, ERR_OP, ERR_C_IS_OVER, _("The operation %s is done. %s"), sum->id, _(text));
    json_free(row);
    return -1;
}

/* -1 and *e: one that is over for good. */
static int unfinished(const struct app *a, const struct op_summary *sum, struct err *e)
{
    if (str_eq(sum->state, "done"))
        return is_done(a, sum, e);
    if (str_eq(sum->state, "undone"))
        return err_set(e, ERR_OP, ERR_C_IS_OVER,
                       _("What the operation %s had made was taken back already."), sum->id);
    return 0;
}

static bool count_made(const struct journal_rec *rec, void *payload)
{
    bool *made = payload;

    *made = *made || (rec->step[0] && (str_eq(rec->event, "begin") || str_eq(rec->event, "made")));
    return true;
}

/* A later one that has made something stands on what this one made. */
static int built_on(struct app *a, const char *id, struct err *e)
{
    struct err why = { 0 };
    struct json *ids = journal_list(a->c.runs_dir, &why);
    struct op_summary sum;
    int rc = 0;

    JSON_EACH (later, ids) {
        const char *name = json_value_str(later);
        bool made = false;

        if (str_eq(name, id) || rc)
            break;
        if (op_summary(a->c.runs_dir, name, &sum, &why) < 0 || str_eq(sum.state, "undone") ||
            journal_read(a->c.runs_dir, name, count_made, &made, &why) < 0 || !made)
            continue;
        rc = err_set(e, ERR_OP, ERR_C_BUILT_ON,
                     _("A later operation, %s (%s), has gone on with what %s made."), name,
                     sum.state, id);
    }
    json_free(ids);
    return rc;
}

/* The newest that is not at its end; the newest of all, if there is none: it says why not. */
static void newest(struct app *a, char out[64])
{
    struct err e = { 0 };
    struct json *ids = journal_list(a->c.runs_dir, &e);
    struct op_summary sum;

    out[0] = '\0';
    JSON_EACH (id, ids) {
        if (op_summary(a->c.runs_dir, json_value_str(id), &sum, &e) < 0)
            continue;
        if (!out[0] || unfinished(a, &sum, &e) == 0)
            str_copy(out, 64, json_value_str(id));
        if (unfinished(a, &sum, &e) == 0)
            break;
    }
    json_free(ids);
}

/* Which one, and may the asker? */
static int find(struct app *a, const struct serve_ask *ask, const struct json *args,
                struct op_summary *sum, struct err *e)
{
    const char *given = json_str(args, "id");
    char id[64];

    if (given && *given)
        STR_SET(id, given);
    else
        newest(a, id);
    if (!id[0])
        return err_set(e, ERR_OP, ERR_C_NOT_FOUND, "%s",
                       _("No operation was started here yet: there is nothing to undo."));
    if (!app_run_good_id(id))
        return err_set(e, ERR_USAGE, 0, "%s", _("This is no operation's id."));
    if (op_summary(a->c.runs_dir, id, sum, e) < 0) {
        app_run_no_such(e, id);
        return -1;
    }
    if (!app_run_owns(ask, sum->uid, e) || unfinished(a, sum, e) < 0)
        return -1;
    return built_on(a, id, e);
}

/* ---- what it would do ---- */

static void tell_state(const struct app *a, struct json *out, const struct op_summary *sum)
{
    const struct op_plan *plan = op_plan_find(sum->plan);
    bool runs = app_run_is_current(a, sum->id) && !app_run_over(a);
    struct json *row = json_object();

    json_set_str(row, "plan", sum->plan);
    app_chain_row(a, row, sum->id);
    json_set_str(out, "id", sum->id);
    json_set_str(out, "plan", sum->plan);
    json_set_str(out, "title",
                 plan ? run_title(plan, str_eq(json_str(row, "whole"), "repair")) : sum->plan);
    json_free(row);
    json_set_bool(out, "running", runs && !op_run_undoing(a->run));
    json_set_bool(out, "undoing", runs && op_run_undoing(a->run));
}

/* The second part alone is taken back. */
static void warn_part(const struct app *a, const char *id, struct json *list)
{
    struct json *row = json_object();

    json_set_str(row, "state", "");
    app_chain_row(a, row, id);
    if (json_str(row, "before") && str_eq(json_str(row, "whole"), "move"))
        json_push(list, json_string(_("It is the second part of a move. The first stays done: the "
                                      "old registration does not come back.")));
    else if (json_str(row, "before"))
        json_push(list, json_string(_("It is the second part of a reset. The first stays done: "
                                      "what it deleted does not come back.")));
    json_free(row);
}

static void warn(const struct app *a, struct json *out)
{
    struct json *list = json_array();

    warn_part(a, json_str(out, "id"), list);

    if (json_flag(out, "running", false) && !json_member(out, "error"))
        json_push(list, json_string(_("The operation is under way: it is stopped first, after "
                                      "the steps at work.")));
    if (json_flag(out, "undoing", false))
        json_push(list, json_string(_("It is being taken back already: that goes on.")));
    if (!json_len(json_get(out, "will")))
        json_push(list, json_string(_("The operation has made nothing: it is only closed.")));
    json_set(out, "warn", list);
}

static int64_t number(const struct json *o, const char *name)
{
    int64_t n = 0;

    json_int(o, name, &n);
    return n;
}

static int can_go_back(const struct json *what, const struct op_summary *sum, struct err *e)
{
    if (!number(what, "lost") || number(what, "back"))
        return 0;
    err_set(e, ERR_OP, ERR_C_NO_WAY_BACK,
            _("Nothing that the operation %s has done so far can be taken back."), sum->id);
    if (str_eq(sum->plan, "arc-disable"))
        STR_SET(e->advice, _("Go on with it: azloconf operations resume. When it is done, azloconf "
                             "arc enable brings Azure Arc back."));
    else if (str_eq(sum->plan, "unregister"))
        STR_SET(e->advice, _("Go on with it: azloconf operations resume. When it is done, azloconf "
                             "register registers the cluster anew."));
    return -1;
}

void app_undo_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct op_summary sum;
    struct op_ports p;
    struct err e = { 0 };
    struct json *out = NULL;

    app_ports(a, &p);
    if (find(a, ask, args, &sum, &e) == 0)
        out = op_undo_preview(&p, sum.id, &e);
    if (!out) {
        serve_error(ask, &e);
        return;
    }
    tell_state(a, out, &sum);
    if (can_go_back(out, &sum, &e) < 0) {
        advice_fill(&e);
        json_set(out, "error", json_encode(&err_json, &e));
    }
    warn(a, out);
    serve_result(ask, out);
}

/* ---- the undo ---- */

static const char *tenant_of(struct app *a, const char *id, char out[40])
{
    struct op_ports p;
    struct err e = { 0 };

    app_ports(a, &p);
    op_undo_tenant(&p, id, out, &e);
    return out;
}

/* A guest's sign-in is good in the tenant's, too; a list that is not there yet tells nothing. */
static bool reaches(const struct app *a, const char *tenant)
{
    const struct sec_choices *c = &a->choices.sec;
    const struct sec_choice *t = app_choice(c->tenants, c->n_tenants, tenant);

    return !str_eq(c->state, "ready") || (t && !t->state[0]);
}

/* With a sign-in that is not the operation's it would go wrong at the first request. Without any it
 * waits for one. */
static int fits(struct app *a, const struct serve_ask *ask, const char *id, struct err *e)
{
    const struct auth_view *v = auth_view(a->auth);
    char tenant[40];

    if (v->state != AUTH_IN)
        return 0;
    if (!app_signed_in(a, ask, e))
        return -1;
    tenant_of(a, id, tenant);
    if (!tenant[0] || !v->tenant[0] || str_ieq(tenant, v->tenant) || reaches(a, tenant))
        return 0;
    return err_set(e, ERR_OP, ERR_C_OTHER_TENANT,
                   _("The operation %s is of the tenant %s; you are signed in to %s."), id, tenant,
                   v->tenant);
}

static int begin(struct app *a, const char *id, uid_t by, struct err *e)
{
    struct op_summary sum;
    struct op_ports p;
    struct json *what;
    int rc;

    if (op_summary(a->c.runs_dir, id, &sum, e) < 0 || unfinished(a, &sum, e) < 0)
        return -1; /* it came to its end meanwhile */
    app_ports(a, &p);
    what = op_undo_preview(&p, id, e);
    rc = what ? can_go_back(what, &sum, e) : -1;
    json_free(what);
    if (rc < 0 || app_run_undo(a, id, e) < 0)
        return -1;
    a->run_by = (int64_t)by;
    return 0;
}

/* The run that was under way has stopped, or came to its end. */
void app_undo_go_on(struct app *a)
{
    struct app_job *j = a->undo_job;
    struct err e = { 0 };

    if (!j || !app_run_over(a))
        return;
    a->undo_job = NULL;
    begin(a, json_str(j->values, "id"), j->ask.uid, &e);
    app_run_answer(&j->ask, &e, json_str(j->values, "id"));
    app_job_free(j);
}

static void stop_first(struct app *a, const struct serve_ask *ask, const char *id)
{
    struct app_job *j = app_job_new(a, ask);

    j->values = json_object();
    json_set_str(j->values, "id", id);
    a->undo_job = j;
    op_run_stop(a->run);
}

void app_undo(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct op_summary sum;
    struct err e = { 0 };
    bool runs;

    if (find(a, ask, args, &sum, &e) < 0 || fits(a, ask, sum.id, &e) < 0) {
        serve_error(ask, &e);
        return;
    }
    runs = app_run_is_current(a, sum.id) && !app_run_over(a);
    if (runs && op_run_undoing(a->run)) {
        a->run_by = (int64_t)ask->uid;
        op_run_poke(a->run);
    } else if (runs && a->undo_job) {
        err_set(&e, ERR_OP, ERR_C_BUSY, _("The operation %s is not over yet."), sum.id);
    } else if (runs) {
        stop_first(a, ask, sum.id);
        return;
    } else {
        begin(a, sum.id, ask->uid, &e);
    }
    app_run_answer(ask, &e, sum.id);
}
