#include "config.h"

#include "testing.h"
#include "console/tests.h"

#include "base/str.h"
#include "console/ui/form.h"

/* ---- input ---- */

static void typing(void **state)
{
    struct input in = { .text = "" };

    (void)state;
    assert_true(input_key(&in, 'a', ""));
    assert_true(input_key(&in, 0xe4, ""));
    assert_true(input_key(&in, K_LEFT, ""));
    assert_true(input_key(&in, 'b', ""));
    assert_string_equal(in.text, "ab\xc3\xa4");
    input_key(&in, K_DEL, "");
    assert_string_equal(in.text, "ab");
    input_key(&in, K_HOME, "");
    input_key(&in, K_BACKSPACE, ""); /* nothing before it */
    assert_string_equal(in.text, "ab");
    input_key(&in, K_CTRL('U'), "");
    assert_string_equal(in.text, "");
    assert_false(input_key(&in, K_UP, ""));
    assert_false(input_key(&in, K_CTRL('G'), ""));
}

static void pasting(void **state)
{
    struct input in = { .text = "" };

    (void)state;
    input_key(&in, K_PASTE, "  \r\n value\033[2J \nsecond");
    assert_non_null(strstr(in.text, "value"));
    assert_null(strchr(in.text, '\033'));
    assert_null(strstr(in.text, "second"));
}

static void full(void **state)
{
    struct input in = { .text = "" };

    (void)state;
    for (int i = 0; i < 2 * INPUT_SIZE; i++)
        input_key(&in, 0x4e2d, "");
    assert_true(strlen(in.text) < INPUT_SIZE);
    assert_int_equal(strlen(in.text) % 3, 0); /* no half character */
}

/* ---- menu ---- */

static const struct menu_item items[] = {
    { .number = 1, .text = "a" },
    { .number = 2, .text = "b" },
    { .number = 11, .text = "c" },
    { .number = 15, .text = "d" },
};

static int press(struct menu *m, const char *keys)
{
    int chosen = -1;

    for (; *keys; keys++)
        menu_key(m, items, 4, *keys == '\r' ? K_ENTER : *keys, &chosen);
    return chosen;
}

static void numbers(void **state)
{
    struct menu m = { 0 };

    (void)state;
    assert_int_equal(press(&m, "1\r"), 0);
    assert_int_equal(press(&m, "11\r"), 2);
    assert_int_equal(press(&m, "15\r"), 3);
    assert_int_equal(press(&m, "2\r"), 1);
    assert_int_equal(press(&m, "12\r"), 1); /* there is no 12: the 2 begins anew */
    assert_int_equal(press(&m, "9\r"), -1); /* a number without an item opens nothing */
}

static void arrows(void **state)
{
    struct menu m = { 0 };
    int chosen;

    (void)state;
    menu_key(&m, items, 4, K_UP, &chosen);
    assert_int_equal(m.selected, 3);
    menu_key(&m, items, 4, K_DOWN, &chosen);
    menu_key(&m, items, 4, K_DOWN, &chosen);
    menu_key(&m, items, 4, K_ENTER, &chosen);
    assert_int_equal(chosen, 1);
}

/* ---- scrolling ---- */

static void scrolling(void **state)
{
    struct table t = { 0 };

    (void)state;
    assert_int_equal(widget_scroll(0, 9, 5, 20), 5);
    assert_int_equal(widget_scroll(8, 3, 5, 20), 3);
    assert_int_equal(widget_scroll(18, -1, 5, 20), 15);
    assert_int_equal(widget_scroll(4, 0, 5, 3), 0);
    assert_false(table_key(&t, 0, 5, K_DOWN));
    table_key(&t, 3, 5, K_PGDN);
    assert_int_equal(t.selected, 2);
    table_key(&t, 3, 5, K_UP);
    assert_int_equal(t.selected, 1);
}

/* ---- form ---- */

static const char *const names[] = { "East US", "West Europe", "Southeast Asia" }, *const ids[] = {
    "eastus", "westeurope", "southeastasia"
};

static int count(const struct model *m, const struct form *f)
{
    (void)m, (void)f;
    return 3;
}

