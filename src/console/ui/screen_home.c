#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "console/ui/frame.h"
#include "console/ui/home.h"
#include "console/ui/screens.h"
#include "console/ui/text.h"

#define MAX_ITEMS 16

struct home {
    struct menu menu;
    struct home_changes changes[HOME_PANES];
};

/* Where things stand, from the size alone. */
struct layout {
    bool wide; /* three panes side by side; else a line each */
    int menu_row, menu_rows, note_row, note_rows, log_row, log_rows;
};

static struct layout lay_out(const struct area *a)
{
    struct layout l = { .wide = a->rows >= 19 && a->cols >= 78 };
    int n = (int)n_menu_rows, end = a->row + a->rows;

    l.menu_row = a->row + (l.wide ? 7 : 4);
    l.menu_rows = n < end - l.menu_row ? n : end - l.menu_row;
    l.note_row = l.menu_row + l.menu_rows + (end - l.menu_row - l.menu_rows > 2 ? 1 : 0);
    l.note_rows = end - l.note_row < 4 ? end - l.note_row : 4;
    l.log_row = l.note_row + l.note_rows + 1;
    l.log_rows = end - l.log_row > 2 ? end - l.log_row : 0;
    return l;
}

/* ---- panes: word, reason, evidence, age ---- */

void home_panes(struct ui *ui, struct home_pane out[HOME_PANES])
{
    const struct sec_cluster *c = ui_section(ui, SEC_CLUSTER);
    const struct home_pane panes[HOME_PANES] = {
        { "ClusterStatus", "Cluster", &c->cluster },
        { "RegistrationStatus", "Register", &c->registration },
        { "ConnectionStatus", "Connect", &c->connection },
    };

    memcpy(out, panes, sizeof panes);
}

void home_age_line(struct ui *ui, const struct sec_pane *p, bool stale, char *out, size_t size)
{
    char age[AGE_SIZE];

    words_age(age, ui_now(ui), p->checked_at);
    if (!ui_has(ui, SEC_CLUSTER) || p->checked_at == 0)
        str_copy(out, size, _("not checked yet"));
    else
        str_fmt(out, size, stale ? _("STALE, checked %s ago") : _("checked %s ago"), age);
}

static void draw_wide_pane(struct ui *ui, const struct home_pane *d, const struct area *a,
                           bool stale)
{
    char text[200];
    const char *badge = theme_badge(d->p->level);
    struct area reason = { a->row + 2, a->col, 2, a->cols };
    int col;

    paint_text(a->row, a->col, a->cols, ROLE_QUIET, d->title);
    if (!ui_has(ui, SEC_CLUSTER)) {
        paint_fmt(a->row + 1, a->col, a->cols, ROLE_QUIET, "%s %s", theme_badge("unknown"),
                  _("asking"));
        return;
    }
    col = a->col + paint_text(a->row + 1, a->col, a->cols, theme_role(d->p->level), badge) + 1;
    paint_text(a->row + 1, col, a->cols - (col - a->col), ROLE_TEXT, words_or_blank(d->p->word));
    reason.row += paint_wrapped(&reason, ROLE_TEXT, d->p->reason);
    reason.rows = a->row + 5 - reason.row;
    paint_wrapped(&reason, ROLE_QUIET, d->p->evidence);
    home_age_line(ui, d->p, stale, text, sizeof text);
    paint_text(a->row + 5, a->col, a->cols, stale ? ROLE_WARN : ROLE_QUIET, text);
}

/* reason_col: where the reason begins if the words before it leave room. */
static void draw_line_pane(struct ui *ui, const struct home_pane *d, int row, int cols,
                           int reason_col, bool stale)
{
    struct text_line line;
    char age[AGE_SIZE];
    int col = 18, end;

    paint_text(row, 1, 9, ROLE_QUIET, d->brief);
    if (!ui_has(ui, SEC_CLUSTER)) {
        paint_fmt(row, 10, cols - 11, ROLE_QUIET, "%s %s", theme_badge("unknown"), _("asking"));
        return;
    }
    words_age(age, ui_now(ui), d->p->checked_at);
    paint_text(row, 10, 7, theme_role(d->p->level), theme_badge(d->p->level));
    col += paint_text(row, col - 1, 15, ROLE_TEXT, words_or_blank(d->p->word));
    if (stale)
        col += paint_text(row, col, 6, ROLE_WARN, _("STALE")) + 1;
    col = col < reason_col ? reason_col : col;
    end = cols - 2 - text_width(age);
    if (d->p->reason[0])
        paint_cut(row, col, end - col, ROLE_TEXT, d->p->reason);
    else if (text_wrap(d->p->evidence, end - col, &line, 1))
        paint_fmt(row, col, end - col, ROLE_TEXT, "%.*s", (int)line.n, line.p);
    paint_right(row, cols - 1, 6, ROLE_QUIET, age);
}

