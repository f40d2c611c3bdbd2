/* op_register_rights.c - which actions a registration needs, and whether the caller has them: told
 * before anything is written.
 *
 * The table follows the requests of op_register's steps (register-flow.md 2.4 to 2.8, 2.10 of the
 * same; azure-wire.md 2.10.15 to 2.10.17). The lists of permissions are asked for with the other
 * checks, and of each only what the table needs and it does not give is kept. Where a list cannot
 * be read the run goes on: Azure's own refusal names the action then. A yes is "as far as roles
 * go": deny assignments and policies are not in the lists.
 */
#include "config.h"

#include "op/op_register.h"

#include <string.h>

#include "azure/hci.h"
#include "azure/rights.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

#define RG   "Microsoft.Resources/subscriptions/resourceGroups"
#define CL   "Microsoft.AzureStackHCI/clusters"
#define ARC  CL "/arcSettings"
#define ROLE "Microsoft.Authorization/roleAssignments"
#define VM   "Microsoft.HybridCompute/machines"

#define UNREADABLE "?"
#define NO_GROUP   "-"

enum place { AT_SUBSCRIPTION, AT_GROUP, AT_ARC_GROUP, PLACES };
enum { IDENTITY = 1, CERTIFICATE = 2, BOTH = 3, FIRST = 4, ALL = 7 };
enum having { HAS, LACKS, UNSURE };

struct right {
    const char *action;
    enum place place;
    const char *step; /* whose request it is */
    unsigned paths;
    bool arc; /* for the machines, not for the cluster */
    bool (*when)(const struct op_view *v, const struct right *r); /* NULL: always */
};

static const char *const list_facts[PLACES] = { "rights.subscription", "rights.group",
                                                "rights.arcGroup" };

/* ---- when an action is needed: what is there already needs none ---- */

static bool there(const struct op_view *v, const char *fact)
{
    const char *state = op_fact(v, fact);

    return str_eq(state, "present") || str_eq(state, "made");
}

static bool own_arc_group(const struct op_view *v, const struct right *r)
{
    const char *arc = op_fact(v, "arcGroup");

    (void)r;
    return *arc && !str_ieq(arc, op_fact(v, "group"));
}

static bool arc_group_there(const struct op_view *v, const struct right *r)
{
    return there(v, own_arc_group(v, r) ? "arc-group.state" : "group.state");
}

static bool no_group(const struct op_view *v, const struct right *r)
{
    (void)r;
    return !there(v, "group.state");
}

static bool no_arc_group(const struct op_view *v, const struct right *r)
{
    return own_arc_group(v, r) && !arc_group_there(v, r);
}

/* Who may not see a provider's state has to rely on an administrator where he may not register it
 * either: op_register_azure.c. */
static bool not_registered(const struct op_view *v, const struct right *r)
{
    char state[48], hidden[48];

    str_fmt(state, sizeof state, "%s.state", r->step);
    str_fmt(hidden, sizeof hidden, "%s.hidden", r->step);
    return !str_ieq(op_fact(v, state), "Registered") && !*op_fact(v, hidden);
}

static bool cluster_unfinished(const struct op_view *v, const struct right *r)
{
    (void)r;
    return !there(v, "cluster.state") ||
           !str_ifind(op_fact(v, "cluster.identity"), "SystemAssigned") ||
           !*op_fact(v, "cluster.rpObjectId");
}

/* Of the first generation the cluster resource needs to know its application alone. Rights in the
 * directory are in no list of Resource Manager's: Microsoft Entra's own answer tells of them. */
static bool cluster_unbound(const struct op_view *v, const struct right *r)
{
    (void)r;
    return !there(v, "cluster.state") || !*op_fact(v, "cluster.appId");
}

static bool no_settings(const struct op_view *v, const struct right *r)
{
    (void)r;
    return !there(v, "settings.state");
}

static bool untied(const struct op_view *v, const struct right *r)
{
    (void)r;
    return str_eq(op_fact(v, "way"), "renew") || !reg_all_listed(v);
}

