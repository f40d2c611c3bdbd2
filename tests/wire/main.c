#include "config.h"

#include "testing.h"

int test_wire_wire(void);
int test_wire_params(void);
int test_wire_sections(void);
int test_wire_regions(void);

int main(void)
{
    test_wire_wire();
    test_wire_params();
    test_wire_sections();
    test_wire_regions();
    return test_end();
}
