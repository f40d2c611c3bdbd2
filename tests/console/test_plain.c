#include "config.h"

#include <locale.h>
#include <string.h>

#include "testing.h"
#include "console/plain/answer.h"
#include "console/plain/wrap.h"
#include "console/tests.h"
#include "console/ui/text.h"

/* ---- lines ---- */

static void wrapped(const char *text, int cols, const char *wanted)
{
    struct str s = STR_INIT;

    wrap_text(&s, text, cols);
    assert_string_equal(str_p(&s), wanted);
    str_free(&s);
}

static void lines_break_at_blanks_only(void **state)
{
    (void)state;
    wrapped("one two three", 79, "one two three\n");
    wrapped("one two three", 7, "one two\nthree\n");
    wrapped("one two three", 6, "one\ntwo\nthree\n");
    wrapped("at https://example.com/devicelogin now", 10,
            "at\nhttps://example.com/devicelogin\nnow\n");
    wrapped("  two   blanks  ", 79, "two blanks\n");
    wrapped("1\xc2\xa0Register. 2\xc2\xa0Sign\xc2\xa0in.", 12, "1 Register.\n2 Sign in.\n");
    wrapped("", 79, "");
}

static void paragraphs_have_no_empty_lines(void **state)
{
    (void)state;
    wrapped("a\n\nb\nc\n", 79, "a\nb\nc\n");
    wrapped("\n \n", 79, "");
}

static void widths_are_columns(void **state)
{
    (void)state;
    wrapped("\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4", 7,
            "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4\n");
    wrapped("\u65e5\u672c \u65e5\u672c", 9, "\u65e5\u672c \u65e5\u672c\n");
    wrapped("\u65e5\u672c \u65e5\u672c", 8, "\u65e5\u672c \u65e5\n\u672c\n");
}

/* Chinese has no blanks: it breaks between characters, but no line begins with a comma and none
 * ends with an opening bracket; addresses and ids stay whole. */
static void chinese_breaks_between_characters(void **state)
{
    (void)state;
    wrapped("\u8bf7\u91cd\u65b0\u767b\u5f55\u3002", 8, "\u8bf7\u91cd\u65b0\u767b\n\u5f55\u3002\n");
    wrapped("\u8bf7\u91cd\u65b0\uff0c\u767b\u5f55", 7,
            "\u8bf7\u91cd\n\u65b0\uff0c\u767b\n\u5f55\n");
    wrapped("\u8bf7\uff08\u91cd\uff09", 5, "\u8bf7\n\uff08\u91cd\uff09\n");
    wrapped("\u6253\u5f00 https://example.com/devicelogin\u3002\u8bf7", 10,
            "\u6253\u5f00\nhttps://example.com/devicelogin\u3002\n\u8bf7\n");
    wrapped("1\u00a0\u6ce8\u518c\u3002 2\u00a0\u767b\u5f55\u3002", 12,
            "1 \u6ce8\u518c\u3002\n2 \u767b\u5f55\u3002\n");
}

static void seven_bits_where_the_locale_has_no_more(void **state)
{
    (void)state;
    text_set_ascii(true);
    wrapped("Geb\xc3\xa4ude \xe2\x80\xa6 \xe6\x97\xa5", 79, "Gebaeude ... ?\n");
    text_set_ascii(false);
}

static void control_characters_never_come_out(void **state)
{
    struct str s = STR_INIT;

    (void)state;
    wrap_text(&s, "a\033[2Jb\rc\td\x7f\x08\x07 \xc2\x9b 31m \xe2\x80\xae x \xff", 79);
    wrap_prompt(&s, "Name [a\033]0;x\007b\nc]:", 79);
    for (size_t i = 0; i < s.len; i++)
        assert_true((unsigned char)s.p[i] >= 0x20 || s.p[i] == '\n');
    assert_null(strstr(s.p, "\xc2\x9b"));
    assert_null(strstr(s.p, "\xe2\x80\xae"));
    assert_null(strchr(s.p, 0x7f));
    assert_string_equal(strrchr(s.p, '\n') + 1, "Name [a?]0;x?b c]: ");
    str_free(&s);
}

static void a_prompt_ends_with_a_blank(void **state)
{
    struct str s = STR_INIT;

    (void)state;
    wrap_prompt(&s, "Type yes to register, < to go back:", 20);
    assert_string_equal(s.p, "Type yes to\nregister, < to go\nback: ");
    str_reset(&s);
    wrap_prompt(&s, "", 20);
    assert_int_equal(s.len, 0);
    str_free(&s);
}

