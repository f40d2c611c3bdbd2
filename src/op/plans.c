#include "config.h"

#include "op/plans.h"

const struct op_plan *op_plan_find(const char *id)
{
    for (const struct op_plan *const *p = op_plans; *p; p++)
        if (str_eq((*p)->id, id))
            return *p;
    return NULL;
}

const struct op_plan *const op_plans[] = { &op_register,    &op_unregister,
                                           &op_arc_disable, &op_arc_enable,
                                           &op_sync,        &op_cleanup,
                                           &op_reset,       NULL };
