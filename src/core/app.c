#include "config.h"

#include "core/app_int.h"
#include "core/app_scan.h"
#include "core/run_log.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "core/advice.h"

#define LOG_PAUSE_MS 200 /* log lines that come together are shown together */

static void app_log(struct app *a, const struct serve_ask *ask, const struct json *args);
static void app_core_stop(struct app *a, const struct serve_ask *ask, const struct json *args);
static void release_held(struct app *a);

const struct app_intent_row app_intents[] = {
    { "status", APP_NODES, app_status },
    { "sign-in", APP_ACT | APP_CLOUD, app_signin },
    { "sign-in-cancel", APP_ACT | APP_CLOUD, app_signin_cancel },
    { "sign-out", APP_ACT | APP_CLOUD, app_signout },
    { "choices", APP_ACT | APP_CLOUD | APP_SIGNED_IN, app_choices },
    { "cluster-create", APP_ACT | APP_NODES, app_cluster_create },
    { "register-check", APP_ACT | APP_STATUS | APP_CLOUD, app_register_check },
    { "register", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_register },
    { "unregister-check", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_unregister_check },
    { "cleanup-check", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_cleanup_check },
    { "cleanup", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_cleanup },
    { "unregister", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_unregister },
    { "arc-disable-check", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN,
      app_arc_disable_check },
    { "arc-disable", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_arc_disable },
    { "arc-enable-check", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_arc_enable_check },
    { "arc-enable", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_arc_enable },
    { "repair-check", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_repair_check },
    { "repair", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_repair },
    { "sync-check", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_sync_check },
    { "sync", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_sync },
    { "move-check", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_move_check },
    { "move", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_move },
    { "reset-check", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_reset_check },
    { "reset", APP_ACT | APP_STATUS | APP_CLOUD | APP_SIGNED_IN, app_reset },
    { "reset-status", APP_NODES, app_reset_status },
    { "run-stop", APP_ACT, app_run_stop },
    { "run-resume", APP_ACT | APP_NODES | APP_CLOUD, app_run_resume },
    { "run-undo-check", APP_ACT | APP_NODES | APP_CLOUD, app_undo_check },
    { "run-undo", APP_ACT | APP_NODES | APP_CLOUD, app_undo },
    { "runs", 0, app_runs },
    { "run-show", 0, app_run_show },
    { "log", 0, app_log },
    { "explain", 0, app_explain },
    { "core-stop", APP_ACT, app_core_stop },
};
const size_t app_intent_count = ARRAY_LEN(app_intents);

/* ---- the core's own section ---- */

void app_publish_core(struct app *a)
{
    a->core.now = wall_ms();
    a->core.policy_now = clock_now(a->c.clock);
    a->core.problem[0] = a->core.advice[0] = 0;
    for (int i = 0; i < APP_PARTS; i++) {
        const struct err *e = &a->trouble[i];

        if (!err_is(e))
            continue;
        if (e->context[0])
            str_fmt(a->core.problem, sizeof(a->core.problem), "%s: %s", e->context, e->message);
        else
            STR_SET(a->core.problem, e->message);
        STR_SET(a->core.advice, e->advice);
        break;
    }
    state_publish(a->c.state, SEC_CORE, &a->core);
}

void app_trouble(struct app *a, enum app_part part, const struct err *e)
{
    struct err *t = &a->trouble[part];

    if (e && err_is(e)) {
        if (!str_eq(t->message, e->message))
            log_err("%s: %s", e->context[0] ? e->context : "trouble", e->message);
        *t = *e;
        advice_fill(t);
    } else {
        err_clear(t);
    }
    app_publish_core(a);
    if (err_is(t))
        release_held(a);
}

/* ---- log ---- */

/* The newest of what is worth a look; the file has all. */
static void fill_lines(struct sec_log *out, int64_t after, size_t max)
{
    struct log_line *lines = xcalloc(LOG_RING, sizeof(*lines));
    size_t n = log_read(after, lines, LOG_RING), first = n, worth = 0;

    while (first > 0 && worth < max)
        worth += lines[--first].level > LOG_DBG;
    for (size_t i = first; i < n && out->n < SEC_LOG_LINES; i++) {
        struct sec_log_line *l = &out->lines[out->n];

        if (lines[i].level == LOG_DBG)
            continue;
        out->n++;
        l->seq = lines[i].seq;
        l->at = lines[i].at_ms;
        l->event = lines[i].event;
        STR_SET(l->level, log_level_name(lines[i].level));
        STR_SET(l->text, lines[i].text);
    }
    free(lines);
}

static void show_log(struct app *a)
{
    struct sec_log *sec = xcalloc(1, sizeof(*sec));

    fill_lines(sec, 0, SEC_LOG_LINES);
    a->log_shown = log_head();
    a->log_shown_mono = mono_ms();
    state_publish(a->c.state, SEC_LOG, sec);
    free(sec);
}

static void on_log_timer(void *payload)
{
    struct app *a = payload;

    a->log_timer = NULL;
    show_log(a);
}

