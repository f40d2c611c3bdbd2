#include "config.h"

#include "testing.h"

#include "base/str.h"

int test_base_str(void);

static void grows_and_gives_away(void **state)
{
    struct str s = STR_INIT;
    char *p;

    (void)state;
    assert_string_equal(str_p(&s), "");
    for (int i = 0; i < 1000; i++)
        str_addf(&s, "%03d", i);
    assert_int_equal(s.len, 3000);
    assert_memory_equal(s.p + 2997, "999", 4);
    p = str_take(&s);
    assert_null(s.p);
    assert_int_equal(strlen(p), 3000);
    free(p);
    p = str_take(&s);
    assert_string_equal(p, "");
    free(p);
}

static void copies_cut_at_a_character(void **state)
{
    char buf[6];

    (void)state;
    assert_true(STR_SET(buf, "12345"));
    assert_false(STR_SET(buf, "1234\xc3\xa4"));
    assert_string_equal(buf, "1234");
    assert_false(STR_SET(buf, "12\xe2\x82\xac\xe2\x82\xac"));
    assert_string_equal(buf, "12\xe2\x82\xac");
    assert_false(STR_SET(buf, "123456"));
    assert_string_equal(buf, "12345");
    assert_true(STR_SET(buf, NULL));
    assert_string_equal(buf, "");
    assert_false(str_fmt(buf, sizeof(buf), "%s-%d", "abc", 123));
    assert_string_equal(buf, "abc-1");
}

static void compares(void **state)
{
    (void)state;
    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq("", NULL));
    assert_true(str_ieq("EastUS", "eastus"));
    assert_false(str_ieq("east", "eastus"));
    assert_false(str_ieq("\xc3\x84", "\xc3\xa4"));
    assert_true(str_starts("/subscriptions/x", "/subscriptions/"));
    assert_false(str_starts("/sub", "/subscriptions/"));
    assert_true(str_istarts("Bearer x", "bearer "));
    assert_true(str_ends("a.json", ".json"));
    assert_false(str_ends("json", ".json"));
    assert_string_equal(str_ifind("The AADSTS70016: x", "aadsts"), "AADSTS70016: x");
    assert_null(str_ifind("abc", "abcd"));
    assert_non_null(str_ifind("", ""));
}

static void tidies(void **state)
{
    char s[] = " \t a b \r\n", l[] = "MiXed";
    char region[8];

    (void)state;
    assert_string_equal(str_trim(s), "a b");
    str_lower(l);
    assert_string_equal(l, "mixed");
    str_region(region, sizeof(region), "East US");
    assert_string_equal(region, "eastus");
    str_region(region, sizeof(region), "Southeast Asia");
    assert_string_equal(region, "southea");
}

static void reads_numbers(void **state)
{
    int64_t n = 7;

    (void)state;
    assert_true(str_to_int("-9223372036854775808", &n));
    assert_true(n == INT64_MIN);
    assert_true(str_to_int("0900", &n));
    assert_int_equal(n, 900);
    n = 7;
    assert_false(str_to_int("9223372036854775808", &n));
    assert_false(str_to_int("", &n));
    assert_false(str_to_int(" 1", &n));
    assert_false(str_to_int("1 ", &n));
    assert_false(str_to_int("-", &n));
    assert_false(str_to_int(NULL, &n));
    assert_int_equal(n, 7);
}

static void encodes(void **state)
{
    static const struct {
        const char *plain, *b64, *b64url;
    } rows[] = {
        { "", "", "" },
        { "f", "Zg==", "Zg" },
        { "fo", "Zm8=", "Zm8" },
        { "foo", "Zm9v", "Zm9v" },
        { "\xfb\xff\xfe", "+//+", "-__-" },
    };
    struct str s = STR_INIT;

    (void)state;
    str_add_url(&s, "a b/c~\xc3\xa4&=");
    assert_string_equal(str_p(&s), "a%20b%2Fc~%C3%A4%26%3D");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        str_reset(&s);
        str_add_b64(&s, rows[i].plain, strlen(rows[i].plain));
        assert_string_equal(str_p(&s), rows[i].b64);
        str_reset(&s);
        str_add_b64url(&s, rows[i].plain, strlen(rows[i].plain));
        assert_string_equal(str_p(&s), rows[i].b64url);
        str_reset(&s);
        assert_true(str_b64_decode(&s, rows[i].b64));
        assert_true(str_b64_decode(&s, rows[i].b64url));
        assert_int_equal(s.len, 2 * strlen(rows[i].plain));
    }
    str_reset(&s);
    str_add(&s, "kept");
    assert_false(str_b64_decode(&s, "Zm9v!A"));
    assert_false(str_b64_decode(&s, "Zm9vA"));
    assert_false(str_b64_decode(&s, "Zg="));
    assert_false(str_b64_decode(&s, "Z==="));
    assert_string_equal(str_p(&s), "kept");
    str_free(&s);
}

int test_base_str(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_gives_away),
        cmocka_unit_test(copies_cut_at_a_character),
        cmocka_unit_test(compares),
        cmocka_unit_test(tidies),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(encodes),
    };

    return TEST_GROUP("base/str", tests);
}
