"""Purchases from before go-live: brought in by the import, or placed as if the services had run.

A service's clock cannot be turned back through its API. A purchase "as if live" is therefore
decided by the service's own rules and put into its own store, exactly as the API does it, with
the origin that a request would have had on that day: the past as time, and no mark of a backfill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from deploy.importing.identity import customer_id
from events.commands import Commands
from events.contracts.money import Money
from events.deciding import Origin
from events.mongodb import connect, database
from events.store.mongo import MongoEventStore
from events.types import CustomerId, new_id
from services.marketing.domain.customer import CUSTOMER, RegisterCustomer
from services.sales.domain.order import ORDER, CompleteOrder, PlaceOrder
from services.sales.domain.order_lines import OrderLine
from tests.acceptance.system import System, Told


class Bought(NamedTuple):
    """One purchase of a customer, as a shop's old file names him."""

    customer: str
    day: date
    quantity: int
    cents: int

    @property
    def at(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)


def fresh_source() -> str:
    """A shop that nobody has imported from."""
    return f"shop_{new_id()[-12:]}"


def bring_in(
    system: System, source: str, bought: Iterable[Bought], *, more: str = "", expected: int = 0
) -> Told:
    """`throughline import purchases`; `more` are lines to add as they are."""
    lines = [
        f"{one.customer} {one.day:%Y%m%d} {one.quantity} {one.cents / 100:.2f}" for one in bought
    ]
    file: Path = system.folder / f"{source}-{new_id()[-12:]}.txt"
    file.write_text("\n".join([*lines, more]) + "\n")
    return system.cli("import", "purchases", str(file), "--source", source, expected=expected)


def ids(source: str, bought: Iterable[Bought]) -> dict[str, str]:
    """Our ids of the shop's customers."""
    return {one.customer: customer_id(source, one.customer) for one in bought}


def place_as_if_live(system: System, bought: Sequence[Bought]) -> dict[str, str]:
    """New customers with these purchases; our ids of them."""
    firsts = {one.customer: one for one in sorted(bought, key=lambda one: one.day, reverse=True)}
    known = {name: CustomerId(new_id()) for name in firsts}
    with _commands(system, "marketing") as marketing, _commands(system, "sales") as sales:
        for name, first in firsts.items():
            register = RegisterCustomer(
                customer_id=known[name], at=first.at, kind="person", source="web"
            )
            marketing.execute(CUSTOMER, known[name], register, _origin(first.at))
        for one in sorted(bought, key=lambda one: one.day):
            _sell(sales, known[one.customer], one)
    return dict(known)


def _sell(sales: Commands, customer: CustomerId, one: Bought) -> None:
    order_id = new_id()
    amount = Money(Decimal(one.cents).scaleb(-2), "USD")
    # The price is for one piece; the last cents that cannot be divided are a line of their own.
    lines: tuple[OrderLine, ...] = (
        OrderLine(product_id="cd", qty=1, price=amount, installable=False),
    )
    if one.quantity > 1:
        nothing = Money(Decimal("0.00"), "USD")
        rest = OrderLine(product_id="cd", qty=one.quantity - 1, price=nothing, installable=False)
        lines = (*lines, rest)
    place = PlaceOrder(
        order_id=order_id,
        customer_id=customer,
        at=one.at,
        kind="sale",
        lines=lines,
        channel="web",
    )
    sales.execute(ORDER, order_id, place, _origin(one.at))
    sales.execute(ORDER, order_id, CompleteOrder(order_id, one.at), _origin(one.at))


def _origin(at: datetime) -> Origin:
    return Origin(actor="shop", occurred_at=at)


@contextmanager
def _commands(system: System, service: str) -> Iterator[Commands]:
    client = connect(system.config.mongodb_uri, "acceptance")
    db = database(client, system.config.database(service))
    try:
        yield Commands(MongoEventStore(db, service))
    finally:
        client.close()