void app_turn(struct app *a)
{
    int64_t left;

    run_log_turn(a->run_log);
    if (a->log_shown == log_head() || a->log_timer)
        return;
    left = a->log_shown_mono + LOG_PAUSE_MS - mono_ms();
    if (!a->log_shown || left <= 0)
        show_log(a);
    else
        a->log_timer = loop_after(a->c.loop, left, on_log_timer, a);
}

static void app_log(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct sec_log *sec = xcalloc(1, sizeof(*sec));
    int64_t after = 0, max = SEC_LOG_LINES;

    (void)a;
    json_int(args, "after", &after);
    json_int(args, "max", &max);
    if (max < 1 || max > SEC_LOG_LINES)
        max = SEC_LOG_LINES;
    fill_lines(sec, after, (size_t)max);
    serve_result(ask, json_encode(&sec_log_type, sec));
    free(sec);
}

/* ---- the end ---- */

static void stop(struct app *a, const char *why)
{
    if (a->stopping)
        return;
    log_inf("ending: %s", why);
    a->stopping = true;
    a->c.on_stop(a->c.payload);
}

static void on_idle(void *payload)
{
    struct app *a = payload;

    a->idle_timer = NULL;
    stop(a, "no console and no run");
}

void app_idle_check(struct app *a)
{
    bool idle = a->c.idle_ms > 0 && !a->clients && !app_run_active(a);

    if (idle && !a->idle_timer)
        a->idle_timer = loop_after(a->c.loop, a->c.idle_ms, on_idle, a);
    if (!idle) {
        loop_timer_del(a->idle_timer);
        a->idle_timer = NULL;
    }
}

void app_clients(void *payload, size_t clients, size_t watching)
{
    struct app *a = payload;

    a->clients = clients;
    a->watching = watching;
    if (a->refresh)
        refresh_watched(a->refresh, watching > 0);
    app_idle_check(a);
}

void app_newer(void *payload)
{
    struct app *a = payload;

    if (!app_run_active(a))
        stop(a, "a newer console asks for a newer core");
}

static void app_core_stop(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct err e = { 0 };

    (void)args;
    if (!a->c.private_core) {
        err_set(&e, ERR_OP, 0, "%s",
                _("The system core is stopped with: systemctl stop azloconfd"));
        serve_error(ask, &e);
    } else if (app_run_active(a)) {
        err_set(&e, ERR_OP, ERR_C_BUSY, _("The core is working on %s."), op_run_id(a->run));
        serve_error(ask, &e);
    } else {
        serve_result(ask, NULL);
        stop(a, "a console asked for it");
    }
}

/* ---- who may ---- */

const char *app_user(char *out, size_t size, int64_t uid)
{
    const struct passwd *pw = getpwuid((uid_t)uid);

    if (pw)
        text_set(out, size, pw->pw_name);
    else
        str_fmt(out, size, "uid %lld", (long long)uid);
    return out;
}

bool app_signed_in(const struct app *a, const struct serve_ask *ask, struct err *e)
{
    char who[64];

    if (!a->auth || auth_view(a->auth)->state != AUTH_IN) {
        err_set(e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s", _("Nobody is signed in to Azure."));
        return false;
    }
    if (a->signin_uid != (int64_t)ask->uid) {
        err_set(e, ERR_OP, ERR_C_NOT_ALLOWED,
                _("The sign-in belongs to %s: nobody else can start work with it."),
                app_user(who, sizeof(who), a->signin_uid));
        return false;
    }
    return true;
}

static bool is_there(const struct app *a, const struct app_intent_row *row)
{
    return (!(row->needs & APP_NODES) || a->has_nodes) &&
           (!(row->needs & APP_STATUS) || a->has_status) &&
           (!(row->needs & APP_CLOUD) || a->has_cloud);
}

static const struct err *any_trouble(const struct app *a)
{
    const struct err *e = &a->trouble[APP_BACKENDS];

    return err_is(e) ? e : &a->trouble[APP_STATE_FOLDER];
}

static void perform(struct app *a, const struct app_intent_row *row, const struct serve_ask *ask,
                    const struct json *args)
{
    struct err e = { 0 };

    if (!is_there(a, row))
        e = *any_trouble(a);
    if (err_is(&e) || ((row->needs & APP_SIGNED_IN) && !app_signed_in(a, ask, &e)))
        serve_error(ask, &e);
    else
        row->fn(a, ask, args);
}

/* At the start an intent waits for what it needs; trouble ends the waiting. */
static void hold(struct app *a, const struct app_intent_row *row, const struct serve_ask *ask,
                 const struct json *args)
{
    struct err e = { 0 };

    if (a->n_held == APP_MAX_HELD) {
        err_set(&e, ERR_OP, ERR_C_BUSY, "%s", _("The core is still starting: try again."));
        serve_error(ask, &e);
        return;
    }
    a->held[a->n_held++] = (struct app_held){ .ask = *ask, .row = row, .args = json_copy(args) };
}

static void release_held(struct app *a)
{
    struct app_held held[APP_MAX_HELD];
    size_t n = a->n_held;

    memcpy(held, a->held, sizeof(held));
    a->n_held = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_there(a, held[i].row) || err_is(any_trouble(a)))
            perform(a, held[i].row, &held[i].ask, held[i].args);
        else
            hold(a, held[i].row, &held[i].ask, held[i].args);
        json_free(held[i].args);
    }
}

