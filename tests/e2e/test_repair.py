#!/usr/bin/env python3
"""Repair: what speaks for it is shown with its reason; the stored values are proven, not asked; a repair mends what it said."""
import azl
import products

SUB = "/subscriptions/"


def find(r, kind, name):
    return next((k, v) for k, v in r.world()["resources"].items() if k.lower().split("/")[-2:] == [kind.lower(), name.lower()])


def change(r, body):
    r.sandbox("POST", "/sandbox/resources", body)


def rows(r, *more, ok=0):
    """{what name: (how, why)} of the review."""
    review = r.json("repair", "--what-if", *more, ok=ok)
    return {f"{w['what']} {w['name']}": (w["how"], w.get("why", "")) for w in review["will"]}, review


def row(all_rows, start):
    found = [v for k, v in all_rows.items() if k.startswith(start)]
    azl.check(len(found) >= 1, f"no row {start}: {all_rows}")
    return found[0]


def writes(r):
    return [f"{x['method']} {products.path_of(x).rsplit('/', 1)[1]}" for x in r.exchanges()
            if products.carried_out(x) and "/oauth2/" not in x["url"] and "/sandbox/" not in x["url"] and "/devicelogin" not in x["url"]]


def repaired(r):
    r.run("repair", "--yes", ok=0)
    azl.equal(r.status()["ConnectionStatus"], "Connected", "after the repair")
    found, review = rows(r)
    azl.check(not review["needed"], f"still needed: {found}")


def test_by_the_nodes_identity():
    """Nothing registered; nothing to mend; a role, the Arc settings, a machine's parent, a machine and the resource that are gone."""
    with azl.Rehearsal(nodes=3) as r:
        r.prepare()
        p = r.run("repair", "--yes", ok=1)
        azl.check("not registered" in p.stderr and "azloconf register" in p.stderr, p.stderr)
        r.register(ok=0)
        before = writes(r)
        azl.check("--yes" in r.run("repair", ok=2).stderr, "asked without a terminal")
        p = r.run("repair", "--what-if", ok=0)
        azl.check("Nothing that can be seen from here calls for a repair." in p.stdout and "a repair renews it in any case" in p.stdout, p.stdout)
        found, review = rows(r)
        azl.equal((review["needed"], review["inputs"]["repair"], "confirm" in review), (False, "1", False), "review")
        azl.equal(row(found, "Registration of the cluster")[0], "renew", "registration")
        azl.check(all(row(found, "Arc-connected machine " + n) == ("keep", "") for n in ("node1", "node2", "node3")), found)
        azl.equal(writes(r), before, "a look or a refusal wrote")
        role = next(k for k, v in r.world()["resources"].items() if "/roleassignments/" in k.lower() and "cluster-a-rg" in k.lower())
        change(r, {"delete": role})
        change(r, {"id": find(r, "machines", "node2")[0], "set": {"properties.parentClusterResourceId": ""}})
        settings, value = find(r, "arcSettings", "default")
        change(r, {"id": settings, "set": {"properties.perNodeDetails": [n for n in value["properties"]["perNodeDetails"] if n["name"] != "node3"], "properties.aggregateState": "PartiallyConnected"}})
        found, review = rows(r)
        azl.check(review["needed"] and not review["warn"], review)
        azl.check("taken away" in row(found, "Role of the service")[1], found)
        azl.check("does not name the cluster" in row(found, "Arc-connected machine node2")[1], found)
        azl.check("do not name it" in row(found, "Arc-connected machine node3")[1], found)
        azl.equal(row(found, "Arc settings default"), ("renew", "they say PartiallyConnected"), "settings")
        repaired(r)
        run = r.json("operations")["runs"][0]
        azl.equal((run["plan"], run["whole"], "parts" in run), ("register", "repair", False), "what it was")
        azl.check(" repair " in r.run("operations", ok=0).stdout, "in the list")
        azl.equal(r.json("operations", "show", run["id"])["title"], "Repair the registration", "its title")
        change(r, {"delete": settings})
        found, review = rows(r)
        azl.equal(row(found, "Arc settings default")[0], "make", "settings that are gone")
        repaired(r)
        gone_and_made_again(r)


def gone_and_made_again(r):
    cluster = find(r, "clusters", "CLUSTER-A")[0]
    change(r, {"delete": cluster})
    before = writes(r)
    found, review = rows(r, ok=1)
    azl.check("it is gone from Azure" in row(found, "Cluster resource CLUSTER-A")[1] and review["error"]["code"] == 9106, review)
    p = r.run("repair", "--yes", ok=1)
    azl.check("9106" in p.stderr and "azloconf repair --recreate-resource" in p.stderr, p.stderr)
    azl.equal(writes(r), before, "a refusal wrote")
    found, review = rows(r, "--recreate-resource")
    azl.equal(row(found, "Cluster resource CLUSTER-A")[0], "make", "asked to be made again")
    r.run("repair", "--recreate-resource", "--yes", ok=0)
    azl.equal(r.status()["ConnectionStatus"], "Connected", "made again")
    change(r, {"id": cluster, "set": {"properties.cloudId": "12345678-1234-4234-8234-123456789012"}})
    azl.check("made again" in row(rows(r)[0], "Registration of the cluster")[1], "another cloud id")
    repaired(r)


def by_certificates(build):
    """Certificates near their end, an application that is gone, a tenant that contradicts; what was done to whom."""
    with azl.Rehearsal(nodes=1, core=["--node-build", str(build)]) as r:
        r.prepare()
        r.register(ok=0)
        found, review = rows(r)
        azl.check(not review["needed"] and row(found, "Certificate of the node")[0] == "renew", found)
        azl.equal(row(found, "application in Microsoft Entra")[0], "keep", "application")
        n = len(writes(r))
        p = r.run("repair", "--yes", "--tenant-id", "11111111-2222-3333-4444-555555555555", ok=None)
        azl.check(p.returncode != 0 and len(writes(r)) == n, f"another tenant: {p.stdout}{p.stderr}")
        r.run("sign-in", ok=0)
        certificate = r.status().get("CertificateNotAfter")
        repaired(r)
        azl.equal(certificate is None or r.status()["CertificateNotAfter"] >= certificate, True, "the certificate")


def test_by_certificates_and_the_first_generation():
    azl.side_by_side([lambda b=b: by_certificates(b) for b in (20348, 20349, 17784)], 3)


def test_sixteen_nodes_faults_and_a_kill():
    """A repair costs sixteen nodes what register's repair costs; answers that are lost and a core that dies repeat nothing."""
    with azl.Rehearsal(nodes=16) as r:
        r.prepare()
        r.register(ok=0)
        n = len(r.exchanges())
        for spec in ("reply-lost@POST */reconcilex1", "503@GET */arcSettings/defaultx1"):
            r.fault(spec)
        p = r.start("repair", "--yes")
        azl.wait_for(lambda: any("/reconcile" in x["url"] for x in r.exchanges()[n:]), 30, "reconcile")
        r.kill_core()
        p.communicate(timeout=90)
        for _ in range(3):
            r.run("sign-in", ok=0)
            newest = r.json("operations")["runs"][0]
            if newest["state"] != "done":
                r.run("operations", "resume", newest["id"])
        azl.equal(r.json("operations")["runs"][0]["state"], "done", r.core_log())
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")


azl.main()
