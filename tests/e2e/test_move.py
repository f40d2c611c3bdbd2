#!/usr/bin/env python3
"""A move: unregistration and registration as one operation. Afterwards the sandbox holds what a fresh registration with the new values makes, and
nothing of the old; what would stop the second part stops the whole before anything is written; killed or failed in between, it goes on."""
import glob
import json
import os
import re

import azl
import products
from test_unregister import BUILDS, held, rehearsal, writes

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
WEST = ("--region", "westeurope", "--resource-name", "NEW", "--resource-group-name", "new-rg")


def other_place(r, state="Enabled"):
    """A subscription of another tenant, and one of the same."""
    world, home = r.world(), r.ready()
    subs = [s for s in world["subscriptions"] if s["state"] == state and s["subscriptionId"] != home["subscription"]]
    return (next((s for s in subs if s["tenantId"] != home["tenant"]), None), next((s for s in subs if s["tenantId"] == home["tenant"]), None))


def move(r, *args, ok=0):
    return r.run("move", "--old-resource-name", "CLUSTER-A", "--yes", *args, ok=ok)


def newest(r):
    return r.json("operations")["runs"][0]


def shape(r):
    """What is held, with regions and tags; ids that are drawn by lot are numbered away."""
    out = held(r)
    world = r.world()
    out["resources"] = sorted((re.sub(GUID, "#", k.lower()), str(v.get("location")), json.dumps(v.get("tags"), sort_keys=True)) for k, v in world["resources"].items() if "/locations/" not in k.lower())
    for part in ("applications", "appRoleAssignments"):
        out[part] = len(out[part])
    out["servicePrincipals"] = sorted(re.sub(GUID, "#", s) for s in out["servicePrincipals"])
    return out


def status_of(r):
    s = r.status()
    return s["RegistrationStatus"], s["ConnectionStatus"], s["Region"], s["AzureResourceUri"]


def is_there(r, region, sub, group, name):
    azl.equal(status_of(r), ("Registered", "Connected", region, f"/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.AzureStackHCI/clusters/{name}"))


def nothing_twice(r, since, kills=()):
    wrong = products.done_twice(r.exchanges()[since:], kills)
    azl.check(not wrong, "; ".join(wrong))


def fresh(nodes, build, args):
    """The world of a registration with these values, without anything before."""
    with rehearsal(nodes, build) as r:
        r.prepare()
        words = r.register_args()[1:-1] + args(r)
        tags = [w for i in range(0, len(words), 2) for w in words[i:i + 2] if words[i] == "--tag"]
        values = {words[i]: words[i + 1] for i in range(0, len(words), 2) if words[i] != "--tag"}
        values.setdefault("--resource-group-name", "CLUSTER-A-rg")  # a move leaves it as it was
        r.run("register", *tags, *[w for pair in values.items() for w in pair], "--yes", ok=0)
        return shape(r)


def there(nodes, build, args, want):
    with rehearsal(nodes, build) as r:
        r.prepare()
        r.register(ok=0)
        given, n, w = args(r), len(r.exchanges()), len(writes(r))
        said = r.json("move", *given, "--what-if")
        azl.check(not said.get("error") and said["confirm"]["word"] == "CLUSTER-A" and said["plan"] == "move", json.dumps(said))
        azl.equal(len(writes(r)), w, "a look wrote")
        region, sub, group, name = want(r)
        anew = build != BUILDS["first generation"] and (sub, group) == (r.ready()["subscription"], "CLUSTER-A-rg")
        azl.check(not anew or any(f"{group} is deleted and made anew" in x for x in said["warn"]), json.dumps(said["warn"]))
        p = move(r, *given)
        is_there(r, region, sub, group, name)
        nothing_twice(r, n)
        old = f"/subscriptions/{r.ready()['subscription']}/resourcegroups/cluster-a-rg/"
        azl.check(region == "eastus" or not [k for k in r.world()["resources"] if k.lower().startswith(old) and r.world()["resources"][k].get("location") == "eastus"], "something of the old is left")
        runs = r.json("operations")["runs"]
        azl.equal([(x["plan"], x["whole"], x["part"], x["state"]) for x in runs[:2]], [("register", "move", 2, "done"), ("unregister", "move", 1, "done")])
        azl.equal((runs[0]["before"], runs[1]["next"]), (runs[1]["id"], runs[0]["id"]), "both are named")
        azl.check(p.stdout.index("Part 1 of 2: Unregister") < p.stdout.index("Part 2 of 2: Register") < p.stdout.index("The cluster was moved"), p.stdout)
        show = r.run("operations", "show", runs[1]["id"]).stdout
        azl.check(runs[0]["id"] in show and "Part 1 of 2" in show, show)
        azl.equal(r.json("operations", "show", runs[0]["id"])["output"]["Result"], "Success")
        azl.equal(shape(r), fresh(nodes, build, lambda f: given_for(f, r, given)), f"{nodes} nodes, {build}: not as a fresh registration")


