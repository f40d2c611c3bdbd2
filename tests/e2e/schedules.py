"""schedules.py - random fault schedules: drawn from a seed, run, and when one fails, shrunk to the least that still fails.

A schedule is a list of items, written with "; " between them:
    nodes N                     how many nodes (1 if it is not said)
    KIND@REQUESTxCOUNT after M  a fault as the sandbox takes it; kind 401 at an ARM request is a sign-in that is no longer believed
    kill N                      kill -9 of the core after its Nth journal line; a second kill counts the lines of the second core
AZL_SCHEDULE='...' python3 tests/long/test_products.py replays one, of a plan other than register with AZL_PLANS='^sync$' before it.
"""
import os
import re
import shlex

import azl
import plans
import products

FAULT = re.compile(r"^(?P<head>.+?)x(?P<count>\d+)( after (?P<after>\d+))?$")
TRIES = 80  # runs that shrinking may cost


def draw(dice, ref, most=5):
    """A schedule of one to `most` faults, sometimes with a kill or two."""
    items = [f"nodes {ref.nodes}"]
    for _ in range(dice.randint(1, most)):
        request = dice.choice(ref.run)
        kinds = products.KINDS + (["401"] if "/subscriptions/" in request else [])
        after = dice.choice((0, 0, 0, 1, 2))
        items.append(f"{dice.choice(kinds)}@{request}x{dice.choice((1, 1, 2, 3))}" + (f" after {after}" if after else ""))
    kills = dice.choice((0, 0, 0, 1, 1, 2))
    items += [f"kill {dice.randrange(1, ref.lines)}" for _ in range(kills)]
    return items


def text_of(items):
    return "; ".join(items)


def parse(text):
    return [item.strip() for item in text.split(";") if item.strip()]


def nodes_of(items):
    return next((int(item.split()[1]) for item in items if item.startswith("nodes ")), 1)


def plan_of(pattern):
    """The one plan that AZL_PLANS means: register if it is not said, else the only name that the pattern finds."""
    found = [plan for plan in plans.PLANS if re.search(pattern, plan)] if pattern else ["register"]
    if len(found) != 1:
        raise azl.Failed(f"AZL_PLANS='{pattern}' must mean one plan for a replay, it means {found or 'none'}")
    return found[0]


def replay_of(items, plan):
    """The command that replays it, to be pasted into a shell."""
    of_plan = "" if plan == "register" else f"AZL_PLANS='^{plan}$' "
    return f"{of_plan}AZL_SCHEDULE={shlex.quote(text_of(items))} python3 tests/long/test_products.py"


def run(items, ref):
    """Runs one; the run completes, or stops with an error and completes when it is resumed without the faults; nothing is done twice."""
    faults = [i for i in items if "@" in i]
    kills = [i.split()[1] for i in items if i.startswith("kill ")]
    text = text_of(items)
    with products.rehearsal(ref.nodes, core=ref.core, preload=products.killpoint() if kills else None) as r:
        once = products.begin_to_die(r, ref, kills, faults) if kills else os.path.join(r.top, "killed")
        if not kills:
            products.begin(r, ref)
            for f in faults:
                r.fault(products.placed(f, r))
        p = products.run(r, ref)
        for _ in range(3):  # a later kill may hit the resumed run
            if p.returncode == 0:
                break
            products.names_the_trouble(p, text)
            p = products.resumed(r, text, ref)
        products.complete(r, p, ref, text, products.kills_in(once))


def smaller(items):
    """All schedules that are one step smaller, the boldest first."""
    for n in range(len(items)):
        if not items[n].startswith("nodes "):
            yield items[:n] + items[n + 1:]
    for n, item in enumerate(items):
        if item.startswith("nodes ") and nodes_of(items) > 1:
            yield items[:n] + ["nodes 1"] + items[n + 1:]
        m = FAULT.match(item) if "@" in item else None
        if not m:
            continue
        count, after = int(m["count"]), int(m["after"] or 0)
        steps = [(1, after), (count - 1, after), (count, 0), (count, after - 1)]
        for c, a in steps:
            if 1 <= c <= count and 0 <= a <= after and (c, a) != (count, after):
                yield items[:n] + [f"{m['head']}x{c}" + (f" after {a}" if a else "")] + items[n + 1:]


def shrink(items, fails, tries=TRIES):
    """The least schedule that still fails: no item can be left out and no number lowered (or the tries are used up)."""
    tried = {text_of(items)}
    again = True
    while again:
        again = False
        for less in smaller(items):
            if text_of(less) in tried or tries == 0:
                continue
            tried.add(text_of(less))
            tries -= 1
            if fails(less):
                items, again = less, True
                break
    return items


def prove(items, references, plan="register"):
    """Runs a schedule of a plan; a failure is shrunk and told with the command that replays it. references(nodes) gives what it must come to."""
    try:
        run(items, references(nodes_of(items)))
        return
    except azl.Skip:
        raise
    except Exception as e:  # every kind of failure is the schedule's failure
        first = e

    def fails(less):
        try:
            run(less, references(nodes_of(less)))
            return False
        except Exception:  # as above
            return True
    least = shrink(items, fails)
    raise azl.Failed(f"schedule failed: {text_of(items)}\nreplay the least of it: {replay_of(least, plan)}\n{first}")
