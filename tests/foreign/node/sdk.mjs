// Microsoft's SDKs for JavaScript against the sandbox: node sdk.mjs SCENARIO READY.json, run by test_node_sdk.py, which sets the surroundings.
// The packages stand outside the tree, in $AZL_FOREIGN/node_modules.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.AZL_FOREIGN, "anchor.js"));
const { ClientCertificateCredential, ClientSecretCredential, DeviceCodeCredential } = require("@azure/identity");
const { PublicClientApplication } = require("@azure/msal-node");
const { AzureStackHCIClient } = require("@azure/arm-azurestackhci");
const { ResourceManagementClient } = require("@azure/arm-resources");
const { SubscriptionClient } = require("@azure/arm-resources-subscriptions");
const { AuthorizationManagementClient } = require("@azure/arm-authorization");

const CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const RESOURCE_MANAGER_ROLE = "f5819b54-e033-4d82-ac66-4fec3cbf3f4c";
const FAST = { updateIntervalInMs: 100 };
const ready = JSON.parse(readFileSync(process.argv[3], "utf8"));

const all = async (pages) => { const list = []; for await (const x of pages) list.push(x); return list; };
const names = async (pages) => (await all(pages)).map((x) => x.name);
const refused = (promise, status, code) => assert.rejects(promise, (e) => e.statusCode === status && e.code === code);

function device() {
    return new DeviceCodeCredential({ clientId: CLI, tenantId: ready.tenant, userPromptCallback: () => {} });
}

// MSAL alone does not know HTTPS_PROXY: it is told the sandbox's address, which it then must accept as an authority.
// the public part of a node's certificate: CN=c1, RSA 2048, valid a hundred years; nobody has its key
const CERTIFICATE =
  "MIIC/TCCAeWgAwIBAgIUDrsKqlTV6wBop7kYROdzKQzRhnYwDQYJKoZIhvcNAQELBQAwDTELMAkGA1UEAwwCYzEwIBcNMjYxMTIxMjIzMjA5Wh" +
  "gPMjEyNjEwMjgyMjMyMDlaMA0xCzAJBgNVBAMMAmMxMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzdAZScNu6vdHrxPCsCl9MtdX" +
  "5G5/el9uNocEf3IdcPGZJDKSu9MQUFiwr7GRTnnqkhE2DwsAYu/HubUWeDehN4BtwC4UceIQKiy0Gg5msK7SlqvQ+6FC1rf+edHHp15Rdfd+Oe" +
  "4j500ZOGuACmwCrhtsFMmFRokhR7ItXBO3VhGbpNZ0gzLn1aPR+PxEcVL6Z3Kl44U2D/0XKuuxqBIDgnznjQNCZOSVHDpnBRPDtbKIVszBCb2p" +
  "q6tfz8R2BIueZXiB3WvI8cj/bgUPsRUcoRoZOAd/Zo0NdbdxTCHY/MrmCQ5QUTNozRSITfCm7fakpns8NCxevh3zfC5EWNshZwIDAQABo1MwUT" +
  "AdBgNVHQ4EFgQUmXoP96Wcq3d5PWUMsrKYvtBggPgwHwYDVR0jBBgwFoAUmXoP96Wcq3d5PWUMsrKYvtBggPgwDwYDVR0TAQH/BAUwAwEB/zAN" +
  "BgkqhkiG9w0BAQsFAAOCAQEAb/4U1RvMrCqLL1Huozl7oZx9h3NvGkfAk40zS04BfAU9NKS+exJVVK4MOJCEjnQ+3IaJCiKDPzdlLJy8PV/Qm0" +
  "ymoiQ20SZnFhaC3kTJDA1fuVsbv6DSyzmbWe10gLs/B3kUUKSqw57uS/mVyOHT74QJzlmY4+KyYnfcWGUjcllOdNcDjnJZtxMnk5rzP4Qtr7G3" +
  "0O5IPU+VnTFhbX4c8UUABdO4SsR9iRBK08N+vdh/OHlVIrldwIuuv/5khStP6paoqvAO+pRXWUHf4gTJ81kFJ8FfqoUuzm+w9NzPNfd4kDglw6" +
  "0GvGBuwA/OjLlIAb0JCkbCyeZYzeBEuBttyA==";

async function msal() {
    for (const tenant of [ready.tenant, "organizations"]) {
        const app = new PublicClientApplication({ auth: { clientId: CLI, authority: `${ready.base}/${tenant}`,
                                                          knownAuthorities: [new URL(ready.base).host] } });
        const scopes = ["https://management.azure.com/.default"];
        let shown = null;
        const token = await app.acquireTokenByDeviceCode({ scopes, deviceCodeCallback: (d) => { shown = d; } });
        assert.ok(shown.message.includes(shown.userCode) && shown.verificationUri.startsWith("https://"));
        assert.equal(token.account.username, ready.user);
        assert.equal(token.tenantId, ready.tenant);
        const again = await app.acquireTokenSilent({ scopes: ["https://graph.microsoft.com/.default"], account: token.account });
        assert.notEqual(again.accessToken, token.accessToken);
    }
}

