/* outcome.h - how an operation ended, as the object that Register-AzStackHCI returns.
 *
 * Names and values: register-flow.md 3.1 (those of the module's own help, ResourceId and
 * PortalResourceURL, are not the real ones). ClusterAgentStatus and ClusterAgentError are left
 * out: they tell of a Windows service that native nodes do not have. Cancelled is the module's
 * word for an unregistration; here a registration that was stopped or taken back has it, too.
 */
#ifndef AZL_FACE_OUTCOME_H
#define AZL_FACE_OUTCOME_H

#include "base/json.h"
#include "wire/sections.h"

struct outcome_row {
    const char *name, *value; /* never translated; the run's own text */
};
#define OUTCOME_ROWS 6
/* Those that have a value, in the module's order; 0 of a run that is not over. */
size_t outcome_rows(const struct sec_run *r, struct outcome_row out[OUTCOME_ROWS]);
/* The run's section and, when it is over, the object "output" with these names. The caller's. */
struct json *outcome_json(const struct sec_run *r);
bool outcome_in_part(const struct sec_run *r);       /* done, but not all of it */
bool outcome_wants_consent(const struct sec_run *r); /* an administrator's consent is missing */

#endif
