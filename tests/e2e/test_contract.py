#!/usr/bin/env python3
"""Every exchange of a whole registration against Microsoft's own API contracts (../shared/contract, which users do not have)."""
import os
import subprocess
import sys

import azl

CONTRACT = os.path.join(azl.SRC, "..", "shared", "contract")


def validate(log):
    p = subprocess.run([sys.executable, os.path.join(azl.SRC, "tests", "contract", "validate.py"), "--contract", CONTRACT,
                        "--uncontracted", os.path.join(azl.SRC, "tests", "uncontracted.txt"), log], text=True, capture_output=True, timeout=300)
    print("\n".join("        " + line for line in p.stdout.strip().splitlines()[-3:]))
    azl.equal(p.returncode, 0, p.stdout[-4000:] + p.stderr[-2000:])


def test_every_exchange_validates():
    if not os.path.exists(os.path.join(CONTRACT, "INDEX.json")):
        raise azl.Skip("the contracts are not here (../shared/contract): exchanges are not validated")
    with azl.Rehearsal(nodes=3, instant=False) as r:
        r.prepare()
        r.register()
        r.register()
        r.run("sign-out", ok=0)
        validate(r.log)


azl.main()
