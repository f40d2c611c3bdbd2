#include "config.h"

#include <stdlib.h>

#include "base/i18n.h"
#include "console/face/answers.h"
#include "console/face/fields.h"
#include "console/face/review.h"
#include "console/ui/form.h"
#include "console/ui/frame.h"
#include "console/ui/screens.h"
#include "console/ui/text.h"

#define LEFT_COLS 72 /* of a large screen */

enum page {
    PAGE_CREATE,
    PAGE_SIGNIN,
    PAGE_WHERE,
    PAGE_REVIEW,
    PAGE_MORE,     /* behind PAGE_WHERE */
    PAGE_REQUESTS, /* behind PAGE_REVIEW, as the next */
    PAGE_FILE
};

struct wizard {
    bool begun, waiting; /* waiting: an intent has not been answered yet */
    enum page page;
    struct form create, where, more, file;
    char regions_for[64]; /* the subscription whose regions were asked for last */
    struct textview review, requests;
    bool told;    /* the requests came with the review */
    bool wrong;   /* the review found something that must be corrected */
    bool on_back; /* review: which button has the focus */
};

static const struct step {
    int no; /* of three */
    const char *name;
} steps[] = {
    [PAGE_CREATE] = { 0, N_("Cluster") },       [PAGE_SIGNIN] = { 1, N_("Sign in") },
    [PAGE_WHERE] = { 2, N_("Where") },          [PAGE_MORE] = { 2, N_("Further values") },
    [PAGE_REVIEW] = { 3, N_("Review") },        [PAGE_REQUESTS] = { 3, N_("Every request") },
    [PAGE_FILE] = { 3, N_("File of answers") },
};

static const struct form_field file_fields[] = {
    { .id = "file",
      .label = N_("File"),
      .help = N_("The values of this registration are written there as JSON (mode 0600), to be "
                 "used with: azloconf register --answers FILE. No secret is in it.") },
};

static const struct sec_cluster *cluster(const struct ui *ui)
{
    return ui_section(ui, SEC_CLUSTER);
}

static bool signed_in(const struct ui *ui)
{
    const struct sec_signin *s = ui_section(ui, SEC_SIGNIN);

    return str_eq(s->state, "in") && s->yours;
}

static struct wizard *self_of(struct ui *ui)
{
    return ui_self(ui, SCREEN_WIZARD);
}

/* ---- going from page to page ---- */

static void ask_choices(struct ui *ui, struct wizard *w)
{
    struct json *args = json_object();
    const char *tenant = w->where.values[WHERE_TENANT].id,
               *sub = w->where.values[WHERE_SUBSCRIPTION].id;

    if (guid_is(tenant))
        json_set_str(args, "tenant", tenant);
    if (guid_is(sub))
        json_set_str(args, "subscription", sub);
    STR_SET(w->regions_for, sub);
    ui_tell(ui, "choices", args);
}

/* The lists have come, and with them a default subscription: now its regions. */
static void lists_came(struct ui *ui, struct wizard *w)
{
    const struct sec_choices *c = ui_section(ui, SEC_CHOICES);
    const char *sub = w->where.values[WHERE_SUBSCRIPTION].id;

    fields_defaults(&w->where, ui_model(ui));
    if (str_eq(c->state, "ready") && guid_is(sub) && !str_ieq(c->regions_of, sub) &&
        !str_ieq(w->regions_for, sub))
        ask_choices(ui, w);
}

static void enter_where(struct ui *ui, struct wizard *w)
{
    const struct sec_choices *c = ui_section(ui, SEC_CHOICES);
    const char *sub = w->where.values[WHERE_SUBSCRIPTION].id;

    w->page = PAGE_WHERE;
    fields_defaults(&w->where, ui_model(ui));
    if (!str_eq(c->state, "asking") &&
        (!str_eq(c->state, "ready") || (guid_is(sub) && !str_ieq(c->regions_of, sub))))
        ask_choices(ui, w);
}

static void enter(struct ui *ui, struct wizard *w)
{
    if (ui_has(ui, SEC_CLUSTER) && !cluster(ui)->exists) {
        w->page = PAGE_CREATE;
        fields_create_defaults(&w->create, ui_model(ui));
    } else if (!signed_in(ui)) {
        w->page = PAGE_SIGNIN;
    } else {
        enter_where(ui, w);
    }
    ui_dirty(ui);
}

