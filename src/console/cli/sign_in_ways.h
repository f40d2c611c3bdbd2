/* sign_in_ways.h - the options of `sign-in` as a way to sign in: a table of ways, each with the
 * options that choose it and those that belong to it.
 *
 * cli_way fills *w from the options, files, descriptors, the environment, a prompt or the Azure CLI
 * (it may wait for these, turning the loop); the caller wipes it with way_clear, whatever it says.
 * ask_secret reads a line from the terminal that is not shown, whatever stdin is.
 */
#ifndef AZL_CONSOLE_CLI_SIGN_IN_WAYS_H
#define AZL_CONSOLE_CLI_SIGN_IN_WAYS_H

#include "console/cli/cli.h"
#include "console/face/ways.h"

/* Refuses such a secret where the registration's values name no application. */
int cli_arc_secret_fits(struct cli *c, const char *app, struct err *e);
/* Fills c->arc_secret from --arc-spn-secret-file or -fd, else by a question if `ask`. */
int cli_arc_secret(struct cli *c, bool ask, struct err *e);
/* An intent with that secret beside it, if there is one. */
int cli_ask_arc(struct cli *c, const char *intent, struct json *args_owned, struct json **result,
                struct err *e);
int cli_way(struct cli *c, struct way *w, struct err *e);
/* The core's refusal *e: if it misses the password of a certificate's key, and somebody is there,
 * asks for it; -1: *e stands, or says why not. */
int cli_way_password(struct cli *c, struct way *w, struct err *e);
/* One line from standard input, trimmed; "" at its end. Like ask_secret, Ctrl-C and the core's end
 * leave it: -1. */
int cli_ask_line(struct cli *c, char *answer, size_t size, struct err *e);
int ask_secret(struct cli *c, const char *prompt, struct secret *out, struct err *e);

#endif
