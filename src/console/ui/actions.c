#include "config.h"

#include "base/i18n.h"
#include "base/text.h"
#include "console/face/session.h"
#include "console/ui/screens.h"

/* ---- 12 log off ---- */

static void do_log_off(struct ui *ui, void *payload)
{
    struct err e = { 0 };

    (void)payload;
    if (session_log_off(&e) < 0)
        ui_notice(ui, "fail", "%s", e.message);
    else
        ui_leave(ui, 0, NULL);
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

static void power(struct ui *ui, enum session_act act)
{
    struct err e = { 0 };

    if (ui_options(ui)->core_fd > 0) { /* a test's console: random keys restart no machine */
        ui_notice(ui, "", "%s", _("Asked systemd."));
        return;
    }
    if (session_power(ui_loop(ui), act, power_done, ui, &e) < 0)
        ui_notice(ui, "fail", "%s", e.message);
    else
        ui_notice(ui, "", "%s", _("Asked systemd."));
}

static void do_restart(struct ui *ui, void *payload)
{
    (void)payload;
    power(ui, SESSION_RESTART);
}

static void do_shut_down(struct ui *ui, void *payload)
{
    (void)payload;
    power(ui, SESSION_SHUT_DOWN);
}

static void ask(struct ui *ui, enum session_act act, struct dialog *d)
{
    d->n = 2;
    d->focus = 1;
    if (session_question(ui_model(ui), act, d->text, sizeof d->text))
        ui_dialog(ui, d);
    else
        ui_notice(ui, "warn", "%s", d->text);
}

void action_log_off(struct ui *ui)
{
    ask(ui, SESSION_LOG_OFF,
        &(struct dialog){ .title = N_("Log off"),
                          .choices = { { N_("Log off now"), do_log_off }, { N_("Stay"), NULL } } });
}

void action_restart(struct ui *ui)
{
    ask(ui, SESSION_RESTART,
        &(struct dialog){
            .title = N_("Restart this machine"),
            .choices = { { N_("Restart now"), do_restart }, { N_("Leave it running"), NULL } } });
}

void action_shut_down(struct ui *ui)
{
    ask(ui, SESSION_SHUT_DOWN,
        &(struct dialog){ .title = N_("Shut down this machine"),
                          .choices = { { N_("Shut down now"), do_shut_down },
                                       { N_("Leave it running"), NULL } } });
}

/* ---- 15 exit to shell ---- */

void action_shell(struct ui *ui)
{
    if (ui_options(ui)->getty)
        ui_shell(ui);
    else
        ui_leave(ui, 0, session_last_words(ui_model(ui)));
}
