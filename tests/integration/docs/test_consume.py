"""The sample consumer of the guide, on a real Kafka with all that at-least-once may bring."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient

from events.config import load_config
from events.contracts.base import fact
from events.contracts.sales import OrderCancelled
from events.envelope import Event
from events.log.kafka_producer import KafkaEventProducer
from events.log.topics import ensure_topics, topic_specs
from events.types import new_id
from tests.happened import happened

SAMPLE = Path(__file__).parents[3] / "docs/guides/samples/consume.py"
POLLS = 60
"""Half a second each: much longer than a busy machine needs."""


@pytest.fixture(scope="module")
def sample() -> ModuleType:
    spec = importlib.util.spec_from_file_location("consume", SAMPLE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Topic:
    """The topic of sales, as a relay writes it."""

    def __init__(self, bootstrap: str) -> None:
        self.prefix = f"sample-{new_id()[-12:]}"
        variables = {"THROUGHLINE_TOPIC_PREFIX": self.prefix, "THROUGHLINE_PARTITIONS": "2"}
        self._bootstrap = bootstrap
        self._config = load_config(variables)
        ensure_topics(bootstrap, topic_specs(self._config))
        _await(bootstrap, self._config.topics)
        self.producer = KafkaEventProducer(bootstrap, "relay", self._config.topic("sales"))

    def say(self, *events: Event) -> None:
        self.producer.send(events).wait()

    def close(self) -> None:
        self.producer.close()
        with KafkaAdminClient(bootstrap_servers=self._bootstrap) as admin:
            admin.delete_topics(list(self._config.topics))


def _await(bootstrap: str, topics: Sequence[str]) -> None:
    """Until every broker's metadata name the new topics."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    try:
        for _ in range(POLLS):
            if all(consumer.partitions_for_topic(topic) for topic in topics):
                return
            consumer.poll(timeout_ms=500)
    finally:
        consumer.close()
    raise AssertionError("the topics did not appear")


@pytest.fixture
def topic(kafka_bootstrap: str) -> Iterator[Topic]:
    topic = Topic(kafka_bootstrap)
    yield topic
    topic.close()


class Copy:
    """The sample at work on one database."""

    def __init__(self, sample: ModuleType, bootstrap: str, file: Path, prefix: str) -> None:
        self.sample = sample
        self.db = sqlite3.connect(file)
        self.consumer = sample.subscribe(bootstrap, self.db, prefix)

    def until(self, stream: str, version: int) -> None:
        """Reads on until it holds the event."""
        for _ in range(POLLS):
            if (stream, version) in self.held():
                return
            self.sample.copy(self.consumer, self.db)
        raise AssertionError(f"{stream}@{version} did not come: {self.held()}")

    def held(self) -> list[tuple[str, int]]:
        return list(self.db.execute("select stream, version from events order by rowid"))

    def ids(self) -> list[str]:
        rows = self.db.execute("select event from events")
        return [json.loads(event)["id"] for (event,) in rows]

    def close(self) -> None:
        self.consumer.close()
        self.db.close()


def story(id: str, length: int) -> Sequence[Event]:
    """A stream in which only the order matters."""
    one = fact(OrderCancelled, order_id=id, customer_id="c-1", reason="example")
    return happened(id, *[one] * length)


def test_each_event_is_copied_once_and_in_order(
    sample: ModuleType, kafka_bootstrap: str, topic: Topic, tmp_path: Path
) -> None:
    first, second, third = story("o-1", 3)
    # The relay lost the batch with `second`, went back to its token, and sent everything again.
    topic.say(first, third)
    topic.say(first, second, third)
    copy = Copy(sample, kafka_bootstrap, tmp_path / "events.db", topic.prefix)
    copy.until("order-o-1", 3)
    assert copy.held() == [("order-o-1", 1), ("order-o-1", 2), ("order-o-1", 3)]
    assert copy.ids() == [first.id, second.id, third.id]
    copy.close()


def test_it_goes_on_where_it_was(
    sample: ModuleType, kafka_bootstrap: str, topic: Topic, tmp_path: Path
) -> None:
    before, after = story("o-2", 2)
    topic.say(before)
    copy = Copy(sample, kafka_bootstrap, tmp_path / "events.db", topic.prefix)
    copy.until("order-o-2", 1)
    copy.close()
    topic.say(after, *story("o-3", 1))
    copy = Copy(sample, kafka_bootstrap, tmp_path / "events.db", topic.prefix)
    taken = [json.loads(record.value)["id"] for record in _first_records(copy)]
    assert before.id not in taken
    copy.close()


def test_what_was_not_saved_is_read_again(
    sample: ModuleType, kafka_bootstrap: str, topic: Topic, tmp_path: Path
) -> None:
    topic.say(*story("o-4", 1))
    copy = Copy(sample, kafka_bootstrap, tmp_path / "events.db", topic.prefix)
    assert _first_records(copy), "read, and then it died before anything was saved"
    copy.close()
    copy = Copy(sample, kafka_bootstrap, tmp_path / "events.db", topic.prefix)
    copy.until("order-o-4", 1)
    copy.close()


def _first_records(copy: Copy) -> list[object]:
    for _ in range(POLLS):
        if polled := copy.consumer.poll(timeout_ms=500):
            return [record for records in polled.values() for record in records]
    return []