static void wizard_open(struct ui *ui, void *self)
{
    struct wizard *w = self;

    if (!w->begun) {
        w->begun = true;
        form_init(&w->create, create_fields, CREATE_FIELDS, N_("Create the cluster"));
        form_init(&w->where, where_fields, WHERE_FIELDS, N_("Next: review"));
        form_init(&w->more, more_fields, MORE_FIELDS, N_("Back to the values"));
        form_init(&w->file, file_fields, ARRAY_LEN(file_fields), N_("Write the file"));
        w->where.other = N_("Further values");
    }
    w->waiting = false;
    enter(ui, w);
}

static void wizard_shown(struct ui *ui, void *self)
{
    struct wizard *w = self;

    if (w->page == PAGE_SIGNIN)
        enter(ui, w);
}

static void wizard_close(struct ui *ui, void *self)
{
    struct wizard *w = self;

    (void)ui;
    textview_clear(&w->review);
    textview_clear(&w->requests);
}

static void wizard_changed(struct ui *ui, void *self, enum section_id id)
{
    struct wizard *w = self;

    if (id == SEC_NODES && w->page == PAGE_CREATE)
        fields_create_defaults(&w->create, ui_model(ui));
    if (id == SEC_CHOICES && (w->page == PAGE_WHERE || w->page == PAGE_MORE))
        lists_came(ui, w);
    if (id == SEC_CLUSTER && w->page == PAGE_CREATE && cluster(ui)->exists)
        enter(ui, w);
    if ((id == SEC_SIGNIN || id == SEC_CLUSTER) && w->page == PAGE_SIGNIN)
        enter(ui, w);
    if (id == SEC_SIGNIN && w->page > PAGE_SIGNIN && !signed_in(ui))
        enter(ui, w); /* signed out, or another core: the values stay for the next sign-in */
}

/* ---- page 0: a cluster ---- */

static void created(void *payload, const struct json *result, const struct err *e)
{
    struct wizard *w = self_of(payload);

    (void)result;
    w->waiting = false;
    if (e)
        ui_show_err(payload, N_("The cluster was not created"), e);
    ui_dirty(payload);
}

static void create(struct ui *ui, struct wizard *w)
{
    w->waiting = ui_ask(ui, "cluster-create", fields_create_args(&w->create), created, ui);
}

/* ---- page 2 to 3: the core looks at Azure, nothing is written ---- */

static void review_line(void *payload, enum review_kind kind, const char *text)
{
    static const struct {
        enum role role;
        int indent, hang;
    } looks[] = {
        [REVIEW_VALUE] = { ROLE_TEXT, 1, 17 }, [REVIEW_NOTE] = { ROLE_QUIET, 18, 0 },
        [REVIEW_WARN] = { ROLE_WARN, 18, 0 },  [REVIEW_FAIL] = { ROLE_BAD, 18, 0 },
        [REVIEW_TITLE] = { ROLE_BAR, 1, 0 },   [REVIEW_ACT] = { ROLE_TEXT, 1, 2 },
        [REVIEW_KEPT] = { ROLE_QUIET, 1, 2 },  [REVIEW_PROSE] = { ROLE_TEXT, 1, 2 },
    };
    struct wizard *w = payload;

    if (kind == REVIEW_TITLE)
        textview_add(&w->review, ROLE_TEXT, 0, 0, "%s", "");
    textview_add(&w->review, looks[kind].role, looks[kind].indent, looks[kind].hang, "%s", text);
}

/* An address is longer than a line: it goes on under its beginning. */
static void request_line(void *payload, enum review_kind kind, const char *text)
{
    struct wizard *w = payload;
    enum role role = kind == REVIEW_NOTE ? ROLE_QUIET : kind == REVIEW_TITLE ? ROLE_BAR : ROLE_TEXT;

    textview_add(&w->requests, role, kind == REVIEW_TITLE ? 1 : 3, 2, "%s", text);
}

static void build_review(struct ui *ui, struct wizard *w, const struct json *result)
{
    textview_clear(&w->review);
    textview_clear(&w->requests);
    w->review.top = w->requests.top = 0;
    w->told = json_len(json_get(result, "steps")) > 0;
    w->wrong = !review_say(ui_model(ui), &w->where, &w->more, result, 16, review_line, w);
    review_steps(result, request_line, w);
}

static bool more_is_wrong(const struct wizard *w)
{
    for (int i = 0; i < w->more.n; i++)
        if (str_eq(w->more.values[i].level, "fail"))
            return true;
    return false;
}

