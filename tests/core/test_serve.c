#include "config.h"

#include "testing.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fake.h"

int test_core_serve(void);

static struct loop *loop;
static struct state *state;
static struct serve *serve;
static struct serve_ask asked;
static int n_asked, newer;
static size_t clients, watching;
static char asked_name[64];

static void on_intent(void *payload, const struct serve_ask *ask, const char *name,
                      const struct json *args)
{
    (void)payload;
    assert_true(json_is_object(args));
    asked = *ask;
    n_asked++;
    STR_SET(asked_name, name);
    if (str_eq(name, "echo"))
        serve_result(ask, json_copy(args));
}

static void on_clients(void *payload, size_t n, size_t w)
{
    (void)payload;
    clients = n;
    watching = w;
}

static void on_newer(void *payload)
{
    (void)payload;
    newer++;
}

static void on_change(void *payload, enum section_id id)
{
    (void)payload;
    (void)id;
    serve_changed(serve);
}

static void go(bool system)
{
    struct serve_config c = { .system = system,
                              .owner = getuid(),
                              .version = "0.1.0",
                              .state = state,
                              .on_intent = on_intent,
                              .on_clients = on_clients,
                              .on_newer = on_newer };

    serve = serve_new(loop, &c);
}

static int open_bed(void **s)
{
    struct err e = { 0 };

    (void)s;
    n_asked = newer = 0;
    clients = watching = 0;
    loop = loop_new(&e);
    state = state_new();
    state_listen(state, on_change, NULL);
    go(false);
    return 0;
}

static int close_bed(void **s)
{
    (void)s;
    serve_free(serve);
    state_free(state);
    loop_free(loop);
    return 0;
}

static void expect_hello(struct peer *p, bool may_act)
{
    struct json *j = peer_next(p);
    int64_t n = 0;

    assert_true(json_int(j, "hello.protocol", &n) && n == WIRE_PROTOCOL);
    assert_int_equal(json_flag(j, "hello.mayAct", !may_act), may_act);
    assert_int_equal(json_str(j, "hello.whoMay") != NULL, !may_act);
    json_free(j);
}

static void ready(struct peer *p)
{
    peer_open(p, loop, serve);
    expect_hello(p, true);
    peer_hello(p, WIRE_PROTOCOL);
}

/* The refusal and then the end. */
static void expect_refusal(struct peer *p, int code)
{
    struct json *j = peer_next(p);
    int64_t n = 0;

    assert_non_null(json_str(j, "answer.error.message"));
    assert_true(json_int(j, "answer.error.code", &n));
    assert_int_equal(n, code);
    json_free(j);
    assert_null(peer_next(p));
    assert_true(p->closed);
}

static void rights(void **s)
{
    (void)s;
    assert_int_equal(serve_right_of(false, 1000, 1000, false), SERVE_ACT);
    assert_int_equal(serve_right_of(false, 1000, 0, false), SERVE_ACT);
    assert_int_equal(serve_right_of(false, 1000, 1001, true), SERVE_NOTHING);
    assert_int_equal(serve_right_of(true, 0, 1001, false), SERVE_WATCH);
    assert_int_equal(serve_right_of(true, 0, 1001, true), SERVE_ACT);
    assert_int_equal(serve_right_of(true, 0, 0, false), SERVE_ACT);
}

static void intents(void **s)
{
    struct peer p;
    struct json *a;
    struct err e = { 0 };

    (void)s;
    ready(&p);
    a = peer_ask(&p, 5, "echo", "{\"x\":1}");
    assert_int_equal(json_len(json_get(a, "result")), 1);
    json_free(a);
    assert_int_equal(asked.uid, getuid());
    assert_true(asked.may_act);
    assert_int_equal(clients, 1);
    peer_say(&p, "{\"intent\":{\"id\":6,\"name\":\"later\"}}");
    spin(loop, 20);
    assert_string_equal(asked_name, "later");
    err_set(&e, ERR_OP, ERR_C_NO_CLUSTER, "none");
    serve_error(&asked, &e);
    a = peer_next(&p);
    assert_string_equal(json_str(a, "answer.error.message"), "none");
    assert_non_null(json_str(a, "answer.error.advice"));
    json_free(a);
    peer_say(&p, "{\"intent\":{\"id\":7,\"name\":\"later\"}}");
    spin(loop, 20);
    peer_close(&p);
    spin(loop, 20);
    assert_int_equal(clients, 0);
    serve_result(&asked, NULL); /* the console is gone: nothing happens */
    serve_error(&asked, &e);
}

