"""worlds.py - random starting states: a world by a seed, a registration in it, what may happen in between, and the unregistration; then the whole of
the sandbox's world is what it was. A difference is allowed by a row of ALLOWED alone. One state: AZL_SEED=n python3 tests/e2e/test_there_and_back.py
"""
import json
import random
import subprocess
import urllib.error
import urllib.parse
import urllib.request
import ssl
import uuid

import azl

TAG = {"CreatedBy": "4C02703C-F5D0-44B0-ADC3-4ED5C2839E61"}  # register-flow.md 1.9
MANAGER = "f5819b54-e033-4d82-ac66-4fec3cbf3f4c"  # Azure Connected Machine Resource Manager
GRAPH = "https://graph.microsoft.com/.default"
BUILDS = (26100, 26100, 20349, 20348, 17784)
REGIONS = ("eastus", "westeurope", "southeastasia")


def draw(seed):
    """What the world of this seed is: plain values, told when it fails."""
    dice = random.Random(seed)
    build = dice.choice(BUILDS)
    nodes = dice.choice((1, 1, 2, 3))
    w = {"seed": seed, "build": build, "nodes": nodes, "region": dice.choice(REGIONS), "name": dice.choice(("CLUSTER-A", "Stretch_1", "hci-9"))}
    w["group"] = dice.choice(("", "", "hci-shared", "HCI-Own"))
    w["group.is"] = dice.choice(("absent", "absent", "foreign", "foreign holds", "tagged", "tagged holds"))
    w["arc"] = dice.choice(("same", "same", "absent", "foreign", "foreign holds", "tagged", "tagged holds")) if build != 17784 else "same"
    w["tags"] = dice.random() < 0.3
    w["resource"] = w["group.is"] != "absent" and dice.random() < 0.2  # made in the portal beforehand
    arc_there = w["group.is" if w["arc"] == "same" else "arc"] not in ("absent", "tagged")
    w["neighbour"] = dice.random() < 0.4
    w["neighbour's machines"] = w["neighbour"] and arc_there and build != 17784 and dice.random() < 0.6
    w["role"] = dice.choice(("", "other", "derived")) if arc_there and build != 17784 else ""
    if w["neighbour's machines"]:
        w["role"] = dice.choice(("other", "derived"))  # they would not be connected without it
    elif w["role"] == "derived":
        w["role"] = "other"  # under registration's own name it is there because somebody's machines need it
    w["connected"] = [f"node{i + 1}" for i in range(nodes) if dice.random() < 0.3] if arc_there and build != 17784 else []
    w["machine extensions"] = bool(w["connected"]) and dice.random() < 0.5
    w["applications"] = dice.choice((0, 0, 1, 2))
    w["lock"] = dice.random() < 0.3
    w["extensions"] = dice.choice(((), (), ("AzureMonitorAgent",), ("Mine", "Theirs"))) if build != 17784 else ()
    between = ("repair", "sync", "again") + (("arc",) if build != 17784 else ())
    w["between"] = [b for b in between if dice.random() < 0.3]
    return w


class Azure:
    """Somebody else who works in the subscription: the sandbox's service principal that owns it."""

    def __init__(self, r):
        self.r, self.ready, self.tokens = r, r.ready(), {}
        self.owner = next(p for p in self.ready["principals"] if p["name"] == "sandbox-secret")
        self.context = ssl.create_default_context(cafile=self.ready["ca"])
        self.sub = f"/subscriptions/{self.ready['subscription']}"

    def _open(self, method, url, data, headers):
        q = urllib.request.Request(url, data=data, method=method, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.context))
        try:
            with opener.open(q, timeout=20) as a:
                text = a.read().decode()
        except urllib.error.HTTPError as e:
            raise azl.Failed(f"{method} {url}: {e.code} {e.read().decode()}") from e
        return json.loads(text) if text else None

    def secret(self):
        with open(self.owner["secretFile"], encoding="utf-8") as f:
            return f.read().strip()

    def token(self, scope):
        if scope not in self.tokens:
            form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": self.owner["clientId"], "client_secret": self.secret(), "scope": scope})
            url = f"{self.ready['base']}/{self.ready['tenant']}/oauth2/v2.0/token"
            self.tokens[scope] = self._open("POST", url, form.encode(), {"Content-Type": "application/x-www-form-urlencoded"})["access_token"]
        return self.tokens[scope]

    def ask(self, method, path, body=None, api=None, scope="https://management.azure.com/.default"):
        url = self.ready["base"] + path + (f"?api-version={api}" if api else "")
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + self.token(scope)}
        return self._open(method, url, None if body is None else json.dumps(body).encode(), headers)

    def put(self, path, kind, **members):
        """A resource that is simply there."""
        self.r.sandbox("POST", "/sandbox/resources", {"put": {"id": path, "type": kind, "name": path.rsplit("/", 1)[1], **members}})

    def graph(self, path, body):
        return self.ask("POST", path, body, scope=GRAPH)


