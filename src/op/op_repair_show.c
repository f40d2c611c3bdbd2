/* What a repair renews and why, from the facts of a finished check run of op_register with the
 * input `repair`. Evidence and remedy: docs-facts.md 1.3 and 3.1, register-flow.md 2.3. */
#include "config.h"

#include "op/op_register.h"

#include <string.h>

#include "base/i18n.h"

#define DAY_MS INT64_C(86400000)
#define SOON   (60 * DAY_MS) /* docs-facts.md 1.4: the least that a certificate must last */

struct show {
    const struct json *run, *nodes;
    struct json *out;
    int64_t now;
    bool needed;
};

static const char *fact(const struct json *facts, const char *name)
{
    const char *s = json_value_str(json_member(facts, name));

    return s ? s : "";
}

static bool known(const struct show *s, const char *name)
{
    return json_member(s->run, name) != NULL;
}

static void row(struct show *s, const char *what, const char *name, const char *how,
                const char *why)
{
    struct json *r = json_object();

    json_set_str(r, "what", what);
    json_set_str(r, "name", name);
    json_set_str(r, "how", how);
    json_set_str(r, "why", why);
    json_push(s->out, r);
}

/* A row that something speaks for. */
static void mend(struct show *s, const char *what, const char *name, const char *how,
                 const char *why)
{
    s->needed = true;
    row(s, what, name, how, why);
}

static void keep_or_make(struct show *s, const char *what, const char *name, bool there,
                         const char *why)
{
    if (there)
        row(s, what, name, "keep", "");
    else
        mend(s, what, name, "make", why);
}

/* The first node whose fact is not "" and not `good`; NULL: none. */
static const struct json *node_with(const struct show *s, const char *name, const char *good)
{
    JSON_EACH (n, s->nodes) {
        const char *is = fact(json_member(n, "facts"), name);

        if (*is && !str_ieq(is, good))
            return n;
    }
    return NULL;
}

/* ---- rows ---- */

static void show_resource(struct show *s)
{
    static const char *const providers[][2] = {
        { "provider-hci.state", "Microsoft.AzureStackHCI" },
        { "provider-compute.state", "Microsoft.HybridCompute" },
        { "provider-guest.state", "Microsoft.GuestConfiguration" },
        { "provider-connectivity.state", "Microsoft.HybridConnectivity" }
    };

    for (size_t i = 0; i < ARRAY_LEN(providers); i++)
        if (known(s, providers[i][0]) && !str_ieq(fact(s->run, providers[i][0]), "Registered"))
            mend(s, _("Resource provider"), providers[i][1], "make",
                 _("it is not registered in the subscription"));
    if (known(s, "group.state") && !str_eq(fact(s->run, "group.state"), "present"))
        mend(s, _("Resource group"), fact(s->run, "group"), "make", _("it is gone from Azure"));
    if (known(s, "cluster.state"))
        keep_or_make(s, _("Cluster resource"), fact(s->run, "name"),
                     str_eq(fact(s->run, "cluster.state"), "present"), _("it is gone from Azure"));
}

static bool made_again(const struct show *s)
{
    const char *now = fact(s->run, "cluster.cloudId");

    return *now && node_with(s, "cloudId", now);
}

static void show_registration(struct show *s)
{
    const struct json *bad = node_with(s, "connection", "Connected");
    const char *what = _("Registration of the cluster"), *name = fact(s->run, "name");
    char why[300];

    if (bad) {
        str_fmt(why, sizeof why, _("%s says ConnectionStatus %s"), json_str(bad, "name"),
                fact(json_member(bad, "facts"), "connection"));
        mend(s, what, name, "renew", why);
    } else if (made_again(s)) {
        mend(s, what, name, "renew",
             _("the cluster resource was made again: its id is not the one that is stored"));
    } else if (node_with(s, "lastError", "")) {
        bad = node_with(s, "lastError", "");
        str_fmt(why, sizeof why, _("the last sync of %s failed: %s"), json_str(bad, "name"),
                fact(json_member(bad, "facts"), "lastError"));
        mend(s, what, name, "renew", why);
    } else {
        row(s, what, name, "renew", _("a repair renews it in any case"));
    }
}

/* "it ends on 2026-12-01, in 9 days", for one that ends soon; else false. */
static bool ends_soon(const struct show *s, const char *end, char *why, size_t size)
{
    int64_t at;
    char day[TIME_SIZE] = "";

    if (!*end || !time_parse(end, &at) || at - s->now >= SOON)
        return false;
    str_copy(day, 11, end);
    if (at <= s->now)
        str_fmt(why, size, _("it ended on %s"), day);
    else
        str_fmt(why, size, _("it ends on %s, in %lld days"), day,
                (long long)((at - s->now) / DAY_MS));
    return true;
}

