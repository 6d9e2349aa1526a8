"""The smallest aggregate: it counts, refuses, and sometimes has nothing to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from events.contracts.base import Fact
from events.deciding import Decider, Origin, Scope
from events.errors import RuleBroken
from events.types import CustomerId

COUNTED = "crm.sales.counter.counted.v1"
NAMED = "crm.sales.counter.named.v1"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class State:
    total: int = 0
    name: str = ""
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Adds each amount; refused when the total would exceed `limit`."""

    amounts: tuple[int, ...] = (1,)
    limit: int = 10**9
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """Nothing happens when that is its name already."""

    text: str


def counted(amount: int, customer: str | None = None) -> Fact:
    return Fact(COUNTED, {"amount": amount, **({"customer_id": customer} if customer else {})})


def decide(state: State, command: Count | Name) -> Sequence[Fact]:
    if isinstance(command, Name):
        return [] if command.text == state.name else [Fact(NAMED, {"name": command.text})]
    if state.total + sum(command.amounts) > command.limit:
        raise RuleBroken("too-much", "the total would exceed the limit")
    return [counted(amount, command.customer) for amount in command.amounts]


def evolve(state: State, fact: Fact) -> State:
    if fact.type == NAMED:
        return replace(state, name=fact.data["name"])
    customer = fact.data.get("customer_id", state.customer)
    return replace(state, total=state.total + fact.data["amount"], customer=customer)


COUNTER: Decider[State, Count | Name] = Decider(
    aggregate="counter",
    initial=State(),
    decide=decide,
    evolve=evolve,
    subject=lambda state: None if state.customer is None else CustomerId(state.customer),
    scope=lambda state: Scope("europe", owner=state.name or None),
    claims=lambda fact: [f"name {fact.data['name']}"] if fact.type == NAMED else [],
)


def origin(command_id: str | None = None, command_hash: str | None = "hash", **more: Any) -> Origin:
    return Origin(
        "tester",
        NOON,
        command_id=command_id,
        command_hash=command_hash if command_id else None,
        **more,
    )
