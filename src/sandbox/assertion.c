/* assertion.c - a client's signed assertion (RFC 7523) against the certificates of its application.
 * Sources: azure-wire.md 1.4.3 to 1.4.9; the texts of 700027, 50027 and 700023 after reports of
 * Entra's errors. Which forms of the audience Entra takes is documented for the token endpoint and
 * for the tenant's issuer; both are taken here, with the sandbox's own and Microsoft's hosts. */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "sandbox/directory.h"
#include "sandbox/entra.h"

enum { SKEW_S = 300, LIFE_MAX_S = 600 };

struct assertion {
    const char *text;
    size_t signed_len; /* header.claims */
    struct json *head, *claims;
    struct str signature;
};

static bool refuse(const struct sb_req *q, struct sb_reply *r, int aadsts, const char *text)
{
    sb_entra_error(q, r, 401, "invalid_client", aadsts, text);
    return false;
}

static bool parse(struct assertion *a, const char *text)
{
    const char *dot1 = strchr(text, '.'), *dot2 = dot1 ? strchr(dot1 + 1, '.') : NULL;
    *a = (struct assertion){ .text = text };
    if (!dot2 || strchr(dot2 + 1, '.'))
        return false;
    a->signed_len = (size_t)(dot2 - text);
    a->head = jwt_part(text, (size_t)(dot1 - text));
    a->claims = jwt_part(dot1 + 1, (size_t)(dot2 - dot1 - 1));
    return json_is_object(a->head) && json_is_object(a->claims) &&
           str_b64_decode(&a->signature, dot2 + 1);
}

static void drop(struct assertion *a)
{
    json_free(a->head);
    json_free(a->claims);
    str_free(&a->signature);
}

/* ---- the key ---- */

/* "x5t#S256" (SHA-256) or "x5t" (SHA-1) of the header names the certificate, in base64url. */
static bool is_named(const struct assertion *a, const struct str *der)
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    const char *s256 = json_value_str(json_member(a->head, "x5t#S256"));
    struct str b64 = STR_INIT;
    if (s256) {
        SHA256((const unsigned char *)der->p, der->len, sum);
        str_add_b64url(&b64, sum, SHA256_DIGEST_LENGTH);
    } else {
        SHA1((const unsigned char *)der->p, der->len, sum);
        str_add_b64url(&b64, sum, SHA_DIGEST_LENGTH);
    }
    const char *given = s256 ? s256 : json_str(a->head, "x5t");
    size_t n = given ? strcspn(given, "=") : 0; /* padding is forgiven */
    bool same = n == b64.len && !strncmp(given, str_p(&b64), n);
    str_free(&b64);
    return same;
}

static const struct json *find_key(const struct assertion *a, const struct json *app,
                                   struct str *der)
{
    JSON_EACH (k, json_member(app, "keyCredentials")) {
        const char *key = json_str(k, "key");
        str_reset(der);
        if (key && str_b64_decode(der, key) && der->len && is_named(a, der))
            return k;
    }
    return NULL;
}

static bool verifies(const struct assertion *a, const struct str *der)
{
    const unsigned char *p = (const unsigned char *)der->p;
    X509 *cert = d2i_X509(NULL, &p, (long)der->len);
    EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *kctx = NULL;
    bool pss = str_eq(json_str(a->head, "alg"), "PS256");
    bool ok = key && EVP_DigestVerifyInit(ctx, &kctx, EVP_sha256(), NULL, key) == 1;
    if (ok && pss)
        ok = EVP_PKEY_CTX_set_rsa_padding(kctx, RSA_PKCS1_PSS_PADDING) > 0 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(kctx, RSA_PSS_SALTLEN_DIGEST) > 0;
    ok = ok && EVP_DigestVerify(ctx, (const unsigned char *)str_p(&a->signature), a->signature.len,
                                (const unsigned char *)a->text, a->signed_len) == 1;
    EVP_MD_CTX_free(ctx);
    X509_free(cert);
    return ok;
}

/* Entra names the key as hexadecimal digits. */
static void add_thumbprint(struct str *out, const struct assertion *a)
{
    const char *given = json_value_str(json_member(a->head, "x5t#S256"));
    struct str raw = STR_INIT;
    if (!given)
        given = json_str(a->head, "x5t");
    if (given && str_b64_decode(&raw, given))
        for (size_t i = 0; i < raw.len; i++)
            str_addf(out, "%02X", (unsigned char)raw.p[i]);
    str_free(&raw);
}

static bool refuse_key(const struct sb_req *q, struct sb_reply *r, const struct assertion *a,
                       const struct json *key, const char *reason)
{
    struct str text = STR_INIT;
    str_addf(&text,
             "Client assertion contains an invalid signature. [Reason - %s, Thumbprint of key used "
             "by client: '",
             reason);
    add_thumbprint(&text, a);
    str_add(&text, "'");
    if (key)
        str_addf(&text, ", Found key 'Start=%s, End=%s'", json_str(key, "startDateTime"),
                 json_str(key, "endDateTime"));
    str_add(&text, "]");
    refuse(q, r, 700027, str_p(&text));
    str_free(&text);
    return false;
}