static void show_certificates(struct show *s, const char *given)
{
    const char *what = _("Certificate of the node");
    char why[200];

    JSON_EACH (n, s->nodes) {
        const char *end = fact(json_member(n, "facts"), "certificateEnds");

        if (*given)
            row(s, what, json_str(n, "name"), "keep", _("it is yours: put a new one there first"));
        else if (ends_soon(s, end, why, sizeof why))
            mend(s, what, json_str(n, "name"), "renew", why);
        else
            row(s, what, json_str(n, "name"), "renew", _("a repair renews it in any case"));
    }
}

/* Entra's word for an application that is not there: azure-wire.md 1.8. */
static bool app_refused(const struct show *s)
{
    JSON_EACH (n, s->nodes)
        if (strstr(fact(json_member(n, "facts"), "lastError"), "AADSTS700016"))
            return true;
    return false;
}

static void show_application(struct show *s)
{
    bool first = str_eq(fact(s->run, "path"), REG_FIRST_GENERATION);
    const char *id = fact(s->run, first ? "entra.appId" : "cluster.appId"), *name = *id ? id : "--";
    const char *what = _("application in Microsoft Entra");

    if (app_refused(s))
        mend(s, what, name, first ? "make" : "renew",
             _("Microsoft Entra does not know it any more (AADSTS700016)"));
    else
        keep_or_make(s, what, name, *id, _("it is gone from Microsoft Entra"));
}

static void show_arc_secret(struct show *s)
{
    char why[200];

    if (!str_eq(fact(s->run, "path.arc"), "generated"))
        return;
    JSON_EACH (n, s->nodes)
        if (ends_soon(s, fact(json_member(n, "facts"), "secretEnds"), why, sizeof why)) {
            mend(s, _("Secret of the Arc settings"), "default", "renew", why);
            return;
        }
    row(s, _("Secret of the Arc settings"), "default", "renew",
        _("a repair renews it in any case"));
}

static void show_settings(struct show *s)
{
    const char *is = fact(s->run, "settings.aggregate");
    char why[200];

    if (!str_eq(fact(s->run, "settings.state"), "present")) {
        mend(s, _("Arc settings"), "default", "make", _("they are gone from Azure"));
    } else if (!str_ieq(is, "Connected")) {
        str_fmt(why, sizeof why, _("they say %s"), *is ? is : "--");
        mend(s, _("Arc settings"), "default", "renew", why);
    } else {
        row(s, _("Arc settings"), "default", "keep", "");
    }
    if (known(s, "role.state"))
        keep_or_make(s, _("Role of the service on the machines' group"),
                     "Azure Connected Machine Resource Manager",
                     str_eq(fact(s->run, "role.state"), "present"),
                     _("it was taken away: Azure Arc then shows the nodes as not installed"));
}

static void show_machines(struct show *s)
{
    const char *what = _("Arc-connected machine");
    char name[96];

    JSON_EACH (n, s->nodes) {
        const struct json *own = json_member(n, "facts");
        const char *node = json_str(n, "name"), *parent;

        str_fmt(name, sizeof name, "parent.%s", node);
        parent = fact(s->run, name);
        str_fmt(name, sizeof name, "arc.%s", node);
        if (!str_eq(fact(own, "agent"), "here"))
            mend(s, what, node, "make", _("its Arc agent is not connected"));
        else if (known(s, name) && !*fact(s->run, name))
            mend(s, what, node, "renew", _("the Arc settings do not name it"));
        else if (!*fact(s->run, "machines.hidden") &&
                 !arm_id_equal(parent, fact(s->run, "cluster.id")))
            mend(s, what, node, "renew", _("it does not name the cluster as its parent"));
        else
            row(s, what, node, "keep", "");
    }
}

struct json *op_repair_preview(const struct json *inputs, const struct json *facts, int64_t now,
                               bool *needed)
{
    struct show s = { .run = json_member(facts, "run"),
                      .nodes = json_member(facts, "nodes"),
                      .out = json_array(),
                      .now = now };
    const char *path = fact(s.run, "path"), *given = json_str(inputs, "certificateThumbprint");

    show_resource(&s);
    show_registration(&s);
    if (*path && !str_eq(path, "identity")) {
        show_application(&s);
        show_certificates(&s, given ? given : "");
    }
    if (*path && !str_eq(path, REG_FIRST_GENERATION) && known(&s, "settings.state")) {
        show_settings(&s);
        show_arc_secret(&s);
        show_machines(&s);
    }
    *needed = s.needed;
    return s.out;
}
