#!/usr/bin/env python3
"""Judges an exchange log against the swagger files of the contract folder.

    validate.py [--contract DIR] [--uncontracted FILE] [--verbose] LOG.jsonl...

A line of a log is one exchange: method, url, reqHeaders, reqBody, status, resHeaders, resBody. For each one the operation is looked up by
api-version, provider, method and path; request body and answer are checked: declared status, required, types, enums, unknown properties (refused
unless additionalProperties allows them), readOnly not in requests. An exchange without a contract must match a line of the uncontracted file
("METHODS GLOB  source"), else it fails. Exit: 0 good, 1 faults (one sentence each), 2 usage, 77 when the contract folder is absent (loudly).
A request that the server refused (4xx) is not held against the server: only its answer is checked; so it is with what other clients than
azloconf send (User-Agent).
"""
import argparse
import fnmatch
import json
import os
import posixpath
import re
import sys
from urllib.parse import unquote, urlsplit, parse_qsl

# An api-version without a file of its own is judged by its nearest kin; the rest of the path decides which.
KIN = {
    "microsoft.resources": {"2016-02-01": "2021-04-01", "2022-09-01": "2021-04-01", "2025-04-01": "2021-04-01",
                            "2019-11-01": "2022-12-01", "2021-01-01": "2022-12-01"},
    "microsoft.authorization": {"2018-01-01-preview": "2022-04-01", "2020-04-01-preview": "2022-04-01"},
    # what the Python and JavaScript SDKs send; properties that their versions lack are tested in tests/sandbox
    "microsoft.azurestackhci": {"2021-09-01-preview": "2021-09-01", "2022-05-01": "2022-12-01"},
    "microsoft.hybridcompute": {"2022-08-11-preview": "2022-12-27"},
}
# What an enum that its file calls open (modelAsString) holds in other files of Microsoft's: "the extended location type, for example,
# CustomLocation" (learn.microsoft.com, ExtendedLocation of @azure/arm-networkcloud; what an Arc VM's place is called in lists is inferred from it).
OPEN = {"ExtendedLocationType": ["CustomLocation"]}
DATE_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
UUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
METHODS = ("get", "put", "post", "patch", "delete", "head", "options")
MAX_DEPTH = 40