static void choice(const struct model *m, const struct form *f, int i, struct form_choice *out)
{
    (void)m, (void)f;
    STR_SET(out->id, ids[i]);
    STR_SET(out->name, names[i]);
}

static const char *check(const struct model *m, const struct form *f, int i, char *msg, size_t size)
{
    (void)m;
    str_fmt(msg, size, "<%s>", f->values[i].id);
    return f->values[i].id[0] ? "ok" : "fail";
}

static const struct form_field fields[] = {
    { .id = "shown", .label = "Shown", .help = "h", .fixed = true },
    { .id = "name", .label = "Name", .help = "h", .check = check },
    { .id = "region",
      .label = "Region",
      .help = "h",
      .count = count,
      .choice = choice,
      .check = check },
};

static enum form_result type(struct form *f, const char *keys)
{
    enum form_result r = FORM_UNUSED;

    for (; *keys; keys++)
        r = form_key(f, NULL, (unsigned char)*keys);
    return r;
}

static void checked_when_left(void **state)
{
    struct form f;

    (void)state;
    form_init(&f, fields, 3, "Next");
    assert_int_equal(f.focus, 1); /* a fixed field has no focus */
    type(&f, "\t");
    assert_string_equal(f.values[1].level, "fail");
    form_key(&f, NULL, K_UP);
    type(&f, "  x1 \t");
    assert_string_equal(f.values[1].id, "x1");
    assert_string_equal(f.values[1].message, "<x1>");
    assert_int_equal(f.values[1].source, FORM_TYPED);
}

static void filter_and_choose(void **state)
{
    struct form f;

    (void)state;
    form_init(&f, fields, 3, "Next");
    f.focus = 2;
    type(&f, "EAST");
    assert_true(f.list_open);
    form_key(&f, NULL, K_DOWN);
    form_key(&f, NULL, K_DOWN); /* East US, Southeast Asia */
    type(&f, "\r");
    assert_string_equal(f.values[2].id, "southeastasia");
    assert_string_equal(f.values[2].in.text, "Southeast Asia");
    assert_int_equal(f.values[2].source, FORM_CHOSEN);
    assert_int_equal(f.focus, 3);
    assert_int_equal(f.changed, 2);
}

/* Enter opens the list on the present value, a second Enter keeps it. */
static void enter_twice_changes_nothing(void **state)
{
    struct form f;

    (void)state;
    form_init(&f, fields, 3, "Next");
    form_set(&f, 2, "West Europe", "westeurope", FORM_DEFAULT);
    f.focus = 2;
    type(&f, "\r\r");
    assert_string_equal(f.values[2].id, "westeurope");
    assert_int_equal(f.focus, 3);
}

static void only_match(void **state)
{
    struct form f;

    (void)state;
    form_init(&f, fields, 3, "Next");
    f.focus = 2;
    type(&f, "west\r");
    assert_string_equal(f.values[2].id, "westeurope");
}

static void typed_is_taken(void **state)
{
    struct form f;

    (void)state;
    form_init(&f, fields, 3, "Next");
    f.focus = 2;
    type(&f, "moonbase\r"); /* in no list */
    assert_string_equal(f.values[2].id, "moonbase");
    f.focus = 2;
    type(&f, "\x15"
             "East US\t"); /* a name, typed whole */
    assert_string_equal(f.values[2].id, "eastus");
    f.focus = 2;
    type(&f, "\x15{72F988BF-86F1-41AF-91AB-2D7CD011DB47}\t");
    assert_string_equal(f.values[2].id, "72f988bf-86f1-41af-91ab-2d7cd011db47");
}

static struct form at_region(enum form_source source)
{
    struct form f;

    form_init(&f, fields, 3, "Next");
    form_set(&f, 2, "East US", "eastus", source);
    type(&f, "x\t");
    assert_int_equal(f.focus, 2);
    return f;
}

static void escape_loses_nothing(void **state)
{
    struct form f = at_region(FORM_DEFAULT);

    (void)state;
    type(&f, "zzz");
    assert_true(form_close_list(&f));
    assert_false(form_close_list(&f));
    assert_string_equal(f.values[2].in.text, "zzz");
}

