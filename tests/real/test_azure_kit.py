#!/usr/bin/env python3
"""The kit of `make check-azure`, with one sandbox as "Azure" and a second one to compare with: what it records, hides, reports,
makes and deletes. It has met no real Azure."""
import atexit
import concurrent.futures
import http.client
import http.server
import json
import os
import pty
import re
import select
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
KIT = os.path.join(azl.BUILD, "tests", "azure_kit")
KEYS = os.path.join(tempfile.mkdtemp(prefix="azl-keys-"), "keys")  # made once: that takes longer than most runs
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
        if os.path.isdir(KEYS):
            shutil.copytree(KEYS, self.dir)
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
        if azl.EXCHANGES and os.path.exists(self.log):
            azl.keep_exchanges(self.log)
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
        with open(os.path.join(self.dir, "world.json"), encoding="utf-8") as f:
            return [i for i in json.load(f)["resources"] if "azlch" in i.lower()]


def differences(report):
    """The lines of the report that count, without what stands in brackets behind them."""
    step, out = "", []
    for line in report.splitlines():
        if line.startswith("    ") and not line.startswith("    ("):
            out.append(step + ": " + re.sub(r" \(.*\)$", "", line.strip()))
        elif re.match(r"\S+: ", line):
            step = line.split(": ")[0]
    return out


def changing(a):
    """Requests that would change Azure."""
    return [(x["method"], x["url"]) for x in a.exchanges() if x["method"] not in ("GET", "HEAD") and "/oauth2/" not in x["url"]]


# ---- the whole of it ----


def poll_soon(method, path, status, headers, doc):
    if path.endswith("/devicecode"):
        doc["interval"] = 1
    return status, headers, doc


def test_whole_kit():
    with Azure(instant=False, alter=poll_soon) as a:
        out = a.whole("--write", env=YES)
        for made in ("the group is made", "the cluster resource is made", "the cluster resource is gone", "the group is gone"):
            azl.check(made in out, f"not said: {made}\n{out}")
        azl.equal(differences(a.text("report.txt")), [], a.text("report.txt"))
        azl.check(" 0 different" in a.text("report.txt"), "the closing line")
        azl.equal(a.left(), [], "left in the sandbox")
        azl.equal(os.stat(a.out).st_mode & 0o777, 0o700, "the folder")
        for name in ("azure.jsonl", "sandbox.jsonl", "report.txt"):
            azl.equal(os.stat(os.path.join(a.out, name)).st_mode & 0o777, 0o600, name)
        azl.check(not os.path.exists(os.path.join(a.out, "left-behind.txt")), "left-behind.txt is still there")
        hunt(a, out_of_files=True)


def test_through_a_proxy_under_azures_own_names():
    """No --cloud-endpoint: login.microsoftonline.com and management.azure.com, led here by the CONNECT port alone."""
    with Azure() as a:
        p = subprocess.run([KIT, "--out", a.out, "--ca-file", a.ready["ca"], "--subscription", a.ready["subscription"], "--write"],
                           env=dict(a.env, HTTPS_PROXY=a.ready["proxy"], **YES), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=60)
        azl.equal(p.returncode, 0, p.stdout)
        hosts = {re.match(r"https://([^/]+)", x["url"]).group(1) for x in a.records()}
        azl.equal(hosts, {"login.microsoftonline.com", "management.azure.com"}, "hosts in the record")
        azl.equal(a.left(), [], "left")
        hunt(a)


def test_only_reads_unless_told():
    with Azure() as a:
        a.kit()
        azl.equal(changing(a), [], "it wrote")
        out = a.kit("--write", ok=2)
        azl.check("nothing is made in Azure" in out and "AZL_AZURE_WRITE" in out, out)
        a.kit("--write", env={"AZL_AZURE_WRITE": "MAKE"}, ok=2)
        a.kit("--write", env={"AZL_AZURE_WRITE": "MAKE", "AZL_AZURE_WRITE_AGAIN": "make"}, ok=2)
        azl.equal(changing(a), [], "it wrote")
        a.kit(env=YES)
        azl.equal(changing(a), [], "it wrote without --write")