static void malformed_intents_are_answered(void **s)
{
    struct peer p;
    struct json *a;

    (void)s;
    ready(&p);
    peer_say(&p, "{\"intent\":{\"id\":\"x\"}}");
    a = peer_next(&p);
    assert_non_null(json_get(a, "answer.error"));
    json_free(a);
    peer_say(&p, "{\"intent\":{\"id\":1,\"name\":\"echo\",\"args\":[]}}");
    a = peer_next(&p);
    assert_non_null(json_get(a, "answer.error"));
    json_free(a);
    assert_int_equal(n_asked, 0);
    peer_close(&p);
}

static void bad_lines_end_it(void **s)
{
    static const char *const bad[] = { "garbage", "{\"nonsense\":1}", "[]", "{\"hello\":1}" };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct peer p;

        ready(&p);
        peer_say(&p, bad[i]);
        expect_refusal(&p, ERR_C_CORRUPT);
        peer_close(&p);
    }
    assert_int_equal(clients, 0);
}

static void hello_comes_first(void **s)
{
    struct peer p;

    (void)s;
    peer_open(&p, loop, serve);
    expect_hello(&p, true);
    peer_say(&p, "{\"intent\":{\"id\":1,\"name\":\"echo\",\"args\":{}}}");
    expect_refusal(&p, ERR_C_PROTOCOL);
    assert_int_equal(n_asked, 0);
    peer_close(&p);
}

static void other_protocols(void **s)
{
    struct peer p;

    (void)s;
    peer_open(&p, loop, serve);
    expect_hello(&p, true);
    peer_hello(&p, WIRE_PROTOCOL + 1);
    expect_refusal(&p, ERR_C_PROTOCOL);
    assert_int_equal(newer, 1); /* this core makes room when it is idle */
    peer_close(&p);
    peer_open(&p, loop, serve);
    expect_hello(&p, true);
    peer_hello(&p, WIRE_PROTOCOL - 1);
    expect_refusal(&p, ERR_C_PROTOCOL);
    assert_int_equal(newer, 1);
    peer_close(&p);
}

static void publish(int n)
{
    struct sec_nodes *rows = xcalloc(1, sizeof(*rows));

    rows->n = 1;
    str_fmt(rows->items[0].name, sizeof(rows->items[0].name), "n%d", n);
    state_publish(state, SEC_NODES, rows);
    free(rows);
}

static int64_t version_of(struct json *j)
{
    int64_t v = -1;

    json_int(j, "answer.sections.nodes.version", &v);
    json_free(j);
    return v;
}

static void watch(void **s)
{
    struct peer p;

    (void)s;
    ready(&p);
    peer_say(&p, "{\"watch\":{\"since\":{\"nodes\":0,\"cluster\":0,\"unheard\":3}}}");
    assert_true(peer_quiet(&p)); /* nothing was published yet */
    assert_int_equal(watching, 1);
    publish(1);
    publish(2);
    assert_int_equal(version_of(peer_next(&p)), 2); /* one answer, the newest */
    publish(3);
    assert_true(peer_quiet(&p)); /* no watch is open */
    peer_say(&p, "{\"watch\":{\"since\":{\"nodes\":2}}}");
    assert_int_equal(version_of(peer_next(&p)), 3);
    peer_say(&p, "{\"watch\":{\"since\":{\"cluster\":0}}}");
    publish(4);
    assert_true(peer_quiet(&p));                            /* not asked for */
    peer_say(&p, "{\"watch\":{\"since\":{\"nodes\":99}}}"); /* of a core before this one */
    assert_int_equal(version_of(peer_next(&p)), 4);
    peer_close(&p);
    spin(loop, 20);
    assert_int_equal(watching, 0);
}

