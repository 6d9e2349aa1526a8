"""The lead: captured once, then either qualified or disqualified, and that for good.

From its qualification on a lead is the business of sales.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from events.contracts.base import Data, Fact, fact
from events.contracts.marketing import LeadCaptured, LeadDisqualified, LeadQualified
from events.deciding import Decider, Scope
from events.errors import NotFound, RuleBroken
from events.types import CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureLead:
    """`interest` names products or product lines; `raw` is the inquiry in the customer's words."""

    lead_id: str
    at: datetime
    customer_id: CustomerId
    touch: str
    channel: str
    campaign_id: str | None = None
    interest: Sequence[str] = ()
    raw: str | None = None
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifyLead:
    """`budget` is `{"amount", "currency"}`; without a scope the lead keeps its own."""

    lead_id: str
    at: datetime
    need: str
    product_line: str
    budget: Data | None = None
    horizon_days: int | None = None
    scope: Scope | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisqualifyLead:
    """`reason` is a word of the installation's vocabulary."""

    lead_id: str
    at: datetime
    reason: str


LeadCommand = CaptureLead | QualifyLead | DisqualifyLead


@dataclass(frozen=True, slots=True)
class Lead:
    """`customer_id` is None until the lead is captured."""

    id: str = ""
    customer_id: CustomerId | None = None
    status: Literal["unknown", "captured", "qualified", "disqualified"] = "unknown"
    scope: Scope = field(default_factory=Scope)


def _capture(state: Lead, command: CaptureLead) -> Sequence[Fact]:
    if state.status != "unknown":
        raise RuleBroken("already-captured", f"lead {state.id} is already captured")
    return [
        fact(
            LeadCaptured,
            lead_id=command.lead_id,
            customer_id=command.customer_id,
            touch=command.touch,
            channel=command.channel,
            campaign_id=command.campaign_id,
            interest=list(command.interest),
            raw=command.raw,
            scope=command.scope.to_data(),
        )
    ]


def _qualify(state: Lead, command: QualifyLead) -> Sequence[Fact]:
    _check_undecided(state, command.lead_id)
    return [
        fact(
            LeadQualified,
            lead_id=state.id,
            customer_id=state.customer_id,
            need=command.need,
            budget=command.budget,
            horizon_days=command.horizon_days,
            product_line=command.product_line,
            scope=(command.scope or state.scope).to_data(),
        )
    ]


def _disqualify(state: Lead, command: DisqualifyLead) -> Sequence[Fact]:
    _check_undecided(state, command.lead_id)
    return [
        fact(
            LeadDisqualified,
            lead_id=state.id,
            customer_id=state.customer_id,
            reason=command.reason,
        )
    ]


def _check_undecided(state: Lead, lead_id: str) -> None:
    if state.status == "unknown":
        raise NotFound("lead", lead_id)
    if state.status != "captured":
        raise RuleBroken(f"already-{state.status}", f"lead {state.id} is already {state.status}")


def _captured(_: Lead, data: Data) -> Lead:
    return Lead(data["lead_id"], data["customer_id"], "captured", Scope(**data["scope"]))


def _qualified(state: Lead, data: Data) -> Lead:
    return replace(state, status="qualified", scope=Scope(**data["scope"]))


def _disqualified(state: Lead, _: Data) -> Lead:
    return replace(state, status="disqualified")


_DECISIONS: Mapping[type, Callable[[Lead, Any], Sequence[Fact]]] = {
    CaptureLead: _capture,
    QualifyLead: _qualify,
    DisqualifyLead: _disqualify,
}
_CHANGES: Mapping[str, Callable[[Lead, Data], Lead]] = {
    LeadCaptured.TYPE: _captured,
    LeadQualified.TYPE: _qualified,
    LeadDisqualified.TYPE: _disqualified,
}


def decide(state: Lead, command: LeadCommand) -> Sequence[Fact]:
    """Raises NotFound or RuleBroken (`already-captured`, `-qualified`, `-disqualified`)."""
    return _DECISIONS[type(command)](state, command)


def evolve(state: Lead, one: Fact) -> Lead:
    return _CHANGES[one.type](state, one.data)


LEAD: Decider[Lead, LeadCommand] = Decider(
    aggregate="lead",
    initial=Lead(),
    decide=decide,
    evolve=evolve,
    subject=lambda state: state.customer_id,
    scope=lambda state: state.scope,
)
