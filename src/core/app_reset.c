/* app_reset.c - the reset of machines: which ones, and how it stands.
 *
 * The tenant whose token the machines need is the one that their agents are connected in; it is
 * proven by them, an operator's --tenant-id may only agree. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "core/advice.h"
#include "core/app_int.h"

#define ALL "all"

/* ---- which machines ---- */

/* This machine: the node that has this host's name, else the first. */
static const char *this_machine(const struct app *a)
{
    for (size_t i = 0; i < a->n_nodes; i++)
        if (str_ieq(a->nodes[i]->name, a->c.host))
            return a->nodes[i]->name;
    return a->n_nodes ? a->nodes[0]->name : "";
}

static struct node *node_named(const struct app *a, const char *name)
{
    for (size_t i = 0; i < a->n_nodes; i++)
        if (str_ieq(a->nodes[i]->name, name))
            return a->nodes[i];
    return NULL;
}

/* The run's input: names with blanks between. */
static int machines_of(const struct app *a, const struct json *args, struct str *out, struct err *e)
{
    const char *asked = json_str(args, "node");

    if (str_ieq(asked, ALL)) {
        for (size_t i = 0; i < a->n_nodes; i++)
            str_addf(out, "%s%s", i ? " " : "", a->nodes[i]->name);
    } else {
        struct node *n = node_named(a, asked && *asked ? asked : this_machine(a));

        if (!n)
            return err_set(e, ERR_USAGE, 0, _("There is no node %s here."), asked);
        str_add(out, n->name);
    }
    return 0;
}

/* What is typed: the machine's name, of several the cluster's. */
static const char *word_of(const struct app *a, const struct json *inputs)
{
    const struct sec_cluster *c = state_get(a->c.state, SEC_CLUSTER);
    const char *machines = json_str(inputs, "machines");

    return !strchr(machines, ' ') ? machines : c->name[0] ? c->name : machines;
}

/* Who names all of them by --node all has named them. */
static int confirmed(const struct app *a, const struct json *args, const struct json *inputs,
                     struct err *e)
{
    if (str_ieq(json_str(args, "node"), ALL) && str_ieq(json_str(args, "confirm"), ALL))
        return 0;
    return app_act_confirmed(args, word_of(a, inputs), e);
}

/* ---- the review ---- */

static void add_sentences(struct json *review, const struct json *inputs)
{
    struct json *ends = json_array(), *warn = json_array();

    json_push(ends, json_string(_("Azure's hold on the machine through Azure Arc: its extensions, "
                                  "policies and updates.")));
    json_push(ends, json_string(_("What goes cannot be brought back; the machine can be registered "
                                  "anew, its operating system stays.")));
    if (strchr(json_str(inputs, "machines"), ' '))
        json_push(warn, json_string(_("All machines of the cluster are reset.")));
    json_set(review, "ends", ends);
    json_set(review, "warn", warn);
}

static void add_registration(struct json *will, const struct json *inputs)
{
    struct json *row;

    if (!json_member(inputs, "then"))
        return;
    row = json_object();
    json_set_str(row, "what", _("Registration of the cluster as"));
    json_set_str(row, "name", json_str(inputs, "then.inputs.resourceName"));
    json_set_str(row, "how", "make");
    json_set_str(row, "why", _("judged now as it will be then, and again when the reset is done"));
    json_push(will, row);
}

static struct json *review_of(struct app_job *j, const struct json *facts)
{
    const struct json *in = json_member(j->values, "inputs");
    struct json *review = app_act_review(&op_reset, in), *will = op_reset_preview(facts);
    const char *word = word_of(j->app, in);
    bool failed = op_run_state(j->check) == OP_R_FAILED;
    char ask[300];

    add_registration(will, in);
    json_set_bool(review, "local", true);
    str_fmt(ask, sizeof(ask),
            strchr(json_str(in, "machines"), ' ')
                ? _("Type the name of the cluster, %s, to reset all its machines")
                : _("Type the name of the machine, %s, to reset it"),
            word);
    if (json_len(will) || failed)
        app_act_confirm(review, word, ask);
    if (json_len(will) && !failed)
        add_sentences(review, in);
    json_set(review, "will", will);
    json_set(review, "steps", json_array());
    app_act_steps(review, j->check);
    return review;
}

