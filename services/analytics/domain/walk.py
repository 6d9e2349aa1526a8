"""The walk from an event along causes, or along effects: breadth first, bounded, no event twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.analytics.domain.causes import Happening, Link

MOST = 200
"""Events found in one direction: more than a person reads, or a drawing shows."""

DEPTH = 50
"""Steps in one direction."""

Look = Callable[[Sequence[Happening]], Iterable[tuple[Link, Happening]]]
"""One step: the links of these events in one direction, each with the event at its far end."""


@dataclass(frozen=True, slots=True)
class Walk:
    """`events` without the one it started from, the nearest first. `cut`: there were more."""

    events: tuple[Happening, ...]
    links: tuple[Link, ...]
    cut: bool


def walk(start: Happening, look: Look, *, most: int = MOST, depth: int = DEPTH) -> Walk:
    """Everything that `look` reaches from `start`; ends on cycles, too."""
    found, links = {start.id: start}, dict[Link, None]()
    frontier: list[Happening] = [start]
    for _ in range(depth):
        fresh: list[Happening] = []
        for link, event in look(frontier):
            if event.id not in found:
                if len(found) > most:
                    return _walk(found, links, cut=True)
                found[event.id] = event
                fresh.append(event)
            links[link] = None
        frontier = fresh
        if not frontier:
            return _walk(found, links, cut=False)
    return _walk(found, links, cut=any(event.id not in found for _, event in look(frontier)))


def _walk(found: dict[str, Happening], links: dict[Link, None], *, cut: bool) -> Walk:
    _, *events = found.values()
    return Walk(tuple(events), tuple(links), cut)


def first_touch(event: Happening, causes: Sequence[Happening]) -> Happening:
    """The earliest cause about the same customer; without one, the event itself.

    Policies and capacities are older than any customer, and a condition rather than a touch.
    """
    same = [one for one in causes if one.customer_id == event.customer_id]
    return min([event, *same], key=lambda one: (one.at, one.entry))
