/* toy.h - a toy plan for the engine's tests: its resources are /toy/<step>; "pre" is there
 * beforehand. */
#ifndef AZL_TESTS_OP_TOY_H
#define AZL_TESTS_OP_TOY_H

#include "op/fixture.h"

extern const struct op_plan toy;
struct fx *toy_fx(int nodes);
struct op_run *toy_resume(struct fx *fx, struct err *e); /* the run of fx->journal */
void toy_assert_all_there(struct fx *fx, int nodes);     /* and nothing was made twice */
void toy_assert_only_pre(struct fx *fx, int nodes);

/* The acts of a plain thing: GET, PUT (POST for "b"), DELETE. */
void toy_ask_get(const struct op_view *v, struct op_need *n);
void toy_ask_change(const struct op_view *v, struct op_need *n);
void toy_ask_delete(const struct op_view *v, struct op_need *n);
enum op_verdict toy_read_get(struct op_view *v, const struct op_answer *a, struct err *e);
enum op_verdict toy_read_change(struct op_view *v, const struct op_answer *a, struct err *e);
#define THING                                                                                      \
    .check = { toy_ask_get, toy_read_get }, .apply = { toy_ask_change, toy_read_change },          \
    .undo = { toy_ask_delete, toy_read_change }, .delay_ms = 5

#endif
