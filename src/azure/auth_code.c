/* auth_code.c - the authorization code with PKCE (RFC 7636, S256) for a console with a browser, or
 * with one behind `ssh -L PORT:localhost:PORT`. The Azure CLI's public client is registered for
 * http://localhost, whose port Entra does not compare (RFC 8252 7.3; what the Azure CLI itself
 * sends). The operator opens a short address of ours, which leads on to Entra's long one; its key
 * keeps other users of this machine from starting there. One answer is taken, and only one with our
 * state. A nonce is not needed: no id_token is trusted for anything but display. */
#include "config.h"

#include "azure/auth_int.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/sha.h>

#include "base/i18n.h"
#include "base/log.h"

#define LIFE_S 900

static void redeem(void *payload);

/* ---- what is made up anew for each sign-in ---- */

static void random_text(struct str *out, size_t n)
{
    unsigned char bytes[32] = { 0 };
    size_t done = 0;

    while (done < n) {
        ssize_t r = getrandom(bytes + done, n - done, 0);

        done += r > 0 ? (size_t)r : 0;
    }
    str_add_b64url(out, bytes, n);
    explicit_bzero(bytes, sizeof(bytes));
}

static void make_up(struct auth *a)
{
    struct str text = STR_INIT;

    random_text(&text, 32); /* 43 characters, the least that PKCE allows */
    secret_set(&a->verifier, text.p, text.len);
    explicit_bzero(text.p, text.len);
    str_reset(&text);
    random_text(&text, 24);
    STR_SET(a->state, text.p);
    str_reset(&text);
    random_text(&text, 6);
    STR_SET(a->key, text.p);
    str_free(&text);
}

static void add_param(struct str *s, char mark, const char *name, const char *value)
{
    str_addf(s, "%c%s=", mark, name);
    str_add_url(s, value);
}

static void authorize_url(const struct auth *a, struct str *out)
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    struct str scope = STR_INIT, challenge = STR_INIT;

    SHA256((const unsigned char *)a->verifier.p, a->verifier.len, sum);
    str_add_b64url(&challenge, sum, sizeof(sum));
    auth_endpoint(a, a->asked, "authorize", out);
    add_param(out, '?', "client_id", a->client_id);
    add_param(out, '&', "response_type", "code");
    add_param(out, '&', "redirect_uri", a->redirect);
    add_param(out, '&', "response_mode", "query");
    add_param(out, '&', "scope", auth_scope(a, AUTH_FOR_ARM, &scope));
    add_param(out, '&', "state", a->state);
    add_param(out, '&', "code_challenge", str_p(&challenge));
    add_param(out, '&', "code_challenge_method", "S256");
    add_param(out, '&', "prompt", "select_account");
    str_free(&scope);
    str_free(&challenge);
}

/* ---- the browser's requests ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The parameter's value, decoded; false when it is not there, empty, or holds a NUL. */
static bool param(const char *query, const char *name, struct secret *out)
{
    size_t k = strlen(name), n = 0;
    char *text;

    while (query && (strncmp(query, name, k) != 0 || query[k] != '=')) {
        query = strchr(query, '&');
        query = query ? query + 1 : NULL;
    }
    if (!query)
        return false;
    query += k + 1;
    text = wipe_malloc(strlen(query) + 1);
    for (; *query && *query != '&'; query++) {
        int hi = *query == '%' ? hex(query[1]) : -1, lo = hi >= 0 ? hex(query[2]) : -1;

        text[n++] = (char)(lo >= 0 ? hi * 16 + lo : *query == '+' ? ' ' : *query);
        query += lo >= 0 ? 2 : 0;
    }
    if (memchr(text, '\0', n))
        n = 0;
    secret_set(out, text, n);
    wipe_free(text);
    return n > 0;
}

static void keep_refusal(struct auth *a, const char *query, const struct secret *error)
{
    struct secret text = { 0 };
    struct json *j = json_object();
    struct str body = STR_INIT;

    json_set_str(j, "error", error->p);
    if (param(query, "error_description", &text))
        json_set_str(j, "error_description", text.p);
    json_write(&body, j);
    json_free(j);
    auth_error(&a->refused, 400, str_p(&body), body.len);
    if (str_eq(error->p, "access_denied") && !a->refused.code) {
        a->refused.code = ERR_C_DECLINED;
        STR_SET(a->refused.message, _("The sign-in was declined."));
    }
    a->refused.retryable = false;
    str_free(&body);
    secret_clear(&text);
}

static void end_refused(void *payload)
{
    struct auth *a = payload;

    a->timer = NULL;
    auth_end(a, &a->refused);
}

