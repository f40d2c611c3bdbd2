/* Arc settings, the nodes in them, and how they end: azure-wire.md 3.3; register-flow.md 2.5
 * M6, 2.8 steps 3 and 9, 2.11. */
#include "config.h"

#include "op/op_register.h"

#include <stdlib.h>
#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"

#define LOOKS_A_ROUND 4 /* 15 s apart: then a node is made to sync */

/* ---- arcSettings ---- */

void reg_ask_settings(const struct op_view *v, struct op_need *need, const char *method,
                      unsigned flags)
{
    reg_arm(need, method, API_ARC_SETTINGS, flags);
    reg_add_id(v, need, "settings.id");
}

/* The Arc state of each of our nodes, "" for one that is not listed; and the consent. */
static void keep_states(struct op_view *v, const struct hci_arc *arc)
{
    char fact[80];

    for (size_t i = 0; i < op_node_count(v); i++) {
        const char *node = op_node_at(v, i), *state = "";

        for (size_t k = 0; k < arc->n; k++)
            if (str_ieq(arc->nodes[k].name, node))
                state = arc->nodes[k].state[0] ? arc->nodes[k].state : "NotSpecified";
        str_fmt(fact, sizeof fact, "arc.%s", node);
        op_set_fact(v, fact, state);
    }
    op_set_fact(v, "settings.consent", arc->consented_at);
}

static const char *arc_state_of(const struct op_view *v, const char *node)
{
    char fact[80];

    str_fmt(fact, sizeof fact, "arc.%s", node);
    return op_fact(v, fact);
}

static int keep_settings(struct op_view *v, const struct json *j, struct hci_arc *arc,
                         struct err *e)
{
    static const char *const lost[] = { "Error", "Failed", "Canceled", "Deleted", "Deleting" };
    struct str names = STR_INIT;

    if (hci_read_arc(j, arc, e))
        return -1;
    for (size_t i = 0; i < arc->n; i++) {
        bool counts = true;

        for (size_t k = 0; k < ARRAY_LEN(lost); k++)
            counts &= !str_ieq(lost[k], arc->nodes[i].state);
        if (counts)
            str_addf(&names, "%s%s", i ? " " : "", arc->nodes[i].name);
    }
    op_set_fact(v, "settings.aggregate", arc->aggregate_state);
    op_set_fact(v, "settings.nodes", str_p(&names));
    if (arc->app_id[0])
        op_set_fact(v, "settings.appId", arc->app_id);
    if (arc->sp_object_id[0])
        op_set_fact(v, "settings.spObjectId", arc->sp_object_id);
    keep_states(v, arc);
    str_free(&names);
    return 0;
}

int reg_keep_settings(struct op_view *v, const struct op_answer *a, struct err *e)
{
    struct hci_arc arc;

    if (!reg_good(a)) {
        reg_fail(a, e, 0, _("looking at the Arc settings"));
        return -1;
    }
    return keep_settings(v, a->json, &arc, e);
}

REG_ASK(settings_check)
{
    reg_ask_settings(v, need, "GET", 0);
}

REG_READ(settings_check)
{
    struct hci_arc arc;

    if (reg_absent(a)) {
        reg_arc_group(v, "");
        op_set_fact(v, "settings.state", "absent");
        return OP_ABSENT;
    }
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking at the Arc settings"));
    if (keep_settings(v, a->json, &arc, e))
        return OP_FAILED;
    if (str_ieq(arc.aggregate_state, "DisableInProgress")) {
        err_set(e, ERR_OP, 9113,
                _("Arc is being disabled for this cluster. Finish unregistering it first."));
        return OP_FAILED;
    }
    reg_arc_group(v, arc.resource_group);
    if (arc.resource_group[0] && !str_ieq(arc.resource_group, op_fact(v, "arcGroup"))) {
        err_set(e, ERR_OP, 9129,
                _("The cluster's Arc settings name the resource group %s, not %s."),
                arc.resource_group, op_fact(v, "arcGroup"));
        return OP_FAILED;
    }
    op_set_fact(v, "settings.state", "present");
    return OP_DONE;
}

REG_ASK(settings_apply)
{
    reg_ask_settings(v, need, "PUT", ARM_LRO);
    need->body = hci_arc_body(op_fact(v, "arcGroup"));
}

REG_READ(settings_apply)
{
    struct hci_arc arc;

    if (!reg_good(a))
        return reg_fail(a, e, 0, _("creating the Arc settings"));
    if (keep_settings(v, a->json, &arc, e))
        return OP_ABSENT;
    op_set_fact(v, "settings.state", "made");
    return OP_DONE;
}

