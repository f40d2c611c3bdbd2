/* The tokens that a sign-in gave: one slot a tenant and audience, one refresh at a time in each
 * (azure-wire.md 1.2.4, 1.5). */
#include "config.h"

#include "azure/auth_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

#define MARGIN_S 300 /* azure-wire.md 1.5.2 */

static void start_refresh(void *payload);

bool auth_tenant_ok(const char *tenant)
{
    size_t n = strlen(tenant);

    return n > 0 && n < AUTH_MAX_TENANT && strspn(tenant, ".-") < n &&
           strspn(tenant, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == n;
}

int64_t auth_seconds(const struct auth *a, const struct json *j, const char *name, int64_t dflt,
                     int64_t most)
{
    int64_t v = 0;

    if (!json_int_or_string(j, name, &v))
        v = dflt;
    if (v < 1)
        v = 1;
    return (v < most ? v : most) * a->second_ms;
}

/* ---- waits ---- */

static void unlink_wait(struct auth_wait *w)
{
    struct auth_wait **p = &w->auth->waits;

    while (*p != w)
        p = &(*p)->next;
    *p = w->next;
    loop_timer_del(w->timer);
}

static void answer(struct auth_wait *w, const struct secret *token, const struct err *e)
{
    auth_token_fn *fn = w->fn;
    void *payload = w->payload;
    struct err copy = { 0 };

    if (e)
        copy = *e;
    unlink_wait(w);
    free(w);
    fn(payload, token, e ? &copy : NULL);
}

static bool slot_is_fresh(const struct auth_slot *s)
{
    int64_t now = mono_ms();

    return secret_is(&s->access) && now < s->ends && (now < s->refresh_at || now < s->grace);
}

static void fire_wait(void *payload)
{
    struct auth_wait *w = payload;
    struct auth_slot *s = w->slot;

    w->timer = NULL;
    if (!s)
        answer(w, NULL, &w->err);
    else if (slot_is_fresh(s))
        answer(w, &s->access, NULL);
    else if (!s->call && !s->again)
        start_refresh(s);
}

static void wake(struct auth_wait *w)
{
    if (!w->timer)
        w->timer = loop_after(w->auth->loop, 0, fire_wait, w);
}

/* NULL slot: all of them. */
static void fail_waits(struct auth *a, const struct auth_slot *s, const struct err *e)
{
    for (struct auth_wait *w = a->waits; w; w = w->next) {
        if (!w->slot || (s && w->slot != s))
            continue;
        w->slot = NULL;
        w->err = *e;
        wake(w);
    }
}

static void wake_waits(struct auth *a, const struct auth_slot *s)
{
    for (struct auth_wait *w = a->waits; w; w = w->next)
        if (w->slot == s)
            wake(w);
}

/* ---- slots ---- */

struct auth_slot *auth_slot_of(struct auth *a, enum auth_for what, const char *tenant)
{
    struct auth_slot *s;

    if (!tenant || !tenant[0])
        tenant = a->home;
    for (s = a->slots; s; s = s->next)
        if (s->what == what && str_ieq(s->tenant, tenant))
            return s;
    s = xcalloc(1, sizeof(*s));
    s->auth = a;
    s->what = what;
    STR_SET(s->tenant, tenant);
    s->next = a->slots;
    a->slots = s;
    return s;
}

static void free_slots(struct auth *a)
{
    while (a->slots) {
        struct auth_slot *s = a->slots;

        a->slots = s->next;
        http_cancel(a->http, s->call);
        loop_timer_del(s->again);
        secret_clear(&s->access);
        free(s);
    }
}

/* why NULL: auth itself goes, nobody is answered any more. */
void auth_drop_tokens(struct auth *a, const struct err *why)
{
    struct err e = { 0 };

    if (why) {
        err_set(&e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s", why->message);
        e.http = why->http;
        STR_SET(e.remote_code, why->remote_code);
        STR_SET(e.request_id, why->request_id);
        STR_SET(e.correlation_id, why->correlation_id);
        fail_waits(a, NULL, &e);
    }
    while (!why && a->waits) {
        struct auth_wait *w = a->waits;

        unlink_wait(w);
        free(w);
    }
    free_slots(a);
    secret_clear(&a->refresh);
    a->refresh_lost = false;
    a->home[0] = '\0';
    a->view.token_expires_mono = 0;
}

/* The slot that is the sign-in itself. */
static bool is_home(const struct auth_slot *s)
{
    return s->what == AUTH_FOR_ARM && str_ieq(s->tenant, s->auth->home);
}

/* ---- answers with tokens ---- */

/* The payload of a JWT, for display only: nobody here trusts it, and its signature is not looked
 * at. */
struct json *auth_claims(const char *jwt)
{
    const char *dot = jwt ? strchr(jwt, '.') : NULL, *end = dot ? strchr(dot + 1, '.') : NULL;
    struct str out = STR_INIT;
    struct json *j = NULL;
    struct err ignored;
    char *part;

    if (!end)
        return NULL;
    part = wipe_malloc((size_t)(end - dot));
    memcpy(part, dot + 1, (size_t)(end - dot - 1));
    part[end - dot - 1] = '\0';
    if (str_b64_decode(&out, part))
        j = json_parse(str_p(&out), out.len, AUTH_MAX_REPLY, &ignored);
    wipe_free(part);
    str_free(&out);
    if (!json_is_object(j)) {
        json_free(j);
        j = NULL;
    }
    return j;
}

static void show_claims(struct auth *a, const struct json *claims)
{
    static const char *const names[] = { "preferred_username", "upn", "unique_name", "email",
                                         "name" };
    static const char *const apps[] = { "app_displayname", "appid", "azp" };
    const char *tid = json_str(claims, "tid");
    const char *oid = json_str(claims, "oid");

    for (size_t i = 0; i < ARRAY_LEN(names) && !a->view.account[0]; i++)
        TEXT_SET(a->view.account, json_str(claims, names[i]));
    for (size_t i = 0; i < ARRAY_LEN(apps) && !a->way->asks_user && !a->view.account[0]; i++)
        TEXT_SET(a->view.account, json_str(claims, apps[i]));
    if (!a->view.user_oid[0] && oid && guid_is(oid))
        STR_SET(a->view.user_oid, oid);
    if (!a->home[0] && tid && guid_is(tid))
        STR_SET(a->home, tid);
}

void auth_sign_in(struct auth *a, const struct json *j)
{
    static const char *const tokens[] = { "id_token", "access_token" };

    a->signins++;
    a->home[0] = '\0';
    TEXT_SET(a->view.account, a->account);
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        struct json *claims = auth_claims(json_str(j, tokens[i]));

        show_claims(a, claims);
        json_free(claims);
    }
    if (!a->view.account[0])
        TEXT_SET(a->view.account, _("an account without a name"));
    if (!a->home[0])
        STR_SET(a->home, a->asked);
    STR_SET(a->view.tenant, a->home);
}

int auth_take(struct auth *a, struct auth_slot *s, const struct json *j, struct err *e)
{
    const char *access = json_str(j, "access_token"), *type = json_str(j, "token_type");
    const char *refresh = json_str(j, "refresh_token");
    int64_t now = mono_ms(), life = auth_seconds(a, j, "expires_in", 3600, 172800);
    int64_t margin = MARGIN_S * a->second_ms;

    if (!access || !access[0] || strpbrk(access, " \t\r\n") || (type && !str_ieq(type, "Bearer")))
        return err_set(e, ERR_AUTH, 0, _("Microsoft Entra's answer holds no usable token."));
    secret_set(&s->access, access, strlen(access));
    if (refresh && refresh[0])
        secret_set(&a->refresh, refresh, strlen(refresh));
    if (margin > life / 2)
        margin = life / 2;
    a->refresh_lost = false;
    s->ends = now + life;
    s->refresh_at = s->ends - margin;
    s->grace = 0;
    s->tries = 0;
    if (is_home(s)) {
        a->view.token_expires_mono = s->ends;
        auth_changed(a);
    }
    return 0;
}

/* ---- refresh ---- */

/* Entra will not give a token for this sign-in again without its user. Another tenant's refusal
 * says nothing of the sign-in itself: that tenant may only want its own MFA (azure-wire.md 1.2.4).
 * Neither does Graph's. */
static bool ends_sign_in(const struct auth_slot *s, const char *word)
{
    if (s->auth->way->proves_itself &&
        (str_eq(word, "invalid_client") || str_eq(word, "unauthorized_client")))
        return is_home(s);
    return is_home(s) && (str_eq(word, "invalid_grant") || str_eq(word, "interaction_required") ||
                          str_eq(word, "login_required"));
}

static void refresh_failed(struct auth_slot *s, const char *word, struct err *e)
{
    struct auth *a = s->auth;
    int64_t ms = a->second_ms << (s->tries < 5 ? s->tries - 1 : 4);

    if (ends_sign_in(s, word)) {
        if (a->refresh_lost && str_eq(word, "invalid_grant"))
            auth_end_own(a, ERR_C_ANSWER_LOST,
                         _("The sign-in is over: the answer that renewed it was lost on the way."),
                         e);
        else
            auth_end(a, e);
        return;
    }
    a->refresh_lost = a->refresh_lost || e->unsure || e->domain == ERR_NET;
    if ((e->retryable || e->unsure) && secret_is(&s->access) && mono_ms() < s->ends) {
        s->grace = mono_ms() + 30 * a->second_ms;
        s->tries = 0;
        wake_waits(a, s);
    } else if ((e->retryable || e->unsure) && s->tries < AUTH_TRIES) {
        if (e->http && e->retry_after_ms > ms)
            ms = e->retry_after_ms;
        s->again = loop_after(a->loop, ms, start_refresh, s);
    } else {
        s->tries = 0;
        fail_waits(a, s, e);
    }
}

static void finish_refresh(void *payload, const struct http_reply *r)
{
    struct auth_slot *s = payload;
    struct err e = { 0 };
    const char *word;
    struct json *j = auth_read(r, &word, &e);

    s->call = NULL;
    if (j && auth_take(s->auth, s, j, &e) == 0)
        wake_waits(s->auth, s);
    else
        refresh_failed(s, word, &e);
    json_free(j);
}

static void no_grant(struct auth_slot *s, const struct err *why)
{
    struct err e = *why;

    if (!s->auth->way->grant && s->what == AUTH_FOR_GRAPH)
        err_set(&e, ERR_AUTH, ERR_C_NO_GRAPH, "%s",
                _("The token is one for Azure Resource Manager, and nothing gets another for "
                  "Microsoft Graph."));
    else if (!s->auth->way->grant && !is_home(s))
        err_set(&e, ERR_AUTH, ERR_C_NOT_SIGNED_IN,
                _("The token is one of tenant %s, and nothing gets another for tenant %s."),
                s->auth->home, s->tenant);
    if (is_home(s))
        auth_end(s->auth, &e);
    else
        fail_waits(s->auth, s, &e);
}

int auth_grant_refresh(struct auth *a, enum auth_for what, const char *tenant, struct auth_form *f,
                       struct err *e)
{
    struct str scope = STR_INIT;

    (void)tenant;
    if (!secret_is(&a->refresh))
        return err_set(
            e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s",
            _("The sign-in has run out, and Microsoft Entra gave nothing to renew it with."));
    auth_form_add(f, "grant_type", "refresh_token");
    auth_form_add(f, "client_id", a->client_id);
    auth_form_add(f, "refresh_token", a->refresh.p);
    auth_form_add(f, "scope", auth_scope(a, what, &scope));
    str_free(&scope);
    return 0;
}

static void start_refresh(void *payload)
{
    struct auth_slot *s = payload;
    struct auth *a = s->auth;
    struct auth_form f = { 0 };
    struct err e = { 0 };
    char request_id[GUID_SIZE];

    s->again = NULL;
    if (!a->way->grant)
        err_set(&e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s",
                _("The access token is no longer good, and nothing renews it."));
    else
        a->way->grant(a, s->what, s->tenant, &f, &e);
    if (err_is(&e)) {
        auth_form_free(&f);
        no_grant(s, &e);
        return;
    }
    s->tries++;
    guid_random(request_id);
    s->call = auth_post(a, s->tenant, "token", request_id, &f, finish_refresh, s);
}

/* ---- what others call ---- */

struct auth_wait *auth_token(struct auth *a, const char *tenant, auth_token_fn *fn, void *payload)
{
    return auth_token_for(a, AUTH_FOR_ARM, tenant, fn, payload);
}

struct auth_wait *auth_token_for(struct auth *a, enum auth_for what, const char *tenant,
                                 auth_token_fn *fn, void *payload)
{
    struct auth_wait *w = xcalloc(1, sizeof(*w));

    w->auth = a;
    w->fn = fn;
    w->payload = payload;
    w->next = a->waits;
    a->waits = w;
    if (a->view.state != AUTH_IN)
        err_set(&w->err, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s", _("Nobody is signed in to Azure."));
    else if (tenant && tenant[0] && !auth_tenant_ok(tenant))
        err_set(&w->err, ERR_USAGE, 0, _("A tenant is a GUID or a domain name."));
    else
        w->slot = auth_slot_of(a, what, tenant);
    wake(w);
    return w;
}

void auth_token_cancel(struct auth_wait *w)
{
    if (!w)
        return;
    unlink_wait(w);
    free(w);
}

void auth_token_reject(struct auth *a, const char *tenant)
{
    auth_token_reject_for(a, AUTH_FOR_ARM, tenant);
}

void auth_token_reject_for(struct auth *a, enum auth_for what, const char *tenant)
{
    struct auth_slot *s = a->view.state == AUTH_IN ? auth_slot_of(a, what, tenant) : NULL;

    if (!s || s->call || s->again)
        return;
    secret_clear(&s->access);
    s->ends = s->refresh_at = s->grace = 0;
}

/* Revoked, or no longer believed: as long as it counts as a sign-in, nobody is asked for a new one.
 */
void auth_refused(struct auth *a, unsigned signins, const struct err *why)
{
    struct err e = *why;

    if (a->view.state != AUTH_IN || a->signins != signins)
        return;
    e.domain = ERR_AUTH;
    e.code = ERR_C_NOT_SIGNED_IN;
    e.retryable = e.unsure = false;
    auth_end(a, &e);
}

unsigned auth_signins(const struct auth *a)
{
    return a->signins;
}
