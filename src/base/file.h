/* file.h - files of the state folder: private, atomic, repaired. Facts: backends.md 4 (the order of
 * system calls, measured). */
#ifndef AZL_BASE_FILE_H
#define AZL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Makes the folder and its parents 0700; an existing one must be a real folder of our uid without
 * group or other rights (only the last part is judged). */
int file_mkdirs(const char *path, struct err *e);
/* Reads a whole regular file of at most max bytes; ERR_C_NOT_FOUND if absent, ERR_C_TOO_BIG.
 * O_NOFOLLOW. */
int file_read(const char *path, size_t max, struct str *out, struct err *e);
/* tmp + fsync + rename + fsync(folder), 0600. A full disk leaves the old file as it was. */
int file_replace(const char *path, const void *bytes, size_t n, struct err *e);
/* One line (LF added) to the end: a torn tail (no LF) is cut first, then write and fdatasync. fd
 * from file_append_open. */
int file_append_open(const char *path,
                     struct err *e); /* 0600, O_APPEND|O_CREAT; fsyncs the folder when it made it */
int file_append_line(int fd, const char *line, size_t n, struct err *e);
/* Advisory lock on a never-renamed lock file. Returns the fd (close it to unlock), or -1:
 * ERR_C_BUSY when somebody else holds it and wait is false. The holder's pid is written into the
 * file for messages. */
int file_lock(const char *path, bool wait, struct err *e);
int64_t file_lock_holder(const char *path); /* pid read from the file, 0 if none */

#endif
