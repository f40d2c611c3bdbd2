#include "config.h"

#include "testing.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/str.h"

int test_base_loop(void);

struct seen {
    struct loop *l;
    struct loop_io *io, *other;
    struct loop_timer *timer;
    char order[32];
    int n, status;
    pid_t pid;
};

static struct loop *fresh(struct seen *s)
{
    struct err e = { 0 };

    memset(s, 0, sizeof(*s));
    s->l = loop_new(&e);
    assert_non_null(s->l);
    return s->l;
}

static void note(struct seen *s, char c)
{
    s->order[s->n++] = c;
}

static void on_a(void *p)
{
    note(p, 'a');
}

static void on_b(void *p)
{
    note(p, 'b');
}

static void on_again(void *p)
{
    struct seen *s = p;

    note(s, 'r');
    if (s->n < 10)
        loop_after(s->l, 0, on_again, s);
}

static void on_killer(void *p)
{
    struct seen *s = p;

    note(s, 'k');
    loop_timer_del(s->timer);
}

static void timers_fire_in_order(void **state)
{
    struct seen s;
    struct loop *l = fresh(&s);
    int64_t from = mono_ms();

    (void)state;
    loop_after(l, 30, on_b, &s);
    loop_after(l, 10, on_a, &s);
    loop_timer_del(loop_after(l, 5, on_b, &s));
    while (s.n < 2)
        loop_turn(l, -1);
    assert_string_equal(s.order, "ab");
    assert_true(mono_ms() - from >= 30);
    assert_int_equal(loop_turn(l, 0), 0);
    assert_int_equal(loop_wakeups(l), 2);
    loop_after(l, 0, on_again, &s);
    assert_int_equal(loop_turn(l, -1), 1);
    assert_int_equal(s.n, 3);
    loop_after(l, 0, on_killer, &s);
    s.timer = loop_after(l, 0, on_b, &s);
    loop_turn(l, -1);
    assert_null(strchr(s.order + 2, 'b'));
    loop_after(l, 10000, on_b, &s);
    loop_free(l);
}

static void on_read(void *p, int fd, short revents)
{
    struct seen *s = p;
    char c;

    if ((revents & POLLIN) && read(fd, &c, 1) == 1)
        note(s, c);
    else
        note(s, '.');
}

static void on_read_and_delete_all(void *p, int fd, short revents)
{
    struct seen *s = p;

    on_read(p, fd, revents);
    loop_io_del(s->io);
    loop_io_del(s->other);
    s->io = loop_io_add(s->l, fd, POLLIN, on_read, s);
}

static void descriptors_report(void **state)
{
    struct seen s;
    struct loop *l = fresh(&s);
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    s.io = loop_io_add(l, fds[0], POLLIN, on_read_and_delete_all, &s);
    s.other = loop_io_add(l, fds[0], POLLIN, on_read_and_delete_all, &s);
    assert_int_equal(loop_turn(l, 0), 0);
    assert_int_equal(write(fds[1], "xy", 2), 2);
    assert_int_equal(loop_turn(l, -1), 1);
    assert_string_equal(s.order, "x");
    assert_int_equal(loop_turn(l, -1), 1);
    assert_string_equal(s.order, "xy");
    loop_io_set(s.io, 0);
    assert_int_equal(write(fds[1], "z", 1), 1);
    assert_int_equal(loop_turn(l, 0), 0);
    close(fds[1]);
    assert_int_equal(loop_turn(l, -1), 1);
    assert_string_equal(s.order, "xy.");
    loop_io_del(s.io);
    loop_io_del(NULL);
    close(fds[0]);
    loop_free(l);
}

static void on_child(void *p, pid_t pid, int status)
{
    struct seen *s = p;

    s->pid = pid;
    s->status = status;
    note(s, 'c');
}

static pid_t child(int code)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(code);
    assert_true(pid > 0);
    return pid;
}

static void wait_zombie(pid_t pid)
{
    siginfo_t info;

    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void children_are_reported(void **state)
{
    struct seen s;
    struct loop *l = fresh(&s);
    pid_t pid = child(3), other;

    (void)state;
    wait_zombie(pid);
    while (loop_turn(l, 0) > 0)
        continue;
    loop_child_add(l, pid, on_child, &s);
    while (s.n == 0)
        loop_turn(l, 1000);
    assert_int_equal(s.pid, pid);
    assert_int_equal(WEXITSTATUS(s.status), 3);
    other = child(0);
    loop_child_del(loop_child_add(l, other, on_child, &s));
    wait_zombie(other);
    loop_turn(l, 100);
    loop_turn(l, 0);
    assert_int_equal(s.n, 1);
    assert_int_equal(waitpid(other, NULL, WNOHANG), -1);
    loop_free(l);
}

static void on_sig(void *p, int signo)
{
    struct seen *s = p;

    note(s, signo == SIGUSR1 ? '1' : '2');
    loop_stop(s->l);
}

static void signals_come_in_the_loop(void **state)
{
    struct seen s;
    struct loop *l = fresh(&s);
    struct err e = { 0 };
    struct sigaction now;
    int fds[2];

    (void)state;
    assert_int_equal(loop_signal(l, SIGUSR1, on_sig, &s, &e), 0);
    assert_int_equal(loop_signal(l, SIGUSR2, on_sig, &s, &e), 0);
    assert_int_equal(loop_signal(l, SIGCHLD, on_sig, &s, &e), -1);
    assert_int_equal(loop_signal(l, SIGKILL, on_sig, &s, &e), -1);
    raise(SIGUSR2);
    raise(SIGUSR1);
    assert_int_equal(s.n, 0);
    loop_run(l);
    assert_string_equal(s.order, "12");
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    assert_int_equal(write(fds[1], "x", 1), -1); /* and SIGPIPE did not end us */
    close(fds[1]);
    loop_free(l);
    sigaction(SIGUSR1, NULL, &now);
    assert_ptr_equal(now.sa_handler, SIG_DFL);
}

int test_base_loop(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order),
        cmocka_unit_test(descriptors_report),
        cmocka_unit_test(children_are_reported),
        cmocka_unit_test(signals_come_in_the_loop),
    };

    return TEST_GROUP("base/loop", tests);
}
