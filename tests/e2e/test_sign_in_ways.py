#!/usr/bin/env python3
"""The ways to sign in: each ends in a registration, and nothing of a secret is found anywhere else."""
import contextlib
import glob
import json
import os
import re
import signal
import socket
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
    return json.loads(q.stdout)["access_token"]


def test_a_ready_token():
    with azl.Rehearsal() as r:
        def how():
            token, path = token_of(r), os.path.join(r.top, "token")
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
                f.write(token + "\n")
            return ["--access-token-file", path, "--account-id", "anna@contoso.example"], [token]
        p = registered(r, before=how, account="anna@contoso.example")
        azl.check("ends with its token" in p.stdout, p.stdout)


# ---- the Azure CLI ----
AZ = """#!/bin/sh
# a stand-in for az: it writes down how it was called, and answers as version 2.45 does
echo "$0" "$@" >"$AZURE_CONFIG_DIR/called"
env >"$AZURE_CONFIG_DIR/env"
cat "$AZURE_CONFIG_DIR/answer"
if [ -e "$AZURE_CONFIG_DIR/words" ]; then cat "$AZURE_CONFIG_DIR/words" >&2; exit 1; fi
"""


def az_env(r, answer="", words=None):
    d = os.path.join(r.top, "az")
    os.makedirs(d, exist_ok=True)
    for name, text in (("az", AZ), ("answer", answer), ("words", words)):
        if text is not None:
            with open(os.path.join(d, name), "w", encoding="utf-8") as f:
                f.write(text)
    os.chmod(os.path.join(d, "az"), 0o700)
    return {"PATH": d + ":" + os.environ["PATH"], "AZURE_CONFIG_DIR": d, "AZURE_CLIENT_SECRET": "not-for-az"}


def test_the_azure_cli():
    with azl.Rehearsal() as r:
        r.cluster()
        token, tenant = token_of(r), r.ready()["tenant"]
        env = az_env(r, json.dumps({"accessToken": token, "expiresOn": "2026-11-21 12:00:00.000000", "subscription": "x", "tenant": tenant,
                                    "tokenType": "Bearer"}))
        with Hunt() as hunt:
            p = r.run("sign-in", "--azure-cli", ok=0, env=env)
            r.register()
        judge(r, hunt, [token], p.stdout + p.stderr)
        azl.check("ends with its token" in p.stdout and tenant in p.stdout, p.stdout)
        azl.check(text_of(os.path.join(env["AZURE_CONFIG_DIR"], "called")).endswith("/az account get-access-token --output json"), "called otherwise")
        azl.check("not-for-az" not in text_of(os.path.join(env["AZURE_CONFIG_DIR"], "env")), "az got a secret of ours")
        azl.equal(r.status()["RegistrationStatus"], "Registered")


def test_the_azure_cli_refuses():
    with azl.Rehearsal() as r:
        env = az_env(r, words="ERROR: Please run 'az login' to setup account.\n")
        p = r.run("sign-in", "--azure-cli", ok=4, env=env)
        azl.check("Please run 'az login'" in p.stderr and "as the same user" in p.stderr, p.stderr)
        for answer in ("no JSON", '{"accessToken": 7}', '{"accessToken": "a.b.c"}', '{"accessToken":"' + "x" * 70000 + '"}'):
            os.path.exists(env["AZURE_CONFIG_DIR"] + "/words") and os.unlink(env["AZURE_CONFIG_DIR"] + "/words")
            p = r.run("sign-in", "--azure-cli", env=az_env(r, answer))
            azl.check(p.returncode in (1, 2, 4) and "azloconf:" in p.stderr, f"{answer[:20]}: {p}")
        p = r.run("sign-in", "--azure-cli", ok=2, env={"PATH": "/nowhere"})
        azl.check("not in PATH" in p.stderr, p.stderr)


# ---- the browser ----
def browse(r, url, *args):
    return subprocess.run(["curl", "-sS", "-L", "--noproxy", "*", "--max-time", "20", "--cacert", r.ready()["ca"], *args, url],
                          capture_output=True, text=True, check=False)


def first_line(p, pattern):
    for line in p.stdout:
        found = re.search(pattern, line)
        if found:
            return found.group(0)
    raise azl.Failed("the program said nothing of " + pattern)


def begin_browser(r, *args):
    p = r.start("sign-in", "--browser", *args)
    return p, first_line(p, r"http://localhost:\d+/\S+")


