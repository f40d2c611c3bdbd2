#include "config.h"

#include "testing.h"
#include "tui/tests.h"

int main(void)
{
    test_tui_life();
    test_tui_flow();
    test_tui_hostile();
    return test_end();
}