static void big_run(int64_t n)
{
    struct sec_run *r = xcalloc(1, sizeof(*r));

    r->n = SEC_MAX_STEPS;
    for (size_t i = 0; i < r->n; i++)
        memset(r->steps[i].detail, 'x', sizeof(r->steps[i].detail) - 1);
    r->n_nodes = SEC_MAX_NODES;
    for (size_t i = 0; i < r->n_nodes; i++)
        memset(r->nodes[i].detail, 'y', sizeof(r->nodes[i].detail) - 1);
    r->started_at = n;
    state_publish(state, SEC_RUN, r);
    free(r);
}

/* A console that watches and watches and reads nothing: what waits for it does not grow, and the
 * last thing it gets is the newest. */
static void a_slow_reader_gets_the_newest(void **s)
{
    struct peer p;
    struct json *j;
    int64_t last = 0, answers = 0;

    (void)s;
    ready(&p);
    for (int64_t i = 1; i <= 300; i++) {
        big_run(i);
        if (i <= 60)
            peer_say(&p, "{\"watch\":{\"since\":{\"run\":0}}}");
        loop_turn(loop, 0);
        loop_turn(loop, 0);
    }
    while (last != 300 && (j = peer_next(&p)) != NULL) {
        assert_true(json_int(j, "answer.sections.run.version", &last));
        json_free(j);
        answers++;
    }
    assert_int_equal(last, 300);
    assert_true(answers < 60);
    peer_close(&p);
}

static void the_socket(void **s)
{
    char path[200];
    struct err e = { 0 };
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct stat st;
    char line[400] = "";
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)s;
    str_fmt(path, sizeof(path), "%s/core.sock", test_dir());
    assert_int_equal(serve_listen(serve, path, &e), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    STR_SET(a.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    spin(loop, 20);
    assert_true(recv(fd, line, sizeof(line) - 1, MSG_DONTWAIT) > 0);
    assert_true(str_starts(line, "{\"hello\":"));
    close(fd);
    serve_free(serve);
    assert_int_equal(access(path, F_OK), -1);
    go(true);
    assert_int_equal(serve_listen(serve, path, &e), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
}

static void a_path_that_is_too_long(void **s)
{
    char path[200];
    struct err e = { 0 };

    (void)s;
    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = 0;
    assert_int_equal(serve_listen(serve, path, &e), -1);
    assert_int_equal(e.domain, ERR_USAGE);
}

/* A child of another uid connects and writes what it got into a pipe. */
static pid_t foreign(const char *path, int out)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        char text[2000];
        ssize_t n;

        STR_SET(a.sun_path, path);
        alarm(5); /* a core that lets it stay shall fail the test, not hang it */
        if (setgid(65534) || setuid(65534) || connect(fd, (struct sockaddr *)&a, sizeof(a)))
            _exit(9);
        /* the core may have said its sentence and hung up already: what it said is read all the
         * same */
        n = send(fd, "{\"hello\":{\"protocol\":1}}\n{\"intent\":{\"id\":1,\"name\":\"echo\"}}\n",
                 58, MSG_NOSIGNAL);
        while ((n = read(fd, text, sizeof(text))) > 0)
            n = write(out, text, (size_t)n);
        _exit(0);
    }
    return pid;
}

