#!/usr/bin/env python3
"""The Azure CLI, unmodified, works in the sandbox as in Azure: signs in, makes groups and clusters, and shares them with azloconf.

Each az takes 0.4 to 1 s of processor time, so calls that do not need one another run side by side, each with a copy of the signed-in folder.
"""
import json
import os
import shutil
import subprocess
import sys
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import foreign  # noqa: E402
from foreign import azl  # noqa: E402

HCI = "Microsoft.AzureStackHCI"
V = "2024-04-01"
ROLE = "f5819b54-e033-4d82-ac66-4fec3cbf3f4c"  # Azure Connected Machine Resource Manager


def need_az():
    if not shutil.which("az"):
        raise azl.Skip(f"the Azure CLI (az) is missing: {foreign.INSTALL}")


class Az:
    """One signed-in az: a folder of its own (AZURE_CONFIG_DIR) and the sandbox that it takes for Azure."""

    def __init__(self, ready, top, name="az"):
        self.ready, self.top, self.name, self.copies = ready, top, name, 0
        self.env = foreign.surroundings(ready, AZURE_CONFIG_DIR=os.path.join(top, name), AZURE_CORE_OUTPUT="json")
        self.sub, self.tenant = ready["subscription"], ready["tenant"]

        self.know_commands()

    def know_commands(self):
        """The list of its commands, which az makes in each new folder (2 s): the first one's serves all."""
        kept = os.path.join(azl.BUILD, "tests", "az-commands.json")
        folder = self.env["AZURE_CONFIG_DIR"]
        os.makedirs(folder, exist_ok=True)
        if not os.path.exists(kept):
            first = os.path.join(folder, "commandIndex.json")
            self("version")
            if not os.path.exists(first):
                return
            shutil.copy(first, f"{kept}.{os.getpid()}")
            os.replace(f"{kept}.{os.getpid()}", kept)
        elif not os.path.exists(os.path.join(folder, "commandIndex.json")):
            shutil.copy(kept, os.path.join(folder, "commandIndex.json"))

    def copy(self):
        self.copies += 1
        other = Az(self.ready, self.top, f"{self.name}{self.copies}")
        shutil.copytree(self.env["AZURE_CONFIG_DIR"], other.env["AZURE_CONFIG_DIR"], dirs_exist_ok=True)
        return other

    def start(self, *args):
        return subprocess.Popen(["az", *args], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __call__(self, *args, code=0, says=None):
        """What az prints as JSON (None: nothing); code: the exit code wanted; says: a part of what it prints as error."""
        p = subprocess.run(["az", *args], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           timeout=120)
        if p.returncode != code or (says and says not in p.stderr):
            raise azl.Failed(f"az {' '.join(args)}: exit {p.returncode}, wanted {code} {says or ''}\n{p.stdout[-2000:]}{p.stderr[-3000:]}")
        return json.loads(p.stdout) if p.stdout.strip() else None

    def group(self, name):
        return f"/subscriptions/{self.sub}/resourceGroups/{name}"

    def cluster(self, group, name):
        return f"{self.group(group)}/providers/{HCI}/clusters/{name}"

    def sign_in(self, *more):
        return self("login", "--use-device-code", *more)

    def all(self, *jobs):
        """Calls that do not need one another: ((args...), dict of keywords, what to do with the answer)."""
        def job(args, kw, judge):
            other = self.copy()
            return lambda: judge(other(*args, **kw))
        azl.side_by_side([job(*j) for j in jobs], width=2)


class Bed:
    """with Bed(...) as az: a sandbox and an az that is signed in there."""

    def __init__(self, *args, sign_in=True):
        need_az()
        self.sandbox, self.sign_in = foreign.Sandbox(*args), sign_in

    def __enter__(self):
        self.sandbox.__enter__()
        self.az = Az(self.sandbox.ready, self.sandbox.top)
        self.az.exchanges = self.sandbox.exchanges
        if self.sign_in:
            self.az.sign_in("--tenant", self.az.tenant)
        return self.az

    def __exit__(self, *exc):
        self.sandbox.__exit__(*exc)


def is_(want, pick=lambda answer: answer):
    def judge(answer):
        azl.equal(pick(answer), want, str(answer)[:300])
    return judge


def anything(answer):
    del answer


def test_device_code_sign_in():
    with Bed("--approve", "manual", "--instant", sign_in=False) as az:
        at_home, everywhere = az, Az(az.ready, az.top, "everywhere")
        running = [at_home.start("login", "--use-device-code", "--tenant", az.tenant), everywhere.start("login", "--use-device-code")]
        foreign.approve(az.ready)
        foreign.approve(az.ready)
        done = [p.communicate(timeout=120) for p in running]
        for p, (out, err) in zip(running, done):
            azl.equal(p.returncode, 0, out + err)
            azl.check("enter the code" in err and "/devicelogin" in err, err)
        seen = [json.loads(out) for out, _ in done]
        azl.equal([(a["name"], a["id"], a["isDefault"], a["user"]["name"]) for a in seen[0] if a["state"] == "Enabled"],
                  [("Contoso-Prod-HCI", az.sub, True, az.ready["user"])], "with --tenant")
        azl.equal(sorted(a["name"] for a in seen[1] if a["state"] == "Enabled"), ["Contoso-Prod-HCI", "Fabrikam-Stores-HCI"], "without --tenant")
        az.all((("account", "list"), {}, is_(["Contoso-Prod-HCI"], lambda a: [x["name"] for x in a])),
               (("account", "list", "--all"), {}, is_(3, len)),
               (("account", "list-locations", "--query", "[].name"), {}, lambda a: azl.check("eastus" in a and "westeurope" in a, str(a))),
               (("account", "show"), {}, is_((az.sub, az.tenant), lambda a: (a["id"], a["tenantId"]))),
               (("account", "get-access-token"), {}, is_((az.sub, "Bearer"), lambda a: (a["subscription"], a["tokenType"]))))
        declined = Az(az.ready, az.top, "declined")
        p = declined.start("login", "--use-device-code")
        foreign.approve(az.ready, decline=True)
        out, err = p.communicate(timeout=120)
        azl.check(p.returncode == 1 and "declined" in err, f"exit {p.returncode}\n{out}{err}")


def test_groups_and_providers():
    with Bed("--approve", "auto:0") as az:
        azl.equal(az("group", "exists", "-n", "g1"), False, "before")
        made = az("group", "create", "-n", "g1", "-l", "East US", "--tags", "CreatedBy=me", "a b=c d")
        azl.equal((made["name"], made["location"], made["tags"], made["properties"]["provisioningState"]),
                  ("g1", "eastus", {"CreatedBy": "me", "a b": "c d"}, "Succeeded"), "group create")
        az.all((("group", "exists", "-n", "G1"), {}, is_(True)),
               (("group", "show", "-n", "g1"), {}, is_(made)),
               (("group", "list", "--query", "[].name"), {}, is_(["g1"])),
               (("group", "show", "-n", "nowhere"), {"code": 3, "says": "ResourceGroupNotFound"}, anything),
               (("group", "delete", "-n", "nowhere", "--yes"), {"code": 3, "says": "ResourceGroupNotFound"}, anything),
               (("group", "create", "-n", "g1", "-l", "westus"), {"code": 1, "says": "InvalidResourceGroupLocation"}, anything),
               (("group", "create", "-n", "g2", "-l", "nowhere"), {"code": 1, "says": "LocationNotAvailableForResource"}, anything),
               (("provider", "show", "-n", HCI, "--query", "registrationState"), {}, is_("NotRegistered")),
               (("provider", "show", "-n", "No.Such"), {"code": 3, "says": "InvalidResourceNamespace"}, anything),
               (("provider", "register", "-n", "Microsoft.HybridCompute", "--wait"), {}, anything))
        az.all((("provider", "list", "--query", "[?registrationState=='Registered'].namespace"), {},
                lambda a: azl.check("Microsoft.HybridCompute" in a and HCI not in a, str(a))),
               (("group", "delete", "-n", "g1", "--yes"), {}, anything))
        azl.equal(az("group", "exists", "-n", "g1"), False, "after")


def test_cluster_and_arc_settings():
    with Bed("--approve", "auto:0", "--instant") as az:
        az("group", "create", "-n", "g1", "-l", "eastus")
        c = az.cluster("g1", "c1")
        body = json.dumps({"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": {}})
        made = az("resource", "create", "--id", c, "--api-version", V, "--is-full-object", "-p", body, says="not registered. We are registering")
        azl.equal((made["id"], made["properties"]["status"]), (c, "NotYetRegistered"), "resource create")
        azl.check(made["identity"]["principalId"] and made["properties"]["resourceProviderObjectId"], str(made))
        sent = [x["url"] for x in az.exchanges() if "api-version=2016-02-01" in x["url"]]
        azl.check(any("/register" in u for u in sent) and len(sent) >= 2, f"az registered the provider by itself: {sent}")
        child = json.dumps({"location": "eastus", "properties": {}})
        az.all((("resource", "show", "--id", c, "--api-version", V), {}, is_(made)),
               (("resource", "show", "-g", "g1", "-n", "c1", "--resource-type", HCI + "/clusters"), {}, is_(c, lambda a: a["id"])),
               (("resource", "list", "-g", "g1"), {}, is_([("c1", "Succeeded")], lambda a: [(x["name"], x["provisioningState"]) for x in a])),
               (("resource", "list", "--resource-type", HCI + "/clusters", "--query", "[].id"), {}, is_([c])),
               (("resource", "show", "--id", az.cluster("g1", "c2"), "--api-version", V), {"code": 3, "says": "ResourceNotFound"}, anything),
               (("resource", "show", "--id", az.cluster("g2", "c1"), "--api-version", V), {"code": 3, "says": "ResourceGroupNotFound"}, anything),
               (("resource", "show", "--id", c, "--api-version", "2020-02-02"), {"code": 1, "says": "2024-04-01"}, anything),
               (("resource", "create", "--id", az.cluster("g1", "c3"), "--api-version", V, "--is-full-object", "-p",
                 json.dumps({"location": "westus", "properties": {}})), {"code": 1, "says": "LocationNotAvailableForResourceType"}, anything),
               (("resource", "create", "--id", c + "/arcSettings/default", "--api-version", V, "--is-full-object", "-p", child), {},
                is_("g1", lambda a: a["properties"]["arcInstanceResourceGroup"])))
        azl.check([x for x in az.exchanges() if HCI + "//clusters/c1?" in x["url"]], "az doubled the slash")
        tagged = az("resource", "tag", "--ids", c, "--tags", "a=b", "--api-version", V)
        azl.equal((tagged["tags"], tagged["properties"]["cloudId"]), ({"a": "b"}, made["properties"]["cloudId"]), "resource tag")
        rest_and_roles(az, c, made)
        az("resource", "delete", "--ids", c + "/arcSettings/default", "--api-version", V)
        az("resource", "delete", "--ids", c, "--api-version", V)
        az("resource", "show", "--id", c, "--api-version", V, code=3)


def rest_and_roles(az, c, made):
    az.all((("rest", "--url", f"{c}?api-version={V}"), {}, is_(made["properties"]["cloudId"], lambda a: a["properties"]["cloudId"])),
           (("rest", "--url", f"{c}/arcSettings?api-version={V}"), {}, is_(["default"], lambda a: [x["name"] for x in a["value"]])),
           (("rest", "--url", f"{c}?api-version=2021-09-01"), {}, is_(False, lambda a: "serviceEndpoint" in a["properties"])),
           (("rest", "--url", f"{c}x?api-version={V}"), {"code": 1, "says": "ResourceNotFound"}, anything),
           (("rest", "--method", "put", "--url", f"{az.cluster('g1', 'c2')}?api-version={V}", "--body", '{"location":"eastus"}'), {},
            is_("c2", lambda a: a["name"])))
    roles = az.group("g1") + "/providers/Microsoft.Authorization/roleAssignments"
    name = str(uuid.uuid4())
    body = json.dumps({"properties": {"roleDefinitionId": f"/subscriptions/{az.sub}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}",
                                      "principalId": made["properties"]["resourceProviderObjectId"], "principalType": "ServicePrincipal"}})
    put = ("rest", "--method", "put", "--url", f"{roles}/{name}?api-version=2022-04-01", "--body", body)
    azl.equal(az(*put)["properties"]["principalId"], made["properties"]["resourceProviderObjectId"], "role assignment")
    az.all((("rest", "--method", "put", "--url", f"{roles}/{uuid.uuid4()}?api-version=2022-04-01", "--body", body),
            {"code": 1, "says": "RoleAssignmentExists"}, anything),
           (("rest", "--url", f"{roles}?api-version=2022-04-01&$filter=atScope()"), {},
            lambda a: azl.check(name in [x["name"] for x in a["value"]], str(a))),
           (("rest", "--method", "delete", "--url", f"{az.cluster('g1', 'c2')}?api-version={V}"), {}, anything))
    az("rest", "--method", "delete", "--url", f"{roles}/{name}?api-version=2022-04-01")


def test_service_principals_and_graph():
    with Bed("--approve", "auto:0", "--instant") as az:
        secret_id, tenant, secret_oid, secret = foreign.principal(az.ready, "sandbox-secret")
        cert_id, _, _, pem = foreign.principal(az.ready, "sandbox-certificate")
        one, two, three = (Az(az.ready, az.top, n) for n in ("secret", "certificate", "wrong"))

        def sign_in(client, who, proof, **kw):
            return lambda: client("login", "--service-principal", "-u", who, "-p", proof, "--tenant", tenant, **kw)
        azl.side_by_side([sign_in(one, secret_id, secret), sign_in(two, cert_id, pem),
                          sign_in(three, secret_id, "x" * 40, code=1, says="AADSTS7000215")], width=2)
        account = one("account", "show")
        azl.equal((account["user"], account["id"]), ({"name": secret_id, "type": "servicePrincipal"}, az.sub), "account show")
        made = two("group", "create", "-n", "by-certificate", "-l", "eastus")
        azl.equal(made["name"], "by-certificate", "a group by certificate")
        azl.equal(foreign.call(az.ready, "POST", "/sandbox/rights", {"roleAssignments": [{"principal": secret_oid, "role": "Reader"}]})[0], 200, "rights")
        one("group", "create", "-n", "by-reader", "-l", "eastus", code=1, says="AuthorizationFailed")
        graph = "https://graph.microsoft.com/v1.0"
        az.all((("ad", "signed-in-user", "show"), {}, is_(az.ready["user"], lambda a: a["userPrincipalName"])),
               (("ad", "sp", "show", "--id", secret_id), {}, is_(secret_oid, lambda a: a["id"])),
               (("rest", "--url", f"{graph}/organization"), {}, is_([az.tenant], lambda a: [x["id"] for x in a["value"]])),
               (("ad", "sp", "show", "--id", str(uuid.uuid4())), {"code": 3}, anything),
               (("rest", "--url", f"/subscriptions/{az.sub}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01"
                 "&$filter=roleName eq 'Azure Connected Machine Resource Manager'"), {}, is_([ROLE], lambda a: [x["name"] for x in a["value"]])),
               (("rest", "--url", f"{az.group('by-certificate')}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"), {},
                lambda a: azl.check(any("*" in p["actions"] for p in a["value"]), str(a))))


def test_az_and_azloconf_see_the_same_azure():
    """What azloconf registers az shows; what az has made azloconf finds and does not make again."""
    need_az()
    with azl.Rehearsal(leap=False) as r:
        r.prepare()
        az = Az(r.ready(), r.top)
        az.sign_in("--tenant", az.tenant)
        made = az_prepares(az)
        before = len(r.writes())
        r.register()
        azloconf = r.writes()[before:]
        azl.check(not [w for w in azloconf if w[0] == "PUT" and w[1].endswith(("/clusters/cluster-a", "/resourcegroups/cluster-a-rg"))],
                  f"azloconf made again what az had made: {azloconf}")
        seen = az("resource", "show", "--id", made["id"], "--api-version", V)
        azl.equal((seen["properties"]["cloudId"], seen["properties"]["status"], seen["properties"]["connectivityStatus"]),
                  (made["properties"]["cloudId"], "ConnectedRecently", "Connected"), "the registered cluster")
        azl.equal(r.status()["AzureResourceUri"].lower(), made["id"].lower(), "azloconf's status")
        az.all((("resource", "show", "--id", made["id"] + "/arcSettings/default", "--api-version", V), {},
                is_("Connected", lambda a: a["properties"]["aggregateState"])),
               (("resource", "list", "-g", "CLUSTER-A-rg", "--query", "[].type"), {},
                lambda a: azl.check(HCI + "/clusters" in a and "Microsoft.HybridCompute/machines" in a, str(a))))


def az_prepares(az):
    az("group", "create", "-n", "CLUSTER-A-rg", "-l", "eastus")
    body = json.dumps({"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": {}})
    return az("resource", "create", "--id", az.cluster("CLUSTER-A-rg", "CLUSTER-A"), "--api-version", V, "--is-full-object", "-p", body)


if __name__ == "__main__":
    azl.main()
