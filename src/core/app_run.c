/* app_run.c - the operation under way: begin, take up again, stop, show. */
#include "config.h"

#include <stdlib.h>
#include <malloc.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "core/advice.h"
#include "core/app_int.h"
#include "core/run_log.h"

#define SHOW_MS 20 /* changes that come together are shown together */

void app_ports(const struct app *a, struct op_ports *p)
{
    memset(p, 0, sizeof(*p));
    p->loop = a->c.loop;
    p->arm = a->arm;
    p->auth = a->auth;
    p->cloud = &a->cloud;
    p->nodes = a->nodes;
    p->n_nodes = a->n_nodes;
    p->store = a->store;
    p->runs_dir = a->c.runs_dir;
}

static bool is_over(enum op_run_state s)
{
    return s == OP_R_STOPPED || s == OP_R_FAILED || s == OP_R_DONE || s == OP_R_UNDONE;
}

bool app_run_over(const struct app *a)
{
    return !a->run || is_over(op_run_state(a->run));
}

/* A run that waits for its sign-in keeps no core alive: its journal waits as well. */
bool app_run_active(const struct app *a)
{
    return a->run && !is_over(op_run_state(a->run)) && op_run_state(a->run) != OP_R_WAIT_SIGN_IN;
}

static const struct cloud *cloud_of(const struct app *a)
{
    return a->has_cloud ? &a->cloud : NULL;
}

/* How the newest run ended, as its journal tells it: a core that begins anew owes that to those who
 * followed the run with the core before. One that is not at its end is taken up, or unreadable. */
static bool newest_end(const struct app *a, struct sec_run *s)
{
    static const char *const ends[] = { "done", "failed", "stopped", "undone" };
    struct err e = { 0 };
    struct json *ids = journal_list(a->c.runs_dir, &e);
    const char *id = json_value_str(json_first(ids));
    bool over = false;

    if (id && run_from_journal(s, a->c.runs_dir, id, cloud_of(a), &e) == 0)
        for (size_t i = 0; i < ARRAY_LEN(ends); i++)
            over = over || str_eq(s->state, ends[i]);
    if (over && app_chain_due(a, id)) { /* taken up, too, unless that was tried */
        over = err_is(&a->chain_err);
        chain_failed(s, &a->chain_err);
    }
    json_free(ids);
    return over;
}

void app_publish_run(struct app *a)
{
    struct sec_run *s = xcalloc(1, sizeof(*s));

    if (a->run) {
        run_section(s, a->run, &a->cloud);
    } else if (!newest_end(a, s)) {
        memset(s, 0, sizeof(*s));
        STR_SET(s->state, "none");
    }
    state_publish(a->c.state, SEC_RUN, s);
    free(s);
}

static void end_log(struct app *a)
{
    run_log_close(a->run_log);
    a->run_log = NULL;
}

static void begin_log(struct app *a, int64_t after)
{
    const char *dir = op_run_input(a->run, "logsDirectory");
    struct err e = { 0 };

    end_log(a);
    if (!*dir || !a->c.private_core)
        return;
    a->run_log = run_log_open(dir, op_run_started(a->run), after, &e);
    if (!a->run_log)
        log_wrn("%s", e.message);
}

static void note_end(struct app *a)
{
    enum op_run_state s = op_run_state(a->run);

    if (a->run_noted || !is_over(s))
        return;
    a->run_noted = true;
    if (s == OP_R_FAILED)
        log_err("%s failed: %s", op_run_id(a->run), op_run_error(a->run)->message);
    end_log(a);
    refresh_now(a->refresh, NULL, NULL);
    malloc_trim(0); /* a run on many nodes needs megabytes for a moment; the core then sits there
                       for months */
}

static void on_show(void *payload)
{
    struct app *a = payload;

    a->run_timer = NULL;
    if (a->run)
        note_end(a);
    if (!a->run || a->undo_job || !app_chain_go_on(a))
        app_publish_run(a);
    app_undo_go_on(a);
    app_idle_check(a);
}

static void on_run(void *payload, struct op_run *r)
{
    struct app *a = payload;

    (void)r;
    if (!a->run_timer)
        a->run_timer = loop_after(a->c.loop, SHOW_MS, on_show, a);
}

void app_run_free(struct app *a)
{
    loop_timer_del(a->run_timer);
    a->run_timer = NULL;
    if (a->run)
        op_run_free(a->run);
    a->run = NULL;
    end_log(a);
}

/* after: the newest line of the log before the run began. */
static void adopt(struct app *a, struct op_run *run, int64_t after)
{
    a->run = run;
    a->run_noted = false;
    err_clear(&a->chain_err);
    begin_log(a, after);
    log_inf("%s is under way", op_run_id(run));
    app_publish_run(a); /* before the answer: nobody may take the run before for this one */
    on_run(a, run);
    app_idle_check(a);
}

static int make_room(struct app *a, struct err *e)
{
    if (a->run && !is_over(op_run_state(a->run)))
        return err_set(e, ERR_OP, ERR_C_BUSY, _("The operation %s is not over yet."),
                       op_run_id(a->run));
    app_run_free(a);
    return 0;
}

