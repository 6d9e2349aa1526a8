"""A log of all five topics on a real Kafka, written as relays write it, at times that tests set."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from events.config import Config, load_config
from events.envelope import Event, encode, headers_of
from events.log.topics import ensure_topics, topic_specs
from events.types import new_id
from gateway.platform.feed.feed import Feed
from tests.conformance.making import event

PARTITIONS = 3
PATIENCE_SECONDS = 60
TYPES = {
    "marketing": "crm.marketing.lead.captured.v1",
    "sales": "crm.sales.order.placed.v1",
    "service": "crm.service.case.opened.v1",
    "analytics": "crm.analytics.insight.tier_changed.v1",
    "platform": "crm.platform.import.completed.v1",
}
CONTEXTS = tuple(TYPES)


class Log:
    """Every event is published a millisecond after the one before, whichever its topic."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.config: Config = load_config(
            {
                "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
                "THROUGHLINE_TOPIC_PREFIX": f"feed-{new_id()[-12:]}",
                "THROUGHLINE_PARTITIONS": str(PARTITIONS),
            }
        )
        self.written: list[Event] = []
        self._made: set[str] = set()
        self._clock = 1_700_000_000_000
        ensure_topics(bootstrap, topic_specs(self.config))
        await_topics(bootstrap, self.config.topics)
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
        self._feeds: list[Feed] = []

    def feed(self, **changes: Any) -> Feed:
        """A process's feed; closed with the log."""
        feed = Feed(self.bootstrap, self.config.topics, **changes)
        self._feeds.append(feed)
        return feed

    def write(self, *events: Event, together: bool = False) -> list[Event]:
        """In this order; `together`: in the same millisecond."""
        for one in events:
            self._clock += not together
            self._send(one, encode(one), headers_of(one))
        self._producer.flush(PATIENCE_SECONDS)
        self.written += events
        return list(events)

    def transact(self, *events: Event) -> None:
        """In a transaction each: its marker takes an offset behind the event."""
        producer = KafkaProducer(
            bootstrap_servers=self.bootstrap, transactional_id=f"{self.config.topic_prefix}.tx"
        )
        producer.init_transactions()
        for one in events:
            producer.begin_transaction()
            topic, headers = self.config.topic(one.source), headers_of(one)
            producer.send(topic, value=encode(one), key=one.key.encode(), headers=headers)
            producer.commit_transaction()
        producer.close(timeout=5)

    def spoil(self, near: Event, value: bytes, type: str = "") -> None:
        """A record that no relay would write, where the event would be."""
        self._clock += 1
        self._send(near, value, [("ce_type", type.encode())] if type else [])
        self._producer.flush(PATIENCE_SECONDS)

    def _send(self, one: Event, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        self._producer.send(
            self.config.topic(one.source),
            value=value,
            key=one.key.encode(),
            headers=headers,
            timestamp_ms=self._clock,
        )

    def make_anew(self) -> None:
        """Deletes the topics and creates them again, empty."""
        with KafkaAdminClient(bootstrap_servers=self.bootstrap) as admin:
            admin.delete_topics(list(self.config.topics))
        until(self._ensured, "the topics did not go and come back")
        await_topics(self.bootstrap, self.config.topics)
        self._producer.close(timeout=5)
        self._producer = KafkaProducer(bootstrap_servers=self.bootstrap, acks="all", linger_ms=5)

    def _ensured(self) -> bool:
        states = ensure_topics(self.bootstrap, topic_specs(self.config))
        self._made |= {one.name for one in states if one.created}
        return self._made == set(self.config.topics)

    def cut(self, before: int) -> None:
        """Deletes what lies before an offset, wherever there is so much."""
        places = [TopicPartition(one, n) for one in self.config.topics for n in range(PARTITIONS)]
        ends = self._ends(places)
        with KafkaAdminClient(bootstrap_servers=self.bootstrap) as admin:
            admin.delete_records({at: min(before, end) for at, end in ends.items() if end})

    def _ends(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap)
        try:
            ends: dict[TopicPartition, int] = consumer.end_offsets(places)
            return ends
        finally:
            consumer.close(timeout_ms=3_000)

    def close(self) -> None:
        for feed in self._feeds:
            feed.close()
        self._producer.close(timeout=5)
        with KafkaAdminClient(bootstrap_servers=self.bootstrap) as admin:
            admin.delete_topics(list(self.config.topics))


def await_topics(bootstrap: str, topics: Sequence[str]) -> None:
    """Until every partition of the new topics has a leader that answers."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    try:
        places = [TopicPartition(one, n) for one in topics for n in range(PARTITIONS)]
        consumer.end_offsets(places, timeout_ms=PATIENCE_SECONDS * 1000)
    finally:
        consumer.close(timeout_ms=3_000)


def happening(number: int, customer: str, context: str = "sales", **changes: Any) -> Event:
    """Something about a customer, in a stream of its own."""
    made = event(f"thing-{number}", 1, id=f"e{number}", key=customer, subject=customer)
    return replace(made, source=context, type=TYPES[context], **changes)


def mixed(count: int, customers: int = 5, start: int = 0) -> list[Event]:
    """Events of some customers in turn, over all contexts."""
    return [
        happening(n, f"customer-{n % customers}", CONTEXTS[n // customers % len(CONTEXTS)])
        for n in range(start, start + count)
    ]


def ids(events: Iterable[Event], customer: str | None = None) -> list[str]:
    return [one.id for one in events if customer is None or one.subject == customer]


def until(done: Any, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
