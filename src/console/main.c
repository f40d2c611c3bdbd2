#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/secret.h"
#include "base/str.h"
#include "console/cli/cli.h"
#include "console/cli/completion.h"
#include "console/cli/output.h"
#include "console/face/language.h"
#include "console/plain/plain_main.h"
#include "console/ui/ui_main.h"

/* Where the screens cannot be, the plain face is; why is said where nobody asked for it. */
static bool wants_plain(const struct cli *c)
{
    const char *term = getenv("TERM");

    if (cli_switch(c, "plain"))
        return true;
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return str_eq(term, "dumb");
    return true;
}

/* The faces say it themselves. */
static void say_language(void)
{
    char word[200];

    if (isatty(STDERR_FILENO) && language_word(word, sizeof word)[0])
        fprintf(stderr, "azloconf: %s\n", word);
}

static int print_completion(struct cli *c)
{
    struct str script = STR_INIT;
    struct err e = { 0 };

    if (completion_script(&script, cli_value(c, "completion"), &e) < 0)
        return cli_fail(c, &e);
    fputs(str_p(&script), stdout);
    str_free(&script);
    return EXIT_DONE;
}

static int run(struct cli *c)
{
    bool getty = cli_switch(c, "getty");
    int rc;

    if (c->command) {
        say_language();
        return cli_run(c);
    }
    if (!wants_plain(c)) {
        rc = ui_main(&c->connect, &(struct ui_options){ .getty = getty });
        if (rc != UI_NO_TERMINAL && rc != UI_PLAIN)
            return rc;
    }
    return plain_main(&c->connect, &(struct plain_options){ .getty = getty });
}

int main(int argc, char **argv)
{
    static struct cli c;
    struct err e = { 0 };

    secret_harden_process();
    i18n_init();
    if (isatty(STDOUT_FILENO) || isatty(STDERR_FILENO))
        language_settle(false);
    if (cli_parse(&c, argc, argv, &e) < 0)
        return cli_fail(&c, &e);
    if (cli_switch(&c, "help")) {
        cli_help(c.command);
        return EXIT_DONE;
    }
    if (cli_switch(&c, "version")) {
        puts("azloconf " PACKAGE_VERSION);
        return EXIT_DONE;
    }
    if (cli_value(&c, "completion"))
        return print_completion(&c);
    return run(&c);
}
