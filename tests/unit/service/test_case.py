"""The rules of a case, one test each; times are hours after noon, when the case is opened."""

from __future__ import annotations

from typing import Any

import pytest

from events.contracts.base import Fact, all_contracts
from services.service.domain import case
from services.service.domain.case import CASE
from services.service.domain.case_commands import NoticeLate
from tests.given import given
from tests.unit.service.mothers import (
    ADA,
    CALL_ID,
    CASE_ID,
    CAUSE_ID,
    NOON,
    NORTH,
    after,
    breached,
    close,
    closed,
    decision,
    due,
    follow_tier,
    open_case,
    opened,
    prioritize,
    prioritized,
    raised_by_tier,
    reopen,
    reopened,
    resolve,
    resolved,
    respond,
    responded,
)

OPEN: list[tuple[Fact, ...]] = [(opened(),), (opened(), resolved(), reopened())]
DONE = [
    pytest.param((opened(), resolved()), id="resolved"),
    pytest.param((opened(), resolved(), closed()), id="closed"),
]


def test_a_case_is_opened_with_its_due_times() -> None:
    outcome = given(CASE).when(open_case()).then(opened())
    assert CASE.subject(outcome.state) == ADA
    assert CASE.scope(outcome.state) == NORTH


def test_a_case_remembers_the_call_that_it_comes_from() -> None:
    command = open_case(interaction_id=CALL_ID, order_id="o-1")
    given(CASE).when(command).then(opened(interaction_id=CALL_ID, order_id="o-1"))


def test_a_case_is_opened_once() -> None:
    given(CASE, opened()).when(open_case()).rejected("already-opened")


def test_a_vip_s_case_opens_urgent() -> None:
    expected = opened(priority="urgent", asked_priority="normal", tier="vip", due=due(1, 8))
    given(CASE).when(open_case(tier="vip")).then(expected)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "wedding"}, "unknown-case-kind"),
        ({"priority": "yesterday"}, "unknown-priority"),
        ({"process_version": 99}, "unknown-process-version"),
        ({"subject": ""}, "invalid"),
    ],
)
def test_a_case_follows_a_known_process(changes: dict[str, Any], code: str) -> None:
    given(CASE).when(open_case(**changes)).rejected(code)


@pytest.mark.parametrize(
    "command",
    [prioritize("high"), follow_tier("vip"), respond(), resolve(), reopen(), close()],
    ids=lambda command: type(command).__name__,
)
def test_nothing_is_done_about_an_unknown_case(command: Any) -> None:
    given(CASE).when(command).rejected("not-found")


# Priority


def test_a_new_priority_moves_the_due_times_from_the_opening() -> None:
    given(CASE, opened()).when(prioritize("urgent")).then(prioritized())


def test_a_priority_by_hand_may_cite_its_causes() -> None:
    command = prioritize("urgent", cause_event_ids=(CAUSE_ID,))
    expected = decision([CAUSE_ID], kind="fault", asked_priority="urgent")
    given(CASE, opened()).when(command).then(prioritized(decision=expected))


@pytest.mark.parametrize("command", [prioritize("normal"), follow_tier("adaptive")])
def test_the_same_priority_again_is_no_news(command: Any) -> None:
    given(CASE, opened()).when(command).then()


def test_an_unknown_priority_is_refused() -> None:
    given(CASE, opened()).when(prioritize("yesterday")).rejected("unknown-priority")


def test_a_tier_raises_the_priority() -> None:
    given(CASE, opened()).when(follow_tier("vip")).then(raised_by_tier())


def test_a_lost_tier_leads_back_to_what_was_asked() -> None:
    outcome = given(CASE, opened(), raised_by_tier()).when(follow_tier("indifferent"))
    factors = {"kind": "fault", "asked_priority": "normal", "tier": "indifferent"}
    outcome.then(
        prioritized(
            **{"from": "urgent"},
            to="normal",
            cause="tier_changed",
            tier="indifferent",
            due=due(4, 72),
            decision=decision([CAUSE_ID], **factors),
        )
    )


def test_a_lost_tier_takes_back_what_it_gave_at_the_opening() -> None:
    vip = opened(priority="urgent", tier="vip", due=due(1, 8))
    outcome = given(CASE, vip).when(follow_tier("indifferent"))
    outcome.then_types("case.prioritized")
    assert outcome.state.priority == "normal"


def test_a_tier_does_not_take_back_what_a_person_decided() -> None:
    given(CASE, opened(), prioritized()).when(follow_tier("indifferent")).then()


def test_a_person_outranks_the_tier() -> None:
    outcome = given(CASE, opened(), raised_by_tier()).when(prioritize("low"))
    outcome.then(
        prioritized(
            **{"from": "urgent"},
            to="low",
            due=due(8, 120),
            decision=decision(kind="fault", asked_priority="low"),
        )
    )


@pytest.mark.parametrize("history", DONE)
def test_work_that_is_done_has_no_priority(history: tuple[Fact, ...]) -> None:
    given(CASE, *history).when(prioritize("urgent")).rejected("case-not-open")
    given(CASE, *history).when(follow_tier("vip")).then()


# First response


