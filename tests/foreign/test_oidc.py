#!/usr/bin/env python3
"""The sign-in against a server of RFC 8628 that others wrote: no interval, no message, its own words of refusal, grants that die on reuse."""
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


def test_whole():
    stranger.need()
    with stranger.Stranger() as r:
        print(r.sign_in("decline", ok=4))
        print(r.sign_in("expire", ok=4))
        print(r.sign_in("approve", "lose", ok=4))
        print(r.sign_in("approve", "cut", ok=4))
        print(r.sign_in("approve", ("slow", {"ms": 7000}), ok=0))
        print(r.seen())
    with stranger.Stranger(code_s=3) as r:
        print(r.sign_in(ok=4))
        print(r.seen())
    with stranger.Stranger(token_s=6) as r:
        r.run("cluster", "create", "CLUSTER-A", "--node", "node1", ok=0)
        print(r.sign_in("approve", ok=0))
        time.sleep(3.5)
        r.order("lose")
        p=r.run(*r.register_args())
        print(p.stdout[-300:], p.stderr,p.returncode)
        time.sleep(3.5)
        p=r.run(*r.register_args())
        print(p.stdout[-300:], p.stderr,p.returncode)
        print(r.run("sign-out").stdout)
        print(r.seen())
        r.sign_in("approve", ok=0)
        r.order("revoke")
        p=r.run(*r.register_args())
        print(p.stdout[-300:], p.stderr,p.returncode)
        print(r.seen())
        print(r.core_log())


azl.main()
