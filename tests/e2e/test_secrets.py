#!/usr/bin/env python3
"""A hunt for tokens: journal, log, state folder, command lines, environments, and what goes over the socket."""
import glob
import json
import os
import re
import socket

import azl
import products
import test_reset as resets

USER = "anna@contoso.onmicrosoft.com"


def secrets_of(r):
    """Every token and device code that the sandbox gave out during the run, from its own exchange log."""
    out = set()
    for x in r.exchanges():
        body = x.get("resBody")
        if isinstance(body, str):
            try:
                body = json.loads(body)
            except ValueError:
                body = None
        if isinstance(body, dict):
            for name in ("access_token", "refresh_token", "id_token", "device_code"):
                if isinstance(body.get(name), str):
                    out.add(body[name])
    return {s for s in out if len(s) >= 16}


def processes():
    for d in glob.glob("/proc/[0-9]*"):
        try:
            with open(d + "/cmdline", "rb") as f:
                cmd = f.read()
            if b"azl" not in cmd:
                continue
            with open(d + "/environ", "rb") as f:
                yield cmd + b"\0" + f.read()
        except OSError:
            continue


def test_no_secret_leaves_the_core():
    with azl.Rehearsal(sandbox=["--log-secrets"]) as r:
        seen = b""
        r.prepare()
        path = [os.path.join(d, f) for d, _, fs in os.walk(r.run_dir) for f in fs if f.endswith(".sock")][0]
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        s.connect(path)
        s.sendall(b'{"hello":{"protocol":1,"program":"hunt","version":"1"}}\n'
                  b'{"watch":{"since":{"core":0,"signin":0,"cluster":0,"nodes":0,"run":0,"choices":0,"log":0}}}\n')
        r.register()
        for p in processes():
            seen += p
        try:
            while True:
                part = s.recv(1 << 20)
                if not part:
                    break
                seen += part
                s.settimeout(1)
        except TimeoutError:
            pass
        azl.check(b'"sections"' in seen, "nothing came over the socket")
        found = secrets_of(r)
        azl.check(len(found) >= 4, f"the hunt knows only {len(found)} secrets")
        where = []
        for secret in found:
            if secret.encode() in seen:
                where.append("a process or the socket")
        for d, _, files in os.walk(r.state):
            if os.path.relpath(d, r.state).split("/")[0] == "sandbox":
                continue  # the sandbox is the other side: it may know the tokens that it made
            for name in files:
                with open(os.path.join(d, name), "rb") as f:
                    text = f.read()
                for secret in found:
                    if secret.encode() in text:
                        where.append(os.path.join(d, name))
                if re.search(rb"eyJ[A-Za-z0-9_-]{20,}\.eyJ", text):
                    where.append(os.path.join(d, name) + " (a JWT)")
        azl.equal(sorted(set(where)), [], "secrets found")


def test_results_events_and_logs_hold_no_secret():
    """Whatever tells of a run: a refused one and a good one, as text and JSON, the journal, every log. And what 3.4 masks is masked."""
    app = "b7a1f9d6-1111-4222-8333-444455556666"
    with azl.Rehearsal(nodes=2, sandbox=["--log-secrets"]) as r:
        r.prepare()
        logs = os.path.join(r.top, "logs")
        os.mkdir(logs)
        args = [*r.register_args(), "--logs-directory", logs, "--arc-spn-app-id", app, "--tag", "owner=IT"]
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": USER, "role": "Contributor"}]})
        said = [r.run(*args, ok=5), r.run("operations", "show", r.json("operations")["runs"][0]["id"], ok=0)]
        r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": USER, "role": "Owner"}]})
        said.append(r.run(*args, "--output", "json", ok=0))
        newest = r.json("operations")["runs"][0]["id"]
        for more in (["operations", "show", newest], ["log", "--lines", "1000"]):
            said += [r.run(*more, ok=0), r.run(*more, "--output", "json", ok=0)]
        told = {"what was printed": "".join(p.stdout + p.stderr for p in said)}
        for top in (r.state, logs):
            for d, _, files in os.walk(top):
                if os.path.relpath(d, r.state).split("/")[0] == "sandbox":
                    continue
                for name in files:
                    with open(os.path.join(d, name), encoding="utf-8", errors="replace") as f:
                        told[name] = f.read()
        found = secrets_of(r)
        azl.check(len(found) >= 4, f"the hunt knows only {len(found)} secrets")
        azl.equal([where for where, text in told.items() if any(s in text for s in found) or re.search(r"eyJ[\w-]{20,}\.eyJ", text)], [], "secrets found")
        journals = [text for name, text in told.items() if name.endswith("-register.jsonl")]
        azl.equal(len(journals), 2, "journals")
        own = [text for name, text in told.items() if name.startswith("RegisterHCI_")]
        azl.check(own, "no log of the run's own")
        notes = [line for text in journals for line in text.splitlines() if '"eventId":9009' in line]
        azl.equal(len(notes), 2, "lines of the parameters")
        for text in [told["what was printed"], told["azloconfd.log"], *own, *notes]:
            azl.check("event 9009" in text or text in notes, "no parameters in it")
            azl.check("ArcSpnCredential=***" in text and app not in text, f"what is masked is not masked: {text}")


