/* server.h - a tiny HTTP server in the loop of the test: each answer is given byte by byte. The
 * caller owns the struct and the answers. */
#ifndef AZL_TESTS_NET_SERVER_H
#define AZL_TESTS_NET_SERVER_H

#include "base/loop.h"
#include "base/str.h"

enum act { KEEP, CLOSE, RESET, HANG };
struct answer {
    const char *bytes;
    enum act then;
};
#define MAX_CONNECTIONS 32
struct server;
struct connection {
    struct server *s;
    int fd;
    struct loop_io *io;
    struct str in;
};
struct server {
    struct loop *loop;
    int fd, port;
    struct loop_io *io;
    const struct answer *answers; /* one a request; the last one is repeated */
    char *const *paths; /* NULL, or for each answer the request it is for, "PUT /x ", once */
    size_t n_answers, next;
    unsigned taken;
    struct connection c[MAX_CONNECTIONS];
    int opened, open_now, most_open, requests;
    struct str last; /* the newest request */
};

void server_start(struct server *s, struct loop *l, const struct answer *a, size_t n);
void server_stop(struct server *s);
void server_deaf(struct server *s); /* nobody listens there any more */
void server_hang_up(struct connection *c, bool reset);
void server_answer(struct connection *c); /* now, whatever came */

#endif
