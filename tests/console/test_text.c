#include "config.h"

#include "testing.h"
#include "console/tests.h"

#include <locale.h>
#include <string.h>

#include "base/str.h"
#include "console/ui/text.h"

static void widths(void **state)
{
    (void)state;
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("\xe4\xb8\xad\xe6\x96\x87"), 4);
    assert_int_equal(text_width("e\xcc\x81"), 1);
    assert_int_equal(text_width("\xff\xfe"), 2); /* each bad byte is one mark */
    assert_int_equal(text_width("\033["), 2);
    assert_int_equal(text_width("\xe2\x80\xae"
                                "x"),
                     2); /* U+202E is made visible */
}

static void clipping(void **state)
{
    wchar_t out[32];

    (void)state;
    assert_int_equal(text_wide(out, 32, "abcdef", 6, 3), 3);
    assert_true(wcscmp(out, L"abc") == 0);
    assert_int_equal(text_wide(out, 32, "a\xe4\xb8\xad\xe6\x96\x87", 7, 4),
                     3); /* a wide one is never cut in half */
    assert_int_equal(text_wide(out, 4, "abcdef", 6, 10), 3);
    assert_int_equal(text_wide(out, 32, "a\nb\tc", 5, 10), 5);
    assert_true(wcscmp(out, L"a?b?c") == 0);
    assert_int_equal(text_wide(out, 32,
                               "\xcc\x81"
                               "a",
                               3, 10),
                     1); /* a mark without a base is dropped */
}

static void ascii(void **state)
{
    wchar_t out[32];

    (void)state;
    text_set_ascii(true);
    assert_int_equal(text_wide(out, 32,
                               "Gr\xc3\xbc\xc3\x9f"
                               "e \xe4\xb8\xad",
                               12, 20),
                     9);
    assert_true(wcscmp(out, L"Gruesse ?") == 0);
    assert_int_equal(text_width("\xe2\x80\xa6"), 3);
    text_set_ascii(false);
}

/* What German and other Latin text becomes on a line of seven bits, in any locale. */
static void spelling(void **state)
{
    static const struct {
        const char *text, *plain;
    } cases[] = {
        { "Schl\u00fcssel f\u00fcr die Gr\u00f6\u00dfe", "Schluessel fuer die Groesse" },
        { "\u00c4rger, \u00d6l, \u00dcbung, STRA\u1e9eE", "Aerger, Oel, Uebung, STRASSE" },
        { "u\u0308ber, e\u0301te\u0301", "uber, ete" }, /* letters with marks of their own */
        { "caf\u00e9 \u0141\u00f3d\u017a ni\u00f1o \u010desk\u00fd", "cafe Lodz nino cesky" },
        { "\u201eZitat\u201c \u2018so\u2019 \u00aboder\u00bb", "\"Zitat\" 'so' \"oder\"" },
        { "1\u20132 \u2014 3\u22124 \u2026", "1-2 - 3-4 ..." },
        { "\u2192 \u2022 5\u00a0\u20ac", "-> * 5 EUR" },
        { "\u4e2d\u6587", "??" },
        { "\u202eevil\u200b", "?evil?" },
        { "\u061cturned\u034f \u115f\u3164\u180e", "?turned? ???" },
    };
    static const char *const locales[] = { "C", "C.UTF-8" };
    char out[64], small[8];

    (void)state;
    text_set_ascii(true);
    for (size_t l = 0; l < ARRAY_LEN(locales); l++) {
        setlocale(LC_ALL, locales[l]);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            text_plain(out, sizeof out, cases[i].text);
            assert_string_equal(out, cases[i].plain);
            assert_int_equal(text_width(cases[i].text), strlen(cases[i].plain));
        }
    }
    text_plain(small, sizeof small, "abcdef\u00fc");
    assert_string_equal(small, "abcdefu");
    text_set_ascii(false);
    text_plain(small, sizeof small, "abcdef\u4e2dg"); /* cut: nothing behind it comes either */
    assert_string_equal(small, "abcdef");
    text_set_ascii(true);
    text_plain(out, sizeof out, "eins\nzwei\tdrei");
    assert_string_equal(out, "eins\nzwei?drei");
    text_set_ascii(false);
    text_plain(out, sizeof out, "\u061cturned\u034f \u115f\u3164\u180e");
    assert_string_equal(out, "?turned? ???");
    text_plain(out, sizeof out, "Gr\u00f6\u00dfe");
    assert_string_equal(out, "Gr\u00f6\u00dfe");
}

/* Every letter with a mark that Latin-1 and Latin Extended-A have is spelt, none is '?'. */
static void no_letter_is_a_question_mark(void **state)
{
    (void)state;
    text_set_ascii(true);
    for (wchar_t c = 0xc0; c < 0x180; c++) {
        char in[5], out[8];

        text_encode(in, c);
        text_plain(out, sizeof out, in);
        assert_null(strchr(out, '?'));
        assert_true(out[0] > ' ' && out[0] < 0x7f);
    }
    text_set_ascii(false);
}

