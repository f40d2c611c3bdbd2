#!/usr/bin/env python3
"""The ways to sign in: each ends in a registration, and nothing of a secret is found anywhere else."""
import base64
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
        azl.equal(in_files(r, b"anna@contoso.example"), [], "AccountId is masked in logs (register-flow.md 3.4)")


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


LOOPBACK = ("0100007F", "0" * 24 + "01000000")  # 127.0.0.1 and ::1 as /proc/net writes them


def bound_to(port):
    """The local addresses, as the kernel writes them, that are listened on at the port."""
    found = set()
    for name in ("tcp", "tcp6"):
        with open("/proc/net/" + name, encoding="ascii") as f:
            for line in f.readlines()[1:]:
                address, at = line.split()[1].split(":")
                if int(at, 16) == port and line.split()[3] == "0A":
                    found.add(address)
    return found


def test_a_browser():
    with azl.Rehearsal(sandbox=["--log-secrets"]) as r:
        r.cluster()
        with Hunt() as hunt:
            p, address = begin_browser(r)
            where = bound_to(int(address.split(":")[2].split("/")[0]))
            azl.check(LOOPBACK[0] in where and where <= set(LOOPBACK), f"it listens on {where}")
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


# ---- tenants with rules ----
def test_a_tenant_that_blocks_device_codes():
    with azl.Rehearsal() as r:
        r.cluster()
        for number, words in ((53003, "--browser"), (50097, "--service-principal")):
            r.sandbox("POST", "/sandbox/access", {"deviceCode": number})
            p = r.run("sign-in", ok=5)
            azl.check(f"AADSTS{number}" in p.stderr and words in p.stderr, p.stderr)
        p, address = begin_browser(r)  # the next way to try
        browse(r, address)
        p.communicate(timeout=30)
        azl.equal(p.returncode, 0)
        r.register()


def test_a_session_that_began_with_a_device_code_ends():
    with azl.Rehearsal() as r:
        r.prepare()
        r.sandbox("POST", "/sandbox/access", {"deviceCode": 530036})
        r.fault("401@GET /subscriptions/*")  # the token is refused, and the session is to give another
        p = r.start(*r.register_args())
        seen = ""
        for line in p.stdout:
            seen += line
            if "in another terminal" in line:
                break
        azl.check("530036" in seen and "--browser" in seen and "type the code" not in seen, seen)
        me, path = principal(r, "secret")
        r.run("sign-in", "--service-principal", "--client-id", me["clientId"], "--tenant-id", me["tenant"], "--client-secret-file", path, ok=0)
        seen = p.communicate(timeout=60)[0]
        azl.equal(p.returncode, 0, seen)
        azl.equal(r.status()["RegistrationStatus"], "Registered")


def choices(r):
    """The section as another console sees it."""
    path = [os.path.join(d, f) for d, _, fs in os.walk(r.run_dir) for f in fs if f.endswith(".sock")][0]
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as s:
        s.settimeout(20)
        s.connect(path)
        s.sendall(b'{"hello":{"protocol":1,"program":"test","version":"1"}}\n{"intent":{"id":1,"name":"choices","args":{}}}\n')
        f = s.makefile()
        while '"to":1' not in f.readline():
            pass
        s.sendall(b'{"watch":{"since":{"choices":0}}}\n')
        return json.loads(f.readline())["answer"]["sections"]["choices"]["data"]


def test_mfa_of_another_tenant_says_what_to_do():
    with azl.Rehearsal() as r:
        r.cluster()
        home = r.ready()["tenant"]
        other = next(t["tenantId"] for t in r.world()["tenants"] if t["tenantId"] != home)
        r.sandbox("POST", "/sandbox/access", {"tenant": other, "mfa": True})
        r.run("sign-in", ok=0)
        tenants = {t["id"]: t.get("state", "") for t in choices(r)["tenants"]}
        azl.equal(tenants, {home: "", other: "AADSTS50076"})
        r.run("sign-in", "--tenant-id", other, ok=0)  # what is said to do
        tenants = {t["id"]: t.get("state", "") for t in choices(r)["tenants"]}
        azl.equal(tenants[other], "")
        sub = next(s["subscriptionId"] for s in r.world()["subscriptions"] if s["tenantId"] == other and s["state"] == "Enabled")
        r.run("register", "--subscription-id", sub, "--tenant-id", other, "--region", "eastus", "--yes", ok=0)


