#include "config.h"

#include "op/op_register.h"

#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"
#include "base/near.h"

/* ---- shared ---- */

bool reg_ok(const struct op_answer *a)
{
    return !err_is(&a->err);
}

bool reg_good(const struct op_answer *a)
{
    return a->http >= 200 && a->http < 300 && reg_ok(a);
}

void reg_add_id(const struct op_view *v, struct op_need *need, const char *fact)
{
    /* made by hci_cluster_id from checked names: URL-safe already */
    str_add(&need->path, op_fact(v, fact));
}

void reg_arm(struct op_need *need, const char *method, const char *api, unsigned flags)
{
    need->kind = OP_NEED_ARM;
    need->method = method;
    need->api = api;
    need->arm_flags = flags;
}

void reg_verb(struct op_need *need, enum node_verb verb)
{
    need->kind = OP_NEED_NODE;
    need->verb = verb;
}

struct json *reg_tags(const struct op_view *v, const char *input)
{
    const char *text = op_input(v, input);
    struct err ignored = { 0 };

    return *text ? json_parse(text, strlen(text), 0, &ignored) : NULL;
}

/* What Azure says for a while after something else was made (azure-wire.md 2.5.6, 2.6.8, 2.10.10).
 */
static bool passing(const char *remote_code)
{
    static const char *const codes[] = { "MissingSubscriptionRegistration", "ResourceGroupNotFound",
                                         "ParentResourceNotFound", "PrincipalNotFound",
                                         "AnotherOperationInProgress" };

    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (str_ieq(codes[i], remote_code))
            return true;
    return false;
}

enum op_verdict reg_fail(const struct op_answer *a, struct err *e, int code, const char *doing)
{
    *e = a->err;
    if (!err_is(e))
        err_set(e, ERR_ARM, 0, _("Azure's answer was not as expected."));
    if (e->domain == ERR_ARM || e->domain == ERR_NODE)
        e->code = code ? code : e->code;
    if (passing(e->remote_code))
        e->retryable = true;
    err_wrap(e, "%s", doing);
    return OP_FAILED;
}

/* A namespace that the subscription does not use has no resources: some of them say so with 409
 * instead of 404. */
bool reg_absent(const struct op_answer *a)
{
    return a->http == 404 ||
           (a->http == 409 && str_ieq(a->err.remote_code, "MissingSubscriptionRegistration"));
}

enum op_verdict reg_deleted(const struct op_answer *a, struct err *e)
{
    if (a->http == 404 || (a->http >= 200 && a->http < 300 && !err_is(&a->err)))
        return OP_DONE;
    return reg_fail(a, e, 0, _("deleting what this operation made"));
}

/* ---- subscription ---- */

REG_ASK(subscription)
{
    reg_arm(need, "GET", API_SUBSCRIPTIONS, 0);
    arm_path(&need->path, "/subscriptions/%s", op_input(v, "subscriptionId"));
}

REG_READ(subscription)
{
    const char *state = json_str(a->json, "state"), *tenant = json_str(a->json, "tenantId");
    const char *name = json_str(a->json, "displayName");

    if (a->http != 200 || err_is(&a->err))
        return reg_fail(a, e, ERR_C_SUBSCRIPTION, _("looking at the subscription"));
    name = name ? name : op_input(v, "subscriptionId");
    if (tenant && !str_ieq(tenant, op_input(v, "tenantId"))) {
        err_set(e, ERR_OP, ERR_C_SUBSCRIPTION,
                _("The subscription %s belongs to another tenant, %s."), name, tenant);
        return OP_FAILED;
    }
    if (str_ieq(state, "Disabled") || str_ieq(state, "Deleted")) {
        err_set(e, ERR_OP, ERR_C_SUBSCRIPTION,
                _("The subscription %s is %s: nothing can be created in it."), name, state);
        return OP_FAILED;
    }
    if (str_ieq(state, "Warned") || str_ieq(state, "PastDue"))
        op_note(v, _("The subscription is in state %s: it may be disabled soon."), state);
    else
        op_note(v, "%s", name);
    op_set_fact(v, "subscription.name", name);
    op_set_fact(v, "subscription.state", state);
    return OP_DONE;
}

/* ---- resource providers: azure-wire.md 2.5 ---- */

static const struct provider {
    const char *step, *name;
    bool may_miss; /* some clouds do not have it (azure-wire.md 2.5.4) */
} providers[] = { { "provider-hci", "Microsoft.AzureStackHCI", false },
                  { "provider-compute", "Microsoft.HybridCompute", false },
                  { "provider-guest", "Microsoft.GuestConfiguration", false },
                  { "provider-connectivity", "Microsoft.HybridConnectivity", true } };

static const struct provider *provider_of(const struct op_view *v)
{
    for (size_t i = 0; i < ARRAY_LEN(providers); i++)
        if (str_eq(providers[i].step, op_step_id(v)))
            return &providers[i];
    return &providers[0];
}

