#include "config.h"

#include "core/refresh.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/panes.h"

#define SHOW_SOON_MS      200 /* answers that come together are shown together */
#define SYNC_AGAIN_MS     (INT64_C(15) * 60 * 1000) /* policy clock */
#define SYNC_AGAIN_MAX_MS (INT64_C(4) * 3600 * 1000)
#define SYNC_LEAST_MS     1000 /* real time, however fast the policy clock goes */
#define TIMER_MAX_MS      (INT64_C(24) * 3600 * 1000)

enum { ASK_STATUS, ASK_AGENT, ASKS };

struct ask_row {
    enum node_verb verb;
    int64_t watched_ms, idle_ms;
};
static const struct ask_row asks[ASKS] = {
    [ASK_STATUS] = { NODE_STATUS, REFRESH_WATCHED_MS, REFRESH_IDLE_MS },
    [ASK_AGENT] = { NODE_AGENT_SHOW, 30000, 600000 },
};

struct member;
struct ask {
    struct member *member;
    const struct ask_row *row;
    struct node_call *call;
    struct json *answer; /* the last good one */
    struct err err;      /* of the newest */
    int64_t asked_mono, checked_at;
    unsigned fails;
    bool asked;
    bool in_round; /* who waits for the round waits for this one, too */
};
struct member {
    struct refresh *refresh;
    struct node *node;
    struct ask asks[ASKS];
    struct node_call *sync;
    struct loop_timer *sync_timer;
    unsigned sync_fails;
};
struct waiter {
    refresh_done_fn *fn;
    void *payload;
    uint64_t round;
    struct waiter *next;
};

struct refresh {
    struct refresh_config c;
    struct member *members;
    struct loop_timer *timer, *show_timer;
    struct cloud cloud;
    bool has_cloud, watched;
    char tenant[40];
    uint64_t round; /* of status, the newest begun */
    struct waiter *waiters;
    bool again; /* a new round is due as soon as this one is over */
};

static void start_round(struct refresh *r);
static void schedule(struct refresh *r);

/* ---- showing ---- */

/* What the newest registration found at its end: the first node that Azure Arc lacks. */
static const char *gap_of(const struct sec_run *run)
{
    for (size_t i = 0; run && str_eq(run->plan, "register") && i < run->n; i++)
        if (str_eq(run->steps[i].id, "arc-state") && str_eq(run->steps[i].state, "failed"))
            return run->steps[i].detail;
    return "";
}

static void tell_move(struct panes_in *in, const struct sec_run *run)
{
    if (!run || !str_eq(run->whole, "move") || str_eq(run->state, "done") ||
        str_eq(run->state, "undone"))
        return;
    in->move = run->id;
    in->move_stopped = str_eq(run->state, "failed") || str_eq(run->state, "stopped");
}

/* Behind the gate: something that cannot be brought back was done, or begun. */
static void tell_leave(struct panes_in *in, const struct sec_run *run)
{
    if (!run || !str_eq(run->plan, "unregister") || run->whole[0] ||
        (!str_eq(run->state, "failed") && !str_eq(run->state, "stopped")))
        return;
    for (size_t i = 0; i < run->n; i++)
        if (run->steps[i].no_return &&
            (str_eq(run->steps[i].state, "done") || str_eq(run->steps[i].state, "failed")))
            in->leave = run->id;
}

static void show(struct refresh *r)
{
    struct panes_node *nodes = xcalloc(r->c.n + 1, sizeof(*nodes));
    struct panes_in in = { .nodes = nodes, .n = r->c.n, .policy_now = clock_now(r->c.clock) };
    struct sec_cluster *cluster = xcalloc(1, sizeof(*cluster));
    struct sec_nodes *rows = xcalloc(1, sizeof(*rows));

    loop_timer_del(r->show_timer);
    r->show_timer = NULL;
    for (size_t i = 0; i < r->c.n; i++) {
        const struct ask *a = &r->members[i].asks[ASK_STATUS];

        nodes[i] = (struct panes_node){ .name = r->members[i].node->name,
                                        .status = a->answer,
                                        .agent = r->members[i].asks[ASK_AGENT].answer,
                                        .checked_at = a->checked_at,
                                        .asked = a->asked,
                                        .err = a->err };
    }
    in.cloud = r->has_cloud ? &r->cloud : NULL;
    in.tenant = r->tenant;
    in.gap = gap_of(state_get(r->c.state, SEC_RUN));
    tell_move(&in, state_get(r->c.state, SEC_RUN));
    tell_leave(&in, state_get(r->c.state, SEC_RUN));
    panes_cluster(cluster, &in);
    panes_nodes(rows, &in);
    state_publish(r->c.state, SEC_CLUSTER, cluster);
    state_publish(r->c.state, SEC_NODES, rows);
    free(cluster);
    free(rows);
    free(nodes);
}