REG_ASK(settings_undo)
{
    reg_ask_settings(v, need, "DELETE", ARM_LRO);
}

REG_READ(settings_undo)
{
    (void)v;
    return reg_deleted(a, e);
}

/* ---- reconcile ---- */

/* Is name among the blank-separated names? Node names hold no blanks. */
static bool listed(const char *names, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = str_ifind(names, name); p; p = str_ifind(p + 1, name))
        if ((p == names || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

bool reg_all_listed(const struct op_view *v)
{
    for (size_t i = 0; i < op_node_count(v); i++)
        if (!listed(op_fact(v, "settings.nodes"), op_node_at(v, i)))
            return false;
    return true;
}

REG_ASK(reconcile_check)
{
    if (op_tries(v))
        reg_ask_settings(v, need, "GET", 0);
}

REG_READ(reconcile_check)
{
    struct hci_arc arc;

    if (a->http && !reg_good(a))
        return reg_fail(a, e, 9142, _("looking at the Arc settings (9142)"));
    if (a->http && keep_settings(v, a->json, &arc, e))
        return OP_FAILED;
    if (reg_renews(v) && !op_made(v) && !op_tries(v))
        return OP_ABSENT;
    return reg_all_listed(v) ? OP_DONE : OP_ABSENT;
}

REG_ASK(reconcile_apply)
{
    size_t n = op_node_count(v);
    const char **names = xcalloc(n + 1, sizeof *names);

    for (size_t i = 0; i < n; i++)
        names[i] = op_node_at(v, i);
    reg_arm(need, "POST", API_RECONCILE, ARM_LRO);
    reg_add_id(v, need, "settings.id");
    str_add(&need->path, "/reconcile");
    need->body = hci_reconcile_body(names, n);
    free(names);
}

REG_READ(reconcile_apply)
{
    struct hci_arc arc;
    struct err ignored = { 0 };

    if (!reg_good(a))
        return reg_fail(a, e, 9142, _("tying the nodes to the cluster (9142)"));
    if (json_get(a->json, "properties.perNodeDetails"))
        keep_settings(v, a->json, &arc, &ignored);
    return OP_DONE;
}

/* ---- the nodes' mark that Arc is disabled ----
 *
 * Of the plan arc-enable alone. The next sync takes it away by itself; this step stands before
 * that, so that undoing puts it back, last of all. */

REG_READ(arc_mark_check)
{
    (void)a;
    (void)e;
    return op_made(v) || op_tries(v) ? OP_DONE : OP_ABSENT;
}

REG_ASK(arc_mark_apply)
{
    (void)v;
    (void)need; /* nothing to be sent */
}

REG_READ(arc_mark_apply)
{
    (void)v;
    (void)a;
    (void)e;
    return OP_DONE;
}

REG_ASK(arc_mark_undo)
{
    (void)v;
    reg_verb(need, NODE_ARC_CLEAR);
}

REG_READ(arc_mark_undo)
{
    (void)v;
    return reg_ok(a) ? OP_DONE : reg_fail(a, e, 0, _("having the node forget Azure Arc"));
}

/* ---- consent to the mandatory extensions ---- */

/* Whoever registers a cluster of this build has them: register-flow.md 2.2 step 15. Nodes that do
 * not tell their build count as new. */
bool reg_consents(const struct op_view *v)
{
    const char *build = op_node_fact(v, op_node_at(v, 0), "build");

    return reg_changes(v) && (!*build || atoi(build) >= HCI_BUILD_22H2);
}

REG_ASK(consent_check)
{
    if (op_tries(v))
        reg_ask_settings(v, need, "GET", 0);
}

/* Of this answer the consent alone counts: it may come after a later look at the nodes' states. */
static enum op_verdict judge_consent(struct op_view *v, const struct op_answer *a, struct err *e)
{
    struct hci_arc arc;
    const char *at;

    if (a->http && hci_read_arc(a->json, &arc, e))
        return OP_FAILED;
    if (a->http)
        op_set_fact(v, "settings.consent", arc.consented_at);
    if (!*(at = op_fact(v, "settings.consent")))
        return OP_ABSENT;
    op_note(v, _("consented %s"), at);
    return OP_DONE;
}

REG_READ(consent_check)
{
    if (a->http && !reg_good(a))
        return reg_fail(a, e, 0, _("looking at the consent to the mandatory extensions"));
    return judge_consent(v, a, e);
}

REG_ASK(consent_apply)
{
    reg_ask_settings(v, need, "POST", 0);
    str_add(&need->path, "/consentAndInstallDefaultExtensions");
}

REG_READ(consent_apply)
{
    struct err ignored = { 0 };

    if (a->http == 404) {
        op_note(v, "%s", _("This cloud does not ask for the consent."));
        return OP_SKIP;
    }
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("recording the consent to the mandatory extensions"));
    return judge_consent(v, a, &ignored) == OP_DONE ? OP_DONE : OP_ABSENT;
}

/* ---- the end: every node Connected in Azure's eyes ---- */

/* NULL, or the first node that is not. */
static const char *unconnected(const struct op_view *v)
{
    for (size_t i = 0; i < op_node_count(v); i++)
        if (!str_ieq(arc_state_of(v, op_node_at(v, i)), "Connected"))
            return op_node_at(v, i);
    return NULL;
}

REG_ASK(arc_state)
{
    if (unconnected(v) || *op_fact(v, "settings.looks"))
        reg_ask_settings(v, need, "GET", 0);
}

/* Four looks, then a node is made to sync, and so on. */
static enum op_verdict next_look(struct op_view *v)
{
    char looks[16];
    int64_t n = 0;

    str_to_int(op_fact(v, "settings.looks"), &n);
    str_fmt(looks, sizeof looks, "%lld", (long long)++n);
    op_set_fact(v, "settings.looks", looks);
    return n % LOOKS_A_ROUND ? OP_RUNNING : OP_ABSENT;
}

REG_READ(arc_state)
{
    struct hci_arc arc;
    const char *node, *state;

    if (a->http && !reg_good(a))
        return reg_fail(a, e, 9123, _("looking at the Arc settings (9123)"));
    if (a->http && keep_settings(v, a->json, &arc, e))
        return OP_FAILED;
    node = unconnected(v);
    if (!node) {
        op_note(v, "%s", "Connected");
        return OP_DONE;
    }
    state = arc_state_of(v, node);
    if (*state)
        err_set(e, ERR_OP, 9123, _("%s is %s in the cluster's Arc settings, not Connected."), node,
                state);
    else
        err_set(e, ERR_OP, 9123, _("%s is missing in the cluster's Arc settings."), node);
    op_note(v, "%s", e->message);
    return reg_changes(v) ? next_look(v) : OP_FAILED; /* else nobody is at it */
}

REG_ASK(arc_poke)
{
    (void)v;
    reg_verb(need, NODE_SYNC);
}

/* Whatever became of it: Azure has the word. */
REG_READ(arc_poke)
{
    (void)v;
    (void)a;
    (void)e;
    return OP_ABSENT;
}

/* ---- each node by itself, with the cause that its machine tells ---- */

REG_ASK(arc_node)
{
    const char *node = op_node_name(v), *name = op_node_fact(v, node, "agent.name");

    if (str_ieq(arc_state_of(v, node), "Connected"))
        return;
    reg_arm(need, "GET", API_MACHINES, 0);
    arm_path(&need->path,
             "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.HybridCompute/machines/%s",
             op_input(v, "subscriptionId"), op_fact(v, "arcGroup"), *name ? name : node);
}

/* Why it is so, as far as its machine tells: azure-wire.md 3.7.4. */
static void add_cause(struct str *s, const struct op_answer *a)
{
    const struct json *why = json_first(json_get(a->json, "properties.errorDetails"));
    const char *status = json_str(a->json, "properties.status"), *text = json_str(why, "message");

    if (a->http == 404)
        str_add(s, _("There is no Arc machine of this name."));
    else if (text && *text)
        str_addf(s, _("Its machine is %s: %s"), status ? status : "--", text);
    else if (status && !str_ieq(status, "Connected"))
        str_addf(s, _("Its machine is %s."), status);
    else if (a->http)
        str_add(s, _("azloconf register --repair-registration ties it to the cluster."));
}

REG_READ(arc_node)
{
    const char *node = op_node_name(v), *state = arc_state_of(v, node);
    struct str s = STR_INIT;

    if (str_ieq(state, "Connected")) {
        op_note(v, "%s", state);
        return OP_DONE;
    }
    if (a->http && a->http != 404 && (a->http != 200 || err_is(&a->err)))
        return reg_fail(a, e, 9123, _("looking at the machine in Azure (9123)"));
    if (*state)
        str_addf(&s, _("%s is %s in the cluster's Arc settings, not Connected."), node, state);
    else
        str_addf(&s, _("%s is missing in the cluster's Arc settings."), node);
    str_addc(&s, ' ');
    add_cause(&s, a);
    err_set(e, ERR_OP, 9123, "%s", str_p(&s));
    str_free(&s);
    return OP_FAILED;
}
