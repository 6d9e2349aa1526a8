"""By which rules one event is a cause of another, and the walk along them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.contracts.base import all_contracts
from events.projection.timeline import entry_of
from events.types import StreamId
from services.analytics.api.drawing import drawing, escaped, label
from services.analytics.domain.causes import (
    DATA,
    ENVELOPE,
    NO_REFERENCES,
    REFERENCES,
    SHARED,
    Happening,
    Link,
    happening,
)
from services.analytics.domain.walk import Look, first_touch, walk
from tests.happened import NOON, happened
from tests.unit.sales import mothers


def one(id: str, stream: str = "case-1", version: int = 2, day: int = 0, **more: Any) -> Happening:
    given: dict[str, Any] = {
        "type": "crm.service.case.resolved.v1",
        "source": "service",
        "at": NOON + timedelta(days=day),
        "actor": "ada",
        "correlation_id": "c",
        "customer_id": "ada",
        **more,
    }
    return Happening(
        id=id, stream=StreamId(stream), version=version, recorded_at=given["at"], **given
    )


def test_every_field_that_names_an_aggregate_is_a_reference_or_has_a_reason_not_to_be() -> None:
    aggregates = {schema.AGGREGATE for schema in all_contracts().values()}
    fields = {name for schema in all_contracts().values() for name in schema().fields}
    named = {f"{aggregate}_id" for aggregate in aggregates} & fields
    assert named <= REFERENCES.keys() | NO_REFERENCES.keys()
    assert not REFERENCES.keys() & NO_REFERENCES.keys()
    assert all(field == f"{aggregate}_id" for field, aggregate in REFERENCES.items())
    assert SHARED.keys() <= aggregates
    assert {field for field in SHARED.values() if field} <= REFERENCES.keys()


def test_an_event_names_its_causes_in_the_order_of_the_rules() -> None:
    event = one("e", causation_id="c", evidence=("d1", "d2"))
    assert event.named == (("causation", "c"), ("decision", "d1"), ("decision", "d2"))
    assert one("e").named == ()


def test_only_the_first_event_of_a_stream_refers_and_never_to_itself() -> None:
    refers = (("case_id", "1"), ("interaction_id", "7"), ("order_id", "9"))
    assert one("e", version=1, refers=refers).references == ("interaction-7", "order-9")
    assert one("e", version=2, refers=refers).references == ()


def test_in_a_shared_stream_an_event_belongs_to_its_lead() -> None:
    dealt = one("e", "pool-north", refers=(("lead_id", "l"), ("opportunity_id", "o")))
    assert dealt.strand == ("lead_id", "l")
    assert not dealt.stands_alone
    assert one("e", "pool-north").stands_alone
    assert one("e", "tier_policy-p", refers=(("lead_id", "l"),)).stands_alone
    assert one("e", refers=(("lead_id", "l"),)).strand is None
    assert not one("e").stands_alone


def test_an_entry_of_the_timeline_is_read_without_its_data() -> None:
    (event,) = happened("o-1", mothers.placed(opportunity_id="d-1"))
    entry = entry_of(event)
    read = {name: entry[name] for name in ENVELOPE if name in entry}
    data = {name.removeprefix("data."): True for name in DATA}
    read["data"] = {name: value for name, value in entry["data"].items() if name in data}
    assert happening(read) == happening(entry)
    assert happening(entry).refers[0] == ("opportunity_id", "d-1")
    assert happening(entry).entry == event.entry


def along(graph: Mapping[str, Sequence[str]]) -> Look:
    """A step in a graph of ids: from each to those it names."""

    def look(events: Sequence[Happening]) -> list[tuple[Link, Happening]]:
        return [
            (Link(there, event.id, "causation"), one(there))
            for event in events
            for there in graph.get(event.id, ())
        ]

    return look


def ids(events: Sequence[Happening]) -> list[str]:
    return [event.id for event in events]


def test_a_walk_finds_the_nearest_first_and_each_event_once() -> None:
    told = walk(one("a"), along({"a": "bc", "b": "d", "c": "d", "d": "e"}))
    assert ids(told.events) == list("bcde")
    assert {(link.effect, link.cause) for link in told.links} == set(
        zip("aabcd", "bcdde", strict=True)
    )
    assert not told.cut


@pytest.mark.parametrize(
    "graph", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "b"}]
)
def test_a_walk_ends_on_a_circle(graph: Mapping[str, str]) -> None:
    told = walk(one("a"), along(graph))
    assert {*ids(told.events), "a"} == set(graph)
    assert not told.cut


@pytest.mark.parametrize(("depth", "cut"), [(3, True), (4, False), (5, False)])
def test_a_walk_that_is_too_deep_says_so(depth: int, cut: bool) -> None:
    told = walk(one("a"), along({"a": "b", "b": "c", "c": "d", "d": "e"}), depth=depth)
    assert ids(told.events) == list("bcde")[:depth]
    assert told.cut is cut


@pytest.mark.parametrize(("most", "cut"), [(3, True), (4, False), (5, False)])
def test_a_walk_that_is_too_wide_says_so(most: int, cut: bool) -> None:
    told = walk(one("a"), along({"a": "bc", "b": "de"}), most=most)
    assert ids(told.events) == list("bcde")[:most]
    assert told.cut is cut


NAMES = st.sampled_from("abcdefgh")


@given(st.dictionaries(NAMES, st.lists(NAMES)), st.integers(1, 8), st.integers(1, 8))
def test_a_walk_keeps_its_bounds_and_links_only_what_it_found(
    graph: dict[str, list[str]], most: int, depth: int
) -> None:
    told = walk(one("a"), along(graph), most=most, depth=depth)
    found = ids(told.events)
    assert len(set(found)) == len(found) <= most
    assert "a" not in found
    assert {end for link in told.links for end in (link.cause, link.effect)} <= {"a", *found}
    assert told.cut or closed({"a", *found}, graph)


def closed(found: set[str], graph: Mapping[str, Sequence[str]]) -> bool:
    return {there for here in found for there in graph.get(here, ())} <= found


def test_the_first_touch_is_the_earliest_about_the_same_customer() -> None:
    event, policy = one("e", day=9), one("p", day=0, customer_id=None)
    touches = [policy, one("t2", day=5), one("t1", day=2), one("other", day=1, customer_id="bob")]
    assert first_touch(event, touches).id == "t1"
    assert first_touch(event, [policy]).id == "e"


def test_a_drawing_goes_from_the_first_on_and_joins_the_kinds_of_a_pair() -> None:
    lead = one("x", type="crm.marketing.lead.captured.v1", source="marketing", day=1)
    order = one("y", type="crm.sales.order.placed.v2", source="sales", day=2)
    links = [Link("x", "y", "causation"), Link("x", "y", "decision")]
    assert drawing(order, [lead], links, cut=False).splitlines() == [
        "flowchart LR",
        '  e0["marketing: lead captured (2026-02-01)"]',
        '  e1["sales: order placed (2026-02-02)"]',
        "  e0 -->|causation, decision| e1",
        "  style e1 stroke-width:4px",
    ]
    assert "there is more" in drawing(order, [lead], links, cut=True)


def test_no_word_of_an_event_ends_its_label() -> None:
    assert escaped('a"]; click e0') == "a#34;#93;#59; click e0"
    assert label(one("e", type='x"] --> y')) == "service: x#34;#93; --#62; y (2026-01-31)"
