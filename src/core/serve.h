/* serve.h - the core's sockets: who connects, who may act, watches, intents.
 *
 * Private core: the uid that owns it and root may connect; another uid gets a hello that says who
 * may, a refusal, and the end. System core: everybody may watch; root and members of group azloconf
 * may act. The peer's uid and groups come from the kernel (SO_PEERCRED, SO_PEERGROUPS). Order:
 * serve_new, serve_listen (own socket) and/or serve_listen_fd (systemd: sd_listen_fds(3),
 * descriptor 3), then the loop. A watch is answered when a named section is newer and the peer has
 * taken what was sent before: a slow console gets the newest state, never a queue. A peer with
 * another protocol number is told so and closed; when it is newer and this private core is idle,
 * on_newer is called, so that the core makes room.
 */
#ifndef AZL_CORE_SERVE_H
#define AZL_CORE_SERVE_H

#include <sys/types.h>

#include "core/state.h"
#include "wire/wire.h"

#define SERVE_GROUP       "azloconf"
#define SERVE_MAX_CLIENTS 64
#define SERVE_HELLO_MS    10000 /* a peer that has not said hello by then is closed */

struct serve;

/* An intent under way: plain data, kept by who answers it; the console may be gone by then. */
struct serve_ask {
    struct serve *serve;
    uint64_t client;
    int64_t id;
    uid_t uid;
    bool may_act;
};
struct serve_config {
    bool system;
    uid_t owner; /* of a private core */
    const char *version;
    const struct json
        *options; /* of the hello; array of strings, the caller's; NULL: none are told */
    struct state *state;
    void (*on_intent)(void *payload, const struct serve_ask *ask, const char *name,
                      const struct json *args);
    void (*on_clients)(void *payload, size_t clients, size_t watching); /* after each change */
    void (*on_newer)(void *payload);
    void *payload;
};
struct serve *serve_new(struct loop *l, const struct serve_config *c);
void serve_free(struct serve *s); /* closes all, removes the socket's file */

/* Makes the socket (0600 private, 0666 system); an old file there is removed: the caller holds the
 * core's lock. */
int serve_listen(struct serve *s, const char *path, struct err *e);
void serve_listen_fd(struct serve *s, int fd);
/* Descriptor handed over by systemd, or -1. */
int serve_activated_fd(void);
/* An already connected socket: a peer like any other. */
void serve_adopt(struct serve *s, int fd);

/* What came beside the intent under this name (wire.h), wiped when the ask is answered or its
 * console has gone; NULL: nothing. */
const struct secret *serve_secret(const struct serve_ask *ask, const char *name);
void serve_result(const struct serve_ask *ask, struct json *result_owned);
void serve_error(const struct serve_ask *ask, const struct err *e); /* fills in the advice */
/* Sections changed: open watches are answered in the next turn of the loop. */
void serve_changed(struct serve *s);
size_t serve_clients(const struct serve *s);
size_t serve_watching(const struct serve *s); /* peers that watch */

/* Who may do what. groups: the peer's, of which member says whether azloconf is one. */
enum serve_right { SERVE_NOTHING, SERVE_WATCH, SERVE_ACT };
enum serve_right serve_right_of(bool system, uid_t owner, uid_t peer, bool member);

#endif
