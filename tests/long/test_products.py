#!/usr/bin/env python3
"""test_products.py - the full products that make check samples. Families of cases, each case a named row:

    single N KIND@REQUEST     every kind of fault at every request, on one and on sixteen nodes
    twice N KIND@REQUEST      the same fault twice in a row at the same request
    enough N KIND@REQUEST     the same fault until nobody tries any more: the run stops with the error that names it, and is resumed
    sign-in KIND@REQUESTxN    once, twice and for good at every request of a sign-in
    pair N KIND@R KIND@S      every ordered pair of requests, see pairs()
    kill N LINE               kill -9 of the core after every journal line
    kill+fault N ...          both, by seed
    undo N LINE               kill -9 after every journal line, then undo: what was there is there, what stays was named, the same once more follows,
                              or the undo is refused with what to do, and that comes to its end (undoing.py)
    undo+kill N LINE M        the same, and a kill after line M of the undo, which is taken up again; the last LINE with every M
    undo+single N KIND@R      every kind of fault at every request of the undo of all that a registration makes
    undo+enough N KIND@R      the same fault until the undo stops; it is taken up again
    schedule N SEED           random fault schedules (schedules.py), AZL_SCHEDULES of them (default 200), a fifth on sixteen nodes; a failure is
                              shrunk and told with the command that replays it: AZL_SCHEDULE='...'

N is "1", "16", or with the way by certificates the node's build behind it: "1,17784", "16,20349"; there sixteen nodes are a slice by seed. Of the
other plans (plans.py) the name stands behind it, "1,26100,sync", "3,move": on one node every kind once at every request and every kill, and without
end all kinds on its first way, three of the ten at each request on the others (see turned()); slices of "twice", and of all on three nodes and sixteen.

AZL_PLANS (a regular expression: names of plans.py, undo) leaves the others out, before anything is prepared for them.
AZL_SEED (default: of the day) orders the cases and chooses the slices, AZL_SECONDS ends early, AZL_JOBS (default 4) run side by side, AZL_ONLY
(a regular expression) chooses by name. The families are mixed, each spread over the whole run: one that was cut off has sampled them all. What
has passed at this state of the sources is remembered in AZL_BUILD/long.done, so such a run goes on where it was.
"""
import functools
import os
import random
import re
import shlex
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402
import passed  # noqa: E402
import plans  # noqa: E402
import products  # noqa: E402
import schedules  # noqa: E402
import undoing  # noqa: E402

SECONDS = float(os.environ.get("AZL_SECONDS", "inf"))
SEED = os.environ.get("AZL_SEED", time.strftime("%Y-%m-%d"))
ONLY = re.compile(os.environ.get("AZL_ONLY", ""))
PLANS = os.environ.get("AZL_PLANS", "")
SLICE = 60  # cases of a slice by seed
THIN = 20  # of what follows a registration: there are nine plans of it
SCHEDULES = int(os.environ.get("AZL_SCHEDULES", "200"))
lock = threading.Lock()


# ---- the families: lists of (name, function) ----

def at_each_request(family, ref, fn):
    return [(f"{family} {ref.label} {kind}@{request}", functools.partial(fn, kind, request, ref)) for request in ref.run for kind in products.KINDS]


def once(kind, request, ref):
    products.goes_on([f"{kind}@{request}"], ref)


def twice(kind, request, ref):
    products.goes_on([f"{kind}@{request}x2"], ref)


def sign_ins(ref):
    for request in ref.sign_in:
        for kind in products.KINDS + (products.OAUTH if request.endswith("/token") else []):
            for count in (1, 2, products.MANY):
                yield f"sign-in {kind}@{request}x{count}", functools.partial(products.signs_in, kind, request, count, ref)


def pairs(ref):
    """Two requests fail in one run. (i, j) takes the kinds i + j and i + 3j of the ten: two Latin squares (1 and 3 have no factor in common with
    10), so along each row and each column every kind comes up, and each request meets each kind both as the first and as the second."""
    requests, kinds = ref.run, products.KINDS
    for i, first in enumerate(requests):
        for j, second in enumerate(requests):
            if i != j:
                specs = [f"{kinds[(i + j) % len(kinds)]}@{first}", f"{kinds[(i + 3 * j) % len(kinds)]}@{second}"]
                yield f"pair {ref.label} " + " ".join(specs), functools.partial(products.goes_on, specs, ref)


def kills(ref):
    return [(f"kill {ref.label} {n}", functools.partial(products.killed_after, n, ref)) for n in range(1, ref.lines)]


