#include "config.h"

#include "op/op_engine.h"

#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

static int max_tries(const struct op_cell *c)
{
    return c->step->tries ? c->step->tries : OP_TRIES;
}

static int64_t delay_of(const struct op_cell *c)
{
    return c->step->delay_ms ? c->step->delay_ms : OP_DELAY_MS;
}

static int64_t time_left(const struct op_cell *c)
{
    int64_t all = c->step->deadline_ms ? c->step->deadline_ms : OP_DEADLINE_MS;

    return c->since + all - mono_ms();
}

static const char *node_of(const struct op_cell *c)
{
    return c->node < 0 ? "" : c->run->nodes[c->node]->name;
}

void op_need_clear(struct op_need *n)
{
    str_free(&n->path);
    str_free(&n->query);
    json_free(n->body);
    json_free(n->args);
    *n = (struct op_need){ 0 };
}

/* ---- waiting and ending ---- */

static void on_timer(void *payload)
{
    struct op_cell *c = payload;

    c->timer = NULL;
    c->phase = c->next;
    op_wake(c->run);
}

void op_cell_wait(struct op_cell *c, int64_t ms, enum op_phase next)
{
    c->phase = OP_P_WAIT;
    c->next = next;
    c->timer = loop_after(c->run->ports.loop, ms, on_timer, c);
    op_changed(c->run);
}

void op_cell_end(struct op_cell *c, enum op_step_state state)
{
    static const char *const events[] = {
        [OP_S_DONE] = "made", [OP_S_FOUND] = "found", [OP_S_SKIPPED] = "skipped"
    };

    /* made by an earlier run and still so: the journal says it already; of another way: it need not
     */
    bool told =
        (state == OP_S_DONE && c->made && !c->tries) || (state == OP_S_SKIPPED && op_off_path(c));

    c->phase = OP_P_END;
    c->state = state;
    c->ended_at = wall_ms();
    if (!c->started_at)
        c->started_at = c->ended_at; /* skipped before anything was asked */
    c->begun = false;
    c->made = state == OP_S_DONE;
    if (!told)
        op_journal(c->run, c, events[state], NULL);
    op_changed(c->run);
}

/* A step's own words about what it did do not say on which node. */
static void name_node(struct op_cell *c, struct err *why)
{
    char doing[sizeof(why->context)];
    const char *node = node_of(c);

    STR_SET(doing, why->context);
    if (strncmp(doing, node, strlen(node)) == 0 && doing[strlen(node)] == ':')
        return;
    why->context[0] = '\0';
    err_wrap(why, "%s: %s", node, doing[0] ? doing : _(c->step->title));
}

void op_cell_fail(struct op_cell *c, const struct err *e)
{
    struct err why = *e;

    if (!err_is(&why))
        err_set(&why, ERR_OP, ERR_C_DEADLINE, _("The step did not reach its end."));
    if (c->node >= 0)
        name_node(c, &why);
    else
        err_wrap(&why, "%s", _(c->step->title));
    c->phase = OP_P_END;
    c->state = OP_S_FAILED;
    c->ended_at = wall_ms();
    TEXT_SET(c->detail, why.message);
    c->last = why;
    op_journal(c->run, c, "failed", &why);
    if (!(c->step->flags & OP_SOFT))
        op_halt(c->run, c, &why);
    op_changed(c->run);
}

/* Waits, unless that would pass the step's deadline. */
static void wait_or_fail(struct op_cell *c, int64_t ms, enum op_phase next)
{
    struct err e = c->last;

    if (ms > 0 && ms >= time_left(c)) {
        if (!err_is(&e))
            err_set(&e, ERR_OP, ERR_C_DEADLINE, _("It was not finished within its time."));
        e.retryable = false;
        op_cell_fail(c, &e);
    } else if (ms > 0) {
        op_cell_wait(c, ms, next);
    } else {
        c->phase = next;
    }
}

