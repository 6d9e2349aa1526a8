"""An import on real stores: exact, complete, without effect the second time."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from deploy.importing import identity
from deploy.importing.importer import Outcome
from deploy.importing.places import Places
from deploy.importing.shelves import CHANGED
from events.commands import Commands
from events.config import Config
from services.marketing.domain.customer import CUSTOMER
from services.sales.domain.order import ORDER
from tests.integration.importing.shop import SOURCE, documents, events, in_lines, in_stores, lines

pytestmark = [pytest.mark.integration, pytest.mark.feature("S26")]

Import = Callable[..., Outcome]
GOOD = lines(300)
BAD = ["00001 19970230 1 1.00", "00001 19970101 0 1.00", "nonsense", "00001 19970101 1 -1.00"]


def test_the_stores_hold_what_the_file_tells(importing: Import, places: Places) -> None:
    outcome = importing(GOOD)
    assert in_stores(places) == in_lines(GOOD)
    assert outcome.held == outcome.told
    assert (outcome.purchases.new, outcome.purchases.already, outcome.faults) == (300, 0, [])
    assert outcome.good


def test_every_event_is_backfill_with_the_time_at_which_it_happened(
    importing: Import, places: Places
) -> None:
    importing(GOOD)
    commits = [*documents(places.sales), *documents(places.marketing)]
    assert all(commit["backfilled"] for commit in commits)
    assert {event["at"].year for commit in commits for event in commit["events"]} == {1997}
    assert min(commit["recorded_at"] for commit in commits).year >= 2026


def test_the_services_take_the_streams_for_their_own(importing: Import, places: Places) -> None:
    """A command of today decides on the imported history."""
    history = importing(GOOD).history
    purchase = history.purchases[4]
    order, version = Commands(places.sales).state(ORDER, identity.order_id(SOURCE, purchase))
    assert (order.status, version) == ("completed", 2)
    assert order.total is not None
    assert order.total.amount == purchase.value
    name = identity.customer_id(SOURCE, purchase.customer)
    customer, version = Commands(places.marketing).state(CUSTOMER, name)
    assert (customer.id, version) == (name, 1)
    assert order.customer_id == name


def test_the_second_time_nothing_happens(importing: Import, places: Places) -> None:
    rows = [*GOOD, *BAD]
    importing(rows)
    before = [documents(store) for store in (places.marketing, places.sales, places.platform)]
    again = importing(rows)
    after = [documents(store) for store in (places.marketing, places.sales, places.platform)]
    assert after == before
    assert (again.purchases.new, again.purchases.already) == (0, 300)
    assert (again.customers.new, again.customers.already) == (0, 43)
    assert again.held == again.told


def test_bad_rows_are_named_and_all_others_imported(importing: Import, places: Places) -> None:
    rows = [*GOOD[:100], *BAD, *GOOD[100:]]
    outcome = importing(rows)
    assert [fault.line for fault in outcome.faults] == [101, 102, 103, 104]
    assert in_stores(places) == in_lines(GOOD)
    assert not outcome.good


def test_the_import_itself_is_published(importing: Import, places: Places, config: Config) -> None:
    rows = [*GOOD, *BAD]
    outcome = importing(rows)
    assert outcome.published
    told = published(config)
    assert [one["type"].removeprefix("crm.platform.import.") for one in told] == [
        "started.v1",
        *["row_rejected.v1"] * 4,
        "completed.v1",
    ]
    assert told[0]["data"]["rows"] == 304
    assert [one["data"]["row"] for one in told[1:-1]] == [302, 303, 304, 305]
    assert (told[-1]["data"]["ok"], told[-1]["data"]["failed"]) == (300, 4)
    causes = {commit["causation_id"] for commit in documents(places.sales)}
    assert causes == {told[0]["id"]}


def test_a_row_that_changed_is_reported_and_changes_nothing(
    importing: Import, places: Places
) -> None:
    importing(GOOD)
    before = documents(places.sales)
    changed = [*GOOD[:150], GOOD[150].replace(".49", ".50"), *GOOD[151:]]
    assert changed != GOOD
    outcome = importing(changed)
    assert [(fault.line, fault.reason) for fault in outcome.faults] == [(151, CHANGED)]
    assert documents(places.sales) == before
    assert outcome.held is not None
    assert outcome.held.money == outcome.told.money - Decimal("0.01")
    assert not outcome.good


def test_a_longer_file_adds_what_is_new(importing: Import, places: Places) -> None:
    importing(GOOD[:120])
    outcome = importing([*GOOD, "00000 19960101 1 5.00"])
    assert (outcome.purchases.new, outcome.purchases.already) == (182, 119)
    assert in_stores(places) == in_lines([*GOOD, "00000 19960101 1 5.00"])
    assert outcome.good


def test_two_imports_at_once_are_one(importing: Import, places: Places, config: Config) -> None:
    other = Places(config)
    try:
        with ThreadPoolExecutor(2) as both:
            outcomes = list(both.map(lambda at: importing(GOOD, at), (places, other)))
    finally:
        other.close()
    assert in_stores(places) == in_lines(GOOD)
    assert sum(outcome.purchases.new for outcome in outcomes) == 300
    assert all(outcome.purchases.new + outcome.purchases.already == 300 for outcome in outcomes)
    assert [event["type"].rsplit(".", 2)[1] for event in events(places.platform)] == [
        "started",
        "completed",
    ]


def published(config: Config) -> list[dict[str, Any]]:
    """Everything on the platform's topic, which has one partition here."""
    consumer = KafkaConsumer(
        bootstrap_servers=config.kafka_bootstrap, enable_auto_commit=False, metrics_enabled=False
    )
    try:
        at = TopicPartition(config.topic("platform"), 0)
        consumer.assign([at])
        consumer.seek_to_beginning(at)
        (end,) = consumer.end_offsets([at]).values()
        found: list[dict[str, Any]] = []
        while consumer.position(at) < end:
            found += [json.loads(one.value) for one in consumer.poll(1000).get(at, [])]
        return found
    finally:
        consumer.close()
