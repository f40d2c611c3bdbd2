#include "config.h"

#include "op/op_register.h"

#include "azure/hci.h"
#include "base/i18n.h"
#include "base/name.h"

#define PROVIDER "Microsoft.AzureStackHCI"
#define SYNCS    3 /* until a node that shows Arc as disabled is left so */

/* ---- the values: nothing is asked of anybody before they are in order ---- */

static int bad_values(struct op_view *v, const char *name, const char *group, const char *arc,
                      struct err *e)
{
    const char *why = hci_bad_cluster_name(name);

    if (!guid_is(op_input(v, "subscriptionId")))
        return err_set(e, ERR_USAGE, 0, _("The subscription id is no GUID: %s"),
                       op_input(v, "subscriptionId"));
    if (!guid_is(op_input(v, "tenantId")))
        return err_set(e, ERR_USAGE, 0, _("The tenant id is no GUID: %s"), op_input(v, "tenantId"));
    why = why ? why : hci_bad_group_name(group);
    why = why ? why : hci_bad_group_name(arc);
    why = why ? why : hci_bad_region(op_input(v, "region"));
    for (size_t i = 0; i < op_node_count(v) && !why; i++)
        why = name_bad_node(op_node_at(v, i));
    return why ? err_set(e, ERR_USAGE, 0, "%s", why) : 0;
}

static void set_ids(struct op_view *v, const char *name, const char *group, const char *arc)
{
    struct str s = STR_INIT;
    char region[64];

    str_region(region, sizeof region, op_input(v, "region"));
    op_set_fact(v, "region", region);
    op_set_fact(v, "name", name);
    op_set_fact(v, "group", group);
    if (*arc)
        op_set_fact(v, "arcGroup", arc);
    hci_cluster_id(&s, op_input(v, "subscriptionId"), group, name);
    op_set_fact(v, "cluster.id", str_p(&s));
    str_reset(&s);
    hci_arc_id(&s, op_fact(v, "cluster.id"));
    op_set_fact(v, "settings.id", str_p(&s));
    str_free(&s);
}

REG_READ(inputs)
{
    const char *name = op_input(v, "resourceName"), *group = op_input(v, "resourceGroupName");
    const char *arc = op_input(v, "arcGroup");
    char own[128];

    (void)a;
    if (!op_node_count(v) || (!*name && !*(name = op_input(v, "clusterName")))) {
        err_set(e, ERR_OP, 9102,
                _("This machine is not part of a cluster yet. Create the cluster first."));
        return OP_FAILED;
    }
    str_fmt(own, sizeof own, "%s-rg", name);
    group = *group ? group : own;
    if (bad_values(v, name, group, *arc ? arc : group, e))
        return OP_FAILED;
    if (op_node_native(v) && op_cloud(v) && !op_cloud(v)->native_dataplane) {
        err_set(e, ERR_OP, ERR_C_DATAPLANE,
                _("The nodes are native ones, and what the service of %s expects from a node is "
                  "not public: the "
                  "cluster resource would never be connected. Nothing was changed."),
                op_cloud(v)->name);
        return OP_FAILED;
    }
    set_ids(v, name, group, arc);
    return OP_DONE;
}

/* ---- what the nodes are ---- */

REG_ASK(facts)
{
    (void)v;
    reg_verb(need, NODE_FACTS);
}

REG_READ(facts)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node what it is"));
    reg_keep_build(v, a->json);
    return OP_DONE;
}

static void ask_status(struct op_need *need)
{
    reg_verb(need, NODE_STATUS);
}

static void keep_status(struct op_view *v, const struct op_answer *a)
{
    const char *uri = json_str(a->json, "AzureResourceUri"),
               *reg = json_str(a->json, "RegistrationStatus");
    const char *con = json_str(a->json, "ConnectionStatus"), *at, *cloud;

    at = json_str(a->json, "registeredAt");
    cloud = json_str(a->json, "cloudId");
    op_set_node_fact(v, "registeredAt", at ? at : "");
    op_set_node_fact(v, "cloudId", cloud ? cloud : "");
    op_set_node_fact(v, "uri", uri ? uri : "");
    op_set_node_fact(v, "registration", reg ? reg : "");
    op_set_node_fact(v, "connection", con ? con : "");
    op_set_node_fact(v, "arc.off", str_eq(json_str(a->json, "arcStatus"), "Disabled") ? "1" : "");
}