static void take_answer(struct auth *a, const char *query, struct auth_page *page)
{
    struct secret state = { 0 }, error = { 0 };

    page->status = 400;
    if (!param(query, "state", &state) || !secret_eq(&state, a->state, strlen(a->state))) {
        page->title = _("This answer is not ours");
        page->text = _("It does not belong to the sign-in that waits here. Open the address that "
                       "the console shows.");
    } else if (param(query, "error", &error)) {
        keep_refusal(a, query, &error);
        page->title = _("Not signed in");
        page->text = a->refused.message;
        auth_timer(a, 0, end_refused);
    } else if (param(query, "code", &a->code)) {
        page->status = 200;
        page->title = _("You are nearly there");
        page->text = _("You may close this window. The console tells how the sign-in went on.");
        auth_timer(a, 0, redeem);
    } else {
        page->title = _("Not signed in");
        page->text = _("Microsoft Entra's answer holds no code.");
    }
    secret_clear(&state);
    secret_clear(&error);
}

static void on_request(void *payload, const char *target, struct auth_page *page)
{
    struct auth *a = payload;

    if (secret_is(&a->code) || err_is(&a->refused))
        return; /* one answer */
    if (str_eq(target + 1, a->key)) {
        page->status = 302;
        page->title = _("Sign in to Azure");
        authorize_url(a, &page->location);
    } else if (strncmp(target, "/?", 2) == 0) {
        take_answer(a, target + 2, page);
    }
}

/* ---- the code and its token ---- */

static void finish(void *payload, const struct http_reply *r)
{
    struct auth *a = payload;
    struct err e = { 0 };
    const char *word;
    struct json *j = auth_read(r, &word, &e);

    a->call = NULL;
    if (j) {
        auth_signed_in(a, j);
    } else if ((e.retryable || e.unsure) && a->tries < AUTH_TRIES) {
        a->lost += e.unsure || e.domain == ERR_NET;
        auth_timer(a, auth_backoff(a, &e), redeem);
    } else if (a->lost && str_eq(word, "invalid_grant")) {
        auth_end_own(
            a, ERR_C_ANSWER_LOST,
            _("The code is used up: the answer that held the sign-in was lost on the way."), &e);
    } else {
        auth_end(a, &e);
    }
    json_free(j);
}

static void redeem(void *payload)
{
    struct auth *a = payload;
    struct auth_form f = { 0 };
    struct str scope = STR_INIT;

    a->timer = NULL;
    auth_listen_stop(a->listen);
    a->listen = NULL;
    a->view.state = AUTH_STARTING;
    auth_changed(a);
    a->tries++;
    auth_form_add(&f, "grant_type", "authorization_code");
    auth_form_add(&f, "client_id", a->client_id);
    auth_form_add(&f, "code", a->code.p);
    auth_form_add(&f, "redirect_uri", a->redirect);
    auth_form_add(&f, "code_verifier", a->verifier.p);
    auth_form_add(&f, "scope", auth_scope(a, AUTH_FOR_ARM, &scope));
    str_free(&scope);
    a->call = auth_post(a, a->asked, "token", a->request_id, &f, finish, a);
}

static void on_late(void *payload)
{
    struct auth *a = payload;

    a->timer = NULL;
    auth_end_own(a, ERR_C_EXPIRED, _("Nobody signed in with the browser in time."), NULL);
}

/* ---- the way ---- */

static int check(struct auth *a, const struct auth_ask *ask, struct err *e)
{
    (void)a;
    if (ask->port < 0 || ask->port > 65535 || (ask->port > 0 && ask->port < 1024))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The browser's port is a number from 1024 to 65535, or 0 for any."));
    return 0;
}

static void start(void *payload)
{
    struct auth *a = payload;
    struct err e = { 0 };

    err_clear(&a->refused);
    a->listen = auth_listen_start(a->loop, a->port, on_request, a, &e);
    if (!a->listen) {
        auth_end(a, &e);
        return;
    }
    make_up(a);
    a->view.port = auth_listen_port(a->listen);
    str_fmt(a->redirect, sizeof(a->redirect), "http://localhost:%d", a->view.port);
    str_fmt(a->view.verification_uri, sizeof(a->view.verification_uri), "%s/%s", a->redirect,
            a->key);
    a->view.state = AUTH_BROWSER;
    a->view.code_expires_mono = mono_ms() + LIFE_S * a->second_ms;
    auth_timer(a, LIFE_S * a->second_ms, on_late);
    log_inf("sign-in: waiting for a browser on port %d", a->view.port);
    auth_changed(a);
}

const struct auth_way auth_way_browser = { AUTH_BROWSER_WAY,  true, false, check, start,
                                           auth_grant_refresh };
