"""What two looks at the system tell together, and what is made of a worker's nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import load_config
from gateway.metrics import Metrics
from gateway.sighting import MOST_EVENTS, ServiceSeen, Sighting, Traffic
from gateway.watch import Watch

NOW = datetime(2026, 1, 31, 9, 15, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def loops(**told: Any) -> dict[str, Any]:
    return {"loops": {name.replace("__", "."): facts for name, facts in told.items()}}


def seen(**told: Any) -> ServiceSeen:
    return ServiceSeen.read("up", "up", loops(**told))


def look(at: float, service: ServiceSeen, before: Sighting | None = None, **traffic: int) -> Any:
    later = NOW + timedelta(seconds=at)
    return Sighting(at, later, Traffic(**traffic), {"sales": service}, before)


def test_rates_are_over_the_time_since_the_look_before() -> None:
    before = look(10, seen(relay={"published": 5}, projector__v1={"applied": 100}), requests=50)
    now = look(14, seen(relay={"published": 5}, projector__v1={"applied": 140}), before,
               requests=70, failed=5)  # fmt: skip
    assert (now.rate("sales", "applied"), now.rate("sales", "published")) == (10, 0)
    assert (now.request_rate, now.failed_ratio, now.since_seconds) == (5, 0.25, 4)


def test_there_are_no_rates_at_the_first_look_and_after_a_restart() -> None:
    first = look(10, seen(relay={"published": 5}))
    assert (first.rate("sales", "published"), first.request_rate, first.failed_ratio) == (None,) * 3
    restarted = look(14, seen(relay={"published": 3}), first)
    assert restarted.rate("sales", "published") is None
    away = look(14, ServiceSeen("up", "away"), first)
    assert away.rate("sales", "published") is None
    assert away.failed_ratio is None, "no requests, no ratio"


def test_of_two_versions_the_lag_is_that_of_the_later_and_the_counts_add_up() -> None:
    both = seen(
        projector__v1={"applied": 7, "lag": 0}, projector__v2={"applied": 3, "lag": 900},
        reactions={"lag": 2}, relay={"behind_seconds": 0.25},
    )  # fmt: skip
    assert (both.lag("projector"), both.lag("reactions"), both.lag("timers")) == (900, 2, None)
    assert (both.count("applied"), both.count("published")) == (10, None)
    assert both.behind_seconds("relay") == 0.25


@pytest.mark.parametrize("lag", [-1, "7", 1.5, True, None, [], {}])
def test_a_figure_that_is_none_is_not_shown(lag: Any) -> None:
    assert seen(reactions={"lag": lag}).lag("reactions") is None


def test_events_told_by_several_workers_are_shown_once_newest_first() -> None:
    def event(minute: int) -> dict[str, Any]:
        return {"type": "t", "source": "sales", "stream": "order-1", "version": minute,
                "recorded_at": f"2026-01-31T09:{minute:02}:00.000Z"}  # fmt: skip

    told = [
        ServiceSeen.read("up", "up", {"recent": [event(minute) for minute in minutes]})
        for minutes in (range(1, 9), range(5, 15))
    ]
    both = Sighting(1, NOW, Traffic(), {"sales": told[0], "service": told[1]})
    assert [one.version for one in both.recent] == list(range(14, 14 - MOST_EVENTS, -1))


@settings(max_examples=150)
@given(st.fixed_dictionaries({}, optional={"loops": JSON, "recent": JSON}), JSON)
def test_nothing_that_a_worker_tells_breaks_a_look(told: dict[str, Any], loop: Any) -> None:
    told.setdefault("loops", {"projector.v1": loop})
    odd = look(2, ServiceSeen.read("up", "up", told), look(1, seen(relay={"published": 1})))
    orjson.dumps(odd.as_dict())


ENOUGH = {"THROUGHLINE_ACCESS_KEY": "access.pem", "THROUGHLINE_DEV_ISSUER": "issuer.pem"}


def test_a_look_keeps_one_look_before_and_not_its_whole_past() -> None:
    upstreams = "sales=http://127.0.0.1:9"
    watch = Watch(load_config({**ENOUGH, "THROUGHLINE_UPSTREAMS": upstreams}), Metrics(()))
    third = watch._look(watch._look(watch._look(None)))
    assert third.before is not None
    assert third.before.before is None
    assert third.services["sales"] == ServiceSeen("away", "unknown")
