#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/follow.h"
#include "console/cli/output.h"
#include "console/cli/sign_in_ways.h"
#include "console/face/answers.h"
#include "console/face/review.h"
#include "console/ui/text.h"
#include "wire/clouds.h"
#include "wire/params.h"
#include "wire/paths.h"

static void add_wrong(struct json *wrong, const char *dashes, const char *key, const char *text)
{
    struct json *row = json_object();
    char name[80];

    str_fmt(name, sizeof name, "%s%s", dashes, key);
    json_set_str(row, "key", name);
    json_set_str(row, "message", text);
    json_push(wrong, row);
}

/* What the command line says of a parameter, as JSON; NULL: nothing. */
static struct json *from_line(const struct cli *c, const struct param *p, struct json *wrong)
{
    struct json *tags = NULL;

    if (p->kind == PARAM_FLAG)
        return cli_switch(c, p->option) ? json_bool(true) : NULL;
    if (p->kind == PARAM_TEXT)
        return cli_value(c, p->option) ? json_string(cli_value(c, p->option)) : NULL;
    for (size_t i = 0; i < c->n_values; i++) {
        struct err e = { 0 };

        if (!str_eq(c->values[i].option.name, p->option))
            continue;
        tags = tags ? tags : json_object();
        if (param_tag_add(tags, c->values[i].value, &e) < 0)
            add_wrong(wrong, "--", p->option, e.message);
    }
    return tags;
}

static void take_line(const struct cli *c, struct json *values, struct json *wrong)
{
    for (int i = 0; i < PARAMS; i++) {
        const struct param *p = &params[i];
        struct json *given = p->option ? from_line(c, p, wrong) : NULL, *own = NULL;
        struct err e = { 0 };

        if (given && param_judge(p, given, &own, &e) < 0)
            add_wrong(wrong, "--", p->option, e.message);
        if (own)
            json_set(values, p->id, own);
        json_free(given);
    }
}

static void add_error(struct json *o, const struct json *wrong)
{
    struct err e = { 0 };

    err_set(&e, ERR_USAGE, 0, "%s", _("Some values are wrong; nothing was begun."));
    json_set(o, "error", json_encode(&err_json, &e));
    json_set(o, "wrong", json_copy(wrong));
}

static void print_wrong_lines(const struct json *wrong)
{
    fflush(stdout);
    JSON_EACH (w, wrong)
        fprintf(stderr, "azloconf: %s: %s\n", json_str(w, "key"), json_str(w, "message"));
}

static void print_wrong(const struct cli *c, const struct json *wrong)
{
    if (c->json) {
        struct json *o = json_object();

        add_error(o, wrong);
        out_json(o);
        return;
    }
    print_wrong_lines(wrong);
}

/* All that is missing in one sentence. */
static int missing(const struct json *values, struct err *e)
{
    struct str list = STR_INIT;

    for (int i = 0; i < PARAMS; i++)
        if ((params[i].flags & PARAM_NEEDED) && !json_member(values, params[i].id))
            str_addf(&list, "%s%s", list.len ? ", --" : "", params[i].option);
    if (list.len)
        err_set(e, ERR_USAGE, 0, _("register needs --%s"), list.p);
    str_free(&list);
    return err_is(e) ? -1 : 0;
}

/* Whether the cloud may be one that only the core knows: found at an address, its own or that of
 * the system core's settings. */
static bool may_be_found(const struct cli *c)
{
    return c->connect.cloud_endpoint ||
           (!c->connect.sandbox && !c->connect.state_dir && access(PATH_SYSTEM_SOCKET, F_OK) == 0);
}

/* With the other values, before a core is started with a cloud that there is not. What the core
 * does not know yet it judges itself when it does. */
static void judge_cloud(struct cli *c, const struct json *values, struct json *wrong)
{
    const char *given = cli_value(c, "environment-name"),
               *name = given ? given : json_str(values, params[PAR_ENVIRONMENT].id);
    const struct sec_core *core = client_section(c->client, SEC_CORE);
    struct err e = { 0 }, away = { 0 };

    if (!name || (!c->connect.cloud_endpoint && cloud_name_judge(name, &e)) ||
        (!given && c->connect.sandbox && str_ieq(name, "azlosandbox")))
        return;
    if (!given && may_be_found(c)) {
        if (!cli_have(c, 1u << SEC_CORE, &away) || !core->cloud[0] || str_ieq(core->cloud, name))
            return;
        err_set(&e, ERR_USAGE, 0,
                _("This core works with the cloud %s, not with %s: the cloud is chosen when "
                  "azloconf is started, with --environment-name."),
                core->cloud, name);
    }
    add_wrong(wrong, given ? "--" : "", given ? "environment-name" : params[PAR_ENVIRONMENT].name,
              e.message);
}

/* Options win over the file of answers; all that is wrong with either is told at once. NULL: told;
 * *code is the exit code. */
static struct json *values_of(struct cli *c, int *code)
{
    const char *path = cli_value(c, "answers");
    struct json *values = json_object(), *wrong = json_array(), *file = NULL;
    struct err e = { 0 };

