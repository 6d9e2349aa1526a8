"""What a subscriber asks for, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from events.contracts.base import all_contracts
from events.contracts.upcasting import UPCASTERS
from gateway.platform.feed.layout import Layout
from gateway.platform.feed.wanted import Wanted, _matches, shared_contracts
from tests.conformance.making import event

CONTEXTS = ("marketing", "sales", "service", "analytics", "platform")
LAYOUT = Layout(tuple(f"my.crm.{one}.events" for one in CONTEXTS), ("id",) * 5, 4)
PLACED, WON = "crm.sales.order.placed.v1", "crm.sales.opportunity.won.v1"


@pytest.mark.parametrize(
    ("types", "wanted", "unwanted"),
    [
        ((PLACED,), [PLACED], [WON, PLACED + "0", "crm.sales.order.placed"]),
        (("crm.sales.*",), [PLACED, WON], ["crm.salesforce.x.y.v1", "crm.sales", "my.crm.sales.x"]),
        (("crm.sales.order.*", WON), [PLACED, WON], ["crm.sales.opportunity.lost.v1"]),
        ((), [PLACED, WON, "anything"], []),
    ],
)
def test_types(types: tuple[str, ...], wanted: list[str], unwanted: list[str]) -> None:
    asked = Wanted(types)
    assert all(asked.type(one) for one in wanted)
    assert not any(asked.type(one) for one in unwanted)


@pytest.fixture
def upcast() -> Iterator[None]:
    """Between two tests the type `placed` has become v2."""
    UPCASTERS.upcaster("crm.sales.order.placed", from_version=1)(lambda data: data)
    _matches.cache_clear()
    yield
    del UPCASTERS._steps[PLACED]
    _matches.cache_clear()


@pytest.mark.usefixtures("upcast")
def test_an_old_version_is_found_by_its_old_and_by_its_new_name() -> None:
    assert Wanted((PLACED,)).type(PLACED)
    assert Wanted(("crm.sales.order.placed.v2",)).type(PLACED)


def test_a_record_without_a_header_is_opened_first() -> None:
    asked = Wanted((WON,))
    assert asked.type("")
    assert not asked.event(event(type=PLACED))


def test_of_a_customer_only_his_events() -> None:
    asked = Wanted(customer="customer-7")
    assert asked.event(event(subject="customer-7"))
    assert not asked.event(event(subject="customer-8"))
    assert not asked.event(event(subject=None))


def test_without_a_customer_each_number_is_a_lane() -> None:
    assert Wanted().lanes(LAYOUT) == tuple(LAYOUT.lane(number) for number in range(4))
    assert sorted(place for lane in Wanted().lanes(LAYOUT) for place in lane) == list(range(20))


def test_a_customer_has_one_lane_his_own_and_where_pools_name_him() -> None:
    own = set(LAYOUT.lane(LAYOUT.number_of("customer-7")))
    [lane] = Wanted(customer="customer-7").lanes(LAYOUT)
    assert set(lane) == own | set(LAYOUT.places_of("my.crm.sales.events"))


def test_who_asks_for_other_types_does_not_read_the_pools() -> None:
    asked = Wanted(("crm.sales.order.*", "crm.service.*"), "customer-7")
    [lane] = asked.lanes(LAYOUT)
    assert lane == LAYOUT.lane(LAYOUT.number_of("customer-7"))


def test_only_pools_name_customers_in_a_stream_of_nobody() -> None:
    """A new aggregate of that kind costs readers of one customer another topic: think twice."""
    found = shared_contracts(all_contracts().values())
    assert {(one.CONTEXT, one.AGGREGATE) for one in found} == {("sales", "pool")}
