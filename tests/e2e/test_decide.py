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


azl.main()
