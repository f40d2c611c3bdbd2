/* Signing in by device code: address and code whole on a line, the minutes that are left. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/words.h"
#include "console/plain/plain.h"

static const struct sec_signin *sec(const struct plain *p)
{
    return plain_section(p, SEC_SIGNIN);
}

void job_sign_in(struct plain *p)
{
    job_sign_in_now(p);
}

struct wait {
    char code[48];
    int minutes; /* said last */
};

static int minutes_left(struct plain *p)
{
    int64_t ms = sec(p)->code_expires_at - model_now(plain_model(p));

    return ms > 0 ? (int)((ms - 1) / 60000) : 0;
}

/* Said at the start, then only now and then. */
static bool code_over(struct plain *p, void *payload)
{
    struct wait *w = payload;
    int left = minutes_left(p);

    if (!str_eq(sec(p)->state, "code") || !str_eq(sec(p)->user_code, w->code))
        return true;
    if (left != w->minutes && (left % 5 == 0 || left < 3) && left > 0) {
        plain_say(p, P_("Waiting. %d minute left.", "Waiting. %d minutes left.", left), left);
        w->minutes = left;
    }
    return false;
}

static enum got show_code(struct plain *p)
{
    const struct sec_signin *s = sec(p);
    struct wait w = { .minutes = minutes_left(p) };
    int64_t life = s->code_expires_at - model_now(plain_model(p));
    int good = (int)((life + 59999) / 60000);
    char line[PLAIN_LINE];
    struct str text = STR_INIT;
    enum got got;

    STR_SET(w.code, s->user_code);
    str_addf(&text, _("Sign in. Open %s and type the code %s."), s->verification_uri, s->user_code);
    str_addc(&text, ' ');
    str_addf(&text, P_("Code good for %d minute.", "Code good for %d minutes.", good), good);
    plain_say(p, "%s", str_p(&text));
    str_free(&text);
    plain_say(p,
              P_("Waiting. %d minute left. Press Enter to stop.",
                 "Waiting. %d minutes left. Press Enter to stop.", w.minutes),
              w.minutes);
    got = plain_wait(p, line, code_over, &w);
    if (got == GOT_LINE)
        plain_do(p, _("Stopping"), "sign-in-cancel", NULL, NULL);
    return got;
}

static bool has_code_or_end(struct plain *p, void *payload)
{
    (void)payload;
    return str_eq(sec(p)->state, "code") || str_eq(sec(p)->state, "in") ||
           str_eq(sec(p)->state, "failed");
}

bool job_sign_in_now(struct plain *p)
{
    if (!str_eq(sec(p)->state, "in") && !str_eq(sec(p)->state, "code") &&
        !plain_do(p, _("Sign in"), "sign-in", NULL, NULL))
        return false;
    if (plain_wait(p, NULL, has_code_or_end, NULL) != GOT_EVENT)
        return false;
    while (str_eq(sec(p)->state, "code"))
        if (show_code(p) != GOT_EVENT)
            return false;
    if (str_eq(sec(p)->state, "in"))
        plain_say(p, _("Signed in as %s."), words_or_blank(sec(p)->account));
    return model_signed_in(plain_model(p));
}
