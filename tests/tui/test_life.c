#include "config.h"

#include "testing.h"
#include "tui/rig.h"
#include "tui/tests.h"

#include <signal.h>
#include <string.h>

#include "base/str.h"

static void ready(struct rig *r)
{
    canned_core(r->core, "native");
    canned_not_registered(r->core);
    canned_signin(r->core, "out");
    canned_run(r->core, "none");
    canned_nodes(r->core);
    rig_show(r);
}

/* ---- bytes: one second of a 9600 baud line is 960 ---- */

static const struct rig_options vt220 = {
    .rows = 24, .cols = 80, .term = "vt220", .locale = "C.UTF-8"
};

static void first_paint_is_small(void **state)
{
    struct rig r = rig_start(&vt220);
    size_t first = vt_bytes(r.vt), news;

    (void)state;
    ready(&r);
    news = vt_bytes(r.vt);
    print_message("vt220 80x24: first paint %zu bytes, with the core's news %zu\n", first,
                  first + news);
    assert_true(first + news <= 1400);
    rig_end(&r);
}

static void idle_tick_is_small(void **state)
{
    struct rig r = rig_start(&vt220);
    size_t most = 0;

    (void)state;
    ready(&r);
    vt_bytes(r.vt);
    for (int i = 0; i < 3; i++) {
        size_t n;
        int64_t until = mono_ms() + 1000;

        *r.clock += 1000;
        while (mono_ms() < until)
            loop_turn(r.loop, 50);
        n = vt_bytes(r.vt);
        most = n > most ? n : most;
    }
    print_message("vt220 80x24: idle tick at most %zu bytes\n", most);
    assert_true(most > 0 && most <= 64);
    rig_end(&r);
}

static void mark_moves_cheaply(void **state)
{
    struct rig r = rig_start(&vt220);
    size_t n;

    (void)state;
    ready(&r);
    vt_bytes(r.vt);
    rig_keys(&r, "\033[B");
    n = vt_bytes(r.vt);
    print_message("vt220 80x24: moving the mark %zu bytes\n", n);
    assert_true(n < 260); /* the hint below changes, too */
    rig_end(&r);
}

static void full_paint_per_look(void **state)
{
    static const char *const terms[] = { "xterm-256color", "linux", "vt100" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
        struct rig_options o = rig_rich;
        struct rig r;
        size_t n;

        o.term = terms[i];
        r = rig_start(&o);
        ready(&r);
        vt_bytes(r.vt);
        rig_keys(&r, "\x0c");
        n = vt_bytes(r.vt);
        print_message("%s 80x24: full repaint %zu bytes\n", terms[i], n);
        assert_true(n > 200 && n <= 2600);
        rig_end(&r);
    }
}

/* ---- size ---- */

static void resize_in_the_middle(void **state)
{
    struct rig r = rig_start(&rig_rich);
    char *before;

    (void)state;
    ready(&r);
    canned_signin(r.core, "in");
    canned_choices(r.core);
    rig_show(&r);
    rig_keys(&r, "1\r\tprod\reas");
    before = xstrdup(vt_text(r.vt));
    vt_resize(r.vt, 20, 60);
    rig_assert_shows(&r, "Step 2 of 3");
    rig_assert_shows(&r, "[eas");
    vt_resize(r.vt, 10, 30);
    rig_assert_shows(&r, "azloconf needs 60x20, this");
    vt_resize(r.vt, 60, 200);
    rig_assert_shows(&r, "[eas");
    vt_resize(r.vt, 24, 80);
    rig_show(&r);
    assert_string_equal(vt_text(r.vt), before); /* nothing was lost on the way */
    free(before);
    rig_end(&r);
}

static void every_screen_at_many_sizes(void **state)
{
    static const int sizes[][2] = { { 1, 1 },   { 2, 200 }, { 100, 10 }, { 19, 60 },  { 20, 59 },
                                    { 20, 60 }, { 25, 80 }, { 37, 100 }, { 100, 300 } };
    static const char *const ways[] = { "", "1\r", "2\r", "3\r", "8\r", "11\r", "?", "12\r" };

    (void)state;
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        struct rig r = rig_start(&rig_rich);

        canned_signin(r.core, "code");
        canned_run(r.core, w % 2 ? "failed" : "running");
        canned_log(r.core);
        canned_nodes(r.core);
        canned_not_registered(r.core);
        rig_show(&r);
        rig_keys(&r, ways[w]);
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
            vt_resize(r.vt, sizes[i][0], sizes[i][1]);
        vt_resize(r.vt, 24, 80);
        rig_assert_shows(&r, "azloconf");
        rig_end(&r);
    }
}

