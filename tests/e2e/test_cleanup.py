#!/usr/bin/env python3
"""The clean-up: what was never unregistered is found by its evidence and deleted one by one; what is not proven stays, and nothing else is touched."""
import datetime
import glob
import os
import pty
import select
import time
import uuid

import azl
import products

NOW = datetime.datetime.now(datetime.timezone.utc)
TAG = {"CreatedBy": "4C02703C-F5D0-44B0-ADC3-4ED5C2839E61"}
HCI = "1322e676-dee7-41ee-a874-ac923822781c"
MANAGER = "f5819b54-e033-4d82-ac66-4fec3cbf3f4c"
TYPES = {"clusters": "Microsoft.AzureStackHCI/clusters", "arcSettings": "Microsoft.AzureStackHCI/clusters/arcSettings",
         "machines": "Microsoft.HybridCompute/machines", "group": "Microsoft.Resources/resourceGroups"}


def ago(days):
    return (NOW - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


class World:
    """What stands in the sandbox behind the client's back."""

    def __init__(self, r):
        self.r = r
        self.sub = f"/subscriptions/{r.ready()['subscription']}"

    def put(self, rid, kind, properties=None, **more):
        self.r.sandbox("POST", "/sandbox/resources", {"put": {"id": rid, "type": TYPES.get(kind, kind), "properties": properties or {}, **more}})
        return rid

    def set(self, rid, **values):
        self.r.sandbox("POST", "/sandbox/resources", {"id": rid, "set": values})

    def delete(self, rid):
        self.r.sandbox("POST", "/sandbox/resources", {"delete": rid})

    def group(self, name, tagged=True):
        return self.put(f"{self.sub}/resourceGroups/{name}", "group", {"provisioningState": "Succeeded"}, location="eastus", tags=TAG if tagged else {"owner": "x"})

    def cluster(self, group, name, synced=200, status="Disconnected", made=300, **more):
        properties = {"provisioningState": "Succeeded", "status": status, "connectivityStatus": status, "cloudId": "11111111-1111-1111-1111-111111111111", **more}
        if synced is not None:
            properties.update(lastSyncTimestamp=ago(synced), registrationTimestamp=ago(made))
        stamp = {"createdAt": ago(made), "lastModifiedAt": ago(made)} if made is not None else {}
        return self.put(f"{self.sub}/resourceGroups/{group}/providers/{TYPES['clusters']}/{name}", "clusters", properties, location="eastus", systemData=stamp, tags={})

    def settings(self, cluster, group):
        return self.put(f"{cluster}/arcSettings/default", "arcSettings", {"provisioningState": "Succeeded", "aggregateState": "Disconnected", "arcInstanceResourceGroup": group})

    def machine(self, group, name, parent, status="Disconnected", changed=90, kind="machines"):
        properties = {"status": status, "provisioningState": "Succeeded", "parentClusterResourceId": parent}
        if changed is not None:
            properties["lastStatusChange"] = ago(changed)
        return self.put(f"{self.sub}/resourceGroups/{group}/providers/{TYPES[kind]}/{name}", kind, properties, location="eastus")

    def application(self, name, made=400, hci=True, **more):
        app = {"displayName": name, "createdDateTime": ago(made)[:19] + "Z",
               "requiredResourceAccess": [{"resourceAppId": HCI, "resourceAccess": [{"id": "2344a320-6a09-4530-bed7-c90485b5e5e2", "type": "Role"}]}] if hci else [], **more}
        return self.r.sandbox("POST", "/sandbox/resources", {"application": app})["id"]

    def role(self, group, principal, days):
        rid = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        return self.put(rid, "Microsoft.Authorization/roleAssignments", {"scope": group, "principalId": principal, "createdOn": ago(days), "principalType": "ServicePrincipal",
                                                                        "roleDefinitionId": f"{self.sub}/providers/Microsoft.Authorization/roleDefinitions/{MANAGER}"})

    def lock(self, scope, level="CanNotDelete", name="guard"):
        return self.put(f"{scope}/providers/Microsoft.Authorization/locks/{name}", "Microsoft.Authorization/locks", {"level": level})

    def leftovers(self, name="OLD", group="OLD-rg"):
        """All that a cluster of one node leaves: its group, resource, Arc settings, machine, and the two applications."""
        g = self.group(group)
        c = self.cluster(group, name)
        self.settings(c, group)
        m = self.machine(group, name.lower() + "1", c)
        return g, c, m, self.application(name), self.application(name + ".arc", hci=False)


def rehearsal(nodes=1, **kw):
    return azl.Rehearsal(nodes=nodes, **kw)


def look(r, *more, ok=0):
    return r.json("cleanup", *more, ok=ok)


def offered(review):
    return {i["kind"] + " " + i["name"] for i in review["items"] if "kept" not in i}


def kept(review):
    return {i["kind"] + " " + i["name"]: i["kept"] for i in review["items"] if "kept" in i}


def held(r):
    world = r.world()
    return {"resources": sorted(k.lower() for k in world["resources"] if "/locations/" not in k.lower()), "applications": sorted(world["applications"])}


def gone(before, after):
    return {k: (sorted(set(before[k]) - set(after[k])), sorted(set(after[k]) - set(before[k]))) for k in before}


def cleanup(r, *names, ok=0, more=("--yes",)):
    return r.run("cleanup", *[x for n in names for x in ("--delete", n)], *more, ok=ok)


def newest(r):
    return r.json("operations")["runs"][0]


def deletions(r):
    return [x["url"].split("?")[0].split("/", 3)[3] for x in r.exchanges() if x["method"] == "DELETE"]


def test_all_kinds_found_and_deleted():
    """Of a cluster that was never unregistered everything is found, with evidence and age; it goes when named, and nothing else. The list is asked for in
    pages. What the service holds on a group without machines goes, too."""
    with rehearsal() as r:
        r.prepare()
        r.register(ok=0)
        w = World(r)
        before = held(r)
        rp = json_of(r, "resourceproviderobjectid")
        w.leftovers()
        w.cluster("OLD-rg", "NEVER", synced=None, status="NotYetRegistered")
        w.machine("OLD-rg", "lost1", f"{w.sub}/resourceGroups/gone-rg/providers/{TYPES['clusters']}/GONE", changed=60)
        w.group("EMPTY-rg")
        keep = w.group("PLAIN", tagged=False)
        w.role(keep, rp, 100)
        r.sandbox("POST", "/sandbox/resources", {"pageSize": 2})
        review = look(r)
        azl.equal(offered(review), {"cluster OLD", "arc-settings OLD/default", "cluster NEVER", "machine old1", "machine lost1", "application OLD", "application OLD.arc",
                                    "group OLD-rg", "group EMPTY-rg", "role Azure Connected Machine Resource Manager"}, "offered")
        azl.check("registered here" in kept(review)["group CLUSTER-A-rg"] and "registered here" in kept(review)["cluster CLUSTER-A"], kept(review))
        azl.check(any("skiptoken" in x["url"].lower() for x in r.exchanges()), "no second page")
        one = {i["name"]: i for i in review["items"]}
        for name, why, age in (("OLD", "not synced for more than 30 days; none of its machines is connected", "last synced"), ("NEVER", "never synced", "never synced"),
                               ("old1", "its cluster OLD is a leftover", "(90 d)"), ("lost1", "disconnected for more than 30 days; its cluster GONE is gone", "(60 d)"),
                               ("OLD.arc", "named after the cluster OLD", "(400 d)"), ("EMPTY-rg", "registration made it, and it is empty", "Azure does not say"),
                               ("OLD-rg", "leftovers alone", "Azure does not say")):
            i = one[name] if name != "OLD" else review["items"][[x["kind"] + x["name"] for x in review["items"]].index("clusterOLD")]
            azl.check(why in i["why"] and age in i["age"] and i["may"] and i["ends"], i)
        azl.check(one["NEVER"]["harmless"] == "harmless, not billed" and one["NEVER"]["billed"] is False and "billed" not in one["old1"], "billed")
        text = r.run("cleanup", ok=0).stdout
        azl.check(text.index("Leftovers") < text.index("NEVER (OLD-rg)") < text.index("This stays:") < text.index("CLUSTER-A"), text)
        ids = [i["id"] for i in review["items"] if "kept" not in i]
        n = len(deletions(r))
        azl.check("name of several things" in cleanup(r, "OLD", ok=2).stderr, "a name of two things")
        azl.check("leftover" in cleanup(r, "CLUSTER-B", ok=1).stderr and "registered here" in cleanup(r, "CLUSTER-A", ok=1).stderr, "refused")
        azl.check("--yes needs --delete" in r.run("cleanup", "--yes", ok=2).stderr and "nobody can be asked" in cleanup(r, "NEVER", ok=2, more=()).stderr, "usage")
        p = cleanup(r, *ids, more=("--what-if",))
        azl.check("This goes:" in p.stdout and "What ends with it:" in p.stdout and "Nothing was written." in p.stdout, p.stdout)
        azl.equal((len(deletions(r)), newest(r)["plan"]), (n, "register"), "a look or a refusal wrote")
        p = cleanup(r, *ids)
        azl.check("10 deleted, 0 gone already, 0 not deleted" in p.stdout, p.stdout)
        azl.equal(gone(before, held(r)), {"resources": ([], [keep.lower()]), "applications": ([], [])}, "left behind, or gone too much")
        order = [d.lower() for d in deletions(r)[n:]]
        at = [next(i for i, d in enumerate(order) if mark in d) for mark in ("/arcsettings/default", "/clusters/old", "/machines/", "/roleassignments/", "v1.0/applications")]
        azl.check(at == sorted(at) and "resourcegroups/" in order[-1] and "/providers/" not in order[-1] and len(order) == 10, order)
        azl.equal(offered(look(r)), set(), "looked again")


def typed(r, args, answers):
    """The program on a terminal; each question is answered. (exit code, all that it showed)"""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(azl.PROGRAM, [azl.PROGRAM, *args, *r.extra], r.env)
    seen, asked = b"", 0
    while True:
        if not select.select([fd], [], [], 30)[0]:
            raise azl.Failed(f"nothing more came after {seen!r}")
        try:
            part = os.read(fd, 4096)
        except OSError:
            part = b""
        if not part:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()
        seen += part
        if seen.count(b" to delete this: ") > asked:
            os.write(fd, answers[asked].encode() + b"\n")
            asked += 1


def test_each_name_is_typed():
    """One after another; a single one that is not typed as it is, and nothing goes. A subscription that is not the sign-in's is refused."""
    with rehearsal() as r:
        r.prepare()
        r.register(ok=0)
        w = World(r)
        one, two = w.group("ONE-rg"), w.group("TWO-rg")
        before, n = held(r), len(deletions(r))
        twins = [w.cluster(g.rsplit("/", 1)[1], "TWIN") for g in (one, two)]
        azl.check("TWIN (ONE-rg), TWIN (TWO-rg)" in cleanup(r, *twins, more=("--what-if",)).stdout, "which of two of one name")
        lines = " ".join(r.run("--plain", input="9\n4\n", ok=None).stdout.split())
        azl.check(all(f"cluster resource TWIN ({g}-rg), " in lines for g in ("ONE", "TWO")), lines)
        elsewhere = World(r)
        other = next(s for s in r.world()["subscriptions"] if s["displayName"] == "Contoso-Test-HCI")
        elsewhere.sub = "/subscriptions/" + other["subscriptionId"]
        twins += [elsewhere.group("ONE-rg"), elsewhere.cluster("ONE-rg", "TWIN")]
        prod, test = "TWIN (Contoso-Prod-HCI, ONE-rg)", "TWIN (Contoso-Test-HCI, ONE-rg)"
        said = r.json("cleanup", "--delete", twins[3], "--delete", twins[0], "--delete", twins[1], "--delete", twins[2], "--delete", one, "--what-if")
        azl.equal([x["ask"].split(": ", 1)[1] for x in said["confirm"]["each"]],
                  [f"cluster resource {test}", f"cluster resource {prod}", "cluster resource TWIN (TWO-rg)", "resource group ONE-rg (Contoso-Test-HCI)",
                   "resource group ONE-rg (Contoso-Prod-HCI)"], "what is asked for each of them")
        lines = " ".join(r.run("cleanup", ok=0).stdout.split())
        azl.check(f"cluster resource {prod}" in lines and f"cluster resource {test}" in lines, lines)
        for twin in reversed(twins):
            w.delete(twin)
        args = ["cleanup", "--delete", "ONE-rg", "--delete", two]
        code, seen = typed(r, args, ["one-RG", "two"])
        azl.check(code == 3 and "resource group ONE-rg" in seen and "nothing was done" in seen, f"{code}: {seen}")
        azl.equal((held(r), len(deletions(r))), (before, n), "something went")
        code, seen = typed(r, args, ["one-RG", "TWO-rg"])
        azl.equal((code, gone(before, held(r))["resources"]), (0, (sorted(x.lower() for x in (one, two)), [])), seen)
        for sub, word in (("99999999-1111-2222-3333-444444444444", "does not see that subscription"), ("hers", "no GUID")):
            azl.check(word in r.run("cleanup", "--subscription-id", sub, ok=None).stderr, word)
        azl.check(not any("Only a part" in s for s in look(r)["warn"]), "all were looked at")


def json_of(r, member):
    return next(v["properties"][k] for v in r.world()["resources"].values() for k in v.get("properties", {}) if k.lower() == member)


def test_what_is_no_leftover_is_never_offered():
    """Each that is recent, connected, not known, needed, locked, somebody else's or not seen whole stays, with its reason; and nobody gets it deleted by its id."""
    with rehearsal() as r:
        r.prepare()
        r.register(ok=0)
        w = World(r)
        gone_id = f"{w.sub}/resourceGroups/x/providers/{TYPES['clusters']}/GONE"
        w.group("live-rg")
        w.cluster("live-rg", "RECENT", synced=29)
        w.cluster("live-rg", "YOUNG", synced=None, status="NotYetRegistered", made=3)
        w.cluster("live-rg", "UNDATED", synced=None, status="NotYetRegistered", made=None)
        w.cluster("live-rg", "BUSY", provisioningState="Updating")
        w.machine("live-rg", "up1", w.cluster("live-rg", "WITNESS"), status="Connected")
        w.machine("live-rg", "short1", w.cluster("live-rg", "SHORT"), changed=10)
        w.machine("live-rg", "up2", gone_id, status="Connected")
        w.machine("live-rg", "short2", gone_id, changed=29)
        w.machine("live-rg", "undated2", gone_id, changed=None)
        w.machine("live-rg", "odd2", gone_id, status="Error")
        w.machine("live-rg", "node1", gone_id)
        w.machine("live-rg", "far2", gone_id.replace(w.sub, "/subscriptions/99999999-1111-2222-3333-444444444444"))
        w.machine("live-rg", "free2", "")
        w.machine("live-rg", "of-live", w.sub + f"/resourceGroups/live-rg/providers/{TYPES['clusters']}/RECENT")
        w.lock(w.cluster("live-rg", "LOCKED"))
        w.group("shut-rg")
        w.lock(w.sub + "/resourceGroups/shut-rg", level="ReadOnly")
        w.put(w.group("full-rg") + "/providers/Microsoft.Storage/storageAccounts/data", "Microsoft.Storage/storageAccounts", location="eastus")
        w.group("arc-rg")
        w.settings(w.sub + f"/resourceGroups/live-rg/providers/{TYPES['clusters']}/RECENT", "arc-rg")
        w.machine("dead-rg", "dead1", gone_id.replace("GONE", "DEAD"), changed=100)
        w.application("DEAD", made=5)
        w.application("DEAD.arc", hci=False, made=2)
        w.application("RECENT")
        w.application("website", hci=False)
        review, stays = look(r), kept(look(r))
        azl.equal(offered(review), {"machine dead1"}, "offered")
        for name, why in (("cluster RECENT", "within the last 30 days"), ("cluster YOUNG", "made or changed within the last 30 days"), ("cluster UNDATED", "does not say when"), ("cluster BUSY", "at work on it (Updating)"),
                          ("cluster WITNESS", "its machine up1 speaks for it: it is connected"), ("cluster SHORT", "its machine short1 speaks for it"),
                          ("cluster LOCKED", "a lock keeps it: guard (CanNotDelete)"), ("group shut-rg", "guard (ReadOnly)"), ("group full-rg", "other resources: data"),
                          ("group arc-rg", "the cluster RECENT needs it"), ("group live-rg", "needs it"), ("machine up2", "it is connected"), ("machine short2", "within the last 30 days"),
                          ("machine undated2", "not known (Disconnected)"), ("machine odd2", "not known (Error)"), ("machine node1", "node of this cluster"),
                          ("machine far2", "not looked at"), ("application DEAD", "within the last 30 days"), ("application DEAD.arc", "within the last 30 days")):
            azl.check(why in stays.get(name, ""), f"{name}: {stays.get(name)}")
        azl.check(not {"machine free2", "machine of-live", "application website", "application RECENT"} & set(stays), "not even a candidate")
        n = len(deletions(r))
        for i in review["items"]:
            if i["kind"] + " " + i["name"] in ("cluster RECENT", "cluster LOCKED", "machine up2", "group full-rg", "group CLUSTER-A-rg"):
                azl.check("stays: " in cleanup(r, i["id"], ok=1).stderr, i)
        azl.check("no leftover" in cleanup(r, w.sub + "/resourceGroups/PLAIN", ok=1).stderr, "an id that was not listed")
        azl.equal((len(deletions(r)), newest(r)["plan"]), (n, "register"), "a refusal wrote")


def test_rights_and_what_is_not_seen():
    """Who sees a part proves nothing and is told so; who may look but not delete is told which action is missing; without Graph applications stay."""
    with rehearsal() as r:
        r.prepare()
        w = World(r)
        w.leftovers()
        everything = offered(look(r))
        p = cleanup(r, w.sub + f"/resourceGroups/OLD-rg/providers/{TYPES['clusters']}/OLD", ok=1)
        azl.check("1 of 1 were not deleted. OLD: MissingSubscriptionRegistration" in p.stderr, p.stdout + p.stderr)
        azl.check({"cluster OLD", "machine old1", "application OLD", "group OLD-rg"} <= everything, everything)
        r.fault("403@GET /v1.0/applicationsx9")
        review = look(r)
        azl.check(not any("application" in x for x in offered(review)) and any("Microsoft Graph" in s for s in review["warn"]), review["warn"])
        r.sandbox("DELETE", "/sandbox/faults")
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": "anna@contoso.onmicrosoft.com", "role": "Reader"}]})
        review = look(r)
        one = next(i for i in review["items"] if i["kind"] == "cluster")
        azl.equal((one["may"], one["missing"], "kept" in one), (False, "Microsoft.AzureStackHCI/clusters/delete", False), one)
        azl.check("it lacks Microsoft.AzureStackHCI/clusters/delete" in cleanup(r, one["id"], ok=5).stderr, "refused")
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": "anna@contoso.onmicrosoft.com", "role": "Reader"},
                                                                  {"principal": "anna@contoso.onmicrosoft.com", "role": "Contributor", "scope": w.sub + "/resourceGroups/OLD-rg"}]})
        azl.check(all(i["may"] for i in look(r)["items"]), "a role of the group is enough to delete")
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": "anna@contoso.onmicrosoft.com", "role": "Contributor", "scope": w.sub + "/resourceGroups/OLD-rg"}]})
        review = look(r)
        azl.check(not offered(review) and any("sees a part only" in s for s in review["warn"]), (offered(review), review["warn"]))
        azl.check("does not see all machines" in kept(review)["cluster OLD"], kept(review))


