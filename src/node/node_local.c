/* The back end "this POSIX host": each verb by the node's own engine, the Arc agent's command, and
 * the data plane. */
#include "config.h"

#include "node/node_local_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/str.h"
#include "node/facts.h"
#include "store/store.h"

#define CLUSTER_KEY "cluster"
#define PUT_TRIES   5

static bool is_verb(enum node_verb v)
{
    return (unsigned)v < NODE_VERBS;
}

/* ---- the end of a call ---- */

static void call_drop(struct node_call *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        c->n->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
    loop_timer_del(c->timer);
    loop_child_del(c->child);
    json_free(c->args);
    secret_clear(&c->token);
    free(c);
}

/* answer is taken over; NULL: *e says why. */
void node_reply_end(struct node_call *c, struct json *answer, const struct err *e)
{
    struct node_reply r = { .json = answer };

    if (!answer) {
        r.err = *e;
        if (is_verb(c->verb) &&
            node_verbs[c->verb].changes) /* the others are asked every few seconds */
            log_wrn("node %s: %s failed: %s", c->n->node.name, node_verb_name(c->verb), e->message);
    }
    c->fn(c->payload, &r);
    json_free(answer);
    call_drop(c);
}

/* ---- the records ---- */

/* 1: there is a cluster, 0: none, -1: an error. rev may be NULL. */
static int load_cluster(struct local_node *n, struct engine_cluster *out, int64_t *rev,
                        struct err *e)
{
    struct err inner = { 0 };
    struct json *j = n->store->ops->get(n->store, CLUSTER_KEY, rev, &inner);
    int rc;

    if (!j && inner.domain == ERR_STORE && inner.code == ERR_C_NOT_FOUND)
        return 0;
    if (!j) {
        *e = inner;
        return -1;
    }
    rc = engine_cluster_decode(j, out, e);
    json_free(j);
    return rc == 0 ? 1 : -1;
}

/* A cluster that this node belongs to. */
int node_own_cluster(struct local_node *n, struct engine_cluster *out, int64_t *rev, struct err *e)
{
    int rc = load_cluster(n, out, rev, e);

    if (rc < 0)
        return -1;
    if (rc == 0 || !engine_cluster_has(out, n->node.name))
        return err_set(e, ERR_NODE, ERR_C_NO_CLUSTER, _("The node %s belongs to no cluster yet."),
                       n->node.name);
    return 0;
}

static int save_cluster(struct local_node *n, const struct engine_cluster *c, int64_t rev,
                        struct err *e)
{
    struct json *j = engine_cluster_encode(c);
    int rc = n->store->ops->put(n->store, CLUSTER_KEY, j, rev, NULL, e);

    json_free(j);
    return rc;
}

int node_change_cluster(struct local_node *n, node_change_fn *fn, const void *payload,
                        struct err *e)
{
    struct engine_cluster c;
    int64_t rev;

    for (int i = 0; i < PUT_TRIES; i++) {
        if (node_own_cluster(n, &c, &rev, e) != 0)
            return -1;
        fn(&c, payload);
        if (save_cluster(n, &c, rev, e) == 0)
            return 0;
        if (e->domain != ERR_STORE || e->code != ERR_C_CONFLICT)
            return -1;
    }
    return -1;
}

/* NULL: none, and with it goes how its nodes came to Arc. */
static void set_registration(struct engine_cluster *c, const void *payload)
{
    const struct engine_registration *g = payload;

    c->registration = g ? *g : (struct engine_registration){ .resource_id = "" };
    if (!g)
        c->arc = (struct engine_arc){ .region = "" };
}

static int store_registration(struct local_node *n, const struct engine_registration *g,
                              struct err *e)
{
    return node_change_cluster(n, set_registration, g, e);
}

static const struct json *own_facts(struct local_node *n)
{
    if (!n->facts)
        n->facts = facts_read(n->os_build);
    return n->facts;
}

/* ---- verbs answered from the records ---- */

