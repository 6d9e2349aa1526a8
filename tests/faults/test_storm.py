"""Minutes of faults of all kinds at random moments; then every read model is built anew.

THROUGHLINE_FAULT_SEED=7 THROUGHLINE_FAULT_MINUTES=2 make faults ARGS="-k storm"
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.blows import Blows
from tests.faults.fleet import Fleet, NotReady
from tests.faults.scenario import play
from tests.faults.summary import Summary
from tests.parts import Parts

MINUTES = "THROUGHLINE_FAULT_MINUTES"
DEFAULT_MINUTES = 6.0
ALL_MINUTES = 13.0
"""The whole run has a quarter of an hour: what the scenarios took is taken from the storm."""

LEAST_MINUTES = 1.0

pytestmark = [pytest.mark.faults, pytest.mark.timeout((ALL_MINUTES + 6) * 60)]

Weights = Mapping[str, int]

ON_PROCESSES: Weights = {
    "kill_worker": 4,
    "kill_web": 4,
    "kill_serving_child": 4,
    "kill_gateway": 3,
    "kill_everything": 1,
    "crash_worker": 5,
    "crash_web": 3,
    "freeze_worker": 3,
    "two_workers": 3,
}
ON_SERVERS: Weights = {"kill_kafka": 3, "kill_mongodb": 3, "rebuild": 2, "crash_rebuild": 1}
"""How often each comes. The two kinds strike at the same time, each its own one by one."""

CALM_ON_PROCESSES = (0.5, 4.0)
CALM_ON_SERVERS = (5.0, 15.0)
"""Seconds between two faults: short enough that many meet a system that still recovers."""


def test_a_storm(
    fleet: Fleet, parts: Parts, seed: int, started: float, summaries: list[Summary]
) -> None:
    spent = (time.monotonic() - started) / 60
    wanted = float(os.environ.get(MINUTES) or DEFAULT_MINUTES)
    deadline = time.monotonic() + 60 * max(LEAST_MINUTES, min(wanted, ALL_MINUTES - spent))

    def fault() -> Mapping[str, int]:
        with ThreadPoolExecutor(2) as pool:
            processes = Blows(fleet, parts, random.Random(seed))
            servers = Blows(fleet, parts, random.Random(seed + 1))
            done = [
                pool.submit(_strike, processes, ON_PROCESSES, CALM_ON_PROCESSES, deadline),
                pool.submit(_strike, servers, ON_SERVERS, CALM_ON_SERVERS, deadline),
            ]
            return sum((one.result() for one in done), Counter[str]())

    summaries.append(play("storm", fleet, seed + 1000, fault, rate=30.0, rebuild=True))


def _strike(blows: Blows, weights: Weights, calm: Sequence[float], deadline: float) -> Counter[str]:
    while time.monotonic() < deadline:
        name = blows.random.choices(list(weights), list(weights.values()))[0]
        try:
            blows.strike(name)
        except NotReady:
            # Under all the other faults a point may not be reached: that is no damage.
            blows.struck[f"{name} not reached"] += 1
        blows.pause(blows.random.uniform(*calm))
    return blows.struck
