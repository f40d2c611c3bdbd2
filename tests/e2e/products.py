"""products.py - the cases that make check samples and make check-long runs whole: faults at requests, kills after journal lines; and the judge
of what they must all keep: nothing is done twice.

A rehearsal's waits are leapt over (leap.c), so that a case costs a fraction of a second of real time, whatever the client waits.
"""
import glob
import json
import os
import re

import azl
import plans

# What goes wrong. STATUS and "reset" keep the request from the handlers; after those of LOST it was carried out, but its answer did not arrive.
STATUS = ["429:retry-after=1", "500", "503"]
LOST = ["reply-lost", "truncate", "garbage", "bad-length", "half-header"]
KINDS = STATUS + ["reset"] + LOST + ["slow=300"]
OAUTH = ["slow_down", "expired_token", "declined"]  # what only a request for a token meets
PRELOAD = os.path.join(azl.BUILD, "tests", "killpoint.so")
MANY = 1000  # more often than anybody tries
GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

# ---- the judge ----

ONCE, AFTER_LOSS, FREE = "once", "after a loss", "free"
# method, path, how often it may be carried out, what tells one such thing from another, why. The first row that matches counts.
REPEATS = [
    ("POST", r"^/sandbox/", FREE, None, "the test's own steering"),
    ("DELETE", r"^/sandbox/", FREE, None, "the test's own steering"),
    ("POST", r"/oauth2/v2\.0/(devicecode|token)$", FREE, None, "a sign-in and a token make nothing that stays"),
    ("POST", r"/agent/connect$", ONCE, "node", "a machine is connected once; after a loss the agent is asked where it is"),
    ("POST", r"/agent/disconnect$", ONCE, "node", "undo and a reset do it; the agent is asked first whether it is connected"),
    ("POST", r"/initializedisableprocess$", AFTER_LOSS, "path", "a mark on the Arc settings; only what has it already is not marked again"),
    ("DELETE", r"/(arcsettings|extensions|roleassignments|resourcegroups|clusters|machines)/[^/]+$", ONCE, "path",
     "it is looked first whether it is there, and whether Azure is at it already; an undo looks, too"),
    ("DELETE", r"^/v1\.0/(applications|serviceprincipals)/[^/]+$", ONCE, "path", "it is looked first whether it is there"),
    ("POST", r"/providers/[^/]+/register$", ONCE, "path", "its state is read before it is asked again"),
    ("POST", r"/generatepassword$", AFTER_LOSS, "run",
     "the secret is kept in the run's memory alone: one that is resumed generates another"),
    ("POST", r"/(reconcile|createarcidentity|createclusteridentity|uploadcertificate)$", ONCE, "path",
     "each makes something new in Azure (links, an identity, a key): it is looked first whether it is done"),
    ("POST", r"/consentandinstalldefaultextensions$", ONCE, "path", "a consent is recorded once: whether it is there is looked first"),
    ("PUT", r"/roleassignments/[^/]+$", ONCE, "role", "the same role twice on one scope, whatever its name, is a second assignment"),
    ("PUT", r"/resourcegroups/[^/]+$", ONCE, "path", "it is looked first whether it is there"),
    ("PUT", r"/clusters/[^/]+$", ONCE, "path", "it is looked first whether it is there"),
    ("PUT", r"/arcsettings/[^/]+$", ONCE, "path", "it is looked first whether they are there"),
    ("POST", r"^/v1\.0/applications$", ONCE, "path", "after a loss it is looked for by the mark that the journal has"),
    ("POST", r"^/v1\.0/serviceprincipals$", ONCE, "application", "an application has one principal: it is looked first whether it is there"),
    ("POST", r"^/v1\.0/serviceprincipals/[^/]+/approleassignedto$", ONCE, "app role", "it is looked first which permissions are given"),
    ("DELETE", r"^/v1\.0/serviceprincipals/[^/]+/approleassignments/[^/]+$", ONCE, "path", "it is looked first which permissions are given"),
    ("PATCH", r"^/v1\.0/applications/[^/]+$", ONCE, "credentials", "what the application holds is looked at before it is written anew"),
    ("PATCH", r"/clusters/[^/]+$", ONCE, "path", "what the resource says is looked at first"),
    ("POST", r"/dataplane/.*/register$", AFTER_LOSS, "path",
     "the node learns only from the answer that it is registered; the data plane is made for repeats (docs/dataplane.md)"),
    ("POST", r"/dataplane/.*/(certificate|identity)$", FREE, None, "a test and a token change nothing (docs/dataplane.md)"),
    ("POST", r"/dataplane/.*/sync$", AFTER_LOSS, "node and its Arc",
     "the node learns only from the answer that it is in sync; the data plane is made for repeats (docs/dataplane.md). A node that the "
     "cluster brings to Arc, and one whose Arc settings a repair makes after it, syncs again, because Azure learns its machine from that"),
]
SETTINGS = "/arcsettings/"


