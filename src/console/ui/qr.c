#include "config.h"

#include "console/ui/qr.h"

#include <ncurses.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "console/ui/theme.h"

bool qr_make(struct qr *q, const char *text)
{
    QRcode *code = *text ? QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) : NULL;
    size_t n;

    qr_free(q);
    if (!code)
        return false;
    n = (size_t)code->width * (size_t)code->width;
    q->modules = code->width;
    q->dark = xmalloc(n);
    for (size_t i = 0; i < n; i++)
        q->dark[i] = code->data[i] & 1;
    QRcode_free(code);
    return true;
}

void qr_free(struct qr *q)
{
    free(q->dark);
    *q = (struct qr){ 0 };
}

bool qr_dark(const struct qr *q, int x, int y)
{
    return x >= 0 && y >= 0 && x < q->modules && y < q->modules && q->dark[y * q->modules + x];
}

void qr_plan(struct qr_plan *plan, const struct qr *q, int rows, int cols, bool half_blocks)
{
    *plan = (struct qr_plan){ .halves = half_blocks };
    if (q->modules == 0)
        return;
    for (int quiet = 4; quiet >= 2; quiet -= 2) {
        int edge = q->modules + 2 * quiet;

        plan->quiet = quiet;
        plan->rows = half_blocks ? (edge + 1) / 2 : edge;
        plan->cols = half_blocks ? edge : 2 * edge;
        plan->drawn = plan->rows <= rows && plan->cols <= cols;
        if (plan->drawn)
            return;
    }
}

int qr_cell(const struct qr *q, const struct qr_plan *plan, int row, int col)
{
    int edge = q->modules + 2 * plan->quiet, x, y;

    if (!plan->halves)
        return qr_dark(q, col / 2 - plan->quiet, row - plan->quiet) ? 0 : 3;
    x = col - plan->quiet;
    y = 2 * row - plan->quiet;
    return (qr_dark(q, x, y) ? 0 : 1) | (2 * row + 1 >= edge || qr_dark(q, x, y + 1) ? 0 : 2);
}

static void draw_row(const struct qr *q, const struct qr_plan *plan, const struct theme *t, int row,
                     int col, int r, bool inverted)
{
    static const wchar_t glyph[] = { L' ', 0x2580, 0x2584, 0x2588 };
    wchar_t line[256];
    int n = 0;

    if (plan->halves) {
        attrset((attr_t)theme_qr(t, false, inverted));
        for (; n < plan->cols && n < 255; n++)
            line[n] = glyph[qr_cell(q, plan, r, n)];
        line[n] = 0;
        mvaddnwstr(row + r, col, line, n);
        return;
    }
    for (; n < plan->cols; n++) {
        attrset((attr_t)theme_qr(t, qr_cell(q, plan, r, n) != 0, inverted));
        mvaddch(row + r, col + n, ' ');
    }
}

void qr_draw(const struct qr *q, const struct qr_plan *plan, const struct theme *t, int row,
             int col, bool inverted)
{
    for (int r = 0; plan->drawn && r < plan->rows; r++)
        draw_row(q, plan, t, row, col, r, inverted);
    attrset(A_NORMAL);
}
