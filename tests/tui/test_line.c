#include "config.h"

#include "testing.h"
#include "tui/faces.h"
#include "tui/rig.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/str.h"
#include "console/ui/tty.h"

/* The line under the console: how it was left by others, how large, how fast. */

static void ready(struct rig *r)
{
    canned_core(r->core, "native");
    canned_not_registered(r->core);
    canned_signin(r->core, "out");
    canned_run(r->core, "none");
    canned_nodes(r->core);
    rig_show(r);
}

/* ---- as getty or a broken program left it ---- */

static void after_getty(struct termios *t)
{
    t->c_iflag = IGNCR | INLCR | ISTRIP | IUCLC | PARMRK | IXON | IXOFF;
    t->c_oflag = OPOST | OLCUC | TAB3;
    t->c_lflag = ICANON | ISIG | ECHONL;
    t->c_cc[VMIN] = 0;
    t->c_cc[VTIME] = 50;
    t->c_cc[VERASE] = 8;
}

static void a_line_as_getty_leaves_it(void **state)
{
    struct rig_options o = rig_rich;
    struct termios before, during, after;
    struct rig r;

    (void)state;
    o.line.set_line = after_getty;
    r = rig_start(&o);
    vt_termios(r.vt, &during);
    after_getty(&during); /* the fields that this sets are compared with what comes back */
    before = during;
    ready(&r);
    rig_assert_shows(&r, "Register this cluster"); /* not in capitals */
    rig_keys(&r, "2\r");                           /* Enter is not ignored */
    rig_assert_shows(&r, "Sign in to Azure");
    rig_keys(&r, "\033");
    rig_assert_shows(&r, "ClusterStatus");
    vt_termios(r.vt, &during);
    assert_false(during.c_iflag & (IGNCR | INLCR | ISTRIP | IUCLC | PARMRK | IXON | IXOFF));
    assert_false(during.c_oflag & OLCUC);
    assert_false(during.c_lflag & (ICANON | ISIG | ECHO | ECHONL));
    assert_int_equal(during.c_cc[VMIN], 1);
    assert_int_equal(during.c_cc[VTIME], 0);
    vt_send_raw(r.vt, "q", 1);
    assert_int_equal(vt_exit(r.vt), 0);
    vt_termios(r.vt, &after);
    assert_int_equal(after.c_iflag, before.c_iflag);
    assert_int_equal(after.c_oflag, before.c_oflag);
    assert_int_equal(after.c_lflag, before.c_lflag);
    assert_memory_equal(after.c_cc, before.c_cc, sizeof after.c_cc);
    rig_end(&r);
}

/* Ctrl-S on a terminal window is a key that does nothing, not a screen that stands still. */
static void ctrl_s_does_not_freeze(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    ready(&r);
    rig_keys(&r, "\x13");
    rig_keys(&r, "\033[B");
    rig_assert_shows(&r, ">  2 Sign in");
    rig_keys(&r, "\x11");
    rig_end(&r);
}

/* ---- 0x0 ---- */

static const struct rig_options no_size = {
    .rows = 43, .cols = 132, .term = "vt220", .locale = "C.UTF-8", .line = { .no_size = true }
};

static void kernel_size(struct rig *r, int rows, int cols)
{
    struct winsize ws;

    vt_size(r->vt, &ws);
    if (ws.ws_row != rows || ws.ws_col != cols)
        fail_msg("the line says %dx%d", ws.ws_col, ws.ws_row);
}

static void the_terminal_tells_its_size(void **state)
{
    struct rig r = rig_start(&no_size);

    (void)state;
    ready(&r);
    kernel_size(&r, 43, 132);
    rig_keys(&r, "11\r");
    rig_assert_shows(&r, "132 columns, 43 rows");
    rig_end(&r);
}

static void answer_in_time(struct vt *v, const char *ask)
{
    (void)ask;
    vt_send_later(v, 120, "\033[43;132R");
}