def path_of(x):
    return "/" + x["url"].split("?")[0].split("/", 3)[3]


def fault_of(x):
    return (x.get("resHeaders") or {}).get("x-azlosandbox-fault")


def carried_out(x):
    """Did this write reach the sandbox's world?"""
    return x["method"] not in ("GET", "HEAD") and 200 <= (x["status"] or 0) < 300 and fault_of(x) != "status"


def was_lost(x, kills):
    """Did the answer not reach the client, or die with it before it was written down?"""
    return fault_of(x) not in (None, "slow") or any(x["startedAt"] <= k <= x["endedAt"] + 1000 for k in kills)


def row_of(x):
    path = path_of(x).lower()
    for row in REPEATS:
        if row[0] == x["method"] and re.search(row[1], path):
            return row
    return None


def thing_of(x, row, arc):
    """arc: the nodes that were connected to Arc before, and SETTINGS once a repair made the Arc settings."""
    path = path_of(x).lower()
    if row[3] == "node":
        return x["url"].split("/")[2] + path
    body = x["reqBody"] if isinstance(x["reqBody"], dict) else {}
    if row[3] == "run":  # each life of a run has a correlation id of its own
        return f"{path} {x['reqHeaders']['x-ms-correlation-request-id']}"
    if row[3] == "role":
        p = body.get("properties") or {}
        return f"{path.rsplit('/', 1)[0]} {str(p.get('principalId')).lower()} {str(p.get('roleDefinitionId')).lower().rsplit('/', 1)[-1]}"
    if row[3] == "application":
        return f"{path} {body.get('appId')}"
    if row[3] == "app role":
        return f"{path} {body.get('principalId')} {body.get('appRoleId')}"
    if row[3] == "credentials":  # the same certificates, or permissions, a second time
        keys = sorted(str(k.get("customKeyIdentifier")) for k in body.get("keyCredentials") or [])
        return f"{path} {keys} {body.get('requiredResourceAccess')}"
    if row[3] == "node and its Arc":
        return f"{path} {body.get('node')}{' in Arc' if body.get('node') in arc else ''}{' with settings' if SETTINGS in arc else ''}"
    return path


def done_twice(exchanges, kills=(), plan=None):
    """What an exchange log says was done twice without need: a list of sentences, empty if all is well. kills: Unix ms at which the core was
    killed. plan: what was run; only a repair may find the Arc settings gone after its sync, make them, and owe the nodes another one."""
    wrong, before, arc = [], {}, set()
    for x in sorted((x for x in exchanges if carried_out(x)), key=lambda x: x["startedAt"]):
        row = row_of(x)
        if row is None:
            wrong.append(f"{x['method']} {path_of(x)}: no row says how often this may be done")
            continue
        if row[2] == FREE:
            continue
        thing = (row[0], row[1], thing_of(x, row, arc))
        if plan == "repair" and x["method"] == "PUT" and re.search(r"/arcsettings/[^/]+$", path_of(x), re.I):
            arc.add(SETTINGS)
        if path_of(x).endswith("/agent/connect"):
            arc.add((x["reqBody"] or {}).get("resourceName"))
        earlier = before.setdefault(thing, [])
        if earlier and (row[2] == ONCE or not all(was_lost(e, kills) for e in earlier)):
            lost = sum(was_lost(e, kills) for e in earlier)
            wrong.append(f"{x['method']} {thing[2]} was carried out {len(earlier) + 1} times ({lost} answers before were lost), allowed is: "
                         f"{row[2]} ({row[4]})")
        earlier.append(x)
    return wrong