/* rights.holders: " ROLE/PRINCIPAL ", lower case, of the machines' group. principal "": anybody's,
 * for a service whose object id is not told before there is a cluster. */
static bool held(const struct op_view *v, const char *role, const char *principal)
{
    char word[120];

    str_fmt(word, sizeof word, " %s/%s%s", role, principal, *principal ? " " : "");
    return str_ifind(op_fact(v, "rights.holders"), word) != NULL;
}

static bool no_role(const struct op_view *v, const struct right *r)
{
    (void)r;
    return !there(v, "role.state") &&
           !held(v, HCI_ROLE_RESOURCE_MANAGER, op_fact(v, "cluster.rpObjectId"));
}

/* Of the operator's own principal op_register_principal.c tells who lacks what. */
static bool no_arc_roles(const struct op_view *v, const struct right *r)
{
    const char *who = reg_arc_principal(v);

    (void)r;
    return !reg_arc_given(v) &&
           !(*who && held(v, HCI_ROLE_ONBOARDING, who) && held(v, HCI_ROLE_RESOURCE_ADMIN, who));
}

static bool no_app(const struct op_view *v, const struct right *r)
{
    (void)r;
    return !*op_fact(v, "cluster.appObjectId");
}

static bool not_accepted(const struct op_view *v, const struct right *r)
{
    const char *app = op_fact(v, "cluster.appId");

    (void)r;
    if (*op_input(v, "arcOnly"))
        return false; /* the registration stands, and with it they were accepted */
    for (size_t i = 0; i < op_node_count(v); i++)
        if (!*app || !str_ieq(op_node_fact(v, op_node_at(v, i), "certificate.app"), app))
            return true;
    return false;
}

static bool generates(const struct op_view *v, const struct right *r)
{
    (void)r;
    return reg_arc_generated(v);
}

static bool no_arc_app(const struct op_view *v, const struct right *r)
{
    return generates(v, r) && !*op_fact(v, "settings.spObjectId");
}

static bool no_consent(const struct op_view *v, const struct right *r)
{
    (void)r;
    return !*op_fact(v, "settings.consent");
}

static bool no_agent(const struct op_view *v, const struct right *r)
{
    (void)r;
    for (size_t i = 0; i < op_node_count(v); i++)
        if (!str_eq(op_node_fact(v, op_node_at(v, i), "agent"), "here"))
            return true;
    return false;
}

/* ---- the table ---- */

static const struct right rights[] = {
    { RG "/read", AT_GROUP, "group", ALL, false, NULL },
    { RG "/write", AT_GROUP, "group", ALL, false, no_group },
    { RG "/read", AT_ARC_GROUP, "arc-group", BOTH, true, own_arc_group },
    { RG "/write", AT_ARC_GROUP, "arc-group", BOTH, true, no_arc_group },
    { "Microsoft.AzureStackHCI/register/action", AT_SUBSCRIPTION, "provider-hci", ALL, false,
      not_registered },
    { "Microsoft.HybridCompute/register/action", AT_SUBSCRIPTION, "provider-compute", BOTH, true,
      not_registered },
    { "Microsoft.GuestConfiguration/register/action", AT_SUBSCRIPTION, "provider-guest", BOTH, true,
      not_registered },
    { "Microsoft.HybridConnectivity/register/action", AT_SUBSCRIPTION, "provider-connectivity",
      BOTH, true, not_registered },
    { CL "/read", AT_GROUP, "cluster", ALL, false, NULL },
    { CL "/write", AT_GROUP, "cluster", BOTH, false, cluster_unfinished },
    { CL "/write", AT_GROUP, "entra-bind", FIRST, false, cluster_unbound },
    { ARC "/read", AT_GROUP, "arc-settings", ALL, false, NULL },
    { ARC "/write", AT_GROUP, "arc-settings", BOTH, true, no_settings },
    { ARC "/reconcile/action", AT_GROUP, "reconcile", IDENTITY, true, untied },
    { ROLE "/read", AT_ARC_GROUP, "role", BOTH, true, arc_group_there },
    { ROLE "/write", AT_ARC_GROUP, "role", BOTH, true, no_role },
    { ROLE "/write", AT_ARC_GROUP, "arc-role-onboarding", CERTIFICATE, true, no_arc_roles },
    { CL "/createClusterIdentity/action", AT_GROUP, "app-identity", CERTIFICATE, false, no_app },
    { CL "/uploadCertificate/action", AT_GROUP, "upload", CERTIFICATE, false, not_accepted },
    { ARC "/createArcIdentity/action", AT_GROUP, "arc-app", CERTIFICATE, true, no_arc_app },
    { ARC "/generatePassword/action", AT_GROUP, "arc-secret", CERTIFICATE, true, generates },
    { ARC "/consentAndInstallDefaultExtensions/action", AT_GROUP, "consent", BOTH, true,
      no_consent },
    { VM "/read", AT_ARC_GROUP, "machine-place", IDENTITY, true, NULL },
    /* azcmagent is given the caller's own token: register-flow.md 2.5, M3 */
    { VM "/write", AT_ARC_GROUP, "agent", IDENTITY, true, no_agent },
};

