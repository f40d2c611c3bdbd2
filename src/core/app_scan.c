#include "config.h"

#include "core/app_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"

#define FLIGHTS     8
#define ASKS_MAX    4000
#define DEADLINE_MS (180 * 1000)

struct flight {
    struct app_scan *scan;
    struct arm_call *call;
    char *key; /* NULL: free */
    bool graph;
};
struct app_scan {
    struct app *app;
    app_scan_done_fn *fn;
    void *payload;
    char subscription[40];
    struct json *found, *asks;
    const struct json *next; /* of asks */
    struct flight flights[FLIGHTS];
    size_t open, asked;
    struct err err;
    struct loop_timer *timer, *turn;
    struct arm_call *subs;
};

void app_scan_free(struct app_scan *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < FLIGHTS; i++) {
        if (s->flights[i].call)
            arm_cancel(s->flights[i].call);
        free(s->flights[i].key);
    }
    if (s->subs)
        arm_cancel(s->subs);
    loop_timer_del(s->timer);
    loop_timer_del(s->turn);
    json_free(s->asks);
    json_free(s->found);
    free(s);
}

static void on_turn(void *payload);

static void wake(struct app_scan *s)
{
    if (!s->turn)
        s->turn = loop_after(s->app->c.loop, 0, on_turn, s);
}

static void fail(struct app_scan *s, const struct err *e)
{
    if (!err_is(&s->err))
        s->err = *e;
    wake(s);
}

static void on_deadline(void *payload)
{
    struct app_scan *s = payload;
    struct err e = { .retry_after_ms = -1 };

    s->timer = NULL;
    err_set(&e, ERR_OP, ERR_C_DEADLINE, "%s",
            _("Looking through the subscriptions took too long. Name one with --subscription-id."));
    fail(s, &e);
}

/* Graph may be closed to this sign-in: that is an answer. */
static bool answers(const struct flight *f, const struct arm_reply *r)
{
    if (f->graph)
        return true;
    return r->http == 200 ||
           (r->http >= 400 && r->http < 500 && r->http != 401 && r->http != 408 && r->http != 429);
}

static void on_answer(void *payload, const struct arm_reply *r)
{
    struct flight *f = payload;
    struct app_scan *s = f->scan;
    struct json *one = json_object();
    char *key = f->key;

    f->call = NULL;
    f->key = NULL;
    s->open--;
    if (answers(f, r)) {
        json_set_int(one, "http", r->http);
        if (r->err.remote_code[0])
            json_set_str(one, "code", r->err.remote_code);
        if (r->http == 200 && r->json)
            json_set(one, "json", json_copy(r->json));
        json_set(json_edit(json_member(s->found, "answers")), key, one);
    } else {
        json_free(one);
        fail(s, &r->err);
    }
    free(key);
    wake(s);
}

static void send_one(struct app_scan *s, struct flight *f, const struct json *ask)
{
    struct arm_req q = { .method = "GET",
                         .path = json_str(ask, "path"),
                         .query = json_str(ask, "query"),
                         .api = json_str(ask, "api") };
    struct arm_call *call;
    int64_t flags = 0;

    json_int(ask, "flags", &flags);
    q.flags = (unsigned)flags;
    f->scan = s;
    f->graph = (q.flags & ARM_GRAPH) != 0;
    f->key = xstrdup(json_str(ask, "key"));
    s->open++;
    s->asked++;
    call = arm_send(s->app->arm, &q, on_answer, f);
    if (f->key)
        f->call = call;
}

static void send_more(struct app_scan *s)
{
    for (size_t i = 0; i < FLIGHTS && s->next; i++)
        if (!s->flights[i].key) {
            const struct json *ask = s->next;

            s->next = json_next(ask);
            send_one(s, &s->flights[i], ask);
        }
}

static bool too_many(struct app_scan *s)
{
    if (s->asked + json_len(s->asks) <= ASKS_MAX)
        return false;
    err_set(&s->err, ERR_OP, ERR_C_TOO_BIG, "%s",
            _("There is too much to look through. Name one subscription with --subscription-id."));
    return true;
}

/* The callback may free the scan. */
static void on_turn(void *payload)
{
    struct app_scan *s = payload;

    s->turn = NULL;
    if (!err_is(&s->err) && !s->next && !s->open) {
        json_free(s->asks);
        s->asks = op_cleanup_asks(s->found, wall_ms());
        s->next = json_first(s->asks);
        if (!s->next || too_many(s)) {
            s->fn(s->payload, s->found, &s->err);
            return;
        }
    }
    if (err_is(&s->err))
        s->fn(s->payload, s->found, &s->err);
    else
        send_more(s);
}

static void on_subscriptions(void *payload, const struct arm_reply *r)
{
    struct app_scan *s = payload;
    struct json *subs = json_array(), *names = json_object();
    size_t others = 0;

    s->subs = NULL;
    JSON_EACH (x, json_get(r->json, "value")) {
        const char *id = json_str(x, "subscriptionId");

        if (id && (!s->subscription[0] || str_ieq(id, s->subscription)))
            json_push(subs, json_string(id));
        else
            others++;
        if (id && json_str(x, "displayName"))
            json_set_str(names, id, json_str(x, "displayName"));
    }
    if (r->http == 200 && !json_len(subs))
        err_set(&s->err, ERR_OP, ERR_C_NOT_FOUND, "%s",
                _("Your sign-in does not see that subscription."));
    else if (r->http != 200)
        s->err = r->err;
    json_set(s->found, "subscriptions", subs);
    json_set(s->found, "names", names);
    json_set_bool(s->found, "whole", !others);
    wake(s);
}

static void set_here(struct app_scan *s)
{
    const struct sec_cluster *cluster = state_get(s->app->c.state, SEC_CLUSTER);
    struct json *nodes = json_array();

    for (size_t i = 0; i < s->app->n_nodes; i++)
        json_push(nodes, json_string(s->app->nodes[i]->name));
    json_set_str(s->found, "here", cluster->azure_resource_uri);
    json_set(s->found, "nodes", nodes);
    json_set(s->found, "answers", json_object());
    json_set(s->found, "none", json_array());
}

struct app_scan *app_scan_start(struct app *a, const char *subscription, app_scan_done_fn *fn,
                                void *payload)
{
    struct app_scan *s = xcalloc(1, sizeof(*s));
    struct arm_req q = {
        .method = "GET", .path = "/subscriptions", .api = API_SUBSCRIPTIONS, .flags = ARM_PAGES
    };
    struct arm_call *call;

    s->app = a;
    s->fn = fn;
    s->payload = payload;
    s->found = json_object();
    s->err.retry_after_ms = -1;
    STR_SET(s->subscription, subscription);
    set_here(s);
    s->timer = loop_after(a->c.loop, DEADLINE_MS, on_deadline, s);
    call = arm_send(a->arm, &q, on_subscriptions, s);
    if (!s->turn)
        s->subs = call;
    return s;
}
