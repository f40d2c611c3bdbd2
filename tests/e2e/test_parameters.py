#!/usr/bin/env python3
"""The parameters of a registration: by option and by a file of answers they reach Azure; what is wrong is told at once; a preview writes nothing."""
import glob
import json
import os
import pty
import re
import signal
import stat
import tempfile

import azl
from test_console import Terminal, need_tmux
from test_plain import HOME, Plain, answer_all

TAGS = {"owner": "IT Süd", "cost": "47=11"}
GROUP_TAGS = {"dept": "7"}
SUB = "11111111-2222-3333-4444-555555555555"
CREATED_BY = "4C02703C-F5D0-44B0-ADC3-4ED5C2839E61"


def put_body(r, pattern):
    """The body of the one PUT whose path fits."""
    found = [x for x in r.exchanges() if x["method"] == "PUT" and re.search(pattern, x["url"].split("?")[0], re.I)]
    azl.equal(len(found), 1, f"PUTs of {pattern}")
    body = found[0]["reqBody"]
    return json.loads(body) if isinstance(body, str) else body


def reached_azure(r, group="some-rg", arc="arc-rg", name="CLUSTER-Z"):
    cluster = put_body(r, r"/clusters/[^/]+$")
    azl.equal(cluster["tags"], TAGS, "the cluster's tags")
    for g in (group, arc):
        azl.equal(put_body(r, rf"/resourcegroups/{g}$")["tags"], dict(GROUP_TAGS, CreatedBy=CREATED_BY), f"tags of the group {g}")
    settings = put_body(r, r"/arcSettings/default$")
    azl.equal(settings["properties"]["arcInstanceResourceGroup"], arc, "the group for Arc")
    azl.check(any(w[1].endswith(f"/resourcegroups/{group}/providers/microsoft.azurestackhci/clusters/{name.lower()}") for w in r.writes()), str(r.writes()))