def undos(ref):
    fn = products.undone_after if ref.plan == "register" else undoing.undone_or_refused
    return [(f"undo {ref.label} {n}", functools.partial(fn, n, ref)) for n in range(1, ref.lines)]


def kills_with_faults(ref, dice):
    for _ in range(SLICE):
        n, spec = dice.randrange(1, ref.lines), f"{dice.choice(products.KINDS)}@{dice.choice(ref.run)}"
        yield f"kill+fault {ref.label} {n} {spec}", functools.partial(products.killed_after, n, ref, [spec])


def a_slice(cases, dice, size=SLICE):
    return dice.sample(cases, min(size, len(cases)))


@functools.lru_cache
def reference(nodes, plan="register"):
    return products.Reference(nodes, plan=plan)


def random_schedules(plan="register", count=SCHEDULES, many=16):
    """count of them, every fifth on many nodes."""
    of_plan = functools.partial(reference, plan=plan)
    for n in range(count):
        ref = of_plan(many if n % 5 == 4 else 1)
        items = schedules.draw(random.Random(f"{SEED} {n}" + (plan if plan != "register" else "")), ref)
        yield f"schedule {ref.label} {SEED} {n}", functools.partial(schedules.prove, items, of_plan, plan)


def all_of(ref, dice):
    yield at_each_request("single", ref, once)
    yield at_each_request("twice", ref, twice)
    yield at_each_request("enough", ref, products.stops_and_resumes)
    yield kills(ref)
    yield list(kills_with_faults(ref, dice))


def slices_of(ref, dice, size):
    for cases in all_of(ref, dice):
        yield a_slice(cases, dice, size)


