#!/usr/bin/env python3
"""Bad input of every kind ends in a clear sentence that says what to do, and nothing is lost."""
import contextlib
import os
import socket
import ssl
import subprocess
import threading

import azl


def clear_error(p, *words, codes=(1, 2, 4, 5)):
    azl.check(p.returncode in codes, f"exit {p.returncode}: {p.stdout}{p.stderr}")
    text = p.stderr.strip()
    azl.check(len(text) > 20 and "Traceback" not in text, f"no sentence: {text!r}")
    azl.check(all(ord(ch) >= 32 or ch == "\n" for ch in text), f"control characters: {text!r}")
    for w in words:
        azl.check(w.lower() in text.lower(), f"{w!r} is not in: {text}")


def test_values_of_register():
    with azl.Rehearsal() as r:
        r.prepare()
        ready = r.ready()
        good = {"subscription-id": ready["subscription"], "tenant-id": ready["tenant"], "region": "eastus"}
        cases = [
            ("subscription-id", "not-a-guid", ["subscription"]),
            ("subscription-id", good["subscription-id"][:-1], ["subscription"]),
            ("tenant-id", "12345", ["tenant"]),
            ("region", "east us; rm -rf /", ["region"]),
            ("region", "marsnorth", ["marsnorth", "East US"]),
            ("resource-name", "x" * 300, ["name"]),
            ("resource-name", "a\x1b[31mb", ["name"]),
            ("resource-name", "../../etc", ["name"]),
            ("resource-group-name", "ends-with-dot.", ["group"]),
            ("resource-group-name", "g\u202eroup/", ["group"]),
        ]
        for option, value, words in cases:
            args = ["register", "--yes"]
            for k, v in dict(good, **{option: value}).items():
                args += [f"--{k}", v]
            clear_error(r.run(*args), *words)
        azl.equal([w for w in r.writes() if "/clusters/" in w[1]], [], "something was made")
        r.register()


def test_usage():
    with azl.Rehearsal() as r:
        for args, word in ((["statuss"], "statuss"), (["status", "--wach"], "wach"), (["register"], "subscription-id"),
                           (["status", "--output", "xml"], "xml"), (["operations", "show"], "operations"), (["cluster", "make"], "cluster"),
                           (["cluster", "create", "bad name!"], "name"), (["operations", "show", "../../etc/passwd"], "operation")):
            clear_error(r.run(*args), word, codes=(1, 2))


def test_a_subscription_of_another_tenant_and_a_disabled_one():
    with azl.Rehearsal() as r:
        r.prepare()
        ready = r.ready()
        subs = r.world()["sections"]["subscriptions"] if "sections" in r.world() else r.world()["subscriptions"]
        other = [s for s in subs if s["tenantId"] != ready["tenant"]][0]
        p = r.run("register", "--yes", "--subscription-id", other["subscriptionId"], "--tenant-id", ready["tenant"], "--region", "eastus")
        clear_error(p)
        disabled = [s for s in subs if s["state"] == "Disabled" and s["tenantId"] == ready["tenant"]][0]
        p = r.run("register", "--yes", "--subscription-id", disabled["subscriptionId"], "--tenant-id", ready["tenant"], "--region", "eastus")
        clear_error(p, "disabled")


@contextlib.contextmanager
def hostile(ready, reply):
    """A TLS server with the sandbox's own certificate that answers every request with the same bytes."""
    folder = os.path.dirname(ready["ca"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(16)
    stop = threading.Event()

    def serve():
        s.settimeout(0.2)
        while not stop.is_set():
            try:
                raw, _ = s.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            try:
                raw.settimeout(5)
                with context.wrap_socket(raw, server_side=True) as c:
                    c.recv(65536)
                    c.sendall(reply)
            except OSError:
                pass

    t = threading.Thread(target=serve, daemon=True)
    t.start()
    try:
        yield s.getsockname()[1]
    finally:
        stop.set()
        t.join()
        s.close()


def http(body, kind="application/json", status="200 OK"):
    return (f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body


def test_a_hostile_cloud():
    bodies = {
        "ten megabytes": http(b'{"a":"' + b"x" * (10 << 20) + b'"}'),
        "deep JSON": http(b"[" * 100000 + b"]" * 100000),
        "HTML": http(b"<html><body>Please log in to the proxy</body></html>", "text/html"),
        "wrong types": http(b'{"name":7,"authentication":[],"resourceManager":{"x":1}}'),
        "a bare number": http(b"42"),
        "control characters": http(b'{"name":"a\\u001b[2J","authentication":{"loginEndpoint":"javascript:alert(1)"},"resourceManager":"http://evil/"}'),
    }
    with azl.Rehearsal() as r:
        r.run("status")
        ready = r.ready()
        for name, reply in bodies.items():
            with hostile(ready, reply) as port:
                state = os.path.join(r.top, "hostile-" + name.replace(" ", "-"))
                args = [azl.PROGRAM, "sign-in", "--state-dir", state, "--cloud-endpoint", f"https://127.0.0.1:{port}", "--ca-file", ready["ca"]]
                p = subprocess.run(args, env=r.env, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
                stop_core(state)
                azl.check(p.returncode != 0, f"{name}: exit 0")
                clear_error(p)


def stop_core(state):
    try:
        with open(os.path.join(state, "core.lock"), encoding="ascii") as f:
            os.kill(int(f.read()), 15)
    except (OSError, ValueError):
        pass


def test_an_untrusted_certificate():
    with azl.Rehearsal() as r:
        r.run("status")
        ready = r.ready()
        state = os.path.join(r.top, "untrusted")
        p = subprocess.run([azl.PROGRAM, "sign-in", "--state-dir", state, "--cloud-endpoint", ready["base"]], env=r.env, text=True,
                           capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        stop_core(state)
        clear_error(p, "certificate")


@contextlib.contextmanager
def small_disk(top, size):
    if os.getuid() != 0:
        raise azl.Skip("only root can mount a small file system")
    path = os.path.join(top, "disk")
    os.mkdir(path, 0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", path], capture_output=True).returncode != 0:
        raise azl.Skip("this machine does not let us mount a tmpfs")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=False)


def test_a_full_disk():
    with azl.Rehearsal() as base, small_disk(base.top, "4m") as disk:
        state = os.path.join(disk, "state")
        with azl.Rehearsal(state=state) as r:
            r.prepare()
            r.sandbox("GET", "/sandbox/faults")
            filler = os.path.join(disk, "filler")
            fd = os.open(filler, os.O_CREAT | os.O_WRONLY)
            with contextlib.suppress(OSError):
                while True:
                    os.write(fd, b"x" * 4096)
            os.close(fd)
            p = r.run(*r.register_args())
            clear_error(p, "space")
            os.unlink(filler)
            r.register()
            azl.equal(r.status()["RegistrationStatus"], "Registered", "after there was room again")


def test_a_read_only_state_folder():
    with azl.Rehearsal() as base, small_disk(base.top, "16m") as disk:
        state = os.path.join(disk, "state")
        with azl.Rehearsal(state=state) as r:
            r.prepare()
            r.kill_core(15)
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            p = r.run("status")
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
            azl.check("read-only" in (p.stdout + p.stderr).lower(), p.stdout + p.stderr)
            r.kill_core(15)
            azl.equal(r.status()["ClusterStatus"], "Clustered", "nothing was lost")


azl.main()