def test_proven_again_faults_a_kill_and_going_on():
    """What changed between the look and its deletion stays, and the others go (exit 6); what fails is passed over; a core that dies is resumed to the end."""
    with rehearsal() as r:
        r.prepare()
        r.register(ok=0)
        w = World(r)
        before = held(r)
        g = w.group("OLD-rg")
        clusters = [w.cluster("OLD-rg", f"C{n}") for n in range(8)]
        machines = [w.machine("OLD-rg", f"m{n}", clusters[n]) for n in range(8)]
        ids = clusters + machines + [g]
        r.sandbox("POST", "/sandbox/resources", {"pageSize": 4})
        w.set(clusters[5], **{"_delete": "fails"})
        for spec in ("reply-lost@DELETE */clusters/C0x1", "503@DELETE */machines/m1x2", "429:retry-after=1@GET */clusters/C2x1"):
            r.fault(spec)
        r.fault("429:retry-after=1@DELETE */clusters/C1x1")
        p = r.start("cleanup", *[x for i in ids for x in ("--delete", i)], "--yes")
        azl.wait_for(lambda: any(d.endswith("/clusters/C1") for d in deletions(r)) or p.poll() is not None, 30, "C1's deletion")
        w.set(clusters[4], **{"properties.lastSyncTimestamp": ago(0), "properties.status": "ConnectedRecently", "properties.connectivityStatus": "Connected"})
        with r.leaping():
            out, err = p.communicate(timeout=90)[0], ""
        azl.equal(p.returncode, 6, out + err)
        azl.check("C4: it synced within the last 30 days" in out + err and "C5: " in out + err, out + err)
        left = gone(before, held(r))["resources"][1]
        azl.equal(left, sorted(x.lower() for x in (g, clusters[4], clusters[5], machines[4], machines[5])), "what stays")
        azl.check("its cluster is still there" in out + err, out + err)
        w.set(clusters[4], **{"properties.lastSyncTimestamp": ago(99), "properties.status": "Disconnected", "properties.connectivityStatus": "Disconnected"})
        w.set(clusters[5], **{"_delete": None})
        r.fault("429:retry-after=2@DELETE */clusters/C4x1")
        r.run("sign-in", ok=0)
        p = r.start("operations", "resume", newest(r)["id"])
        azl.wait_for(lambda: any(d.endswith("/clusters/C4") for d in deletions(r)) or p.poll() is not None, 30, "C4's deletion")
        azl.check(p.poll() is None, p.poll() is None or p.communicate()[0])
        killed = time.time() * 1000
        r.kill_core()
        with r.leaping():
            p.communicate(timeout=90)
        for _ in range(4):
            if newest(r)["state"] != "done":
                r.run("sign-in", ok=0)
                r.run("operations", "resume", newest(r)["id"])
        azl.equal((newest(r)["state"], gone(before, held(r))), ("done", {"resources": ([], []), "applications": ([], [])}), r.core_log())
        twice = [w for w in products.done_twice(r.exchanges(), [killed]) if "/clusters/c5" not in w.lower()]  # whose first deletion Azure broke off
        azl.equal(twice, [], "done twice")
        with open(sorted(glob.glob(os.path.join(r.state, "**", "*-cleanup.jsonl"), recursive=True))[-1], encoding="utf-8") as f:
            azl.check(f.read().count('"event":"open"') >= 2, "it was taken up again")


if __name__ == "__main__":
    azl.main()
