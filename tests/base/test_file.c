#include "config.h"

#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"

int test_base_file(void);

static char path_buf[4][300];

static const char *path(int slot, const char *name)
{
    str_fmt(path_buf[slot], sizeof(path_buf[0]), "%s/%s", test_dir(), name);
    return path_buf[slot];
}

/* What a power cut would take away no test on a running machine can see. So the calls themselves
 * are seen: the program's fsync stands in front of the C library's. 'f' a file, 'd' a folder. */
static char synced[32];
static int sync_error; /* errno of the next call, or 0 */

static int sync_seen(int fd, long call)
{
    size_t n = strlen(synced);
    struct stat st;

    if (n + 1 < sizeof(synced) && fstat(fd, &st) == 0) {
        synced[n] = S_ISDIR(st.st_mode) ? 'd' : 'f';
        synced[n + 1] = '\0';
    }
    if (sync_error) {
        errno = sync_error;
        sync_error = 0;
        return -1;
    }
    return (int)syscall(call, fd);
}

int fsync(int fd)
{
    return sync_seen(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_seen(fd, SYS_fdatasync);
}

static void assert_content(const char *p, const char *want)
{
    struct err e = { 0 };
    struct str s = STR_INIT;

    assert_int_equal(file_read(p, 100000, &s, &e), 0);
    assert_string_equal(str_p(&s), want);
    str_free(&s);
}

static void folders_are_private(void **state)
{
    struct err e = { 0 };
    struct stat st;

    (void)state;
    assert_int_equal(file_mkdirs(path(0, "a/b/c/"), &e), 0);
    assert_int_equal(file_mkdirs(path(0, "a/b/c"), &e), 0);
    assert_int_equal(stat(path(0, "a/b"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(chmod(path(0, "a/b/c"), 0750), 0);
    assert_int_equal(file_mkdirs(path(0, "a/b/c"), &e), -1);
    assert_int_equal(e.code, ERR_C_NOT_ALLOWED);
    assert_int_equal(symlink(path(0, "a/b"), path(1, "link")), 0);
    assert_int_equal(file_mkdirs(path(1, "link"), &e), -1);
    assert_int_equal(e.code, ENOTDIR);
    assert_int_equal(file_replace(path(0, "plain"), "", 0, &e), 0);
    assert_int_equal(file_mkdirs(path(0, "plain/x"), &e), -1);
    assert_int_equal(e.code, ENOTDIR);
}

static void reads_within_limits(void **state)
{
    struct err e = { 0 };
    struct str s = STR_INIT;

    (void)state;
    assert_int_equal(file_read(path(0, "absent"), 10, &s, &e), -1);
    assert_int_equal(e.code, ERR_C_NOT_FOUND);
    assert_int_equal(file_replace(path(0, "ten"), "0123456789", 10, &e), 0);
    assert_int_equal(file_read(path(0, "ten"), 10, &s, &e), 0);
    assert_string_equal(str_p(&s), "0123456789");
    assert_int_equal(file_read(path(0, "ten"), 9, &s, &e), -1);
    assert_int_equal(e.code, ERR_C_TOO_BIG);
    assert_int_equal(symlink(path(0, "ten"), path(1, "ten.link")), 0);
    assert_int_equal(file_read(path(1, "ten.link"), 10, &s, &e), -1);
    assert_int_equal(e.code, ELOOP);
    assert_non_null(strstr(e.message, "is a symbolic link"));
    assert_int_equal(mkfifo(path(1, "fifo"), 0600), 0);
    assert_int_equal(file_read(path(1, "fifo"), 10, &s, &e), -1);
    str_free(&s);
}

static void replaces_whole_or_not_at_all(void **state)
{
    struct err e = { 0 };
    struct rlimit old, small;
    struct stat st;
    char big[5000];

    (void)state;
    memset(big, 'x', sizeof(big));
    assert_int_equal(file_replace(path(0, "doc"), "old", 3, &e), 0);
    assert_int_equal(file_replace(path(0, "doc"), "newer", 5, &e), 0);
    assert_content(path(0, "doc"), "newer");
    assert_int_equal(stat(path(0, "doc"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    signal(SIGXFSZ,
           SIG_IGN); /* a file size limit stands in for a full disk: a short write, then an error */
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 1000;
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(file_replace(path(0, "doc"), big, sizeof(big), &e), -1);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(e.code, EFBIG);
    assert_content(path(0, "doc"), "newer");
    assert_int_equal(access(path(1, "doc.tmp"), F_OK), -1);
    assert_int_equal(symlink("/etc/passwd", path(1, "doc.tmp")), 0);
    assert_int_equal(file_replace(path(0, "doc"), "x", 1, &e), -1);
    unlink(path(1, "doc.tmp"));
    assert_int_equal(file_replace("/nonexistent/x", "x", 1, &e), -1);
}

static void appends_and_mends(void **state)
{
    struct err e = { 0 };
    struct rlimit old, small;
    char big[5000];
    int fd = file_append_open(path(0, "log"), &e);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(file_append_line(fd, "one", 3, &e), 0);
    assert_int_equal(write(fd, "to", 2), 2);
    assert_int_equal(file_append_line(fd, "two", 3, &e), 0);
    assert_content(path(0, "log"), "one\ntwo\n");
    assert_int_equal(file_append_line(fd, "a\nb", 3, &e), -1);
    memset(big, 'x', sizeof(big));
    assert_int_equal(write(fd, big, sizeof(big)), sizeof(big));
    assert_int_equal(file_append_line(fd, "", 0, &e), 0);
    assert_content(path(0, "log"), "one\ntwo\n\n");
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 1000;
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(file_append_line(fd, big, sizeof(big), &e), -1);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_content(path(0, "log"), "one\ntwo\n\n");
    close(fd);
    fd = file_append_open(path(0, "log"), &e);
    assert_int_equal(file_append_line(fd, "three", 5, &e), 0);
    assert_content(path(0, "log"), "one\ntwo\n\nthree\n");
    close(fd);
    fd = open(path(0, "torn"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "no line", 7), 7);
    close(fd);
    fd = file_append_open(path(0, "torn"), &e);
    assert_int_equal(file_append_line(fd, "x", 1, &e), 0);
    assert_content(path(0, "torn"), "x\n");
    close(fd);
    assert_int_equal(file_append_open(test_dir(), &e), -1);
}

static void reaches_the_disk(void **state)
{
    struct err e = { 0 };
    int fd;

    (void)state;
    synced[0] = '\0';
    assert_int_equal(file_replace(path(0, "durable"), "one", 3, &e), 0);
    assert_string_equal(synced, "fd"); /* the bytes before the rename, its name after it */
    sync_error = EIO;
    assert_int_equal(file_replace(path(0, "durable"), "two", 3, &e), -1);
    assert_int_equal(e.code, EIO);
    assert_content(path(0, "durable"), "one");

    synced[0] = '\0';
    fd = file_append_open(path(0, "lines"), &e);
    assert_string_equal(synced, "d");
    assert_int_equal(file_append_line(fd, "one", 3, &e), 0);
    assert_string_equal(synced, "df");
    sync_error = EIO;
    assert_int_equal(file_append_line(fd, "two", 3, &e), -1);
    assert_int_equal(e.code, EIO);
    assert_content(path(0, "lines"), "one\n");
    close(fd);
}

/* A writer that goes on until it is killed: one lock, one document, one log, as the state folder
 * has them. */
static void write_until_killed(void)
{
    struct err e = { 0 };

    for (int64_t n = 1;; n++) {
        char text[64];
        int lock = file_lock(path(0, "t.lock"), true, &e),
            fd = file_append_open(path(1, "t.log"), &e);

        str_fmt(text, sizeof(text), "begin %lld %040d end", (long long)n, 0);
        if (lock < 0 || fd < 0 || file_replace(path(2, "t.doc"), text, strlen(text), &e) < 0 ||
            file_append_line(fd, text, strlen(text), &e) < 0)
            _exit(1);
        close(fd);
        close(lock);
    }
}

static void assert_whole_lines(char *text)
{
    for (char *line = text; *line;) {
        char *lf = strchr(line, '\n');

        assert_non_null(lf);
        *lf = '\0';
        assert_true(str_starts(line, "begin ") && str_ends(line, " end"));
        line = lf + 1;
    }
}

static void killed_writers_leave_whole_files(void **state)
{
    struct err e = { 0 };
    struct str s = STR_INIT;

    (void)state;
    for (int round = 0; round < 30; round++) {
        pid_t pid = fork();
        int fd, status;

        if (pid == 0)
            write_until_killed();
        assert_int_equal(poll(NULL, 0, 4 + round % 7), 0);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        fd = file_append_open(path(1, "t.log"), &e);
        assert_int_equal(file_append_line(fd, "begin again end", 15, &e), 0);
        close(fd);
    }
    assert_int_equal(file_read(path(2, "t.doc"), 1000, &s, &e), 0);
    str_addc(&s, '\n');
    assert_whole_lines(s.p);
    str_reset(&s);
    assert_int_equal(file_read(path(1, "t.log"), 10000000, &s, &e), 0);
    assert_whole_lines(s.p);
    str_free(&s);
}

static void locks_one_at_a_time(void **state)
{
    struct err e = { 0 };
    int fd = file_lock(path(0, "lock"), false, &e), second;
    char pid[32];

    (void)state;
    assert_true(fd >= 0);
    assert_true(file_lock_holder(path(0, "lock")) == getpid());
    assert_int_equal(file_lock(path(0, "lock"), false, &e), -1);
    assert_int_equal(e.code, ERR_C_BUSY);
    str_fmt(pid, sizeof(pid), "%ld", (long)getpid());
    assert_non_null(strstr(e.message, pid));
    close(fd);
    second = file_lock(path(0, "lock"), true, &e);
    assert_true(second >= 0);
    close(second);
    assert_true(file_lock_holder(path(0, "no lock")) == 0);
}

int test_base_file(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_private),
        cmocka_unit_test(reads_within_limits),
        cmocka_unit_test(replaces_whole_or_not_at_all),
        cmocka_unit_test(appends_and_mends),
        cmocka_unit_test(reaches_the_disk),
        cmocka_unit_test(locks_one_at_a_time),
        cmocka_unit_test(killed_writers_leave_whole_files),
    };

    return TEST_GROUP("base/file", tests);
}
