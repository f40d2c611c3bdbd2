/* app_move.c - a cluster's resources cannot be moved in Azure; a move unregisters it and registers
 * it with new values, as one operation of two parts (app_chain.c).
 *
 * Source: Register-AzStackHCI's documentation, questions and answers: "We do not support resource
 * move [...] you must unregister the cluster first, and then re-register it at the new location".
 *
 * Before the first deletion both parts are checked whole: the unregistration as it is, the
 * registration in the world as it will be then (move_view.c), so that what would stop the second
 * part stops the move. What such a check does not see is asked beside it: whether the region is
 * offered in a subscription that does not use the service yet, and locks where it goes to.
 * A tenant may change where one sign-in is good in both; a cloud cannot: the core works in one. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "core/advice.h"
#include "core/app_int.h"
#include "wire/params.h"

static const char *of(const struct json *o, const char *name)
{
    const char *s = json_value_str(json_member(o, name));

    return s ? s : "";
}

/* ---- the values ---- */

/* Tags come from a command line as a list of NAME=VALUE. */
static struct json *tags_of(const struct json *list, struct err *e)
{
    struct json *tags = json_object();

    JSON_EACH (t, list)
        if (!err_is(e))
            param_tag_add(tags, json_value_str(t) ? json_value_str(t) : "", e);
    return tags;
}

static int not_here(const char *name, const struct json *value, struct err *e)
{
    const struct param *p = param_find(name);

    if ((p == &params[PAR_REPAIR] || p == &params[PAR_RECREATE]) && json_flag(value, NULL, false))
        return err_set(e, ERR_USAGE, 0,
                       _("A move makes a new registration: %s does not go with it."), p->name);
    return 0;
}

/* The values of a registration; what is not given stays as it is stored. */
static struct json *values_of(const struct app *a, const struct json *args, struct err *e)
{
    const struct sec_cluster *cluster = state_get(a->c.state, SEC_CLUSTER);
    const struct sec_choices *choices = &a->choices.sec;
    const struct sec_choice *sub;
    struct json *values = json_object();
    struct arm_id stored;

    JSON_EACH (v, args) {
        if (str_eq(json_name(v), "confirm") || not_here(json_name(v), v, e) < 0)
            continue;
        json_set(values, json_name(v), json_is_array(v) ? tags_of(v, e) : json_copy(v));
    }
    if (!err_is(e) && !arm_id_parse(&stored, cluster->azure_resource_uri))
        err_set(e, ERR_OP, ERR_C_NO_MOVE, "%s",
                _("This cluster is not registered: there is nothing to move. \"azloconf register\" "
                  "registers it."));
    if (!err_is(e) && !*of(values, "tenantId")) {
        sub = app_choice(choices->subs, choices->n_subs,
                         *of(values, "subscriptionId") ? of(values, "subscriptionId")
                                                       : stored.subscription);
        json_set_str(values, "tenantId",
                     sub && sub->parent[0] ? sub->parent : auth_view(a->auth)->tenant);
    }
    if (err_is(e)) {
        json_free(values);
        return NULL;
    }
    return values;
}

/* Where the machines are stays, too, if they have a group of their own. */
static void keep_arc_group(struct json *in, const struct json *run)
{
    if (!*of(in, "arcGroup") && !str_ieq(of(run, "arcGroup"), of(run, "group")))
        json_set_str(in, "arcGroup", of(run, "arcGroup"));
}

static const char *arc_group_of(const struct json *in)
{
    return *of(in, "arcGroup") ? of(in, "arcGroup") : of(in, "resourceGroupName");
}

/* Nothing but tags or the like would be different. */
static bool same_place(const struct app *a, const struct json *was, const struct json *run,
                       const struct json *in)
{
    static const char *const names[] = { "subscriptionId", "resourceGroupName", "resourceName",
                                         "tenantId" };
    const struct sec_cluster *cluster = state_get(a->c.state, SEC_CLUSTER);
    const char *arc = *of(run, "arcGroup") ? of(run, "arcGroup") : of(run, "group");

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!str_ieq(of(was, names[i]), of(in, names[i])))
            return false;
    return str_ieq(cluster->region, of(in, "region")) && str_ieq(arc, arc_group_of(in));
}

/* ---- the review ---- */

