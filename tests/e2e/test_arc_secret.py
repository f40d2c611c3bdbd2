#!/usr/bin/env python3
"""The secret of the operator's own Arc principal where people are asked for it: the plain face without echo, the screens as stars."""
import os
import subprocess
import termios

import azl
from test_console import Terminal, need_tmux
from test_plain import HOME, Plain, choose_where

MORE = ["Group for Arc", "Tags:", "Tags of groups", "Repair", "Make it anew", "Certificate", "Principal (Arc)", "Stable agent", "Folder of logs"]


def principal(r):
    one = next(x for x in r.ready()["principals"] if x["name"] == "sandbox-secret")
    with open(one["secretFile"], encoding="ascii") as f:
        return one, f.read().strip()


def echoes(t):
    return bool(termios.tcgetattr(t.fd)[3] & termios.ECHO)


def ask_plain(t, secret):
    """The prompt stands, the line does not echo; nothing and another line end do nothing bad."""
    t.wait("by your own application", "The application's secret (not shown): ")
    azl.wait_for(lambda: not echoes(t), 5, "the line without echo")
    t.say(secret)


def registers_in_plain(r, one, secret):
    with Plain(r, terminal=True) as t:
        t.say("1", wait=HOME)
        choose_where(t)
        t.say("more")
        for label in MORE:
            t.say(one["clientId"] if label == "Principal (Arc)" else "", wait=label)
        ask_plain(t, "")
        t.wait("The secret is empty.", "Resource name [CLUSTER-A]:")
        azl.check(echoes(t), "the line does not echo after the secret")
        t.say("")
        ask_plain(t, secret)
        t.wait("Type yes to register")
        azl.check(echoes(t) and r.writes() == [], f"after the secret: {r.writes()}")
        t.say("file")
        t.say(os.path.join(r.top, "answers.json"), wait="File to write the values into")
        t.wait("Written:")
        t.say("yes")
        t.wait("FAILED", "Type r to try again", seconds=60)
        t.say("r")
        ask_plain(t, secret)
        t.wait("FAILED", "Type r to try again", seconds=60)
        t.say("")
        t.wait(HOME)
        return t.raw


def resumes_on_the_screen(r, one, secret):
    with Terminal(r) as t:
        t.wait("the last run failed", "Clustered")
        t.keys("1", "Enter")
        t.wait("The last run failed.", "1 Show that run")
        t.keys("Enter")
        t.wait("r tries again", "[FAIL]")
        t.keys("r")
        t.wait("Secret of the application", one["clientId"])
        t.write(secret)
        seen = t.wait("[" + "*" * len(secret))
        t.keys("Enter")
        seen += t.wait("Done:", "In the portal:", seconds=60)
        t.keys("Escape")
        return (seen + t.wait("Registered", "Connected")).encode()


def repairs_in_plain(r, one, secret):
    """A node that is out of Azure Arc: the repair wants the secret before its review; none leaves nothing done, the right one is enough."""
    agent = next(n["azcmagent"] for n in r.ready()["nodes"])
    subprocess.run([agent, "disconnect", "-f"], check=True, capture_output=True)
    for k in [k for k in r.world()["resources"] if "/machines/" in k.lower()]:
        r.sandbox("POST", "/sandbox/resources", {"delete": k})
    before = len(r.writes())
    with Plain(r, terminal=True) as t:
        for word in ("", secret):
            t.say("9", wait=HOME)
            t.say("2", wait="2 Repair the registration")
            azl.check(one["clientId"] in t.wait("by your own application"), t.text())
            ask_plain(t, word)
            if not word:
                t.wait("The secret is empty.", "is needed")
                t.say("", wait="Press Enter to go back:")
        t.wait("This is made:", "Arc-connected machine node1", "Type yes to do it:")
        azl.check(echoes(t) and len(r.writes()) == before, "the line after the secret, and what was written")
        t.say("yes")
        t.wait("Done. The registration was renewed.", "Result: Success.", HOME, seconds=60)
        return t.raw


def hunt(r, one, secret, told):
    where = [name for name, text in told.items() if secret.encode() in text]
    for folder, _, files in os.walk(r.top):
        for name in files:
            path = os.path.join(folder, name)
            if path != one["secretFile"] and os.path.isfile(path):
                with open(path, "rb") as f:
                    where += [path] if secret.encode() in f.read() else []
    azl.equal(where, [], "the secret stands in")


def test_the_arc_principals_secret_is_typed_and_kept_nowhere():
    need_tmux()
    with azl.Rehearsal(core=["--node-build", "20348"]) as r:
        r.prepare()
        r.run("sign-in", ok=0)
        one, secret = principal(r)
        r.sandbox("POST", "/sandbox/faults", {"fault": "400@POST */agent/connectx99"})
        plain = registers_in_plain(r, one, secret)
        with open(os.path.join(r.top, "answers.json"), encoding="utf-8") as f:
            azl.check(one["clientId"] in f.read(), "the answers lack the principal")
        azl.check("secretFor" in r.json("operations", "show", r.json("operations")["runs"][0]["id"]), "the run does not say whose secret it needs")
        r.sandbox("DELETE", "/sandbox/faults")
        screen = resumes_on_the_screen(r, one, secret)
        connects = [x for x in r.exchanges() if x["method"] == "POST" and "/agent/connect" in x["url"] and x["status"] < 300]
        azl.equal(len(connects), 1, "nodes connected")
        repair = repairs_in_plain(r, one, secret)
        hunt(r, one, secret, {"plain": plain, "screen": screen, "repair": repair})


if __name__ == "__main__":
    azl.main()
