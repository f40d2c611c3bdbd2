/* op_cleanup_found.h - reading of what a clean-up has found (op_cleanup.h has its shape). */
#ifndef AZL_OP_OP_CLEANUP_FOUND_H
#define AZL_OP_OP_CLEANUP_FOUND_H

#include "op/op_cleanup.h"

#define CL_CLUSTERS       "/providers/Microsoft.AzureStackHCI/clusters"
#define CL_MACHINES       "/providers/Microsoft.HybridCompute/machines"
#define CL_GROUPS         "/resourcegroups"
#define CL_LOCKS          "/providers/Microsoft.Authorization/locks"
#define CL_ROLES          "/providers/Microsoft.Authorization/roleAssignments"
#define CL_PERMISSIONS    "/providers/Microsoft.Authorization/permissions"
#define CL_SETTINGS_TAIL  "/arcSettings/default"
#define CL_RESOURCES_TAIL "/resources"
#define CL_APPLICATIONS   "/v1.0/applications"
#define CL_APP_SELECT                                                                              \
    "$select=id,appId,displayName,createdDateTime,requiredResourceAccess,keyCredentials,"          \
    "passwordCredentials"

const char *cl_text(const struct json *j, const char *path); /* "" if absent */
const struct json *cl_answer(const struct json *found, const char *key);
int cl_http(const struct json *found, const char *key); /* 0: no answer */
/* value[] of a subscription's list; NULL if it could not be read. */
const struct json *cl_list(const struct json *found, const char *sub, const char *list);
const struct json *cl_body(const struct json *found, const char *id, const char *tail);
bool cl_scanned(const struct json *found, const char *id); /* in a subscription looked at */
const struct json *cl_find(const struct json *list, const char *id);
bool cl_is_id(const char *id);
void cl_sub_of(char out[40], const char *id);

/* The names of clusters that are gone or are leftovers, as strings: the caller's. */
struct json *cl_names(const struct json *found, int64_t now);

#endif
