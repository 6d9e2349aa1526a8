"""Customers: list by tier and value, the insight into one at any time, the summary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from events.contracts.analytics import TIERS, CustomerTierChanged, TierMetrics
from events.contracts.fields import Amount, Code, Count, Decision, Id, ListOf, Nested, OneOf, Time
from events.http import Moment, Page, PageParams, Params, Routes, Sorted, views
from events.http.documents import found, glance, listed
from events.http.paging import MAX_TIME_MS
from events.http.timeline import past_filter
from events.types import VERSION_DIGITS, StreamId, entry_id, utc_now
from services.analytics.api.tier_policies import ThresholdsAnswer
from services.analytics.domain.insight import INSIGHT
from services.analytics.domain.policy import POLICY_1
from services.analytics.domain.tiers import Metrics, classify, metrics
from services.analytics.views.customers import FILTERS, SORTS
from services.analytics.views.reading import Standard, purchases_of, standard_at

LATEST = 10

customers = Routes("customers", "/v1/customers", description="What customers are worth")


class CustomerItem(Schema):
    """A customer in a list; `monetary` is the lifetime sum in the policy's currency."""

    id = Id()
    tier = OneOf(*TIERS, required=False)
    tier_since = Time(required=False)
    purchases = Count(required=False)
    monetary = Amount(required=False)
    last_purchase_at = Time(required=False)


class CustomerSummary(CustomerItem):
    """What analytics knows of a customer, with what the tier was judged by."""

    quantity = Count(required=False)
    spent = fields.Dict(
        keys=fields.String(), values=Amount(), metadata={"description": "by currency"}
    )
    first_purchase_at = Time(required=False)
    tier_reason = Code(required=False)
    tier_metrics = Nested(TierMetrics, required=False)
    tier_decision = Decision(required=False)
    tier_event_id = Id(required=False)


class LatestEvent(Schema):
    """What happened, without its data."""

    event_id = Id()
    type = fields.String(required=True)
    at = Time()
    actor = fields.String(required=True)


class CustomerGlance(CustomerSummary):
    """What analytics knows of a customer, with the head of his timeline."""

    latest = ListOf(Nested(LatestEvent), longest=LATEST, description="newest first")


class CustomerParams(PageParams):
    """Which customers."""

    tier = OneOf(*TIERS, required=False)
    sort = Sorted(*SORTS, default="-monetary")


class InsightParams(Params):
    """Which moment."""

    as_of = Moment(description="absent: now")


class Assessed(Schema):
    """The tier that the policy gives for these metrics, and by which rule."""

    tier = OneOf(*TIERS)
    reason_code = Code()


class InsightAnswer(Schema):
    """Recency, frequency and monetary value at a moment, and the tier.

    `tier` is what was decided until then; `assessed` is what these metrics give by the last
    thresholds until then. They differ while a tier must not move yet, or since a purchase that
    has not been judged.
    """

    id = Id()
    as_of = Time()
    policy_id = Id()
    policy_version = Count(least=1)
    window_days = Count()
    metrics = Nested(TierMetrics)
    tier = OneOf(*TIERS, required=False)
    tier_since = Time(required=False)
    tier_event_id = Id(required=False)
    assessed = Nested(Assessed, required=False)
    computed = Nested(ThresholdsAnswer, required=False)


@customers.query("", CustomerItem, CustomerParams, many=True, right="insight.read")
def list_customers(params: dict[str, Any]) -> Page:
    """List customers, with what they bought and the tier they are in."""
    return listed("customers", CustomerItem, params, FILTERS, SORTS)


@customers.query("/<id:customer_id>/summary", CustomerGlance, right="customer.read")
def get_customer_summary(customer_id: str) -> dict[str, Any]:
    """What analytics knows of a customer at a glance."""
    known = found("customers", customer_id, CustomerSummary, "customer")
    story = views("timeline.read").timeline
    latest = glance(story, past_filter(customer_id, {}), "at", LatestEvent, LATEST)
    return {**known, "latest": [_without_place(one) for one in latest]}


def _without_place(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "id"}


@customers.query("/<id:customer_id>/insight", InsightAnswer, InsightParams, right="insight.read")
def get_insight(customer_id: str, params: dict[str, Any]) -> dict[str, Any]:
    """A customer's figures and tier at a moment, computed from the purchases."""
    found("customers", customer_id, CustomerItem, "customer")
    at = params.get("as_of") or utc_now()
    standard = standard_at(views(), at)
    policy = standard.policy if standard else POLICY_1
    whole = views().unscoped("the figures of a customer in reach are made of all his purchases")
    purchases = purchases_of(whole, customer_id, at, policy.window_days)
    measured = metrics(purchases, at, policy.window_days, policy.currency)
    decided = _decided(customer_id, at)
    return {
        "_id": customer_id,
        "as_of": at,
        "policy_id": policy.policy_id,
        "policy_version": policy.version,
        "window_days": policy.window_days,
        "metrics": measured.to_data(),
        **decided,
        **_assessed(standard, measured, decided.get("tier")),
    }


def _decided(customer_id: str, at: datetime) -> dict[str, Any]:
    """The last move of the tier until then: from the stream in the timeline, which is short."""
    stream = StreamId.of(INSIGHT.aggregate, customer_id)
    entry = views().timeline.find_one(
        {
            "_id": {"$gte": entry_id(stream, 0), "$lte": f"{stream}@{'9' * VERSION_DIGITS}"},
            "type": CustomerTierChanged.TYPE,
            "at": {"$lte": at},
        },
        sort=[("_id", -1)],
        max_time_ms=MAX_TIME_MS,
    )
    if entry is None:
        return {}
    return {
        "tier": entry["data"]["to"],
        "tier_since": entry["at"],
        "tier_event_id": entry["event_id"],
    }


def _assessed(standard: Standard | None, measured: Metrics, tier: str | None) -> Mapping[str, Any]:
    if standard is None:
        return {}
    assessed, reason = classify(standard.policy, standard.thresholds, measured, tier)
    limits = standard.thresholds.to_data()
    computed = {name: limits[name] for name in ("as_of", "population", "thresholds")}
    return {
        "assessed": {"tier": assessed, "reason_code": reason},
        "computed": {**computed, "event_id": standard.event_id},
    }
