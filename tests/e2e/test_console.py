#!/usr/bin/env python3
"""The real console in a real terminal: keys go in by tmux send-keys, the screen comes back by tmux capture-pane."""
import fcntl
import itertools
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time
import urllib.parse

import azl

SCREENS = itertools.count(1)
HALVES = {" ": (0, 0), "\u2580": (1, 0), "\u2584": (0, 1), "\u2588": (1, 1)}


class Terminal:
    """One tmux server with one window, in which a shell command line runs."""

    def __init__(self, r, cols=80, rows=24, term="xterm-256color", command=None, **env):
        self.name = f"azl-{os.getpid()}-{next(SCREENS)}"
        self.env = dict(r.env, TMUX_TMPDIR=r.top)
        self.env.pop("TMUX", None)
        words = [f"{k}={v}" for k, v in dict(env, TERM=term).items()]
        line = command or "exec " + shlex.join(["env", *words, azl.PROGRAM, *r.extra])
        if command:
            line = "export " + shlex.join(words) + "; " + command
        self.tmux("-u", "new-session", "-d", "-s", "a", "-x", str(cols), "-y", str(rows), line, ";", "set", "-g", "status", "off")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        subprocess.run(["tmux", "-L", self.name, "kill-server"], env=self.env, capture_output=True, timeout=20)

    def tmux(self, *args):
        p = subprocess.run(["tmux", "-L", self.name, "-f", "/dev/null", *args], env=self.env, text=True, capture_output=True,
                           timeout=20)
        azl.check(p.returncode == 0, f"tmux {' '.join(args)}: {p.stderr}")
        return p.stdout

    def lines(self):
        return self.tmux("capture-pane", "-p", "-t", "a").split("\n")

    def text(self):
        return "\n".join(self.lines())

    def keys(self, *names):
        for name in names:
            self.tmux("send-keys", "-t", "a", name)

    def write(self, text):
        self.tmux("send-keys", "-t", "a", "-l", text)

    def ask(self, name):
        return self.tmux("display-message", "-p", "-t", "a", "#{" + name + "}").strip()

    def resize(self, cols, rows):
        self.tmux("resize-window", "-t", "a", "-x", str(cols), "-y", str(rows))

    def wait(self, *wanted, seconds=20, last=None):
        """The screen once it shows all of the texts (blanks and line ends count as one blank); last: one of the last row."""
        end = time.time() + seconds
        while True:
            text = self.text()
            flat = " ".join(text.split())
            if all(w in flat for w in wanted) and (last is None or last in text.split("\n")[-2]):
                return text
            if time.time() > end:
                raise azl.Failed(f"waited in vain for {wanted}; the screen:\n{text}")
            time.sleep(0.05)

    def program(self):
        """The process id of azloconf in this window."""
        def find():
            pid = int(self.ask("pane_pid"))
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
                for p in [str(pid), *f.read().split()]:
                    if os.path.basename(os.readlink(f"/proc/{p}/exe")) == "azloconf":
                        return int(p)
            return 0
        return azl.wait_for(find, 10, "azloconf in the window")


def need_tmux():
    if not shutil.which("tmux"):
        raise azl.Skip("tmux is not installed")


# ---- the walk, page by page ----

def create_cluster(t):
    t.wait("1 Register this cluster with Azure no cluster yet", "2 Sign in to Azure signed out", "NotYet")
    t.keys("1", "Enter")
    t.wait("There is no cluster on this machine yet", "> Cluster name [cluster1", "Nodes [node1")
    t.keys("Tab", "Tab")
    t.wait("> < Create the cluster >")
    t.keys("Enter")


def ask_for_code(t):
    t.wait("Step 1 of 3: Sign", "> < Sign in >")
    t.keys("Enter")
    return read_code(t)


def read_code(t):
    text = t.wait("Type this code there", "Code good for 14:")
    codes = re.findall(r"\b[A-Z0-9]{9}\b", text)
    azl.equal(len(codes), 1, "codes on the screen\n" + text)
    return codes[0], text


