"""`throughline parked`: streams with an event that could not be applied."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from deploy.cli.houses import house_of, service_option
from deploy.cli.support import Failure, json_option, show
from events.projection import parking
from events.projection.mongo import MongoProjection
from events.projection.view import PoisonAt
from events.runtime.service import House


@click.group()
def parked() -> None:
    """Streams that wait for a person; everything else flows on.

    \b
    Example:
      throughline parked list
    """


def _live(house: House) -> MongoProjection:
    return house.projection(house.versions.read().live)


_one_service = click.option(
    "--service", required=True, help="The service whose projection has parked the stream."
)


@parked.command("list")
@service_option
@json_option
def list_parked(services: tuple[str, ...], as_json: bool) -> None:
    """List the parked streams of each service.

    \b
    Example:
      throughline parked list --service sales
    """
    found: dict[str, Any] = {}
    for service in services:
        with house_of(service) as house:
            found[service] = [asdict(one) for one in parking.parked_streams(_live(house))]
    show(found, as_json, lambda: _listed(found))


@parked.command("show")
@_one_service
@click.argument("stream")
@json_option
def show_parked(service: str, stream: str, as_json: bool) -> None:
    """Show the events of a parked stream that wait, in order.

    \b
    Example:
      throughline parked show --service sales order-01a2
    """
    with house_of(service) as house:
        events = parking.parked_events(_live(house), stream)
    if not events:
        raise Failure(f"{service} has not parked {stream}")
    data = [
        {"id": event.id, "type": event.type, "version": event.version, "data": event.data}
        for event in events
    ]
    show(data, as_json, lambda: "\n".join(f"{one['version']} {one['type']}" for one in data))


@parked.command()
@_one_service
@click.argument("stream")
@json_option
def retry(service: str, stream: str, as_json: bool) -> None:
    """Apply the waiting events of a stream in order, after the cause was mended.

    \b
    Example:
      throughline parked retry --service sales order-01a2
    """
    with house_of(service) as house:
        try:
            applied = parking.retry(_live(house), stream)
        except PoisonAt as poison:
            raise Failure(f"still can't be applied: {poison}") from poison
    show({"applied": applied}, as_json, lambda: f"{stream}: {applied} events applied")


@parked.command()
@_one_service
@click.argument("stream")
@click.option("--reason", required=True, help="Why the event may be left out; it is kept.")
@json_option
def skip(service: str, stream: str, reason: str, as_json: bool) -> None:
    """Leave the first waiting event out of the views, then apply the others.

    The event stays in the timeline, marked with the reason.

    \b
    Example:
      throughline parked skip --service sales order-01a2 --reason "test data"
    """
    with house_of(service) as house:
        try:
            applied = parking.skip(_live(house), stream, reason)
        except PoisonAt as poison:
            raise Failure(f"the next one can't be applied either: {poison}") from poison
    show({"skipped": 1, "applied": applied}, as_json, lambda: f"1 skipped, {applied} applied")


def _listed(found: dict[str, Any]) -> str:
    lines = [
        f"{service} {one['stream']} from version {one['version']}, {one['waiting']} waiting:"
        f" {one['reason']}"
        for service, streams in found.items()
        for one in streams
    ]
    return "\n".join(lines) or "nothing is parked"
