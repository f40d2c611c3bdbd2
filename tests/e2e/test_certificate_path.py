#!/usr/bin/env python3
"""Nodes that cannot be registered by their own identity: the cluster's application, a certificate on every node, Arc by the cluster."""
import functools
import json
import os
import re
import shutil
import subprocess
import tempfile

import azl
import products

BUILD = {"identity": "20349", "generated": "20348"}  # by the cluster's identity, by an application and a generated secret


def rehearsal(build, nodes=1, **kw):
    return azl.Rehearsal(nodes=nodes, core=["--node-build", build] + list(kw.pop("core", [])), **kw)


def steps(r):
    run = r.json("operations", "show", r.json("operations")["runs"][0]["id"])
    return {s["id"]: s["state"] for s in run["steps"]}


def posts(r, tail):
    return [x for x in r.exchanges() if x["method"] == "POST" and x["url"].split("?")[0].lower().endswith(tail) and x["status"] < 300]


def connected(r):
    s = r.status()
    azl.equal((s["RegistrationStatus"], s["ConnectionStatus"]), ("Registered", "Connected"), "status")
    settings = [v for k, v in r.world()["resources"].items() if k.lower().endswith("/arcsettings/default")][0]
    states = {n["name"]: n["state"] for n in settings["properties"]["perNodeDetails"]}
    azl.equal(states, {f"node{i + 1}": "Connected" for i in range(r.nodes)}, "the Arc settings")


def test_one_node_by_the_clusters_identity():
    with rehearsal(BUILD["identity"]) as r:
        r.prepare()
        r.register()
        connected(r)
        azl.equal(len(posts(r, "/createclusteridentity")), 1, "applications")
        azl.equal(len(posts(r, "/uploadcertificate")), 1, "uploads")
        azl.equal(len(posts(r, "/generatepassword")), 0, "secrets")
        states = steps(r)
        for step in ("app-identity", "certificate", "upload", "certificate-set", "register-app", "arc-role-onboarding", "arc-role-admin",
                     "arc-init", "arc-enable"):
            azl.equal(states[step], "done", step)
        azl.check("reconcile" not in states and "register" not in states, f"steps of the other way are shown: {states}")


def test_three_nodes_by_a_generated_secret_and_nothing_twice():
    with rehearsal(BUILD["generated"], nodes=3) as r:
        r.prepare()
        blocked = [os.path.join(r.state, "nodes", n, "certificate-new.pem") for n in ("node1", "node3")]
        for path in blocked:
            os.mkdir(path)
        p = r.register(ok=1)
        azl.check("9110" in p.stderr and "No certificate was made on these nodes: node1, node3." in p.stderr, f"all that failed are named: {p.stderr}")
        azl.equal(posts(r, "/uploadcertificate"), [], "certificates of the others alone")
        for path in blocked:
            os.rmdir(path)
        r.register()
        connected(r)
        run = r.json("operations")["runs"][0]["id"]
        with open(os.path.join(r.state, "runs", run + ".jsonl"), encoding="utf-8") as f:
            numbers = [x.get("eventId") for x in map(json.loads, f)]
        azl.equal((numbers.count(9002), numbers.count(9003)), (3, 1), "the Arc task begins on each node, and is done")
        secret = posts(r, "/generatepassword")[0]["resBody"]
        azl.equal(r.status()["arcSecretNotAfter"][:19], secret["endDateTime"][:19], "the end of the secret is known")
        upload = posts(r, "/uploadcertificate")
        azl.equal([len(x["reqBody"]["properties"]["certificates"]) for x in upload], [3], "certificates of all nodes together, once")
        azl.equal([len(posts(r, t)) for t in ("/createarcidentity", "/generatepassword", "/agent/connect")], [1, 1, 3], "writes")
        azl.check(not products.done_twice(r.exchanges()), str(products.done_twice(r.exchanges())))
        writes = r.writes()
        r.register()
        azl.equal(r.writes(), writes, "the second run wrote")
        states = steps(r)
        azl.equal(set(states.values()), {"found", "skipped"}, f"second run: {states}")
        r.run(*r.register_args(), "--repair-registration", ok=0)
        connected(r)
        ends = [x["resBody"]["endDateTime"] for x in posts(r, "/generatepassword")]
        azl.equal((len(ends), r.status()["arcSecretNotAfter"][:19]), (2, ends[-1][:19]), "a repair makes a new one, and keeps its end")