def leaving_and_coming_back(r):
    """Every operation of the menu's items 9 and 10, as the exits must be."""
    ready = r.ready()
    yes, west = "--yes", ("--region", "westeurope", "--resource-name", "NEW", "--resource-group-name", "new-rg")
    again = r.register_args()[1:-1]
    said = [r.register()]
    for args in (("sync", yes), ("repair", yes), ("arc", "disable", "--resource-name", "CLUSTER-A", yes), ("arc", "enable", yes),
                 ("move", "--old-resource-name", "CLUSTER-A", yes, *west), ("unregister", "--resource-name", "NEW", yes)):
        said.append(r.run(*args, ok=0))
    resets.in_arc(r, "node1")
    said.append(r.run("reset", "--node", "node1", yes, "--wait", "--register", *again, ok=0))
    group = f"/subscriptions/{ready['subscription']}/resourceGroups/OLD-rg"
    resets.put(r, group, "Microsoft.Resources/resourceGroups", properties={"provisioningState": "Succeeded"}, tags={"CreatedBy": "4C02703C-F5D0-44B0-ADC3-4ED5C2839E61"})
    said += [r.run("cleanup", "--delete", "OLD-rg", yes, ok=0), r.run("reset", "status", ok=0)]
    runs = r.json("operations")["runs"]
    said.append(r.run("operations", "undo", runs[-1]["id"], "--what-if"))
    for run in runs:
        said += [r.run("operations", "show", run["id"], *more, ok=0) for more in ((), ("--output", "json"))]
    plans = {run["plan"] for run in runs}
    azl.equal(plans, {"register", "sync", "arc-disable", "arc-enable", "unregister", "reset", "cleanup"}, "plans")
    return "".join(p.stdout + p.stderr for p in said)


def test_leaving_and_coming_back_hold_no_secret():
    """The same hunt over what leads away from Azure and back: what is printed, the processes, every file of the state folder."""
    with azl.Rehearsal(sandbox=["--log-secrets"]) as r:
        r.prepare()
        told = {"what was printed": leaving_and_coming_back(r), "a process": b"".join(processes()).decode(errors="replace")}
        for d, _, files in os.walk(r.state):
            if os.path.relpath(d, r.state).split("/")[0] != "sandbox":
                for name in files:
                    with open(os.path.join(d, name), encoding="utf-8", errors="replace") as f:
                        told[os.path.join(d, name)] = f.read()
        found = secrets_of(r)
        azl.check(len(found) >= 5, f"the hunt knows only {len(found)} secrets")
        azl.equal([where for where, text in told.items() if any(s in text for s in found) or re.search(r"eyJ[\w-]{20,}\.eyJ", text)], [], "secrets found")
        wrong = products.done_twice(r.exchanges())
        azl.check(not [w for w in wrong if "no row says" in w], f"writes that no row of products.REPEATS tells of: {wrong}")


def test_state_is_private():
    with azl.Rehearsal() as r:
        r.prepare()
        r.register()
        for d, _, files in os.walk(r.state):
            azl.equal(os.stat(d).st_mode & 0o777, 0o700, d)
            for name in files:
                p = os.path.join(d, name)
                if os.path.islink(p) or "sandbox" in os.path.relpath(p, r.state).split("/"):
                    continue
                azl.equal(os.stat(p).st_mode & 0o077, 0, p)


azl.main()
