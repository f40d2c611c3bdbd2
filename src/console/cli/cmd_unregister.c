#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/follow.h"
#include "console/cli/output.h"
#include "console/cli/sign_in_ways.h"

static struct json *args_of(struct cli *c)
{
    static const char *const rows[][2] = { { "subscription-id", "subscriptionId" },
                                           { "tenant-id", "tenantId" },
                                           { "resource-name", "resourceName" },
                                           { "resource-group-name", "resourceGroupName" } };
    struct json *args = json_object();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (cli_value(c, rows[i][0]))
            json_set_str(args, rows[i][1], cli_value(c, rows[i][0]));
    if (cli_switch(c, "force"))
        json_set_bool(args, "force", true);
    return args;
}

/* Who did not name the cluster might mean another one. */
static int yes_fits(struct cli *c, struct err *e)
{
    if (cli_switch(c, "yes") && !cli_value(c, "resource-name"))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("--yes needs --resource-name with the name of the cluster resource that "
                         "is to go"));
    return 0;
}

static const char *text(const struct json *o, const char *name)
{
    const char *s = json_str(o, name);

    return s ? s : "";
}

static void print_rows(const struct json *review, const char *how)
{
    JSON_EACH (w, json_get(review, "will"))
        if (str_eq(json_str(w, "how"), how))
            printf("  - %s %s%s%s\n", text(w, "what"), text(w, "name"), *text(w, "why") ? ": " : "",
                   text(w, "why"));
}

static void print_review(const struct json *review)
{
    puts(_("This goes:"));
    print_rows(review, "delete");
    puts(_("This stays:"));
    print_rows(review, "keep");
    if (!json_flag(review, "local", false))
        puts(_("These nodes are not registered with it: only Azure's side goes."));
    puts(_("With it end Azure's monitoring of the cluster, support through Azure, and billing "
           "through the subscription. What goes cannot be brought back; the cluster can be "
           "registered anew."));
}

/* What the core found, or -1. */
static int look(struct cli *c, struct json **review, struct err *e)
{
    return cli_ask(c, "unregister-check", args_of(c), review, e);
}

static int what_if(struct cli *c)
{
    struct json *review = NULL;
    struct err e = { 0 };

    if (look(c, &review, &e) < 0)
        return cli_fail(c, &e);
    if (c->json) {
        out_json(review);
        return EXIT_DONE;
    }
    print_review(review);
    puts(_("Nothing was written."));
    json_free(review);
    return EXIT_DONE;
}

/* Shows what goes and has the cluster resource's name typed; 1 yes, 0 no, -1 error. */
static int confirmed(struct cli *c, struct err *e)
{
    struct json *review = NULL;
    char answer[96] = "", name[96] = "";

    if (!isatty(STDIN_FILENO) || !c->tty)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("nobody can be asked here: add --yes and --resource-name to unregister "
                         "without a question"));
    if (look(c, &review, e) < 0)
        return -1;
    print_review(review);
    str_copy(name, sizeof name, text(json_member(review, "inputs"), "resourceName"));
    json_free(review);
    printf(_("Type the name of the cluster resource, %s, to unregister it: "), name);
    fflush(stdout);
    if (cli_ask_line(c, answer, sizeof answer, e) < 0)
        return -1;
    return str_ieq(answer, name);
}

/* The newest run that is not at its end: this one, if the core went away before it answered. */
static bool unfinished(struct cli *c, char id[64], struct err *e)
{
    struct json *result = NULL;
    const struct json *newest;
    const char *state;
    bool found = false;

    if (cli_ask(c, "runs", json_object(), &result, e) < 0)
        return false;
    newest = json_first(json_get(result, "runs"));
    state = json_str(newest, "state");
    if (state && str_eq(json_str(newest, "plan"), "unregister") && !str_eq(state, "done") &&
        !str_eq(state, "failed") && !str_eq(state, "undone")) {
        str_copy(id, 64, json_str(newest, "id"));
        found = true;
    }
    json_free(result);
    return found;
}

static int start(struct cli *c, char id[64], struct err *e)
{
    struct json *result = NULL;

    if (cli_ask(c, "unregister", args_of(c), &result, e) < 0)
        return e->domain == ERR_WIRE && e->unsure && unfinished(c, id, e) ? 0 : -1;
    str_copy(id, 64, json_str(result, "id"));
    json_free(result);
    return 0;
}

int cmd_unregister(struct cli *c)
{
    struct err e = { 0 };
    char id[64];
    int r = 1;

    if (yes_fits(c, &e) < 0 || cli_need_cluster(c, &e) < 0 || !cli_have(c, 1u << SEC_SIGNIN, &e))
        return cli_fail(c, &e);
    if (!cli_switch(c, "yes") && !cli_switch(c, "what-if") && !isatty(STDIN_FILENO))
        return confirmed(c, &e), cli_fail(c, &e); /* before anybody is sent to a browser */
    if (cli_sign_in(c, cli_value(c, "tenant-id"), &e) < 0)
        return cli_fail(c, &e);
    if (cli_switch(c, "what-if"))
        return what_if(c);
    if (!cli_switch(c, "yes"))
        r = confirmed(c, &e);
    if (r == 0)
        err_set(&e, ERR_OP, ERR_C_CANCELLED, "%s", _("nothing was done"));
    if (r <= 0 || start(c, id, &e) < 0)
        return cli_fail(c, &e);
    return cli_follow(c, id);
}
