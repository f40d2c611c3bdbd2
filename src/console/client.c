#include "config.h"

#include "console/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/proc.h"
#include "base/text.h"
#include "wire/paths.h"

#define STEP_MS       50    /* between two attempts while a core starts */
#define START_MS      30000 /* a core that has not answered by then has failed */
#define AGAIN_MS      1000  /* after a core went away */
#define MAX_MISMATCH  3     /* an old idle core replaces itself: meet it again */
#define MAX_CORE_ARGS 400
#define CORE_ERR_MAX  (1024 * 1024)

struct ask {
    struct ask *next;
    int64_t id;
    client_answer_fn *fn;
    void *payload;
    struct json *answer; /* came, and waits for the sections that it tells of */
};

struct client {
    struct loop *loop;
    struct client_options o;
    client_change_fn *on_change;
    client_state_fn *on_state;
    void *payload;
    struct wire *wire;
    struct loop_timer *timer;
    int64_t give_up_at; /* mono; 0: no core was started by us */
    int lock_fd, mismatches;
    int alive_fd; /* of the core that we started: at its end when the core is */
    struct loop_io *alive;
    long errlog_from; /* where its messages begin in core.err */
    bool given;       /* client_over: nothing to find or start */
    bool stopping;    /* --fresh: the running core is asked to end first */
    bool greeted;
    struct wire_hello hello;
    enum client_state state;
    char state_dir[PATH_SIZE], socket[PATH_SOCKET_SIZE], lock[PATH_SOCKET_SIZE];
    int64_t next_id;
    struct ask *asks;
    void *data[SECTIONS];
    int64_t versions[SECTIONS];
};

static void connect_soon(struct client *c, int64_t ms);

/* ---- what the caller is told ---- */

static void set_state(struct client *c, enum client_state s, const struct err *why)
{
    c->state = s;
    c->on_state(c->payload, s, why);
}

static void free_ask(struct ask *a)
{
    json_free(a->answer);
    free(a);
}

static void drop_asks(struct client *c, const struct err *why)
{
    struct err e = *why;

    if (!err_is(&e))
        err_set(&e, ERR_WIRE, 0, _("The core has ended."));
    e.unsure = true; /* it may have heard the intent */
    while (c->asks) {
        struct ask *a = c->asks;
        c->asks = a->next;
        if (a->fn)
            a->fn(a->payload, NULL, &e);
        free_ask(a);
    }
}

static void forget_child(struct client *c)
{
    loop_io_del(c->alive);
    c->alive = NULL;
    if (c->alive_fd >= 0)
        close(c->alive_fd);
    c->alive_fd = -1;
}

static void unlock(struct client *c)
{
    forget_child(c);
    if (c->lock_fd >= 0)
        close(c->lock_fd);
    c->lock_fd = -1;
}

static void fail(struct client *c, enum client_state s, const struct err *why)
{
    struct err e = *why;

    unlock(c);
    drop_asks(c, &e);
    set_state(c, s, &e);
}

/* ---- lines from the core ---- */

static void watch(struct client *c)
{
    struct json *since = json_object();

    for (int i = 0; i < SECTIONS; i++)
        if (c->o.sections & 1u << i)
            json_set_int(since, section_rows[i].name, c->versions[i]);
    wire_send(c->wire, wire_watch_msg(since));
}

static void take_section(struct client *c, const struct json *s)
{
    const struct section_row *row = section_by_name(json_name(s));
    struct err e = { 0 };
    int64_t version;
    void *fresh;

    if (!row || !(c->o.sections & 1u << row->id) || !json_int(s, "version", &version))
        return;
    fresh = xcalloc(1, row->type->size);
    if (json_decode(json_member(s, "data"), row->type, fresh, &e) == 0) {
        memcpy(c->data[row->id], fresh, row->type->size);
        c->versions[row->id] = version > 0 ? version : 1;
        c->on_change(c->payload, row->id);
    } else { /* never ask for the same bytes again in a circle */
        c->versions[row->id] = version;
    }
    free(fresh);
}

static bool caught_up(const struct client *c, const struct json *at)
{
    int64_t version;

    for (int i = 0; i < SECTIONS; i++)
        if (c->o.sections & 1u << i && json_int(at, section_rows[i].name, &version) &&
            c->versions[i] < version)
            return false;
    return true;
}

