/* roles.h - between roles.c (assignments, routes) and role_defs.c (built-in definitions, the
 * caller's permissions). Sources: Microsoft.Authorization 2022-04-01
 * authorization-RoleAssignmentsCalls.json, authorization-RoleDefinitionsCalls.json;
 * azure-wire.md 2.10. */
#ifndef AZL_SANDBOX_ROLES_H
#define AZL_SANDBOX_ROLES_H

#include "sandbox/resource.h"

#define ROLE_OWNER        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
#define ROLE_CONTRIBUTOR  "b24988ac-6180-42a0-ab88-20f7382dd24c"
#define ROLE_ACCESS_ADMIN "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"

/* An assignment as if somebody had made it before the sandbox started. */
void roles_grant(struct world *w, const char *scope, const char *principal, const char *type,
                 const char *role_guid);

/* res_allow for a path whose scope is one variable. */
bool roles_allow(struct sb_req *q, struct sb_reply *r, const char *action, bool write);
/* Text in quotes after `word`, if it stands in the filter. */
void roles_quoted_after(const char *filter, const char *word, char *out, size_t size);

bool role_def_known(const char *definition_id); /* by its last segment */
void role_defs_list(struct sb_req *q, struct sb_reply *r);
void role_defs_get(struct sb_req *q, struct sb_reply *r);
void role_defs_permissions(struct sb_req *q, struct sb_reply *r);

#endif
