#include "config.h"

#include "node/dataplane.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "net/http.h"
#include "node/certificate.h"

#define AGENT_MS 15000
#define ENTRA_MS 30000
#define POST_MS  60000
#define KEY_MAX  4096
#define EARLY_MS 300000 /* a token is given up this long before its end */

struct dataplane_call {
    struct dataplane *d;
    dataplane_done_fn *fn;
    void *payload;
    struct http_call *http;
    struct loop_timer *timer;
    char *agent_url, *post_url;
    char audience[200], whose[320];
    struct dataplane_app app;
    bool as_app;
    struct str body;
    struct err err;
    bool kept_token; /* this POST goes with a token of an earlier call */
    bool rechallenged;
};

void dataplane_init(struct dataplane *d, struct loop *l, struct http *h, const char *himds,
                    const char *tokens_dir)
{
    *d = (struct dataplane){ .loop = l, .http = h, .himds = himds, .tokens_dir = tokens_dir };
}

static void forget_token(struct dataplane *d)
{
    secret_clear(&d->token);
    d->resource[0] = '\0';
    d->token_until = 0;
}

void dataplane_clear(struct dataplane *d)
{
    forget_token(d);
}

int dataplane_audience(const char *scope, char *out, size_t size, struct err *e)
{
    static const char suffix[] = "/.default";
    size_t n = scope ? strlen(scope) : 0;

    if (n <= strlen(suffix) || !str_ends(scope, suffix) ||
        !str_fmt(out, size, "%.*s", (int)(n - strlen(suffix)), scope))
        return err_set(e, ERR_NODE, 0, _("\"%s\" is no scope of the billing service."),
                       scope ? scope : "");
    return 0;
}

/* ---- the key file ---- */

/* Basic realm=PATH, the path with or without quotation marks. */
static int realm_path(const char *challenge, struct str *path, struct err *e)
{
    const char *p =
        challenge && str_istarts(challenge, "Basic ") ? str_ifind(challenge, "realm=") : NULL;
    size_t n;

    if (p) {
        p += strlen("realm=");
        n = *p == '"' ? strcspn(p + 1, "\"") : strlen(p);
        str_addn(path, *p == '"' ? p + 1 : p, n);
        str_trim(path->p);
    }
    if (!p || path->p[0] != '/' || !text_is_clean(path->p))
        return err_set(e, ERR_NODE, 0, _("The Arc agent's challenge names no key file."));
    return 0;
}

static int read_key(const char *path, struct secret *key, struct err *e)
{
    struct str text = STR_INIT;
    int rc = file_read(path, KEY_MAX, &text, e);
    char *p;

    if (rc == 0) {
        p = str_trim(text.p);
        for (const char *c = p; *c && rc == 0; c++)
            if (*c < 0x21 || *c > 0x7e)
                rc = -1;
        if (rc != 0 || !*p)
            rc = err_set(e, ERR_NODE, 0, _("The Arc agent's key file holds no key."));
        else
            secret_set(key, p, strlen(p));
    } else {
        err_wrap(e, _("reading the Arc agent's key file"));
    }
    if (text.p)
        explicit_bzero(text.p, text.len);
    str_free(&text);
    return rc;
}

int dataplane_key(const char *challenge, const char *tokens_dir, struct secret *key, struct err *e)
{
    struct str path = STR_INIT;
    char *real = NULL, *folder = NULL;
    size_t n;
    int rc = realm_path(challenge, &path, e);

    if (rc == 0) {
        real = realpath(path.p, NULL);
        folder = realpath(tokens_dir, NULL);
        n = folder ? strlen(folder) : 0;
        if (!folder)
            rc = err_set(e, ERR_NODE, 0, _("The Arc agent's tokens folder %s cannot be opened."),
                         tokens_dir);
        else if (!real)
            rc = err_set(e, ERR_NODE, 0, _("The Arc agent's key file cannot be opened."));
        else if (strncmp(real, folder, n) != 0 || real[n] != '/')
            rc = err_set(e, ERR_NODE, 0,
                         _("The Arc agent names a key file outside its tokens folder %s; refused."),
                         tokens_dir);
        else
            rc = read_key(real, key, e);
    }
    free(real);
    free(folder);
    str_free(&path);
    return rc;
}

/* ---- the end of a call ---- */

