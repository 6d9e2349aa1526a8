"""Kafka behind the port, with every default that is wrong for us overridden.

Clients hang in a forked child: make them in the process that uses them.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import FencedInstanceIdError, KafkaError, NoOffsetForPartitionError
from kafka.partitioner import Partitioner
from kafka.partitioner.default import murmur2
from kafka.structs import OffsetAndMetadata

from events.envelope import TYPE_HEADER, Event, encode, headers_of
from events.errors import Fenced, Transient
from events.log.port import Partition, Polled, Record, Sending

DELIVERY_TIMEOUT_MS = 20_000
"""A dead broker shows after this long; the relay then starts again from its checkpoint."""

BOOTSTRAP_MS = 5_000
"""A role that can't reach a broker must still notice that it is to stop."""

HINT_SECONDS = 1.0
"""Lag tools look every few seconds, and to commit offsets costs as much as to fetch."""

CLOSE_SECONDS = 3
REMEMBERED_KEYS = 100_000
LINGER_MS = 2
BATCH_BYTES = 256 * 1024


class KafkaEventProducer:
    """One relay's producer: idempotent, acknowledged by all replicas, compressed."""

    def __init__(self, bootstrap: str, name: str, topic: str) -> None:
        self._topic = topic
        self._producer = _opened(
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
        return _hash_of(serialized_key) % len(cluster.partitions_for_topic(topic))


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


class _Flag(ConsumerRebalanceListener):  # type: ignore[misc]
    """Runs on the client's network thread, where nothing else is safe than to set a flag."""

    def __init__(self) -> None:
        self.changed = threading.Event()

    def on_partitions_revoked(self, revoked: Any) -> None:
        self.changed.set()

    def on_partitions_assigned(self, assigned: Any) -> None:
        self.changed.set()

    def on_partitions_lost(self, lost: Any) -> None:
        self.changed.set()


class KafkaEventConsumer:
    """A member of a group, or with `group=None` the reader of all partitions.

    `member` is stable over restarts (the pod's name): a member that comes back within the session
    time-out takes its partitions without a rebalance.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        group: str | None,
        member: str | None = None,
        batch: int = 2000,
        session_timeout_ms: int = 10_000,
    ) -> None:
        self._topics = tuple(topics)
        self._bootstrap = bootstrap
        self._group = group
        self._flag = _Flag()
        self._next: dict[TopicPartition, int] = {}
        self._hints: dict[Partition, int] = {}
        self._hinted_at = 0.0
        self._consumer = _opened(
            KafkaConsumer,
            bootstrap,
            client_id=member or "reader",
            group_id=group,
            group_instance_id=member if group else None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            partition_assignment_strategy=(RangePartitionAssignor,),
            max_poll_records=batch,
            session_timeout_ms=session_timeout_ms,
            heartbeat_interval_ms=min(3_000, session_timeout_ms // 3),
            max_partition_fetch_bytes=2 * 1024 * 1024,
            metrics_enabled=False,
        )
        self._learn_partitions()
        if group:
            self._consumer.subscribe(list(topics), listener=self._flag)
        else:
            self._assign_all()

    def poll(self, timeout_seconds: float) -> Polled:
        try:
            polled = self._consumer.poll(timeout_ms=int(timeout_seconds * 1000))
        except NoOffsetForPartitionError:
            self._flag.changed.clear()
            return Polled(reassigned=True)
        except FencedInstanceIdError as error:
            raise Fenced("another process runs under this member's name") from error
        except KafkaError as error:
            raise Transient(f"poll: {type(error).__name__}") from error
        if self._flag.changed.is_set():
            self._flag.changed.clear()
            self._hints.clear()
            return Polled(reassigned=True)
        self._tell_hints()
        if not polled:
            self._finish_join()
        for at, messages in polled.items():
            self._next[at] = messages[-1].offset + 1
        return Polled({Partition(*at): _records(Partition(*at), polled[at]) for at in polled})

    def assignment(self) -> frozenset[Partition]:
        return frozenset(Partition(p.topic, p.partition) for p in self._consumer.assignment())

    def seek(self, positions: Mapping[Partition, int]) -> None:
        for partition, offset in positions.items():
            self._next[TopicPartition(*partition)] = offset
            self._consumer.seek(TopicPartition(*partition), offset)

    def bounds(self) -> Mapping[Partition, tuple[int, int]]:
        wanted = [TopicPartition(*partition) for partition in self.assignment()]
        first = _guarded(lambda: self._consumer.beginning_offsets(wanted, timeout_ms=10_000))
        following = _guarded(lambda: self._consumer.end_offsets(wanted, timeout_ms=10_000))
        return {Partition(*at): (first[at], following[at]) for at in wanted}

    def ahead(self) -> int | None:
        """By our own account: the client checks all its positions whenever it is asked for one."""
        distances = [self._distance(at) for at in self._consumer.assignment()]
        known = [distance for distance in distances if distance is not None]
        return sum(known) if known and len(known) == len(distances) else None

    def _distance(self, at: TopicPartition) -> int | None:
        end, position = self._consumer.highwater(at), self._next.get(at)
        return None if end is None or position is None else max(0, end - position)

    def topic_ids(self) -> Mapping[str, str]:
        return topic_ids(self._bootstrap, self._topics)

    def hint(self, positions: Mapping[Partition, int]) -> None:
        if self._group:
            self._hints.update(positions)

    def _tell_hints(self) -> None:
        if self._hints and time.monotonic() - self._hinted_at >= HINT_SECONDS:
            self._hinted_at = time.monotonic()
            hints, self._hints = self._hints, {}
            offsets = {
                TopicPartition(*partition): OffsetAndMetadata(offset, "", -1)
                for partition, offset in hints.items()
            }
            self._consumer.commit_async(offsets)

    def close(self) -> None:
        self._consumer.close(autocommit=False, timeout_ms=CLOSE_SECONDS * 1000)

    def _learn_partitions(self) -> None:
        """Before the first join: a leader that does not know the partitions assigns none."""
        self._partitions = [
            TopicPartition(topic, number)
            for topic in self._topics
            for number in sorted(
                _guarded(partial(self._consumer.partitions_for_topic, topic)) or ()
            )
        ]

    def _assign_all(self) -> None:
        self._consumer.assign(self._partitions)
        self._flag.changed.set()

    def _finish_join(self) -> None:
        """Works around kafka-python 3.0.12, which can lose the outcome of a join.

        A join that was begun because metadata changed, and that completes between two polls, is
        no longer wanted in the eyes of the client (`need_rejoin`), so its assignment is never
        taken and heartbeats stay off: the member spins for ever. Asking for a rejoin mends it.
        """
        coordinator = self._consumer._coordinator
        if self._group and coordinator.rejoining and not coordinator.need_rejoin():
            coordinator.request_rejoin()


def _opened(kind: type[Any], bootstrap: str, **settings: Any) -> Any:
    """Clients look for a broker when they are made. Raises `Transient` when none answers."""
    servers = bootstrap.split(",")
    return _guarded(
        lambda: kind(bootstrap_servers=servers, bootstrap_timeout_ms=BOOTSTRAP_MS, **settings)
    )


def _records(partition: Partition, messages: Iterable[Any]) -> list[Record]:
    return [
        Record(partition, message.offset, _type_of(message.headers), message.value)
        for message in messages
    ]


def _type_of(headers: Sequence[tuple[str, bytes]]) -> str:
    for name, value in headers or ():
        if name == TYPE_HEADER:
            return value.decode()
    return ""


def _guarded(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except KafkaError as error:
        raise Transient(f"{type(error).__name__}") from error


def topic_ids(bootstrap: str, topics: Sequence[str]) -> dict[str, str]:
    """The broker's id of each topic."""
    admin = _guarded(
        lambda: KafkaAdminClient(bootstrap_servers=bootstrap.split(","), client_id="topic-ids")
    )
    try:
        described = _guarded(lambda: admin.describe_topics(list(topics)))
    finally:
        admin.close()
    return {one["name"]: str(uuid.UUID(str(one["topic_id"]))) for one in described}
