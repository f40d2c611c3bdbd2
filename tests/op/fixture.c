#include "config.h"

#include "op/fixture.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "azure/arm_int.h"
#include "azure/auth_int.h"
#include "azure/hci.h"
#include "base/file.h"
#include "testing.h"

/* ---- the power ---- */

size_t fx_lines(const char *path)
{
    struct str s = STR_INIT;
    struct err e = { 0 };
    size_t n = 0;

    if (file_read(path, 1 << 20, &s, &e) == 0)
        for (size_t i = 0; i < s.len; i++)
            n += s.p[i] == '\n';
    str_free(&s);
    return n;
}

static bool power(struct fx *fx)
{
    if (!fx->dead && fx->cut && fx->journal[0] && fx_lines(fx->journal) >= fx->cut)
        fx->dead = true;
    return !fx->dead;
}

void fx_power_on(struct fx *fx)
{
    struct str s = STR_INIT;
    struct err e = { 0 };
    size_t n = 0, end = 0;

    assert_int_equal(file_read(fx->journal, 1 << 20, &s, &e), 0);
    for (; end < s.len && n < fx->cut; end++)
        n += s.p[end] == '\n';
    str_free(&s);
    assert_int_equal(truncate(fx->journal, (off_t)end), 0);
    fx->cut = 0;
    fx->dead = false;
    fx->n_rules = 0;
}

/* ---- the transport ---- */

struct http_call {
    struct fx *fx;
    char method[8], *path;
    struct json *sent;
    http_done_fn *fn;
    void *payload;
    struct loop_timer *timer;
    int status;
    struct json *answer;
    struct fx_rule rule;
    bool lost, no_power;
};

static void call_free(struct http_call *c)
{
    c->fx->in_flight--;
    loop_timer_del(c->timer);
    free(c->path);
    json_free(c->sent);
    json_free(c->answer);
    free(c);
}

/* Part of the path; with a $ at its end, the path's end. */
static bool fits(const char *path, const char *rule)
{
    size_t n = strlen(rule), len = strlen(path);

    if (!n || rule[n - 1] != '$')
        return str_ifind(path, rule) != NULL;
    return len >= n - 1 && strncasecmp(path + len - (n - 1), rule, n - 1) == 0;
}

static bool take_rule(struct http_call *c)
{
    if (c->fx->fail_nth && --c->fx->fail_nth == 0) {
        c->rule = (struct fx_rule){ .status = 503, .body = "{}", .retry_after_ms = 5 };
        if (c->fx->lose_nth && !str_eq(c->method, "GET"))
            c->rule = (struct fx_rule){ .lost = true };
        return true;
    }
    for (size_t i = 0; i < c->fx->n_rules; i++) {
        struct fx_rule *r = &c->fx->rules[i];

        if (r->count > 0 && str_eq(r->method, c->method) && fits(c->path, r->path)) {
            r->count--;
            c->rule = *r;
            return true;
        }
    }
    return false;
}

static void entra(struct http_call *c)
{
    const char *const token = "{\"access_token\":\"t\",\"refresh_token\":\"r\",\"expires_in\":3600,"
                              "\"token_type\":\"Bearer\"}";
    const char *const code = "{\"device_code\":\"d\",\"user_code\":\"U\",\"verification_uri\":"
                             "\"https://login.test/d\",\"interval\":1}";
    const char *text = str_ends(c->path, "/devicecode") ? code : token;
    struct err e = { 0 };

    c->status = 200;
    c->answer = json_parse(text, strlen(text), 0, &e);
}

static void effect(struct http_call *c)
{
    struct fx *fx = c->fx;

    if (!power(fx)) {
        c->no_power = true;
        return;
    }
    if (str_ifind(c->path, "/oauth2/")) {
        entra(c);
        return;
    }
    if (fx->signed_out) {
        c->status = 401;
        c->answer = fx_arm_code("ExpiredAuthenticationToken");
        return;
    }
    if (take_rule(c)) {
        struct err e = { 0 };

        c->lost = c->rule.lost;
        if (!c->lost) {
            c->status = c->rule.status;
            c->answer = c->rule.body ? json_parse(c->rule.body, strlen(c->rule.body), 0, &e) : NULL;
            return;
        }
        if (c->rule.no_effect)
            return;
    }
    c->status = fx_azure(fx, c->method, c->path, c->sent, &c->answer);
}

