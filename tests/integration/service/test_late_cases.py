"""Time passes: a case that nobody answers is noticed once, by whichever worker sees it first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from events.commands import Commands
from events.contracts.service import SlaBreached
from events.reactions.timers import TimerLoop
from events.types import new_id, utc_now
from services.service.timers import TIMERS
from tests.house import House

pytestmark = pytest.mark.integration


def opened(house: House) -> str:
    body = {"customer_id": new_id(), "kind": "fault", "subject": "It is loud"}
    return str(house.post("/v1/cases", body).json["id"])


def clock(house: House, now: datetime) -> TimerLoop:
    """One worker's timers, with a cache of its own, at a moment of our choosing."""
    return TimerLoop(Commands(house.inner.store), house.views, TIMERS, now=lambda: now)


def breaches(house: House, case_id: str) -> list[str]:
    found = house.db["commits"].find({"stream": f"case-{case_id}"}).sort("first", 1)
    events: list[dict[str, Any]] = [event for commit in found for event in commit["events"]]
    return [event["data"]["metric"] for event in events if event["type"] == SlaBreached.TYPE]


def test_two_workers_notice_a_late_case_once(house: House) -> None:
    case_id = opened(house)
    later = utc_now() + timedelta(hours=5)
    for worker in (clock(house, later), clock(house, later + timedelta(seconds=1))):
        worker.step(0)
    house.settle()
    assert breaches(house, case_id) == ["first_response"]
    assert house.get(f"/v1/cases/{case_id}").json["breaches"][0]["metric"] == "first_response"

    clock(house, later + timedelta(seconds=2)).step(0)
    assert breaches(house, case_id) == ["first_response"]


def test_a_clock_that_was_stopped_for_days_notices_everything_late_rather_than_never(
    house: House,
) -> None:
    case_id = opened(house)
    clock(house, utc_now() + timedelta(days=30)).step(0)
    assert breaches(house, case_id) == ["first_response", "resolution"]


def test_what_is_done_in_time_is_left_alone(house: House) -> None:
    case_id = opened(house)
    house.change(f"/v1/cases/{case_id}/respond")
    clock(house, utc_now() + timedelta(hours=5)).step(0)
    assert breaches(house, case_id) == []
    house.change(
        f"/v1/cases/{case_id}/resolve", {"cause_code": "worn_part", "resolution": "New bearings."}
    )
    clock(house, utc_now() + timedelta(days=30)).step(0)
    assert breaches(house, case_id) == []
