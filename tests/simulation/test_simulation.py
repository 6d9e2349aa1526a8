"""Whatever befalls it, every world ends with each event published and applied exactly once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.simulation.failures import SimulationFailure
from tests.simulation.running import quiet, run_seed

SEEDS = 300
"""Of every test run: enough for the mutants, a few seconds."""

LONG_SEEDS = int(os.environ.get("THROUGHLINE_SIMULATION_SEEDS", "3000"))

MUST_HAPPEN = (
    "applied",
    "duplicates",
    "early",
    "parked",
    "freezes",
    "successors",
    "failed sends",
    "late landings",
    "fenced relays",
    "fenced projectors",
    "recoveries",
    "rebuilds",
    "lost races",
    "replayed commands",
    "write conflicts",
    "operator_retry",
    "operator_skip",
    "crash store.after_append",
    "crash relay.after_send",
    "crash relay.after_checkpoint",
    "crash projection.inside_transaction",
    "crash projection.after_transaction",
)
"""A simulation that stops to meet one of these has become blind."""


@dataclass
class Lives:
    """What came of some seeds."""

    failures: list[str]
    tally: Counter[str]


def live(seeds: range) -> Lives:
    lives = Lives([], Counter())
    for seed in seeds:
        try:
            lives.tally.update(run_seed(seed).tally)
        except SimulationFailure as failure:
            lives.failures.append(str(failure))
    return lives


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    with quiet():
        yield live(range(SEEDS))


def test_all_seeds_end_well(lives: Lives) -> None:
    assert not lives.failures, "\n".join(lives.failures[:5])


@pytest.mark.parametrize("happening", MUST_HAPPEN)
def test_every_fault_is_met(lives: Lives, happening: str) -> None:
    assert lives.tally[happening] > 0


def trace_of(seed: int) -> list[str]:
    with quiet():
        return run_seed(seed).trace


def test_a_seed_is_always_the_same_life() -> None:
    assert trace_of(5) == trace_of(5)


def test_a_life_does_not_depend_on_the_process() -> None:
    """Neither on the hashes of strings, which differ in every process."""
    here = hashlib.sha256("\n".join(trace_of(7)).encode()).hexdigest()
    code = (
        "import hashlib; from tests.simulation.test_simulation import trace_of;"
        "print(hashlib.sha256('\\n'.join(trace_of(7)).encode()).hexdigest())"
    )
    for hash_seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout.strip() == here


@pytest.mark.simulation
def test_thousands_of_seeds_end_well() -> None:
    with quiet():
        long = live(range(SEEDS, SEEDS + LONG_SEEDS))
    assert not long.failures, "\n".join(long.failures[:5])
