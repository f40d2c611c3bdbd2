#!/usr/bin/env python3
"""Tenants that refuse: each of Entra's numbers ends in words and the next way to try; guests, and tenants that want their own MFA."""
import json
import os
import subprocess

import azl
from test_sign_in_ways import begin_browser, browse, choices, principal

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
UNKNOWN = "dddddddd-0000-4000-8000-000000000004"


def other_tenant(r):
    """(tenant, one of its subscriptions)"""
    world, home = r.world(), r.ready()["tenant"]
    tenant = next(t for t in world["tenants"] if t["tenantId"] != home)
    return tenant, next(s["subscriptionId"] for s in world["subscriptions"] if s["tenantId"] == tenant["tenantId"] and s["state"] == "Enabled")


def says(p, *words):
    for w in words:
        azl.check(w in p.stderr, f"{w} is not in: {p.stderr}")


def register_there(r, tenant, sub, ok=0):
    return r.run("register", "--subscription-id", sub, "--tenant-id", tenant["tenantId"], "--region", "eastus", "--yes", ok=ok)


def test_users_that_are_refused():
    with azl.Rehearsal() as r:
        r.cluster()
        for number, words in ((50199, "--browser"), (65001, "--service-principal"), (50020, "get invited"), (90072, "get invited"),
                              (50076, "--tenant-id"), (50079, "--tenant-id")):
            r.sandbox("POST", "/sandbox/access", {"signIn": number})
            p, address = begin_browser(r)
            browse(r, address)
            out = p.communicate(timeout=30)[0]
            azl.equal(p.returncode, 4, out)
            for w in (f"AADSTS{number}", words, "What to do:"):
                azl.check(w in out and "Trace ID" not in out, f"{w} is not in: {out}")
        says(r.run("sign-in", ok=4), f"AADSTS{number}", words)  # whichever way they come
        r.sandbox("POST", "/sandbox/access", {"deviceCode": 50199})  # what is said to do does help
        says(r.run("sign-in", ok=4), "AADSTS50199", "--browser")
        p, address = begin_browser(r)
        browse(r, address)
        p.communicate(timeout=30)
        azl.equal(p.returncode, 0)
        r.register()


def test_applications_that_are_refused():
    with azl.Rehearsal(sandbox=["--log-secrets"]) as r:
        r.cluster()
        me, path = principal(r, "secret")

        def sign_in(client, file):
            return r.run("sign-in", "--service-principal", "--client-id", client, "--tenant-id", me["tenant"], "--client-secret-file", file, ok=4)
        says(sign_in(UNKNOWN, path), "AADSTS700016", UNKNOWN, "client id")
        wrong = os.path.join(r.top, "wrong")
        with open(os.open(wrong, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
            f.write("x" * 40)
        says(sign_in(me["clientId"], wrong), "AADSTS7000215", "use its value, not its id")
        # an old secret, given to the application by Microsoft Graph as the operator
        r.run("sign-in", ok=0)
        token = next(x["resBody"]["refresh_token"] for x in r.exchanges() if isinstance(x["resBody"], dict) and "refresh_token" in x["resBody"])
        p = subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", r.ready()["ca"], "-d", f"client_id={AZURE_CLI}&grant_type=refresh_token", "-d",
                            "scope=https://graph.microsoft.com/.default", "--data-urlencode", "refresh_token=" + token,
                            f"{r.ready()['base']}/{me['tenant']}/oauth2/v2.0/token"], capture_output=True, text=True, check=True)
        old = r.sandbox("POST", f"/v1.0/applications(appId='{me['clientId']}')/addPassword",
                        {"passwordCredential": {"endDateTime": "2020-01-01T00:00:00Z"}}, token=json.loads(p.stdout)["access_token"])["secretText"]
        with open(wrong, "w", encoding="ascii") as f:
            f.write(old)
        p = sign_in(me["clientId"], wrong)
        azl.check(old not in p.stderr + r.core_log(), "the secret is told")
        says(p, "AADSTS7000222", "Make a new secret")


def test_a_guest_registers_in_another_tenant_with_the_same_sign_in():
    with azl.Rehearsal() as r:
        r.prepare()
        tenant, sub = other_tenant(r)
        before = len(r.exchanges())
        p = register_there(r, tenant, sub)
        azl.check("type the code" not in p.stdout and not p.stderr, p.stdout + p.stderr)
        said = [x for x in r.exchanges()[before:] if "/oauth2/v2.0/" in x["url"]]
        azl.check(not [x for x in said if "devicecode" in x["url"]], "a second sign-in")
        azl.check([x for x in r.exchanges() if tenant["tenantId"] + "/oauth2/v2.0/token" in x["url"] and "grant_type=refresh_token" in x["reqBody"]],
                  "the refresh token was not redeemed there")
        azl.check(sub in r.status()["AzureResourceUri"], r.status())


def test_a_tenant_that_wants_its_own_mfa_is_named():
    with azl.Rehearsal() as r:
        r.cluster()
        tenant, sub = other_tenant(r)
        for rule, want in ((50079, "AADSTS50079"), (True, "AADSTS50076")):
            r.sandbox("POST", "/sandbox/access", {"tenant": tenant["tenantId"], "mfa": rule})
            r.run("sign-in", ok=0)  # the second time there is one already
            azl.equal({t["id"]: t.get("state", "") for t in choices(r)["tenants"]}[tenant["tenantId"]], want)
        p = register_there(r, tenant, sub)
        says(p, tenant["displayName"], want, "a sign-in to it follows")
        azl.check("type the code" in p.stdout and sub in r.status()["AzureResourceUri"], p.stdout)


def test_nobody_there_invited_them():
    """A user of one tenant alone: the other one is neither theirs to choose nor to sign in to."""
    with azl.Rehearsal() as r:
        r.cluster()
        tenant, sub = other_tenant(r)
        r.sandbox("POST", "/sandbox/access", {"tenant": tenant["tenantId"], "signIn": 90072})
        r.run("sign-in", ok=0)
        azl.equal({t["id"]: t.get("state", "") for t in choices(r)["tenants"]}[tenant["tenantId"]], "AADSTS90072")
        p = register_there(r, tenant, sub, ok=4)
        says(p, tenant["displayName"], "AADSTS90072", "get invited")
        azl.equal(r.writes(), [], "something was written")


if __name__ == "__main__":
    azl.main()
