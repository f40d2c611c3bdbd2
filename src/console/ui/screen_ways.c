/* The ways to sign in: a short list, and the questions of the one that was chosen. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/ways.h"
#include "console/ui/form.h"
#include "console/ui/frame.h"
#include "console/ui/screens.h"

#define MAX_WAYS 9

struct ways {
    struct menu menu;
    const struct way_row *row; /* whose form is shown; NULL: the list */
    struct form form;
    struct way way;
    struct way_cli *az; /* under way */
    bool asked;         /* the core was asked */
};

static void ways_open(struct ui *ui, void *self)
{
    struct ways *s = self;

    (void)ui;
    s->row = NULL;
    s->asked = false;
}

static void ways_close(struct ui *ui, void *self)
{
    struct ways *s = self;

    (void)ui;
    way_cli_stop(s->az);
    s->az = NULL;
    way_clear(&s->way);
}

/* The sign-in screen shows how it goes on; a screen that only waited for it goes on by itself. */
static void answered(void *payload, const struct json *result, const struct err *e)
{
    struct ui *ui = payload;
    struct ways *s = ui_self(ui, SCREEN_WAYS);
    const struct sec_signin *in = ui_section(ui, SEC_SIGNIN);

    (void)result;
    s->asked = false;
    if (ui_top(ui)->id != SCREEN_WAYS)
        return;
    if (e) {
        ui_show_err(ui, _("The sign-in did not start"), e);
        return;
    }
    ui_back(ui);
    if (str_eq(in->state, "in") && ui_top(ui)->id == SCREEN_SIGNIN && ui_below(ui) &&
        ui_below(ui)->signs_in)
        ui_back(ui);
}

static void hand_over(struct ui *ui, struct ways *s)
{
    struct wire_secret secrets[WIRE_MAX_SECRETS];
    size_t n = way_secrets(&s->way, secrets);

    s->asked = ui_ask_secret(ui, "sign-in", way_args(&s->way), secrets, n, answered, ui);
    if (s->asked && s->way.warning[0])
        ui_notice(ui, "warn", "%s", s->way.warning);
    way_clear(&s->way);
}

static void on_az(void *payload, const struct err *e)
{
    struct ui *ui = payload;
    struct ways *s = ui_self(ui, SCREEN_WAYS);

    s->az = NULL;
    if (e) {
        way_clear(&s->way);
        ui_show_err(ui, _("Not signed in"), e);
    } else {
        hand_over(ui, s);
    }
    ui_dirty(ui);
}

static void begin(struct ui *ui, struct ways *s, const struct way_row *row)
{
    struct err e = { 0 };

    if (s->az || s->asked)
        return;
    way_clear(&s->way);
    if (str_eq(row->name, "azure-cli")) {
        s->az = way_cli_start(ui_loop(ui), &s->way, on_az, ui, &e);
        if (!s->az)
            ui_show_err(ui, _("Not signed in"), &e);
    } else if (way_from_form(&s->way, row, &s->form, &e) < 0) {
        way_clear(&s->way);
        ui_show_err(ui, _("Not signed in"), &e);
    } else {
        hand_over(ui, s);
    }
}

static void choose(struct ui *ui, struct ways *s, const struct way_row *row)
{
    if (row->n == 0) {
        begin(ui, s, row);
        return;
    }
    s->row = row;
    form_init(&s->form, row->fields, row->n, N_("Sign in"));
}

static int items(struct menu_item out[MAX_WAYS])
{
    int n = 0;

    for (size_t i = 0; i < way_count && n < MAX_WAYS; i++, n++)
        out[n] = (struct menu_item){ .number = n + 1, .text = way_rows[i].label };
    return n;
}

static bool ways_key(struct ui *ui, void *self, int key)
{
    struct ways *s = self;
    struct menu_item list[MAX_WAYS];
    int chosen;

    if (s->az || s->asked)
        return key != K_ESC;
    if (s->row) {
        enum form_result r = form_key(&s->form, ui, key);

        if (r == FORM_NEXT)
            begin(ui, s, s->row);
        return r != FORM_UNUSED;
    }
    if (!menu_key(&s->menu, list, items(list), key, &chosen))
        return false;
    if (chosen >= 0)
        choose(ui, s, &way_rows[chosen]);
    return true;
}

static bool ways_typing(const void *self)
{
    const struct ways *s = self;

    return s->row && !s->az && !s->asked && form_typing(&s->form);
}

static bool ways_leave(struct ui *ui, void *self)
{
    struct ways *s = self;

    if (s->az) {
        ways_close(ui, self);
        ui_dirty(ui);
        return true;
    }
    if (!s->row || form_close_list(&s->form))
        return s->row != NULL;
    s->row = NULL;
    ui_dirty(ui);
    return true;
}

static void ways_draw(struct ui *ui, void *self, const struct area *body)
{
    struct ways *s = self;
    struct menu_item list[MAX_WAYS];
    struct area a = { body->row + 1, 2, body->rows - 1, body->cols - 4 };
    int n = items(list);

    if (s->az) {
        paint_wrapped(&a, ROLE_TEXT, _("Asking the Azure CLI for its token. Esc stops."));
    } else if (s->row) {
        a.row += paint_wrapped(&a, ROLE_TEXT, _(s->row->label)) + 1;
        a.rows = body->row + body->rows - a.row;
        form_draw(&s->form, ui, &(struct area){ a.row, 0, a.rows, body->cols });
    } else {
        a.row += paint_wrapped(&a, ROLE_TEXT, _("How do you want to sign in?")) + 1;
        menu_draw(&s->menu, list, n, &(struct area){ a.row, 1, n, body->cols - 2 });
    }
}

static void ways_hint(struct ui *ui, void *self, char *out, size_t size)
{
    const struct ways *s = self;

    (void)ui;
    if (s->row)
        str_copy(out, size, form_help(&s->form)[0] ? form_help(&s->form) : _(s->row->help));
    else
        str_copy(out, size, _(way_rows[s->menu.selected].help));
}

const struct screen screen_ways = {
    .id = SCREEN_WAYS,
    .title = N_("Ways to sign in"),
    .help = &help_topics[HELP_SIGNIN],
    .sections = 1u << SEC_SIGNIN,
    .hint_rows = 2,
    .low_hint_rows = 2,
    .size = sizeof(struct ways),
    .open = ways_open,
    .close = ways_close,
    .draw = ways_draw,
    .key = ways_key,
    .typing = ways_typing,
    .leave = ways_leave,
    .hint = ways_hint,
};
