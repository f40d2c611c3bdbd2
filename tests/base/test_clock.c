#include "config.h"

#include "testing.h"

#include "base/loop.h"
#include "base/str.h"

int test_base_clock(void);

static void reads_times(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2026-11-21T09:41:22Z", 1795254082000 },
        { "2026-11-21T09:41:22.1234567Z", 1795254082123 },
        { "2026-11-21T15:11:22.1+05:30", 1795254082100 },
        { "2026-11-21T01:41:22-0800", 1795254082000 },
        { "2024-02-29T00:00:00z", 1709164800000 },
    };
    static const char *const bad[] = {
        "",
        "2026-11-21",
        "2026-11-21T09:41:22",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T09:41:22.Z",
        "2026-11-21T09:41:22.1234567890Z",
        "2026-11-21T09:41:22Zx",
        "2026-11-21T09:41:22+5:30",
        "yesterday",
    };
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(time_parse(good[i].text, &ms));
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(time_parse(bad[i], &ms));
    assert_false(time_parse(NULL, &ms));
}

static void writes_times(void **state)
{
    char out[TIME_SIZE];

    (void)state;
    time_iso(out, 1795254082123);
    assert_string_equal(out, "2026-11-21T09:41:22Z");
    time_iso7(out, 1795254082123);
    assert_string_equal(out, "2026-11-21T09:41:22.1230000Z");
    time_iso7(out, -1);
    assert_string_equal(out, "1969-12-31T23:59:59.9990000Z");
    time_iso(out, 0);
    assert_string_equal(out, "");
    time_iso(out, INT64_MAX);
    assert_string_equal(out, "");
}

static void scales(void **state)
{
    struct clock c;
    int64_t real;

    (void)state;
    clock_init(&c, 1);
    real = wall_ms();
    assert_true(clock_now(&c) >= real && clock_now(&c) < real + 1000);
    assert_int_equal(clock_real_delay(&c, 5000), 5000);
    clock_init_at(&c, 86400, 1000000);
    c.base_mono -= 1000; /* a second ago */
    assert_true(clock_now(&c) >= 1000000 + 86400000);
    assert_int_equal(clock_real_delay(&c, 86400000), 1000);
    assert_int_equal(clock_real_delay(&c, 86400001), 1001);
    assert_int_equal(clock_real_delay(&c, 1), 1);
    assert_int_equal(clock_real_delay(&c, -5), 1);
}

int test_base_clock(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_times),
        cmocka_unit_test(writes_times),
        cmocka_unit_test(scales),
    };

    return TEST_GROUP("base/clock", tests);
}
