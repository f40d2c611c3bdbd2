/* What stands on the pages of the operations' screen. */
#include "config.h"

#include "console/ui/act.h"

#include "base/i18n.h"
#include "base/text.h"
#include "console/face/words.h"
#include "console/ui/form.h"
#include "console/ui/frame.h"
#include "console/ui/text.h"

/* ---- texts ---- */

static void add_line(void *payload, enum review_kind kind, const char *text)
{
    static const struct {
        enum role role;
        int indent, hang;
    } looks[] = {
        [REVIEW_WARN] = { ROLE_WARN, 0, 2 },  [REVIEW_TITLE] = { ROLE_BAR, 0, 0 },
        [REVIEW_ACT] = { ROLE_TEXT, 2, 2 },   [REVIEW_KEPT] = { ROLE_QUIET, 2, 2 },
        [REVIEW_PROSE] = { ROLE_TEXT, 2, 2 }, [REVIEW_STOP] = { ROLE_BAD, 0, 2 },
        [REVIEW_LACK] = { ROLE_TEXT, 2, 2 },
    };
    struct textview *v = payload;

    if (kind == REVIEW_TITLE && v->n)
        textview_add(v, ROLE_TEXT, 0, 0, "%s", "");
    textview_add(v, looks[kind].role, looks[kind].indent, looks[kind].hang, "%s%s%s",
                 kind == REVIEW_WARN ? _("WARN") : "", kind == REVIEW_WARN ? " " : "", text);
}

static void add_request(void *payload, enum review_kind kind, const char *text)
{
    enum role role = kind == REVIEW_NOTE ? ROLE_QUIET : kind == REVIEW_TITLE ? ROLE_BAR : ROLE_TEXT;

    textview_add(payload, role, kind == REVIEW_TITLE ? 0 : 2, 2, "%s", text);
}

void act_build(struct act_screen *s)
{
    textview_clear(&s->text);
    textview_clear(&s->requests);
    s->text.top = s->requests.top = 0;
    act_review(s->review, add_line, &s->text);
    review_steps(s->review, add_request, &s->requests);
    review_stop(s->review, &s->stop);
}

/* ---- pages ---- */

void act_menu(const struct act_screen *s, struct menu_item out[ACT_ROWS], int *n)
{
    const struct act *rows[ACT_ROWS];

    *n = act_rows(s, rows);
    for (int i = 0; i < *n; i++) {
        out[i] =
            (struct menu_item){ .number = i + 1, .text = rows[i]->title, .note_role = ROLE_QUIET };
        if (frame_large()) /* elsewhere it would be cut: the hint has it whole */
            STR_SET(out[i].note, _(rows[i]->help));
    }
}

static void draw_list(struct act_screen *s, const struct area *a)
{
    struct menu_item items[ACT_ROWS];
    int n;

    act_menu(s, items, &n);
    menu_draw(&s->list, items, n, &(struct area){ a->row + 1, 1, a->rows - 1, a->cols - 1 });
}

static int draw_button(int row, int col, const struct area *a, const char *label, bool on)
{
    if (on)
        paint_cursor(row, col);
    return paint_fmt(row, col, a->col + a->cols - col, on ? ROLE_FOCUS : ROLE_TEXT, "%s< %s >",
                     on ? "> " : "  ", label) +
           1;
}

static void draw_signin(struct ui *ui, const struct area *a)
{
    const struct sec_signin *in = ui_section(ui, SEC_SIGNIN);
    struct area t = { a->row + 1, 3, a->rows - 1, a->cols - 6 };

    t.row += paint_wrapped(&t, ROLE_TEXT,
                           _("Azure must know who you are before it says what there is. You sign "
                             "in on another device, a phone or a PC; this machine needs no "
                             "browser.")) +
             1;
    if (str_eq(in->state, "in") && !in->yours)
        t.row += paint_wrapped(
                     &t, ROLE_WARN,
                     _("Somebody else is signed in here; you cannot work with that sign-in.")) +
                 1;
    paint_text(t.row, t.col, t.cols, ROLE_FOCUS,
               str_eq(in->state, "code") ? _("> < Show the code >") : _("> < Sign in >"));
    paint_cursor(t.row, t.col);
}

