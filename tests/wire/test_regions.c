#include "config.h"

#include "testing.h"

#include "base/str.h"
#include "wire/regions.h"

int test_wire_regions(void);

static struct sec_choices c;

static const char *near(const char *name)
{
    const struct sec_choice *r = region_near(&c, name);

    return r ? r->id : "";
}

static void what_was_meant(void **s)
{
    static const char *const ids[] = { "eastus",       "southcentralus", "westeurope",
                                       "centralindia", "japaneast",      "australiaeast" };

    (void)s;
    memset(&c, 0, sizeof(c));
    assert_string_equal(near("eastus"), ""); /* nothing is offered */
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        STR_SET(c.regions[c.n_regions++].id, ids[i]);
    assert_string_equal(near("westeurop"), "westeurope");
    assert_string_equal(near("westeruope"), "westeurope");
    assert_string_equal(near("indiacentral"), "centralindia");
    assert_string_equal(near("eastjapan"), "japaneast");
    assert_string_equal(near("estus"), "eastus");
    assert_string_equal(near("mars"), "");
    assert_string_equal(near("germanywestcentral"), "");
    assert_string_equal(near("us"), "");
    assert_string_equal(near(""), "");
}

int test_wire_regions(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_meant),
    };

    return TEST_GROUP("wire/regions", tests);
}
