"""A lead has at most one live assignee; capacity, duty and lines are respected; nobody is lost."""

from __future__ import annotations

from typing import Any

import pytest

from events.contracts.base import fact
from events.contracts.sales import (
    MAX_SELLERS,
    LeadAccepted,
    LeadAssigned,
    LeadQueued,
    LeadReleased,
    LeadReturnedToPool,
    SellerCapacitySet,
)
from events.deciding import Scope
from services.sales.domain.dealing import DEALT_AT_MOST
from services.sales.domain.pool import (
    POOL,
    AcceptLead,
    DealWaiting,
    ReleaseLead,
    ReturnLead,
)
from tests.given import given
from tests.unit.sales.mothers import NOON, NORTH, drawn, history, lead, seller, usd

ANN = seller("ann")
BEN = seller("ben")
ACCEPT = AcceptLead("lead-1", "ann", "deal-1", NOON)
RETURN = ReturnLead("lead-1", "ann", "no_time", NOON)
RELEASE = ReleaseLead("lead-1", "deal-1", NOON)


def after(*commands: Any) -> Any:
    return given(POOL, *history(POOL, *commands))


def decision(number: int, **factors: Any) -> dict[str, Any]:
    return {
        "policy_id": "lead_distribution",
        "policy_version": 1,
        "cause_event_ids": [f"qualified-{number}"],
        "factors": factors,
    }


def test_a_seller_joins_with_his_capacity() -> None:
    command = seller("ann", weight=3, max_open=5, on_duty=False, lines=("tools",), scope=NORTH)
    given(POOL).when(command).then(
        fact(
            SellerCapacitySet,
            seller_id="ann",
            weight=3,
            max_open=5,
            on_duty=False,
            lines=["tools"],
            scope=NORTH.to_data(),
        )
    )


def test_the_same_capacity_again_changes_nothing() -> None:
    after(ANN).when(ANN).then()


def test_a_pool_has_an_end() -> None:
    full = history(POOL, *(seller(f"s{number}") for number in range(MAX_SELLERS)))
    given(POOL, *full).when(seller("one_more")).rejected("pool-full")
    given(POOL, *full).when(seller("s0", weight=2)).then_types("pool.seller_capacity_set")


@pytest.mark.feature("S02")
def test_a_lead_is_assigned_with_the_evidence_of_the_draw() -> None:
    command = lead(1, need="a pump", amount=usd("500"), scope=NORTH)
    after(seller("ben", weight=2), ANN).when(command).then(
        fact(
            LeadAssigned,
            lead_id="lead-1",
            customer_id="customer-1",
            seller_id="ben",
            method="smooth_weighted_round_robin",
            round=1,
            candidates=[
                {"seller_id": "ann", "weight": 1, "open": 0, "credit": 0},
                {"seller_id": "ben", "weight": 2, "open": 0, "credit": 0},
            ],
            product_line="tools",
            need="a pump",
            amount=usd("500").to_data(),
            scope={"org_unit": "north", "team": "field", "owner": "ben"},
            decision=decision(1, round=1, candidates=2, total_weight=3, refused_by=[]),
        )
    )


@pytest.mark.feature("S02")
@pytest.mark.parametrize("before", [(ANN,), (), (ANN, lead(1), ACCEPT)])
def test_a_known_lead_is_not_dealt_again(before: tuple[Any, ...]) -> None:
    after(*before, lead(1)).when(lead(1)).then()


def test_without_a_seller_the_lead_waits() -> None:
    given(POOL).when(lead(1, scope=NORTH)).then(
        fact(
            LeadQueued,
            lead_id="lead-1",
            customer_id="customer-1",
            product_line="tools",
            scope={"org_unit": "north", "team": "field"},
            decision=decision(1, serving=0, refused_by=[]),
        )
    )


@pytest.mark.parametrize(
    "nobody",
    [
        seller("ann", on_duty=False),
        seller("ann", max_open=0),
        seller("ann", lines=("paint",)),
    ],
)
def test_off_duty_full_and_other_lines_are_never_drawn(nobody: Any) -> None:
    after(nobody).when(lead(1)).then_types("pool.lead_queued")
    outcome = after(nobody, BEN).when(lead(1))
    assert drawn(outcome.facts) == [("lead-1", "ben")]


def test_who_comes_on_duty_gets_the_waiting_leads_in_order_up_to_his_capacity() -> None:
    outcome = after(lead(1), lead(2), lead(3)).when(seller("ann", max_open=2))
    assert drawn(outcome.facts) == [("lead-1", "ann"), ("lead-2", "ann")]
    assert list(outcome.state.waiting) == ["lead-3"]


def test_a_lead_nobody_serves_does_not_hold_up_the_next() -> None:
    outcome = after(lead(1, "boats"), lead(2)).when(seller("ann", lines=("tools",)))
    assert drawn(outcome.facts) == [("lead-2", "ann")]


def test_a_new_lead_does_not_overtake_those_that_wait() -> None:
    many = [lead(number) for number in range(DEALT_AT_MOST + 2)]
    before = history(POOL, *many, seller("ann", max_open=100))
    assert len(drawn(before)) == DEALT_AT_MOST
    outcome = given(POOL, *before).when(lead(99))
    assert [lead_id for lead_id, _ in drawn(outcome.facts)] == ["lead-25", "lead-26", "lead-99"]


