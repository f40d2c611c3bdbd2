/* Sources: Microsoft.AzureStackHCI 2021-09-01, 2022-12-01, 2023-03-01, 2024-01-01, 2024-04-01:
 * clusters.json, arcSettings.json, extensions.json; what 2022-05-01 has is read from the models of
 * npm's @azure/arm-azurestackhci 3.1.0. Properties that the sandbox never fills (log collection,
 * remote support, attestation) stand here as read-only names, so that a whole object that a client
 * sends back is taken. */
#include "config.h"

#include "sandbox/hci.h"

#define LEVELS     "Off|Basic|Enhanced"
#define ENABLED    "Disabled|Enabled"
#define IDENTITIES "None|SystemAssigned|UserAssigned|SystemAssigned, UserAssigned"

static const struct shape_row identity_rows[] = {
    { "type", SHAPE_STR, SHAPE_REQUIRED, IDENTITIES, NULL, NULL },
    { "principalId", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "tenantId", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "userAssignedIdentities", SHAPE_MAP, SHAPE_IGNORED, NULL, NULL, NULL },
};
static const struct shape identity_shape = SHAPE("ManagedServiceIdentity", identity_rows);

static const struct shape_row desired_rows[] = {
    { "windowsServerSubscription", SHAPE_STR, 0, ENABLED, NULL, NULL },
    { "diagnosticLevel", SHAPE_STR, 0, LEVELS, NULL, NULL },
};
static const struct shape desired_shape = SHAPE("ClusterDesiredProperties", desired_rows);