/* One paint, made when the answer is there: on a slow line a second one is seconds. */
static void it_is_painted_once(void **state)
{
    struct rig_options o = no_size;
    const char *all;
    size_t n, times = 0;
    struct rig r;

    (void)state;
    o.line.reply = answer_in_time;
    r = rig_start(&o);
    rig_assert_shows(&r, "ClusterStatus");
    rig_show(&r);
    kernel_size(&r, 43, 132);
    n = vt_all(r.vt, &all);
    for (size_t i = 0; i + 13 < n; i++)
        times += memcmp(all + i, "ClusterStatus", 13) == 0;
    assert_int_equal(times, 1);
    rig_end(&r);
}

static void answer_late(struct vt *v, const char *ask)
{
    (void)ask;
    vt_send_later(v, 700, "\033[43;132R");
}

/* Too late for the first paint, but it is still the size and no heap of keys. */
static void a_late_answer(void **state)
{
    struct rig_options o = no_size;
    struct rig r;

    (void)state;
    o.line.reply = answer_late;
    r = rig_start(&o);
    rig_assert_shows(&r, "ClusterStatus");
    kernel_size(&r, 0, 0);
    ready(&r);
    vt_turn(r.vt, 700);
    kernel_size(&r, 43, 132);
    rig_assert_shows(&r, ">  1 Register");
    rig_end(&r);
}

static void nobody_answers(void **state)
{
    struct rig_options o = no_size;
    struct rig r;
    int64_t start = mono_ms();

    (void)state;
    o.line.mute = true;
    r = rig_start(&o);
    rig_assert_shows(&r, "ClusterStatus");
    assert_true(mono_ms() - start < 1000);
    ready(&r);
    rig_keys(&r, "11\r");
    rig_assert_shows(&r, "80 columns, 24 rows");
    rig_assert_hides(&r, "999");
    rig_end(&r);
}

static const char *wrong_answer;

static void answer_wrongly(struct vt *v, const char *ask)
{
    (void)ask;
    vt_send_raw(v, wrong_answer, strlen(wrong_answer));
}

static void wrong_answers(void **state)
{
    static const char *const answers[] = {
        "\033[43;",          "\033[",        "\033[999;999R",        "\033[99999999999999;2R",
        "\033[70000;70000R", "\033[0;0R",    "\033[-1;-1R",          "\033[43;132;7;R\033[;R",
        "\033[4\033[43;13",  "\033[?43;13c", "\033[65535;65535R\033"
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct rig_options o = no_size;
        struct rig r;

        wrong_answer = answers[i];
        o.line.reply = answer_wrongly;
        r = rig_start(&o);
        rig_assert_shows(&r, "ClusterStatus");
        ready(&r);
        rig_assert_shows(&r, " >  1 Register"); /* nothing of it was a key */
        rig_keys(&r, "11\r");
        if (!vt_wait_for(r.vt, "80 columns, 24 rows"))
            fail_msg("answer %zu:\n%s", i, vt_text(r.vt));
        rig_end(&r);
    }
}

static void answer_amid_typing(struct vt *v, const char *ask)
{
    (void)ask;
    vt_send_raw(v, "1", 1);
    vt_send_raw(v, "\033[43;1", 6);
    vt_send_raw(v, "32R", 3);
    vt_send_raw(v, "1\r", 2);
}

/* Type-ahead while the question is out: 11 and Enter, before, after and around the answer. */
static void typed_meanwhile(void **state)
{
    struct rig_options o = no_size;
    struct rig r;

    (void)state;
    o.line.reply = answer_amid_typing;
    r = rig_start(&o);
    rig_assert_shows(&r, "132 columns, 43 rows");
    rig_end(&r);
}

static void a_size_nobody_asked_for(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    ready(&r);
    rig_keys(&r, "\033[43;132R");
    kernel_size(&r, 24, 80);
    rig_keys(&r, "11\r");
    rig_assert_shows(&r, "80 columns, 24 rows");
    rig_keys(&r, "s"); /* asked for: libvterm says what it has */
    rig_assert_shows(&r, "80 columns, 24 rows");
    rig_end(&r);
}

static void at_9600(struct termios *t)
{
    cfsetospeed(t, B9600);
    cfsetispeed(t, B9600);
}

/* A large screen on a slow line stays small until the operator wants it. */
static void slow_lines_stay_small(void **state)
{
    struct rig_options o = no_size;
    struct rig r;

    (void)state;
    o.line.set_line = at_9600;
    r = rig_start(&o);
    ready(&r);
    rig_keys(&r, "11\r");
    rig_assert_shows(&r, "80 columns, 24 rows");
    rig_assert_shows(&r, "9600 baud; times change every 5 s");
    rig_keys(&r, "s");
    rig_assert_shows(&r, "132 columns, 43 rows");
    rig_end(&r);
}