def test_declined_at_the_end_is_still_compared():
    with Azure() as a:
        out = a.whole("--write", ok=2)
        azl.check("nothing is made in Azure" in out and " 0 different" in out, out)
        azl.equal(changing(a), [], "it wrote")


# ---- what a report says ----


def alter_seven(method, path, status, headers, doc):
    """One change in each of seven steps."""
    path = path.lower()
    if path == "/tenants":
        for t in doc["value"]:
            t["label"] = t.pop("displayName")
    elif path.endswith("/locations"):
        for x in doc["value"]:
            x["displayName"] = 7
    elif path.endswith("/providers/microsoft.azurestackhci"):
        for t in doc["resourceTypes"]:
            t["locations"] = [x.lower().replace(" ", "") for x in t["locations"]]
    elif path.endswith("/azlchk-none"):
        doc["error"]["code"] = "ResourceNotFound"
    elif "/subscriptions/" in path and status == 401:
        headers = {k: v for k, v in headers.items() if k.lower() != "www-authenticate"}
    elif path.endswith("/resourcegroups") and status == 400:
        status = 422
    elif path.count("/") == 2 and path.startswith("/subscriptions/") and status == 200:
        del doc["authorizationSource"]
    return status, headers, doc


def test_report_names_exactly_what_differs():
    with Azure(alter=alter_seven) as a:
        out = a.whole(ok=1)
        want = {
            "tenants: only in Azure: value[].label",
            "tenants: only in the sandbox: value[].displayName",
            "subscription: only in the sandbox: authorizationSource",
            "no-token: only in the sandbox: header www-authenticate",
            "locations: type differs at value[].displayName: Azure number, the sandbox string",
            "provider.Microsoft.AzureStackHCI: format differs at resourceTypes[].locations[]: Azure region code, the sandbox region name",
            "bad-version: status differs: Azure 422, the sandbox 400",
            "no-cluster: value differs at error.code: Azure ResourceNotFound, the sandbox ResourceGroupNotFound",
        }
        azl.equal(set(differences(a.text("report.txt"))), want, out)
        azl.check(a.text("report.txt") in out, "the report on the screen is another one than the file")
        hunt(a, out_of_files=True)


