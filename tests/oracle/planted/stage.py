"""Real services on real servers, stepped by hand: the order of everything is the test's choice.

The web side answers over HTTP as always. Relay, projectors and reactions are the engine's own, but
nothing runs unless `step` is called, and a role that fails is made anew, as its loop would do.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from kafka import KafkaAdminClient
from werkzeug.serving import WSGIRequestHandler, make_server

from deploy.local.keys import PUBLIC, ensure_keys
from deploy.local.passes import Passes
from events.commands import Commands
from events.config import Config, load_config
from events.log.kafka_producer import KafkaEventProducer
from events.log.port import Producer
from events.log.topics import ensure_topics, topic_specs
from events.projection.projector import Projector
from events.projection.reader import Views
from events.reactions.reactor import Reactor
from events.relay import Relay
from events.relay.mongo import ChangeStreamFeed, MongoLease, MongoRelayBook
from events.runtime.rebuilding import Rebuild
from events.runtime.service import House
from events.runtime.web import build_app
from tests.oracle.checker import judge
from tests.oracle.client import Client
from tests.oracle.findings import Finding
from tests.oracle.journal import Journal, read
from tests.oracle.load import Company
from tests.oracle.places import Places

PARTITIONS = 2
"""Enough that a stream could be in the wrong one."""

SETTLE_SECONDS = 20.0
STEP_SECONDS = 0.005
IDLE_SECONDS = 0.4
"""Without any motion for so long a broken engine is taken to be at rest."""


class Killed(BaseException):
    """What a crash point raises here: no handler of the engine catches it, like a kill."""


def die() -> None:
    """For `crashing.arm`."""
    raise Killed


class Role(Protocol):
    """A relay, a projector or a reactor."""

    def step(self, seconds: float, /) -> int: ...

    def close(self) -> None: ...


class Stage:
    """One or several services under names of their own; `close` removes all they made."""

    def __init__(
        self, mongodb_uri: str, kafka_bootstrap: str, folder: Path, services: tuple[str, ...]
    ) -> None:
        name = uuid.uuid4().hex[:10]
        keys = folder / f"{name}-keys"
        ensure_keys(keys)
        self._passes = Passes(keys)
        self.config = load_config(
            {
                "THROUGHLINE_ACCESS_KEYS": str(keys / PUBLIC),
                "MONGODB_URI": mongodb_uri,
                "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
                "THROUGHLINE_DATABASE_PREFIX": f"planted_{name}_",
                "THROUGHLINE_TOPIC_PREFIX": f"planted-{name}",
                "THROUGHLINE_PARTITIONS": str(PARTITIONS),
            }
        )
        self.services = services
        self.places = Places(
            mongodb_uri,
            kafka_bootstrap,
            self.config.database_prefix,
            self.config.topic_prefix,
            services,
        )
        self.houses: dict[str, House] = {}
        self.roles: dict[str, Role] = {}
        self.producer: Callable[[str], Producer] = self._producer
        self._open = ExitStack()
        self._journal = Journal(folder / f"{name}.jsonl", durable=False)
        self._open.callback(self._journal.close)
        self._set_up()

    def _set_up(self) -> None:
        ensure_topics(self.config.kafka_bootstrap, topic_specs(self.config))
        self._open.callback(self._drop_topics)
        for service in self.services:
            house = self.houses[service] = House(_definition(service), self.config, "stage")
            self._open.callback(house.close)
            self._open.callback(house.client.drop_database, house.db.name)
            house.prepare()
        self.client = self.replica()
        self.company = Company(self.client, seed=1, services=self.services, reads=0)

    def replica(self) -> Client:
        """A client of web processes of their own: nothing in memory is shared with the others."""
        urls = {
            service: f"{_serve(house, self.config, self._open)}/v1"
            for service, house in self.houses.items()
        }
        return Client(urls, self._journal, self._passes.to, patience_seconds=5)

    # --- the worker's roles

    def step(self) -> int:
        """Every role once, each service's relay first; returns how much they did."""
        return sum(self.step_one(name, make) for name, make in self._cast().items())

    def step_one(self, name: str, make: Callable[[], Role]) -> int:
        role = self.roles.get(name)
        try:
            if role is None:
                self.roles[name] = make()
                return 0
            return role.step(STEP_SECONDS)
        except Killed:
            self.roles.pop(name, None)
        except Exception:
            # As a loop does: whatever it was, the role is made anew.
            failed = self.roles.pop(name, None)
            if failed is not None:
                failed.close()
        return 0

    def settle(self) -> None:
        """Steps until all is in the timelines, or, where a bug prevents that, nothing moves."""
        moved_at = time.monotonic()
        while time.monotonic() - moved_at < IDLE_SECONDS:
            if self.step():
                moved_at = time.monotonic()
            elif self._all_told():
                return

    def judge(self, seconds: float = SETTLE_SECONDS) -> list[Finding]:
        """The oracle's verdict."""
        return judge(self.places, read(self._journal.path), seconds, self.step)

    def rebuild(self, service: str) -> None:
        """A new version beside the live one, made live; the worker takes it over."""
        rebuild = Rebuild(self.houses[service])
        rebuild.begin()
        rebuild.run()
        rebuild.swap()

    def _cast(self) -> Mapping[str, Callable[[], Role]]:
        cast: dict[str, Callable[[], Role]] = {}
        for service, house in self.houses.items():
            cast[f"{service}.relay"] = lambda house=house: self.relay(house)  # type: ignore[misc]
            for version in house.versions.read().running():
                cast[f"{service}.projector.v{version}"] = (
                    lambda house=house, version=version: self.projector(house, version)  # type: ignore[misc]
                )
            if house.definition.reactions:
                cast[f"{service}.reactor"] = lambda house=house: self.reactor(house)  # type: ignore[misc]
        return cast

    def relay(self, house: House) -> Relay:
        return Relay(
            ChangeStreamFeed(house.db),
            MongoRelayBook(house.db),
            MongoLease(house.db, "relay"),
            lambda: self.producer(house.definition.name),
        )

    def projector(self, house: House, version: int) -> Projector:
        storage = house.projection(version)
        storage.prepare()
        return Projector(storage, house.consumer(None))

    def reactor(self, house: House) -> Reactor:
        commands = Commands(house.store)
        reactions = house.definition.reactions
        reactor = Reactor(house.db, commands, Views(house.db), house.consumer(None), reactions)
        reactor.prepare()
        return reactor

    def _producer(self, service: str) -> Producer:
        config = self.config
        return KafkaEventProducer(config.kafka_bootstrap, "stage", config.topic(service))

    def _all_told(self) -> bool:
        """Whether every timeline has as many entries as there are events."""
        events = sum(_events_in(house) for house in self.houses.values())
        timelines = (
            house.db[f"timeline_v{version}"]
            for house in self.houses.values()
            for version in house.versions.read().running()
        )
        return all(timeline.count_documents({}) == events for timeline in timelines)

    def close(self) -> None:
        for role in self.roles.values():
            role.close()
        self._open.close()

    def _drop_topics(self) -> None:
        with KafkaAdminClient(bootstrap_servers=self.config.kafka_bootstrap) as admin:
            admin.delete_topics(list(self.config.topics))


def _events_in(house: House) -> int:
    total = {"$group": {"_id": None, "events": {"$sum": {"$size": "$events"}}}}
    return sum(one["events"] for one in house.db["commits"].aggregate([total]))


def _definition(service: str) -> Any:
    return import_module(f"services.{service}.definition").DEFINITION


class _Silent(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The journal says more."""


def _serve(house: House, config: Config, opened: ExitStack) -> str:
    app = build_app(house.definition, config)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    opened.callback(server.server_close)
    opened.callback(thread.join)
    opened.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}"
