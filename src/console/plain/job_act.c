/* The operations that leave, come back and mend (face/acts.h), as lines. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "console/face/acts.h"
#include "console/plain/answer.h"
#include "console/plain/question.h"

#define MOST 200 /* items that are offered */

struct job {
    struct plain *p;
    const struct act *act;
    struct form form;
    bool valued;         /* the values were asked for */
    struct json *review; /* the newest answer */
    struct json *ticked;
    struct json *typed;   /* the words before the one that is due */
    struct secret secret; /* of the operator's own principal for Azure Arc */
};
enum next { NEXT_LEAVE, NEXT_LOOK, NEXT_VALUES, NEXT_STARTED };

/* ---- which one ---- */

static const struct act *choose(struct plain *p, int item)
{
    const struct act *rows[16];
    char line[PLAIN_LINE];
    int64_t number;
    int n = 0;

    for (size_t i = 0; i < act_count && n < (int)ARRAY_LEN(rows); i++)
        if (acts[i].item == item)
            rows[n++] = &acts[i];
    if (n == 0)
        plain_say(p, "%s", _("There is no item with this number yet."));
    if (n < 2)
        return n ? rows[0] : NULL;
    for (int i = 0; i < n; i++)
        plain_say(p, "%d %s: %s", i + 1, _(rows[i]->title), _(rows[i]->help));
    while (plain_ask(p, line, "%s", _("Number, Enter goes back:")) == GOT_LINE) {
        enum answer kind = answer_kind(line);

        if (kind == ANSWER_EMPTY || kind == ANSWER_BACK)
            return NULL;
        if (kind == ANSWER_HELP)
            plain_help(p, HELP_ACT);
        else if (str_to_int(line, &number) && number >= 1 && number <= n)
            return rows[number - 1];
        else
            plain_say(p, "%s", _("There is no item with this number yet."));
    }
    return NULL;
}

static bool who(struct plain *p)
{
    return job_sign_in_for(p, _("Azure must know who you are before it says what there is. You "
                                "sign in on another device, a phone or a PC; this machine needs no "
                                "browser."));
}

/* ---- the review ---- */

static void review_line(void *payload, enum review_kind kind, const char *text)
{
    struct plain *p = payload;

    if (kind == REVIEW_WARN)
        plain_say(p, _("Warning: %s"), text);
    else if (kind == REVIEW_ACT || kind == REVIEW_KEPT)
        plain_say(p, "- %s", text);
    else
        plain_say(p, "%s", text);
}

static void request_line(void *payload, enum review_kind kind, const char *text)
{
    plain_say(payload, kind == REVIEW_TITLE ? "%s:" : "%s", text);
}

static bool ask_core(struct job *j, const char *intent, struct json *args, struct json **result)
{
    struct wire_secret secret = { "arcSpnSecret", &j->secret };
    struct err e = { 0 };

    if (plain_try(j->p, intent, args, &secret, secret_is(&j->secret), result, &e))
        return true;
    if (err_is(&e))
        plain_error(j->p, _(j->act->title), &e);
    return false;
}

static bool look(struct job *j)
{
    char intent[80];

    json_free(j->review);
    j->review = NULL;
    plain_say(j->p, "%s", _("Asking what is to be done. Nothing is written."));
    act_intent(intent, sizeof intent, j->act, true);
    if (!ask_core(j, intent, act_args(j->act, &j->form, j->ticked), &j->review))
        return false;
    if (!act_principal(j->review) || secret_is(&j->secret) ||
        !plain_ask_secret(j->p, &j->secret, act_principal(j->review)))
        return true;
    return look(j);
}

/* ---- what is ticked ---- */

static void say_item(struct job *j, int number, const struct json *it, bool on)
{
    struct str said = STR_INIT;
    char clean[1600];

    act_say_item(&said, it);
    text_set(clean, sizeof clean, str_p(&said));
    str_free(&said);
    plain_say(j->p, "%d %s %s", number, act_kept(it) ? "[-]" : on ? "[x]" : "[ ]", clean);
}

