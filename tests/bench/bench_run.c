/* bench_run FILE PROGRAM ARG... - runs a program and writes what it used to FILE: wall seconds,
 * processor seconds (its children's, too), peak memory of the largest process in kB, exit status. A
 * process of its own because Linux counts the memory of whoever starts a program as that program's
 * peak: this one's is 1 MB. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct timespec from, to;
    struct rusage used;
    pid_t pid;
    int status;
    FILE *f;

    if (argc < 3 || clock_gettime(CLOCK_MONOTONIC, &from) ||
        posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ) ||
        wait4(pid, &status, 0, &used) != pid || clock_gettime(CLOCK_MONOTONIC, &to))
        return 125;
    f = fopen(argv[1], "we");
    if (!f)
        return 125;
    status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    fprintf(f, "%.6f %.6f %ld %d\n",
            (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
            seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss, status);
    return fclose(f) ? 125 : status;
}
