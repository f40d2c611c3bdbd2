/* app_register.c - a registration's values: judged one by one with one sentence each, filled in,
 * then checked against Azure or handed to the engine.
 *
 * Defaults (register-flow.md 1.9, 2.2): what a stored registration says; ResourceName is the
 * cluster's name, ResourceGroupName is NAME-rg.
 */
#include "config.h"

#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"
#include "base/text.h"
#include "core/advice.h"
#include "core/app_int.h"

enum { F_SUBSCRIPTION, F_TENANT, F_REGION, F_NAME, F_GROUP, FIELDS };

struct value {
    char text[128];
    const char *source; /* "typed", "default", "stored" */
    const char *level;  /* "ok" "warn" "fail" */
    struct err err;     /* of "fail" */
    char note[200];
};
struct values {
    const struct app *app;
    const struct sec_cluster *cluster;
    struct arm_id stored; /* of the stored registration, empty without one */
    struct value v[FIELDS];
};

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

static void judge_guid(struct value *v, const char *sentence)
{
    char guid[GUID_SIZE];

    if (guid_parse(guid, v->text))
        STR_SET(v->text, guid);
    else
        fail(v, ERR_USAGE, 0, sentence);
}

static void judge_subscription(struct values *all, struct value *v)
{
    const struct sec_choices *c = &all->app->choices.sec;
    const struct sec_choice *sub;
    char text[200];

    judge_guid(v,
               _("The subscription id must be a GUID; the portal shows it under Subscriptions."));
    sub = app_choice(c->subs, c->n_subs, v->text);
    if (str_eq(v->level, "fail") || !sub)
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
    char text[200];

    judge_guid(
        v,
        _("The tenant id must be a GUID; the portal shows it under Microsoft Entra ID, Overview."));
    if (str_eq(v->level, "fail"))
        return;
    sub = app_choice(c->subs, c->n_subs, all->v[F_SUBSCRIPTION].text);
    if (sub && sub->parent[0] && !str_ieq(sub->parent, v->text)) {
        str_fmt(text, sizeof(text), _("The subscription belongs to the tenant %s, not to %s."),
                sub->parent, v->text);
        fail(v, ERR_USAGE, 0, text);
        return;
    }
    tenant = app_choice(c->tenants, c->n_tenants, v->text);
    if (tenant)
        note(v, "ok", tenant->name);
}

static void judge_region(struct values *all, struct value *v)
{
    const struct sec_choices *c = &all->app->choices.sec;
    const struct sec_choice *offered;
    const char *why;
    char text[200], name[64];

    str_region(name, sizeof(name), v->text);
    why = hci_bad_region(name);
    if (why) {
        fail(v, ERR_USAGE, 0, why);
        return;
    }
    STR_SET(v->text, name);
    offered = app_choice(c->regions, c->n_regions, name);
    if (offered) {
        note(v, "ok", offered->name);
    } else if (c->regions_of[0] && str_ieq(c->regions_of, all->v[F_SUBSCRIPTION].text)) {
        str_fmt(text, sizeof(text),
                _("The region %s is not offered for clusters in this subscription."), name);
        fail(v, ERR_OP, 9108, text);
    } else {
        note(v, "warn", _("not in the built-in list; Azure will tell"));
    }
}

static void judge_name(struct values *all, struct value *v)
{
    const char *why = hci_bad_cluster_name(v->text);

    (void)all;
    if (why)
        fail(v, ERR_USAGE, 0, why);
}

static void judge_group(struct values *all, struct value *v)
{
    const char *why = hci_bad_group_name(v->text);

    (void)all;
    if (why)
        fail(v, ERR_USAGE, 0, why);
}

/* ---- the defaults ---- */

static void dflt_subscription(const struct values *all, struct value *v)
{
    STR_SET(v->text, all->stored.subscription);
}

static void dflt_tenant(const struct values *all, struct value *v)
{
    (void)all;
    v->text[0] = 0;
}

static void dflt_region(const struct values *all, struct value *v)
{
    STR_SET(v->text, all->cluster->region);
}

static void dflt_name(const struct values *all, struct value *v)
{
    STR_SET(v->text, all->stored.name[0] ? all->stored.name : all->cluster->name);
}

static void dflt_group(const struct values *all, struct value *v)
{
    if (all->stored.group[0])
        STR_SET(v->text, all->stored.group);
    else
        str_fmt(v->text, sizeof(v->text), "%s-rg", all->v[F_NAME].text);
}

static const struct field_row {
    const char *name, *missing; /* missing: N_(), for what has no default */
    void (*dflt)(const struct values *all, struct value *v);
    void (*judge)(struct values *all, struct value *v);
} field_rows[FIELDS] = {
    [F_SUBSCRIPTION] = { "subscriptionId",
                         N_("A subscription id is needed; the portal shows it under "
                            "Subscriptions."),
                         dflt_subscription, judge_subscription },
    [F_TENANT] = { "tenantId",
                   N_("A tenant id is needed; the portal shows it under Microsoft Entra ID, "
                      "Overview."),
                   dflt_tenant, judge_tenant },
    [F_REGION] = { "region", N_("A region is needed, for example eastus."), dflt_region,
                   judge_region },
    [F_NAME] = { "resourceName", N_("A name for the cluster resource is needed."), dflt_name,
                 judge_name },
    [F_GROUP] = { "resourceGroupName", N_("A resource group is needed."), dflt_group, judge_group },
};