/* The ways by application and certificates are op_register_aad.c's; a step that this plan does not
 * have needs no right. */
static unsigned path_of(const struct op_view *v)
{
    return reg_by_first_generation(v) ? FIRST : reg_by_app(v) ? CERTIFICATE : IDENTITY;
}

static bool in_plan(const char *step)
{
    for (size_t i = 0; i < op_register.n; i++)
        if (str_eq(op_register.steps[i].id, step))
            return true;
    return false;
}

/* ---- what the lists say ---- */

static bool in_list(const char *list, const char *action)
{
    char word[120];

    str_fmt(word, sizeof word, " %s ", action);
    return str_ifind(list, word) != NULL;
}

static bool is_list(const char *fact)
{
    return fact[0] == ' ';
}

/* One group of both is one place. */
static enum place told_at(const struct op_view *v, const struct right *r)
{
    return r->place == AT_ARC_GROUP && !own_arc_group(v, r) ? AT_GROUP : r->place;
}

static enum having having(const struct op_view *v, const struct right *r)
{
    const char *sub = op_fact(v, list_facts[AT_SUBSCRIPTION]),
               *here = op_fact(v, list_facts[told_at(v, r)]);

    if (is_list(sub) && !in_list(sub, r->action))
        return HAS; /* inherited downwards */
    if (r->place == AT_SUBSCRIPTION || str_eq(here, NO_GROUP))
        return is_list(sub) ? LACKS : UNSURE;
    if (!is_list(here))
        return UNSURE;
    return in_list(here, r->action) ? LACKS : HAS;
}

/* A cluster that is only looked at needs no more than to look. */
static bool wanted(const struct op_view *v, const struct right *r, unsigned path)
{
    if (r->when && str_eq(op_fact(v, "way"), "look"))
        return false;
    return (r->paths & path) && in_plan(r->step) && (!r->when || r->when(v, r));
}

/* ---- asking ---- */

static enum place place_of(const struct op_view *v)
{
    const char *id = op_step_id(v);

    return str_eq(id, "rights")         ? AT_SUBSCRIPTION
           : str_eq(id, "rights-group") ? AT_GROUP
                                        : AT_ARC_GROUP;
}

static void add_scope(const struct op_view *v, struct str *s, enum place place)
{
    arm_path(s, "/subscriptions/%s", op_input(v, "subscriptionId"));
    if (place != AT_SUBSCRIPTION)
        arm_path(s, "/resourceGroups/%s", op_fact(v, place == AT_GROUP ? "group" : "arcGroup"));
}

REG_ASK(rights)
{
    if (place_of(v) == AT_ARC_GROUP && !own_arc_group(v, NULL))
        return;
    reg_arm(need, "GET", API_ROLES, ARM_PAGES);
    add_scope(v, &need->path, place_of(v));
    str_add(&need->path, "/providers/Microsoft.Authorization/permissions");
}