static void deliver(const struct ask *a)
{
    const struct json *error = json_member(a->answer, "error");
    struct err e = { 0 };

    if (error && json_decode(error, &err_json, &e, &e) < 0 && !err_is(&e))
        err_set(&e, ERR_WIRE, 0, _("The core refused without saying why."));
    if (a->fn)
        a->fn(a->payload, error ? NULL : json_member(a->answer, "result"), error ? &e : NULL);
}

/* An answer comes after the state that it tells of, so that whoever acts on it sees that state. */
static void deliver_answers(struct client *c)
{
    struct ask **p = &c->asks;

    while (*p) {
        struct ask *a = *p;

        if (!a->answer || !caught_up(c, json_member(a->answer, "at"))) {
            p = &a->next;
            continue;
        }
        *p = a->next;
        deliver(a);
        free_ask(a);
        p = &c->asks; /* a callback may have asked or dropped something */
    }
}

static void take_answer(struct client *c, const struct json *answer)
{
    const struct json *sections = json_member(answer, "sections");
    int64_t id;

    if (sections) {
        JSON_EACH (s, sections)
            take_section(c, s);
        if (c->wire)
            watch(c);
    } else if (json_int(answer, "to", &id)) {
        for (struct ask *a = c->asks; a; a = a->next)
            if (a->id == id && !a->answer)
                a->answer = json_copy(answer);
    }
    deliver_answers(c);
}

static void hang_up(struct client *c)
{
    wire_free(c->wire);
    c->wire = NULL;
    c->greeted = false;
}

static void mismatch(struct client *c)
{
    struct err e = { 0 };

    hang_up(c);
    if (!c->given && c->mismatches++ < MAX_MISMATCH) {
        connect_soon(c, AGAIN_MS);
        return;
    }
    err_set(&e, ERR_WIRE, ERR_C_PROTOCOL,
            _("The core (version %s) speaks protocol %d, this console %d."),
            c->hello.version[0] ? c->hello.version : "?", (int)c->hello.protocol, WIRE_PROTOCOL);
    STR_SET(
        e.advice,
        _("An older core is still at work. When its operation has ended, start azloconf again."));
    fail(c, CLIENT_FAILED, &e);
}

static bool has_option(const struct json *options, const char *name, const char *value)
{
    JSON_EACH (o, options) {
        const struct json *next = json_next(o);

        if (str_eq(json_value_str(o), name) &&
            (!value ||
             (next && (str_eq(json_value_str(next), value) ||
                       (str_eq(name, "--cloud") && str_ieq(json_value_str(next), value))))))
            return true;
    }
    return false;
}

static const char *own_option(const struct client *c, size_t i, const char **value)
{
    const char *const *args = c->o.core_args;

    *value = args[i + 1] && strncmp(args[i + 1], "--", 2) != 0 ? args[i + 1] : NULL;
    return args[i];
}

/* The first of our options that the running core was not started with; NULL: it knows them all. */
static const char *unknown_option(const struct client *c, const struct json *options)
{
    const char *value;
    char nodes[16];

    str_fmt(nodes, sizeof nodes, "%d", c->o.nodes);
    if (c->o.sandbox != has_option(options, "--sandbox", NULL))
        return "--sandbox";
    if (c->o.nodes > 0 && !has_option(options, "--nodes", nodes))
        return "--nodes";
    if (c->o.cloud_endpoint && !has_option(options, "--cloud-endpoint", c->o.cloud_endpoint))
        return "--cloud-endpoint";
    if (c->o.environment && !has_option(options, "--cloud", c->o.environment))
        return "--environment-name";
    if (c->o.ca_file && !has_option(options, "--ca-file", c->o.ca_file))
        return "--ca-file";
    for (size_t i = 0; c->o.core_args && c->o.core_args[i]; i++) {
        const char *name = own_option(c, i, &value);

        if (strncmp(name, "--", 2) == 0 && !has_option(options, name, value))
            return name;
    }
    return NULL;
}

/* A core with another cloud would be taken for ours. */
static bool is_other_core(struct client *c, const struct json *options)
{
    const char *name = json_is_array(options) && c->socket[0] ? unknown_option(c, options) : NULL;
    struct err e = { 0 };

    if (!name)
        return false;
    hang_up(c);
    err_set(&e, ERR_USAGE, 0, _("The core that works in %s was started with other options: %s."),
            c->state_dir, name);
    str_fmt(e.advice, sizeof e.advice,
            _("Use the options that it has, another --state-dir, or end it first (process %lld)."),
            (long long)c->hello.pid);
    fail(c, CLIENT_FAILED, &e);
    return true;
}

