/* entra.c - Microsoft Entra v2 as far as a device-code client sees it: discovery, devicecode,
 * token. Sources: azure-wire.md 1.2, 1.3, 1.5, 1.7, 1.8; real-clients.md 2.3, 3, 7 (what real
 * clients need and what breaks them). */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/routes.h"
#include "sandbox/signin.h"

enum { CODE_LIFE_S = 900, TOKEN_LIFE_S = 3599, POLL_S = 5, REFRESH_MAX = 500 };
#define GRANT_DEVICE     "urn:ietf:params:oauth:grant-type:device_code"
#define GRANT_DEVICE_OLD "device_code" /* MSAL for JavaScript sends this one */

struct entra_error {
    const char *error;
    int aadsts;
    const char *text;
};
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
static const struct entra_error E_NOT_MEMBER = {
    "invalid_grant", 50020,
    "User account from this identity provider does not exist in the tenant and cannot access the "
    "application in that tenant."
};
static const struct entra_error E_DISABLED = { "invalid_grant", 50057,
                                               "The user account is disabled." };
static const struct entra_error E_MANY_RESOURCES = {
    "invalid_scope", 28000,
    "Provided value for the input parameter scope is not valid because it contains more than one "
    "resource."
};
static const struct entra_error E_NO_RESOURCE = {
    "invalid_resource", 500011,
    "The resource principal that the scope names was not found in the tenant."
};
static const struct entra_error E_FIRST_PARTY = {
    "invalid_grant", 65002,
    "Consent between first party application and first party resource must be configured via "
    "preauthorization."
};

static void refuse(const struct sb_req *q, struct sb_reply *r, const struct entra_error *e)
{
    sb_entra_error(q, r, 400, e->error, e->aadsts, e->text);
}

static const char *field(const struct sb_req *q, const char *name)
{
    const char *v = json_value_str(json_member(q->form, name));
    return v && *v ? v : NULL;
}

