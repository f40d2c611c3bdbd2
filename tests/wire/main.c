#include "config.h"

#include "testing.h"

int test_wire_wire(void);
int test_wire_params(void);
int test_wire_sections(void);

int main(void)
{
    test_wire_wire();
    test_wire_params();
    test_wire_sections();
    return test_end();
}