/* What may call for a repair. */
static void keep_evidence(struct op_view *v, const struct json *status)
{
    static const char *const rows[][2] = { { "lastError", "lastError" },
                                           { "certificateNotAfter", "certificateEnds" },
                                           { "arcSecretNotAfter", "secretEnds" } };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (json_str(status, rows[i][0]))
            op_set_node_fact(v, rows[i][1], json_str(status, rows[i][0]));
}

static bool registered_here(const struct op_view *v)
{
    const char *node = op_node_name(v);

    return str_eq(op_node_fact(v, node, "registration"), "Registered") &&
           arm_id_equal(op_node_fact(v, node, "uri"), op_fact(v, "cluster.id"));
}

REG_ASK(stored)
{
    (void)v;
    ask_status(need);
}

/* Judged on the stored id even where the status is not Registered (register-flow.md 7.17). */
static int conflict(struct op_view *v, const char *uri, const char *region, struct err *e)
{
    struct arm_id id;

    if (!arm_id_parse(&id, uri) || !str_ieq(id.provider, PROVIDER) || !str_ieq(id.type, "clusters"))
        return err_set(e, ERR_OP, 9107, _("The cluster is registered as %s. Unregister it first."),
                       uri);
    if (!str_ieq(id.group, op_fact(v, "group")))
        return err_set(e, ERR_OP, 9125,
                       _("The stored registration names the resource group %s, not %s."), id.group,
                       op_fact(v, "group"));
    if (!str_ieq(id.name, op_fact(v, "name")))
        return err_set(e, ERR_OP, 9127, _("The stored registration names the resource %s, not %s."),
                       id.name, op_fact(v, "name"));
    if (!str_ieq(id.subscription, op_input(v, "subscriptionId")))
        return err_set(e, ERR_OP, 9128,
                       _("The stored registration names the subscription %s, not %s."),
                       id.subscription, op_input(v, "subscriptionId"));
    if (region && *region && !str_ieq(region, op_input(v, "region")))
        return err_set(
            e, ERR_OP, 9104,
            _("The stored registration names the region %s, not %s; a resource cannot be "
              "moved."),
            region, op_input(v, "region"));
    return 0;
}

/* All nodes have answered, and no registration is stored. */
static bool none_stored(const struct op_view *v)
{
    for (size_t i = 0; i < op_node_count(v); i++)
        if (!*op_node_fact(v, op_node_at(v, i), "registration"))
            return false;
    return !*op_fact(v, "stored.uri");
}

/* What was asked for; else what the cluster's Arc settings say, which the first caller must know;
 * else the cluster's own group (register-flow.md 1.9). */
void reg_arc_group(struct op_view *v, const char *settings)
{
    if (!*op_fact(v, "arcGroup"))
        op_set_fact(v, "arcGroup", *settings ? settings : op_fact(v, "group"));
}

REG_READ(stored)
{
    const char *uri = json_str(a->json, "AzureResourceUri");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node for its status"));
    if (!str_eq(json_str(a->json, "ClusterStatus"), "Clustered")) {
        err_set(e, ERR_OP, 9102,
                _("The node %s is not part of a cluster yet. Create the cluster first."),
                op_node_name(v));
        return OP_FAILED;
    }
    if (uri && *uri && conflict(v, uri, json_str(a->json, "Region"), e))
        return OP_FAILED;
    keep_status(v, a);
    if (str_eq(op_input(v, "repair"), "1"))
        keep_evidence(v, a->json);
    op_set_node_fact(v, "registeredBefore", op_node_fact(v, op_node_name(v), "registeredAt"));
    if (uri && *uri)
        op_set_fact(v, "stored.uri", uri);
    if (str_eq(op_node_fact(v, op_node_name(v), "registration"), "Registered"))
        op_set_fact(v, "stored.status", "Registered");
    op_note(v, "%s", op_node_fact(v, op_node_name(v), "registration"));
    if (none_stored(v))
        reg_arc_group(v, "");
    return OP_DONE;
}

/* ---- where the Arc agents are ---- */

/* A node of the first generation has no Arc, and need not have an agent. */
static bool has_no_arc(const struct op_view *v)
{
    return str_eq(op_node_fact(v, op_node_name(v), "first"), "1");
}

REG_ASK(agent_place)
{
    if (!has_no_arc(v))
        reg_verb(need, NODE_AGENT_SHOW);
}

static const char *agent_str(const struct json *j, const char *name)
{
    const char *s = json_value_str(json_imember(j, name));

    return s ? s : "";
}

