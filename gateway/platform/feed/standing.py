"""Where one subscriber stands in the log: a reader at his cursor, taken and given up as needed."""

from __future__ import annotations

from collections.abc import Callable

from gateway.platform.feed.layout import Layout
from gateway.platform.feed.reader import Reader
from gateway.platform.feed.readers import Readers
from gateway.platform.feed.scanning import Scan, Sight
from gateway.platform.feed.wanted import Wanted


class Standing:
    """Taken by `return_to`; ended by `leave`, or by `keep` when others may go on from there."""

    def __init__(self, readers: Readers, layout: Callable[[], Layout], wanted: Wanted) -> None:
        self._readers = readers
        self._layout = layout
        self._wanted = wanted
        self._reader: Reader | None = None
        self._positions: tuple[int, ...] = ()

    def return_to(self, cursor: str) -> None:
        """Raises BadCursor, Gone, Busy, and Transient when Kafka is away."""
        layout = self._layout()
        lanes = self._wanted.lanes(layout)
        self._reader, self._positions = self._readers.take(layout, lanes, cursor)

    def scan(self, sight: Sight) -> Scan:
        """The way on from here."""
        assert self._reader is not None
        return Scan(self._reader, self._positions, sight)

    def keep(self) -> None:
        """The reader stays where the scan has left it."""
        if self._reader is not None:
            self._readers.give_back(self._reader)
            self._reader = None

    def leave(self) -> None:
        if self._reader is not None:
            self._readers.drop(self._reader)
            self._reader = None
