#!/usr/bin/env python3
"""Unregistration refused before the first deletion: others that live on the cluster, locks, missing rights, values that contradict; and what a
role may not delete stays and is named."""
import json
import os
import signal

import azl
import test_register_rights as rights
import test_unregister as leaving

SUB = rights.SUB
GROUP = f"/subscriptions/{SUB}/resourceGroups/CLUSTER-A-rg"
CLUSTER = GROUP + "/providers/Microsoft.AzureStackHCI/clusters/CLUSTER-A"
SETTINGS = CLUSTER + "/arcSettings/default"
THERE = f"/subscriptions/{SUB}/resourceGroups/elsewhere"
BRIDGE = "Microsoft.ResourceConnector/appliances"
CUSTOM = "Microsoft.ExtendedLocation/customLocations"
HCI = "Microsoft.AzureStackHCI/"


def put(r, group, of, name, **more):
    i = f"{group}/providers/{of}/{name}"
    r.sandbox("POST", "/sandbox/resources", {"put": {"id": i, "type": of, "name": name, "location": "eastus", "properties": {}, **more}})
    return i


def place(i):
    return {"extendedLocation": {"type": "CustomLocation", "name": i}}


def gone(r, i):
    r.sandbox("POST", "/sandbox/resources", {"delete": i})


def said(p):
    return rights.told(p)


def refused(r, *words, args=(), ok=1):
    """Refused with these words before anything is written."""
    before = len(leaving.writes(r))
    p = leaving.unregister(r, *args, ok=ok)
    for w in words:
        azl.check(w in said(p), f"{w} is not named:\n{said(p)}")
    azl.equal(leaving.writes(r)[before:], [], f"{words}: written")


def look(r):
    """The review; where something stands in the way it says so and the command fails."""
    p = r.run("unregister", "--what-if", "--output", "json")
    review = json.loads(p.stdout)
    azl.equal(p.returncode == 0, "error" not in review, p.stdout + p.stderr)
    return review


def stays(r):
    return {(w["what"], w["name"]): w["why"] for w in look(r)["will"] if w["how"] == "keep"}


def others(r):
    for kind, what in ((HCI + "virtualMachines", "Arc VM x1"), (HCI + "networkInterfaces", "network interface of Arc VMs x1"),
                       (HCI + "virtualHardDisks", "disk of Arc VMs x1"), (HCI + "logicalNetworks", "logical network x1"),
                       (HCI + "storageContainers", "storage path x1"), (HCI + "galleryImages", "image for Arc VMs x1"), (CUSTOM, "custom location x1"),
                       (BRIDGE, "resource bridge x1"), ("Microsoft.Kubernetes/connectedClusters", "Kubernetes cluster (AKS) x1"),
                       ("Microsoft.HybridContainerService/provisionedClusters", "Kubernetes cluster (AKS) x1")):
        i = put(r, GROUP, kind, "x1")
        refused(r, what, "the resource bridge")
        azl.check("x1" in look(r)["error"]["message"], "the review does not name it")
        gone(r, i)
    i = put(r, GROUP, "Microsoft.HybridCompute/machines", "vm7", kind="HCI")
    refused(r, "Arc VM vm7")
    inner = put(r, i, HCI + "virtualMachineInstances", "default", **place(GROUP + "/providers/" + CUSTOM + "/cl"))
    refused(r, "Arc VM vm7", "Arc VM default")
    gone(r, inner)
    gone(r, i)


def others_far_away(r):
    """By the bridge its custom location in another group, by that the machines of a third."""
    bridge = put(r, GROUP, BRIDGE, "bridge")
    cl = put(r, THERE, CUSTOM, "cl", properties={"hostResourceId": bridge.upper()})
    nic = put(r, THERE + "2", HCI + "networkInterfaces", "nic9", **place(cl))
    put(r, THERE, CUSTOM, "cl2", properties={"hostResourceId": THERE + "/providers/" + BRIDGE + "/other"})
    other = put(r, THERE + "2", HCI + "networkInterfaces", "nic8", **place(THERE + "/providers/" + CUSTOM + "/cl2"))
    refused(r, "resource bridge bridge", f"custom location cl ({cl})", nic)
    azl.check("nic8" not in str(look(r)["error"]), "another cluster's network interface was named")
    gone(r, bridge)
    gone(r, cl)
    azl.check("error" not in look(r), "without the bridge something stands in the way")
    gone(r, nic)
    gone(r, other)


