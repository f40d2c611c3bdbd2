/* jwt.c - the sandbox's tokens: RS256 with one RSA key of its own, kept in DIR/token.key. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "base/file.h"
#include "base/i18n.h"
#include "sandbox/sandbox.h"

enum { CLOCK_SKEW_S = 300, KEY_BITS = 2048, SIGNATURE_MAX = 1024 };

static EVP_PKEY *jwt_key;
static char jwt_kid[64];

static int key_read(const char *path, EVP_PKEY **out, struct err *e)
{
    struct str pem = STR_INIT;
    if (file_read(path, 64 * 1024, &pem, e) < 0)
        return -1;
    BIO *bio = BIO_new_mem_buf(str_p(&pem), (int)pem.len);
    *out = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    str_free(&pem);
    if (!*out)
        return err_set(e, ERR_STORE, ERR_C_CORRUPT, _("%s does not hold a private key."), path);
    return 0;
}

static int key_make(const char *path, EVP_PKEY **out, struct err *e)
{
    EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    int rc = -1;
    if (!key || !bio || !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)) {
        err_set(e, ERR_SYSTEM, 0, _("OpenSSL could not make a key."));
    } else {
        long n = BIO_get_mem_data(bio, &pem);
        rc = file_replace(path, pem, (size_t)n, e);
    }
    BIO_free(bio);
    if (rc < 0)
        EVP_PKEY_free(key);
    else
        *out = key;
    return rc;
}

static void bn_b64url(struct str *out, const EVP_PKEY *key, const char *param)
{
    BIGNUM *bn = NULL;
    unsigned char bytes[1024];
    if (EVP_PKEY_get_bn_param(key, param, &bn) && BN_num_bytes(bn) <= (int)sizeof(bytes))
        str_add_b64url(out, bytes, (size_t)BN_bn2bin(bn, bytes));
    BN_free(bn);
}

int jwt_init(const char *dir, struct err *e)
{
    char path[600];
    str_fmt(path, sizeof(path), "%s/token.key", dir);
    EVP_PKEY *key = NULL;
    int rc = access(path, F_OK) == 0 ? key_read(path, &key, e) : key_make(path, &key, e);
    if (rc < 0)
        return err_wrap(e, "%s", path);
    EVP_PKEY_free(jwt_key);
    jwt_key = key;

    struct str n = STR_INIT, id = STR_INIT;
    unsigned char sum[SHA256_DIGEST_LENGTH];
    bn_b64url(&n, key, OSSL_PKEY_PARAM_RSA_N);
    SHA256((const unsigned char *)str_p(&n), n.len, sum);
    str_add_b64url(&id, sum, 20);
    STR_SET(jwt_kid, str_p(&id));
    str_free(&n);
    str_free(&id);
    return 0;
}

static void add_part(struct str *out, const struct json *j)
{
    struct str text = STR_INIT;
    json_write(&text, j);
    str_add_b64url(out, str_p(&text), text.len);
    str_free(&text);
}

char *jwt_sign(const char *issuer, struct json *claims_owned, int life_s)
{
    int64_t now = wall_ms() / 1000;
    json_set_str(claims_owned, "iss", issuer);
    json_set_int(claims_owned, "iat", now);
    json_set_int(claims_owned, "nbf", now);
    json_set_int(claims_owned, "exp", now + life_s);

    struct json *head = json_object();
    json_set_str(head, "typ", "JWT");
    json_set_str(head, "alg", "RS256");
    json_set_str(head, "kid", jwt_kid);
    json_set_str(head, "x5t", jwt_kid);

    struct str token = STR_INIT;
    add_part(&token, head);
    str_addc(&token, '.');
    add_part(&token, claims_owned);
    json_free(head);
    json_free(claims_owned);

    unsigned char sig[SIGNATURE_MAX];
    size_t len = sizeof(sig);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, jwt_key) ||
        !EVP_DigestSign(ctx, sig, &len, (const unsigned char *)token.p, token.len))
        len = 0; /* such a token is refused by jwt_verify */
    EVP_MD_CTX_free(ctx);
    str_addc(&token, '.');
    str_add_b64url(&token, sig, len);
    return str_take(&token);
}

static bool signature_good(const char *token, size_t signed_len, const char *sig_text)
{
    struct str sig = STR_INIT;
    bool good = false;
    if (jwt_key && str_b64_decode(&sig, sig_text) && sig.len) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        good = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, jwt_key) == 1 &&
               EVP_DigestVerify(ctx, (const unsigned char *)sig.p, sig.len,
                                (const unsigned char *)token, signed_len) == 1;
        EVP_MD_CTX_free(ctx);
    }
    str_free(&sig);
    return good;
}

struct json *jwt_part(const char *from, size_t len)
{
    struct str b64 = STR_INIT, text = STR_INIT;
    struct err e = { 0 };
    struct json *j = NULL;
    str_addn(&b64, from, len);
    if (str_b64_decode(&text, str_p(&b64)))
        j = json_parse(str_p(&text), text.len, 0, &e);
    str_free(&b64);
    str_free(&text);
    return j;
}

struct json *jwt_verify(const char *token, bool *expired)
{
    *expired = false;
    const char *dot1 = strchr(token, '.');
    const char *dot2 = dot1 ? strchr(dot1 + 1, '.') : NULL;
    if (!dot2 || strchr(dot2 + 1, '.'))
        return NULL;
    struct json *head = jwt_part(token, (size_t)(dot1 - token));
    bool good = str_eq(json_str(head, "alg"), "RS256") && str_eq(json_str(head, "kid"), jwt_kid) &&
                signature_good(token, (size_t)(dot2 - token), dot2 + 1);
    json_free(head);
    struct json *claims = good ? jwt_part(dot1 + 1, (size_t)(dot2 - dot1 - 1)) : NULL;
    if (!claims)
        return NULL;
    int64_t now = wall_ms() / 1000, exp = 0, nbf = 0;
    json_int(claims, "nbf", &nbf);
    if (json_int(claims, "exp", &exp) && exp > now && nbf <= now + CLOCK_SKEW_S)
        return claims;
    *expired = exp <= now;
    json_free(claims);
    return NULL;
}

struct json *jwt_jwks(void)
{
    struct str n = STR_INIT, exponent = STR_INIT;
    bn_b64url(&n, jwt_key, OSSL_PKEY_PARAM_RSA_N);
    bn_b64url(&exponent, jwt_key, OSSL_PKEY_PARAM_RSA_E);
    struct json *key = json_object();
    json_set_str(key, "kty", "RSA");
    json_set_str(key, "use", "sig");
    json_set_str(key, "alg", "RS256");
    json_set_str(key, "kid", jwt_kid);
    json_set_str(key, "x5t", jwt_kid);
    json_set_str(key, "n", str_p(&n));
    json_set_str(key, "e", str_p(&exponent));
    str_free(&n);
    str_free(&exponent);
    struct json *keys = json_array();
    json_push(keys, key);
    struct json *doc = json_object();
    json_set(doc, "keys", keys);
    return doc;
}
