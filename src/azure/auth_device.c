/* auth_device.c - the device code (RFC 8628 as Entra speaks it): start and finish of each request
 * of its state machine. */
#include "config.h"

#include "azure/auth_int.h"

#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

#define GRANT_DEVICE "urn:ietf:params:oauth:grant-type:device_code"

static void device_start(void *payload);
static void on_timer(void *payload);

/* ---- asking for a code ---- */

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

static void next_poll(struct auth *a, int64_t ms)
{
    int64_t now = mono_ms(), at = now + ms;

    if (at > a->view.code_expires_mono)
        at = a->view.code_expires_mono;
    a->view.next_poll_mono = at;
    auth_timer(a, at - now, on_timer);
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
        auth_timer(a, auth_backoff(a, &e), device_start);
    } else {
        auth_end(a, &e);
    }
    json_free(j);
}

static void device_start(void *payload)
{
    struct auth *a = payload;
    struct auth_form f = { 0 };
    struct str scope = STR_INIT;

    a->timer = NULL;
    a->tries++;
    auth_form_add(&f, "client_id", a->client_id);
    auth_form_add(&f, "scope", auth_scope(a, AUTH_FOR_ARM, &scope));
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
        auth_signed_in(a, j);
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

static int device_check(struct auth *a, const struct auth_ask *ask, struct err *e)
{
    (void)a;
    (void)ask;
    (void)e;
    return 0;
}

const struct auth_way auth_way_device = { AUTH_DEVICE_CODE, true,         false,
                                          device_check,     device_start, auth_grant_refresh };
