/* What is proven before anything is taken away: whose registration this is, in which cloud, tenant
 * and subscription; and what holds it. */
#include "config.h"

#include "op/op_unregister.h"

#include <string.h>
#include <strings.h>

#include "azure/hci.h"
#include "base/i18n.h"

const char *unr_fact(const struct op_view *v, const char *name)
{
    const char *now = op_fact(v, name);

    return *now ? now : op_old_fact(v, name);
}

bool unr_word(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = words; n && *p; p += strcspn(p, " ")) {
        p += strspn(p, " ");
        if (strcspn(p, " ") == n && strncasecmp(p, word, n) == 0)
            return true;
    }
    return false;
}

bool unr_local(const struct op_view *v)
{
    return str_eq(unr_fact(v, "local"), "1");
}

bool unr_by_certificate(const struct op_view *v)
{
    for (size_t i = 0; i < op_node_count(v); i++)
        if (!str_eq(op_node_fact(v, op_node_at(v, i), "msi"), "1"))
            return true;
    return false;
}

/* ---- the stored record ---- */

UNR_ASK(stored)
{
    (void)v;
    reg_verb(need, NODE_STATUS);
}

/* What is stored may not contradict what is to be taken away: register-flow.md 3.3. */
static int contradicts(const struct op_view *v, const char *uri, struct err *e)
{
    struct arm_id id;

    if (!arm_id_parse(&id, uri))
        return err_set(e, ERR_NODE, ERR_C_CORRUPT,
                       _("What the node %s has stored is no cluster resource's id: %s"),
                       op_node_name(v), uri);
    if (!str_ieq(id.subscription, op_input(v, "subscriptionId")))
        return err_set(e, ERR_OP, 9128,
                       _("The node %s is registered in another subscription, %s. Nothing was "
                         "changed."),
                       op_node_name(v), id.subscription);
    if (!str_ieq(id.name, op_input(v, "resourceName")))
        return err_set(e, ERR_OP, 9127,
                       _("The node %s is registered as another resource, %s. Nothing was changed."),
                       op_node_name(v), id.name);
    if (!str_ieq(id.group, op_input(v, "resourceGroupName")))
        return err_set(e, ERR_OP, 9125,
                       _("The node %s is registered in another resource group, %s. Nothing was "
                         "changed."),
                       op_node_name(v), id.group);
    return 0;
}

UNR_READ(stored)
{
    const char *uri = json_str(a->json, "AzureResourceUri"), *id = json_str(a->json, "cloudId");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node for its status"));
    uri = uri ? uri : "";
    if (*uri && contradicts(v, uri, e))
        return OP_FAILED;
    op_set_node_fact(v, "uri", uri);
    op_set_node_fact(v, "cloudId", id ? id : "");
    if (*uri)
        op_set_fact(v, "stored.uri", uri);
    if (*uri && id && *id)
        op_set_fact(v, "stored.cloudId", id);
    op_note(v, "%s", *uri ? uri : "--");
    return OP_DONE;
}

static int bad_values(const struct op_view *v, struct err *e)
{
    const char *why = hci_bad_cluster_name(op_input(v, "resourceName"));

    why = why ? why : hci_bad_group_name(op_input(v, "resourceGroupName"));
    if (!guid_is(op_input(v, "subscriptionId")))
        return err_set(e, ERR_USAGE, 0, _("The subscription id is no GUID: %s"),
                       op_input(v, "subscriptionId"));
    if (!guid_is(op_input(v, "tenantId")))
        return err_set(e, ERR_USAGE, 0, _("The tenant id is no GUID: %s"), op_input(v, "tenantId"));
    return why ? err_set(e, ERR_USAGE, 0, "%s", why) : 0;
}

/* The nodes of a cluster have one registration. A run that goes on may have taken it off some. */
static int disagree(const struct op_view *v, struct err *e)
{
    const char *one = op_node_count(v) ? op_node_at(v, 0) : "";

    for (size_t i = 1; i < op_node_count(v) && !str_eq(op_old_fact(v, "local"), "1"); i++) {
        const char *other = op_node_at(v, i), *uri = op_node_fact(v, other, "uri");
        const char *id = op_node_fact(v, other, "cloudId");

        if (str_ieq(uri, op_node_fact(v, one, "uri")) &&
            (!*uri || str_ieq(id, op_node_fact(v, one, "cloudId"))))
            continue;
        return err_set(e, ERR_OP, ERR_C_DISAGREE,
                       _("The nodes do not agree on their registration: %s says %s (%s), %s says "
                         "%s (%s). Nothing was changed."),
                       one, *op_node_fact(v, one, "uri") ? op_node_fact(v, one, "uri") : "--",
                       op_node_fact(v, one, "cloudId"), other, *uri ? uri : "--", id);
    }
    return 0;
}

