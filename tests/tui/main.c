#include "config.h"

#include "testing.h"
#include "tui/tests.h"

#ifdef __SANITIZE_ADDRESS__
/* ncurses keeps what it made for a terminal type that newterm then does not know. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:new_prescr\n";
}
#endif

int main(void)
{
    test_tui_life();
    test_tui_flow();
    test_tui_hostile();
    test_tui_screens();
    return test_end();
}
