#include "config.h"

#include "console/ui/screens.h"

#include "base/i18n.h"
#include "console/ui/frame.h"

const struct screen *const screens[SCREENS] = {
    [SCREEN_HOME] = &screen_home,         [SCREEN_WIZARD] = &screen_wizard,
    [SCREEN_SIGNIN] = &screen_signin,     [SCREEN_PROGRESS] = &screen_progress,
    [SCREEN_NODES] = &screen_nodes,       [SCREEN_LOG] = &screen_log,
    [SCREEN_TERMINAL] = &screen_terminal, [SCREEN_HELP] = &screen_help,
};

/* ---- what the items open ---- */

static void open_register(struct ui *ui)
{
    ui_open(ui, model_run_active(ui_model(ui)) ? SCREEN_PROGRESS : SCREEN_WIZARD);
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

static enum role note_register(struct ui *ui, char *out, size_t size)
{
    const struct sec_run *r = ui_section(ui, SEC_RUN);
    const struct sec_cluster *c = ui_section(ui, SEC_CLUSTER);

    if (str_eq(r->state, "waiting-sign-in")) {
        str_copy(out, size, _("waits for sign-in"));
        return ROLE_WARN;
    }
    if (model_run_active(ui_model(ui))) {
        str_fmt(out, size, _("running: step %d of %d"), (int)r->step_no, (int)r->step_count);
        return ROLE_GOOD;
    }
    if (str_eq(c->registration.word, "Registered")) {
        str_fmt(out, size, _("done: %s, %s"), words_or_blank(c->azure_resource_name),
                words_or_blank(c->region));
        return ROLE_QUIET;
    }
    if (str_eq(r->state, "failed") || str_eq(r->state, "stopped")) {
        str_copy(out, size,
                 str_eq(r->state, "failed") ? _("the last run failed")
                                            : _("the last run was stopped"));
        return ROLE_WARN;
    }
    if (ui_has(ui, SEC_CLUSTER))
        str_copy(out, size, c->exists ? _("not registered") : _("no cluster yet"));
    return ROLE_QUIET;
}

static enum role note_signin(struct ui *ui, char *out, size_t size)
{
    const struct sec_signin *s = ui_section(ui, SEC_SIGNIN);

    if (str_eq(s->state, "in"))
        str_copy(out, size, s->account[0] ? s->account : _("signed in"));
    else if (str_eq(s->state, "code"))
        str_copy(out, size, _("a code is waiting for you"));
    else if (str_eq(s->state, "starting"))
        str_copy(out, size, _("asking Azure for a code"));
    else if (str_eq(s->state, "failed"))
        str_copy(out, size, _("failed"));
    else if (ui_has(ui, SEC_SIGNIN))
        str_copy(out, size, _("signed out"));
    return str_eq(s->state, "code") || str_eq(s->state, "failed") ? ROLE_WARN : ROLE_QUIET;
}

static enum role note_nodes(struct ui *ui, char *out, size_t size)
{
    const struct sec_cluster *c = ui_section(ui, SEC_CLUSTER);
    int down = (int)(c->nodes_total - c->nodes_up);

    if (c->nodes_total > 0)
        str_fmt(out, size, _("%d up, %d down"), (int)c->nodes_up, down);
    return down > 0 ? ROLE_WARN : ROLE_QUIET;
}

static enum role note_log(struct ui *ui, char *out, size_t size)
{
    const struct sec_log *log = ui_section(ui, SEC_LOG);
    int n = 0;

    for (size_t i = 0; i < log->n; i++)
        n += str_istarts(log->lines[i].level, "warn") || str_istarts(log->lines[i].level, "err");
    if (n > 0)
        str_fmt(out, size, P_("%d warning or error", "%d warnings or errors", n), n);
    return n > 0 ? ROLE_WARN : ROLE_QUIET;
}

static enum role note_terminal(struct ui *ui, char *out, size_t size)
{
    str_fmt(out, size, "%s, %s", ui_theme(ui)->rich ? _("rich") : _("basic"), ui_tty(ui)->name);
    return ROLE_QUIET;
}

static enum role note_host(struct ui *ui, char *out, size_t size)
{
    const struct sec_core *core = ui_section(ui, SEC_CORE);

    str_copy(out, size, str_eq(core->mode, "sandbox") ? _("not in the sandbox") : core->host);
    return ROLE_QUIET;
}

static enum role note_shell(struct ui *ui, char *out, size_t size)
{
    str_copy(out, size, model_run_active(ui_model(ui)) ? _("the work goes on") : "");
    return ROLE_QUIET;
}

const struct menu_row menu_rows[] = {
    { 1, N_("Register this cluster with Azure"),
      N_("Asks for subscription and region, shows everything before it is done, then registers. "
         "Sign-in needs a phone or PC with a browser."),
      open_register, note_register },
    { 2, N_("Sign in to Azure"),
      N_("Shows a code and a square for the browser of another device. Nothing is typed here."),
      open_signin, note_signin },
    { 3, N_("Nodes and Arc"),
      N_("Each node: state, registration, connection, Azure Arc agent, and what to do."),
      open_nodes, note_nodes },
    { 8, N_("Logs"), N_("What the core did and what Azure answered. / finds."), open_log,
      note_log },
    { 11, N_("Terminal and language"), N_("Basic or rich look, size, language, colours."),
      open_terminal, note_terminal },
    { 12, N_("Log off"), N_("Ends this login session after asking. A running operation goes on."),
      action_log_off, NULL },
    { 13, N_("Restart this machine"), N_("Asks first."), action_restart, note_host },
    { 14, N_("Shut down this machine"), N_("Asks first."), action_shut_down, note_host },
    { 15, N_("Exit to shell"),
      N_("Leaves this screen. A running operation goes on; type azloconf to come back."),
      action_shell, note_shell },
};
const size_t n_menu_rows = ARRAY_LEN(menu_rows);
