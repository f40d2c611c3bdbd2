/* Signing in by device code: address and code whole on a line, the minutes that are left; and out
 * again. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/ways.h"
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
    plain_say(p, "%s", _("If your tenant blocks device codes, w signs in another way."));
    plain_say(p,
              P_("Waiting. %d minute left. Press Enter to stop.",
                 "Waiting. %d minutes left. Press Enter to stop.", w->minutes),
              w->minutes);
}

static void say_address(struct plain *p)
{
    const struct sec_signin *s = sec(p);

    plain_say(p, _("Sign in. Open %s in a browser on this machine."), s->verification_uri);
    plain_say(p,
              _("From your own machine: first ssh -L %d:localhost:%d THIS-MACHINE in another "
                "terminal, then open the same address there."),
              (int)s->port, (int)s->port);
    plain_say(p, "%s", _("Waiting. Press Enter to stop."));
}

static void cancel(struct plain *p)
{
    plain_do(p, _("The sign-in was not stopped"), "sign-in-cancel", NULL, NULL);
}

static bool start(struct plain *p)
{
    return plain_do(p, _("The sign-in did not start"), "sign-in", NULL, NULL);
}

/* ---- other ways ---- */

static bool ask_way(struct plain *p, const struct way_row **row)
{
    char line[PLAIN_LINE];
    int64_t n;

    plain_say(p, "%s", _("How do you want to sign in?"));
    for (size_t i = 0; i < way_count; i++)
        plain_say(p, "%zu  %s", i + 1, _(way_rows[i].label));
    while (plain_ask(p, line, "%s", _("Number of the way, ? for help, or Enter to go back:")) ==
           GOT_LINE) {
        if (answer_kind(line) == ANSWER_EMPTY || answer_kind(line) == ANSWER_BACK)
            return false;
        if (str_to_int(line, &n) && n >= 1 && n <= (int64_t)way_count) {
            *row = &way_rows[n - 1];
            return true;
        }
        for (size_t i = 0; i < way_count; i++)
            plain_say(p, "%zu  %s", i + 1, _(way_rows[i].help));
    }
    return false;
}

/* Each question until its answer is right; back ends them all. */
static bool ask_fields(struct plain *p, struct form *f)
{
    char line[PLAIN_LINE];

    for (int i = 0; i < f->n;) {
        if (plain_ask(p, line, "%s:", _(f->fields[i].label)) != GOT_LINE ||
            answer_kind(line) == ANSWER_BACK)
            return false;
        if (answer_kind(line) == ANSWER_HELP) {
            plain_say(p, "%s", _(f->fields[i].help));
            continue;
        }
        form_set(f, i, line, line, FORM_TYPED);
        form_settle(f, plain_model(p), i);
        if (str_eq(f->values[i].level, "fail"))
            plain_say(p, "%s: %s", _(f->fields[i].label), f->values[i].message);
        else
            i++;
    }
    return true;
}

static bool az_done(struct plain *p, void *payload)
{
    (void)p;
    return ((struct way_cli_end *)payload)->done;
}

static bool ask_azure_cli(struct plain *p, struct way *w, struct err *e)
{
    struct way_cli_end az = { 0 };
    struct way_cli *child = way_cli_start(plain_loop(p), w, way_cli_ended, &az, e);

    if (!child)
        return false;
    plain_say(p, "%s", _("Asking the Azure CLI for its token."));
    if (plain_wait(p, NULL, az_done, &az) != GOT_EVENT && !az.done) {
        way_cli_stop(child);
        return false;
    }
    *e = az.err;
    return !err_is(e);
}

static bool start_other(struct plain *p)
{
    const struct way_row *row;
    struct wire_secret secrets[WIRE_MAX_SECRETS];
    struct way w = { 0 };
    struct form f;
    struct err e = { 0 };
    bool ok;

    if (!ask_way(p, &row))
        return false;
    form_init(&f, row->fields, row->n, "");
    if (!ask_fields(p, &f))
        return false;
    ok = str_eq(row->name, "azure-cli") ? ask_azure_cli(p, &w, &e)
                                        : way_from_form(&w, row, &f, &e) == 0;
    if (w.warning[0])
        plain_say(p, "%s", w.warning);
    if (ok)
        ok = plain_do_secret(p, _("The sign-in did not start"), "sign-in", way_args(&w), secrets,
                             way_secrets(&w, secrets));
    else if (err_is(&e))
        plain_error(p, _("Not signed in"), &e);
    way_clear(&w);
    return ok;
}

static bool browser_over(struct plain *p, void *payload)
{
    (void)payload;
    return !state_is(p, "browser") && !state_is(p, "starting");
}

static enum got wait_for_browser(struct plain *p)
{
    char line[PLAIN_LINE];
    enum got got;

    say_address(p);
    while ((got = plain_wait(p, line, browser_over, NULL)) == GOT_LINE) {
        if (answer_kind(line) == ANSWER_HELP) {
            plain_help(p, HELP_SIGNIN);
            say_address(p);
            continue;
        }
        cancel(p);
        plain_say(p, "%s", _("Stopped. Nobody is signed in."));
        break;
    }
    return got;
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
        } else if (answer_is(line, "w", N_("way"))) {
            cancel(p);
            return start_other(p) ? GOT_EVENT : GOT_LINE;
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
    return !state_is(p, "starting");
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
                      _("Type n for a new code, w for another way, ? for help, or press Enter to "
                        "go back:")) != GOT_LINE)
            return false;
        if (answer_is(line, "n", N_("new")))
            return start(p);
        if (answer_is(line, "w", N_("way")))
            return start_other(p);
        if (answer_kind(line) != ANSWER_HELP)
            return false;
        plain_help(p, HELP_SIGNIN);
    }
}

bool job_sign_in_now(struct plain *p)
{
    if ((state_is(p, "out") || state_is(p, "failed")) && !start(p))
        return false;
    for (;;) {
        char who[64];

        if (plain_wait(p, NULL, has_code_or_end, NULL) != GOT_EVENT)
            return false;
        if ((state_is(p, "code") || state_is(p, "browser")) && !sec(p)->yours) {
            plain_say(p, _("%s is signing in at this moment. The code is shown to that user only."),
                      words_owner(sec(p), who, sizeof who));
            return false;
        }
        if (state_is(p, "in"))
            break;
        if (state_is(p, "code")      ? wait_for_code(p) != GOT_EVENT
            : state_is(p, "browser") ? wait_for_browser(p) != GOT_EVENT
                                     : !once_more(p))
            return false;
    }
    plain_say(p, _("Signed in as %s."), words_or_blank(sec(p)->account));
    return model_signed_in(plain_model(p));
}

bool job_sign_in_for(struct plain *p, const char *why)
{
    if (model_signed_in(plain_model(p)))
        return true;
    if (state_is(p, "in")) {
        plain_say(p, "%s",
                  _("Somebody else is signed in here; you cannot work with that sign-in."));
        return false;
    }
    plain_say(p, "%s", why);
    return job_sign_in_now(p);
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
                  s->ends ? P_("Token good for %d minute; then sign in again.",
                               "Token good for %d minutes; then sign in again.", left)
                          : P_("Token good for %d minute, renewed by itself.",
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
