#include "config.h"

#include "base/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"

#define FALLBACK_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Descriptors 0 to 2 may be closed in our process: nothing of a launch may lie there. */
static int lift(int fd)
{
    int high, saved;

    if (fd < 0 || fd > 2)
        return fd;
    high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    saved = errno;
    close(fd);
    errno = saved;
    return high;
}

int launch_null(struct err *e)
{
    int fd = lift(open("/dev/null", O_RDWR | O_CLOEXEC));

    return fd >= 0 ? fd : err_sys(e, errno, _("The file %s cannot be opened"), "/dev/null");
}

int launch_pipe(int fds[2], struct err *e)
{
    if (pipe2(fds, O_CLOEXEC) != 0)
        return err_sys(e, errno, _("A pipe cannot be made"));
    fds[0] = lift(fds[0]);
    fds[1] = lift(fds[1]);
    if (fds[0] >= 0 && fds[1] >= 0)
        return 0;
    err_sys(e, errno, _("A pipe cannot be made"));
    close(fds[0]);
    close(fds[1]);
    return -1;
}

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

/* The sorted descriptors above 2 that stay open in the child until its exec. */
static int *kept(const struct launch *l, int report_fd, size_t *n)
{
    int *fds = xcalloc(l->n_keep_fds + 1, sizeof(*fds));

    *n = 0;
    for (size_t i = 0; i < l->n_keep_fds; i++)
        if (l->keep_fds[i] > 2)
            fds[(*n)++] = l->keep_fds[i];
    fds[(*n)++] = report_fd;
    qsort(fds, *n, sizeof(*fds), by_number);
    return fds;
}

static void close_span(unsigned from, unsigned to)
{
    if (from > to || close_range(from, to, 0) == 0)
        return;
    /* A kernel without close_range. */
    for (unsigned fd = from; fd <= to && fd < 65536; fd++)
        close((int)fd);
}

static void close_others(const int *keep, size_t n)
{
    unsigned from = 3;

    for (size_t i = 0; i < n; i++) {
        if ((unsigned)keep[i] > from)
            close_span(from, (unsigned)keep[i] - 1);
        if ((unsigned)keep[i] >= from)
            from = (unsigned)keep[i] + 1;
    }
    close_span(from, ~0u);
}

static void default_signals(void)
{
    struct sigaction sa;
    sigset_t none;

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = SIG_DFL;
    for (int s = 1; s < 65; s++)
        sigaction(s, &sa, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_stdio(const struct launch *l)
{
    const int from[3] = { l->in, l->out, l->errout };

    for (int i = 0; i < 3; i++)
        if (from[i] >= 0 && dup2(from[i], i) < 0)
            return -1;
    for (size_t i = 0; i < l->n_keep_fds; i++)
        if (fcntl(l->keep_fds[i], F_SETFD, 0) != 0)
            return -1;
    return 0;
}

struct child_plan {
    const struct launch *l;
    const char *path;
    const int *keep;
    size_t n_keep;
    int report_fd;
    pid_t parent;
};

static _Noreturn void child_fail(const struct child_plan *c)
{
    int why = errno;

    _exit(write(c->report_fd, &why, sizeof(why)) == sizeof(why) ? 127 : 126);
}

static _Noreturn void child_run(const struct child_plan *c)
{
    const struct launch *l = c->l;

    setsid();
    if (l->detach) {
        pid_t pid = fork();

        if (pid < 0)
            child_fail(c);
        if (pid > 0)
            _exit(0);
        umask(077);
        if (chdir("/") != 0)
            child_fail(c);
    }
    if (l->death_sig && prctl(PR_SET_PDEATHSIG, l->death_sig, 0, 0, 0) != 0)
        child_fail(c);
    if (l->death_sig && getppid() != c->parent)
        _exit(126); /* the parent died before the request was in force */
    if (set_stdio(l) != 0)
        child_fail(c);
    close_others(c->keep, c->n_keep);
    default_signals();
    execve(c->path, (char *const *)(uintptr_t)l->argv, l->env);
    child_fail(c);
}

/* A name without a slash is looked for here, before the fork: execvp would fall back to a shell. */
static bool find_program(struct str *path, const char *name)
{
    const char *at = getenv("PATH");

    if (strchr(name, '/')) {
        str_add(path, name);
        return true;
    }
    at = at && at[0] ? at : FALLBACK_PATH;
    while (*at) {
        size_t n = strcspn(at, ":");

        str_reset(path);
        str_addn(path, at, n);
        str_addf(path, "/%s", name);
        if (n > 0 && at[0] == '/' && access(str_p(path), X_OK) == 0)
            return true;
        at += n + (at[n] == ':');
    }
    return false;
}

static pid_t fork_quietly(const struct child_plan *c)
{
    sigset_t all, before;
    pid_t pid;
    int saved;

    /* No handler of ours may run in the child: it would write into our pipes. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        child_run(c);
    saved = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return pid;
}

/* 0, or the errno of what failed between fork and exec. */
static int read_report(int fd)
{
    int why = 0;
    ssize_t r;

    do
        r = read(fd, &why, sizeof(why));
    while (r < 0 && errno == EINTR);
    return r == (ssize_t)sizeof(why) ? why : 0;
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

pid_t launch_run(const struct launch *l, struct err *e)
{
    struct child_plan c = { .l = l, .parent = getpid() };
    struct str path = STR_INIT;
    int report[2], *keep, why = ENOENT;
    pid_t pid = -1;

    if (launch_pipe(report, e) < 0)
        return -1;
    keep = kept(l, report[1], &c.n_keep);
    c.keep = keep;
    c.report_fd = report[1];
    if (find_program(&path, l->argv[0])) {
        c.path = str_p(&path);
        pid = fork_quietly(&c);
        why = pid < 0 ? errno : 0;
    }
    close(report[1]);
    if (pid > 0)
        why = read_report(report[0]);
    close(report[0]);
    if (pid > 0 && (why || l->detach))
        reap(pid);
    free(keep);
    str_free(&path);
    if (why)
        return err_sys(e, why, _("The program %s cannot be started"), l->argv[0]);
    return l->detach ? 0 : pid;
}
