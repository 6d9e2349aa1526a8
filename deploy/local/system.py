"""A whole system on this machine: brought up, looked at, taken down.

`up` can be called in any situation and leads to the same end: a system that answers. Nothing may
run, everything may, a part may have failed, or everything may have been killed (leftovers are ended
then, and the data are continued with).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial

import requests
from filelock import FileLock

from deploy.local import processes, supervision
from deploy.local.directory import seed_development
from deploy.local.endpoints import Endpoints
from deploy.local.errors import LocalError, NotRunning, StartFailed
from deploy.local.kafka import KafkaServer
from deploy.local.mongodb import MongoServer
from deploy.local.paths import Paths
from deploy.local.programs import server_programs, service_programs
from deploy.local.server import Server
from deploy.local.supervision import Control
from events.config import load_config
from events.log.topics import ensure_topics, topic_specs

READY_SECONDS = 60.0
PATIENCE_SECONDS = 15.0
"""How long a program may fail to start before `up` gives up (the supervisor does not)."""
POLL_SECONDS = 0.2
WAIT_FOR_OTHERS_SECONDS = 120.0

Report = Callable[[str], None]
"""Takes one line about what is happening."""


class System:
    """The system of one folder."""

    def __init__(self, paths: Paths | None = None) -> None:
        self.paths = paths or Paths.here()
        self.control = Control(self.paths.supervisor_socket)

    @property
    def running(self) -> bool:
        return self.control.answers()

    def endpoints(self) -> Endpoints:
        """The addresses of the running system; raises NotRunning."""
        found = Endpoints.load(self.paths.endpoints)
        if found is None or not self.running:
            raise NotRunning
        return found

    def up(self, report: Report) -> Endpoints:
        """Starts what does not run yet; returns when everything answers.

        Raises LocalError, with everything that did start left running.
        """
        self.paths.make()
        with self._exclusive():
            endpoints, servers = self._supervise(report)
            self._await_servers(servers, report)
            _ensure_topics(endpoints)
            seed_development(load_config({**os.environ, **endpoints.environment()}))
            self._start_services(endpoints, report)
        return endpoints

    def down(self) -> bool:
        """Stops everything, services before servers; whether there was anything to stop."""
        if not self.paths.folder.exists():
            return False
        with self._exclusive():
            was_running = self.running
            if was_running:
                self._stop_in_order()
            leftovers = processes.end_owned_by(self.paths.folder)
            return was_running or leftovers > 0

    def clean(self) -> None:
        """Stops everything and deletes its data and logs."""
        self.down()
        shutil.rmtree(self.paths.folder, ignore_errors=True)
        if self.paths.supervisor_socket.parent != self.paths.folder:
            shutil.rmtree(self.paths.supervisor_socket.parent, ignore_errors=True)

    # --- up

    def _supervise(self, report: Report) -> tuple[Endpoints, Sequence[Server]]:
        """A supervisor that runs the servers, found or started."""
        servers = embedded_servers(self.paths)
        before = Endpoints.load(self.paths.endpoints)
        if before is not None and self.running:
            return before, servers
        if processes.end_owned_by(self.paths.folder):
            report("Ended what a killed run had left behind")
        if servers:
            report(f"Starting {' and '.join(server.name for server in servers)}")
        return self._launch(servers, before), servers

    def _launch(self, servers: Sequence[Server], before: Endpoints | None) -> Endpoints:
        """Settles every address, writes them down, and starts the supervisor on them."""
        for server in servers:
            server.prepare()
        addresses = {server.name: server.address for server in servers}
        endpoints = Endpoints.settle(
            before,
            kafka=addresses.get("kafka") or os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            mongodb=addresses.get("mongodb") or os.environ["MONGODB_URI"],
            socket=self.paths.supervisor_socket,
            keys=self.paths.keys,
        )
        programs = [*server_programs(servers), *service_programs(endpoints)]
        self.paths.supervisor_config.write_text(supervision.render(self.paths, programs))
        endpoints.save(self.paths.endpoints)
        supervision.launch(self.paths, {**os.environ, **endpoints.environment()})
        return endpoints

    def _await_servers(self, servers: Sequence[Server], report: Report) -> None:
        self._start_stopped({server.name for server in servers})
        for server in servers:
            server.wait_ready(partial(self._fine, server.name))
            report(f"{server.name} is ready")

    def _start_services(self, endpoints: Endpoints, report: Report) -> None:
        waiting = set(endpoints.programs)
        if begun := self._start_stopped(waiting):
            report(f"Starting {', '.join(sorted(begun))}")
        started = time.monotonic()
        while waiting := {name for name in waiting if not answers(name, endpoints)}:
            seconds = time.monotonic() - started
            failing = self._failing(waiting)
            if failing and seconds > PATIENCE_SECONDS:
                raise StartFailed(failing[0], "ends while starting", self.paths.log(failing[0]))
            if seconds > READY_SECONDS:
                late = min(waiting)
                raise StartFailed(late, f"did not answer in {seconds:.0f} s", self.paths.log(late))
            time.sleep(POLL_SECONDS)

    def _fine(self, name: str) -> bool:
        return not self._failing({name})

    def _failing(self, names: set[str]) -> list[str]:
        return [s.name for s in self.control.states() if s.failing and s.name in names]

    def _start_stopped(self, names: set[str]) -> set[str]:
        """Starts those of the programs that do not run; answers which."""
        idle = {state.name for state in self.control.states() if state.idle and state.name in names}
        self.control.start(sorted(idle))
        return idle

    # --- down

    def _stop_in_order(self) -> None:
        servers = {MongoServer.name, KafkaServer.name}
        active = [state.name for state in self.control.states() if not state.idle]
        self.control.stop([name for name in active if name not in servers])
        self.control.stop([name for name in active if name in servers])
        self.control.shutdown()

    def _exclusive(self) -> FileLock:
        return FileLock(self.paths.lock, timeout=WAIT_FOR_OTHERS_SECONDS)


def embedded_servers(paths: Paths) -> list[Server]:
    """The servers that the environment does not name."""
    servers: list[Server] = []
    if not os.environ.get("MONGODB_URI"):
        servers.append(_embedded(MongoServer, paths))
    if not os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        servers.append(_embedded(KafkaServer, paths))
    return servers


def _embedded(kind: type[Server], paths: Paths) -> Server:
    return kind(paths.folder / kind.name, owner=paths.folder, log=paths.log(kind.name))


def answers(program: str, endpoints: Endpoints) -> bool:
    """Whether the program is up. A worker need not be ready: after a pause it has to catch up."""
    path = "/livez" if program.endswith("-worker") else "/readyz"
    try:
        return requests.get(endpoints.programs[program] + path, timeout=2).ok
    except requests.RequestException:
        return False


def _ensure_topics(endpoints: Endpoints) -> None:
    states = ensure_topics(endpoints.kafka, topic_specs(load_config()))
    wrong = [f"{state.name}: {'; '.join(state.differences)}" for state in states if not state.good]
    if wrong:
        raise LocalError(f"the log is not as configured: {' | '.join(wrong)}")
