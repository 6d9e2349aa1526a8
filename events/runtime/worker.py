"""A service's worker: relay, projector, reactions and the house's own loops, together or in
deployments of their own."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterable
from functools import partial
from itertools import chain
from typing import Any

import structlog

from events import crashing
from events.commands import Commands
from events.config import Config, load_config
from events.http.health import Health, serve_health
from events.log.kafka_producer import KafkaEventProducer
from events.projection.projector import Projector
from events.projection.reader import Views
from events.projection.recent import newest
from events.reactions.reactor import Reactor
from events.reactions.timers import TimerLoop
from events.relay import Relay
from events.relay.mongo import ChangeStreamFeed, MongoLease, MongoRelayBook
from events.runtime.logs import configure_logs
from events.runtime.loop import Loop
from events.runtime.metrics import WorkerMetrics
from events.runtime.service import House, ServiceDefinition

log = structlog.get_logger(__name__)

SUPERVISE_SECONDS = 0.5
"""How often the worker looks for a swap of versions."""

PROJECTOR_PACE_SECONDS = 0.03
REACTIONS_PACE_SECONDS = 0.06
"""See `Loop`. A reaction waits for its projector anyway."""

STOP_SECONDS = 20.0
"""Longer than the longest step: a message to a receiver that does not answer."""

GARBAGE = (50_000, 50, 50)
"""Events are many small objects without cycles: the default looks through them all the time."""


def run_worker(definition: ServiceDefinition) -> None:
    """The entry point's whole body: runs until SIGTERM or SIGINT."""
    gc.set_threshold(*GARBAGE)
    config = load_config()
    configure_logs(config.log_level, definition.name, "worker")
    crashing.arm(config.crash_points)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Worker(definition, config).run(stop)


class Worker:
    """The loops of one process."""

    def __init__(self, definition: ServiceDefinition, config: Config) -> None:
        self.house = House(definition, config, "worker")
        self.loops: dict[str, Loop] = {}
        self.health = Health(ready={"loops": self._check, "mongodb": self._ping})
        self.metrics = WorkerMetrics(definition.name, self)

    def run(self, stop: threading.Event) -> None:
        """Starts the roles, follows the version pointer, and ends cleanly when told to."""
        config = self.house.config
        server = serve_health(self.health, config.host, config.health_port, self.status)
        self.metrics.register()
        if self._prepare(stop):
            self._start_fixed_roles()
            while not stop.wait(SUPERVISE_SECONDS):
                self._follow_versions()
        self._end()
        server.close()

    def status(self) -> dict[str, Any]:
        """For `throughline status` and the gateway: each loop with its counts, and what was last
        applied."""
        loops = dict(self.loops)
        return {
            "service": self.house.definition.name,
            "instance": self.house.config.instance,
            "loops": {name: describe(loop) for name, loop in loops.items()},
            "recent": recently_applied(loops.values()),
        }

    def _prepare(self, stop: threading.Event) -> bool:
        """Waits for MongoDB at start-up instead of dying over it."""
        while not stop.is_set():
            try:
                self.house.prepare()
            except Exception as error:
                log.warning("worker.waiting", error=type(error).__name__)
                stop.wait(1.0)
            else:
                return True
        return False

    def _start_fixed_roles(self) -> None:
        roles = self.house.config.roles
        if "relay" in roles:
            self.loops["relay"] = Loop("relay", self._relay).start()
        if "reactions" in roles and self.house.definition.reactions:
            made = Loop("reactions", self._reactor, REACTIONS_PACE_SECONDS)
            self.loops["reactions"] = made.start()
        if "reactions" in roles and self.house.definition.timers:
            self.loops["timers"] = Loop("timers", self._timers).start()
        if "loops" in roles:
            for name, make in self.house.definition.loops.items():
                self.loops[name] = Loop(name, partial(make, self.house)).start()

    def _follow_versions(self) -> None:
        """One projector for each version that is to be kept up to date."""
        if "projector" not in self.house.config.roles:
            return
        try:
            wanted = self.house.versions.read().running()
        except Exception as error:
            log.warning("worker.pointer_unread", error=type(error).__name__)
            return
        names = {f"projector.v{version}": version for version in wanted}
        for name in [one for one in self.loops if one.startswith("projector.")]:
            if name not in names:
                self.loops.pop(name).stop()
        for name, version in names.items():
            if name not in self.loops:
                make = partial(self._projector, version)
                self.loops[name] = Loop(name, make, PROJECTOR_PACE_SECONDS).start()

    def _relay(self) -> Relay:
        house, config = self.house, self.house.config
        topic = config.topic(house.definition.name)
        return Relay(
            ChangeStreamFeed(house.db),
            MongoRelayBook(house.db),
            MongoLease(house.db, f"relay-{config.instance}"),
            lambda: KafkaEventProducer(config.kafka_bootstrap, f"relay-{topic}", topic),
        )

    def _projector(self, version: int) -> Projector:
        storage = self.house.projection(version)
        storage.prepare()
        return Projector(storage, self.house.consumer(f"projection.v{version}"))

    def _reactor(self) -> Reactor:
        house = self.house
        reactor = Reactor(
            house.db,
            Commands(house.store),
            Views(house.db),
            house.consumer("reactions"),
            house.definition.reactions,
        )
        reactor.prepare()
        return reactor

    def _timers(self) -> TimerLoop:
        house = self.house
        return TimerLoop(Commands(house.store), Views(house.db), house.definition.timers)

    def _check(self) -> dict[str, str]:
        return {name: loop.check() for name, loop in list(self.loops.items())}

    def _ping(self) -> str:
        self.house.client.admin.command("ping", maxTimeMS=1000)
        return "answers"

    def _end(self) -> None:
        self.health.draining.set()
        leaving = list(self.loops.values())
        for loop in leaving:
            loop.leave()
        for loop in leaving:
            loop.stop(STOP_SECONDS)
        self.house.close()


def recently_applied(loops: Iterable[Loop]) -> list[dict[str, Any]]:
    """The newest events of all projectors, newest first: what they are, never what they hold."""
    roles = [loop.role for loop in loops]
    read = [role.recent.read() for role in roles if isinstance(role, Projector)]
    return [one.told() for one in newest(chain.from_iterable(read))]


def describe(loop: Loop) -> dict[str, Any]:
    """One loop's state as JSON; `lag` is in records, absent while it can't be told."""
    role = loop.role
    counts = getattr(role, "counts", None)
    shown: dict[str, Any] = {
        name: len(value) if isinstance(value, set) else value
        for name in getattr(counts, "__slots__", ())
        for value in (getattr(counts, name),)
    }
    shown["halted"] = loop.halted
    shown["restarts"] = loop.restarts
    lag = getattr(role, "known_lag", None)
    if lag is not None:
        shown["lag"] = lag
    behind = getattr(role, "behind_seconds", None)
    if behind is not None:
        shown["behind_seconds"] = round(behind, 3)
    return shown
