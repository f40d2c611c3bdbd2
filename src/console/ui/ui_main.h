/* ui_main.h - the full-screen console from start to end; the only header of ui that main.c needs.
 *
 * ui_main takes over the terminal on stdin/stdout, draws at once, starts the client, and runs its
 * own loop until the operator leaves. The terminal is left as it was found on every way out. Call
 * i18n_init first. Needs a terminal on stdin and stdout.
 */
#ifndef AZL_UI_UI_MAIN_H
#define AZL_UI_UI_MAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "console/client.h"

struct ui_options {
    bool getty;  /* --getty: started instead of a login shell; item 15 runs $SHELL and comes back */
    int look;    /* 0 decide by terminal and locale; 1 basic (7-bit, no colour); 2 rich */
    int core_fd; /* tests: a connected socket to a core; 0: find or start one */
    int64_t (*now)(void); /* Unix ms; NULL: wall_ms */
};

/* Options may be NULL. Returns the exit code: 0 left, 1 no core, 128 + n ended by signal n; or
 * UI_NO_TERMINAL (said on stderr): this terminal cannot show screens; or UI_PLAIN. */
#define UI_NO_TERMINAL 2
#define UI_PLAIN       256 /* the operator asked for the plain face instead */
int ui_main(const struct client_options *client, const struct ui_options *options);

#endif
