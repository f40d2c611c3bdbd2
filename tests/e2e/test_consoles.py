#!/usr/bin/env python3
"""Several consoles and commands at one core; a command that is killed does not stop the work."""
import fcntl
import json
import os
import signal
import socket
import subprocess
import time

import azl


def test_two_registers_at_once():
    with azl.Rehearsal(leap=False, instant=False) as r:
        r.prepare()
        first, second = r.start(*r.register_args()), r.start(*r.register_args())
        out = [p.communicate(timeout=120)[0] for p in (first, second)]
        codes = sorted([first.returncode, second.returncode])
        azl.equal(codes, [0, 75], f"exit codes; {out}")
        azl.equal(len(r.writes()), len(set(r.writes())), "a write was made twice")


def test_the_work_goes_on_when_the_command_is_killed():
    with azl.Rehearsal(leap=False, instant=False) as r:
        r.prepare()
        p = r.start(*r.register_args())
        azl.wait_for(lambda: r.json("operations")["runs"], 20, "the run to start")
        p.kill()
        p.communicate()
        azl.wait_for(lambda: r.json("operations")["runs"][0]["state"] == "done", 60, "the run to end without its command")
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")


def test_two_watchers_see_the_same():
    with azl.Rehearsal(leap=False) as r:
        r.prepare()
        watchers = [r.start("status", "--watch", "--output", "json") for _ in range(2)]
        r.register()
        time.sleep(0.7)
        for w in watchers:
            w.send_signal(signal.SIGINT)
            out = w.communicate(timeout=20)[0]
            azl.equal(w.returncode, 3, "a watcher left by the user")
            azl.check('"Registered"' in out and '"NotYet"' in out, out)


def test_a_console_of_another_protocol_number_is_told_so():
    with azl.Rehearsal(leap=False) as r:
        r.run("status")
        sockets = [os.path.join(d, f) for d, _, fs in os.walk(r.run_dir) for f in fs if f.endswith(".sock")]
        azl.equal(len(sockets), 1, "sockets")
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(sockets[0])
        s.sendall(b'{"hello":{"protocol":99,"program":"azloconf","version":"9.9"}}\n{"intent":{"id":1,"name":"status","args":{}}}\n')
        text = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            text += part
        lines = [json.loads(line) for line in text.decode().splitlines()]
        azl.check(any("error" in line.get("answer", {}) and "protocol" in line["answer"]["error"]["message"] for line in lines), text)


def test_a_foreign_uid_is_refused():
    if os.getuid() != 0:
        raise azl.Skip("only root can become another user")
    with azl.Rehearsal(leap=False) as r:
        r.run("status")
        path = [os.path.join(d, f) for d, _, fs in os.walk(r.run_dir) for f in fs if f.endswith(".sock")][0]
        # the folder is 0700, so an open descriptor of it stands in for a mistake in its rights
        code = ("import os,socket,sys\nos.setgid(65534);os.setuid(65534)\ns=socket.socket(socket.AF_UNIX);s.settimeout(10)\n"
                "s.connect(sys.argv[1])\nout=b''\n"
                "try: s.sendall(b'{\"hello\":{\"protocol\":1,\"program\":\"x\",\"version\":\"1\"}}\\n"
                "{\"intent\":{\"id\":1,\"name\":\"status\",\"args\":{}}}\\n')\nexcept OSError: pass\n"
                "try:\n while True:\n  p=s.recv(65536)\n  if not p: break\n  out+=p\nexcept ConnectionError: pass\nprint(out.decode())\n")
        for d in (r.top, r.run_dir, os.path.dirname(path)):
            os.chmod(d, 0o755)
        os.chmod(path, 0o777)
        p = subprocess.run(["python3", "-c", code, path], text=True, capture_output=True, timeout=30)
        azl.check('"sections"' not in p.stdout and '"result"' not in p.stdout, p.stdout)
        azl.check("error" in p.stdout or "may_act" in p.stdout, p.stdout + p.stderr)


def test_a_predecessor_that_still_holds_the_folder():
    """A sandbox that is just ending keeps its folder's lock for a while: the next core waits for it, and then works."""
    with azl.Rehearsal(leap=False) as r:
        folder = os.path.join(r.state, "sandbox")
        os.makedirs(folder, 0o700, exist_ok=True)
        os.chmod(r.state, 0o700)
        with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            p = r.start("sign-in")
            azl.wait_for(lambda: r.core_log().count("is held by process") >= 2, 20, "two tries")
            azl.equal(p.poll(), None, "it gave up")
            azl.check(not os.path.exists(os.path.join(folder, "ready.json")), "it did not wait")
        out = p.communicate(timeout=30)[0]
        azl.equal(p.returncode, 0, out)


azl.main()
