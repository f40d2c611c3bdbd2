"""oav.py - exchange logs judged by oav (npm, 4.0.3), a validator of API contracts that Microsoft wrote.

tools/foreign-clients.sh puts it into $AZL_FOREIGN/oav; the contracts lie in ../shared/contract. Both are development's: without them a test that
uses this skips. Run as a program, it judges whole folders:

    python3 oav.py FOLDER...     exit 0 good, 1 faults, 77 oav, node or the contracts are absent
"""
import glob
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.environ.get("AZL_SRC", os.path.join(HERE, "..", ".."))
CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
FOREIGN = os.environ.get("AZL_FOREIGN", os.path.join(CACHE, "azloconf-foreign"))
CONTRACT = os.path.join(SRC, "..", "shared", "contract")


def absent():
    """Why nothing can be judged here, or None."""
    if not shutil.which("node"):
        return "node is not installed: the foreign validator did not judge"
    if not os.path.exists(os.path.join(FOREIGN, "oav", "node_modules", "oav", "package.json")):
        return "oav is not here (tools/foreign-clients.sh fetches it): the foreign validator did not judge"
    if not os.path.exists(os.path.join(CONTRACT, "INDEX.json")):
        return "the contracts are not here (../shared/contract): the foreign validator did not judge"
    return None


def judge(logs, *more):
    """(exit status, lines): 0 good, 1 faults (a line each), 2 nothing could be judged; the last line is the sum."""
    p = subprocess.run(["node", os.path.join(HERE, "node", "oav_check.mjs"), "--modules", os.path.join(FOREIGN, "oav"), "--contract", CONTRACT,
                        "--listed", os.path.join(SRC, "tests", "uncontracted.txt"), *more, *logs], text=True, capture_output=True, timeout=1800)
    return p.returncode, (p.stdout + p.stderr).strip().splitlines()


def main():
    why = absent()
    if why:
        print("SKIPPED:", why)
        return 77
    logs = sorted(log for folder in sys.argv[1:] for log in glob.glob(os.path.join(folder, "*.jsonl")))
    if not logs:
        print("no exchange logs in", *sys.argv[1:])
        return 1
    status, lines = judge(logs, "--operations", "yes")
    print("\n".join(lines))
    print(f"{len(logs)} logs of rehearsals")
    return status


if __name__ == "__main__":
    sys.exit(main())
