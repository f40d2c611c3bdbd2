#!/usr/bin/env python3
"""Nodes that cannot be registered by their own identity: the cluster's application, a certificate on every node, Arc by the cluster."""
import azl
import products

BUILD = {"identity": "20349", "generated": "17784"}  # by the cluster's identity, by an application and a generated secret


def rehearsal(build, nodes=1, **kw):
    return azl.Rehearsal(nodes=nodes, core=["--node-build", build] + list(kw.pop("core", [])), **kw)


def steps(r):
    run = r.json("operations", "show", r.json("operations")["runs"][0]["id"])
    return {s["id"]: s["state"] for s in run["steps"]}


def posts(r, tail):
    return [x for x in r.exchanges() if x["method"] == "POST" and x["url"].split("?")[0].lower().endswith(tail) and x["status"] < 300]


def connected(r):
    s = r.status()
    azl.equal((s["RegistrationStatus"], s["ConnectionStatus"]), ("Registered", "Connected"), "status")
    settings = [v for k, v in r.world()["resources"].items() if k.lower().endswith("/arcsettings/default")][0]
    states = {n["name"]: n["state"] for n in settings["properties"]["perNodeDetails"]}
    azl.equal(states, {f"node{i + 1}": "Connected" for i in range(r.nodes)}, "the Arc settings")


def test_one_node_by_the_clusters_identity():
    with rehearsal(BUILD["identity"]) as r:
        r.prepare()
        r.register()
        connected(r)
        azl.equal(len(posts(r, "/createclusteridentity")), 1, "applications")
        azl.equal(len(posts(r, "/uploadcertificate")), 1, "uploads")
        azl.equal(len(posts(r, "/generatepassword")), 0, "secrets")
        states = steps(r)
        for step in ("app-identity", "certificate", "upload", "certificate-set", "register-app", "arc-role-onboarding", "arc-role-admin",
                     "arc-init", "arc-enable"):
            azl.equal(states[step], "done", step)
        azl.check("reconcile" not in states and "register" not in states, f"steps of the other way are shown: {states}")


def test_three_nodes_by_a_generated_secret_and_nothing_twice():
    with rehearsal(BUILD["generated"], nodes=3) as r:
        r.prepare()
        r.register()
        connected(r)
        upload = posts(r, "/uploadcertificate")
        azl.equal([len(x["reqBody"]["properties"]["certificates"]) for x in upload], [3], "certificates of all nodes together, once")
        azl.equal([len(posts(r, t)) for t in ("/createarcidentity", "/generatepassword", "/agent/connect")], [1, 1, 3], "writes")
        azl.check(not products.done_twice(r.exchanges()), str(products.done_twice(r.exchanges())))
        writes = r.writes()
        r.register()
        azl.equal(r.writes(), writes, "the second run wrote")
        states = steps(r)
        azl.equal({states[s] for s in ("app-identity", "certificate", "upload", "register-app", "arc-enable")}, {"found"}, f"second run: {states}")
        azl.equal(states["arc-secret"], "skipped", "a second secret")


azl.main()
