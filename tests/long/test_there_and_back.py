#!/usr/bin/env python3
"""test_there_and_back.py - the long form of the test of its name: 500 random starting states (worlds.py), AZL_WORLDS of them from AZL_SEED on (default
1001). AZL_ONLY_SEED=n: that one alone. AZL_SECONDS ends early, AZL_JOBS (default 4) run side by side. What has passed at this state of the sources is
remembered in AZL_BUILD/worlds.done, so a run that was cut off goes on where it was. A failure prints its seed and what its world was.
"""
import functools
import hashlib
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402
import passed  # noqa: E402
import worlds  # noqa: E402

SECONDS = float(os.environ.get("AZL_SECONDS", "inf"))
SEED = os.environ.get("AZL_SEED", "1001")
FIRST = int(SEED) if SEED.isdigit() else int(hashlib.sha256(SEED.encode()).hexdigest()[:6], 16)
COUNT = int(os.environ.get("AZL_WORLDS", "500"))
lock = threading.Lock()


def main():
    only = os.environ.get("AZL_ONLY_SEED")
    seeds = [int(only)] if only else list(range(FIRST, FIRST + COUNT))
    start, done = time.time(), passed.Passed("worlds.done")
    tally = {"passed": 0, "failed": 0, "skipped": 0}

    def one(seed):
        if time.time() - start > SECONDS:
            outcome = "skipped"
        elif not only and str(seed) in done:
            outcome = "passed"
        else:
            try:
                worlds.there_and_back(seed)
                outcome = "passed"
                done.add(seed)
            except Exception as e:  # every kind of failure is the world's failure
                outcome = "failed"
                print(f"FAILED  {e}", flush=True)
        with lock:
            tally[outcome] += 1

    todo = len(seeds) if only else sum(str(s) not in done for s in seeds)
    print(f"{todo} worlds to do, {len(seeds) - todo} passed earlier at this state of the sources; seeds {seeds[0]} to {seeds[-1]}", flush=True)
    azl.side_by_side([functools.partial(one, seed) for seed in seeds], int(os.environ.get("AZL_JOBS", "4")))
    if tally["skipped"]:
        print(f"SKIPPED: {tally['skipped']} worlds: AZL_SECONDS={SECONDS:.0f} was over; run again to go on")
    print(f"took {time.time() - start:.0f} s")
    print(f"{tally['passed']} passed, {tally['failed']} failed, {tally['skipped']} skipped")
    sys.exit(1 if tally["failed"] else 0)


main()