int app_run_begin(struct app *a, const struct op_plan *plan, const struct json *inputs, int64_t uid,
                  struct err *e)
{
    struct op_ports p;
    struct op_run *run;
    int64_t after;

    if (make_room(a, e) < 0)
        return -1;
    after = log_head();
    app_ports(a, &p);
    run = op_run_start(&p, plan, inputs, uid, on_run, a, e);
    if (!run) {
        app_publish_run(a);
        return -1;
    }
    adopt(a, run, after);
    return 0;
}

typedef struct op_run *run_fn(const struct op_ports *p, const char *id, op_change_fn *fn,
                              void *payload, struct err *e);

static int take_up(struct app *a, const char *id, run_fn *fn, struct err *e)
{
    struct op_ports p;
    struct op_run *run;
    int64_t after;

    if (make_room(a, e) < 0)
        return -1;
    after = log_head();
    app_ports(a, &p);
    run = fn(&p, id, on_run, a, e);
    if (!run) {
        app_publish_run(a);
        return -1;
    }
    log_inf(op_run_undoing(run) ? "%s is taken back" : "%s goes on", id);
    adopt(a, run, after);
    return 0;
}

int app_run_undo(struct app *a, const char *id, struct err *e)
{
    return take_up(a, id, op_undo_start, e);
}

/* At the start: the newest run that was cut off, or the one that was to follow it. */
void app_run_take_up(struct app *a)
{
    struct err e = { 0 };
    struct json *ids = journal_list(a->c.runs_dir, &e);
    struct op_summary sum;

    JSON_EACH (id, ids) {
        struct err why = { 0 };

        if (a->run || err_is(&a->chain_err))
            break;
        if (id == json_first(ids) && app_chain_due(a, json_value_str(id))) {
            if (app_chain_begin(a, json_value_str(id), &a->chain_err) < 0)
                app_publish_run(a);
        } else if (op_summary(a->c.runs_dir, json_value_str(id), &sum, &why) < 0 ||
                   (str_eq(sum.state, "unfinished") &&
                    take_up(a, json_value_str(id), op_run_resume, &why) < 0))
            log_err("%s: %s", json_value_str(id), why.message);
    }
    json_free(ids);
}

void app_run_signed_in(struct app *a)
{
    if (!a->run || op_run_state(a->run) != OP_R_WAIT_SIGN_IN)
        return;
    if (op_run_uid(a->run) == a->signin_uid)
        op_run_poke(a->run);
    else
        log_wrn("%s waits for the sign-in of uid %lld", op_run_id(a->run),
                (long long)op_run_uid(a->run));
    app_idle_check(a);
}

/* ---- intents ---- */

bool app_run_owns(const struct serve_ask *ask, int64_t uid, struct err *e)
{
    char who[64];

    if (ask->uid == 0 || (int64_t)ask->uid == uid)
        return true;
    err_set(e, ERR_OP, ERR_C_NOT_ALLOWED, _("The operation belongs to %s."),
            app_user(who, sizeof(who), uid));
    return false;
}

/* "" means the newest, or the one under way. */
bool app_run_is_current(const struct app *a, const char *id)
{
    return a->run && (!id || !id[0] || str_eq(id, op_run_id(a->run)));
}

void app_run_answer(const struct serve_ask *ask, const struct err *e, const char *id)
{
    struct json *result;

    if (err_is(e)) {
        serve_error(ask, e);
        return;
    }
    result = json_object();
    if (id)
        json_set_str(result, "id", id);
    serve_result(ask, result);
}

/* Ids become file names. */
bool app_run_good_id(const char *id)
{
    return id && id[0] && !strchr(id, '/') && id[0] != '.' && strlen(id) < 64 && text_is_clean(id);
}

/* Of an operation of two parts whichever is meant: the one that is under way, or was last. */
static void newest_part(const struct app *a, const char *given, char id[64])
{
    if (app_run_good_id(given))
        app_chain_current(a, given, id);
    else
        str_copy(id, 64, given ? given : "");
}

void app_run_stop(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    const char *given = json_str(args, "id");
    struct err e = { 0 };
    char id[64];

    newest_part(a, given, id);
    if (!app_run_is_current(a, id))
        err_set(&e, ERR_OP, ERR_C_NOT_FOUND, "%s", _("No such operation is under way."));
    else if (app_run_owns(ask, op_run_uid(a->run), &e) && !is_over(op_run_state(a->run)))
        op_run_stop(a->run);
    app_run_answer(ask, &e, NULL);
}

/* Work goes on with the sign-in there is: it must be the asker's, or there is none and the run
 * waits. */
static bool with_own_sign_in(const struct app *a, const struct serve_ask *ask, struct err *e)
{
    return auth_view(a->auth)->state != AUTH_IN || app_signed_in(a, ask, e);
}