def test_round_trips_of_one_and_of_sixteen_nodes():
    """Sixteen take one more than one (the other nodes sync after the first one), and one where more is to be asked than goes at a time."""
    azl.side_by_side([functools.partial(products.few_rounds, limit, nodes, core=["--node-build", BUILD["identity"]])
                      for nodes, limit in ((1, 15), (16, 17))])


def repaired_by_the_operators_own_principal(r, one, secret):
    """Named on no line: the registration's. Two secrets are refused; none is told, and nothing is written."""
    agent = next(n["azcmagent"] for n in r.ready()["nodes"])
    for given, secrets in ((("--arc-spn-secret-file", one["secretFile"]), {}), (("--arc-spn-secret-fd", "0"), {"input": secret + "\n"})):
        subprocess.run([agent, "disconnect", "-f"], check=True, capture_output=True)
        for k in [k for k in r.world()["resources"] if "/machines/" in k.lower()]:
            r.sandbox("POST", "/sandbox/resources", {"delete": k})
        before = len(r.writes())
        p = r.run("repair", "--what-if", ok=None)
        azl.check(p.returncode and f"The secret of the application {one['clientId']} is needed" in p.stdout, p.stdout + p.stderr)
        azl.check("azloconf repair" in p.stdout.split("is needed")[1].split("--arc-spn-secret-file")[0], p.stdout)
        p = r.run("repair", "--yes", "--arc-spn-secret-file", one["secretFile"], "--arc-spn-secret-fd", "0", ok=2)
        azl.check("exclude each other" in p.stderr and len(r.writes()) == before, p.stderr)
        r.run("repair", "--what-if", *given, ok=0, **secrets)
        r.run("repair", "--yes", *given, ok=0, **secrets)
        connected(r)


def test_arc_by_the_operators_own_principal():
    """ArcSpnCredential: its secret comes from a file, is kept nowhere, and is given again to a run that goes on."""
    with rehearsal(BUILD["identity"]) as r:
        r.prepare()
        one = next(x for x in r.ready()["principals"] if x["name"] == "sandbox-secret")
        with open(one["secretFile"], encoding="ascii") as f:
            secret = f.read().strip()
        own = ["--arc-spn-app-id", one["clientId"]]
        p = r.run(*r.register_args(), *own, ok=None)
        azl.check(p.returncode in (1, 2) and r.writes() == [], f"without its secret: {p.returncode} {p.stdout}{p.stderr}{r.writes()}")
        r.sandbox("POST", "/sandbox/faults", {"fault": "400@POST */agent/connectx99"})
        p = r.run(*r.register_args(), *own, "--arc-spn-secret-file", one["secretFile"], ok=None)
        azl.check(p.returncode != 0, "the fault was not met")
        r.sandbox("DELETE", "/sandbox/faults")
        r.kill_core()
        run = r.json("operations")["runs"][0]["id"]
        r.run("sign-in", ok=0)
        p = r.run("operations", "resume", run, ok=None)
        azl.check(p.returncode != 0 and "--arc-spn-secret-file" in p.stderr, f"resumed without its secret: {p.stdout}{p.stderr}")
        p = r.run("operations", "resume", run, "--arc-spn-secret-file", one["secretFile"], "--arc-spn-secret-fd", "0", ok=2)
        azl.check("exclude each other" in p.stderr, p.stderr)
        r.run("operations", "resume", run, "--arc-spn-secret-fd", "0", input=secret + "\n", ok=0)
        connected(r)
        azl.equal([len(posts(r, t)) for t in ("/createarcidentity", "/generatepassword", "/agent/connect")], [0, 0, 1], "writes")
        repaired_by_the_operators_own_principal(r, one, secret)
        for folder, _, files in os.walk(r.state):
            for name in files:
                path = os.path.join(folder, name)
                if path != one["secretFile"] and os.path.isfile(path):
                    with open(path, "rb") as f:
                        azl.check(secret.encode() not in f.read(), f"the secret is in {name}")


