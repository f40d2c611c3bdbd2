#!/usr/bin/python3
"""Microsoft's Python SDK and MSAL, as Debian ships them, do the Resource Manager's part of a registration in the sandbox, and undo it.

They insist on exact status codes and send 2021-09-01-preview for clusters. Run by /usr/bin/python3, which alone sees Debian's modules.
"""
import os
import sys

DEBIAN = "/usr/bin/python3"
if os.path.exists(DEBIAN) and os.path.realpath(sys.executable) != os.path.realpath(DEBIAN):
    os.execv(DEBIAN, [DEBIAN, "-B", *sys.argv])

import logging  # noqa: E402
import uuid  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import foreign  # noqa: E402
from foreign import azl  # noqa: E402

try:
    import msal
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
    from azure.identity import CertificateCredential, ClientSecretCredential, DeviceCodeCredential
    from azure.mgmt.authorization import AuthorizationManagementClient
    from azure.mgmt.azurestackhci import AzureStackHCIClient
    from azure.mgmt.hybridcompute import HybridComputeManagementClient
    from azure.mgmt.resource import ResourceManagementClient, SubscriptionClient
    MISSING = None
except ImportError as e:
    MISSING = str(e)

CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
RESOURCE_MANAGER_ROLE = "f5819b54-e033-4d82-ac66-4fec3cbf3f4c"


logging.getLogger("azure").setLevel(logging.CRITICAL)  # failures that a test wants need no warning


def sandbox(*args):
    if MISSING:
        raise azl.Skip(f"python3-azure or python3-msal is missing ({MISSING}): {foreign.INSTALL}")
    return foreign.Sandbox("--approve", "auto:0", *args)


def enter(s):
    """This process is the client: its surroundings are the sandbox's."""
    env = s.env()
    for name in ("HTTPS_PROXY", "REQUESTS_CA_BUNDLE"):
        os.environ[name] = env[name]
    return s.ready["tenant"], s.ready["subscription"]


def device_code(tenant, seen=None):
    return DeviceCodeCredential(client_id=CLI, tenant_id=tenant,
                                prompt_callback=lambda uri, code, until: seen.append((uri, code)) if seen is not None else None)


def raises(kind, fn, *args, status=None, code=None, **kw):
    try:
        fn(*args, **kw)
    except kind as e:
        if status:
            azl.equal(e.status_code, status, str(e))
        if code:
            azl.equal(e.error.code, code, str(e))
        return e
    raise azl.Failed(f"{fn} did not raise {kind}")


def test_msal_device_code_and_silent_refresh():
    with sandbox("--instant") as s:
        tenant, _ = enter(s)
        app = msal.PublicClientApplication(CLI, authority="https://login.microsoftonline.com/" + tenant)
        flow = app.initiate_device_flow(scopes=["https://management.azure.com/.default"])
        azl.check(flow["user_code"] in flow["message"] and flow["verification_uri"].startswith("https://"), str(flow))
        token = app.acquire_token_by_device_flow(flow)
        azl.check("access_token" in token and token["id_token_claims"]["tid"] == tenant, str(token))
        azl.equal(token["id_token_claims"]["preferred_username"], s.ready["user"], "who")
        account = app.get_accounts()[0]
        other = app.acquire_token_silent(["https://graph.microsoft.com/.default"], account=account)
        azl.check(other and other["access_token"] != token["access_token"], "one refresh token serves Graph too")


def test_secret_and_certificate():
    with sandbox("--instant") as s:
        tenant, sub = enter(s)
        client, home, _, secret = foreign.principal(s.ready, "sandbox-secret")
        azl.equal(home, tenant, "its tenant")
        by_secret = SubscriptionClient(ClientSecretCredential(tenant, client, secret))
        azl.check(sub in [x.subscription_id for x in by_secret.subscriptions.list()], "subscriptions by secret")
        wrong = SubscriptionClient(ClientSecretCredential(tenant, client, "no"))
        e = raises(ClientAuthenticationError, lambda: list(wrong.subscriptions.list()))
        azl.check("AADSTS7000215" in str(e), str(e))
        client, _, _, pem = foreign.principal(s.ready, "sandbox-certificate")
        by_certificate = ResourceManagementClient(CertificateCredential(tenant, client, pem), sub)
        azl.equal(by_certificate.resource_groups.create_or_update("cert", {"location": "eastus"}).name, "cert", "a group by certificate")


