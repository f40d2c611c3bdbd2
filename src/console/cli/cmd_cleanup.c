/* cleanup: lists what was never unregistered, and has deleted what --delete names. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/text.h"
#include "console/cli/follow.h"
#include "console/cli/output.h"
#include "console/cli/sign_in_ways.h"
#include "console/face/acts.h"

static const char *text(const struct json *o, const char *name)
{
    const char *s = json_str(o, name);

    return s ? s : "";
}

static struct json *args_of(struct cli *c, const struct json *ids)
{
    struct json *args = json_object();

    if (cli_value(c, "subscription-id"))
        json_set_str(args, "subscriptionId", cli_value(c, "subscription-id"));
    if (ids)
        json_set(args, "items", json_copy(ids));
    return args;
}

static void line(const char *label, const char *value)
{
    char clean[1200];

    text_set(clean, sizeof clean, value);
    if (*clean)
        printf("      %s%s%s\n", label, *label ? ": " : "", clean);
}

static void print_item(const struct json *i)
{
    char name[300], group[400];

    text_set(name, sizeof name, text(i, "name"));
    text_set(group, sizeof group, text(i, json_str(i, "place") ? "place" : "group"));
    if (str_eq(group, name)) /* a group's own */
        group[0] = '\0';
    printf("  - %s %s%s%s%s\n", text(i, "what"), name, *group ? " (" : "", group,
           *group ? ")" : "");
    line("", text(i, json_str(i, "kept") ? "kept" : "why"));
    line("", text(i, "age"));
    if (json_str(i, "kept"))
        return;
    line("", text(i, "harmless"));
    line("", text(i, "ends"));
    if (!json_flag(i, "may", false))
        line(_("your account may not delete it; it lacks"), text(i, "missing"));
    line("--delete", text(i, "id"));
}

static size_t print_items(const struct json *items, bool kept, const char *title)
{
    size_t n = 0;

    JSON_EACH (i, items)
        if ((json_str(i, "kept") != NULL) == kept) {
            if (!n++)
                puts(title);
            print_item(i);
        }
    return n;
}

static void print_list(const struct json *review)
{
    const struct json *items = json_get(review, "items");

    JSON_EACH (w, json_get(review, "warn"))
        printf(_("Warning: %s\n"), json_value_str(w));
    if (!print_items(items, false, _("Leftovers, by what Azure says of them:")))
        puts(_("No leftovers were found."));
    print_items(items, true, _("This stays:"));
}

static int list(struct cli *c)
{
    struct json *review = NULL;
    struct err e = { 0 };

    if (cli_ask(c, "cleanup-check", args_of(c, NULL), &review, &e) < 0)
        return cli_fail(c, &e);
    if (c->json) {
        out_json(review);
        return EXIT_DONE;
    }
    print_list(review);
    json_free(review);
    return EXIT_DONE;
}

/* ---- deleting ---- */

static bool is_named(const struct json *item, const char *name, bool offered)
{
    return str_ieq(text(item, "name"), name) && (!json_str(item, "kept") || !offered);
}

/* The id of what is called so: an id, or the name of one thing alone. Offered things come first;
 * the core says of the others why they stay. */
static int add_id(const struct json *items, const char *name, struct json *ids, struct err *e)
{
    const struct json *found = NULL;
    struct str all = STR_INIT;
    size_t n = 0;

    JSON_EACH (i, items)
        if (str_ieq(text(i, "id"), name)) {
            json_push(ids, json_string(text(i, "id")));
            return 0;
        }
    for (int pass = 0; pass < 2 && !n; pass++)
        JSON_EACH (i, items)
            if (is_named(i, name, pass == 0)) {
                found = i;
                str_addf(&all, "%s%s", n++ ? ", " : "", text(i, "id"));
            }
    if (n > 1)
        err_set(e, ERR_USAGE, 0, _("%s is the name of several things; give the id of one: %s"),
                name, str_p(&all));
    else
        json_push(ids, json_string(found ? text(found, "id") : name));
    str_free(&all);
    return n > 1 ? -1 : 0;
}