static void to_values(struct wizard *w)
{
    w->page = more_is_wrong(w) ? PAGE_MORE : PAGE_WHERE;
}

static void reviewed(void *payload, const struct json *result, const struct err *e)
{
    struct ui *ui = payload;
    struct wizard *w = self_of(ui);

    w->waiting = false;
    ui_dirty(ui);
    if (e) {
        ui_show_err(ui, N_("The values could not be checked"), e);
        return;
    }
    if (w->page != PAGE_WHERE)
        return;
    build_review(ui, w, result);
    w->page = PAGE_REVIEW;
    w->on_back = w->wrong;
}

static void review(struct ui *ui, struct wizard *w)
{
    if (!form_check(&w->more, ui_model(ui))) {
        w->page = PAGE_MORE;
        return;
    }
    w->waiting = ui_ask(ui, "register-check", fields_args(&w->where, &w->more), reviewed, ui);
}

/* ---- page 3: go ---- */

static void started(void *payload, const struct json *result, const struct err *e)
{
    struct ui *ui = payload;
    struct wizard *w = self_of(ui);

    (void)result;
    w->waiting = false;
    if (e) {
        ui_show_err(ui, N_("The registration did not start"), e);
        return;
    }
    if (ui_top(ui)->id == SCREEN_WIZARD) {
        ui_to_home(ui);
        ui_open(ui, SCREEN_PROGRESS);
    }
}

static bool review_key(struct ui *ui, struct wizard *w, int key)
{
    if (key == K_ENTER && (w->on_back || w->wrong)) {
        to_values(w);
        return true;
    }
    if (key == K_ENTER) {
        w->waiting = ui_ask(ui, "register", fields_args(&w->where, &w->more), started, ui);
        return true;
    }
    if (key == K_TAB || key == K_BTAB || key == K_LEFT || key == K_RIGHT) {
        w->on_back = !w->on_back;
        return true;
    }
    return textview_key(&w->review, key);
}

/* ---- behind the review: every request, a file of answers ---- */

static void show_requests(struct ui *ui, void *self)
{
    struct wizard *w = self;

    w->page = PAGE_REQUESTS;
    ui_dirty(ui);
}

static void ask_file(struct ui *ui, void *self)
{
    const char *home = getenv("HOME");
    struct wizard *w = self;
    char path[INPUT_SIZE];

    if (!w->file.values[0].in.text[0]) {
        str_fmt(path, sizeof path, "%s/azloconf-%s.json", home ? home : "", cluster(ui)->name);
        form_set(&w->file, 0, path, path, FORM_DEFAULT);
    }
    w->file.focus = 0;
    w->page = PAGE_FILE;
    ui_dirty(ui);
}

static void write_file(struct ui *ui, struct wizard *w, bool replace);

static void write_anew(struct ui *ui, void *payload)
{
    write_file(ui, payload, true);
}

static void write_file(struct ui *ui, struct wizard *w, bool replace)
{
    const char *path = w->file.values[0].in.text;
    struct json *values = fields_args(&w->where, &w->more);
    struct err e = { 0 };
    int rc = answers_write(path, values, replace, &e);

    json_free(values);
    if (rc == 0) {
        w->page = PAGE_REVIEW;
        ui_notice(ui, "ok", _("Written: %s"), path);
    } else if (e.code == ERR_C_CONFLICT) {
        struct dialog d = { .title = N_("The file is there already"), .n = 2, .payload = w };

        str_fmt(d.text, sizeof d.text, _("%s is there already. Its text would be lost."), path);
        d.choices[0].label = N_("Keep it");
        d.choices[1].label = N_("Write it anew");
        d.choices[1].run = write_anew;
        ui_dialog(ui, &d);
    } else {
        ui_show_err(ui, N_("The file was not written"), &e);
    }
}

/* ---- keys ---- */

static struct form *form_of(struct wizard *w)
{
    switch (w->page) {
    case PAGE_CREATE:
        return &w->create;
    case PAGE_WHERE:
        return &w->where;
    case PAGE_MORE:
        return &w->more;
    case PAGE_FILE:
        return &w->file;
    default:
        return NULL;
    }
}

