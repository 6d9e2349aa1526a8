"""An opportunity moves stage by stage, on evidence, to an end that is final."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as some

from events.contracts.base import Fact, fact
from events.contracts.sales import (
    OpportunityLost,
    OpportunityOpened,
    OpportunityStageAdvanced,
    OpportunityWon,
)
from events.errors import Invalid, RuleBroken
from services.sales.domain.opportunity import (
    OPPORTUNITY,
    LoseOpportunity,
    WinOpportunity,
)
from services.sales.domain.pipelines import PIPELINES, PROJECT_1, current
from tests.given import given
from tests.unit.sales.mothers import (
    CUSTOMER,
    NOON,
    NORTH,
    advance,
    history,
    in_last_stage,
    open_deal,
    opened,
    usd,
)

WIN = WinOpportunity("deal-1", NOON, "best_offer")
LOSE = LoseOpportunity("deal-1", NOON, "price", "competitor-1")
ABOUT = {"opportunity_id": "deal-1", "customer_id": CUSTOMER}
AMOUNT = usd("900.00").to_data()


def test_opening_starts_in_the_first_stage_of_the_newest_version() -> None:
    command = open_deal(
        "project",
        lead_id="lead-1",
        pool_id="north",
        expected_close=NOON + timedelta(days=90),
        discount_band_pct=5,
        scope=NORTH,
    )
    given(OPPORTUNITY).when(command).then(
        fact(
            OpportunityOpened,
            **ABOUT,
            pipeline="project",
            pipeline_version=1,
            stage="contact",
            lead_id="lead-1",
            pool_id="north",
            amount=AMOUNT,
            expected_close="2026-05-31T12:00:00.000Z",
            discount_band_pct=5,
            scope=NORTH.to_data(),
        )
    )


@pytest.mark.feature("S02")
def test_one_lead_opens_one_opportunity() -> None:
    given(OPPORTUNITY, opened(lead_id="lead-1")).when(open_deal(lead_id="lead-1")).then()


@pytest.mark.parametrize("lead_id", [None, "lead-2"])
def test_an_opportunity_is_opened_once(lead_id: str | None) -> None:
    again = open_deal(lead_id=lead_id)
    given(OPPORTUNITY, opened()).when(again).rejected("opportunity-exists")


def test_an_unknown_pipeline_is_named() -> None:
    outcome = given(OPPORTUNITY).when(open_deal("barter")).rejected("invalid")
    assert isinstance(outcome.rejection, Invalid)
    assert [fault.pointer for fault in outcome.rejection.faults] == ["/pipeline"]


@pytest.mark.feature("S19")
def test_evidence_of_the_exit_criteria_opens_the_next_stage() -> None:
    command = advance("solution_design", "need_documented", "sponsor_named")
    given(OPPORTUNITY, opened("project")).when(command).then(
        fact(
            OpportunityStageAdvanced,
            **ABOUT,
            **{"from": "contact"},
            to="solution_design",
            evidence=[
                {"criterion": "need_documented", "reference": "minutes of need_documented"},
                {"criterion": "sponsor_named", "reference": "minutes of sponsor_named"},
            ],
        )
    )


@pytest.mark.feature("S19")
def test_missing_evidence_is_named() -> None:
    command = advance("solution_design", "sponsor_named")
    outcome = given(OPPORTUNITY, opened("project")).when(command).rejected("exit-criteria-unmet")
    assert outcome.rejection is not None
    assert outcome.rejection.facts["missing"] == ["need_documented"]


@pytest.mark.feature("S19")
@pytest.mark.parametrize("to", ["solution_proof", "tender", "contact", "negotiate"])
def test_no_stage_is_skipped_repeated_or_borrowed(to: str) -> None:
    every = [criterion for stage in PROJECT_1.stages for criterion in stage.exit_criteria]
    command = advance(to, *every)
    given(OPPORTUNITY, opened("project")).when(command).rejected("stage-not-next")


def test_nothing_follows_the_last_stage() -> None:
    given(OPPORTUNITY, *in_last_stage()).when(advance("negotiate")).rejected("stage-not-next")


def test_won_from_the_last_stage() -> None:
    given(OPPORTUNITY, *in_last_stage()).when(WIN).then(
        fact(OpportunityWon, **ABOUT, reason="best_offer", amount=AMOUNT)
    )


def test_not_won_from_an_earlier_stage() -> None:
    given(OPPORTUNITY, *in_last_stage()[:-1]).when(WIN).rejected("not-in-last-stage")


def test_lost_from_any_stage_with_what_its_lead_needs() -> None:
    given(OPPORTUNITY, opened(lead_id="lead-1", pool_id="north")).when(LOSE).then(
        fact(
            OpportunityLost,
            **ABOUT,
            reason="price",
            competitor_id="competitor-1",
            stage="qualify",
            amount=AMOUNT,
            lead_id="lead-1",
            pool_id="north",
        )
    )


@pytest.mark.parametrize("end", [WIN, LOSE])
@pytest.mark.parametrize("command", [advance("propose"), WIN, LOSE])
def test_closed_is_read_only(end: Any, command: Any) -> None:
    closed = history(OPPORTUNITY, open_deal(), advance("propose"), advance("negotiate"), end)
    given(OPPORTUNITY, *closed).when(command).rejected("opportunity-closed")


@pytest.mark.parametrize("command", [advance("propose"), WIN, LOSE])
def test_an_unknown_opportunity_is_not_found(command: Any) -> None:
    given(OPPORTUNITY).when(command).rejected("not-found")


def test_the_newest_version_of_a_pipeline_is_current() -> None:
    for name, version in PIPELINES:
        newest = current(name)
        assert newest is not None
        assert newest.version >= version
    assert current("barter") is None


STAGES = sorted({stage.name for pipeline in PIPELINES.values() for stage in pipeline.stages})
CRITERIA = sorted({c for stage in PROJECT_1.stages for c in stage.exit_criteria})
moves = some.builds(
    lambda to, criteria: advance(to, *criteria),
    some.sampled_from(STAGES),
    some.sets(some.sampled_from(CRITERIA), min_size=2),
)


@pytest.mark.feature("S19")
@over(
    some.sampled_from(sorted(PIPELINES)),
    some.lists(some.one_of(moves, some.just(WIN)), max_size=40),
)
def test_no_sequence_of_commands_skips_a_stage(name: tuple[str, int], commands: list[Any]) -> None:
    pipeline = PIPELINES[name]
    facts = _accepted([open_deal(pipeline.name), *commands])
    visited = [facts[0].data["stage"]]
    for one in facts[1:]:
        if one.type == OpportunityStageAdvanced.TYPE:
            assert one.data["from"] == visited[-1]
            shown = {each["criterion"] for each in one.data["evidence"]}
            assert set(pipeline.stage(visited[-1]).exit_criteria) <= shown
            visited.append(one.data["to"])
    names = [stage.name for stage in pipeline.stages]
    assert visited == names[: len(visited)]
    won = [one for one in facts if one.type == OpportunityWon.TYPE]
    assert not won or (visited == names and facts[-1] is won[0])


def _accepted(commands: list[Any]) -> list[Fact]:
    facts: list[Fact] = []
    for command in commands:
        try:
            facts.extend(OPPORTUNITY.decide(OPPORTUNITY.fold(facts), command))
        except RuleBroken:
            continue
    return facts
