#include "config.h"

#include "base/i18n.h"
#include "console/face/acts.h"
#include "console/face/consent.h"
#include "console/ui/frame.h"
#include "console/ui/run_consent.h"
#include "console/ui/run_end.h"
#include "console/ui/run_undo.h"
#include "console/ui/screen_secret.h"
#include "console/ui/screens.h"
#include "console/ui/text.h"
#include "console/ui/widgets.h"

struct progress {
    int top, seen; /* first line shown, and its step */
    bool manual;   /* the operator scrolls */
    struct run_end end;
    struct run_consent consent;
    struct run_undo undo;
};

static const struct sec_run *sec(const struct ui *ui)
{
    return ui_section(ui, SEC_RUN);
}

struct layout {
    int steps, nodes, log;  /* rows of each part */
    int nodes_row, log_row; /* of their first row; the rule is above */
};

/* Steps first; then the nodes, if more than one row of them fits; then the log takes what is left.
 */
static struct layout lay_out(const struct area *a, const struct sec_run *r, bool over)
{
    struct layout l = { 0 };
    int want_steps = (int)r->n + (over && !frame_large() ? 0 : 1),
        want_nodes = r->n_nodes ? (int)r->n_nodes + 1 : 0, rest;

    l.steps = want_steps < a->rows ? want_steps : a->rows;
    if (!over && l.steps > a->rows - 3)
        l.steps = a->rows - 3;
    if (want_nodes && !over) { /* a third of the rows at most */
        l.nodes = want_nodes < a->rows / 3 ? want_nodes : a->rows / 3;
        if (l.steps > a->rows - l.nodes - 4)
            l.steps = a->rows - l.nodes - 4;
    }
    rest = a->rows - l.steps - (l.nodes ? l.nodes + 1 : 0);
    if (want_nodes && over && rest >= want_nodes + 1) {
        l.nodes = want_nodes;
        rest -= l.nodes + 1;
    }
    l.log = rest > 2 ? rest - 1 : 0;
    l.nodes_row = a->row + l.steps + 1;
    l.log_row = l.nodes_row + (l.nodes ? l.nodes + 1 : 0);
    return l;
}

/* ---- steps ---- */

static const struct mark {
    const char *state, *badge;
    enum role role;
} marks[] = {
    { "waiting", N_("[    ]"), ROLE_QUIET }, { "running", N_("[RUN ]"), ROLE_WARN },
    { "done", N_("[done]"), ROLE_GOOD },     { "found", N_("[done]"), ROLE_GOOD },
    { "failed", N_("[FAIL]"), ROLE_BAD },    { "skipped", N_("[skip]"), ROLE_QUIET },
    { "undone", N_("[undo]"), ROLE_QUIET },
};

static const struct mark *mark_of(const char *state)
{
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (str_eq(marks[i].state, state))
            return &marks[i];
    return &marks[0];
}

static bool has_detail(const struct sec_step *s)
{
    return s->detail[0] && (str_eq(s->state, "running") || str_eq(s->state, "failed"));
}

static int current_step(const struct sec_run *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->steps[i].state, "running") || str_eq(r->steps[i].state, "failed"))
            return (int)i;
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->steps[i].state, "waiting"))
            return (int)i;
    return (int)r->n - 1;
}

static void remark(const struct sec_step *s, bool brief, char *out, size_t size)
{
    out[0] = '\0';
    if (str_eq(s->state, "found"))
        str_copy(out, size, brief ? _("unchanged") : _("no change needed"));
    else if (s->nodes_total > 0 && !str_eq(s->state, "waiting"))
        str_fmt(out, size, brief ? "%d/%d" : _("%d of %d nodes"), (int)s->nodes_done,
                (int)s->nodes_total);
    else if (str_eq(s->state, "waiting") && s->no_return)
        str_copy(out, size, brief ? _("no way back") : _("no way back from here"));
    else if (s->tries > 1)
        str_fmt(out, size, P_("%d try", "%d tries", s->tries), (int)s->tries);
}

