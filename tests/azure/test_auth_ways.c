#include "config.h"

#include "fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "azure/auth_int.h"

int test_azure_auth_ways(void);

#define TID   "aaaaaaaa-0000-4000-8000-000000000001"
#define OTHER "cccccccc-0000-4000-8000-000000000003"
#define APP   "dddddddd-0000-4000-8000-000000000004"
#define TOKEN "{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"%s\"}"

struct bed { /* one auth over one script; a protocol second is 10 ms long */
    struct fake *f;
    struct auth *a;
    bool in, out, browser, told;
    char token[4000];
    struct err err;
};

static void on_change(void *payload)
{
    struct bed *b = payload;
    enum auth_state s = auth_view(b->a)->state;

    b->in |= s == AUTH_IN;
    b->browser |= s == AUTH_BROWSER;
    b->out |= s == AUTH_FAILED || s == AUTH_OUT;
}

static void on_token(void *payload, const struct secret *token, const struct err *e)
{
    struct bed *b = payload;

    b->told = true;
    STR_SET(b->token, token ? token->p : "");
    b->err = e ? *e : (struct err){ 0 };
}

static int setup(void **state)
{
    struct bed *b = xcalloc(1, sizeof(*b));

    b->f = fake_new();
    b->a = auth_new(b->f->loop, &b->f->http, cloud_find("AzureCloud"), NULL, on_change, b);
    b->a->second_ms = 10;
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bed *b = *state;

    auth_free(b->a);
    fake_free(b->f);
    free(b);
    return 0;
}

static int start(struct bed *b, struct auth_ask ask, const char *proof, struct err *e)
{
    struct secret s = { 0 };
    int rc;

    secret_set(&s, proof, strlen(proof));
    ask.proof = &s;
    if (!ask.tenant)
        ask.tenant = TID;
    if (!ask.client_id)
        ask.client_id = APP;
    rc = auth_start(b->a, &ask, e);
    secret_clear(&s);
    return rc;
}

static void begin(struct bed *b, const char *way, const char *proof)
{
    struct err e = { 0 };

    if (start(b, (struct auth_ask){ .way = way }, proof, &e) < 0)
        fail_msg("%s", e.message);
}

static void refused(struct bed *b, struct auth_ask ask, const char *proof, const char *words)
{
    struct err e = { 0 };

    assert_int_equal(start(b, ask, proof, &e), -1);
    assert_int_equal(auth_view(b->a)->state, AUTH_OUT);
    if (!strstr(e.message, words))
        fail_msg("\"%s\" is not in: %s", words, e.message);
}

static bool ask_token(struct bed *b, const char *tenant)
{
    b->told = false;
    auth_token(b->a, tenant, on_token, b);
    return fake_run(b->f, &b->told, 1000);
}

static const char *jwt(const char *claims)
{
    static char text[3000];
    struct str b64 = STR_INIT;

    str_add_b64url(&b64, claims, strlen(claims));
    str_fmt(text, sizeof(text), "e30.%s.sig", b64.p);
    str_free(&b64);
    return text;
}

static const char *answer(const char *access)
{
    static char text[4000];

    str_fmt(text, sizeof(text), TOKEN, access);
    return text;
}

static void done(struct bed *b)
{
    assert_int_equal(b->f->strays, 0);
    assert_int_equal(fake_left(b->f), 0);
}

/* ---- a secret ---- */

static void a_secret(void **state)
{
    struct bed *b = *state;
    const char *app =
        jwt("{\"tid\":\"" TID "\",\"app_displayname\":\"My app\",\"appid\":\"" APP "\"}");

    fake_expect(b->f, "POST", "https://login.microsoftonline.com/" TID "/oauth2/v2.0/token", 200,
                NULL, answer(app));
    begin(b, "secret", "p~w/+& \xc3\xa4");
    assert_true(fake_run(b->f, &b->in, 1000));
    assert_string_equal(fake_last(b->f)->body,
                        "grant_type=client_credentials&client_id=" APP
                        "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default&client_secret=p~w%2F%"
                        "2B%26%20%C3%A4");
    assert_string_equal(auth_view(b->a)->account, "My app");
    assert_string_equal(auth_view(b->a)->tenant, TID);
    assert_true(auth_view(b->a)->renews);
    auth_token_reject(b->a, NULL); /* the same proof gets the next one */
    fake_expect(b->f, "POST", "/" TID "/oauth2/v2.0/token", 200, NULL, answer("AT-2"));
    assert_true(ask_token(b, NULL));
    assert_string_equal(b->token, "AT-2");
    assert_non_null(strstr(fake_last(b->f)->body, "client_secret="));
    done(b);
    auth_sign_out(b->a);
    assert_false(secret_is(&b->a->proof));
}

