#include "config.h"

#include "console/ui/ui_int.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/i18n.h"
#include "console/face/session.h"

#define RESIZE_QUIET_MS 50

/* ---- signals, core ---- */

/* By the signal's own action: where no shell would get the terminal the kernel does not stop us. */
static void stop(struct ui *ui)
{
    static const struct sigaction plain = { .sa_handler = SIG_DFL };
    struct sigaction ours;

    tty_pause(&ui->tty);
    sigaction(SIGTSTP, &plain, &ours);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
}

static void on_signal(void *payload, int signo)
{
    struct ui *ui = payload;

    if (signo == SIGWINCH) {
        loop_timer_del(ui->resize);
        ui->resize = loop_after(ui->loop, RESIZE_QUIET_MS, ui_on_resized, ui);
    } else if (signo == SIGCONT || signo == SIGTSTP) {
        if (signo == SIGTSTP)
            stop(ui);
        tty_resume(&ui->tty);
        ui->for_key = true;
        ui_repaint(ui);
    } else {
        ui_leave(ui, 128 + signo, NULL);
    }
}

static int watch_signals(struct ui *ui, struct err *e)
{
    static const int signals[] = { SIGWINCH, SIGCONT, SIGTSTP, SIGTERM, SIGHUP, SIGINT, SIGQUIT };

    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        if (loop_signal(ui->loop, signals[i], on_signal, ui, e) < 0)
            return -1;
    return 0;
}

static void on_change(void *payload, enum section_id id)
{
    struct ui *ui = payload;

    for (int i = 0; i < ui->depth; i++) {
        const struct screen *s = screens[ui->stack[i]];
        if ((s->sections & 1u << id) && s->changed)
            s->changed(ui, ui_self(ui, s->id), id);
    }
    if ((ui_top(ui)->sections & 1u << id) || id == SEC_CORE || id == SEC_CLUSTER)
        ui_dirty(ui);
}

static void on_state(void *payload, enum client_state state, const struct err *why)
{
    struct ui *ui = payload;

    model_state(&ui->model, state, why);
    ui_dirty(ui);
}

void ui_shell(struct ui *ui)
{
    const char *shell;
    int r;

    tty_pause(&ui->tty);
    tty_say(_("Type exit to come back to azloconf."));
    r = session_shell(&shell);
    tty_resume(&ui->tty);
    ui_repaint(ui);
    if (r < 0)
        ui_notice(ui, "fail", _("The shell %s could not be started."), shell);
}

/* ---- life ---- */

struct ui *ui_new(const struct client_options *client, const struct ui_options *options,
                  struct err *e)
{
    struct ui *ui = xcalloc(1, sizeof *ui);

    ui->client_options = client;
    if (options)
        ui->options = *options;
    ui->model.now = ui->options.now;
    ui->loop = loop_new(e);
    if (!ui->loop || watch_signals(ui, e) < 0 || tty_open(&ui->tty, e) < 0) {
        ui_free(ui);
        return NULL;
    }
    ui->tty_open = true;
    theme_init(&ui->theme, ui->tty.name, ui->options.look);
    paint_use(&ui->theme);
    ui->keys = keys_new();
    tty_add_keys(&ui->tty, ui->keys);
    ui->quiet_since = mono_ms();
    ui_open(ui, SCREEN_HOME);
    ui_say_language(ui);
    if (ui->tty.given[0] && !str_eq(ui->tty.given, ui->tty.name))
        ui_notice(ui, "warn", _("The terminal type \"%s\" is unknown here; it is taken for a %s."),
                  ui->tty.given, ui->tty.name);
    return ui;
}

static void start_client(struct ui *ui)
{
    static const struct client_options none;
    struct client_options o = ui->client_options ? *ui->client_options : none;

    o.sections = (1u << SECTIONS) - 1;
    if (ui->options.core_fd > 0)
        ui->model.client =
            client_over(ui->loop, ui->options.core_fd, o.sections, on_change, on_state, ui);
    else
        ui->model.client = client_start(ui->loop, &o, on_change, on_state, ui);
}

int ui_run(struct ui *ui)
{
    if (ui->tty.size_unknown) {
        ui_ask_size(ui);
        ui->all = false;
    }
    ui_flush(ui); /* the first paint waits for nobody else */
    loop_io_add(ui->loop, STDIN_FILENO, POLLIN, ui_on_input, ui);
    start_client(ui);
    ui_on_tick(ui);
    while (!ui->leaving) {
        if (loop_turn(ui->loop, -1) < 0)
            ui_leave(ui, 1, NULL);
        if (!ui->leaving)
            ui_flush(ui);
    }
    return ui->exit_code;
}

void ui_free(struct ui *ui)
{
    if (!ui)
        return;
    while (ui->depth > 0)
        ui_pop(ui);
    if (ui->tty_open)
        tty_close(&ui->tty, ui->last_words);
    if (ui->model.client)
        client_free(ui->model.client);
    if (ui->loop)
        loop_free(ui->loop);
    for (int i = 0; i < SCREENS; i++)
        free(ui->selves[i]);
    keys_free(ui->keys);
    free(ui);
}