/* ---- slow ---- */

static void tick_rates(void **state)
{
    (void)state;
    assert_int_equal(tty_tick_of(0), 1000);
    assert_int_equal(tty_tick_of(1200), 5000);
    assert_int_equal(tty_tick_of(9600), 5000);
    assert_int_equal(tty_tick_of(19200), 2000);
    assert_int_equal(tty_tick_of(38400), 2000);
    assert_int_equal(tty_tick_of(57600), 1000);
    assert_int_equal(tty_tick_of(115200), 1000);
}

static bool long_run(void)
{
    const char *l = getenv("AZL_LONG");

    return l && str_eq(l, "1");
}

/* Turns the loop while the console's clock goes with the real one. */
static void pass(struct rig *r, int64_t ms)
{
    int64_t start = mono_ms(), from = *r->clock;

    while (mono_ms() - start < ms) {
        vt_turn(r->vt, 10);
        *r->clock = from + mono_ms() - start;
    }
}

/* From a key to its effect on the far end of the line. */
static int64_t lag(struct rig *r, const char *key, const char *effect)
{
    int64_t start = mono_ms();

    vt_send_raw(r->vt, key, strlen(key));
    while (!vt_shows(r->vt, effect)) {
        if (mono_ms() - start > 5000)
            fail_msg("\"%s\" never came:\n%s", effect, vt_text(r->vt));
        vt_turn(r->vt, 5);
    }
    return mono_ms() - start;
}

static void slow(const char *term, void (*line)(struct termios *t))
{
    static const char *const marks[] = { ">  1 Register", ">  2 Sign in", ">  3 Nodes", ">  8 Logs",
                                         ">  9 Repair" };
    struct rig_options o = rig_rich;
    struct rig r;
    int64_t first, start, busy, most = 0;
    int at = 0, idle, n = long_run() ? 40 : 5;

    o.term = term;
    o.line.drain = 960;
    o.line.set_line = line;
    r = rig_start(&o);
    ready(&r);
    start = mono_ms();
    while (!vt_shows(r.vt, "? help") || !vt_shows(r.vt, "3 of 3 nodes up"))
        vt_turn(r.vt, 10);
    first = mono_ms() - start;
    pass(&r, 1000);
    busy = vt_busy_ms(r.vt);
    start = mono_ms();
    pass(&r, long_run() ? 30000 : 4000);
    idle = (int)(100 - 100 * (vt_busy_ms(r.vt) - busy) / (mono_ms() - start));
    for (int i = 0; i < n; i++) {
        int next = i % 8 < 4 ? at + 1 : at - 1;
        int64_t ms = lag(&r, next > at ? "\033[B" : "\033[A", marks[next]);

        at = next;
        most = ms > most ? ms : most;
        pass(&r, 250); /* the hint of the item, too */
    }
    print_message("%s at 960 bytes/s: painted in %d ms more, lag at most %d ms, %d %% idle\n", term,
                  (int)first, (int)most, idle);
    assert_true(first < 2500);
    assert_true(most < 200);
    assert_true(idle >= 90);
    rig_end(&r);
}

static void a_slow_line(void **state)
{
    (void)state;
    slow("vt220", NULL);
    if (long_run())
        slow("vt220", at_9600);
}

static void a_slow_line_rich(void **state)
{
    (void)state;
    slow("xterm-256color", NULL);
    if (long_run())
        slow("linux", NULL);
}

/* A core that has news all the time: what does not fit is skipped, and a key still shows soon;
 * where the speed is known, at once. */
static int64_t under_news(void (*line)(struct termios *t))
{
    struct rig_options o = rig_rich;
    struct rig r;
    int64_t start, ms;

    o.term = "vt220";
    o.line.drain = 960;
    o.line.set_line = line;
    r = rig_start(&o);
    ready(&r);
    canned_log(r.core);
    canned_run(r.core, "running");
    rig_assert_shows(&r, "running: step 3 of 9");
    rig_keys(&r, "1\r");
    rig_assert_shows(&r, "s stop after this step");
    start = mono_ms();
    for (int i = 0; mono_ms() - start < (long_run() ? 20000 : 6000); i++) {
        canned_long_run(r.core, i % 25);
        canned_run(r.core, i % 2 ? "running" : "waiting-sign-in");
        pass(&r, 50);
    }
    canned_run(r.core, "running");
    ms = lag(&r, "s", "Stop after this step");
    rig_end(&r);
    return ms;
}

