#!/usr/bin/env python3
"""Sync now: what it does, how recent the last one is, the next automatic one; refused while a sync would cost a node its Arc machine."""
import azl


def cluster_id(r):
    return f"/subscriptions/{r.ready()['subscription']}/resourceGroups/CLUSTER-A-rg/providers/Microsoft.AzureStackHCI/clusters/CLUSTER-A"


def census(r, names=None):
    """The census of the cluster resource; names: only these stay in it."""
    nodes = r.world()["resources"][cluster_id(r).lower()]["properties"]["reportedProperties"]["nodes"]
    if names is not None:
        kept = [n for n in nodes if n["name"] in names]
        r.sandbox("POST", "/sandbox/resources", {"id": cluster_id(r), "set": {"properties.reportedProperties.nodes": kept}})
    return sorted(n["name"] for n in nodes)


def syncs(r):
    return sorted((x.get("body") or {}).get("node", "?") if isinstance(x.get("body"), dict) else "?" for x in r.exchanges() if x["url"].split("?")[0].endswith("/sync"))


def anew(r, *more):
    """A core started with other options on the same state, signed in."""
    r.kill_core(azl.signal.SIGTERM)
    while "--node-uptime" in r.extra:
        at = r.extra.index("--node-uptime")
        del r.extra[at:at + 2]
    r.extra += more
    r.run("sign-in", ok=0)


def newest(r):
    return r.json("operations")["runs"][0]


def sync_steps(r):
    return {s["id"]: s for s in r.json("operations", "show", newest(r)["id"])["steps"]}


def refusals_and_hours(build, nodes):
    with azl.Rehearsal(nodes=nodes, core=["--node-build", str(build)]) as r:
        r.prepare()
        n = len(syncs(r))
        p = r.run("sync", "--yes", ok=1)
        azl.check("not registered" in p.stderr and "azloconf register" in p.stderr, p.stderr)
        r.register(ok=0)
        n = len(syncs(r))
        p = r.run("sync", "--what-if", ok=0)
        azl.check("billing, licensing and census" in p.stdout and " min ago (20" in p.stdout and "the next automatic one: 20" in p.stdout, p.stdout)
        azl.check("Nodes sync by themselves every 12 hours" in p.stdout and "Nothing was written." in p.stdout, p.stdout)
        azl.check("--yes" in r.run("sync", ok=2).stderr, "asked without a terminal")
        azl.equal(len(syncs(r)), n, "a look or a refusal synced")
        before = r.status()
        gets = len([x for x in r.exchanges() if x["method"] == "GET"])
        r.run("sync", "--yes", ok=0)
        azl.equal(len(syncs(r)), n + nodes, "every node syncs once")
        azl.equal(len([x for x in r.exchanges() if x["method"] == "GET" and "/clusters/" in x["url"].lower()][gets:]) <= 1, True, "looks")
        azl.check("the next automatic sync: 20" in sync_steps(r)["sync"]["detail"], sync_steps(r)["sync"])
        azl.check(r.status()["LastConnected"] >= before["LastConnected"], "LastConnected")
        refused_after_a_start(r, nodes)


def refused_after_a_start(r, nodes):
    """node2 is missing from Azure's census: refused 2 hours after a start, let through after 13; with a whole census the start does not matter."""
    anew(r, "--node-uptime", "2")
    r.run("sync", "--yes", ok=0)
    missing = f"node{nodes}"
    azl.check(missing in census(r, [f"node{i}" for i in range(1, nodes)]), "it was in the census")
    n = len(syncs(r))
    for args, ok in ((("--yes",), 1), (("--what-if",), 1)):
        p = r.run("sync", *args, ok=ok)
        text = p.stdout + p.stderr
        for part in (f"Missing from the census: {missing}.", "was started 2 h", "9 h 59 min", "Start the missing node", "Azure Arc"):
            azl.check(part in text, f"{part}: {text}")
    azl.equal(len(syncs(r)), n, "a refusal synced")
    anew(r, "--node-uptime", "13")
    p = r.run("sync", "--what-if", ok=0)
    azl.check(f"Missing from the census in Azure: {missing}" in p.stdout, p.stdout)
    r.run("sync", "--yes", ok=0)
    azl.check(missing in census(r), "its own sync put it back")


def test_refusals_hours_and_rounds():
    """Not registered; nobody to ask; a node missing hours after a start; both paths and the first generation, 1 to 3 nodes."""
    azl.side_by_side([lambda b=b, n=n: refusals_and_hours(b, n) for b, n in ((26100, 3), (20349, 1), (17784, 1))], 3)


def test_sixteen_nodes_a_resource_that_is_gone_faults_and_a_kill():
    with azl.Rehearsal(nodes=16) as r:
        r.prepare()
        r.register(ok=0)
        n = len(r.exchanges())
        r.run("sync", "--yes", ok=0)
        asked = [x["url"].split("?")[0].lower() for x in r.exchanges()[n:]]
        azl.equal(sum(u.endswith("/clusters/cluster-a") for u in asked), 1, "the census is asked once, and by nobody else")
        azl.equal(sum(u.endswith("/sync") for u in asked), 16, "syncs")
        n = len(syncs(r))
        for spec in ("500@GET */clusters/CLUSTER-Ax2", "reply-lost@POST */syncx1"):
            r.fault(spec)
        r.run("sync", "--yes", ok=0)
        azl.check(all(f["taken"] for f in r.sandbox("GET", "/sandbox/faults")["faults"]), "a fault was not met")
        p = r.start("sync", "--yes")
        azl.wait_for(lambda: len(syncs(r)) > n + 20, 30, "syncs")
        r.kill_core()
        p.communicate(timeout=90)
        for _ in range(3):
            r.run("sign-in", ok=0)
            if newest(r)["state"] != "done":
                r.run("operations", "resume", newest(r)["id"])
        azl.equal(newest(r)["state"], "done", r.core_log())
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")
        r.sandbox("POST", "/sandbox/resources", {"delete": cluster_id(r)})
        n = len(syncs(r))
        p = r.run("sync", "--yes", ok=1)
        azl.check("9106" in p.stderr and "gone" in p.stderr, p.stderr)
        azl.equal(len(syncs(r)), n, "synced without a resource")


azl.main()
