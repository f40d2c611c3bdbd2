#!/usr/bin/env python3
"""Unregistration: afterwards the sandbox holds what it held before registration, the status is blank; what contradicts is refused before anything goes."""
import glob
import json
import os
import socket
import subprocess

import azl
from test_reset import token_of

SERVICES = ("1322e676-dee7-41ee-a874-ac923822781c", "1412d89f-b8a8-4111-b4fd-e82905cbd85d")  # come with the providers
BUILDS = {"identity": 26100, "cluster identity": 20349, "application": 20348, "first generation": 17784}


def rehearsal(nodes=1, build=26100, **kw):
    return azl.Rehearsal(nodes=nodes, core=["--node-build", str(build)], **kw)


def held(r):
    """What Azure and the directory hold; times, providers and finished operations aside."""
    world = r.world()
    known = [k.lower() for k in world["resources"]] or [""]  # a managed identity is gone with its resource; the sandbox drops it when it is next asked
    out = {"resources": sorted(k.lower() for k in world["resources"] if "/locations/" not in k.lower())}
    for part in ("applications", "appRoleAssignments"):
        out[part] = sorted(world.get(part) or {})
    out["servicePrincipals"] = sorted(v["displayName"] + " " + v["appId"] for k, v in world["servicePrincipals"].items() if v["appId"] not in SERVICES and v.get("_of", known[0]).lower() in known)
    return out


def changed(before, after):
    return {k: (sorted(set(before[k]) - set(after[k])), sorted(set(after[k]) - set(before[k]))) for k in before if before[k] != after[k]}


def name_of(r):
    return r.status()["AzureResourceName"]


def unregister(r, *more, ok=0):
    return r.run("unregister", "--resource-name", "CLUSTER-A", "--yes", *more, ok=ok)


def steps(r):
    run = r.json("operations", "show", r.json("operations")["runs"][0]["id"])
    return {s["id"]: s["state"] for s in run["steps"]}


def writes(r):
    return [(x["method"], x["url"]) for x in r.exchanges() if x["method"] != "GET" and not any(w in x["url"] for w in ("/oauth2/", "/sandbox/", "/devicelogin", "/login"))]


def blank(r):
    s = r.status()
    azl.equal(s["RegistrationStatus"], "NotYet", "RegistrationStatus")
    for field in ("AzureResourceName", "AzureResourceUri", "LastConnected"):
        azl.check(not s.get(field), f"{field} is {s.get(field)}")


def there_and_back(nodes, build):
    with rehearsal(nodes, build) as r:
        r.prepare()
        before = held(r)
        r.register(ok=0)
        azl.check(before != held(r), "registration made nothing")
        p = unregister(r)
        azl.equal(changed(before, held(r)), {}, f"{nodes} nodes, {build}: left behind or gone too much\n{p.stdout}")
        blank(r)
        n = len(writes(r))
        azl.check("9115" in unregister(r, ok=1).stderr, "nothing is registered any more")
        azl.equal(len(writes(r)), n, "a second unregistration wrote")
        r.register(ok=0)
        azl.equal(r.status()["ConnectionStatus"], "Connected", "registered again")


def test_all_ways_there_and_back():
    """Both identity paths, Arc by the cluster's identity and by an application, and the first generation."""
    azl.side_by_side([lambda n=n, b=b: there_and_back(n, b) for n, b in
                      ((1, BUILDS["identity"]), (3, BUILDS["identity"]), (3, BUILDS["cluster identity"]), (1, BUILDS["application"]), (1, BUILDS["first generation"]))], 2)


def test_what_registration_did_not_make_stays():
    """A group without registration's tag, and a machine of which no journal says that registration connected it: shown as staying, and there
    afterwards. What contradicts the stored record, a name not given, no terminal: refused, and nothing was written."""
    with rehearsal(1) as r:
        r.prepare()
        before = held(r)
        r.register(ok=0)
        group = f"/subscriptions/{r.ready()['subscription']}/resourceGroups/CLUSTER-A-rg"
        r.sandbox("POST", "/sandbox/resources", {"id": group, "set": {"tags": {"owner": "somebody"}}})
        for path in glob.glob(os.path.join(r.state, "**", "*-register.jsonl"), recursive=True):
            os.remove(path)
        n = len(writes(r))
        p = r.run("unregister", "--what-if", ok=0)
        azl.check("registration did not make it" in p.stdout and "/clusters/CLUSTER-A" in p.stdout and "Nothing was written." in p.stdout, p.stdout)
        azl.check(p.stdout.index("This goes:") < p.stdout.index("This stays:") < p.stdout.index("Arc-connected machine node1"), p.stdout)
        azl.check("--yes and --resource-name" in r.run("unregister", ok=2).stderr, "asked without a terminal")
        azl.check("--yes needs --resource-name" in r.run("unregister", "--yes", ok=2).stderr, "--yes alone")
        for args, code in ((("--resource-name", "OTHER"), "9127"), (("--resource-name", "CLUSTER-A", "--resource-group-name", "x"), "9125"),
                           (("--resource-name", "CLUSTER-A", "--subscription-id", "11111111-2222-3333-4444-555555555555"), "9128")):
            azl.check(code in r.run("unregister", *args, "--yes", ok=1).stderr, code)
        azl.equal(len(writes(r)), n, "a refusal or a look wrote")
        unregister(r)
        machine = group + "/providers/Microsoft.HybridCompute/machines/node1"
        azl.equal(changed(before, held(r)), {"resources": ([], [group.lower(), machine.lower()])}, "what stays")
        azl.equal((steps(r)["group"], steps(r)["leave"]), ("skipped", "skipped"), "group and machine")


