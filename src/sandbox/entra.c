/* entra.c - Microsoft Entra v2 as far as clients without a browser see it: devicecode, token.
 * Sources: azure-wire.md 1.2, 1.3, 1.5, 1.8; real-clients.md 2.3, 3, 7 (what real clients need and
 * what breaks them). */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/access.h"
#include "sandbox/entra.h"

enum { CODE_LIFE_S = 900, POLL_S = 5 };
#define GRANT_DEVICE     "urn:ietf:params:oauth:grant-type:device_code"
#define GRANT_DEVICE_OLD "device_code" /* MSAL for JavaScript sends this one */

static const struct entra_error E_PENDING = {
    "authorization_pending", 70016,
    "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
};
static const struct entra_error E_SLOW = { "slow_down", 0, "The client polls too often." };
static const struct entra_error E_EXPIRED = {
    "expired_token", 70019, "Verification code expired. Have the user retry the sign-in."
};
static const struct entra_error E_DECLINED = { "authorization_declined", 65004,
                                               "User declined to consent to access the app." };
static const struct entra_error E_BAD_CODE = { "bad_verification_code", 70018,
                                               "Invalid verification code." };
static const struct entra_error E_REDEEMED = {
    "invalid_grant", 54005,
    "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an "
    "existing refresh token."
};
static const struct entra_error E_BAD_REFRESH = {
    "invalid_grant", 70000, "Authentication failed. The refresh token is not valid."
};

void entra_refuse(const struct sb_req *q, struct sb_reply *r, const struct entra_error *e)
{
    sb_entra_error(q, r, 400, e->error, e->aadsts, e->text);
}

const char *entra_field(const struct sb_req *q, const char *name)
{
    const char *v = json_value_str(json_member(q->form, name));
    return v && *v ? v : NULL;
}

/* A required form field, or NULL after the answer. */
const char *entra_need(const struct sb_req *q, struct sb_reply *r, const char *name)
{
    const char *v = entra_field(q, name);
    char text[160];
    if (v)
        return v;
    str_fmt(text, sizeof(text), "The request body must contain the following parameter: '%s'.",
            name);
    sb_entra_error(q, r, 400, "invalid_request", 900144, text);
    return NULL;
}

/* ---- tenants ---- */

static bool is_tenant(const struct json *t, const char *segment)
{
    if (str_ieq(json_str(t, "tenantId"), segment) || str_ieq(json_str(t, "defaultDomain"), segment))
        return true;
    JSON_EACH (d, json_member(t, "domains"))
        if (str_ieq(json_value_str(d), segment))
            return true;
    return false;
}

/* tid "" for common and organizations: the user's own tenant decides later. Answers and says false
 * for an unknown one. */
bool entra_tenant(const struct sb_req *q, struct sb_reply *r, const char *error,
                  char tid[GUID_SIZE])
{
    const char *segment = sb_var(q, "tenant");
    char text[400];
    tid[0] = '\0';
    if (!segment[0] || str_ieq(segment, "common") || str_ieq(segment, "organizations"))
        return true; /* "": the paths of AD FS have no tenant */
    JSON_EACH (t, world_section(q->world, "tenants"))
        if (is_tenant(t, segment) && guid_parse(tid, json_str(t, "tenantId")))
            return true;
    str_fmt(text, sizeof(text),
            "Tenant '%.100s' not found. Check to make sure you have the correct tenant ID and are "
            "signing into the correct cloud. Check with your subscription administrator, this may "
            "happen if there are no active subscriptions for the tenant.",
            segment);
    sb_entra_error(q, r, 400, error, 90002, text);
    return false;
}

void entra_set_url(struct json *doc, const char *name, const struct sb_req *q, const char *segment,
                   const char *rest)
{
    struct str s = STR_INIT;
    str_addf(&s, "%s/%s%s", q->base, segment, rest);
    json_set_str(doc, name, str_p(&s));
    str_free(&s);
}
/* ---- devicecode ---- */

