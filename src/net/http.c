#include "config.h"

#include "net/http_impl.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/json.h"

/* ---- URLs ---- */

/* Start of host[:port] and the default port, or NULL. */
static const char *url_authority(const char *url, int *port)
{
    if (str_istarts(url, "https://")) {
        *port = 443;
        return url + 8;
    }
    if (str_istarts(url, "http://")) {
        *port = 80;
        return url + 7;
    }
    return NULL;
}

/* Length of the name (brackets of IPv6 included), 0 if it has a character that a host name has not.
 * User names before an '@', %XX and backslashes fall out here: a name that two parsers could read
 * in two ways is none. */
static size_t host_length(const char *p)
{
    size_t n;

    if (*p == '[') {
        n = strspn(p + 1, "0123456789abcdefABCDEF:.") + 1;
        return n > 1 && p[n] == ']' ? n + 1 : 0;
    }
    return strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
}

static bool port_number(const char *digits, size_t n, int *port)
{
    int64_t v;
    char text[8];

    if (n == 0 || n > 5)
        return false;
    memcpy(text, digits, n);
    text[n] = '\0';
    if (!str_to_int(text, &v) || v < 1 || v > 65535)
        return false;
    *port = (int)v;
    return true;
}

bool http_url_host(const char *url, char *out, size_t size)
{
    int dflt, port;
    const char *p = url ? url_authority(url, &dflt) : NULL;
    size_t n = p ? host_length(p) : 0, digits;
    const char *end;

    if (n == 0 || n > 255)
        return false;
    port = dflt;
    end = p + n;
    if (*end == ':') {
        digits = strspn(end + 1, "0123456789");
        if (!port_number(end + 1, digits, &port))
            return false;
        end += 1 + digits;
    }
    if (*end && !strchr("/?#", *end))
        return false;
    if (port == dflt ? !str_fmt(out, size, "%.*s", (int)n, p)
                     : !str_fmt(out, size, "%.*s:%d", (int)n, p, port))
        return false;
    str_lower(out);
    return true;
}

bool http_url_is_https(const char *url)
{
    char host[HTTP_MAX_HOST];

    return http_url_host(url, host, sizeof(host)) && str_istarts(url, "https://");
}

