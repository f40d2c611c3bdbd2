#include "config.h"

#include "testing.h"
#include "tui/faces.h"
#include "tui/rig.h"

#include <string.h>

#include "base/str.h"

/* Every screen on every terminal type that a node or an operator has, against the goldens of one;
 * the roles' colours by meaning; and what a terminal costs in bytes. */

static const struct terminal {
    const char *name;
    bool rich;                           /* at start */
    bool mono;                           /* no colours even when rich */
    int paint, full, tick, mark, letter; /* bytes at most: home asking, home whole, ... */
} terminals[] = {
    { "xterm-256color", true, false, 1400, 1800, 64, 280, 16 },
    { "xterm", true, false, 1400, 1800, 64, 280, 16 },
    { "tmux-256color", true, false, 1400, 1800, 64, 280, 16 },
    { "screen", true, false, 1400, 1800, 64, 280, 16 },
    { "linux", true, false, 1400, 1800, 64, 280, 16 },
    { "vt220", false, true, 1200, 1400, 64, 130, 2 },
    { "vt100", false, true, 1200, 1400, 64, 130, 2 },
    { "ansi", false, false, 1200, 1400, 64, 130, 2 },
};

static bool is_long(void)
{
    const char *l = getenv("AZL_LONG");

    return l && str_eq(l, "1");
}

/* ---- what is sent ---- */

static void check_stream(struct vt *v, const char *what)
{
    const char *p;
    size_t n = vt_all(v, &p);

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];

        if (c < ' ' && !strchr("\033\r\n\b\t\017", c)) /* no SO: PuTTY would show lqqk */
            fail_msg("%s: byte 0x%02x at %zu", what, c, i);
        if (c == 0x7f || (c == 0xc2 && i + 1 < n && (unsigned char)p[i + 1] < 0xa0))
            fail_msg("%s: a control character at %zu", what, i);
    }
    assert_false(vt_sent(v, "\033(0"));
}

/* ---- what is seen ---- */

static void check_cells(struct vt *v, int rows, int cols, bool colours, const char *what)
{
    struct vt_style s;

    for (int row = 0; row < rows; row++)
        for (int col = 0; col < cols; col++) {
            vt_style(v, row, col, &s);
            if (s.painted)
                fail_msg("%s: a painted background at %d, %d", what, row, col);
            if (s.fg >= 0 && !(colours && (s.fg == 1 || s.fg == 2 || s.fg == 3)))
                fail_msg("%s: colour %d at %d, %d", what, s.fg, row, col);
        }
}

/* TERM=ansi says that the cursor wraps at once; most that are called so wrap later. */
static void last_column_is_free(struct vt *v, const char *what)
{
    for (int row = 0; row < 24; row++) {
        uint32_t glyph;
        bool reverse;

        vt_cell(v, row, 79, &glyph, &reverse);
        if (glyph != ' ' || reverse)
            fail_msg("%s: the last column of row %d is written", what, row);
    }
}

static void walk(const struct terminal *t, size_t from, size_t step)
{
    struct rig_options o = rig_rich;

    o.term = t->name;
    for (size_t i = from; i < n_stops; i += step) {
        struct rig r = rig_start(&o);
        char name[80], what[100];

        r.as = t->rich ? "xterm-256color" : "vt220";
        stop_go(&r, &stops[i]);
        str_fmt(name, sizeof name, "%s_80x24%s", stops[i].name, t->rich ? "" : "_basic");
        str_fmt(what, sizeof what, "%s on %s", stops[i].name, t->name);
        rig_golden(&r, name);
        check_stream(r.vt, what);
        if (str_eq(t->name, "ansi"))
            last_column_is_free(r.vt, what);
        if (!(t->rich && str_eq(stops[i].name, "signin_code"))) /* the square has colours */
            check_cells(r.vt, 24, 80, t->rich, what);
        rig_end(&r);
    }
}

/* In check the screens are dealt out among the terminals, in check-long each shows all. */
static void every_screen(void **state)
{
    size_t step = is_long() ? 1 : ARRAY_LEN(terminals);

    (void)state;
    if (getenv("AZL_UPDATE_GOLDEN")) {
        walk(&terminals[5], 0, 1);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(terminals); i++)
        walk(&terminals[i], is_long() ? 0 : i % step, step);
}

/* ---- roles ---- */

static void find(struct vt *v, const char *word, int *row, int *col)
{
    const char *text = vt_text(v), *at = strstr(text, word), *line = text;

    if (!at)
        fail_msg("%s is not on the screen:\n%s", word, text);
    for (*row = 0; strchr(line, '\n') < at; ++*row)
        line = strchr(line, '\n') + 1;
    *col = (int)(at - line);
}

static void role(struct vt *v, const char *word, int fg, bool bold, bool reverse, const char *term)
{
    struct vt_style s;
    int row, col;

    find(v, word, &row, &col);
    vt_style(v, row, col + 1, &s);
    if (s.fg != fg || s.bold != bold || s.reverse != reverse)
        fail_msg("%s on %s: colour %d, bold %d, reverse %d", word, term, s.fg, s.bold, s.reverse);
}

