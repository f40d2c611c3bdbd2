"""foreign.py - what the tests of foreign clients share: a sandbox of its own, the surroundings that lead a client to it, where the clients are.

The clients are unmodified and believe that they talk to Azure: HTTPS_PROXY names the sandbox's CONNECT port, which ends every tunnel at the
sandbox itself, and a CA file vouches for it. tools/foreign-clients.sh installs them; a test whose client is missing skips and says so.
"""
import ctypes
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402

INSTALL = "tools/foreign-clients.sh installs it"
SANDBOX = os.path.join(azl.BUILD, "src", "azlosandbox")
NPM = os.environ.get("AZL_FOREIGN") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "azloconf-foreign")


def surroundings(ready, **more):
    """The environment of a client that is to meet the sandbox in Azure's place."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith(("AZURE_", "ARM_", "MSI_", "IDENTITY_"))}
    env.update(HTTPS_PROXY=ready["proxy"], REQUESTS_CA_BUNDLE=ready["ca"], NODE_EXTRA_CA_CERTS=ready["ca"], LC_ALL="C.UTF-8",
               AZURE_CORE_COLLECT_TELEMETRY="0", AZURE_CORE_NO_COLOR="1", AZURE_CORE_ONLY_SHOW_ERRORS="0", **more)
    return env


def call(ready, method, path, body=None, token=None):
    """One request to the sandbox directly: (status, JSON or None)."""
    context = ssl.create_default_context(cafile=ready["ca"])
    q = urllib.request.Request(ready["base"] + path, data=None if body is None else json.dumps(body).encode(), method=method,
                               headers={"Content-Type": "application/json"})
    if token:
        q.add_header("Authorization", "Bearer " + token)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(q, timeout=20) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        status, text = e.code, e.read().decode()
    return status, json.loads(text) if text else None


def approve(ready, user=None, decline=False):
    """Somebody types the code that waits: approves or declines it at the sandbox's control. Waits until there is one."""
    def one():
        for s in call(ready, "GET", "/sandbox/state")[1]["signIns"]:
            if s["state"] == "pending":
                return s["userCode"]
        return None
    code = azl.wait_for(one, 120, "a sign-in that waits")
    body = {"user_code": code, "decline": decline}
    if user:
        body["user"] = user
    azl.equal(call(ready, "POST", "/sandbox/approve", body)[0], 200, "approve")
    return code


def principal(ready, name):
    """(client id, tenant, object id, proof) of one of the sandbox's own service principals: proof is the secret itself, or the certificate's file."""
    p = next(x for x in ready["principals"] if x["name"] == name)
    proof = p.get("certificateFile")
    if not proof:
        with open(p["secretFile"], encoding="ascii") as f:
            proof = f.read().strip()
    return p["clientId"], p["tenant"], p["objectId"], proof


def end_with_test():
    """In the child: a sandbox whose test was killed ends, too (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Sandbox:
    """azlosandbox alone: with Sandbox("--instant") as s: s.ready, s.env(), s.exchanges()."""

    def __init__(self, *args):
        self.top = tempfile.mkdtemp(prefix="azl-foreign-")
        self.log = os.path.join(self.top, "exchanges.jsonl")
        self.args = ["--dir", os.path.join(self.top, "sandbox"), "--log", self.log, *args]

    def __enter__(self):
        env = dict(os.environ)
        azl.keys_in_stock(env)
        self.process = subprocess.Popen([SANDBOX, *self.args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=env,
                                        preexec_fn=end_with_test)
        line = self.process.stdout.readline()
        if not line:
            self.__exit__()
            raise azl.Failed("the sandbox did not start")
        self.ready = json.loads(line)
        return self

    def __exit__(self, *exc):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.process.stdout.close()
        if azl.EXCHANGES and os.path.exists(self.log):
            azl.keep_exchanges(self.log)
        if os.environ.get("AZL_KEEP"):
            print("kept:", self.top)
        else:
            shutil.rmtree(self.top, ignore_errors=True)

    def env(self, **more):
        return surroundings(self.ready, **more)

    def exchanges(self):
        with open(self.log, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]


def failures(exchanges):
    """What was answered with an error that nobody ordered: for a test's message."""
    return "".join(f"\n{x['status']} {x['method']} {x['url']} {json.dumps(x['reqBody'])[:200]} -> {json.dumps(x['resBody'])[:400]}"
                   for x in exchanges if x["status"] and x["status"] >= 400 and x["status"] != 404)


def judge(log):
    """Every exchange of a log against Microsoft's contracts, which users do not have: without them this says so."""
    contract = os.path.join(azl.SRC, "..", "shared", "contract")
    if not os.path.exists(os.path.join(contract, "INDEX.json")):
        print("        the contracts are not here (../shared/contract): these exchanges were not validated")
        return
    p = subprocess.run([sys.executable, "-B", os.path.join(azl.SRC, "tests", "contract", "validate.py"), "--contract", contract,
                        "--uncontracted", os.path.join(azl.SRC, "tests", "uncontracted.txt"), log], text=True, capture_output=True, timeout=300)
    print("\n".join("        " + line for line in p.stdout.strip().splitlines()[-1:]))
    azl.equal(p.returncode, 0, p.stdout[-4000:] + p.stderr[-2000:])
