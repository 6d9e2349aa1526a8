"""Which partitions the log has, as one list: a `place` is an index into it.

Places are ordered by topic, then by partition number. All topics have the same number of
partitions and the same key lands in the same number everywhere, so partition n of every topic
together holds whole customers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

from kafka import KafkaAdminClient

from events.errors import Corrupt, Transient
from events.log.kafka_clients import guarded, opened
from events.log.kafka_producer import partition_of
from events.log.port import Partition

PATIENCE_MS = 5_000
MARK_BYTES = 6


@dataclass(frozen=True)
class Layout:
    """`ids` are the broker's of each topic: a topic made anew has another one."""

    topics: tuple[str, ...]
    ids: tuple[str, ...]
    partitions: int

    @cached_property
    def places(self) -> tuple[Partition, ...]:
        return tuple(Partition(t, n) for t in self.topics for n in range(self.partitions))

    @cached_property
    def mark(self) -> bytes:
        """A fingerprint: cursors of another generation of the log, or of another log, differ."""
        told = repr((self.topics, self.ids, self.partitions)).encode()
        return hashlib.sha256(told).digest()[:MARK_BYTES]

    def lane(self, number: int) -> tuple[int, ...]:
        """The places of partition `number`, in the order of topics."""
        return tuple(range(number, len(self.places), self.partitions))

    def places_of(self, topic: str) -> range:
        first = self.topics.index(topic) * self.partitions
        return range(first, first + self.partitions)

    def number_of(self, key: str) -> int:
        """The partition number in which the producers put a key."""
        return partition_of(key.encode(), self.partitions)


def learn(bootstrap: str, topics: Sequence[str]) -> Layout:
    """Asks the brokers. Raises Transient when they or a topic are away."""
    admin = opened(
        KafkaAdminClient, bootstrap, client_id="feed-layout", request_timeout_ms=PATIENCE_MS
    )
    with closing(admin):
        described = guarded(lambda: admin.describe_topics(list(topics)))
    found = {one["name"]: one for one in described if one.get("partitions")}
    if missing := set(topics) - set(found):
        raise Transient(f"no such topic yet: {', '.join(sorted(missing))}")
    counts = {len(one["partitions"]) for one in found.values()}
    if len(counts) != 1:
        raise Corrupt(f"topics differ in their number of partitions: {sorted(counts)}")
    ids = tuple(str(found[topic]["topic_id"]) for topic in topics)
    return Layout(tuple(topics), ids, counts.pop())