# ---- the world before ----

def names_of(w):
    group = w["group"] or f"{w['name']}-rg"
    return group, group if w["arc"] == "same" else "machines-rg"


def make_group(az, name, state):
    if state == "absent":
        return
    path = f"{az.sub}/resourceGroups/{name}"
    az.ask("PUT", path.replace("resourceGroups", "resourcegroups"), {"location": "eastus", "tags": TAG if "tagged" in state else {"owner": "IT"}}, "2021-04-01")
    if "holds" in state:
        az.put(f"{path}/providers/Microsoft.Storage/storageAccounts/witness{len(name)}", "Microsoft.Storage/storageAccounts", location="eastus", tags={})


def make_neighbour(az, w, arc):
    """Another cluster in a group of its own; its machines share our Arc group. Answers the service's object id."""
    make_group(az, "neighbour-rg", "foreign")
    az.ask("POST", f"{az.sub}/providers/Microsoft.AzureStackHCI/register", api="2021-04-01")
    cluster = f"{az.sub}/resourceGroups/neighbour-rg/providers/Microsoft.AzureStackHCI/clusters/Neighbour"
    az.ask("PUT", cluster, {"location": "eastus", "properties": {}, "identity": {"type": "SystemAssigned"}}, "2024-04-01")
    service = az.ask("GET", cluster, api="2024-04-01")["properties"]["resourceProviderObjectId"]
    az.put(cluster + "/arcSettings/default", "Microsoft.AzureStackHCI/clusters/arcSettings",
           properties={"arcInstanceResourceGroup": arc, "aggregateState": "Connected", "perNodeDetails": []})
    if w["neighbour's machines"]:
        for n in ("other1", "other2"):
            az.put(f"{az.sub}/resourceGroups/{arc}/providers/Microsoft.HybridCompute/machines/{n}", "Microsoft.HybridCompute/machines", location="eastus",
                   properties={"status": "Connected", "parentClusterResourceId": cluster})
    return service


def derived(scope, principal, role):
    """The name that a registration gives its assignment (src/azure/roles.h)."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope.lower()}|{principal.lower()}|{role.lower()}"))


def make_role(az, w, arc, service):
    scope = f"{az.sub}/resourceGroups/{arc}"
    name = derived(scope, service, MANAGER) if w["role"] == "derived" else str(uuid.UUID(int=random.Random(w["seed"]).getrandbits(128), version=4))
    az.ask("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
           {"properties": {"roleDefinitionId": f"{az.sub}/providers/Microsoft.Authorization/roleDefinitions/{MANAGER}", "principalId": service, "principalType": "ServicePrincipal"}},
           "2022-04-01")


def connect(az, w, arc, node):
    agent = next(n["azcmagent"] for n in az.ready["nodes"] if n["name"] == node)
    subprocess.run([agent, "connect", "--service-principal-id", az.owner["clientId"], "--service-principal-secret", az.secret(), "--resource-group", arc, "--subscription-id",
                    az.ready["subscription"], "--tenant-id", az.ready["tenant"], "--location", w["region"], "--cloud", "azlosandbox", "--resource-name", node],
                   check=True, capture_output=True, timeout=60)


def before(r, w):
    az = Azure(r)
    group, arc = names_of(w)
    make_group(az, group, w["group.is"])
    if w["arc"] != "same":
        make_group(az, arc, w["arc"])
    service = None
    if w["neighbour"] or w["role"]:
        service = make_neighbour(az, w, arc)
    if w["role"]:
        make_role(az, w, arc, service)
    if w["resource"]:
        az.ask("POST", f"{az.sub}/providers/Microsoft.AzureStackHCI/register", api="2021-04-01")
        az.ask("PUT", f"{az.sub}/resourceGroups/{group}/providers/Microsoft.AzureStackHCI/clusters/{w['name']}", {"location": w["region"], "properties": {}}, "2024-04-01")
    if w["connected"]:
        az.ask("POST", f"{az.sub}/providers/Microsoft.HybridCompute/register", api="2021-04-01")
    for node in w["connected"]:
        connect(az, w, arc, node)
    if w["machine extensions"]:
        az.put(f"{az.sub}/resourceGroups/{arc}/providers/Microsoft.HybridCompute/machines/{w['connected'][0]}/extensions/AzureEdge", "Microsoft.HybridCompute/machines/extensions",
               location=w["region"], properties={"provisioningState": "Succeeded"})
    for i in range(w["applications"]):
        app = az.graph("/v1.0/applications", {"displayName": w["name"]})
        if i == 0:
            az.graph("/v1.0/servicePrincipals", {"appId": app["appId"]})
    if w["lock"]:
        make_group(az, "locked-rg", "foreign")
        az.put(f"{az.sub}/resourceGroups/locked-rg/providers/Microsoft.Authorization/locks/keep", "Microsoft.Authorization/locks", properties={"level": "CanNotDelete"})
    return az


# ---- what happens ----

def register(r, w):
    group, arc = names_of(w)
    args = ["register", "--subscription-id", r.ready()["subscription"], "--tenant-id", r.ready()["tenant"], "--region", w["region"], "--resource-name", w["name"], "--yes"]
    if w["group"]:
        args += ["--resource-group-name", group]
    if arc != group:
        args += ["--arc-server-resource-group-name", arc]
    if w["tags"]:
        args += ["--tag", "site=berlin", "--resource-group-tags", "cost=42"]
    r.run(*args, ok=0)
    return args


def between(r, w, az, args):
    group, _ = names_of(w)
    settings = f"{az.sub}/resourceGroups/{group}/providers/Microsoft.AzureStackHCI/clusters/{w['name']}/arcSettings/default"
    for i, name in enumerate(w["extensions"]):
        az.put(f"{settings}/extensions/{name}", "Microsoft.AzureStackHCI/clusters/arcSettings/extensions",
               properties={"provisioningState": "Succeeded", "aggregateState": "Connected", "managedBy": "Azure" if i else "User"})
    for act in w["between"]:
        if act == "again":
            r.run(*args, ok=0)
        elif act == "arc":
            r.run("arc", "disable", "--resource-name", w["name"], "--yes", ok=0)
            r.run("arc", "enable", "--yes", ok=0)
        else:
            r.run(act, "--yes", ok=0)


# ---- the world, told ----

SERVICES = ("1322e676-dee7-41ee-a874-ac923822781c", "1412d89f-b8a8-4111-b4fd-e82905cbd85d")  # come with the providers
# sections of the sandbox's own that say nothing of what Azure holds
OWN = ("clock", "server", "signins", "refresh", "operations", "rpObjectIds", "vmIds", "options", "access", "codes", "locations", "regions", "tenants", "subscriptions", "users")
TIMES = ("lastUpdated", "lastStatusChange", "lastSyncTimestamp", "systemData", "updatedOn", "lastHeartbeat")


def plain(value):
    """Without what the sandbox notes for itself, and times."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if not k.startswith("_") and k not in TIMES and v not in (None, "")}
    return [plain(v) for v in value] if isinstance(value, list) else value