def nothing_twice(r, text, kills=(), roles=1):
    """The judge's word over a rehearsal's whole log, and the world has one of each."""
    wrong = done_twice(r.exchanges(), kills)
    azl.check(not wrong, f"{text}: " + "; ".join(wrong))
    made_once(r, text, roles)


def made_once(r, text, roles=1):
    """What may not be there twice, whatever was asked twice: role assignments, machines, clusters."""
    kinds = {}
    for i in r.world()["resources"]:
        parts = i.lower().strip("/").split("/")
        kinds.setdefault(parts[-2], []).append(i)
    azl.equal(len(kinds.get("roleassignments", [])), r.roles_before + roles, f"{text}: role assignments {kinds.get('roleassignments')}")
    azl.equal(len(kinds.get("machines", [])), r.nodes if roles else 0, f"{text}: machines")
    if not roles:  # the first generation: no Arc, and an application that the client made
        world = r.world()
        own = [a["appId"] for a in world["applications"].values() if "_seed" not in a]
        sps = [s["id"] for s in world["servicePrincipals"].values() if s["appId"] in own]
        given = [a for a in world["appRoleAssignments"].values() if a["principalId"] in sps]
        azl.equal((len(own), len(sps), len(given)), (1, 1, 4), f"{text}: applications, their principals and permissions")
    azl.equal(len(kinds.get("clusters", [])), 1, f"{text}: clusters")


# ---- what a run must come to ----

def registered(r, text):
    s = r.status()
    azl.equal((s["ClusterStatus"], s["RegistrationStatus"], s["ConnectionStatus"]), ("Clustered", "Registered", "Connected"), text)


def end_state(r):
    """What the sandbox holds, without the subscription and the names that are derived from random object ids; and the statuses."""
    world = r.world()
    ids = ["application " + a["displayName"] for a in world["applications"].values()]
    for i in world["resources"]:
        parts = i.lower().strip("/").split("/")
        if "roleassignments" in parts:
            parts = parts[:-1]
        ids.append("/".join(parts[2:]))
    s = r.status()
    return sorted(ids), s["ClusterStatus"], s["RegistrationStatus"], s["ConnectionStatus"], s.get("Region")


def journal_lines(r):
    """Of the runs since begin()."""
    files = [f for f in sorted(glob.glob(os.path.join(r.state, "runs", "*.jsonl"))) if f not in r.journals]
    lines = 0
    for name in files:
        with open(name, encoding="utf-8") as f:
            lines += len(f.readlines())
    return lines


OF_A_RUN = r" /(subscriptions/|dataplane/|agent/|metadata/identity/|v1\.0/)"


class Reference:
    """An undisturbed registration, or with `plan` what follows one: its end state, its journal's length, its requests."""

    def __init__(self, nodes=1, core=(), roles=1, plan="register"):
        """core: options of the core, so that the whole product can be run the way by certificates, too; roles: assignments made there."""
        self.core, self.roles, self.plan = list(core), roles, plan
        self.row = plans.PLANS[plan]
        self.foretold = plan in ("register", "unregister")  # WORDS and gives_up() know which request ends it, and with which words
        with rehearsal(nodes, core=self.core) as r:
            since = begin(r, self)
            run(r, self, ok=0)
            self.nodes, self.end, self.lines = nodes, end_state(r), journal_lines(r)
            self.label = str(nodes) + "".join("," + a for a in self.core if not a.startswith("-")) + ("" if plan == "register" else "," + plan)
            requests = requests_in(r, since)
            self.run = [q for q in requests if re.search(OF_A_RUN, q, re.I)]
            self.sign_in = [q for q in requests if q not in self.run]


def rehearsal(nodes=1, **kw):
    """Long-running work takes its time (and its polling requests); the waits for it are leapt over."""
    return azl.Rehearsal(nodes=nodes, leap=True, instant=False, **kw)


def begin(r, ref):
    """What stands before the run of this plan. The number of exchanges by then."""
    r.prepare()
    ref.row.prepare(r)
    r.journals = glob.glob(os.path.join(r.state, "runs", "*.jsonl"))
    r.since = 0 if ref.plan == "register" else len(r.exchanges())
    return r.since


def run(r, ref, ok=None):
    return r.run(*ref.row.command(r), ok=ok, timeout=120)