/* An agent of AzureCanary says AzureCloud. One that names no cloud contradicts nothing. */
int reg_other_cloud(const struct op_view *v, const char *agents, struct err *e)
{
    const char *own = op_cloud(v) ? op_cloud(v)->name : "AzureCloud";

    if (!*agents || str_ieq(agents, str_ieq(own, "AzureCanary") ? "AzureCloud" : own))
        return 0;
    return err_set(e, ERR_OP, ERR_C_OTHER_CLOUD,
                   _("The Arc agent of %s is in the cloud %s, and this core works with %s. Nothing "
                     "was changed."),
                   op_node_name(v), agents, own);
}

/* "here" (and Connected), "none" (or here, not connected), or an error: register-flow.md 2.2
 * step 17. */
static enum op_verdict judge_agent(struct op_view *v, const struct op_answer *a, struct err *e)
{
    const char *sub = agent_str(a->json, "subscriptionId"),
               *group = agent_str(a->json, "resourceGroup");
    const char *tenant = agent_str(a->json, "tenantId"), *name = agent_str(a->json, "resourceName");

    if (!json_flag(a->json, "installed", true)) {
        err_set(e, ERR_NODE, ERR_C_NOT_FOUND,
                _("The Azure Connected Machine agent is not installed on %s."), op_node_name(v));
        return OP_FAILED;
    }
    if (*name && reg_other_cloud(v, agent_str(a->json, "cloud"), e))
        return OP_FAILED;
    if (*name &&
        (!str_ieq(sub, op_input(v, "subscriptionId")) || !str_ieq(group, op_fact(v, "arcGroup")) ||
         (*tenant && !str_ieq(tenant, op_input(v, "tenantId"))))) {
        err_set(e, ERR_OP, ERR_C_ELSEWHERE,
                _("The Arc agent of %s is connected elsewhere: resource group %s in subscription "
                  "%s. This registration wants it in %s, %s."),
                op_node_name(v), group, sub, op_fact(v, "arcGroup"), op_input(v, "subscriptionId"));
        return OP_FAILED;
    }
    op_set_node_fact(v, "agent.name", name);
    op_set_node_fact(v, "agent",
                     *name && str_ieq(agent_str(a->json, "status"), "Connected") ? "here" : "none");
    return OP_DONE;
}

REG_READ(agent_place)
{
    if (has_no_arc(v))
        return OP_SKIP;
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node's Arc agent"));
    return judge_agent(v, a, e);
}

/* One list for all nodes: sixteen cost no more than one. */
static void ask_machines(const struct op_view *v, struct op_need *need)
{
    reg_arm(need, "GET", API_MACHINES, ARM_PAGES);
    arm_path(&need->path,
             "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.HybridCompute/machines",
             op_input(v, "subscriptionId"), op_fact(v, "arcGroup"));
}

static const char *parent_of(const struct op_view *v, const char *node)
{
    char fact[80];

    str_fmt(fact, sizeof fact, "parent.%s", node);
    return op_fact(v, fact);
}

/* Of each node's machine, "" where there is none. A connected agent knows the machine's name. */
static void keep_parents(struct op_view *v, const struct json *list, bool connected)
{
    for (size_t i = 0; i < op_node_count(v); i++) {
        const char *node = op_node_at(v, i), *name = op_node_fact(v, node, "agent.name");
        const char *parent = NULL;
        char fact[80];

        name = connected && *name ? name : node;
        JSON_EACH (m, json_member(list, "value"))
            if (str_ieq(json_str(m, "name"), name))
                parent = json_str(m, "properties.parentClusterResourceId");
        str_fmt(fact, sizeof fact, "parent.%s", node);
        op_set_fact(v, fact, parent);
    }
}

REG_ASK(machine_place)
{
    ask_machines(v, need);
}

REG_READ(machine_place)
{
    if (a->http == 403 && str_ieq(a->err.remote_code, "AuthorizationFailed")) {
        op_set_fact(v, "machines.hidden", a->err.message); /* the gate says whether that matters */
        op_note(v, "%s", _("Your account may not see the machines."));
        return OP_SKIP;
    }
    if (!reg_absent(a) && (a->http != 200 || !reg_ok(a)))
        return reg_fail(a, e, 0, _("looking for the machines in Azure"));
    keep_parents(v, a->http == 200 ? a->json : NULL, false);
    for (size_t i = 0; i < op_node_count(v); i++) {
        const char *node = op_node_at(v, i), *parent = parent_of(v, node);

        if (!*parent || arm_id_equal(parent, op_fact(v, "cluster.id")))
            continue;
        err_set(e, ERR_OP, 9105,
                _("A machine %s in the Arc resource group belongs to another cluster already: %s."),
                node, parent);
        return OP_FAILED;
    }
    return OP_DONE;
}

