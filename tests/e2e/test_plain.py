#!/usr/bin/env python3
"""The plain face: the whole job as lines of text, over pipes and over a terminal that can place nothing."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

import azl

COLS = 79
HOME = "Number: "


class Plain:
    """azloconf without a screen. Over a pty the line is the kernel's: it echoes, and ends lines with CR LF."""

    def __init__(self, r, *args, terminal=False, size=(24, 80), plain=True, **env):
        whole = {k: v for k, v in dict(r.env, **env).items() if v is not None}
        argv = [azl.PROGRAM, *(["--plain"] if plain else []), *args, *r.extra]
        self.r, self.out, self.at, self.terminal, self.raw = r, b"", 0, terminal, b""
        if terminal:
            self.fd, child = pty.openpty()
            fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
            self.p = subprocess.Popen(argv, stdin=child, stdout=child, stderr=child, env=whole, start_new_session=True,
                                      preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
            os.close(child)
        else:
            self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=whole)
            self.fd = self.p.stdout.fileno()

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait()
        if not self.terminal:
            self.p.stdin.close()
            self.p.stdout.close()
        else:
            os.close(self.fd)

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            got = os.read(self.fd, 65536)
        except OSError:
            got = b""
        self.raw += got
        self.out = self.raw.replace(b"\r\n", b"\n") if self.terminal else self.raw
        return bool(got)

    def text(self, since=0):
        return self.out[since:].decode(errors="replace")  # the last character may not be whole yet

    def wait(self, *wanted, seconds=30):
        """What came since the last answer, once it holds all of the texts; line ends count as blanks."""
        end = time.time() + seconds
        while True:
            flat = self.text(self.at).replace("\n", " ")
            if all(w in flat for w in wanted):
                return flat
            alive = self.read(0.1)
            if not alive or time.time() > end:
                flat = self.text(self.at).replace("\n", " ")
                if all(w in flat for w in wanted):
                    return flat
                raise azl.Failed(f"waited in vain for {wanted}:\n{self.text()}\n{self.r.core_log()}")

    def say(self, line="", seconds=30, wait=None):
        """Answers the prompt (which must stand at the end of what was written)."""
        if wait is not None:
            self.wait(wait, seconds=seconds)
        self.at = len(self.out)
        data = line.encode() + b"\n"
        if self.terminal:
            os.write(self.fd, data)
        else:
            self.p.stdin.write(data)
            self.p.stdin.flush()

    def end(self, code=0, seconds=20):
        end = time.time() + seconds
        while self.read(0.1):
            azl.check(time.time() < end, f"it does not end\n{self.text()}")
        azl.equal(self.p.wait(seconds), code, f"exit code\n{self.text()}")
        check_bytes(self.out)


def check_bytes(out, ascii_only=False):
    """Printable characters and LF, nothing else; no line over 79 columns unless it is one word or a prompt with its answer."""
    bad = sorted({b for b in out if (b < 0x20 and b != 0x0a) or b == 0x7f or (ascii_only and b > 0x7e)})
    azl.equal(bad, [], f"bytes that are no text:\n{out!r}")
    for line in out.decode().split("\n"):
        azl.check(len(line) <= COLS or " " not in line or re.search(r"[:\]] ?$|[:\]?] .*$", line), f"{len(line)} columns: {line!r}")


def answer_all(t, *pairs):
    for prompt, line in pairs:
        t.say(line, wait=prompt)


def create_and_sign_in(t):
    t.wait("ClusterStatus: NotYet.", "RegistrationStatus: NotYet.", "1 Register this cluster. 2 Sign in. 3 Nodes. 8 Logs. 9 Repair. 10 Unregister.", "15 Exit. ? all items.")
    answer_all(t, (HOME, "1"), ("Cluster name [cluster1]: ", ""), ("Nodes [node1", ""))


def choose_where(t, region="West Europe"):
    answer_all(t, ("Tenant [Contoso", ""), ("Subscription [Contoso-Prod-HCI]: ", ""), ("Region", region), ("Resource group [", ""),
               ("Resource name [", ""))
    return t.wait("What cannot be undone:", "Type yes to register")