def write(r, name, value):
    path = os.path.join(r.top, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(value if isinstance(value, str) else json.dumps(value))
    return path


def good(r):
    ready = r.ready()
    return {"SubscriptionId": ready["subscription"], "TenantId": ready["tenant"], "Region": "East US"}


def test_by_options():
    with azl.Rehearsal() as r:
        r.prepare()
        r.run(*r.register_args(), "--resource-name", "CLUSTER-Z", "--resource-group-name", "some-rg", "--arc-server-resource-group-name", "arc-rg",
              "--tag", "owner=IT Süd", "--tag", "cost=47=11", "--resource-group-tags", "dept=7", ok=0, timeout=120)
        reached_azure(r)
        again = [*r.register_args(), "--resource-name", "CLUSTER-Z", "--resource-group-name", "some-rg", "--tag"]
        azl.check("tags stay" not in r.run(*again, "OWNER=IT Süd", ok=0).stdout, "the tags that it has")
        azl.check("CLUSTER-Z is there already: its tags stay as they are" in r.run(*again, "owner=HR", ok=0).stdout, "other tags are dropped without a word")
        said = r.run(*[a for a in again if a != "--yes"], "owner=HR", "--what-if", ok=0).stdout
        azl.check(re.search("tag .*owner=HR .*its tags stay", said), said)


def test_by_a_file_of_answers():
    with azl.Rehearsal() as r:
        r.prepare()
        path = write(r, "answers.json", dict(good(r), RESOURCENAME="CLUSTER-Z", ResourceGroupName="from-the-file", ArcServerResourceGroupName="arc-rg",
                                             Tag=TAGS, ResourceGroupTags=GROUP_TAGS, Confirm=False))
        r.run("register", "--answers", path, "--resource-group-name", "some-rg", ok=0, timeout=120)  # the line wins
        reached_azure(r)


THUMBPRINT = "ABCD0123456789ABCDEF0123456789ABCDEF0123"
FURTHER = {"CertificateThumbprint": THUMBPRINT, "ArcSpnCredential": SUB, "UseStableAgentVersion": True, "EnvironmentName": "azlosandbox"}


def inputs_of_the_run(r):
    """What the newest operation was begun with, from its journal."""
    paths = sorted(glob.glob(os.path.join(r.state, "**", "*-register*"), recursive=True))
    with open([p for p in paths if os.path.isfile(p)][-1], encoding="utf-8") as f:
        return json.loads(f.readline())["facts"]["inputs"]


def test_what_asks_nothing_of_azure_is_in_the_journal():
    with azl.Rehearsal() as r:
        r.prepare()
        told = r.run(*r.register_args(), "--certificate-thumbprint", THUMBPRINT.lower(), "--arc-spn-app-id", SUB, "--use-stable-agent-version", ok=0, timeout=120).stdout
        azl.check("CertificateThumbprint, ArcSpnCredential, UseStableAgentVersion: not used" in told, told)
        by_options = inputs_of_the_run(r)
        azl.equal((by_options["certificateThumbprint"], by_options["arcAppId"], by_options["stableAgent"]), (THUMBPRINT, SUB, "1"), "by options")
        r.run("register", "--answers", write(r, "further.json", dict(good(r), **FURTHER, Confirm=False)), ok=0, timeout=120)
        azl.equal(inputs_of_the_run(r), by_options, "by a file of answers")
        said = r.run("register", "--answers", write(r, "further.json", dict(good(r), **FURTHER, WhatIf=True)), ok=0).stdout
        azl.equal(len(re.findall("not used: these nodes register by an identity of their own", said)), 2, said)
        p = r.run("register", "--answers", write(r, "cloud.json", dict(good(r), EnvironmentName="AzureChinaCloud", Confirm=False)), ok=None)
        azl.check(p.returncode != 0 and "--environment-name" in p.stderr, p.stderr)  # the core at work was started with another cloud


def test_the_cloud_of_the_answers():
    with azl.Rehearsal() as r:
        path = write(r, "china.json", {"EnvironmentName": "AzureChinaCloud", "SubscriptionId": SUB, "TenantId": SUB, "Region": "chinaeast2", "WhatIf": True})
        p = r.run("register", "--answers", path, ok=1)
        azl.check("cluster" in p.stderr, p.stderr)  # there is none yet, but the core is that cloud's
        r.run("status", "--environment-name", "AzureChinaCloud", ok=0)
        azl.check(r.run("status", "--environment-name", "AzureUSGovernment").returncode != 0, "a core of another cloud was taken")


def test_a_cloud_that_there_is_not():
    with azl.Rehearsal() as r:
        path = write(r, "foo.json", {"EnvironmentName": "Foo", "SubscriptionId": "nope", "TenantId": SUB, "Region": "eastus", "Confirm": False})
        p = r.run("register", "--answers", path, ok=2)
        azl.check(re.search(r"^azloconf: EnvironmentName: .*Foo is not known; known are AzureCloud, AzureChinaCloud, AzureUSGovernment, Azure.local$", p.stderr, re.M)
                  and "SubscriptionId: " in p.stderr, p.stderr)
        told = json.loads(r.run("register", "--answers", path, "--output", "json", ok=2).stdout)
        azl.equal(sorted(w["key"] for w in told["wrong"]), ["EnvironmentName", "SubscriptionId"], "what is wrong")
        p = r.run("register", "--answers", path, "--environment-name", "AzureGermanCloud", ok=2)
        azl.check("--environment-name: " in p.stderr and "closed" in p.stderr and "SubscriptionId: " in p.stderr, p.stderr)
        azl.check("closed" in r.run("status", "--environment-name", "AzureGermanCloud", ok=2).stderr, "another command")
        azl.check(not os.path.exists(os.path.join(r.state, "sandbox.json")), "a core was started")


def test_errors_of_usage_are_json_too():
    with azl.Rehearsal() as r:
        for line in ("status x", "status --nope", "nope", "status --state-dir", "register --environment-name Foo --answers /nowhere", "operations show",
                     "operations nope", "cluster create", "explain", "log --lines x", "sign-in --certificate-file x", "--environment-name Foo"):
            for words in ([*line.split(), "--output", "json"], ["--output=json", *line.split()]):
                p = r.run(*words, ok=2)
                told = json.loads(p.stdout)["error"]
                azl.check(told["message"] and not p.stderr, f"{words}: {p.stdout} {p.stderr}")


def test_by_the_plain_face():
    with azl.Rehearsal() as r:
        r.prepare()
        path = os.path.join(r.top, "kept.json")
        with Plain(r) as t:
            answer_all(t, (HOME, "1"), ("Tenant [", ""), ("Subscription [", ""), ("Region:", "East US"), ("Resource group [", "some-rg"), ("Resource name [", "CLUSTER-Z"))
            seen = t.wait("Other words here: more for further values", "Type yes to register")
            azl.check("Group for Arc" not in seen, "a value that nobody gave is on the review")
            answer_all(t, ("Type yes", "more"), ("Group for Arc", "arc-rg"), ("Tags:", "x"), ('Error: A tag is NAME=VALUE, not "x".', "owner=IT Süd, cost=47=11"), ("Tags of groups:", "dept=7"),
                       ("Repair:", "perhaps"), ("Error: yes or no.", ""), ("Make it anew:", ""), ("Certificate:", "AB"), ("40 hexadecimal digits.", "-"), ("Principal (Arc):", ""), ("Stable agent:", "2"),
                       ("Folder of logs:", ""))
            seen = t.wait("Tags: owner=IT Süd, cost=47=11", "Group for Arc: arc-rg", "Stable agent: yes, typed", "Arc agent already", "Type yes to register")
            answer_all(t, ("Type yes", "requests"), ("{serviceEndpoint}", "file"), ("File to write the values into", path), ("Written: ", "file"), ("File to write", path), ("Its text would be lost.", "no"))
            azl.equal(r.writes(), [], "written before the word")
            t.say("yes", wait="Type yes to register")
            t.wait("Done: ", HOME, seconds=60)
        reached_azure(r)
        with open(path, encoding="utf-8") as f:
            kept = json.load(f)
        azl.equal((kept["Tag"], kept["ResourceGroupTags"], kept["UseStableAgentVersion"], "RepairRegistration" in kept), (TAGS, GROUP_TAGS, True, False), "the file")


def by_the_screens(cols, rows):
    with azl.Rehearsal() as r:
        r.prepare()
        with Terminal(r, cols, rows, HOME=r.top) as t:
            t.wait("1 Register this cluster")
            t.keys("1", "Enter")
            t.wait("> Tenant", "Subscription [Contoso-Prod-HCI", "< Further values >")
            t.keys("Tab", "Tab")
            t.write("East US")
            t.keys("Tab")
            t.write("some-rg")
            t.keys("Tab")
            t.write("CLUSTER-Z")
            t.keys("Tab", "Tab")
            t.wait("> < Further values >")
            t.keys("Enter")
            t.wait("Further values", "> Group for Arc", "< Back to the values >")
            t.write("arc-rg")
            t.keys("Tab")
            t.write("owner=IT Süd, cost=47=11")
            t.keys("Tab")
            t.write("x")
            t.keys("Tab")
            t.wait('ERROR Tags of groups: A tag is NAME=VALUE, not "x"')
            t.keys("BTab", "C-u")
            t.write("dept=7")
            t.keys("Escape")
            t.wait("> < Further values >")
            t.keys("Left", "Enter")
            t.wait("> < Register now >", "Tags owner=IT Süd, cost=47=11, typed", "p requests", "f file")
            t.keys("p")
            t.wait("Every request", "Check the values: fine")
            t.keys("Escape")
            t.wait("> < Register now >")
            t.keys("f")
            t.wait("File of answers", "azloconf-CLUSTER-A.json")
            t.keys("Tab", "Enter")
            t.wait("Written: ")
            t.keys("f", "Tab", "Enter")
            t.wait("The file is there already", "Keep it")
            t.keys("Escape", "Escape")
            t.wait("> < Register now >")
            azl.equal(r.writes(), [], "written before the word")
            t.keys("Enter")
            t.wait("is registered with Azure", seconds=60)
        reached_azure(r)
        with open(os.path.join(r.top, "azloconf-CLUSTER-A.json"), encoding="utf-8") as f:
            azl.equal(json.load(f)["Tag"], TAGS, "the file")


def test_by_the_screens():
    need_tmux()
    by_the_screens(80, 24)
    by_the_screens(60, 20)


def test_existing_groups_keep_their_tags():
    group = {"id": f"/subscriptions/{SUB}/resourceGroups/some-rg", "type": "Microsoft.Resources/resourceGroups", "name": "some-rg", "location": "westeurope",
             "tags": {"kept": "yes"}, "properties": {"provisioningState": "Succeeded"}}
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="azl-seed-") as seed:
        json.dump({"subscriptions": [{"subscriptionId": SUB, "displayName": "S"}], "resources": [group]}, seed)
        seed.flush()
        with azl.Rehearsal(sandbox=["--seed", seed.name]) as r:
            r.prepare()
            r.run(*r.register_args(), "--resource-group-name", "some-rg", "--arc-server-resource-group-name", "arc-rg", "--resource-group-tags", "dept=7", ok=0, timeout=120)
            kept = [v for k, v in r.world()["resources"].items() if k.lower().endswith("/resourcegroups/some-rg")]
            azl.equal([g["tags"] for g in kept], [{"kept": "yes"}], "the group that was there")
            azl.equal(put_body(r, r"/resourcegroups/arc-rg$")["tags"], dict(GROUP_TAGS, CreatedBy=CREATED_BY), "the group that was made")


