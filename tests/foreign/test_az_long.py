#!/usr/bin/env python3
"""The wider matrix of az, for check-long: long-running work, every version of a cluster, faults, the sandbox as a cloud of its own."""
import json
import os
import sys
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import foreign  # noqa: E402
from foreign import azl  # noqa: E402
from test_az import HCI, V, Bed  # noqa: E402


def test_long_running_work_is_waited_for():
    """Nothing at once: az follows Location and Azure-AsyncOperation to the end."""
    with Bed("--approve", "auto:0") as az:
        az("group", "create", "-n", "g1", "-l", "eastus")
        c = az.cluster("g1", "c1")
        az("resource", "create", "--id", c, "--api-version", V, "--is-full-object", "-p", '{"location": "eastus", "properties": {}}')
        az("resource", "create", "--id", c + "/arcSettings/default", "--api-version", V, "--is-full-object", "-p", '{"location": "eastus", "properties": {}}')
        az("rest", "--method", "post", "--url", f"{c}/createClusterIdentity?api-version={V}")
        azl.wait_for(lambda: az("resource", "show", "--id", c, "--api-version", V)["properties"].get("aadClientId"), 30, "the cluster's identity")
        az("resource", "delete", "--ids", c + "/arcSettings/default", "--api-version", V)
        az("resource", "show", "--id", c + "/arcSettings/default", "--api-version", V, code=3)
        az("resource", "delete", "--ids", c, "--api-version", V)
        az("resource", "show", "--id", c, "--api-version", V, code=3)
        polled = [x for x in az.exchanges() if "operationStatuses" in x["url"]]
        azl.check([x for x in polled if x["resBody"]["status"] == "InProgress"] and [x for x in polled if x["resBody"]["status"] == "Succeeded"],
                  "az polled the operations")
        az("group", "delete", "-n", "g1", "--yes")
        azl.check([x for x in az.exchanges() if "/operationresults/" in x["url"] and x["status"] == 202], "az polled the group's deletion")
        azl.equal(az("group", "exists", "-n", "g1"), False, "the group is gone")


def test_every_version_of_a_cluster():
    """One cluster through each api-version that az may be told: made, shown, tagged and deleted."""
    with Bed("--approve", "auto:0", "--instant") as az:
        az("group", "create", "-n", "g1", "-l", "eastus")
        az("provider", "register", "-n", HCI)

        def one(version):
            def job():
                mine, c = az.copy(), az.cluster("g1", "c" + version.replace("-", ""))
                body = {"location": "eastus", "properties": {"aadClientId": str(uuid.uuid4()), "aadTenantId": az.tenant}}
                made = mine("resource", "create", "--id", c, "--api-version", version, "--is-full-object", "-p", json.dumps(body))
                azl.equal("serviceEndpoint" in made["properties"], version >= "2022", version)
                azl.equal("resourceProviderObjectId" in made["properties"], version >= "2022-12-01", version)
                azl.equal("connectivityStatus" in made["properties"], version >= "2024-01-01", version)
                azl.equal(mine("resource", "tag", "--ids", c, "--tags", "v=" + version, "--api-version", version)["tags"], {"v": version}, version)
                mine("resource", "delete", "--ids", c, "--api-version", version)
                mine("resource", "show", "--id", c, "--api-version", version, code=3)
            return job
        azl.side_by_side([one(v) for v in ("2021-09-01-preview", "2021-09-01", "2022-05-01", "2022-12-01", "2023-03-01", "2024-01-01", "2024-04-01")], width=2)


def test_az_rides_over_faults():
    """What az retries in Azure it retries here; what it does not, it shows."""
    with Bed("--approve", "auto:0", "--instant") as az:
        def fault(spec):
            azl.equal(foreign.call(az.ready, "POST", "/sandbox/faults", {"fault": spec})[0], 200, spec)
        for spec in ("429:retry-after=1@GET /subscriptions/*/resourcegroupsx2", "503@GET /subscriptions/*/resourcegroupsx2",
                     "500@GET /subscriptions/*/resourcegroupsx1", "reset@GET /subscriptions/*/resourcegroupsx1"):
            fault(spec)
            azl.equal(az("group", "list"), [], spec)
        fault("503@PUT /subscriptions/*/resourcegroups/g1x2")
        az("group", "create", "-n", "g1", "-l", "eastus")
        fault("503@GET /subscriptions/*/resourcegroupsx*")
        az("group", "list", code=1)
        azl.equal(foreign.call(az.ready, "DELETE", "/sandbox/faults")[0], 200, "faults are cleared")
        azl.equal(len(az("group", "list")), 1, "after the faults")


def test_a_registered_cloud():
    """az told the sandbox's address as a cloud of its own: only Microsoft's instance discovery goes through the CONNECT port."""
    with Bed("--approve", "auto:0", "--instant", sign_in=False) as az:
        base = az.ready["base"]
        az.env["NO_PROXY"] = "127.0.0.1"
        ends = {"resourceManager": base + "/", "management": base + "/", "activeDirectory": base, "activeDirectoryResourceId": base + "/",
                "activeDirectoryGraphResourceId": base + "/", "microsoftGraphResourceId": base + "/", "gallery": base + "/", "portal": base + "/"}
        az("cloud", "register", "-n", "Sandbox", "--cloud-config", json.dumps({"endpoints": ends}))
        az("cloud", "set", "-n", "Sandbox")
        az.sign_in("--tenant", az.tenant)
        az("group", "create", "-n", "g1", "-l", "eastus")
        azl.equal(az("group", "list", "--query", "[].name"), ["g1"], "groups")
        azl.equal(az("ad", "signed-in-user", "show")["userPrincipalName"], az.ready["user"], "Graph at the same address")
        seen = {x["url"].split("/")[2] for x in az.exchanges()}
        azl.check("login.microsoftonline.com" in seen and "management.azure.com" not in seen, str(seen))


if __name__ == "__main__":
    azl.main()
