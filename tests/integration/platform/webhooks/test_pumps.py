"""The worker's part on real servers: a house, the log on Kafka, receivers on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import TestResponse

from events.config import load_config
from events.deciding import Origin
from events.envelope import Event
from events.errors import Corrupt
from events.runtime import service
from events.types import format_time, new_id, utc_now
from gateway.platform.definition import DEFINITION
from gateway.platform.domain.directory import DIRECTORY, MAIN, ActivateUser, DeactivateUser
from gateway.platform.webhooks.roster import chosen
from tests.access import a_caller
from tests.conformance.making import event
from tests.house import House, opened
from tests.integration.platform.webhooks.receiving import Receiver, receiving

if TYPE_CHECKING:
    from gateway.platform.webhooks.pumps import Pumps
    from tests.integration.platform.feed.writing import Log

pytestmark = pytest.mark.integration

PATH = "/v1/subscriptions"
BOUND_SECONDS = 90.0


@pytest.fixture
def log(kafka_bootstrap: str) -> Iterator[Log]:
    # Kafka's client may be imported only after pytest has been configured: see tests/parts.py.
    from tests.integration.platform.feed.writing import Log

    log = Log(kafka_bootstrap)
    yield log
    log.close()


@pytest.fixture
def platform(mongodb_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("THROUGHLINE_WEBHOOK_ALLOW", "127.0.0.0/8")
    with opened(DEFINITION, mongodb_uri) as house:
        tell(house, ActivateUser("ada", "ada", "person", "root", roles=("administrator",)))
        tell(house, ActivateUser("dora", "dora", "person", "root", roles=("director",)))
        house.client = house.client_of(a_caller("director", subject="dora"))
        yield house


def tell(house: House, command: Any) -> None:
    house.commands.execute(DIRECTORY, MAIN, command, Origin("test", utc_now()))


@contextmanager
def working(platform: House, log: Log, instance: str = "0") -> Iterator[Pumps]:
    """A worker's loop on the platform's database and the test's log."""
    from gateway.platform.webhooks.pumps import Pumps

    config = load_config(
        {
            "MONGODB_URI": platform.config.mongodb_uri,
            "THROUGHLINE_DATABASE_PREFIX": platform.config.database_prefix,
            "KAFKA_BOOTSTRAP_SERVERS": log.bootstrap,
            "THROUGHLINE_TOPIC_PREFIX": log.config.topic_prefix,
            "THROUGHLINE_PARTITIONS": str(log.config.partitions),
            "THROUGHLINE_INSTANCE": instance,
        }
    )
    house = service.House(DEFINITION, config, "test")
    pumps = Pumps(house)
    try:
        yield pumps
    finally:
        pumps.close()
        house.close()


def until(condition: Callable[[], Any], *workers: Pumps) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        for one in workers:
            one.step(0)


def subscribe(platform: House, receiver: Receiver, **more: Any) -> str:
    answer = platform.post(PATH, {"url": receiver.url, "types": [], **more})
    return str(body_of(answer)["id"])


def status(platform: House, id: str) -> tuple[str, str | None]:
    shown = looked_up(platform, id)
    return shown["status"], shown.get("cause")


def looked_up(platform: House, id: str) -> dict[str, Any]:
    platform.settle()
    return body_of(platform.get(f"{PATH}/{id}"))


