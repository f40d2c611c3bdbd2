#include "config.h"

#include "console/ui/theme.h"

#include <langinfo.h>
#include <ncurses.h>
#include <stdlib.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/face/language.h"
#include "console/ui/text.h"

enum { PAIR_GOOD = 1, PAIR_WARN, PAIR_BAD, PAIR_QR };

/* Terminals whose far end may be anything: 7 bits until the operator says otherwise. */
static const char *const plain_terms[] = { "vt100", "vt102",   "vt220",     "ansi",
                                           "dumb",  "unknown", "xterm-mono" };

static const struct badge {
    const char *level, *text;
    enum role role;
} badges[] = {
    { "ok", N_("[ OK ]"), ROLE_GOOD },
    { "warn", N_("[WARN]"), ROLE_WARN },
    { "fail", N_("[FAIL]"), ROLE_BAD },
    { "unknown", N_("[ -- ]"), ROLE_QUIET },
};

static void start_colors(struct theme *t)
{
    const char *no = getenv("NO_COLOR");

    t->color = !(no && *no) && has_colors();
    if (!has_colors())
        return;
    start_color();
    use_default_colors();
    init_pair(PAIR_GOOD, COLOR_GREEN, -1);
    init_pair(PAIR_WARN, COLOR_YELLOW, -1);
    init_pair(PAIR_BAD, COLOR_RED, -1);
    if (COLORS >= 256)
        init_pair(PAIR_QR, 231, 16);
    else
        init_pair(PAIR_QR, COLOR_WHITE, COLOR_BLACK);
}

void theme_init(struct theme *t, const char *term, int look)
{
    bool plain = false;

    *t = (struct theme){ .utf8 = str_ieq(nl_langinfo(CODESET), "UTF-8") };
    for (size_t i = 0; i < ARRAY_LEN(plain_terms); i++)
        plain |= str_starts(term, plain_terms[i]);
    t->wraps = tigetflag("am") > 0 && tigetflag("xenl") <= 0;
    start_colors(t);
    theme_set_rich(t, t->utf8 && (look == 2 || (look == 0 && !plain)));
}

void theme_set_rich(struct theme *t, bool rich)
{
    t->rich = rich && t->utf8;
    text_set_ascii(!t->rich);
    language_settle(!t->rich);
}

unsigned long theme_attr(const struct theme *t, enum role r)
{
    bool color = t->color && t->rich;

    switch (r) {
    case ROLE_BAR:
        return t->rich ? A_REVERSE : A_NORMAL;
    case ROLE_FOCUS:
        return t->rich ? A_REVERSE | A_BOLD : A_NORMAL;
    case ROLE_GOOD:
        return A_BOLD | (color ? COLOR_PAIR(PAIR_GOOD) : 0);
    case ROLE_WARN:
        return A_BOLD | (color ? COLOR_PAIR(PAIR_WARN) : 0);
    case ROLE_BAD:
        return color ? A_BOLD | COLOR_PAIR(PAIR_BAD) : A_REVERSE;
    default:
        return A_NORMAL;
    }
}

/* The square is no role: its colours are fixed, or it would follow the terminal's palette and not
 * scan (console-anchors.md 4.8). */
unsigned long theme_qr(const struct theme *t, bool light, bool inverted)
{
    (void)t;
    return (has_colors() ? COLOR_PAIR(PAIR_QR) : 0) | (light != inverted ? A_REVERSE : A_NORMAL);
}

enum role theme_role(const char *level)
{
    for (size_t i = 0; i < ARRAY_LEN(badges); i++)
        if (str_eq(level, badges[i].level))
            return badges[i].role;
    return ROLE_TEXT;
}

const char *theme_badge(const char *level)
{
    for (size_t i = 0; i < ARRAY_LEN(badges); i++)
        if (str_eq(level, badges[i].level))
            return _(badges[i].text);
    return _("[ -- ]");
}
