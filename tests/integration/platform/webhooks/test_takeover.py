"""Crashes, zombies and successors: whoever goes on, nothing is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from events.errors import Fenced
from events.mongodb import Db
from events.types import to_millis
from gateway.platform.webhooks.book import Standing
from gateway.platform.webhooks.egress import Outcome
from gateway.platform.webhooks.line import Line, key_of
from gateway.platform.webhooks.pump import LANES, PAGE
from gateway.platform.webhooks.spool import Tried
from tests.integration.platform.webhooks.pumping import (
    HOOK,
    LONG_AGO,
    all_there,
    bench,
    drive,
    in_log_order,
    story,
    wait_for,
)
from tests.integration.platform.webhooks.receiving import Receiver, Request, receiving
from tests.parts import Parts

pytestmark = pytest.mark.integration


ROOT = Path(__file__).parents[4]
COUNT = 1_500


def _pumping(
    mongodb_uri: str, db: Db, receiver: Receiver, parts: Parts, crash_points: str = ""
) -> subprocess.Popen[bytes]:
    """A process that drives the line until it dies."""
    module = "tests.integration.platform.webhooks.pumping"
    return subprocess.Popen(
        [sys.executable, "-m", module, mongodb_uri, db.name, receiver.url, str(COUNT)],
        cwd=ROOT,
        env={**parts.home.environment, "THROUGHLINE_CRASH_POINTS": crash_points},
    )


@pytest.mark.feature("N04")
def test_killed_in_the_middle_again_and_again_it_loses_nothing(
    db: Db, mongodb_uri: str, parts: Parts
) -> None:
    events, chance = story(COUNT), random.Random(3)

    def answer(_request: Request) -> int:
        return 500 if chance.random() < 1 / 3 else 200

    with receiving(answer) as receiver:
        for kill_at in (150, 500, 900):
            process = _pumping(mongodb_uri, db, receiver, parts)
            try:
                wait_for(partial(_has, receiver, kill_at))
            finally:
                process.kill()
                process.wait()
        process = _pumping(mongodb_uri, db, receiver, parts, "webhook.before_cursor:2")
        assert process.wait(60) == -signal.SIGKILL, "between a delivery and the cursor"
        with bench(db, receiver, events) as made:
            drive(made.pump(), all_there(receiver, events))
        assert receiver.by_key() == in_log_order(events)
        assert len(receiver.accepted) > COUNT, "the kills did hit what was under way"


def _has(receiver: Receiver, count: int) -> bool:
    return len(receiver.ids()) >= count


def test_one_worker_at_a_time_and_the_next_goes_on_where_it_was(db: Db) -> None:
    events = story(400)
    with receiving() as receiver, bench(db, receiver, events) as made:
        first, second = made.pump(), made.pump(owner="worker-2")
        first.step(0)
        assert len(receiver.ids()) == PAGE
        second.step(0)
        assert len(receiver.requests) == PAGE
        first.close()
        drive(second, all_there(receiver, events))
        assert len(receiver.requests) == len(events), "nothing twice when it was handed over"


def test_a_zombie_moves_nothing(db: Db) -> None:
    line = Line(HOOK, LONG_AGO)
    with receiving() as receiver, bench(db, receiver, story(1)) as made:
        made.stores.book.save(line, Standing("7", 7), fence=2)
        with pytest.raises(Fenced):
            made.stores.book.save(line, Standing("3", 3), fence=1)
        found = made.stores.book.standing(line)
        assert found is not None
        assert found.cursor == "7"


def test_a_stop_ends_a_step_early_and_keeps_what_is_done(db: Db) -> None:
    events, stop = story(PAGE), threading.Event()

    def answer(request: Request) -> int:
        if request.number == 40:
            stop.set()
        return 200

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        made.pump(stop=stop).step(0)
        came = len(receiver.requests)
        assert 40 <= came < 40 + LANES
        made._pumps[0].close()
        drive(made.pump(owner="worker-2"), all_there(receiver, events))
        assert len(receiver.requests) <= PAGE + LANES
        assert receiver.by_key() == in_log_order(events)


def test_what_is_in_the_spool_stays_as_it_is_when_a_page_is_read_again(db: Db) -> None:
    """Its place and its tries: a crash must not begin three days anew."""
    line, (first, second) = Line(HOOK, LONG_AGO), story(2, customers=1)
    with receiving() as receiver, bench(db, receiver, ()) as made:
        spool, now = made.stores.spool, to_millis(made.clock())
        tried = Tried(5, now, Outcome(500, None, 1))
        later = now + timedelta(hours=1)
        spool.put(line, [(7, first)], now, later, tried)
        spool.put(line, [(9, first), (8, second)], now, now)
        found = spool.waiting(line, key_of(first), 10)
        assert [(one.event.id, one.attempts, one.next_at) for one in found] == [
            (first.id, 5, later), (second.id, 0, now)
        ]  # fmt: skip
        (head,) = spool.heads(line)
        assert (head.next_at, head.count) == (later, 2)
