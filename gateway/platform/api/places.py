"""Where what is written about a customer belongs."""

from __future__ import annotations

from events.deciding import Scope
from events.http.guard import scope_or_own
from events.http.runtime import views
from events.mongodb import MAX_TIME_MS
from events.types import StreamId


def with_the_customer(customer_id: str, given: dict[str, str] | None) -> Scope:
    """Where the body says; else where the customer belongs, as far as the caller reaches him and
    the platform has heard of him; else where the caller stands."""
    if given:
        return scope_or_own(given)
    return place_of(customer_id) or scope_or_own(None)


def place_of(customer_id: str) -> Scope | None:
    """Where the customer belongs; None when he is out of the caller's reach, or not known yet."""
    stream = StreamId.of("customer", customer_id)
    latest = (
        views()
        .timeline.find({"_id": {"$gt": f"{stream}@", "$lt": f"{stream}A"}})  # A follows @
        .sort("_id", -1)
        .limit(1)
        .max_time_ms(MAX_TIME_MS)
    )
    for entry in latest:
        return Scope(entry.get("org_unit", "root"), entry.get("team"), entry.get("owner"))
    return None