def locks(r):
    for level in ("CanNotDelete", "ReadOnly"):
        for scope, where in ((f"/subscriptions/{SUB}", f"inherited from the subscription {SUB}"), (GROUP, "on the resource group CLUSTER-A-rg"),
                             (CLUSTER, "on the resource CLUSTER-A"), (SETTINGS, "on the resource default"),
                             (GROUP + "/providers/Microsoft.HybridCompute/machines/node1", "on the resource node1")):
            lock = put(r, scope, "Microsoft.Authorization/locks", "keep", properties={"level": level})
            refused(r, f"{level}", where, "(lock keep)", "Owner or User Access Administrator")
            refused(r, where, args=("--force",))
            gone(r, lock)
    for scope in (THERE, GROUP + "2", GROUP + "/providers/Microsoft.Storage/storageAccounts/s"):
        lock = put(r, scope, "Microsoft.Authorization/locks", "keep", properties={"level": "CanNotDelete"})
        azl.check("error" not in look(r), f"a lock on {scope} is in nobody's way")
        gone(r, lock)


def contradictions(r):
    other = "11111111-2222-4333-8444-999999999999"
    refused(r, "9128", args=("--subscription-id", other))
    refused(r, "9125", args=("--resource-group-name", "elsewhere"))
    p = r.run("unregister", "--resource-name", "OTHER", "--subscription-id", SUB, "--yes", ok=1)
    azl.check("9127" in p.stderr, p.stderr)
    own = r.world()["resources"][CLUSTER.lower()]["properties"]["cloudId"]
    r.sandbox("POST", "/sandbox/resources", {"id": CLUSTER, "set": {"properties.cloudId": other}})
    refused(r, other, own, "is not the one that these nodes are registered with")
    r.sandbox("POST", "/sandbox/resources", {"id": CLUSTER, "set": {"properties.cloudId": own}})
    foreign = next(t["tenantId"] for t in r.world()["tenants"] if t["tenantId"] != r.ready()["tenant"])
    refused(r, f"belongs to the tenant {r.ready()['tenant']}, not to {foreign}", "What to do: Name the tenant that the subscription belongs to",
            args=("--tenant-id", foreign))


def test_others_locks_and_contradictions():
    with rights.with_roles({"Owner's": ["*"]}) as r:
        r.register(ok=0)
        others(r)
        others_far_away(r)
        locks(r)
        contradictions(r)


# of an unregistration by the nodes' identity, where the registration connected them: what the goal needs, and what only leaves something
CLUSTERS = rights.CLUSTERS
GOAL = [CLUSTERS + a for a in ("delete", "arcSettings/delete", "arcSettings/extensions/delete")]
MAY_STAY = {rights.ROLES + "delete": ("role assignment", "Azure Connected Machine Resource Manager"),
            rights.MACHINES + "delete": ("Arc-connected machine", "node1"), rights.RG + "delete": ("resource group", "CLUSTER-A-rg")}
ALL = list(rights.FRESH) + GOAL + list(MAY_STAY) + [CLUSTERS + "arcSettings/extensions/read", CLUSTERS + "arcSettings/extensions/write",
                                                    rights.ROLES + "read", "Microsoft.Authorization/locks/read", "*/read"]


def put_extension(r, name="mine", how=None):
    i = f"{SETTINGS}/extensions/{name}"
    doc = {"id": i, "type": HCI + "clusters/arcSettings/extensions", "name": name, "properties": {"managedBy": "User", "provisioningState": "Succeeded"}}
    r.sandbox("POST", "/sandbox/resources", {"put": dict(doc, _delete=how) if how else doc})


