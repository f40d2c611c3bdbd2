#!/usr/bin/env python3
"""What the operator's roles lack is told before anything is written: each action of a registration taken away, with the list of permissions and
without it, and Microsoft's own custom role for registrations."""
import json
import os
import tempfile

import azl
import test_plain as plain_face

USER = "anna@contoso.onmicrosoft.com"
SUB = "11111111-2222-4333-8444-555555555555"
GROUP = f"/subscriptions/{SUB}/resourceGroups/CLUSTER-A-rg"

RG = "Microsoft.Resources/subscriptions/resourceGroups/"
CLUSTERS = "Microsoft.AzureStackHCI/clusters/"
ROLES = "Microsoft.Authorization/roleAssignments/"
MACHINES = "Microsoft.HybridCompute/machines/"
# of a registration where nothing is there yet: action -> where it is asked for
PROVIDERS = {f"Microsoft.{p}/register/action": f"/subscriptions/{SUB}" for p in ("AzureStackHCI", "HybridCompute", "GuestConfiguration", "HybridConnectivity")}
READS = {a: GROUP for a in (RG + "read", CLUSTERS + "read", CLUSTERS + "arcSettings/read", MACHINES + "read")}
WRITES = {a: GROUP for a in (RG + "write", CLUSTERS + "write", CLUSTERS + "arcSettings/write", CLUSTERS + "arcSettings/reconcile/action",
                             CLUSTERS + "arcSettings/consentAndInstallDefaultExtensions/action", ROLES + "write", MACHINES + "write")}
FRESH = {**PROVIDERS, **READS, **WRITES}
# whoever has none of these is told by Azure itself: the list of permissions, and whether a provider is registered
ALWAYS = ["Microsoft.Authorization/permissions/read", "Microsoft.Resources/subscriptions/providers/read"]
# the way by certificates, with a generated secret: nodes come to Arc by an application's own roles, not by the caller's
BY_CERTIFICATE = {**{a: s for a, s in FRESH.items() if not a.startswith(MACHINES) and "reconcile" not in a},
                  **{a: GROUP for a in (CLUSTERS + "createClusterIdentity/action", CLUSTERS + "uploadCertificate/action",
                                        CLUSTERS + "arcSettings/createArcIdentity/action", CLUSTERS + "arcSettings/generatePassword/action")}}
# Microsoft's "Azure Stack HCI registration role"
PUBLISHED = [RG + a for a in ("read", "write", "delete")] + ["Microsoft.AzureStackHCI/register/action", "Microsoft.AzureStackHCI/Unregister/Action",
                                                             CLUSTERS + "*", ROLES + "write", ROLES + "read"] + list(PROVIDERS)[1:]


def guid(i):
    return f"cccccccc-1111-4111-8111-{i:012d}"


def with_roles(roles, more=None, sandbox=(), **kw):
    """A rehearsal whose subscription knows these roles ({name: actions}); the operator has the first one."""
    resources = [{"id": f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{guid(i)}", "name": guid(i),
                  "type": "Microsoft.Authorization/roleDefinitions",
                  "properties": {"roleName": name, "type": "CustomRole", "assignableScopes": [f"/subscriptions/{SUB}"],
                                 "permissions": [{"actions": actions, "notActions": []}]}} for i, (name, actions) in enumerate(roles.items())]
    more = more or {}
    doc = {**more, "subscriptions": [{"subscriptionId": SUB, "displayName": "S"}], "resources": resources + more.get("resources", []),
           "roleAssignments": [{"principal": USER, "role": next(iter(roles))}]}
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="azl-seed-", delete=False) as f:
        json.dump(doc, f)
    r = azl.Rehearsal(sandbox=["--seed", f.name, *sandbox], **kw)
    try:
        r.prepare()
    except BaseException:
        r.__exit__(None, None, None)
        raise
    finally:
        os.unlink(f.name)
    return r


def give(r, role, scope=None):
    row = {"principal": USER, "role": role}
    r.sandbox("POST", "/sandbox/rights", {"roleAssignments": [dict(row, scope=scope) if scope else row]})


def attempts(r, since=0):
    """(method, path) of every changing request to Azure, refused ones too."""
    return [(x["method"], x["url"]) for x in r.exchanges()[since:] if x["method"] != "GET" and "/subscriptions/" in x["url"]] + \
           [(x["method"], x["url"]) for x in r.exchanges()[since:] if "/agent/connect" in x["url"]]


def told(p):
    return " ".join((p.stdout + p.stderr).split())


