"""Where a run takes place: MongoDB and Kafka of its own in a folder that is gone afterwards.

A measure works in *spaces*: a space has its own topics and databases on the same two servers, so
that measures, and rounds of one measure, never see each other's data.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import requests

from deploy.local import ports
from deploy.local.directory import tell_directory, with_every_role
from deploy.local.kafka import KafkaServer
from deploy.local.keys import ISSUER, PRIVATE, PUBLIC, ensure_keys
from deploy.local.mongodb import MongoServer
from deploy.local.passes import Passes
from deploy.local.programs import package_of
from events.config import SERVICES, Config, load_config
from events.log.topics import ensure_topics, topic_specs

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
PROFILE_VARIABLE = "THROUGHLINE_BENCH_PROFILE"
"""Names the file into which a program of ours writes its profile."""


class Failed(Exception):
    """A process did not do what a measure needs; the text ends with its last words."""


@dataclass(frozen=True, slots=True)
class Space:
    """`data` is the prefix of the databases, `topics` that of the topics."""

    data: str
    topics: str


@dataclass(frozen=True, slots=True)
class Served:
    """A process that answers, or will answer, on `url`; `sign` gives the pass that it wants."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    sign: Callable[[], str] | None = None

    def signed(self) -> list[tuple[str, str]]:
        """The headers that every request takes; none for who lets everybody in."""
        return [("Authorization", self.sign())] if self.sign else []

    def await_answer(self, path: str) -> None:
        """Any answer but a server's error will do: the bare baseline knows no health route."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failed(f"ended while starting: {self.log.read_text()[-2000:]}")
            try:
                if requests.get(self.url + path, timeout=2).status_code < 500:
                    return
            except requests.RequestException:
                """Not listening yet."""
            time.sleep(POLL_SECONDS)
        raise Failed(f"{self.url}{path} was not ready in time: {self.log.read_text()[-2000:]}")

    def processor_seconds(self) -> float:
        """Of the process and its children since they began: what others do leaves it alone."""
        parent = psutil.Process(self.process.pid)
        times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
        return sum(float(time.user + time.system) for time in times)

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


TESTER = "tester"
"""Who asks: somebody with every role, so that rights are looked up and shut nothing out."""


class Place:
    """The two servers of a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys = folder / "keys"
        ensure_keys(self._keys)
        self._mongodb = MongoServer(folder / "mongodb", owner=folder)
        self._kafka = KafkaServer(folder / "kafka", owner=folder)
        self._spaces = 0

    def start(self) -> None:
        self._mongodb.start()
        self._kafka.start()

    def stop(self) -> None:
        self._kafka.stop()
        self._mongodb.stop()

    # --- spaces

    def space(self, name: str, data_of: Space | None = None, log_of: Space | None = None) -> Space:
        """A new space; it may share the databases or the topics of another one."""
        self._spaces += 1
        fresh = f"b{self._spaces}-{name}"
        made = Space(data_of.data if data_of else f"{fresh}-", log_of.topics if log_of else fresh)
        if log_of is None:
            config = self.config(made)
            ensure_topics(config.kafka_bootstrap, topic_specs(config))
        return made

    def config(self, space: Space) -> Config:
        return load_config(self.variables(space))

    def variables(self, space: Space) -> dict[str, str]:
        return {
            "MONGODB_URI": self._mongodb.address,
            "KAFKA_BOOTSTRAP_SERVERS": self._kafka.address,
            "THROUGHLINE_DATABASE_PREFIX": space.data,
            "THROUGHLINE_TOPIC_PREFIX": space.topics,
            "THROUGHLINE_ACCESS_KEYS": str(self._keys / PUBLIC),
            "THROUGHLINE_ACCESS_KEY": str(self._keys / PRIVATE),
            "THROUGHLINE_DEV_ISSUER": str(self._keys / ISSUER),
        }

    # --- processes that serve

    @contextmanager
    def bare(self) -> Iterator[Served]:
        """The baseline of commands."""
        variables = {"MONGODB_URI": self._mongodb.address}
        with self._started("bench.programs.bare", variables) as served:
            served.await_answer("/")
            yield served

    @contextmanager
    def web(self, space: Space, service: str, profile: Path | None = None) -> Iterator[Served]:
        """A service's web process; with `profile` under the profiler."""
        module = f"{package_of(service)}.web" if profile is None else "bench.programs.profiled_web"
        variables = {**self.variables(space), **_profiled(profile)}
        passes = Passes(self._keys)
        with self._started(module, variables) as served:
            served.await_answer("/readyz")
            yield replace(served, sign=lambda: passes.to(service))

    @contextmanager
    def workers(self, space: Space, services: Sequence[str] = SERVICES) -> Iterator[list[Served]]:
        """Workers with all their roles; their URLs are those of their health routes."""
        with ExitStack() as running:
            started = [
                running.enter_context(
                    self._started(f"services.{service}.worker", self.variables(space))
                )
                for service in services
            ]
            for worker in started:
                worker.await_answer("/readyz")
            yield started

    @contextmanager
    def gateway(self, space: Space, sales: Served, profile: Path | None = None) -> Iterator[Served]:
        """The gateway before one service (the others would only be idle), with `TESTER` let in."""
        module = "gateway" if profile is None else "bench.programs.profiled_gateway"
        tell_directory(self.config(space), with_every_role(TESTER))
        variables = {
            **self.variables(space),
            "THROUGHLINE_UPSTREAMS": ",".join(f"{name}={sales.url}" for name in SERVICES),
            **_profiled(profile),
        }
        with self._started(module, variables) as served:
            served.await_answer("/livez")
            passes = Passes(self._keys, served.url)
            yield replace(served, sign=lambda: passes.of(TESTER))

    # --- programs that end

    def run(
        self, space: Space, program: str, *arguments: object, profile: Path | None = None
    ) -> dict[str, Any]:
        """Runs one of bench/programs to its end; its last line of output is its JSON answer."""
        module = f"bench.programs.{program}"
        return self.call(space, module, *map(str, arguments), **_profiled(profile))

    def call(self, space: Space, module: str, *arguments: str, **more: str) -> dict[str, Any]:
        """The JSON object that a module prints. Raises `Failed`."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, **self.variables(space), **more},
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"{module} ended with {done.returncode}: {done.stderr[-2000:]}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    @contextmanager
    def _started(self, module: str, variables: Mapping[str, str]) -> Iterator[Served]:
        """A process that may not answer yet."""
        port = ports.pick()
        log = self._folder / f"{module}-{port}.log"
        own = {
            "THROUGHLINE_HOST": ports.LOOPBACK,
            "THROUGHLINE_PORT": str(port),
            "THROUGHLINE_HEALTH_PORT": str(port),
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdout=output,
                stderr=output,
                env={**os.environ, **variables, **own},
            )
        served = Served(f"http://{ports.LOOPBACK}:{port}", process, log)
        try:
            yield served
        finally:
            served.end()


def _profiled(profile: Path | None) -> dict[str, str]:
    return {} if profile is None else {PROFILE_VARIABLE: str(profile)}


@contextmanager
def a_place() -> Iterator[Place]:
    """Servers for one run; stopped, and their data deleted, at its end."""
    with tempfile.TemporaryDirectory(prefix="throughline-bench-") as folder:
        place = Place(Path(folder))
        try:
            place.start()
            yield place
        finally:
            place.stop()
