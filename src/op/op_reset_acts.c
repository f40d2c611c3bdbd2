/* The acts of the plan `reset`. */
#include "config.h"

#include "op/op_reset.h"

#include <string.h>
#include <strings.h>

#include "azure/hci.h"
#include "azure/rights.h"
#include "base/i18n.h"
#include "op/op_unregister.h"

static const char *own(const struct op_view *v, const char *name)
{
    return op_node_fact(v, op_node_name(v), name);
}

static const char *member(const struct op_answer *a, const char *name)
{
    const char *s = json_str(a->json, name);

    return s ? s : "";
}

/* ---- what the machine must have: seed 003 ---- */

enum { FIRST_VERSION = 2508, FIRST_POWERSHELL = 7 };

RST_ASK(needs)
{
    (void)v;
    reg_verb(need, NODE_FACTS);
}

/* "12.2510.1002.87", or "2510": the year and month; 0: there is none. */
static int version_of(const char *text)
{
    for (const char *p = text; *p; p += strcspn(p, ".") + (p[strcspn(p, ".")] == '.'))
        if (strspn(p, "0123456789") == 4 && (!p[4] || p[4] == '.'))
            return (p[0] - '0') * 1000 + (p[1] - '0') * 100 + (p[2] - '0') * 10 + p[3] - '0';
    return 0;
}

static int old_system(const struct op_view *v, const char *version, struct err *e)
{
    if (version_of(version) >= FIRST_VERSION)
        return 0;
    if (!*version)
        return err_set(e, ERR_OP, ERR_C_RESET_VERSION,
                       _("%s is no machine of Azure Local: a reset needs Azure Local %d or later. "
                         "Nothing was changed."),
                       op_node_name(v), FIRST_VERSION);
    return err_set(e, ERR_OP, ERR_C_RESET_VERSION,
                   _("%s has Azure Local %s, and a reset needs %d or later. Nothing was changed."),
                   op_node_name(v), version, FIRST_VERSION);
}

static bool old_powershell(const char *version)
{
    int64_t major = 0;
    char text[16];

    str_fmt(text, sizeof text, "%.*s", (int)strcspn(version, "."), version);
    return !str_to_int(text, &major) || major < FIRST_POWERSHELL;
}

RST_READ(needs)
{
    const char *node = op_node_name(v), *powershell = json_str(a->json, "powershell");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node what it is"));
    if (old_system(v, member(a, "solutionVersion"), e))
        return OP_FAILED;
    if (powershell && !*powershell)
        err_set(e, ERR_OP, ERR_C_RESET_POWERSHELL,
                _("%s has no PowerShell %d or later, which a reset needs. Nothing was changed."),
                node, FIRST_POWERSHELL);
    else if (powershell && old_powershell(powershell))
        err_set(e, ERR_OP, ERR_C_RESET_POWERSHELL,
                _("%s has PowerShell %s, and a reset needs %d or later. Nothing was changed."),
                node, powershell, FIRST_POWERSHELL);
    else if (!json_flag(a->json, "azStackHciModule", true))
        err_set(e, ERR_OP, ERR_C_RESET_MODULE,
                _("%s lacks the PowerShell module AzStackHCI, which a reset needs. Nothing was "
                  "changed."),
                node);
    else if (!json_flag(a->json, "administrator", true))
        err_set(e, ERR_OP, ERR_C_RESET_ADMIN,
                _("Only an administrator of %s may reset it. Nothing was changed."), node);
    if (err_is(e))
        return OP_FAILED;
    op_note(v, _("Azure Local %s, PowerShell %s"), member(a, "solutionVersion"),
            powershell ? powershell : "--");
    return OP_DONE;
}

/* ---- the cluster ---- */

RST_ASK(stored)
{
    (void)v;
    reg_verb(need, NODE_STATUS);
}

RST_READ(stored)
{
    const char *uri = member(a, "AzureResourceUri"), *now = member(a, "ConnectionStatus");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node for its status"));
    if (!*uri)
        return OP_DONE;
    err_set(e, ERR_OP, ERR_C_RESET_REGISTERED,
            _("%s belongs to the cluster %s, which is registered with Azure (%s). A reset would "
              "leave the cluster's resource behind, without the machine through which it bills "
              "and syncs. Nothing was changed."),
            op_node_name(v), member(a, "AzureResourceName"), *now ? now : "--");
    return OP_FAILED;
}