    take_line(c, values, wrong);
    if (path && !(file = answers_read(path, wrong, &e))) {
        json_free(values);
        json_free(wrong);
        *code = cli_fail(c, &e);
        return NULL;
    }
    JSON_EACH (v, file)
        if (!json_member(values, json_name(v)))
            json_set(values, json_name(v), json_copy(v));
    json_free(file);
    judge_cloud(c, values, wrong);
    if (cli_value(c, "environment-name")) /* the core was started with it */
        json_unset(values, params[PAR_ENVIRONMENT].id);
    if (!json_len(wrong) && missing(values, &e) < 0) {
        *code = cli_fail(c, &e);
        json_free(values);
        values = NULL;
    }
    if (json_len(wrong)) {
        print_wrong(c, wrong);
        *code = EXIT_USAGE;
        json_free(values);
        values = NULL;
    }
    json_free(wrong);
    return values;
}

/* Confirm and WhatIf are the console's own. */
static bool take_flag(struct json *values, enum param_no no, bool dflt)
{
    bool b = json_flag(json_member(values, params[no].id), NULL, dflt);

    json_unset(values, params[no].id);
    return b;
}

static void print_steps(const struct json *steps)
{
    char state[80];

    puts(_("Steps:"));
    JSON_EACH (st, steps) {
        printf("  %s %s\n", text_pad(state, sizeof state, preview_state(json_str(st, "state")), 10),
               json_str(st, "title") ? json_str(st, "title") : "");
        JSON_EACH (q, json_get(st, "requests")) {
            const char *node = json_str(q, "node");

            printf("             %-6s %s%s%s\n", json_str(q, "method") ? json_str(q, "method") : "",
                   node ? node : "", node ? ": " : "",
                   json_str(q, "address") ? json_str(q, "address") : "");
        }
    }
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
               preview_how(how));
    }
}

/* What the core found wrong, by the names of the options; the caller's. */
static struct json *wrong_of(const struct json *review)
{
    struct json *wrong = json_array();

    JSON_EACH (f, json_get(review, "fields")) {
        const struct param *p = param_find(json_str(f, "field"));
        const char *note = json_str(f, "note");

        if (p && str_eq(json_str(f, "level"), "fail"))
            add_wrong(wrong, p->option ? "--" : "", p->option ? p->option : p->name,
                      note ? note : "");
    }
    return wrong;
}

/* What stands in the way of it all, with the rights that are missing. */
static void print_stop(const struct json *review, struct err *e)
{
    puts(_("This registration would be stopped:"));
    JSON_EACH (m, json_get(review, "missing")) {
        printf(_("  Missing over %s:\n"), json_str(m, "scope") ? json_str(m, "scope") : "");
        for (const char *p = json_str(m, "actions"); p && *p;) {
            size_t n = strstr(p, ", ") ? (size_t)(strstr(p, ", ") - p) : strlen(p);

            printf("    %.*s\n", (int)n, p);
            p += n + (p[n] ? 2 : 0);
        }
        e->detail[0] = '\0'; /* the same in one line */
    }
    out_error_lines(stdout, e);
    puts("");
}

static void print_found(struct cli *c, const struct json *review, struct err *stop,
                        const struct json *wrong)
{
    if (err_is(stop))
        print_stop(review, stop);
    print_review(review);
    if (json_len(json_get(review, "steps")))
        print_steps(json_get(review, "steps"));
    puts(_("Nothing was written."));
    print_wrong(c, wrong);
}

/* What would be done, and nothing more. */
static int what_if(struct cli *c, const struct json *values)
{
    struct json *review = NULL, *args = json_object(), *wrong;
    struct err e = { 0 }, stop = { 0 };
    int code;

    json_set(args, "values", json_copy(values));
    json_set(args, "whole", json_bool(true));
    if (cli_ask_arc(c, "register-check", args, &review, &e) < 0)
        return cli_fail(c, &e);
    if (json_member(review, "error") &&
        json_decode(json_member(review, "error"), &err_json, &stop, &e) < 0) {
        json_free(review);
        return cli_fail(c, &e);
    }
    wrong = wrong_of(review);
    code = json_len(wrong) ? EXIT_USAGE : err_is(&stop) ? (int)cli_exit_of(&stop) : EXIT_DONE;
    if (c->json) {
        if (json_len(wrong))
            add_error(review, wrong);
        json_set(review, "answers", answers_of(values));
        out_json(review);
    } else {
        print_found(c, review, &stop, wrong);
        json_free(review);
    }
    json_free(wrong);
    return code;
}

/* Asks before a file is written anew; 0 done. */
static int save_answers(struct cli *c, const struct json *values)
{
    const char *path = cli_value(c, "save-answers");
    struct err e = { 0 };
    char answer[16] = "";

    if (!path || answers_write(path, values, false, &e) == 0)
        return 0;
    if (e.code == ERR_C_CONFLICT && isatty(STDIN_FILENO) && c->tty) {
        printf(_("The file %s is there already. Type yes to write it anew: "), path);
        fflush(stdout);
        if (cli_ask_line(c, answer, sizeof answer, &e) == 0 &&
            (str_ieq(answer, "yes") || str_ieq(answer, _("yes"))) &&
            answers_write(path, values, true, &e) == 0)
            return 0;
    }
    return cli_fail(c, &e);
}

