#include "config.h"

#include "testing.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

void server_hang_up(struct connection *c, bool reset)
{
    struct linger hard = { 1, 0 };

    if (c->fd < 0)
        return;
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    loop_io_del(c->io);
    close(c->fd);
    c->fd = -1;
    str_free(&c->in);
    c->s->open_now--;
}

/* Length of the whole request, 0 if it is not all there. */
static size_t request_length(const struct str *in)
{
    const char *end = in->p ? strstr(in->p, "\r\n\r\n") : NULL;
    const char *length = in->p ? str_ifind(in->p, "\r\nContent-Length: ") : NULL;
    size_t head = end ? (size_t)(end - in->p) + 4 : 0;
    size_t body = end && length && length < end ? strtoul(length + 18, NULL, 10) : 0;

    return end && in->len >= head + body ? head + body : 0;
}

/* The answer for this path, each once; without paths, the next in order. */
static const struct answer *pick(struct server *s)
{
    const struct answer *a = &s->answers[s->next];

    if (s->paths) {
        for (size_t i = 0; i < s->n_answers; i++) {
            if ((s->taken & (1u << i)) || !strstr(s->last.p, s->paths[i]))
                continue;
            s->taken |= 1u << i;
            return &s->answers[i];
        }
        fail_msg("not expected here: %s", s->last.p);
    }
    if (s->next + 1 < s->n_answers)
        s->next++;
    return a;
}

void server_answer(struct connection *c)
{
    struct server *s = c->s;
    const struct answer *a = pick(s);
    size_t n = strlen(a->bytes);

    s->requests++;
    if (n > 0)
        assert_int_equal(send(c->fd, a->bytes, n, MSG_NOSIGNAL), n);
    if (a->then == CLOSE || a->then == RESET)
        server_hang_up(c, a->then == RESET);
}

static void on_bytes(void *payload, int fd, short revents)
{
    struct connection *c = payload;
    char block[4096];
    ssize_t n = recv(fd, block, sizeof(block), 0);
    size_t whole;

    (void)revents;
    if (n <= 0) {
        server_hang_up(c, false);
        return;
    }
    str_addn(&c->in, block, (size_t)n);
    while (c->fd >= 0 && (whole = request_length(&c->in))) {
        str_reset(&c->s->last);
        str_addn(&c->s->last, c->in.p, whole);
        memmove(c->in.p, c->in.p + whole, c->in.len - whole + 1);
        c->in.len -= whole;
        server_answer(c);
    }
}

static void on_accept(void *payload, int fd, short revents)
{
    struct server *s = payload;
    struct connection *c = &s->c[s->opened];

    (void)revents;
    assert_true(s->opened < MAX_CONNECTIONS);
    c->s = s;
    c->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(c->fd >= 0);
    c->io = loop_io_add(s->loop, c->fd, POLLIN, on_bytes, c);
    s->opened++;
    s->open_now++;
    if (s->open_now > s->most_open)
        s->most_open = s->open_now;
}

void server_start(struct server *s, struct loop *l, const struct answer *a, size_t n)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(at);

    memset(s, 0, sizeof(*s));
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        s->c[i].fd = -1;
    s->loop = l;
    s->answers = a;
    s->n_answers = n;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(s->fd, 64), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &size), 0);
    s->port = ntohs(at.sin_port);
    s->io = loop_io_add(l, s->fd, POLLIN, on_accept, s);
}

void server_deaf(struct server *s)
{
    loop_io_del(s->io);
    s->io = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

void server_stop(struct server *s)
{
    for (int i = 0; i < s->opened; i++)
        server_hang_up(&s->c[i], false);
    server_deaf(s);
    str_free(&s->last);
}