static void call_free(struct dataplane_call *c)
{
    loop_timer_del(c->timer);
    free(c->agent_url);
    free(c->post_url);
    str_free(&c->body);
    free(c);
}

static void call_end(struct dataplane_call *c, const struct json *answer)
{
    c->http = NULL;
    c->fn(c->payload, answer, answer ? NULL : &c->err);
    call_free(c);
}

void dataplane_cancel(struct dataplane_call *c)
{
    if (!c)
        return;
    http_cancel(c->d->http, c->http);
    call_free(c);
}

static bool is_transient(int status)
{
    return status == 408 || status == 429 || status >= 500;
}

/* The error text of either form: {"error":{"code","message"}} and {"error","error_description"}. */
static void refused(struct dataplane_call *c, const struct http_reply *r, const char *who)
{
    struct err ignored = { 0 };
    struct json *j = json_parse(r->body, r->body_len, 0, &ignored);
    const struct json *error = json_imember(j, "error");
    const char *code =
        json_is_object(error) ? json_value_str(json_imember(error, "code")) : json_value_str(error);
    const char *text = json_is_object(error) ? json_value_str(json_imember(error, "message"))
                                             : json_value_str(json_imember(j, "error_description"));

    if (text && *text)
        err_set(&c->err, ERR_NODE, 0, _("%s answered with HTTP %d: %s"), who, r->status, text);
    else
        err_set(&c->err, ERR_NODE, 0, _("%s answered with HTTP %d."), who, r->status);
    c->err.http = r->status;
    c->err.retryable = is_transient(r->status);
    c->err.retry_after_ms = r->retry_after_ms;
    TEXT_SET(c->err.remote_code, code);
    TEXT_SET(c->err.request_id, http_header(r, "x-ms-request-id"));
    TEXT_SET(c->err.correlation_id, http_header(r, "x-ms-correlation-request-id"));
    json_free(j);
}

static void lost(struct dataplane_call *c, const struct http_reply *r, const char *doing)
{
    c->err = r->err;
    err_wrap(&c->err, "%s", doing);
}

/* ---- the POST ---- */

static void on_posted(void *payload, const struct http_reply *r);
static void ask_challenge(struct dataplane_call *c);
static void ask_entra(struct dataplane_call *c);

static void ask_token(struct dataplane_call *c)
{
    if (c->as_app)
        ask_entra(c);
    else
        ask_challenge(c);
}

static void post(struct dataplane_call *c)
{
    struct http_req q = { .method = "POST",
                          .url = c->post_url,
                          .headers = { { "Accept", "application/json" },
                                       { "Content-Type", "application/json" } },
                          .body = str_p(&c->body),
                          .body_len = c->body.len,
                          .bearer = &c->d->token,
                          .deadline_ms = POST_MS };

    c->http = http_send(c->d->http, &q, on_posted, c);
}

static void on_posted(void *payload, const struct http_reply *r)
{
    struct dataplane_call *c = payload;
    struct json *j = NULL;

    c->http = NULL;
    if (r->status == 401)
        forget_token(c->d);
    if (r->status == 401 && c->kept_token) {
        c->kept_token = false;
        ask_token(c);
        return;
    }
    if (r->status == 0) {
        lost(c, r, _("talking to the registration service"));
    } else if (r->status != 200) {
        refused(c, r, _("The registration service"));
        c->err.unsure = r->status >= 500;
    } else {
        j = json_parse(r->body, r->body_len, 0, &c->err);
        if (j && !json_is_object(j)) {
            json_free(j);
            j = NULL;
        }
        if (!j) {
            err_set(&c->err, ERR_NODE, 0,
                    _("The registration service's answer is no JSON object."));
            c->err.unsure = c->err.retryable = true;
        }
    }
    call_end(c, j);
    json_free(j);
}

/* ---- the token ---- */

static bool token_is_good(const char *t)
{
    size_t n = t ? strlen(t) : 0;

    for (size_t i = 0; i < n; i++)
        if (t[i] < 0x21 || t[i] > 0x7e)
            return false;
    return n > 0;
}

