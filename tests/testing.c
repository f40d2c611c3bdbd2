#include "config.h"

#include "testing.h"

#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GROUPS_MAX = 16 };

static int passed, failed_total, skipped, skipped_before;
static char dir[64];

int test_group(const char *name, int failed, int total)
{
    int skips = skipped - skipped_before;

    (void)name;
    skipped_before = skipped;
    passed += total - failed - skips;
    failed_total += failed;
    return failed;
}

void test_note_skip(const char *why)
{
    skipped++;
    printf("SKIPPED: %s\n", why);
}

/* ---- groups in processes of their own ---- */

struct tally {
    int passed, failed, skipped;
};

static pid_t start_group(test_group_fn *group, FILE *out)
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        struct tally t;

        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(out), STDERR_FILENO);
        group();
        t = (struct tally){ passed, failed_total, skipped };
        fflush(NULL);
        if (write(fileno(out), &t, sizeof t) != (ssize_t)sizeof t)
            exit(2);
        exit(0);
    }
    return pid;
}

/* What the group printed; its tally is the end of it. */
static void end_group(pid_t pid, FILE *out)
{
    struct tally t = { 0 };
    char line[4096];
    int status = -1;
    long size;

    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        status = -1;
    fseek(out, 0, SEEK_END);
    size = ftell(out);
    if (status == 0 && size >= (long)sizeof t) {
        size -= (long)sizeof t;
        fseek(out, size, SEEK_SET);
        status = fread(&t, sizeof t, 1, out) == 1 ? 0 : -1;
    }
    rewind(out);
    while (size > 0 && fgets(line, size < 4095 ? (int)size + 1 : 4096, out)) {
        size -= (long)strlen(line);
        fputs(line, stdout);
    }
    if (status != 0) {
        printf("a group of tests died with status %d\n", status);
        t.failed++;
    }
    passed += t.passed;
    failed_total += t.failed;
    skipped += t.skipped;
    fclose(out);
}

void test_side_by_side(test_group_fn *const *groups, size_t n)
{
    pid_t pid[GROUPS_MAX];
    FILE *out[GROUPS_MAX];

    if (n > GROUPS_MAX)
        abort();
    for (size_t i = 0; i < n; i++) {
        out[i] = tmpfile();
        if (!out[i])
            abort();
        pid[i] = start_group(groups[i], out[i]);
    }
    for (size_t i = 0; i < n; i++)
        end_group(pid[i], out[i]);
}

int test_end(void)
{
    printf("%d passed, %d failed, %d skipped\n", passed, failed_total, skipped);
    return failed_total ? 1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_dir(void)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_dir(void)
{
    if (!dir[0]) {
        const char *tmp = getenv("TMPDIR");

        snprintf(dir, sizeof dir, "%.40s/azl-test-XXXXXX", tmp ? tmp : "/tmp");
        if (!mkdtemp(dir)) {
            perror(dir);
            exit(2);
        }
        atexit(remove_dir);
    }
    return dir;
}

const char *test_data(const char *relative)
{
    static char path[4096];
    const char *src = getenv("srcdir");

    snprintf(path, sizeof path, "%s/tests/%s", src ? src : ".", relative);
    return path;
}
