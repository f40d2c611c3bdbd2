#include "config.h"

#include "console/face/items.h"

#include "base/i18n.h"
#include "base/str.h"
#include "console/face/acts.h"
#include "console/face/consent.h"
#include "console/face/words.h"

/* Of a run that belongs to this item; NULL: there is none to tell of. */
static const char *note_run(const struct model *m, int item, char *out, size_t size)
{
    const struct sec_run *r = model_section(m, SEC_RUN);

    if (act_item_of_run(r) != item)
        return NULL;
    if (str_eq(r->state, "waiting-sign-in")) {
        str_copy(out, size, _("waits for sign-in"));
        return "warn";
    }
    if (model_run_active(m) && consent_missing(r)) {
        str_copy(out, size, _("waits for a consent"));
        return "warn";
    }
    if (model_run_active(m)) {
        str_fmt(out, size, _("running: step %d of %d"), (int)r->step_no, (int)r->step_count);
        return "ok";
    }
    if (str_eq(r->state, "failed") || str_eq(r->state, "stopped")) {
        str_copy(out, size,
                 str_eq(r->state, "failed") ? _("the last run failed")
                                            : _("the last run was stopped"));
        return "warn";
    }
    return NULL;
}

static const char *note_register(const struct model *m, char *out, size_t size)
{
    const struct sec_cluster *c = model_section(m, SEC_CLUSTER);
    const char *level = note_run(m, 1, out, size);

    if (level)
        return level;
    if (str_eq(c->registration.word, "Registered")) {
        str_fmt(out, size, _("done: %s, %s"), words_or_blank(c->azure_resource_name),
                words_or_blank(c->region));
        return "";
    }
    if (model_has(m, SEC_CLUSTER))
        str_copy(out, size, c->exists ? _("not registered") : _("no cluster yet"));
    return "";
}

static const char *note_mend(const struct model *m, char *out, size_t size)
{
    const char *level = note_run(m, 9, out, size);

    return level ? level : ""; /* what was never unregistered is cleared away without one, too */
}

static const char *note_leave(const struct model *m, char *out, size_t size)
{
    const char *level = note_run(m, 10, out, size);

    return level ? level : ""; /* by its name, and a reset, without a registration, too */
}

static const char *note_signin(const struct model *m, char *out, size_t size)
{
    const struct sec_signin *s = model_section(m, SEC_SIGNIN);

    if (str_eq(s->state, "in"))
        str_copy(out, size, s->account[0] ? s->account : _("signed in"));
    else if (str_eq(s->state, "code"))
        str_copy(out, size, _("a code is waiting for you"));
    else if (str_eq(s->state, "starting"))
        str_copy(out, size, _("asking Azure for a code"));
    else if (str_eq(s->state, "failed"))
        str_copy(out, size, _("failed"));
    else if (model_has(m, SEC_SIGNIN))
        str_copy(out, size, _("signed out"));
    return str_eq(s->state, "code") || str_eq(s->state, "failed") ? "warn" : "";
}

/* Azure Arc was disabled on every node that is there. */
static bool no_arc(const struct model *m)
{
    const struct sec_nodes *nodes = model_section(m, SEC_NODES);

    for (size_t i = 0; i < nodes->n; i++)
        if (!str_eq(nodes->items[i].arc, "Disabled"))
            return false;
    return nodes->n > 0;
}

static const char *note_nodes(const struct model *m, char *out, size_t size)
{
    const struct sec_cluster *c = model_section(m, SEC_CLUSTER);
    int down = (int)(c->nodes_total - c->nodes_up);

    if (c->nodes_total > 0 && !down && no_arc(m))
        str_fmt(out, size, _("%d up, Arc disabled"), (int)c->nodes_up);
    else if (c->nodes_total > 0)
        str_fmt(out, size, _("%d up, %d down"), (int)c->nodes_up, down);
    return down > 0 ? "warn" : "";
}

static const char *note_log(const struct model *m, char *out, size_t size)
{
    const struct sec_log *log = model_section(m, SEC_LOG);
    int n = 0;

    for (size_t i = 0; i < log->n; i++)
        n += str_istarts(log->lines[i].level, "warn") || str_istarts(log->lines[i].level, "err");
    if (n > 0)
        str_fmt(out, size, P_("%d warning or error", "%d warnings or errors", n), n);
    return n > 0 ? "warn" : "";
}

static const char *note_host(const struct model *m, char *out, size_t size)
{
    const struct sec_core *core = model_section(m, SEC_CORE);

    str_copy(out, size, str_eq(core->mode, "sandbox") ? _("not in the sandbox") : core->host);
    return "";
}

static const char *note_shell(const struct model *m, char *out, size_t size)
{
    str_copy(out, size, model_run_active(m) ? _("the work goes on") : "");
    return "";
}

const struct item item_rows[] = {
    { 1, N_("Register this cluster with Azure"), N_("Register this cluster"),
      N_("Asks for subscription and region. Shows everything before it is done, then registers. "
         "Sign-in needs a phone or PC with a browser."),
      note_register },
    { 2, N_("Sign in to Azure"), N_("Sign in"),
      N_("Shows a code and a square for the browser of another device. Nothing is typed here."),
      note_signin },
    { 3, N_("Nodes and Arc"), N_("Nodes"),
      N_("Each node: state, registration, connection, Azure Arc agent, and what to do."),
      note_nodes },
    { 8, N_("Logs"), N_("Logs"), N_("What the core did and what Azure answered. / finds."),
      note_log },
    { 9, N_("Repair, sync, clean up"), N_("Repair"),
      N_("Syncs, repairs, clears what was never unregistered."), note_mend },
    { 10, N_("Unregister or move"), N_("Unregister"),
      N_("Unregister, move, Arc alone, reset. Shows what goes and what stays first; the name is "
         "typed before anything goes."),
      note_leave },
    { 11, N_("Terminal and language"), NULL, N_("Basic or rich look, size, language, colours."),
      NULL },
    { 12, N_("Log off"), NULL,
      N_("Ends this login session after asking. A running operation goes on."), NULL },
    { 13, N_("Restart this machine"), NULL, N_("Asks first."), note_host },
    { 14, N_("Shut down this machine"), NULL, N_("Asks first."), note_host },
    { 15, N_("Exit to shell"), N_("Exit"),
      N_("Leaves this screen. A running operation goes on; type azloconf to come back."),
      note_shell },
};
const size_t item_count = ARRAY_LEN(item_rows);
