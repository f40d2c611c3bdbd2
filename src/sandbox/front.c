/* front.c - the doors: TLS port, CONNECT port, and plain loopback ports; a thread for each
 * connection. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/i18n.h"
#include "sandbox/front.h"
#include "sandbox/ports.h"

enum { DOORS_MAX = 80, CONNS_MAX = 1024, BACKLOG = 256, STACK = 512 * 1024, IDLE_S = 300 };
enum { NEW_TRIES = 20 };
enum door_kind { DOOR_TLS, DOOR_PROXY, DOOR_PLAIN };

struct door {
    int fd, inner_port;
    enum door_kind kind;
    pthread_t thread;
};
struct guest {
    int fd;
    const struct door *door;
};

static struct door doors[DOORS_MAX];
static size_t n_doors;
static int conns[CONNS_MAX]; /* descriptors of running threads; 0: free */
static int n_conns;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static SSL_CTX *tls;

/* ---- connections ---- */

static bool conn_enter(int fd)
{
    bool entered = false;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < CONNS_MAX && !entered; i++) {
        if (conns[i])
            continue;
        conns[i] = fd;
        n_conns++;
        entered = true;
    }
    pthread_mutex_unlock(&lock);
    return entered;
}

/* Leaves and closes under the lock: front_stop never touches a number that somebody else got. */
static void conn_leave(int fd)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < CONNS_MAX; i++) {
        if (conns[i] != fd)
            continue;
        conns[i] = 0;
        n_conns--;
        break;
    }
    close(fd);
    pthread_mutex_unlock(&lock);
}

/* Reads the CONNECT request up to its blank line; every host is this sandbox. */
static bool accept_connect(int fd)
{
    char head[8192];
    size_t n = 0;
    while (n < sizeof(head) - 1) { /* by single bytes: what follows belongs to TLS */
        ssize_t got = recv(fd, head + n, 1, 0);
        if (got <= 0)
            return false;
        n++;
        if (n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    head[n] = '\0';
    bool good = str_starts(head, "CONNECT ");
    const char *reply = good ? "HTTP/1.1 200 Connection established\r\n\r\n"
                             : "HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";
    return send(fd, reply, strlen(reply), MSG_NOSIGNAL) > 0 && good;
}

static void serve(const struct guest *g)
{
    struct conn c = { .fd = g->fd };
    if (g->door->kind == DOOR_PROXY && !accept_connect(g->fd))
        return;
    if (g->door->kind != DOOR_PLAIN) {
        c.ssl = SSL_new(tls);
        if (!c.ssl || !SSL_set_fd(c.ssl, g->fd) || SSL_accept(c.ssl) <= 0) {
            SSL_free(c.ssl);
            return;
        }
    }
    relay_run(&c, g->door->inner_port);
    if (c.ssl)
        SSL_shutdown(c.ssl);
    SSL_free(c.ssl);
    str_free(&c.in);
}

static void *guest_thread(void *payload)
{
    struct guest *g = payload;
    serve(g);
    conn_leave(g->fd);
    free(g);
    OPENSSL_thread_stop();
    return NULL;
}

static void start_guest(const struct door *d, int fd)
{
    int one = 1;
    struct timeval idle = { .tv_sec = IDLE_S };
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof(idle));
    if (!conn_enter(fd)) {
        close(fd);
        return;
    }
    struct guest *g = xcalloc(1, sizeof(*g));
    pthread_attr_t attr;
    pthread_t thread;
    g->fd = fd;
    g->door = d;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attr, guest_thread, g) != 0) {
        conn_leave(fd);
        free(g);
    }
    pthread_attr_destroy(&attr);
}

static void *door_thread(void *payload)
{
    const struct door *d = payload;
    for (;;) {
        int fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            start_guest(d, fd);
        else if (errno == EMFILE || errno == ENFILE)
            nanosleep(&(struct timespec){ 0, 20000000L }, NULL);
        else if (errno != EINTR && errno != ECONNABORTED)
            return NULL; /* front_stop shut the listener down */
    }
}

/* ---- doors ---- */

static int listen_on(const char *host, int *port, struct err *e)
{
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)*port),
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct sockaddr_in v4 = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)*port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    bool six = strchr(host, ':') != NULL;
    struct sockaddr *at = six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t len = six ? sizeof(v6) : sizeof(v4);
    int one = 1, fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(e, errno, "socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, at, len) < 0 || listen(fd, BACKLOG) < 0 || getsockname(fd, at, &len) < 0) {
        err_sys(e, errno, _("The port %d of %s cannot be opened"), *port, host);
        close(fd);
        return -1;
    }
    *port = ntohs(six ? v6.sin6_port : v4.sin_port);
    return fd;
}

