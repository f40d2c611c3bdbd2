#include "config.h"

#include "console/ui/frame.h"

#include <ncurses.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "console/ui/text.h"

#define CLOCK_COLS 9

int frame_cols(void)
{
    return COLS;
}

bool frame_large(void)
{
    return COLS >= 120 && LINES >= 40;
}

/* One row a line; in the narrow pane of a large screen a line takes up to three. */
void frame_log_tail(struct ui *ui, const struct area *a)
{
    const struct sec_log *log = ui_section(ui, SEC_LOG);
    struct text_line parts[3];
    int most = frame_large() && a->cols < 80 ? 3 : 1, width = a->cols - 17, row = a->row, used = 0;
    size_t first = log->n;
    char clock[AGE_SIZE];

    for (; first > 0; first--) {
        int n = most == 1 ? 1 : text_wrap(log->lines[first - 1].text, width, parts, most);
        if (used + (n ? n : 1) > a->rows)
            break;
        used += n ? n : 1;
    }
    for (size_t i = first; i < log->n; i++) {
        const struct sec_log_line *l = &log->lines[i];
        int n = most == 1 ? 0 : text_wrap(l->text, width, parts, most);

        words_clock(clock, l->at);
        paint_fmt(row, a->col + 1, a->cols - 2, ROLE_QUIET, "%s %-5s", clock, l->level);
        if (n == 0)
            paint_cut(row, a->col + 16, a->cols - 17, ROLE_QUIET, l->text);
        for (int k = 0; k < n; k++)
            paint_bytes(row + k, a->col + 16, width, ROLE_QUIET, parts[k].p, parts[k].n);
        row += n ? n : 1;
    }
}

/* ---- rows around the body ---- */

static int hint_rows(const struct screen *s)
{
    return LINES >= 24 ? s->hint_rows : s->low_hint_rows;
}

bool frame_hint_fits(const struct screen *s, const char *text)
{
    struct text_line lines[16];

    return text_wrap(text, COLS - 2, lines, ARRAY_LEN(lines)) <= hint_rows(s);
}

static char *last_gap(char *s)
{
    char *last = NULL;

    for (char *p = strstr(s, "  "); p; p = strstr(p + 2, "  "))
        last = p;
    return last;
}

/* Parts stand two blanks apart and the last one, a time, tells most: those before it go first,
 * then the one that is left is cut. */
static void draw_place(char *s, int col, int cols)
{
    char *tail = last_gap(s), *gap;
    int room, used;

    if (!tail || text_width(s) <= cols) {
        paint_cut(0, col, cols, ROLE_BAR, s);
        return;
    }
    *tail = '\0';
    tail += 2;
    room = cols - text_width(tail) - 2;
    while (text_width(s) > room && (gap = last_gap(s)) != NULL)
        *gap = '\0';
    used = room > 0 ? paint_cut(0, col, room, ROLE_BAR, s) + 2 : 0;
    paint_text(0, col + used, cols - used, ROLE_BAR, tail);
}

static void draw_title(struct ui *ui, const struct frame *f)
{
    const struct sec_core *core = ui_section(ui, SEC_CORE);
    const struct sec_cluster *cluster = ui_section(ui, SEC_CLUSTER);
    char clock[AGE_SIZE], where[200] = "";
    bool home = f->screen->id == SCREEN_HOME, own = f->screen->own_title;
    int col = 1, room = COLS - CLOCK_COLS - 1,
        title = home || own ? 0 : text_width(_(f->screen->title)) + 2;

    paint_bar(0, ROLE_BAR);
    if (str_eq(core->mode, "sandbox"))
        room -= paint_right(0, room, 12, ROLE_BAR, _("[sandbox]")) + 1;
    if (f->screen->place) {
        f->screen->place(ui, f->self, where, sizeof where);
    } else if (core->host[0]) {
        if (cluster->exists)
            str_fmt(where, sizeof where, _("%s in %s"), core->host, cluster->name);
        else
            STR_SET(where, core->host);
    }
    if (home || (COLS >= 72 && (!own || text_width(where) + 10 < room)))
        col += paint_text(0, col, room, ROLE_BAR, "azloconf") + 2;
    if (text_width(where) > room - col - title) { /* what the screen says of itself comes first */
        if (f->screen->place)
            own = true;
        else
            STR_SET(where, core->host);
    }
    if (!home && !own)
        col += paint_text(0, col, room - col, ROLE_BAR, _(f->screen->title)) + 2;
    draw_place(where, col, room - col);
    words_clock(clock, ui_now(ui));
    paint_right(0, COLS - 1, CLOCK_COLS, ROLE_BAR, clock);
}

static int bar_item(int col, const struct key_row *k)
{
    int w = text_width(k->name) + 1 + text_width(_(k->label)), row = LINES - 1;

    if (col + w >= COLS - 1)
        return col;
    col += paint_text(row, col, w, ROLE_BAR, k->name) + 1;
    return col + paint_text(row, col, w, ROLE_BAR, _(k->label)) + 2;
}