FAULTS = ("reply-lost@DELETE */arcSettings/defaultx1", "reply-lost@DELETE */roleAssignments/*x1", "503@GET */machinesx1",
          "500@GET */resourcegroups/CLUSTER-A-rgx1", "503@DELETE */clusters/CLUSTER-Ax99")


def newest(r):
    return r.json("operations")["runs"][0]


def settings_gone(r):
    return sum(m == "DELETE" and "/arcsettings/default" in u.lower() for m, u in writes(r))


def go_on(r):
    """Signs in and resumes until the newest run is at its end."""
    for _ in range(4):
        if newest(r)["state"] == "done":
            return
        r.run("sign-in", ok=0)
        r.run("operations", "resume", newest(r)["id"])
    azl.equal(newest(r)["state"], "done", r.core_log())


def test_faults_a_kill_and_going_on():
    """By certificates, three nodes: answers are lost and refused until it stops; then the core dies when half is gone. What is left is what was there."""
    with rehearsal(3, BUILDS["cluster identity"]) as r:
        r.prepare()
        before = held(r)
        r.register(ok=0)
        for spec in FAULTS:
            r.fault(spec)
        p = unregister(r, ok=None)
        azl.check(p.returncode == 1 and "ServiceUnavailable" in p.stderr, f"what does not end did not stop it: {p.stdout}{p.stderr}")
        azl.check(all(f["taken"] for f in r.sandbox("GET", "/sandbox/faults")["faults"][:3]), "a fault was not met")
        r.sandbox("DELETE", "/sandbox/faults")
        p = r.run("unregister", "--what-if", ok=1)  # the nodes have forgotten it
        azl.check(newest(r)["id"] in p.stderr and "azloconf operations resume" in p.stderr, p.stderr)
        azl.check("Delete the cluster resource: " in r.run("operations", "undo", "--what-if", ok=1).stdout, "a name that is empty")
        r.run("operations", "resume", ok=0)  # as these sentences say it: the newest
        azl.equal(changed(before, held(r)), {}, "after the faults")
        azl.check("is over" in r.run("operations", "resume", ok=1).stderr, "nothing is left to do")
        blank(r)
        r.register(ok=0)
        gone = settings_gone(r)
        p = r.start("unregister", "--resource-name", "CLUSTER-A", "--yes")
        azl.wait_for(lambda: settings_gone(r) > gone, 30, "the Arc settings' deletion")
        r.kill_core()
        with open(sorted(glob.glob(os.path.join(r.state, "**", "*-unregister.jsonl"), recursive=True))[-1], encoding="utf-8") as f:
            journal = f.read()
        azl.check('"event":"open"' in journal and '"event":"done"' not in journal, "it was killed in the middle")
        p.communicate(timeout=90)
        go_on(r)
        azl.equal(changed(before, held(r)), {}, "after the kill")
        blank(r)


def connected_anew(r, node, group, name):
    """The operator disconnects the node's agent and connects it to a group of their own."""
    ready, config = r.ready(), os.path.join(r.top, "connect.json")
    agent = next(n for n in ready["nodes"] if n["name"] == node)["azcmagent"]
    with open(config, "w", encoding="utf-8") as out:
        json.dump({"access-token": token_of(r)}, out)
    place = ("-s", ready["subscription"], "-g", group, "-l", "eastus", "-t", ready["tenant"], "-n", name, "--cloud", "azlosandbox")
    for words in (("disconnect",), ("connect", *place)):
        subprocess.run([agent, *words, "--config", config], check=True, stdout=subprocess.DEVNULL)
    os.remove(config)


def put(r, rid, of, **more):
    r.sandbox("POST", "/sandbox/resources", {"put": {"id": rid, "type": of, "name": rid.rsplit("/", 1)[1], "location": "eastus", "properties": {}, **more}})


