"""A line's promises: at least once, in order for each customer, nobody waits for another."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from events.mongodb import Db
from gateway.platform.webhooks.line import Line, key_of
from gateway.platform.webhooks.pump import LANES, PAGE
from tests.integration.platform.webhooks.pumping import (
    LONG_AGO,
    all_there,
    bench,
    drive,
    in_log_order,
    never_overtaken,
    story,
    wait_for,
)
from tests.integration.platform.webhooks.receiving import Request, receiving

pytestmark = pytest.mark.integration


@pytest.mark.feature("N04")
def test_10_000_events_to_a_receiver_that_fails_a_third_of_the_time(db: Db) -> None:
    events, chance = story(10_000), random.Random(7)
    wrongs = (500, 503, 302, 404, 0)

    def answer(request: Request) -> int:
        return chance.choice(wrongs) if chance.random() < 1 / 3 else 200

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        drive(made.pump(), all_there(receiver, events))
        assert receiver.by_key() == in_log_order(events)
        assert never_overtaken(receiver, events)
        assert len(receiver.requests) > 13_000
        verify = Webhook(made.secret).verify
        for one in receiver.accepted[::100]:
            verify(one.body, dict(one.headers))
    assert made.states() == {}
    logged = db["webhook_deliveries"].count_documents({})
    assert logged >= len(receiver.requests) - PAGE


def test_nothing_more_is_tried_once_the_receiver_is_gone(db: Db) -> None:
    """Also of what had failed before and waits."""
    events = story(1_000)

    def answer(request: Request) -> int:
        if request.number > 300:
            wait_for(lambda: pump.trying.gone)
        if request.number >= 300:
            return 410
        return 500 if request.number % 5 == 0 else 200

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        pump = made.pump()
        drive(pump, lambda: bool(made.ended))
        came = len(receiver.requests)
        assert 300 <= came < 300 + LANES, "only what was under way beside it"
        made.clock.ahead += timedelta(days=1)
        for _ in range(3):
            pump.step(0)
        assert len(receiver.requests) == came
    assert set(made.ended) == {"gone"}


def test_what_follows_a_failure_waits_behind_it_and_the_others_go_on(db: Db) -> None:
    events = story(60, customers=3)
    failing = {"c-1"}

    def answer(request: Request) -> int:
        return 500 if request.key in failing else 200

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        pump = made.pump()
        others = [event.id for event in events if key_of(event) != "c-1"]
        drive(pump, lambda: len(receiver.ids()) == len(others))
        assert {one.id for one in receiver.requests if one.key == "c-1"} == {
            next(event.id for event in events if key_of(event) == "c-1")
        }
        drive(pump, lambda: pump.counts.waiting == 20)
        assert pump.counts.oldest_at is not None
        failing.clear()
        drive(pump, all_there(receiver, events))
        assert receiver.by_key() == in_log_order(events)
        drive(pump, lambda: pump.counts.waiting == 0)


def test_a_slow_receiver_keeps_nobody_else_waiting(db: Db) -> None:
    events = story(200)
    free = threading.Event()

    def slow(_request: Request) -> int:
        free.wait(60)
        return 200

    with (
        receiving(slow) as slowly,
        receiving() as quickly,
        bench(db, slowly, events) as made,
    ):
        pump = made.pump(line=Line("slow", LONG_AGO))
        thread = threading.Thread(target=pump.step, args=(0.0,))
        thread.start()
        made.url = quickly.url
        drive(made.pump(), all_there(quickly, events))
        assert slowly.ids() == []
        assert len(slowly.requests) <= LANES
        free.set()
        thread.join(60)
        assert slowly.ids(), "it was under way all the time"


def test_a_full_spool_stops_the_reading_and_loses_nothing(db: Db) -> None:
    events = story(1_000, customers=10)
    down = [500]

    with (
        receiving(lambda _: down[0]) as receiver,
        bench(db, receiver, events) as made,
    ):
        pump = made.pump(spool_most=150)
        drive(pump, lambda: len(receiver.requests) >= 100)
        assert 150 <= made.states()["waiting"] <= 150 + PAGE
        assert max(map(int, made.source.reads)) <= 200
        down[0] = 200
        drive(pump, all_there(receiver, events))
        assert receiver.by_key() == in_log_order(events)