def test_the_principals_roles_are_looked_at_before_anything_is_written():
    """Its two roles: held on the group or above they need no right to assign roles; else who may gives them, and who may not is told at once."""
    onboarding, admin = "Azure Connected Machine Onboarding", "Azure Connected Machine Resource Administrator"
    anna = "anna@contoso.onmicrosoft.com"
    with rehearsal(BUILD["identity"]) as r:
        r.prepare()
        one = next(x for x in r.ready()["principals"] if x["name"] == "sandbox-secret")
        sub = f"/subscriptions/{r.ready()['subscription']}"

        def rights(caller, *roles):
            rows = [{"principal": one["clientId"], "role": role, "scope": sub} for role in roles] or [{"principal": one["clientId"]}]
            r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [{"principal": anna, "role": caller, "scope": sub}, *rows]})

        def register(ok):
            return r.run(*r.register_args(), "--arc-spn-app-id", one["clientId"], "--arc-spn-secret-file", one["secretFile"], ok=ok)

        def step(name):
            run = r.json("operations", "show", r.json("operations")["runs"][0]["id"])
            return next((s["state"], s["detail"]) for s in run["steps"] if s["id"] == name), run

        def given():
            return sorted(x["reqBody"]["properties"]["roleDefinitionId"].split("/")[-1][:8] for x in r.exchanges()
                          if x["method"] == "PUT" and "/roleassignments/" in x["url"].lower() and x["status"] < 300)

        rights("Owner")
        r.fault("400@POST */agent/connectx99")
        register(6)
        azl.equal(given(), ["b64e21ea", "cd570a14", "f5819b54"], "who may gives both, beside the service's own")
        azl.check("lacks: " + onboarding + ", " + admin in step("arc-principal-roles")[0][1], str(step("arc-principal-roles")[0]))

        rights("Contributor", onboarding)
        writes = len(r.writes())
        p = register(5)
        azl.check(admin in p.stderr and onboarding not in p.stderr and one["clientId"] in p.stderr and
                  sub + "/resourceGroups/CLUSTER-A-rg" in p.stderr, p.stderr)
        run = step("arc-principal-roles")[1]
        azl.equal((run["result"], run["errorDetail"]), ("ArcFailed", "ArcPermissionsMissing"), p.stderr)
        azl.equal(len(r.writes()), writes, "something was written")

        r.sandbox("DELETE", "/sandbox/faults")
        r.fault("403@GET */v1.0/servicePrincipals*x1")
        register(6)  # Graph refuses: not judged, and the look goes on to what is missing
        azl.equal(step("arc-principal")[0][0], "skipped", "the look-up")
        azl.check("is not checked: " in step("arc-principal")[0][1], str(step("arc-principal")[0]))

        rights("Contributor", onboarding, admin)
        r.run(*r.register_args(), "--arc-spn-app-id", one["clientId"], "--arc-spn-secret-file", one["secretFile"], "--repair-registration", ok=0)
        connected(r)
        azl.equal(step("arc-principal-roles")[0], ("found", "The principal holds both roles."), "roles")
        azl.equal(len(given()), 3, "roles given by who may not")
        rights("Contributor")
        register(0)  # all nodes are in Arc: nobody needs these roles any more


NEW = r"(createClusterIdentity|uploadCertificate|createArcIdentity|generatePassword|/certificate|/agent/connect|/identity)$"


def by_leaps(build):
    return products.Reference(core=["--node-build", BUILD[build]], roles=3)


def test_a_lost_answer_of_what_is_new_here_makes_nothing_twice():
    """It was carried out, and nobody told: the run looks first. A secret that was lost is generated anew, nothing else."""
    jobs, met = [], set()
    for build in ("generated", "identity"):
        ref = by_leaps(build)
        for request in ref.run:
            if re.search(NEW, request) and request not in met:
                met.add(request)
                jobs.append(functools.partial(products.goes_on, [f"reply-lost@{request}"], ref))
    azl.side_by_side(jobs, 3)
    print(f"        {len(jobs)} faults")


def test_what_fails_for_good_is_named_and_resumed():
    ref = by_leaps("generated")
    requests = [q for q in ref.run if re.search(NEW, q)]
    azl.side_by_side([functools.partial(products.stops_and_resumes, "500", q, ref) for q in requests], 3)
    print(f"        {len(requests)} requests")


def test_killed_in_the_middle_it_goes_on():
    """After every fifth journal line of what is new here; all lines, and both ways to Arc, are in the full product."""
    ref = by_leaps("generated")
    lines = range(ref.lines // 3, ref.lines, 5)
    azl.side_by_side([functools.partial(products.killed_after, n, ref) for n in lines], 3)
    print(f"        {len(lines)} of {ref.lines} lines")


def test_no_secret_and_no_key_is_told():
    """The generated secret and the nodes' keys stand in no journal, no log, no section; the key is its owner's alone."""
    with rehearsal(BUILD["generated"], sandbox=["--log-secrets"]) as r:
        r.prepare()
        r.register()
        secret = posts(r, "/generatepassword")[0]["resBody"]["secretText"]
        path = os.path.join(r.state, "nodes", "node1", "certificate.pem")
        azl.equal(os.stat(path).st_mode & 0o777, 0o600, "rights of the key's file")
        with open(path, encoding="ascii") as f:
            key = f.read().split("PRIVATE KEY-----")[1].split("\n")[2]
        for folder, _, names in os.walk(r.state):
            for name in names:
                where = os.path.join(folder, name)
                if where == path or not os.path.isfile(where):
                    continue
                with open(where, "rb") as f:
                    text = f.read()
                azl.check(secret.encode() not in text and key.encode() not in text, f"a secret stands in {where}")


def certificate(folder, days):
    """A user's certificate with its key, as PEM in the folder; its thumbprint."""
    if not shutil.which("openssl"):
        raise azl.Skip("there is no openssl command to make a user's certificate with")
    path = os.path.join(folder, f"user{days}.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", "/CN=user", "-keyout", path,
                    "-out", path + ".crt"], check=True, stderr=subprocess.DEVNULL)
    with open(path, "a", encoding="ascii") as f, open(path + ".crt", encoding="ascii") as c:
        f.write(c.read())
    os.chmod(path, 0o600)
    p = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha1"], check=True, stdout=subprocess.PIPE, text=True)
    return p.stdout.strip().split("=")[1].replace(":", "")


