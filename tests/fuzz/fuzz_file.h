/* fuzz_file.h - for targets whose input is a file: a folder of their own, in memory where there is
 * such a place, and the input written into it. Who made the folder removes it (atexit).
 */
#ifndef AZL_TESTS_FUZZ_FILE_H
#define AZL_TESTS_FUZZ_FILE_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"

static inline void fuzz_folder(char *dir, size_t size)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(dir, size, "%s/azl-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm"
             : tmp                         ? tmp
                                           : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        exit(2);
    }
}

static inline void fuzz_put(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0) {
        perror(path);
        exit(2);
    }
}

#endif
