"""Building a new version of a projection beside the live one, from the first event on.

The rebuild's own process runs the projector of the building version, over all partitions. After
the swap the workers see the new pointer and take over; checkpoints decide who is right if both
run for a moment. No reaction runs here: they belong to another role with other checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from events.crashing import crash_point
from events.errors import RuleBroken, Transient
from events.projection.aligning import Alignment
from events.projection.comparing import Comparison, compare, differing
from events.projection.mongo import MongoProjection
from events.projection.projector import Projector
from events.projection.versions import Versions
from events.runtime.service import House

POLL_SECONDS = 0.25
LITTLE = 500
"""Events that one more round applied when there is no point in another: a fraction of a second."""

PATIENCE = 100
"""Transient failures in a row that are waited out before the rebuild gives up."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Events applied so far, records still to come."""

    applied: int
    ahead: int


class Rebuild:
    """One service's rebuild. Each step may be done by another process than the one before."""

    def __init__(self, house: House) -> None:
        self._house = house

    def begin(self, *, with_skipped: bool = False) -> int:
        """A new version, or the one that an interrupted rebuild has begun; returns its number.

        `with_skipped` gives its views what a person let go by in earlier versions.
        """
        if with_skipped:
            self._house.db["skips"].delete_many({})
        now = self._house.versions.read()
        if now.building is None:
            now = self._house.versions.begin(self._house.definition.view_names)
        version = now.building or 0
        self._house.projection(version).prepare()
        return version

    def run(self, show: Callable[[Progress], None] = lambda _: None) -> Progress:
        """Applies all that the log held when it was called, then what came meanwhile, and so on
        until that is little: writes may never cease. Continues an interrupted run.
        """
        with self._projecting() as projector:
            return _catch_up(projector, show)

    def compare(self) -> Comparison:
        """The live version with the built one, or with the standby when nothing is being built."""
        now = self._house.versions.read()
        live = self._house.projection(now.live)
        if now.building is not None:
            return self._compare_exactly(live, self._house.projection(now.building))
        if now.standby is not None:
            return compare(live, self._house.projection(now.standby))
        raise RuleBroken("nothing-to-compare", "there is only the live version")

    def _compare_exactly(self, live: MongoProjection, built: MongoProjection) -> Comparison:
        with self._projecting() as projector:
            _catch_up(projector, lambda _: None)
            alignment = Alignment(projector, live)

            def verdicts(name: str, suspects: Sequence[str]) -> Mapping[str, str]:
                held = alignment.held(name, suspects)
                return differing(held, built.documents_of(name, suspects))

            return compare(live, built, verdicts)

    def swap(self) -> Versions:
        """The built version goes live. The one before it is kept up to date for going back."""
        crash_point("rebuild.before_swap")
        after = self._house.versions.swap()
        crash_point("rebuild.after_swap")
        self._drop_the_rest(after)
        return after

    def rollback(self) -> Versions:
        return self._house.versions.rollback()

    def abandon(self) -> Versions:
        """Drops the version that is being built."""
        storage = self._building()
        versions = self._house.versions.abandon()
        storage.drop()
        return versions

    def _drop_the_rest(self, kept: Versions) -> None:
        """Versions that are nobody's any more: the standby before the swap, and what a swap that
        was cut off left behind. They are forgotten first, so that no worker begins them anew.
        """
        for version in set(kept.views) - {*kept.running(), kept.building}:
            storage = self._house.projection(version)
            self._house.versions.forget(version)
            storage.drop()

    @contextmanager
    def _projecting(self) -> Iterator[Projector]:
        """The projector of the version that is being built, over all partitions."""
        projector = Projector(self._building(), self._house.consumer(None))
        try:
            yield projector
        finally:
            projector.close()

    def _building(self) -> MongoProjection:
        now = self._house.versions.read()
        if now.building is None:
            raise RuleBroken("nothing-built", "no version is being built: begin a rebuild")
        return self._house.projection(now.building)


def _catch_up(projector: Projector, show: Callable[[Progress], None]) -> Progress:
    while not projector.positions:
        _step(projector)
    while True:
        before = projector.counts.applied
        ends = {at: end for at, (_, end) in projector.consumer.bounds().items()}
        while any(projector.positions.get(at, 0) < end for at, end in ends.items()):
            _step(projector)
            show(_progress(projector))
        if projector.counts.applied - before <= LITTLE:
            return _progress(projector)


def _step(projector: Projector) -> None:
    """Waits out what passes by itself."""
    for failures in range(PATIENCE + 1):
        try:
            projector.step(POLL_SECONDS)
        except Transient:
            if failures == PATIENCE:
                raise
        else:
            return


def _progress(projector: Projector) -> Progress:
    return Progress(projector.counts.applied, projector.known_lag or 0)
