/* client_credentials: a secret, a certificate's assertion, and each way in which they are refused.
 */
#include "config.h"

#include "testing.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "rig.h"
#include "sandbox/directory.h"

int test_sandbox_client_credentials(void);

#define ARM       "https://management.azure.com/.default"
#define CLI       RIG_CLIENT
#define ASSERTION "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* ---- an application with a secret and a certificate ---- */

static struct world *w;
static struct json *app, *sp;
static char secret[64], tid[GUID_SIZE];
static EVP_PKEY *key, *other_key;
static struct str der;

static void make_certificate(void)
{
    X509 *cert = X509_new();
    unsigned char *out = NULL;
    key = EVP_RSA_gen(2048);
    other_key = EVP_RSA_gen(2048);
    X509_set_version(cert, 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400L);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400L);
    X509_set_pubkey(cert, key);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    int n = i2d_X509(cert, &out);
    str_addn(&der, out, (size_t)n);
    OPENSSL_free(out);
    X509_free(cert);
}

static void setup(void)
{
    struct str s = STR_INIT;
    w = rig_world();
    if (app)
        return;
    assert_true(STR_SET(tid, world_tenant(w)));
    make_certificate();
    app = dir_app_new(w, tid, "probe");
    sp = dir_sp_new(w, app);
    dir_add_password(w, app, "one", "", &s);
    assert_true(STR_SET(secret, str_p(&s)));
    str_free(&s);
    json_push(json_edit(json_member(app, "keyCredentials")),
              dir_key_credential(der.p, der.len, "probe"));
}

/* ---- asking ---- */