static void draw_step(struct ui *ui, const struct sec_step *s, int number, int row, int cols)
{
    const struct mark *m = mark_of(s->state);
    char time[AGE_SIZE] = "", note[80];
    int end = cols - 9, w;

    remark(s, false, note, sizeof note);
    w = text_width(s->title);
    if (w + text_width(note) > end - 13)
        remark(s, true, note, sizeof note);
    if (w + text_width(note) > end - 13 && !s->no_return) /* what is done comes before how */
        note[0] = '\0';
    w = text_width(note);
    if (s->started_at && !str_eq(s->state, "skipped") && !str_eq(s->state, "waiting"))
        words_duration(time, (s->ended_at ? s->ended_at : ui_now(ui)) - s->started_at);
    paint_fmt(row, 1, 3, ROLE_TEXT, "%2d", number);
    paint_text(row, 4, 6, m->role, _(m->badge));
    paint_cut(row, 11, w ? end - 13 - w : end - 11 - (text_width(time) > 7), ROLE_TEXT, s->title);
    paint_right(row, end - 1, w, ROLE_QUIET, note);
    paint_right(row, cols - 1, 8, ROLE_TEXT, time);
}

/* What one row of the list shows: a step, what it waits for, or several steps in one. */
struct line {
    int first, last; /* steps */
    bool detail;
};
enum fold { FOLD_NONE, FOLD_QUIET, FOLD_DETAILS };

static bool is_quiet(const struct sec_step *s)
{
    return str_eq(s->state, "found") || str_eq(s->state, "skipped");
}

static int make_lines(const struct sec_run *r, int now, enum fold fold, struct line *out)
{
    int n = 0;

    for (int i = 0; i < (int)r->n; i++) {
        int last = i;

        while (fold && is_quiet(&r->steps[i]) && last + 1 < (int)r->n &&
               is_quiet(&r->steps[last + 1]))
            last++;
        out[n++] = (struct line){ i, last, false };
        if (i == last && has_detail(&r->steps[i]) &&
            (fold != FOLD_DETAILS || i == now || str_eq(r->steps[i].state, "failed")))
            out[n++] = (struct line){ i, i, true };
        i = last;
    }
    return n;
}

static int line_of(const struct line *lines, int n, int step)
{
    for (int i = 0; i < n; i++)
        if (lines[i].last >= step)
            return i;
    return 0;
}

/* All steps under way stay in view if the rows suffice, the first of them always; the next one,
 * too, if there is room. */
static int follow(const struct sec_run *r, int now, const struct line *lines, int n, int rows)
{
    int first = line_of(lines, n, now), last = first, top;

    for (int i = first; i < n; i++)
        if (lines[i].first == now || str_eq(r->steps[lines[i].first].state, "running"))
            last = i;
    top = last - rows + 1 + (rows > 3 && last + 1 < n);
    top = top > first ? first : top;
    return top < 0 ? 0 : top;
}

static void draw_line(struct ui *ui, const struct line *l, int row, int cols)
{
    const struct sec_step *s = &sec(ui)->steps[l->first];

    if (l->detail) {
        paint_cut(row, 11, cols - 12, ROLE_QUIET, s->detail);
    } else if (l->last > l->first) {
        paint_fmt(row, 1, 3, ROLE_TEXT, "%2d", l->first + 1);
        paint_text(row, 4, 6, ROLE_GOOD, _("[done]"));
        paint_fmt(row, 11, cols - 12, ROLE_QUIET, _("Steps %d to %d: no change needed"),
                  l->first + 1, l->last + 1);
    } else {
        draw_step(ui, s, l->first + 1, row, cols);
    }
}

