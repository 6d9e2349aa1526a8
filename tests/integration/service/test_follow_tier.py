"""The first loop that closes: a customer's tier moves the priority of the cases still open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from events.contracts.base import Fact
from events.contracts.service import CasePrioritized
from events.envelope import Event
from events.types import new_id
from tests.happened import about, happened
from tests.house import House
from tests.unit.service.test_views import tier_changed

pytestmark = pytest.mark.integration


def tiers(customer_id: str, *names: str) -> list[Event]:
    facts = [Fact(event.type, event.data) for event in tier_changed(*names)]
    return happened(customer_id, *(about(fact, customer_id=customer_id) for fact in facts))


def opened(house: House, customer_id: str, **changes: Any) -> str:
    """The path of a new case of normal priority."""
    body = {"customer_id": customer_id, "kind": "fault", "subject": "It is loud", **changes}
    return str(house.post("/v1/cases", body).headers["Location"])


def moves(house: House, path: str) -> list[dict[str, Any]]:
    """The events that moved the case's priority, as the store has them."""
    stream = f"case-{path.rpartition('/')[2]}"
    return [
        {"actor": commit["actor"], "caused_by": commit.get("causation_id"), **event["data"]}
        for commit in house.commits()
        for event in commit["events"]
        if commit["stream"] == stream and event["type"] == CasePrioritized.TYPE
    ]


def test_open_cases_follow_the_tier_and_say_why(house: House) -> None:
    ada = new_id()
    paths = [opened(house, ada), opened(house, ada, priority="low")]
    events = tiers(ada, "vip")

    house.hear(*events)

    for path in paths:
        case = house.get(path).json
        assert (case["priority"], case["tier"], case["version"]) == ("urgent", "vip", 2)
        (move,) = moves(house, path)
        assert move["decision"]["cause_event_ids"] == [events[0].id]
        assert move["decision"]["factors"]["tier"] == "vip"
        assert (move["actor"], move["caused_by"]) == ("reaction:follow-tier", events[0].id)


def test_cases_of_others_and_cases_that_are_done_stay(house: House) -> None:
    ada = new_id()
    other, done = opened(house, new_id()), opened(house, ada)
    house.change(f"{done}/resolve", {"cause_code": "worn_part", "resolution": "New bearings."})

    house.hear(*tiers(ada, "vip"))

    assert moves(house, other) == moves(house, done) == []


def test_a_case_that_is_pressing_enough_gets_no_event(house: House) -> None:
    ada = new_id()
    path = opened(house, ada, priority="urgent")
    house.hear(*tiers(ada, "caring"))
    assert moves(house, path) == []


def test_a_tier_that_falls_gives_back_what_was_asked(house: House) -> None:
    ada = new_id()
    path = opened(house, ada)
    house.hear(*tiers(ada, "vip", "adaptive"))
    assert [move["to"] for move in moves(house, path)] == ["urgent", "normal"]


def test_the_same_change_twice_moves_once(house: House) -> None:
    ada = new_id()
    path = opened(house, ada)
    house.hear(*tiers(ada, "vip"))
    house.hear(*tiers(ada, "vip"))
    assert len(moves(house, path)) == 1


def test_a_new_case_takes_the_tier_as_service_knows_it(house: House) -> None:
    ada = new_id()
    house.hear(*tiers(ada, "vip"))
    case = house.get(opened(house, ada)).json
    assert (case["priority"], case["asked_priority"], case["tier"]) == ("urgent", "normal", "vip")
    assert case["version"] == 1


def test_a_case_that_was_opened_while_the_tier_changed_catches_up(house: House) -> None:
    """The tier comes before the case on the topics, and after it was decided in service."""
    ada = new_id()
    events = tiers(ada, "vip")
    body = {"customer_id": ada, "kind": "fault", "subject": "It is loud"}
    answer = house.client.post("/v1/cases", json=body)
    house.publish(events)
    assert house.project()
    assert house.react()
    house.settle()

    path = answer.headers["Location"]
    assert house.get(path).json["priority"] == "urgent"
    (move,) = moves(house, path)
    assert move["decision"]["cause_event_ids"] == [events[0].id]


def test_a_case_that_was_done_while_the_tier_changed_catches_up_when_reopened(
    house: House,
) -> None:
    ada = new_id()
    path = opened(house, ada)
    house.change(f"{path}/resolve", {"cause_code": "worn_part", "resolution": "New bearings."})
    house.hear(*tiers(ada, "vip"))

    house.change(f"{path}/reopen", {"reason": "still_broken"})

    assert house.get(path).json["priority"] == "urgent"


def test_a_person_outranks_a_tier_that_was_followed_already(house: House) -> None:
    ada = new_id()
    house.hear(*tiers(ada, "vip"))
    path = opened(house, ada)
    house.change(f"{path}/prioritize", {"priority": "low", "cause": "agreed"})
    house.change(f"{path}/resolve", {"cause_code": "worn_part", "resolution": "New bearings."})

    house.change(f"{path}/reopen", {"reason": "still_broken"})

    assert house.get(path).json["priority"] == "low"


def test_history_moves_nothing(house: House) -> None:
    """Backfilled changes of tier are told to views; nobody acts on them."""
    ada = new_id()
    path = opened(house, ada)
    house.hear(*(replace(event, backfilled=True) for event in tiers(ada, "vip")))
    assert moves(house, path) == []
    assert house.get(f"/v1/customers/{ada}/summary").json["tier"] == "vip"
