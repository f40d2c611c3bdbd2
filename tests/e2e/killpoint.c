/* killpoint.c - preloaded into the core by the kill tests: the process dies (SIGKILL to itself)
 * right after the Nth line of an operation's journal is on disk.
 *
 * AZL_KILL_AFTER=N[,N...], AZL_KILL_ONCE=FILE: the first core dies after its Nth line, the one that
 * follows it after the second N of its own lines, and so on. Each kill writes its moment (Unix ms)
 * as a line into FILE. AZL_KILL_FROM=WORD: no line counts before one that has "WORD" in quotes. No
 * product code knows of this.
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

/* The N that is due: as many were taken as FILE has lines. 0: none. */
static long due(const char *after, const char *once)
{
    static long n = -1;
    FILE *f;
    int lines = 0;

    if (n >= 0)
        return n;
    f = fopen(once, "re");
    for (int c; f && (c = fgetc(f)) != EOF;)
        lines += c == '\n';
    if (f)
        fclose(f);
    for (; after && lines > 0; lines--) {
        after = strchr(after, ',');
        after += after != NULL;
    }
    n = after ? atol(after) : 0;
    return n;
}

/* The journal has a line with the word. */
static int has_word(const char *path, const char *word)
{
    char quoted[64], line[65536];
    FILE *f = word ? fopen(path, "re") : NULL;
    int found = word == NULL;

    snprintf(quoted, sizeof quoted, "\"%s\"", word ? word : "");
    while (!found && f && fgets(line, sizeof line, f))
        found = strstr(line, quoted) != NULL;
    if (f)
        fclose(f);
    return found;
}

static void die(const char *once)
{
    int mark = open(once, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    dprintf(mark, "%lld\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    close(mark);
    kill(getpid(), SIGKILL);
}

int fdatasync(int fd)
{
    static int (*real)(int);
    static long count;
    const char *after = getenv("AZL_KILL_AFTER"), *once = getenv("AZL_KILL_ONCE");
    char link[64], path[4096];
    ssize_t n;
    int r;

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
    if (strstr(path, "/runs/") && strstr(path, ".jsonl") &&
        has_word(path, getenv("AZL_KILL_FROM")) && ++count == due(after, once))
        die(once);
    return r;
}