static void draw_panes(struct ui *ui, const struct area *a, bool wide)
{
    const struct sec_cluster *c = ui_section(ui, SEC_CLUSTER);
    struct home_pane panes[HOME_PANES];
    int width = a->cols / 3, reason_col = 18;

    home_panes(ui, panes);
    for (int i = 0; i < 3; i++) {
        int end = 19 + text_width(words_or_blank(panes[i].p->word));
        reason_col = end > reason_col ? end : reason_col;
    }
    reason_col = reason_col < 30 ? reason_col : 30;
    for (int i = 0; i < 3; i++) {
        struct area p = { a->row, 1 + i * width, 6, width - 1 };
        if (wide)
            draw_wide_pane(ui, &panes[i], &p, c->stale);
        else
            draw_line_pane(ui, &panes[i], a->row + i, a->cols, reason_col, c->stale);
    }
}

/* ---- notes under the menu ---- */

static void draw_notes(struct ui *ui, const struct layout *l, int cols)
{
    struct area a = { l->note_row, 1, l->note_rows, cols - 2 };
    char text[900];
    bool problem = model_advice(ui_model(ui), text, sizeof text);

    paint_wrapped(&a, problem ? ROLE_BAD : ROLE_TEXT, text);
}

static int menu_items(struct ui *ui, struct menu_item out[MAX_ITEMS])
{
    int n = 0;

    for (size_t i = 0; i < n_menu_rows && n < MAX_ITEMS; i++) {
        struct menu_item *it = &out[n++];
        *it = (struct menu_item){ .number = menu_rows[i].number,
                                  .text = menu_item(&menu_rows[i])->text };
        it->note_role = menu_note(ui, &menu_rows[i], it->note, sizeof it->note);
    }
    return n;
}

static void home_draw(struct ui *ui, void *self, const struct area *body)
{
    struct home *h = self;
    struct layout l = lay_out(body);
    struct menu_item list[MAX_ITEMS];
    int n = menu_items(ui, list);
    struct area menu = { l.menu_row, 1, l.menu_rows, body->cols - 1 };

    if (frame_large()) {
        menu = home_draw_large(ui, h->changes, body, n);
        menu_draw(&h->menu, list, n, &menu);
        l.note_row = menu.row + n + 1;
        draw_notes(ui, &l, menu.cols + 1);
        return;
    }
    draw_panes(ui, body, l.wide);
    paint_rule(l.menu_row - 1);
    menu_draw(&h->menu, list, n, &menu);
    draw_notes(ui, &l, body->cols);
    if (l.log_rows) {
        paint_rule(l.log_row - 1);
        frame_log_tail(ui, &(struct area){ l.log_row, 0, l.log_rows, body->cols });
    }
}

static void home_changed(struct ui *ui, void *self, enum section_id id)
{
    struct home *h = self;
    struct home_pane panes[HOME_PANES];

    home_panes(ui, panes);
    for (int i = 0; i < HOME_PANES && id == SEC_CLUSTER; i++) {
        struct home_changes *c = &h->changes[i];

        if (c->n && str_eq(c->items[c->n - 1].word, panes[i].p->word))
            continue;
        if (c->n == HOME_CHANGES) {
            memmove(&c->items[0], &c->items[1], sizeof c->items - sizeof c->items[0]);
            c->n--;
        }
        c->items[c->n].at = ui_now(ui);
        STR_SET(c->items[c->n++].word, panes[i].p->word);
    }
}

static void home_hint(struct ui *ui, void *self, char *out, size_t size)
{
    const struct home *h = self;
    const struct item *m = menu_item(&menu_rows[h->menu.selected]);

    (void)ui;
    if (h->menu.typed)
        str_fmt(out, size, _("Number: %d   Enter opens: %s"), h->menu.typed, _(m->text));
    else
        str_fmt(out, size, "%d %s", m->number, _(m->hint));
}

static bool home_key(struct ui *ui, void *self, int key)
{
    struct home *h = self;
    struct menu_item list[MAX_ITEMS];
    int n = menu_items(ui, list), chosen;

    if (!menu_key(&h->menu, list, n, key, &chosen))
        return false;
    if (key == K_ENTER && chosen < 0)
        ui_notice(ui, "", "%s", _("There is no item with this number yet."));
    if (chosen >= 0)
        menu_rows[chosen].run(ui);
    return true;
}

static void refresh(struct ui *ui, void *self)
{
    (void)self;
    if (ui_tell(ui, "status", NULL))
        ui_notice(ui, "", "%s", _("Asking the nodes again."));
}

static void quit(struct ui *ui, void *self)
{
    (void)self;
    if (ui_options(ui)->getty)
        action_log_off(ui);
    else
        action_shell(ui);
}

static const struct key_row keys[] = {
    { K_ENTER, 0, 0, "0-9 Enter", N_("open"), NULL, NULL },
    { 'r', 0, 5, "r", N_("refresh"), NULL, refresh },
    { 'l', 0, 9, "l", N_("log"), NULL, NULL },
    { 'q', K_CTRL('C'), 10, "q", N_("leave"), NULL, quit },
};

const struct screen screen_home = {
    .id = SCREEN_HOME,
    .title = N_("Home"),
    .help = &help_topics[HELP_HOME],
    .sections = 1u << SEC_CORE | 1u << SEC_SIGNIN | 1u << SEC_CLUSTER | 1u << SEC_RUN |
                1u << SEC_LOG | 1u << SEC_NODES,
    .ticks = true,
    .hint_rows = 2,
    .low_hint_rows = 1,
    .size = sizeof(struct home),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .draw = home_draw,
    .key = home_key,
    .changed = home_changed,
    .hint = home_hint,
};
