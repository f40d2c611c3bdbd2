#include "config.h"

#include "testing.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "core/folder.h"

int test_core_folder(void);

static char dir[200];

static void fresh(void)
{
    static int n;

    str_fmt(dir, sizeof(dir), "%s/state%d", test_dir(), n++);
}

static bool there(const char *name)
{
    char path[300];

    str_fmt(path, sizeof(path), "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

static void prepare_probe_forget(void **s)
{
    struct err e = { 0 };
    char path[300];

    (void)s;
    fresh();
    assert_int_equal(folder_probe(dir, &e), -1);
    assert_int_equal(folder_prepare(dir, &e), 0);
    assert_true(there("store") && there("runs") && there("nodes"));
    assert_int_equal(folder_probe(dir, &e), 0);
    assert_false(there(".probe"));
    assert_true(folder_looks_well(dir));
    str_fmt(path, sizeof(path), "%s/nodes/n1", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    str_fmt(path, sizeof(path), "%s/nodes/n1/node.json", dir);
    assert_int_equal(file_replace(path, "{}", 2, &e), 0);
    str_fmt(path, sizeof(path), "%s/core.lock", dir);
    assert_int_equal(file_replace(path, "1", 1, &e), 0);
    assert_int_equal(folder_forget(dir, &e), 0);
    assert_false(there("nodes") || there("store") || there("runs"));
    assert_true(there("core.lock"));
}

static void a_folder_of_others_is_refused(void **s)
{
    struct err e = { 0 };

    (void)s;
    fresh();
    assert_int_equal(mkdir(dir, 0777), 0);
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(folder_prepare(dir, &e), -1);
    assert_true(err_is(&e));
}

#define DAY (INT64_C(24) * 3600 * 1000)

static void a_real_clock_needs_no_file(void **s)
{
    struct clock c;
    struct err e = { 0 };
    int64_t off;

    (void)s;
    fresh();
    assert_int_equal(folder_prepare(dir, &e), 0);
    assert_int_equal(folder_clock(dir, 1, &c, &e), 0);
    off = clock_now(&c) - wall_ms();
    assert_true(off > -1000 && off < 1000);
    assert_false(there("clock.json"));
}

/* A restart never turns the policy clock back, whatever its rate is then. */
static void a_fast_clock_goes_on(void **s)
{
    struct clock c;
    struct err e = { 0 };
    char path[300], text[200];
    int64_t before;

    (void)s;
    fresh();
    assert_int_equal(folder_prepare(dir, &e), 0);
    str_fmt(path, sizeof(path), "%s/clock.json", dir);
    str_fmt(text, sizeof(text), "{\"real\":%lld,\"policy\":%lld,\"rate\":1000}",
            (long long)(wall_ms() - 86400), (long long)wall_ms());
    assert_int_equal(file_replace(path, text, strlen(text), &e), 0);
    assert_int_equal(folder_clock(dir, 1000, &c, &e), 0);
    before = clock_now(&c);
    assert_true(before >= wall_ms() + DAY - 5000); /* 86.4 s at 1000 are a day */
    assert_int_equal(folder_clock(dir, 1, &c, &e), 0);
    assert_true(clock_now(&c) >= before);
    assert_int_equal(folder_clock(dir, 1, &c, &e), 0);
    assert_true(clock_now(&c) >= before);
    assert_true(clock_now(&c) < before + DAY);
}

static void a_clock_that_cannot_be_kept_runs(void **s)
{
    struct clock c;
    struct err e = { 0 };

    (void)s;
    fresh();
    assert_int_equal(folder_clock(dir, 500, &c, &e), -1);
    assert_true(err_is(&e));
    assert_true(clock_now(&c) > 0);
}

int test_core_folder(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prepare_probe_forget),
        cmocka_unit_test(a_folder_of_others_is_refused),
        cmocka_unit_test(a_real_clock_needs_no_file),
        cmocka_unit_test(a_fast_clock_goes_on),
        cmocka_unit_test(a_clock_that_cannot_be_kept_runs),
    };

    return TEST_GROUP("core/folder", tests);
}