def test_an_answer_in_time() -> None:
    given(CASE, opened()).when(respond(after(hours=4))).then(responded(4 * 3600))


def test_an_answer_too_late_breaks_the_promise() -> None:
    outcome = given(CASE, opened()).when(respond(after(hours=4, milliseconds=1)))
    outcome.then(responded(4 * 3600, late=True), breached("first_response", 1))


def test_lateness_is_told_in_started_seconds() -> None:
    outcome = given(CASE, opened()).when(respond(after(hours=4, seconds=1.5)))
    outcome.then(responded(4 * 3600 + 1, late=True), breached("first_response", 2))


def test_lateness_is_judged_by_the_present_priority() -> None:
    outcome = given(CASE, opened(), prioritized()).when(respond(after(hours=2)))
    outcome.then(responded(7200, late=True), breached("first_response", 3600))


def test_a_clock_that_runs_behind_counts_as_none() -> None:
    given(CASE, opened()).when(respond(after(seconds=-5))).then(responded(0))


def test_a_breach_on_record_is_not_recorded_again() -> None:
    history = (opened(), resolved(), breached("first_response", 60), reopened())
    given(CASE, *history).when(respond(after(hours=5))).then(responded(5 * 3600, late=True))


def test_there_is_one_first_response() -> None:
    given(CASE, opened(), responded()).when(respond()).rejected("already-responded")


@pytest.mark.parametrize("history", DONE)
def test_the_first_response_comes_before_the_solution(history: tuple[Fact, ...]) -> None:
    given(CASE, *history).when(respond()).rejected("case-not-open")


# Resolution


@pytest.mark.parametrize("history", OPEN)
def test_an_open_case_is_resolved(history: tuple[Fact, ...]) -> None:
    given(CASE, *history).when(resolve()).then(resolved())


def test_a_solution_in_the_last_moment_is_in_time() -> None:
    given(CASE, opened(), responded()).when(resolve(after(hours=72))).then(resolved())


def test_a_late_solution_breaks_the_promise() -> None:
    outcome = given(CASE, opened(), responded()).when(resolve(after(hours=73)))
    outcome.then(resolved(), breached("resolution", 3600))


def test_a_late_solution_without_an_answer_breaks_both() -> None:
    outcome = given(CASE, opened()).when(resolve(after(hours=73)))
    outcome.then(resolved(), breached("first_response", 69 * 3600), breached("resolution", 3600))


def test_a_solution_in_time_can_still_be_the_late_first_answer() -> None:
    outcome = given(CASE, opened()).when(resolve(after(hours=5)))
    outcome.then(resolved(), breached("first_response", 3600))


def test_each_promise_is_broken_once() -> None:
    history = (opened(), responded(), resolved(), breached("resolution", 60), reopened())
    given(CASE, *history).when(resolve(after(hours=99))).then(resolved())


@pytest.mark.parametrize(
    ("history", "code"),
    [
        ((opened(), resolved()), "already-resolved"),
        ((opened(), resolved(), closed()), "already-closed"),
    ],
)
def test_what_is_done_is_not_resolved_again(history: tuple[Fact, ...], code: str) -> None:
    given(CASE, *history).when(resolve()).rejected(code)


# Reopen and close


@pytest.mark.parametrize("history", DONE)
def test_what_is_done_can_be_reopened(history: tuple[Fact, ...]) -> None:
    given(CASE, *history).when(reopen()).then(reopened())


@pytest.mark.parametrize("history", OPEN)
def test_an_open_case_is_not_reopened(history: tuple[Fact, ...]) -> None:
    given(CASE, *history).when(reopen()).rejected("already-open")


def test_a_resolved_case_is_closed() -> None:
    given(CASE, opened(), resolved()).when(close()).then(closed())


@pytest.mark.parametrize("history", OPEN)
def test_closing_needs_a_solution(history: tuple[Fact, ...]) -> None:
    given(CASE, *history).when(close()).rejected("case-not-resolved")


def test_a_case_is_closed_once() -> None:
    given(CASE, opened(), resolved(), closed()).when(close()).rejected("already-closed")


def test_a_reopened_case_keeps_its_due_times() -> None:
    outcome = given(CASE, opened(), resolved(), closed()).when(reopen())
    assert outcome.state.due.to_data() == due(4, 72)
    assert outcome.state.opened_at == NOON


def test_time_that_passes_breaks_the_promise_by_itself() -> None:
    given(CASE, opened()).when(NoticeLate(case_id=CASE_ID, at=after(hours=4))).then()
    late = given(CASE, opened()).when(NoticeLate(case_id=CASE_ID, at=after(hours=5)))
    late.then(breached("first_response", 3600))
    both = given(CASE, opened(), *late.facts).when(NoticeLate(case_id=CASE_ID, at=after(hours=73)))
    both.then(breached("resolution", 3600))


def test_nobody_is_late_with_what_is_done() -> None:
    late = NoticeLate(case_id=CASE_ID, at=after(hours=100))
    given(CASE, opened(), resolved()).when(late).then()
    given(CASE).when(late).rejected("not-found")


def test_every_event_of_a_case_is_understood() -> None:
    events = {t for t, c in all_contracts().items() if c.AGGREGATE == "case"}
    assert events == case._CHANGES.keys()
