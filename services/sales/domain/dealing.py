"""Dealing: leads in order to sellers by draw, each with the evidence to recompute it.

Called by the pool's decisions whenever a lead comes or capacity is freed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from events.contracts.base import Fact, fact
from events.contracts.sales import LeadAssigned, LeadQueued
from services.sales.domain.draw import METHOD, POLICY_ID, POLICY_VERSION, Candidate, winner
from services.sales.domain.pool_state import Lead, Pool, evolve

DEALT_AT_MOST = 25
"""Assignments in one commit: with 100 candidates each they stay below the size of a commit."""


def deal_or_queue(state: Pool, lead: Lead, order: Iterable[Lead]) -> list[Fact]:
    """Deals in this order; `lead`, which is among them, is queued when it finds no seller."""
    facts = deal(state, order)
    if any(one.data["lead_id"] == lead.lead_id for one in facts):
        return facts
    return [*facts, _queued(state, lead)]


def deal(state: Pool, leads: Iterable[Lead]) -> list[Fact]:
    """Assigns the leads in this order, passing over those whom nobody can take now.

    `blocked` remembers the product lines without a free seller: dealing never adds capacity, so a
    long queue costs one look per line.
    """
    facts: list[Fact] = []
    blocked: set[str] = set()
    for lead in leads:
        if len(facts) == DEALT_AT_MOST:
            break
        if lead.product_line in blocked:
            continue
        candidates = state.candidates(lead)
        if not candidates:
            if not lead.refused_by:
                blocked.add(lead.product_line)
            continue
        facts.append(_assigned(state, lead, candidates))
        state = evolve(state, facts[-1])
    return facts


def _assigned(state: Pool, lead: Lead, candidates: Sequence[Candidate]) -> Fact:
    seller_id = winner(candidates)
    factors = {
        "round": state.round + 1,
        "candidates": len(candidates),
        "total_weight": sum(one.weight for one in candidates),
        "refused_by": list(lead.refused_by),
    }
    return fact(
        LeadAssigned,
        **about(lead),
        seller_id=seller_id,
        method=METHOD,
        round=state.round + 1,
        candidates=[one.to_data() for one in candidates],
        scope={**lead.scope, "owner": seller_id},
        decision=_decision(lead, factors),
    )


def _queued(state: Pool, lead: Lead) -> Fact:
    serving = sum(one.serves(lead.product_line) for one in state.sellers.values())
    factors = {"serving": serving, "refused_by": list(lead.refused_by)}
    return fact(
        LeadQueued, **about(lead), scope=dict(lead.scope), decision=_decision(lead, factors)
    )


def about(lead: Lead) -> dict[str, Any]:
    """The fields that every fact handing on a lead repeats."""
    return {
        "lead_id": lead.lead_id,
        "customer_id": lead.customer_id,
        "product_line": lead.product_line,
        "need": lead.need,
        "amount": lead.amount,
    }


def _decision(lead: Lead, factors: dict[str, Any]) -> dict[str, Any]:
    return {
        "policy_id": POLICY_ID,
        "policy_version": POLICY_VERSION,
        "cause_event_ids": list(lead.cause_event_ids),
        "factors": factors,
    }
