#include "config.h"

#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"

#define READ_CHUNK 65536

struct wire {
    struct loop *loop;
    struct loop_io *io;
    int fd;
    wire_line_fn *on_line;
    wire_end_fn *on_end;
    void *payload;
    struct str in, out;
    size_t scanned; /* bytes of `in` known to hold no LF */
    size_t taken;   /* bytes of `out` that the kernel has */
    bool ended, busy, freed;
};

static void destroy(struct wire *w)
{
    loop_io_del(w->io);
    close(w->fd);
    str_free(&w->in);
    str_free(&w->out);
    free(w);
}

static void end(struct wire *w, const struct err *why)
{
    if (w->ended || w->freed)
        return;
    w->ended = true;
    loop_io_del(w->io);
    w->io = NULL;
    w->on_end(w->payload, why);
}

static void want(struct wire *w)
{
    if (w->io)
        loop_io_set(w->io, (short)(wire_pending(w) ? POLLIN | POLLOUT : POLLIN));
}

/* A broken connection is not reported here: poll(2) does that, in the loop. */
static void flush(struct wire *w)
{
    while (w->taken < w->out.len) {
        ssize_t n =
            send(w->fd, w->out.p + w->taken, w->out.len - w->taken, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        w->taken = n < 0 ? w->out.len : w->taken + (size_t)n;
    }
    if (w->taken == w->out.len) {
        str_reset(&w->out);
        w->taken = 0;
    }
    want(w);
}

static void take_line(struct wire *w, const char *line, size_t n)
{
    struct err e = { 0 };
    struct json *j;

    if (n && line[n - 1] == '\r')
        n--;
    if (!n)
        return;
    j = json_parse(line, n, WIRE_MAX_LINE, &e);
    if (!j || !json_is_object(j)) {
        struct err why = { 0 };

        err_set(&why, ERR_WIRE, ERR_C_CORRUPT, _("A line on the socket is not a JSON object: %s"),
                j ? _("it is another kind of value") : e.message);
        end(w, &why);
    } else {
        w->on_line(w->payload, j);
    }
    json_free(j);
}

static void take_lines(struct wire *w)
{
    size_t start = 0;

    while (!w->ended && !w->freed) {
        char *nl = memchr(w->in.p + w->scanned, '\n', w->in.len - w->scanned);

        if (!nl)
            break;
        take_line(w, w->in.p + start, (size_t)(nl - w->in.p) - start);
        start = w->scanned = (size_t)(nl - w->in.p) + 1;
    }
    if (w->ended || w->freed)
        return;
    memmove(w->in.p, w->in.p + start, w->in.len - start);
    w->in.len -= start;
    w->scanned = w->in.len;
    if (w->in.len >= WIRE_MAX_LINE) {
        struct err why = { 0 };

        err_set(&why, ERR_WIRE, ERR_C_TOO_BIG, _("A line on the socket is longer than %d bytes."),
                WIRE_MAX_LINE);
        end(w, &why);
    }
}

static void read_some(struct wire *w)
{
    char chunk[READ_CHUNK];
    ssize_t n = recv(w->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    struct err why = { 0 };

    if (n > 0) {
        str_addn(&w->in, chunk, (size_t)n);
        take_lines(w);
    } else if (n == 0) {
        end(w, &why);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        if (errno != ECONNRESET && errno != EPIPE)
            err_sys(&why, errno, "%s", _("Reading from the socket failed"));
        end(w, &why);
    }
}

static void on_io(void *payload, int fd, short revents)
{
    struct wire *w = payload;

    (void)fd;
    w->busy = true;
    if (revents & POLLOUT)
        flush(w);
    if (revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
        read_some(w);
    w->busy = false;
    if (w->freed)
        destroy(w);
}

struct wire *wire_new(struct loop *l, int fd, wire_line_fn *on_line, wire_end_fn *on_end,
                      void *payload)
{
    struct wire *w = xcalloc(1, sizeof(*w));
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    w->loop = l;
    w->fd = fd;
    w->on_line = on_line;
    w->on_end = on_end;
    w->payload = payload;
    w->io = loop_io_add(l, fd, POLLIN, on_io, w);
    return w;
}

void wire_free(struct wire *w)
{
    if (!w || w->freed)
        return;
    w->freed = true;
    if (!w->busy)
        destroy(w);
}

void wire_send_text(struct wire *w, const char *line, size_t n)
{
    if (w->freed)
        return;
    str_addn(&w->out, line, n);
    str_addc(&w->out, '\n');
    flush(w);
}

void wire_send(struct wire *w, struct json *owned)
{
    struct str line = STR_INIT;

    json_write(&line, owned);
    json_free(owned);
    wire_send_text(w, str_p(&line), line.len);
    str_free(&line);
}

size_t wire_pending(const struct wire *w)
{
    return w->out.len - w->taken;
}

/* ---- builders ---- */

static const struct json_field hello_fields[] = {
    JSON_INT(struct wire_hello, protocol, "protocol", JSON_REQUIRED),
    JSON_STR(struct wire_hello, program, "program", 0),
    JSON_STR(struct wire_hello, version, "version", 0),
    JSON_INT(struct wire_hello, pid, "pid", JSON_SKIP_EMPTY),
    JSON_BOOL(struct wire_hello, may_act, "mayAct", 0),
    JSON_STR(struct wire_hello, who_may, "whoMay", JSON_SKIP_EMPTY),
};
const struct json_type wire_hello_type = JSON_TYPE("hello", struct wire_hello, hello_fields);

static struct json *wrap(const char *name, struct json *inner)
{
    struct json *j = json_object();

    json_set(j, name, inner);
    return j;
}

static struct json *answer(struct json *to, const char *name, struct json *owned)
{
    struct json *a = json_object();

    json_set(a, "to", to);
    json_set(a, name, owned);
    return wrap("answer", a);
}

struct json *wire_hello_msg(const struct wire_hello *h)
{
    return wrap("hello", json_encode(&wire_hello_type, h));
}

struct json *wire_watch_msg(struct json *since_owned)
{
    return wrap("watch", wrap("since", since_owned ? since_owned : json_object()));
}

struct json *wire_intent_msg(int64_t id, const char *name, struct json *args_owned)
{
    struct json *i = json_object();

    json_set_int(i, "id", id);
    json_set_str(i, "name", name);
    json_set(i, "args", args_owned ? args_owned : json_object());
    return wrap("intent", i);
}

struct json *wire_answer_result(int64_t id, struct json *result_owned)
{
    return answer(json_number(id), "result", result_owned ? result_owned : json_object());
}

struct json *wire_answer_error(int64_t id, const struct err *e)
{
    return answer(json_number(id), "error", json_encode(&err_json, e));
}

void wire_answer_at(struct json *answer_msg, const int64_t versions[SECTIONS])
{
    struct json *at = json_object();

    for (size_t i = 0; i < SECTIONS; i++)
        json_set_int(at, section_rows[i].name, versions[i]);
    json_set(json_edit(json_member(answer_msg, "answer")), "at", at);
}

struct json *wire_answer_sections(struct json *sections_owned)
{
    return answer(json_string("watch"), "sections", sections_owned);
}
