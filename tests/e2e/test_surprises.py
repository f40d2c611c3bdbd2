#!/usr/bin/env python3
"""docs/surprises.md: whole, and every test that it names is there. And what no other test holds, with the commands of the README."""
import os
import re

import azl

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NO_TEST = ("not ours",)


def items(text):
    """{number: {member: text}}"""
    out = {}
    for number, body in re.findall(r"^## (\d+)\. .+\n((?:- .+\n)+)", text, re.M):
        azl.check(int(number) not in out, f"{number} stands there twice")
        out[int(number)] = dict(re.findall(r"^- (\w+): (.+)$", body, re.M))
    return out


def named(test):
    """(file, function) of every test in a line like "tests/a.c one, two; tests/b.py three"."""
    for part in test.split(";"):
        path, _, names = part.strip().partition(" ")
        for name in names.split(","):
            yield path, name.strip()


def is_there(path, name):
    """Defined, and run: a test in C stands in a list as well."""
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            text = f.read()
    except OSError:
        return False
    if path.endswith(".py"):
        return bool(re.search(rf"^def {name}\(", text, re.M)) and name.startswith("test_")
    return bool(re.search(rf"^static void {name}\(void \*\*", text, re.M)) and bool(re.search(rf"\b(cmocka_unit_test\w*|T)\(\s*{name}\b", text))


def test_the_list_is_whole_and_its_tests_exist():
    with open(os.path.join(ROOT, "docs", "surprises.md"), encoding="utf-8") as f:
        found = items(f.read())
    azl.equal(sorted(found), list(range(1, 37)), "the numbers")
    for number, item in found.items():
        azl.equal(sorted(item), ["Basis", "Here", "Mistake", "Test"], f"members of {number}")
        azl.check(re.match(r"read|inferred|the order was read", item["Basis"]), f"{number}: {item['Basis']}")
        if item["Test"] in NO_TEST:
            continue
        for path, name in named(item["Test"]):
            azl.check(is_there(path, name), f"{number} names {path} {name}, which does not exist or is not run")


def test_the_check_can_say_no():
    azl.check(not is_there("tests/op/test_op_register.c", "no_such_test"), "a name that is not there")
    azl.check(not is_there("tests/op/none.c", "fresh_cluster"), "a file that is not there")
    azl.check(not is_there("tests/op/test_op_register.c", "assert_registered"), "a helper is no test")
    azl.check(is_there("tests/op/test_op_register.c", "fresh_cluster"), "one that is there")
    azl.equal(sorted(items("## 2. A\n- Mistake: m.\n- Test: t\n")[2]), ["Mistake", "Test"], "members")


def test_each_node_syncs_itself():
    """Surprise 23: the cluster resource knows the nodes that have synced, and nobody else can do that for them."""
    with azl.Rehearsal(nodes=3) as r:
        r.prepare()
        r.register()
        cluster = next(v for k, v in r.world()["resources"].items() if k.lower().split("/")[-2] == "clusters")
        nodes = sorted(n["name"].lower() for n in cluster["properties"]["reportedProperties"]["nodes"])
        azl.equal(nodes, ["node1", "node2", "node3"], "nodes that have synced")
        azl.equal(len([x for x in r.exchanges() if x["method"] == "POST" and "/sync" in x["url"] and x["status"] == 200]), 3, "syncs")


def test_what_the_readme_says_of_leaving():
    """Its commands of "Leaving and coming back", as they stand there, one after the other."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        section = re.search(r"^### Leaving and coming back\n(.*?)^## ", f.read(), re.M | re.S).group(1)
    lines = re.findall(r"^    src/azloconf --sandbox (.+)$", section, re.M)
    azl.check(len(lines) >= 10, f"commands: {lines}")
    with azl.Rehearsal() as r:
        r.prepare()
        r.register()
        before = r.status()["AzureResourceName"]
        for line in lines:
            p = r.run(*line.split(), ok=0)
            azl.check(p.stdout.strip(), f"{line} says nothing")
        azl.equal((before, r.status()["RegistrationStatus"]), ("CLUSTER-A", "NotYet"), "before and after")


azl.main()
