"""side_by_side.py - the same registration by clients that others wrote and by azloconf, in one run against one sandbox.

The work: the resource group, the four providers that a registration needs, the cluster, the role of the service on the group. By az (a process
a request, the way its users do it), by the Python and the Node SDK (one process), by one curl a request, and by azloconf, whose registration
also asks before it writes, connects the node to Arc, creates the Arc settings and syncs. Wall and CPU seconds and peak memory are the client's
(azloconf: console, core and what they start); requests are those of the sandbox's exchange log. az and azloconf are signed in before; curl and
the SDKs sign in within their time, by a code that is approved at once. No request waits: the sandbox is --instant.
"""
import json
import os
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "foreign"))
import foreign  # noqa: E402
from foreign import azl  # noqa: E402

PROVIDERS = ("Microsoft.AzureStackHCI", "Microsoft.HybridCompute", "Microsoft.GuestConfiguration", "Microsoft.HybridConnectivity")
ROLE = "f5819b54-e033-4d82-ac66-4fec3cbf3f4c"  # Azure Connected Machine Resource Manager
CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
SCRIPTS = {"az": ["sh", "register_az.sh"], "Python SDK": ["/usr/bin/python3", "-B", "register_sdk.py"], "Node SDK": ["node", "register_sdk.mjs"],
           "curl": ["bash", "register_curl.sh"]}


def absent(who):
    """What is missing for a client, or None."""
    if who == "Python SDK":
        here = subprocess.run(["/usr/bin/python3", "-c", "import azure.mgmt.azurestackhci, azure.identity"], capture_output=True, check=False)
        return None if here.returncode == 0 else "python3-azure"
    if who == "Node SDK":
        return None if os.path.isdir(os.path.join(foreign.NPM, "node_modules", "@azure", "arm-azurestackhci")) else "@azure/arm-azurestackhci"
    return None if shutil.which(who) else who


def timed(argv, env):
    """(wall seconds, CPU seconds of it and its children, kB of the largest process)."""
    with tempfile.NamedTemporaryFile("r") as out:
        p = subprocess.run([os.path.join(azl.BUILD, "tests", "bench_run"), out.name, *argv], env=env, cwd=HERE, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300, check=False)
        if p.returncode:
            raise azl.Failed(f"{' '.join(argv)}: exit {p.returncode}\n{p.stderr.decode(errors='replace')[-2000:]}")
        wall, cpu, peak, _ = out.read().split()
    return float(wall), float(cpu), int(peak)


class Core:
    """A core on a node of its own of the common sandbox, with a cluster and a sign-in."""

    def __init__(self, s, n):
        node = s.ready["nodes"][n]
        name, run = node["name"], os.path.join(s.top, f"run{n}")
        os.mkdir(run, 0o700)
        state = os.path.join(s.top, f"core{n}")
        self.env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.env.update(LC_ALL="C.UTF-8", LANGUAGE="en", TZ="UTC", XDG_RUNTIME_DIR=run)
        self.place = ["--subscription-id", s.ready["subscription"], "--tenant-id", s.ready["tenant"], "--region", "eastus", "--yes"]
        self.extra = ["--state-dir", state, "--cloud-endpoint", s.ready["base"], "--ca-file", s.ready["ca"], "--himds-endpoint",
                      f"{name}={node['himds']}", "--azcmagent", f"{name}={node['azcmagent']}", "--tokens-dir", f"{name}={node['tokensDir']}"]
        for command in (["cluster", "create", f"OURS-{n}", "--node", name], ["sign-in", "--tenant-id", s.ready["tenant"]]):
            timed([azl.PROGRAM, *command, *self.extra], self.env)
        with open(os.path.join(state, "core.lock"), encoding="ascii") as f:
            self.pid = int(f.read())

    def cpu(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as f:
            return sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:15]) / os.sysconf("SC_CLK_TCK")

    def register(self):
        before = self.cpu()
        wall, cpu, peak = timed([azl.PROGRAM, "register", *self.place, *self.extra], self.env)
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            core_peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        return wall, cpu + self.cpu() - before, max(peak, core_peak)

    def end(self):
        os.kill(self.pid, 15)
        azl.wait_for(lambda: not os.path.exists(f"/proc/{self.pid}"), 10, "the core's end")


