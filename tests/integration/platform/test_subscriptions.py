"""Subscriptions over HTTP: rights, secrets, a test event, what became of messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from events.deciding import Origin
from events.types import format_time
from gateway.platform.definition import DEFINITION
from gateway.platform.domain.subscription import SUBSCRIPTION, DisableSubscription
from gateway.platform.equipment import DESK
from gateway.platform.webhooks.book import Standing
from gateway.platform.webhooks.desk import Desk
from gateway.platform.webhooks.egress import Outcome
from gateway.platform.webhooks.line import Line
from gateway.platform.webhooks.spool import Tried
from tests.access import a_caller
from tests.house import House, opened
from tests.integration.platform.webhooks.pumping import LONG_AGO, story
from tests.integration.platform.webhooks.receiving import receiving

URL = "https://receiver.example/hook"
PATH = "/v1/subscriptions"
NOW = datetime.now(UTC)


@pytest.fixture
def platform(mongodb_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("THROUGHLINE_WEBHOOK_ALLOW", "127.0.0.0/8")
    with opened(DEFINITION, mongodb_uri) as house:
        yield house


def desk_of(platform: House) -> Desk:
    desk: Desk = platform.app.extensions[DESK]
    return desk


def create(platform: House, url: str = URL, **more: Any) -> Any:
    return platform.post(PATH, {"url": url, "types": [], **more})


def created(platform: House, url: str = URL, **more: Any) -> tuple[str, str]:
    """(id, secret)."""
    answer = create(platform, url, **more)
    assert answer.status_code == 201, answer.text
    return answer.json["id"], answer.json["secret"]


# --- secrets


def test_a_secret_is_shown_when_it_is_made_and_stands_nowhere_else(platform: House) -> None:
    id, secret = created(platform, types=["crm.sales.*"], description="ERP")
    assert secret.startswith("whsec_")
    shown = platform.get(f"{PATH}/{id}").json
    assert (shown["url"], shown["types"], shown["owner"]) == (URL, ["crm.sales.*"], "tester")
    assert shown["status"] == "active"
    rotated = platform.change(f"{PATH}/{id}/rotate-secret")
    assert rotated.status_code == 200
    assert rotated.json["secret"] not in ("", secret)
    told = str([*platform.commits(), shown, platform.get(PATH).json])
    assert secret not in told
    assert rotated.json["secret"] not in told
    assert "whsec_" not in told


def test_a_command_told_twice_makes_one_secret(platform: House) -> None:
    body = {"url": URL, "types": []}
    first = platform.post(PATH, body, Idempotency_Key="create-1")
    again = platform.post(PATH, body, Idempotency_Key="create-1")
    assert again.json == first.json
    id = first.json["id"]
    first = platform.change(f"{PATH}/{id}/rotate-secret", Idempotency_Key="rotate-1")
    again = platform.change(f"{PATH}/{id}/rotate-secret", Idempotency_Key="rotate-1")
    assert again.json["secret"] == first.json["secret"]
    assert len(desk_of(platform).keys.valid(id, NOW)) == 2


def test_a_refused_rotation_changes_no_secret(platform: House) -> None:
    id, secret = created(platform)
    assert platform.post(f"{PATH}/{id}/rotate-secret", If_Match='"9"').status_code == 412
    assert platform.post(f"{PATH}/{id}/rotate-secret").status_code == 428
    assert list(desk_of(platform).keys.valid(id, NOW)) == [secret]


# --- what is refused


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"url": "ftp://receiver.example"}, "/url"),
        ({"url": "https://a:b@receiver.example"}, "/url"),
        ({"types": ["crm.sales.*", "Nonsense"]}, "/types/1"),
        ({"types": "crm.sales.*"}, "/types"),
        ({"customer": "no id!"}, "/customer"),
        ({"secret": "whsec_mine"}, "/secret"),
    ],
)
def test_nonsense_is_told_where_it_is(platform: House, body: Any, pointer: str) -> None:
    answer = platform.post(PATH, {"url": URL, "types": [], **body})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer
    assert platform.commits() == []


def test_without_an_allowed_network_plain_http_is_refused(
    mongodb_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("THROUGHLINE_WEBHOOK_ALLOW", raising=False)
    with opened(DEFINITION, mongodb_uri) as house:
        assert create(house, "http://receiver.example").status_code == 422
        assert create(house, "https://127.0.0.1:9000").status_code == 422
        id, _ = created(house, "https://127.0.0.1")
        tested = house.post(f"{PATH}/{id}/test").json
        assert tested["error"] == "forbidden-address", "judged when it is sent"


@pytest.mark.parametrize("role", ["seller", "agent", "marketer", "analyst", "auditor"])
def test_others_than_those_who_may_get_nowhere(platform: House, role: str) -> None:
    id, _ = created(platform)
    platform.client = platform.client_of(a_caller(role))
    assert create(platform).status_code == 403
    for path in (PATH, f"{PATH}/{id}", f"{PATH}/{id}/deliveries", f"{PATH}/{id}/dead-letters"):
        assert platform.get(path).status_code == 403
    for deed in ("pause", "resume", "rotate-secret", "replays", "delete", "test",
                 "dead-letters/redrive"):  # fmt: skip
        assert platform.change(f"{PATH}/{id}/{deed}", {}).status_code == 403


@pytest.mark.parametrize("role", ["director", "integrator", "administrator"])
def test_those_who_may_answer_for_what_they_make(platform: House, role: str) -> None:
    platform.client = platform.client_of(a_caller(role, subject=f"the-{role}"))
    id, _ = created(platform)
    assert platform.get(f"{PATH}/{id}").json["owner"] == f"the-{role}"


# --- life


def test_a_life_of_a_subscription(platform: House) -> None:
    id, _ = created(platform)
    for deed, status in (("pause", "paused"), ("resume", "active"), ("delete", "deleted")):
        assert platform.change(f"{PATH}/{id}/{deed}").status_code == 200
        assert platform.get(f"{PATH}/{id}").json["status"] == status
    assert platform.change(f"{PATH}/{id}/resume").status_code == 404
    assert platform.post(f"{PATH}/{id}/test").status_code == 404
    assert [one["id"] for one in platform.get(PATH, status="active").json["items"]] == []


def test_deleting_throws_away_secrets_and_what_waits(platform: House) -> None:
    id, _ = created(platform)
    _bury(platform, id)
    platform.change(f"{PATH}/{id}/delete")
    for name in ("webhook_secrets", "webhook_spool", "webhook_deliveries", "webhook_cursors"):
        assert platform.db[name].count_documents({}) == 0


def test_who_resumes_has_looked_after_the_failures(platform: House) -> None:
    id, _ = created(platform)
    book, line = desk_of(platform).stores.book, Line(id, LONG_AGO)
    book.save(line, Standing("x", 1, failing_since=LONG_AGO), fence=1)
    platform.commands.execute(
        SUBSCRIPTION, id, DisableSubscription(id, "failing"), Origin("webhooks", NOW)
    )
    platform.settle()
    assert platform.get(f"{PATH}/{id}").json["cause"] == "failing"
    assert platform.change(f"{PATH}/{id}/resume").status_code == 200
    assert book.standing(line) == Standing("x", 1)


def test_a_replay_is_of_the_past(platform: House) -> None:
    id, _ = created(platform)
    since, until = format_time(NOW - timedelta(days=1)), format_time(NOW)
    answer = platform.change(f"{PATH}/{id}/replays", {"since": since, "until": until})
    assert answer.status_code == 200
    assert platform.get(f"{PATH}/{id}").json["replay"]
    for wrong in (
        {"since": until, "until": since},
        {"since": since, "until": "2999-01-01T00:00:00Z"},
    ):
        answer = platform.change(f"{PATH}/{id}/replays", wrong)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/until"


# --- what becomes of messages


def test_a_test_event_is_answered_at_once(platform: House) -> None:
    with receiving(lambda _: 200) as receiver:
        id, secret = created(platform, receiver.url)
        told = platform.post(f"{PATH}/{id}/test")
        assert told.status_code == 200
        assert told.json["status"] == 200
        (request,) = receiver.requests
        event = Webhook(secret).verify(request.body, dict(request.headers))
        assert event["type"] == "throughline.webhook.test"
        assert event["data"]["subscription_id"] == id
    told = platform.post(f"{PATH}/{id}/test").json
    assert told["error"] == "connection-refused"
    assert "status" not in told


def _bury(platform: House, id: str) -> str:
    """A dead letter, and a line of the log; the event's id."""
    (event,), line = story(1, customers=1), Line(id, LONG_AGO)
    stores = desk_of(platform).stores
    outcome = Outcome(500, None, 12, excerpt="no such customer: Ada")
    tried = Tried(17, LONG_AGO, outcome)
    stores.spool.put(line, [(1, event)], NOW, None, tried)
    stores.deliveries.note(line, event, 17, outcome, NOW)
    stores.deliveries.flush()
    return event.id


