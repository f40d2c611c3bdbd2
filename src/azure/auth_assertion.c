/* auth_assertion.c - the signed assertion by which a client with a certificate proves itself
 * (RFC 7523): PS256 with x5t#S256, as Entra wants it today (azure-wire.md 1.4.4 to 1.4.7). Only RSA
 * keys are taken: that Entra refuses others is inferred there, and the safe side is to say so
 * before anything is sent. x5c, the certificates themselves, goes along when it is asked for
 * (AZURE_CLIENT_SEND_CERTIFICATE_CHAIN; RFC 7515 4.1.6: the key's own first). OpenSSL's memory is
 * wiped when it is freed (the core sets its allocator). */
#include "config.h"

#include "azure/auth_int.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/i18n.h"

#define LIFE_S 600 /* azure-wire.md 1.4.6: at most */

struct identity {
    X509 *cert;
    EVP_PKEY *key;
    STACK_OF(X509) * others; /* those that stand beside it, in their order */
    bool unreadable;         /* neither PEM nor PKCS #12 */
    bool locked;             /* the password is missing or wrong */
};

static void drop(struct identity *id)
{
    X509_free(id->cert);
    EVP_PKEY_free(id->key);
    sk_X509_pop_free(id->others, X509_free);
    ERR_clear_error();
}

/* Never asks a terminal, as OpenSSL's own would. */
static int give_password(char *buf, int size, int writing, void *payload)
{
    const struct secret *p = payload;

    (void)writing;
    if (!p || !secret_is(p) || p->len > (size_t)size)
        return -1;
    memcpy(buf, p->p, p->len);
    return (int)p->len;
}

static void read_pem(struct identity *id, const struct secret *text, const struct secret *password)
{
    BIO *b = BIO_new_mem_buf(text->p, (int)text->len);
    X509 *cert, *first;

    id->key = PEM_read_bio_PrivateKey(b, NULL, give_password, (void *)password);
    id->locked = !id->key && memmem(text->p, text->len, "ENCRYPTED", 9) != NULL;
    BIO_reset(b);
    id->others = sk_X509_new_null();
    /* A chain may stand beside it: the certificate is the one that fits the key, else the first. */
    while ((cert = PEM_read_bio_X509(b, NULL, give_password, NULL)) != NULL) {
        if (!id->cert && id->key && X509_check_private_key(cert, id->key) == 1)
            id->cert = cert;
        else
            sk_X509_push(id->others, cert);
    }
    first = id->cert ? NULL : sk_X509_shift(id->others);
    if (first)
        id->cert = first;
    BIO_free(b);
}

/* The check of the whole tells a wrong password from a cipher that OpenSSL lacks; a file may come
 * without it (openssl pkcs12 -nomac). */
static void read_pkcs12(struct identity *id, const struct secret *bytes,
                        const struct secret *password)
{
    const unsigned char *p = (const unsigned char *)bytes->p;
    PKCS12 *box = d2i_PKCS12(NULL, &p, (long)bytes->len);
    const char *word = password && secret_is(password) ? password->p : "";

    if (!box) {
        id->unreadable = true;
    } else if (PKCS12_parse(box, word, &id->key, &id->cert, &id->others) != 1) {
        id->locked = !PKCS12_mac_present(box) || (PKCS12_verify_mac(box, word, -1) != 1 &&
                                                  (*word || PKCS12_verify_mac(box, NULL, 0) != 1));
        id->unreadable = !id->locked;
    }
    PKCS12_free(box);
}

static int no_key(const struct identity *id, bool given, struct err *e)
{
    if (id->locked && given)
        return err_set(e, ERR_USAGE, ERR_C_PASSWORD, "%s",
                       _("The private key is encrypted, and the password does not open it."));
    if (id->locked)
        return err_set(e, ERR_USAGE, ERR_C_PASSWORD, "%s",
                       _("The private key is encrypted: its password is needed."));
    return err_set(e, ERR_USAGE, 0, "%s", _("The certificate's file holds no private key."));
}

static int judge(const struct identity *id, bool given, struct err *e)
{
    if (id->unreadable)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The certificate's file is neither PEM nor PKCS #12, or encrypted with a "
                         "cipher that OpenSSL does not know today (RC2): export it anew."));
    if (!id->key)
        return no_key(id, given, e);
    if (!id->cert)
        return err_set(e, ERR_USAGE, 0, "%s", _("The certificate's file holds no certificate."));
    if (X509_check_private_key(id->cert, id->key) != 1)
        return err_set(e, ERR_USAGE, 0, "%s", _("The private key is not that of the certificate."));
    if (!EVP_PKEY_is_a(id->key, "RSA"))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The certificate's key is no RSA key: Microsoft Entra takes no other."));
    if (X509_cmp_current_time(X509_get0_notAfter(id->cert)) < 0)
        return err_set(e, ERR_USAGE, 0, "%s", _("The certificate has expired."));
    return 0;
}

