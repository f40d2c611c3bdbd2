#include "config.h"

#include "core/panes.h"

#include <string.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "base/str.h"
#include "base/text.h"

enum pane_kind { PANE_CLUSTER, PANE_REGISTRATION, PANE_CONNECTION, PANES };

/* What a word means. A NULL word is the row of words that nobody told us of. */
struct pane_word {
    enum pane_kind kind;
    const char *word, *level, *reason, *next;
};

static const char *const properties[PANES] = { "ClusterStatus", "RegistrationStatus",
                                               "ConnectionStatus" };

#define REPAIR                                                                                     \
    "azloconf register --repair-registration" /* a command: the same in all languages              \
                                               */

static const struct pane_word words[] = {
    { PANE_CLUSTER, "Clustered", "ok", "", "" },
    { PANE_CLUSTER, "NotYet", "warn", N_("this node is in no cluster yet"),
      N_("Create a cluster (1)") },
    { PANE_CLUSTER, "OutOfPolicy", "fail", N_("no cluster within 30 days of the installation"),
      N_("Create a cluster (1)") },
    { PANE_CLUSTER, NULL, "unknown", N_("this word is new to azloconf"), N_("See the nodes (3)") },
    { PANE_REGISTRATION, "Registered", "ok", "", "" },
    { PANE_REGISTRATION, "NotYet", "warn", N_("not registered with Azure yet"),
      N_("Register this cluster (1)") },
    { PANE_REGISTRATION, "OutOfPolicy", "fail",
      N_("not registered within 30 days of the installation"), N_("Register this cluster (1)") },
    { PANE_REGISTRATION, NULL, "unknown", N_("this word is new to azloconf"),
      N_("See the nodes (3)") },
    { PANE_CONNECTION, "", "", N_("blank until the cluster is registered"), "" },
    { PANE_CONNECTION, "Connected", "ok", "", "" },
    { PANE_CONNECTION, "NotConnectedRecently", "warn", N_("no connection within the last day"),
      N_("Check the network") },
    { PANE_CONNECTION, "OutOfPolicy", "fail", N_("no connection for more than 30 days"),
      N_("Bring the connection back") },
    { PANE_CONNECTION, "RepairRegistrationRequired", "fail",
      N_("this node lost its identity or keys"), REPAIR },
    { PANE_CONNECTION, NULL, "unknown", N_("this word is new to azloconf"),
      N_("See the nodes (3)") },
};

static const char *const ranks[] = { "", "ok", "unknown", "warn", "fail" };

static size_t rank_of(const char *level)
{
    for (size_t i = 0; i < ARRAY_LEN(ranks); i++)
        if (str_eq(ranks[i], level))
            return i;
    return 0;
}

static const struct pane_word *word_find(enum pane_kind kind, const char *word)
{
    const struct pane_word *other = NULL;

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (words[i].kind != kind)
            continue;
        if (!words[i].word)
            other = &words[i];
        else if (str_eq(words[i].word, word))
            return &words[i];
    }
    return other;
}

static const char *said(const struct json *status, const char *property)
{
    const char *s = json_str(status, property);

    return s ? s : "";
}

static const char *translated(const char *s)
{
    return s[0] ? _(s) : "";
}

/* The node whose word is the worst; ties go to the first. */
static const struct panes_node *worst(const struct panes_in *in, enum pane_kind kind)
{
    const struct panes_node *found = NULL;
    size_t most = 0;

    for (size_t i = 0; i < in->n; i++) {
        const struct panes_node *node = &in->nodes[i];
        size_t rank;

        if (!node->status)
            continue;
        rank = rank_of(word_find(kind, said(node->status, properties[kind]))->level);
        if (!found || rank > most) {
            found = node;
            most = rank;
        }
    }
    return found;
}

static bool all_alike(const struct panes_in *in, enum pane_kind kind, const char *word)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->nodes[i].status && !str_eq(said(in->nodes[i].status, properties[kind]), word))
            return false;
    return true;
}

static void date_of(char out[TIME_SIZE], int64_t at)
{
    time_iso(out, at);
    out[10] = 0;
}

