/* azloconf reset, and reset status: how the machines' resets stand, whoever began them. */
#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/text.h"
#include "console/ui/text.h"
#include "console/cli/output.h"

static const char *part(const struct json *row, const char *name)
{
    const char *s = json_str(row, name);

    return s ? s : "";
}

static int64_t elapsed(const struct json *row)
{
    int64_t ms = 0;

    json_int(row, "elapsedMs", &ms);
    return ms;
}

static void print_error(const struct json *error)
{
    struct err why = { 0 }, ignored = { 0 };

    if (error && json_decode(error, &err_json, &why, &ignored) == 0)
        out_error_lines(stdout, &why);
}

static void print_phase(const struct json *p)
{
    char name[80], state[80], span[24];

    printf("  %s %s %s\n", text_pad(name, sizeof name, part(p, "name"), 18),
           text_pad(state, sizeof state, part(p, "status"), 14),
           *part(p, "startTime") ? out_span(span, elapsed(p)) : "--");
    print_error(json_member(p, "error"));
}

/* One that nobody is at was cut off: its operation waits for a sign-in. */
static void print_machine(const struct json *m)
{
    char span[24];

    printf("%s: %s, %s\n", part(m, "node"), part(m, "status"),
           *part(m, "startTime") ? out_span(span, elapsed(m)) : "--");
    if (str_eq(part(m, "status"), "InProgress") && !json_flag(m, "active", false))
        puts(_("  It was cut off: resume its operation (azloconf operations)."));
    JSON_EACH (p, json_member(m, "phases"))
        print_phase(p);
    print_error(json_member(m, "error"));
}

static int status(struct cli *c)
{
    struct json *args = json_object(), *result = NULL;
    struct err e = { 0 };

    if (cli_value(c, "node"))
        json_set_str(args, "node", cli_value(c, "node"));
    if (cli_ask(c, "reset-status", args, &result, &e) < 0)
        return cli_fail(c, &e);
    if (c->json) {
        out_json(result);
        return EXIT_DONE;
    }
    JSON_EACH (m, json_member(result, "nodes"))
        print_machine(m);
    json_free(result);
    return EXIT_DONE;
}

int cmd_reset(struct cli *c)
{
    struct err e = { 0 };

    if (c->n_words == 0)
        return cmd_act(c);
    if (c->n_words == 1 && str_eq(c->words[0], "status"))
        return status(c);
    err_set(&e, ERR_USAGE, 0, _("say: azloconf reset, or azloconf reset status"));
    return cli_fail(c, &e);
}
