/* Target wire: bytes on the socket between core and console, in any pieces, and the messages that
 * came out of them sent back. The first byte seeds the sizes of the pieces; the rest is the stream.
 * When it is '~' and the input is short, a line "`N" stands for N * 128 KiB of blanks, so that a
 * small input reaches the limit of a line. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "fuzz.h"
#include "wire/wire.h"

static struct loop *loop;

struct side {
    struct wire *w;
    struct str got; /* lines as they came, written compactly */
    int lines, ends;
    struct err why;
    bool close_in_line; /* frees its wire from inside the callback, as the core does */
};

static void on_line(void *payload, const struct json *line)
{
    struct side *s = payload;

    FUZZ_HOLDS(s->ends == 0, "no line comes after the end");
    FUZZ_HOLDS(s->w, "no line comes after wire_free");
    FUZZ_HOLDS(json_is_object(line), "a line is an object");
    json_write(&s->got, line);
    str_addc(&s->got, '\n');
    s->lines++;
    if (s->close_in_line && s->lines == 2) {
        wire_free(s->w);
        s->w = NULL;
    }
}

static void on_end(void *payload, const struct err *why)
{
    struct side *s = payload;

    FUZZ_HOLDS(s->w, "no end comes after wire_free");
    FUZZ_HOLDS(s->ends++ == 0, "the end comes once");
    s->why = *why;
    if (err_is(why))
        fuzz_error(why);
}

/* ---- what ought to come out, by another hand ---- */

struct expected {
    struct str got;
    int lines;
    bool bad; /* the stream ends in an error */
};

static void expect(struct expected *x, const char *p, size_t n)
{
    while (!x->bad && n > 0) {
        const char *lf = memchr(p, '\n', n);
        size_t len = lf ? (size_t)(lf - p) : n, text;
        struct err e = { 0 };
        struct json *j;

        if (!lf) {
            x->bad = len >= WIRE_MAX_LINE;
            break;
        }
        text = len > 0 && p[len - 1] == '\r' ? len - 1 : len;
        p += len + 1;
        n -= len + 1;
        if (text == 0)
            continue;
        j = json_parse(p - len - 1, text, WIRE_MAX_LINE, &e);
        if (!json_is_object(j)) {
            x->bad = true;
        } else {
            json_write(&x->got, j);
            str_addc(&x->got, '\n');
            x->lines++;
        }
        json_free(j);
    }
}

/* ---- feeding ---- */

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static void feed(struct side *s, int fd, const char *p, size_t n, uint32_t seed)
{
    static const size_t most[] = { 1, 3, 40, 700, 70000, 1 << 20 };
    size_t top = most[seed % ARRAY_LEN(most)];

    if (n > 300 * top) /* a long stream byte by byte shows nothing more, only later */
        top = n / 16;
    while (n > 0 && s->w && !s->ends) {
        size_t piece = 1 + next(&seed) % top;
        ssize_t r = send(fd, p, piece < n ? piece : n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (r > 0) {
            p += r;
            n -= (size_t)r;
        }
        loop_turn(loop, 0);
    }
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 64 && s->w && !s->ends; i++)
        loop_turn(loop, 0);
}

static int pair(struct side *s)
{
    int fd[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0) {
        perror("socketpair");
        exit(2);
    }
    s->w = wire_new(loop, fd[0], on_line, on_end, s);
    return fd[1];
}

static void finish(struct side *s, int fd)
{
    wire_free(s->w);
    close(fd);
    str_free(&s->got);
}

/* ---- the way back: what was understood is sent as messages and read by another wire ---- */

