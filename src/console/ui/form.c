#include "config.h"

#include "console/ui/form.h"

#include "base/i18n.h"
#include "console/ui/text.h"

#define LIST_ROWS 8

/* Indices of the choices that the typed text leaves. */
static int matches(const struct form *f, struct ui *ui, int out[FORM_MATCHES])
{
    return form_matches(f, ui_model(ui), f->focus, f->filtering ? f->values[f->focus].in.text : "",
                        out);
}

bool form_typing(const struct form *f)
{
    return f->focus < f->n;
}

bool form_close_list(struct form *f)
{
    bool was = f->list_open;

    f->list_open = f->filtering = false;
    return was;
}

const char *form_help(const struct form *f)
{
    return f->focus < f->n ? form_about(&f->fields[f->focus]) : "";
}

static void remember(struct form *f)
{
    struct form_value *v = &f->values[f->focus];

    STR_SET(v->undo, v->in.text);
    v->undo_source = v->source;
}

static void go(struct form *f, struct ui *ui, int step)
{
    int stops = f->n + (f->other ? 2 : 1);

    if (f->focus < f->n)
        form_settle(f, ui_model(ui), f->focus);
    form_close_list(f);
    f->editing = false;
    do
        f->focus = (f->focus + step + stops) % stops;
    while (f->focus < f->n && (f->fields[f->focus].fixed || form_off(f, f->focus)));
    if (f->focus < f->n)
        remember(f);
}

/* Opened by Enter it stands on the present value: a second Enter changes nothing. */
static void open_list(struct form *f, struct ui *ui, bool filtering)
{
    int n = form_choices(f, ui_model(ui), f->focus);

    f->list_open = true;
    f->filtering = filtering;
    f->list_at = filtering ? -1 : 0;
    f->list_top = 0;
    for (int i = 0; i < n && !filtering; i++) {
        struct form_choice c = { .id = "" };
        f->fields[f->focus].choice(ui_model(ui), f, i, &c);
        if (str_ieq(c.id, f->values[f->focus].id))
            f->list_at = i;
    }
}

static void choose(struct form *f, struct ui *ui, int index)
{
    form_choose(f, ui_model(ui), f->focus, index);
    form_close_list(f);
}

static enum form_result key_enter(struct form *f, struct ui *ui)
{
    int found[FORM_MATCHES], n;

    if (f->focus == f->n)
        return form_check(f, ui_model(ui)) ? FORM_NEXT : FORM_USED;
    if (f->focus > f->n)
        return FORM_OTHER;
    if (f->list_open) {
        n = matches(f, ui, found);
        if (f->list_at >= 0 && f->list_at < n)
            choose(f, ui, found[f->list_at]);
        else if (n == 1 && !f->fields[f->focus].free)
            choose(f, ui, found[0]);
        go(f, ui, 1);
    } else if (form_choices(f, ui_model(ui), f->focus) > 0) {
        open_list(f, ui, false);
    } else {
        go(f, ui, 1);
    }
    return FORM_USED;
}

static bool key_list(struct form *f, struct ui *ui, int key)
{
    int found[FORM_MATCHES], n = matches(f, ui, found);

    if (key == K_DOWN && f->list_at < n - 1)
        f->list_at++;
    else if (key == K_UP && f->list_at > 0)
        f->list_at--;
    else if (key == K_PGDN)
        f->list_at = f->list_at + LIST_ROWS < n ? f->list_at + LIST_ROWS : n - 1;
    else if (key == K_PGUP)
        f->list_at = f->list_at > LIST_ROWS ? f->list_at - LIST_ROWS : 0;
    else
        return key == K_DOWN || key == K_UP;
    return true;
}

/* Like text that is selected: a character in its place, a cursor key keeps it. */
static bool replaced_by_typing(const struct form *f)
{
    const struct form_value *v = &f->values[f->focus];

    return !f->editing && (v->source == FORM_DEFAULT || v->source == FORM_CHOSEN ||
                           (f->list_open && !f->filtering));
}

static void undo(struct form *f, struct ui *ui)
{
    struct form_value *v = &f->values[f->focus];

    form_close_list(f);
    input_set(&v->in, v->undo);
    v->source = v->undo_source;
    v->message[0] = v->level[0] = '\0';
    f->editing = false;
    form_settle(f, ui_model(ui), f->focus);
}

