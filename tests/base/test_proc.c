#include "config.h"

#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "base/secret.h"
#include "base/str.h"

int test_base_proc(void);

struct answer {
    struct loop *l;
    struct proc *p;
    struct proc_result r;
    char out[4000], err[200];
    bool done;
};

static void on_done(void *payload, const struct proc_result *r)
{
    struct answer *a = payload;

    a->r = *r;
    STR_SET(a->out, r->out);
    STR_SET(a->err, r->errout);
    a->done = true;
    proc_kill(a->p); /* finished: must do nothing */
}

static void run_spec(struct answer *a, struct proc_spec *spec)
{
    struct err e = { 0 };
    int64_t until = mono_ms() + 10000;

    memset(a, 0, sizeof(*a));
    a->l = loop_new(&e);
    assert_non_null(a->l);
    a->p = proc_start(a->l, spec, on_done, a, &e);
    assert_non_null(a->p);
    while (!a->done && mono_ms() < until)
        loop_turn(a->l, 1000);
    assert_true(a->done);
    loop_free(a->l);
}

/* The shell is the program under watch here, started by its path like any other. */
static void run(struct answer *a, const char *script, struct proc_spec spec)
{
    const char *argv[] = { "/bin/sh", "-c", script, NULL };

    spec.argv = argv;
    run_spec(a, &spec);
}

static void gives_output_and_code(void **state)
{
    struct answer a;

    (void)state;
    run(&a, "echo out; echo err >&2; exit 7", (struct proc_spec){ 0 });
    assert_string_equal(a.out, "out\n");
    assert_string_equal(a.err, "err\n");
    assert_int_equal(a.r.exit_code, 7);
    assert_int_equal(a.r.signal, 0);
    assert_false(a.r.timed_out);
    run(&a, "kill -TERM $$", (struct proc_spec){ 0 });
    assert_int_equal(a.r.exit_code, -1);
    assert_int_equal(a.r.signal, SIGTERM);
}

static void feeds_input(void **state)
{
    struct answer a;
    struct proc_spec spec = { 0 };
    char *big = xmalloc(300000);

    (void)state;
    memset(big, 'x', 300000);
    spec.input = big;
    spec.input_len = 300000;
    run(&a, "wc -c", spec);
    assert_int_equal(atoi(a.out), 300000);
    run(&a, "exec 0<&-; exit 4", spec); /* nobody reads it */
    assert_int_equal(a.r.exit_code, 4);
    free(big);
    run(&a, "cat; echo end", (struct proc_spec){ 0 });
    assert_string_equal(a.out, "end\n");
}

static void caps_output(void **state)
{
    struct answer a;

    (void)state;
    run(&a, "head -c 300000 /dev/zero | tr '\\0' y; echo >&2 done",
        (struct proc_spec){ .max_output = 1000 });
    assert_int_equal(a.r.out_len, 1000);
    assert_string_equal(a.err, "done\n");
    assert_int_equal(a.r.exit_code, 0);
}

static void ends_at_the_deadline(void **state)
{
    struct answer a;
    int64_t from = mono_ms();

    (void)state;
    run(&a, "sleep 100 & sleep 100", (struct proc_spec){ .deadline_ms = 100 });
    assert_true(a.r.timed_out);
    assert_int_equal(a.r.signal, SIGTERM);
    assert_true(mono_ms() - from < 1500);
}

static void does_not_wait_for_who_holds_the_pipe(void **state)
{
    struct answer a;
    int64_t from = mono_ms();

    (void)state;
    run(&a, "sleep 3 & echo ok", (struct proc_spec){ 0 });
    assert_string_equal(a.out, "ok\n");
    assert_true(mono_ms() - from < 1500);
}

