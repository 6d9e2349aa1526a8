"""Signatures, replays, and the rights of whoever answers for a subscription."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from events.envelope import Event, encode
from events.mongodb import Db
from gateway.platform.webhooks.line import Line, key_of
from gateway.platform.webhooks.pump import PAGE
from tests.integration.platform.webhooks.pumping import (
    HOOK,
    LONG_AGO,
    all_there,
    bench,
    drive,
    in_log_order,
    story,
)
from tests.integration.platform.webhooks.receiving import Request, receiving

pytestmark = pytest.mark.integration


def test_while_a_secret_is_rotated_both_verify(db: Db) -> None:
    events = story(2, customers=1)
    with receiving() as receiver, bench(db, receiver, events) as made:
        fresh = made.keys.rotate(HOOK, 2, made.clock())
        assert fresh != made.secret
        drive(made.pump(), all_there(receiver, events))
        one = receiver.accepted[0]
        assert one.headers["webhook-signature"].count("v1,") == 2
        for secret in (made.secret, fresh):
            assert Webhook(secret).verify(one.body, dict(one.headers))
        assert made.keys.rotate(HOOK, 2, made.clock()) == fresh, "the same rotation again"
        newest = made.keys.rotate(HOOK, 3, made.clock())
        assert list(made.keys.valid(HOOK, made.clock())) == [newest, fresh], "never three"
        later = made.clock() + timedelta(hours=24, seconds=1)
        assert list(made.keys.valid(HOOK, later)) == [newest]


def test_a_replay_sends_a_period_again_beside_the_live_line(db: Db) -> None:
    events = story(30, customers=1)  # one a minute
    since, until = events[10].recorded_at, events[20].recorded_at
    with receiving() as receiver, bench(db, receiver, events) as made:
        live = made.pump()
        drive(live, all_there(receiver, events))
        replay = made.pump(line=Line(HOOK, since, "r-1", until))
        drive(replay, lambda: made.ended == ["replayed"])
        again = receiver.accepted[len(events) :]
        assert [one.id for one in again] == [event.id for event in events[10:20]]
        assert all(one.headers["webhook-replay"] == "true" for one in again)
        assert not any("webhook-replay" in one.headers for one in receiver.accepted[:30])


def test_a_replay_is_through_when_its_last_failure_has_arrived(db: Db) -> None:
    events = story(10, customers=2)
    with (
        receiving(lambda one: 500 if one.tries < 3 else 200) as receiver,
        bench(db, receiver, events) as made,
    ):
        line = Line(HOOK, LONG_AGO, "r-1", events[-1].recorded_at + timedelta(days=1))
        drive(made.pump(line=line), lambda: bool(made.ended))
        assert len(receiver.ids()) == len(events)


class Choosy:
    """Owners whose rights change."""

    def __init__(self) -> None:
        self.may = True
        self.sees = {"c-0"}

    def permit(self, owner: str) -> Any:
        return self if self.may else None

    def body(self, event: Event) -> bytes | None:
        return encode(event) if key_of(event) in self.sees else None


def test_an_owner_is_sent_what_he_may_see_when_it_is_sent(db: Db) -> None:
    events = story(40, customers=2)
    owners = Choosy()

    def answer(request: Request) -> int:
        owners.sees.discard("c-0")
        return 500

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        pump = made.pump(owners=owners)
        drive(pump, lambda: pump.counts.withheld >= len(events))
        assert len(receiver.requests) == 1, "its second try was not allowed any more"


def test_while_the_owner_has_no_right_nothing_is_passed_over(db: Db) -> None:
    events, owners = story(20, customers=1), Choosy()
    owners.may = False
    with receiving() as receiver, bench(db, receiver, events) as made:
        pump = made.pump(owners=owners)
        for _ in range(3):
            pump.step(0)
        assert receiver.requests == []
        owners.may = True
        drive(pump, all_there(receiver, events))


def test_rights_that_are_lost_in_the_middle_of_a_page_pass_nothing_over(db: Db) -> None:
    events, owners = story(PAGE, customers=4), Choosy()
    owners.sees = {f"c-{n}" for n in range(4)}

    def answer(request: Request) -> int:
        if request.number == 20:
            owners.may = False
        return 200

    with receiving(answer) as receiver, bench(db, receiver, events) as made:
        pump = made.pump(owners=owners)
        pump.step(0)
        assert len(receiver.requests) < PAGE
        assert pump.counts.withheld == 0
        owners.may = True
        drive(pump, all_there(receiver, events))
        assert receiver.by_key() == in_log_order(events)
