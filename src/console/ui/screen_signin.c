#include "config.h"

#include "base/i18n.h"
#include "console/ui/frame.h"
#include "console/ui/qr.h"
#include "console/ui/screens.h"
#include "console/ui/text.h"

struct signin {
    struct qr qr;
    char encoded[256]; /* what qr holds */
    bool inverted, alone;
    bool asked; /* this visit has sent sign-in */
};

static const struct sec_signin *sec(const struct ui *ui)
{
    return ui_section(ui, SEC_SIGNIN);
}

static bool has_code(struct ui *ui, const void *self)
{
    (void)self;
    return str_eq(sec(ui)->state, "code");
}

static bool has_browser(struct ui *ui, const void *self)
{
    (void)self;
    return str_eq(sec(ui)->state, "browser");
}

static bool not_in(struct ui *ui, const void *self)
{
    (void)self;
    return !str_eq(sec(ui)->state, "in");
}

static bool is_in(struct ui *ui, const void *self)
{
    (void)self;
    return str_eq(sec(ui)->state, "in");
}

static bool may_start(struct ui *ui, const void *self)
{
    (void)self;
    return str_eq(sec(ui)->state, "out") || str_eq(sec(ui)->state, "failed");
}

static void start(struct ui *ui, void *self)
{
    struct signin *s = self;

    s->asked = ui_tell(ui, "sign-in", NULL);
}

/* A new code while one is shown: the old one is given up first; the core takes intents in their
 * order. */
static void new_code(struct ui *ui, void *self)
{
    if (has_code(ui, self) || has_browser(ui, self))
        ui_tell(ui, "sign-in-cancel", NULL);
    start(ui, self);
}

static void other_way(struct ui *ui, void *self)
{
    struct signin *s = self;

    s->asked = true; /* back here, no code is asked for by itself */
    ui_open(ui, SCREEN_WAYS);
}

static void signin_open(struct ui *ui, void *self)
{
    struct signin *s = self;

    s->asked = s->alone = false;
    if (str_eq(sec(ui)->state, "out") && ui_may_act(ui))
        start(ui, self);
}

static void signin_close(struct ui *ui, void *self)
{
    struct signin *s = self;

    (void)ui;
    qr_free(&s->qr);
    s->encoded[0] = '\0';
}

static void signin_changed(struct ui *ui, void *self, enum section_id id)
{
    struct signin *s = self;

    if (id != SEC_SIGNIN || ui_top(ui)->id != SCREEN_SIGNIN)
        return;
    if (str_eq(sec(ui)->state, "out") && !s->asked && ui_may_act(ui))
        start(ui, self);
    if (is_in(ui, self) && ui_below(ui) && ui_below(ui)->signs_in)
        ui_back(ui);
}

static bool stop(struct ui *ui, void *self)
{
    if (((has_code(ui, self) || has_browser(ui, self)) && sec(ui)->yours) ||
        str_eq(sec(ui)->state, "starting"))
        ui_tell(ui, "sign-in-cancel", NULL);
    return false;
}

static void sign_out(struct ui *ui, void *self)
{
    struct signin *s = self;

    if (ui_tell(ui, "sign-out", NULL))
        s->asked = true; /* and stay out */
}

static void invert(struct ui *ui, void *self)
{
    struct signin *s = self;

    s->inverted = !s->inverted;
    ui_dirty(ui);
}

static void square_alone(struct ui *ui, void *self)
{
    struct signin *s = self;

    s->alone = !s->alone;
    ui_dirty(ui);
}

/* ---- the page with the code ---- */

static void life_line(struct ui *ui, char *out, size_t size)
{
    char left[AGE_SIZE];
    int64_t ms = sec(ui)->code_expires_at - ui_now(ui);

    words_duration(left, ms);
    if (ms <= 0)
        str_copy(out, size, _("The code has expired: n asks for a new one"));
    else
        str_fmt(out, size, _("Code good for %s"), left);
}

static void wait_line(struct ui *ui, char *out, size_t size)
{
    const struct sec_signin *s = sec(ui);
    char asked[AGE_SIZE];

    words_age(asked, ui_now(ui), s->polled_at);
    if (s->polled_at)
        str_fmt(out, size, _("Waiting for you. Asked Azure %s ago"), asked);
    else
        str_copy(out, size, _("Waiting for you"));
}

/* The text beside or without the square; address_below: it stands on a line of its own elsewhere.
 */