# ---- the plain face ----
def test_the_plain_face():
    with azl.Rehearsal(approve="manual") as r:
        r.cluster()
        p, path = principal(r, "secret")
        with Hunt() as hunt:
            out = r.run("--plain", ok=0, input="\n".join(["2", "w", "?", "4", "no tenant", p["tenant"], "<", "", "2", "w", "4", p["tenant"], p["clientId"], path,
                                                          "", "q", ""]), timeout=60).stdout
        for words in ("How do you want to sign in?", "6 A ready access token", "a GUID or a domain name", "Signed in as "):
            azl.check(words in " ".join(out.split()) or words in out, f"{words} is not in:\n{out}")
        judge(r, hunt, [text_of(path)], out)
        r.register()


# ---- words for what is wrong ----
def test_wrong_words_and_secrets():
    with azl.Rehearsal() as r:
        r.cluster()
        p, path = principal(r, "secret")
        _, pem = principal(r, "certificate")
        bad = os.path.join(r.top, "bad")
        with open(bad, "w", encoding="ascii") as f:
            f.write("wrong-secret-of-24-letters\n")
        one = ["--service-principal", "--client-id", p["clientId"], "--tenant-id", p["tenant"]]
        for args, code, words in (
                (["--service-principal"], 2, "--client-id"), (["--client-id", "x"], 2, "belongs to --service-principal"),
                (["--azure-cli", "--browser"], 2, "two ways"), (one + ["--client-secret-file", path, "--client-secret-fd", "0"], 2, "exclude"),
                (one + ["--client-secret-file", "/nowhere"], 1, "/nowhere"), (one + ["--client-secret-file", "/dev/null"], 2, "empty"),
                (one + ["--client-secret-file", bad], 4, "AADSTS7000215"), (one + ["--client-certificate", path], 2, "neither PEM nor PKCS #12"),
                (one + ["--client-certificate", pem], 4, "AADSTS700027"), (one, 2, "no terminal"), (one[:4] + ["organizations", "--client-secret-file", path], 2, "tenant"),
                (["--access-token-file", bad, "--account-id", "a"], 2, "three parts"), (["--access-token-file", bad], 2, "--account-id"),
                (["--browser", "--port", "80"], 2, "1024")):
            got = r.run("sign-in", *args, env={"LC_ALL": "C.UTF-8"})
            azl.check(got.returncode == code and words in got.stderr, f"{args}: {got.returncode}\n{got.stderr}")
            azl.check("wrong-secret" not in got.stdout + got.stderr, "the secret is shown")
        azl.check("chmod 600" in r.run("sign-in", *one, "--client-secret-file", bad, ok=4).stderr, "no warning")
        azl.equal(r.run("sign-in", *one, "--client-secret-fd", "0", input=text_of(path) + "\n", ok=0).stderr, "", "by descriptor")


# ---- a token that ends ----
def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def short_token(r, seconds):
    """One that the sandbox takes, of so few seconds' life: signed with its own key."""
    head, claims, _ = token_of(r).split(".")
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    claims["exp"] = int(time.time()) + seconds
    text = head.encode() + b"." + b64(json.dumps(claims).encode())
    key = glob.glob(os.path.join(r.state, "**", "token.key"), recursive=True)[0]
    p = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text, capture_output=True, check=True)
    return (text + b"." + b64(p.stdout)).decode()


def test_a_run_waits_for_a_sign_in_when_the_token_ends():
    with azl.Rehearsal() as r:
        r.cluster()
        token, path = short_token(r, 3), os.path.join(r.top, "token")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
            f.write(token)
        said = r.json("sign-in", "--access-token-file", path, "--account-id", "anna")
        azl.check(said["ends"] and said["tokenExpiresAt"], said)
        r.fault("slow=3500@PUT /subscriptions/*/resourcegroups/*")
        p = r.start(*r.register_args())
        seen = ""
        for line in p.stdout:
            seen += line
            if "waits for a sign-in" in line:
                break
        azl.check("come to its end" in seen, seen)
        azl.equal(p.communicate(timeout=90)[1], None)  # the code that follows approves itself
        azl.equal(p.returncode, 0)
        azl.equal(r.status()["RegistrationStatus"], "Registered")


if __name__ == "__main__":
    azl.main()
