"""What a decision is: three pure functions, and what every command brings along.

`decide(state, command) -> facts`, `evolve(state, fact) -> state`, `initial`. Time, ids and the
actor come in with the command; nothing here reads a clock or a database. A refusal is a
`Rejected` with a stable code; no facts means that nothing happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from events.contracts.base import Fact
from events.types import CustomerId

S = TypeVar("S")
Cmd = TypeVar("Cmd")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a record belongs: the org unit always, its team and owner when it has them."""

    org_unit: str = "root"
    team: str | None = None
    owner: str | None = None

    def to_data(self) -> dict[str, str]:
        named = {"org_unit": self.org_unit, "team": self.team, "owner": self.owner}
        return {key: value for key, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Decider(Generic[S, Cmd]):
    """One aggregate's behaviour.

    `subject(state)` is the customer whom the record is about, `scope(state)` where it belongs;
    both are asked after the new facts are applied. A fact with a `customer_id` names its own
    subject.
    `claims(fact)` names what only one stream may hold, such as a member number.
    """

    aggregate: str
    initial: S
    decide: Callable[[S, Cmd], Sequence[Fact]]
    evolve: Callable[[S, Fact], S]
    subject: Callable[[S], CustomerId | None]
    scope: Callable[[S], Scope]
    claims: Callable[[Fact], Sequence[str]] = lambda _: ()

    def fold(self, facts: Iterable[Fact], state: S | None = None) -> S:
        """The state after the facts, from the beginning or from `state`."""
        current = self.initial if state is None else state
        for one in facts:
            current = self.evolve(current, one)
        return current


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, when, and in which chain of causes. `occurred_at` lies in the past for backfill.

    `scope` is where the events belong when that is not the aggregate's to know, as with a
    judgement about a customer, which belongs where he does.
    """

    actor: str
    occurred_at: datetime
    command_id: str | None = None
    command_hash: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    backfilled: bool = False
    traceparent: str | None = None
    scope: Scope | None = None
