#!/usr/bin/env python3
"""compare.py AZURE.jsonl SANDBOX.jsonl [--report FILE] - where the shape of the first record's replies differs from the second's.

Records are those of azure_kit: ids are pseudonyms of their own format, so formats can still be told. Exchanges of one step are
merged, and so are the elements of an array. A difference that matters: a status, a header that the client reads, a property
that only one side has, a JSON type, a format (GUID, time, address, region name, ...), an error code. What depends on the
subscription (which states, regions or versions there are; lists that are empty; 403) is only noted, and an answer that passes
(408, 429, 5xx, none) counts only where no other came.
Exit 0: none that matters; 1: some; 2: the records cannot be compared.
"""
import argparse
import fnmatch
import json
import re
import sys

HEADERS = ("content-type", "azure-asyncoperation", "location", "retry-after", "www-authenticate", "x-ms-request-id",
           "x-ms-correlation-request-id")
MAPS = ("tags", "userAssignedIdentities")
REGIONS = ("location", "locations", "pairedRegion[].name")
WORDS = ("state", "status", "type", "kind", "code", "error", "suberror", "token_type", "registrationState", "registrationPolicy",
         "provisioningState", "connectivityStatus", "aggregateState", "namespace", "resourceType", "capabilities",
         "tenantCategory", "tenantType", "spendingLimit", "authorizationSource", "regionType", "regionCategory", "geography",
         "geographyGroup", "principalType", "createdByType", "lastModifiedByType", "actions", "notActions", "dataActions",
         "notDataActions", "billingModel")
MUST_EQUAL = ("error.code", "error", "token_type", "type", "identity.type", "value[].type", "code")  # words a client acts on
OPTIONAL_STEPS = ("signin.pending", "*.next")  # how often one must wait is not a matter of shape
KNOWN = (  # step, path, why it is no news
    ("metadata", "azloconf", "the sandbox's own extension: it tells of its data plane"),
    ("metadata", "dataplaneEndpoints", "only disconnected clouds have it, and the sandbox"),
    ("openid", "msgraph_host", "the sandbox is its own Graph, at an address with a port"),
    ("openid", "cloud_instance_name", "the sandbox says its own name there"),
)
GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


def segment(text):
    if re.fullmatch(GUID, text):
        return "{guid}"
    if re.match(r"(w|host|user)-[0-9a-f]{10}", text) or re.fullmatch(r"\d{6,}", text):
        return "{name}"
    return text.lower()


def address(text):
    m = re.match(r"(https?)://([^/?]*)([^?]*)(\?.*)?$", text)
    scheme, host, path, query = m.groups() if m else ("", "", *re.match(r"([^?]*)(\?.*)?$", text).groups())
    parts = [segment(p) for p in path.split("/")]
    for i, p in enumerate(parts[:-1]):
        if p == "locations":
            parts[i + 1] = "{region}"
    keys = sorted(segment(k.split("=")[0]) for k in query[1:].split("&")) if query else []
    return (f"{scheme}://host" if scheme else "") + "/".join(parts).rstrip("/") + ("?" + "&".join(keys) if keys else "")


def form(path, text):
    """The format of a string: what a reader's parser would depend on."""
    last = path.replace("[]", "").split(".")[-1]
    if text == "":
        return "empty"
    if text == "***":
        return "secret"
    if re.fullmatch(GUID, text):
        return "GUID"
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-]\d\d:?\d\d)?", text):
        return "time"
    if re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT", text):
        return "HTTP date"
    if re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", text):
        return "api-version"
    if re.match(r"https?://\S+$", text) or re.match(r"/\S+$", text):
        return "address " + address(text)
    if last in REGIONS:
        return "region code" if re.fullmatch(r"[a-z0-9]+", text) else "region name"
    if last in WORDS:
        return "word"
    if re.fullmatch(r"user-[0-9a-f]{10}@example\.invalid", text):
        return "mail address"
    if re.fullmatch(r"192\.0\.2\.\d+|2001:db8::[0-9a-f:]+", text):
        return "IP address"
    if re.match(r"[\w.-]+\.[a-z]{2,}$", text):
        return "host name"
    if re.fullmatch(r"\d+", text):
        return "digits"
    return "text"


def kind(value):
    if value is None:
        return "null"
    return {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}[type(value)]


class Shape:
    """All that was seen at each path of a step's exchanges."""

    def __init__(self):
        self.types, self.forms, self.values, self.elements = {}, {}, {}, {}

    def add(self, path, value):
        self.types.setdefault(path, set()).add(kind(value))
        if isinstance(value, dict):
            is_map = path.split(".")[-1] in MAPS
            for name, v in value.items():
                self.add((path + "." if path else "") + ("{}" if is_map else name), v)
        elif isinstance(value, list):
            self.elements[path] = self.elements.get(path, 0) + len(value)
            for v in value:
                self.add(path + "[]", v)
        elif isinstance(value, str):
            f = form(path, value)
            self.forms.setdefault(path, set()).add(f)
            if f in ("word", "api-version", "region code", "region name"):
                self.values.setdefault(path, set()).add(value)

    def unknowable(self, path):
        """Is there nothing to see at path because a list above it is empty, or what holds it is absent or null?"""
        while path:
            if path.endswith("[]"):
                path = path[:-2]
                if path in self.types and not self.elements.get(path):
                    return True
            elif "." in path:
                path = path.rsplit(".", 1)[0]
                if not path.endswith("[]") and "object" not in self.types.get(path, ()):
                    return True
            else:
                return False
        return False


