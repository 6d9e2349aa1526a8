"""Purchases from before go-live: told as what they are, counted like any, acted on by nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from events.types import utc_now
from tests.acceptance import stories
from tests.acceptance.api import Api, eventually
from tests.acceptance.history import (
    Bought,
    bring_in,
    fresh_source,
    ids,
    place_as_if_live,
)
from tests.acceptance.judging import CHANGED, insight, judge_all, publish_policy
from tests.acceptance.stores import Stores
from tests.acceptance.system import System

Event = dict[str, Any]

FEW = [
    Bought("1", date(1997, 1, 12), 1, 1177),
    Bought("1", date(1997, 6, 1), 3, 4242),
    Bought("2", date(1997, 1, 12), 2, 7),
    Bought("3", date(1997, 3, 30), 5, 14896),
    Bought("3", date(1998, 5, 2), 2, 2999),
]
BAD = "4 19971332 1 10.00\n5 19970101 none 10.00"
"""A month that does not exist, and a quantity that is none."""


@pytest.mark.feature("S26")
def test_imported_purchases_are_of_their_day_and_set_nothing_off(system: System, api: Api) -> None:
    arm_reactions(system, api)
    source, before = fresh_source(), utc_now()
    outcome = bring_in(system, source, FEW, more=BAD, expected=1).data
    assert (outcome["rows"], outcome["new"]) == (7, 5)
    assert [one["line"] for one in outcome["rejected"]] == [6, 7]
    assert all(one["reason"] for one in outcome["rejected"])
    Stores(system).settle()

    known = ids(source, FEW)
    events = of_customers(system, known)
    assert Counter(one["type"].split(".", 2)[2] for one in events) == {
        "customer.registered.v1": 3,
        "order.placed.v1": 5,
        "order.completed.v1": 5,
    }, "something reacted to history"
    for one in events:
        assert one["backfilled"] is True
        assert one["correlationid"] == outcome["import_id"]
        assert datetime.fromisoformat(one["recordedtime"]) >= before
    placed = [one for one in events if one["type"].endswith("order.placed.v1")]
    assert sorted((one["subject"], one["time"][:10]) for one in placed) == sorted(
        (known[one.customer], one.day.isoformat()) for one in FEW
    )
    check_record(system, outcome["import_id"])

    again = bring_in(system, source, FEW, more=BAD, expected=1).data
    assert (again["new"], again["already_there"]) == (0, 5)
    Stores(system).settle()
    assert of_customers(system, known) == events


def arm_reactions(system: System, api: Api) -> None:
    """There are limits to judge by, and a live purchase is judged at once."""
    publish_policy(api)
    stories.purchase(api, stories.customer(api).id)
    Stores(system).settle()
    judge_all(api)
    judged = stories.customer(api).id
    stories.purchase(api, judged)
    eventually(lambda: api.read(f"/v1/analytics/customers/{judged}/summary").get("tier"))


def of_customers(system: System, known: Mapping[str, str]) -> list[Event]:
    ours = set(known.values())
    found = [one for one in system.topics.events() if one.get("subject") in ours]
    return sorted(found, key=lambda one: str(one["id"]))


def check_record(system: System, import_id: str) -> None:
    """The import tells of itself: begun, two rows left out, completed."""
    told = [
        (one["type"].split(".", 2)[2], one["data"])
        for one in system.topics.stream("platform", f"import-{import_id}")
    ]
    assert [name for name, _ in told] == [
        "import.started.v1",
        "import.row_rejected.v1",
        "import.row_rejected.v1",
        "import.completed.v1",
    ]
    assert told[0][1]["rows"] == 7
    assert [one["row"] for _, one in told[1:3]] == [6, 7]
    assert (told[3][1]["ok"], told[3][1]["failed"]) == (5, 2)


@pytest.mark.feature("S26")
def test_figures_over_imported_purchases_are_those_of_live_ones(system: System, api: Api) -> None:
    source = fresh_source()
    bring_in(system, source, FEW)
    imported, live = ids(source, FEW), place_as_if_live(system, FEW)
    Stores(system).settle()
    for name in imported:
        for at in moments(date(1997, 1, 11), 16):
            told = insight(api, imported[name], at)["metrics"]
            assert told == insight(api, live[name], at)["metrics"]
            assert told == by_hand([one for one in FEW if one.customer == name], at)
        whole = summary(api, imported[name])
        assert whole == summary(api, live[name])
        assert whole["purchases"] == sum(one.customer == name for one in FEW)


def moments(first: date, months: int) -> list[datetime]:
    start = datetime(first.year, first.month, first.day, 9, tzinfo=UTC)
    return [start + timedelta(days=30 * month) for month in range(months)]


def by_hand(bought: list[Bought], at: datetime) -> dict[str, Any]:
    known = [one for one in bought if one.at <= at]
    inside = [one for one in known if one.at > at - timedelta(days=365)]
    cents = sum(one.cents for one in inside)
    told: dict[str, Any] = {
        "frequency": len(inside),
        "monetary": stories.dollars(f"{cents // 100}.{cents % 100:02d}"),
    }
    if known:
        told["recency_days"] = (at - max(one.at for one in known)).days
    return told


def summary(api: Api, customer_id: str) -> dict[str, Any]:
    """What analytics counts, without what is not counting."""
    shown = api.read(f"/v1/analytics/customers/{customer_id}/summary")
    return {
        name: shown[name]
        for name in ("purchases", "quantity", "spent", "first_purchase_at", "last_purchase_at")
    }


# --- tiers at any past date

SHOPPERS = 24
RUNS = moments(date(1991, 2, 1), 14)[::3]


def shop() -> list[Bought]:
    chance = Random(11)
    return [
        Bought(
            f"s{number}",
            date(1990, 3, 1) + timedelta(days=chance.randrange(700)),
            chance.randint(1, 4),
            int(chance.lognormvariate(7, 1.3)) + 1,
        )
        for number in range(SHOPPERS)
        for _ in range(chance.choice((1, 1, 2, 4)))
    ]


@pytest.mark.feature("N11")
def test_history_gives_the_tiers_of_live_purchases_at_every_past_date(
    system: System, api: Api
) -> None:
    # Of a version without limits nobody is judged at once: so live purchases leave no trace
    # of the day on which this test runs.
    publish_policy(api)
    source, bought = fresh_source(), shop()
    live = place_as_if_live(system, bought)
    bring_in(system, source, bought)
    imported = ids(source, bought)
    Stores(system).settle()
    assert tier_moves(system, imported) == tier_moves(system, live) == {}
    for at in RUNS:
        judge_all(api, at)
        Stores(system).settle()
        for name in imported:
            ours, theirs = insight(api, imported[name], at), insight(api, live[name], at)
            for field in ("tier", "tier_since", "assessed", "metrics"):
                assert ours.get(field) == theirs.get(field), (name, at, field)
    moves, theirs = tier_moves(system, imported), tier_moves(system, live)
    assert moves == theirs
    assert max(len(one) for one in moves.values()) > 1, "no tier moved twice: too little is shown"
    reactions = [
        one["type"]
        for one in of_customers(system, imported)
        if one["actor"].startswith(("reaction:", "timer:"))
    ]
    assert reactions == []


def tier_moves(system: System, known: Mapping[str, str]) -> dict[str, list[Any]]:
    """What each customer of the shop went through, without ids."""
    names = {id: name for name, id in known.items()}
    moves: dict[str, list[Any]] = {}
    for one in sorted(system.topics.events("analytics"), key=lambda one: str(one["time"])):
        if one["type"] == CHANGED and one["subject"] in names:
            data = one["data"]
            told = (data.get("from"), data["to"], data["as_of"], data["metrics"])
            moves.setdefault(names[one["subject"]], []).append(told)
    return moves
