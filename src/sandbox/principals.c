/* principals.c - the sandbox's own service principals and the files that prove them. */
#include "config.h"

#include "sandbox/principals.h"

#include <string.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "base/i18n.h"
#include "sandbox/directory.h"
#include "sandbox/roles.h"

enum { KEY_BITS = 2048, CERT_DAYS = 3650 };

static const struct row {
    const char *name, *file, *member, *roles;
    const char *graph; /* Graph's application roles */
    bool certificate;
} rows[] = {
    { "sandbox-secret", "secret", "secretFile", ROLE_OWNER,
      "Directory.Read.All Application.ReadWrite.All AppRoleAssignment.ReadWrite.All", false },
    { "sandbox-certificate", "certificate.pem", "certificateFile",
      ROLE_CONTRIBUTOR " " ROLE_ACCESS_ADMIN, "", true },
};

static void file_of(char *out, size_t size, const char *dir, const struct row *row)
{
    str_fmt(out, size, "%s/principals/%s", dir, row->file);
}

/* ---- the application and its rights ---- */

static struct json *app_of(struct world *w, const struct row *row)
{
    JSON_EACH (a, world_section(w, "applications"))
        if (str_eq(json_str(a, "_seed"), row->name))
            return json_edit(a);
    return NULL;
}

static void give_roles(struct world *w, const char *oid, const char *tid, const char *guids)
{
    JSON_EACH (sub, world_section(w, "subscriptions")) {
        char scope[128], guid[GUID_SIZE];
        if (!str_ieq(json_str(sub, "tenantId"), tid))
            continue;
        str_fmt(scope, sizeof(scope), "/subscriptions/%s", json_str(sub, "subscriptionId"));
        for (const char *p = guids; *p; p += strspn(p, " ")) {
            size_t n = strcspn(p, " ");
            str_fmt(guid, sizeof(guid), "%.*s", (int)n, p);
            roles_grant(w, scope, oid, "ServicePrincipal", guid);
            p += n;
        }
    }
}

static void give_graph(struct world *w, const struct json *sp, const char *values)
{
    char value[64];
    dir_sync(w);
    for (const char *p = values; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        str_fmt(value, sizeof(value), "%.*s", (int)n, p);
        dir_grant_role(w, sp, dir_sp(w, json_str(sp, "_tid"), APP_GRAPH), dir_graph_role(value));
        p += n;
    }
}

static struct json *app_make(struct world *w, const struct row *row)
{
    struct json *app = dir_app_new(w, world_tenant(w), row->name), *sp;
    json_set_str(app, "_seed", row->name);
    sp = dir_sp_new(w, app);
    give_graph(w, sp, row->graph);
    give_roles(w, json_str(sp, "id"), world_tenant(w), row->roles);
    return app;
}

/* ---- the secret ---- */

static bool secret_fits(const struct json *app, const char *path)
{
    struct str text = STR_INIT;
    struct err e = { 0 };
    bool ok = false;
    if (file_read(path, 4096, &text, &e) == 0 && text.len)
        ok = dir_secret_check(app, str_trim(text.p)) == DIR_SECRET_GOOD;
    str_free(&text);
    return ok;
}

static int secret_make(struct world *w, struct json *app, const char *path, struct err *e)
{
    struct str secret = STR_INIT;
    json_set(app, "passwordCredentials", json_array());
    dir_add_password(w, app, "sandbox", "", &secret);
    int rc = file_replace(path, secret.p, secret.len, e);
    str_free(&secret);
    return rc;
}

/* ---- the certificate ---- */

