/* exchange_mask.c - one list of names that are secret wherever they stand. */
#include "config.h"

#include "sandbox/exchange.h"

#include <string.h>

#include "base/str.h"

#define MASK "***"

static const char *const names[] = {
    "access_token",  "accessToken", "refresh_token", "id_token",         "device_code",
    "code_verifier", "code",        "client_secret", "secretText",       "password",
    "assertion",     "proof",       "key",           "client_assertion", "protectedSettings",
};

/* "code" is also ARM's and Graph's word for the kind of an error, and "key" may be a tag. */
static bool only_in_forms(const char *name)
{
    return str_eq(name, "code") || str_eq(name, "key") || str_eq(name, "password");
}

static bool is_secret(const char *name, size_t n, bool form)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strlen(names[i]) == n && !strncasecmp(names[i], name, n) &&
            (form || !only_in_forms(names[i])))
            return true;
    return false;
}

/* A browser is sent back with the code in its address. */
static void mask_location(struct json *headers)
{
    const char *value = json_str(headers, "location"), *code = value ? strstr(value, "?code=") : 0;
    struct str s = STR_INIT;
    if (!code)
        return;
    str_addn(&s, value, (size_t)(code - value) + strlen("?code="));
    str_addf(&s, MASK "%s", strchr(code, '&') ? strchr(code, '&') : "");
    json_set_str(headers, "location", str_p(&s));
    str_free(&s);
}

void exchange_mask_headers(struct json *headers)
{
    const char *value = json_str(headers, "authorization");
    struct str s = STR_INIT;
    mask_location(headers);
    if (!value)
        return;
    str_addf(&s, "%.*s " MASK, (int)strcspn(value, " "), value);
    json_set_str(headers, "authorization", strchr(value, ' ') ? str_p(&s) : MASK);
    str_free(&s);
}

static void mask_members(struct json *j)
{
    const struct json *c = json_first(j);
    while (c) {
        const struct json *next = json_next(c);
        const char *name = json_name(c);
        char kept[64];
        if (name && !json_is_null(c) && is_secret(name, strlen(name), false) && STR_SET(kept, name))
            json_set_str(j, kept, MASK);
        else
            mask_members(json_edit(c));
        c = next;
    }
}

static struct json *mask_form(struct json *text)
{
    struct str out = STR_INIT;
    for (const char *p = json_value_str(text); *p;) {
        size_t n = strcspn(p, "&"), name = strcspn(p, "=&");
        if (name < n && is_secret(p, name, true))
            str_addf(&out, "%.*s=" MASK, (int)name, p);
        else
            str_addn(&out, p, n);
        p += n;
        if (*p)
            str_addc(&out, *p++);
    }
    struct json *masked = json_string(str_p(&out));
    str_free(&out);
    json_free(text);
    return masked;
}

struct json *exchange_mask_body(struct json *body)
{
    if (json_is_string(body))
        return mask_form(body);
    mask_members(body);
    return body;
}
