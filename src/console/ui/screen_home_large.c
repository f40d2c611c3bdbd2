#include "config.h"

#include "base/i18n.h"
#include "console/ui/frame.h"
#include "console/ui/home.h"
#include "console/ui/screens.h"
#include "console/ui/text.h"

#define LEFT_COLS 66
#define PANE_ROWS 6 /* with the rule below */

/* ---- left: each pane with all that is known of it ---- */

static void changes_line(const struct home_changes *c, char *out, size_t size, int cols)
{
    struct str s = STR_INIT;
    char clock[AGE_SIZE];
    int first = 0;

    do { /* as many of the newest as the row takes */
        str_reset(&s);
        for (int i = first; i < c->n; i++) {
            words_clock(clock, c->items[i].at);
            str_addf(&s, "%s%s %s", i > first ? ", " : "", clock, words_or_blank(c->items[i].word));
        }
        first++;
    } while (first < c->n && text_width(str_p(&s)) > cols);
    str_copy(out, size, str_p(&s));
    str_free(&s);
}

static void line(int row, const char *label, enum role role, const char *text)
{
    if (!text[0])
        return;
    paint_cut(row, 3, 11, ROLE_QUIET, label);
    paint_cut(row, 15, LEFT_COLS - 16, role, text);
}

static void draw_pane(struct ui *ui, const struct home_pane *d, const struct home_changes *c,
                      int row, bool stale)
{
    char text[200];
    int col = 22;

    paint_text(row, 1, 20, ROLE_TEXT, d->title);
    if (!ui_has(ui, SEC_CLUSTER)) {
        paint_fmt(row, col, LEFT_COLS - col, ROLE_QUIET, "%s %s", theme_badge("unknown"),
                  _("asking"));
        return;
    }
    col += paint_text(row, col, 7, theme_role(d->p->level), theme_badge(d->p->level)) + 1;
    paint_text(row, col, LEFT_COLS - col, ROLE_TEXT, words_or_blank(d->p->word));
    home_age_line(ui, d->p, stale, text, sizeof text);
    paint_right(row, LEFT_COLS - 1, 24, stale ? ROLE_WARN : ROLE_QUIET, text);
    line(row + 1, _("Reason"), ROLE_TEXT, words_or_blank(d->p->reason));
    line(row + 2, _("Evidence"), ROLE_QUIET, words_or_blank(d->p->evidence));
    line(row + 3, _("Do"), ROLE_TEXT, d->p->next);
    changes_line(c, text, sizeof text, LEFT_COLS - 16);
    line(row + 4, _("Changes"), ROLE_QUIET, text);
}

/* ---- right: nodes, then the log as it comes ---- */

static int draw_nodes(struct ui *ui, const struct area *a)
{
    const struct sec_nodes *nodes = ui_section(ui, SEC_NODES);
    int rows = (int)nodes->n + 1;

    if (nodes->n == 0) {
        paint_text(a->row, a->col + 1, a->cols - 2, ROLE_QUIET,
                   ui_has(ui, SEC_NODES) ? _("no nodes yet") : _("asking"));
        return 1;
    }
    if (rows > a->rows)
        rows = a->rows;
    nodes_table(ui, &(struct area){ a->row, a->col - 1, rows, a->cols + 1 });
    if ((int)nodes->n + 1 > rows) {
        struct area last = { a->row + rows - 1, a->col, 1, a->cols };
        paint_clear(&last);
        paint_fmt(last.row, a->col + 1, a->cols - 2, ROLE_QUIET,
                  _("and %d more; 3 shows all nodes"), (int)nodes->n - rows + 2);
    }
    return rows;
}

struct area home_draw_large(struct ui *ui, const struct home_changes changes[HOME_PANES],
                            const struct area *body, int menu_len)
{
    const struct sec_cluster *c = ui_section(ui, SEC_CLUSTER);
    struct home_pane panes[HOME_PANES];
    struct area right = { body->row, LEFT_COLS + 1, body->rows / 2, body->cols - LEFT_COLS - 2 };
    int used, row = body->row;

    home_panes(ui, panes);
    for (int i = 0; i < HOME_PANES; i++, row += PANE_ROWS) {
        draw_pane(ui, &panes[i], &changes[i], row, c->stale);
        paint_rule_part(row + PANE_ROWS - 1, 0, LEFT_COLS);
    }
    used = draw_nodes(ui, &right);
    paint_rule_part(right.row + used, right.col, right.cols + 1);
    right.rows = body->rows - used - 1;
    right.row += used + 1;
    frame_log_tail(ui, &right);
    return (struct area){ row, 1, menu_len, LEFT_COLS - 1 };
}