static int open_identity(struct identity *id, const struct secret *text,
                         const struct secret *password, struct err *e)
{
    *id = (struct identity){ 0 };
    ERR_clear_error();
    if (memmem(text->p, text->len, "-----BEGIN ", 11) != NULL)
        read_pem(id, text, password);
    else
        read_pkcs12(id, text, password);
    if (judge(id, password && secret_is(password), e) == 0)
        return 0;
    drop(id);
    return -1;
}

static void add_part(struct str *out, struct json *owned)
{
    struct str text = STR_INIT;

    json_write(&text, owned);
    json_free(owned);
    str_add_b64url(out, text.p, text.len);
    str_free(&text);
}

static void push_cert(struct json *list, X509 *cert)
{
    struct str text = STR_INIT;
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);

    if (n > 0)
        str_add_b64(&text, der, (size_t)n);
    json_push(list, json_string(str_p(&text)));
    OPENSSL_free(der);
    str_free(&text);
}

static void add_head(struct str *out, const struct identity *id, bool chain)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct str print = STR_INIT;
    struct json *head = json_object(), *list = chain ? json_array() : NULL;

    X509_digest(id->cert, EVP_sha256(), sum, &n);
    str_add_b64url(&print, sum, n);
    json_set_str(head, "alg", "PS256");
    json_set_str(head, "typ", "JWT");
    json_set_str(head, "x5t#S256", str_p(&print));
    if (list) {
        push_cert(list, id->cert);
        for (int i = 0; i < sk_X509_num(id->others); i++)
            push_cert(list, sk_X509_value(id->others, i));
        json_set(head, "x5c", list);
    }
    add_part(out, head);
    str_free(&print);
}

static void add_claims(struct str *out, const struct auth *a, const char *client_id,
                       const char *tenant)
{
    struct json *claims = json_object();
    struct str endpoint = STR_INIT;
    char jti[GUID_SIZE];
    int64_t now = wall_ms() / 1000;

    guid_random(jti);
    json_set_str(claims, "aud", auth_endpoint(a, tenant, "token", &endpoint));
    json_set_str(claims, "iss", client_id);
    json_set_str(claims, "sub", client_id);
    json_set_str(claims, "jti", jti);
    json_set_int(claims, "nbf", now);
    json_set_int(claims, "iat", now);
    json_set_int(claims, "exp", now + LIFE_S);
    add_part(out, claims);
    str_free(&endpoint);
}

/* RSASSA-PSS with SHA-256, MGF1 of the same, a salt as long as the digest (RFC 7518 3.5). Returns
 * the signature's length, 0 if there is none. */
static size_t sign(const struct str *text, EVP_PKEY *key, unsigned char *sig, size_t size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pss = NULL;
    size_t n = size;
    bool ok = EVP_DigestSignInit(ctx, &pss, EVP_sha256(), NULL, key) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(pss, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_mgf1_md(pss, EVP_sha256()) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(pss, RSA_PSS_SALTLEN_DIGEST) == 1 &&
              EVP_DigestSign(ctx, sig, &n, (const unsigned char *)text->p, text->len) == 1;

    EVP_MD_CTX_free(ctx);
    return ok ? n : 0;
}

/* Without its signature the text is no proof: whole it stands in wiped memory alone. */
static void join(struct secret *out, const struct str *text, const unsigned char *sig, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *p = wipe_malloc(text->len + 1 + (n * 4 + 2) / 3);
    size_t at = text->len;
    unsigned bits = 0, have = 0;

    memcpy(p, text->p, text->len);
    p[at++] = '.';
    for (size_t i = 0; i < n; i++) {
        bits = (bits << 8 | sig[i]) & 0xffff;
        for (have += 8; have >= 6; have -= 6)
            p[at++] = letters[bits >> (have - 6) & 63];
    }
    if (have)
        p[at++] = letters[bits << (6 - have) & 63];
    secret_set(out, p, at);
    wipe_free(p);
}

int auth_assertion(const struct auth *a, const struct secret *pem, const struct secret *password,
                   const char *client_id, const char *tenant, struct secret *out, struct err *e)
{
    struct identity id;
    struct str text = STR_INIT;
    unsigned char sig[2048];
    size_t n;
    int rc = 0;

    if (open_identity(&id, pem, password, e) < 0)
        return -1;
    if (tenant) {
        add_head(&text, &id, a->chain);
        str_addc(&text, '.');
        add_claims(&text, a, client_id, tenant);
        n = sign(&text, id.key, sig, sizeof(sig));
        if (n)
            join(out, &text, sig, n);
        else
            rc = err_set(e, ERR_AUTH, 0, "%s", _("The certificate's key cannot sign."));
        explicit_bzero(sig, sizeof(sig));
        str_free(&text);
    }
    drop(&id);
    return rc;
}
