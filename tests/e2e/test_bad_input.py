#!/usr/bin/env python3
"""Bad input of every kind ends in a clear sentence that says what to do, and nothing is lost."""
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

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
                           (["status", "--output", "xml"], "xml"), (["log", "x"], "\"x\""), (["sign-in", "x"], "\"x\""),
                           (["register", "--region", "--yes"], "--region needs a value"), (["operations", "show"], "operations"), (["cluster", "make"], "cluster"),
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
    """A TLS server with the sandbox's own certificate that answers every request with the same bytes, or with those that
    reply(request, port) names."""
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
                    request = c.recv(65536)
                    c.sendall(reply(request, s.getsockname()[1]) if callable(reply) else reply)
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


def test_a_cloud_that_turns_hostile_after_the_sign_in():
    bodies = {  # what is no JSON at all is repeated with growing pauses: the metadata and the fault "garbage" show that
        "wrong types": http(b'{"value":{"subscriptionId":7},"nextLink":[],"id":false,"state":{},"error":3}'),
        "control characters": http(b'{"error":{"code":"\\u001b[31mX","message":"\\u001b[2J\\u202egone"}}', status="403 Forbidden"),
    }
    with azl.Rehearsal() as r:
        r.run("status")
        ready = r.ready()
        agent = ready["nodes"][0]
        metadata = json.dumps(r.sandbox("GET", "/metadata/endpoints?api-version=2022-09-01"))
        for name, body in bodies.items():
            def reply(request, port, body=body):
                if b"/metadata/endpoints" not in request.split(b"\r\n")[0]:
                    return body
                # who signs in is the sandbox's own affair; only Resource Manager is here
                cloud = json.loads(metadata)
                cloud["resourceManager"] = f"https://127.0.0.1:{port}"
                return http(json.dumps(cloud).encode())

            with hostile(ready, reply) as port:
                state = os.path.join(r.top, "turned-" + name.replace(" ", "-"))
                common = ["--state-dir", state, "--cloud-endpoint", f"https://127.0.0.1:{port}", "--ca-file", ready["ca"],
                          "--himds-endpoint", agent["himds"], "--azcmagent", agent["azcmagent"], "--tokens-dir", agent["tokensDir"]]

                def run(*args, common=common):
                    return subprocess.run([azl.PROGRAM, *args, *common], env=r.env, text=True, capture_output=True,
                                          stdin=subprocess.DEVNULL, timeout=60)

                p = run("cluster", "create", "C1")
                azl.equal(p.returncode, 0, f"{name}: cluster create: {p.stdout}{p.stderr}")
                p = run("sign-in")
                azl.equal(p.returncode, 0, f"{name}: sign-in: {p.stdout}{p.stderr}")
                p = run("register", "--yes", "--subscription-id", ready["subscription"], "--tenant-id", ready["tenant"], "--region", "eastus")
                status = run("status", "--output", "json")
                stop_core(state)
                clear_error(p, codes=(1, 5))
                azl.check("looking" in p.stderr, f"{name}: it did not come so far: {p.stderr}")
                azl.equal(json.loads(status.stdout)["RegistrationStatus"], "NotYet", name)


def test_names_of_clusters_and_nodes():
    with azl.Rehearsal() as r:
        for name in ("x" * 300, "a\x1b[31mb", "", "\u202eabc", "..", "-rf", "\udcff"):
            clear_error(r.run("cluster", "create", name), "name", codes=(2,))
        for node in ("n\x07x", "y" * 200, "../n", ""):
            clear_error(r.run("cluster", "create", "CLUSTER-A", "--node", node), codes=(1, 2))
        azl.equal(r.status()["ClusterStatus"], "NotYet", "a cluster was made")


def stop_core(state):
    try:
        with open(os.path.join(state, "core.lock"), encoding="ascii") as f:
            os.kill(int(f.read()), 15)
    except (OSError, ValueError):
        pass


