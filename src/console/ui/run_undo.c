#include "config.h"

#include "console/ui/run_undo.h"

#include "base/i18n.h"
#include "console/face/acts.h"

static void line(void *payload, enum review_kind kind, const char *text)
{
    struct textview *v = payload;
    enum role role = kind == REVIEW_STOP    ? ROLE_BAD
                     : kind == REVIEW_WARN  ? ROLE_WARN
                     : kind == REVIEW_TITLE ? ROLE_BAR
                     : kind == REVIEW_KEPT  ? ROLE_QUIET
                                            : ROLE_TEXT;

    if (kind == REVIEW_TITLE && v->n)
        textview_add(v, ROLE_TEXT, 0, 0, "%s", "");
    textview_add(v, role, kind == REVIEW_TITLE ? 0 : 1, kind == REVIEW_TITLE ? 0 : 2, "%s", text);
}

void run_undo_show(struct ui *ui, struct run_undo *u, const struct json *review)
{
    struct err stop;

    textview_clear(&u->text);
    act_review(review, line, &u->text);
    u->text.top = 0;
    u->ready = !review_stop(review, &stop);
    STR_SET(u->id, json_str(review, "id"));
    u->shown = true;
    ui_dirty(ui);
}

static struct json *id_args(const char *id)
{
    struct json *args = json_object();

    json_set_str(args, "id", id);
    return args;
}

void run_undo_draw(struct run_undo *u, const struct area *body)
{
    textview_draw(&u->text, &(struct area){ body->row, 1, body->rows, body->cols - 2 });
}

static void begun(void *payload, const struct json *result, const struct err *e)
{
    (void)result;
    if (e)
        ui_show_err(payload, N_("The operation is not undone"), e);
}

void run_undo_begin(struct ui *ui, struct run_undo *u)
{
    u->shown = false;
    ui_ask(ui, "run-undo", id_args(u->id), begun, ui);
}

void run_undo_close(struct run_undo *u)
{
    textview_clear(&u->text);
    *u = (struct run_undo){ 0 };
}
