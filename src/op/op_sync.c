#include "config.h"

#include "op/op_sync.h"

#include <stdlib.h>

#include "azure/hci.h"
#include "base/i18n.h"
#include "op/op_engine.h"

#define HOUR_S INT64_C(3600)

/* ---- what is stored ---- */

static enum op_verdict proof_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    struct str s = STR_INIT;

    (void)a;
    (void)e;
    hci_cluster_id(&s, op_input(v, "subscriptionId"), op_input(v, "resourceGroupName"),
                   op_input(v, "resourceName"));
    op_set_fact(v, "cluster.id", str_p(&s));
    str_free(&s);
    return OP_DONE;
}

static void status_ask(const struct op_view *v, struct op_need *need)
{
    (void)v;
    reg_verb(need, NODE_STATUS);
}

static void keep(struct op_view *v, const struct json *status, const char *member, const char *fact)
{
    const char *s = json_str(status, member);

    op_set_node_fact(v, fact, s ? s : "");
}

static void keep_members(struct op_view *v, const struct json *names)
{
    struct str s = STR_INIT;

    JSON_EACH (n, names)
        str_addf(&s, "%s%s", s.len ? " " : "", json_value_str(n) ? json_value_str(n) : "");
    op_set_node_fact(v, "members", str_p(&s));
    str_free(&s);
}

static enum op_verdict stored_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    const char *uri = json_str(a->json, "AzureResourceUri"),
               *con = json_str(a->json, "ConnectionStatus");
    char up[32] = "";
    int64_t uptime;

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node for its status"));
    keep(v, a->json, "RegistrationStatus", "registration");
    keep(v, a->json, "LastConnected", "last");
    keep(v, a->json, "NextSync", "next");
    op_set_node_fact(v, "uri", uri ? uri : "");
    op_set_node_fact(v, "connection", con ? con : "");
    if (json_int(a->json, "uptime", &uptime))
        str_fmt(up, sizeof up, "%lld", (long long)uptime);
    op_set_node_fact(v, "uptime", up);
    keep_members(v, json_get(a->json, "clusterNodes"));
    op_note(v, "%s", con && *con ? con : "--");
    return OP_DONE;
}

/* ---- the census as Azure has it ---- */

static void census_ask(const struct op_view *v, struct op_need *need)
{
    reg_ask_cluster(v, need, "GET", 0);
}

static enum op_verdict census_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    struct str s = STR_INIT;

    if (reg_absent(a)) {
        op_set_fact(v, "cluster.state", "absent");
        return OP_DONE;
    }
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking at the census in Azure"));
    op_set_fact(v, "cluster.state", "present");
    JSON_EACH (n, json_get(a->json, "properties.reportedProperties.nodes"))
        str_addf(&s, " %s", json_str(n, "name") ? json_str(n, "name") : "");
    str_add(&s, " ");
    op_set_fact(v, "census", str_p(&s));
    str_free(&s);
    return OP_DONE;
}

/* ---- the gate ---- */

static bool in_census(const struct op_view *v, const char *node)
{
    char one[80];

    for (const char *p = op_fact(v, "census"); (p = op_next_word(p, one, sizeof one));)
        if (str_ieq(one, node))
            return true;
    return false;
}

/* The cluster's nodes that Azure's census lacks: " node2 node3", or "". */
static void find_missing(const struct op_view *v, struct str *out)
{
    for (size_t i = 0; i < op_node_count(v); i++) {
        const char *p = op_node_fact(v, op_node_at(v, i), "members");
        char one[80];

        while ((p = op_next_word(p, one, sizeof one)))
            if (!in_census(v, one) && !op_has_word(str_p(out), one))
                str_addf(out, "%s%s", out->len ? " " : "", one);
    }
}

static bool is_registered(const struct op_view *v, struct err *e)
{
    for (size_t i = 0; i < op_node_count(v); i++) {
        const char *node = op_node_at(v, i);

        if (str_eq(op_node_fact(v, node, "registration"), "Registered") &&
            arm_id_equal(op_node_fact(v, node, "uri"), op_fact(v, "cluster.id")))
            continue;
        err_set(e, ERR_OP, ERR_C_UNREGISTERED,
                _("The node %s is not registered with Azure as %s: there is nothing to sync."),
                node, op_fact(v, "cluster.id"));
        return false;
    }
    return true;
}

