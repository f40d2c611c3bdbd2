#include "config.h"

#include "testing.h"

#include "base/str.h"

int test_base_guid(void);

static const char plain[] = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";

static void reads_every_form(void **state)
{
    static const char *const forms[] = {
        "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",   "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9",
        "{0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9}", "0A1B2C3D4E5F60718293A4B5C6D7E8F9",
        "{0a1b2c3d4e5f60718293a4b5c6d7e8f9}",
    };
    char out[GUID_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        assert_true(guid_parse(out, forms[i]));
        assert_string_equal(out, plain);
    }
    assert_false(guid_parse(out, "{0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"));
    assert_false(guid_parse(out, "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f"));
    assert_false(guid_parse(out, "0a1b2c3d4-e5f-6071-8293-a4b5c6d7e8f9"));
    assert_false(guid_parse(out, "0g1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"));
    assert_false(guid_parse(out, ""));
    assert_false(guid_parse(out, NULL));
}

static void knows_the_dashed_form(void **state)
{
    (void)state;
    assert_true(guid_is(plain));
    assert_true(guid_is("0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"));
    assert_false(guid_is("0a1b2c3d4e5f60718293a4b5c6d7e8f9"));
    assert_false(guid_is("{0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9}"));
    assert_false(guid_is(NULL));
}

static void makes_version_4(void **state)
{
    char a[GUID_SIZE], b[GUID_SIZE];

    (void)state;
    guid_random(a);
    guid_random(b);
    assert_true(guid_is(a));
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
    assert_string_not_equal(a, b);
}

int test_base_guid(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(knows_the_dashed_form),
        cmocka_unit_test(makes_version_4),
    };

    return TEST_GROUP("base/guid", tests);
}
