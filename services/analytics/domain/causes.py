"""Why something happened: which events count as causes of another, by four rules.

1. `causation`: the event that it names as its cause. Reactions name theirs, callers may.
2. `decision`: the events that its decision names as evidence.
3. `stream`: the event before it in its own stream.
4. `reference`: for the first event of a stream, the last event of the aggregate that it refers to.

An event can have several causes, and all count. Being about the same customer makes nothing a
cause. Pure: where the events are looked up is the business of `services.analytics.views.causes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.types import StreamId, entry_id

REFERENCES: Mapping[str, str] = {
    "campaign_id": "campaign",
    "case_id": "case",
    "interaction_id": "interaction",
    "lead_id": "lead",
    "opportunity_id": "opportunity",
    "order_id": "order",
}
"""Fields of an event's data that name what it came from, with the aggregate that they name."""

NO_REFERENCES: Mapping[str, str] = {
    "customer_id": "almost every event is about a customer: that explains nothing",
    "import_id": "only events of the import itself have it",
    "subscription_id": "only events of the subscription itself have it",
    "pool_id": "the pool's last event is about another lead; who was dealt it is told by name",
}
"""Fields that name an aggregate, and why it is no cause."""

SHARED: Mapping[str, str | None] = {"import": None, "pool": "lead_id", "tier_policy": None}
"""Aggregates in whose streams many stories meet: an event follows the one before it with the same
value in this field. None: each stands for itself.
"""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as far as causes go: no personal data."""

    id: str
    stream: StreamId
    version: int
    type: str
    source: str
    at: datetime
    recorded_at: datetime
    actor: str
    correlation_id: str
    customer_id: str | None = None
    causation_id: str | None = None
    evidence: tuple[str, ...] = ()
    refers: tuple[tuple[str, str], ...] = ()
    """(field, id) of each field of `REFERENCES` that the event has."""

    @property
    def entry(self) -> str:
        return entry_id(self.stream, self.version)

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """(kind, event id) of the causes that it names: rules 1 and 2."""
        explicit = (("causation", self.causation_id),) if self.causation_id else ()
        return (*explicit, *(("decision", id) for id in self.evidence))

    @property
    def strand(self) -> tuple[str, str] | None:
        """(field, id) that ties it to the events before it in a shared stream."""
        field = SHARED.get(self.stream.aggregate)
        return next((one for one in self.refers if one[0] == field), None)

    @property
    def stands_alone(self) -> bool:
        """Whether rule 3 says nothing: a shared stream, and nothing that ties it."""
        return self.stream.aggregate in SHARED and self.strand is None

    @property
    def references(self) -> tuple[StreamId, ...]:
        """The streams of rule 4."""
        if self.version != 1:
            return ()
        streams = (StreamId.of(REFERENCES[field], id) for field, id in self.refers)
        return tuple(stream for stream in streams if stream != self.stream)


@dataclass(frozen=True, slots=True)
class Link:
    """One event led to another: event ids, and the rule that says so."""

    cause: str
    effect: str
    kind: str


def happening(entry: Mapping[str, Any]) -> Happening:
    """Of a timeline's entry, of whose data only `DATA` is looked at."""
    data = entry.get("data", {})
    decision = data.get("decision", {})
    return Happening(
        id=entry["event_id"],
        stream=StreamId(entry["stream"]),
        version=entry["version"],
        type=entry["type"],
        source=entry["source"],
        at=entry["at"],
        recorded_at=entry["recorded_at"],
        actor=entry["actor"],
        correlation_id=entry["correlation_id"],
        customer_id=entry.get("customer_id"),
        causation_id=entry.get("causation_id"),
        evidence=tuple(decision.get("cause_event_ids", ())),
        refers=tuple((field, data[field]) for field in REFERENCES if field in data),
    )


ENVELOPE = (
    "event_id",
    "stream",
    "version",
    "type",
    "source",
    "at",
    "recorded_at",
    "actor",
    "correlation_id",
    "customer_id",
    "causation_id",
)
DATA = ("data.decision.cause_event_ids", *(f"data.{field}" for field in REFERENCES))
"""All that is read of an event's data."""