static void on_show(void *payload)
{
    struct refresh *r = payload;

    r->show_timer = NULL;
    show(r);
}

static void show_soon(struct refresh *r)
{
    if (!r->show_timer)
        r->show_timer = loop_after(r->c.loop, SHOW_SOON_MS, on_show, r);
}

/* ---- scheduled sync ---- */

static void on_sync_timer(void *payload);

static void sync_in(struct member *m, int64_t policy_ms)
{
    int64_t ms = policy_ms > 0 ? clock_real_delay(m->refresh->c.clock, policy_ms) : 1;

    if (m->sync_fails && ms < SYNC_LEAST_MS)
        ms = SYNC_LEAST_MS;
    if (ms > TIMER_MAX_MS)
        ms = TIMER_MAX_MS;
    m->sync_timer = loop_after(m->refresh->c.loop, ms, on_sync_timer, m);
}

static void plan_sync(struct member *m)
{
    const char *next = json_str(m->asks[ASK_STATUS].answer, "NextSync");
    int64_t at = 0;

    if (m->sync || (m->sync_timer && m->sync_fails))
        return;
    loop_timer_del(m->sync_timer);
    m->sync_timer = NULL;
    if (next && time_parse(next, &at))
        sync_in(m, at - clock_now(m->refresh->c.clock));
}

static void sync_done(void *payload, const struct node_reply *reply)
{
    struct member *m = payload;
    int64_t again = SYNC_AGAIN_MS;

    m->sync = NULL;
    if (!err_is(&reply->err)) {
        log_inf("node %s: scheduled sync done", m->node->name);
        m->sync_fails = 0;
    } else {
        log_wrn("node %s: scheduled sync failed: %s", m->node->name, reply->err.message);
        for (unsigned i = 0; i < m->sync_fails && again < SYNC_AGAIN_MAX_MS; i++)
            again *= 2;
        m->sync_fails++;
        sync_in(m, again < SYNC_AGAIN_MAX_MS ? again : SYNC_AGAIN_MAX_MS);
    }
    refresh_now(m->refresh, NULL, NULL);
}

static void on_sync_timer(void *payload)
{
    struct member *m = payload;
    const char *next = json_str(m->asks[ASK_STATUS].answer, "NextSync");
    int64_t at = 0, left;

    m->sync_timer = NULL;
    if (m->sync || !next || !time_parse(next, &at))
        return;
    left = at - clock_now(m->refresh->c.clock);
    if (left > 0)
        sync_in(m, left);
    else
        m->sync = node_call(m->node, NODE_SYNC, NULL, NULL, sync_done, m);
}

/* ---- asking ---- */

static int64_t interval(const struct refresh *r, const struct ask *a)
{
    int64_t ms = r->watched ? a->row->watched_ms : a->row->idle_ms;
    int64_t most = ms > REFRESH_IDLE_MS ? ms : REFRESH_IDLE_MS;

    for (unsigned i = 0; i < a->fails && ms < most; i++)
        ms *= 2;
    return ms < most ? ms : most;
}

static bool round_open(const struct refresh *r)
{
    for (size_t i = 0; i < r->c.n; i++)
        for (size_t k = 0; k < ASKS; k++)
            if (r->members[i].asks[k].call && r->members[i].asks[k].in_round)
                return true;
    return false;
}

/* Those who waited for this round or an older one; a callback may add new ones. */
static void serve_waiters(struct refresh *r)
{
    struct waiter *ready = NULL, **tail = &ready, **p = &r->waiters;

    while (*p) {
        struct waiter *w = *p;

        if (w->round > r->round) {
            p = &w->next;
            continue;
        }
        *p = w->next;
        w->next = NULL;
        *tail = w;
        tail = &w->next;
    }
    while (ready) {
        struct waiter *w = ready;

        ready = w->next;
        w->fn(w->payload);
        free(w);
    }
}

static void round_over(struct refresh *r)
{
    show(r);
    serve_waiters(r);
    if (r->again) {
        r->again = false;
        start_round(r);
    }
    schedule(r);
}

