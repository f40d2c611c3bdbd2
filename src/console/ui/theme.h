/* theme.h - seven colour roles by meaning, the words that go with them, and the two looks.
 *
 * Rich: UTF-8 rules, reverse bars, colours where the terminal has them and NO_COLOR is not set.
 * Basic: 7-bit, no colour, a '>' mark for the focus: for serial lines and terminals whose character
 * set is unknown. Meaning never hangs on colour: a word stands beside it. No blue, no painted
 * background.
 */
#ifndef AZL_UI_THEME_H
#define AZL_UI_THEME_H

#include <stdbool.h>

enum role { ROLE_TEXT, ROLE_BAR, ROLE_FOCUS, ROLE_GOOD, ROLE_WARN, ROLE_BAD, ROLE_QUIET, ROLES };

struct theme {
    bool rich;  /* UTF-8 and reverse bars */
    bool color; /* colours in use */
    bool utf8;  /* the locale could do rich */
    bool wraps; /* the cursor is said to leave the last column at once (ansi): nobody knows whether
                 * the real terminal does, so that column stays empty */
};
/* After newterm. look: 0 by terminal and locale, 1 basic, 2 rich (if the locale has UTF-8). */
void theme_init(struct theme *t, const char *term, int look);
void theme_set_rich(struct theme *t, bool rich);
unsigned long theme_attr(const struct theme *t, enum role r); /* chtype bits */
unsigned long theme_qr(const struct theme *t, bool light, bool inverted);
enum role theme_role(const char *level);    /* "ok" "warn" "fail" "unknown" "" */
const char *theme_badge(const char *level); /* "[ OK ]", always six columns */

#endif
