/* What a sync would do, for the review. */
#include "config.h"

#include "op/op_sync.h"

#include "base/i18n.h"

void op_sync_span(char *out, size_t size, int64_t ms)
{
    long long minutes = (long long)(ms > 0 ? ms : 0) / 60000, hours = minutes / 60;

    if (hours >= 48)
        str_fmt(out, size, _("%lld days"), hours / 24);
    else if (hours)
        str_fmt(out, size, _("%lld h %lld min"), hours, minutes % 60);
    else
        str_fmt(out, size, _("%lld min"), minutes);
}

static const char *fact(const struct json *facts, const char *name)
{
    const char *s = json_value_str(json_member(facts, name));

    return s ? s : "";
}

/* -1: never. */
static int64_t age_ms(const char *last, int64_t now)
{
    int64_t at;

    if (!*last || !time_parse(last, &at))
        return -1;
    return now > at ? now - at : 0;
}

static void add_row(struct json *out, const char *node, const struct json *own, int64_t now)
{
    const char *next = *fact(own, "next") ? fact(own, "next") : "--";
    struct json *row = json_object();
    int64_t age = age_ms(fact(own, "last"), now);
    char ago[64], why[300];

    op_sync_span(ago, sizeof ago, age);
    if (age < 0)
        str_fmt(why, sizeof why, _("it has not synced yet; the next automatic sync: %s"), next);
    else
        str_fmt(why, sizeof why, _("its last sync was %s ago (%s); the next automatic one: %s"),
                ago, fact(own, "last"), next);
    json_set_str(row, "what", _("billing, licensing and census of the node"));
    json_set_str(row, "name", node);
    json_set_str(row, "how", "renew");
    json_set_str(row, "why", why);
    json_push(out, row);
}

/* The newest sync of all nodes, when it is recent. */
static void warn_recent(const struct json *nodes, int64_t now, struct json *warn)
{
    const char *newest = "";
    int64_t least = -1;
    char ago[64], text[300];

    JSON_EACH (n, nodes) {
        int64_t age = age_ms(fact(json_member(n, "facts"), "last"), now);

        if (age < 0 || (least >= 0 && age >= least))
            continue;
        least = age;
        newest = json_str(n, "name");
    }
    if (least < 0 || least >= SYNC_RECENT_HOURS * INT64_C(3600000))
        return;
    op_sync_span(ago, sizeof ago, least);
    str_fmt(text, sizeof text,
            _("%s has synced %s ago. Nodes sync by themselves every 12 hours; a sync by hand is "
              "for after a long outage, or to look for a fault."),
            newest, ago);
    json_push(warn, json_string(text));
}

struct json *op_sync_preview(const struct json *facts, int64_t now, struct json *warn)
{
    const struct json *nodes = json_member(facts, "nodes"), *run = json_member(facts, "run");
    struct json *out = json_array();
    char text[400];

    JSON_EACH (n, nodes)
        add_row(out, json_str(n, "name"), json_member(n, "facts"), now);
    warn_recent(nodes, now, warn);
    if (*fact(run, "missing")) {
        str_fmt(text, sizeof text,
                _("Missing from the census in Azure: %s. Azure deletes the machine in Azure Arc of "
                  "a node that a sync does not name."),
                fact(run, "missing"));
        json_push(warn, json_string(text));
    }
    return out;
}