async function subscriptions(credential) {
    const client = new SubscriptionClient(credential);
    assert.ok((await all(client.tenants.list())).some((t) => t.tenantId === ready.tenant));
    assert.ok((await all(client.subscriptions.list())).some((s) => s.subscriptionId === ready.subscription));
    assert.equal((await client.subscriptions.get(ready.subscription)).state, "Enabled");
    assert.ok((await names(client.subscriptions.listLocations(ready.subscription))).includes("eastus"));
}

async function groupAndProvider(rm) {
    for (const ns of ["Microsoft.AzureStackHCI", "Microsoft.HybridCompute"]) {
        await rm.providers.register(ns);
        while ((await rm.providers.get(ns)).registrationState !== "Registered")
            await new Promise((r) => setTimeout(r, 200));
    }
    assert.equal((await rm.resourceGroups.checkExistence("js")).body, false);
    const group = await rm.resourceGroups.createOrUpdate("js", { location: "eastus", tags: { CreatedBy: "js" } });
    assert.deepEqual([group.name, group.tags, group.properties.provisioningState], ["js", { CreatedBy: "js" }, "Succeeded"]);
    assert.equal((await rm.resourceGroups.checkExistence("js")).body, true);
    assert.ok((await names(rm.resourceGroups.list())).includes("js"));
    await refused(rm.resourceGroups.get("nowhere"), 404, "ResourceGroupNotFound");
}

async function cluster(hci) {
    const made = await hci.clusters.create("js", "c1", { location: "eastus" });
    assert.deepEqual([made.name, made.status, made.provisioningState], ["c1", "NotYetRegistered", "Succeeded"]);
    assert.ok(made.serviceEndpoint.startsWith("https://") && made.createdAt instanceof Date);
    const identity = await hci.clusters.beginCreateIdentityAndWait("js", "c1", FAST);
    const got = await hci.clusters.get("js", "c1");
    const ids = (x) => [x.aadClientId, x.aadTenantId, x.aadServicePrincipalObjectId, x.aadApplicationObjectId];
    assert.equal(got.cloudId, made.cloudId);
    assert.equal(got.aadTenantId, ready.tenant);
    assert.ok(ids(got).every((id) => id));
    assert.deepEqual((await hci.clusters.update("js", "c1", { tags: { a: "b" } })).tags, { a: "b" });
    assert.equal((await hci.clusters.update("js", "c1", { desiredProperties: { diagnosticLevel: "Enhanced" } })).desiredProperties.diagnosticLevel,
                 "Enhanced");
    await hci.clusters.beginUploadCertificateAndWait("js", "c1", { properties: { certificates: [CERTIFICATE] } }, FAST);
    assert.deepEqual(await names(hci.clusters.listByResourceGroup("js")), ["c1"]);
    assert.ok((await names(hci.clusters.listBySubscription())).includes("c1"));
    await refused(hci.clusters.get("js", "c2"), 404, "ResourceNotFound");
    assert.ok((await hci.operations.list()).value.some((o) => o.name === "Microsoft.AzureStackHCI/Clusters/Read"));
    return [ids(identity), ids(got)];
}

async function arc(hci) {
    const setting = await hci.arcSettings.create("js", "c1", "default", { arcInstanceResourceGroup: "js" });
    assert.equal(setting.arcInstanceResourceGroup, "js");
    await hci.arcSettings.update("js", "c1", "default", { connectivityProperties: { enabled: true } });
    await hci.arcSettings.beginCreateIdentityAndWait("js", "c1", "default", FAST);
    const password = await hci.arcSettings.generatePassword("js", "c1", "default");
    assert.ok(password.secretText && password.endDateTime > password.startDateTime);
    const got = await hci.arcSettings.get("js", "c1", "default");
    assert.ok(got.arcApplicationClientId && got.arcServicePrincipalObjectId && got.arcApplicationTenantId === ready.tenant);
    assert.deepEqual(await names(hci.arcSettings.listByCluster("js", "c1")), ["default"]);
    // without forceUpdateTag the SDK stumbles over its own flattening of properties.extensionParameters
    const parameters = { forceUpdateTag: "1", publisher: "Microsoft.Compute", typePropertiesExtensionParametersType: "MicrosoftMonitoringAgent",
                         typeHandlerVersion: "1.10", settings: { workspaceId: "xx" }, protectedSettings: { workspaceKey: "yy" } };
    const extension = await hci.extensions.beginCreateAndWait("js", "c1", "default", "agent", parameters, FAST);
    assert.deepEqual([extension.provisioningState, extension.publisher, extension.protectedSettings], ["Succeeded", "Microsoft.Compute", undefined]);
    const changed = await hci.extensions.beginUpdateAndWait("js", "c1", "default", "agent", { forceUpdateTag: "2", typeHandlerVersion: "1.11" }, FAST);
    assert.equal(changed.typeHandlerVersion, "1.11");
    assert.deepEqual(await names(hci.extensions.listByArcSetting("js", "c1", "default")), ["agent"]);
}