static int listen_again(const char *host, int *port, int wanted)
{
    struct err taken = { 0 };
    int fd = wanted ? listen_on(host, &wanted, &taken) : -1;
    if (fd >= 0)
        *port = wanted;
    return fd;
}

static int door_open(enum door_kind kind, const char *host, int inner_port, int *port,
                     struct err *e)
{
    if (n_doors == DOORS_MAX)
        return err_set(e, ERR_USAGE, ERR_C_TOO_BIG, _("There are too many ports."));
    static const char *const names[] = {
        [DOOR_TLS] = "tls", [DOOR_PROXY] = "proxy", [DOOR_PLAIN] = "plain"
    };
    static int numbers[ARRAY_LEN(names)];
    int fd = *port ? -1 : listen_again(host, port, ports_earlier(names[kind], numbers[kind]));
    for (int i = 0; fd < 0 && !*port && i < NEW_TRIES; i++)
        fd = listen_again(host, port, ports_new());
    if (fd < 0)
        fd = listen_on(host, port, e);
    if (fd < 0)
        return -1;
    ports_taken(names[kind], numbers[kind]++, *port);
    struct door *d = &doors[n_doors];
    *d = (struct door){ .fd = fd, .inner_port = inner_port, .kind = kind };
    int rc = pthread_create(&d->thread, NULL, door_thread, d);
    if (rc != 0) {
        close(fd);
        return err_sys(e, rc, "pthread_create");
    }
    n_doors++;
    return 0;
}

/* HTTP/1.1 only. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *outlen,
                           const unsigned char *in, unsigned inlen, void *payload)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    (void)ssl;
    (void)payload;
    if (SSL_select_next_proto(&chosen, outlen, ours, sizeof(ours) - 1, in, inlen) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int tls_open(struct err *e)
{
    char cert[600], key[600];
    str_fmt(cert, sizeof(cert), "%s/server.pem", sb_options.dir);
    str_fmt(key, sizeof(key), "%s/server.key", sb_options.dir);
    tls = SSL_CTX_new(TLS_server_method());
    if (!tls || SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
        SSL_CTX_free(tls);
        tls = NULL;
        return err_set(e, ERR_SYSTEM, 0, _("%s cannot be used as a server certificate."), cert);
    }
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
    SSL_CTX_set_mode(tls, SSL_MODE_AUTO_RETRY);
    return 0;
}

int front_start(int inner_port, int *tls_port, int *proxy_port, struct err *e)
{
    *tls_port = sb_options.listen_port;
    *proxy_port = 0;
    const char *host = sb_options.listen_host;
    if (tls_open(e) < 0 || door_open(DOOR_TLS, host, inner_port, tls_port, e) < 0)
        return -1;
    return door_open(DOOR_PROXY, host, inner_port, proxy_port, e);
}

int front_start_plain(int inner_port, int *port, struct err *e)
{
    *port = 0;
    return door_open(DOOR_PLAIN, "127.0.0.1", inner_port, port, e);
}

/* Ends the running exchanges: reads see the end; a reply on its way still goes out. Waits up to two
 * seconds. */
static void end_conns(void)
{
    int left = 1;
    for (int turn = 0; turn < 200 && left; turn++) {
        pthread_mutex_lock(&lock);
        for (int i = 0; i < CONNS_MAX; i++)
            if (conns[i])
                shutdown(conns[i], turn < 100 ? SHUT_RD : SHUT_RDWR);
        left = n_conns;
        pthread_mutex_unlock(&lock);
        if (left)
            nanosleep(&(struct timespec){ 0, 10000000L }, NULL);
    }
}

void front_stop(void)
{
    for (size_t i = 0; i < n_doors; i++)
        shutdown(doors[i].fd, SHUT_RDWR);
    for (size_t i = 0; i < n_doors; i++) {
        pthread_join(doors[i].thread, NULL);
        close(doors[i].fd);
    }
    n_doors = 0;
    end_conns();
    pthread_mutex_lock(&lock);
    if (n_conns == 0) { /* else a thread still uses it, and the process ends anyway */
        SSL_CTX_free(tls);
        tls = NULL;
    }
    pthread_mutex_unlock(&lock);
}
