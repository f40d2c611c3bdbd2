/* ca.c - the sandbox's certificate authority and its one server certificate (P-256, X.509 v3), kept
 * in DIR. The names: real-clients.md 7.1 (public host names for clients that come through the
 * CONNECT port). */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "base/i18n.h"
#include "sandbox/clouds.h"

#define CA_DAYS     3650
#define SERVER_DAYS 800 /* some clients refuse leaf certificates of more than 825 days */
#define RENEW_DAYS  30
/* The address stands among the DNS names, too: w3m looks for it only there. */
#define OWN_NAMES "IP:127.0.0.1,IP:::1,DNS:localhost,DNS:127.0.0.1"

struct pair {
    EVP_PKEY *key;
    X509 *cert;
};

static void pair_free(struct pair *p)
{
    EVP_PKEY_free(p->key);
    X509_free(p->cert);
    p->key = NULL;
    p->cert = NULL;
}

static int write_bio(const char *dir, const char *name, BIO *bio, struct err *e)
{
    char path[600], *pem = NULL;
    str_fmt(path, sizeof(path), "%s/%s", dir, name);
    long n = BIO_get_mem_data(bio, &pem);
    return file_replace(path, pem, (size_t)n, e);
}

static int pair_write(const char *dir, const char *stem, const struct pair *p, struct err *e)
{
    char name[64];
    BIO *key = BIO_new(BIO_s_mem()), *cert = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(key, p->key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(cert, p->cert);
    str_fmt(name, sizeof(name), "%s.key", stem);
    int rc = write_bio(dir, name, key, e);
    str_fmt(name, sizeof(name), "%s.pem", stem);
    if (rc == 0)
        rc = write_bio(dir, name, cert, e);
    BIO_free(key);
    BIO_free(cert);
    return rc;
}

static BIO *read_bio(const char *dir, const char *stem, const char *ending, struct str *text)
{
    char path[600];
    struct err e = { 0 };
    str_fmt(path, sizeof(path), "%s/%s.%s", dir, stem, ending);
    if (file_read(path, 64 * 1024, text, &e) < 0)
        return NULL;
    return BIO_new_mem_buf(str_p(text), (int)text->len);
}

/* False when a part is missing, broken, or soon over: then both are made again. */
static bool pair_read(const char *dir, const char *stem, struct pair *p)
{
    struct str text = STR_INIT;
    BIO *bio = read_bio(dir, stem, "key", &text);
    p->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    str_reset(&text);
    bio = read_bio(dir, stem, "pem", &text);
    p->cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    str_free(&text);
    int days = 0, seconds = 0;
    if (p->key && p->cert && X509_check_private_key(p->cert, p->key) &&
        ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(p->cert)) && days >= RENEW_DAYS)
        return true;
    pair_free(p);
    return false;
}

static bool add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = ext && X509_add_ext(cert, ext, -1);
    X509_EXTENSION_free(ext);
    return ok;
}

static bool add_names(X509 *cert, X509 *issuer)
{
    struct str names = STR_INIT;
    str_add(&names, OWN_NAMES);
    sb_cloud_cert_names(&names);
    bool ok = add_ext(cert, issuer, NID_subject_alt_name, str_p(&names));
    str_free(&names);
    return ok;
}

/* A certificate of an earlier version knows fewer hosts. */
static bool has_names(X509 *cert)
{
    for (size_t i = 0; i < sb_cloud_count; i++)
        if (X509_check_host(cert, sb_clouds[i].arm, 0, 0, NULL) != 1)
            return false;
    return true;
}

static void set_serial(X509 *cert)
{
    unsigned char bytes[16] = { 0 };
    RAND_bytes(bytes, sizeof(bytes));
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *bn = BN_bin2bn(bytes, sizeof(bytes), NULL);
    BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));
    BN_free(bn);
}

/* issuer NULL: self-signed, an authority. */
static bool pair_make(struct pair *p, const struct pair *issuer, const char *name, int days)
{
    p->key = EVP_EC_gen("P-256");
    p->cert = X509_new();
    X509 *by = issuer ? issuer->cert : p->cert;
    if (!p->key || !p->cert)
        return false;
    X509_set_version(p->cert, 2);
    set_serial(p->cert);
    X509_gmtime_adj(X509_getm_notBefore(p->cert), -86400L);
    X509_gmtime_adj(X509_getm_notAfter(p->cert), 86400L * days);
    X509_set_pubkey(p->cert, p->key);
    X509_NAME *subject = X509_get_subject_name(p->cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(p->cert, X509_get_subject_name(by));
    bool ok = add_ext(p->cert, by, NID_subject_key_identifier, "hash");
    if (issuer)
        ok = ok && add_ext(p->cert, by, NID_basic_constraints, "critical,CA:FALSE") &&
             add_ext(p->cert, by, NID_key_usage, "critical,digitalSignature") &&
             add_ext(p->cert, by, NID_ext_key_usage, "serverAuth") && add_names(p->cert, by) &&
             add_ext(p->cert, by, NID_authority_key_identifier, "keyid");
    else
        ok = ok && add_ext(p->cert, by, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
             add_ext(p->cert, by, NID_key_usage, "critical,keyCertSign,cRLSign");
    return ok && X509_sign(p->cert, issuer ? issuer->key : p->key, EVP_sha256()) > 0;
}

static int pair_renew(const char *dir, const char *stem, struct pair *p, const struct pair *issuer,
                      struct err *e)
{
    const char *name = issuer ? "azlosandbox" : "azlosandbox authority (rehearsal only)";
    if (!pair_make(p, issuer, name, issuer ? SERVER_DAYS : CA_DAYS))
        return err_set(e, ERR_SYSTEM, 0, _("OpenSSL could not make a certificate."));
    return pair_write(dir, stem, p, e);
}

int ca_init(const char *dir, struct err *e)
{
    struct pair ca = { 0 }, server = { 0 };
    int rc = 0;
    bool had_ca = pair_read(dir, "ca", &ca);
    if (!had_ca)
        rc = pair_renew(dir, "ca", &ca, NULL, e);
    bool had_server = had_ca && pair_read(dir, "server", &server) &&
                      X509_verify(server.cert, ca.key) == 1 && has_names(server.cert);
    if (rc == 0 && !had_server) {
        pair_free(&server);
        rc = pair_renew(dir, "server", &server, &ca, e);
    }
    pair_free(&ca);
    pair_free(&server);
    return rc < 0 ? err_wrap(e, "certificates in %s", dir) : 0;
}
