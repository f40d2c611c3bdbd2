#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/secret.h"
#include "base/str.h"
#include "console/cli/cli.h"
#include "console/cli/output.h"
#include "console/ui/ui_main.h"

static int run(struct cli *c)
{
    struct err e = { 0 };

    if (c->command)
        return cli_run(c);
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        err_set(
            &e, ERR_USAGE, 0,
            _("the console needs a terminal; here use a command: \"azloconf --help\" lists them"));
        return cli_fail(c, &e);
    }
    return ui_main(&c->connect, &(struct ui_options){ .getty = cli_switch(c, "getty") });
}

int main(int argc, char **argv)
{
    static struct cli c;
    struct err e = { 0 };

    secret_harden_process();
    i18n_init();
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
    return run(&c);
}
