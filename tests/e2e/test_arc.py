#!/usr/bin/env python3
"""Azure Arc alone: `arc disable` takes it away and leaves the registration, `arc enable` gives it back; on all ways of a registration."""
import collections
import glob
import json
import os

import azl
import products

BUILDS = {"identity": 26100, "cluster identity": 20349, "application": 20348, "first generation": 17784}
SERVICES = ("1322e676-dee7-41ee-a874-ac923822781c", "1412d89f-b8a8-4111-b4fd-e82905cbd85d")  # come with the providers


def rehearsal(nodes=1, build=26100, **kw):
    return azl.Rehearsal(nodes=nodes, core=["--node-build", str(build)], **kw)


def kind(id):
    return id.lower().split("/")[-2]


def held(r):
    """What Azure and the directory hold: resources by id, role assignments by role and scope, applications by name (a new one has new ids)."""
    world = r.world()
    known = [k.lower() for k in world["resources"]] or [""]
    out = [k.lower() for k in world["resources"] if "/locations/" not in k.lower() and kind(k) != "roleassignments"]
    out += [f"{k.lower().rsplit('/', 1)[0]} {v['properties']['roleDefinitionId'][-36:]}" for k, v in world["resources"].items() if kind(k) == "roleassignments"]
    out += [f"application {v['displayName']}" for v in (world.get("applications") or {}).values()]
    out += [f"principal {v['displayName']}" for v in world["servicePrincipals"].values()
            if v["appId"] not in SERVICES and v.get("_of", known[0]).lower() in known]
    return collections.Counter(out)


def writes(r):
    return [(x["method"], x["url"].split("?")[0]) for x in r.exchanges()
            if x["method"] != "GET" and not any(w in x["url"] for w in ("/oauth2/", "/sandbox/", "/devicelogin", "/login"))]


def cluster_of(r):
    """The cluster resource without what every sync changes."""
    body = next(v for k, v in r.world()["resources"].items() if kind(k) == "clusters")
    body = {**body, "properties": {k: v for k, v in body["properties"].items() if k not in ("lastSyncTimestamp", "reportedProperties", "status")}}
    return {k: v for k, v in body.items() if k != "systemData" and not k.startswith("_")}


def record(r):
    return {k: v for k, v in r.status().items() if k not in ("LastConnected", "NextSync", "arcSecretNotAfter")}


def put(r, id, type, **more):
    r.sandbox("POST", "/sandbox/resources", {"put": {"id": id, "type": type, **more}})


def group_of(r):
    return f"/subscriptions/{r.ready()['subscription']}/resourceGroups/CLUSTER-A-rg"


def extension(r, name, by="User", **more):
    put(r, f"{group_of(r)}/providers/Microsoft.AzureStackHCI/clusters/CLUSTER-A/arcSettings/default/extensions/{name}",
        "Microsoft.AzureStackHCI/clusters/arcSettings/extensions", properties={"managedBy": by, "provisioningState": "Succeeded"}, **more)


def arc_column(r):
    """The column Arc of `status`, of each node."""
    lines = r.run("status", ok=0).stdout.splitlines()
    return [line.split()[-1] for line in lines if line.startswith("node")]


def disable(r, *more, ok=0):
    return r.run("arc", "disable", "--resource-name", "CLUSTER-A", "--yes", *more, ok=ok)


def enable(r, *more, ok=0):
    return r.run("arc", "enable", "--yes", *more, ok=ok)


def newest(r):
    return r.json("operations")["runs"][0]


def steps(r):
    return {s["id"]: s for s in r.json("operations", "show", newest(r)["id"])["steps"]}