static bool key_edit(struct form *f, struct ui *ui, int key)
{
    struct form_value *v = &f->values[f->focus];
    bool text = (key >= ' ' && key < K_UP) || key == K_PASTE, replace;
    char before[INPUT_SIZE];

    if (key == K_CTRL('Z')) {
        undo(f, ui);
        return true;
    }
    replace = text && replaced_by_typing(f);
    STR_SET(before, v->in.text);
    if (replace)
        input_set(&v->in, "");
    if (!input_key(&v->in, key, ui_pasted(ui))) {
        if (replace)
            input_set(&v->in, before);
        return false;
    }
    f->editing = true;
    if (str_eq(before, v->in.text))
        return true;
    v->source = v->in.text[0] ? FORM_TYPED : FORM_EMPTY;
    v->message[0] = v->level[0] = '\0';
    if (form_choices(f, ui_model(ui), f->focus) > 0)
        open_list(f, ui, true);
    return true;
}

enum form_result form_key(struct form *f, struct ui *ui, int key)
{
    if (key == K_ENTER)
        return key_enter(f, ui);
    if (f->list_open && key_list(f, ui, key))
        return FORM_USED;
    if (key == K_TAB || key == K_DOWN) {
        go(f, ui, 1);
        return FORM_USED;
    }
    if (key == K_BTAB || key == K_UP) {
        go(f, ui, -1);
        return FORM_USED;
    }
    if (f->other && f->focus >= f->n && (key == K_LEFT || key == K_RIGHT)) {
        f->focus = key == K_LEFT ? f->n : f->n + 1;
        return FORM_USED;
    }
    return f->focus < f->n && key_edit(f, ui, key) ? FORM_USED : FORM_UNUSED;
}

/* ---- drawing ---- */

const char *form_cut_message(const struct form *f, int cols)
{
    const struct form_value *v = f->focus < f->n ? &f->values[f->focus] : NULL;

    if (!v || !str_eq(v->level, "fail") ||
        (!f->tight && text_width(_("ERROR")) + 1 + text_width(v->message) <= cols - 5))
        return NULL;
    return v->message;
}

static int label_cols(const struct form *f)
{
    int w = 0;

    for (int i = 0; i < f->n; i++) {
        int l = text_width(form_label(&f->fields[i]));
        w = l > w ? l : w;
    }
    return w;
}

/* Under the value; a long one begins further left. */
static void draw_message(const struct form_value *v, int row, int col, int least, int end)
{
    bool bad = str_eq(v->level, "fail");
    const char *word = bad ? _("ERROR") : str_eq(v->level, "warn") ? _("WARN") : "";
    char text[300] = "";
    int w = *word ? text_width(word) + 1 : 0;

    if (v->source == FORM_DEFAULT && !v->message[0])
        STR_SET(text, _("default; change it if it is wrong"));
    else if (v->source == FORM_DEFAULT && !*word)
        str_fmt(text, sizeof text, _("%s (default)"), v->message);
    else
        STR_SET(text, v->message);
    if (!text[0])
        return;
    if (col + w + text_width(text) > end)
        col = end - w - text_width(text);
    col = col < least ? least : col;
    paint_text(row, col, w, bad ? ROLE_BAD : ROLE_WARN, word);
    paint_wrapped(&(struct area){ row, col + w, 1, end - col - w }, ROLE_QUIET, text);
}

static void draw_field(const struct form *f, struct ui *ui, int i, int row, const struct area *a,
                       int labels, int step)
{
    const struct form_field *d = &f->fields[i];
    const struct form_value *v = &f->values[i];
    bool on = i == f->focus;
    int col = a->col + 4 + labels + 1, cols = a->cols - col - 6,
        n = d->fixed ? 0 : form_choices(f, ui_model(ui), i);

    cols = cols > 56 ? 56 : cols;
    paint_text(row, a->col + 1, 1, ROLE_FOCUS, on ? ">" : " ");
    paint_text(row, a->col + 3, labels, ROLE_TEXT, form_label(d));
    if (d->fixed) {
        paint_cut(row, col + 1, cols, ROLE_TEXT, v->in.text);
    } else {
        paint_text(row, col, 1, ROLE_TEXT, "[");
        if (on && !(replaced_by_typing(f) && v->in.text[0])) {
            input_draw(&v->in, row, col + 1, cols, true);
        } else { /* not being edited: from its beginning */
            int used = paint_cut(row, col + 1, cols, on ? ROLE_FOCUS : ROLE_TEXT, v->in.text);
            if (on)
                paint_cursor(row, col + 1 + (used < cols ? used : cols - 1));
        }
        paint_fmt(row, col + 1 + cols, 4, ROLE_TEXT, "%s", n > 0 ? " v]" : "]");
    }
    if (step > 1 && !d->fixed)
        draw_message(v, row + 1, col + 1, a->col + 4, a->col + a->cols - 1);
}

