/* watch_run.c - a run as lines: each step and node that came to its end, what a long step waits
 * for, and how the run ended. A change is said once; several quiet steps in a row are one line. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "console/face/consent.h"
#include "console/face/outcome.h"
#include "console/face/words.h"
#include "console/plain/plain.h"
#include "console/plain/watch.h"

#define LONG_MS 3000 /* a step that takes longer is said when it is under way, too */

static const struct sec_run *sec(const struct plain *p)
{
    return plain_section(p, SEC_RUN);
}

static const struct {
    const char *state, *word;
} words[] = {
    { "waiting", N_("waiting") }, { "running", N_("working") },
    { "done", N_("done") },       { "found", N_("no change needed") },
    { "failed", N_("FAILED") },   { "skipped", N_("not needed") },
    { "undone", N_("undone") },
};

static const char *word_of(const char *state)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(words[i].state, state))
            return _(words[i].word);
    return state;
}

static const char *minutes(char out[60], int64_t ms)
{
    int n = (int)((ms + 30000) / 60000);

    if (n < 1)
        str_copy(out, 60, _("less than a minute"));
    else
        str_fmt(out, 60, P_("%d minute", "%d minutes", n), n);
    return out;
}

/* "in 12 s" becomes "in 11 s": that is no news. */
static bool same_but_digits(const char *a, const char *b)
{
    for (;;) {
        a += strspn(a, "0123456789");
        b += strspn(b, "0123456789");
        if (*a != *b)
            return false;
        if (!*a)
            return true;
        a++;
        b++;
    }
}

/* ---- steps ---- */

static bool is_quiet(const struct sec_step *s)
{
    return str_eq(s->state, "found") || str_eq(s->state, "skipped");
}

static void say_step(struct plain *p, const struct sec_step *s, int number)
{
    const struct sec_run *r = sec(p);
    int64_t ms = s->ended_at && s->started_at ? s->ended_at - s->started_at : 0;
    char took[60] = "", span[60];
    bool tell = s->detail[0] && (str_eq(s->state, "failed") || str_eq(s->state, "running"));

    if (ms >= 30000 && str_eq(s->state, "done"))
        str_fmt(took, sizeof took, ", %s", minutes(span, ms));
    plain_say(p, _("Step %d of %d, %s: %s%s%s%s."), number, (int)r->n, s->title, word_of(s->state),
              took, tell ? _(". ") : "", tell ? s->detail : "");
}

static void say_quiet(struct plain *p, int first, int last)
{
    if (first == last)
        say_step(p, &sec(p)->steps[first], first + 1);
    else
        plain_say(p, _("Steps %d to %d of %d: no change needed."), first + 1, last + 1,
                  (int)sec(p)->n);
}

/* Under way: said when it takes long, and when what it waits for is another thing. */
static void running(struct plain *p, struct step_said *said, const struct sec_step *s, int number)
{
    bool due = s->started_at && model_now(plain_model(p)) - s->started_at >= LONG_MS;

    if (!due || (said->begun && (!s->detail[0] || same_but_digits(said->detail, s->detail))))
        return;
    said->begun = true;
    STR_SET(said->detail, s->detail);
    say_step(p, s, number);
}

static void steps(struct plain *p, struct watch_run *w)
{
    const struct sec_run *r = sec(p);

    for (int i = 0; i < (int)r->n; i++) {
        const struct sec_step *s = &r->steps[i];
        struct step_said *said = &w->steps[i];
        int last = i;

        if (str_eq(s->state, "running")) {
            running(p, said, s, i + 1);
            continue;
        }
        if (str_eq(said->state, s->state))
            continue;
        STR_SET(said->state, s->state);
        said->begun = false;
        said->detail[0] = '\0';
        if (str_eq(s->state, "waiting"))
            continue;
        while (is_quiet(s) && last + 1 < (int)r->n && is_quiet(&r->steps[last + 1]) &&
               !str_eq(w->steps[last + 1].state, r->steps[last + 1].state)) {
            last++;
            STR_SET(w->steps[last].state, r->steps[last].state);
        }
        if (is_quiet(s))
            say_quiet(p, i, last);
        else
            say_step(p, s, i + 1);
        i = last;
    }
}

static const char *step_title(const struct sec_run *r, const char *id)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->steps[i].id, id))
            return r->steps[i].title;
    return id;
}

/* With one node its steps say it all. */
static void nodes(struct plain *p, struct watch_run *w)
{
    const struct sec_run *r = sec(p);

    for (size_t i = 0; i < r->n_nodes; i++) {
        const struct sec_run_node *d = &r->nodes[i];
        bool failed = str_eq(d->state, "failed");

        if (str_eq(w->nodes[i].step, d->step) && str_eq(w->nodes[i].state, d->state))
            continue;
        STR_SET(w->nodes[i].step, d->step);
        STR_SET(w->nodes[i].state, d->state);
        if (!d->step[0] || (!failed && (!str_eq(d->state, "done") || r->n_nodes < 2)))
            continue;
        plain_say(p, _("Node %s, %s: %s%s%s."), d->name, step_title(r, d->step), word_of(d->state),
                  d->detail[0] ? _(". ") : "", d->detail);
    }
}

/* ---- the whole run ---- */

static void say_done(struct plain *p)
{
    const struct sec_run *r = sec(p);
    const struct sec_cluster *c = plain_section(p, SEC_CLUSTER);
    char span[60];

    if (outcome_in_part(r) || err_is(&r->error))
        plain_say(p, "%s", r->details);
    else if (str_eq(r->plan, "register") && !r->parts)
        plain_say(p, _("Done: %s is registered with Azure. It took %s."),
                  c->name[0] ? c->name : _("the cluster"),
                  minutes(span, r->ended_at - r->started_at));
    else
        plain_say(p, "%s", _("Done."));
    if (err_is(&r->error))
        plain_error(p, _("Not done"), &r->error);
}

