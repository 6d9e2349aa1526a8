"""One fleet for all scenarios of a run, and the report at its end."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.faults.summary import Summary, save
from tests.parts import Parts

if TYPE_CHECKING:
    from tests.faults.fleet import Fleet

SEED = "THROUGHLINE_FAULT_SEED"
_SUMMARIES = pytest.StashKey[list[Summary]]()


@pytest.fixture(scope="session")
def seed() -> int:
    """Of everything that a run of faults chooses."""
    return int(os.environ.get(SEED) or random.SystemRandom().randrange(10**6))


@pytest.fixture(scope="session")
def started() -> float:
    """When the first of the faults began, on the monotonic clock."""
    return time.monotonic()


@pytest.fixture(scope="session")
def summaries(pytestconfig: pytest.Config) -> list[Summary]:
    """Scenarios add to it; it is printed and saved when the session ends."""
    return pytestconfig.stash.setdefault(_SUMMARIES, [])


@pytest.fixture(scope="session")
def fleet(
    started: float,
    parts: Parts,
    mongodb_uri: str,
    kafka_bootstrap: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Fleet]:
    """All four services and the gateway, ready."""
    # Imported late: kafka-python warns at import, and warnings are filtered by now.
    from tests.faults.fleet import Fleet

    made = Fleet(parts, tmp_path_factory.mktemp("fleet"))
    try:
        yield made.start()
    finally:
        made.close()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    summaries = config.stash.get(_SUMMARIES, [])
    for one in summaries:
        terminalreporter.section(f"faults: {one.scenario}", sep="-")
        terminalreporter.write_line(one.table())
    if summaries:
        terminalreporter.write_line(f"written to {save(summaries)}")
