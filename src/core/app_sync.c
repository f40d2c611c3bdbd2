/* app_sync.c - the intents sync and sync-check. Subscription, group and name come from the stored
 * record; Azure is asked for its census, so somebody must be signed in. */
#include "config.h"

#include "base/i18n.h"
#include "core/app_int.h"

struct json *app_registered(struct app *a, const struct json *args, struct err *e)
{
    const struct sec_cluster *cluster = state_get(a->c.state, SEC_CLUSTER);
    struct arm_id stored;
    struct json *in;

    (void)args;
    if (!arm_id_parse(&stored, cluster->azure_resource_uri)) {
        err_set(e, ERR_OP, ERR_C_UNREGISTERED, "%s",
                _("This cluster is not registered with Azure."));
        return NULL;
    }
    in = json_object();
    json_set_str(in, "subscriptionId", stored.subscription);
    json_set_str(in, "resourceName", stored.name);
    json_set_str(in, "resourceGroupName", stored.group);
    json_set_str(in, "cloud", a->cloud.name);
    return in;
}

static void review_of(struct app_job *j, struct json *review, const struct json *facts)
{
    struct json *warn = json_array();

    json_set_bool(review, "local", true);
    json_set(review, "will", op_sync_preview(facts, clock_now(j->app->c.clock), warn));
    json_set(review, "warn", warn);
    json_set(review, "ends", json_array());
}

static const struct app_proven sync_row = { &op_sync, false, app_registered, review_of };

static void begin(struct app *a, const struct serve_ask *ask, const struct json *args, bool check)
{
    struct err e = { 0 };
    struct json *in = app_registered(a, args, &e);

    if (in)
        app_act_go(app_act_job(a, ask, &sync_row, in, check));
    else
        serve_error(ask, &e);
}

void app_sync(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    begin(a, ask, args, false);
}

void app_sync_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    begin(a, ask, args, true);
}
