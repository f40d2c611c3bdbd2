#include "config.h"

#include "real/mask.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/loop.h"
#include "real/mask_words.h"

#define MAX_HOSTS 12

struct mask {
    unsigned char key[32];
    struct {
        char host[200], shown[200];
    } hosts[MAX_HOSTS];
    size_t n_hosts;
};

struct mask *mask_new(void)
{
    struct mask *m = xcalloc(1, sizeof(*m));

    if (getrandom(m->key, sizeof(m->key), 0) != (ssize_t)sizeof(m->key))
        abort(); /* pseudonyms under a known key could be reversed by guessing */
    return m;
}

void mask_free(struct mask *m)
{
    if (!m)
        return;
    explicit_bzero(m->key, sizeof(m->key));
    free(m);
}

void mask_cloud_host(struct mask *m, const char *host_port, bool is_public)
{
    if (m->n_hosts == MAX_HOSTS || !host_port[0])
        return;
    STR_SET(m->hosts[m->n_hosts].host, host_port);
    STR_SET(m->hosts[m->n_hosts].shown, is_public ? host_port : "cloud.invalid");
    m->n_hosts++;
}

/* ---- pseudonyms ---- */

static void digest(struct mask *m, const char *kind, const char *s, size_t n, unsigned char out[32])
{
    struct str text = STR_INIT;
    unsigned int len = 32;

    str_add(&text, kind);
    str_addc(&text, ':');
    str_addn(&text, s, n);
    str_lower(text.p);
    if (!HMAC(EVP_sha256(), m->key, sizeof(m->key), (unsigned char *)text.p, text.len, out, &len))
        abort();
    explicit_bzero(text.p, text.len);
    str_free(&text);
}

static void add_hex(struct str *out, const unsigned char *h, size_t n)
{
    for (size_t i = 0; i < n; i++)
        str_addf(out, "%02x", h[i]);
}

static void add_guid(struct mask *m, struct str *out, const char *s, size_t n)
{
    unsigned char h[32];

    digest(m, "guid", s, n, h);
    for (size_t i = 0; i < 16; i++)
        str_addf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", h[i]);
}

static void add_word(struct mask *m, struct str *out, const char *s, size_t n)
{
    unsigned char h[32];

    digest(m, "word", s, n, h);
    str_add(out, "w-");
    add_hex(out, h, 5);
}

static void add_digits(struct mask *m, struct str *out, const char *s, size_t n)
{
    unsigned char h[32];

    digest(m, "digits", s, n, h);
    for (size_t i = 0; i < n; i++)
        str_addc(out, (char)('0' + h[i % 32] % 10));
}

static void add_host(struct mask *m, struct str *out, const char *s, size_t n)
{
    char host[300];
    unsigned char h[32];

    str_fmt(host, sizeof(host), "%.*s", (int)n, s);
    for (size_t i = 0; i < m->n_hosts; i++)
        if (str_ieq(m->hosts[i].host, host)) {
            str_add(out, m->hosts[i].shown);
            return;
        }
    if (mask_public_host(host)) {
        str_add(out, host);
        return;
    }
    digest(m, "host", s, n, h);
    str_add(out, "host-");
    add_hex(out, h, 5);
    str_add(out, ".invalid");
}

static void add_mail(struct mask *m, struct str *out, const char *s, size_t n)
{
    unsigned char h[32];

    digest(m, "mail", s, n, h);
    str_add(out, "user-");
    add_hex(out, h, 5);
    str_add(out, "@example.invalid");
}

static void add_ip(struct mask *m, struct str *out, const char *s, size_t n)
{
    unsigned char h[32];

    digest(m, "ip", s, n, h);
    if (memchr(s, ':', n))
        str_addf(out, "2001:db8::%02x%02x:%02x%02x", h[0], h[1], h[2], h[3]);
    else
        str_addf(out, "192.0.2.%d", h[0]);
}

/* ---- what a piece of text is ---- */