static void core_stopped(void *payload, const struct json *result, const struct err *e)
{
    struct client *c = payload;

    (void)result;
    if (!e || e->domain == ERR_WIRE)
        return;
    c->stopping = false;
    hang_up(c);
    fail(c, CLIENT_FAILED, e);
}

static void take_hello(struct client *c, const struct json *hello)
{
    struct err e = { 0 };

    if (json_decode(hello, &wire_hello_type, &c->hello, &e) < 0 ||
        c->hello.protocol != WIRE_PROTOCOL) {
        mismatch(c);
        return;
    }
    c->greeted = true;
    c->mismatches = 0;
    unlock(c);
    if (c->o.fresh && c->give_up_at == 0 && !c->stopping && !c->given) {
        c->stopping = true; /* a fresh sandbox needs a fresh core */
        client_ask(c, "core-stop", NULL, core_stopped, c);
        return;
    }
    if (c->stopping || is_other_core(c, json_member(hello, "options")))
        return;
    c->o.fresh = false;
    c->give_up_at = 0;
    memset(c->versions, 0, sizeof c->versions);
    set_state(c, CLIENT_READY, NULL);
    if (c->wire && c->o.sections)
        watch(c);
}

static void on_line(void *payload, const struct json *line)
{
    struct client *c = payload;
    const struct json *hello = json_member(line, "hello"), *answer = json_member(line, "answer");

    if (hello && !c->greeted)
        take_hello(c, hello);
    else if (answer && c->greeted)
        take_answer(c, answer);
}

static void on_end(void *payload, const struct err *why)
{
    struct client *c = payload;
    struct err e = *why;
    bool greeted = c->greeted;

    hang_up(c);
    if (!err_is(&e))
        err_set(&e, ERR_WIRE, 0, _("The core has ended."));
    if (c->given) {
        fail(c, CLIENT_FAILED, &e);
        return;
    }
    if (c->o.no_start && greeted) {
        fail(c, CLIENT_FAILED, &e);
        return;
    }
    drop_asks(c, &e);
    set_state(c, CLIENT_CONNECTING, NULL);
    if (c->stopping) {
        c->stopping = false;
        connect_soon(c, STEP_MS);
        return;
    }
    connect_soon(c, greeted ? AGAIN_MS : STEP_MS);
}

static void talk(struct client *c, int fd)
{
    struct wire_hello me = { .protocol = WIRE_PROTOCOL, .program = "azloconf" };

    STR_SET(me.version, PACKAGE_VERSION);
    c->greeted = false;
    c->wire = wire_new(c->loop, fd, on_line, on_end, c);
    wire_send(c->wire, wire_hello_msg(&me));
}

/* ---- finding and starting ---- */