def test_what_a_role_may_not_delete():
    """Each action of an unregistration taken away: what the goal needs is refused and named; what else stays does so by name, in the review first."""
    roles = {"Whole": ALL, **{f"Without {a}": [b for b in ALL if b != a] for a in GOAL + list(MAY_STAY)}}
    with rights.with_roles(roles) as r:
        before = leaving.held(r)
        r.register(ok=0)
        put_extension(r)
        for action in GOAL:
            rights.give(r, f"Without {action}")
            refused(r, GROUP, action, ok=5)
        for action, thing in MAY_STAY.items():
            rights.give(r, f"Without {action}")
            azl.check(action in stays(r).get(thing, ""), f"{action}: {stays(r)}")
        azl.check("error" not in look(r), "what may stay stops it")
        p = leaving.unregister(r)
        azl.check(f"stays: your account lacks {rights.RG}delete" in said(p), said(p))
        ends = "any more. What stays: resource group CLUSTER-A-rg (your account lacks " + rights.RG + "delete)."
        azl.check(ends in said(p), said(p))
        rights.give(r, "Whole")  # one that is given anew has another name
        more = [i for i in leaving.changed(before, leaving.held(r))["resources"][1] if "/resourcegroups/" in i]
        azl.equal(more, [GROUP.lower()], "all but the group is gone")
        leaving.blank(r)
        r.kill_core()
        told = r.run("operations", "show", leaving.newest(r)["id"], ok=0)
        azl.check(ends in said(told), f"by its journal: {said(told)}")


def by_the_published_role(build, machines):
    roles = {"Published": rights.PUBLISHED, "Whole": ["*"]}
    with rights.with_roles(roles, core=["--node-build", str(build)], nodes=3, leap=True) as r:
        before = leaving.held(r)
        r.register(ok=0)
        review = look(r)
        azl.check("Your rights cannot be read here" in str(review["warn"]) and "locks" in str(review["warn"]) and
                  "whether others live on this cluster cannot be told" in str(review["warn"]), review["warn"])
        p = leaving.unregister(r)
        left = {k: v[1] for k, v in leaving.changed(before, leaving.held(r)).items()}
        kinds = sorted({i.split("/")[-2] for i in left.pop("resources")})
        azl.equal((kinds, {k for k, v in left.items() if v}), (machines, set()), said(p))
        leaving.blank(r)
        for word in (rights.MACHINES + "delete",) if "machines" in machines else ():
            azl.check(word in said(p), f"{word} is not named: {said(p)}")
        azl.check("nothing proves that it is free" in said(p), said(p))


def test_the_published_role_unregisters():
    """Microsoft's role for registrations may delete the cluster; what it may not (roles, machines), or cannot prove to be empty, stays and is named."""
    azl.side_by_side([lambda: by_the_published_role(20349, ["machines", "resourcegroups", "roleassignments"]),
                      lambda: by_the_published_role(17784, ["resourcegroups"])], 2)


