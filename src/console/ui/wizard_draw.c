/* What stands on the wizard's pages; that of the review is in wizard_review.c. */
#include "config.h"

#include "console/ui/wizard.h"

#include "base/i18n.h"
#include "console/face/fields.h"
#include "console/face/words.h"
#include "console/ui/form.h"
#include "console/ui/frame.h"
#include "console/ui/text.h"

#define LEFT_COLS 72 /* of a large screen */

static const struct step {
    int no; /* of three */
    const char *name;
} steps[] = {
    [WIZARD_CREATE] = { 0, N_("Cluster") },       [WIZARD_SIGNIN] = { 1, N_("Sign in") },
    [WIZARD_WHERE] = { 2, N_("Where") },          [WIZARD_MORE] = { 2, N_("Further values") },
    [WIZARD_REVIEW] = { 3, N_("Review") },        [WIZARD_REQUESTS] = { 3, N_("Every request") },
    [WIZARD_FILE] = { 3, N_("File of answers") },
};

static void draw_signin(struct ui *ui, const struct area *a)
{
    const struct sec_signin *s = ui_section(ui, SEC_SIGNIN);
    struct area t = { a->row + 1, 3, a->rows - 1, a->cols - 6 };

    if (!ui_has(ui, SEC_CLUSTER)) {
        paint_text(t.row, t.col, t.cols, ROLE_TEXT, _("Asking the core."));
        return;
    }
    t.row += paint_wrapped(&t, ROLE_TEXT,
                           _("To register the cluster Azure must know who you are. You sign in on "
                             "another device, a phone or a PC; this machine needs no browser.")) +
             1;
    if (str_eq(s->state, "in") && !s->yours)
        t.row += paint_wrapped(
                     &t, ROLE_WARN,
                     _("Somebody else is signed in here; you cannot work with that sign-in.")) +
                 1;
    paint_text(t.row, t.col, t.cols, ROLE_FOCUS,
               str_eq(s->state, "code") ? _("> < Show the code >") : _("> < Sign in >"));
    paint_cursor(t.row, t.col);
}

static void draw_create(struct ui *ui, struct wizard *w, const struct area *a)
{
    struct area t = { a->row, 1, 3, a->cols - 2 };

    t.row += paint_wrapped(&t, ROLE_TEXT,
                           _("There is no cluster on this machine yet. Name it and its nodes; then "
                             "it can be registered with Azure.")) +
             1;
    form_draw(&w->create, ui, &(struct area){ t.row, 0, a->row + a->rows - t.row, a->cols });
}

static void draw_where(struct ui *ui, struct wizard *w, const struct area *a)
{
    const struct sec_signin *s = ui_section(ui, SEC_SIGNIN);
    const struct sec_choices *c = ui_section(ui, SEC_CHOICES);
    struct area form = { a->row + 2, 0, a->rows - 2, a->cols };
    bool failed = str_eq(c->state, "failed"), low = 2 * WHERE_FIELDS + 1 > form.rows;
    char note[600] = "", who[200];
    int row = a->row, col = 1, end = a->cols - 1;

    if (low) { /* the fields need the blank row */
        form.row--;
        form.rows++;
    }
    if (str_eq(c->state, "asking"))
        STR_SET(note, _("Asking Azure for the lists; you can type."));
    else if (failed)
        str_fmt(note, sizeof note, _("No lists: %s"), c->error.message);
    str_fmt(who, sizeof who, _("Signed in as %s."), s->account);
    col += paint_cut(row, col, end - col, ROLE_QUIET, who) + 1;
    if (col + text_width(note) > end) { /* no room beside it */
        row += !low;
        col = 1;
    }
    if (note[0])
        paint_text(row, col, end - col, failed ? ROLE_WARN : ROLE_QUIET, note);
    form_draw(&w->where, ui, &form);
}

/* Nine fields leave no rows between them: what is wrong stands under the button, that of the field
 * with the focus first. */
static void draw_more(struct ui *ui, struct wizard *w, const struct area *a)
{
    struct area said = { a->row + MORE_FIELDS + 2, 3, a->rows - MORE_FIELDS - 2, a->cols - 6 };
    int i = w->more.focus;

    form_draw(&w->more, ui, a);
    if (w->more.list_open || 2 * MORE_FIELDS + 1 <= a->rows) /* or there are rows between them */
        return;
    if (i >= MORE_FIELDS || !str_eq(w->more.values[i].level, "fail"))
        for (i = 0; i < MORE_FIELDS && !str_eq(w->more.values[i].level, "fail"); i++)
            ;
    if (i < MORE_FIELDS && said.rows > 0) {
        char text[400];

        str_fmt(text, sizeof text, _("ERROR %s: %s"), form_label(&more_fields[i]),
                w->more.values[i].message);
        paint_wrapped(&said, ROLE_BAD, text);
    }
}

