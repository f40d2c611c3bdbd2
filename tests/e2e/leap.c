/* leap.c - preloaded into core, sandbox and console by tests that would otherwise wait: when the
 * core has nothing to do but to wait for its next timer, the clock of all of them leaps there.
 * Nothing else is changed: what takes time (an answer, a child process) takes real time, and no
 * deadline passes that would not have passed.
 *
 * AZL_LEAP=FILE holds a struct leap, mapped by all. The core leaps when its poll has been quiet for
 * QUIET_MS, waits for no network connection and no child, no console is at work, the sandbox is up,
 * and the wait asked for is at most `longest`. `until` bounds the sum of all leaps. No product code
 * knows of this.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_MS = 8, PIPES_AT_REST = 2 /* the loop's own, the sandbox's output */ };

struct leap {
    int64_t offset, until, longest; /* ms */
    int64_t sandbox_up, turns;      /* turns: of the core's loop */
    int64_t awake, held;            /* awake: consoles that are not in poll; held: time is real */
};

static struct leap *shared;
static int leaps, console; /* this process is the core, a console */
static int (*real_poll)(struct pollfd *, nfds_t, int);
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_sigtimedwait)(const sigset_t *, siginfo_t *, const struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("AZL_LEAP");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    real_poll = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    real_sigtimedwait = (int (*)(const sigset_t *, siginfo_t *, const struct timespec *))dlsym(
        RTLD_NEXT, "sigtimedwait");
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED)
        return;
    shared = map;
    leaps = strcmp(program_invocation_short_name, "azloconfd") == 0;
    console = strcmp(program_invocation_short_name, "azloconf") == 0;
    if (leaps)
        __atomic_store_n(&shared->sandbox_up, 0, __ATOMIC_SEQ_CST);
    if (console)
        __atomic_add_fetch(&shared->awake, 1, __ATOMIC_SEQ_CST);
}

__attribute__((destructor)) static void end(void)
{
    if (console)
        __atomic_sub_fetch(&shared->awake, 1, __ATOMIC_SEQ_CST);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = (real_gettime ? real_gettime
                           : (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT,
                                                                          "clock_gettime"))(id, t);
    int64_t ms = shared ? __atomic_load_n(&shared->offset, __ATOMIC_SEQ_CST) : 0;

    if (rc == 0 && ms && id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID) {
        t->tv_sec += ms / 1000;
        t->tv_nsec += ms % 1000 * 1000000;
        if (t->tv_nsec >= 1000000000) {
            t->tv_sec++;
            t->tv_nsec -= 1000000000;
        }
    }
    return rc;
}

/* The sandbox waits for signals as soon as it is ready. */
int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *t)
{
    if (shared && strcmp(program_invocation_short_name, "azlosandbox") == 0)
        __atomic_store_n(&shared->sandbox_up, 1, __ATOMIC_SEQ_CST);
    return real_sigtimedwait(set, info, t);
}

/* Somebody's answer is awaited: a connection to the cloud, a child process by its pipes; or a
 * console has not read yet what it was told. */
static int is_busy(const struct pollfd *fds, nfds_t n)
{
    int pipes = 0;

    for (nfds_t i = 0; i < n; i++) {
        struct sockaddr_storage a;
        socklen_t len = sizeof a;
        struct stat st;

        if (fds[i].fd < 0)
            continue;
        if (getsockname(fds[i].fd, (struct sockaddr *)&a, &len) == 0) {
            int unread = 0;

            if (a.ss_family != AF_UNIX || (ioctl(fds[i].fd, SIOCOUTQ, &unread) == 0 && unread > 0))
                return 1;
        } else if (fstat(fds[i].fd, &st) == 0 && S_ISFIFO(st.st_mode)) {
            pipes++;
        }
    }
    return pipes > PIPES_AT_REST;
}

/* A console on its way to a core is at work: its patience is measured in real time. */
static int is_connected(const struct pollfd *fds, nfds_t n)
{
    for (nfds_t i = 0; i < n; i++) {
        struct sockaddr_storage a;
        socklen_t len = sizeof a;

        if (fds[i].fd >= 0 && getpeername(fds[i].fd, (struct sockaddr *)&a, &len) == 0 &&
            a.ss_family == AF_UNIX)
            return 1;
    }
    return 0;
}

static int console_poll(struct pollfd *fds, nfds_t n, int timeout)
{
    int rc;

    if (!is_connected(fds, n))
        return real_poll(fds, n, timeout);
    __atomic_sub_fetch(&shared->awake, 1, __ATOMIC_SEQ_CST);
    rc = real_poll(fds, n, timeout);
    __atomic_add_fetch(&shared->awake, 1, __ATOMIC_SEQ_CST);
    return rc;
}

/* Nobody is at work and nobody's answer is awaited; the last look finds what a console said before
 * it went to sleep. */
static int may_leap(struct pollfd *fds, nfds_t n, int *rc)
{
    if (shared->until <= shared->offset || is_busy(fds, n) ||
        __atomic_load_n(&shared->awake, __ATOMIC_SEQ_CST) > 0 || shared->held)
        return 0;
    *rc = real_poll(fds, n, 0);
    return *rc == 0;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    int rc = 0;

    if (console)
        return console_poll(fds, n, timeout);
    if (!leaps)
        return real_poll(fds, n, timeout);
    __atomic_add_fetch(&shared->turns, 1, __ATOMIC_SEQ_CST);
    if (timeout > shared->longest || !shared->sandbox_up)
        return real_poll(fds, n, timeout);
    while (timeout > QUIET_MS) {
        rc = real_poll(fds, n, QUIET_MS);
        if (rc != 0)
            return rc;
        timeout -= QUIET_MS;
        if (may_leap(fds, n, &rc)) {
            int64_t room = shared->until - shared->offset;

            __atomic_add_fetch(&shared->offset, timeout < room ? timeout : room, __ATOMIC_SEQ_CST);
            return 0;
        }
        if (rc != 0)
            return rc;
    }
    return real_poll(fds, n, timeout);
}
