/* replay.c - the main of a fuzz target without libFuzzer: runs every kept input through it, and
 * each one's beginnings (a cut file, line or answer). Arguments: files to run instead. A broken
 * property stops the program, the name of the input stands before it. */
#include "config.h"

#include <dirent.h>
#include <stdlib.h>

#include "fuzz.h"

#define CUTS 16

static unsigned char bytes[1 << 20];

/* The input stands at the end of memory of its own size, where a sanitizer sees a read beyond it.
 */
static void run(size_t n)
{
    unsigned char *own = malloc(n ? n : 1);

    if (!own)
        abort();
    memcpy(own, bytes, n);
    LLVMFuzzerTestOneInput(own, n);
    free(own);
}

static int run_file(const char *path, int cuts)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f) {
        perror(path);
        return -1;
    }
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    printf("%s (%zu bytes)\n", path, n);
    fflush(stdout);
    for (int i = 1; i <= cuts; i++)
        run(n * (size_t)i / (size_t)(cuts + 1));
    run(n);
    return 0;
}

static int run_folder(const char *path, int *passed)
{
    struct dirent **found = NULL;
    int n = scandir(path, &found, NULL, alphasort), failed = 0;
    char file[4096];

    for (int i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%s/%s", path, found[i]->d_name);
        if (found[i]->d_name[0] != '.' && run_file(file, CUTS) == 0)
            ++*passed;
        else if (found[i]->d_name[0] != '.')
            failed++;
        free(found[i]);
    }
    free(found);
    return failed;
}

int main(int argc, char **argv)
{
    const char *src = getenv("srcdir");
    int passed = 0, failed = 0;
    char path[2048];

    LLVMFuzzerInitialize(&argc, &argv);
    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            failed += run_file(argv[i], 0) != 0;
        return failed ? 1 : 0;
    }
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", src ? src : ".", FUZZ_NAME);
    run(0);
    failed = run_folder(path, &passed);
    if (!passed) {
        printf("no inputs in %s\n", path);
        failed++;
    }
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed ? 1 : 0;
}