def test_comparison_alone():
    """compare.py on two small records: what counts, what is only noted."""
    with tempfile.TemporaryDirectory(prefix="azl-cmp-") as top:
        def compare(azure, sandbox, **kw):
            paths = []
            for name, body in (("a", azure), ("b", sandbox)):
                paths.append(os.path.join(top, name))
                with open(paths[-1], "w", encoding="utf-8") as f:
                    x = {"step": "s", "status": 200, "resHeaders": {}, "resBody": body}
                    f.write(json.dumps(dict(x, **kw.get(name, {}))) + "\n")
            p = subprocess.run([sys.executable, "-B", os.path.join(HERE, "compare.py"), *paths], stdout=subprocess.PIPE, text=True)
            return p.returncode, [d[3:] for d in differences(p.stdout)]

        azl.equal(compare({"a": 1}, {"a": 2}), (0, []), "values are not shapes")
        azl.equal(compare({"a": 1}, {"a": True}), (1, ["type differs at a: Azure number, the sandbox boolean"]))
        azl.equal(compare({"a": None}, {"a": "x"}), (0, []), "null may become a value")
        azl.equal(compare({"v": []}, {"v": [{"a": 1}]}), (0, []), "an empty list says nothing of its elements")
        azl.equal(compare({"v": [{"a": 1}, {"b": 1}]}, {"v": [{"a": 1, "b": 2}]}), (0, []), "elements are merged")
        azl.equal(compare({"o": {"a": {"b": 1}}}, {"o": {}}), (1, ["only in Azure: o.a"]), "the topmost is named, once")
        azl.equal(compare({"tags": {"x": "1"}}, {"tags": {"y": "2"}}), (0, []), "tags' names are the customer's")
        azl.equal(compare({"state": "Enabled"}, {"state": "Warned"}), (0, []), "a state is noted")
        azl.equal(compare({"id": "/subscriptions/6cf9d6ef-ed83-3ff5-91c3-b48c7b0d6502"}, {"id": "6cf9d6ef-ed83-3ff5-91c3-b48c7b0d6502"}),
                  (1, ["format differs at id: Azure address /subscriptions/{guid}, the sandbox GUID"]))
        azl.equal(compare({"u": "https://h/e?w-1a43752139=w-dbd62252ce"}, {"u": "https://h/e?w-ae451f102d=w-12a9a36f0c"}), (0, []),
                  "pseudonyms of two runs differ, in a query's names too")
        azl.equal(compare({"u": "https://h/e?w-1a43752139=w-dbd62252ce"}, {"u": "https://h/e"})[0], 1, "a query that only one has")
        openid = {"step": "openid"}
        azl.equal(compare({"msgraph_host": "graph.microsoft.com"}, {"msgraph_host": "w-f8f1b9dc08"}, a=openid, b=openid), (0, []), "known")
        azl.equal(compare({}, {}, a={"status": 201}), (1, ["status differs: Azure 201, the sandbox 200"]))
        azl.equal(compare({}, {"x": 1}, a={"status": 403}), (0, []), "a missing right is no shape")
        azl.equal(compare({}, {"x": 1}, a={"status": 0}), (0, []), "a lost answer is no shape")
        azl.equal(compare({"a": 1}, {"a": "x"}, a={"status": 403}, b={"status": 403})[0], 1, "two refusals are compared")
        azl.equal(compare({}, {}, b={"step": "t"}), (1, ["only in Azure: the whole step", "only in the sandbox: the whole step"]))
        azl.equal(compare({}, {}, b={"resHeaders": {"retry-after": "1"}}), (1, ["only in the sandbox: header retry-after"]))
        with open(os.path.join(top, "a"), "w", encoding="utf-8") as f:
            f.write("this is no record\n")
        p = subprocess.run([sys.executable, "-B", os.path.join(HERE, "compare.py"), f.name, f.name], stdout=subprocess.PIPE, text=True)
        azl.equal(p.returncode, 2, p.stdout)


# ---- what is hidden ----

# ours to know: public ids that stand in every client, and what the sandbox shows as Azure does
PUBLIC = {"04b07795-8ddb-461a-bbee-02f9e1bf7b46", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c",
          "acdd72a7-3385-48ef-bd42-f606fba81ae7", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "f5819b54-e033-4d82-ac66-4fec3cbf3f4c",
          "4c02703c-f5d0-44b0-adc3-4ed5c2839e61"}
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def strings(doc):
    if isinstance(doc, dict):
        for k, v in doc.items():
            yield k
            yield from strings(v)
    elif isinstance(doc, list):
        for v in doc:
            yield from strings(v)
    elif isinstance(doc, str):
        yield doc


def prey(a):
    """Every id, name and secret: of the sandbox's world, and of all that went over the wire."""
    out = set()
    with open(os.path.join(a.dir, "world.json"), encoding="utf-8") as f:
        world = json.load(f)
    for t in world["tenants"]:
        out |= {t["displayName"], t["defaultDomain"]}
    out |= {s["displayName"] for s in world["subscriptions"]} | {u["upn"] for u in world["users"]} | {u["name"] for u in world["users"]}
    out |= {g for s in strings(world) for g in GUID.findall(s)}
    for x in a.exchanges():
        for part in (x["reqBody"], x["resBody"], x["reqHeaders"], x["resHeaders"], x["url"]):
            out |= {g for s in strings(part) for g in GUID.findall(s)}
            out |= set(re.findall(r"azlch\w+-[0-9a-f]{8}", json.dumps(part)))
        body = x["resBody"] if isinstance(x["resBody"], dict) else {}
        for name in ("access_token", "refresh_token", "id_token", "device_code", "user_code", "client_info"):
            if isinstance(body.get(name), str):
                out.add(body[name])
        out.add(x["reqHeaders"].get("authorization", "").replace("Bearer ", ""))
    out |= {f"127.0.0.1:{a.port}", a.base.split("//")[1], a.ready["user"]}
    return {p for p in out if len(p) > 4 and p.lower() not in PUBLIC}


