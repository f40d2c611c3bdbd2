/* auth_listen.c - the loopback end of a sign-in with a browser (RFC 8252 7.3): a few lines of HTTP
 * for requests of this machine's own browser, or of one behind `ssh -L`. Nothing but GET is
 * answered, requests are small and short-lived, and a page of another site that reaches for this
 * port by another name (DNS rebinding) is refused by its Host header. */
#include "config.h"

#include "azure/auth_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/i18n.h"

#define MAX_REQUEST 16384 /* a code of Entra's is some 1 to 2 KB long */
#define MAX_PEERS   8     /* browsers open some connections without using them */
#define PEER_MS     15000
#define PAUSE_MS    250 /* after a failure to accept: the caller still stands at the door */

struct peer {
    struct peer *next;
    struct auth_listen *listen;
    int fd;
    struct loop_io *io;
    struct loop_timer *timer;
    char *in; /* wiped: it holds the code */
    size_t len;
};
struct auth_listen {
    struct loop *loop;
    auth_listen_fn *fn;
    void *payload;
    int fds[2], port;
    struct loop_io *ios[2];
    struct loop_timer *pause;
    struct peer *peers; /* newest first */
};

static void drop(struct peer *p)
{
    struct peer **at = &p->listen->peers;

    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    loop_io_del(p->io);
    loop_timer_del(p->timer);
    close(p->fd);
    wipe_free(p->in);
    free(p);
}

static void on_late(void *payload)
{
    struct peer *p = payload;

    p->timer = NULL;
    drop(p);
}

/* ---- the answer ---- */

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 302:
        return "Found";
    case 400:
        return "Bad Request";
    case 405:
        return "Method Not Allowed";
    default:
        return "Not Found";
    }
}

static void add_text(struct str *s, const char *text)
{
    for (; *text; text++) {
        if (strchr("<>&\"'", *text))
            str_addf(s, "&#%d;", *text);
        else
            str_addc(s, *text);
    }
}

static void make_page(struct str *out, const struct auth_page *page)
{
    str_add(out, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                 "content=\"width=device-width\"><title>azloconf</title></head><body>\n<h1>");
    add_text(out, page->title ? page->title : "azloconf");
    str_add(out, "</h1>\n<p>");
    add_text(out, page->text ? page->text : "");
    str_add(out, "</p>\n</body></html>\n");
}

/* A short answer fits into the socket; a browser that does not take it has itself to blame. */
static void answer(struct peer *p, const struct auth_page *page)
{
    struct str body = STR_INIT, head = STR_INIT;
    ssize_t sent;

    make_page(&body, page);
    str_addf(&head,
             "HTTP/1.1 %d %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
             "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
             "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
             "X-Content-Type-Options: nosniff\r\nConnection: close\r\n",
             page->status, reason(page->status), body.len);
    if (page->status == 302)
        str_addf(&head, "Location: %s\r\n", str_p(&page->location));
    str_addf(&head, "\r\n%s", str_p(&body));
    sent = send(p->fd, head.p, head.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    shutdown(p->fd, SHUT_WR);
    str_free(&body);
    str_free(&head);
}

/* ---- the request ---- */

static bool is_own_host(const struct auth_listen *l, const char *head)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    const char *h = str_ifind(head, "\nHost:");
    char want[32];

    if (!h)
        return false;
    h += 6;
    h += strspn(h, " \t");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        str_fmt(want, sizeof(want), "%s:%d", names[i], l->port);
        if (str_istarts(h, want) && strchr(" \t\r\n", h[strlen(want)]))
            return true;
    }
    return false;
}

static void take_request(struct peer *p)
{
    struct auth_page page = { .status = 404,
                              .title = _("Nothing here"),
                              .text = _("Open the address that the console shows.") };
    char *end, *target = p->in + 4;

    if (strncmp(p->in, "GET /", 5) != 0) {
        page.status = 405;
    } else if (is_own_host(p->listen, p->in)) {
        end = target + strcspn(target, " \r\n");
        if (strncmp(end, " HTTP/1.", 8) == 0) {
            *end = '\0';
            p->listen->fn(p->listen->payload, target, &page);
        }
    }
    answer(p, &page);
    str_free(&page.location);
    drop(p);
}

