#include "config.h"

#include "console/face/model.h"

#include "base/i18n.h"
#include "base/str.h"

int64_t model_now(const struct model *m)
{
    return m->now ? m->now() : wall_ms();
}

const void *model_section(const struct model *m, enum section_id id)
{
    static struct sec_core core;
    static struct sec_signin signin;
    static struct sec_cluster cluster;
    static struct sec_nodes nodes;
    static struct sec_run run;
    static struct sec_choices choices;
    static struct sec_log log;
    static const void *const empty[SECTIONS] = {
        [SEC_CORE] = &core,   [SEC_SIGNIN] = &signin, [SEC_CLUSTER] = &cluster,
        [SEC_NODES] = &nodes, [SEC_RUN] = &run,       [SEC_CHOICES] = &choices,
        [SEC_LOG] = &log,
    };

    return m->client ? client_section(m->client, id) : empty[id];
}

bool model_has(const struct model *m, enum section_id id)
{
    return m->client && client_version(m->client, id) > 0;
}

bool model_may_act(const struct model *m)
{
    const struct wire_hello *h = m->client ? client_hello(m->client) : NULL;

    return h && h->may_act;
}

void model_state(struct model *m, enum client_state state, const struct err *why)
{
    m->state = state;
    if (why)
        m->why = *why;
    else
        err_clear(&m->why);
}

bool model_may_ask(const struct model *m, const char *intent, const char **why_not)
{
    const struct wire_hello *h = m->client ? client_hello(m->client) : NULL;

    if (!h || m->state != CLIENT_READY) {
        *why_not = _("The core does not answer yet. Try again in a moment.");
        return false;
    }
    if (!h->may_act && !str_eq(intent, "status")) {
        *why_not = h->who_may[0] ? h->who_may : _("Your user may watch, but not act.");
        return false;
    }
    return true;
}

static bool run_is(const struct model *m, const char *const *states, size_t n)
{
    const struct sec_run *r = model_section(m, SEC_RUN);

    for (size_t i = 0; i < n; i++)
        if (str_eq(r->state, states[i]))
            return true;
    return false;
}

bool model_run_active(const struct model *m)
{
    static const char *const states[] = { "running", "waiting-sign-in", "stopping", "undoing" };

    return run_is(m, states, ARRAY_LEN(states));
}

bool model_run_over(const struct model *m)
{
    static const char *const states[] = { "done", "failed", "stopped", "undone" };

    return run_is(m, states, ARRAY_LEN(states));
}

bool model_signed_in(const struct model *m)
{
    const struct sec_signin *s = model_section(m, SEC_SIGNIN);

    return str_eq(s->state, "in") && s->yours;
}

static const char *next_act(const struct sec_cluster *c)
{
    static const char *const order[] = { "fail", "warn", "unknown", "ok" };
    const struct sec_pane *panes[] = { &c->cluster, &c->registration, &c->connection };

    for (size_t o = 0; o < ARRAY_LEN(order); o++)
        for (size_t i = 0; i < ARRAY_LEN(panes); i++)
            if (str_eq(panes[i]->level, order[o]) && panes[i]->next[0])
                return panes[i]->next;
    return "";
}

bool model_advice(const struct model *m, char *out, size_t size)
{
    const struct sec_core *core = model_section(m, SEC_CORE);
    const struct sec_cluster *c = model_section(m, SEC_CLUSTER);
    const char *problem = core->problem, *advice = core->advice;

    if (m->state == CLIENT_REFUSED || m->state == CLIENT_FAILED) {
        problem = "";
        advice = m->why.advice;
    } else if (err_is(&c->error)) {
        problem = c->error.message;
        advice = c->error.advice;
    }
    out[0] = '\0';
    if (*problem || *advice)
        str_fmt(out, size, "%s%s%s", problem, *problem && *advice ? " " : "", advice);
    else if (next_act(c)[0])
        str_fmt(out, size, _("Next: %s"), next_act(c));
    return *problem != '\0';
}
