#include "config.h"

#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/launch.h"
#include "base/secret.h"
#include "base/str.h"

#define OUTPUT_MAX    (1024 * 1024)
#define KILL_AFTER_MS 2000
/* How long a pipe that a grandchild holds open (ssh's control master does) may delay the answer. */
#define LINGER_MS 250
#define PATH_SIZE 1024

extern char **environ;

struct sink {
    struct proc *proc;
    struct loop_io *io;
    int fd;
    char *p; /* wiped when freed: output may hold a token */
    size_t len, cap;
};

struct proc {
    struct loop *loop;
    struct loop_child *child;
    struct loop_timer *timer; /* deadline, then the kill, then the lingering */
    struct loop_io *in_io;
    pid_t pid;
    int in_fd;
    char *input;
    size_t input_len, input_done, max_output;
    struct sink out, errout;
    int status;
    bool exited, timed_out, finished;
    proc_done_fn *fn;
    void *payload;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void sink_close(struct sink *s)
{
    loop_io_del(s->io);
    s->io = NULL;
    close_fd(&s->fd);
}

static void input_close(struct proc *p)
{
    loop_io_del(p->in_io);
    p->in_io = NULL;
    close_fd(&p->in_fd);
    wipe_free(p->input);
    p->input = NULL;
}

static void proc_free(struct proc *p)
{
    sink_close(&p->out);
    sink_close(&p->errout);
    input_close(p);
    loop_timer_del(p->timer);
    wipe_free(p->out.p);
    wipe_free(p->errout.p);
    free(p);
}

static void finish(struct proc *p)
{
    struct proc_result r = { .timed_out = p->timed_out };

    r.exit_code = WIFEXITED(p->status) ? WEXITSTATUS(p->status) : -1;
    r.signal = WIFSIGNALED(p->status) ? WTERMSIG(p->status) : 0;
    r.out = p->out.p;
    r.out_len = p->out.len;
    r.errout = p->errout.p;
    r.errout_len = p->errout.len;
    p->finished = true;
    p->fn(p->payload, &r);
    proc_free(p);
}

static void finish_if_done(struct proc *p)
{
    if (p->exited && p->out.fd < 0 && p->errout.fd < 0)
        finish(p);
}

static void keep_bytes(struct sink *s, const char *bytes, size_t n)
{
    size_t room = s->proc->max_output - s->len;

    n = n < room ? n : room;
    if (s->len + n + 1 > s->cap) {
        while (s->cap < s->len + n + 1)
            s->cap *= 2;
        s->p = wipe_realloc(s->p, s->cap);
        if (!s->p)
            xmalloc(SIZE_MAX / 2); /* ends the program */
    }
    memcpy(s->p + s->len, bytes, n);
    s->len += n;
    s->p[s->len] = '\0';
}

/* One block a turn while the child runs (a chatty one must not hold the loop); false at the end. */
static bool sink_read(struct sink *s)
{
    char block[16384];
    ssize_t r = read(s->fd, block, sizeof(block));

    if (r < 0)
        return errno == EINTR || errno == EAGAIN;
    if (r > 0)
        keep_bytes(s, block, (size_t)r);
    explicit_bzero(block, r > 0 ? (size_t)r : 0);
    return r > 0;
}

static void on_output(void *payload, int fd, short revents)
{
    struct sink *s = payload;

    (void)fd;
    (void)revents;
    if (sink_read(s))
        return;
    sink_close(s);
    finish_if_done(s->proc);
}

static void on_input(void *payload, int fd, short revents)
{
    struct proc *p = payload;
    ssize_t r = write(fd, p->input + p->input_done, p->input_len - p->input_done);

    (void)revents;
    if (r < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (r > 0)
        p->input_done += (size_t)r;
    if (r < 0 || p->input_done == p->input_len)
        input_close(p);
}

static void on_linger(void *payload)
{
    struct proc *p = payload;

    p->timer = NULL;
    sink_close(&p->out);
    sink_close(&p->errout);
    finish_if_done(p);
}

static void on_kill(void *payload)
{
    struct proc *p = payload;

    p->timer = NULL;
    kill(-p->pid, SIGKILL);
}

static void on_deadline(void *payload)
{
    struct proc *p = payload;

    p->timed_out = true;
    kill(-p->pid, SIGTERM);
    p->timer = loop_after(p->loop, KILL_AFTER_MS, on_kill, p);
}

static void on_child(void *payload, pid_t pid, int status)
{
    struct proc *p = payload;

    (void)pid;
    p->child = NULL;
    p->exited = true;
    p->status = status;
    if (p->timed_out)
        kill(-p->pid, SIGKILL); /* what it left behind in its session */
    input_close(p);
    loop_timer_del(p->timer);
    p->timer = NULL;
    if (p->out.fd < 0 && p->errout.fd < 0)
        finish(p);
    else
        p->timer = loop_after(p->loop, LINGER_MS, on_linger, p);
}

/* PATH, HOME, LANG, LC_ALL, TMPDIR of ours; the strings belong to environ. */
static char **minimal_env(void)
{
    static const char *const names[] = { "PATH=", "HOME=", "LANG=", "LC_ALL=", "TMPDIR=" };
    char **env = xcalloc(ARRAY_LEN(names) + 1, sizeof(*env));
    size_t n = 0;

    for (char **v = environ; v && *v; v++)
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            if (n < ARRAY_LEN(names) && str_starts(*v, names[i]))
                env[n++] = *v;
    return env;
}

static bool is_private(const char *var)
{
    static const char *const parts[] = { "SECRET", "TOKEN", "PASSW", "CREDENTIAL" };
    char name[128];

    str_fmt(name, sizeof(name), "%.*s", (int)strcspn(var, "="), var);
    if (str_starts(name, "AZURE_") || str_starts(name, "ARM_"))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (str_ifind(name, parts[i]))
            return true;
    return false;
}

/* Our environment without what signs us in. */
static char **public_env(void)
{
    size_t n = 0, kept = 0;
    char **env;

    while (environ && environ[n])
        n++;
    env = xcalloc(n + 1, sizeof(*env));
    for (size_t i = 0; i < n; i++)
        if (!is_private(environ[i]))
            env[kept++] = environ[i];
    return env;
}

static int own_side(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    return fd;
}

static struct proc *proc_new(struct loop *l, const struct proc_spec *spec, proc_done_fn *fn,
                             void *payload)
{
    struct proc *p = xcalloc(1, sizeof(*p));
    struct sink *sinks[] = { &p->out, &p->errout };

    p->loop = l;
    p->fn = fn;
    p->payload = payload;
    p->in_fd = -1;
    p->max_output = spec->max_output ? spec->max_output : OUTPUT_MAX;
    for (size_t i = 0; i < ARRAY_LEN(sinks); i++) {
        *sinks[i] = (struct sink){ .proc = p, .fd = -1, .cap = 1024 };
        sinks[i]->p = wipe_calloc(1, sinks[i]->cap);
        if (!sinks[i]->p)
            xmalloc(SIZE_MAX / 2); /* ends the program */
    }
    if (spec->input && spec->input_len) {
        p->input_len = spec->input_len;
        p->input = wipe_malloc(spec->input_len);
        if (!p->input)
            xmalloc(SIZE_MAX / 2);
        memcpy(p->input, spec->input, spec->input_len);
    }
    return p;
}

/* Makes the three pipes: ours into *p, the child's into theirs[]. */
static int make_pipes(struct proc *p, int theirs[3], struct err *e)
{
    int fds[2];

    if (p->input) {
        if (launch_pipe(fds, e) < 0)
            return -1;
        theirs[0] = fds[0];
        p->in_fd = own_side(fds[1]);
    } else {
        theirs[0] = launch_null(e);
        if (theirs[0] < 0)
            return -1;
    }
    if (launch_pipe(fds, e) < 0)
        return -1;
    p->out.fd = own_side(fds[0]);
    theirs[1] = fds[1];
    if (launch_pipe(fds, e) < 0)
        return -1;
    p->errout.fd = own_side(fds[0]);
    theirs[2] = fds[1];
    return 0;
}

struct proc *proc_start(struct loop *l, const struct proc_spec *spec, proc_done_fn *fn,
                        void *payload, struct err *e)
{
    struct proc *p = proc_new(l, spec, fn, payload);
    char **env = spec->env ? NULL : minimal_env();
    int theirs[3] = { -1, -1, -1 };
    struct launch go = { .argv = spec->argv, .keep_fds = spec->keep_fds };

    p->pid = -1;
    go.env = env ? env : (char *const *)(uintptr_t)spec->env;
    go.n_keep_fds = spec->n_keep_fds;
    if (make_pipes(p, theirs, e) == 0) {
        go.in = theirs[0];
        go.out = theirs[1];
        go.errout = theirs[2];
        p->pid = launch_run(&go, e);
    }
    for (int i = 0; i < 3; i++)
        close_fd(&theirs[i]);
    free(env);
    if (p->pid < 0) {
        proc_free(p);
        return NULL;
    }
    p->child = loop_child_add(l, p->pid, on_child, p);
    p->out.io = loop_io_add(l, p->out.fd, POLLIN, on_output, &p->out);
    p->errout.io = loop_io_add(l, p->errout.fd, POLLIN, on_output, &p->errout);
    if (p->in_fd >= 0)
        p->in_io = loop_io_add(l, p->in_fd, POLLOUT, on_input, p);
    if (spec->deadline_ms > 0)
        p->timer = loop_after(l, spec->deadline_ms, on_deadline, p);
    return p;
}

void proc_kill(struct proc *p)
{
    if (!p || p->finished)
        return;
    if (!p->exited)
        kill(-p->pid, SIGKILL);
    loop_child_del(p->child);
    proc_free(p);
}

pid_t proc_spawn(const char *const *argv, int *out_fd, int death_sig, struct err *e)
{
    struct launch go = { .argv = argv, .out = -1, .errout = -1, .death_sig = death_sig };
    char **env;
    int fds[2];
    pid_t pid;

    go.in = launch_null(e);
    if (go.in < 0)
        return -1;
    if (launch_pipe(fds, e) < 0) {
        close(go.in);
        return -1;
    }
    env = public_env();
    go.env = env;
    go.out = fds[1];
    pid = launch_run(&go, e);
    free(env);
    close(go.in);
    close(fds[1]);
    if (pid < 0)
        close(fds[0]);
    else
        *out_fd = fds[0];
    return pid;
}

/* Our environment without the secrets that stand in it for Azure's tools: a daemon lives long. */
static const char **clean_environ(void)
{
    static const char *const secrets[] = {
        "AZURE_CLIENT_SECRET=", "AZURE_CLIENT_CERTIFICATE_PASSWORD=", "AZURE_PASSWORD="
    };
    size_t n = 0, k = 0;
    const char **out;

    while (environ[n])
        n++;
    out = xcalloc(n + 1, sizeof(*out));
    for (size_t i = 0; i < n; i++) {
        bool is_secret = false;

        for (size_t s = 0; s < ARRAY_LEN(secrets); s++)
            is_secret |= str_starts(environ[i], secrets[s]);
        if (!is_secret)
            out[k++] = environ[i];
    }
    return out;
}

int proc_daemon(const char *const *argv, const char *errlog, int *alive_fd, struct err *e)
{
    struct launch go = { .argv = argv, .detach = true };
    const char **env;
    int log_fd = -1, alive[2] = { -1, -1 };
    pid_t rc = -1;

    go.in = launch_null(e);
    if (go.in < 0)
        return -1;
    if (alive_fd && launch_pipe(alive, e) < 0) {
        close(go.in);
        return -1;
    }
    env = clean_environ();
    go.env = (char *const *)(uintptr_t)env;
    go.keep_fds = &alive[1]; /* held by the process, unknown to it, for as long as it lives */
    go.n_keep_fds = alive_fd ? 1 : 0;
    go.out = go.errout = go.in;
    if (errlog) {
        int fd = open(errlog, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        log_fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
        if (log_fd < 0)
            err_sys(e, errno, _("The file %s cannot be opened"), errlog);
        close_fd(&fd);
        go.errout = log_fd;
    }
    if (!errlog || log_fd >= 0)
        rc = launch_run(&go, e);
    free(env);
    close_fd(&log_fd);
    close(go.in);
    close_fd(&alive[1]);
    if (rc < 0)
        close_fd(&alive[0]);
    if (alive_fd)
        *alive_fd = alive[0];
    return rc < 0 ? -1 : 0;
}

int proc_own_program(char *out, size_t size, const char *name, struct err *e)
{
    static const char *const folders[] = {
        "", /* beside /proc/self/exe */
#ifdef AZL_SBINDIR
        AZL_SBINDIR,
#endif
#ifdef AZL_LIBEXECDIR
        AZL_LIBEXECDIR,
#endif
#ifdef AZL_BINDIR
        AZL_BINDIR,
#endif
    };
    char self[PATH_SIZE];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    self[n > 0 ? n : 0] = '\0';
    slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        const char *folder = folders[i][0] ? folders[i] : self;

        if (folder[0] == '/' && str_fmt(out, size, "%s/%s", folder, name) && access(out, X_OK) == 0)
            return 0;
    }
    return err_set(e, ERR_SYSTEM, ENOENT, _("The program %s is not installed."), name);
}