static void do_status(struct node_call *c)
{
    struct local_node *n = c->n;
    struct engine_record r;
    struct engine_cluster cluster;
    struct err e = { 0 };
    int have;

    if (engine_record_load(n->record_path, &r, &e) != 0 ||
        (have = load_cluster(n, &cluster, NULL, &e)) < 0)
        node_reply_end(c, NULL, &e);
    else {
        struct json *out =
            engine_status(&r, have ? &cluster : NULL, n->node.name, clock_now(n->clock));

        json_set_bool(out, "arcCommands", node_has_arc(n));
        json_set_int(out, "uptime", (clock_now(n->clock) - n->started) / 1000);
        node_reply_end(c, out, NULL);
    }
}

static void do_facts(struct node_call *c)
{
    struct json *out = json_copy(own_facts(c->n));

    node_add_plays(c->n, out);
    node_reply_end(c, out, NULL);
}

static struct json *cluster_answer(const struct engine_cluster *c, bool created)
{
    struct json *out = json_object(), *nodes = json_array();

    for (size_t i = 0; i < c->n_nodes; i++)
        json_push(nodes, json_string(c->nodes[i]));
    json_set_str(out, "clusterName", c->name);
    json_set_str(out, "clusterId", c->id);
    json_set(out, "clusterNodes", nodes);
    json_set_bool(out, "created", created);
    return out;
}

static bool same_cluster(const struct engine_cluster *a, const struct engine_cluster *b)
{
    if (!str_ieq(a->name, b->name) || a->n_nodes != b->n_nodes)
        return false;
    for (size_t i = 0; i < a->n_nodes; i++)
        if (!engine_cluster_has(b, a->nodes[i]))
            return false;
    return true;
}

static void do_cluster_create(struct node_call *c)
{
    struct local_node *n = c->n;
    struct engine_cluster want, have;
    struct err e = { 0 };
    int found;

    if (engine_cluster_make(&want, json_str(c->args, "name"), json_member(c->args, "nodes"),
                            n->node.name, clock_now(n->clock), &e) != 0 ||
        (found = load_cluster(n, &have, NULL, &e)) < 0) {
        node_reply_end(c, NULL, &e);
    } else if (found && same_cluster(&want, &have)) {
        node_reply_end(c, cluster_answer(&have, false), NULL);
    } else if (found) {
        err_set(&e, ERR_NODE, ERR_C_CONFLICT,
                _("There is a cluster %s already; a node belongs to one cluster only."), have.name);
        node_reply_end(c, NULL, &e);
    } else if (save_cluster(n, &want, 0, &e) != 0) {
        node_reply_end(c, NULL, &e);
    } else {
        log_inf("cluster %s made, %zu nodes", want.name, want.n_nodes);
        node_reply_end(c, cluster_answer(&want, true), NULL);
    }
}

static void do_unregister(struct node_call *c)
{
    struct local_node *n = c->n;
    struct engine_record r;
    struct err e = { 0 };

    if (engine_record_load(n->record_path, &r, &e) != 0 || store_registration(n, NULL, &e) != 0) {
        node_reply_end(c, NULL, &e);
        return;
    }
    engine_unregistered(&r);
    r.cert_thumbprint[0] = r.cert_not_after[0] = r.cert_app[0] = '\0';
    node_drop_certificates(n);
    if (engine_record_save(n->record_path, &r, &e) != 0)
        node_reply_end(c, NULL, &e);
    else
        node_reply_end(c, json_object(), NULL);
}

/* ---- the Arc agent ---- */

static void on_agent(void *payload, const struct json *answer, const struct err *e)
{
    struct node_call *c = payload;

    c->agent = NULL;
    if (answer && c->verb == NODE_AGENT_CONNECT)
        node_bootstrap_keep(c->n, answer);
    node_reply_end(c, answer ? json_copy(answer) : NULL, e);
}

static void do_agent_show(struct node_call *c)
{
    c->agent = agent_show(&c->n->agent, on_agent, c);
}

static void do_agent_connect(struct node_call *c)
{
    c->agent = agent_connect(&c->n->agent, c->args, &c->token, on_agent, c);
}

static void do_agent_disconnect(struct node_call *c)
{
    c->agent = agent_disconnect(&c->n->agent, c->args, &c->token, on_agent, c);
}

/* ---- sync ---- */

