#include "config.h"

#include "testing.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

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
