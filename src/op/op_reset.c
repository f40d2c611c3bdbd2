#include "config.h"

#include "op/op_reset.h"

#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"

#define ACT(n)                                                                                     \
    {                                                                                              \
        rst_##n##_ask, rst_##n##_read                                                              \
    }
#define MINUTE (60 * 1000)
#define LOOK(step, what, needs, act)                                                               \
    {                                                                                              \
        .id = step, .title = what, .scope = OP_EACH_NODE, .after = needs, .check_needs = "@after", \
        .check = ACT(act)                                                                          \
    }
#define PHASE(step, what, before, minutes)                                                         \
    {                                                                                              \
        .id = step, .title = what, .scope = OP_EACH_NODE, .after = before,                         \
        .check_needs = "@after", .check = ACT(phase), .apply = { NULL, rst_phase_begin_read },     \
        .delay_ms = 1000, .deadline_ms = (minutes)*MINUTE, .flags = OP_NO_RETURN                   \
    }

static const struct op_step steps[] = {
    LOOK("needs", N_("Look whether the machine has what a reset needs"), NULL, needs),
    LOOK("stored", N_("Look whether its cluster is registered"), NULL, stored),
    LOOK("agent-place", N_("Look where its Arc agent is connected"), NULL, agent),
    LOOK("state", N_("Look what is left of its bootstrap, and of an earlier reset"), NULL, state),
    LOOK("machine", N_("Look at the machine in Azure"), "agent-place", machine),
    LOOK("cluster", N_("Look whether a cluster has the machine"), "machine", cluster),
    LOOK("extensions", N_("Look at the machine's extensions"), "machine", extensions),
    LOOK("locks", N_("Look for locks"), "machine", locks),
    LOOK("rights", N_("Look at your rights in the machine's group"), "extensions", rights),
    { .id = "ready",
      .title = N_("Look whether anything stands in the way"),
      .after = "needs stored state cluster rights locks",
      .check_needs = "@after",
      .check = { NULL, rst_ready_read } },
    { .id = "reset",
      .title = N_("Begin the reset on the machine"),
      .scope = OP_EACH_NODE,
      .after = "ready",
      .check_needs = "@after",
      .check = ACT(reset_check),
      .apply = ACT(reset_apply),
      .flags = OP_NO_RETURN },
    PHASE("extension-cleanup", N_("ExtensionCleanup: delete the machine's extensions"), "reset",
          60),
    PHASE("gateway-cleanup", N_("GatewayCleanup: take the agent off its gateway"),
          "extension-cleanup", 10),
    PHASE("azcm-agent-cleanup", N_("AzcmAgentCleanup: disconnect the agent, delete its machine"),
          "gateway-cleanup", 20),
    PHASE("bootstrap-cleanup", N_("BootstrapCleanup: remove the state of the bootstrap"),
          "azcm-agent-cleanup", 10),
};

static const struct {
    const char *step, *phase;
} phases[] = { { "extension-cleanup", "ExtensionCleanup" },
               { "gateway-cleanup", "GatewayCleanup" },
               { "azcm-agent-cleanup", "AzcmAgentCleanup" },
               { "bootstrap-cleanup", "BootstrapCleanup" } };

const char *rst_phase_of(const char *step)
{
    for (size_t i = 0; i < ARRAY_LEN(phases); i++)
        if (str_eq(phases[i].step, step))
            return phases[i].phase;
    return NULL;
}

static const char *const inputs_needed[] = { "id", "machines", NULL };

const struct op_plan op_reset = { .id = "reset",
                                  .title = N_("Reset machines"),
                                  .steps = steps,
                                  .n = ARRAY_LEN(steps),
                                  .inputs = inputs_needed };

/* ---- the review ---- */

static const char *fact(const struct json *facts, const char *name)
{
    const char *s = json_value_str(json_member(facts, name));

    return s ? s : "";
}

static void row(struct json *out, const char *what, const char *name, const char *how,
                const char *why)
{
    struct json *r = json_object();

    json_set_str(r, "what", what);
    json_set_str(r, "name", name);
    json_set_str(r, "how", how);
    json_set_str(r, "why", why);
    json_push(out, r);
}

static void add_node(struct json *out, const char *node, const struct json *facts)
{
    char one[128], why[200];

    str_fmt(why, sizeof why, _("it is of the machine %s"), node);
    for (const char *p = fact(facts, "extensions"); *p; p += strcspn(p, " ")) {
        p += strspn(p, " ");
        str_fmt(one, sizeof one, "%.*s", (int)strcspn(p, " "), p);
        if (one[0])
            row(out, _("Extension"), one, "delete", why);
    }
    if (*fact(facts, "agent.id"))
        row(out, _("Arc-connected machine"), fact(facts, "agent.name"), "delete",
            _("its agent is disconnected"));
    if (str_eq(fact(facts, "gateway"), "1"))
        row(out, _("Gateway of the Arc agent on"), node, "change", _("it connects directly again"));
    if (str_eq(fact(facts, "bootstrap"), "1"))
        row(out, _("State of the bootstrap on"), node, "delete", "");
    else if (str_eq(fact(facts, "state"), "InProgress") || str_eq(fact(facts, "state"), "Failed"))
        row(out, _("Unfinished reset of"), node, "change", _("it is brought to its end"));
}

static bool listed(const struct json *out, const char *what, const char *name)
{
    JSON_EACH (r, out)
        if (str_eq(json_str(r, "what"), what) && str_ieq(json_str(r, "name"), name))
            return true;
    return false;
}

static void add_kept(struct json *out, const char *node, const struct json *facts)
{
    struct arm_id id;

    row(out, _("Operating system of"), node, "keep",
        _("a reset takes the machine out of Azure only"));
    if (arm_id_parse(&id, fact(facts, "agent.id")) && !listed(out, _("Resource group"), id.group))
        row(out, _("Resource group"), id.group, "keep", _("the reset did not make it"));
}

struct json *op_reset_stays(const struct json *facts)
{
    struct json *out = json_array();

    JSON_EACH (n, json_member(facts, "nodes"))
        add_kept(out, json_str(n, "name"), json_member(n, "facts"));
    return out;
}

struct json *op_reset_preview(const struct json *facts)
{
    struct json *out = json_array();

    JSON_EACH (n, json_member(facts, "nodes"))
        add_node(out, json_str(n, "name"), json_member(n, "facts"));
    if (json_len(out))
        JSON_EACH (n, json_member(facts, "nodes"))
            add_kept(out, json_str(n, "name"), json_member(n, "facts"));
    return out;
}