static void row(struct json *will, const char *what, const char *name, const char *how,
                const char *why)
{
    struct json *r = json_object();

    json_set_str(r, "what", what);
    json_set_str(r, "name", name);
    json_set_str(r, "how", how);
    json_set_str(r, "why", why);
    json_push(will, r);
}

static bool told(const struct json *will, const char *name)
{
    JSON_EACH (w, will)
        if (str_eq(json_str(w, "how"), "keep") && str_ieq(json_str(w, "name"), name))
            return true;
    return false;
}

/* The registration's rows in the words of this review. */
static void add_new(struct json *will, const struct json *rows, const struct json *in)
{
    static const char *const makes[] = { "create", "register", "connect",
                                         "assign", "consent",  "renew" };
    struct str place = STR_INIT;

    str_addf(&place, _("region %s, resource group %s, subscription %s"), of(in, "region"),
             of(in, "resourceGroupName"), of(in, "subscriptionId"));
    JSON_EACH (r, rows) {
        const char *how = json_str(r, "how"), *name = json_str(r, "name");
        bool cluster = str_eq(json_str(r, "what"), _("Cluster resource"));
        bool made = false;

        for (size_t i = 0; i < ARRAY_LEN(makes); i++)
            made = made || str_eq(how, makes[i]);
        if (made)
            row(will, json_str(r, "what"), name, "make", cluster ? str_p(&place) : "");
        else if (str_eq(how, "keep") && !told(will, name))
            row(will, json_str(r, "what"), name, "keep", _("it is there already"));
    }
    str_free(&place);
}

static void add_sentences(struct json *review, const struct json *facts, const char *name,
                          const char *cluster)
{
    struct json *ends = json_array(), *warn = op_unregister_warnings(facts);
    struct json *will = json_edit(json_member(review, "will"));
    char ask[300];

    json_push(ends,
              json_string(_("What Azure keeps about the old resource: its history, alerts and "
                            "metrics, and the roles, policies, tags and locks that were put "
                            "on it. Nothing of that goes over.")));
    json_push(ends, json_string(_("What is installed on the machines as extensions; Azure's own "
                                  "come back, others are to be installed anew.")));
    json_push(warn,
              json_string(_("Between the two parts the cluster is not registered. If the second "
                            "part does not come to its end, it stays so until the operation is "
                            "resumed.")));
    row(will, _("virtual machines and all that runs on the cluster"), cluster, "keep",
        _("a move does not touch them, and does not move them: only the place in Azure changes"));
    json_set(review, "ends", ends);
    json_set(review, "warn", warn);
    str_fmt(ask, sizeof(ask), _("Type the name of the cluster resource that goes, %s, to move it"),
            name);
    app_act_confirm(review, name, ask);
}

/* A group of this name is deleted and made anew: what was on it does not come back. */
static void warn_group(struct json *review, const struct json *view, const struct json *in,
                       const char *group)
{
    struct str path = STR_INIT;
    char say[400];

    arm_path(&path, "/subscriptions/%s/resourceGroups/%s", of(in, "subscriptionId"), group);
    JSON_EACH (g, json_get(view, "gone")) {
        if (!str_ieq(json_value_str(g), str_p(&path)))
            continue;
        str_fmt(say, sizeof(say),
                _("The resource group %s is deleted and made anew: its own tags, roles, policies "
                  "and locks do not come back."),
                group);
        json_push(json_edit(json_member(review, "warn")), json_string(say));
        break;
    }
    str_free(&path);
}

static struct json *new_review(const struct json *was, const struct json *in)
{
    struct json *review = app_act_review(&op_unregister, in);

    json_set_str(review, "plan", "move");
    json_set_str(review, "title", _("Move the registration"));
    json_set(review, "old", json_copy(was));
    json_set_bool(review, "local", true);
    json_set(review, "will", json_array());
    json_set(review, "steps", json_array());
    return review;
}

/* ---- the end ---- */

static int begin_run(struct app_job *j, struct err *e)
{
    const struct json *was = json_member(j->values, "inputs"), *in = json_member(j->values, "new");
    struct json *first = json_copy(was), *then = json_object();
    int r;

    json_set_str(then, "plan", op_register.id);
    json_set_str(then, "whole", "move");
    json_set(then, "inputs", json_copy(in));
    json_set(first, "then", then);
    r = app_run_start(j->app, &j->ask, &op_unregister, first, e);
    json_free(first);
    return r;
}

