/* entra_discovery.c - the documents by which clients find Entra's endpoints. Sources: azure-wire.md
 * 1.7; real-clients.md 2.2, 3 (MSAL for JavaScript reads them strictly). */
#include "config.h"

#include <string.h>

#include "sandbox/clouds.h"
#include "sandbox/entra.h"

static void set_list(struct json *doc, const char *name, const char *const *words)
{
    struct json *list = json_array();
    for (; *words; words++)
        json_push(list, json_string(*words));
    json_set(doc, name, list);
}

/* AD FS, as clients address a cloud without Entra: no tenant and no version in the path. */
static const struct paths {
    const char *token, *devicecode, *authorize, *keys;
} entra_paths = { "/oauth2/v2.0/token", "/oauth2/v2.0/devicecode", "/oauth2/v2.0/authorize",
                  "/discovery/v2.0/keys" },
  adfs_paths = { "/oauth2/token", "/oauth2/devicecode", "/oauth2/authorize", "/discovery/keys" };

static void openid_configuration(struct sb_req *q, struct sb_reply *r)
{
    static const char *const auth[] = { "client_secret_post", "private_key_jwt", NULL };
    static const char *const modes[] = { "query", "fragment", "form_post", NULL };
    static const char *const subjects[] = { "pairwise", NULL };
    static const char *const algs[] = { "RS256", NULL };
    static const char *const types[] = { "code", "id_token", NULL };
    static const char *const scopes[] = { "openid", "profile", "email", "offline_access", NULL };
    char tid[GUID_SIZE];
    if (!entra_tenant(q, r, "invalid_tenant", tid))
        return;
    const char *segment = sb_var(q, "tenant");
    const struct paths *at = segment[0] ? &entra_paths : &adfs_paths;
    struct json *doc = json_object();
    if (!segment[0])
        segment = "adfs";
    entra_set_url(doc, "token_endpoint", q, segment, at->token);
    set_list(doc, "token_endpoint_auth_methods_supported", auth);
    entra_set_url(doc, "jwks_uri", q, segment, at->keys);
    set_list(doc, "response_modes_supported", modes);
    set_list(doc, "subject_types_supported", subjects);
    set_list(doc, "id_token_signing_alg_values_supported", algs);
    set_list(doc, "response_types_supported", types);
    set_list(doc, "scopes_supported", scopes);
    if (at == &adfs_paths)
        entra_set_url(doc, "issuer", q, "adfs", "");
    else
        entra_set_url(doc, "issuer", q, tid[0] ? tid : "{tenantid}", "/v2.0");
    entra_set_url(doc, "authorization_endpoint", q, segment, at->authorize);
    entra_set_url(doc, "device_authorization_endpoint", q, segment, at->devicecode);
    json_set(doc, "tenant_region_scope", tid[0] ? json_string("NA") : json_null());
    json_set_str(doc, "cloud_instance_name", sb_cloud() ? sb_cloud()->instance : "azlosandbox");
    json_set_str(doc, "msgraph_host", sb_cloud() ? sb_cloud()->graph : q->host);
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
    return sb_cloud_login_host(sb_cloud(), host);
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
    entra_set_url(doc, "tenant_discovery_endpoint", q, tenant,
                  "/v2.0/.well-known/openid-configuration");
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
static const struct sb_route rows[] = {
    { "GET", "/{tenant}/v2.0/.well-known/openid-configuration", SB_ANYONE, NULL,
      openid_configuration, "azure-wire.md 1.7.1" },
    { "GET", "/adfs/.well-known/openid-configuration", SB_ANYONE, NULL, openid_configuration,
      "real-clients.md 2.2, 2.3" },
    { "GET", "/adfs/discovery/keys", SB_ANYONE, NULL, keys, "real-clients.md 2.2" },
    { "GET", "/common/discovery/instance", SB_ANYONE, NULL, instance_discovery,
      "azure-wire.md 1.7.3" },
    { "GET", "/{tenant}/discovery/v2.0/keys", SB_ANYONE, NULL, keys, "azure-wire.md 1.7.1" },
};
const struct sb_routes entra_discovery_routes = { rows, ARRAY_LEN(rows) };