/* Microsoft's own role for registrations may register providers, but not look at them. Asking to
 * register one that is registered changes nothing, and tells its state. */
static bool hidden(const struct op_view *v)
{
    char fact[48];

    str_fmt(fact, sizeof fact, "%s.hidden", op_step_id(v));
    return *op_fact(v, fact);
}

static void set_hidden(struct op_view *v)
{
    char fact[48];

    str_fmt(fact, sizeof fact, "%s.hidden", op_step_id(v));
    op_set_fact(v, fact, "yes");
    str_fmt(fact, sizeof fact, "%s.state", op_step_id(v));
    op_set_fact(v, fact, "");
    op_note(v, _("Your account may not see whether %s is registered; it is registered anew."),
            provider_of(v)->name);
}

static void ask_register(const struct op_view *v, struct op_need *need)
{
    reg_arm(need, "POST", API_RESOURCES, 0);
    arm_path(&need->path, "/subscriptions/%s/providers/%s/register", op_input(v, "subscriptionId"),
             provider_of(v)->name);
}

REG_ASK(provider_check)
{
    if (hidden(v) && op_tries(v)) {
        ask_register(v, need);
        return;
    }
    reg_arm(need, "GET", API_RESOURCES, 0);
    arm_path(&need->path, "/subscriptions/%s/providers/%s", op_input(v, "subscriptionId"),
             provider_of(v)->name);
}

REG_ASK(provider_apply)
{
    ask_register(v, need);
}

/* Locations of the type `clusters`, as " a | b ": false if it has none yet. */
static bool keep_locations(struct op_view *v, const struct json *provider)
{
    struct str s = STR_INIT;

    JSON_EACH (type, json_get(provider, "resourceTypes")) {
        if (!str_ieq(json_str(type, "resourceType"), "clusters"))
            continue;
        JSON_EACH (l, json_get(type, "locations"))
            if (json_value_str(l))
                str_addf(&s, "%s%s", s.len ? ", " : "", json_value_str(l));
    }
    if (s.len)
        op_set_fact(v, "provider-hci.locations", str_p(&s));
    str_free(&s);
    return *op_fact(v, "provider-hci.locations");
}

static enum op_verdict judge_provider(struct op_view *v, const struct op_answer *a, bool asked)
{
    const char *state = json_str(a->json, "registrationState");
    char fact[48];

    str_fmt(fact, sizeof fact, "%s.state", op_step_id(v));
    op_set_fact(v, fact, state ? state : "");
    if (str_ieq(state, "Registered"))
        return !str_eq(op_step_id(v), "provider-hci") || keep_locations(v, a->json) ? OP_DONE
                                                                                    : OP_RUNNING;
    if (str_ieq(state, "Registering") || str_ieq(state, "Unregistering") || asked) {
        op_note(v, "%s: %s", provider_of(v)->name, state ? state : "--");
        return OP_RUNNING;
    }
    return OP_ABSENT;
}

static bool no_right(const struct op_answer *a)
{
    return a->http == 403 && str_ieq(a->err.remote_code, "AuthorizationFailed");
}

/* Who may neither see nor register providers relies on an administrator who did it before
 * (docs-facts.md 7.1: the role of four actions). If nobody did, Azure names the provider at the
 * first request to it. */
static enum op_verdict take_for_registered(struct op_view *v)
{
    if (str_eq(op_step_id(v), "provider-hci"))
        op_set_fact(v, "provider-hci.locations", op_fact(v, "region"));
    op_note(v, _("Your account may neither see nor register %s; it is taken for registered."),
            provider_of(v)->name);
    return OP_DONE;
}

REG_READ(provider_check)
{
    if (reg_by_first_generation(v) && !str_eq(op_step_id(v), "provider-hci"))
        return OP_SKIP; /* Arc's: whatever was found there, nobody needs it */
    if (a->http == 404 && provider_of(v)->may_miss) {
        op_note(v, _("This cloud does not have %s."), provider_of(v)->name);
        return OP_SKIP;
    }
    if (no_right(a) && hidden(v))
        return take_for_registered(v);
    if (no_right(a)) {
        set_hidden(v);
        return OP_ABSENT;
    }
    if (a->http != 200 || err_is(&a->err))
        return reg_fail(a, e, 0, _("looking at the resource provider"));
    return judge_provider(v, a, hidden(v) && op_tries(v));
}

REG_READ(provider_apply)
{
    if (no_right(a) && hidden(v))
        return take_for_registered(v);
    if (a->http < 200 || a->http > 299 || err_is(&a->err))
        return reg_fail(a, e, 0, _("registering the resource provider"));
    return judge_provider(v, a, true);
}

/* ---- region: register-flow.md 1.6 ---- */