static void a_lost_answer_is_asked_for_again(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", "/token", FAKE_LOST, NULL, NULL);
    fake_expect(b->f, "POST", "/token", 503, NULL, "");
    fake_expect(b->f, "POST", "/token", 200, NULL, answer("AT-1"));
    begin(b, "secret", "s");
    assert_true(fake_run(b->f, &b->in, 2000));
    done(b);
}

#define WRONG                                                                                      \
    "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: expired.\\r\\nTrace\","  \
    "\"error_codes\":[7000222]}"
static void a_secret_that_is_refused(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", "/token", 401, NULL, WRONG);
    begin(b, "secret", "s");
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_int_equal(auth_view(b->a)->err.code, 7000222);
    assert_false(secret_is(&b->a->proof));
    fake_expect(b->f, "POST", "/token", 200, NULL, answer("AT-1")); /* and one that dies later */
    begin(b, "secret", "s");
    b->in = b->out = false;
    assert_true(fake_run(b->f, &b->in, 1000));
    auth_token_reject(b->a, NULL);
    fake_expect(b->f, "POST", "/token", 401, NULL, WRONG);
    assert_true(ask_token(b, NULL));
    assert_int_equal(b->err.code, ERR_C_NOT_SIGNED_IN);
    assert_int_equal(auth_view(b->a)->state, AUTH_FAILED);
    done(b);
}

static void what_a_principal_needs(void **state)
{
    struct bed *b = *state;

    refused(b, (struct auth_ask){ .way = "secret", .client_id = "x" }, "s", "GUID");
    refused(b, (struct auth_ask){ .way = "secret", .tenant = "organizations" }, "s", "tenant");
    refused(b, (struct auth_ask){ .way = "secret" }, "", "empty");
    refused(b,
            (struct auth_ask){ .way = "secret", .authority = "https://login.microsoftonline.us" },
            "s", "login.microsoftonline.us");
    refused(b, (struct auth_ask){ .way = "password" }, "s", "password");
}

/* A wrong file's content is nobody's secret to be told of: nothing is sent. */
static void secrets_that_will_not_do(void **state)
{
    struct bed *b = *state;
    struct auth_ask ask = { .way = "secret", .tenant = TID, .client_id = APP };
    struct secret s = { 0 };
    struct err e = { 0 };

    refused(b, ask, "-----BEGIN PRIVATE KEY-----\nMIIE", "more than one line");
    refused(b, ask, "a\rb", "more than one line");
    secret_set(&s, "a\0b", 3);
    ask.proof = &s;
    assert_int_equal(auth_start(b->a, &ask, &e), -1);
    assert_non_null(strstr(e.message, "more than one line"));
    secret_clear(&s);
    done(b);
}

static void authorities(void **state)
{
    const struct cloud *c = cloud_find("AzureCloud");

    (void)state;
    assert_true(auth_same_authority(c, "https://login.microsoftonline.com/"));
    assert_true(auth_same_authority(c, "login.microsoftonline.com"));
    assert_true(auth_same_authority(c, "https://login.windows.net"));
    assert_false(auth_same_authority(c, "https://login.microsoftonline.us"));
    assert_false(auth_same_authority(c, "http://login.microsoftonline.com"));
    assert_false(auth_same_authority(c, "https://login.microsoftonline.com.evil.example"));
    assert_true(
        auth_same_authority(cloud_find("AzureChinaCloud"), "https://login.chinacloudapi.cn"));
}

/* ---- a certificate ---- */

