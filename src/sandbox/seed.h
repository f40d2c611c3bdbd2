/* seed.h - the first world: two tenants, their users and subscriptions, regions; and what a seed
 * document changes in it.
 *
 * Sources: azure-wire.md 2.3 (forms of tenants, subscriptions, locations), register-flow.md 1.3
 * (roles); the regions that support clusters are those of Microsoft's registration article.
 * A seed: {"tenant":GUID,"subscriptions":[...],"users":[...],"resources":[{"id",...}],
 * "providers":{"Microsoft.AzureStackHCI":"Registered"},"resourceProviderObjectIdNull":true (until a
 * PATCH), "resourceProviderObjectIdNever":true (not even then),
 * "denyActions":["..."],"regions":["East US",...],"roleAssignments":[...],"denyAssignments":[...]};
 * arrays replace what stands in the first world; the last two are read by rights_set (rights.h),
 * and a user may have "groups":[GUID,...]. "access":{...} is read by access_set (access.h).
 */
#ifndef AZL_SANDBOX_SEED_H
#define AZL_SANDBOX_SEED_H

#include "base/json.h"

/* Sections of a new world; seed may be NULL. */
int seed_world(struct json *root, const struct json *seed, struct err *e);
/* "/Subscriptions/X" -> "/subscriptions/x": key of the resource map. Allocated. */
char *seed_key(const char *id);

#endif