/* On a large screen the help and all values stand beside the form. */
static void draw_side(struct ui *ui, struct wizard *w, const struct area *a)
{
    struct area t = *a;

    paint_text(t.row++, t.col, t.cols, ROLE_BAR, _("Help"));
    t.row++;
    if (wizard_form(w) && form_typing(wizard_form(w)))
        t.row += paint_wrapped(&t, ROLE_TEXT, form_help(wizard_form(w)));
    else
        t.row += paint_wrapped(&t, ROLE_TEXT,
                               _("Nothing is written before you confirm on the review page."));
    t.row++;
    paint_rule_part(t.row++, t.col - 1, t.cols + 2);
    paint_text(t.row, t.col, t.cols, ROLE_BAR, _("Review"));
    t.row += 2;
    paint_text(t.row, t.col, 16, ROLE_TEXT, _("Cluster"));
    paint_text(t.row++, t.col + 17, t.cols - 17, ROLE_TEXT,
               words_or_blank(wizard_cluster(ui)->name));
    for (int i = 0; i < WHERE_FIELDS; i++) {
        const struct form_value *v = &w->where.values[i];
        bool bad = str_eq(v->level, "fail");
        const char *source = v->source == FORM_EMPTY ? "" : fields_source(v->source);

        paint_text(t.row, t.col, 16, ROLE_TEXT, form_label(&where_fields[i]));
        if (!bad && source[0] && 19 + text_width(v->in.text) + text_width(source) <= t.cols) {
            paint_fmt(t.row++, t.col + 17, t.cols - 17, ROLE_TEXT, "%s, %s", v->in.text, source);
            continue;
        }
        paint_cut(t.row++, t.col + 17, t.cols - 17, bad ? ROLE_BAD : ROLE_TEXT,
                  words_or_blank(v->in.text));
        if (bad)
            t.row += paint_wrapped(&(struct area){ t.row, t.col + 17, 2, t.cols - 17 }, ROLE_BAD,
                                   v->message);
        else if (source[0])
            paint_text(t.row++, t.col + 17, t.cols - 17, ROLE_QUIET, source);
    }
}

void wizard_draw(struct ui *ui, void *self, const struct area *body)
{
    struct wizard *w = self;
    struct area a = *body;

    if (frame_large() && w->page != WIZARD_REVIEW && w->page != WIZARD_REQUESTS) {
        a.cols = LEFT_COLS;
        draw_side(ui, w, &(struct area){ a.row, a.cols + 2, a.rows, body->cols - a.cols - 3 });
    } else if (frame_large()) {
        a.cols = paint_prose(a.cols) + 2;
    }
    if (w->waiting)
        paint_right(a.row + a.rows - 1, a.cols - 1, 40, ROLE_WARN,
                    w->page == WIZARD_WHERE ? _("Asking Azure ...") : _("Asking the core ..."));
    if (w->page == WIZARD_CREATE)
        draw_create(ui, w, &a);
    else if (w->page == WIZARD_SIGNIN)
        draw_signin(ui, &a);
    else if (w->page == WIZARD_WHERE)
        draw_where(ui, w, &a);
    else if (w->page == WIZARD_REVIEW)
        wizard_draw_review(w, &a);
    else if (w->page == WIZARD_REQUESTS)
        textview_draw(&w->requests, &(struct area){ a.row, 1, a.rows, a.cols - 2 });
    else if (w->page == WIZARD_MORE)
        draw_more(ui, w, &a);
    else
        form_draw(&w->file, ui, &a);
}

/* ---- around the page ---- */

void wizard_hint(struct ui *ui, void *self, char *out, size_t size)
{
    struct wizard *w = self;
    const struct form *f = wizard_form(w);

    (void)ui;
    if (frame_large() && f && (f != &w->where || form_typing(f)))
        str_copy(out, size, _("Nothing is written before you confirm on the review page."));
    else if (f && f != &w->more && form_cut_message(f, frame_cols()))
        str_fmt(out, size, "%s %s", _("ERROR"), form_cut_message(f, frame_cols()));
    else if (f && form_typing(f))
        str_copy(out, size, form_help(f));
    else if (w->page == WIZARD_WHERE && w->where.focus > w->where.n)
        str_copy(out, size,
                 _("Tags, a group for Arc, repair, an own certificate: what most leave alone."));
    else if (w->page == WIZARD_WHERE)
        str_copy(out, size,
                 _("Enter looks at Azure and shows everything before it is done. Nothing is "
                   "written yet."));
    else if (w->page == WIZARD_REVIEW && err_is(&w->stop))
        str_copy(out, size,
                 _("It cannot start like this: why stands at the top. Nothing has been written; "
                   "Esc goes back to the values."));
    else if (w->page == WIZARD_REVIEW)
        str_copy(out, size,
                 _("Nothing has been written yet. Enter starts the registration; Esc goes back to "
                   "the values."));
    else if (w->page == WIZARD_REQUESTS)
        str_copy(out, size,
                 _("What the run would ask and write. {names} are ids that Azure gives on the "
                   "way. Esc goes back."));
    else if (w->page == WIZARD_SIGNIN)
        str_copy(out, size, _("Enter shows a code and a square."));
    else
        str_copy(out, size, "");
}

void wizard_place(struct ui *ui, void *self, char *out, size_t size)
{
    struct wizard *w = self;

    (void)ui;
    if (w->page == WIZARD_CREATE)
        str_copy(out, size, _("First: the cluster"));
    else
        str_fmt(out, size, _("Step %d of 3: %s"), steps[w->page].no, _(steps[w->page].name));
}