/* ---- the Arc agent ---- */

RST_ASK(agent)
{
    (void)v;
    reg_verb(need, NODE_AGENT_SHOW);
}

RST_READ(agent)
{
    const char *tenant = member(a, "tenantId"), *wanted = op_input(v, "tenantId");
    struct arm_id id;

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node's Arc agent"));
    if (!*member(a, "resourceName")) {
        op_set_node_fact(v, "agent.id", "");
        op_note(v, "%s", _("not connected"));
        return OP_DONE;
    }
    if (reg_other_cloud(v, member(a, "cloud"), e))
        return OP_FAILED;
    if (*wanted && *tenant && !str_ieq(tenant, wanted)) {
        err_set(e, ERR_OP, ERR_C_ELSEWHERE,
                _("The Arc agent of %s is connected in the tenant %s, not in %s. Nothing was "
                  "changed."),
                op_node_name(v), tenant, wanted);
        return OP_FAILED;
    }
    if (!arm_id_parse(&id, member(a, "resourceId"))) {
        err_set(e, ERR_NODE, ERR_C_CORRUPT,
                _("What the Arc agent of %s says is no resource id of a machine: %s"),
                op_node_name(v), member(a, "resourceId"));
        return OP_FAILED;
    }
    op_set_node_fact(v, "agent.id", member(a, "resourceId"));
    op_set_node_fact(v, "agent.name", member(a, "resourceName"));
    op_note(v, "%s", member(a, "resourceId"));
    return OP_DONE;
}

/* ---- the machine's own state ---- */

RST_ASK(state)
{
    (void)v;
    reg_verb(need, NODE_RESET_STATUS);
    need->args = json_object();
    json_set_bool(need->args, "look", true);
}

static void keep_state(struct op_view *v, const struct op_answer *a)
{
    op_set_node_fact(v, "state", member(a, "status"));
    op_set_node_fact(v, "state.id", member(a, "id"));
}

RST_READ(state)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node how its reset stands"));
    keep_state(v, a);
    op_set_node_fact(v, "gateway", json_flag(a->json, "gateway", false) ? "1" : "0");
    op_set_node_fact(v, "bootstrap", json_flag(a->json, "bootstrap", false) ? "1" : "0");
    op_note(v, "%s", member(a, "status"));
    return OP_DONE;
}

static bool has_to_do(const struct op_view *v, const char *node)
{
    const char *state = op_node_fact(v, node, "state");

    return *op_node_fact(v, node, "agent.id") || str_eq(op_node_fact(v, node, "gateway"), "1") ||
           str_eq(op_node_fact(v, node, "bootstrap"), "1") || str_eq(state, "InProgress") ||
           str_eq(state, "Failed");
}

/* ---- the machine in Azure ---- */

RST_ASK(machine)
{
    if (!*own(v, "agent.id"))
        return;
    reg_arm(need, "GET", API_MACHINES, 0);
    str_add(&need->path, own(v, "agent.id"));
}

RST_READ(machine)
{
    const char *parent = member(a, "properties.parentClusterResourceId");
    bool there = reg_good(a) && a->json;

    if (!there && *own(v, "agent.id") && !reg_absent(a))
        return reg_fail(a, e, 0, _("looking at the machine in Azure"));
    op_set_node_fact(v, "machine", there ? "present" : "absent");
    op_set_node_fact(v, "parent", there ? parent : "");
    return *own(v, "agent.id") ? OP_DONE : OP_SKIP;
}

RST_ASK(cluster)
{
    if (!*own(v, "parent"))
        return;
    reg_arm(need, "GET", API_CLUSTERS, 0);
    str_add(&need->path, own(v, "parent"));
}

/* A parent that is gone holds nothing any more. */
RST_READ(cluster)
{
    if (!*own(v, "parent") || reg_absent(a))
        return OP_SKIP;
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking at the cluster that has the machine"));
    err_set(e, ERR_OP, ERR_C_RESET_CLUSTER,
            _("In Azure the machine %s belongs to the cluster %s, which is there. A reset would "
              "leave it with a machine less. Nothing was changed."),
            op_node_name(v), own(v, "parent"));
    return OP_FAILED;
}

