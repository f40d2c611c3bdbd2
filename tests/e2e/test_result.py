#!/usr/bin/env python3
"""What a registration returns (Result, AzureResourceId, ...) and its numbered events in journal and log: the names and
numbers of the Windows module, with true values."""
import glob
import json
import os
import re

import azl

USER = "anna@contoso.onmicrosoft.com"


def journal(r):
    """The newest journal's lines."""
    with open(sorted(glob.glob(os.path.join(r.state, "**", "*-register.jsonl"), recursive=True))[-1]) as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


def numbers(lines):
    return [x["eventId"] for x in lines if "eventId" in x]


def logged(r):
    """(number, level, text) of each numbered event of the log file, in their order; parameters may take several lines."""
    with open(os.path.join(r.state, "azloconfd.log"), encoding="utf-8") as f:
        out = [(int(m[2]), m[1], m[3]) for m in re.finditer(r"^\S+ , (\w+) , event (\d+): (.*)$", f.read(), re.M)]
    for i in range(len(out) - 1, 0, -1):
        if out[i][0] == out[i - 1][0] == 9009:
            out[i - 1:i + 1] = [(9009, out[i][1], out[i - 1][2] + ", " + out[i][2].removeprefix("parameters: "))]
    return out


def test_the_result_of_a_registration():
    with azl.Rehearsal() as r:
        r.prepare()
        run = r.json(*r.register_args())
        uri = r.status()["AzureResourceUri"]
        out = run["output"]
        azl.equal(sorted(out), ["AzurePortalResourceURL", "AzureResourceId", "Details", "Result"], "the names")
        azl.equal(out["Result"], "Success", "Result")
        azl.equal(out["AzureResourceId"].lower(), uri.lower(), "AzureResourceId")
        azl.check(re.fullmatch(r"https://[^/]+/#@[0-9a-f-]{36}/resource" + re.escape(out["AzureResourceId"]) + "/overview",
                               out["AzurePortalResourceURL"], re.I), out["AzurePortalResourceURL"])
        azl.equal(out["Details"], "The cluster is registered with Azure.", "Details")
        shown = r.json("operations", "show", run["id"])
        azl.equal(shown["output"], out, "operations show")
        text = r.run("operations", "show", run["id"], ok=0).stdout
        for name, value in out.items():
            azl.check(re.search(rf"^{name} +: {re.escape(value)}$", text, re.M), f"{name} is not in:\n{text}")
        r.kill_core()
        azl.equal(r.json("operations", "show", run["id"])["output"], out, "from the journal of another core")


def test_events_stand_in_journal_and_log():
    with azl.Rehearsal(nodes=3) as r:
        r.prepare()
        r.register()
        lines = journal(r)
        azl.equal(numbers(lines), [9001, 9009, 9151, 9133, 9133, 9134, 9135, 9004], "events of the journal")
        azl.equal([n for n, _, _ in logged(r)], numbers(lines), "events of the log")
        azl.equal({level for _, level, _ in logged(r)}, {"INFO"}, "levels")
        said = [x for x in r.json("log", "--lines", "500")["lines"] if x.get("event")]
        azl.equal([x["event"] for i, x in enumerate(said) if x["event"] != 9009 or said[i - 1]["event"] != 9009], numbers(lines), "azloconf log")
        azl.check("event 9001: " in r.run("log", "--lines", "500", ok=0).stdout, "azloconf log as text")
        azl.check(not [t for _, _, t in logged(r) if t.count("(") != t.count(")")], str(logged(r)))
        parameters = [x["facts"]["parameters"] for x in lines if x.get("eventId") == 9009]
        azl.check("SubscriptionId=" in parameters[0] and "Region=eastus" in parameters[0], parameters)
        azl.check(parameters[0] in [t for n, _, t in logged(r) if n == 9009][0], "the log's parameters")


def test_a_refused_role_is_told_by_its_number():
    """A Contributor may make everything but role assignments; whose list of permissions cannot be read is told by Azure itself."""
    with azl.Rehearsal(sandbox=["--fault", "403@GET */providers/Microsoft.Authorization/permissions*x*"]) as r:
        r.prepare()
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": USER, "role": "Contributor"}]})
        run = r.json(*r.register_args(), ok=5)
        out = run["output"]
        azl.equal((out["Result"], out["ErrorDetail"]), ("ArcFailed", "ArcPermissionsMissing"), "the result")
        azl.check("AzureResourceId" not in out, out)
        azl.check("roleAssignments/write" in out["Details"], out["Details"])
        azl.equal([x["event"] for x in journal(r) if x.get("eventId") == 9132], ["failed", "failed"], "9132: the step, the run")
        azl.equal([level for n, level, _ in logged(r) if n == 9132], ["ERROR", "ERROR"], "levels")
        azl.check(9004 not in numbers(journal(r)), "a failed registration has not ended well")


def test_nothing_says_success_where_there_was_none():
    """The registration is there, a node's sync is not: neither Success nor its words."""
    with azl.Rehearsal(sandbox=["--fault", "400@POST */sync*x*"]) as r:
        r.prepare()
        run = r.json(*r.register_args(), ok=6)
        out = run["output"]
        azl.equal((out["Result"], out["ErrorDetail"]), ("RegisterSucceededButArcFailed", "ArcIntegrationFailedOnNodes"), "the result")
        azl.check(out["AzureResourceId"] and out["AzurePortalResourceURL"], out)
        azl.check("did not come to its end: Sync every node" in out["Details"], out["Details"])
        azl.check(9135 in numbers(journal(r)) and 9004 not in numbers(journal(r)), numbers(journal(r)))


def test_a_stopped_run_has_a_result():
    with azl.Rehearsal(sandbox=["--latency", "200"]) as r:
        r.prepare()
        p = r.start(*r.register_args())
        azl.wait_for(lambda: r.json("operations")["runs"], 30, "the run")
        run = r.json("operations")["runs"][0]["id"]
        azl.check("output" not in r.json("operations", "show", run), "a run under way has no result")
        r.kill_core()
        p.communicate(timeout=90)
        azl.equal(r.json("operations", "show", run)["output"]["Result"], "Success", "taken up, it came to its end")
        azl.equal(numbers(journal(r)).count(9001), 2, "9001 at each beginning")


azl.main()
