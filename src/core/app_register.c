/* app_register.c - a registration's values: judged one by one with one sentence each, filled in,
 * then checked against Azure or handed to the engine.
 *
 * Defaults (register-flow.md 1.9, 2.2): what a stored registration says; ResourceName is the
 * cluster's name, ResourceGroupName is NAME-rg.
 */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "core/advice.h"
#include "core/app_int.h"
#include "core/run_log.h"
#include "wire/params.h"
#include "wire/regions.h"

struct value {
    struct json *json;  /* as it is used; NULL: none */
    const char *source; /* "typed", "default", "stored" */
    const char *level;  /* "ok" "warn" "fail" */
    struct err err;     /* of "fail" */
    char note[200];
};
struct values {
    const struct app *app;
    const struct sec_cluster *cluster;
    struct arm_id stored; /* of the stored registration, empty without one */
    struct value v[PARAMS];
    struct err unknown; /* a name that no parameter has */
};

static const char *text_of(const struct values *all, enum param_no i)
{
    const char *s = json_value_str(all->v[i].json);

    return s ? s : "";
}

static int fail(struct value *v, enum err_domain domain, int code, const char *sentence)
{
    v->level = "fail";
    return err_set(&v->err, domain, code, "%s", sentence);
}

static void note(struct value *v, const char *level, const char *text)
{
    if (!str_eq(v->level, "fail"))
        v->level = level;
    STR_SET(v->note, text);
}

/* ---- the judges ---- */

static void judge_subscription(struct values *all, struct value *v)
{
    const struct sec_choices *c = &all->app->choices.sec;
    const struct sec_choice *sub;
    char text[200];

    sub = app_choice(c->subs, c->n_subs, text_of(all, PAR_SUBSCRIPTION));
    if (!sub)
        return;
    if (str_eq(sub->state, "Disabled") || str_eq(sub->state, "Deleted")) {
        str_fmt(text, sizeof(text), _("The subscription %s is %s: nothing can be created in it."),
                sub->name, sub->state);
        fail(v, ERR_OP, ERR_C_SUBSCRIPTION, text);
    } else if (!str_eq(sub->state, "Enabled") && sub->state[0]) {
        str_fmt(text, sizeof(text), _("%s; its state is %s"), sub->name, sub->state);
        note(v, "warn", text);
    } else {
        note(v, "ok", sub->name);
    }
}

static void judge_tenant(struct values *all, struct value *v)
{
    const struct sec_choices *c = &all->app->choices.sec;
    const struct sec_choice *tenant, *sub;
    const char *id = text_of(all, PAR_TENANT);
    char text[200];

    sub = app_choice(c->subs, c->n_subs, text_of(all, PAR_SUBSCRIPTION));
    if (sub && sub->parent[0] && !str_ieq(sub->parent, id)) {
        str_fmt(text, sizeof(text), _("The subscription belongs to the tenant %s, not to %s."),
                sub->parent, id);
        fail(v, ERR_USAGE, ERR_C_TENANT, text);
        return;
    }
    tenant = app_choice(c->tenants, c->n_tenants, id);
    if (tenant)
        note(v, "ok", tenant->name);
}

static void judge_environment(struct values *all, struct value *v)
{
    const char *name = text_of(all, PAR_ENVIRONMENT);
    char text[300];

    if (str_ieq(name, all->app->cloud.name))
        return;
    str_fmt(text, sizeof(text),
            _("This core works with the cloud %s, not with %s: the cloud is chosen when azloconf "
              "is started, with --environment-name."),
            all->app->cloud.name, name);
    fail(v, ERR_USAGE, 0, text);
}

/* What Azure offers there, one after the other (register-flow.md 3.3, code 9108). */
static void not_offered(char *text, size_t size, const struct sec_choices *c, const char *name)
{
    struct str all = STR_INIT;

    for (size_t i = 0; i < c->n_regions; i++)
        str_addf(&all, "%s%s", i ? ", " : "", c->regions[i].name);
    str_fmt(text, size,
            _("The region %s is not offered for clusters in this subscription. Offered: %s."), name,
            str_p(&all));
    str_free(&all);
}

static void judge_region(struct values *all, struct value *v)
{
    const struct sec_choices *c = &all->app->choices.sec;
    const char *name = text_of(all, PAR_REGION);
    const struct sec_choice *offered = app_choice(c->regions, c->n_regions, name);
    const struct sec_choice *near = offered ? NULL : region_near(c, name);
    bool told = c->regions_of[0] && str_ieq(c->regions_of, text_of(all, PAR_SUBSCRIPTION));
    char text[400];

    if (offered) {
        note(v, "ok", offered->name);
    } else if (told && !near) {
        not_offered(text, sizeof(text), c, name);
        fail(v, ERR_OP, 9108, text);
    } else if (told) {
        str_fmt(text, sizeof(text),
                _("The region %s is not offered for clusters in this subscription: did you mean %s "
                  "(%s)?"),
                name, near->name, near->id);
        fail(v, ERR_OP, 9108, text);
    } else if (near) {
        str_fmt(text, sizeof(text),
                _("not in the built-in list; Azure will tell: did you mean %s (%s)?"), near->name,
                near->id);
        note(v, "warn", text);
    } else {
        note(v, "warn", _("not in the built-in list; Azure will tell"));
    }
}

