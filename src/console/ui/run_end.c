#include "config.h"

#include "console/ui/run_end.h"

#include <stdlib.h>

#include "base/i18n.h"
#include "console/face/consent.h"
#include "console/face/outcome.h"
#include "console/face/words.h"
#include "console/ui/text.h"
#include "console/ui/tty.h"

/* The words beside the badge, then paragraphs over the whole width. */
struct part {
    enum role role;
    int col; /* of the text */
    char text[2600];
};
enum { BESIDE = 9, MOST_LINES = 40 };

struct parts {
    const char *level;
    size_t n;
    struct part at[8];
};

bool run_end_over(const struct sec_run *r)
{
    return str_eq(r->state, "done") || str_eq(r->state, "failed") || str_eq(r->state, "stopped") ||
           str_eq(r->state, "undone");
}

static void add(struct parts *p, enum role role, int col, const char *text)
{
    p->at[p->n].role = role;
    p->at[p->n].col = col;
    STR_SET(p->at[p->n++].text, text);
}

/* A good end is one line with its result: every row more costs one of the nodes. */
static void add_result(struct parts *p, const char *text, const struct sec_run *r)
{
    char line[400], result[80];

    str_fmt(result, sizeof result, _("Result: %s"), r->result);
    str_fmt(line, sizeof line, "%s  %s", text, result);
    add(p, ROLE_TEXT, BESIDE, line);
}

static const char *name_of(struct ui *ui)
{
    const struct sec_cluster *c = ui_section(ui, SEC_CLUSTER);

    return c->name[0] ? c->name : _("the cluster");
}

/* What is registered but not whole is no failure and no success: the words are those of Details,
 * and of the error only what to do. */
static void say_part(struct parts *p, const struct sec_run *r)
{
    struct str s = STR_INIT, support = STR_INIT;

    p->level = "warn";
    str_add(&s, r->details);
    if (r->error.advice[0])
        str_addf(&s, "\n\n%s", r->error.advice);
    if (words_support(&support, &r->error))
        str_addf(&s, "\n\n%s", str_p(&support));
    add(p, ROLE_TEXT, BESIDE, str_p(&s));
    str_free(&s);
    str_free(&support);
}

static void say_end(struct ui *ui, struct parts *p, const struct sec_run *r)
{
    char text[1600];

    if (outcome_in_part(r) || (str_eq(r->state, "done") && err_is(&r->error))) {
        say_part(p, r);
    } else if (str_eq(r->state, "failed")) {
        p->level = "fail";
        words_error(text, sizeof text, &r->error);
        add(p, ROLE_TEXT, BESIDE, text);
    } else if (str_eq(r->state, "done")) {
        p->level = "ok";
        if (str_eq(r->plan, "register"))
            str_fmt(text, sizeof text, _("Done: %s is registered with Azure."), name_of(ui));
        else
            str_fmt(text, sizeof text, "%s%s%s", _("Done."), r->details[0] ? " " : "", r->details);
        add_result(p, text, r);
    } else {
        p->level = "warn";
        add(p, ROLE_TEXT, BESIDE,
            str_eq(r->state, "undone") || r->undo
                ? r->details
                : _("Stopped. What was made stays; r goes on from here, u takes it back."));
    }
}

/* In the order of what is needed most: the last ones go where rows are few. */
static void collect(struct ui *ui, struct parts *p, const struct sec_run *r)
{
    char text[200];

    *p = (struct parts){ 0 };
    if (run_end_over(r)) {
        say_end(ui, p, r);
    } else {
        p->level = "warn";
        add(p, ROLE_TEXT, BESIDE, consent_sentence(r));
    }
    if (consent_missing(r)) {
        add(p, ROLE_QUIET, BESIDE, consent_where());
        add(p, ROLE_GOOD, 1, r->consent_url);
    }
    if (r->result[0] && !str_eq(p->level, "ok")) {
        str_fmt(text, sizeof text, _("Result: %s"), r->result);
        add(p, ROLE_QUIET, BESIDE, text);
        if (r->error_detail[0]) {
            str_fmt(text, sizeof text, _("ErrorDetail: %s"), r->error_detail);
            add(p, ROLE_QUIET, BESIDE, text);
        }
    }
    if (r->portal_url[0]) {
        add(p, ROLE_QUIET, BESIDE, _("In the portal:"));
        add(p, ROLE_TEXT, 1, r->portal_url);
    }
}

