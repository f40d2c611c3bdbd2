#!/usr/bin/env python3
"""A move: unregistration and registration as one operation. Afterwards the sandbox holds what a fresh registration with the new values makes."""
import glob
import json
import os

import azl
import products
import test_unregister as un


def rehearsal(nodes=1, build=26100, **kw):
    return azl.Rehearsal(nodes=nodes, core=["--node-build", str(build)], **kw)


def move(r, *args, ok=0):
    return r.run("move", "--old-resource-name", "CLUSTER-A", "--yes", *args, ok=ok)


def test_first():
    with rehearsal(1) as r:
        r.prepare()
        r.register(ok=0)
        print(r.run("move", "--region", "westeurope", "--what-if").stdout)
        p = move(r, "--region", "westeurope", "--resource-name", "NEW", "--resource-group-name", "new-rg", ok=None)
        print(p.stdout, p.stderr)
        print(r.run("operations").stdout)
        print(r.status())


if __name__ == "__main__":
    azl.main()
