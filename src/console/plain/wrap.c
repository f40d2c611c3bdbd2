#include "config.h"

#include "console/plain/wrap.h"

#include <stdlib.h>
#include <string.h>

#include "console/ui/text.h"

/* As it may be printed here; the caller frees it. */
static char *printable(const char *text)
{
    size_t size = 4 * strlen(text) + 1;
    char *p = xmalloc(size);

    text_plain(p, size, text);
    return p;
}

static int width_of(const char *word, size_t n)
{
    char copy[512];

    if (n >= sizeof copy)
        return (int)n;
    memcpy(copy, word, n);
    copy[n] = '\0';
    return text_width(copy);
}

/* A blank that holds has done its work: what is printed is a blank. */
static void add_word(struct str *out, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] == '\xc2' && i + 1 < n && p[i + 1] == '\xa0')
            str_addc(out, ' '), i++;
        else
            str_addc(out, p[i]);
}

/* What stays together: a word, of Chinese a character with its marks; with a blank that holds all
 * of it. */
static size_t together(const char *p)
{
    size_t word = strcspn(p, " \n");

    return memmem(p, word, "\xc2\xa0", 2) ? word : text_piece(p, word);
}

static void wrap_line(struct str *out, const char *p, size_t n, int cols)
{
    const char *end = p + n;
    int used = 0;

    while (p < end) {
        size_t word, blanks = strspn(p, " ");
        int w, gap;

        p += blanks;
        if (p >= end)
            break;
        word = together(p);
        w = width_of(p, word);
        gap = used > 0 && blanks > 0;
        if (used > 0 && used + gap + w > cols) {
            str_addc(out, '\n');
            used = gap = 0;
        }
        if (gap)
            str_addc(out, ' ');
        add_word(out, p, word);
        used += w + gap;
        p += word;
    }
    if (used > 0)
        str_addc(out, '\n');
}

void wrap_text(struct str *out, const char *text, int cols)
{
    char *clean = printable(text), *p = clean;

    while (*p) {
        size_t n = strcspn(p, "\n");
        wrap_line(out, p, n, cols);
        p += n + (p[n] == '\n');
    }
    free(clean);
}

void wrap_prompt(struct str *out, const char *text, int cols)
{
    char *clean = printable(text);

    for (char *p = clean; *p; p++)
        if (*p == '\n')
            *p = ' ';
    wrap_line(out, clean, strlen(clean), cols);
    if (out->len > 0)
        out->p[out->len - 1] = ' ';
    free(clean);
}

const char *wrap_stop(const char *text)
{
    static const char *const stops[] = {
        ".", "!", "?", ":", "\xe3\x80\x82", "\xef\xbc\x81", "\xef\xbc\x9f", "\xef\xbc\x9a"
    };
    size_t n = strlen(text);

    for (size_t i = 0; i < ARRAY_LEN(stops); i++)
        if (n >= strlen(stops[i]) && str_eq(text + n - strlen(stops[i]), stops[i]))
            return "";
    return text_ends_wide(text) ? "\xe3\x80\x82" : ".";
}

void wrap_sentence(struct str *out, const char *part)
{
    size_t n = strlen(part);

    if (n == 0)
        return;
    if (out->len > 0 && !text_ends_wide(str_p(out)))
        str_addc(out, ' ');
    str_addc(out, part[0] >= 'a' && part[0] <= 'z' ? (char)(part[0] - 'a' + 'A') : part[0]);
    str_add(out, part + 1);
    str_add(out, wrap_stop(part));
}
