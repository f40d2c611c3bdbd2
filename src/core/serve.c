#include "config.h"

#include "core/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "core/advice.h"

#define PENDING_MAX     (4u * 1024 * 1024) /* a peer that leaves more unread is closed */
#define SLOW_MS         50                 /* how soon a peer that still reads is looked at again */
#define LISTEN_FD_FIRST 3                  /* SD_LISTEN_FDS_START */

#define MAX_KEPT 16 /* secrets of one peer's open intents */

struct kept { /* a secret of an intent that is not answered yet */
    int64_t ask;
    char name[40];
    struct secret value;
    struct kept *next;
};

struct client {
    struct serve *serve;
    struct kept *kept;
    struct wire *wire;
    struct loop_timer *hello_timer;
    uint64_t id;
    uid_t uid;
    enum serve_right right;
    bool greeted, watches, open; /* said hello; ever watched; a watch is open */
    int64_t since[SECTIONS];     /* of the open watch; -1: not asked for */
    struct client *next;
};

struct serve {
    struct loop *loop;
    struct serve_config c;
    struct loop_io *listeners[2];
    int fds[2];
    size_t n_listeners;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct client *clients;
    struct loop_timer *timer;
    uint64_t last_id;
};

/* ---- rights ---- */

enum serve_right serve_right_of(bool system, uid_t owner, uid_t peer, bool member)
{
    if (peer == 0)
        return SERVE_ACT;
    if (system)
        return member ? SERVE_ACT : SERVE_WATCH;
    return peer == owner ? SERVE_ACT : SERVE_NOTHING;
}

static bool has_gid(const gid_t *groups, size_t n, gid_t wanted)
{
    for (size_t i = 0; i < n; i++)
        if (groups[i] == wanted)
            return true;
    return false;
}

static bool is_member(int fd, gid_t primary)
{
    const struct group *g = getgrnam(SERVE_GROUP);
    gid_t groups[256];
    socklen_t len = sizeof(groups);

    if (!g)
        return false;
    if (primary == g->gr_gid)
        return true;
    return getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0 &&
           has_gid(groups, len / sizeof(gid_t), g->gr_gid);
}

static void user_name(char *out, size_t size, uid_t uid)
{
    const struct passwd *pw = getpwuid(uid);

    if (pw)
        text_set(out, size, pw->pw_name);
    else
        str_fmt(out, size, "%u", (unsigned)uid);
}

static void who_may(const struct serve *s, char *out, size_t size)
{
    char owner[64];

    user_name(owner, sizeof(owner), s->c.owner);
    if (s->c.system)
        str_fmt(out, size, _("Only root and members of group %s may change something here."),
                SERVE_GROUP);
    else
        str_fmt(out, size, _("This core belongs to %s: only %s and root may use it."), owner,
                owner);
}

/* ---- secrets ---- */

static void drop_secrets(struct client *c, const int64_t *ask)
{
    struct kept **p = &c->kept;

    while (*p) {
        struct kept *k = *p;

        if (ask && k->ask != *ask) {
            p = &k->next;
            continue;
        }
        *p = k->next;
        secret_clear(&k->value);
        free(k);
    }
}

static int keep_secret(struct client *c, int64_t ask, const char *name, struct err *e)
{
    int fd = wire_take_fd(c->wire), rc = -1;
    struct kept *k;
    size_t n = 0;

    for (k = c->kept; k; k = k->next)
        n++;
    k = xcalloc(1, sizeof(*k));
    k->ask = ask;
    if (fd < 0 || !name || !STR_SET(k->name, name) || n >= MAX_KEPT)
        err_set(e, ERR_WIRE, ERR_C_CORRUPT, "%s",
                _("An intent's secrets must come as descriptors beside it, one a name."));
    else if (secret_unseal(&k->value, fd) < 0)
        err_sys(e, errno, "%s", _("A secret that came with an intent cannot be read"));
    else
        rc = 0;
    if (fd >= 0)
        close(fd);
    if (rc == 0) {
        k->next = c->kept;
        c->kept = k;
    } else {
        free(k);
    }
    return rc;
}

/* All of an intent's descriptors are taken, whatever happens: the next intent's come after them. */
static int keep_secrets(struct client *c, int64_t ask, const struct json *names, struct err *e)
{
    struct err later = { 0 };
    int rc = 0;

    JSON_EACH (n, names)
        if (keep_secret(c, ask, json_value_str(n), rc ? &later : e) < 0)
            rc = -1;
    if (rc < 0 || c->right != SERVE_ACT)
        drop_secrets(c, &ask);
    return rc;
}

