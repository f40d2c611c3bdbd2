#!/usr/bin/env python3
"""What is there already: looked at, repaired, made again only when asked (register-flow.md 2.3)."""
import socket
import subprocess

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
        azl.check(p.stderr.startswith("azloconf: ") and "node2 is missing in the cluster's Arc settings" in p.stderr and "What to do: " in p.stderr, p.stderr)
        r.kill_core()
        told, steps = newest(r)
        azl.equal((told["result"], steps["arc-node"]["state"], told["error"]["message"]), (run["result"], "failed", run["error"]["message"]),
                  "by its journal: node3's good end hides node2's failure")
        r.run("sign-in", ok=0)
        azl.check("node2 is missing in the cluster's Arc settings" in steps["arc-node"]["detail"], steps["arc-node"]["detail"])
        azl.check("--repair-registration" in steps["arc-node"]["detail"] + p.stdout, p.stdout)
        azl.equal(r.writes(), writes, "something was written")
        said = r.run("status").stdout
        azl.check("node2 is missing in the cluster's Arc settings" in said and "azloconf register --repair-registration" in said, said)
        r.run(*r.register_args(), "--repair-registration", ok=0)
        azl.check("--repair-registration" not in r.run("status").stdout, "still offered")
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


def test_what_stands_in_the_way_is_told_with_its_number():
    with azl.Rehearsal(nodes=2) as r:
        r.prepare()
        r.register()
        cluster = cluster_id(r)
        other = r.ready()["subscription"][:-1] + ("0" if r.ready()["subscription"][-1] != "0" else "1")
        rows = [(("arcSettings", "default", {"aggregateState": "DisableInProgress"}, {"aggregateState": "Connected"}), "9113", "Finish unregistering"),
                (("machines", "node2", {"parentClusterResourceId": cluster + "x"}, {"parentClusterResourceId": cluster}), "9105", "another cluster")]
        writes = r.writes()
        for (kind, name, bad, good), code, words in rows:
            spoil(r, kind, name, **bad)
            for more in ([], ["--repair-registration"]):
                p = r.run(*r.register_args(), *more, ok=1)
                azl.check(code in p.stderr and words in p.stderr, p.stderr)
            spoil(r, kind, name, **good)
        args = [other if a == r.ready()["subscription"] else a for a in r.register_args()]
        p = r.run(*args, ok=1)
        azl.check("9128" in p.stderr and other in p.stderr, p.stderr)
        azl.equal(r.writes(), writes, "something was written")
        r.run(*r.register_args(), ok=0)


def agent(r, node):
    return next(n["azcmagent"] for n in r.ready()["nodes"] if n["name"] == node)


def written(r, before):
    return sorted(f"{x['method']} {products.path_of(x).rsplit('/', 1)[1]}" for x in since(r, before) if products.carried_out(x))


def test_a_node_that_lost_its_agent_is_told_and_connected_by_a_repair():
    with azl.Rehearsal(nodes=3) as r:
        r.prepare()
        r.register()
        subprocess.run([agent(r, "node2"), "disconnect", "-f"], check=True, capture_output=True)
        r.sandbox("POST", "/sandbox/resources", {"delete": resource(r, "machines", "node2")[0]})
        before = len(r.exchanges())
        r.run(*r.register_args(), ok=6)  # only looked at
        azl.equal(written(r, before), [], "what a look writes")
        azl.check("(node2 is not connected to Azure Arc)" in r.run("status").stdout, r.run("status").stdout)
        before = len(r.exchanges())
        r.run(*r.register_args(), "--repair-registration", ok=0)
        # the node that registers syncs, and the one whose machine is new: a sync tells Azure whose it is
        azl.equal(written(r, before), ["POST connect", "POST reconcile", "POST register", "POST sync", "POST sync"], "what the repair writes")
        azl.check("not connected" not in r.run("status").stdout, "still told")


def test_arc_later_leaves_the_registration_alone():
    with azl.Rehearsal() as r:
        r.prepare()
        r.register()
        record = r.status()
        r.sandbox("POST", "/sandbox/resources", {"delete": resource(r, "arcSettings", "default")[0]})
        before = len(r.exchanges())
        r.run(*r.register_args(), ok=0)
        azl.equal(written(r, before), ["POST consentAndInstallDefaultExtensions", "POST reconcile", "POST sync", "PUT default"], "what Arc writes")
        azl.equal(r.status()["RegistrationDate"], record["RegistrationDate"], "the registration")


def test_the_arc_group_of_the_first_time_is_known():
    with azl.Rehearsal() as r:
        r.prepare()
        r.run(*r.register_args(), "--arc-server-resource-group-name", "machines-rg", ok=0)
        writes = r.writes()
        r.run(*r.register_args(), ok=0)
        azl.equal(r.writes(), writes, "something was written")
        p = r.run(*r.register_args(), "--arc-server-resource-group-name", "others-rg", ok=1)
        azl.check("9129" in p.stderr and "machines-rg, not others-rg" in p.stderr, p.stderr)  # the agents stand elsewhere, too: the settings decide
        r.run(*r.register_args(), "--repair-registration", ok=0)


def test_the_agents_get_their_proxy_and_say_when_it_fails():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        good = f"127.0.0.1:{listening.getsockname()[1]}"
        with azl.Rehearsal(nodes=2, core=["--agent-proxy", f"http://anna:hidden-word@{good}"]) as r:
            r.prepare()
            r.register()
            for node in ("node1", "node2"):
                said = subprocess.run([agent(r, node), "config", "get", "proxy.url"], capture_output=True, text=True, check=True).stdout
                azl.equal(said.strip(), f"http://{good}", node)
    with azl.Rehearsal(leap=True, core=["--agent-proxy", f"http://anna:hidden-word@{good}"]) as r:  # nobody listens there any more
        r.prepare()
        p = r.run(*r.register_args(), ok=None, timeout=120)
        azl.check(p.returncode in (1, 4), f"exit {p.returncode}")
        azl.check(f"The agent goes through the proxy http://{good}." in p.stderr, p.stderr)
        azl.check("What to do: " in p.stderr and "hidden-word" not in p.stdout + p.stderr + r.core_log(), p.stderr)


if __name__ == "__main__":
    azl.main()
