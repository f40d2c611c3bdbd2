#include "config.h"

#include "console/ui/text.h"

#include <string.h>
#include <wctype.h>

#include "base/str.h"

#define BAD_CHAR 0xfffd

static bool ascii_mode;

void text_set_ascii(bool ascii)
{
    ascii_mode = ascii;
}

bool text_is_ascii(void)
{
    return ascii_mode;
}

/* One character from *p < end; a byte that starts none is U+FFFD. */
static wchar_t decode(const char **p, const char *end)
{
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *s = (const unsigned char *)*p;
    int n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
    unsigned long c;

    (*p)++;
    if (n == 1)
        return s[0];
    if (n == 0 || s[0] > 0xf4 || (const char *)s + n > end)
        return BAD_CHAR;
    c = s[0] & (unsigned char)~lead[n];
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return BAD_CHAR;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return BAD_CHAR;
    *p += n - 1;
    return (wchar_t)c;
}

size_t text_encode(char out[5], wchar_t wc)
{
    unsigned long c = (unsigned long)wc;
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    out[n] = '\0';
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(n == 1 ? c : lead[n] | c);
    return n;
}

/* Controls, and what Unicode gives no shape or lets turn the text (base/text.c judges the same). */
static bool invisible(wchar_t c)
{
    static const struct {
        wchar_t from, to;
    } ranges[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },
        { 0x61c, 0x61c },   { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
        { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
        { 0xe000, 0xf8ff }, { 0xfdd0, 0xfdef },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
        { 0xfff0, 0xfffc }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0x10ffff },
    };

    for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return true;
    return false;
}

/* Characters spelt with other than one letter, or no letter at all. */
static const struct spelt {
    wchar_t c;
    const char *ascii;
} spellings[] = {
    { 0xa0, " " },     { 0xab, "\"" },   { 0xb0, "o" },     { 0xb7, "." },    { 0xbb, "\"" },
    { 0xc4, "Ae" },    { 0xc6, "AE" },   { 0xd6, "Oe" },    { 0xdc, "Ue" },   { 0xdf, "ss" },
    { 0xe4, "ae" },    { 0xe6, "ae" },   { 0xf6, "oe" },    { 0xfc, "ue" },   { 0x132, "IJ" },
    { 0x133, "ij" },   { 0x152, "OE" },  { 0x153, "oe" },   { 0x1e9e, "SS" }, { 0x2010, "-" },
    { 0x2011, "-" },   { 0x2013, "-" },  { 0x2014, "-" },   { 0x2018, "'" },  { 0x2019, "'" },
    { 0x201a, "'" },   { 0x201c, "\"" }, { 0x201d, "\"" },  { 0x201e, "\"" }, { 0x2022, "*" },
    { 0x2026, "..." }, { 0x202f, " " },  { 0x20ac, "EUR" }, { 0x2192, "->" }, { 0x2212, "-" },
};

/* U+00C0 to U+017F without their marks. */
static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty"
                            "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlL"
                            "lLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

/* One to three characters; "?": there is no plain way to write it. */
static const char *spell(wchar_t c, char one[2])
{
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
        if (spellings[i].c == c)
            return spellings[i].ascii;
    if (c < 0xc0 || c >= 0xc0 + (wchar_t)sizeof latin - 1)
        return "?";
    one[0] = latin[c - 0xc0];
    one[1] = '\0';
    return one;
}

/* Marks that belong to the letter before; the C locale's wcwidth does not know them. */
static bool is_mark(wchar_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x1ab0 && c <= 0x1aff) ||
           (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x20d0 && c <= 0x20ff) ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xfe20 && c <= 0xfe2f) || wcwidth(c) == 0;
}

/* What is drawn for c: one to three characters and their columns. */
static int glyphs(wchar_t c, wchar_t out[4])
{
    int n = 0, w;

    if (ascii_mode && c > 0x7e) {
        char one[2];
        const char *s = !invisible(c) && is_mark(c) ? "" : spell(c, one);
        for (; s[n]; n++)
            out[n] = (wchar_t)s[n];
        out[n] = 0;
        return n;
    }
    w = invisible(c) || !iswprint((wint_t)c) ? -1 : wcwidth(c);
    out[0] = w < 0 ? L'?' : c;
    out[1] = 0;
    return w < 0 ? 1 : w;
}

int text_wide(wchar_t *out, size_t max, const char *s, size_t bytes, int cols)
{
    const char *end = s + bytes;
    size_t n = 0;
    int used = 0;

    while (s < end && *s) {
        wchar_t g[4];
        int w = glyphs(decode(&s, end), g);

        if (used + w > cols || n + wcslen(g) >= max)
            break;
        if (w == 0 && n == 0)
            continue;
        for (int i = 0; g[i]; i++)
            out[n++] = g[i];
        used += w;
    }
    out[n] = 0;
    return used;
}