static void draw_steps(struct ui *ui, struct progress *p, const struct area *a)
{
    const struct sec_run *r = sec(ui);
    struct line lines[2 * SEC_MAX_STEPS];
    int now = current_step(r), n = make_lines(r, now, FOLD_NONE, lines);

    if (p->manual) {
        p->top = widget_scroll(p->top, -1, a->rows, n);
    } else {
        for (int fold = FOLD_QUIET; n > a->rows && fold <= FOLD_DETAILS; fold++)
            n = make_lines(r, now, (enum fold)fold, lines);
        p->top = follow(r, now, lines, n, a->rows);
        p->seen = n ? lines[p->top].first : 0;
    }
    for (int i = 0; i < a->rows && p->top + i < n; i++) {
        const struct line *l = &lines[p->top + i];
        draw_line(ui, l, a->row + i, a->cols);
        if (l->first <= now && now <= l->last && !l->detail)
            paint_cursor(a->row + i, 4);
    }
}

/* ---- nodes, log ---- */

static const char *step_title(const struct sec_run *r, const char *id)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->steps[i].id, id))
            return r->steps[i].title;
    return id;
}

static void draw_nodes(struct ui *ui, const struct area *a)
{
    const struct sec_run *r = sec(ui);
    int shown = a->rows - 1;

    paint_text(a->row, 1, 20, ROLE_QUIET, _("Node"));
    paint_text(a->row, 31, a->cols - 32, ROLE_QUIET, _("Doing"));
    for (int i = 0; i < shown && i < (int)r->n_nodes; i++) {
        const struct sec_run_node *d = &r->nodes[i];
        const struct mark *m = mark_of(d->state);
        char doing[400];
        int row = a->row + 1 + i;

        if (i == shown - 1 && (int)r->n_nodes > shown) {
            paint_fmt(row, 1, a->cols - 2, ROLE_QUIET, _("and %d more; n shows all nodes"),
                      (int)r->n_nodes - i);
            break;
        }
        paint_cut(row, 1, 20, ROLE_TEXT, d->name);
        paint_text(row, 22, 7, m->role, _(m->badge));
        str_fmt(doing, sizeof doing, "%s%s%s", step_title(r, d->step),
                d->step[0] && d->detail[0] ? ": " : "", d->detail);
        paint_cut(row, 31, a->cols - 32, ROLE_TEXT, doing);
    }
}

/* ---- the whole screen: the end of a run takes the place of nodes and log ---- */

static const char *name_of(struct ui *ui)
{
    const struct sec_cluster *c = ui_section(ui, SEC_CLUSTER);

    return c->name[0] ? c->name : _("the cluster");
}

static bool has_square(struct ui *ui, const void *self)
{
    (void)self;
    return run_end_over(sec(ui)) && sec(ui)->portal_url[0];
}

/* b itself works on: where no square fits it says how large the terminal must be. */
static bool offers_square(struct ui *ui, const void *self)
{
    const struct progress *p = self;

    return has_square(ui, self) && (p->end.square || p->end.fits);
}

static bool has_consent(struct ui *ui, const void *self)
{
    (void)self;
    return consent_missing(sec(ui));
}

static bool consent_shown(struct ui *ui, const struct progress *p)
{
    return p->consent.shown && has_consent(ui, p);
}

static bool undo_shown(const void *self)
{
    return ((const struct progress *)self)->undo.shown;
}

static bool undo_ready(struct ui *ui, const void *self)
{
    (void)ui;
    return undo_shown(self) && ((const struct progress *)self)->undo.ready;
}

static bool can_undo(struct ui *ui, const void *self)
{
    (void)self;
    return str_eq(sec(ui)->state, "failed") || str_eq(sec(ui)->state, "stopped");
}

/* One that is under way is stopped first. */
static bool can_break_off(struct ui *ui, const void *self)
{
    (void)self;
    return (str_eq(sec(ui)->state, "running") || str_eq(sec(ui)->state, "waiting-sign-in")) &&
           !sec(ui)->undo;
}