static void judge_stable_agent(struct values *all, struct value *v)
{
    if (json_flag(v->json, NULL, false) && all->app->n_nodes && all->app->nodes[0]->native)
        note(v, "warn", _("the nodes have their Arc agent already: none is fetched"));
}

/* The system core would write with root's rights wherever a member of its group says. */
static void judge_logs(struct values *all, struct value *v)
{
    struct err e = { 0 };

    if (!all->app->c.private_core)
        fail(v, ERR_USAGE, 0,
             _("The system core writes its log to the system's journal only: leave "
               "LogsDirectory out."));
    else if (run_log_may(text_of(all, PAR_LOGS), &e) < 0)
        fail(v, ERR_USAGE, 0, e.message);
}

/* ---- the defaults ---- */

static void dflt_subscription(const struct values *all, char *out, size_t size)
{
    str_copy(out, size, all->stored.subscription);
}

static void dflt_region(const struct values *all, char *out, size_t size)
{
    str_copy(out, size, all->cluster->region);
}

static void dflt_name(const struct values *all, char *out, size_t size)
{
    str_copy(out, size, all->stored.name[0] ? all->stored.name : all->cluster->name);
}

static void dflt_group(const struct values *all, char *out, size_t size)
{
    if (all->stored.group[0])
        str_copy(out, size, all->stored.group);
    else
        str_fmt(out, size, "%s-rg", text_of(all, PAR_NAME));
}

static void dflt_none(const struct values *all, char *out, size_t size)
{
    (void)all;
    (void)size;
    *out = '\0';
}

/* What the core knows more than wire/params.h; parameters without a row have no default and are
 * judged by their shape alone. */
static const struct field_row {
    const char *missing; /* N_(), for what must be there */
    void (*dflt)(const struct values *all, char *out, size_t size);
    void (*judge)(struct values *all, struct value *v);
} field_rows[PARAMS] = {
    [PAR_SUBSCRIPTION] = { N_("A subscription id is needed; the portal shows it under "
                              "Subscriptions."),
                           dflt_subscription, judge_subscription },
    [PAR_TENANT] = { N_("A tenant id is needed; the portal shows it under Microsoft Entra ID, "
                        "Overview."),
                     dflt_none, judge_tenant },
    [PAR_ENVIRONMENT] = { NULL, NULL, judge_environment },
    [PAR_REGION] = { N_("A region is needed, for example eastus."), dflt_region, judge_region },
    [PAR_NAME] = { N_("A name for the cluster resource is needed."), dflt_name, NULL },
    [PAR_GROUP] = { N_("A resource group is needed."), dflt_group, NULL },
    [PAR_STABLE_AGENT] = { NULL, NULL, judge_stable_agent },
    [PAR_LOGS] = { NULL, NULL, judge_logs },
};

/* false and "" are no answers: the default stands. */
static bool is_given(const struct json *j)
{
    return j && !json_is_null(j) && !str_eq(json_value_str(j), "") &&
           !(json_is_bool(j) && !json_flag(j, NULL, false)) && !(json_is_object(j) && !json_len(j));
}

static void fill_one(struct values *all, size_t i, const struct json *args)
{
    const struct field_row *row = &field_rows[i];
    const struct json *given = json_member(args, params[i].id);
    struct json *own = NULL;
    struct value *v = &all->v[i];
    char text[256] = "";

    v->level = "ok";
    v->source = "typed";
    if (!is_given(given) && row->dflt) {
        v->source = all->stored.name[0] ? "stored" : "default";
        row->dflt(all, text, sizeof(text));
        given = own = text[0] ? json_string(text) : NULL;
    }
    if (is_given(given)) {
        if (param_judge(&params[i], given, &v->json, &v->err) < 0)
            v->level = "fail";
        else if (row->judge)
            row->judge(all, v);
    } else if (row->missing) {
        fail(v, ERR_USAGE, 0, _(row->missing));
    }
    if (!v->json && json_is_string(given)) { /* shown beside what is wrong with it */
        text_set(text, sizeof(text), json_value_str(given));
        v->json = json_string(text);
    }
    json_free(own);
}

