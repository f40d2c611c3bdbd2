#include "config.h"

#include "testing.h"
#include "tui/faces.h"
#include "tui/rig.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void asking(struct rig *r)
{
    (void)r;
}

static void no_cluster(struct rig *r)
{
    canned_core(r->core, "native");
    canned_no_cluster(r->core);
    canned_signin(r->core, "out");
    canned_run(r->core, "none");
}

static void ready(struct rig *r)
{
    canned_core(r->core, "sandbox");
    canned_not_registered(r->core);
    canned_signin(r->core, "out");
    canned_run(r->core, "none");
    canned_log(r->core);
    canned_nodes(r->core);
}

static void registered(struct rig *r)
{
    ready(r);
    canned_registered(r->core);
    canned_signin(r->core, "in");
}

static void leaving(struct rig *r)
{
    registered(r);
    fake_reply(r->core, "unregister-check", canned_unregister());
}

static void code(struct rig *r)
{
    ready(r);
    canned_signin(r->core, "code");
}

static void signed_in(struct rig *r)
{
    ready(r);
    canned_signin(r->core, "in");
    canned_choices(r->core);
    fake_reply(r->core, "register-check", canned_review());
}

static void running(struct rig *r)
{
    registered(r);
    canned_not_registered(r->core);
    canned_run(r->core, "running");
}

static void failed(struct rig *r)
{
    running(r);
    canned_run(r->core, "failed");
}

static void done(struct rig *r)
{
    registered(r);
    canned_run(r->core, "running");
}

static void signin_failed(struct rig *r)
{
    ready(r);
    canned_signin(r->core, "failed");
}

/* One way through the console, drawn in every look; each stop is a golden. */
const struct stop stops[] = {
    { "home_asking", asking, "" },
    { "home_no_cluster", no_cluster, "" },
    { "home_ready", ready, "" },
    { "home_registered", registered, "" },
    { "home_number", ready, "11" },
    { "wizard_create", no_cluster, "1\r" },
    { "wizard_signin", code, "1\r" },
    { "signin_code", code, "2\r" },
    { "signin_in", signed_in, "2\r" },
    { "signin_failed", signin_failed, "2\r" },
    { "wizard_where", signed_in, "1\r" },
    { "wizard_list", signed_in, "1\r\t\t\r" },
    { "wizard_subscriptions", signed_in, "1\r\t\r\033[B\033[B\033[B" },
    { "wizard_filter", signed_in, "1\r\t\teast" },
    { "wizard_wrong", signed_in, "1\r\t\teastuss\t" },
    { "wizard_review", signed_in, "1\r\tprod\reast us\t\t\t\r" },
    { "wizard_more", signed_in, "1\r\033[A\r\towner=IT\tx\t\r\033[B\r" },
    { "progress_running", running, "1\r" },
    { "progress_failed", failed, "" },
    { "act_review", leaving, "10\r\r" },
    { "nodes", ready, "3\r" },
    { "log", ready, "8\r" },
    { "log_find", ready, "8\r/retry\r" },
    { "terminal", ready, "11\r" },
    { "help", ready, "?" },
    { "logoff", running, "12\r" },
};

const size_t n_stops = ARRAY_LEN(stops);

void stop_go(struct rig *r, const struct stop *s)
{
    s->prepare(r);
    rig_show(r);
    if (*s->keys)
        rig_keys(r, s->keys);
    if (str_eq(s->name, "progress_failed")) { /* a run that fails while one looks at it */
        canned_run(r->core, "running");
        rig_show(r);
        rig_keys(r, "1\r");
        canned_run(r->core, "failed");
        rig_show(r);
    }
}

/* Prose: words with single blanks between them. Rules, ids and lines of the log are none. */
static void prose_is_readable(struct rig *r, const char *what)
{
    const char *p = vt_text(r->vt), *end;

    for (; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        const char *from = p, *gap;

        if (memmem(p, (size_t)(end - p), "INFO", 4))
            continue;
        for (; from < end; from = gap + 2) {
            size_t n;

            gap = memmem(from, (size_t)(end - from), "  ", 2);
            gap = gap ? gap : end;
            n = (size_t)(gap - from);
            if (n > 77 && (unsigned char)*from < 0x80 && memchr(from + 1, ' ', n - 1))
                fail_msg("%s: %zu columns of prose: %.*s", what, n, (int)n, from);
        }
    }
}

static void walk(const struct rig_options *o, const char *look)
{
    for (size_t i = 0; i < n_stops; i++) {
        struct rig r = rig_start(o);
        char name[64];

        stop_go(&r, &stops[i]);
        str_fmt(name, sizeof name, "%s_%s", stops[i].name, look);
        rig_golden(&r, name);
        if (o->cols > 100)
            prose_is_readable(&r, name);
        rig_end(&r);
    }
}

static void rich_80x24(void **state)
{
    (void)state;
    walk(&rig_rich, "80x24");
}

static void ascii_60x20(void **state)
{
    (void)state;
    walk(&rig_ascii, "60x20");
}