def registered(t, r, seconds=60):
    t.wait("Done: ", " is registered with Azure.", "In the portal:", seconds=seconds)
    t.wait("RegistrationStatus: Registered.", "ConnectionStatus: Connected.", HOME)
    got = r.status()
    azl.equal([got[k] for k in ("ClusterStatus", "RegistrationStatus", "ConnectionStatus")], ["Clustered", "Registered", "Connected"], "status")
    azl.equal(len(r.writes()), len(set(r.writes())), "a write was made twice")


# ---- from nothing to Registered ----

def over_pipes():
    # between the nodes' step and the next one there is time for both to be shown
    with azl.Rehearsal(leap=False, approve="manual", nodes=2, sandbox=("--fault", "slow=300@PUT */arcSettings/default")) as r, Plain(r) as t:
        create_and_sign_in(t)
        text = t.wait("Waiting. 14 minutes left. Press Enter to stop.")
        code = re.search(r"Sign in\. Open (\S+) and type the code ([A-Z0-9]{9})\. Code good for 15 minutes\.", text)
        azl.equal(code.group(1), r.ready()["base"] + "/devicelogin", "the address")
        for word in code.groups():
            azl.check(any(word in line for line in t.text().split("\n")), f"{word} is not whole on one line")
        azl.equal(r.sandbox("POST", "/sandbox/approve", {"user_code": code.group(2)}), {"approved": 1}, "approve")
        t.wait("Signed in as anna@contoso.onmicrosoft.com.", "Tenant, 2 to choose from:")
        # wrong answers are said and asked again; a part of a name, a number and a way back
        answer_all(t, ("Tenant [", "nonsense"), ("Error: ", "2"), ("Subscription", "<"), ("Tenant [Fabrikam", "1"),
                   ("Subscription", "contoso"), ('3 fit "contoso":', "old"), ("Error: is Disabled", "prod"),
                   ("Subscription: Contoso-Prod-HCI.", "us"))
        answer_all(t, ('fit "us":', "?"), ("It moves no machine;", ""), ("Error: a region is needed", "west"),
                   ("Region: West Europe.", "bad."), ("Error: The name of a resource group does not end with a full stop.", "back"),
                   ("Region [West Europe]: ", ""), ("Resource group [cluster1-rg]: ", ""), ("Resource name [cluster1]: ", "x" * 70),
                   ("Error: The name of a cluster resource has at most 40 characters.", ""))
        seen = t.wait("What will be done:", "What cannot be undone:", "Type yes to register")
        for wanted in ("Region: westeurope, from Azure's list", "Resource group: cluster1-rg, default.", "Cluster resource cluster1: to be created.",
                       "Arc-connected machine node1, node2: to be connected."):
            azl.check(wanted in seen, f"no {wanted!r} on the review\n{seen}")
        azl.equal(r.writes(), [], "written before the word")
        answer_all(t, ("Type yes", "y"), ("Nothing has been written yet.", "<"), ("Resource name [cluster1]: ", ""), ("Type yes to register", ""),
                   ("Nothing has been written yet.", "yes"))
        text = t.wait("Registering cluster1", "Create the resource group: done.", "Node node2, Connect the nodes to Azure Arc: done.", seconds=60)
        azl.check(re.search(r"Steps \d+ to \d+ of \d+: no change needed\.", text), text)
        registered(t, r)
        t.say("15", wait=HOME)
        t.wait("azloconf left.")
        t.end()


def over_a_terminal():
    with azl.Rehearsal(leap=False) as r, Plain(r, terminal=True, plain=False, TERM="dumb", LC_ALL="C") as t:
        create_and_sign_in(t)
        t.wait("Signed in as anna@contoso.onmicrosoft.com.")
        choose_where(t)
        t.say("yes")
        registered(t, r)
        t.say("q", wait=HOME)
        t.end()
        check_bytes(t.out, ascii_only=True)


