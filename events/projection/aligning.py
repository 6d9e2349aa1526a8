"""Comparing documents of two versions exactly, although the live one goes on being written.

The version that is being built moves only when its rebuild moves it. So it is brought to the very
place where the live one stood at a moment, and compared with what the live one held at that moment,
which a snapshot still shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from events.errors import Transient
from events.log.port import Partition
from events.projection.mongo import MongoProjection
from events.projection.projector import Projector

STEP_SECONDS = 0.25
PATIENCE_SECONDS = 30.0
"""How long one version may take to come to where the other is."""


class Alignment:
    """`projector` is that of the version being built, which nobody else moves meanwhile."""

    def __init__(self, projector: Projector, live: MongoProjection) -> None:
        self._projector = projector
        self._live = live

    def held(self, collection: str, ids: Sequence[str]) -> Mapping[str, Any]:
        """The live version's documents at a moment; the built one stands there afterwards.

        Raises `Transient` when the live version is not being kept up to date.
        """
        self._until(self._live_is_as_far)
        with self._live.db.client.start_session(snapshot=True) as session:
            place = self._live.places(session)
            documents = self._live.documents_of(collection, ids, session)
        self._projector.limits = place
        try:
            self._until(lambda: self._stands_at(place))
        finally:
            self._projector.limits = {}
        return documents

    def _live_is_as_far(self) -> bool:
        place = self._live.places()
        own = self._projector.positions
        return bool(own) and all(place.get(at, 0) >= position for at, position in own.items())

    def _stands_at(self, place: Mapping[Partition, int]) -> bool:
        if self._projector.positions == place:
            return True
        self._projector.step(STEP_SECONDS)
        return self._projector.positions == place

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise Transient("the versions don't come together: does the worker run?")
            time.sleep(0.01)
