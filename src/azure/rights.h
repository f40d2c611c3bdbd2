/* rights.h - what the caller may do at a scope, from the answer of GET
 * {scope}/providers/Microsoft.Authorization/permissions. Pure: reads answers, sends nothing.
 *
 * Sources: azure-wire.md 2.10.1, 2.10.2; contract Microsoft.Authorization 2022-04-01 (resource
 * groups and resources only: at a subscription the request is in use without being in the
 * contract). The answer holds the caller's roles at this scope and above it, a group's too, one
 * entry for each. It does not hold deny assignments, locks and policies: a no is certain, a yes is
 * "as far as roles go". Whether a role without Microsoft.Authorization/permissions/read may ask at
 * all is not known: a caller must bear the refusal.
 */
#ifndef AZL_AZURE_RIGHTS_H
#define AZL_AZURE_RIGHTS_H

#include "base/err.h"
#include "base/json.h"

/* -1 and *e: this is no list of permissions, so that nothing may be read from it. */
int rights_check(const struct json *answer, struct err *e);
/* answer: {"value":[{"actions":[],"notActions":[]}]} or its array. Entries are a union: some entry
 * has a matching action and no matching notAction of its own. "*" spans slashes; without case. */
bool rights_permit(const struct json *answer, const char *action);

#endif