/* The node that was started last, and how many hours ago; not known counts as now. */
static const char *newest_start(const struct op_view *v, int64_t *seconds)
{
    const char *found = "";

    *seconds = INT64_MAX;
    for (size_t i = 0; i < op_node_count(v); i++) {
        const char *up = op_node_fact(v, op_node_at(v, i), "uptime");
        int64_t is = *up ? strtoll(up, NULL, 10) : 0;

        if (is >= *seconds)
            continue;
        *seconds = is;
        found = op_node_at(v, i);
    }
    return found;
}

static bool census_whole(struct op_view *v, struct err *e)
{
    struct str missing = STR_INIT;
    int64_t up, left;
    const char *started = newest_start(v, &up);
    char ago[64], wait[64];

    find_missing(v, &missing);
    op_set_fact(v, "missing", str_p(&missing));
    left = SYNC_RECENT_HOURS * HOUR_S - up;
    if (missing.len && left > 0) {
        op_sync_span(ago, sizeof ago, up * 1000);
        op_sync_span(wait, sizeof wait, left * 1000);
        err_set(e, ERR_OP, ERR_C_CENSUS,
                _("Missing from the census: %s. %s was started %s ago: a sync now would report the "
                  "cluster without what is missing, and Azure would delete its machine in Azure "
                  "Arc. Time left until a sync is let through: %s. Nothing was changed."),
                str_p(&missing), started, ago, wait);
    }
    str_free(&missing);
    return !err_is(e);
}

static enum op_verdict ready_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    (void)a;
    if (!is_registered(v, e))
        return OP_FAILED;
    if (str_eq(op_fact(v, "cluster.state"), "absent")) {
        err_set(e, ERR_OP, 9106,
                _("The cluster is registered, but its resource is gone from "
                  "Azure: no sync can reach it. Nothing was changed."));
        err_wrap(e, "%s", op_fact(v, "cluster.id"));
        return OP_FAILED;
    }
    return census_whole(v, e) ? OP_DONE : OP_FAILED;
}

/* ---- the sync ---- */

static enum op_verdict sync_check_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    const char *last = json_str(a->json, "LastConnected"), *next = json_str(a->json, "NextSync");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node for its status"));
    if (op_made(v))
        return OP_DONE;
    if (!last || !str_eq(json_str(a->json, "ConnectionStatus"), "Connected") ||
        str_eq(last, op_node_fact(v, op_node_name(v), "last")))
        return OP_ABSENT;
    op_note(v, _("synced; the next automatic sync: %s"), next ? next : "--");
    return OP_DONE;
}

static void sync_check_ask(const struct op_view *v, struct op_need *need)
{
    if (op_tries(v))
        reg_verb(need, NODE_STATUS);
}

static void sync_ask(const struct op_view *v, struct op_need *need)
{
    (void)v;
    reg_verb(need, NODE_SYNC);
}

static enum op_verdict sync_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    const char *next = json_str(a->json, "nextSync");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("syncing the node with Azure"));
    keep(v, a->json, "lastSync", "last");
    keep(v, a->json, "nextSync", "next");
    op_note(v, _("synced; the next automatic sync: %s"), next ? next : "--");
    return OP_DONE;
}

/* ---- the plan ---- */

static const struct op_step steps[] = {
    { .id = "proof", .title = N_("Read the stored registration"), .check = { NULL, proof_read } },
    { .id = "stored",
      .title = N_("Ask every node for its last sync"),
      .scope = OP_EACH_NODE,
      .check = { status_ask, stored_read } },
    { .id = "census",
      .title = N_("Look at the census in Azure"),
      .check_needs = "cluster.id",
      .check = { census_ask, census_read } },
    { .id = "ready",
      .title = N_("Look whether anything stands in the way"),
      .after = "proof stored census",
      .check_needs = "@after",
      .check = { NULL, ready_read },
      .flags = OP_GATE },
    { .id = "sync",
      .title = N_("Sync every node"),
      .scope = OP_EACH_NODE,
      .after = "ready",
      .check_needs = "@after",
      .check = { sync_check_ask, sync_check_read },
      .apply = { sync_ask, sync_read },
      .flags = OP_NO_RETURN },
};

static const char *const inputs_needed[] = { "subscriptionId", "resourceName", "resourceGroupName",
                                             NULL };

const struct op_plan op_sync = { .id = "sync",
                                 .title = N_("Sync with Azure now"),
                                 .steps = steps,
                                 .n = ARRAY_LEN(steps),
                                 .inputs = inputs_needed,
                                 .parameters = 9009 };
