"""The engine's way out of Kafka, with every default that is wrong for us overridden."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import FencedInstanceIdError, KafkaError, NoOffsetForPartitionError
from kafka.structs import OffsetAndMetadata

from events.envelope import TYPE_HEADER
from events.errors import Fenced, Transient
from events.log.kafka_clients import CLOSE_SECONDS, guarded, opened, topic_ids
from events.log.port import Partition, Polled, Record

HINT_SECONDS = 1.0
"""Lag tools look every few seconds, and to commit offsets costs as much as to fetch."""


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
        self._consumer = opened(
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
        first = guarded(lambda: self._consumer.beginning_offsets(wanted, timeout_ms=10_000))
        following = guarded(lambda: self._consumer.end_offsets(wanted, timeout_ms=10_000))
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
            for number in sorted(guarded(partial(self._consumer.partitions_for_topic, topic)) or ())
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
