/* completion.h - the completion of the command line for bash, made from the tables in commands.c,
 * so that it knows what the program knows.
 *
 * What an option takes is read from its `arg`: "table|json" is a closed list, FILE and PATH are
 * completed as files, DIR as folders ("[NODE=]" before it is left to the operator), for any other
 * nothing is offered. Of a command's `words` the small first word of each alternative is offered.
 * The script needs bash 4 and nothing of the package bash-completion (bash(1), Programmable
 * Completion).
 */
#ifndef AZL_CONSOLE_CLI_COMPLETION_H
#define AZL_CONSOLE_CLI_COMPLETION_H

#include "base/str.h"

struct err;

/* shell is "bash": appends the script; anything else is ERR_USAGE, -1. */
int completion_script(struct str *out, const char *shell, struct err *e);

#endif