static char *pem_of(EVP_PKEY *key, int days, const char *password, X509 **cert)
{
    BIO *out = BIO_new(BIO_s_mem());
    X509 *x = X509_new();
    char *text, *copy;
    long n;

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -86400 * 100L);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400L * days);
    X509_set_pubkey(x, key);
    X509_sign(x, key, EVP_sha256());
    PEM_write_bio_PrivateKey(out, key, password ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
                             (void *)(uintptr_t)password);
    PEM_write_bio_X509(out, x);
    n = BIO_get_mem_data(out, &text);
    copy = xcalloc(1, (size_t)n + 1);
    memcpy(copy, text, (size_t)n);
    BIO_free(out);
    if (cert)
        *cert = x;
    else
        X509_free(x);
    return copy;
}

static bool signature_good(EVP_PKEY *key, const char *assertion)
{
    const char *dot = strrchr(assertion, '.');
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pss;
    struct str sig = STR_INIT;
    bool ok = str_b64_decode(&sig, dot + 1) &&
              EVP_DigestVerifyInit(ctx, &pss, EVP_sha256(), NULL, key) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(pss, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(pss, 32) == 1 &&
              EVP_DigestVerify(ctx, (const unsigned char *)sig.p, sig.len,
                               (const unsigned char *)assertion, (size_t)(dot - assertion)) == 1;

    EVP_MD_CTX_free(ctx);
    str_free(&sig);
    return ok;
}

static void an_assertion(void **state)
{
    struct bed *b = *state;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *cert;
    char *pem = pem_of(key, 30, NULL, &cert);
    unsigned char sum[32];
    unsigned n;
    struct str print = STR_INIT, head = STR_INIT;
    struct secret proof = { 0 }, out = { 0 };
    struct err e = { 0 };
    struct json *claims;
    int64_t nbf, exp;
    char *dot;

    secret_set(&proof, pem, strlen(pem));
    assert_int_equal(auth_assertion(b->a, &proof, NULL, APP, TID, &out, &e), 0);
    assert_true(signature_good(key, out.p));
    X509_digest(cert, EVP_sha256(), sum, &n);
    str_add_b64url(&print, sum, n);
    dot = strchr(out.p, '.');
    *dot = '\0';
    assert_true(str_b64_decode(&head, out.p));
    *dot = '.';
    assert_non_null(strstr(str_p(&head), "\"alg\":\"PS256\""));
    assert_non_null(strstr(str_p(&head), str_p(&print)));
    claims = auth_claims(out.p);
    assert_string_equal(json_str(claims, "aud"),
                        "https://login.microsoftonline.com/" TID "/oauth2/v2.0/token");
    assert_string_equal(json_str(claims, "iss"), APP);
    assert_string_equal(json_str(claims, "sub"), APP);
    assert_true(guid_is(json_str(claims, "jti")));
    assert_true(json_int(claims, "nbf", &nbf));
    assert_true(json_int(claims, "exp", &exp));
    assert_true(exp - nbf <= 600 && nbf * 1000 <= wall_ms() && exp * 1000 > wall_ms());
    json_free(claims);
    str_free(&print);
    str_free(&head);
    secret_clear(&proof);
    secret_clear(&out);
    X509_free(cert);
    EVP_PKEY_free(key);
    free(pem);
}

static void certificates_that_will_not_do(void **state)
{
    struct bed *b = *state;
    struct auth_ask ask = { .way = "certificate" };
    EVP_PKEY *rsa = EVP_RSA_gen(2048), *ec = EVP_EC_gen("P-256");
    char *old = pem_of(rsa, -1, NULL, NULL), *curve = pem_of(ec, 30, NULL, NULL);
    char *locked = pem_of(rsa, 30, "pass", NULL), *good = pem_of(rsa, 30, NULL, NULL);
    struct secret password = { 0 };
    struct err e = { 0 };
    struct str mixed = STR_INIT;

    refused(b, ask, "", "empty");
    refused(b, ask, old, "expired");
    refused(b, ask, curve, "no RSA key");
    refused(b, ask, locked, "encrypted");
    refused(b, ask, strstr(good, "-----BEGIN CERT"), "no private key");
    str_addn(&mixed, good, (size_t)(strstr(good, "-----BEGIN CERT") - good));
    refused(b, ask, str_p(&mixed), "no certificate");
    str_add(&mixed, strstr(curve, "-----BEGIN CERT"));
    refused(b, ask, str_p(&mixed), "not that of the certificate");
    secret_set(&password, "wrong", 5);
    ask.password = &password;
    refused(b, ask, locked, "does not open");
    secret_set(&password, "pass", 4);
    fake_expect(b->f, "POST", "/" TID "/oauth2/v2.0/token", 200, NULL, answer("AT-1"));
    assert_int_equal(start(b, ask, locked, &e), 0);
    assert_true(fake_run(b->f, &b->in, 1000));
    assert_non_null(strstr(fake_last(b->f)->body, "client_assertion_type=urn%3Aietf"));
    assert_null(strstr(fake_last(b->f)->body, "client_secret"));
    done(b);
    secret_clear(&password);
    str_free(&mixed);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    free(old);
    free(curve);
    free(locked);
    free(good);
}

/* ---- a ready token ---- */

static const char *ready_token(int64_t life_ms, const char *more)
{
    char claims[600];

    str_fmt(claims, sizeof(claims), "{\"exp\":%lld.%03d%s}",
            (long long)((wall_ms() + life_ms) / 1000), 0, more);
    return jwt(claims);
}

static void a_ready_token(void **state)
{
    struct bed *b = *state;
    struct auth_ask ask = { .way = "token", .account = "anna@contoso.example", .tenant = "" };
    struct err e = { 0 };
    int64_t before = mono_ms();

    assert_int_equal(start(b, ask, ready_token(3000, ",\"tid\":\"" TID "\""), &e), 0);
    assert_int_equal(auth_view(b->a)->state, AUTH_IN);
    assert_string_equal(auth_view(b->a)->account, "anna@contoso.example");
    assert_string_equal(auth_view(b->a)->tenant, TID);
    assert_false(auth_view(b->a)->renews);
    assert_true(auth_view(b->a)->token_expires_mono > before + 1000 &&
                auth_view(b->a)->token_expires_mono <= mono_ms() + 3000);
    assert_true(ask_token(b, NULL));
    assert_true(str_starts(b->token, "e30."));
    assert_true(ask_token(b, OTHER)); /* nothing gets one there; the sign-in stays */
    assert_non_null(strstr(b->err.message, OTHER));
    assert_int_equal(auth_view(b->a)->state, AUTH_IN);
    auth_token_reject(b->a, NULL);
    assert_true(ask_token(b, NULL));
    assert_int_equal(b->err.code, ERR_C_NOT_SIGNED_IN);
    assert_int_equal(auth_view(b->a)->state, AUTH_FAILED);
    done(b);
}

static void a_ready_token_ends(void **state)
{
    struct bed *b = *state;
    struct auth_ask ask = { .way = "token", .account = "anna", .tenant = "" };
    struct err e = { 0 };

    assert_int_equal(start(b, ask, ready_token(1000, ",\"tid\":\"" TID "\""), &e), 0);
    b->out = false;
    assert_true(fake_run(b->f, &b->out, 2000)); /* nobody has asked for it */
    assert_int_equal(auth_view(b->a)->err.code, ERR_C_NOT_SIGNED_IN);
    assert_null(b->a->slots);
}

static void tokens_that_will_not_do(void **state)
{
    struct bed *b = *state;
    struct auth_ask ask = { .way = "token", .account = "anna", .tenant = "" };
    struct err e = { 0 };

    refused(b, ask, "opaque", "three parts");
    refused(b, ask, "a.b c.d", "blanks");
    refused(b, ask, jwt("{\"tid\":\"" TID "\"}"), "when it ends");
    refused(b, ask, ready_token(-5000, ",\"tid\":\"" TID "\""), "ended already");
    assert_int_equal(start(b, ask, ready_token(-5000, ",\"tid\":\"" TID "\""), &e), -1);
    assert_non_null(strstr(e.advice, "new access token")); /* no code was asked for */
    refused(b, ask, ready_token(5000, ""), "does not name its tenant");
    refused(b, ask,
            ready_token(5000, ",\"tid\":\"" TID "\",\"aud\":\"https://graph.microsoft.com\""),
            "Graph");
    ask.tenant = OTHER;
    refused(b, ask, ready_token(5000, ",\"tid\":\"" TID "\""), OTHER);
    ask.account = "";
    refused(b, ask, ready_token(5000, ",\"tid\":\"" TID "\""), "account");
}

/* ---- a browser ---- */

static void get(struct bed *b, const char *line, const char *host, char *out, size_t size)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)auth_view(b->a)->port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[3000], own[40];
    size_t n = 0;
    int64_t end = mono_ms() + 2000;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    str_fmt(own, sizeof(own), "localhost:%d", auth_view(b->a)->port);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    str_fmt(text, sizeof(text), "%s HTTP/1.1\r\nHost: %s\r\n\r\n", line, host ? host : own);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
    while (mono_ms() < end) {
        ssize_t got = recv(fd, out + n, size - 1 - n, MSG_DONTWAIT);

        if (got == 0)
            break;
        n += got > 0 ? (size_t)got : 0;
        loop_turn(b->f->loop, 5);
    }
    out[n] = '\0';
    close(fd);
}

