#include "config.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"

#define PATH_SIZE 1024

/* The folder part of a path ("." if it has none) and the name in it. */
static const char *split(char *folder, size_t size, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        str_copy(folder, size, ".");
        return path;
    }
    str_fmt(folder, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return slash + 1;
}

static int open_folder(const char *path, char *name, size_t size, struct err *e)
{
    char folder[PATH_SIZE];
    int fd;

    if (strlen(path) >= sizeof(folder))
        return err_sys(e, ENAMETOOLONG, _("The folder of %s cannot be opened"), path);
    if (!str_copy(name, size, split(folder, sizeof(folder), path)))
        return err_sys(e, ENAMETOOLONG, _("The folder of %s cannot be opened"), path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : err_sys(e, errno, _("The folder %s cannot be opened"), folder);
}

static int judge_folder(const char *path, struct err *e)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return err_sys(e, errno, _("The folder %s cannot be used"), path);
    if (!S_ISDIR(st.st_mode))
        return err_sys(e, ENOTDIR, _("The folder %s cannot be used"), path);
    if (st.st_uid != geteuid())
        return err_set(e, ERR_STORE, ERR_C_NOT_ALLOWED,
                       _("The folder %s belongs to another user (uid %u)."), path,
                       (unsigned)st.st_uid);
    if (st.st_mode & 077)
        return err_set(e, ERR_STORE, ERR_C_NOT_ALLOWED,
                       _("The folder %s is open to other users (mode %04o instead of 0700)."), path,
                       (unsigned)(st.st_mode & 07777));
    return 0;
}

int file_mkdirs(const char *path, struct err *e)
{
    char part[PATH_SIZE];
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n == 0 || n >= sizeof(part))
        return err_sys(e, n ? ENAMETOOLONG : ENOENT, _("The folder %s cannot be made"), path);
    for (size_t i = 1; i <= n; i++) {
        if (i < n && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST && (i == n || errno == ENOTDIR))
            return err_sys(e, errno, _("The folder %s cannot be made"), part);
    }
    return judge_folder(part, e);
}

static int read_all(int fd, const char *path, size_t max, struct str *out, struct err *e)
{
    char block[16384];
    size_t before = out->len;

    for (;;) {
        ssize_t r = read(fd, block, sizeof(block));

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return err_sys(e, errno, _("The file %s cannot be read"), path);
        if (r == 0)
            break;
        if (out->len - before + (size_t)r > max)
            return err_set(e, ERR_STORE, ERR_C_TOO_BIG,
                           _("The file %s is bigger than the %zu bytes allowed."), path, max);
        str_addn(out, block, (size_t)r);
    }
    if (!out->p)
        str_addn(out, "", 0);
    return 0;
}

int file_read(const char *path, size_t max, struct str *out, struct err *e)
{
    /* O_NONBLOCK: a FIFO in the file's place must not hold us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), rc;
    struct stat st;

    if (fd < 0 && errno == ENOENT)
        return err_set(e, ERR_STORE, ERR_C_NOT_FOUND, _("The file %s does not exist."), path);
    if (fd < 0 && errno == ELOOP) /* "too many levels" would send people the wrong way */
        return err_set(e, ERR_SYSTEM, ELOOP,
                       _("%s is a symbolic link; only the file itself is read."), path);
    if (fd < 0)
        return err_sys(e, errno, _("The file %s cannot be read"), path);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        rc = read_all(fd, path, max, out, e);
    else
        rc = err_set(e, ERR_STORE, ERR_C_CORRUPT, _("%s is not a regular file."), path);
    close(fd);
    return rc;
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t r = write(fd, p, n);

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0) {
            errno = r == 0 ? ENOSPC : errno;
            return -1;
        }
        p += r;
        n -= (size_t)r;
    }
    return 0;
}

/* backends.md 4: openat(tmp), write, fsync, renameat, fsync(folder). The name is fixed, so that a
 * killed writer leaves at most one file behind, which the next one takes over. */
