#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/follow.h"
#include "console/cli/output.h"

/* option -> the intent's value name */
static const struct {
    const char *option, *value;
    bool needed;
} fields[] = { { "subscription-id", "subscriptionId", true },
               { "tenant-id", "tenantId", true },
               { "region", "region", true },
               { "resource-name", "resourceName", false },
               { "resource-group-name", "resourceGroupName", false } };

static const char *const switches[][2] = { { "repair-registration", "repairRegistration" },
                                           { "recreate-resource", "recreateResource" } };

static struct json *values_of(struct cli *c, struct err *e)
{
    struct json *o = json_object();

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *v = cli_value(c, fields[i].option);

        if (!v && fields[i].needed) {
            json_free(o);
            err_set(e, ERR_USAGE, 0, _("register needs --%s"), fields[i].option);
            return NULL;
        }
        if (v)
            json_set_str(o, fields[i].value, v);
    }
    for (size_t i = 0; i < ARRAY_LEN(switches); i++)
        if (cli_switch(c, switches[i][0]))
            json_set_bool(o, switches[i][1], true);
    return o;
}

static void print_review(const struct json *review)
{
    puts(_("This will be done:"));
    JSON_EACH (f, json_get(review, "fields")) {
        const char *note = json_str(f, "note");

        printf("  %-20s %s%s%s\n", json_str(f, "field") ? json_str(f, "field") : "",
               json_str(f, "value") ? json_str(f, "value") : "--", note && *note ? "   " : "",
               note ? note : "");
    }
    JSON_EACH (w, json_get(review, "will")) {
        const char *what = json_str(w, "what"), *name = json_str(w, "name"),
                   *how = json_str(w, "how");

        printf("  - %s %s%s%s\n", what ? what : "", name ? name : "", how && *how ? ": " : "",
               how ? how : "");
    }
}

/* Shows what would happen and asks; 1 yes, 0 no, -1 error. Only on a terminal; elsewhere --yes is
 * needed. */
static int confirmed(struct cli *c, const struct json *values, struct err *e)
{
    struct json *args, *review = NULL;
    char answer[16] = "";

    if (cli_switch(c, "yes"))
        return 1;
    if (!isatty(STDIN_FILENO) || !c->tty)
        return err_set(e, ERR_USAGE, 0,
                       _("nobody can be asked here: add --yes to register without a question"));
    args = json_copy(values);
    if (cli_ask(c, "register-check", args, &review, e) < 0)
        return -1;
    print_review(review);
    json_free(review);
    printf(_("Register this cluster with Azure? Type yes to go on: "));
    fflush(stdout);
    if (!fgets(answer, sizeof answer, stdin))
        answer[0] = 0;
    str_trim(answer);
    return str_ieq(answer, "yes") || str_ieq(answer, _("yes"));
}

/* The newest run that is not at its end; false if there is none. */
static bool unfinished(struct cli *c, char id[64], struct err *e)
{
    struct json *result = NULL;
    const char *state;
    bool found = false;

    if (cli_ask(c, "runs", json_object(), &result, e) < 0)
        return false;
    state = json_str(json_first(json_get(result, "runs")), "state");
    if (state && !str_eq(state, "done") && !str_eq(state, "failed") && !str_eq(state, "undone")) {
        str_copy(id, 64, json_str(json_first(json_get(result, "runs")), "id"));
        found = true;
    }
    json_free(result);
    return found;
}

/* Starts the run. If the core went away before it answered, the run may have begun: then that one
 * is followed. */
static int start(struct cli *c, const struct json *values, char id[64], struct err *e)
{
    struct json *result = NULL;

    for (int try = 0;; try++) {
        if (cli_ask(c, "register", json_copy(values), &result, e) == 0)
            break;
        if (try || e->domain != ERR_WIRE || !e->unsure)
            return -1;
        if (unfinished(c, id, e))
            return 0;
        if (cli_sign_in(c, cli_value(c, "tenant-id"), e) < 0)
            return -1;
    }
    str_copy(id, 64, json_str(result, "id"));
    json_free(result);
    return 0;
}

int cmd_register(struct cli *c)
{
    struct err e = { 0 };
    struct json *values = values_of(c, &e);
    char id[64];
    int r;

    if (!values)
        return cli_fail(c, &e);
    /* said before anybody is sent to a browser */
    if (cli_need_cluster(c, &e) < 0) {
        json_free(values);
        return cli_fail(c, &e);
    }
    if (!cli_switch(c, "yes") && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
        r = confirmed(c, values, &e);
    else
        r = cli_sign_in(c, cli_value(c, "tenant-id"), &e) < 0 ? -1 : confirmed(c, values, &e);
    if (r == 0)
        err_set(&e, ERR_OP, ERR_C_CANCELLED, _("nothing was done"));
    if (r <= 0) {
        json_free(values);
        return cli_fail(c, &e);
    }
    r = start(c, values, id, &e);
    json_free(values);
    return r < 0 ? cli_fail(c, &e) : cli_follow(c, id);
}