static void on_peer(void *payload, int fd, short revents)
{
    struct peer *p = payload;
    ssize_t n = recv(fd, p->in + p->len, MAX_REQUEST - p->len, MSG_DONTWAIT);

    (void)revents;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        drop(p);
        return;
    }
    p->len += (size_t)n;
    p->in[p->len] = '\0';
    if (strstr(p->in, "\r\n\r\n") || strstr(p->in, "\n\n"))
        take_request(p);
    else if (p->len == MAX_REQUEST)
        drop(p);
}

/* ---- listening ---- */

static void make_room(struct auth_listen *l)
{
    struct peer *oldest = l->peers;
    size_t n = 0;

    for (struct peer *p = l->peers; p; p = p->next, n++)
        oldest = p;
    if (n >= MAX_PEERS)
        drop(oldest);
}

static void on_pause_over(void *payload)
{
    struct auth_listen *l = payload;

    l->pause = NULL;
    for (int i = 0; i < 2; i++)
        if (l->ios[i])
            loop_io_set(l->ios[i], POLLIN);
}

/* Without a free descriptor nobody can be let in, and poll would say at once that somebody waits.
 */
static void pause_listening(struct auth_listen *l)
{
    for (int i = 0; i < 2; i++)
        if (l->ios[i])
            loop_io_set(l->ios[i], 0);
    if (!l->pause)
        l->pause = loop_after(l->loop, PAUSE_MS, on_pause_over, l);
}

static void on_accept(void *payload, int fd, short revents)
{
    struct auth_listen *l = payload;
    int got = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct peer *p;

    (void)revents;
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            pause_listening(l);
        return;
    }
    make_room(l);
    p = xcalloc(1, sizeof(*p));
    p->listen = l;
    p->fd = got;
    p->in = wipe_calloc(1, MAX_REQUEST + 1);
    p->io = loop_io_add(l->loop, got, POLLIN, on_peer, p);
    p->timer = loop_after(l->loop, PEER_MS, on_late, p);
    p->next = l->peers;
    l->peers = p;
}

static int listen_on(const struct sockaddr *addr, socklen_t len)
{
    int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (addr->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, addr, len) == 0 && listen(fd, 16) == 0)
        return fd;
    one = errno;
    close(fd);
    errno = one;
    return -1;
}

/* Both loopback addresses, or one where the machine has but one: a browser may try either, and what
 * another user listens with there would get the address and its key. -1: errno. */
static int listen_on_both(int port, int fds[2], int *got)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
    socklen_t len = sizeof(v4);
    int why;

    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fds[0] = listen_on((struct sockaddr *)&v4, sizeof(v4));
    if (fds[0] < 0)
        return -1;
    if (getsockname(fds[0], (struct sockaddr *)&v4, &len) == 0) {
        v6.sin6_port = v4.sin_port;
        *got = ntohs(v4.sin_port);
        fds[1] = listen_on((struct sockaddr *)&v6, sizeof(v6));
        if (fds[1] >= 0 || (errno != EADDRINUSE && errno != EACCES))
            return 0;
    }
    why = errno;
    close(fds[0]);
    errno = why;
    return -1;
}

struct auth_listen *auth_listen_start(struct loop *loop, int port, auth_listen_fn *fn,
                                      void *payload, struct err *e)
{
    struct auth_listen *l;
    int fds[2], got, rc = listen_on_both(port, fds, &got);

    for (int i = 0; rc < 0 && port == 0 && errno == EADDRINUSE && i < 8; i++)
        rc = listen_on_both(port, fds, &got); /* any will do */
    if (rc < 0) {
        err_sys(e, errno, _("Port %d of this machine cannot be listened on"), port);
        return NULL;
    }
    l = xcalloc(1, sizeof(*l));
    l->loop = loop;
    l->fn = fn;
    l->payload = payload;
    l->port = got;
    for (int i = 0; i < 2; i++) {
        l->fds[i] = fds[i];
        if (fds[i] >= 0)
            l->ios[i] = loop_io_add(loop, fds[i], POLLIN, on_accept, l);
    }
    return l;
}

int auth_listen_port(const struct auth_listen *l)
{
    return l->port;
}

void auth_listen_stop(struct auth_listen *l)
{
    if (!l)
        return;
    while (l->peers)
        drop(l->peers);
    loop_timer_del(l->pause);
    for (int i = 0; i < 2; i++) {
        loop_io_del(l->ios[i]);
        if (l->fds[i] >= 0)
            close(l->fds[i]);
    }
    free(l);
}