UNR_READ(proof)
{
    struct str s = STR_INIT;

    (void)a;
    if (bad_values(v, e) || disagree(v, e))
        return OP_FAILED;
    op_set_fact(v, "name", op_input(v, "resourceName"));
    op_set_fact(v, "group", op_input(v, "resourceGroupName"));
    op_set_fact(v, "local",
                *op_fact(v, "stored.uri") || str_eq(op_old_fact(v, "local"), "1") ? "1" : "0");
    hci_cluster_id(&s, op_input(v, "subscriptionId"), op_fact(v, "group"), op_fact(v, "name"));
    op_set_fact(v, "cluster.id", str_p(&s));
    str_reset(&s);
    hci_arc_id(&s, op_fact(v, "cluster.id"));
    op_set_fact(v, "settings.id", str_p(&s));
    str_free(&s);
    if (!unr_local(v))
        op_note(v, "%s", _("These nodes are not registered with it: only Azure's side goes."));
    return OP_DONE;
}

/* ---- the Arc agents ---- */

UNR_ASK(agent)
{
    if (unr_local(v) && !str_eq(op_node_fact(v, op_node_name(v), "first"), "1"))
        reg_verb(need, NODE_AGENT_SHOW);
}

static const char *shown(const struct op_answer *a, const char *name)
{
    const char *s = json_value_str(json_imember(a->json, name));

    return s ? s : "";
}

UNR_READ(agent)
{
    bool there;

    if (!a->json && reg_ok(a)) {
        op_set_node_fact(v, "agent", "none");
        return OP_SKIP;
    }
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node's Arc agent"));
    there = *shown(a, "resourceName") != '\0';
    if (there && reg_other_cloud(v, shown(a, "cloud"), e))
        return OP_FAILED;
    op_set_node_fact(v, "agent.group", shown(a, "resourceGroup"));
    op_set_node_fact(v, "agent.name", shown(a, "resourceName"));
    op_set_node_fact(v, "agent",
                     !there ? "none"
                     : str_ieq(shown(a, "subscriptionId"), op_input(v, "subscriptionId"))
                         ? "here"
                         : "elsewhere");
    return OP_DONE;
}

UNR_ASK(arc_status)
{
    const char *node = op_node_name(v);

    if (unr_local(v) && str_eq(op_node_fact(v, node, "msi"), "0") &&
        !str_eq(op_node_fact(v, node, "first"), "1"))
        reg_verb(need, NODE_ARC_STATUS);
}

UNR_READ(arc_status)
{
    const char *arc = json_str(a->json, "nodeArcStatus");

    if (!reg_ok(a))
        return reg_fail(a, e, 9117, _("asking the node how it stands with Azure Arc"));
    if (!a->json)
        return OP_SKIP;
    op_set_node_fact(v, "arc", arc ? arc : "");
    op_note(v, "%s", arc ? arc : "--");
    return OP_DONE;
}

/* ---- the gate ---- */

UNR_READ(ready)
{
    const char *stored = op_fact(v, "stored.cloudId"), *is = op_fact(v, "cluster.cloudId");
    bool lacking = unr_rights(v, e) != 0;

    (void)a;
    op_set_fact(v, "leaves", *unr_lacks(v, "leave") ? "" : op_fact(v, "leaving"));
    if (*unr_lacks(v, "leave"))
        unr_keep_machines(v);
    if (lacking)
        return OP_FAILED;
    if (*stored && *is && !str_ieq(stored, is)) {
        err_set(e, ERR_OP, ERR_C_OTHER_RESOURCE,
                _("The cluster resource in Azure is not the one that these nodes are registered "
                  "with: its id is %s, theirs %s. Nothing was changed."),
                is, stored);
        return OP_FAILED;
    }
    if (!unr_local(v) && str_eq(op_fact(v, "cluster.state"), "absent") &&
        !*op_old_fact(v, "cluster.state")) {
        err_set(e, ERR_OP, ERR_C_NOT_FOUND,
                _("There is no cluster resource %s in the resource group %s, and these nodes are "
                  "not registered with it."),
                op_fact(v, "name"), op_fact(v, "group"));
        return OP_FAILED;
    }
    /* what others run lives on the cluster, not on Azure Arc for servers */
    return !*op_input(v, "arcOnly") && unr_holders(v, e) ? OP_FAILED : OP_DONE;
}
