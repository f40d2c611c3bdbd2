#include "config.h"

#include "testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "store/journal.h"

int test_store_journal(void);

static char dir[200];
#define ID "20261121T094122Z-register"

/* Seen instead of the C library's: a new journal's name is on the disk before its first line. */
static int folders_synced;

int fsync(int fd)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        folders_synced++;
    return (int)syscall(SYS_fsync, fd);
}

static void fresh_dir(void)
{
    static int n;
    struct err e = { 0 };

    str_fmt(dir, sizeof(dir), "%s/runs%d", test_dir(), n++);
    assert_int_equal(file_mkdirs(dir, &e), 0);
}

static const char *path_of(const char *id)
{
    static char path[300];

    str_fmt(path, sizeof(path), "%s/%s.jsonl", dir, id);
    return path;
}

static void add(struct journal *j, const char *event, const char *step, const char *node)
{
    struct journal_rec r = { .attempt = 1 };
    struct err e = { 0 };

    STR_SET(r.event, event);
    STR_SET(r.step, step);
    STR_SET(r.node, node);
    assert_int_equal(journal_add(j, &r, &e), 0);
    assert_true(r.seq > 0 && r.at_ms > 0);
    journal_rec_clear(&r);
}

static void append(const char *text)
{
    int fd = open(path_of(ID), O_WRONLY | O_APPEND);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

struct seen {
    int n, stop_at;
    char events[200];
    struct journal_rec last; /* facts not kept */
    char fact[64];
};

static bool see(const struct journal_rec *r, void *payload)
{
    struct seen *s = payload;

    s->n++;
    str_fmt(s->events + strlen(s->events), sizeof(s->events) - strlen(s->events), "%s ", r->event);
    s->last = *r;
    s->last.facts = NULL;
    STR_SET(s->fact, json_str(r->facts, "cluster"));
    return s->n != s->stop_at;
}

static void test_round_trip(void **state)
{
    struct journal_rec r = { .attempt = 3 };
    struct seen s = { 0 };
    struct err e = { 0 };
    struct journal *j;
    struct stat st;

    (void)state;
    fresh_dir();
    folders_synced = 0;
    j = journal_create(dir, ID, &e);
    assert_non_null(j);
    assert_int_equal(folders_synced, 1);
    assert_null(journal_create(dir, ID, &e));
    assert_int_equal(e.code, ERR_C_CONFLICT);
    add(j, "open", "", "");
    add(j, "begin", "cluster-put", "node1");
    STR_SET(r.event, "failed");
    STR_SET(r.step, "cluster-put");
    STR_SET(r.node, "node1");
    r.facts = json_object();
    json_set_str(r.facts, "cluster", "/Subscriptions/x");
    err_set(&r.err, ERR_ARM, 0, "no rights");
    r.err.http = 403;
    STR_SET(r.err.remote_code, "AuthorizationFailed");
    assert_int_equal(journal_add(j, &r, &e), 0);
    assert_int_equal(r.seq, 3);
    journal_close(j);
    journal_rec_clear(&r);
    assert_null(r.facts);

    assert_int_equal(stat(path_of(ID), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(journal_read(dir, ID, see, &s, &e), 0);
    assert_string_equal(s.events, "open begin failed ");
    assert_int_equal(s.last.seq, 3);
    assert_int_equal(s.last.attempt, 3);
    assert_string_equal(s.last.node, "node1");
    assert_string_equal(s.last.err.message, "no rights");
    assert_int_equal(s.last.err.http, 403);
    assert_string_equal(s.last.err.remote_code, "AuthorizationFailed");
    assert_string_equal(s.fact, "/Subscriptions/x");
    s = (struct seen){ .stop_at = 2 };
    assert_int_equal(journal_read(dir, ID, see, &s, &e), 0);
    assert_int_equal(s.n, 2);
}

static void test_goes_on(void **state)
{
    struct seen s = { 0 };
    struct err e = { 0 };
    struct journal *j;

    (void)state;
    fresh_dir();
    assert_null(journal_open(dir, ID, &e));
    assert_int_equal(e.code, ERR_C_NOT_FOUND);
    j = journal_create(dir, ID, &e);
    add(j, "open", "", "");
    journal_close(j);
    j = journal_open(dir, ID, &e);
    assert_non_null(j);
    add(j, "begin", "a", "");
    journal_close(j);
    assert_int_equal(journal_read(dir, ID, see, &s, &e), 0);
    assert_int_equal(s.last.seq, 2);
}

static void test_torn_tail(void **state)
{
    static const char *const tails[] = { "{\"seq\":3,\"ev", "x",
                                         "{\"seq\":3,\"at_ms\":1,\"event\":\"made\"}" };
    struct seen s;
    struct err e = { 0 };
    struct journal *j;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
        fresh_dir();
        j = journal_create(dir, ID, &e);
        add(j, "open", "", "");
        add(j, "begin", "a", "");
        journal_close(j);
        append(tails[i]);
        s = (struct seen){ 0 };
        assert_int_equal(journal_read(dir, ID, see, &s, &e), 0); /* a reader leaves it alone */
        assert_int_equal(s.n, 2);
        j = journal_open(dir, ID, &e);
        assert_non_null(j);
        add(j, "made", "a", "");
        journal_close(j);
        s = (struct seen){ 0 };
        assert_int_equal(journal_read(dir, ID, see, &s, &e), 0);
        assert_string_equal(s.events, "open begin made ");
        assert_int_equal(s.last.seq, 3);
    }
}

static void test_damaged_middle(void **state)
{
    static const char *const lines[] = { "garbage\n", "\n", "{}\n",
                                         "{\"seq\":7,\"at_ms\":1,\"event\":\"made\"}\n",
                                         "{\"seq\":3,\"at_ms\":1,\"event\":5}\n" };
    struct err e = { 0 };
    struct str before = STR_INIT, after = STR_INIT;
    struct journal *j;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct seen s = { 0 };

        fresh_dir();
        j = journal_create(dir, ID, &e);
        add(j, "open", "", "");
        add(j, "begin", "a", "");
        journal_close(j);
        append(lines[i]);
        append("{\"seq\":4,\"at_ms\":1,\"event\":\"made\"}\n");
        str_reset(&before);
        str_reset(&after);
        assert_int_equal(file_read(path_of(ID), 65536, &before, &e), 0);
        assert_int_equal(journal_read(dir, ID, see, &s, &e), -1);
        assert_int_equal(e.domain, ERR_STORE);
        assert_int_equal(e.code, ERR_C_CORRUPT);
        assert_non_null(strstr(e.message, "Line 3 "));
        assert_null(journal_open(dir, ID, &e));
        assert_int_equal(e.code, ERR_C_CORRUPT);
        assert_int_equal(file_read(path_of(ID), 65536, &after, &e), 0);
        assert_string_equal(before.p, after.p);
    }
    str_free(&before);
    str_free(&after);
}

static void test_no_secrets(void **state)
{
    struct journal_rec r = { .facts = json_object() };
    struct err e = { 0 };
    struct json *deep = json_object();
    struct journal *j;
    struct seen s = { 0 };

    (void)state;
    fresh_dir();
    j = journal_create(dir, ID, &e);
    STR_SET(r.event, "made");
    json_set_str(deep, "access_token", "eyJ");
    json_set(r.facts, "answer", deep);
    assert_int_equal(journal_add(j, &r, &e), -1);
    assert_int_equal(e.domain, ERR_STORE);
    journal_rec_clear(&r);
    add(j, "open", "", "");
    journal_close(j);
    assert_int_equal(journal_read(dir, ID, see, &s, &e), 0);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.last.seq, 1);
}

