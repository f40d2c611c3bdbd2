#include "config.h"

#include "core/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/proc.h"
#include "azure/cloud.h"
#include "core/folder.h"

#define READY_MS   30000
#define AGAIN_MS   200
#define AGAIN_MAX  50 /* a predecessor that still holds the folder has ten seconds to end */
#define EXIT_BUSY  75
#define LINE_MAX_B (256 * 1024)

struct sandbox {
    struct loop *loop;
    struct settings *c;
    sandbox_fn *fn;
    void *payload;
    pid_t pid;
    int fd;
    struct loop_io *io;
    struct loop_child *child;
    struct loop_timer *timer;
    struct str line;
    int tries;
    bool ready;
};

static void again(void *payload);

/* ---- what is kept between starts ---- */

struct memory {
    int64_t nodes;
    char cloud[48];
};
static const struct json_field memory_fields[] = {
    JSON_INT(struct memory, nodes, "nodes", 0),
    JSON_STR(struct memory, cloud, "cloud", JSON_SKIP_EMPTY),
};
static const struct json_type memory_type = JSON_TYPE("sandbox.json", struct memory, memory_fields);

static void remember(const struct settings *c, const struct memory *m)
{
    struct json *j = json_encode(&memory_type, m);
    struct str text = STR_INIT, path = STR_INIT;
    struct err e = { 0 };

    json_write_pretty(&text, j);
    str_addf(&path, "%s/" FOLDER_REHEARSAL, c->state_dir);
    if (file_replace(path.p, text.p, text.len, &e) < 0)
        log_wrn("%s", e.message);
    str_free(&path);
    str_free(&text);
    json_free(j);
}

static void recall(const struct settings *c, struct memory *m)
{
    struct str text = STR_INIT, path = STR_INIT;
    struct err e = { 0 };
    struct json *j = NULL;

    memset(m, 0, sizeof(*m));
    str_addf(&path, "%s/" FOLDER_REHEARSAL, c->state_dir);
    if (file_read(path.p, 4096, &text, &e) == 0)
        j = json_parse(text.p, text.len, 4096, &e);
    if (j && json_decode(j, &memory_type, m, &e) < 0)
        memset(m, 0, sizeof(*m));
    json_free(j);
    if (m->nodes < 1 || m->nodes > SETTINGS_MAX_NODES)
        m->nodes = 1;
    if (c->nodes)
        m->nodes = c->nodes;
    str_free(&path);
    str_free(&text);
}

/* ---- the ready line ---- */

static int fill_node(struct settings *c, const struct json *n, struct err *e)
{
    const char *name = json_str(n, "name"), *himds = json_str(n, "himds");
    const char *agent = json_str(n, "azcmagent"), *tokens = json_str(n, "tokensDir");
    struct settings_node *node = name && name[0] ? settings_node(c, name) : NULL;

    if (!node || !himds || !agent || !tokens || !STR_SET(node->himds, himds) ||
        !STR_SET(node->azcmagent, agent) || !STR_SET(node->tokens_dir, tokens))
        return err_set(e, ERR_SYSTEM, 0, "%s", _("The sandbox names a node that is not whole."));
    return 0;
}

/* Where users put their certificates is no part of an agent: that stays. */
static int fill_nodes(struct settings *c, const struct json *ready, struct err *e)
{
    struct settings_node any = { .name = "" };

    for (size_t i = 0; i < c->n_nodes; i++)
        if (!c->node[i].name[0])
            STR_SET(any.certificates_dir, c->node[i].certificates_dir);
    c->n_nodes = 0;
    memset(c->node, 0, sizeof(c->node));
    if (any.certificates_dir[0])
        c->node[c->n_nodes++] = any;
    JSON_EACH (n, json_get(ready, "nodes"))
        if (fill_node(c, n, e) < 0)
            return -1;
    return 0;
}

int sandbox_fill(struct settings *c, const struct json *ready, struct err *e)
{
    const char *base = json_str(ready, "base"), *ca = json_str(ready, "ca");
    const char *cloud = json_str(ready, "cloud"), *proxy = json_str(ready, "proxy");
    bool plays = cloud && cloud[0]; /* a cloud of the table, at its own host names */

    if (!base || !ca || !str_starts(base, "https://") || !STR_SET(c->sandbox_base, base) ||
        !STR_SET(c->cloud_endpoint, plays ? "" : base) || !STR_SET(c->ca_file, ca) ||
        (plays && (!proxy || !STR_SET(c->proxy, proxy))))
        return err_set(e, ERR_SYSTEM, 0, "%s", _("The sandbox did not say where it is."));
    if (plays && !cloud_find(cloud) && !str_eq(cloud, CLOUD_LOCAL))
        return err_set(e, ERR_SYSTEM, 0, _("The sandbox plays a cloud that is not known: %s."),
                       cloud);
    STR_SET(c->cloud, plays ? cloud : "");
    c->has_proxy = true;
    if (!plays)
        c->proxy[0] = 0;
    return fill_nodes(c, ready, e);
}

static void tell(struct sandbox *s, const struct err *e)
{
    loop_timer_del(s->timer);
    s->timer = NULL;
    s->fn(s->payload, e);
}