static const char digits[] = "0123456789", hex_digits[] = "0123456789abcdefABCDEF";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static size_t span(const char *s, size_t n, const char *set)
{
    size_t i = 0;

    while (i < n && s[i] && strchr(set, s[i]))
        i++;
    return i;
}

static bool is_guid(const char *s, size_t n)
{
    char copy[GUID_SIZE];

    if (n == 38 && s[0] == '{' && s[37] == '}')
        return is_guid(s + 1, 36);
    if (n != GUID_SIZE - 1)
        return false;
    memcpy(copy, s, n);
    copy[n] = '\0';
    return guid_is(copy);
}

/* 2024-04-01, 2025-09-15-preview */
static bool is_version(const char *s, size_t n)
{
    return n >= 10 && span(s, 4, digits) == 4 && s[4] == '-' && span(s + 5, 2, digits) == 2 &&
           s[7] == '-' && span(s + 8, 2, digits) == 2 &&
           (n == 10 || (n == 18 && memcmp(s + 10, "-preview", 8) == 0));
}

static bool is_time(const char *s, size_t n)
{
    char copy[64];
    int64_t ignored;

    return str_fmt(copy, sizeof(copy), "%.*s", (int)(n < 64 ? n : 63), s) && n < 40 && n > 10 &&
           span(s, n, "0123456789-:.TZ+ ") == n && time_parse(copy, &ignored);
}

static bool is_ip(const char *s, size_t n)
{
    size_t dots = 0, colons = 0;

    for (size_t i = 0; i < n; i++) {
        dots += s[i] == '.';
        colons += s[i] == ':';
    }
    if (colons == 0)
        return dots == 3 && n >= 7 && span(s, n, "0123456789.") == n;
    return colons >= 2 && span(s, n, "0123456789abcdefABCDEF:.") == n;
}

static bool is_host(const char *s, size_t n)
{
    const char *dot = memchr(s, '.', n);

    return dot && dot > s && dot < s + n - 1 &&
           span(s, n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == n;
}

static bool is_provider(const char *s, size_t n)
{
    return n > 10 && strncasecmp(s, "Microsoft.", 10) == 0 && mask_public_provider(s + 10, n - 10);
}

/* ---- one value without blanks ---- */

static void add_bare(struct mask *m, struct str *out, const char *s, size_t n)
{
    char guid[GUID_SIZE];

    if (is_guid(s, n)) {
        str_fmt(guid, sizeof(guid), "%.*s", 36, s + (n == 38));
        if (mask_public_guid(guid))
            str_addn(out, s, n);
        else
            add_guid(m, out, guid, 36);
    } else if (is_time(s, n) || is_version(s, n)) {
        str_addn(out, s, n);
    } else if (is_ip(s, n)) {
        add_ip(m, out, s, n);
    } else if (memchr(s, '@', n)) {
        add_mail(m, out, s, n);
    } else if (span(s, n, digits) == n) {
        add_digits(m, out, s, n);
    } else if (is_host(s, n)) {
        add_host(m, out, s, n);
    } else {
        add_word(m, out, s, n);
    }
}

/* region: it stands behind "locations"; which one it is, no reader of a path needs to know. */
static void add_segment(struct mask *m, struct str *out, const char *s, size_t n, bool region)
{
    if (n == 0)
        return;
    if (mask_public_segment(s, n) || is_provider(s, n))
        str_addn(out, s, n);
    else if (region && n < 30 && !is_guid(s, n))
        str_add(out, "aregion");
    else
        add_bare(m, out, s, n);
}

static void add_path(struct mask *m, struct str *out, const char *s, size_t len)
{
    bool region = false;
    size_t at = 0;

    while (at < len) {
        size_t n = 0;

        while (at + n < len && s[at + n] != '/')
            n++;
        add_segment(m, out, s + at, n, region);
        region = n == 9 && strncasecmp(s + at, "locations", 9) == 0;
        at += n;
        if (at < len)
            str_addc(out, s[at++]);
    }
}

/* ---- addresses ---- */

static void url_decode(struct str *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '%' && i + 2 < n && span(s + i + 1, 2, hex_digits) == 2) {
            char two[3] = { s[i + 1], s[i + 2], '\0' };

            str_addc(out, (char)strtol(two, NULL, 16));
            i += 2;
        } else {
            str_addc(out, s[i] == '+' ? ' ' : s[i]);
        }
    }
}