RST_ASK(extensions)
{
    if (!str_eq(own(v, "machine"), "present"))
        return;
    reg_arm(need, "GET", API_MACHINES, ARM_PAGES);
    str_addf(&need->path, "%s/extensions", own(v, "agent.id"));
}

RST_READ(extensions)
{
    struct str names = STR_INIT;

    op_set_node_fact(v, "extensions", "");
    if (!str_eq(own(v, "machine"), "present") || reg_absent(a))
        return OP_SKIP;
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking at the machine's extensions"));
    JSON_EACH (x, json_member(a->json, "value"))
        if (json_str(x, "name") && !strchr(json_str(x, "name"), ' '))
            str_addf(&names, "%s%s", names.len ? " " : "", json_str(x, "name"));
    op_set_node_fact(v, "extensions", str_p(&names));
    op_note(v, "%s", names.len ? str_p(&names) : "--");
    str_free(&names);
    return OP_DONE;
}

/* ---- locks: contract Microsoft.Authorization 2020-05-01 ---- */

RST_ASK(locks)
{
    struct arm_id id;

    if (!str_eq(own(v, "machine"), "present") || !arm_id_parse(&id, own(v, "agent.id")))
        return;
    reg_arm(need, "GET", API_LOCKS, ARM_PAGES);
    arm_path(&need->path, "/subscriptions/%s/providers/Microsoft.Authorization/locks",
             id.subscription);
}

static bool below(const char *id, const char *scope, size_t n)
{
    return strncasecmp(id, scope, n) == 0 && (!id[n] || id[n] == '/');
}

RST_READ(locks)
{
    const char *machine = own(v, "agent.id");

    if (!str_eq(own(v, "machine"), "present") || reg_absent(a))
        return OP_SKIP;
    if (a->http == 403) {
        op_note(v, "%s", _("Your account may not see the locks."));
        return OP_SKIP;
    }
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking for locks"));
    JSON_EACH (l, json_member(a->json, "value")) {
        const char *id = json_str(l, "id"), *level = json_str(l, "properties.level");
        const char *cut = id ? str_ifind(id, "/providers/Microsoft.Authorization/locks/") : NULL;
        size_t n = cut ? (size_t)(cut - id) : 0, own_n = strlen(machine);

        if (!cut || !(below(machine, id, n) || (n >= own_n && below(id, machine, own_n))))
            continue;
        err_set(e, ERR_OP, ERR_C_RESET_LOCK,
                _("A lock (%s) keeps what is to be deleted: %s. Take it away first; nothing was "
                  "changed."),
                level ? level : "--", id);
        return OP_FAILED;
    }
    return OP_DONE;
}

/* ---- rights: the machine deletes with the operator's token ---- */

#define VM "Microsoft.HybridCompute/machines"

RST_ASK(rights)
{
    struct arm_id id;

    if (!str_eq(own(v, "machine"), "present") || !arm_id_parse(&id, own(v, "agent.id")))
        return;
    reg_arm(need, "GET", API_ROLES, ARM_PAGES);
    arm_path(&need->path,
             "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Authorization/permissions",
             id.subscription, id.group);
}

RST_READ(rights)
{
    struct err ignored = { 0 };
    struct arm_id id;
    bool machine, extensions;
    char lacks[160];

    if (!str_eq(own(v, "machine"), "present") || reg_absent(a) ||
        !arm_id_parse(&id, own(v, "agent.id")))
        return OP_SKIP;
    if (a->http != 403 && !reg_good(a))
        return reg_fail(a, e, 0, _("looking at your rights"));
    if (a->http == 403 || rights_check(a->json, &ignored)) {
        op_note(v, "%s", _("Your rights cannot be read here."));
        return OP_SKIP;
    }
    machine = rights_permit(a->json, VM "/delete");
    extensions = !*own(v, "extensions") || rights_permit(a->json, VM "/extensions/delete");
    if (machine && extensions)
        return OP_DONE;
    str_fmt(lacks, sizeof lacks, "%s%s%s", machine ? "" : VM "/delete",
            machine || extensions ? "" : ", ", extensions ? "" : VM "/extensions/delete");
    err_set(e, ERR_OP, ERR_C_RIGHTS,
            _("Your account lacks rights over /subscriptions/%s/resourceGroups/%s: %s. "
              "Nothing was changed."),
            id.subscription, id.group, lacks);
    STR_SET(e->detail, lacks);
    return OP_FAILED;
}

