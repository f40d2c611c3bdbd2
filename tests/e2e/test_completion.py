#!/usr/bin/env python3
"""The completion that the build made, in a real bash: called as readline calls it, and by the Tab key in a pseudo terminal."""
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time

import azl

SCRIPT = os.path.join(azl.BUILD, "data", "completions", "azloconf")
BASH = shutil.which("bash")
ENV = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="en")


def need_bash():
    if not BASH:
        raise azl.Skip("bash is not installed: its completion is not tried")
    azl.check(os.path.exists(SCRIPT), f"the build made no {SCRIPT}")


def words_of(line):
    """As bash splits the line for COMP_WORDS: at blanks, and "=" is a word of its own."""
    words = [w for part in line.split() for w in re.split("(=)", part) if w]
    return words + [""] if line.endswith(" ") else words


def complete(line, folder="/"):
    words = words_of(line)
    script = (f'source "{SCRIPT}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _azloconf; '
              'for w in "${COMPREPLY[@]}"; do printf "%s\\n" "$w"; done')
    p = subprocess.run([BASH, "--norc", "--noprofile", "-uc", script, "bash", *words], cwd=folder, env=ENV, text=True,
                       capture_output=True, timeout=20)
    azl.equal((p.returncode, p.stderr), (0, ""), f"bash at {line!r}")
    return p.stdout.split("\n")[:-1]


def help_of(*command):
    return subprocess.run([azl.PROGRAM, *command, "--help"], env=ENV, text=True, capture_output=True, timeout=20, check=True).stdout


def options_of(text):
    return re.findall(r"^  (--[a-z-]+)(?: (\S+))?", text, re.M)


def test_lines():
    need_bash()
    for line, want in (("azloconf reg", ["register"]),
                       ("azloconf sign-", ["sign-in", "sign-out"]),
                       ("azloconf --outp", ["--output"]),
                       ("azloconf --output ", ["table", "json"]),
                       ("azloconf --output=", ["table", "json"]),
                       ("azloconf --output=j", ["json"]),
                       ("azloconf --output j", ["json"]),
                       ("azloconf --output json stat", ["status"]),
                       ("azloconf --output=json stat", ["status"]),
                       ("azloconf --completion ", ["bash"]),
                       ("azloconf status --w", ["--watch"]),
                       ("azloconf --sandbox --nodes 3 status --w", ["--watch"]),
                       ("azloconf status --watch --w", []),  # not again
                       ("azloconf sign-in --watch --w", []),  # another command's
                       ("azloconf cluster ", ["create", "show"]),
                       ("azloconf operations s", ["show"]),
                       ("azloconf operations show ", []),
                       ("azloconf register --tenant-id ", []),
                       ("azloconf cluster create c --node n1 --nod", ["--node-build", "--node-uptime", "--nodes", "--node"]),  # may be repeated
                       ("azloconf nonsense --w", []),
                       ("azloconf 'x", [])):
        azl.equal(sorted(complete(line)), sorted(want), f"completion of {line!r}")


def test_files_and_folders():
    need_bash()
    with tempfile.TemporaryDirectory() as top:
        os.mkdir(os.path.join(top, "folder"))
        open(os.path.join(top, "file.pem"), "w", encoding="utf-8").close()
        azl.equal(sorted(complete("azloconf --ca-file f", top)), ["file.pem", "folder"], "files")
        azl.equal(complete("azloconf --state-dir f", top), ["folder"], "folders")


def test_it_offers_what_the_program_knows():
    """Every command and option of --help, no more and no less; a closed list is offered as it stands there."""
    need_bash()
    top = help_of()
    commands = re.findall(r"^  ([a-z][a-z-]*) ", top, re.M)
    azl.check(len(commands) >= 7, f"--help has commands: {commands}")
    azl.equal(sorted(complete("azloconf ")), sorted(commands), "commands")
    closed = 0
    for command in [None, *commands]:
        known = options_of(help_of(command) if command else top)
        line = f"azloconf {command} " if command else "azloconf "
        azl.equal(sorted(complete(line + "--")), sorted(o for o, _ in known), f"options of {command}")
        for option, arg in known:
            values = [v for v in arg.split("|") if v != v.upper()] if "|" in arg else []
            if values:
                closed += 1
                azl.equal(sorted(complete(f"{line}{option} ")), sorted(values), f"values of {option}")
    azl.check(closed > 0, "no closed list was found in --help")


def typed(keys, until):
    """What an interactive bash shows after these keys."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(BASH, [BASH, "--norc", "--noprofile", "-i"], dict(ENV, PS1="$ ", TERM="vt100", INPUTRC="/dev/null", HISTFILE=""))
    out, end = b"", time.monotonic() + 20
    try:
        os.write(fd, f'source "{SCRIPT}"; echo re""ady\n'.encode())
        for wait, send in ((b"ready\r\n", keys), (until, b"")):
            start = len(out) if send == b"" else 0
            while wait not in out[start:]:
                azl.check(time.monotonic() < end, f"{wait!r} did not come after {keys!r}: {out!r}")
                if select.select([fd], [], [], 0.2)[0]:
                    out += os.read(fd, 4096)
            os.write(fd, send)
    finally:
        os.close(fd)
        os.waitpid(pid, 0)
    return out


def test_the_tab_key():
    need_bash()
    typed(b"azloconf reg\t--output=j\t--sub\t", b"register --output=json --subscription-id ")


def test_another_shell_is_refused():
    p = subprocess.run([azl.PROGRAM, "--completion=fish"], env=ENV, text=True, capture_output=True, timeout=20, check=False)
    azl.equal((p.returncode, p.stdout, p.stderr), (2, "", 'azloconf: --completion is bash, not "fish"\n'), "--completion=fish")


azl.main()
