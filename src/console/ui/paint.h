/* paint.h - the only way to put text on the screen: clipped to its columns, guarded, never in the
 * last cell.
 *
 * Nothing is sent before ui draws the whole frame: curses then sends the cells that changed.
 */
#ifndef AZL_UI_PAINT_H
#define AZL_UI_PAINT_H

#include <stddef.h>

#include "console/ui/theme.h"

struct area {
    int row, col, rows, cols;
};

void paint_use(const struct theme *t);
/* Each returns the columns used. */
int paint_text(int row, int col, int cols, enum role role, const char *s);
int paint_cut(int row, int col, int cols, enum role role,
              const char *s); /* what does not fit ends in ... */
int paint_bytes(int row, int col, int cols, enum role role, const char *s, size_t n);
int paint_fmt(int row, int col, int cols, enum role role, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
int paint_right(int row, int end_col, int cols, enum role role,
                const char *s);          /* ends before end_col */
void paint_bar(int row, enum role role); /* the role's background over a row */
void paint_rule(int row);
void paint_rule_part(int row, int col, int cols);
/* How wide prose may be where `cols` are free: lines that are too long cannot be read. */
int paint_prose(int cols);
int paint_wrapped(const struct area *a, enum role role,
                  const char *s); /* returns rows used; a cut text ends in ... */
void paint_clear(const struct area *a);
void paint_cursor(int row, int col); /* where the hardware cursor rests after this frame */
void paint_end(void);                /* puts it there; last of all */

#endif
