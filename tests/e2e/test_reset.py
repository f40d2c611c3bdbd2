#!/usr/bin/env python3
"""The reset of machines: its phases for real, each requirement refused, failures, kills, its status from anywhere, and back again by a registration."""
import glob
import json
import os
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

import azl
import products

GROUP = "machines-rg"
EXTENSION = "Microsoft.HybridCompute/machines/extensions"
EXTENSIONS = ("AdminCenter", "AzureMonitor")


def put(r, rid, kind, **kw):
    r.sandbox("POST", "/sandbox/resources", {"put": dict({"id": rid, "type": kind, "location": "eastus", "properties": {}}, **kw)})


def change(r, rid, **members):
    r.sandbox("POST", "/sandbox/resources", {"id": rid, "set": members})


def group_of(r):
    return f"/subscriptions/{r.ready()['subscription']}/resourceGroups/{GROUP}"


def machine_of(r, node):
    return f"{group_of(r)}/providers/Microsoft.HybridCompute/machines/{node}"


def node_of(r, name):
    return next(n for n in r.ready()["nodes"] if n["name"] == name)


def token_of(r):
    """A token for Resource Manager, as another program gets it."""
    ready = r.ready()
    p = next(p for p in ready["principals"] if p.get("secretFile"))
    with open(p["secretFile"], encoding="utf-8") as f:
        form = {"client_id": p["clientId"], "grant_type": "client_credentials", "client_secret": f.read().strip(), "scope": "https://management.azure.com/.default"}
    context = ssl.create_default_context(cafile=ready["ca"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(f"{ready['base']}/{ready['tenant']}/oauth2/v2.0/token", urllib.parse.urlencode(form).encode(), timeout=20) as answer:
        return json.loads(answer.read())["access_token"]


def in_arc(r, *nodes, extensions=EXTENSIONS):
    """The machines are in Azure Arc before any registration, as after the bootstrap, with extensions."""
    ready, token, config = r.ready(), token_of(r), os.path.join(r.top, "connect.json")
    r.sandbox("POST", f"/subscriptions/{ready['subscription']}/providers/Microsoft.HybridCompute/register?api-version=2021-04-01", token=token)
    put(r, group_of(r), "Microsoft.Resources/resourceGroups")
    with open(config, "w", encoding="utf-8") as out:
        json.dump({"access-token": token}, out)
    for node in nodes:
        subprocess.run([node_of(r, node)["azcmagent"], "connect", "--config", config, "-s", ready["subscription"], "-g", GROUP, "-l", "eastus",
                        "-t", ready["tenant"], "-n", node, "--cloud", "azlosandbox"], check=True, stdout=subprocess.DEVNULL)
        for e in extensions:
            put(r, f"{machine_of(r, node)}/extensions/{e}", EXTENSION, properties={"publisher": "Microsoft", "type": e})
    os.remove(config)


def plays(r, node, **has):
    """What the machine has of what a reset needs (node.h, facts)."""
    path = os.path.join(glob.glob(os.path.join(r.state, "**", "nodes", node, "node.json"), recursive=True)[0].rsplit("/", 1)[0], "plays.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(has, f)
    os.chmod(path, 0o600)


def reset(r, *more, node="node1", ok=0):
    return r.run("reset", "--node", node, "--yes", *more, ok=ok)


def machines(r):
    return r.json("reset", "status")["nodes"]


def phases(r, node=0):
    return [p["status"] for p in machines(r)[node]["phases"]]


def left(r):
    return sorted(k for k in r.world()["resources"] if "/microsoft.hybridcompute/" in k.lower())


def deleted(r, text):
    return sum(x["method"] == "DELETE" and text.lower() in x["url"].lower() for x in r.exchanges())


def newest(r):
    return r.json("operations")["runs"][0]


def journal(r):
    with open(sorted(glob.glob(os.path.join(r.state, "**", "*-reset.jsonl"), recursive=True))[-1], encoding="utf-8") as f:
        return f.read()


def go_on(r):
    """Signs in and resumes until the newest run is at its end."""
    for _ in range(4):
        if newest(r)["state"] == "done":
            return
        r.run("sign-in", ok=0)
        r.run("operations", "resume", newest(r)["id"])
    azl.equal(newest(r)["state"], "done", r.core_log())


def test_what_stands_in_the_way():
    """What a machine must have, each; a lock, a cluster that has the machine, a cluster that is registered, a wrong name: refused, and nothing was written."""
    with azl.Rehearsal(nodes=2) as r:
        r.prepare()
        in_arc(r, "node1")
        before, machine, sub = left(r), machine_of(r, "node1"), f"/subscriptions/{r.ready()['subscription']}"
        for has, code, words in (({"solutionVersion": "11.2507.1001.9"}, 148, "node1 has Azure Local 11.2507.1001.9, and a reset needs 2508 or later"),
                                 ({"solutionVersion": ""}, 148, "node1 is no machine of Azure Local"),
                                 ({"powershell": "5.1"}, 149, "node1 has PowerShell 5.1, and a reset needs 7"),
                                 ({"powershell": ""}, 149, "node1 has no PowerShell 7 or later"),
                                 ({"azStackHciModule": False}, 150, "node1 lacks the PowerShell module AzStackHCI"),
                                 ({"administrator": False}, 151, "Only an administrator of node1")):
            plays(r, "node1", **has)
            p = r.run("reset", "--what-if", ok=None)
            azl.check(p.returncode == 1 and words in p.stdout and "Nothing was written." in p.stdout, f"{has}: {p.stdout}{p.stderr}")
            error = json.loads(r.run("reset", "--what-if", "--output", "json").stdout)["error"]
            azl.equal((error["code"], bool(error["advice"])), (code, True), str(has))
            azl.check(words in reset(r, ok=1).stderr, f"{has} did not stop it")
        plays(r, "node1", solutionVersion="2508", powershell="7.0")
        lock = sub + "/providers/Microsoft.Authorization/locks/keep"
        put(r, lock, "Microsoft.Authorization/locks", properties={"level": "CanNotDelete"})
        azl.check("A lock (CanNotDelete)" in reset(r, ok=1).stderr, "a lock")
        r.sandbox("POST", "/sandbox/resources", {"delete": lock})
        may = lambda role: r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": "anna@contoso.onmicrosoft.com", "role": role}]})
        may("Reader")
        p = reset(r, ok=5)
        azl.check(f"lacks rights over {group_of(r)}: Microsoft.HybridCompute/machines/delete, Microsoft.HybridCompute/machines/extensions/delete" in p.stderr, p.stderr)
        may("Owner")
        cluster = group_of(r) + "/providers/Microsoft.AzureStackHCI/clusters/THEIRS"
        put(r, cluster, "Microsoft.AzureStackHCI/clusters")
        change(r, machine, **{"properties.parentClusterResourceId": cluster})
        p = reset(r, ok=1)
        azl.check("belongs to the cluster" in p.stderr and "THEIRS" in p.stderr, p.stderr)
        change(r, machine, **{"properties.parentClusterResourceId": ""})
        for args, words in (((), "nobody can be asked here"), (("--yes",), "--yes needs --node"), (("--node", "x", "--yes"), "There is no node x here")):
            azl.check(words in r.run("reset", *args, ok=2).stderr, words)
        azl.check("There is nothing to do." in r.run("reset", "--node", "node2", "--what-if", ok=0).stdout, "node2 is in no Arc")
        p = r.run("reset", "--what-if", ok=0)
        azl.check(p.stdout.index("This goes:") < p.stdout.index("Extension AdminCenter, AzureMonitor: it is of the machine node1") < p.stdout.index("This stays:") < p.stdout.index("Resource group " + GROUP), p.stdout)
        azl.equal(left(r), before, "something was written")
        azl.equal(phases(r), ["NotStarted"] * 4, "phases of a machine that was never reset")
        r.run(*r.register_args(), "--arc-server-resource-group-name", GROUP, ok=0)
        p = reset(r, ok=1)
        azl.check("belongs to the cluster CLUSTER-A, which is registered with Azure (Connected)" in p.stderr and "azloconf unregister" in p.stderr, p.stderr)


def test_a_failure_its_status_and_going_on():
    """An extension that Azure does not delete: the phase, the extension and Azure's code are named, no later phase begins; mended, the same operation goes on
    where it stood with a ready token, deletes nothing twice, and is known to every console. A second reset finds nothing to do."""
    with azl.Rehearsal(nodes=1, sandbox=["--log-secrets"]) as r:
        r.cluster()  # nobody is signed in: the reset asks for it by a device code
        in_arc(r, "node1")
        agent_config = os.path.join(os.path.dirname(node_of(r, "node1")["azcmagent"]), "agentconfig.json")
        with open(agent_config, "w", encoding="utf-8") as f:
            json.dump({"connection.type": "gateway"}, f)
        os.chmod(agent_config, 0o600)
        change(r, f"{machine_of(r, 'node1')}/extensions/AzureMonitor", _delete="fails")
        p = reset(r, "--wait", ok=None)
        azl.equal(p.returncode, 1, p.stdout + p.stderr)
        for words in ("ExtensionCleanup", "extension AzureMonitor", "ResourceDeletionFailed", "azloconf operations resume"):
            azl.check(words in p.stderr, f"{words}: {p.stderr}")
        azl.equal(phases(r), ["Failed", "NotStarted", "NotStarted", "NotStarted"], "phases")
        said = r.run("reset", "status", ok=0).stdout
        azl.check("node1: Failed, 0:" in said and "ResourceDeletionFailed" in said and "extension AzureMonitor" in said, said)
        change(r, f"{machine_of(r, 'node1')}/extensions/AzureMonitor", _delete="no")
        path = os.path.join(r.top, "token")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
            f.write(token_of(r) + "\n")
        r.run("sign-out", ok=0)
        r.run("sign-in", "--access-token-file", path, "--account-id", "anna@contoso.example", ok=0)  # a ready token does, too
        p = r.run("operations", "resume", newest(r)["id"], ok=0)
        azl.check("What stays: Operating system of node1 (" in p.stdout and f"Resource group {GROUP} (the reset did not make it)" in p.stdout, p.stdout)
        one = machines(r)[0]
        azl.equal((one["status"], phases(r)), ("Succeeded", ["Succeeded", "Succeeded", "Succeeded", "NotApplicable"]), "after going on")
        azl.check(all(x["startTime"] <= x["endTime"] and x["elapsedMs"] >= 0 for x in one["phases"]) and one["elapsedMs"] > 0, str(one))
        azl.equal(left(r), [], "left in Azure")
        azl.equal(deleted(r, "/extensions/AdminCenter"), 1, "deletions of what was gone already")
        with open(agent_config, encoding="utf-8") as f:
            azl.equal(json.load(f), {"connection.type": "direct"}, "the agent's connection")
        p = reset(r, "--wait")
        azl.check("There is nothing to do." in p.stdout, p.stdout)
        secrets = {x["resBody"]["access_token"] for x in r.exchanges() if isinstance(x.get("resBody"), dict) and "access_token" in x["resBody"]}
        azl.check(len(secrets) >= 2, "the hunt knows no token")
        for d, _, files in os.walk(r.state):
            for name in files if os.path.relpath(d, r.state).split("/")[0] != "sandbox" else ():
                with open(os.path.join(d, name), encoding="utf-8", errors="replace") as f:
                    text = f.read()
                azl.check(not any(t in text for t in secrets), f"a token in {name}")


def test_three_machines_a_console_that_leaves_and_a_kill():
    """All machines at once, and nobody waits: another console sees how it stands. The console dies, then the core, in the middle of a phase; the operation
    goes on where it stood, once somebody has signed in."""
    with azl.Rehearsal(nodes=3) as r:
        r.prepare()
        in_arc(r, "node1", "node2", "node3")
        stuck = f"{machine_of(r, 'node2')}/extensions/AdminCenter"
        change(r, stuck, _delete="never")
        p = reset(r, node="all")
        azl.check("It has begun and goes on without you." in p.stdout, p.stdout)
        azl.wait_for(lambda: phases(r)[0] == "Succeeded" and deleted(r, stuck), 30, "the first machine's first phase")
        azl.equal([m["active"] for m in machines(r)][1], True, "node2 is at it")
        azl.equal(phases(r, 1)[:2], ["InProgress", "NotStarted"], "node2")
        for kind in ("reply-lost@DELETE */machines/node3/extensions/AzureMonitorx1", "503@POST */agent/disconnectx1"):
            r.fault(kind)
        p = r.start("operations", "resume", newest(r)["id"])  # a console that looks on, and dies
        p.kill()
        p.communicate()
        azl.equal(phases(r, 1)[0], "InProgress", "after the console died")
        killed = time.time() * 1000
        r.kill_core()
        azl.check('"event":"open"' in journal(r) and '"event":"done"' not in journal(r), "it was killed in the middle")
        said = r.run("reset", "status", "--node", "node2", ok=0).stdout
        azl.check("node2: InProgress" in said and "It was cut off" in said and "node1" not in said, said)
        change(r, stuck, _delete="no")
        go_on(r)
        azl.equal([m["status"] for m in machines(r)], ["Succeeded"] * 3, "the machines")
        azl.equal(left(r), [], "left in Azure")
        wrong = products.done_twice([x for x in r.exchanges() if x["method"] == "DELETE" or "/disconnect" in x["url"]], [killed])
        azl.check(not wrong, "; ".join(wrong))


def test_reset_and_register_again():
    """One operation of two parts, the core killed between them: the cluster ends registered under the names that were asked for, all nodes Connected."""
    with azl.Rehearsal(nodes=2) as r:
        r.prepare()
        in_arc(r, "node1", "node2")
        n, args = len(r.writes()), [a for a in r.register_args()[1:] if a != "--yes"]
        azl.check("go with --register" in reset(r, "--region", "eastus", ok=2).stderr, "--region alone")
        p = reset(r, "--register", *["no where!" if a == "eastus" else a for a in args], "--wait", ok=None)
        azl.check(p.returncode and "region" in p.stderr.lower(), p.stdout + p.stderr)
        azl.equal(len(r.writes()), n, "a refusal wrote")
        may = lambda role: r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": "anna@contoso.onmicrosoft.com", "role": role}]})
        may("Contributor")  # enough for the reset
        r.run("reset", "--what-if", ok=0)
        p = reset(r, "--register", *args, node="all", ok=5)
        azl.check("checking the registration that follows" in p.stderr and "roleAssignments/write" in p.stderr, p.stderr)
        may("Owner")
        azl.equal((len(r.writes()), r.json("operations")["runs"]), (n, []), "what the second part lacks stops the first")
        p = r.run("reset", "--what-if", "--node", "all", "--register", *args, "--resource-name", "AGAIN", ok=0)
        azl.check("This is made:" in p.stdout and "Registration of the cluster as AGAIN" in p.stdout, p.stdout)
        p = r.start("reset", "--node", "all", "--yes", "--wait", "--register", *args, "--resource-name", "AGAIN")
        azl.wait_for(lambda: deleted(r, "/machines/node1/extensions/"), 30, "the first deletion")
        r.kill_core()
        p.communicate(timeout=90)
        go_on(r)
        s = r.status()
        azl.equal((s["RegistrationStatus"], s["ConnectionStatus"], s["AzureResourceName"]), ("Registered", "Connected", "AGAIN"), "the cluster")
        azl.equal([m["status"] for m in machines(r)], ["Succeeded", "Succeeded"], "the machines' resets")
        azl.equal([m["bootstrap"] for m in machines(r)], [True, True], "the bootstrap's state, made anew")
        found = [k for k in left(r) if "/machines/" in k.lower()]
        azl.check(len(found) == 2 and all("/again-rg/" in k.lower() for k in found), str(found))


def test_kills_in_each_phase():
    """The core dies after a line that the journal gets, in each of the phases; whoever signs in again brings the machine to its end."""
    with azl.Rehearsal(preload=products.killpoint()) as r:
        r.prepare()
        met = set()
        for n in (14, 16, 17, 19):
            in_arc(r, "node1")
            once = os.path.join(r.top, f"killed{n}")
            r.kill_core()  # the next one has the point
            r.env.update(AZL_KILL_AFTER=str(n), AZL_KILL_ONCE=once)
            r.run("sign-in", ok=0)
            reset(r, "--wait", ok=None)
            azl.check(os.path.exists(once), f"it was not killed at line {n}")
            lines = journal(r).splitlines()
            azl.check(len(lines) >= n, f"{len(lines)} lines")
            met.add(json.loads(lines[n - 1])["step"])
            go_on(r)
            azl.equal((machines(r)[0]["status"], left(r)), ("Succeeded", []), f"killed after {lines[n - 1]}")
        azl.equal(met, {"extension-cleanup", "gateway-cleanup", "azcm-agent-cleanup", "bootstrap-cleanup"}, "killed in")


if __name__ == "__main__":
    azl.main()
