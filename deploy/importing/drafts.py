"""From a row to the commits that it stands for, decided by the services' own rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from deploy.importing import identity
from deploy.importing.purchases_file import CURRENCY, Purchase
from events.commands import Commands, Known
from events.contracts.money import Money
from events.deciding import Origin
from events.envelope import Commit
from events.store.port import EventStore
from events.types import EMPTY, StreamId
from services.marketing.domain.customer import CUSTOMER, RegisterCustomer
from services.sales.domain.order import ORDER, CompleteOrder, PlaceOrder
from services.sales.domain.order_lines import OrderLine

PRODUCT = "cd"
CHANNEL = "web"
"""CDNOW sold on the web, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit that may be in its store already; `decide` makes it, raising `Rejected`."""

    line: int
    command_id: str
    content_hash: str
    decide: Callable[[], Commit]


@dataclass(frozen=True, slots=True)
class Cause:
    """On whose behalf rows become events: the import, and the event that began it."""

    import_id: str
    started_event_id: str | None = None

    def origin(self, at: datetime, command_id: str, content_hash: str) -> Origin:
        return Origin(
            actor=f"import:{self.import_id}",
            occurred_at=at,
            command_id=command_id,
            command_hash=content_hash,
            correlation_id=self.import_id,
            causation_id=self.started_event_id,
            backfilled=True,
        )


class Drafts:
    """Drafts for the stores of marketing and sales, which are asked for nothing here."""

    def __init__(
        self, source: str, cause: Cause, *, marketing: EventStore, sales: EventStore
    ) -> None:
        self._source = source
        self._cause = cause
        self._marketing = Commands(marketing)
        self._sales = Commands(sales)

    def customer(self, first: Purchase) -> Draft:
        """Registered by the first purchase. A later file that knows an earlier one changes nothing.

        There is no personal data in the file, so the customer has no name.
        """
        name = identity.command_id(self._source, first.customer)
        content = identity.content_hash("person")
        origin = self._cause.origin(first.at, name, content)
        return Draft(first.line, name, content, partial(self._register, first, origin))

    def order(self, purchase: Purchase) -> Draft:
        """Placed and completed at once."""
        name = identity.command_id(self._source, purchase.key)
        content = identity.content_hash(purchase.content)
        origin = self._cause.origin(purchase.at, name, content)
        return Draft(purchase.line, name, content, partial(self._sell, purchase, origin))

    def _register(self, first: Purchase, origin: Origin) -> Commit:
        customer = identity.customer_id(self._source, first.customer)
        command = RegisterCustomer(
            customer_id=customer, at=first.at, kind="person", source="import"
        )
        facts = CUSTOMER.decide(CUSTOMER.initial, command)
        stream = StreamId.of(CUSTOMER.aggregate, customer)
        nothing = Known(CUSTOMER.initial, EMPTY, None)
        return self._marketing.commit_of(CUSTOMER, stream, nothing, facts, origin)

    def _sell(self, purchase: Purchase, origin: Origin) -> Commit:
        order = identity.order_id(self._source, purchase)
        place = PlaceOrder(
            order_id=order,
            customer_id=identity.customer_id(self._source, purchase.customer),
            at=purchase.at,
            kind="sale",
            lines=lines_of(purchase.quantity, purchase.cents),
            channel=CHANNEL,
            total=_dollars(purchase.cents),
        )
        placed = ORDER.decide(ORDER.initial, place)
        completed = ORDER.decide(ORDER.fold(placed), CompleteOrder(order, purchase.at))
        return self._sales.commit_of(
            ORDER,
            StreamId.of(ORDER.aggregate, order),
            Known(ORDER.initial, EMPTY, None),
            [*placed, *completed],
            origin,
        )


def lines_of(quantity: int, cents: int) -> tuple[OrderLine, ...]:
    """The file knows what all pieces cost together. Prices are whole cents, so where that can't be
    divided evenly some pieces cost a cent more than the others.
    """
    price, dearer = divmod(cents, quantity)
    pieces = ((quantity - dearer, price), (dearer, price + 1))
    return tuple(OrderLine(PRODUCT, qty, _dollars(each)) for qty, each in pieces if qty)


def _dollars(cents: int) -> Money:
    return Money(Decimal(cents).scaleb(-2), CURRENCY)