def told(az):
    """{(section, key): what it is}"""
    az.ask("GET", "/v1.0/servicePrincipals?$top=1", scope=GRAPH)  # the principals of managed identities come and go when somebody looks
    world = az.r.world()
    out = {}
    for section, items in world.items():
        if section in OWN or not isinstance(items, dict):
            continue
        for key, value in items.items():
            if section == "servicePrincipals" and value["appId"] in SERVICES:
                continue
            if section == "resources" and "/locations/" in key:
                continue
            out[section, key.lower() if section == "resources" else key] = plain(value)
    return out


def is_own_cluster(w, section, key, was, now):
    group, _ = names_of(w)
    return w["resource"] and section == "resources" and now is None and key.endswith(f"/resourcegroups/{group}/providers/microsoft.azurestackhci/clusters/{w['name']}".lower())


def is_tagged_group(w, section, key, was, now):
    group, arc = names_of(w)
    tagged = [name for name, state in ((group, w["group.is"]), (arc, w["arc"])) if state == "tagged"]
    return section == "resources" and now is None and any(key.endswith(f"/resourcegroups/{name}".lower()) for name in tagged)


# section, whether this change is such, why it is right
ALLOWED = [
    (lambda w, section, key, was, now: section == "providers" and now is not None, "a registered provider stays: others may need it by now (register-flow.md 4.2 takes none back)"),
    (is_own_cluster, "the cluster's resource goes with its registration, whoever made it"),
    (is_tagged_group, "an empty group with registration's tag is one that a registration made (register-flow.md 4.2)"),
]


def changes(w, was, now):
    out = []
    for key in sorted(set(was) | set(now), key=str):
        a, b = was.get(key), now.get(key)
        if a != b and not any(fits(w, key[0], key[1], a, b) for fits, _ in ALLOWED):
            out.append(f"{key[0]} {key[1]}: " + ("gone" if b is None else "new" if a is None else f"{json.dumps(a, sort_keys=True)} is now {json.dumps(b, sort_keys=True)}"))
    return out


def there_and_back(seed):
    w = draw(seed)
    try:
        with azl.Rehearsal(nodes=w["nodes"], core=["--node-build", str(w["build"])]) as r:
            r.prepare()
            az = before(r, w)
            was = told(az)
            args = register(r, w)
            azl.check(told(az) != was, "the registration made nothing")
            between(r, w, az, args)
            p = r.run("unregister", "--resource-name", w["name"], "--yes", ok=0)
            left = changes(w, was, told(az))
            azl.check(not left, "\n".join(left) + "\n" + p.stdout)
            s = r.status()
            azl.check(s["RegistrationStatus"] == "NotYet" and not s.get("AzureResourceUri"), s)
    except Exception as e:
        raise azl.Failed(f"AZL_SEED={seed} tests/e2e/test_there_and_back.py repeats it\n{w}\n{e}") from e