/* ---- Arc agents ---- */

REG_ASK(agent_check)
{
    if (op_tries(v))
        reg_verb(need, NODE_AGENT_SHOW);
}

REG_READ(agent_check)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node's Arc agent"));
    if (a->json) {
        enum op_verdict vd = judge_agent(v, a, e);

        if (vd != OP_DONE)
            return vd;
    }
    return str_eq(op_node_fact(v, op_node_name(v), "agent"), "here") ? OP_DONE : OP_ABSENT;
}

REG_ASK(agent_apply)
{
    const char *cloud = op_cloud(v) ? op_cloud(v)->name : "AzureCloud";

    reg_verb(need, NODE_AGENT_CONNECT);
    need->with_token = true;
    need->args = json_object();
    json_set_str(need->args, "subscriptionId", op_input(v, "subscriptionId"));
    json_set_str(need->args, "resourceGroup", op_fact(v, "arcGroup"));
    json_set_str(need->args, "tenantId", op_input(v, "tenantId"));
    json_set_str(need->args, "location", op_fact(v, "region"));
    json_set_str(need->args, "cloud", str_ieq(cloud, "AzureCanary") ? "AzureCloud" : cloud);
    json_set_str(need->args, "correlationId", op_fact(v, "run.correlation"));
    json_set_str(need->args, "resourceName", op_node_name(v));
}

REG_READ(agent_apply)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("connecting the node's Arc agent"));
    op_set_node_fact(v, "agent", "here");
    op_set_node_fact(v, "agent.name", op_node_name(v));
    return OP_DONE;
}

REG_ASK(agent_undo)
{
    (void)v;
    reg_verb(need, NODE_AGENT_DISCONNECT);
    need->with_token = true;
}

REG_READ(agent_undo)
{
    (void)v;
    return reg_ok(a) ? OP_DONE : reg_fail(a, e, 0, _("disconnecting the node's Arc agent"));
}

/* ---- the node's registration: register-flow.md 2.5, M7 to M9 ---- */

/* A resource that was made again has another id: the stored registration is of the one before. */
static bool other_cloud_id(const struct op_view *v)
{
    const char *stored = op_node_fact(v, op_node_name(v), "cloudId");

    return *stored && !str_ieq(stored, op_fact(v, "cluster.cloudId"));
}

/* After a lost answer: has the node registered since this run looked first? */
static bool renewed(const struct op_view *v)
{
    const char *node = op_node_name(v), *at = op_node_fact(v, node, "registeredAt");

    return op_tries(v) && !str_eq(at, op_node_fact(v, node, "registeredBefore"));
}

REG_ASK(register_check)
{
    if (op_tries(v))
        ask_status(need);
}

REG_READ(register_check)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node for its status"));
    if (a->json)
        keep_status(v, a);
    if (!registered_here(v) || other_cloud_id(v))
        return OP_ABSENT;
    return reg_renews(v) && !op_made(v) && !renewed(v) ? OP_ABSENT : OP_DONE;
}

REG_ASK(register_apply)
{
    struct json *nodes = json_array();

    reg_verb(need, NODE_REGISTER);
    for (size_t i = 0; i < op_node_count(v); i++)
        json_push(nodes, json_string(op_node_at(v, i)));
    need->args = json_object();
    json_set_str(need->args, "serviceEndpoint", op_fact(v, "cluster.serviceEndpoint"));
    json_set_str(need->args, "billingServiceApiScope", op_cloud(v) ? op_cloud(v)->usage_scope : "");
    json_set_str(need->args, "cloudId", op_fact(v, "cluster.cloudId"));
    json_set_str(need->args, "subscriptionId", op_input(v, "subscriptionId"));
    json_set_str(need->args, "tenantId", op_input(v, "tenantId"));
    json_set_str(need->args, "resourceName", op_fact(v, "name"));
    json_set_str(need->args, "providerNamespace", PROVIDER);
    json_set_str(need->args, "resourceArmId", op_fact(v, "cluster.id"));
    json_set_str(need->args, "region", op_fact(v, "region"));
    json_set(need->args, "clusterNodes", nodes);
    if (reg_renews(v))
        json_set_bool(need->args, "again", true);
    if (reg_by_certificate(v)) {
        need->verb = NODE_REGISTER_APP;
        reg_app_args(v, need->args);
    }
}

