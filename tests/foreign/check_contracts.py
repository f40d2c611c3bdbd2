#!/usr/bin/env python3
"""Runs the tests that are named, keeps the exchange log of every rehearsal in them, and has all of them judged: by oav, which others wrote, and by
tests/contract/validate.py. Called by `make check-contracts` with all end-to-end tests.

    check_contracts.py FOLDER TEST...     the logs go to FOLDER, which is emptied first; TEST is a path in the source tree
                                          exit 0 good, 1 a test or an exchange failed
"""
import glob
import os
import shutil
import subprocess
import sys
import time

import oav


def run(folder, test):
    start = time.time()
    with open(os.path.join(folder, os.path.basename(test) + ".log"), "w", encoding="utf-8") as log:
        p = subprocess.run([sys.executable, "-B", test], env=dict(os.environ, AZL_EXCHANGES=folder), stdin=subprocess.DEVNULL, stdout=log,
                           stderr=subprocess.STDOUT, timeout=3600)
    with open(log.name, encoding="utf-8", errors="replace") as f:
        lines = f.read().splitlines() or ["no output"]
    if p.returncode not in (0, 77):
        print("\n".join(lines[-60:]))
    print(f"{os.path.basename(test)}: {lines[-1]} ({time.time() - start:.0f} s)", flush=True)
    return p.returncode in (0, 77)


def main():
    folder, tests = os.path.abspath(sys.argv[1]), sys.argv[2:]
    why = oav.absent()
    if why:
        print("SKIPPED:", why)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    failed = sum([not run(folder, os.path.join(oav.SRC, t)) for t in tests])
    logs = sorted(glob.glob(os.path.join(folder, "*.jsonl")))
    if not logs:
        print("no exchange was logged")
        return 1
    status, lines = oav.judge(logs, "--operations", "yes")
    print("\n".join(lines), flush=True)
    ours = subprocess.run([sys.executable, "-B", os.path.join(oav.SRC, "tests", "contract", "validate.py"), "--contract", oav.CONTRACT, "--uncontracted",
                           os.path.join(oav.SRC, "tests", "uncontracted.txt"), *logs], check=False).returncode
    failed += (status != 0) + (ours != 0)
    print(f"{len(tests)} tests and 2 judges of {len(logs)} exchange logs: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
