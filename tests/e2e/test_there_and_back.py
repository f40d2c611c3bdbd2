#!/usr/bin/env python3
"""From 20 random starting states: after register and unregister the sandbox holds what it held (worlds.py). AZL_SEED=n: that one alone."""
import functools
import os

import azl
import worlds

SEEDS = [int(s) for s in os.environ["AZL_SEED"].split()] if os.environ.get("AZL_SEED") else range(1, 21)


def test_twenty_worlds():
    azl.side_by_side([functools.partial(worlds.there_and_back, seed) for seed in SEEDS], 4)


azl.main()
