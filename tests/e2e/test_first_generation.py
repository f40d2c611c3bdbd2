#!/usr/bin/env python3
"""Nodes of the first generation (20H2): the client makes the application, an administrator's consent may have to be waited for, Arc is left out."""
import functools
import os
import re

import azl
import products

BUILD = ["--node-build", "17784"]
USAGE = "1322e676-dee7-41ee-a874-ac923822781c"
ROLES = {"AzureStackHCI.Cluster.Read": "2344a320-6a09-4530-bed7-c90485b5e5e2",
         "AzureStackHCI.Cluster.ReadWrite": "493bd689-9082-40db-a506-11f40b68128f",
         "AzureStackHCI.ClusterNode.Read": "8fa5445e-80fb-4c71-a3b1-9a16a81a1966",
         "AzureStackHCI.ClusterNode.ReadWrite": "bbe8afc9-f3ba-4955-bb5f-1cfb6960b242"}


def rehearsal(nodes=1, **kw):
    return azl.Rehearsal(nodes=nodes, core=BUILD, **kw)


def graph(r, method=None, tail=""):
    """Requests to Graph that were answered well."""
    return [x for x in r.exchanges() if "/v1.0/" in x["url"] and x["status"] < 300 and (not method or x["method"] == method)
            and x["url"].split("?")[0].endswith(tail)]


def application(r):
    """The one that the cluster resource names, as the sandbox holds it."""
    world = r.world()
    cluster = [v for k, v in world["resources"].items() if "/clusters/" in k.lower() and k.lower().count("/") == 8][0]
    return [a for a in world["applications"].values() if a["appId"] == cluster["properties"]["aadClientId"]][0]


def given(r, app):
    world = r.world()
    sp = [s for s in world["servicePrincipals"].values() if s["appId"] == app["appId"]][0]
    return sorted(a["appRoleId"] for a in world["appRoleAssignments"].values() if a["principalId"] == sp["id"])


def writes(r):
    """Whatever changed something, in Azure, in the directory, on the data plane."""
    return [(x["method"], products.path_of(x)) for x in r.exchanges()
            if products.carried_out(x) and "/oauth2/" not in x["url"] and "/sandbox/" not in x["url"]]


def run_of(r):
    return r.json("operations", "show", r.json("operations")["runs"][0]["id"])


def steps(r):
    return {s["id"]: s["state"] for s in run_of(r)["steps"]}


def connected(r):
    s = r.status()
    azl.equal((s["RegistrationStatus"], s["ConnectionStatus"]), ("Registered", "Connected"), "status")


def consent(r):
    return r.sandbox("POST", "/sandbox/consent", {"application": application(r)["appId"]})["granted"]


def address_of(app):
    return f"#blade/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/CallAnAPI/appId/{app['appId']}/isMSAApp/"


def keys_are_told_nowhere(r):
    """The nodes' private keys and all tokens stand in no journal, no log, no section; exchanges were logged whole."""
    own = {os.path.join(r.state, "nodes", f"node{n + 1}", "certificate.pem") for n in range(r.nodes)}
    secrets = {x["resBody"]["access_token"] for x in r.exchanges() if x["url"].endswith("/token") and "access_token" in (x["resBody"] or {})}
    azl.check(len(secrets) >= 2, f"tokens of Resource Manager and of Graph: {len(secrets)}")
    for path in own:
        azl.equal(os.stat(path).st_mode & 0o777, 0o600, "rights of the key's file")
        with open(path, encoding="ascii") as f:
            secrets.add(f.read().split("PRIVATE KEY-----")[1].split("\n")[2])
    for folder, _, names in os.walk(r.state):
        for name in names:
            where = os.path.join(folder, name)
            if where in own or where == r.log or not os.path.isfile(where):
                continue
            with open(where, "rb") as f:
                text = f.read()
            azl.check(not [s for s in secrets if s.encode() in text], f"a secret stands in {where}")