def test_a_users_certificate_on_every_node():
    """It is uploaded once for the whole cluster, and no other one is made; one that ends within 60 days, or is not there, is 9109."""
    with tempfile.TemporaryDirectory() as folder:
        good, short = certificate(folder, 90), certificate(folder, 59)
        with rehearsal(BUILD["identity"], nodes=3, core=["--certificates-dir", folder]) as r:
            r.prepare()
            for thumbprint, words in ((short, "must be valid for 60 days more"), ("0" * 40, "There is no certificate with the thumbprint")):
                p = r.run(*r.register_args(), "--certificate-thumbprint", thumbprint, ok=1)
                azl.check("9109" in p.stderr and words in p.stderr, p.stderr)
            azl.equal(r.writes(), [], "something was written")
            r.run(*r.register_args(), "--certificate-thumbprint", good, ok=0)
            connected(r)
            azl.equal([len(x["reqBody"]["properties"]["certificates"]) for x in posts(r, "/uploadcertificate")], [1], "one certificate, once")
            azl.check(not os.path.exists(os.path.join(r.state, "nodes", "node1", "certificate.pem")), "another certificate was made")
            azl.equal(r.json("status", ok=None)["certificateNotAfter"][:4], "2027", "the end of the certificate is known")


def test_a_repair_renews_the_certificates():
    with rehearsal(BUILD["identity"], nodes=2) as r:
        r.prepare()
        r.register()
        r.run(*r.register_args(), "--repair-registration", ok=0)
        connected(r)
        uploaded = [x["reqBody"]["properties"]["certificates"] for x in posts(r, "/uploadcertificate")]
        azl.equal([len(x) for x in uploaded], [2, 2], "uploads")
        azl.check(not set(uploaded[0]) & set(uploaded[1]), "an old certificate was uploaded again")
        for node in ("node1", "node2"):
            azl.equal([f for f in os.listdir(os.path.join(r.state, "nodes", node)) if f.endswith(".pem")], ["certificate.pem"], f"kept on {node}")
            with open(os.path.join(r.state, "nodes", node, "certificate.pem"), encoding="ascii") as f:
                pem = "".join(f.read().split("BEGIN CERTIFICATE-----")[1].split("-----END")[0].split())
            azl.check(pem in uploaded[1] and pem not in uploaded[0], f"the old certificate stays on {node}")
        azl.equal(len(posts(r, "/createclusteridentity")), 1, "applications")


def test_without_the_right_to_assign_roles_arc_fails_and_the_registration_stands():
    """Refused at the nodes' roles: RegisterSucceededButArcFailed. Once an administrator has assigned them, the same run goes on."""
    with rehearsal(BUILD["identity"], leap=True) as r:
        r.prepare()
        r.fault("403@PUT *roleAssignments*x1000 after 1")
        p = r.run(*r.register_args(), ok=6)
        run = r.json("operations", "show", r.json("operations")["runs"][0]["id"])
        azl.equal((run["result"], run["errorDetail"]), ("RegisterSucceededButArcFailed", "ArcPermissionsMissing"), p.stderr)
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")
        r.sandbox("DELETE", "/sandbox/faults")
        r.run("operations", "resume", run["id"], ok=0)
        connected(r)


def test_too_old_a_system_is_refused_before_anything():
    with rehearsal("17763", nodes=2) as r:
        r.prepare()
        p = r.run(*r.register_args(), ok=1)
        azl.check("9111" in p.stderr and "node1, node2" in p.stderr, p.stderr)
        azl.equal(r.writes(), [], "something was written")


azl.main()
