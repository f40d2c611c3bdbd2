#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/output.h"

static int show(struct cli *c, struct err *e)
{
    const struct sec_cluster *s;
    const struct sec_nodes *nodes;
    struct json *o, *list;
    char count[24];

    if (cli_need_cluster(c, e) < 0 || !cli_have(c, 1u << SEC_NODES, e))
        return -1;
    s = client_section(c->client, SEC_CLUSTER);
    nodes = client_section(c->client, SEC_NODES);
    if (!c->json) {
        str_fmt(count, sizeof count, "%lld/%lld", (long long)s->nodes_up,
                (long long)s->nodes_total);
        out_pair(_("Cluster"), s->name);
        out_pair(_("Nodes up"), count);
        for (size_t i = 0; i < nodes->n; i++)
            out_pair(_("Node"), nodes->items[i].name);
        return 0;
    }
    o = json_object();
    list = json_array();
    json_set_str(o, "name", s->name);
    for (size_t i = 0; i < nodes->n; i++)
        json_push(list, json_string(nodes->items[i].name));
    json_set(o, "nodes", list);
    out_json(o);
    return 0;
}

static int create(struct cli *c, struct err *e)
{
    struct json *args = json_object(), *nodes = json_array();

    if (c->n_words != 2) {
        json_free(args);
        json_free(nodes);
        return err_set(e, ERR_USAGE, 0, _("say: azloconf cluster create NAME [--node NODE]..."));
    }
    json_set_str(args, "name", c->words[1]);
    for (size_t i = 0; i < c->n_values; i++)
        if (str_eq(c->values[i].option.name, "node"))
            json_push(nodes, json_string(c->values[i].value));
    json_set(args, "nodes", nodes);
    if (cli_ask(c, "cluster-create", args, NULL, e) < 0)
        return -1;
    if (c->json)
        return show(c, e);
    printf(_("Cluster %s created.\n"), c->words[1]);
    return 0;
}

int cmd_cluster(struct cli *c)
{
    struct err e = { 0 };
    int r;

    if (c->n_words >= 1 && str_eq(c->words[0], "create"))
        r = create(c, &e);
    else if (c->n_words == 1 && str_eq(c->words[0], "show"))
        r = show(c, &e);
    else
        r = err_set(
            &e, ERR_USAGE, 0,
            _("say: azloconf cluster create NAME [--node NODE]..., or: azloconf cluster show"));
    return r < 0 ? cli_fail(c, &e) : EXIT_DONE;
}
