#include "config.h"

#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
    static const char text[] = "azloconf: out of memory\n";

    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        _exit(71);
    _exit(70);
}

void *xmalloc(size_t n)
{
    void *p = malloc(n ? n : 1);

    if (!p)
        out_of_memory();
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p)
        out_of_memory();
    return p;
}

void *xrealloc(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);

    if (!q)
        out_of_memory();
    return q;
}

char *xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;

    return memcpy(xmalloc(n), s, n);
}

static void reserve(struct str *s, size_t more)
{
    size_t want, cap = s->cap ? s->cap : 64;

    if (more > SIZE_MAX / 4 - s->len)
        out_of_memory();
    want = s->len + more + 1;
    if (want <= s->cap)
        return;
    while (cap < want)
        cap *= 2;
    s->p = xrealloc(s->p, cap);
    s->cap = cap;
}

void str_add(struct str *s, const char *text)
{
    if (text)
        str_addn(s, text, strlen(text));
}

void str_addn(struct str *s, const void *bytes, size_t n)
{
    reserve(s, n);
    if (n)
        memcpy(s->p + s->len, bytes, n);
    s->len += n;
    s->p[s->len] = '\0';
}

void str_addc(struct str *s, char c)
{
    str_addn(s, &c, 1);
}

void str_addf(struct str *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    str_addv(s, fmt, ap);
    va_end(ap);
}

__attribute__((format(printf, 2, 0))) void str_addv(struct str *s, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        return;
    reserve(s, (size_t)n);
    vsnprintf(s->p + s->len, (size_t)n + 1, fmt, ap);
    s->len += (size_t)n;
}

void str_reset(struct str *s)
{
    s->len = 0;
    if (s->p)
        s->p[0] = '\0';
}

void str_free(struct str *s)
{
    free(s->p);
    *s = (struct str)STR_INIT;
}

char *str_take(struct str *s)
{
    char *p = s->p ? s->p : xstrdup("");

    *s = (struct str)STR_INIT;
    return p;
}

const char *str_p(const struct str *s)
{
    return s->p ? s->p : "";
}

/* The longest prefix of at most n bytes that does not end inside a character. */
static size_t utf8_border(const char *p, size_t n)
{
    size_t i = n;

    while (i > 0 && n - i < 4 && ((unsigned char)p[i] & 0xc0) == 0x80)
        i--;
    return ((unsigned char)p[i] & 0xc0) == 0x80 ? n : i;
}

bool str_copy(char *dst, size_t size, const char *src)
{
    size_t n = src ? strlen(src) : 0;
    bool fits = n < size;

    if (size == 0)
        return false;
    if (!fits)
        n = utf8_border(src, size - 1);
    if (n)
        memmove(dst, src, n);
    dst[n] = '\0';
    return fits;
}

bool str_fmt(char *dst, size_t size, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    bool fits;

    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    fits = str_copy(dst, size, str_p(&s));
    str_free(&s);
    return fits;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool str_eq(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_ieq(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

bool str_starts(const char *s, const char *prefix)
{
    return s && prefix && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_istarts(const char *s, const char *prefix)
{
    if (!s || !prefix)
        return false;
    while (*prefix && lower(*s) == lower(*prefix)) {
        s++;
        prefix++;
    }
    return *prefix == '\0';
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = s ? strlen(s) : 0, m = suffix ? strlen(suffix) : 0;

    return s && suffix && n >= m && memcmp(s + n - m, suffix, m) == 0;
}

const char *str_ifind(const char *hay, const char *needle)
{
    if (!hay || !needle)
        return NULL;
    do {
        if (str_istarts(hay, needle))
            return hay;
    } while (*hay++);
    return NULL;
}

void str_lower(char *s)
{
    for (; *s; s++)
        *s = lower(*s);
}

char *str_trim(char *s)
{
    size_t n = strlen(s), from = 0;

    while (n > 0 && is_space(s[n - 1]))
        n--;
    while (from < n && is_space(s[from]))
        from++;
    memmove(s, s + from, n - from);
    s[n - from] = '\0';
    return s;
}

void str_region(char *dst, size_t size, const char *src)
{
    size_t n = 0;

    if (size == 0)
        return;
    for (; src && *src && n + 1 < size; src++)
        if (!is_space(*src))
            dst[n++] = lower(*src);
    dst[n] = '\0';
}

bool str_to_int(const char *s, int64_t *out)
{
    char *end;
    long long v;

    if (!s || (*s != '-' && *s != '+' && (*s < '0' || *s > '9')))
        return false;
    errno = 0;
    v = strtoll(s, &end, 10);
    if (errno || end == s || *end)
        return false;
    *out = v;
    return true;
}

void str_add_url(struct str *s, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; text && *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';

        if (!plain) {
            str_addc(s, '%');
            str_addc(s, hex[c >> 4]);
        }
        str_addc(s, plain ? (char)c : hex[c & 15]);
    }
    if (!s->p)
        str_addn(s, "", 0);
}

static void add_b64(struct str *s, const void *bytes, size_t n, const char *tail, bool pad)
{
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        unsigned v = (unsigned)p[i] << 16;

        v |= have > 1 ? (unsigned)p[i + 1] << 8 : 0;
        v |= have > 2 ? (unsigned)p[i + 2] : 0;
        for (size_t k = 0; k <= have; k++) {
            unsigned six = (v >> (18 - 6 * k)) & 63;

            str_addc(s, six < 62 ? common[six] : tail[six - 62]);
        }
        for (size_t k = have; pad && k < 3; k++)
            str_addc(s, '=');
    }
}

void str_add_b64(struct str *s, const void *bytes, size_t n)
{
    add_b64(s, bytes, n, "+/", true);
}

void str_add_b64url(struct str *s, const void *bytes, size_t n)
{
    add_b64(s, bytes, n, "-_", false);
}

static int b64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool str_b64_decode(struct str *out, const char *text)
{
    size_t n = strlen(text), whole = n, before = out->len;
    unsigned v = 0;
    int bits = 0;

    while (n > 0 && whole - n < 2 && text[n - 1] == '=')
        n--;
    if (n % 4 == 1 || (n != whole && whole % 4 != 0))
        return false;
    for (size_t i = 0; i < n; i++) {
        int six = b64_value(text[i]);

        if (six < 0) {
            out->len = before;
            if (out->p)
                out->p[before] = '\0';
            return false;
        }
        v = (v << 6 | (unsigned)six) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            str_addc(out, (char)(v >> bits & 0xff));
        }
    }
    return true;
}
