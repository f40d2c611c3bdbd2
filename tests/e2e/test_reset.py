#!/usr/bin/env python3
"""The reset of machines: its phases for real, each requirement refused, failures, kills, its status from anywhere, and back again by a registration."""
import glob
import json
import os
import ssl
import subprocess
import urllib.parse
import urllib.request

import azl

GROUP = "machines-rg"
EXTENSION = "Microsoft.HybridCompute/machines/extensions"
EXTENSIONS = ("AdminCenter", "AzureMonitor")


def put(r, rid, kind, **kw):
    r.sandbox("POST", "/sandbox/resources", {"put": dict({"id": rid, "type": kind, "location": "eastus", "properties": {}}, **kw)})


def change(r, rid, **members):
    r.sandbox("POST", "/sandbox/resources", {"id": rid, "set": members})


def group_of(r):
    return f"/subscriptions/{r.ready()['subscription']}/resourceGroups/{GROUP}"


def machine_of(r, node):
    return f"{group_of(r)}/providers/Microsoft.HybridCompute/machines/{node}"


def node_of(r, name):
    return next(n for n in r.ready()["nodes"] if n["name"] == name)


def token_of(r):
    """A token for Resource Manager, as another program gets it."""
    ready = r.ready()
    p = next(p for p in ready["principals"] if p.get("secretFile"))
    with open(p["secretFile"], encoding="utf-8") as f:
        form = {"client_id": p["clientId"], "grant_type": "client_credentials", "client_secret": f.read().strip(), "scope": "https://management.azure.com/.default"}
    context = ssl.create_default_context(cafile=ready["ca"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(f"{ready['base']}/{ready['tenant']}/oauth2/v2.0/token", urllib.parse.urlencode(form).encode(), timeout=20) as answer:
        return json.loads(answer.read())["access_token"]


def in_arc(r, *nodes, extensions=EXTENSIONS):
    """The machines are in Azure Arc before any registration, as after the bootstrap, with extensions."""
    ready, token, config = r.ready(), token_of(r), os.path.join(r.top, "connect.json")
    r.sandbox("POST", f"/subscriptions/{ready['subscription']}/providers/Microsoft.HybridCompute/register?api-version=2021-04-01", token=token)
    put(r, group_of(r), "Microsoft.Resources/resourceGroups")
    with open(config, "w", encoding="utf-8") as out:
        json.dump({"access-token": token}, out)
    for node in nodes:
        subprocess.run([node_of(r, node)["azcmagent"], "connect", "--config", config, "-s", ready["subscription"], "-g", GROUP, "-l", "eastus",
                        "-t", ready["tenant"], "-n", node, "--cloud", "azlosandbox"], check=True, stdout=subprocess.DEVNULL)
        for e in extensions:
            put(r, f"{machine_of(r, node)}/extensions/{e}", EXTENSION, properties={"publisher": "Microsoft", "type": e})
    os.remove(config)


def test_try():
    with azl.Rehearsal(nodes=1) as r:
        r.prepare()
        print(r.ready()["principals"])
        in_arc(r, "node1")
        p = r.run("reset", "--what-if")
        print(p.stdout, p.stderr)
        p = r.run("reset", "--yes", "--node", "node1", "--wait")
        print(p.stdout, p.stderr)
        print(r.run("reset", "status").stdout)
        print(r.json("reset", "status"))
        p = r.run("reset", "--yes", "--node", "node1", "--wait")
        print(p.stdout, p.stderr)
        print([k for k in r.world()["resources"] if "hybridcompute" in k.lower()])


azl.main()
