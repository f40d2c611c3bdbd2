/* wrap.h - text for a terminal that only prints: lines of at most PLAIN_COLS columns.
 *
 * Breaks at blanks (U+00A0 is one that holds) and between Chinese characters only: an address, a
 * code or an id stays whole, even where it is longer than a line. What comes out holds printable
 * characters and LF, nothing else: no ESC, no CR, no TAB (console-anchors.md 3.9, 4.7).
 */
#ifndef AZL_PLAIN_WRAP_H
#define AZL_PLAIN_WRAP_H

#include "base/str.h"

#define PLAIN_COLS 79

/* Appends text, each of its lines ended by LF; empty lines are left out. */
void wrap_text(struct str *out, const char *text, int cols);
/* One paragraph whose last line ends with a blank: there the answer is typed. */
void wrap_prompt(struct str *out, const char *text, int cols);
/* What ends the sentence text: "." or the wide full stop, "" where it ends with such a mark. */
const char *wrap_stop(const char *text);
/* "due in 3 days" -> "Due in 3 days.": a part of a sentence as one of its own, with a blank before
 * it if something stands there already. Nothing for "". */
void wrap_sentence(struct str *out, const char *part);

#endif
