#include "config.h"

#include "testing.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "wire/wire.h"

int test_wire_wire(void);

struct bed {
    struct loop *loop;
    struct wire *wire;
    int fd;           /* the other end */
    struct str lines; /* what on_line got, one a line */
    int n_lines, n_ends;
    struct err why;
    bool free_in_line, echo;
};

static void on_line(void *payload, const struct json *line)
{
    struct bed *b = payload;

    json_write(&b->lines, line);
    str_addc(&b->lines, '\n');
    b->n_lines++;
    if (b->echo)
        wire_send(b->wire, json_copy(line));
    if (b->free_in_line) {
        wire_free(b->wire);
        b->wire = NULL;
    }
}

static void on_end(void *payload, const struct err *why)
{
    struct bed *b = payload;

    b->n_ends++;
    b->why = *why;
}

static void open_bed(struct bed *b)
{
    int fds[2];
    struct err e = { 0 };

    memset(b, 0, sizeof(*b));
    b->loop = loop_new(&e);
    assert_non_null(b->loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    b->fd = fds[1];
    b->wire = wire_new(b->loop, fds[0], on_line, on_end, b);
}

static void close_bed(struct bed *b)
{
    wire_free(b->wire);
    if (b->fd >= 0)
        close(b->fd);
    str_free(&b->lines);
    loop_free(b->loop);
}

static void put(struct bed *b, const char *text, size_t n)
{
    while (n) {
        ssize_t w = send(b->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (w < 0) {
            assert_true(errno == EAGAIN || errno == EPIPE);
            if (errno == EPIPE)
                return;
            loop_turn(b->loop, 10);
            continue;
        }
        text += w;
        n -= (size_t)w;
    }
}

static void turns(struct bed *b)
{
    for (int i = 0; i < 20; i++)
        loop_turn(b->loop, 0);
}

static void lines_in_pieces(void **s)
{
    struct bed b;
    const char *text = "{\"a\":1}\r\n\n{\"b\":\"\xc3\xa4\"}\n{\"c\"";

    (void)s;
    open_bed(&b);
    for (size_t i = 0; i < strlen(text); i++) {
        put(&b, text + i, 1);
        loop_turn(b.loop, 0);
    }
    assert_string_equal(str_p(&b.lines), "{\"a\":1}\n{\"b\":\"\xc3\xa4\"}\n");
    put(&b, ":2}\n", 4);
    turns(&b);
    assert_int_equal(b.n_lines, 3);
    assert_int_equal(b.n_ends, 0);
    close_bed(&b);
}

static void peer_closes(void **s)
{
    struct bed b;

    (void)s;
    open_bed(&b);
    put(&b, "{\"a\":1}\n{\"half\":", 16);
    close(b.fd);
    b.fd = -1;
    turns(&b);
    assert_int_equal(b.n_lines, 1);
    assert_int_equal(b.n_ends, 1);
    assert_int_equal(b.why.domain, ERR_NONE);
    wire_send(b.wire, json_object()); /* into nothing: no signal, no second end */
    turns(&b);
    assert_int_equal(b.n_ends, 1);
    close_bed(&b);
}

static void garbage_ends_it(void **s)
{
    static const char *const bad[] = { "hello\n",      "[1]\n",
                                       "{\"a\":1}}\n", "{\"a\":1,\"a\":2}\n",
                                       "\x01\x02\n",   "{\"a\":\n" };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct bed b;

        open_bed(&b);
        put(&b, bad[i], strlen(bad[i]));
        put(&b, "{\"after\":1}\n", 12);
        turns(&b);
        assert_int_equal(b.n_lines, 0);
        assert_int_equal(b.n_ends, 1);
        assert_int_equal(b.why.domain, ERR_WIRE);
        assert_int_equal(b.why.code, ERR_C_CORRUPT);
        close_bed(&b);
    }
}

static void deep_json_ends_it(void **s)
{
    struct bed b;
    struct str text = STR_INIT;

    (void)s;
    open_bed(&b);
    for (int i = 0; i < 5000; i++)
        str_add(&text, "{\"a\":");
    str_addc(&text, '\n');
    put(&b, text.p, text.len);
    turns(&b);
    assert_int_equal(b.n_ends, 1);
    assert_int_equal(b.why.domain, ERR_WIRE);
    str_free(&text);
    close_bed(&b);
}

static void oversize_line_ends_it(void **s)
{
    struct bed b;
    char *text = xmalloc(WIRE_MAX_LINE + 10);

    (void)s;
    open_bed(&b);
    memset(text, ' ', WIRE_MAX_LINE + 10);
    put(&b, text, WIRE_MAX_LINE + 10);
    turns(&b);
    assert_int_equal(b.n_lines, 0);
    assert_int_equal(b.n_ends, 1);
    assert_int_equal(b.why.code, ERR_C_TOO_BIG);
    free(text);
    close_bed(&b);
}

/* Much more than a socket holds: nothing is lost, nothing blocks, the rest is counted as pending.
 */
static void slow_reader(void **s)
{
    struct bed b;
    struct str got = STR_INIT;
    char chunk[65536];
    struct json *j = json_object();
    size_t lines = 0;

    (void)s;
    open_bed(&b);
    memset(chunk, 'x', 4000);
    chunk[4000] = 0;
    json_set_str(j, "text", chunk);
    for (int i = 0; i < 400; i++)
        wire_send(b.wire, json_copy(j));
    assert_true(wire_pending(b.wire) > 0);
    for (int i = 0; i < 2000 && lines < 400; i++) {
        ssize_t n = recv(b.fd, chunk, sizeof(chunk), MSG_DONTWAIT);

        for (ssize_t k = 0; k < n; k++)
            lines += chunk[k] == '\n';
        loop_turn(b.loop, 1);
    }
    assert_int_equal(lines, 400);
    assert_int_equal(wire_pending(b.wire), 0);
    json_free(j);
    str_free(&got);
    close_bed(&b);
}

static void freed_by_its_own_line(void **s)
{
    struct bed b;

    (void)s;
    open_bed(&b);
    b.free_in_line = b.echo = true;
    put(&b, "{\"a\":1}\n{\"b\":1}\n", 16);
    turns(&b);
    assert_int_equal(b.n_lines, 1);
    assert_int_equal(b.n_ends, 0);
    close_bed(&b);
}

static void builders(void **s)
{
    struct wire_hello h = { .protocol = WIRE_PROTOCOL, .program = "azloconf", .version = "0.1.0" };
    struct err e = { 0 };
    struct json *m[6];
    static const char *const wanted[] = {
        "{\"hello\":{\"protocol\":1,\"program\":\"azloconf\",\"version\":\"0.1.0\",\"mayAct\":"
        "false}}",
        "{\"watch\":{\"since\":{}}}",
        "{\"intent\":{\"id\":7,\"name\":\"status\",\"args\":{}}}",
        "{\"answer\":{\"to\":7,\"result\":{}}}",
        NULL,
        "{\"answer\":{\"to\":\"watch\",\"sections\":{}}}",
    };

    (void)s;
    err_set(&e, ERR_OP, ERR_C_BUSY, "busy");
    m[0] = wire_hello_msg(&h);
    m[1] = wire_watch_msg(NULL);
    m[2] = wire_intent_msg(7, "status", NULL);
    m[3] = wire_answer_result(7, NULL);
    m[4] = wire_answer_error(8, &e);
    m[5] = wire_answer_sections(json_object());
    for (size_t i = 0; i < ARRAY_LEN(m); i++) {
        struct str text = STR_INIT;

        json_write(&text, m[i]);
        if (wanted[i])
            assert_string_equal(text.p, wanted[i]);
        str_free(&text);
    }
    assert_string_equal(json_str(m[4], "answer.error.message"), "busy");
    for (size_t i = 0; i < ARRAY_LEN(m); i++)
        json_free(m[i]);
}

/* ---- secrets ---- */

static struct secret told(int fd)
{
    struct secret s = { 0 };

    assert_true(fd >= 0);
    assert_int_equal(secret_unseal(&s, fd), 0);
    close(fd);
    return s;
}

/* What was sent lies in the kernel's buffers and in ours: long enough to stop in the middle. */
static void secrets_go_beside_the_line(void **s)
{
    struct bed b;
    struct wire *far;
    struct bed other = { 0 };
    struct secret one = { 0 }, two = { 0 }, got;
    struct wire_secret both[] = { { "proof", &one }, { "password", &two } };
    struct str filler = STR_INIT;
    struct json *args = json_object();
    struct err e = { 0 };

    (void)s;
    open_bed(&b);
    secret_set(&one, "secret-one", 10);
    secret_set(&two, "secret-two", 10);
    for (int i = 0; i < 600000; i++)
        str_addc(&filler, 'x');
    json_set_str(args, "filler", filler.p);
    wire_send(b.wire, json_copy(args));
    assert_int_equal(wire_send_intent(b.wire, 1, "sign-in", NULL, both, 2, &e), 0);
    wire_send(b.wire, args);
    assert_int_equal(wire_send_intent(b.wire, 2, "sign-in", NULL, &both[1], 1, &e), 0);
    far = wire_new(b.loop, b.fd, on_line, on_end, &other);
    for (int i = 0; i < 400; i++)
        loop_turn(b.loop, 0);
    assert_int_equal(other.n_lines, 4);
    assert_non_null(strstr(other.lines.p, "\"secrets\":[\"proof\",\"password\"]"));
    assert_null(strstr(other.lines.p, "secret-one"));
    got = told(wire_take_fd(far));
    assert_string_equal(got.p, "secret-one");
    secret_clear(&got);
    got = told(wire_take_fd(far));
    assert_string_equal(got.p, "secret-two");
    secret_clear(&got);
    got = told(wire_take_fd(far));
    assert_string_equal(got.p, "secret-two");
    secret_clear(&got);
    assert_int_equal(wire_take_fd(far), -1);
    wire_free(far);
    b.fd = -1;
    close_bed(&b);
    secret_clear(&one);
    secret_clear(&two);
    str_free(&filler);
    str_free(&other.lines);
}

static void only_so_many_secrets(void **s)
{
    struct bed b;
    struct secret one = { 0 };
    struct wire_secret many[WIRE_MAX_SECRETS + 1];
    struct err e = { 0 };

    (void)s;
    open_bed(&b);
    secret_set(&one, "x", 1);
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = (struct wire_secret){ "proof", &one };
    assert_int_equal(wire_send_intent(b.wire, 1, "a", NULL, many, ARRAY_LEN(many), &e), -1);
    assert_int_equal(e.code, ERR_C_BUSY);
    close_bed(&b);
    secret_clear(&one);
}

int test_wire_wire(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_in_pieces),
        cmocka_unit_test(peer_closes),
        cmocka_unit_test(garbage_ends_it),
        cmocka_unit_test(deep_json_ends_it),
        cmocka_unit_test(oversize_line_ends_it),
        cmocka_unit_test(slow_reader),
        cmocka_unit_test(freed_by_its_own_line),
        cmocka_unit_test(builders),
        cmocka_unit_test(secrets_go_beside_the_line),
        cmocka_unit_test(only_so_many_secrets),
    };

    return TEST_GROUP("wire/wire", tests);
}
