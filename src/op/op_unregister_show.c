/* What an unregistration takes away and what stays, each with its reason. */
#include "config.h"

#include "op/op_unregister.h"

#include <string.h>

#include "base/i18n.h"

#define RESOURCES_READ "Microsoft.Resources/subscriptions/resourceGroups/resources/read"

static const char *fact(const struct json *facts, const char *name)
{
    const char *s = json_value_str(json_member(facts, name));

    return s ? s : "";
}

static void row(struct json *out, const char *what, const char *name, bool goes, const char *why)
{
    struct json *r = json_object();

    json_set_str(r, "what", what);
    json_set_str(r, "name", name);
    json_set_str(r, "how", goes ? "delete" : "keep");
    json_set_str(r, "why", why);
    json_push(out, r);
}

static void each_word(struct json *out, const char *words, const char *what, bool goes,
                      const char *why)
{
    char one[96];

    for (const char *p = words; *p; p += strcspn(p, " ")) {
        p += strspn(p, " ");
        str_fmt(one, sizeof one, "%.*s", (int)strcspn(p, " "), p);
        if (one[0])
            row(out, what, one, goes, why);
    }
}

/* Why it stays: the action that is lacking, or that no list can be read. */
static bool lacking(char why[300], const struct json *run, const char *step)
{
    char key[48];
    const char *action;

    str_fmt(key, sizeof key, "%s.lacks", step);
    action = fact(run, key);
    if (str_eq(action, "?"))
        str_copy(why, 300, _("your rights cannot be read, so nothing proves that it is free"));
    else
        str_fmt(why, 300, _("your account lacks %s"), action);
    return *action != '\0';
}

static void show_machine(struct json *out, const struct json *run, const struct json *node)
{
    const struct json *own = json_member(node, "facts");
    const char *name = json_str(node, "name"), *agent = fact(own, "agent");
    const char *machine = *fact(own, "agent.name") ? fact(own, "agent.name") : name;
    char why[300];

    if (unr_word(fact(run, "leaves"), name))
        row(out, _("Arc-connected machine"), machine, true,
            _("the registration connected it; its agent is disconnected"));
    else if (unr_word(fact(run, "leaving"), name) && lacking(why, run, "leave"))
        row(out, _("Arc-connected machine"), machine, false, why);
    else if (str_eq(agent, "here") && str_eq(fact(run, "carried"), "1"))
        row(out, _("Arc-connected machine"), machine, false,
            _("the registration signs in with its identity"));
    else if (str_eq(agent, "here") && json_member(run, "leaves")) /* else nobody has judged yet */
        row(out, _("Arc-connected machine"), machine, false, _("registration did not connect it"));
    else if (str_eq(agent, "elsewhere"))
        row(out, _("Arc-connected machine"), machine, false, _("it is connected elsewhere"));
}

/* goes: the registration; else Azure Arc alone. */
static void show_nodes(struct json *out, const struct json *run, const struct json *nodes,
                       bool goes)
{
    const char *why = goes ? "" : _("only Azure Arc is disabled");

    JSON_EACH (n, nodes) {
        const char *name = json_str(n, "name");

        show_machine(out, run, n);
        if (str_eq(fact(run, "local"), "1"))
            row(out, _("registration stored on the node"), name, goes, why);
        if (str_eq(fact(run, "local"), "1") && !str_eq(fact(json_member(n, "facts"), "msi"), "1"))
            row(out, _("the node's own certificate"), name, goes, why);
    }
}

/* shared: another cluster of the group may use it, too; why: it goes. */
static void show_role(struct json *out, const struct json *run, const char *step, const char *name,
                      bool shared, const char *why)
{
    const char *other = shared ? fact(run, "machines.foreign") : "";
    char state[48], lack[300], need[400];

    str_fmt(state, sizeof state, "%s.state", step);
    if (!str_eq(fact(run, state), "present"))
        return;
    str_fmt(need, sizeof need, _("machines of another cluster need it: %s"), other);
    if (lacking(lack, run, step))
        row(out, _("role assignment"), name, false, lack);
    else
        row(out, _("role assignment"), name, !*other, *other ? need : why);
}

static void show_roles(struct json *out, const struct json *run)
{
    static const char *const steps[][2] = {
        { "arc-role-onboarding", "Azure Connected Machine Onboarding" },
        { "arc-role-admin", "Azure Connected Machine Resource Administrator" },
    };
    bool given = str_eq(fact(run, "arc-roles.given"), "1");
    const char *why = given || *fact(run, "settings.spObjectId")
                          ? _("registration gave it to the identity by which the nodes came to Arc")
                          : _("registration gave it to the cluster's identity");

    show_role(out, run, "role", "Azure Connected Machine Resource Manager", true,
              _("registration gave it to the service"));
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        show_role(out, run, steps[i][0], steps[i][1], given, why);
}

/* What is in it may not be listed: it stays (op_unregister_groups.c). */
static bool hidden(const struct json *run, const char *which)
{
    char key[48];

    str_fmt(key, sizeof key, "%s.hidden", which);
    return *fact(run, key) != '\0';
}

