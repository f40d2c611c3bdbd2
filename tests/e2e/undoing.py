"""undoing.py - an operation is cut off and taken back: what the cases of "undo" in tests/long/test_products.py do, for every plan of plans.py.

An undo ends in one of two ways. Either it stands as before the operation began; or nothing of the operation can be taken back: then the undo is
refused with what to do, and that comes to a good end.
"""
import glob
import json
import os
import re
import signal

import azl
import plans
import products

RENEWED = ("RegistrationDate", "LastConnected", "NextSync", "certificateNotAfter", "arcSecretNotAfter")  # by a repair, a sync: that stays
OF_A_NODE = ("lastConnected", "nextSync", "arcEnabled")  # the last counts only while the agent is connected, too (node_aad.c)


def standing(r):
    """What an undo of what follows a registration must give back: all that is held, how the cluster stands with Azure, what it has stored of that,
    and what its nodes say."""
    s = {k: v for k, v in r.status().items() if k not in (RENEWED)}
    with open(os.path.join(r.state, "store", "cluster.json"), encoding="utf-8") as f:
        stored = {k: v for k, v in json.load(f)["doc"].items() if k != "version"}
    stored.get("registration", {}).pop("registeredAt", None)
    nodes = {}
    for name in glob.glob(os.path.join(r.state, "nodes", "*", "node.json")):
        with open(name, encoding="utf-8") as f:
            said = {"diagnosticLevel": "Basic", **json.load(f)}
            nodes[name.split("/")[-2]] = {k: k if k == "arcDisabled" or k.startswith("certificate") else v for k, v in said.items() if k not in OF_A_NODE}
    what = products.held(r)
    principals = r.world()["servicePrincipals"].values()  # an identity's is with its resource, once the sandbox's directory was asked
    what["principals"] = sorted(p["appId"] for p in principals if not p.get("_of") and p["appId"] not in products.OF_THE_CLOUD)
    return what, s, stored, nodes


def cut_short(r, ref, after):
    """A run of what follows a registration, its core killed after so many lines of its journal (several: those of the cores that follow), and nobody
    who signs in to the next one. How it stood before, and for the second part of a move before the registration that is moved; the file with the kills."""
    once = os.path.join(r.top, "killed")
    r.prepare()
    bare = standing(r) if len(ref.row.parts) > 1 else None
    ref.row.prepare(r)
    r.journals = glob.glob(os.path.join(r.state, "runs", "*.jsonl"))
    before = standing(r)
    r.kill_core()
    r.env.update(AZL_KILL_AFTER=str(after), AZL_KILL_ONCE=once)
    r.run("sign-in", ok=0)
    r.since = len(r.exchanges())
    r.sandbox("POST", "/sandbox/access", {"deviceCode": 50053})
    p = products.run(r, ref)
    azl.equal(len(products.kills_in(once)), 1, f"kills: {p.stdout}{p.stderr}")
    runs = r.json("operations")["runs"]  # a core again
    azl.wait_for(lambda: products.sandbox_is_up(r), 20, "the sandbox")
    r.sandbox("POST", "/sandbox/access", {"deviceCode": 0})
    if len(runs) - len(r.journals) < 2:
        return before, once
    r.since = sum(x["startedAt"] < newest_lines(r)[0]["at_ms"] for x in r.exchanges())  # the second alone is undone
    return bare, once