static void too_small_leaves_by_q(void **state)
{
    struct rig_options o = rig_rich;
    struct rig r;

    (void)state;
    o.rows = 12;
    o.cols = 40;
    r = rig_start(&o);
    rig_assert_shows(&r, "azloconf needs 60x20");
    rig_keys(&r, "1\r");
    rig_assert_shows(&r, "azloconf needs 60x20");
    vt_send_raw(r.vt, "q", 1);
    assert_int_equal(vt_exit(r.vt), 0);
    rig_end(&r);
}

/* ---- keys over a slow line ---- */

static void split_escape_sequence(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    ready(&r);
    vt_send_raw(r.vt, "\033", 1);
    vt_send_raw(r.vt, "[", 1);
    vt_send(r.vt, "B");
    rig_assert_shows(&r, ">  2 Sign in");
    vt_send(r.vt, "\033"); /* a pause longer than the delay: first a lone Esc, then the tail */
    vt_send(r.vt, "[B");
    rig_assert_shows(&r, ">  3 Nodes");
    rig_end(&r);
}

static void late_tail_in_a_form(void **state)
{
    struct rig_options o = rig_rich;
    static const char *const env[] = { "ESCDELAY=400", NULL };
    struct rig r;

    (void)state;
    o.env = env;
    r = rig_start(&o);
    canned_core(r.core, "native");
    canned_no_cluster(r.core);
    rig_show(&r);
    rig_keys(&r, "1\r");
    vt_send(r.vt, "\033"); /* the environment's delay holds it together */
    vt_send(r.vt, "[B");
    rig_assert_shows(&r, "> Nodes");
    rig_end(&r);
}

/* ---- the way out ---- */

static void same_termios(struct rig *r, const struct termios *before)
{
    struct termios after;

    vt_termios(r->vt, &after);
    assert_int_equal(after.c_lflag, before->c_lflag);
    assert_int_equal(after.c_iflag, before->c_iflag);
    assert_int_equal(after.c_oflag, before->c_oflag);
    assert_memory_equal(after.c_cc, before->c_cc, sizeof after.c_cc);
}

/* The line as a shell would find it: what openpty makes. */
static struct rig start_remembering(struct termios *before)
{
    struct vt_options o = { .rows = 24, .cols = 80 };
    struct rig r = rig_start(&rig_rich);

    (void)o;
    vt_termios(r.vt, before);
    assert_false(before->c_lflag & ICANON); /* the console has it now */
    before->c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | IEXTEN | ECHOCTL | ECHOKE;
    return r;
}

static void is_plain_again(struct rig *r)
{
    struct termios t;

    vt_termios(r->vt, &t);
    assert_true(t.c_lflag & ICANON);
    assert_true(t.c_lflag & ECHO);
    assert_true(t.c_lflag & ISIG);
    assert_true(t.c_iflag & ICRNL);
    assert_true(t.c_oflag & OPOST);
    assert_true(vt_sent(r->vt, "\033[?1049l")); /* the other screen is left */
    assert_true(vt_sent(r->vt, "\033[?2004l"));
}

static void left_by_key(void **state)
{
    struct termios before;
    struct rig r = start_remembering(&before);

    (void)state;
    (void)same_termios;
    ready(&r);
    vt_send_raw(r.vt, "q", 1);
    assert_int_equal(vt_exit(r.vt), 0);
    is_plain_again(&r);
    rig_assert_shows(&r, "Type azloconf to come back");
    rig_end(&r);
}

static void left_by_item_15_with_a_run(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    ready(&r);
    canned_run(r.core, "running");
    rig_show(&r);
    vt_send_raw(r.vt, "15\r", 3);
    assert_int_equal(vt_exit(r.vt), 0);
    is_plain_again(&r);
    rig_assert_shows(&r, "the operation goes on");
    rig_end(&r);
}

static void left_by_signals(void **state)
{
    static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        struct rig r = rig_start(&rig_rich);
        ready(&r);
        kill(vt_pid(r.vt), signals[i]);
        assert_int_equal(vt_exit(r.vt), 128 + signals[i]);
        is_plain_again(&r);
        rig_end(&r);
    }
}

static void left_by_crash(void **state)
{
    static const int signals[] = { SIGABRT, SIGSEGV };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        struct rig r = rig_start(&rig_rich);
        ready(&r);
        kill(vt_pid(r.vt), signals[i]);
        assert_int_equal(vt_exit(r.vt), 128 + signals[i]); /* it still dies of it */
        is_plain_again(&r);
        rig_end(&r);
    }
}