static void never_answered(struct sec_pane *p, const struct panes_in *in)
{
    STR_SET(p->level, "unknown");
    for (size_t i = 0; i < in->n; i++)
        if (err_is(&in->nodes[i].err)) {
            TEXT_SET(p->reason, in->nodes[i].err.message);
            STR_SET(p->next, _("See the nodes (3)"));
            return;
        }
    STR_SET(p->reason, in->n ? _("no answer yet") : _("there is no node to ask"));
}

static void fill_pane(struct sec_pane *p, const struct panes_in *in, enum pane_kind kind)
{
    const struct panes_node *node = worst(in, kind);
    const struct pane_word *w;
    const char *word;

    if (!node) {
        never_answered(p, in);
        return;
    }
    word = said(node->status, properties[kind]);
    w = word_find(kind, word);
    TEXT_SET(p->word, word);
    STR_SET(p->level, w->level);
    if (!all_alike(in, kind, word))
        str_fmt(p->reason, sizeof(p->reason), _("%s says so, other nodes differ"), node->name);
    else
        STR_SET(p->reason, translated(w->reason));
    STR_SET(p->next, translated(w->next));
    p->checked_at = node->checked_at;
}

static int64_t earliest_deadline(const struct panes_in *in)
{
    int64_t first = 0;

    for (size_t i = 0; i < in->n; i++) {
        const char *s = json_str(in->nodes[i].status, "policyDeadline");
        int64_t at = 0;

        if (s && time_parse(s, &at) && at > 0 && (!first || at < first))
            first = at;
    }
    return first;
}

static void due_text(char *out, size_t size, int64_t due, int64_t now)
{
    char date[TIME_SIZE];
    int64_t days = (due - now + PANES_DAY_MS - 1) / PANES_DAY_MS; /* the day begun counts */

    date_of(date, due);
    if (due <= now)
        str_fmt(out, size, _("was due %s"), date);
    else
        str_fmt(out, size, P_("due %s, %lld day", "due %s, %lld days", days), date,
                (long long)days);
}

/* `arc disable` was here, and no sync has met Arc settings since. */
static bool arc_disabled(const struct panes_node *node)
{
    return str_eq(said(node->status, "arcStatus"), "Disabled");
}

static bool without_arc(const struct panes_node *node)
{
    return node->agent && !arc_disabled(node) &&
           str_eq(said(node->status, "RegistrationStatus"), "Registered") &&
           json_flag(node->status, "arcCommands", true) &&
           (!json_flag(node->agent, "installed", true) ||
            !str_ieq(said(node->agent, "status"), "Connected"));
}

/* A node added or broken since, or one that the Arc settings do not list: the registration stands,
 * and a repair brings it in. */
static void registration_gap(struct sec_pane *p, const struct panes_in *in)
{
    if (!str_eq(p->word, "Registered"))
        return;
    for (size_t i = 0; i < in->n && !p->next[0]; i++)
        if (without_arc(&in->nodes[i])) {
            str_fmt(p->reason, sizeof(p->reason), _("%s is not connected to Azure Arc"),
                    in->nodes[i].name);
            STR_SET(p->next, REPAIR);
        }
    if (in->gap && in->gap[0] && !p->next[0]) {
        TEXT_SET(p->reason, in->gap);
        STR_SET(p->next, REPAIR);
    }
    if (p->next[0] && rank_of(p->level) < rank_of("warn"))
        STR_SET(p->level, "warn");
}

/* Between its two parts a cluster that is being moved is not registered. */
static void registration_move(struct sec_pane *p, const struct panes_in *in)
{
    if (!in->move || !in->move[0] ||
        (!str_eq(p->word, "NotYet") && !str_eq(p->word, "OutOfPolicy")))
        return;
    STR_SET(p->reason, in->move_stopped
                           ? _("being moved: the old registration is gone, the new one has not "
                               "come about")
                           : _("being moved"));
    if (in->move_stopped)
        str_fmt(p->next, sizeof(p->next), "azloconf operations resume %s", in->move);
    else
        STR_SET(p->next, _("See the operation (1)"));
}

/* A registration would only meet what the unregistration has left in Azure, and what is still
 * registered is not to be mended. */
