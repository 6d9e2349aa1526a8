"""What the tests of analytics let it hear, and how they wait for a run."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from events.contracts.base import fact
from events.contracts.sales import OrderCompleted
from events.envelope import Event
from tests.happened import happened
from tests.house import House

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AS_OF = "2026-03-02T12:00:00.000Z"
RUN_SECONDS = 120

POLICY_2 = {
    "policy_version": 2,
    "currency": "USD",
    "vip_share": "0.01",
    "caring_value_share": "0.5",
    "window_days": 30,
    "hysteresis": "0.1",
    "min_days_between_moves": 30,
}
"""What a person may publish after the built-in one."""


def bought(customer: str, amount: str, days: float = 10, number: int = 1, **more: Any) -> Event:
    """A completed order so many days before noon."""
    order_id = f"{customer}-{number}"
    one = fact(
        OrderCompleted,
        order_id=order_id,
        customer_id=customer,
        total={"amount": amount, "currency": "USD"},
        quantity=1,
        **more,
    )
    return happened(order_id, one, start=NOON - timedelta(days=days))[0]


def ended(house: House, answer: Any) -> dict[str, Any]:
    """The run's document once it has ended, with all its events in the views."""
    assert answer.status_code == 202, answer.json
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        shown = house.get(answer.headers["Location"]).json
        if shown["status"] not in ("requested", "running"):
            house.settle()
            return dict(shown)
    raise AssertionError(f"the run goes on after {RUN_SECONDS} s: {shown}")


def run(house: House, **headers: str) -> dict[str, Any]:
    """A run as of noon."""
    return ended(house, house.post("/v1/tier-runs", {"as_of": AS_OF}, **headers))
