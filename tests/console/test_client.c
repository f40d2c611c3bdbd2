#include "config.h"

#include "testing.h"
#include "console/tests.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "console/client.h"
#include "wire/paths.h"

/* A core of one connection, by hand: what the client sends is kept, what it gets is written here.
 */
struct far {
    struct wire *wire;
    struct json *lines[16];
    size_t n;
    bool ended;
};

static struct loop *loop;
static unsigned changed;
static enum client_state state_now;
static struct err why_now;
static int answers;
static struct err answer_error;

static void far_line(void *payload, const struct json *line)
{
    struct far *f = payload;

    if (f->n < 16)
        f->lines[f->n++] = json_copy(line);
}

static void far_end(void *payload, const struct err *why)
{
    struct far *f = payload;

    (void)why;
    f->ended = true;
}

static void far_free(struct far *f)
{
    for (size_t i = 0; i < f->n; i++)
        json_free(f->lines[i]);
    if (f->wire)
        wire_free(f->wire);
}

static void on_change(void *payload, enum section_id id)
{
    (void)payload;
    changed |= 1u << id;
}

static void on_state(void *payload, enum client_state s, const struct err *why)
{
    (void)payload;
    state_now = s;
    why_now = why ? *why : (struct err){ 0 };
}

static void on_answer(void *payload, const struct json *result, const struct err *e)
{
    (void)payload;
    assert_true(!result != !e);
    answers++;
    answer_error = e ? *e : (struct err){ 0 };
}

static void turn(int64_t ms)
{
    int64_t until = mono_ms() + ms;

    while (mono_ms() < until)
        loop_turn(loop, 10);
}

static void hello(struct far *f, int64_t protocol)
{
    struct wire_hello h = {
        .protocol = protocol, .program = "azloconfd", .version = "9", .may_act = true
    };

    wire_send(f->wire, wire_hello_msg(&h));
}

static struct client *connected(struct far *f, unsigned sections)
{
    struct err e = { 0 };
    struct client *c;
    int fds[2];

    loop = loop_new(&e);
    changed = 0;
    answers = 0;
    state_now = CLIENT_CONNECTING;
    *f = (struct far){ 0 };
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    f->wire = wire_new(loop, fds[0], far_line, far_end, f);
    c = client_over(loop, fds[1], sections, on_change, on_state, NULL);
    return c;
}

static void disconnect(struct client *c, struct far *f)
{
    client_free(c);
    far_free(f);
    loop_free(loop);
}

static struct json *core_section(int64_t version, const char *host)
{
    struct sec_core core = { .pid = 1 };
    struct json *all = json_object(), *s = json_object();

    STR_SET(core.host, host);
    json_set_int(s, "version", version);
    json_set(s, "data", json_encode(&sec_core_type, &core));
    json_set(all, "core", s);
    return all;
}

static void greets_and_watches(void **state)
{
    struct far f;
    struct client *c = connected(&f, 1u << SEC_CORE);
    int64_t since = -1;

    (void)state;
    turn(30);
    assert_int_equal(f.n, 1); /* hello; no watch before the other side's */
    assert_true(json_int(f.lines[0], "hello.protocol", &since) && since == WIRE_PROTOCOL);
    hello(&f, WIRE_PROTOCOL);
    turn(30);
    assert_int_equal(state_now, CLIENT_READY);
    assert_int_equal(f.n, 2);
    assert_true(json_int(f.lines[1], "watch.since.core", &since) && since == 0);
    assert_null(json_get(f.lines[1], "watch.since.log")); /* only what was asked for */
    wire_send(f.wire, wire_answer_sections(core_section(7, "hosta")));
    turn(30);
    assert_true(changed & 1u << SEC_CORE);
    assert_string_equal(((const struct sec_core *)client_section(c, SEC_CORE))->host, "hosta");
    assert_int_equal(client_version(c, SEC_CORE), 7);
    assert_true(json_int(f.lines[2], "watch.since.core", &since) && since == 7);
    disconnect(c, &f);
}

static void answers_once(void **state)
{
    struct far f;
    struct client *c = connected(&f, 0);
    struct err no = { 0 };

    (void)state;
    hello(&f, WIRE_PROTOCOL);
    turn(30);
    client_ask(c, "status", NULL, on_answer, NULL);
    client_ask(c, "sign-in", json_object(), on_answer, NULL);
    turn(30);
    assert_int_equal(f.n, 3);
    assert_string_equal(json_str(f.lines[2], "intent.name"), "sign-in");
    wire_send(f.wire, wire_answer_result(1, json_object()));
    wire_send(f.wire, wire_answer_result(1, json_object()));
    turn(30);
    assert_int_equal(answers, 1);
    err_set(&no, ERR_OP, ERR_C_BUSY, "busy");
    wire_send(f.wire, wire_answer_error(2, &no));
    turn(30);
    assert_int_equal(answers, 2);
    assert_int_equal(answer_error.code, ERR_C_BUSY);
    disconnect(c, &f);
}