static void registration_leave(struct sec_pane *p, const struct panes_in *in)
{
    if (!in->leave || !in->leave[0] ||
        (!str_eq(p->word, "NotYet") && !str_eq(p->word, "OutOfPolicy") &&
         !str_eq(p->word, "Registered")))
        return;
    if (rank_of(p->level) < rank_of("warn"))
        STR_SET(p->level, "warn");
    STR_SET(p->reason, _("being unregistered: not all of it is gone from Azure yet"));
    str_fmt(p->next, sizeof(p->next), "azloconf operations resume %s", in->leave);
}

static void connection_evidence(struct sec_cluster *c, const struct panes_in *in)
{
    struct sec_pane *p = &c->connection;
    int64_t last = 0, days;
    char iso[TIME_SIZE];

    if (!p->word[0] && str_eq(c->registration.word, "Registered")) {
        const struct panes_node *node = worst(in, PANE_REGISTRATION);

        STR_SET(p->level, "warn");
        TEXT_SET(p->reason, said(node ? node->status : NULL, "reason"));
        STR_SET(p->next, _("Check the network"));
    }
    if (!p->word[0] || !time_parse(c->last_connected, &last)) {
        if (p->checked_at && str_eq(c->registration.word, "Registered") && !c->last_connected[0])
            STR_SET(p->evidence, _("never connected"));
        return;
    }
    time_iso(iso, last);
    str_fmt(p->evidence, sizeof(p->evidence), _("last connected %.10s %.5s UTC"), iso, iso + 11);
    days = (in->policy_now - last) / PANES_DAY_MS;
    if (days < 1 || !str_eq(p->level, "ok"))
        return;
    STR_SET(p->level, "warn");
    str_fmt(
        p->reason, sizeof(p->reason),
        P_("last connected more than %lld day ago", "last connected more than %lld days ago", days),
        (long long)days);
    STR_SET(p->next, _("Check the network"));
}

/* ---- the nodes' certificates, and the secret generated for Azure Arc ---- */

#define CERTIFICATE_ENDS "certificateNotAfter"
#define SECRET_ENDS      "arcSecretNotAfter"

/* What is to be said of a credential that ends at `end`; "" nothing yet. */
static const char *credential_level(int64_t end, int64_t now)
{
    int64_t days = (end - now) / PANES_DAY_MS;

    if (end <= now || days < PANES_CREDENTIAL_LAST)
        return "fail";
    return days < PANES_CREDENTIAL_DAYS ? "warn" : "";
}

static void credential_reason(char *out, size_t size, const char *node, int64_t end, int64_t now)
{
    char date[TIME_SIZE];
    int64_t days = (end - now) / PANES_DAY_MS;

    date_of(date, end);
    if (end <= now)
        str_fmt(out, size, _("the certificate of %s has ended on %s"), node, date);
    else
        str_fmt(out, size,
                P_("the certificate of %s ends on %s, in %lld day",
                   "the certificate of %s ends on %s, in %lld days", days),
                node, date, (long long)days);
}

static void secret_reason(char *out, size_t size, int64_t end, int64_t now)
{
    char date[TIME_SIZE];
    int64_t days = (end - now) / PANES_DAY_MS;

    date_of(date, end);
    if (end <= now)
        str_fmt(out, size, _("the secret for Azure Arc has ended on %s"), date);
    else
        str_fmt(out, size,
                P_("the secret for Azure Arc ends on %s, in %lld day",
                   "the secret for Azure Arc ends on %s, in %lld days", days),
                date, (long long)days);
}

static int64_t end_of(const struct panes_node *node, const char *name)
{
    const char *s = json_str(node->status, name);
    int64_t end = 0;

    return s && time_parse(s, &end) ? end : 0;
}

static int64_t credential_end(const struct panes_node *node)
{
    return end_of(node, CERTIFICATE_ENDS);
}

/* Of the nodes, the one whose `name` ends first; NULL: none has it. */
static const struct panes_node *first_to_end(const struct panes_in *in, const char *name)
{
    const struct panes_node *first = NULL;

    for (size_t i = 0; i < in->n; i++) {
        const struct panes_node *node = &in->nodes[i];

        if (end_of(node, name) && (!first || end_of(node, name) < end_of(first, name)))
            first = node;
    }
    return first;
}

