"""An opportunity: opened in the first stage of a pipeline, advanced on evidence, won or lost.

No stage is skipped, a stage is left only when its exit criteria are met, winning needs the last
stage, and a closed opportunity takes no more commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from events.contracts.base import Fact, fact
from events.contracts.money import Money
from events.contracts.sales import (
    OpportunityLost,
    OpportunityOpened,
    OpportunityStageAdvanced,
    OpportunityWon,
)
from events.deciding import Decider, Scope
from events.errors import FieldFault, Invalid, NotFound, RuleBroken
from events.types import CustomerId, format_time
from services.sales.domain.pipelines import PIPELINES, STANDARD_1, Pipeline, current


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows that an exit criterion is met; `reference` finds the document."""

    criterion: str
    reference: str


@dataclass(frozen=True, slots=True)
class OpenOpportunity:
    """Takes the newest version of the pipeline. Opening again for the same lead does nothing."""

    opportunity_id: str
    customer_id: str
    at: datetime
    amount: Money
    pipeline: str = STANDARD_1.name
    lead_id: str | None = None
    pool_id: str | None = None
    expected_close: datetime | None = None
    discount_band_pct: int | None = None
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class AdvanceStage:
    """`to` names the stage that the caller believes to be next."""

    opportunity_id: str
    at: datetime
    to: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class WinOpportunity:
    """`reason` is a code of the installation's vocabulary."""

    opportunity_id: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LoseOpportunity:
    """`reason` is a code of the installation's vocabulary."""

    opportunity_id: str
    at: datetime
    reason: str
    competitor_id: str | None = None


OpportunityCommand: TypeAlias = OpenOpportunity | AdvanceStage | WinOpportunity | LoseOpportunity


@dataclass(frozen=True, slots=True)
class Opportunity:
    """`status` is empty before the opportunity is opened."""

    status: str = ""
    opportunity_id: str = ""
    customer_id: CustomerId | None = None
    scope: Scope = field(default_factory=Scope)
    pipeline: Pipeline = STANDARD_1
    stage: str = ""
    amount: Money | None = None
    lead_id: str | None = None
    pool_id: str | None = None


def decide(state: Opportunity, command: OpportunityCommand) -> Sequence[Fact]:
    """Raises NotFound, Invalid, or RuleBroken with one of the codes `opportunity-exists`,
    `opportunity-closed`, `stage-not-next`, `exit-criteria-unmet`, `not-in-last-stage`.
    """
    if isinstance(command, OpenOpportunity):
        return _open(state, command)
    _refuse_unless_open(state, command.opportunity_id)
    if isinstance(command, AdvanceStage):
        return [_advance(state, command)]
    return [_win(state, command) if isinstance(command, WinOpportunity) else _lose(state, command)]


def _open(state: Opportunity, command: OpenOpportunity) -> list[Fact]:
    if state.status:
        if command.lead_id is not None and command.lead_id == state.lead_id:
            return []
        raise RuleBroken(
            "opportunity-exists", f"opportunity {command.opportunity_id} is already open"
        )
    pipeline = _pipeline(command.pipeline)
    close = command.expected_close
    return [
        fact(
            OpportunityOpened,
            opportunity_id=command.opportunity_id,
            customer_id=command.customer_id,
            pipeline=pipeline.name,
            pipeline_version=pipeline.version,
            stage=pipeline.stages[0].name,
            lead_id=command.lead_id,
            pool_id=command.pool_id,
            amount=command.amount.to_data(),
            expected_close=None if close is None else format_time(close),
            discount_band_pct=command.discount_band_pct,
            scope=command.scope.to_data(),
        )
    ]


def _pipeline(name: str) -> Pipeline:
    pipeline = current(name)
    if pipeline is None:
        known = ", ".join(sorted({one.name for one in PIPELINES.values()}))
        raise Invalid(
            f"there is no pipeline {name}", [FieldFault("/pipeline", f"must be one of: {known}")]
        )
    return pipeline


def _advance(state: Opportunity, command: AdvanceStage) -> Fact:
    following = state.pipeline.after(state.stage)
    if following is None or following.name != command.to:
        after = "no stage follows" if following is None else f"{following.name} follows"
        raise RuleBroken(
            "stage-not-next",
            f"{after} {state.stage}, not {command.to}",
            stage=state.stage,
            next=None if following is None else following.name,
        )
    _refuse_unmet(state, command.evidence)
    return fact(
        OpportunityStageAdvanced,
        **_about(state),
        **{"from": state.stage},
        to=command.to,
        evidence=[
            {"criterion": one.criterion, "reference": one.reference} for one in command.evidence
        ],
    )


def _refuse_unmet(state: Opportunity, evidence: Sequence[Evidence]) -> None:
    missing = state.pipeline.stage(state.stage).unmet(one.criterion for one in evidence)
    if missing:
        raise RuleBroken(
            "exit-criteria-unmet",
            f"{state.stage} is left only with evidence of {', '.join(missing)}",
            missing=list(missing),
        )


def _win(state: Opportunity, command: WinOpportunity) -> Fact:
    if state.pipeline.after(state.stage) is not None:
        last = state.pipeline.stages[-1].name
        raise RuleBroken(
            "not-in-last-stage", f"won only from {last}, not from {state.stage}", stage=state.stage
        )
    return fact(OpportunityWon, **_about(state), **_closing(state), reason=command.reason)


def _lose(state: Opportunity, command: LoseOpportunity) -> Fact:
    return fact(
        OpportunityLost,
        **_about(state),
        **_closing(state),
        reason=command.reason,
        competitor_id=command.competitor_id,
        stage=state.stage,
    )


def _about(state: Opportunity) -> dict[str, Any]:
    return {"opportunity_id": state.opportunity_id, "customer_id": state.customer_id}


def _closing(state: Opportunity) -> dict[str, Any]:
    """What readers of the end need of the beginning: value, and the lead to release."""
    amount = None if state.amount is None else state.amount.to_data()
    return {"amount": amount, "lead_id": state.lead_id, "pool_id": state.pool_id}


def _refuse_unless_open(state: Opportunity, opportunity_id: str) -> None:
    if not state.status:
        raise NotFound("opportunity", opportunity_id)
    if state.status != "open":
        raise RuleBroken(
            "opportunity-closed",
            f"opportunity {opportunity_id} is {state.status}",
            status=state.status,
        )


def _opened(one: Fact) -> Opportunity:
    data = one.data
    return Opportunity(
        status="open",
        opportunity_id=data["opportunity_id"],
        customer_id=CustomerId(data["customer_id"]),
        scope=Scope(**data["scope"]),
        pipeline=PIPELINES[data["pipeline"], data["pipeline_version"]],
        stage=data["stage"],
        amount=Money.from_data(data["amount"]),
        lead_id=data.get("lead_id"),
        pool_id=data.get("pool_id"),
    )


def evolve(state: Opportunity, one: Fact) -> Opportunity:
    """The state after one fact."""
    if one.type == OpportunityOpened.TYPE:
        return _opened(one)
    if one.type == OpportunityStageAdvanced.TYPE:
        return replace(state, stage=one.data["to"])
    if one.type == OpportunityWon.TYPE:
        return replace(state, status="won")
    if one.type == OpportunityLost.TYPE:
        return replace(state, status="lost")
    return state


OPPORTUNITY: Decider[Opportunity, OpportunityCommand] = Decider(
    aggregate="opportunity",
    initial=Opportunity(),
    decide=decide,
    evolve=evolve,
    subject=lambda state: state.customer_id,
    scope=lambda state: state.scope,
)