def test_a_bad_file_is_told_whole_and_nothing_starts():
    with azl.Rehearsal() as r:
        r.prepare()
        path = write(r, "bad.json", {"SubscriptionId": "x", "Regoin": "eastus", "TenantId": 7, "RepairRegistration": "yes", "Tag": {"a/b": "1"},
                                     "ResourceGroupName": "ends.", "ArmAccessToken": "eyJ0", "ComputerName": "node9", "CertificateThumbprint": "AB"})
        p = r.run("register", "--answers", path, "--yes", ok=2)
        lines = p.stderr.strip().split("\n")
        azl.equal(len(lines), 9, p.stderr)
        for key, words in (("SubscriptionId", "GUID"), ("Regoin", "Is Region meant"), ("TenantId", "must be a text"), ("RepairRegistration", "true or false"),
                           ("Tag", "may not hold"), ("ResourceGroupName", "full stop"), ("ArmAccessToken", "secret"), ("ComputerName", "cannot be used here"),
                           ("CertificateThumbprint", "40 hexadecimal")):
            azl.check(any(line.startswith(f"azloconf: {key}: ") and words in line for line in lines), f"{key}: {p.stderr}")
        azl.check("eyJ0" not in p.stdout + p.stderr, "the token was shown")
        said = json.loads(r.run("register", "--answers", path, "--yes", "--output", "json", ok=2).stdout)
        azl.equal(len(said["wrong"]), 9, "the same as JSON")
        azl.equal([x["url"] for x in r.exchanges() if "/clusters/" in x["url"] or "/resourcegroups/" in x["url"].lower()], [], "something was asked of Azure")
        azl.equal(r.writes(), [], "something was written")


