/* app_unregister.c - what is to be unregistered: proven, not asked. Subscription, group and name
 * come from the stored record, which machines registration connected from the journals, the tenant
 * from Azure (app_prove.c).
 *
 * Given by name where nothing is registered: only Azure's side (register-flow.md 4.1, 9115). */
#include "config.h"

#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"
#include "base/log.h"
#include "core/app_int.h"
#include "store/journal.h"

/* ---- what the journals tell of Azure Arc: which nodes registration brought there, where to, and
 * by whose principal ---- */

struct brought {
    const char *cluster; /* its resource id */
    bool ours;           /* this journal is of that cluster */
    struct json *now;    /* node -> bool, of this journal */
    struct json *agent;  /* node -> where its agent was when this journal began */
    struct json *there;  /* node -> true: brought to Arc, and its agent was there before */
    char group[96], way[16], principal[GUID_SIZE];
};

static void look_at_arc(struct brought *b, const struct json *facts)
{
    const char *group = json_value_str(json_member(facts, "arcGroup")),
               *way = json_value_str(json_member(facts, "path.arc")),
               *principal = json_value_str(json_member(facts, "principal.id"));

    if (group && *group)
        STR_SET(b->group, group);
    if (way && *way)
        STR_SET(b->way, way);
    if (principal && *principal)
        STR_SET(b->principal, principal);
}

/* A node whose agent was connected before may be brought to Arc by the cluster all the same; its
 * machine is not what registration made. */
static void look_at_brought(struct brought *b, const char *node)
{
    bool there = str_eq(json_str(b->agent, node), "here");

    json_set_bool(there ? b->there : b->now, node, true);
}

static bool look_at(const struct journal_rec *r, void *payload)
{
    struct brought *b = payload;
    const char *agent = json_value_str(json_member(r->facts, "@agent")); /* of the node */
    const char *id = json_value_str(json_member(r->facts, "cluster.id"));
    bool brings = str_eq(r->step, "agent") || str_eq(r->step, "arc-enable");

    if (id && *id)
        b->ours = arm_id_equal(id, b->cluster);
    look_at_arc(b, r->facts);
    if (!r->node[0])
        return true;
    if (agent && !json_member(b->agent, r->node))
        json_set_str(b->agent, r->node, agent);
    if (brings && str_eq(r->event, "made"))
        look_at_brought(b, r->node);
    else if ((brings && str_eq(r->event, "undone")) ||
             (str_eq(r->step, "leave") && str_eq(r->event, "made")))
        json_set_bool(b->now, r->node, false);
    return true;
}

/* The operator's own principal: only if the newest way to Azure Arc went by it. */
static void keep_arc(struct json *in, const struct brought *b, bool *way_known)
{
    if (b->group[0] && !json_str(in, "arcGroupBefore"))
        json_set_str(in, "arcGroupBefore", b->group);
    if (!b->way[0] || *way_known)
        return;
    *way_known = true;
    if (str_eq(b->way, "given") && b->principal[0])
        json_set_str(in, "arcPrincipalId", b->principal);
}

static void keep_new(struct json *all, const struct json *some, bool only_true)
{
    JSON_EACH (n, some)
        if (!json_member(all, json_name(n)) && (!only_true || json_flag(n, NULL, false)))
            json_set(all, json_name(n), json_copy(n));
}

/* A registration under another name that never came to its end and was not taken back: the nodes
 * that it brought to Arc are where they are. */
static bool broke_off(struct app *a, const char *id)
{
    struct err e = { 0 };
    struct op_summary sum;

    return op_summary(a->c.runs_dir, id, &sum, &e) == 0 && str_eq(sum.plan, op_register.id) &&
           !str_eq(sum.state, "done");
}

/* The nodes of yes that are true, without those of no that are. */
static void set_names(struct json *in, const char *input, const struct json *yes,
                      const struct json *no)
{
    struct str names = STR_INIT;

    JSON_EACH (n, yes)
        if (json_flag(n, NULL, false) && !json_flag(json_member(no, json_name(n)), NULL, false))
            str_addf(&names, "%s%s", names.len ? " " : "", json_name(n));
    if (names.len)
        json_set_str(in, input, str_p(&names));
    str_free(&names);
}

/* The newest journal that says something of a node has the word. */
static void set_connected(struct app *a, struct json *in, const char *cluster)
{
    struct err e = { 0 };
    struct json *ids = journal_list(a->c.runs_dir, &e), *all = json_object();
    struct json *there = json_object(), *none = json_object();
    bool way_known = false;

    JSON_EACH (id, ids) {
        struct brought b = {
            .cluster = cluster, .now = json_object(), .agent = json_object(), .there = json_object()
        };

        if (journal_read(a->c.runs_dir, json_value_str(id), look_at, &b, &e) < 0)
            log_wrn("%s: %s", json_value_str(id), e.message);
        if (b.ours) {
            keep_new(all, b.now, false);
            keep_new(there, b.there, false);
            keep_arc(in, &b, &way_known);
        } else if (json_len(b.now) && broke_off(a, json_value_str(id))) {
            keep_new(all, b.now, true);
        }
        json_free(b.now);
        json_free(b.agent);
        json_free(b.there);
    }
    set_names(in, "connected", all, none);
    set_names(in, "connectedBefore", there, all);
    json_free(all);
    json_free(there);
    json_free(none);
    json_free(ids);
}

