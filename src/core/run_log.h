/* run_log.h - the log of one registration in a folder of the operator's choice (LogsDirectory):
 * DIR/RegisterHCI_yyyyMMdd-HHmm.log, 0600, the lines that the core's log gets while the run works.
 *
 * The name is register-flow.md 2.2 step 4, in UTC after the run's beginning: a run that is taken up
 * again by another core goes on in the same file. Only a private core writes it, with its user's
 * own rights. Order: run_log_open, run_log_turn after every turn of the loop, run_log_close.
 */
#ifndef AZL_CORE_RUN_LOG_H
#define AZL_CORE_RUN_LOG_H

#include <stdint.h>

#include "base/err.h"

struct run_log;
int run_log_may(const char *dir, struct err *e); /* is dir a folder that we may write in */
/* NULL and *e: the file cannot be opened. */
struct run_log *run_log_open(const char *dir, int64_t started_ms, struct err *e);
void run_log_turn(struct run_log *l);  /* NULL: nothing */
void run_log_close(struct run_log *l); /* what is left first; NULL: nothing */

#endif
