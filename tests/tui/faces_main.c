#include "config.h"

#include "testing.h"
#include "tui/faces.h"

int main(void)
{
    static test_group_fn *const groups[] = { test_tui_languages, test_tui_line,
                                             test_tui_slow_line, test_tui_news,
                                             test_tui_terminals, test_tui_random,
                                             test_tui_screens,   test_tui_undo };

    if (getenv("AZL_ONLY")) /* a pattern of test names */
        cmocka_set_test_filter(getenv("AZL_ONLY"));
    test_side_by_side(groups, sizeof groups / sizeof *groups);
    return test_end();
}