/* ---- peers ---- */

size_t serve_clients(const struct serve *s)
{
    size_t n = 0;

    for (const struct client *c = s->clients; c; c = c->next)
        n += c->greeted;
    return n;
}

size_t serve_watching(const struct serve *s)
{
    size_t n = 0;

    for (const struct client *c = s->clients; c; c = c->next)
        n += c->watches;
    return n;
}

static void tell_clients(struct serve *s)
{
    if (s->c.on_clients)
        s->c.on_clients(s->c.payload, serve_clients(s), serve_watching(s));
}

static void drop(struct client *c)
{
    struct serve *s = c->serve;
    bool counted = c->greeted;

    for (struct client **p = &s->clients; *p; p = &(*p)->next)
        if (*p == c) {
            *p = c->next;
            break;
        }
    loop_timer_del(c->hello_timer);
    drop_secrets(c, NULL);
    wire_free(c->wire);
    free(c);
    if (counted)
        tell_clients(s);
}

static struct client *by_id(const struct serve *s, uint64_t id)
{
    struct client *c = s->clients;

    while (c && c->id != id)
        c = c->next;
    return c;
}

static void refuse(struct client *c, const struct err *why)
{
    struct err e = *why;

    advice_fill(&e);
    log_wrn("closing the connection of uid %u: %s", (unsigned)c->uid, e.message);
    wire_send(c->wire, wire_answer_error(0, &e));
    drop(c);
}

static void on_hello_late(void *payload)
{
    struct client *c = payload;

    c->hello_timer = NULL;
    log_wrn("closing the connection of uid %u: no hello", (unsigned)c->uid);
    drop(c);
}

/* ---- watch ---- */

static bool has_news(const struct client *c)
{
    for (size_t i = 0; i < SECTIONS; i++)
        if (c->since[i] >= 0 && state_version(c->serve->c.state, (enum section_id)i) > c->since[i])
            return true;
    return false;
}

static void answer_watch(struct client *c)
{
    const struct state *st = c->serve->c.state;
    struct str line = STR_INIT;
    const char *comma = "";

    str_add(&line, "{\"answer\":{\"to\":\"watch\",\"sections\":{");
    for (size_t i = 0; i < SECTIONS; i++) {
        enum section_id id = (enum section_id)i;
        int64_t version = state_version(st, id);

        if (c->since[i] < 0 || version <= c->since[i])
            continue;
        str_addf(&line, "%s\"%s\":{\"version\":%lld,\"data\":", comma, section_rows[i].name,
                 (long long)version);
        state_add(st, id, (int64_t)c->uid, &line);
        str_addc(&line, '}');
        comma = ",";
    }
    str_add(&line, "}}}");
    c->open = false;
    wire_send_text(c->wire, line.p, line.len);
    str_free(&line);
}

static void on_timer(void *payload)
{
    struct serve *s = payload;
    bool slow = false;

    s->timer = NULL;
    for (struct client *c = s->clients; c; c = c->next) {
        if (!c->open || !has_news(c))
            continue;
        if (wire_pending(c->wire))
            slow = true;
        else
            answer_watch(c);
    }
    if (slow && !s->timer)
        s->timer = loop_after(s->loop, SLOW_MS, on_timer, s);
}

void serve_changed(struct serve *s)
{
    if (!s->timer)
        s->timer = loop_after(s->loop, 0, on_timer, s);
}

static void take_watch(struct client *c, const struct json *watch)
{
    bool first = !c->watches;

    for (size_t i = 0; i < SECTIONS; i++) {
        int64_t since = 0;
        const struct json *v = json_member(json_member(watch, "since"), section_rows[i].name);

        c->since[i] = v && json_value_int(v, &since) && since >= 0 ? since : -1;
        /* A number that we never gave comes from a core before us: its state is void. */
        if (c->since[i] > state_version(c->serve->c.state, (enum section_id)i))
            c->since[i] = 0;
    }
    c->open = c->watches = true;
    if (has_news(c))
        serve_changed(c->serve);
    if (first)
        tell_clients(c->serve);
}

/* ---- lines ---- */