static struct json *sync_body(struct local_node *n, const struct engine_cluster *cluster,
                              const char *level)
{
    struct json *j = json_object();
    struct json *names = json_array();
    int64_t id = 1;

    for (size_t i = 0; i < cluster->n_nodes; i++) {
        json_push(names, json_string(cluster->nodes[i]));
        if (str_ieq(cluster->nodes[i], n->node.name))
            id = (int64_t)i + 1;
    }
    json_set_str(j, "node", n->node.name);
    json_set_str(j, "clusterId", cluster->id);
    json_set(j, "clusterNodes", names);
    json_set(j, "census", facts_census(n->node.name, id, own_facts(n)));
    json_set_str(j, "diagnosticLevel", level[0] ? level : "Basic");
    return j;
}

static struct json *sync_answer(struct node_call *c, const struct engine_record *r,
                                const struct json *answer)
{
    struct json *out = json_object();

    json_set_str(out, "lastSync", r->last_connected);
    json_set_str(out, "nextSync", r->next_sync);
    if (c->registration_date[0])
        json_set_str(out, "registrationDate", c->registration_date);
    if (json_member(answer, "windowsServerSubscription"))
        json_set(out, "windowsServerSubscription",
                 json_copy(json_member(answer, "windowsServerSubscription")));
    return out;
}

/* As the machine, or as the application that the registration names. */
static struct dataplane_call *post(struct node_call *c, const struct engine_registration *g,
                                   const char *act, struct json *body, dataplane_done_fn *fn)
{
    struct dataplane_app app;
    bool as_app = node_app_of(c->n, g, &app);

    return dataplane_post_as(&c->n->plane, as_app ? &app : NULL, g->service_endpoint, g->cloud_id,
                             g->billing_scope, act, body, fn, c);
}

static void take_level(struct engine_record *r, const char *level)
{
    static const char *const levels[] = { "Off", "Basic", "Enhanced" };

    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (str_eq(levels[i], level))
            STR_SET(r->diagnostic_level, level);
}

static void on_synced(void *payload, const struct json *answer, const struct err *failure)
{
    struct node_call *c = payload;
    struct local_node *n = c->n;
    struct engine_record r;
    struct err e = { 0 }, unsure;

    c->plane = NULL;
    if (failure && c->verb != NODE_SYNC) { /* the registration stands: look before failing */
        unsure = *failure;
        unsure.unsure = true;
        failure = &unsure;
    }
    if (engine_record_load(n->record_path, &r, &e) != 0) {
        node_reply_end(c, NULL, &e);
        return;
    }
    if (answer) {
        engine_synced(&r, clock_now(n->clock));
        if (c->verb == NODE_ARC_ENABLE)
            time_iso(r.arc_enabled, clock_now(n->clock));
        if (json_flag(answer, "arcSettings", false))
            r.arc_disabled[0] = '\0';
        take_level(&r, json_str(answer, "diagnosticLevel"));
    } else {
        engine_sync_failed(&r, clock_now(n->clock), failure->message);
    }
    if (engine_record_save(n->record_path, &r, &e) != 0)
        node_reply_end(c, NULL, failure ? failure : &e);
    else if (!answer)
        node_reply_end(c, NULL, failure);
    else
        node_reply_end(c, sync_answer(c, &r, answer), NULL);
}

void node_do_sync(struct node_call *c)
{
    struct local_node *n = c->n;
    const struct engine_registration *g;
    struct engine_cluster cluster;
    struct engine_record r;
    struct err e = { 0 };

    if (engine_record_load(n->record_path, &r, &e) != 0 ||
        node_own_cluster(n, &cluster, NULL, &e) != 0) {
        node_reply_end(c, NULL, &e);
        return;
    }
    if (!engine_is_registered(&cluster)) {
        err_set(&e, ERR_NODE, ERR_C_NOT_FOUND, _("The cluster %s is not registered with Azure."),
                cluster.name);
        node_reply_end(c, NULL, &e);
        return;
    }
    g = &cluster.registration;
    c->plane = post(c, g, "sync", sync_body(n, &cluster, r.diagnostic_level), on_synced);
}

/* ---- register ---- */

static struct json *register_body(struct node_call *c, const struct engine_cluster *cluster)
{
    struct json *j = json_object(), *nodes = json_array();
    const struct json *names = json_member(c->args, "clusterNodes");
    const char *name;
    int64_t id = 0;
    size_t count = json_len(names) ? json_len(names) : cluster->n_nodes;
    const struct json *item = json_first(names);