def test_by_name_and_a_node_that_does_not_answer():
    """Not registered here: only Azure's side goes, and it is said; registered as something else: refused. A node that is silent: refused before anything."""
    with azl.Rehearsal(3) as r:
        r.prepare()
        sub = r.ready()["subscription"]
        group = f"/subscriptions/{sub}/resourceGroups/CLUSTER-B-rg"
        before = leaving.held(r)
        r.sandbox("POST", "/sandbox/resources", {"put": {"id": group, "type": "Microsoft.Resources/resourceGroups", "name": "CLUSTER-B-rg", "location": "eastus",
                                                         "tags": {"CreatedBy": "4C02703C-F5D0-44B0-ADC3-4ED5C2839E61"}, "properties": {"provisioningState": "Succeeded"}}})
        put(r, group, HCI + "clusters", "CLUSTER-B", properties={"provisioningState": "Succeeded", "cloudId": "11111111-2222-4333-8444-000000000001"})
        there = leaving.held(r)
        args = ("--resource-name", "CLUSTER-B", "--subscription-id", sub)
        azl.check("9115" in r.run("unregister", "--resource-name", "CLUSTER-B", "--yes", ok=1).stderr, "without a subscription")
        azl.check("no cluster resource OTHER" in said(r.run("unregister", "--resource-name", "OTHER", "--subscription-id", sub, "--yes", ok=1)), "what is not there")
        review = r.json("unregister", *args, "--what-if")
        azl.check(review["local"] is False and "only Azure's side goes" in str(review["warn"]), review)
        r.register(ok=0)
        azl.check("9127" in r.run("unregister", *args, "--yes", ok=1).stderr, "registered as something else")
        r.fault("reset@GET /agent/showx1000")
        refused(r, "asking the node's Arc agent")
        r.sandbox("DELETE", "/sandbox/faults")
        leaving.unregister(r)
        azl.equal(leaving.changed(there, leaving.held(r)), {}, "CLUSTER-B was touched")
        r.run("unregister", *args, "--yes", ok=0)
        azl.equal(leaving.changed(before, leaving.held(r)), {}, "CLUSTER-B by its name")
        leaving.blank(r)


def agent_cloud(r, node, name):
    """The cloud that this node's agent is in; core and sandbox do not run."""
    path = os.path.join(r.state, "sandbox", "world.json")
    with open(path, encoding="utf-8") as f:
        world = json.load(f)
    was, world["agents"][node]["cloud"] = world["agents"][node]["cloud"], name
    with open(path, "w", encoding="utf-8") as f:
        json.dump(world, f)
    return was


def other_world(r, aside, back, was, is_now):
    """The sandbox's world is put aside, another one comes (or begins); core and sandbox do not run."""
    path = os.path.join(r.state, "sandbox")
    os.rename(path, path + aside)
    if back:
        os.rename(path + back, path)
    with open(path + ".json", encoding="utf-8") as f:
        text = f.read()
    azl.check(is_now[1] not in text, "the marker tells the cloud of the rehearsal")
    with open(path + ".json", "w", encoding="utf-8") as f:
        f.write(text.replace(was[1], is_now[1]))
    r.extra[-2:] = is_now


def test_another_cloud_and_a_node_that_is_down():
    """A core of another cloud than that of the stored registration, an agent in another cloud, a node that is down as a whole: refused, the record stays."""
    here, there = ["--environment-name", "AzureCloud"], ["--environment-name", "AzureUSGovernment"]
    with azl.Rehearsal(2, core=here) as r:
        r.prepare()
        r.register(ok=0)
        stored = r.status()
        azl.equal(stored["RegistrationStatus"], "Registered", "before")
        r.kill_core(signal.SIGTERM)
        other_world(r, "-azure", "", here, there)
        r.run("sign-in", ok=0)
        sub = stored["AzureResourceUri"].split("/")[2]
        refused(r, "Azure (AzureUSGovernment)", sub, "azloconfd --cloud NAME")
        azl.check(sub in r.run("unregister", "--what-if", ok=1).stderr, "the look")
        azl.equal(r.status()["AzureResourceUri"], stored["AzureResourceUri"], "the record in the other cloud")
        r.kill_core(signal.SIGTERM)
        other_world(r, "-other", "-azure", there, here)
        was = agent_cloud(r, "node2", "AzureUSGovernment")
        r.run("sign-in", ok=0)
        refused(r, "The Arc agent of node2 is in the cloud AzureUSGovernment", was, "azloconfd --cloud NAME")
        r.kill_core(signal.SIGTERM)
        agent_cloud(r, "node2", was)
        r.run("sign-in", ok=0)
        node = os.path.join(r.state, "nodes", "node2")
        os.rename(node, node + "-down")
        refused(r, "node2")
        os.rename(node + "-down", node)
        leaving.unregister(r)
        leaving.blank(r)


if __name__ == "__main__":
    azl.main()
