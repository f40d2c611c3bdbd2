// The registration by the Node SDK in one process, sign-in included. What and where is in the environment (side_by_side.py).
import { createRequire } from "node:module";
import path from "node:path";

const { SUB, GROUP, CLUSTER, TENANT, ASSIGNMENT, ROLE, PRINCIPAL, PROVIDERS, AZL_FOREIGN } = process.env;
const require = createRequire(path.join(AZL_FOREIGN, "anchor.js"));
const { DeviceCodeCredential } = require("@azure/identity");
const { AzureStackHCIClient } = require("@azure/arm-azurestackhci");
const { ResourceManagementClient } = require("@azure/arm-resources");
const { AuthorizationManagementClient } = require("@azure/arm-authorization");

const credential = new DeviceCodeCredential({ tenantId: TENANT, clientId: "04b07795-8ddb-461a-bbee-02f9e1bf7b46", userPromptCallback: () => {} });
const resources = new ResourceManagementClient(credential, SUB);
await resources.resourceGroups.createOrUpdate(GROUP, { location: "eastus" });
for (const namespace of PROVIDERS.split(" ")) await resources.providers.register(namespace);
await new AzureStackHCIClient(credential, SUB).clusters.create(GROUP, CLUSTER, { location: "eastus" });
await new AuthorizationManagementClient(credential, SUB).roleAssignments.create(`/subscriptions/${SUB}/resourceGroups/${GROUP}`, ASSIGNMENT,
  { roleDefinitionId: `/subscriptions/${SUB}/providers/Microsoft.Authorization/roleDefinitions/${ROLE}`, principalId: PRINCIPAL,
    principalType: "ServicePrincipal" });