static void say_result(struct plain *p)
{
    const struct sec_run *r = sec(p);

    if (r->error_detail[0])
        plain_say(p, _("Result: %s. ErrorDetail: %s."), r->result, r->error_detail);
    else if (r->result[0])
        plain_say(p, _("Result: %s."), r->result);
}

/* Addresses on lines of their own: whoever copies one takes the whole line. */
static void say_consent(struct plain *p)
{
    const struct sec_run *r = sec(p);

    plain_say(p, "%s", consent_sentence(r));
    plain_say(p, "%s", consent_where());
    plain_say(p, "%s", r->consent_url);
    if (r->n_roles)
        plain_say(p, "%s", consent_what());
    for (size_t i = 0; i < r->n_roles; i++)
        plain_say(p, "%s, %s", r->roles[i].name, r->roles[i].address);
}

static void consent(struct plain *p, struct watch_run *w)
{
    bool news = !str_eq(w->consent, sec(p)->consent_url);

    STR_SET(w->consent, sec(p)->consent_url);
    if (!news)
        return;
    if (consent_missing(sec(p)))
        say_consent(p);
    else if (model_run_active(plain_model(p)))
        plain_say(p, "%s", _("The consent is there; the operation goes on."));
}

void watch_end(struct plain *p)
{
    const struct sec_run *r = sec(p);

    if (str_eq(r->state, "failed")) {
        plain_error(p, _("The run failed"), &r->error);
        if (outcome_in_part(r))
            plain_say(p, "%s", r->details);
        say_result(p);
        if (consent_missing(r))
            say_consent(p);
        return;
    }
    if (str_eq(r->state, "done"))
        say_done(p);
    else if (str_eq(r->state, "stopped"))
        plain_say(p, "%s",
                  r->undo ? r->details
                          : _("The run is stopped. What was made stays; it can go on from there."));
    else if (str_eq(r->state, "undone"))
        plain_say(p, "%s", r->details);
    say_result(p);
    if (r->portal_url[0]) {
        plain_say(p, "%s", _("In the portal:"));
        plain_say(p, "%s", r->portal_url);
    }
}

static void say_state(struct plain *p, const struct watch_run *w, bool other)
{
    const struct sec_run *r = sec(p);
    const struct sec_cluster *c = plain_section(p, SEC_CLUSTER);

    if (str_eq(r->state, "waiting-sign-in"))
        plain_say(p, "%s",
                  w->follow ? _("The run waits for a sign-in, then it goes on by itself. Type i to "
                                "sign in.")
                            : _("The run waits for a sign-in, then it goes on by itself. Item 2 "
                                "signs in."));
    else if (str_eq(r->state, "stopping"))
        plain_say(p, "%s", _("Stopping after the steps under way."));
    else if (r->undo)
        plain_say(p, "%s", _("What the run has made is taken back."));
    else if (!other)
        plain_say(p, "%s", _("The run goes on."));
    else if (str_eq(r->plan, "register") && !r->parts)
        plain_say(p, _("Registering %s, %d steps."), c->name, (int)r->n);
    else
        plain_say(p, P_("%s, %d step.", "%s, %d steps.", r->n), r->title, (int)r->n);
}

/* An end that was there before we came is no news; a run under way is. */
void watch_run_turn(struct plain *p, struct watch_run *w)
{
    const struct sec_run *r = sec(p);
    bool other = !str_eq(w->id, r->id), first = !w->looked, over = model_run_over(plain_model(p)),
         news = (other || !str_eq(w->state, r->state)) && !(first && over);

    if (!model_has(plain_model(p), SEC_RUN))
        return;
    w->looked = true;
    if (!r->id[0]) /* none, or a core that began just now */
        return;
    if (other) {
        STR_SET(w->id, r->id);
        memset(w->steps, 0, sizeof w->steps);
        memset(w->nodes, 0, sizeof w->nodes);
        w->consent[0] = '\0';
    }
    STR_SET(w->state, r->state);
    if (news && model_run_active(plain_model(p)))
        say_state(p, w, other);
    if (w->follow) {
        steps(p, w);
        nodes(p, w);
    }
    if (model_run_active(plain_model(p)))
        consent(p, w);
    if (news && over)
        watch_end(p);
}

/* Who comes back later hears how far it is, not everything again. */
static void catch_up(struct plain *p, struct watch_run *w)
{
    const struct sec_run *r = sec(p);
    int done = 0;

    for (size_t i = 0; i < r->n; i++) {
        const struct sec_step *s = &r->steps[i];

        if (!str_eq(s->state, "done") && !is_quiet(s))
            continue;
        STR_SET(w->steps[i].state, s->state);
        done++;
    }
    for (size_t i = 0; i < r->n_nodes; i++) {
        STR_SET(w->nodes[i].step, r->nodes[i].step);
        STR_SET(w->nodes[i].state, r->nodes[i].state);
    }
    plain_say(p, _("%s: %d of %d steps are done."), r->title, done, (int)r->n);
}

void watch_follow(struct plain *p, bool on)
{
    struct watch_run *w = plain_watch_run(p);

    if (on && !w->follow && model_run_active(plain_model(p)))
        catch_up(p, w);
    w->follow = on;
}

void watch_all_steps(struct plain *p)
{
    const struct sec_run *r = sec(p);

    for (size_t i = 0; i < r->n; i++)
        say_step(p, &r->steps[i], (int)i + 1);
    if (consent_missing(r))
        say_consent(p);
}
