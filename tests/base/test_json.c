#include "config.h"

#include "testing.h"

#include "base/json.h"

int test_base_json(void);

static struct json *parse(const char *text)
{
    struct err e = { 0 };

    return json_parse(text, strlen(text), 0, &e);
}

static void refuses(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{} x",
        "{}{}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"c\":2,\"b\":3}}",
        "[\"\\u0000\"]",
        "[\"a\nb\"]",
        "[0123]",
        "[-01]",
        "[1.]",
        "[-.5]",
        "[-]",
        "[1.e5]",
        "[1e]",
        "[1e+]",
        "[-0.]",
        "[\"a\\uzzzzb\"]",
        "\xef\xbb\xbf\xef\xbb\xbf[1,2]",
        "\xef\xbb\xbf",
        "[\"\\u00\"]",
        "[\"\\u12g4\"]",
        "[1e999]",
        "[1,]",
        "{a:1}",
        "[\"x]",
        ("{\"a\":\x01"
         "1}"),
        "nul",
        "[1}",
        "\"\\",
        "[\"\\ud800\"]",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = { 0 };

        assert_null(json_parse(bad[i], strlen(bad[i]), 0, &e));
        assert_int_equal(e.code, ERR_C_CORRUPT);
        assert_true(e.message[0]);
    }
}

static void keeps_its_limits(void **state)
{
    struct err e = { 0 };
    struct str s = STR_INIT;
    struct json *j;

    (void)state;
    j = json_parse("\xef\xbb\xbf"
                   "2",
                   4, 0, &e); /* a byte order mark is passed over */
    assert_true(json_is_number(j));
    json_free(j);
    assert_null(json_parse("[1,2]", 5, 4, &e));
    assert_int_equal(e.code, ERR_C_TOO_BIG);
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        str_addc(&s, '[');
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        str_addc(&s, ']');
    j = parse(str_p(&s));
    assert_non_null(j);
    json_free(j);
    str_reset(&s);
    for (int i = 0; i <= JSON_MAX_DEPTH; i++)
        str_addc(&s, '[');
    for (int i = 0; i <= JSON_MAX_DEPTH; i++)
        str_addc(&s, ']');
    assert_null(parse(str_p(&s)));
    for (size_t i = 0; i < 100000; i++)
        str_addc(&s, '[');
    memset(s.p, '[', s.len);
    assert_null(json_parse(s.p, s.len, 0, &e));
    assert_int_equal(e.code, ERR_C_CORRUPT);
    str_free(&s);
    j = json_parse("[1]garbage", 3, 0, &e);
    assert_int_equal(json_len(j), 1);
    json_free(j);
    j = parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"\\\\u0000\"]");
    assert_non_null(j);
    json_free(j);
}

static void answers(void **state)
{
    struct json *j = parse("{\"a\":{\"Name\":\"x\",\"list\":[{\"n\":1},{\"n\":900}]},\"s\":\"900\","
                           "\"d.e\":true,\"z\":null,\"big\":9007199254740993,\"f\":1.5}");
    int64_t n = -1;
    double d;

    (void)state;
    assert_string_equal(json_str(j, "a.Name"), "x");
    assert_null(json_str(j, "a.name"));
    assert_string_equal(json_value_str(json_imember(json_get(j, "a"), "NAME")), "x");
    assert_true(json_int(j, "a.list.1.n", &n));
    assert_int_equal(n, 900);
    assert_null(json_get(j, "a.list.2"));
    assert_null(json_get(j, "a.list.x"));
    assert_null(json_get(j, "a.list."));
    assert_false(json_int(j, "s", &n));
    assert_true(json_int_or_string(j, "s", &n));
    assert_int_equal(n, 900);
    assert_true(json_is_bool(json_member(j, "d.e")));
    assert_true(json_is_null(json_get(j, "z")));
    assert_false(json_is_null(NULL));
    assert_false(json_int(j, "f", &n));
    assert_true(json_value_double(json_get(j, "f"), &d) && d == 1.5);
    assert_true(json_flag(j, "none", true));
    assert_false(json_flag(NULL, "a", false));
    assert_int_equal(json_len(json_get(j, "a.list")), 2);
    assert_int_equal(json_len(json_get(j, "s")), 0);
    assert_string_equal(json_name(json_first(j)), "a");
    assert_null(json_next(NULL));
    json_free(j);
    json_free(NULL);
}

static void builds_and_writes(void **state)
{
    struct json *j = json_object(), *list = json_array(), *copy;
    struct str s = STR_INIT;

    (void)state;
    json_set_str(j, "text", "a\"\\\n\x01\xc3\xa4");
    json_set_int(j, "n", 9007199254740991);
    json_set_int(j, "n2", 1763714482123);
    json_set_bool(j, "b", false);
    json_set_str(j, "nil", NULL);
    json_push(list, json_double(0.5));
    json_push(list, json_copy(json_get(j, "n2")));
    json_set(j, "list", list);
    json_set(j, "empty", json_object());
    json_set_bool(j, "b", true);
    json_unset(j, "nil");
    json_write(&s, j);
    assert_string_equal(
        str_p(&s), "{\"text\":\"a\\\"\\\\\\n\\u0001\xc3\xa4\",\"n\":9007199254740991,"
                   "\"n2\":1763714482123,\"b\":true,\"list\":[0.5,1763714482123],\"empty\":{}}");
    assert_null(json_name(json_get(j, "list.1")));
    copy = parse(str_p(&s));
    assert_true(json_equal(j, copy));
    json_set_int(json_edit(json_get(copy, "empty")), "x", 1);
    assert_false(json_equal(j, copy));
    json_free(copy);
    json_free(j);
    j = parse("{\"a\":[1,{}],\"b\":[]}");
    str_reset(&s);
    json_write_pretty(&s, j);
    assert_string_equal(str_p(&s), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n");
    json_free(j);
    str_free(&s);
}

static void names_of_own_children_are_safe(void **state)
{
    struct json *j = parse("{\"a\":{\"x\":1}}"), *c = json_copy(json_get(j, "a")),
                *l = json_array();

    (void)state;
    assert_null(json_name(c));
    json_push(l, c);
    json_set(j, "a", l);
    assert_true(json_is_array(json_get(j, "a")));
    json_set(NULL, "a", json_number(1));
    json_push(j, json_number(1));
    assert_int_equal(json_len(j), 1);
    json_free(j);
}

int test_base_json(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(answers),
        cmocka_unit_test(builds_and_writes),
        cmocka_unit_test(names_of_own_children_are_safe),
    };

    return TEST_GROUP("base/json", tests);
}