def test_rights_are_judged():
    """A Reader may look, a Contributor may make but not give rights, a deny assignment wins over both."""
    with sandbox("--instant") as s:
        tenant, sub = enter(s)
        client, _, oid, secret = foreign.principal(s.ready, "sandbox-secret")
        steer(s, {"roleAssignments": [{"principal": oid, "role": "Reader", "scope": f"/subscriptions/{sub}"}]})
        rm = ResourceManagementClient(ClientSecretCredential(tenant, client, secret), sub)
        auth = AuthorizationManagementClient(ClientSecretCredential(tenant, client, secret), sub)
        azl.equal(list(rm.resource_groups.list()), [], "a Reader looks")
        make = {"location": "eastus"}
        e = raises(HttpResponseError, rm.resource_groups.create_or_update, "g1", make, status=403, code="AuthorizationFailed")
        azl.check("Microsoft.Resources/subscriptions/resourceGroups/write" in e.message and oid in e.message, e.message)
        steer(s, {"roleAssignments": [{"principal": oid, "role": "Contributor", "scope": f"/subscriptions/{sub}"}]})
        group = rm.resource_groups.create_or_update("g1", make)
        role = f"/subscriptions/{sub}/providers/Microsoft.Authorization/roleDefinitions/{RESOURCE_MANAGER_ROLE}"
        raises(HttpResponseError, auth.role_assignments.create, group.id, str(uuid.uuid4()),
               {"role_definition_id": role, "principal_id": oid, "principal_type": "ServicePrincipal"}, status=403, code="AuthorizationFailed")
        excepted = [a for p in auth.permissions.list_for_resource_group("g1") for a in p.not_actions]
        azl.check("Microsoft.Authorization/*/Write" in excepted, str(excepted))
        steer(s, {"denyAssignments": [{"actions": ["*/delete"], "scope": group.id}]})
        raises(HttpResponseError, lambda: rm.resource_groups.begin_delete("g1").result(), status=403)
        azl.equal(rm.resource_groups.update("g1", {"tags": {"a": "b"}}).tags, {"a": "b"}, "what is not denied")


def steer(s, rights):
    azl.equal(foreign.call(s.ready, "POST", "/sandbox/rights", rights)[0], 200, f"rights {rights}")


def test_what_leaving_finds():
    """Lists in pages with a resource's place and owner, a machine's extensions, and their deletion."""
    with sandbox("--instant") as s:
        tenant, sub = enter(s)
        credential = device_code(tenant)
        rm = ResourceManagementClient(credential, sub, polling_interval=1)
        rm.resource_groups.create_or_update("left", {"location": "eastus"})
        under = f"/subscriptions/{sub}/resourceGroups/left/providers/"
        place = {"type": "CustomLocation", "name": under + "Microsoft.ExtendedLocation/customLocations/cl"}
        for name in (f"m{n}" for n in range(5)):
            put(s, under, "Microsoft.HybridCompute/machines", name, extendedLocation=place, managedBy=place["name"])
        for name in ("a", "b"):
            put(s, under + "Microsoft.HybridCompute/machines/m0/", "extensions", name, kind="Microsoft.HybridCompute/machines/extensions")
        steer_to(s, {"pageSize": 2})
        seen = [x for x in rm.resources.list_by_resource_group("left") if x.type.lower() == "microsoft.hybridcompute/machines"]
        azl.equal(sorted(x.name for x in seen), [f"m{n}" for n in range(5)], "five machines in pages of two")
        azl.equal({(x.extended_location.type, x.extended_location.name, x.managed_by) for x in seen},
                  {("CustomLocation", place["name"], place["name"])}, "place and owner")
        azl.check("m4" in [x.name for x in rm.resources.list()], "the subscription's list")
        azl.check(sum("skiptoken" in x["url"].lower() for x in s.exchanges()) >= 4, "no list had a second page")
        arc = HybridComputeManagementClient(credential, sub, polling_interval=1)
        azl.equal(sorted(m.name for m in arc.machines.list_by_resource_group("left")), [f"m{n}" for n in range(5)], "machines")
        azl.equal(sorted(e.name for e in arc.machine_extensions.list("left", "m0")), ["a", "b"], "extensions")
        arc.machine_extensions.begin_delete("left", "m0", "a").result()
        azl.equal([e.name for e in arc.machine_extensions.list("left", "m0")], ["b"], "extensions that stay")
        arc.machines.delete("left", "m0")
        raises(ResourceNotFoundError, arc.machines.get, "left", "m0", status=404)
        rm.resource_groups.begin_delete("left").result()
        azl.check(not rm.resource_groups.check_existence("left"), "the group is gone")
        foreign.judge(s.log)