bool http_url_is_loopback(const char *url)
{
    char host[HTTP_MAX_HOST], *colon;
    struct in_addr v4;

    if (!http_url_host(url, host, sizeof(host)))
        return false;
    if (host[0] == '[')
        return str_starts(host, "[::1]");
    colon = strchr(host, ':');
    if (colon)
        *colon = '\0';
    if (str_eq(host, "localhost"))
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

/* ---- headers of an answer ---- */

void http_headers_add(struct http_headers *h, const char *name, const char *value)
{
    h->v = xrealloc(h->v, (h->n + 1) * sizeof(*h->v));
    h->v[h->n].name = xstrdup(name);
    h->v[h->n].value = xstrdup(value);
    h->n++;
}

/* A name is a token (RFC 9110 5.1): a line that begins with a blank goes on with the one before,
 * and is no header of its own. */
bool http_headers_line(struct http_headers *h, const char *line, size_t n)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-.^_`|~";
    struct str copy = STR_INIT;
    size_t name;

    h->bytes += n;
    if (h->bytes > HTTP_MAX_HEAD)
        return false;
    str_addn(&copy, line, n);
    name = strspn(str_p(&copy), token);
    if (name > 0 && copy.p[name] == ':') {
        for (char *c = copy.p + name + 1; *c; c++)
            if (iscntrl((unsigned char)*c)) /* RFC 9110 5.5 */
                *c = ' ';
        copy.p[name] = '\0';
        http_headers_add(h, copy.p, str_trim(copy.p + name + 1));
    }
    str_free(&copy);
    return true;
}

void http_headers_clear(struct http_headers *h)
{
    for (size_t i = 0; i < h->n; i++) {
        free(h->v[i].name);
        free(h->v[i].value);
    }
    free(h->v);
    *h = (struct http_headers){ NULL, 0, 0 };
}

const char *http_header(const struct http_reply *r, const char *name)
{
    const struct http_headers *h = r->headers;

    for (size_t i = 0; h && i < h->n; i++)
        if (str_ieq(h->v[i].name, name))
            return h->v[i].value;
    return NULL;
}

const char *http_req_header(const struct http_req *q, const char *name)
{
    for (size_t i = 0; i < HTTP_MAX_HEADERS && q->headers[i].name; i++)
        if (str_ieq(q->headers[i].name, name))
            return q->headers[i].value;
    return NULL;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT". Read by hand: strptime's names follow the locale. */
static bool http_date(const char *s, int64_t *unix_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm = { 0 };
    char month[4];
    const char *found;

    if (sscanf(s, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT", &tm.tm_mday, month,
               &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
        return false;
    found = strstr(months, month);
    if (!found || strlen(month) != 3 || (found - months) % 3 != 0)
        return false;
    tm.tm_mon = (int)(found - months) / 3;
    tm.tm_year -= 1900;
    *unix_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

static int64_t retry_after(const struct http_reply *r)
{
    static const char *const in_ms[] = { "retry-after-ms", "x-ms-retry-after-ms" };
    const int64_t most = 24 * 3600 * 1000;
    const char *text;
    int64_t v;

    for (size_t i = 0; i < ARRAY_LEN(in_ms); i++) {
        text = http_header(r, in_ms[i]);
        if (text && str_to_int(text, &v) && v >= 0)
            return v < most ? v : most;
    }
    text = http_header(r, "Retry-After");
    if (!text)
        return -1;
    if (str_to_int(text, &v)) {
        if (v < 0)
            return -1;
        return v < most / 1000 ? v * 1000 : most;
    }
    if (!http_date(text, &v))
        return -1;
    v -= wall_ms();
    if (v < 0)
        return 0;
    return v < most ? v : most;
}

/* ---- policy ---- */

void http_allowed_add(struct http_allowed *a, const char *host_port)
{
    char url[HTTP_MAX_HOST + 16], host[HTTP_MAX_HOST];

    if (!host_port) {
        free(a->v);
        *a = (struct http_allowed){ NULL, 0 };
        return;
    }
    /* The default port of https is left out on both sides of the comparison. */
    if (!str_fmt(url, sizeof(url), "https://%s", host_port) ||
        !http_url_host(url, host, sizeof(host)))
        return;
    for (size_t i = 0; i < a->n; i++)
        if (str_eq(a->v[i], host))
            return;
    a->v = xrealloc(a->v, (a->n + 1) * sizeof(*a->v));
    STR_SET(a->v[a->n], host);
    a->n++;
}

static bool is_allowed(const struct http_allowed *a, const char *host)
{
    for (size_t i = 0; i < a->n; i++)
        if (str_eq(a->v[i], host))
            return true;
    return false;
}

int http_check(const struct http_req *q, const struct http_allowed *a, char host[HTTP_MAX_HOST],
               struct err *e)
{
    bool https, loopback;

    if (!http_url_host(q->url, host, HTTP_MAX_HOST)) {
        host[0] = '\0';
        return err_set(e, ERR_NET, 0, _("refused to use \"%s\": it is no plain https address"),
                       q->url ? q->url : "");
    }
    https = http_url_is_https(q->url);
    loopback = http_url_is_loopback(q->url);
    if (!https && !(loopback && (q->flags & HTTP_PLAIN_LOOPBACK)))
        return err_set(e, ERR_NET, 0, _("refused to talk to %s without encryption"), host);
    if (q->bearer && secret_is(q->bearer) && !is_allowed(a, host))
        return err_set(e, ERR_NET, 0, _("refused to send the token to %s"), host);
    if (q->basic && secret_is(q->basic) && !loopback)
        return err_set(e, ERR_NET, 0, _("refused to send the agent's key to %s"), host);
    return 0;
}

/* ---- whole answers ---- */

void http_lost(struct http_reply *r, int code, bool unsure, bool retryable, const char *host,
               const char *sentence)
{
    int http = r->status;

    err_set(&r->err, ERR_NET, code, "%s: %s", host, sentence);
    r->err.unsure = unsure;
    r->err.retryable = retryable;
    r->err.http = http;
    r->err.retry_after_ms = r->retry_after_ms;
    r->status = 0;
    r->body = "";
    r->body_len = 0;
}

static bool media_is(const char *type, const char *want)
{
    size_t n = strlen(want);

    return str_istarts(type, want) && (type[n] == '\0' || strchr("; \t", type[n]));
}

static bool is_json_type(const char *type)
{
    const char *plus = str_ifind(type, "+json");

    return media_is(type, "application/json") || media_is(type, "text/json") ||
           (plus && (plus[5] == '\0' || strchr("; \t", plus[5])));
}

/* A few answers have no body whatever their Content-Type says. */
static bool may_be_empty(const struct http_reply *r, const struct http_req *q, bool framed)
{
    return framed || str_eq(q->method, "HEAD") || r->status == 202 || r->status == 204 ||
           r->status == 304;
}

void http_judge(struct http_reply *r, const struct http_req *q, const char *host, bool framed)
{
    const char *type = http_header(r, "Content-Type"), *accept = http_req_header(q, "Accept");
    struct err ignored = { 0 };
    struct json *j;

    r->retry_after_ms = retry_after(r);
    if (!type || str_eq(q->method, "HEAD"))
        return;
    if (media_is(type, "text/html") && r->status >= 200 && r->status < 300 &&
        !(accept && str_ifind(accept, "html"))) {
        http_lost(r, 0, true, false, host,
                  _("A web page came instead of an answer; a proxy or a sign-in page of the "
                    "network seems to stand in between."));
        return;
    }
    if (!is_json_type(type) || (r->body_len == 0 && may_be_empty(r, q, framed)))
        return;
    j = json_parse(r->body, r->body_len, q->max_reply ? q->max_reply : HTTP_MAX_REPLY, &ignored);
    if (!j)
        http_lost(r, 0, true, true, host, _("The answer did not arrive whole or is no JSON."));
    json_free(j);
}

uint64_t http_requests(struct http *h)
{
    struct http_base *b = (struct http_base *)h;

    while (b->inner)
        b = (struct http_base *)b->inner;
    return b->requests;
}