static void on_due(void *payload)
{
    struct http_call *c = payload;
    struct http_reply r = { .retry_after_ms = -1 };
    struct str body = STR_INIT;

    c->timer = NULL;
    if (!c->fx->effect_at_send)
        effect(c);
    if (c->no_power || !power(c->fx))
        return; /* for ever: cancelled with its run */
    r.status = c->lost ? 0 : c->status;
    if (c->lost) {
        err_set(&r.err, ERR_NET, 52, "the connection was reset");
        r.err.retryable = true;
        r.err.unsure = true;
    } else if (c->answer) {
        json_write(&body, c->answer);
    }
    if (c->rule.retry_after_ms)
        r.retry_after_ms = c->rule.retry_after_ms;
    r.body = str_p(&body);
    r.body_len = body.len;
    c->fn(c->payload, &r);
    str_free(&body);
    call_free(c);
}

static struct http_call *fx_send(struct http *h, const struct http_req *q, http_done_fn *fn,
                                 void *payload)
{
    struct fx *fx = (struct fx *)h;
    struct http_call *c = xcalloc(1, sizeof *c);
    const char *path = strstr(q->url, "://");
    struct err e = { 0 };

    c->fx = fx;
    STR_SET(c->method, q->method);
    path = strchr(path + 3, '/');
    c->path = xstrdup(path);
    c->path[strcspn(c->path, "?")] = '\0';
    if (q->body && q->body[0] == '{')
        c->sent = json_parse(q->body, q->body_len, 0, &e);
    c->fn = fn;
    c->payload = payload;
    fx->in_flight++;
    if (fx->in_flight > fx->most_in_flight)
        fx->most_in_flight = fx->in_flight;
    if (!str_ifind(c->path, "/oauth2/") && fx->n_log < FX_MAX_LOG) {
        struct str line = STR_INIT;

        str_addf(&line, "%s %s", c->method, c->path);
        fx->log[fx->n_log++] = str_take(&line);
    }
    if (fx->effect_at_send)
        effect(c);
    c->timer = loop_after(fx->loop, fx->latency_ms, on_due, c);
    return c;
}

static void fx_cancel(struct http_call *c)
{
    call_free(c);
}

static void fx_allow(struct http *h, const char *host)
{
    (void)h;
    (void)host;
}

static const struct http_ops http_ops = { fx_send, fx_cancel, NULL, fx_allow };

/* ---- the nodes ---- */

struct node_call {
    struct fx_node *n;
    enum node_verb verb;
    struct json *args;
    bool token;
    node_done_fn *fn;
    void *payload;
    struct loop_timer *timer;
    struct node_reply reply;
    bool no_power;
};

static void node_call_free(struct node_call *c)
{
    c->n->fx->nodes_in_flight--;
    loop_timer_del(c->timer);
    json_free(c->args);
    json_free((struct json *)c->reply.json);
    free(c);
}

static void do_connect(struct fx_node *n, struct node_call *c)
{
    if (!c->token) {
        err_set(&c->reply.err, ERR_NODE, 41, "no token");
        return;
    }
    if (n->agent_name[0])
        return; /* connected there already */
    STR_SET(n->agent_name, json_str(c->args, "resourceName"));
    STR_SET(n->agent_sub, json_str(c->args, "subscriptionId"));
    STR_SET(n->agent_group, json_str(c->args, "resourceGroup"));
    STR_SET(n->agent_tenant, json_str(c->args, "tenantId"));
    fx_add_machine(n->fx, n->base.name);
}