class Step:
    def __init__(self):
        self.statuses, self.headers, self.body, self.count = set(), Shape(), Shape(), 0

    def add(self, x):
        self.count += 1
        self.statuses.add(x["status"] or "no answer")
        for name in HEADERS:
            if name in x["resHeaders"]:
                value = x["resHeaders"][name]
                self.headers.add(name, value.split(";")[0].strip() if name == "content-type" else value)
                if name == "content-type":
                    self.headers.values.setdefault(name, set()).add(value.split(";")[0].strip())
        self.body.add("", x["resBody"])


def passes(status):
    return not status or status in (408, 429) or status >= 500


def says_nothing(status):
    """A status that tells of the network, the load or this account's rights, and nothing of Azure's shape."""
    return status in ("no answer", 403) or passes(status)


def load(path):
    exchanges, steps = {}, {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.endswith("\n"):
                x = json.loads(line)
                exchanges.setdefault(x["step"], []).append(x)
    for name, all_of_it in exchanges.items():
        steps[name] = Step()
        for x in [x for x in all_of_it if not passes(x["status"])] or all_of_it:
            steps[name].add(x)
    return steps


def listed(values, most=8):
    items = sorted(map(str, values))
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


class Comparison:
    def __init__(self, a, b, name_a="Azure", name_b="the sandbox"):
        self.a, self.b, self.name_a, self.name_b = a, b, name_a, name_b
        self.different, self.lines, self.same = 0, [], 0
        self.n_notes = 0
        for step in list(a) + [s for s in b if s not in a]:
            self.step(step)

    def step(self, name):
        self.found, self.notes = [], []
        a, b = self.a.get(name), self.b.get(name)
        if not a or not b:
            text = f"only in {self.name_a if a else self.name_b}: the whole step"
            (self.notes if any(fnmatch.fnmatch(name, p) for p in OPTIONAL_STEPS) else self.found).append(text)
        else:
            refused = next((f"{name} answered {listed(x.statuses)}" for x, name in ((a, self.name_a), (b, self.name_b))
                            if all(map(says_nothing, x.statuses))), None)
            if a.statuses != b.statuses and refused:
                self.notes.append(f"not comparable: {refused}")
            elif a.statuses != b.statuses:
                self.found.append(f"status differs: {self.name_a} {listed(a.statuses)}, {self.name_b} {listed(b.statuses)}")
            if a.statuses == b.statuses or not refused:
                self.shapes(name, a.headers, b.headers, "header ")
                self.shapes(name, a.body, b.body, "")
        self.n_notes += len(self.notes)
        if self.found:
            self.different += 1
        else:
            self.same += 1
        self.lines.append(f"{name}: " + (f"{len(self.found)} difference{'s' * (len(self.found) > 1)}" if self.found else "same"))
        self.lines += ["    " + t for t in self.found] + ["    (" + t + ")" for t in self.notes]

    def report(self, step, path, text):
        for s, p, why in KNOWN:
            if s == step and (path == p or path.startswith((p + ".", p + "["))):
                self.notes.append(f"{text}: known, {why}")
                return
        self.found.append(text)

    def shapes(self, step, a, b, label):
        for mine, other, name in ((a, b, self.name_a), (b, a, self.name_b)):
            missing = [p for p in mine.types if p not in other.types]
            for path in missing:
                if any(path.startswith(m + ".") or path.startswith(m + "[") for m in missing if m != path and m):
                    continue  # what holds it is reported
                if other.unknowable(path):
                    self.notes.append(f"not comparable, nothing there to compare with: {label}{path} of {name}")
                else:
                    what = "/".join(sorted(mine.types[path] | mine.forms.get(path, set()) - {"text", "word"}))
                    self.report(step, path, f"only in {name}: {label}{path} ({what})")
        for path in a.types:
            if path in b.types:
                self.at(step, path, a, b, label)

    def at(self, step, path, a, b, label):
        where = label + (path or "body")
        ta, tb = a.types[path] - {"null"}, b.types[path] - {"null"}
        if ta and tb and ta != tb:
            self.report(step, path, f"type differs at {where}: {self.name_a} {listed(ta)}, {self.name_b} {listed(tb)}")
        elif a.types[path] != b.types[path]:
            self.notes.append(f"null differs at {where}: {self.name_a} {listed(a.types[path])}, {self.name_b} {listed(b.types[path])}")
        fa, fb = a.forms.get(path, set()) - {"empty"}, b.forms.get(path, set()) - {"empty"}
        if fa and fb and fa != fb:
            text = f"format differs at {where}: {self.name_a} {listed(fa)}, {self.name_b} {listed(fb)}"
            if fa & fb or "~" in str(fa | fb):
                self.notes.append(text)
            else:
                self.report(step, path, text)
        va, vb = a.values.get(path, set()), b.values.get(path, set())
        if va != vb and path in MUST_EQUAL + ("content-type",):
            self.report(step, path, f"value differs at {where}: {self.name_a} {listed(va)}, {self.name_b} {listed(vb)}")
        elif va != vb:
            for only, name in ((va - vb, self.name_a), (vb - va, self.name_b)):
                if only:
                    self.notes.append(f"value only in {name} at {where}: {listed(only)}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("azure")
    p.add_argument("sandbox")
    p.add_argument("--report", help="write the report there, too")
    o = p.parse_args()
    try:
        c = Comparison(load(o.azure), load(o.sandbox))
    except (OSError, ValueError, KeyError) as why:
        print(f"the records cannot be compared: {why!r}")
        return 2
    text = "\n".join(c.lines) + f"\n\n{c.same + c.different} steps compared: {c.same} the same, {c.different} different; " \
        f"{c.n_notes} notes in brackets\n"
    print(text, end="")
    if o.report:
        with open(o.report, "w", encoding="utf-8") as f:
            f.write(text)
    return 1 if c.different else 0


if __name__ == "__main__":
    sys.exit(main())