static bool signature_good(const struct sb_req *q, struct sb_reply *r, const struct assertion *a,
                           const struct json *app)
{
    const char *alg = json_str(a->head, "alg"), *end;
    struct str der = STR_INIT;
    const struct json *key;
    int64_t end_ms = 0;
    bool ok = false;
    if (!json_member(a->head, "x5t#S256") && !json_member(a->head, "x5t"))
        return refuse(q, r, 50027,
                      "JWT token is invalid or malformed. No certificate thumbprint specified in "
                      "token header.");
    if (!str_eq(alg, "PS256") && !str_eq(alg, "RS256"))
        return refuse(q, r, 50027,
                      "JWT token is invalid or malformed. The algorithm of the client assertion "
                      "is not supported.");
    key = find_key(a, app, &der);
    end = json_str(key, "endDateTime");
    if (!key)
        refuse_key(q, r, a, NULL, "The key was not found.");
    else if (end && time_parse(end, &end_ms) && end_ms <= wall_ms())
        refuse_key(q, r, a, key, "The key used is expired.");
    else if (!verifies(a, &der))
        refuse_key(q, r, a, key,
                   "Key was found, but use of the key to verify the signature failed.");
    else
        ok = true;
    str_free(&der);
    return ok;
}

/* ---- the claims ---- */

/* What stands behind the host, or NULL for a host that is no sign-in service of this cloud. */
static const char *behind_host(const struct sb_req *q, const char *aud)
{
    static const char *const hosts[] = { "https://login.microsoftonline.com/",
                                         "https://login.windows.net/",
                                         "https://login.microsoft.com/",
                                         "https://sts.windows.net/" };
    size_t n = strlen(q->base);
    if (str_istarts(aud, q->base) && aud[n] == '/')
        return aud + n + 1;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
        if (str_istarts(aud, hosts[i]))
            return aud + strlen(hosts[i]);
    return NULL;
}

static bool audience_good(const struct sb_req *q, const char *aud, const char *tid)
{
    static const char *const tails[] = { "oauth2/v2.0/token", "oauth2/token", "v2.0", "" };
    const char *rest = aud ? behind_host(q, aud) : NULL;
    size_t n = rest ? strcspn(rest, "/") : 0;
    char tenant[256];
    if (!n || !str_fmt(tenant, sizeof(tenant), "%.*s", (int)n, rest))
        return false;
    const char *segment = sb_var(q, "tenant")[0] ? sb_var(q, "tenant") : "adfs";
    if (!str_ieq(tenant, tid) && !str_ieq(tenant, segment))
        return false;
    rest += n + (rest[n] == '/');
    for (size_t i = 0; i < ARRAY_LEN(tails); i++)
        if (str_ieq(rest, tails[i]))
            return true;
    return false;
}

/* A NumericDate may have a fraction (RFC 7519 2), and MSAL for Python sends one. */
static bool seconds(const struct json *claims, const char *name, int64_t *out)
{
    double d = 0;
    if (!json_value_double(json_member(claims, name), &d) || d < 0 || d > 1e12)
        return false;
    *out = (int64_t)d;
    return true;
}

static bool time_good(const struct sb_req *q, struct sb_reply *r, const struct json *claims)
{
    int64_t now = wall_ms() / 1000, nbf = 0, exp = 0;
    char t0[TIME_SIZE], t1[TIME_SIZE], t2[TIME_SIZE], text[400];
    bool has_nbf = seconds(claims, "nbf", &nbf), has_exp = seconds(claims, "exp", &exp);
    if (has_exp && exp > now - SKEW_S && exp <= now + LIFE_MAX_S + SKEW_S &&
        (!has_nbf || nbf <= now + SKEW_S))
        return true;
    time_iso(t0, now * 1000);
    time_iso(t1, nbf * 1000);
    time_iso(t2, exp * 1000);
    str_fmt(text, sizeof(text),
            "Client assertion is not within its valid time range. Current time: %s, assertion "
            "valid from %s, expiry time of assertion %s.",
            t0, t1, t2);
    return refuse(q, r, 700024, text);
}

static bool claims_good(const struct sb_req *q, struct sb_reply *r, const struct json *claims,
                        const struct json *app, const char *tid)
{
    const char *id = json_str(app, "appId");
    if (!str_ieq(json_str(claims, "iss"), id) || !str_ieq(json_str(claims, "sub"), id))
        return refuse(q, r, 700021,
                      "Client assertion application identifier doesn't match 'client_id' "
                      "parameter.");
    if (!audience_good(q, json_str(claims, "aud"), tid))
        return refuse(q, r, 700023,
                      "Client assertion audience claim does not match Realm issuer. Review the "
                      "documentation at https://docs.microsoft.com/azure/active-directory/develop/"
                      "active-directory-certificate-credentials .");
    return time_good(q, r, claims);
}

bool assertion_good(const struct sb_req *q, struct sb_reply *r, const struct json *app,
                    const char *tid, const char *assertion)
{
    struct assertion a;
    bool ok = parse(&a, assertion);
    if (!ok)
        refuse(q, r, 50027, "JWT token is invalid or malformed.");
    else
        ok = signature_good(q, r, &a, app) && claims_good(q, r, a.claims, app, tid);
    drop(&a);
    return ok;
}
