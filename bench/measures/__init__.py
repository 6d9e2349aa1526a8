"""What is measured, in the order of the table. Importing this package measures nothing."""

from __future__ import annotations

from collections.abc import Sequence

from bench.measures import (
    commands,
    gateway,
    importing,
    projection,
    rebuild,
    relay,
    search,
    timeline,
    visible,
)
from bench.results import Measure

MEASURES: Sequence[Measure] = (
    commands.MEASURE,
    gateway.MEASURE,
    projection.MEASURE,
    relay.MEASURE,
    rebuild.MEASURE,
    timeline.MEASURE,
    search.MEASURE,
    visible.MEASURE,
    importing.MEASURE,
)


def named(name: str) -> Measure:
    """Raises KeyError."""
    return {measure.name: measure for measure in MEASURES}[name]
