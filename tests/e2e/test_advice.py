#!/usr/bin/env python3
"""What azloconf explain knows: every code and every symptom of the lists of facts, where those are at hand."""
import json
import os
import re

import azl

FACTS = os.path.join(azl.SRC, "..", "shared", "reference")


def section(name, start, end):
    try:
        with open(os.path.join(FACTS, name), encoding="utf-8") as f:
            text = f.read()
    except OSError:
        raise azl.Skip(f"the facts are not here: {name}; tests/core/test_advice.c holds the lists of codes")
    return text[text.index(start):text.index(end)]


def first_cells(text):
    """Of a table's rows; its head and its rule are none."""
    rows = [line.split("|") for line in text.split("\n") if line.startswith("| ")]
    return [r[1].strip() for r in rows if not set(r[1]) <= set("- ")][1:]


def explain(r, text):
    p = r.run("explain", text, "--output", "json", ok=None)
    return json.loads(p.stdout) if p.returncode == 0 else None


def all_known(texts):
    azl.check(len(texts) > 10, f"the facts have another form now: {texts}")
    with azl.Rehearsal() as r:
        r.run("status", ok=None)
        unknown = []

        def ask(text):
            said = explain(r, text)
            if not said or not said["what"] or not said["advice"]:
                unknown.append(text)

        azl.side_by_side([lambda text=text: ask(text) for text in texts])
        azl.equal(unknown, [], f"of {len(texts)}")


def test_the_modules_codes():
    cells = first_cells(section("register-flow.md", "### 3.3", "### 3.4"))
    all_known(re.findall(r"\d+", " ".join(cells)))


def test_entras_codes():
    cells = first_cells(section("azure-wire.md", "| AADSTS | meaning", "### 1.9"))
    all_known(["AADSTS" + n for n in re.findall(r"\d{5,}", " ".join(["x"] + cells))])


def test_azures_codes():
    text = section("azure-wire.md", "2.6.2", "2.6.8")
    names = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", text)) - {"PolicyViolation", "EvaluationDetails"}
    all_known(sorted(names | {"Conflict", "insufficient_claims"}))


def test_the_agents_codes():
    text = section("docs-facts.md", "### 3.5", "### 3.6")
    line = text[text.index("AZCM0000"):].split("\n")[0]
    numbers = [int(n) for n in re.findall(r"(?<!\d)0\d{3}", line)]
    for a, b in re.findall(r"(0\d{3})-(0\d{3})", line):
        numbers += range(int(a), int(b))
    all_known([f"AZCM{n:04}" for n in sorted(set(numbers))] + re.findall(r"AADSTS\d+", text))


def test_the_symptoms():
    cells = first_cells(section("docs-facts.md", "### 3.1", "### 3.2")) + first_cells(section("docs-facts.md", "### 3.2", "### 3.3"))
    all_known(cells)


def test_found_without_the_facts():
    with azl.Rehearsal() as r:
        said = explain(r, "There was a failure configuring the virtual machine role for 'vmname'. Job failed. Error opening \"vmname\" clustered "
                          "roles. The service being accessed is licensed for a particular number of connections.")
        azl.check("not registered" in said["why"] and "Register" in said["advice"], str(said))
        p = r.run("explain", "AADSTS53003", ok=0)
        azl.check("What happened:" in p.stdout and "Why:" in p.stdout and "What to do:" in p.stdout, p.stdout)
        p = r.run("explain", "Unheard", ok=None)
        azl.check(p.returncode == 1 and "Unheard" in p.stdout + p.stderr, f"{p.returncode} {p.stderr}")
        azl.equal(r.run("explain", ok=None).returncode, 2, "no word")


if __name__ == "__main__":
    azl.main()
