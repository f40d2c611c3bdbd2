#include "config.h"

#include "testing.h"
#include "console/picture.h"
#include "console/tests.h"

#include "console/ui/qr.h"

static const char *const addresses[] = {
    "https://microsoft.com/devicelogin",
    "https://www.microsoft.com/link",
    "https://login.microsoftonline.com/common/oauth2/deviceauth",
    "https://127.0.0.1:41234/devicelogin",
};

/* Dark screen around the square, as on a terminal; returns what zbar reads. */
static const char *scan(const struct qr *q, const struct qr_plan *plan, int gap)
{
    static const uint32_t glyphs[] = { ' ', 0x2580, 0x2584, 0x2588 };
    struct picture p;
    const char *text;

    picture_init(&p, plan->rows + 2, plan->cols + 4);
    for (int r = 0; r < plan->rows; r++)
        for (int c = 0; c < plan->cols; c++) {
            int cell = qr_cell(q, plan, r, c);
            if (plan->halves)
                picture_cell(&p, r + 1, c + 2, glyphs[cell], 0, gap);
            else
                picture_cell(&p, r + 1, c + 2, ' ', cell != 0, 0);
        }
    text = picture_read(&p);
    picture_free(&p);
    return text;
}

static void read_at(int rows, int cols, bool halves, int quiet, int gap)
{
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct qr q = { 0 };
        struct qr_plan plan;
        int more = 0;

        assert_true(qr_make(&q, addresses[i]));
        more = q.modules - 29; /* the longer address needs a larger square */
        qr_plan(&plan, &q, rows + (halves ? more / 2 : more), cols + (halves ? more : 2 * more),
                halves);
        assert_true(plan.drawn);
        assert_int_equal(plan.quiet, quiet);
        assert_string_equal(scan(&q, &plan, gap), addresses[i]);
        qr_free(&q);
    }
}

static void quiet_four(void **state)
{
    (void)state;
    read_at(19, 37, true, 4, 0);
    read_at(19, 37, true, 4, 1);
}

static void quiet_two(void **state)
{
    (void)state;
    read_at(17, 33, true, 2, 0);
    read_at(17, 33, true, 2, 1);
}

static void blanks(void **state)
{
    (void)state;
    read_at(37, 74, false, 4, 0);
    read_at(33, 66, false, 2, 0);
}

static void refused(void **state)
{
    struct qr q = { 0 };
    struct qr_plan plan;
    char longer[4000];

    (void)state;
    qr_plan(&plan, &q, 100, 200, true); /* none made */
    assert_false(plan.drawn);
    assert_true(qr_make(&q, addresses[0]));
    qr_plan(&plan, &q, 16, 80, true);
    assert_false(plan.drawn);
    qr_plan(&plan, &q, 24, 32, true);
    assert_false(plan.drawn);
    qr_plan(&plan, &q, 32, 100, false);
    assert_false(plan.drawn);
    assert_int_equal(plan.rows, 33); /* what it would need is known */
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(qr_make(&q, longer));
    assert_int_equal(q.modules, 0);
    assert_false(qr_make(&q, ""));
    qr_free(&q);
}

int test_console_qr(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_four),
        cmocka_unit_test(quiet_two),
        cmocka_unit_test(blanks),
        cmocka_unit_test(refused),
    };

    return TEST_GROUP("console/qr", tests);
}