static void test_names(void **state)
{
    struct err e = { 0 };
    struct str text = STR_INIT;
    struct json *list;
    char id[64];

    (void)state;
    fresh_dir();
    journal_new_id(id, "register", INT64_C(1795254082999));
    assert_string_equal(id, "20261121T094122Z-register");
    assert_null(journal_create(dir, "../x", &e));
    assert_null(journal_open(dir, "", &e));
    journal_close(journal_create(dir, "20250101T000000Z-register", &e));
    journal_close(journal_create(dir, ID, &e));
    journal_close(journal_create(dir, "20260101T000000Z-sync", &e));
    assert_int_equal(file_replace(path_of("bad name"), "", 0, &e), 0);
    list = journal_list(dir, &e);
    json_write(&text, list);
    assert_string_equal(text.p,
                        "[\"" ID "\",\"20260101T000000Z-sync\",\"20250101T000000Z-register\"]");
    json_free(list);
    str_free(&text);
    list = journal_list("/nonexistent/runs", &e);
    assert_int_equal(json_len(list), 0);
    json_free(list);
}

/* ---- kill -9 ---- */

static void torture_writer(int ack)
{
    struct journal_rec r = { .attempt = 1 };
    struct err e = { 0 };
    struct journal *j = journal_open(dir, ID, &e);
    char *big = xcalloc(1, 6000);

    memset(big, 'x', 5999); /* longer than a page: a write can be torn */
    STR_SET(r.event, "made");
    r.facts = json_object();
    json_set_str(r.facts, "cluster", big);
    while (j && journal_add(j, &r, &e) == 0)
        if (write(ack, &r.seq, sizeof(r.seq)) != (ssize_t)sizeof(r.seq))
            _exit(5);
    _exit(4);
}

static void test_torture(void **state)
{
    struct err e = { 0 };
    struct journal *j;
    int pipe_fd[2], status;
    int64_t acked = 1, n;

    (void)state;
    fresh_dir();
    j = journal_create(dir, ID, &e);
    add(j, "open", "", "");
    journal_close(j);
    for (int kills = 0; kills < 100; kills++) {
        struct seen s = { 0 };
        pid_t pid;

        assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0)
            torture_writer(pipe_fd[1]);
        close(pipe_fd[1]);
        assert_int_equal(read(pipe_fd[0], &n, sizeof(n)), sizeof(n));
        assert_true(n > acked);
        acked = n;
        usleep((useconds_t)(kills * 53 % 2000));
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));
        while (read(pipe_fd[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
            acked = n;
        close(pipe_fd[0]);
        assert_int_equal(journal_read(dir, ID, see, &s, &e),
                         0); /* no gap: seq is checked line by line */
        assert_true(s.last.seq == acked || s.last.seq == acked + 1);
        acked = s.last.seq;
        if (kills % 20 == 19) { /* a new one: reading stays quick */
            fresh_dir();
            j = journal_create(dir, ID, &e);
            add(j, "open", "", "");
            journal_close(j);
            acked = 1;
        }
    }
}

int test_store_journal(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_torn_tail),  cmocka_unit_test(test_damaged_middle),
        cmocka_unit_test(test_no_secrets), cmocka_unit_test(test_names),
        cmocka_unit_test(test_torture),
    };

    return TEST_GROUP("store/journal", tests);
}
