#!/usr/bin/env python3
"""How an unregistration runs: its order by the request log, its round trips, its events, --force and what it does not cover, the status afterwards."""
import os
import re

import azl
import products
import test_clock as clock
import test_unregister as leaving

EXTENSION = r"DELETE .*/extensions/(\w+)$"


def rehearsal(nodes=1, build=26100, **kw):
    return azl.Rehearsal(nodes=nodes, core=["--node-build", str(build), *kw.pop("core", ())], leap=True, **kw)


def requests(r, since=0):
    """METHOD and path of what was carried out for the run, in order; a look for a status left out."""
    return [f"{x['method']} {products.path_of(x)}" for x in r.exchanges()[since:]
            if x["method"] != "GET" and not re.search("/oauth2/|/sandbox/|devicelogin|login/", x["url"])]


def resource(r, name):
    return next(i for i in r.world()["resources"] if i.lower().endswith(name.lower()))


def stuck(r, name, how):
    i = resource(r, "/arcSettings/default") + "/extensions/" + name
    r.sandbox("POST", "/sandbox/resources", {"put": {"id": i, "type": "Microsoft.AzureStackHCI/clusters/arcSettings/extensions", "name": name,
                                                      "properties": {"managedBy": "User", "provisioningState": "Succeeded"}, "_delete": how}})
    return i


def mend(r, i):
    r.sandbox("POST", "/sandbox/resources", {"id": i, "set": {"_delete": ""}})


def force_covers_a_stuck_extension(build, how, forced=True):
    with rehearsal(1, build) as r:
        r.prepare()
        before = leaving.held(r)
        r.register(ok=0)
        i = stuck(r, "mine", how)
        since = len(r.exchanges())
        if how == "never":
            r.fault("429:retry-after=290@GET */operationStatuses/*x3")  # a quarter of an hour in four looks
        p = leaving.unregister(r, ok=1)
        azl.check("mine" in p.stderr, f"the extension is not named: {p.stderr}")
        azl.check(("9140" if build == 26100 else "9117") in p.stderr, p.stderr)
        left = [q for q in requests(r, since) if not re.match(EXTENSION, q) and "initializedisable" not in q.lower()]
        azl.equal(left, [], "more was written")
        azl.equal(r.status()["RegistrationStatus"], "Registered", "after the refusal")
        run = leaving.newest(r)["id"]
        if not forced:  # mended in Azure, the same run goes on
            mend(r, i)
            r.run("operations", "resume", run, ok=0)
        else:
            r.sandbox("DELETE", "/sandbox/faults")
            if how == "never":
                r.fault("429:retry-after=290@GET */operationStatuses/*x3")
            p = leaving.unregister(r, "--force", ok=0)
            azl.check("mine could not be deleted" in p.stdout, p.stdout)
        azl.equal(leaving.changed(before, leaving.held(r)), {}, "left")
        leaving.blank(r)


def force_covers_nothing_else(build, what, number):
    with rehearsal(1, build) as r:
        r.prepare()
        before = leaving.held(r)
        r.register(ok=0)
        i = resource(r, what)
        r.sandbox("POST", "/sandbox/resources", {"id": i, "set": {"_delete": "fails"}})
        p = leaving.unregister(r, "--force", ok=1)
        azl.check("azloconf: " in p.stderr, p.stderr)
        azl.equal(leaving.newest(r)["state"], "failed", what)
        azl.check(number in events(r), f"{what}: {events(r)}")
        if number in ("9118", "9149"):  # the nodes are not registered any more: it is gone on with
            azl.equal(r.status()["RegistrationStatus"], "NotYet", what)
            said = " ".join(r.run("status").stdout.split())
            azl.check("azloconf operations resume " + leaving.newest(r)["id"] in said and "Register this cluster" not in said, said)
        mend(r, i)
        r.run("operations", "resume", leaving.newest(r)["id"], ok=0)
        azl.equal(leaving.changed(before, leaving.held(r)), {}, what)