static void to_browser(struct bed *b)
{
    struct err e = { 0 };

    assert_int_equal(auth_start(b->a, &(struct auth_ask){ .way = "browser", .tenant = TID }, &e),
                     0);
    assert_true(fake_run(b->f, &b->browser, 1000));
    assert_true(auth_view(b->a)->port >= 1024);
}

static void part_of(const char *text, const char *name, char *out, size_t size)
{
    const char *p = strstr(text, name);

    assert_non_null(p);
    p += strlen(name);
    str_fmt(out, size, "%.*s", (int)strcspn(p, "& \r\n"), p);
}

static void a_browser(void **state)
{
    struct bed *b = *state;
    char page[8000], line[700], st[100], challenge[100], verifier[200];
    unsigned char sum[32];
    struct str b64 = STR_INIT;

    to_browser(b);
    str_fmt(line, sizeof(line), "GET %s", strchr(auth_view(b->a)->verification_uri + 8, '/'));
    get(b, line, NULL, page, sizeof(page));
    assert_non_null(strstr(page, "302 Found"));
    assert_non_null(strstr(page, "Location: https://login.microsoftonline.com/" TID
                                 "/oauth2/v2.0/authorize?client_id=" AUTH_CLIENT_AZURE_CLI));
    assert_non_null(strstr(page, "code_challenge_method=S256"));
    part_of(page, "&state=", st, sizeof(st));
    part_of(page, "code_challenge=", challenge, sizeof(challenge));
    get(b, "GET /?code=stolen&state=guessed", NULL, page, sizeof(page));
    assert_non_null(strstr(page, " 400 "));
    get(b, line, "evil.example:80", page, sizeof(page));
    assert_non_null(strstr(page, " 404 "));
    get(b, "POST /", NULL, page, sizeof(page));
    assert_non_null(strstr(page, " 405 "));
    assert_int_equal(auth_view(b->a)->state, AUTH_BROWSER);
    fake_expect(b->f, "POST", "/" TID "/oauth2/v2.0/token", 200, NULL, answer("AT-1"));
    str_fmt(line, sizeof(line), "GET /?code=1.A%%2Fb&session_state=x&state=%s", st);
    get(b, line, NULL, page, sizeof(page));
    assert_non_null(strstr(page, "200 OK"));
    assert_true(fake_run(b->f, &b->in, 1000));
    assert_non_null(strstr(fake_last(b->f)->body, "grant_type=authorization_code&"));
    assert_non_null(
        strstr(fake_last(b->f)->body, "&code=1.A%2Fb&redirect_uri=http%3A%2F%2Flocalhost%3A"));
    part_of(fake_last(b->f)->body, "code_verifier=", verifier, sizeof(verifier));
    assert_true(strlen(verifier) >= 43);
    SHA256((const unsigned char *)verifier, strlen(verifier), sum);
    str_add_b64url(&b64, sum, sizeof(sum));
    assert_string_equal(str_p(&b64), challenge);
    str_free(&b64);
    assert_false(secret_is(&b->a->code) || secret_is(&b->a->verifier));
    assert_null(b->a->listen);
    done(b);
}

