"""From records to items: what one subscriber sees of the log, and how far he has come.

What he did not ask for and what he may not see moves the cursor like everything else, so nobody
reads it twice. An event whose data can't be opened is handed out as it was sent: an envelope
without readable data is better than a hole. A record that is no event at all was not written by a
relay; there is nothing to hand out, so it is skipped, and said so in the log of the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from events.envelope import Event, Unopened, decode, encode
from events.errors import Poison, Transient
from events.sealing import PLAIN, Seal
from gateway.platform.feed.cursor import CursorWriter
from gateway.platform.feed.merging import Taken
from gateway.platform.feed.reader import Reader
from gateway.platform.feed.wanted import Wanted

SCAN = 20_000
"""Records looked at in one go: a rare type is found page by page, and no request takes long."""

FILL_SECONDS = 0.05
"""A fetch of nothing but holes ends no wait by itself, so it is looked for that often."""

Visible = Callable[[Event], bool]
Shown = Callable[[Event], dict[str, Any]]

log = structlog.get_logger("platform.feed")


def everything(_event: Event) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Item:
    """`body` is a CloudEvent in JSON; reading goes on right behind it at `cursor`."""

    cursor: str
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Sight:
    """What a subscriber wants, what he may see, and in which form; `shown` None: the whole."""

    wanted: Wanted
    visible: Visible = everything
    shown: Shown | None = None
    seal: Seal = PLAIN

    def body(self, event: Event) -> bytes:
        return encode(event) if self.shown is None else orjson.dumps(self.shown(event))


class Scan:
    """One subscriber's way through the log on a reader that stands at `positions`."""

    def __init__(self, reader: Reader, positions: Sequence[int], sight: Sight) -> None:
        self._reader = reader
        self._sight = sight
        self._writer = CursorWriter(reader.layout, positions)

    @property
    def cursor(self) -> str:
        """Behind everything that was looked at."""
        return self._writer.text

    @property
    def caught_up(self) -> bool:
        """Whether there was nothing more when the log's ends were learnt."""
        return self._reader.merge.finished

    def read(self, limit: int, seconds: float) -> list[Item]:
        """Up to `limit` items; fewer at the log's end, after `SCAN` records or after the time.

        Raises Transient when nothing at all could be read in that time.
        """
        deadline = time.monotonic() + seconds
        items: list[Item] = []
        scanned = 0
        while True:
            for record in self._reader.merge.emit():
                scanned += 1
                if (item := self._item(record)) is not None:
                    items.append(item)
                if len(items) == limit or scanned == SCAN:
                    return items
            if self.caught_up:
                self._pass_holes()
                return items
            left = deadline - time.monotonic()
            if left <= 0 and not scanned:
                raise Transient("the log does not answer")
            if left <= 0:
                return items
            self._reader.fill(min(left, FILL_SECONDS))

    def wait(self, seconds: float) -> None:
        """Until something came, or the time is over; then the ends of the log are learnt anew."""
        if not self._reader.merge.count:
            self._reader.fill(seconds)
        self._reader.look()

    def _item(self, record: Taken) -> Item | None:
        self._writer.move(record.place, self._reader.merge.position(record.place))
        event = self._event(record)
        if event is None or not self._sight.visible(event):
            return None
        return Item(self.cursor, event.type, self._sight.body(event))

    def _event(self, record: Taken) -> Event | None:
        """The event, when it is wanted."""
        wanted = self._sight.wanted
        if not wanted.type(record.type):
            return None
        if wanted.customer is not None and wanted.customer.encode() not in record.value:
            return None
        try:
            event = decode(record.value, self._sight.seal)
        except Unopened as unopened:
            event = unopened.event
        except Poison as poison:
            at = self._reader.layout.places[record.place]
            log.warning("no event", at=str(at), offset=record.offset, reason=poison.reason)
            return None
        return event if wanted.event(event) else None

    def _pass_holes(self) -> None:
        """Behind the last record there may be offsets without one."""
        merge = self._reader.merge
        for place in merge.places:
            self._writer.move(place, merge.position(place))
