#include "config.h"

#include "testing.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

int test_base_log(void);

static void keeps_a_ring(void **state)
{
    struct log_line lines[LOG_RING + 10];
    int64_t before = log_head();

    (void)state;
    log_inf("one\x1b %d", 1);
    log_wrn("two");
    assert_true(log_head() == before + 2);
    assert_int_equal(log_read(before, lines, 10), 2);
    assert_string_equal(lines[0].text, "one\\x1b 1");
    assert_int_equal(lines[1].level, LOG_WRN);
    assert_true(lines[1].seq == before + 2);
    assert_int_equal(log_read(before, lines, 1), 1);
    assert_true(lines[0].seq == before + 1);
    assert_int_equal(log_read(log_head(), lines, 10), 0);
    assert_int_equal(log_read(log_head() + 5, lines, 10), 0);
    for (int i = 0; i < LOG_RING + 5; i++)
        log_dbg("line %d", i);
    assert_int_equal(log_read(0, lines, LOG_RING + 10), LOG_RING);
    assert_string_equal(lines[0].text, "line 5");
    assert_true(lines[LOG_RING - 1].seq == log_head());
}

static void numbers_an_event(void **state)
{
    struct log_line lines[2];
    int64_t before = log_head();

    (void)state;
    log_event(9106, LOG_ERR, "%s is gone", "it");
    log_inf("no event");
    assert_int_equal(log_read(before, lines, 2), 2);
    assert_string_equal(lines[0].text, "event 9106: it is gone");
    assert_int_equal(lines[0].event, 9106);
    assert_int_equal(lines[0].level, LOG_ERR);
    assert_int_equal(lines[1].event, 0);
}

static void writes_a_file(void **state)
{
    struct err e = { 0 };
    struct str s = STR_INIT;
    char path[200];
    struct stat st;

    (void)state;
    str_fmt(path, sizeof(path), "%s/run.log", test_dir());
    assert_int_equal(log_open(path, &e), 0);
    log_err("broken\nline %0300d", 7);
    assert_int_equal(file_read(path, 10000, &s, &e), 0);
    assert_int_equal(s.p[10], 'T');
    assert_memory_equal(s.p + 23, "Z , ERROR , broken line 000", 27);
    assert_int_equal(s.p[s.len - 2], '7');
    assert_ptr_equal(strchr(s.p, '\n'), s.p + s.len - 1);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    str_free(&s);
    assert_int_equal(log_open("/nonexistent/x", &e), -1);
    assert_true(err_is(&e));
}

static void keeps_one_older_file(void **state)
{
    struct err e = { 0 };
    char path[200], older[210];
    struct stat st;

    (void)state;
    str_fmt(path, sizeof(path), "%s/big.log", test_dir());
    str_fmt(older, sizeof(older), "%s.1", path);
    assert_int_equal(file_replace(path, "x\n", 2, &e), 0);
    assert_int_equal(truncate(path, 4 * 1024 * 1024 + 1), 0);
    assert_int_equal(log_open(path, &e), 0);
    log_inf("fresh");
    assert_int_equal(stat(older, &st), 0);
    assert_true(st.st_size > 4 * 1024 * 1024);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 200);
}

int test_base_log(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_ring),
        cmocka_unit_test(numbers_an_event),
        cmocka_unit_test(writes_a_file),
        cmocka_unit_test(keeps_one_older_file),
    };

    return TEST_GROUP("base/log", tests);
}
