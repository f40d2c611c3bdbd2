/* app_prove.c - operations on what is registered: the tenant is not asked but proven, by the
 * challenge that Azure gives for the subscription (401 with authorization_uri). */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "core/app_int.h"

/* ---- the tenant ---- */

/* The last segment of authorization_uri="https://login.../TENANT". */
static bool tenant_of(char out[40], const char *challenge)
{
    const char *p = strstr(challenge, "authorization_uri=\""), *end, *slash;

    p = p ? p + strlen("authorization_uri=\"") : NULL;
    end = p ? strchr(p, '"') : NULL;
    if (!end)
        return false;
    for (slash = end; slash > p && *slash != '/'; slash--)
        ;
    str_fmt(out, 40, "%.*s", (int)(end - slash - 1), slash + 1);
    return guid_is(out);
}

void app_ask_tenant(struct app_job *j, arm_done_fn *fn)
{
    struct arm_req q = { .method = "GET", .api = API_SUBSCRIPTIONS, .flags = ARM_NO_TOKEN };
    struct str path = STR_INIT;
    struct arm_call *call;

    arm_path(&path, "/subscriptions/%s",
             json_str(json_member(j->values, "inputs"), "subscriptionId"));
    q.path = str_p(&path);
    call = arm_send(j->app->arm, &q, fn, j);
    j->arm = call;
    str_free(&path);
}

int app_set_tenant(struct json *values, const struct arm_reply *r, struct err *e)
{
    struct json *in = json_edit(json_member(values, "inputs"));
    const char *given = json_str(values, "tenantId");
    char tenant[40];

    if (r->http != 401 || !tenant_of(tenant, r->www_authenticate)) {
        *e = r->err;
        if (!err_is(e) || e->domain == ERR_ARM)
            err_set(e, ERR_OP, ERR_C_OTHER_CLOUD,
                    _("Azure (%s) does not say to which tenant the subscription %s belongs. "
                      "Nothing was changed."),
                    json_str(in, "cloud"), json_str(in, "subscriptionId"));
        else
            err_wrap(e, "%s", _("asking Azure to which tenant the subscription belongs"));
        return -1;
    }
    if (given && *given && !str_ieq(given, tenant))
        return err_set(e, ERR_OP, ERR_C_TENANT,
                       _("The subscription belongs to the tenant %s, not to %s."), tenant, given);
    json_set_str(in, "tenantId", tenant);
    return 0;
}

/* ---- the intents ---- */

static void on_challenge(void *payload, const struct arm_reply *r)
{
    struct app_job *j = payload;
    struct err e = { 0 };

    j->arm = NULL;
    if (app_set_tenant(j->values, r, &e) == 0) {
        app_act_go(j);
        return;
    }
    serve_error(&j->ask, &e);
    app_job_free(j);
}

void app_prove(struct app *a, const struct serve_ask *ask, const struct json *args,
               const struct app_proven *what, bool check)
{
    struct err e = { 0 };
    struct json *in = NULL;
    struct app_job *j;

    if (!app_signed_in(a, ask, &e) || !(in = what->inputs(a, args, &e)) ||
        (!check && what->word && app_act_confirmed(args, json_str(in, "resourceName"), &e) < 0)) {
        json_free(in);
        serve_error(ask, &e);
        return;
    }
    j = app_act_job(a, ask, what, in, check);
    if (json_str(args, "tenantId"))
        json_set_str(j->values, "tenantId", json_str(args, "tenantId"));
    app_ask_tenant(j, on_challenge);
}