class Contract:
    """The folder: INDEX.json maps original paths to files; a $ref is relative to the original path."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "INDEX.json"), encoding="utf-8") as f:
            self.index = json.load(f)["files"]
        self.docs = {}
        self.operations = []  # (provider, version, method, regex, literal segments, key, operation, parameters)
        for key, row in sorted(self.index.items()):
            if "/examples/" not in key and row["file"].endswith(".json"):
                self.add_file(key)

    def doc(self, key):
        if key not in self.docs:
            with open(os.path.join(self.folder, self.index[key]["file"]), encoding="utf-8-sig") as f:
                self.docs[key] = json.load(f)
        return self.docs[key]

    def resolve(self, key, ref):
        path, _, pointer = ref.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(key), path)) if path else key
        node = self.doc(target)
        for step in pointer.strip("/").split("/"):
            if step:
                node = node[step.replace("~1", "/").replace("~0", "~")]
        return target, node

    def follow(self, key, node):
        for _ in range(MAX_DEPTH):
            if "$ref" not in node:
                return key, node
            key, node = self.resolve(key, node["$ref"])
        raise ValueError("a $ref of %s turns in circles" % key)

    def add_file(self, key):
        doc = self.doc(key)
        if not isinstance(doc, dict) or "paths" not in doc:
            return
        version = doc.get("info", {}).get("version", "")
        found = re.search(r"/resource-manager/(Microsoft\.[A-Za-z]+)/", key)
        provider = found.group(1).lower() if found else ""
        for paths in (doc["paths"], doc.get("x-ms-paths", {})):
            for path, item in paths.items():
                for method, op in item.items():
                    if method in METHODS:
                        self.add_operation(provider, version, method, path, key, op, item.get("parameters", []))

    def add_operation(self, provider, version, method, path, key, op, shared):
        if re.fullmatch(r"/\{[^/]+\}", path):
            return  # "by id" doubles of what stands elsewhere: they match everything
        parameters = [self.follow(key, p) for p in shared + op.get("parameters", [])]
        # locks.json says in words alone that its scope is a whole path
        wide = {p["name"] for _, p in parameters if p.get("in") == "path" and (p.get("x-ms-skip-url-encoding") or p["name"] == "scope")}
        regex, literals = "", 0
        for part in path.strip("/").split("/"):
            if part.startswith("{"):
                regex += "/.+" if part[1:-1] in wide else "/[^/]+"
            else:
                regex += "/" + re.escape(part)
                literals += 1
        self.operations.append((provider, version, method, re.compile(regex + "/?", re.I), literals, key, op, parameters))

    def find(self, method, path, version):
        best = None
        for row in self.operations:
            if row[2] != method or not row[3].fullmatch(path):
                continue
            kin = KIN.get(row[0], {}).get(version)
            if row[1] not in (version, kin):
                continue
            if best is None or (row[4], row[1] == version) > (best[4], best[1] == version):
                best = row
        return best


class Checker:
    """Walks one value along one schema and collects sentences."""

    def __init__(self, contract, request):
        self.contract = contract
        self.request = request
        self.faults = []

    def say(self, where, text):
        self.faults.append("%s: %s" % (where or "the body", text))

    def collect(self, key, schema, depth=0):
        """(properties: name -> (key, schema, read-only)), required, open) of a schema with its allOf."""
        props, required, is_open = {}, set(), False
        if depth > MAX_DEPTH:
            return props, required, True
        for part in schema.get("allOf", []):
            k, s = self.contract.follow(key, part)
            p, r, o = self.collect(k, s, depth + 1)
            props.update(p)
            required |= r
            is_open = is_open or o
        for name, sub in schema.get("properties", {}).items():
            k, s = self.contract.follow(key, sub)
            props[name] = (k, s, bool(sub.get("readOnly") or s.get("readOnly")))
        required |= set(schema.get("required", []))
        extra = schema.get("additionalProperties")
        return props, required, is_open or bool(extra) or extra == {}

    def value(self, key, schema, v, where, depth=0):
        key, schema = self.contract.follow(key, schema)
        if depth > MAX_DEPTH or v is None and schema.get("x-nullable"):
            return
        kind = schema.get("type") or ("object" if "properties" in schema or "allOf" in schema else None)
        if kind and not self.fits(kind, v):
            self.say(where, "is %s, the contract says %s" % (type(v).__name__, kind))
            return
        self.plain(schema, v, where)
        if isinstance(v, list) and "items" in schema:
            for i, item in enumerate(v):
                self.value(key, schema["items"], item, "%s[%d]" % (where, i), depth + 1)
        if isinstance(v, dict):
            self.object(key, schema, v, where, depth)

    @staticmethod
    def fits(kind, v):
        number = isinstance(v, (int, float)) and not isinstance(v, bool)
        return {"string": isinstance(v, str), "boolean": isinstance(v, bool), "number": number,
                "integer": number and float(v).is_integer(), "array": isinstance(v, list),
                "object": isinstance(v, dict)}.get(kind, True)

    def plain(self, schema, v, where):
        if not isinstance(v, str):
            return
        enum = schema.get("enum", []) + OPEN.get(schema.get("x-ms-enum", {}).get("name"), [])
        if enum and v.lower() not in [str(x).lower() for x in enum]:
            self.say(where, "has the value '%s', which is none of %s" % (v[:60], ", ".join(map(str, enum))))
        if schema.get("format") == "date-time" and not DATE_TIME.match(v):
            self.say(where, "is no date-time: '%s'" % v[:60])
        if schema.get("format") == "uuid" and not UUID.match(v):
            self.say(where, "is no UUID: '%s'" % v[:60])
        if "pattern" in schema and not re.search(schema["pattern"], v):
            self.say(where, "does not match %s" % schema["pattern"])
        if len(v) > schema.get("maxLength", len(v)) or len(v) < schema.get("minLength", 0):
            self.say(where, "has a length out of bounds")

    def object(self, key, schema, v, where, depth):
        props, required, is_open = self.collect(key, schema)
        for name in sorted(required):
            read_only = name in props and props[name][2]
            if name not in v and not (self.request and read_only):
                self.say(where, "lacks the required property '%s'" % name)
        extra = schema.get("additionalProperties")
        for name, item in v.items():
            at = "%s.%s" % (where, name) if where else name
            if name in props:
                k, s, read_only = props[name]
                if self.request and read_only:
                    self.say(at, "is read-only and stands in a request")
                self.value(k, s, item, at, depth + 1)
            elif isinstance(extra, dict) and extra:
                self.value(key, extra, item, at, depth + 1)
            elif not is_open and (props or "allOf" in schema or extra is False):
                self.say(at, "is not in the contract")


def body_of(raw):
    """Bodies stand as JSON or as text; empty ones are None."""
    if raw in ("", None):
        return None
    if isinstance(raw, str):
        try:
            return json.loads(raw)
        except ValueError:
            return raw
    return raw


def check_request(contract, row, exchange, query):
    key, op, parameters = row[5:8]
    check = Checker(contract, True)
    body = body_of(exchange.get("reqBody"))
    known = {p["name"].lower() for _, p in parameters if p.get("in") == "query"}
    for k, p in parameters:
        if p.get("in") == "body":
            if body is None and p.get("required"):
                check.say("the request", "has no body")
            elif body is not None:
                check.value(k, p["schema"], body, "")
        elif p.get("in") == "query" and p.get("required") and p["name"].lower() not in query:
            check.say("the request", "lacks the query parameter '%s'" % p["name"])
    if body is not None and not any(p.get("in") == "body" for _, p in parameters):
        check.say("the request", "has a body, the contract has none")
    for name in query:
        if name not in known and name != "api-version" and not name.lower().startswith("$skiptoken"):
            check.say("the request", "has the query parameter '%s', the contract has not" % name)
    return ["request of %s: %s" % (op.get("operationId"), f) for f in check.faults]


def check_answer(contract, row, exchange):
    key, op = row[5:7]
    status = exchange["status"]
    responses = op.get("responses", {})
    declared = responses.get(str(status))
    if declared is None and status >= 400:
        declared = responses.get("default")
    name = "answer of %s" % op.get("operationId")
    if declared is None:
        return ["%s: status %s is not in the contract" % (name, status)]
    key, declared = contract.follow(key, declared)
    check = Checker(contract, False)
    body = body_of(exchange.get("resBody"))
    if "schema" in declared:
        if body is None:
            check.say("the answer", "has no body")
        else:
            check.value(key, declared["schema"], body, "")
    elif body is not None and row[2] != "head":
        check.say("the answer", "has a body, the contract has none")
    return ["%s: %s" % (name, f) for f in check.faults]


def read_uncontracted(path):
    rows = []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            parts = line.split(None, 2)
            if len(parts) < 3:
                sys.exit("%s, line %d: methods, glob and source are needed" % (path, number))
            rows.append((parts[0].upper().split("|"), parts[1].lower(), parts[2]))
    return rows


def uncontracted(rows, method, target):
    return any(("*" in methods or method.upper() in methods) and fnmatch.fnmatchcase(target.lower(), glob)
               for methods, glob, _ in rows)


def ours(exchange):
    """Other clients' requests are their own affair: az sends read-only members back, for one."""
    agent = next((v for k, v in (exchange.get("reqHeaders") or {}).items() if k.lower() == "user-agent"), "azloconf/")
    return agent.startswith("azloconf/")