static int replace_in(int dir, const char *name, const void *bytes, size_t n)
{
    char tmp[PATH_SIZE];
    int fd, bad, saved;

    if (!str_fmt(tmp, sizeof(tmp), "%s.tmp", name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    bad = fchmod(fd, 0600) != 0 || write_all(fd, bytes, n) != 0 || fsync(fd) != 0;
    saved = errno;
    bad = close(fd) != 0 || bad;
    if (!bad && renameat(dir, tmp, dir, name) == 0)
        return fsync(dir);
    if (!bad)
        saved = errno;
    unlinkat(dir, tmp, 0);
    errno = saved;
    return -1;
}

int file_replace(const char *path, const void *bytes, size_t n, struct err *e)
{
    char name[PATH_SIZE];
    int dir = open_folder(path, name, sizeof(name), e), rc = 0;

    if (dir < 0)
        return -1;
    if (replace_in(dir, name, bytes, n) != 0)
        rc = err_sys(e, errno, _("The file %s cannot be written"), path);
    close(dir);
    return rc;
}

int file_append_open(const char *path, struct err *e)
{
    const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
    char name[PATH_SIZE];
    int dir = open_folder(path, name, sizeof(name), e), fd;
    struct stat st;

    if (dir < 0)
        return -1;
    fd = openat(dir, name, flags);
    if (fd < 0 && errno == ENOENT) {
        fd = openat(dir, name, flags | O_CREAT, 0600);
        if (fd >= 0 && fsync(dir) != 0) {
            close(fd);
            fd = -1;
        }
    }
    if (fd < 0)
        err_sys(e, errno, _("The file %s cannot be opened"), path);
    close(dir);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_set(e, ERR_STORE, ERR_C_CORRUPT, _("%s is not a regular file."), path);
    }
    return fd;
}

/* Where the last whole line ends. -1 and errno. */
static off_t whole_end(int fd, off_t size)
{
    char block[4096];

    while (size > 0) {
        size_t n = size < (off_t)sizeof(block) ? (size_t)size : sizeof(block);
        ssize_t r = pread(fd, block, n, size - (off_t)n);
        char *lf;

        if (r != (ssize_t)n) {
            errno = r < 0 ? errno : EIO;
            return -1;
        }
        lf = memrchr(block, '\n', n);
        if (lf)
            return size - (off_t)n + (lf - block) + 1;
        size -= (off_t)n;
    }
    return 0;
}

int file_append_line(int fd, const char *line, size_t n, struct err *e)
{
    struct str s = STR_INIT;
    struct stat st;
    off_t end;
    int bad;

    if (n > 0 && memchr(line, '\n', n))
        return err_set(e, ERR_USAGE, 0, _("A line of a log file cannot hold a line feed."));
    if (fstat(fd, &st) != 0 || (end = whole_end(fd, st.st_size)) < 0)
        return err_sys(e, errno, _("The log file cannot be read"));
    if (end != st.st_size && ftruncate(fd, end) != 0)
        return err_sys(e, errno, _("A torn line cannot be cut from the log file"));
    str_addn(&s, line, n);
    str_addc(&s, '\n');
    bad = write_all(fd, str_p(&s), s.len) != 0 || fdatasync(fd) != 0;
    str_free(&s);
    if (!bad)
        return 0;
    err_sys(e, errno, _("The log file cannot be written"));
    /* A full disk may have taken a part of it; if the cut fails, the next call makes it. */
    if (ftruncate(fd, end) != 0)
        err_wrap(e, _("cutting a torn line"));
    return -1;
}

static int write_holder(int fd)
{
    char text[32];

    str_fmt(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0)
        return -1;
    return pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text) ? 0 : -1;
}

int file_lock(const char *path, bool wait, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), rc, why;

    if (fd < 0)
        return err_sys(e, errno, _("The lock file %s cannot be opened"), path);
    do
        rc = flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
    while (rc != 0 && errno == EINTR);
    why = errno;
    if (rc == 0) {
        /* The number is for messages only: a full disk does not take the lock away. */
        if (write_holder(fd) != 0)
            errno = 0;
        return fd;
    }
    close(fd);
    if (why == EWOULDBLOCK)
        return err_set(e, ERR_STORE, ERR_C_BUSY, _("The lock %s is held by process %lld."), path,
                       (long long)file_lock_holder(path));
    return err_sys(e, why, _("The lock file %s cannot be locked"), path);
}

int64_t file_lock_holder(const char *path)
{
    struct str s = STR_INIT;
    struct err e;
    int64_t pid = 0;

    if (file_read(path, 64, &s, &e) < 0 || !str_to_int(str_trim(s.p), &pid) || pid < 0)
        pid = 0;
    str_free(&s);
    return pid;
}