def test_force_covers_stuck_extensions_and_nothing_else():
    azl.side_by_side([lambda b=b, h=h, f=f: force_covers_a_stuck_extension(b, h, f) for b, h, f in
                      ((26100, "never", False), (26100, "never", True), (20349, "fails", True))] +
                     [lambda b=b, w=w, n=n: force_covers_nothing_else(b, w, n) for b, w, n in
                      ((26100, "/arcSettings/default", "9140"), (20349, "/clusters/CLUSTER-A", "9118"), (26100, "/clusters/CLUSTER-A", "9148"),
                       (26100, "/resourceGroups/CLUSTER-A-rg", "9149"))], 2)


def events(r, since=""):
    """Numbers of the log from the last such line on, each once, in order."""
    with open(os.path.join(r.state, "azloconfd.log"), encoding="utf-8") as f:
        log = f.read()
    return list(dict.fromkeys(re.findall(r"event (\d+):", log[log.rfind(since) if since else 0:])))


# what goes, in this order, on each path; "leave" is the agent's disconnect
ORDER = {26100: ["/extensions/mine", "/agent/disconnect", "/arcsettings/default", "/roleassignments/", "/clusters/cluster-a", "/resourcegroups/cluster-a-rg"],
         20349: ["initializedisableprocess", "/extensions/mine", "/agent/disconnect", "/arcsettings/default", "/roleassignments/", "/clusters/cluster-a",
                 "/resourcegroups/cluster-a-rg"],
         17784: ["/clusters/cluster-a", "/v1.0/applications/", "/resourcegroups/cluster-a-rg"]}
EVENTS = {26100: ["9005", "9009", "9146", "9147", "9007"], 20349: ["9005", "9009", "9008", "9007"], 17784: ["9005", "9009", "9007"]}


def test_an_application_that_may_not_be_deleted():
    """First generation: Graph refuses the application's deletion: event 9010, the cluster is unregistered, what is left is named with what to do."""
    with rehearsal(1, 17784) as r:
        r.prepare()
        before = leaving.held(r)
        r.register(ok=0)
        r.fault("403@DELETE /v1.0/applications/*x99")
        p = leaving.unregister(r)
        azl.equal(events(r, "event 9005:"), ["9005", "9009", "9010", "9007"], p.stdout)
        azl.check("left to do by hand: Delete the cluster's application in Microsoft Entra" in p.stdout, p.stdout)
        azl.check(p.stderr.startswith("azloconf: ") and "What to do: " in p.stderr, p.stderr)
        azl.equal([len(leaving.changed(before, leaving.held(r)).get(k, ((), ()))[1]) for k in ("applications", "resources")], [1, 0], "what is left")
        leaving.blank(r)
        azl.check('operations resume' in p.stdout and "What to do: " in p.stderr, f"{p.stdout}{p.stderr}")
        r.sandbox("DELETE", "/sandbox/faults")
        p = r.run("operations", "resume", ok=0)
        azl.equal(leaving.changed(before, leaving.held(r)).get("applications", ((), ()))[1], (), f"what is left after a resume: {p.stdout}")
        azl.check("is over: nothing is left to do" in r.run("operations", "resume", ok=None).stderr, "a third time")


def place_of(q, build):
    return next((i for i, end in enumerate(ORDER[build]) if q.lower().split(" ")[1].endswith(end) or (end.endswith("/") and end in q.lower())), None)


def in_order(build, nodes):
    with rehearsal(nodes, build) as r:
        r.prepare()
        for turn in range(2):  # there and back, and once more
            r.register(ok=0)
            if build != 17784:
                stuck(r, "mine", "")
            since = len(r.exchanges())
            leaving.unregister(r)
            asked = requests(r, since)
            places = [place_of(q, build) for q in asked]
            azl.check(None not in places, f"{build}: a request that no row expects: {[q for q, p in zip(asked, places) if p is None]}")
            azl.equal(places, sorted(places), f"{build}: order of {asked}")
            azl.equal(sorted(set(places)), list(range(len(ORDER[build]))), f"{build}: {asked}")
            azl.equal(sum("disconnect" in q for q in asked), nodes if build != 17784 else 0, "agents")
            azl.equal(events(r, "event 9005:"), EVENTS[build], f"{build}: events")
            leaving.blank(r)