def found(a, texts, names=()):
    lower = "\n".join(texts).lower()
    return sorted(p for p in prey(a) | set(names) if p.lower() in lower)


def hunt(a, out_of_files=False, names=()):
    texts = [a.text()] + ([a.text("report.txt")] if out_of_files else [])
    azl.check(len(prey(a)) > 40, f"the hunt knows only {len(prey(a))} things")
    azl.equal(found(a, texts, names), [], "ids or secrets in what is kept")
    azl.check(not re.search(r"eyJ[A-Za-z0-9_-]{20,}\.eyJ", "\n".join(texts)), "a JWT")


def test_the_hunt_finds():
    """The hunt over what was not masked finds all of it: it could have failed."""
    with Azure() as a:
        a.kit()
        with open(a.log, encoding="utf-8") as f:
            bare = f.read()
        missed = prey(a) - set(found(a, [bare]))
        azl.check(len(found(a, [bare])) > 40, f"found in the bare log: {found(a, [bare])}")
        hunt(a)
        for x in a.records():
            for name in ("access_token", "refresh_token", "id_token", "device_code", "user_code", "client_info"):
                for part in (x["reqBody"], x["resBody"]):
                    azl.check(not isinstance(part, dict) or part.get(name, "***") == "***", f"{name} left a trace in {x['step']}")
        one = a.ready["subscription"]
        azl.equal(found(a, [a.text() + one.upper()]), [one], "one planted id")
        azl.check(len(missed) < len(prey(a)) / 2, f"prey that never went over the wire: {missed}")


CUSTOMER = ["Zubrowka", "zubrowka.example", "mendl-rg", "10.77.88.99", "fd00:77::99", "madame.d@zubrowka.example", "Lutz Checkpoint 19",
            "boy-with-apple", "kovacs", "society-of-crossed-keys", "4711081500", "w3dn3sday-s3cr3t", "Gasse 12"]