static void devicecode(struct sb_req *q, struct sb_reply *r)
{
    char tid[GUID_SIZE];
    const char *client_id = entra_need(q, r, "client_id");
    const char *scope = client_id ? entra_need(q, r, "scope") : NULL;
    if (!scope || !entra_tenant(q, r, "invalid_request", tid) ||
        !entra_known_client(q, r, client_id))
        return;
    struct entra_scopes parsed;
    if (entra_read_scopes(scope, &parsed) == &entra_many_resources) {
        entra_refuse(q, r, &entra_many_resources);
        return;
    }
    struct str code = STR_INIT, text = STR_INIT;
    const struct json *s = signin_new(q->world, client_id, scope, tid, CODE_LIFE_S, &code);
    struct json *doc = json_object();
    json_set_str(doc, "user_code", json_str(s, "userCode"));
    json_set_str(doc, "device_code", str_p(&code));
    entra_set_url(doc, "verification_uri", q, "devicelogin", "");
    json_set_int(doc, "expires_in", CODE_LIFE_S);
    json_set_int(doc, "interval", sb_options.instant ? 1 : POLL_S);
    str_addf(&text,
             "To sign in, use a web browser to open the page %s/devicelogin and enter the code %s "
             "to authenticate.",
             q->base, json_str(s, "userCode"));
    json_set_str(doc, "message", str_p(&text));
    str_free(&code);
    str_free(&text);
    sb_reply_json(r, 200, doc);
}

/* ---- token ---- */

/* Twice in a row much faster than the interval: MSAL for JavaScript ends at a slow_down, so a
 * single early poll is let pass. */
static bool too_fast(struct json *s)
{
    int64_t last = 0, early = 0, now = wall_ms();
    int64_t least_ms = (sb_options.instant ? 1 : POLL_S) * 1000 / 2;
    json_int(s, "polled", &last);
    json_int(s, "early", &early);
    early = last && now - last < least_ms ? early + 1 : 0;
    json_set_int(s, "polled", now);
    json_set_int(s, "early", early >= 2 ? 0 : early);
    return early >= 2;
}

static const struct entra_error *ordered_fault(struct sb_req *q, struct json *s)
{
    struct fault f;
    if (!fault_take_oauth(q->method, q->path, &f))
        return NULL;
    if (str_eq(f.oauth, "slow_down"))
        return &E_SLOW;
    bool expired = str_eq(f.oauth, "expired_token");
    signin_set(q->world, s, expired ? SIGNIN_EXPIRED : SIGNIN_DECLINED);
    return expired ? &E_EXPIRED : &E_DECLINED;
}

static const struct entra_error *judge_code(struct sb_req *q, struct json *s, const char *client_id,
                                            const char *tid)
{
    if (!s || json_str(s, "redirect") || !str_ieq(json_str(s, "clientId"), client_id) ||
        !str_ieq(json_str(s, "tenant"), tid))
        return &E_BAD_CODE;
    const struct entra_error *fault = ordered_fault(q, s);
    if (fault)
        return fault;
    switch (signin_now(q->world, s)) {
    case SIGNIN_APPROVED:
        return NULL;
    case SIGNIN_DECLINED:
        return &E_DECLINED;
    case SIGNIN_EXPIRED:
        return &E_EXPIRED;
    case SIGNIN_REDEEMED:
        return &E_REDEEMED;
    default:
        return too_fast(s) ? &E_SLOW : &E_PENDING;
    }
}

