#!/usr/bin/env python3
"""Every exchange of a whole registration, and all that leaving may ask, against Microsoft's own API contracts (../shared/contract, which users do not
have)."""
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse

import azl

CONTRACT = os.path.join(azl.SRC, "..", "shared", "contract")


def validate(log):
    p = subprocess.run([sys.executable, os.path.join(azl.SRC, "tests", "contract", "validate.py"), "--contract", CONTRACT,
                        "--uncontracted", os.path.join(azl.SRC, "tests", "uncontracted.txt"), log], text=True, capture_output=True, timeout=300)
    print("\n".join("        " + line for line in p.stdout.strip().splitlines()[-3:]))
    azl.equal(p.returncode, 0, p.stdout[-4000:] + p.stderr[-2000:])


def test_every_exchange_validates():
    if not os.path.exists(os.path.join(CONTRACT, "INDEX.json")):
        raise azl.Skip("the contracts are not here (../shared/contract): exchanges are not validated")
    with azl.Rehearsal(nodes=3, instant=False) as r:
        r.prepare()
        r.register()
        r.register()
        r.run("sign-out", ok=0)
        validate(r.log)


class Leaver:
    """Asks Resource Manager as the sandbox's first service principal, which owns the subscription."""

    HCI, ARC, GROUPS, LOCKS, ROLES = "2024-04-01", "2022-12-27", "2021-04-01", "2020-05-01", "2022-04-01"

    def __init__(self, r):
        self.r, one = r, r.ready()["principals"][0]
        with open(one["secretFile"], encoding="ascii") as f:
            form = {"grant_type": "client_credentials", "client_id": one["clientId"], "client_secret": f.read(), "scope": r.ready()["base"] + "/.default"}
        self.token = self.send("POST", f"/{one['tenant']}/oauth2/v2.0/token", urllib.parse.urlencode(form), "application/x-www-form-urlencoded")[1]["access_token"]

    def send(self, method, path, body=None, kind="application/json", token=None):
        q = azl.urllib.request.Request(self.r.ready()["base"] + path, method=method, data=body.encode() if body else None, headers={"Content-Type": kind})
        if token:
            q.add_header("Authorization", "Bearer " + token)
        opener = azl.urllib.request.build_opener(azl.urllib.request.ProxyHandler({}), azl.urllib.request.HTTPSHandler(
            context=azl.ssl.create_default_context(cafile=self.r.ready()["ca"])))
        try:
            with opener.open(q, timeout=20) as a:
                text, status, headers = a.read(), a.status, a.headers
        except urllib.error.HTTPError as e:
            text, status, headers = e.read(), e.code, e.headers
        return status, json.loads(text) if text else None, headers

    def ask(self, want, method, path, version, body=None, query=""):
        """The answer; a long-running operation is followed to its end."""
        status, answer, headers = self.send(method, f"{path}?api-version={version}{query}", json.dumps(body) if body else None, token=self.token)
        azl.equal(status, want, f"{method} {path}: {answer}")
        follow = status == 202 and (headers["Azure-AsyncOperation"] or headers["Location"])
        until = time.monotonic() + 20
        while follow:
            azl.check(time.monotonic() < until, "the operation does not end")
            status, answer, _ = self.send("GET", follow[len(self.r.ready()["base"]):], token=self.token)
            follow = follow if status == 202 or answer and answer.get("status") == "InProgress" else None
            time.sleep(0.1)
        return answer


def leave(r, c):
    """Facts: register-flow.md 4.2, 4.3 and 4.4."""
    cluster = next(x["id"] for x in r.world()["resources"].values() if x["type"].lower() == "microsoft.azurestackhci/clusters")
    group, settings = cluster.split("/providers/")[0], cluster + "/arcSettings/default"
    locks, roles = group + "/providers/Microsoft.Authorization/locks", group + "/providers/Microsoft.Authorization/roleAssignments"
    c.ask(201, "PUT", locks + "/DoNotDelete", c.LOCKS, {"properties": {"level": "CanNotDelete", "notes": "kept"}})
    azl.equal([x["name"] for x in c.ask(200, "GET", cluster + "/providers/Microsoft.Authorization/locks", c.LOCKS)["value"]], ["DoNotDelete"], "locks")
    azl.equal(c.ask(409, "DELETE", settings, c.HCI)["error"]["code"], "ScopeLocked", "a locked deletion")
    c.ask(200, "GET", locks + "/DoNotDelete", c.LOCKS)
    c.ask(200, "DELETE", locks + "/DoNotDelete", c.LOCKS)
    azl.equal(c.ask(202, "POST", settings + "/initializeDisableProcess", c.HCI)["status"], "Succeeded", "the disable process")
    azl.equal(c.ask(200, "GET", settings, c.HCI)["properties"]["aggregateState"], "DisableInProgress", "the Arc settings")
    r.sandbox("POST", "/sandbox/resources", {"put": {
        "id": settings + "/extensions/Mandatory", "type": "Microsoft.AzureStackHCI/clusters/arcSettings/extensions",
        "properties": {"managedBy": "Azure", "provisioningState": "Succeeded", "aggregateState": "Succeeded", "perNodeExtensionDetails": []}}})
    azl.equal([x["properties"]["managedBy"] for x in c.ask(200, "GET", settings + "/extensions", "2023-03-01")["value"]], ["Azure"], "extensions")
    r.sandbox("POST", "/sandbox/resources", {"id": settings + "/extensions/Mandatory", "set": {"_delete": "fails"}})
    azl.equal(c.ask(202, "DELETE", settings + "/extensions/Mandatory", c.HCI)["status"], "Failed", "a deletion that fails")
    azl.equal(c.ask(202, "DELETE", settings, c.HCI)["status"], "Succeeded", "the Arc settings' end")
    c.ask(404, "GET", settings, c.HCI)
    machines = c.ask(200, "GET", group + "/providers/Microsoft.HybridCompute/machines", c.ARC)["value"]
    azl.equal([m["properties"].get("parentClusterResourceId") for m in machines], [None, None], "the machines' parents")
    rp = c.ask(200, "GET", cluster, c.HCI)["properties"]["resourceProviderObjectId"]
    mine = c.ask(200, "GET", roles, c.ROLES, query="&$filter=" + urllib.parse.quote(f"principalId eq '{rp}'"))["value"]
    azl.equal(len(mine), 1, "the provider's roles")
    c.ask(200, "DELETE", mine[0]["id"], c.ROLES)
    c.ask(204, "DELETE", mine[0]["id"], c.ROLES)
    azl.equal(c.ask(202, "DELETE", cluster, c.HCI)["status"], "Succeeded", "the cluster's end")
    c.ask(404, "GET", cluster, c.HCI)
    c.ask(204, "DELETE", cluster, c.HCI)
    azl.equal(len(c.ask(200, "GET", group + "/resources", c.GROUPS)["value"]), 2, "what is left")
    for m in machines:
        c.ask(200, "DELETE", m["id"], c.ARC)
    azl.equal(c.ask(200, "GET", group + "/resources", c.GROUPS)["value"], [], "what is left")
    c.ask(202, "DELETE", group, c.GROUPS)
    c.ask(404, "GET", group, c.GROUPS)


def test_what_leaving_asks_validates():
    with azl.Rehearsal(nodes=2, instant=False, sandbox=["--clock-rate=20"]) as r:
        r.prepare()
        r.register()
        leave(r, Leaver(r))
        if not os.path.exists(os.path.join(CONTRACT, "INDEX.json")):
            raise azl.Skip("the contracts are not here (../shared/contract): exchanges are not validated")
        validate(r.log)


azl.main()
