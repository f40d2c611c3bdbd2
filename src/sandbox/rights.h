/* rights.h - who may do what: every request to the Resource Manager becomes an action at a scope,
 * and is judged by the role and deny assignments of its caller.
 *
 * The dispatcher calls rights_enter before the handler and rights_leave after it. An action is
 * allowed when some assignment at the scope or above it gives a role one of whose permissions
 * matches it and does not except it; a deny assignment that matches wins. Lists of resources answer
 * what the caller may read where he has no right to all of it.
 * Sources: azure-wire.md 2.3.4, 2.6.3, 2.8.9, 2.10.2, 2.10.3, 2.10.17; Microsoft.Authorization
 * 2022-04-01. Inferred: that lists are cut instead of refused, the words of
 * DenyAssignmentAuthorizationFailed, and that reading one's permissions needs
 * Microsoft.Authorization/permissions/read.
 */
#ifndef AZL_SANDBOX_RIGHTS_H
#define AZL_SANDBOX_RIGHTS_H

#include "sandbox/sandbox.h"

#define RIGHTS_ASSIGNMENT "Microsoft.Authorization/roleAssignments"
#define RIGHTS_DENY       "Microsoft.Authorization/denyAssignments"
#define RIGHTS_DEFINITION "Microsoft.Authorization/roleDefinitions"
#define RIGHTS_EVERYBODY  "00000000-0000-0000-0000-000000000000"

struct rights_act {
    char action[SB_ACTION_SIZE]; /* "": no right is needed */
    struct str scope;            /* release with str_free */
    bool list;                   /* of resources */
};
/* What a request is, by the one table of this module and the rule for resource types. */
void rights_act(const char *method, const char *path, struct rights_act *out);

/* Sets q->action and q->partial; false: r is 403 (or 404 for a foreign subscription). */
bool rights_enter(struct sb_req *q, struct sb_reply *r);
/* Takes out of a list what the caller may not read. */
void rights_leave(struct sb_req *q, struct sb_reply *r);
/* The same judgement where no request names the action; false: r is 403. */
bool rights_allow(struct sb_req *q, struct sb_reply *r, const char *action, const char *scope);

/* Some right at the scope, above it, or below it. */
bool rights_any(struct sb_req *q, const char *scope);
/* Is the principal the caller, or one of his groups? */
bool rights_is_caller(struct sb_req *q, const char *principal);
/* Permissions of the caller's roles that reach the scope. Owned array. */
struct json *rights_permissions(struct sb_req *q, const char *scope);
/* Does one of the permissions ({actions, notActions}) match? */
bool rights_match(const struct json *permissions, const char *action);

/* {"roleAssignments":[{"principal","role","scope"?}],"denyAssignments":[{"name"?,"actions",
 * "notActions"?,"principals"?,"excludePrincipals"?,"scope"?,"doNotApplyToChildScopes"?}]}:
 * principals by user name, object id, client id, or name; roles by name or GUID; without a scope
 * every subscription. A named principal's roles are replaced (none without "role"), and so are all
 * deny assignments, which hold for everybody unless they name somebody. For seeds and steering. */
int rights_set(struct world *w, const struct json *doc, struct err *e);

#endif