static int begin_run(struct app_job *j, struct err *e)
{
    return app_run_start(j->app, &j->ask, &op_reset, json_member(j->values, "inputs"), e);
}

/* why: what stands in the way, if anything. */
static void end(struct app_job *j, struct err *why)
{
    app_act_end(j, begin_run, why);
}

static void judge_register(struct app_job *j)
{
    struct err e = { 0 };

    if (op_run_state(j->check) != OP_R_DONE)
        e = *op_run_error(j->check);
    app_act_steps(json_edit(json_member(j->values, "review")), j->check);
    if (err_is(&e))
        app_act_within(&e, _("checking the registration that follows"));
    end(j, &e);
}

/* The registration that follows sees the machines as they will be then (move_view.c). */
static int check_register(struct app_job *j, const struct json *facts, struct err *e)
{
    const struct json *in = json_member(j->values, "inputs");
    struct op_ports p;

    json_set(j->values, "view", reset_view(json_str(in, "machines"), facts));
    app_ports(j->app, &p);
    p.veil = move_veil;
    p.veil_payload = json_edit(json_member(j->values, "view"));
    return app_act_check(j, &p, &op_register, json_get(in, "then.inputs"), judge_register, e);
}

static void judge_reset(struct app_job *j)
{
    struct json *facts = op_run_facts(j->check);
    struct err e = { 0 };

    if (op_run_state(j->check) != OP_R_DONE)
        e = *op_run_error(j->check);
    json_set(j->values, "review", review_of(j, facts));
    if (err_is(&e) || !json_get(j->values, "inputs.then") || check_register(j, facts, &e) < 0)
        end(j, &e);
    json_free(facts);
}

/* ---- begin ---- */

/* A reset alone looks again by itself before it begins; what follows one is judged here. */
static void go_on(struct app_job *j)
{
    const struct json *in = json_member(j->values, "inputs");
    struct err e = { 0 };

    if ((!json_flag(j->values, "check", false) && !json_member(in, "then")) ||
        app_act_check(j, NULL, &op_reset, in, judge_reset, &e) < 0)
        end(j, &e);
}

/* ---- one node after the other ---- */

/* The name that follows in the input `machines`; false at the end. */
static bool next_node(struct app_job *j)
{
    const char *rest = json_str(j->values, "rest");
    size_t n = rest ? strcspn(rest, " ") : 0;
    char name[80], after[4000];

    if (!n)
        return false;
    str_fmt(name, sizeof(name), "%.*s", (int)n, rest);
    STR_SET(after, rest + n + (rest[n] == ' '));
    json_set_str(j->values, "rest", after);
    j->node = node_named(j->app, name);
    return j->node != NULL;
}

static void ask_agents(struct app_job *j);

static void on_agent(void *payload, const struct node_reply *r)
{
    struct app_job *j = payload;
    struct json *in = json_edit(json_member(j->values, "inputs"));
    const char *tenant = json_str(r->json, "tenantId"), *had = json_str(in, "tenantId");

    j->call = NULL;
    if (tenant && guid_is(tenant) && !(had && *had))
        json_set_str(in, "tenantId", tenant);
    ask_agents(j); /* an agent that does not answer: the plan says so */
}

static void ask_agents(struct app_job *j)
{
    struct json *args;

    if (!next_node(j)) {
        go_on(j);
        return;
    }
    args = json_object();
    j->call = node_call(j->node, NODE_AGENT_SHOW, args, NULL, on_agent, j);
    json_free(args);
}

static bool registers(const struct json *args)
{
    static const char *const values[] = { "subscriptionId", "region",
                                          "resourceName",   "resourceGroupName",
                                          "logsDirectory",  "arcServerResourceGroupName" };

    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (json_member(args, values[i]))
            return true;
    return false;
}

/* What follows the reset: `then` of core/app_chain.c. */
static int add_register(const struct app *a, const struct json *args, struct json *in,
                        struct err *e)
{
    static const char *const others[] = { "node", "register", "confirm" };
    const struct sec_cluster *cluster = state_get(a->c.state, SEC_CLUSTER);
    struct json *values, *inputs, *then;

