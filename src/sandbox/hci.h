/* hci.h - shapes and handlers of Microsoft.AzureStackHCI between hci_shape.c, hci.c (clusters,
 * routes) and hci_arc.c (arcSettings). Sources: Microsoft.AzureStackHCI 2021-09-01 .. 2024-04-01
 * clusters.json, arcSettings.json; azure-wire.md 3.1 to 3.3. */
#ifndef AZL_SANDBOX_HCI_H
#define AZL_SANDBOX_HCI_H

#include "sandbox/resource.h"

#define CLUSTER_TYPE  "Microsoft.AzureStackHCI/clusters"
#define SETTINGS_TYPE "Microsoft.AzureStackHCI/clusters/arcSettings"
#define ROLE_RESOURCE_MANAGER                                                                      \
    "f5819b54-e033-4d82-ac66-4fec3cbf3f4c" /* Azure Connected Machine Resource Manager */

extern const struct shape hci_cluster_shape, hci_cluster_patch_shape, hci_settings_shape,
    hci_settings_patch_shape, hci_reconcile_shape;

/* The cluster named in the path, or NULL and a 404. */
struct json *hci_cluster_of(struct sb_req *q, struct sb_reply *r);
/* Does the cloud hold it against the cluster that nobody synced for a day? */
bool hci_recent(struct world *w, const struct json *cluster);

void hci_settings_one(struct sb_req *q, struct sb_reply *r);
void hci_settings_list(struct sb_req *q, struct sb_reply *r);
void hci_extensions(struct sb_req *q, struct sb_reply *r);
void hci_reconcile(struct sb_req *q, struct sb_reply *r);

#endif