static void note_retry(struct op_cell *c, const struct err *e, int try, int64_t ms)
{
    int seconds = (int)((ms + 999) / 1000);

    if (try > max_tries(c)) { /* no further one, but it may have worked */
        STR_SET(c->detail, _("The last try failed; looking whether it is done"));
        log_inf("step %s%s%s: the last try failed, it is looked whether it is done (%s)",
                c->step->id, c->node < 0 ? "" : " on ", node_of(c), e->message);
        return;
    }
    if (e->http)
        str_fmt(c->detail, sizeof c->detail, _("HTTP %d from Azure; try %d of %d in %d s"), e->http,
                try, max_tries(c), seconds);
    else
        str_fmt(c->detail, sizeof c->detail, _("No answer; try %d of %d in %d s"), try,
                max_tries(c), seconds);
    log_inf("step %s%s%s: try %d of %d in %d s (%s)", c->step->id, c->node < 0 ? "" : " on ",
            node_of(c), try, max_tries(c), seconds, e->message);
}

/* ---- judging ---- */

static int64_t pause_of(const struct op_cell *c, const struct err *e)
{
    return e->retry_after_ms > 0 ? e->retry_after_ms : delay_of(c);
}

/* What a step waits for that only looks has no `begin` that would tell it: whoever reads the
 * journal of a core that was killed shall know. A look without news is no line. */
static void note_news(struct op_cell *c)
{
    if (!c->step->apply.read && c->news)
        op_journal(c->run, c, "note", NULL);
}

static void judge_check(struct op_cell *c, enum op_verdict vd, const struct err *e)
{
    switch (vd) {
    case OP_DONE:
        op_cell_end(c, c->begun || c->made ? OP_S_DONE : OP_S_FOUND);
        break;
    case OP_SKIP:
        op_cell_end(c, OP_S_SKIPPED);
        break;
    case OP_ABSENT:
        c->made = false;
        c->check_tries = 0;
        if (err_is(e))
            c->last = *e;
        c->state = c->tries ? OP_S_RUNNING : OP_S_WAITING;
        if (c->tries >= max_tries(c) || (!c->step->apply.read && !c->run->check_only))
            op_cell_fail(c, &c->last);
        else
            wait_or_fail(c, c->tries && !c->paused ? delay_of(c) : 0, OP_P_READY);
        break;
    case OP_RUNNING:
        c->check_tries = 0;
        if (err_is(e))
            c->last = *e;
        if (c->run->check_only) { /* somebody is at it: not there yet */
            c->state = OP_S_WAITING;
            c->phase = OP_P_READY;
        } else {
            note_news(c);
            wait_or_fail(c, pause_of(c, e), OP_P_IDLE);
        }
        break;
    case OP_FAILED:
        c->last = *e;
        if (!e->retryable || ++c->check_tries >= max_tries(c)) {
            op_cell_fail(c, e);
        } else {
            note_retry(c, e, c->check_tries + 1, pause_of(c, e));
            wait_or_fail(c, pause_of(c, e), OP_P_IDLE);
        }
        break;
    }
}

static void retry_apply(struct op_cell *c, const struct err *e)
{
    /* after a lost answer or a server fault the effect may be there: look first */
    bool look = c->step->check.read && (e->unsure || e->http >= 500);

    c->last = *e;
    if (c->tries >= max_tries(c) && !look) {
        op_cell_fail(c, e);
    } else if (e->unsure && look && !e->http) {
        str_fmt(c->detail, sizeof c->detail, "%s",
                _("The answer was lost; looking whether it is done"));
        c->phase = OP_P_IDLE;
    } else {
        note_retry(c, e, c->tries + 1, pause_of(c, e));
        c->paused = true;
        wait_or_fail(c, pause_of(c, e), look ? OP_P_IDLE : OP_P_READY);
    }
}

static void judge_apply(struct op_cell *c, enum op_verdict vd, const struct err *e)
{
    enum op_phase back = c->step->check.read ? OP_P_IDLE : OP_P_READY;

    if ((vd == OP_ABSENT || vd == OP_RUNNING) && err_is(e))
        c->last = *e;
    switch (vd) {
    case OP_DONE:
        op_cell_end(c, OP_S_DONE);
        break;
    case OP_SKIP:
        op_cell_end(c, OP_S_SKIPPED);
        break;
    case OP_ABSENT:
        if (back == OP_P_READY && c->tries >= max_tries(c))
            op_cell_fail(c, &c->last);
        else
            wait_or_fail(c, back == OP_P_IDLE ? 0 : delay_of(c), back);
        break;
    case OP_RUNNING:
        if (back == OP_P_READY)
            c->tries--;
        wait_or_fail(c, delay_of(c), back);
        break;
    case OP_FAILED:
        if (e->retryable || e->unsure)
            retry_apply(c, e);
        else
            op_cell_fail(c, e);
        break;
    }
}

