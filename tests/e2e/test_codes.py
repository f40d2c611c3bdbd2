#!/usr/bin/env python3
"""The numbers of the Windows module that a registration ends with where something is there already, or is gone: what status, preview, registration
and repair say, and that nothing was written."""
import contextlib
import json
import os

import azl
import products
from test_decide import cluster_id, resource, since, spoil, written

OTHER_SUB = "00000000-0000-4000-8000-000000000000"
LONG_AGO = "2026-01-02T03:04:05Z"


@contextlib.contextmanager
def record(r, *path):
    """A file that the nodes keep, changed while no core runs; signed in again afterwards."""
    r.kill_core()
    name = os.path.join(r.state, *path)
    with open(name, encoding="utf-8") as f:
        doc = json.load(f)
    yield doc
    with open(name, "w", encoding="utf-8") as f:
        json.dump(doc, f)


def cluster_record(r):
    return record(r, "store", "cluster.json")


def refused(r, code, *words, more=(), args=None):
    """By a preview, a registration and a repair alike; nothing is written."""
    before = len(r.exchanges())
    for extra in (["--what-if"], [], ["--repair-registration"]):
        p = r.run(*(args or r.register_args()), *more, *extra, ok=1)
        for word in (f"Code: {code}", "What to do: ", *words):
            azl.check(word in p.stdout + p.stderr, f"{extra}: no {word!r} in {p.stdout}{p.stderr}")
    azl.equal([x["url"] for x in since(r, before) if x["method"] not in ("GET", "HEAD")], [], "something was written")
    return p


def test_9106_out_of_policy_and_its_resource_gone():
    """Off the network for months, and somebody has deleted the resource meanwhile: the status stays true, and only --recreate-resource makes it anew."""
    with azl.Rehearsal(nodes=2) as r:
        r.prepare()
        r.register()
        gone, uri = cluster_id(r), r.status()["AzureResourceUri"]
        r.sandbox("POST", "/sandbox/resources", {"delete": gone})
        for node in ("node1", "node2"):
            with record(r, "nodes", node, "node.json") as n:
                n.update(installDate=LONG_AGO, lastConnected=LONG_AGO)
        with cluster_record(r) as c:
            c["doc"]["registration"].update(registrationDate=LONG_AGO, registeredAt=LONG_AGO)
        s = r.status()
        azl.equal((s["RegistrationStatus"], s["ConnectionStatus"], s["AzureResourceUri"], s["LastConnected"]),
                  ("Registered", "OutOfPolicy", uri, LONG_AGO), "status")
        azl.check("30 days" in r.run("status").stdout, r.run("status").stdout)
        r.run("sign-in", ok=0)
        refused(r, 9106, "gone from Azure", "--recreate-resource")
        azl.equal(r.status()["ConnectionStatus"], "OutOfPolicy", "still")
        before = len(r.exchanges())
        r.run(*r.register_args(), "--recreate-resource", ok=0)
        azl.equal(products.done_twice(since(r, before)), [], "done twice")
        azl.check(gone in r.world()["resources"] and "PUT CLUSTER-A" in written(r, before), str(written(r, before)))
        s = r.status()
        azl.equal((s["RegistrationStatus"], s["ConnectionStatus"], s["AzureResourceUri"]), ("Registered", "Connected", uri), "status")
        azl.check(s["LastConnected"] > LONG_AGO and s["RegistrationDate"] > LONG_AGO, str(s))


def test_9107_and_the_values_of_the_stored_registration():
    with azl.Rehearsal() as r:
        r.prepare()
        r.register()
        for code, more, words in ((9125, ["--resource-group-name", "other-rg"], ("the resource group CLUSTER-A-rg, not other-rg",)),
                                  (9127, ["--resource-name", "OTHER"], ("the resource CLUSTER-A, not OTHER",)),
                                  (9129, ["--arc-server-resource-group-name", "other-rg"], ("the resource group CLUSTER-A-rg, not other-rg",))):
            refused(r, code, *words, more=more)
        refused(r, 9128, "the subscription " + r.ready()["subscription"], args=[OTHER_SUB if a == r.ready()["subscription"] else a for a in r.register_args()])
        with cluster_record(r) as c:
            own = c["doc"]["registration"]["resourceArmId"]
            c["doc"]["registration"]["resourceArmId"] = own.replace("clusters", "virtualMachines")
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")
        r.run("sign-in", ok=0)
        refused(r, 9107, "virtualMachines/CLUSTER-A", "Unregister it first")
        with cluster_record(r) as c:
            c["doc"]["registration"]["resourceArmId"] = own
        r.run("sign-in", ok=0)
        r.run(*r.register_args(), ok=0)


def test_9129_where_nothing_is_stored():
    """Nodes that were set up anew, of a cluster whose resource and Arc settings still stand: the settings' own group does."""
    with azl.Rehearsal() as r:
        r.prepare()
        r.run(*r.register_args(), "--arc-server-resource-group-name", "machines-rg", ok=0)
        with cluster_record(r) as c:
            del c["doc"]["registration"]
        azl.equal(r.status()["RegistrationStatus"], "NotYet", "status")
        r.run("sign-in", ok=0)
        before = len(r.exchanges())
        for extra in (["--what-if"], []):
            p = r.run(*r.register_args(), "--arc-server-resource-group-name", "others-rg", *extra, ok=1)
            for word in ("Code: 9129", "machines-rg, not others-rg", "What to do: "):
                azl.check(word in p.stdout + p.stderr, f"no {word!r} in {p.stdout}{p.stderr}")
        p = r.run(*r.register_args(), "--arc-server-resource-group-name", "machines-rg", "--repair-registration", ok=1)
        azl.check("Code: 9101" in p.stderr, p.stderr)
        azl.equal([x["url"] for x in since(r, before) if x["method"] != "GET"], [], "something was written")
        r.run(*r.register_args(), "--arc-server-resource-group-name", "machines-rg", ok=0)
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")