    for (size_t i = 0; i < count; i++) {
        name = item ? json_value_str(item) : cluster->nodes[i];
        item = json_next(item);
        if (!name)
            continue;
        json_push(nodes, facts_census(name, ++id,
                                      str_ieq(name, c->n->node.name) ? own_facts(c->n) : NULL));
    }
    json_set_str(j, "resourceId", c->registration.resource_id);
    json_set_str(j, "clusterName", cluster->name);
    json_set_str(j, "clusterId", cluster->id);
    json_set(j, "nodes", nodes);
    return j;
}

static void on_registered(void *payload, const struct json *answer, const struct err *failure)
{
    struct node_call *c = payload;
    struct engine_registration *g = &c->registration;
    const char *date = json_str(answer, "registrationDate");
    struct err e = { 0 };
    int64_t ms;

    c->plane = NULL;
    if (!answer) {
        node_reply_end(c, NULL, failure);
        return;
    }
    time_iso(g->registered_at, clock_now(c->n->clock));
    if (date && time_parse(date, &ms))
        time_iso(g->registration_date, ms);
    else
        STR_SET(g->registration_date, g->registered_at);
    if (store_registration(c->n, g, &e) != 0) {
        node_reply_end(c, NULL, &e);
        return;
    }
    log_inf("registered as %s", g->resource_id);
    STR_SET(c->registration_date, g->registration_date);
    node_do_sync(c);
}

/* Stored is what Azure has answered: only the first sync can be left to do. */
static bool is_done(const struct engine_registration *have, const struct engine_registration *want)
{
    return str_ieq(have->resource_id, want->resource_id) &&
           str_ieq(have->cloud_id, want->cloud_id) &&
           str_eq(have->service_endpoint, want->service_endpoint) &&
           str_ieq(have->app_id, want->app_id);
}

int node_take_registration(struct node_call *c)
{
    struct err e = { 0 };

    if (json_decode(c->args, &engine_registration_json, &c->registration, &e) == 0)
        return 0;
    err_wrap(&e, _("registering the node %s"), c->n->node.name);
    node_reply_end(c, NULL, &e);
    return -1;
}

static void do_register(struct node_call *c)
{
    if (node_take_registration(c) == 0)
        node_do_register(c);
}

void node_do_register(struct node_call *c)
{
    struct local_node *n = c->n;
    struct engine_registration *g = &c->registration;
    struct engine_cluster cluster;
    struct err e = { 0 };

    if (node_own_cluster(n, &cluster, NULL, &e) != 0) {
        node_reply_end(c, NULL, &e);
        return;
    }
    if (engine_is_registered(&cluster) &&
        !str_ieq(cluster.registration.resource_id, g->resource_id)) {
        err_set(&e, ERR_NODE, ERR_C_CONFLICT, _("The cluster %s is registered already, as %s."),
                cluster.name, cluster.registration.resource_id);
        node_reply_end(c, NULL, &e);
        return;
    }
    if (engine_is_registered(&cluster) && is_done(&cluster.registration, g) &&
        !json_flag(c->args, "again", false)) {
        STR_SET(c->registration_date, cluster.registration.registration_date);
        node_do_sync(c);
        return;
    }
    c->plane = post(c, g, "register", register_body(c, &cluster), on_registered);
}

/* ---- the node ---- */

typedef void verb_fn(struct node_call *c);
static verb_fn *const verb_fns[NODE_VERBS] = {
    [NODE_STATUS] = do_status,
    [NODE_FACTS] = do_facts,
    [NODE_AGENT_SHOW] = do_agent_show,
    [NODE_AGENT_CONNECT] = do_agent_connect,
    [NODE_AGENT_DISCONNECT] = do_agent_disconnect,
    [NODE_REGISTER] = do_register,
    [NODE_UNREGISTER] = do_unregister,
    [NODE_SYNC] = node_do_sync,
    [NODE_CLUSTER_CREATE] = do_cluster_create,
    [NODE_CERTIFICATE_FIND] = node_certificate_find,
    [NODE_CERTIFICATE_NEW] = node_certificate_new,
    [NODE_CERTIFICATE_SET] = node_certificate_set,
    [NODE_CERTIFICATE_REMOVE] = node_certificate_remove,
    [NODE_REGISTER_APP] = node_register_app,
    [NODE_ARC_STATUS] = node_arc_status,
    [NODE_ARC_INIT] = node_arc_init,
    [NODE_ARC_ENABLE] = node_arc_enable,
    [NODE_ARC_CLEAR] = node_arc_clear,
    [NODE_RESET] = node_reset,
    [NODE_RESET_STATUS] = node_reset_status,
};

