#include "config.h"

#include "testing.h"
#include "tui/tests.h"

int main(void)
{
    test_tui_screens();
    return test_end();
}
