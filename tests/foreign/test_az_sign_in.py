#!/usr/bin/env python3
"""azloconf sign-in --azure-cli with the real Azure CLI: its current token registers a cluster; and whatever state az is in, it ends in words."""
import glob
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from foreign import azl  # noqa: E402
from test_az import Az, need_az  # noqa: E402
from test_sign_in_ways import Hunt, judge  # noqa: E402

UNKNOWN = "dddddddd-0000-4000-8000-000000000004"


def az_and_its_surroundings(r):
    """az, and what azloconf is given of its environment: as an operator's shell would have it."""
    az = Az(r.ready(), r.top)
    return az, {name: az.env[name] for name in ("HTTPS_PROXY", "REQUESTS_CA_BUNDLE", "AZURE_CONFIG_DIR")}


def cache_of(az):
    return os.path.join(az.env["AZURE_CONFIG_DIR"], "msal_token_cache.json")


def tokens_of(az):
    with open(cache_of(az), encoding="utf-8") as f:
        cache = json.load(f)
    return [t["secret"] for kind in ("AccessToken", "RefreshToken", "IdToken") for t in cache[kind].values()]


def grow_old(az):
    """As after months: the access token has ended, and the sign-in is one that Entra knows no more."""
    with open(cache_of(az), encoding="utf-8") as f:
        cache = json.load(f)
    for t in cache["AccessToken"].values():
        t["expires_on"] = "1000"
    for t in cache["RefreshToken"].values():
        t["secret"] = "1.of-long-ago"
    with open(cache_of(az), "w", encoding="utf-8") as f:
        json.dump(cache, f)


def refused(r, env, *words, args=(), code=4):
    p = r.run("sign-in", "--azure-cli", *args, ok=code, env=env)
    for w in words:
        azl.check(w in p.stderr, f"{w} is not in: {p.stderr}")
    azl.check("Traceback" not in p.stderr and p.stderr.count("\n") < 12 and not p.stdout, p.stderr)


def test_azs_token_registers():
    need_az()
    with azl.Rehearsal(leap=False) as r:  # az takes its real time
        r.cluster()
        az, env = az_and_its_surroundings(r)
        refused(r, env, "Please run 'az login' to setup account", "Run az login on this machine", "--browser")
        az.sign_in("--tenant", az.tenant)
        with Hunt() as hunt:
            p = r.run("sign-in", "--azure-cli", ok=0, env=env)
            done = r.register()
        azl.check(f"Signed in as {az.ready['user']}, tenant {az.tenant}" in p.stdout and "ends with its token" in p.stdout, p.stdout)
        azl.equal(r.status()["RegistrationStatus"], "Registered")
        # az keeps its tokens in a file of its own; no log of its commands, and nothing of ours, shows them
        judge(r, hunt, tokens_of(az), p.stdout + p.stderr + done.stdout + done.stderr)
        for path in glob.glob(os.path.join(env["AZURE_CONFIG_DIR"], "commands", "*")):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            azl.check(not any(t in text for t in tokens_of(az)), path)


def test_whatever_state_az_is_in():
    need_az()
    with azl.Rehearsal(leap=False) as r:  # az takes its real time
        r.cluster()
        az, env = az_and_its_surroundings(r)
        az.sign_in("--tenant", az.tenant)
        other = next(t["tenantId"] for t in r.world()["tenants"] if t["tenantId"] != az.tenant)
        p = r.run("sign-in", "--azure-cli", "--tenant-id", other, ok=0, env=env)  # az gets one for that tenant, too
        azl.check("tenant " + other in p.stdout, p.stdout)
        refused(r, env, "Unable to get authority configuration", UNKNOWN, f"az login --tenant {UNKNOWN}", args=("--tenant-id", UNKNOWN))
        grow_old(az)
        refused(r, env, "AADSTS", "refresh token is not valid", "Run az login on this machine")
        az("logout")
        refused(r, env, "Please run 'az login' to setup account")
        refused(r, {"PATH": "/nowhere"}, "(az) is not in PATH", "Install it", "--browser", code=2)


def test_azs_tenant_that_wants_its_own_mfa():
    need_az()
    with azl.Rehearsal(leap=False) as r:  # az takes its real time
        r.cluster()
        az, env = az_and_its_surroundings(r)
        other = next(t["tenantId"] for t in r.world()["tenants"] if t["tenantId"] != az.tenant)
        r.sandbox("POST", "/sandbox/access", {"tenant": other, "mfa": True})
        az.sign_in("--tenant", az.tenant)
        refused(r, env, "AADSTS50076", "multi-factor", f"az login --tenant {other}", args=("--tenant-id", other))


if __name__ == "__main__":
    azl.main()
