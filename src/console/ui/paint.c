#include "config.h"

#include "console/ui/paint.h"

#include <ncurses.h>
#include <stdarg.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/ui/text.h"

#define MAX_COLS  512
#define MAX_LINES 64

static const struct theme *theme;
static int cursor_row, cursor_col;

void paint_use(const struct theme *t)
{
    theme = t;
}

/* Columns of a row that may be written. */
static int edge(int row)
{
    return COLS - (row == LINES - 1 || (theme && theme->wraps));
}

int paint_bytes(int row, int col, int cols, enum role role, const char *s, size_t n)
{
    wchar_t wide[MAX_COLS];
    int room = edge(row) - col, used;

    if (row < 0 || row >= LINES || col < 0 || room <= 0)
        return 0;
    used = text_wide(wide, MAX_COLS, s, n, cols < room ? cols : room);
    attrset((attr_t)theme_attr(theme, role));
    mvaddwstr(row, col, wide);
    attrset(A_NORMAL);
    return used;
}

int paint_text(int row, int col, int cols, enum role role, const char *s)
{
    return paint_bytes(row, col, cols, role, s, strlen(s));
}

int paint_cut(int row, int col, int cols, enum role role, const char *s)
{
    int used;

    if (text_width(s) <= cols || cols < 8)
        return paint_text(row, col, cols, role, s);
    used = paint_text(row, col, cols - 3, role, s);
    return used + paint_text(row, col + used, 3, role, "...");
}

int paint_fmt(int row, int col, int cols, enum role role, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    int used;

    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    used = paint_text(row, col, cols, role, str_p(&s));
    str_free(&s);
    return used;
}

int paint_right(int row, int end_col, int cols, enum role role, const char *s)
{
    int w = text_width(s);

    if (w > cols)
        w = cols;
    return paint_text(row, end_col - w, w, role, s);
}

void paint_bar(int row, enum role role)
{
    attr_t a = (attr_t)theme_attr(theme, role);

    if (a == A_NORMAL)
        return;
    attrset(a);
    mvhline(row, 0, ' ' | a, edge(row));
    attrset(A_NORMAL);
}

void paint_rule_part(int row, int col, int cols)
{
    static const wchar_t line[] = { 0x2500, 0 };
    cchar_t c;

    if (cols > edge(0) - col)
        cols = edge(0) - col;
    if (row < 0 || row >= LINES || col < 0 || cols <= 0)
        return;
    attrset(A_NORMAL);
    if (!theme->rich || i18n_language()->wide) { /* some terminals of the East draw U+2500 wide */
        mvhline(row, col, '-', cols);
        return;
    }
    setcchar(&c, line, A_NORMAL, 0, NULL);
    mvhline_set(row, col, &c, cols);
}

void paint_rule(int row)
{
    paint_rule_part(row, 0, COLS);
}

int paint_prose(int cols)
{
    return cols > 80 ? 76 : cols;
}

int paint_wrapped(const struct area *a, enum role role, const char *s)
{
    struct text_line lines[MAX_LINES];
    int cols = paint_prose(a->cols), n = text_wrap(s, cols, lines, MAX_LINES),
        shown = n < a->rows ? n : a->rows;

    for (int i = 0; i < shown; i++) {
        bool cut = i == shown - 1 && n > shown && cols > 3;
        int used =
            paint_bytes(a->row + i, a->col, cols - (cut ? 3 : 0), role, lines[i].p, lines[i].n);
        if (cut)
            paint_text(a->row + i, a->col + used, 3, role, "...");
    }
    return shown;
}

void paint_clear(const struct area *a)
{
    for (int i = 0; i < a->rows; i++)
        if (a->row + i >= 0 && a->row + i < LINES)
            mvhline(a->row + i, a->col, ' ',
                    a->cols < edge(a->row + i) - a->col ? a->cols : edge(a->row + i) - a->col);
}

void paint_cursor(int row, int col)
{
    cursor_row = row;
    cursor_col = col;
}

void paint_end(void)
{
    move(cursor_row < LINES ? cursor_row : LINES - 1, cursor_col < COLS ? cursor_col : COLS - 1);
}
