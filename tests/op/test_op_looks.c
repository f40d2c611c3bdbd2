/* A look that fails is not taken for an answer: the step fails too, and nothing goes on it. */
#include "config.h"

#include "op/steps.h"

#include "base/text.h"
#include "testing.h"

int test_op_op_looks(void);

#define FACTS                                                                                      \
    "!tries;cluster.state=present;settings.state=present;arcGroup=arc-rg;*agent.id=" FX_MACHINES   \
    "/node1;*machine=present;*parent=" FX_CLUSTER

static void looks_of(const struct op_plan *plan)
{
    steps_plan = plan;
    for (size_t i = 0; i < plan->n; i++) {
        const struct op_step *s = &plan->steps[i];
        const struct told row = {
            .step = s->id, .facts = FACTS, .http = 500, .body = "{}", .verdict = OP_FAILED
        };

        if (s->check.ask)
            steps_told(&row, 1);
    }
    steps_plan = &op_register;
}

static void a_look_that_fails_is_no_answer(void **state)
{
    (void)state;
    looks_of(&op_unregister);
    looks_of(&op_arc_disable);
    looks_of(&op_sync);
    looks_of(&op_reset);
}

int test_op_op_looks(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_that_fails_is_no_answer),
    };

    return TEST_GROUP("op_looks", tests);
}
