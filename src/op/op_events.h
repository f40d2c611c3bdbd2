/* op_events.h - the numbered events of an operation: the journal and the log carry the same number.
 *
 * The numbers are the Windows module's (Application log, source `HCI Registration`:
 * register-flow.md 3.3), so that who knows that log reads ours. An error whose code is such a
 * number is that event; 1 to 3 and 9144 are Windows Admin Center's alone and no events. Levels are
 * not told by the source but for 9123 (a warning) and 9119 to 9121 (they never fail a
 * registration); the others are inferred: what began or ended well informs, what stops is an error.
 *
 * Which event a step or a plan is stands in its row (op_step.told, op_plan.told): the engine
 * writes it with the journal line of the beginning, of the end, or of the failure. An event of a
 * step of each node is written once, when the last node has it. What a run only finds as it should
 * be is no event. Two numbers differ from the module in when they are written: 9001 stands at the
 * head, before any check; 9133 when the nodes are being tied to the cluster and when they are.
 *
 * 9009 has the parameters: a value whose name is not known here is masked, as are those that
 * register-flow.md 3.4 names.
 */
#ifndef AZL_OP_OP_EVENTS_H
#define AZL_OP_OP_EVENTS_H

#include "base/log.h"
#include "op/op_engine.h"

struct op_event {
    int number;
    enum log_level level;
    const char *meaning; /* English, as the log is */
};
const struct op_event *op_event_find(int number);                /* NULL: no event */
const struct op_event *op_event_at(size_t i);                    /* by number; NULL at the end */
int op_event_of(const struct op_run *r, const struct op_cell *c, /* c NULL: of the run */
                const char *word, const struct err *e);          /* 0: none */
/* The log's line of a journal line; number 0: the line that it has without one, or none. */
void op_event_tell(const struct op_run *r, const struct op_cell *c, const char *word, int number,
                   const struct err *e);
/* The parameters under the module's names, secret ones as "***". The caller's. */
struct json *op_event_parameters(const struct json *inputs);

#endif