static void no_code_is_left_behind(void **state)
{
    struct rig_options o = rig_rich;
    struct rig r;

    (void)state;
    o.term = "vt220"; /* no other screen: what is there stays there */
    r = rig_start(&o);
    canned_signin(r.core, "code");
    rig_show(&r);
    rig_keys(&r, "2\r");
    rig_assert_shows(&r, "C7XKQ2LMP");
    kill(vt_pid(r.vt), SIGTERM);
    assert_int_equal(vt_exit(r.vt), 128 + SIGTERM);
    rig_assert_hides(&r, "C7XKQ2LMP");
    rig_end(&r);
}

static void a_shell_and_back(void **state)
{
    struct rig_options o = rig_rich;
    static const char *const env[] = { "SHELL=/bin/sh", "PS1=ready$ ", NULL };
    struct rig r;

    (void)state;
    o.getty = true;
    o.env = env;
    r = rig_start(&o);
    ready(&r);
    rig_keys(&r, "15\r");
    rig_assert_shows(&r, "Type exit to come back to azloconf.");
    rig_keys(&r, "echo in$((1+1))side\r");
    rig_assert_shows(&r, "in2side");
    rig_keys(&r, "exit\r");
    rig_assert_shows(&r, "ClusterStatus");
    rig_keys(&r, "\033[B");
    rig_assert_shows(&r, ">  1 Register");
    rig_end(&r);
}

/* SIGTSTP: the terminal is given back first. Without a shell that could take it, nothing stops. */
static void stopped_by_signal(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    ready(&r);
    kill(vt_pid(r.vt), SIGTSTP);
    rig_keys(&r, "\033[B");
    rig_assert_shows(&r, ">  2 Sign in");
    assert_true(vt_sent(r.vt, "\033[?1049l"));
    assert_true(vt_sent(r.vt, "\033[?2004l"));
    rig_end(&r);
}

/* ---- terminals and looks ---- */

static void unknown_terminal(void **state)
{
    struct rig_options o = rig_rich;
    struct rig r;

    (void)state;
    o.term = "nosuchterm"; /* what a window sends today is understood as a VT220's */
    r = rig_start(&o);
    rig_assert_shows(&r, "\"nosuchterm\" is unknown here; it is taken for a vt220");
    ready(&r);
    rig_keys(&r, "\033[B");
    rig_assert_shows(&r, ">  2 Sign in");
    rig_assert_shows(&r, "basic, vt220");
    vt_send_raw(r.vt, "q", 1);
    assert_int_equal(vt_exit(r.vt), 0);
    rig_end(&r);
    o.term = "dumb";
    r = rig_start(&o);
    assert_int_equal(vt_exit(r.vt), 2);
    rig_assert_shows(&r, "unknown here or cannot place text");
    rig_end(&r);
}

static bool has_bytes_above(struct vt *v)
{
    for (const char *p = vt_text(v); *p; p++)
        if ((unsigned char)*p > 0x7e)
            return true;
    return false;
}

static void serial_terminals_are_basic(void **state)
{
    static const char *const terms[] = { "vt100", "vt220", "ansi" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
        struct rig_options o = rig_rich;
        struct rig r;

        o.term = terms[i];
        r = rig_start(&o);
        ready(&r);
        rig_assert_shows(&r, "basic, ");
        assert_false(has_bytes_above(r.vt));
        rig_keys(&r, "\x14"); /* one key makes it rich: the locale can */
        rig_assert_shows(&r, "rich, ");
        assert_true(has_bytes_above(r.vt));
        rig_end(&r);
    }
}

/* Nothing but text, line movement, character sets and whole escape sequences goes to a terminal. */
static void check_stream(struct vt *v, const char *term)
{
    const char *p;
    size_t n = vt_all(v, &p);

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];

        if (c < ' ' && !strchr("\033\r\n\b\t\016\017", c))
            fail_msg("%s: byte 0x%02x at %zu", term, c, i);
        if (c == 0x7f || (c == 0xc2 && i + 1 < n && (unsigned char)p[i + 1] < 0xa0))
            fail_msg("%s: a control character at %zu", term, i);
    }
}

