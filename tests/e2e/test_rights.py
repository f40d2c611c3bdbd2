#!/usr/bin/env python3
"""Rights as Azure judges them: a role that lacks something, a deny assignment, a role of one's own, and clients without a user."""
import base64
import json
import os
import ssl
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import azl

USER = "anna@contoso.onmicrosoft.com"
SUB = "11111111-2222-4333-8444-555555555555"
ROLE = "cccccccc-1111-4111-8111-111111111111"


def seed(doc):
    f = tempfile.NamedTemporaryFile("w", suffix=".json", prefix="azl-seed-", delete=False)
    with f:
        json.dump(doc, f)
    return f.name


def refused(r):
    return [(x["method"], x["resBody"]["error"]) for x in r.exchanges() if x["status"] == 403]


def stops_and_goes_on(doc, code, action, mended, more=()):
    """The run stops at the refusal; the same command completes it once the rights are there, and makes nothing twice."""
    path = seed(doc)
    try:
        with azl.Rehearsal(sandbox=["--seed", path, *more]) as r:
            r.prepare()
            p = r.register(ok=5)
            said = [(m, e) for m, e in refused(r) if m != "GET"]
            azl.check(said and {e["code"] for _, e in said} == {code}, str(said))
            azl.check(f"'{action}'" in said[0][1]["message"] and f"'{action}'" in p.stdout + p.stderr, said[0][1]["message"])
            r.sandbox("POST", "/sandbox/rights", mended)
            r.register()
            done = r.writes()
            azl.equal(len(done), len(set(done)), f"a write was made twice: {done}")
            azl.equal(r.status()["RegistrationStatus"], "Registered", "status")
    finally:
        os.unlink(path)


def test_a_contributor_gives_no_roles():
    """Told before anything is written where the rights can be read, and by Azure's refusal where they cannot."""
    doc = {"roleAssignments": [{"principal": USER, "role": "Contributor"}]}
    path = seed(doc)
    try:
        with azl.Rehearsal(sandbox=["--seed", path]) as r:
            r.prepare()
            p = r.register(ok=5)
            azl.check("Microsoft.Authorization/roleAssignments/write" in p.stdout + p.stderr, p.stdout + p.stderr)
            azl.equal((r.writes(), refused(r)), ([], []), "writes and refusals")
            r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": USER, "role": "Owner"}]})
            r.register()
            azl.equal(r.status()["RegistrationStatus"], "Registered", "status")
    finally:
        os.unlink(path)
    stops_and_goes_on(doc, "AuthorizationFailed", "Microsoft.Authorization/roleAssignments/write",
                      {"roleAssignments": [{"principal": USER, "role": "Owner"}]}, ["--fault", "403@GET */permissions*x*"])


def test_a_deny_assignment_wins_over_the_owner():
    stops_and_goes_on({"denyAssignments": [{"name": "Keep", "actions": ["Microsoft.AzureStackHCI/clusters/*"], "notActions": ["*/read"]}]},
                      "DenyAssignmentAuthorizationFailed", "Microsoft.AzureStackHCI/clusters/write", {"denyAssignments": []})


def test_a_role_with_just_what_it_takes():
    """What a registration needs beyond Microsoft's published registration role: reading providers, and the machines."""
    actions = ["Microsoft.Resources/subscriptions/resourceGroups/" + a for a in ("read", "write", "delete")]
    actions += [f"Microsoft.{p}/register/action" for p in ("AzureStackHCI", "HybridCompute", "GuestConfiguration", "HybridConnectivity")]
    actions += ["Microsoft.AzureStackHCI/Unregister/Action", "Microsoft.AzureStackHCI/clusters/*",
                "Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/read"]
    more = ["Microsoft.Resources/subscriptions/providers/read", "Microsoft.HybridCompute/machines/*"]
    doc = {"subscriptions": [{"subscriptionId": SUB, "displayName": "S"}],
           "resources": [{"id": f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}", "name": ROLE,
                          "type": "Microsoft.Authorization/roleDefinitions",
                          "properties": {"roleName": "Registration", "type": "CustomRole", "assignableScopes": [f"/subscriptions/{SUB}"],
                                         "permissions": [{"actions": actions + more, "notActions": []}]}}],
           "roleAssignments": [{"principal": USER, "role": "Registration"}]}
    path = seed(doc)
    try:
        with azl.Rehearsal(sandbox=["--seed", path]) as r:
            r.prepare()
            r.register()
            said = [e["message"] for _, e in refused(r)]
            azl.check(all("'Microsoft.Authorization/permissions/read'" in s for s in said), str(said))  # it goes on without that list
    finally:
        os.unlink(path)


def ask(ready, method, path, body=None, **headers):
    """(status, document) of a request to the sandbox, its CA checked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ready["ca"])))
    q = urllib.request.Request(ready["base"] + path, method=method, data=body.encode() if body is not None else None,
                               headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with opener.open(q, timeout=20) as a:
            return a.status, json.loads(a.read() or b"null")
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read() or b"null")


def test_a_service_principal_signs_in_and_acts():
    with azl.Rehearsal() as r:
        r.status()
        ready = r.ready()
        one, two = ready["principals"]
        with open(one["secretFile"], encoding="ascii") as f:
            secret = f.read()
        azl.check(secret not in json.dumps(ready), "the ready line holds the secret")
        for path in (one["secretFile"], two["certificateFile"]):
            azl.equal(os.stat(path).st_mode & 0o777, 0o600, path)
        tenant = f"/{one['tenant']}/oauth2/v2.0/token"
        form = {"grant_type": "client_credentials", "scope": ready["base"] + "/.default"}
        pair = urllib.parse.quote(one["clientId"]) + ":" + urllib.parse.quote(secret, safe="")
        basic = "Basic " + base64.b64encode(pair.encode()).decode()
        by_body = dict(form, client_id=one["clientId"], client_secret=secret)
        for fields, headers in ((by_body, {}), (form, {"Authorization": basic})):
            status, token = ask(ready, "POST", tenant, urllib.parse.urlencode(fields), **headers)
            azl.equal(status, 200, str(token))
            azl.check("refresh_token" not in token, "a refresh token")
        bearer = {"Authorization": "Bearer " + token["access_token"], "Content_Type": "application/json"}
        status, made = ask(ready, "PUT", f"/subscriptions/{ready['subscription']}/resourcegroups/sp-rg?api-version=2021-04-01",
                           json.dumps({"location": "eastus"}), **bearer)
        azl.equal(status, 201, str(made))
        status, app = ask(ready, "GET", f"/v1.0/servicePrincipals(appId='{two['clientId']}')", **bearer)
        azl.equal((status, app.get("id")), (200, two["objectId"]), str(app))
        status, no = ask(ready, "GET", "/v1.0/me", **bearer)
        azl.equal(status, 400, str(no))
        with open(r.log, encoding="utf-8") as f:
            log = f.read()
        azl.check("/oauth2/v2.0/token" in log, "the log lacks the exchange")
        for hidden in (secret, urllib.parse.quote(secret, safe=""), token["access_token"], basic[6:]):
            azl.check(hidden not in log, "a secret stands in the exchange log")


azl.main()