static void news_do_not_pile_up(void **state)
{
    int64_t unknown = under_news(NULL), known = under_news(at_9600);

    (void)state;
    print_message("vt220 at 960 bytes/s, news of a whole screen every 50 ms: a dialog after %d ms, "
                  "where the speed is known %d ms\n",
                  (int)unknown, (int)known);
    assert_true(unknown < 2500); /* a frame before it, and its own */
    assert_true(known < 2500);
}

/* ---- a terminal that does not read at all ---- */

static long resident_kb(pid_t pid)
{
    char path[40], line[200];
    long kb = 0;
    FILE *f;

    str_fmt(path, sizeof path, "/proc/%d/status", (int)pid);
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (str_starts(line, "VmRSS:"))
            kb = strtol(line + 6, NULL, 10);
    fclose(f);
    return kb;
}

static void flood(struct rig *r, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        canned_long_run(r->core, i % 25);
        vt_send_raw(r->vt, "\x0c", 1); /* a full repaint each */
        *r->clock += 1000;
        vt_turn(r->vt, 20);
    }
}

static struct rig start_stuck(void)
{
    struct rig r = rig_start(&rig_rich);

    ready(&r);
    canned_log(r.core);
    canned_run(r.core, "running");
    rig_show(&r);
    vt_hold(r.vt, true);
    flood(&r, 100); /* more than a pty takes */
    return r;
}

/* A build with sanitizers keeps what it frees for a while: its size says nothing. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_KB LONG_MAX
#else
#define GROWTH_KB 256
#endif

static void a_reader_that_stops(void **state)
{
    struct rig r = start_stuck();
    long kb = resident_kb(vt_pid(r.vt));
    size_t before = fake_count(r.core, "status");

    (void)state;
    flood(&r, 100);
    rig_keys(&r, "r"); /* the console still hears its operator, and the core still answers it */
    for (int i = 0; i < 100 && fake_count(r.core, "status") == before; i++)
        vt_turn(r.vt, 10);
    assert_int_equal(fake_count(r.core, "status"), before + 1);
    assert_true(resident_kb(vt_pid(r.vt)) - kb < GROWTH_KB);
    canned_signin(r.core, "in");
    vt_hold(r.vt, false);
    rig_assert_shows(&r, "anna@contoso.com"); /* and shows how things are now */
    rig_end(&r);
}

static void stuck_and_ended(void **state)
{
    static const int signals[] = { SIGTERM, SIGHUP };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        struct rig r = start_stuck();
        struct termios t;

        kill(vt_pid(r.vt), signals[i]);
        assert_int_equal(vt_exit(r.vt), 128 + signals[i]);
        vt_termios(r.vt, &t);
        assert_true(t.c_lflag & ICANON && t.c_lflag & ECHO);
        rig_end(&r);
    }
}

int test_tui_line(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_as_getty_leaves_it),
        cmocka_unit_test(ctrl_s_does_not_freeze),
        cmocka_unit_test(the_terminal_tells_its_size),
        cmocka_unit_test(it_is_painted_once),
        cmocka_unit_test(a_late_answer),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(wrong_answers),
        cmocka_unit_test(typed_meanwhile),
        cmocka_unit_test(a_size_nobody_asked_for),
        cmocka_unit_test(slow_lines_stay_small),
        cmocka_unit_test(tick_rates),
        cmocka_unit_test(a_reader_that_stops),
        cmocka_unit_test(stuck_and_ended),
    };

    return TEST_GROUP("tui/line", tests);
}

int test_tui_slow_line(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_line),
        cmocka_unit_test(a_slow_line_rich),
    };

    return TEST_GROUP("tui/slow line", tests);
}

int test_tui_news(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(news_do_not_pile_up) };

    return TEST_GROUP("tui/news", tests);
}