static const struct shape_row assurance_rows[] = {
    { "softwareAssuranceStatus", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "softwareAssuranceIntent", SHAPE_STR, 0, "Enable|Disable", NULL, NULL },
    { "lastUpdated", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
};
static const struct shape assurance_shape = SHAPE("SoftwareAssuranceProperties", assurance_rows);

static const struct shape_row node_rows[] = {
    { "name", SHAPE_STR, 0, NULL, NULL, NULL },
    { "id", SHAPE_NUM, 0, NULL, NULL, NULL },
    { "windowsServerSubscription", SHAPE_STR, 0, NULL, NULL, NULL },
    { "nodeType", SHAPE_STR, 0, NULL, "2022-12-01", NULL },
    { "ehcResourceId", SHAPE_STR, 0, NULL, "2022-12-01", NULL },
    { "manufacturer", SHAPE_STR, 0, NULL, NULL, NULL },
    { "model", SHAPE_STR, 0, NULL, NULL, NULL },
    { "osName", SHAPE_STR, 0, NULL, NULL, NULL },
    { "osVersion", SHAPE_STR, 0, NULL, NULL, NULL },
    { "osDisplayVersion", SHAPE_STR, 0, NULL, "2022-12-01", NULL },
    { "serialNumber", SHAPE_STR, 0, NULL, NULL, NULL },
    { "coreCount", SHAPE_NUM, 0, NULL, NULL, NULL },
    { "memoryInGiB", SHAPE_NUM, 0, NULL, NULL, NULL },
    { "lastLicensingTimestamp", SHAPE_TIME, 0, NULL, "2023-03-01", NULL },
    { "oemActivation", SHAPE_STR, 0, NULL, "2024-01-01", NULL },
};
static const struct shape node_shape = SHAPE("ClusterNode", node_rows);

static const struct shape_row reported_rows[] = {
    { "clusterName", SHAPE_STR, 0, NULL, NULL, NULL },
    { "clusterId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "clusterVersion", SHAPE_STR, 0, NULL, NULL, NULL },
    { "nodes", SHAPE_LIST, 0, NULL, NULL, &node_shape },
    { "lastUpdated", SHAPE_TIME, 0, NULL, NULL, NULL },
    { "imdsAttestation", SHAPE_STR, 0, NULL, NULL, NULL },
    { "diagnosticLevel", SHAPE_STR, 0, NULL, NULL, NULL },
    { "supportedCapabilities", SHAPE_WORDS, 0, NULL, "2022-12-01", NULL },
    { "clusterType", SHAPE_STR, 0, NULL, "2023-03-01", NULL },
    { "manufacturer", SHAPE_STR, 0, NULL, "2023-03-01", NULL },
    { "oemActivation", SHAPE_STR, 0, NULL, "2024-01-01", NULL },
};
static const struct shape reported_shape = SHAPE("ClusterReportedProperties", reported_rows);

static const struct shape nothing_shape = { "object", NULL, 0 };

static const struct shape_row properties_rows[] = {
    { "provisioningState", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "status", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "connectivityStatus", SHAPE_STR, SHAPE_RO, NULL, "2024-01-01", NULL },
    { "cloudId", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "cloudManagementEndpoint", SHAPE_STR, 0, NULL, NULL, NULL },
    { "aadClientId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "aadTenantId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "aadApplicationObjectId", SHAPE_STR, 0, NULL, "2022-05-01", NULL },
    { "aadServicePrincipalObjectId", SHAPE_STR, 0, NULL, "2022-05-01", NULL },
    { "softwareAssuranceProperties", SHAPE_OBJ, 0, NULL, "2022-12-01", &assurance_shape },
    { "logCollectionProperties", SHAPE_OBJ, SHAPE_IGNORED, NULL, "2024-04-01", &nothing_shape },
    { "remoteSupportProperties", SHAPE_OBJ, SHAPE_IGNORED, NULL, "2024-04-01", &nothing_shape },
    { "desiredProperties", SHAPE_OBJ, 0, NULL, NULL, &desired_shape },
    { "reportedProperties", SHAPE_OBJ, SHAPE_RO, NULL, NULL, &reported_shape },
    { "isolatedVmAttestationConfiguration", SHAPE_OBJ, SHAPE_IGNORED, NULL, "2024-01-01",
      &nothing_shape },
    { "trialDaysRemaining", SHAPE_NUM, SHAPE_RO, NULL, NULL, NULL },
    { "billingModel", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "registrationTimestamp", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
    { "lastSyncTimestamp", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
    { "lastBillingTimestamp", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
    { "serviceEndpoint", SHAPE_STR, SHAPE_RO, NULL, "2022-05-01", NULL },
    { "resourceProviderObjectId", SHAPE_STR, SHAPE_RO, NULL, "2022-12-01", NULL },
};
static const struct shape properties_shape = SHAPE("ClusterProperties", properties_rows);

static const struct shape_row hci_cluster_rows[] = {
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "name", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "systemData", SHAPE_OBJ, SHAPE_RO, NULL, NULL, &shape_system_data },
    { "tags", SHAPE_MAP, 0, NULL, NULL, NULL },
    { "location", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "identity", SHAPE_OBJ, 0, NULL, "2022-12-01", &identity_shape },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &properties_shape },
};
const struct shape hci_cluster_shape = SHAPE("Cluster", hci_cluster_rows);

static const struct shape_row patch_properties_rows[] = {
    { "cloudManagementEndpoint", SHAPE_STR, 0, NULL, NULL, NULL },
    { "aadClientId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "aadTenantId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "desiredProperties", SHAPE_OBJ, 0, NULL, NULL, &desired_shape },
};
static const struct shape patch_properties_shape =
    SHAPE("ClusterPatchProperties", patch_properties_rows);

static const struct shape_row hci_cluster_patch_rows[] = {
    { "tags", SHAPE_MAP, 0, NULL, NULL, NULL },
    { "identity", SHAPE_OBJ, 0, NULL, "2022-12-01", &identity_shape },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &patch_properties_shape },
};
const struct shape hci_cluster_patch_shape = SHAPE("ClusterPatch", hci_cluster_patch_rows);

static const struct shape_row service_rows[] = {
    { "serviceName", SHAPE_STR, SHAPE_REQUIRED, "WAC", NULL, NULL },
    { "port", SHAPE_INT, SHAPE_REQUIRED, NULL, NULL, NULL },
};
static const struct shape service_shape = SHAPE("ServiceConfiguration", service_rows);

static const struct shape_row connectivity_rows[] = {
    { "enabled", SHAPE_BOOL, 0, NULL, NULL, NULL },
    { "serviceConfigurations", SHAPE_LIST, 0, NULL, NULL, &service_shape },
};
static const struct shape connectivity_shape =
    SHAPE("ArcConnectivityProperties", connectivity_rows);

static const struct shape_row per_node_rows[] = {
    { "name", SHAPE_STR, 0, NULL, NULL, NULL },
    { "arcInstance", SHAPE_STR, 0, NULL, NULL, NULL },
    { "arcNodeServicePrincipalObjectId", SHAPE_STR, 0, NULL, "2024-01-01", NULL },
    { "state", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape per_node_shape = SHAPE("PerNodeState", per_node_rows);

static const struct shape_row extension_rows[] = {
    { "category", SHAPE_STR, 0, NULL, NULL, NULL },
    { "consentTime", SHAPE_TIME, 0, NULL, NULL, NULL },
};
static const struct shape extension_shape = SHAPE("DefaultExtensionDetails", extension_rows);

static const struct shape_row settings_properties_rows[] = {
    { "provisioningState", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "arcInstanceResourceGroup", SHAPE_STR, 0, NULL, NULL, NULL },
    { "arcApplicationClientId", SHAPE_STR, 0, NULL, "2022-05-01", NULL },
    { "arcApplicationTenantId", SHAPE_STR, 0, NULL, "2022-05-01", NULL },
    { "arcServicePrincipalObjectId", SHAPE_STR, 0, NULL, "2022-05-01", NULL },
    { "arcApplicationObjectId", SHAPE_STR, 0, NULL, "2022-05-01", NULL },
    { "aggregateState", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "perNodeDetails", SHAPE_LIST, SHAPE_RO, NULL, NULL, &per_node_shape },
    { "connectivityProperties", SHAPE_OBJ, 0, NULL, "2022-05-01", &connectivity_shape },
    { "defaultExtensions", SHAPE_LIST, SHAPE_RO, NULL, "2023-03-01", &extension_shape },
};
static const struct shape settings_properties_shape =
    SHAPE("ArcSettingProperties", settings_properties_rows);

static const struct shape_row hci_settings_rows[] = {
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "name", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "systemData", SHAPE_OBJ, SHAPE_RO, NULL, NULL, &shape_system_data },
    { "location", SHAPE_STR, SHAPE_IGNORED, NULL, NULL, NULL },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &settings_properties_shape },
};
const struct shape hci_settings_shape = SHAPE("ArcSetting", hci_settings_rows);

static const struct shape_row settings_patch_properties_rows[] = {
    { "connectivityProperties", SHAPE_OBJ, 0, NULL, NULL, &connectivity_shape },
};
static const struct shape settings_patch_properties_shape =
    SHAPE("ArcSettingsPatchProperties", settings_patch_properties_rows);

static const struct shape_row hci_settings_patch_rows[] = {
    { "tags", SHAPE_MAP, SHAPE_IGNORED, NULL, NULL, NULL },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &settings_patch_properties_shape },
};
const struct shape hci_settings_patch_shape = SHAPE("ArcSettingsPatch", hci_settings_patch_rows);

static const struct shape_row reconcile_properties_rows[] = {
    { "clusterNodes", SHAPE_WORDS, 0, NULL, NULL, NULL },
};
static const struct shape reconcile_properties_shape =
    SHAPE("ReconcileArcSettingsRequestProperties", reconcile_properties_rows);

static const struct shape_row hci_reconcile_rows[] = {
    { "properties", SHAPE_OBJ, SHAPE_REQUIRED, NULL, NULL, &reconcile_properties_shape },
};
const struct shape hci_reconcile_shape = SHAPE("ReconcileArcSettingsRequest", hci_reconcile_rows);

static const struct shape_row parameters_rows[] = {
    { "forceUpdateTag", SHAPE_STR, 0, NULL, NULL, NULL },
    { "publisher", SHAPE_STR, 0, NULL, NULL, NULL },
    { "type", SHAPE_STR, 0, NULL, NULL, NULL },
    { "typeHandlerVersion", SHAPE_STR, 0, NULL, NULL, NULL },
    { "autoUpgradeMinorVersion", SHAPE_BOOL, 0, NULL, NULL, NULL },
    { "enableAutomaticUpgrade", SHAPE_BOOL, 0, NULL, "2022-12-01", NULL },
    { "settings", SHAPE_ANY, 0, NULL, NULL, NULL },
    { "protectedSettings", SHAPE_ANY, SHAPE_IGNORED, NULL, NULL, NULL },
};
static const struct shape parameters_shape = SHAPE("ExtensionParameters", parameters_rows);

static const struct shape_row node_extension_rows[] = {
    { "name", SHAPE_STR, 0, NULL, NULL, NULL },
    { "extension", SHAPE_STR, 0, NULL, NULL, NULL },
    { "typeHandlerVersion", SHAPE_STR, 0, NULL, "2023-03-01", NULL },
    { "state", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape node_extension_shape =
    SHAPE("PerNodeExtensionState", node_extension_rows);

static const struct shape_row extension_properties_rows[] = {
    { "provisioningState", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "extensionParameters", SHAPE_OBJ, 0, NULL, NULL, &parameters_shape },
    { "aggregateState", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "perNodeExtensionDetails", SHAPE_LIST, SHAPE_RO, NULL, NULL, &node_extension_shape },
    { "managedBy", SHAPE_STR, SHAPE_RO, NULL, "2023-03-01", NULL },
};
static const struct shape extension_properties_shape =
    SHAPE("ExtensionProperties", extension_properties_rows);

static const struct shape_row hci_extension_rows[] = {
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "name", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "systemData", SHAPE_OBJ, SHAPE_RO, NULL, NULL, &shape_system_data },
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &extension_properties_shape },
};
const struct shape hci_extension_shape = SHAPE("Extension", hci_extension_rows);

static const struct shape_row patch_parameters_rows[] = {
    { "typeHandlerVersion", SHAPE_STR, 0, NULL, NULL, NULL },
    { "enableAutomaticUpgrade", SHAPE_BOOL, 0, NULL, NULL, NULL },
    { "settings", SHAPE_ANY, 0, NULL, NULL, NULL },
    { "protectedSettings", SHAPE_ANY, SHAPE_IGNORED, NULL, NULL, NULL },
};
static const struct shape patch_parameters_shape =
    SHAPE("ExtensionPatchParameters", patch_parameters_rows);

static const struct shape_row extension_patch_properties_rows[] = {
    { "extensionParameters", SHAPE_OBJ, 0, NULL, NULL, &patch_parameters_shape },
};
static const struct shape extension_patch_properties_shape =
    SHAPE("ExtensionPatchProperties", extension_patch_properties_rows);

static const struct shape_row hci_extension_patch_rows[] = {
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &extension_patch_properties_shape },
};
const struct shape hci_extension_patch_shape = SHAPE("ExtensionPatch", hci_extension_patch_rows);

static const struct shape_row certificates_rows[] = {
    { "certificates", SHAPE_WORDS, SHAPE_REQUIRED, NULL, NULL, NULL },
};
static const struct shape certificates_shape = SHAPE("RawCertificateData", certificates_rows);
static const struct shape_row hci_upload_rows[] = {
    { "properties", SHAPE_OBJ, SHAPE_REQUIRED, NULL, NULL, &certificates_shape },
};
const struct shape hci_upload_shape = SHAPE("UploadCertificateRequest", hci_upload_rows);

static const struct shape_row intent_rows[] = {
    { "softwareAssuranceIntent", SHAPE_STR, 0, "Enable|Disable", NULL, NULL },
};
static const struct shape intent_shape =
    SHAPE("SoftwareAssuranceChangeRequestProperties", intent_rows);
static const struct shape_row hci_assurance_rows[] = {
    { "properties", SHAPE_OBJ, 0, NULL, NULL, &intent_shape },
};
const struct shape hci_assurance_shape =
    SHAPE("SoftwareAssuranceChangeRequest", hci_assurance_rows);