def requests_in(r, since=0):
    """METHOD and path of each request in order of first appearance; see placed() for {subscription} and {tenant}, other ids are wildcards."""
    out, ready = [], r.ready()
    for x in r.exchanges()[since:]:
        path = path_of(x).replace(ready["subscription"], "{subscription}").replace(ready["tenant"], "{tenant}")
        key = f"{x['method']} " + re.sub(GUID, "*", path, flags=re.I)
        if key not in out and "/sandbox/" not in key:
            out.append(key)
    return out


def placed(spec, r=None):
    """A fault with the ids of this rehearsal; any ids if there is none yet."""
    ready = r.ready() if r else {"subscription": "*", "tenant": "*"}
    return spec.replace("{subscription}", ready["subscription"]).replace("{tenant}", ready["tenant"])


def longest_chain(requests):
    """Dependent round trips: the longest sequence of exchanges of which each began after the one before it had ended."""
    spans = sorted((x["startedAt"], x["endedAt"]) for x in requests if "startedAt" in x)
    chain, end = 0, None
    for start, stop in sorted(spans, key=lambda s: s[1]):
        if end is None or start >= end:
            chain, end = chain + 1, stop
    return chain


def few_rounds(limit, nodes=16, **kw):
    """A fresh registration of so many nodes takes no more dependent round trips than that. On a busy machine what is sent together may not
    be there together: then the answers take longer, and it is counted again."""
    counts = []
    while len(counts) < 3 and (not counts or min(counts) > limit):
        with azl.Rehearsal(nodes=nodes, sandbox=["--latency", str(150 * 3 ** len(counts))], **kw) as r:
            r.prepare()
            before = len(r.exchanges())
            r.register()
            azure = [x for x in r.exchanges()[before:] if x["url"].startswith("https") and "/oauth2/v2.0/" not in x["url"]]
            counts.append(longest_chain(azure))
    print(f"        {nodes} nodes: {counts[-1]} dependent round trips")
    azl.check(min(counts) <= limit, f"{nodes} nodes: {counts} dependent round trips, at most {limit} are needed")


# ---- the cases ----

