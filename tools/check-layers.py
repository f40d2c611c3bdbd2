#!/usr/bin/env python3
"""check-layers.py [SRCDIR] - reads every #include under src and fails on one that points the wrong way.

The two tables are the architecture's "who may include whom"; a file of its own row beats its folder's row.
"""
import os
import re
import sys

FOLDERS = {
    "base": ["base/"],
    "wire": ["base/", "wire/"],
    "net": ["base/", "net/"],
    "azure": ["base/", "net/", "azure/"],
    "store": ["base/", "net/http.h", "store/"],
    "node": ["base/", "net/http.h", "node/", "store/store.h"],
    "op": ["base/", "azure/", "store/store.h", "store/journal.h", "node/node.h", "op/"],
    "core": ["base/", "wire/", "azure/", "op/op.h", "op/plans.h", "net/http.h", "store/store.h", "store/journal.h",
             "node/node.h", "core/"],
    "console": ["base/", "wire/", "console/"],
    "sandbox": ["base/", "sandbox/"],
}
# narrower than their folder: the faces share face/, which like the plain one knows nothing of screens but how wide text is
PARTS = {
    "console/face": ["base/", "wire/", "console/client.h", "console/face/", "console/ui/text.h"],
    "console/plain": ["base/", "wire/", "console/client.h", "console/face/", "console/plain/", "console/ui/text.h"],
}
FILES = {"core/main.c": [""]}

# third-party header -> where it may stand
FOREIGN = [
    (r"cjson/|cJSON", ["base/json.c"]),
    (r"curl/", ["net/http_curl.c", "core/main.c"]),
    (r"openssl/", ["azure/", "sandbox/", "node/certificate.c", "core/main.c"]),
    (r"ncurses|curses\.h|term\.h", ["console/ui/"]),
    (r"qrencode", ["console/ui/qr.c"]),
    (r"microhttpd", ["sandbox/"]),
]


def allowed(path, table):
    return any(path == t or path.startswith(t) for t in table)


def main():
    src = os.path.join(sys.argv[1] if len(sys.argv) > 1 else ".", "src")
    bad, files = [], 0
    for root, _, names in sorted(os.walk(src)):
        for name in sorted(names):
            if not name.endswith((".c", ".h")):
                continue
            rel = os.path.relpath(os.path.join(root, name), src)
            folder = rel.split("/")[0]
            rules = FILES.get(rel, PARTS.get("/".join(rel.split("/")[:2]), FOLDERS.get(folder)))
            if rules is None:
                bad.append(f"{rel}: folder '{folder}' has no row in the table")
                continue
            files += 1
            with open(os.path.join(src, rel), encoding="utf-8") as f:
                for no, line in enumerate(f, 1):
                    m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
                    if not m:
                        continue
                    kind, what = m.groups()
                    if kind == '"' and what != "config.h" and "/" not in what:
                        bad.append(f'{rel}:{no}: write the folder: "{what}"')
                    elif kind == '"' and what != "config.h" and not allowed(what, rules):
                        bad.append(f'{rel}:{no}: {folder} may not include "{what}"')
                    for pattern, where in FOREIGN:
                        if re.search(pattern, what) and kind == "<" and not allowed(rel, where):
                            bad.append(f"{rel}:{no}: <{what}> may stand only in {', '.join(where)}")
    print("\n".join(bad) if bad else f"layers: {files} files, all includes point the right way")
    print(f"{0 if bad else 1} passed, {1 if bad else 0} failed, 0 skipped")
    return 1 if bad else 0


sys.exit(main())
