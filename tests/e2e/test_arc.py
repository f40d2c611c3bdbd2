#!/usr/bin/env python3
"""Azure Arc alone: `arc disable` takes it away and leaves the registration, `arc enable` gives it back; on all ways of a registration."""
import collections
import glob
import os

import azl

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


def put(r, id, **properties):
    r.sandbox("POST", "/sandbox/resources", {"put": id, "body": {"properties": properties}})


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


def there_and_back(nodes, build, *options):
    with rehearsal(nodes, build) as r:
        r.prepare()
        before = held(r)
        r.run(*r.register_args(), *options, ok=0)
        with_arc, cluster, was = held(r), cluster_of(r), record(r)
        p = disable(r)
        azl.check("Azure Arc is disabled. The cluster stays registered with Azure." in p.stdout, p.stdout)
        gone = with_arc - held(r)
        azl.equal(held(r) - with_arc, {}, "came to be by disabling")
        print(nodes, build, sorted(gone), sorted(held(r)-before))
        azl.equal(cluster_of(r), cluster, "the cluster resource")
        azl.equal(record(r), was, "the stored registration")
        azl.equal(arc_column(r), ["Disabled"] * nodes, "Arc of the nodes")
        n = len(writes(r))
        p = disable(r)
        azl.check("nothing to do" in p.stdout, p.stdout)
        azl.equal(len(writes(r)), n, "a second time wrote")
        p = enable(r)
        azl.check("Azure Arc is enabled." in p.stdout, p.stdout)
        azl.equal((with_arc - held(r), held(r) - with_arc), ({}, {}), "after enabling")
        azl.equal((cluster_of(r), record(r)), (cluster, was), "the registration after enabling")
        azl.equal(arc_column(r), ["Connected"] * nodes, "Arc of the nodes")
        n = len(writes(r))
        p = enable(r)
        azl.check("nothing to do" in p.stdout, p.stdout)
        azl.equal(len(writes(r)), n, "a second time wrote")


def test_there_and_back():
    azl.side_by_side([lambda n=n, b=b: there_and_back(n, BUILDS[b]) for n, b in
                      ((1, "identity"), (3, "identity"), (3, "cluster identity"), (1, "application"))], 2)


azl.main()