/* What ends first is told. Nodes that are connected do not need the secret any more, one that is
 * added later does. */
static void credentials(struct sec_cluster *c, const struct panes_in *in)
{
    const struct panes_node *cert = first_to_end(in, CERTIFICATE_ENDS),
                            *secret = first_to_end(in, SECRET_ENDS);
    int64_t cert_end = cert ? end_of(cert, CERTIFICATE_ENDS) : INT64_MAX,
            secret_end = secret ? end_of(secret, SECRET_ENDS) : INT64_MAX,
            end = cert_end < secret_end ? cert_end : secret_end;
    struct sec_pane *p = &c->registration;
    const char *level;

    if (!cert && !secret)
        return;
    TEXT_SET(c->certificate_ends, cert ? json_str(cert->status, CERTIFICATE_ENDS) : "");
    TEXT_SET(c->arc_secret_ends, secret ? json_str(secret->status, SECRET_ENDS) : "");
    level = credential_level(end, in->policy_now);
    if (rank_of(level) <= rank_of(p->level))
        return;
    STR_SET(p->level, level);
    if (end == cert_end)
        credential_reason(p->reason, sizeof p->reason, cert->name, end, in->policy_now);
    else
        secret_reason(p->reason, sizeof p->reason, end, in->policy_now);
    STR_SET(p->next, _("Repair the registration (1)"));
}

/* Get-AzureStackHCI's properties come from the node that says it is registered, else from the
 * first. */
static const struct panes_node *speaker(const struct panes_in *in)
{
    const struct panes_node *first = NULL;

    for (size_t i = 0; i < in->n; i++) {
        const struct panes_node *node = &in->nodes[i];

        if (node->status && str_eq(said(node->status, "RegistrationStatus"), "Registered"))
            return node;
        if (node->status && !first)
            first = node;
    }
    return first;
}

static void properties_of(struct sec_cluster *c, const struct panes_in *in)
{
    const struct panes_node *node = speaker(in);
    const char *tenant;

    if (!node)
        return;
    TEXT_SET(c->name, said(node->status, "clusterName"));
    c->exists = c->name[0] != 0;
    TEXT_SET(c->registration_date, said(node->status, "RegistrationDate"));
    TEXT_SET(c->azure_resource_name, said(node->status, "AzureResourceName"));
    TEXT_SET(c->azure_resource_uri, said(node->status, "AzureResourceUri"));
    TEXT_SET(c->last_connected, said(node->status, "LastConnected"));
    TEXT_SET(c->next_sync, said(node->status, "NextSync"));
    TEXT_SET(c->diagnostic_level, said(node->status, "DiagnosticLevel"));
    TEXT_SET(c->region, said(node->status, "Region"));
    tenant = json_str(node->status, "tenantId");
    if (!tenant)
        tenant = in->tenant;
    if (in->cloud && c->azure_resource_uri[0] && tenant && tenant[0])
        cloud_portal_url(in->cloud, c->portal_url, sizeof(c->portal_url), tenant,
                         c->azure_resource_uri);
}

static void count_nodes(struct sec_cluster *c, const struct panes_in *in)
{
    bool any_asked = false;

    c->nodes_total = (int64_t)in->n;
    for (size_t i = 0; i < in->n; i++) {
        const struct panes_node *node = &in->nodes[i];

        any_asked = any_asked || node->asked;
        c->nodes_up += node->asked && !err_is(&node->err);
        if (err_is(&node->err) && !err_is(&c->error)) {
            c->error = node->err;
            err_wrap(&c->error, _("node %s"), node->name);
        }
    }
    c->stale = any_asked && c->nodes_up == 0;
}

