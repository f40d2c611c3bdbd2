#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/proc.h"
#include "base/text.h"
#include "console/ui/screens.h"

static const char *goes_on(struct ui *ui)
{
    return model_run_active(ui_model(ui)) ? _(" The operation that is running goes on without you.")
                                          : "";
}

/* ---- 12 log off ---- */

static void do_log_off(struct ui *ui, void *payload)
{
    pid_t leader = getsid(0);

    (void)payload;
    if (leader <= 1 || leader == getpid()) {
        ui_leave(ui, 0, NULL);
        return;
    }
    if (kill(leader, SIGHUP) < 0)
        ui_notice(ui, "fail", _("The session could not be ended: %s"), strerror(errno));
    else
        ui_leave(ui, 0, NULL);
}

void action_log_off(struct ui *ui)
{
    struct dialog d = { .title = N_("Log off"), .n = 2, .focus = 1 };

    str_fmt(d.text, sizeof d.text,
            _("Your login session on this terminal ends, with everything that runs in it.%s"),
            goes_on(ui));
    d.choices[0].label = N_("Log off now");
    d.choices[0].run = do_log_off;
    d.choices[1].label = N_("Stay");
    ui_dialog(ui, &d);
}

/* ---- 13 restart, 14 shut down ---- */

static void power_done(void *payload, const struct proc_result *r)
{
    char why[200];

    if (r->exit_code == 0)
        return;
    text_set(why, sizeof why, r->errout_len ? r->errout : _("no reason given"));
    ui_notice(payload, "fail", _("systemctl did not do it: %s"), why);
}

static void power(struct ui *ui, const char *verb)
{
    static const char *const places[] = { "/usr/bin/systemctl", "/bin/systemctl" };
    struct err e = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *argv[] = { places[i], verb, NULL };
        struct proc_spec spec = { .argv = argv, .deadline_ms = 30000 };

        if (access(places[i], X_OK) < 0)
            continue;
        if (!proc_start(ui_loop(ui), &spec, power_done, ui, &e))
            ui_notice(ui, "fail", "%s", e.message);
        else
            ui_notice(ui, "", "%s", _("Asked systemd."));
        return;
    }
    ui_notice(ui, "fail", "%s",
              _("There is no systemctl on this machine: use its own way to restart or shut down."));
}

static void do_restart(struct ui *ui, void *payload)
{
    (void)payload;
    power(ui, "reboot");
}

static void do_shut_down(struct ui *ui, void *payload)
{
    (void)payload;
    power(ui, "poweroff");
}

static void ask_power(struct ui *ui, const char *title, const char *label,
                      void (*run)(struct ui *, void *))
{
    const struct sec_core *core = ui_section(ui, SEC_CORE);
    struct dialog d = { .title = title, .n = 2, .focus = 1 };

    if (str_eq(core->mode, "sandbox")) {
        ui_notice(ui, "warn", "%s",
                  _("This is the sandbox, a rehearsal: it does not restart or shut down the real "
                    "machine."));
        return;
    }
    str_fmt(d.text, sizeof d.text, _("%s: everything that runs on this machine ends.%s"),
            core->host,
            model_run_active(ui_model(ui)) ? _(" The operation that is running stops in "
                                               "between and goes on when the machine is back.")
                                           : "");
    d.choices[0].label = label;
    d.choices[0].run = run;
    d.choices[1].label = N_("Leave it running");
    ui_dialog(ui, &d);
}

void action_restart(struct ui *ui)
{
    ask_power(ui, N_("Restart this machine"), N_("Restart now"), do_restart);
}

void action_shut_down(struct ui *ui)
{
    ask_power(ui, N_("Shut down this machine"), N_("Shut down now"), do_shut_down);
}

/* ---- 15 exit to shell ---- */

void action_shell(struct ui *ui)
{
    if (ui_options(ui)->getty)
        ui_shell(ui);
    else
        ui_leave(ui, 0,
                 model_run_active(ui_model(ui))
                     ? _("azloconf left; the operation goes on. Type azloconf to come back to it.")
                     : _("azloconf left. Type azloconf to come back."));
}