/* why: what stands in the way, if anything. */
static void end(struct app_job *j, struct err *why)
{
    app_act_end(j, begin_run, why);
}

/* ---- what a check of the registration does not see ---- */

static bool above(const char *id, const char *scope, size_t n)
{
    return strncasecmp(scope, id, n) == 0 && (!scope[n] || scope[n] == '/');
}

/* A lock against writing at the subscription or at a group that something is made in. */
static void on_locks(void *payload, const struct arm_reply *r)
{
    struct app_job *j = payload;
    const struct json *in = json_member(j->values, "new");
    const char *sub = of(in, "subscriptionId");
    struct str group = STR_INIT, arc = STR_INIT;
    struct err e = { 0 };

    j->arm = NULL;
    arm_path(&group, "/subscriptions/%s/resourceGroups/%s", sub, of(in, "resourceGroupName"));
    arm_path(&arc, "/subscriptions/%s/resourceGroups/%s", sub, arc_group_of(in));
    JSON_EACH (l, json_member(r->http == 200 ? r->json : NULL, "value")) {
        const char *id = json_str(l, "id"), *level = json_str(l, "properties.level");
        const char *cut = id ? str_ifind(id, "/providers/Microsoft.Authorization/locks/") : NULL;
        size_t n = cut ? (size_t)(cut - id) : 0;

        if (!n || !str_ieq(level, "ReadOnly") || err_is(&e) ||
            (!above(id, str_p(&group), n) && !above(id, str_p(&arc), n)))
            continue;
        err_set(&e, ERR_OP, ERR_C_MOVE_LOCKED,
                _("A lock (%s) forbids making anything where the cluster would go: %s. Nothing was "
                  "changed."),
                level, id);
    }
    if (r->http != 200 && r->http != 403 && r->http != 404) {
        e = r->err;
        err_wrap(&e, "%s", _("looking for locks where the cluster would go"));
    }
    str_free(&group);
    str_free(&arc);
    end(j, &e);
}

static void ask_new(struct app_job *j, const char *path, const char *api, unsigned flags,
                    arm_done_fn *fn)
{
    const struct json *in = json_member(j->values, "new");
    struct arm_req q = { .method = "GET", .api = api, .flags = flags };
    struct str s = STR_INIT;
    struct arm_call *call;

    arm_path(&s, "/subscriptions/%s", of(in, "subscriptionId"));
    str_add(&s, path);
    q.path = str_p(&s);
    q.tenant = of(in, "tenantId");
    call = arm_send(j->app->arm, &q, fn, j);
    j->arm = call;
    str_free(&s);
}

static void ask_locks(struct app_job *j)
{
    ask_new(j, "/providers/Microsoft.Authorization/locks", API_LOCKS, ARM_PAGES, on_locks);
}

/* What the service offers is told of one that is not in use yet, too. */
static void on_provider(void *payload, const struct arm_reply *r)
{
    struct app_job *j = payload;
    const char *region = of(json_member(j->values, "new"), "region");
    struct str all = STR_INIT;
    struct err e = { 0 };
    bool offered = false;
    char one[80];

    j->arm = NULL;
    JSON_EACH (type, json_get(r->http == 200 ? r->json : NULL, "resourceTypes")) {
        if (!str_ieq(json_str(type, "resourceType"), "clusters"))
            continue;
        JSON_EACH (l, json_get(type, "locations")) {
            str_region(one, sizeof(one), json_value_str(l) ? json_value_str(l) : "");
            offered = offered || str_ieq(one, region);
            str_addf(&all, "%s%s", all.len ? ", " : "", json_value_str(l));
        }
    }
    if (all.len && !offered)
        err_set(&e, ERR_OP, 9108,
                _("Azure Stack HCI is not offered in the region %s. Offered: %s."), region,
                str_p(&all));
    str_free(&all);
    if (err_is(&e))
        end(j, &e);
    else
        ask_locks(j);
}

/* ---- the second part's check ---- */

