"""`throughline relay`: is everything that is stored also published?"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import click

from deploy.cli.houses import house_of, service_option
from deploy.cli.support import EXIT_FAILED, json_option, show
from events.log.kafka_producer import KafkaEventProducer
from events.relay import Relay
from events.relay.mongo import ChangeStreamFeed, MongoLease, MongoRelayBook
from events.relay.verifying import Gap, gaps
from events.runtime.service import House
from events.store.mongo import MongoEventStore
from events.types import StreamId, Version


@click.group()
def relay() -> None:
    """From the store to the topic.

    \b
    Example:
      throughline relay verify
    """


@relay.command()
@service_option
@click.option("--republish", is_flag=True, help="Publish exactly the versions that are missing.")
@click.option("--patience", default=5.0, help="Seconds to wait for a relay that is just behind.")
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    services: tuple[str, ...],
    republish: bool,
    patience: float,
    as_json: bool,
) -> None:
    """Compare every stream's stored head with its published one.

    Exits with 1 when something is missing on the topic after the patience.

    \b
    Example:
      throughline relay verify --service sales --republish
    """
    found: dict[str, list[Gap]] = {}
    for service in services:
        with house_of(service) as house:
            found[service] = _lasting(house, patience)
            if republish and found[service]:
                _republish(house, found[service])
                found[service] = _lasting(house, patience)
    data: Any = {service: [asdict(gap) for gap in missing] for service, missing in found.items()}
    show(data, as_json, lambda: "\n".join(_line(name, one) for name, one in found.items()))
    if any(found.values()):
        ctx.exit(EXIT_FAILED)


def _lasting(house: House, patience: float) -> list[Gap]:
    deadline = time.monotonic() + patience
    missing = list(gaps(house.db))
    while missing and time.monotonic() < deadline:
        time.sleep(0.2)
        missing = list(gaps(house.db))
    return missing


def _republish(house: House, missing: list[Gap]) -> None:
    """Beside the running relay: readers drop what comes twice."""
    store = MongoEventStore(house.db, house.definition.name)
    topic = house.config.topic(house.definition.name)
    publisher = Relay(
        ChangeStreamFeed(house.db),
        MongoRelayBook(house.db),
        MongoLease(house.db, "verify"),
        lambda: KafkaEventProducer(house.config.kafka_bootstrap, "verify", topic),
    )
    commits = (
        commit
        for gap in missing
        for commit in store.load(StreamId(gap.stream), Version(gap.published))
    )
    publisher.republish(commits, fence=0)
    publisher.close()


def _line(service: str, missing: list[Gap]) -> str:
    if not missing:
        return f"{service}: everything is published"
    lines = [f"{service}: {len(missing)} streams are behind"]
    lines += [f"  {gap.stream}: stored {gap.stored}, published {gap.published}" for gap in missing]
    return "\n".join(lines[:30])
