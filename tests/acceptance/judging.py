"""Tier policies and runs through the public API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from events.types import format_time
from tests.acceptance.api import Api, Done, eventually

POLICY: dict[str, Any] = {
    "currency": "USD",
    "vip_share": "0.01",
    "caring_value_share": "0.80",
    "window_days": 365,
    "hysteresis": "0.10",
    "min_days_between_moves": 30,
}
CHANGED = "crm.analytics.insight.tier_changed.v1"
COMPUTED = "crm.analytics.tier_policy.thresholds_computed.v1"


def next_policy(api: Api, **changes: Any) -> dict[str, Any]:
    """The version that may be published next."""
    now = api.get("/v1/analytics/tier-policy")
    version = now.json()["policy_version"] + 1 if now.ok else 1
    return {**POLICY, **changes, "policy_version": version}


def publish_policy(api: Api, **changes: Any) -> int:
    """The number of a new version. It has no limits yet, and binds nobody to an earlier move."""
    body = next_policy(api, **changes)
    done: Done = api.create("/v1/analytics/tier-policies", body)
    api.read("/v1/analytics/totals", after=[done])
    version: int = body["policy_version"]
    return version


def judge_all(api: Api, as_of: datetime | None = None) -> dict[str, Any]:
    """A run over all customers, once it has ended well."""
    body = {"as_of": format_time(as_of)} if as_of else {}
    started = api.post("/v1/analytics/tier-runs", body)
    assert started.status_code == 202, started.text
    return eventually(lambda: ended(api, started.headers["Location"]))


def ended(api: Api, path: str) -> dict[str, Any]:
    run: dict[str, Any] = api.read(path)
    assert run["status"] == "done", run
    return run


def insight(api: Api, customer_id: str, as_of: datetime | None = None) -> dict[str, Any]:
    params: dict[str, Any] = {"as_of": format_time(as_of)} if as_of else {}
    shown: dict[str, Any] = api.read(f"/v1/analytics/customers/{customer_id}/insight", **params)
    return shown
