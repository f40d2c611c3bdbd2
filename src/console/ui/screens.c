#include "config.h"

#include "console/ui/screens.h"

#include "base/i18n.h"
#include "console/face/acts.h"

const struct screen *const screens[SCREENS] = {
    [SCREEN_HOME] = &screen_home,     [SCREEN_WIZARD] = &screen_wizard,
    [SCREEN_SIGNIN] = &screen_signin, [SCREEN_PROGRESS] = &screen_progress,
    [SCREEN_WAYS] = &screen_ways,     [SCREEN_NODES] = &screen_nodes,
    [SCREEN_LOG] = &screen_log,       [SCREEN_TERMINAL] = &screen_terminal,
    [SCREEN_HELP] = &screen_help,     [SCREEN_SECRET] = &screen_secret,
    [SCREEN_ACT] = &screen_act,
};

/* ---- what the items open ---- */

static void show_run(struct ui *ui, void *payload)
{
    (void)payload;
    ui_open(ui, SCREEN_PROGRESS);
}

static void other_values(struct ui *ui, void *payload)
{
    (void)payload;
    ui_open(ui, SCREEN_WIZARD);
}

/* A run of this item that came to no good end can go on: without this question nothing would lead
 * back to it. true: it was asked, or the run under way is shown. */
static bool shown_run(struct ui *ui, int item, struct dialog *d)
{
    const struct sec_run *r = ui_section(ui, SEC_RUN);
    bool failed = str_eq(r->state, "failed");

    if (model_run_active(ui_model(ui))) {
        ui_open(ui, SCREEN_PROGRESS);
        return true;
    }
    if ((!failed && !str_eq(r->state, "stopped")) || act_item_of_run(r) != item)
        return false;
    STR_SET(d->text, failed
                         ? _("The last run failed. It can go on: what is there already is found.")
                         : _("The last run was stopped. It can go on: what is there already is "
                             "found."));
    ui_dialog(ui, d);
    return true;
}

static void open_register(struct ui *ui)
{
    struct dialog d = { .title = N_("Register with Azure"),
                        .n = 2,
                        .choices = { { N_("Show that run"), show_run },
                                     { N_("Enter other values"), other_values } } };

    if (!shown_run(ui, 1, &d))
        ui_open(ui, SCREEN_WIZARD);
}

static void mend_anew(struct ui *ui, void *payload)
{
    (void)payload;
    act_open(ui, 9);
}

static void leave_anew(struct ui *ui, void *payload)
{
    (void)payload;
    act_open(ui, 10);
}

static void open_mend(struct ui *ui)
{
    struct dialog d = { .title = N_("Repair, sync, clean up"),
                        .n = 2,
                        .choices = { { N_("Show that run"), show_run },
                                     { N_("Begin anew"), mend_anew } } };

    if (!shown_run(ui, 9, &d))
        act_open(ui, 9);
}

static void open_leave(struct ui *ui)
{
    struct dialog d = { .title = N_("Unregister or move"),
                        .n = 2,
                        .choices = { { N_("Show that run"), show_run },
                                     { N_("Begin anew"), leave_anew } } };

    if (!shown_run(ui, 10, &d))
        act_open(ui, 10);
}

static void open_signin(struct ui *ui)
{
    ui_open(ui, SCREEN_SIGNIN);
}

static void open_nodes(struct ui *ui)
{
    ui_open(ui, SCREEN_NODES);
}

static void open_log(struct ui *ui)
{
    ui_open(ui, SCREEN_LOG);
}

static void open_terminal(struct ui *ui)
{
    ui_open(ui, SCREEN_TERMINAL);
}

/* ---- what stands beside them ---- */

static enum role note_terminal(struct ui *ui, char *out, size_t size)
{
    str_fmt(out, size, "%s, %s", ui_theme(ui)->rich ? _("rich") : _("basic"), ui_tty(ui)->name);
    return ROLE_QUIET;
}

const struct item *menu_item(const struct menu_row *row)
{
    for (size_t i = 0; i < item_count; i++)
        if (item_rows[i].number == row->number)
            return &item_rows[i];
    return &item_rows[0];
}

enum role menu_note(struct ui *ui, const struct menu_row *row, char *out, size_t size)
{
    const struct item *it = menu_item(row);
    enum role role;

    out[0] = '\0';
    if (row->note)
        return row->note(ui, out, size);
    role = it->note ? theme_role(it->note(ui_model(ui), out, size)) : ROLE_TEXT;
    return role == ROLE_TEXT ? ROLE_QUIET : role;
}

const struct menu_row menu_rows[] = {
    { 1, open_register, NULL },
    { 2, open_signin, NULL },
    { 3, open_nodes, NULL },
    { 8, open_log, NULL },
    { 9, open_mend, NULL },
    { 10, open_leave, NULL },
    { 11, open_terminal, note_terminal },
    { 12, action_log_off, NULL },
    { 13, action_restart, NULL },
    { 14, action_shut_down, NULL },
    { 15, action_shell, NULL },
};
const size_t n_menu_rows = ARRAY_LEN(menu_rows);
