#!/usr/bin/env python3
"""check-size.py SRCDIR [OBJECT...] - the house's limits: files <= 800 lines, functions <= 100 lines (95 in 100 of them <= 60),
complexity <= 20 (needs pmccabe), lines <= 100 columns outside strings, and functions that may not be called at all (needs nm)."""
import os
import re
import shutil
import subprocess
import sys

BANNED = {"strcpy", "strcat", "sprintf", "vsprintf", "system", "popen", "strtok", "sleep", "gets", "__strcpy_chk", "__strcat_chk",
          "__sprintf_chk", "__vsprintf_chk"}
FILE_MAX, FUNC_MAX, FUNC_P95, COMPLEX_MAX = 800, 100, 60, 20


def c_files(src):
    for root, _, names in sorted(os.walk(src)):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.join(root, name)


def functions(path):
    """(name, line, lines) by K&R form: a body opens with '{' in column 0 and closes with '}' in column 0."""
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    start, name = None, None
    for no, line in enumerate(lines, 1):
        if line == "{" and start is None:
            start = no
            head = " ".join(lines[max(0, no - 6):no - 1])
            m = re.findall(r"(\w+)\s*\(", head)
            name = m[-1] if m else "?"
            for back in range(no - 2, max(-1, no - 8), -1):
                m = re.match(r"^[A-Za-z_].*?\b(\w+)\(", lines[back])
                if m:
                    name = m.group(1)
                    break
        elif line.startswith("}") and start is not None:
            yield name, start, no - start + 1
            start = None


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else "."
    objects = sys.argv[2:]
    src = os.path.join(top, "src")
    bad, notes, sizes = [], [], []
    for path in c_files(src):
        rel = os.path.relpath(path, top)
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        count = len(lines) - 1
        bad += [f"{rel}:{no}: {len(line)} columns, at most 100" for no, line in enumerate(lines, 1) if len(line) > 100 and '"' not in line]
        if count > FILE_MAX:
            bad.append(f"{rel}: {count} lines, at most {FILE_MAX}")
        if path.endswith(".c"):
            for name, line, n in functions(path):
                sizes.append(n)
                if n > FUNC_MAX:
                    bad.append(f"{rel}:{line}: {name} has {n} lines, at most {FUNC_MAX}")
    sizes.sort()
    p95 = sizes[int(len(sizes) * 0.95)] if sizes else 0
    if p95 > FUNC_P95:
        bad.append(f"functions: 95 in 100 should have at most {FUNC_P95} lines, it is {p95}")
    if shutil.which("pmccabe"):
        out = subprocess.run(["pmccabe"] + [p for p in c_files(src) if p.endswith(".c")], capture_output=True, text=True).stdout
        for line in out.splitlines():
            parts = line.split("\t")
            if len(parts) >= 6 and parts[0].isdigit() and int(parts[1]) > COMPLEX_MAX:
                bad.append(f"{parts[5]}: complexity {parts[1]}, at most {COMPLEX_MAX}")
    else:
        notes.append("SKIPPED: complexity is not measured: pmccabe is not installed")
    if objects and shutil.which("nm"):
        out = subprocess.run(["nm", "-A", "-u"] + objects, capture_output=True, text=True).stdout
        for line in out.splitlines():
            symbol = line.split()[-1].split("@")[0]
            if symbol in BANNED:
                bad.append(f"{line.split(':')[0]} calls {symbol}")
    elif objects:
        notes.append("SKIPPED: banned functions are not looked for: nm is not installed")
    print("\n".join(bad + notes))
    print(f"size: {len(sizes)} functions, median {sizes[len(sizes) // 2] if sizes else 0} lines, p95 {p95}, "
          f"longest {sizes[-1] if sizes else 0}")
    print(f"{0 if bad else 1} passed, {1 if bad else 0} failed, {len(notes)} skipped")
    return 1 if bad else 0


sys.exit(main())