def decode(text):
    """What a camera reads from the square of half blocks."""
    rows = [line for line in text.split("\n") if line[:20].strip(" ") and set(line[:20]) <= set(HALVES)]
    azl.check(len(rows) >= 15, "no square on the screen\n" + text)
    width = min(len(re.match("[ \u2580\u2584\u2588]*", line).group().rstrip()) for line in rows if line.startswith("\u2588" * 2))
    dots = []
    for line in rows:
        halves = [HALVES[c] for c in line.ljust(width)[:width]]
        dots += [[h[0] for h in halves], [h[1] for h in halves]]
    scale, body = 6, b""
    for row in dots:
        body += b"".join((b"\xff" if d else b"\0") * scale for d in row) * scale
    picture = b"P5 %d %d 255\n" % (width * scale, len(dots) * scale) + body
    p = subprocess.run(["zbarimg", "-q", "--raw", "-"], input=picture, capture_output=True, timeout=30)
    return p.stdout.decode().strip()


def check_square(t, text, address):
    if not shutil.which("zbarimg"):
        print("        zbarimg is not installed: the square was seen, not decoded")
        return
    azl.equal(decode(text), address, "what the square says\n" + text)


def choose_where(t, r):
    t.wait("Step 2 of 3: Where", "Contoso-Prod-HCI", "Resource name [cluster1", "Signed in as anna@contoso", seconds=30)
    t.keys("Tab", "Tab")
    t.wait("> Region [")
    t.keys("Enter")
    t.wait("East US eastus", "West Europe westeurope", "type to filter")
    t.write("WEST")
    text = t.wait(" 1 of ", "West Europe westeurope")
    azl.check("East US" not in text, "the list did not filter\n" + text)
    t.keys("Enter")
    t.wait("> Resource group [cluster1-rg", "Region [West Europe")
    t.keys("Tab", "Tab")
    t.wait("> < Next: review >")
    azl.equal(r.writes(), [], "written before the review")
    t.keys("Enter")


def read_review(t, r, group="default"):
    seen = t.wait("Step 3 of 3: Revie", "Contoso-Prod-HCI", "> < Register now >", "PgUp PgDn move", seconds=30)
    for _ in range(6):
        at = re.search(r"lines (\d+) to (\d+) of (\d+)", seen[-1000:])
        if at.group(2) == at.group(3):
            break
        t.keys("PageDown")
        azl.wait_for(lambda before=at.group(): before not in t.text(), 5, "the next page of the review")
        seen += t.text()
    flat = " ".join(seen.split())
    for wanted in ("westeurope, from Azure's list", "cluster1-rg, " + group, "cluster1, default", "What will be done", "Cluster resource cluster1: to be created",
                   "Arc-connected machine node1: to be connected", "What cannot be undone", "stay until the cluster is unregistered"):
        azl.check(wanted in flat, f"no {wanted!r} on the review\n{seen}")
    azl.equal(r.writes(), [], "written before Register now")
    t.keys("Enter")


def see_the_end(t, r, seconds=60):
    t.wait("Done:", "In the portal:", seconds=seconds)
    t.keys("Escape")
    return at_home(t, r)


def at_home(t, r):
    text = t.wait("Clustered", "Registered", "Connected", "done: cluster1", "1 up, 0 down")
    got = r.status()
    azl.equal([got[k] for k in ("ClusterStatus", "RegistrationStatus", "ConnectionStatus", "Region")],
              ["Clustered", "Registered", "Connected", "westeurope"], "status")
    azl.equal(len(r.writes()), len(set(r.writes())), "a write was made twice")
    return text


def walk(t, r, sign_in):
    create_cluster(t)
    code, text = ask_for_code(t)
    sign_in(code, text)
    choose_where(t, r)
    read_review(t, r)
    return see_the_end(t, r)


# ---- 1, 2: the newcomer ----

