#include "config.h"

#include "testing.h"
#include "tui/tests.h"

int main(void)
{
    test_tui_life();
    test_tui_flow();
    test_tui_hostile();
    test_tui_secret();
    return test_end();
}