static void progress_draw(struct ui *ui, void *self, const struct area *body)
{
    struct progress *p = self;
    const struct sec_run *r = sec(ui);
    int result = run_end_rows(ui, r, body->cols);
    struct area upper = *body;
    struct layout l;

    if (!ui_has(ui, SEC_RUN) || str_eq(r->state, "none") || !r->state[0]) {
        paint_text(body->row + 2, 2, body->cols - 4, ROLE_TEXT,
                   ui_has(ui, SEC_RUN) ? _("No operation has run yet.") : _("Asking the core."));
        return;
    }
    p->end.fits = has_square(ui, p) && run_end_square_fits(ui, &p->end, r, body);
    if (p->undo.shown) {
        run_undo_draw(&p->undo, body);
        return;
    }
    if (p->end.square && has_square(ui, p)) {
        run_end_square(ui, &p->end, r, body);
        return;
    }
    if (consent_shown(ui, p)) {
        run_consent_draw(ui, &p->consent, r, body);
        return;
    }
    if (result > body->rows * 2 / 3)
        result = body->rows * 2 / 3;
    upper.rows -= result ? result + 1 : 0;
    l = lay_out(&upper, r, result > 0);
    draw_steps(ui, p, &(struct area){ body->row, 0, l.steps, body->cols });
    if (l.nodes) {
        paint_rule(l.nodes_row - 1);
        draw_nodes(ui, &(struct area){ l.nodes_row, 0, l.nodes, body->cols });
    }
    if (l.log) {
        paint_rule(l.log_row - 1);
        frame_log_tail(ui, &(struct area){ l.log_row, 0, l.log, body->cols });
    }
    if (result) {
        paint_rule(upper.row + upper.rows);
        run_end_draw(ui, r, &(struct area){ upper.row + upper.rows + 1, 0, result, body->cols });
    }
}

/* Of two parts the rows are those of one: so is the step. The counts are of both. */
static void tell_step(const struct sec_run *r, const char *title, const char *elapsed, char *out,
                      size_t size)
{
    int64_t of = r->parts ? (int64_t)r->n : r->step_count;
    int64_t before = r->parts && r->part == r->parts ? r->step_count - of : 0;

    str_fmt(out, size, _("%s  step %d of %d  %s"), title, (int)(r->step_no - before), (int)of,
            elapsed);
}

static void progress_place(struct ui *ui, void *self, char *out, size_t size)
{
    const struct sec_run *r = sec(ui);
    char elapsed[AGE_SIZE], title[160];

    (void)self;
    if (!r->started_at)
        return;
    words_duration(elapsed, (r->ended_at ? r->ended_at : ui_now(ui)) - r->started_at);
    if (r->undo)
        str_fmt(title, sizeof title, _("Undo: %s"), r->title);
    else if (model_run_active(ui_model(ui)) && str_eq(r->plan, "register") && !r->parts)
        str_fmt(title, sizeof title, _("Registering %s"), name_of(ui));
    else
        STR_SET(title, r->title);
    /* where the row is short, the step goes first: its line shows it */
    if (model_run_active(ui_model(ui)) && !r->undo)
        tell_step(r, title, elapsed, out, size);
    else
        str_fmt(out, size, "%s  %s", title, elapsed);
}

static void progress_hint(struct ui *ui, void *self, char *out, size_t size)
{
    const struct sec_run *r = sec(ui);

    if (undo_ready(ui, self))
        str_copy(out, size, _("y takes it back; u or Esc goes back to the steps."));
    else if (undo_shown(self))
        str_copy(out, size, _("r goes on with the operation; u or Esc goes back to the steps."));
    else if (consent_shown(ui, self))
        str_copy(out, size, _("c or Esc goes back to the steps."));
    else if (str_eq(r->state, "waiting-sign-in"))
        str_copy(out, size,
                 _("The run waits for a sign-in, then it goes on by itself: i signs in."));
    else if (str_eq(r->state, "stopping"))
        str_copy(out, size, _("Stopping after the steps under way."));
    else if (has_consent(ui, self))
        str_copy(out, size,
                 model_run_active(ui_model(ui))
                     ? _("Waits for an administrator's consent; c shows it whole.")
                     : _("After the consent r goes on; c shows what is asked for."));
    else if (model_run_active(ui_model(ui)))
        str_fmt(out, size, _("Safe to leave: the work goes on. Menu item %d returns."),
                act_item_of_run(r));
    else if (r->undo && can_undo(ui, self))
        str_copy(out, size, _("u goes on with the undo; r does the operation after all."));
    else if (str_eq(r->state, "failed") || str_eq(r->state, "stopped"))
        str_copy(out, size, _("r tries again: it finds what is there already and goes on."));
    else if (str_eq(r->state, "done") || str_eq(r->state, "undone"))
        str_copy(out, size, _("Enter goes back to the menu; it shows the cluster's state."));
}

