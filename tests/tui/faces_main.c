#include "config.h"

#include "testing.h"
#include "tui/faces.h"

int main(void)
{
    if (getenv("AZL_ONLY")) /* a pattern of test names */
        cmocka_set_test_filter(getenv("AZL_ONLY"));
    test_tui_chinese();
    test_tui_line();
    test_tui_terminals();
    test_tui_random();
    test_tui_screens();
    return test_end();
}
