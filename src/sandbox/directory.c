/* directory.c - applications, service principals, and what they prove themselves with. */
#include "config.h"

#include "sandbox/directory.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "sandbox/resource.h"
#include "sandbox/signin.h"

#define SECRET_YEARS_MS (2LL * 365 * 86400 * 1000)

/* ---- finding ---- */

static struct json *find(struct world *w, const char *section, const char *tid, const char *member,
                         const char *value)
{
    JSON_EACH (c, world_section(w, section))
        if (str_ieq(json_str(c, member), value) &&
            (!tid || !tid[0] || str_ieq(json_str(c, "_tid"), tid)))
            return json_edit(c);
    return NULL;
}

struct json *dir_app(struct world *w, const char *tid, const char *app_id)
{
    return find(w, "applications", tid, "appId", app_id);
}

struct json *dir_app_by_id(struct world *w, const char *tid, const char *object_id)
{
    return find(w, "applications", tid, "id", object_id);
}

struct json *dir_sp(struct world *w, const char *tid, const char *app_id)
{
    return find(w, "servicePrincipals", tid, "appId", app_id);
}

struct json *dir_sp_by_id(struct world *w, const char *tid, const char *object_id)
{
    return find(w, "servicePrincipals", tid, "id", object_id);
}

/* ---- making ---- */

static void set_empty(struct json *o, const char *const *names)
{
    for (; *names; names++)
        json_set(o, *names, json_array());
}

static void keep(struct world *w, const char *section, struct json *owned)
{
    json_set(world_section(w, section), json_str(owned, "id"), owned);
    world_touch(w);
}

struct json *dir_app_new(struct world *w, const char *tid, const char *display_name)
{
    static const char *const lists[] = { "identifierUris", "passwordCredentials",
                                         "keyCredentials", "requiredResourceAccess",
                                         "appRoles",       "tags",
                                         "_owners",        NULL };
    struct json *app = json_object();
    char id[GUID_SIZE], app_id[GUID_SIZE], now[TIME_SIZE];
    guid_random(id);
    guid_random(app_id);
    time_iso(now, world_now(w));
    json_set_str(app, "id", id);
    json_set_str(app, "appId", app_id);
    json_set_str(app, "displayName", display_name);
    json_set_str(app, "createdDateTime", now);
    json_set_str(app, "signInAudience", "AzureADMyOrg");
    json_set(app, "isFallbackPublicClient", json_null());
    set_empty(app, lists);
    json_set_str(app, "_tid", tid);
    keep(w, "applications", app);
    return app;
}

struct json *dir_sp_new(struct world *w, const struct json *app)
{
    return dir_sp_new_as(w, app, NULL);
}

struct json *dir_sp_new_as(struct world *w, const struct json *app, const char *object_id)
{
    static const char *const lists[] = { "appRoles",         "oauth2PermissionScopes",
                                         "alternativeNames", "passwordCredentials",
                                         "keyCredentials",   "tags",
                                         "_owners",          NULL };
    struct json *sp = json_object(), *names = json_array();
    const char *tid = json_str(app, "_tid");
    char id[GUID_SIZE];
    guid_random(id);
    json_set_str(sp, "id", object_id ? object_id : id);
    json_set_str(sp, "appId", json_str(app, "appId"));
    json_set_str(sp, "displayName", json_str(app, "displayName"));
    json_set_str(sp, "appDisplayName", json_str(app, "displayName"));
    json_set_str(sp, "appOwnerOrganizationId", tid);
    json_set_str(sp, "servicePrincipalType", "Application");
    json_set_bool(sp, "accountEnabled", true);
    json_set_bool(sp, "appRoleAssignmentRequired", false);
    json_set_str(sp, "signInAudience", json_str(app, "signInAudience"));
    set_empty(sp, lists);
    json_push(names, json_string(json_str(app, "appId")));
    JSON_EACH (uri, json_member(app, "identifierUris"))
        json_push(names, json_copy(uri));
    json_set(sp, "servicePrincipalNames", names);
    json_set_str(sp, "_tid", tid);
    keep(w, "servicePrincipals", sp);
    return sp;
}

static void drop_grants(struct world *w, const char *section, const char *const *members,
                        const char *id)
{
    const struct json *g = json_first(world_section(w, section));
    while (g) {
        const struct json *next = json_next(g);
        char key[128];
        for (const char *const *m = members; *m; m++)
            if (str_ieq(json_str(g, *m), id) && STR_SET(key, json_name(g))) {
                json_unset(world_section(w, section), key);
                break;
            }
        g = next;
    }
}