def test_three_nodes_and_nothing_twice():
    """All of it: the application with its four permissions, a certificate of each node on it in one request, no Arc; the second run writes nothing."""
    with rehearsal(3) as r:
        r.prepare()
        p = r.run(*r.register_args(), ok=0)
        connected(r)
        azl.check("Azure Arc was left out" in p.stdout, p.stdout)
        azl.check("not connected to Azure Arc" not in r.run("status").stdout, "the status misses what this Windows cannot have")
        azl.check(r.status()["certificateNotAfter"] > "2027" and "arcSecretNotAfter" not in r.status(), "the keys' end is known")
        app = application(r)
        azl.equal(app["requiredResourceAccess"], [{"resourceAppId": USAGE, "resourceAccess": [{"id": i, "type": "Role"} for i in ROLES.values()]}],
                  "what it asks for")
        azl.equal(app["displayName"], run_of(r)["resourceId"].rsplit("/", 1)[-1], "named like the resource")
        azl.equal(given(r, app), sorted(ROLES.values()), "what it was given")
        azl.equal([len(x["reqBody"]["keyCredentials"]) for x in graph(r, "PATCH")], [3], "certificates of all nodes together, once")
        cluster = [x for x in r.exchanges() if x["method"] == "PUT" and "/clusters/" in x["url"]][0]["reqBody"]
        azl.equal((cluster.get("identity"), sorted(cluster["properties"])), (None, ["aadClientId", "aadTenantId"]), "the cluster resource")
        plane = [x["url"] for x in r.exchanges() if x["url"].endswith(("/certificate", "/register", "/sync"))]
        azl.check(plane and all("/dataplane/clusters/" in u for u in plane), f"not the service of the table of clouds: {plane}")
        states = steps(r)
        for step in ("entra-app", "entra-principal", *(s for s in states if re.match(r"entra-(cluster|node)-", s)), "entra-keys", "register-app"):
            azl.equal(states[step], "done", step)
        azl.check(not {"app-identity", "upload", "arc-status", "arc-enable", "register", "agent"} & set(states), f"of other ways: {states}")
        azl.check(not [x for x in r.exchanges() if "/arcsettings/" in x["url"].lower() and x["method"] != "GET"], "Arc settings were made")
        azl.check(not products.done_twice(r.exchanges()), str(products.done_twice(r.exchanges())))
        before = writes(r)
        r.run(*r.register_args(), ok=0)
        azl.equal(writes(r), before, "the second run wrote")
        r.kill_core()
        azl.check("app-identity" not in steps(r) and "entra-no-arc" in steps(r), f"from the journal: {steps(r)}")


def test_what_if_writes_nothing_and_shows_graphs_requests():
    with rehearsal() as r:
        r.prepare()
        p = r.run(*r.register_args(), "--what-if", ok=0)
        azl.equal(writes(r), [], "something was written")
        for words in ("POST", "/v1.0/applications", "/v1.0/servicePrincipals/{usage}/appRoleAssignedTo", "/v1.0/applications/{objectId}"):
            azl.check(words in p.stdout, f"{words}: {p.stdout}")
        azl.check("reconcile" not in p.stdout and "createClusterIdentity" not in p.stdout, p.stdout)


def test_the_run_goes_on_once_an_administrator_has_consented():
    """The caller may make applications and not consent: address and four permissions are told, nothing has touched the node; then it goes on."""
    with rehearsal(leap=True) as r:
        r.prepare()
        r.sandbox("POST", "/sandbox/access", {"graph": "apps"})
        p = r.run(*r.register_args(), ok=5)
        app, run = application(r), run_of(r)
        azl.equal((run["result"], run["errorDetail"], run["state"]), ("PendingForAdminConsent", "PendingForAdminConsent", "failed"), p.stderr)
        azl.check(address_of(app) in p.stderr, p.stderr)
        azl.equal(run["output"]["AzurePortalAADAppPermissionsURL"], run["consentUrl"], "the result's address")
        azl.check(run["consentUrl"].endswith(address_of(app)), run["consentUrl"])
        lines = [x for x in p.stdout.splitlines() if "ApplicationMenuBlade" in x]
        azl.equal([x.split(" : ")[0].strip() if " : " in x else "" for x in lines], ["", "AzurePortalAADAppPermissionsURL", "Details"], "where it stands")
        azl.check(all(x.count(run["consentUrl"]) == 1 for x in lines) and p.stderr.count(run["consentUrl"]) == 1, p.stdout + p.stderr)
        for name in ROLES:
            azl.check(re.search(rf"https://\S+/{re.escape(name)}(;|\s|$)", p.stderr), f"{name}: {p.stderr}")
        azl.check("Cloud Application Administrator" in p.stderr and "operations resume" in p.stderr, p.stderr)
        looks = graph(r, "GET", "/appRoleAssignments")
        azl.check(80 <= len(looks) <= 100, f"every 10 s for 15 minutes: {len(looks)} looks")
        azl.check(not os.path.exists(os.path.join(r.state, "nodes", "node1", "certificate.pem")), "the node was touched")
        azl.equal(given(r, app), [], "given")
        azl.equal(consent(r), 4, "consented")
        r.run("operations", "resume", run["id"], ok=0)
        connected(r)
        azl.equal(run_of(r)["result"], "Success", "result")
        azl.equal(application(r)["appId"], app["appId"], "another application was made")
        azl.check(not products.done_twice(r.exchanges()), str(products.done_twice(r.exchanges())))


