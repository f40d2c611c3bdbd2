#include "config.h"

#include "testing.h"
#include "console/tests.h"

int main(void)
{
    test_console_answers();
    test_console_text();
    test_console_keys();
    test_console_qr();
    test_console_widgets();
    test_console_paths();
    test_console_client();
    test_console_plain();
    return test_end();
}
