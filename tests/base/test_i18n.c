#include "config.h"

#include "testing.h"

#include <locale.h>

#include "base/i18n.h"
#include "base/str.h"

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

/* With the built catalogues: each language by its id, and back to the session's. */
static void the_language_changes_while_it_runs(void **state)
{
    static const char *const help[] = { "help", "Hilfe", "\u5e2e\u52a9" };
    const char *before = getenv("LANGUAGE") ? getenv("LANGUAGE") : "";
    char was[40];

    (void)state;
    if (!getenv("AZLOCONF_LOCALEDIR") || !setlocale(LC_ALL, "C.UTF-8"))
        test_skip("AZLOCONF_LOCALEDIR is not set, or there is no C.UTF-8: no catalogue is read");
    STR_SET(was, before);
    i18n_init();
    setlocale(LC_ALL, "C.UTF-8");
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    assert_int_equal(i18n_language_count, ARRAY_LEN(help));
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < i18n_language_count; i++) {
            assert_true(i18n_choose(i18n_languages[i].id));
            assert_string_equal(i18n_language()->id, i18n_languages[i].id);
            assert_string_equal(_("help"), help[i]);
            assert_string_equal(getenv("LANGUAGE"), i18n_languages[i].id);
        }
    assert_false(i18n_choose("tlh"));
    assert_string_equal(_("help"), "help");
    assert_true(i18n_choose(NULL));
    assert_string_equal(getenv("LANGUAGE") ? getenv("LANGUAGE") : "", was);
    setlocale(LC_ALL, "C");
    assert_false(i18n_choose("de")); /* this locale has no catalogues */
    i18n_choose(NULL);
}

int test_base_i18n(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_language_changes_while_it_runs),
        cmocka_unit_test(asks_our_catalogue),
    };

    return TEST_GROUP("base/i18n", tests);
}