static void do_disconnect(struct fx_node *n)
{
    char path[400];

    str_fmt(path, sizeof path, "%s/%s", FX_MACHINES, n->base.name);
    fx_delete(n->fx, path);
    n->agent_name[0] = '\0';
}

static void set_registered_at(const struct fx_node *n, struct json *status)
{
    char at[TIME_SIZE];

    time_iso(at, n->registrations * INT64_C(1000));
    json_set_str(status, "registeredAt", n->registrations ? at : NULL);
}

static void do_node(struct node_call *c, struct json *j)
{
    struct fx_node *n = c->n;
    struct fx *fx = n->fx;

    switch (c->verb) {
    case NODE_STATUS:
        json_set_str(j, "ClusterStatus", "Clustered");
        json_set_str(j, "RegistrationStatus", n->registered ? "Registered" : "NotYet");
        json_set_str(j, "ConnectionStatus", n->connected ? "Connected" : "");
        json_set_str(j, "AzureResourceUri", n->uri[0] ? n->uri : NULL);
        set_registered_at(n, j);
        break;
    case NODE_FACTS:
        json_set_bool(j, "msiCapable", !n->no_msi);
        json_set_int(j, "osBuild", n->old ? 17763 : n->no_msi ? 20348 : 26100);
        break;
    case NODE_AGENT_SHOW:
        json_set_bool(j, "installed", !n->no_agent);
        json_set_str(j, "status", n->agent_name[0] ? "Connected" : "Disconnected");
        json_set_str(j, "resourceName", n->agent_name);
        json_set_str(j, "resourceGroup", n->agent_group);
        json_set_str(j, "subscriptionId", n->agent_sub);
        json_set_str(j, "tenantId", n->agent_tenant);
        break;
    case NODE_AGENT_CONNECT:
        do_connect(n, c);
        break;
    case NODE_AGENT_DISCONNECT:
        do_disconnect(n);
        break;
    case NODE_REGISTER:
    case NODE_REGISTER_APP:
        for (size_t i = 0; i < fx->ports.n_nodes; i++) {
            fx->nodes[i].registered = true;
            fx->nodes[i].registrations++;
            STR_SET(fx->nodes[i].uri, json_str(c->args, "resourceArmId"));
        }
        n->connected = true;
        fx_link_machines(fx);
        break;
    case NODE_UNREGISTER:
        for (size_t i = 0; i < fx->ports.n_nodes; i++) {
            fx->nodes[i].registered = fx->nodes[i].connected = false;
            fx->nodes[i].uri[0] = '\0';
        }
        break;
    case NODE_SYNC:
        n->connected = true;
        fx_link_machines(fx);
        json_set_str(j, "lastSync", "2026-11-21T09:00:00Z");
        break;
    default:
        fx_aad_node(n, c->verb, c->args, j);
        break;
    }
}

static void node_effect(struct node_call *c)
{
    struct fx_node *n = c->n;
    struct json *j;
    bool fails;

    if (!power(n->fx)) {
        c->no_power = true;
        return;
    }
    if ((unsigned)c->verb >= NODE_VERBS) {
        err_set(&c->reply.err, ERR_USAGE, 0, "no such verb");
        return;
    }
    n->calls[c->verb]++;
    fails = n->fail[c->verb] > 0;
    if (!fails || n->fail_effect) {
        j = json_object();
        do_node(c, j);
        c->reply.json = j;
    }
    if (fails) {
        n->fail[c->verb]--;
        err_set(&c->reply.err, ERR_NODE,
                !n->fail_code      ? 42
                : n->fail_code < 0 ? 0
                                   : n->fail_code,
                "the agent failed");
        c->reply.err.unsure = n->fail_unsure;
        c->reply.err.http = n->fail_http;
    }
    if (err_is(&c->reply.err)) { /* the effect stays, the answer does not come */
        json_free((struct json *)c->reply.json);
        c->reply.json = NULL;
    }
}

