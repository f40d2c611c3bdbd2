#!/usr/bin/env python3
"""The ways to sign in: each ends in a registration, and nothing of a secret is found anywhere else."""
import contextlib
import glob
import os
import re
import subprocess
import threading
import time

import azl


# ---- the hunt ----
class Hunt:
    """Looks at the command lines and environments of all our processes again and again while it is open."""

    def __init__(self, allowed_env=()):
        self.seen, self.open, self.allowed = set(), True, allowed_env
        self.thread = threading.Thread(target=self.look_on)

    def look_on(self):
        while self.open:
            for d in glob.glob("/proc/[0-9]*"):
                with contextlib.suppress(OSError):
                    with open(d + "/cmdline", "rb") as f:
                        cmd = f.read()
                    if b"azl" not in cmd:
                        continue
                    with open(d + "/environ", "rb") as f:
                        self.seen |= set(cmd.split(b"\0")) | set(f.read().split(b"\0"))
            time.sleep(0.02)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.open = False
        self.thread.join()

    def found(self, secret):
        return [text for text in self.seen if secret in text and not text.startswith(self.allowed)]


def in_files(r, secret):
    """Files of the core's in which the secret stands; the sandbox is the other side."""
    out = []
    for d, dirs, files in os.walk(r.state):
        if "sandbox" in os.path.relpath(d, r.state).split(os.sep):
            continue
        for name in files:
            with open(os.path.join(d, name), "rb") as f:
                if secret in f.read():
                    out.append(os.path.join(d, name))
    return out


def memory_of(pid):
    """What a core dump of the process would hold: its writable memory without the pages marked as not to be dumped."""
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as f:
        blocks = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) (\S+)[^\n]*\n(.*?)^VmFlags:([^\n]*)$", f.read(), re.M | re.S)
    out = []
    with open(f"/proc/{pid}/mem", "rb", 0) as f:
        for start, end, mode, _, flags in blocks:
            if "w" not in mode or "dd" in flags.split():
                continue
            f.seek(int(start, 16))
            with contextlib.suppress(OSError):
                out.append(f.read(int(end, 16) - int(start, 16)))
    return b"\0".join(out)


def judge(r, hunt, secrets, output):
    azl.check(hunt.found(b"--state-dir"), "the hunt saw no command line")
    if os.geteuid() == 0:
        azl.check(r.ready()["tenant"].encode() in memory_of(r.core_pid()), "the hunt reads no memory")
    for secret in secrets:
        secret = secret if isinstance(secret, bytes) else secret.encode()
        azl.equal(hunt.found(secret), [], "in a command line or an environment")
        azl.equal(in_files(r, secret), [], "in a file of the core's")
        azl.check(secret not in output.encode(), "in the output")
        if os.geteuid() == 0:
            azl.check(secret not in memory_of(r.core_pid()), f"in memory of the core that a dump would hold: {secret[:12]!r}")


def principal(r, name):
    p = next(x for x in r.ready()["principals"] if x["name"] == "sandbox-" + name)
    return p, p.get("secretFile") or p.get("certificateFile")


def registered(r, *sign_in, secrets=(), before=None, env=None, allowed_env=(), account=None):
    """A cluster, this sign-in, a registration; the section of the sign-in."""
    r.cluster()
    sign_in, secrets = (sign_in, secrets) if before is None else before()
    with Hunt(allowed_env) as hunt:
        p = r.run("sign-in", *sign_in, ok=0, env=env)
        done = r.register()
    judge(r, hunt, secrets, p.stdout + p.stderr + done.stdout + done.stderr)
    azl.check("Signed in as " in p.stdout, p.stdout)
    if account:
        azl.check(account in p.stdout, f"{account} is not in: {p.stdout}")
    azl.equal(r.status()["RegistrationStatus"], "Registered")
    return p


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read().strip()


def test_service_principal_with_a_secret():
    with azl.Rehearsal() as r:
        def how():
            p, path = principal(r, "secret")
            return ["--service-principal", "--client-id", p["clientId"], "--tenant-id", p["tenant"], "--client-secret-file", path], [text_of(path)]
        registered(r, before=how)


def test_service_principal_with_a_certificate():
    with azl.Rehearsal() as r:
        def how():
            p, path = principal(r, "certificate")
            lines = re.findall(r"^[A-Za-z0-9+/]{64}$", text_of(path).split("PRIVATE KEY-----")[1], re.M)
            return ["--service-principal", "--client-id", p["clientId"], "--tenant-id", p["tenant"], "--client-certificate", path], lines[3:5]
        registered(r, before=how)


def token_of(r, name="secret"):
    """A token for Resource Manager, as another program got it."""
    p, path = principal(r, name)
    ready = r.ready()
    q = subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", ready["ca"], "-d", f"client_id={p['clientId']}", "-d", "grant_type=client_credentials",
                        "--data-urlencode", f"client_secret={text_of(path)}", "-d", "scope=https://management.azure.com/.default",
                        f"{ready['base']}/{p['tenant']}/oauth2/v2.0/token"], capture_output=True, text=True, check=True)
    return __import__("json").loads(q.stdout)["access_token"]


def test_a_ready_token():
    with azl.Rehearsal() as r:
        def how():
            token, path = token_of(r), os.path.join(r.top, "token")
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
                f.write(token + "\n")
            return ["--access-token-file", path, "--account-id", "anna@contoso.example"], [token]
        p = registered(r, before=how, account="anna@contoso.example")
        azl.check("ends with its token" in p.stdout, p.stdout)


azl.main()