def test_a_browser():
    with azl.Rehearsal(sandbox=["--log-secrets"]) as r:
        r.cluster()
        with Hunt() as hunt:
            p, address = begin_browser(r)
            page = browse(r, address)
            azl.check("You are nearly there" in page.stdout, page)
            out = p.communicate(timeout=30)[0]
            azl.equal(p.returncode, 0, out)
            r.register()
        said = [x for x in r.exchanges() if "/oauth2/v2.0/" in x["url"]]
        form = next(x["reqBody"] for x in said if "authorization_code" in str(x["reqBody"]))
        secrets = [re.search(name + r"=([^&]+)", form).group(1) for name in ("code", "code_verifier")]
        tokens = [x["resBody"][name] for x in said if x["status"] == 200 and isinstance(x["resBody"], dict)
                  for name in ("access_token", "refresh_token", "id_token") if name in x["resBody"]]
        azl.check(len(tokens) >= 3, "the hunt knows no tokens")
        judge(r, hunt, secrets + tokens, out)
        azl.equal(r.status()["RegistrationStatus"], "Registered")
        azl.check(browse(r, address).returncode == 7, "the port is still listened on")


def test_a_browser_is_answered_only_with_our_state():
    with azl.Rehearsal() as r:
        p, address = begin_browser(r)
        port = address.split(":")[2].split("/")[0]
        base = f"http://localhost:{port}"
        for args, status in ((["-d", "x=1", base + "/?code=1&state=2"], 405), ([base + "/?code=1&state=2"], 400), ([base + "/?code=1"], 400), ([base + "/"], 404),
                             (["-H", "Host: evil.example", address], 404), ([base + "/?error=access_denied&state=no"], 400)):
            got = subprocess.run(["curl", "-sS", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}", *args], capture_output=True, text=True, check=False)
            azl.equal(got.stdout, str(status), str(args))
        azl.check(p.poll() is None, "one of these ended the sign-in")
        azl.check("You are nearly there" in browse(r, address).stdout, "the true answer")
        azl.equal((p.communicate(timeout=30), p.returncode)[1], 0)


def test_a_browser_declines():
    with azl.Rehearsal(approve="manual") as r:
        p, address = begin_browser(r)
        page = browse(r, address).stdout
        azl.check("Are you trying to sign in?" in page, page)
        handle = re.search(r'name="id" value="([^"]+)"', page).group(1)
        page = browse(r, r.ready()["base"] + "/login/session", "-d", "answer=decline", "--data-urlencode", "id=" + handle).stdout
        azl.check("Not signed in" in page and "declined" in page, page)
        out = p.communicate(timeout=30)[0]
        azl.equal(p.returncode, 4, out)
        azl.check("AADSTS65004" in out, out)


def test_a_browser_on_a_chosen_port():
    with azl.Rehearsal(approve="manual") as r:
        with contextlib.closing(socket.socket()) as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
            s.listen()
            p = r.run("sign-in", "--browser", "--port", str(port), ok=1)
            azl.check(f"Port {port}" in p.stderr, p.stderr)
        p, address = begin_browser(r, "--port", str(port))
        azl.check(address.startswith(f"http://localhost:{port}/"), address)
        r.sandbox("POST", "/sandbox/approve", {"user_code": "*"})
        azl.check("Are you trying" in browse(r, address).stdout, "the page")
        p.terminate()
        p.communicate(timeout=20)


# ---- the variables ----
def test_the_environment():
    with azl.Rehearsal() as r:
        r.cluster()
        p, path = principal(r, "secret")
        r.kill_core(signal.SIGTERM)
        r.run("status", ok=0, env={"AZURE_CLIENT_SECRET": text_of(path)})  # a core started with the secret in sight
        with open(f"/proc/{r.core_pid()}/environ", "rb") as f:
            azl.check(text_of(path).encode() not in f.read(), "the core has the secret in its environment")
        cert, pem = principal(r, "certificate")
        host = r.ready()["base"]
        env = {"AZURE_TENANT_ID": p["tenant"], "AZURE_CLIENT_ID": p["clientId"], "AZURE_CLIENT_SECRET": text_of(path), "AZURE_AUTHORITY_HOST": host}
        with Hunt(allowed_env=(b"AZURE_CLIENT_SECRET=",)) as hunt:
            out = r.run("sign-in", "--environment", ok=0, env=env).stdout
            r.register()
        judge(r, hunt, [text_of(path)], out)
        for text in hunt.found(text_of(path).encode()):
            azl.check(False, text)
        r.run("sign-in", "--environment", ok=0, env={"AZURE_TENANT_ID": p["tenant"], "AZURE_CLIENT_ID": cert["clientId"],
                                                     "AZURE_CLIENT_CERTIFICATE_PATH": pem})
        p = r.run("sign-in", "--environment", ok=2, env=dict(env, AZURE_AUTHORITY_HOST="https://login.microsoftonline.us"))
        azl.check("login.microsoftonline.us" in p.stderr, p.stderr)
        del env["AZURE_CLIENT_SECRET"]
        p = r.run("sign-in", "--environment", ok=2, env=env)
        azl.check("AZURE_CLIENT_SECRET" in p.stderr, p.stderr)


azl.main()