void dir_sp_remove(struct world *w, const struct json *sp)
{
    static const char *const role_ends[] = { "principalId", "resourceId", NULL };
    static const char *const grant_ends[] = { "clientId", "resourceId", NULL };
    char id[GUID_SIZE];
    if (!STR_SET(id, json_str(sp, "id")))
        return;
    drop_grants(w, "appRoleAssignments", role_ends, id);
    drop_grants(w, "oauth2PermissionGrants", grant_ends, id);
    json_unset(world_section(w, "servicePrincipals"), id);
    world_touch(w);
}

void dir_app_remove(struct world *w, const struct json *app)
{
    struct json *sp = dir_sp(w, json_str(app, "_tid"), json_str(app, "appId"));
    char id[GUID_SIZE];
    if (sp)
        dir_sp_remove(w, sp);
    if (!STR_SET(id, json_str(app, "id")))
        return;
    json_unset(world_section(w, "applications"), id);
    world_touch(w);
}

/* ---- secrets ---- */

/* In Entra's look, "abc8Q~...": the mark must be encoded in a form, and a secret that begins with
 * "-" would be an option to command lines. */
static void make_secret(struct str *secret)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    unsigned char bytes[3] = { 0 };
    RAND_bytes(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        str_addc(secret, letters[bytes[i] % (sizeof(letters) - 1)]);
    str_add(secret, "8Q~");
    signin_random(secret, 25);
}

struct json *dir_add_password(struct world *w, struct json *app, const char *name, const char *end,
                              struct str *secret)
{
    struct json *p = json_object();
    char key[GUID_SIZE], now[TIME_SIZE], later[TIME_SIZE], hint[4], digest[DIGEST_SIZE];
    size_t before = secret->len;
    guid_random(key);
    make_secret(secret);
    str_fmt(hint, sizeof(hint), "%.3s", secret->p + before);
    signin_digest(digest, secret->p + before);
    time_iso(now, wall_ms());
    time_iso(later, wall_ms() + SECRET_YEARS_MS);
    json_set(p, "customKeyIdentifier", json_null());
    json_set_str(p, "displayName", name);
    json_set_str(p, "endDateTime", end && end[0] ? end : later);
    json_set_str(p, "hint", hint);
    json_set_str(p, "keyId", key);
    json_set(p, "secretText", json_null());
    json_set_str(p, "startDateTime", now);
    json_set_str(p, "_digest", digest);
    json_push(json_edit(json_member(app, "passwordCredentials")), p);
    world_touch(w);
    return p;
}

enum dir_secret dir_secret_check(const struct json *app, const char *secret)
{
    char digest[DIGEST_SIZE];
    enum dir_secret found = DIR_SECRET_WRONG;
    signin_digest(digest, secret);
    JSON_EACH (p, json_member(app, "passwordCredentials")) {
        const char *end = json_str(p, "endDateTime");
        int64_t end_ms = 0;
        if (!str_eq(json_str(p, "_digest"), digest))
            continue;
        if (end && time_parse(end, &end_ms) && end_ms > wall_ms())
            return DIR_SECRET_GOOD;
        found = DIR_SECRET_EXPIRED;
    }
    return found;
}

/* ---- certificates ---- */

static bool asn1_time(char out[TIME_SIZE], const ASN1_TIME *t)
{
    int days = 0, seconds = 0;
    int64_t now = wall_ms() / 1000;
    if (!ASN1_TIME_diff(&days, &seconds, NULL, t))
        return false;
    time_iso(out, (now + days * 86400LL + seconds) * 1000);
    return true;
}

struct json *dir_key_credential(const void *der, size_t len, const char *name)
{
    const unsigned char *p = der;
    unsigned char sum[SHA_DIGEST_LENGTH];
    char start[TIME_SIZE], end[TIME_SIZE], id[GUID_SIZE];
    struct str thumb = STR_INIT, key = STR_INIT;
    struct json *k = NULL;
    X509 *cert = d2i_X509(NULL, &p, (long)len);
    EVP_PKEY *pub = cert ? X509_get0_pubkey(cert) : NULL;
    if (pub && EVP_PKEY_is_a(pub, "RSA") && asn1_time(start, X509_get0_notBefore(cert)) &&
        asn1_time(end, X509_get0_notAfter(cert))) {
        SHA1(der, len, sum);
        str_add_b64(&thumb, sum, sizeof(sum));
        str_add_b64(&key, der, len);
        guid_random(id);
        k = json_object();
        json_set_str(k, "customKeyIdentifier", str_p(&thumb));
        json_set_str(k, "displayName", name);
        json_set_str(k, "endDateTime", end);
        json_set_str(k, "key", str_p(&key));
        json_set_str(k, "keyId", id);
        json_set_str(k, "startDateTime", start);
        json_set_str(k, "type", "AsymmetricX509Cert");
        json_set_str(k, "usage", "Verify");
    }
    str_free(&thumb);
    str_free(&key);
    X509_free(cert);
    return k;
}
