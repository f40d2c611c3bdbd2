#include "config.h"

#include "base/log.h"

#include <string.h>

/* azure-wire.md 6.5 and register-flow.md 3.4, and their spellings elsewhere: '_' and '-' do not
 * count, nor does case. */
static const char *const secret_names[] = {
    "accesstoken",
    "accountaccesstoken",
    "armaccesstoken",
    "arcspncredential",
    "assertion",
    "authorization",
    "clientassertion",
    "clientsecret",
    "codeverifier",
    "cookie",
    "credential",
    "devicecode",
    "graphaccesstoken",
    "idtoken",
    "password",
    "privatekey",
    "proof",
    "protectedsettings",
    "proxyauthorization",
    "refreshtoken",
    "secrettext",
    "setcookie",
    "sharedaccesskey",
};

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool same_name(const char *field, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        char c = field[i];

        if (c == '_' || c == '-')
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != *name++)
            return false;
    }
    return *name == '\0';
}

static bool is_secret(const char *field, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(secret_names); i++)
        if (same_name(field, n, secret_names[i]))
            return true;
    return false;
}

bool log_is_secret_name(const char *field)
{
    return field && is_secret(field, strlen(field));
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        p++;
    return p;
}

/* A quote, which inside a JSON string may stand behind backslashes; its length, 0 if there is none.
 */
static size_t quote_at(const char *p, const char *end)
{
    const char *q = p;

    while (q < end && *q == '\\')
        q++;
    return q < end && *q == '"' ? (size_t)(q - p) + 1 : 0;
}

/* p: after the opening quote of `width` bytes; returns where the closing one starts, or end. A
 * quote of width w closes a string of its own level when w - 1 backslashes more than a multiple of
 * 2w stand before it; with fewer it belongs to a level further out. */
static const char *quoted_end(const char *p, const char *end, size_t width)
{
    while (p < end) {
        size_t slashes = 0;

        while (p + slashes < end && p[slashes] == '\\')
            slashes++;
        if (p + slashes >= end)
            return end;
        if (p[slashes] == '"' && slashes < width - 1)
            return p;
        if (p[slashes] == '"' && slashes % (2 * width) == width - 1)
            return p + slashes - (width - 1);
        p += slashes + 1;
    }
    return end;
}

/* p: on '{' or '['; returns after the bracket that closes it, or end. */
static const char *group_end(const char *p, const char *end)
{
    int depth = 0;

    while (p < end) {
        size_t width = quote_at(p, end);

        if (width) {
            p = quoted_end(p + width, end, width);
            p += p < end ? width : 0;
            continue;
        }
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
        if (depth == 0)
            break;
    }
    return p;
}

static const char *value_end(const char *p, const char *end, bool header)
{
    const char *stops = header ? "\r\n" : "&,;}])'\" \t\r\n";

    while (p < end && (*p == '\0' || !strchr(stops, *p)))
        p++;
    return p;
}

/* p: after a secret name. Copies what stands before its value, masks the value, returns where to go
 * on. */
static const char *mask_value(struct str *out, const char *name, const char *p, const char *end)
{
    size_t closing = quote_at(p, end), opening;
    const char *from, *to, *sep = p + closing;
    bool json = closing > 0, option = name[0] == '-' && !json;

    sep = json ? skip_space(sep, end) : skip_blanks(sep, end);
    if (sep < end && (*sep == ':' || *sep == '='))
        from = json ? skip_space(sep + 1, end) : skip_blanks(sep + 1, end);
    else if (option && sep > p)
        from = sep;
    else
        return p;
    opening = quote_at(from, end);
    if (opening) {
        to = quoted_end(from + opening, end, opening);
        from += opening;
    } else if (from < end && (*from == '{' || *from == '[')) {
        to = group_end(from, end);
    } else {
        to = value_end(from, end, !json && sep < end && *sep == ':');
    }
    str_addn(out, p, (size_t)(from - p));
    if (to > from)
        str_add(out, json && !opening ? "\"***\"" : "***");
    return to;
}

/* A bearer token in running text, in whatever field it came. */
static const char *mask_bearer(struct str *out, const char *p, const char *end)
{
    const char *from = skip_blanks(p, end), *to = value_end(from, end, false);

    if (from == p || to - from < 16)
        return p;
    str_addn(out, p, (size_t)(from - p));
    str_add(out, "***");
    return to;
}

void log_redact(struct str *out, const char *text, size_t len)
{
    const char *p = text, *end = text + len;

    while (p < end) {
        const char *name = p;

        while (p < end && is_token_char(*p))
            p++;
        if (p == name) {
            str_addc(out, *p++);
            continue;
        }
        str_addn(out, name, (size_t)(p - name));
        if (is_secret(name, (size_t)(p - name)))
            p = mask_value(out, name, p, end);
        else if (same_name(name, (size_t)(p - name), "bearer"))
            p = mask_bearer(out, p, end);
    }
}