static void take_hello(struct client *c, const struct json *hello)
{
    struct serve *s = c->serve;
    struct wire_hello h;
    struct err e = { 0 };
    void (*newer)(void *) = NULL;

    if (json_decode(hello, &wire_hello_type, &h, &e) < 0) {
        refuse(c, &e);
        return;
    }
    if (h.protocol != WIRE_PROTOCOL) {
        err_set(&e, ERR_WIRE, ERR_C_PROTOCOL,
                _("This core (azloconfd %s) speaks protocol %d, %s %s speaks protocol %lld."),
                s->c.version, WIRE_PROTOCOL, h.program, h.version, (long long)h.protocol);
        if (h.protocol > WIRE_PROTOCOL && c->right == SERVE_ACT && !s->c.system)
            newer = s->c.on_newer;
        refuse(c, &e);
        if (newer)
            newer(s->c.payload);
        return;
    }
    loop_timer_del(c->hello_timer);
    c->hello_timer = NULL;
    c->greeted = true;
    tell_clients(s);
}

static void take_intent(struct client *c, const struct json *intent)
{
    struct serve_ask ask = { .serve = c->serve, .client = c->id, .uid = c->uid };
    struct json *none = json_object();
    const struct json *args = json_member(intent, "args");
    const char *name = json_str(intent, "name");
    struct err e = { 0 };

    ask.may_act = c->right == SERVE_ACT;
    if (!json_int(intent, "id", &ask.id) || !name || (args && !json_is_object(args))) {
        err_set(&e, ERR_WIRE, ERR_C_CORRUPT, "%s",
                _("An intent needs a number as id, a name, and an object as args."));
        serve_error(&ask, &e);
    } else if (keep_secrets(c, ask.id, json_member(intent, "secrets"), &e) < 0) {
        serve_error(&ask, &e);
    } else {
        c->serve->c.on_intent(c->serve->c.payload, &ask, name, args ? args : none);
    }
    json_free(none);
}

static void on_line(void *payload, const struct json *line)
{
    struct client *c = payload;
    const struct json *m;
    struct err e = { 0 };

    if (wire_pending(c->wire) > PENDING_MAX) {
        log_wrn("closing the connection of uid %u: it does not read", (unsigned)c->uid);
        drop(c);
    } else if ((m = json_member(line, "hello")) != NULL && !c->greeted) {
        take_hello(c, m);
    } else if (!c->greeted) {
        err_set(&e, ERR_WIRE, ERR_C_PROTOCOL, "%s", _("The first line must be a hello."));
        refuse(c, &e);
    } else if ((m = json_member(line, "watch")) != NULL) {
        take_watch(c, m);
    } else if ((m = json_member(line, "intent")) != NULL) {
        take_intent(c, m);
    } else {
        err_set(&e, ERR_WIRE, ERR_C_CORRUPT, "%s",
                _("A message is one of hello, watch and intent."));
        refuse(c, &e);
    }
}

static void on_end(void *payload, const struct err *why)
{
    struct client *c = payload;

    if (err_is(why))
        refuse(c, why);
    else
        drop(c);
}

static bool too_many(const struct serve *s)
{
    size_t n = 0;

    for (const struct client *c = s->clients; c; c = c->next)
        n++;
    return n > SERVE_MAX_CLIENTS;
}

void serve_adopt(struct serve *s, int fd)
{
    struct client *c;
    struct ucred peer = { .pid = 0 };
    socklen_t len = sizeof(peer);
    struct wire_hello h = { .protocol = WIRE_PROTOCOL, .program = "azloconfd", .pid = getpid() };
    struct err e = { 0 };
    struct json *hello;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0) {
        log_err("SO_PEERCRED: %s", strerror(errno));
        close(fd);
        return;
    }
    c = xcalloc(1, sizeof(*c));
    c->serve = s;
    c->id = ++s->last_id;
    c->uid = peer.uid;
    c->right = serve_right_of(s->c.system, s->c.owner, peer.uid, is_member(fd, peer.gid));
    c->wire = wire_new(s->loop, fd, on_line, on_end, c);
    c->next = s->clients;
    s->clients = c;
    STR_SET(h.version, s->c.version);
    h.may_act = c->right == SERVE_ACT;
    if (!h.may_act)
        who_may(s, h.who_may, sizeof(h.who_may));
    hello = wire_hello_msg(&h);
    if (s->c.options)
        json_set(json_edit(json_member(hello, "hello")), "options", json_copy(s->c.options));
    wire_send(c->wire, hello);
    if (c->right == SERVE_NOTHING) {
        err_set(&e, ERR_WIRE, ERR_C_NOT_ALLOWED, "%s", h.who_may);
        refuse(c, &e);
    } else if (too_many(s)) {
        err_set(&e, ERR_WIRE, ERR_C_BUSY, _("More than %d consoles are connected to this core."),
                SERVE_MAX_CLIENTS);
        refuse(c, &e);
    } else {
        c->hello_timer = loop_after(s->loop, SERVE_HELLO_MS, on_hello_late, c);
    }
}