def given_for(f, r, given):
    """The same values for another sandbox, whose subscriptions have other ids."""
    mine = {s["displayName"]: s for s in f.world()["subscriptions"]}
    ids = {}
    for s in r.world()["subscriptions"]:
        ids[s["subscriptionId"]] = mine[s["displayName"]]["subscriptionId"]
        ids[s["tenantId"]] = mine[s["displayName"]]["tenantId"]
    return [ids.get(g, g) for g in given]


def test_moved_is_as_registered_afresh():
    """Region alone (name and group stay), all of name, group, region and subscription, a group for the machines with tags, another tenant;
    on both identity paths and the first generation."""
    home = lambda r: r.ready()["subscription"]
    warned = lambda r: other_place(r, "Warned")[1]["subscriptionId"]  # of the same tenant
    cases = [
        (1, "identity", lambda r: ["--subscription-id", warned(r), *WEST], lambda r: ("westeurope", warned(r), "new-rg", "NEW")),
        (3, "cluster identity", lambda r: ["--region", "westeurope"], lambda r: ("westeurope", home(r), "CLUSTER-A-rg", "CLUSTER-A")),
        (1, "application", lambda r: ["--arc-server-resource-group-name", "arc-rg", "--tag", "a=b", "--tag", "c=d", "--resource-group-tags", "e=f"],
         lambda r: ("eastus", home(r), "CLUSTER-A-rg", "CLUSTER-A")),
        (1, "first generation", lambda r: ["--resource-name", "NEW"], lambda r: ("eastus", home(r), "CLUSTER-A-rg", "NEW")),
        (1, "identity", lambda r: ["--subscription-id", other_place(r)[0]["subscriptionId"], "--tenant-id", other_place(r)[0]["tenantId"]],
         lambda r: ("eastus", other_place(r)[0]["subscriptionId"], "CLUSTER-A-rg", "CLUSTER-A")),
    ]
    azl.side_by_side([lambda c=c: there(c[0], BUILDS[c[1]], c[2], c[3]) for c in cases], 2)


def put(r, id, **body):
    parts = id.split("/")
    kind = f"{parts[-3]}/{parts[-2]}" if "providers" in parts else "Microsoft.Resources/resourceGroups"
    r.sandbox("POST", "/sandbox/resources", {"put": dict(body, id=id, name=parts[-1], type=kind)})


def gone(r, id):
    r.sandbox("POST", "/sandbox/resources", {"delete": id})


