"""When a message is tried again, until when, and what a receiver may ask for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from gateway.platform.webhooks.schedule import Next, Schedule, Verdict, seconds_of

NOW = datetime(2026, 1, 31, 9, 15, tzinfo=UTC)
SCHEDULE = Schedule()
DAYS = timedelta(days=3)


@dataclass(frozen=True)
class Told:
    status: int | None = None
    error: str | None = None
    retry_after: float | None = None


def judge(told: Told, attempts: int = 1, age: timedelta = timedelta(), chance: float = 0.5) -> Next:
    return SCHEDULE.judge(told, attempts, NOW - age, NOW, lambda: chance)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_success(status: int) -> None:
    assert judge(Told(status), age=DAYS) == Next(Verdict.DELIVERED)


def test_410_ends_it_whenever_it_comes() -> None:
    for age in (timedelta(), DAYS):
        assert judge(Told(410), age=age) == Next(Verdict.GONE)


@pytest.mark.parametrize("status", [None, 100, 301, 302, 307, 400, 401, 404, 409, 429, 500, 503])
def test_everything_else_is_tried_again(status: int | None) -> None:
    assert judge(Told(status)).verdict is Verdict.AGAIN
    assert judge(Told(status), age=DAYS).verdict is Verdict.DEAD


def test_what_no_later_try_can_send_is_dead_at_once() -> None:
    assert judge(Told(error="message-too-large")).verdict is Verdict.DEAD


def test_pauses_grow_from_seconds_to_hours_with_full_jitter() -> None:
    assert [SCHEDULE.pause(n, lambda: 1.0) for n in (1, 2, 3, 20)] == [5, 15, 45, 16 * 3600]
    assert SCHEDULE.pause(1_000_000, lambda: 1.0) == 16 * 3600
    assert SCHEDULE.pause(9, lambda: 0.0) == SCHEDULE.shortest
    drawn = {SCHEDULE.pause(9) for _ in range(100)}
    assert len(drawn) == 100
    assert max(drawn) > 4 * min(drawn)


@pytest.mark.parametrize("seed", range(30))
def test_a_message_is_tried_for_three_days_and_then_once_more(seed: int) -> None:
    chance = random.Random(seed).random
    now, attempts = NOW, 1
    while (following := SCHEDULE.judge(Told(500), attempts, NOW, now, chance)).at is not None:
        assert following.at > now
        now, attempts = following.at, attempts + 1
    assert now - NOW == DAYS
    assert 9 < attempts < 40


def test_retry_after_is_the_least_pause_and_capped() -> None:
    at = judge(Told(503, retry_after=3600.0)).at
    assert at == NOW + timedelta(hours=1)
    at = judge(Told(503, retry_after=1e12)).at
    assert at == NOW + timedelta(hours=16)
    assert SCHEDULE.hold(Told(429, retry_after=60.0)) == 60
    assert SCHEDULE.hold(Told(503, retry_after=1e12)) == 16 * 3600
    assert SCHEDULE.hold(Told(500, retry_after=60.0)) == 0


def test_only_nothing_but_failures_for_three_days_disables() -> None:
    assert not SCHEDULE.hopeless(None, NOW)
    assert not SCHEDULE.hopeless(NOW - DAYS + timedelta(seconds=1), NOW)
    assert SCHEDULE.hopeless(NOW - DAYS, NOW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 400, float("9" * 12)),
        ("Sat, 31 Jan 2026 09:16:00 GMT", 60.0),
        ("Sat, 31 Jan 2026 09:14:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text, NOW) == seconds
