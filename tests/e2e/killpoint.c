/* killpoint.c - preloaded into the core by the kill tests: the process dies (SIGKILL to itself)
 * right after the Nth line of an operation's journal is on disk.
 *
 * AZL_KILL_AFTER=N, AZL_KILL_ONCE=FILE: the kill happens only if FILE does not exist yet; it is
 * made first, so that the next core lives; the moment (Unix ms) is written into it. No product code
 * knows of this.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int fdatasync(int fd)
{
    static int (*real)(int);
    static long count;
    const char *after = getenv("AZL_KILL_AFTER"), *once = getenv("AZL_KILL_ONCE");
    char link[64], path[4096];
    ssize_t n;
    int r, mark;

    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    r = real(fd);
    if (r != 0 || !after || !once)
        return r;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return r;
    path[n] = 0;
    if (!strstr(path, "/runs/") || !strstr(path, ".jsonl") || ++count != atol(after))
        return r;
    mark = open(once, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (mark >= 0) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        dprintf(mark, "%lld", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
        close(mark);
        kill(getpid(), SIGKILL);
    }
    return r;
}