def newest_lines(r):
    with open(max(glob.glob(os.path.join(r.state, "runs", "*.jsonl"))), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def has_begun(r):
    """Whether the newest run's journal has a step that wrote, or was about to."""
    return any(line["event"] in ("begin", "made") and line.get("step") for line in newest_lines(r))


def refused(r, ref, review, text, kills):
    """Nothing of it comes back: that is said, with what to do, and nothing is written; what is to be done comes to the end of an undisturbed run."""
    runs, held_now, at = r.json("operations")["runs"], products.held(r), len(r.exchanges())
    azl.check(review["error"]["code"] in (144, 146), f"{text}: {review}")
    p = r.run("operations", "undo", "--yes", ok=1)
    done = runs[0]["state"] == "done"  # a reset goes on by itself: nobody need be signed in when a core sees how it ended
    act = {"reset": "azloconf register"}[ref.plan] if done else "azloconf operations resume"
    azl.check("What to do: " in p.stderr and act in p.stderr, f"{text}: {p.stderr}")
    wrote = [products.path_of(x) for x in r.exchanges()[at:] if products.carried_out(x) and "/oauth2/" not in x["url"]]
    azl.equal((wrote, products.held(r), r.json("operations")["runs"]), ([], held_now, runs), f"{text}: refused")
    if done:
        azl.equal(products.end_state(r), ref.end, f"{text}: done")
        r.register()
    else:
        products.complete(r, r.run("operations", "resume", runs[0]["id"], timeout=120), ref, f"{text}, resumed", kills)


def came_back(r, before, text, kills):
    """The undo is over: it stands as before, and nothing was done twice."""
    for was, now in zip(before, standing(r)):
        azl.equal(now, was, f"{text}: how it stands")
    azl.equal(r.json("operations")["runs"][0]["state"], "undone", text)
    wrong = products.done_twice(r.exchanges()[r.since:], kills)
    azl.check(not wrong, f"{text}: " + "; ".join(wrong))


def undone_or_refused(n, ref):
    """What follows a registration, killed after line n of the journal, then undone: it stands as before, and the same once more comes to its end; or
    the undo is refused, and resuming comes to its end. Of a move's second part it stands as before the registration that is moved."""
    text = f"undo after kill {ref.label} {n}"
    with products.rehearsal(ref.nodes, core=ref.core, preload=products.killpoint()) as r:
        before, once = cut_short(r, ref, n)
        begun, parts = has_begun(r), len(r.json("operations")["runs"]) - len(r.journals)
        review = r.json("operations", "undo", "--what-if", ok=None)
        azl.check(begun or "error" not in review or parts < len(ref.row.parts), f"{text}: refused though it has done nothing: {review}")
        if "error" in review:
            refused(r, ref, review, text, products.kills_in(once))
            return
        r.run("operations", "undo", "--yes", ok=0)
        came_back(r, before, text, products.kills_in(once))
        p = r.run(*(ref.row.command(r) if parts < 2 else plans.moved_to(r)), timeout=120)
        azl.equal(p.returncode, 0, f"{text}: once more: {p.stdout}{p.stderr}")
        azl.equal(products.end_state(r), ref.end, f"{text}: once more")


class Undoing:
    """An undisturbed undo of all that a run makes, which was killed at its last line: its journal's length, its requests."""

    def __init__(self, ref):
        with products.rehearsal(ref.nodes, core=ref.core, preload=products.killpoint()) as r:
            cut_short(r, ref, ref.lines - 1)
            since = len(r.exchanges())
            r.run("operations", "undo", "--yes", ok=0)
            events = [line["event"] for line in newest_lines(r)]
            self.lines = len(events) - events.index("undoing")
            self.run = [q for q in products.requests_in(r, since) if re.search(products.OF_A_RUN, q, re.I)]


def undo_to_its_end(r, text, tries=3):
    """Taken up again where it stopped, or where nobody is signed in to the core that follows."""
    for _ in range(tries):
        p = r.run("operations", "undo", "--yes", timeout=120)
        if p.returncode == 0:
            return
        azl.check("What to do: " in p.stderr, f"{text}: {p.stderr}")
    azl.check(False, f"{text}: no end after {tries} undos: {p.stdout}{p.stderr}")


def killed_again(n, m, ref):
    """Killed after line n of the journal, undone, and killed after line m of the undo (counted anew where there are fewer): undone all the same."""
    text = f"undo+kill {ref.label} {n} {m}"
    with products.rehearsal(ref.nodes, core=ref.core, preload=products.killpoint()) as r:
        before, once = cut_short(r, ref, n)
        review = r.json("operations", "undo", "--what-if", ok=None)
        if "error" in review:
            azl.check("azloconf operations resume" in review["error"]["advice"] + review["error"]["message"], f"{text}: {review}")
            return
        back = [w for w in review["will"] if w["how"] == "delete" and not w["why"].startswith("it is looked first")]
        sure = len(back) + 2  # lines: "undoing", what goes, and "undone"
        r.kill_core(signal.SIGTERM)
        r.env.update(AZL_KILL_AFTER=f"{n},{m if m <= sure else 1 + m % sure}", AZL_KILL_FROM="undoing")
        undo_to_its_end(r, text)
        azl.equal(len(products.kills_in(once)), 2, f"{text}: kills")
        came_back(r, before, text, products.kills_in(once))


def disturbed(count, kind, request, ref):
    """All that a run makes is taken back in spite of a fault; one that does not end stops the undo with the error that names the step."""
    spec = f"{kind}@{request}x{count}"
    text = f"undo {ref.label} {spec}"
    with products.rehearsal(ref.nodes, core=ref.core, preload=products.killpoint()) as r:
        before, once = cut_short(r, ref, ref.lines - 1)
        r.fault(products.placed(spec, r))
        p = r.run("operations", "undo", "--yes", timeout=120)
        products.met(r, [spec], text)
        r.sandbox("DELETE", "/sandbox/faults")
        azl.check(p.returncode == 0 or count > 1, f"{text}: {p.stdout}{p.stderr}")
        if p.returncode:
            azl.check(re.search(r"undoing(| on node\d): ", p.stderr) and "What to do: " in p.stderr, f"{text}: {p.stderr}")
            undo_to_its_end(r, text)
        came_back(r, before, text, products.kills_in(once))
