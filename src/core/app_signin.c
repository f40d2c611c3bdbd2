/* app_signin.c - the sign-in as consoles see it, and the intents around it. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "core/app_int.h"

#define CLOCK_STEP_MS 1500 /* the wall clock was set: the section's times are made anew */

static const char *const state_words[] = { [AUTH_OUT] = "out",   [AUTH_STARTING] = "starting",
                                           [AUTH_CODE] = "code", [AUTH_BROWSER] = "browser",
                                           [AUTH_IN] = "in",     [AUTH_FAILED] = "failed" };

static int64_t wall_of(struct app *a, int64_t mono)
{
    int64_t offset = wall_ms() - mono_ms();

    if (offset > a->mono_to_wall + CLOCK_STEP_MS || offset < a->mono_to_wall - CLOCK_STEP_MS)
        a->mono_to_wall = offset;
    return mono ? mono + a->mono_to_wall : 0;
}

static void fill(struct app *a, struct sec_signin *s, const struct auth_view *v)
{
    const struct sec_choice *tenant;

    STR_SET(s->state, state_words[v->state]);
    s->owner_uid = v->state == AUTH_OUT ? -1 : a->signin_uid;
    STR_SET(s->way, v->way);
    s->ends = v->way && !v->renews;
    if (v->state == AUTH_BROWSER) {
        TEXT_SET(s->verification_uri, v->verification_uri);
        s->port = v->port;
        s->code_expires_at = wall_of(a, v->code_expires_mono);
    } else if (v->state == AUTH_CODE) {
        TEXT_SET(s->user_code, v->user_code);
        TEXT_SET(s->verification_uri, v->verification_uri);
        TEXT_SET(s->message, v->message);
        s->uri_trusted = v->uri_trusted;
        s->code_expires_at = wall_of(a, v->code_expires_mono);
        s->polled_at = wall_of(a, v->polled_mono);
        s->next_poll_at = wall_of(a, v->next_poll_mono);
    } else if (v->state == AUTH_IN) {
        TEXT_SET(s->account, v->account);
        TEXT_SET(s->tenant_id, v->tenant);
        s->token_expires_at = wall_of(a, v->token_expires_mono);
        tenant = app_choice(a->choices.sec.tenants, a->choices.sec.n_tenants, v->tenant);
        if (tenant)
            STR_SET(s->tenant_name, tenant->name);
    } else if (v->state == AUTH_FAILED) {
        s->error = v->err;
    }
}

void app_publish_signin(struct app *a)
{
    struct sec_signin s = { .owner_uid = -1 };

    STR_SET(s.state, "out");
    if (a->auth)
        fill(a, &s, auth_view(a->auth));
    state_publish(a->c.state, SEC_SIGNIN, &s);
}

static void signed_in(struct app *a)
{
    if (a->refresh)
        refresh_place(a->refresh, &a->cloud, auth_view(a->auth)->tenant);
    app_choices_ask(a, "");
    app_run_signed_in(a);
}

void app_auth_changed(void *payload)
{
    struct app *a = payload;
    enum auth_state now;

    if (!a->auth)
        return;
    now = auth_view(a->auth)->state;
    if (now != a->signin_was) {
        if (now == AUTH_FAILED)
            log_wrn("sign-in failed: %s", auth_view(a->auth)->err.message);
        if (a->signin_was == AUTH_IN)
            app_choices_reset(a);
        a->signin_was = now;
        app_publish_signin(a);
        if (now == AUTH_IN)
            signed_in(a);
        return;
    }
    app_publish_signin(a);
}

/* Whoever is signed in or signing in keeps it, until it ends or root takes it away. */
static bool belongs_to_other(const struct app *a, const struct serve_ask *ask, struct err *e)
{
    enum auth_state s = auth_view(a->auth)->state;
    char who[64];

    if (s == AUTH_OUT || s == AUTH_FAILED || a->signin_uid == (int64_t)ask->uid)
        return false;
    err_set(e, ERR_OP, ERR_C_NOT_ALLOWED,
            _("The sign-in belongs to %s: only %s and root can end it."),
            app_user(who, sizeof(who), a->signin_uid), who);
    return true;
}

/* A GUID or a domain name; "" lets Entra find the tenant by the account. */
static bool good_tenant(const char *s)
{
    size_t n = strlen(s);

    if (n > 253)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z');
        bool digit = s[i] >= '0' && s[i] <= '9';

        if (!letter && !digit && !((s[i] == '-' || s[i] == '.') && i > 0 && i + 1 < n))
            return false;
    }
    return !n || guid_is(s) || strchr(s, '.') || str_ieq(s, "organizations") ||
           str_ieq(s, "common");
}

/* What is asked for; else the tenant of the run that waits: in another one its subscription may
 * not be reached. */
static const char *tenant_for(const struct app *a, const char *asked)
{
    if ((asked && asked[0]) || !a->run || op_run_state(a->run) != OP_R_WAIT_SIGN_IN)
        return asked;
    return op_run_input(a->run, "tenantId");
}

void app_signin(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    const char *tenant = tenant_for(a, json_str(args, "tenant"));
    struct auth_ask how = { .way = json_str(args, "way"),
                            .tenant = tenant,
                            .client_id = json_str(args, "clientId"),
                            .account = json_str(args, "accountId"),
                            .authority = json_str(args, "authority"),
                            .chain = json_flag(args, "sendChain", false),
                            .proof = serve_secret(ask, "proof"),
                            .password = serve_secret(ask, "password") };
    struct err e = { 0 };
    int64_t was = a->signin_uid, port = 0;

    json_int(args, "port", &port);
    how.port = port >= 0 && port <= 65535 ? (int)port : -1;

    if (belongs_to_other(a, ask, &e)) {
        serve_error(ask, &e);
        return;
    }
    if (!good_tenant(tenant ? tenant : "")) {
        err_set(&e, ERR_USAGE, 0, _("\"%s\" is no tenant: give its id (a GUID) or its domain."),
                tenant);
        serve_error(ask, &e);
        return;
    }
    a->signin_uid = (int64_t)ask->uid;
    if (auth_start(a->auth, &how, &e) < 0) {
        a->signin_uid = was;
        serve_error(ask, &e);
        return;
    }
    if (a->signin_was ==
        AUTH_IN) { /* a ready token signs in at once: from one account to another */
        app_choices_reset(a);
        a->signin_was = AUTH_STARTING;
    }
    app_auth_changed(a);
    serve_result(ask, NULL);
}

void app_signin_cancel(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct err e = { 0 };

    (void)args;
    if (ask->uid != 0 && belongs_to_other(a, ask, &e)) {
        serve_error(ask, &e);
        return;
    }
    auth_cancel(a->auth);
    app_auth_changed(a);
    serve_result(ask, NULL);
}

void app_signout(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct err e = { 0 };

    (void)args;
    if (ask->uid != 0 && belongs_to_other(a, ask, &e)) {
        serve_error(ask, &e);
        return;
    }
    auth_sign_out(a->auth);
    a->signin_uid = -1;
    app_auth_changed(a);
    serve_result(ask, NULL);
}