/* ---- keys ---- */

static bool can_stop(struct ui *ui, const void *self)
{
    (void)self;
    return str_eq(sec(ui)->state, "running") || str_eq(sec(ui)->state, "waiting-sign-in");
}

static bool can_resume(struct ui *ui, const void *self)
{
    (void)self;
    return str_eq(sec(ui)->state, "failed") || str_eq(sec(ui)->state, "stopped");
}

static bool needs_signin(struct ui *ui, const void *self)
{
    (void)self;
    return str_eq(sec(ui)->state, "waiting-sign-in");
}

static struct json *id_args(struct ui *ui)
{
    struct json *args = json_object();

    json_set_str(args, "id", sec(ui)->id);
    return args;
}

static void do_stop(struct ui *ui, void *payload)
{
    (void)payload;
    ui_tell(ui, "run-stop", id_args(ui));
}

static void ask_stop(struct ui *ui, void *self)
{
    struct dialog d = { .title = N_("Stop the operation"), .n = 2, .focus = 1 };

    (void)self;
    STR_SET(d.text, _("The steps under way are finished, then the run stops. What was made stays "
                      "in Azure; you can go on later."));
    d.choices[0].label = N_("Stop after this step");
    d.choices[0].run = do_stop;
    d.choices[1].label = N_("Let it run");
    ui_dialog(ui, &d);
}

static void resumed(void *payload, const struct json *result, const struct err *e)
{
    (void)result;
    if (e)
        ui_show_err(payload, N_("The run does not go on"), e);
}

static void resume_with(struct ui *ui, struct secret *s)
{
    struct wire_secret secret = { "arcSpnSecret", s };

    ui_ask_secret(ui, "run-resume", id_args(ui), &secret, 1, resumed, ui);
}

static void resume(struct ui *ui, void *self)
{
    ((struct progress *)self)->undo.shown = false;
    if (sec(ui)->secret_for[0])
        secret_open(ui, sec(ui)->secret_for, resume_with);
    else
        ui_ask(ui, "run-resume", id_args(ui), resumed, ui);
}

static void undo_came(void *payload, const struct json *result, const struct err *e)
{
    struct ui *ui = payload;
    struct progress *p = ui_self(ui, SCREEN_PROGRESS);

    if (e)
        ui_show_err(ui, N_("There is no undo"), e);
    else
        run_undo_show(ui, &p->undo, result);
}

static void undo(struct ui *ui, void *self)
{
    struct progress *p = self;

    if (p->undo.shown)
        p->undo.shown = false;
    else
        ui_ask(ui, "run-undo-check", id_args(ui), undo_came, ui);
    ui_dirty(ui);
}

static void undo_begin(struct ui *ui, void *self)
{
    run_undo_begin(ui, &((struct progress *)self)->undo);
}

static void open_signin(struct ui *ui, void *self)
{
    (void)self;
    ui_open(ui, SCREEN_SIGNIN);
}

static void open_nodes(struct ui *ui, void *self)
{
    (void)self;
    ui_open(ui, SCREEN_NODES);
}

static void home(struct ui *ui, void *self)
{
    (void)self;
    ui_to_home(ui);
}

static bool progress_leave(struct ui *ui, void *self)
{
    struct progress *p = self;

    if (consent_shown(ui, p) || p->undo.shown) {
        p->consent.shown = p->undo.shown = false;
        ui_dirty(ui);
    } else {
        ui_to_home(ui);
    }
    return true;
}