static bool worth_repeating(int http)
{
    return http == 408 || http == 429 || http == 500 || http == 502 || http == 503 || http == 504;
}

/* Another sign-in would not help: the token is of the wrong tenant, or a policy asks for more than
 * a device code gives. */
static bool refused_for_good(const struct op_answer *a)
{
    return str_ieq(a->err.remote_code, "InvalidAuthenticationTokenTenant") ||
           str_ieq(a->err.remote_code, "insufficient_claims");
}

/* A 401 of a node's agent or service is not the operator's; one that broke off is only lost. What
 * Microsoft Graph or its token refuses is the step's matter as long as the sign-in stands. */
static bool not_signed_in(const struct op_cell *c, const struct op_answer *a)
{
    bool graph = c->need.kind == OP_NEED_ARM && (c->need.arm_flags & ARM_GRAPH);

    if (refused_for_good(a) || (graph && auth_view(c->run->ports.auth)->state == AUTH_IN))
        return false;
    if (a->err.code == ERR_C_NOT_SIGNED_IN &&
        (a->err.domain == ERR_AUTH || a->err.domain == ERR_OP))
        return true;
    return c->need.kind == OP_NEED_ARM && a->err.domain != ERR_NET &&
           (a->http == 401 || a->err.http == 401);
}

/* Back to where the cell can be asked again; the whole run waits, unless somebody has signed in
 * since it was sent. */
static void hold(struct op_cell *c, const struct err *why)
{
    struct op_run *r = c->run;

    if (c->act == OP_A_APPLY)
        c->tries--;
    c->phase = c->act == OP_A_APPLY && !c->step->check.read ? OP_P_READY : OP_P_IDLE;
    if (!r->undoing)
        c->state = OP_S_WAITING;
    if (c->epoch == r->epoch && (r->state == OP_R_RUNNING || r->state == OP_R_UNDOING) &&
        !r->halting) {
        r->held = r->state;
        r->state = OP_R_WAIT_SIGN_IN;
        r->err = *why;
        r->told = NULL;
        log_inf("run %s waits for sign-in", r->id);
        op_journal(r, NULL, "signin", NULL);
    }
}

static const struct op_act *act_of(const struct op_cell *c)
{
    const struct op_act *acts[] = {
        [OP_A_CHECK] = &c->step->check, [OP_A_APPLY] = &c->step->apply, [OP_A_UNDO] = &c->step->undo
    };

    return acts[c->act];
}

static void answered(struct op_cell *c, const struct op_answer *answer)
{
    struct op_answer a = *answer;
    struct op_view v = { c->run, c };
    struct err e = { .retry_after_ms = -1 };
    enum op_verdict vd;

    c->run->flights--;
    c->phase = OP_P_IDLE;
    op_wake(c->run);
    op_changed(c->run);
    if (not_signed_in(c, &a) && !c->run->check_only) {
        hold(c, &a.err);
        return;
    }
    if (a.http >= 400 && !err_is(&a.err)) {
        err_set(&a.err, ERR_ARM, 0, _("Azure answered HTTP %d."), a.http);
        a.err.http = a.http;
        a.err.retry_after_ms = -1;
    }
    if (worth_repeating(a.http))
        a.err.retryable = true;
    if (not_signed_in(c, &a)) { /* checks alone do not wait for anybody */
        e = a.err;
        e.retryable = false;
        vd = OP_FAILED;
    } else if (c->looking) {
        vd = op_undo_saw(&a, &e);
    } else {
        vd = act_of(c)->read(&v, &a, &e);
    }
    if (c->act != OP_A_CHECK && a.err.unsure) {
        if (vd != OP_FAILED)
            e = a.err;
        e.unsure = true;
        vd = OP_FAILED;
    }
    if (c->run->undoing)
        op_undo_judge(c, vd, &e);
    else if (c->act == OP_A_CHECK)
        judge_check(c, vd, &e);
    else
        judge_apply(c, vd, &e);
}

/* ---- sending ---- */