/* The pages of values that only operations have. */
static void values_of_operations(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii };
    static const char *const sizes[] = { "80x24", "60x20" };
    static const struct {
        const char *name, *keys, *then;
    } pages[] = { { "act_arc_values", "9\r\r", "\t\r" },
                  { "act_reset_values", "10\r4\r", "\r" },
                  { "act_reset_again", "10\r4\r", "\tyes\t" } };

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(pages); i++) {
        size_t look = i / ARRAY_LEN(pages), page = i % ARRAY_LEN(pages);
        struct rig r = rig_start(looks[look]);
        struct json *review = canned_unregister();
        char name[64];

        leaving(&r);
        canned_nodes(r.core);
        rig_show(&r);
        json_unset(review, "confirm");
        fake_reply(r.core, "arc-enable-check", review);
        rig_keys(&r, pages[page].keys);
        rig_keys(&r, pages[page].then);
        str_fmt(name, sizeof name, "%s_%s", pages[page].name, sizes[look]);
        rig_golden(&r, name);
        rig_end(&r);
    }
}

static void finished_run(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii, &rig_large };
    static const char *const names[] = { "progress_done_80x24", "progress_done_60x20",
                                         "progress_done_132x43" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig r = rig_start(looks[i]);
        done(&r);
        rig_show(&r);
        rig_keys(&r, "1\r");
        canned_run(r.core, "done");
        rig_show(&r);
        rig_golden(&r, names[i]);
        rig_end(&r);
    }
}

/* Registered with something left to do is shown as neither a success nor a failure. */
static void run_done_in_part(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii };
    static const char *const names[] = { "progress_part_80x24", "progress_part_60x20" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig r = rig_start(looks[i]);
        done(&r);
        rig_show(&r);
        rig_keys(&r, "1\r");
        canned_run(r.core, "in-part");
        rig_show(&r);
        rig_assert_shows(&r, "[WARN]");
        rig_assert_shows(&r, "RegisterSucceededButArcFailed");
        rig_assert_shows(&r, "Look at the Arc agent of the named");
        rig_assert_hides(&r, "Done:");
        rig_golden(&r, names[i]);
        rig_end(&r);
    }
}

/* The portal's address is long: its square needs a large screen, elsewhere the text stands there.
 */
static void portal_square(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii, &rig_large };
    static const char *const names[] = { "progress_square_80x24", "progress_square_60x20",
                                         "progress_square_132x43" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig r = rig_start(looks[i]);
        done(&r);
        rig_show(&r);
        rig_keys(&r, "1\r");
        canned_run(r.core, "running");
        rig_show(&r);
        rig_keys(&r, "b"); /* no end, no square */
        rig_assert_hides(&r, "No square here");
        canned_run(r.core, "done");
        rig_show(&r);
        rig_keys(&r, "b");
        rig_assert_hides(&r, "Done: CLUSTER-A");
        rig_golden(&r, names[i]);
        rig_keys(&r, "b");
        rig_assert_shows(&r, "Done: CLUSTER-A");
        rig_end(&r);
    }
}

static const char page[] = "https://portal.azure.com/#blade/Microsoft_AAD_RegisteredApps/";

/* A run that waits for an administrator: the address stands below the steps, c has all of it. */
static void consent_is_waited_for(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii, &rig_large };
    static const char *const sizes[] = { "80x24", "60x20", "132x43" };
    char name[64];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig r = rig_start(looks[i]);

        running(&r);
        rig_show(&r);
        rig_keys(&r, "1\r");
        rig_assert_hides(&r, "c consent");
        rig_keys(&r, "c"); /* nothing to consent to */
        rig_assert_hides(&r, "No square here");
        canned_consent(r.core, false);
        rig_show(&r);
        rig_assert_shows(&r, "appId/");
        str_fmt(name, sizeof name, "progress_consent_%s", sizes[i]);
        rig_golden(&r, name);
        rig_keys(&r, "c");
        rig_assert_shows(&r, i == 1 ? "appId/" : page);
        str_fmt(name, sizeof name, "consent_%s", sizes[i]);
        rig_golden(&r, name);
        rig_keys(&r, "\033[6~\033[6~");
        rig_assert_shows(&r, "AzureStackHCI.ClusterNode.ReadWrite");
        rig_keys(&r, "\033"); /* back to the steps, not to the menu */
        rig_assert_shows(&r, "[RUN ] Consent");
        canned_run(r.core, "running"); /* it is there */
        rig_show(&r);
        rig_assert_hides(&r, "appId/");
        rig_assert_hides(&r, "c consent");
        rig_end(&r);
    }
}

static bool has_square(bool consent, int rows, int cols, int *wanted_rows, int *wanted_cols)
{
    static const char words[] = "No square here: it needs ";
    struct rig_options o = rig_rich;
    const char *p;
    struct rig r;

    o.rows = rows;
    o.cols = cols;
    r = rig_start(&o);
    done(&r);
    rig_show(&r);
    rig_keys(&r, "1\r");
    if (consent)
        canned_consent(r.core, false);
    else
        canned_run(r.core, "done");
    rig_show(&r);
    rig_keys(&r, consent ? "c" : "b");
    rig_keys(&r, "\033[6~"); /* the sentence is the last of the page */
    p = strstr(vt_text(r.vt), words);
    if (p && wanted_rows)
        assert_int_equal(sscanf(p + sizeof words - 1, "%d rows and %d", wanted_rows, wanted_cols),
                         2);
    rig_end(&r);
    return !p;
}

