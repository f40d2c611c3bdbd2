/* entra_client.c - applications that prove themselves: by a secret in the body or by HTTP Basic, by
 * a signed assertion; and client_credentials. Sources: azure-wire.md 1.2.2, 1.4, 1.8; the texts
 * after what Entra's errors are reported to say. That 7000218 and 700025 are also answered at the
 * users' grants is inferred from reports of device-code clients without "allow public client
 * flows". */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/directory.h"
#include "sandbox/entra.h"
#include "sandbox/resource.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* ---- who asks ---- */

void entra_client_free(struct entra_client *c)
{
    free(c->secret);
    free(c->assertion);
    *c = (struct entra_client){ 0 };
}

static char *own(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

/* "Basic base64(id:secret)", each half form-encoded before they were joined (RFC 6749 2.3.1). False
 * when there is none. */
static bool read_basic(const struct sb_req *q, char **id, char **secret)
{
    const char *h = sb_header(q, "authorization"), *colon;
    struct str text = STR_INIT;
    bool ok = false;
    if (!h || !str_istarts(h, "Basic "))
        return false;
    if (str_b64_decode(&text, h + 6 + strspn(h + 6, " ")) &&
        (colon = strchr(str_p(&text), ':')) != NULL) {
        *id = sb_form_decode(text.p, (size_t)(colon - text.p));
        *secret = sb_form_decode(colon + 1, strlen(colon + 1));
        ok = true;
    }
    str_free(&text);
    return ok;
}

bool entra_known_client(const struct sb_req *q, struct sb_reply *r, const char *client_id)
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

bool entra_client_read(const struct sb_req *q, struct sb_reply *r, struct entra_client *c)
{
    char *basic_id = NULL, *basic_secret = NULL;
    bool basic = read_basic(q, &basic_id, &basic_secret);
    const char *id = basic ? basic_id : entra_need(q, r, "client_id");
    const char *named = entra_field(q, "client_id");
    bool ok = id && entra_known_client(q, r, id) && guid_parse(c->id, id);
    if (ok && basic && named && !str_ieq(named, id)) {
        sb_entra_error(q, r, 400, "invalid_request", 90014,
                       "The client_id of the body and of the Authorization header differ.");
        ok = false;
    }
    if (ok) {
        c->secret = basic ? own(basic_secret) : own(entra_field(q, "client_secret"));
        c->assertion = own(entra_field(q, "client_assertion"));
    }
    free(basic_id);
    free(basic_secret);
    return ok;
}

/* ---- proofs ---- */

static bool refuse_client(const struct sb_req *q, struct sb_reply *r, int aadsts, const char *text)
{
    sb_entra_error(q, r, 401, "invalid_client", aadsts, text);
    return false;
}

static bool secret_good(const struct sb_req *q, struct sb_reply *r, const struct json *app,
                        const char *secret)
{
    char text[400];
    switch (dir_secret_check(app, secret)) {
    case DIR_SECRET_GOOD:
        return true;
    case DIR_SECRET_EXPIRED:
        str_fmt(text, sizeof(text),
                "The provided client secret keys for app '%s' are expired. Visit the Azure portal "
                "to create new keys for your app: https://aka.ms/NewClientSecret, or consider "
                "using certificate credentials for added security: https://aka.ms/certCreds.",
                json_str(app, "appId"));
        return refuse_client(q, r, 7000222, text);
    default:
        str_fmt(text, sizeof(text),
                "Invalid client secret provided. Ensure the secret being sent in the request is "
                "the client secret value, not the client secret ID, for a secret added to app "
                "'%s'.",
                json_str(app, "appId"));
        return refuse_client(q, r, 7000215, text);
    }
}

static bool is_public(const struct json *app, const char *client_id)
{
    if (!app)
        return signin_app_name(client_id)[0] != '\0';
    return json_flag(app, "isFallbackPublicClient", false);
}

static bool proof_good(const struct sb_req *q, struct sb_reply *r, const struct json *app,
                       const char *tid, const struct entra_client *c)
{
    if (c->assertion) {
        if (!str_eq(entra_field(q, "client_assertion_type"), ASSERTION_TYPE)) {
            sb_entra_error(q, r, 400, "invalid_request", 900144,
                           "The request body must contain the following parameter: "
                           "'client_assertion_type' with value '" ASSERTION_TYPE "'.");
            return false;
        }
        return assertion_good(q, r, app, tid, c->assertion);
    }
    if (c->secret)
        return secret_good(q, r, app, c->secret);
    return refuse_client(q, r, 7000218,
                         "The request body must contain the following parameter: "
                         "'client_assertion' or 'client_secret'.");
}

static bool refuse_public(const struct sb_req *q, struct sb_reply *r)
{
    return refuse_client(
        q, r, 700025,
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.");
}

bool entra_client_fits(struct sb_req *q, struct sb_reply *r, const struct entra_client *c)
{
    const struct json *app = dir_app(q->world, NULL, c->id);
    bool proof = c->secret || c->assertion;
    if (is_public(app, c->id))
        return !proof || refuse_public(q, r);
    if (!app)
        return true; /* of another tenant: users may sign in to any application */
    return proof_good(q, r, app, json_str(app, "_tid"), c);
}

/* ---- client_credentials ---- */

/* Only the concrete tenant's endpoint (azure-wire.md 1.2.2). */
static bool concrete_tenant(const struct sb_req *q, struct sb_reply *r, char tid[GUID_SIZE])
{
    const char *segment = sb_var(q, "tenant");
    if (str_ieq(segment, "common") || str_ieq(segment, "consumers")) {
        sb_entra_error(q, r, 400, "invalid_request", 9001023,
                       "The grant type is not supported over the /common or /consumers endpoints. "
                       "Please use the /organizations or tenant-specific endpoint.");
        return false;
    }
    if (str_ieq(segment, "organizations")) {
        sb_entra_error(q, r, 400, "invalid_request", 50059,
                       "No tenant-identifying information found in either the request or implied "
                       "by any provided credentials.");
        return false;
    }
    if (!segment[0]) /* AD FS has one tenant */
        return guid_parse(tid, world_tenant(q->world));
    return entra_tenant(q, r, "invalid_request", tid);
}

/* Exactly one resource with "/.default", nothing beside it. */
static bool one_resource(const struct sb_req *q, struct sb_reply *r, const char *scope,
                         struct entra_scopes *s)
{
    const struct entra_error *e = entra_read_scopes(scope, s);
    char text[700];
    if (e == &entra_many_resources) {
        entra_refuse(q, r, e);
        return false;
    }
    if (strchr(scope, ' ') || !str_ends(scope, "/.default")) {
        str_fmt(text, sizeof(text),
                "The provided value for scope %.300s is not valid. Client credential flows must "
                "have a scope value with /.default suffixed to the resource identifier "
                "(application ID URI).",
                scope);
        sb_entra_error(q, r, 400, "invalid_scope", 1002012, text);
        return false;
    }
    if (e == &entra_first_party) /* Microsoft's applications only; the tenant's own may ask */
        e = NULL;
    if (e)
        entra_refuse(q, r, e);
    return !e;
}

static const struct json *principal_of(struct sb_req *q, struct sb_reply *r, const char *tid,
                                       const char *client_id)
{
    const struct json *sp = dir_sp(q->world, tid, client_id);
    char text[500];
    if (!sp) {
        str_fmt(text, sizeof(text),
                "Application with identifier '%s' was not found in the directory '%s'. This can "
                "happen if the application has not been installed by the administrator of the "
                "tenant or consented to by any user in the tenant. You may have sent your "
                "authentication request to the wrong tenant.",
                client_id, tid);
        sb_entra_error(q, r, 400, "unauthorized_client", 700016, text);
    } else if (!json_flag(sp, "accountEnabled", true)) {
        str_fmt(text, sizeof(text), "Application '%s'(%.100s) is disabled.", client_id,
                json_str(sp, "displayName"));
        sb_entra_error(q, r, 400, "unauthorized_client", 7000112, text);
        sp = NULL;
    }
    return sp;
}

void entra_client_credentials(struct sb_req *q, struct sb_reply *r, const struct entra_client *c)
{
    struct entra_grant g = { .client_id = c->id, .scope = entra_need(q, r, "scope") };
    if (!g.scope || !concrete_tenant(q, r, g.tid))
        return;
    lro_settle(q->world); /* an upload of certificates may be over */
    if (signin_app_name(c->id)[0]) {
        refuse_client(q, r, c->secret || c->assertion ? 700025 : 7000218,
                      c->secret || c->assertion
                          ? "Client is public so neither 'client_assertion' nor 'client_secret' "
                            "should be presented."
                          : "The request body must contain the following parameter: "
                            "'client_assertion' or 'client_secret'.");
        return;
    }
    g.sp = principal_of(q, r, g.tid, c->id);
    const struct json *app = g.sp ? dir_app(q->world, NULL, c->id) : NULL;
    g.proof = c->assertion ? "2" : "1";
    if (!app || !proof_good(q, r, app, g.tid, c) || !one_resource(q, r, g.scope, &g.scopes))
        return;
    entra_send_tokens(q, r, &g);
}
