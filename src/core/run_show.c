/* run_show.c - a run as consoles see it: from the engine's views, or from the journal of one that
 * is over. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "core/advice.h"
#include "core/app_int.h"
#include "store/journal.h"

static const char *const run_words[] = {
    [OP_R_RUNNING] = "running",   [OP_R_WAIT_SIGN_IN] = "waiting-sign-in",
    [OP_R_STOPPING] = "stopping", [OP_R_STOPPED] = "stopped",
    [OP_R_FAILED] = "failed",     [OP_R_DONE] = "done",
    [OP_R_UNDOING] = "undoing",   [OP_R_UNDONE] = "undone",
};
static const char *const step_words[] = {
    [OP_S_WAITING] = "waiting", [OP_S_CHECKING] = "running", [OP_S_RUNNING] = "running",
    [OP_S_DONE] = "done",       [OP_S_FOUND] = "found",      [OP_S_SKIPPED] = "skipped",
    [OP_S_FAILED] = "failed",   [OP_S_UNDONE] = "undone",
};
#define BLANKS         " \t\r\n"
#define RESULT_CONSENT "PendingForAdminConsent" /* in the row of the step that waits for it */
/* What the Windows module returns as Result. */
static const char *const results[][2] = { { "done", "Success" },
                                          { "failed", "Failed" },
                                          { "stopped", "Cancelled" },
                                          { "undone", "Cancelled" } };

/* Checks of what is to be made later fly at the start: such a step still waits. */
static const char *step_word(const struct op_step_view *v)
{
    return v->state == OP_S_CHECKING && v->step->apply.read ? "waiting" : step_words[v->state];
}

static bool complete(const char *word)
{
    return str_eq(word, "done") || str_eq(word, "found") || str_eq(word, "skipped");
}

static void count_steps(struct sec_run *s)
{
    int64_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += complete(s->steps[i].state);
    s->step_count = (int64_t)s->n;
    s->step_no = n < s->step_count ? n + 1 : n;
}

/* The row of a step of this plan, or NULL. */
static const struct op_step *row_of(const struct sec_run *s, const struct sec_step *step)
{
    const struct op_plan *plan = op_plan_find(s->plan);

    for (size_t k = 0; plan && k < plan->n; k++)
        if (str_eq(plan->steps[k].id, step->id))
            return &plan->steps[k];
    return NULL;
}

/* The first that failed; one that only warns does not end a run, so it is told last. */
static const struct sec_step *first_failed(const struct sec_run *s)
{
    const struct sec_step *soft = NULL;

    for (size_t i = 0; i < s->n; i++) {
        const struct op_step *row = row_of(s, &s->steps[i]);

        if (!str_eq(s->steps[i].state, "failed"))
            continue;
        if (!row || !(row->flags & OP_SOFT))
            return &s->steps[i];
        soft = soft ? soft : &s->steps[i];
    }
    return soft;
}

/* What the operation is for was made, and something after it did not come to its end. */
static bool in_part(const struct sec_run *s)
{
    bool made = false;

    if ((!str_eq(s->plan, "register") && !str_eq(s->plan, "arc-enable") &&
         !str_eq(s->plan, "cleanup")) ||
        s->undo)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        const struct op_step *row = row_of(s, &s->steps[i]);

        made = made || (row && row->flags & OP_GOAL && str_eq(s->steps[i].state, "done"));
    }
    /* only steps that do not fail the run can have failed in a run that is done */
    return first_failed(s) && (str_eq(s->state, "done") || (str_eq(s->state, "failed") && made));
}

enum { NO_RESOURCE = 9130, NO_OBJECT_ID = 9131 };

/* The module says ArcPermissionsMissing of every failure at these steps; here it is said where
 * Azure refused, or does not name the service's principal (M4), and ArcFailed, its word for an Arc
 * part that broke off, of the others. */
static void tell_detail(struct sec_run *s, const char *word)
{
    bool refused = s->error.http == 401 || s->error.http == 403 || s->error.code == ERR_C_ROLES ||
                   (s->error.code == NO_OBJECT_ID && !s->error.http);

    STR_SET(s->error_detail,
            str_eq(word, "ArcPermissionsMissing") && !refused ? "ArcFailed" : word);
}

/* Told by the step that is of this way alone. */
static bool without_arc(const struct sec_run *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->steps[i].id, "entra-no-arc"))
            return str_eq(s->steps[i].state, "found");
    return false;
}