REG_READ(register_apply)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 9144, _("registering the node (9144)"));
    op_set_node_fact(v, "registration", "Registered");
    op_set_node_fact(v, "uri", op_fact(v, "cluster.id"));
    op_set_node_fact(v, "registeredAt", "now"); /* until its status says when */
    return OP_DONE;
}

/* What was registered before stays so: taking it back would leave less than there was. */
REG_ASK(register_undo)
{
    if (!reg_renews(v))
        reg_verb(need, NODE_UNREGISTER);
}

REG_READ(register_undo)
{
    if (reg_renews(v)) {
        op_note(v, "%s", _("The registration stays: it was there before."));
        return OP_SKIP;
    }
    return reg_ok(a) ? OP_DONE : reg_fail(a, e, 0, _("taking the node's registration back"));
}

/* ---- the first sync of every node ---- */

static bool connected(const struct op_view *v)
{
    return registered_here(v) &&
           str_eq(op_node_fact(v, op_node_name(v), "connection"), "Connected");
}

/* Azure ties a machine to the cluster when its node syncs (azure-wire.md 3.7.8). Registering does
 * it, and a node that the cluster brings to Arc; where Arc comes back to nodes that are registered
 * and whose agents stayed, nothing else does. */
static bool owes_a_sync(const struct op_view *v)
{
    const char *node = op_node_name(v);
    bool synced = str_eq(op_node_fact(v, node, "synced"), "1");
    bool untied = !synced && !op_made(v) && !*op_fact(v, "machines.hidden") &&
                  !arm_id_equal(parent_of(v, node), op_fact(v, "cluster.id"));
    /* a lost answer leaves the node with Arc disabled; a service that never tells ends it, too */
    bool off = str_eq(op_node_fact(v, node, "arc.off"), "1") && !(synced && op_tries(v) >= SYNCS);

    return reg_changes(v) && reg_by_identity(v) &&
           str_eq(op_fact(v, "stored.status"), "Registered") &&
           str_eq(op_node_fact(v, node, "registeredAt"),
                  op_node_fact(v, node, "registeredBefore")) &&
           (untied || off);
}

REG_ASK(sync_check)
{
    if (!connected(v) || op_tries(v))
        ask_status(need);
}

REG_READ(sync_check)
{
    const char *why = json_str(a->json, "reason");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node for its status"));
    if (a->json)
        keep_status(v, a);
    if (connected(v) && owes_a_sync(v))
        return OP_ABSENT;
    if (connected(v)) {
        op_note(v, "%s", "Connected");
        return OP_DONE;
    }
    err_set(e, ERR_OP, 9123, _("The node %s is not Connected: %s"), op_node_name(v),
            why && *why ? why : "--");
    return OP_ABSENT;
}

REG_ASK(sync_apply)
{
    (void)v;
    reg_verb(need, NODE_SYNC);
}

REG_READ(sync_apply)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("syncing the node with Azure"));
    op_set_node_fact(v, "synced", "1");
    return OP_ABSENT; /* its status has the word */
}

/* ---- do the machines name the cluster: register-flow.md 2.9 ---- */

/* NULL, or the first node whose machine does not. */
static const char *unlinked(const struct op_view *v)
{
    for (size_t i = 0; i < op_node_count(v); i++)
        if (!arm_id_equal(parent_of(v, op_node_at(v, i)), op_fact(v, "cluster.id")))
            return op_node_at(v, i);
    return NULL;
}

/* By certificates the caller needs no rights over machines, and a list shows none of them: the Arc
 * settings tell whether they are connected. */
REG_ASK(links)
{
    if (unlinked(v) && !reg_machines_hidden(v))
        ask_machines(v, need);
}

REG_READ(links)
{
    if (unlinked(v) && reg_machines_hidden(v)) {
        op_note(v, "%s", _("Your account may not see the machines."));
        return OP_SKIP;
    }
    if (a->http && a->http != 404 && (a->http != 200 || !reg_ok(a)))
        return reg_fail(a, e, 0, _("looking at the machines in Azure"));
    if (a->http)
        keep_parents(v, a->json, true);
    if (!unlinked(v))
        return OP_DONE;
    err_set(e, ERR_OP, 9123, _("The machine %s does not name the cluster as its parent yet."),
            unlinked(v));
    return reg_changes(v) ? OP_RUNNING : OP_FAILED; /* nobody is at it */
}