def test_files_that_are_no_answers():
    with azl.Rehearsal() as r:
        r.prepare()
        for name, text, word in (("empty.json", "", "answers"), ("list.json", "[]", "one JSON object"), ("torn.json", '{"Region": ', "answers"), ("two.json", '{"Region":"a"}{}', "answers"),
                                 ("big.json", '{"Region": "' + "a" * 300000 + '"}', "answers"), ("twice.json", '{"Region":"eastus","region":"eastus"}', "twice")):
            p = r.run("register", "--answers", write(r, name, text), "--yes", ok=2)
            azl.check(word in p.stderr, p.stderr)
        p = r.run("register", "--answers", os.path.join(r.top, "absent.json"), "--yes", ok=2)
        azl.check("absent.json" in p.stderr, p.stderr)
        os.symlink(os.path.join(r.top, "list.json"), os.path.join(r.top, "link.json"))
        p = r.run("register", "--answers", os.path.join(r.top, "link.json"), "--yes", ok=2)
        azl.check("link.json is a symbolic link" in p.stderr, p.stderr)
        p = r.run("register", "--answers", write(r, "little.json", {"Foo": 1}), "--yes", ok=2)
        azl.check("Is " not in p.stderr, p.stderr)
        p = r.run("register", "--answers", write(r, "none.json", {}), "--yes", ok=2)
        azl.check("register needs --subscription-id, --tenant-id, --region" in p.stderr, p.stderr)
        secret = write(r, "secret", "abc")
        os.chmod(secret, 0o600)
        p = r.run(*r.register_args(), "--arc-spn-secret-file", secret, ok=2)
        azl.check("--arc-spn-app-id" in p.stderr, p.stderr)
        azl.equal(r.writes(), [], "something was written")