def newcomer_approved_by_code():
    with azl.Rehearsal(leap=False, approve="manual") as r, Terminal(r) as t:
        def sign_in(code, text):
            address = r.ready()["base"] + "/devicelogin"
            azl.check(any(address in line for line in text.split("\n")), "the address is not whole on one line\n" + text)
            check_square(t, text, address)
            azl.equal(r.sandbox("POST", "/sandbox/approve", {"user_code": code}), {"approved": 1}, "approve")
        walk(t, r, sign_in)


def newcomer_approved_by_itself():
    with azl.Rehearsal(leap=False, approve="auto:6") as r, Terminal(r, term="linux", LC_ALL="C.UTF-8") as t:
        walk(t, r, lambda code, text: None)


def page(r, form=None):
    """The sign-in page as text; w3m shows it where it is installed."""
    ready = r.ready()
    url = ready["base"] + "/devicelogin"
    browser = ["w3m", "-dump", "-cols", "100", "-o", "use_proxy=0", "-o", "ssl_ca_file=" + ready["ca"], "-o", "ssl_verify_server=1"]
    if not shutil.which("w3m"):
        browser = ["curl", "-sS", "--noproxy", "*", "--cacert", ready["ca"]]
    body = None if form is None else urllib.parse.urlencode(form)
    if body is not None:
        browser += ["-post", "-"] if browser[0] == "w3m" else ["--data-binary", "@-"]
    p = subprocess.run([*browser, url], input=body or "", text=True, capture_output=True, timeout=30,
                       env=dict(r.env, HOME=r.top, TERM="vt100"))
    return " ".join((p.stdout + p.stderr).split())


def newcomer_on_the_page():
    with azl.Rehearsal(leap=False, approve="manual") as r, Terminal(r) as t:
        def sign_in(code, text):
            shown = page(r)
            azl.check("Type the code that the program shows" in shown, shown)
            azl.check("That code did not work" in page(r, {"code": "AAAAAAAAA"}), "a wrong code was taken")
            shown = page(r, {"code": code[:4].lower() + "-" + code[4:]})
            for wanted in ("Microsoft Azure CLI", code, "Approve", "Decline", "anna@contoso.onmicrosoft.com"):
                azl.check(wanted in shown, f"no {wanted!r} on the page: {shown}")
            shown = page(r, {"code": code, "user": "anna@contoso.onmicrosoft.com", "answer": "approve"})
            azl.check("You have signed in" in shown, shown)
            azl.check("already used" in page(r, {"code": code}), "a used code was taken")
        walk(t, r, sign_in)


class AsciiTerminal(Terminal):
    """Looks at every screen that passes by."""
    def lines(self):
        lines = super().lines()
        for line in lines:
            azl.check(line.isascii() and len(line) <= 60, f"not ASCII or too wide: {line!r}")
        return lines


def newcomer_on_a_vt100():
    with azl.Rehearsal(leap=False, approve="manual") as r, AsciiTerminal(r, 60, 20, "vt100", LC_ALL="C") as t:
        def sign_in(code, text):
            azl.check("No square here" in text and r.ready()["base"] + "/devicelogin" in text, text)
            r.sandbox("POST", "/sandbox/approve", {"user_code": code})
        walk(t, r, sign_in)


def test_the_newcomers_walk():
    need_tmux()
    azl.side_by_side([newcomer_approved_by_code, newcomer_approved_by_itself, newcomer_on_the_page, newcomer_on_a_vt100])


def test_the_square_on_a_small_screen():
    """At 60x20 the address stands whole below the square, and the square still reads."""
    need_tmux()
    with azl.Rehearsal(leap=False, approve="manual") as r, Terminal(r, 60, 20) as t:
        t.wait("2 Sign in to Azure", "NotYet")
        t.keys("2", "Enter")
        read_code(t)
        address = r.ready()["base"] + "/devicelogin"
        text = t.wait(address)  # the last line of the frame
        lines = text.split("\n")
        at = [i for i, line in enumerate(lines) if line.strip() == address]
        azl.equal(len(at), 1, "the address alone on a line\n" + text)
        azl.check(not any("\u2588" in line for line in lines[at[0]:]), "the square goes on below the address\n" + text)
        check_square(t, "\n".join(lines[:at[0]]), address)
        t.keys("Escape")
        t.wait("1 Register this cluster")
        azl.wait_for(lambda: r.json("status", ok=None) and "signed out" in t.text(), 5, "leaving gives the code up")
        r.sandbox("POST", "/sandbox/approve", {"user_code": "*"})