static void judge_all(struct values *all, const struct app *a, const struct json *args)
{
    memset(all, 0, sizeof(*all));
    all->app = a;
    all->cluster = state_get(a->c.state, SEC_CLUSTER);
    if (!arm_id_parse(&all->stored, all->cluster->azure_resource_uri))
        memset(&all->stored, 0, sizeof(all->stored));
    for (size_t i = 0; i < PARAMS; i++)
        fill_one(all, i, args);
    JSON_EACH (j, args)
        if (!err_is(&all->unknown) && !param_find(json_name(j)))
            err_set(&all->unknown, ERR_USAGE, 0, _("There is no parameter \"%.60s\"."),
                    json_name(j));
}

static void values_free(struct values *all)
{
    for (size_t i = 0; i < PARAMS; i++)
        json_free(all->v[i].json);
}

static int first_error(const struct values *all, struct err *e)
{
    for (size_t i = 0; i < PARAMS; i++)
        if (str_eq(all->v[i].level, "fail")) {
            *e = all->v[i].err;
            return err_wrap(e, "%s", params[i].id);
        }
    if (err_is(&all->unknown))
        *e = all->unknown;
    return err_is(e) ? -1 : 0;
}

/* What no value can mend. */
static int may_register(const struct app *a, const struct values *all, struct err *e)
{
    if (!all->cluster->exists)
        return err_set(e, ERR_OP, ERR_C_NO_CLUSTER, "%s",
                       _("There is no cluster on this node yet."));
    for (size_t i = 0; i < a->n_nodes; i++)
        if (a->nodes[i]->native && !a->cloud.native_dataplane)
            return err_set(
                e, ERR_OP, ERR_C_DATAPLANE,
                _("The node %s is a native one and %s does not speak its data plane: it would "
                  "only leave a resource that never syncs."),
                a->nodes[i]->name, a->cloud.name);
    return 0;
}

/* The plan's inputs are strings (op.h): a flag is "1", tags are an object as compact text. */
static struct json *inputs_of(const struct app *a, const struct values *all)
{
    static const struct {
        enum param_no no;
        const char *input;
    } rows[] = { { PAR_SUBSCRIPTION, "subscriptionId" },
                 { PAR_TENANT, "tenantId" },
                 { PAR_REGION, "region" },
                 { PAR_NAME, "resourceName" },
                 { PAR_GROUP, "resourceGroupName" },
                 { PAR_ARC_GROUP, "arcGroup" },
                 { PAR_TAG, "tags" },
                 { PAR_GROUP_TAGS, "groupTags" },
                 { PAR_REPAIR, "repair" },
                 { PAR_RECREATE, "recreate" },
                 { PAR_THUMBPRINT, "certificateThumbprint" },
                 { PAR_ARC_SPN, "arcAppId" },
                 { PAR_STABLE_AGENT, "stableAgent" },
                 { PAR_LOGS, "logsDirectory" } };
    struct json *in = json_object();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct json *v = all->v[rows[i].no].json;
        struct str s = STR_INIT;

        if (json_is_object(v))
            json_write(&s, v);
        else if (json_is_bool(v))
            str_add(&s, json_flag(v, NULL, false) ? "1" : "");
        else
            str_add(&s, text_of(all, rows[i].no));
        if (s.len)
            json_set_str(in, rows[i].input, str_p(&s));
        str_free(&s);
    }
    json_set_str(in, "cloud", a->cloud.name);
    json_set_str(in, "clusterName", all->cluster->name);
    return in;
}

struct json *app_register_inputs(const struct app *a, const struct json *args, struct err *e)
{
    struct values all;
    struct json *in = NULL;

    judge_all(&all, a, args);
    if (may_register(a, &all, e) == 0 && first_error(&all, e) == 0)
        in = inputs_of(a, &all);
    values_free(&all);
    return in;
}

void app_register(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct values all;
    struct err e = { 0 };
    struct json *in;

    judge_all(&all, a, args);
    if (may_register(a, &all, &e) < 0 || first_error(&all, &e) < 0) {
        values_free(&all);
        serve_error(ask, &e);
        return;
    }
    in = inputs_of(a, &all);
    values_free(&all);
    if (app_run_start(a, ask, &op_register, in, &e) < 0)
        serve_error(ask, &e);
    json_free(in);
}

/* ---- review ---- */

/* What always has a value, and what was given. */
static struct json *fields_of(const struct values *all)
{
    struct json *rows = json_array();

    for (size_t i = 0; i < PARAMS; i++) {
        const struct value *v = &all->v[i];
        struct str text = STR_INIT;
        struct json *row;

        if (!v->json && !field_rows[i].dflt && !str_eq(v->level, "fail"))
            continue;
        row = json_object();
        param_text(&text, v->json);
        json_set_str(row, "field", params[i].id);
        json_set_str(row, "value", str_p(&text));
        json_set_str(row, "source", v->source);
        json_set_str(row, "note", err_is(&v->err) ? v->err.message : v->note);
        json_set_str(row, "level", v->level);
        json_push(rows, row);
        str_free(&text);
    }
    return rows;
}

