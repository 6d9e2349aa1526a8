"""Webhooks on the running system: everything arrives, signed, in order, also through a crash."""

from __future__ import annotations

import base64
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.paths import ROOT
from deploy.local.ports import pick
from events.types import format_time, parse_time, utc_now
from tests.acceptance import stories
from tests.acceptance.api import Api, Done, eventually
from tests.acceptance.system import System
from tests.integration.platform.webhooks.receiving import Receiver, Request, receiving
from throughline import webhooks

PATH = "/v1/platform/subscriptions"
BOUND_SECONDS = 120.0
"""A failed message is tried again after at most 5, then 15 seconds; a successor waits for 30."""


@pytest.fixture
def director(system: System) -> Api:
    return system.api_of("dora")


class Hook:
    """A subscription of somebody's; gone after the test."""

    def __init__(self, api: Api, receiver: Receiver, **more: Any) -> None:
        answer = api.post(PATH, {"url": receiver.url, "types": [], **more})
        assert answer.status_code == 201, answer.text
        self.api, self.id, self.secret = api, answer.json()["id"], answer.json()["secret"]
        self.path = f"{PATH}/{self.id}"

    def shown(self) -> Any:
        return self.api.read(self.path)


@pytest.fixture
def hooks(director: Api) -> Iterator[list[Hook]]:
    made: list[Hook] = []
    yield made
    for one in made:
        one.api.change(f"{one.path}/delete")


def customers_with_orders(api: Api, count: int) -> list[list[str]]:
    """For each customer the ids of what sales says of him, in their order."""
    told = []
    for _ in range(count):
        someone = stories.customer(api)
        placed = stories.order(api, someone.id)
        completed = api.change(f"/v1/sales/orders/{placed.id}/complete")
        told.append([id for done in (placed, completed) for id in done.events])
    return told


def genuine(receiver: Receiver, *secrets: str) -> bool:
    """Whether every message verifies; raises NotGenuine else."""
    return all(webhooks.verify(one.headers, one.body, *secrets) for one in receiver.requests)


@pytest.mark.feature("N04")
def test_everything_arrives_in_order_though_a_third_fails_and_the_worker_is_killed(
    system: System, api: Api, director: Api, hooks: list[Hook]
) -> None:
    chance = random.Random(4)

    def answer(_request: Request) -> int:
        return chance.choice((500, 503, 0)) if chance.random() < 1 / 3 else 200

    with receiving(answer) as receiver:
        hook = Hook(director, receiver, types=["crm.sales.order.*"], description="ERP")
        hooks.append(hook)
        told = customers_with_orders(api, 8)
        eventually(lambda: receiver.requests, BOUND_SECONDS)
        system.kill("platform-worker")
        told += customers_with_orders(api, 8)  # while nobody sends
        system.start("platform-worker")
        told += customers_with_orders(api, 8)
        wanted = {id for ids in told for id in ids}
        eventually(lambda: wanted <= set(receiver.ids()), BOUND_SECONDS)
        assert set(receiver.ids()) == wanted, "nothing but what was asked for"
        orders = list(receiver.by_key().values())
        assert sorted(orders) == sorted(told), "a customer's in their order"
        assert genuine(receiver, hook.secret)
    worker = system.endpoints.workers["platform"]
    figures = requests.get(f"{worker}/status", timeout=10).json()["loops"]["webhooks"]
    assert figures["delivered"] > 0
    assert figures["failed"] > 0
    measured = requests.get(f"{worker}/metrics", timeout=10).text
    assert "throughline_worker_delivered_total{" in measured


def test_the_sample_of_the_guide_takes_what_comes(
    api: Api, director: Api, hooks: list[Hook], tmp_path: Path
) -> None:
    port, file = pick(), tmp_path / "events.db"
    url = f"http://127.0.0.1:{port}/hook"
    hook = Hook(director, Receiver(port), types=["crm.marketing.customer.*"])
    hooks.append(hook)
    first = stories.customer(api)  # nobody listens yet
    sample = subprocess.Popen(
        [sys.executable, ROOT / "docs/guides/samples/receive.py", str(port), file],
        env={**os.environ, "SECRETS": hook.secret, "PYTHONPATH": str(ROOT / "clients/python/src")},
        stderr=subprocess.DEVNULL,
    )
    try:
        wanted = {*first.events, *stories.customer(api).events}
        eventually(lambda: file.exists() and wanted <= kept(file), BOUND_SECONDS)
    finally:
        sample.kill()
        sample.wait()
    assert hook.shown()["url"] == url