def test_what_would_stop_it_stops_it_before_anything_goes():
    """Each refusal names what stands in the way; the cluster stays registered and nothing is written."""
    with rehearsal(1) as r:
        r.cluster()
        other = other_place(r)[0]
        r.sandbox("POST", "/sandbox/access", {"tenant": other["tenantId"], "signIn": 90072})
        r.run("sign-in", ok=0)
        azl.check("not registered" in move(r, *WEST, ok=1).stderr, "nothing to move")
        r.register(ok=0)
        sub = r.ready()["subscription"]
        new = f"/subscriptions/{sub}/resourceGroups/new-rg"
        n, before = len(writes(r)), status_of(r)

        def refused(words, *args, ok=1):
            p = move(r, *args, ok=ok)
            azl.check(all(w in p.stderr for w in words), f"{args}: {words} not in {p.stderr}")
            azl.equal(len(writes(r)), n, f"{args}: written")
            azl.equal([x["plan"] for x in r.json("operations")["runs"]], ["register"], f"{args}: a run was begun")

        refused(["nothing would move", "azloconf repair"])
        refused(["nothing would move"], "--region", "East US", "--tag", "a=b")
        refused(["9108", "West Europe"], "--region", "westeurop")
        azl.check("--yes needs --old-resource-name" in r.run("move", "--yes", *WEST, ok=2).stderr, "--yes alone")
        azl.check("the name is CLUSTER-A" in r.run("move", "--yes", "--old-resource-name", "NEW", *WEST, ok=1).stderr, "the wrong name")
        refused(["subscription"], "--subscription-id", "11111111-2222-3333-4444-555555555555", ok=None)
        disabled = other_place(r, "Disabled")
        for s in [s for s in disabled if s]:
            refused(["Disabled"], "--subscription-id", s["subscriptionId"], "--tenant-id", s["tenantId"], ok=None)
        refused(["AADSTS90072"], "--subscription-id", other["subscriptionId"], "--tenant-id", other["tenantId"], ok=4)
        r.sandbox("POST", "/sandbox/access", {"tenant": other["tenantId"], "signIn": 0})
        put(r, new, location="westeurope", properties={"provisioningState": "Succeeded"})
        theirs = f"{new}/providers/Microsoft.AzureStackHCI/clusters/NEW"
        put(r, theirs, location="westeurope", properties={"provisioningState": "Succeeded", "status": "NotYetRegistered", "cloudId": "33333333-2222-3333-4444-555555555555"})
        refused(["There is a cluster resource NEW", "checking the new registration"], *WEST)
        said = r.json("move", *WEST, "--what-if", ok=1)
        azl.check("NEW" in said["error"]["message"] and [w for w in said["will"] if w["how"] == "delete"], "the review is shown all the same")
        gone(r, theirs)
        machine = f"{new}/providers/Microsoft.HybridCompute/machines/node1"
        put(r, machine, location="westeurope", properties={"parentClusterResourceId": theirs.replace("NEW", "THEIRS")})
        refused(["9105", "THEIRS"], *WEST)
        gone(r, machine)
        for scope in (new, f"/subscriptions/{sub}"):
            lock = f"{scope}/providers/Microsoft.Authorization/locks/look"
            put(r, lock, properties={"level": "ReadOnly"})
            refused(["ock", "look"], *WEST, ok=None)
            gone(r, lock)
        lock = f"/subscriptions/{sub}/resourceGroups/CLUSTER-A-rg/providers/Microsoft.Authorization/locks/keep"
        put(r, lock, properties={"level": "CanNotDelete"})
        refused(["ock", "keep"], *WEST)
        gone(r, lock)
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": "anna@contoso.onmicrosoft.com", "role": role, "scope": f"/subscriptions/{s}"}
                                                                  for role, s in (("Owner", sub), ("Reader", other["subscriptionId"]))]})
        refused(["checking the new registration", "register/action", "clusters/write"], "--subscription-id", other["subscriptionId"], "--tenant-id", other["tenantId"], ok=5)
        azl.equal(status_of(r), before, "status")
        # a machine that registration did not connect stays where it is: it cannot follow into another group
        for path in glob.glob(os.path.join(r.state, "**", "*-register.jsonl"), recursive=True):
            os.remove(path)
        p = move(r, *WEST, ok=1)
        azl.check("connected elsewhere" in p.stderr and len(writes(r)) == n, p.stderr)


def journal(r, plan):
    with open(sorted(glob.glob(os.path.join(r.state, "**", f"*-{plan}.jsonl"), recursive=True))[-1], encoding="utf-8") as f:
        return len(f.read().splitlines())


def lines_of_a_move(nodes, build):
    with rehearsal(nodes, build) as r:
        r.prepare()
        r.register(ok=0)
        move(r, *WEST)
        return journal(r, "unregister"), journal(r, "register")


def killed(nodes, build, line):
    with rehearsal(nodes, build) as r:
        r.prepare()
        r.register(ok=0)
        r.kill_core()
        once = os.path.join(r.top, "killed")
        azl.preloaded(r.env, products.killpoint())
        r.env.update(AZL_KILL_AFTER=str(line), AZL_KILL_ONCE=once)
        r.run("sign-in", ok=0)
        n = len(r.exchanges())
        p = move(r, *WEST, ok=None)
        azl.equal(len(products.kills_in(once)), 1, f"line {line}: kills")
        for _ in range(3):
            if newest(r)["state"] == "done" and newest(r)["plan"] == "register":
                break
            r.run("sign-in", ok=0)
            r.run("operations", "resume", newest(r)["id"])
        is_there(r, "westeurope", r.ready()["subscription"], "new-rg", "NEW")
        azl.equal([(x["plan"], x["state"]) for x in r.json("operations")["runs"]], [("register", "done"), ("unregister", "done"), ("register", "done")], f"line {line}: {p.stdout}{p.stderr}")
        nothing_twice(r, n, products.kills_in(once))


