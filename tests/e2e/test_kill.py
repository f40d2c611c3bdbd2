#!/usr/bin/env python3
"""kill -9 of the core after every journal line of the registration: the same end state, and nothing is made twice."""
import functools

import azl
import products


def test_killed_after_every_journal_line():
    ref = products.Reference()
    azl.check(ref.lines > 10, f"only {ref.lines} journal lines")
    azl.side_by_side([functools.partial(products.killed_after, n, ref) for n in range(1, ref.lines)])
    print(f"        {ref.lines - 1} kills")


azl.main()
