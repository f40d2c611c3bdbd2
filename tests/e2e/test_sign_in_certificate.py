#!/usr/bin/env python3
"""A service principal with a certificate: every form of the file that operators have, from every source of its password; what will not do is said
before anything is asked of Entra."""
import base64
import json
import os
import pty
import re
import select
import subprocess

import azl
from test_sign_in_ways import Hunt, judge, principal

WORD = "Pa:ss w\u00f6rd 1"  # blanks and a letter outside ASCII


def openssl(*args, word=None):
    p = subprocess.run(["openssl", *args], env=dict(os.environ, WORD=word or ""), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    azl.equal(p.returncode, 0, f"openssl {' '.join(args)}: {p.stderr}")


def put(r, name, text):
    path = os.path.join(r.top, name)
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as f:
        f.write(text)
    return path


def blocks(path):
    with open(path, encoding="ascii") as f:
        text = f.read()
    return {kind: "".join(m.group(0) + "\n" for m in re.finditer(f"-----BEGIN [A-Z ]*{kind}-----.*?-----END [A-Z ]*{kind}-----", text, re.S))
            for kind in ("PRIVATE KEY", "CERTIFICATE")}


def forms(r, pem):
    """The sandbox's own certificate and key in each of the forms: {name: (path, does it want the password)}."""
    parts = blocks(pem)
    issuer = os.path.join(r.top, "issuer.pem")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.devnull, "-out", issuer, "-days", "9", "-subj", "/CN=Issuer")
    with open(issuer, encoding="ascii") as f:
        parts["ISSUER"] = f.read()
    made = {}

    def p12(name, *args, word=""):
        made[name] = (os.path.join(r.top, name + ".p12"), bool(word))
        openssl("pkcs12", "-export", "-in", pem, "-out", made[name][0], "-passout", "env:WORD", *args, word=word)

    p12("pkcs12", "-certfile", issuer, word=WORD)
    p12("pkcs12 without a password")
    p12("pkcs12 in the clear", "-keypbe", "NONE", "-certpbe", "NONE", "-nomac")
    p12("pkcs12 as Windows exports it", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1", word=WORD)
    key = os.path.join(r.top, "key")
    openssl("pkcs8", "-topk8", "-in", pem, "-out", key, "-passout", "env:WORD", word=WORD)
    with open(key, encoding="ascii") as f:
        locked = f.read()
    made["pem with an encrypted key"] = (put(r, "locked.pem", locked + parts["CERTIFICATE"]), True)
    openssl("rsa", "-in", pem, "-traditional", "-aes256", "-out", key, "-passout", "env:WORD", word=WORD)
    with open(key, encoding="ascii") as f:
        made["pem of the old form"] = (put(r, "old.pem", parts["CERTIFICATE"] + f.read()), True)
    made["pem, the issuer first"] = (put(r, "chain.pem", parts["ISSUER"] + parts["CERTIFICATE"] + parts["PRIVATE KEY"]), False)
    return made, parts


def args_of(me, path, *more):
    return ["sign-in", "--service-principal", "--client-id", me["clientId"], "--tenant-id", me["tenant"], "--client-certificate", path, *more]


def posts(r):
    return sum("/oauth2/v2.0/token" in x["url"] for x in r.exchanges())


def typed(r, args, answer):
    """The program on a terminal of its own; what it asks is answered. (exit code, all that it showed)"""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(azl.PROGRAM, [azl.PROGRAM, *args, *r.extra], r.env)
    seen, asked = b"", False
    while True:
        if not select.select([fd], [], [], 30)[0]:
            raise azl.Failed(f"nothing more came after {seen!r}")
        try:
            part = os.read(fd, 4096)
        except OSError:
            part = b""
        if not part:
            break
        seen += part
        if not asked and b"(not shown): " in seen:
            asked = True
            os.write(fd, answer.encode() + b"\n")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


def test_every_form_and_source():
    with azl.Rehearsal() as r:
        r.cluster()
        me, pem = principal(r, "certificate")
        made, parts = forms(r, pem)
        word = put(r, "word", WORD + "\n")
        key_line = re.findall(r"^[A-Za-z0-9+/]{64}$", parts["PRIVATE KEY"], re.M)[3]
        out = ""
        with Hunt(allowed_env=(b"AZURE_CLIENT_CERTIFICATE_PASSWORD=",)) as hunt:
            for path, locked in made.values():
                p = r.run(*args_of(me, path, *(["--client-certificate-password-file", word] if locked else [])), ok=0)
                azl.check("Signed in as " in p.stdout, f"{path}: {p.stdout}")
                out += p.stdout + p.stderr
            path = made["pkcs12"][0]
            p = r.run(*args_of(me, path, "--client-certificate-password-fd", "0"), input=WORD, ok=0)
            code, seen = typed(r, args_of(me, path), WORD)
            azl.check(code == 0 and "The password of the certificate's key (not shown)" in seen and "Signed in as" in seen, f"{code} {seen}")
            code, wrong = typed(r, args_of(me, path), "not this")
            azl.check(code == 2 and "does not open it" in wrong, f"{code} {wrong}")
            done = r.register()
        judge(r, hunt, [WORD, key_line], out + p.stdout + p.stderr + seen + wrong + done.stdout + done.stderr)
        azl.equal(r.status()["RegistrationStatus"], "Registered")


def test_what_will_not_do_is_said_before_a_request():
    with azl.Rehearsal() as r:
        r.run("status", ok=None)
        me, pem = principal(r, "certificate")
        made, parts = forms(r, pem)
        other = os.path.join(r.top, "other")
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", other + ".key", "-out", other + ".csr", "-subj", "/CN=Old")
        openssl("x509", "-req", "-in", other + ".csr", "-signkey", other + ".key", "-days", "-1", "-out", other + ".old")
        openssl("pkcs12", "-export", "-inkey", other + ".key", "-in", other + ".old", "-out", other + ".p12", "-passout", "pass:")
        openssl("pkcs12", "-export", "-nokeys", "-in", pem, "-out", other + ".nokey.p12", "-passout", "pass:")
        openssl("pkcs12", "-export", "-in", pem, "-out", other + ".rc2.p12", "-legacy", "-passout", "env:WORD", word=WORD)
        with open(other + ".key", encoding="ascii") as k, open(other + ".old", encoding="ascii") as c:
            key, old = k.read(), c.read()
        word, bad = put(r, "word", WORD), put(r, "bad", "not this")
        right, wrong = ["--client-certificate-password-file", word], ["--client-certificate-password-file", bad]
        before = posts(r)
        for path, more, words in (
                [(path, wrong, "the password does not open it") for path, locked in made.values() if locked] +
                [(path, [], "encrypted: its password is needed") for path, locked in made.values() if locked] +
                [(put(r, "a", parts["CERTIFICATE"]), [], "holds no private key"), (other + ".nokey.p12", [], "holds no private key"),
                 (put(r, "b", parts["PRIVATE KEY"]), [], "holds no certificate"), (put(r, "c", key + parts["CERTIFICATE"]), [], "not that of the certificate"),
                 (put(r, "d", key + old), [], "has expired"), (other + ".p12", [], "has expired"), (other + ".rc2.p12", right, "RC2"),
                 (put(r, "e", "no certificate"), [], "neither PEM nor PKCS #12"), (put(r, "f", ""), [], "empty"),
                 (made["pkcs12"][0], right + ["--client-certificate-password-fd", "0"], "exclude")]):
            p = r.run(*args_of(me, path, *more), ok=2, input="")
            azl.check(words in p.stderr and "not this" not in p.stderr, f"{path}: {words} is not in: {p.stderr}")
        azl.equal(posts(r), before, "something was asked of Entra")


def test_the_variables():
    with azl.Rehearsal(sandbox=["--log-secrets"]) as r:
        r.cluster()
        me, pem = principal(r, "certificate")
        made, parts = forms(r, pem)
        base = {"AZURE_TENANT_ID": me["tenant"], "AZURE_CLIENT_ID": me["clientId"], "AZURE_CLIENT_SECRET": ""}

        def head(**more):
            r.run("sign-in", "--environment", ok=0, env=dict(base, **more))
            form = [x["reqBody"] for x in r.exchanges() if "/oauth2/v2.0/token" in x["url"]][-1]
            text = re.search("client_assertion=([^.]+)", form).group(1)
            return json.loads(base64.urlsafe_b64decode(text + "=="))

        def der(text):
            return "".join(text.split("\n")[1:]).split("-----")[0]
        chain = [der(parts["CERTIFICATE"]), der(parts["ISSUER"])]
        path, word = made["pkcs12"][0], {"AZURE_CLIENT_CERTIFICATE_PASSWORD": WORD}
        for more, want in (({}, None), ({"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "false"}, None), ({"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "True"}, chain),
                           ({"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "1"}, chain)):
            azl.equal(head(AZURE_CLIENT_CERTIFICATE_PATH=path, **word, **more).get("x5c"), want, f"x5c with {more}")
        said = head(AZURE_CLIENT_CERTIFICATE_PATH=made["pem, the issuer first"][0], AZURE_CLIENT_SEND_CERTIFICATE_CHAIN="1")
        azl.equal((said["alg"], said["x5c"]), ("PS256", chain), "the key's own first, wherever it stands in the file")
        r.register()
        before = posts(r)
        p = r.run("sign-in", "--environment", ok=2, env=dict(base, AZURE_CLIENT_CERTIFICATE_PATH=path, AZURE_CLIENT_CERTIFICATE_PASSWORD="not this"))
        azl.check("does not open" in p.stderr and "not this" not in p.stderr, p.stderr)
        p = r.run("sign-in", "--environment", ok=1, env=dict(base, AZURE_CLIENT_CERTIFICATE_PATH="/nowhere/x.pem"))
        azl.check("/nowhere/x.pem" in p.stderr, p.stderr)
        p = r.run("sign-in", "--environment", ok=2, env=base)
        azl.check("AZURE_CLIENT_CERTIFICATE_PATH" in p.stderr, p.stderr)
        azl.equal(posts(r), before, "something was asked of Entra")


if __name__ == "__main__":
    azl.main()
