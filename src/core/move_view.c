/* move_view.c - the world as it will be when the first part of a move, or of a reset that is
 * followed by a registration, is done. The second part's check is shown it, so that the new values
 * are judged before anything of the old is deleted: what will be gone is not found, and the nodes
 * look unregistered. What stays is seen as it is. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "azure/hci.h"
#include "base/i18n.h"
#include "core/app_int.h"

static const char *fact(const struct json *facts, const char *name)
{
    const char *s = json_value_str(json_member(facts, name));

    return s ? s : "";
}

static bool word_in(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = words; n && *p; p += strcspn(p, " ")) {
        p += strspn(p, " ");
        if (strcspn(p, " ") == n && strncasecmp(p, word, n) == 0)
            return true;
    }
    return false;
}

/* Registration made it, and nothing else is in it: it is deleted. */
static bool group_goes(const struct json *run, const char *which)
{
    char state[48], holds[48];

    str_fmt(state, sizeof(state), "%s.state", which);
    str_fmt(holds, sizeof(holds), "%s.holds", which);
    return str_eq(fact(run, state), "tagged") && !*fact(run, holds);
}

static void add_gone(struct json *gone, struct str *path)
{
    if (path->len)
        json_push(gone, json_string(str_p(path)));
    str_reset(path);
}

static void add_machines(struct json *gone, const char *sub, const struct json *run,
                         const struct json *nodes)
{
    struct str path = STR_INIT;

    JSON_EACH (n, nodes) {
        const struct json *own = json_member(n, "facts");
        const char *name = fact(own, "agent.name"), *group = fact(own, "agent.group");

        if (!word_in(fact(run, "leaves"), json_str(n, "name")))
            continue;
        arm_path(&path,
                 "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.HybridCompute/machines/"
                 "%s",
                 sub, *group ? group : fact(run, "arcGroup"), *name ? name : json_str(n, "name"));
        add_gone(gone, &path);
    }
    str_free(&path);
}

struct json *move_view(const struct json *inputs, const struct json *facts)
{
    const struct json *run = json_member(facts, "run");
    const char *sub = json_str(inputs, "subscriptionId");
    struct json *view = json_object(), *gone = json_array();
    struct str path = STR_INIT;

    str_add(&path, fact(run, "cluster.id"));
    add_gone(gone, &path);
    if (group_goes(run, "group"))
        arm_path(&path, "/subscriptions/%s/resourceGroups/%s", sub, fact(run, "group"));
    add_gone(gone, &path);
    if (group_goes(run, "arc-group"))
        arm_path(&path, "/subscriptions/%s/resourceGroups/%s", sub, fact(run, "arcGroup"));
    add_gone(gone, &path);
    add_machines(gone, sub, run, json_member(facts, "nodes"));
    json_set(view, "gone", gone);
    json_set_str(view, "cluster", fact(run, "cluster.id"));
    json_set_str(view, "leaves", fact(run, "leaves"));
    json_set_bool(view, "role",
                  str_eq(fact(run, "role.state"), "present") && !*fact(run, "machines.foreign"));
    str_free(&path);
    return view;
}

struct json *reset_view(const char *machines, const struct json *facts)
{
    struct json *view = json_object(), *gone = json_array();
    struct str path = STR_INIT;

    JSON_EACH (n, json_member(facts, "nodes")) {
        if (!word_in(machines, json_str(n, "name")))
            continue;
        str_add(&path, fact(json_member(n, "facts"), "agent.id"));
        add_gone(gone, &path);
    }
    json_set(view, "gone", gone);
    json_set_str(view, "cluster", "");
    json_set_str(view, "leaves", machines);
    str_free(&path);
    return view;
}

/* The resource itself, or what is below it. */
static bool is_gone(const struct json *view, const char *path)
{
    JSON_EACH (g, json_get(view, "gone")) {
        const char *id = json_value_str(g);
        size_t n = strlen(id);

        if (strncasecmp(path, id, n) == 0 && (!path[n] || path[n] == '/' || path[n] == '?'))
            return true;
    }
    return false;
}

static void say_gone(struct op_answer *a)
{
    a->http = 404;
    a->json = NULL;
    err_clear(&a->err);
    err_set(&a->err, ERR_ARM, 0, "%s", _("It will be gone by then."));
    a->err.http = 404;
    a->err.retry_after_ms = -1;
    STR_SET(a->err.remote_code, "ResourceNotFound");
}

static bool role_goes(const struct json *view, const struct json *item)
{
    const char *role = json_str(item, "properties.roleDefinitionId"),
               *scope = json_str(item, "properties.scope"), *group;

    group = scope ? str_ifind(scope, "/resourceGroups/") : NULL;
    return json_flag(view, "role", false) && role && str_ifind(role, HCI_ROLE_RESOURCE_MANAGER) &&
           group && !strchr(group + strlen("/resourceGroups/"), '/');
}

/* A list without what is gone, and without the cluster as a parent. */
static struct json *thinned(const struct json *view, const struct json *list)
{
    struct json *out = json_copy(list), *kept = json_array();

    JSON_EACH (i, json_member(list, "value")) {
        const char *id = json_str(i, "id"), *parent;
        struct json *item;

        if ((id && is_gone(view, id)) || role_goes(view, i))
            continue;
        item = json_copy(i);
        parent = json_str(item, "properties.parentClusterResourceId");
        if (parent && str_ieq(parent, json_str(view, "cluster")))
            json_unset(json_edit(json_member(item, "properties")), "parentClusterResourceId");
        json_push(kept, item);
    }
    json_set(out, "value", kept);
    return out;
}

static struct json *veil_arm(const struct json *view, const struct op_need *need,
                             struct op_answer *a)
{
    if (need->arm_flags & ARM_GRAPH)
        return NULL;
    if (is_gone(view, str_p(&need->path))) {
        say_gone(a);
        return NULL;
    }
    return json_is_array(json_member(a->json, "value")) ? thinned(view, a->json) : NULL;
}

static struct json *veil_status(const struct json *status)
{
    static const char *const blank[] = { "AzureResourceUri", "AzureResourceName", "cloudId",
                                         "registeredAt", "Region" };
    struct json *out = json_copy(status);

    for (size_t i = 0; i < ARRAY_LEN(blank); i++)
        json_unset(out, blank[i]);
    json_set_str(out, "RegistrationStatus", "NotYet");
    json_set(out, "ConnectionStatus", json_null());
    return out;
}

static struct json *veil_node(const struct json *view, const struct op_need *need, const char *node,
                              const struct json *said)
{
    struct json *out = NULL;

    switch (need->verb) {
    case NODE_STATUS:
        return veil_status(said);
    case NODE_AGENT_SHOW:
        if (!word_in(json_str(view, "leaves"), node))
            return NULL;
        out = json_object();
        json_set_bool(out, "installed", true);
        json_set_str(out, "status", "Disconnected");
        return out;
    case NODE_ARC_STATUS:
        out = json_copy(said);
        json_set_str(out, "nodeArcStatus", "Disabled");
        json_set_str(out, "clusterArcStatus", "Disabled");
        json_unset(out, "applicationId");
        json_unset(out, "resourceGroup");
        return out;
    default:
        return NULL;
    }
}

struct json *move_veil(void *payload, const struct op_need *need, const char *node,
                       struct op_answer *a)
{
    const struct json *view = payload;
    struct json *own = NULL;

    if (need->kind == OP_NEED_ARM)
        own = veil_arm(view, need, a);
    else if (need->kind == OP_NEED_NODE && a->json && !err_is(&a->err))
        own = veil_node(view, need, node, a->json);
    if (own)
        a->json = own;
    return own;
}
