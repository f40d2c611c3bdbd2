/* app_cluster.c - intents that the nodes answer: status, cluster-create. */
#include "config.h"

#include "base/i18n.h"
#include "base/name.h"
#include "base/log.h"
#include "core/app_int.h"

static void refreshed(void *payload)
{
    struct app_job *j = payload;

    serve_result(&j->ask, NULL);
    app_job_free(j);
}

void app_status(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    (void)args;
    refresh_now(a->refresh, refreshed, app_job_new(a, ask));
}

static struct node *node_named(const struct app *a, const char *name)
{
    for (size_t i = 0; i < a->n_nodes; i++)
        if (str_ieq(a->nodes[i]->name, name))
            return a->nodes[i];
    return NULL;
}

static int unknown(const struct app *a, const char *name, struct err *e)
{
    struct str known = STR_INIT;

    for (size_t i = 0; i < a->n_nodes; i++)
        str_addf(&known, "%s%s", i ? ", " : "", a->nodes[i]->name);
    err_set(e, ERR_USAGE, 0,
            _("This core has no node \"%s\": it speaks for %s. Other nodes would need a way to "
              "reach them, which is not set up."),
            name, str_p(&known));
    str_free(&known);
    return -1;
}

static bool listed(const struct json *names, const char *name)
{
    JSON_EACH (n, names)
        if (str_ieq(json_value_str(n), name))
            return true;
    return false;
}

/* The asked nodes under the names that they have here; none asked: all. */
static int pick_nodes(const struct app *a, const struct json *asked, struct json *out,
                      struct err *e)
{
    if (asked && !json_is_array(asked))
        return err_set(e, ERR_USAGE, 0, "%s", _("The nodes must be a list of names."));
    JSON_EACH (n, asked) {
        const char *name = json_value_str(n);
        const struct node *node;

        if (!name || name_bad_node(name))
            return err_set(e, ERR_USAGE, 0, "%s: %s", name ? name : "?",
                           name ? name_bad_node(name) : _("a node's name is a text"));
        node = node_named(a, name);
        if (!node)
            return unknown(a, name, e);
        if (listed(out, node->name))
            return err_set(e, ERR_USAGE, 0, _("The node %s is named twice."), name);
        json_push(out, json_string(node->name));
    }
    if (!json_first(out))
        for (size_t i = 0; i < a->n_nodes; i++)
            json_push(out, json_string(a->nodes[i]->name));
    return json_first(out) ? 0 : err_set(e, ERR_USAGE, 0, "%s", _("There is no node."));
}

static void created(void *payload, const struct node_reply *r)
{
    struct app_job *j = payload;

    j->call = NULL;
    if (err_is(&r->err)) {
        serve_error(&j->ask, &r->err);
        app_job_free(j);
        return;
    }
    log_inf("the cluster was created");
    refresh_now(j->app->refresh, refreshed, j);
}

void app_cluster_create(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    const char *name = json_str(args, "name");
    const char *why = name_bad_cluster(name);
    struct json *nodes = json_array(), *verb_args = json_object();
    struct err e = { 0 };
    struct app_job *j;

    if (why)
        err_set(&e, ERR_USAGE, 0, "%s", why);
    else
        pick_nodes(a, json_member(args, "nodes"), nodes, &e);
    if (err_is(&e)) {
        serve_error(ask, &e);
        json_free(nodes);
        json_free(verb_args);
        return;
    }
    j = app_job_new(a, ask);
    j->node = node_named(a, json_value_str(json_first(nodes)));
    json_set_str(verb_args, "name", name);
    json_set(verb_args, "nodes", nodes);
    j->call = node_call(j->node, NODE_CLUSTER_CREATE, verb_args, NULL, created, j);
    json_free(verb_args);
}