static bool progress_key(struct ui *ui, void *self, int key)
{
    struct progress *p = self;

    if (p->undo.shown)
        return textview_key(&p->undo.text, key);
    if (consent_shown(ui, p))
        return textview_key(&p->consent.text, key);
    if (key == 'b' && has_square(ui, p)) {
        p->end.square = !p->end.square;
        ui_dirty(ui);
        return true;
    }
    if (key == K_END) {
        p->manual = false;
        return true;
    }
    if (key != K_UP && key != K_DOWN && key != K_PGUP && key != K_PGDN)
        return false;
    if (!p->manual) {
        struct line lines[2 * SEC_MAX_STEPS];
        int n = make_lines(sec(ui), current_step(sec(ui)), FOLD_NONE, lines);
        p->top = line_of(lines, n, p->seen);
    }
    p->manual = true;
    p->top += key == K_UP ? -1 : key == K_DOWN ? 1 : key == K_PGUP ? -5 : 5;
    return true;
}

static void progress_open(struct ui *ui, void *self)
{
    struct progress *p = self;

    (void)ui;
    p->manual = false;
    p->top = 0;
    p->end.square = false;
    p->consent.shown = p->undo.shown = false;
}

static void square(struct ui *ui, void *self)
{
    struct progress *p = self;

    p->end.square = !p->end.square;
    ui_dirty(ui);
}

static void consent(struct ui *ui, void *self)
{
    struct progress *p = self;

    p->consent.shown = !p->consent.shown;
    p->consent.text.top = 0;
    ui_dirty(ui);
}

static bool square_shown(struct ui *ui, const void *self)
{
    const struct progress *p = self;

    if (consent_shown(ui, p))
        return p->consent.drawn;
    return p->end.square && p->end.drawn && has_square(ui, self);
}

static void invert(struct ui *ui, void *self)
{
    struct progress *p = self;

    p->end.inverted = p->consent.inverted = !p->end.inverted;
    ui_dirty(ui);
}

static void progress_close(struct ui *ui, void *self)
{
    struct progress *p = self;

    (void)ui;
    run_end_close(&p->end);
    run_consent_close(&p->consent);
    run_undo_close(&p->undo);
}

static const struct key_row keys[] = {
    { K_ENTER, 'd', 0, "Enter", N_("leave"), NULL, home },
    { 'r', 0, 5, "r", N_("try again"), can_resume, resume },
    { 'y', 0, 0, "y", N_("take it back"), undo_ready, undo_begin },
    { 'u', 0, 0, "u", N_("undo"), can_undo, undo },
    { 'c', 0, 0, "c", N_("consent"), has_consent, consent },
    { 's', 0, 0, "s", N_("stop after this step"), can_stop, ask_stop },
    { 'i', 0, 0, "i", N_("sign in"), needs_signin, open_signin },
    { 'b', 0, 0, "b", N_("portal's square"), offers_square, square },
    { 'i', 0, 0, "i", N_("invert"), square_shown, invert },
    { 'n', 0, 0, "n", N_("nodes"), NULL, open_nodes },
    { 'l', 0, 9, "l", N_("log"), NULL, NULL },
    { 'u', 0, 0, "u", N_("undo"), can_break_off, undo },
};

const struct screen screen_progress = {
    .id = SCREEN_PROGRESS,
    .title = N_("Operation"),
    .help = &help_topics[HELP_RUN],
    .sections = 1u << SEC_RUN | 1u << SEC_LOG | 1u << SEC_CLUSTER,
    .ticks = true,
    .own_title = true,
    .hint_rows = 1,
    .low_hint_rows = 1,
    .size = sizeof(struct progress),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .open = progress_open,
    .close = progress_close,
    .draw = progress_draw,
    .key = progress_key,
    .leave = progress_leave,
    .hint = progress_hint,
    .place = progress_place,
};