static void add_pair(struct mask *m, struct str *out, const char *s, size_t n)
{
    static const char *const kept[] = { "api-version", "$filter",    "$expand",
                                        "$top",        "$skiptoken", "mkt" };
    const char *eq = memchr(s, '=', n);
    size_t name_len = eq ? (size_t)(eq - s) : n;
    struct str name = STR_INIT, value = STR_INIT;
    bool known = false;

    url_decode(&name, s, name_len);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        known = known || str_ieq(kept[i], str_p(&name));
    if (known || (name.len <= 2 && span(str_p(&name), name.len, letters) == name.len))
        str_add(out, str_p(&name));
    else
        add_word(m, out, s, name_len);
    if (eq) {
        str_addc(out, '=');
        url_decode(&value, eq + 1, n - name_len - 1);
        if (!known || str_ieq(name.p, "$skiptoken"))
            add_word(m, out, str_p(&value), value.len);
        else
            mask_text(m, out, str_p(&value), value.len);
    }
    str_free(&name);
    str_free(&value);
}

static void add_query(struct mask *m, struct str *out, const char *s, size_t len)
{
    size_t at = 0;

    while (at < len) {
        const char *amp = memchr(s + at, '&', len - at);
        size_t n = amp ? (size_t)(amp - s) - at : len - at;

        add_pair(m, out, s + at, n);
        at += n;
        if (at < len) {
            str_addc(out, '&');
            at++;
        }
    }
}

/* s: after "scheme://" or at a path; host false: no authority comes first. */
static void add_address(struct mask *m, struct str *out, const char *s, size_t n, bool host)
{
    const char *query = memchr(s, '?', n);
    size_t path_len = query ? (size_t)(query - s) : n, host_len = 0;

    while (host && host_len < path_len && s[host_len] != '/')
        host_len++;
    if (host_len) {
        const char *at = memchr(s, '@', host_len);

        add_host(m, out, at ? at + 1 : s, at ? host_len - (size_t)(at + 1 - s) : host_len);
    }
    add_path(m, out, s + host_len, path_len - host_len);
    if (query) {
        str_addc(out, '?');
        add_query(m, out, query + 1, n - path_len - 1);
    }
}

static size_t scheme_len(const char *s, size_t n)
{
    if (n > 8 && strncasecmp(s, "https://", 8) == 0)
        return 8;
    return n > 7 && strncasecmp(s, "http://", 7) == 0 ? 7 : 0;
}

static void add_url(struct mask *m, struct str *out, const char *s, size_t n)
{
    size_t scheme = scheme_len(s, n);

    str_addn(out, s, scheme);
    add_address(m, out, s + scheme, n - scheme, scheme > 0);
}

void mask_url(struct mask *m, struct str *out, const char *url)
{
    add_url(m, out, url, strlen(url));
}

/* ---- sentences ---- */

static bool small_number(const char *s, size_t n)
{
    return (n <= 3 && span(s, n, digits) == n) ||
           (n > 6 && n < 16 && memcmp(s, "AADSTS", 6) == 0 && span(s + 6, n - 6, digits) == n - 6);
}

/* "Microsoft.AzureStackHCI/clusters/read": an action or a resource named by its type. */
static bool begins_with_provider(const char *s, size_t n)
{
    const char *slash = memchr(s, '/', n);

    return is_provider(s, slash ? (size_t)(slash - s) : n);
}

static void add_token(struct mask *m, struct str *out, const char *s, size_t n)
{
    if (scheme_len(s, n))
        add_url(m, out, s, n);
    else if (mask_public_word(s, n) || small_number(s, n) || span(s, n, "/.:-*") == n)
        str_addn(out, s, n);
    else if (s[0] == '/' || begins_with_provider(s, n))
        add_address(m, out, s, n, false);
    else if (is_guid(s, n) || is_time(s, n) || is_version(s, n) || memchr(s, '@', n) || is_ip(s, n))
        add_bare(m, out, s, n);
    else
        str_addc(out, '~');
}

