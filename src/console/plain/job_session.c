/* Items 12 to 15: the login session, the machine, the way out. */
#include "config.h"

#include "base/i18n.h"
#include "base/text.h"
#include "console/face/session.h"
#include "console/plain/plain.h"

static bool asked(struct plain *p, enum session_act act, const char *question)
{
    char text[600];

    if (!session_question(plain_model(p), act, text, sizeof text)) {
        plain_say(p, "%s", text);
        return false;
    }
    plain_say(p, "%s", text);
    if (plain_confirm(p, question))
        return true;
    if (!plain_ended(p))
        plain_say(p, "%s", _("Nothing was done."));
    return false;
}

void job_log_off(struct plain *p)
{
    struct err e = { 0 };

    if (!asked(p, SESSION_LOG_OFF, _("Type yes to log off:")))
        return;
    if (session_log_off(&e) < 0)
        plain_error(p, _("Log off"), &e);
    else
        plain_leave(p, 0, NULL);
}

struct power {
    bool over;
    int exit_code;
    char why[200];
};

static void power_done(void *payload, const struct proc_result *r)
{
    struct power *w = payload;

    w->over = true;
    w->exit_code = r->exit_code;
    text_set(w->why, sizeof w->why, r->errout_len ? r->errout : _("no reason given"));
}

static bool power_over(struct plain *p, void *payload)
{
    (void)p;
    return ((struct power *)payload)->over;
}

static void power(struct plain *p, enum session_act act, const char *question)
{
    static struct power w; /* systemctl may outlive this job */
    struct err e = { 0 };

    if (!asked(p, act, question))
        return;
    w = (struct power){ 0 };
    if (session_power(plain_loop(p), act, power_done, &w, &e) < 0) {
        plain_say(p, "%s", e.message);
        return;
    }
    plain_say(p, "%s", _("Asked systemd."));
    if (plain_wait(p, NULL, power_over, &w) == GOT_EVENT && w.exit_code != 0)
        plain_say(p, _("systemctl did not do it: %s"), w.why);
}

void job_restart(struct plain *p)
{
    power(p, SESSION_RESTART, _("Type yes to restart this machine:"));
}

void job_shut_down(struct plain *p)
{
    power(p, SESSION_SHUT_DOWN, _("Type yes to shut this machine down:"));
}

void job_exit(struct plain *p)
{
    const char *shell;
    int r;

    if (!plain_options(p)->getty) {
        plain_leave(p, 0, session_last_words(plain_model(p)));
        return;
    }
    plain_say(p, "%s", _("Type exit to come back to azloconf."));
    r = session_shell(&shell);
    plain_resume(p);
    if (r < 0)
        plain_say(p, _("The shell %s could not be started."), shell);
}
