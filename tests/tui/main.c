#include "config.h"

#include "testing.h"
#include "tui/tests.h"

int main(void)
{
    static test_group_fn *const groups[] = { test_tui_life, test_tui_flow,   test_tui_hostile,
                                             test_tui_act,  test_tui_secret, test_tui_sizes,
                                             test_tui_every };

    test_side_by_side(groups, sizeof groups / sizeof *groups);
    return test_end();
}
