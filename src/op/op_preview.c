/* op_preview.c - what a run would ask and do, told from a run of checks that has ended: each act's
 * `ask` fills a need as it would in the run, and the need is written down instead of sent. */
#include "config.h"

#include "op/op_engine.h"

#include <string.h>

#include "base/i18n.h"

enum stand { STAND_NOT, STAND_OK, STAND_THERE, STAND_LATER, STAND_PERHAPS, STAND_MAKE, STAND_STOP };

static const char *const words[] = {
    [STAND_NOT] = "not",         [STAND_OK] = "ok",     [STAND_THERE] = "there",
    [STAND_LATER] = "later",     [STAND_MAKE] = "make", [STAND_STOP] = "stop",
    [STAND_PERHAPS] = "perhaps",
};

static enum stand stand_of(const struct op_cell *c)
{
    bool makes = c->step->apply.read;

    if (c->phase == OP_P_END && c->state == OP_S_FAILED)
        return c->step->flags & OP_SOFT ? STAND_LATER : STAND_STOP;
    if (c->phase == OP_P_END)
        return c->state == OP_S_SKIPPED ? STAND_NOT : makes ? STAND_THERE : STAND_OK;
    if (!op_wanted(c))
        return STAND_NOT;
    if (makes && c->phase == OP_P_IDLE) /* what comes before it may do it, too */
        return STAND_PERHAPS;
    return makes ? STAND_MAKE : STAND_LATER;
}

/* ---- a need in words ---- */

/* Holes went through the encoding of paths. */
static void add_decoded(struct str *out, const char *path)
{
    for (const char *p = path; *p;) {
        if (str_istarts(p, "%7B") || str_istarts(p, "%7D")) {
            str_addc(out, str_istarts(p, "%7B") ? '{' : '}');
            p += 3;
        } else {
            str_addc(out, *p++);
        }
    }
}

static void arm_address(struct str *out, const struct op_run *r, const struct op_need *n)
{
    if (r->ports.cloud)
        str_add(out, n->arm_flags & ARM_GRAPH ? r->ports.cloud->graph : r->ports.cloud->arm);
    add_decoded(out, str_p(&n->path));
    if (n->query.len) {
        str_add(out, "?");
        add_decoded(out, str_p(&n->query));
    }
    if (n->api)
        str_addf(out, "%sapi-version=%s", n->query.len ? "&" : "?", n->api);
}

/* What a node itself turns to while it does a verb. */
static void node_address(struct str *out, const struct op_need *n)
{
    const char *endpoint = json_str(n->args, "serviceEndpoint"),
               *group = json_str(n->args, "resourceGroup");

    str_add(out, node_verb_name(n->verb));
    if (n->verb == NODE_AGENT_CONNECT && group)
        str_addf(
            out,
            " /subscriptions/%s/resourceGroups/%s/providers/Microsoft.HybridCompute/machines/%s",
            json_str(n->args, "subscriptionId"), group, json_str(n->args, "resourceName"));
    else if (endpoint)
        str_addf(out, " %s", endpoint);
}

static void tell_need(const struct op_cell *c, const char *kind, const struct op_need *n,
                      struct json *requests)
{
    struct json *row = json_object();
    struct str address = STR_INIT;

    json_set_str(row, "kind", kind);
    if (n->kind == OP_NEED_ARM) {
        arm_address(&address, c->run, n);
        json_set_str(row, "method", n->method);
    } else {
        node_address(&address, n);
        json_set_str(row, "method", "node");
    }
    json_set_str(row, "address", str_p(&address));
    if (n->kind == OP_NEED_NODE || c->step->scope == OP_EACH_NODE)
        json_set_str(row, "node", c->run->nodes[c->node < 0 ? 0 : c->node]->name);
    json_push(requests, row);
    str_free(&address);
}

/* A write is one that the act is for: an apply may still only ask. */
static void tell_act(struct op_cell *c, const struct op_act *act, bool look, struct json *requests)
{
    struct op_view v = { c->run, c };
    struct op_need n = { 0 };
    bool reads;

    if (!act->ask)
        return;
    act->ask(&v, &n);
    reads = n.kind == OP_NEED_ARM ? str_eq(n.method, "GET")
                                  : n.kind == OP_NEED_NODE && !node_verbs[n.verb].changes;
    if (n.kind != OP_NEED_NONE)
        tell_need(c, look || reads ? "look" : "write", &n, requests);
    op_need_clear(&n);
}

/* ---- steps ---- */

static struct json *tell_step(struct op_run *r, size_t no)
{
    const struct op_step *s = &r->plan->steps[no];
    struct json *row = json_object(), *requests = json_array();
    enum stand all = STAND_NOT;

    for (size_t k = r->first[no]; k < r->first[no + 1]; k++) {
        struct op_cell *c = &r->cells[k];
        struct json *holes = r->holes;
        enum stand one;

        r->holes = NULL; /* `when` is judged by what is known */
        one = stand_of(c);
        r->holes = holes;
        all = one > all ? one : all;
        if (one == STAND_NOT)
            continue;
        tell_act(c, &s->check, true, requests);
        if (one == STAND_MAKE || one == STAND_PERHAPS)
            tell_act(c, &s->apply, false, requests);
    }
    json_set_str(row, "id", s->id);
    json_set_str(row, "title", _(s->title));
    json_set_str(row, "state", words[all]);
    json_set(row, "requests", requests);
    return row;
}

struct json *op_preview(struct op_run *r)
{
    struct json *out = json_array();

    r->holes = json_object();
    for (size_t i = 0; i < r->plan->n; i++)
        if (r->first[i] == r->first[i + 1] || !op_off_path(&r->cells[r->first[i]]))
            json_push(out, tell_step(r, i));
    json_free(r->holes);
    r->holes = NULL;
    return out;
}