/* False: c->err says why. */
static bool take_token(struct dataplane_call *c, const struct http_reply *r, const char *none)
{
    struct json *j = json_parse(r->body, r->body_len, 0, &c->err);
    const char *token = json_value_str(json_imember(j, "access_token"));
    const struct json *expires = json_imember(j, "expires_in");
    bool good = token_is_good(token);
    int64_t life = 0;

    if (good) {
        if (!json_value_int(expires, &life) && json_value_str(expires))
            str_to_int(json_value_str(expires), &life);
        secret_set(&c->d->token, token, strlen(token));
        STR_SET(c->d->resource, c->whose);
        c->d->token_until = life > 0 && life <= 86400 * 2 ? mono_ms() + life * 1000 - EARLY_MS : 0;
    } else {
        err_set(&c->err, ERR_NODE, 9143, "%s", none);
    }
    json_free(j);
    return good;
}

static void on_token(void *payload, const struct http_reply *r)
{
    struct dataplane_call *c = payload;

    c->http = NULL;
    if (r->status == 0) {
        lost(c, r, _("asking the Arc agent for a token"));
    } else if ((r->status == 401 || r->status == 403) && !c->rechallenged) {
        /* A key is good for one answer only, and that one may have been lost on its way. */
        c->rechallenged = true;
        ask_challenge(c);
        return;
    } else if (r->status != 200) {
        refused(c, r, _("The Arc agent"));
    } else if (take_token(c, r, _("The Arc agent's answer holds no token."))) {
        post(c);
        return;
    }
    call_end(c, NULL);
}

/* ---- the token of the cluster's application: azure-wire.md 1.4 ---- */

static void name_aadsts(struct err *e, const struct http_reply *r)
{
    struct err ignored = { 0 };
    struct json *j = json_parse(r->body, r->body_len, 0, &ignored);
    int64_t code = 0;

    if (json_value_int(json_first(json_imember(j, "error_codes")), &code) && code > 0)
        str_fmt(e->remote_code, sizeof(e->remote_code), "AADSTS%lld", (long long)code);
    json_free(j);
}

static void on_entra(void *payload, const struct http_reply *r)
{
    struct dataplane_call *c = payload;

    c->http = NULL;
    if (r->status == 0) {
        lost(c, r, _("signing in as the cluster's application"));
        c->err.unsure = false; /* a token makes nothing that stays */
    } else if (r->status != 200) {
        refused(c, r, _("The sign-in service"));
        name_aadsts(&c->err, r);
    } else if (take_token(c, r, _("The sign-in service's answer holds no token."))) {
        post(c);
        return;
    }
    call_end(c, NULL);
}

static void add_field(struct str *body, const char *name, const char *value)
{
    str_addf(body, "%s%s=", body->len ? "&" : "", name);
    str_add_url(body, value);
}

