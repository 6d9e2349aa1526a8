"""The interaction: one contact with a customer, started once and ended once.

A caller whom nobody knows gets a provisional customer, whose id the command brings along;
marketing confirms or links it later. The address used comes in as a hash, never in the clear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from events.contracts.base import Data, Fact, fact
from events.contracts.service import InteractionEnded, InteractionStarted, UnknownPartyIdentified
from events.deciding import Decider, Scope
from events.errors import NotFound, RuleBroken
from events.types import CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class StartInteraction:
    """Either `customer_id` is known, or `provisional_id` is a fresh id for an unknown party.

    `contact_point` is `{"kind", "value"}` of the unknown party, None when it was withheld.
    """

    interaction_id: str
    at: datetime
    channel: str
    direction: str
    customer_id: CustomerId | None = None
    provisional_id: CustomerId | None = None
    contact_point: Data | None = None
    address_hash: str | None = None
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInteraction:
    """`disposition` is a word of the installation's vocabulary."""

    interaction_id: str
    at: datetime
    disposition: str


InteractionCommand = StartInteraction | EndInteraction


@dataclass(frozen=True, slots=True)
class Interaction:
    """`provisional` tells that nobody knew the party when the contact began."""

    id: str = ""
    customer_id: CustomerId | None = None
    status: Literal["unknown", "started", "ended"] = "unknown"
    provisional: bool = False
    scope: Scope = field(default_factory=Scope)


def _start(state: Interaction, command: StartInteraction) -> Sequence[Fact]:
    if state.status != "unknown":
        raise RuleBroken("already-started", f"interaction {state.id} has already started")
    customer_id = command.customer_id or command.provisional_id
    if customer_id is None:
        raise RuleBroken("party-missing", "neither a known customer nor a provisional one")
    started = fact(
        InteractionStarted,
        interaction_id=command.interaction_id,
        customer_id=customer_id,
        channel=command.channel,
        direction=command.direction,
        address_hash=command.address_hash,
        scope=command.scope.to_data(),
    )
    return [started] if command.customer_id else [started, _unknown_party(command)]


def _unknown_party(command: StartInteraction) -> Fact:
    return fact(
        UnknownPartyIdentified,
        interaction_id=command.interaction_id,
        customer_id=command.provisional_id,
        contact_point=command.contact_point,
    )


def _end(state: Interaction, command: EndInteraction) -> Sequence[Fact]:
    if state.status == "unknown":
        raise NotFound("interaction", command.interaction_id)
    if state.status == "ended":
        raise RuleBroken("already-ended", f"interaction {state.id} has already ended")
    return [
        fact(
            InteractionEnded,
            interaction_id=state.id,
            customer_id=state.customer_id,
            disposition=command.disposition,
        )
    ]


def _started(_: Interaction, data: Data) -> Interaction:
    return Interaction(
        data["interaction_id"], data["customer_id"], "started", scope=Scope(**data["scope"])
    )


def _identified(state: Interaction, _: Data) -> Interaction:
    return replace(state, provisional=True)


def _ended(state: Interaction, _: Data) -> Interaction:
    return replace(state, status="ended")


_DECISIONS: Mapping[type, Callable[[Interaction, Any], Sequence[Fact]]] = {
    StartInteraction: _start,
    EndInteraction: _end,
}
_CHANGES: Mapping[str, Callable[[Interaction, Data], Interaction]] = {
    InteractionStarted.TYPE: _started,
    UnknownPartyIdentified.TYPE: _identified,
    InteractionEnded.TYPE: _ended,
}


def decide(state: Interaction, command: InteractionCommand) -> Sequence[Fact]:
    """Raises NotFound or RuleBroken (`already-started`, `already-ended`, `party-missing`)."""
    return _DECISIONS[type(command)](state, command)


def evolve(state: Interaction, one: Fact) -> Interaction:
    return _CHANGES[one.type](state, one.data)


INTERACTION: Decider[Interaction, InteractionCommand] = Decider(
    aggregate="interaction",
    initial=Interaction(),
    decide=decide,
    evolve=evolve,
    subject=lambda state: state.customer_id,
    scope=lambda state: state.scope,
)
