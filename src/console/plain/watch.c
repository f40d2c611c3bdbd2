/* watch.c - what is said without being asked for: a status that changed, the core lost and found,
 * and the run (watch_run.c). Said once per change. */
#include "config.h"

#include <stdlib.h>

#include "base/i18n.h"
#include "console/face/words.h"
#include "console/plain/watch.h"
#include "console/plain/wrap.h"

#define PANES 3

struct watch {
    bool status_on; /* the first status was said */
    char status[PANES][400];
    bool stale;
    enum client_state state;
    struct watch_run run;
    char problem[900];
};

struct watch *watch_new(void)
{
    return xcalloc(1, sizeof(struct watch));
}

void watch_free(struct watch *w)
{
    free(w);
}

/* ---- status ---- */

static void status_text(struct str *s, const char *name, const struct sec_pane *pane)
{
    const char *word = plain_word(pane->word, pane->checked_at);

    str_addf(s, "%s: %s%s", name, word, wrap_stop(word));
    wrap_sentence(s, pane->reason);
    wrap_sentence(s, pane->evidence);
}

static void say_status(struct plain *p, const char *text, const struct sec_pane *pane, bool stale)
{
    char clock[AGE_SIZE], checked[80];

    words_clock(clock, pane->checked_at);
    if (!pane->checked_at)
        STR_SET(checked, _("Not checked yet."));
    else
        str_fmt(checked, sizeof checked, stale ? _("STALE, checked %s.") : _("Checked %s."), clock);
    plain_say(p, "%s %s", text, checked);
}

/* only_changed: the lines that tell something new; else all three. */
static bool status(struct plain *p, struct watch *w, bool only_changed, bool say)
{
    const struct sec_cluster *c = plain_section(p, SEC_CLUSTER);
    const struct {
        const char *name;
        const struct sec_pane *pane;
    } panes[PANES] = { { "ClusterStatus", &c->cluster },
                       { "RegistrationStatus", &c->registration },
                       { "ConnectionStatus", &c->connection } };
    bool changed = w->stale != c->stale, any = false;

    for (int i = 0; i < PANES; i++) {
        struct str s = STR_INIT;
        bool differs;

        status_text(&s, panes[i].name, panes[i].pane);
        differs = changed || !str_eq(w->status[i], str_p(&s));
        any = any || differs;
        if (say && (differs || !only_changed))
            say_status(p, str_p(&s), panes[i].pane, c->stale);
        if (say)
            STR_SET(w->status[i], str_p(&s));
        str_free(&s);
    }
    if (say)
        w->stale = c->stale;
    return any;
}

void watch_status(struct plain *p, struct watch *w, bool all)
{
    if (all || !w->status_on || status(p, w, false, false))
        status(p, w, false, true);
    w->status_on = true;
}

bool watch_news(struct watch *w, const char *problem)
{
    bool news = !str_eq(w->problem, problem);

    STR_SET(w->problem, problem);
    return news;
}

/* ---- the core ---- */

static void core_turn(struct plain *p, struct watch *w)
{
    const struct model *m = plain_model(p);
    enum client_state before = w->state;

    if (before == m->state)
        return;
    w->state = m->state;
    if (m->state == CLIENT_REFUSED || m->state == CLIENT_FAILED) {
        plain_error(p, _("There is no core to work with"), &m->why);
        plain_leave(p, 1, NULL);
    } else if (before == CLIENT_READY) {
        plain_say(p, "%s", _("The core is gone; looking for it or starting it anew."));
    } else if (m->state == CLIENT_READY && w->status_on) {
        plain_say(p, "%s", _("The core answers again."));
    }
}

void watch_turn(struct plain *p, struct watch *w)
{
    core_turn(p, w);
    if (!plain_ended(p))
        watch_run_turn(p, &w->run);
    if (w->status_on && !plain_ended(p) && model_has(plain_model(p), SEC_CLUSTER))
        status(p, w, true, true);
}

struct watch_run *plain_watch_run(struct plain *p)
{
    return &plain_watch(p)->run;
}