def seeded(doc, **kw):
    with azl.tempfile.NamedTemporaryFile("w", suffix=".json", prefix="azl-seed-", delete=False) as f:
        json.dump(doc, f)
    return azl.Rehearsal(sandbox=["--seed", f.name], **kw), f.name


def test_9131_the_service_names_no_object_id():
    """The module's result tells of missing permissions then (register-flow.md 2.5, M4). The cluster is not half registered. Without a cloud id it is no
    trouble of Arc: 9130, Failed. Once Azure names both the same run goes on."""
    r, seed = seeded({"resourceProviderObjectIdNull": True, "resourceProviderObjectIdNever": True}, leap=True)
    with r:
        r.prepare()
        p = r.run(*r.register_args(), ok=1)
        azl.check("Code: 9131" in p.stderr and "resourceProviderObjectId" in p.stderr and "What to do: " in p.stderr, p.stderr)
        run = r.json("operations", "show", r.json("operations")["runs"][0]["id"])
        azl.equal((run["result"], run["errorDetail"]), ("ArcFailed", "ArcPermissionsMissing"), "the result")
        azl.equal(r.status()["RegistrationStatus"], "NotYet", "status")
        patches = [x["reqBody"] for x in r.exchanges() if x["method"] == "PATCH"]
        azl.check({} in patches, f"asked by an empty change: {patches}")
        one = next(x for x in r.ready()["principals"] if x["name"] == "sandbox-secret")
        cloud_id = next(v for k, v in r.world()["resources"].items() if k.lower().endswith("/clusters/cluster-a"))["properties"]["cloudId"]
        spoil(r, "clusters", "CLUSTER-A", resourceProviderObjectId=one["objectId"], cloudId="")
        p = r.run("operations", "resume", run["id"], ok=1)
        azl.check("Code: 9130" in p.stderr and "cloud id" in p.stderr and "What to do: " in p.stderr, p.stderr)
        azl.check("ights" not in p.stderr and "region" not in p.stderr, f"nothing of that is missing: {p.stderr}")
        end = r.json("operations", "show", run["id"])
        azl.equal((end["result"], end.get("errorDetail", "")), ("Failed", ""), "the result")
        spoil(r, "clusters", "CLUSTER-A", cloudId=cloud_id)
        r.run("operations", "resume", run["id"], ok=0)
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")
    os.unlink(seed)


def test_a_group_that_is_being_deleted():
    """The run says what it waits for, and makes the group anew; where it does not go in time, that is said. What stands in such a group is no find."""
    sub = "98fb2770-d4fd-415e-a561-9e44ea6da255"
    gone = {"type": "Microsoft.Resources/resourceGroups", "name": "CLUSTER-A-rg", "location": "eastus", "properties": {"provisioningState": "Deleting"},
            "id": f"/subscriptions/{sub}/resourceGroups/CLUSTER-A-rg"}
    r, seed = seeded({"subscriptions": [{"subscriptionId": sub, "displayName": "S"}], "resources": [gone]}, leap=True)
    with r:
        r.prepare()
        p = r.run(*r.register_args(), ok=1)
        for words in ("The resource group CLUSTER-A-rg is being deleted in Azure, and was not gone within 15 minutes", "What to do: "):
            azl.check(words in p.stderr, f"{words}: {p.stderr}")
        looks = [x for x in r.exchanges() if x["method"] == "GET" and x["url"].split("?")[0].lower().endswith("/resourcegroups/cluster-a-rg")]
        azl.check(len(looks) > 50, f"it was not waited for: {len(looks)} looks")
        p = r.start("operations", "resume", r.json("operations")["runs"][0]["id"])
        run = azl.wait_for(lambda: next((s for s in r.json("operations", "show", r.json("operations")["runs"][0]["id"])["steps"]
                                         if s["id"] == "group" and "is being deleted; waiting" in s.get("detail", "")), None), 10, "the step's words")
        azl.check("CLUSTER-A-rg" in run["detail"], str(run))
        r.sandbox("POST", "/sandbox/resources", {"delete": gone["id"]})
        with r.leap.going_on():
            azl.equal((p.communicate(timeout=40), p.returncode)[1], 0, "it goes on")
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")
        r.sandbox("POST", "/sandbox/resources", {"id": gone["id"], "set": {"properties.provisioningState": "Deleting"}})
        before = len(r.exchanges())
        for more in ("--what-if", "--repair-registration"):
            p = r.run(*r.register_args(), more, ok=1)
            azl.check("is being deleted in Azure, and the cluster resource CLUSTER-A with it" in p.stdout + p.stderr, p.stdout + p.stderr)
        azl.equal(written(r, before), [], "something was written")
    os.unlink(seed)


if __name__ == "__main__":
    azl.main()
