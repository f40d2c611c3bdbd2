#!/usr/bin/env python3
"""The main job on the command line: a fresh cluster is registered, a second run changes nothing."""
import azl


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
        azl.equal(r.writes(), writes, "something was written")


azl.main()
