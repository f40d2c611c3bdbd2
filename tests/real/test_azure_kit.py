#!/usr/bin/env python3
"""The kit of `make check-azure`, with one sandbox as "Azure" and a second one to compare with: what it records, hides, reports,
makes and deletes. It has met no real Azure."""
import http.client
import http.server
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
KIT = os.path.join(azl.BUILD, "tests", "azure_kit")
YES = {"AZL_AZURE_WRITE": "MAKE", "AZL_AZURE_WRITE_AGAIN": "MAKE"}
READY = {"Microsoft.AzureStackHCI": "Registered", "Microsoft.HybridCompute": "Registered"}


class Altering:
    """A server before the sandbox that changes answers: alter(method, path, status, headers, body) -> the same three."""

    def __init__(self, azure, alter):
        outer = self
        self.alter, self.azure, self.seen = alter, azure, []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                c = http.client.HTTPSConnection("127.0.0.1", azure.port, context=azure.tls, timeout=20)
                c.request(self.command, self.path, body, dict(self.headers))
                r = c.getresponse()
                status, data = r.status, r.read()
                headers = {k: v for k, v in r.getheaders() if k.lower() not in ("content-length", "transfer-encoding", "connection")}
                c.close()
                outer.seen.append((self.command, self.path, status))
                doc = json.loads(data) if data else None
                changed = outer.alter(self.command, self.path.split("?")[0], status, headers, doc)
                if changed is None:
                    self.close_connection = True
                    return
                status, headers, doc = changed
                data = json.dumps(doc).encode() if doc is not None else b""
                self.send_response_only(status)
                for k, v in headers.items():
                    self.send_header(k, v)
                if status != 204:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD" and status != 204:
                    self.wfile.write(data)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = forward

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(azure.dir, "server.pem"), os.path.join(azure.dir, "server.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.base = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Azure:
    """A sandbox that plays Azure, and a folder for what the kit leaves."""

    def __init__(self, *options, seed=None, approve="auto:0", instant=True, alter=None):
        self.top = tempfile.mkdtemp(prefix="azl-kit-")
        self.dir, self.out = os.path.join(self.top, "azure"), os.path.join(self.top, "out")
        self.log = os.path.join(self.top, "exchanges.jsonl")
        seed = {"providers": READY} if seed is None else seed
        with open(os.path.join(self.top, "seed.json"), "w", encoding="utf-8") as f:
            json.dump(seed, f)
        self.process = subprocess.Popen(
            [os.path.join(azl.BUILD, "src", "azlosandbox"), "--dir", self.dir, "--seed", f.name, "--approve", approve, "--log", self.log,
             *(["--instant"] if instant else []), *options], stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        self.port = int(self.ready["base"].rsplit(":", 1)[1])
        self.tls = ssl.create_default_context(cafile=self.ready["ca"])
        self.altering = Altering(self, alter) if alter else None
        self.base = self.altering.base if alter else self.ready["base"]
        self.env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith("AZL_AZURE")}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.altering:
            self.altering.close()
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
        if os.environ.get("AZL_KEEP"):
            print("kept:", self.top)
        else:
            shutil.rmtree(self.top, ignore_errors=True)

    def args(self, *more, subscription=True):
        return ["--cloud-endpoint", self.base, "--ca-file", self.ready["ca"],
                *(["--subscription", self.ready["subscription"]] if subscription else []), *more]

    def kit(self, *more, env=None, ok=0, subscription=True):
        """azure_kit alone."""
        p = subprocess.run([KIT, "--out", self.out, *self.args(*more, subscription=subscription)], env=dict(self.env, **(env or {})),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        azl.equal(p.returncode, ok, p.stdout)
        return p.stdout

    def whole(self, *more, env=None, ok=0):
        """As `make check-azure` does it: both clouds and the report."""
        p = subprocess.run([sys.executable, "-B", os.path.join(HERE, "check_azure.py"), "--dir", self.out, *self.args(*more)],
                           env=dict(self.env, AZL_BUILD=azl.BUILD, **(env or {})), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=60)
        azl.equal(p.returncode, ok, p.stdout)
        return p.stdout

    def text(self, name="azure.jsonl"):
        with open(os.path.join(self.out, name), encoding="utf-8") as f:
            return f.read()

    def records(self):
        return [json.loads(line) for line in self.text().splitlines()]

    def exchanges(self):
        with open(self.log, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def left(self):
        """What the kit made and did not delete."""
        self.process.send_signal(0)
        with open(os.path.join(self.dir, "world.json"), encoding="utf-8") as f:
            return [i for i in json.load(f)["resources"] if "azlch" in i.lower()]


def report_of(text):
    return text.split("\n\n", 1)[1] if "\n\n" in text else text


def test_whole_kit():
    with azl_azure() as a:
        out = a.whole("--write", env=YES)
        for made in ("the group is made", "the cluster resource is made", "the cluster resource is gone", "the group is gone"):
            azl.check(made in out, f"not said: {made}\n{out}")
        azl.check("0 different" in a.text("report.txt"), a.text("report.txt"))
        azl.equal(a.left(), [], "left in the sandbox")
        azl.equal(os.stat(a.out).st_mode & 0o777, 0o700, "the folder")
        for name in ("azure.jsonl", "sandbox.jsonl", "report.txt"):
            azl.equal(os.stat(os.path.join(a.out, name)).st_mode & 0o777, 0o600, name)
        azl.check(not os.path.exists(os.path.join(a.out, "left-behind.txt")), "left-behind.txt is still there")


def azl_azure(**kw):
    return Azure(instant=False, **kw)


def test_only_reads_unless_told():
    with Azure() as a:
        a.kit()
        changing = [(x["method"], x["url"]) for x in a.exchanges() if x["method"] not in ("GET", "HEAD") and "/oauth2/" not in x["url"]]
        azl.equal(changing, [], "it wrote")
        out = a.kit("--write", ok=2)
        azl.check("nothing is made in Azure" in out, out)
        a.kit("--write", env={"AZL_AZURE_WRITE": "MAKE"}, ok=2)
        changing = [(x["method"], x["url"]) for x in a.exchanges() if x["method"] not in ("GET", "HEAD") and "/oauth2/" not in x["url"]]
        azl.equal(changing, [], "it wrote")


azl.main()