static void keep_lacking(struct op_view *v, const struct json *answer)
{
    struct str s = STR_INIT;

    str_addc(&s, ' ');
    for (size_t i = 0; i < ARRAY_LEN(rights); i++)
        if (!rights_permit(answer, rights[i].action) && !in_list(str_p(&s), rights[i].action))
            str_addf(&s, "%s ", rights[i].action);
    op_set_fact(v, list_facts[place_of(v)], str_p(&s));
    str_free(&s);
}

REG_READ(rights)
{
    const char *fact = list_facts[place_of(v)];
    struct err ignored = { 0 };

    (void)e;
    if (!a->http && !err_is(&a->err)) { /* one group of both: not asked */
        op_set_fact(v, fact, NO_GROUP);
        return OP_SKIP;
    }
    if (a->http == 404 && place_of(v) != AT_SUBSCRIPTION) {
        op_set_fact(v, fact, NO_GROUP);
        return OP_SKIP;
    }
    if (a->http != 200 || err_is(&a->err) || rights_check(a->json, &ignored)) {
        op_set_fact(v, fact, UNREADABLE);
        op_note(v, "%s",
                _("Your rights cannot be read here; the registration goes on without them."));
        return OP_SKIP;
    }
    keep_lacking(v, a->json);
    return OP_DONE;
}

/* ---- who has the service's role: asked only where the caller may not give it ---- */

static bool may_not_assign(const struct op_view *v)
{
    const struct right r = { .action = ROLE "/write", .place = AT_ARC_GROUP };

    return reg_may_not_give_roles(v) && !str_eq(op_fact(v, list_facts[told_at(v, &r)]), NO_GROUP);
}

bool reg_may_not_give_roles(const struct op_view *v)
{
    const struct right r = { .action = ROLE "/write", .place = AT_ARC_GROUP };

    return having(v, &r) == LACKS;
}

REG_ASK(rights_role)
{
    if (!may_not_assign(v))
        return;
    reg_arm(need, "GET", API_ROLES, ARM_PAGES);
    add_scope(v, &need->path, AT_ARC_GROUP);
    str_add(&need->path, "/providers/Microsoft.Authorization/roleAssignments");
    str_add(&need->query, "$filter=atScope()");
}

static const char *last_part(const char *id)
{
    const char *slash = id ? strrchr(id, '/') : NULL;

    return slash ? slash + 1 : "";
}

REG_READ(rights_role)
{
    struct str s = STR_INIT;

    (void)e;
    if (a->http != 200 || err_is(&a->err))
        return OP_SKIP;
    str_addc(&s, ' ');
    JSON_EACH (one, json_member(a->json, "value")) {
        const char *who = json_str(one, "properties.principalId");
        const char *scope = json_str(one, "properties.scope");

        if (who && scope && str_ieq(last_part(scope), op_fact(v, "arcGroup")))
            str_addf(&s, "%s/%s ", last_part(json_str(one, "properties.roleDefinitionId")), who);
    }
    op_set_fact(v, "rights.holders", str_p(&s));
    str_free(&s);
    return OP_DONE;
}

/* ---- a look at one machine: asked only where no list tells ----
 *
 * Resource Manager refuses to show a resource before it says that there is none; of a list it may
 * show what the caller may see, which is nothing. Whoever may not see machines may not make them:
 * no role of Microsoft's gives the one without the other. */

REG_ASK(rights_machine)
{
    const struct right r = { .action = VM "/read", .place = AT_ARC_GROUP };

    if (having(v, &r) != UNSURE || !op_node_count(v))
        return;
    reg_arm(need, "GET", API_MACHINES, 0);
    add_scope(v, &need->path, AT_ARC_GROUP);
    arm_path(&need->path, "/providers/Microsoft.HybridCompute/machines/%s", op_node_at(v, 0));
}

REG_READ(rights_machine)
{
    (void)e;
    if (a->http == 403 && str_ieq(a->err.remote_code, "AuthorizationFailed"))
        op_set_fact(v, "machines.hidden", a->err.message);
    return a->http ? OP_DONE : OP_SKIP;
}

