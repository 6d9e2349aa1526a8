"""Reads chosen partitions of the log from chosen offsets on, a bounded amount at a time.

No group, no commits, no reset of offsets: a position is what the cursor says or an error. Nothing
here waits longer than it is told to, also when Kafka is away: then `Transient` is raised by the
next `look`. One thread at a time uses a reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from events.envelope import TYPE_HEADER
from events.errors import Transient
from events.log.kafka_clients import CLOSE_SECONDS, guarded, opened
from gateway.platform.feed.bounds import RECONNECT_MS, Bounds
from gateway.platform.feed.layout import Layout
from gateway.platform.feed.merging import Merge, Taken

HELD = 2_000
HELD_BYTES = 8 * 1024 * 1024
"""So much may wait for its turn; beyond it only what the others wait for is fetched."""

BATCH, NARROW = 500, 20
"""Records of one poll, and of one poll when no more may be held."""

SHARE = 200
"""A partition with so many records waiting is not read ahead any further."""

FETCH_BYTES, PARTITION_BYTES = 4 * 1024 * 1024, 512 * 1024
"""One fetch, compressed. A larger single record still comes, alone."""

Lanes = tuple[tuple[int, ...], ...]


class Reader:
    """One client. `begin` says what to read; `merge` has what was read."""

    def __init__(self, bootstrap: str, layout: Layout, bounds: Bounds) -> None:
        self._bounds = bounds
        self.layout = layout
        self.lanes: Lanes = ()
        self.idle_since = 0.0
        self.merge = Merge((), {})
        self._at = [TopicPartition(*partition) for partition in layout.places]
        self._place = {at: place for place, at in enumerate(self._at)}
        self._paused: set[int] = set()
        self._consumer = opened(
            KafkaConsumer,
            bootstrap,
            client_id="feed",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            reconnect_backoff_max_ms=RECONNECT_MS,
            max_poll_records=BATCH,
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=PARTITION_BYTES,
            metrics_enabled=False,
        )

    def begin(self, lanes: Lanes, positions: Sequence[int]) -> None:
        """Goes to a position; what was read for another one is forgotten. `look` comes next."""
        self.lanes = lanes
        self.merge = Merge(lanes, {place: positions[place] for lane in lanes for place in lane})
        chosen = {self._at[place]: positions[place] for place in self.merge.places}
        self._consumer.assign(list(chosen))
        self._consumer.resume(*chosen)
        self._paused = set()
        for at, offset in chosen.items():
            self._consumer.seek(at, offset)

    def stands_at(self, lanes: Lanes, positions: Sequence[int]) -> bool:
        """Whether it can go on there without going anywhere."""
        at = self.merge.position
        return self.lanes == lanes and all(at(one) == positions[one] for one in self.merge.places)

    def look(self) -> None:
        """Learns the ends of the log, up to which records can be handed out."""
        places = list(self.merge.places)
        ends = self._bounds.ends([self.layout.places[place] for place in places])
        if any(end < self.merge.position(one) for one, end in zip(places, ends, strict=True)):
            raise Transient("the log has become shorter: it is another one now")
        self.merge.know_ends(dict(zip(places, ends, strict=True)))

    def fill(self, seconds: float) -> None:
        """Fetches more, as much as may be held; returns as soon as something came."""
        lacking = self.merge.lacking()
        room = HELD - self.merge.count if self.merge.size < HELD_BYTES else 0
        self._pause(self._full() if room > 0 else set(self.merge.places) - set(lacking))
        most = min(BATCH, room) if room > 0 else NARROW
        # The first call, which does not wait, only parks what has been paused just now.
        for at, messages in (self._poll(0, most) or self._poll(seconds, most)).items():
            place = self._place[at]
            self.merge.add(place, [_taken(place, message) for message in messages])
        self._pass_holes(lacking)

    def _full(self) -> set[int]:
        return {place for place in self.merge.places if self.merge.held(place) >= SHARE}

    def _pause(self, places: set[int]) -> None:
        if fresh := places - self._paused:
            self._consumer.pause(*(self._at[place] for place in fresh))
        if over := self._paused - places:
            self._consumer.resume(*(self._at[place] for place in over))
        self._paused = places

    def _poll(self, seconds: float, most: int) -> Mapping[TopicPartition, Sequence[Any]]:
        self._free_line()
        timeout_ms = int(seconds * 1000)
        polled: Mapping[TopicPartition, Sequence[Any]] = guarded(
            lambda: self._consumer.poll(timeout_ms, max_records=most)
        )
        return polled

    def _free_line(self) -> None:
        """Works around kafka-python 3.0.12, which can forget what it parked for a paused partition.

        Parked records come back only while the place in line is None, but there a drained batch
        stays until a fetch replaces it, and for a parked partition nothing is fetched any more.
        """
        fetcher = self._consumer._fetcher
        if not fetcher._next_partition_records:
            fetcher._next_partition_records = None

    def _pass_holes(self, lacking: Sequence[int]) -> None:
        """Offsets that hold no record (a transaction's marker, what was compacted) are passed."""
        for place in lacking:
            if not self.merge.held(place):
                offset = guarded(partial(self._consumer.position, self._at[place], 0))
                self.merge.passed(place, offset)

    def close(self) -> None:
        with suppress(Transient):
            guarded(lambda: self._consumer.close(autocommit=False, timeout_ms=CLOSE_SECONDS * 1000))


def _taken(place: int, message: Any) -> Taken:
    type = next((told.decode() for name, told in message.headers if name == TYPE_HEADER), "")
    return Taken(place, message.offset, message.timestamp, type, message.value or b"")