def kept(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as db:
        return {id for (id,) in db.execute("select id from events")}


def test_an_owner_gets_what_he_may_see_and_as_he_may_see_it(
    system: System, api: Api, hooks: list[Hook]
) -> None:
    with receiving() as receiver:
        # An administrator manages subscriptions, but has no right to events.
        hooks.append(Hook(system.api_of("ada"), receiver))
        with receiving() as directors:
            hooks.append(Hook(system.api_of("dora"), directors, types=["crm.marketing.*"]))
            someone = stories.customer(api, name="Ada Lovelace")
            eventually(lambda: set(someone.events) <= set(directors.ids()), BOUND_SECONDS)
            (event,) = (one.event for one in directors.accepted if one.id == someone.events[0])
            assert event["data"]["name"] == "Ada Lovelace"
        assert receiver.requests == []


def test_a_receiver_that_is_gone_is_left_alone_and_somebody_is_told(
    api: Api, director: Api, hooks: list[Hook]
) -> None:
    with receiving(lambda _: 410) as receiver:
        hook = Hook(director, receiver, types=["crm.marketing.customer.*"])
        hooks.append(hook)
        stories.customer(api)
        eventually(lambda: hook.shown()["status"] == "disabled", BOUND_SECONDS)
        assert hook.shown()["cause"] == "gone"
        came = len(receiver.requests)
        after = [stories.customer(api) for _ in range(5)]
        notices = {"after": "", "types": "crm.platform.subscription.disabled.v1", "limit": 200}
        eventually(lambda: hook.id in director.get("/v1/events", notices).text, BOUND_SECONDS)
        api.read(f"/v1/platform/customers/{after[-1].id}/timeline", [after[-1]])
        assert len(receiver.requests) == came


def test_secrets_are_rotated_a_test_is_sent_and_a_period_again(
    api: Api, director: Api, hooks: list[Hook]
) -> None:
    with receiving() as receiver:
        began = utc_now() - timedelta(seconds=1)
        hook = Hook(director, receiver, types=["crm.service.*"])
        hooks.append(hook)
        assert director.post(f"{hook.path}/test").json()["status"] == 200
        assert genuine(receiver, hook.secret)

        case: Done = stories.case(api, stories.customer(api).id)
        wanted = set(case.events)
        eventually(lambda: wanted <= set(receiver.ids()), BOUND_SECONDS)
        rotated = director.post(f"{hook.path}/rotate-secret", If_Match="*").json()["secret"]
        assert base64.b64decode(rotated.removeprefix("whsec_"))
        eventually(lambda: director.post(f"{hook.path}/test").json()["status"] == 200)
        for secret in (hook.secret, rotated):
            last = receiver.requests[-1]
            assert webhooks.verify(last.headers, last.body, secret)

        period = {"since": format_time(began), "until": format_time(utc_now())}
        director.change(f"{hook.path}/replays", period)

        def replayed() -> list[Request]:
            return [one for one in receiver.requests if "webhook-replay" in one.headers]

        eventually(lambda: wanted <= {one.id for one in replayed()}, BOUND_SECONDS)
        assert all(parse_time(one.event["recordedtime"]) >= began for one in replayed())
        eventually(lambda: "replay" not in hook.shown(), BOUND_SECONDS)
        tries = director.pages(f"{hook.path}/deliveries")
        assert {one["status"] for one in tries} == {200}
        assert any(one["replay"] for one in tries)


def test_nonsense_and_strangers_are_refused(system: System, director: Api) -> None:
    for url in ("ftp://x.example", "https://user:pw@x.example", "https://x.example#part"):
        answer = director.post(PATH, {"url": url, "types": []})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/url"
    assert system.api_of("sam").get(PATH).status_code == 403
    metadata = director.post(PATH, {"url": "https://169.254.169.254/latest", "types": []}).json()
    tested = director.post(f"{PATH}/{metadata['id']}/test").json()
    assert tested["error"] == "forbidden-address"
    director.change(f"{PATH}/{metadata['id']}/delete")
