"""How clients of Kafka are opened, and what their errors mean to the engine.

Clients hang in a forked child: make them in the process that uses them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from events.errors import Transient

BOOTSTRAP_MS = 5_000
"""A role that can't reach a broker must still notice that it is to stop."""

CLOSE_SECONDS = 3


def opened(kind: type[Any], bootstrap: str, **settings: Any) -> Any:
    """Clients look for a broker when they are made. Raises `Transient` when none answers."""
    servers = bootstrap.split(",")
    return guarded(
        lambda: kind(bootstrap_servers=servers, bootstrap_timeout_ms=BOOTSTRAP_MS, **settings)
    )


def guarded(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except KafkaError as error:
        raise Transient(f"{type(error).__name__}") from error


def topic_ids(bootstrap: str, topics: Sequence[str]) -> dict[str, str]:
    """The broker's id of each topic."""
    admin = guarded(
        lambda: KafkaAdminClient(bootstrap_servers=bootstrap.split(","), client_id="topic-ids")
    )
    try:
        described = guarded(lambda: admin.describe_topics(list(topics)))
    finally:
        admin.close()
    return {one["name"]: str(uuid.UUID(str(one["topic_id"]))) for one in described}
