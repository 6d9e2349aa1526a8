"""What a service is to the engine: a name and six tables. Each service has one `DEFINITION`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from flask import Flask
from pymongo import IndexModel

from events.config import Config
from events.http.health import Health
from events.http.routes import Routes
from events.log.kafka_consumer import KafkaEventConsumer
from events.mongodb import Client, Db, connect, database
from events.projection.mongo import MongoProjection
from events.projection.versions import VersionBook
from events.projection.view import View
from events.reactions.reaction import Reaction
from events.reactions.timers import Timer
from events.runtime.loop import Role
from events.store.mongo import MongoEventStore


@dataclass(frozen=True)
class ServiceDefinition:
    """`name` is the context, the database's suffix and the topic's middle.

    `timeline_indexes` come on top of those of every timeline; each costs every projected event.
    `equip` adds to the web process what the house has besides its views, `loops` to the worker:
    each is made in a thread of its own, and made anew after a failure.
    """

    name: str
    views: Sequence[View] = ()
    reactions: Sequence[Reaction] = ()
    timers: Sequence[Timer] = ()
    blueprints: Sequence[Routes] = ()
    timeline_indexes: Sequence[IndexModel] = ()
    equip: Callable[[Flask, House, Health], None] | None = None
    loops: Mapping[str, Callable[[House], Role]] = field(default_factory=dict)

    @property
    def view_names(self) -> list[str]:
        return [view.name for view in self.views]

    @property
    def open_views(self) -> frozenset[str]:
        """Those that no reach bounds."""
        return frozenset(view.name for view in self.views if view.open)

    def views_named(self, names: Sequence[str]) -> list[View]:
        """The views that a version was begun with, as the code knows them now."""
        return [view for view in self.views if view.name in names]


class House:
    """One process's handles on one service: made after fork, from configuration."""

    def __init__(self, definition: ServiceDefinition, config: Config, role: str) -> None:
        self.definition = definition
        self.config = config
        self.client: Client = connect(config.mongodb_uri, f"throughline-{definition.name}-{role}")
        self.db: Db = database(self.client, config.database(definition.name))
        self.store = MongoEventStore(self.db, definition.name)
        self.versions = VersionBook(self.db)

    def prepare(self) -> None:
        """Makes what must exist before the first command or event; safe to run side by side."""
        self.store.prepare()
        live = self.versions.open(self.definition.view_names).live
        self.projection(live).prepare()

    def projection(self, version: int) -> MongoProjection:
        """The storage of one version, with the views that it was begun with."""
        names = self.versions.read().views[version]
        views = self.definition.views_named(names)
        return MongoProjection(self.db, version, views, self.definition.timeline_indexes)

    def consumer(self, role: str | None) -> KafkaEventConsumer:
        """A member of this role's group over all topics; None reads everything by itself."""
        config = self.config
        prefix = f"{config.topic_prefix}.{self.definition.name}"
        return KafkaEventConsumer(
            config.kafka_bootstrap,
            config.topics,
            group=f"{prefix}.{role}" if role else None,
            member=f"{prefix}.{role}.{config.instance}" if role else None,
            batch=config.batch,
            session_timeout_ms=config.session_timeout_ms,
        )

    def close(self) -> None:
        self.client.close()