def test_killed_around_the_joint():
    """The core dies after the last line of the first part, the first of the second and those beside them, and once in the middle of each."""
    one, two = lines_of_a_move(1, BUILDS["identity"])
    azl.side_by_side([lambda k=k: killed(1, BUILDS["identity"], k) for k in (one // 2, one - 1, one, one + 1, one + 2, one + 3, one + two // 2)], 2)


def test_faults_in_both_parts():
    """What fails for good stops the whole: the status says so, the error what was chosen and how it goes on; by the first part's name it does."""
    with rehearsal(3, BUILDS["cluster identity"]) as r:
        r.prepare()
        r.register(ok=0)
        n, first = len(r.exchanges()), None
        for spec in ("503@DELETE */clusters/CLUSTER-Ax99", "403@PUT */clusters/NEWx99", "reply-lost@PUT */resourcegroups/new-rgx1", "500@PUT */arcSettings/defaultx1"):
            r.fault(spec)
        p = move(r, *WEST, ok=1)
        first = newest(r)["id"]
        azl.equal((newest(r)["plan"], newest(r)["part"], newest(r)["state"]), ("unregister", 1, "failed"), p.stderr)
        r.sandbox("DELETE", "/sandbox/faults")
        r.fault("403@PUT */clusters/NEWx99")
        p = r.run("operations", "resume", first, ok=5)
        for w in ("not registered now", "NEW in the resource group new-rg, region westeurope", "operations resume " + newest(r)["id"], "gives up"):
            azl.check(w in p.stderr, f"{w} is not in {p.stderr}")
        azl.check("Part 2 of 2" in p.stdout, p.stdout)
        azl.equal((newest(r)["plan"], newest(r)["part"], newest(r)["state"]), ("register", 2, "failed"))
        s = r.run("status", ok=0).stdout
        azl.check("NotYet" in s and "being moved" in s, s)
        r.sandbox("DELETE", "/sandbox/faults")
        azl.check("the old registration does not come back" in r.run("operations", "undo", "--what-if", ok=0).stdout, "what an undo leaves")
        r.run("operations", "resume", first, ok=0)  # by either name
        for part in (first, newest(r)["id"]):
            azl.check("azloconf move goes back" in r.run("operations", "undo", part, "--yes", ok=1).stderr, "done")
        is_there(r, "westeurope", r.ready()["subscription"], "new-rg", "NEW")
        azl.check("being moved" not in r.run("status", ok=0).stdout, "it is over")
        nothing_twice(r, n)


def test_the_secret_of_the_second_part():
    """It goes over from the first part in memory, and is given again to a move that goes on; no file has it."""
    with rehearsal(1, BUILDS["application"]) as r:
        r.prepare()
        r.register(ok=0)
        one = next(x for x in r.ready()["principals"] if x["name"] == "sandbox-secret")
        own, file = ["--arc-spn-app-id", one["clientId"]], ["--arc-spn-secret-file", one["secretFile"]]
        n = len(writes(r))
        p = move(r, *WEST, *own, ok=None)
        azl.check(p.returncode in (1, 2) and len(writes(r)) == n, f"without its secret: {p.returncode} {p.stderr}")
        r.fault("503@DELETE */clusters/CLUSTER-Ax99")
        move(r, *WEST, *own, *file, ok=1)
        first = newest(r)["id"]
        azl.equal(r.json("operations", "show", first)["secretFor"], one["clientId"], "asked for when the first part goes on")
        r.sandbox("DELETE", "/sandbox/faults")
        r.fault("400@POST */agent/connectx99")
        r.run("operations", "resume", first, *file, ok=None)
        azl.equal((newest(r)["part"], newest(r)["state"]), (2, "failed"), r.core_log())
        azl.check([x for x in r.exchanges() if x["url"].endswith("/agent/connect") and x["status"] == 400], "the secret had not come over")
        r.sandbox("DELETE", "/sandbox/faults")
        r.kill_core()
        r.run("sign-in", ok=0)
        p = r.run("operations", "resume", first, ok=None)
        azl.check(p.returncode != 0 and "--arc-spn-secret-file" in p.stderr, f"without its secret: {p.stdout}{p.stderr}")
        r.run("operations", "resume", first, *file, ok=0)
        is_there(r, "westeurope", r.ready()["subscription"], "new-rg", "NEW")
        with open(one["secretFile"], "rb") as f:
            secret = f.read().strip()
        for path in glob.glob(os.path.join(r.state, "**"), recursive=True):
            if os.path.isfile(path) and path != one["secretFile"]:
                with open(path, "rb") as f:
                    azl.check(secret not in f.read(), f"the secret is in {path}")


if __name__ == "__main__":
    azl.main()