void text_plain(char *out, size_t size, const char *s)
{
    const char *end = s + strlen(s);
    size_t n = 0;

    while (s < end) {
        wchar_t c = decode(&s, end), g[4] = { c, 0 };
        char utf8[5];

        if (c != '\n')
            glyphs(c, g);
        for (int i = 0; g[i]; i++) {
            size_t len = text_encode(utf8, g[i]);
            if (n + len >= size) {
                out[n] = '\0';
                return;
            }
            memcpy(out + n, utf8, len);
            n += len;
        }
    }
    out[n] = '\0';
}

static int width_of(const char *s, size_t bytes)
{
    const char *end = s + bytes;
    wchar_t g[4];
    int w = 0;

    while (s < end && *s)
        w += glyphs(decode(&s, end), g);
    return w;
}

int text_width(const char *s)
{
    return width_of(s, strlen(s));
}

/* Bytes of the longest start of s[0..n) that fits, at least one character. */
static size_t fitting(const char *s, size_t n, int cols)
{
    const char *p = s, *end = s + n;
    wchar_t g[4];
    int w = 0;

    while (p < end) {
        const char *before = p;
        w += glyphs(decode(&p, end), g);
        if (w > cols && before > s)
            return (size_t)(before - s);
    }
    return n;
}

/* No line begins with these (closing marks, wide and narrow), none ends with those. */
static const wchar_t no_start[] = L"!%),.:;?]}\"'\u3001\u3002\u3009\u300b\u300d\u300f\u3011\u3015"
                                  L"\uff01\uff05\uff09\uff0c\uff0e\uff1a\uff1b\uff1f\uff3d\uff5d";
static const wchar_t no_end[] = L"([{\"'\u3008\u300a\u300c\u300e\u3010\u3014\uff08\uff3b\uff5b";

/* Between two characters that stand together: there a line breaks where one of them is wide, as
 * Chinese is written without blanks. */
static bool breaks_between(wchar_t before, wchar_t c)
{
    return (wcwidth(before) == 2 || wcwidth(c) == 2) && before != ' ' && before != 0xa0 &&
           c != 0xa0 && !wcschr(no_end, before) && !wcschr(no_start, c);
}

/* The last place up to `most` where s[0..n) may be broken: at a blank or between wide characters;
 * 0: there is none. */
static size_t last_break(const char *s, size_t n, size_t most)
{
    const char *p = s, *end = s + n;
    wchar_t before = 0;
    size_t found = 0;

    while (p < end && (size_t)(p - s) <= most) {
        size_t at = (size_t)(p - s);
        wchar_t c = decode(&p, end);

        if (before && wcwidth(c) == 0) /* a mark stays with its letter */
            continue;
        if (before && (c == ' ' || breaks_between(before, c)))
            found = at;
        before = c ? c : ' ';
    }
    return found;
}

size_t text_piece(const char *s, size_t n)
{
    const char *p = s, *end = s + n;
    wchar_t before = p < end ? decode(&p, end) : 0;

    while (p < end) {
        size_t at = (size_t)(p - s);
        wchar_t c = decode(&p, end);

        if (wcwidth(c) == 0)
            continue;
        if (c == ' ' || breaks_between(before, c))
            return at;
        before = c;
    }
    return n;
}

char *text_pad(char *out, size_t size, const char *s, int cols)
{
    int w = text_width(s);

    str_fmt(out, size, "%s%*s", s, cols > w ? cols - w : 0, "");
    return out;
}

bool text_ends_wide(const char *s)
{
    const char *p = s, *end = s + strlen(s);
    wchar_t c = 0;

    while (p < end)
        c = decode(&p, end);
    return wcwidth(c) == 2;
}

int text_wrap(const char *s, int cols, struct text_line *lines, int max)
{
    int n = 0;

    if (cols < 1)
        return 0;
    while (*s && n < max) {
        size_t para = strcspn(s, "\n"), take = fitting(s, para, cols);

        if (take < para && s[take] != ' ') {
            size_t cut = last_break(s, para, take);
            if (cut > 0)
                take = cut;
        }
        lines[n++] = (struct text_line){ s, take };
        s += take;
        if (take == para && *s == '\n')
            s++;
        else
            while (*s == ' ')
                s++;
    }
    return n;
}

size_t text_next(const char *s, size_t at)
{
    const char *end = s + strlen(s), *p = s + at;

    if (p < end)
        decode(&p, end);
    while (p < end) {
        const char *q = p;
        wchar_t c = decode(&q, end);
        if (invisible(c) || wcwidth(c) != 0)
            break;
        p = q;
    }
    return (size_t)(p - s);
}

size_t text_prev(const char *s, size_t at)
{
    size_t before = 0;

    for (size_t i = 0; i < at; i = text_next(s, i))
        before = i;
    return before;
}
