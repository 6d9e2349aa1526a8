"""The relay's way into Kafka, with every default that is wrong for us overridden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.partitioner import Partitioner
from kafka.partitioner.default import murmur2

from events.envelope import Event, encode, headers_of
from events.errors import Transient
from events.log.kafka_clients import CLOSE_SECONDS, opened
from events.log.port import Sending

DELIVERY_TIMEOUT_MS = 20_000
"""A dead broker shows after this long; the relay then starts again from its checkpoint."""

LINGER_MS = 2
BATCH_BYTES = 256 * 1024
REMEMBERED_KEYS = 100_000


class KafkaEventProducer:
    """One relay's producer: idempotent, acknowledged by all replicas, compressed."""

    def __init__(self, bootstrap: str, name: str, topic: str) -> None:
        self._topic = topic
        self._producer = opened(
            KafkaProducer,
            bootstrap,
            client_id=name,
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            partitioner=_RememberingPartitioner(),
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
            request_timeout_ms=10_000,
            max_block_ms=DELIVERY_TIMEOUT_MS,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )

    def send(self, events: Sequence[Event]) -> Sending:
        with _acknowledging():
            return KafkaSending(
                [
                    self._producer.send(
                        self._topic,
                        value=encode(event),
                        key=event.key.encode(),
                        headers=headers_of(event),
                    )
                    for event in events
                ]
            )

    def close(self) -> None:
        self._producer.close(timeout=CLOSE_SECONDS)


class _RememberingPartitioner(Partitioner):  # type: ignore[misc]
    """Kafka's own choice for a key. Its hash is pure Python here, and keys come again and again."""

    def partition(
        self,
        topic: str,
        key: Any,
        serialized_key: bytes,
        value: Any,
        serialized_value: bytes,
        cluster: Any,
    ) -> int:
        return partition_of(serialized_key, len(cluster.partitions_for_topic(topic)))


def partition_of(key: bytes, partitions: int) -> int:
    """Where a key's records are: the same number in every topic of so many partitions."""
    return _hash_of(key) % partitions


@lru_cache(REMEMBERED_KEYS)
def _hash_of(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


class KafkaSending:
    """See `Sending`. The client's own thread sends; nothing has to be flushed."""

    def __init__(self, futures: Sequence[Any]) -> None:
        self._futures = futures

    def wait(self) -> None:
        with _acknowledging():
            for future in self._futures:
                future.get(timeout=DELIVERY_TIMEOUT_MS / 1000 + 5)


@contextmanager
def _acknowledging() -> Iterator[None]:
    try:
        yield
    except (KafkaError, AssertionError) as error:
        raise Transient(f"not acknowledged: {type(error).__name__}") from error
