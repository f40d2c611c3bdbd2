#include "config.h"

#include "console/ui/run_consent.h"

#include "base/i18n.h"
#include "console/face/consent.h"
#include "console/ui/run_end.h"
#include "console/ui/tty.h"

enum { TEXT_COLS = 56, TEXT_ROWS = 8 }; /* least room for the text beside or below the square */

static void no_square(struct textview *v, const struct run_consent *c, const struct qr_plan *plan)
{
    textview_add(v, ROLE_TEXT, 0, 0, "%s", "");
    if (c->qr.modules == 0)
        textview_add(v, ROLE_QUIET, 0, 0, "%s",
                     _("No square here: the address is too long for one."));
    else
        textview_add(v, ROLE_QUIET, 0, 0, _("No square here: it needs %d rows and %d columns."),
                     plan->rows + TEXT_ROWS + RUN_FRAME_ROWS, plan->cols + 1);
}

static void fill(struct run_consent *c, const struct sec_run *r, const struct qr_plan *plan)
{
    struct textview *v = &c->text;

    textview_clear(v);
    textview_add(v, ROLE_TEXT, 0, 0, "%s", consent_sentence(r));
    textview_add(v, ROLE_TEXT, 0, 0, "%s", "");
    textview_add(v, ROLE_QUIET, 0, 0, "%s", consent_where());
    textview_add(v, ROLE_GOOD, 0, 0, "%s", r->consent_url);
    if (r->n_roles) {
        textview_add(v, ROLE_TEXT, 0, 0, "%s", "");
        textview_add(v, ROLE_QUIET, 0, 0, "%s", consent_what());
    }
    for (size_t i = 0; i < r->n_roles; i++) {
        textview_add(v, ROLE_TEXT, 0, 0, "%s", r->roles[i].name);
        textview_add(v, ROLE_TEXT, 2, 0, "%s", r->roles[i].address);
    }
    if (!plan->drawn)
        no_square(v, c, plan);
}

/* Beside the text where there is room for both, else above it. */
static struct area place(struct ui *ui, struct run_consent *c, struct qr_plan *plan,
                         const struct area *body)
{
    bool halves = ui_theme(ui)->rich && ui_tty(ui)->half_blocks;
    struct area text = { body->row, 2, body->rows, body->cols - 4 };

    qr_plan(plan, &c->qr, body->rows, body->cols - TEXT_COLS, halves);
    if (plan->drawn) {
        text.col = plan->cols + 2;
        text.cols = body->cols - text.col - 1;
        return text;
    }
    qr_plan(plan, &c->qr, body->rows - TEXT_ROWS, body->cols - 1, halves);
    if (plan->drawn) {
        text.row += plan->rows + 1;
        text.rows -= plan->rows + 1;
    }
    return text;
}

void run_consent_draw(struct ui *ui, struct run_consent *c, const struct sec_run *r,
                      const struct area *body)
{
    struct qr_plan plan;
    struct area text;

    if (!str_eq(c->encoded, r->consent_url)) {
        STR_SET(c->encoded, r->consent_url);
        qr_make(&c->qr, r->consent_url);
    }
    text = place(ui, c, &plan, body);
    c->drawn = plan.drawn;
    if (plan.drawn)
        qr_draw(&c->qr, &plan, ui_theme(ui), body->row, 0, c->inverted);
    fill(c, r, &plan);
    textview_draw(&c->text, &text);
}

void run_consent_close(struct run_consent *c)
{
    qr_free(&c->qr);
    textview_clear(&c->text);
    *c = (struct run_consent){ 0 };
}