class Bed:
    def __init__(self, s):
        self.s = s
        self.token = self.sign_in()
        self.providers = f"/subscriptions/{s.ready['subscription']}/providers/"
        first = f"/subscriptions/{s.ready['subscription']}/resourceGroups/first"
        self.ask("POST", f"{self.providers}{PROVIDERS[0]}/register?api-version=2021-04-01")
        azl.wait_for(lambda: self.ask("GET", f"{self.providers}{PROVIDERS[0]}?api-version=2021-04-01")["registrationState"] == "Registered", 10, "a provider")
        self.ask("PUT", f"{first}?api-version=2021-04-01", {"location": "eastus"})
        cluster = self.ask("PUT", f"{first}/providers/{PROVIDERS[0]}/clusters/first?api-version=2024-04-01", {"location": "eastus"})
        self.env = foreign.surroundings(s.ready, AZURE_CONFIG_DIR=os.path.join(s.top, "az"), AZL_FOREIGN=foreign.NPM, BASE=s.ready["base"],
                                        CA=s.ready["ca"], TENANT=s.ready["tenant"], SUB=s.ready["subscription"], ROLE=ROLE,
                                        PRINCIPAL=cluster["properties"]["resourceProviderObjectId"], PROVIDERS=" ".join(PROVIDERS))

    def sign_in(self):
        def post(what, **form):
            data = urllib.parse.urlencode(dict(form, client_id=CLIENT)).encode()
            with opener.open(f"{self.s.ready['base']}/{self.s.ready['tenant']}/oauth2/v2.0/{what}", data, timeout=20) as answer:
                return json.load(answer)

        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(
            context=ssl.create_default_context(cafile=self.s.ready["ca"])))
        code = post("devicecode", scope=self.s.ready["base"] + "/.default")["device_code"]
        return post("token", grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=code)["access_token"]

    def ask(self, method, path, body=None):
        status, answer = foreign.call(self.s.ready, method, path, body, self.token)
        azl.check(status < 300, f"{method} {path}: {status} {answer}")
        return answer

    def measure(self, job):
        """(wall, CPU, peak, requests of the sign-in, others): with no provider registered, and everything else that is asked counted."""
        for ns in PROVIDERS:
            self.ask("POST", f"{self.providers}{ns}/unregister?api-version=2021-04-01")
        before = len(self.s.exchanges())
        result = job()
        paths = ["/" + x["url"].split("?")[0].split("/", 3)[3].lower() for x in self.s.exchanges()[before:] if x["url"].startswith("https")]
        sign_in = sum("/oauth2/" in p or "/.well-known/" in p or "/discovery/" in p for p in paths)
        return *result, sign_in, len(paths) - sign_in

    def stranger(self, who, n):
        group = f"{who.split()[0].lower()}-{n}"
        program, *args = SCRIPTS[who]
        return lambda: timed([program, *args], dict(self.env, GROUP=group, CLUSTER=f"c-{group}", ASSIGNMENT=str(uuid.uuid4())))


def compare(row, repeats):
    with foreign.Sandbox("--instant", "--approve", "auto:0", "--nodes", str(repeats)) as s:
        bed, results = Bed(s), {}
        for who in SCRIPTS:
            missing = absent(who)
            if missing:
                row(f"registration, {who}", f"{missing} is not installed")
                continue
            if who == "az":
                timed(["az", "login", "--use-device-code", "--tenant", s.ready["tenant"]], bed.env)
            results[who] = [bed.measure(bed.stranger(who, n)) for n in range(repeats)]
        cores = [Core(s, n) for n in range(repeats)]
        try:
            results["azloconf"] = [bed.measure(core.register) for core in cores]
        finally:
            for core in cores:
                core.end()
    ours = [statistics.median(x) for x in zip(*results["azloconf"])]
    for who, runs in results.items():
        wall, cpu, peak, sign_in, requests = (statistics.median(x) for x in zip(*runs))
        ratio = "" if who == "azloconf" else f"; azloconf: {ours[0] / wall:.2f} wall, {ours[1] / cpu:.2f} CPU, {ours[2] / peak:.2f} memory"
        row(f"registration, {who}", f"{wall:.3f} s wall, {cpu:.3f} s CPU, {peak / 1024:.1f} MB, {requests:.0f}+{sign_in:.0f} requests{ratio}")
