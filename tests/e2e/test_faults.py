#!/usr/bin/env python3
"""Every kind of fault once, and every request of a registration failed once: the run ends well and nothing is made twice."""
import functools

import azl

KINDS = ["429:retry-after=1", "500", "503", "reset", "reply-lost", "truncate", "garbage", "bad-length", "half-header", "slow=300"]


def registered(r, text):
    s = r.status()
    azl.equal((s["ClusterStatus"], s["RegistrationStatus"], s["ConnectionStatus"]), ("Clustered", "Registered", "Connected"), text)


def requests_of_a_registration():
    """METHOD and path of each ARM and data-plane request, in order of first appearance, names wildcarded."""
    with azl.Rehearsal() as r:
        r.prepare()
        before = len(r.exchanges())
        r.register()
        out = []
        for x in r.exchanges()[before:]:
            path = "/" + x["url"].split("?")[0].split("/", 3)[3]
            if "/subscriptions/" not in path.lower() and "/dataplane/" not in path.lower():
                continue
            parts = path.split("/")
            for i, part in enumerate(parts):
                if len(part) == 36 and part.count("-") == 4:
                    parts[i] = "*"
            key = f"{x['method']} {'/'.join(parts)}"
            if key not in out:
                out.append(key)
        return out


def test_each_kind_of_fault_on_the_cluster_put():
    def one(kind):
        with azl.Rehearsal(sandbox=["--fault", f"{kind}@PUT */clusters/*"]) as r:
            r.prepare()
            r.register()
            registered(r, kind)
            azl.check(len({w for w in r.writes() if w[1].endswith("/clusters/cluster-a")}) <= 1, kind)

    azl.side_by_side([functools.partial(one, kind) for kind in KINDS])


def test_each_request_failed_once():
    requests = requests_of_a_registration()
    azl.check(len(requests) >= 12, f"only {requests}")

    def one(kind, request):
        with azl.Rehearsal(sandbox=["--fault", f"{kind}@{request}"]) as r:
            r.prepare()
            p = r.register(ok=None)
            azl.equal(p.returncode, 0, f"{kind}@{request}: {p.stdout}{p.stderr}{r.core_log() if p.returncode else ''}")
            registered(r, f"{kind}@{request}")
    azl.side_by_side([functools.partial(one, KINDS[n % len(KINDS)], request) for n, request in enumerate(requests)])
    print(f"        {len(requests)} requests")


def test_faults_of_the_sign_in():
    for kind in ("slow_down", "500", "503", "reset", "reply-lost"):
        with azl.Rehearsal(approve="auto:1", sandbox=["--fault", f"{kind}@POST */oauth2/v2.0/token"]) as r:
            r.run("sign-in", ok=0)


def test_a_declined_and_an_expired_code_say_so():
    for kind, word in (("declined", "declined"), ("expired_token", "expired")):
        with azl.Rehearsal(approve="manual", sandbox=["--fault", f"{kind}@POST */oauth2/v2.0/token"]) as r:
            p = r.run("sign-in", ok=4)
            azl.check(word in p.stderr.lower(), f"{kind}: {p.stderr}")


azl.main()
