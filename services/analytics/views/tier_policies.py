"""The published tier policies, one document a version, and all thresholds computed for them."""

from __future__ import annotations

from pymongo import IndexModel

from events.contracts.analytics import TierPolicyPublished, TierThresholdsComputed
from events.envelope import Event
from events.projection.view import Document, View
from events.types import parse_time

tier_policies = View(
    "tier_policies",
    [IndexModel([("policy_id", 1), ("policy_version", 1)], name="policy_version")],
    open=True,
)
tier_thresholds = View(
    "tier_thresholds",
    [
        IndexModel([("policy_id", 1), ("policy_version", 1), ("version", 1)], name="computed"),
        IndexModel([("policy_id", 1), ("as_of", 1), ("version", 1)], name="as_of"),
    ],
    open=True,
)


@tier_policies.on(
    TierPolicyPublished, key=lambda event: f"{event.stream.id}@{event.data['policy_version']}"
)
def published(doc: Document, event: Event) -> None:
    doc.update(event.data, published_at=event.occurred_at, event_id=event.id)


@tier_thresholds.on(TierThresholdsComputed, key=lambda event: event.entry)
def computed(doc: Document, event: Event) -> None:
    data = event.data
    doc.update(data, as_of=parse_time(data["as_of"]), event_id=event.id, version=event.version)
