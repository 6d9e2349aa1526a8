"""Marketing's lists: what they hold, and that indexes serve whatever may be asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.marketing.api.customers import CustomerItem
from services.marketing.api.leads import LeadAnswer
from services.marketing.definition import DEFINITION
from services.marketing.views.customers import FILTERS as CUSTOMER_FILTERS
from services.marketing.views.customers import SORTS as CUSTOMER_SORTS
from services.marketing.views.leads import FILTERS as LEAD_FILTERS
from services.marketing.views.leads import SORTS as LEAD_SORTS
from tests.happened import MINUTE, NOON, about, happened
from tests.house import House, opened
from tests.profiled import check_lists
from tests.unit.marketing import mothers

pytestmark = pytest.mark.integration

NAMES = ("Zoe", "de Vries", "Ada", "de Vries", None)
SOURCES = ("web_form", "fair")


@pytest.fixture(scope="module")
def house(mongodb_uri: str) -> Iterator[House]:
    """Twenty customers with one lead each; every second lead is qualified."""
    with opened(DEFINITION, mongodb_uri) as house:
        for number in range(20):
            house.publish(_customer(number) + _lead(number))
        house.settle()
        yield house


def _customer(number: int) -> list[Any]:
    # Numbers are shared only here, past the store: pages of one filter need two of them.
    changes = {
        "customer_id": f"c-{number:02}",
        "source": SOURCES[number // 2 % 2],
        "member_no": f"M-{number // 4}",
    }
    one = about(mothers.registered(name=NAMES[number % 5]), **changes)
    return happened(f"c-{number:02}", one, start=NOON + number * MINUTE)


def _lead(number: int) -> list[Any]:
    whose = {"lead_id": f"l-{number:02}", "customer_id": f"c-{number // 4:02}"}
    facts = [mothers.captured(), mothers.qualified()][: 1 + number % 2]
    return happened(
        f"l-{number:02}", *(about(one, **whose) for one in facts), start=NOON + number * MINUTE
    )


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.json["items"]]


def test_indexes_serve_every_list_of_customers(house: House) -> None:
    values = {
        "status": "registered",
        "kind": "person",
        "source": "web_form",
        "member_no": "M-1",
    }
    assert set(values) == set(CUSTOMER_FILTERS)
    check_lists(house, "/v1/customers", "customers", values, CUSTOMER_SORTS)


def test_indexes_serve_every_list_of_leads(house: House) -> None:
    values = {"status": "captured", "channel": "booth", "customer_id": "c-01"}
    assert set(values) == set(LEAD_FILTERS)
    check_lists(house, "/v1/leads", "leads", values, LEAD_SORTS)


def test_customers_come_newest_first(house: House) -> None:
    assert ids(house.get("/v1/customers", limit=3)) == ["c-19", "c-18", "c-17"]


def test_names_are_sorted_without_regard_to_case_and_pages_join(house: House) -> None:
    names: list[str | None] = []
    cursor: dict[str, str] = {}
    while True:
        page = house.get("/v1/customers", sort="name", limit=7, **cursor).json
        names += [item.get("name") for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert names == [None] * 4 + ["Ada"] * 4 + ["de Vries"] * 8 + ["Zoe"] * 4


def test_a_list_tells_no_more_of_a_customer_than_its_schema(house: House) -> None:
    (item,) = house.get("/v1/customers", limit=1).json["items"]
    assert set(item) <= set(CustomerItem().fields)
    assert "profile" not in item


def test_filters_narrow(house: House) -> None:
    assert ids(house.get("/v1/customers", member_no="M-1", source="fair")) == ["c-07", "c-06"]
    assert ids(house.get("/v1/leads", customer_id="c-01", status="captured")) == ["l-06", "l-04"]
    assert ids(house.get("/v1/leads", channel="phone")) == []


def test_a_lead_in_a_list_is_whole(house: House) -> None:
    (item,) = house.get("/v1/leads", status="qualified", limit=1).json["items"]
    assert set(item) <= set(LeadAnswer().fields)
    assert item["budget"] == {"amount": "17000.00", "currency": "GBP"}


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/v1/customers", {"status": "gone"}),
        ("/v1/customers", {"sort": "source"}),
        ("/v1/customers", {"nmae": "Ada"}),
        ("/v1/leads", {"status": "open"}),
        ("/v1/leads", {"sort": "status"}),
    ],
)
def test_what_is_no_filter_is_refused_by_name(
    house: House, path: str, wrong: dict[str, str]
) -> None:
    answer = house.get(path, **wrong)
    assert answer.status_code == 400
    assert answer.get_json(force=True)["errors"][0]["parameter"] == next(iter(wrong))