static void fill_one(struct values *all, size_t i, const struct json *args)
{
    const struct field_row *row = &field_rows[i];
    struct value *v = &all->v[i];
    const struct json *given = json_member(args, row->name);
    const char *text = json_value_str(given);

    v->level = "ok";
    v->source = "typed";
    if (given && !text && !json_is_null(given)) {
        fail(v, ERR_USAGE, 0, _("This value must be a text."));
    } else if (text && text[0]) {
        if (!text_is_clean(text) || !STR_SET(v->text, text)) {
            TEXT_SET(v->text, text);
            fail(v, ERR_USAGE, 0, _("This value is too long or has characters that cannot be."));
        } else {
            str_trim(v->text);
        }
    } else {
        row->dflt(all, v);
        v->source = all->stored.name[0] ? "stored" : "default";
    }
    if (str_eq(v->level, "fail"))
        return;
    if (!v->text[0])
        fail(v, ERR_USAGE, 0, _(row->missing));
    else
        row->judge(all, v);
}

static void judge_all(struct values *all, const struct app *a, const struct json *args)
{
    memset(all, 0, sizeof(*all));
    all->app = a;
    all->cluster = state_get(a->c.state, SEC_CLUSTER);
    if (!arm_id_parse(&all->stored, all->cluster->azure_resource_uri))
        memset(&all->stored, 0, sizeof(all->stored));
    for (size_t i = 0; i < FIELDS; i++)
        fill_one(all, i, args);
}

static int first_error(const struct values *all, struct err *e)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (str_eq(all->v[i].level, "fail")) {
            *e = all->v[i].err;
            return err_wrap(e, "%s", field_rows[i].name);
        }
    return 0;
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

static struct json *inputs_of(const struct app *a, const struct values *all,
                              const struct json *args)
{
    static const char *const switches[][2] = { { "repairRegistration", "repair" },
                                               { "recreateResource", "recreate" } };
    struct json *in = json_object();

    for (size_t i = 0; i < FIELDS; i++)
        json_set_str(in, field_rows[i].name, all->v[i].text);
    json_set_str(in, "cloud", a->cloud.name);
    json_set_str(in, "clusterName", all->cluster->name);
    for (size_t i = 0; i < ARRAY_LEN(switches); i++)
        if (json_flag(args, switches[i][0], false))
            json_set_str(in, switches[i][1], "1");
    return in;
}

void app_register(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct values all;
    struct err e = { 0 };
    struct json *in, *result;

    judge_all(&all, a, args);
    if (may_register(a, &all, &e) < 0 || first_error(&all, &e) < 0) {
        serve_error(ask, &e);
        return;
    }
    in = inputs_of(a, &all, args);
    if (app_run_begin(a, &op_register, in, (int64_t)ask->uid, &e) < 0) {
        serve_error(ask, &e);
    } else {
        result = json_object();
        json_set_str(result, "id", op_run_id(a->run));
        serve_result(ask, result);
    }
    json_free(in);
}

/* ---- review ---- */

static struct json *fields_of(const struct values *all)
{
    struct json *rows = json_array();

    for (size_t i = 0; i < FIELDS; i++) {
        const struct value *v = &all->v[i];
        struct json *row = json_object();

        json_set_str(row, "field", field_rows[i].name);
        json_set_str(row, "value", v->text);
        json_set_str(row, "source", v->source);
        json_set_str(row, "note", err_is(&v->err) ? v->err.message : v->note);
        json_set_str(row, "level", v->level);
        json_push(rows, row);
    }
    return rows;
}

static void answer_check(struct app_job *j)
{
    struct err e = *op_run_error(j->check);
    struct json *facts = op_run_facts(j->check), *will = NULL, *result = json_object();
    struct json *inputs = json_copy(json_member(j->values, "inputs"));

    if (op_run_state(j->check) != OP_R_FAILED)
        op_register_preview(inputs, facts, &will, &e);
    if (will) {
        json_set(result, "fields", json_copy(json_member(j->values, "fields")));
        json_set(result, "will", will);
        serve_result(&j->ask, result);
    } else {
        json_free(result);
        serve_error(&j->ask, &e);
    }
    json_free(inputs);
    json_free(facts);
}

static void on_checked(void *payload)
{
    struct app_job *j = payload;

    j->timer = NULL;
    answer_check(j);
    app_job_free(j);
}

/* The run is freed in a turn of its own, not from inside its callback. */
static void on_check(void *payload, struct op_run *r)
{
    struct app_job *j = payload;
    enum op_run_state s = op_run_state(r);

    if ((s == OP_R_DONE || s == OP_R_FAILED || s == OP_R_STOPPED) && !j->timer)
        j->timer = loop_after(j->app->c.loop, 0, on_checked, j);
}

void app_register_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    const struct json *given = json_member(args, "values");
    struct values all;
    struct err e = { 0 };
    struct op_ports p;
    struct app_job *j;
    struct json *result;

    judge_all(&all, a, given ? given : args);
    if (may_register(a, &all, &e) < 0) {
        serve_error(ask, &e);
        return;
    }
    if (first_error(&all, &e) < 0 || !app_signed_in(a, ask, &e)) {
        result = json_object();
        json_set(result, "fields", fields_of(&all));
        json_set(result, "will", json_array());
        serve_result(ask, result);
        return;
    }
    j = app_job_new(a, ask);
    j->values = json_object();
    json_set(j->values, "fields", fields_of(&all));
    json_set(j->values, "inputs", inputs_of(a, &all, given ? given : args));
    app_ports(a, &p);
    j->check = op_check_start(&p, &op_register, json_member(j->values, "inputs"), on_check, j, &e);
    if (!j->check) {
        serve_error(ask, &e);
        app_job_free(j);
    }
}
