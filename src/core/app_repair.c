/* app_repair.c - the intents repair and repair-check: register's repair with the values of the
 * stored registration. Subscription, group, name and region come from the stored record, the tenant
 * from the challenge that Azure gives for the subscription, and what the registration was given
 * besides (a certificate of the user's, a principal for Azure Arc) from its journal. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "core/app_int.h"
#include "store/journal.h"

/* ---- the values ---- */

struct given {
    const char *cluster; /* its resource id */
    struct json *in;
    struct json *open; /* inputs of the journal that is read */
    bool ours, done;
};

static bool look_at(const struct journal_rec *r, void *payload)
{
    struct given *g = payload;
    const char *id = json_value_str(json_member(r->facts, "cluster.id"));

    if (str_eq(r->event, "open"))
        g->open = json_copy(json_member(r->facts, "inputs"));
    if (id && *id)
        g->ours = arm_id_equal(id, g->cluster);
    g->done = g->done || (!r->step[0] && str_eq(r->event, "done"));
    return true;
}

/* The newest registration of this cluster that ended well. */
static void add_given(struct app *a, struct json *in, const char *cluster)
{
    static const char *const names[] = { "certificateThumbprint", "arcAppId" };
    struct err e = { 0 };
    struct json *ids = journal_list(a->c.runs_dir, &e);
    bool found = false;

    JSON_EACH (id, ids) {
        struct given g = { .cluster = cluster };

        if (found || !str_ends(json_value_str(id), "-register"))
            continue;
        if (journal_read(a->c.runs_dir, json_value_str(id), look_at, &g, &e) < 0)
            log_wrn("%s: %s", json_value_str(id), e.message);
        found = g.ours && g.done;
        for (size_t i = 0; found && i < ARRAY_LEN(names); i++)
            if (json_str(g.open, names[i]))
                json_set_str(in, names[i], json_str(g.open, names[i]));
        json_free(g.open);
    }
    json_free(ids);
}

static struct json *inputs_of(struct app *a, const struct json *args, struct err *e)
{
    const struct sec_cluster *cluster = state_get(a->c.state, SEC_CLUSTER);
    struct json *in = app_registered(a, args, e);

    if (!in)
        return NULL;
    json_set_str(in, "region", cluster->region);
    json_set_str(in, "clusterName", cluster->name);
    json_set_str(in, "repair", "1");
    if (json_flag(args, "recreate", false))
        json_set_str(in, "recreate", "1");
    add_given(a, in, cluster->azure_resource_uri);
    return in;
}

/* ---- the review ---- */

static void review_of(struct app_job *j, struct json *review, const struct json *facts)
{
    const struct json *in = json_member(j->values, "inputs");
    struct json *warn = json_array();
    bool needed;

    json_set_str(review, "title", _("Repair the registration"));
    json_set_bool(review, "local", true);
    json_set(review, "will", op_repair_preview(in, facts, clock_now(j->app->c.clock), &needed));
    if (!needed && op_run_state(j->check) != OP_R_FAILED)
        json_push(warn, json_string(_("Nothing that can be seen from here calls for a repair. It "
                                      "does no harm: the registration is renewed, and nothing is "
                                      "made twice.")));
    json_set_bool(review, "needed", needed);
    json_set(review, "warn", warn);
    json_set(review, "ends", json_array());
}

/* ---- the intents ---- */

static const struct app_proven repair = { &op_register, false, inputs_of, review_of };

void app_repair(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    app_prove(a, ask, args, &repair, false);
}

void app_repair_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    app_prove(a, ask, args, &repair, true);
}