def test_tries_and_dead_letters_are_listed_and_redriven(platform: House) -> None:
    id, _ = created(platform)
    event = _bury(platform, id)
    (letter,) = platform.get(f"{PATH}/{id}/dead-letters").json["items"]
    assert (letter["id"], letter["attempts"], letter["status"]) == (event, 17, 500)
    assert "event" not in letter
    (tried,) = platform.get(f"{PATH}/{id}/deliveries", event_id=event).json["items"]
    assert (tried["status"], tried["excerpt"]) == (500, "no such customer: Ada")
    assert platform.get(f"{PATH}/{id}/deliveries", event_id="x").json["items"] == []

    redrive = f"{PATH}/{id}/dead-letters/redrive"
    assert platform.post(redrive, {"event_id": "another"}).json == {"redriven": 0}
    assert platform.post(redrive, {}).json == {"redriven": 1}
    assert platform.get(f"{PATH}/{id}/dead-letters").json["items"] == []
    other, _ = created(platform)
    assert platform.post(f"{PATH}/{other}/dead-letters/redrive", {}).json == {"redriven": 0}
    assert platform.get(f"{PATH}/nobody/deliveries").status_code == 404


def test_what_a_receiver_said_is_for_those_who_may_see_personal_data(platform: House) -> None:
    id, _ = created(platform)
    _bury(platform, id)
    assert "X-Internal-Accessed" in platform.get(f"{PATH}/{id}/deliveries").headers
    platform.client = platform.client_of(a_caller("administrator"))
    (tried,) = platform.get(f"{PATH}/{id}/deliveries").json["items"]
    assert tried["excerpt"] == "•••"
