/* steps.h - one act of one step, without the engine: this reply, that request. */
#ifndef AZL_TESTS_OP_STEPS_H
#define AZL_TESTS_OP_STEPS_H

#include "op/fixture.h"

struct asked { /* what an ask must fill in */
    const char *step;
    enum op_act_kind act;
    const char *facts; /* "name=value;..." beforehand; "@name" for a node's, "*name" for every
                          node's, "1name" for the second one's; "!tries" after one apply, "!made" in
                          a run that was taken up again */
    const char *method, *path, *query, *api, *body; /* ARM; NULL method: nothing is asked */
    const char *verb;                               /* node */
};
struct told { /* what a read must make of an answer */
    const char *step;
    enum op_act_kind act;
    const char *facts;
    int http;
    const char *body;
    enum op_verdict verdict;
    int code; /* of OP_FAILED, or of the reason of OP_ABSENT and OP_RUNNING; 0: not looked at */
    const char *after; /* "name=value;..." afterwards */
};
extern const struct op_plan *steps_plan; /* whose steps; the registration, unless set */
void steps_asked(const struct asked *rows, size_t n);
void steps_told(const struct told *rows, size_t n);

#endif
