#!/usr/bin/env python3
"""oav, a validator that others wrote, judges both sides of the exchanges of some rehearsals; and is judged itself: it must see what was spoiled.

`make check-contracts` judges the exchanges of all end-to-end tests in the same way.
"""
import copy
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402
import oav  # noqa: E402

GOOD = {}  # METHOD last-segments-of-the-path -> an exchange that passed


def cluster(x):
    return x["resBody"]["properties"]


# A name, the exchange of GOOD, and what spoils it. Requests are judged when azloconf sent them.
SPOILED = [
    ("reply: required property gone", "PUT clusters/CLUSTER-A", lambda x: x["resBody"].pop("location")),
    ("reply: text where a number is due", "PUT clusters/CLUSTER-A", lambda x: cluster(x).update(trialDaysRemaining="60")),
    ("reply: unknown property", "PUT clusters/CLUSTER-A", lambda x: cluster(x).update(colour="red")),
    ("reply: number where text is due", "GET clusters/CLUSTER-A", lambda x: cluster(x).update(cloudId=5)),
    ("reply: value out of a closed enum", "GET subscriptions", lambda x: x["resBody"]["value"][0].update(state="Fine")),
    ("reply: no date", "GET clusters/CLUSTER-A", lambda x: x["resBody"]["systemData"].update(createdAt="yesterday")),
    ("reply: unknown status", "PUT clusters/CLUSTER-A", lambda x: x.update(status=206)),
    ("reply: no body", "GET clusters/CLUSTER-A", lambda x: x.update(resBody=None)),
    ("reply: no JSON", "GET clusters/CLUSTER-A", lambda x: x["resHeaders"].update({"content-type": "text/html"})),
    ("reply: a property of a later version", "GET clusters/CLUSTER-A", lambda x: (
        x.update(url=x["url"].replace("2024-04-01", "2021-09-01")), cluster(x).update(connectivityStatus="Connected"))),
    ("reply: nextLink gone", "GET subscriptions", lambda x: x["resBody"].pop("nextLink")),
    ("reply: unknown member of an error", "GET clusters/CLUSTER-A 404", lambda x: x["resBody"].update(colour="red")),
    ("reply: list of the wrong type", "GET subscriptions", lambda x: x["resBody"].update(value={})),
    ("request: required property gone", "PUT clusters/CLUSTER-A", lambda x: x["reqBody"].pop("location")),
    ("request: wrong type", "PUT clusters/CLUSTER-A", lambda x: x["reqBody"].update(location=5)),
    ("request: unknown property", "PUT clusters/CLUSTER-A", lambda x: x["reqBody"].update(colour="red")),
    ("request: read-only property", "PUT clusters/CLUSTER-A", lambda x: x["reqBody"].update(properties={"cloudId": "x"})),
    ("request: no body", "PUT clusters/CLUSTER-A", lambda x: x.update(reqBody=None)),
    ("request: no role", "PUT roleAssignments/*", lambda x: x["reqBody"]["properties"].pop("roleDefinitionId")),
    ("request: no api-version", "PUT clusters/CLUSTER-A", lambda x: x.update(url=x["url"].split("?")[0])),
    ("request: an api-version without contract", "PUT clusters/CLUSTER-A", lambda x: x.update(url=x["url"].replace("2024-04-01", "2024-09-09"))),
    ("an address without contract", "GET clusters/CLUSTER-A", lambda x: x.update(url="https://127.0.0.1:1/nowhere?api-version=2024-04-01")),
    ("a method without contract", "GET clusters/CLUSTER-A", lambda x: x.update(method="POST")),
]


def runs():
    """(name, function): each fills a rehearsal's exchange log."""
    def registered(nodes, **kw):
        def run():
            with azl.Rehearsal(nodes=nodes, **kw) as r:
                r.prepare()
                r.register()
                r.register()
                r.run("sign-out", ok=0)
                return r.exchanges()
        return run

    def declined():
        with azl.Rehearsal(approve="manual", sandbox=["--fault", "declined@POST */oauth2/v2.0/token"]) as r:
            r.run("sign-in", ok=4)
            return r.exchanges()

    faults = [f"--fault={kind}" for kind in ("429:retry-after=1@PUT */clusters/CLUSTER-A", "500@PUT */resourcegroups/*",
                                             "reply-lost@PUT */arcSettings/default", "truncate@GET */providers/*", "reset@PUT */roleAssignments/*")]
    return [registered(1), registered(3, instant=False), registered(1, sandbox=faults), declined]


def remember(lines):
    for x in lines:
        path = x["url"].split("?")[0].split("/", 3)[3]
        key = "/".join(path.split("/")[-2:])
        if "/roleAssignments/" in path:
            key = "roleAssignments/*"
        GOOD.setdefault(f"{x['method']} {key}" + ("" if x["status"] < 300 else f" {x['status']}"), x)


def written(folder, name, exchanges):
    log = os.path.join(folder, name + ".jsonl")
    with open(log, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(x) + "\n" for x in exchanges)
    return log


def test_exchanges_of_rehearsals():
    why = oav.absent()
    if why:
        raise azl.Skip(why)
    logs = []

    def kept(n, run):
        exchanges = run()
        azl.check(exchanges, "an empty exchange log")
        logs.append(written(folder, f"run{n}", exchanges))
        remember(exchanges)

    with tempfile.TemporaryDirectory(prefix="azl-oav-") as folder:
        azl.side_by_side([lambda n=n, run=run: kept(n, run) for n, run in enumerate(runs())])
        status, lines = oav.judge(sorted(logs))
    print("        " + lines[-1])
    azl.equal(status, 0, "\n".join(lines))


def test_it_sees_what_is_spoiled():
    why = oav.absent()
    if why:
        raise azl.Skip(why)
    azl.check(GOOD, "no good exchanges: run the whole file")
    bad = []
    for name, key, spoil in SPOILED:
        azl.check(key in GOOD, f"{key} did not happen; there were {sorted(GOOD)}")
        x = copy.deepcopy(GOOD[key])
        spoil(x)
        bad.append(x)
    with tempfile.TemporaryDirectory(prefix="azl-oav-") as folder:
        whole = [GOOD[key] for key in sorted({key for _, key, _ in SPOILED})]
        status, lines = oav.judge([written(folder, "good", whole)])
        azl.equal(status, 0, "\n".join(lines))
        status, lines = oav.judge([written(folder, "bad", whole + bad)])
    azl.equal(status, 1, "\n".join(lines))
    seen = {int(line.split(":")[1]) for line in lines if line.startswith("bad.jsonl:")}
    missed = [name for n, (name, _, _) in enumerate(SPOILED, len(whole) + 1) if n not in seen]
    azl.equal(missed, [], "passed although spoiled:\n" + "\n".join(lines))
    azl.equal(sorted(seen), list(range(len(whole) + 1, len(whole) + len(bad) + 1)), "only the spoiled ones")
    print(f"        {len(bad)} spoiled exchanges, all seen")


azl.main()