static int say_items(struct job *j, const bool *ticks)
{
    int i = 0;

    JSON_EACH (it, json_get(j->review, "items")) {
        if (i == MOST)
            break;
        say_item(j, i + 1, it, ticks[i]);
        i++;
    }
    return i;
}

static struct json *ticked(const struct job *j, const bool *ticks)
{
    struct json *list = json_array();
    int i = 0;

    JSON_EACH (it, json_get(j->review, "items"))
        if (i < MOST && ticks[i++] && !act_kept(it))
            json_push(list, json_string(json_str(it, "id")));
    return list;
}

/* true: something is ticked, and the review of it is wanted. */
static bool tick(struct job *j)
{
    bool ticks[MOST] = { false };
    char line[PLAIN_LINE];
    int n = say_items(j, ticks);
    int64_t number;

    while (plain_ask(j->p, line, "%s",
                     _("Number to tick or untick, all, Enter shows the review of what is ticked, < "
                       "goes back:")) == GOT_LINE) {
        enum answer kind = answer_kind(line);

        if (kind == ANSWER_BACK)
            return false;
        if (kind == ANSWER_HELP) {
            plain_help(j->p, HELP_ACT);
        } else if (kind == ANSWER_EMPTY) {
            j->ticked = ticked(j, ticks);
            if (json_len(j->ticked))
                return true;
            json_free(j->ticked);
            j->ticked = NULL;
            plain_say(j->p, "%s", _("Nothing is ticked."));
        } else if (answer_is(line, "a", N_("all"))) {
            memset(ticks, true, sizeof ticks);
            say_items(j, ticks);
        } else if (str_to_int(line, &number) && number >= 1 && number <= n) {
            const struct json *it = json_first(json_get(j->review, "items"));

            for (int i = 1; i < number; i++)
                it = json_next(it);
            ticks[number - 1] = !ticks[number - 1];
            say_item(j, (int)number, it, ticks[number - 1]);
        } else {
            plain_say(j->p, "%s", _("There is no item with this number yet."));
        }
    }
    return false;
}

/* ---- go ---- */

static bool start(struct job *j, const char *word)
{
    struct json *args = act_args(j->act, &j->form, j->ticked);

    act_confirm(args, j->review, j->typed, word);
    watch_follow(j->p, true); /* from the first step on */
    return ask_core(j, j->act->id, args, NULL);
}

static void say_words(const struct job *j)
{
    plain_say(j->p, "%s",
              j->act->fields
                  ? _("Other words here: values for other values, requests for every request of "
                      "the run, < to go back.")
                  : _("Other words here: requests for every request of the run, < to go back."));
}

static size_t at_word(const struct job *j)
{
    return j->typed ? json_len(j->typed) : 0;
}

/* One answer to the question; false in *more: it was the last one. */
static enum next answer(struct job *j, const char *line, bool can, bool *more)
{
    size_t at = at_word(j);
    const char *word = act_word(j->review, at, NULL);
    bool yes = *word ? act_word_fits(j->review, at, line) : answer_is(line, "yes", N_("yes"));

    *more = false;
    if (answer_kind(line) == ANSWER_BACK)
        return j->valued ? NEXT_VALUES : NEXT_LEAVE;
    if (can && yes && at + 1 < act_words(j->review)) {
        j->typed = j->typed ? j->typed : json_array();
        json_push(j->typed, json_string(line));
        *more = true;
        return NEXT_LEAVE;
    }
    if (can && yes && start(j, line))
        return NEXT_STARTED;
    if (j->act->fields && answer_is(line, "v", N_("values")))
        return NEXT_VALUES;
    *more = true;
    if (yes && can)
        return NEXT_LEAVE; /* refused, and said why: it may be asked again */
    if (answer_kind(line) == ANSWER_HELP)
        plain_help(j->p, HELP_ACT);
    else if (answer_is(line, "p", N_("requests")))
        review_steps(j->review, request_line, j->p);
    else if (can && *word && *line)
        plain_say(j->p, _("The name does not match: it must be %s. Nothing was done."), word);
    else
        plain_say(j->p, "%s", _("Nothing was written."));
    return NEXT_LEAVE;
}

