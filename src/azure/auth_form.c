/* One request to Microsoft Entra and the reading of its answer. */
#include "config.h"

#include "azure/auth_int.h"

#include <string.h>

#include "base/i18n.h"

static void add_byte(struct auth_form *f, char c)
{
    if (f->len + 1 >= f->cap) {
        f->cap = f->cap ? f->cap * 2 : 4096;
        f->p = wipe_realloc(f->p, f->cap);
    }
    f->p[f->len++] = c;
    f->p[f->len] = '\0';
}

static void add_encoded(struct auth_form *f, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    for (; *text; text++) {
        if (strchr(kept, *text)) {
            add_byte(f, *text);
            continue;
        }
        add_byte(f, '%');
        add_byte(f, hex[(unsigned char)*text >> 4]);
        add_byte(f, hex[(unsigned char)*text & 15]);
    }
}

void auth_form_add(struct auth_form *f, const char *name, const char *value)
{
    if (f->len)
        add_byte(f, '&');
    add_encoded(f, name);
    add_byte(f, '=');
    add_encoded(f, value ? value : "");
}

void auth_form_free(struct auth_form *f)
{
    wipe_free(f->p);
    *f = (struct auth_form){ NULL, 0, 0 };
}

const char *auth_endpoint(const struct auth *a, const char *tenant, const char *what,
                          struct str *out)
{
    str_addf(out, "%s/", a->cloud.login);
    str_add_url(out, tenant);
    str_addf(out, "/oauth2/v2.0/%s", what);
    return str_p(out);
}

struct http_call *auth_post(struct auth *a, const char *tenant, const char *what,
                            const char *request_id, struct auth_form *f, http_done_fn *fn,
                            void *payload)
{
    struct str url = STR_INIT;
    struct http_call *call;
    struct http_req q = { .method = "POST",
                          .headers = { { "Accept", "application/json" },
                                       { "Content-Type", "application/x-www-form-urlencoded" },
                                       { "client-request-id", request_id },
                                       { "x-client-SKU", PACKAGE_NAME },
                                       { "x-client-Ver", PACKAGE_VERSION } },
                          .body = f->p,
                          .body_len = f->len,
                          .deadline_ms = 30000,
                          .max_reply = AUTH_MAX_REPLY };

    q.url = auth_endpoint(a, tenant, what, &url);
    call = http_send(a->http, &q, fn, payload);
    str_free(&url);
    auth_form_free(f);
    return call;
}

const char *auth_audience(const struct auth *a, enum auth_for what, struct str *out)
{
    if (what == AUTH_FOR_GRAPH)
        str_add(out, a->cloud.graph_scope);
    else
        str_addf(out, "%s/.default", a->cloud.arm_audience);
    return str_p(out);
}

const char *auth_scope(const struct auth *a, enum auth_for what, struct str *out)
{
    auth_audience(a, what, out);
    str_add(out, " offline_access openid profile");
    return str_p(out);
}

/* AZURE_AUTHORITY_HOST is met with and without https://, with and without a slash at its end, and
 * with the aliases of one and the same service (azure-wire.md 1.1). */
bool auth_same_authority(const struct cloud *c, const char *address)
{
    static const char *const aliases[][2] = {
        { "login.windows.net", "login.microsoftonline.com" },
        { "login.microsoft.com", "login.microsoftonline.com" },
        { "sts.windows.net", "login.microsoftonline.com" },
        { "login.chinacloudapi.cn", "login.partner.microsoftonline.cn" },
        { "login.usgovcloudapi.net", "login.microsoftonline.us" },
    };
    char url[300], given[256], own[256];

    str_fmt(url, sizeof(url), "%s%s", strstr(address, "://") ? "" : "https://", address);
    if (!http_url_is_https(url) || !http_url_host(url, given, sizeof(given)) ||
        !http_url_host(c->login, own, sizeof(own)))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (str_eq(given, aliases[i][0]))
            STR_SET(given, aliases[i][1]);
    return str_eq(given, own);
}

/* Words of the error member decide what we do (azure-wire.md 1.8.1); the caller compares the
 * pointer's text. */
static const char *known_word(const char *word)
{
    static const char *const words[] = {
        "authorization_pending",   "slow_down",      "authorization_declined",
        "access_denied",           "expired_token",  "invalid_grant",
        "interaction_required",    "login_required", "consent_required",
        "temporarily_unavailable", "invalid_client", "unauthorized_client",
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(words[i], word))
            return words[i];
    return "";
}

struct json *auth_read(const struct http_reply *r, const char **error_word, struct err *e)
{
    struct err ignored;
    struct json *j;

    *error_word = "";
    if (r->status == 0) {
        *e = r->err;
        return NULL;
    }
    j = json_parse(r->body, r->body_len, AUTH_MAX_REPLY, &ignored);
    if (r->status >= 200 && r->status < 300 && json_is_object(j))
        return j;
    if (r->status >= 200 && r->status < 300) {
        err_set(e, ERR_NET, 0, _("Microsoft Entra's answer is not readable."));
        e->retryable = true;
        e->http = r->status;
    } else {
        *error_word = known_word(json_str(j, "error"));
        auth_error(e, r->status, r->body, r->body_len);
        e->retry_after_ms = r->retry_after_ms;
    }
    json_free(j);
    return NULL;
}