static void judge_new(struct app_job *j)
{
    const struct json *in = json_member(j->values, "new");
    struct json *review = json_edit(json_member(j->values, "review"));
    struct json *facts = op_run_facts(j->check), *rows = NULL;
    const struct json *run = json_member(facts, "run");
    struct err e = { 0 }, ignored = { 0 };

    if (op_run_state(j->check) != OP_R_DONE)
        e = *op_run_error(j->check);
    if (op_register_preview(in, facts, &rows, &ignored) == 0)
        add_new(json_edit(json_member(review, "will")), rows, in);
    if (str_eq(of(run, "rights.state"), "unseen"))
        json_push(
            json_edit(json_member(review, "warn")),
            json_string(_("Your rights where the cluster would go could not be seen: they may "
                          "turn out to be too few in the second part.")));
    warn_group(review, json_member(j->values, "view"), in, of(in, "resourceGroupName"));
    if (!str_ieq(arc_group_of(in), of(in, "resourceGroupName")))
        warn_group(review, json_member(j->values, "view"), in, arc_group_of(in));
    app_act_steps(review, j->check);
    if (!err_is(&e) && str_eq(of(run, "cluster.state"), "present"))
        err_set(&e, ERR_OP, ERR_C_MOVE_TAKEN,
                _("There is a cluster resource %s in the resource group %s already. Nothing was "
                  "changed."),
                of(in, "resourceName"), of(in, "resourceGroupName"));
    json_free(rows);
    if (err_is(&e)) {
        app_act_within(&e, _("checking the new registration"));
        end(j, &e);
    } else if (*of(run, "provider-hci.locations")) {
        ask_locks(j);
    } else {
        ask_new(j, "/providers/Microsoft.AzureStackHCI", API_RESOURCES, 0, on_provider);
    }
    json_free(facts);
}

/* ---- the first part's check ---- */

static int check_new(struct app_job *j, const struct json *facts, struct err *e)
{
    struct op_ports p;

    json_set(j->values, "view", move_view(json_member(j->values, "inputs"), facts));
    app_ports(j->app, &p);
    p.veil = move_veil;
    p.veil_payload = json_edit(json_member(j->values, "view"));
    return app_act_check(j, &p, &op_register, json_member(j->values, "new"), judge_new, e);
}

static void judge_old(struct app_job *j)
{
    struct json *facts = op_run_facts(j->check);
    const struct json *run = json_member(facts, "run"), *was = json_member(j->values, "inputs");
    struct json *in = json_edit(json_member(j->values, "new")), *review, *rows;
    struct err e = { 0 };

    keep_arc_group(in, run);
    review = new_review(was, in);
    rows = op_unregister_preview(facts);
    JSON_EACH (w, rows)
        json_push(json_edit(json_member(review, "will")), json_copy(w));
    json_free(rows);
    add_sentences(review, facts, of(was, "resourceName"), of(in, "clusterName"));
    app_act_steps(review, j->check);
    json_set(j->values, "review", review);
    if (op_run_state(j->check) != OP_R_DONE)
        e = *op_run_error(j->check);
    else if (same_place(j->app, was, run, in))
        err_set(&e, ERR_OP, ERR_C_NO_MOVE, "%s",
                _("The new values are those that the cluster is registered with: nothing would "
                  "move. Nothing was changed."));
    if (err_is(&e) || check_new(j, facts, &e) < 0)
        end(j, &e);
    json_free(facts);
}

/* ---- the intents ---- */

static void on_challenge(void *payload, const struct arm_reply *r)
{
    struct app_job *j = payload;
    struct err e = { 0 };

    j->arm = NULL;
    if (app_set_tenant(j->values, r, &e) < 0 ||
        app_act_check(j, NULL, &op_unregister, json_member(j->values, "inputs"), judge_old, &e) < 0)
        end(j, &e);
}

static void begin(struct app *a, const struct serve_ask *ask, const struct json *args, bool check)
{
    struct json *values = NULL, *in = NULL, *was = NULL, *none = json_object();
    struct err e = { 0 };
    struct app_job *j;

    if (app_signed_in(a, ask, &e) && (values = values_of(a, args, &e)) &&
        (in = app_register_inputs(a, values, &e)))
        was = app_stored_inputs(a, none, &e);
    if (was && !check)
        app_act_confirmed(args, of(was, "resourceName"), &e);
    json_free(values);
    json_free(none);
    if (err_is(&e)) {
        json_free(in);
        json_free(was);
        serve_error(ask, &e);
        return;
    }
    j = app_job_new(a, ask);
    j->values = json_object();
    json_set(j->values, "inputs", was);
    json_set(j->values, "new", in);
    json_set_bool(j->values, "check", check);
    app_ask_tenant(j, on_challenge);
}

void app_move(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    begin(a, ask, args, false);
}

void app_move_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    begin(a, ask, args, true);
}
