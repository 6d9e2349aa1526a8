"""The lines of an order and their arithmetic: exact, in one currency, discounts within amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from events.contracts.money import Money, coin, total
from events.contracts.sales import MAX_QUANTITY
from events.errors import FieldFault, Invalid, RuleBroken


@dataclass(frozen=True, slots=True)
class OrderLine:
    """`price` and `cost` are for one piece, `discount` is off the whole line."""

    product_id: str
    qty: int
    price: Money
    installable: bool = False
    discount: Money | None = None
    cost: Money | None = None
    configuration: Mapping[str, Any] | None = None


def order_total(lines: Sequence[OrderLine], discount: Money | None = None) -> Money:
    """sum(qty x price - line discount) - order discount.

    Raises Invalid, or RuleBroken `mixed-currencies` or `discount-exceeds-amount`.
    """
    _refuse_malformed(lines, discount)
    currency = lines[0].price.currency
    amount = total(currency, (_line_amount(line, f"/lines/{i}") for i, line in enumerate(lines)))
    return _less(amount, discount, "/discount")


def _line_amount(line: OrderLine, pointer: str) -> Money:
    return _less(line.price * line.qty, line.discount, f"{pointer}/discount")


def _less(amount: Money, discount: Money | None, pointer: str) -> Money:
    if discount is None:
        return amount
    if discount.amount > amount.amount:
        raise RuleBroken(
            "discount-exceeds-amount",
            f"a discount of {discount.amount} on {amount.amount}",
            pointer=pointer,
        )
    return amount - discount


def _refuse_malformed(lines: Sequence[OrderLine], discount: Money | None) -> None:
    """What would make the arithmetic inexact or meaningless; the contract checks the rest."""
    if not lines:
        raise Invalid("an order needs a line", [FieldFault("/lines", "must not be empty")])
    faults = [
        FieldFault(f"/lines/{i}/qty", f"must be between 1 and {MAX_QUANTITY}")
        for i, line in enumerate(lines)
        if not 1 <= line.qty <= MAX_QUANTITY
    ]
    amounts = list(_amounts(lines, discount))
    faults += [
        FieldFault(f"{at}/amount", f"must be a multiple of {coin(money.currency)}")
        for at, money in amounts
        if money.amount % coin(money.currency)
    ]
    if faults:
        raise Invalid("the order is malformed", faults)
    if len({money.currency for _, money in amounts}) > 1:
        raise RuleBroken("mixed-currencies", "an order has one currency")


def _amounts(lines: Sequence[OrderLine], discount: Money | None) -> list[tuple[str, Money]]:
    found = [
        (f"/lines/{i}/{name}", money)
        for i, line in enumerate(lines)
        for name, money in (("price", line.price), ("discount", line.discount), ("cost", line.cost))
        if money is not None
    ]
    return found if discount is None else [*found, ("/discount", discount)]


def line_data(line: OrderLine) -> dict[str, Any]:
    """The line in the form of `OrderLineSchema`."""
    data = {
        "product_id": line.product_id,
        "qty": line.qty,
        "price": line.price.to_data(),
        "installable": line.installable,
        "discount": money_data(line.discount),
        "cost": money_data(line.cost),
        "configuration": None if line.configuration is None else dict(line.configuration),
    }
    return {key: value for key, value in data.items() if value is not None}


def money_data(money: Money | None) -> dict[str, str] | None:
    """None stays None, so that `fact` leaves the field out."""
    return None if money is None else money.to_data()


def total_cost(lines: Sequence[Mapping[str, Any]], currency: str) -> Money | None:
    """Of all pieces; None unless each line names its cost, for a part would flatter the margin."""
    if not all("cost" in line for line in lines):
        return None
    return total(currency, (Money.from_data(line["cost"]) * line["qty"] for line in lines))