static X509 *self_signed(EVP_PKEY *key, const char *name)
{
    X509 *cert = X509_new();
    unsigned char serial[8] = { 0 };
    RAND_bytes(serial, sizeof(serial));
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
                            (uint64_t)serial[0] << 24 | (uint64_t)serial[1] << 16 |
                                (uint64_t)serial[2] << 8 | serial[3] | 1);
    X509_set_version(cert, 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400L);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * CERT_DAYS);
    X509_set_pubkey(cert, key);
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(cert, subject);
    if (X509_sign(cert, key, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

static int write_pem(const char *path, EVP_PKEY *key, X509 *cert, struct err *e)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    int rc = -1;
    if (PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) &&
        PEM_write_bio_X509(bio, cert)) {
        long n = BIO_get_mem_data(bio, &pem);
        rc = file_replace(path, pem, (size_t)n, e);
    } else {
        err_set(e, ERR_SYSTEM, 0, _("OpenSSL could not make a certificate."));
    }
    BIO_free(bio);
    return rc;
}

static struct json *credential_of(X509 *cert, const char *name)
{
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    struct json *k = n > 0 ? dir_key_credential(der, (size_t)n, name) : NULL;
    OPENSSL_free(der);
    return k;
}

/* The file's certificate stands in the application, or is put there. False: make a new one. */
static bool certificate_fits(struct world *w, struct json *app, const char *path)
{
    struct str pem = STR_INIT;
    struct err e = { 0 };
    struct json *k = NULL, *keys;
    if (file_read(path, 64 * 1024, &pem, &e) == 0) {
        BIO *bio = BIO_new_mem_buf(str_p(&pem), (int)pem.len);
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        k = cert ? credential_of(cert, "sandbox") : NULL;
        X509_free(cert);
        BIO_free(bio);
    }
    str_free(&pem);
    if (!k)
        return false;
    if (str_eq(json_str(k, "key"), json_str(app, "keyCredentials.0.key"))) {
        json_free(k);
        return true;
    }
    keys = json_array();
    json_push(keys, k);
    json_set(app, "keyCredentials", keys);
    world_touch(w);
    return true;
}

static int certificate_make(struct world *w, struct json *app, const char *path, struct err *e)
{
    EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
    X509 *cert = key ? self_signed(key, json_str(app, "displayName")) : NULL;
    int rc = cert ? write_pem(path, key, cert, e)
                  : err_set(e, ERR_SYSTEM, 0, _("OpenSSL could not make a certificate."));
    X509_free(cert);
    EVP_PKEY_free(key);
    if (rc == 0 && !certificate_fits(w, app, path))
        rc = err_set(e, ERR_SYSTEM, 0, _("OpenSSL could not make a certificate."));
    return rc;
}

/* ---- */

int principals_prepare(const char *dir, struct world *w, struct err *e)
{
    char path[700];
    str_fmt(path, sizeof(path), "%s/principals", dir);
    int rc = file_mkdirs(path, e);
    for (size_t i = 0; i < ARRAY_LEN(rows) && rc == 0; i++) {
        struct json *app = app_of(w, &rows[i]);
        if (!app)
            app = app_make(w, &rows[i]);
        file_of(path, sizeof(path), dir, &rows[i]);
        if (rows[i].certificate)
            rc = certificate_fits(w, app, path) ? 0 : certificate_make(w, app, path, e);
        else
            rc = secret_fits(app, path) ? 0 : secret_make(w, app, path, e);
    }
    world_save(w);
    return rc;
}

struct json *principals_list(const char *dir, struct world *w)
{
    struct json *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct json *app = app_of(w, &rows[i]);
        const char *tid = json_str(app, "_tid");
        const struct json *sp = app ? dir_sp(w, tid, json_str(app, "appId")) : NULL;
        char path[700];
        if (!sp)
            continue;
        struct json *one = json_object();
        file_of(path, sizeof(path), dir, &rows[i]);
        json_set_str(one, "name", rows[i].name);
        json_set_str(one, "clientId", json_str(app, "appId"));
        json_set_str(one, "objectId", json_str(sp, "id"));
        json_set_str(one, "tenant", tid);
        json_set_str(one, rows[i].member, path);
        json_push(list, one);
    }
    return list;
}
