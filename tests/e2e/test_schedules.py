#!/usr/bin/env python3
"""Random fault schedules: a few small ones run, and the shrinker finds the least of one that fails."""
import functools
import random
import shlex

import azl
import products
import schedules


def test_a_few_random_schedules():
    ref = products.Reference()
    azl.side_by_side([functools.partial(schedules.prove, schedules.draw(random.Random(f"small {n}"), ref, 3), lambda nodes: ref) for n in range(5)])


def test_a_seed_draws_the_same_schedule_and_its_text_reads_back():
    class Ref:
        nodes, lines, run = 3, 30, ["GET /subscriptions/{subscription}", "POST /agent/connect"]
    for n in range(50):
        items = schedules.draw(random.Random(n), Ref)
        azl.equal(schedules.draw(random.Random(n), Ref), items, "the same seed")
        azl.equal(schedules.parse(schedules.text_of(items)), items, "text")
        azl.equal(schedules.nodes_of(items), 3, "nodes")


def test_the_shrinker_finds_the_least_that_fails():
    big = ["nodes 16", "500@GET /ax3 after 2", "reset@PUT /bx2", "garbage@POST /cx3", "kill 7", "429:retry-after=1@GET /ax1", "kill 9"]
    runs = []

    def needs_reset_and_kill(items):
        runs.append(items)
        return any(i.startswith("reset@PUT /b") for i in items) and "kill 9" in items
    azl.equal(schedules.shrink(big, needs_reset_and_kill), ["nodes 1", "reset@PUT /bx1", "kill 9"], "two items are to blame")

    def needs_two_late_ones(items):
        m = [schedules.FAULT.match(i) for i in items if i.startswith("500@GET /a")]
        return any(int(x["count"]) >= 2 and int(x["after"] or 0) >= 1 for x in m if x)
    azl.equal(schedules.shrink(big, needs_two_late_ones), ["nodes 1", "500@GET /ax2 after 1"], "counts go down as far as it still fails")
    azl.equal(schedules.shrink(big, lambda items: schedules.nodes_of(items) > 3), ["nodes 16"], "the nodes stay if they are to blame")
    runs.clear()
    schedules.shrink(big, needs_reset_and_kill, tries=4)
    azl.equal(len(runs), 4, "no more runs than allowed")


def test_a_failing_schedule_is_told_with_its_replay():
    def broken(items, ref):
        if any("PUT /b" in i for i in items):
            raise azl.Failed("it broke")
    real, schedules.run = schedules.run, broken
    try:
        schedules.prove(["nodes 1", "500@GET /ax2", "reset@PUT /bx2"], lambda nodes: None)
        raise azl.Failed("nothing failed")
    except azl.Failed as e:
        azl.check("least of it: AZL_SCHEDULE='nodes 1; reset@PUT /bx1'" in str(e) and "it broke" in str(e), str(e))
    try:
        schedules.prove(["nodes 1", "500@GET /ax2", "reset@PUT /b(appId='*')x2"], lambda nodes: None, "sync")
        raise azl.Failed("nothing failed")
    except azl.Failed as e:
        line = next(text for text in str(e).split("\n") if "least of it: " in text)
        words = dict(w.split("=", 1) for w in shlex.split(line.split("least of it: ")[1])[:2])
        azl.equal(words, {"AZL_PLANS": "^sync$", "AZL_SCHEDULE": "nodes 1; reset@PUT /b(appId='*')x1"}, "what a shell makes of the command")
        azl.equal(schedules.plan_of(words["AZL_PLANS"]), "sync", "the plan is read back")
    finally:
        schedules.run = real


def test_a_replay_is_of_one_plan():
    for pattern, plan in (("", "register"), ("^register$", "register"), ("^sync$", "sync"), ("arc-en", "arc-enable"), ("move", "move")):
        azl.equal(schedules.plan_of(pattern), plan, pattern)
    for pattern in ("register", "^arc-", "undo"):  # the first is part of unregister, too
        try:
            azl.check(False, f"{pattern}: {schedules.plan_of(pattern)}")
        except azl.Failed as e:
            azl.check("must mean one plan" in str(e), str(e))


azl.main()
