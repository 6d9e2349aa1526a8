"""Everything a process of a service can be told from outside, read once into a frozen object.

docs/reference/configuration.md is generated from here and compared in a test.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import environ

CONTEXTS = ("marketing", "sales", "service", "analytics", "platform")
"""Every context has one topic and one house: a service of the same name, or the gateway's own."""

PLATFORM = CONTEXTS[4]
"""The gateway's house: directory, feed, subscriptions, search."""

SERVICES = CONTEXTS[:4]


def _key(name: str, help: str, default: str, converter: Any = str) -> Any:
    return environ.var(default=default, converter=converter, name=name, help=help)


def _roles(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@environ.config(prefix="", frozen=True)
class Config:
    """One process's settings."""

    mongodb_uri: str = _key(
        "MONGODB_URI", "MongoDB replica set of this service", "mongodb://127.0.0.1:27017"
    )
    kafka_bootstrap: str = _key(
        "KAFKA_BOOTSTRAP_SERVERS", "Kafka brokers, host:port, comma separated", "127.0.0.1:9092"
    )
    database_prefix: str = _key(
        "THROUGHLINE_DATABASE_PREFIX",
        "the database is <prefix><service>",
        "throughline_",
    )
    topic_prefix: str = _key(
        "THROUGHLINE_TOPIC_PREFIX", "topics are <prefix>.<context>.events", "crm"
    )
    partitions: int = _key(
        "THROUGHLINE_PARTITIONS", "partitions of each topic; never changes afterwards", "6", int
    )
    replication: int = _key("THROUGHLINE_REPLICATION", "replication factor of each topic", "1", int)
    environment: str = _key("THROUGHLINE_ENV", "development or production", "development")
    host: str = _key("THROUGHLINE_HOST", "address to listen on", "127.0.0.1")
    port: int = _key("THROUGHLINE_PORT", "port of the web process", "8080", int)
    health_port: int = _key(
        "THROUGHLINE_HEALTH_PORT", "port of a worker's health and metrics", "8081", int
    )
    instance: str = _key(
        "THROUGHLINE_INSTANCE", "name of this process, stable over restarts (pod name)", "0"
    )
    roles: Sequence[str] = _key(
        "THROUGHLINE_ROLES",
        "what this worker does: relay, projector, reactions, and loops that only this house has",
        "relay,projector,reactions,loops",
        _roles,
    )
    access_keys: str = _key(
        "THROUGHLINE_ACCESS_KEYS",
        "file with the public keys of the gateway (a JWK set), whose tokens a web process believes;"
        " read again when it changes",
        "",
    )
    threads: int = _key("THROUGHLINE_THREADS", "request threads of a web process", "16", int)
    batch: int = _key(
        "THROUGHLINE_BATCH", "most records of one projection transaction", "4000", int
    )
    session_timeout_ms: int = _key(
        "THROUGHLINE_SESSION_TIMEOUT_MS",
        "after this silence a worker's partitions go to another (broker minimum 6000)",
        "10000",
        int,
    )
    crash_points: str = _key(
        "THROUGHLINE_CRASH_POINTS",
        "names of points where the process kills itself once (fault tests only)",
        "",
    )
    log_level: str = _key("THROUGHLINE_LOG_LEVEL", "debug, info, warning or error", "info")

    def topic(self, context: str) -> str:
        return f"{self.topic_prefix}.{context}.events"

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(self.topic(context) for context in CONTEXTS)

    def database(self, service: str) -> str:
        return f"{self.database_prefix}{service}"

    @property
    def production(self) -> bool:
        return self.environment == "production"


def load_config(variables: Mapping[str, str] | None = None) -> Config:
    """Reads the environment; raises ValueError naming the variable that makes no sense."""
    source = os.environ if variables is None else variables
    config: Config = environ.to_config(Config, environ=dict(source))
    if config.environment not in ("development", "production"):
        raise ValueError(f"THROUGHLINE_ENV is {config.environment!r}")
    unknown = set(config.roles) - {"relay", "projector", "reactions", "loops"}
    if unknown:
        raise ValueError(f"THROUGHLINE_ROLES names {', '.join(sorted(unknown))}")
    return config