def mine_stays(build, group, name):
    with rehearsal(1, build) as r:
        r.prepare()
        r.register(ok=0)
        mine = f"/subscriptions/{r.ready()['subscription']}/resourceGroups/{group}"
        if group == "mine-rg":
            put(r, mine, "Microsoft.Resources/resourceGroups")
        connected_anew(r, "node1", group, name)
        mine += f"/providers/Microsoft.HybridCompute/machines/{name}"
        put(r, mine + "/providers/Microsoft.Authorization/locks/keep", "Microsoft.Authorization/locks", properties={"level": "CanNotDelete"})
        before = held(r)
        azl.check(mine.lower() in before["resources"], "the operator's machine")
        will = {(w["what"], w["name"]): (w["how"], w["why"]) for w in r.json("unregister", "--what-if")["will"]}
        azl.equal(will[("Arc-connected machine", name)], ("keep", "registration did not connect it"), "the review")
        p = unregister(r)
        azl.check(f"What stays: Arc-connected machine {name} (registration did not connect it)" in p.stdout, p.stdout)
        azl.check(mine.lower() in held(r)["resources"], f"{build}, {group}: the operator's machine is gone")
        blank(r)


def test_a_machine_that_its_operator_connected_anew_stays():
    """The journal says that registration connected this node, but it stands elsewhere, or under another name, since."""
    azl.side_by_side([lambda c=c: mine_stays(*c) for c in ((BUILDS["identity"], "mine-rg", "node1"), (BUILDS["identity"], "CLUSTER-A-rg", "mine"),
                                                           (BUILDS["cluster identity"], "mine-rg", "node1"))], 2)


def theirs_after_an_unregistration():
    """Registration connected the node once and took it out again; now its operator did, and the cluster brings it to Arc as it finds it."""
    with rehearsal(1, BUILDS["cluster identity"]) as r:
        r.prepare()
        r.register(ok=0)
        unregister(r)
        put(r, f"/subscriptions/{r.ready()['subscription']}/resourceGroups/CLUSTER-A-rg", "Microsoft.Resources/resourceGroups")
        connected_anew(r, "node1", "CLUSTER-A-rg", "node1")
        before = held(r)["resources"]
        r.register(ok=0)
        unregister(r)
        azl.equal(held(r)["resources"], before, "the operator's machine")


def ours_after_a_failure():
    """A registration that broke off connected the node; the next one goes by another name, and finds it there."""
    with rehearsal(1) as r:
        r.prepare()
        before = held(r)
        r.fault("500@PUT */clusters/FIRSTx99")
        r.run(*r.register_args(), "--resource-name", "FIRST", "--resource-group-name", "one-rg", ok=1)
        r.sandbox("DELETE", "/sandbox/faults")
        r.run(*r.register_args(), "--resource-name", "SECOND", "--resource-group-name", "one-rg", ok=0)
        p = r.run("unregister", "--resource-name", "SECOND", "--yes", ok=0)
        azl.equal(changed(before, held(r)), {}, f"left behind\n{p.stdout}")


def test_whose_machine_it_is_the_journals_say():
    azl.side_by_side([theirs_after_an_unregistration, ours_after_a_failure], 2)


def intent(r, name, args):
    """What a console sends, at once: the core may not have read anew what the nodes store."""
    path = next(os.path.join(d, f) for d, _, files in os.walk(r.run_dir) for f in files if f.endswith(".sock"))
    with socket.socket(socket.AF_UNIX) as s, r.leaping():
        s.settimeout(20)
        s.connect(path)
        for line in ({"hello": {"protocol": 1, "program": "azloconf", "version": "1"}}, {"intent": {"id": 1, "name": name, "args": args}}):
            s.sendall(json.dumps(line).encode() + b"\n")
        with s.makefile(encoding="utf-8") as lines:
            return next(a for a in (json.loads(line).get("answer") for line in lines) if a)


def test_named_at_once_after_a_registration():
    """Named by a console before the core knows of the registration: the same goes as a moment later."""
    with rehearsal(2) as r:
        r.prepare()
        before = held(r)
        r.register(ok=0)
        answer = intent(r, "unregister", {"confirm": "CLUSTER-A", "resourceName": "CLUSTER-A", "subscriptionId": r.ready()["subscription"]})
        azl.check("result" in answer, answer)
        with r.leaping():
            azl.wait_for(lambda: newest(r)["state"] in ("done", "failed"), 60, "the end of the unregistration")
        azl.equal((newest(r)["plan"], newest(r)["state"], changed(before, held(r))), ("unregister", "done", {}), "left behind or gone too much")


if __name__ == "__main__":
    azl.main()
