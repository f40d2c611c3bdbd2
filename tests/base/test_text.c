#include "config.h"

#include "testing.h"

#include "base/str.h"
#include "base/text.h"

int test_base_text(void);

static void shows_what_would_act(void **state)
{
    static const struct {
        const char *in, *line, *ascii;
    } rows[] = {
        { "plain text", "plain text", "plain text" },
        { "a\r\n\tb", "a b", "a b" },
        { "\n a \n", " a ", " a " },
        { "\x1b[2J", "\\x1b[2J", "\\x1b[2J" },
        { "a\bb\x7f", "a\\x08b\\x7f", "a\\x08b?" },
        { "a\xc2\x9b"
          "2J",
          "a\\x9b2J", "a?2J" },
        { "\xe2\x80\xae"
          "abc",
          "\\u202eabc", "?abc" },
        { "a\xe2\x80\x8b"
          "b",
          "a\\u200bb", "a?b" },
        { "\xc2\xad", "\\xad", "?" },
        { "\xf3\xa0\x81\x81", "\\U000e0041", "?" },
        { "\xee\x80\x80", "\\ue000", "?" },
        { "\xe2\x80\xa8", "\\u2028", "?" },
        { "\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80", "\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80", "???" },
        { "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81", "e\xcc\x81\xcc\x81", "e????" },
        { "\xcc\x81"
          "e",
          "\\u0301e", "?e" },
        { "\n\xcc\x81"
          "e",
          "\\u0301e", "?e" },
        { "\xff\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "???" },
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "???" },
        { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "????" },
        { "x\xe2\x82", "x\xef\xbf\xbd\xef\xbf\xbd", "x??" },
    };
    char out[100], again[100];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n = text_clean(out, sizeof(out), rows[i].in, strlen(rows[i].in), TEXT_LINE);

        assert_string_equal(out, rows[i].line);
        assert_int_equal(n, strlen(out));
        assert_true(text_is_clean(out));
        assert_int_equal(text_is_clean(rows[i].in), strcmp(rows[i].in, rows[i].line) == 0);
        text_set(again, sizeof(again), out);
        assert_string_equal(again, out);
        text_clean(out, sizeof(out), rows[i].in, strlen(rows[i].in), TEXT_ASCII);
        assert_string_equal(out, rows[i].ascii);
    }
    assert_int_equal(text_clean(out, sizeof(out), "a\0b", 3, TEXT_LINE), 6);
    assert_string_equal(out, "a\\x00b");
    text_set(out, sizeof(out), NULL);
    assert_string_equal(out, "");
}

static void cuts_with_dots(void **state)
{
    char out[8];

    (void)state;
    text_set(out, sizeof(out), "1234567");
    assert_string_equal(out, "1234567");
    text_set(out, sizeof(out), "12345678");
    assert_string_equal(out, "1234...");
    text_set(out, sizeof(out),
             "123\xe2\x82\xac"
             "45");
    assert_string_equal(out, "123...");
    text_set(out, sizeof(out), "12\x1b\x1b");
    assert_string_equal(out, "12...");
    assert_int_equal(text_clean(out, 3, "12345", 5, TEXT_LINE), 0);
    assert_string_equal(out, "");
    assert_int_equal(text_clean(out, 0, "12345", 5, TEXT_LINE), 0);
}

int test_base_text(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_would_act),
        cmocka_unit_test(cuts_with_dots),
    };

    return TEST_GROUP("base/text", tests);
}
