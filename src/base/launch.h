/* launch.h - the fork and exec under proc.h, and the folders of our own programs.
 *
 * Everything is made ready before the fork; between fork and exec only async-signal-safe calls run.
 * The child has default signal actions, an empty signal mask, its own session, and no descriptors
 * but 0, 1, 2 and those named. A failing exec is reported to the caller, not by an exit code.
 */
#ifndef AZL_BASE_LAUNCH_H
#define AZL_BASE_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct launch {
    const char *const *argv; /* argv[0] is a path, or a name searched for in our PATH */
    char *const *env;
    int in, out,
        errout; /* become 0, 1, 2; each at least 3 and close-on-exec; -1: ours is inherited */
    const int *keep_fds;
    size_t n_keep_fds;
    int death_sig; /* 0: none */
    bool detach;   /* forks twice: nobody waits for it; umask 077, folder "/" */
};

/* The child's pid (of a detached one: 0), or -1. */
pid_t launch_run(const struct launch *l, struct err *e);
/* Descriptors for a launch: all of them at least 3 and close-on-exec. */
int launch_null(struct err *e); /* /dev/null */
int launch_pipe(int fds[2], struct err *e);

#endif
