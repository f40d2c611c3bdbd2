/* exchange_mask.c - one list of names that are secret wherever they stand; and what looks like a
 * secret is left out wherever it stands, so that a body that is no JSON, a page or an address shows
 * none either. */
#include "config.h"

#include "sandbox/exchange.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define MASK "***"

enum { HANDLE_MIN = 128 }; /* letters in a row: codes, handles and refresh tokens are longer */

static const char *const names[] = {
    "access_token", "accessToken",      "refresh_token",
    "id_token",     "device_code",      "code_verifier",
    "code",         "client_secret",    "secretText",
    "password",     "assertion",        "proof",
    "key",          "client_assertion", "protectedSettings",
    "token",        "subject_token",    "actor_token",
    "id",           "privateKey",
};

enum place { IN_FORM, IN_DOCUMENT, IN_TAGS };

/* "code" is also ARM's and Graph's word for the kind of an error, "id" a secret only where a page
 * of ours hands it on, and a tag may be called as it likes. */
static bool is_open(const char *name, enum place place)
{
    if (place == IN_TAGS)
        return str_eq(name, "key") || str_eq(name, "password") || str_eq(name, "token") ||
               str_eq(name, "code") || str_eq(name, "id");
    return place == IN_DOCUMENT && (str_eq(name, "code") || str_eq(name, "id"));
}

static bool is_secret(const char *name, enum place place)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_ieq(names[i], name) && !is_open(names[i], place))
            return true;
    return false;
}

/* ---- text that is nothing we know ---- */

static size_t run_of(const char *p)
{
    return strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
}

/* A JSON Web Token: three runs with dots between, the first an object's beginning in base64url. */
static size_t token_len(const char *p)
{
    size_t n = str_starts(p, "eyJ") ? run_of(p) : 0, m = n && p[n] == '.' ? run_of(p + n + 1) : 0;

    if (!m)
        return 0;
    n += 1 + m;
    return p[n] == '.' ? n + 1 + run_of(p + n + 1) : n;
}

/* "name": "value" with a secret name: the length up to the value, whose own is *value. */
static size_t member_len(const char *p, size_t *value)
{
    size_t n = *p == '"' ? strcspn(p + 1, "\"") : 0, at = n + 2;
    char name[64];

    if (!n || p[n + 1] != '"' || !str_fmt(name, sizeof(name), "%.*s", (int)n, p + 1) ||
        !is_secret(name, IN_DOCUMENT))
        return 0;
    at += strspn(p + at, " \t\r\n");
    if (p[at] != ':')
        return 0;
    at += 1 + strspn(p + at + 1, " \t\r\n");
    if (p[at] != '"')
        return 0;
    *value = strcspn(p + at + 1, "\"");
    return at + 1;
}

static void mask_text(struct str *out, const char *p, bool handles)
{
    while (*p) {
        size_t value, n = token_len(p), m = n ? 0 : member_len(p, &value), run = run_of(p);

        if (n || (handles && run >= HANDLE_MIN)) {
            str_add(out, MASK);
            p += n ? n : run;
        } else if (m) {
            str_addf(out, "%.*s" MASK, (int)m, p);
            p += m + value;
        } else {
            n = run ? run : 1;
            str_addn(out, p, n);
            p += n;
        }
    }
}

/* ---- forms and addresses ---- */

static bool is_secret_field(const char *p, size_t n)
{
    struct str name = STR_INIT;
    bool secret;

    for (size_t i = 0; i < n; i++) {
        unsigned c;

        if (p[i] == '%' && i + 2 < n && sscanf(p + i + 1, "%2x", &c) == 1 && c) {
            str_addc(&name, (char)c);
            i += 2;
        } else {
            str_addc(&name, p[i]);
        }
    }
    secret = is_secret(str_p(&name), IN_FORM);
    str_free(&name);
    return secret;
}

static void mask_fields(struct str *out, const char *p)
{
    struct str whole = STR_INIT;

    while (*p) {
        size_t n = strcspn(p, "&#"), name = strcspn(p, "=&#");

        if (name < n && is_secret_field(p, name))
            str_addf(&whole, "%.*s=" MASK, (int)name, p);
        else
            str_addn(&whole, p, n);
        p += n;
        if (*p)
            str_addc(&whole, *p++);
    }
    mask_text(out, str_p(&whole), true);
    str_free(&whole);
}

void exchange_mask_url(struct str *out, const char *url)
{
    size_t n = strcspn(url, "?");

    str_addn(out, url, n);
    if (url[n]) {
        str_addc(out, '?');
        mask_fields(out, url + n + 1);
    }
}

/* ---- headers ---- */

static void mask_header(struct json *headers, const char *name, const char *value)
{
    static const char *const schemes[] = { "authorization", "proxy-authorization",
                                           "x-ms-authorization-auxiliary" };
    static const char *const whole[] = { "cookie", "set-cookie" };
    struct str s = STR_INIT;

    if (str_ieq(name, "location"))
        exchange_mask_url(&s, value);
    else
        mask_text(&s, value, true);
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (str_ieq(name, schemes[i])) {
            str_reset(&s);
            if (strchr(value, ' '))
                str_addf(&s, "%.*s ", (int)strcspn(value, " "), value);
            str_add(&s, MASK);
        }
    for (size_t i = 0; i < ARRAY_LEN(whole); i++)
        if (str_ieq(name, whole[i])) {
            str_reset(&s);
            str_add(&s, MASK);
        }
    if (!str_eq(str_p(&s), value))
        json_set_str(headers, name, str_p(&s));
    str_free(&s);
}

void exchange_mask_headers(struct json *headers)
{
    const struct json *c = json_first(headers);

    while (c) {
        const struct json *next = json_next(c);
        char name[128];

        if (json_is_string(c) && STR_SET(name, json_name(c)))
            mask_header(headers, name, json_value_str(c));
        c = next;
    }
}

/* ---- bodies ---- */

static struct json *masked_text(const char *text, bool form)
{
    struct str s = STR_INIT;
    struct json *j;

    if (form && run_of(text) && text[run_of(text)] != ' ')
        mask_fields(&s, text);
    else
        mask_text(&s, text, form);
    j = json_string(str_p(&s));
    str_free(&s);
    return j;
}

static struct json *masked(const struct json *j, enum place place)
{
    struct json *out;

    if (json_is_string(j))
        return masked_text(json_value_str(j), false);
    if (!json_is_object(j) && !json_is_array(j))
        return json_copy(j);
    out = json_is_array(j) ? json_array() : json_object();
    JSON_EACH (c, j) {
        const char *name = json_name(c);

        if (!json_is_object(j))
            json_push(out, masked(c, place));
        else if (!json_is_null(c) && is_secret(name, place))
            json_set_str(out, name, MASK);
        else
            json_set(out, name, masked(c, str_ieq(name, "tags") ? IN_TAGS : place));
    }
    return out;
}

struct json *exchange_mask_body(struct json *body)
{
    struct json *out =
        json_is_string(body) ? masked_text(json_value_str(body), true) : masked(body, IN_DOCUMENT);

    json_free(body);
    return out;
}