static void node_due(void *payload)
{
    struct node_call *c = payload;

    c->timer = NULL;
    if (!c->n->fx->effect_at_send)
        node_effect(c);
    if (c->no_power || !power(c->n->fx))
        return;
    c->fn(c->payload, &c->reply);
    node_call_free(c);
}

static struct node_call *fx_node_call(struct node *base, enum node_verb v, const struct json *args,
                                      const struct secret *token, node_done_fn *fn, void *payload)
{
    struct fx_node *n = (struct fx_node *)base;
    struct node_call *c = xcalloc(1, sizeof *c);

    c->n = n;
    c->verb = v;
    c->args = json_copy(args);
    c->token = token && secret_is(token);
    c->fn = fn;
    c->payload = payload;
    n->fx->nodes_in_flight++;
    if (n->fx->nodes_in_flight > n->fx->most_nodes_in_flight)
        n->fx->most_nodes_in_flight = n->fx->nodes_in_flight;
    if (n->fx->effect_at_send)
        node_effect(c);
    /* what a node says of itself costs no network */
    c->timer = loop_after(n->fx->loop, v == NODE_STATUS || v == NODE_FACTS ? 0 : n->fx->latency_ms,
                          node_due, c);
    return c;
}

static const struct node_ops node_ops = { fx_node_call, node_call_free, NULL };

/* ---- making and running ---- */

void fx_sign_in(struct fx *fx)
{
    struct err e = { 0 };
    int64_t end = mono_ms() + 2000;

    assert_int_equal(auth_device(fx->auth, FX_TENANT, &e), 0);
    while (auth_view(fx->auth)->state != AUTH_IN && mono_ms() < end)
        loop_turn(fx->loop, 20);
    assert_int_equal(auth_view(fx->auth)->state, AUTH_IN);
}

static void open_state(struct fx *fx)
{
    static int number;
    struct err e = { 0 };
    char dir[160];

    str_fmt(dir, sizeof dir, "%s/op%d", test_dir(), ++number);
    assert_int_equal(file_mkdirs(dir, &e), 0);
    fx->store = store_file_open(dir, &e);
    assert_non_null(fx->store);
    str_fmt(fx->runs, sizeof fx->runs, "%s/runs", dir);
    assert_int_equal(file_mkdirs(fx->runs, &e), 0);
}

struct fx *fx_new(int nodes)
{
    struct fx *fx = xcalloc(1, sizeof *fx);
    struct err e = { 0 };

    fx->http.ops = &http_ops;
    fx->loop = loop_new(&e);
    STR_SET(fx->cloud.name, "TestCloud");
    STR_SET(fx->cloud.login, "https://login.test");
    STR_SET(fx->cloud.arm, "https://arm.test");
    STR_SET(fx->cloud.arm_audience, "https://arm.test");
    STR_SET(fx->cloud.usage_scope, "https://usage.test/.default");
    STR_SET(fx->cloud.portal, "https://portal.test/");
    fx->cloud.native_dataplane = 1;
    fx->auth = auth_new(fx->loop, &fx->http, &fx->cloud, NULL, NULL, NULL);
    fx->auth->second_ms = 1;
    fx->arm = arm_new(fx->loop, &fx->http, &fx->http, fx->auth, &fx->cloud);
    fx->arm->second_ms = 1;
    fx_world(fx);
    open_state(fx);
    for (int i = 0; i < nodes; i++) {
        fx->nodes[i].base.ops = &node_ops;
        str_fmt(fx->nodes[i].base.name, sizeof fx->nodes[i].base.name, "node%d", i + 1);
        fx->nodes[i].base.native = true;
        fx->nodes[i].fx = fx;
        fx->node_list[i] = &fx->nodes[i].base;
    }
    fx->ports = (struct op_ports){ .loop = fx->loop,
                                   .arm = fx->arm,
                                   .auth = fx->auth,
                                   .cloud = &fx->cloud,
                                   .nodes = fx->node_list,
                                   .n_nodes = (size_t)nodes,
                                   .store = fx->store,
                                   .runs_dir = fx->runs };
    fx_sign_in(fx);
    return fx;
}