# What an error must name when a request fails for good: (method and path, words of the step and its code).
WORDS = [
    (r"^DELETE .*/arcSettings/[^/]*$", r"deleting the Arc settings .91(17|40)"),
    (r"^DELETE .*/clusters/[^/]*$", r"deleting the cluster resource .91(18|48)"),
    (r"^DELETE .*/roleAssignments/", r"taking the role on the Arc resource group away"),
    (r"^DELETE .*/resourcegroups/[^/]*$", r"deleting the resource group"),
    (r"^DELETE /v1\.0/applications/", r"deleting the cluster's application"),
    (r"^GET .*/resourcegroups/[^/]*/resources$", r"what the resource group holds|deleting the resource group"),
    (r"^GET .*/locks$", r"looking for locks"),
    (r"^GET .*/permissions$", r"looking at your rights"),
    (r"^GET .*/extensions$", r"looking at the extensions"),
    (r"^GET .*/roleAssignments/", r"looking at the roles"),
    (r"^POST /agent/disconnect", r"disconnecting the node's Arc agent .91(17|40)"),
    (r"^POST .*/initializeDisableProcess$", r"telling Azure that Arc is being disabled .9117"),
    (r"^GET /agent/show", r"asking the node's Arc agent|asking the node how it stands with Azure Arc|no commands for Azure Arc, or did not answer: node1(?s:.*)Code: 9112"),
    (r"^POST /agent/connect", r"connecting the node's Arc agent|bringing the node to Azure Arc"),
    (r"^POST .*/createClusterIdentity$", r"creating the cluster's application"),
    (r"^POST .*/uploadCertificate$", r"uploading the nodes' certificates .9110"),
    (r"^POST .*/dataplane/.*/certificate$", r"certificates of these nodes were not accepted: node1.*(?s:.*)Code: 9110"),
    (r"^POST .*/dataplane/.*/identity$", r"bringing the node to Azure Arc|talking to the registration service"),
    (r"^POST .*/createArcIdentity$", r"creating the application of the Arc settings"),
    (r"^POST .*/generatePassword$", r"generating the secret of the Arc settings"),
    (r"^GET /v1\.0/applications(\(.*)?$", r"looking (for|at) the cluster's application"),
    (r"^POST /v1\.0/applications$", r"creating the cluster's application"),
    (r"^GET /v1\.0/applications/", r"looking at the certificates of the cluster's application"),
    (r"^PATCH /v1\.0/applications/", r"putting the nodes' certificates on the application .9110"),
    (r"^GET /v1\.0/servicePrincipals\(", r"looking for the (service's|application's) principal|asking Microsoft Graph, where"),
    (r"^POST /v1\.0/servicePrincipals$", r"creating the application's principal"),
    (r"^GET /v1\.0/servicePrincipals/", r"looking at the permissions of the cluster's application"),
    (r"^POST /v1\.0/servicePrincipals/", r"giving the cluster's application its permissions"),
    (r"^GET /subscriptions/[^/]*$", r"looking at the subscription|to which tenant the subscription"),
    (r"^GET .*/machines$", r"looking (for|at) the machines in Azure"),
    (r"^GET .*/providers/[^/]*$", r"looking at the resource provider"),
    (r"^POST .*/providers/[^/]*/register$", r"registering the resource provider"),
    (r"^GET .*/resourcegroups/[^/]*$", r"looking at the resource group"),
    (r"^PUT .*/resourcegroups/[^/]*$", r"creating the resource group"),
    (r"^GET .*/clusters/[^/]*$", r"looking for the cluster resource|reading the cluster resource"),
    (r"^PUT .*/clusters/[^/]*$", r"creating the cluster resource .9130"),
    (r"^GET .*/arcSettings/[^/]*$", r"looking at the Arc settings"),
    (r"^PUT .*/arcSettings/[^/]*$", r"creating the Arc settings"),
    (r"^PUT .*/roleAssignments/", r"role.*9132|9132.*role"),
    (r"^POST .*/reconcile$", r"reconcil|tying the nodes"),
    (r"^POST .*/consentAndInstall", r"consent to the mandatory extensions"),
    (r"^GET .*/operationStatuses/", r"tying the nodes to the cluster"),
    (r"^GET /metadata/identity/", r"registering the node .9144|asking the Arc agent for a token"),
    (r"^POST /dataplane/.*/register$", r"registering the node .9144|talking to the registration service"),
    (r"^POST /dataplane/.*/sync$", r"registering the node .9144|talking to the registration service|syncing the node|not Connected"),
]

# Of the writes of the other plans, before the rows above: plan, request, words; {name}: what the request deletes.
WORDS_OF_PLANS = [
    (r"^cleanup$", r"^DELETE ", r"See what came of it: \d+ of \d+ were not deleted\..*[ .]{name}: "),
    (r"^reset$", r"^DELETE .*/extensions/", r"ExtensionCleanup: extension {name}: |extension {name}: ExtensionCleanup: "),
    (r"^reset$", r"^POST /agent/disconnect", r"AzcmAgentCleanup: azcmagent disconnect"),
    (r"^sync$", r"^POST /dataplane/.*/sync$", r"syncing the node with Azure|node\d+: talking to the registration service"),
    (r"^arc-enable$", r"^POST /dataplane/.*/sync$", r"syncing the node with Azure|bringing the node to Azure Arc|talking to the registration service"),
]


def words_of(plan, request):
    """What the error must say when this request fails for good; None: a look of a plan that is not foretold."""
    if plan not in ("register", "unregister"):
        if request.startswith("GET "):
            return None
        for of, pattern, words in WORDS_OF_PLANS:
            if re.search(of, plan) and re.search(pattern, request):
                name = request.rsplit("/", 1)[-1]
                name = {"default": r"\S+/default", "*": r"[^:;]+"}.get(name, re.escape(name))
                return words.replace("{name}", name)
    for pattern, words in WORDS:
        if re.search(pattern, request, re.I):
            return words
    raise azl.Failed(f"{plan}: {request}: no row says what its error must name")