static int ids_of(struct cli *c, struct json *ids, struct err *e)
{
    struct json *review = NULL;
    int r = 0;

    if (cli_ask(c, "cleanup-check", args_of(c, NULL), &review, e) < 0)
        return -1;
    for (size_t i = 0; i < c->n_values && r == 0; i++)
        if (str_eq(c->values[i].option.name, "delete"))
            r = add_id(json_get(review, "items"), c->values[i].value, ids, e);
    json_free(review);
    return r;
}

static void print_line(void *payload, enum review_kind kind, const char *row)
{
    (void)payload;
    printf("%s%s\n", kind == REVIEW_ACT || kind == REVIEW_KEPT ? "  - " : "", row);
}

/* Every name is typed, one after another; 1 all, 0 one was not, -1 error. */
static int typed(struct cli *c, const struct json *review, struct json *words, struct err *e)
{
    JSON_EACH (one, json_get(review, "confirm.each")) {
        char answer[300] = "", ask[400];

        text_set(ask, sizeof ask, text(one, "ask"));
        printf("%s: ", ask);
        fflush(stdout);
        if (cli_ask_line(c, answer, sizeof answer, e) < 0)
            return -1;
        if (!str_ieq(answer, text(one, "word")))
            return 0;
        json_push(words, json_string(answer));
    }
    return 1;
}

static void take_words(const struct json *review, struct json *words)
{
    JSON_EACH (one, json_get(review, "confirm.each"))
        json_push(words, json_string(text(one, "word")));
}

/* 1: go on; 0: shown only, or not typed; -1 error. */
static int confirmed(struct cli *c, const struct json *ids, struct json *words, struct err *e)
{
    struct json *review = NULL;
    int r = -1;

    if (cli_ask(c, "cleanup-check", args_of(c, ids), &review, e) < 0)
        return -1;
    if (c->json && cli_switch(c, "what-if")) {
        out_json(json_copy(review));
        r = review_stop(review, e) ? -1 : 0;
    } else if (cli_switch(c, "yes") && !cli_switch(c, "what-if")) {
        take_words(review, words);
        r = review_stop(review, e) ? -1 : 1;
    } else {
        act_review(review, print_line, NULL);
        if (!review_stop(review, e))
            r = cli_switch(c, "what-if") ? 0 : typed(c, review, words, e);
    }
    json_free(review);
    return r;
}

static int delete (struct cli *c)
{
    struct json *ids = json_array(), *words = json_array(), *args;
    struct err e = { 0 };
    char id[64] = "";
    int r = -1;

    if (ids_of(c, ids, &e) == 0)
        r = confirmed(c, ids, words, &e);
    if (r == 1) {
        args = args_of(c, ids);
        json_set(args, "confirm", json_copy(words));
        r = cli_begin(c, "cleanup", args, id, &e) < 0 ? -1 : 1;
    } else if (r == 0 && !cli_switch(c, "what-if")) {
        r = err_set(&e, ERR_OP, ERR_C_CANCELLED, "%s", _("nothing was done"));
    } else if (r == 0 && !c->json) {
        puts(_("Nothing was written."));
    }
    json_free(ids);
    json_free(words);
    if (r < 0)
        return cli_fail(c, &e);
    return r ? cli_follow(c, id) : EXIT_DONE;
}

static int judge(struct cli *c, bool deletes, struct err *e)
{
    bool asks = deletes && !cli_switch(c, "yes") && !cli_switch(c, "what-if");

    if (!deletes && cli_switch(c, "yes"))
        return err_set(e, ERR_USAGE, 0, "%s", _("--yes needs --delete with what is to go"));
    if (asks && (c->json || !isatty(STDIN_FILENO) || !c->tty))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("nobody can be asked here: add --yes to delete without a question, or "
                         "--what-if to look"));
    return 0;
}

int cmd_cleanup(struct cli *c)
{
    bool deletes = cli_value(c, "delete") != NULL;
    struct err e = { 0 };

    if (judge(c, deletes, &e) < 0 || cli_need_cluster(c, &e) < 0 ||
        !cli_have(c, 1u << SEC_SIGNIN, &e) || cli_sign_in(c, cli_value(c, "tenant-id"), &e) < 0)
        return cli_fail(c, &e);
    return deletes ? delete (c) : list(c);
}
