#!/usr/bin/env python3
"""Microsoft's SDKs and MSAL for JavaScript do the Resource Manager's part of a registration in the sandbox, and undo it.

MSAL for JavaScript checks discovery strictly, sends grant_type=device_code, and ends at the first slow_down; the cluster SDK sends 2022-05-01.
"""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import foreign  # noqa: E402
from foreign import azl  # noqa: E402

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node", "sdk.mjs")


def scenario(name, *args, judged=True):
    if not shutil.which("node"):
        raise azl.Skip(f"node is missing: {foreign.INSTALL}")
    if not os.path.isdir(os.path.join(foreign.NPM, "node_modules", "@azure", "arm-azurestackhci")):
        raise azl.Skip(f"the npm packages are not in {foreign.NPM}: {foreign.INSTALL}")
    with foreign.Sandbox("--approve", "auto:0", *args) as s:
        ready = os.path.join(s.top, "ready.json")
        with open(ready, "w", encoding="utf-8") as f:
            json.dump(s.ready, f)
        p = subprocess.run(["node", SCRIPT, name, ready], env=s.env(AZL_FOREIGN=foreign.NPM), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        if p.returncode:
            raise azl.Failed(f"sdk.mjs {name}: exit {p.returncode}\n{p.stdout[-3000:]}{foreign.failures(s.exchanges())}")
        if judged:
            foreign.judge(s.log)
        return s.exchanges()


def test_msal_device_code_and_silent_refresh():
    seen = scenario("msal", "--instant", judged=False)
    azl.check(any("grant_type=device_code" in str(x["reqBody"]) for x in seen), "MSAL for JavaScript names the grant its own way")


def test_secret_certificate_and_the_cluster_s_own_password():
    seen = scenario("principals", "--instant")
    azl.check(any("client_assertion=" in str(x["reqBody"]) for x in seen), "a certificate signs")


def test_whole_registration_and_deletion():
    seen = scenario("registration", "--clock-rate", "5")
    clusters = [x["url"] for x in seen if "/clusters/c1?" in x["url"]]
    azl.check(any("api-version=2022-05-01" in u for u in clusters), str(clusters))
    waited = [x for x in seen if "operationStatuses" in x["url"]]
    azl.check(len(waited) >= 7, f"{len(waited)} looks at long-running operations")


def test_whole_registration_with_everything_at_once():
    scenario("registration", "--instant")


if __name__ == "__main__":
    azl.main()
