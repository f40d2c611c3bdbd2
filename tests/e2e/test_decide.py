#!/usr/bin/env python3
"""What is there already: looked at, repaired, made again only when asked (register-flow.md 2.3)."""
import azl
import products


def cluster_id(r):
    return next(k for k in r.world()["resources"] if k.lower().split("/")[-2] == "clusters")


def since(r, before):
    """The exchanges after the first `before`, without the sign-in's and the test's own."""
    return [x for x in r.exchanges()[before:] if "/sandbox/" not in x["url"] and "/oauth2/" not in x["url"]]


def test_nothing_to_repair():
    with azl.Rehearsal() as r:
        r.prepare()
        p = r.run(*r.register_args(), "--repair-registration", ok=1)
        azl.check("9101" in p.stderr and "nothing to repair" in p.stderr, p.stderr)
        azl.equal(r.writes(), [], "something was written")


def test_a_repair_renews_and_makes_nothing_twice():
    with azl.Rehearsal(nodes=2) as r:
        r.prepare()
        r.register()
        before, world = len(r.exchanges()), sorted(r.world()["resources"])
        r.run(*r.register_args(), "--repair-registration", ok=0)
        new = since(r, before)
        azl.equal(products.done_twice(new), [], "done twice")
        done = sorted(f"{x['method']} {products.path_of(x).rsplit('/', 1)[1]}" for x in new if products.carried_out(x))
        azl.equal(done, ["POST reconcile", "POST register", "POST sync"], "what a repair writes")
        azl.equal(sorted(r.world()["resources"]), world, "resources")
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")


def test_a_vanished_resource_is_made_again_only_when_asked():
    with azl.Rehearsal() as r:
        r.prepare()
        r.register()
        gone = cluster_id(r)
        r.sandbox("POST", "/sandbox/resources", {"delete": gone})
        writes = r.writes()
        for more in ([], ["--repair-registration"]):
            p = r.run(*r.register_args(), *more, ok=1)
            azl.check("9106" in p.stderr and "gone from Azure" in p.stderr, p.stderr)
        azl.equal(r.writes(), writes, "something was written")
        r.run(*r.register_args(), "--repair-registration", "--recreate-resource", ok=0)
        azl.check(gone in r.world()["resources"], "the resource is not there again")
        s = r.status()
        azl.equal((s["RegistrationStatus"], s["ConnectionStatus"]), ("Registered", "Connected"), "status")


def resource(r, kind, name):
    """Id and body of the one resource of this kind and name."""
    return next((k, v) for k, v in r.world()["resources"].items() if k.lower().split("/")[-2:] == [kind.lower(), name.lower()])


def spoil(r, kind, name, **members):
    r.sandbox("POST", "/sandbox/resources", {"id": resource(r, kind, name)[0], "set": {f"properties.{k}": v for k, v in members.items()}})


def newest(r):
    run = r.json("operations", "show", r.json("operations")["runs"][0]["id"])
    return run, {s["id"]: s for s in run["steps"]}


def test_a_node_that_the_arc_settings_lack_is_told_and_mended_by_a_repair():
    with azl.Rehearsal(nodes=3) as r:
        r.prepare()
        r.register()
        listed = resource(r, "arcSettings", "default")[1]["properties"]["perNodeDetails"]
        spoil(r, "arcSettings", "default", perNodeDetails=[n for n in listed if n["name"] != "node2"])
        writes = r.writes()
        p = r.run(*r.register_args(), ok=6)
        run, steps = newest(r)
        azl.equal((run["result"], steps["arc-node"]["state"]), ("RegisterSucceededButArcFailed", "failed"), "the run")
        azl.check("node2 is missing in the cluster's Arc settings" in steps["arc-node"]["detail"], steps["arc-node"]["detail"])
        azl.check("--repair-registration" in steps["arc-node"]["detail"] + p.stdout, p.stdout)
        azl.equal(r.writes(), writes, "something was written")
        r.run(*r.register_args(), "--repair-registration", ok=0)
        names = [n["name"] for n in resource(r, "arcSettings", "default")[1]["properties"]["perNodeDetails"]]
        azl.equal(names, ["node1", "node2", "node3"], "the nodes in the Arc settings")
        r.run(*r.register_args(), ok=0)


def test_a_node_that_is_not_connected_is_told_with_its_cause():
    with azl.Rehearsal(nodes=2) as r:
        r.prepare()
        r.register()
        listed = resource(r, "arcSettings", "default")[1]["properties"]["perNodeDetails"]
        spoil(r, "arcSettings", "default", aggregateState="PartiallyConnected",
              perNodeDetails=[dict(n, state="Disconnected" if n["name"] == "node2" else "Connected") for n in listed])
        spoil(r, "machines", "node2", status="Disconnected", errorDetails=[{"code": "AZCM0026", "message": "the proxy refused"}])
        r.run(*r.register_args(), ok=6)
        detail = newest(r)[1]["arc-node"]["detail"]
        azl.check("node2 is Disconnected in the cluster's Arc settings" in detail, detail)
        nodes = {n["name"]: n for n in newest(r)[0]["nodes"]}
        azl.check("the proxy refused" in nodes["node2"]["detail"], str(nodes))


def test_a_node_that_never_connects_ends_after_eleven_minutes():
    """Four looks, then a sync, ten times over; the cluster is registered all the same."""
    with products.rehearsal(nodes=1) as r:
        r.prepare()
        for spec in ("400@POST */sync*x1000",):
            r.fault(spec)
        p = r.run(*r.register_args(), ok=6, timeout=120)
        azl.check("The cluster is registered, but" in p.stdout + p.stderr, p.stdout + p.stderr)


azl.main()
