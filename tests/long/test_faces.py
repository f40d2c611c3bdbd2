#!/usr/bin/env python3
"""test_faces.py - the long form of tests/test_faces: every screen on every terminal, half a minute on a slow line, and a random operator for a
minute under the sanitizers, in a build folder of their own.

AZL_SEED (default: of the day) chooses the random operator; a failure names the seed that repeats it. AZL_RANDOM_S: its seconds (60).
"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402

SEED = os.environ.get("AZL_SEED", time.strftime("%Y%m%d"))
SECONDS = os.environ.get("AZL_RANDOM_S", "60")
ENV = dict(os.environ, srcdir=azl.SRC, AZL_LONG="1", AZL_SEED=SEED, AZL_RANDOM_S=SECONDS)


def run(program, only, seconds, **env):
    p = subprocess.run([program], env=dict(ENV, AZL_ONLY=only, **env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                       cwd=os.path.dirname(os.path.dirname(program)), timeout=seconds)
    for line in p.stdout.split("\n"):
        if any(word in line for word in ("bytes/s", "acts,", "first paint", "lone Esc", "AZL_SEED")):
            print("        " + line[:200])
    azl.check(p.returncode == 0, f"{only}: exit {p.returncode}\n{p.stdout[-6000:]}")
    azl.check(" 0 failed" in p.stdout, p.stdout[-2000:])


def sanitized():
    """tests/test_faces with sanitizers, built beside this build."""
    with open(os.path.join(azl.BUILD, "Makefile"), encoding="utf-8") as f:
        if "\nSANITIZERS_TRUE = \n" in f.read():
            return os.path.join(azl.BUILD, "tests", "test_faces")
    if os.path.exists(os.path.join(azl.SRC, "config.status")):
        raise azl.Skip("the source folder itself is configured: build in another folder, or with --enable-sanitizers")
    folder = os.path.join(azl.BUILD, "sanitized")
    os.makedirs(folder, exist_ok=True)
    for command in ([os.path.join(azl.SRC, "configure"), "-q", "--enable-sanitizers", "CC=" + os.environ.get("CC", "gcc")],
                    ["make", "-j2", "tests/test_faces"]):
        if command[0] != "make" and os.path.exists(os.path.join(folder, "config.status")):
            continue
        p = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
        azl.check(p.returncode == 0, p.stdout[-3000:])
    return os.path.join(folder, "tests", "test_faces")


def test_every_screen_on_every_terminal():
    run(os.path.join(azl.BUILD, "tests", "test_faces"), "every_screen", 600)


def test_slow_lines():
    program = os.path.join(azl.BUILD, "tests", "test_faces")
    for only in ("a_slow_line*", "news_*", "delays", "bytes"):
        run(program, only, 600)


def test_a_random_operator_under_sanitizers():
    run(sanitized(), "random_*", 60 + 4 * int(SECONDS))


azl.main()