static void a_browser_says_no(void **state)
{
    struct bed *b = *state;
    char page[8000], line[700];

    to_browser(b);
    str_fmt(line, sizeof(line),
            "GET /?error=access_denied&error_description=AADSTS53003%%3A+%%3Cb%%3E&state=%s",
            b->a->state);
    get(b, line, NULL, page, sizeof(page));
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_int_equal(auth_view(b->a)->err.code, 53003);
    assert_null(strstr(page, "<b>"));
    done(b);
}

/* The browser may try ::1 first: whoever else listens there would get the address and its key. */
static void another_listens_beside_us(void **state)
{
    struct bed *b = *state;
    struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct err e = { 0 };

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
        test_skip("this machine has no ::1");
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(
        auth_start(b->a, &(struct auth_ask){ .way = "browser", .port = ntohs(at.sin6_port) }, &e),
        0);
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_non_null(strstr(auth_view(b->a)->err.message, "Port "));
    assert_null(b->a->listen);
    close(fd);
}

static int dial(const struct bed *b)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)auth_view(b->a)->port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

/* True once the other end has closed. */
static bool is_closed(struct bed *b, int fd)
{
    char c;

    for (int i = 0; i < 40; i++) {
        ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT);

        if (n == 0 || (n < 0 && errno != EAGAIN))
            return true;
        loop_turn(b->f->loop, 5);
    }
    return false;
}

