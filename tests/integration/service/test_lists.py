"""Service's lists: what they hold, and that indexes serve whatever may be asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from events.deciding import Scope
from events.envelope import Event
from services.service.api.case_answers import CaseAnswer
from services.service.api.interactions import InteractionAnswer
from services.service.definition import DEFINITION
from services.service.views.cases import FILTERS as CASE_FILTERS
from services.service.views.cases import SORTS as CASE_SORTS
from services.service.views.interactions import FILTERS as INTERACTION_FILTERS
from services.service.views.interactions import SORTS as INTERACTION_SORTS
from tests.happened import MINUTE, NOON, about, happened
from tests.house import House, opened
from tests.profiled import check_lists
from tests.unit.service import mothers

pytestmark = pytest.mark.integration

URGENT = {"priority": "urgent", "due": mothers.due(1, 8)}
PRIORITIES: tuple[dict[str, Any], ...] = ({}, URGENT)


@pytest.fixture(scope="module")
def house(mongodb_uri: str) -> Iterator[House]:
    """Twenty cases and twenty contacts of five customers."""
    with opened(DEFINITION, mongodb_uri) as house:
        for number in range(20):
            house.publish(_case(number) + _contact(number))
        house.settle()
        yield house


def _case(number: int) -> list[Event]:
    """Every second is urgent; three of four stay open; sam and kim own four in turns."""
    whose = {"case_id": f"k-{number:02}", "customer_id": f"c-{number // 4}"}
    start = NOON + number * MINUTE
    first = mothers.opened(opened_at=mothers.format_time(start), **PRIORITIES[number % 2])
    facts = [first, mothers.resolved()][: 2 if number % 4 == 3 else 1]
    owner = Scope("north", owner=("sam", "kim")[number // 4 % 2])
    return happened(
        f"k-{number:02}", *(about(one, **whose) for one in facts), start=start, scope=owner
    )


def _contact(number: int) -> list[Event]:
    whose = {"interaction_id": f"i-{number:02}", "customer_id": f"c-{number // 4}"}
    facts = [mothers.started(), mothers.ended()][: 1 + number % 2]
    return happened(
        f"i-{number:02}", *(about(one, **whose) for one in facts), start=NOON + number * MINUTE
    )


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.json["items"]]


def test_indexes_serve_every_list_of_cases(house: House) -> None:
    values = {
        "status": "open",
        "priority": "normal",
        "kind": "fault",
        "customer_id": "c-1",
        "owner": "kim",
    }
    assert set(values) == set(CASE_FILTERS)
    check_lists(house, "/v1/cases", "cases", values, CASE_SORTS)


def test_indexes_serve_every_list_of_interactions(house: House) -> None:
    values = {"status": "ended", "channel": "voice", "customer_id": "c-1"}
    assert set(values) == set(INTERACTION_FILTERS)
    check_lists(house, "/v1/interactions", "interactions", values, INTERACTION_SORTS)


def test_the_open_cases_of_a_customer_are_read_without_the_others(house: House) -> None:
    """As the summary and the reaction to a changed tier do."""
    found = (
        house.views.collection("cases")
        .find({"customer_id": "c-1", "status": "open"}, ["_id"])
        .sort([("due_at", 1), ("_id", 1)])
        .explain()["executionStats"]
    )
    assert found["totalKeysExamined"] == found["nReturned"] == 3


def test_a_work_list_begins_with_what_is_due_first(house: House) -> None:
    first = ids(house.get("/v1/cases", status="open", sort="due_at", limit=4))
    assert first == ["k-01", "k-05", "k-09", "k-13"]


def test_cases_come_newest_first(house: House) -> None:
    assert ids(house.get("/v1/cases", limit=2)) == ["k-19", "k-18"]


def test_filters_narrow(house: House) -> None:
    assert ids(house.get("/v1/cases", owner="kim", status="resolved")) == ["k-15", "k-07"]
    assert ids(house.get("/v1/cases", customer_id="c-2", priority="urgent")) == ["k-11", "k-09"]
    assert ids(house.get("/v1/cases", kind="question")) == []
    assert ids(house.get("/v1/interactions", customer_id="c-0", status="ended")) == ["i-03", "i-01"]


def test_answers_hold_what_their_schemas_say(house: House) -> None:
    for path, schema in (("/v1/cases", CaseAnswer()), ("/v1/interactions", InteractionAnswer())):
        for item in house.get(path).json["items"]:
            required = {name for name, field in schema.fields.items() if field.required}
            assert required <= set(item) <= set(schema.fields)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/v1/cases", {"status": "lost"}),
        ("/v1/cases", {"sort": "priority"}),
        ("/v1/cases", {"team": "desk-1"}),
        ("/v1/interactions", {"channel": "pigeon"}),
        ("/v1/interactions", {"sort": "ended_at"}),
    ],
)
def test_what_is_no_filter_is_refused_by_name(
    house: House, path: str, wrong: dict[str, str]
) -> None:
    answer = house.get(path, **wrong)
    assert answer.status_code == 400
    assert answer.get_json(force=True)["errors"][0]["parameter"] == next(iter(wrong))
