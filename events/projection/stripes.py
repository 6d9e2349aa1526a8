"""Counters over everything, kept in stripes: hot documents would make transactions conflict.

@totals.on(OrderCompleted, key=stripe_of)
def completed(doc: Document, event: Event) -> None: …

sum_stripes(views.collection("totals").find())
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from kafka.partitioner import murmur2

from events.envelope import Event

STRIPES = 24
"""A multiple of every partition count that we use (6 and 24), with Kafka's own hash: a stripe
belongs to one partition, so two processes never write the same counter."""


def stripe_of(event: Event) -> str:
    """The counter document that takes this event."""
    return _stripe(event.key)


@lru_cache(maxsize=50_000)
def _stripe(key: str) -> str:
    return f"{(murmur2(key.encode()) & 0x7FFFFFFF) % STRIPES:02d}"


def sum_stripes(stripes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Numbers added, objects of numbers added member by member; `_id` is left out."""
    sums: dict[str, Any] = {}
    for stripe in stripes:
        for name, value in stripe.items():
            if name == "_id":
                continue
            if isinstance(value, Mapping):
                sums[name] = sum_stripes([sums.get(name, {}), value])
            else:
                sums[name] = sums.get(name, 0) + value
    return sums