/* ---- the values ---- */

static int contradicts(const char *given, const char *stored, int code, const char *sentence,
                       struct err *e)
{
    if (!given || !*given || !*stored || str_ieq(given, stored))
        return 0;
    return err_set(e, ERR_OP, code, "%s: %s", sentence, stored);
}

static void keep(struct json *in, const char *input, const char *given, const char *stored)
{
    json_set_str(in, input, *stored ? stored : given ? given : "");
}

/* An unregistration that stopped after the nodes' record was gone goes on by itself alone. */
static void nothing_stored(struct app *a, struct err *e)
{
    struct json *ids = journal_list(a->c.runs_dir, e);
    const char *newest = json_value_str(json_first(ids));
    struct op_summary sum;

    if (newest && op_summary(a->c.runs_dir, newest, &sum, e) == 0 &&
        str_eq(sum.plan, op_unregister.id) && !str_eq(sum.state, "done"))
        err_set(e, ERR_OP, 9115,
                _("Nothing is registered on this cluster any more, but the operation %s did not "
                  "come to its end in Azure. It goes on with azloconf operations resume."),
                newest);
    else
        err_set(e, ERR_OP, 9115, "%s",
                _("Nothing is registered on this cluster. What is to be taken away in Azure must "
                  "be named: the subscription id and the resource's name."));
    json_free(ids);
}

struct json *app_stored_inputs(struct app *a, const struct json *args, struct err *e)
{
    const struct sec_cluster *cluster = state_get(a->c.state, SEC_CLUSTER);
    const char *name = json_str(args, "resourceName"), *group = json_str(args, "resourceGroupName");
    const char *sub = json_str(args, "subscriptionId");
    struct str id = STR_INIT;
    struct arm_id stored;
    struct json *in;
    char own[112];

    if (!arm_id_parse(&stored, cluster->azure_resource_uri))
        memset(&stored, 0, sizeof(stored));
    if (sub && *sub && !guid_is(sub))
        err_set(e, ERR_USAGE, 0, _("The subscription id is no GUID: %s"), sub);
    else if (!stored.name[0] && (!name || !*name || !sub || !*sub))
        nothing_stored(a, e);
    else if (contradicts(sub, stored.subscription, 9128,
                         _("This cluster is registered in another subscription"), e) == 0 &&
             contradicts(name, stored.name, 9127,
                         _("This cluster is registered as another resource"), e) == 0)
        contradicts(group, stored.group, 9125,
                    _("This cluster is registered in another resource group"), e);
    if (err_is(e))
        return NULL;
    in = json_object();
    keep(in, "subscriptionId", sub, stored.subscription);
    keep(in, "resourceName", name, stored.name);
    str_fmt(own, sizeof(own), "%s-rg", json_str(in, "resourceName"));
    keep(in, "resourceGroupName", group && *group ? group : own, stored.group);
    json_set_str(in, "cloud", a->cloud.name);
    if (json_flag(args, "force", false))
        json_set_str(in, "force", "1");
    hci_cluster_id(&id, json_str(in, "subscriptionId"), json_str(in, "resourceGroupName"),
                   json_str(in, "resourceName"));
    set_connected(a, in, str_p(&id)); /* named, and the nodes' record may not be read yet, too */
    str_free(&id);
    return in;
}

/* ---- the intents ---- */

static void say(struct json *list, const char *sentence)
{
    json_push(list, json_string(sentence));
}

/* What ends with it, and whether these nodes know of it. */
static void add_sentences(struct json *review, const struct json *facts, bool local)
{
    struct json *ends = json_array(), *warn = op_unregister_warnings(facts);

    say(ends, _("Azure's monitoring of the cluster, support through Azure, and billing through the "
                "subscription."));
    if (local) /* docs-facts.md 1.5: sources differ on whether at once or 30 days after installation
                */
        say(ends, _("Virtual machines go on running; new ones may be refused until the cluster is "
                    "registered again."));
    say(ends, _("What goes cannot be brought back; the cluster can be registered anew."));
    if (!local)
        say(warn, _("These nodes are not registered with it: only Azure's side goes."));
    json_set(review, "ends", ends);
    json_set(review, "warn", warn);
}

static void review_of(struct app_job *j, struct json *review, const struct json *facts)
{
    const char *name = json_str(json_member(j->values, "inputs"), "resourceName");
    bool local = str_eq(op_run_fact(j->check, "local"), "1");
    char ask[300];

    json_set_bool(review, "local", local);
    json_set(review, "will", op_unregister_preview(facts));
    str_fmt(ask, sizeof(ask), _("Type the name of the cluster resource, %s, to unregister it"),
            name);
    app_act_confirm(review, name, ask);
    if (op_run_state(j->check) != OP_R_FAILED)
        add_sentences(review, facts, local);
}

static const struct app_proven unregistration = { &op_unregister, true, app_stored_inputs,
                                                  review_of };

void app_unregister(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    app_prove(a, ask, args, &unregistration, false);
}

void app_unregister_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    app_prove(a, ask, args, &unregistration, true);
}