/* What a later operation has changed since is not for an older one to go on with. */
static bool is_newest(const struct app *a, const char *id)
{
    struct err ignored = { 0 };
    struct json *ids = journal_list(a->c.runs_dir, &ignored);
    bool newest = str_eq(json_value_str(json_first(ids)), id);

    json_free(ids);
    return newest;
}

static int resumable(struct app *a, const struct serve_ask *ask, const char *id, struct err *e)
{
    struct op_summary sum;

    if (op_summary(a->c.runs_dir, id, &sum, e) < 0 || !app_run_owns(ask, sum.uid, e) ||
        !with_own_sign_in(a, ask, e))
        return -1;
    if (app_chain_due(a, id))
        return make_room(a, e) < 0 ? -1 : app_chain_begin(a, id, e);
    if ((str_eq(sum.state, "done") && !(sum.left && is_newest(a, id))) ||
        str_eq(sum.state, "undone"))
        return err_set(e, ERR_OP, ERR_C_CONFLICT,
                       _("The operation %s is over: nothing is left to do."), id);
    return take_up(a, id, op_run_resume, e);
}

/* ArcSpnCredential's: it comes beside the intent and stays in the run's memory. */
void app_run_secret(struct op_run *run, const struct serve_ask *ask)
{
    const struct secret *s = serve_secret(ask, "arcSpnSecret");

    if (s)
        op_run_secret(run, s);
}

int app_run_start(struct app *a, const struct serve_ask *ask, const struct op_plan *plan,
                  const struct json *inputs, struct err *e)
{
    if (app_run_begin(a, plan, inputs, (int64_t)ask->uid, e) < 0)
        return -1;
    app_run_secret(a->run, ask);
    app_run_answer(ask, e, op_run_id(a->run));
    return 0;
}

void app_run_no_such(struct err *e, const char *id)
{
    if (e->code == ERR_C_NOT_FOUND && e->domain != ERR_SYSTEM)
        err_set(e, ERR_OP, ERR_C_NOT_FOUND, _("There is no operation %s."), id);
}

void app_run_resume(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    const char *given = json_str(args, "id");
    struct err e = { 0 };
    char id[64];

    newest_part(a, given, id);
    if (app_run_is_current(a, id) && !is_over(op_run_state(a->run))) {
        if (app_run_owns(ask, op_run_uid(a->run), &e) && with_own_sign_in(a, ask, &e)) {
            app_run_secret(a->run, ask);
            op_run_poke(a->run);
        }
    } else if (!app_run_good_id(id)) {
        err_set(&e, ERR_USAGE, 0, "%s", _("This is no operation's id."));
    } else if (resumable(a, ask, id, &e) < 0) {
        app_run_no_such(&e, id);
    } else {
        app_run_secret(a->run, ask);
    }
    app_run_answer(ask, &e, a->run ? op_run_id(a->run) : id);
}

static void push_summary(const struct app *a, struct json *out, const char *id)
{
    struct op_summary sum;
    struct err e = { 0 };
    struct json *row = json_object();

    json_set_str(row, "id", id);
    if (op_summary(a->c.runs_dir, id, &sum, &e) < 0) {
        json_set_str(row, "state", "unreadable");
        json_set(row, "error", json_encode(&err_json, &e));
    } else {
        bool current = app_run_is_current(a, id);
        const struct sec_run *now = state_get(a->c.state, SEC_RUN);

        json_set_str(row, "plan", sum.plan);
        json_set_str(row, "state", current && str_eq(now->id, id) ? now->state : sum.state);
        if (app_chain_row(a, row, id) && !current)
            json_set_str(row, "state", "stopped");
        json_set_int(row, "started", sum.started_at);
        json_set_int(row, "ended", sum.ended_at);
        if (err_is(&sum.err)) {
            advice_fill(&sum.err);
            json_set(row, "error", json_encode(&err_json, &sum.err));
        }
    }
    json_push(out, row);
}

void app_runs(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct err e = { 0 };
    struct json *ids = journal_list(a->c.runs_dir, &e);
    struct json *rows = json_array(), *result;

    (void)args;
    if (!ids && e.code != ERR_C_NOT_FOUND) {
        json_free(rows);
        serve_error(ask, &e);
        return;
    }
    JSON_EACH (id, ids)
        push_summary(a, rows, json_value_str(id));
    json_free(ids);
    result = json_object();
    json_set(result, "runs", rows);
    serve_result(ask, result);
}

void app_run_show(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    const char *id = json_str(args, "id");
    struct sec_run *s = xcalloc(1, sizeof(*s));
    struct err e = { 0 };

    if (app_run_is_current(a, id))
        run_section(s, a->run, &a->cloud);
    else if (!app_run_good_id(id))
        err_set(&e, ERR_USAGE, 0, "%s", _("This is no operation's id."));
    else
        run_from_journal(s, a->c.runs_dir, id, cloud_of(a), &e);
    if (err_is(&e))
        app_run_no_such(&e, id);
    advice_fill(&s->error);
    if (err_is(&e))
        serve_error(ask, &e);
    else
        serve_result(ask, json_encode(&sec_run_type, s));
    free(s);
}
