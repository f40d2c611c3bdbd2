#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/cli.h"
#include "console/cli/output.h"

/* The core answers in the words of its table; they are in our catalogue, too. */
static void translate(struct json *result)
{
    static const char *const names[] = { "what", "why", "advice" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *text = json_str(result, names[i]);

        if (text && text[0])
            json_set_str(result, names[i], _(text));
    }
}

static void say(const struct json *result, const char *label, const char *member)
{
    if (json_str(result, member))
        printf("%s: %s\n", label, json_str(result, member));
}

int cmd_explain(struct cli *c)
{
    struct json *args = json_object(), *result = NULL;
    struct str text = STR_INIT;
    struct err e = { 0 };
    int rc;

    for (size_t i = 0; i < c->n_words; i++)
        str_addf(&text, "%s%s", i ? " " : "", c->words[i]);
    json_set_str(args, "text", str_p(&text));
    if (text.len) {
        rc = cli_ask(c, "explain", args, &result, &e);
        if (rc < 0 && e.domain == ERR_OP && e.code == ERR_C_NOT_FOUND)
            err_set(&e, ERR_OP, ERR_C_NOT_FOUND,
                    _("Nothing is known of \"%.200s\". Keep the whole error with its ids: they are "
                      "what support asks for."),
                    str_p(&text));
    } else {
        json_free(args);
        rc = err_set(&e, ERR_USAGE, 0, _("explain what? A code or the words of an error"));
    }
    str_free(&text);
    if (rc < 0)
        return cli_fail(c, &e);
    translate(result);
    if (c->json) {
        out_json(result);
        return EXIT_DONE;
    }
    say(result, _("What happened"), "what");
    say(result, _("Why"), "why");
    say(result, _("What to do"), "advice");
    json_free(result);
    return EXIT_DONE;
}