def test_the_command_line_on_a_terminal_and_off_it():
    """On a terminal the code with its square, the review and a question; off it plain lines."""
    need_tmux()
    with azl.Rehearsal(leap=False, approve="manual") as r:
        r.run("cluster", "create", "cluster1", "--node", "node1", ok=0)
        args = [a for a in r.register_args() if a != "--yes"]
        p = r.run(*args, ok=2)
        azl.check("add --yes" in p.stderr, p.stderr)
        with Terminal(r, 80, 40, command=shlex.join([azl.PROGRAM, *args, *r.extra]) + "; echo code $?; exec sleep 30") as t:
            text = t.wait("and type the code", "Waiting for you; Ctrl-C leaves.")
            check_square(t, text, r.ready()["base"] + "/devicelogin")
            azl.equal(r.writes(), [], "written before the question")
            r.sandbox("POST", "/sandbox/approve", {"user_code": "*"})
            t.wait("This will be done:", "Type yes to go on:")
            azl.equal(r.writes(), [], "written before the answer")
            t.write("yes")
            t.keys("Enter")
            t.wait("Done in", "code 0", seconds=60)
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")
        p = r.register()
        azl.check("\033" not in p.stdout + p.stderr and "\u2588" not in p.stdout and "\r" not in p.stdout, repr(p.stdout))


# ---- 3 to 6: closed terminals, dead cores, two consoles, sizes ----

def ready_to_register(**kw):
    """A cluster and a sign-in, made by the command line; the run takes a few seconds."""
    r = azl.Rehearsal(leap=False, instant=False, **kw)
    r.run("cluster", "create", "cluster1", "--node", "node1", ok=0)
    r.run("sign-in", ok=0)
    return r


def start_run(t, r):
    t.wait("Clustered", "anna@contoso")
    t.keys("1", "Enter")
    choose_where(t, r)
    read_review(t, r)
    t.wait("Registering cluster1 step", "[RUN ]", "Safe to leave")


def run_state(r):
    return r.json("operations")["runs"][0]["state"]


def closed_terminal():
    with ready_to_register() as r:
        with Terminal(r) as t:
            start_run(t, r)
            core, mine = r.core_pid(), t.program()
            azl.equal(run_state(r), "running", "the run before the terminal is closed")
            t.tmux("kill-session", "-t", "a")
        azl.wait_for(lambda: not os.path.exists(f"/proc/{mine}"), 5, "the console to end with its terminal")
        azl.equal(r.core_pid(), core, "the core lives on")
        with Terminal(r) as t:
            t.wait("running" if run_state(r) == "running" else "Clustered")
            t.keys("1", "Enter")
            t.wait("Tie the nodes to the cluster", seconds=30)
            see_the_end(t, r)
        azl.equal(len(r.json("operations")["runs"]), 1, "runs")


def killed_core():
    with ready_to_register() as r:
        with Terminal(r) as t:
            start_run(t, r)
            dead = r.core_pid()
            r.kill_core()
            t.wait("The run waits for a sign-in", "i sign in", seconds=10)
            azl.check(r.core_pid() not in (0, dead), "no core was started anew")
            t.tmux("kill-session", "-t", "a")
            r.kill_core()
        with Terminal(r) as t:
            t.wait("1 Register this cluster", "waits for sign-in", "signed out", seconds=30)
            t.keys("1", "Enter")
            t.wait("The run waits for a sign-in", "i sign in")
            t.keys("i")
            t.wait("Type this code there")
            t.wait("Signed in as", seconds=30)
            t.keys("Escape")
            see_the_end(t, r)
        azl.equal(len(r.json("operations")["runs"]), 1, "runs")


