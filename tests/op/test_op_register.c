#include "config.h"
#include "op/fixture.h"
int test_op_op_register(void) { return 0; }
