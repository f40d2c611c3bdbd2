/* text.h - columns: how wide a text is on the screen, where to cut it, where to break it.
 *
 * Texts are UTF-8 and already clean (base/text.h); this is the second guard: whatever the C library
 * does not call printable, and every invisible or direction-changing character, becomes '?'. Widths
 * come from wcwidth (console-anchors.md 4.6). In ASCII mode (7-bit lines) letters with marks are
 * spelt out where that is usual ("ae") and lose the mark elsewhere, dashes and quotes become plain
 * ones, and what cannot be spelt is '?'.
 */
#ifndef AZL_UI_TEXT_H
#define AZL_UI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

void text_set_ascii(bool ascii); /* of the terminal; false at first */
bool text_is_ascii(void);

int text_width(const char *s); /* columns */
/* Wide characters of s that fit into `cols` columns, NUL-terminated; out holds max. Returns the
 * columns used. */
int text_wide(wchar_t *out, size_t max, const char *s, size_t bytes, int cols);

/* s as the screens would draw it, for words printed outside of them; keeps LF. */
void text_plain(char *out, size_t size, const char *s);

struct text_line {
    const char *p;
    size_t n; /* bytes */
};
/* Breaks at blanks, beside wide characters (Chinese has no blanks; but no line begins with a comma
 * or full stop, and none ends with an opening bracket) and at LF; within a word only where it is
 * longer than a line. Returns the number of lines, at most max. */
int text_wrap(const char *s, int cols, struct text_line *lines, int max);
size_t text_piece(const char *s, size_t n); /* bytes up to the first place where s may be broken */

/* s with blanks behind it up to `cols` columns, whole if it is wider: what "%-20s" is for bytes.
 * Returns out. */
char *text_pad(char *out, size_t size, const char *s, int cols);
bool text_ends_wide(const char *s); /* its last character takes two columns */

/* Borders of characters with their combining marks, for the cursor of a field; byte offsets. */
size_t text_next(const char *s, size_t at);
size_t text_prev(const char *s, size_t at);
size_t text_encode(char out[5], wchar_t c); /* UTF-8, NUL-terminated; 0: no such character */

#endif