def alter_customer(method, path, status, headers, doc):
    """A tenant whose own words stand wherever Azure lets them stand."""
    path = path.lower()
    if path == "/tenants":
        doc["value"][0].update(displayName="Zubrowka", defaultDomain="zubrowka.example", domains=["zubrowka.example"], phone="4711081500",
                               city="Lutz Checkpoint 19", address={"location": "Gasse 12 @ Zubrowka", "type": "10.77.88.99"})
    elif path.endswith("/permissions"):
        doc["value"].append({"actions": ["Microsoft.Resources/subscriptions/read"], "notActions": [], "dataActions": [], "notDataActions": [],
                             "assignedTo": "madame.d@zubrowka.example", "condition": "@Resource[name] StringEquals 'boy-with-apple'"})
    elif path.endswith("/clusters"):
        doc["value"].append({
            "id": path.replace("/providers", "/resourceGroups/mendl-rg/providers") + "/boy-with-apple", "name": "boy-with-apple",
            "type": "Microsoft.AzureStackHCI/clusters", "location": "eastus", "systemData": {"createdBy": "madame.d@zubrowka.example"},
            "tags": {"society-of-crossed-keys": "kovacs", "location": "kovacs", "state": "kovacs", "type": {"kind": "kovacs"}},
            "identity": {"userAssignedIdentities": {"/subscriptions/x/resourceGroups/mendl-rg/providers/P/u/kovacs": {"clientId": "kovacs"}}},
            "properties": {"serviceEndpoint": "https://boy-with-apple.zubrowka.example:8443/mendl-rg?sig=w3dn3sday-s3cr3t",
                           "reportedProperties": {"nodes": [{"name": "kovacs", "serialNumber": "4711081500", "ip": "fd00:77::99"}]}}})
    elif status == 404:
        doc["error"]["message"] = ("The client 'madame.d@zubrowka.example' (kovacs) at 10.77.88.99, fd00:77::99 of Zubrowka cannot find resource group "
                                   "'mendl-rg' of /subscriptions/x/resourceGroups/mendl-rg/providers/Microsoft.AzureStackHCI/clusters/boy-with-apple; "
                                   "see https://zubrowka.example/mendl-rg?c=w3dn3sday-s3cr3t or call 4711081500, Lutz Checkpoint 19, Gasse 12.")
        doc["error"]["target"] = "mendl-rg"
    elif "/subscriptions/" in path and status == 401:
        headers = {k: v for k, v in headers.items() if k.lower() != "www-authenticate"}
        headers["WWW-Authenticate"] = ('Bearer authorization_uri="https://login.zubrowka.example/kovacs", error="invalid_token", '
                                       'error_description="kovacs of Zubrowka", claims="w3dn3sday-s3cr3t"')
    return status, headers, doc


def test_a_customers_own_words():
    with Azure(alter=alter_customer) as a:
        a.kit()
        for word in CUSTOMER:
            azl.check(word.lower() in json.dumps(CUSTOMER).lower() and len(word) > 4, word)
        hunt(a, names=CUSTOMER)
        text = a.text()
        for kept in ("Microsoft.AzureStackHCI/clusters", "eastus", "ResourceGroupNotFound", "authorization_uri", "2024-04-01", "Registered"):
            azl.check(kept in text, f"not kept: {kept}")
        ids = {x["resBody"]["subscriptionId"] for x in a.records() if x["step"] == "subscription"}
        azl.equal(len(ids), 1, "one id, one pseudonym")
        azl.check(all(i in x["url"] for i in ids for x in a.records() if x["step"] in ("locations", "permissions")), "equal stays equal")
        azl.check(all(GUID.fullmatch(i) for i in ids), "a GUID stays a GUID")


def test_pseudonyms_of_two_runs_differ():
    with Azure() as a:
        seen = []
        for _ in range(2):
            a.kit()
            seen.append({x["resBody"]["subscriptionId"] for x in a.records() if x["step"] == "subscription"})
            os.remove(os.path.join(a.out, "azure.jsonl"))
        azl.check(not seen[0] & seen[1], "the same pseudonym twice: it can be computed")


# ---- nothing is left behind ----


def rights_hidden(method, path, status, headers, doc):
    """As with a deny assignment: the list of permissions does not tell of it."""
    if path.lower().endswith("/permissions"):
        doc["value"][0]["notActions"] = []
    return status, headers, doc


def denied(action, told=False):
    return Azure(seed={"providers": READY, "denyActions": [action]}, alter=None if told else rights_hidden)


def test_denied_and_told():
    with denied("Microsoft.AzureStackHCI/clusters/delete", told=True) as a:
        out = a.kit("--write", env=YES, ok=2)
        azl.check("this account may not: Microsoft.AzureStackHCI/clusters/delete" in out and "could not make it and delete it" in out, out)
        azl.equal(changing(a), [], "it wrote")


def test_denied_group():
    with denied("Microsoft.Resources/subscriptions/resourceGroups/write") as a:
        out = a.kit("--write", env=YES, ok=1)
        azl.check("AuthorizationFailed" in out and "may not do that" in out, out)
        azl.equal([m for m, _ in changing(a)], ["PUT"], "after the refusal")
        azl.equal(a.left(), [], "left")