/* Like selected text: the first character takes the place of a value that nobody typed. */
static void typing_replaces_a_default(void **state)
{
    static const enum form_source sources[] = { FORM_DEFAULT, FORM_CHOSEN };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        struct form f = at_region(sources[i]);

        type(&f, "w");
        assert_string_equal(f.values[2].in.text, "w");
        assert_int_equal(f.values[2].source, FORM_TYPED);
        type(&f, "est"); /* only the first one */
        assert_string_equal(f.values[2].in.text, "west");
    }
}

static void typing_adds_to_typed_text(void **state)
{
    struct form f = at_region(FORM_TYPED);

    (void)state;
    type(&f, "2");
    assert_string_equal(f.values[2].in.text, "East US2");
}

static void undo_brings_the_default_back(void **state)
{
    struct form f = at_region(FORM_DEFAULT);

    (void)state;
    type(&f, "zzz\x1a");
    assert_string_equal(f.values[2].in.text, "East US");
    assert_string_equal(f.values[2].id, "eastus");
    assert_int_equal(f.values[2].source, FORM_DEFAULT);
    assert_false(f.list_open);
    type(&f, "q"); /* it is a default again, and is replaced again */
    assert_string_equal(f.values[2].in.text, "q");
    type(&f, "\x1a\x15\x1a"); /* so does what was cleared */
    assert_string_equal(f.values[2].in.text, "East US");
}

static void cursor_keys_keep_a_default(void **state)
{
    static const struct {
        int key;
        const char *after_x;
    } keys[] = {
        { K_END, "East USx" },  { K_RIGHT, "East USx" },    { K_LEFT, "East UxS" },
        { K_HOME, "xEast US" }, { K_BACKSPACE, "East Ux" }, { K_CTRL('E'), "East USx" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct form f = at_region(FORM_DEFAULT);

        assert_int_equal(form_key(&f, NULL, keys[i].key), FORM_USED);
        type(&f, "x");
        assert_string_equal(f.values[2].in.text, keys[i].after_x);
    }
}

/* Leaving and coming back makes it untouched again. */
static void left_untouched(void **state)
{
    struct form f = at_region(FORM_DEFAULT);

    (void)state;
    form_key(&f, NULL, K_END);
    form_key(&f, NULL, K_BTAB);
    form_key(&f, NULL, K_TAB);
    assert_int_equal(f.values[2].source, FORM_DEFAULT);
    type(&f, "w");
    assert_string_equal(f.values[2].in.text, "w");
    assert_int_equal(form_key(&f, NULL, K_CTRL('Z')), FORM_USED);
    assert_int_equal(form_key(&f, NULL, K_PASTE), FORM_UNUSED); /* nothing was pasted */
    assert_string_equal(f.values[2].in.text, "East US");
}

static void next_goes_to_the_wrong_field(void **state)
{
    struct form f;

    (void)state;
    form_init(&f, fields, 3, "Next");
    form_set(&f, 2, "East US", "eastus", FORM_DEFAULT);
    f.focus = 3;
    assert_int_equal(type(&f, "\r"), FORM_USED);
    assert_int_equal(f.focus, 1);
    type(&f, "x");
    f.focus = 3;
    assert_int_equal(type(&f, "\r"), FORM_NEXT);
    form_message(&f, "region", "fail", "Azure says no");
    assert_string_equal(f.values[2].message, "Azure says no");
}

int test_console_widgets(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typing),
        cmocka_unit_test(pasting),
        cmocka_unit_test(full),
        cmocka_unit_test(numbers),
        cmocka_unit_test(arrows),
        cmocka_unit_test(scrolling),
        cmocka_unit_test(checked_when_left),
        cmocka_unit_test(filter_and_choose),
        cmocka_unit_test(only_match),
        cmocka_unit_test(enter_twice_changes_nothing),
        cmocka_unit_test(typed_is_taken),
        cmocka_unit_test(escape_loses_nothing),
        cmocka_unit_test(typing_replaces_a_default),
        cmocka_unit_test(typing_adds_to_typed_text),
        cmocka_unit_test(undo_brings_the_default_back),
        cmocka_unit_test(cursor_keys_keep_a_default),
        cmocka_unit_test(left_untouched),
        cmocka_unit_test(next_goes_to_the_wrong_field),
    };

    return TEST_GROUP("console/widgets", tests);
}
