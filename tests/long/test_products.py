#!/usr/bin/env python3
"""test_products.py - the full products that make check samples: every kind of fault at every request on one and on three nodes, and
kill -9 of the core after every journal line on three nodes.

AZL_SEED (default: of the day) orders the cases, AZL_SECONDS ends early. What has passed at this commit is remembered in AZL_BUILD/long.done, so a
run that was cut off goes on where it was; a change of any source starts anew.
"""
import functools
import hashlib
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402
import products  # noqa: E402

DONE = os.path.join(azl.BUILD, "long.done")
SECONDS = float(os.environ.get("AZL_SECONDS", "inf"))
SEED = os.environ.get("AZL_SEED", time.strftime("%Y-%m-%d"))
lock = threading.Lock()


def state_of_sources():
    h = hashlib.sha256()
    for d, _, files in sorted(os.walk(os.path.join(azl.SRC, "src"))):
        for name in sorted(files):
            if name.endswith((".c", ".h")):
                with open(os.path.join(d, name), "rb") as f:
                    h.update(f.read())
    return h.hexdigest()[:16]


def remembered(state):
    try:
        with open(DONE, encoding="utf-8") as f:
            lines = f.read().split("\n")
    except OSError:
        return set()
    return {line.split(" ", 1)[1] for line in lines if line.startswith(state + " ")}


def cases():
    for nodes in (1, 3):
        for request in products.requests_of_a_registration(nodes):
            for kind in products.KINDS:
                yield f"fault {nodes} {kind}@{request}", functools.partial(products.registers_with_fault, kind, request, nodes)
    want, lines = products.reference(3)
    for n in range(1, lines):
        yield f"kill 3 {n}", functools.partial(products.killed_after, n, want, 3)


def main():
    state, start = state_of_sources(), time.time()
    done = remembered(state)
    todo = [(name, fn) for name, fn in cases() if name not in done]
    random.Random(SEED).shuffle(todo)
    print(f"{len(todo)} cases to do, {len(done)} passed earlier at this state of the sources; seed {SEED}")
    tally = {"passed": len(done), "failed": 0, "skipped": 0}

    def one(name, fn):
        if time.time() - start > SECONDS:
            with lock:
                tally["skipped"] += 1
            return
        try:
            fn()
            with lock, open(DONE, "a", encoding="utf-8") as f:
                tally["passed"] += 1
                f.write(f"{state} {name}\n")
        except Exception as e:  # every kind of failure is the case's failure
            with lock:
                tally["failed"] += 1
                print(f"FAILED  {name}: {e}", flush=True)

    azl.side_by_side([functools.partial(one, name, fn) for name, fn in todo])
    if tally["skipped"]:
        print(f"SKIPPED: {tally['skipped']} cases: AZL_SECONDS={SECONDS:.0f} was over; run again to go on")
    print(f"took {time.time() - start:.0f} s")
    print(f"{tally['passed']} passed, {tally['failed']} failed, {tally['skipped']} skipped")
    sys.exit(1 if tally["failed"] else 0)


main()
