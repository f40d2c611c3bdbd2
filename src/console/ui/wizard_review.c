/* The review: what the core found, what it would do, every request; a file of answers; and go. */
#include "config.h"

#include "console/ui/wizard.h"

#include "base/i18n.h"
#include "console/face/answers.h"
#include "console/face/fields.h"
#include "console/face/review.h"
#include "console/ui/form.h"
#include "console/ui/screen_secret.h"
#include "console/ui/screens.h"

/* ---- the core looks at Azure, nothing is written ---- */

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
        [REVIEW_STOP] = { ROLE_BAD, 1, 2 },    [REVIEW_LACK] = { ROLE_TEXT, 3, 2 },
    };
    struct wizard *w = payload;

    if (kind == REVIEW_TITLE || (kind == REVIEW_VALUE && w->after_stop))
        textview_add(&w->review, ROLE_TEXT, 0, 0, "%s", "");
    w->after_stop = kind == REVIEW_STOP || kind == REVIEW_LACK;
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
    review_stop(result, &w->stop);
}

/* ---- the secret of the Arc principal ---- */

static const char *principal(const struct wizard *w)
{
    return w->more.values[MORE_ARC_SPN].id;
}

void wizard_forget(struct wizard *w)
{
    secret_clear(&w->secret);
    w->secret_of[0] = '\0';
}

static void secret_came(struct ui *ui, struct secret *s)
{
    struct wizard *w = wizard_of(ui);

    wizard_forget(w);
    w->secret = *s;
    *s = (struct secret){ 0 };
    STR_SET(w->secret_of, principal(w));
    if (w->page == WIZARD_WHERE && !w->waiting)
        wizard_review(ui, w);
}

/* register or register-check, with the secret if it is still that principal's. */
static bool ask_core(struct ui *ui, struct wizard *w, const char *intent, struct json *args,
                     client_answer_fn *fn)
{
    struct wire_secret secret = { "arcSpnSecret", &w->secret };

    if (!str_ieq(w->secret_of, principal(w)))
        wizard_forget(w);
    return ui_ask_secret(ui, intent, args, &secret, secret_is(&w->secret) ? 1 : 0, fn, ui);
}

/* ---- what the core found ---- */

static void reviewed(void *payload, const struct json *result, const struct err *e)
{
    struct ui *ui = payload;
    struct wizard *w = wizard_of(ui);

    w->waiting = false;
    ui_dirty(ui);
    if (e && e->code == ERR_C_NEEDS_SECRET && w->page == WIZARD_WHERE &&
        ui_top(ui)->id == SCREEN_WIZARD) {
        secret_open(ui, principal(w), secret_came);
        return;
    }
    if (e) {
        ui_show_err(ui, N_("The values could not be checked"), e);
        return;
    }
    if (w->page != WIZARD_WHERE)
        return;
    build_review(ui, w, result);
    w->page = WIZARD_REVIEW;
    w->on_back = w->wrong || err_is(&w->stop);
}

void wizard_review(struct ui *ui, struct wizard *w)
{
    if (!form_check(&w->more, ui_model(ui))) {
        w->page = WIZARD_MORE;
        return;
    }
    w->waiting = ask_core(ui, w, "register-check", review_args(&w->where, &w->more), reviewed);
}

/* ---- go ---- */

static void started(void *payload, const struct json *result, const struct err *e)
{
    struct ui *ui = payload;
    struct wizard *w = wizard_of(ui);

    (void)result;
    w->waiting = false;
    if (e) {
        ui_show_err(ui, N_("The registration did not start"), e);
        return;
    }
    wizard_forget(w);
    if (ui_top(ui)->id == SCREEN_WIZARD) {
        ui_to_home(ui);
        ui_open(ui, SCREEN_PROGRESS);
    }
}

bool wizard_review_key(struct ui *ui, struct wizard *w, int key)
{
    if (key == K_ENTER && (w->on_back || w->wrong)) {
        w->page = form_wrong(&w->more) >= 0 ? WIZARD_MORE : WIZARD_WHERE;
        return true;
    }
    if (key == K_ENTER && err_is(&w->stop)) {
        ui_show_err(ui, N_("The registration did not start"), &w->stop);
        return true;
    }
    if (key == K_ENTER) {
        w->waiting = ask_core(ui, w, "register", fields_args(&w->where, &w->more), started);
        return true;
    }
    if (key == K_TAB || key == K_BTAB || key == K_LEFT || key == K_RIGHT) {
        w->on_back = !w->on_back;
        return true;
    }
    return textview_key(&w->review, key);
}

/* ---- behind the review: every request, a file of answers ---- */

void wizard_show_requests(struct ui *ui, void *self)
{
    struct wizard *w = self;

    w->page = WIZARD_REQUESTS;
    ui_dirty(ui);
}

void wizard_ask_file(struct ui *ui, void *self)
{
    struct wizard *w = self;
    char path[INPUT_SIZE];

    if (!w->file.values[0].in.text[0]) {
        answers_suggest(path, sizeof path, wizard_cluster(ui)->name);
        form_set(&w->file, 0, path, path, FORM_DEFAULT);
    }
    w->file.focus = 0;
    w->page = WIZARD_FILE;
    ui_dirty(ui);
}

static void write_anew(struct ui *ui, void *payload)
{
    wizard_write_file(ui, payload, true);
}

void wizard_write_file(struct ui *ui, struct wizard *w, bool replace)
{
    const char *path = w->file.values[0].in.text;
    struct json *values = fields_args(&w->where, &w->more);
    struct err e = { 0 };
    int rc = answers_write(path, values, replace, &e);

    json_free(values);
    if (rc == 0) {
        w->page = WIZARD_REVIEW;
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

/* ---- drawing ---- */

void wizard_draw_review(struct wizard *w, const struct area *a)
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
