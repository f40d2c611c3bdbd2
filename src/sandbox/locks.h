/* locks.h - management locks: made over the Resource Manager, or seeded as resources of the type
 * Microsoft.Authorization/locks; judged for each request after rights and policies.
 *
 * CanNotDelete refuses DELETE, ReadOnly every change (PUT, PATCH, POST, DELETE). A lock holds for
 * its scope and all below it; a deletion is also refused by a lock on something below what goes,
 * because it would go, too. Locks themselves can be made and deleted under any lock. The refusal is
 * 409 ScopeLocked.
 * Sources: Microsoft.Authorization 2020-05-01 locks.json; azure-wire.md 2.4.5, 2.6.7, 2.11.7;
 * docs-facts.md 3.2 and 5.6 (azcmagent disconnect meets it, Azure Local's is called DoNotDelete).
 * Inferred: the words of the refusal; that a list without atScope() shows what holds at, above and
 * below the scope, with it at and above only (as for role assignments); that a deletion of what is
 * not there is refused as well; that the deletion of a role assignment is one of those that
 * CanNotDelete refuses. The safe side for a client: whatever a lock of either kind covers stays.
 */
#ifndef AZL_SANDBOX_LOCKS_H
#define AZL_SANDBOX_LOCKS_H

#include "sandbox/sandbox.h"

/* For the dispatcher: the request as it came. False: r is 409. */
bool locks_allow(struct sb_req *q, struct sb_reply *r);
/* The same where no request names the resource (an Arc agent acts in somebody's name). */
bool locks_allow_at(struct sb_req *q, struct sb_reply *r, const char *method, const char *id);

#endif
