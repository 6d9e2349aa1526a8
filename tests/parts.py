"""The real MongoDB and Kafka that tests run on, wherever they come from.

Each of the two is, in this order: the server named by MONGODB_URI or KAFKA_BOOTSTRAP_SERVERS; a
container, when a Docker engine answers and its image is there; an embedded server in a temporary
folder. THROUGHLINE_TEST_PARTS=containers or =embedded insists on one of them. The report's header
says which it took. A running local environment (`.local/`) is never touched.

Fixtures: `mongodb_uri`, `kafka_bootstrap`, and `parts`, whose `.mongodb` and `.kafka` can be
stopped and started again (embedded only; other places skip such tests).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from deploy.local import guard, processes
from deploy.local.server import Server

CHOICE = "THROUGHLINE_TEST_PARTS"
MEMORY_BYTES = 6 * 1024**3


class Part(ABC):
    """One server for a session of tests: started when first asked for, ended with the session."""

    place: str

    @abstractmethod
    def start(self) -> None:
        """Returns when clients can use it."""

    @abstractmethod
    def stop(self) -> None:
        """Ends it; what it stored is still there after the next `start`."""

    @abstractmethod
    def kill(self) -> None:
        """Ends it without a chance to write anything more."""

    @abstractmethod
    def close(self) -> None:
        """Ends it for good."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What clients are given; known after `start`."""


def memory_folder() -> str | None:
    """A file system in memory, when it is roomy: kills leave it whole, and its syncs are free.

    What only a power cut could show, these tests don't show on a disk either.
    """
    folder = Path("/dev/shm")
    roomy = folder.is_dir() and shutil.disk_usage(folder).free > MEMORY_BYTES
    return str(folder) if roomy and os.access(folder, os.W_OK) else None


class Home:
    """The session's temporary folder; a guard removes it with all its processes at the end.

    Tests that start processes give them `environment`, so that none outlives a killed session.
    """

    def __init__(self) -> None:
        self._guard: subprocess.Popen[bytes] | None = None

    @cached_property
    def folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="throughline-tests-", dir=memory_folder()))
        self._guard = guard.watch(folder)
        return folder

    @property
    def environment(self) -> dict[str, str]:
        return processes.marked(self.folder)

    def close(self) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()


class Embedded(Part):
    """A server of deploy.local under the session's folder."""

    place = "embedded"

    def __init__(self, name: str, home: Home) -> None:
        self._name, self._home = name, home

    @cached_property
    def server(self) -> Server:
        return _kind(self._name)(self._home.folder / self._name, owner=self._home.folder)

    def start(self) -> None:
        if not self.server.running:
            self.server.start()

    def stop(self) -> None:
        self.server.stop()

    def kill(self) -> None:
        self.server.kill()

    def close(self) -> None:
        if "server" in self.__dict__:
            self.server.kill()

    @property
    def address(self) -> str:
        return self.server.address


class Named(Part):
    """Somebody's server, named by an environment variable: used, never stopped."""

    place = "named by the environment"

    def __init__(self, address: str) -> None:
        self._address = address

    def start(self) -> None:
        """It is running already."""

    def stop(self) -> None:
        pytest.skip("stops a server, and this one was named by the environment")

    def kill(self) -> None:
        self.stop()

    def close(self) -> None:
        """It goes on without us."""

    @property
    def address(self) -> str:
        return self._address


@dataclass(frozen=True)
class Parts:
    mongodb: Part
    kafka: Part
    home: Home

    def close(self) -> None:
        for part in (self.mongodb, self.kafka):
            part.close()
        self.home.close()

    def __str__(self) -> str:
        return f"MongoDB {self.mongodb.place}, Kafka {self.kafka.place}"


def choose() -> Parts:
    """Decides where the parts come from, without starting anything."""
    home = Home()
    return Parts(
        mongodb=_choose_one("mongodb", "MONGODB_URI", home),
        kafka=_choose_one("kafka", "KAFKA_BOOTSTRAP_SERVERS", home),
        home=home,
    )


def _choose_one(name: str, variable: str, home: Home) -> Part:
    choice = os.environ.get(CHOICE, "")
    if choice not in ("", "containers", "embedded"):
        raise pytest.UsageError(f"{CHOICE} is containers or embedded, not {choice!r}")
    if not choice and (address := os.environ.get(variable)):
        return Named(address)
    if choice == "embedded":
        return Embedded(name, home)
    return _container(name, insist=choice == "containers") or Embedded(name, home)


def _container(name: str, *, insist: bool) -> Part | None:
    """The part in a container, or None; pytest.UsageError when one is insisted on."""
    from tests import containers

    missing = containers.missing(name)
    if missing is None:
        return containers.Contained(name)
    if insist:
        raise pytest.UsageError(f"{CHOICE}=containers, but {missing}")
    return None


def _kind(name: str) -> type[Server]:
    """Imported when needed: unit tests need not wait for the clients of Kafka and MongoDB."""
    if name == "kafka":
        from deploy.local.kafka import KafkaServer

        return KafkaServer
    from deploy.local.mongodb import MongoServer

    return MongoServer


# --- what pytest sees

_CHOSEN = pytest.StashKey[Parts]()


def pytest_configure(config: pytest.Config) -> None:
    # kafka-python reads its protocol's schemas by deprecated functions of importlib.resources.
    legacy = "ignore:(read|open)_text is deprecated:DeprecationWarning"
    config.addinivalue_line("filterwarnings", legacy)
    config.stash[_CHOSEN] = choose()


def pytest_report_header(config: pytest.Config) -> str:
    return f"parts: {config.stash[_CHOSEN]}"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Runs also after Ctrl-C: nothing that was started stays."""
    with suppress(KeyError):
        config.stash[_CHOSEN].close()


@pytest.fixture(scope="session")
def parts(pytestconfig: pytest.Config) -> Parts:
    """Both servers, not yet started; `.mongodb` and `.kafka` have start, stop, kill, address."""
    return pytestconfig.stash[_CHOSEN]


@pytest.fixture(scope="session")
def mongodb_uri(parts: Parts) -> str:
    """The URI of a MongoDB replica set that is up."""
    parts.mongodb.start()
    return parts.mongodb.address


@pytest.fixture(scope="session")
def kafka_bootstrap(parts: Parts) -> str:
    """The bootstrap servers of a Kafka that is up, for clients: "host:port"."""
    parts.kafka.start()
    return parts.kafka.address