static struct rig_answer ask_at(const char *tenant, const char *token, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static struct rig_answer ask_at(const char *tenant, const char *token, const char *fmt, ...)
{
    struct str body = STR_INIT;
    char path[200];
    va_list ap;
    str_add(&body, "grant_type=client_credentials&");
    va_start(ap, fmt);
    str_addv(&body, fmt, ap);
    va_end(ap);
    str_fmt(path, sizeof(path), "/%s/oauth2/v2.0/token", tenant);
    struct rig_answer a = rig_ask("POST", path, NULL, str_p(&body), token);
    str_free(&body);
    return a;
}

static void expect(struct rig_answer a, int status, const char *error, int aadsts)
{
    int64_t n = 0;
    json_int(a.json, "error_codes.0", &n);
    if (a.status != status || !str_eq(json_str(a.json, "error"), error) || n != aadsts)
        fail_msg("status %d code %d: %s", a.status, (int)n,
                 json_str(a.json, "error_description") ? json_str(a.json, "error_description")
                                                       : "no error");
    rig_free(&a);
}

static void expect_token(struct rig_answer a, const char *proof)
{
    bool expired;
    if (a.status != 200)
        fail_msg("status %d: %s", a.status, json_str(a.json, "error_description"));
    struct json *t = jwt_verify(json_str(a.json, "access_token"), &expired);
    assert_string_equal(json_str(t, "aud"), "https://management.azure.com");
    assert_string_equal(json_str(t, "idtyp"), "app");
    assert_string_equal(json_str(t, "appid"), json_str(app, "appId"));
    assert_string_equal(json_str(t, "oid"), json_str(sp, "id"));
    assert_string_equal(json_str(t, "appidacr"), proof);
    assert_null(json_str(t, "upn"));
    assert_null(json_str(t, "scp"));
    assert_null(json_str(a.json, "refresh_token"));
    assert_null(json_str(a.json, "id_token"));
    json_free(t);
    rig_free(&a);
}

static struct rig_answer with_secret(const char *text)
{
    return ask_at(tid, NULL, "client_id=%s&client_secret=%s&scope=%s", json_str(app, "appId"), text,
                  ARM);
}

/* ---- assertions ---- */

struct claim {
    const char *alg, *iss, *aud;
    int64_t nbf, life;
    EVP_PKEY *signer;
    bool sha1, no_thumb;
};

static void add_part(struct str *out, struct json *owned)
{
    struct str text = STR_INIT;
    json_write(&text, owned);
    str_add_b64url(out, str_p(&text), text.len);
    str_free(&text);
    json_free(owned);
}

static struct json *head_of(const struct claim *c)
{
    unsigned char sum[32];
    struct json *head = json_object();
    struct str thumb = STR_INIT;
    json_set_str(head, "alg", c->alg);
    json_set_str(head, "typ", "JWT");
    if (c->sha1)
        SHA1((unsigned char *)der.p, der.len, sum);
    else
        SHA256((unsigned char *)der.p, der.len, sum);
    str_add_b64url(&thumb, sum, c->sha1 ? 20 : 32);
    if (!c->no_thumb)
        json_set_str(head, c->sha1 ? "x5t" : "x5t#S256", str_p(&thumb));
    str_free(&thumb);
    return head;
}

static void sign(struct str *out, const struct claim *c)
{
    unsigned char sig[512];
    size_t n = sizeof(sig);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *kctx = NULL;
    assert_int_equal(
        EVP_DigestSignInit(ctx, &kctx, EVP_sha256(), NULL, c->signer ? c->signer : key), 1);
    if (str_eq(c->alg, "PS256")) {
        EVP_PKEY_CTX_set_rsa_padding(kctx, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(kctx, RSA_PSS_SALTLEN_DIGEST);
    }
    assert_int_equal(EVP_DigestSign(ctx, sig, &n, (unsigned char *)out->p, out->len), 1);
    EVP_MD_CTX_free(ctx);
    str_addc(out, '.');
    str_add_b64url(out, sig, n);
}

static struct rig_answer with_assertion(const struct claim *c)
{
    struct str jwt = STR_INIT;
    struct json *claims = json_object();
    char aud[200];
    int64_t now = wall_ms() / 1000;
    str_fmt(aud, sizeof(aud), "https://127.0.0.1:4433/%s/oauth2/v2.0/token", tid);
    json_set_str(claims, "aud", c->aud ? c->aud : aud);
    json_set_str(claims, "iss", c->iss ? c->iss : json_str(app, "appId"));
    json_set_str(claims, "sub", c->iss ? c->iss : json_str(app, "appId"));
    json_set_str(claims, "jti", "1");
    json_set_int(claims, "nbf", now + c->nbf);
    json_set(claims, "exp", json_double((double)(now + c->nbf + (c->life ? c->life : 600)) + 0.25));
    add_part(&jwt, head_of(c));
    str_addc(&jwt, '.');
    add_part(&jwt, claims);
    sign(&jwt, c);
    struct rig_answer a = ask_at(
        tid, NULL, "client_id=%s&client_assertion_type=" ASSERTION "&client_assertion=%s&scope=%s",
        json_str(app, "appId"), str_p(&jwt), ARM);
    str_free(&jwt);
    return a;
}

/* ---- tests ---- */

static void a_secret_brings_a_token_of_the_principal(void **state)
{
    struct str id = STR_INIT, b64 = STR_INIT, basic = STR_INIT;
    (void)state;
    setup();
    expect_token(with_secret(secret), "1");
    str_addf(&id, "%s:", json_str(app, "appId"));
    str_add_url(&id, secret); /* each half is encoded before they are joined */
    str_add_b64(&b64, id.p, id.len);
    str_addf(&basic, "Basic %s", str_p(&b64));
    expect_token(ask_at(tid, str_p(&basic), "scope=" ARM), "1");
    expect_token(ask_at("contoso.onmicrosoft.com", str_p(&basic), "scope=" ARM), "1");
    expect(ask_at(tid, str_p(&basic), "client_id=" CLI "&scope=" ARM), 400, "invalid_request",
           90014);
    str_free(&id);
    str_free(&b64);
    str_free(&basic);
}

static void a_wrong_or_old_secret_is_refused(void **state)
{
    struct str old = STR_INIT;
    (void)state;
    setup();
    expect(with_secret("wrong"), 401, "invalid_client", 7000215);
    expect(with_secret(json_str(app, "passwordCredentials.0.keyId")), 401, "invalid_client",
           7000215);
    dir_add_password(w, app, "old", "2020-01-01T00:00:00Z", &old);
    expect(with_secret(str_p(&old)), 401, "invalid_client", 7000222);
    str_free(&old);
    expect(ask_at(tid, NULL, "client_id=%s&scope=" ARM, json_str(app, "appId")), 401,
           "invalid_client", 7000218);
}

static void an_assertion_brings_a_token(void **state)
{
    char issuer[200];
    (void)state;
    setup();
    expect_token(with_assertion(&(struct claim){ .alg = "PS256" }), "2");
    expect_token(with_assertion(&(struct claim){ .alg = "RS256", .sha1 = true }), "2");
    str_fmt(issuer, sizeof(issuer), "https://login.microsoftonline.com/%s/v2.0", tid);
    expect_token(with_assertion(&(struct claim){ .alg = "PS256", .aud = issuer }), "2");
}

static void a_bad_assertion_is_refused(void **state)
{
    static const struct {
        struct claim c;
        int aadsts;
    } rows[] = {
        { { .alg = "HS256" }, 50027 },
        { { .alg = "PS256", .no_thumb = true }, 50027 },
        { { .alg = "PS256", .iss = CLI }, 700021 },
        { { .alg = "PS256", .aud = "https://login.microsoftonline.com/common/v2.0" }, 700023 },
        { { .alg = "PS256", .aud = "https://evil.example/x/oauth2/v2.0/token" }, 700023 },
        { { .alg = "PS256", .nbf = -4000 }, 700024 }, /* over */
        { { .alg = "PS256", .nbf = 4000 }, 700024 },  /* not yet */
        { { .alg = "PS256", .life = 3600 }, 700024 }, /* too long */
    };
    (void)state;
    setup();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect(with_assertion(&rows[i].c), 401, "invalid_client", rows[i].aadsts);
    struct rig_answer a = with_assertion(&(struct claim){ .alg = "PS256", .signer = other_key });
    assert_non_null(strstr(json_str(a.json, "error_description"), "Key was found, but"));
    expect(a, 401, "invalid_client", 700027);
    expect(ask_at(tid, NULL,
                  "client_id=%s&client_assertion_type=" ASSERTION "&client_assertion=x.y&scope=%s",
                  json_str(app, "appId"), ARM),
           401, "invalid_client", 50027);
}

static void a_certificate_that_is_not_registered_or_over_is_refused(void **state)
{
    struct json *keys, *k;
    (void)state;
    setup();
    keys = json_copy(json_member(app, "keyCredentials"));
    k = json_edit(json_first(json_member(app, "keyCredentials")));
    json_set_str(k, "endDateTime", "2020-01-01T00:00:00Z");
    struct rig_answer a = with_assertion(&(struct claim){ .alg = "PS256" });
    assert_non_null(strstr(json_str(a.json, "error_description"), "The key used is expired"));
    expect(a, 401, "invalid_client", 700027);
    json_set(app, "keyCredentials", json_array());
    a = with_assertion(&(struct claim){ .alg = "RS256", .sha1 = true });
    assert_non_null(strstr(json_str(a.json, "error_description"), "The key was not found"));
    expect(a, 401, "invalid_client", 700027);
    json_set(app, "keyCredentials", keys);
    expect_token(with_assertion(&(struct claim){ .alg = "PS256" }), "2");
}

static void an_unknown_or_disabled_client_is_refused(void **state)
{
    const char *second =
        json_str(json_next(json_first(world_section(rig_world(), "tenants"))), "tenantId");
    (void)state;
    setup();
    expect(ask_at(tid, NULL,
                  "client_id=11111111-1111-4111-8111-111111111111&client_secret=x&scope=" ARM),
           400, "unauthorized_client", 700016);
    expect(ask_at(second, NULL, "client_id=%s&client_secret=%s&scope=" ARM, json_str(app, "appId"),
                  secret),
           400, "unauthorized_client", 700016);
    expect(ask_at(tid, NULL, "client_id=" CLI "&client_secret=x&scope=" ARM), 401, "invalid_client",
           700025);
    json_set_bool(sp, "accountEnabled", false);
    expect(with_secret(secret), 400, "unauthorized_client", 7000112);
    json_set_bool(sp, "accountEnabled", true);
}

static void one_resource_of_one_tenant(void **state)
{
    static const struct {
        const char *tenant, *scope, *error;
        int aadsts;
    } rows[] = {
        { "common", ARM, "invalid_request", 9001023 },
        { "consumers", ARM, "invalid_request", 9001023 },
        { "organizations", ARM, "invalid_request", 50059 },
        { "nowhere.example", ARM, "invalid_request", 90002 },
        { NULL, "https://management.azure.com/user_impersonation", "invalid_scope", 1002012 },
        { NULL, ARM " offline_access", "invalid_scope", 1002012 },
        { NULL, ARM " https://graph.microsoft.com/.default", "invalid_scope", 28000 },
        { NULL, "https://nothing.example/.default", "invalid_resource", 500011 },
    };
    (void)state;
    setup();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect(ask_at(rows[i].tenant ? rows[i].tenant : tid, NULL,
                      "client_id=%s&client_secret=%s&scope=%s", json_str(app, "appId"), secret,
                      rows[i].scope),
               400, rows[i].error, rows[i].aadsts);
}

static void adfs_has_the_same_services_without_a_tenant(void **state)
{
    char body[300];
    (void)state;
    setup();
    struct rig_answer a =
        rig_ask("GET", "/adfs/.well-known/openid-configuration", NULL, NULL, NULL);
    assert_string_equal(json_str(a.json, "token_endpoint"),
                        "https://127.0.0.1:4433/adfs/oauth2/token");
    assert_string_equal(json_str(a.json, "device_authorization_endpoint"),
                        "https://127.0.0.1:4433/adfs/oauth2/devicecode");
    assert_string_equal(json_str(a.json, "issuer"), "https://127.0.0.1:4433/adfs");
    rig_free(&a);
    str_fmt(body, sizeof(body),
            "grant_type=client_credentials&client_id=%s&client_secret=%s&scope=" ARM,
            json_str(app, "appId"), secret);
    expect_token(rig_ask("POST", "/adfs/oauth2/token", NULL, body, NULL), "1");
    a = rig_ask("POST", "/adfs/oauth2/devicecode", NULL, "client_id=" CLI "&scope=" ARM, NULL);
    assert_int_equal(a.status, 200);
    rig_free(&a);
}

static void users_grants_judge_the_client_too(void **state)
{
    static const char refresh[] = "grant_type=refresh_token&refresh_token=x&client_id=%s%s";
    char body[300], path[100];
    (void)state;
    setup();
    str_fmt(path, sizeof(path), "/%s/oauth2/v2.0/token", tid);
    str_fmt(body, sizeof(body), refresh, CLI, "&client_secret=x");
    expect(rig_ask("POST", path, NULL, body, NULL), 401, "invalid_client", 700025);
    str_fmt(body, sizeof(body), refresh, json_str(app, "appId"), "");
    expect(rig_ask("POST", path, NULL, body, NULL), 401, "invalid_client", 7000218);
    json_set_bool(app, "isFallbackPublicClient", true);
    expect(rig_ask("POST", path, NULL, body, NULL), 400, "invalid_grant", 70000);
    json_set(app, "isFallbackPublicClient", json_null());
}

int test_sandbox_client_credentials(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_brings_a_token_of_the_principal),
        cmocka_unit_test(a_wrong_or_old_secret_is_refused),
        cmocka_unit_test(an_assertion_brings_a_token),
        cmocka_unit_test(a_bad_assertion_is_refused),
        cmocka_unit_test(a_certificate_that_is_not_registered_or_over_is_refused),
        cmocka_unit_test(an_unknown_or_disabled_client_is_refused),
        cmocka_unit_test(one_resource_of_one_tenant),
        cmocka_unit_test(adfs_has_the_same_services_without_a_tenant),
        cmocka_unit_test(users_grants_judge_the_client_too),
    };
    int rc = TEST_GROUP("sandbox/client_credentials", tests);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    str_free(&der);
    return rc;
}
