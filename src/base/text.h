/* text.h - the one door for text from outside (servers, nodes, users, files).
 *
 * Facts: console-anchors.md 4.7 (measured: ncurses lets CR, LF, BS, TAB act and sends U+202E
 * through). Everything that enters a section, an error or a log line passes text_clean first;
 * drawing code then only measures and clips. UTF-8 is decoded strictly (each bad byte becomes
 * U+FFFD).
 */
#ifndef AZL_BASE_TEXT_H
#define AZL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum text_mode {
    TEXT_LINE, /* CR, LF and TAB runs become one blank */
    TEXT_ASCII /* as TEXT_LINE, and every character above U+007E becomes '?' (7-bit terminals) */
};
/* C0, C1, DEL, bidi controls, zero-width, soft hyphen, tags, private use: visible as "\x1b" or
 * "\u202e"; at most two combining marks a base character. Cut to size with a trailing "..." where
 * it does not fit. Returns bytes. */
size_t text_clean(char *dst, size_t size, const char *src, size_t len, enum text_mode mode);
#define TEXT_SET(arr, src) text_set((arr), sizeof(arr), (src))
void text_set(char *dst, size_t size,
              const char *src);    /* text_clean of a C string (NULL: empty), TEXT_LINE */
bool text_is_clean(const char *s); /* what text_clean would leave as it is */

#endif
