"""Building a new version of a projection beside the live one, from the first event on.

The rebuild's own process runs the projector of the building version, over all partitions. After
the swap the workers see the new pointer and take over; checkpoints decide who is right if both
run for a moment. No reaction runs here: they belong to another role with other checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from events.crashing import crash_point
from events.errors import RuleBroken, Transient
from events.projection.comparing import Comparison, compare
from events.projection.mongo import MongoProjection
from events.projection.projector import Projector
from events.projection.versions import Versions
from events.runtime.service import House

POLL_SECONDS = 0.25
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

    def begin(self) -> int:
        """A new version, or the one that an interrupted rebuild has begun; returns its number."""
        now = self._house.versions.read()
        if now.building is None:
            now = self._house.versions.begin(self._house.definition.view_names)
        version = now.building or 0
        self._house.projection(version).prepare()
        return version

    def run(self, show: Callable[[Progress], None] = lambda _: None) -> Progress:
        """Applies events until none is ahead; continues where an earlier run was interrupted."""
        storage = self._building()
        projector = Projector(storage, self._house.consumer(None))
        failures = 0
        try:
            while True:
                try:
                    projector.step(POLL_SECONDS)
                    failures = 0
                except Transient:
                    failures += 1
                    if failures > PATIENCE:
                        raise
                ahead = projector.known_lag
                progress = Progress(projector.counts.applied, 0 if ahead is None else ahead)
                show(progress)
                if ahead == 0 and projector.counts.rejoins and projector.at_end():
                    return progress
        finally:
            projector.close()

    def compare(self) -> Comparison:
        """The live version with the built one, or with the standby when nothing is being built."""
        now = self._house.versions.read()
        other = now.building or now.standby
        if other is None:
            raise RuleBroken("nothing-to-compare", "there is only the live version")
        return compare(self._house.projection(now.live), self._house.projection(other))

    def swap(self) -> Versions:
        """The built version goes live. The one before it is kept up to date for going back."""
        crash_point("rebuild.before_swap")
        before = self._house.versions.read()
        after = self._house.versions.swap()
        crash_point("rebuild.after_swap")
        self._drop_all_but(before, after)
        return after

    def rollback(self) -> Versions:
        return self._house.versions.rollback()

    def abandon(self) -> Versions:
        """Drops the version that is being built."""
        storage = self._building()
        versions = self._house.versions.abandon()
        storage.drop()
        return versions

    def _drop_all_but(self, before: Versions, after: Versions) -> None:
        """The version that was standby before the swap is nobody's any more."""
        if before.standby is not None and before.standby not in after.running():
            self._house.projection(before.standby).drop()
            self._house.versions.forget(before.standby)

    def _building(self) -> MongoProjection:
        now = self._house.versions.read()
        if now.building is None:
            raise RuleBroken("nothing-built", "no version is being built: begin a rebuild")
        return self._house.projection(now.building)