static void a_foreign_uid_is_refused(void **s)
{
    char dir[200], path[240], text[4000] = "";
    struct err e = { 0 };
    int fds[2];
    pid_t pid;
    ssize_t n;

    (void)s;
    if (getuid() != 0)
        test_skip("another uid can only be taken on by root");
    str_fmt(dir, sizeof(dir), "/tmp/azl-serve-%d", (int)getpid());
    str_fmt(path, sizeof(path), "%s/s", dir);
    assert_int_equal(mkdir(dir, 0755), 0);
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(serve_listen(serve, path, &e), 0);
    assert_int_equal(chmod(path, 0666), 0); /* the file's rights alone are not what refuses */
    assert_int_equal(pipe(fds), 0);
    pid = foreign(path, fds[1]);
    close(fds[1]);
    spin(loop, 300);
    n = read(fds[0], text, sizeof(text) - 1);
    assert_true(n > 0);
    close(fds[0]);
    waitpid(pid, NULL, 0);
    assert_non_null(strstr(text, "\"mayAct\":false"));
    assert_non_null(strstr(text, "only root and root may use it"));
    assert_non_null(strstr(text, "\"error\""));
    assert_int_equal(n_asked, 0);
    assert_int_equal(clients, 0);
    serve_free(serve);
    go(false);
    rmdir(dir);
}

static void send_with(struct peer *p, const char *line, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } room = { .bytes = "" };
    struct iovec part = { (void *)(uintptr_t)line, strlen(line) };
    struct msghdr m = { .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = room.bytes,
                        .msg_controllen = sizeof(room.bytes) };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(int));
    assert_int_equal(sendmsg(p->fd, &m, MSG_NOSIGNAL), (ssize_t)part.iov_len);
    close(fd);
}

#define WITH "{\"intent\":{\"id\":%d,\"name\":\"keep\",\"args\":{},\"secrets\":[\"proof\"]}}\n"

static void secrets_last_until_the_answer(void **s)
{
    struct peer p;
    char line[200];
    struct json *j;
    int fds[2];

    (void)s;
    ready(&p);
    str_fmt(line, sizeof(line), WITH, 7);
    send_with(&p, line, secret_memfd("t", "the-secret", 10));
    spin(loop, 50);
    assert_int_equal(n_asked, 1);
    assert_string_equal(serve_secret(&asked, "proof")->p, "the-secret");
    assert_null(serve_secret(&asked, "password"));
    serve_result(&asked, NULL);
    assert_null(serve_secret(&asked, "proof"));
    json_free(peer_next(&p));
    peer_say(&p, "{\"intent\":{\"id\":8,\"name\":\"keep\",\"args\":{},\"secrets\":[\"proof\"]}}");
    j = peer_next(&p); /* named, but it did not come */
    assert_non_null(json_get(j, "answer.error"));
    json_free(j);
    assert_int_equal(pipe(fds), 0);
    close(fds[1]);
    str_fmt(line, sizeof(line), WITH, 9);
    send_with(&p, line, fds[0]); /* no sealed memory */
    j = peer_next(&p);
    assert_non_null(json_get(j, "answer.error"));
    json_free(j);
    str_fmt(line, sizeof(line), WITH, 10);
    send_with(&p, line, secret_memfd("t", "another", 7));
    spin(loop, 50);
    assert_string_equal(serve_secret(&asked, "proof")->p, "another");
    peer_close(&p); /* the console is gone: so is what it brought */
    spin(loop, 50);
    assert_null(serve_secret(&asked, "proof"));
}

static void activation(void **s)
{
    char pid[20];

    (void)s;
    str_fmt(pid, sizeof(pid), "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    assert_int_equal(serve_activated_fd(), 3);
    assert_null(getenv("LISTEN_FDS")); /* children do not take it for theirs */
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "1", 1);
    assert_int_equal(serve_activated_fd(), -1);
    assert_int_equal(serve_activated_fd(), -1);
}

int test_core_serve(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_bed, close_bed)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights),
        T(intents),
        T(malformed_intents_are_answered),
        T(bad_lines_end_it),
        T(hello_comes_first),
        T(other_protocols),
        T(watch),
        T(a_slow_reader_gets_the_newest),
        T(the_socket),
        T(a_path_that_is_too_long),
        T(a_foreign_uid_is_refused),
        T(secrets_last_until_the_answer),
        T(activation),
    };

    return TEST_GROUP("core/serve", tests);
}