static void tell_failed(struct sec_run *s, const struct op_step *row)
{
    if (s->error.domain == ERR_OP && s->error.code == NO_RESOURCE)
        row = NULL; /* the resource is not whole: no trouble of Arc, whichever step saw it */
    if (row && row->told.result)
        STR_SET(s->result, row->told.result);
    if (row && row->told.result && row->told.detail)
        tell_detail(s, row->told.detail);
    str_fmt(s->details, sizeof(s->details), "%s%s%s", s->error.context,
            s->error.context[0] ? ": " : "", s->error.message);
}

/* What only warns (an application that its owner must delete) is said, too. */
static void tell_unregistered(struct sec_run *s, const struct sec_step *failed)
{
    if (failed)
        str_fmt(s->details, sizeof(s->details),
                _("The cluster is not registered with Azure any more, but this is left to do by "
                  "hand: %s. %s"),
                failed->title, failed->detail);
    else
        STR_SET(s->details, _("The cluster is not registered with Azure any more."));
}

static bool made_any(const struct sec_run *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->steps[i].state, "done"))
            return true;
    return false;
}

static void tell_arc_disabled(struct sec_run *s, const struct sec_step *failed)
{
    if (failed)
        str_fmt(s->details, sizeof(s->details),
                _("Azure Arc is disabled and the cluster stays registered, but this is left to do "
                  "by hand: %s. %s"),
                failed->title, failed->detail);
    else
        STR_SET(s->details, made_any(s)
                                ? _("Azure Arc is disabled. The cluster stays registered with "
                                    "Azure.")
                                : _("Azure Arc is disabled already: there is nothing to do."));
}

static void tell_done(struct sec_run *s, const struct sec_step *failed)
{
    if (str_eq(s->plan, "arc-disable"))
        tell_arc_disabled(s, failed);
    else if (str_eq(s->plan, "arc-enable"))
        STR_SET(s->details, made_any(s)
                                ? _("Azure Arc is enabled.")
                                : _("Azure Arc is enabled already: there is nothing to do."));
    else if (str_eq(s->plan, "unregister"))
        tell_unregistered(s, failed);
    else if (str_eq(s->plan, "cleanup") && s->n)
        STR_SET(s->details, s->steps[s->n - 1].detail);
    else if (str_eq(s->plan, "sync") && !failed)
        STR_SET(s->details, _("Every node has synced with Azure."));
    else if (str_eq(s->plan, "reset") && !failed)
        STR_SET(s->details, made_any(s)
                                ? _("The reset is done: what was reset can be registered as new.")
                                : _("There is nothing to do."));
    else if (str_eq(s->plan, "register") && str_eq(s->whole, "repair") && !failed)
        STR_SET(s->details, _("The registration was renewed."));
    else if (str_eq(s->plan, "register"))
        STR_SET(s->details, without_arc(s)
                                ? _("The cluster is registered with Azure. Azure Arc was "
                                    "left out: this version of Windows has no commands "
                                    "for it.")
                                : _("The cluster is registered with Azure."));
}

static const struct op_thing *thing_of(const struct op_plan *plan, const struct op_step *row)
{
    const struct op_thing *t = plan->things;

    while (t && t->step && !str_eq(t->step, row->id))
        t++;
    return t && t->step ? t : NULL;
}

static const char *reason_of(const struct op_plan *plan, const struct op_step *row)
{
    const struct op_thing *t = thing_of(plan, row);

    return t ? t->why : NULL;
}

/* Is this step's doing something that anybody would miss? */
static bool tells(const struct op_plan *plan, const struct op_step *row)
{
    const struct op_thing *t = thing_of(plan, row);

    return row->apply.read && (!t || t->what[0] || t->why);
}

/* A reason that several have stands behind the last of them. *before: that of the newest. */
static void add_step(struct str *out, const char **before, const char *title, const char *why)
{
    if (*before && !str_eq(*before, why))
        str_addf(out, " (%s)", _(*before));
    if (title)
        str_addf(out, "%s%s", out->len ? "; " : "", title);
    *before = why;
}

