"""passed.py - what of a long test has passed at this state of the sources, so that a run which was cut off goes on where it was."""
import hashlib
import os
import threading

import azl


def state_of_sources():
    h = hashlib.sha256()
    for top in ("src", os.path.join("tests", "e2e"), os.path.join("tests", "long")):
        for d, _, files in sorted(os.walk(os.path.join(azl.SRC, top))):
            for name in sorted(files):
                if name.endswith((".c", ".h", ".py")):
                    with open(os.path.join(d, name), "rb") as f:
                        h.update(f.read())
    return h.hexdigest()[:16]


class Passed:
    """`name in passed`; passed.add(name) writes it down. One line each, in the build: STATE NAME; a torn last line counts for nothing."""

    def __init__(self, file):
        self.path, self.state, self.lock = os.path.join(azl.BUILD, file), state_of_sources(), threading.Lock()
        self.names = set()
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as f:
                self.names = {line[:-1].split(" ", 1)[1] for line in f if line.startswith(self.state + " ") and line.endswith("\n")}

    def __contains__(self, name):
        return name in self.names

    def add(self, name):
        with self.lock, open(self.path, "a", encoding="utf-8") as f:
            f.write(f"{self.state} {name}\n")