void fx_free(struct fx *fx)
{
    arm_free(fx->arm);
    auth_free(fx->auth);
    fx->store->ops->close(fx->store);
    loop_free(fx->loop);
    json_free(fx->resources);
    fx_forget(fx);
    free(fx);
}

void fx_forget(struct fx *fx)
{
    for (size_t i = 0; i < fx->n_log; i++)
        free(fx->log[i]);
    fx->n_log = 0;
    fx->n_rules = 0;
    fx->most_in_flight = fx->most_nodes_in_flight = 0;
}

struct fx_rule *fx_rule(struct fx *fx, const char *method, const char *path, int status,
                        const char *body)
{
    struct fx_rule *r = &fx->rules[fx->n_rules++];

    *r = (struct fx_rule){
        .method = method, .path = path, .count = 1, .status = status, .body = body
    };
    return r;
}

size_t fx_count(const struct fx *fx, const char *method, const char *path)
{
    size_t n = 0;

    for (size_t i = 0; i < fx->n_log; i++)
        n += str_starts(fx->log[i], method) && str_ifind(fx->log[i], path);
    return n;
}

size_t fx_writes(const struct fx *fx)
{
    size_t n = 0;

    for (size_t i = 0; i < fx->n_log; i++)
        n += !str_starts(fx->log[i], "GET ");
    return n;
}

struct json *fx_inputs(void)
{
    struct json *j = json_object();

    json_set_str(j, "subscriptionId", FX_SUB);
    json_set_str(j, "tenantId", FX_TENANT);
    json_set_str(j, "region", "East US");
    json_set_str(j, "clusterName", "hci");
    return j;
}

static void on_change(void *payload, struct op_run *r)
{
    struct fx *fx = payload;

    (void)r;
    fx->changes++;
}

void fx_follow(struct fx *fx, const struct op_run *r)
{
    str_fmt(fx->journal, sizeof fx->journal, "%s/%s.jsonl", fx->runs, op_run_id(r));
}

struct op_run *fx_start(struct fx *fx, const struct op_plan *plan)
{
    struct err e = { 0 };
    struct json *in = fx_inputs();
    struct op_run *r = op_run_start(&fx->ports, plan, in, 1000, on_change, fx, &e);

    json_free(in);
    if (!r)
        print_message("%s\n", e.message);
    assert_non_null(r);
    fx_follow(fx, r);
    return r;
}

enum op_run_state fx_run(struct fx *fx, struct op_run *r, int64_t ms)
{
    int64_t end = mono_ms() + ms;

    while (mono_ms() < end && !fx->dead) {
        enum op_run_state s = op_run_state(r);

        if (s == OP_R_WAIT_SIGN_IN || s == OP_R_STOPPED || s == OP_R_FAILED || s == OP_R_DONE ||
            s == OP_R_UNDONE)
            break;
        loop_turn(fx->loop, 20);
        power(fx);
    }
    return op_run_state(r);
}

struct counter {
    const char *event, *step;
    size_t n;
};

static bool count_rec(const struct journal_rec *rec, void *payload)
{
    struct counter *c = payload;

    c->n += str_eq(rec->event, c->event) && (!c->step || str_eq(rec->step, c->step));
    return true;
}

size_t fx_journal_count(struct fx *fx, const char *event, const char *step)
{
    struct counter c = { event, step, 0 };
    struct err e = { 0 };
    char id[80];

    STR_SET(id, strrchr(fx->journal, '/') + 1);
    id[strlen(id) - strlen(".jsonl")] = '\0';
    assert_int_equal(journal_read(fx->runs, id, count_rec, &c, &e), 0);
    return c.n;
}

enum op_step_state fx_state(const struct op_run *r, const char *step)
{
    struct op_step_view v[40];
    size_t n = op_run_steps(r, v, 40);

    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].step->id, step))
            return v[i].state;
    fail_msg("no step %s", step);
    return OP_S_FAILED;
}