def two_consoles():
    with ready_to_register() as r, Terminal(r) as t, Terminal(r, 60, 20, "vt100", LC_ALL="C") as other:
        other.wait("Clustered", "NotYet")
        start_run(t, r)
        other.wait("running")
        other.keys("1", "Enter")
        other.wait("Registering cluster1", "[RUN ]")
        for one in (t, other):
            one.wait("Done:", seconds=60)
            one.keys("Escape")
        at_home(t, r)
        other.wait("Clustered", "Registered", "Connected", "done: cluster1")
        azl.equal(len(r.json("operations")["runs"]), 1, "runs")


def sizes():
    with ready_to_register() as r, Terminal(r) as t:
        t.wait("Clustered", "anna@contoso")
        t.keys("1", "Enter")
        t.wait("Step 2 of 3: Where", "Contoso-Prod-HCI", seconds=30)
        t.keys("Tab", "Tab", "Tab", "C-u")
        t.write("typed-before")
        for cols, rows, wanted in ((60, 20, "Step 2 of 3"), (132, 43, "Step 2 of 3: Where"), (50, 10, "azloconf needs 60x20, this is 50x10"),
                                   (80, 24, "Step 2 of 3: Where")):
            t.resize(cols, rows)
            if rows < 20:
                azl.equal(" ".join(t.wait(wanted).split()), wanted + ". Enlarge, or run --plain: p does it here, q leaves.", "one sentence")
                continue
            t.wait(wanted, "[typed-before", last="Esc back")
            lines = t.lines()[:rows]
            azl.equal(max(map(len, lines)) <= cols, True, f"size {cols}x{rows}\n" + "\n".join(lines))
            azl.check(any(len(line) > cols - 4 for line in lines), f"drawn for another width than {cols}\n" + "\n".join(lines))
        t.keys("C-u")
        t.write("cluster1-rg")
        t.keys("BTab")
        t.wait("> Region [")
        t.keys("BTab", "BTab")
        choose_where(t, r)
        read_review(t, r, group="typed")
        for cols, rows in ((60, 20), (132, 43), (50, 10), (80, 24)):
            t.resize(cols, rows)
            if rows < 20:
                t.wait("needs 60x20, this is 50x10")
            else:
                t.wait("Regist", last="Esc back")
        see_the_end(t, r)


def test_closed_killed_shared_resized():
    need_tmux()
    azl.side_by_side([closed_terminal, killed_core, two_consoles, sizes])


# ---- 7: the terminal as it was found ----

WAYS_OUT = [("q", lambda t: t.keys("q"), 0), ("Ctrl-C", lambda t: t.keys("C-c"), 0),
            ("15 Exit to shell", lambda t: t.keys("1", "5", "Enter"), 0),
            ("SIGTERM", signal.SIGTERM, 143), ("SIGHUP", signal.SIGHUP, 129), ("SIGINT", signal.SIGINT, 130),
            ("SIGQUIT", signal.SIGQUIT, 131), ("SIGABRT", signal.SIGABRT, 134), ("SIGSEGV", signal.SIGSEGV, 139)]


def left_as_found(r, number, term, name, act, code):
    note = os.path.join(r.top, f"way{number}")
    odd = "stty -echoctl ixany intr ^G eof ^T"  # not the usual settings: going to 'sane' would show
    console = shlex.join([azl.PROGRAM, *r.extra])
    line = (f"{odd}; stty -g >{note}.before; {console}; echo $? >{note}.code; stty -g >{note}.after; "
            f"mv {note}.after {note}.end; echo back; exec sleep 30")
    with Terminal(r, term=term, command=line) as t:
        t.wait("1 Register this cluster", "NotYet")
        azl.equal(t.ask("alternate_on"), "1", "another screen while it runs")
        if callable(act):
            act(t)
        else:
            os.kill(t.program(), act)
        azl.wait_for(lambda: os.path.exists(note + ".end"), 10, f"the console to end by {name}")
        with open(note + ".code", encoding="ascii") as f:
            azl.equal(int(f.read()), code, f"exit code of {name}")
        with open(note + ".before", encoding="ascii") as b, open(note + ".end", encoding="ascii") as a:
            azl.equal(a.read(), b.read(), f"stty after {name}")
        t.wait("back")
        azl.equal([t.ask(x) for x in ("alternate_on", "cursor_flag", "keypad_flag", "keypad_cursor_flag", "insert_flag")],
                  ["0", "1", "0", "0", "0"], f"screen, cursor, keypad after {name}")
        azl.check("Register this cluster" not in t.text(), f"the screen is still there after {name}\n" + t.text())


