"""Where the log begins and ends, asked over a connection of its own.

A broker answers one connection in order: behind a fetch that waits for new records, a question
would wait as long. So all readers of a process share this client, which never fetches anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from events.errors import Transient
from events.log.kafka_clients import CLOSE_SECONDS, guarded, opened
from events.log.port import Partition

RECONNECT_MS = 500
"""The client's own pauses grow to half a minute, and that long nobody would see Kafka's return."""

PATIENCE_SECONDS = 2
"""Brokers answer this within milliseconds; longer means that they are away."""


class Bounds:
    """Thread-safe. Opens its client at the first question; raises Transient."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._lock = threading.Lock()
        self._client: Any = None

    def firsts(self, partitions: Sequence[Partition]) -> Sequence[int]:
        """The first offset of each that the log still holds."""
        return self._ask("beginning_offsets", partitions)

    def ends(self, partitions: Sequence[Partition]) -> Sequence[int]:
        """The offset of each that will be written next."""
        return self._ask("end_offsets", partitions)

    def since(self, partitions: Sequence[Partition], milliseconds: int) -> Sequence[int]:
        """The offset of each at which everything begins that was published then or later."""
        wanted = [TopicPartition(*one) for one in partitions]
        ends = self.ends(partitions)
        found = self._told(
            lambda client: client.offsets_for_times(
                dict.fromkeys(wanted, milliseconds), timeout_ms=PATIENCE_SECONDS * 1000
            )
        )
        told = [found.get(at) for at in wanted]
        return [end if at is None else at.offset for at, end in zip(told, ends, strict=True)]

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close(autocommit=False, timeout_ms=CLOSE_SECONDS * 1000)

    def _ask(self, question: str, partitions: Sequence[Partition]) -> Sequence[int]:
        wanted = [TopicPartition(*one) for one in partitions]
        told = self._told(
            lambda client: getattr(client, question)(wanted, timeout_ms=PATIENCE_SECONDS * 1000)
        )
        if any(told.get(at) is None for at in wanted):
            raise Transient("the brokers named no offset of some partition")
        return [told[at] for at in wanted]

    def _told(self, ask: Callable[[Any], Mapping[TopicPartition, Any]]) -> Mapping[Any, Any]:
        if not self._lock.acquire(timeout=PATIENCE_SECONDS):
            raise Transient("the brokers do not answer")
        try:
            if self._client is None:
                self._client = opened(
                    KafkaConsumer,
                    self._bootstrap,
                    client_id="feed-bounds",
                    group_id=None,
                    enable_auto_commit=False,
                    allow_auto_create_topics=False,
                    reconnect_backoff_max_ms=RECONNECT_MS,
                    metrics_enabled=False,
                )
            told: Mapping[Any, Any] = guarded(partial(ask, self._client))
            return told
        finally:
            self._lock.release()