static void draw_steps(struct ui *ui, const struct area *a, bool square, bool address_below)
{
    const struct sec_signin *s = sec(ui);
    char line[200];
    struct area r = *a;
    int end = a->row + a->rows;
    bool roomy = a->rows >= 14;

    if (a->cols >= 36 && a->rows >= 12) {
        paint_text(r.row, a->col, a->cols, ROLE_TEXT, _("Sign in to Azure from another device"));
        r.row += 2;
    }
    r.rows = end - r.row;
    if (address_below)
        r.row += paint_wrapped(&r, ROLE_TEXT,
                               square ? _("1  Scan the square, or open the address below")
                                      : _("1  Open the address below"));
    else {
        r.row +=
            paint_wrapped(&r, ROLE_TEXT, square ? _("1  Scan the square, or open") : _("1  Open")) +
            roomy;
        paint_text(r.row++, a->col, a->cols, ROLE_GOOD, s->verification_uri);
    }
    r.row += 1;
    paint_text(r.row++, a->col, a->cols, ROLE_TEXT, _("2  Type this code there"));
    r.row += roomy;
    paint_cursor(r.row, a->col + 3);
    paint_text(r.row++, a->col + 3, a->cols - 3, ROLE_GOOD, s->user_code);
    r.row += 1;
    r.rows = end - r.row;
    r.row += paint_wrapped(&r, ROLE_TEXT, _("3  Sign in as an Owner of the subscription")) + 1;
    life_line(ui, line, sizeof line);
    paint_text(r.row++, a->col, a->cols, ROLE_TEXT, line);
    wait_line(ui, line, sizeof line);
    r.rows = end - r.row;
    if (r.rows > 0)
        r.row += paint_wrapped(&r, ROLE_QUIET, line) + 1;
    if (end - r.row >= 2) {
        r.rows = end - r.row;
        paint_wrapped(&r, ROLE_QUIET, _("Never use a code that someone sent to you."));
    }
}

/* What stands behind F1 elsewhere. */
static void draw_causes(const struct area *a)
{
    static const char *const causes[] = {
        N_("AADSTS50097: the device must be managed by the company."),
        N_("AADSTS53003: a Conditional Access rule blocks it."),
        N_("AADSTS50005: the platform of this device is not supported by a rule."),
    };
    struct area t = *a;

    t.row += paint_wrapped(&t, ROLE_TEXT,
                           _("The page says that you have signed in, but an error is shown here? "
                             "Then your company's rules forbid this way:"));
    for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
        t.rows = a->row + a->rows - t.row;
        t.row += paint_wrapped(&(struct area){ t.row, t.col + 2, t.rows, t.cols - 2 }, ROLE_TEXT,
                               _(causes[i]));
    }
    t.rows = a->row + a->rows - t.row;
    paint_wrapped(&t, ROLE_TEXT,
                  _("Ask the directory's administrator to allow the device code flow for you, or "
                    "sign in from another network."));
}

static const char *why_no_square(struct ui *ui, const struct signin *s, const struct qr_plan *plan,
                                 char *out, size_t size)
{
    if (!sec(ui)->uri_trusted)
        return _("No square here: the address is not one that this cloud uses for signing in. "
                 "Check it before you open it.");
    if (s->qr.modules == 0)
        return _("No square here: the address is too long for one.");
    if (!plan->halves)
        str_fmt(out, size,
                ui_theme(ui)->utf8
                    ? _("No square here: this look has no half blocks. %d rows and %d columns "
                        "would do for one of blanks; ^T tries the rich look.")
                    : _("No square here: this look has no half blocks. %d rows and %d columns "
                        "would do for one of blanks."),
                plan->rows + 2, plan->cols);
    else
        str_fmt(out, size, _("No square here: it needs %d rows and %d columns."), plan->rows + 2,
                plan->cols);
    return out;
}

static void update_qr(struct ui *ui, struct signin *s)
{
    const struct sec_signin *in = sec(ui);

    if (!in->uri_trusted) {
        signin_close(ui, s);
    } else if (!str_eq(s->encoded, in->verification_uri)) {
        STR_SET(s->encoded, in->verification_uri);
        qr_make(&s->qr, in->verification_uri);
    }
}