static int rows_of(const struct part *part, int cols)
{
    struct text_line lines[MOST_LINES];

    return text_wrap(part->text, paint_prose(cols - part->col - (part->col > 1 ? 2 : 1)), lines,
                     MOST_LINES);
}

int run_end_rows(struct ui *ui, const struct sec_run *r, int cols)
{
    struct parts *p;
    int rows = 0;

    if (!run_end_over(r) && !consent_missing(r))
        return 0;
    p = xcalloc(1, sizeof *p);
    collect(ui, p, r);
    for (size_t i = 0; i < p->n; i++)
        rows += rows_of(&p->at[i], cols);
    free(p);
    return rows + (str_eq(r->state, "failed") && !outcome_in_part(r)); /* prose needs air below */
}

void run_end_draw(struct ui *ui, const struct sec_run *r, const struct area *a)
{
    struct parts *p = xcalloc(1, sizeof *p);
    int row = a->row, end = a->row + a->rows;

    collect(ui, p, r);
    paint_text(row, 1, 7, theme_role(p->level), theme_badge(p->level));
    for (size_t i = 0; i < p->n && row < end; i++) {
        const struct part *part = &p->at[i];
        struct area t = { row, part->col, end - row,
                          a->cols - part->col - (part->col > 1 ? 2 : 1) };

        row += paint_wrapped(&t, part->role, part->text);
    }
    free(p);
}

/* ---- the square ---- */

static bool plan_square(struct ui *ui, struct run_end *e, const struct sec_run *r,
                        const struct area *body, struct qr_plan *plan)
{
    if (!str_eq(e->encoded, r->portal_url)) {
        STR_SET(e->encoded, r->portal_url);
        qr_make(&e->qr, r->portal_url);
    }
    qr_plan(plan, &e->qr, body->rows, body->cols - 1,
            ui_theme(ui)->rich && ui_tty(ui)->half_blocks);
    return plan->drawn;
}

bool run_end_square_fits(struct ui *ui, struct run_end *e, const struct sec_run *r,
                         const struct area *body)
{
    struct qr_plan plan;

    return plan_square(ui, e, r, body, &plan);
}

void run_end_square(struct ui *ui, struct run_end *e, const struct sec_run *r,
                    const struct area *body)
{
    const struct theme *t = ui_theme(ui);
    struct area text = { body->row + 1, 2, body->rows - 1, body->cols - 4 };
    struct qr_plan plan;
    char why[300];

    e->drawn = plan_square(ui, e, r, body, &plan);
    if (plan.drawn) {
        qr_draw(&e->qr, &plan, t, body->row, 0, e->inverted);
        text.row = body->row + plan.rows + 1;
        text.rows = body->rows - plan.rows - 1;
        if (text.rows > 0)
            paint_wrapped(&text, ROLE_TEXT, r->portal_url);
        return;
    }
    if (e->qr.modules == 0)
        STR_SET(why, _("No square here: the address is too long for one."));
    else
        str_fmt(why, sizeof why, _("No square here: it needs %d rows and %d columns."),
                plan.rows + RUN_FRAME_ROWS, plan.cols + 1);
    text.row += paint_wrapped(&text, ROLE_QUIET, why) + 1;
    text.rows = body->row + body->rows - text.row;
    paint_wrapped(&text, ROLE_TEXT, r->portal_url);
}

void run_end_close(struct run_end *e)
{
    qr_free(&e->qr);
    *e = (struct run_end){ 0 };
}