/* What was asked and since when, or why there is no answer. */
static void draw_look(struct ui *ui, struct act_screen *s, const struct area *a)
{
    struct area t = { a->row + 1, 3, a->rows - 2, a->cols - 6 };
    char text[2600], age[AGE_SIZE];

    if (s->waiting) {
        words_duration(age, ui_now(ui) - s->asked_at);
        t.row += paint_wrapped(&t, ROLE_TEXT,
                               s->act->offline
                                   ? _("The nodes are asked what is to be done. Nothing is "
                                       "written.")
                                   : _("Azure and the nodes are asked what is to be done. Nothing "
                                       "is written.")) +
                 1;
        paint_fmt(t.row, t.col, t.cols, ROLE_WARN, _("Asking ... %s"), age);
        paint_cursor(t.row, t.col);
        return;
    }
    if (!err_is(&s->stop)) {
        paint_text(t.row, t.col, t.cols, ROLE_TEXT,
                   _("The core does not answer yet. Try again in a moment."));
    } else {
        words_error(text, sizeof text, &s->stop);
        paint_wrapped(&t, ROLE_BAD, text);
    }
    draw_button(a->row + a->rows - 1, 1, a, _("Ask again"), true);
}

static enum role item_cell(struct ui *ui, int row, int column, char *out, size_t size)
{
    const struct act_screen *s = act_self(ui);
    const struct json *it = act_item(s, row);
    static const char *const names[] = { NULL, NULL, "what", "age" };
    struct str name = STR_INIT;

    if (column == 0) {
        str_copy(out, size, act_kept(it) ? "[-]" : s->ticks[row] ? "[x]" : "[ ]");
    } else if (column == 1) {
        act_name_item(&name, it);
        text_set(out, size, str_p(&name));
    } else {
        text_set(out, size, json_str(it, names[column]));
    }
    str_free(&name);
    return row == s->items.selected ? ROLE_FOCUS : ROLE_TEXT;
}

/* The rows, and under them what is known of the marked one. */
static void draw_ticks(struct ui *ui, struct act_screen *s, const struct area *a)
{
    static const struct column columns[] = {
        { " ", 3, 0 }, { N_("Name"), 16, 1 }, { N_("What"), 14, 1 }, { N_("Age"), 18, 3 }
    };
    struct area table = { a->row, 0, a->rows - 6, a->cols };
    int n = act_items(s), all = (int)json_len(json_get(s->review, "items")), on = 0;
    const struct json *marked;
    struct str said = STR_INIT;
    char clean[1600];

    for (int i = 0; i < n; i++)
        on += s->ticks[i];
    table_draw(&s->items, ui, &table, columns, ARRAY_LEN(columns), n, item_cell);
    paint_rule(a->row + a->rows - 6);
    marked = act_item(s, s->items.selected);
    /* whole: the columns may have cut it */
    act_say_item(&said, marked);
    text_set(clean, sizeof clean, str_p(&said));
    str_free(&said);
    paint_wrapped(&(struct area){ a->row + a->rows - 5, 1, 4, a->cols - 2 }, ROLE_TEXT, clean);
    if (all > n)
        paint_fmt(a->row + a->rows - 1, 1, a->cols - 2, ROLE_WARN,
                  _("%d of %d ticked; %d more are not shown, they come after these"), on, n,
                  all - n);
    else
        paint_fmt(a->row + a->rows - 1, 1, a->cols - 2, ROLE_TEXT, _("%d of %d ticked"), on, n);
}

static void draw_word(struct act_screen *s, int row, const struct area *a)
{
    bool on = s->focus == ACT_WORD, fits = act_fits(s);
    int cols = a->cols - 24 < 40 ? a->cols - 24 : 40;

    paint_text(row, 1, 2, ROLE_FOCUS, on ? ">" : " ");
    paint_text(row, 3, 1, ROLE_TEXT, "[");
    input_draw(&s->word, row, 4, cols, on);
    paint_text(row, 4 + cols, 1, ROLE_TEXT, "]");
    if (s->word.text[0])
        paint_text(row, 6 + cols, a->cols - cols - 7, fits ? ROLE_GOOD : ROLE_QUIET,
                   fits ? _("matches") : _("not the name yet"));
}

