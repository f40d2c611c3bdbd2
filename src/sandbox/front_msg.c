/* front_msg.c - reading whole HTTP/1.1 messages, and the connection under them. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/front.h"

enum { HEAD_MAX = 64 * 1024, BODY_MAX = 4 * 1024 * 1024 };

ssize_t conn_recv(struct conn *c, void *buf, size_t n)
{
    if (c->ssl) {
        int got = SSL_read(c->ssl, buf, (int)n);
        if (got > 0)
            return got;
        return SSL_get_error(c->ssl, got) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
    }
    ssize_t got;
    do
        got = recv(c->fd, buf, n, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

int conn_send(struct conn *c, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t put = c->ssl ? SSL_write(c->ssl, p, (int)n) : send(c->fd, p, n, MSG_NOSIGNAL);
        if (put < 0 && !c->ssl && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        p += put;
        n -= (size_t)put;
    }
    return 0;
}

void conn_cut(struct conn *c)
{
    if (c->ssl)
        SSL_set_quiet_shutdown(c->ssl, 1);
    shutdown(c->fd, SHUT_WR);
}

void conn_reset(struct conn *c)
{
    struct linger hard = { .l_onoff = 1, .l_linger = 0 };
    if (c->ssl)
        SSL_set_quiet_shutdown(c->ssl, 1);
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

/* Reads more into c->in; false at the end or on an error. */
static bool fill(struct conn *c)
{
    char buf[16 * 1024];
    ssize_t n = conn_recv(c, buf, sizeof(buf));
    if (n > 0)
        str_addn(&c->in, buf, (size_t)n);
    return n > 0;
}

static void take(struct conn *c, struct str *to, size_t n)
{
    if (to)
        str_addn(to, c->in.p, n);
    memmove(c->in.p, c->in.p + n, c->in.len - n + 1);
    c->in.len -= n;
}

static bool read_exactly(struct conn *c, struct str *to, size_t n)
{
    while (c->in.len < n)
        if (!fill(c))
            return false;
    take(c, to, n);
    return true;
}

/* Length of the line with its LF, or 0. */
static size_t read_line(struct conn *c)
{
    for (;;) {
        char *nl = c->in.len ? memchr(c->in.p, '\n', c->in.len) : NULL;
        if (nl)
            return (size_t)(nl - c->in.p) + 1;
        if (c->in.len > HEAD_MAX || !fill(c))
            return 0;
    }
}

/* strtoul alone would take a sign, 0x, and the blanks up to a number of the next line. */
static bool number(const char *p, int base, unsigned long *n, const char **end)
{
    const char *digits = base == 16 ? "0123456789abcdefABCDEF" : "0123456789";
    size_t len = strspn(p, digits);

    if (len == 0 || len > 15)
        return false;
    *n = strtoul(p, NULL, base);
    *end = p + len;
    return **end && strchr(" \t\r\n;", **end);
}

static enum msg_result read_chunks(struct conn *c, struct str *body)
{
    for (;;) {
        size_t line = read_line(c);
        const char *end;
        unsigned long n;
        if (!line || !number(c->in.p, 16, &n, &end))
            return MSG_BROKEN;
        take(c, NULL, line);
        if (n > BODY_MAX || body->len + n > BODY_MAX)
            return MSG_TOO_BIG;
        if (n == 0)
            break;
        if (!read_exactly(c, body, n) || !read_exactly(c, NULL, 2))
            return MSG_BROKEN;
    }
    for (;;) { /* trailers */
        size_t line = read_line(c);
        if (!line)
            return MSG_BROKEN;
        bool last = line <= 2;
        take(c, NULL, line);
        if (last)
            return MSG_OK;
    }
}

struct framing {
    bool chunked, has_length, expect;
    size_t length;
};

static bool value_has(const char *line, size_t len, const char *word)
{
    char value[256];
    const char *colon = memchr(line, ':', len);
    if (!colon)
        return false;
    str_fmt(value, sizeof(value), "%.*s", (int)(len - (size_t)(colon - line)), colon);
    return str_ifind(value, word) != NULL;
}

/* Takes one header line: keeps it in m->head unless it is about framing that the relay does itself.
 */
static bool take_header(struct msg *m, struct framing *f, const char *line, size_t len)
{
    if (strncasecmp(line, "content-length:", 15) == 0) {
        const char *end;
        unsigned long n;
        if (!number(line + 15 + strspn(line + 15, " \t"), 10, &n, &end) || *end == ';' ||
            (f->has_length && f->length != n))
            return false;
        f->has_length = true;
        f->length = n;
    } else if (strncasecmp(line, "transfer-encoding:", 18) == 0) {
        f->chunked = value_has(line, len, "chunked");
        return f->chunked;
    } else if (strncasecmp(line, "expect:", 7) == 0) {
        f->expect = true;
        return true;
    } else if (strncasecmp(line, "connection:", 11) == 0) {
        if (value_has(line, len, "close"))
            m->close = true;
        else if (value_has(line, len, "keep-alive"))
            m->close = false;
        return true;
    }
    str_addn(&m->head, line, len);
    return true;
}

static enum msg_result read_head(struct conn *c, struct msg *m, struct framing *f)
{
    bool first = true;
    while (m->head.len <= HEAD_MAX) {
        size_t line = read_line(c);
        if (!line)
            return first && c->in.len == 0 ? MSG_END : MSG_BROKEN;
        if (line <= 2 && first) { /* stray blank lines between requests */
            take(c, NULL, line);
            continue;
        }
        if (line <= 2) {
            take(c, NULL, line);
            return MSG_OK;
        }
        if (first) {
            m->close = str_ifind(c->in.p, "HTTP/1.0") != NULL &&
                       str_ifind(c->in.p, "HTTP/1.0") < c->in.p + line;
            str_addn(&m->head, c->in.p, line);
        } else if (!take_header(m, f, c->in.p, line)) {
            return MSG_BROKEN;
        }
        take(c, NULL, line);
        first = false;
    }
    return MSG_TOO_BIG;
}

enum msg_result msg_read(struct conn *c, struct msg *m, bool is_request, bool expect_body)
{
    struct framing f = { 0 };
    enum msg_result rc = read_head(c, m, &f);
    if (rc != MSG_OK)
        return rc;
    if (f.chunked && f.has_length)
        return MSG_BROKEN;
    if (f.has_length && f.length > BODY_MAX && expect_body)
        return MSG_TOO_BIG;
    if (f.expect && is_request && conn_send(c, "HTTP/1.1 100 Continue\r\n\r\n", 25) < 0)
        return MSG_BROKEN;
    if (expect_body && f.chunked)
        rc = read_chunks(c, &m->body);
    else if (expect_body && f.has_length && !read_exactly(c, &m->body, f.length))
        rc = MSG_BROKEN;
    if (f.chunked)
        str_addf(&m->head, "Content-Length: %zu\r\n", m->body.len);
    str_add(&m->head, "\r\n");
    return rc;
}

void msg_free(struct msg *m)
{
    str_free(&m->head);
    str_free(&m->body);
    m->close = false;
}
