#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/output.h"

#define WANTED (1u << SEC_CORE | 1u << SEC_CLUSTER | 1u << SEC_NODES)

/* Names and order of Get-AzureStackHCI (docs-facts.md 1.2); empty is null. */
static struct json *status_json(const struct sec_cluster *s)
{
    const struct {
        const char *name, *value;
    } rows[] = { { "ClusterStatus", s->cluster.word },
                 { "RegistrationStatus", s->registration.word },
                 { "RegistrationDate", s->registration_date },
                 { "AzureResourceName", s->azure_resource_name },
                 { "AzureResourceUri", s->azure_resource_uri },
                 { "ConnectionStatus", s->connection.word },
                 { "LastConnected", s->last_connected },
                 { "NextSync", s->next_sync },
                 { "DiagnosticLevel", s->diagnostic_level },
                 { "Region", s->region } };
    struct json *o = json_object();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        json_set_str(o, rows[i].name, rows[i].value[0] ? rows[i].value : NULL);
    if (s->certificate_ends[0]) /* ours: only a registration by certificates has it */
        json_set_str(o, "certificateNotAfter", s->certificate_ends);
    if (s->arc_secret_ends[0])
        json_set_str(o, "arcSecretNotAfter", s->arc_secret_ends);
    return o;
}

static void print_pane(const char *name, const struct sec_pane *p)
{
    char line[200];

    if (p->reason[0])
        str_fmt(line, sizeof line, "%s (%s)", p->word[0] ? p->word : "--", p->reason);
    else
        STR_SET(line, p->word);
    out_pair(name, line);
}

static void print_nodes(const struct sec_nodes *nodes)
{
    static const struct out_column columns[] = { { N_("Node"), 24 },
                                                 { N_("State"), 8 },
                                                 { N_("Registration"), 14 },
                                                 { N_("Connection"), 14 },
                                                 { N_("Arc"), 14 } };
    const char *cells[SEC_MAX_NODES * ARRAY_LEN(columns)];
    size_t k = 0;

    for (size_t i = 0; i < nodes->n; i++) {
        const struct sec_node *n = &nodes->items[i];

        cells[k++] = n->name;
        cells[k++] = n->state;
        cells[k++] = n->registration;
        cells[k++] = n->connection;
        cells[k++] = n->arc;
    }
    putchar('\n');
    out_table(columns, ARRAY_LEN(columns), cells, nodes->n);
}

static void print_status(struct cli *c)
{
    const struct sec_cluster *s = client_section(c->client, SEC_CLUSTER);
    const struct sec_nodes *nodes = client_section(c->client, SEC_NODES);

    if (c->json) {
        out_json(status_json(s));
        return;
    }
    print_pane("ClusterStatus", &s->cluster);
    print_pane("RegistrationStatus", &s->registration);
    out_pair("RegistrationDate", s->registration_date);
    out_pair("AzureResourceName", s->azure_resource_name);
    out_pair("AzureResourceUri", s->azure_resource_uri);
    print_pane("ConnectionStatus", &s->connection);
    out_pair("LastConnected", s->last_connected);
    out_pair("NextSync", s->next_sync);
    out_pair("DiagnosticLevel", s->diagnostic_level);
    out_pair("Region", s->region);
    if (nodes->n)
        print_nodes(nodes);
    if (s->registration.next[0])
        printf(_("\nNext: %s\n"), s->registration.next);
    if (err_is(&s->error)) {
        fflush(stdout);
        out_error_lines(stderr, &s->error);
    }
}

static int status_exit(struct cli *c)
{
    const struct sec_cluster *s = client_section(c->client, SEC_CLUSTER);

    if (str_eq(s->cluster.word, "OutOfPolicy") || str_eq(s->registration.word, "OutOfPolicy") ||
        str_eq(s->connection.word, "OutOfPolicy"))
        return EXIT_OUT_OF_POLICY;
    return EXIT_DONE;
}

static bool changed(struct cli *c, void *payload)
{
    int64_t *seen = payload;
    int64_t now = client_version(c->client, SEC_CLUSTER) + client_version(c->client, SEC_NODES);

    if (now == *seen)
        return false;
    *seen = now;
    return true;
}

int cmd_status(struct cli *c)
{
    struct err e = { 0 };
    int64_t seen = 0;

    if (cli_ask(c, "status", json_object(), NULL, &e) < 0 || !cli_have(c, WANTED, &e))
        return cli_fail(c, &e);
    changed(c, &seen);
    print_status(c);
    while (cli_switch(c, "watch")) {
        fflush(stdout);
        if (cli_wait(c, changed, &seen, 0, &e) < 0)
            return e.code == ERR_C_CANCELLED ? EXIT_LEFT : cli_fail(c, &e);
        if (!c->json)
            putchar('\n');
        print_status(c);
    }
    return status_exit(c);
}

static int log_usage(struct err *e)
{
    return err_set(e, ERR_USAGE, 0, _("--lines takes a number from 1 to %d"), 1000);
}

int cmd_log(struct cli *c)
{
    const char *lines = cli_value(c, "lines");
    struct err e = { 0 };
    struct json *args = json_object(), *result = NULL;
    int64_t max = 100;

    if (lines && (!str_to_int(lines, &max) || max < 1 || max > 1000)) {
        json_free(args);
        log_usage(&e);
        return cli_fail(c, &e);
    }
    json_set_int(args, "after", 0);
    json_set_int(args, "max", max);
    if (cli_ask(c, "log", args, &result, &e) < 0)
        return cli_fail(c, &e);
    if (c->json) {
        out_json(result);
        return EXIT_DONE;
    }
    JSON_EACH (line, json_get(result, "lines")) {
        struct sec_log_line l = { 0 };
        char when[40];

        STR_SET(l.level, json_str(line, "level"));
        STR_SET(l.text, json_str(line, "text"));
        json_int(line, "at", &l.at);
        printf("%s %-5s %s\n", out_time(when, l.at), l.level, l.text);
    }
    json_free(result);
    return EXIT_DONE;
}
