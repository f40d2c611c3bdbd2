/* app_arc.c - Azure Arc alone, of a cluster that is registered: away (plan arc-disable), and back
 * (plan arc-enable). Both work on the stored registration, proven as for an unregistration
 * (app_unregister.c). Where Arc was is known from the Arc settings, else from the journals. */
#include "config.h"

#include "base/i18n.h"
#include "core/app_int.h"
#include "wire/params.h"

static struct json *registered_inputs(struct app *a, const struct json *args, struct err *e)
{
    const struct sec_cluster *cluster = state_get(a->c.state, SEC_CLUSTER);
    struct json *in;

    if (!cluster->azure_resource_uri[0]) {
        err_set(e, ERR_OP, ERR_C_ARC_NEEDS_REGISTRATION, "%s",
                _("Nothing is registered on this cluster: there is no Azure Arc to be disabled or "
                  "enabled."));
        return NULL;
    }
    in = app_stored_inputs(a, args, e);
    if (in)
        json_set_str(in, "arcOnly", "1");
    return in;
}

/* ---- away ---- */

static bool any(const struct json *will, const char *how, bool is)
{
    JSON_EACH (w, will)
        if (str_eq(json_str(w, "how"), how) == is)
            return true;
    return false;
}

/* Where nothing of it is left nothing is shown: there is nothing to do. */
static struct json *or_nothing(struct json *will, bool failed, bool anything)
{
    if (failed || anything)
        return will;
    json_free(will);
    return json_array();
}

static void review_disable(struct app_job *j, struct json *review, const struct json *facts)
{
    const char *name = json_str(json_member(j->values, "inputs"), "resourceName");
    bool failed = op_run_state(j->check) == OP_R_FAILED;
    struct json *will = op_arc_disable_preview(facts), *ends = json_array();
    char ask[300];

    json_set(review, "will", or_nothing(will, failed, any(will, "delete", true)));
    str_fmt(ask, sizeof(ask),
            _("Type the name of the cluster resource, %s, to disable Azure Arc for its nodes"),
            name);
    app_act_confirm(review, name, ask);
    if (!failed && json_len(json_get(review, "will")))
        json_push(ends, json_string(_("What Azure does on the nodes through Azure Arc: extensions "
                                      "and what they bring, such as monitoring and updates.")));
    json_set(review, "ends", ends);
}

static const struct app_proven disable = { &op_arc_disable, true, registered_inputs,
                                           review_disable };

void app_arc_disable(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    app_prove(a, ask, args, &disable, false);
}

void app_arc_disable_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    app_prove(a, ask, args, &disable, true);
}

/* ---- back ---- */

static struct json *enable_inputs(struct app *a, const struct json *args, struct err *e)
{
    const struct sec_cluster *cluster = state_get(a->c.state, SEC_CLUSTER);
    struct json *in = registered_inputs(a, args, e);
    const char *group = json_str(args, params[PAR_ARC_GROUP].id),
               *app = json_str(args, params[PAR_ARC_SPN].id);

    if (!in)
        return NULL;
    group = group && *group ? group : json_str(in, "arcGroupBefore");
    if (group && *group)
        json_set_str(in, "arcGroup", group);
    if (app && *app)
        json_set_str(in, "arcAppId", app);
    json_set_str(in, "region", cluster->region);
    json_set_str(in, "clusterName", cluster->name);
    return in;
}

/* A registration's words for how (plans.h), as the operations of this kind say it. */
static const char *how_of(const char *how)
{
    static const char *const rows[][2] = { { "keep", "keep" },     { "create", "make" },
                                           { "register", "make" }, { "connect", "make" },
                                           { "assign", "make" },   { "consent", "make" },
                                           { "renew", "renew" },   { "repair", "change" } };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq(rows[i][0], how))
            return rows[i][1];
    return NULL; /* of the operator's rights: an error says what is lacking */
}

static void review_enable(struct app_job *j, struct json *review, const struct json *facts)
{
    bool failed = op_run_state(j->check) == OP_R_FAILED;
    struct json *all = NULL, *will = json_array();
    struct err none = { 0 };

    op_register_preview(json_member(j->values, "inputs"), facts, &all, &none);
    JSON_EACH (w, all) {
        const char *how = how_of(json_str(w, "how"));
        struct json *row = how ? json_copy(w) : NULL;

        if (!row)
            continue;
        json_set_str(row, "how", how);
        json_push(will, row);
    }
    json_free(all);
    json_set(review, "will", or_nothing(will, failed, any(will, "keep", false)));
}

static const struct app_proven enable = { &op_arc_enable, false, enable_inputs, review_enable };

void app_arc_enable(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    app_prove(a, ask, args, &enable, false);
}

void app_arc_enable_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    app_prove(a, ask, args, &enable, true);
}