def in_german():
    with azl.Rehearsal(leap=False, env={"LANGUAGE": "de"}) as r, Plain(r) as t:
        answer_all(t, ("15 Ende. ? alle Punkte. Nummer: ", "?"), ("15 Zur Shell", "1"), ("Clustername [cluster1]: ", "zurück"),
                   ("Nummer: ", "1"), ("Clustername", ""), ("Knoten [", ""))
        t.wait("Angemeldet als anna@contoso.onmicrosoft.com.")
        answer_all(t, ("Mandant [", ""), ("[Contoso-Prod-HCI]: ", ""), ("Region", "frankfurt"), ("Fehler: ", "east us"), ("[cluster1-rg]: ", ""),
                   ("[cluster1]: ", ""), ("ja eingeben, um zu registrieren", "ja"))
        t.wait("Fertig: cluster1 ist bei Azure registriert.", "Im Portal:", seconds=60)
        t.say("15", wait="Nummer: ")
        t.end()


def narrow(line):
    """No more columns than the line has: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) <= 79


def in_chinese():
    with azl.Rehearsal(leap=False, env={"LANGUAGE": "zh_CN"}) as r, Plain(r) as t:
        answer_all(t, ("? 所有菜单项。 编号： ", "?"), ("15 退出到 shell", "1"), ("群集名称 [cluster1]: ", "返回"),
                   ("编号： ", "1"), ("群集名称", ""), ("节点 [", ""))
        t.wait("已登录为 anna@contoso.onmicrosoft.com。")
        answer_all(t, ("租户 [", ""), ("[Contoso-Prod-HCI]: ", ""), ("区域", "beijing"), ("错误：", "east us"), ("[cluster1-rg]: ", ""),
                   ("[cluster1]: ", ""), ("键入 yes 注册", "yes"))
        t.wait("完成：cluster1 已向 Azure 注册。", "在门户中：", seconds=60)
        t.say("15", wait="编号： ")
        t.end()
        text = t.out.decode()
        wide = [line for line in text.split("\n") if not narrow(line) and "https://" not in line]
        azl.check(not wide, f"lines wider than 79 columns: {wide}")


def test_chinese_on_terminals():
    """UTF-8 and a terminal that has the characters: Chinese. The Linux console: English, and a word about it; the core that it
    starts speaks English, too. Seven bits: English."""
    chinese = dict(LANGUAGE="zh_CN", LC_ALL="C.UTF-8")
    with azl.Rehearsal(leap=False, env={"LANGUAGE": "zh_CN"}) as r, Plain(r, terminal=True, TERM="xterm-256color", **chinese) as t:
        t.wait("编号：")
        t.say("11", wait="编号：")
        t.wait("zh_CN，区域设置 C.UTF-8")
        t.say("g", wait="编号：")
        t.wait("en, locale C.UTF-8")
        t.say("q", wait="Number:")
        t.end()
    with azl.Rehearsal(leap=False, env={"LANGUAGE": "zh_CN"}) as r, Plain(r, terminal=True, TERM="linux", **chinese) as t:
        t.wait("This terminal cannot show the characters of the language zh_CN", "Not registered with Azure yet")
        t.say("q", wait=HOME)
        t.end()
        check_bytes(t.out, ascii_only=True)
        with Plain(r, "status", terminal=True, plain=False, TERM="linux", **chinese) as command:
            command.wait("azloconf: This terminal cannot show the characters", "NotYet (not registered with Azure yet)")
            command.end()
        out = r.run("status", ok=0).stdout  # no terminal: whoever reads it has the characters
        azl.check("下一步：" in out, f"status into a pipe: {out}")


def test_from_nothing_to_registered():
    azl.side_by_side([over_pipes, over_a_terminal, in_german, in_chinese], 2)


# ---- a run that is stopped, left, cut ----

def ready_to_register(**kw):
    r = azl.Rehearsal(leap=False, instant=False, **kw)
    r.run("cluster", "create", "cluster1", "--node", "node1", ok=0)
    r.run("sign-in", ok=0)
    return r


def start_run(t):
    t.say("1", wait=HOME)
    choose_where(t)
    t.say("yes")
    t.wait("Registering cluster1", "Type s to stop after this step")


def stop_and_resume():
    with ready_to_register() as r, Plain(r) as t:
        start_run(t)
        answer_all(t, ("Step ", "s"), ("Type yes to stop after this step", ""), ("It runs on.", ""), ("Type yes to stop after this step", "yes"))
        t.wait("The run is stopped.", "Type r to try again", seconds=60)
        t.say("")
        answer_all(t, (HOME, "?"), ("1 Register this cluster with Azure: the last run was stopped.", "1"),
                   ("The run is stopped. What was made stays; it can go on from there.", "r"))
        registered(t, r)


def leave_and_come_back():
    with ready_to_register() as r, Plain(r) as t:
        start_run(t)
        answer_all(t, ("Step ", "d"), ("The work goes on. Item 1 of the menu comes back to it.", "?"), (": running: step ", "n"), (HOME, "1"))
        t.wait("steps are done.", "Type s to stop")
        t.p.stdin.close()
        t.wait("azloconf left; the operation goes on.")
        t.p.stdin = open(os.devnull, "wb")
        t.end()
        with Plain(r) as again:
            again.wait("ClusterStatus: Clustered.")
            registered(again, r)


def core_killed():
    with ready_to_register() as r, Plain(r) as t:
        start_run(t)
        t.wait("Step ")
        r.kill_core()
        t.wait("The core is gone", "The core answers again.")
        t.wait("The run waits for a sign-in, then it goes on by itself. Type i to sign in.", seconds=40)
        t.say("i")
        t.wait("Sign in. Open ", "Signed in as anna@contoso.onmicrosoft.com.", "The run goes on.", seconds=40)
        registered(t, r)


def core_killed_among_the_questions():
    """Its successor knows of no sign-in: before anything is said of what will be done, somebody signs in."""
    with ready_to_register() as r, Plain(r) as t:
        answer_all(t, (HOME, "1"), ("Tenant [Contoso", ""))
        t.wait("Subscription [")
        r.kill_core()
        t.wait("The core answers again.", seconds=40)
        azl.wait_for(lambda: r.status()["ClusterStatus"] == "Clustered", 20, "the new core knows the cluster")
        answer_all(t, ("Subscription [", ""), ("Region", "West Europe"), ("Resource group [", ""), ("Resource name [", ""))
        t.wait("Azure must know who you are.", "Signed in as anna@contoso.onmicrosoft.com.", "Cluster resource cluster1: to be created.", "Type yes",
               seconds=40)
        t.say("yes")
        registered(t, r)


def failed_and_tried_again():
    """What, why, what to do, ids."""
    with azl.Rehearsal(leap=False) as r, Plain(r) as t:
        r.run("cluster", "create", "cluster1", "--node", "node1", ok=0)
        r.run("sign-in", ok=0)
        r.fault("500@PUT /subscriptions/*/resourcegroups/*x9")
        t.say("1", wait=HOME)
        choose_where(t)
        t.say("yes")
        text = t.wait("FAILED", "The run failed: ", "What to do: ", "For support: HTTP 500", " request ", "Type r to try again", seconds=90)
        azl.check("Create the resource group: FAILED" in text, text)
        r.sandbox("DELETE", "/sandbox/faults")
        t.say("r")
        registered(t, r)


def test_a_run_that_is_stopped_left_cut_or_fails():
    azl.side_by_side([stop_and_resume, leave_and_come_back, core_killed, core_killed_among_the_questions, failed_and_tried_again])


# ---- signing in ----

def test_a_sign_in_that_is_stopped_declined_expired_renewed():
    with azl.Rehearsal(leap=False, approve="manual") as r, Plain(r) as t:
        t.say("2", wait=HOME)
        first = re.search(r"the code (\w{9})\.", t.wait("Press Enter to stop.")).group(1)
        t.say("?")
        t.wait("Owner of the subscription", "AADSTS53003", "Press Enter to stop.")
        t.say("n")
        second = re.search(r"the code (\w{9})\.", t.wait("Press Enter to stop.")).group(1)
        azl.check(first != second, "n gave no new code")
        t.say("")
        answer_all(t, ("Stopped. Nobody is signed in.", "2"))
        t.wait("Press Enter to stop.")
        r.sandbox("POST", "/sandbox/approve", {"user_code": "*", "decline": True})
        text = t.wait("Not signed in: ", "Type n for a new code", seconds=20)
        azl.check("declined" in text, text)
        r.fault("expired_token")
        t.say("n")
        t.wait("expired", "Type n for a new code", seconds=20)
        t.say("n")
        t.wait("Press Enter to stop.")
        r.sandbox("POST", "/sandbox/approve", {"user_code": "*"})
        t.wait("Signed in as anna@contoso.onmicrosoft.com.", HOME, seconds=20)
        answer_all(t, (HOME, "2"), ("Token good for ", "o"), ("Signed out: all tokens are forgotten.", "?"))
        t.wait("2 Sign in to Azure: signed out.")
        t.say("q")
        t.end()


# ---- the other jobs ----

def test_nodes_log_terminal_help_and_the_ways_out():
    with azl.Rehearsal(leap=False, nodes=2) as r, Plain(r, "--getty") as t:
        r.run("cluster", "create", "cluster1", "--node", "node1", "--node", "node2", ok=0)
        answer_all(t, (HOME, "r"), ("ClusterStatus: Clustered. 2 of 2 nodes up. Checked ", "3"), ("2 node2: Up.", "2"),
                   ("Why: The cluster is not registered with Azure yet.", "node1"), ("Do: Register this cluster (1)", "x"),
                   ("Number of a node", "7"), ("There is no node 7.", "?"), ("Each node has its own state", ""))
        answer_all(t, (HOME, "8"), ("INFO", "w"), ("No warnings and no errors.", "/cluster1"), ("cluster1", "/nosuchword"),
                   ('"nosuchword" stands in no line.', "a"), ("INFO", ""))
        answer_all(t, (HOME, "11"), ("Terminal: ", "h"), ("It is not a Microsoft product", "13"), ("This is the sandbox, a rehearsal", "4"),
                   ("There is no item with this number yet.", "abc"), ("Type the number of an item, ? for all of them", "l"), ("? helps", "<"),
                   (HOME, "12"), ("Type yes to log off: ", "no"), ("Nothing was done.", ""))
        t.wait(HOME)
        t.p.stdin.close()
        t.wait("azloconf left. The core was not stopped.")
        t.p.stdin = open(os.devnull, "wb")
        t.end()
        azl.check(r.core_pid(), "the core went along")


def ends_with(r, act, code):
    with Plain(r, terminal=True, plain=False, TERM="dumb") as t:
        before = termios.tcgetattr(t.fd)
        t.wait(HOME)
        if isinstance(act, bytes):
            os.write(t.fd, act)
        else:
            os.kill(t.p.pid, act)
        if act != signal.SIGHUP:
            t.wait("azloconf left. The core was not stopped.")
        after = termios.tcgetattr(t.fd)
        azl.equal(t.p.wait(10), code, f"exit code of {act!r}\n{t.text()}")
        azl.equal(after, before, "the terminal's line")


def test_ctrl_c_ctrl_d_and_signals_leave_the_core():
    with azl.Rehearsal(leap=False) as r:
        r.run("status")
        for act, code in ((b"\x04", 0), (b"\x03", 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            ends_with(r, act, code)
        azl.check(r.core_pid(), "the core went along")
        r.run("status", ok=0)


def switches(r, size, keys):
    """From the screens: what comes after the last control sequence is the plain face's."""
    with Plain(r, terminal=True, plain=False, size=size, TERM="xterm") as t:
        for wanted, key in keys:
            azl.wait_for(lambda w=wanted: (t.read(0.1), w in t.raw)[1], 15, f"{wanted!r} in {t.raw!r}")
            os.write(t.fd, key)
        azl.wait_for(lambda: (t.read(0.1), t.raw.endswith(b"Number: "))[1], 15, "the plain face")
        plain = t.out[t.out.rindex(b"Sandbox: an Azure that runs"):]
        check_bytes(plain)
        azl.check(b"ClusterStatus: NotYet." in plain, repr(plain))
        t.say("15")
        t.wait("azloconf left.")
        azl.equal(t.p.wait(10), 0, "exit code")


