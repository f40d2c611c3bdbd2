/* The commands of all operations of face/acts.h: look, show, ask, start, follow. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/follow.h"
#include "console/cli/output.h"
#include "console/cli/sign_in_ways.h"
#include "console/face/acts.h"

static const struct act *act_of(struct cli *c, struct err *e)
{
    const struct act *a =
        act_of_command(c->command->name, c->command->words && c->n_words ? c->words[0] : NULL);

    if (!a)
        err_set(e, ERR_USAGE, 0, _("usage: azloconf %s%s%s"), c->command->name,
                c->command->words ? " " : "", c->command->words ? c->command->words : "");
    else if (c->n_words > 1)
        err_set(e, ERR_USAGE, 0, _("unknown word \"%s\" after %s"), c->words[1], c->words[0]);
    return err_is(e) ? NULL : a;
}

static void add_list(struct cli *c, const struct act_option *o, struct json *args)
{
    struct json *list = json_array();

    for (size_t i = 0; i < c->n_values; i++)
        if (str_eq(c->values[i].option.name, o->option))
            json_push(list, json_string(c->values[i].value));
    json_set(args, o->arg, list);
}

/* Whether the principal of a secret is named on the line of this command. */
static bool named_here(const struct cli *c)
{
    return cli_takes(c->command, "arc-spn-app-id");
}

/* One command may stand for two operations: what is the other's is said, not ignored. */
static int options_fit(struct cli *c, const struct act *a, struct err *e)
{
    static const char *const all[] = { "yes", "what-if", "wait", "arc-spn-secret-file",
                                       "arc-spn-secret-fd" };

    for (size_t i = 0; i < c->n_values; i++) {
        const char *name = c->values[i].option.name;
        bool fits = !cli_takes(c->command, name);

        for (size_t k = 0; k < a->n_options && !fits; k++)
            fits = str_eq(a->options[k].option, name);
        for (size_t k = 0; k < ARRAY_LEN(all) && !fits; k++)
            fits = str_eq(all[k], name);
        if (!fits)
            return err_set(e, ERR_USAGE, 0, _("--%s does not go with azloconf %s %s"), name,
                           c->command->name, c->n_words ? c->words[0] : "");
    }
    return named_here(c) ? cli_arc_secret_fits(c, cli_value(c, "arc-spn-app-id"), e) : 0;
}

/* The operator's own principal for Azure Arc has a secret; a look does without. A repair's
 * principal is the registration's: it is asked for only where the core wants it. */
static int take_secret(struct cli *c, struct err *e)
{
    const char *app = cli_value(c, "arc-spn-app-id");

    return app || !named_here(c) ? cli_arc_secret(c, app && !cli_switch(c, "what-if"), e) : 0;
}

static struct json *args_of(struct cli *c, const struct act *a)
{
    struct json *args = json_object();

    for (size_t i = 0; i < a->n_options; i++) {
        const struct act_option *o = &a->options[i];

        if (!cli_value(c, o->option))
            continue;
        if (o->kind == ACT_LIST)
            add_list(c, o, args);
        else if (o->kind == ACT_FLAG)
            json_set_bool(args, o->arg, true);
        else
            json_set_str(args, o->arg, cli_value(c, o->option));
    }
    return args;
}

/* Who asks for nothing and is asked nothing must say all of it. */
static int judge(struct cli *c, const struct act *a, struct err *e)
{
    bool yes = cli_switch(c, "yes"), look = cli_switch(c, "what-if");

    if (yes && a->word_option && !cli_value(c, a->word_option))
        return err_set(e, ERR_USAGE, 0, _("--yes needs --%s with the name that would be asked for"),
                       a->word_option);
    if (yes || look)
        return 0;
    if (!isatty(STDIN_FILENO) || !c->tty)
        return err_set(e, ERR_USAGE, 0,
                       a->word_option
                           ? _("nobody can be asked here: add --yes and --%s to do it without a "
                               "question, or --what-if to look")
                           : _("nobody can be asked here: add --yes to do it without a question, "
                               "or --what-if to look"),
                       a->word_option);
    if (c->json)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("--output json asks no questions: add --yes or --what-if"));
    return 0;
}

/* ---- the review ---- */

static void print_line(void *payload, enum review_kind kind, const char *text)
{
    (void)payload;
    if (kind == REVIEW_ACT || kind == REVIEW_KEPT)
        printf("  - %s\n", text);
    else if (kind == REVIEW_WARN)
        printf(_("Warning: %s\n"), text);
    else
        puts(text);
}

/* What the core found, or -1. */
static int look(struct cli *c, const struct act *a, struct json **review, struct err *e)
{
    char intent[80];

    act_intent(intent, sizeof intent, a, true);
    return cli_ask_arc(c, intent, args_of(c, a), review, e);
}

