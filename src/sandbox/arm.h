/* arm.h - handlers of the Resource Manager's own family that stand in files of their own; arm.c
 * holds the table of routes. */
#ifndef AZL_SANDBOX_ARM_H
#define AZL_SANDBOX_ARM_H

#include "sandbox/resource.h"

/* groups.c: Microsoft.Resources 2021-04-01 */
void groups_one(struct sb_req *q, struct sb_reply *r);
void groups_list(struct sb_req *q, struct sb_reply *r);
void groups_resources(struct sb_req *q, struct sb_reply *r);
void groups_custom_locations(struct sb_req *q, struct sb_reply *r);
/* providers.c: Microsoft.Resources 2021-04-01 */
void providers_list(struct sb_req *q, struct sb_reply *r);
void providers_get(struct sb_req *q, struct sb_reply *r);
void providers_register(struct sb_req *q, struct sb_reply *r);
void providers_unregister(struct sb_req *q, struct sb_reply *r);
/* Microsoft.AzureStackHCI and Microsoft.HybridCompute: Operations_List */
void providers_hci_operations(struct sb_req *q, struct sb_reply *r);
void providers_arc_operations(struct sb_req *q, struct sb_reply *r);
/* api-versions of a resource type, blank-separated, or NULL */
const char *providers_versions(const char *ns, const char *type);

#define ARM_RESOURCES                                                                              \
    "2015-01-01 2016-02-01 2016-06-01 2017-05-10 2018-05-01 2019-05-01 2019-05-10 2019-10-01 "     \
    "2020-06-01 2020-10-01 "                                                                       \
    "2021-01-01 2021-04-01 2022-09-01 2023-07-01 2024-03-01 2024-11-01 2025-04-01"
#define ARM_SUBSCRIPTIONS                                                                          \
    "2016-06-01 2018-06-01 2019-06-01 2019-11-01 2020-01-01 2021-01-01 2022-12-01"
#define HCI_VERSIONS                                                                               \
    "2021-09-01-preview 2021-09-01 2022-05-01 2022-12-01 2023-03-01 2024-01-01 2024-04-01 "        \
    "2025-09-15-preview"
#define HCI_RECONCILE_VERSIONS "2025-09-15-preview"
#define ARC_VERSIONS           "2022-03-10 2022-08-11-preview 2022-11-10 2022-12-27"

#endif
