/* front.h - between the sandbox's doors (front.c) and the relay of whole messages (front_relay.c).
 *
 * A door takes a connection, does CONNECT and TLS, and gives it to relay_run, which reads one
 * request, passes it to libmicrohttpd on inner_port, reads the whole reply, applies the fault that
 * matches, writes the log, and goes on while both sides keep the connection.
 */
#ifndef AZL_SANDBOX_FRONT_H
#define AZL_SANDBOX_FRONT_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include "sandbox/sandbox.h"

struct conn {
    int fd;
    SSL *ssl;      /* NULL: plain */
    struct str in; /* read, not used yet */
};
/* Blocking. recv: 0 end, -1 error. send: everything or -1. */
ssize_t conn_recv(struct conn *c, void *buf, size_t n);
int conn_send(struct conn *c, const void *bytes, size_t n);
/* Cut: no TLS farewell. Reset: TCP RST. Both leave fd to the caller. */
void conn_cut(struct conn *c);
void conn_reset(struct conn *c);

/* A whole HTTP/1.1 message; a chunked body stands decoded. */
struct msg {
    struct str head; /* request or status line and headers, with the blank line; without Expect and
                        Transfer-Encoding */
    struct str body;
    bool close; /* its sender closes after it */
};
enum msg_result { MSG_OK, MSG_END, MSG_BROKEN, MSG_TOO_BIG };
/* expect_body false: a reply to HEAD. Requests are marked by is_request (100-continue is answered
 * on the way). */
enum msg_result msg_read(struct conn *c, struct msg *m, bool is_request, bool expect_body);
void msg_free(struct msg *m);

void relay_run(struct conn *client, int inner_port);
/* A loopback port without TLS and without --latency in front of inner_port: the Arc agents' doors.
 */
int front_start_plain(int inner_port, int *port, struct err *e);

#endif