bool reg_machines_hidden(const struct op_view *v)
{
    const struct right r = { .action = VM "/read", .place = AT_ARC_GROUP };

    return having(v, &r) == LACKS || *op_fact(v, "machines.hidden");
}

/* ---- judging ---- */

struct lack {
    struct str all;   /* for people who want all of it, and for the log */
    struct str brief; /* for the error's message, which is of fixed size */
    size_t n, left_out;
    bool unsure, other_path; /* other_path: the certificate path lacks nothing */
};

/* One paragraph for each scope: "over /subscriptions/S: A (for the cluster), B (for Arc)". */
static void add_lack(struct lack *l, const struct right *r, const char *scope, bool first)
{
    struct str one = STR_INIT;
    size_t room = sizeof(((struct err *)0)->message) - 110;

    if (first)
        str_addf(&one, "%s%s: ", l->n ? "; " : "", scope);
    else
        str_add(&one, ", ");
    str_addf(&one, "%s (%s)", r->action, r->arc ? _("for Arc") : _("for the cluster"));
    str_add(&l->all, str_p(&one));
    if (l->left_out || l->brief.len + one.len > room)
        l->left_out++;
    else
        str_add(&l->brief, str_p(&one));
    l->n++;
    str_free(&one);
}

/* Two steps may need one action. */
static bool named(const struct lack *l, const struct right *r, size_t from)
{
    return from < l->all.len && in_list(l->all.p + from, r->action);
}

static void collect(const struct op_view *v, struct lack *l)
{
    unsigned path = path_of(v);

    l->other_path = path == IDENTITY;
    for (int place = 0; place < PLACES; place++) {
        struct str scope = STR_INIT;
        bool first = true;
        size_t scope_at = l->all.len;

        add_scope(v, &scope, (enum place)place);
        for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
            enum having h = having(v, &rights[i]);

            if (told_at(v, &rights[i]) != (enum place)place || h == HAS)
                continue;
            if (wanted(v, &rights[i], CERTIFICATE))
                l->other_path = false;
            if (!wanted(v, &rights[i], path))
                continue;
            l->unsure |= h == UNSURE;
            if (h == LACKS && !named(l, &rights[i], scope_at)) {
                add_lack(l, &rights[i], str_p(&scope), first);
                first = false;
            }
        }
        str_free(&scope);
    }
}

static void refuse(const struct lack *l, struct err *e)
{
    char more[60] = "";

    if (l->left_out)
        str_fmt(more, sizeof more, _(", and %zu more"), l->left_out);
    err_set(e, ERR_OP, ERR_C_RIGHTS, "%s %s%s.%s%s", _("Your account lacks rights over"),
            str_p(&l->brief), more, l->other_path ? " " : "",
            l->other_path ? _("A cluster that registers by certificates would need none of them.")
                          : "");
    if (l->left_out)
        TEXT_SET(e->detail, str_p(&l->all));
    log_wrn("rights: lacking over %s", str_p(&l->all));
}

/* Without a list Azure's own refusal has the word: on this path the machines are the caller's. */
static enum op_verdict refuse_machines(const struct op_view *v, struct err *e)
{
    err_set(e, ERR_ARM, 0, "%s", op_fact(v, "machines.hidden"));
    e->http = 403;
    STR_SET(e->remote_code, "AuthorizationFailed");
    err_wrap(e, "%s", _("looking for the machines in Azure"));
    return OP_FAILED;
}

enum op_verdict reg_rights(struct op_view *v, struct err *e)
{
    struct lack l = { .all = STR_INIT, .brief = STR_INIT };

    collect(v, &l);
    if (!l.n && path_of(v) == IDENTITY && *op_fact(v, "machines.hidden"))
        return refuse_machines(v, e);
    op_set_fact(v, "rights.state", l.n ? "missing" : l.unsure ? "unknown" : "enough");
    op_set_fact(v, "rights.missing", str_p(&l.all));
    if (l.n)
        refuse(&l, e);
    str_free(&l.all);
    str_free(&l.brief);
    return l.n ? OP_FAILED : OP_DONE;
}