def gives_up(kind, request, arc=True, plan="register"):
    """Does the run stop when this happens at this request again and again? An effect that is there is found, whatever became of its answer."""
    if plan != "register":
        return gives_up_leaving(kind, request, arc)
    if "/operationStatuses/" in request:  # the deadline ends the polling, and what it was about is found done
        return False
    if not arc and re.search(r"/providers/Microsoft\.(Hybrid|Guest)[^/]*$|/agent/show$", request):  # what Arc needs is left out
        return False
    if request.endswith("/permissions"):  # a list that cannot be read stops nothing
        return False
    if kind.startswith("slow") or (kind == "bad-length" and "/agent/" in request):  # the stand-in's command reads to the end
        return False
    if request.endswith("/generatePassword"):  # a secret that was lost with its answer is nowhere else
        return True
    looked_at = request.startswith(("PUT ", "POST ", "PATCH ")) and "/dataplane/" not in request.lower()
    return not (kind in LOST and looked_at)


def gives_up_leaving(kind, request, arc=True):
    """The same of an unregistration, whose lists of rights prove what may go."""
    if not arc and request.endswith("/agent/show"):  # a first-generation cluster has no Arc: the agent only informs
        return False
    if "/operationstatuses/" in request.lower() or "/operationresults/" in request.lower() or kind.startswith("slow") or (kind == "bad-length" and "/agent/" in request):
        return False
    return not (kind in LOST and not request.startswith("GET "))


def met(r, specs, text):
    taken = {f["fault"]: f["taken"] for f in r.sandbox("GET", "/sandbox/faults")["faults"]}
    for spec in specs:
        # beside another fault: what began the operation was lost with its answer, and it was found done without a look at its status
        if len(specs) > 1 and "/operationStatuses/" in spec and any(s != spec and s.split("@")[0].split(":")[0] in LOST for s in specs):
            continue
        azl.check(taken.get(placed(spec, r), 0) >= 1, f"{text}: the fault {spec} met nothing: {taken}")


def complete(r, p, ref, text, kills=()):
    azl.equal(p.returncode, 0, f"{text}: {p.stdout}{p.stderr}{r.core_log() if p.returncode else ''}")
    azl.equal(end_state(r), ref.end, text)
    if ref.plan == "register":
        nothing_twice(r, text, kills, ref.roles)
    else:
        wrong = done_twice(r.exchanges()[r.since:], kills, ref.plan)
        azl.check(not wrong, f"{text}: " + "; ".join(wrong))


def goes_on(specs, ref):
    """The run completes in spite of these faults, and each was met."""
    text = ", ".join(specs)
    with rehearsal(ref.nodes, core=ref.core) as r:
        begin(r, ref)
        for spec in specs:
            r.fault(placed(spec, r))
        p = run(r, ref)
        complete(r, p, ref, text)
        met(r, specs, text)


def left_by_hand(r, p, text):
    """The application of the first generation is deleted as well as may be (register-flow.md U12): what stays is told, and a resume tries it again."""
    azl.check("left to do by hand: Delete the cluster's application in Microsoft Entra" in p.stdout, f"{text}: {p.stdout}")
    azl.check(p.stderr.startswith("azloconf: ") and "What to do: " in p.stderr, f"{text}: {p.stderr}")
    azl.equal(r.status()["RegistrationStatus"], "NotYet", text)
    azl.equal([a["displayName"] for a in r.world()["applications"].values() if "_seed" not in a], ["CLUSTER-A"], f"{text}: what stays")


def stops_and_resumes(kind, request, ref):
    """Nothing but this fault at this request: the run stops with the error that names it; without the fault it is resumed to its end."""
    spec = f"{kind}@{request}x{MANY}"
    with rehearsal(ref.nodes, core=ref.core) as r:
        begin(r, ref)
        r.fault(placed(spec, r))
        p = run(r, ref)
        met(r, [spec], spec)
        if ref.plan == "unregister" and "/v1.0/applications" in request and p.returncode == 0 and end_state(r) != ref.end:
            left_by_hand(r, p, spec)
            r.sandbox("DELETE", "/sandbox/faults")
            complete(r, r.run("operations", "resume", timeout=120), ref, spec)
            return
        if ref.foretold:
            stops = gives_up(kind, request, bool(ref.roles), ref.plan)
            azl.check(not stops or p.returncode != 0, f"{spec}: the run came to its end: {p.stdout}")
        else:  # many of its requests only inform, or are made up for by others: it says itself whether it stopped
            stops = p.returncode != 0
        if not stops:
            complete(r, p, ref, spec)
            return
        names_the_trouble(p, spec, request, ref, ref.plan == "register" and r.status()["RegistrationStatus"] == "Registered")
        complete(r, resumed(r, spec, ref), ref, spec)