def journal(r, plan):
    with open(sorted(glob.glob(os.path.join(r.state, "**", f"*-{plan}.jsonl"), recursive=True))[-1], encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def goes(nodes, build, options):
    """What disabling takes, as tails of ids."""
    out = ["arcsettings/default", "roleassignments f5819b54-e033-4d82-ac66-4fec3cbf3f4c"]
    if build != BUILDS["identity"]:
        out += [f"machines/node{n}" for n in range(1, nodes + 1)] + ["roleassignments b64e21ea-ac4e-4cdf-9dc9-5b892992bee7", "roleassignments cd570a14-e51a-42ad-bac8-bafd67325302"]
    if build == BUILDS["application"] and "--arc-spn-app-id" not in options:
        out += ["application default", "principal default"]
    if "machines-rg" in options:
        out.append("resourcegroups/machines-rg")
    return sorted(out)


def tails(gone):
    return sorted(g if "principal" in g or "application" in g else "/".join(g.split("/")[-1 if "roleassign" in g else -2:]) for g in gone.elements())


def there_and_back(nodes, build, *options):
    """Disabling takes what Arc was and nothing else; a second time there is nothing to do, there and back; an unregistration in between works."""
    with rehearsal(nodes, build) as r:
        r.prepare()
        secret = spn(r) if "--arc-spn-app-id" in options else ()
        options = [secret[1] if o == "SPN" else o for o in options]
        empty = held(r)
        r.run(*r.register_args(), *options, *secret[2:], ok=0)
        with_arc, cluster, was = held(r), cluster_of(r), record(r)
        p = disable(r)
        azl.check("Azure Arc is disabled. The cluster stays registered with Azure." in p.stdout, p.stdout)
        azl.equal((tails(with_arc - held(r)), held(r) - with_arc), (goes(nodes, build, options), {}), "what went, what came")
        azl.equal((cluster_of(r), record(r), arc_column(r)), (cluster, was, ["Disabled"] * nodes), "cluster resource, stored registration, Arc of the nodes")
        events = [j["eventId"] for j in journal(r, "arc-disable") if "eventId" in j]
        azl.equal((events[-1], 9008 in events), (9147, False) if build == BUILDS["identity"] else (9008, True), f"events {events}")
        n = len(writes(r))
        azl.check("There is nothing to do." in r.run("arc", "disable", "--what-if", ok=0).stdout, "the look")
        azl.check("nothing to do" in disable(r).stdout, "a second time")
        azl.equal(len(writes(r)), n, "a second time wrote")
        p = enable(r, *secret)
        azl.check("Azure Arc is enabled." in p.stdout, p.stdout)
        azl.equal((with_arc - held(r), held(r) - with_arc), ({}, {}), "after enabling")
        azl.equal((cluster_of(r), record(r), arc_column(r)), (cluster, was, ["Connected"] * nodes), "after enabling")
        n = len(writes(r))
        azl.check("nothing to do" in enable(r, *secret).stdout, "a second time")
        azl.equal(len(writes(r)), n, "a second time wrote")
        if secret:
            hunt(r, secret[3])
        disable(r)
        r.run("unregister", "--resource-name", "CLUSTER-A", "--yes", ok=0)
        azl.equal((held(r) - empty, empty - held(r)), ({}, {}), "after an unregistration without Arc")


def hunt(r, path):
    with open(path, "rb") as f:
        secret = f.read().strip()
    for folder, _, files in os.walk(r.top):
        for name in files:
            if os.path.isfile(os.path.join(folder, name)) and os.path.join(folder, name) != path:
                with open(os.path.join(folder, name), "rb") as f:
                    azl.check(secret not in f.read(), f"the secret stands in {name}")


def spn(r):
    one = next(x for x in r.ready()["principals"] if x["name"] == "sandbox-secret")
    return ["--arc-spn-app-id", one["clientId"], "--arc-spn-secret-file", one["secretFile"]]


def test_there_and_back():
    """Both identity paths, Arc by the cluster's identity, by a generated secret and by the operator's own principal, a group of its own."""
    own_group = ("--arc-server-resource-group-name", "machines-rg")
    azl.side_by_side([lambda n=n, b=b, o=o: there_and_back(n, BUILDS[b], *o) for n, b, o in
                      ((1, "identity", ()), (3, "identity", ()), (3, "cluster identity", own_group), (1, "application", ()),
                       (1, "application", ("--arc-spn-app-id", "SPN")))], 2)


def test_the_first_generation_has_no_arc():
    with rehearsal(1, BUILDS["first generation"]) as r:
        r.prepare()
        for act in (disable, enable):
            azl.check("Nothing is registered" in act(r, ok=1).stderr, act.__name__)
        r.register()
        n = len(writes(r))
        for act in (disable, enable):
            p = act(r, ok=1)
            azl.check("Nodes of this Windows build have no Azure Arc" in p.stderr, p.stderr)
        p = r.run("arc", "disable", "--what-if", ok=1)
        azl.check("have no Azure Arc" in p.stdout and "Nothing was written." in p.stdout, p.stdout)
        azl.equal(len(writes(r)), n, "something was written")


def test_what_stands_in_the_way_is_told_first():
    """Names that are not the cluster's, options of the other word, nobody to ask, locks, rights, a node that does not answer: nothing is written."""
    with rehearsal(2) as r:
        r.prepare()
        r.register()
        n = len(writes(r))
        for args, code, words in ((("disable",), 2, "nobody can be asked"), (("disable", "--yes"), 2, "--yes needs --resource-name"), (("enable",), 2, "nobody can be asked"),
                                  (("enable", "--yes", "--force"), 2, "--force does not go with azloconf arc enable"), (("elsewhere",), 2, "disable | enable"), ((), 2, "disable | enable"),
                                  (("disable", "--yes", "--resource-name", "OTHER"), 1, "9127"), (("enable", "--yes", "--resource-name", "OTHER"), 1, "9127")):
            azl.check(words in r.run("arc", *args, ok=code).stderr, f"{args}: {words}")
        lock = group_of(r) + "/providers/Microsoft.Authorization/locks/keep"
        put(r, lock, "Microsoft.Authorization/locks", name="keep", properties={"level": "CanNotDelete"})
        p = disable(r, ok=1)
        azl.check("CanNotDelete" in p.stderr and "keep" in p.stderr, p.stderr)
        r.sandbox("POST", "/sandbox/resources", {"delete": lock})
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": "anna@contoso.onmicrosoft.com", "role": "Reader"}]})
        p = disable(r, ok=None)
        azl.check(p.returncode in (1, 5) and "arcSettings/delete" in p.stderr and "clusters/delete" not in p.stderr, p.stderr)
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": "anna@contoso.onmicrosoft.com", "role": "Owner"}]})
        path = os.path.join(r.state, "nodes", "node2", "node.json")
        os.rename(path, path + "x")
        azl.check("node2" in disable(r, ok=1).stderr, "a node that does not answer")
        os.rename(path + "x", path)
        azl.equal(len(writes(r)), n, "something was written")
        azl.equal(arc_column(r), ["Connected"] * 2, "Arc of the nodes")


def test_others_machines_and_extensions():
    """A machine of another cluster keeps the service's role, one that registration did not connect stays; an extension that Azure does not delete
    stops it, and is passed over by --force; Azure's own stays where the machines do."""
    with rehearsal(1, BUILDS["cluster identity"]) as r:
        r.prepare()
        r.register()
        machines = group_of(r) + "/providers/Microsoft.HybridCompute/machines/"
        put(r, machines + "other1", "Microsoft.HybridCompute/machines", name="other1", location="eastus",
            properties={"parentClusterResourceId": group_of(r) + "/providers/Microsoft.AzureStackHCI/clusters/OTHER"})
        put(r, machines + "lonely", "Microsoft.HybridCompute/machines", name="lonely", location="eastus", properties={})
        extension(r, "stuck", _delete="fails")
        extension(r, "plain")
        extension(r, "azures", by="Azure")
        p = r.run("arc", "disable", "--what-if", ok=0)
        for words in ("extension stuck", "machines of another cluster need it: other1", "registration stored on the node node1: only Azure Arc is disabled"):
            azl.check(words in p.stdout, f"{words}: {p.stdout}")
        p = disable(r, ok=1)
        azl.check("extensions/stuck' could not be deleted" in p.stderr and journal(r, "arc-disable")[-1]["eventId"] == 9117, p.stderr)
        p = disable(r, "--force")
        azl.check("passed over" in steps(r)["extensions"]["detail"], str(steps(r)["extensions"]))
        left = held(r)
        azl.check(any("machines/other1" in k for k in left) and any("machines/lonely" in k for k in left), str(left))
        azl.equal([k for k in left if "machines/node1" in k or "arcsettings" in k], [], "what had to go")
        azl.check(any("f5819b54" in k for k in left) and not any("b64e21ea" in k for k in left), "the service's role stays, the others go")
        azl.equal((r.status()["ConnectionStatus"], steps(r)["role"]["state"]), ("Connected", "skipped"), "status, role")
        n = len(writes(r))
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": "anna@contoso.onmicrosoft.com", "role": "Reader"}]})
        p = enable(r, ok=5)
        azl.check("arcSettings/write" in p.stderr and "uploadCertificate" not in p.stderr, p.stderr)
        azl.equal(len(writes(r)), n, "something was written")


def test_a_sync_that_never_comes_through_is_no_success():
    """Enabling owes every node a sync. Where Azure takes none the step fails, the end says which, why and what to do; it is resumed to its end. Where
    every answer is lost, too: the node does not know that it is in Arc again."""
    with rehearsal(2) as r:
        r.prepare()
        r.register()
        disable(r)
        for fault in ("503@POST /dataplane/*/syncx1000", "reply-lost@POST /dataplane/*/syncx1000"):
            r.fault(fault)
            p = enable(r, ok=None)
            azl.equal((p.returncode, steps(r)["sync"]["state"]), (1, "failed"), p.stdout)
            azl.check(p.stderr.startswith("azloconf: node") and "What to do: " in p.stderr, p.stderr)
            r.sandbox("DELETE", "/sandbox/faults")
            r.run("operations", "resume", newest(r)["id"], ok=0)
            azl.equal(arc_column(r), ["Connected"] * 2, fault)
            disable(r)


def requests(r, before):
    """METHOD and path of each request to Azure and the agents since then, once, ids of this rehearsal as they are."""
    out = []
    for x in r.exchanges()[before:]:
        path = "/" + x["url"].split("?")[0].split("/", 3)[3]
        if any(path.startswith(p) for p in ("/subscriptions/", "/agent/", "/dataplane/", "/v1.0/")) and "operationStatuses" not in path:
            out.append(f"{x['method']} {path}")
    return list(dict.fromkeys(out))


def go_on(r):
    """Signs in and resumes until the newest run is at its end."""
    for _ in range(4):
        if newest(r)["state"] == "done":
            return
        r.run("sign-in", ok=0)
        r.run("operations", "resume", newest(r)["id"])
    azl.equal(newest(r)["state"], "done", r.core_log())


def disturbed(build):
    """Every request that disabling and enabling send fails once, writes by a lost answer; then the core dies in the middle of each."""
    with rehearsal(2, build) as r:
        r.prepare()
        r.register()
        with_arc, was = held(r), record(r)
        sent = {}
        for name, act in (("disable", disable), ("enable", enable)):
            before = len(r.exchanges())
            act(r)
            sent[name] = requests(r, before)
        without = None
        for name, act in (("disable", disable), ("enable", enable)):
            for q in sent[name]:
                r.fault(f"{'503' if q.startswith('GET') else 'reply-lost'}@{q}x1")
            before = len(r.exchanges())
            act(r, ok=None)
            go_on(r)
            azl.equal(products.done_twice(r.exchanges()[before:]), [], f"{name}: done twice")
            taken = [f["taken"] for f in r.sandbox("GET", "/sandbox/faults")["faults"]]
            azl.check(sum(map(bool, taken)) >= len(taken) * 3 // 4, f"{name}: {sum(map(bool, taken))} of {len(taken)} faults were met")
            r.sandbox("DELETE", "/sandbox/faults")
            if name == "disable":
                without = held(r)
                azl.equal(tails(with_arc - without), goes(2, build, ()), "what went in spite of the faults")
            azl.equal((record(r), arc_column(r)), (was, ["Disabled" if name == "disable" else "Connected"] * 2), name)
        azl.equal((with_arc - held(r), held(r) - with_arc), ({}, {}), "enabled in spite of the faults")
        for name, mark, want in (("disable", ("DELETE", "/arcsettings/default"), without), ("enable", ("PUT", "/arcsettings/default"), with_arc)):
            n = sum(m == mark[0] and u.lower().endswith(mark[1]) for m, u in writes(r))
            with r.leaping():
                p = r.start("arc", name, "--yes", *(("--resource-name", "CLUSTER-A") if name == "disable" else ()))
                azl.wait_for(lambda: sum(m == mark[0] and u.lower().endswith(mark[1]) for m, u in writes(r)) > n, 30, name)
                r.kill_core()
                p.communicate(timeout=90)
            go_on(r)
            azl.equal((want - held(r), held(r) - want), ({}, {}), f"{name}: after the kill")
            azl.equal((record(r), arc_column(r)), (was, ["Disabled" if name == "disable" else "Connected"] * 2), f"{name}: after the kill")


def test_faults_at_every_request_and_kills():
    azl.side_by_side([lambda b=b: disturbed(BUILDS[b]) for b in ("identity", "cluster identity")], 2)


azl.main()