static void answered(void *payload, const struct node_reply *reply)
{
    struct ask *a = payload;
    struct member *m = a->member;
    struct refresh *r = m->refresh;
    bool in_round = a->in_round;

    a->call = NULL;
    a->in_round = false;
    a->asked = true;
    a->err = reply->err;
    if (err_is(&reply->err)) {
        a->fails++;
        if (a->fails == 1)
            log_wrn("node %s: %s failed: %s", m->node->name, node_verb_name(a->row->verb),
                    reply->err.message);
    } else {
        a->fails = 0;
        a->checked_at = wall_ms();
        json_free(a->answer);
        a->answer = json_copy(reply->json);
    }
    if (a->row->verb == NODE_STATUS)
        plan_sync(m);
    if (in_round && !round_open(r))
        round_over(r);
    else
        show_soon(r);
}

static void send_ask(struct ask *a, bool in_round)
{
    if (a->call)
        return;
    a->in_round = in_round;
    a->asked_mono = mono_ms();
    a->call = node_call(a->member->node, a->row->verb, NULL, NULL, answered, a);
}

static void start_round(struct refresh *r)
{
    r->round++;
    for (size_t i = 0; i < r->c.n; i++)
        send_ask(&r->members[i].asks[ASK_STATUS], true);
}

static void on_timer(void *payload)
{
    struct refresh *r = payload;
    int64_t now = mono_ms();
    bool begun = false;

    r->timer = NULL;
    for (size_t i = 0; i < r->c.n; i++)
        for (size_t k = 0; k < ASKS; k++) {
            struct ask *a = &r->members[i].asks[k];

            if (a->call || now - a->asked_mono < interval(r, a))
                continue;
            if (k == ASK_STATUS && !begun && !round_open(r))
                r->round++;
            begun = begun || k == ASK_STATUS;
            send_ask(a, k == ASK_STATUS);
        }
    schedule(r);
}

static void schedule(struct refresh *r)
{
    int64_t now = mono_ms(), least = TIMER_MAX_MS;

    for (size_t i = 0; i < r->c.n; i++)
        for (size_t k = 0; k < ASKS; k++) {
            const struct ask *a = &r->members[i].asks[k];
            int64_t left = a->asked_mono + interval(r, a) - now;

            if (!a->call && left < least)
                least = left;
        }
    loop_timer_del(r->timer);
    r->timer = r->c.n ? loop_after(r->c.loop, least > 0 ? least : 0, on_timer, r) : NULL;
}

void refresh_now(struct refresh *r, refresh_done_fn *fn, void *payload)
{
    bool open = round_open(r);

    for (size_t i = 0; i < r->c.n; i++) { /* an agent that failed the last time is not waited for */
        struct ask *agent = &r->members[i].asks[ASK_AGENT];

        send_ask(agent, !agent->fails);
    }
    if (fn) {
        struct waiter *w = xcalloc(1, sizeof(*w)), **p = &r->waiters;

        w->fn = fn;
        w->payload = payload;
        w->round = r->round + 1;
        while (*p)
            p = &(*p)->next;
        *p = w;
    }
    if (open) {
        r->again = true;
        return;
    }
    start_round(r);
    if (!round_open(r)) { /* no nodes */
        show(r);
        serve_waiters(r);
    }
    schedule(r);
}

void refresh_watched(struct refresh *r, bool watched)
{
    if (watched == r->watched)
        return;
    r->watched = watched;
    schedule(r);
}

void refresh_place(struct refresh *r, const struct cloud *cloud, const char *tenant)
{
    r->has_cloud = cloud != NULL;
    if (cloud)
        r->cloud = *cloud;
    STR_SET(r->tenant, tenant);
    show_soon(r);
}

struct refresh *refresh_new(const struct refresh_config *c)
{
    struct refresh *r = xcalloc(1, sizeof(*r));

    r->c = *c;
    r->members = xcalloc(c->n + 1, sizeof(*r->members));
    for (size_t i = 0; i < c->n; i++) {
        struct member *m = &r->members[i];

        m->refresh = r;
        m->node = c->nodes[i];
        for (size_t k = 0; k < ASKS; k++) {
            m->asks[k].member = m;
            m->asks[k].row = &asks[k];
        }
    }
    refresh_now(r, c->first, c->payload);
    return r;
}

static void free_member(struct member *m)
{
    for (size_t k = 0; k < ASKS; k++) {
        if (m->asks[k].call)
            m->node->ops->cancel(m->asks[k].call);
        json_free(m->asks[k].answer);
    }
    if (m->sync)
        m->node->ops->cancel(m->sync);
    loop_timer_del(m->sync_timer);
}

void refresh_free(struct refresh *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->c.n; i++)
        free_member(&r->members[i]);
    while (r->waiters) {
        struct waiter *w = r->waiters;

        r->waiters = w->next;
        free(w);
    }
    loop_timer_del(r->timer);
    loop_timer_del(r->show_timer);
    free(r->members);
    free(r);
}