static void inherits_only_what_is_named(void **state)
{
    struct answer a;
    struct proc_spec spec = { 0 };
    int leak = open("/dev/null", O_RDONLY), fd = secret_memfd("m", "sealed", 6), kept;

    (void)state;
    kept = fcntl(fd, F_DUPFD_CLOEXEC, 9);
    assert_int_equal(kept, 9); /* one digit is what every shell can name */
    spec.keep_fds = &kept;
    spec.n_keep_fds = 1;
    run(&a, "cat <&9; ls /proc/self/fd | tr '\\n' ' '", spec);
    /* ls itself opens one descriptor (the folder) */
    assert_true(str_starts(a.out, "sealed0 1 2 3 9"));
    close(leak);
    close(fd);
    close(kept);
}

static void has_a_clean_start(void **state)
{
    static const char *const env[] = { "ONLY=this", NULL };
    struct answer a;
    struct proc_spec spec = { .argv = (const char *const[]){ "/usr/bin/env", NULL } };

    (void)state;
    setenv("AZL_TEST_SECRET", "hush", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    run_spec(&a, &spec);
    assert_null(strstr(a.out, "hush"));
    assert_non_null(strstr(a.out, "PATH=/usr/bin:/bin"));
    spec.env = env;
    run_spec(&a, &spec);
    assert_string_equal(a.out, "ONLY=this\n");
    run(&a, "ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat; echo $$",
        (struct proc_spec){ 0 });
    assert_int_equal(atoi(a.out), atoi(strchr(a.out, '\n') + 1));
    run(&a, "sed -n 's/^Sig[BI][lg][kn]:.//p' /proc/self/status", (struct proc_spec){ 0 });
    /* 32 and 33 are the C library's own: no program can change them by sigaction, and make's
     * children inherit them ignored */
    for (char *line = a.out; *line; line = strchr(line, '\n') + 1)
        assert_int_equal(strtoull(line, NULL, 16) & ~UINT64_C(0x180000000), 0);
    unsetenv("AZL_TEST_SECRET");
}

static void says_what_cannot_start(void **state)
{
    const char *argv[] = { "/nonexistent/tool", NULL }, *bare[] = { "no-such-tool-here", NULL };
    struct proc_spec spec = { .argv = argv };
    struct err e = { 0 };
    struct loop *l = loop_new(&e);

    (void)state;
    assert_null(proc_start(l, &spec, on_done, NULL, &e));
    assert_int_equal(e.code, ENOENT);
    assert_non_null(strstr(e.message, "/nonexistent/tool"));
    spec.argv = bare;
    assert_null(proc_start(l, &spec, on_done, NULL, &e));
    assert_int_equal(e.code, ENOENT);
    loop_free(l);
}

static void can_be_killed(void **state)
{
    const char *argv[] = { "sleep", "100", NULL };
    struct proc_spec spec = { .argv = argv, .deadline_ms = 5000 };
    struct answer a = { 0 };
    struct err e = { 0 };
    int64_t until = mono_ms() + 3000;

    (void)state;
    a.l = loop_new(&e);
    a.p = proc_start(a.l, &spec, on_done, &a, &e);
    assert_non_null(a.p);
    proc_kill(a.p);
    while (waitpid(-1, NULL, WNOHANG | __WALL) == 0 && mono_ms() < until)
        loop_turn(a.l, 20);
    assert_false(a.done);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    loop_free(a.l);
    proc_kill(NULL);
}

static void spawns_with_a_pipe(void **state)
{
    const char *argv[] = { "/bin/sh", "-c", "echo ${AZURE_CLIENT_SECRET:-none}", NULL };
    struct err e = { 0 };
    char buf[64] = "";
    int fd = -1, status;
    pid_t pid;

    (void)state;
    setenv("AZURE_CLIENT_SECRET", "hush", 1);
    pid = proc_spawn(argv, &fd, SIGTERM, &e);
    unsetenv("AZURE_CLIENT_SECRET");
    assert_true(pid > 0);
    assert_int_equal(read(fd, buf, sizeof(buf) - 1), 5);
    assert_string_equal(buf, "none\n");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(fd);
}

/* Gone, or a zombie that the init process has not yet collected. */
static bool has_ended(pid_t pid)
{
    char file[64];
    struct err e = { 0 };
    struct str s = STR_INIT;
    bool ended;

    str_fmt(file, sizeof(file), "/proc/%ld/stat", (long)pid);
    ended = file_read(file, 4096, &s, &e) < 0 || strstr(str_p(&s), ") Z ");
    str_free(&s);
    return ended;
}

static void a_spawned_child_dies_with_its_parent(void **state)
{
    const char *argv[] = { "/bin/sh", "-c", "echo up; exec sleep 20", NULL };
    int64_t until = mono_ms() + 3000;
    pid_t pid, spawned = 0;
    int ends[2], status;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        struct err e = { 0 };
        int fd = -1;
        char c;

        spawned = proc_spawn(argv, &fd, SIGKILL, &e);
        if (spawned < 0 || read(fd, &c, 1) != 1)
            _exit(1);
        _exit(write(ends[1], &spawned, sizeof(spawned)) == sizeof(spawned) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], &spawned, sizeof(spawned)), sizeof(spawned));
    while (!has_ended(spawned) && mono_ms() < until)
        poll(NULL, 0, 5);
    assert_true(has_ended(spawned));
    close(ends[0]);
    close(ends[1]);
}