/* ---- answers ---- */

static void send_answer(struct client *c, struct json *answer)
{
    int64_t at[SECTIONS];

    for (size_t i = 0; i < SECTIONS; i++)
        at[i] = state_version(c->serve->c.state, (enum section_id)i);
    wire_answer_at(answer, at);
    wire_send(c->wire, answer);
}

void serve_result(const struct serve_ask *ask, struct json *result_owned)
{
    struct client *c = by_id(ask->serve, ask->client);

    if (!c) {
        json_free(result_owned);
        return;
    }
    drop_secrets(c, &ask->id);
    send_answer(c, wire_answer_result(ask->id, result_owned));
}

void serve_error(const struct serve_ask *ask, const struct err *e)
{
    struct client *c = by_id(ask->serve, ask->client);
    struct err told = *e;

    if (!c)
        return;
    drop_secrets(c, &ask->id);
    advice_fill(&told);
    send_answer(c, wire_answer_error(ask->id, &told));
}

const struct secret *serve_secret(const struct serve_ask *ask, const char *name)
{
    struct client *c = by_id(ask->serve, ask->client);

    for (struct kept *k = c ? c->kept : NULL; k; k = k->next)
        if (k->ask == ask->id && str_eq(k->name, name))
            return &k->value;
    return NULL;
}

/* ---- listening ---- */

static void on_accept(void *payload, int fd, short revents)
{
    struct serve *s = payload;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)revents;
    if (peer >= 0)
        serve_adopt(s, peer);
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        log_err("accept: %s", strerror(errno));
}

struct serve *serve_new(struct loop *l, const struct serve_config *c)
{
    struct serve *s = xcalloc(1, sizeof(*s));

    s->loop = l;
    s->c = *c;
    return s;
}

void serve_listen_fd(struct serve *s, int fd)
{
    if (s->n_listeners == ARRAY_LEN(s->listeners)) {
        close(fd);
        return;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    s->fds[s->n_listeners] = fd;
    s->listeners[s->n_listeners++] = loop_io_add(s->loop, fd, POLLIN, on_accept, s);
}

static int bind_to(int fd, const struct sockaddr_un *a, mode_t mode)
{
    mode_t old = umask((mode_t)(0777 & ~mode));
    int rc = bind(fd, (const struct sockaddr *)a, sizeof(*a));

    umask(old);
    return rc < 0 ? -1 : listen(fd, 64);
}

int serve_listen(struct serve *s, const char *path, struct err *e)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct stat st;
    int fd;

    if (!STR_SET(a.sun_path, path))
        return err_set(e, ERR_USAGE, 0, _("The socket's path is longer than %zu bytes: %s"),
                       sizeof(a.sun_path) - 1, path);
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind_to(fd, &a, s->c.system ? 0666 : 0600) < 0) {
        err_sys(e, errno, _("The socket %s cannot be made"), path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    STR_SET(s->path, path);
    serve_listen_fd(s, fd);
    return 0;
}

int serve_activated_fd(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    int64_t p = 0, n = 0;
    bool ours = pid && fds && str_to_int(pid, &p) && str_to_int(fds, &n) && p == getpid() && n >= 1;

    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return ours ? LISTEN_FD_FIRST : -1;
}

void serve_free(struct serve *s)
{
    if (!s)
        return;
    s->c.on_clients = NULL;
    while (s->clients)
        drop(s->clients);
    for (size_t i = 0; i < s->n_listeners; i++) {
        loop_io_del(s->listeners[i]);
        close(s->fds[i]);
    }
    if (s->path[0])
        unlink(s->path);
    loop_timer_del(s->timer);
    free(s);
}