def turned(cases):
    """Of at_each_request(): request i with the kinds i, i + 3 and i + 7 of the ten, so that ten requests in a row meet every kind three times."""
    kinds = len(products.KINDS)
    return [case for n, case in enumerate(cases) if (n % kinds - n // kinds) % kinds in (0, 3, 7)]


def after_a_registration(dice):
    """Every row of plans.PLANS."""
    for plan, row in plans.PLANS.items():
        if plan == "register" or not re.search(PLANS, plan):
            continue
        for way in row.ways:
            ref = products.Reference(core=["--node-build", way], roles=0 if way == plans.FIRST else 1, plan=plan)
            without_end = at_each_request("enough", ref, products.stops_and_resumes)
            yield at_each_request("single", ref, once)
            yield without_end if way == row.ways[0] else turned(without_end)
            yield kills(ref)
            yield a_slice(at_each_request("twice", ref, twice), dice, THIN)
            yield a_slice(list(kills_with_faults(ref, dice)), dice, THIN)
        for nodes in (3, 16):
            yield from slices_of(reference(nodes, plan), dice, THIN)
        yield list(random_schedules(plan, THIN, 3))


UNDONE = (("26100", 1), ("20349", 3), ("20348", 3), ("17784", 0))  # the nodes' build and the roles that are given


def undone(dice):
    """Of registrations and of every other plan; all that is undone of a registration with kills and with faults."""
    for build, roles in UNDONE:
        ref = products.Reference(core=["--node-build", build], roles=roles)
        yield undos(ref)
        yield from undone_again(ref, dice, len(ref.run) * 10)
        yield from undone_in_spite(ref)
        three = products.Reference(3, core=["--node-build", build], roles=roles)
        yield undos(three)
        for cases in (*undone_again(three, dice), *undone_in_spite(three)):
            yield a_slice(cases, dice, THIN)


def undone_after_a_registration(dice):
    for plan, row in plans.PLANS.items():
        if plan != "register":
            for way in row.ways:
                ref = products.Reference(core=["--node-build", way], plan=plan)
                yield undos(ref)
                yield from undone_again(ref, dice)
            yield a_slice(undos(reference(3, plan)), dice, THIN)


def undone_again(ref, dice, size=THIN):
    """Kills inside an undo; the first, as many as there are of the last line, are every line of the longest undo."""
    lines = undoing.Undoing(ref).lines if ref.plan == "register" else 0
    pairs = [(ref.lines - 1, m) for m in range(1, lines + 1)] + [(n, dice.randrange(1, 12)) for n in range(1, ref.lines - 1)]
    cases = [(f"undo+kill {ref.label} {n} {m}", functools.partial(undoing.killed_again, n, m, ref)) for n, m in pairs]
    yield a_slice(cases, dice, size)


def undone_in_spite(ref):
    at = undoing.Undoing(ref)
    for family, count in (("undo+single", 1), ("undo+enough", products.MANY)):
        yield [(f"{family} {ref.label} {kind}@{request}", functools.partial(undoing.disturbed, count, kind, request, ref)) for request in at.run for kind in products.KINDS]


def families():
    dice = random.Random(SEED)
    if not PLANS or re.search(PLANS, "undo"):
        yield from undone(dice)
        yield from undone_after_a_registration(dice)
    yield from after_a_registration(dice)
    if not PLANS or re.search(PLANS, "register"):
        yield from registrations(dice)


def registrations(dice):
    one, sixteen = reference(1), reference(16)
    certificates = [products.Reference(core=["--node-build", build], roles=3) for build in ("20348", "20349")]
    certificates.append(products.Reference(core=["--node-build", "17784"], roles=0))  # the client makes the application
    for ref in (one, sixteen, *certificates):
        yield from all_of(ref, dice)
    for ref in [products.Reference(16, core=["--node-build", build], roles=roles) for build, roles in (("17784", 0), ("20348", 3), ("20349", 3))]:
        yield a_slice(at_each_request("single", ref, once), dice)
        yield a_slice(at_each_request("enough", ref, products.stops_and_resumes), dice)
        yield list(kills_with_faults(ref, dice))
    yield list(sign_ins(one))
    yield list(pairs(one))
    yield list(pairs(sixteen))
    yield list(random_schedules())


def mixed(lists):
    """All families side by side, each spread over the whole."""
    dice, out = random.Random(SEED), []
    for cases in lists:
        dice.shuffle(cases)
        out += [((n + dice.random()) / len(cases), case) for n, case in enumerate(cases)]
    return [case for _, case in sorted(out, key=lambda c: c[0])]


# ---- the run ----

class Tally:
    def __init__(self):
        self.rows = {}

    def add(self, name, outcome, seconds=0.0):
        family = " ".join(name.split(" ")[:2]) if name.split(" ")[1][0].isdigit() else name.split(" ")[0]
        row = self.rows.setdefault(family, {"passed": 0, "failed": 0, "skipped": 0, "seconds": 0.0})
        row[outcome] += 1
        row["seconds"] += seconds

    def sum(self, outcome):
        return sum(row[outcome] for row in self.rows.values())

    def show(self):
        for family, row in sorted(self.rows.items()):
            print(f"    {family:15} {row['passed']:5} passed {row['failed']:4} failed {row['skipped']:5} skipped {row['seconds']:7.0f} s")


def replay(text):
    items = schedules.parse(text)
    schedules.run(items, reference(schedules.nodes_of(items), schedules.plan_of(PLANS)))
    print(f"passed: {schedules.text_of(items)}")


def alone(name):
    """The command that runs this case alone: plans and seed draw the same cases again."""
    of_plans = f"AZL_PLANS={shlex.quote(PLANS)} " if PLANS else ""
    only = shlex.quote("^" + re.escape(name).replace("\\ ", " ") + "$")
    return f"{of_plans}AZL_SEED={shlex.quote(SEED)} AZL_ONLY={only} python3 tests/long/test_products.py"


def main():
    if os.environ.get("AZL_SCHEDULE"):
        replay(os.environ["AZL_SCHEDULE"])
        return
    start, done, tally = time.time(), passed.Passed("long.done"), Tally()
    cases = [case for case in mixed(families()) if ONLY.search(case[0])]
    for name, _ in cases:
        if name in done:
            tally.add(name, "passed")
    todo = [case for case in cases if case[0] not in done]
    print(f"{len(todo)} cases to do, {len(cases) - len(todo)} passed earlier at this state of the sources; seed {SEED}", flush=True)

    def one(name, fn):
        begun = time.time()
        if begun - start > SECONDS:
            with lock:
                tally.add(name, "skipped")
            return
        try:
            fn()
            done.add(name)
            with lock:
                tally.add(name, "passed", time.time() - begun)
        except Exception as e:  # every kind of failure is the case's failure
            with lock:
                tally.add(name, "failed", time.time() - begun)
                print(f"FAILED  {name}: {e}\n  this one alone: {alone(name)}", flush=True)

    azl.side_by_side([functools.partial(one, name, fn) for name, fn in todo], int(os.environ.get("AZL_JOBS", "4")))
    tally.show()
    if tally.sum("skipped"):
        print(f"SKIPPED: {tally.sum('skipped')} cases: AZL_SECONDS={SECONDS:.0f} was over; run again to go on")
    print(f"took {time.time() - start:.0f} s")
    print(f"{tally.sum('passed')} passed, {tally.sum('failed')} failed, {tally.sum('skipped')} skipped")
    sys.exit(1 if tally.sum("failed") else 0)


main()