def without(actions, gone):
    return [a for a in actions if a != gone]


def all_without_each(actions):
    return {"Whole": ALWAYS + list(actions), **{f"Without {a}": ALWAYS + without(actions, a) for a in actions}}


def each_is_named(r, actions):
    for action, scope in actions.items():
        give(r, f"Without {action}")
        p = r.register(ok=5)
        said = told(p)
        azl.check(f"{scope}: {action} (" in said, f"{action} over {scope} is not named:\n{said}")
        others = [a for a in actions if a != action and f"{a} (" in said]
        azl.equal(others, [], f"without {action} these were named, too")
        azl.equal(attempts(r), [], f"without {action}")


def test_each_action_taken_away_is_named_before_anything_is_written():
    with with_roles(all_without_each(FRESH)) as r:
        each_is_named(r, FRESH)
        give(r, "Whole")
        r.register()
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")


def test_rights_that_nothing_needs_are_not_asked_for():
    """Of what is there already only reading is needed; and nothing of a registration needs to delete."""
    roles = {"Whole": ALWAYS + list(FRESH), "Readers": ALWAYS + list(READS) + [ROLES + "read"]}
    with with_roles(roles) as r:
        r.register()
        since = len(r.exchanges())
        give(r, "Readers")
        r.register()
        azl.equal(attempts(r, since), [], "the second run")


def test_the_published_role_lacks_the_machines_and_it_is_told():
    """Microsoft's role does for the way by certificates; where nodes register by their identity azcmagent gets the operator's token, and it does not."""
    roles = {"Published": PUBLISHED, "Published and told": ALWAYS + PUBLISHED, "Mended": PUBLISHED + [MACHINES + "read", MACHINES + "write"]}
    with with_roles(roles) as r:
        give(r, "Published and told")
        said = told(r.register(ok=5))
        azl.check(f"{GROUP}: {MACHINES}read (for Arc), {MACHINES}write (for Arc)." in said, said)
        azl.check("registers by certificates would need none of them" in said, said)
        give(r, "Published")  # its list of permissions is closed to it
        said = told(r.register(ok=5))
        azl.check(MACHINES + "read" in said and GROUP in said, said)
        azl.equal(attempts(r), [], "with the published role")
        give(r, "Mended")
        r.register()
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")


def test_by_certificates_each_action_is_named_and_the_published_role_does():
    roles = {**all_without_each(BY_CERTIFICATE), "Published": PUBLISHED}
    with with_roles(roles, core=["--node-build", "20348"], leap=True) as r:
        each_is_named(r, BY_CERTIFICATE)
        give(r, "Published")
        r.register()
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")
        azl.equal([v["properties"]["aggregateState"] for k, v in r.world()["resources"].items() if k.lower().endswith("/arcsettings/default")],
                  ["Connected"], "the Arc settings")


def test_by_the_clusters_identity_nothing_more_is_needed_and_the_published_role_does():
    """There nothing is generated: the two actions of the Arc settings' application are not asked for."""
    less = [a for a in BY_CERTIFICATE if "createArcIdentity" not in a and "generatePassword" not in a]
    with with_roles({"Whole": ALWAYS + less, "Published": PUBLISHED}, core=["--node-build", "20349"], leap=True) as r:
        p = r.run(*r.register_args(), "--what-if", ok=0)
        azl.check("would be stopped" not in p.stdout, p.stdout)
        give(r, "Published")
        r.register()
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")


