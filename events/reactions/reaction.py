"""How a reaction is declared.

    def assign(event: Event, views: Views, at: datetime) -> list[Reply]:
        return [Reply(POOL, "default", AssignLead(event.data["lead_id"], at=at))]

    REACTIONS = (Reaction("assign-lead", {LeadQualified: assign}),)

The name is part of the command's id: renaming a reaction would let it fire again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from events.contracts.base import Contract
from events.deciding import Decider, Scope
from events.envelope import Event
from events.projection.reader import Views


@dataclass(frozen=True, slots=True)
class Reply:
    """A command for one of this service's aggregates; `scope` as in `Origin`."""

    decider: Decider[Any, Any]
    aggregate_id: str
    command: Any
    scope: Scope | None = None


Answer = Callable[[Event, Views, datetime], Sequence[Reply]]
"""`at` is when the reaction decides; views are at least as new as the event."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a service does about some types of events."""

    name: str
    on: Mapping[type[Contract], Answer]

    def answer_to(self, wire_type: str) -> Answer | None:
        for contract, answer in self.on.items():
            if wire_type == contract.TYPE:
                return answer
        return None


def command_id(event: Event, reaction: str, number: int) -> str:
    """The same event, reaction and place always give the same id, so the effect happens once."""
    return "reaction:" + sha256(f"{event.id}/{reaction}/{number}".encode()).hexdigest()[:40]