int reg_offered(const struct op_view *v, struct err *e)
{
    const char *all = op_fact(v, "provider-hci.locations"), *p = all;
    char one[80], name[80], near[80] = "";
    int best = NEAR_FAR, d;

    while (*p) {
        size_t n = strcspn(p, ",");

        str_fmt(one, sizeof one, "%.*s", (int)n, p);
        str_region(name, sizeof name, one);
        if (str_ieq(name, op_fact(v, "region")))
            return 0;
        d = near_name(op_fact(v, "region"), name);
        if (d < best) {
            best = d;
            STR_SET(near, str_trim(one));
        }
        p += n + (p[n] == ',');
    }
    if (near[0])
        return err_set(e, ERR_OP, 9108,
                       _("Azure Stack HCI is not offered in the region %s: did you mean %s? "
                         "Offered: %s."),
                       op_fact(v, "region"), near, all);
    return err_set(e, ERR_OP, 9108,
                   _("Azure Stack HCI is not offered in the region %s. Offered: %s."),
                   op_fact(v, "region"), all);
}

REG_READ(region)
{
    (void)a;
    if (reg_offered(v, e))
        return OP_FAILED;
    op_note(v, "%s", op_fact(v, "region"));
    return OP_DONE;
}

/* ---- resource groups: azure-wire.md 2.4. One pair for both, the step's id tells which ---- */

static bool is_arc(const struct op_view *v)
{
    return str_eq(op_step_id(v), "arc-group");
}

static const char *group_of(const struct op_view *v)
{
    return op_fact(v, is_arc(v) ? "arcGroup" : "group");
}

static bool same_group(const struct op_view *v)
{
    return is_arc(v) && str_ieq(op_fact(v, "arcGroup"), op_fact(v, "group"));
}

static void group_path(const struct op_view *v, struct op_need *need)
{
    arm_path(&need->path, "/subscriptions/%s/resourcegroups/%s", op_input(v, "subscriptionId"),
             group_of(v));
}

static void set_group_state(struct op_view *v, const char *state)
{
    op_set_fact(v, is_arc(v) ? "arc-group.state" : "group.state", state);
    op_note(v, "%s", group_of(v));
}

REG_ASK(group_check)
{
    if (same_group(v))
        return;
    reg_arm(need, "GET", API_RESOURCES, 0);
    group_path(v, need);
}

REG_READ(group_check)
{
    if (same_group(v)) {
        set_group_state(v, "same");
        return OP_SKIP;
    }
    if (a->http == 404) {
        set_group_state(v, "absent");
        return OP_ABSENT;
    }
    if (a->http != 200 || err_is(&a->err))
        return reg_fail(a, e, 0, _("looking at the resource group"));
    if (!str_ieq(json_str(a->json, "properties.provisioningState"), "Deleting")) {
        set_group_state(v, "present");
        return OP_DONE;
    }
    set_group_state(v, REG_DELETING);
    op_note(v, _("%s is being deleted; waiting until it is gone"), group_of(v));
    err_set(e, ERR_OP, ERR_C_DELETING,
            _("The resource group %s is being deleted in Azure, and was not gone within 15 "
              "minutes."),
            group_of(v));
    return OP_RUNNING;
}

REG_ASK(group_apply)
{
    struct json *tags = reg_tags(v, "groupTags");

    reg_arm(need, "PUT", API_RESOURCES, 0);
    group_path(v, need);
    tags = tags ? tags : json_object();
    json_set_str(tags, "CreatedBy", HCI_CREATED_BY);
    need->body = json_object();
    json_set_str(need->body, "location", op_fact(v, "region"));
    json_set(need->body, "tags", tags);
}

REG_READ(group_apply)
{
    if ((a->http != 200 && a->http != 201) || err_is(&a->err))
        return reg_fail(a, e, 0, _("creating the resource group"));
    set_group_state(v, "made");
    return OP_DONE;
}

/* Only an empty group is deleted (register-flow.md 4.4): first the question, then the deed. */
REG_ASK(group_undo)
{
    bool empty = str_eq(op_fact(v, is_arc(v) ? "arc-group.empty" : "group.empty"), "yes");

    reg_arm(need, empty ? "DELETE" : "GET", API_RESOURCES, empty ? ARM_LRO : ARM_PAGES);
    group_path(v, need);
    if (!empty)
        str_add(&need->path, "/resources");
}

REG_READ(group_undo)
{
    const char *fact = is_arc(v) ? "arc-group.empty" : "group.empty";

    if (a->http == 404)
        return OP_DONE;
    if (str_eq(op_fact(v, fact), "yes")) {
        op_set_fact(v, fact, ""); /* who knows what is in it when it is tried again */
        return reg_deleted(a, e);
    }
    if (a->http != 200 || err_is(&a->err))
        return reg_fail(a, e, 0, _("looking what the resource group holds"));
    if (json_len(json_get(a->json, "value"))) {
        op_note(v, _("%s is kept: it holds other resources."), group_of(v));
        return OP_SKIP;
    }
    op_set_fact(v, fact, "yes");
    return OP_ABSENT;
}