static void draw_buttons(struct act_screen *s, int row, const struct area *a)
{
    const struct {
        enum act_focus f;
        const char *label;
    } all[] = { { ACT_GO, s->act->button },
                { ACT_VALUES, N_("Other values") },
                { ACT_BACK, N_("Back") } };
    int col = 1;

    if (s->starting) {
        paint_text(row, 3, a->cols - 4, ROLE_WARN, _("Asking the core ..."));
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (act_has(s, all[i].f))
            col += draw_button(row, col, a, _(all[i].label), s->focus == all[i].f);
}

static void draw_review(struct act_screen *s, const struct area *a)
{
    struct area text = { a->row, 1, a->rows - 2, a->cols - 2 }, ask = text;
    bool word = act_has(s, ACT_WORD);
    const char *question;
    struct text_line lines[3];
    size_t n = act_words(s->review);
    char clean[400], raw[500];

    act_word(s->review, act_at(s), &question);
    if (n > 1)
        str_fmt(raw, sizeof raw, _("%d of %d: %s"), (int)act_at(s) + 1, (int)n, question);
    text_set(clean, sizeof clean, n > 1 ? raw : question);
    if (word) {
        ask.rows = text_wrap(clean, ask.cols, lines, ARRAY_LEN(lines));
        ask.row = a->row + a->rows - 2 - ask.rows;
        text.rows -= ask.rows + 1;
        paint_wrapped(&ask, ROLE_TEXT, clean);
        draw_word(s, a->row + a->rows - 2, a);
    }
    textview_draw(&s->text, &text);
    draw_buttons(s, a->row + a->rows - 1, a);
}

void act_draw(struct ui *ui, void *self, const struct area *body)
{
    struct act_screen *s = self;
    struct area a = *body;

    if (s->page == ACT_PAGE_LIST) {
        draw_list(s, &a);
        return;
    }
    if (!s->act)
        return;
    if (frame_large() && s->page != ACT_PAGE_TICK)
        a.cols = paint_prose(a.cols) + 2;
    if (s->page == ACT_PAGE_SIGNIN)
        draw_signin(ui, &a);
    else if (s->page == ACT_PAGE_VALUES)
        form_draw(&s->form, ui, &a);
    else if (s->page == ACT_PAGE_LOOK)
        draw_look(ui, s, &a);
    else if (s->page == ACT_PAGE_TICK)
        draw_ticks(ui, s, &a);
    else if (s->page == ACT_PAGE_REQUESTS)
        textview_draw(&s->requests, &(struct area){ a.row, 1, a.rows, a.cols - 2 });
    else
        draw_review(s, &a);
}

/* ---- around the page ---- */

static const char *review_hint(const struct act_screen *s)
{
    if (s->starting)
        return _("The core is asked to start it.");
    if (err_is(&s->stop))
        return _("It cannot start like this: why stands at the top. Nothing was written.");
    if (act_is_idle(s->review))
        return _("Nothing was written.");
    if (act_words(s->review) && !act_fits(s))
        return _("Nothing was written. The button does nothing until the name is typed whole.");
    return _("Nothing was written yet. Enter on the first button starts it.");
}

void act_hint(struct ui *ui, void *self, char *out, size_t size)
{
    struct act_screen *s = self;
    const struct act *rows[ACT_ROWS];
    const struct form *f = &s->form;

    (void)ui;
    out[0] = '\0';
    if (s->page == ACT_PAGE_LIST && s->list.selected < act_rows(s, rows))
        str_copy(out, size, _(rows[s->list.selected]->help));
    else if (!s->act)
        out[0] = '\0';
    else if (s->page == ACT_PAGE_VALUES && form_cut_message(f, frame_cols()))
        str_fmt(out, size, "%s %s", _("ERROR"), form_cut_message(f, frame_cols()));
    else if (s->page == ACT_PAGE_VALUES)
        str_copy(out, size,
                 form_typing(f) ? form_help(f)
                                : _("Enter looks at Azure and shows everything before it is done. "
                                    "Nothing is written yet."));
    else if (s->page == ACT_PAGE_LOOK)
        str_copy(out, size,
                 s->waiting ? _("Nothing is written. Esc goes back.")
                            : _("Nothing was written. Enter asks again; Esc goes back."));
    else if (s->page == ACT_PAGE_TICK)
        str_copy(out, size, _("Only what is ticked goes. Enter shows the review of it first."));
    else if (s->page == ACT_PAGE_REQUESTS)
        str_copy(out, size,
                 _("What the run would ask and write. {names} are ids that Azure gives on the "
                   "way. Esc goes back."));
    else if (s->page == ACT_PAGE_REVIEW)
        str_copy(out, size, review_hint(s));
    else
        str_copy(out, size, _("Enter shows a code and a square."));
}

void act_place(struct ui *ui, void *self, char *out, size_t size)
{
    static const char *const pages[] = {
        [ACT_PAGE_LIST] = "",
        [ACT_PAGE_SIGNIN] = N_("Sign in"),
        [ACT_PAGE_VALUES] = N_("Values"),
        [ACT_PAGE_LOOK] = N_("Looking"),
        [ACT_PAGE_TICK] = N_("Choose"),
        [ACT_PAGE_REVIEW] = N_("Review"),
        [ACT_PAGE_REQUESTS] = N_("Every request"),
    };
    const struct act_screen *s = self;

    (void)ui;
    if (s->page == ACT_PAGE_LIST || !s->act)
        str_copy(out, size, s->item == 9 ? _("Repair, sync, clean up") : _("Unregister or move"));
    else
        str_fmt(out, size, "%s: %s", _(s->act->title), _(pages[s->page]));
}