def sandbox_is_up(r):
    try:
        return r.sandbox("GET", "/sandbox/faults") is not None
    except azl.Failed:
        return False


def at_rest(r):
    """(the runs,) once none is at work: a new core looks for a sign-in before it lets one wait."""
    runs = r.json("operations")["runs"]
    return (runs,) if all(x["state"] != "running" for x in runs) else None


def resumed(r, text, ref):
    """The run that failed, once more, without the faults; one that is done but for a look at the end, or never began, is looked at by another."""
    runs, = azl.wait_for(lambda: at_rest(r), 20, f"{text}: a run that waits")  # starts core and sandbox where they were killed at the last moment
    azl.wait_for(lambda: sandbox_is_up(r), 20, f"{text}: the sandbox")
    r.sandbox("DELETE", "/sandbox/faults")
    runs = runs[:len(runs) - len(r.journals)]
    if {x["state"] for x in runs} <= {"done"} and len(runs) in (0, len(ref.row.parts)):
        return run(r, ref)
    # a core that was killed meanwhile has no token any more: its run waits
    azl.check([x["plan"] for x in reversed(runs)] == list(ref.row.parts)[:len(runs)] and runs[0]["state"] in ("failed", "stopped", "waiting-sign-in", "done"), f"{text}: {runs}")
    return r.run("operations", "resume", runs[0]["id"], timeout=120)


def signs_in(kind, request, count, ref):
    """Faults at a sign-in: it comes about, or it ends with an error that says what to do and is good the next time; then the run completes."""
    spec = f"{kind}@{request}x{count}"
    early = request == "GET /metadata/endpoints"  # the core's first request
    with rehearsal(ref.nodes, core=ref.core, sandbox=["--fault", spec] if early else []) as r:
        r.cluster()
        if not early:
            r.fault(placed(spec, r))
        p = r.run("sign-in")
        azl.wait_for(lambda: any(f["taken"] for f in r.sandbox("GET", "/sandbox/faults")["faults"]), 5, f"{spec}: to be met")
        r.sandbox("DELETE", "/sandbox/faults")
        if p.returncode != 0:
            azl.check(p.returncode in (1, 4) and p.stderr.startswith("azloconf: "), f"{spec}: {p.returncode} {p.stderr}")
            r.leap.let(float("inf"), 61)  # the core looks for its cloud again within a minute
            with r.leap.going_on():
                azl.wait_for(lambda: r.run("sign-in").returncode == 0, 10, f"{spec}: a sign-in without the fault")
        complete(r, r.register(ok=None), ref, spec)


def names_the_trouble(p, text, request=None, ref=None, registered_by_then=False):
    """The error of a run that stopped: which step, why, what to do. A registration that was made is done in part."""
    codes = (6,) if registered_by_then else (1, 4) if request and ref.foretold else (1, 4, 6)
    azl.check(p.returncode in codes, f"{text}: exit {p.returncode}: {p.stdout}{p.stderr}")
    azl.check(p.stderr.startswith("azloconf: ") and "What to do: " in p.stderr, f"{text}: {p.stderr}")
    words = words_of(ref.plan, request) if request else None
    azl.check(not words or re.search(words, p.stderr), f"{text}: the error does not say {words}: {p.stderr}")


def killpoint():
    if not os.path.exists(PRELOAD):
        raise azl.Skip("tests/killpoint.so was not built")
    return PRELOAD


def kills_in(path):
    """Unix ms of the kills that came about."""
    try:
        with open(path, encoding="ascii") as f:
            return [int(line) for line in f.read().split()]
    except OSError:
        return []


def begin_to_die(r, ref, kills, specs=()):
    """begin(), but the core that runs the plan, and those that follow, die after so many lines of the journal; its sandbox has the faults. The
    file that gets the kills."""
    once = os.path.join(r.top, "killed")
    if ref.plan != "register":
        begin(r, ref)
        r.kill_core()
    r.extra += ["--sandbox-arg=" + a for s in specs for a in ("--fault", placed(s))]
    r.env.update(AZL_KILL_AFTER=",".join(map(str, kills)), AZL_KILL_ONCE=once)
    if ref.plan == "register":
        begin(r, ref)
    return once


