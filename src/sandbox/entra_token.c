/* entra_token.c - scopes, and the tokens that a grant brings. Sources: azure-wire.md 1.2.4, 1.3.13,
 * 1.5, 1.6.3; real-clients.md 2.3. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/directory.h"
#include "sandbox/entra.h"
#include "sandbox/routes.h"

/* What the Azure CLI's id is pre-authorised for (azure-wire.md 1.6.3). */
#define GRAPH_SCP                                                                                  \
    "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All AuditLog.Read.All "                 \
    "DelegatedPermissionGrant.ReadWrite.All Directory.AccessAsUser.All Group.ReadWrite.All "       \
    "User.Read.All User.ReadWrite.All"

enum { TOKEN_LIFE_S = 3599, REFRESH_MAX = 500 };

static const struct entra_error E_NOT_MEMBER = {
    "invalid_grant", 50020,
    "User account from this identity provider does not exist in the tenant and cannot access the "
    "application in that tenant."
};
static const struct entra_error E_DISABLED = { "invalid_grant", 50057,
                                               "The user account is disabled." };
const struct entra_error entra_many_resources = {
    "invalid_scope", 28000,
    "Provided value for the input parameter scope is not valid because it contains more than one "
    "resource."
};
const struct entra_error entra_no_resource = {
    "invalid_resource", 500011,
    "The resource principal that the scope names was not found in the tenant."
};
const struct entra_error entra_first_party = {
    "invalid_grant", 65002,
    "Consent between first party application and first party resource must be configured via "
    "preauthorization."
};

/* ---- scopes ---- */

static bool add_scope(struct entra_scopes *s, const char *word)
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
const struct entra_error *entra_read_scopes(const char *scope, struct entra_scopes *s)
{
    char word[512];
    *s = (struct entra_scopes){ 0 };
    for (const char *p = scope + strspn(scope, " "); *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (!str_fmt(word, sizeof(word), "%.*s", (int)n, p))
            return &entra_no_resource;
        if (!add_scope(s, word))
            return &entra_many_resources;
        p += n;
    }
    if (!s->aud[0])
        STR_SET(s->aud, "https://graph.microsoft.com");
    if (sb_audience_fits(SB_ARM, s->aud) || sb_audience_fits(SB_GRAPH, s->aud))
        return NULL;
    if (sb_audience_fits(SB_DATAPLANE, s->aud))
        return &entra_first_party;
    return &entra_no_resource;
}

/* ---- tokens ---- */

static struct json *user_claims(const struct entra_grant *g)
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

static struct json *app_claims(const struct entra_grant *g)
{
    struct json *c = json_object();
    json_set_str(c, "tid", g->tid);
    json_set_str(c, "oid", json_str(g->sp, "id"));
    json_set_str(c, "sub", json_str(g->sp, "id"));
    json_set_str(c, "app_displayname", json_str(g->sp, "displayName"));
    return c;
}

static const char *role_value(const struct json *resource, const char *role_id)
{
    JSON_EACH (role, json_member(resource, "appRoles"))
        if (str_ieq(json_str(role, "id"), role_id))
            return json_str(role, "value");
    return NULL;
}

/* The app roles that the principal was granted on this resource. */
static void app_rights(struct world *w, struct json *c, const struct entra_grant *g)
{
    static const struct {
        enum sb_audience audience;
        const char *app;
    } services[] = { { SB_GRAPH, APP_GRAPH }, { SB_DATAPLANE, APP_HCI } };
    struct json *roles = json_array();
    for (size_t i = 0; i < ARRAY_LEN(services); i++) {
        const struct json *of = dir_sp(w, g->tid, services[i].app);
        if (!of || !sb_audience_fits(services[i].audience, g->scopes.aud))
            continue;
        JSON_EACH (a, world_section(w, "appRoleAssignments"))
            if (str_ieq(json_str(a, "principalId"), json_str(g->sp, "id")) &&
                str_ieq(json_str(a, "resourceId"), json_str(of, "id")) &&
                role_value(of, json_str(a, "appRoleId")))
                json_push(roles, json_string(role_value(of, json_str(a, "appRoleId"))));
    }
    if (json_len(roles))
        json_set(c, "roles", roles);
    else
        json_free(roles);
}

static void user_rights(struct json *c, const struct entra_grant *g)
{
    struct json *amr = json_array();
    json_push(amr, json_string("pwd"));
    json_push(amr, json_string("mfa"));
    json_set(c, "amr", amr);
    json_set_str(c, "scp",
                 sb_audience_fits(SB_ARM, g->scopes.aud) ? "user_impersonation" : GRAPH_SCP);
}

static char *access_token(struct world *w, const struct entra_grant *g)
{
    struct json *c = g->user ? user_claims(g) : app_claims(g);
    char issuer[128];
    json_set_str(c, "aud", g->scopes.aud);
    json_set_str(c, "appid", g->client_id);
    json_set_str(c, "appidacr", g->proof ? g->proof : "0");
    json_set_str(c, "idtyp", g->user ? "user" : "app");
    if (g->user)
        user_rights(c, g);
    else
        app_rights(w, c, g);
    json_set_str(c, "ver", "1.0");
    str_fmt(issuer, sizeof(issuer), "https://sts.windows.net/%s/", g->tid);
    return jwt_sign(issuer, c, TOKEN_LIFE_S);
}

static char *id_token(const struct sb_req *q, const struct entra_grant *g)
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

static char *refresh_token(struct world *w, const struct entra_grant *g)
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
    json_set_bool(t, "deviceBorn", g->device_born);
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

static char *client_info(const struct entra_grant *g)
{
    struct str text = STR_INIT, b64 = STR_INIT;
    str_addf(&text, "{\"uid\":\"%s\",\"utid\":\"%s\"}", json_str(g->user, "oid"),
             json_str(g->user, "tid"));
    str_add_b64url(&b64, str_p(&text), text.len);
    str_free(&text);
    return str_take(&b64);
}

static void send_user_part(struct sb_req *q, struct json *doc, const struct entra_grant *g)
{
    struct str scope = STR_INIT;
    str_addf(&scope, "%s/user_impersonation %s/.default", g->scopes.aud, g->scopes.aud);
    if (g->scopes.openid)
        str_add(&scope, " openid profile");
    json_set_str(doc, "scope", str_p(&scope));
    str_free(&scope);
    if (g->scopes.offline)
        set_owned(doc, "refresh_token", refresh_token(q->world, g));
    if (g->scopes.offline && signin_app_name(g->client_id)[0])
        json_set_str(doc, "foci", "1");
    if (g->scopes.openid)
        set_owned(doc, "id_token", id_token(q, g));
    if (str_eq(entra_field(q, "client_info"), "1"))
        set_owned(doc, "client_info", client_info(g));
}

void entra_send_tokens(struct sb_req *q, struct sb_reply *r, const struct entra_grant *g)
{
    struct json *doc = json_object();
    json_set_str(doc, "token_type", "Bearer");
    json_set_int(doc, "expires_in", TOKEN_LIFE_S);
    json_set_int(doc, "ext_expires_in", TOKEN_LIFE_S);
    set_owned(doc, "access_token", access_token(q->world, g));
    if (g->user)
        send_user_part(q, doc, g);
    sb_reply_json(r, 200, doc);
}

/* Finds the user in the tenant that is asked for ("": at home), and judges scope and account. The
 * world's first user, who owns every subscription, is a guest of every tenant. */
const struct entra_error *entra_fill_user(struct world *w, struct entra_grant *g, const char *upn,
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
    return entra_read_scopes(g->scope, &g->scopes);
}