static void draw_without(struct ui *ui, const struct signin *s, const struct qr_plan *plan,
                         const struct area *a)
{
    const struct sec_signin *in = sec(ui);
    char why[300];
    struct area steps = { a->row, 2, a->rows - 4, a->cols - 4 },
                note = { a->row + a->rows - 3, 2, 3, a->cols - 4 };
    bool below = text_width(in->verification_uri) > steps.cols;

    if (below) {
        paint_text(a->row + a->rows - 4, 0, a->cols, ROLE_GOOD, in->verification_uri);
        steps.rows--;
    }
    draw_steps(ui, &steps, false, below);
    paint_wrapped(&note, ROLE_QUIET, why_no_square(ui, s, plan, why, sizeof why));
}

static void draw_code(struct ui *ui, struct signin *s, const struct area *a)
{
    const struct sec_signin *in = sec(ui);
    const struct theme *t = ui_theme(ui);
    bool halves = t->rich && ui_tty(ui)->half_blocks, below;
    struct qr_plan plan;
    int text_col;

    update_qr(ui, s);
    qr_plan(&plan, &s->qr, a->rows, a->cols - (s->alone ? 1 : halves ? 25 : 40), halves);
    if (!plan.drawn) {
        qr_plan(&plan, &s->qr, a->rows, a->cols - 1, halves);
        plan.drawn = plan.drawn && s->alone;
        draw_without(ui, s, &plan, a);
        if (!plan.drawn)
            return;
    }
    text_col = plan.cols + 3;
    below = text_width(in->verification_uri) > a->cols - text_col - 1;
    if (below && plan.quiet == 4 &&
        a->rows <= plan.rows) { /* the address needs a row: a smaller quiet zone leaves one */
        qr_plan(&plan, &s->qr, a->rows - 1, a->cols - 25, halves);
        text_col = plan.cols + 3;
    }
    qr_draw(&s->qr, &plan, t, a->row, 0, s->inverted);
    if (s->alone) {
        struct area none = { a->row, plan.cols, 0, 0 };
        paint_clear(&none);
        return;
    }
    if (below)
        paint_text(a->row + (a->rows > plan.rows ? plan.rows : a->rows - 1), 0, a->cols, ROLE_GOOD,
                   in->verification_uri);
    draw_steps(ui, &(struct area){ a->row, text_col, plan.rows, a->cols - text_col - 1 }, true,
               below);
    if (frame_large() && a->rows > plan.rows + 9)
        draw_causes(
            &(struct area){ a->row + plan.rows + 2, 2, a->rows - plan.rows - 2, a->cols - 4 });
}

/* ---- the other states ---- */

static void draw_in(struct ui *ui, const struct area *a)
{
    const struct sec_signin *s = sec(ui);
    char left[AGE_SIZE], who[64], line[200];
    int row = a->row + 2;

    paint_text(row, 2, 7, ROLE_GOOD, theme_badge("ok"));
    str_fmt(line, sizeof line, _("Signed in as %s"), words_or_blank(s->account));
    paint_cut(row++, 9, a->cols - 10, ROLE_TEXT, line);
    row++;
    str_fmt(line, sizeof line, _("Tenant         %s"), words_or_blank(s->tenant_name));
    paint_cut(row++, 9, a->cols - 10, ROLE_TEXT, line);
    paint_fmt(row++, 9, a->cols - 9, ROLE_TEXT, _("Tenant id      %s"),
              words_or_blank(s->tenant_id));
    words_duration(left, s->token_expires_at - ui_now(ui));
    if (s->token_expires_at > 0)
        paint_fmt(row++, 9, a->cols - 10, ROLE_TEXT,
                  s->ends ? _("Token good     %s; then sign in again")
                          : _("Token good     %s, renewed by itself"),
                  left);
    if (!s->yours)
        paint_fmt(row++, 9, a->cols - 10, ROLE_WARN,
                  _("This sign-in belongs to %s: you cannot work with it."),
                  words_owner(s, who, sizeof who));
}

