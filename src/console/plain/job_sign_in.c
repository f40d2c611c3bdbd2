/* Signing in by device code: address and code whole on a line, the minutes that are left; and out
 * again. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/words.h"
#include "console/plain/answer.h"
#include "console/plain/plain.h"

#define SLACK_MS                                                                                   \
    5000 /* clocks are set while a code waits: whole minutes are said on the safe side */

static const struct sec_signin *sec(const struct plain *p)
{
    return plain_section(p, SEC_SIGNIN);
}

static bool state_is(const struct plain *p, const char *state)
{
    return str_eq(sec(p)->state, state);
}

/* ---- the code ---- */

struct wait {
    char code[48];
    int minutes; /* said last */
};

static int minutes_left(struct plain *p)
{
    int64_t ms = sec(p)->code_expires_at - model_now(plain_model(p)) - SLACK_MS;

    return ms > 0 ? (int)(ms / 60000) : 0;
}

/* The time that is left is said at the start, then only now and then. */
static bool code_over(struct plain *p, void *payload)
{
    struct wait *w = payload;
    int left = minutes_left(p);

    if (!state_is(p, "code") || !str_eq(sec(p)->user_code, w->code))
        return true;
    if (left < w->minutes && left > 0 && (left % 5 == 0 || left < 3)) {
        plain_say(p, P_("Waiting. %d minute left.", "Waiting. %d minutes left.", left), left);
        w->minutes = left;
    }
    return false;
}

static void say_code(struct plain *p, struct wait *w)
{
    const struct sec_signin *s = sec(p);
    const struct sec_core *core = plain_section(p, SEC_CORE);
    int64_t life = s->code_expires_at - model_now(plain_model(p));
    int good = life > 0 ? (int)((life + 30000) / 60000) : 0;
    struct str text = STR_INIT;

    STR_SET(w->code, s->user_code);
    w->minutes = minutes_left(p);
    if (!s->uri_trusted)
        plain_say(p, "%s",
                  _("The address is not one that this cloud uses for signing in. Check it before "
                    "you open it."));
    str_addf(&text, _("Sign in. Open %s and type the code %s."), s->verification_uri, s->user_code);
    str_addc(&text, ' ');
    str_addf(&text, P_("Code good for %d minute.", "Code good for %d minutes.", good), good);
    plain_say(p, "%s", str_p(&text));
    str_free(&text);
    if (str_eq(core->mode, "sandbox"))
        plain_say(
            p, "%s",
            _("Sandbox: open the address on this machine, or wait until it approves itself."));
    plain_say(p,
              P_("Waiting. %d minute left. Press Enter to stop.",
                 "Waiting. %d minutes left. Press Enter to stop.", w->minutes),
              w->minutes);
}

static void cancel(struct plain *p)
{
    plain_do(p, _("The sign-in was not stopped"), "sign-in-cancel", NULL, NULL);
}

static bool start(struct plain *p)
{
    return plain_do(p, _("The sign-in did not start"), "sign-in", NULL, NULL);
}

/* GOT_EVENT: the code is over, one way or the other. */
static enum got wait_for_code(struct plain *p)
{
    struct wait w = { .minutes = 0 };
    char line[PLAIN_LINE];
    enum got got;

    say_code(p, &w);
    while ((got = plain_wait(p, line, code_over, &w)) == GOT_LINE) {
        if (answer_kind(line) == ANSWER_HELP) {
            plain_help(p, HELP_SIGNIN);
            say_code(p, &w);
        } else if (answer_is(line, "n", N_("new"))) {
            cancel(p);
            return start(p) ? GOT_EVENT : GOT_LINE;
        } else {
            cancel(p);
            plain_say(p, "%s", _("Stopped. Nobody is signed in."));
            return GOT_LINE;
        }
    }
    return got;
}

static bool has_code_or_end(struct plain *p, void *payload)
{
    (void)payload;
    return state_is(p, "code") || state_is(p, "in") || state_is(p, "failed") || state_is(p, "out");
}

/* A code that expired or was declined: another one? */
static bool once_more(struct plain *p)
{
    char line[PLAIN_LINE];

    if (state_is(p, "failed"))
        plain_error(p, _("Not signed in"), &sec(p)->error);
    else
        plain_say(p, "%s", _("Not signed in: the sign-in was stopped."));
    for (;;) {
        if (plain_ask(p, line, "%s",
                      _("Type n for a new code, ? for help, or press Enter to go back:")) !=
            GOT_LINE)
            return false;
        if (answer_is(line, "n", N_("new")))
            return start(p);
        if (answer_kind(line) != ANSWER_HELP)
            return false;
        plain_help(p, HELP_SIGNIN);
    }
}

bool job_sign_in_now(struct plain *p)
{
    if (!state_is(p, "in") && !state_is(p, "code") && !state_is(p, "starting") && !start(p))
        return false;
    for (;;) {
        char who[64];

        if (plain_wait(p, NULL, has_code_or_end, NULL) != GOT_EVENT)
            return false;
        if (state_is(p, "code") && !sec(p)->yours) {
            plain_say(p, _("%s is signing in at this moment. The code is shown to that user only."),
                      words_owner(sec(p), who, sizeof who));
            return false;
        }
        if (state_is(p, "in"))
            break;
        if (state_is(p, "code") ? wait_for_code(p) != GOT_EVENT : !once_more(p))
            return false;
    }
    plain_say(p, _("Signed in as %s."), words_or_blank(sec(p)->account));
    return model_signed_in(plain_model(p));
}

/* ---- signed in already ---- */

static void say_in(struct plain *p)
{
    const struct sec_signin *s = sec(p);
    int left = (int)((s->token_expires_at - model_now(plain_model(p))) / 60000);
    char who[64];

    plain_say(p, _("Signed in as %s."), words_or_blank(s->account));
    plain_say(p, _("Tenant: %s, %s."), words_or_blank(s->tenant_name),
              words_or_blank(s->tenant_id));
    if (s->token_expires_at > 0 && left >= 0)
        plain_say(p,
                  P_("Token good for %d minute, renewed by itself.",
                     "Token good for %d minutes, renewed by itself.", left),
                  left);
    if (!s->yours)
        plain_say(p, _("This sign-in belongs to %s: you cannot work with it."),
                  words_owner(s, who, sizeof who));
}

void job_sign_in(struct plain *p)
{
    char line[PLAIN_LINE];

    if (!state_is(p, "in")) {
        job_sign_in_now(p);
        return;
    }
    say_in(p);
    while (plain_ask(p, line, "%s", _("Type o to sign out, or press Enter to go back:")) ==
           GOT_LINE) {
        if (answer_is(line, "o", N_("out"))) {
            if (plain_do(p, _("Not signed out"), "sign-out", NULL, NULL))
                plain_say(p, "%s", _("Signed out: all tokens are forgotten."));
            return;
        }
        if (answer_kind(line) != ANSWER_HELP)
            return;
        plain_help(p, HELP_SIGNIN);
    }
}
