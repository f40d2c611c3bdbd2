#!/usr/bin/env python3
"""Undo of an operation that did not come to its end: what it made goes, what was there stays, and what stays is named; what cannot be undone says why."""
import glob
import json
import os
import shutil
import subprocess

import azl
import products
import undoing

STOPPED = "400@POST */reconcilex99"  # a registration that made nearly all


def sample(nodes, build, roles, first):
    ref = products.Reference(nodes, core=["--node-build", str(build)], roles=roles)
    for n in range(first, ref.lines, 13 if nodes == 1 else 19):
        products.undone_after(n, ref)


def test_killed_anywhere_then_undone():
    """A sample of the journal's lines on all ways; check-long does them all."""
    azl.side_by_side([lambda a=a: sample(*a) for a in ((1, 26100, 1, 8), (3, 20349, 3, 16), (1, 20348, 3, 12), (1, 17784, 0, 10))], 2)


def of_a_plan(plan, line):
    undoing.undone_or_refused(line, products.Reference(plan=plan))


def test_other_plans_killed_and_undone_or_refused():
    """One line each of what has no way back and is resumed, and of what comes back; and a kill in an undo before its answer."""
    jobs = [lambda a=a: of_a_plan(*a) for a in (("unregister", 27), ("arc-enable", 38), ("move", 62))]
    azl.side_by_side(jobs + [lambda: undoing.killed_again(6, 1, products.Reference())], 2)


# As nobody: what the core answers to these intents.
ASKING = """import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect(sys.argv[1])
s.sendall(b'{"hello":{"protocol":1,"program":"test","version":"1"}}\\n')
for n, name in enumerate(sys.argv[2:]):
    s.sendall(b'{"intent":{"id":%d,"name":"%s","args":{}}}\\n' % (n, name.encode()))
out = b""
while out.count(b'"answer"') < len(sys.argv) - 2:
    part = s.recv(65536)
    if not part:
        break
    out += part
print(out.decode())
"""