/* No square: the address leads to this machine, which a phone cannot reach. */
static void draw_browser(struct ui *ui, const struct area *a)
{
    const struct sec_signin *s = sec(ui);
    struct area t = { a->row + 1, 2, a->rows - 1, a->cols - 4 };
    char left[AGE_SIZE];
    int end = a->row + a->rows;

    t.row += paint_wrapped(&t, ROLE_TEXT, _("Open this address in a browser on this machine:")) + 1;
    paint_cursor(t.row, t.col);
    paint_text(t.row, t.col, t.cols, ROLE_GOOD, s->verification_uri);
    t.row += 2;
    t.rows = end - t.row;
    t.row += paint_wrapped(&t, ROLE_TEXT, _("From your own machine: first, in another terminal,"));
    paint_fmt(t.row++, t.col + 3, t.cols - 3, ROLE_GOOD, _("ssh -L %d:localhost:%d THIS-MACHINE"),
              (int)s->port, (int)s->port);
    t.rows = end - t.row;
    t.row += paint_wrapped(&t, ROLE_TEXT, _("then open the same address there.")) + 1;
    words_duration(left, s->code_expires_at - ui_now(ui));
    paint_fmt(t.row++, t.col, t.cols, ROLE_QUIET, _("Waiting for you, %s more."), left);
    t.rows = end - t.row;
    if (t.rows > 1)
        paint_wrapped(&(struct area){ t.row + 1, t.col, t.rows - 1, t.cols }, ROLE_QUIET,
                      _("Never open an address that someone sent to you."));
}

static void draw_plain(const struct area *a, const char *level, const char *text)
{
    struct area r = { a->row + 2, 9, a->rows - 3, a->cols - 11 };

    paint_text(r.row, 2, 7, theme_role(level), theme_badge(level));
    paint_wrapped(&r, ROLE_TEXT, text);
}

static void signin_draw(struct ui *ui, void *self, const struct area *body)
{
    const struct sec_signin *s = sec(ui);
    char text[1600], who[64];

    if (!ui_has(ui, SEC_SIGNIN)) {
        draw_plain(body, "unknown", _("Asking the core."));
    } else if ((str_eq(s->state, "code") || str_eq(s->state, "browser")) && !s->yours) {
        str_fmt(text, sizeof text,
                _("%s is signing in at this moment. The code is shown to that user only."),
                words_owner(s, who, sizeof who));
        draw_plain(body, "warn", text);
    } else if (str_eq(s->state, "code")) {
        draw_code(ui, self, body);
    } else if (str_eq(s->state, "browser")) {
        draw_browser(ui, body);
    } else if (str_eq(s->state, "in")) {
        draw_in(ui, body);
    } else if (str_eq(s->state, "starting")) {
        draw_plain(body, "unknown",
                   str_eq(s->way, "device-code") ? _("Asking Azure for a code.")
                                                 : _("Asking Azure for a token."));
    } else if (str_eq(s->state, "failed")) {
        words_error(text, sizeof text, &s->error);
        draw_plain(body, "fail", text);
    } else {
        draw_plain(body, "unknown", _("Signed out. n asks Azure for a code."));
    }
}

static void signin_hint(struct ui *ui, void *self, char *out, size_t size)
{
    const struct sec_core *core = ui_section(ui, SEC_CORE);

    if (has_code(ui, self) && str_eq(core->mode, "sandbox"))
        str_copy(out, size,
                 _("Sandbox: open the address on this machine, or wait until it approves itself."));
    else if (has_code(ui, self) && frame_large())
        str_copy(out, size, _("The square is the address only."));
    else if (has_code(ui, self))
        str_copy(out, size,
                 _("Blocked (AADSTS53003, 50097, 50005)? w has other ways. The square is the "
                   "address only."));
    else if (may_start(ui, self))
        str_copy(out, size, _("n tries again with a new code; w signs in another way."));
}

static const struct key_row keys[] = {
    { 'n', 0, 5, "n", N_("new code"), has_code, new_code },
    { 'n', K_ENTER, 5, "n", N_("sign in"), may_start, start },
    { 'n', 0, 5, "n", N_("new code"), has_browser, new_code },
    { 'w', 0, 4, "w", N_("other ways"), not_in, other_way },
    { 'b', 0, 0, "b", N_("square only"), has_code, square_alone },
    { 'i', 0, 0, "i", N_("invert"), has_code, invert },
    { 'o', 0, 0, "o", N_("sign out"), is_in, sign_out },
};

const struct screen screen_signin = {
    .id = SCREEN_SIGNIN,
    .title = N_("Sign in to Azure"),
    .help = &help_topics[HELP_SIGNIN],
    .sections = 1u << SEC_SIGNIN,
    .ticks = true,
    .hint_rows = 1,
    .low_hint_rows = 0,
    .size = sizeof(struct signin),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .open = signin_open,
    .close = signin_close,
    .draw = signin_draw,
    .leave = stop,
    .changed = signin_changed,
    .hint = signin_hint,
};