static void there_and_back(const struct str *lines)
{
    struct side a = { .got = STR_INIT }, b = { .got = STR_INIT };
    int fd[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        exit(2);
    a.w = wire_new(loop, fd[0], on_line, on_end, &a);
    b.w = wire_new(loop, fd[1], on_line, on_end, &b);
    for (const char *p = str_p(lines), *lf; (lf = strchr(p, '\n')); p = lf + 1) {
        struct err e = { 0 };
        struct json *j = json_parse(p, (size_t)(lf - p), 0, &e);

        FUZZ_HOLDS(j, "a line that was understood is JSON");
        wire_send(a.w, j);
    }
    for (int i = 0; i < 200 && !b.ends && b.got.len < lines->len; i++)
        loop_turn(loop, 0);
    FUZZ_HOLDS(!a.ends && !b.ends, "sending ends nothing");
    FUZZ_HOLDS(wire_pending(a.w) == 0, "all was taken");
    FUZZ_HOLDS(str_eq(str_p(&b.got), str_p(lines)), "what is sent arrives, in order and whole");
    wire_free(a.w);
    for (int i = 0; i < 8 && !b.ends; i++)
        loop_turn(loop, 0);
    FUZZ_HOLDS(b.ends == 1 && !err_is(&b.why), "a closed peer is an end without an error");
    wire_free(b.w);
    str_free(&a.got);
    str_free(&b.got);
}

static void builders(const struct json *args)
{
    struct err e = { 0 }, back = { 0 };
    struct json *j = wire_intent_msg(7, "sign-in", json_copy(args));
    struct json *a;
    int64_t versions[SECTIONS], v = 0;

    for (int i = 0; i < SECTIONS; i++)
        versions[i] = i;
    FUZZ_HOLDS(json_equal(json_get(j, "intent.args"), args), "an intent holds its arguments");
    json_free(j);
    a = wire_answer_result(9, json_copy(args));
    wire_answer_at(a, versions);
    FUZZ_HOLDS(json_equal(json_get(a, "answer.result"), args), "an answer holds its result");
    FUZZ_HOLDS(json_int(a, "answer.at.log", &v) && v == SEC_LOG, "an answer holds its versions");
    json_free(a);
    err_set(&e, ERR_ARM, 3, "%s", json_str(args, "name") ? json_str(args, "name") : "none");
    a = wire_answer_error(9, &e);
    FUZZ_HOLDS(json_decode(json_get(a, "answer.error"), &err_json, &back, &e) == 0 &&
                   str_eq(back.message, e.message),
               "an answer holds its error");
    json_free(a);
}

static void stream(struct str *out, const uint8_t *data, size_t size, bool is_long)
{
    static char blank[65536];
    size_t blanks = is_long ? 0 : 20;
    memset(blank, ' ', sizeof blank);

    while (size > 0) {
        const uint8_t *lf = memchr(data, '\n', size);
        size_t n = lf ? (size_t)(lf - data) + 1 : size;

        if (data[0] == '`' && n > 1 && data[1] >= '0' && data[1] <= '9' && blanks < 20) {
            for (size_t i = (size_t)(data[1] - '0') * 2; i > 0 && blanks < 20; i--, blanks++)
                str_addn(out, blank, sizeof blank);
        } else {
            str_addn(out, data, n);
        }
        data += n;
        size -= n;
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct err e = { 0 };

    (void)argc;
    (void)argv;
    loop = loop_new(&e);
    return loop ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct expected x = { .got = STR_INIT };
    struct side s = { .got = STR_INIT }, early = { .got = STR_INIT, .close_in_line = true };
    struct str bytes = STR_INIT;
    int fd;

    if (size == 0)
        return 0;
    stream(&bytes, data + 1, size - 1, data[0] == '~' && size <= 40);
    expect(&x, str_p(&bytes), bytes.len);
    fd = pair(&s);
    feed(&s, fd, str_p(&bytes), bytes.len, data[0]);
    FUZZ_HOLDS(s.ends == 1, "a stream that ends is told");
    FUZZ_HOLDS(s.lines == x.lines && str_eq(str_p(&s.got), str_p(&x.got)),
               "the lines are those of the stream, however it is cut");
    FUZZ_HOLDS(err_is(&s.why) == x.bad, "a stream ends in an error when it holds one");
    there_and_back(&s.got);
    if (s.lines > 0) {
        struct err e = { 0 };
        struct json *j = json_parse(s.got.p, strcspn(s.got.p, "\n"), 0, &e);

        builders(j);
        json_free(j);
    }
    finish(&s, fd);
    str_free(&x.got);
    if (bytes.len > 100000) { /* once is dear enough */
        str_free(&bytes);
        return 0;
    }
    fd = pair(&early);
    feed(&early, fd, str_p(&bytes), bytes.len, data[0] + 1u);
    FUZZ_HOLDS(early.lines == (x.lines < 2 ? x.lines : 2), "a freed wire gives no more lines");
    finish(&early, fd);
    str_free(&bytes);
    return 0;
}
