/* app_sync.c - the intents sync and sync-check. Subscription, group and name come from the stored
 * record; Azure is asked for its census, so somebody must be signed in. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "core/app_int.h"

int app_registered(struct app *a, struct json *in, struct err *e)
{
    const struct sec_cluster *cluster = state_get(a->c.state, SEC_CLUSTER);
    struct arm_id stored;

    if (!arm_id_parse(&stored, cluster->azure_resource_uri))
        return err_set(e, ERR_OP, ERR_C_UNREGISTERED, "%s",
                       _("This cluster is not registered with Azure."));
    json_set_str(in, "subscriptionId", stored.subscription);
    json_set_str(in, "resourceName", stored.name);
    json_set_str(in, "resourceGroupName", stored.group);
    json_set_str(in, "cloud", a->cloud.name);
    return 0;
}

static void answer_check(struct app_job *j)
{
    struct json *facts = op_run_facts(j->check), *warn = json_array();
    struct json *review = app_act_review(&op_sync, j->values);

    json_set_bool(review, "local", true);
    json_set(review, "will", op_sync_preview(facts, clock_now(j->app->c.clock), warn));
    json_set(review, "warn", warn);
    json_set(review, "ends", json_array());
    json_set(review, "steps", op_preview(j->check));
    if (op_run_state(j->check) == OP_R_FAILED)
        app_act_error(review, op_run_error(j->check));
    serve_result(&j->ask, review);
    json_free(facts);
}

static void on_checked(void *payload)
{
    struct app_job *j = payload;

    j->timer = NULL;
    answer_check(j);
    app_job_free(j);
}

static void on_check(void *payload, struct op_run *r)
{
    struct app_job *j = payload;
    enum op_run_state s = op_run_state(r);

    if ((s == OP_R_DONE || s == OP_R_FAILED || s == OP_R_STOPPED) && !j->timer)
        j->timer = loop_after(j->app->c.loop, 0, on_checked, j);
}

void app_sync_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct json *in = json_object();
    struct err e = { 0 };
    struct op_ports p;
    struct app_job *j;

    (void)args;
    if (app_registered(a, in, &e) < 0) {
        json_free(in);
        serve_error(ask, &e);
        return;
    }
    j = app_job_new(a, ask);
    j->values = in;
    app_ports(a, &p);
    j->check = op_check_start(&p, &op_sync, in, on_check, j, &e);
    if (!j->check) {
        serve_error(ask, &e);
        app_job_free(j);
    }
}

void app_sync(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct json *in = json_object(), *result;
    struct err e = { 0 };

    (void)args;
    if (app_registered(a, in, &e) < 0 ||
        app_run_begin(a, &op_sync, in, (int64_t)ask->uid, &e) < 0) {
        serve_error(ask, &e);
    } else {
        result = json_object();
        json_set_str(result, "id", op_run_id(a->run));
        serve_result(ask, result);
    }
    json_free(in);
}
