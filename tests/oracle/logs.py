"""The topics, read whole, and how far they go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from tests.oracle.places import Places
from tests.oracle.seen import Seen, in_record

QUIET_POLLS = 100
"""Empty polls of 100 ms in a row after which a log that should have more is given up."""


class Spot(NamedTuple):
    """A partition, as checkpoints name it: `<topic>/<number>`."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.number}"


@dataclass(frozen=True, slots=True)
class Record:
    """`key` is the partition key; `event` is None when the value is no CloudEvent of ours."""

    spot: Spot
    offset: int
    key: str
    event: Seen | None


class Log:
    """Reads all partitions of all topics, in no group."""

    def __init__(self, consumer: KafkaConsumer, topics: list[str]) -> None:
        self._consumer = consumer
        self._spots = [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        consumer.assign(self._spots)

    def ends(self) -> dict[Spot, int]:
        """The offset after the last record of each partition. Raises KafkaError."""
        found = self._consumer.end_offsets(self._spots, timeout_ms=10_000)
        return {Spot(spot.topic, spot.partition): found[spot] for spot in self._spots}

    def records(self) -> Iterator[Record]:
        """Every record that is there now, each partition in order. Raises KafkaError."""
        ends = self.ends()
        self._consumer.seek_to_beginning(*self._spots)
        left = {spot for spot, end in ends.items() if end}
        empty = 0
        while left:
            polled = self._consumer.poll(timeout_ms=100, max_records=5000)
            empty = 0 if polled else empty + 1
            if empty > QUIET_POLLS:
                raise KafkaError(f"no more records from {sorted(map(str, left))}")
            for found, messages in polled.items():
                spot = Spot(found.topic, found.partition)
                for message in messages:
                    yield _record(spot, message.offset, message.key, message.value)
                if messages[-1].offset + 1 >= ends[spot]:
                    left.discard(spot)


@contextmanager
def opened(places: Places) -> Iterator[Log]:
    """Raises KafkaError when the brokers cannot be reached."""
    consumer = KafkaConsumer(
        bootstrap_servers=places.kafka_bootstrap.split(","),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    try:
        yield Log(consumer, places.topics)
    finally:
        consumer.close(timeout_ms=2_000)


def _record(spot: Spot, offset: int, key: bytes | None, value: bytes | None) -> Record:
    try:
        event = in_record(orjson.loads(value or b""))
    except (ValueError, KeyError, TypeError, AttributeError):
        event = None
    return Record(spot, offset, (key or b"").decode(errors="replace"), event)
