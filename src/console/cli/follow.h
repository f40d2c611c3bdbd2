/* follow.h - watches one run of the core to its end, a line for each step that ends. Leaving
 * (Ctrl-C) does not stop the work. */
#ifndef AZL_CONSOLE_CLI_FOLLOW_H
#define AZL_CONSOLE_CLI_FOLLOW_H

#include <stdio.h>

#include "console/cli/cli.h"

/* What the core knows of a run, whether it goes on or is long over. */
int cli_run_by_id(struct cli *c, const char *id, struct sec_run *out, struct err *e);
/* The consent that the run waits for, with the page's address and the roles; nothing where none is
 * missing. */
void cli_consent(const struct sec_run *r, FILE *to);
/* Result, AzureResourceId, ... of a run that is over, a line each. */
void cli_outcome(const struct sec_run *r);
/* The same until `step` was made: the work then goes on without the watcher. */
int cli_follow_until(struct cli *c, const char *id, const char *step);
int cli_follow(struct cli *c, const char *id); /* the exit code that the run's end means */

/* The intent that starts a run: its id, also where the answer was lost and the run goes. -1: *e. */
int cli_begin(struct cli *c, const char *plan, struct json *args_owned, char id[64], struct err *e);
int cli_follow_undo(struct cli *c, const char *id); /* the same; what was undone is done well */

#endif
