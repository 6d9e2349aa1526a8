"""What only a real group can show: members that come, go and are taken for one another."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import pytest
from kafka.admin import KafkaAdminClient
from kafka.partitioner.default import murmur2

from events.envelope import decode
from events.errors import Fenced, Transient
from events.log import kafka_clients, kafka_consumer
from events.log.kafka_consumer import KafkaEventConsumer
from events.log.kafka_producer import KafkaEventProducer
from events.log.port import Partition
from events.types import new_id
from tests.conformance.making import event

pytestmark = pytest.mark.integration

TOPICS, PARTITIONS = 2, 4
PATIENCE_SECONDS = 90


class Group:
    """A consumer group over two topics with like partitions."""

    def __init__(self, bootstrap: str, opened: contextlib.ExitStack) -> None:
        self.name = f"group.{new_id()}"
        self.topics = [f"{self.name}.{number}" for number in range(TOPICS)]
        self.bootstrap = bootstrap
        self._opened = opened
        shape = {"num_partitions": PARTITIONS, "replication_factor": 1}
        with KafkaAdminClient(bootstrap_servers=bootstrap.split(",")) as admin:
            admin.create_topics(dict.fromkeys(self.topics, shape), wait_for_metadata=True)

    def member(self, name: str) -> KafkaEventConsumer:
        consumer = KafkaEventConsumer(
            self.bootstrap, self.topics, group=self.name, member=name, session_timeout_ms=6_000
        )
        self._opened.callback(consumer.close)
        return consumer

    def producer(self) -> KafkaEventProducer:
        return self._opened.enter_context(
            contextlib.closing(KafkaEventProducer(self.bootstrap, "test", self.topics[0]))
        )

    @property
    def partitions(self) -> frozenset[Partition]:
        return frozenset(Partition(t, n) for t in self.topics for n in range(PARTITIONS))


@pytest.fixture
def group(kafka_bootstrap: str) -> Iterator[Group]:
    with contextlib.ExitStack() as opened:
        yield Group(kafka_bootstrap, opened)


def until(done: Callable[[], bool], *members: KafkaEventConsumer) -> None:
    """Polls the members in turn, seeking to zero whenever one is reassigned."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, [one.assignment() for one in members]
        for one in members:
            if one.poll(0.05).reassigned:
                one.seek(dict.fromkeys(one.assignment(), 0))


def test_a_second_member_takes_over_a_part(group: Group) -> None:
    one, two = group.member("one"), group.member("two")
    until(lambda: one.assignment() == group.partitions, one)
    until(lambda: bool(one.assignment()) and bool(two.assignment()), one, two)
    until(lambda: one.assignment() | two.assignment() == group.partitions, one, two)
    assert not one.assignment() & two.assignment()


def test_like_partitions_of_all_topics_belong_together(group: Group) -> None:
    """So one member owns everything about one customer."""
    one, two = group.member("one"), group.member("two")
    until(lambda: bool(one.assignment()) and bool(two.assignment()), one, two)
    until(lambda: one.assignment() | two.assignment() == group.partitions, one, two)
    for member in (one, two):
        numbers = [{p.number for p in member.assignment() if p.topic == t} for t in group.topics]
        assert numbers[0] == numbers[1]


def test_the_left_member_is_told_and_gets_everything(group: Group) -> None:
    one, two = group.member("one"), group.member("two")
    until(lambda: bool(one.assignment()) and bool(two.assignment()), one, two)
    two.close()
    told = False

    def all_mine() -> bool:
        nonlocal told
        told = one.poll(0.05).reassigned or told
        return told and one.assignment() == group.partitions

    until(all_mine)


def test_the_same_name_twice_is_fenced(group: Group) -> None:
    zombie = group.member("one")
    until(lambda: zombie.assignment() == group.partitions, zombie)
    successor = group.member("one")
    until(lambda: successor.assignment() == group.partitions, successor)
    with pytest.raises(Fenced):
        until(lambda: False, zombie)


def test_a_member_reads_after_a_seek(group: Group) -> None:
    group.producer().send([event(version=1), event(version=2)]).wait()
    one = group.member("one")
    until(lambda: one.assignment() == group.partitions, one)
    one.seek(dict.fromkeys(one.assignment(), 0))
    found = 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while found < 2:
        assert time.monotonic() < deadline
        found += sum(len(records) for records in one.poll(0.05).records.values())
    one.hint(dict.fromkeys(one.assignment(), 2))


def test_an_unreachable_broker_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_clients, "BOOTSTRAP_MS", 300)
    with pytest.raises(Transient):
        KafkaEventProducer("127.0.0.1:1", "test", "nowhere")
    with pytest.raises(Transient):
        KafkaEventConsumer("127.0.0.1:1", ["nowhere"], group="test", member="one")


def test_a_key_goes_where_every_kafka_client_would_send_it(group: Group) -> None:
    """Other writers rely on it, and whoever looks for a customer's partition."""
    keys = [f"customer-{number}" for number in range(40)]
    group.producer().send([event(key, 1, key=key) for key in keys]).wait()
    one = group.member("one")
    until(lambda: one.assignment() == group.partitions, one)
    one.seek(dict.fromkeys(one.assignment(), 0))
    found: dict[str, int] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < len(keys):
        assert time.monotonic() < deadline
        for at, records in one.poll(0.05).records.items():
            found.update((decode(record.value).key, at.number) for record in records)
    assert found == {key: (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS for key in keys}


def test_lag_tools_are_told_the_last_place_also_when_nothing_comes_any_more(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_consumer, "HINT_SECONDS", 0.1)
    group.producer().send([event(version=1), event(version=2)]).wait()
    one = group.member("one")
    until(lambda: one.assignment() == group.partitions, one)
    one.seek(dict.fromkeys(one.assignment(), 0))
    places = dict.fromkeys(one.assignment(), 0)
    one.hint(places)
    one.hint(dict.fromkeys(places, 1))
    with KafkaAdminClient(bootstrap_servers=group.bootstrap.split(",")) as admin:
        until(lambda: told(admin, group.name) == {1}, one)


def told(admin: KafkaAdminClient, name: str) -> set[int]:
    """The offsets that the group has committed."""
    offsets = admin.list_group_offsets([name])[name]
    return {one.offset for one in offsets.values()}
