"""products.py - the cases that make check samples and make check-long runs whole: a fault at a request, a kill after a journal line."""
import glob
import os

import azl

KINDS = ["429:retry-after=1", "500", "503", "reset", "reply-lost", "truncate", "garbage", "bad-length", "half-header", "slow=300"]
PRELOAD = os.path.join(azl.BUILD, "tests", "killpoint.so")


def registered(r, text):
    s = r.status()
    azl.equal((s["ClusterStatus"], s["RegistrationStatus"], s["ConnectionStatus"]), ("Clustered", "Registered", "Connected"), text)


def requests_of_a_registration(nodes=1):
    """METHOD and path of each ARM and data-plane request, in order of first appearance, ids wildcarded."""
    with azl.Rehearsal(nodes=nodes) as r:
        r.prepare()
        before = len(r.exchanges())
        r.register()
        out = []
        for x in r.exchanges()[before:]:
            path = "/" + x["url"].split("?")[0].split("/", 3)[3]
            if "/subscriptions/" not in path.lower() and "/dataplane/" not in path.lower():
                continue
            parts = path.split("/")
            for i, part in enumerate(parts):
                if len(part) == 36 and part.count("-") == 4:
                    parts[i] = "*"
            key = f"{x['method']} {'/'.join(parts)}"
            if key not in out:
                out.append(key)
        return out


def longest_chain(requests):
    """Dependent round trips: the longest sequence of exchanges of which each began after the one before it had ended."""
    spans = sorted((x["startedAt"], x["endedAt"]) for x in requests if "startedAt" in x)
    chain, end = 0, None
    for start, stop in sorted(spans, key=lambda s: s[1]):
        if end is None or start >= end:
            chain, end = chain + 1, stop
    return chain


def registers_with_fault(kind, request, nodes=1):
    with azl.Rehearsal(nodes=nodes, sandbox=["--fault", f"{kind}@{request}"]) as r:
        r.prepare()
        p = r.register(ok=None)
        azl.equal(p.returncode, 0, f"{kind}@{request}: {p.stdout}{p.stderr}{r.core_log() if p.returncode else ''}")
        registered(r, f"{kind}@{request}")
        made_once(r, f"{kind}@{request}")


def made_once(r, text):
    """What may not be there twice, whatever was asked twice: role assignments, machines, clusters."""
    kinds = {}
    for i in r.world()["resources"]:
        parts = i.lower().strip("/").split("/")
        kinds.setdefault(parts[-2], []).append(i)
    azl.equal(len(kinds.get("roleassignments", [])), r.roles_before + 1, f"{text}: role assignments {kinds.get('roleassignments')}")
    azl.equal(len(kinds.get("machines", [])), r.nodes, f"{text}: machines")
    azl.equal(len(kinds.get("clusters", [])), 1, f"{text}: clusters")


def end_state(r):
    """What the sandbox holds, without the subscription and the names that are derived from random object ids; and the statuses."""
    ids = []
    for i in r.world()["resources"]:
        parts = i.lower().strip("/").split("/")
        if "roleassignments" in parts:
            parts = parts[:-1]
        ids.append("/".join(parts[2:]))
    s = r.status()
    return sorted(ids), s["ClusterStatus"], s["RegistrationStatus"], s["ConnectionStatus"], s["Region"]


def journal_lines(r):
    files = glob.glob(os.path.join(r.state, "runs", "*.jsonl"))
    azl.equal(len(files), 1, "journals")
    with open(files[0], encoding="utf-8") as f:
        return len(f.readlines())


def reference(nodes=1):
    """(end state, journal lines) of an undisturbed registration."""
    with azl.Rehearsal(nodes=nodes) as r:
        r.prepare()
        r.register()
        return end_state(r), journal_lines(r)


def killed_after(n, want, nodes=1):
    if not os.path.exists(PRELOAD):
        raise azl.Skip("tests/killpoint.so was not built")
    with azl.Rehearsal(nodes=nodes, env={"ASAN_OPTIONS": "verify_asan_link_order=0"}) as r:
        once = os.path.join(r.top, "killed")
        r.env.update(LD_PRELOAD=PRELOAD, AZL_KILL_AFTER=str(n), AZL_KILL_ONCE=once)
        r.prepare()
        r.register()
        azl.check(os.path.exists(once), f"no kill after line {n}")
        azl.equal(end_state(r), want, f"killed after journal line {n}")
        made_once(r, f"killed after journal line {n}")
        reconciles = [p for p in r.writes(("POST",)) if p[1].endswith("/reconcile")]
        azl.check(len(reconciles) <= 1, f"killed after journal line {n}: reconcile was sent {len(reconciles)} times")