/* What is made and was not taken back, by the steps' titles. */
static void tell_undone(struct sec_run *s)
{
    const struct op_plan *plan = op_plan_find(s->plan);
    struct str stays = STR_INIT;
    const char *why = NULL;
    bool any = false;

    for (size_t i = 0; i < s->n; i++) {
        const struct op_step *row = row_of(s, &s->steps[i]);

        any = any || str_eq(s->steps[i].state, "undone");
        if (row && str_eq(s->steps[i].state, "done") && tells(plan, row))
            add_step(&stays, &why, s->steps[i].title, reason_of(plan, row));
    }
    add_step(&stays, &why, NULL, NULL);
    if (stays.len)
        str_fmt(s->details, sizeof s->details,
                _("What this run had made was taken back, but for what these steps did: %s."),
                str_p(&stays));
    else if (any)
        STR_SET(s->details, _("What this run had made was taken back."));
    else
        STR_SET(s->details, _("This run had made nothing; it is closed."));
    str_free(&stays);
}

/* Names of one kind that stay for one reason stand together. */
static void add_stays(struct str *out, const struct json *rows, const struct json *first)
{
    const char *what = json_str(first, "what"), *why = json_str(first, "why");
    size_t n = 0;

    for (const struct json *r = json_first(rows); r != first; r = json_next(r))
        if (str_eq(json_str(r, "what"), what) && str_eq(json_str(r, "why"), why))
            return; /* told with that one */
    str_addf(out, "%s%s ", out->len ? "; " : "", what ? what : "");
    for (const struct json *r = first; r; r = json_next(r))
        if (str_eq(json_str(r, "what"), what) && str_eq(json_str(r, "why"), why) &&
            json_str(r, "name"))
            str_addf(out, "%s%s", n++ ? ", " : "", json_str(r, "name"));
    if (why && *why)
        str_addf(out, " (%s)", why);
}

/* What an operation that takes away has left, with its reason. facts: as op_run_facts. */
static void tell_stays(struct sec_run *s, const struct json *facts)
{
    struct json *rows = str_eq(s->plan, "unregister") ? op_unregister_stays(facts)
                        : str_eq(s->plan, "reset")    ? op_reset_stays(facts)
                                                      : NULL;
    struct str list = STR_INIT;
    size_t n = strlen(s->details);

    if (str_eq(s->state, "done"))
        JSON_EACH (r, rows)
            add_stays(&list, rows, r);
    if (list.len) {
        str_fmt(s->details + n, sizeof s->details - n, "%s", n ? " " : "");
        n = strlen(s->details);
        str_fmt(s->details + n, sizeof s->details - n, _("What stays: %s."), str_p(&list));
    }
    str_free(&list);
    json_free(rows);
}

/* Result, ErrorDetail and Details of register-flow.md 3.1, without its surprises 21 and 22: every
 * end has a result, and no text tells of success where there was none. */
static void tell_result(struct sec_run *s)
{
    const struct sec_step *failed = first_failed(s);
    const struct op_step *row = failed && !s->undo ? row_of(s, failed) : NULL;

    for (size_t i = 0; i < ARRAY_LEN(results); i++)
        if (str_eq(s->state, results[i][0]))
            STR_SET(s->result, results[i][1]);
    if (in_part(s) && str_eq(s->plan, "cleanup")) {
        STR_SET(s->result, "PartlyDone");
        STR_SET(s->details, s->error.message);
    } else if (in_part(s)) {
        STR_SET(s->result, "RegisterSucceededButArcFailed");
        tell_detail(s, row && row->told.detail ? row->told.detail : "ArcFailed");
        str_fmt(s->details, sizeof(s->details),
                _("The cluster is registered with Azure, but this did not come to its end: %s. %s"),
                failed->title, failed->detail);
    } else if (str_eq(s->state, "failed")) {
        tell_failed(s, row);
    } else if (str_eq(s->state, "done")) {
        tell_done(s, failed);
    } else if (str_eq(s->state, "stopped")) {
        STR_SET(s->details, s->undo ? _("The undo was stopped. What is not taken back yet stays.")
                                    : _("The operation was stopped. What was made stays."));
    } else if (str_eq(s->state, "undone")) {
        tell_undone(s);
    }
}

/* A run that can be resumed, is on the path by application, and has nodes yet to be connected with
 * the secret of the operator's own principal: it is kept nowhere, so it must come again. */
static void tell_secret(struct sec_run *s, const struct json *inputs)
{
    bool over = str_eq(s->state, "failed") || str_eq(s->state, "stopped");
    const char *app = json_str(inputs, "arcAppId"),
               *later = json_str(inputs, "then.inputs.arcAppId");

    if (over && later)
        STR_SET(s->secret_for, later);
    for (size_t i = 0; over && i < s->n; i++)
        if (str_eq(s->steps[i].id, "arc-enable") && !complete(s->steps[i].state))
            STR_SET(s->secret_for, app ? app : "");
}