def test_options_that_only_the_core_can_judge():
    with azl.Rehearsal() as r:
        for options, wanted in ((["--cloud-endpoint", "http://127.0.0.1:1"], "an https address is needed"),
                                (["--clock-rate", "x"], "a whole number")):
            start = time.time()
            p = subprocess.run([azl.PROGRAM, "status", "--state-dir", r.state, *options], env=r.env, text=True, capture_output=True,
                               stdin=subprocess.DEVNULL, timeout=60)
            azl.equal(p.returncode, 2, f"{options}: {p.stderr}")
            azl.check(wanted in p.stderr, p.stderr)
            azl.check(time.time() - start < 5, f"{options}: the answer took {time.time() - start:.0f} s")


def test_a_core_with_other_options_is_not_taken_for_ours():
    with azl.Rehearsal(nodes=2) as r:
        r.run("status", ok=0)
        pid = r.core_pid()
        for args, wanted in ((["--state-dir", r.state], "--sandbox"),
                             (["--state-dir", r.state, "--cloud-endpoint", "https://other.example"], "--sandbox"),
                             (["--sandbox", "--state-dir", r.state, "--nodes", "3"], "--nodes"),
                             (["--sandbox", "--state-dir", r.state, "--clock-rate", "7"], "--clock-rate"),
                             (["--sandbox", "--state-dir", r.state, "--ca-file", os.devnull], "--ca-file")):
            p = subprocess.run([azl.PROGRAM, "status", *args], env=r.env, text=True, capture_output=True, stdin=subprocess.DEVNULL,
                               timeout=60)
            azl.equal(p.returncode, 2, f"{args}: {p.stdout}{p.stderr}")
            azl.check(f"was started with other options: {wanted}." in p.stderr and str(pid) in p.stderr, p.stderr)
        azl.equal(r.core_pid(), pid, "the core works on")
        p = subprocess.run([azl.PROGRAM, "status", "--sandbox", "--state-dir", r.state, "--nodes", "2"], env=r.env, text=True,
                           capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        azl.equal(p.returncode, 0, p.stderr)


def test_a_rehearsal_and_a_real_cluster_never_share_a_folder():
    with azl.Rehearsal() as r:
        def status(*args):
            p = subprocess.run([azl.PROGRAM, "status", "--state-dir", r.state, *args], env=r.env, text=True, capture_output=True,
                               stdin=subprocess.DEVNULL, timeout=60)
            r.kill_core(signal.SIGTERM)
            return p.returncode, p.stderr
        azl.equal(status()[0], 0, "a real folder")
        for args in (["--sandbox"], ["--sandbox", "--fresh"]):
            code, text = status(*args)
            azl.check(code == 1 and "is the folder of a real cluster" in text, text)
            azl.check(os.path.exists(os.path.join(r.state, "store")), "the real cluster's state was removed")
        azl.equal(status()[0], 0, "the real folder afterwards")
        r.state = os.path.join(r.top, "other")
        azl.equal(status("--sandbox")[0], 0, "a rehearsal's folder")
        code, text = status()
        azl.check(code == 1 and "holds a rehearsal: add --sandbox" in text, text)


def test_what_is_said_before_a_browser_is_needed():
    with azl.Rehearsal(approve="manual") as r:
        r.run("status", ok=0)
        p = r.register(ok=1, timeout=20)
        azl.check("no cluster" in p.stderr and "azloconf cluster create" in p.stderr, p.stderr)
        p = r.run("operations", "show", "zzz", ok=1)
        azl.check("There is no operation zzz." in p.stderr, p.stderr)
        p = r.run("operations", "resume", "zzz", ok=1)
        azl.check("There is no operation zzz." in p.stderr, p.stderr)


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

            def remounted(how):  # busy until the sandbox, which ends with its core, has closed its log
                return subprocess.run(["mount", "-o", "remount," + how, disk], check=False).returncode == 0
            azl.wait_for(lambda: remounted("ro"), 15, "the folder to be read-only")
            p = r.run("status")
            azl.check(remounted("rw"), "the folder stays read-only")
            azl.check("read-only" in (p.stdout + p.stderr).lower(), p.stdout + p.stderr)
            r.kill_core(15)
            azl.equal(r.status()["ClusterStatus"], "Clustered", "nothing was lost")


azl.main()