RST_READ(ready)
{
    bool any = false;

    (void)a;
    (void)e;
    for (size_t i = 0; i < op_node_count(v); i++)
        any = any || has_to_do(v, op_node_at(v, i));
    if (!any)
        op_note(v, "%s", _("There is nothing to do."));
    return OP_DONE;
}

/* ---- the reset, and its phases ---- */

static bool is_ours(const struct op_view *v, const struct op_answer *a)
{
    return *op_input(v, "id") && str_ieq(member(a, "id"), op_input(v, "id"));
}

RST_ASK(reset_check)
{
    (void)v;
    reg_verb(need, NODE_RESET_STATUS);
}

RST_READ(reset_check)
{
    const char *state = member(a, "status");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node how its reset stands"));
    keep_state(v, a);
    if (is_ours(v, a) && (str_eq(state, "Succeeded") || json_flag(a->json, "active", false)))
        return OP_DONE;
    if (is_ours(v, a) || has_to_do(v, op_node_name(v)))
        return OP_ABSENT;
    op_note(v, "%s", _("There is nothing to do."));
    return OP_SKIP;
}

RST_ASK(reset_apply)
{
    reg_verb(need, NODE_RESET);
    need->with_token = true;
    need->args = json_object();
    json_set_str(need->args, "id", op_input(v, "id"));
    json_set_str(need->args, "arm", op_cloud(v) ? op_cloud(v)->arm : "");
}

RST_READ(reset_apply)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("beginning the reset"));
    keep_state(v, a);
    return OP_DONE;
}

/* Nothing is sent for a phase: the machine is at it. It counts as made, not as found. */
RST_READ(phase_begin)
{
    (void)v;
    (void)a;
    (void)e;
    return OP_ABSENT;
}

RST_ASK(phase)
{
    (void)v;
    reg_verb(need, NODE_RESET_STATUS);
}

static const struct json *phase_in(const struct op_answer *a, const char *name)
{
    JSON_EACH (p, json_member(a->json, "phases"))
        if (str_eq(json_str(p, "name"), name))
            return p;
    return NULL;
}

/* The error of the phase, as the node kept it: Azure's own code stays. */
static enum op_verdict phase_failed(const char *name, const struct json *phase, struct err *e)
{
    struct err why = { .retry_after_ms = -1 }, ignored = { 0 };
    const struct json *kept = json_member(phase, "error");

    if (!kept || json_decode(kept, &err_json, &why, &ignored) != 0 || !err_is(&why))
        err_set(&why, ERR_OP, ERR_C_RESET_PHASE, _("The machine does not say why."));
    *e = why;
    str_fmt(e->message, sizeof e->message, "%s: %s", name, why.message);
    if (e->domain == ERR_ARM || e->domain == ERR_OP)
        e->code = ERR_C_RESET_PHASE;
    e->retryable = e->unsure = false;
    return OP_FAILED;
}

RST_READ(phase)
{
    const char *name = rst_phase_of(op_step_id(v));
    const struct json *phase = phase_in(a, name);
    const char *state = json_str(phase, "status");
    int64_t ms = 0;

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node how its reset stands"));
    if (!is_ours(v, a))
        return OP_SKIP; /* this machine had nothing to do */
    if (!op_tries(v) && !op_made(v) && !str_eq(state, "NotApplicable"))
        return OP_ABSENT;
    json_int(phase, "elapsedMs", &ms);
    op_note(v, _("%s, %lld.%lld s"), state ? state : "--", (long long)(ms / 1000),
            (long long)(ms % 1000 / 100));
    if (str_eq(state, "Succeeded"))
        return OP_DONE;
    if (str_eq(state, "NotApplicable"))
        return OP_SKIP;
    if (json_flag(a->json, "active", false))
        return OP_RUNNING;
    return phase_failed(name, phase, e);
}
