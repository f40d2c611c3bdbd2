"""stranger.py - a rehearsal whose sign-in server others wrote: npm's oidc-provider (RFC 8628) stands before the sandbox's Resource Manager.

Stranger is azl.Rehearsal with another cloud: azloconf is given the address of node/oidc_server.mjs as its cloud, and nothing tells it that this is
not Microsoft Entra. Everything is on loopback; the certificate authority is made for the run.
"""
import json
import os
import shutil
import ssl
import subprocess
import urllib.parse
import urllib.request

import azl
import oav

CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # the client id that azloconf signs in with
SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node", "oidc_server.mjs")
# The Arc agent's stand-in asks the sandbox, which knows no token but its own: the operator's is exchanged on the way.
AGENT = """#!/bin/sh
# agent: a stand-in that is handed the operator's token; what it was handed is noted
for a in "$@"; do case $a in /proc/self/fd/*) cat "$a" >>{top}/handed; printf '\\n' >>{top}/handed; set -- "$@" --config {top}/agent.json; esac; done
exec {agent} "$@"
"""


def absent():
    for program in ("node", "openssl"):
        if not shutil.which(program):
            return f"{program} is not installed: no foreign sign-in server"
    if not os.path.exists(os.path.join(oav.FOREIGN, "node_modules", "oidc-provider", "package.json")):
        return "oidc-provider is not here (tools/foreign-clients.sh fetches it): no foreign sign-in server"
    return None


def need():
    why = absent()
    if why:
        raise azl.Skip(why)


def certificate(folder):
    """ca.pem, and server.pem with server.key for 127.0.0.1."""
    at = {n: os.path.join(folder, n) for n in ("ca.key", "ca.pem", "server.key", "server.csr", "server.pem", "server.ext")}
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    with open(at["server.ext"], "w", encoding="ascii") as f:
        f.write("subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n")
    for args in (["req", "-x509", *key, "-keyout", at["ca.key"], "-out", at["ca.pem"], "-days", "2", "-subj", "/CN=a stranger's authority"],
                 ["req", *key, "-keyout", at["server.key"], "-out", at["server.csr"], "-subj", "/CN=127.0.0.1"],
                 ["x509", "-req", "-in", at["server.csr"], "-CA", at["ca.pem"], "-CAkey", at["ca.key"], "-CAcreateserial", "-days", "2",
                  "-extfile", at["server.ext"], "-out", at["server.pem"]]):
        subprocess.run(["openssl", *args], check=True, capture_output=True, timeout=60)
    return at


class Stranger(azl.Rehearsal):
    """code_s, token_s: life of a code and of an access token in seconds; names: id tokens say who signed in."""

    def __init__(self, **conf):
        super().__init__()
        self.programs = []
        try:
            self.begin(conf)
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def begin(self, conf):
        files = certificate(self.top)
        self.box = self.serve([os.path.join(azl.BUILD, "src", "azlosandbox"), "--dir", os.path.join(self.top, "sandbox"), "--instant", "--approve",
                               "auto:0", "--log", self.log])
        self.tenant, node = self.box["tenant"], self.box["nodes"][0]
        self.ca = self.box["ca"]
        token = self.sandbox_token()
        conf.update(modules=oav.FOREIGN, cert=files["server.pem"], key=files["server.key"], tenant=self.tenant, client_id=CLIENT,
                    sandbox=self.box["base"], sandbox_ca=self.box["ca"], sandbox_token=token)
        config = os.path.join(self.top, "server.json")
        for path, content in ((config, conf), (os.path.join(self.top, "agent.json"), {"access-token": token})):
            with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
                json.dump(content, f)
        agent = os.path.join(self.top, "azcmagent")
        with open(agent, "w", encoding="utf-8") as f:
            f.write(AGENT.format(top=self.top, agent=node["azcmagent"]))
        os.chmod(agent, 0o700)
        self.base = self.serve(["node", SERVER, config])["base"]
        self.ca = files["ca.pem"]
        self.extra = ["--state-dir", self.state, "--cloud-endpoint", self.base, "--ca-file", self.ca, "--himds-endpoint", f"node1={node['himds']}",
                      "--azcmagent", f"node1={agent}", "--tokens-dir", f"node1={node['tokensDir']}"]

    def serve(self, argv):
        """Starts a server that lives until its standard input is closed or it is ended; the first line that it prints, as JSON."""
        with open(os.path.join(self.top, "servers.err"), "ab") as err:
            p = subprocess.Popen(argv, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True)
        self.programs.append(p)
        line = p.stdout.readline()
        if not line:
            with open(err.name, encoding="utf-8", errors="replace") as f:
                raise azl.Failed(f"{argv[0]} did not start:\n{f.read()}")
        return json.loads(line)

    def __exit__(self, *exc):
        for p in reversed(self.programs):
            p.terminate()
            p.wait(20)
            p.stdin.close()
            p.stdout.close()
        super().__exit__(*exc)

    def post(self, url, data, headers=()):
        context = ssl.create_default_context(cafile=self.ca)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        q = urllib.request.Request(url, data=data, headers=dict(headers))
        with opener.open(q, timeout=20) as answer:
            return json.loads(answer.read() or b"{}")

    def sandbox_token(self):
        at = f"{self.box['base']}/{self.tenant}/oauth2/v2.0/"
        form = lambda **kw: urllib.parse.urlencode(dict(kw, client_id=CLIENT)).encode()  # noqa: E731
        code = self.post(at + "devicecode", form(scope=self.box["base"] + "/.default openid"))
        return self.post(at + "token", form(grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=code["device_code"]))["access_token"]

    def ready(self):
        return self.box

    def world(self):
        with open(os.path.join(self.top, "sandbox", "world.json"), encoding="utf-8") as f:
            return json.load(f)

    # ---- the stranger's hook ----
    def order(self, do, **more):
        self.post(self.base + "/hook", json.dumps(dict(more, do=do)).encode(), {"Content-Type": "application/json"})

    def seen(self):
        return self.post(self.base + "/hook", None)

    def polls(self, grant="device_code"):
        return [x for x in self.seen()["requests"] if x["grant"].endswith(grant)]

    def sign_in(self, *orders, ok=0, wait=60, polled=0):
        """Signs in; once the code was given out (and polled for that often) the orders are given: texts or (text, numbers)."""
        codes = self.seen()["codes"]
        p = self.start("sign-in", "--tenant-id", self.tenant)
        azl.wait_for(lambda: self.seen()["codes"] > codes and len(self.polls()) >= polled, 40, "a code, and polls for it")
        for o in orders:
            self.order(o) if isinstance(o, str) else self.order(o[0], **o[1])
        out = p.communicate(timeout=wait)[0]
        if p.returncode != ok:
            raise azl.Failed(f"sign-in: exit {p.returncode}, wanted {ok}\n{out}{self.core_log()}{self.seen()}")
        return out

    def register_args(self):
        return ["register", "--subscription-id", self.box["subscription"], "--tenant-id", self.tenant, "--region", "eastus", "--yes"]

