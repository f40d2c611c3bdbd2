/* hci.h - Microsoft.AzureStackHCI: addresses, bodies and the fields that we read. Pure: builds
 * requests, reads replies, sends nothing. Sources: contract Microsoft.AzureStackHCI 2024-04-01
 * clusters.json, arcSettings.json; register-flow.md 1.12, 2.10; azure-wire.md 3. */
#ifndef AZL_AZURE_HCI_H
#define AZL_AZURE_HCI_H

#include "base/json.h"
#include "base/str.h"

#define HCI_CREATED_BY                                                                             \
    "4C02703C-F5D0-44B0-ADC3-4ED5C2839E61" /* tag CreatedBy of groups made by registration;        \
                                              register-flow.md 1.2 */
/* What a registration consents to (the contract's and the service's examples name these two; that
 * there are no others is inferred), and from which build on: register-flow.md 1.11. */
#define HCI_MANDATORY_EXTENSIONS "Telemetry, Supportability"
#define HCI_BUILD_22H2           20349
#define HCI_ROLE_RESOURCE_MANAGER                                                                  \
    "f5819b54-e033-4d82-ac66-4fec3cbf3f4c" /* Azure Connected Machine Resource Manager */
#define HCI_ROLE_ONBOARDING                                                                        \
    "b64e21ea-ac4e-4cdf-9dc9-5b892992bee7" /* Azure Connected Machine Onboarding */
#define HCI_ROLE_RESOURCE_ADMIN                                                                    \
    "cd570a14-e51a-42ad-bac8-bafd67325302" /* Azure Connected Machine Resource Administrator */

struct hci_cluster {
    char id[400], location[64], provisioning_state[32], status[32];
    char identity_type[48], principal_id[40];
    char cloud_id[40], service_endpoint[256], rp_object_id[40];
    char last_sync[40];
    char app_id[40], app_object_id[40], sp_object_id[40]; /* of the application that the service
                                                             makes: aadClientId and its siblings */
};
extern const struct json_type hci_cluster_type;
struct hci_arc_node {
    char name[64], arc_instance[400], state[32];
};
struct hci_arc {
    char id[420], resource_group[96], aggregate_state[32], provisioning_state[32];
    char app_id[40], app_object_id[40], sp_object_id[40]; /* arcApplicationClientId and so on */
    char consented_at[40]; /* the earliest of defaultExtensions[]; "" while one has no consent */
    size_t n;
    struct hci_arc_node nodes[64];
};
int hci_read_cluster(const struct json *j, struct hci_cluster *out, struct err *e);
int hci_read_arc(const struct json *j, struct hci_arc *out, struct err *e);
bool hci_state_running(const char *provisioning_state); /* non-terminal */

/* Ids with the spelling of the contract ("/subscriptions/.../clusters/NAME"). */
void hci_cluster_id(struct str *out, const char *sub, const char *group, const char *name);
void hci_arc_id(struct str *out, const char *cluster_id);
struct json *
hci_cluster_body(const char *region,
                 const struct json *tags); /* PUT: location, SystemAssigned identity, tags */
struct json *hci_identity_body(void);      /* PATCH */
struct json *hci_application_body(const char *app_id, const char *tenant); /* PATCH */
struct json *hci_cluster_body_of(const char *region, const struct json *tags, const char *app_id,
                                 const char *tenant); /* PUT of the first generation: no identity */
struct json *hci_arc_body(const char *arc_group);
struct json *hci_reconcile_body(const char *const *nodes,
                                size_t n); /* bare node names: register-flow.md surprise 5 */
/* uploadCertificate: the base64 forms, blank-separated. */
struct json *hci_upload_body(const char *certificates);
/* Name rules (azure-wire.md 2.4.3, 3.1.7): NULL if fine, else a translated sentence. cluster: the
 * resource; what the cluster itself and its nodes may be called is base/name.h's. */
const char *hci_bad_group_name(const char *name);
const char *hci_bad_cluster_name(const char *name);
const char *hci_bad_region(const char *name); /* shape only */

#endif
