/* hci.h - shapes and handlers of Microsoft.AzureStackHCI between hci_shape.c, hci.c (clusters,
 * routes), hci_arc.c (arcSettings), hci_ext.c (their extensions) and hci_actions.c (POST actions).
 * Sources: Microsoft.AzureStackHCI 2021-09-01 .. 2024-04-01 clusters.json, arcSettings.json;
 * azure-wire.md 3.1 to 3.3. */
#ifndef AZL_SANDBOX_HCI_H
#define AZL_SANDBOX_HCI_H

#include "sandbox/resource.h"

#define CLUSTER_TYPE   "Microsoft.AzureStackHCI/clusters"
#define SETTINGS_TYPE  "Microsoft.AzureStackHCI/clusters/arcSettings"
#define EXTENSION_TYPE SETTINGS_TYPE "/extensions"
#define ROLE_RESOURCE_MANAGER                                                                      \
    "f5819b54-e033-4d82-ac66-4fec3cbf3f4c" /* Azure Connected Machine Resource Manager */

extern const struct shape hci_cluster_shape, hci_cluster_patch_shape, hci_settings_shape,
    hci_settings_patch_shape, hci_reconcile_shape, hci_extension_shape, hci_extension_patch_shape,
    hci_upload_shape, hci_assurance_shape;

/* The cluster named in the path, or NULL and a 404. */
struct json *hci_cluster_of(struct sb_req *q, struct sb_reply *r);
/* The arcSetting named in the path, or NULL and a 404. */
struct json *hci_settings_of(struct sb_req *q, struct sb_reply *r, const struct json *cluster);
/* Is nothing deleting it? False: r is 409. Inferred: no source tells what a write meets then. */
bool hci_steady(struct sb_reply *r, const struct json *resource);
/* Has initializeDisableProcess been called? It stays so until the arcSetting is deleted. */
bool hci_disabling(const struct json *settings);
/* Does the cloud hold it against the cluster that nobody synced for a day? */
bool hci_recent(struct world *w, const struct json *cluster);

void hci_settings_one(struct sb_req *q, struct sb_reply *r);
void hci_settings_list(struct sb_req *q, struct sb_reply *r);
void hci_action(struct sb_req *q, struct sb_reply *r); /* {action} of {cluster} or {setting} */
void hci_extension_one(struct sb_req *q, struct sb_reply *r);
void hci_extensions(struct sb_req *q, struct sb_reply *r);
void hci_reconcile(struct sb_req *q, struct sb_reply *r);

#endif