def test_another_user_of_the_machine():
    """The system's core, asked over its socket by a user who is neither root nor of its group: what was run and where a reset stands is told;
    nothing is taken back."""
    if os.getuid() != 0:
        raise azl.Skip("only root can become another user")
    with azl.Rehearsal() as r:
        failed(r)
        r.kill_core()
        state, path = os.path.join(r.top, "system"), os.path.join(r.top, "system.sock")
        os.makedirs(os.path.join(state, "runs"), 0o700)
        os.chmod(state, 0o700)
        for name in glob.glob(os.path.join(r.state, "runs", "*.jsonl")):
            shutil.copy(name, os.path.join(state, "runs"))
        os.chmod(r.top, 0o755)
        core = subprocess.Popen([os.path.join(azl.BUILD, "src", "azloconfd"), "--state-dir", state, "--socket", path], env=r.env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            azl.wait_for(lambda: os.path.exists(path), 10, "the core's socket")
            intents = ["runs", "reset-status", "run-undo-check", "run-undo", "run-resume"]
            p = subprocess.run(["python3", "-c", ASKING, path, *intents], text=True, capture_output=True, timeout=30)
            answers = {a["to"]: a for a in (json.loads(line).get("answer") for line in p.stdout.splitlines() if line) if a}
            told = {name: answers.get(n, {}) for n, name in enumerate(intents)}
            azl.equal(told["runs"]["result"]["runs"][0]["state"], "failed", p.stdout + p.stderr)
            azl.equal(len(told["reset-status"].get("result", {}).get("nodes", [])), 1, told["reset-status"])
            for name in intents[2:]:
                azl.check("Only root and members of group" in told[name]["error"]["message"], f"{name}: {told[name]}")
            azl.equal([os.path.getsize(f) for f in glob.glob(os.path.join(state, "runs", "*"))],
                      [os.path.getsize(f) for f in glob.glob(os.path.join(r.state, "runs", "*.jsonl"))], "the journal")
        finally:
            core.terminate()
            core.wait()


def undo(r, *more, ok=0):
    return r.run("operations", "undo", *more, "--yes", ok=ok)


def newest(r):
    return r.json("operations")["runs"][0]


def failed(r):
    """A registration that stops at its middle."""
    r.prepare()
    before = products.held(r), products.providers(r)
    r.fault(STOPPED)
    r.register(ok=1)
    r.sandbox("DELETE", "/sandbox/faults")
    return before


def deletions(r):
    return [x["url"].split("?")[0].rsplit("/", 1)[1].lower() for x in r.exchanges() if x["method"] == "DELETE" and "/sandbox/" not in x["url"] and 200 <= (x["status"] or 0) < 300]


def test_faults_a_kill_and_undoing_again():
    """Three nodes: connections break and requests are refused until the undo stops with the error that names the step; taken up again the core dies in the middle of
    it; taken up once more it comes to its end. Nothing was undone twice; an undone one is not undone again, and a registration afterwards is done."""
    with azl.Rehearsal(nodes=3) as r:
        before = failed(r)
        for spec in ("reset@DELETE */arcSettings/defaultx1", "500@POST /agent/disconnectx1", "503@DELETE */clusters/CLUSTER-Ax99"):
            r.fault(spec)
        p = undo(r, ok=1)
        azl.check("undoing: Create the cluster resource" in p.stderr and "ServiceUnavailable" in p.stderr, p.stderr)
        azl.check("Result                 : Failed" in p.stdout, p.stdout)
        azl.equal(newest(r)["state"], "failed", "the undo that was stopped")
        shown = {s["id"]: s for s in r.json("operations", "show", newest(r)["id"])["steps"]}
        azl.equal([shown[s]["state"] for s in ("arc-settings", "role", "agent", "cluster", "group")], ["undone", "undone", "undone", "failed", "done"], "steps")
        azl.check(shown["cluster"]["undo"] and not shown["provider-hci"].get("undo") and shown["provider-hci"]["noReturn"], "what can be undone")
        azl.check(deletions(r).count("default") == 1 and "cluster-a" not in deletions(r), deletions(r))
        r.sandbox("DELETE", "/sandbox/faults")
        r.fault("slow=1500@DELETE */resourcegroups/CLUSTER-A-rgx1")
        cut = r.start("operations", "undo", "--yes")
        azl.wait_for(lambda: "cluster-a" in deletions(r), 20, "the cluster resource's deletion")
        r.kill_core()
        cut.kill()
        cut.communicate()
        p = undo(r)
        azl.check("What this run had made was taken back, but for what these steps did: " in p.stdout and "Microsoft.HybridCompute" in p.stdout, p.stdout)
        azl.equal(p.stdout.split("but for what these steps did: ")[1].count("others may use it"), 1, f"the reason of what stays, once: {p.stdout}")
        products.taken_back(r, before, "after the kill", [x["startedAt"] for x in r.exchanges() if x["url"].split("?")[0].lower().endswith("cluster-a-rg")])
        azl.check("was taken back already" in undo(r, newest(r)["id"], ok=1).stderr, "undone twice")
        r.register()
        azl.check("azloconf unregister" in undo(r, ok=1).stderr, "one that is done")


def test_what_stands_in_the_way_of_an_undo():
    """A lock and a missing right are named; a group in which somebody put something stays, and is named; another tenant's sign-in is refused before
    anything is asked; with nobody to ask nothing is done."""
    with azl.Rehearsal() as r:
        before = failed(r)
        ready = r.ready()
        group = f"/subscriptions/{ready['subscription']}/resourceGroups/CLUSTER-A-rg"
        azl.check("--yes" in r.run("operations", "undo", ok=2).stderr, "nobody to ask")
        p = r.run("operations", "undo", "--what-if", ok=0)
        azl.check("Resource group CLUSTER-A-rg: only if nothing else is in it" in p.stdout and "Nothing was written." in p.stdout, p.stdout)
        azl.equal(deletions(r), [], "a look wrote")
        tenant = next(t["tenantId"] for t in r.world()["tenants"] if t["tenantId"] != ready["tenant"])
        r.run("sign-out", ok=0)
        r.sandbox("POST", "/sandbox/access", {"tenant": ready["tenant"], "signIn": 90072})
        r.run("sign-in", "--tenant-id", tenant, ok=0)
        p = undo(r, ok=1)
        azl.check(ready["tenant"] in p.stderr and tenant in p.stderr, p.stderr)
        azl.equal((deletions(r), newest(r)["state"]), ([], "failed"), "refused, not failed")
        r.sandbox("POST", "/sandbox/access", {"tenant": ready["tenant"], "signIn": 0})
        r.run("sign-out", ok=0)
        r.run("sign-in", ok=0)
        lock = group + "/providers/Microsoft.Authorization/locks/DoNotDelete"
        r.sandbox("POST", "/sandbox/resources", {"put": {"id": lock, "name": "DoNotDelete", "type": "Microsoft.Authorization/locks", "properties": {"level": "CanNotDelete"}}})
        p = undo(r, ok=1)
        azl.check("lock" in p.stderr.lower() and "undoing" in p.stderr, p.stderr)
        r.sandbox("POST", "/sandbox/resources", {"delete": lock})
        deny = {"name": "Keep", "actions": ["Microsoft.AzureStackHCI/clusters/delete"], "notActions": []}
        r.sandbox("POST", "/sandbox/rights", {"denyAssignments": [deny]})
        p = undo(r, ok=5)
        azl.check("Microsoft.AzureStackHCI/clusters/delete" in p.stderr, p.stderr)
        r.sandbox("POST", "/sandbox/rights", {"denyAssignments": []})
        vault = group + "/providers/Microsoft.KeyVault/vaults/theirs"
        r.sandbox("POST", "/sandbox/resources", {"put": {"id": vault, "name": "theirs", "type": "Microsoft.KeyVault/vaults", "location": "eastus"}})
        p = undo(r)
        azl.check("Create the resource group" in p.stdout.rsplit("but for what these steps did", 1)[1], p.stdout)
        left = sorted(set(products.held(r)["resources"]) - set(before[0]["resources"]))
        azl.equal(left, [group.lower(), vault.lower()], "what stays")


def test_what_is_not_undone_and_what_runs():
    """What a later operation stands on; what has no way back: it offers to go on; an operation that runs is stopped first."""
    with azl.Rehearsal() as r:
        before = failed(r)
        first = newest(r)["id"]
        r.register()
        p = undo(r, first, ok=1)
        azl.check("A later operation" in p.stderr and newest(r)["id"] in p.stderr, p.stderr)
        azl.equal(deletions(r), [], "refused")
        r.run("sync", "--yes", ok=0)
        azl.check("A sync has nothing to take back." in undo(r, newest(r)["id"], ok=1).stderr, "a sync that is done")
        r.fault("503@POST */syncx99")
        r.run("sync", "--yes", ok=1)
        r.sandbox("DELETE", "/sandbox/faults")
        azl.check("has no way back" in undo(r, newest(r)["id"], ok=1).stderr, "a sync that failed")
        r.fault("503@DELETE */clusters/CLUSTER-Ax99")
        r.run("unregister", "--resource-name", "CLUSTER-A", "--yes", ok=1)
        r.sandbox("DELETE", "/sandbox/faults")
        n = len(deletions(r))
        p = undo(r, ok=1)
        azl.check("can be taken back" in p.stderr and "azloconf operations resume" in p.stderr, p.stderr)
        azl.equal(r.json("operations", "undo", "--what-if", ok=None)["error"]["code"], 146, "what it would do")
        azl.equal((len(deletions(r)), newest(r)["state"]), (n, "failed"), "refused")
        r.run("operations", "resume", newest(r)["id"], ok=0)
        azl.equal(products.held(r), before[0], "unregistered after all")
        begun = len(r.exchanges())
        r.fault("slow=700@PUT */clusters/CLUSTER-Ax1")
        run = r.start(*r.register_args())
        azl.wait_for(lambda: newest(r)["state"] == "running", 20, "a run")
        azl.check("stopped first" in r.run("operations", "undo", "--what-if", ok=0).stdout, "it is said")
        undo(r)
        run.communicate(timeout=30)
        azl.check(run.returncode != 0, "who registered is told that it did not come about")
        products.taken_back(r, before, "one that ran", since=begun)


azl.main()
