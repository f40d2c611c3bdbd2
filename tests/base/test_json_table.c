#include "config.h"

#include "testing.h"

#include "base/json.h"

int test_base_json_table(void);

enum colour { RED, GREEN };
static const char *const colours[] = { "red", "green" };

struct inner {
    char name[8];
    int64_t n;
};
struct outer {
    char id[16];
    bool on;
    int small;
    enum colour colour;
    struct inner one;
    struct inner many[2];
    size_t n_many;
    char tags[3][8];
    size_t n_tags;
};

static const struct json_field inner_fields[] = {
    JSON_STR(struct inner, name, "name", JSON_REQUIRED),
    JSON_INT(struct inner, n, "n", JSON_SKIP_EMPTY),
};
static const struct json_type inner_type = JSON_TYPE("inner", struct inner, inner_fields);

static const struct json_field outer_fields[] = {
    JSON_STR(struct outer, id, "id", JSON_REQUIRED),
    JSON_BOOL(struct outer, on, "on", JSON_SKIP_EMPTY),
    JSON_INT32(struct outer, small, "small", JSON_SKIP_EMPTY),
    JSON_WORD(struct outer, colour, "colour", 0, colours),
    JSON_OBJ(struct outer, one, "one", JSON_SKIP_EMPTY, &inner_type),
    JSON_LIST(struct outer, many, n_many, "many", JSON_SKIP_EMPTY, &inner_type),
    JSON_LIST(struct outer, tags, n_tags, "tags", JSON_SKIP_EMPTY, NULL),
};
static const struct json_type outer_type = JSON_TYPE("outer", struct outer, outer_fields);

static int decode(const char *text, struct outer *out, struct err *e)
{
    struct json *j = json_parse(text, strlen(text), 0, e);
    int rc = json_decode(j, &outer_type, out, e);

    json_free(j);
    return rc;
}

static void goes_both_ways(void **state)
{
    static const char text[] =
        "{\"id\":\"x\",\"on\":true,\"small\":-3,\"colour\":\"green\",\"one\":{\"name\":\"a\",\"n\":"
        "5},"
        "\"many\":[{\"name\":\"b\"},{\"name\":\"c\",\"n\":1}],\"tags\":[\"t\",\"u\"]}";
    struct outer o;
    struct err e = { 0 };
    struct str s = STR_INIT;
    struct json *j;

    (void)state;
    assert_int_equal(decode(text, &o, &e), 0);
    assert_int_equal(o.small, -3);
    assert_int_equal(o.colour, GREEN);
    assert_int_equal(o.n_many, 2);
    assert_string_equal(o.many[1].name, "c");
    assert_string_equal(o.tags[1], "u");
    j = json_encode(&outer_type, &o);
    json_write(&s, j);
    assert_string_equal(str_p(&s), text);
    json_free(j);
    memset(&o, 0, sizeof(o));
    STR_SET(o.id, "y");
    j = json_encode(&outer_type, &o);
    str_reset(&s);
    json_write(&s, j);
    assert_string_equal(str_p(&s), "{\"id\":\"y\",\"colour\":\"red\"}");
    json_free(j);
    str_free(&s);
}

static void forgives_what_it_may(void **state)
{
    struct outer o;
    struct err e = { 0 };

    (void)state;
    assert_int_equal(decode("{\"id\":\"a\\u001b\",\"on\":null,\"unknown\":[1]}", &o, &e), 0);
    assert_string_equal(o.id, "a\\x1b");
    assert_int_equal(decode("{\"id\":\"0123456789abcdefgh\"}", &o, &e), 0);
    assert_string_equal(o.id, "0123456789ab...");
}

static void names_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *type, *member;
    } rows[] = {
        { "{}", "outer", "\"id\"" },
        { "{\"id\":null}", "outer", "\"id\"" },
        { "{\"id\":1}", "outer", "\"id\"" },
        { "{\"id\":\"a\",\"on\":\"true\"}", "outer", "\"on\"" },
        { "{\"id\":\"a\",\"small\":3000000000}", "outer", "\"small\"" },
        { "{\"id\":\"a\",\"small\":1.5}", "outer", "\"small\"" },
        { "{\"id\":\"a\",\"colour\":\"blue\"}", "outer", "\"colour\"" },
        { "{\"id\":\"a\",\"one\":{}}", "inner", "\"name\"" },
        { "{\"id\":\"a\",\"one\":[]}", "outer", "\"one\"" },
        { "{\"id\":\"a\",\"many\":{}}", "outer", "\"many\"" },
        { "{\"id\":\"a\",\"many\":[1]}", "inner", "JSON object" },
        { "{\"id\":\"a\",\"many\":[{\"name\":\"1\"},{\"name\":\"2\"},{\"name\":\"3\"}]}", "outer",
          "\"many\"" },
        { "{\"id\":\"a\",\"tags\":[1]}", "outer", "\"tags\"" },
        { "[]", "outer", "JSON object" },
    };
    struct outer o;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = { 0 };

        assert_int_equal(decode(rows[i].text, &o, &e), -1);
        assert_int_equal(e.domain, ERR_WIRE);
        assert_non_null(strstr(e.message, rows[i].type));
        assert_non_null(strstr(e.message, rows[i].member));
        assert_true(str_ends(e.message, "."));
    }
}

int test_base_json_table(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_both_ways),
        cmocka_unit_test(forgives_what_it_may),
        cmocka_unit_test(names_what_is_wrong),
    };

    return TEST_GROUP("base/json_table", tests);
}
