#!/usr/bin/env python3
"""Every kind of fault once, and every request of a registration failed once: the run ends well and nothing is made twice."""
import functools

import azl
import products


def test_each_kind_of_fault_on_the_cluster_put():
    ref = products.Reference()
    azl.side_by_side([functools.partial(products.goes_on, [f"{kind}@PUT */clusters/CLUSTER-A"], ref) for kind in products.KINDS])


def test_each_request_failed_once():
    ref, kinds = products.Reference(), products.KINDS
    requests = ref.run
    azl.check(len(requests) >= 16, f"only {requests}")
    azl.side_by_side([functools.partial(products.goes_on, [f"{kinds[n % len(kinds)]}@{request}"], ref) for n, request in enumerate(requests)])
    print(f"        {len(requests)} requests")


def test_faults_of_the_sign_in():
    def one(kind):
        with azl.Rehearsal(approve="auto:3", sandbox=["--fault", f"{kind}@POST */oauth2/v2.0/token"]) as r:
            r.run("sign-in", ok=0)

    azl.side_by_side([functools.partial(one, kind) for kind in ("slow_down", "500", "503", "reset", "truncate", "garbage")])


def test_a_sign_in_whose_answer_is_lost_says_so_and_can_be_repeated():
    with azl.Rehearsal(sandbox=["--fault", "reply-lost@POST */oauth2/v2.0/token"]) as r:
        p = r.run("sign-in", ok=4)
        azl.check("54005" in p.stderr and "new code" in p.stderr, p.stderr)
        r.run("sign-in", ok=0)


def test_a_fresh_token_that_is_refused_asks_for_a_new_sign_in():
    """The sign-in was revoked in the middle of a run: a new code is shown, and the run goes on by itself."""
    ref = products.Reference()
    with products.rehearsal() as r:
        r.prepare()
        r.fault("401@PUT */clusters/CLUSTER-Ax2")
        p = r.register(ok=None)
        azl.check("The operation waits for a sign-in." in p.stdout and "type the code" in p.stdout, p.stdout)
        products.complete(r, p, ref, "a revoked sign-in")


def test_a_declined_and_an_expired_code_say_so():
    for kind, word in (("declined", "declined"), ("expired_token", "expired")):
        with azl.Rehearsal(approve="manual", sandbox=["--fault", f"{kind}@POST */oauth2/v2.0/token"]) as r:
            p = r.run("sign-in", ok=4)
            azl.check(word in p.stderr.lower(), f"{kind}: {p.stderr}")


azl.main()
