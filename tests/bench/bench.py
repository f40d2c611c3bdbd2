#!/usr/bin/env python3
"""bench.py - the table of measures. Seconds are compared inside one run; bytes, requests and memory are absolute.

Start to first paint and its bytes against dialog, nmtui and htop, bytes of first paint and of an idle tick on vt220, memory of console and core,
requests and wall time of a fresh registration at --latency 100 --instant with one and with sixteen nodes, by the nodes' identity and by
certificates (there without and with the processor time of sixteen keys on one machine); and the same registration by clients that
others wrote (side_by_side.py). What is not installed is said. --quick: fewer repeats.
"""
import datetime
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402
import products  # noqa: E402
import side_by_side  # noqa: E402

QUICK = "--quick" in sys.argv
REPEATS = 5 if QUICK else 15
QUIET = 0.15  # seconds without a byte: the paint is over
rows = []


def row(name, value, aim=None, ok=None):
    verdict = "" if ok is None else ("ok" if ok else "OVER")
    rows.append((name, value, aim or "", verdict))


class Pty:
    """A program on an 80x24 terminal whose bytes are counted."""

    def __init__(self, argv, env, term="vt220", size=(24, 80)):
        self.start = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
            os.execvpe(argv[0], argv, dict(env, TERM=term))
        self.last = self.start

    def read(self, seconds, quiet=None):
        """Bytes until nothing came for `quiet` seconds, or all that comes within `seconds`."""
        out, end = b"", time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return out
            wait = min(left, quiet) if quiet and out else left
            ready, _, _ = select.select([self.fd], [], [], wait)
            if not ready:
                if quiet and out:
                    return out
                continue
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                return out
            if not part:
                return out
            self.last = time.monotonic()
            out += part

    def rss(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        time.sleep(0.1)
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def first_paint(argv, env, term, quiet=0.02):
    """(seconds to the last byte of the first burst, bytes): later updates are not the first paint."""
    times, sizes = [], []
    for _ in range(REPEATS):
        p = Pty(argv, env, term)
        out = p.read(2, quiet)
        times.append(p.last - p.start)
        sizes.append(len(out))
        p.close()
    return statistics.median(times), statistics.median(sizes)


PEERS = [
    ("dialog --menu", ["dialog", "--menu", "Menu", "20", "70", "12"] + [x for i in range(12) for x in (str(i), f"Item number {i} of the menu")], 3),
    ("nmtui", ["nmtui"], None),
    ("htop", ["htop"], None),  # sets the terminal up, looks at the processes, and paints then
]


def others(seconds, size, env):
    """The first paint of programs that a person at a console knows, and ours against it: time on xterm-256color, bytes on vt220."""
    for name, argv, aim in PEERS:
        if not shutil.which(argv[0]):
            row(f"start to first paint, {name}", "not installed")
            continue
        theirs, _ = first_paint(argv, env, "xterm-256color", 0.4)
        _, their_size = first_paint(argv, env, "vt220", 0.4)
        if their_size < 200:
            row(f"start to first paint, {name}", f"paints nothing here ({their_size:.0f} bytes)")
            continue
        row(f"start to first paint, {name}", f"{theirs * 1000:.1f} ms, {their_size:.0f} bytes on vt220")
        row(f"azloconf against {name}", f"{seconds / theirs:.2f} time, {size / their_size:.2f} bytes", f"<= {aim}" if aim else None,
            seconds / theirs <= aim if aim else None)


def screens(r):
    ours = [azl.PROGRAM, *r.extra]
    seconds, _ = first_paint(ours, r.env, "xterm-256color")
    _, size = first_paint(ours, r.env, "vt220")
    row("start to first paint, azloconf", f"{seconds * 1000:.1f} ms")
    others(seconds, size, r.env)
    row("first paint, vt220 80x24", f"{size:.0f} bytes", "<= 1400", size <= 1400)
    p = Pty(ours, r.env)
    p.read(3, 1.5)
    idle = p.read(10 if not QUICK else 5)
    per_tick = len(idle) / (10 if not QUICK else 5)
    row("idle tick, vt220 80x24", f"{per_tick:.0f} bytes/s", "<= 64", per_tick <= 64)
    row("memory of the console", f"{p.rss() / 1024:.1f} MB", "<= 6", p.rss() <= 6 * 1024)
    p.close()


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def rss_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def cpu_of_children(pid):
    """Seconds of processor time of the children that it has waited for."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def registration(nodes, build=None, keys=False):
    """build: nodes of this older Windows; keys: theirs were found beforehand, as each of sixteen machines finds its own while the others find theirs."""
    with azl.Rehearsal(nodes=nodes, leap=False, keys=keys, core=["--node-build", build] if build else [], sandbox=["--latency", "100"]) as r:
        r.prepare()
        before, children = len(r.exchanges()), cpu_of_children(r.core_pid())
        r.run("register", *r.register_args()[1:], ok=0)
        children = cpu_of_children(r.core_pid()) - children
        run = r.json("operations")["runs"][0]
        shown = r.json("operations", "show", run["id"])
        wall = (at(shown["endedAt"]) - at(shown["startedAt"])).total_seconds()
        requests = [x for x in r.exchanges()[before:] if "/oauth2/v2.0/" not in x["url"]]
        chain = products.longest_chain([x for x in requests if x["url"].startswith("https")])
        return wall, len(requests), chain, rss_of(r.core_pid()), children


def fastest(*args, **kw):
    """Of three: what else goes on on this machine only ever makes it slower."""
    return min((registration(*args, **kw) for _ in range(1 if QUICK else 3)), key=lambda one: one[0])


def by_certificates(build):
    """Sixteen nodes of an older Windows: here all of them look for their keys on one machine, which sixteen machines do not share."""
    one, many, found = fastest(1, build, True), fastest(16, build, True), fastest(16, build, False)
    row(f"certificates ({build}): round trips, 1 and 16 nodes", f"{one[2]}, {many[2]}", f"<= {one[2] + 2}", many[2] <= one[2] + 2)
    row(f"certificates ({build}): wall time, 1 node", f"{one[0]:.2f} s")
    row(f"certificates ({build}): 16 nodes, keys at hand", f"{many[0]:.2f} s")
    row(f"certificates ({build}): sixteen against one", f"{many[0] / one[0]:.2f}", "<= 1.25", many[0] <= 1.25 * one[0])
    row(f"certificates ({build}): 16 nodes, keys found on this machine", f"{found[0]:.2f} s")
    row(f"certificates ({build}): processor time of 16 keys", f"{found[4] - many[4]:.2f} s")


def main():
    with azl.Rehearsal(leap=False, keys=False) as r:
        r.prepare()
        screens(r)
    one = fastest(1)
    many = fastest(16)
    row("requests of a fresh registration, 1 node", one[1])
    row("requests of a fresh registration, 16 nodes", many[1])
    row("dependent round trips, 1 node", one[2])
    row("wall time at --latency 100, 1 node", f"{one[0]:.2f} s")
    row("against the longest dependent chain", f"{one[0] / (one[2] * 0.1):.2f}", "<= 1.2", one[0] <= 1.2 * one[2] * 0.1)
    row("wall time at --latency 100, 16 nodes", f"{many[0]:.2f} s")
    row("sixteen nodes against one", f"{many[0] / one[0]:.2f}", "<= 1.25", many[0] <= 1.25 * one[0])
    for build in ("20349", "20348"):
        by_certificates(build)
    row("memory of the core after 16 nodes", f"{many[3] / 1024:.1f} MB", "<= 16", many[3] <= 16 * 1024)
    side_by_side.compare(row, 3 if QUICK else 7)
    width = max(len(r[0]) for r in rows)
    for name, value, aim, verdict in rows:
        print(f"{name:<{width}}  {value!s:<28} {aim:<10} {verdict}")
    print(json.dumps({name: value for name, value, _, _ in rows}))


main()