async function role(credential, rm) {
    const auth = new AuthorizationManagementClient(credential, ready.subscription);
    const scope = (await rm.resourceGroups.get("js")).id;
    const whole = await rm.resources.getById(`${scope}/providers/Microsoft.AzureStackHCI/clusters/c1`, "2024-04-01");
    const principalId = whole.properties.resourceProviderObjectId;
    const body = { principalId, principalType: "ServicePrincipal",
                   roleDefinitionId: `/subscriptions/${ready.subscription}/providers/Microsoft.Authorization/roleDefinitions/${RESOURCE_MANAGER_ROLE}` };
    const name = randomUUID();
    const made = await auth.roleAssignments.create(scope, name, body);
    assert.equal(made.principalId, principalId);
    await refused(auth.roleAssignments.create(scope, randomUUID(), body), 409, "RoleAssignmentExists");
    assert.ok((await names(auth.roleAssignments.listForScope(scope, { filter: "atScope()" }))).includes(name));
    const found = await all(auth.roleDefinitions.list(scope, { filter: "roleName eq 'Azure Connected Machine Resource Manager'" }));
    assert.deepEqual(found.map((d) => d.name), [RESOURCE_MANAGER_ROLE]);
    await auth.roleAssignments.delete(scope, name);
}

async function takeApart(hci, rm) {
    const types = (await all(rm.resources.list({ filter: "resourceGroup eq 'js'" }))).map((x) => x.type);
    assert.deepEqual(types, ["Microsoft.AzureStackHCI/clusters"]);
    await hci.extensions.beginDeleteAndWait("js", "c1", "default", "agent", FAST);
    await hci.arcSettings.beginDeleteAndWait("js", "c1", "default", FAST);
    await refused(hci.arcSettings.get("js", "c1", "default"), 404, "ResourceNotFound");
    await hci.clusters.beginDeleteAndWait("js", "c1", FAST);
    await refused(hci.clusters.get("js", "c1"), 404, "ResourceNotFound");
    await rm.resourceGroups.beginDeleteAndWait("js", FAST);
    assert.equal((await rm.resourceGroups.checkExistence("js")).body, false);
}

async function registration() {
    const credential = device();
    const rm = new ResourceManagementClient(credential, ready.subscription);
    const hci = new AzureStackHCIClient(credential, ready.subscription);
    await subscriptions(credential);
    await groupAndProvider(rm);
    const [answered, stored] = await cluster(hci);
    assert.deepEqual(answered, stored);
    await arc(hci);
    await role(credential, rm);
    await takeApart(hci, rm);
}

// MSAL for JavaScript signs with PS256 and the SHA-256 thumbprint; the password of an arcSetting is good for signing in, too.
async function principals() {
    const find = (name) => ready.principals.find((p) => p.name === name);
    const one = find("sandbox-secret"), two = find("sandbox-certificate");
    const secret = readFileSync(one.secretFile, "ascii").trim();
    await subscriptions(new ClientSecretCredential(one.tenant, one.clientId, secret));
    const wrong = new ClientSecretCredential(one.tenant, one.clientId, "no");
    await assert.rejects(wrong.getToken("https://management.azure.com/.default"), /AADSTS7000215/);
    const credential = new ClientCertificateCredential(two.tenant, two.clientId, two.certificateFile);
    const rm = new ResourceManagementClient(credential, ready.subscription);
    const hci = new AzureStackHCIClient(credential, ready.subscription);
    await groupAndProvider(rm);
    await hci.clusters.create("js", "c1", { location: "eastus" });
    await hci.arcSettings.create("js", "c1", "default", {});
    const arc = await hci.arcSettings.beginCreateIdentityAndWait("js", "c1", "default", FAST);
    const password = await hci.arcSettings.generatePassword("js", "c1", "default");
    const made = new ClientSecretCredential(arc.arcApplicationTenantId, arc.arcApplicationClientId, password.secretText);
    assert.ok((await made.getToken("https://management.azure.com/.default")).token);
    await hci.clusters.beginDeleteAndWait("js", "c1", FAST);
    await assert.rejects(new ClientSecretCredential(arc.arcApplicationTenantId, arc.arcApplicationClientId, password.secretText)
        .getToken("https://management.azure.com/.default"), /AADSTS700016/);
}

await ({ msal, principals, registration })[process.argv[2]]();
