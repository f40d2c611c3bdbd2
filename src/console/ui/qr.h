/* qr.h - an address as a square that a phone can read, or a reason why not.
 *
 * Facts: console-anchors.md 4.8, measured: light modules as light glyphs on a fixed dark background
 * (the gaps between rows are then dark), quiet zone 4 modules, 2 where there is no room, level M.
 * Half blocks: one column a module, two modules a row. Without half blocks: blanks, two columns a
 * module.
 */
#ifndef AZL_UI_QR_H
#define AZL_UI_QR_H

#include <stdbool.h>
#include <stddef.h>

struct qr {
    int modules; /* along an edge; 0: none made */
    unsigned char *dark;
};
/* q is zeroed, or holds an older square that is freed. False: too long for a square. */
bool qr_make(struct qr *q, const char *text);
void qr_free(struct qr *q);
bool qr_dark(const struct qr *q, int x, int y); /* outside the square is light */

struct qr_plan {
    bool drawn;
    bool halves;    /* half blocks; else blanks */
    int quiet;      /* 4 or 2 */
    int rows, cols; /* of cells */
};
/* What fits into rows x cols; plan->drawn is false where it cannot be drawn well. */
void qr_plan(struct qr_plan *plan, const struct qr *q, int rows, int cols, bool half_blocks);
/* A cell's light halves: bit 0 upper, bit 1 lower; the second half of an odd last row is dark and
 * belongs to the terminal. */
int qr_cell(const struct qr *q, const struct qr_plan *plan, int row, int col);

struct theme;
void qr_draw(const struct qr *q, const struct qr_plan *plan, const struct theme *t, int row,
             int col, bool inverted);

#endif
