#!/usr/bin/env python3
"""A browser on another machine, behind a real ssh -L: what README says about it, word for word.

The other machine is 127.0.0.2: azloconf listens on 127.0.0.1 and ::1 alone, so whoever asks there gets nothing unless the tunnel brings it. sshd is
Debian's openssh-server, an ordinary process of the test's with a host key and a configuration of its own.
"""
import contextlib
import os
import pwd
import re
import shutil
import socket
import subprocess

import azl
from test_sign_in_ways import LOOPBACK, Hunt, begin_browser, bound_to, judge

FAR = "127.0.0.2"
TUNNEL = "0200007F"  # as /proc/net writes it


def free_port():
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def said_in_readme():
    """The commands of README's paragraph, with PORT in place of its example."""
    with open(os.path.join(azl.SRC, "README.md"), encoding="utf-8") as f:
        text = f.read()
    ssh = re.search(r"ssh -L (\d+):localhost:\1 NODE", text)
    azl.check(ssh, "README does not show the tunnel")
    azl.check(f"azloconf sign-in --browser --port {ssh.group(1)}" in text, "README does not show the sign-in to the tunnel")
    return ssh.group(0).split()[1:3], ssh.group(1)


class Tunnel:
    """sshd, and an ssh that holds -L open."""

    def __init__(self, top, forward):
        self.sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        if not self.sshd or not shutil.which("ssh"):
            raise azl.Skip("OpenSSH is missing: Debian's openssh-server and openssh-client bring sshd and ssh")
        self.top, self.forward, self.children = os.path.join(top, "ssh"), forward, []
        # root's sshd would want a folder and a user of its own; any other user's serves that user alone
        self.user = pwd.getpwnam("daemon") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

    def _key(self, name):
        path = os.path.join(self.top, name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, stdin=subprocess.DEVNULL)
        with open(path + ".pub", encoding="ascii") as f:
            return path, f.read()

    def __enter__(self):
        os.mkdir(self.top, 0o755)
        os.chmod(os.path.dirname(self.top), 0o711)
        host, host_pub = self._key("host")
        own, own_pub = self._key("own")
        port = free_port()
        files = {"known": f"[127.0.0.1]:{port} {host_pub}", "allowed": own_pub,
                 "config": f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host}\nAuthorizedKeysFile {self.top}/allowed\nPidFile none\nUsePAM no\n"
                           "StrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"}
        for name, text in files.items():
            with open(os.path.join(self.top, name), "w", encoding="ascii") as f:
                f.write(text)
        if os.geteuid() == 0:
            os.chown(host, self.user.pw_uid, self.user.pw_gid)
        self.log = open(os.path.join(self.top, "log"), "wb")
        as_whom = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        self._start([self.sshd, "-D", "-e", "-f", os.path.join(self.top, "config")], **as_whom)
        azl.wait_for(lambda: self._open("127.0.0.1", port), 10, "sshd")
        self._start(["ssh", "-F", "none", "-N", "-p", str(port), "-i", own, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o",
                     "UserKnownHostsFile=" + os.path.join(self.top, "known"), "-o", "ExitOnForwardFailure=yes", *self.forward, self.user.pw_name + "@127.0.0.1"])
        return self

    def _start(self, argv, **kw):
        self.children.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, **kw))

    def _open(self, host, port):
        for p in self.children:
            if p.poll() is not None:
                with open(self.log.name, encoding="utf-8", errors="replace") as f:
                    raise azl.Failed(f"{p.args[0]} ended: {f.read()}")
        with contextlib.closing(socket.socket()) as s:
            return s.connect_ex((host, port)) == 0

    def wait_open(self, host, port):
        azl.wait_for(lambda: self._open(host, port), 10, "the tunnel")

    def __exit__(self, *exc):
        for p in reversed(self.children):
            p.terminate()
            p.wait(10)
        self.log.close()


def test_a_browser_behind_ssh():
    forward, example = said_in_readme()
    with azl.Rehearsal(approve="manual", sandbox=["--log-secrets"]) as r:
        r.cluster()
        port = free_port()

        def browse(url, *args):  # the browser of the other machine: its localhost is that machine
            return subprocess.run(["curl", "-sS", "-L", "--noproxy", "*", "--max-time", "20", "--cacert", r.ready()["ca"], "--resolve",
                                   f"localhost:{port}:{FAR}", *args, url], capture_output=True, text=True, check=False)
        forward[1] = f"{FAR}:" + forward[1].replace(example, str(port))
        with Hunt() as hunt:
            with Tunnel(r.top, forward) as tunnel:
                p, address = begin_browser(r, "--port", str(port))
                azl.check(address.startswith(f"http://localhost:{port}/"), address)
                tunnel.wait_open(FAR, port)
                azl.check({LOOPBACK[0], TUNNEL} <= bound_to(port) <= {*LOOPBACK, TUNNEL}, f"{bound_to(port)}")
                page = browse(address).stdout
                azl.check("Are you trying to sign in?" in page, page)
                handle = re.search(r'name="id" value="([^"]+)"', page).group(1)
                page = browse(r.ready()["base"] + "/login/session", "-d", "answer=approve", "--data-urlencode", "id=" + handle)
                azl.check("You are nearly there" in page.stdout, str(page))
                out = p.communicate(timeout=30)[0]
                azl.equal(p.returncode, 0, out)
            azl.equal(browse(address).returncode, 7, "without the tunnel nothing answers there")
            done = r.register()
        form = next(x["reqBody"] for x in r.exchanges() if "authorization_code" in str(x["reqBody"]))
        azl.check(f"redirect_uri=http%3A%2F%2Flocalhost%3A{port}&" in form, form)
        judge(r, hunt, [re.search(name + r"=([^&]+)", form).group(1) for name in ("code", "code_verifier")], out + done.stdout)
        azl.equal(r.status()["RegistrationStatus"], "Registered")


if __name__ == "__main__":
    azl.main()