def test_what_one_commit_cannot_deal_the_next_does() -> None:
    many = [lead(number) for number in range(DEALT_AT_MOST + 2)]
    outcome = after(*many, seller("ann", max_open=100)).when(DealWaiting(NOON))
    assert [lead_id for lead_id, _ in drawn(outcome.facts)] == ["lead-25", "lead-26"]
    assert not outcome.state.waiting


@pytest.mark.feature("S02")
def test_accepting_names_the_opportunity() -> None:
    after(ANN, lead(1, need="a pump", amount=usd("500"), scope=NORTH)).when(ACCEPT).then(
        fact(
            LeadAccepted,
            lead_id="lead-1",
            customer_id="customer-1",
            seller_id="ann",
            opportunity_id="deal-1",
            product_line="tools",
            need="a pump",
            amount=usd("500").to_data(),
            scope={"org_unit": "north", "team": "field", "owner": "ann"},
        )
    )


def test_accepting_frees_capacity_for_the_next_in_the_queue() -> None:
    outcome = after(seller("ann", max_open=1), lead(1), lead(2)).when(ACCEPT)
    outcome.then_types("pool.lead_accepted", "pool.lead_assigned")
    assert drawn(outcome.facts) == [("lead-2", "ann")]


def test_accepting_twice_for_one_opportunity_is_accepting_once() -> None:
    after(ANN, lead(1), ACCEPT).when(ACCEPT).then()


@pytest.mark.parametrize(
    ("before", "command", "code"),
    [
        ((ANN,), ACCEPT, "not-found"),
        ((ANN,), RETURN, "not-found"),
        ((lead(1),), ACCEPT, "lead-not-assigned"),
        ((BEN, lead(1)), ACCEPT, "not-the-assignee"),
        ((BEN, lead(1)), RETURN, "not-the-assignee"),
        (
            (ANN, lead(1), ACCEPT),
            AcceptLead("lead-1", "ann", "deal-2", NOON),
            "lead-already-accepted",
        ),
        ((ANN, lead(1), ACCEPT), RETURN, "lead-already-accepted"),
        ((ANN, lead(1)), RELEASE, "lead-not-accepted"),
        (
            (ANN, lead(1), ACCEPT),
            ReleaseLead("lead-1", "deal-2", NOON),
            "lead-not-accepted",
        ),
    ],
)
def test_answers_out_of_place_are_refused(before: tuple[Any, ...], command: Any, code: str) -> None:
    after(*before).when(command).rejected(code)


def test_a_returned_lead_goes_to_somebody_else_at_once() -> None:
    outcome = after(ANN, BEN, lead(1, scope=NORTH)).when(RETURN)
    outcome.then_types("pool.lead_returned", "pool.lead_assigned")
    assert outcome.facts[0] == fact(
        LeadReturnedToPool,
        lead_id="lead-1",
        customer_id="customer-1",
        seller_id="ann",
        reason="no_time",
    )
    assert drawn(outcome.facts) == [("lead-1", "ben")]
    assert outcome.facts[1].data["decision"]["factors"]["refused_by"] == ["ann"]
    assert outcome.facts[1].data["scope"] == {"org_unit": "north", "team": "field", "owner": "ben"}


def test_a_returned_lead_goes_back_only_to_him_who_is_alone() -> None:
    assert drawn(after(ANN, lead(1)).when(RETURN).facts) == [("lead-1", "ann")]


def test_a_returned_lead_waits_for_the_others_while_they_are_full() -> None:
    before = (ANN, seller("ben", max_open=1), lead(1), lead(2))
    outcome = after(*before).when(RETURN)
    outcome.then_types("pool.lead_returned", "pool.lead_queued")
    freed = after(*before, RETURN).when(AcceptLead("lead-2", "ben", "deal-2", NOON))
    assert drawn(freed.facts) == [("lead-1", "ben")]


def test_when_all_have_returned_it_the_last_one_is_spared() -> None:
    returned = ReturnLead("lead-1", "ben", "no_time", NOON)
    assert drawn(after(ANN, BEN, lead(1), RETURN).when(returned).facts) == [("lead-1", "ann")]


def test_a_returned_lead_comes_before_those_that_wait() -> None:
    before = (
        seller("ann", max_open=1),
        seller("ben", max_open=1),
        lead(1),
        lead(2),
        lead(3),
        lead(4),
        ReturnLead("lead-1", "ann", "no_time", NOON),
    )
    state = POOL.fold(history(POOL, *before))
    assert state.live["lead-3"].seller_id == "ann"
    outcome = after(*before).when(AcceptLead("lead-2", "ben", "deal-2", NOON))
    assert drawn(outcome.facts) == [("lead-1", "ben")]


def test_a_released_lead_is_forgotten_and_may_come_again() -> None:
    after(ANN, lead(1), ACCEPT).when(RELEASE).then(
        fact(
            LeadReleased,
            lead_id="lead-1",
            customer_id="customer-1",
            seller_id="ann",
            opportunity_id="deal-1",
        )
    )
    after(ANN, lead(1), ACCEPT, RELEASE).when(RELEASE).then()
    after(ANN, lead(1), ACCEPT, RELEASE).when(lead(1)).then_types("pool.lead_assigned")


def test_a_pool_is_about_no_customer_and_belongs_to_its_unit() -> None:
    state = POOL.fold(history(POOL, seller("ann", scope=Scope("north")), lead(1)))
    assert POOL.subject(state) is None
    assert POOL.scope(state) == Scope("north")
