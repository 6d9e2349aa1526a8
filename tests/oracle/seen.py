"""One event as each place tells it, in one plain form, so that places can be compared.

store     commits: {_id, stream, first, last, key, context, events: [{id, type, subject, at, data}],
          command_id?, actor, correlation_id, causation_id?, recorded_at, backfilled, scope, epoch}
topic     CloudEvents 1.0, structured JSON, with the documented extensions
timeline  {_id: "<stream>@<10 digits>", event_id, type, stream, version, at, recorded_at, …}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

SOURCE_PREFIX = "/throughline/"


@dataclass(frozen=True, slots=True)
class Seen:
    """Times are ISO texts in UTC with milliseconds; what is absent is None."""

    stream: str
    version: int
    id: str
    type: str
    source: str
    customer: str | None
    occurred: str
    recorded: str
    actor: str
    correlation: str
    causation: str | None
    backfilled: bool
    org_unit: str
    team: str | None
    owner: str | None
    data: Mapping[str, Any]

    @property
    def place(self) -> str:
        return f"{self.stream}@{self.version:010d}"

    @property
    def aggregate(self) -> str:
        return self.stream.split("-", 1)[0]

    @property
    def fact(self) -> str:
        """`order.placed` of `crm.sales.order.placed.v1`."""
        return ".".join(self.type.split(".")[2:4])


def differences(one: Seen, other: Seen) -> list[str]:
    """Names of the fields in which two tellings of an event differ."""
    return [
        field.name
        for field in fields(Seen)
        if getattr(one, field.name) != getattr(other, field.name)
    ]


def in_commit(commit: Mapping[str, Any]) -> Iterator[Seen]:
    scope = commit["scope"]
    for version, event in enumerate(commit["events"], start=commit["first"]):
        yield Seen(
            stream=commit["stream"],
            version=version,
            id=event["id"],
            type=event["type"],
            source=commit["context"],
            customer=event.get("subject"),
            occurred=_iso(event["at"]),
            recorded=_iso(commit["recorded_at"]),
            actor=commit["actor"],
            correlation=commit["correlation_id"],
            causation=commit.get("causation_id"),
            backfilled=commit["backfilled"],
            org_unit=scope["org_unit"],
            team=scope.get("team"),
            owner=scope.get("owner"),
            data=event["data"],
        )


def in_record(cloud: Mapping[str, Any]) -> Seen:
    return Seen(
        stream=cloud["stream"],
        version=cloud["streamversion"],
        id=cloud["id"],
        type=cloud["type"],
        source=cloud["source"].removeprefix(SOURCE_PREFIX),
        customer=cloud.get("subject"),
        occurred=_iso(datetime.fromisoformat(cloud["time"])),
        recorded=_iso(datetime.fromisoformat(cloud["recordedtime"])),
        actor=cloud["actor"],
        correlation=cloud["correlationid"],
        causation=cloud.get("causationid"),
        backfilled=cloud["backfilled"],
        org_unit=cloud["orgunit"],
        team=cloud.get("team"),
        owner=cloud.get("owner"),
        data=cloud["data"],
    )


def in_entry(entry: Mapping[str, Any]) -> Seen:
    return Seen(
        stream=entry["stream"],
        version=entry["version"],
        id=entry["event_id"],
        type=entry["type"],
        source=entry["source"],
        customer=entry.get("customer_id"),
        occurred=_iso(entry["at"]),
        recorded=_iso(entry["recorded_at"]),
        actor=entry["actor"],
        correlation=entry["correlation_id"],
        causation=entry.get("causation_id"),
        backfilled=entry["backfilled"],
        org_unit=entry["org_unit"],
        team=entry.get("team"),
        owner=entry.get("owner"),
        data=entry["data"],
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