static void redeem_device_code(struct sb_req *q, struct sb_reply *r, const char *client_id,
                               const char *tid)
{
    const char *code =
        entra_field(q, "device_code") ? entra_field(q, "device_code") : entra_field(q, "code");
    if (!code) {
        entra_need(q, r, "device_code");
        return;
    }
    struct json *s = signin_by_device_code(q->world, code);
    const struct entra_error *e = judge_code(q, s, client_id, tid);
    struct entra_grant g = { .client_id = client_id,
                             .scope = json_str(s, "scope"),
                             .device_born = true };
    if (!e) {
        e = entra_fill_user(q->world, &g, json_str(s, "user"), tid);
        signin_set(q->world, s, SIGNIN_REDEEMED);
    }
    if (!e && access_refuses_device(q, r, g.tid))
        return;
    if (e)
        entra_refuse(q, r, e);
    else
        entra_send_tokens(q, r, &g);
}

static void redeem_refresh_token(struct sb_req *q, struct sb_reply *r, const char *client_id,
                                 const char *tid)
{
    const char *token = entra_need(q, r, "refresh_token");
    char key[DIGEST_SIZE];
    if (!token)
        return;
    signin_digest(key, token);
    const struct json *t = json_member(world_section(q->world, "refresh"), key);
    if (!t || !str_ieq(json_str(t, "clientId"), client_id)) {
        entra_refuse(q, r, &E_BAD_REFRESH);
        json_set_str(r->json, "suberror", t ? "client_mismatch" : "bad_token");
        return;
    }
    struct entra_grant g = { .client_id = client_id, .scope = entra_field(q, "scope") };
    if (!g.scope)
        g.scope = json_str(t, "scope");
    const struct entra_error *e =
        entra_fill_user(q->world, &g, json_str(t, "user"), tid[0] ? tid : json_str(t, "tenant"));
    g.scopes.offline = true; /* a refresh always brings a new one */
    g.device_born = json_flag(t, "deviceBorn", false);
    if (!e && access_refuses_refresh(q, r, g.tid, json_str(t, "tenant"), g.device_born))
        return;
    if (e)
        entra_refuse(q, r, e);
    else
        entra_send_tokens(q, r, &g);
}

static void users_grant(struct sb_req *q, struct sb_reply *r, const char *grant,
                        const struct entra_client *c)
{
    char tid[GUID_SIZE], text[200];
    if (!entra_tenant(q, r, "invalid_request", tid) || !entra_client_fits(q, r, c))
        return;
    if (str_eq(grant, GRANT_DEVICE) || str_eq(grant, GRANT_DEVICE_OLD)) {
        redeem_device_code(q, r, c->id, tid);
    } else if (str_eq(grant, "authorization_code")) {
        entra_redeem_code(q, r, c->id, tid);
    } else if (str_eq(grant, "refresh_token")) {
        redeem_refresh_token(q, r, c->id, tid);
    } else {
        str_fmt(text, sizeof(text), "The app requested an unsupported grant type '%.80s'.", grant);
        sb_entra_error(q, r, 400, "unsupported_grant_type", 70003, text);
    }
}

static void token(struct sb_req *q, struct sb_reply *r)
{
    struct entra_client client = { 0 };
    const char *grant = entra_need(q, r, "grant_type");
    if (!grant || !entra_client_read(q, r, &client))
        return;
    if (str_eq(grant, "client_credentials"))
        entra_client_credentials(q, r, &client);
    else
        users_grant(q, r, grant, &client);
    entra_client_free(&client);
}

static const struct sb_route rows[] = {
    { "POST", "/{tenant}/oauth2/v2.0/devicecode", SB_ANYONE, NULL, devicecode,
      "azure-wire.md 1.3.1" },
    { "POST", "/{tenant}/oauth2/v2.0/token", SB_ANYONE, NULL, token, "azure-wire.md 1.3.6, 1.5.1" },
    { "POST", "/adfs/oauth2/devicecode", SB_ANYONE, NULL, devicecode, "real-clients.md 2.2, 2.3" },
    { "POST", "/adfs/oauth2/token", SB_ANYONE, NULL, token, "real-clients.md 2.2, 2.3" },
};
const struct sb_routes entra_routes = { rows, ARRAY_LEN(rows) };
