"""A row becomes the events that the services' own deciders yield, and the money stays exact."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from deploy.importing import identity
from deploy.importing.drafts import Cause, Draft, Drafts, lines_of
from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import MAX_QUANTITY, OrderCompleted, OrderPlaced
from events.store.memory import MemoryEventStore
from services.sales.domain.order_lines import order_total
from tests.unit.importing.mothers import SOURCE, history, tiny

CAUSE = Cause("import-7", "event-7")


def drafts() -> Drafts:
    return Drafts(
        SOURCE, CAUSE, marketing=MemoryEventStore("marketing"), sales=MemoryEventStore("sales")
    )


def test_a_purchase_is_an_order_placed_and_completed_in_one_commit() -> None:
    purchase = tiny().purchases[2]
    commit = drafts().order(purchase).decide()
    placed, completed = commit.events
    order = identity.order_id(SOURCE, purchase)
    customer = identity.customer_id(SOURCE, "00002")
    assert (placed.type, completed.type) == (OrderPlaced.TYPE, OrderCompleted.TYPE)
    assert commit.stream == f"order-{order}"
    assert (commit.first, commit.last, commit.key) == (1, 2, customer)
    assert placed.data == {
        "order_id": order,
        "customer_id": customer,
        "kind": "sale",
        "lines": [
            {"product_id": "cd", "qty": 4, "price": _usd("15.40"), "installable": False},
            {"product_id": "cd", "qty": 1, "price": _usd("15.41"), "installable": False},
        ],
        "total": _usd("77.01"),
        "channel": "web",
        "scope": {"org_unit": "root"},
    }
    assert completed.data["total"] == _usd("77.01")
    assert completed.data["quantity"] == 5


def test_both_events_say_when_it_was_that_it_is_backfilled_and_why() -> None:
    before = datetime.now(UTC)
    commit = drafts().order(tiny().purchases[0]).decide()
    for event in commit.events:
        assert event.occurred_at == datetime(1997, 1, 5, tzinfo=UTC)
        assert abs((event.recorded_at - before).total_seconds()) < 60
        assert event.backfilled
        assert event.actor == "import:import-7"
        assert (event.correlation_id, event.causation_id) == ("import-7", "event-7")
        assert event.source == "sales"


def test_a_customer_is_registered_by_the_earliest_purchase_and_without_a_name() -> None:
    history = tiny()
    commit = drafts().customer(history.firsts["00001"]).decide()
    (registered,) = commit.events
    assert registered.occurred_at == datetime(1997, 1, 1, tzinfo=UTC)
    assert registered.backfilled
    assert registered.type == CustomerRegistered.TYPE
    assert registered.data == {
        "customer_id": identity.customer_id(SOURCE, "00001"),
        "kind": "person",
        "roles": ["end_customer"],
        "contact_points": [],
        "source": "import",
        "scope": {"org_unit": "root"},
    }


def test_a_purchase_for_nothing_is_a_purchase() -> None:
    purchase = tiny().purchases[3]
    placed, completed = drafts().order(purchase).decide().events
    assert placed.data["lines"][0]["qty"] == 3
    assert completed.data["total"] == _usd("0.00")
    assert completed.data["quantity"] == 3


@given(quantity=some.integers(1, MAX_QUANTITY), cents=some.integers(0, 10**11))
def test_lines_add_up_to_the_cent(quantity: int, cents: int) -> None:
    lines = lines_of(quantity, cents)
    assert 1 <= len(lines) <= 2
    assert sum(line.qty for line in lines) == quantity
    assert order_total(lines).amount == Decimal(cents) / 100
    prices = [line.price.amount for line in lines]
    assert max(prices) - min(prices) <= Decimal("0.01")


def test_another_content_has_another_hash_under_the_same_name() -> None:
    one, other = (draft_of(f"00001 19970101 1 {value}") for value in ("5.00", "5.01"))
    assert one.command_id == other.command_id
    assert one.content_hash != other.content_hash


def test_ids_never_change() -> None:
    """An id that changed would import everything a second time."""
    purchase = tiny().purchases[2]
    assert identity.customer_id("cdnow", "00002") == "82ed8faa-7435-5a69-8e75-b548bf59571c"
    assert identity.order_id("cdnow", purchase) == "bc59101d-e324-5f10-b13a-2e6e6b0c415c"
    assert identity.command_id("cdnow", purchase.key) == "import:purchases:cdnow/00002/19970112/2"
    assert UUID(identity.order_id("other", purchase)) != UUID(identity.order_id("cdnow", purchase))


def draft_of(line: str) -> Draft:
    return drafts().order(history(line).purchases[0])


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}
