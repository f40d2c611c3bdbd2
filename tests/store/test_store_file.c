#include "config.h"

#include "testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "contract.h"

int test_store_store_file(void);

static char dir[200];

static struct store *open_at(bool fresh)
{
    static int n;
    struct err e = { 0 };
    struct store *s;

    if (fresh)
        str_fmt(dir, sizeof(dir), "%s/store%d", test_dir(), n++);
    assert_int_equal(file_mkdirs(dir, &e), 0);
    s = store_file_open(dir, &e);
    assert_non_null(s);
    return s;
}

static const char *in_dir(const char *name)
{
    static char path[300];

    str_fmt(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    struct err e = { 0 };

    assert_int_equal(file_replace(in_dir(name), text, strlen(text), &e), 0);
}

static void test_contract(void **state)
{
    (void)state;
    store_contract(open_at);
}

static void test_form(void **state)
{
    struct store *s = open_at(true);
    struct json *doc = json_object(), *j;
    struct str text = STR_INIT;
    struct err e = { 0 };
    struct stat st;
    int64_t rev;

    (void)state;
    json_set_str(doc, "name", "c1");
    assert_int_equal(s->ops->put(s, "cluster", doc, 0, &rev, &e), 0);
    assert_int_equal(stat(in_dir("cluster.json"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(file_read(in_dir("cluster.json"), 4096, &text, &e), 0);
    j = json_parse(text.p, text.len, 0, &e);
    assert_string_equal(json_str(j, "doc.name"), "c1");
    assert_int_equal(rev, 1);
    json_free(j);
    json_free(doc);
    str_free(&text);
    s->ops->close(s);
}

static void test_damaged(void **state)
{
    static const char *const texts[] = { "",
                                         "{",
                                         "{\"rev\":1}",
                                         "{\"rev\":0,\"doc\":{}}",
                                         "[1]",
                                         "{\"rev\":\"1\",\"doc\":{}}",
                                         "{\"rev\":1,\"doc\":{}} x" };
    struct store *s = open_at(true);
    struct json *doc = json_object();
    struct str text = STR_INIT;
    struct err e = { 0 };
    int64_t rev;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        write_file("cluster.json", texts[i]);
        assert_null(s->ops->get(s, "cluster", &rev, &e));
        assert_int_equal(e.domain, ERR_STORE);
        assert_int_equal(e.code, ERR_C_CORRUPT);
        assert_non_null(strstr(e.message, "cluster.json"));
        assert_int_equal(s->ops->put(s, "cluster", doc, 0, &rev, &e), -1);
        assert_int_equal(s->ops->del(s, "cluster", 1, &e), -1);
        str_reset(&text);
        assert_int_equal(file_read(in_dir("cluster.json"), 4096, &text, &e), 0);
        assert_string_equal(str_p(&text), texts[i]); /* nothing lost */
    }
    json_free(doc);
    str_free(&text);
    s->ops->close(s);
}

static void test_links(void **state)
{
    struct store *s = open_at(true);
    struct err e = { 0 };
    int64_t rev;

    (void)state;
    assert_int_equal(symlink("/etc/passwd", in_dir("cluster.json")), 0);
    assert_null(s->ops->get(s, "cluster", &rev, &e));
    assert_int_not_equal(e.code, ERR_C_NOT_FOUND);
    s->ops->close(s);
}

static void test_no_room(void **state)
{
    struct store *s = open_at(true);
    struct json *doc = json_object();
    struct err e = { 0 };
    int64_t rev;

    (void)state;
    assert_int_equal(s->ops->put(s, "cluster", doc, 0, &rev, &e), 0);
    if (geteuid() == 0) {
        /* Root writes into read-only folders: a folder in the temporary file's place does the same.
         */
        assert_int_equal(mkdir(in_dir("cluster.json.tmp"), 0700), 0);
    } else {
        assert_int_equal(chmod(dir, 0500), 0);
    }
    assert_int_equal(s->ops->put(s, "cluster", doc, rev, &rev, &e), -1);
    assert_int_equal(e.domain, ERR_SYSTEM);
    assert_int_equal(chmod(dir, 0700), 0);
    json_free(doc);
    doc = s->ops->get(s, "cluster", &rev, &e);
    assert_non_null(doc);
    assert_int_equal(rev, 1);
    json_free(doc);
    s->ops->close(s);
    assert_null(store_file_open("/nonexistent/folder", &e));
    assert_null(store_file_open("/dev/null", &e));
}

/* ---- kill -9 ---- */

static void torture_writer(int ack)
{
    struct err e = { 0 };
    struct store *s = store_file_open(dir, &e);

    while (s) {
        struct json *j;
        int64_t rev = 0, n = 0;

        j = s->ops->get(s, "counter", &rev, &e);
        if (!j) {
            if (e.code != ERR_C_NOT_FOUND)
                _exit(3);
            j = json_object();
            rev = 0;
        }
        json_int(j, "n", &n);
        json_set_int(j, "n", ++n);
        if (s->ops->put(s, "counter", j, rev, &rev, &e) != 0)
            _exit(4);
        json_free(j);
        if (write(ack, &n, sizeof(n)) != (ssize_t)sizeof(n))
            _exit(5);
    }
    _exit(6);
}

static int64_t last_acked(int fd, int64_t before)
{
    int64_t n;

    while (read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
        before = n;
    return before;
}

static void test_torture(void **state)
{
    struct store *s = open_at(true);
    struct err e = { 0 };
    int64_t acked = 0, n, rev;
    struct json *j;
    int pipe_fd[2], status;

    (void)state;
    for (int kills = 0; kills < 100; kills++) {
        pid_t pid;

        assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0)
            torture_writer(pipe_fd[1]);
        close(pipe_fd[1]);
        assert_int_equal(read(pipe_fd[0], &acked, sizeof(acked)), sizeof(acked));
        usleep((useconds_t)(kills * 37 % 3000));
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));
        acked = last_acked(pipe_fd[0], acked);
        close(pipe_fd[0]);
        j = s->ops->get(s, "counter", &rev, &e);
        assert_non_null(j);
        assert_true(json_int(j, "n", &n));
        json_free(j);
        assert_true(n == acked || n == acked + 1); /* one may be written and not yet said */
        assert_int_equal(rev, n);
    }
    s->ops->close(s);
}

int test_store_store_file(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract), cmocka_unit_test(test_form),
        cmocka_unit_test(test_damaged),  cmocka_unit_test(test_links),
        cmocka_unit_test(test_no_room),  cmocka_unit_test(test_torture),
    };

    return TEST_GROUP("store/store_file", tests);
}