static void on_start(void *payload)
{
    struct node_call *c = payload;
    struct err e = { 0 };

    c->timer = NULL;
    if (is_verb(c->verb)) {
        verb_fns[c->verb](c);
        return;
    }
    err_set(&e, ERR_USAGE, 0, "a node knows no verb %d", (int)c->verb); /* of programs, not users */
    node_reply_end(c, NULL, &e);
}

static struct node_call *local_call(struct node *node, enum node_verb v, const struct json *args,
                                    const struct secret *token, node_done_fn *fn, void *payload)
{
    struct local_node *n = (struct local_node *)node;
    struct node_call *c = xcalloc(1, sizeof(*c));

    c->n = n;
    c->verb = v;
    c->fn = fn;
    c->payload = payload;
    c->args = args ? json_copy(args) : json_object();
    if (token && is_verb(v) && node_verbs[v].takes_token)
        secret_copy(&c->token, token);
    c->next = n->calls;
    if (c->next)
        c->next->prev = c;
    n->calls = c;
    c->timer = loop_after(n->loop, 0, on_start, c);
    return c;
}

static void local_cancel(struct node_call *c)
{
    agent_cancel(c->agent);
    dataplane_cancel(c->plane);
    call_drop(c);
}

static void local_close(struct node *node)
{
    struct local_node *n = (struct local_node *)node;

    while (n->calls)
        local_cancel(n->calls);
    node_reset_close(n);
    dataplane_clear(&n->plane);
    json_free(n->facts);
    free(n->himds);
    free(n->azcmagent);
    free(n->tokens_dir);
    free(n->agent_proxy);
    free(n->certificates_dir);
    free(n);
}

static const struct node_ops local_ops = { local_call, local_cancel, local_close };

static char *copy_or_empty(const char *s)
{
    return xstrdup(s ? s : "");
}

struct node *node_local_new(struct loop *l, const struct node_local_config *cfg, struct err *e)
{
    struct local_node *n;
    char path[NODE_PATH_SIZE], own[NODE_PATH_SIZE], fresh[NODE_PATH_SIZE];

    if (!str_fmt(path, sizeof(path), "%s/node.json", cfg->dir) ||
        !str_fmt(own, sizeof(own), "%s/certificate.pem", cfg->dir) ||
        !str_fmt(fresh, sizeof(fresh), "%s/certificate-new.pem", cfg->dir)) {
        err_set(e, ERR_NODE, 0, _("The path of the node's folder is too long."));
        return NULL;
    }
    if (file_mkdirs(cfg->dir, e) != 0 || engine_record_init(path, clock_now(cfg->clock), e) != 0) {
        err_wrap(e, _("opening the folder of the node %s"), cfg->name);
        return NULL;
    }
    n = xcalloc(1, sizeof(*n));
    n->node.ops = &local_ops;
    n->node.native = true;
    STR_SET(n->node.name, cfg->name);
    STR_SET(n->dir, cfg->dir);
    STR_SET(n->record_path, path);
    STR_SET(n->own_path, own);
    STR_SET(n->new_path, fresh);
    n->loop = l;
    n->store = cfg->store;
    n->clock = cfg->clock;
    n->himds = copy_or_empty(cfg->himds_endpoint);
    n->azcmagent = copy_or_empty(cfg->azcmagent);
    n->tokens_dir = copy_or_empty(cfg->tokens_dir);
    n->agent_proxy = copy_or_empty(cfg->agent_proxy);
    n->certificates_dir = copy_or_empty(cfg->certificates_dir);
    n->os_build = cfg->os_build;
    n->started = clock_now(cfg->clock) - (cfg->uptime_ms ? cfg->uptime_ms : facts_uptime_ms());
    dataplane_init(&n->plane, l, cfg->http, n->himds, n->tokens_dir);
    n->agent = (struct agent){ l, n->azcmagent, n->agent_proxy };
    return &n->node;
}