static void parts_become_sentences(void **state)
{
    struct str s = STR_INIT;

    (void)state;
    str_add(&s, "ClusterStatus: NotYet.");
    wrap_sentence(&s, "due 2026-12-18, 27 days");
    wrap_sentence(&s, "");
    wrap_sentence(&s, "Ask again!");
    assert_string_equal(s.p, "ClusterStatus: NotYet. Due 2026-12-18, 27 days. Ask again!");
    str_reset(&s);
    str_add(&s, "ClusterStatus: NotYet.");
    wrap_sentence(&s, "\u8fd8\u6709 27 \u5929");
    wrap_sentence(&s, "\u4ece\u672a\u8fde\u63a5\u3002");
    assert_string_equal(s.p, "ClusterStatus: NotYet. \u8fd8\u6709 27 \u5929\u3002"
                             "\u4ece\u672a\u8fde\u63a5\u3002");
    assert_string_equal(wrap_stop("\u5417\uff1f"), "");
    assert_string_equal(wrap_stop("done"), ".");
    str_free(&s);
}

/* ---- answers ---- */

static const char *const names[] = { "East US", "West US", "West US 2", "3" }, *const ids[] = {
    "eastus", "westus", "westus2", "three"
};

static int count(const struct model *m, const struct form *f)
{
    (void)m, (void)f;
    return (int)ARRAY_LEN(names);
}

static void choice(const struct model *m, const struct form *f, int i, struct form_choice *out)
{
    (void)m, (void)f;
    STR_SET(out->id, ids[i]);
    STR_SET(out->name, names[i]);
}

static const struct form_field fields[] = {
    { .id = "region", .label = "Region", .help = "h", .count = count, .choice = choice },
    { .id = "name", .label = "Name", .help = "h" },
};

static void a_line_is_empty_back_help_or_text(void **state)
{
    (void)state;
    assert_int_equal(answer_kind(""), ANSWER_EMPTY);
    assert_int_equal(answer_kind("<"), ANSWER_BACK);
    assert_int_equal(answer_kind("back"), ANSWER_BACK);
    assert_int_equal(answer_kind("Back"), ANSWER_BACK);
    assert_int_equal(answer_kind("?"), ANSWER_HELP);
    assert_int_equal(answer_kind("backup-rg"), ANSWER_TEXT);
    assert_int_equal(answer_kind("<a"), ANSWER_TEXT);
    assert_true(answer_is("S", "s", "stop") && answer_is("stop", "s", "stop"));
    assert_false(answer_is("", "s", "stop") || answer_is("st", "s", "stop"));
}

static int picks(int field, const char *text, int first)
{
    struct form f;
    int found[FORM_MATCHES], n;

    form_init(&f, fields, 2, NULL);
    n = answer_pick(&f, NULL, field, text, found);
    if (n > 0)
        assert_int_equal(found[0], first);
    return n;
}

static void a_choice_is_a_number_a_name_or_a_part(void **state)
{
    (void)state;
    assert_int_equal(picks(0, "1", 0), 1);
    assert_int_equal(picks(0, "4", 3), 1);
    assert_int_equal(picks(0, "3", 2), 1);       /* the number shown, not the name */
    assert_int_equal(picks(0, "West US", 1), 1); /* whole, though it is a part of another */
    assert_int_equal(picks(0, "WESTUS", 1), 1);
    assert_int_equal(picks(0, "west", 1), 2);
    assert_int_equal(picks(0, "east", 0), 1);
    assert_int_equal(picks(0, "5", 0), 0);
    assert_int_equal(picks(0, "0", 0), 0);
    assert_int_equal(picks(0, "-1", 0), 0);
    assert_int_equal(picks(0, "99999999999999999999", 0), 0);
    assert_int_equal(picks(0, "moon", 0), 0);
    assert_int_equal(picks(1, "1", 0), 0); /* no list */
}

int test_console_plain(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_break_at_blanks_only),
        cmocka_unit_test(paragraphs_have_no_empty_lines),
        cmocka_unit_test(widths_are_columns),
        cmocka_unit_test(chinese_breaks_between_characters),
        cmocka_unit_test(seven_bits_where_the_locale_has_no_more),
        cmocka_unit_test(control_characters_never_come_out),
        cmocka_unit_test(a_prompt_ends_with_a_blank),
        cmocka_unit_test(parts_become_sentences),
        cmocka_unit_test(a_line_is_empty_back_help_or_text),
        cmocka_unit_test(a_choice_is_a_number_a_name_or_a_part),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return TEST_GROUP("console/plain", tests);
}
