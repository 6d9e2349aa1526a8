"""What becomes of messages that fail, and of subscriptions that do nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.mongodb import Db
from gateway.platform.webhooks.pump import LANES
from gateway.platform.webhooks.schedule import Schedule
from tests.integration.platform.webhooks.pumping import (
    HOOK,
    QUICK,
    all_there,
    bench,
    drive,
    in_log_order,
    story,
    wait_for,
)
from tests.integration.platform.webhooks.receiving import Request, receiving

pytestmark = pytest.mark.integration


def test_retry_after_holds_back_everything(db: Db) -> None:
    events = story(300)

    def answer(request: Request) -> Any:
        if request.number == 1:
            return 429, {"Retry-After": "3600"}
        wait_for(lambda: pump.trying.held_until is not None)
        return 200

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        pump = made.pump(schedule=replace(QUICK, longest=7200.0))
        pump.step(0)
        came = len(receiver.requests)
        assert came <= LANES
        for _ in range(5):
            pump.step(0)
        assert len(receiver.requests) == came
        made.clock.ahead += timedelta(hours=1, seconds=1)
        drive(pump, all_there(receiver, events))
        assert receiver.by_key() == in_log_order(events)


def test_after_the_last_try_a_message_is_a_dead_letter_and_the_next_goes_out(db: Db) -> None:
    events = story(4, customers=1)

    def answer(request: Request) -> int:
        return 400 if request.id == events[1].id else 200

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        pump = made.pump()
        drive(pump, lambda: made.states() == {"waiting": 3})
        made.clock.ahead += timedelta(seconds=QUICK.span)
        drive(pump, lambda: len(receiver.ids()) == 3)
        assert receiver.ids() == [events[n].id for n in (0, 2, 3)]
        drive(pump, lambda: made.states() == {"dead": 1})
        assert pump.counts.dead_letters == 1
        letter = db["webhook_spool"].find_one({"state": "dead"})
        assert letter is not None
        assert (letter["event_id"], letter["status"]) == (events[1].id, 400)
        assert made.ended == []


def test_a_dead_letter_is_redriven(db: Db) -> None:
    events = story(4, customers=1)
    broken = [True]

    def answer(request: Request) -> int:
        return 400 if request.id == events[1].id and broken[0] else 200

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        pump = made.pump(schedule=Schedule(first=0.01, shortest=0.002, span=0.0))
        drive(pump, lambda: len(receiver.ids()) == 3)
        assert made.stores.spool.redrive(HOOK, made.clock(), "another") == 0
        broken[0] = False
        assert made.stores.spool.redrive(HOOK, made.clock()) == 1
        drive(pump, all_there(receiver, events))
        drive(pump, lambda: made.states() == {})


def test_nothing_but_failures_for_days_disables(db: Db) -> None:
    events = story(50)
    with receiving(lambda _: 500) as receiver, bench(db, receiver, events) as made:
        pump = made.pump()
        drive(pump, lambda: len(receiver.requests) > 50)
        again = made.pump()  # what it knows is durable
        made.clock.ahead += timedelta(seconds=QUICK.span - 60)
        drive(again, lambda: len(receiver.requests) > 100)
        assert made.ended == []
        made.clock.ahead += timedelta(seconds=61)
        drive(again, lambda: bool(made.ended))
        assert set(made.ended) == {"failing"}


def test_one_success_in_days_of_failures_is_enough(db: Db) -> None:
    events = story(50)
    good = {events[0].id}

    def answer(request: Request) -> int:
        return 200 if request.id in good else 500

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        pump = made.pump()
        drive(pump, lambda: len(receiver.requests) > 50)
        made.clock.ahead += timedelta(seconds=QUICK.span - 60)
        good.add(events[1].id)
        drive(pump, lambda: len(receiver.ids()) == 2)
        made.clock.ahead += timedelta(seconds=120)
        count = len(receiver.requests)
        drive(pump, lambda: len(receiver.requests) > count + 20)
        for _ in range(3):
            pump.step(0)
        assert made.ended == []