/* What of a sequence would be seen if the terminal did not understand it. */
static void check_screen(struct rig *r, const char *term, const char *title)
{
    static const char *const debris[] = { "[?", "[0m", "[m", ";1H", "$<", "\\E" };
    const char *text;

    rig_assert_shows(r, title);
    rig_assert_shows(r, "help");
    text = vt_text(r->vt);
    for (size_t i = 0; i < ARRAY_LEN(debris); i++)
        if (strstr(text, debris[i]))
            fail_msg("%s, %s: \"%s\" in\n%s", term, title, debris[i], text);
    for (const char *p = text; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\n') || *p == 0x7f)
            fail_msg("%s, %s: byte 0x%02x on the screen", term, title, (unsigned char)*p);
}

static void every_screen_on_every_terminal(void **state)
{
    static const char *const terms[] = { "vt100", "vt220",          "ansi",         "linux",
                                         "xterm", "xterm-256color", "tmux-256color" };
    static const struct {
        const char *keys, *title, *leave;
    } ways[] = {
        { "", "ClusterStatus", "" },
        { "1\r", "Step 1 of 3: Sign in", "\033" },
        { "2\r", "C7XKQ2LMP", "" },
        { "\033", "ClusterStatus", "" },
        { "3\r", "Nodes and Arc", "\033" },
        { "8\r", "throttled by Azure", "\033" },
        { "11\r", "Terminal and language", "\033" },
        { "?", "not a Microsoft", "\033" },
        { "12\r", "Log off now", "\033" },
    };

    (void)state;
    for (size_t t = 0; t < ARRAY_LEN(terms); t++) {
        struct rig_options o = rig_rich;
        struct rig r;

        o.term = terms[t];
        r = rig_start(&o);
        ready(&r);
        canned_signin(r.core, "code");
        canned_log(r.core);
        rig_show(&r);
        for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
            rig_keys(&r, ways[i].keys);
            if (str_eq(ways[i].keys, "?"))
                rig_keys(&r, "\033[F");
            check_screen(&r, terms[t], ways[i].title);
            if (*ways[i].leave)
                rig_keys(&r, ways[i].leave);
        }
        canned_signin(r.core, "in");
        canned_choices(r.core);
        rig_show(&r);
        rig_keys(&r, "1\r");
        check_screen(&r, terms[t], "Step 2 of 3: Where");
        rig_keys(&r, "\033");
        canned_run(r.core, "running");
        rig_show(&r);
        rig_keys(&r, "1\r");
        check_screen(&r, terms[t], "step 3 of 9");
        rig_keys(&r, "\r");
        vt_send_raw(r.vt, "q", 1);
        assert_int_equal(vt_exit(r.vt), 0);
        check_stream(r.vt, terms[t]);
        rig_end(&r);
    }
}

/* German from the core on a line of seven bits. */
static void german_on_seven_bits(void **state)
{
    static struct sec_core core;
    static struct sec_cluster c;
    static const char *const locales[] = { "C", "C.UTF-8" };

    (void)state;
    core = (struct sec_core){ .version = "0.1.0", .host = "b\u00fcro1", .mode = "native" };
    c = (struct sec_cluster){
        .exists = true,
        .name = "K\u00f6ln",
        .cluster = { "Clustered", "ok", "3 von 3 Knoten verf\u00fcgbar", "", "", CANNED_NOW },
        .registration = { "NotYet", "warn", "nicht registriert \u2013 \u201eFrist l\u00e4uft\u201c",
                          "", "Schlie\u00dfen Sie die \u00dcbung ab \u2026", CANNED_NOW },
    };
    for (size_t i = 0; i < ARRAY_LEN(locales); i++) {
        struct rig_options o = rig_ascii;
        struct rig r;

        o.rows = 24;
        o.cols = 80;
        o.locale = locales[i];
        r = rig_start(&o);
        fake_set(r.core, SEC_CORE, &core);
        fake_set(r.core, SEC_CLUSTER, &c);
        rig_assert_shows(&r, "buero1 in Koeln");
        rig_assert_shows(&r, "3 von 3 Knoten verfuegbar");
        rig_assert_shows(&r, "nicht registriert -");
        rig_assert_shows(&r, "\"Frist laeuft\"");
        rig_assert_shows(&r, "Schliessen Sie die Uebung ab ...");
        assert_false(has_bytes_above(r.vt));
        rig_assert_hides(&r, "??");
        rig_end(&r);
    }
}

/* A line each on low screens: without a reason it is the evidence that stands there. */
static void low_panes(void **state)
{
    static struct sec_cluster c;
    struct rig r = rig_start(&rig_ascii);

    (void)state;
    c = (struct sec_cluster){
        .exists = true,
        .name = "CLUSTER-A",
        .cluster = { "Clustered", "ok", "", "1 of 1 node up", "", CANNED_NOW },
        .registration = { "NotYet", "warn", "not registered with Azure yet", "due soon", "",
                          CANNED_NOW },
    };
    fake_set(r.core, SEC_CLUSTER, &c);
    rig_assert_shows(&r, "[ OK ] Clustered  1 of 1 node up");
    rig_assert_shows(&r, "[WARN] NotYet     not registered with Azur...");
    rig_end(&r);
}