/* Shows what would happen and asks; 1 yes, 0 no, -1 error. Only on a terminal; elsewhere --yes is
 * needed. */
static int confirmed(struct cli *c, const struct json *values, struct err *e)
{
    struct json *args, *review = NULL, *wrong;
    char answer[16] = "";

    if (!isatty(STDIN_FILENO) || !c->tty)
        return err_set(e, ERR_USAGE, 0,
                       _("nobody can be asked here: add --yes to register without a question"));
    args = json_copy(values);
    if (cli_ask_arc(c, "register-check", args, &review, e) < 0)
        return -1;
    print_review(review);
    wrong = wrong_of(review);
    json_free(review);
    if (json_len(wrong)) {
        print_wrong_lines(wrong); /* the error that follows is the one object of --output json */
        json_free(wrong);
        return err_set(e, ERR_USAGE, 0, "%s", _("Some values are wrong; nothing was begun."));
    }
    json_free(wrong);
    printf(_("Register this cluster with Azure? Type yes to go on: "));
    fflush(stdout);
    if (cli_ask_line(c, answer, sizeof answer, e) < 0)
        return -1;
    return str_ieq(answer, "yes") || str_ieq(answer, _("yes"));
}

/* Whoever is signed in may be a guest of that tenant: the sign-in is good there too, unless the
 * tenant refuses it. That is asked first, since it spares a second sign-in. */
static bool is_open(struct cli *c, const char *tenant)
{
    const struct sec_signin *s = client_section(c->client, SEC_SIGNIN);
    const struct sec_choices *list = client_section(c->client, SEC_CHOICES);
    struct err e = { 0 };

    if (!str_eq(s->state, "in") || !s->yours || s->ends || str_ieq(s->tenant_id, tenant) ||
        cli_ask(c, "choices", json_object(), NULL, &e) < 0 || !cli_have(c, 1u << SEC_CHOICES, &e))
        return false;
    for (size_t i = 0; i < list->n_tenants; i++) {
        const struct sec_choice *t = &list->tenants[i];

        if (!str_ieq(t->id, tenant))
            continue;
        if (t->state[0])
            err_set(&e, ERR_AUTH, 0,
                    _("the tenant %s refuses this sign-in (%s): a sign-in to it follows"),
                    t->name[0] ? t->name : t->id, t->state);
        if (t->state[0])
            fprintf(stderr, "azloconf: %s\n", e.message);
        return !t->state[0];
    }
    return false;
}

static int sign_in(struct cli *c, const struct json *values, struct err *e)
{
    const char *tenant = json_str(values, params[PAR_TENANT].id);

    if (!cli_have(c, 1u << SEC_SIGNIN, e))
        return -1;
    return tenant && is_open(c, tenant) ? 0 : cli_sign_in(c, tenant, e);
}

/* Starts the run, with the core that follows one that went away before it answered. */
static int start(struct cli *c, const struct json *values, char id[64], struct err *e)
{
    if (cli_begin(c, "register", json_copy(values), id, e) == 0)
        return 0;
    if (e->domain != ERR_WIRE || !e->unsure || sign_in(c, values, e) < 0)
        return -1;
    return cli_begin(c, "register", json_copy(values), id, e);
}

/* The core names a wrong value as the wire does; who typed an option looks for that. */
static void name_option(struct err *e)
{
    const struct param *p = param_find(e->context);

    if (p && p->option)
        str_fmt(e->context, sizeof e->context, "--%s", p->option);
}

static int register_now(struct cli *c, const struct json *values, bool yes)
{
    struct err e = { 0 };
    char id[64];
    int r = 1;

    if (yes || (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
        r = sign_in(c, values, &e) < 0 ? -1 : 1;
    if (r > 0 && !yes)
        r = confirmed(c, values, &e);
    if (r == 0)
        err_set(&e, ERR_OP, ERR_C_CANCELLED, _("nothing was done"));
    if (r <= 0 || start(c, values, id, &e) < 0) {
        name_option(&e);
        return cli_fail(c, &e);
    }
    return cli_follow(c, id);
}

int cmd_register(struct cli *c)
{
    struct err e = { 0 };
    int code = EXIT_USAGE;
    struct json *values = values_of(c, &code);
    const char *app;
    bool yes, look;

    if (!values)
        return code;
    app = json_str(values, params[PAR_ARC_SPN].id);
    yes = !take_flag(values, PAR_CONFIRM, true) || cli_switch(c, "yes");
    look = take_flag(values, PAR_WHAT_IF, false);
    if (cli_arc_secret_fits(c, app, &e) < 0 || cli_arc_secret(c, app, &e) < 0 ||
        cli_need_cluster(c, &e) < 0) /* said before anybody is sent to a browser */
        code = cli_fail(c, &e);
    else if ((code = save_answers(c, values)) != 0)
        ;
    else if (look)
        code = sign_in(c, values, &e) < 0 ? cli_fail(c, &e) : what_if(c, values);
    else
        code = register_now(c, values, yes);
    json_free(values);
    return code;
}
