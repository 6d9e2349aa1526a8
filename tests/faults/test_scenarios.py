"""Each kind of fault by itself, under load: afterwards nothing is lost, doubled or out of order.

make faults ARGS="-k kill_kafka"
"""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from tests.faults.blows import AWAY_SECONDS, BLOWS, SWAP_POINTS, WORKER_POINTS, Blows
from tests.faults.fleet import Fleet, wait_for
from tests.faults.scenario import play
from tests.faults.summary import Summary
from tests.parts import Parts

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def blows(fleet: Fleet, parts: Parts, seed: int) -> Blows:
    return Blows(fleet, parts, random.Random(seed))


@pytest.mark.parametrize("name", [name for name in BLOWS if not name.startswith("crash")])
def test_a_fault(name: str, blows: Blows, seed: int, summaries: list[Summary]) -> None:
    def fault() -> Mapping[str, int]:
        blows.strike(name)
        return blows.struck

    summaries.append(play(name, blows.fleet, seed + list(BLOWS).index(name), fault))


def test_each_crash_point(blows: Blows, seed: int, summaries: list[Summary]) -> None:
    """Every named point of a worker and of the web, in sales, which has all of them."""

    def fault() -> Mapping[str, int]:
        for point in WORKER_POINTS:
            blows.crash("sales-worker", f"{point}:2")
        blows.fleet.keeper.kill("sales-web", armed="store.after_append:3")
        blows.pause(6.0)
        blows.fleet.keeper.kill("sales-web")
        return dict.fromkeys((*WORKER_POINTS, "store.after_append"), 1)

    summaries.append(play("crash points", blows.fleet, seed + 100, fault))


def test_each_crash_point_of_a_swap(blows: Blows, seed: int, summaries: list[Summary]) -> None:
    def fault() -> Mapping[str, int]:
        for point in SWAP_POINTS:
            died = blows.fleet.projections("rebuild", "--swap", "--service", "sales", armed=point)
            assert died is None, f"{point} was not reached"
            again = blows.fleet.projections("rebuild", "--swap", "--service", "sales")
            assert again is not None
        return dict.fromkeys(SWAP_POINTS, 1)

    summaries.append(play("swap points", blows.fleet, seed + 101, fault, rebuild=True))


def test_commands_are_taken_while_kafka_is_away(
    blows: Blows, parts: Parts, seed: int, summaries: list[Summary]
) -> None:
    fleet = blows.fleet

    def fault() -> Mapping[str, int]:
        parts.kafka.kill()
        try:
            wanted = len(fleet.ledger().answers) + 25
            wait_for(lambda: len(fleet.ledger().answers) >= wanted, 60, "answers without Kafka")
            blows.pause(AWAY_SECONDS)
        finally:
            parts.kafka.start()
        return {"kill_kafka": 1}

    summaries.append(play("commands without kafka", fleet, seed + 102, fault))
