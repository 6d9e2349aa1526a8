"""The log: order within a key, positions that only the reader moves, a word on every assignment."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
from kafka.admin import KafkaAdminClient

from events.envelope import Event, decode
from events.log.kafka_consumer import KafkaEventConsumer
from events.log.kafka_producer import KafkaEventProducer
from events.log.memory import MemoryConsumer, MemoryLog, MemoryProducer
from events.log.port import Consumer, Partition, Producer, Record
from events.types import new_id
from tests.conformance.making import event

PARTITIONS = 3
PATIENCE_SECONDS = 90.0

BOTH = [
    pytest.param("memory", id="memory"),
    pytest.param("kafka", id="kafka", marks=pytest.mark.integration),
]


@dataclass
class Log:
    """A log with one topic, and how its users are made."""

    topic: str
    producer: Callable[[], Producer]
    consumer: Callable[[], Consumer]

    @property
    def partitions(self) -> list[Partition]:
        return [Partition(self.topic, number) for number in range(PARTITIONS)]


@pytest.fixture(params=BOTH)
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    topic = f"conformance.{new_id()}"
    with contextlib.ExitStack() as opened:
        if request.param == "memory":
            yield _in_memory(topic)
        else:
            yield _on_kafka(topic, request.getfixturevalue("kafka_bootstrap"), opened)


def _in_memory(topic: str) -> Log:
    log = MemoryLog([topic], PARTITIONS)

    def consumer() -> MemoryConsumer:
        made = MemoryConsumer(log, batch=50)
        made.assign([Partition(topic, number) for number in range(PARTITIONS)])
        return made

    return Log(topic, lambda: MemoryProducer(log, topic), consumer)


def _on_kafka(topic: str, bootstrap: str, opened: contextlib.ExitStack) -> Log:
    with KafkaAdminClient(bootstrap_servers=bootstrap.split(",")) as admin:
        wanted = {"num_partitions": PARTITIONS, "replication_factor": 1}
        admin.create_topics({topic: wanted}, wait_for_metadata=True)

    def producer() -> KafkaEventProducer:
        return opened.enter_context(
            contextlib.closing(KafkaEventProducer(bootstrap, "conformance", topic))
        )

    def consumer() -> KafkaEventConsumer:
        return opened.enter_context(
            contextlib.closing(KafkaEventConsumer(bootstrap, [topic], group=None, batch=50))
        )

    return Log(topic, producer, consumer)


def begin(consumer: Consumer, positions: Mapping[Partition, int]) -> None:
    """Takes the assignment and goes to the positions."""
    assert consumer.poll(PATIENCE_SECONDS).reassigned
    consumer.seek(positions)


def read(consumer: Consumer, count: int) -> list[Record]:
    """Polls until so many records are there; fails when they don't come in time."""
    found: list[Record] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} records"
        polled = consumer.poll(0.2)
        assert not polled.reassigned
        found += [record for records in polled.records.values() for record in records]
    return found


def written(log: Log, *keys: str, each: int = 4) -> list[Event]:
    """Events of one stream per key, interleaved, on the topic."""
    events = [
        event(f"order-{key}", version, key=key) for version in range(1, each + 1) for key in keys
    ]
    log.producer().send(events).wait()
    return events


def at_zero(log: Log) -> dict[Partition, int]:
    return dict.fromkeys(log.partitions, 0)


def test_what_is_sent_is_read_whole(log: Log) -> None:
    events = written(log, "a", "b", "c")
    consumer = log.consumer()
    begin(consumer, at_zero(log))
    records = read(consumer, len(events))
    assert {one.entry: one for one in events} == {
        one.entry: one for one in (decode(record.value) for record in records)
    }
    assert {record.type for record in records} == {events[0].type}


def test_the_order_of_a_key_is_kept_in_one_partition(log: Log) -> None:
    events = written(log, "a", "b", "c", "d", each=30)
    consumer = log.consumer()
    begin(consumer, at_zero(log))
    places: dict[str, set[Partition]] = {}
    versions: dict[str, list[int]] = {}
    for record in read(consumer, len(events)):
        one = decode(record.value)
        places.setdefault(one.key, set()).add(record.partition)
        versions.setdefault(one.key, []).append(one.version)
    assert all(len(partitions) == 1 for partitions in places.values())
    assert set(map(tuple, versions.values())) == {tuple(range(1, 31))}


def test_two_sends_follow_one_another(log: Log) -> None:
    producer = log.producer()
    first = producer.send([event(version=1), event(version=2)])
    producer.send([event(version=3)]).wait()
    first.wait()
    consumer = log.consumer()
    begin(consumer, at_zero(log))
    assert [decode(one.value).version for one in read(consumer, 3)] == [1, 2, 3]


def test_sending_nothing_is_no_error(log: Log) -> None:
    log.producer().send([]).wait()


def test_offsets_of_a_partition_are_contiguous(log: Log) -> None:
    written(log, "a", "b", each=20)
    consumer = log.consumer()
    begin(consumer, at_zero(log))
    offsets: dict[Partition, list[int]] = {}
    for record in read(consumer, 40):
        offsets.setdefault(record.partition, []).append(record.offset)
    for found in offsets.values():
        assert found == list(range(len(found)))


def test_the_first_poll_says_that_the_assignment_is_new(log: Log) -> None:
    written(log, "a")
    consumer = log.consumer()
    first = consumer.poll(PATIENCE_SECONDS)
    assert first.reassigned
    assert not first.records
    assert consumer.assignment() == frozenset(log.partitions)


def test_reading_begins_where_it_is_told_to(log: Log) -> None:
    events = written(log, "a", each=10)
    consumer = log.consumer()
    begin(consumer, at_zero(log))
    home = read(consumer, len(events))[0].partition
    consumer.seek({home: 7})
    again = read(consumer, 3)
    assert [record.offset for record in again] == [7, 8, 9]


def test_a_seek_back_reads_again(log: Log) -> None:
    written(log, "a", each=3)
    consumer = log.consumer()
    begin(consumer, at_zero(log))
    first = read(consumer, 3)
    consumer.seek({first[0].partition: 0})
    assert read(consumer, 3) == first


def test_readers_do_not_move_each_other(log: Log) -> None:
    events = written(log, "a", "b")
    one, two = log.consumer(), log.consumer()
    begin(one, at_zero(log))
    assert len(read(one, len(events))) == len(events)
    one.hint(dict.fromkeys(log.partitions, 3))
    begin(two, at_zero(log))
    assert len(read(two, len(events))) == len(events)


def test_bounds_and_distance(log: Log) -> None:
    events = written(log, "a", "b", each=5)
    consumer = log.consumer()
    begin(consumer, at_zero(log))
    bounds = consumer.bounds()
    assert set(bounds) == set(log.partitions)
    assert {first for first, _ in bounds.values()} == {0}
    assert sum(following for _, following in bounds.values()) == len(events)
    read(consumer, len(events))
    assert consumer.ahead() == 0


def test_the_topic_has_an_id_that_stays(log: Log) -> None:
    ids = [dict(log.consumer().topic_ids()) for _ in range(2)]
    assert ids[0] == ids[1]
    assert set(ids[0]) == {log.topic}
    assert ids[0][log.topic]


def _values(records: Sequence[Record]) -> list[bytes]:
    return [record.value for record in records]


def test_twins_put_the_same_bytes_on_the_log(log: Log) -> None:
    from events.envelope import encode

    events = written(log, "a", each=2)
    consumer = log.consumer()
    begin(consumer, at_zero(log))
    assert _values(read(consumer, 2)) == [encode(one) for one in events]