def put(s, under, of, name, kind=None, **more):
    steer_to(s, {"put": {"id": f"{under}{of}/{name}", "type": kind or of, "name": name, "location": "eastus", "properties": {"provisioningState": "Succeeded"}, **more}})


def steer_to(s, change):
    azl.equal(foreign.call(s.ready, "POST", "/sandbox/resources", change)[0], 200, str(change))


def test_whole_registration_and_deletion():
    with sandbox("--clock-rate", "5") as s:
        tenant, sub = enter(s)
        credential = device_code(tenant)
        try:
            whole_registration(s, credential, tenant, sub)
        except HttpResponseError as e:
            raise azl.Failed(f"{e}{foreign.failures(s.exchanges())}") from e
        foreign.judge(s.log)


def whole_registration(s, credential, tenant, sub):
    subscriptions = SubscriptionClient(credential)
    azl.check(tenant in [t.tenant_id for t in subscriptions.tenants.list()], "tenants")
    azl.check(sub in [x.subscription_id for x in subscriptions.subscriptions.list()], "subscriptions")
    azl.equal(subscriptions.subscriptions.get(sub).state, "Enabled", "state")
    azl.check("eastus" in [x.name for x in subscriptions.subscriptions.list_locations(sub)], "locations")
    rm = ResourceManagementClient(credential, sub, polling_interval=1)
    hci = AzureStackHCIClient(credential, sub, polling_interval=1)
    for ns in ("Microsoft.AzureStackHCI", "Microsoft.HybridCompute"):
        rm.providers.register(ns)
        azl.wait_for(lambda n=ns: rm.providers.get(n).registration_state == "Registered", 20, ns)
    azl.check(not rm.resource_groups.check_existence("sdk"), "the group is not there")
    group = rm.resource_groups.create_or_update("sdk", {"location": "eastus", "tags": {"CreatedBy": "sdk"}})
    azl.equal(group.properties.provisioning_state, "Succeeded", "group")
    azl.check(rm.resource_groups.check_existence("sdk"), "the group is there")
    azl.check("sdk" in [g.name for g in rm.resource_groups.list()], "groups")
    register_cluster(hci, tenant)
    principal = assign_role(credential, sub, rm)
    machine(credential, sub)
    take_apart(s, hci, rm, principal)


def register_cluster(hci, tenant):
    made = hci.clusters.create("sdk", "c1", {"location": "eastus", "aad_client_id": str(uuid.uuid4()), "aad_tenant_id": tenant})
    azl.equal((made.name, made.location, made.status, made.provisioning_state), ("c1", "eastus", "NotYetRegistered", "Succeeded"), "cluster")
    azl.equal(made.aad_tenant_id, tenant, "aadTenantId")
    azl.check(uuid.UUID(made.cloud_id) and made.trial_days_remaining > 0 and made.billing_model, "cloud id, trial")
    again = hci.clusters.get("sdk", "c1")
    azl.equal(again.cloud_id, made.cloud_id, "the same cluster")
    azl.equal(hci.clusters.update("sdk", "c1", {"tags": {"a": "b"}}).tags, {"a": "b"}, "tags")
    azl.equal([c.name for c in hci.clusters.list_by_subscription()], ["c1"], "in the subscription")
    azl.equal([c.name for c in hci.clusters.list_by_resource_group("sdk")], ["c1"], "in the group")
    setting = hci.arc_settings.create("sdk", "c1", "default", {})
    azl.equal((setting.name, setting.arc_instance_resource_group), ("default", "sdk"), "arcSettings")
    azl.equal(hci.arc_settings.get("sdk", "c1", "default").id, setting.id, "arcSettings")
    azl.equal([x.name for x in hci.arc_settings.list_by_cluster("sdk", "c1")], ["default"], "list of arcSettings")
    azl.equal(list(hci.extensions.list_by_arc_setting("sdk", "c1", "default")), [], "extensions")
    azl.check("Microsoft.AzureStackHCI/Clusters/Read" in [o.name for o in hci.operations.list().value], "operations")


