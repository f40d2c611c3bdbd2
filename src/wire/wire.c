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
#define MAX_GIFTS  8

struct gift { /* descriptors that go with the byte `at` of `out` */
    size_t at, n;
    int fds[WIRE_MAX_SECRETS];
};

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
    struct gift gifts[MAX_GIFTS];
    size_t n_gifts;
    int came[2 * WIRE_MAX_SECRETS]; /* descriptors that nobody has taken yet */
    size_t n_came;
};

static void close_all(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

static void destroy(struct wire *w)
{
    for (size_t i = 0; i < w->n_gifts; i++)
        close_all(w->gifts[i].fds, w->gifts[i].n);
    close_all(w->came, w->n_came);
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

union control { /* aligned as cmsg(3) wants it */
    char bytes[CMSG_SPACE(sizeof(int) * WIRE_MAX_SECRETS)];
    struct cmsghdr align;
};

static void attach(struct msghdr *m, union control *room, const struct gift *g)
{
    struct cmsghdr *c;

    memset(room, 0, sizeof(*room));
    m->msg_control = room->bytes;
    m->msg_controllen = CMSG_SPACE(sizeof(int) * g->n);
    c = CMSG_FIRSTHDR(m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * g->n);
    memcpy(CMSG_DATA(c), g->fds, sizeof(int) * g->n);
}

/* Up to the next descriptors, and these with the byte that they belong to. */
static ssize_t send_some(struct wire *w)
{
    struct gift *g = w->n_gifts ? &w->gifts[0] : NULL;
    size_t to = w->n_gifts > 1 ? w->gifts[1].at : w->out.len;
    struct iovec part;
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
    union control room;
    ssize_t n;

    if (g && g->at > w->taken) {
        to = g->at;
        g = NULL;
    }
    part = (struct iovec){ w->out.p + w->taken, to - w->taken };
    if (g)
        attach(&m, &room, g);
    n = sendmsg(w->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0 && g) {
        close_all(g->fds, g->n);
        memmove(w->gifts, w->gifts + 1, --w->n_gifts * sizeof(*g));
    }
    return n;
}

/* A broken connection is not reported here: poll(2) does that, in the loop. */
static void flush(struct wire *w)
{
    while (w->taken < w->out.len) {
        ssize_t n = send_some(w);

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

static void keep_fds(struct wire *w, struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (w->n_came < ARRAY_LEN(w->came))
                w->came[w->n_came++] = fd;
            else
                close(fd); /* more than any intent may bring */
        }
    }
}

static ssize_t receive(struct wire *w, char *chunk, size_t size)
{
    union control room;
    struct iovec part = { chunk, size };
    struct msghdr m = { .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = room.bytes,
                        .msg_controllen = sizeof(room.bytes) };
    ssize_t n = recvmsg(w->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n >= 0)
        keep_fds(w, &m);
    return n;
}

static void read_some(struct wire *w)
{
    char chunk[READ_CHUNK];
    ssize_t n = receive(w, chunk, sizeof(chunk));
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

int wire_take_fd(struct wire *w)
{
    int fd = w->n_came ? w->came[0] : -1;

    if (fd >= 0)
        memmove(w->came, w->came + 1, --w->n_came * sizeof(fd));
    return fd;
}

int wire_send_intent(struct wire *w, int64_t id, const char *name, struct json *args_owned,
                     const struct wire_secret *secrets, size_t n, struct err *e)
{
    struct json *msg = wire_intent_msg(id, name, args_owned), *names;
    struct gift g = { .at = w->out.len };

    if (n > WIRE_MAX_SECRETS || (n && w->n_gifts == MAX_GIFTS)) {
        json_free(msg);
        return err_set(e, ERR_WIRE, ERR_C_BUSY, _("Too many secrets wait to be sent."));
    }
    for (; g.n < n; g.n++) {
        const struct secret *s = secrets[g.n].value;

        g.fds[g.n] = secret_memfd("azloconf-secret", s->p ? s->p : "", s->len);
        if (g.fds[g.n] < 0) {
            err_sys(e, errno, _("A secret cannot be handed over"));
            close_all(g.fds, g.n);
            json_free(msg);
            return -1;
        }
    }
    if (n) {
        names = json_array();
        for (size_t i = 0; i < n; i++)
            json_push(names, json_string(secrets[i].name));
        json_set(json_edit(json_member(msg, "intent")), "secrets", names);
        w->gifts[w->n_gifts++] = g;
    }
    wire_send(w, msg);
    return 0;
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
