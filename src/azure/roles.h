/* roles.h - role assignments whose names are derived, so that a repeated request never makes a
 * second one. Sources: azure-wire.md 2.10.4-2.10.10; contract Microsoft.Authorization 2022-04-01.
 * Name: UUIDv5 of (scope, principal, role). */
#ifndef AZL_AZURE_ROLES_H
#define AZL_AZURE_ROLES_H

#include "base/json.h"
#include "base/str.h"

void role_assignment_name(char out[GUID_SIZE], const char *scope, const char *principal,
                          const char *role_guid);
struct json *role_assignment_body(const char *subscription, const char *principal,
                                  const char *role_guid, const char *principal_type);
/* Is there an assignment of this role to this principal exactly at this scope in a list's value[]?
 * Compares trailing GUIDs and ids without case. */
bool role_assignment_in(const struct json *list, const char *scope, const char *principal,
                        const char *role_guid);

#endif
