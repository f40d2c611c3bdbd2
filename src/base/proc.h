/* proc.h - a child by argument vector: bounded output, deadline, no shell.
 *
 * The child gets its own session (no controlling terminal, so it can never prompt over the screen),
 * default signals, stdin from /dev/null or from the given bytes, and only the descriptors named in
 * keep_fds. Its environment is exactly `env` (NULL: PATH, HOME, LANG, LC_ALL, TMPDIR of ours).
 * Output beyond the cap is drained and thrown away.
 */
#ifndef AZL_BASE_PROC_H
#define AZL_BASE_PROC_H

#include <sys/types.h>

#include "base/loop.h"

struct proc;

struct proc_spec {
    const char *const *argv; /* argv[0] is the path */
    const char *const *env;  /* NULL-terminated "K=V", or NULL */
    const char *input;       /* fed to stdin, then closed */
    size_t input_len;
    const int *keep_fds; /* inherited under the same numbers */
    size_t n_keep_fds;
    size_t max_output;   /* each of stdout and stderr; 0: 1 MiB */
    int64_t deadline_ms; /* 0: none; then SIGTERM, two seconds later SIGKILL */
};
struct proc_result {
    int exit_code; /* 0..255; -1 if a signal ended it */
    int signal;    /* 0 if none */
    bool timed_out;
    const char *out, *errout; /* NUL-terminated, valid during the callback */
    size_t out_len, errout_len;
};
typedef void proc_done_fn(void *payload, const struct proc_result *r);

struct proc *proc_start(struct loop *l, const struct proc_spec *spec, proc_done_fn *fn,
                        void *payload, struct err *e);
void proc_kill(struct proc *p); /* SIGKILL; fn is not called any more; p is dead */

/* A long-lived child whose stdout is read by the caller (the sandbox): pid, and a pipe in *out_fd.
 * death_sig: PR_SET_PDEATHSIG. */
pid_t proc_spawn(const char *const *argv, int *out_fd, int death_sig, struct err *e);
/* A detached process (double fork, own session, stdio on /dev/null or errlog): the private core.
 * The
 * environment is ours without the secrets that Azure's tools read there (AZURE_CLIENT_SECRET ...).
 * alive_fd (may be NULL): reads as at its end as soon as the process is gone; the caller closes it.
 */
int proc_daemon(const char *const *argv, const char *errlog, int *alive_fd, struct err *e);
/* Full path of our own program `name`: beside /proc/self/exe first, then in the installed folders.
 */
int proc_own_program(char *out, size_t size, const char *name, struct err *e);

#endif
