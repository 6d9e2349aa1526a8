"""From documents back to the domain's values: what judgements are made of.

Called by the reaction to completed orders, by runs over all customers, and by the API.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Protocol

from events.contracts.money import Money
from events.deciding import Scope
from events.mongodb import Readable
from events.projection.folding import PLACE, place
from events.types import CustomerId
from services.analytics.domain.insight import Insight
from services.analytics.domain.policy import POLICY_ID, TierPolicy
from services.analytics.domain.tiers import Purchase, Thresholds
from services.analytics.views.purchases import BY_CUSTOMER

MAX_TIME_MS = 2_000
SWEEP_TIME_MS = 15 * 60_000
"""A walk over all purchases; it runs beside the service's work, never inside a request."""


class Views(Protocol):
    """Where the documents are: the web process's and the worker's readers both do."""

    def collection(self, name: str, /) -> Readable: ...


@dataclass(frozen=True, slots=True)
class Standard:
    """What customers are judged by; `event_id` is the event that computed the thresholds."""

    policy: TierPolicy
    thresholds: Thresholds
    event_id: str


def policy_in_force(views: Views, policy_id: str = POLICY_ID) -> TierPolicy | None:
    """The last version that was published, None before the first."""
    found = views.collection("tier_policies").find_one(
        {"policy_id": policy_id}, sort=[("policy_version", -1)], max_time_ms=MAX_TIME_MS
    )
    return TierPolicy.from_data(found) if found else None


def standard_in_force(views: Views, policy_id: str = POLICY_ID) -> Standard | None:
    """The policy in force with its last thresholds; None while it has none."""
    policy = policy_in_force(views, policy_id)
    if policy is None:
        return None
    found = views.collection("tier_thresholds").find_one(
        {"policy_id": policy_id, "policy_version": policy.version},
        sort=[("version", -1)],
        max_time_ms=MAX_TIME_MS,
    )
    return Standard(policy, thresholds_of(found), found["event_id"]) if found else None


def standard_at(views: Views, at: datetime, policy_id: str = POLICY_ID) -> Standard | None:
    """The last thresholds as of `at` or before, with the policy version they were made for."""
    found = views.collection("tier_thresholds").find_one(
        {"policy_id": policy_id, "as_of": {"$lte": at}},
        sort=[("as_of", -1), ("version", -1)],
        max_time_ms=MAX_TIME_MS,
    )
    if found is None:
        return None
    policy = views.collection("tier_policies").find_one(
        {"policy_id": policy_id, "policy_version": found["policy_version"]},
        max_time_ms=MAX_TIME_MS,
    )
    if policy is None:
        return None
    return Standard(TierPolicy.from_data(policy), thresholds_of(found), found["event_id"])


def thresholds_of(document: Mapping[str, Any]) -> Thresholds:
    """Of a `tier_thresholds` document, whose `as_of` is a time already."""
    limits = document["thresholds"]
    return Thresholds(
        policy_id=document["policy_id"],
        policy_version=document["policy_version"],
        as_of=document["as_of"],
        population=document["population"],
        vip=Money.from_data(limits["vip"]),
        caring=Money.from_data(limits["caring"]),
    )


def purchases_of(
    views: Views, customer_id: str, at: datetime, window_days: int
) -> Sequence[Purchase]:
    """All that the metrics at `at` look at: those in the window, and the last one before it."""
    begin = at - timedelta(days=window_days)
    collection = views.collection("purchases")
    inside = collection.find({"customer_id": customer_id, "at": {"$gt": begin, "$lte": at}})
    before = collection.find({"customer_id": customer_id, "at": {"$lte": begin}}).sort(
        [(name, -direction) for name, direction in BY_CUSTOMER]
    )
    found = [*before.limit(1).max_time_ms(MAX_TIME_MS), *inside.max_time_ms(MAX_TIME_MS)]
    return [purchase(one) for one in found]


def purchases_by_customer(
    views: Views, at: datetime, after: str = ""
) -> Iterator[tuple[str, Iterable[Purchase]]]:
    """(customer id, purchases up to `at`) of every customer with one, by id, from `after` on.

    Walks the index once; holds one customer's purchases at a time.
    """
    found = (
        views.collection("purchases")
        .find(
            {"customer_id": {"$gt": after}, "at": {"$lte": at}},
            {"_id": 0, "customer_id": 1, "at": 1, "total": 1, "cost": 1},
        )
        .sort(list(BY_CUSTOMER))
        .max_time_ms(SWEEP_TIME_MS)
        .batch_size(5_000)
    )
    for customer_id, documents in groupby(found, key=lambda one: str(one["customer_id"])):
        yield customer_id, (purchase(one) for one in documents)


def purchase(document: Mapping[str, Any]) -> Purchase:
    cost = document.get("cost")
    return Purchase(
        document["at"],
        Money(**document["total"]),
        Money(**cost) if cost else None,
    )


def insights_of(views: Views, customer_ids: Sequence[str]) -> dict[str, tuple[Insight, int]]:
    """(state, version) of the insight streams, as far as the view has them."""
    found = views.collection("customers").find(
        {"_id": {"$in": list(customer_ids)}, "insight_version": {"$gt": 0}},
        {
            "tier": 1,
            "tier_since": 1,
            "tier_decision.policy_version": 1,
            "insight_version": 1,
        },
        max_time_ms=MAX_TIME_MS,
    )
    return {one["_id"]: (_insight(one), one["insight_version"]) for one in found}


def places_of(views: Views, customer_ids: Sequence[str]) -> dict[str, Scope]:
    """Where the customers belong, as far as marketing has said so."""
    found = views.collection("customers").find(
        {"_id": {"$in": list(customer_ids)}, "org_unit": {"$exists": True}},
        list(PLACE),
        max_time_ms=MAX_TIME_MS,
    )
    return {one["_id"]: Scope(**place(one)) for one in found}


def _insight(document: Mapping[str, Any]) -> Insight:
    return Insight(
        customer_id=CustomerId(document["_id"]),
        tier=document["tier"],
        moved_at=document["tier_since"],
        moved_under=document["tier_decision"]["policy_version"],
    )