/* "NAME ADDRESS NAME ADDRESS ...", parted by whatever blanks: a fact of a run is one line. */
static void set_roles(struct sec_run *s, const char *text)
{
    s->n_roles = 0;
    while (s->n_roles < SEC_MAX_ROLES) {
        struct sec_role *role = &s->roles[s->n_roles];
        size_t name, address;

        text += strspn(text, BLANKS);
        name = strcspn(text, BLANKS);
        if (!name)
            return;
        str_fmt(role->name, sizeof role->name, "%.*s", (int)name, text);
        text += name;
        text += strspn(text, BLANKS);
        address = strcspn(text, BLANKS);
        str_fmt(role->address, sizeof role->address, "%.*s", (int)address, text);
        text += address;
        s->n_roles++;
    }
}

/* An earlier sitting's words may stand in the journal when the consent has long come. */
static bool consent_came(const struct sec_run *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct op_step *row = row_of(s, &s->steps[i]);

        if (row && str_eq(row->told.result, RESULT_CONSENT) && complete(s->steps[i].state))
            return true;
    }
    return str_eq(s->state, "done") || str_eq(s->state, "undone");
}

static void tell_consent(struct sec_run *s)
{
    char details[sizeof s->details];

    if (consent_came(s)) {
        s->consent_url[0] = '\0';
        s->n_roles = 0;
    }
    if (!str_eq(s->result, RESULT_CONSENT) || !s->consent_url[0] ||
        strstr(s->details, s->consent_url))
        return;
    str_fmt(details, sizeof details, "%s %s", s->details, s->consent_url);
    STR_SET(s->details, details);
}

/* What no advice fits has this one: nobody is left without. */
static void tell_way_on(struct sec_run *s)
{
    if (!err_is(&s->error) || s->error.advice[0] || advice_row(&s->error))
        return;
    if (str_eq(s->state, "done") || str_eq(s->state, "failed"))
        STR_SET(s->error.advice, _("Mend what the sentence names, then resume (azloconf operations "
                                   "resume): what is done stays done."));
}

static void finish(struct sec_run *s, const struct json *inputs, const struct json *facts,
                   const struct cloud *cloud)
{
    const char *tenant = json_value_str(json_member(inputs, "tenantId"));
    bool between = chain_settle(s);

    tell_result(s);
    tell_stays(s, facts);
    chain_explain(s, inputs, between);
    tell_way_on(s);
    tell_consent(s);
    if (!str_eq(s->state, "done") && !in_part(s))
        s->resource_id[0] = '\0';
    if (cloud && s->resource_id[0] && !str_eq(s->plan, "unregister") && tenant && tenant[0])
        cloud_portal_url(cloud, s->portal_url, sizeof(s->portal_url), tenant, s->resource_id);
    count_steps(s);
    chain_count(s, inputs);
}

static void fill_step(struct sec_step *s, const struct op_step *step)
{
    STR_SET(s->id, step->id);
    STR_SET(s->title, _(step->title));
    s->no_return = (step->flags & OP_NO_RETURN) != 0;
    s->undo = step->undo.read != NULL;
}

bool run_repairs(const char *plan, const struct json *inputs)
{
    return str_eq(plan, "register") && str_eq(json_str(inputs, "repair"), "1");
}

const char *run_title(const struct op_plan *plan, bool repairs)
{
    return repairs ? _("Repair the registration") : _(plan->title);
}

/* A run of plan register that mends is called by what it is. */
static void tell_repair(struct sec_run *out, const struct json *inputs)
{
    if (run_repairs(out->plan, inputs))
        STR_SET(out->whole, "repair");
}

