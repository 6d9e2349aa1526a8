"""What a pool knows: its sellers, who holds which lead, who waits, and the credits of the draw.

Open counts leads assigned and neither accepted nor returned: the capacity is what a seller may
leave unanswered, not his running deals. Accepted leads are remembered, so that a lead is dealt
once per cycle, until the opportunity closes and they are released.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from events.contracts.base import Fact
from events.contracts.sales import (
    LeadAccepted,
    LeadAssigned,
    LeadQueued,
    LeadReleased,
    LeadReturnedToPool,
    SellerCapacitySet,
)
from events.deciding import Scope
from services.sales.domain.draw import Candidate, credits_after


@dataclass(frozen=True, slots=True)
class Seller:
    """`lines` empty means every product line."""

    seller_id: str
    weight: int
    max_open: int
    on_duty: bool
    lines: tuple[str, ...] = ()

    def serves(self, product_line: str) -> bool:
        return self.on_duty and (not self.lines or product_line in self.lines)


@dataclass(frozen=True, slots=True)
class Lead:
    """What a lead brings along, in the form in which the facts carry it.

    `scope` names no owner: until somebody holds the lead, it belongs to the unit.
    `refused_by` are the sellers who returned it in this cycle, the last one last.
    """

    lead_id: str
    customer_id: str
    product_line: str
    scope: Mapping[str, str]
    cause_event_ids: tuple[str, ...] = ()
    need: str | None = None
    amount: Mapping[str, str] | None = None
    refused_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """One live lead in one seller's hands; `opportunity_id` is set once he accepted it."""

    lead: Lead
    seller_id: str
    opportunity_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """`waiting` is in the order in which the leads will be dealt."""

    scope: Scope = field(default_factory=Scope)
    sellers: Mapping[str, Seller] = field(default_factory=dict)
    credits: Mapping[str, int] = field(default_factory=dict)
    live: Mapping[str, Assignment] = field(default_factory=dict)
    waiting: Mapping[str, Lead] = field(default_factory=dict)
    round: int = 0

    def open_counts(self) -> dict[str, int]:
        counts = dict.fromkeys(self.sellers, 0)
        for one in self.live.values():
            if one.opportunity_id is None:
                counts[one.seller_id] += 1
        return counts

    def candidates(self, lead: Lead) -> list[Candidate]:
        """Who may be drawn now, by seller id; empty when the lead has to wait."""
        serving = [one for one in self.sellers.values() if one.serves(lead.product_line)]
        open_counts = self.open_counts()
        free = [
            one
            for one in _without_refusers(serving, lead.refused_by)
            if open_counts[one.seller_id] < one.max_open
        ]
        return [
            Candidate(
                one.seller_id,
                one.weight,
                open_counts[one.seller_id],
                self.credits.get(one.seller_id, 0),
            )
            for one in sorted(free, key=lambda one: one.seller_id)
        ]


def _without_refusers(serving: Sequence[Seller], refused_by: Sequence[str]) -> Sequence[Seller]:
    """Whoever never returned the lead; else all but the last to do so; else him, being alone."""
    return (
        [one for one in serving if one.seller_id not in refused_by]
        or [one for one in serving if one.seller_id not in refused_by[-1:]]
        or serving
    )


def evolve(state: Pool, one: Fact) -> Pool:
    """The state after one fact."""
    if one.type == SellerCapacitySet.TYPE:
        return _capacity_set(state, one.data)
    if one.type == LeadQueued.TYPE:
        return _queued(state, one.data)
    if one.type == LeadAssigned.TYPE:
        return _assigned(state, one.data)
    if one.type == LeadAccepted.TYPE:
        return _accepted(state, one.data)
    if one.type == LeadReturnedToPool.TYPE:
        return _returned(state, one.data)
    if one.type == LeadReleased.TYPE:
        return replace(state, live=_without(state.live, one.data["lead_id"]))
    return state


def _capacity_set(state: Pool, data: Mapping[str, Any]) -> Pool:
    seller = Seller(
        data["seller_id"],
        data["weight"],
        data["max_open"],
        data["on_duty"],
        tuple(data["lines"]),
    )
    return replace(
        state,
        scope=Scope(**data["scope"]),
        sellers={**state.sellers, seller.seller_id: seller},
    )


def _queued(state: Pool, data: Mapping[str, Any]) -> Pool:
    lead = _lead(state, data)
    return replace(state, waiting={**state.waiting, lead.lead_id: lead})


def _assigned(state: Pool, data: Mapping[str, Any]) -> Pool:
    candidates = [Candidate(**one) for one in data["candidates"]]
    assignment = Assignment(_lead(state, data), data["seller_id"])
    return replace(
        state,
        credits=credits_after(candidates, data["seller_id"], state.credits),
        live={**state.live, data["lead_id"]: assignment},
        waiting=_without(state.waiting, data["lead_id"]),
        round=data["round"],
    )


def _accepted(state: Pool, data: Mapping[str, Any]) -> Pool:
    held = replace(state.live[data["lead_id"]], opportunity_id=data["opportunity_id"])
    return replace(state, live={**state.live, data["lead_id"]: held})


def _returned(state: Pool, data: Mapping[str, Any]) -> Pool:
    """Back to the head of the queue: its customer was promised a seller already."""
    lead = state.live[data["lead_id"]].lead
    lead = replace(lead, refused_by=(*lead.refused_by, data["seller_id"]))
    return replace(
        state,
        live=_without(state.live, lead.lead_id),
        waiting={lead.lead_id: lead, **state.waiting},
    )


def _lead(state: Pool, data: Mapping[str, Any]) -> Lead:
    waited = state.waiting.get(data["lead_id"])
    return Lead(
        lead_id=data["lead_id"],
        customer_id=data["customer_id"],
        product_line=data["product_line"],
        scope=_without(data["scope"], "owner"),
        cause_event_ids=tuple(data["decision"]["cause_event_ids"]),
        need=data.get("need"),
        amount=data.get("amount"),
        refused_by=() if waited is None else waited.refused_by,
    )


def _without(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}