void app_intent(void *payload, const struct serve_ask *ask, const char *name,
                const struct json *args)
{
    struct app *a = payload;
    const struct app_intent_row *row = NULL;
    struct err e = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(app_intents) && !row; i++)
        if (str_eq(app_intents[i].name, name))
            row = &app_intents[i];
    if (!row) {
        err_set(&e, ERR_WIRE, ERR_C_NOT_FOUND, _("The core knows no intent \"%s\"."), name);
        serve_error(ask, &e);
    } else if ((row->needs & APP_ACT) && !ask->may_act) {
        err_set(&e, ERR_OP, ERR_C_NOT_ALLOWED,
                _("Only root and members of group %s may change something here."), SERVE_GROUP);
        serve_error(ask, &e);
    } else {
        if (row->needs & APP_ACT)
            log_inf("intent %s of uid %u", name, (unsigned)ask->uid);
        if (is_there(a, row) || err_is(any_trouble(a)))
            perform(a, row, ask, args);
        else
            hold(a, row, ask, args);
    }
}

/* ---- jobs ---- */

struct app_job *app_job_new(struct app *a, const struct serve_ask *ask)
{
    struct app_job *j = xcalloc(1, sizeof(*j));

    j->app = a;
    j->ask = *ask;
    j->next = a->jobs;
    a->jobs = j;
    return j;
}

void app_job_free(struct app_job *j)
{
    for (struct app_job **p = &j->app->jobs; *p; p = &(*p)->next)
        if (*p == j) {
            *p = j->next;
            break;
        }
    if (j->app->undo_job == j)
        j->app->undo_job = NULL;
    if (j->call)
        j->node->ops->cancel(j->call);
    if (j->arm)
        arm_cancel(j->arm);
    if (j->check)
        op_run_free(j->check);
    app_scan_free(j->scan);
    loop_timer_del(j->timer);
    json_free(j->values);
    free(j);
}

/* ---- life ---- */

static void on_change(void *payload, enum section_id id)
{
    struct app *a = payload;

    (void)id;
    if (a->serve)
        serve_changed(a->serve);
}

struct app *app_new(const struct app_config *c)
{
    struct app *a = xcalloc(1, sizeof(*a));

    a->c = *c;
    a->signin_uid = -1;
    a->mono_to_wall = wall_ms() - mono_ms();
    STR_SET(a->core.version, c->version);
    a->core.pid = getpid();
    STR_SET(a->core.mode, c->sandbox ? "sandbox" : "native");
    TEXT_SET(a->core.host, c->host);
    TEXT_SET(a->core.state_dir, c->state_dir);
    a->core.started_at = wall_ms();
    a->core.clock_rate = c->clock->rate;
    state_listen(c->state, on_change, a);
    app_publish_core(a);
    app_publish_signin(a);
    app_choices_reset(a);
    app_publish_run(a);
    app_idle_check(a);
    return a;
}

void app_attach_serve(struct app *a, struct serve *s)
{
    a->serve = s;
}

static void came(struct app *a)
{
    if (a->has_nodes && a->has_cloud) {
        refresh_place(a->refresh, &a->cloud, auth_view(a->auth)->tenant);
        app_run_take_up(a);
    }
    if (a->has_cloud && !a->run)
        app_publish_run(a); /* now with its portal address */
    release_held(a);
}

static void status_came(void *payload)
{
    struct app *a = payload;

    a->has_status = true;
    if (a->refresh) /* not yet, where there is no node to wait for */
        release_held(a);
}

void app_attach_nodes(struct app *a, struct store *store, struct node **nodes, size_t n)
{
    struct refresh_config rc = { .loop = a->c.loop,
                                 .state = a->c.state,
                                 .nodes = nodes,
                                 .n = n,
                                 .clock = a->c.clock,
                                 .first = status_came,
                                 .payload = a };

    a->store = store;
    a->nodes = nodes;
    a->n_nodes = n;
    a->has_nodes = true;
    a->refresh = refresh_new(&rc);
    refresh_watched(a->refresh, a->watching > 0);
    came(a);
}

void app_attach_cloud(struct app *a, const struct cloud *cloud, struct auth *auth, struct arm *arm,
                      const char *sandbox_base)
{
    a->cloud = *cloud;
    a->auth = auth;
    a->arm = arm;
    a->has_cloud = true;
    STR_SET(a->core.cloud, cloud->name);
    STR_SET(a->core.portal, cloud->portal);
    STR_SET(a->core.sandbox_base, sandbox_base);
    app_publish_core(a);
    app_choices_reset(a);
    came(a);
}

void app_free(struct app *a)
{
    if (!a)
        return;
    while (a->jobs)
        app_job_free(a->jobs);
    while (a->n_held)
        json_free(a->held[--a->n_held].args);
    app_choices_free(a);
    app_run_free(a);
    refresh_free(a->refresh);
    loop_timer_del(a->idle_timer);
    loop_timer_del(a->log_timer);
    state_listen(a->c.state, NULL, NULL);
    free(a);
}
