#include "config.h"

#include "testing.h"

int test_real_mask(void);

int main(void)
{
    test_real_mask();
    return test_end();
}
