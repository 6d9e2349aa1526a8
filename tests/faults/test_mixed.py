"""Minutes of faults of all kinds at random moments; then every read model is built anew.

THROUGHLINE_FAULT_SEED=7 THROUGHLINE_FAULT_MINUTES=2 make faults ARGS="-k mixed"
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping

import pytest

from tests.faults.blows import BLOWS, Blows
from tests.faults.fleet import Fleet, NotReady
from tests.faults.scenario import play
from tests.faults.summary import Summary
from tests.parts import Parts

MINUTES = "THROUGHLINE_FAULT_MINUTES"
DEFAULT_MINUTES = 6.0
MOST_MINUTES = 12.0

pytestmark = [pytest.mark.faults, pytest.mark.timeout((MOST_MINUTES + 6) * 60)]

CALM_SECONDS = (0.5, 4.0)
"""Between two faults: short enough that the next one meets a system still recovering."""

SLOW = {"kill_everything": 1, "kill_kafka": 2, "kill_mongodb": 2, "rebuild": 1, "crash_rebuild": 1}
"""How often a fault comes that takes long; the others come more often."""

USUAL = 5


def minutes() -> float:
    return min(MOST_MINUTES, float(os.environ.get(MINUTES) or DEFAULT_MINUTES))


def test_a_mixed_run(fleet: Fleet, parts: Parts, seed: int, summaries: list[Summary]) -> None:
    blows = Blows(fleet, parts, random.Random(seed))
    names = list(BLOWS)
    weights = [SLOW.get(name, USUAL) for name in names]

    def fault() -> Mapping[str, int]:
        deadline = time.monotonic() + minutes() * 60
        while time.monotonic() < deadline:
            name = blows.random.choices(names, weights)[0]
            try:
                blows.strike(name)
            except NotReady as late:
                # Under all the other faults a point may not be reached: that is no damage.
                blows.struck[f"not reached: {late}"] += 1
            blows.pause(blows.random.uniform(*CALM_SECONDS))
        return blows.struck

    summaries.append(play("mixed", fleet, seed + 1000, fault, rate=30.0, rebuild=True))
