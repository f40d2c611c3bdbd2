#!/usr/bin/env python3
"""kill -9 of the core after every journal line of the registration: the same end state, and nothing is made twice."""
import functools
import glob
import os

import azl

PRELOAD = os.path.join(azl.BUILD, "tests", "killpoint.so")


def end_state(r):
    """What the sandbox holds, without the values that differ from run to run by nature."""
    resources = r.world()["resources"]
    kinds = sorted(k.lower() for k in resources if not k.startswith("_"))
    s = r.status()
    return kinds_of(kinds), s["ClusterStatus"], s["RegistrationStatus"], s["ConnectionStatus"], s["Region"]


def kinds_of(ids):
    """Ids without the subscription and the names that are derived from random object ids."""
    out = []
    for i in ids:
        parts = i.strip("/").split("/")
        if "roleassignments" in parts:
            parts = parts[:-1]
        out.append("/".join(parts[2:]))
    return sorted(out)


def journal_lines(r):
    files = glob.glob(os.path.join(r.state, "runs", "*.jsonl"))
    azl.equal(len(files), 1, "journals")
    with open(files[0], encoding="utf-8") as f:
        return len(f.readlines())


def writes_once(r, text):
    # A reply that the kill swallowed may be asked again with the same name; what must not happen is a second thing.
    puts = [w for w in r.writes(("PUT",)) if "roleassignments" in w[1]]
    azl.check(len(set(puts)) <= 1, f"{text}: two role assignments {puts}")
    posts = r.writes(("POST",))
    reconciles = [p for p in posts if p[1].endswith("/reconcile")]
    azl.check(len(reconciles) <= 1, f"{text}: reconcile was sent {len(reconciles)} times")


def killed_after(n, want):
    once_dir = None
    with azl.Rehearsal(env={"ASAN_OPTIONS": "verify_asan_link_order=0"}) as r:
        once_dir = os.path.join(r.top, "killed")
        r.env.update(LD_PRELOAD=PRELOAD, AZL_KILL_AFTER=str(n), AZL_KILL_ONCE=once_dir)
        r.prepare()
        r.register()
        azl.check(os.path.exists(once_dir), f"no kill after line {n}")
        azl.equal(end_state(r), want, f"killed after journal line {n}")
        writes_once(r, f"killed after journal line {n}")


def test_killed_after_every_journal_line():
    if not os.path.exists(PRELOAD):
        raise azl.Skip("tests/killpoint.so was not built")
    with azl.Rehearsal() as r:
        r.prepare()
        r.register()
        want, lines = end_state(r), journal_lines(r)
    azl.check(lines > 10, f"only {lines} journal lines")
    azl.side_by_side([functools.partial(killed_after, n, want) for n in range(1, lines)])
    print(f"        {lines - 1} kills")


azl.main()
