#!/usr/bin/env python3
"""The sign-in against a server of RFC 8628 that others wrote: no interval, no message, its own words of refusal, grants that die on reuse."""
import concurrent.futures
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import azl  # noqa: E402
import stranger  # noqa: E402

INTERVAL_MS = 5000  # RFC 8628 3.2: what a client takes when the answer names no interval


def statuses(polls):
    return [(x["status"], x.get("error")) for x in polls]


def test_sign_in_and_registration():
    stranger.need()
    with stranger.Stranger(names=True) as r:
        r.run("cluster", "create", "CLUSTER-A", "--node", "node1", ok=0)
        out = r.sign_in("approve", polled=1)
        seen = r.seen()
        azl.equal(seen["code_members"], ["device_code", "expires_in", "user_code", "verification_uri", "verification_uri_complete"], "the code's answer")
        azl.check(f"open {r.base}/device and type the code " in out, out)
        azl.check(f"Signed in as anna@stranger.example, tenant {r.tenant}." in out, out)
        azl.equal(statuses(r.polls()), [(400, "authorization_pending"), (200, None)], "polls")
        times = [seen["code_at"], *(x["at"] for x in r.polls())]
        azl.check(all(b - a >= INTERVAL_MS - 20 for a, b in zip(times, times[1:])), f"polled too soon: {times}")
        r.register()
        azl.equal(r.status()["ConnectionStatus"], "Connected", "status")
        azl.wait_for(lambda: time.time() * 1000 > times[-1] + INTERVAL_MS + 1000, 10, "a poll's interval after the sign-in")
        seen = r.seen()
        azl.equal((len(r.polls()), seen["codes"], seen["revoked"]), (2, 1, 0), "polls, codes, grants revoked at the end")
        azl.check(seen["passed"] >= 15 and all("/oauth2/" in x for x in seen["refused"]), f"{seen['passed']} passed, refused {seen['refused']}")


def test_its_words_of_refusal():
    """declined: access_denied, not Entra's authorization_declined; expired_token while our own clock still lets the code live; and by our clock."""
    stranger.need()
    with stranger.Stranger() as r:
        out = r.sign_in("decline", ok=4)
        azl.check("The sign-in was declined." in out and "access_denied" in out, out)
        out = r.sign_in("expire", ok=4)
        azl.check("The code expired before anybody used it." in out and "expired_token" in out, out)
        azl.equal(statuses(r.polls()), [(400, "access_denied"), (400, "expired_token")], "polls")
    with stranger.Stranger(code_s=7) as r:
        out = r.sign_in(ok=4)
        azl.check("The code expired before anybody used it." in out, out)
        azl.equal(statuses(r.polls()), [(400, "authorization_pending")], "polls of a code of seven seconds")


def test_a_slow_redemption_is_not_repeated():
    """The answer takes longer than a poll's interval: a second poll would revoke the grant."""
    stranger.need()
    with stranger.Stranger() as r:
        out = r.sign_in("approve", ("slow", {"ms": INTERVAL_MS + 2000}))
        azl.check(f"Signed in as an account without a name, tenant {r.tenant}." in out, out)
        azl.wait_for(lambda: r.seen()["passed"], 10, "a request with the token")
        azl.equal((statuses(r.polls()), r.seen()["revoked"]), ([(200, None)], 0), "polls and revoked grants")


def test_a_lost_redemption_says_so():
    """Nobody can know whether a lost answer held the tokens: asking again revokes the grant here. Then it is said, and a new code works."""
    stranger.need()

    def lost(how):
        with stranger.Stranger() as r:
            out = r.sign_in("approve", how, ok=4)
            azl.check("The code is used up: the answer that held the sign-in was lost on the way." in out and "you get a new code" in out, out)
            azl.equal((statuses(r.polls()), r.seen()["revoked"]), ([(200, None), (400, "invalid_grant")], 1), "polls and revoked grants")
            r.sign_in("approve")

    azl.side_by_side([lambda: lost("lose"), lambda: lost("cut")])


def test_renewal():
    """Tokens that live six seconds, and a refresh token that changes with every use: an old one would revoke the grant."""
    stranger.need()
    with stranger.Stranger(token_s=6) as r:
        r.run("cluster", "create", "CLUSTER-A", "--node", "node1", ok=0)
        r.sign_in("approve")
        for n in range(3):
            born = r.seen()["requests"][-1]["at"] / 1000
            azl.wait_for(lambda: time.time() > born + 3.1, 5, "half a token's life")  # noqa: B023
            r.register()
            renewals = statuses(r.polls("refresh_token"))
            azl.check(len(renewals) > n and set(renewals) == {(200, None)}, f"renewals: {renewals}")
        azl.equal((len(r.polls()), r.seen()["revoked"]), (1, 0), "polls, revoked grants")
        azl.check(all("/oauth2/" in x for x in r.seen()["refused"]), r.seen()["refused"])


def test_a_renewal_that_is_lost_or_refused():
    """In the middle of a registration: the reason is said, a new code is given out in the run's tenant, and with it the run goes on by itself."""
    stranger.need()

    def ends(order, reason, grants):
        with stranger.Stranger(token_s=6) as r:
            r.run("cluster", "create", "CLUSTER-A", "--node", "node1", ok=0)
            r.sign_in("approve")
            azl.wait_for(lambda: time.time() * 1000 > r.polls()[-1]["at"] + 6100, 10, "a token's life")
            r.order(order)
            p = r.start(*r.register_args())
            azl.wait_for(lambda: r.seen()["codes"] == 2, 20, "a second code")
            azl.equal(statuses(r.polls("refresh_token")), grants, "renewals")
            r.order("approve")
            out = p.communicate(timeout=60)[0]
            azl.equal((p.returncode, reason in out), (0, True), out)
            azl.check("The operation waits for a sign-in." in out, out)
            azl.equal(r.status()["ConnectionStatus"], "Connected", "status")

    azl.side_by_side([lambda: ends("lose", "The sign-in is over: the answer that renewed it was lost on the way.", [(200, None), (400, "invalid_grant")]),
                      lambda: ends("revoke", "grant request is invalid", [(400, "invalid_grant")])])


def begin_all():
    """They mostly wait, for polls that are five seconds apart: all of them begin now, and are told of in order."""
    wanted = [n for n in globals() if n.startswith("test_") and (len(sys.argv) < 2 or n in sys.argv)]
    pool = concurrent.futures.ThreadPoolExecutor(6)
    for name in wanted:
        globals()[name] = pool.submit(globals()[name]).result


begin_all()
azl.main()