static void requests_are_small_and_few(void **state)
{
    static char flood[20000];
    struct bed *b = *state;
    int idle[9], fd, second;

    to_browser(b);
    memset(flood, 'a', sizeof(flood));
    memcpy(flood, "GET /", 5);
    fd = dial(b);
    assert_true(send(fd, flood, sizeof(flood), MSG_NOSIGNAL) > 0);
    assert_true(is_closed(b, fd)); /* without an answer */
    close(fd);
    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        idle[i] = dial(b);
        for (int k = 0; k < 5; k++)
            loop_turn(b->f->loop, 1);
    }
    assert_true(is_closed(b, idle[0])); /* the oldest makes room */
    for (size_t i = 0; i < ARRAY_LEN(idle); i++)
        close(idle[i]);
    second = dial(b); /* one request a connection */
    assert_true(send(second, "GET /x HTTP/1.1\r\n\r\nGET /y HTTP/1.1\r\n\r\n", 38, MSG_NOSIGNAL) >
                0);
    for (int answers = 0, n = 1; n > 0; n = 0) {
        char page[8000];
        ssize_t got = 0;

        for (int i = 0; i < 40 && got <= 0; i++) {
            loop_turn(b->f->loop, 5);
            got = recv(second, page, sizeof(page) - 1, MSG_DONTWAIT);
        }
        assert_true(got > 0);
        page[got] = '\0';
        for (const char *p = page; (p = strstr(p, "HTTP/1.1 ")); p++)
            answers++;
        assert_int_equal(answers, 1);
    }
    close(second);
    assert_int_equal(auth_view(b->a)->state, AUTH_BROWSER);
}

static void nobody_comes(void **state)
{
    struct bed *b = *state;

    b->a->second_ms = 1;
    to_browser(b);
    assert_true(fake_run(b->f, &b->out, 3000));
    assert_int_equal(auth_view(b->a)->err.code, ERR_C_EXPIRED);
    assert_null(b->a->listen);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int test_azure_auth_ways(void)
{
    const struct CMUnitTest tests[] = {
        T(a_secret),
        T(a_lost_answer_is_asked_for_again),
        T(a_secret_that_is_refused),
        T(what_a_principal_needs),
        T(secrets_that_will_not_do),
        cmocka_unit_test(authorities),
        T(an_assertion),
        T(certificates_that_will_not_do),
        T(a_ready_token),
        T(a_ready_token_ends),
        T(tokens_that_will_not_do),
        T(a_browser),
        T(a_browser_says_no),
        T(another_listens_beside_us),
        T(requests_are_small_and_few),
        T(nobody_comes),
    };

    return TEST_GROUP("azure/auth_ways", tests);
}
