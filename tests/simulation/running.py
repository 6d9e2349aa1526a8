"""Runs seeds, quietly, and says how to see one again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from tests.simulation.failures import SimulationFailure
from tests.simulation.world import World


@contextmanager
def quiet() -> Iterator[None]:
    """The engine's logs would drown the trace."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def run_seed(seed: int, show: Callable[[str], None] = lambda _: None) -> World:
    """Raises `SimulationFailure` with the command that replays the seed."""
    world = World(seed, show)
    try:
        world.run()
    except Exception as error:
        raise SimulationFailure(
            f"seed {seed}: {type(error).__name__}: {error}\n"
            f"replay: python -m tests.simulation --seed {seed} --trace"
        ) from error
    return world