/* The note (a state, an id) keeps its place beside a long name. */
static void draw_choice(const struct form_choice *c, bool on, int row, int col, int cols)
{
    enum role role = on ? ROLE_FOCUS : ROLE_TEXT;
    const char *name = c->name[0] ? c->name : c->id;
    int end = col + cols, note = text_width(c->note), room = cols - 2;

    if (note && note + 2 < cols / 2)
        room -= note + 2;
    paint_fmt(row, col, 2, role, "%s ", on ? ">" : " ");
    col += 2;
    col += paint_cut(row, col, room, role, name);
    if (note)
        paint_fmt(row, col, end - col, role, "  %s", c->note);
}

static void draw_list(struct form *f, struct ui *ui, int row, const struct area *a, int labels,
                      int step)
{
    int found[FORM_MATCHES], n = matches(f, ui, found),
                             all = form_choices(f, ui_model(ui), f->focus),
                             col = a->col + 4 + labels;
    int below = a->row + a->rows - row - 1, rows = n < LIST_ROWS ? n : LIST_ROWS,
        cols = a->cols - col - 1;
    struct area box;

    rows = rows + 1 < below ? rows : below - 1;
    if (rows < 1 && n > 0)
        return;
    f->list_top = widget_scroll(f->list_top, f->list_at, rows, n);
    box = (struct area){ row + 1, a->col, rows + 1, a->cols }; /* labels would mix with it */
    if (step > 1 && (row + rows + 2 - a->row) % step != 0 && rows + 1 < below)
        box.rows++; /* and what is said of a field that is covered */
    paint_clear(&box);
    for (int i = 0; i < rows; i++) {
        struct form_choice c = { .id = "" };
        bool on = f->list_top + i == f->list_at;
        f->fields[f->focus].choice(ui_model(ui), f, found[f->list_top + i], &c);
        draw_choice(&c, on, row + 1 + i, col, cols);
    }
    if (n == 0)
        paint_text(row + 1, col, cols, ROLE_QUIET,
                   _("  nothing in the list matches; what you typed is used"));
    else
        paint_fmt(row + 1 + rows, col, cols, ROLE_QUIET,
                  _("  %d of %d; type to filter, Dn Enter choose, Esc close"), n, all);
}

static int draw_button(int row, int col, int cols, const char *label, bool on)
{
    if (on)
        paint_cursor(row, col);
    return paint_fmt(row, col, cols, on ? ROLE_FOCUS : ROLE_TEXT, "%s< %s >", on ? "> " : "  ",
                     _(label));
}

static int shown(const struct form *f)
{
    int n = 0;

    for (int i = 0; i < f->n; i++)
        n += !form_off(f, i);
    return n;
}

void form_draw(struct form *f, struct ui *ui, const struct area *a)
{
    int labels = label_cols(f), step = 2 * shown(f) + 2 <= a->rows + 1 ? 2 : 1, row = a->row,
        focus_row = a->row;

    f->tight = step < 2;
    for (int i = 0; i < f->n; i++) {
        if (form_off(f, i))
            continue;
        if (i == f->focus)
            focus_row = row;
        draw_field(f, ui, i, row, a, labels, step);
        row += step;
    }
    if (row < a->row + a->rows) {
        int col = a->col + 1;

        col += draw_button(row, col, a->cols - 2, f->button, f->focus == f->n) + 2;
        if (f->other)
            draw_button(row, col, a->col + a->cols - 1 - col, f->other, f->focus > f->n);
    }
    if (f->list_open && f->focus < f->n)
        draw_list(f, ui, focus_row, a, labels, step);
}