void run_section(struct sec_run *out, const struct op_run *r, const struct cloud *cloud)
{
    struct op_step_view steps[SEC_MAX_STEPS];
    struct op_node_view nodes[SEC_MAX_NODES];
    struct json *facts;
    size_t n;

    memset(out, 0, sizeof(*out));
    STR_SET(out->id, op_run_id(r));
    STR_SET(out->plan, op_run_plan(r)->id);
    STR_SET(out->title,
            run_title(op_run_plan(r), run_repairs(op_run_plan(r)->id, op_run_inputs(r))));
    STR_SET(out->state, run_words[op_run_state(r)]);
    out->undo = op_run_undoing(r);
    out->started_at = op_run_started(r);
    out->ended_at = op_run_ended(r);
    out->owner_uid = op_run_uid(r);
    n = op_run_steps(r, steps, ARRAY_LEN(steps));
    for (size_t i = 0; i < n; i++) {
        struct sec_step *s = &out->steps[out->n++];

        fill_step(s, steps[i].step);
        STR_SET(s->state, step_word(&steps[i]));
        s->started_at = steps[i].started_at;
        s->ended_at = steps[i].ended_at;
        s->tries = steps[i].tries;
        TEXT_SET(s->detail, steps[i].detail);
        s->nodes_done = (int64_t)steps[i].nodes_done;
        s->nodes_total = (int64_t)steps[i].nodes_total;
    }
    n = op_run_nodes(r, nodes, ARRAY_LEN(nodes));
    for (size_t i = 0; i < n; i++) {
        struct sec_run_node *s = &out->nodes[out->n_nodes++];

        TEXT_SET(s->name, nodes[i].name);
        STR_SET(s->step, nodes[i].step ? nodes[i].step->id : "");
        STR_SET(s->state, nodes[i].step ? step_words[nodes[i].state] : "waiting");
        TEXT_SET(s->detail, nodes[i].detail);
    }
    out->error = *op_run_error(r);
    if (op_run_warning(r))
        out->error = *op_run_warning(r);
    TEXT_SET(out->resource_id, op_run_fact(r, "cluster.id"));
    tell_repair(out, op_run_inputs(r));
    chain_tell(out, op_run_inputs(r));
    if (out->part == 1 && str_eq(out->state, "done")) /* the second part begins in a moment */
        STR_SET(out->state, "running");
    tell_secret(out, op_run_inputs(r));
    TEXT_SET(out->consent_url, op_run_told(r, "consent.url"));
    set_roles(out, op_run_told(r, "consent.roles"));
    facts = op_run_facts(r);
    finish(out, op_run_inputs(r), facts, cloud);
    json_free(facts);
}

/* ---- of a journal ---- */

static const char *const events[][2] = { { "begin", "running" }, { "note", "running" },
                                         { "made", "done" },     { "found", "found" },
                                         { "failed", "failed" }, { "skipped", "skipped" },
                                         { "undone", "undone" } };

struct reading {
    struct sec_run *out;
    struct json *inputs, *facts;       /* facts: as op_run_facts */
    struct cloud cloud;                /* the portal of the run's own, if the journal has it */
    char failed_on[SEC_MAX_STEPS][64]; /* the node (or "-") whose step failed in this sitting */
    struct err warning;                /* of the first step that failed, warned_at */
    size_t warned_at;
};

static void open_rec(struct reading *rd, const struct journal_rec *r)
{
    const struct op_plan *plan = op_plan_find(rd->out->plan);

    json_free(rd->inputs);
    rd->inputs = json_copy(json_member(r->facts, "inputs"));
    STR_SET(rd->cloud.portal, json_str(r->facts, "portal"));
    if (!plan || rd->out->n) /* a run that was taken up again has opened its journal again */
        return;
    STR_SET(rd->out->title, run_title(plan, run_repairs(rd->out->plan, rd->inputs)));
    for (size_t i = 0; i < plan->n && rd->out->n < SEC_MAX_STEPS; i++) {
        struct sec_step *s = &rd->out->steps[rd->out->n++];

        fill_step(s, &plan->steps[i]);
        STR_SET(s->state, "waiting");
    }
}

/* A step that failed on one node has failed, whatever comes from the others; its error is told if
 * the run is done all the same. */
static bool fails_elsewhere(struct reading *rd, size_t i, const struct journal_rec *r)
{
    const char *node = r->node[0] ? r->node : "-";
    bool failed = str_eq(r->event, "failed");

    if (!failed && rd->failed_on[i][0] && !str_eq(rd->failed_on[i], node))
        return true;
    if (failed && !rd->failed_on[i][0]) {
        STR_SET(rd->failed_on[i], node);
        if (!err_is(&rd->warning) || i < rd->warned_at) {
            rd->warning = r->err;
            rd->warned_at = i;
        }
    } else if (!failed) {
        rd->failed_on[i][0] = '\0';
    }
    return false;
}

