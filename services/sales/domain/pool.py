"""A pool of sellers: deals each qualified lead to exactly one of them, fairly and provably.

A lead is either waiting (returned ones first, then first come, first served, passing over those
whom nobody can take now), or live in one seller's hands until it is returned or released.
Whatever frees or adds capacity deals the waiting leads in the same commit (dealing.py, draw.py);
pool_state.py says what the facts mean.
Called by the reaction to qualified leads and by the pool API.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from events.contracts.base import Fact, fact
from events.contracts.money import Money
from events.contracts.sales import (
    MAX_SELLERS,
    LeadAccepted,
    LeadReleased,
    LeadReturnedToPool,
    SellerCapacitySet,
)
from events.deciding import Decider, Scope
from events.errors import NotFound, RuleBroken
from services.sales.domain.dealing import about, deal, deal_or_queue
from services.sales.domain.pool_state import Assignment, Lead, Pool, Seller, evolve


@dataclass(frozen=True, slots=True)
class SetSellerCapacity:
    """`lines` empty: every product line. Off duty keeps what he holds, draws nothing new."""

    seller_id: str
    at: datetime
    weight: int = 1
    max_open: int = 10
    on_duty: bool = True
    lines: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class AssignLead:
    """Does nothing for a lead that already waits or is live."""

    lead_id: str
    customer_id: str
    at: datetime
    product_line: str
    cause_event_ids: tuple[str, ...]
    need: str | None = None
    amount: Money | None = None
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class AcceptLead:
    """`opportunity_id` is the one that will be opened for the lead."""

    lead_id: str
    seller_id: str
    opportunity_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReturnLead:
    """`reason` is a code of the installation's vocabulary."""

    lead_id: str
    seller_id: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReleaseLead:
    """The opportunity of the lead closed; does nothing when the pool has forgotten it already."""

    lead_id: str
    opportunity_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DealWaiting:
    """Deals the next waiting leads, should more wait than one commit can deal."""

    at: datetime


PoolCommand: TypeAlias = (
    SetSellerCapacity | AssignLead | AcceptLead | ReturnLead | ReleaseLead | DealWaiting
)


def decide(state: Pool, command: PoolCommand) -> Sequence[Fact]:
    """Raises NotFound, or RuleBroken with one of the codes `pool-full`, `lead-not-assigned`,
    `not-the-assignee`, `lead-already-accepted`, `lead-not-accepted`.
    """
    if isinstance(command, AssignLead):
        return _assign(state, command)
    if isinstance(command, ReleaseLead):
        return _release(state, command)
    own = _own_facts(state, command)
    after = POOL.fold(own, state)
    return [*own, *_deal_after(after, command)]


def _own_facts(
    state: Pool, command: SetSellerCapacity | AcceptLead | ReturnLead | DealWaiting
) -> list[Fact]:
    if isinstance(command, SetSellerCapacity):
        return _set_capacity(state, command)
    if isinstance(command, AcceptLead):
        return _accept(state, command)
    return [_return(state, command)] if isinstance(command, ReturnLead) else []


def _deal_after(state: Pool, command: object) -> list[Fact]:
    waiting = state.waiting.values()
    if isinstance(command, ReturnLead):
        return deal_or_queue(state, state.waiting[command.lead_id], waiting)
    return deal(state, waiting)


def _set_capacity(state: Pool, command: SetSellerCapacity) -> list[Fact]:
    known = state.sellers.get(command.seller_id)
    if known is None and len(state.sellers) >= MAX_SELLERS:
        raise RuleBroken("pool-full", f"a pool has at most {MAX_SELLERS} sellers")
    wanted = Seller(
        command.seller_id, command.weight, command.max_open, command.on_duty, command.lines
    )
    if known == wanted and state.scope == command.scope:
        return []
    return [
        fact(
            SellerCapacitySet,
            seller_id=command.seller_id,
            weight=command.weight,
            max_open=command.max_open,
            on_duty=command.on_duty,
            lines=list(command.lines),
            scope=command.scope.to_data(),
        )
    ]


def _assign(state: Pool, command: AssignLead) -> list[Fact]:
    if command.lead_id in state.live or command.lead_id in state.waiting:
        return []
    lead = Lead(
        lead_id=command.lead_id,
        customer_id=command.customer_id,
        product_line=command.product_line,
        scope=Scope(command.scope.org_unit, command.scope.team).to_data(),
        cause_event_ids=command.cause_event_ids,
        need=command.need,
        amount=None if command.amount is None else command.amount.to_data(),
    )
    return deal_or_queue(state, lead, [*state.waiting.values(), lead])


def _accept(state: Pool, command: AcceptLead) -> list[Fact]:
    held = _held(state, command.lead_id, command.seller_id)
    if held.opportunity_id == command.opportunity_id:
        return []
    _refuse_accepted(held)
    return [
        fact(
            LeadAccepted,
            **about(held.lead),
            seller_id=command.seller_id,
            opportunity_id=command.opportunity_id,
            scope={**held.lead.scope, "owner": command.seller_id},
        )
    ]


def _return(state: Pool, command: ReturnLead) -> Fact:
    held = _held(state, command.lead_id, command.seller_id)
    _refuse_accepted(held)
    return fact(
        LeadReturnedToPool,
        lead_id=command.lead_id,
        customer_id=held.lead.customer_id,
        seller_id=command.seller_id,
        reason=command.reason,
    )


def _release(state: Pool, command: ReleaseLead) -> list[Fact]:
    held = state.live.get(command.lead_id)
    if held is None:
        return []
    if held.opportunity_id != command.opportunity_id:
        raise RuleBroken(
            "lead-not-accepted",
            f"lead {command.lead_id} was not accepted for opportunity {command.opportunity_id}",
        )
    return [
        fact(
            LeadReleased,
            lead_id=command.lead_id,
            customer_id=held.lead.customer_id,
            seller_id=held.seller_id,
            opportunity_id=command.opportunity_id,
        )
    ]


def _held(state: Pool, lead_id: str, seller_id: str) -> Assignment:
    held = state.live.get(lead_id)
    if held is None and lead_id in state.waiting:
        raise RuleBroken("lead-not-assigned", f"lead {lead_id} waits for a seller")
    if held is None:
        raise NotFound("lead", lead_id)
    if held.seller_id != seller_id:
        raise RuleBroken("not-the-assignee", f"lead {lead_id} is not in the hands of {seller_id}")
    return held


def _refuse_accepted(held: Assignment) -> None:
    if held.opportunity_id is not None:
        raise RuleBroken(
            "lead-already-accepted",
            f"lead {held.lead.lead_id} was accepted",
            opportunity_id=held.opportunity_id,
        )


POOL: Decider[Pool, PoolCommand] = Decider(
    aggregate="pool",
    initial=Pool(),
    decide=decide,
    evolve=evolve,
    subject=lambda _: None,
    scope=lambda state: state.scope,
)
