#!/usr/bin/env python3
"""The core's words: always UTF-8, whatever its locale writes; and explain answers in the language of whoever asks, whatever the core's is."""
import contextlib
import gettext
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unicodedata

import azl


@contextlib.contextmanager
def locales(*names):
    """A folder with these locales, made from the C library's own sources: few machines have those of old."""
    if not shutil.which("localedef") or not os.path.isdir("/usr/share/i18n/locales"):
        raise azl.Skip("localedef or the sources of locales are missing: Debian's locales brings them")
    if not os.environ.get("AZLOCONF_LOCALEDIR"):
        raise azl.Skip("AZLOCONF_LOCALEDIR is not set: no catalogue is read")
    top = tempfile.mkdtemp(prefix="azl-locales-")
    try:
        for name in names:
            language, charset = name.split(".")
            p = subprocess.run(["localedef", "-i", language, "-f", charset, os.path.join(top, name)], capture_output=True, text=True, check=False)
            azl.check(os.path.isdir(os.path.join(top, name)), p.stderr)
        yield top
    finally:
        shutil.rmtree(top)


def said(r):
    """All that the core says to a console: its sections, an error with a C library's sentence in it, an answer to a wrong intent. Bytes."""
    path = [os.path.join(d, f) for d, _, fs in os.walk(r.run_dir) for f in fs if f.endswith(".sock")][0]
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as s:
        s.settimeout(20)
        s.connect(path)
        s.sendall(b'{"hello":{"protocol":1,"program":"test","version":"1"}}\n'
                  b'{"intent":{"id":1,"name":"sign-in","args":{"way":"browser","port":%d}}}\n{"intent":{"id":2,"name":"sign-in","args":{"tenant":"x"}}}\n'
                  b'{"watch":{"since":{"core":0,"signin":0,"cluster":0,"nodes":0,"run":0,"choices":0,"log":0}}}\n' % r.busy)
        seen = b""
        while not all(word in seen for word in (b'"sections"', b'"to":1', b'"to":2')):
            part = s.recv(1 << 16)
            azl.check(part, f"the core hung up: {seen[-300:]}")
            seen += part
        return seen


@contextlib.contextmanager
def core_in(**env):
    """A rehearsal whose core was started with this environment, and whose consoles speak English in UTF-8."""
    with azl.Rehearsal() as r, contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        r.busy = s.getsockname()[1]
        r.run("status", env=env)
        yield r


def strings_of(text):
    return text.decode("utf-8", "strict")  # what a console does with it, too


def test_a_core_of_another_character_set_says_utf8():
    with locales("de_DE.ISO-8859-1") as top, core_in(LC_ALL="de_DE.ISO-8859-1", LANGUAGE="de", LOCPATH=top) as r:
        text = strings_of(said(r))
        azl.check("\u00fc" in text and "\u00e4" in text, f"no umlauts came, the core does not speak German: {text[-1500:]}")
        azl.check("\\xfc" not in text and "\\xe4" not in text, f"a sentence of another character set: {text[-1500:]}")
        for line in text.splitlines():
            json.loads(line)


def test_a_core_without_a_locale_says_utf8():
    with core_in(LC_ALL="C", LANGUAGE="de") as r:
        text = strings_of(said(r))
        azl.check("is no tenant" in text, f"a core in the locale C speaks English: {text}")
        r.cluster()
        r.run("sign-in", ok=0)
        r.register()


def test_explain_speaks_the_askers_language():
    if not os.environ.get("AZLOCONF_LOCALEDIR"):
        raise azl.Skip("AZLOCONF_LOCALEDIR is not set: no catalogue is read")
    english, german, chinese = "Conditional Access blocks this sign-in.", "bedingte Zugriff blockiert", "\u6761\u4ef6\u8bbf\u95ee"
    for core in ("en", "de"):
        with azl.Rehearsal() as r:
            r.run("status", env={"LANGUAGE": core})
            for language, words in (("en", english), ("de", german), ("zh_CN", chinese)):
                env = {"LANGUAGE": language}
                p = r.run("explain", "AADSTS53003", ok=0, env=env)
                azl.check(words in p.stdout, f"core {core}, asker {language}: {p.stdout}")
                azl.check(words in json.loads(r.run("explain", "AADSTS53003", "--output", "json", ok=0, env=env).stdout)["what"], "as JSON")
                p = r.run("explain", "Unheard", ok=1, env=env)
                azl.check("Unheard" in p.stderr and ("Nothing is known" in p.stderr) == (language == "en"), f"core {core}, asker {language}: {p.stderr}")


COLUMNS = 60  # what 80 leave to a step's title on the screen of a run; test_flow.c draws one of them


def test_step_titles_are_shown_whole():
    """In every language. A title that grew would be cut where its end is its meaning."""
    with open(os.path.join(azl.SRC, "src", "op", "op_register.c"), encoding="utf-8") as f:
        titles = {"".join(re.findall(r'"([^"]*)"', m)) for m in re.findall(r'N_\(((?:\s*"[^"]*")+)\)', f.read())}
    azl.check(len(titles) > 50 and "Create the resource group" in titles, f"{len(titles)} titles")
    places = os.environ.get("AZLOCONF_LOCALEDIR")
    if not places:
        raise azl.Skip("AZLOCONF_LOCALEDIR is not set: no catalogue is read")
    with open(os.path.join(azl.SRC, "po", "LINGUAS"), encoding="utf-8") as f:
        languages = [w for line in f if not line.startswith("#") for w in line.split()]
    for language in ["en", *languages]:
        catalogue = gettext.translation("azloconf", places, [language], fallback=language == "en")
        long = [t for t in map(catalogue.gettext, sorted(titles)) if sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in t) > COLUMNS]
        azl.equal(long, [], f"titles of more than {COLUMNS} columns in {language}")


if __name__ == "__main__":
    azl.main()