def test_refused_options_say_why():
    with azl.Rehearsal() as r:
        r.prepare()
        p = r.run(*r.register_args(), "--computer-name", "node9", "--credential", "anna", "--tag", "x", ok=2)
        azl.check("--computer-name: ComputerName cannot be used here" in p.stderr and "--credential: " in p.stderr and "--tag: A tag is NAME=VALUE" in p.stderr, p.stderr)
        azl.equal([w for w in r.writes() if "/clusters/" in w[1]], [], "something was made")


def at_the_question(r, *ending):
    """azloconf register on a terminal; what it says and its exit code after this signal or these keys."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(azl.PROGRAM, [azl.PROGRAM, *[a for a in r.register_args() if a != "--yes"], *r.extra], dict(r.env, TERM="xterm"))
    said = b""
    while b"go on: " not in said:
        said += os.read(fd, 65536)
    for e in ending:
        os.kill(pid, e) if isinstance(e, int) else os.write(fd, e)
    ended = azl.wait_for(lambda: (lambda got: got if got[0] else None)(os.waitpid(pid, os.WNOHANG)), 5, f"its end after {ending}")
    os.close(fd)
    return os.waitstatus_to_exitcode(ended[1])


def test_the_question_can_be_left():
    with azl.Rehearsal() as r:
        r.prepare()
        for ending in (b"\x03",), (signal.SIGTERM,), (b"\x04",), (b"no\n",):
            azl.equal(at_the_question(r, *ending), 3, str(ending))
        azl.equal(r.writes(), [], "something was written")


def test_save_answers_and_read_them_again():
    with azl.Rehearsal() as r:
        r.prepare()
        path = os.path.join(r.top, "saved.json")
        args = [a for a in r.register_args() if a != "--yes"]
        more = ["--tag", "owner=IT", "--resource-group-name", "some-rg", "--what-if"]
        r.run(*args, *more, "--save-answers", path, ok=0)
        azl.equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "the file's mode")
        with open(path, encoding="utf-8") as f:
            saved = json.load(f)
        azl.equal(saved["Tag"], {"owner": "IT"}, "the tags in the file")
        p = r.run(*args, *more, "--save-answers", path, ok=1)
        azl.check("is there already" in p.stderr, p.stderr)
        said = json.loads(r.run("register", "--answers", path, "--what-if", "--output", "json", ok=0).stdout)
        azl.equal(said["answers"], saved, "what the preview prints as answers")
        plan = write(r, "plan.json", said)
        again = json.loads(r.run("register", "--answers", plan, "--what-if", "--output", "json", ok=0).stdout)
        azl.equal(again, said, "a preview from a preview's print")


def told(said, *states):
    """(method, path) of the Azure writes that a preview tells, of steps in these states; what nobody knows yet fits anything."""
    out = []
    for step in said["steps"]:
        for q in step["requests"]:
            if q["kind"] == "write" and q["method"] != "node" and step["state"] in states:
                path = "/" + q["address"].split("?")[0].split("/", 3)[3].lower()
                out.append((q["method"], re.compile("^" + re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$")))
    return out


def test_a_preview_writes_nothing_and_tells_what_the_run_then_does():
    with azl.Rehearsal(nodes=2) as r:
        r.prepare()
        args = [a for a in r.register_args() if a != "--yes"] + ["--arc-server-resource-group-name", "arc-rg"]
        said = json.loads(r.run(*args, "--what-if", "--output", "json", ok=0).stdout)
        azl.equal(r.writes(), [], "a preview wrote")
        azl.equal(r.json("operations")["runs"], [], "a preview left a run behind")
        azl.check("{serviceEndpoint}" in json.dumps(said) and "{roleAssignmentName}" in json.dumps(said), "what is not known yet")
        r.run(*args, "--yes", ok=0, timeout=120)
        token = [x for x in r.exchanges() if x["method"] in ("PUT", "POST", "PATCH") and "/machines/" not in x["url"].lower() and "/subscriptions/" in x["url"].lower()]
        did = {(x["method"], "/" + x["url"].split("?")[0].split("/", 3)[3].lower()) for x in token}
        for method, pattern in told(said, "make"):
            azl.check(any(m == method and pattern.match(p) for m, p in did), f"told but not done: {method} {pattern.pattern}")
        maybe = told(said, "make", "perhaps")
        for m, p in did:
            azl.check(any(method == m and pattern.match(p) for method, pattern in maybe), f"done but not told: {m} {p}")
        after = json.loads(r.run(*args, "--what-if", "--output", "json", ok=0).stdout)
        azl.equal({(q["method"], bool(q.get("node"))) for s in after["steps"] if s["id"] == "arc-state" for q in s["requests"]}, {("GET", False)},
                  "whose request the look at all of Arc's nodes is")
        text = r.run(*args, "--what-if", ok=0).stdout
        azl.check(": there already, kept" in text and not re.search(": (keep|enough)$", text, re.M) and not re.search(r"GET +\S+: https", text), text)
        azl.equal([s["id"] for s in after["steps"] if s["state"] not in ("ok", "there", "not")], [], "steps left after the run")
        azl.equal(told(after, "make", "perhaps", "there", "ok"), [], "writes left after the run")


def test_logs_directory():
    with azl.Rehearsal() as r:
        r.prepare()
        logs = os.path.join(r.top, "logs")
        p = r.run(*r.register_args(), "--logs-directory", logs, ok=2)
        azl.check(p.stderr.startswith("azloconf: --logs-directory: "), p.stderr)
        azl.check("logs" in p.stderr, p.stderr)
        look = [a for a in r.register_args() if a != "--yes"] + ["--what-if", "--logs-directory", logs]
        p = r.run(*look, ok=2)
        azl.check(p.stderr.startswith(f"azloconf: --logs-directory: The folder {logs} for the logs cannot be used: "), p.stderr)
        said = json.loads(r.run(*look, "--output", "json", ok=2).stdout)
        azl.equal(([w["key"] for w in said["wrong"]], bool(said["error"]["message"])), (["--logs-directory"], True), "what is wrong, as JSON")
        os.mkdir(logs)
        r.run(*r.register_args(), "--logs-directory", logs, ok=0, timeout=120)
        names = os.listdir(logs)
        azl.check(len(names) == 1 and re.fullmatch(r"RegisterHCI_\d{8}-\d{4}\.log", names[0]), str(names))
        path = os.path.join(logs, names[0])
        azl.equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "the log's mode")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        azl.check(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z , INFO , event 9001: ", text), text)
        for part in ("event 9009: parameters: SubscriptionId=", " is under way", "event 9135: ", "event 9004: registration ended"):
            azl.check(part in text, f"{part!r} is not in {text}")


azl.main()
