"""The topics as an outsider reads them: plain Kafka records, no code of the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

POLL_MS = 500
SEND_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as it stands on its topic."""

    at: TopicPartition
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent in it."""
        found: dict[str, Any] = json.loads(self.value)
        return found


class Topics:
    """All topics of one system. To be used by one thread."""

    def __init__(self, bootstrap: str, names: Mapping[str, str]) -> None:
        """`names` maps contexts to topics."""
        self._bootstrap = bootstrap
        self._names = names

    def records(self, *contexts: str) -> list[Raw]:
        """Everything that these contexts (default: all) have published so far, in any order
        between partitions.
        """
        return list(_read_all(self._consumer, self._parts(contexts or tuple(self._names))))

    def events(self, *contexts: str) -> list[dict[str, Any]]:
        """The same, decoded, each event once: the log may hold one twice."""
        return list({one["id"]: one for one in map(_event, self.records(*contexts))}.values())

    def stream(self, context: str, stream: str) -> list[dict[str, Any]]:
        """One aggregate's events in the order of the log."""
        return [one for one in self.events(context) if one["stream"] == stream]

    def ends(self) -> dict[str, int]:
        """The next offset of every partition, by `<topic>/<number>`."""
        ends = self._consumer.end_offsets(self._parts(tuple(self._names)))
        return {f"{one.topic}/{one.partition}": end for one, end in ends.items()}

    def send_again(self, raw: Raw) -> None:
        """The very record once more, as a relay does that has lost its place."""
        sent = self._producer.send(
            raw.at.topic,
            key=raw.key,
            value=raw.value,
            headers=list(raw.headers),
            partition=raw.at.partition,
        )
        sent.get(SEND_SECONDS)

    def close(self) -> None:
        if "_producer" in self.__dict__:
            self._producer.close(SEND_SECONDS)
        if "_consumer" in self.__dict__:
            self._consumer.close()

    @cached_property
    def _producer(self) -> KafkaProducer:
        return KafkaProducer(bootstrap_servers=self._bootstrap, acks="all")

    @cached_property
    def _consumer(self) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self._bootstrap, enable_auto_commit=False, group_id=None
        )

    def _parts(self, contexts: tuple[str, ...]) -> list[TopicPartition]:
        return [
            TopicPartition(self._names[context], number)
            for context in contexts
            for number in sorted(self._consumer.partitions_for_topic(self._names[context]) or ())
        ]


def _event(raw: Raw) -> dict[str, Any]:
    return raw.event


def _read_all(consumer: KafkaConsumer, parts: list[TopicPartition]) -> Iterator[Raw]:
    consumer.assign(parts)
    consumer.seek_to_beginning(*parts)
    ends = consumer.end_offsets(parts)
    while any(consumer.position(one) < ends[one] for one in parts):
        for at, records in consumer.poll(POLL_MS).items():
            for one in records:
                yield Raw(at, one.offset, one.key, one.value, tuple(one.headers))