def killed_after(n, ref, specs=()):
    text = f"killed after journal line {n}" + "".join(", " + s for s in specs)
    with rehearsal(ref.nodes, core=ref.core, preload=killpoint()) as r:
        once = begin_to_die(r, ref, [n], specs)
        p = run(r, ref)
        azl.equal(len(kills_in(once)), 1, f"{text}: kills")
        if not ref.foretold and p.returncode != 0:
            names_the_trouble(p, text)
            p = resumed(r, text, ref)
        complete(r, p, ref, text, kills_in(once))


# ---- undo ----

OF_THE_CLOUD = ("1322e676-dee7-41ee-a874-ac923822781c", "1412d89f-b8a8-4111-b4fd-e82905cbd85d")  # principals that come with the providers


def held(r):
    """What Azure, the directory and the agents hold; times, providers and finished operations aside."""
    world = r.world()
    known = [k.lower() for k in world["resources"]]
    out = {"resources": sorted(k for k in known if "/locations/" not in k), "applications": sorted(world["applications"]),
           "permissions": sorted(world["appRoleAssignments"])}
    out["agents"] = sorted(name for name, a in world["agents"].items() if a.get("status") == "Connected")
    # a managed identity is gone with its resource; the sandbox drops it when it is next asked
    out["principals"] = sorted(v["appId"] for v in world["servicePrincipals"].values() if v["appId"] not in OF_THE_CLOUD and (not v.get("_of") or v["_of"].lower() in known))
    return out


def providers(r):
    return {k.split("/")[1] for k, v in r.world()["providers"].items() if '"registered"' in json.dumps(v).lower()}


def cut_off(r, after, how=None):
    """A registration whose core dies after so many lines of its journal; nobody signs in to the next one. after: a number, or several for the
    cores that follow."""
    once = os.path.join(r.top, "killed")
    r.env.update(AZL_KILL_AFTER=str(after), AZL_KILL_ONCE=once)
    r.prepare()
    before = held(r), providers(r)
    r.sandbox("POST", "/sandbox/access", {"deviceCode": 50053})
    p = (how or r.register)(ok=None)
    azl.equal(len(kills_in(once)), 1, f"kills: {p.stdout}{p.stderr}")
    r.run("status")  # a core again
    azl.wait_for(lambda: sandbox_is_up(r), 20, "the sandbox")
    r.sandbox("POST", "/sandbox/access", {"deviceCode": 0})
    return before, once


def taken_back(r, before, text, kills=(), since=0):
    """An undo is over: what there was is there, and what is left was named."""
    azl.equal(held(r), before[0], f"{text}: what is held")
    s = r.status()
    azl.equal((s["RegistrationStatus"], s["AzureResourceUri"], s["ConnectionStatus"]), ("NotYet", None, None), f"{text}: status")
    azl.equal(r.json("operations")["runs"][0]["state"], "undone", text)
    wrong = done_twice(r.exchanges()[since:], kills)
    azl.check(not wrong, f"{text}: " + "; ".join(wrong))


def undone_after(n, ref):
    """Killed after line n of the journal, taken back, and done once more."""
    text = f"undo after kill {ref.label} {n}"
    with rehearsal(ref.nodes, core=ref.core, preload=killpoint()) as r:
        before, once = cut_off(r, n)
        review = r.json("operations", "undo", "--what-if")
        p = r.run("operations", "undo", "--yes", ok=0)
        taken_back(r, before, text, kills_in(once))
        said = {w["name"].lower(): w["why"] for w in review["will"] if w["how"] == "keep" and w["what"] == "Resource provider"}
        sure, left = {name for name, why in said.items() if why.startswith("a provider")}, providers(r) - before[1]
        azl.check(sure <= left <= set(said), f"{text}: {left} stay, it was said: {said}")
        for name in left:
            azl.check(name in p.stdout.lower(), f"{text}: the end does not name {name}: {p.stdout}")
        azl.equal(r.register(ok=None).returncode, 0, f"{text}: registered anew")
        azl.equal(end_state(r), ref.end, f"{text}: registered anew")