static bool separates(char c)
{
    return c == '\0' || strchr(" \t\r\n\"'`,;()[]{}<>|=&!^\\", c);
}

void mask_text(struct mask *m, struct str *out, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t n = 0, end;

        if (separates(text[at])) {
            str_addc(out, text[at++]);
            continue;
        }
        while (at + n < len && (!separates(text[at + n]) ||
                                (scheme_len(text + at, n) && strchr("&=", text[at + n]))))
            n++;
        for (end = n; end > 1 && strchr(".:?", text[at + end - 1]);)
            end--;
        add_token(m, out, text + at, end);
        str_addn(out, text + at + end, n - end);
        at += n;
    }
}

/* ---- members ---- */

static bool looks_public(const char *s)
{
    size_t n = strlen(s);

    if (n > 120 ||
        span(s, n,
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "
             "._/*()$-") != n ||
        s[0] == '/' || strstr(s, "//"))
        return false;
    for (size_t i = 0; i + 36 <= n; i++)
        if (is_guid(s + i, 36))
            return false;
    return !is_ip(s, n);
}

static void add_value(struct mask *m, struct str *out, const char *value)
{
    size_t n = strlen(value);

    if (n == 0)
        return;
    if (span(value, n, " \t\r\n") == 0 && !strpbrk(value, " \t\r\n\"'") &&
        (scheme_len(value, n) || value[0] == '/'))
        add_url(m, out, value, n);
    else if (!strpbrk(value, " \t\r\n") || is_time(value, n))
        add_bare(m, out, value, n);
    else
        mask_text(m, out, value, n);
}

void mask_value(struct mask *m, struct str *out, const char *step, const char *name,
                const char *value)
{
    if (mask_secret_member(name, true))
        str_add(out, MASK_GONE);
    else if (mask_public_member(step, name) && looks_public(value))
        str_add(out, value);
    else if (str_starts(value, "urn:ietf:params:oauth:"))
        str_add(out, value);
    else
        add_value(m, out, value);
}

static void add_name(struct mask *m, struct str *out, const char *name, bool customer)
{
    size_t n = strlen(name);

    if (customer || n > 60 || is_guid(name, n) || strpbrk(name, "/ \t") ||
        (memchr(name, '@', n) && name[0] != '@' && !strstr(name, "@odata")) || is_ip(name, n))
        add_word(m, out, name, n);
    else
        str_add(out, name);
}

static void add_string(struct mask *m, struct str *out, const char *step, const char *name,
                       const char *v)
{
    if (name && mask_secret_member(name, false) && v[0])
        str_add(out, MASK_GONE);
    else if (name && mask_public_member(step, name) && looks_public(v))
        str_add(out, v);
    else
        add_value(m, out, v);
}

/* name NULL: what is below a name of the customer's own; no name there tells what its value is. */
static struct json *one_json(struct mask *m, const char *step, const char *name,
                             const struct json *in)
{
    bool customer = mask_customer_names(name);
    struct str s = STR_INIT;
    struct json *out;

    if (json_is_object(in)) {
        out = json_object();
        JSON_EACH (c, in) {
            str_reset(&s);
            add_name(m, &s, json_name(c), customer);
            json_set(out, str_p(&s), one_json(m, step, customer || !name ? NULL : json_name(c), c));
        }
    } else if (json_is_array(in)) {
        out = json_array();
        JSON_EACH (c, in)
            json_push(out, one_json(m, step, name, c));
    } else if (json_is_string(in)) {
        add_string(m, &s, step, name, json_value_str(in));
        out = json_string(str_p(&s));
    } else {
        out = name && mask_secret_member(name, false) && !json_is_null(in) ? json_string(MASK_GONE)
                                                                           : json_copy(in);
    }
    str_free(&s);
    return out;
}

struct json *mask_json(struct mask *m, const char *step, const struct json *in)
{
    return one_json(m, step, "", in);
}