/* Who makes the terminal as large as the screen says gets the square; one row less is too few. */
static void the_size_that_a_square_needs(void **state)
{
    (void)state;
    for (int consent = 0; consent < 2; consent++) {
        int rows = 0, cols = 0;

        assert_false(has_square(consent, 24, 80, &rows, &cols));
        assert_true(has_square(consent, rows, cols > 60 ? cols : 60, NULL, NULL));
        assert_false(has_square(consent, rows - 1, cols > 60 ? cols : 60, NULL, NULL));
    }
}

static void consent_did_not_come(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii, &rig_large };
    static const char *const names[] = { "progress_no_consent_80x24", "progress_no_consent_60x20",
                                         "progress_no_consent_132x43" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig r = rig_start(looks[i]);

        running(&r);
        rig_show(&r);
        rig_keys(&r, "1\r");
        canned_consent(r.core, true);
        rig_show(&r);
        rig_assert_shows(&r, "Result: PendingForAdminConsent");
        rig_assert_shows(&r, "appId/");
        rig_golden(&r, names[i]);
        rig_keys(&r, "cr");
        assert_int_equal(fake_count(r.core, "run-resume"), 1);
        rig_end(&r);
    }
}

/* Said once, when it appears, and again with all steps; its end is said, too. */
static void consent_in_lines(void **state)
{
    struct rig_options o = rig_large;
    struct rig r;

    (void)state;
    o.plain = true;
    r = rig_start(&o);
    running(&r);
    rig_show(&r);
    rig_keys(&r, "1\r");
    canned_consent(r.core, false);
    rig_show(&r);
    rig_assert_shows(&r, "appId/");
    rig_golden(&r, "plain_consent");
    rig_keys(&r, "p\r");
    canned_run(r.core, "running");
    rig_show(&r);
    rig_assert_shows(&r, "The consent is there; the operation goes on.");
    canned_consent(r.core, true);
    rig_show(&r);
    rig_golden(&r, "plain_no_consent");
    rig_end(&r);
}

/* More steps than rows: the one under way is in view at every moment, with the time and the mark of
 * the sandbox in the title. */
static void long_run(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii };
    static const char *const names[] = { "progress_long_80x24", "progress_long_60x20" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig r = rig_start(looks[i]);

        running(&r);
        canned_long_run(r.core, 0);
        rig_show(&r);
        rig_keys(&r, "1\r");
        for (int done = 0; done < 25; done++) {
            char line[40];

            canned_long_run(r.core, done);
            str_fmt(line, sizeof line, "%2d [RUN ] Work number %d on", done + 1, done + 1);
            rig_assert_shows(&r, line);
            rig_assert_shows(&r, "waits until Azure has made");
            rig_assert_shows(&r, "1:11:11");
            rig_assert_shows(&r, "[sandbox] 09:41:22");
            if (done == 14)
                rig_golden(&r, names[i]);
        }
        rig_assert_hides(&r, " 1 [done]"); /* scrolled away */
        rig_keys(&r, "\033[5~\033[5~\033[5~\033[5~\033[5~\033[5~");
        rig_assert_shows(&r, " 1 [done]"); /* PgUp brings it back */
        rig_keys(&r, "\033[F");
        rig_assert_shows(&r, "25 [RUN ]");
        rig_end(&r);
    }
}

/* The square at the smallest rich size: the address whole on a line below it. */
static void signin_60x20_rich(void **state)
{
    struct rig_options o = rig_rich;
    struct rig r;

    (void)state;
    o.rows = 20;
    o.cols = 60;
    r = rig_start(&o);
    code(&r);
    rig_show(&r);
    rig_keys(&r, "2\r");
    rig_golden(&r, "signin_code_60x20_rich");
    rig_assert_shows(&r, "\nhttps://microsoft.com/devicelogin\n");
    rig_end(&r);
}

static void large_132x43(void **state)
{
    (void)state;
    walk(&rig_large, "132x43");
}

int test_tui_screens(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rich_80x24),
        cmocka_unit_test(ascii_60x20),
        cmocka_unit_test(finished_run),
        cmocka_unit_test(run_done_in_part),
        cmocka_unit_test(portal_square),
        cmocka_unit_test(values_of_operations),
        cmocka_unit_test(signin_60x20_rich),
        cmocka_unit_test(large_132x43),
        cmocka_unit_test(long_run),
        cmocka_unit_test(consent_is_waited_for),
        cmocka_unit_test(the_size_that_a_square_needs),
        cmocka_unit_test(consent_did_not_come),
        cmocka_unit_test(consent_in_lines),
    };

    return TEST_GROUP("tui/screens", tests);
}
