#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing.h"
#include "base/file.h"
#include "base/str.h"
#include "console/face/answers.h"
#include "console/tests.h"

static char dir[64], path[100];

static int set_up(void **state)
{
    (void)state;
    STR_SET(dir, "/tmp/azl-answers-XXXXXX");
    assert_non_null(mkdtemp(dir));
    str_fmt(path, sizeof path, "%s/a.json", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    rmdir(dir);
    return 0;
}

static struct json *read_text(const char *text, struct json *wrong, struct err *e)
{
    assert_int_equal(file_replace(path, text, strlen(text), e), 0);
    return answers_read(path, wrong, e);
}

static struct json *parsed(const char *text)
{
    struct err e = { 0 };

    return json_parse(text, strlen(text), 0, &e);
}

static void what_is_written_reads_the_same(void **state)
{
    struct json *values = parsed("{\"region\":\"eastus\",\"tag\":{\"a\":\"b\"},"
                                 "\"repairRegistration\":true,\"arcSpnAppId\":"
                                 "\"11111111-2222-3333-4444-555555555555\"}");
    struct json *wrong = json_array(), *again;
    struct err e = { 0 };
    struct stat st;

    (void)state;
    assert_int_equal(answers_write(path, values, false, &e), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    again = answers_read(path, wrong, &e);
    assert_true(json_equal(again, values));
    assert_int_equal(json_len(wrong), 0);
    json_free(again);

    assert_int_equal(answers_write(path, values, false, &e), -1);
    assert_int_equal(e.code, ERR_C_CONFLICT);
    json_set_str(values, "region", "westeurope");
    assert_int_equal(answers_write(path, values, true, &e), 0);
    again = answers_read(path, wrong, &e);
    assert_string_equal(json_str(again, "region"), "westeurope");
    json_free(again);
    json_free(values);
    json_free(wrong);
}

/* Neither secrets nor what is the console's own go into a file. */
static void no_secret_is_written(void **state)
{
    struct json *values = parsed("{\"region\":\"eastus\",\"armAccessToken\":\"eyJ\","
                                 "\"credential\":\"x\",\"whatIf\":true}"),
                *out = answers_of(values);

    (void)state;
    assert_int_equal(json_len(out), 1);
    assert_string_equal(json_str(out, "Region"), "eastus");
    json_free(values);
    json_free(out);
}

static void all_that_is_wrong_at_once(void **state)
{
    static const char *const keys[] = { "Regoin", "SubscriptionId", "repairregistration", "TAG",
                                        "Nonsense" };
    static const char *const says[] = { "Is Region meant", "GUID", "true or false", "an object",
                                        "--help" };
    struct json *wrong = json_array(), *values;
    struct err e = { 0 };
    size_t i = 0;

    (void)state;
    values = read_text("{\"Regoin\":\"a\",\"SubscriptionId\":\"x\",\"repairregistration\":1,"
                       "\"TAG\":\"a=b\",\"Nonsense\":0,\"Region\":\"East US\"}",
                       wrong, &e);
    assert_non_null(values);
    assert_string_equal(json_str(values, "region"), "eastus");
    assert_int_equal(json_len(wrong), ARRAY_LEN(keys));
    JSON_EACH (w, wrong) {
        assert_string_equal(json_str(w, "key"), keys[i]);
        assert_non_null(strstr(json_str(w, "message"), says[i++]));
    }
    json_free(values);
    json_free(wrong);
}

static void what_is_no_file_of_answers(void **state)
{
    static const char *const texts[] = { "", "[]", "7", "{", "{} x", "{\"a\":1,\"a\":2}" };
    struct json *wrong = json_array();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err e = { 0 };

        assert_null(read_text(texts[i], wrong, &e));
        assert_int_equal(e.domain, ERR_USAGE);
        assert_non_null(strstr(e.context, "--answers"));
    }
    unlink(path);
    {
        struct err e = { 0 };

        assert_null(answers_read(path, wrong, &e));
        assert_int_equal(e.domain, ERR_USAGE);
    }
    assert_int_equal(json_len(wrong), 0);
    json_free(wrong);
}

int test_console_answers(void)
{
#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(what_is_written_reads_the_same),
        T(no_secret_is_written),
        T(all_that_is_wrong_at_once),
        T(what_is_no_file_of_answers),
    };

    return TEST_GROUP("console/answers", tests);
}
