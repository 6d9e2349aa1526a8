"""Open cases follow the tier of their customer: the first loop that closes.

A tier that changes moves the customer's open cases. A case that was being opened (or opened again)
at that moment is not among them yet; it is compared with the tier when its own event comes by, and
by then the views hold both. A case that is as pressing as it should be gets no event.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from events.contracts.analytics import CustomerTierChanged
from events.contracts.service import CaseOpened, CaseReopened
from events.envelope import Event
from events.mongodb import MAX_TIME_MS
from events.projection.reader import Views
from events.reactions import Reaction, Reply
from services.service.domain.case import CASE
from services.service.domain.case_commands import FollowTier

log = structlog.get_logger(__name__)

MOST_CASES = 1000
"""Cases that one change of tier moves, the most pressing first: all of them are one transaction."""


def _raise_open_cases(event: Event, views: Views, at: datetime) -> Sequence[Reply]:
    cases = list(
        views.collection("cases")
        .find({"customer_id": event.data["customer_id"], "status": "open"}, ["_id"])
        .sort([("due_at", 1), ("_id", 1)])
        .limit(MOST_CASES)
        .max_time_ms(MAX_TIME_MS)
    )
    if len(cases) == MOST_CASES:
        log.warning("follow_tier.bounded", stream=event.stream, most=MOST_CASES)
    return [_reply(case["_id"], event.data["to"], event.id, at) for case in cases]


def _catch_up(event: Event, views: Views, at: datetime) -> Sequence[Reply]:
    case_id, customer_id = event.data["case_id"], event.data["customer_id"]
    customer = views.collection("customers").find_one(
        {"_id": customer_id}, ["tier", "tier_event_id"], max_time_ms=MAX_TIME_MS
    )
    case = views.collection("cases").find_one({"_id": case_id}, ["tier"], max_time_ms=MAX_TIME_MS)
    if not customer or not case or "tier" not in customer or customer["tier"] == case.get("tier"):
        return []
    return [_reply(case_id, customer["tier"], customer["tier_event_id"], at)]


def _reply(case_id: str, tier: str, cause_event_id: str, at: datetime) -> Reply:
    command = FollowTier(case_id=case_id, at=at, tier=tier, cause_event_id=cause_event_id)
    return Reply(CASE, case_id, command)


follow_tier = Reaction(
    "follow-tier",
    {
        CustomerTierChanged: _raise_open_cases,
        CaseOpened: _catch_up,
        CaseReopened: _catch_up,
    },
)