def test_p_goes_over_from_the_screens():
    with azl.Rehearsal(leap=False) as r:
        r.run("status")
        switches(r, (10, 50), [(b"run --plain", b"p")])
        switches(r, (24, 80), [(b"Register this cluster", b"11\r"), (b"Half blocks", b"p")])


def test_answers_typed_ahead_end_their_lines():
    with azl.Rehearsal(leap=False) as r:
        r.run("status")
        for terminal in (False, True):
            with Plain(r, terminal=terminal, TERM="dumb") as t:
                (os.write if terminal else lambda fd, b: t.p.stdin.write(b) + (t.p.stdin.flush() or 0))(t.fd, b"4\n8\n\n15\n")
                t.wait("azloconf left.")
                t.end()
                for line in ("Number:", "There is no item with this number yet.", "azloconf left. Type azloconf to come back."):
                    azl.check(any(line == x.strip() for x in t.text().split("\n")), f"{line!r} is no line of its own\n{t.text()}")


def test_under_getty_a_shell_and_back():
    with azl.Rehearsal(leap=False) as r, Plain(r, "--getty", terminal=True, TERM="dumb", SHELL="/bin/sh", PS1="sh: ") as t:
        t.say("15", wait=HOME)
        t.wait("Type exit to come back to azloconf.", "sh: ")
        t.say("stty -echo; echo in$((1+1))side; exit")
        t.wait("in2side", HOME)
        t.say("4")
        azl.check("Number: 4\nThere is no item" in t.text() or t.wait("4 There is no item with this number yet."), t.text())
        os.write(t.fd, b"\x03")
        t.wait("azloconf left.")
        t.end(130)


