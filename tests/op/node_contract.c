/* The fixture's nodes keep the contract of node.h, too: else the tests of this folder would prove
 * nothing about real ones. The suite is that of tests/node. */
#include "node/contract.c"

#include "op/fixture.h"

static void bed_open(struct node_bed *b, bool lost)
{
    struct fx *fx = fx_new(1);

    fx->nodes[0].fail[NODE_REGISTER] = lost;
    fx->nodes[0].fail_unsure = fx->nodes[0].fail_effect = lost;
    *b = (struct node_bed){ .loop = fx->loop, .node = fx->node_list[0], .own = fx };
}

static void bed_close(struct node_bed *b)
{
    fx_free(b->own);
}

static void test_contract(void **state)
{
    static const struct node_backend backend = { bed_open, bed_close, true };

    (void)state;
    node_contract(&backend);
}

int test_op_node_contract(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_contract) };

    return TEST_GROUP("op/node_contract", tests);
}
