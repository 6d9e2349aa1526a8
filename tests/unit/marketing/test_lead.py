"""The rules of a lead, one test each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from events.contracts.base import Fact, all_contracts
from events.errors import Rejected
from services.marketing.domain import lead
from services.marketing.domain.lead import LEAD, Lead
from tests.given import given
from tests.unit.marketing.mothers import (
    ADA,
    NORTH,
    SOUTH,
    capture,
    captured,
    disqualified,
    disqualify,
    qualified,
    qualify,
)


def test_a_touch_is_captured() -> None:
    outcome = given(LEAD).when(capture()).then(captured())
    assert LEAD.subject(outcome.state) == ADA
    assert LEAD.scope(outcome.state) == NORTH


def test_a_lead_is_captured_once() -> None:
    given(LEAD, captured()).when(capture()).rejected("already-captured")


def test_an_unknown_kind_of_touch_is_refused() -> None:
    given(LEAD).when(capture(touch="dream")).rejected("invalid")


def test_a_captured_lead_qualifies_where_it_is() -> None:
    given(LEAD, captured()).when(qualify()).then(qualified())


def test_qualifying_may_hand_the_lead_to_another_place() -> None:
    outcome = given(LEAD, captured()).when(qualify(scope=SOUTH))
    outcome.then(qualified(scope={"org_unit": "south", "owner": "sam"}))
    assert LEAD.scope(outcome.state) == SOUTH


def test_budget_and_horizon_may_be_unknown() -> None:
    outcome = given(LEAD, captured()).when(qualify(budget=None, horizon_days=None))
    outcome.then(qualified(budget=None, horizon_days=None))


def test_a_budget_has_a_currency() -> None:
    given(LEAD, captured()).when(qualify(budget={"amount": "1"})).rejected("invalid")


def test_a_captured_lead_can_be_disqualified() -> None:
    given(LEAD, captured()).when(disqualify()).then(disqualified())


@pytest.mark.parametrize("command", [qualify(), disqualify()])
def test_nothing_is_decided_about_an_unknown_lead(command: Any) -> None:
    given(LEAD).when(command).rejected("not-found")


@pytest.mark.parametrize("command", [qualify(), disqualify()])
def test_a_qualified_lead_is_the_business_of_sales(command: Any) -> None:
    given(LEAD, captured(), qualified()).when(command).rejected("already-qualified")


@pytest.mark.parametrize("command", [qualify(), disqualify()])
def test_a_disqualified_lead_never_qualifies(command: Any) -> None:
    given(LEAD, captured(), disqualified()).when(command).rejected("already-disqualified")


def test_every_event_of_a_lead_is_understood() -> None:
    events = {t for t, c in all_contracts().items() if c.AGGREGATE == "lead"}
    assert events == lead._CHANGES.keys()


@settings(max_examples=60, deadline=None)
@for_all(st.lists(st.sampled_from([capture(), qualify(), disqualify()]), max_size=8))
def test_any_commands_leave_a_consistent_lead(commands: list[Any]) -> None:
    state = Lead()
    facts: list[Fact] = []
    for command in commands:
        try:
            new = LEAD.decide(state, command)
        except Rejected:
            continue
        facts += new
        state = LEAD.fold(new, state)
    assert LEAD.fold(facts) == state
    # Captured first, then at most one verdict.
    assert [one.type for one in facts[:1]] == [captured().type][: len(facts)]
    assert (
        len(facts) == {"unknown": 0, "captured": 1, "qualified": 2, "disqualified": 2}[state.status]
    )
