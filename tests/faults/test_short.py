"""The shortest of the fault scenarios, for every change: a killed worker loses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.fleet import Fleet
from tests.faults.scenario import play
from tests.parts import Parts

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
def small_fleet(
    parts: Parts, mongodb_uri: str, kafka_bootstrap: str, tmp_path: Path
) -> Iterator[Fleet]:
    made = Fleet(parts, tmp_path, ("marketing", "sales"), gateway=False)
    try:
        yield made.start()
    finally:
        made.close()


def test_killed_processes_lose_nothing(small_fleet: Fleet) -> None:
    def fault() -> Mapping[str, int]:
        small_fleet.keeper.kill("sales-worker", armed="projection.after_transaction:2")
        small_fleet.keeper.kill("marketing-worker")
        small_fleet.keeper.kill("sales-web")
        return {"kill -9": 3}

    summary = play("short", small_fleet, 1, fault)
    assert summary.acknowledged >= 75
    assert small_fleet.keeper.deaths >= 3
