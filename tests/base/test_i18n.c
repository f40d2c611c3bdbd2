#include "config.h"

#include "testing.h"

#include <locale.h>

#include "base/i18n.h"

int test_base_i18n(void);

static void asks_our_catalogue(void **state)
{
    (void)state;
    setenv("AZLOCONF_LOCALEDIR", test_dir(), 1);
    i18n_init();
    assert_string_equal(textdomain(NULL), PACKAGE);
    assert_string_equal(bindtextdomain(PACKAGE, NULL), test_dir());
    assert_string_equal(localeconv()->decimal_point, ".");
    assert_string_equal(_("no such sentence"), "no such sentence");
    assert_string_equal(P_("one", "many", 1), "one");
    assert_string_equal(P_("one", "many", 2), "many");
    unsetenv("AZLOCONF_LOCALEDIR");
}

int test_base_i18n(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_our_catalogue),
    };

    return TEST_GROUP("base/i18n", tests);
}
