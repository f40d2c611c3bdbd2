/* language.h - which language the faces speak on this terminal.
 *
 * It is that of the session, or what the operator chose. Chinese needs a terminal that has its
 * characters: a UTF-8 locale, no look of seven bits, and not the Linux console, whose fonts hold at
 * most 512 glyphs (console_codes(4), console-anchors.md 4.6). Elsewhere English takes its place,
 * and comes off again where the terminal can do it. Sentences that the core has made already stay
 * as they are.
 */
#ifndef AZL_FACE_LANGUAGE_H
#define AZL_FACE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/i18n.h"

/* Whether the terminal has the characters of l. seven_bits: the look draws no others. */
bool language_fits(const struct i18n_language *l, bool seven_bits);

/* To be called when it is known, and again when it changes, what the terminal can do. true: the
 * language is another than before. */
bool language_settle(bool seven_bits);

/* Takes the next language that can be had here; false: there is no other. */
bool language_next(bool seven_bits);

/* "zh_CN, locale zh_CN.UTF-8", for people. */
const char *language_name(char *out, size_t size);
/* Why it is English, if the session wants another that does not fit; else "". */
const char *language_word(char *out, size_t size);

#endif