static void colours_by_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(terminals); i++) {
        const struct terminal *t = &terminals[i];
        struct rig_options o = rig_rich;
        bool c = t->rich;
        struct rig r;

        o.term = t->name;
        r = rig_start(&o);
        canned_core(r.core, "native");
        canned_not_registered(r.core);
        canned_run(r.core, "running");
        rig_assert_shows(&r, "[WARN] NotYet");
        role(r.vt, "[ OK ]", c ? 2 : -1, true, false, t->name);
        role(r.vt, "[WARN]", c ? 3 : -1, true, false, t->name);
        role(r.vt, "[ -- ]", -1, false, false, t->name);
        role(r.vt, "Register this", -1, c, c, t->name); /* the focus: a bar, or its mark alone */
        role(r.vt, "azloconf", -1, false, c, t->name);
        rig_keys(&r, "1\r");
        canned_run(r.core, "failed");
        rig_assert_shows(&r, "[FAIL] Resource group");
        role(r.vt, "[FAIL]", c ? 1 : -1, c, !c, t->name);
        rig_keys(&r, "\x14"); /* the other look */
        rig_assert_shows(&r, "[FAIL] Resource group");
        if (!t->rich && t->mono)
            role(r.vt, "[FAIL]", -1, false, true, t->name);
        else
            role(r.vt, "[FAIL]", c ? -1 : 1, !c, c, t->name);
        check_cells(r.vt, 24, 80, !t->rich && !t->mono, t->name);
        rig_end(&r);
    }
}

/* ---- bytes ---- */

static int bytes_of(struct rig *r, const char *keys)
{
    vt_bytes(r->vt);
    rig_keys(r, keys);
    return (int)vt_bytes(r->vt);
}

static void within(const char *term, const char *what, int got, int most)
{
    if (got <= 0 || got > most)
        fail_msg("%s on %s: %d bytes, at most %d are allowed", what, term, got, most);
}

static void bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(terminals); i++) {
        const struct terminal *t = &terminals[i];
        struct rig_options o = rig_rich;
        int paint, full, tick, mark, letter;
        struct rig r;

        o.term = t->name;
        r = rig_start(&o);
        paint = (int)vt_bytes(r.vt);
        canned_core(r.core, "native");
        canned_not_registered(r.core);
        canned_signin(r.core, "in");
        canned_run(r.core, "none");
        canned_nodes(r.core);
        rig_assert_shows(&r, "[WARN] NotYet");
        full = bytes_of(&r, "\x0c");
        mark = bytes_of(&r, "\033[B");
        vt_bytes(r.vt);
        *r.clock += 1000;
        for (int64_t until = mono_ms() + 4000; (tick = (int)vt_bytes(r.vt)) == 0;)
            if (mono_ms() > until)
                break;
            else
                vt_turn(r.vt, 100);
        rig_keys(&r, "1\r\t\t\t\tx");
        letter = bytes_of(&r, "y");
        print_message("%-14s first paint %4d, full repaint %4d, tick %2d, mark %3d, letter %2d\n",
                      t->name, paint, full, tick, mark, letter);
        within(t->name, "first paint", paint, t->paint);
        within(t->name, "full repaint", full, t->full);
        within(t->name, "tick", tick, t->tick);
        within(t->name, "mark", mark, t->mark);
        within(t->name, "letter", letter, t->letter);
        rig_end(&r);
    }
}

/* ---- a TERM that is wrong ---- */

/* The terminal sends what it is, not what TERM says. */
static void keys_of_another_terminal(void **state)
{
    static const struct {
        const char *term, *down, *up, *help;
    } cases[] = {
        { "xterm", "\033[B", "\033OA", "\033[[A" },
        { "xterm", "\033OB", "\033[A", "\033[11~" },
        { "vt100", "\033[B", "\033Ox", "\033[11~" },
        { "linux", "\033OB", "\033OA", "\033OP" },
        { "vt220", "\033[1;2B", "\033[a", "\033[28~" },
        { "ansi", "\033Ob", "\033OA", "\0331" },
        { "screen", "\033\033[B", "\033[A", "\033O5P" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rig_options o = rig_rich;
        struct rig r;

        o.term = cases[i].term;
        r = rig_start(&o);
        canned_core(r.core, "native");
        canned_not_registered(r.core);
        rig_show(&r);
        rig_keys(&r, cases[i].down);
        rig_assert_shows(&r, ">  2 Sign in");
        rig_keys(&r, cases[i].up);
        rig_assert_shows(&r, str_eq(cases[i].up, "\033Ox") ? ">  8 Logs" : ">  1 Register");
        rig_keys(&r, cases[i].help);
        rig_assert_shows(&r, "numbers of the items never change");
        rig_end(&r);
    }
}

/* How long the rest of a key may take: 50 ms here, 250 ms under ssh, and ESCDELAY wins. */
static void delays(void **state)
{
    static const char *const ssh[] = { "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22", NULL },
                             *const both[] = { "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22",
                                               "ESCDELAY=20", NULL };
    static const struct {
        const char *const *env;
        int least, most;
    } cases[] = { { NULL, 50, 200 }, { ssh, 250, 400 }, { both, 20, 170 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rig_options o = rig_rich;
        struct rig r;
        int64_t start, ms;

        o.env = cases[i].env;
        r = rig_start(&o);
        canned_core(r.core, "native");
        canned_nodes(r.core);
        rig_show(&r);
        rig_keys(&r, "3\r");
        rig_assert_shows(&r, "Nodes and Arc");
        start = mono_ms();
        vt_send_raw(r.vt, "\033", 1);
        while (!vt_shows(r.vt, "0-9 Enter") && mono_ms() - start < 2000)
            vt_turn(r.vt, 5);
        ms = mono_ms() - start;
        print_message("a lone Esc after %d ms\n", (int)ms);
        assert_true(ms >= cases[i].least);
        if (is_long()) /* not where other tests share the machine */
            assert_true(ms <= cases[i].most);
        rig_end(&r);
    }
}

int test_tui_terminals(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_screen), cmocka_unit_test(colours_by_meaning),
        cmocka_unit_test(bytes),        cmocka_unit_test(keys_of_another_terminal),
        cmocka_unit_test(delays),
    };

    return TEST_GROUP("tui/terminals", tests);
}