/* A required form field, or NULL after the answer. */
static const char *need(const struct sb_req *q, struct sb_reply *r, const char *name)
{
    const char *v = field(q, name);
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
static bool resolve_tenant(const struct sb_req *q, struct sb_reply *r, const char *error,
                           char tid[GUID_SIZE])
{
    const char *segment = sb_var(q, "tenant");
    char text[400];
    tid[0] = '\0';
    if (str_ieq(segment, "common") || str_ieq(segment, "organizations"))
        return true;
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

/* ---- discovery ---- */

static void set_url(struct json *doc, const char *name, const struct sb_req *q, const char *segment,
                    const char *rest)
{
    struct str s = STR_INIT;
    str_addf(&s, "%s/%s%s", q->base, segment, rest);
    json_set_str(doc, name, str_p(&s));
    str_free(&s);
}

static void set_list(struct json *doc, const char *name, const char *const *words)
{
    struct json *list = json_array();
    for (; *words; words++)
        json_push(list, json_string(*words));
    json_set(doc, name, list);
}

static void openid_configuration(struct sb_req *q, struct sb_reply *r)
{
    static const char *const auth[] = { "client_secret_post", "private_key_jwt", NULL };
    static const char *const modes[] = { "query", "fragment", "form_post", NULL };
    static const char *const subjects[] = { "pairwise", NULL };
    static const char *const algs[] = { "RS256", NULL };
    static const char *const types[] = { "code", "id_token", NULL };
    static const char *const scopes[] = { "openid", "profile", "email", "offline_access", NULL };
    char tid[GUID_SIZE];
    if (!resolve_tenant(q, r, "invalid_tenant", tid))
        return;
    const char *segment = sb_var(q, "tenant");
    struct json *doc = json_object();
    set_url(doc, "token_endpoint", q, segment, "/oauth2/v2.0/token");
    set_list(doc, "token_endpoint_auth_methods_supported", auth);
    set_url(doc, "jwks_uri", q, segment, "/discovery/v2.0/keys");
    set_list(doc, "response_modes_supported", modes);
    set_list(doc, "subject_types_supported", subjects);
    set_list(doc, "id_token_signing_alg_values_supported", algs);
    set_list(doc, "response_types_supported", types);
    set_list(doc, "scopes_supported", scopes);
    set_url(doc, "issuer", q, tid[0] ? tid : "{tenantid}", "/v2.0");
    set_url(doc, "authorization_endpoint", q, segment, "/oauth2/v2.0/authorize");
    set_url(doc, "device_authorization_endpoint", q, segment, "/oauth2/v2.0/devicecode");
    json_set(doc, "tenant_region_scope", tid[0] ? json_string("NA") : json_null());
    json_set_str(doc, "cloud_instance_name", "azlosandbox");
    json_set_str(doc, "msgraph_host", q->host);
    sb_reply_json(r, 200, doc);
}

static bool is_login_host(const char *host)
{
    static const char *const known[] = { "login.microsoftonline.com",
                                         "login.windows.net",
                                         "login.microsoft.com",
                                         "sts.windows.net",
                                         "127.0.0.1",
                                         "localhost",
                                         "[::1]" };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_ieq(known[i], host))
            return true;
    return false;
}

/* Clients drop the port from authorization_endpoint; the answer comes from the request's own host
 * and so has it again. */
static void instance_discovery(struct sb_req *q, struct sb_reply *r)
{
    const char *asked = sb_query(q, "authorization_endpoint");
    char host[256], tenant[256] = "common";
    const char *p = asked && str_istarts(asked, "https://") ? asked + 8 : "";
    size_t n = *p == '[' ? strcspn(p, "]") + 1 : strcspn(p, ":/");
    str_fmt(host, sizeof(host), "%.*s", (int)(n <= strlen(p) ? n : strlen(p)), p);
    const char *slash = strchr(p, '/');
    if (slash)
        str_fmt(tenant, sizeof(tenant), "%.*s", (int)strcspn(slash + 1, "/"), slash + 1);
    if (!is_login_host(host)) {
        sb_entra_error(q, r, 400, "invalid_instance", 50049, "Unknown or invalid instance.");
        return;
    }
    struct json *doc = json_object(), *row = json_object(), *list = json_array();
    set_url(doc, "tenant_discovery_endpoint", q, tenant, "/v2.0/.well-known/openid-configuration");
    json_set_str(doc, "api-version", q->api_version[0] ? q->api_version : "1.1");
    json_set_str(row, "preferred_network", q->host);
    json_set_str(row, "preferred_cache", q->host);
    struct json *aliases = json_array();
    json_push(aliases, json_string(q->host));
    if (!str_ieq(host, q->host))
        json_push(aliases, json_string(host));
    json_set(row, "aliases", aliases);
    json_push(list, row);
    json_set(doc, "metadata", list);
    sb_reply_json(r, 200, doc);
}

static void keys(struct sb_req *q, struct sb_reply *r)
{
    (void)q;
    sb_reply_json(r, 200, jwt_jwks());
}

/* ---- scopes ---- */

struct scopes {
    char aud[512]; /* the resource scope minus exactly "/.default" */
    bool openid, offline;
};

static bool add_scope(struct scopes *s, const char *word)
{
    char aud[512];
    if (str_eq(word, "openid") || str_eq(word, "offline_access")) {
        *(word[1] == 'p' ? &s->openid : &s->offline) = true;
        return true;
    }
    if (str_eq(word, "profile") || str_eq(word, "email"))
        return true;
    const char *slash = strrchr(word, '/');
    if (slash)
        str_fmt(aud, sizeof(aud), "%.*s", (int)(slash - word), word);
    else
        STR_SET(aud, "https://graph.microsoft.com"); /* "User.Read" */
    if (s->aud[0] && !str_ieq(s->aud, aud))
        return false;
    STR_SET(s->aud, aud);
    return true;
}

/* Fills *s; NULL, or what is wrong. */
static const struct entra_error *read_scopes(const char *scope, struct scopes *s)
{
    char word[512];
    *s = (struct scopes){ 0 };
    for (const char *p = scope + strspn(scope, " "); *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (!str_fmt(word, sizeof(word), "%.*s", (int)n, p))
            return &E_NO_RESOURCE;
        if (!add_scope(s, word))
            return &E_MANY_RESOURCES;
        p += n;
    }
    if (!s->aud[0])
        STR_SET(s->aud, "https://graph.microsoft.com");
    if (sb_audience_fits(SB_ARM, s->aud) || sb_audience_fits(SB_GRAPH, s->aud))
        return NULL;
    if (sb_audience_fits(SB_DATAPLANE, s->aud))
        return &E_FIRST_PARTY;
    return &E_NO_RESOURCE;
}

/* ---- tokens ---- */

struct grant {
    const struct json *user;
    char tid[GUID_SIZE];
    const char *client_id;
    const char *scope;
    struct scopes scopes;
};

static struct json *user_claims(const struct grant *g)
{
    const char *upn = json_str(g->user, "upn");
    struct json *c = json_object();
    json_set_str(c, "tid", g->tid);
    json_set_str(c, "oid", json_str(g->user, "oid"));
    json_set_str(c, "sub", json_str(g->user, "oid"));
    json_set_str(c, "name", json_str(g->user, "name"));
    json_set_str(c, "preferred_username", upn);
    json_set_str(c, "upn", upn);
    return c;
}

static char *access_token(const struct grant *g)
{
    struct json *c = user_claims(g), *amr = json_array();
    char issuer[128];
    json_push(amr, json_string("pwd"));
    json_push(amr, json_string("mfa"));
    json_set_str(c, "aud", g->scopes.aud);
    json_set_str(c, "appid", g->client_id);
    json_set_str(c, "appidacr", "0");
    json_set(c, "amr", amr);
    json_set_str(c, "idtyp", "user");
    json_set_str(c, "scp", "user_impersonation");
    json_set_str(c, "ver", "1.0");
    str_fmt(issuer, sizeof(issuer), "https://sts.windows.net/%s/", g->tid);
    return jwt_sign(issuer, c, TOKEN_LIFE_S);
}

static char *id_token(const struct sb_req *q, const struct grant *g)
{
    struct json *c = user_claims(g);
    char issuer[400];
    json_set_str(c, "aud", g->client_id);
    json_set_str(c, "ver", "2.0");
    str_fmt(issuer, sizeof(issuer), "%s/%s/v2.0", q->base, g->tid);
    return jwt_sign(issuer, c, TOKEN_LIFE_S);
}

static void drop_oldest(struct json *all)
{
    char key[DIGEST_SIZE];
    while (json_len(all) >= REFRESH_MAX && STR_SET(key, json_name(json_first(all))))
        json_unset(all, key);
}

static char *refresh_token(struct world *w, const struct grant *g)
{
    struct json *all = world_section(w, "refresh"), *t = json_object();
    struct str token = STR_INIT;
    char key[DIGEST_SIZE];
    str_add(&token, "1.");
    signin_random(&token, 240);
    signin_digest(key, str_p(&token));
    json_set_str(t, "user", json_str(g->user, "upn"));
    json_set_str(t, "clientId", g->client_id);
    json_set_str(t, "tenant", g->tid);
    json_set_str(t, "scope", g->scope);
    json_set_int(t, "made", wall_ms());
    drop_oldest(all); /* only now: the scope may stand in the token that goes */
    json_set(all, key, t);
    world_touch(w);
    return str_take(&token);
}

static void set_owned(struct json *doc, const char *name, char *owned)
{
    json_set_str(doc, name, owned);
    free(owned);
}

static char *client_info(const struct grant *g)
{
    struct str text = STR_INIT, b64 = STR_INIT;
    str_addf(&text, "{\"uid\":\"%s\",\"utid\":\"%s\"}", json_str(g->user, "oid"),
             json_str(g->user, "tid"));
    str_add_b64url(&b64, str_p(&text), text.len);
    str_free(&text);
    return str_take(&b64);
}

static void send_tokens(struct sb_req *q, struct sb_reply *r, const struct grant *g)
{
    struct json *doc = json_object();
    struct str scope = STR_INIT;
    str_addf(&scope, "%s/user_impersonation %s/.default", g->scopes.aud, g->scopes.aud);
    if (g->scopes.openid)
        str_add(&scope, " openid profile");
    json_set_str(doc, "token_type", "Bearer");
    json_set_str(doc, "scope", str_p(&scope));
    json_set_int(doc, "expires_in", TOKEN_LIFE_S);
    json_set_int(doc, "ext_expires_in", TOKEN_LIFE_S);
    set_owned(doc, "access_token", access_token(g));
    if (g->scopes.offline)
        set_owned(doc, "refresh_token", refresh_token(q->world, g));
    if (g->scopes.offline && signin_app_name(g->client_id)[0])
        json_set_str(doc, "foci", "1");
    if (g->scopes.openid)
        set_owned(doc, "id_token", id_token(q, g));
    if (str_eq(field(q, "client_info"), "1"))
        set_owned(doc, "client_info", client_info(g));
    str_free(&scope);
    sb_reply_json(r, 200, doc);
}

/* Finds the user in the tenant that is asked for ("": at home), and judges scope and account. The
 * world's first user, who owns every subscription, is a guest of every tenant. */
static const struct entra_error *fill_grant(struct world *w, struct grant *g, const char *upn,
                                            const char *tid)
{
    const struct json *first = signin_user(w, NULL, "");
    g->user = signin_user(w, upn, tid);
    if (!g->user && first && str_ieq(json_str(first, "upn"), upn))
        g->user = first;
    if (!g->user || !guid_parse(g->tid, tid[0] ? tid : json_str(g->user, "tid")))
        return &E_NOT_MEMBER;
    if (!json_flag(g->user, "accountEnabled", true))
        return &E_DISABLED;
    return read_scopes(g->scope, &g->scopes);
}

/* ---- devicecode ---- */

static bool known_client(const struct sb_req *q, struct sb_reply *r, const char *client_id)
{
    char text[300];
    if (guid_is(client_id))
        return true;
    str_fmt(
        text, sizeof(text),
        "Application with identifier '%.80s' was not found in the directory. This can happen if "
        "the application has not been installed by the administrator of the tenant.",
        client_id);
    sb_entra_error(q, r, 400, "unauthorized_client", 700016, text);
    return false;
}

static void devicecode(struct sb_req *q, struct sb_reply *r)
{
    char tid[GUID_SIZE];
    const char *client_id = need(q, r, "client_id");
    const char *scope = client_id ? need(q, r, "scope") : NULL;
    if (!scope || !resolve_tenant(q, r, "invalid_request", tid) || !known_client(q, r, client_id))
        return;
    struct scopes parsed;
    if (read_scopes(scope, &parsed) == &E_MANY_RESOURCES) {
        refuse(q, r, &E_MANY_RESOURCES);
        return;
    }
    struct str code = STR_INIT, text = STR_INIT;
    const struct json *s = signin_new(q->world, client_id, scope, tid, CODE_LIFE_S, &code);
    struct json *doc = json_object();
    json_set_str(doc, "user_code", json_str(s, "userCode"));
    json_set_str(doc, "device_code", str_p(&code));
    set_url(doc, "verification_uri", q, "devicelogin", "");
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
    if (!s || !str_ieq(json_str(s, "clientId"), client_id) || !str_ieq(json_str(s, "tenant"), tid))
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
    const char *code = field(q, "device_code") ? field(q, "device_code") : field(q, "code");
    if (!code) {
        need(q, r, "device_code");
        return;
    }
    struct json *s = signin_by_device_code(q->world, code);
    const struct entra_error *e = judge_code(q, s, client_id, tid);
    struct grant g = { .client_id = client_id, .scope = json_str(s, "scope") };
    if (!e) {
        e = fill_grant(q->world, &g, json_str(s, "user"), tid);
        signin_set(q->world, s, SIGNIN_REDEEMED);
    }
    if (e)
        refuse(q, r, e);
    else
        send_tokens(q, r, &g);
}

static void redeem_refresh_token(struct sb_req *q, struct sb_reply *r, const char *client_id,
                                 const char *tid)
{
    const char *token = need(q, r, "refresh_token");
    char key[DIGEST_SIZE];
    if (!token)
        return;
    signin_digest(key, token);
    const struct json *t = json_member(world_section(q->world, "refresh"), key);
    if (!t || !str_ieq(json_str(t, "clientId"), client_id)) {
        refuse(q, r, &E_BAD_REFRESH);
        json_set_str(r->json, "suberror", t ? "client_mismatch" : "bad_token");
        return;
    }
    struct grant g = { .client_id = client_id, .scope = field(q, "scope") };
    if (!g.scope)
        g.scope = json_str(t, "scope");
    const struct entra_error *e =
        fill_grant(q->world, &g, json_str(t, "user"), tid[0] ? tid : json_str(t, "tenant"));
    g.scopes.offline = true; /* a refresh always brings a new one */
    if (e)
        refuse(q, r, e);
    else
        send_tokens(q, r, &g);
}

static void token(struct sb_req *q, struct sb_reply *r)
{
    char tid[GUID_SIZE], text[200];
    const char *grant = need(q, r, "grant_type");
    const char *client_id = grant ? need(q, r, "client_id") : NULL;
    if (!client_id || !resolve_tenant(q, r, "invalid_request", tid))
        return;
    if (!known_client(q, r, client_id))
        return;
    if (str_eq(grant, GRANT_DEVICE) || str_eq(grant, GRANT_DEVICE_OLD)) {
        redeem_device_code(q, r, client_id, tid);
    } else if (str_eq(grant, "refresh_token")) {
        redeem_refresh_token(q, r, client_id, tid);
    } else {
        str_fmt(text, sizeof(text), "The app requested an unsupported grant type '%.80s'.", grant);
        sb_entra_error(q, r, 400, "unsupported_grant_type", 70003, text);
    }
}

static const struct sb_route rows[] = {
    { "GET", "/{tenant}/v2.0/.well-known/openid-configuration", SB_ANYONE, NULL,
      openid_configuration, "azure-wire.md 1.7.1" },
    { "GET", "/common/discovery/instance", SB_ANYONE, NULL, instance_discovery,
      "azure-wire.md 1.7.3" },
    { "GET", "/{tenant}/discovery/v2.0/keys", SB_ANYONE, NULL, keys, "azure-wire.md 1.7.1" },
    { "POST", "/{tenant}/oauth2/v2.0/devicecode", SB_ANYONE, NULL, devicecode,
      "azure-wire.md 1.3.1" },
    { "POST", "/{tenant}/oauth2/v2.0/token", SB_ANYONE, NULL, token, "azure-wire.md 1.3.6, 1.5.1" },
};
const struct sb_routes entra_routes = { rows, ARRAY_LEN(rows) };