def judge(contract, rows, exchange):
    """(kind, faults): kind is 'contract', 'listed', 'torn' or 'unknown'."""
    method = exchange.get("method", "").lower()
    parts = urlsplit(exchange.get("url", ""))
    path = re.sub(r"/{2,}", "/", unquote(parts.path)) or "/"
    query = {k.lower(): v for k, v in parse_qsl(parts.query, keep_blank_values=True)}
    version = query.get("api-version", "")
    row = contract.find(method, path, version)
    target = path + ("?api-version=" + version if version else "")
    if uncontracted(rows, method, target) or uncontracted(rows, method, path):
        return "listed", []
    if not row:
        return "unknown", ["no contract and no line of the uncontracted file"]
    if not exchange.get("status"):
        return "torn", []
    faults = check_answer(contract, row, exchange)
    if exchange["status"] < 400 and ours(exchange):
        faults = check_request(contract, row, exchange, query) + faults
    return "contract", faults


def exchanges(paths):
    for path in paths:
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                if not line.strip():
                    continue
                try:
                    yield path, number, json.loads(line)
                except ValueError:
                    yield path, number, None


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Judges an exchange log against the contract folder.")
    parser.add_argument("--contract", default=os.path.join(here, "..", "..", "..", "shared", "contract"))
    parser.add_argument("--uncontracted", default=os.path.join(here, "..", "uncontracted.txt"))
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("logs", nargs="+")
    args = parser.parse_args()
    if not os.path.exists(os.path.join(args.contract, "INDEX.json")):
        print("SKIPPED: the contract folder %s is absent, nothing was judged" % args.contract)
        return 77
    contract = Contract(args.contract)
    rows = read_uncontracted(args.uncontracted)
    counts, bad = {"contract": 0, "listed": 0, "torn": 0, "unknown": 0}, 0
    for path, number, exchange in exchanges(args.logs):
        if exchange is None:
            print("%s:%d: no JSON" % (path, number))
            bad += 1
            continue
        kind, faults = judge(contract, rows, exchange)
        counts[kind] += 1
        bad += bool(faults)
        where = "%s:%d: %s %s -> %s" % (path, number, exchange.get("method"), exchange.get("url"), exchange.get("status"))
        for fault in faults:
            print("%s: %s" % (where, fault))
        if args.verbose and not faults:
            print("%s: %s" % (where, kind))
    print("%d exchanges: %d by contract, %d listed without one, %d torn by a fault, %d unknown; %d with faults" %
          (sum(counts.values()), counts["contract"], counts["listed"], counts["torn"], counts["unknown"], bad))
    if not counts["contract"]:
        print("Nothing was judged by a contract.")
        return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
