#include "config.h"

#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"

#define SIGNALS   65 /* numbers 1 to 64 */
#define MAX_LOOPS 8

struct loop_io {
    struct loop *loop;
    struct loop_io *next;
    int fd;
    short events, revents;
    bool dead;
    loop_io_fn *fn;
    void *payload;
};

struct loop_timer {
    struct loop *loop;
    struct loop_timer *prev, *next;
    int64_t due;
    uint64_t seq;
    loop_timer_fn *fn;
    void *payload;
};

struct loop_child {
    struct loop *loop;
    struct loop_child *next;
    pid_t pid;
    bool dead;         /* reaped and reported */
    loop_child_fn *fn; /* NULL: nobody wants to know */
    void *payload;
};

struct watched_signal {
    loop_signal_fn *fn;
    void *payload;
    struct sigaction before;
    bool ours;
};

/* What the handler may touch: flags, and a pipe that only has to wake the poll. */
struct slot {
    volatile sig_atomic_t used, wake_fd;
    volatile sig_atomic_t got[SIGNALS];
};

struct loop {
    struct loop_io *ios;
    struct loop_timer *timers; /* sorted by due, then seq */
    struct loop_child *children;
    struct watched_signal signals[SIGNALS];
    struct slot *slot;
    int wake[2];
    uint64_t timer_seq, wakeups;
    struct pollfd *pfds;
    size_t pfds_cap;
    int depth; /* callbacks running: dead watches are not freed under them */
    bool check_children, stopped;
};

static struct slot slots[MAX_LOOPS];

static void on_signal(int signo)
{
    int saved = errno;

    for (int i = 0; i < MAX_LOOPS; i++) {
        if (!slots[i].used)
            continue;
        slots[i].got[signo] = 1;
        /* A full pipe wakes the loop as well as one byte more would. */
        if (write(slots[i].wake_fd, "", 1) < 0)
            continue;
    }
    errno = saved;
}

static int take_signal(struct loop *l, int signo, struct err *e)
{
    struct watched_signal *w = &l->signals[signo];
    struct sigaction sa;

    if (w->ours)
        return 0;
    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = on_signal;
    sa.sa_flags = SA_RESTART | (signo == SIGCHLD ? SA_NOCLDSTOP : 0);
    sigfillset(&sa.sa_mask);
    if (sigaction(signo, &sa, &w->before) != 0)
        return err_sys(e, errno, _("The signal %d cannot be watched"), signo);
    w->ours = true;
    return 0;
}

struct loop *loop_new(struct err *e)
{
    struct loop *l;
    int fds[2], i = 0;

    while (i < MAX_LOOPS && slots[i].used)
        i++;
    if (i == MAX_LOOPS) {
        err_sys(e, EMFILE, _("The event loop cannot be made"));
        return NULL;
    }
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        err_sys(e, errno, _("The event loop cannot be made"));
        return NULL;
    }
    l = xcalloc(1, sizeof(*l));
    l->wake[0] = fds[0];
    l->wake[1] = fds[1];
    l->slot = &slots[i];
    for (int s = 0; s < SIGNALS; s++)
        l->slot->got[s] = 0;
    l->slot->wake_fd = fds[1];
    l->slot->used = 1;
    signal(SIGPIPE, SIG_IGN);
    if (take_signal(l, SIGCHLD, e) < 0) {
        loop_free(l);
        return NULL;
    }
    return l;
}

static void sweep(struct loop *l, bool all)
{
    for (struct loop_io **at = &l->ios; *at;) {
        struct loop_io *io = *at;

        if (io->dead || all) {
            *at = io->next;
            free(io);
        } else {
            at = &io->next;
        }
    }
    for (struct loop_child **at = &l->children; *at;) {
        struct loop_child *c = *at;

        if (c->dead || all) {
            *at = c->next;
            free(c);
        } else {
            at = &c->next;
        }
    }
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    for (int s = 1; s < SIGNALS; s++)
        if (l->signals[s].ours)
            sigaction(s, &l->signals[s].before, NULL);
    l->slot->used = 0;
    close(l->wake[0]);
    close(l->wake[1]);
    sweep(l, true);
    while (l->timers)
        loop_timer_del(l->timers);
    free(l->pfds);
    free(l);
}

struct loop_io *loop_io_add(struct loop *l, int fd, short events, loop_io_fn *fn, void *payload)
{
    struct loop_io *io = xcalloc(1, sizeof(*io));

    *io = (struct loop_io){ .loop = l, .next = l->ios, .fd = fd, .events = events, .fn = fn };
    io->payload = payload;
    l->ios = io;
    return io;
}

void loop_io_set(struct loop_io *io, short events)
{
    io->events = events;
}

void loop_io_del(struct loop_io *io)
{
    if (!io)
        return;
    io->dead = true;
    if (io->loop->depth == 0)
        sweep(io->loop, false);
}

struct loop_timer *loop_after(struct loop *l, int64_t ms, loop_timer_fn *fn, void *payload)
{
    struct loop_timer *t = xcalloc(1, sizeof(*t)), *before = NULL, *after = l->timers;
    int64_t now = mono_ms();

    t->loop = l;
    t->due = ms <= 0 ? now : ms > INT64_MAX - now ? INT64_MAX : now + ms;
    t->seq = ++l->timer_seq;
    t->fn = fn;
    t->payload = payload;
    while (after && after->due <= t->due) {
        before = after;
        after = after->next;
    }
    t->prev = before;
    t->next = after;
    if (after)
        after->prev = t;
    *(before ? &before->next : &l->timers) = t;
    return t;
}