/* Where the secret is what stands in the way it is asked for, and the look is another one. */
static int look_with_secret(struct cli *c, const struct act *a, struct json **review, struct err *e)
{
    if (!act_principal(*review) || secret_is(&c->arc_secret))
        return 0;
    printf(_("The nodes are to be connected to Azure Arc by your own application %s. Its "
             "secret is kept nowhere, so it is asked for."),
           act_principal(*review));
    putchar('\n');
    if (cli_arc_secret(c, true, e) < 0)
        return -1;
    json_free(*review);
    *review = NULL;
    return look(c, a, review, e);
}

static int what_if(struct cli *c, const struct act *a)
{
    struct json *review = NULL;
    struct err e = { 0 }, stop;
    int code;

    if (look(c, a, &review, &e) < 0)
        return cli_fail(c, &e);
    code = review_stop(review, &stop) ? (int)cli_exit_of(&stop) : EXIT_DONE;
    if (c->json) {
        out_json(review);
        return code;
    }
    act_review(review, print_line, NULL);
    puts(_("Nothing was written."));
    json_free(review);
    return code;
}

/* Shows what would be done and asks; 1 yes, 0 no, -1 error. word: what was typed. */
static int confirmed(struct cli *c, const struct act *a, char *word, size_t size, struct err *e)
{
    struct json *review = NULL;
    const char *ask;
    int r = -1;

    if (look(c, a, &review, e) < 0 || look_with_secret(c, a, &review, e) < 0) {
        json_free(review);
        return -1;
    }
    act_review(review, print_line, NULL);
    if (!review_stop(review, e)) {
        if (*act_word(review, 0, &ask))
            printf("%s: ", ask);
        else
            printf("%s ", _("Type yes to do it:"));
        fflush(stdout);
        if (cli_ask_line(c, word, size, e) == 0)
            r = *act_word(review, 0, NULL) ? act_word_fits(review, 0, word)
                                           : str_ieq(word, "yes") || str_ieq(word, _("yes"));
    }
    json_free(review);
    return r;
}

/* ---- the run ---- */

/* The newest run that is not at its end: this one, if the core went away before it answered. */
static bool unfinished(struct cli *c, const char *plan, char id[64])
{
    struct json *result = NULL;
    const struct json *newest;
    const struct act *a = act_find(plan);
    const char *state, *whole,
        *of = a && a->plan ? a->plan : plan; /* a repair is a run of register */
    struct err e = { 0 };
    bool found = false;

    if (cli_ask(c, "runs", json_object(), &result, &e) < 0)
        return false;
    newest = json_first(json_get(result, "runs"));
    state = json_str(newest, "state");
    whole = json_str(newest, "whole");
    if (state &&
        str_eq(json_str(newest, whole && !str_eq(whole, "repair") ? "whole" : "plan"), of) &&
        !str_eq(state, "done") && !str_eq(state, "failed") && !str_eq(state, "undone")) {
        str_copy(id, 64, json_str(newest, "id"));
        found = true;
    }
    json_free(result);
    return found;
}

int cli_begin(struct cli *c, const char *plan, struct json *args_owned, char id[64], struct err *e)
{
    struct json *result = NULL;

    if (cli_ask_arc(c, plan, args_owned, &result, e) < 0)
        return e->domain == ERR_WIRE && e->unsure && unfinished(c, plan, id) ? 0 : -1;
    str_copy(id, 64, json_str(result, "id"));
    json_free(result);
    return 0;
}

static int start(struct cli *c, const struct act *a, const char *word, char id[64], struct err *e)
{
    struct json *args = args_of(c, a);

    if (*word)
        json_set_str(args, "confirm", word);
    return cli_begin(c, a->id, args, id, e);
}

int cmd_act(struct cli *c)
{
    struct err e = { 0 };
    const struct act *a = act_of(c, &e);
    char id[64], word[256] = "";
    int r = 1;

    if (!a || options_fit(c, a, &e) < 0 || judge(c, a, &e) < 0 || take_secret(c, &e) < 0 ||
        (!a->no_cluster && cli_need_cluster(c, &e) < 0) || !cli_have(c, 1u << SEC_SIGNIN, &e) ||
        (!a->offline && cli_sign_in(c, a->registers ? NULL : cli_value(c, "tenant-id"), &e) < 0))
        return cli_fail(c, &e);
    if (cli_switch(c, "what-if"))
        return what_if(c, a);
    if (!cli_switch(c, "yes"))
        r = confirmed(c, a, word, sizeof word, &e);
    else if (a->word_option)
        STR_SET(word, cli_value(c, a->word_option));
    if (r == 0)
        err_set(&e, ERR_OP, ERR_C_CANCELLED, "%s", _("nothing was done"));
    if (r <= 0 || start(c, a, word, id, &e) < 0)
        return cli_fail(c, &e);
    return cli_follow_until(c, id, cli_switch(c, "wait") ? NULL : a->until);
}
