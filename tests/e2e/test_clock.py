#!/usr/bin/env python3
"""A core that runs for hours and weeks: scheduled sync, statuses, wake-ups, memory, log, tokens, and weeks without a network. Its waits are leapt
over (leap.c), so that twelve hours take seconds; what must take real time (answers, child processes) does. In the weeks the policy clock runs 240
times as fast as the core's; for one minute of real time it runs 720 times as fast: twelve hours in a minute."""
import glob
import os
import time

import azl
import products

MINUTE, HOUR, DAY = 60, 3600, 86400
FAR = DAY  # no wait is too long to be leapt over
RATE = 240


class Life:
    """A registered cluster whose core stays, and the core's clock since then."""

    def __init__(self, r):
        self.r = r
        r.cluster()
        r.core_for_good()
        r.run("sign-in", ok=0)
        r.register()
        self.start = self.now()
        self.pid = r.core_pid()
        r.leap.let(0, FAR)

    def now(self):
        """Seconds of the core's clock: what has passed and what was leapt over."""
        return time.monotonic() + self.r.leap.seconds()

    def until(self, seconds):
        """Lets the clock go on until so many seconds after the registration."""
        leap, end = self.r.leap, self.start + seconds
        leap.let(max(end - time.monotonic(), 0), FAR)
        with leap.going_on():
            azl.wait_for(lambda: self.now() >= end - 0.01, 120, f"{seconds} s of clock")
        azl.wait_for(self.quiet, 20, "the core to come to rest")

    def quiet(self):
        turns = self.r.leap.turns()
        time.sleep(0.06)
        return self.r.leap.turns() == turns

    def memory(self):
        """KiB in use by the core."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))

    def sanitized(self):
        """A core built with sanitizers keeps what it frees: its memory says nothing."""
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as f:
            return "libasan" in f.read()

    def asked(self, ending=""):
        """What the core and its nodes have asked of Azure and of the Arc agents, our own questions left out."""
        return [x for x in self.r.exchanges() if "/sandbox/" not in x["url"] and x["url"].split("?")[0].endswith(ending)]

    def syncs(self):
        return sum(products.carried_out(x) for x in self.asked("/sync"))

    def log_size(self):
        return sum(os.path.getsize(f) for f in glob.glob(os.path.join(self.r.state, "azloconfd.log*")))

    def connection(self):
        s = self.r.status()
        azl.equal(s["RegistrationStatus"], "Registered", "RegistrationStatus")
        return s["ConnectionStatus"]


def seconds_between(iso, later):
    def parse(s):
        return time.mktime(time.strptime(s[:19], "%Y-%m-%dT%H:%M:%S"))
    return parse(later) - parse(iso)


def twelve_hours(nodes, turns_an_hour):
    with products.rehearsal(nodes) as r:
        life = Life(r)
        first, turns, memory, asked, log = r.status(), [], [], [], life.log_size()
        azl.equal(life.syncs(), nodes, "syncs of the registration")
        for hour in range(1, 13):
            before, questions = r.leap.turns(), len(life.asked())
            life.until(hour * HOUR - MINUTE)
            turns.append(r.leap.turns() - before)
            asked.append(len(life.asked()) - questions)
            memory.append(life.memory())
        print(f"        {nodes} node(s), hour by hour: turns {min(turns)} to {max(turns)}, requests {min(asked)} to {max(asked)}, "
              f"memory {memory[0]} to {memory[-1]} KiB; log {life.log_size() - log} bytes more")
        azl.check(max(turns) <= turns_an_hour, f"wake-ups: {turns}")
        azl.check(max(asked) <= 6 * nodes + nodes, f"requests: {asked}")
        azl.check(life.sanitized() or memory[-1] - memory[0] <= 128, f"memory grows: {memory}")
        azl.check(life.log_size() - log <= 64 * 1024, "the log grows")
        azl.equal(len(os.listdir(os.path.join(r.state, "runs"))), 1, "journals")
        azl.equal(life.syncs(), nodes, "nothing is synced before it is due")
        azl.equal(life.connection(), "Connected", "after twelve hours")
        life.until(12 * HOUR + 2 * MINUTE)
        azl.equal(life.syncs(), 2 * nodes, "each node is synced once when it is due")
        last = r.status()
        azl.equal(last["ConnectionStatus"], "Connected", "after the sync")
        for name in ("LastConnected", "NextSync"):
            moved = seconds_between(first[name], last[name])
            azl.check(12 * HOUR <= moved <= 12 * HOUR + 2 * MINUTE, f"{name} moved by {moved} s")
        writes, tokens = r.writes(), len(life.asked("/oauth2/v2.0/token"))
        r.register()  # the sign-in of twelve hours ago is still good, by its refresh token
        azl.equal(r.writes(), writes, "a second registration wrote")
        azl.check(len(life.asked("/oauth2/v2.0/token")) > tokens, "no token was refreshed")
        azl.equal(products.done_twice([x for x in r.exchanges() if not x["url"].endswith("/sync")]), [], "done twice")


def test_twelve_hours_at_rest():
    twelve_hours(1, 400)


def test_twelve_hours_at_rest_on_sixteen_nodes():
    if not azl.LONG:
        raise azl.Skip("with AZL_LONG=1, as make check-long does")
    twelve_hours(16, 2500)


def test_weeks_without_a_network():
    """Nothing is reached for five weeks. The node stays Connected for thirty days after its last sync and says so, is OutOfPolicy then, and Connected
    again with the first sync that is good; it asks seldom."""
    with products.rehearsal(core=[f"--clock-rate={RATE}"]) as r:
        life = Life(r)

        def policy(seconds):
            life.until(seconds / RATE)

        policy(11 * HOUR)
        azl.equal(life.syncs(), 1, "not due yet")
        policy(14 * HOUR)
        azl.equal(life.syncs(), 2, "due after twelve hours")
        last = r.status()["LastConnected"]
        r.fault("resetx*")
        lost = len(life.asked("/sync"))
        policy(5 * DAY)
        s = r.status()
        azl.equal((s["ConnectionStatus"], s["LastConnected"]), ("Connected", last), "five days, of thirty that are allowed")
        policy(30 * DAY + 9 * HOUR)
        azl.equal(life.connection(), "Connected", "thirty days after the last sync, less three hours")
        policy(30 * DAY + 15 * HOUR)
        azl.equal(life.connection(), "OutOfPolicy", "more than thirty days")
        policy(35 * DAY)
        azl.equal(life.connection(), "OutOfPolicy", "thirty-five days")
        tries = len(life.asked("/sync")) + len(life.asked("/metadata/identity/oauth2/token")) - lost
        print(f"        {tries} requests in vain")
        azl.check(tries <= 300, f"{tries} requests in vain in three weeks: a sync and its token each four hours are 280")
        azl.equal(life.syncs(), 2, "nothing was reached")
        r.sandbox("DELETE", "/sandbox/faults")
        policy(35 * DAY + 6 * HOUR)
        azl.equal(life.connection(), "Connected", "the network is back: within four hours")
        azl.equal(life.syncs(), 3, "one sync")
        policy(35 * DAY + 30 * HOUR)
        azl.check(4 <= life.syncs() <= 5, f"every twelve hours again: {life.syncs()}")


def test_twelve_hours_in_a_minute():
    """Without a leap: real programs, a minute of real time, a policy clock that runs 720 times as fast."""
    if not azl.LONG:
        raise azl.Skip("takes a minute: with AZL_LONG=1, as make check-long does")
    with azl.Rehearsal(core=["--clock-rate=720"]) as r:
        r.prepare()
        r.register()
        first = r.status()
        end, seen, before = time.monotonic() + 66, set(), len(r.exchanges())
        while time.monotonic() < end:
            seen.add(r.status()["ConnectionStatus"])  # a console that looks is a question to the agent
            for _ in range(11):
                time.sleep(0.5)
        azl.equal(seen, {"Connected"}, "statuses on the way")
        syncs = sum(products.carried_out(x) and x["url"].endswith("/sync") for x in r.exchanges())
        azl.equal(syncs, 2, "one sync by the registration, one after twelve hours")
        azl.check(12 * HOUR <= seconds_between(first["LastConnected"], r.status()["LastConnected"]) <= 12.5 * HOUR, "LastConnected")
        questions = len(r.exchanges()) - before
        azl.check(questions <= 20, f"{questions} requests in a minute")


if __name__ == "__main__":
    azl.main()
