#include "config.h"

#include "node/certificate.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/json.h"
#include "base/loop.h"

enum { KEY_BITS = 2048, LIFE_DAYS = 730, ASSERTION_S = 600, PEM_MAX = 256 * 1024 };
#define DAY_MS INT64_C(86400000)

void certificate_clear(struct certificate *c)
{
    str_free(&c->der);
    *c = (struct certificate){ 0 };
}

/* ---- making ---- */

static X509 *self_signed(EVP_PKEY *key, const char *name)
{
    X509 *cert = X509_new();
    unsigned char serial[8] = { 0 };
    uint64_t number = 0;
    X509_NAME *subject;

    RAND_bytes(serial, sizeof(serial));
    for (size_t i = 0; i < sizeof(serial); i++)
        number = number << 8 | serial[i];
    X509_set_version(cert, 2);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), number >> 1 | 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_time_adj_ex(X509_getm_notAfter(cert), LIFE_DAYS, 0, NULL);
    X509_set_pubkey(cert, key);
    subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(cert, subject);
    if (X509_sign(cert, key, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

static int failed(struct err *e)
{
    return err_set(e, ERR_NODE, 0, _("OpenSSL could not make a certificate."));
}

static int write_both(const char *path, EVP_PKEY *key, X509 *cert, struct err *e)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    int rc = -1;

    if (PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) &&
        PEM_write_bio_X509(bio, cert)) {
        long n = BIO_get_mem_data(bio, &text);

        rc = file_replace(path, text, (size_t)n, e);
        explicit_bzero(text, (size_t)n);
    } else {
        failed(e);
    }
    BIO_free(bio);
    return rc;
}

int certificate_make(const char *path, const char *name, struct err *e)
{
    EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
    X509 *cert = key ? self_signed(key, name) : NULL;
    int rc = cert ? write_both(path, key, cert, e) : failed(e);

    X509_free(cert);
    EVP_PKEY_free(key);
    return rc;
}

/* ---- reading ---- */

struct pair {
    X509 *cert;
    EVP_PKEY *key;
};

static void pair_free(struct pair *p)
{
    X509_free(p->cert);
    EVP_PKEY_free(p->key);
}

/* A key with a password is not asked for one. */
static int no_password(char *buf, int size, int writing, void *payload)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)payload;
    return -1;
}

static int read_pair(const char *path, struct pair *p, struct err *e)
{
    struct str text = STR_INIT;
    BIO *bio;
    int rc = file_read(path, PEM_MAX, &text, e);

    *p = (struct pair){ 0 };
    if (rc == 0) {
        bio = BIO_new_mem_buf(str_p(&text), (int)text.len);
        p->cert = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        BIO_free(bio);
        bio = BIO_new_mem_buf(str_p(&text), (int)text.len);
        p->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
        BIO_free(bio);
        if (!p->cert || !p->key || !EVP_PKEY_is_a(p->key, "RSA") ||
            !X509_check_private_key(p->cert, p->key))
            rc = err_set(e, ERR_NODE, ERR_C_CORRUPT,
                         _("%s does not hold a certificate and its RSA key in PEM's form."), path);
    }
    if (text.p)
        explicit_bzero(text.p, text.len);
    str_free(&text);
    if (rc != 0) {
        pair_free(p);
        *p = (struct pair){ 0 };
    }
    return rc;
}

static void describe(struct certificate *c, X509 *cert)
{
    unsigned char *der = NULL, sum[SHA_DIGEST_LENGTH];
    struct tm tm = { 0 };
    int n = i2d_X509(cert, &der);

    str_addn(&c->der, (const char *)der, n > 0 ? (size_t)n : 0);
    OPENSSL_free(der);
    SHA1((const unsigned char *)str_p(&c->der), c->der.len, sum);
    for (size_t i = 0; i < sizeof(sum); i++)
        str_fmt(c->thumbprint + 2 * i, 3, "%02X", sum[i]);
    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm))
        time_iso(c->not_after, (int64_t)timegm(&tm) * 1000);
}

int certificate_load(const char *path, struct certificate *c, struct err *e)
{
    struct pair p;

    *c = (struct certificate){ 0 };
    if (read_pair(path, &p, e) != 0)
        return -1;
    describe(c, p.cert);
    pair_free(&p);
    return 0;
}