def test_no_core_and_a_core_in_trouble_say_so():
    with azl.Rehearsal(leap=False) as r:
        os.makedirs(r.state, exist_ok=True)
        os.chmod(r.state, 0o755)
        with Plain(r) as t:
            t.wait("There is no core to work with: ", "is open to other users")
            t.end(1)
    with azl.Rehearsal(leap=False, sandbox=["--seed", "/nonexistent/seed.json"]) as r, Plain(r) as t:
        t.wait("The sandbox ended", HOME, seconds=20)
        t.say("1")
        t.wait("The core does not answer yet.", HOME)
        t.say("q")
        t.wait("azloconf left.")
        t.end()


# ---- leaving ----

def test_unregister_wants_the_name_and_shows_what_goes():
    """Item 10: what goes and what ends, a wrong name does nothing, the right one starts. The command says the same in one object of JSON."""
    with azl.Rehearsal(2) as r:
        r.prepare()
        r.register(ok=0)
        for args in (("--output", "json"), ("--yes", "--output", "json")):
            p = r.run("unregister", *args, ok=2)
            azl.check(len(p.stdout.strip().split("\n}")) == 2 and "error" in json.loads(p.stdout), f"one object: {p.stdout}{p.stderr}")
        review = json.loads(r.run("unregister", "--what-if", "--output", "json", ok=0).stdout)
        azl.equal(review["confirm"]["word"], "CLUSTER-A", "the word")
        with r.leaping(), Plain(r) as t:
            answer_all(t, (HOME, "10"), ("Number, Enter goes back:", "1"))
            word = "Type the name of the cluster resource, CLUSTER-A, to unregister it:"
            t.wait(word)
            for part in ("This goes:", "Arc-connected machine node1, node2: the registration connected it", "What ends with it:", "billing"):
                azl.check(part in " ".join(t.text().split()), f"{part} is not said\n{t.text()}")
            t.say("CLUSTER-B")
            t.wait("The name does not match: it must be CLUSTER-A. Nothing was done.", word)
            t.say("yes")
            t.wait("The name does not match", word)
            azl.equal(len(r.json("operations")["runs"]), 1, "runs before the name was typed")
            t.say("cluster-a")
            t.wait("Done.", HOME)
            t.say("15")
            t.wait("azloconf left.")
            t.end()
        run = r.json("operations")["runs"][0]
        azl.equal((run["plan"], run["state"]), ("unregister", "done"), "the run")