    if (!cluster->exists)
        return err_set(e, ERR_OP, ERR_C_NO_CLUSTER, "%s",
                       _("there is no cluster on this node yet"));
    values = json_copy(args);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        json_unset(values, others[i]);
    inputs = app_register_inputs(a, values, e);
    json_free(values);
    if (!inputs)
        return -1;
    then = json_object();
    json_set_str(then, "plan", op_register.id);
    json_set_str(then, "whole", op_reset.id);
    json_set(then, "inputs", inputs);
    json_set(in, "then", then);
    return 0;
}

static struct json *inputs_of(struct app *a, const struct json *args, struct err *e)
{
    const char *tenant = json_str(args, "tenantId");
    struct json *in = json_object();
    struct str machines = STR_INIT;
    char id[GUID_SIZE];

    if (tenant && *tenant && !guid_is(tenant))
        err_set(e, ERR_USAGE, 0, _("The tenant id is no GUID: %s"), tenant);
    else
        machines_of(a, args, &machines, e);
    guid_random(id);
    json_set_str(in, "id", id);
    json_set_str(in, "machines", str_p(&machines));
    json_set_str(in, "tenantId", tenant && !json_member(args, "register") ? tenant : "");
    if (!err_is(e) && json_flag(args, "register", false))
        add_register(a, args, in, e);
    else if (!err_is(e) && registers(args))
        err_set(e, ERR_USAGE, 0, "%s",
                _("Values of a registration go with --register: without it the machine is only "
                  "reset."));
    str_free(&machines);
    if (err_is(e)) {
        json_free(in);
        return NULL;
    }
    return in;
}

static void begin(struct app *a, const struct serve_ask *ask, const struct json *args, bool check)
{
    struct err e = { 0 };
    struct json *in = NULL;
    struct app_job *j;

    if (!app_signed_in(a, ask, &e) || !(in = inputs_of(a, args, &e)) ||
        (!check && confirmed(a, args, in, &e) < 0)) {
        json_free(in);
        serve_error(ask, &e);
        return;
    }
    j = app_job_new(a, ask);
    j->values = json_object();
    json_set_str(j->values, "rest", json_str(in, "machines"));
    json_set(j->values, "inputs", in);
    json_set_bool(j->values, "check", check);
    ask_agents(j);
}

void app_reset(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    begin(a, ask, args, false);
}

void app_reset_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    begin(a, ask, args, true);
}

/* ---- the status: any console may ask, nobody need be signed in ---- */

static void ask_status(struct app_job *j);

static void on_status(void *payload, const struct node_reply *r)
{
    struct app_job *j = payload;
    struct json *row = r->json ? json_copy(r->json) : json_object();
    struct err e = r->err;

    j->call = NULL;
    if (!r->json) {
        advice_fill(&e);
        json_set(row, "error", json_encode(&err_json, &e));
    }
    json_set_str(row, "node", j->node->name);
    json_push(json_edit(json_member(j->values, "nodes")), row);
    ask_status(j);
}

static void ask_status(struct app_job *j)
{
    struct json *args, *result;

    if (!next_node(j)) {
        result = json_object();
        json_set(result, "nodes", json_copy(json_member(j->values, "nodes")));
        serve_result(&j->ask, result);
        app_job_free(j);
        return;
    }
    args = json_object();
    j->call = node_call(j->node, NODE_RESET_STATUS, args, NULL, on_status, j);
    json_free(args);
}

void app_reset_status(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct json *which = json_object();
    struct str machines = STR_INIT;
    struct err e = { 0 };
    struct app_job *j;

    json_set_str(which, "node", json_str(args, "node") ? json_str(args, "node") : ALL);
    if (machines_of(a, which, &machines, &e) < 0) {
        serve_error(ask, &e);
    } else {
        j = app_job_new(a, ask);
        j->values = json_object();
        json_set_str(j->values, "rest", str_p(&machines));
        json_set(j->values, "nodes", json_array());
        ask_status(j);
    }
    json_free(which);
    str_free(&machines);
}
