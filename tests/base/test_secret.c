#include "config.h"

#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/str.h"

int test_base_secret(void);

static void holds_and_forgets(void **state)
{
    struct secret s = { 0 }, t = { 0 };

    (void)state;
    assert_false(secret_is(&s));
    secret_set(&s, "token-1", 7);
    assert_true(secret_is(&s));
    assert_string_equal(s.p, "token-1");
    assert_true(secret_eq(&s, "token-1", 7));
    assert_false(secret_eq(&s, "token-2", 7));
    assert_false(secret_eq(&s, "token-", 6));
    secret_copy(&t, &s);
    assert_ptr_not_equal(s.p, t.p);
    secret_set(&s, s.p + 2, 3);
    assert_string_equal(s.p, "ken");
    secret_set(&s, "", 0);
    assert_false(secret_is(&s));
    assert_null(s.p);
    secret_clear(&t);
    secret_clear(&t);
    assert_null(t.p);
}

static void grows_and_is_cut(void **state)
{
    struct secret s = { 0 };
    const char *page;

    (void)state;
    secret_add(&s, "", 0);
    assert_false(secret_is(&s));
    secret_add(&s, "ab", 2);
    page = s.p;
    secret_add(&s, "cde", 3);
    assert_string_equal(s.p, "abcde");
    assert_ptr_equal(s.p, page);
    secret_cut(&s, 9);
    assert_int_equal(s.len, 5);
    secret_cut(&s, 2);
    assert_string_equal(s.p, "ab");
    assert_memory_equal(s.p, "ab\0\0\0", 5); /* what was cut off is wiped */
    for (int i = 0; i < 5000; i++)           /* over more than one page */
        secret_add(&s, i % 2 ? "x" : "yz", i % 2 ? 1 : 2);
    assert_int_equal(s.len, 2 + 7500);
    assert_memory_equal(s.p, "abyzxyzx", 8);
    assert_string_equal(s.p + s.len - 3, "yzx");
    secret_cut(&s, 0);
    assert_null(s.p);
}

static void a_forked_child_has_no_copy(void **state)
{
    struct secret s = { 0 };
    int status;
    pid_t pid;

    (void)state;
    secret_set(&s, "token", 5);
    pid = fork();
    if (pid == 0)
        _exit(s.p[0] == '\0' ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    secret_clear(&s);
}

/* The flags of the kernel's map for the page: "dd" do not dump, "wf" wipe on fork. */
static void pages_are_not_dumped(void **state)
{
    struct secret s = { 0 };
    char want[32], line[300], flags[300] = "";
    bool inside = false;
    FILE *f = fopen("/proc/self/smaps", "re");

    (void)state;
    assert_non_null(f);
    secret_set(&s, "token", 5);
    snprintf(want, sizeof(want), "%lx-", (unsigned long)(uintptr_t)s.p);
    while (!flags[0] && fgets(line, sizeof(line), f)) {
        if (strncmp(line, want, strlen(want)) == 0)
            inside = true;
        if (inside && strncmp(line, "VmFlags:", 8) == 0)
            memcpy(flags, line, sizeof(line));
    }
    fclose(f);
    secret_clear(&s);
    if (!flags[0])
        test_skip("this kernel does not show VmFlags");
    assert_non_null(strstr(flags, " dd"));
    assert_non_null(strstr(flags, " wf"));
}

static void memfd_is_sealed(void **state)
{
    char buf[16] = "";
    int fd = secret_memfd("cfg", "hush", 4);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(read(fd, buf, sizeof(buf)), 4);
    assert_string_equal(buf, "hush");
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

static void allocator_keeps_contents(void **state)
{
    char *p = wipe_strdup("abcdef"), *q;

    (void)state;
    p = wipe_realloc(p, 100);
    assert_string_equal(p, "abcdef");
    p = wipe_realloc(p, 3);
    assert_memory_equal(p, "abc", 3);
    wipe_free(p);
    q = wipe_calloc(4, 4);
    for (int i = 0; i < 16; i++)
        assert_int_equal(q[i], 0);
    wipe_free(q);
    wipe_free(NULL);
    assert_null(wipe_calloc(SIZE_MAX, 2));
    assert_null(wipe_malloc(SIZE_MAX));
    q = wipe_realloc(NULL, 5);
    assert_non_null(q);
    wipe_free(q);
}

static void reads_and_unseals(void **state)
{
    char name[300], big[SECRET_MAX + 2];
    struct secret s = { 0 };
    int fd, fds[2];

    (void)state;
    str_fmt(name, sizeof(name), "%s/secret", test_dir());
    fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "a\0b\n", 4), 4);
    assert_int_equal(secret_unseal(&s, fd), -1); /* a file can change under us */
    assert_int_equal(errno, EPERM);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(secret_read(&s, fd), 0);
    assert_int_equal(s.len, 4);
    assert_memory_equal(s.p, "a\0b\n", 5);
    memset(big, 'x', sizeof(big));
    assert_int_equal(ftruncate(fd, 0), 0);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(write(fd, big, SECRET_MAX), SECRET_MAX);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(secret_read(&s, fd), 0);
    assert_int_equal(s.len, SECRET_MAX);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(write(fd, big, SECRET_MAX + 1), SECRET_MAX + 1);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(secret_read(&s, fd), -1);
    assert_int_equal(errno, EFBIG);
    close(fd);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "piped", 5), 5);
    close(fds[1]);
    assert_int_equal(secret_read(&s, fds[0]), 0);
    assert_string_equal(s.p, "piped");
    close(fds[0]);
    fd = secret_memfd("t", "sealed", 6);
    assert_int_equal(secret_unseal(&s, fd), 0);
    assert_string_equal(s.p, "sealed");
    close(fd);
    secret_clear(&s);
}

static void hardens_the_process(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        struct rlimit lim = { 1, 1 };

        secret_harden_process();
        getrlimit(RLIMIT_CORE, &lim);
        _exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && lim.rlim_cur == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int test_base_secret(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_and_forgets),          cmocka_unit_test(grows_and_is_cut),
        cmocka_unit_test(a_forked_child_has_no_copy), cmocka_unit_test(memfd_is_sealed),
        cmocka_unit_test(allocator_keeps_contents),   cmocka_unit_test(hardens_the_process),
        cmocka_unit_test(pages_are_not_dumped),       cmocka_unit_test(reads_and_unseals),
    };

    return TEST_GROUP("base/secret", tests);
}