def test_what_is_done_in_part_is_told_with_what_to_do():
    """The last look at the machines fails for good: what was not done, why, and what to do."""
    with azl.Rehearsal() as r:
        r.prepare()
        r.fault("500@GET *HybridCompute/machines*x1000 after 2")
        with r.leaping(), Plain(r) as t:
            t.say("1", wait=HOME)
            choose_where(t)
            t.say("yes")
            t.wait("The cluster is registered with Azure, but this did not come to its end", "Not done: ", "looking at the machines in Azure", "What to do: ",
                   "Result: RegisterSucceededButArcFailed", seconds=60)


# ---- what may never come out, and how much comes out ----

def test_hostile_names_do_nothing():
    odd = "Evil\x1b[2J\x1b]0;x\x07\r\nFake: ok\u202egnp\u200b\x9b31m\t\x08z"
    text = json.dumps({"subscriptions": [{"displayName": odd, "state": "Enabled"}, {"displayName": "Contoso-Prod-HCI", "state": "Enabled"}]})
    with azl.Rehearsal(leap=False) as r:
        seed = os.path.join(r.top, "seed.json")
        with open(seed, "w", encoding="ascii") as f:
            f.write(text)
        r.extra += ["--sandbox-arg=--seed", "--sandbox-arg=" + seed]
        with Plain(r) as t:
            create_and_sign_in(t)
            t.say("", wait="Tenant [Contoso")
            t.wait("Evil", "Subscription: ")
            azl.check("\nFake" not in t.text(), "a name began a line\n" + t.text())
            t.say("evil")
            t.wait("Subscription: Evil")
            t.say("\x1b[A\x1b[B\x7f\x01<", wait="Region")
            t.wait("Error: ")
            t.say("q\xe4\xf6" * 300)
            t.wait("Error: ")
            t.p.stdin.write(b"\xff\xfe\x80\n")
            t.p.stdin.flush()
            t.say("<")
            t.wait("Subscription [Evil")
            t.p.stdin.close()
            t.p.stdin = open(os.devnull, "wb")
            t.end()


def test_bytes_and_sizes():
    """The menu costs under 700 bytes, waiting costs none, and the window's size changes nothing but where lines break."""
    with azl.Rehearsal(leap=False) as r:
        r.run("cluster", "create", "cluster1", "--node", "node1", ok=0)
        r.run("status")
        seen = []
        for size in ((24, 80), (20, 60), (1, 1), (0, 0), (100, 300)):
            with Plain(r, terminal=True, size=size, TERM="xterm-256color") as t:
                t.wait(HOME)
                first = len(t.raw)
                azl.check(first < 700, f"{first} bytes\n{t.text()}")
                azl.check(max(map(len, t.text().split("\n"))) < (size[1] if size[1] > 20 else 80), t.text())
                seen.append(" ".join(re.sub(r"\d\d:\d\d:\d\d", "", t.text()).split()))
                if size == (24, 80):
                    end = time.time() + 3
                    while time.time() < end:
                        t.read(0.1)
                    azl.equal(len(t.raw), first, "bytes while nothing happens\n" + t.text())
                t.say("15")
                t.wait("azloconf left.")
        azl.equal(len(set(seen)), 1, "the same words at every size")


if __name__ == "__main__":
    azl.main()
