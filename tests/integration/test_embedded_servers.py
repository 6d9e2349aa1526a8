"""The embedded servers keep what they acknowledged, whatever ends them and on whatever ports."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from pymongo import MongoClient

from deploy.local import processes
from deploy.local.kafka import KafkaServer
from deploy.local.mongodb import MongoServer
from deploy.local.server import Server

pytestmark = pytest.mark.integration


def remember_in_mongodb(uri: str) -> None:
    client: MongoClient[dict[str, str]] = MongoClient(uri)
    with client:
        client["kept"]["facts"].insert_one({"_id": "fact"})


def recall_from_mongodb(uri: str) -> list[str]:
    client: MongoClient[dict[str, str]] = MongoClient(uri)
    with client:
        return [fact["_id"] for fact in client["kept"]["facts"].find()]


def remember_in_kafka(bootstrap: str) -> None:
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.create_topics({"kept": {"num_partitions": 1}}, wait_for_metadata=True)
    producer = KafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    producer.send("kept", b"fact").get(timeout=20)
    producer.close(timeout=5)


def recall_from_kafka(bootstrap: str) -> list[str]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="none")
    partition = TopicPartition("kept", 0)
    consumer.assign([partition])
    consumer.seek(partition, 0)
    polled = consumer.poll(timeout_ms=20_000)
    consumer.close()
    return [record.value.decode() for records in polled.values() for record in records]


KINDS = [
    pytest.param(MongoServer, remember_in_mongodb, recall_from_mongodb, id="mongodb"),
    pytest.param(KafkaServer, remember_in_kafka, recall_from_kafka, id="kafka"),
]


@pytest.mark.parametrize(("kind", "remember", "recall"), KINDS)
def test_data_survive_kill_and_other_ports(
    kind: type[Server],
    remember: Callable[[str], None],
    recall: Callable[[str], list[str]],
    tmp_path: Path,
) -> None:
    server = kind(tmp_path)
    try:
        server.start()
        remember(server.address)
        before = server.ports

        server.kill()
        server.start()
        assert server.ports == before
        assert recall(server.address) == ["fact"]

        server.kill()
        with occupied(*before.values()):
            server.start()
            assert not set(server.ports.values()) & set(before.values())
            assert recall(server.address) == ["fact"]
    finally:
        server.stop()


def test_start_ends_what_a_killed_owner_left_behind(tmp_path: Path) -> None:
    lost = MongoServer(tmp_path)
    lost.start()
    found = MongoServer(tmp_path)
    try:
        found.start()
        assert not lost.running
        assert [process.pid for process in processes.owned_by(tmp_path)] == [found.pid]
    finally:
        found.stop()
        lost.stop()
    assert processes.owned_by(tmp_path) == []


@contextmanager
def occupied(*ports: int) -> Iterator[None]:
    """Strangers on the ports, who hang up on whoever calls."""
    with ExitStack() as stack:
        for port in ports:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", port)))
            threading.Thread(target=_hang_up, args=(listener,), daemon=True).start()
        yield


def _hang_up(listener: socket.socket) -> None:
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return