void panes_cluster(struct sec_cluster *out, const struct panes_in *in)
{
    memset(out, 0, sizeof(*out));
    properties_of(out, in);
    count_nodes(out, in);
    fill_pane(&out->cluster, in, PANE_CLUSTER);
    fill_pane(&out->registration, in, PANE_REGISTRATION);
    fill_pane(&out->connection, in, PANE_CONNECTION);
    registration_gap(&out->registration, in);
    registration_move(&out->registration, in);
    registration_leave(&out->registration, in);
    out->due_at = earliest_deadline(in);
    str_fmt(out->cluster.evidence, sizeof(out->cluster.evidence),
            P_("%lld of %lld node up", "%lld of %lld nodes up", out->nodes_total),
            (long long)out->nodes_up, (long long)out->nodes_total);
    if (out->nodes_up < out->nodes_total && str_eq(out->cluster.level, "ok")) {
        STR_SET(out->cluster.level, "warn");
        STR_SET(out->cluster.reason, _("not every node answers"));
        STR_SET(out->cluster.next, _("See the nodes (3)"));
    }
    if (str_eq(out->registration.word, "Registered") && out->registration_date[0]) {
        char date[TIME_SIZE] = "";

        str_copy(date, 11, out->registration_date);
        str_fmt(out->registration.evidence, sizeof(out->registration.evidence), _("registered %s"),
                date);
    } else if (out->due_at && out->registration.word[0]) {
        due_text(out->registration.evidence, sizeof(out->registration.evidence), out->due_at,
                 in->policy_now);
    }
    connection_evidence(out, in);
    credentials(out, in);
}

/* ---- nodes ---- */

static void agent_of(struct sec_node *row, const struct json *agent)
{
    if (!agent)
        return;
    if (!json_flag(agent, "installed", true)) {
        STR_SET(row->arc, "NotInstalled");
        return;
    }
    TEXT_SET(row->arc, said(agent, "status"));
    TEXT_SET(row->agent_version, said(agent, "agentVersion"));
}

static void level_of(struct sec_node *row, const struct json *status)
{
    size_t most = 0;

    for (int k = 0; k < PANES; k++) {
        const struct pane_word *w = word_find((enum pane_kind)k, said(status, properties[k]));

        if (rank_of(w->level) <= most)
            continue;
        most = rank_of(w->level);
        STR_SET(row->level, w->level);
        STR_SET(row->reason, translated(w->reason));
        STR_SET(row->next, translated(w->next));
    }
}

static void node_credential(struct sec_node *row, const struct panes_node *node, int64_t now)
{
    int64_t end = credential_end(node);
    const char *level = end ? credential_level(end, now) : "";

    if (rank_of(level) <= rank_of(row->level))
        return;
    STR_SET(row->level, level);
    credential_reason(row->reason, sizeof(row->reason), node->name, end, now);
    STR_SET(row->effect, _("Without it the node cannot sync with Azure."));
    STR_SET(row->next, _("Repair the registration (1)"));
}

static void fill_node(struct sec_node *row, const struct panes_node *node, int64_t now)
{
    STR_SET(row->name, node->name);
    row->checked_at = node->checked_at;
    STR_SET(row->state, "Unknown");
    STR_SET(row->level, "unknown");
    agent_of(row, node->agent);
    if (arc_disabled(node))
        STR_SET(row->arc, "Disabled");
    if (node->status) {
        STR_SET(row->state, "Up");
        row->level[0] = 0;
        level_of(row, node->status);
        TEXT_SET(row->registration, said(node->status, "RegistrationStatus"));
        TEXT_SET(row->connection, said(node->status, "ConnectionStatus"));
        TEXT_SET(row->last_connected, said(node->status, "LastConnected"));
        if (json_str(node->status, "reason"))
            TEXT_SET(row->reason, json_str(node->status, "reason"));
        node_credential(row, node, now);
    }
    if (without_arc(node) && rank_of(row->level) < rank_of("warn")) {
        STR_SET(row->level, "warn");
        STR_SET(row->reason, _("Registered, but this node is not connected to Azure Arc."));
        STR_SET(row->next, REPAIR);
    }
    if (err_is(&node->err)) {
        STR_SET(row->state, "Down");
        STR_SET(row->level, "fail");
        TEXT_SET(row->reason, node->err.message);
        STR_SET(row->effect, _("It is left out of what needs every node."));
        STR_SET(row->next, _("Bring the node back, then refresh."));
        row->stale = node->status != NULL;
    } else if (!node->asked) {
        STR_SET(row->reason, _("no answer yet"));
    }
}

void panes_nodes(struct sec_nodes *out, const struct panes_in *in)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < in->n && out->n < SEC_MAX_NODES; i++)
        fill_node(&out->items[out->n++], &in->nodes[i], in->policy_now);
}
