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

static void wrap_line(struct str *out, const char *p, size_t n, int cols)
{
    const char *end = p + n;
    int used = 0;

    while (p < end) {
        size_t word;
        int w;

        p += strspn(p, " ");
        if (p >= end)
            break;
        word = strcspn(p, " \n");
        w = width_of(p, word);
        if (used > 0 && used + 1 + w > cols) {
            str_addc(out, '\n');
            used = 0;
        }
        if (used > 0)
            str_addc(out, ' ');
        add_word(out, p, word);
        used += w + (used > 0);
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

void wrap_sentence(struct str *out, const char *part)
{
    size_t n = strlen(part);

    if (n == 0)
        return;
    if (out->len > 0)
        str_addc(out, ' ');
    str_addc(out, part[0] >= 'a' && part[0] <= 'z' ? (char)(part[0] - 'a' + 'A') : part[0]);
    str_add(out, part + 1);
    if (!strchr(".!?:", part[n - 1]))
        str_addc(out, '.');
}
