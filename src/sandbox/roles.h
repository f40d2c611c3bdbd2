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

/* The path up to its last /providers/Microsoft.Authorization/, in the spelling under which the
 * resource is stored. */
void roles_scope(struct str *out, struct sb_req *q);

/* Definitions go by their last segment. */
bool role_def_known(struct world *w, const char *definition_id);
const char *role_def_guid(struct world *w, const char *name_or_guid); /* NULL if there is none */
struct json *role_def_permissions(struct world *w, const char *definition_id); /* owned array */

/* handlers */
void role_defs_list(struct sb_req *q, struct sb_reply *r);
void role_defs_one(struct sb_req *q, struct sb_reply *r);
void role_defs_permissions(struct sb_req *q, struct sb_reply *r);
void deny_list(struct sb_req *q, struct sb_reply *r); /* deny.c */
void deny_one(struct sb_req *q, struct sb_reply *r);

#endif