static void step_rec(struct reading *rd, const struct journal_rec *r)
{
    struct sec_run *out = rd->out;

    for (size_t i = 0; i < out->n; i++) {
        struct sec_step *s = &out->steps[i];

        if (!str_eq(s->id, r->step) || fails_elsewhere(rd, i, r))
            continue;
        for (size_t k = 0; k < ARRAY_LEN(events); k++)
            if (str_eq(events[k][0], r->event))
                STR_SET(s->state, events[k][1]);
        if (!s->started_at)
            s->started_at = r->at_ms;
        s->ended_at = r->at_ms;
        s->tries = r->attempt;
        if (err_is(&r->err))
            TEXT_SET(s->detail, r->err.message);
    }
}

static struct json *facts_of(struct json *all, const char *node)
{
    struct json *nodes = json_edit(json_member(all, "nodes")), *own;

    JSON_EACH (n, nodes)
        if (str_eq(json_str(n, "name"), node))
            return json_edit(json_member(n, "facts"));
    own = json_object();
    json_set_str(own, "name", node);
    json_set(own, "facts", json_object());
    json_push(nodes, own);
    return json_edit(json_member(own, "facts"));
}

static void keep_facts(struct json *all, const struct journal_rec *r)
{
    JSON_EACH (f, r->facts)
        if (r->step[0] && json_name(f)[0] == '@')
            json_set_str(facts_of(all, r->node), json_name(f) + 1, json_value_str(f));
        else if (r->step[0])
            json_set_str(json_edit(json_member(all, "run")), json_name(f), json_value_str(f));
}

static bool on_rec(const struct journal_rec *r, void *payload)
{
    struct reading *rd = payload;
    const char *id = json_value_str(json_member(r->facts, "cluster.id")),
               *consent = json_value_str(json_member(r->facts, "consent.url")),
               *roles = json_value_str(json_member(r->facts, "consent.roles"));

    if (str_eq(r->event, "open") || str_eq(r->event, "undoing"))
        rd->out->undo = str_eq(r->event, "undoing");
    if (str_eq(r->event, "open"))
        open_rec(rd, r);
    if (str_eq(r->event, "open") || str_eq(r->event, "undoing")) {
        memset(rd->failed_on, 0, sizeof rd->failed_on);
        err_clear(&rd->warning);
    }
    keep_facts(rd->facts, r);
    if (r->step[0])
        step_rec(rd, r);
    if (id)
        TEXT_SET(rd->out->resource_id, id);
    if (consent)
        TEXT_SET(rd->out->consent_url, consent);
    if (roles)
        set_roles(rd->out, roles);
    return true;
}

/* What stands in no line of the journal because it is of the plan's other way. */
static void drop_other_way(struct sec_run *out)
{
    const struct op_plan *plan = op_plan_find(out->plan);
    unsigned reached = 0;
    size_t n = 0;

    for (size_t i = 0; plan && i < out->n && i < plan->n; i++)
        if (!str_eq(out->steps[i].state, "waiting"))
            reached |= plan->steps[i].flags;
    for (size_t i = 0; plan && i < out->n; i++)
        if (!str_eq(out->steps[i].state, "waiting") ||
            !op_step_off_way(plan, &plan->steps[i], reached))
            out->steps[n++] = out->steps[i];
    out->n = plan ? n : out->n;
}

int run_from_journal(struct sec_run *out, const char *runs_dir, const char *id,
                     const struct cloud *cloud, struct err *e)
{
    struct reading rd = { .out = out };
    struct op_summary sum;

    memset(out, 0, sizeof(*out));
    if (op_summary(runs_dir, id, &sum, e) < 0)
        return -1;
    STR_SET(out->id, sum.id);
    STR_SET(out->plan, sum.plan);
    STR_SET(out->state, sum.state);
    out->started_at = sum.started_at;
    out->ended_at = sum.ended_at;
    out->owner_uid = sum.uid;
    out->error = sum.err;
    rd.facts = json_object();
    json_set(rd.facts, "run", json_object());
    json_set(rd.facts, "nodes", json_array());
    if (journal_read(runs_dir, id, on_rec, &rd, e) < 0) {
        json_free(rd.inputs);
        json_free(rd.facts);
        return -1;
    }
    if (str_eq(out->state, "done"))
        out->error = rd.warning;
    drop_other_way(out);
    tell_repair(out, rd.inputs);
    chain_tell(out, rd.inputs);
    chain_find_next(out, runs_dir);
    tell_secret(out, rd.inputs);
    finish(out, rd.inputs, rd.facts, rd.cloud.portal[0] ? &rd.cloud : cloud);
    json_free(rd.inputs);
    json_free(rd.facts);
    return 0;
}
