"""What a subscriber asks for: types, and one customer.

Where a customer's events are follows from how keys are chosen: a stream that begins with a
customer has him for its key. The streams of some aggregates belong to nobody and name customers
in some of their events (a pool that assigns leads): those lie anywhere in their topic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from events.contracts.base import Contract, all_contracts
from events.contracts.upcasting import latest
from events.envelope import Event
from gateway.platform.feed.layout import Layout
from gateway.platform.feed.reader import Lanes

TYPE_PATTERN = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.\*)?")
"""A wire type, or the beginning of one: `crm.sales.*`."""

MAX_TYPE_CHARS, MAX_TYPES = 200, 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything, unless it says otherwise."""

    types: tuple[str, ...] = ()
    customer: str | None = None

    def type(self, wire_type: str) -> bool:
        """By the record's header alone; a record without one has to be opened."""
        return not self.types or not wire_type or _matches(self.types, wire_type)

    def event(self, event: Event) -> bool:
        """Also for records without a header, and of other customers in the same partition."""
        about = self.customer is None or event.subject == self.customer
        return about and self.type(event.type)

    def lanes(self, layout: Layout) -> Lanes:
        """The partitions to read, those together that are to be in one order."""
        if self.customer is None:
            return tuple(layout.lane(number) for number in range(layout.partitions))
        places = set(layout.lane(layout.number_of(self.customer)))
        shared = {context for context, wire_type in _shared() if self.type(wire_type)}
        for topic in layout.topics:
            if topic.split(".")[-2] in shared:
                places.update(layout.places_of(topic))
        return (tuple(sorted(places)),)


def shared_contracts(contracts: Iterable[type[Contract]]) -> list[type[Contract]]:
    """Contracts that name a customer, of aggregates that also have events that name none."""
    naming = {one: "customer_id" in one().fields for one in contracts}
    nobodys = {(one.CONTEXT, one.AGGREGATE) for one, names in naming.items() if not names}
    return [
        one for one, names in naming.items() if names and (one.CONTEXT, one.AGGREGATE) in nobodys
    ]


@cache
def _shared() -> tuple[tuple[str, str], ...]:
    """Context and type of each event that may lie outside of its customer's partition."""
    found = shared_contracts(all_contracts().values())
    return tuple((one.CONTEXT, one.TYPE) for one in found)


@lru_cache(maxsize=4096)
def _matches(types: Sequence[str], wire_type: str) -> bool:
    """As it was written, or as it is shown: an old version of a type arrives as the latest."""
    names = (wire_type, latest(wire_type))
    return any(
        name == one or (one.endswith(".*") and name.startswith(one[:-1]))
        for one in types
        for name in names
    )