/* The catalogue itself: the same words whatever the look, also after leaving. */
static void german_catalogue(void **state)
{
    static const char *const env[] = { "LANGUAGE=de", NULL };
    struct rig_options o = rig_ascii;
    struct rig r;

    (void)state;
    if (!getenv("AZLOCONF_LOCALEDIR"))
        test_skip("AZLOCONF_LOCALEDIR is not set: the German catalogue is not read");
    o.locale = "C.UTF-8";
    o.env = env;
    r = rig_start(&o);
    ready(&r);
    rig_assert_shows(&r, "Bei Azure anmelden");
    assert_false(has_bytes_above(r.vt));
    assert_null(strstr(vt_text(r.vt), "??"));
    rig_keys(&r, "\x14"); /* the rich look: the letters as they are */
    assert_true(has_bytes_above(r.vt));
    rig_keys(&r, "\x14");
    vt_send_raw(r.vt, "q", 1);
    assert_int_equal(vt_exit(r.vt), 0);
    rig_assert_shows(&r, "azloconf");
    assert_false(has_bytes_above(r.vt));
    rig_end(&r);
}

static void no_color(void **state)
{
    static const char *const env[] = { "NO_COLOR=1", NULL };
    struct rig_options o = rig_rich;
    struct rig r;

    (void)state;
    r = rig_start(&o);
    ready(&r);
    assert_true(vt_sent(r.vt, "\033[32m") || vt_sent(r.vt, "[32")); /* green with colours */
    rig_end(&r);
    o.env = env;
    r = rig_start(&o);
    ready(&r);
    assert_false(vt_sent(r.vt, "[32"));
    assert_false(vt_sent(r.vt, ";32"));
    rig_end(&r);
}

/* ---- the core ---- */

static void core_goes_away(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    ready(&r);
    fake_free(r.core);
    r.core = NULL;
    rig_assert_shows(&r, "The core has ended.");
    rig_assert_shows(&r, "Clustered"); /* what was known stays */
    rig_keys(&r, "r");
    rig_assert_shows(&r, "does not answer");
    rig_end(&r);
}

static void core_of_another_protocol(void **state)
{
    static const struct wire_hello h = { .protocol = 99, .program = "azloconfd", .version = "7.0" };
    struct rig_options o = rig_rich;
    struct rig r;

    (void)state;
    o.hello = &h;
    r = rig_start(&o);
    rig_assert_shows(&r, "speaks protocol 99");
    rig_end(&r);
}

static void silent_core(void **state)
{
    struct rig_options o = rig_rich;
    struct rig r;

    (void)state;
    o.silent = true;
    r = rig_start(&o);
    rig_assert_shows(&r, "asking");
    rig_keys(&r, "1\r");
    rig_assert_shows(&r, "Asking the core");
    rig_end(&r);
}

int test_tui_life(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_paint_is_small),
        cmocka_unit_test(idle_tick_is_small),
        cmocka_unit_test(mark_moves_cheaply),
        cmocka_unit_test(full_paint_per_look),
        cmocka_unit_test(resize_in_the_middle),
        cmocka_unit_test(too_small_leaves_by_q),
        cmocka_unit_test(split_escape_sequence),
        cmocka_unit_test(late_tail_in_a_form),
        cmocka_unit_test(left_by_key),
        cmocka_unit_test(left_by_item_15_with_a_run),
        cmocka_unit_test(left_by_signals),
        cmocka_unit_test(left_by_crash),
        cmocka_unit_test(no_code_is_left_behind),
        cmocka_unit_test(a_shell_and_back),
        cmocka_unit_test(stopped_by_signal),
        cmocka_unit_test(unknown_terminal),
        cmocka_unit_test(serial_terminals_are_basic),
        cmocka_unit_test(german_on_seven_bits),
        cmocka_unit_test(low_panes),
        cmocka_unit_test(german_catalogue),
        cmocka_unit_test(no_color),
        cmocka_unit_test(core_goes_away),
        cmocka_unit_test(core_of_another_protocol),
        cmocka_unit_test(silent_core),
    };

    return TEST_GROUP("tui/life", tests);
}

int test_tui_sizes(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_screen_at_many_sizes) };

    return TEST_GROUP("tui/sizes", tests);
}

int test_tui_every(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_screen_on_every_terminal) };

    return TEST_GROUP("tui/every terminal", tests);
}
