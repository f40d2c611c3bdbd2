/* Target sandbox_http: bytes that a client or libmicrohttpd sends to the sandbox's front. The first
 * byte says what they are ('q' requests, 'h' replies to HEAD, else replies); the messages in them
 * are read one after the other. */
#include "config.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "sandbox/front.h"

#define MESSAGES 50

static struct conn open_on(const void *bytes, size_t n, int *peer)
{
    struct conn c = { .in = STR_INIT };
    int fd[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0 ||
        send(fd[1], bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n)
        exit(2);
    shutdown(fd[1], SHUT_WR);
    c.fd = fd[0];
    *peer = fd[1];
    return c;
}

static void shut(struct conn *c, int peer)
{
    str_free(&c->in);
    close(c->fd);
    close(peer);
}

/* What the relay passes on is read by the other side as the same message. */
static void passed_on(const struct msg *m, bool is_request, bool expect_body)
{
    struct str whole = STR_INIT;
    struct msg again = { .head = STR_INIT, .body = STR_INIT };
    struct conn c;
    int peer;

    str_addn(&whole, str_p(&m->head), m->head.len);
    str_addn(&whole, str_p(&m->body), m->body.len);
    c = open_on(str_p(&whole), whole.len, &peer);
    FUZZ_HOLDS(msg_read(&c, &again, is_request, expect_body) == MSG_OK, "it is read again");
    FUZZ_HOLDS(again.head.len == m->head.len && memcmp(again.head.p, m->head.p, m->head.len) == 0,
               "with the same head");
    FUZZ_HOLDS(again.body.len == m->body.len &&
                   (!m->body.len || memcmp(again.body.p, m->body.p, m->body.len) == 0),
               "and the same body");
    FUZZ_HOLDS(c.in.len == 0, "and nothing is left over");
    msg_free(&again);
    shut(&c, peer);
    str_free(&whole);
}

static bool ends_head(const struct str *head)
{
    return head->len >= 3 && memcmp(head->p + head->len - 2, "\r\n", 2) == 0 &&
           head->p[head->len - 3] == '\n';
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool is_request = size && data[0] == 'q', expect_body = size && data[0] != 'h';
    enum msg_result rc = MSG_OK;
    struct conn c;
    size_t taken = 0;
    int peer;

    if (size < 2)
        return 0;
    c = open_on(data + 1, size - 1, &peer);
    for (int i = 0; i < MESSAGES && rc == MSG_OK; i++) {
        struct msg m = { .head = STR_INIT, .body = STR_INIT };

        rc = msg_read(&c, &m, is_request, expect_body);
        if (rc == MSG_OK) {
            FUZZ_HOLDS(ends_head(&m.head), "a head ends in a blank line");
            FUZZ_HOLDS(expect_body || m.body.len == 0, "HEAD has no body");
            taken += m.body.len;
            FUZZ_HOLDS(taken <= size, "bodies are no more than what came");
            passed_on(&m, is_request, expect_body);
        }
        msg_free(&m);
    }
    FUZZ_HOLDS(rc != MSG_END || c.in.len == 0, "an end between messages leaves nothing");
    shut(&c, peer);
    return 0;
}