int64_t certificate_days(const struct certificate *c, int64_t now)
{
    int64_t end = 0;

    if (!time_parse(c->not_after, &end))
        return -1;
    return end >= now ? (end - now) / DAY_MS : -1;
}

/* Windows' own dialogues show the digits in pairs, and with an unseen mark before them. */
static void only_digits(char out[THUMBPRINT_SIZE], const char *text)
{
    size_t n = 0;

    for (; *text && n + 1 < THUMBPRINT_SIZE; text++)
        if (strchr("0123456789abcdefABCDEF", *text))
            out[n++] = *text;
    out[n] = '\0';
}

int certificate_find(const char *dir, const char *thumbprint, char *path, size_t size,
                     struct err *e)
{
    char want[THUMBPRINT_SIZE];
    DIR *d = opendir(dir);
    bool found = false;
    struct dirent *f;

    only_digits(want, thumbprint);
    while (d && !found && (f = readdir(d))) {
        struct certificate c = { 0 };
        struct err ignored = { 0 };

        if (!str_ends(f->d_name, ".pem") || !str_fmt(path, size, "%s/%s", dir, f->d_name))
            continue;
        found = certificate_load(path, &c, &ignored) == 0 && str_ieq(c.thumbprint, want);
        certificate_clear(&c);
    }
    if (d)
        closedir(d);
    return found ? 0
                 : err_set(e, ERR_NODE, ERR_C_NOT_FOUND,
                           _("There is no certificate with the thumbprint %s and its key in %s."),
                           want, dir);
}

/* ---- the assertion ---- */

static void add_part(struct str *out, const struct json *j)
{
    struct str text = STR_INIT;

    json_write(&text, j);
    str_add_b64url(out, str_p(&text), text.len);
    str_free(&text);
}

static struct json *head_of(X509 *cert)
{
    struct json *j = json_object();
    unsigned char *der = NULL, sum[SHA256_DIGEST_LENGTH];
    struct str b64 = STR_INIT;
    int n = i2d_X509(cert, &der);

    SHA256(der, n > 0 ? (size_t)n : 0, sum);
    OPENSSL_free(der);
    str_add_b64url(&b64, sum, sizeof(sum));
    json_set_str(j, "alg", "PS256");
    json_set_str(j, "typ", "JWT");
    json_set_str(j, "x5t#S256", str_p(&b64));
    str_free(&b64);
    return j;
}

static struct json *claims_of(const char *audience, const char *client_id)
{
    struct json *j = json_object();
    int64_t now = wall_ms() / 1000;
    char id[GUID_SIZE];

    guid_random(id);
    json_set_str(j, "aud", audience);
    json_set_str(j, "iss", client_id);
    json_set_str(j, "sub", client_id);
    json_set_str(j, "jti", id);
    json_set_int(j, "nbf", now);
    json_set_int(j, "iat", now);
    json_set_int(j, "exp", now + ASSERTION_S);
    return j;
}

static bool sign(struct str *out, EVP_PKEY *key)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *k = NULL;
    unsigned char sum[1024];
    size_t n = sizeof(sum);
    bool ok = EVP_DigestSignInit(ctx, &k, EVP_sha256(), NULL, key) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING) > 0 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(k, RSA_PSS_SALTLEN_DIGEST) > 0 &&
              EVP_DigestSign(ctx, sum, &n, (const unsigned char *)out->p, out->len) == 1;

    EVP_MD_CTX_free(ctx);
    if (ok) {
        str_addc(out, '.');
        str_add_b64url(out, sum, n);
    }
    return ok;
}

int certificate_assertion(const char *path, const char *audience, const char *client_id,
                          struct str *out, struct err *e)
{
    struct json *head, *claims;
    struct pair p;
    int rc;

    if (read_pair(path, &p, e) != 0)
        return -1;
    head = head_of(p.cert);
    claims = claims_of(audience, client_id);
    add_part(out, head);
    str_addc(out, '.');
    add_part(out, claims);
    rc = sign(out, p.key)
             ? 0
             : err_set(e, ERR_NODE, 0, _("The certificate's key could not sign: %s"), path);
    json_free(head);
    json_free(claims);
    pair_free(&p);
    return rc;
}
