"""The whole system as real processes: four webs, four workers and the gateway, on given servers.

It has databases, topics and ports of its own, so it runs beside any other system on the same
servers. Each process can be stopped, killed and started again by its name: `sales-web`,
`sales-worker`, `gateway` and so on, as in the local environment.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from kafka.admin import KafkaAdminClient
from pymongo import MongoClient

from deploy.local.directory import of_development, tell_directory, with_every_role
from deploy.local.endpoints import SERVICES, Endpoints
from deploy.local.passes import Passes
from deploy.local.paths import ROOT
from deploy.local.programs import Program, service_programs
from deploy.local.system import answers
from events.config import CONTEXTS, Config, load_config
from events.log.topics import ensure_topics, topic_specs
from events.types import new_id
from tests.acceptance import stories
from tests.acceptance.api import Api, Done, eventually
from tests.acceptance.topics import Topics

PARTITIONS = 3
START_SECONDS = 60.0

TESTER = "tester"
ORACLES = ("oracle", "oracle-job")
"""They have every role."""
STOP_SECONDS = 30.0
CLI_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Told:
    """How a command of the command line ended; `data` is its JSON answer, None without one."""

    code: int
    data: Any
    errors: str


class System:
    """Started by `up`, gone with all its data after `clean`."""

    def __init__(self, mongodb: str, kafka: str, folder: Path, base: Mapping[str, str]) -> None:
        """`base` is the environment of every process; logs go to `folder`, one file a process."""
        mark = new_id()[-12:]
        self.folder = folder
        self.endpoints = Endpoints.settle(
            None, kafka, mongodb, folder / "no-supervisor", folder / "keys"
        )
        self._variables = {
            **base,
            **self.endpoints.environment(),
            "THROUGHLINE_DATABASE_PREFIX": f"acceptance_{mark}_",
            "THROUGHLINE_TOPIC_PREFIX": f"acceptance-{mark}",
            "THROUGHLINE_PARTITIONS": str(PARTITIONS),
            "THROUGHLINE_SESSION_TIMEOUT_MS": "6000",
        }
        self.config: Config = load_config(self._variables)
        self._programs = {one.name: one for one in service_programs(self.endpoints)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.passes = Passes(Path(self.endpoints.keys), self.endpoints.gateway)
        self.api = self.api_of(TESTER)
        self.topics = Topics(kafka, {one: self.config.topic(one) for one in CONTEXTS})

    # --- life

    def up(self) -> None:
        """Makes the topics and starts every process that does not run; returns when all answer,
        and every worker has its partitions.
        """
        states = ensure_topics(self.config.kafka_bootstrap, topic_specs(self.config))
        assert all(state.good for state in states), states
        tell_directory(self.config, [*of_development(), *with_every_role(TESTER, *ORACLES)])
        self.start(*self._programs)
        first = stories.customer(self.api)
        for service in SERVICES:
            eventually(partial(self._holds, service, first), START_SECONDS)

    def api_of(self, login: str) -> Api:
        """The public API as somebody of the directory sees it."""
        return Api(self.endpoints.gateway, lambda: self.passes.of(login))

    def start(self, *names: str) -> None:
        """Starts those that do not run; returns when they answer."""
        for name in names:
            if name not in self._running:
                self._running[name] = self._launch(self._programs[name])
        for name in names:
            eventually(partial(self._answers, name), START_SECONDS)

    def stop(self, *names: str) -> None:
        """Asks them to end, all at once, and waits: each must end by itself, and well."""
        leaving = self._leaving(names)
        for process in leaving.values():
            process.send_signal(signal.SIGTERM)
        for name, process in leaving.items():
            code = process.wait(STOP_SECONDS)
            assert code in (0, -signal.SIGTERM), f"{name} ended with {code}: {self.log(name)}"

    def kill(self, *names: str) -> None:
        """Ends them without a chance to do anything more."""
        for process in self._leaving(names).values():
            _kill(process)

    def only(self, *services: str) -> None:
        """Of the services exactly these run, web and worker; the gateway runs."""
        gone = [name for name in SERVICES if name not in services]
        self.stop(*(name for one in gone for name in parts_of(one) if name in self._running))
        self.start("gateway", *(name for one in services for name in parts_of(one)))

    def runs(self, name: str) -> bool:
        return name in self._running

    def clean(self) -> None:
        """Ends every process and deletes databases and topics."""
        self.kill(*self._running)
        self.topics.close()
        for name in self.mongodb.list_database_names():
            if name.startswith(self.config.database_prefix):
                self.mongodb.drop_database(name)
        self.mongodb.close()
        with KafkaAdminClient(bootstrap_servers=self.config.kafka_bootstrap) as admin:
            admin.delete_topics(list(self.config.topics))

    def _launch(self, program: Program) -> subprocess.Popen[bytes]:
        with self.log(program.name).open("ab") as log:
            return subprocess.Popen(
                program.command,
                cwd=ROOT,
                env={**self._variables, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own, so that a kill takes gunicorn's worker along.
                start_new_session=True,
            )

    def _answers(self, name: str) -> bool:
        code = self._running[name].poll()
        if code is not None:
            raise RuntimeError(f"{name} ended with {code}: {self.log(name).read_text()[-2000:]}")
        return answers(name, self.endpoints)

    def _leaving(self, names: Iterable[str]) -> dict[str, subprocess.Popen[bytes]]:
        return {name: self._running.pop(name) for name in list(names)}

    def _holds(self, service: str, done: Done) -> bool:
        path = f"/v1/{service}/customers/{done.id}/timeline"
        answer = self.api.get(path, Consistency_Token=done.token, Prefer="wait=1")
        return answer.ok and answer.headers["Consistency"] == "current"

    # --- looking behind the API

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    @cached_property
    def mongodb(self) -> MongoClient[dict[str, Any]]:
        """For looking at what is stored; nothing writes through it."""
        return MongoClient(self.config.mongodb_uri, tz_aware=True)

    # --- the command line

    def cli(self, *arguments: str, expected: int = 0) -> Told:
        """`throughline <arguments> --json`, told of this system by its environment."""
        ended = subprocess.run(
            [sys.executable, "-m", "deploy.cli", *arguments, "--json"],
            cwd=ROOT,
            env=self._variables,
            capture_output=True,
            text=True,
            timeout=CLI_SECONDS,
        )
        assert ended.returncode == expected, (arguments, ended.stdout, ended.stderr)
        data = json.loads(ended.stdout) if ended.stdout else None
        return Told(ended.returncode, data, ended.stderr)


def parts_of(service: str) -> tuple[str, str]:
    return f"{service}-web", f"{service}-worker"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
