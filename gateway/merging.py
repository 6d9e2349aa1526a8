"""Several services' pages of one timeline, merged into one page: pure, so that it can be proved.

All pages begin after the same position. **Nothing is shown that sorts after the end of a page
whose service has more**: beyond that end the service may know an entry that was not fetched. An
entry that only one service knows is shown all the same, as long as every other page reaches as
far or is at the end of its list. So each merged page is exactly the beginning of the sorted union
of what the services hold after that position, and the next one begins at its last item.

A service that gives as many entries as it was asked for never shortens the merged page, for the
union then holds as many up to that page's end. One that gives fewer and says there are more does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice, pairwise, takewhile
from operator import attrgetter
from typing import Any

from events.types import parse_time


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where an entry stands. A timeline runs from the greatest position to the least."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a timeline; `document` is what the service says of it."""

    position: Position
    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.position.id


@dataclass(frozen=True, slots=True)
class Page:
    """One service's entries, newest first; `is_last` when it has none after them."""

    entries: tuple[Entry, ...]
    is_last: bool

    @property
    def reach(self) -> Position | None:
        """The position up to which the service has told all it knows; None: to the very end."""
        return None if self.is_last else self.entries[-1].position


@dataclass(frozen=True, slots=True)
class Merged:
    """The page to show. `missing`: how many of its entries each service did not have."""

    entries: tuple[Entry, ...]
    is_last: bool
    missing: Mapping[str, int]


def merged(pages: Mapping[str, Page], limit: int) -> Merged:
    """The first `limit` entries of all pages together, each once."""
    known = tuple(_each_once(page.entries for page in pages.values()))
    reach = max((page.reach for page in pages.values() if page.reach), default=None)
    told = takewhile(lambda entry: reach is None or entry.position >= reach, known)
    shown = tuple(islice(told, limit))
    return Merged(
        shown,
        is_last=reach is None and len(shown) == len(known),
        missing={name: _missing(page, shown) for name, page in pages.items()},
    )


def _each_once(lists: Iterable[Iterable[Entry]]) -> Iterator[Entry]:
    """Newest first. What several services know is told in the words of the first."""
    seen = set()
    for entry in merge(*lists, key=attrgetter("position"), reverse=True):
        if entry.id not in seen:
            seen.add(entry.id)
            yield entry


def _missing(page: Page, shown: Iterable[Entry]) -> int:
    """Exact, because nothing beyond the page's reach is shown."""
    had = {entry.id for entry in page.entries}
    return sum(entry.id not in had for entry in shown)


def page_from(told: Mapping[str, Any], after: Position | None) -> Page:
    """A service's answer as a page; ValueError when it can't be one.

    Out of order, before `after`, or with more to come and nothing shown: merging it would lose or
    double entries, so the service counts as one that didn't answer.
    """
    try:
        items, cursor = told["items"], told["next_cursor"]
        entries = tuple(_entry(item) for item in items)
    except (KeyError, TypeError, AttributeError, OverflowError) as wrong:
        raise ValueError("no page of a timeline") from wrong
    path = [*([after] if after else []), *(entry.position for entry in entries)]
    if any(older >= newer for newer, older in pairwise(path)):
        raise ValueError("a page out of order")
    if cursor is not None and not entries:
        raise ValueError("an empty page with more to come")
    return Page(entries, is_last=cursor is None)


def _entry(item: Any) -> Entry:
    at, id = item["at"], item["id"]
    if not isinstance(id, str):
        raise TypeError("an id is a string")
    return Entry(Position(parse_time(at), id), item)
