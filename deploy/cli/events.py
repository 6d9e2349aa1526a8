"""`throughline events tail`: a readable live view of the topics."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import click

from deploy.cli.support import server_config
from events.envelope import Event, decode, encode
from events.errors import Poison
from events.log.kafka_consumer import KafkaEventConsumer
from events.log.port import Record


@click.group()
def events() -> None:
    """What is said on the topics.

    \b
    Example:
      throughline events tail --type order
    """


@events.command()
@click.option("--customer", help="Only events about this customer.")
@click.option("--type", "type_part", help="Only types that contain this.")
@click.option("--from-start", is_flag=True, help="From the first event on, not from now.")
@click.option("--count", type=int, help="Stop after so many events.")
@click.option("--seconds", type=float, help="Stop after so many seconds.")
@click.option("--json", "as_json", is_flag=True, help="One CloudEvent in JSON per line.")
def tail(
    customer: str | None,
    type_part: str | None,
    from_start: bool,
    count: int | None,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Follow all topics until Ctrl-C.

    \b
    Example:
      throughline events tail --customer 01a2 --json
    """
    shown = 0
    for event in _follow(from_start, seconds, type_part or ""):
        if customer and event.subject != customer:
            continue
        click.echo(encode(event).decode() if as_json else _line(event))
        shown += 1
        if count and shown >= count:
            return


def _follow(from_start: bool, seconds: float | None, type_part: str) -> Iterator[Event]:
    """Reads by itself, in no group, so nobody's position is touched."""
    config = server_config()
    consumer = KafkaEventConsumer(config.kafka_bootstrap, config.topics, group=None)
    deadline = None if seconds is None else time.monotonic() + seconds
    try:
        while deadline is None or time.monotonic() < deadline:
            polled = consumer.poll(0.25)
            if polled.reassigned:
                bounds = consumer.bounds()
                consumer.seek({at: ends[0 if from_start else 1] for at, ends in bounds.items()})
            records = (record for batch in polled.records.values() for record in batch)
            yield from _decoded(record for record in records if type_part in record.type)
    finally:
        consumer.close()


def _decoded(records: Iterator[Record]) -> Iterator[Event]:
    for record in records:
        try:
            yield decode(record.value)
        except Poison:
            click.echo(f"unreadable record at {record.partition}@{record.offset}", err=True)


def _line(event: Event) -> str:
    """`2026-01-31 09:15:00 sales  order.placed  customer …  {data}`"""
    name = ".".join(event.type.split(".")[2:-1])
    data = json.dumps(event.data, ensure_ascii=False, default=str)
    if len(data) > 160:
        data = data[:157] + "..."
    when = f"{event.occurred_at:%Y-%m-%d %H:%M:%S}"
    mark = "~" if event.backfilled else " "
    return f"{when}{mark} {event.source:<9} {name:<28} {event.subject or '-':<36} {data}"
