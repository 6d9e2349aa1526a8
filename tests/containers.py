"""The parts in containers, by testcontainers: real Kafka and MongoDB in their production versions.

testcontainers' own Kafka class is for another vendor's images, and its MongoDB class cannot make a
replica set; these two are small enough to say what they need themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import docker  # type: ignore[import-untyped]
import pytest
from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped]
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.local import ports
from deploy.local.ports import LOOPBACK
from tests.parts import Part

KAFKA_IMAGE = "apache/kafka:4.3.1"
MONGODB_IMAGE = "mongo:8.0"
READY_SECONDS = 60
REPLICA_SET = "rs0"


class KafkaContainer(DockerContainer):
    """One KRaft broker, reachable on the same loopback port inside and outside."""

    def __init__(self, port: int) -> None:
        super().__init__(KAFKA_IMAGE)
        self.address = f"{LOOPBACK}:{port}"
        self.ports = {"9092/tcp": (LOOPBACK, port)}  # type: ignore[dict-item]
        # One KAFKA_ variable drops all defaults of the image, so here is the full set.
        for name, value in _kafka_settings(self.address).items():
            self.with_env(f"KAFKA_{name}", value)
        self.waiting_for(_log("Kafka Server started"))


class MongoContainer(DockerContainer):
    """A replica set of one whose only member calls itself by the outside address."""

    def __init__(self, port: int) -> None:
        super().__init__(MONGODB_IMAGE)
        self.host = f"{LOOPBACK}:{port}"
        self.address = f"mongodb://{self.host}/?replicaSet={REPLICA_SET}"
        self.ports = {f"{port}/tcp": (LOOPBACK, port)}  # type: ignore[dict-item]
        self.with_command(f"mongod --port {port} --replSet {REPLICA_SET} --bind_ip_all")
        self.waiting_for(_log("Waiting for connections"))

    def start(self) -> MongoContainer:
        super().start()
        client: MongoClient[dict[str, Any]] = MongoClient(self.host, directConnection=True)
        with client:
            config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": self.host}]}
            _until(lambda: _initiated(client, config), "MongoDB did not become a primary")
        return self


class Contained(Part):
    """A part in a container. It is not stopped and started again: its address would be lost."""

    def __init__(self, name: str) -> None:
        self._kind = _KINDS[name]
        self._container: KafkaContainer | MongoContainer | None = None
        self.place = f"in a container ({_image(name)})"

    def start(self) -> None:
        if self._container is None:
            _do_without_reaper_where_its_image_is_missing()
            container = self._kind(ports.pick())
            container.start()
            self._container = container

    def stop(self) -> None:
        pytest.skip("stops a server, and this one is in a container")

    def kill(self) -> None:
        self.stop()

    @property
    def address(self) -> str:
        assert self._container is not None, "start comes first"
        return self._container.address

    def close(self) -> None:
        if self._container is not None:
            self._container.stop()


_KINDS: dict[str, type[KafkaContainer] | type[MongoContainer]] = {
    "kafka": KafkaContainer,
    "mongodb": MongoContainer,
}


@cache
def missing(name: str) -> str | None:
    """What keeps the part `name` from running in a container here, or None."""
    try:
        there = _has_image(_image(name))
    except DockerException:
        return "no Docker engine answers"
    return None if there else f"the image {_image(name)} is not there"


def _has_image(image: str) -> bool:
    """Raises DockerException when no engine answers."""
    engine = docker.from_env(timeout=5)
    try:
        engine.images.get(image)
    except ImageNotFound:
        return False
    finally:
        engine.close()
    return True


def _do_without_reaper_where_its_image_is_missing() -> None:
    """Closed networks: testcontainers' reaper cannot be pulled; `close` removes what we started."""
    if not _has_image(testcontainers_config.ryuk_image):
        testcontainers_config.ryuk_disabled = True


def _image(name: str) -> str:
    return {"kafka": KAFKA_IMAGE, "mongodb": MONGODB_IMAGE}[name]


def _kafka_settings(address: str) -> dict[str, str]:
    protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
    ones = (
        "OFFSETS_TOPIC_REPLICATION_FACTOR",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
        "TRANSACTION_STATE_LOG_MIN_ISR",
        "SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR",
        "SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR",
        "NODE_ID",
    )
    return dict.fromkeys(ones, "1") | {
        "PROCESS_ROLES": "broker,controller",
        "LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://{address}",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "LISTENER_SECURITY_PROTOCOL_MAP": protocols,
        "AUTO_CREATE_TOPICS_ENABLE": "false",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "HEAP_OPTS": "-Xmx512m",
    }


def _initiated(client: MongoClient[dict[str, Any]], config: dict[str, Any]) -> bool:
    try:
        hello = client.admin.command("hello")
        if "setName" not in hello:
            client.admin.command("replSetInitiate", config)
        return bool(hello.get("isWritablePrimary"))
    except PyMongoError:
        # The entry point may still be starting mongod: the caller asks again.
        return False


def _log(line: str) -> LogMessageWaitStrategy:
    strategy = LogMessageWaitStrategy(line)
    strategy.with_startup_timeout(READY_SECONDS)
    return strategy


def _until(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint)
        time.sleep(0.1)