static void a_daemon_is_nobodys_child(void **state)
{
    char file[300], log[300], script[700];
    const char *argv[] = { "/bin/sh", "-c", script, NULL }, *bad[] = { "/nonexistent/d", NULL };
    struct err e = { 0 };
    struct str s = STR_INIT;
    int64_t until = mono_ms() + 3000;
    struct pollfd gone = { .events = POLLIN };
    int alive = -1;
    char c;

    (void)state;
    str_fmt(file, sizeof(file), "%s/daemon.out", test_dir());
    str_fmt(log, sizeof(log), "%s/daemon.err", test_dir());
    str_fmt(script, sizeof(script), "echo oops >&2; pwd > '%s.tmp'; mv '%s.tmp' '%s'; sleep 0.2",
            file, file, file);
    assert_int_equal(proc_daemon(argv, log, &alive, &e), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    while (access(file, R_OK) != 0 && mono_ms() < until)
        poll(NULL, 0, 5);
    assert_int_equal(file_read(file, 100, &s, &e), 0);
    assert_string_equal(str_p(&s), "/\n");
    str_reset(&s);
    gone.fd = alive;
    assert_int_equal(poll(&gone, 1, 0), 0); /* it lives */
    assert_int_equal(poll(&gone, 1, 3000), 1);
    assert_int_equal(read(alive, &c, 1), 0);
    close(alive);
    assert_int_equal(file_read(log, 100, &s, &e), 0);
    assert_string_equal(str_p(&s), "oops\n");
    str_free(&s);
    assert_int_equal(proc_daemon(bad, NULL, NULL, &e), -1);
    assert_int_equal(e.code, ENOENT);
}

static void finds_own_programs(void **state)
{
    char self[300], out[300];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    struct err e = { 0 };

    (void)state;
    assert_true(n > 0);
    self[n] = '\0';
    assert_int_equal(proc_own_program(out, sizeof(out), strrchr(self, '/') + 1, &e), 0);
    assert_string_equal(out, self);
    assert_int_equal(proc_own_program(out, sizeof(out), "azl-no-such-program", &e), -1);
    assert_non_null(strstr(e.message, "azl-no-such-program"));
}

int test_base_proc(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_output_and_code),
        cmocka_unit_test(feeds_input),
        cmocka_unit_test(caps_output),
        cmocka_unit_test(ends_at_the_deadline),
        cmocka_unit_test(does_not_wait_for_who_holds_the_pipe),
        cmocka_unit_test(inherits_only_what_is_named),
        cmocka_unit_test(has_a_clean_start),
        cmocka_unit_test(says_what_cannot_start),
        cmocka_unit_test(can_be_killed),
        cmocka_unit_test(spawns_with_a_pipe),
        cmocka_unit_test(a_spawned_child_dies_with_its_parent),
        cmocka_unit_test(a_daemon_is_nobodys_child),
        cmocka_unit_test(finds_own_programs),
    };

    return TEST_GROUP("base/proc", tests);
}
