/* Target text: bytes through the one door for text (base/text) and through the second guard in
 * front of the screen (console/ui/text). */
#include "config.h"

#include <locale.h>
#include <stdlib.h>
#include <wctype.h>

#include "base/str.h"
#include "base/text.h"
#include "console/ui/text.h"
#include "fuzz.h"

/* Strict UTF-8 by another hand than the program's two decoders; 0: it is none. */
static size_t utf8(const unsigned char *p, size_t n, unsigned long *cp)
{
    static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t len = (p[0] & 0x80) == 0      ? 1
                 : (p[0] & 0xe0) == 0xc0 ? 2
                 : (p[0] & 0xf0) == 0xe0 ? 3
                 : (p[0] & 0xf8) == 0xf0 ? 4
                                         : 0;
    unsigned long v = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));

    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        v = v * 64 + p[i] % 64;
    }
    *cp = v;
    return v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff) ? 0 : len;
}

/* What no terminal may get: controls, and what turns or hides text (Unicode's bidi controls, zero
 * widths, tags, private use). */
static bool is_dangerous(unsigned long c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x34f || c == 0x61c ||
           c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 || c == 0x3164 || c == 0xffa0 ||
           (c >= 0x180b && c <= 0x180f) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0xfff0 && c <= 0xfff8) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || (c >= 0xe000 && c <= 0xf8ff) || c == 0xfeff ||
           (c >= 0xe0000 && c <= 0xe0fff) || c >= 0xf0000 || (c & 0xfffe) == 0xfffe;
}

static void is_safe(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    unsigned long cp = 0;

    for (size_t i = 0, len; i < n; i += len) {
        len = utf8(p + i, n - i, &cp);
        FUZZ_HOLDS(len, "what comes out is UTF-8");
        FUZZ_HOLDS(!is_dangerous(cp), "no control, hidden or turning character comes out");
    }
}

/* Which third of the sizes and widths this input is tried with: hashed from it, so that a find
 * breaks again. */
static unsigned turn;

static void choose_turn(const uint8_t *data, size_t size)
{
    turn = (unsigned)size;
    for (size_t i = 0; i < size; i++)
        turn = turn * 31 + data[i];
}

/* ---- base/text ---- */

static void clean_cut(const char *full, size_t full_len, const char *src, size_t len, size_t size,
                      enum text_mode mode)
{
    char *cut = malloc(size);
    size_t n = text_clean(cut, size, src, len, mode), same = 0;

    FUZZ_HOLDS(n < size && strlen(cut) == n, "it fits, with its NUL");
    is_safe(cut, n);
    if (full_len < size) {
        FUZZ_HOLDS(n == full_len && memcmp(cut, full, n) == 0, "what fits is not cut");
    } else {
        while (same < n && cut[same] == full[same])
            same++;
        FUZZ_HOLDS(same == n || str_eq(cut + n - 3, "...") || n == 0, "a cut text ends in ...");
        FUZZ_HOLDS(same + 3 >= n, "a cut text is a beginning");
        FUZZ_HOLDS(size < 4 || n >= 3, "a cut is shown");
    }
    FUZZ_HOLDS(mode == TEXT_ASCII || text_is_clean(cut), "a cut text is clean");
    free(cut);
}

static void clean(const char *src, size_t len, enum text_mode mode)
{
    static const size_t sizes[] = { 1, 2, 3, 4, 5, 7, 12, 16, 33, 64 };
    size_t size = len * 12 + 16, n, again;
    char *full = malloc(size), *twice = malloc(size);

    if (!full || !twice)
        abort();
    n = text_clean(full, size, src, len, mode);
    FUZZ_HOLDS(strlen(full) == n, "the length is the text's");
    is_safe(full, n);
    FUZZ_HOLDS(text_is_clean(full), "what was cleaned is clean");
    again = text_clean(twice, size, full, n, mode);
    FUZZ_HOLDS(again == n && memcmp(full, twice, n) == 0, "cleaned twice is cleaned once");
    for (size_t i = 0; mode == TEXT_ASCII && i < n; i++)
        FUZZ_HOLDS(full[i] >= 0x20 && full[i] <= 0x7e, "seven bits are seven bits");
    for (size_t i = turn % 3; i < ARRAY_LEN(sizes); i += 3)
        clean_cut(full, n, src, len, sizes[i], mode);
    clean_cut(full, n, src, len, n + 1, mode);
    if (n)
        clean_cut(full, n, src, len, n, mode);
    free(full);
    free(twice);
}

static void is_clean_means(const char *s)
{
    size_t n = strlen(s), size = n * 12 + 16;
    char *out = malloc(size);
    bool same = text_clean(out, size, s, n, TEXT_LINE) == n && memcmp(out, s, n) == 0;

    FUZZ_HOLDS(text_is_clean(s) == same, "clean is what cleaning leaves as it is");
    free(out);
}

