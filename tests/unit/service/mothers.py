"""Ada calls; her case is a fault of normal priority, to be answered by four, solved in three days.

The default times are those of process version 1: 4 and 72 hours from `NOON`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from events.contracts.base import Fact, fact
from events.contracts.service import (
    CaseClosed,
    CaseOpened,
    CasePrioritized,
    CaseReopened,
    CaseResolved,
    FirstResponseSent,
    InteractionEnded,
    InteractionStarted,
    SlaBreached,
    UnknownPartyIdentified,
)
from events.deciding import Scope
from events.types import CustomerId, format_time
from services.service.domain.case_commands import (
    CloseCase,
    FollowTier,
    OpenCase,
    PrioritizeCase,
    ReopenCase,
    ResolveCase,
    SendFirstResponse,
)
from services.service.domain.interaction import EndInteraction, StartInteraction

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ADA = CustomerId("01934f7e-8a00-7000-8000-000000000ada")
STRANGER = CustomerId("01934f7e-8a00-7000-8000-00000000000f")
CALL_ID = "01934f7e-8a00-7000-8000-00000000000c"
CASE_ID = "01934f7e-8a00-7000-8000-0000000000ca"
CAUSE_ID = "01934f7e-8a00-7000-8000-0000000000ce"
NORTH = Scope("north", team="desk-1")
ADDRESS_HASH = "9f86d081884c7d65"
NUMBER = {"kind": "phone", "value": "+44 20 7946 0000"}
ABOUT = {"case_id": CASE_ID, "customer_id": ADA}


def after(**passed: float) -> datetime:
    """`after(hours=4)`: that long after noon."""
    return NOON + timedelta(**passed)


def start(**changes: Any) -> StartInteraction:
    usual: dict[str, Any] = {
        "interaction_id": CALL_ID,
        "at": NOON,
        "channel": "voice",
        "direction": "inbound",
        "customer_id": ADA,
        "address_hash": ADDRESS_HASH,
        "scope": NORTH,
    }
    return StartInteraction(**{**usual, **changes})


def started(customer_id: CustomerId = ADA) -> Fact:
    return fact(
        InteractionStarted,
        interaction_id=CALL_ID,
        customer_id=customer_id,
        channel="voice",
        direction="inbound",
        address_hash=ADDRESS_HASH,
        scope={"org_unit": "north", "team": "desk-1"},
    )


def unknown_party(contact_point: dict[str, str] | None = None) -> Fact:
    return fact(
        UnknownPartyIdentified,
        interaction_id=CALL_ID,
        customer_id=STRANGER,
        contact_point=contact_point,
    )


def end() -> EndInteraction:
    return EndInteraction(interaction_id=CALL_ID, at=NOON, disposition="answered")


def ended(customer_id: CustomerId = ADA) -> Fact:
    return fact(
        InteractionEnded,
        interaction_id=CALL_ID,
        customer_id=customer_id,
        disposition="answered",
    )


def due(first_response: float, resolution: float) -> dict[str, str]:
    """Both in hours after noon."""
    return {
        "first_response": format_time(after(hours=first_response)),
        "resolution": format_time(after(hours=resolution)),
    }


def open_case(**changes: Any) -> OpenCase:
    usual: dict[str, Any] = {
        "case_id": CASE_ID,
        "at": NOON,
        "customer_id": ADA,
        "kind": "fault",
        "subject": "The engine is loud",
        "process_version": 1,
        "scope": NORTH,
    }
    return OpenCase(**{**usual, **changes})


def opened(**changes: Any) -> Fact:
    usual: dict[str, Any] = {
        **ABOUT,
        "kind": "fault",
        "subject": "The engine is loud",
        "process_version": 1,
        "priority": "normal",
        "asked_priority": "normal",
        "opened_at": "2026-01-31T12:00:00.000Z",
        "due": due(4, 72),
        "scope": {"org_unit": "north", "team": "desk-1"},
    }
    return fact(CaseOpened, **{**usual, **changes})


def prioritize(priority: str, **changes: Any) -> PrioritizeCase:
    usual: dict[str, Any] = {"case_id": CASE_ID, "at": after(hours=1), "cause": "safety"}
    return PrioritizeCase(priority=priority, **{**usual, **changes})


def follow_tier(tier: str) -> FollowTier:
    return FollowTier(case_id=CASE_ID, at=after(hours=1), tier=tier, cause_event_id=CAUSE_ID)


def prioritized(**changes: Any) -> Fact:
    """By hand from normal to urgent, unless the changes say otherwise."""
    usual: dict[str, Any] = {
        **ABOUT,
        "from": "normal",
        "to": "urgent",
        "cause": "safety",
        "due": due(1, 8),
        "decision": decision(kind="fault", asked_priority="urgent"),
    }
    return fact(CasePrioritized, **{**usual, **changes})


def raised_by_tier() -> Fact:
    """From normal to urgent, because Ada is a VIP now."""
    factors = {"kind": "fault", "asked_priority": "normal", "tier": "vip"}
    return prioritized(cause="tier_changed", tier="vip", decision=decision([CAUSE_ID], **factors))


def decision(causes: list[str] | None = None, **factors: str) -> dict[str, Any]:
    return {
        "policy_id": "service_process",
        "policy_version": 1,
        "cause_event_ids": causes or [],
        "factors": factors,
    }


def respond(at: datetime = NOON) -> SendFirstResponse:
    return SendFirstResponse(case_id=CASE_ID, at=at)


def responded(elapsed_seconds: int = 0, late: bool = False) -> Fact:
    return fact(FirstResponseSent, **ABOUT, elapsed_seconds=elapsed_seconds, late=late)


def breached(metric: str, late_by_seconds: int) -> Fact:
    return fact(SlaBreached, **ABOUT, metric=metric, late_by_seconds=late_by_seconds)


def resolve(at: datetime = NOON) -> ResolveCase:
    return ResolveCase(
        case_id=CASE_ID, at=at, cause_code="worn_part", resolution="New bearings.", contacts=2
    )


def resolved() -> Fact:
    return fact(
        CaseResolved, **ABOUT, cause_code="worn_part", resolution="New bearings.", contacts=2
    )


def reopen() -> ReopenCase:
    return ReopenCase(case_id=CASE_ID, at=NOON, reason="still_broken")


def reopened() -> Fact:
    return fact(CaseReopened, **ABOUT, reason="still_broken")


def close() -> CloseCase:
    return CloseCase(case_id=CASE_ID, at=NOON)


def closed() -> Fact:
    return fact(CaseClosed, **ABOUT)
