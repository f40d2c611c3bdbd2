/* The sign-in's one state machine: what all ways share, from the asking to the end. */
#include "config.h"

#include "azure/auth_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

/* ---- the view and its changes ---- */

static void fire_change(void *payload)
{
    struct auth *a = payload;

    a->change = NULL;
    if (a->fn)
        a->fn(a->payload);
}

void auth_changed(struct auth *a)
{
    if (!a->change)
        a->change = loop_after(a->loop, 0, fire_change, a);
}

static void stop_code(struct auth *a)
{
    http_cancel(a->http, a->call);
    a->call = NULL;
    loop_timer_del(a->timer);
    a->timer = NULL;
    auth_listen_stop(a->listen);
    a->listen = NULL;
    secret_clear(&a->device_code);
    secret_clear(&a->code);
    secret_clear(&a->verifier);
    a->view.user_code[0] = a->view.verification_uri[0] = a->view.message[0] = '\0';
    a->view.uri_trusted = false;
    a->view.port = 0;
    a->view.code_expires_mono = a->view.polled_mono = a->view.next_poll_mono = 0;
    a->tries = a->lost = 0;
}

static void drop_proofs(struct auth *a)
{
    secret_clear(&a->proof);
    secret_clear(&a->password);
}

void auth_end(struct auth *a, const struct err *why)
{
    stop_code(a);
    a->view.state = AUTH_FAILED;
    a->view.err = *why;
    log_wrn("sign-in ended: %s %s", why->remote_code, why->message);
    auth_drop_tokens(a, why);
    drop_proofs(a);
    auth_changed(a);
}

void auth_end_own(struct auth *a, int code, const char *sentence, const struct err *from)
{
    struct err e = { 0 };

    if (from)
        e = *from;
    e.domain = ERR_AUTH;
    e.code = code;
    e.retryable = e.unsure = false;
    text_set(e.message, sizeof(e.message), sentence);
    auth_end(a, &e);
}

void auth_timer(struct auth *a, int64_t ms, loop_timer_fn *fn)
{
    loop_timer_del(a->timer);
    a->timer = loop_after(a->loop, ms, fn, a);
}

/* ---- a sign-in's first token ---- */

int64_t auth_backoff(const struct auth *a, const struct err *e)
{
    int64_t own = a->second_ms << (a->tries < 5 ? a->tries - 1 : 4);

    return e->retry_after_ms > own && e->http ? e->retry_after_ms : own;
}

void auth_is_in(struct auth *a)
{
    stop_code(a);
    a->view.state = AUTH_IN;
    auth_changed(a);
    log_inf("signed in to tenant %s (%s)", a->home, a->way->name);
}

void auth_signed_in(struct auth *a, const struct json *j)
{
    struct err e = { 0 };

    auth_sign_in(a, j);
    if (auth_take(a, auth_slot_of(a, AUTH_FOR_ARM, NULL), j, &e))
        auth_end(a, &e);
    else
        auth_is_in(a);
}

/* ---- what others call ---- */

struct auth *auth_new(struct loop *l, struct http *h, const struct cloud *c, const char *client_id,
                      auth_change_fn *fn, void *payload)
{
    struct auth *a = xcalloc(1, sizeof(*a));

    a->loop = l;
    a->http = h;
    a->cloud = *c;
    STR_SET(a->client_id, client_id && client_id[0] ? client_id : AUTH_CLIENT_AZURE_CLI);
    a->fn = fn;
    a->payload = payload;
    a->second_ms = 1000;
    a->way = &auth_way_device;
    return a;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    stop_code(a);
    auth_drop_tokens(a, NULL);
    drop_proofs(a);
    loop_timer_del(a->change);
    free(a);
}

static int check_ask(const struct auth *a, const struct auth_ask *ask, struct err *e)
{
    const char *tenant = ask->tenant && ask->tenant[0] ? ask->tenant : "organizations";

    if (!auth_tenant_ok(tenant))
        return err_set(
            e, ERR_USAGE, 0,
            _("A tenant is a GUID or a domain name, for example contoso.onmicrosoft.com."));
    if (ask->authority && ask->authority[0] && !auth_same_authority(&a->cloud, ask->authority))
        return err_set(e, ERR_USAGE, 0,
                       _("The sign-in address %s is not that of the cloud %s, which is %s."),
                       ask->authority, a->cloud.name, a->cloud.login);
    return 0;
}

static const struct auth_way *way_of(const char *name)
{
    static const struct auth_way *const ways[] = { &auth_way_device,      &auth_way_secret,
                                                   &auth_way_certificate, &auth_way_token,
                                                   &auth_way_cli,         &auth_way_browser };

    if (!name || !name[0])
        return &auth_way_device;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        if (str_eq(ways[i]->name, name))
            return ways[i];
    return NULL;
}

static void keep_proof(struct secret *own, const struct secret *given)
{
    if (given && secret_is(given))
        secret_copy(own, given);
    else
        secret_clear(own);
}

int auth_start(struct auth *a, const struct auth_ask *ask, struct err *e)
{
    const struct auth_way *way = way_of(ask->way);
    struct err gone = { 0 };

    if (!way)
        return err_set(e, ERR_USAGE, 0, _("There is no way to sign in called \"%s\"."), ask->way);
    if (check_ask(a, ask, e) < 0 || way->check(a, ask, e) < 0)
        return -1;
    stop_code(a);
    err_set(&gone, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s", _("A new sign-in has begun."));
    auth_drop_tokens(a, &gone);
    memset(&a->view, 0, sizeof(a->view));
    a->way = way;
    a->view.way = way->name;
    a->view.renews = way->grant != NULL;
    a->view.state = AUTH_STARTING;
    STR_SET(a->asked, ask->tenant && ask->tenant[0] ? ask->tenant : "organizations");
    STR_SET(a->app_id, ask->client_id);
    STR_SET(a->account, ask->account);
    a->port = ask->port;
    a->chain = ask->chain;
    keep_proof(&a->proof, ask->proof);
    keep_proof(&a->password, ask->password);
    guid_random(a->request_id);
    auth_changed(a);
    way->start(a);
    return 0;
}

int auth_device(struct auth *a, const char *tenant, struct err *e)
{
    return auth_start(a, &(struct auth_ask){ .tenant = tenant }, e);
}

void auth_cancel(struct auth *a)
{
    if (a->view.state != AUTH_STARTING && a->view.state != AUTH_CODE &&
        a->view.state != AUTH_BROWSER)
        return;
    stop_code(a);
    drop_proofs(a);
    memset(&a->view, 0, sizeof(a->view));
    auth_changed(a);
}

void auth_sign_out(struct auth *a)
{
    struct err e = { 0 };

    stop_code(a);
    err_set(&e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s", _("Nobody is signed in to Azure."));
    auth_drop_tokens(a, &e);
    drop_proofs(a);
    memset(&a->view, 0, sizeof(a->view));
    auth_changed(a);
}

const struct auth_view *auth_view(const struct auth *a)
{
    return &a->view;
}
