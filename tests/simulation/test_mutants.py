"""The simulation can fail: every planted bug is noticed within the seeds of a normal run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.failures import SimulationFailure
from tests.simulation.mutants import MUTANTS
from tests.simulation.running import quiet, run_seed

SEEDS = 60


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet():
        yield


def noticed(seeds: range) -> str | None:
    """What the first seed that fails says."""
    for seed in seeds:
        try:
            run_seed(seed)
        except SimulationFailure as failure:
            return str(failure)
    return None


@pytest.mark.parametrize("name", MUTANTS)
def test_the_planted_bug_is_noticed(name: str) -> None:
    with MUTANTS[name]():
        finding = noticed(range(SEEDS))
    assert finding is not None, f"{name} went unnoticed through {SEEDS} seeds"
    assert "python -m tests.simulation --seed" in finding