/* The core answers before it sends the sections that the intent changed. */
static void answers_after_the_state_they_tell_of(void **state)
{
    static const int64_t at[SECTIONS] = { [SEC_CORE] = 4, [SEC_RUN] = 9 };
    struct far f;
    struct client *c = connected(&f, 1u << SEC_CORE);
    struct json *early = wire_answer_result(1, json_object());
    int before = answers;

    (void)state;
    hello(&f, WIRE_PROTOCOL);
    turn(30);
    client_ask(c, "status", NULL, on_answer, NULL);
    turn(30);
    wire_answer_at(early, at);
    wire_send(f.wire, early);
    turn(30);
    assert_int_equal(answers, before);
    wire_send(f.wire, wire_answer_sections(core_section(3, "hosta")));
    turn(30);
    assert_int_equal(answers, before);
    wire_send(f.wire, wire_answer_sections(core_section(
                          4, "hostb"))); /* the run is not watched: its number is not waited for */
    turn(30);
    assert_int_equal(answers, before + 1);
    disconnect(c, &f);
}

static void lost_core_fails_what_waits(void **state)
{
    struct far f;
    struct client *c = connected(&f, 0);

    (void)state;
    hello(&f, WIRE_PROTOCOL);
    turn(30);
    client_ask(c, "status", NULL, on_answer, NULL);
    client_ask(c, "status", NULL, on_answer, &f);
    client_forget(c, &f);
    turn(20);
    wire_free(f.wire);
    f.wire = NULL;
    turn(30);
    assert_int_equal(answers, 1); /* the forgotten one is not called */
    assert_int_equal(answer_error.domain, ERR_WIRE);
    assert_int_equal(state_now, CLIENT_FAILED);
    client_ask(c, "status", NULL, on_answer, NULL); /* afterwards: refused at once */
    assert_int_equal(answers, 2);
    disconnect(c, &f);
}

static void another_protocol(void **state)
{
    struct far f;
    struct client *c = connected(&f, 0);

    (void)state;
    hello(&f, WIRE_PROTOCOL + 1);
    turn(30);
    assert_int_equal(state_now, CLIENT_FAILED);
    assert_int_equal(why_now.code, ERR_C_PROTOCOL);
    assert_non_null(strstr(why_now.message, "2"));
    assert_true(f.ended); /* and hung up */
    disconnect(c, &f);
}

static void rubbish(void **state)
{
    struct far f;
    struct client *c = connected(&f, (1u << SECTIONS) - 1);
    struct json *o = json_object(), *s = json_object(), *v = json_object();

    (void)state;
    hello(&f, WIRE_PROTOCOL);
    turn(30);
    json_set_int(v, "version", 3);
    json_set_str(v, "data", "not an object");
    json_set(s, "core", v);
    json_set(s, "nosuch", json_object());
    json_set(o, "answer", json_string("what"));
    wire_send(f.wire, o);
    wire_send(f.wire, wire_answer_sections(s));
    turn(30);
    assert_int_equal(changed, 0);
    assert_int_equal(state_now,
                     CLIENT_READY); /* and it goes on watching, past the broken version */
    assert_int_equal(client_version(c, SEC_CORE), 3);
    disconnect(c, &f);
}

/* ---- finding a core ---- */

static int listen_at(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    STR_SET(a.sun_path, path);
    unlink(path);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static void finds_a_running_core(void **state)
{
    char dir[PATH_SIZE], given[PATH_SIZE], path[PATH_SOCKET_SIZE];
    struct err e = { 0 };
    struct far f = { 0 };
    struct client_options o = { .state_dir = given, .no_start = true };
    struct client *c;
    int l, fd;

    (void)state;
    loop = loop_new(&e);
    setenv("XDG_RUNTIME_DIR", test_dir(), 1);
    str_fmt(given, sizeof given, "%s/core1", test_dir());
    assert_int_equal(path_state_dir(dir, sizeof dir, given, false, &e), 0);
    assert_int_equal(path_socket(path, sizeof path, dir, &e), 0);
    l = listen_at(path);
    c = client_start(loop, &o, on_change, on_state, NULL);
    turn(30);
    fd = accept(l, NULL, NULL);
    assert_true(fd >= 0);
    f.wire = wire_new(loop, fd, far_line, far_end, &f);
    hello(&f, WIRE_PROTOCOL);
    turn(30);
    assert_int_equal(state_now, CLIENT_READY);
    close(l);
    unlink(path);
    disconnect(c, &f);
}

static void no_core_and_none_wanted(void **state)
{
    char given[PATH_SIZE];
    struct err e = { 0 };
    struct client_options o = { .state_dir = given, .no_start = true };
    struct client *c;

    (void)state;
    loop = loop_new(&e);
    str_fmt(given, sizeof given, "%s/core2", test_dir());
    c = client_start(loop, &o, on_change, on_state, NULL);
    turn(50);
    assert_int_equal(state_now, CLIENT_FAILED);
    assert_int_equal(why_now.code, ERR_C_NOT_FOUND);
    client_free(c);
    loop_free(loop);
}

int test_console_client(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greets_and_watches),
        cmocka_unit_test(answers_once),
        cmocka_unit_test(answers_after_the_state_they_tell_of),
        cmocka_unit_test(lost_core_fails_what_waits),
        cmocka_unit_test(another_protocol),
        cmocka_unit_test(rubbish),
        cmocka_unit_test(finds_a_running_core),
        cmocka_unit_test(no_core_and_none_wanted),
    };

    return TEST_GROUP("console/client", tests);
}