def body_of(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code < 300, answer.text
    body: dict[str, Any] = answer.json or {}
    return body


def happen(log: Log, count: int, customer: str = "c-1", **more: Any) -> list[Event]:
    """Events that are recorded and published now."""
    log._clock = int(time.time() * 1000)
    made = [
        event(f"order-{new_id()[-6:]}", 1, key=customer, subject=customer, recorded_at=utc_now(),
              id=new_id(), **more)
        for _ in range(count)
    ]  # fmt: skip
    return log.write(*made)


def test_a_subscription_gets_what_happens_from_now_on(platform: House, log: Log) -> None:
    happen(log, 20)
    with receiving() as receiver, receiving() as chosen_one, working(platform, log) as pumps:
        subscribe(platform, receiver)
        subscribe(platform, chosen_one, types=["crm.platform.*"], customer="c-2")
        after = happen(log, 30)
        until(lambda: len(receiver.ids()) == 30, pumps)
        assert receiver.ids() == [one.id for one in after]
        assert chosen_one.requests == []
        until(lambda: pumps.counts.delivered == 30, pumps)
        assert pumps.counts.lines == 2


def test_the_first_410_ends_it_for_good(platform: House, log: Log) -> None:
    with receiving(lambda _: 410) as receiver, working(platform, log) as pumps:
        id = subscribe(platform, receiver)
        happen(log, 50)
        until(lambda: status(platform, id) == ("disabled", "gone"), pumps)
        until(lambda: pumps.counts.lines == 0, pumps)
        assert len(receiver.requests) == 1
        platform.change(f"{PATH}/{id}/resume")
        until(lambda: len(receiver.requests) == 2, pumps)
        until(lambda: status(platform, id) == ("disabled", "gone"), pumps)


def test_a_pause_keeps_what_happens_and_a_deletion_throws_it_away(
    platform: House, log: Log
) -> None:
    with receiving() as receiver, working(platform, log) as pumps:
        id = subscribe(platform, receiver)
        happen(log, 5)
        until(lambda: len(receiver.ids()) == 5, pumps)
        platform.change(f"{PATH}/{id}/pause")
        until(lambda: pumps.counts.lines == 0, pumps)
        happen(log, 5)
        for _ in range(2):
            pumps.step(0)
        assert len(receiver.ids()) == 5
        platform.change(f"{PATH}/{id}/resume")
        until(lambda: len(receiver.ids()) == 10, pumps)
        platform.change(f"{PATH}/{id}/delete")
        until(lambda: pumps.counts.lines == 0, pumps)
        for name in ("webhook_cursors", "webhook_deliveries", "webhook_secrets", "webhook_spool"):
            assert platform.db[name].count_documents({}) == 0


def test_a_replay_comes_marked_and_is_completed(platform: House, log: Log) -> None:
    with receiving() as receiver, working(platform, log) as pumps:
        before = happen(log, 10)
        time_between = utc_now() + timedelta(milliseconds=5)
        until(lambda: utc_now() > time_between)
        id = subscribe(platform, receiver)
        until(lambda: pumps.counts.lines == 1, pumps)
        since = before[0].recorded_at - timedelta(hours=1)
        period = {"since": format_time(since), "until": format_time(time_between)}
        assert platform.change(f"{PATH}/{id}/replays", period).status_code == 200
        until(lambda: len(receiver.ids()) == 10, pumps)
        assert receiver.ids() == [one.id for one in before]
        assert all("webhook-replay" in one.headers for one in receiver.requests)
        until(lambda: "replay" not in looked_up(platform, id), pumps)
        until(lambda: pumps.counts.lines == 1, pumps)


def test_the_owners_rights_are_those_of_the_moment(platform: House, log: Log) -> None:
    """He is let out, and nothing is sent; he is let in again as somebody who sees less."""
    data = {"order_id": "o-1", "reason": "Ada changed her mind"}
    with receiving() as receiver, working(platform, log) as pumps:
        subscribe(platform, receiver)
        happen(log, 1, data=data)
        until(lambda: len(receiver.ids()) == 1, pumps)
        tell(platform, DeactivateUser("dora", datetime.now(UTC)))
        until(lambda: not known(pumps, "dora"), pumps)
        happen(log, 3, data=data)
        for _ in range(3):
            pumps.step(0)
        assert len(receiver.requests) == 1
        tell(platform, ActivateUser("dora", "dora", "person", "root", roles=("analyst",)))
        until(lambda: len(receiver.ids()) == 4, pumps)
        assert receiver.accepted[-1].event["data"] != receiver.accepted[0].event["data"]


def known(pumps: Pumps, user: str) -> bool:
    return pumps._owners.permit(user) is not None


def test_two_workers_share_and_one_takes_over_from_the_other(platform: House, log: Log) -> None:
    """Each event once, whoever serves the line, while nobody dies."""
    with receiving() as receiver, working(platform, log, "a") as first:
        lines = [subscribe(platform, receiver) for _ in range(6)]
        with working(platform, log, "b") as second:
            until(lambda: {first.counts.lines, second.counts.lines} == shares(lines), first, second)
            sent = happen(log, 10)
            until(lambda: len(receiver.accepted) == 60, first, second)
            assert min(first.counts.delivered, second.counts.delivered) > 0
        until(lambda: first.counts.lines == 6, first)
        more = happen(log, 10)
        until(lambda: len(receiver.accepted) == 120, first)
        assert len(receiver.requests) == 120
        assert set(receiver.ids()) == {one.id for one in [*sent, *more]}


def shares(lines: list[str]) -> set[int]:
    workers = ("webhooks-a", "webhooks-b")
    return {sum(chosen(line, workers) == worker for line in lines) for worker in workers}


def test_a_place_that_the_log_lost_halts_one_line_only(platform: House, log: Log) -> None:
    from gateway.platform.feed.wanted import Wanted
    from gateway.platform.webhooks.source import FeedSource

    with receiving() as receiver, working(platform, log) as pumps:
        broken = subscribe(platform, receiver)
        platform.db["webhook_cursors"].insert_one(
            {"_id": broken, "subscription": broken, "cursor": "x", "sequence": 0, "read": False,
             "fence": 0}
        )  # fmt: skip
        subscribe(platform, receiver)
        until(lambda: pumps.counts.lines_halted == 1, pumps)
        happen(log, 5)
        until(lambda: len(receiver.ids()) == 5, pumps)
        with pytest.raises(Corrupt):
            FeedSource(log.feed(), Wanted()).read("x", 10, 0)


def test_a_cursor_of_a_moment_lies_before_everything_published_then_or_later(log: Log) -> None:
    from gateway.platform.feed.scanning import Sight
    from gateway.platform.feed.wanted import Wanted
    from tests.integration.platform.feed.writing import mixed

    feed = log.feed()
    log.write(*mixed(50))
    between = datetime.fromtimestamp((log._clock + 1) / 1000, UTC)
    after = log.write(*mixed(50, start=50))
    page = feed.page(feed.cursor_at(between), Sight(Wanted()), limit=200)
    assert len(page.items) == len(after)
    late = feed.cursor_at(between + timedelta(days=1))
    assert feed.page(late, Sight(Wanted()), limit=200).items == []
    early = feed.cursor_at(datetime(1971, 1, 1, tzinfo=UTC))
    assert len(feed.page(early, Sight(Wanted()), limit=200).items) == 100
