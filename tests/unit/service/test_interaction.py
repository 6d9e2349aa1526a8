"""The rules of an interaction, one test each."""

from __future__ import annotations

from typing import Any

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from events.contracts.base import Fact, all_contracts
from events.errors import Rejected
from services.service.domain import interaction
from services.service.domain.interaction import INTERACTION, Interaction
from tests.given import given
from tests.unit.service.mothers import (
    ADA,
    NORTH,
    NUMBER,
    STRANGER,
    end,
    ended,
    start,
    started,
    unknown_party,
)


def test_a_known_customer_calls() -> None:
    outcome = given(INTERACTION).when(start()).then(started())
    assert INTERACTION.subject(outcome.state) == ADA
    assert INTERACTION.scope(outcome.state) == NORTH
    assert not outcome.state.provisional


def test_an_unknown_caller_gets_the_provisional_customer_that_the_command_brings() -> None:
    command = start(customer_id=None, provisional_id=STRANGER, contact_point=NUMBER)
    outcome = given(INTERACTION).when(command).then(started(STRANGER), unknown_party(NUMBER))
    assert INTERACTION.subject(outcome.state) == STRANGER
    assert outcome.state.provisional


def test_an_unknown_caller_may_withhold_the_number() -> None:
    command = start(customer_id=None, provisional_id=STRANGER)
    given(INTERACTION).when(command).then(started(STRANGER), unknown_party())


def test_a_known_customer_needs_no_provisional_one() -> None:
    command = start(provisional_id=STRANGER, contact_point=NUMBER)
    given(INTERACTION).when(command).then(started(ADA))


def test_somebody_must_be_there() -> None:
    given(INTERACTION).when(start(customer_id=None)).rejected("party-missing")


def test_a_channel_that_nobody_has_is_refused() -> None:
    given(INTERACTION).when(start(channel="telepathy")).rejected("invalid")


def test_an_interaction_starts_once() -> None:
    given(INTERACTION, started()).when(start()).rejected("already-started")


def test_an_interaction_that_ended_does_not_start_again() -> None:
    given(INTERACTION, started(), ended()).when(start()).rejected("already-started")


def test_ending_says_with_what_result() -> None:
    given(INTERACTION, started()).when(end()).then(ended())


def test_the_end_belongs_to_the_provisional_customer() -> None:
    given(INTERACTION, started(STRANGER), unknown_party()).when(end()).then(ended(STRANGER))


def test_an_interaction_ends_once() -> None:
    given(INTERACTION, started(), ended()).when(end()).rejected("already-ended")


def test_what_never_started_does_not_end() -> None:
    given(INTERACTION).when(end()).rejected("not-found")


def test_every_event_of_an_interaction_is_understood() -> None:
    events = {t for t, c in all_contracts().items() if c.AGGREGATE == "interaction"}
    assert events == interaction._CHANGES.keys()


COMMANDS = st.sampled_from(
    [start(), start(customer_id=None, provisional_id=STRANGER), start(customer_id=None), end()]
)


@settings(max_examples=60, deadline=None)
@for_all(st.lists(COMMANDS, max_size=8))
def test_any_commands_leave_a_consistent_interaction(commands: list[Any]) -> None:
    state = Interaction()
    facts: list[Fact] = []
    for command in commands:
        try:
            new = INTERACTION.decide(state, command)
        except Rejected:
            continue
        facts += new
        state = INTERACTION.fold(new, state)
    assert INTERACTION.fold(facts) == state
    assert {one.data["customer_id"] for one in facts} == {state.customer_id} - {None}
    assert len({one.type for one in facts}) == len(facts)
    assert (facts[-1:] == [ended(STRANGER if state.provisional else ADA)]) == (
        state.status == "ended"
    )
