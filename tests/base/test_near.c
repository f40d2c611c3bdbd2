#include "config.h"

#include "testing.h"

#include "base/near.h"

int test_base_near(void);

static void distances(void **s)
{
    char long_word[70];

    (void)s;
    assert_int_equal(near_distance("", ""), 0);
    assert_int_equal(near_distance("abc", "abc"), 0);
    assert_int_equal(near_distance("", "abc"), 3);
    assert_int_equal(near_distance("abc", "ac"), 1);
    assert_int_equal(near_distance("kitten", "sitting"), 3);
    memset(long_word, 'x', 63);
    long_word[63] = 0;
    assert_int_equal(near_distance(long_word, "x"), NEAR_FAR);
    assert_int_equal(near_distance("x", long_word), NEAR_FAR);
    long_word[62] = 0;
    assert_int_equal(near_distance(long_word, long_word + 1), 1);
}

static void names(void **s)
{
    (void)s;
    assert_int_equal(near_name("westeurop", "westeurope"), 1);
    assert_int_equal(near_name("indiacentral", "centralindia"), 0);
    assert_int_equal(near_name("mars", "eastus"), NEAR_FAR);
    assert_int_equal(near_name("germanywestcentral", "canadacentral"), NEAR_FAR);
    assert_int_equal(near_name("", "eastus"), NEAR_FAR);
}

int test_base_near(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(names),
    };

    return TEST_GROUP("base/near", tests);
}
