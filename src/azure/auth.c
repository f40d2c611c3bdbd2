/* The device code: start and finish of each request of its state machine. */
#include "config.h"

#include "azure/auth_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

#define GRANT_DEVICE "urn:ietf:params:oauth:grant-type:device_code"

static void start_code(void *payload);
static void on_timer(void *payload);

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
    secret_clear(&a->device_code);
    a->view.user_code[0] = a->view.verification_uri[0] = a->view.message[0] = '\0';
    a->view.uri_trusted = false;
    a->view.code_expires_mono = a->view.polled_mono = a->view.next_poll_mono = 0;
    a->tries = a->lost = 0;
}

void auth_end(struct auth *a, const struct err *why)
{
    stop_code(a);
    a->view.state = AUTH_FAILED;
    a->view.err = *why;
    log_wrn("sign-in ended: %s %s", why->remote_code, why->message);
    auth_drop_tokens(a, why);
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

/* ---- asking for a code ---- */

static int64_t backoff_ms(const struct auth *a, const struct err *e, int tries)
{
    int64_t own = a->second_ms << (tries < 5 ? tries - 1 : 4);

    return e->retry_after_ms > own && e->http ? e->retry_after_ms : own;
}

static int read_code(struct auth *a, const struct json *j, struct err *e)
{
    const char *device = json_str(j, "device_code"), *user = json_str(j, "user_code");
    const char *uri = json_str(j, "verification_uri"), *message = json_str(j, "message");
    int64_t now = mono_ms();

    if (!uri)
        uri = json_str(j, "verification_url"); /* an older spelling that is still met */
    if (!device || !device[0] || !user || !user[0] || !uri || !uri[0] || strlen(device) > 16384 ||
        strlen(user) >= sizeof(a->view.user_code))
        return err_set(e, ERR_AUTH, 0, _("Microsoft Entra's answer holds no device code."));
    secret_set(&a->device_code, device, strlen(device));
    TEXT_SET(a->view.user_code, user);
    TEXT_SET(a->view.verification_uri, uri);
    a->view.uri_trusted = str_eq(a->view.verification_uri, uri) && cloud_may_verify(&a->cloud, uri);
    if (message && message[0])
        TEXT_SET(a->view.message, message);
    else
        str_fmt(a->view.message, sizeof(a->view.message),
                _("To sign in, open %s in a web browser and type the code %s."),
                a->view.verification_uri, a->view.user_code);
    a->interval_ms = auth_seconds(a, j, "interval", 5, 300);
    a->view.code_expires_mono = now + auth_seconds(a, j, "expires_in", 900, 86400);
    return 0;
}

static void set_timer(struct auth *a, int64_t ms, loop_timer_fn *fn)
{
    loop_timer_del(a->timer);
    a->timer = loop_after(a->loop, ms, fn, a);
}

static void next_poll(struct auth *a, int64_t ms)
{
    int64_t now = mono_ms(), at = now + ms;

    if (at > a->view.code_expires_mono)
        at = a->view.code_expires_mono;
    a->view.next_poll_mono = at;
    set_timer(a, at - now, on_timer);
    auth_changed(a);
}

static void finish_code(void *payload, const struct http_reply *r)
{
    struct auth *a = payload;
    struct err e = { 0 };
    const char *word;
    struct json *j = auth_read(r, &word, &e);

    a->call = NULL;
    if (j && read_code(a, j, &e) == 0) {
        a->view.state = AUTH_CODE;
        next_poll(a, a->interval_ms);
    } else if ((e.retryable || e.unsure) && a->tries < AUTH_TRIES) {
        set_timer(a, backoff_ms(a, &e, a->tries), start_code);
    } else {
        auth_end(a, &e);
    }
    json_free(j);
}

static void start_code(void *payload)
{
    struct auth *a = payload;
    struct auth_form f = { 0 };
    struct str scope = STR_INIT;

    a->timer = NULL;
    a->tries++;
    auth_form_add(&f, "client_id", a->client_id);
    auth_form_add(&f, "scope", auth_scope(a, &scope));
    a->call = auth_post(a, a->asked, "devicecode", a->request_id, &f, finish_code, a);
    str_free(&scope);
}

/* ---- polling for the token ---- */

/* Nothing that tells of the code's fate: keep on, slower while it lasts (azure-wire.md 1.3.11). */
static void poll_lost(struct auth *a, const struct err *e)
{
    int64_t ms = a->interval_ms << (a->lost < 3 ? a->lost : 3);

    a->lost++;
    if (ms > 30 * a->second_ms && a->interval_ms < 30 * a->second_ms)
        ms = 30 * a->second_ms;
    if (e->http && e->retry_after_ms > ms)
        ms = e->retry_after_ms;
    log_inf("sign-in: no usable answer to a poll, going on: %s", e->message);
    next_poll(a, ms);
}

static void signed_in(struct auth *a, const struct json *j)
{
    struct err e = { 0 };
    struct auth_slot *s;

    auth_sign_in(a, j);
    s = auth_slot_of(a, NULL);
    if (auth_take(a, s, j, &e)) {
        auth_end(a, &e);
        return;
    }
    stop_code(a);
    a->view.state = AUTH_IN;
    auth_changed(a);
    log_inf("signed in to tenant %s", a->home);
}

static void poll_refused(struct auth *a, const char *word, const struct err *e)
{
    if (str_eq(word, "authorization_pending")) {
        a->lost = 0;
        next_poll(a, a->interval_ms);
    } else if (str_eq(word, "slow_down")) {
        a->lost = 0;
        a->interval_ms += 5 * a->second_ms;
        next_poll(a, a->interval_ms);
    } else if (str_eq(word, "authorization_declined") || str_eq(word, "access_denied")) {
        auth_end_own(a, ERR_C_DECLINED, _("The sign-in was declined."), e);
    } else if (str_eq(word, "expired_token")) {
        auth_end_own(a, ERR_C_EXPIRED, _("The code expired before anybody used it."), e);
    } else if (str_eq(word, "invalid_grant") && a->lost) {
        auth_end_own(
            a, ERR_C_ANSWER_LOST,
            _("The code is used up: the answer that held the sign-in was lost on the way."), e);
    } else if (e->domain == ERR_NET || e->retryable || (!word[0] && !e->remote_code[0])) {
        poll_lost(a, e);
    } else {
        auth_end(a, e);
    }
}

static void finish_poll(void *payload, const struct http_reply *r)
{
    struct auth *a = payload;
    struct err e = { 0 };
    const char *word;
    struct json *j = auth_read(r, &word, &e);

    a->call = NULL;
    a->view.polled_mono = mono_ms();
    if (j && json_str(j, "access_token")) {
        signed_in(a, j);
    } else {
        if (j)
            err_set(&e, ERR_NET, 0, _("Microsoft Entra's answer holds no token."));
        poll_refused(a, word, &e);
    }
    json_free(j);
}

static void start_poll(struct auth *a)
{
    struct auth_form f = { 0 };

    auth_form_add(&f, "grant_type", GRANT_DEVICE);
    auth_form_add(&f, "client_id", a->client_id);
    auth_form_add(&f, "device_code", a->device_code.p);
    a->call = auth_post(a, a->asked, "token", a->request_id, &f, finish_poll, a);
}

static void on_timer(void *payload)
{
    struct auth *a = payload;

    a->timer = NULL;
    if (mono_ms() >= a->view.code_expires_mono)
        auth_end_own(a, ERR_C_EXPIRED, _("The code expired before anybody used it."), NULL);
    else
        start_poll(a);
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
    return a;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    stop_code(a);
    auth_drop_tokens(a, NULL);
    loop_timer_del(a->change);
    free(a);
}

int auth_device(struct auth *a, const char *tenant, struct err *e)
{
    struct err gone = { 0 };

    if (!tenant || !tenant[0])
        tenant = "organizations";
    if (!auth_tenant_ok(tenant))
        return err_set(
            e, ERR_USAGE, 0,
            _("A tenant is a GUID or a domain name, for example contoso.onmicrosoft.com."));
    stop_code(a);
    err_set(&gone, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s", _("A new sign-in has begun."));
    auth_drop_tokens(a, &gone);
    memset(&a->view, 0, sizeof(a->view));
    a->view.state = AUTH_STARTING;
    STR_SET(a->asked, tenant);
    guid_random(a->request_id);
    auth_changed(a);
    start_code(a);
    return 0;
}

void auth_cancel(struct auth *a)
{
    if (a->view.state != AUTH_STARTING && a->view.state != AUTH_CODE)
        return;
    stop_code(a);
    memset(&a->view, 0, sizeof(a->view));
    auth_changed(a);
}

void auth_sign_out(struct auth *a)
{
    struct err e = { 0 };

    stop_code(a);
    err_set(&e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s", _("Nobody is signed in to Azure."));
    auth_drop_tokens(a, &e);
    memset(&a->view, 0, sizeof(a->view));
    auth_changed(a);
}

const struct auth_view *auth_view(const struct auth *a)
{
    return &a->view;
}