def test_the_terminal_is_left_as_it_was_found():
    need_tmux()
    with azl.Rehearsal(leap=False) as r:
        r.run("status")
        azl.side_by_side([lambda n=n, w=w: left_as_found(r, n, "tmux-256color" if n % 2 else "xterm-256color", *w)
                          for n, w in enumerate(WAYS_OUT)])


# ---- 8: terminals that cannot, and colours ----

def in_pty(r, keys=b"", until=None, **env):
    """Everything that the console writes to a terminal of 80x24, and its exit code."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    whole = {k: v for k, v in dict(r.env, **env).items() if v is not None}
    p = subprocess.Popen([azl.PROGRAM, *r.extra], stdin=child, stdout=child, stderr=child, env=whole, start_new_session=True)
    os.close(child)
    out, end = b"", time.time() + 15
    while time.time() < end:
        if select.select([parent], [], [], 0.05)[0]:
            try:
                out += os.read(parent, 65536)
            except OSError:
                break
        elif p.poll() is not None:
            break
        if keys and until and until in out:
            os.write(parent, keys)
            keys = b""
    p.poll() is None and p.kill()
    code = p.wait()
    os.close(parent)
    return out, code


def test_a_terminal_that_cannot_place_text_gets_the_plain_face():
    with azl.Rehearsal(leap=False) as r:
        for term in ("dumb", "unknown", "", None):
            out, code = in_pty(r, keys=b"15\n", until=b"all items.", TERM=term)
            text = " ".join(out.decode().split())
            azl.equal(code, 0, f"exit code with TERM={term}: {text}")
            azl.check(b"\033" not in out, f"control bytes with TERM={term}: {out!r}")
            azl.check("ClusterStatus: NotYet." in text and "azloconf left." in text, text)
            azl.equal("terminal type" in text, term != "dumb", f"why it is plain, with TERM={term}: {text}")
            azl.check(term in ("dumb", None) or f'"{term}"' in text, f"the name of the terminal is not named: {text}")
        p = r.run(ok=0)
        azl.check("ClusterStatus: NotYet." in p.stdout and "azloconf left." in p.stdout and not p.stderr, p.stdout + p.stderr)


def colours(out):
    """The parameters of SGR sequences that choose a colour."""
    found = []
    for m in re.finditer(rb"\033\[([0-9;:]*)m", out):
        for n in re.split(rb"[;:]", m.group(1)):
            if n and (30 <= int(n) <= 38 or 40 <= int(n) <= 48 or 90 <= int(n) <= 107):
                found.append(m.group())
    return found


def test_no_color_and_mono_terminals_have_no_colour():
    with azl.Rehearsal(leap=False) as r:
        r.run("status")
        plain = dict(TERM="xterm-256color", NO_COLOR=None)
        for env, wanted in ((plain, True), (dict(plain, NO_COLOR="1"), False), (dict(plain, TERM="vt100"), False),
                            (dict(plain, NO_COLOR=""), True), (dict(plain, TERM="linux", NO_COLOR="1"), False)):
            out, code = in_pty(r, keys=b"q", until=b"NotYet", **env)
            azl.equal(code, 0, f"exit code with {env}: {out[-300:]!r}")
            azl.check(b"Register this cluster" in out, f"no home screen with {env}")
            azl.equal(bool(colours(out)), wanted, f"colours with {env}: {colours(out)[:5]}")
            azl.check(wanted or b"\033]4;" not in out, f"the palette is touched with {env}")


if __name__ == "__main__":
    azl.main()
