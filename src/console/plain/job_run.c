/* A run that is under way: its events as lines (watch_run.c), and what may be typed meanwhile. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/acts.h"
#include "console/plain/answer.h"
#include "console/plain/plain.h"

#define LOST_MS 10000

static const struct sec_run *sec(const struct plain *p)
{
    return plain_section(p, SEC_RUN);
}

static struct json *id_args(const struct plain *p)
{
    struct json *args = json_object();

    json_set_str(args, "id", sec(p)->id);
    return args;
}

static bool can_stop(const struct plain *p)
{
    return str_eq(sec(p)->state, "running") || str_eq(sec(p)->state, "waiting-sign-in");
}

static void stop(struct plain *p)
{
    if (!can_stop(p))
        return;
    plain_say(p, "%s",
              _("The steps under way are finished, then the run stops. What was made stays "
                "in Azure; you can go on later."));
    if (!plain_confirm(p, _("Type yes to stop after this step, or press Enter to let it run:"))) {
        if (!plain_ended(p))
            plain_say(p, "%s", _("It runs on."));
    } else if (can_stop(p)) {
        plain_do(p, _("The run was not stopped"), "run-stop", id_args(p), NULL);
    }
}

static void sign_in(struct plain *p)
{
    if (str_eq(sec(p)->state, "waiting-sign-in"))
        job_sign_in_now(p);
}

static void review_line(void *payload, enum review_kind kind, const char *text)
{
    plain_say(payload, "%s%s", kind == REVIEW_ACT || kind == REVIEW_KEPT ? "- " : "", text);
}

/* true: it is being taken back. */
static bool undo(struct plain *p)
{
    struct json *review = NULL;
    struct err stop;
    bool goes = false;

    if (!plain_do(p, _("There is no undo"), "run-undo-check", id_args(p), &review))
        return false;
    act_review(review, review_line, p);
    if (!review_stop(review, &stop)) {
        goes = plain_confirm(p, _("Type yes to take it back, or press Enter to leave it:"));
        if (!goes && !plain_ended(p))
            plain_say(p, "%s", _("Nothing was done."));
    }
    json_free(review);
    if (!goes)
        return false;
    watch_follow(p, true);
    return plain_do(p, _("The operation is not undone"), "run-undo", id_args(p), NULL);
}

static void undo_now(struct plain *p)
{
    if (!sec(p)->undo)
        undo(p);
}

static void help(struct plain *p)
{
    plain_help(p, HELP_RUN);
}

static const struct {
    const char *letter, *word;
    void (*run)(struct plain *p);
} keys[] = {
    { "s", N_("stop"), stop },
    { "", "", stop },
    { "u", N_("undo"), undo_now },
    { "i", N_("sign in"), sign_in },
    { "n", N_("nodes"), job_nodes },
    { "l", N_("log"), job_log },
    { "p", N_("steps"), watch_all_steps },
    { "?", N_("help"), help },
};

/* false: the operator leaves. */
static bool act(struct plain *p, const char *line)
{
    if (answer_is(line, "d", N_("leave")) || answer_kind(line) == ANSWER_BACK)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (str_ieq(line, keys[i].letter) ||
            (keys[i].word[0] && answer_is(line, keys[i].word, keys[i].word))) {
            keys[i].run(p);
            return true;
        }
    plain_say(p, "%s", _("Type s, d, u, i, n, l, p or ?."));
    return true;
}

/* A core that was started anew knows of no run until it has read its journal. */
static bool is_over(struct plain *p, void *payload)
{
    int64_t *lost = payload;

    if (model_run_over(plain_model(p)))
        return true;
    if (model_run_active(plain_model(p)) || plain_model(p)->state != CLIENT_READY)
        *lost = 0;
    else if (*lost == 0)
        *lost = mono_ms();
    return *lost && mono_ms() - *lost > LOST_MS;
}

bool job_run_resume(struct plain *p)
{
    struct secret s = { 0 };
    struct wire_secret secret = { "arcSpnSecret", &s };
    bool wanted = sec(p)->secret_for[0], goes_on;

    if (wanted && !plain_ask_secret(p, &s, sec(p)->secret_for))
        return false;
    watch_follow(p, true);
    goes_on = plain_do_secret(p, _("The run does not go on"), "run-resume", id_args(p), &secret,
                              wanted ? 1 : 0);
    secret_clear(&s);
    return goes_on;
}

/* true: it goes on. */
static bool again(struct plain *p)
{
    char line[PLAIN_LINE];

    if (!str_eq(sec(p)->state, "failed") && !str_eq(sec(p)->state, "stopped"))
        return false;
    for (;;) {
        if (plain_ask(p, line, "%s",
                      _("Type r to try again, it finds what is there already, u to take back what "
                        "was made; Enter goes to the menu:")) != GOT_LINE)
            return false;
        if (answer_is(line, "r", N_("resume")))
            return job_run_resume(p);
        if (answer_is(line, "u", N_("undo")))
            return undo(p);
        if (answer_kind(line) != ANSWER_HELP)
            return false;
        plain_help(p, HELP_RUN);
    }
}

static void follow(struct plain *p)
{
    char line[PLAIN_LINE];
    int64_t lost = 0;

    if (is_over(p, &lost))
        return;
    plain_say(p, "%s",
              _("Type s to stop after this step, d to leave (the work goes on), ? for help."));
    while (plain_wait(p, line, is_over, &lost) == GOT_LINE) {
        if (act(p, line))
            continue;
        plain_say(p, _("The work goes on. Item %d of the menu comes back to it."),
                  act_item_of_run(sec(p)));
        return;
    }
}

void job_run(struct plain *p)
{
    watch_follow(p, true);
    do
        follow(p);
    while (!plain_ended(p) && model_run_over(plain_model(p)) && again(p));
    watch_follow(p, false);
    if (!plain_ended(p) && (str_eq(sec(p)->state, "done") || str_eq(sec(p)->state, "undone")))
        plain_do(p, _("The nodes were not asked"), "status", NULL, NULL);
}

bool job_run_again(struct plain *p, int item)
{
    char line[PLAIN_LINE];

    if ((!str_eq(sec(p)->state, "failed") && !str_eq(sec(p)->state, "stopped")) ||
        act_item_of_run(sec(p)) != item)
        return false;
    watch_end(p);
    if (plain_ask(p, line, "%s",
                  item == 1 ? _("Type r to go on with that run, u to take it back, or press Enter "
                                "for other values:")
                            : _("Type r to go on with that run, u to take it back, or press Enter "
                                "to begin anew:")) != GOT_LINE)
        return true;
    if (answer_kind(line) == ANSWER_BACK)
        return true;
    if (answer_is(line, "u", N_("undo"))) {
        if (undo(p))
            job_run(p);
        return true;
    }
    if (!answer_is(line, "r", N_("resume")))
        return false;
    if (job_run_resume(p))
        job_run(p);
    return true;
}