static int entra_body(struct dataplane_call *c, const char *url, struct str *body)
{
    struct str assertion = STR_INIT, scope = STR_INIT;
    int rc = certificate_assertion(c->app.certificate, url, c->app.id, &assertion, &c->err);

    str_addf(&scope, "%s/.default", c->audience);
    add_field(body, "client_id", c->app.id);
    add_field(body, "grant_type", "client_credentials");
    add_field(body, "scope", str_p(&scope));
    add_field(body, "client_assertion_type",
              "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    add_field(body, "client_assertion", str_p(&assertion));
    str_free(&scope);
    str_free(&assertion);
    return rc;
}

static void ask_entra(struct dataplane_call *c)
{
    struct str url = STR_INIT, body = STR_INIT;
    struct http_req q = { .method = "POST",
                          .headers = { { "Accept", "application/json" },
                                       { "Content-Type", "application/x-www-form-urlencoded" } },
                          .deadline_ms = ENTRA_MS };

    str_addf(&url, "%s/%s/oauth2/v2.0/token", c->app.login, c->app.tenant);
    if (entra_body(c, str_p(&url), &body) == 0) {
        q.url = str_p(&url);
        q.body = str_p(&body);
        q.body_len = body.len;
        c->http = http_send(c->d->http, &q, on_entra, c);
    } else {
        call_end(c, NULL);
    }
    str_free(&url);
    str_free(&body);
}

/* ---- the token of this machine ---- */

static void ask_agent(struct dataplane_call *c, const struct secret *key, http_done_fn *fn)
{
    struct http_req q = { .method = "GET",
                          .url = c->agent_url,
                          .headers = { { "Metadata", "true" }, { "Accept", "application/json" } },
                          .basic = key,
                          .flags = HTTP_PLAIN_LOOPBACK | HTTP_NO_PROXY,
                          .deadline_ms = AGENT_MS,
                          .max_reply = 64 * 1024 };

    c->http = http_send(c->d->http, &q, fn, c);
}

static void on_challenge(void *payload, const struct http_reply *r)
{
    struct dataplane_call *c = payload;
    struct secret key = { 0 };

    c->http = NULL;
    if (r->status == 0) {
        lost(c, r, _("asking the Arc agent for a token"));
    } else if (r->status >= 200 && r->status < 300) {
        err_set(&c->err, ERR_NODE, 0,
                _("The Arc agent answered without a challenge; such an answer is not believed."));
    } else if (r->status != 401) {
        refused(c, r, _("The Arc agent"));
    } else if (dataplane_key(http_header(r, "WWW-Authenticate"), c->d->tokens_dir, &key, &c->err) ==
               0) {
        ask_agent(c, &key, on_token);
        secret_clear(&key);
        return;
    }
    call_end(c, NULL);
}

static void ask_challenge(struct dataplane_call *c)
{
    ask_agent(c, NULL, on_challenge);
}

/* ---- start ---- */

static void on_start(void *payload)
{
    struct dataplane_call *c = payload;

    struct dataplane *d = c->d;

    c->timer = NULL;
    c->kept_token = !c->app.fresh && secret_is(&d->token) && str_eq(d->resource, c->whose) &&
                    mono_ms() < d->token_until;
    if (err_is(&c->err))
        call_end(c, NULL);
    else if (c->kept_token)
        post(c);
    else
        ask_token(c);
}

static int prepare(struct dataplane_call *c, const char *endpoint, const char *cloud_id,
                   const char *scope, const char *act)
{
    struct dataplane *d = c->d;
    struct str url = STR_INIT;
    size_t n = strlen(endpoint);

    if (dataplane_audience(scope, c->audience, sizeof(c->audience), &c->err) != 0)
        return -1;
    if (!guid_is(cloud_id))
        return err_set(&c->err, ERR_NODE, 0, _("\"%s\" is no cloud id."), cloud_id);
    if (!http_url_is_https(endpoint) || strpbrk(endpoint, "?#"))
        return err_set(&c->err, ERR_NODE, 0, _("\"%s\" is no https address of a service."),
                       endpoint);
    if (c->as_app &&
        (!guid_is(c->app.id) || !guid_is(c->app.tenant) || !http_url_is_https(c->app.login)))
        return err_set(&c->err, ERR_NODE, 0,
                       _("The registration does not say as which application to sign in."));
    str_fmt(c->whose, sizeof(c->whose), "%s %s", c->audience, c->as_app ? c->app.id : "");
    if (!str_istarts(d->himds, "http://") || !http_url_is_loopback(d->himds))
        return err_set(&c->err, ERR_NODE, 0,
                       _("\"%s\" is no address of an Arc agent on this machine."), d->himds);
    while (n > 0 && endpoint[n - 1] == '/')
        n--;
    str_addf(&url, "%.*s/clusters/%s/%s", (int)n, endpoint, cloud_id, act);
    c->post_url = str_take(&url);
    n = strlen(d->himds);
    while (n > 0 && d->himds[n - 1] == '/')
        n--;
    str_addf(&url, "%.*s/metadata/identity/oauth2/token?resource=", (int)n, d->himds);
    str_add_url(&url, c->audience);
    str_add(&url, "&api-version=2020-06-01");
    c->agent_url = str_take(&url);
    return 0;
}

struct dataplane_call *dataplane_post_as(struct dataplane *d, const struct dataplane_app *app,
                                         const char *endpoint, const char *cloud_id,
                                         const char *scope, const char *act, struct json *body,
                                         dataplane_done_fn *fn, void *payload)
{
    struct dataplane_call *c = xcalloc(1, sizeof(*c));

    c->d = d;
    c->fn = fn;
    c->payload = payload;
    c->as_app = app != NULL;
    if (app)
        c->app = *app;
    json_write(&c->body, body);
    json_free(body);
    if (prepare(c, endpoint, cloud_id, scope, act) != 0)
        log_dbg("data plane: %s", c->err.message);
    c->timer = loop_after(d->loop, 0, on_start, c);
    return c;
}

struct dataplane_call *dataplane_post(struct dataplane *d, const char *endpoint,
                                      const char *cloud_id, const char *scope, const char *act,
                                      struct json *body, dataplane_done_fn *fn, void *payload)
{
    return dataplane_post_as(d, NULL, endpoint, cloud_id, scope, act, body, fn, payload);
}
