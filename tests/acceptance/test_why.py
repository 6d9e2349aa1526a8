"""Why a case became more pressing: recomputed from the log and the published rules alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.acceptance import stories
from tests.acceptance.api import Api, eventually
from tests.acceptance.judging import CHANGED, judge_all, publish_policy
from tests.acceptance.stores import Stores
from tests.acceptance.system import System

PRIORITIZED = "crm.service.case.prioritized.v1"
OPENED = "crm.service.case.opened.v1"

RANKS = ("low", "normal", "high", "urgent")
LEAST = {"vip": "urgent", "caring": "high", "adaptive": "normal", "indifferent": "normal"}
"""Version 1: how pressing a tier makes a case at least."""

HOURS = {
    "fault": {"urgent": (1, 8), "high": (2, 24), "normal": (4, 72), "low": (8, 120)},
    "complaint": {"urgent": (1, 24), "high": (2, 48), "normal": (4, 72), "low": (8, 120)},
    "question": {"urgent": (1, 8), "high": (4, 24), "normal": (8, 48), "low": (24, 96)},
    "request": {"urgent": (2, 24), "high": (4, 48), "normal": (8, 120), "low": (24, 240)},
}
"""Version 1: hours from the opening to the first answer, and to the solution."""


@pytest.mark.feature("N05")
def test_a_priority_names_its_policy_and_causes_and_follows_from_them(
    system: System, api: Api
) -> None:
    publish_policy(api, min_days_between_moves=0)
    customer_id = stories.customer(api).id
    for kind in HOURS:
        for priority in ("low", "normal"):
            stories.case(api, customer_id, kind=kind, priority=priority)
    # Somebody brings the most, and is moved when the limits are there: then all cases follow.
    stories.purchase(api, customer_id, "5000000.00")
    Stores(system).settle()
    judge_all(api)
    eventually(lambda: len(moves(system, customer_id)) >= 2 * len(HOURS))
    Stores(system).settle()

    events = {one["id"]: one for one in system.topics.events()}
    opened = {one["stream"]: one["data"] for one in events.values() if one["type"] == OPENED}
    for move in moves(system, customer_id):
        decision, case = move["data"]["decision"], opened[move["stream"]]
        assert (decision["policy_id"], decision["policy_version"]) == ("service_process", 1)
        (cause,) = (events[id] for id in decision["cause_event_ids"])
        assert cause["type"] == CHANGED
        assert cause["subject"] == move["subject"]
        assert decision["factors"]["tier"] == cause["data"]["to"]
        check(move["data"], case, cause["data"]["to"])


def moves(system: System, customer_id: str) -> list[dict[str, Any]]:
    return [
        one
        for one in system.topics.events("service")
        if one["type"] == PRIORITIZED and one["subject"] == customer_id
    ]


def check(move: dict[str, Any], case: dict[str, Any], tier: str) -> None:
    """The same rules on the same facts give the same priority and the same due times."""
    priority = max(case["asked_priority"], LEAST[tier], key=RANKS.index)
    assert move["to"] == priority
    since = datetime.fromisoformat(case["opened_at"])
    respond, resolve = HOURS[case["kind"]][priority]
    due = {name: datetime.fromisoformat(at) for name, at in move["due"].items()}
    assert due["first_response"] == since + timedelta(hours=respond)
    assert due["resolution"] == since + timedelta(hours=resolve)