static void take_ready(struct sandbox *s)
{
    struct err e = { 0 };
    struct json *j = json_parse(s->line.p, s->line.len, LINE_MAX_B, &e);

    s->ready = true;
    if (j && sandbox_fill(s->c, j, &e) == 0)
        tell(s, NULL);
    else
        tell(s, &e);
    json_free(j);
}

static void on_output(void *payload, int fd, short revents)
{
    struct sandbox *s = payload;
    char chunk[4096], *end;
    ssize_t n = read(fd, chunk, sizeof(chunk));

    (void)revents;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        loop_io_del(s->io);
        s->io = NULL;
        return;
    }
    if (s->ready || s->line.len > LINE_MAX_B)
        return;
    str_addn(&s->line, chunk, (size_t)n);
    end = memchr(s->line.p, '\n', s->line.len);
    if (end) {
        s->line.len = (size_t)(end - s->line.p);
        *end = 0;
        take_ready(s);
    }
}

/* ---- the child ---- */

static void close_output(struct sandbox *s)
{
    loop_io_del(s->io);
    s->io = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* A predecessor that is still ending holds the folder. */
static bool worth_another_try(const struct sandbox *s, int status)
{
    return !s->ready && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BUSY &&
           s->tries < AGAIN_MAX;
}

static void on_end(void *payload, pid_t pid, int status)
{
    struct sandbox *s = payload;
    struct err e = { 0 };

    (void)pid;
    s->child = NULL;
    s->pid = 0;
    close_output(s);
    if (worth_another_try(s, status)) {
        loop_timer_del(s->timer);
        s->timer = loop_after(s->loop, AGAIN_MS, again, s);
        return;
    }
    if (WIFSIGNALED(status))
        err_set(&e, ERR_SYSTEM, 0, _("The sandbox was ended by signal %d."), WTERMSIG(status));
    else
        err_set(&e, ERR_SYSTEM, 0, _("The sandbox ended with exit code %d."), WEXITSTATUS(status));
    STR_SET(e.advice, _("End this core and start again; azloconfd.log says more."));
    tell(s, &e);
}

static void on_late(void *payload)
{
    struct sandbox *s = payload;
    struct err e = { 0 };

    s->timer = NULL;
    err_set(&e, ERR_SYSTEM, 0, _("The sandbox was not ready after %d seconds."), READY_MS / 1000);
    s->fn(s->payload, &e);
}

static int spawn(struct sandbox *s, struct err *e)
{
    const char *argv[SETTINGS_MAX_LIST + 10];
    char program[600], dir[640], nodes[24], rate[24];
    struct memory m;
    size_t n = 0;

    if (proc_own_program(program, sizeof(program), "azlosandbox", e) < 0)
        return -1;
    str_fmt(dir, sizeof(dir), "%s/sandbox", s->c->state_dir);
    recall(s->c, &m);
    s->c->nodes = m.nodes;
    if (s->c->cloud[0] && m.cloud[0] && !str_ieq(m.cloud, s->c->cloud))
        return err_set(e, ERR_USAGE, 0,
                       _("This rehearsal is one of %s: add --fresh to begin one of %s."), m.cloud,
                       s->c->cloud);
    if (s->c->cloud[0])
        STR_SET(m.cloud, s->c->cloud);
    str_fmt(nodes, sizeof(nodes), "%lld", (long long)m.nodes);
    str_fmt(rate, sizeof(rate), "%lld", (long long)s->c->clock_rate);
    argv[n++] = program;
    argv[n++] = "--dir";
    argv[n++] = dir;
    argv[n++] = "--nodes";
    argv[n++] = nodes;
    if (m.cloud[0]) {
        argv[n++] = "--cloud";
        argv[n++] = m.cloud;
    }
    if (s->c->clock_rate > 1) {
        argv[n++] = "--clock-rate";
        argv[n++] = rate;
    }
    for (size_t i = 0; i < s->c->n_sandbox_args; i++)
        argv[n++] = s->c->sandbox_args[i];
    argv[n] = NULL;
    s->pid = proc_spawn(argv, &s->fd, SIGTERM, e);
    if (s->pid < 0) {
        s->pid = 0;
        s->fd = -1;
        return -1;
    }
    str_reset(&s->line);
    remember(s->c, &m);
    s->io = loop_io_add(s->loop, s->fd, POLLIN, on_output, s);
    s->child = loop_child_add(s->loop, s->pid, on_end, s);
    s->timer = loop_after(s->loop, READY_MS, on_late, s);
    s->tries++;
    return 0;
}

static void again(void *payload)
{
    struct sandbox *s = payload;
    struct err e = { 0 };

    s->timer = NULL;
    if (spawn(s, &e) < 0)
        s->fn(s->payload, &e);
}

struct sandbox *sandbox_start(struct loop *l, struct settings *c, sandbox_fn *fn, void *payload,
                              struct err *e)
{
    struct sandbox *s = xcalloc(1, sizeof(*s));

    s->loop = l;
    s->c = c;
    s->fn = fn;
    s->payload = payload;
    s->fd = -1;
    if (spawn(s, e) < 0) {
        free(s);
        return NULL;
    }
    return s;
}

void sandbox_stop(struct sandbox *s)
{
    if (!s)
        return;
    if (s->pid > 0)
        kill(s->pid, SIGTERM);
    loop_child_del(s->child);
    loop_timer_del(s->timer);
    close_output(s);
    str_free(&s->line);
    free(s);
}
