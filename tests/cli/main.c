#include "config.h"

#include "testing.h"

#include "cli/bed.h"

int main(void)
{
    test_cli_cli();
    test_cli_output();
    test_cli_follow();
    test_cli_act();
    return test_end();
}
