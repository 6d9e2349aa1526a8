"""However the services' timelines differ, paging through the merged one shows their union once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.types import format_time
from gateway.merging import Entry, Merged, Page, Position, merged, page_from

NAMES = ("marketing", "sales", "service", "analytics")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
Held = frozenset[Position]


@dataclass(frozen=True)
class Service:
    """Gives at most `most` entries a page, whatever it is asked for."""

    held: Held
    most: int

    def page(self, after: Position | None, limit: int) -> Page:
        older = sorted((one for one in self.held if after is None or one < after), reverse=True)
        shown = older[: min(limit, self.most)]
        return Page(entries(*shown), is_last=len(shown) == len(older))


def entries(*places: Position) -> tuple[Entry, ...]:
    return tuple(Entry(place, {"id": place.id}) for place in places)


@st.composite
def divided(draw: st.DrawFn, most: st.SearchStrategy[int]) -> dict[str, Service]:
    """Of everything that happened each service knows any part.

    There are few moments, so many entries share one and only their ids tell them apart.
    """
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    size = draw(st.integers(0, 20))  # drawn first: lists alone would mostly be short
    hours = draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))
    knowing = st.frozensets(st.sampled_from(names))
    known_by = draw(st.lists(knowing, min_size=size, max_size=size))
    held: dict[str, set[Position]] = {name: set() for name in names}
    for number, (hour, knowers) in enumerate(zip(hours, known_by, strict=True)):
        place = Position(NOON + timedelta(hours=hour), f"order-{number:02d}@0000000001")
        for name in knowers:
            held[name].add(place)
    return {name: Service(frozenset(held[name]), draw(most)) for name in names}


HONEST = st.just(200)
STINGY = st.integers(1, 4)
"""Gives less than it is asked for, and says that there is more."""


def paged(
    services: Mapping[str, Service],
    limit: int,
    between: Callable[[Mapping[str, Service]], Mapping[str, Service]] = lambda same: same,
) -> list[Merged]:
    """All pages to the end; `between` two of them the services may change."""
    after, pages = None, []
    while True:
        page = merged({name: one.page(after, limit) for name, one in services.items()}, limit)
        pages.append(page)
        if page.is_last:
            return pages
        assert page.entries, "a page with more to come shows something, or paging never ends"
        after, services = page.entries[-1].position, between(services)


def shown(pages: Sequence[Merged]) -> list[Position]:
    return [entry.position for page in pages for entry in page.entries]


def union(services: Mapping[str, Service]) -> list[Position]:
    return sorted(frozenset[Position]().union(*(one.held for one in services.values())))[::-1]


@given(divided(HONEST | STINGY), st.integers(1, 8))
def test_the_pages_are_the_sorted_union_each_once(services: dict[str, Service], limit: int) -> None:
    pages = paged(services, limit)
    assert shown(pages) == union(services)
    assert all(len(page.entries) <= limit for page in pages)


@given(divided(HONEST), st.integers(1, 8))
def test_whoever_gives_what_it_is_asked_for_never_shortens_a_page(
    services: dict[str, Service], limit: int
) -> None:
    *full, _last = paged(services, limit)
    assert all(len(page.entries) == limit for page in full)


@given(divided(HONEST | STINGY), st.integers(1, 8))
def test_missing_counts_what_of_the_page_a_service_does_not_hold(
    services: dict[str, Service], limit: int
) -> None:
    for page in paged(services, limit):
        places = {entry.position for entry in page.entries}
        assert page.missing == {name: len(places - one.held) for name, one in services.items()}


@given(divided(HONEST | STINGY), st.integers(1, 4), st.data())
def test_what_arrives_while_one_pages_doubles_nothing_and_hides_nothing(
    services: dict[str, Service], limit: int, data: st.DataObject
) -> None:
    """Services catch up with one another, and new things happen, between any two pages."""
    everything = union(services)
    news = [Position(NOON + timedelta(days=1), f"case-{n}@0000000001") for n in range(5)]
    arriving = st.frozensets(st.sampled_from([*everything, *news]), max_size=5)

    def grown(now: Mapping[str, Service]) -> Mapping[str, Service]:
        return {
            name: Service(one.held | data.draw(arriving), one.most) for name, one in now.items()
        }

    # Nobody learns anything that was not somewhere from the start, or is newer than all of it.
    assert shown(paged(services, limit, grown)) == everything


def test_an_entry_is_told_in_the_words_of_one_service() -> None:
    place = Position(NOON, "order-1@0000000001")
    pages = {
        name: Page((Entry(place, {"by": name}),), is_last=True) for name in ("sales", "service")
    }
    assert [entry.document for entry in merged(pages, 5).entries] == [{"by": "sales"}]


# --- what a service answers


def item(hour: int, id: str = "order-1@0000000001") -> dict[str, Any]:
    return {"id": id, "at": format_time(NOON + timedelta(hours=hour)), "data": {}}


def told(*items: Any, more: bool = False) -> dict[str, Any]:
    return {"items": list(items), "next_cursor": "x" if more else None}


def test_a_page_is_read_as_it_was_told() -> None:
    page = page_from(told(item(3), item(1, "b"), item(1, "a"), more=True), None)
    assert [entry.position for entry in page.entries] == [
        Position(NOON + timedelta(hours=3), "order-1@0000000001"),
        Position(NOON + timedelta(hours=1), "b"),
        Position(NOON + timedelta(hours=1), "a"),
    ]
    assert page.entries[0].document == item(3)
    assert page.reach == page.entries[-1].position
    assert page_from(told(), None) == Page((), is_last=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"items": []},
        {"next_cursor": None},
        {"items": None, "next_cursor": None},
        {"items": {"a": 1}, "next_cursor": None},
        told(1),
        told({}),
        told({"id": "a"}),
        told({"id": 1, "at": format_time(NOON)}),
        told({"id": "a", "at": 5}),
        told({"id": "a", "at": "noon"}),
        told({"id": "a", "at": "2026-01-31T12:00:00"}),
        told({"id": "a", "at": "0001-01-01T00:00:00+14:00"}),
        told(item(1), item(2)),
        told(item(1, "a"), item(1, "b")),
        told(item(1), item(1)),
        told(more=True),
        told(item(5)),
        told(item(4, "after")),
    ],
)
def test_what_can_not_be_a_page_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        page_from(wrong, Position(NOON + timedelta(hours=4), "after"))
