"""azl.py - what the end-to-end tests share: a rehearsal of its own (state folder, core, sandbox) and the tallies.

A test file defines functions test_*() and ends with azl.main(). Each gets a fresh Rehearsal by `with azl.Rehearsal(...) as r`.
Programs come from $AZL_BUILD/src (automake sets it). Nothing leaves this machine: the sandbox listens on loopback only.
"""
import concurrent.futures
import contextlib
import glob
import itertools
import json
import mmap
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

BUILD = os.environ.get("AZL_BUILD", os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
SRC = os.environ.get("AZL_SRC", os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
PROGRAM = os.path.join(BUILD, "src", "azloconf")
LONG = os.environ.get("AZL_LONG") == "1"
EXCHANGES = os.environ.get("AZL_EXCHANGES")  # a folder: the exchange log of every rehearsal is kept there, to be judged afterwards
_kept, _shapes = itertools.count(1), set()
LEAP = os.path.join(BUILD, "tests", "leap.so")


class Skip(Exception):
    """raise Skip("why"): the test is counted as skipped, loudly."""


class Failed(AssertionError):
    pass


def check(condition, text):
    if not condition:
        raise Failed(text)


def equal(got, want, text=""):
    if got != want:
        raise Failed(f"{text}: got {got!r}, wanted {want!r}")


def keep_exchanges(log):
    """The long tests ask the same a hundred thousand times: of what differs in ids, times and tokens alone they keep the first."""
    os.makedirs(EXCHANGES, exist_ok=True)
    name = os.path.basename(sys.argv[0]).removesuffix(".py")
    kept = os.path.join(EXCHANGES, f"{name}-{os.getpid()}-{next(_kept)}.jsonl")
    with open(log, encoding="utf-8") as f:
        lines = [line for line in f if line.endswith("\n")]  # the last one of a sandbox that was killed may be half a line
    if LONG:
        shapes = [hash(re.sub(r"eyJ[\w.-]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "#", line)) for line in lines]
        lines = [line for line, shape in zip(lines, shapes) if shape not in _shapes and not _shapes.add(shape)]
    if lines:
        with open(kept, "w", encoding="utf-8") as f:
            f.writelines(lines)


def preloaded(env, *libraries):
    """The environment with what was built of these libraries before all others."""
    there = [path for path in (*libraries, env.get("LD_PRELOAD")) if path and (path not in libraries or os.path.exists(path))]
    if there:
        env["LD_PRELOAD"] = ":".join(there)
        env.setdefault("ASAN_OPTIONS", "verify_asan_link_order=0")


def keys_in_stock(env):
    """RSA keys from the stock of tests/e2e/keys.c."""
    env["AZL_KEYS"] = os.path.join(BUILD, "tests", "keys")
    preloaded(env, os.path.join(BUILD, "tests", "keys.so"))


class Leap:
    """The clock of a rehearsal's programs, which leaps over waits (leap.c) as long as the test lets it go on. until: how far at most; longest: no
    wait that is longer is leapt over (40 s: those of a run, not those of a core at rest)."""

    def __init__(self, path, until=float("inf"), longest=40):
        with open(path, "wb") as f:
            f.write(bytes(56))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 56)
        self.path = path
        self.let(until, longest)
        self._hold(1)

    def _get(self, at):
        return struct.unpack_from("=q", self.map, at)[0]

    def let(self, until, longest=40):
        struct.pack_into("=q", self.map, 8, min(int(until * 1000), 1 << 60) if until != float("inf") else 1 << 60)
        struct.pack_into("=q", self.map, 16, longest * 1000)

    def _hold(self, flag):
        struct.pack_into("=q", self.map, 48, flag)

    @contextlib.contextmanager
    def going_on(self):
        """Between two commands time is real: nothing ends because nobody came for minutes."""
        self._hold(0)
        try:
            yield
        finally:
            self._hold(1)

    def seconds(self):
        """The sum of all leaps."""
        return self._get(0) / 1000

    def turns(self):
        """How often the core has looked for something to do."""
        return self._get(32)


class Rehearsal:
    def __init__(self, nodes=1, instant=True, approve="auto:0", sandbox=(), core=(), state=None, preload=None, env=None, leap=None, keys=True):
        """leap: waits while a command runs are leapt over (leap.c). None: where that can be had; False: a test of real time.
        keys: from the stock; False: found by the programs themselves."""
        self.top = tempfile.mkdtemp(prefix="azl-e2e-")
        self.state = state or os.path.join(self.top, "state")
        self.log = os.path.join(self.top, "exchanges.jsonl")
        self.nodes = nodes
        self.extra = ["--sandbox", "--state-dir", self.state, "--nodes", str(nodes)]
        for a in ["--approve", approve, "--log", self.log] + (["--instant"] if instant else []) + list(sandbox):
            self.extra.append("--sandbox-arg=" + a)
        self.extra += list(core)
        self.env = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="en", TZ="UTC")
        for name in list(self.env):
            if name.lower().endswith("_proxy"):
                del self.env[name]
        self.run_dir = os.path.join(self.top, "run")
        os.mkdir(self.run_dir, 0o700)
        self.env["XDG_RUNTIME_DIR"] = self.run_dir
        self.env.update(env or {})
        self.leap = self.own_core = None
        if preload:
            preloaded(self.env, preload)
        if leap and not os.path.exists(LEAP):
            raise Skip("tests/leap.so was not built")
        if leap or leap is None and os.path.exists(LEAP):
            self.leap = Leap(os.path.join(self.top, "leap"))
            self.env["AZL_LEAP"] = self.leap.path
            preloaded(self.env, LEAP)
        if keys:
            keys_in_stock(self.env)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.kill_core(signal.SIGTERM)
        if self.own_core:
            self.own_core.wait()
        if EXCHANGES and os.path.exists(self.log):
            keep_exchanges(self.log)
        if os.environ.get("AZL_KEEP"):
            print("kept:", self.top)
        else:
            shutil.rmtree(self.top, ignore_errors=True)

    def run(self, *args, ok=None, timeout=90, env=None, input=None):
        """Runs azloconf; ok: the exit code wanted (None: any)."""
        with self.leaping():
            p = subprocess.run([PROGRAM, *args, *self.extra], env=dict(self.env, **(env or {})), text=True, input=input,
                               stdin=None if input is not None else subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, timeout=timeout)
        if ok is not None and p.returncode != ok:
            raise Failed(f"azloconf {' '.join(args)}: exit {p.returncode}, wanted {ok}\n{p.stdout}{p.stderr}{self.core_log()}")
        return p

    def leaping(self):
        """with r.leaping(): a program that was started is waited for; its core's waits are leapt over."""
        return self.leap.going_on() if self.leap else contextlib.nullcontext()

    def start(self, *args, **kw):
        return subprocess.Popen([PROGRAM, *args, *self.extra], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, **kw)

    def json(self, *args, ok=0, timeout=90):
        p = self.run(*args, "--output", "json", ok=ok, timeout=timeout)
        return json.loads(p.stdout)

    def core_pid(self):
        try:
            with open(os.path.join(self.state, "core.lock"), encoding="ascii") as f:
                pid = int(f.read().strip() or 0)
        except (OSError, ValueError):
            return 0
        return pid if pid and os.path.exists(f"/proc/{pid}") else 0

    def kill_core(self, sig=signal.SIGKILL, wait=10):
        pid = self.core_pid()
        if not pid:
            return
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            return
        end = time.time() + wait
        while time.time() < end:
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                    if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                        return
            except OSError:
                return
            time.sleep(0.02)
        raise Failed(f"the core {pid} did not end after signal {sig}")

    def core_for_good(self):
        """The core started anew so that it never ends by itself, as a service's does. Signed-in operators are forgotten."""
        with open(f"/proc/{self.core_pid()}/cmdline", encoding="utf-8") as f:
            args = f.read().split("\0")[:-1]
        self.kill_core(signal.SIGTERM)
        self.own_core = subprocess.Popen([*args, "--idle-seconds", "0"], env=self.env, stdin=subprocess.DEVNULL)
        wait_for(lambda: self.core_pid() == self.own_core.pid, 30, "the core that never ends")  # before a console starts another one
        self.run("status", ok=0)

    def core_log(self):
        text = ""
        for name in ("azloconfd.log", "core.err"):
            try:
                with open(os.path.join(self.state, name), encoding="utf-8", errors="replace") as f:
                    text += f"--- {name}\n" + "".join(f.readlines()[-25:])
            except OSError:
                pass
        return text

    # ---- the sandbox ----
    def ready(self):
        with open(glob.glob(os.path.join(self.state, "**", "ready.json"), recursive=True)[0], encoding="utf-8") as f:
            return json.load(f)

    def sandbox(self, method, path, body=None, token=None):
        r = self.ready()
        context = ssl.create_default_context(cafile=r["ca"])
        data = None if body is None else json.dumps(body).encode()
        q = urllib.request.Request(r["base"] + path, data=data, method=method, headers={"Content-Type": "application/json"})
        if token:
            q.add_header("Authorization", "Bearer " + token)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(q, timeout=20) as answer:
                text = answer.read().decode()
        except urllib.error.URLError as e:
            if isinstance(e, urllib.error.HTTPError):
                raise
            raise Failed(f"the sandbox at {r['base']} does not answer: {e}\n{self.core_log()}") from e
        return json.loads(text) if text else None

    def fault(self, spec):
        self.sandbox("POST", "/sandbox/faults", {"fault": spec})

    def exchanges(self):
        try:
            with open(self.log, encoding="utf-8") as f:
                return [json.loads(line) for line in f if line.endswith("\n")]  # the last one may be just being written
        except OSError:
            return []

    def writes(self, kind=("PUT", "POST", "PATCH", "DELETE")):
        """(method, path) of every changing ARM request that was answered with success."""
        out = []
        for x in self.exchanges():
            path = x["url"].split("?")[0]
            path = "/" + path.split("/", 3)[3] if "://" in path else path
            if x["method"] in kind and "/subscriptions/" in path.lower() and 200 <= (x["status"] or 0) < 300:
                out.append((x["method"], path.lower()))
        return out

    def world(self):
        with open(glob.glob(os.path.join(self.state, "**", "world.json"), recursive=True)[0], encoding="utf-8") as f:
            return json.load(f)

    # ---- the main job ----
    def cluster(self):
        """A cluster of all nodes."""
        names = []
        for n in range(1, self.nodes + 1):
            names += ["--node", f"node{n}"]
        self.run("cluster", "create", "CLUSTER-A", *names, ok=0)
        self.roles_before = sum("/roleassignments/" in i.lower() for i in self.world()["resources"])

    def prepare(self):
        """A cluster of all nodes, and a sign-in."""
        self.cluster()
        self.run("sign-in", ok=0)

    def register_args(self):
        r = self.ready()
        return ["register", "--subscription-id", r["subscription"], "--tenant-id", r["tenant"], "--region", "eastus", "--yes"]

    def register(self, ok=0, timeout=120):
        return self.run(*self.register_args(), ok=ok, timeout=timeout)

    def status(self):
        return self.json("status", ok=None)


def wait_for(fn, seconds, text):
    end = time.time() + seconds
    while True:
        value = fn()
        if value:
            return value
        if time.time() > end:
            raise Failed("waited in vain: " + text)
        time.sleep(0.05)


def side_by_side(jobs, width=4):
    """Runs the callables a few at a time (they mostly wait); the first failure is raised after all have ended."""
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        done = [pool.submit(job) for job in jobs]
    for d in done:
        d.result()


def main(scope=None):
    passed = failed = skipped = 0
    only = sys.argv[1:]
    for name, fn in list((scope or sys.modules["__main__"].__dict__).items()):
        if not name.startswith("test_") or (only and name not in only):
            continue
        start = time.time()
        try:
            fn()
            passed += 1
            print(f"ok      {name} ({time.time() - start:.1f} s)", flush=True)
        except Skip as why:
            skipped += 1
            print(f"SKIPPED: {name}: {why}", flush=True)
        except Exception:  # every kind of failure is the test's failure
            failed += 1
            print(f"FAILED  {name}", flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)