def test_order_and_events_of_each_path():
    azl.side_by_side([lambda b=b, n=n: in_order(b, n) for b, n in ((26100, 3), (20349, 3), (17784, 1))], 2)


def rounds(nodes, build, limit):
    """Dependent round trips of an unregistration, the tenant's question and the looks for an operation's end with them; see products.few_rounds."""
    counts = []
    while len(counts) < 3 and (not counts or min(counts) > limit):
        with azl.Rehearsal(nodes=nodes, core=["--node-build", str(build)], sandbox=["--latency", str(100 * 3 ** len(counts))]) as r:
            r.prepare()
            r.register()
            before = len(r.exchanges())
            leaving.unregister(r)
            azure = [x for x in r.exchanges()[before:] if x["url"].startswith("https") and "/oauth2/v2.0/" not in x["url"]]
            counts.append(products.longest_chain(azure))
    print(f"        {nodes} nodes, {build}: {counts[-1]} dependent round trips")
    azl.check(min(counts) <= limit, f"{nodes} nodes, {build}: {counts} dependent round trips, at most {limit} are needed")


def test_sixteen_nodes_take_the_round_trips_of_one():
    """One more at most, as a registration: on a slow machine sixteen agents' disconnects outlast a round."""
    azl.side_by_side([lambda n=n, b=b, most=most: rounds(n, b, most) for n, b, most in ((1, 26100, 10), (16, 26100, 11), (16, 20349, 11))], 3)


def test_status_afterwards():
    """Inside 30 days of installation NotYet, then OutOfPolicy; what Azure told is blank. Registration ends that."""
    rate = 24 * clock.RATE
    day = clock.DAY / rate
    with products.rehearsal(core=[f"--clock-rate={rate}"]) as r:
        life = clock.Life(r)
        life.until(20 * day)
        leaving.unregister(r, ok=0)
        leaving.blank(r)
        life.until(31 * day)
        s = r.status()
        azl.equal((s["ClusterStatus"], s["RegistrationStatus"]), ("Clustered", "OutOfPolicy"), s)
        for field in ("AzureResourceName", "AzureResourceUri", "LastConnected", "ConnectionStatus", "NextSync", "Region"):
            azl.check(not s.get(field), f"{field} is {s.get(field)}")
        r.register(ok=0)
        azl.equal((r.status()["RegistrationStatus"], r.status()["ConnectionStatus"]), ("Registered", "Connected"), "registered again")


def test_every_fault_at_every_request():
    """One node by its identity, there and back for each kind of fault, which each request meets once; nothing is done twice."""
    ref = products.Reference(plan="unregister")

    def with_kinds(kinds):
        with rehearsal(instant=False) as r:
            r.prepare()
            before = leaving.held(r)
            for kind in kinds:
                r.register(ok=0)
                since = len(r.exchanges())
                for q in ref.run:
                    r.fault(products.placed(f"{kind}@{q}x1", r))
                p = leaving.unregister(r, ok=None)
                azl.equal(p.returncode, 0, f"{kind}: {p.stdout}{p.stderr}")
                products.met(r, [f"{kind}@{q}x1" for q in ref.run if "/operation" not in q.lower()], kind)
                r.sandbox("DELETE", "/sandbox/faults")
                azl.equal(leaving.changed(before, leaving.held(r)), {}, kind)
                leaving.blank(r)
                wrong = products.done_twice(r.exchanges()[since:])
                azl.check(not wrong, f"{kind}: " + "; ".join(wrong))

    azl.side_by_side([lambda k=k: with_kinds(k) for k in (products.KINDS[::2], products.KINDS[1::2])], 2)


def test_stops_resumes_and_kills():
    """A sample of the long product: a fault without end at some writes and looks, and a core that dies after some lines of the journal."""
    ref = products.Reference(plan="unregister")
    jobs = [lambda q=q, n=n: products.stops_and_resumes(products.KINDS[n % len(products.KINDS)], q, ref) for n, q in enumerate(ref.run) if n % 4 == 0]
    jobs += [lambda n=n: products.killed_after(n, ref) for n in range(3, ref.lines, 12)]
    azl.side_by_side(jobs, 3)


if __name__ == "__main__":
    azl.main()