void loop_timer_del(struct loop_timer *t)
{
    if (!t)
        return;
    *(t->prev ? &t->prev->next : &t->loop->timers) = t->next;
    if (t->next)
        t->next->prev = t->prev;
    free(t);
}

int loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *payload, struct err *e)
{
    if (signo <= 0 || signo >= SIGNALS || signo == SIGCHLD)
        return err_sys(e, EINVAL, _("The signal %d cannot be watched"), signo);
    l->signals[signo].fn = fn;
    l->signals[signo].payload = payload;
    return take_signal(l, signo, e);
}

struct loop_child *loop_child_add(struct loop *l, pid_t pid, loop_child_fn *fn, void *payload)
{
    struct loop_child *c = xcalloc(1, sizeof(*c));

    *c = (struct loop_child){ l, l->children, pid, false, fn, payload };
    l->children = c;
    /* It may have ended before this call, its signal long gone. */
    l->check_children = true;
    return c;
}

void loop_child_del(struct loop_child *c)
{
    if (c)
        c->fn = NULL;
}

static int poll_timeout(const struct loop *l, int64_t max_ms)
{
    int64_t wait = max_ms;

    if (l->check_children)
        return 0;
    if (l->timers) {
        int64_t left = l->timers->due - mono_ms();

        left = left > 0 ? left : 0;
        wait = wait < 0 || left < wait ? left : wait;
    }
    if (wait < 0)
        return -1;
    return wait > 86400000 ? 86400000 : (int)wait;
}

static void wait_for_events(struct loop *l, int64_t max_ms)
{
    size_t n = 1, i = 1;
    int ready;

    for (struct loop_io *io = l->ios; io; io = io->next)
        n++;
    if (n > l->pfds_cap) {
        l->pfds_cap = n * 2;
        l->pfds = xrealloc(l->pfds, l->pfds_cap * sizeof(*l->pfds));
    }
    l->pfds[0] = (struct pollfd){ .fd = l->wake[0], .events = POLLIN };
    for (struct loop_io *io = l->ios; io; io = io->next)
        l->pfds[i++] = (struct pollfd){ .fd = io->dead ? -1 : io->fd, .events = io->events };
    ready = poll(l->pfds, n, poll_timeout(l, max_ms));
    i = 1;
    for (struct loop_io *io = l->ios; io; io = io->next, i++)
        io->revents = ready > 0 ? l->pfds[i].revents : 0;
    if (ready > 0 && l->pfds[0].revents) {
        char drain[64];

        while (read(l->wake[0], drain, sizeof(drain)) == (ssize_t)sizeof(drain))
            continue;
    }
}

static int run_signals(struct loop *l)
{
    int n = 0;

    for (int s = 1; s < SIGNALS; s++) {
        if (!l->slot->got[s])
            continue;
        l->slot->got[s] = 0;
        if (s == SIGCHLD)
            l->check_children = true;
        if (!l->signals[s].fn)
            continue;
        n++;
        l->signals[s].fn(l->signals[s].payload, s);
    }
    return n;
}

static int run_ios(struct loop *l)
{
    int n = 0;

    for (struct loop_io *io = l->ios; io; io = io->next) {
        short what = (short)(io->revents & (io->events | POLLERR | POLLHUP | POLLNVAL));

        io->revents = 0;
        if (io->dead || !what)
            continue;
        n++;
        io->fn(io->payload, io->fd, what);
    }
    return n;
}

static int run_children(struct loop *l)
{
    int n = 0;

    if (!l->check_children)
        return 0;
    l->check_children = false;
    for (struct loop_child *c = l->children; c; c = c->next) {
        int status = 0;
        pid_t pid = c->dead ? 0 : waitpid(c->pid, &status, WNOHANG);

        if (pid == 0 || (pid < 0 && errno == EINTR))
            continue;
        if (pid < 0)
            status = W_EXITCODE(255, 0); /* reaped by somebody else: it is gone all the same */
        c->dead = true;
        if (!c->fn)
            continue;
        n++;
        c->fn(c->payload, c->pid, status);
    }
    return n;
}

/* Timers made by the callbacks wait for the next turn, so that a timer of 0 ms cannot hold the
 * loop. */
static int run_timers(struct loop *l)
{
    uint64_t newest = l->timer_seq;
    int64_t now = mono_ms();
    int n = 0;

    for (;;) {
        struct loop_timer *t = l->timers;
        loop_timer_fn *fn;
        void *payload;

        while (t && t->due <= now && t->seq > newest)
            t = t->next;
        if (!t || t->due > now)
            return n;
        fn = t->fn;
        payload = t->payload;
        loop_timer_del(t);
        n++;
        fn(payload);
    }
}

int loop_turn(struct loop *l, int64_t max_ms)
{
    int n;

    wait_for_events(l, max_ms);
    l->depth++;
    n = run_signals(l);
    n += run_ios(l);
    n += run_children(l);
    n += run_timers(l);
    l->depth--;
    if (l->depth == 0)
        sweep(l, false);
    l->wakeups += n > 0;
    return n;
}

void loop_run(struct loop *l)
{
    l->stopped = false;
    while (!l->stopped)
        loop_turn(l, -1);
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}

uint64_t loop_wakeups(const struct loop *l)
{
    return l->wakeups;
}
