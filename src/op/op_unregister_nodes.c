/* What is taken away on the nodes: their machines in Azure Arc, the registration, certificates. */
#include "config.h"

#include "op/op_unregister.h"

#include "base/i18n.h"

#define VM_DELETE "Microsoft.HybridCompute/machines/delete"

/* The registration goes on, and the nodes sign in to the service by their Arc machines' identity.
 */
static bool carries(const struct op_view *v)
{
    return *op_input(v, "arcOnly") && !unr_by_certificate(v);
}

/* Is the node's machine the one that registration makes? It is called like the node and stands in
 * the machines' group. Its operator may have connected the agent anew since, to another place. */
static bool at_its_place(const struct op_view *v, const char *node)
{
    return str_ieq(op_node_fact(v, node, "agent.group"), op_fact(v, "arcGroup")) &&
           str_ieq(op_node_fact(v, node, "agent.name"), node);
}

/* By certificates registration brings the nodes to Arc, and unregistration takes them out again
 * (register-flow.md 4.2 U6); by the nodes' identity only those that registration connected. One
 * whose agent is elsewhere is nobody's business here, and one that was connected before it came to
 * the cluster stays (the Windows module takes it out, too). Without Arc settings or a journal the
 * machines' group may be unknown: then what the node says of itself is enough. */
bool unr_leaves(const struct op_view *v, const char *node)
{
    bool by_identity = str_eq(op_node_fact(v, node, "msi"), "1");
    bool ours = unr_word(op_input(v, "connected"), node);

    if (!unr_local(v) || carries(v) || !str_eq(op_node_fact(v, node, "agent"), "here") ||
        unr_word(op_input(v, "connectedBefore"), node))
        return false;
    if (ours)
        return at_its_place(v, node);
    return !by_identity && str_ieq(op_node_fact(v, node, "arc"), "Enabled") &&
           (str_eq(op_fact(v, "settings.state"), "absent") || at_its_place(v, node));
}

/* ---- out of Azure Arc ---- */

UNR_ASK(leave_check)
{
    if (op_tries(v))
        reg_verb(need, NODE_AGENT_SHOW);
}

UNR_READ(leave_check)
{
    const char *node = op_node_name(v), *name;

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node's Arc agent"));
    name = json_value_str(json_imember(a->json, "resourceName"));
    if (a->json && !(name && *name))
        return OP_DONE;
    if (*unr_lacks(v, "leave") && unr_leaves(v, node))
        return unr_stays(v, unr_lacks(v, "leave"));
    if (a->json || unr_leaves(v, node))
        return OP_ABSENT;
    if (str_eq(op_node_fact(v, node, "agent"), "here") && carries(v))
        op_note(v, "%s", _("stays in Azure Arc: the registration signs in with its identity"));
    else if (str_eq(op_node_fact(v, node, "agent"), "here"))
        op_note(v, "%s", _("stays in Azure Arc: registration did not connect it"));
    else if (str_eq(op_node_fact(v, node, "agent"), "elsewhere"))
        op_note(v, "%s", _("stays in Azure Arc: it is connected elsewhere"));
    return OP_SKIP;
}

UNR_ASK(leave_apply)
{
    (void)v;
    reg_verb(need, NODE_AGENT_DISCONNECT);
    need->with_token = true;
}

/* Where the list of rights could not be read the agent's own refusal has the word: it hands on
 * Resource Manager's sentence, which names the action (the beginning may be cut). */
static bool forbidden(const struct op_answer *a)
{
    return str_ifind(a->err.message, "AuthorizationFailed") ||
           str_ifind(a->err.message, VM_DELETE) || str_ifind(a->err.detail, VM_DELETE);
}

UNR_READ(leave_apply)
{
    if (!reg_ok(a) && forbidden(a))
        return unr_stays(v, VM_DELETE);
    return reg_ok(a)
               ? OP_DONE
               : reg_fail(a, e, unr_by_certificate(v) ? 9117 : 9140,
                          unr_by_certificate(v) ? _("disconnecting the node's Arc agent (9117)")
                                                : _("disconnecting the node's Arc agent (9140)"));
}

/* ---- the registration ---- */

UNR_ASK(node_check)
{
    if (op_tries(v))
        reg_verb(need, NODE_STATUS);
}

UNR_READ(node_check)
{
    const char *uri = json_str(a->json, "AzureResourceUri");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node for its status"));
    if (a->json)
        op_set_node_fact(v, "uri", uri ? uri : "");
    return *op_node_fact(v, op_node_name(v), "uri") ? OP_ABSENT : OP_DONE;
}

UNR_ASK(node_apply)
{
    (void)v;
    reg_verb(need, NODE_UNREGISTER);
}

UNR_READ(node_apply)
{
    (void)v;
    return reg_ok(a) ? OP_DONE
                     : reg_fail(a, e, 9148, _("taking the node's registration back (9148)"));
}

/* ---- certificates: a node's own, never a user's ---- */

UNR_ASK(certificate_check)
{
    if (str_eq(op_node_fact(v, op_node_name(v), "msi"), "1"))
        return;
    reg_verb(need, NODE_CERTIFICATE_FIND);
    need->args = json_object();
    json_set_str(need->args, "certificateThumbprint", "");
}

UNR_READ(certificate_check)
{
    (void)v;
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("looking for the node's certificate"));
    if (!a->json)
        return OP_SKIP;
    return json_flag(a->json, "found", false) ? OP_ABSENT : OP_DONE;
}

UNR_ASK(certificate_apply)
{
    (void)v;
    reg_verb(need, NODE_CERTIFICATE_REMOVE);
}

UNR_READ(certificate_apply)
{
    (void)v;
    return reg_ok(a) ? OP_DONE : reg_fail(a, e, 0, _("removing the node's certificate"));
}