static void show_group(struct json *out, const struct json *run, const char *which,
                       const char *name)
{
    char key[48], why[600], lack[300];
    const char *state, *holds;

    str_fmt(key, sizeof key, "%s.state", which);
    state = fact(run, key);
    str_fmt(key, sizeof key, "%s.holds", which);
    holds = fact(run, key);
    if (str_eq(state, "foreign")) {
        row(out, _("resource group"), name, false, _("registration did not make it"));
    } else if (str_eq(state, "tagged") && lacking(lack, run, which)) {
        row(out, _("resource group"), name, false, lack);
    } else if (str_eq(state, "tagged") && hidden(run, which)) {
        str_fmt(why, sizeof why, _("your account lacks %s"), RESOURCES_READ);
        row(out, _("resource group"), name, false, why);
    } else if (str_eq(state, "tagged") && *holds) {
        str_fmt(why, sizeof why, _("it holds other resources: %s"), holds);
        row(out, _("resource group"), name, false, why);
    } else if (str_eq(state, "tagged")) {
        row(out, _("resource group"), name, true, _("registration made it, and it is empty then"));
    }
}

static void show_settings(struct json *out, const struct json *run)
{
    if (str_eq(fact(run, "settings.state"), "present"))
        row(out, _("Arc settings"), "default", true, "");
    each_word(out, fact(run, "extensions.user"), _("extension"), true, "");
    each_word(out, fact(run, "extensions.azure"), _("extension"), false,
              _("Azure manages it: it goes with its machine alone"));
}

struct json *op_arc_disable_preview(const struct json *facts)
{
    const struct json *run = json_member(facts, "run");
    struct json *out = json_array();

    row(out, _("cluster resource"), fact(run, "cluster.id"), false,
        _("only Azure Arc is disabled"));
    show_settings(out, run);
    show_nodes(out, run, json_member(facts, "nodes"), false);
    show_roles(out, run);
    if (*fact(run, "settings.appId") && str_eq(fact(run, "settings.state"), "present"))
        row(out, _("application of the Arc settings in Microsoft Entra"),
            fact(run, "settings.appId"), true, _("registration made it"));
    show_group(out, run, "arc-group", fact(run, "arcGroup"));
    return out;
}

struct json *op_unregister_preview(const struct json *facts)
{
    const struct json *run = json_member(facts, "run");
    struct json *out = json_array();

    if (str_eq(fact(run, "cluster.state"), "present"))
        row(out, _("cluster resource"), fact(run, "cluster.id"), true, "");
    show_settings(out, run);
    show_nodes(out, run, json_member(facts, "nodes"), true);
    show_roles(out, run);
    if (*fact(run, "settings.appId") && str_eq(fact(run, "settings.state"), "present"))
        row(out, _("application of the Arc settings in Microsoft Entra"),
            fact(run, "settings.appId"), true, _("it goes with the Arc settings"));
    if (*fact(run, "application.id"))
        row(out, _("application in Microsoft Entra"), fact(run, "cluster.appId"), true,
            _("registration made it"));
    else if (*fact(run, "cluster.appObjectId"))
        row(out, _("application in Microsoft Entra"), fact(run, "cluster.appId"), true,
            _("it goes with the cluster resource"));
    show_group(out, run, "arc-group", fact(run, "arcGroup"));
    show_group(out, run, "group", fact(run, "group"));
    return out;
}

/* At the end: an extension of Azure's own went with its machine. */
static bool went_along(const struct json *run, const struct json *r)
{
    return str_eq(json_str(r, "what"), _("extension")) && *fact(run, "leaves");
}

struct json *op_unregister_stays(const struct json *facts)
{
    struct json *all = op_unregister_preview(facts), *out = json_array();

    JSON_EACH (r, all)
        if (str_eq(json_str(r, "how"), "keep") && !went_along(json_member(facts, "run"), r))
            json_push(out, json_copy(r));
    json_free(all);
    return out;
}

/* A list that is cut to what the caller may read proves nothing. */
static bool cut(const struct json *run, const char *which, const char *list)
{
    return hidden(run, which) || str_eq(list, "?") || str_ifind(list, " " RESOURCES_READ " ") ||
           str_ifind(list, " Microsoft.AnyProvider/");
}

static void warn(struct json *out, const char *sentence)
{
    json_push(out, json_string(sentence));
}

static void warn_cut(struct json *out, const char *group)
{
    char text[300];

    str_fmt(text, sizeof text,
            _("Your account may not see all that stands in the resource group %s: whether others "
              "live on this cluster cannot be told."),
            group);
    warn(out, text);
}

struct json *op_unregister_warnings(const struct json *facts)
{
    const struct json *run = json_member(facts, "run");
    const char *list = fact(run, "rights.group"), *arc = fact(run, "rights.arcGroup");
    struct json *out = json_array();

    if (str_eq(list, "?") || str_eq(arc, "?"))
        warn(out, _("Your rights cannot be read here: what your account may not delete stays, and "
                    "its step names it."));
    if (cut(run, "group", list))
        warn_cut(out, fact(run, "group"));
    if (!str_ieq(fact(run, "arcGroup"), fact(run, "group")) && cut(run, "arc-group", arc))
        warn_cut(out, fact(run, "arcGroup"));
    if (str_eq(fact(run, "locks.state"), "unseen"))
        warn(out, _("Your account may not see locks: one on what goes would stop the operation in "
                    "the middle; it can be resumed when the lock is lifted."));
    return out;
}