static enum next confirm(struct job *j)
{
    struct err stop;
    bool can = !review_stop(j->review, &stop) && !act_is_idle(j->review), more = true;
    const char *question;
    char line[PLAIN_LINE], clean[300];
    enum next next = NEXT_LEAVE;

    if (can)
        say_words(j);
    while (more && next == NEXT_LEAVE) {
        enum got got;

        act_word(j->review, at_word(j), &question);
        text_set(clean, sizeof clean, question);
        got = !can     ? plain_ask(j->p, line, "%s", _("Press Enter to go back:"))
              : *clean ? plain_ask(j->p, line, "%s:", clean)
                       : plain_ask(j->p, line, "%s", _("Type yes to do it:"));

        if (got != GOT_LINE || (!can && answer_kind(line) == ANSWER_EMPTY))
            return NEXT_LEAVE;
        next = answer(j, line, can, &more);
    }
    return next;
}

/* ---- the job ---- */

static bool values(struct job *j)
{
    if (j->act->fill) /* what is stored comes before what is usual */
        j->act->fill(&j->form, plain_model(j->p));
    if (j->act->lists)
        question_lists(j->p, &j->form);
    if (j->act->fill)
        j->act->fill(&j->form, plain_model(j->p));
    j->valued = true;
    secret_clear(&j->secret); /* of the principal that was named before */
    return question_fields(j->p, &j->form, 0) == STEP_NEXT;
}

static enum next once(struct job *j, enum next from)
{
    json_free(j->ticked);
    json_free(j->typed);
    j->ticked = j->typed = NULL;
    if (plain_ended(j->p) || (from == NEXT_VALUES && !values(j)))
        return NEXT_LEAVE;
    if (!j->act->offline && !who(j->p))
        return NEXT_LEAVE;
    if (!look(j))
        return j->valued ? NEXT_VALUES : NEXT_LEAVE;
    if (json_len(json_get(j->review, "items"))) {
        if (!tick(j))
            return NEXT_LEAVE;
        if (!look(j))
            return NEXT_LOOK;
    }
    act_review(j->review, review_line, j->p);
    return confirm(j);
}

static void run(struct plain *p, const struct act *a)
{
    struct job *j = xcalloc(1, sizeof *j);
    enum next next = NEXT_LOOK;

    if (a->first) /* a core that has only begun may not know yet what is registered */
        plain_do(p, _("The nodes were not asked"), "status", NULL, NULL);
    if (a->first && a->first(plain_model(p)))
        next = NEXT_VALUES;
    j->p = p;
    j->act = a;
    form_init(&j->form, a->fields, a->n_fields, "");
    while (next == NEXT_VALUES || next == NEXT_LOOK)
        next = once(j, next);
    json_free(j->review);
    json_free(j->ticked);
    json_free(j->typed);
    secret_clear(&j->secret);
    free(j);
    if (next == NEXT_STARTED)
        job_run(p);
}

static void open_item(struct plain *p, int item)
{
    const struct act *a;

    if (model_run_active(plain_model(p))) {
        job_run(p);
        return;
    }
    if (!model_has(plain_model(p), SEC_CLUSTER)) {
        plain_say(p, "%s", _("The core does not answer yet. Try again in a moment."));
        return;
    }
    if (job_run_again(p, item))
        return;
    a = choose(p, item);
    if (a && (a->offline || who(p)))
        run(p, a);
}

void job_mend(struct plain *p)
{
    open_item(p, 9);
}

void job_leave(struct plain *p)
{
    open_item(p, 10);
}
