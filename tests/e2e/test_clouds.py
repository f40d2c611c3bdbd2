#!/usr/bin/env python3
"""Azure's other clouds: each registered from end to end at its own host names, which the sandbox plays behind its proxy port."""
import os
import subprocess

import azl

GUID = "1322e676-dee7-41ee-a874-ac923822781c"
CLOUDS = {
    "AzureCloud": {"login": "login.microsoftonline.com", "arm": "management.azure.com", "dp": "dp.stackhci.azure.com",
                   "portal": "https://portal.azure.com/", "usage": "https://azurestackhci-usage.trafficmanager.net", "region": "eastus"},
    "AzureChinaCloud": {"login": "login.partner.microsoftonline.cn", "arm": "management.chinacloudapi.cn", "dp": "dp.stackhci.azure.cn",
                        "portal": "https://portal.azure.cn/", "usage": GUID, "region": "chinaeast2"},
    "AzureUSGovernment": {"login": "login.microsoftonline.us", "arm": "management.usgovcloudapi.net", "dp": "dp.azurestackhci.azure.us",
                          "portal": "https://portal.azure.us/", "usage": "https://dp.azurestackhci.azure.us", "region": "usgovvirginia"},
    "Azure.local": {"login": "login.autonomous.cloud.private", "arm": "armmanagement.autonomous.cloud.private",
                    "dp": "dp.aszrp.autonomous.cloud.private", "portal": "https://portal.autonomous.cloud.private/",
                    "usage": "https://dp.aszrp.autonomous.cloud.private", "region": "autonomous"},
}


class Cloud(azl.Rehearsal):
    def __init__(self, name, core=(), **kw):
        super().__init__(core=["--environment-name", name, *core], **kw)
        self.name, self.facts = name, CLOUDS[name]

    def register_args(self):
        args = super().register_args()
        args[args.index("--region") + 1] = self.facts["region"]
        return args


def registered(name):
    with Cloud(name) as r:
        r.prepare()
        p = r.register()
        f = r.facts
        azl.equal(r.status()["RegistrationStatus"], "Registered", name)
        azl.check(f["portal"] + "#@" in p.stdout, f"{name}: portal\n{p.stdout}")
        seen = {}
        for x in r.exchanges():
            host = x["url"].split("/")[2]
            if x["url"].startswith("http://") or host.startswith("127.0.0.1"):
                continue
            azl.check(host in (f["login"], f["arm"], f["dp"]), f"{name}: a request to {x['url']}")
            seen.setdefault(host, []).append(x)
        azl.equal(sorted(seen), sorted([f["login"], f["arm"], f["dp"]]), f"{name}: hosts")
        azl.check(all(200 <= x["status"] < 500 and x["status"] != 421 for x in seen[f["arm"]] + seen[f["dp"]]), f"{name}: an answer")
        scopes = {x["reqBody"].split("scope=")[1].split("&")[0] for x in seen[f["login"]] if "scope=" in str(x["reqBody"])}
        azl.check(any(s.startswith(f"https%3A%2F%2F{f['arm']}%2F.default") for s in scopes), f"{name}: {scopes}")
        himds = [x["url"] for x in r.exchanges() if "/metadata/identity/oauth2/token" in x["url"]]
        if himds:
            azl.check(all(f["usage"].replace(":", "%3A").replace("/", "%2F") in u or f["usage"] in u for u in himds), f"{name}: {himds}")
        asked = any(m == "POST" and "microsoft.hybridconnectivity/register" in path for m, path in r.writes())
        azl.equal(asked, name == "AzureCloud", f"{name}: register Microsoft.HybridConnectivity")
        agents = r.world()["agents"]
        azl.equal({a["cloud"] for a in agents.values()}, {name}, "the agent's cloud")
        return r


def test_azure_cloud():
    registered("AzureCloud")


def test_china():
    registered("AzureChinaCloud")


def test_us_government():
    registered("AzureUSGovernment")


def test_the_first_generation_in_other_clouds():
    """20H2: that cloud's Microsoft Graph, service address and portal, and no other host."""
    for name, graph in (("AzureChinaCloud", "microsoftgraph.chinacloudapi.cn"), ("AzureUSGovernment", "graph.microsoft.us")):
        with Cloud(name, core=["--node-build", "17784"]) as r:
            r.prepare()
            r.register()
            azl.equal((r.status()["RegistrationStatus"], r.status()["ConnectionStatus"]), ("Registered", "Connected"), name)
            f = r.facts
            hosts = {x["url"].split("/")[2] for x in r.exchanges()
                     if not x["url"].startswith("http://") and not x["url"].split("/")[2].startswith("127.0.0.1")}
            azl.equal(hosts, {f["login"], f["arm"], f["dp"], graph}, f"{name}: hosts")
            azl.check(any(x["method"] == "POST" and x["url"].startswith(f"https://{graph}/v1.0/applications") for x in r.exchanges()), f"{name}: Graph")


def test_azure_local_by_its_agent():
    registered("Azure.local")


def test_a_rehearsal_stays_in_its_cloud():
    with Cloud("AzureChinaCloud") as r:
        r.run("status", ok=None)
        r.kill_core()
        name = r.extra.index("--environment-name")
        del r.extra[name:name + 2]
        r.prepare()
        r.register()
        azl.check(any("management.chinacloudapi.cn" in x["url"] for x in r.exchanges()), "another cloud")
        r.kill_core()
        r.extra += ["--environment-name", "AzureUSGovernment"]
        p = r.run("sign-in", ok=None)
        azl.check(p.returncode and "AzureChinaCloud" in p.stdout + p.stderr and "--fresh" in p.stdout + p.stderr, p.stdout + p.stderr)


def test_a_console_of_another_cloud_is_refused():
    with Cloud("AzureChinaCloud") as r:
        r.run("sign-in", ok=0)
        at = r.extra.index("--environment-name") + 1
        r.extra[at] = "azurechinacloud"
        r.run("status", ok=None)
        r.extra[at] = "AzureCloud"
        p = r.run("status", ok=None)
        azl.check("--environment-name" in p.stdout + p.stderr, p.stdout + p.stderr)


def test_a_mistyped_region_is_guessed():
    for name, typed, meant in (("AzureCloud", "westeurop", "West Europe"), ("AzureChinaCloud", "east2china", "China East 2"),
                               ("AzureUSGovernment", "usgovvirgina", "USGov Virginia")):
        with Cloud(name) as r:
            r.prepare()
            args = r.register_args()
            args[args.index("--region") + 1] = typed
            p = r.run(*args, ok=None)
            said = p.stdout + p.stderr
            azl.check(p.returncode != 0 and "9108" in said and typed in said and f"did you mean {meant}?" in said, f"{name}: {said}")
            if name != "AzureChinaCloud":
                continue
            args[args.index("--region") + 1] = "nowhere"
            p = r.run(*args, ok=None)
            said = p.stdout + p.stderr
            azl.check(p.returncode != 0 and "Offered: " in said and meant in said, f"{name}: {said}")


def test_names_that_are_not_offered():
    for name, why in (("AzureGermanCloud", "closed"), ("AzureCanary", "test cloud"), ("Mars", "AzureUSGovernment")):
        p = subprocess.run([os.path.join(azl.BUILD, "src", "azloconfd"), "--cloud", name], stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, timeout=20)
        azl.check(p.returncode == 2 and why in p.stderr, f"{name}: {p.returncode} {p.stderr}")


if __name__ == "__main__":
    azl.main()
