#include "config.h"

#include "testing.h"
#include "tui/rig.h"
#include "tui/tests.h"

#include "base/str.h"

/* Every screen with the worst that a server or node may say: no byte of it acts, nothing else is
 * overwritten. */
static const char *const ways[] = { "", "1\r", "2\r", "3\r", "8\r", "?", "15" };

static void check(struct rig *r, const char *way)
{
    const char *text = vt_text(r->vt);
    size_t rows = 0;

    for (const char *p = text; *p; p++)
        rows += *p == '\n';
    assert_int_equal(rows, 24);
    if (strstr(text, "\xe2\x80\xae"))
        fail_msg("U+202E reached the screen of \"%s\"", way);
    if (!strstr(text, "09:41:22"))
        fail_msg("the title was overwritten on \"%s\":\n%s", way, text);
    if (!strstr(text, "help"))
        fail_msg("the keys were overwritten on \"%s\":\n%s", way, text);
}

static void every_pane(void **state)
{
    static const char *const locales[] = { "C.UTF-8", "C" };

    (void)state;
    for (size_t l = 0; l < ARRAY_LEN(locales); l++)
        for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
            struct rig_options o = rig_rich;
            struct rig r;

            o.locale = locales[l];
            r = rig_start(&o);
            canned_hostile(r.core);
            rig_show(&r);
            rig_keys(&r, ways[i]);
            check(&r, ways[i]);
            assert_false(vt_sent(r.vt, "\033[2J\033[H\r\n")); /* not as it was sent */
            assert_false(vt_sent(r.vt, "\xe2\x80\xae"));
            vt_resize(r.vt, 20, 60);
            rig_assert_shows(&r, "09:41:22");
            rig_end(&r);
        }
}

static void hostile_lists_in_the_form(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_hostile(r.core);
    canned_run(r.core, "none");
    canned_signin(r.core, "in");
    rig_show(&r);
    rig_keys(&r, "1\r\r");
    check(&r, "list");
    rig_keys(&r, "\033[B\r");
    check(&r, "chosen");
    rig_end(&r);
}

/* Any keys on any screen, resizes in between: it lives, and q still leaves. */
static void random_keys(void **state)
{
    struct rig r = rig_start(&rig_rich);
    unsigned seed = 20261121;
    static const char bytes[] = "0123456789\r\t\033[ABCDHFZ~OPqlrnbi?/xwNs \x7f\x15\x1a\x0c\x14";

    (void)state;
    canned_hostile(r.core);
    canned_log(r.core);
    rig_show(&r);
    for (int i = 0; i < 40; i++) {
        char burst[24];
        for (size_t k = 0; k < sizeof burst; k++) {
            seed = seed * 1103515245u + 12345u;
            burst[k] = bytes[(seed >> 16) % (sizeof bytes - 1)];
            if (burst[k] == 'q' || burst[k] == '5') /* leaving is tested elsewhere */
                burst[k] = 'x';
        }
        vt_send_raw(r.vt, burst, sizeof burst);
        if (i % 8 ==
            0) /* not smaller: the emulator itself fails on wide characters in one or two columns */
            vt_resize(r.vt, 4 + (int)(seed >> 20) % 60, 20 + (int)(seed >> 12) % 200);
        for (int t = 0; t < 3; t++)
            loop_turn(r.loop, 5);
    }
    vt_resize(r.vt, 24, 80);
    rig_assert_shows(&r, "09:41:22");
    rig_end(&r);
}

int test_tui_hostile(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pane),
        cmocka_unit_test(hostile_lists_in_the_form),
        cmocka_unit_test(random_keys),
    };

    return TEST_GROUP("tui/hostile", tests);
}