def test_denied_cluster():
    with denied("Microsoft.AzureStackHCI/clusters/write") as a:
        out = a.kit("--write", env=YES, ok=1)
        azl.check("AuthorizationFailed" in out and "the group is gone" in out, out)
        azl.equal(a.left(), [], "left")


def test_denied_deletion():
    with denied("Microsoft.AzureStackHCI/clusters/delete") as a:
        out = a.kit("--write", env=YES, ok=4)
        azl.equal(len(a.left()), 2, "a group and a cluster are left, and nothing was hidden")
        with open(os.path.join(a.out, "left-behind.txt"), encoding="utf-8") as f:
            note = f.read()
        for kind in ("az resource delete --ids /subscriptions/", "az group delete --subscription "):
            azl.check(kind in out and kind in note, f"no command: {kind}\n{out}")
        azl.check(all(i.rsplit("/", 1)[1] in out.lower() for i in a.left()), "the names")
        azl.equal([u for m, u in changing(a) if m == "DELETE" and "/providers/" not in u], [], "a group that is not empty was deleted")


def test_lost_answers():
    faults = ["reply-lost@PUT *resourcegroups/azlcheck*x1", "reply-lost@PUT */clusters/azlchk*x1", "503@DELETE */clusters/azlchk*x1"]
    jobs = []
    for fault in faults:
        def one(fault=fault):
            with Azure("--fault", fault) as a:
                out = a.kit("--write", env=YES, ok=1 if "PUT" in fault else 0)
                azl.equal(a.left(), [], f"left after {fault}\n{out}")
                azl.check(any(m == "DELETE" for m, _ in changing(a)), f"nothing was deleted after {fault}: was it made at all?\n{out}")
        jobs.append(one)
    azl.side_by_side(jobs)


