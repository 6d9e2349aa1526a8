"""One face to the customer: the merged timeline is what the log says, whoever lags or is away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from deploy.local.endpoints import SERVICES
from tests.acceptance import stories
from tests.acceptance.api import Api, Done, eventually
from tests.acceptance.history import Bought, bring_in, fresh_source, ids
from tests.acceptance.judging import judge_all, publish_policy
from tests.acceptance.stores import Stores
from tests.acceptance.system import System
from tests.acceptance.test_digests import by_customer
from tests.acceptance.test_two_clocks import clocks, model, moment

pytestmark = pytest.mark.feature("S93")

HISTORY = [Bought("1", date(1998, 2, 1), 1, 1000), Bought("1", date(1998, 9, 9), 2, 2000)]
LIMIT = 3
EQUAL = dict.fromkeys(SERVICES, ("current", 0))

Page = dict[str, Any]


@pytest.fixture(scope="module")
def customer_id(system: System) -> str:
    """Somebody with history and with events of all four services."""
    api, source = system.api, fresh_source()
    bring_in(system, source, HISTORY)
    customer_id = ids(source, HISTORY)["1"]
    publish_policy(api)
    stories.lead(api, customer_id)
    stories.purchase(api, customer_id)
    stories.resolve(api, stories.case(api, customer_id).id)
    Stores(system).settle()
    judge_all(api)
    Stores(system).settle()
    return customer_id


def path_of(customer_id: str, service: str = "") -> str:
    return f"/v1/{service}/customers/{customer_id}/timeline".replace("//", "/")


def pages(api: Api, customer_id: str, **params: Any) -> list[Page]:
    """Page by page to the end."""
    path, found = path_of(customer_id), list[Page]()
    while not found or found[-1]["next_cursor"]:
        after = {"cursor": found[-1]["next_cursor"]} if found else {}
        found.append(api.read(path, limit=LIMIT, **params, **after))
    return found


def items(found: list[Page]) -> list[dict[str, Any]]:
    return [item for page in found for item in page["items"]]


def standing(page: Page) -> Mapping[str, tuple[str, int | None]]:
    return {name: (told["status"], told["missing"]) for name, told in page["services"].items()}


def log(system: System, customer_id: str) -> list[dict[str, Any]]:
    return by_customer(system, [customer_id])[customer_id]


@contextmanager
def without(system: System, process: str) -> Iterator[None]:
    system.stop(process)
    try:
        yield
    finally:
        system.start(process)


def test_the_pages_are_what_the_log_says(system: System, api: Api, customer_id: str) -> None:
    story = log(system, customer_id)
    assert {one["source"].rpartition("/")[2] for one in story} == set(SERVICES)
    found = pages(api, customer_id)
    assert items(found) == model(story, None, None)
    assert len(found) == -(-len(story) // LIMIT) > 3
    assert [standing(page) for page in found] == [EQUAL] * len(found)


def test_the_past_is_what_the_log_says(system: System, api: Api, customer_id: str) -> None:
    story = log(system, customer_id)
    in_between = sorted(moment(one, "time") for one in story)[len(story) // 2]
    known = sorted(moment(one, "recordedtime") for one in story)[len(story) // 2]
    for as_of in (None, datetime(1998, 6, 1, tzinfo=UTC), in_between):
        for known_at in (None, known, known - timedelta(days=1)):
            found = pages(api, customer_id, **clocks(as_of, known_at))
            assert items(found) == model(story, as_of, known_at)


def test_gateway_and_services_take_each_others_cursors(api: Api, customer_id: str) -> None:
    params = {"limit": LIMIT, "as_of": "2100-01-01T00:00:00Z"}
    for first in ("", *SERVICES):
        cursor = api.read(path_of(customer_id, first), **params)["next_cursor"]
        rest = [
            api.read(path_of(customer_id, then), **params, cursor=cursor)
            for then in ("", *SERVICES)
        ]
        assert len(rest[0]["items"]) == LIMIT
        assert all(one["items"] == rest[0]["items"] for one in rest)
        assert {one["next_cursor"] for one in rest} == {rest[0]["next_cursor"]}


def test_a_service_that_lags_is_told_and_costs_nothing(
    system: System, api: Api, customer_id: str
) -> None:
    before = len(log(system, customer_id))
    with without(system, "sales-worker"):
        done = [stories.lead(api, customer_id), stories.case(api, customer_id)]
        shown_by(api, "analytics", customer_id, done)

        answer = api.get(path_of(customer_id), {"limit": 200}, **tokens(done))
        page, story = answer.json(), log(system, customer_id)
        assert answer.headers["Consistency"] == "current"
        assert page["items"] == model(story, None, None)
        assert standing(page)["sales"] == ("stale", len(story) - before)
        assert standing(page)["analytics"] == ("current", 0)

        found = pages(api, customer_id)
        assert items(found) == model(story, None, None)
        lacked = [page["services"]["sales"]["missing"] for page in found]
        assert sum(lacked) == len(story) - before >= 2

        as_of = datetime(1998, 6, 1, tzinfo=UTC)
        then = pages(api, customer_id, **clocks(as_of, None))
        assert items(then) == model(story, as_of, None)
        assert [standing(page) for page in then] == [EQUAL] * len(then)
    eventually(lambda: all(standing(page) == EQUAL for page in pages(api, customer_id)))


def test_a_service_that_is_away_is_told_and_costs_nothing(
    system: System, api: Api, customer_id: str
) -> None:
    with without(system, "service-web"):
        done = [stories.purchase(api, customer_id)]
        for service in ("marketing", "sales", "analytics"):
            shown_by(api, service, customer_id, done)
        found = pages(api, customer_id)
        assert items(found) == model(log(system, customer_id), None, None)
        away = {**EQUAL, "service": ("unavailable", None)}
        assert [standing(page) for page in found] == [away] * len(found)
    eventually(lambda: all(standing(page) == EQUAL for page in pages(api, customer_id)))


def test_what_no_service_holds_is_stale(api: Api, customer_id: str) -> None:
    never = {"Consistency_Token": "order-of-nobody@1"}
    answer = api.get(path_of(customer_id), **never)
    assert (answer.status_code, answer.headers["Consistency"]) == (200, "stale")
    assert standing(answer.json()) == dict.fromkeys(SERVICES, ("stale", 0))
    strict = api.get(path_of(customer_id), **never, Prefer="wait=1, handling=strict")
    assert strict.status_code == 503
    assert int(strict.headers["Retry-After"]) >= 1


def tokens(done: list[Done]) -> dict[str, str]:
    return {"Consistency_Token": ",".join(one.token for one in done), "Prefer": "wait=2"}


def shown_by(api: Api, service: str, customer_id: str, done: list[Done]) -> None:
    """Returns when that service shows it."""
    api.read(path_of(customer_id, service), after=done)