def assign_role(credential, sub, rm):
    auth = AuthorizationManagementClient(credential, sub)
    scope = rm.resource_groups.get("sdk").id
    role = f"/subscriptions/{sub}/providers/Microsoft.Authorization/roleDefinitions/{RESOURCE_MANAGER_ROLE}"
    principal = rm.resources.get_by_id(f"{scope}/providers/Microsoft.AzureStackHCI/clusters/c1", "2024-04-01").properties["resourceProviderObjectId"]
    name = str(uuid.uuid4())
    body = {"role_definition_id": role, "principal_id": principal, "principal_type": "ServicePrincipal"}
    made = auth.role_assignments.create(scope, name, body)
    azl.equal((made.name, made.principal_id, made.scope.lower()), (name, principal, scope.lower()), "assignment")
    raises(ResourceExistsError, auth.role_assignments.create, scope, str(uuid.uuid4()), body, status=409, code="RoleAssignmentExists")
    azl.check(name in [a.name for a in auth.role_assignments.list_for_scope(scope, filter="atScope()")], "list at scope")
    azl.check(name in [a.name for a in auth.role_assignments.list_for_scope(scope, filter=f"principalId eq '{principal}'")], "list of a principal")
    found = [d for d in auth.role_definitions.list(scope, filter="roleName eq 'Azure Connected Machine Resource Manager'")]
    azl.equal([d.name for d in found], [RESOURCE_MANAGER_ROLE], "role by name")
    azl.equal(auth.role_definitions.get(scope, RESOURCE_MANAGER_ROLE).role_name, "Azure Connected Machine Resource Manager", "role")
    azl.equal(auth.role_assignments.delete(scope, name).name, name, "deleted assignment")
    azl.equal(auth.role_assignments.delete(scope, name), None, "it was deleted")
    return principal


def machine(credential, sub):
    arc = HybridComputeManagementClient(credential, sub)
    azl.equal(list(arc.machines.list_by_resource_group("sdk")), [], "machines")
    azl.equal(list(arc.machines.list_by_subscription()), [], "machines of the subscription")
    raises(ResourceNotFoundError, arc.machines.get, "sdk", "node1", status=404)
    azl.equal(arc.machines.delete("sdk", "node1"), None, "deleting what is not there")


def take_apart(s, hci, rm, principal):
    del s, principal
    ids = [r.type for r in rm.resources.list(filter="resourceGroup eq 'sdk'", expand="createdTime,changedTime,provisioningState")]
    azl.equal(ids, ["Microsoft.AzureStackHCI/clusters"], "resources of the subscription")
    azl.equal([r.name for r in rm.resources.list_by_resource_group("sdk")], ["c1"], "resources of the group")
    hci.arc_settings.begin_delete("sdk", "c1", "default").result()
    raises(ResourceNotFoundError, hci.arc_settings.get, "sdk", "c1", "default", status=404, code="ResourceNotFound")
    hci.clusters.delete("sdk", "c1")
    raises(ResourceNotFoundError, hci.clusters.get, "sdk", "c1", status=404, code="ResourceNotFound")
    hci.clusters.delete("sdk", "c1")
    rm.resource_groups.begin_delete("sdk").result()
    azl.check(not rm.resource_groups.check_existence("sdk"), "the group is gone")
    raises(ResourceNotFoundError, rm.resource_groups.get, "sdk", status=404, code="ResourceGroupNotFound")


if __name__ == "__main__":
    azl.main()
