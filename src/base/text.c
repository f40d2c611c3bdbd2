#include "config.h"

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define BAD_BYTE   0xffffffffu
#define PIECE_SIZE 16

struct range {
    uint32_t from, to;
};

/* Never sent to a terminal as they are: they hide, reorder or mean nothing. Sorted. */
static const struct range hidden[] = {
    { 0x0000, 0x001f },    { 0x007f, 0x009f },   { 0x00ad, 0x00ad },   { 0x034f, 0x034f },
    { 0x061c, 0x061c },    { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
    { 0x200b, 0x200f },    { 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
    { 0xe000, 0xf8ff },    { 0xfdd0, 0xfdef },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
    { 0xfff0, 0xfffc },    { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
    { 0xf0000, 0x10ffff },
};

/* Marks that stand on the character before them (Unicode Mn and Me; blocks in full). Sorted. */
static const struct range marks[] = {
    { 0x0300, 0x036f },   { 0x0483, 0x0489 },   { 0x0591, 0x05bd },   { 0x05bf, 0x05bf },
    { 0x05c1, 0x05c2 },   { 0x05c4, 0x05c5 },   { 0x05c7, 0x05c7 },   { 0x0610, 0x061a },
    { 0x064b, 0x065f },   { 0x0670, 0x0670 },   { 0x06d6, 0x06dc },   { 0x06df, 0x06e4 },
    { 0x06e7, 0x06e8 },   { 0x06ea, 0x06ed },   { 0x0711, 0x0711 },   { 0x0730, 0x074a },
    { 0x07a6, 0x07b0 },   { 0x07eb, 0x07f3 },   { 0x0816, 0x082d },   { 0x0859, 0x085b },
    { 0x0898, 0x0902 },   { 0x093a, 0x093a },   { 0x093c, 0x093c },   { 0x0941, 0x0948 },
    { 0x094d, 0x094d },   { 0x0951, 0x0957 },   { 0x0962, 0x0963 },   { 0x0981, 0x0981 },
    { 0x09bc, 0x09bc },   { 0x09c1, 0x09c4 },   { 0x09cd, 0x09cd },   { 0x0a01, 0x0a02 },
    { 0x0a3c, 0x0a3c },   { 0x0a41, 0x0a51 },   { 0x0a70, 0x0a71 },   { 0x0abc, 0x0abc },
    { 0x0ac1, 0x0ac8 },   { 0x0acd, 0x0acd },   { 0x0b3c, 0x0b3c },   { 0x0b41, 0x0b44 },
    { 0x0b4d, 0x0b56 },   { 0x0bc0, 0x0bc0 },   { 0x0bcd, 0x0bcd },   { 0x0c3c, 0x0c3c },
    { 0x0c46, 0x0c56 },   { 0x0cbc, 0x0cbc },   { 0x0ccc, 0x0ccd },   { 0x0d41, 0x0d44 },
    { 0x0d4d, 0x0d4d },   { 0x0dca, 0x0dca },   { 0x0dd2, 0x0dd6 },   { 0x0e31, 0x0e31 },
    { 0x0e34, 0x0e3a },   { 0x0e47, 0x0e4e },   { 0x0eb1, 0x0eb1 },   { 0x0eb4, 0x0ebc },
    { 0x0ec8, 0x0ece },   { 0x0f18, 0x0f19 },   { 0x0f35, 0x0f35 },   { 0x0f37, 0x0f37 },
    { 0x0f39, 0x0f39 },   { 0x0f71, 0x0f7e },   { 0x0f80, 0x0f84 },   { 0x0f86, 0x0f87 },
    { 0x0f8d, 0x0fbc },   { 0x102d, 0x1030 },   { 0x1032, 0x1037 },   { 0x1039, 0x103a },
    { 0x135d, 0x135f },   { 0x1712, 0x1714 },   { 0x17b7, 0x17bd },   { 0x17c6, 0x17c6 },
    { 0x17c9, 0x17d3 },   { 0x1ab0, 0x1ace },   { 0x1b00, 0x1b03 },   { 0x1b34, 0x1b34 },
    { 0x1cd0, 0x1ce8 },   { 0x1dc0, 0x1dff },   { 0x20d0, 0x20f0 },   { 0x2cef, 0x2cf1 },
    { 0x2de0, 0x2dff },   { 0x302a, 0x302d },   { 0x3099, 0x309a },   { 0xa66f, 0xa672 },
    { 0xa674, 0xa67d },   { 0xa69e, 0xa69f },   { 0xa6f0, 0xa6f1 },   { 0xa8c4, 0xa8c5 },
    { 0xa8e0, 0xa8f1 },   { 0xa926, 0xa92d },   { 0xaab0, 0xaab0 },   { 0xfb1e, 0xfb1e },
    { 0xfe00, 0xfe0f },   { 0xfe20, 0xfe2f },   { 0x101fd, 0x101fd }, { 0x1d165, 0x1d169 },
    { 0x1d185, 0x1d18b }, { 0x1d1aa, 0x1d1ad }, { 0x1e000, 0x1e02a }, { 0x1e8d0, 0x1e8d6 },
};

struct scan {
    const char *p, *end;
    enum text_mode mode;
    int on_base;  /* marks on the character before; -1: there is none */
    bool started; /* something was given out */
    bool touched; /* the last piece differs from its source */
};

static bool within(const struct range *r, size_t n, uint32_t cp)
{
    while (n > 0) {
        const struct range *mid = r + n / 2;

        if (cp >= mid->from && cp <= mid->to)
            return true;
        if (cp > mid->to) {
            r = mid + 1;
            n -= n / 2 + 1;
        } else {
            n /= 2;
        }
    }
    return false;
}

/* Strict UTF-8: no overlong forms, surrogates or values above U+10FFFF; a bad byte counts alone. */
static size_t decode(const char *text, size_t n, uint32_t *cp)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t v = p[0];

    *cp = BAD_BYTE;
    if (len == 0 || len > n || p[0] > 0xf4)
        return 1;
    if (len > 1)
        v &= 0x7fu >> len;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 1;
        v = v << 6 | (p[i] & 0x3fu);
    }
    if ((len == 3 && v < 0x800) || (len == 4 && v < 0x10000) || v > 0x10ffff ||
        (v >= 0xd800 && v <= 0xdfff))
        return 1;
    *cp = v;
    return len;
}

static bool is_break(char c)
{
    return c == '\r' || c == '\n' || c == '\t';
}

static size_t escape(char out[PIECE_SIZE], uint32_t cp)
{
    int n;

    if (cp < 0x100)
        n = snprintf(out, PIECE_SIZE, "\\x%02x", (unsigned)cp);
    else if (cp < 0x10000)
        n = snprintf(out, PIECE_SIZE, "\\u%04x", (unsigned)cp);
    else
        n = snprintf(out, PIECE_SIZE, "\\U%08x", (unsigned)cp);
    return (size_t)n;
}

/* Takes one character of the source; returns the bytes that stand for it (0: dropped). */
static size_t take(struct scan *s, char out[PIECE_SIZE])
{
    const char *from = s->p;
    uint32_t cp;
    size_t n;
    bool mark;

    s->touched = true;
    if (is_break(*from)) {
        while (s->p < s->end && is_break(*s->p))
            s->p++;
        s->on_base = s->started ? 0 : -1;
        out[0] = ' ';
        return s->started && s->p < s->end;
    }
    n = decode(from, (size_t)(s->end - from), &cp);
    s->p += n;
    if (s->mode == TEXT_ASCII && cp > 0x7e) {
        s->on_base = 0;
        out[0] = '?';
        return 1;
    }
    if (cp == BAD_BYTE) {
        s->on_base = 0;
        memcpy(out, "\xef\xbf\xbd", 3);
        return 3;
    }
    mark = within(marks, ARRAY_LEN(marks), cp);
    if (within(hidden, ARRAY_LEN(hidden), cp) || (cp & 0xfffe) == 0xfffe ||
        (mark && s->on_base < 0)) {
        s->on_base = 0;
        return escape(out, cp);
    }
    if (mark && s->on_base >= 2)
        return 0;
    s->on_base = mark ? s->on_base + 1 : 0;
    s->touched = false;
    memcpy(out, from, n);
    return n;
}

size_t text_clean(char *dst, size_t size, const char *src, size_t len, enum text_mode mode)
{
    struct scan s = { .p = src, .end = src ? src + len : NULL, .mode = mode, .on_base = -1 };
    char piece[PIECE_SIZE];
    size_t n = 0, safe = 0;

    if (size == 0)
        return 0;
    while (src && s.p < s.end) {
        size_t more = take(&s, piece);

        if (n + more > size - 1) {
            size_t dots = size - 1 < 3 ? 0 : 3;

            n = safe;
            memcpy(dst + n, "...", dots);
            n += dots;
            break;
        }
        memcpy(dst + n, piece, more);
        n += more;
        s.started = s.started || more > 0;
        if (n + 3 <= size - 1)
            safe = n;
    }
    dst[n] = '\0';
    return n;
}

void text_set(char *dst, size_t size, const char *src)
{
    text_clean(dst, size, src, src ? strlen(src) : 0, TEXT_LINE);
}

bool text_is_clean(const char *s)
{
    struct scan scan = { .p = s, .end = s + strlen(s), .mode = TEXT_LINE, .on_base = -1 };
    char piece[PIECE_SIZE];

    while (scan.p < scan.end) {
        take(&scan, piece);
        scan.started = true;
        if (scan.touched)
            return false;
    }
    return true;
}