static void answered_by(struct op_cell *c, struct op_answer *a)
{
    const struct op_ports *p = &c->run->ports;
    struct json *own = NULL;

    if (p->veil && c->run->check_only)
        own =
            p->veil(p->veil_payload, &c->need, c->node < 0 ? "" : c->run->nodes[c->node]->name, a);
    answered(c, a);
    json_free(own);
}

static void arm_answer(void *payload, const struct arm_reply *r)
{
    struct op_cell *c = payload;
    struct op_answer a = { r->http, r->json, r->err };

    c->arm = NULL;
    answered_by(c, &a);
}

static void send_arm(struct op_cell *c)
{
    const char *tenant = json_str(c->run->inputs, "tenantId");
    const struct op_need *n = &c->need;
    int64_t left = time_left(c) < OP_DEADLINE_MS ? time_left(c) : OP_DEADLINE_MS;
    struct arm_req q = { .method = n->method,
                         .path = str_p(&n->path),
                         .query = n->query.len ? n->query.p : NULL,
                         .api = n->api,
                         .body = n->body,
                         .tenant = tenant && *tenant ? tenant : NULL,
                         .flags = n->arm_flags,
                         .deadline_ms = n->arm_flags & ARM_LRO ? (left > 1000 ? left : 1000) : 0,
                         .correlation =
                             json_value_str(json_member(c->run->facts, "run.correlation")) };
    struct arm_call *call = arm_send(c->run->ports.arm, &q, arm_answer, c);

    if (c->phase == OP_P_FLIGHT)
        c->arm = call;
}

static void node_answer(void *payload, const struct node_reply *r)
{
    struct op_cell *c = payload;
    struct op_answer a = { 0, r->json, r->err };

    c->call = NULL;
    answered_by(c, &a);
}

static void send_node(struct op_cell *c, const struct secret *token)
{
    struct node_call *call;

    if (!c->need.args)
        c->need.args = json_object();
    call = node_call(c->run->nodes[c->node < 0 ? 0 : c->node], c->need.verb, c->need.args, token,
                     node_answer, c);
    if (c->phase == OP_P_FLIGHT)
        c->call = call;
}

static void token_answer(void *payload, const struct secret *token, const struct err *e)
{
    struct op_cell *c = payload;
    struct op_answer a = { 0 };

    c->token = NULL;
    if (token && secret_is(token)) {
        send_node(c, token);
        return;
    }
    if (e)
        a.err = *e;
    if (!err_is(&a.err))
        err_set(&a.err, ERR_AUTH, ERR_C_NOT_SIGNED_IN, _("Nobody is signed in."));
    answered(c, &a);
}

static void ask_token(struct op_cell *c)
{
    const char *tenant = json_str(c->run->inputs, "tenantId");
    struct auth_wait *w =
        auth_token(c->run->ports.auth, tenant && *tenant ? tenant : NULL, token_answer, c);

    if (c->phase == OP_P_FLIGHT && !c->call)
        c->token = w;
}

void op_exec(struct op_cell *c, enum op_act_kind act)
{
    struct op_run *r = c->run;
    struct op_view v = { r, c };
    struct op_answer none = { .err = { .retry_after_ms = -1 } };

    c->act = act;
    c->phase = OP_P_FLIGHT;
    c->epoch = r->epoch;
    c->touched = ++r->ticks;
    r->flights++;
    op_need_clear(&c->need);
    if (act_of(c)->ask)
        act_of(c)->ask(&v, &c->need);
    op_undo_look_first(c);
    if (c->need.kind == OP_NEED_ARM)
        send_arm(c);
    else if (c->need.kind == OP_NEED_NODE && c->need.with_token)
        ask_token(c);
    else if (c->need.kind == OP_NEED_NODE && c->need.with_secret)
        send_node(c, &r->secret);
    else if (c->need.kind == OP_NEED_NODE)
        send_node(c, NULL);
    else
        answered(c, &none);
    op_changed(r);
}

void op_cell_cancel(struct op_cell *c)
{
    if (c->arm)
        arm_cancel(c->arm);
    if (c->call)
        c->run->nodes[c->node < 0 ? 0 : c->node]->ops->cancel(c->call);
    if (c->token)
        auth_token_cancel(c->token);
    loop_timer_del(c->timer);
    c->arm = NULL;
    c->call = NULL;
    c->token = NULL;
    c->timer = NULL;
    op_need_clear(&c->need);
}