def test_consent_that_comes_while_the_run_waits():
    with rehearsal(leap=True) as r:
        r.prepare()
        r.sandbox("POST", "/sandbox/access", {"graph": "apps"})
        p = r.start(*r.register_args())
        azl.wait_for(lambda: "waiting for an administrator's consent" in r.core_log(), 10, "the address in the log")
        shown = run_of(r)
        azl.equal(shown["state"], "running", "while it waits")
        azl.check(re.fullmatch(r"https://[^/]+/" + re.escape(address_of(application(r))), shown["consentUrl"]), shown["consentUrl"])
        azl.equal({x["name"] for x in shown["consentRoles"]}, set(ROLES), "the roles")
        azl.check(all(re.fullmatch(r"https://\S+/" + re.escape(x["name"]), x["address"]) for x in shown["consentRoles"]), str(shown))
        azl.equal(consent(r), 4, "consented")
        with r.leap.going_on():
            out = p.communicate(timeout=40)[0]
        azl.equal((p.returncode, out.count(shown["consentUrl"])), (0, 1), out)
        azl.check("consentUrl" not in run_of(r), "the consent came")
        connected(r)


def test_a_core_that_is_killed_while_it_waits_for_consent():
    """The address and the four permissions are known to whoever asks next, and are gone once the consent is there."""
    with rehearsal(leap=True) as r:
        r.prepare()
        r.sandbox("POST", "/sandbox/access", {"graph": "apps"})
        p = r.start(*r.register_args())
        azl.wait_for(lambda: "waiting for an administrator's consent" in r.core_log(), 10, "the address in the log")
        r.kill_core()
        p.kill()
        p.communicate()
        run = run_of(r)
        azl.check(run["state"] in ("unfinished", "running", "waiting-sign-in"), f"taken up by the next core: {run['state']}")
        azl.check(run.get("consentUrl", "").endswith(address_of(application(r))), str(run))
        azl.equal({x["name"] for x in run["consentRoles"]}, set(ROLES), "the roles")
        azl.equal(consent(r), 4, "consented")
        r.run("sign-in", ok=0)
        azl.wait_for(lambda: run_of(r)["state"] == "done", 20, "it goes on by itself")
        connected(r)
        for _ in range(2):
            run = run_of(r)
            azl.equal((run["result"], "consentUrl" in run, run.get("consentRoles", [])), ("Success", False, []), "after the consent")
            r.kill_core()


def test_who_may_not_even_make_an_application_is_told_the_role():
    with rehearsal(leap=True) as r:
        r.prepare()
        r.sandbox("POST", "/sandbox/access", {"graph": "none"})
        p = r.run(*r.register_args(), ok=5)
        for words in ("Authorization_RequestDenied", "Cloud Application Administrator", "Privileged Role Administrator", "creating the cluster's application"):
            azl.check(words in p.stderr, f"{words}: {p.stderr}")
        r.sandbox("POST", "/sandbox/access", {"graph": "admin"})
        r.run("operations", "resume", run_of(r)["id"], ok=0)
        connected(r)