/* The Windows module ignores these two without a word where nodes have an identity of their own
 * (register-flow.md 2.1); here the review says so. */
static void note_unused(struct json *fields, const struct json *facts)
{
    static const enum param_no only_application[] = { PAR_THUMBPRINT, PAR_ARC_SPN };
    const char *path = json_value_str(json_member(json_member(facts, "run"), "path"));

    for (size_t i = 0; i < ARRAY_LEN(only_application) && !str_eq(path, "application"); i++)
        JSON_EACH (f, fields)
            if (str_eq(json_str(f, "field"), params[only_application[i]].id)) {
                json_set_str(json_edit(f), "level", "warn");
                json_set_str(json_edit(f), "note",
                             _("not used: these nodes register by an identity of their own"));
            }
    JSON_EACH (f, fields)
        if (json_member(json_member(facts, "run"), "cluster.tags") &&
            str_eq(json_str(f, "field"), params[PAR_TAG].id)) {
            json_set_str(json_edit(f), "level", "warn");
            json_set_str(json_edit(f), "note",
                         _("not used: the resource is there already, its tags stay as they are"));
        }
}

/* "SCOPE: ACTION (for Arc), ACTION (for Arc); SCOPE: ..." of op_register_rights.c, one row a scope.
 */
static struct json *missing_rights(const char *all)
{
    struct json *rows = json_array();

    while (*all) {
        const char *end = strstr(all, "; "), *colon = strstr(all, ": ");
        size_t n = end ? (size_t)(end - all) : strlen(all);
        struct json *row = json_object();
        struct str s = STR_INIT;

        str_addn(&s, all, colon ? (size_t)(colon - all) : 0);
        json_set_str(row, "scope", str_p(&s));
        str_reset(&s);
        str_addn(&s, colon ? colon + 2 : all, colon ? n - (size_t)(colon + 2 - all) : n);
        json_set_str(row, "actions", str_p(&s));
        str_free(&s);
        json_push(rows, row);
        all += end ? n + 2 : n;
    }
    return rows;
}

/* Something was found, and the rest of the preview stands; who is not signed in, or whose node does
 * not answer, has seen too little for one. */
static bool in_the_way(const struct err *e)
{
    return (e->domain == ERR_OP && e->code != ERR_C_NOT_SIGNED_IN) || e->http == 403;
}

static void answer_check(struct app_job *j)
{
    struct err e = *op_run_error(j->check), none = { 0 };
    struct json *facts = op_run_facts(j->check), *will = NULL, *result = json_object();
    struct json *inputs = json_copy(json_member(j->values, "inputs"));
    bool failed = op_run_state(j->check) == OP_R_FAILED;

    if (!failed)
        op_register_preview(inputs, facts, &will, &e);
    else if (json_flag(j->values, "whole", false) && in_the_way(&e))
        op_register_preview(inputs, facts, &will, &none);
    if (will && failed) {
        advice_fill(&e);
        json_set(result, "error", json_encode(&err_json, &e));
        json_set(result, "missing", missing_rights(op_run_fact(j->check, "rights.missing")));
    }
    if (will) {
        note_unused(json_edit(json_member(j->values, "fields")), facts);
        json_set(result, "fields", json_copy(json_member(j->values, "fields")));
        json_set(result, "will", will);
        json_set(result, "steps", op_preview(j->check));
        serve_result(&j->ask, result);
    } else {
        json_free(result);
        serve_error(&j->ask, &e);
    }
    json_free(inputs);
    json_free(facts);
    app_job_free(j);
}

void app_register_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    const struct json *given = json_member(args, "values");
    struct values all;
    struct err e = { 0 };
    struct app_job *j;
    struct json *result;

    judge_all(&all, a, given ? given : args);
    if (may_register(a, &all, &e) < 0 || err_is(&all.unknown)) {
        serve_error(ask, err_is(&e) ? &e : &all.unknown);
    } else if (first_error(&all, &e) < 0 || !app_signed_in(a, ask, &e)) {
        result = json_object();
        json_set(result, "fields", fields_of(&all));
        json_set(result, "will", json_array());
        serve_result(ask, result);
    } else {
        j = app_job_new(a, ask);
        j->values = json_object();
        json_set(j->values, "fields", fields_of(&all));
        json_set(j->values, "inputs", inputs_of(a, &all));
        json_set(j->values, "whole", json_bool(given && json_flag(args, "whole", false)));
        if (app_act_check(j, NULL, &op_register, json_member(j->values, "inputs"), answer_check,
                          &e) < 0) {
            serve_error(ask, &e);
            app_job_free(j);
        }
    }
    values_free(&all);
}