static bool form_page_key(struct ui *ui, struct wizard *w, int key)
{
    struct form *f = form_of(w);
    enum form_result r = form_key(f, ui, key);

    if (f == &w->where && (f->changed == WHERE_TENANT || f->changed == WHERE_SUBSCRIPTION)) {
        f->changed = -1;
        ask_choices(ui, w);
    }
    if (r == FORM_OTHER)
        w->page = PAGE_MORE;
    if (r != FORM_NEXT)
        return r != FORM_UNUSED;
    if (w->page == PAGE_CREATE)
        create(ui, w);
    else if (w->page == PAGE_MORE)
        w->page = PAGE_WHERE;
    else if (w->page == PAGE_FILE)
        write_file(ui, w, false);
    else
        review(ui, w);
    return true;
}

static bool wizard_key(struct ui *ui, void *self, int key)
{
    struct wizard *w = self;

    if (w->waiting)
        return key == K_ENTER || key == K_TAB;
    switch (w->page) {
    case PAGE_SIGNIN:
        if (key == K_ENTER)
            ui_open(ui, SCREEN_SIGNIN);
        return key == K_ENTER;
    case PAGE_REVIEW:
        return review_key(ui, w, key);
    case PAGE_REQUESTS:
        if (key == K_ENTER)
            w->page = PAGE_REVIEW;
        return key == K_ENTER || textview_key(&w->requests, key);
    default:
        return form_page_key(ui, w, key);
    }
}

static bool wizard_typing(const void *self)
{
    struct wizard *w = (struct wizard *)self;
    const struct form *f = form_of(w);

    return f && !w->waiting && form_typing(f);
}

static bool wizard_leave(struct ui *ui, void *self)
{
    static const enum page back[] = { [PAGE_REVIEW] = PAGE_WHERE,
                                      [PAGE_MORE] = PAGE_WHERE,
                                      [PAGE_REQUESTS] = PAGE_REVIEW,
                                      [PAGE_FILE] = PAGE_REVIEW };
    struct wizard *w = self;
    struct form *f = form_of(w);

    (void)ui;
    if (f && form_close_list(f))
        return true;
    if (w->page < PAGE_REVIEW)
        return false;
    w->page = back[w->page];
    return true;
}

/* ---- drawing ---- */

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

static void draw_review(struct wizard *w, const struct area *a)
{
    struct area text = { a->row, 1, a->rows - 2, a->cols - 2 };
    int row = a->row + a->rows - 1, col = 1;
    bool back = w->on_back || w->wrong;

    textview_draw(&w->review, &text);
    if (w->wrong) {
        col +=
            paint_text(row, col, a->cols - 40, ROLE_BAD, _("Something must be corrected first.")) +
            2;
    } else {
        if (!back)
            paint_cursor(row, col);
        col += paint_fmt(row, col, a->cols, back ? ROLE_TEXT : ROLE_FOCUS, "%s< %s >",
                         back ? "  " : "> ", _("Register now")) +
               2;
    }
    if (back)
        paint_cursor(row, col);
    paint_fmt(row, col, a->cols - col, back ? ROLE_FOCUS : ROLE_TEXT, "%s< %s >",
              back ? "> " : "  ", _("Back to the values"));
}