static void wrapping(void **state)
{
    struct text_line l[8];

    (void)state;
    assert_int_equal(text_wrap("one two three", 7, l, 8), 2);
    assert_int_equal(l[0].n, 7);
    assert_true(strncmp(l[1].p, "three", 5) == 0);
    assert_int_equal(text_wrap("abcdefghij", 4, l, 8), 3); /* longer than a line: broken within */
    assert_int_equal(l[2].n, 2);
    assert_int_equal(text_wrap("a\n\nb", 10, l, 8), 3);
    assert_int_equal(l[1].n, 0);
    assert_int_equal(text_wrap("a b c d", 1, l, 2), 2);
    assert_int_equal(text_wrap("", 5, l, 8), 0);
    assert_int_equal(text_wrap("abc", 0, l, 8), 0);
    assert_int_equal(text_wrap("\xe4\xb8\xad\xe4\xb8\xad", 1, l, 8),
                     2); /* wider than the line: still ends */
}

static void wraps(const char *text, int cols, const char *const *want)
{
    struct text_line l[8];
    int n = text_wrap(text, cols, l, 8);

    for (int i = 0; i < n; i++) {
        assert_non_null(want[i]);
        assert_int_equal(l[i].n, strlen(want[i]));
        assert_memory_equal(l[i].p, want[i], l[i].n);
    }
    assert_null(want[n]);
}

/* Between wide characters, not before a closing mark nor behind an opening one, never within a
 * word of Latin letters and never before a mark that belongs to its letter. */
static void wrapping_chinese(void **state)
{
    (void)state;
    wraps("\u8bf7\u91cd\u65b0\u767b\u5f55", 5,
          (const char *const[]){ "\u8bf7\u91cd", "\u65b0\u767b", "\u5f55", NULL });
    wraps("\u8bf7\u91cd\u3002\u65b0", 4,
          (const char *const[]){ "\u8bf7", "\u91cd\u3002", "\u65b0", NULL });
    wraps(
        "\u8bf7\uff08\u91cd\uff09", 4,
        (const char *const[]){ "\u8bf7", "\uff08\u91cd", "\uff09", NULL }); /* longer than a line */
    wraps("\u7528Azure\u767b", 7, (const char *const[]){ "\u7528Azure", "\u767b", NULL });
    wraps("\u7528 Azure \u767b", 6, (const char *const[]){ "\u7528", "Azure", "\u767b", NULL });
    wraps("\u8bf7\u91cd\u0301\u65b0", 2,
          (const char *const[]){ "\u8bf7", "\u91cd\u0301", "\u65b0", NULL });
    assert_int_equal(text_piece("\u8bf7\u91cd", 6), 3);
    assert_int_equal(text_piece("Azure \u91cd", 9), 5);
    assert_int_equal(text_piece("\u91cd\u3002", 6), 6);
    assert_int_equal(text_piece("", 0), 0);
}

static void padding(void **state)
{
    char out[40];

    (void)state;
    assert_string_equal(text_pad(out, sizeof out, "\u8ba2\u9605", 6), "\u8ba2\u9605  ");
    assert_string_equal(text_pad(out, sizeof out, "\u00e4\u00e4", 4), "\u00e4\u00e4  ");
    assert_string_equal(text_pad(out, sizeof out, "longer", 3), "longer");
    assert_true(text_ends_wide("a\u3002") && !text_ends_wide("\u3002a") && !text_ends_wide(""));
}

static void borders(void **state)
{
    const char *s = "ae\xcc\x81\xe4\xb8\xad";

    (void)state;
    assert_int_equal(text_next(s, 0), 1);
    assert_int_equal(text_next(s, 1), 4); /* e with its mark */
    assert_int_equal(text_next(s, 4), 7);
    assert_int_equal(text_next(s, 7), 7);
    assert_int_equal(text_prev(s, 7), 4);
    assert_int_equal(text_prev(s, 4), 1);
    assert_int_equal(text_prev(s, 0), 0);
}

static void encoding(void **state)
{
    char out[5];

    (void)state;
    assert_int_equal(text_encode(out, 0x4e2d), 3);
    assert_string_equal(out, "\xe4\xb8\xad");
    assert_int_equal(text_encode(out, 0xd800), 0);
    assert_int_equal(text_encode(out, 0x110000), 0);
}

int test_console_text(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths),
        cmocka_unit_test(clipping),
        cmocka_unit_test(ascii),
        cmocka_unit_test(spelling),
        cmocka_unit_test(no_letter_is_a_question_mark),
        cmocka_unit_test(wrapping),
        cmocka_unit_test(wrapping_chinese),
        cmocka_unit_test(padding),
        cmocka_unit_test(borders),
        cmocka_unit_test(encoding),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return TEST_GROUP("console/text", tests);
}
