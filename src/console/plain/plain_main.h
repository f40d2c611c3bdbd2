/* plain_main.h - the plain face from start to end; the only header of plain that main.c needs.
 *
 * Reads lines from stdin and writes lines to stdout; either may be a terminal or a pipe. Call
 * i18n_init first. A terminal's line is set to whole lines with echo and given back as it was
 * found.
 */
#ifndef AZL_PLAIN_PLAIN_MAIN_H
#define AZL_PLAIN_PLAIN_MAIN_H

#include "console/client.h"

struct plain_options {
    bool getty;  /* as in ui_main.h */
    int core_fd; /* tests: a connected socket to a core; 0: find or start one */
};

/* The exit code: 0 left, 1 no core, 128 + n ended by signal n. */
int plain_main(const struct client_options *client, const struct plain_options *options);

#endif