def test_a_sign_in_that_does_not_reach_graph_is_told_before_anything_is_written():
    """A ready token is one for the Resource Manager alone; the advice names a way out that works."""
    with rehearsal(sandbox=["--log-secrets"]) as r:
        r.leap.let(2400)  # the token is good for an hour: a slow machine's idle core may not outrun it
        r.prepare()
        r.run(*r.register_args(), "--what-if", ok=0)
        token = [x["reqHeaders"] for x in r.exchanges() if "/subscriptions" in x["url"]][-1]
        with open(os.path.join(r.top, "token"), "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write({k.lower(): v for k, v in token.items()}["authorization"].split()[1])
        r.run("sign-out", ok=0)
        r.run("sign-in", "--access-token-file", f.name, "--account-id", "admin@contoso.com", ok=0)
        for more in (["--what-if"], []):
            p = r.run(*r.register_args(), *more, ok=None)
            azl.check("nothing gets another for Microsoft Graph" in p.stdout + p.stderr and "Sign out, then sign in" in p.stdout + p.stderr,
                      p.stdout + p.stderr)
        azl.equal((p.returncode, writes(r)), (4, []), "something was written")
        r.leap.let(float("inf"))
        r.run("sign-out", ok=0)
        r.run("sign-in", ok=0)
        r.run("operations", "resume", run_of(r)["id"], ok=0)
        connected(r)


def test_an_application_that_only_has_the_name_is_left_alone():
    """A directory's user may name an application as he likes: to take it over would give it the cluster's permissions."""
    with rehearsal() as r:
        r.prepare()
        r.run(*r.register_args(), ok=0)
        first = application(r)
        # the cluster is gone from Azure, the application of its name is not
        r.sandbox("POST", "/sandbox/resources", {"delete": run_of(r)["resourceId"]})
        r.run(*r.register_args(), "--recreate-resource", ok=0)
        second = application(r)
        azl.check(second["appId"] != first["appId"] and second["displayName"] == first["displayName"], "it was taken over")
        azl.equal([a for a in r.world()["applications"].values() if a["appId"] == first["appId"]], [first], "it was changed")
        connected(r)


def token_for_graph(r):
    """The newest one, of a log that was kept with its secrets."""
    heads = [{k.lower(): v for k, v in x["reqHeaders"].items()} for x in r.exchanges() if "/v1.0/" in x["url"]]
    return [h["authorization"].split()[1] for h in heads if "authorization" in h][-1]


def test_after_a_deleted_application_one_new_one_is_made():
    """The run's own application was deleted while the run lay still, and the answer about its successor is lost: that is found by its mark."""
    with rehearsal(sandbox=["--log-secrets"]) as r:
        r.prepare()
        r.fault("403@POST /v1.0/servicePrincipalsx1000")
        r.run(*r.register_args(), ok=5)
        before = r.world()["applications"]
        mine = [a for a in before.values() if a["displayName"] == "CLUSTER-A"]
        r.sandbox("DELETE", "/sandbox/faults")
        r.sandbox("DELETE", f"/v1.0/applications/{mine[0]['id']}", token=token_for_graph(r))
        r.fault("reply-lost@POST /v1.0/applications")
        r.run("operations", "resume", run_of(r)["id"], ok=0)
        connected(r)
        azl.equal((len(mine), len(r.world()["applications"])), (1, len(before)), "one in the other's place")


def test_a_repair_replaces_keys_and_takes_old_permissions_away():
    with rehearsal(2, sandbox=["--log-secrets"]) as r:
        r.prepare()
        r.run(*r.register_args(), ok=0)
        app = application(r)
        keys = {k["customKeyIdentifier"] for k in app["keyCredentials"]}
        azl.equal(len(keys), 2, "keys")
        old = ["e4359fc6-82ee-4411-9a4d-edfc7812cf24", "8c83ab0a-0f96-40e9-940b-20cc5c5ecca9"]
        azl.equal(r.sandbox("POST", "/sandbox/consent", {"application": app["appId"], "roles": old})["granted"], 2, "permissions of old")
        r.run(*r.register_args(), "--repair-registration", ok=0)
        connected(r)
        after = application(r)
        azl.equal(after["appId"], app["appId"], "another application")
        azl.check(len(after["keyCredentials"]) == 2 and not keys & {k["customKeyIdentifier"] for k in after["keyCredentials"]},
                  f"keys of before stayed: {after['keyCredentials']}")
        azl.equal(given(r, after), sorted(ROLES.values()), "permissions")
        keys_are_told_nowhere(r)


NEW = r" (/v1\.0/.*|/dataplane/.*)$"


@functools.lru_cache
def reference():
    return products.Reference(core=BUILD, roles=0)


def test_a_lost_answer_makes_nothing_twice():
    ref = reference()
    requests = [q for q in ref.run if re.search(NEW, q) and not q.startswith("GET ")]
    azl.side_by_side([functools.partial(products.goes_on, [f"reply-lost@{q}"], ref) for q in requests], 3)
    print(f"        {len(requests)} faults")


def test_what_fails_for_good_is_named_and_resumed():
    ref = reference()
    requests = [q for q in ref.run if re.search(NEW, q)]
    azl.side_by_side([functools.partial(products.stops_and_resumes, "500", q, ref) for q in requests], 3)
    print(f"        {len(requests)} requests")


def test_killed_in_the_middle_it_goes_on():
    """After every sixth journal line of what is new here; all lines are in the full product."""
    ref = reference()
    lines = range(ref.lines // 3, ref.lines, 6)
    azl.side_by_side([functools.partial(products.killed_after, n, ref) for n in lines], 3)
    print(f"        {len(lines)} of {ref.lines} lines")


azl.main()