def test_a_preview_shows_all_and_at_its_top_what_is_missing():
    roles = {"Published and told": ALWAYS + PUBLISHED, "Reader and told": ALWAYS + ["*/read"], "Whole": ALWAYS + list(FRESH)}
    with with_roles(roles) as r:
        args = [a for a in r.register_args() if a != "--yes"] + ["--what-if"]
        lines = r.run(*args, ok=5).stdout.split("\n")
        azl.equal(lines[:4], ["This registration would be stopped:", f"  Missing over {GROUP}:", f"    {MACHINES}read (for Arc)",
                              f"    {MACHINES}write (for Arc)"], "the top")
        text = "\n".join(lines)
        for part in ("What to do: ", "This will be done:", "Steps:", f"PUT    {r.ready()['base']}{GROUP}/providers/Microsoft.AzureStackHCI/clusters/CLUSTER-A?",
                     "Nothing was written."):
            azl.check(part in text, f"{part!r} is not in {text}")
        give(r, "Reader and told")  # more than a sentence holds
        said = json.loads(r.run(*args, "--output", "json", ok=5).stdout)
        missing = {(m["scope"], a.split(" ")[0]) for m in said["missing"] for a in m["actions"].split(", ")}
        azl.equal(missing, {(s, a) for a, s in {**PROVIDERS, **WRITES}.items()}, "what is missing")
        azl.check("Your account lacks rights over" in said["error"]["message"] and said["error"]["advice"], str(said["error"]))
        azl.equal({s["id"]: s["state"] for s in said["steps"]}["ready"], "stop", "the gate")
        azl.equal((attempts(r), r.json("operations")["runs"]), ([], []), "previews")
        give(r, "Published and told")
        with plain_face.Plain(r) as t:
            plain_face.answer_all(t, (plain_face.HOME, "1"), ("Tenant [Contoso", ""), ("Subscription [S]: ", ""), ("Region", "West Europe"),
                                  ("Resource group [", ""), ("Resource name [", ""))
            seen = t.wait("What cannot be undone:", "Type yes to register")
            top, rest = seen.split("Cluster: ", 1)
            azl.check(f"would be stopped: Missing over {GROUP}:" in top
                      and f"{MACHINES}read (for Arc) {MACHINES}write (for Arc)" in top and "What will be done:" in rest, seen)
            t.say("yes")
            t.wait("The registration did not start: ", "What to do: ", "Type yes to register")
        azl.equal((attempts(r), r.json("operations")["runs"]), ([], []), "the face of lines")
        give(r, "Whole")
        text = r.run(*args, ok=0).stdout
        azl.check("would be stopped" not in text and text.startswith("This will be done:"), text)


def test_a_role_on_the_group_alone():
    """Providers registered and a group made by an administrator: a role on that group is enough, and what it lacks there is told."""
    small = [RG + "read", CLUSTERS + "*", ROLES + "read", ROLES + "write", MACHINES + "*"]
    roles = {"Small": small, "Small, seen": small + ALWAYS[:1], "No machines": small[:-1] + [MACHINES + "read"] + ALWAYS[:1]}
    more = {"resources": [{"id": GROUP, "name": "CLUSTER-A-rg", "type": "Microsoft.Resources/resourceGroups", "location": "eastus",
                           "properties": {"provisioningState": "Succeeded"}}],
            "providers": {a.split("/")[0]: "Registered" for a in PROVIDERS}}
    with with_roles(roles, more) as r:
        give(r, "No machines", GROUP)
        said = told(r.register(ok=5))
        azl.check(f"{GROUP}: {MACHINES}write (for Arc)." in said, said)
        azl.equal(attempts(r), [], "without the machines")
        give(r, "Small, seen", GROUP)
        r.register()
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")
    with with_roles(roles, more) as r:
        give(r, "Small", GROUP)
        r.register()
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")


CLOSED = ["--fault", "403@GET */providers/Microsoft.Authorization/permissions*x*"]


def refused_by_azure(r, action, scope):
    said = told(r.register(ok=6 if "consent" in action else 5))  # the consent comes when the cluster is registered
    azl.check(action in said and scope.lower() in said.lower(), f"without {action}: {said}")


def test_without_the_list_a_refused_look_names_action_and_scope():
    roles = {"Whole": ALWAYS + list(FRESH), **{f"Without {a}": ALWAYS + without(FRESH, a) for a in READS}}
    with with_roles(roles, sandbox=CLOSED) as r:
        for action, scope in READS.items():
            give(r, f"Without {action}")
            refused_by_azure(r, action, scope)
            azl.equal(attempts(r), [], f"without {action}")


def test_without_the_list_a_refused_change_names_action_and_scope():
    def job(action, scope):
        def run():
            with with_roles({"Less": ALWAYS + without(FRESH, action)}, sandbox=CLOSED) as r:
                refused_by_azure(r, action, scope)
        return run
    azl.side_by_side([job(a, s) for a, s in {**PROVIDERS, **WRITES}.items()])


def test_who_only_reads_is_told_how_much_is_missing():
    with with_roles({"Whole": ALWAYS + list(FRESH)}) as r:
        give(r, "Reader")
        said = told(r.register(ok=5))
        azl.check("Microsoft.AzureStackHCI/register/action (for the cluster)" in said and " more." in said, said)
        azl.equal(attempts(r), [], "with Reader")
        with open(os.path.join(r.state, "azloconfd.log"), encoding="utf-8") as f:
            log = f.read()
        for action in {**PROVIDERS, **WRITES}:
            azl.check(f"{action} (" in log, f"{action} is not in the log")


if __name__ == "__main__":
    azl.main()