/* The screen's own keys first, then help and the way back: those two always have their place. */
static void draw_keys(struct ui *ui, const struct frame *f)
{
    size_t n_global;
    const struct key_row *global = frame_global_keys(&n_global), *help = NULL, *back = NULL;
    int col = 1, reserve = 0;
    bool typing = f->screen->typing && f->screen->typing(f->self),
         home = f->screen->id == SCREEN_HOME;

    paint_bar(LINES - 1, ROLE_BAR);
    for (size_t i = 0; i < n_global; i++) {
        if (global[i].fkey == 1)
            help = &global[i];
        if (global[i].key == K_ESC)
            back = &global[i];
    }
    reserve = 3 + text_width(_(help->label)) + 2 + (home ? 0 : 6 + text_width(_(back->label)));
    for (size_t i = 0; i < f->screen->n_keys; i++) {
        const struct key_row *k = &f->screen->keys[i];
        int w = k->name ? text_width(k->name) + 1 + text_width(_(k->label)) + 2 : 0;
        if (k->name && (!k->guard || k->guard(ui, f->self)) && col + w + reserve < COLS)
            col = bar_item(col, k);
    }
    if (typing) {
        struct key_row f1 = *help;
        f1.name = "F1";
        col = bar_item(col, &f1);
    } else {
        col = bar_item(col, help);
    }
    if (!home)
        bar_item(col, back);
}

/* Where the last sentence but one of the first n bytes ends; 0: there is but one. */
static size_t sentence_before(const char *s, size_t n)
{
    static const char *const ends[] = { ". ", "? ", "! ", "。", "？", "！" };
    size_t last = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
            size_t w = s[i] == ends[k][0] ? strlen(ends[k]) : 0;

            if (w && i + w < n && strncmp(s + i, ends[k], w) == 0)
                last = i + w - (ends[k][1] == ' ');
        }
    return last;
}

/* What the rows do not hold goes by whole sentences; F1 has all of it (screen_help.c). One sentence
 * that is too long by itself is cut as any text is. */
static void fit_sentences(const struct screen *s, char *text, size_t size)
{
    char part[600];
    size_t n = strlen(text);

    STR_SET(part, text);
    while (!frame_hint_fits(s, part)) {
        n = sentence_before(part, n);
        if (!n)
            return;
        part[n] = '\0';
    }
    str_copy(text, size, part);
}

static void draw_hint(struct ui *ui, const struct frame *f, const struct area *a)
{
    char text[600] = "";
    const struct err *why;
    enum client_state state = ui_state(ui, &why);

    if (f->notice[0]) {
        paint_wrapped(a, theme_role(f->notice_level), f->notice);
        return;
    }
    if (state == CLIENT_REFUSED || state == CLIENT_FAILED) {
        paint_wrapped(a, ROLE_BAD, why->message);
        return;
    }
    if (f->screen->hint)
        f->screen->hint(ui, f->self, text, sizeof text);
    fit_sentences(f->screen, text, sizeof text);
    paint_wrapped(a, ROLE_QUIET, text);
}

static void draw_too_small(void)
{
    char text[200];
    struct area a = { 0, 0, LINES, COLS };

    str_fmt(text, sizeof text,
            _("azloconf needs 60x20, this is %dx%d. Enlarge, or run --plain: p does it here, q "
              "leaves."),
            COLS, LINES);
    paint_wrapped(&a, ROLE_TEXT, text);
}

static void draw_choices(const struct dialog *d, int row)
{
    int col = 3, cursor = col;

    for (int i = 0; i < d->n; i++) {
        bool on = i == d->focus;
        if (on)
            cursor = col;
        col += paint_fmt(row, col, COLS - col, on ? ROLE_FOCUS : ROLE_TEXT, "%s%d %s%s",
                         on ? ">" : " ", i + 1, _(d->choices[i].label), on ? "<" : " ");
        col += 2;
    }
    paint_cursor(row, cursor);
}

static void draw_dialog(const struct dialog *d, const struct area *body)
{
    struct text_line lines[64];
    int n = text_wrap(d->text, paint_prose(body->cols - 6), lines, ARRAY_LEN(lines)), rows;
    struct area a = *body;

    rows = n + 6 < body->rows ? n + 6 : body->rows;
    a.rows = rows;
    a.row += (body->rows - rows) / 3;
    paint_clear(&a);
    paint_rule(a.row);
    paint_text(a.row + 1, 3, COLS - 6, ROLE_BAR, _(d->title));
    a.row += 3;
    paint_wrapped(&(struct area){ a.row, 3, rows - 6, body->cols - 6 }, ROLE_TEXT, d->text);
    draw_choices(d, a.row + rows - 5);
    paint_rule(a.row + rows - 4);
}

void frame_draw(struct ui *ui, const struct frame *f)
{
    int hints = hint_rows(f->screen);
    struct area body = { 1, 0, LINES - 2 - hints - (hints > 0), COLS },
                hint = { LINES - 1 - hints, 1, hints, COLS - 2 };
    char notice[1024];

    if (LINES < UI_MIN_ROWS || COLS < UI_MIN_COLS) {
        draw_too_small();
        return;
    }
    paint_cursor(0, 0);
    f->screen->draw(ui, f->self, &body); /* first: some keys hang on what it had room for */
    draw_title(ui, f);
    if (hints > 0)
        paint_rule(hint.row - 1);
    draw_hint(ui, f, &hint);
    draw_keys(ui, f);
    if (hints == 0 && f->notice[0])
        paint_fmt(LINES - 2, 0, COLS, theme_role(f->notice_level), " %s",
                  text_pad(notice, sizeof notice, f->notice, COLS - 1));
    if (f->dialog)
        draw_dialog(f->dialog, &body);
}