/* On a large screen the help and all values stand beside the form. */
static void draw_side(struct ui *ui, struct wizard *w, const struct area *a)
{
    struct area t = *a;

    paint_text(t.row++, t.col, t.cols, ROLE_BAR, _("Help"));
    t.row++;
    if (form_of(w) && form_typing(form_of(w)))
        t.row += paint_wrapped(&t, ROLE_TEXT, form_help(form_of(w)));
    else
        t.row += paint_wrapped(&t, ROLE_TEXT,
                               _("Nothing is written before you confirm on the review page."));
    t.row++;
    paint_rule_part(t.row++, t.col - 1, t.cols + 2);
    paint_text(t.row, t.col, t.cols, ROLE_BAR, _("Review"));
    t.row += 2;
    paint_text(t.row, t.col, 16, ROLE_TEXT, _("Cluster"));
    paint_text(t.row++, t.col + 17, t.cols - 17, ROLE_TEXT, words_or_blank(cluster(ui)->name));
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

static void wizard_draw(struct ui *ui, void *self, const struct area *body)
{
    struct wizard *w = self;
    struct area a = *body;

    if (frame_large() && w->page != PAGE_REVIEW && w->page != PAGE_REQUESTS) {
        a.cols = LEFT_COLS;
        draw_side(ui, w, &(struct area){ a.row, a.cols + 2, a.rows, body->cols - a.cols - 3 });
    } else if (frame_large()) {
        a.cols = paint_prose(a.cols) + 2;
    }
    if (w->waiting)
        paint_right(a.row + a.rows - 1, a.cols - 1, 40, ROLE_WARN,
                    w->page == PAGE_WHERE ? _("Asking Azure ...") : _("Asking the core ..."));
    if (w->page == PAGE_CREATE)
        draw_create(ui, w, &a);
    else if (w->page == PAGE_SIGNIN)
        draw_signin(ui, &a);
    else if (w->page == PAGE_WHERE)
        draw_where(ui, w, &a);
    else if (w->page == PAGE_REVIEW)
        draw_review(w, &a);
    else if (w->page == PAGE_REQUESTS)
        textview_draw(&w->requests, &(struct area){ a.row, 1, a.rows, a.cols - 2 });
    else
        form_draw(form_of(w), ui, &a);
}

static void wizard_hint(struct ui *ui, void *self, char *out, size_t size)
{
    struct wizard *w = self;
    const struct form *f = form_of(w);

    (void)ui;
    if (frame_large() && f && (f != &w->where || form_typing(f)))
        str_copy(out, size, _("Nothing is written before you confirm on the review page."));
    else if (f && form_typing(f))
        str_copy(out, size, form_help(f));
    else if (w->page == PAGE_WHERE && w->where.focus > w->where.n)
        str_copy(out, size,
                 _("Tags, a group for Arc, repair, an own certificate: what most leave alone."));
    else if (w->page == PAGE_WHERE)
        str_copy(out, size,
                 _("Enter looks at Azure and shows everything before it is done. Nothing is "
                   "written yet."));
    else if (w->page == PAGE_REVIEW)
        str_copy(out, size,
                 _("Nothing has been written yet. Enter starts the registration; Esc goes back to "
                   "the values."));
    else if (w->page == PAGE_REQUESTS)
        str_copy(out, size,
                 _("What the run would ask and write. {names} are ids that Azure gives on the "
                   "way. Esc goes back."));
    else if (w->page == PAGE_SIGNIN)
        str_copy(out, size, _("Enter shows a code and a square."));
    else
        str_copy(out, size, "");
}

static void wizard_place(struct ui *ui, void *self, char *out, size_t size)
{
    struct wizard *w = self;

    (void)ui;
    if (w->page == PAGE_CREATE)
        str_copy(out, size, _("First: the cluster"));
    else
        str_fmt(out, size, _("Step %d of 3: %s"), steps[w->page].no, _(steps[w->page].name));
}

static bool is_form(struct ui *ui, const void *self)
{
    (void)ui;
    return form_of((struct wizard *)self) != NULL;
}

static bool is_review(struct ui *ui, const void *self)
{
    const struct wizard *w = self;

    (void)ui;
    return w->page == PAGE_REVIEW && !w->waiting;
}

static bool is_told(struct ui *ui, const void *self)
{
    const struct wizard *w = self;

    return is_review(ui, self) && w->told;
}

static const struct key_row keys[] = {
    { K_TAB, K_DOWN, 0, "Tab Dn", N_("next"), is_form, NULL },
    { K_BTAB, K_UP, 0, "Up", N_("previous"), is_form, NULL },
    { K_ENTER, 0, 0, "Enter", N_("list, next"), is_form, NULL },
    { K_CTRL('U'), 0, 0, "^U", N_("clear"), is_form, NULL },
    { K_CTRL('Z'), 0, 0, "^Z", N_("undo"), is_form, NULL },
    { K_TAB, 0, 0, "Tab", N_("other button"), is_review, NULL },
    { K_ENTER, 0, 0, "Enter", N_("do it"), is_review, NULL },
    { 'p', 'P', 0, "p", N_("requests"), is_told, show_requests },
    { 'f', 'F', 0, "f", N_("answers file"), is_review, ask_file },
};

const struct screen screen_wizard = {
    .id = SCREEN_WIZARD,
    .title = N_("Register with Azure"),
    .help = &help_topics[HELP_WIZARD],
    .sections =
        1u << SEC_CORE | 1u << SEC_SIGNIN | 1u << SEC_CLUSTER | 1u << SEC_CHOICES | 1u << SEC_NODES,
    .ticks = true,
    .hint_rows = 3,
    .low_hint_rows = 2,
    .size = sizeof(struct wizard),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .open = wizard_open,
    .shown = wizard_shown,
    .close = wizard_close,
    .draw = wizard_draw,
    .key = wizard_key,
    .typing = wizard_typing,
    .leave = wizard_leave,
    .changed = wizard_changed,
    .hint = wizard_hint,
    .place = wizard_place,
};
