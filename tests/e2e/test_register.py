#!/usr/bin/env python3
"""The main job on the command line: a fresh cluster is registered, a second run changes nothing."""
import re

import azl
import products


def test_whole_registration_one_node():
    with azl.Rehearsal() as r:
        before = r.status()
        azl.equal(before["ClusterStatus"], "NotYet", "before the cluster is made")
        azl.equal(before["ConnectionStatus"], None, "blank until registered")
        r.prepare()
        azl.equal(r.status()["ClusterStatus"], "Clustered", "after cluster create")
        r.register()
        s = r.status()
        azl.equal((s["ClusterStatus"], s["RegistrationStatus"], s["ConnectionStatus"]), ("Clustered", "Registered", "Connected"), "status")
        azl.check(s["AzureResourceUri"].lower().endswith("/providers/microsoft.azurestackhci/clusters/cluster-a"), s["AzureResourceUri"])
        azl.check(s["LastConnected"].endswith("Z") and s["NextSync"].endswith("Z") and s["RegistrationDate"].endswith("Z"), str(s))
        azl.equal(s["Region"], "eastus", "region")


def test_second_run_finds_everything_and_changes_nothing():
    with azl.Rehearsal() as r:
        r.prepare()
        r.register()
        writes = r.writes()
        azl.equal(len(writes), len(set(writes)), f"a write was made twice: {writes}")
        r.register()
        azl.equal(r.writes(), writes, "the second run wrote")


def test_round_trips_of_a_fresh_registration():
    """What is not dependent is asked together: nine answers after one another, and nothing is asked in vain."""
    with azl.Rehearsal(leap=False, sandbox=["--latency", "150"]) as r:
        r.prepare()
        before = len(r.exchanges())
        r.register()
        azure = [x for x in r.exchanges()[before:] if x["url"].startswith("https")]
        print(f"        {len(azure)} requests, {products.longest_chain(azure)} dependent round trips")
        said = "\n".join(f"{x['startedAt']} {x['endedAt']} {x['method']} {x['url']} {x['status']}" for x in sorted(azure, key=lambda x: x["startedAt"]))
        azl.check(products.longest_chain(azure) <= 9, f"{products.longest_chain(azure)} dependent round trips:\n{said}")
        azl.check(len(azure) <= 28, f"{len(azure)} requests:\n{said}")


def test_round_trips_of_sixteen_nodes():
    """As many as one node takes, and one more: the registration syncs the first node, the others sync together after it."""
    products.few_rounds(10)


def test_sixteen_nodes():
    with azl.Rehearsal(nodes=16) as r:
        r.prepare()
        r.register()
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")
        machines = [k for k in r.world()["resources"] if "/microsoft.hybridcompute/machines/" in k.lower()]
        azl.equal(len(machines), 16, "machines")


def test_conflict_with_the_stored_registration_is_refused_before_anything():
    with azl.Rehearsal() as r:
        r.prepare()
        r.register()
        writes = r.writes()
        for option, value, code in (("--resource-name", "OTHER", "9127"), ("--resource-group-name", "other-rg", "9125")):
            p = r.run(*r.register_args(), option, value, ok=1)
            azl.check(code in p.stderr, p.stderr)
        args = ["westeurope" if a == "eastus" else a for a in r.register_args()]
        p = r.run(*args, ok=1)
        azl.check("9104" in p.stderr and "names the region eastus, not westeurope" in p.stderr, p.stderr)
        azl.equal(r.writes(), writes, "something was written")


def test_registered_but_a_node_is_not_done_is_done_in_part():
    """The last look at the machines fails for good; by then the cluster is registered and Connected."""
    with azl.Rehearsal(sandbox=["--latency", "200"]) as r:
        r.prepare()
        p = r.start(*r.register_args())

        def arc_settings_begun():
            for run in r.json("operations")["runs"]:
                states = {s["id"]: s["state"] for s in r.json("operations", "show", run["id"])["steps"]}
                return states.get("arc-settings") in ("running", "done")
        azl.wait_for(arc_settings_begun, 30, "the step arc-settings")
        r.fault("500@GET *HybridCompute/machines*x1000")
        with r.leaping():
            out = p.communicate(timeout=120)[0]
        azl.equal(p.returncode, 6, out)
        azl.check("The cluster is registered, but a step on the nodes did not come to its end" in out, out)
        azl.check(re.search(r"(?s)\nazloconf: .*looking at the machines in Azure.*\nWhat to do: ", out), out)
        azl.equal(r.json("operations", "show", r.json("operations")["runs"][0]["id"])["result"], "RegisterSucceededButArcFailed", "result")
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")


def test_a_first_sync_that_fails_is_done_in_part():
    """The registration itself was made: whoever reads exit 1 would think that nothing is there."""
    with azl.Rehearsal(sandbox=["--fault", "400@POST */sync*x*"]) as r:
        r.prepare()
        p = r.run(*r.register_args(), ok=6)
        azl.check("The cluster is registered, but" in p.stdout + p.stderr, p.stdout + p.stderr)
        azl.check(p.stderr.startswith("azloconf: ") and "What to do: " in p.stderr, p.stderr)
        run = r.json("operations", "show", r.json("operations")["runs"][0]["id"])
        azl.equal((run["state"], run["result"]), ("failed", "RegisterSucceededButArcFailed"), "the run")
        azl.equal({s["id"]: s["state"] for s in run["steps"]}["sync"], "failed", "the step")
        azl.equal(r.json("register", *r.register_args()[1:], ok=None)["result"], "Failed", "a second run made no registration")


azl.main()