/* A connected socket, or -1 with errno. Unix sockets connect at once or not at all. */
static int try_connect(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd, error;

    if (!STR_SET(a.sun_path, path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static bool is_absent(int error)
{
    return error == ENOENT || error == ECONNREFUSED || error == ENOTDIR;
}

static void refused(struct client *c, const char *path)
{
    struct err e = { 0 };

    err_sys(&e, errno, _("The core of this machine does not let you in (%s)"), path);
    STR_SET(e.advice, _("Only root and members of the group azloconf may use it. Ask to be added "
                        "to the group, or use "
                        "azloconf --state-dir DIR for a core of your own."));
    fail(c, CLIENT_REFUSED, &e);
}

/* The last line that this core wrote before it ended, without its program's name. */
static void last_words(const struct client *c, char *out, size_t size)
{
    static const char name[] = "azloconfd: ";
    struct str text = STR_INIT;
    struct err e = { 0 };
    char path[PATH_SIZE + 16], *line;

    out[0] = '\0';
    str_fmt(path, sizeof path, "%s/core.err", c->state_dir);
    if (file_read(path, CORE_ERR_MAX, &text, &e) == 0 && (long)text.len > c->errlog_from) {
        text.p += c->errlog_from;
        str_trim(text.p);
        line = strrchr(text.p, '\n');
        line = line ? line + 1 : text.p;
        text_set(out, size, str_starts(line, name) ? line + strlen(name) : line);
        text.p -= c->errlog_from;
    }
    str_free(&text);
}

static void start_failed(struct client *c, const char *what)
{
    struct err e = { 0 };
    char words[300];

    c->give_up_at = 0;
    last_words(c, words, sizeof words);
    if (str_starts(words, "--")) { /* an option that only the core can judge */
        err_set(&e, ERR_USAGE, 0, "%s", words);
    } else {
        err_set(&e, ERR_SYSTEM, 0, "%s", words[0] ? words : what);
        str_fmt(e.advice, sizeof e.advice, _("Its messages are in %s/core.err."), c->state_dir);
    }
    fail(c, CLIENT_FAILED, &e);
}

/* Does another core, one that is about to end perhaps, hold the folder? */
static bool folder_is_held(const struct client *c)
{
    char path[PATH_SIZE + 16];
    struct err e = { 0 };
    int fd;

    str_fmt(path, sizeof path, "%s/core.lock", c->state_dir);
    fd = file_lock(path, false, &e);
    if (fd >= 0)
        close(fd);
    return fd < 0 && e.code == ERR_C_BUSY;
}

/* The core that we started is gone before it answered: for a reason that it wrote down, or because
 * its predecessor was still there; then another try is due. */
static void on_child_gone(void *payload, int fd, short revents)
{
    struct client *c = payload;
    char byte;

    (void)revents;
    if (read(fd, &byte, 1) < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    forget_child(c);
    if (c->wire || c->lock_fd < 0)
        return;
    if (folder_is_held(c))
        unlock(c);
    else
        start_failed(c, _("The core ended at once, and without a word."));
}

static long size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (long)st.st_size : 0;
}

static int start_core(struct client *c, struct err *e)
{
    char program[PATH_SIZE], errlog[PATH_SIZE + 16], nodes[16];
    const char *argv[MAX_CORE_ARGS + 16];
    size_t n = 0;

    if (proc_own_program(program, sizeof program, "azloconfd", e) < 0)
        return -1;
    str_fmt(errlog, sizeof errlog, "%s/core.err", c->state_dir);
    str_fmt(nodes, sizeof nodes, "%d", c->o.nodes);
    argv[n++] = program;
    argv[n++] = "--private";
    argv[n++] = "--socket";
    argv[n++] = c->socket;
    argv[n++] = "--state-dir";
    argv[n++] = c->state_dir;
    if (c->o.sandbox)
        argv[n++] = "--sandbox";
    if (c->o.sandbox && c->o.nodes > 0) {
        argv[n++] = "--nodes";
        argv[n++] = nodes;
    }
    if (c->o.fresh)
        argv[n++] = "--fresh";
    if (c->o.cloud_endpoint) {
        argv[n++] = "--cloud-endpoint";
        argv[n++] = c->o.cloud_endpoint;
    }
    if (c->o.environment) {
        argv[n++] = "--cloud";
        argv[n++] = c->o.environment;
    }
    if (c->o.ca_file) {
        argv[n++] = "--ca-file";
        argv[n++] = c->o.ca_file;
    }
    for (size_t i = 0; c->o.core_args && c->o.core_args[i] && i < MAX_CORE_ARGS; i++)
        argv[n++] = c->o.core_args[i];
    argv[n] = NULL;
    forget_child(c);
    c->errlog_from = size_of(errlog);
    if (proc_daemon(argv, errlog, &c->alive_fd, e) < 0)
        return -1;
    c->alive = loop_io_add(c->loop, c->alive_fd, POLLIN, on_child_gone, c);
    return 0;
}

/* Nobody listens: whoever gets the lock starts a core, the others try again until it answers. */
static void start_or_wait(struct client *c)
{
    struct err e = { 0 };

    if (c->o.no_start) {
        err_set(&e, ERR_WIRE, ERR_C_NOT_FOUND, _("No core is running."));
        fail(c, CLIENT_FAILED, &e);
        return;
    }
    if (c->give_up_at == 0)
        c->give_up_at = mono_ms() + START_MS;
    if (mono_ms() > c->give_up_at) {
        start_failed(c, _("The core was started, but does not answer."));
        return;
    }
    if (c->lock_fd < 0) {
        int fd;

        c->lock_fd = file_lock(c->lock, false, &e);
        if (c->lock_fd < 0 && e.code != ERR_C_BUSY) {
            fail(c, CLIENT_FAILED, &e);
            return;
        }
        if (c->lock_fd >= 0 &&
            (fd = try_connect(c->socket)) >= 0) { /* another console was quicker */
            talk(c, fd);
            return;
        }
        if (c->lock_fd >= 0 && start_core(c, &e) < 0) {
            fail(c, CLIENT_FAILED, &e);
            return;
        }
    }
    connect_soon(c, STEP_MS);
}

static int prepare_private(struct client *c, struct err *e)
{
    if (c->socket[0])
        return 0;
    if (path_state_dir(c->state_dir, sizeof c->state_dir, c->o.state_dir, c->o.sandbox, e) < 0 ||
        path_lock(c->lock, sizeof c->lock, c->state_dir, e) < 0)
        return -1;
    return path_socket(c->socket, sizeof c->socket, c->state_dir, e);
}

static void connect_now(void *payload)
{
    struct client *c = payload;
    struct err e = { 0 };
    int fd;

    c->timer = NULL;
    if (!c->o.sandbox && !c->o.state_dir && !c->o.cloud_endpoint && !c->o.environment) {
        fd = try_connect(PATH_SYSTEM_SOCKET);
        if (fd >= 0) {
            c->o.fresh = false;
            talk(c, fd);
            return;
        }
        if (!is_absent(errno)) {
            refused(c, PATH_SYSTEM_SOCKET);
            return;
        }
    }
    if (prepare_private(c, &e) < 0) {
        fail(c, CLIENT_FAILED, &e);
        return;
    }
    fd = try_connect(c->socket);
    if (fd >= 0) {
        talk(c, fd);
    } else if (is_absent(errno)) {
        start_or_wait(c);
    } else if (errno == EAGAIN) {
        connect_soon(c, STEP_MS);
    } else {
        refused(c, c->socket);
    }
}

static void connect_soon(struct client *c, int64_t ms)
{
    loop_timer_del(c->timer);
    c->timer = loop_after(c->loop, ms, connect_now, c);
}

/* ---- life ---- */

static struct client *make(struct loop *l, client_change_fn *on_change, client_state_fn *on_state,
                           void *payload)
{
    struct client *c = xcalloc(1, sizeof *c);

    c->loop = l;
    c->on_change = on_change;
    c->on_state = on_state;
    c->payload = payload;
    c->lock_fd = c->alive_fd = -1;
    c->state = CLIENT_CONNECTING;
    for (int i = 0; i < SECTIONS; i++)
        c->data[i] = xcalloc(1, section_rows[i].type->size);
    return c;
}

struct client *client_start(struct loop *l, const struct client_options *o,
                            client_change_fn *on_change, client_state_fn *on_state, void *payload)
{
    struct client *c = make(l, on_change, on_state, payload);

    c->o = *o;
    connect_soon(c, 0);
    return c;
}

struct client *client_over(struct loop *l, int fd, unsigned sections, client_change_fn *on_change,
                           client_state_fn *on_state, void *payload)
{
    struct client *c = make(l, on_change, on_state, payload);

    c->given = true;
    c->o.sections = sections;
    talk(c, fd);
    return c;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    loop_timer_del(c->timer);
    if (c->wire)
        wire_free(c->wire);
    unlock(c);
    while (c->asks) {
        struct ask *a = c->asks;
        c->asks = a->next;
        free_ask(a);
    }
    for (int i = 0; i < SECTIONS; i++)
        free(c->data[i]);
    free(c);
}

void client_ask(struct client *c, const char *intent, struct json *args_owned, client_answer_fn *fn,
                void *payload)
{
    client_ask_secret(c, intent, args_owned, NULL, 0, fn, payload);
}

void client_ask_secret(struct client *c, const char *intent, struct json *args_owned,
                       const struct wire_secret *secrets, size_t n, client_answer_fn *fn,
                       void *payload)
{
    struct ask *a;
    struct err e = { 0 };

    if (!args_owned)
        args_owned = json_object();
    if (!c->wire) {
        json_free(args_owned);
        err_set(&e, ERR_WIRE, 0, _("The core does not answer."));
        if (fn)
            fn(payload, NULL, &e);
        return;
    }
    a = xcalloc(1, sizeof *a);
    *a = (struct ask){ .next = c->asks, .id = ++c->next_id, .fn = fn, .payload = payload };
    c->asks = a;
    if (wire_send_intent(c->wire, a->id, intent, args_owned, secrets, n, &e) < 0) {
        c->asks = a->next;
        free_ask(a);
        if (fn)
            fn(payload, NULL, &e);
    }
}

void client_forget(struct client *c, void *payload)
{
    for (struct ask *a = c->asks; a; a = a->next)
        if (a->payload == payload)
            a->fn = NULL;
}

const void *client_section(const struct client *c, enum section_id id)
{
    return c->data[id];
}

int64_t client_version(const struct client *c, enum section_id id)
{
    return c->versions[id];
}

const struct wire_hello *client_hello(const struct client *c)
{
    return &c->hello;
}