/* ---- console/ui/text ---- */

static void wide(const char *s, int cols, int width)
{
    size_t bytes = strlen(s), max = bytes * 3 + 4;
    wchar_t *out = malloc(max * sizeof(*out));
    int used = text_wide(out, max, s, bytes, cols), sum = 0;

    for (size_t i = 0; out[i]; i++) {
        FUZZ_HOLDS(iswprint((wint_t)out[i]), "only what can be printed is drawn");
        FUZZ_HOLDS(!is_dangerous((unsigned long)out[i]), "nothing dangerous is drawn");
        sum += wcwidth(out[i]);
    }
    FUZZ_HOLDS(used <= cols, "what is drawn fits");
    FUZZ_HOLDS(sum == used, "the columns are those of the characters");
    FUZZ_HOLDS(width > cols || used == width, "what fits is drawn whole");
    FUZZ_HOLDS(width <= cols || used >= cols - 2, "no more is cut than must be");
    free(out);
}

static void plain(const char *s, int width)
{
    static const size_t sizes[] = { 1, 2, 5, 16, 40 };
    size_t size = strlen(s) * 3 + 8;
    char *full = malloc(size), *again = malloc(size), small[40];
    unsigned long cp = 0;

    text_plain(full, size, s);
    for (size_t i = 0, n = strlen(full), len; i < n; i += len) {
        len = utf8((const unsigned char *)full + i, n - i, &cp);
        FUZZ_HOLDS(len, "plain words are UTF-8");
        FUZZ_HOLDS(cp == '\n' || !is_dangerous(cp), "plain words hold nothing dangerous");
        FUZZ_HOLDS(!text_is_ascii() || cp < 0x7f, "plain words in seven bits");
    }
    FUZZ_HOLDS(text_width(full) == width, "plain words are as wide as the screen's");
    text_plain(again, size, full);
    FUZZ_HOLDS(str_eq(full, again), "made plain twice is made plain once");
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        text_plain(small, sizes[i], s);
        FUZZ_HOLDS(strlen(small) < sizes[i], "plain words fit");
        FUZZ_HOLDS(str_starts(full, small), "plain words that do not fit are a beginning");
    }
    free(full);
    free(again);
}

static int width_of(const char *p, size_t n)
{
    char *copy = malloc(n + 1);
    int w;

    memcpy(copy, p, n);
    copy[n] = '\0';
    w = text_width(copy);
    free(copy);
    return w;
}

static void wrap(const char *s, int cols)
{
    struct text_line lines[64];
    int n = text_wrap(s, cols, lines, 64);
    const char *at = s;

    for (int i = 0; i < n; i++) {
        FUZZ_HOLDS(lines[i].p >= at, "lines come in order");
        for (; at < lines[i].p; at++)
            FUZZ_HOLDS(*at == ' ' || *at == '\n', "only blanks are lost between lines");
        FUZZ_HOLDS(!memchr(at, '\n', lines[i].n), "a line ends at a line feed");
        FUZZ_HOLDS(width_of(at, lines[i].n) <= cols || text_next(at, 0) >= lines[i].n,
                   "a line fits, or is one character");
        at += lines[i].n;
    }
    if (n < 64)
        FUZZ_HOLDS(strspn(at, " \n") == strlen(at), "all is on some line");
}

static void borders(const char *s)
{
    size_t n = strlen(s), at = 0, next;

    while (at < n) {
        next = text_next(s, at);
        FUZZ_HOLDS(next > at && next <= n, "the cursor goes on and stays inside");
        FUZZ_HOLDS(n > 200 || text_prev(s, next) == at, "back is back");
        at = next;
    }
}

static void screen(const char *s)
{
    static const int widths[] = { 1, 2, 3, 7, 20, 60, 80 };
    int width = text_width(s);

    FUZZ_HOLDS(width >= 0, "a width is no less than 0");
    plain(s, width);
    for (size_t i = turn % 3; i < ARRAY_LEN(widths); i += 3) {
        wide(s, widths[i], width);
        wrap(s, widths[i]);
    }
    wide(s, width, width);
    borders(s);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    FUZZ_HOLDS(setlocale(LC_CTYPE, "C.UTF-8"), "there is a UTF-8 locale");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);

    if (!copy)
        abort();
    memcpy(copy, data, size);
    copy[size] = '\0';
    choose_turn(data, size);
    clean((const char *)data, size, TEXT_LINE);
    clean((const char *)data, size, TEXT_ASCII);
    is_clean_means(copy);
    text_set_ascii(false);
    screen(copy);
    text_set_ascii(true);
    screen(copy);
    text_set_ascii(false);
    free(copy);
    return 0;
}
