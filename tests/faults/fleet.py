"""A whole system under the keeper: four services, two processes each, and the gateway.

It runs on the session's MongoDB and Kafka (tests/parts.py) under names of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from deploy.local.directory import tell_directory, with_every_role
from deploy.local.endpoints import Endpoints
from deploy.local.passes import Passes
from deploy.local.ports import pick
from deploy.local.programs import Program, service_programs
from events.config import load_config
from events.log.topics import ensure_topics, topic_specs
from tests.faults.keeper import ARMED, Keeper
from tests.oracle.checker import judge
from tests.oracle.client import ACTOR, JOB, Client
from tests.oracle.findings import Finding
from tests.oracle.journal import Journal, Ledger, read
from tests.oracle.load import Company, Load
from tests.oracle.places import SERVICES, Places
from tests.parts import Parts

PARTITIONS = 3
SESSION_TIMEOUT_MS = 3_000
"""A frozen worker loses its partitions after this long: the test freezes it for longer."""

GATEWAY = ("gateway", "platform-web", "platform-worker")

READY_SECONDS = 120.0
REBUILD_SECONDS = 120.0
POLL_SECONDS = 0.1


class NotReady(AssertionError):
    """A condition did not come true in time."""


class Fleet:
    """`parts` must be running. `change` may alter each program before it is started.

    `close` ends all processes; logs and journal stay in `folder`.
    """

    def __init__(
        self,
        parts: Parts,
        folder: Path,
        services: Sequence[str] = SERVICES,
        *,
        gateway: bool = True,
        change: Callable[[Program], Program] = lambda program: program,
    ) -> None:
        self.folder = folder
        self.services = tuple(services)
        name = uuid.uuid4().hex[:8]
        self._variables = {
            "MONGODB_URI": parts.mongodb.address,
            "KAFKA_BOOTSTRAP_SERVERS": parts.kafka.address,
            "THROUGHLINE_DATABASE_PREFIX": f"faults_{name}_",
            "THROUGHLINE_TOPIC_PREFIX": f"faults-{name}",
            "THROUGHLINE_PARTITIONS": str(PARTITIONS),
            "THROUGHLINE_SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS),
            "THROUGHLINE_LOG_LEVEL": "info",
        }
        config = load_config(self._variables)
        self.places = Places(
            config.mongodb_uri,
            config.kafka_bootstrap,
            config.database_prefix,
            config.topic_prefix,
            self.services,
        )
        self._endpoints = Endpoints.settle(
            None, config.kafka_bootstrap, config.mongodb_uri, folder / "none", folder / "keys"
        )
        self._passes = Passes(folder / "keys", self._endpoints.gateway)
        ensure_topics(config.kafka_bootstrap, topic_specs(config))
        environment = {**os.environ, **parts.home.environment, **self._variables}
        tell_directory(config, with_every_role(ACTOR, JOB))
        self.keeper = Keeper(folder, environment)
        self.journal = Journal(folder / "journal.jsonl")
        self.journals = [self.journal.path]
        self._change = change
        self._gateway = gateway
        self.client = Client(self._urls(), self.journal, self.pass_of)

    @property
    def gateway(self) -> str:
        return self._endpoints.gateway

    def pass_of(self, service: str, actor: str) -> str:
        """For the gateway as it knows him, for a service alone as the gateway would sign him."""
        return self._passes.of(actor) if self._gateway else self._passes.to(service, actor)

    def start(self) -> Fleet:
        """Returns when every process is ready."""
        self._programs = {
            program.name: self._change(program)
            for program in service_programs(self._endpoints)
            if program.name.split("-")[0] in self.services or self._gateway_program(program)
        }
        for program in self._programs.values():
            self.keeper.start(program)
        self.wait_ready()
        Company(self.client, 0, self.services).found()
        return self

    def wait_ready(self) -> None:
        """Every process that is kept answers that work may come to it."""
        urls = {name: url for name, url in self._health().items() if name in self.keeper.names}
        for name, url in urls.items():
            wait_for(lambda url=url: _ready(url), READY_SECONDS, f"{name} to be ready")  # type: ignore[misc]

    def load(self, seed: int, rate: float) -> Load:
        """Already started."""
        return Load(self.client, self.services, seed, rate).start()

    def second_worker(self, service: str) -> str:
        """Another worker of the service, with a name of its own; returns that."""
        name = f"{service}-worker-2"
        program = self._programs[f"{service}-worker"]
        environment = {
            **program.environment,
            "THROUGHLINE_INSTANCE": name,
            "THROUGHLINE_HEALTH_PORT": str(pick()),
        }
        self.keeper.start(replace(program, name=name, environment=environment))
        return name

    def projections(self, *arguments: str, armed: str = "") -> dict[str, Any] | None:
        """`throughline projections …` in a process of its own; None when it did not survive."""
        try:
            outcome = self._run(["projections", *arguments, "--json"], armed)
        except subprocess.TimeoutExpired:
            return None
        with (self.folder / "projections.log").open("a") as log:
            log.write(f"{arguments} {armed}: {outcome.returncode}\n{outcome.stderr}")
        if outcome.returncode != 0:
            return None
        told: dict[str, Any] = json.loads(outcome.stdout)
        return told

    def _run(self, arguments: Sequence[str], armed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.cli", *arguments],
            env={**os.environ, **self._variables, ARMED: armed},
            capture_output=True,
            text=True,
            timeout=REBUILD_SECONDS,
            check=False,
        )

    def rebuild_all(self) -> None:
        """Beside the live versions, compared by the engine itself, made live."""
        for service in self.services:
            done = self.projections("rebuild", "--swap", "--service", service)
            if done is None or not done[service]["swapped"]:
                raise AssertionError(f"the rebuild of {service} failed: {done}")

    def ledger(self) -> Ledger:
        """Of this process's client, and of drivers that wrote journals of their own."""
        return read(*self.journals)

    def judge(self, seconds: float = 120.0) -> list[Finding]:
        return judge(self.places, self.ledger(), seconds)

    def close(self) -> None:
        self.keeper.close()
        self.journal.close()

    def _gateway_program(self, program: Program) -> bool:
        return self._gateway and program.name in GATEWAY

    def _urls(self) -> dict[str, str]:
        if self._gateway:
            return {one: f"{self._endpoints.gateway}/v1/{one}" for one in self.services}
        return {one: f"{self._endpoints.services[one]}/v1" for one in self.services}

    def _health(self) -> Mapping[str, str]:
        return {name: f"{url}/readyz" for name, url in self._endpoints.programs.items()}


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Raises NotReady when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotReady(f"waited {seconds:.0f} s for {what}")
        time.sleep(POLL_SECONDS)


def _ready(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=2).status_code == 200
    return False