def test_interrupted_while_writing():
    """Ctrl-C while the answer to a change is on its way: at the group, at the cluster, at the deletion."""
    def one(match, sig):
        reached, go = threading.Event(), threading.Event()

        def hold(method, path, status, headers, doc):
            if (method, match[1] in path) == (match[0], True) and not reached.is_set():
                reached.set()
                go.wait(10)
            return status, headers, doc

        with Azure(alter=hold) as a:
            p = subprocess.Popen([KIT, "--out", a.out, *a.args("--write")], env=dict(a.env, **YES), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            azl.check(reached.wait(20), f"{match} was not reached")
            azl.check(a.left(), "nothing was made yet: the test tests nothing")
            azl.check(os.path.exists(os.path.join(a.out, "left-behind.txt")), "the names are not on disk")
            p.send_signal(sig)
            azl.wait_for(lambda: True, 1, "")
            go.set()
            out = p.communicate(timeout=30)[0]
            azl.equal(p.returncode, 130, out)
            azl.equal(a.left(), [], f"left after {match}\n{out}")
            azl.check(not os.path.exists(os.path.join(a.out, "left-behind.txt")), "left-behind.txt")
            azl.check("interrupted: what was made is deleted first" in out, out)

    azl.side_by_side([lambda: one(("PUT", "/azlcheck-"), signal.SIGINT), lambda: one(("PUT", "/clusters/azlchk-"), signal.SIGTERM),
                      lambda: one(("DELETE", "/clusters/azlchk-"), signal.SIGHUP)])


def test_not_ours():
    """A group of that name that exists, and a cluster without our tag: neither is touched."""
    def there(method, path, status, headers, doc):
        return (204 if method == "HEAD" else status), headers, doc

    def bare(method, path, status, headers, doc):
        if method == "GET" and "/clusters/azlchk-" in path and status == 200:
            doc.pop("tags", None)
        return status, headers, doc

    def first():
        with Azure(alter=there) as a:
            out = a.kit("--write", env=YES, ok=1)
            azl.check("exists already" in out, out)
            azl.equal(changing(a), [], "it wrote")

    def second():
        with Azure(alter=bare) as a:
            out = a.kit("--write", env=YES, ok=4)
            azl.check("does not carry our tag" in out, out)
            azl.equal([m for m, _ in changing(a) if m == "DELETE"], [], "deleted what is not ours")

    azl.side_by_side([first, second])


# ---- what goes wrong, in words ----


def test_words():
    def wrong_subscription():
        with Azure() as a:
            out = a.kit("--subscription", "11111111-2222-3333-4444-555555555555", ok=1)
            azl.check("does not exist in tenant" in out and "SubscriptionNotFound" in out, out)
            out = a.kit("--subscription", "Contoso", ok=2)
            azl.check("named by its id" in out, out)

    def no_subscription():
        with Azure(seed={"providers": READY, "subscriptions": []}) as a:
            out = a.kit(subscription=False, ok=1)
            azl.check("sees no subscription in tenant" in out, out)

    def many_subscriptions():
        with Azure() as a:
            out = a.kit(subscription=False, ok=2)
            azl.check("AZL_AZURE_SUBSCRIPTION" in out, out)
            a.kit(subscription=False, env={"AZL_AZURE_SUBSCRIPTION": a.ready["subscription"]})

    def expired():
        with Azure("--fault", "expired_token@POST *token*") as a:
            out = a.kit(ok=3)
            azl.check("the code expired before anybody used it" in out, out)

    def refused():
        with Azure("--fault", "declined@POST *token*") as a:
            out = a.kit(ok=3)
            azl.check("refused in the browser" in out, out)

    def wrong_tenant():
        with Azure() as a:
            out = a.kit("--tenant", "nowhere.example", ok=3)
            azl.check("not signed in" in out and "AADSTS90002" in out, out)
            out = a.kit("--tenant", "no/where", ok=2)
            azl.check("A tenant is a GUID or a domain name" in out, out)

    def disabled():
        sub = "22222222-3333-4444-5555-666666666666"
        with Azure(seed={"providers": READY, "subscriptions": [{"subscriptionId": sub, "displayName": "Old", "state": "Disabled"}]}) as a:
            out = a.kit("--write", "--subscription", sub, env=YES, ok=2)
            azl.check("takes no writes" in out, out)
            azl.equal(changing(a), [], "it wrote")

    def unregistered():
        with Azure(seed={}) as a:
            out = a.kit("--write", env=YES)
            azl.check("MissingSubscriptionRegistration" in out and "the group is gone" in out, out)
            azl.equal([u for m, u in changing(a) if m == "POST"], [], "it registered a provider")
            azl.equal(a.left(), [], "left")

    def region():
        with Azure() as a:
            out = a.kit("--write", "--region", "moon", env=YES, ok=2)
            azl.check("takes no cluster resources" in out and ",eastus," in out, out)
            azl.equal(changing(a), [], "it wrote")

    def nobody_there():
        with Azure() as a:
            a.base = "https://127.0.0.1:1"
            out = a.kit(ok=1)
            azl.check("finding the cloud" in out or "127.0.0.1:1" in out, out)

    azl.side_by_side([wrong_subscription, no_subscription, many_subscriptions, expired, refused, wrong_tenant, disabled, unregistered, region,
                      nobody_there])


# ---- at a terminal ----


class Terminal:
    def __init__(self, a, *more, whole=False):
        args = [sys.executable, "-B", os.path.join(HERE, "check_azure.py"), "--dir", a.out] if whole else [KIT, "--out", a.out]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(args[0], [*args, *a.args(*more, subscription=False)], dict(a.env, AZL_BUILD=azl.BUILD))
        self.seen = ""

    def until(self, text, seconds=20):
        start = len(self.seen)
        end = time.time() + seconds
        while text not in self.seen[start:]:
            if not select.select([self.fd], [], [], max(0, end - time.time()))[0]:
                raise azl.Failed(f"waited for {text!r}:\n{self.seen}")
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                part = b""
            if not part:
                raise azl.Failed(f"ended before {text!r}:\n{self.seen}")
            self.seen += part.decode()

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        while True:
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                break
            if not part:
                break
            self.seen += part.decode()
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_typed_answers():
    def yes():
        with Azure(approve="auto:2") as a:
            t = Terminal(a, "--write")
            t.until("the code is good for 14:5")
            t.until("Which subscription? Its number: ")
            t.type("77\n")
            t.until("Its number (1 to 3): ")
            t.type("1\n")
            t.until("Type MAKE to go on")
            azl.equal(changing(a), [], "before the word")
            t.type("MAKE\n")
            t.until("Once more, to be sure, type MAKE: ")
            azl.equal(changing(a), [], "after one word")
            t.type("MAKE\n")
            t.until("the group is gone")
            azl.equal(t.end(), 0, t.seen)
            azl.equal(a.left(), [], "left")
            azl.check(any(m == "PUT" for m, _ in changing(a)), "nothing was made")

    def no(first, second):
        with Azure() as a:
            t = Terminal(a, "--write")
            t.until("Its number: ")
            t.type("1\n")
            t.until("Type MAKE to go on")
            t.type(first)
            if second:
                t.until("Once more")
                t.type(second)
            azl.equal(t.end(), 130 if "\x03" in first + second else 2, t.seen)
            azl.check("nothing is made in Azure" in t.seen or "nothing was made in Azure" in t.seen, t.seen)
            azl.equal(changing(a), [], "it wrote")

    def ahead():
        """Words typed before the question was asked are no answer to it."""
        with Azure() as a:
            t = Terminal(a, "--write")
            t.type("1\nMAKE\nMAKE\nMAKE\nMAKE\n")
            t.until("Its number: ")
            t.type("1\nMAKE\nMAKE\n")
            t.until("Type MAKE to go on")
            t.type("no\n")
            azl.equal(t.end(), 2, t.seen)
            azl.equal(changing(a), [], "it wrote")

    def break_the_whole():
        """The operator's own way in: Ctrl-C reaches the kit through check_azure.py, which waits for its clean-up."""
        held = threading.Event()

        def slowly(method, path, status, headers, doc):
            if method == "PUT" and "/clusters/" in path:
                held.wait(1)
            return status, headers, doc

        with Azure(alter=slowly) as a:
            t = Terminal(a, "--write", whole=True)
            t.until("Its number: ")
            t.type("1\n")
            t.until("Type MAKE to go on")
            t.type("MAKE\n")
            t.until("Once more")
            t.type("MAKE\n")
            t.until("the group is there")
            t.type("\x03")
            held.set()
            azl.equal(t.end(), 130, t.seen)
            azl.check("the group is gone" in t.seen and "nothing was compared" in t.seen, t.seen)
            azl.equal(a.left(), [], "left")

    def break_sign_in():
        with Azure(approve="manual") as a:
            t = Terminal(a)
            t.until("the code is good for ")
            t.type("\x03")
            azl.equal(t.end(), 130, t.seen)

    azl.side_by_side([yes, lambda: no("make\n", ""), lambda: no("MAKE\n", "\n"), lambda: no("MAKE\n", "\x03"), ahead, break_the_whole, break_sign_in])


def together():
    """All at once, for they mostly wait; told one by one."""
    with Azure() as a:
        os.mkdir(KEYS, 0o700)
        for name in ("ca.key", "ca.pem", "server.key", "server.pem", "token.key"):
            shutil.copy2(os.path.join(a.dir, name), KEYS)
    atexit.register(shutil.rmtree, os.path.dirname(KEYS), True)
    names = [n for n in globals() if n.startswith("test_") and (not sys.argv[1:] or n in sys.argv[1:])]
    pool = concurrent.futures.ThreadPoolExecutor(6)
    waiting = {n: pool.submit(globals()[n]) for n in names}
    azl.main({n: w.result for n, w in waiting.items()})


together()
