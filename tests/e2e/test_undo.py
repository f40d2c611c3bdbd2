#!/usr/bin/env python3
"""Undo of an operation that did not come to its end: what it made goes, what was there stays, and what stays was named."""
import os

import azl
import products


def sample(nodes, build, roles, part):
    ref = products.Reference(nodes, core=["--node-build", str(build)], roles=roles)
    for n in range(1 + part % 7, ref.lines, 7 if nodes == 1 else 13):
        products.undone_after(n, ref)


def test_killed_anywhere_then_undone():
    """A sample of the journal's lines on all ways; check-long does them all."""
    azl.side_by_side([lambda a=a: sample(*a) for a in ((1, 26100, 1, 3), (3, 20349, 3, 5), (1, 20348, 3, 1), (1, 17784, 0, 6))], 2)


azl.main()
